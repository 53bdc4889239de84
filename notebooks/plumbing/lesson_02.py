"""What the player of lesson 2 needs beside the lesson: the chart of the noise found, below its film."""

import functools

import matplotlib.pyplot as plt
import torch

import diffusion_utilities as du
import widgets


@functools.lru_cache(maxsize=1)  # drawn once: a run only moves the mark
def _chart(times, stds):
    fig, ax = plt.subplots(figsize=(7.68, 1.9), dpi=100)
    fig.subplots_adjust(left=0.075, right=0.99, bottom=0.25, top=0.96)
    ax.plot(times, stds, "o", color="#0072b2", markersize=4, label="real sprites, honest noise")
    ax.plot([], [], "s", color="#cc0066", label="this run")
    ax.set(xlabel="time t (the sampler walks from left to right)", ylabel="noise found (std)")
    ax.set(xlim=(max(times) + 10, -10), ylim=(-0.1, 2.1))
    ax.legend(fontsize=8, ncol=2, loc="upper center", frameon=False)
    return widgets.Chart(fig, ax)


def film_with_noise(seen, x0, honest, alt):
    """A film of a run: x_t, the predicted noise and the predicted picture, above a chart whose mark is the noise found.

    seen: a list of (t, x_t, eps), x0: a list of pictures, one for each step; honest: times, and the noise found in real
    sprites at these.
    """
    times, x_t, eps = zip(*seen)
    found = [e.std().item() for e in eps]
    panels = {"x_t": x_t, "predicted noise, eps": eps, "predicted x_0": x0}
    labels = [f"t = {t}, std of eps {std:.2f}" for t, std in zip(times, found)]
    film = du.film({title: torch.stack(frames) for title, frames in panels.items()}, columns=3, scale=5, fps=6)
    film.labels = labels
    return _chart(*map(tuple, honest)).under(film, zip(times, found), alt)
