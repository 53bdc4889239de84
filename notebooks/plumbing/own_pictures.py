"""Your own pictures, as they come: a folder, or a sprite sheet. All are made square, RGB, on white; and a summary says
what was read, what was left out and why: nothing is skipped without being counted.

`diffusion_utilities` re-exports all that is public here.
"""

import io
import itertools
import os
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError

from plumbing.files import write_file
from plumbing.images import Sprites, need, to_images
from plumbing.picture import show_rows

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
SUFFIXES = (".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".dib")
SYSTEM = ("__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin")  # and all that begins with a dot
MAGENTA = (255, 0, 255)  # what pixel art has used for "nothing here" since before files knew transparency
NEAR = 8  # of 255: a colour kept in 5 bits comes back as 248, and is still the same colour
ALIKE = 32  # of 255: the same surface, a little lighter or darker
GOOD, BAD = 0.1, 0.25  # shares of the pixels at the cuts of a sheet that go on beyond them
LONGEST = 16  # times as long as wide: what is longer is a strip of many pictures, not a picture
FEW = 500
OPTIONS = ("tile", "margin", "gap", "fit", "background")  # of a program that reads your own pictures
PATIENCE = 5.0  # seconds without a progress bar


class Summary:
    """Counts what is read, changed and left out; str() says it all."""

    def __init__(self, source, size):
        self.source, self.size = Path(source).resolve().name, size
        self.classes, self.sizes, self.notes, self.backgrounds = Counter(), Counter(), Counter(), Counter()
        self.left_out, self.careful = {}, []

    def leave_out(self, name, why):
        self.left_out.setdefault(why, []).append(str(name))

    def left_out_lines(self):
        lines = []
        for why, names in self.left_out.items():
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            lines.append(f"left out, {len(names)} {why}: {', '.join(names[:10])}{more}")
        return lines

    def __str__(self):
        n, of_each = self.classes.total(), ", ".join(f"{name} {count:,}" for name, count in self.classes.items())
        classes = "1 class" if len(self.classes) == 1 else f"{len(self.classes)} classes"
        lines = [f"{self.source}: {n:,} picture{'s' * (n > 1)}, now {self.size} x {self.size}, in {classes}: {of_each}"]
        common = [f"{w} x {h} ({count:,})" for (w, h), count in self.sizes.most_common(4)]
        others = f" and {len(self.sizes) - 4} other sizes" if len(self.sizes) > 4 else ""
        lines.append(f"they came as {', '.join(common)}{others}")
        lines += [f"{note}: {count:,}" for note, count in self.notes.items()]
        for colour, count in self.backgrounds.most_common(1):
            if 2 * count > n:
                lines.append(f"on {_name(colour)} (background='{_name(colour)}' would make it white): {count:,}")
        lines += self.left_out_lines() or ["nothing was left out"]
        lines += [f"careful: {text}" for text in self.careful]
        return "\n".join(
            textwrap.fill(line, 110, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)
            for line in lines
        )


# --------------------------------------------------------------------------------------------------- one picture


def _open(file, enough=None):
    """A picture file as (RGBA picture, size as stored, whether it moves). Of a JPEG no more detail is decoded than
    leaves `enough` pixels on a side. Raises ValueError if it is not a picture that can be read."""
    try:
        image = Image.open(file, formats=FORMATS)
        size, moves = image.size, getattr(image, "is_animated", False)
        if enough:
            image.draft(None, (enough, enough))
        image.load()
        image = ImageOps.exif_transpose(image)
    except UnidentifiedImageError:
        raise ValueError(f"{file} is not a readable picture: it holds none of {', '.join(FORMATS)}") from None
    except Exception as error:  # whatever a broken file makes of its decoder
        raise ValueError(f"{file} is not a readable picture: {error}") from None
    if image.mode.startswith("I"):  # 16 bits of grey; Pillow's own conversion would cut all above 255
        image = Image.fromarray((np.asarray(image).astype(np.float64) / 257).round().clip(0, 255).astype(np.uint8))
    if image.mode == "CMYK":
        image = image.convert("RGB")
    return image.convert("RGBA"), size, moves


def _key(background):
    """A colour as (r, g, b); "auto" and None as they are."""
    if background in ("auto", None):
        return background
    try:
        red, green, blue, *_ = ImageColor.getrgb(background) if isinstance(background, str) else map(int, background)
        return red, green, blue
    except (ValueError, TypeError):
        raise ValueError(f"background must be a colour such as 'magenta' or '#ff00ff', not {background!r}") from None


def _name(colour):
    return "#" + bytes(colour).hex()


def _is(pixels, colour):
    return (np.abs(pixels[..., :3].astype(int) - colour) <= NEAR).all(-1)


def _clear(image, key, summary):
    """An RGBA picture whose background colour has become transparent. "auto" takes magenta, if that fills most of the
    picture's edge, and counts what other colours do."""
    pixels = np.array(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if key == "auto":
        key = MAGENTA if 2 * _is(edge, MAGENTA).sum() > len(edge) else None
        colours, counts = np.unique(edge, axis=0, return_counts=True)
        *colour, alpha = colours[counts.argmax()].tolist()
        if key is None and alpha == 255 and 2 * counts.max() > len(edge) and min(colour) < 245:
            summary.backgrounds[tuple(colour)] += 1
    if key is not None and (found := _is(pixels, key)).any():
        pixels[found] = 0
        summary.notes[f"background {_name(key)} became white"] += 1
    return Image.fromarray(pixels)


def _fit(image, size, fit, summary):
    """An RGBA picture as uint8 (size, size, 3), on white. What is not square is padded, or cut to its middle; what is
    too large is reduced by averaging areas; what is too small is enlarged by a whole factor, so that every pixel stays
    a square of the same size, and stands in the middle."""
    w, h = image.size
    side = max(w, h) if fit == "pad" else min(w, h)
    if w != h:
        summary.notes["not square, " + ("padded with white" if fit == "pad" else "cut to their middle")] += 1
    left, top = (w - side) // 2, (h - side) // 2  # negative when padding: beyond its edge a picture is transparent
    image = image.crop((left, top, left + side, top + side))
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    if side > size:
        summary.notes["reduced by averaging"] += 1
        return np.asarray(image.resize((size, size), Image.Resampling.BOX))
    factor = size // side
    around = size - factor * side
    if side < size:
        grown = f"{factor} times as large" if factor > 1 else "as large as they were"
        summary.notes[grown + (", with white around" if around else "")] += 1
    image = image.resize((factor * side, factor * side), Image.Resampling.NEAREST)
    return np.pad(image, ((around // 2, around - around // 2),) * 2 + ((0, 0),), constant_values=255)


def _bar(items, what):
    """The items, with a progress bar on stderr if they take long: a line for each tenth."""
    begin, shown = time.monotonic(), 0
    for n, item in enumerate(items, 1):
        yield item
        tenth = 10 * n // len(items)
        if tenth > shown and time.monotonic() - begin >= PATIENCE:
            shown = tenth
            print(f"{what} [{'#' * tenth:.<10}] {n:,} of {len(items):,}", file=sys.stderr, flush=True)


def _check(size, fit):
    need(isinstance(size, int) and size >= 1, f"size must be a whole number of pixels, not {size!r}")
    need(fit in ("pad", "crop"), f"fit must be 'pad' or 'crop', not {fit!r}")


def load_picture(file, size=16, *, fit="pad", background="auto"):
    """One picture file as an image (1, 3, size, size) in [-1, 1], made to fit as `load_folder` does."""
    need(isinstance(file, (str, os.PathLike)), f"a picture is given by its file's name, not as {type(file).__name__}")
    need(Path(file).is_file(), f"there is no file {file}")
    _check(size, fit)
    summary = Summary(file, size)
    image, (w, h), _ = _open(file, enough=4 * size)
    need(max(w, h) <= LONGEST * min(w, h), f"{file} is {w} x {h}: more than {LONGEST} times as long as wide, a strip")
    return to_images(_fit(_clear(image, _key(background), summary), size, fit, summary)[None])


# ----------------------------------------------------------------------------------------------------- a folder


def _is_hidden(path):
    return path.name.startswith(".") or path.name.lower() in SYSTEM


def _entries(folder, top, summary):
    """The folders and the picture files in a folder, by name; what is hidden or no picture is left out and counted."""
    folders, files = [], []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        name = path.relative_to(top).as_posix()
        if _is_hidden(path):
            inside = sum(p.is_file() for p in path.rglob("*")) if path.is_dir() else None
            summary.leave_out(name if inside is None else f"{name}/ with {inside} files", "hidden or of the system")
        elif path.is_dir():
            folders.append(path)
        elif path.suffix.lower() in SUFFIXES:
            files.append(path)
        else:
            summary.leave_out(name, "not a PNG, JPEG, WebP, GIF or BMP")
    return folders, files


def _below(folder, top, summary):
    """All picture files in a folder and in its folders."""
    folders, files = _entries(folder, top, summary)
    return files + [file for inner in folders for file in _below(inner, top, summary)]


def load_folder(folder, size=16, *, fit="pad", background="auto", report=print):
    """A folder of pictures as `Sprites` of size x size: PNG, JPEG, WebP, GIF (the first frame) and BMP, in any mode.

    folder      one folder for each class, whose names become the classes'; or pictures alone: one class, named after
                the folder
    fit         what is not square is padded with white ("pad"), or cut to its middle ("crop")
    background  a colour that becomes white: a name, "#rrggbb" or (r, g, b); "auto" finds magenta; None keeps all
    report      is given the summary of what was read and left out, as text; None for silence
    Transparency goes on white. Large pictures are reduced by averaging, small ones enlarged by whole factors.
    Files that cannot be read are named in the summary and left out. Raises ValueError if none can.
    """
    folder, key, summary = Path(folder), _key(background), Summary(folder, size)
    need(folder.is_dir(), f"there is no folder {folder}")
    _check(size, fit)
    folders, alone = _entries(folder, folder, summary)
    groups = {inner.name: _below(inner, folder, summary) for inner in folders}
    for name in [name for name, files in groups.items() if not files]:
        summary.leave_out(f"{name}/", "empty of pictures")
        del groups[name]
    for file in alone if groups else []:
        summary.leave_out(file.name, "beside the classes' folders, in none of them")
    groups = groups or {folder.resolve().name: alone}
    pixels, labels = [], []
    for label, file in _bar([(label, file) for label, files in groups.items() for file in files], f"reading {folder}"):
        name = file.relative_to(folder).as_posix()
        try:
            image, stored, moves = _open(file, enough=4 * size)
        except ValueError as error:
            summary.leave_out(f"{name} ({str(error).partition('picture: ')[2]})", "not a readable picture")
            continue
        if max(stored) > LONGEST * min(stored):
            summary.leave_out(f"{name} ({stored[0]} x {stored[1]})", f"more than {LONGEST} times as long as wide")
            continue
        if moves:
            summary.notes["moving, of which the first frame was taken"] += 1
        pixels.append(_fit(_clear(image, key, summary), size, fit, summary))
        labels.append(label)
        summary.classes[label] += 1
        summary.sizes[stored] += 1
    need(pixels, "; ".join([f"{folder} holds no picture that can be read", *summary.left_out_lines()]))
    for name in [name for name in groups if name not in summary.classes]:
        summary.leave_out(f"{name}/", "a class without a readable picture")
    if report:
        report(str(summary))
    classes = {name: k for k, name in enumerate(summary.classes)}
    numbers = torch.tensor([classes[label] for label in labels])
    return Sprites(to_images(np.stack(pixels)), F.one_hot(numbers, len(classes)).float(), tuple(classes))


# ------------------------------------------------------------------------------------------------ a sprite sheet


def _starts(length, tile, margin, gap):
    """Where the tiles along one side of a sheet begin; None if they do not fill it."""
    n = (length - margin + gap) // (tile + gap)
    rest = length - margin + gap - n * (tile + gap)
    return [margin + k * (tile + gap) for k in range(n)] if n >= 1 and rest in (0, margin, gap, margin + gap) else None


def _grid(pixels, tile, margin, gap):
    """The starts of the rows and of the columns; None if the tiles do not fill the sheet."""
    grid = [_starts(length, t, margin, gap) for length, t in zip(pixels.shape, (tile[1], tile[0]))]
    return None if None in grid else grid


def _between(pixels, tile, margin, gap):
    """The pixels (N, 4) that lie in no tile."""
    outside = np.ones(pixels.shape[:2], bool)
    for y, x in itertools.product(*_grid(pixels, tile, margin, gap)):
        outside[y : y + tile[1], x : x + tile[0]] = False
    return pixels[outside]


def _figures(pixels):
    """The colours (H, W, 3) of a sheet's figures; -1 where it is transparent, or of its most frequent colour."""
    figure = pixels[..., 3] >= 128
    if figure.all():
        numbers = pixels.view(np.uint32)[..., 0]
        values, counts = np.unique(numbers, return_counts=True)
        figure = numbers != values[counts.argmax()]
    return np.where(figure[..., None], pixels[..., :3].astype(int), -1)


def _cut(figures, starts):
    """Of the figures' pixels beside the cuts between columns, the share that goes on beyond, in much the same colour.
    Cuts through figures have much of that; where two figures only touch, their colours differ."""
    before, after = (figures[:, [start - k for start in starts[1:]]] for k in (1, 0))
    there = np.stack([before[..., 0] >= 0, after[..., 0] >= 0])
    goes_on = there.all(0) & (np.abs(before - after).max(-1) <= ALIKE)
    return goes_on.sum() / max(1, there.any(0).sum())


def _worst_cut(figures, grid):
    return max(_cut(figures.swapaxes(0, 1), grid[0]), _cut(figures, grid[1]))


def _with_gaps(pixels, figures, tile):
    """The (margin, gap) for which all that lies between tiles of this size is of one colour; None if there are none."""
    for margin, gap in sorted(itertools.product(range(9), repeat=2), key=sum)[1:]:
        grid = _grid(pixels, tile, margin, gap)
        if grid and max(map(len, grid)) > 1 and (gap or _worst_cut(figures, grid) < GOOD):
            between = _between(pixels, tile, margin, gap)
            if (between == between[0]).all():
                return margin, gap
    return None


def _other_tile(figures, tile):
    """The (width, height), nearest to what was asked for, whose cuts go through no figure; None if there is none."""
    sides = []
    for part, asked in zip((figures, figures.swapaxes(0, 1)), tile):
        length = part.shape[1]
        fits = [t for t in range(8, length // 2 + 1) if length % t == 0 and _cut(part, range(0, length, t)) < GOOD]
        if length <= 4 * asked:  # a single row or column
            fits.append(length)
        sides.append(min(fits, key=lambda t: (t != asked, t), default=None))
    return None if None in sides or tuple(sides) in (tile, figures.shape[1::-1]) else tuple(sides)


def load_sheet(file, tile, size=16, *, margin=None, gap=None, fit="pad", background="auto", report=print):
    """A sprite sheet cut into tiles, row by row, as `Sprites` of one class, named after the file.

    tile        the size of a tile in pixels: one number, or (width, height)
    margin, gap pixels around all tiles, and between two of them (0 unless said)
    size, fit, background, report   as for `load_folder`; tiles of one colour all over are left out and counted
    Raises ValueError, and names the settings that seem to fit, if the tiles do not fill the sheet, or if gaps that
    nobody spoke of would make them drift (gap=0 insists).
    """
    need(Path(file).is_file(), f"there is no file {file}")
    _check(size, fit)
    try:
        tile = tuple(int(side) for side in np.broadcast_to(tile, 2))
    except ValueError:
        raise ValueError(f"tile must be one number or (width, height), not {tile!r}") from None
    need(min(tile) > 0, f"a tile must be at least 1 pixel wide and high, not {tile[0]} x {tile[1]}")
    need((margin or 0) >= 0 and (gap or 0) >= 0, f"margin and gap must be 0 or more, not {margin} and {gap}")
    summary, key, unsaid = Summary(file, size), _key(background), gap is None
    sheet, stored, moves = _open(file)
    pixels = np.array(_clear(sheet, key, summary))
    pixels[pixels[..., 3] == 0] = 0  # what is transparent has no colour
    margin, gap = margin or 0, gap or 0
    asked = f"tiles of {tile[0]} x {tile[1]}" + f" with margin={margin}, gap={gap}" * bool(margin or gap)
    grid, figures = _grid(pixels, tile, margin, gap), _figures(pixels)
    cut = 0 if grid is None or gap else _worst_cut(figures, grid)
    doubtful = grid is None or cut > BAD
    spaced, other = (_with_gaps(pixels, figures, tile), _other_tile(figures, tile)) if doubtful else (None, None)
    seem = ([f"margin={spaced[0]}, gap={spaced[1]}"] if spaced else []) + ([f"tile={other}"] if other else [])
    seem = f": {' or '.join(seem)} would fit" if seem else ""
    need(grid, f"a sheet of {stored[0]} x {stored[1]} does not divide into {asked}{seem}")
    need(not (unsaid and spaced and spaced[1]),
         f"the {asked} would drift, for {file} has gaps between them{seem} (gap=0 insists)")  # fmt: skip
    if cut > BAD:
        summary.careful.append(f"{cut:.0%} of what stands at the cuts goes on beyond them{seem}. That is right for "
                               "tiles that fill their squares, such as ground; figures lose their heads")  # fmt: skip
    if margin or gap:
        between = _between(pixels, tile, margin, gap)
        if len(between) and not (between == between[0]).all():
            summary.careful.append("what lies between the tiles is not of one colour: are margin and gap right?")
    if moves:
        summary.notes["moving, of which the first frame was taken"] += 1
    kept, (w, h) = [], tile
    for (row, y), (column, x) in itertools.product(*map(enumerate, grid)):
        part = pixels[y : y + h, x : x + w]
        if (part == part[0, 0]).all():
            summary.leave_out(f"row {row + 1} column {column + 1}", "of one colour all over")
        else:
            kept.append(_fit(Image.fromarray(part), size, fit, summary))
    need(kept, f"every tile of {file} is empty")
    summary.classes[Path(file).stem] = summary.sizes[tile] = len(kept)
    summary.backgrounds = Counter({colour: len(kept) for colour in summary.backgrounds})
    if report:
        report(str(summary))
    return Sprites(to_images(np.stack(kept)), torch.ones(len(kept), 1), (Path(file).stem,))


# -------------------------------------------------------------------------------------- what two programs share


def contact_sheet(data, columns=16, scale=2):
    """A row of each class's pictures, evenly spread over all there are, as a Picture: look at it before you train."""
    rows = {}
    for k, name in enumerate(data.classes):
        found = data.c[:, k].nonzero()[:, 0]
        few = found[np.linspace(0, len(found) - 1, min(columns, len(found))).round().astype(int)]
        rows[f"{name}\n{len(found):,} pictures"] = data.x[few]
    return show_rows(rows, scale=scale, alt="what will be trained on: " + ", ".join(data.classes))


def write_still(picture, file):
    """Write a Picture as a .png in all its colours (its own `save` keeps 256)."""
    stream = io.BytesIO()
    Image.fromarray(picture.frames[0]).save(stream, "png")
    return write_file(file, stream.getvalue())


def advice(n):
    """What to expect of so few pictures; "" if they are enough."""
    if n >= FEW:
        return ""
    return (f"{n} pictures are few: below {FEW} or so a network soon knows each by heart and draws copies. Stop early, "
            "look at its samples beside your pictures, and add more pictures if you can.")  # fmt: skip


def add_options(group, fit="pad"):
    """The options of `load_folder` and `load_sheet`, for a program's command line."""
    group.add_argument("--tile", type=int, nargs="+", metavar="N", help="of a sheet: one number, or width and height")
    group.add_argument("--margin", type=int, help="of a sheet: pixels around all tiles")
    group.add_argument("--gap", type=int, help="of a sheet: pixels between two tiles")
    group.add_argument(
        "--fit",
        choices=["pad", "crop"],
        help=f"what is not square is padded with white or cut to its middle (default {fit})",
    )
    group.add_argument("--background", metavar="COLOUR",
                       help="becomes white: a name or #rrggbb (magenta is found by itself); or keep")  # fmt: skip


def load_pictures(path, size, options, report=print):
    """A folder, or a sheet if --tile is given, by what `add_options` asked for: {name: value, or None if not said}."""
    said = {name: options[name] for name in OPTIONS if options.get(name) is not None}
    if said.get("background") == "keep":
        said["background"] = None
    if not Path(path).exists():
        raise FileNotFoundError(f"there is no folder or file {path}")
    if Path(path).is_dir():
        for name in ("tile", "margin", "gap"):
            need(name not in said, f"--{name} is for a sprite sheet, but {path} is a folder")
        return load_folder(path, size, report=report, **said)
    need("tile" in said, f"{path} is a file: a sprite sheet needs the size of its tiles, --tile 16 or --tile 16 24")
    tile = said.pop("tile")
    need(isinstance(tile, int) or len(tile) <= 2, "--tile takes one number, or width and height")
    return load_sheet(path, tile, size, report=report, **said)
