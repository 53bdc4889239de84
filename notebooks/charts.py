"""Charts and tables for the lessons: one call from numbers to a picture with labels, a legend and alternative text.

A chart teaches nothing about diffusion, so no cell of a lesson draws one by hand. Colours are Okabe and Ito's, which
differ for every kind of colour vision, and each line also has a dash pattern or a marker of its own.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown

from plumbing.images import need
from plumbing.picture import show_figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
STYLES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def _numbers(values):
    return np.asarray([float(v) for v in values])


def _finish(fig, ax, alt, x, y, log, reverse, xlim, ylim, legend, at=(), beside=False):
    ax.set(xlabel=x, ylabel=y)
    if "x" in log:
        ax.set_xscale("log")
        if len(at) <= 8:  # numbers as they were measured, such as 5, 10, 20, 40, in place of powers of ten
            ax.set_xticks(at, [f"{place:g}" for place in at])
            ax.set_xticks([], minor=True)
    if "y" in log:
        ax.set_yscale("log")
    if xlim is not None:
        ax.set_xlim(*xlim)
    if ylim is not None:
        ax.set_ylim(*ylim)
    if reverse:
        ax.invert_xaxis()
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#e6e6e6", linewidth=0.7)
    ax.set_axisbelow(True)
    if legend and beside:
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    elif legend:
        ax.legend(facecolor="white", edgecolor="none", framealpha=0.8)  # readable where it must stand on a curve
    return show_figure(fig, alt)


def lines(curves, *, x, y, alt, points=(), log="", reverse=False, xlim=None, ylim=None, marks=None, size=(6.5, 3),
          beside=False):  # fmt: skip
    """Curves on one pair of axes, as a Picture.

    curves   {"label": (xs, ys), ...}; ys with several rows (R, N) are R runs of one thing: their mean is the line,
             the band reaches from the lowest to the highest
    x, y     the axes' labels, with units
    alt      what the chart shows, in words
    points   labels of those curves that are drawn as unconnected points
    log      "x", "y" or "xy": which axes are logarithmic; up to eight places x are each named on theirs
    reverse  True lets x fall from left to right, as time does while a sampler walks
    marks    {"label": x, ...}: vertical lines with a text, which stands above the axes, where no curve is
    beside   True puts the legend to the right of the axes, where no curve is
    """
    need(curves, "there is no curve to draw")
    fig, ax = plt.subplots(figsize=size)
    for i, (label, (xs, ys)) in enumerate(curves.items()):
        xs, ys = _numbers(xs), np.atleast_2d([_numbers(row) for row in ys] if np.ndim(ys[0]) else _numbers(ys))
        colour, few = COLOURS[i % len(COLOURS)], len(xs) <= 30
        style = "none" if label in points else STYLES[i % len(STYLES)]
        marker = MARKERS[i % len(MARKERS)] if few or label in points else None
        ax.plot(xs, ys.mean(0), color=colour, linestyle=style, marker=marker, markersize=4.5, label=label)
        if len(ys) > 1:
            ax.fill_between(xs, ys.min(0), ys.max(0), color=colour, alpha=0.18, linewidth=0)
    for text, place in (marks or {}).items():
        ax.axvline(float(place), color="#666666", linewidth=1, linestyle=":")
        ax.annotate(text, (float(place), 1), xycoords=("data", "axes fraction"), xytext=(0, 3), fontsize=9,
                    textcoords="offset points", va="bottom", ha="center", color="#444444")  # fmt: skip
    at = sorted({place for xs, _ in curves.values() for place in _numbers(xs)})
    return _finish(fig, ax, alt, x, y, log, reverse, xlim, ylim, legend=len(curves) > 1, at=at, beside=beside)


def bars(values, *, y, alt, x="", ylim=None, size=(6.5, 2.8)):
    """Horizontal bars with their numbers, as a Picture. values: {"label": number or the numbers of several seeds};
    of several, the bar is their mean and each is a dot. y: what is measured, with its unit."""
    need(values, "there is nothing to draw")
    fig, ax = plt.subplots(figsize=size)
    for i, value in enumerate(values.values()):
        seeds = np.atleast_1d(np.asarray(value, dtype=float))
        ax.barh(i, seeds.mean(), color=COLOURS[0], alpha=0.75, height=0.6)
        if len(seeds) > 1:
            ax.plot(seeds, np.full(len(seeds), i), "o", color=COLOURS[6], markersize=4)
        ax.annotate(f"{seeds.mean():.3g}", (max(seeds.max(), 0), i), xytext=(5, 0), textcoords="offset points",
                    va="center", fontsize=9)  # fmt: skip
    ax.set_yticks(range(len(values)), list(values))
    ax.invert_yaxis()
    ax.margins(x=0.12)
    return _finish(fig, ax, alt, y, x, "", False, ylim, None, legend=False)


def clouds(sets, *, alt, x="", y="", arrows=None, xlim=None, ylim=None, size=(4.2, 4.2)):
    """Points in the plane, as a Picture. sets: {"label": points (N, 2)}; arrows: {"label": (starts (N, 2), ends)}."""
    fig, ax = plt.subplots(figsize=size)
    for i, (label, points) in enumerate(sets.items()):
        points = np.asarray(points, dtype=float)
        few = len(points) <= 40
        ax.plot(*points.T, MARKERS[i % len(MARKERS)], color=COLOURS[i % len(COLOURS)], label=label, linestyle="none",
                markersize=7 if few else 3, alpha=1 if few else 0.4, markeredgewidth=0)  # fmt: skip
    for i, (label, (starts, ends)) in enumerate((arrows or {}).items(), len(sets)):
        starts, ends = np.asarray(starts, dtype=float), np.asarray(ends, dtype=float)
        ax.quiver(*starts.T, *(ends - starts).T, angles="xy", scale_units="xy", scale=1, width=0.006,
                  color=COLOURS[i % len(COLOURS)], label=label)  # fmt: skip
    ax.set_aspect("equal")
    return _finish(fig, ax, alt, x, y, "", False, xlim, ylim, legend=len(sets) + len(arrows or {}) > 1)


def heat(share):
    """Numbers (..., H, W) as images (..., 3, H, W): black for 0 or less, bright for 1 or more."""
    colours = plt.get_cmap("inferno")(share.clamp(0, 1).numpy())[..., :3]
    return torch.from_numpy(colours).movedim(-1, -3).float() * 2 - 1


def table(heads, rows, corner=""):
    """Texts as a table in Markdown. rows: {"name": a text for each of the heads}; corner: the head of the names."""
    lines = [f"| {corner} |".replace("  ", " ") + "".join(f" {head} |" for head in heads)]
    lines.append("|---" * (1 + len(heads)) + "|")
    for name, cells in rows.items():
        need(len(cells) == len(heads), f"the row {name!r} has {len(cells)} cells, for {len(heads)} heads")
        lines.append(f"| {name} |" + "".join(f" {cell} |" for cell in cells))
    return Markdown("\n".join(lines))
