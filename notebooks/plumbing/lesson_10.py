"""What lesson 10 needs beside its cells: a folder of pictures as people have them, and pictures of what is in one."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import charts
import diffusion_utilities as du
from plumbing import own_pictures
from plumbing.picture import Picture, _caption

INK = (38, 30, 48, 255)
PLAIN = 20  # of 255: the spread of the colours of a piece that shows nothing


class Run(NamedTuple):
    """A trained network, and its errors {step: error} on held-out pictures and on those that it was trained on."""

    network: torch.nn.Module
    held_out: dict
    own: dict


def invader(rng, height=12):
    """A creature of pixels, the same on both sides, in two colours with a dark outline: RGBA (height + 4, 16, 4)."""
    column, row = np.meshgrid(np.arange(6), np.arange(height))
    half = rng.random((height, 6)) < 0.25 + 0.11 * column - 0.25 * (abs(row - height / 2 + 0.5) > height / 2 - 2)
    half[height // 3 : height // 3 + 4, 3:] = True  # a head, for the eyes
    body = np.pad(np.concatenate([half, half[:, ::-1]], 1), 2)
    near = [np.roll(body, step, axis) for axis in (0, 1) for step in (1, -1)]
    colours = (128 + 120 * np.cos(2 * np.pi * (rng.random() + np.array([[0, 1, 2], [0.4, 1.4, 2.4]]) / 3))).astype(int)
    stripes = np.repeat(rng.random((height, 1)) < 0.4, 6, 1)
    stripes = np.pad(np.concatenate([stripes, stripes[:, ::-1]], 1), 2).astype(int)
    pixels = np.zeros((height + 4, 16, 4), np.uint8)
    pixels[np.any(near, 0) & ~body] = INK
    pixels[body] = np.concatenate([colours, [[255], [255]]], 1)[stripes[body]]
    eyes = height // 3 + 3
    pixels[eyes, [5, 10]] = pixels[eyes + 1, [5, 10]] = (255, 255, 255, 255)
    pixels[eyes + 1, [6, 9]] = INK
    return pixels


def _write(file, image, **how):
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file, **how)


def _invaders(folder, rng, n=48):
    """Each as a PNG without a background; most of them exported again, as a game's assets are."""
    for k in range(n):
        image = Image.fromarray(invader(rng, 20 if k % 8 == 7 else 12))
        _write(folder / f"invader {k:02}.png", image)
        if k % 2 == 0:  # on magenta, as before files knew transparency
            flat = Image.alpha_composite(Image.new("RGBA", image.size, own_pictures.MAGENTA), image).convert("RGB")
            _write(folder / f"invader {k:02}.bmp", flat)
        if k % 3 == 0:  # as the left half of a walk
            frames = [Image.alpha_composite(Image.new("RGBA", image.size, "white"), i).convert("RGB").quantize(32)
                      for i in (image, image.rotate(180))]  # fmt: skip
            _write(folder / f"invader {k:02}.gif", frames[0], save_all=True, append_images=frames[1:])


def _digits(folder, n=120):
    """Handwritten digits of 43 people (scikit-learn), grey, in 8 and in 16 bits."""
    from sklearn.datasets import load_digits

    for k, digit in enumerate(load_digits().images[:n]):
        ink = 1 - digit / 16
        if k % 10 == 0:
            _write(folder / f"scan_{k:03}.png", Image.fromarray((65535 * ink).astype(np.uint16)))
        else:
            _write(
                folder / f"scan_{k:03}.{('png', 'bmp', 'gif')[k % 3]}", Image.fromarray((255 * ink).astype(np.uint8))
            )


def _photos(folder, wide=80, high=64):
    """Two photographs (scikit-learn) in pieces that do not overlap, without those that show nothing but mist or dark
    leaves; every other one was saved once more, smaller."""
    from sklearn.datasets import load_sample_images

    turned, k = Image.Exif(), 0
    turned[0x0112] = 6  # "turn me by a quarter", as a telephone writes it
    for name, photo in zip(("temple", "dahlia"), load_sample_images().images):
        whole = Image.fromarray(photo)
        _write(folder / f"{name}.jpg", whole, quality=90)
        for top in range(0, whole.height - high + 1, high):
            for left in range(0, whole.width - wide + 1, wide):
                piece = whole.crop((left, top, left + wide, top + high))
                if np.asarray(piece).std((0, 1)).mean() < PLAIN:
                    continue
                k += 1
                if k % 6 == 0:
                    _write(folder / f"IMG_{k:04}.jpg", piece.rotate(90, expand=True), exif=turned, quality=92)
                elif k % 17 == 0:
                    _write(folder / f"IMG_{k:04}.jpg", piece.convert("CMYK"), quality=92)
                else:
                    _write(folder / f"IMG_{k:04}.jpg", piece, quality=92)
                if k % 2:
                    _write(folder / f"IMG_{k:04} (1).webp", piece.resize((wide // 2, high // 2)), quality=80)
        for shot in range(8):  # a burst, while the hand moves slowly
            box = (240 + 2 * shot, 180, 240 + 2 * shot + 2 * wide, 180 + 2 * high)
            _write(folder / f"burst_{name}_{shot}.jpg", whole.crop(box), quality=92)


def mixed_folder(folder="saved/my_pictures"):
    """The path of a folder of pictures as people have them. It is made if it is not there, whole or not at all."""
    folder = Path(folder)
    if folder.exists():
        return folder
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    _invaders(part / "invaders", np.random.default_rng(0))
    _digits(part / "digits")
    _photos(part / "photos")
    _write(part / "photos" / "panorama.png", Image.new("RGB", (640, 24), "skyblue"))
    (part / "photos" / "IMG_0000.jpg").write_bytes(b"\xff\xd8\xff\xe0 the card was full")
    (part / "photos" / "Thumbs.db").write_bytes(b"of another system")
    (part / "invaders" / "ideas.txt").write_text("more eyes?\n")
    (part / "invaders" / ".DS_Store").write_bytes(b"of a system")
    (part / "later").mkdir()
    os.replace(part, folder)
    return folder


# ---------------------------------------------------------------------------------------- what lies in any folder


def files_of(folder):
    """All files of a folder and of its folders, by name, but those of the system."""
    return [path for path in sorted(Path(folder).rglob("*")) if path.is_file() and not own_pictures._is_hidden(path)]


def _spread(items, n):
    """At most n of the items, evenly spread over all."""
    return [items[i] for i in np.linspace(0, len(items) - 1, min(n, len(items))).round().astype(int)]


def _as_it_lies(file, box):
    """A picture file as it is stored, turned or not, as large as fits into a box; None if it cannot be read."""
    try:
        image = Image.open(file)
        image = Image.fromarray((np.asarray(image) // 256).astype(np.uint8)) if image.mode[0] == "I" else image
        image = image.convert("RGB" if image.mode == "CMYK" else "RGBA").convert("RGBA")
    except Exception:  # whatever a broken file makes of its decoder
        return None
    factor = min(box / image.width, box / image.height)
    size = [max(1, round(side * (int(factor) if factor >= 1 else factor))) for side in image.size]
    return image.resize(size, Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX)


def thumbnails(folder, n=24, columns=8, box=72, width=98):
    """Some files of a folder as they lie there, each above its name, as a Picture; "?" for what is no picture."""
    files, size, by_kind = files_of(folder), dict(_pictures(folder)), {}  # some of each kind: what is rare is seen
    du.need(files, f"{folder} holds no file")
    for file in files:
        by_kind.setdefault((file.parent, file.suffix.lower(), size.get(file)), []).append(file)
    groups, chosen = list(by_kind.values()), []
    for part in groups:
        chosen += _spread(part, -(-n // len(groups)))
    chosen = _spread(sorted(chosen), n)
    light = np.where((np.indices((box, box)) // 6).sum(0) % 2, 214, 238).astype(np.uint8)  # what is transparent
    cells = []
    for file in chosen:
        cell, image = np.full((box + 26, width, 3), 255, np.uint8), _as_it_lies(file, box)
        if image is None:
            image, mark = Image.new("RGBA", (box, box), "white"), _caption("?", box, 34, "centre")
            image.paste(Image.fromarray(mark), (0, (box - len(mark)) // 2))
        under = Image.fromarray(np.repeat(light[: image.height, : image.width, None], 3, 2)).convert("RGBA")
        pixels = np.asarray(Image.alpha_composite(under, image).convert("RGB"))
        top, left = box - len(pixels), (width - pixels.shape[1]) // 2
        cell[top:box, left : left + pixels.shape[1]] = pixels
        name = file.name if len(file.name) <= 15 else file.name[:6] + "…" + file.name[-8:]
        text = _caption(name, width, 11, "centre")[:26]
        cell[box : box + len(text)] = text
        cells.append(cell)
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    rows = [np.concatenate(cells[i : i + columns], 1) for i in range(0, len(cells), columns)]
    names = ", ".join(file.name for file in chosen[:4])
    return Picture(np.concatenate(rows)[None], f"{len(chosen)} files of the folder, as they lie there: {names}, ...")


def spread(x, n):
    """At most n of the pictures x, evenly spread over all of them."""
    return x[torch.linspace(0, len(x) - 1, min(n, len(x))).round().long()] if len(x) else x


def thin(data, most):
    """The same pictures if there are not too many, else so many of them, evenly spread; says so."""
    if len(data.x) <= most:
        return data
    print(f"This lesson works with {most:,} of the {len(data.x):,} pictures, evenly spread over them.")
    return du.Sprites(spread(data.x, most), spread(data.c, most), data.classes)


def _pictures(folder):
    """(file, its size as stored) of the picture files of a folder, as their first bytes say; none is decoded."""
    for file in files_of(folder):
        try:
            with Image.open(file, formats=own_pictures.FORMATS) as image:
                size = image.size
        except Exception:  # whatever a broken file makes of its decoder
            continue
        if max(size) <= own_pictures.LONGEST * min(size):
            yield file, size


def _opened(files, n):
    """The first n of the files that open, each with its picture in RGBA."""
    found = []
    for file in files:
        try:
            found += [(file, own_pictures._open(file)[0])]
        except ValueError:  # only its first bytes were those of a picture
            continue
        if len(found) == n:
            break
    du.need(found, "there is no picture that can be read")
    return found


def longest(folder, n, side=96):
    """The n pictures of a folder that are farthest from square, two of each size before a third: a list of (3, H, W) on
    white, no side longer than `side`."""
    order, seen = [], {}
    for k, (file, (w, h)) in enumerate(_pictures(folder)):
        seen[w, h] = seen.get((w, h), 0) + 1
        order.append((seen[w, h] > 2, -max(w, h) / min(w, h), k, file))
    pictures = []
    for _, image in _opened([file for *_, file in sorted(order)], n):
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
        image.thumbnail((side, side), Image.Resampling.BOX)
        pictures.append(du.to_images(np.asarray(image)[None])[0])
    return pictures


def framed(pictures, side):
    """Pictures (3, H, W) of any shape, in the middle of grey squares, as images (n, 3, side, side)."""
    squares = torch.full((len(pictures), 3, side, side), 0.7)
    for square, picture in zip(squares, pictures):
        factor = side / max(picture.shape[1:])
        H, W = (max(1, round(length * factor)) for length in picture.shape[1:])
        top, left = (side - H) // 2, (side - W) // 2
        square[:, top : top + H, left : left + W] = F.interpolate(
            picture[None], (H, W), mode="area" if factor < 1 else "nearest"
        )[0]
    return squares


def enlarged(x, side):
    """Small pictures with their pixels shown as squares: (n, 3, side, side)."""
    return F.interpolate(x, side, mode="nearest" if x.shape[-1] <= side else "area")


def some(folder, n):
    """n picture files of a folder, evenly spread over it."""
    files = [file for file, _ in _pictures(folder)]
    first = _spread(files, n)
    return sorted(file for file, _ in _opened([*first, *[file for file in files if file not in first]], n))


def pairs_at(apart, distances):
    """For each of the distances the pair of pictures that is nearest to it in the table `apart` (N, N): rows (i, j)."""
    i, j = torch.triu_indices(len(apart), len(apart), 1)
    found = torch.stack([(apart[i, j] - distance).abs().argmin() for distance in distances]).unique()
    found = found[apart[i, j][found].argsort()]
    return i[found], j[found]


def table(rows, heads, corner=""):
    """{"name": [numbers]} as a table of whole numbers; a dash where there is none."""
    texts = {name: ["-" if n is None else f"{n:.0f}" for n in numbers] for name, numbers in rows.items()}
    return charts.table(heads, texts, corner)


def marks(runs):
    """{"name": {"mark": the numbers of several seeds}} as a table."""
    rows = {name: [" / ".join(f"{n:.3g}" for n in numbers) for numbers in one.values()] for name, one in runs.items()}
    return charts.table(list(next(iter(runs.values()))), rows)


def picture(file, alt):
    """A picture file as a Picture."""
    return Picture(np.asarray(Image.open(file).convert("RGB"))[None], alt)
