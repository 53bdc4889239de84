"""Pictures of lesson 11: walks of a pixel, the two paths of picture and noise, and what the student is taught."""

import matplotlib.pyplot as plt
import numpy as np
import torch

import diffusion_utilities as du
from charts import COLOURS, STYLES

ENDS = {"ends bright": (COLOURS[1], STYLES[0]), "ends dark": (COLOURS[0], STYLES[1]),
        "ends between": ("#767676", STYLES[2])}  # fmt: skip


def kinds(ends, images):
    """Where each walk ends, as a key of ENDS: on the bright image, on the dark one, or more than 0.05 from both."""
    bright, dark, between = ENDS
    far = (ends.flatten()[:, None] - images.flatten()).abs()
    return [between if row.min() > 0.05 else (dark, bright)[int(row.argmin())] for row in far]


def arrived(ends, images):
    """For each walk whether it ends within 0.05 of an image."""
    return [kind != "ends between" for kind in kinds(ends, images)]


def paths(panels, images, alt, height=3.2):
    """Walks of a pixel side by side: {"title": (shares of noise (n + 1,), their values, as n + 1 tensors of N
    pixels)}. images: the values of the two pictures (dark, bright); a line's colour and dashes say where it ends."""
    fig, axes = plt.subplots(1, len(panels), figsize=(1 + 2.6 * max(len(panels), 2), height), sharey=True,
                             squeeze=False, layout="constrained")  # fmt: skip
    handles = {}
    for ax, (title, (rs, values)) in zip(axes[0], panels.items()):
        values = torch.stack([v.flatten() for v in values])
        for kind, line in zip(kinds(values[-1], images), values.T):
            colour, style = ENDS[kind]
            (handles[kind],) = ax.plot(rs, line, linestyle=style, color=colour, linewidth=1.1)
        ax.plot([0, 0], images.flatten(), "D", color=COLOURS[6], markersize=5, clip_on=False, zorder=5)
        ax.set(title=title, xlim=(1, 0), xlabel="share of noise r", xticks=(1, 0.5, 0))
        ax.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("value of the pixel")
    shown = [kind for kind in ENDS if kind in handles]
    fig.legend([handles[kind] for kind in shown], shown, loc="outside lower center", ncols=3, frameon=False)
    return du.show_figure(fig, alt)


def two_paths(r, alt):
    """The path of diffusion, a quarter of a circle, and the straight one, its chord, with x_t and x_r of the share of
    noise r on them, and the velocities v and u."""
    angle, size = np.linspace(0, np.pi / 2, 100), np.hypot(1 - r, r)
    signal, sigma = (1 - r) / size, r / size
    fig, ax = plt.subplots(figsize=(5.4, 4.6), layout="constrained")
    ax.plot(np.cos(angle), np.sin(angle), STYLES[0], color=COLOURS[0], label="path of diffusion")
    ax.plot([1, 0], [0, 1], STYLES[1], color=COLOURS[1], label="straight path")
    ax.plot([0, signal], [0, sigma], ":", color="#767676", label="same picture, other contrast")
    for place, way, colour, name, marker, beside in (
        ((signal, sigma), (-sigma, signal), COLOURS[0], "$x_t$", "o", (8, 2)),
        ((1 - r, r), (-1, 1), COLOURS[1], "$x_r$", "s", (-20, -14)),
    ):
        ax.plot(*place, marker, color=colour, markersize=8, zorder=5)
        ax.annotate(name, place, xytext=beside, textcoords="offset points", fontsize=14, color=colour)
        tip = np.add(place, 0.38 * np.array(way))
        ax.annotate("", tip, place, arrowprops=dict(arrowstyle="-|>", color=colour, linewidth=2.2, shrinkA=4))
    ax.annotate("$v$", (signal - 0.38 * sigma, sigma + 0.38 * signal), xytext=(0, 6), textcoords="offset points",
                fontsize=14, color=COLOURS[0])  # fmt: skip
    ax.annotate("$u$", (1 - r - 0.38, r + 0.38), xytext=(-16, -10), textcoords="offset points", fontsize=14,
                color=COLOURS[1])  # fmt: skip
    ax.annotate("picture", (1, 0), xytext=(4, 6), textcoords="offset points")
    ax.annotate("noise", (0, 1), xytext=(6, 8), textcoords="offset points")
    ax.set(xlabel=r"weight of the picture $x_0$", ylabel=r"weight of the noise $\epsilon$", xlim=(0, 1.28),
           ylim=(0, 1.3), aspect="equal")  # fmt: skip
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="upper right", frameon=False)
    return du.show_figure(fig, alt)


def teaching(rs, curve, at, answers, alt):
    """What the student is taught, along a walk of the pixel: the curve (n + 1,) at the shares of noise rs, the places
    (t, s) on it as two indices `at`, and what a beginner answers at both, two numbers."""
    fig, ax = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    ax.plot(rs, curve, color="#767676", linewidth=1.6, label="the curve")
    for i, answer, colour, style, name, beside in zip(at, answers, (COLOURS[1], COLOURS[0]), STYLES[1:],
                                                      ("$x_t$", "$x_s$"), ((2, 8), (-4, -20))):  # fmt: skip
        ax.plot([rs[i], 0], [curve[i], answer], linestyle=style, color=colour, linewidth=1.8,
                label=f"the student's answer at {name}")  # fmt: skip
        ax.plot(rs[i], curve[i], "o", color=colour, markersize=8, zorder=5)
        ax.plot(0, answer, "s", color=colour, markersize=8, zorder=5, clip_on=False)
        ax.annotate(name, (rs[i], curve[i]), xytext=beside, textcoords="offset points", fontsize=14, color=colour)
    t, s = at
    ax.annotate("", (rs[s], curve[s]), (rs[t], curve[t]), zorder=6,
                arrowprops=dict(arrowstyle="-|>", color=COLOURS[6], linewidth=2, shrinkA=4, shrinkB=4))  # fmt: skip
    ax.annotate("the teacher's step", ((rs[t] + rs[s]) / 2, (curve[t] + curve[s]) / 2), xytext=(8, 8),
                textcoords="offset points")  # fmt: skip
    ax.annotate("", (0.015, answers[1]), (0.015, answers[0]), arrowprops=dict(arrowstyle="-|>", linewidth=1.6))
    ax.annotate("the loss pulls\nthis way", (0.02, sum(answers) / 2), xytext=(-8, 0), textcoords="offset points",
                ha="right", va="center")  # fmt: skip
    ax.plot(0, curve[-1], "D", color=COLOURS[6], markersize=8, clip_on=False, zorder=6, label="the end of the curve")
    ax.set(xlim=(1, 0), xlabel="share of noise r (1: noise, 0: picture)", ylabel="value of the pixel")
    ax.spines[["top", "right"]].set_visible(False)
    fig.legend(loc="outside lower center", ncols=2, frameon=False)
    return du.show_figure(fig, alt)


def pick(sprites, n, seed=0):
    """n of the Sprites, drawn without putting back, and their class numbers (n,)."""
    i = torch.randperm(len(sprites.x), generator=torch.Generator().manual_seed(seed))[:n]
    return sprites.x[i], sprites.c[i].argmax(1)


def grainy(picked, std, seed=0):
    """What `pick` gave, with noise of this standard deviation on the images, which stay in [-1, 1]."""
    x, c = picked
    return (x + std * torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))).clamp(-1, 1), c
