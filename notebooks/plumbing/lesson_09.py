"""What lesson 9 needs beside its cells: three arms of points, and pictures of arrows in the plane."""

import matplotlib.pyplot as plt
import numpy as np
import torch

import charts
import diffusion_utilities as du
from charts import COLOURS, MARKERS
from plumbing.images import need
from plumbing.picture import Picture

GREY = "#c4c4c4"


def arms(n=60):
    """3 n points on three curved arms, as images (3 n, 2, 1, 1), and their arms as one-hot rows (3 n, 3)."""
    arm, radius = torch.arange(3).repeat_interleave(n), torch.linspace(0.4, 2, n).repeat(3)
    noise = torch.randn(3 * n, generator=torch.Generator().manual_seed(0))
    angle = 2 * torch.pi * arm / 3 + radius + 0.12 * noise
    points = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)[:, :, None, None]
    return points, torch.nn.functional.one_hot(arm, 3).float()


def grid(n=13, half=2.4):
    """n x n places in the plane, as images (n * n, 2, 1, 1)."""
    line = torch.linspace(-half, half, n)
    return torch.cartesian_prod(line, line)[:, :, None, None]


def plane(x):
    """Images of two numbers (N, 2, 1, 1) as points (N, 2) for a chart."""
    need(x.shape[1:] == (2, 1, 1), f"points of the plane are (N, 2, 1, 1) here, not {tuple(x.shape)}")
    return x[:, :, 0, 0].detach().cpu().numpy()


def _bare(ax, title):
    ax.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal", xticks=(-2, 0, 2), yticks=(-2, 0, 2))
    ax.set_title(title, fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)


def _points(ax, points, labels, shrink=1.0, only=None):
    for k in range(labels.shape[1]):
        colour = COLOURS[k] if only in (None, k) else GREY
        ax.plot(*(shrink * plane(points[labels[:, k] == 1])).T, MARKERS[k], color=colour, markersize=2.5,
                markeredgewidth=0)  # fmt: skip


def _arrows(ax, places, arrows, share=0.25):
    """Arrows that go a share of their way, so that they do not cover each other."""
    ax.quiver(*plane(places).T, *plane(share * arrows).T, angles="xy", scale_units="xy", scale=1, width=0.006,
              color="#2a2a30")  # fmt: skip


def film(walk, denoiser, points, labels, ab_t, alt):
    """A film of a walk (a list of `du.Step`): the noise, the arrows to the denoiser's guesses, and the time t.

    Each point has the colour of the arm on which its walk ends.
    """
    goal, places, frames = labels.argmax(1)[du.nearest(walk[-1].x, points)[1]], grid(), []
    for step in walk:
        fig, ax = plt.subplots(figsize=(3.9, 4.1), dpi=90, layout="constrained")
        signal = ab_t[step.s].item() ** 0.5
        _points(ax, points, labels, signal, only=-1)
        if step.s > 0:
            guess = denoiser(places, torch.tensor(step.s / (len(ab_t) - 1)))
            _arrows(ax, places, signal * guess - places)
        for k in range(labels.shape[1]):
            ax.plot(*plane(step.x[goal == k]).T, MARKERS[k], color=COLOURS[k], markersize=3.5, markeredgewidth=0)
        _bare(ax, f"t = {step.s}")
        fig.canvas.draw()
        frames.append(np.asarray(fig.canvas.buffer_rgba())[..., :3].copy())
        plt.close(fig)
    return Picture(np.stack(frames), alt, fps=6, labels=[f"t = {step.s}" for step in walk])


def fields(panels, points, labels, ab_t, alt, height=None, only=None):
    """Scores as fields of arrows, side by side: {"title": (t, scores (n * n, 2, 1, 1) at `grid()`)}. An arrow is the
    score times 1 - ab_t, the way to the guess, and is drawn a quarter as long.

    height   a function of places (N, 2, 1, 1) and t, whose value (N,) tints the paper: the darker, the higher
    only     the number of the arm in colour; without it all are
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(2.65 * len(panels), 2.9), layout="constrained", squeeze=False)
    line = torch.linspace(-2.6, 2.6, 80)
    for ax, (title, (t, scores)) in zip(axes[0], panels.items()):
        if height is not None:
            values = height(torch.cartesian_prod(line, line)[:, :, None, None], t).view(80, 80).T
            below = [-20, -12, -8, -5, -3, -2, -1, 0]  # under the highest place
            ax.contourf(line, line, values - values.max(), below, cmap="Blues", extend="min", alpha=0.6)
        _points(ax, points, labels, ab_t[t].item() ** 0.5, only)
        _arrows(ax, grid(), (1 - ab_t[t].item()) * scores)
        _bare(ax, title)
    return du.show_figure(fig, alt)


def clouds(panels, points, labels, alt, shrink=1.0, only=None):
    """Samples in the plane side by side: {"title": x (N, 2, 1, 1)}, over the arms in grey, shrunk as in x_t."""
    fig, axes = plt.subplots(1, len(panels), figsize=(2.65 * len(panels), 2.9), layout="constrained", squeeze=False)
    for ax, (title, x) in zip(axes[0], panels.items()):
        _points(ax, points, labels, shrink, only=-1)
        ax.plot(*plane(x).T, "o", color=COLOURS[0 if only is None else only], markersize=4, alpha=0.4,
                markeredgewidth=0)  # fmt: skip
        _bare(ax, title)
    return du.show_figure(fig, alt)


def coverage(x, real):
    """The share of real sprites that have one of x nearer than their third nearest real neighbour, in the judge's
    features (Naeem et al., 2020): 1 if every kind of sprite was drawn."""
    drawn, known = (du.features_of(images)[0] for images in (x, real))
    near = torch.cdist(known, known).sort().values[:, 3]
    return (torch.cdist(known, drawn).min(1).values < near).float().mean().item()


def table(runs):
    """Marks as a table: {"name": [{"mark": number, ...} of each seed]}; shares in % are whole numbers."""
    keys = [key for key in next(iter(runs.values()))[0] if key != "x"]
    return charts.table(keys, {name: [
        " / ".join(f"{one[key]:.{0 if '%' in key else 2}f}" for one in seeds) for key in keys
    ] for name, seeds in runs.items()})  # fmt: skip
