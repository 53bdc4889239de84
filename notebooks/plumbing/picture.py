"""Pictures that show themselves: a still or a film as an (animated) PNG, with a player on top where scripts may run.

`diffusion_utilities` re-exports all that is public here.
"""

import base64
import functools
import html
import io
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from plumbing import apng
from plumbing.files import write_file
from plumbing.images import need, to_pixels

GREY, INK = 225, (40, 40, 48)  # between the tiles; of the captions
FEW = 96  # colours of a frame of noise
PLAYER = (Path(__file__).parent / "player.js").read_text(encoding="utf-8")


class Picture:
    """A still or a film that shows itself in a notebook, an export or a plain HTML page: as an (animated) PNG, and a
    film also as a player with play, pause and a scrubber, which holds that PNG for where no script may run.

    frames: uint8 (F, H, W, 3), one or more; alt: what it shows, in words; fps: frames a second; hold: seconds that the
    last frame stays; labels: a text for each frame. All frames share one palette of at most 256 colours.
    """

    def __init__(self, frames, alt, fps=10, hold=2.0, labels=None):
        frames = np.asarray(frames)
        fits = frames.dtype == np.uint8 and frames.ndim == 4 and frames.shape[3] == 3 and len(frames)
        need(fits, f"frames must be uint8 (F, H, W, 3), not {frames.dtype} {frames.shape}")
        need(alt, "say in `alt` what the picture shows, for those who cannot see it")
        need(labels is None or len(labels) == len(frames), f"{len(labels or [])} labels for {len(frames)} frames")
        self.frames, self.alt, self.fps, self.hold, self.labels = frames, alt, fps, hold, labels

    @property
    def size(self):
        """(width, height) in pixels."""
        return self.frames.shape[2], self.frames.shape[1]

    @property
    def _durations(self):
        """How long each frame stays, in milliseconds; the last one `hold` longer."""
        pause = round(1000 / self.fps)
        return [pause] * (len(self.frames) - 1) + [pause + round(1000 * self.hold)]

    @functools.cached_property
    def _images(self):
        """The frames as PIL images that share one palette."""
        F_, H, W, _ = self.frames.shape
        stack = Image.fromarray(self.frames.reshape(F_ * H, W, 3))
        if F_ == 1:
            return [stack.quantize(256, dither=Image.Dither.NONE)]
        # a palette from some thousand pixels (the last frame counts double) takes a fifth of the time of one from all;
        # what is nearly white becomes white, and the grey between the tiles and the ink of the captions are added.
        # `kmeans` moves each colour to the middle of the pixels that it stands for: without it, noise in few colours
        # looks green and magenta
        rng = np.random.default_rng(0)
        pixels = self.frames.reshape(F_, -1, 3)[[*range(F_), F_ - 1]]
        some = Image.fromarray(pixels[:, rng.integers(0, H * W, 10_000 // F_ + 1)].reshape(1, -1, 3))
        fine, coarse = (some.quantize(n, dither=Image.Dither.NONE, kmeans=1).getpalette() for n in (254 - FEW, FEW))
        colours = np.reshape(fine + [GREY] * (3 * (254 - FEW) - len(fine)) + coarse, (-1, 3))
        colours[(colours > 244).all(1)] = 255
        colours = [*colours.flatten().tolist(), GREY, GREY, GREY, *INK]
        every, few = (Image.new("P", (1, 1)) for _ in range(2))
        every.putpalette(colours)
        few.putpalette(colours[3 * (254 - FEW) :])
        stack = stack.quantize(palette=every, dither=Image.Dither.NONE)
        images = [stack.crop((0, i * H, W, (i + 1) * H)) for i in range(F_)]
        # noise needs but few of the colours, which saves a tenth of the bytes; a guess beside it needs all. A frame
        # is noise if neighbouring pixels leap by 100 of 255 in both halves, and no colour stands out
        leaps = np.abs(np.diff(self.frames[:, ::7].astype(np.int16), axis=2)).max(3)
        leaps = [half.sum((1, 2)) / np.maximum((half > 0).sum((1, 2)), 1) for half in np.array_split(leaps, 2, 2)]
        for i, leap in enumerate(np.minimum(*leaps)):
            if leap > 100 and max(images[i].histogram()) < 0.2 * H * W:
                numbers = Image.fromarray(self.frames[i]).quantize(palette=few, dither=Image.Dither.NONE)
                images[i].paste(Image.fromarray(np.asarray(numbers) + np.uint8(254 - FEW)))
        return images

    @staticmethod
    def _bytes(image):
        stream = io.BytesIO()
        image.save(stream, "png", compress_level=4)
        return stream.getvalue()

    def png(self):
        """The bytes of the (animated) PNG file."""
        first, *more = self._images
        if not more:
            return self._bytes(first)
        return apng.write(np.stack(self._images), np.reshape(first.getpalette(), (-1, 3)), self._durations)

    @functools.cached_property
    def frame_pngs(self):
        """The bytes of one PNG file for each frame."""
        return [self._bytes(image) for image in self._images]

    def save(self, file):
        """Write it to a file, whole or not at all: .png or .apng (animated if it is a film) or .gif; no other kind."""
        kind = Path(file).suffix.lower()
        need(kind in (".png", ".apng", ".gif"), f"a picture is written as .png or .gif, not as {str(file)!r}")
        return write_file(file, self.gif() if kind == ".gif" else self.png())

    def gif(self):
        """The bytes of the (animated) GIF file."""
        first, *more = [Image.fromarray(f) for f in self.frames]
        stream = io.BytesIO()
        first.save(stream, "gif", save_all=True, append_images=more, loop=0, duration=self._durations)
        return stream.getvalue()

    def to_jshtml(self):
        """HTML for IPython.display.HTML: the player, with the whole film inside as an <img>."""
        return self._player(base64.b64encode(self.png()).decode())

    def _player(self, png):
        alt, labels = (html.escape(text, quote=True) for text in (self.alt, json.dumps(self.labels or [])))
        img = f'<img class="film" style="max-width:100%" alt="{alt}" data-labels="{labels}"'
        return f'{img} src="data:image/png;base64,{png}"><script>{PLAYER}</script>'

    def _repr_mimebundle_(self, **_):
        png = base64.b64encode(self.png()).decode()
        bundle = {"image/png": png, "text/plain": self.alt}
        if len(self.frames) > 1:
            bundle["text/html"] = self._player(png)
        return bundle, {"image/png": {"alt": self.alt}}


def _tiles(x, columns, scale, gap):
    """Images (..., B, C, H, W) on a grid, enlarged without smoothing: uint8 (..., height, width, 3), grey between."""
    pixels = to_pixels(x)
    need(pixels.ndim > 3, f"pictures are (B, C, H, W), not {tuple(x.shape)}: of one image show x[None]")
    need(pixels.shape[-1] in (1, 3), f"pictures have 1 or 3 channels, not {pixels.shape[-1]}: of RGBA show x[:, :3]")
    if pixels.shape[-1] == 1:
        pixels = pixels.repeat(3, -1)
    *more, B, H, W, _ = pixels.shape
    rows, h, w = -(-B // columns), H * scale + gap, W * scale + gap
    sheet = np.full((*more, rows * columns, h, w, 3), GREY, np.uint8)
    sheet[..., :B, : h - gap, : w - gap, :] = pixels.repeat(scale, -3).repeat(scale, -2)
    sheet = sheet.reshape(*more, rows, columns, h, w, 3).swapaxes(-4, -3).reshape(*more, rows * h, columns * w, 3)
    return np.pad(sheet, [*[(0, 0)] * len(more), (gap, 0), (gap, 0), (0, 0)], constant_values=GREY)


@functools.lru_cache(maxsize=512)
def _caption(text, width, size=14, align="left"):
    """Black text on white, uint8 (height, width, 3): as many lines as the text has."""
    font = ImageFont.load_default(size)
    lines = text.split("\n")
    image = Image.new("RGB", (width, round(size * 1.35) * len(lines) + 4), "white")
    draw = ImageDraw.Draw(image)
    for i, line in enumerate(lines):
        left = 2 if align == "left" else (width - draw.textlength(line, font=font)) / 2
        draw.text((left, 2 + i * round(size * 1.35)), line, fill=INK, font=font)
    return np.asarray(image)


def show(x, columns=8, scale=3, title=None, gap=2, alt=None):
    """A grid of images (B, C, H, W) as a Picture, with a title above it."""
    need(len(x) and columns >= 1 and scale >= 1, "there must be an image, a column and a scale of at least 1")
    sheet = _tiles(x, min(columns, len(x)), scale, gap)
    if title:
        width = max(sheet.shape[1], int(8 * max(map(len, title.split("\n")))))
        sheet = np.pad(sheet, ((0, 0), (0, width - sheet.shape[1]), (0, 0)), constant_values=255)
        sheet = np.concatenate([_caption(title, width), sheet])
    return Picture(sheet[None], alt or title or f"{len(x)} images on a grid")


def show_rows(rows, scale=3, gap=2, label_width=150, alt=None, top=None):
    """Rows of images, each with its label on the left: {"epoch 0": x, "epoch 4": x, ...}. top: a label per column.

    label_width: of the labels, in pixels; a longer label makes room for itself.
    """
    need(rows, "there is nothing to show")
    lengths = [ImageFont.load_default(14).getlength(line) for label in rows for line in str(label).split("\n")]
    label_width = max(label_width, int(max(lengths)) + 6)
    strips, widest = [], max(len(x) for x in rows.values())
    for label, x in rows.items():
        strip = _tiles(x, widest, scale, gap)
        text = _caption(str(label), label_width)
        height = max(len(strip), len(text))
        above = (height - len(text)) // 2
        text = np.pad(text, ((above, height - len(text) - above), (0, 0), (0, 0)), constant_values=255)
        strip = np.pad(strip, ((0, height - len(strip)), (0, 0), (0, 0)), constant_values=255)
        strips.append(np.concatenate([text, strip], 1))
    if top:
        cell = (strips[0].shape[1] - label_width) // widest
        heads = [_caption(str(text), cell, 12, "centre") for text in top]
        tallest = max(map(len, heads))
        heads = [np.pad(h, ((0, tallest - len(h)), (0, 0), (0, 0)), constant_values=255) for h in heads]
        head = np.concatenate(heads, 1)
        left = np.full((len(head), label_width, 3), 255, np.uint8)
        right = np.full((len(head), strips[0].shape[1] - label_width - head.shape[1], 3), 255, np.uint8)
        strips.insert(0, np.concatenate([left, head, right], 1))
    return Picture(np.concatenate(strips)[None], alt or "rows of images: " + ", ".join(str(label) for label in rows))


def film(panels, labels=None, columns=8, scale=3, gap=2, fps=10, hold=2.0, alt=None):
    """A film as a Picture: `panels` is frames (F, B, C, H, W), or {"x_t": frames, ...} shown side by side under titles.

    labels: a text for each frame, such as "t = 340".
    """
    panels = panels if isinstance(panels, dict) else {"": panels}
    panels = {title: torch.as_tensor(np.asarray(f)) if not torch.is_tensor(f) else f for title, f in panels.items()}
    n = {len(frames) for frames in panels.values()}
    need(len(n) == 1, f"the panels have different numbers of frames: {sorted(n)}")
    need(labels is None or len(labels) == min(n), f"{len(labels or [])} labels for {min(n)} frames")
    sides = []
    for title, frames in panels.items():
        need(frames.ndim == 5, f"the frames of a film are (F, B, C, H, W), not {tuple(frames.shape)}")
        side = _tiles(frames, min(columns, frames.shape[1]), scale, gap)
        if title:
            head = _caption(title, side.shape[2])
            side = np.concatenate([np.broadcast_to(head, (len(side), *head.shape)), side], 1)
        sides += [side, np.full((*side.shape[:2], 12, 3), 255, np.uint8)]
    pictures = np.concatenate(sides[:-1], 2)
    if labels:
        labels = [str(label) for label in labels]
        pictures = np.concatenate([pictures, [_caption(label, pictures.shape[2]) for label in labels]], 1)
    alt = alt or "a film of " + (", ".join(filter(None, panels)) or "denoising")
    return Picture(pictures, alt, fps, hold, labels)


def show_figure(fig, alt):
    """A matplotlib figure as an image with alternative text; the figure is closed, so that it is not shown twice."""
    import matplotlib.pyplot as plt

    stream = io.BytesIO()
    fig.savefig(stream, format="png", dpi=100, bbox_inches="tight")
    plt.close(fig)
    return Picture(np.asarray(Image.open(stream).convert("RGB"))[None], alt)
