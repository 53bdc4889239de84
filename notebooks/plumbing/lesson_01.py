"""Pictures of lesson 1 that need more than one call."""

import functools

import matplotlib.pyplot as plt

import diffusion_utilities as du
import widgets
from charts import COLOURS, STYLES
from plumbing.picture import film


def _chart(curves, x, y, ylim, height):
    """Curves {"label": (xs, ys)} as wide as three sprites at scale 12, to be marked: a widgets.Chart."""
    fig, ax = plt.subplots(figsize=(6.12, height), dpi=100)
    fig.subplots_adjust(left=0.1, right=0.985, bottom=0.5 / height, top=0.95)
    for (label, (xs, ys)), colour, style in zip(curves.items(), COLOURS, STYLES):
        ax.plot(xs, ys, linestyle=style, color=colour, label=label)
    ax.set(xlabel=x, ylabel=y, ylim=ylim)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#e6e6e6", linewidth=0.7)
    ax.legend(frameon=False, fontsize=9, ncol=3, loc="best")
    return widgets.Chart(fig, ax)


def guess_film(pair, guesses, shares, errors):
    """A film that slides the guess from sprite A to sprite B, with its expected squared error on a chart below.

    pair (2, C, H, W), guesses (F, C, H, W), shares (F,) of B in each; errors: {"label": F numbers}; the first has a
    mark.
    """
    curves = {label: (shares, [float(e) for e in ys]) for label, ys in errors.items()}
    marked = next(iter(curves.values()))[1]
    highest = max(max(ys) for _, ys in curves.values())
    chart = _chart(curves, "share of B in the guess (0 to 1)", "expected error", (0, 1.35 * highest), 2.2)
    panels = {"sprite A": pair[:1], "the guess": guesses, "sprite B": pair[1:]}
    top = film({title: x.expand(len(guesses), *x.shape[1:])[:, None] for title, x in panels.items()},
               [f"{s:.0%} of B: expected squared error {e:.3f}" for s, e in zip(shares, marked)],
               columns=1, scale=12, fps=6)  # fmt: skip
    alt = (f"Film: the guess slides from sprite A to sprite B. Its expected squared error starts at {marked[0]:.2f}, "
           f"is least, {min(marked):.2f}, at the blend of both, and ends at {marked[-1]:.2f}.")  # fmt: skip
    return chart.under(top, list(zip(shares, marked)), alt)


@functools.lru_cache(maxsize=64)  # drawn once for each T: dragging t only moves the mark
def _snr_chart(T):
    ratios = {name: du.noise_schedule(name, T)[1:] for name in ("linear", "rescaled", "cosine")}
    ratios = {name: (ab / (1 - ab)).log10() for name, ab in ratios.items()}
    curves = {name: (range(1, T + 1), ratio) for name, ratio in ratios.items()}
    return _chart(curves, "time t (steps)", "log10 of SNR", (-5.5, 4.5), 2), ratios


def with_snr(top, t, T, schedule, alt):
    """The Picture `top` with a chart of the three schedules' signal-to-noise ratio below, marked at time t of one."""
    chart, ratios = _snr_chart(T)
    return chart.under(top, [(t, ratios[schedule][t - 1].item())], alt)
