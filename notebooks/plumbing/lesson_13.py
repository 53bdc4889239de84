"""What lesson 13 needs beside its cells: sprites beside their captions, what the layers look at, pixels of a colour."""

import contextlib

import numpy as np
import torch
import torch.nn.functional as F

import diffusion_utilities as du
from plumbing.picture import _caption, _tiles

HUES = {"red": 0, "green": 120, "blue": 225, "purple": 275}  # degrees on the circle of colours


def captioned(x, texts, scale=4, columns=2):
    """Images (B, 3, H, W), each with its text on the right, in columns, as a Picture."""
    du.need(len(x) == len(texts), f"{len(x)} images but {len(texts)} texts")
    cells = []
    for image, text in zip(x, texts):
        tile, words = _tiles(image[None], 1, scale, 2), _caption(_wrapped(text, 38), 330, 13)
        height = max(len(tile), len(words)) + 4
        parts = [np.pad(part, ((0, height - len(part)), (0, 6), (0, 0)), constant_values=255) for part in (tile, words)]
        cells.append(np.concatenate(parts, 1))
    height = max(map(len, cells))
    cells = [np.pad(cell, ((0, height - len(cell)), (0, 0), (0, 0)), constant_values=255) for cell in cells]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    rows = [np.concatenate(cells[i : i + columns], 1) for i in range(0, len(cells), columns)]
    return du.Picture(np.concatenate(rows)[None], "Sprites with their captions: " + "; ".join(texts))


def _wrapped(text, width):
    """The text in lines of at most `width` letters."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += " " * bool(lines[-1]) + word
    return "\n".join(lines)


@contextlib.contextmanager
def watching(model):
    """While it is open, every call of a PromptUnet notes how much its pixels look at each word: a dict of lists, for
    "down", "middle" and "up", of tensors (B, heads, H*W, 1 + words)."""
    seen = {name: [] for name in model.cross}
    hooks = [
        layer.register_forward_hook(lambda layer, given, _, name=name: seen[name].append(layer.looks(*given)))
        for name, layer in model.cross.items()
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def enlarged(maps, size=16):
    """Maps (..., h, w) as maps (..., size, size), smoothly."""
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    large = F.interpolate(flat, size=(size, size), mode="bilinear", align_corners=False)
    return large.reshape(*maps.shape[:-2], size, size)


def as_images(maps):
    """Maps (..., h, w) as grey images (..., 1, 16, 16) in [-1, 1]: black is 0, white the most of all of them."""
    large = enlarged(maps)
    return (2 * large / large.max().clamp(min=1e-12) - 1).unsqueeze(-3)


def coloured(x, colour, within=25):
    """Which pixels (B, H, W) of images (B, 3, H, W) have a strong colour of this name, one of HUES."""
    rgb = ((x.cpu() + 1) / 2).clamp(0, 1)
    high, low = rgb.max(1).values, rgb.min(1).values
    span = (high - low).clamp(min=1e-6)
    r, g, b = rgb.unbind(1)
    hue = torch.where(high == r, (g - b) / span % 6, torch.where(high == g, (b - r) / span + 2, (r - g) / span + 4))
    away = ((60 * hue - HUES[colour] + 180) % 360 - 180).abs()
    return (away < within) & (span > 0.4 * high) & (high > 0.25)


def finds(maps, masks):
    """How well maps (B, H, W) find masks (B, H, W): for each image the probability that a pixel of the mask has more
    than one outside of it. 0.5 is chance. Images whose mask is empty or full are left out."""
    found = []
    for scores, mask in zip(maps.cpu(), masks.cpu()):
        inside, outside = scores[mask], scores[~mask]
        if len(inside) and len(outside):
            above = inside[:, None] > outside[None]
            level = inside[:, None] == outside[None]
            found.append((above.float() + level.float() / 2).mean().item())
    return found


def refusals(function, inputs):
    """What `function` says to each of these inputs, a line each: the sentence with which it refuses it, or "fine"."""
    lines = []
    for given in inputs:
        try:
            function(given)
            lines.append(f"{given!r}: fine")
        except ValueError as error:
            shown = repr(given) if len(repr(given)) < 50 else repr(given)[:46] + "...'"
            lines.append(f"{shown}\n    {error}")
    return "\n".join(lines)
