# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 8. How many bits is a sprite?
#
# A diffusion model is also a way to *send* pictures. Sender and receiver share the network and begin with the same
# noise. The sender knows the sprite, and at each step tells what the receiver's network guessed wrong.

# %% tags=["setup"] jupyter={"source_hidden": true}
import sys
from importlib.util import find_spec
from pathlib import Path

sys.path[:0] = [str(f) for f in (Path.cwd(), *Path.cwd().parents)
                if (f / "diffusion_utilities.py").is_file()]
assert find_spec("diffusion_utilities"), (
    "Open this notebook inside the course's folder, or %cd there first.")

# %%
import diffusion_utilities as du
import widgets
import checks
import copy
import io
import math
import zlib
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
from IPython.display import Markdown
from PIL import Image

# %% [markdown]
# `x0` are 16 held-out sprites, `c` their classes. `ask` gives the network's answers to images x_t at times t.

# %%
model, ab_t = du.load_model(du.WEIGHTS / "unet.pth")
T, device, held_out = len(ab_t) - 1, du.best_device(), du.load_sprites("held_out")
x0, c = held_out.x[:16], held_out.c[:16]


def ask(net, x_t, t, c):
    parts = zip(x_t.split(64), (t / T).split(64), c.split(64))
    return torch.cat([net(*(value.to(device) for value in part)).cpu() for part in parts])


# %% [markdown]
# `path` adds noise to them, one small step at a time: x_1 of all 16, then x_2 of all, up to x_T.


# %%
def path(x0, seed):
    generator, x_t = torch.Generator().manual_seed(seed), [x0]
    for keep in (ab_t[1:] / ab_t[:-1]).tolist():
        x_t.append(keep**0.5 * x_t[-1] + (1 - keep) ** 0.5 * torch.randn(x0.shape, generator=generator))
    return torch.cat(x_t[1:])


x_t, t = path(x0, seed=1), torch.arange(1, T + 1).repeat_interleave(16)

# %% [markdown]
# Now the walk back. `snr` is the signal-to-noise ratio, and `price` is the whole secret: what a squared error of the
# guess costs, in bits. Sections 1 and 2 derive it; first look at the film.

# %%
guess = du.to_x0_eps(ask(model, x_t, t, c.repeat(T, 1)), x_t, t, ab_t, model.predicts)[0]
snr = ab_t / (1 - ab_t)  # infinite at t = 0
price = ((snr[:-1] - snr[1:]) / (2 * math.log(2))).float()
error = guess.unflatten(0, (T, 16)) - x0
bits = price[1:, None, None, None, None] * error[1:] ** 2  # of steps t = 2 to T, for each value of each image
told = bits.flip(0).cumsum(0).flip(0)  # told[k] holds all steps down to t = k + 2

# %% [markdown]
# Two helpers for pictures: bits as colours, black for 0 and bright for `top`, and a chart.


# %%
def heat(bits, top):
    share = (bits.sum(-3) / top).clamp(0, 1)  # red, green and blue together
    return torch.from_numpy(plt.get_cmap("inferno")(share.numpy())[..., :3]).movedim(-1, -3).float() * 2 - 1


def chart(lines, alt, **how):  # lines: {label: (x, y, style)}
    fig, ax = plt.subplots(figsize=(7, 3.2), subplot_kw=how)
    ax.legend(handles=[ax.plot(*line, label=label)[0] for label, line in lines.items()])
    return du.show_figure(fig, alt=alt)


# %%
stops = [*range(499, 99, -40), *range(99, 29, -10), *range(29, 9, -3), *range(9, 0, -1)]
panels = {"x_t": x_t.unflatten(0, (T, 16)), "the receiver's guess": guess.unflatten(0, (T, 16))}
panels = {name: torch.stack([x[k - 1] for k in stops]) for name, x in panels.items()}
panels["bits told (bright: 8 or more)"] = torch.stack([heat(told[k - 1], 8.0) for k in stops])
labels = [f"x_{k}: {told[k - 1].sum((1, 2, 3)).mean() / 8:.1f} bytes told for each sprite" for k in stops]
alt = "Film: noise turns into 16 sprites; the guess is sharp long before most of the bits have been told"
du.film(panels, labels, columns=4, fps=5, hold=3, alt=alt)

# %% [markdown]
# The guess is a complete sprite when few bytes have been told. Then, at the very end, the counter runs away, for
# changes that nobody sees. Where do the bits go, and can they be made fewer?
#
# **You will be able to**
# - **derive** what each step costs in bits, and check it where the answer is known;
# - **measure** bits per dimension on sprites that the network never saw, term by term, with its standard error;
# - **train** a network to know its own uncertainty, and measure what that gains;
# - **choose** a loss and a schedule sampler by what they do to the bound.
#
# **You need** lessons 2 (DDPM), 04 (the Trainer) and 06 (few steps). **Time:** about 60 minutes; the cells run in
# five on a laptop CPU.

# %% [markdown]
# ## 1. Where was x one step ago?
#
# If you know the sprite x0 and the noisy x_t, what do you know of x_s, one step before, s = t - 1? Two things speak:
# x_s is x0 with less noise, and x_t is x_s with a little more. Bayes' rule multiplies the two. Both are Gaussian, so
# the product is, too: the *posterior*, with two coefficients and a variance.
#
# $$large = 1-\tfrac{ab_t}{ab_s}\qquad small = large\,\tfrac{1-ab_s}{1-ab_t}\qquad
# mean = \underbrace{\tfrac{\sqrt{ab_s}\;large}{1-ab_t}}_{w_0}\,x0 +
# \underbrace{\sqrt{\tfrac{ab_t}{ab_s}}\,\tfrac{1-ab_s}{1-ab_t}}_{w_t}\,x_t$$
#
# `large` is the beta of the step, the variance of its noise; `small` is the posterior's. Any schedule `ab` will do,
# also a *respaced* one, with a few entries of `ab_t`. **What do you expect**: does the product lie between the two
# curves, and is it narrower?


# %%
def posterior(ab):
    """Of the steps 1..n of a schedule ab (n + 1,): w_0, w_t and the variances small and large, each (n,)."""
    t, s = ab[1:], ab[:-1]  # ab_t and ab_s
    large = 1 - t / s
    small = large * (1 - s) / (1 - t)
    return s.sqrt() * large / (1 - t), (t / s).sqrt() * (1 - s) / (1 - t), small, large


few = ab_t[du.sampling_times(T, 10)[::-1]]  # 10 steps: entry i is ab_t[50 i]
w_0, w_t, small, large = posterior(few)
pixel, noisy, i = 0.8, -0.4, 5  # x0 and x_t of one pixel, at step i (t = 250, s = 200)
grid = torch.linspace(-2, 2, 2001, dtype=torch.float64)


def bell(x, mean, var):
    return (-((x - mean) ** 2) / (2 * var)).exp() / (2 * torch.pi * var).sqrt()


by_x0 = bell(grid, few[i - 1].sqrt() * pixel, 1 - few[i - 1])
by_xt = bell(noisy, (few[i] / few[i - 1]).sqrt() * grid, large[i - 1])
product = by_x0 * by_xt / torch.trapezoid(by_x0 * by_xt, grid)
formula = bell(grid, w_0[i - 1] * pixel + w_t[i - 1] * noisy, small[i - 1])
assert torch.allclose(product, formula, atol=1e-4)
lines = {"what x0 says of x_s": (grid, by_x0, "C0--"), "what x_t says of x_s": (grid, by_xt, "C1-.")}
lines |= {"their product, to area 1": (grid, product, "k"), "the formula": (grid[::60], formula[::60], "C2o")}
alt = "Two wide bells and their narrower product between them; the formula's dots lie on the product"
chart(lines, alt, xlabel="value of one pixel of x_s (no unit)", ylabel="density", ylim=(0, 1.75))

# %% [markdown]
# The dots are on the curve. The receiver has no x0. It puts the network's guess into the same formula, so its `mean`
# is wrong by $w_0\,(x0 - guess)$. Its variance it must choose: `small`, right for a perfect guess, or `large`. **What
# do you expect**: where do the two differ most?

# %%
def log_range(ab):
    small, large = posterior(ab)[2:]
    return torch.cat([small[1:2], small[1:]]).log(), large.log()


low, high = log_range(ab_t)
lines = {"large": (range(1, T + 1), high.exp().sqrt(), "C1"), "small": (range(1, T + 1), low.exp().sqrt(), "C0--")}
lines["distance of two pixel values"] = ([1, T], [2 / 255] * 2, "k:")
alt = "Standard deviations of large and small against t: they part only in the first few steps"
chart(lines, alt, xlabel="step t", ylabel="standard deviation (no unit)", xscale="log", yscale="log")

# %% [markdown]
# They part only at small t, where most bits were told. At t = 1 the posterior knows x0 exactly: `small` is 0, and its
# logarithm minus infinity. It is clipped to its neighbour's.
#
# The network could answer with x0, the noise, v, or $x_{t-1}$ itself (it means the mean). **What do you expect**: are
# these different models, or different units?


# %%
def per_image(value, i, like):
    """Entry i - 1 of a list for steps 1..n, for steps i (B,): shaped and typed to multiply images."""
    return value[i - 1].to(like.dtype).to(like.device).reshape(-1, 1, 1, 1)


def to_x0(out, x_t, i, ab, predicts):
    """The guess of x0 in an answer about x_t at step i: predicts "x_prev", "x0", "eps" or "v"."""
    if predicts == "x_prev":
        w_0, w_t = (per_image(value, i, x_t) for value in posterior(ab)[:2])
        return (out - w_t * x_t) / w_0
    return du.to_x0_eps(out, x_t, i, ab, predicts)[0]


x = x_t.unflatten(0, (T, 16))[249, :8]  # x_250, which is step i = 5 of 10
v = ask(model, x, torch.full((8,), 250), c[:8])
as_x0, as_eps = du.to_x0_eps(v, x, 250, ab_t, "v")
as_x_prev = w_0[4].item() * as_x0 + w_t[4].item() * x
for out, predicts in ((v, "v"), (as_x0, "x0"), (as_eps, "eps"), (as_x_prev, "x_prev")):
    assert torch.allclose(to_x0(out, x, 5, few, predicts), as_x0, atol=1e-4)
step = next(du.sampler(model, ab_t, x.to(device), c[:8], times=[250, 200, 0], eta=1, extra_noise=0))
assert torch.allclose(step.x.cpu(), as_x_prev, atol=1e-3)
rows = {"x_250": x, "v": v, "x0": as_x0, "noise": as_eps, "mean of x_200": as_x_prev}
du.show_rows(rows, label_width=110, alt="Eight noisy sprites, and one answer of the network in four units")

# %% [markdown]
# Units: each row is a mixture of x_250 and any other. The last is the step of `du.sampler(..., eta=1)` without its
# noise, as the cell asserts. What differs is how training weighs their errors (section 5).
#
# ## 2. What does a wrong guess cost?
#
# The sender draws x_s from the posterior, and must describe it to somebody who expects another Gaussian. The price is
# their *KL divergence*; good codes come close to it. In bits (`kl` takes logarithms of the variances):
#
# $$kl = \frac{1}{2\ln 2}\left(\log\frac{var_2}{var_1} + \frac{var_1 + (mean_1-mean_2)^2}{var_2} - 1\right)$$
#
# **What do you expect**: if the receiver's mean is off by one standard deviation, which variance should it claim?


# %%
def kl(mean_1, log_var_1, mean_2, log_var_2):
    """KL(first || second) of Gaussians, in bits: what it costs to describe draws of the first to one who expects the
    second. Tensors that broadcast; the log-variances are natural logarithms."""
    ratio, far = (log_var_1 - log_var_2).exp(), (mean_1 - mean_2) ** 2 * (-log_var_2).exp()
    return 0.5 * (log_var_2 - log_var_1 + ratio + far - 1) / math.log(2)


a, b = torch.distributions.Normal(0.3, 0.5), torch.distributions.Normal(-0.2, 0.8)
exact = torch.distributions.kl_divergence(a, b) / math.log(2)
assert torch.isclose(kl(a.mean, a.variance.log(), b.mean, b.variance.log()), exact)

# %%
claimed, zero, lines = torch.linspace(-1, 3, 400), torch.zeros(()), {}
for off, style in ((0.0, "k"), (1.0, "C0--"), (2.0, "C1-.")):
    cost = kl(zero, zero, torch.tensor(off), claimed)
    best = claimed[cost.argmin()].exp().item()
    assert abs(best - (1 + off**2)) < 0.05
    lines[f"mean off by {off:g}: best variance {best:.1f}"] = (claimed.exp(), cost, style)
alt = "Cost against the claimed variance for three errors: the cheapest variance grows with the error"
chart(lines, alt, xlabel="claimed variance (the true one is 1)", ylabel="cost (bits)", ylim=(0, 4), xscale="log")

# %% [markdown]
# Best is the true variance *plus the squared error*: who is often wrong must claim to be less sure. Claiming too
# little is punished harder than too much.
#
# With `small`, the two variances are equal, and all that remains is the film's formula:
# $kl = \frac{w_0^2\,(x0-guess)^2}{2 \ln 2\;small} = price \cdot (x0-guess)^2$, for $w_0^2/small$ is just the gain in
# signal-to-noise ratio.

# %%
w_0, w_t, small, large = posterior(ab_t)
assert torch.allclose(w_0[1:] ** 2 / small[1:], snr[1:-1] - snr[2:]) and small[0] == 0
at = [t - 1 for t in (2, 10, 100, 400)]
wrong = w_0[at] * 0.1  # the guess is off by 0.1
cost = kl(wrong, small[at].log(), zero, small[at].log())
assert torch.allclose(cost, price[at].double() * 0.1**2, rtol=1e-4)
print("bits for an error of 0.1 at t = 2, 10, 100, 400:", ", ".join(f"{value:.5f}" for value in cost))

# %% [markdown]
# The same error is dear when little noise is left: the receiver could have seen it.
#
# ## 3. What does the last step cost?
#
# Pixels are whole numbers, 0 to 255. On our scale they lie 2/255 apart, so each owns a *bin* of that width; those of
# 0 and 255 reach out to infinity. The last step names the bin, and a bin of probability p costs $-\log_2 p$ bits. (`ndtr`
# is the exact share of a normal distribution; improved-diffusion's code has an approximation by tanh in its place.)
# **What do you expect** to cost more: a white pixel or a grey one?


# %%
def last_step(x, mean, std):
    """Bits of pixel values x in [-1, 1] under a Gaussian cut into 256 bins, the first and last of them open."""
    upper = torch.where(x > 1 - 1 / 255, 1.0, torch.special.ndtr((x + 1 / 255 - mean) / std))
    lower = torch.where(x < -1 + 1 / 255, 0.0, torch.special.ndtr((x - 1 / 255 - mean) / std))
    return -torch.log2(upper - lower + 1e-12)  # a grain for every bin, so that none costs infinitely many bits


values = torch.linspace(-1, 1, 256, dtype=torch.float64)
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3), layout="constrained", sharey=True)
for ax, mean, name in ((axes[0], values[128], "grey"), (axes[1], values[255], "white")):
    p = 2 ** -last_step(values, mean, low[0].exp().sqrt())
    assert torch.isclose(p.sum(), torch.ones_like(p.sum()), atol=1e-8)
    first = int(((mean + 1) * 127.5).round()) - 8
    ax.bar(range(first, 256)[:17], p[first:][:17], color="C0")
    ax.set(xlabel="pixel value (0 to 255)", xticks=range(first + 2, min(first + 17, 256), 3))
    ax.set_title(f"a sure guess of {name}: {-p.max().log2():.2f} bits")
axes[0].set_ylabel("probability of the bin")
du.show_figure(fig, alt="Bars of bin probabilities: a bell around grey; at white one tall bar at 255 with half a bell")

# %% [markdown]
# Even a receiver whose guess is exactly right pays, because its bell (here `small`) is about as wide as a bin: it has a
# standard deviation of 0.0069, and a bin is 0.0078 wide. White is cheaper, because its open bin takes over half the bell.
# At the other end stands the *prior* term: x_T is not quite the pure noise that the receiver starts from. With the KLs
# they are *the variational bound*, which on average over the noise is never below the model's $-\log_2 p(x0)$.


# %%
def step_bits(x0, x_t, guess, i, ab, log_var):
    """What steps i (B,) of a schedule cost, in bits for each value (B, C, H, W): the KL, at i = 1 the pixel values."""
    w_0, w_t = (per_image(value, i, x0) for value in posterior(ab)[:2])
    mean, truth = w_0 * guess + w_t * x_t, w_0 * x0 + w_t * x_t
    cost = kl(truth, per_image(log_range(ab)[0], i, x0), mean, log_var)
    std, last = (0.5 * log_var).exp().expand_as(x0), (i == 1).to(x0.device)
    cost[last] = last_step(x0[last], mean[last], std[last])
    return cost


def prior_bits(x0, ab):
    x0, zero = x0.double(), torch.zeros((), dtype=torch.float64)
    return kl(ab[-1].sqrt() * x0, (1 - ab[-1]).log(), zero, zero)


# %%
every_x0 = x0.repeat(T, 1, 1, 1)
terms = step_bits(every_x0, x_t, guess, t, ab_t, per_image(low, t, x0)).unflatten(0, (T, 16))
assert torch.allclose(terms[1:], bits, rtol=0.01, atol=1e-4)  # the film's
by_step = terms.sum((2, 3, 4)).mean(1) / 8  # bytes for each sprite
rmse = error.square().mean((1, 2, 3, 4)).sqrt()
known = by_step.sum() - by_step.cumsum(0)  # bytes told before step t
fig, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
axes[0].loglog(range(2, T + 1), by_step[1:], "C0", label="KL of step t")
axes[0].loglog(1, by_step[0], "C1s", label="last step: pixel values")
axes[0].set(xlabel="step t", ylabel="cost (bytes for each sprite)")
axes[0].legend()
axes[1].plot(known, rmse, "C0")
for k in (300, 100, 30, 10, 3, 1):
    axes[1].plot(known[k - 1], rmse[k - 1], "ko", ms=4)
    axes[1].annotate(f" t = {k}", (known[k - 1], rmse[k - 1]), va="bottom")
axes[1].set(xlabel="bytes told so far", ylabel="RMSE of the guess (no unit)")
du.show_figure(fig, alt="Left: cost per step falls steeply with t. Right: the error falls early, most bytes come late")

# %% [markdown]
# Left: the later a step, the more it costs. Right: the first bytes do most. And where in the picture do they go?

# %%
parts = {"steps 500 to 21": slice(20, T), "steps 20 to 2": slice(1, 20), "the last step": slice(0, 1)}
rows = {"sprite": x0[:10], "guess at t = 20": guess.unflatten(0, (T, 16))[19, :10]}
for name, part in parts.items():
    where = terms[part].sum(0)[:10]
    rows[f"{name}\n{by_step[part].sum():.0f} bytes"] = heat(where, where.sum(1).quantile(0.99))
du.show_rows(rows, scale=4, alt="Ten sprites, guesses at t = 20, and maps of where the bits go in three parts of time")

# %% [markdown]
# (Each map has its own scale.) Early bits draw what differs from sprite to sprite; at t = 20 the guess is nearly
# done. Late bits lie everywhere, most on the figure: shades that no eye tells apart.
#
# Sixteen sprites are few. Score more: each at all of the steps 1 to 20, and at every 20th of the rest, which counts
# 20 times (where it starts differs from sprite to sprite). The class is told for free. The usual unit is *bits per
# dimension*, the bits for each of a sprite's 768 values; one of them makes 768 bits, or 96 bytes, for each sprite.
# **What do you expect**: does the network beat `zlib`?

# %%
SCORED = 256


# %%
def log_variance(kind, v, i, ab, like):
    """Log-variances of steps i (B,); v is what a network says of them, for the learned kinds of section 5."""
    low, high = (per_image(value, i, like) for value in log_range(ab))
    first = (i == 1).reshape(-1, 1, 1, 1).to(like.device)
    return {"small": lambda: low, "large": lambda: high, "fixed large": lambda: torch.where(first, low, high),
            "middle": lambda: (low + high) / 2, "learned": lambda: v,
            "learned range": lambda: low + (v + 1) / 2 * (high - low)}[kind]()  # fmt: skip


def score(net, kinds, n):
    """Bits for each value of n held-out sprites, in {kind: (n, 3)}: the steps above 20, 20 to 2, and 1."""
    x0, c, cost = held_out.x[-n:], held_out.c[-n:], {kind: torch.zeros(n, 3) for kind in kinds}
    for k in range(44):
        t = torch.full((n,), k + 1) if k < 20 else 21 + 20 * (k - 20) + torch.arange(n) % 20
        noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(k))
        x_t = du.add_noise(x0, t, noise, ab_t)
        out, v = ask(net, x_t, t, c).double().tensor_split([3], 1)
        guess = to_x0(out, x_t.double(), t, ab_t, "v")
        for kind in kinds:
            b = step_bits(x0.double(), x_t.double(), guess, t, ab_t, log_variance(kind, v, t, ab_t, guess))
            part, times = (0, 20) if k >= 20 else (1, 1) if k > 0 else (2, 1)
            cost[kind][:, part] += times * b.mean((1, 2, 3)).float()
    return cost


fixed = score(model, ["small", "large"], SCORED)


# %%
def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png", optimize=True)
    return stream.getvalue()


def mean_and_error(values):
    return values.mean().item(), (values.std() / len(values) ** 0.5).item()


sent = held_out.x[-SCORED:]
sizes = {"raw pixels": 768.0}
for name, pack in (("PNG", png), ("zlib", lambda pixels: zlib.compress(pixels.tobytes(), 9))):
    sizes[name] = sum(len(pack(pixels)) for pixels in du.to_pixels(sent)) / SCORED
bpd = {kind: mean_and_error(cost.sum(1)) for kind, cost in fixed.items()}
sizes |= {f"network, {kind} variance": 96 * bpd[kind][0] for kind in fixed}
for name, size in sizes.items():
    print(f"{name:24s} {size:5.0f} bytes for each sprite   {size / 96:.2f} bits per dimension")
colours = sum(len(image.unique(dim=1)[0]) for image in sent.flatten(2)) / SCORED
print(f"standard error of the network's bits: {bpd['small'][1]:.3f}; colours in a sprite: {colours:.1f}")
linear = du.noise_schedule("linear", T)
print(f"prior term: {96 * prior_bits(sent, ab_t).mean():.1e} bytes; with lesson 1's linear schedule "
      f"{96 * prior_bits(sent, linear).mean():.2f}")  # fmt: skip

# %% [markdown]
# The surprise: `zlib` wins, and even PNG. But a sprite is made of a few exact colours, and they say "the same again" for
# next to nothing. A Gaussian pays for each shade, and this network practised the middle times most (lesson 4), not the
# small ones, where most bits go. There it is weak: at t = 1 its guess is hardly nearer to the sprite than x_1 itself is,
# which anybody could have answered. What an eye sees costs far less.

# %% [markdown]
# ## 4. Small, large, or something between?
#
# First in a world where the answer is known. Let each pixel be drawn from N(0, std²). Then the perfect guess is
# known, and so is the variance `rest` that remains around it. The exact variance of the reverse step is
# $small + w_0^2\,rest$ (true variance plus squared error). No code can beat the data's entropy. **What do you
# expect**: how many steps does each choice need to come close?


# %%
def gaussian_excess(ab, std, kind):
    """What a perfect guess costs above the entropy of N(0, std^2) data, in bits for each value, over a schedule ab."""
    w_0, _, small, large = posterior(ab)
    rest = std**2 * (1 - ab[1:]) / (ab[1:] * std**2 + 1 - ab[1:])  # variance of x0, given x_t
    low, high = log_range(ab)
    log_var = {"small": low, "large": high, "exact": (small + w_0**2 * rest).log()}[kind]
    zero = torch.zeros((), dtype=torch.float64)
    cost = kl(w_0 * rest.sqrt(), low, zero, log_var)
    cost[0] = 0.5 * (math.log(2 * math.pi) + log_var[0] + rest[0] * (-log_var[0]).exp()) / math.log(2)
    prior = 0.5 * (ab[-1] * (std**2 - 1) - (1 - ab[-1]).log()) / math.log(2)
    return (cost.sum() + prior - 0.5 * math.log2(2 * math.pi * math.e * std**2)).item()


def respaced(n):
    return ab_t[du.sampling_times(T, n)[::-1]]


ns = (2, 5, 10, 25, 50, 100, 250, 500)
excess = {kind: [gaussian_excess(respaced(n), 0.5, kind) for n in ns] for kind in ("small", "large", "exact")}
assert min(map(min, excess.values())) > -1e-6  # a bound: never below the truth
assert max(excess["exact"]) < 1e-6
lines = {kind: (ns, excess[kind], style) for kind, style in zip(excess, ("C0o--", "C1s-.", "k^-"))}
alt = "Excess bits against steps: exact is zero everywhere, large falls to zero, small stays above"
chart(lines, alt, xlabel="steps n", ylabel="bits above the entropy\n(for each value)", xscale="log")

# %% [markdown]
# With the exact variance the bound *equals* the truth, however few the steps. `large` gets there with many steps.
# `small`, which acts as if every guess were perfect, stays far off even with 500. Now sprites: from the walk's x_t,
# `bound` picks those that n steps need.


# %%
def bound(guess, v, n, kind, who=range(16)):
    """Bits of some of the 16 sprites with n steps, (n, len(who), C, H, W), from the guesses and v along the walk."""
    at, who = du.sampling_times(T, n)[::-1], torch.tensor(who)
    rows = torch.cat([who + 16 * (t - 1) for t in at[1:]])
    i = torch.arange(1, n + 1).repeat_interleave(len(who))
    log_var = log_variance(kind, v[rows], i, ab_t[at], x0)
    cost = step_bits(x0[who].repeat(n, 1, 1, 1), x_t[rows], guess[rows], i, ab_t[at], log_var)
    return cost.unflatten(0, (n, len(who)))


def per_value(cost):
    return cost.sum(0).mean().item()


ns = (10, 25, 50, 100, 250, 500)
v = torch.zeros_like(x_t)  # this network says nothing of the variance
by_n = {(kind, n): per_value(bound(guess, v, n, kind)) for kind in ("small", "large") for n in ns}


def print_bits(by_n, kinds):
    print(f"{'steps':14s}" + "".join(f"{n:8d}" for n in ns))
    for kind in kinds:
        print(f"{kind:14s}" + "".join(f"{by_n[kind, n]:8.2f}" for n in ns), " bits per dimension")


print_bits(by_n, ("small", "large"))

# %% [markdown]
# With few steps `small` is cheaper, with 500 `large` is. Both rise again at the end, because in many small steps the last
# ones are at very small t, where this network is weak.
#
# In improved-diffusion's code the large variance (`FIXED_LARGE`) differs from ours in one entry: at t = 1 it is not beta,
# but what `small` has there, the posterior's variance of step 2. It is written for the sake of the last step's bits. **What
# do you expect**: does this help here?

# %%
by_n |= {("fixed large", n): per_value(bound(guess, v, n, "fixed large")) for n in ns}
print_bits(by_n, ("large", "fixed large"))
last = {kind: bound(guess, v, T, kind)[0].mean().item() for kind in ("large", "fixed large")}
print("of these in the last of 500 steps:", ", ".join(f"{kind} {value:.2f}" for kind, value in last.items()))

# %% [markdown]
# With 10 and 25 steps it helps a little, with 50 it makes no difference, and with more it costs up to a tenth of a bit.
# The narrower bell is right for a receiver who is nearly sure at the end, and with 500 steps ours is not: its guess at t =
# 1 is off by 0.0092 (RMSE), while the claimed standard deviation falls from 0.0094 to 0.0069. From here on `large` is beta
# at every step, as in the formula.
#
# **What do you expect** of pictures drawn in 10 steps, with `small` and with `large`?

# %%
rows, drawn_score = {}, {}
for kind in ("small", "large"):
    drawn = du.sample(model, ab_t, 100, held_out.c[:100], seed=5, steps=10, eta=1, variance=kind, clip=True)
    drawn_score[kind] = du.frechet_distance(drawn, held_out.x[:1000])
    rows[f"{kind}: {by_n[kind, 10]:.2f} bits\nscore {drawn_score[kind]:.1f}"] = drawn[:12]
rows[f"as many real sprites\nscore {du.frechet_distance(held_out.x[-100:], held_out.x[:1000]):.1f}"] = held_out.x[-12:]
du.show_rows(rows, alt="Twelve sprites drawn in 10 steps with the small variance, twelve with the large one, real ones")

# %% [markdown]
# The score is lesson 6's Fréchet distance, lower is better. What is cheap in bits need not draw well: bits and looks are
# different things. And scores and looks are, too: the row of `large` is the more speckled one, although its score is the
# better. On photographs it is the other way round, and by far: on CIFAR-10, ten steps with the large variance score 367,
# with the small one 41 (Song et al., *DDIM*, table 1). The best variance surely depends on the step, even on the pixel.
#
# ## 5. Can the network say how sure it is?
#
# Give it a second answer v (not lesson 4's) for each value. Either v *is* the log-variance (`learned`), or it points
# between the two fixed ones, -1 for `small`, 1 for `large` (`learned range`):
#
# $$log\_var = low + \tfrac{v + 1}{2}\,(high - low)$$
#
# Our copy of the network gets a second convolution beside its last one, with weights of zero, so v = 0. **What do you
# expect** the two ways to cost before any training?


# %%
class Wide(nn.Module):
    """A copy of a network whose last maps also make v: (B, 6, H, W), the old answer and v, which begins at 0."""

    def __init__(self, network):
        super().__init__()
        self.network, last = copy.deepcopy(network).requires_grad_(True), network.last
        self.v, self.predicts = nn.Conv2d(last.in_channels, last.out_channels, 3, padding=1), network.predicts
        nn.init.zeros_(self.v.weight)
        nn.init.zeros_(self.v.bias)
        self.to(last.weight.device)

    def forward(self, x, t, c=None):
        h, emb = self.network.hidden(x, t, c)
        return torch.cat([self.network.answer(x, h, emb), self.v(h)], 1)


with torch.no_grad():
    old, new = (ask(net, x_t[-16:], t[-16:], c) for net in (model, Wide(model)))
assert torch.allclose(new[:, :3], old, atol=1e-3) and (new[:, 3:] == 0).all()
for kind in ("learned", "learned range"):
    print(f"{kind}, before training: {per_value(bound(guess, v, 500, kind)):.2f} bits per dimension")

# %% [markdown]
# With v = 0, `learned` claims the variance 1 at every step, and has everything to learn. The range, halfway
# between the two, costs little more than the better. We train that. On which loss? With `mse` the mean squared
# error of the answer and `vb` the bits of one step at a random t, there are
#
# | loss | MSE | rescaled MSE, or *hybrid* | KL | rescaled KL |
# |---|---|---|---|---|
# | formula | `mse + vb` | `mse + vb * T / 1000` | `vb` | `vb * T` |
#
# (With a fixed variance: `mse` alone.) In the first two the gradient of the guess is *stopped* in `vb`: `mse` trains
# the guess, `vb` only v. **Why?** Compare how much each cares about an error of x0, at each t.

# %%
weights = {"MSE of x0": (0 * snr + 1, "C2:"), "MSE of the noise": (snr, "C1-.")}
weights["MSE of v (lesson 4)"] = (1 / (1 - ab_t), "C0--")
weights["KL (small)"] = (torch.cat([price[:1], price]).double(), "k")
lines = {name: (range(2, T + 1), weight[2:] / weight[100], style) for name, (weight, style) in weights.items()}
how = dict(xlabel="step t", ylabel="weight of a squared error\nof x0 (1 at t = 100)", xscale="log", yscale="log")
chart(lines, "Weights against t: flat for x0, rising to small t for noise and v, more for KL", ylim=(1e-4, 1e5), **how)

# %% [markdown]
# The KL cares for the last few steps and hardly for the rest: a guess trained on it would mostly polish shades. Now
# the training; `loss_of` replaces that of lesson 4's Trainer (which can also accumulate gradients and resume).


# %%
def combine(kind, mse, vb):
    return {"mse": mse, "MSE": mse + vb, "rescaled MSE": mse + vb * T / 1000, "KL": vb, "rescaled KL": vb * T}[kind]


class VarianceTrainer(du.Trainer):
    kind = "rescaled MSE"

    def loss_of(self, x0, c, t, noise, weight):
        x_t = du.add_noise(x0, t, noise, self.ab_t)
        out, v = self.network(x_t, t.to(self.device) / T, c).chunk(2, 1)
        mse = (out - du.target(x0, t, noise, self.ab_t, "v")).square().mean((1, 2, 3))
        guess = to_x0(out if "KL" in self.kind else out.detach(), x_t, t, self.ab_t, "v")  # the stopped gradient
        log_var = log_variance("learned range", v, t, self.ab_t, x0)
        vb = step_bits(x0, x_t, guess, t, self.ab_t, log_var).mean((1, 2, 3))
        losses = combine(self.kind, mse, vb)
        return (losses * weight.to(self.device)).mean(), losses.detach()


def trainer_of(kind, **how):
    trainer = VarianceTrainer(Wide(model), train, ab_t, lr=3e-4, batch=32, warmup=50, half_life=100, bf16=False, **how)
    trainer.kind = kind
    return trainer


# %% [markdown]
# Does the stop work? Here are the gradients of one batch, in the two last convolutions.

# %%
train, gradients = du.load_sprites("train"), {}
for kind in ("mse", "rescaled MSE", "KL"):
    trainer = trainer_of(kind)
    last = trainer.model.network.last.weight, trainer.model.v.weight  # for the guess; for v
    gradients[kind] = torch.autograd.grad(trainer.loss_of(*trainer.next_batch())[0], last, materialize_grads=True)
print("gradient for v:", ", ".join(f"{kind} {of_v.norm():.1e}" for kind, (_, of_v) in gradients.items()))
print("for the guess:", ", ".join(f"{kind} {of_guess.norm():.1e}" for kind, (of_guess, _) in gradients.items()))
assert torch.allclose(gradients["rescaled MSE"][0], gradients["mse"][0], atol=1e-5)

# %% [markdown]
# The hybrid gives the guess exactly the gradient of `mse`, and v one of its own. **Stop it whenever you like.**

# %%
SECONDS = 120

# %%
trainer, losses = trainer_of("rescaled MSE"), []
try:
    for p in trainer.run(seconds=SECONDS):
        losses.append(p.loss.item())
except KeyboardInterrupt:
    print("stopped by hand")
wide = trainer.ema.model
print(f"{trainer.step} steps of 32 sprites in {trainer.seconds:.0f} s")

# %% [markdown]
# To be fair, compare on the *same* network and guesses. `middle` is v = 0. **What do you expect**: does it gain more
# with 10 steps or with 500?

# %%
out, v = ask(wide, x_t, t, c.repeat(T, 1)).chunk(2, 1)
guess = to_x0(out, x_t, t, ab_t, "v")
kinds = ("small", "large", "middle", "learned range")
by_n |= {(kind, n): per_value(bound(guess, v, n, kind)) for kind in kinds for n in ns}
print_bits(by_n, kinds)
learned = score(wide, kinds, SCORED)
total = {kind: cost.sum(1) for kind, cost in learned.items()}
bpd |= {f"trained, {kind}": mean_and_error(values) for kind, values in total.items()}
fixed_kind = min(("small", "large"), key=lambda kind: bpd[f"trained, {kind}"][0])
gain, gain_error = mean_and_error(total[fixed_kind] - total["learned range"])
beyond, beyond_error = mean_and_error(total["middle"] - total["learned range"])
print(f"{SCORED} sprites, 500 steps:", ", ".join(f"{kind} {values.mean():.3f}" for kind, values in total.items()))
print(f"learned range gains {gain:.3f} +- {gain_error:.3f} over {fixed_kind}, "
      f"{beyond:.3f} +- {beyond_error:.3f} over middle")  # fmt: skip

# %% [markdown]
# Where is it unsure?

# %%
says = ((v + 1) / 2).unflatten(0, (T, 16))[:, :10]  # 0: as small as the posterior's, 1: as large as beta
rows = {"sprite": x0[:10]}
for k in (100, 20, 5, 2):
    rows[f"(v + 1) / 2 at t = {k}\n{says[k - 1].mean():.2f} on average"] = heat(says[k - 1], 3.0)
du.show_rows(rows, scale=4, alt="Sprites, and maps of v: bright inside the figures, dark on the background")

# %% [markdown]
# Bright is `large`, "I do not know": inside the figure, where it errs, less on the background. What it gains is many
# times the standard error, as all variances were scored on the same sprites and noise; with 10 steps nothing over
# `small`. That 100 learned steps cost less than 500 with `large` says little for learning, because 50 steps of the
# untrained middle cost less than these, too: more steps do not make bits fewer where the network is weak at small t.
#
# ## 6. Which t should a batch practise?
#
# *Rescaled KL* estimates the whole sum from the few t of a batch. But the terms differ by a factor of thousands. A
# *loss-aware* sampler remembers the last ten losses at each t, draws t in proportion to their root mean square, and
# divides by the probability, so that the mean stays right. **What do you expect**: how far off is one batch of 32?

# %%
cost = bound(guess, v, T, "learned range").mean((2, 3, 4)).float()  # (T, 16), in bits for each value
estimates, generator = {}, torch.Generator().manual_seed(0)
for kind in ("uniform", "stratified", "loss-aware"):
    times, found = du.Times(kind, T), []
    for j in range(10):
        times.update(torch.arange(1, T + 1), cost[:, j])
    for _ in range(200):
        at, weight = times.draw(32, generator)
        found.append((T * weight * cost[at - 1, torch.randint(16, (32,), generator=generator)]).mean())
    estimates[kind] = torch.stack(found)
fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
axes[0].loglog(range(1, T + 1), times.probabilities(), "C0", label="loss-aware")
axes[0].axhline(1 / T, color="C1", ls="--", label="uniform")
axes[0].set(xlabel="t", ylabel="probability of a draw")
axes[0].legend()
for row, values in enumerate(estimates.values()):
    axes[1].plot(values, row + torch.linspace(-0.3, 0.3, len(values)), "C0.", ms=3)
axes[1].axvline(cost.sum(0).mean(), color="k", lw=1)
axes[1].set_yticks(range(3), [f"{kind}\nscatter {values.std():.2f}" for kind, values in estimates.items()])
axes[1].set(xlabel="one batch's estimate (bits); line: the truth", xscale="log")
du.show_figure(fig, alt="Left: loss-aware draws small t most. Right: its estimates hit the truth, others scatter")

# %% [markdown]
# One batch of the uniform sampler is hardly an estimate: it either meets t = 1 or it does not. Loss-aware batches all
# hit the truth. What counts in training is the *gradient*: how alike are those of different batches?


# %%
def agreement(times):
    """The mean cosine of the angle between the gradients of 8 batches: 1 if they all agree."""
    trainer = trainer_of("rescaled KL", times=times)
    for j in range(10):
        trainer.times.update(torch.arange(1, T + 1), cost[:, j])
    found = []
    for _ in range(8):
        parts = torch.autograd.grad(trainer.loss_of(*trainer.next_batch())[0], list(trainer.model.parameters()))
        found.append(torch.cat([part.flatten() for part in parts]))
    g = nn.functional.normalize(torch.stack(found), dim=1)
    return ((g @ g.T).sum() - 8).item() / (8 * 7)


alike = {times: agreement(times) for times in ("uniform", "loss-aware")}
print("mean cosine between gradients:", ", ".join(f"{times} {value:.2f}" for times, value in alike.items()))

# %% [markdown]
# So `du.Trainer(..., times="loss-aware")` is for training on the bound itself.
#
# ## Try it
#
# Choose a sprite and a stretch of time, from t = `first` down to `last`: what did the receiver guess before, what
# after, and where did the bits go? Then take fewer steps, and each of the variances.

# %%
names = [f"{du.CLASSES[k]} {j}" for j, k in enumerate(c.argmax(1).tolist())]


def stretch(sprite=names[3], first=500, last=21, steps=500, variance="learned range"):
    if first < last:
        raise ValueError(f"time runs down: first ({first}) must not be below last ({last})")
    k = names.index(sprite)
    cost, at = bound(guess, v, steps, variance, who=[k])[:, 0], torch.tensor(du.sampling_times(T, steps)[-2::-1])
    inside = cost[(at >= last) & (at <= first)].sum(0)
    top = max(inside.sum(0).quantile(0.98).item(), 0.01)
    after = x0[k] if last == 1 else guess[16 * (last - 2) + k]
    tiles = {f"x_{first}": x_t[16 * (first - 1) + k], "guess before": guess[16 * (first - 1) + k], "guess after": after,
             f"bits (bright: {top:.2g})": heat(inside, top), "sprite": x0[k]}  # fmt: skip
    alt = f"{sprite}: guesses before and after the steps from t = {first} to {last}, and the bits they cost"
    picture = du.show_rows({"": torch.stack([*tiles.values()])}, scale=9, label_width=1, top=list(tiles), alt=alt)
    spent, all_of_it = inside.sum().item() / 8, cost.sum().item() / 8
    return picture, f"{spent:.1f} of {all_of_it:.1f} bytes in these {((at >= last) & (at <= first)).sum()} steps"


widgets.try_it(stretch, sprite=names, first=(1, 500), last=(1, 500), steps=[10, 25, 50, 100, 250, 500],
               variance=list(kinds))  # fmt: skip

# %% [markdown]
# ## Exercises
#
# ### Exercise 8.1: the mean, from the noise
# *Difficulty 1 of 3, 10 minutes.*
#
# DDPM's papers and libraries write the mean of the reverse step without x0: from the image `x` at step `i` and the
# guess `eps` of its noise. Put x0 out of $x = \sqrt{ab_i}\,x0 + \sqrt{1-ab_i}\,eps$ into the posterior's mean, or
# recall it from lesson 2. `ab` may be any schedule, `i` is an int.

# %% tags=["exercise"]
def my_mean(x, eps, i, ab):
    """The mean of x_{i-1}, (B, C, H, W), from x and eps, both (B, C, H, W), and ab (n + 1,)."""
    return ...  # your code here


checks.check_mean(my_mean)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_mean(x, eps, i, ab):
    beta = 1 - ab[i] / ab[i - 1]
    return (x - beta / (1 - ab[i]).sqrt() * eps) / (1 - beta).sqrt()  # 1 - beta = ab[i] / ab[i - 1]


result = checks.check_mean(solution_mean)
assert result.passed
result

# %% [markdown]
# ### Exercise 8.2: any number of levels
# *Difficulty 2 of 3, 10 minutes.*
#
# Old consoles drew with 2, 4 or 32 shades of a colour, spread evenly from -1 to 1. Return the probabilities of all
# `levels` values under a Gaussian with `mean` and `std` (numbers), the first and last bin open. They must sum to 1.
# `torch.special.ndtr(z)` is the probability that a standard normal number lies below z.

# %% tags=["exercise"]
def my_levels(mean, std, levels):
    """Probabilities (levels,), float64, of the values -1 to 1."""
    return ...  # your code here


checks.check_levels(my_levels)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_levels(mean, std, levels):
    values = torch.linspace(-1, 1, levels, dtype=torch.float64)
    edges = (values[1:] + values[:-1]) / 2  # a bin ends halfway to its neighbour
    below = torch.special.ndtr((edges - mean) / std)
    zero, one = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    return torch.cat([below, one]) - torch.cat([zero, below])


result = checks.check_levels(solution_levels)
assert result.passed
result

# %% [markdown]
# ### Exercise 8.3: the hybrid loss
# *Difficulty 2 of 3, 10 minutes.*
#
# A network gave `out`, its guess, and `v`. You get two functions: `mse(out)` and `vb(out, v)`, each a loss for each
# image, (B,). Return the mean of the hybrid loss over the batch, so that `vb` trains v but not `out`. The check looks
# at the loss and at both gradients.

# %% tags=["exercise"]
def my_hybrid(mse, vb, out, v, T):
    """The hybrid loss, a tensor of shape ()."""
    return ...  # your code here


checks.check_hybrid(my_hybrid)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_hybrid(mse, vb, out, v, T):
    return (mse(out) + vb(out.detach(), v) * T / 1000).mean()


result = checks.check_hybrid(solution_hybrid)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
Markdown(f"""
- Of the {by_step.sum():.0f} bytes that a sprite cost with `small`, {known[19]:.0f} were told before t = 20, where the
  guess is off by {rmse[19]:.3f} (RMSE); the last step alone took {by_step[0]:.0f}.
- On {SCORED} held-out sprites the network needed {bpd["small"][0]:.2f} (`small`) and {bpd["large"][0]:.2f} (`large`)
  bits per dimension, give or take {bpd["small"][1]:.2f}. PNG needed {sizes["PNG"] / 96:.2f}, `zlib`
  {sizes["zlib"] / 96:.2f}.
- After {trainer.seconds:.0f} s of training it needed {bpd["trained, learned range"][0]:.2f} with the learned variance,
  {gain:.3f} ± {gain_error:.3f} better than `{fixed_kind}` with
  the same network, and {beyond:.3f} ± {beyond_error:.3f} better than the untrained middle.
- With 10 steps it needed {by_n["learned range", 10]:.2f}, where `small` needed {by_n["small", 10]:.2f} and `large`
  {by_n["large", 10]:.2f}; with 100 steps {by_n["learned range", 100]:.2f}, where `large` with 500 needed
  {by_n["large", 500]:.2f} (16 sprites). Yet in 10 steps `small` drew with a score of {drawn_score["small"]:.1f},
  `large` of {drawn_score["large"]:.1f}.
- One batch of 32 estimated the bound with a standard deviation of {estimates["uniform"].std():.2f} bits with uniform
  times, of {estimates["loss-aware"].std():.2f} with loss-aware ones; gradients of two batches agreed with a cosine of
  {alike["uniform"]:.2f} and {alike["loss-aware"]:.2f}.
""")

# %% [markdown]
# ## Quiz
#
# **1. The posterior's variance is right. Why is a larger one cheaper for the receiver?**
# <details><summary>Answer</summary>
# It is right if x0 is known. The receiver only guesses, and its best variance adds the squared error of its mean.
# </details>
#
# **2. Network A has fewer bits per dimension than B. Does it draw nicer sprites?**
# <details><summary>Answer</summary>
# Not necessarily. Most bits tell shades that nobody sees. A may be better at these alone.
# </details>
#
# **3. Why is the gradient of the guess stopped in `vb`?**
# <details><summary>Answer</summary>
# `vb` weighs errors at small t thousands of times more. The guess would follow it and neglect the noise levels where
# sprites take shape. Only v should learn from `vb`.
# </details>
#
# **4. A loss-aware sampler draws t = 1 a hundred times as often as others. Why is its loss not biased?**
# <details><summary>Answer</summary>
# Each loss is divided by how much more often its t is drawn than under uniform times. The mean stays the same, only
# its scatter changes.
# </details>
#
# ## Going further
#
# - Ho, Jain, Abbeel, *Denoising Diffusion Probabilistic Models* (2020): the bound, the discretised last step, and
#   section 4.3 on sending pictures bit by bit.
# - Nichol, Dhariwal, *Improved Denoising Diffusion Probabilistic Models* (2021): learned range, hybrid loss and
#   loss-aware sampler, on photographs.
# - Kingma, Salimans, Poole, Ho, *Variational Diffusion Models* (2021): the bound as an integral over the
#   signal-to-noise ratio, and codes that come near it.
# - Bao, Li, Zhu, Zhang, *Analytic-DPM* (2022): the best variance without training, from the guess's errors.
#
# Next: [09_scores_and_guidance](09_scores_and_guidance.ipynb)
