"""The flat world: a dozen points in the plane, the exact denoiser, and what diffusion does with them.

`flat_world(face, **settings)` gives one figure. Where scripts may run it is live and needs no kernel: everything in it
can be dragged, by mouse, touch and keyboard (plumbing/flat_world.js). Everywhere else stands a picture or a film of the
same numbers, which are made here by `diffusion_utilities` itself.
"""

import base64
import html
import json
import re
from numbers import Real
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageColor, ImageDraw, ImageFont

import diffusion_utilities as du
from plumbing.images import need
from plumbing.picture import Picture

T = 500
RING = [(0.30, 0.36), (0.02, 0.80), (-0.42, 0.88), (-0.80, 0.58), (-0.88, 0.10), (-0.56, -0.28), (-0.08, -0.26)]
CLUSTER = [(0.58, -0.42), (0.90, -0.36), (0.72, -0.66), (0.46, -0.86), (0.96, -0.78)]
NAMES = ("ring", "cluster")
SCRIPT = (Path(__file__).parent / "plumbing" / "flat_world.js").read_text(encoding="utf-8")
SCRIPT_IN_CELL = re.sub(r"^\s*(//.*\n)?", "", SCRIPT, flags=re.M)  # each figure of a notebook holds a copy

PAPER, GRID, INK, QUIET, ACCENT, OTHER = "#ffffff", "#ebe8e1", "#2a2a30", "#8b8a86", "#00795a", "#aa4a85"
COLOURS, SHAPES = ("#0072b2", "#d55e00"), ("circle", "square")  # of the two classes
WIDE, NEAR = 2.5, 1.75  # half the side of the square that is shown: with the noise in it, or the points alone

# The range of each number among the settings, and whether it is whole; some faces show less.
LIMITS = {"t": (1, T, True), "steps": (2, T, True), "at": (0, 1, False), "w": (-2, 8, False), "c": (0, 1, True),
          "copies": (1, 60, True), "samples": (2, 200, True), "seed": (0, 2**31, True),
          "seconds": (0.1, 60, False)}  # fmt: skip
NARROWER = {("noise", "t"): (0, T), ("score", "t"): (10, T), ("invert", "t"): (1, 200), ("invert", "steps"): (3, T),
            ("2m", "steps"): (2, 30)}  # fmt: skip

# What each face shows, and its own settings with their values unless told otherwise. x: what the face is about; at: how
# far a film has gone when it is first seen; steps: of a walk; t: the time; samples: how many walks, the marked one too.
FACES = {
    "noise": (
        "Points in the plane and noisy copies of each. As t rises the copies move towards the middle and spread, until "
        "all lie in one bell.",
        dict(t=120, copies=20),
    ),
    "guess": (
        "Points in the plane and a noisy point x_t. Lines as wide as the weights lead to the points that it may "
        "have come from; the weighted mean of these is the guess with the least expected squared error.",
        dict(t=110, x=(0.62, 0.16), guess=(-0.45, -0.75)),
    ),
    "ddpm": (
        "A cloud of noise walks back to the data points by DDPM, step by step. One of the walks is drawn, and where "
        "its guess lies.",
        dict(steps=100, back=True, samples=60, at=0.75, x=(1.35, 1.25)),
    ),
    "ddim": (
        "Points of noise walk back to the data points by DDIM, along smooth curves that are coloured by the class "
        "where they end.",
        dict(steps=50, samples=60, at=1.0, x=(-0.98, -1.45)),
    ),
    "2m": (
        "From one start of noise the exact curve to a data point, and beside it the corners of a first-order walk "
        "(DDIM) and of a second-order walk (2M) with as many steps.",
        dict(steps=12, samples=40, x=(-0.98, -1.45)),
    ),
    "guidance": (
        "At a noisy point three arrows: to the guess without a class, to the guess for the class asked for, and to the "
        "guided guess on the line through both. Circles show where guided walks end.",
        dict(w=3.0, c=0, t=220, x=(1.0, -1.45), steps=50, samples=60),
    ),
    "invert": (
        "From a place beside the data points DDIM walks up to the noise behind it and back again; with few steps it "
        "misses the place where it began.",
        dict(steps=5, t=40, x=(0.48, 0.58)),
    ),
    "score": (
        "Arrows in the plane point to where noisy copies of the data points lie densest: the score at time t.",
        dict(t=120, x=(0.75, 0.55)),
    ),
    "flow": (
        "Straight lines join noise to data points and cross; the paths that follow their mean velocity do not cross, "
        "and so they bend.",
        dict(steps=50, samples=60, at=1.0, lines=True, x=(-0.98, -1.45)),
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

    def guess(self, x, t, c=None):
        """The exact denoiser's answer to each x (B, 2), of all points or of those of class c: (B, 2)."""
        context = None if c is None else self.classes.new_tensor([[1 - c, c]]).expand(len(x), -1)
        return self.denoiser(self.image(x), t / self.T, context).reshape(-1, 2).numpy()

    def walk(self, x, c=None, w=1, **how):
        """The whole walk of `du.sampler` from x (B, 2): (steps + 1, B, 2); c, w: guided to a class."""
        context = None if c is None else self.classes.new_tensor([[1 - c, c]])
        steps = du.sampler(du.Guided(self.denoiser, w), self.ab_t, self.image(x), context, **how)
        return np.stack([x, *(step.x.reshape(-1, 2).numpy() for step in steps)])

    def ddpm(self, x, steps, z, extra=1.0):
        """DDPM from x (B, 2) with given noises z (steps, B, 2), which are multiplied by `extra`: (steps + 1, B, 2)."""
        path, ab_t, times = [x], self.ab_t.numpy(), du.sampling_times(self.T, steps)
        for t, s, zi in zip(times, times[1:], z):
            ab, ab_s, x0 = ab_t[t], ab_t[s], self.guess(x, t)
            sigma, eps = np.sqrt((1 - ab_s) / (1 - ab) * (1 - ab / ab_s)), (x - ab**0.5 * x0) / (1 - ab) ** 0.5
            x = ab_s**0.5 * x0 + np.sqrt(max(1 - ab_s - sigma**2, 0)) * eps + (sigma * extra * zi if s > 0 else 0)
            path.append(x)
        return np.stack(path)

    def ddim(self, x, times):
        """DDIM from x (B, 2) at times[0] through all the times, up or down: (len(times), B, 2)."""
        path = [np.asarray(x)]
        for t, u in zip(times, times[1:]):
            (signal, sigma), (signal_u, sigma_u), x0 = self.scales(t), self.scales(u), self.guess(path[-1], t)
            path.append(signal_u * x0 + sigma_u * (path[-1] - signal * x0) / sigma)
        return np.stack(path)

    def scales(self, t):
        """sqrt(ab_t) and sqrt(1 - ab_t): what is left of the point, and how far the noise spreads."""
        return self.ab_t[t].item() ** 0.5, (1 - self.ab_t[t].item()) ** 0.5

    def nearest(self, x):
        """The number of the data point nearest to each x (B, 2)."""
        return np.linalg.norm(np.asarray(x)[:, None] - self.points, axis=-1).argmin(1)


def uniforms(seed, n):
    """n numbers in [0, 1), the same in the browser: a hash of 1, 2, 3, ... in whole numbers of 32 bits."""
    a = np.uint32(seed % 2**32 * 0x9E3779B1 % 2**32) + np.arange(1, n + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
    h = (a ^ (a >> 15)) * (a | 1)
    h ^= h + (h ^ (h >> 7)) * (h | 61)
    return (h ^ (h >> 14)) / 2**32


def normals(seed, n):
    """n standard normal points (n, 2), by Box and Muller."""
    u = uniforms(seed, 2 * n)
    r, angle = np.sqrt(-2 * np.log(1 - u[::2])), 2 * np.pi * u[1::2]
    return np.stack([r * np.cos(angle), r * np.sin(angle)], 1)


def tint(colour, alpha):
    """The colour as it looks on the paper when it covers a share alpha of it."""
    over, under = (np.array(ImageColor.getrgb(c)) for c in (colour, PAPER))
    return tuple(np.rint(alpha * over + (1 - alpha) * under).astype(int).tolist())


class Sheet:
    """A square of the plane, [-half, half] in both directions, to draw on; `pixels` is the picture, (420, 420, 3).

    Lengths that are not in the plane (widths, sizes of marks and letters) are in pixels.
    """

    size, fine = 420, 3  # drawn three times as fine, then reduced, which makes edges smooth

    def __init__(self, half, text="", field=None):
        """text: in the corner; field: (f, deep, levels), a function of places (..., 2), how much its values tint the
        paper, and the values along which a line is drawn."""
        self.half, self.text, side = half, text, self.size * self.fine
        tints = np.zeros((self.size, self.size))
        if field is not None:
            f, deep, levels = field
            place = (np.arange(self.size) + 0.5) * 2 * half / self.size - half
            values = f(np.stack(np.meshgrid(place, -place), -1))
            slope = np.hypot(*np.gradient(values))  # a pixel: so a line is about a pixel wide everywhere
            lines = [(1 - np.abs(values - level) / slope.clip(min=1e-12)).clip(min=0) for level in levels]
            tints = np.maximum(deep(values), 0.45 * np.max(lines, 0))
        over, under = (np.array(ImageColor.getrgb(c)) for c in (ACCENT, PAPER))
        pixels = (under + tints[..., None] * (over - under)).astype(np.uint8)
        self.image = Image.fromarray(pixels).resize((side, side))
        self.draw = ImageDraw.Draw(self.image)
        for k in range(-int(half), int(half) + 1):
            self.line([(k, -half), (k, half)], GRID, 1)
            self.line([(-half, k), (half, k)], GRID, 1)

    def at(self, points):
        """Places in the plane (..., 2) as pixels of the fine image."""
        x, y = np.moveaxis(np.asarray(points, dtype=float), -1, 0)
        return np.stack([self.half + x, self.half - y], -1) * self.size * self.fine / (2 * self.half)

    def line(self, points, colour, width=1.5, alpha=1.0, dash=None):
        """A line through points (N, 2); dash: (pixels drawn, pixels left out)."""
        corners, width, colour = self.at(points), round(width * self.fine), tint(colour, alpha)
        if dash is None:
            self.draw.line([*map(tuple, corners)], colour, max(width, 1), joint="curve")
            return
        along = np.concatenate([[0], np.linalg.norm(np.diff(corners, axis=0), axis=1).cumsum()])
        for begin in np.arange(0, along[-1], sum(dash) * self.fine):
            places = np.linspace(begin, min(begin + dash[0] * self.fine, along[-1]), 4)
            piece = np.stack([np.interp(places, along, corners[:, k]) for k in (0, 1)], 1)
            self.draw.line([*map(tuple, piece)], colour, max(width, 1))

    def ring(self, p, radius, colour):
        turn = np.linspace(0, 2 * np.pi, 65)
        self.line(np.asarray(p) + radius * np.stack([np.cos(turn), np.sin(turn)], 1), colour, 1.1, 0.6)

    def mark(self, p, shape, colour, size=6, alpha=1.0, hollow=False, rim=True, text="", away=(0, -16)):
        """A "circle", "square", "diamond" or "cross" of a size in pixels, with a text some pixels away."""
        (x, y), r, rim = self.at(p), size * self.fine, rim * 1.4 * self.fine
        fill, edge = (PAPER, colour) if hollow else (tint(colour, alpha), PAPER)
        for paint, half in ((edge, r + rim), (fill, r - rim * hollow)):
            if shape == "circle":
                self.draw.ellipse((x - half, y - half, x + half, y + half), paint)
            elif shape == "square":
                half *= 0.88
                self.draw.rectangle((x - half, y - half, x + half, y + half), paint)
            elif shape == "diamond":
                half *= 1.25
                self.draw.polygon([(x, y - half), (x + half, y), (x, y + half), (x - half, y)], paint)
        for paint, width in ((PAPER, 6), (colour, 3.2)) if shape == "cross" else ():
            self.draw.line((x - r, y - r, x + r, y + r), paint, round(width * self.fine))
            self.draw.line((x - r, y + r, x + r, y - r), paint, round(width * self.fine))
        self.write((x / self.fine + away[0], y / self.fine + away[1]), text, colour)

    def write(self, place, text, colour, size=13, anchor="mm"):
        """Text at a place in pixels; what follows a "_" is written small and low."""
        text, low = (*text.split("_"), "")[:2]
        x, y = (v * self.fine for v in place)
        font = ImageFont.load_default(size * self.fine)
        how = dict(anchor=anchor, stroke_fill=PAPER, stroke_width=2 * self.fine)
        self.draw.text((x, y), text, colour, font, **how)
        if low:
            right = x + font.getlength(text) / 2
            small = ImageFont.load_default(round(0.75 * size) * self.fine)
            self.draw.text((right, y + 4 * self.fine), low, colour, small, **how | dict(anchor="lm", stroke_width=0))

    def arrow(self, start, end, colour, width=2.4, head=10):
        (ax, ay), (bx, by) = self.at(start), self.at(end)
        length = np.hypot(bx - ax, by - ay)
        if length < 2 * self.fine:
            return
        u = np.array([bx - ax, by - ay]) / length * min(head * self.fine, 0.7 * length)
        side, tip = np.array([-u[1], u[0]]) / 2, np.array([bx, by])
        self.draw.line([(ax, ay), tuple(tip - 0.8 * u)], colour, round(width * self.fine))
        self.draw.polygon([tuple(tip), tuple(tip - u + side), tuple(tip - u - side)], colour)

    def data(self, world, size=6, hollow=False):
        for p, k in zip(world.points, world.labels):
            self.mark(p, SHAPES[k], COLOURS[k], size, hollow=hollow)

    def legend(self, entries):
        """Short lines of {text: (colour, dash)} in the lower right corner."""
        for i, (text, (colour, dash)) in enumerate(reversed(entries.items())):
            y = self.size - 20 - 20 * i
            ends = [(2 * v / self.size - 1) * self.half for v in (self.size - 175, self.size - 145)]
            self.line([(x, (1 - 2 * y / self.size) * self.half) for x in ends], colour, 2.5, dash=dash)
            self.write((self.size - 138, y), text, INK, 13, "lm")

    @property
    def pixels(self):
        self.write((12, self.size - 20), self.text, INK, 14, "lm")
        return np.asarray(self.image.reduce(self.fine))


def starts(s):
    """The noise from which the walks begin (samples, 2); the first is the marked one."""
    return np.concatenate([[s["x"]], normals(s["seed"], s["samples"])[1:]])


def some(last, n=20):
    """About n whole numbers from 0 to `last`, both included."""
    return sorted(set(np.linspace(0, last, n).round().astype(int).tolist()))


# Each draws a face: a list of frames, and a text for each or None.


def draw_noise(world, s):
    z = normals(s["seed"], len(world.points) * s["copies"]).reshape(len(world.points), -1, 2)
    frames, times = [], some(world.T, 15)
    for t in times:
        sheet, signal, sigma = Sheet(WIDE, f"t = {t}"), *world.scales(t)
        for p, k, zi in zip(world.points, world.labels, z):
            for copy in signal * p + sigma * zi:
                sheet.mark(copy, SHAPES[k], COLOURS[k], 2.4, 0.55, rim=False)
        for p, k in zip(world.points, world.labels):
            sheet.ring(signal * p, sigma, COLOURS[k])
        sheet.data(world, 5, hollow=True)
        frames.append(sheet.pixels)
    return frames, [f"t = {t}" for t in times]


def draw_guess(world, s):
    x, yours, w = s["x"], s["guess"], world.weights([s["x"]], s["t"])[0]
    mean = w @ world.points

    def error(guess):
        return (w * np.square(guess[..., None, :] - world.points).sum(-1)).sum(-1)

    least = error(mean)
    levels = least + np.array([0.02, 0.1, 0.25, 0.5, 1, 1.75, 2.75, 4])
    sheet = Sheet(NEAR, f"t = {s['t']}", (error, lambda e: 0.3 * np.exp((least - e) / 0.35), levels))
    for wi, p in zip(w, world.points):
        sheet.line([x, p], INK, 0.5 + 11 * wi, 0.18 + 0.3 * wi)
    sheet.data(world)
    for wi, p in zip(w, world.points):
        sheet.mark(p, "", INK, 0, text=f"{wi:.0%}" if wi >= 0.01 else "")
    sheet.line([yours, mean], OTHER, 1.5, dash=(3, 5))
    sheet.mark(mean, "cross", ACCENT, text="mean", away=(-30, 0))
    sheet.mark(yours, "circle", OTHER, 7, hollow=True, text="your guess", away=(0, -18))
    sheet.mark(x, "diamond", INK, 7, text="x_t", away=(17, 0))
    return [sheet.pixels], None


def draw_ddpm(world, s):
    n, B = s["steps"], s["samples"]
    z = normals(s["seed"] + 1, n * B).reshape(n, B, 2)
    path, times, frames = world.ddpm(starts(s), n, z, float(s["back"])), du.sampling_times(world.T, n), []
    for i in some(n):
        sheet, now = Sheet(WIDE, f"t = {times[i]}"), path[i, 0]
        guess = world.guess([now], times[i])[0] if i < n else now
        sheet.data(world)
        for p in path[i, 1:]:
            sheet.mark(p, "circle", INK, 3.2, 0.62)
        sheet.line(path[: i + 1, 0], ACCENT, 1.3)
        sheet.line([now, guess], ACCENT, 1.3, dash=(2, 5))
        sheet.mark(guess, "cross", ACCENT, 5)
        sheet.mark(now, "circle", ACCENT)
        frames.append(sheet.pixels)
    return frames, [f"t = {times[i]}" for i in some(n)]


def draw_curves(world, s, path, text, below=()):
    """Walks (steps + 1, B, 2) that grow from frame to frame, coloured by where they end; the first is wide."""
    moments, frames = some(s["steps"], 16), []
    labels = [text(i) for i in moments]
    ends = world.labels[world.nearest(path[-1])]
    for i, label in zip(moments, labels):
        sheet = Sheet(WIDE, label)
        for line in below:
            sheet.line(line, QUIET, 1, 0.5)
        for k, walk in zip(ends[1:], path.swapaxes(0, 1)[1:]):
            sheet.line(walk[: i + 1], COLOURS[k], 1, 0.45)
            sheet.mark(walk[i], SHAPES[k], COLOURS[k], 2.8, 0.8, rim=False)
        sheet.data(world)
        sheet.line(path[: i + 1, 0], COLOURS[ends[0]], 2.8)
        sheet.mark(path[i, 0], "circle", COLOURS[ends[0]], 5)
        sheet.mark(path[0, 0], "diamond", INK, hollow=True)
        frames.append(sheet.pixels)
    return frames, labels


def draw_ddim(world, s):
    times = du.sampling_times(world.T, s["steps"])
    return draw_curves(world, s, world.walk(starts(s), steps=s["steps"]), lambda i: f"t = {times[i]}")


def draw_flow(world, s):
    x, n = starts(s), s["steps"]
    path = [x]
    for i in range(n, 0, -1):  # x_r = (1 - r) x_0 + r noise; a step of Euler's along the mean velocity, (x - guess)/r
        r = i / n
        distance = np.square(x[:, None] - (1 - r) * world.points).sum(-1) / (2 * r * r)
        w = np.exp(distance.min(1, keepdims=True) - distance)
        x = x + (w @ world.points / w.sum(1, keepdims=True) - x) / i
        path.append(x)
    partners = (uniforms(s["seed"] + 3, len(x) - 1) * len(world.points)).astype(int)
    lines = np.stack([path[0][1:], world.points[partners]], 1)[:24] if s["lines"] else ()
    return draw_curves(world, s, np.stack(path), lambda i: f"r = {1 - i / n:.2f}", lines)


def draw_2m(world, s):
    sheet, x = Sheet(NEAR, f"{s['steps']} steps"), np.array([s["x"]])
    sheet.data(world)
    sheet.line(world.walk(x, steps=world.T)[:, 0], QUIET, 6, 0.45)
    for order, colour, dash in ((1, OTHER, (5, 4)), (2, ACCENT, None)):
        path = world.walk(x, steps=s["steps"], order=order)[:, 0]
        sheet.line(path, colour, 1.8, dash=dash)
        for p in path[1:]:
            sheet.mark(p, "circle", colour, 3.6)
    sheet.mark(x[0], "diamond", INK, 7, text="start", away=(0, 20))
    sheet.legend(
        {"exact curve": (QUIET, None), "first order (DDIM)": (OTHER, (5, 4)), "second order (2M)": (ACCENT, None)}
    )
    return [sheet.pixels], None


def draw_guidance(world, s):
    x, c, frames, ws = s["x"], s["c"], [], [0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8]
    uncond, cond = world.guess([x], s["t"])[0], world.guess([x], s["t"], c)[0]
    aside, noise = 0.05 * normals(s["seed"] + 7, s["samples"]), normals(s["seed"], s["samples"])
    for w in ws:
        sheet, guided = Sheet(2.2, f"w = {w}"), uncond + w * (cond - uncond)
        sheet.data(world)
        for p in world.walk(noise, c, w, steps=s["steps"])[-1] + aside:
            sheet.ring(p, 4 * 2 * sheet.half / sheet.size, ACCENT)
        sheet.line([uncond, guided], ACCENT, 1.5, dash=(2, 5))
        for end, colour, text, dy in ((uncond, QUIET, "no class", 14), (cond, COLOURS[c], s["names"][c], 14),
                                      (guided, ACCENT, "guided", -13)):  # fmt: skip
            sheet.arrow(x, end, colour)
            sheet.mark(end, "", colour, 0, text=text, away=(0, dy))
        sheet.mark(x, "diamond", INK, 7, text="x_t", away=(0, 18))
        frames.append(sheet.pixels)
    return frames, [f"w = {w}" for w in ws]


def draw_invert(world, s):
    sheet, t0 = Sheet(NEAR, f"{s['steps']} steps"), s["t"]
    up = sorted({max(t, t0) for t in du.sampling_times(world.T, s["steps"])})
    rise = world.ddim([s["x"]], up)[:, 0]
    back = world.ddim(rise[-1:], up[::-1] if t0 > 1 else [*up[:0:-1], 0])[:, 0]
    sheet.data(world)
    for path, colour, dash in ((rise, ACCENT, None), (back, OTHER, (6, 5))):
        sheet.line(path, colour, 2.2, dash=dash)
        for p in path[1:] if s["steps"] <= 50 else ():
            sheet.mark(p, "circle", colour, 3, rim=False)
    sheet.mark(rise[-1], "diamond", INK, text="noise", away=(0, -18))
    sheet.mark(back[-1], "cross", OTHER, 5)
    sheet.mark(s["x"], "circle", INK, 7, hollow=True)
    sheet.legend({"up to the noise": (ACCENT, None), "and back": (OTHER, (6, 5))})
    return [sheet.pixels], None


def draw_score(world, s):
    t, (signal, sigma) = s["t"], world.scales(s["t"])

    def density(x):
        return np.exp(-np.square(x[..., None, :] - signal * world.points).sum(-1) / (2 * sigma**2)).sum(-1)

    most = density(signal * world.points).max()
    levels = most * np.array([0.1, 0.3, 0.6, 0.9])
    sheet = Sheet(NEAR, f"t = {t}", (density, lambda values: (0.4 * values / most).clip(max=0.5), levels))
    grid = 0.23 * np.stack(np.meshgrid(*2 * [np.arange(-7, 8)]), -1).reshape(-1, 2)
    pull = signal * world.guess(grid, t) - grid
    pull *= (np.minimum(0.09, 0.2 * sigma / np.linalg.norm(pull, axis=1)) / sigma)[:, None]
    for p, by in zip(grid, pull):
        sheet.arrow(p, p + by, INK, 1, 5)
    sheet.data(world, 5, hollow=True)
    sheet.arrow(s["x"], signal * world.guess([s["x"]], t)[0], OTHER, 2.8, 11)
    sheet.mark(s["x"], "diamond", INK, 7)
    return [sheet.pixels], None


DRAW = {"noise": draw_noise, "guess": draw_guess, "ddpm": draw_ddpm, "ddim": draw_ddim, "2m": draw_2m,
        "guidance": draw_guidance, "invert": draw_invert, "score": draw_score, "flow": draw_flow}  # fmt: skip


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
        frames, labels = DRAW[s["face"]](world, s)
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
    s = own | settings | dict(seed=seed, seconds=seconds, autoplay=autoplay)
    s = {key: _checked(face, key, value) for key, value in s.items()}
    common = dict(face=face, alt=alt, schedule=schedule, T=T, points=points, labels=labels, names=NAMES, fps=10)
    return FlatWorld(json.loads(json.dumps(common | s)))


def _checked(face, key, value):
    """The value of a setting as plain numbers, or a ValueError that says what it must be."""
    if key in ("x", "guess"):
        need(np.shape(value) == (2,), f"{key} must be a pair of numbers, not {value!r}")
        return [float(v) for v in value]
    if key not in LIMITS:
        return bool(value)
    low, high, whole = LIMITS[key]
    low, high = NARROWER.get((face, key), (low, high))
    fits = isinstance(value, Real) and low <= value <= high and (not whole or value == int(value))
    need(fits, f"{key} must be a {'whole ' * whole}number in {low}..{high} here, not {value!r}")
    return int(value) if whole else float(value)
