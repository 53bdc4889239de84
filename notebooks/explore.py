"""The flat world: a dozen points in the plane, the exact denoiser, and what diffusion does with them.

`flat_world(face, **settings)` gives one figure. Where scripts may run it is live and needs no kernel: everything in it
can be dragged, by mouse, touch and keyboard (plumbing/flat_world.js). Everywhere else stands a picture or a film of the
same numbers, which are made here by `diffusion_utilities` itself.
"""

import base64
import html
import json
import re
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import diffusion_utilities as du
from plumbing.images import need
from plumbing.picture import Picture

T = 500
RING = [(0.30, 0.36), (0.02, 0.80), (-0.42, 0.88), (-0.80, 0.58), (-0.88, 0.10), (-0.56, -0.28), (-0.08, -0.26)]
CLUSTER = [(0.58, -0.42), (0.90, -0.36), (0.72, -0.66), (0.46, -0.86), (0.96, -0.78)]
NAMES = ("ring", "cluster")
SCRIPT = (Path(__file__).parent / "plumbing" / "flat_world.js").read_text(encoding="utf-8")
SCRIPT_IN_CELL = re.sub(r"^\s+|^\s*//.*\n", "", SCRIPT, flags=re.M)  # each figure of a notebook holds a copy

PAPER, GRID, INK, QUIET, ACCENT, OTHER = "#fbfaf7", "#ebe8e1", "#2a2a30", "#8b8a86", "#00795a", "#aa4a85"
COLOURS, MARKS = ("#0072b2", "#d55e00"), ("o", "s")  # of the two classes

# What each face shows, and its settings with their values unless told otherwise.
FACES = {
    "guess": (
        "Twelve points in the plane and a noisy point x_t. Lines as wide as the weights lead to the points that it may "
        "have come from; the weighted mean of these is the guess with the least expected squared error.",
        dict(t=120, x=(0.28, 0.12), guess=(-0.45, -0.75)),
    ),
}


class World:
    """The points as images (N, 2, 1, 1) in float64, their exact denoiser and the schedule."""

    def __init__(self, points, labels, schedule, T=T):
        self.points, self.labels, self.T = np.asarray(points, dtype=float), np.asarray(labels), T
        self.ab_t = du.noise_schedule(schedule, T)
        self.classes = torch.nn.functional.one_hot(torch.as_tensor(labels), 2).double()
        self.denoiser = du.PerfectDenoiser(self.image(points), self.ab_t, self.classes)

    @staticmethod
    def image(x):
        return torch.as_tensor(np.array(x, dtype=float)).reshape(-1, 2, 1, 1)

    def weights(self, x, t):
        """How much each point counts for each x (B, 2): (B, N)."""
        return self.denoiser.weights(self.image(x), t / self.T).numpy()

    def guess(self, x, t):
        """The weighted mean for each x (B, 2): (B, 2)."""
        return self.weights(x, t) @ self.points


def normals(seed, n):
    """n standard normal points (n, 2), the same in the browser: a hash of their numbers, then Box and Muller."""
    a = (np.uint64(seed) * np.uint64(0x9E3779B1) + np.arange(1, 2 * n + 1, dtype=np.uint64) * np.uint64(0x6D2B79F5))
    a &= np.uint64(0xFFFFFFFF)
    h = (a ^ (a >> np.uint64(15))) * (a | np.uint64(1)) & np.uint64(0xFFFFFFFF)
    h ^= (h + (h ^ (h >> np.uint64(7))) * (h | np.uint64(61))) & np.uint64(0xFFFFFFFF)
    u = (h ^ (h >> np.uint64(14))) / 2**32
    r, angle = np.sqrt(-2 * np.log(1 - u[::2])), 2 * np.pi * u[1::2]
    return np.stack([r * np.cos(angle), r * np.sin(angle)], 1)


class Sheet:
    """A square of the plane, [-half, half] in both directions, to draw on; `pixels` is the picture."""

    def __init__(self, half, text="", inches=4.4):
        self.figure = Figure(figsize=(inches, inches), dpi=100, facecolor=PAPER)
        self.canvas = FigureCanvasAgg(self.figure)
        self.axes = ax = self.figure.add_axes((0, 0, 1, 1))
        ax.set(xlim=(-half, half), ylim=(-half, half), xticks=range(-int(half), int(half) + 1), facecolor=PAPER)
        ax.set_yticks(ax.get_xticks())
        ax.grid(color=GRID, linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0, labelsize=0)
        ax.text(0.025, 0.025, text, transform=ax.transAxes, color=INK, fontsize=11, bbox=dict(fc=PAPER, ec="none"))

    def data(self, world, size=8, **how):
        for k in (0, 1):
            points = world.points[world.labels == k]
            self.axes.plot(*points.T, MARKS[k], color=COLOURS[k], ms=size - k, mec=PAPER, mew=1.2, zorder=5, **how)

    def mark(self, p, sign, colour, text="", away=(0, 13), size=9, **how):
        self.axes.plot(*p, sign, color=colour, ms=size, **({"mec": PAPER, "mew": 1.2} | how), zorder=7)
        self.axes.annotate(text, p, xytext=away, textcoords="offset points", color=colour, fontsize=10, ha="center",
                           va="center", weight="bold", zorder=8)  # fmt: skip

    def line(self, points, colour, width=1.5, **how):
        self.axes.plot(*np.asarray(points).T, color=colour, linewidth=width, **how)

    @property
    def pixels(self):
        self.canvas.draw()
        return np.asarray(self.canvas.buffer_rgba())[..., :3].copy()


def draw_guess(world, s):
    sheet, x, yours = Sheet(1.75, f"t = {s['t']}"), np.array(s["x"]), np.array(s["guess"])
    w = world.weights(x, s["t"])[0]
    mean = w @ world.points
    plane = np.stack(np.meshgrid(*2 * [np.linspace(-1.75, 1.75, 81)]), -1)
    error = (w * np.square(plane[:, :, None] - world.points).sum(-1)).sum(-1)
    bowl = error.min() + np.array([0.02, 0.1, 0.25, 0.5, 1, 1.75, 2.75, 4])
    sheet.axes.contour(*np.moveaxis(plane, -1, 0), error, bowl, colors=ACCENT, linewidths=0.8, alpha=0.4)
    for wi, p in zip(w, world.points):
        sheet.line([x, p], INK, 0.5 + 8 * wi, alpha=0.18 + 0.3 * wi, solid_capstyle="round")
        if wi >= 0.01:
            sheet.mark(p, "", INK, f"{wi:.0%}", size=0)
    sheet.data(world)
    sheet.line([yours, mean], OTHER, 1.2, linestyle=":")
    sheet.mark(mean, "X", ACCENT, "weighted mean", (0, -14), 11)
    sheet.mark(yours, "o", OTHER, "your guess", mfc=PAPER, mec=OTHER, mew=1.8)
    sheet.mark(x, "D", INK, "$x_t$", (15, 0), 8)
    return [sheet.pixels], None


class FlatWorld:
    """One figure: live as text/html, as a picture or film in `picture`, with its settings for the site beside it."""

    def __init__(self, settings):
        self.settings = settings
        self.alt = settings["alt"]

    @property
    def picture(self):
        """The Picture that stands where no script may run, drawn with the same numbers."""
        s = self.settings
        world = World(s["points"], s["labels"], s["schedule"], s["T"])
        with matplotlib.rc_context({"font.family": "DejaVu Sans"}):
            frames, labels = globals()[f"draw_{s['face']}"](world, s)
        return Picture(np.stack(frames), self.alt, fps=s["fps"], labels=labels)

    def _repr_mimebundle_(self, **_):
        png = base64.b64encode(self.picture.png()).decode()
        live = figure_html(self.settings, png) + f"<script>{SCRIPT_IN_CELL}</script>"
        bundle = {"text/html": live, "image/png": png, "text/plain": self.alt}
        return bundle, {"image/png": {"alt": self.alt, "flat_world": self.settings}}


def figure_html(settings, png):
    """The element that flat_world.js makes live, with the picture (PNG in base64) inside for where it may not run."""
    alt, data = (html.escape(text, quote=True) for text in (settings["alt"], json.dumps(settings)))
    return (
        f'<div class="flat-world" data-settings="{data}">'
        f'<img alt="{alt}" style="max-width:100%" src="data:image/png;base64,{png}"></div>'
    )


def flat_world(face, *, schedule="cosine", points=None, labels=None, seed=0, autoplay=True, seconds=5.0, **settings):
    """A figure of the flat world that can be dragged.

    face      what it is about: the keys of FACES, where their own settings stand, too
    schedule  "cosine", "linear" or "rescaled", of 500 steps, as in `du.noise_schedule`
    points    other data than the ring and the cluster: N pairs in [-1, 1]; labels: for each 0 (ring) or 1 (cluster)
    seed      of the fixed noises
    autoplay  whether a face that moves starts by itself once it is seen (never where the reader wants less motion)
    seconds   how long it then takes
    Raises ValueError for a face or a setting that does not exist, and for a value out of its range.
    """
    need(face in FACES, f"the face must be one of {', '.join(FACES)}, not {face!r}")
    alt, own = FACES[face]
    wrong = sorted(set(settings) - set(own))
    need(not wrong, f"the face {face!r} has no setting {', '.join(wrong)}: it has {', '.join(own)}")
    points = RING + CLUSTER if points is None else [tuple(map(float, p)) for p in points]
    labels = [0] * len(RING) + [1] * (len(points) - len(RING)) if labels is None else [int(k) for k in labels]
    need(len(points) == len(labels) and {0, 1} == set(labels), "each point needs a label, 0 or 1, and both must occur")
    need(all(len(p) == 2 and max(map(abs, p)) <= 1 for p in points), "points must be pairs of numbers in [-1, 1]")
    du.noise_schedule(schedule, T)  # raises for a name that it does not know
    s = own | settings
    for key, value in s.items():
        if key in ("x", "guess"):
            need(np.shape(value) == (2,), f"{key} must be a pair of numbers, not {value!r}")
            s[key] = [float(v) for v in value]
    if "t" in s:
        need(s["t"] in range(0 if face == "noise" else 1, T + 1), f"t must be a whole number in 1..{T}, not {s['t']!r}")
    common = dict(face=face, alt=alt, schedule=schedule, T=T, points=points, labels=labels, names=NAMES, seed=seed)
    return FlatWorld(json.loads(json.dumps(common | dict(autoplay=autoplay, seconds=seconds, fps=10) | s)))
