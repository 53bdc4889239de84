"""Tools that every sprite is drawn with: colour ramps, a 16x16 canvas, hand-drawn parts, an outline.

A *part* is a drawing in text: one character is one pixel. Letters come in groups of four, dark to light,
one group per material, so the same drawing takes any colours:

    a b c d   first ramp     dark, middle, light, shine
    e f g h   second ramp
    i j k l   third ramp
    m n o p   fourth ramp
    q r s t   fifth ramp
    #         the sprite's ink (outline colour)
    x  w      near-black (eyes) and white
    . space   transparent

A *kind* is a function that puts parts on a canvas, with the lists of choices that it takes; a *recipe* is one choice
from each list. The light comes from the top left.
"""

import re
from functools import cache

import numpy as np

SIZE = 16
WHITE = (255, 255, 255)
NEAR_BLACK = (26, 20, 32)


def _ramp(text):
    return tuple(tuple(bytes.fromhex(h)) for h in text.split())


# Four shades each, dark to light. Hues drift towards blue in the dark and towards yellow in the light.
RAMPS = {
    # cloth, scales, potions, anything dyed
    "red": _ramp("7a1730 b8243a e2474b ff8f78"),
    "crimson": _ramp("5c0f2e 8e1a3c bf3350 e8707a"),
    "orange": _ramp("8f3a14 cf5f1b f28a2e ffc067"),
    "amber": _ramp("8a5410 c98717 f2b632 ffe07a"),
    "yellow": _ramp("a3720f dba91c f8d743 fff3a0"),
    "lime": _ramp("3f6b16 69a01f 9bcf3a d6f283"),
    "green": _ramp("174f2c 27813b 4bb04f 9be07f"),
    "forest": _ramp("12392c 1d5a3a 33804a 6db36b"),
    "teal": _ramp("0d4a52 16747a 2ba39b 7fdcc4"),
    "cyan": _ramp("12587a 1c8bb0 3fbfd8 a5eff0"),
    "blue": _ramp("1b2f7a 2a52b8 4681e0 8fbcff"),
    "navy": _ramp("141f4d 22357a 3a55a6 7690d6"),
    "indigo": _ramp("2b1e6b 4531a3 6a55d1 a796f5"),
    "purple": _ramp("43195f 6b2a94 9a4cc4 cf93ee"),
    "magenta": _ramp("6b1257 a31f80 d645a8 f899d3"),
    "pink": _ramp("a33a63 d9658a f598ad ffd0d6"),
    "rose": _ramp("8a3048 bd5266 e08389 f7bdb8"),
    # earth, hair, leather, wood
    "brown": _ramp("3f2218 643a22 8f5a31 c08a52"),
    "chestnut": _ramp("4d1f14 7d3520 ad5530 d98a58"),
    "tan": _ramp("7a5230 ad7f4b d6ad74 f2d8a8"),
    "sand": _ramp("94764a c4a56c e6cf98 fbefcb"),
    "black": _ramp("17151f 2b2a3a 47485c 73778c"),
    "grey": _ramp("42465a 6d7288 9da3b5 d3d8e2"),
    "white": _ramp("8d93ab bcc3d4 e4e9f0 ffffff"),
    "blond": _ramp("8f6a24 c79a3a ebc964 fdeea6"),
    "ginger": _ramp("7a2f12 b3501b dd7d33 f7b06a"),
    # metal
    "steel": _ramp("39445c 66748f 9dabc0 e3ebf3"),
    "iron": _ramp("2c313f 4b5366 757f92 aab4c2"),
    "gold": _ramp("85500f c4861c efbe3c fff0a3"),
    "bronze": _ramp("5a2f17 8f5428 c0813f ebb877"),
    "copper": _ramp("64281c a1482c d27648 f5b083"),
    "mithril": _ramp("2f5573 5588a6 8cbfd2 d6f3f7"),
    # skin
    "porcelain": _ramp("b3765f e0a486 f7cdb0 ffe8d6"),
    "fair": _ramp("a3633f d4915f f2ba8a ffdcb8"),
    "olive": _ramp("855029 b87c46 dba56c f0cb9c"),
    "bronzed": _ramp("6b3a1f 9c5f35 c48554 e0ae80"),
    "umber": _ramp("46241a 6e3f28 945c3c b98260"),
    "ebony": _ramp("2b1718 4a2a22 6b4030 8f5e46"),
    "orc": _ramp("2f4a1f 4f7530 79a345 b0cf7a"),
}
INKS = {"night": (28, 22, 36), "umber": (48, 26, 22), "navy": (20, 28, 58), "moss": (20, 40, 34), "plum": (52, 18, 48)}
WARM_INKS = ["night", "umber"]
COLD_INKS = ["night", "navy"]
MOSS_INKS = ["night", "moss"]
PLUM_INKS = ["night", "plum"]
WARM_COLD_INKS = ["night", "umber", "navy"]
WARM_PLUM_INKS = ["night", "umber", "plum"]
COLD_PLUM_INKS = ["night", "navy", "plum"]

_CODES = {letter: i for i, letter in enumerate("abcdefghijklmnopqrst#xw")}


class Parts(dict):
    """{name: part}; the name "none", where nothing was drawn for it, stands for the empty part."""

    def __missing__(self, name):
        if name == "none":
            return ""
        raise KeyError(name)


def variants(text):
    """Parts {name: part} of drawings that stand side by side, each with its left edge below that of its name.

    A line of names comes first, then the rows of the drawings; after an empty line come more names and drawings.
    """
    parts = Parts()
    for block in text.strip("\n").split("\n\n"):
        names, *rows = block.split("\n")
        starts = [name.start() for name in re.finditer(r"\S+", names)] + [None]
        for left, right in zip(starts, starts[1:]):
            parts[names[left:right].strip()] = "\n".join(row[left:right].rstrip() or "." for row in rows)
    return parts


@cache
def _parse(text):
    """Rows, columns and colour codes, each (n,) int, of a part's n opaque pixels. Raises ValueError at a wrong letter.

    Empty lines before the first and after the last row do not count.
    """
    rows, cols, codes = [], [], []
    for r, line in enumerate(text.strip("\n").split("\n")):
        for c, letter in enumerate(line):
            if letter in ". ":
                continue
            if letter not in _CODES:
                raise ValueError(f"a part holds the character {letter!r} in row {r}, column {c}; see the letters above")
            rows.append(r)
            cols.append(c)
            codes.append(_CODES[letter])
    return np.array(rows, int), np.array(cols, int), np.array(codes, int)


def _inside(rows, cols, at):
    """Which of a part's pixels (n,) fall on the canvas with the part at `at`, as (rows, columns, kept (n,) bool)."""
    rows, cols = rows + at[0], cols + at[1]
    kept = (rows >= 0) & (rows < SIZE) & (cols >= 0) & (cols < SIZE)
    return rows[kept], cols[kept], kept


class Canvas:
    """A 16x16 picture: `rgb` (16,16,3) uint8 and `opaque` (16,16) bool. What stays transparent ends up white.

    Every method that draws gives the canvas back, so calls can be chained.
    """

    def __init__(self, ink="night"):
        self.rgb = np.full((SIZE, SIZE, 3), 255, np.uint8)
        self.opaque = np.zeros((SIZE, SIZE), bool)
        self.ink = INKS[ink]

    def paste(self, part, *ramps, at=(0, 0), mirror=False):
        """Put a part on top, its top left corner at `at` = (row, column); pixels outside the canvas are dropped.

        The first line with anything in it is the part's first row, so blank rows above it are written in dots.
        ramps: names of RAMPS (or tuples of four RGB colours), in the order of the letter groups abcd, efgh, ...;
        an empty part looks at none of them.
        mirror: draw it left-right reversed, between column 0 and its last opaque column (mind the light).
        """
        rows, cols, codes = _parse(part)
        if not len(codes):
            return self
        colours = [shade for ramp in ramps for shade in (RAMPS[ramp] if isinstance(ramp, str) else ramp)]
        if codes[codes < 20].max(initial=-1) >= len(colours):
            raise ValueError("a part uses more letter groups than ramps were given")
        table = np.array(colours + [WHITE] * (20 - len(colours)) + [self.ink, NEAR_BLACK, WHITE], np.uint8)
        rows, cols, kept = _inside(rows, cols.max() - cols if mirror else cols, at)
        self.rgb[rows, cols] = table[codes[kept]]
        self.opaque[rows, cols] = True
        return self

    def stamp(self, part, *ramps, at=(0, 0), mirror=False):
        """Like paste, with an outline around this part alone, also where it lies on what is there already."""
        below = self.opaque
        self.opaque = np.zeros_like(below)
        self.paste(part, *ramps, at=at, mirror=mirror).outline()
        self.opaque |= below
        return self

    def pair(self, part, *ramps, at, stamp=False):
        """Like paste (or stamp), twice: the left one of a pair at `at`, and its mirror image in the right half."""
        put = self.stamp if stamp else self.paste
        row, col = at
        width = _parse(part)[1].max(initial=-1) + 1
        put(part, *ramps, at=at)
        return put(part, *ramps, at=(row, SIZE - col - width), mirror=True)

    def paste_inside(self, part, *ramps, at=(0, 0)):
        """Like paste, only where something is drawn already: marks and sauces that keep the silhouette."""
        drawn = self.opaque.copy()
        self.paste(part, *ramps, at=at)
        self.rgb[~drawn] = 255
        self.opaque = drawn
        return self

    def paste_behind(self, part, *ramps, at=(0, 0)):
        """Like paste, only where nothing is drawn yet."""
        drawn, colours = self.opaque.copy(), self.rgb[self.opaque]
        self.paste(part, *ramps, at=at)
        self.rgb[drawn] = colours
        return self

    def erase(self, part, at=(0, 0)):
        """Make transparent every pixel that the part covers (bites, holes)."""
        rows, cols, _ = _parse(part)
        rows, cols, _ = _inside(rows, cols, at)
        self.rgb[rows, cols] = 255
        self.opaque[rows, cols] = False
        return self

    def mirror(self):
        """Turn the whole picture left to right."""
        self.rgb, self.opaque = self.rgb[:, ::-1].copy(), self.opaque[:, ::-1].copy()
        return self

    def outline(self, colour=None):
        """Ink (or `colour`, RGB) around everything drawn so far, one pixel wide, not diagonally.

        Earlier outlines count as drawn: a second call puts a ring around the first. To outline a later part, stamp it.
        """
        m = np.pad(self.opaque, 1)
        edge = (m[:-2, 1:-1] | m[2:, 1:-1] | m[1:-1, :-2] | m[1:-1, 2:]) & ~self.opaque
        self.rgb[edge] = self.ink if colour is None else colour
        self.opaque |= edge
        return self


class Kind:
    """One kind of sprite: `draw(canvas, **choices)` and, for each of its arguments, the list of choices.

    options: {"robe": ["red", "blue"], "hat": ["none", "pointed"], ...}; `ink` may be among them (it is used by the
    canvas and not handed to `draw`). weight: how often the kind is drawn, beside the others of its class.
    """

    def __init__(self, draw, weight=1.0, **options):
        options.setdefault("ink", ["night"])
        for name, choices in options.items():
            if len(set(choices)) != len(choices):
                raise ValueError(f"{draw.__name__}: the choices of {name!r} hold one twice: {choices}")
        self.draw, self.weight, self.options = draw, weight, options

    def render(self, recipe):
        """The picture (16,16,3) uint8 of a recipe {"robe": "red", ...}."""
        canvas = Canvas(recipe["ink"])
        self.draw(canvas, **{k: v for k, v in recipe.items() if k != "ink"})
        return canvas.rgb
