"""Draw the sprites of this course: 40,000 pictures of 16x16 pixels in five classes, each with its label.

    python data/make_sprites.py                     draw everything, write the .npy pair and the contact sheets
    python data/make_sprites.py --sheet food        only the contact sheet of one class (quick: use it while drawing)

The same bytes come out on every machine: the only randomness is Python's `random.Random`, whose `random()` is the
same everywhere, and all drawing is integer arithmetic.

What is written, beside this file:
    sprites_16x16.npy        uint8 (40000, 16, 16, 3), white background
    sprite_labels_16x16.npy  uint8 (40000, 5), one-hot: hero, non-hero, food, spell, side-facing
The last 4,000 are the held-out part. A sprite is held out by its recipe (kind and choices), and no two sprites are the
same picture, so none of the held-out pictures is among the first 36,000.
"""

import argparse
import importlib
import sys
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
CLASSES = {"hero": "hero", "non-hero": "creature", "food": "food", "spell": "spell", "side-facing": "side"}
PER_CLASS, HELD_OUT_PER_CLASS, SEED = 8000, 800, 20


def _pick(rng, items, weights=None):
    """One of `items`. Written with random() alone, whose sequence Python promises not to change."""
    if weights is None:
        return items[int(rng.random() * len(items))]
    mark = rng.random() * sum(weights)
    for item, weight in zip(items, weights):
        mark -= weight
        if mark < 0:
            return item
    return items[-1]


def draw_class(kinds, n, seed):
    """`n` different sprites of one class: pictures (n,16,16,3) uint8 and recipes [(kind, {choice: value}), ...].

    Raises RuntimeError if the kinds cannot give that many different pictures.
    """
    rng, pictures, recipes, seen = Random(seed), [], [], set()
    names, weights = list(kinds), [kind.weight for kind in kinds.values()]
    misses = 0
    while len(pictures) < n:
        name = _pick(rng, names, weights)
        recipe = {option: _pick(rng, choices) for option, choices in kinds[name].options.items()}
        picture = kinds[name].render(recipe)
        if picture.tobytes() in seen:
            misses += 1
            if misses > 50 * n:
                raise RuntimeError(f"only {len(pictures)} different sprites after {misses} repeats: add choices")
            continue
        seen.add(picture.tobytes())
        pictures.append(picture)
        recipes.append((name, recipe))
    return np.stack(pictures), recipes


def contact_sheet(pictures, columns=40, scale=3, gap=2):
    """One picture (H, W, 3) uint8 of many sprites on a grid, each enlarged `scale` times without smoothing."""
    rows = -(-len(pictures) // columns)
    cell = 16 * scale + gap
    sheet = np.full((rows * cell + gap, columns * cell + gap, 3), 232, np.uint8)
    for i, picture in enumerate(pictures):
        r, c = gap + i // columns * cell, gap + i % columns * cell
        sheet[r : r + 16 * scale, c : c + 16 * scale] = picture.repeat(scale, 0).repeat(scale, 1)
    return sheet


def load_kinds(label):
    """The kinds of one class, by its label ("food", "side-facing", ...)."""
    return importlib.import_module(f"art.{CLASSES[label]}").KINDS


def write_whole(file, write):
    """write(stream) fills a file beside this one, which then takes its place: if it is cut short, the old one stays."""
    beside = file.with_name(f"{file.name}.part")
    try:
        with open(beside, "wb") as stream:
            write(stream)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sheet", choices=list(CLASSES), help="write only the contact sheet of this class")
    parser.add_argument("--kind", help="with --sheet: only this kind")
    parser.add_argument("--count", type=int, default=240, help="with --sheet: how many sprites (default 240)")
    parser.add_argument("--columns", type=int, default=20, help="with --sheet: sprites in a row (default 20)")
    parser.add_argument("--scale", type=int, default=4, help="with --sheet: screen pixels per sprite pixel (default 4)")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: beside this file)")
    args = parser.parse_args()

    if args.sheet:
        kinds = load_kinds(args.sheet)
        if args.kind:
            if args.kind not in kinds:
                sys.exit(f"{args.sheet} has no kind {args.kind!r}; it has {', '.join(kinds)}")
            kinds = {args.kind: kinds[args.kind]}
        per_kind = -(-args.count // len(kinds))
        pictures = [draw_class({name: kind}, per_kind, SEED)[0] for name, kind in kinds.items()]
        file = args.out / f"sheet_{args.sheet}.png"
        Image.fromarray(contact_sheet(np.concatenate(pictures), args.columns, args.scale)).save(file)
        print(f"{file}: {', '.join(kinds)} ({per_kind} each)")
        return

    train, held_out = [], []
    for i, label in enumerate(CLASSES):
        pictures, recipes = draw_class(load_kinds(label), PER_CLASS, SEED + i)
        labels = np.zeros((PER_CLASS, len(CLASSES)), np.uint8)
        labels[:, i] = 1
        train.append((pictures[:-HELD_OUT_PER_CLASS], labels[:-HELD_OUT_PER_CLASS]))
        held_out.append((pictures[-HELD_OUT_PER_CLASS:], labels[-HELD_OUT_PER_CLASS:]))
        kinds = sorted({name for name, _ in recipes})
        print(f"{label}: {PER_CLASS} sprites of {len(kinds)} kinds ({', '.join(kinds)})")
        Image.fromarray(contact_sheet(pictures[:600], 30)).save(args.out / f"sheet_{label}.png", optimize=True)

    parts = []
    for part in (train, held_out):  # mix the classes, so that the first few of a file show them all
        pictures, labels = (np.concatenate(arrays) for arrays in zip(*part))
        rng = Random(SEED)
        order = sorted(range(len(pictures)), key=lambda _: rng.random())
        parts.append((pictures[order], labels[order]))
    pictures, labels = (np.concatenate(arrays) for arrays in zip(*parts))
    write_whole(args.out / "sprites_16x16.npy", lambda stream: np.save(stream, pictures))
    write_whole(args.out / "sprite_labels_16x16.npy", lambda stream: np.save(stream, labels))
    print(f"{len(pictures)} sprites, {len(np.unique(pictures.reshape(len(pictures), -1), axis=0))} distinct")


if __name__ == "__main__":
    main()
