"""What lesson 3 needs beside its cells: what a network does inside, as pictures, and what it costs."""

import inspect
import textwrap

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown
from PIL import Image, ImageDraw, ImageFont
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import diffusion_utilities as du
from plumbing.images import need, to_pixels
from plumbing.picture import INK, Picture, show_figure

ORANGE, GREEN, GREY = (213, 94, 0), (0, 158, 115), (150, 150, 156)


def source(*things):
    """The source of classes or functions as they stand in the module, for a cell to show."""
    code = "\n\n".join(textwrap.dedent(inspect.getsource(thing)).rstrip() for thing in things)
    return Markdown(f"```python\n{code}\n```")


def million_operations(net, *inputs):
    """Millions of operations of one call of a network; a multiplication and an addition count as two."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(*inputs)
    return counter.get_total_flops() / 1e6


def watch(net, names):
    """What the named parts of a network put out: a dict, filled anew at each call of the network. "in" and "out", which
    UNET and CONTEXT_UNET name as well, are no parts."""
    seen = {}
    for name in set(names) - {"in", "out"}:
        net.get_submodule(name).register_forward_hook(lambda _, args, out, name=name: seen.update({name: out.detach()}))
    return seen


def replace(net, kind, make):
    """Put make(part) in the place of each part of this kind, however deep it lies; returns the network."""
    for parent in list(net.modules()):
        for name, part in parent.named_children():
            if isinstance(part, kind):
                setattr(parent, name, make(part))
    return net


def sight(net, size=16):
    """How much each pixel of the input moves the middle pixel of the output, |d out / d x|, as (size, size).

    The mean over 16 random inputs (1, size, size); 0 where a pixel cannot matter.
    """
    x = torch.randn(16, 1, size, size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    net(x)[:, 0, size // 2, size // 2].sum().backward()
    return x.grad.abs().mean((0, 1))


def sights(maps, alt):
    """Heat maps of what `sight` found, {"title": (H, W)}, as a Picture; white pixels cannot matter."""
    fig, axes = plt.subplots(1, len(maps), figsize=(3 * len(maps), 3), layout="constrained", sharey=True)
    for ax, (title, values) in zip(axes, maps.items()):
        share = np.where(values > 0, values / values.max(), np.nan)
        picture = ax.imshow(np.log10(share), vmin=-4, vmax=0, cmap="cividis")
        height, width = values.shape
        ax.add_patch(plt.Rectangle((width // 2 - 0.5, height // 2 - 0.5), 1, 1, fill=False, edgecolor="#d55e00", lw=2))
        ax.set(title=title, xlabel="x (pixels)", xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5),
               xticks=range(0, width, 5), yticks=range(0, height, 5))  # fmt: skip
    axes[0].set_ylabel("y (pixels)")
    fig.colorbar(picture, ax=axes, label="influence (log10)")
    return show_figure(fig, alt)


def looks(noisy, weights, place, alt):
    """Where one place of a 4 x 4 map looks: each noisy sprite (B, 3, 16, 16) with the place framed, and beside it the
    weights of each head, (B, heads, 4, 4)."""
    B, heads = weights.shape[:2]
    fig, axes = plt.subplots(B, heads + 1, figsize=(1.5 * (heads + 1) + 0.6, 1.5 * B + 0.3), layout="constrained")
    for row, ax in enumerate(axes):
        ax[0].imshow(to_pixels(noisy[row : row + 1])[0])
        corner = 4 * (place % 4) - 0.5, 4 * (place // 4) - 0.5
        ax[0].add_patch(plt.Rectangle(corner, 4, 4, fill=False, edgecolor="#d55e00", lw=3))
        for head in range(heads):
            picture = ax[head + 1].imshow(weights[row, head], vmin=0, vmax=0.5, cmap="cividis")
        if row == 0:
            ax[0].set_title("the place\nthat looks", fontsize=9)
            for head in range(heads):
                ax[head + 1].set_title(f"head {head + 1}", fontsize=9)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    fig.colorbar(picture, ax=axes, label="weight (all add up to 1)")
    return show_figure(fig, alt)


def three_colours(maps):
    """Feature maps (F, C, H, W) as colour pictures (F, 3, H, W) in [-1, 1]: the three directions in which the C numbers
    of a pixel differ most, over all pictures, become red, green and blue."""
    F_, C, H, W = maps.shape
    pixels = maps.movedim(1, 3).reshape(-1, C).double()
    pixels = pixels - pixels.mean(0)
    directions = torch.linalg.eigh(pixels.T @ pixels).eigenvectors[:, -3:].flip(1)  # the largest come last
    signs = directions.gather(0, directions.abs().argmax(0, keepdim=True)).sign()  # a direction or its opposite: one
    values = pixels @ (directions * signs)
    values = values / (2 * values.square().mean(0).sqrt() + 1e-9)  # one pixel alone has no spread: it stays grey
    return values.clamp(-1, 1).reshape(F_, H, W, 3).movedim(3, 1).float()


# Of each part: its name, column (0 to 6) and row (0 to 3) in the picture, and what stands below it
UNET = {"in": (0, 0), "down.0": (1, 0), "down.1": (1, 1), "down.2": (1, 2), "attention": (2, 3), "up.0": (3, 2),
        "up.1": (3, 1), "up.2": (3, 0), "out": (4, 0)}  # fmt: skip
CONTEXT_UNET = {"in": (0, 0), "init_conv": (1, 0), "down1": (1, 1), "down2": (1, 2), "to_vec": (2, 3), "up0": (3, 2),
                "up1": (3, 1), "up2": (3, 0), "out": (4, 0)}  # fmt: skip
TOLD = {"down.0", "down.1", "down.2", "up.0", "up.1", "up.2", "up1", "up2"}  # where time and context come in
SIZES = {16: 100, 8: 72, 4: 48, 1: 26}  # pixels of a map of this size in the picture
X, Y = (62, 210, 400, 590, 738), (74, 210, 322, 398)  # the middles of columns and rows


def inside(places, frames, labels=None, *, alt, fps=3):
    """What each part of a U-Net puts out, laid out as a U, as a Picture: a still, or a film of several frames.
    Parts that are told the time and the context have a green mark.

    places   UNET or CONTEXT_UNET
    frames   a list of {"in": x_t (1, 3, H, W), "down.0": maps (1, C, h, w), ..., "out": guess}
    labels   a text for each frame
    """
    need(all(f.keys() >= places.keys() for f in frames), f"each frame needs what {', '.join(places)} put out")
    font, small = ImageFont.load_default(13), ImageFont.load_default(12)
    sheet = Image.new("RGB", (800, 446), "white")
    draw, boxes, tiles = ImageDraw.Draw(sheet), {}, {}
    for name, (column, row) in places.items():
        maps = torch.cat([f[name] for f in frames])
        tiles[name] = to_pixels(maps if name in ("in", "out") else three_colours(maps))
        half = SIZES[maps.shape[2]] // 2
        boxes[name] = (X[column] - half, Y[row] - half, X[column] + half, Y[row] + half)
        words = {"in": "x_t", "out": "the guess"}.get(name, name)
        shape = "" if name in ("in", "out") else f"{maps.shape[1]} maps, {maps.shape[2]} x {maps.shape[3]}"
        draw.text((X[column], Y[row] - half - 3), words, INK, font, anchor="mb")
        draw.text((X[column], Y[row] + half + 2), shape, GREY, small, anchor="mt")
        if name in TOLD:
            left, top = boxes[name][:2]
            draw.ellipse((left - 15, top - 1, left - 5, top + 9), GREEN)
    names = list(places)
    for a, b in zip(names, names[1:]):  # the way through the U
        (ax, ay), (bx, by) = ((X[places[n][0]], Y[places[n][1]]) for n in (a, b))
        if ay == by:
            start, end = (boxes[a][2] + 6, ay), (boxes[b][0] - 20, by)
        elif ax == bx and ay < by:
            start, end = (ax, boxes[a][3] + 19), (bx, boxes[b][1] - 20)
        elif ax == bx:
            start, end = (ax, boxes[a][1] - 20), (bx, boxes[b][3] + 19)
        elif ay < by:  # down to the bottom of the U
            start, end = (boxes[a][2] + 8, ay + 12), (boxes[b][0] - 20, by)
        else:  # and up from it
            start, end = (boxes[a][2] + 8, ay), (boxes[b][0] - 20, by + 12)
        _arrow(draw, start, end, GREY)
    for a, b in zip(names[1:4], names[-2:-5:-1]):
        y = (boxes[a][1] + boxes[a][3]) // 2 - 8
        _arrow(draw, (boxes[a][2] + 8, y), (boxes[b][0] - 20, y), ORANGE, 3)
    draw.text((X[2], boxes[names[1]][1] + 26), "skips", ORANGE, font, anchor="mb")
    draw.ellipse((598, 398, 608, 408), GREEN)
    draw.text((614, 403), "time and class come in here", GREEN, font, anchor="lm")
    pictures = []
    for i in range(len(frames)):
        page = sheet.copy()
        for name, (left, top, right, bottom) in boxes.items():
            tile = Image.fromarray(tiles[name][i]).resize((right - left, bottom - top), Image.Resampling.NEAREST)
            page.paste(tile, (left, top))
        if labels:
            ImageDraw.Draw(page).text((12, 396), labels[i], INK, font)
        pictures.append(np.asarray(page))
    return Picture(np.stack(pictures), alt, fps=fps, labels=labels)


def _arrow(draw, start, end, colour, width=2):
    """A straight arrow."""
    draw.line((*start, *end), colour, width)
    (x, y), direction = end, np.subtract(end, start) / max(np.hypot(*np.subtract(end, start)), 1)
    back, side = 9 * direction, 5 * np.array([-direction[1], direction[0]])
    tips = [(x + direction[0], y + direction[1]), *(tuple(np.array(end) - back + s * side) for s in (1, -1))]
    draw.polygon([tuple(map(float, tip)) for tip in tips], colour)


def guess(net, x_t, t, c, ab_t, told=None):
    """The clean pictures (B, C, H, W) that a network sees in x_t, told that the time is `told` (t, if not said)."""
    told = t if told is None else told
    with torch.no_grad():
        out = net(x_t, torch.full((len(x_t),), told / (len(ab_t) - 1)), c)
    return du.to_x0_eps(out, x_t, told, ab_t, net.predicts)[0]


def shift_only(linear):
    """A layer that gives scale and shift, made to give a scale of 0 and the shift."""

    class ShiftOnly(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = linear

        def forward(self, emb):
            scale, shift = self.linear(emb).chunk(2, 1)
            return torch.cat([0 * scale, shift], 1)

    return ShiftOnly()


def by_work(losses, cost, batch=32):
    """Curves for `charts.lines` of {"network": [the losses of a run, ...]} against the operations spent on training, in
    millions of millions: three times those of one call, cost["network"] millions, for each picture of a batch. The
    losses are running means over ten steps."""
    curves = {}
    for name, runs in losses.items():
        runs = torch.tensor(runs)
        steps = min(10, runs.shape[1])
        spent = torch.arange(steps, runs.shape[1] + 1) * 3 * batch * cost[name] / 1e6
        curves[name] = (spent.tolist(), runs.unfold(1, steps, 1).mean(2).tolist())
    return curves
