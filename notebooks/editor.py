"""A pixel editor for 16x16 sprites: draw, erase what shall be filled in, load and save; and `studio`, which puts beside
it what a lesson's own functions make of the drawing.

The editor is an anywidget (plumbing/pixel_editor.js and .css; the site uses the same two files without a kernel). In a
saved notebook, where no kernel answers, its picture stands in its place.
"""

import base64
import io
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import torch
import traitlets
from PIL import Image

import diffusion_utilities as du
from plumbing.denoisers import is_whole
from plumbing.files import write_file
from plumbing.images import need
from plumbing.own_pictures import load_picture
from widgets import Panel, Shown, in_rows

SIZE, SEEDS = 16, 10_000
PLUMBING = Path(__file__).parent / "plumbing"
FAR = 10  # what a sampler draws reaches a little beyond [-1, 1]; farther out it is meant in 0..255
COLOURS, APART = 24, 40  # of the palette; how far two of its colours are at least apart in red, green or blue


def common_colours(pixels, n=COLOURS, apart=APART):
    """The n colours, as "#rrggbb", that most of the pixels (..., 3) have, without those near one that is taken already.

    The palette in pixel_editor.js is this of all sprites, so that what is drawn with it looks like what was trained on.
    """
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    taken = []
    for _ in range(n):
        taken.append(colours[counts.argmax()])
        counts[(np.abs(colours.astype(int) - taken[-1]) <= apart).all(1)] = 0
    return ["#" + bytes(colour).hex() for colour in taken]


class Grid(traitlets.TraitType):
    """A trait that holds an array of one shape and kind. It cannot be written into, for the page would not notice."""

    def __init__(self, shape, dtype, about):
        self.shape, self.dtype, self.about = shape, dtype, about
        super().__init__(np.zeros(shape, dtype))
        self.tag(sync=True, to_json=lambda value, _: value.tobytes(), from_json=lambda data, _: self._read(data))

    def _read(self, data):
        return np.frombuffer(bytes(data), np.uint8).reshape(self.shape)

    def validate(self, _, value):
        value = np.asarray(value)
        fits = value.shape == self.shape and value.dtype in (np.uint8, np.bool_)
        need(fits, f"{self.name} must be {self.about}, not {value.dtype} {value.shape}")
        value = value.astype(self.dtype, order="C")  # a copy, its own
        value.flags.writeable = False
        return value

    def set(self, owner, value):
        value = self.validate(owner, value)
        if self.name not in owner._trait_values or not np.array_equal(owner._trait_values[self.name], value):
            super().set(owner, value)


class PixelEditor(anywidget.AnyWidget):
    """A grid of 16x16 pixels to draw on, by mouse, touch and keyboard.

    pixels  uint8 (16, 16, 3): what is drawn; put another array in its place to change it
    mask    bool (16, 16): True where it was erased, to be filled in; what was there before is still in `pixels`
    x, erased   the two as the network needs them: (1, 3, 16, 16) in [-1, 1], and bool (1, 1, 16, 16)
    """

    _esm = (PLUMBING / "pixel_editor.js").read_text(encoding="utf-8")
    _css = (PLUMBING / "pixel_editor.css").read_text(encoding="utf-8")
    pixels = Grid((SIZE, SIZE, 3), np.uint8, "uint8 (16, 16, 3)")
    mask = Grid((SIZE, SIZE), np.bool_, "bool (16, 16)")

    def __init__(self, x=None):
        """x: the sprite to begin with, as for `show`; white if there is none."""
        super().__init__()
        self.pixels = np.full((SIZE, SIZE, 3), 255, np.uint8)
        if x is not None:
            self.show(x)

    @property
    def x(self):
        """What is drawn, float32 (1, 3, 16, 16) in [-1, 1]."""
        return du.to_images(self.pixels[None])

    @property
    def erased(self):
        """Where it was erased, bool (1, 1, 16, 16)."""
        return torch.from_numpy(self.mask.copy())[None, None]

    def show(self, x, erased=None):
        """Put a sprite in: float (3, 16, 16) or (1, 3, 16, 16) in [-1, 1]; nothing is erased, unless `erased` (anything
        of 16 x 16) says where. The learner's undo goes back to what was there before."""
        x = tensor_of(x, "a sprite")
        shape = tuple(x.shape[-3:] if x.dim() == 4 and len(x) == 1 else x.shape)
        need(shape == (3, SIZE, SIZE), f"the editor shows one sprite (3, 16, 16), not {tuple(x.shape)}")
        near = not x.is_floating_point() or not x.isfinite().all() or x.abs().max() <= FAR
        need(near, "a sprite lies in [-1, 1], not in 0..255: see du.to_images")
        erased = torch.zeros(SIZE, SIZE) if erased is None else tensor_of(erased, "what is erased")
        need(erased.numel() == SIZE**2 and tuple(erased.shape[-2:]) == (SIZE, SIZE),
             f"what is erased must be (16, 16), not {tuple(erased.shape)}")  # fmt: skip
        sure = not erased.is_floating_point() or ((erased == 0) | (erased == 1)).all()
        need(sure, "what is erased holds 1, what is not holds 0, and nothing lies between")
        with self.hold_sync():  # both at once, so that it is one step to undo
            self.pixels = du.to_pixels(x.reshape(shape))
            self.mask = erased.reshape(SIZE, SIZE).bool().numpy()

    def load(self, file):
        """Put a picture file in, of any size, as `du.load_folder` reads it. Raises ValueError if it is none."""
        self.show(load_picture(file, SIZE))

    def save(self, file, scale=1):
        """Write what is drawn to a PNG file, each pixel as scale x scale."""
        need(is_whole(scale) and scale >= 1, f"scale is a whole number, at least 1, not {scale!r}")
        need(Path(file).suffix.lower() == ".png", f"a drawing is written as .png, not {file}")
        stream = io.BytesIO()
        Image.fromarray(self.pixels.repeat(scale, 0).repeat(scale, 1)).save(stream, "png")
        return write_file(file, stream.getvalue())

    def picture(self, scale=10):
        """What is drawn as a Picture, grey and white by turns where it was erased."""
        words = f", of which {self.mask.sum()} are erased" if self.mask.any() else ""
        return du.show(with_holes(self.x, self.erased), scale=scale, alt=f"a drawing of 16x16 pixels{words}")

    def _repr_mimebundle_(self, **how):
        bundle = super()._repr_mimebundle_(**how)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        picture = self.picture()
        png = base64.b64encode(picture.png()).decode()
        return data | {"image/png": png, "text/plain": picture.alt}, {"image/png": {"alt": picture.alt}}


def tensor_of(value, what):
    """A tensor of a tensor, an array or a list; ValueError in one sentence for anything else."""
    try:
        return torch.as_tensor(value)
    except (TypeError, RuntimeError, ValueError):
        raise ValueError(f"{what} is given as numbers, not as {type(value).__name__}; .load reads a file") from None


def with_holes(x, erased):
    """Images (B, 3, H, W) to look at: grey and white by turns where they are erased (bool or 0 and 1, broadcast)."""
    rows, columns = torch.arange(x.shape[2])[:, None], torch.arange(x.shape[3])
    return torch.where(erased.bool(), ((rows + columns) % 2).float() * 0.35 + 0.5, x)


def beside(drawing, results, title):
    """A Picture of a drawing (1, 3, 16, 16), and beside it, half as large, what was made of it (B, 3, 16, 16)."""
    parts = [du.show(drawing, scale=10, title="your drawing"), du.show(results, columns=4, scale=5, title=title)]
    tallest = max(part.size[1] for part in parts)
    parts = [np.pad(p.frames[0], ((0, tallest - p.size[1]), (0, 14), (0, 0)), constant_values=255) for p in parts]
    alt = f"a drawing of 16x16 pixels, and {len(results)} sprites made of it"
    return du.Picture(np.concatenate(parts, 1)[None], alt)


def studio(draw, fill, x=None, erased=None, prompt="", strength=0.6, seed=0):
    """The editor with a prompt, a strength and a seed: "scribble to sprite" and "fill the erased part".

    draw(x, prompt, strength, seed) and fill(x, erased, prompt, seed) are the lesson's: x (1, 3, 16, 16) is the drawing,
    erased bool (1, 1, 16, 16) where it was erased; both return images (B, 3, 16, 16), or these and a sentence.
    x, erased, prompt, strength, seed: what it begins with; the first result is there before anyone touches it.
    A ValueError of theirs (an unknown word) becomes a sentence, and the drawing and the last results stay.
    The panel has .editor, .controls, .buttons and .results, the last images (B, 3, 16, 16).
    """
    need(isinstance(prompt, str), f"the prompt is a text, not {type(prompt).__name__}")
    need(0.05 <= strength <= 1, f"the strength lies in 0.05..1, not {strength}")
    need(is_whole(seed) and 0 <= seed < SEEDS, f"the seed is a whole number in 0..{SEEDS - 1}, not {seed!r}")
    panel, late = Panel(), dict(continuous_update=False)
    panel.editor, panel.results, panel.last = PixelEditor(x), None, "draw"
    if erased is not None:
        panel.editor.show(panel.editor.x, erased)
    panel.controls = {
        "prompt": ipywidgets.Text(prompt, description="prompt", placeholder="what shall it be?", **late),
        "strength": ipywidgets.FloatSlider(strength, min=0.05, max=1, step=0.05, description="strength", **late),
        "seed": ipywidgets.BoundedIntText(seed, min=0, max=SEEDS - 1, description="seed", **late),
    }
    panel.buttons = {
        "draw": ipywidgets.Button(description="scribble to sprite", icon="paint-brush", button_style="primary"),
        "fill": ipywidgets.Button(description="fill the erased part", icon="magic"),
        "again": ipywidgets.Button(description="eight others", icon="refresh"),
    }

    def answer(what):
        """The results of a button, what it started from, and a sentence."""
        start, holes = panel.editor.x, panel.editor.erased
        words, power, dice = (control.value for control in panel.controls.values())
        need(what == "draw" or holes.any(), "Nothing is erased: first wipe with the eraser over what shall be filled.")
        made = draw(start, words, power, dice) if what == "draw" else fill(start, holes, words, dice)
        images, *sentence = made if isinstance(made, tuple) and len(made) == 2 else (made,)
        fits = torch.is_tensor(images) and images.dim() == 4 and images.shape[1:] == start.shape[1:] and len(images)
        got = tuple(images.shape) if torch.is_tensor(images) else type(images).__name__
        need(fits, f"the lesson's function must return images (B, 3, 16, 16), or these and a sentence, not {got}")
        sentence = "".join(text or "" for text in sentence)
        return images, start if what == "draw" else with_holes(start, holes), sentence

    def run(what):
        panel.last = what
        panel.say("Drawing ...")
        title = "scribble to sprite" if what == "draw" else "the erased part, filled in"
        try:
            results, start, sentence = answer(what)
            picture = beside(start, results, title)
        except ValueError as error:
            return panel.say(str(error), wrong=True)
        except Exception as error:  # a mistake in the lesson's function: the page must not stay at "Drawing ..."
            panel.say(f"{type(error).__name__}: {error}", wrong=True)
            raise
        panel.results = results
        panel.show(Shown(picture, first=panel.first is None), sentence)
        for i, button in enumerate(take.children[1:]):
            button.disabled = i >= len(panel.results)

    def more(_):
        panel.controls["seed"].value = (panel.controls["seed"].value + 1) % SEEDS  # which draws

    def take_one(i):
        panel.editor.show(panel.results[i].clamp(-1, 1))
        panel.say(
            f"Result {i + 1} is in the editor: change it, erase a part, and go on (undo brings your drawing back)."
        )

    take = ipywidgets.HBox([ipywidgets.Label("put into the editor:")], layout={"flex_flow": "row wrap"})
    for i in range(8):
        button = ipywidgets.Button(description=str(i + 1), tooltip=f"edit result {i + 1}", layout={"width": "38px"})
        button.on_click(lambda _, i=i: take_one(i))
        take.children = [*take.children, button]
    panel.buttons["draw"].on_click(lambda _: run("draw"))
    panel.buttons["fill"].on_click(lambda _: run("fill"))
    panel.buttons["again"].on_click(more)
    for control in panel.controls.values():
        control.observe(lambda _: run(panel.last), "value")
    for button in panel.buttons.values():
        button.layout.width = "auto"
    buttons = ipywidgets.HBox(list(panel.buttons.values()), layout={"flex_flow": "row wrap"})
    panel.children = [panel.editor, in_rows(list(panel.controls.values())), buttons, *panel.children, take]
    run("fill" if panel.editor.mask.any() else "draw")
    return panel
