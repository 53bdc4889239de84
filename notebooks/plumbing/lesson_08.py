"""What lesson 8 needs beside its cells: what the network answers to noisy sprites, where bits go as pictures, files."""

import io
import math
import zlib

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import charts
import diffusion_utilities as du
from charts import COLOURS
from plumbing.images import need

VALUES = 768  # of a sprite: 16 x 16 pixels of 3 colours


@torch.no_grad()
def ask(model, ab_t, x_t, t, c):
    """The network's guesses of x0 for images x_t (B, C, H, W) at times t (B,) of the classes c, on the CPU."""
    device = du.weight_of(model).device
    parts = zip(x_t.split(64), (t / (len(ab_t) - 1)).split(64), c.split(64))
    out = torch.cat([model(*(value.to(device) for value in part)).cpu() for part in parts])
    return du.to_x0_eps(out, x_t, t, ab_t, model.predicts)[0]


def path(ab_t, x0, seed):
    """x_0 to x_T (T + 1, B, C, H, W), each made of the one before by one small step of noise."""
    generator, x_t = torch.Generator().manual_seed(seed), [x0]
    for keep in (ab_t[1:] / ab_t[:-1]).tolist():
        x_t.append(keep**0.5 * x_t[-1] + (1 - keep) ** 0.5 * torch.randn(x0.shape, generator=generator))
    return torch.stack(x_t)


def walk(model, ab_t, x0, c, seed=1):
    """A path of noise from images x0 and what the network guesses at each time: x_t and guess, both
    (T + 1, B, C, H, W); entry t belongs to time t, and guess[0] is x0 itself."""
    x_t, T, B = path(ab_t, x0, seed), len(ab_t) - 1, len(x0)
    t = torch.arange(1, T + 1).repeat_interleave(B)
    guess = ask(model, ab_t, x_t[1:].flatten(0, 1), t, c.repeat(T, 1))
    return x_t, torch.cat([x0[None], guess.unflatten(0, (T, B))])


def questions(model, ab_t, x, c):
    """44 questions about each image of x, with noise of their own: a list of (times, t (N,), x_t, guess).

    The times 1 to 20 are all asked for, and of the rest every 20th, for which each image has a start of its own;
    `times` says for how many times a question stands.
    """
    need(len(ab_t) == 501, "the questions are made for 500 times")
    asked = []
    for k in range(44):
        t = torch.full((len(x),), k + 1) if k < 20 else 21 + 20 * (k - 20) + torch.arange(len(x)) % 20
        x_t = du.add_noise(x, t, torch.randn(x.shape, generator=torch.Generator().manual_seed(k)), ab_t)
        asked.append((1 if k < 20 else 20, t, x_t, ask(model, ab_t, x_t, t, c)))
    return asked


def told_by(x_t, guess, ab_t):
    """Bits (T, B, C, H, W) that have been told for each value, when the receiver holds x_T, x_(T - 1), ..., x_1."""
    snr = ab_t / (1 - ab_t)
    price = (snr[1:-1] - snr[2:]) / (2 * math.log(2))
    bits = price.float()[:, None, None, None, None] * (guess[2:] - guess[0]) ** 2
    return torch.cat([0 * bits[:1], bits.flip(0).cumsum(0)])


def heat(bits, top):
    """Bits (..., 3, H, W) as colours: black for 0, bright for `top` (a number, or one for each picture) or more."""
    return charts.heat(bits.sum(-3) / top)  # red, green and blue together


def film(x_t, guess, ab_t, alt):
    """A film of sending: what the receiver holds, what it guesses, and where the bits went that it was told."""
    T = len(ab_t) - 1
    stops = [*range(T, 99, -40), *range(90, 29, -10), *range(27, 9, -3), *range(9, 0, -1)]
    told = told_by(x_t, guess, ab_t)
    panels = {"x_t": x_t[stops], "the receiver's guess": guess[stops]}
    panels["bits told (bright: 8 or more)"] = torch.stack([heat(told[T - t], 8.0) for t in stops])
    size = [told[T - t].sum((1, 2, 3)).mean().item() / 8 for t in stops]
    labels = [f"x_{t}: {size:.1f} bytes told for each sprite" for t, size in zip(stops, size)]
    return du.film(panels, labels, columns=4, fps=5, hold=3, alt=alt)


def bins(panels, alt):
    """Probabilities (256,) of pixel values as bars, side by side: {"title": p}; the 17 values around the likeliest."""
    fig, axes = plt.subplots(1, len(panels), figsize=(3.75 * len(panels), 2.9), layout="constrained", sharey=True)
    for ax, (title, p) in zip(axes, panels.items()):
        p = np.asarray(p)
        first = int(p.argmax()) - 8
        shown = range(first, min(first + 17, 256))
        ax.bar(shown, p[shown], color=COLOURS[0])
        ax.set(xlabel="pixel value (0 to 255)", xlim=(first - 0.8, first + 16.8))
        ax.set_xticks([*shown][::4])
        ax.set_title(title, fontsize=10)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("probability of the bin")
    return du.show_figure(fig, alt)


def last_step_by_tanh(x, mean, std):
    """Bits of the last step as improved-diffusion computes them (losses.py): tanh stands for the normal share."""

    def share(z):
        return 0.5 * (1 + torch.tanh((2 / math.pi) ** 0.5 * (z + 0.044715 * z**3)))

    upper = torch.where(x > 0.999, 1.0, share((x + 1 / 255 - mean) / std))
    lower = torch.where(x < -0.999, 0.0, share((x - 1 / 255 - mean) / std))
    return -(upper - lower).clamp(min=1e-12).log2()


def png(pixels):
    """The bytes of a PNG file of one picture, uint8 (H, W, 3)."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png", optimize=True)
    return stream.getvalue()


def file_sizes(x):
    """Bytes of images x (N, 3, H, W) as a file each: {"PNG": (N,), "zlib": (N,)}."""
    pack = {"PNG": png, "zlib": lambda pixels: zlib.compress(pixels.tobytes(), 9)}
    return {name: torch.tensor([len(f(p)) for p in du.to_pixels(x)]).double() for name, f in pack.items()}


def colours(x):
    """How many different colours an image of x (N, 3, H, W) has, on average."""
    return sum(len(image.unique(dim=1)[0]) for image in x.flatten(2)) / len(x)


def speckle(x):
    """How far a pixel of x (N, C, H, W) lies from that of its 8 neighbours which is most like it, on average."""
    around = F.unfold(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3).unflatten(1, (x.shape[1], 9))
    apart = (around - x.flatten(2)[:, :, None]).abs().mean(1)
    apart[:, 4] = torch.inf  # the pixel itself
    return apart.amin(1).mean().item()


def mean_and_error(values):
    """The mean of values (N,) and its standard error."""
    return values.mean().item(), (values.std() / len(values) ** 0.5).item()


def table(head, rows):
    """A table: the names of the columns (the first may be empty), and {"row": [numbers or texts]}."""
    texts = {name: [cell if isinstance(cell, str) else f"{cell:.2f}" for cell in row] for name, row in rows.items()}
    return charts.table(head[1:], texts, head[0])


def by_part(costs):
    """Bits per dimension of N sprites in three parts of the walk as a table: {"name": (N, 3)}, with standard errors."""
    rows = {}
    for name, cost in costs.items():
        total, error = mean_and_error(cost.sum(1))
        rows[name] = [*cost.mean(0).tolist(), f"**{total:.2f}** ± {error:.2f}"]
    return table(["bits per dimension", "steps 500 to 21", "steps 20 to 2", "the last step", "all"], rows)
