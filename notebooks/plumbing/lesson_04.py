"""Pictures of lesson 4 that need more than one call: times on a line, and where a training stands."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

import diffusion_utilities as du
from charts import COLOURS, MARKERS, lines
from plumbing.picture import _caption


def dots(rows, T, alt):
    """The times of one batch each as dots on a line: {"label": t (B,)}."""
    fig, ax = plt.subplots(figsize=(6.5, 0.5 + 0.45 * len(rows)))
    for i, t in enumerate(rows.values()):
        ax.plot(t, [i] * len(t), MARKERS[i], color=COLOURS[i], markersize=5, alpha=0.6, markeredgewidth=0)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel="time t (steps)", xlim=(0, T), ylim=(len(rows) - 0.5, -0.5))
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(left=False)
    ax.grid(axis="x", color="#e6e6e6", linewidth=0.7)
    ax.set_axisbelow(True)
    return du.show_figure(fig, alt)


def by_time(curves, every, **how):
    """Errors by time on a logarithmic axis: {"label": (t (n,), errors (n,))}; each point is the mean of `every`."""
    means = {name: [v.float().unfold(0, every, every).mean(1) for v in curve] for name, curve in curves.items()}
    return lines(means, x="time t (steps)", y="mean squared error of v", log="y", size=(6.5, 3.6), **how)


def smooth(losses, width=20):
    """The mean of each loss and up to `width` - 1 before it, as an array."""
    sums = np.cumsum([0.0, *losses])
    k = np.arange(1, len(losses) + 1)
    first = np.maximum(k - width, 0)
    return (sums[k] - sums[first]) / (k - first)


def span(runs, floor=None):
    """The lowest and the highest loss for which a chart of these losses (lists) and the floor has room."""
    low = [v for values in runs if len(values) for v in smooth(values).tolist() if 0 < v < 1e9]
    high = [v for values in runs for v in values if v < 1e9]
    return min([0.1, *low, *([floor] if floor else [])]) / 1.4, max([1.2, *high])


def standing(trainer, losses, x, floor=None, before=None):
    """Where a training stands, as a Picture: its loss by step (and the floor, None if unknown), and the sprites x.

    before: (label, losses, sprites) of another training, shown beside it; losses None if they have another unit.
    """
    kind = next(name for name, loss in du.LOSSES.items() if loss is trainer.loss)
    fig = Figure(figsize=(4.4, 3.4))
    ax, most = fig.subplots(), 100
    runs = {"this training": (losses, COLOURS[0], "-")} if losses else {}
    if before and before[1]:
        runs[before[0]] = (before[1], "#767676", ":")
    for name, (values, colour, style) in runs.items():
        steps, most = range(1, len(values) + 1), max(most, len(values))
        ax.plot(steps, values, color=colour, alpha=0.2, linewidth=0.8)
        ax.plot(steps, smooth(values), style, color=colour, label=f"{name}, mean of 20")
    if floor:
        ax.axhline(floor, color=COLOURS[1], linestyle="--", linewidth=1.2, label="floor: a perfect memory")
    ax.set(xlabel="step", ylabel=f"loss ({kind}) of {trainer.model.predicts}", xscale="log", yscale="log")
    ax.set(xlim=(1, most), ylim=span([values for values, *_ in runs.values()], floor))
    for axis in (ax.xaxis, ax.yaxis):  # plain numbers, and only at powers of ten
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    ax.spines[["top", "right"]].set_visible(False)
    if runs or floor:
        ax.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 0.08))
    note = f"step {trainer.step}, {trainer.seconds:.0f} s" if losses else "before the first step"
    settings = f"lr {trainer.lr:.1e}, batch {trainer.batch}"
    ax.set_title(f"{note} ({settings})", fontsize=10)
    alt = f"Training, {note} ({settings}): the {kind} loss of {trainer.model.predicts} by step, and {len(x)} sprites"
    title = "this training" if before else "sprites, always from the same noise"
    parts = [du.show(x, 5, 3 if before else 4, title)]
    if before:
        parts.append(du.show(before[2], 5, 3, before[0]))
    return du.Picture(_side_by_side(du.show_figure(fig, alt), parts)[None], alt)


def _side_by_side(chart, tiles):
    """A chart, and pictures one below the other to its right: uint8 (H, W, 3)."""
    column = [np.asarray(picture.frames[0]) for picture in tiles]
    width = max(part.shape[1] for part in column)
    gap = _caption("", width)[:8]
    padded = [np.pad(part, ((0, 0), (0, width - part.shape[1]), (0, 0)), constant_values=255) for part in column]
    right = np.concatenate([piece for part in padded for piece in (part, gap)])
    left = np.asarray(chart.frames[0])
    height = max(len(left), len(right))
    left, right = (np.pad(part, ((0, height - len(part)), (10 * (part is right), 0), (0, 0)), constant_values=255)
                   for part in (left, right))  # fmt: skip
    return np.concatenate([left, right], 1)


def best_picture(images, loss, steps=150):
    """The one picture (1, C, H, W) that has the least loss beside all images (N, C, H, W), found downhill from grey."""
    guess = torch.zeros_like(images[:1]).requires_grad_(True)
    optimizer = torch.optim.Adam([guess], lr=0.03)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(guess.expand_as(images), images).backward()
        optimizer.step()
    return guess.detach()
