# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1. Intuition: how to undo noise
#
# Add noise to a small picture, a little at a time, until only noise is left. A *diffusion model* does the reverse: from
# noise, a little at a time, to a picture that nobody has drawn. How can that be possible? Here you take the first
# direction apart, then walk the second with no neural network.

# %%
import sys
sys.path.insert(0, "..")  # the shared module lies one folder up
import diffusion_utilities as du
import checks
import widgets
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from IPython.display import Markdown

# %%
train = du.load_sprites("train", n=8000)  # 8,000 of the 36,000 training sprites: enough here, and faster
T, cosine = 500, du.noise_schedule("cosine", 500)
perfect = du.PerfectDenoiser(train.x, cosine)
_, steps = du.sample(perfect, cosine, n=16, steps=24, keep=24, seed=3)
noise = torch.randn(16, 3, 16, 16, generator=torch.Generator().manual_seed(0))
times = [step.s for step in steps]
into = torch.stack([du.add_noise(train.x[:16], t, noise, cosine) for t in reversed(times)])
panels = {"into the noise": into, "out of the noise": torch.stack([step.x for step in steps])}
labels = [f"left: t = {a}     right: t = {b}" for a, b in zip(reversed(times), times)]
du.film(panels, labels, columns=4, scale=4, fps=8,
        alt="Film. Left: 16 sprites dissolve into coloured noise. Right: 16 other sprites appear out of noise.")

# %% [markdown]
# On the right, sprites appear out of pure noise with no trained network. `t` counts the noise: 0 is a clean picture,
# 500 only noise.
#
# **You will be able to**
# - *add* noise to a picture correctly, in one jump to any level;
# - *explain* what each level hides, and *compare* three noise schedules;
# - *build* the best possible denoiser in a few lines, and *draw* sprites with it;
# - *say* why a network is still needed.
#
# **You need** Python and a little PyTorch. **Time:** about 45 minutes; the cells run in half a minute on a laptop CPU.

# %% [markdown]
# ## 1. What is a sprite, in numbers?
#
# How do you turn colours into numbers, and back?
#
# A pixel is red, green and blue, three whole numbers from 0 to 255. Here they become floats from -1 to 1: middle grey
# is 0. A batch has the shape `(B, C, H, W)`: pictures, channels (colours), height, width. To show it, undo the scaling:
# `(x + 1) / 2`.
#
# **What do you expect?** Some programs stretch each channel of each picture to its own minimum and maximum instead.
# Will you see a difference?

# %%
print(f"shape {tuple(train.x.shape)}, {train.x.dtype}, from {train.x.min():.2f} to {train.x.max():.2f}")
sprite = train.x[0]
print(f"the pixel in row 4, column 8 is red {sprite[0, 4, 8]:.2f}, green {sprite[1, 4, 8]:.2f}, "
      f"blue {sprite[2, 4, 8]:.2f}: one of {sprite[0].numel()} pixels, {sprite.numel()} numbers in all")


# %%
def stretch(x):
    low, high = x.amin((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
    return 2 * (x - low) / (high - low) - 1


change = (stretch(train.x) - train.x).square().mean((1, 2, 3)).sqrt()
worst = train.x[change.topk(4).indices]
noisy = du.add_noise(worst, 150, noise[:4], cosine)
both = torch.cat([worst, noisy])
du.show_rows({"(x + 1) / 2": both, "stretched": stretch(both)}, scale=4, label_width=100,
             top=["clean"] * 4 + ["noisy"] * 4,
             alt="Four clean and four noisy sprites; stretched, the clean colours shift and the noisy ones turn pale.")

# %% [markdown]
# The clean sprites change colour, and the noisy ones turn pale, because a few extreme pixels now set the scale. A
# constant channel fares worse:

# %%
blank = torch.ones(1, 3, 16, 16)  # a plain white picture
print(f"stretched, {stretch(blank).isnan().sum()} of its {blank.numel()} numbers are NaN (0 divided by 0)")

# %% [markdown]
# So every picture here is shown by one rule; values outside -1 to 1 are cut off.

# %% [markdown]
# ## 2. What happens if you fade a sprite into noise?
#
# First idea: turn the picture down while you turn random numbers up.
#
#     corrupt(x, amount) = (1 - amount) * x + amount * noise
#
# The noise is *uniform*: every value from -1 to 1 is equally likely.
#
# **What do you expect?** Half way, will the picture look stronger or weaker than at the two ends?

# %%
def corrupt(x, amount):
    noise = 2 * torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) - 1
    amount = amount.view(-1, 1, 1, 1)  # one amount per picture
    return (1 - amount) * x + amount * noise


amount = torch.linspace(0, 1, 8)
strip = corrupt(sprite.expand(8, -1, -1, -1), amount)
du.show_rows({"amount": strip}, scale=5, label_width=60, top=[f"{i}/7" for i in range(8)],
             alt="One sprite at amounts 0, 1/7, ... 1: it fades into uniform noise and looks dull on the way.")

# %% [markdown]
# The middle looks dull: black and white are gone before the noise is strong. Measure it. The *standard deviation* (std)
# says how far numbers spread around their mean; its square is the *variance*. Variances of independent things add, with
# squared weights:
#
#     variance = (1 - amount)**2 * var_sprites + amount**2 * var_noise
#
# The two squares add up to less than 1. With square roots as weights, and Gaussian noise (the bell curve) of variance
# 1, they add up to 1:
#
#     variance = (1 - amount) * var_sprites + amount * 1

# %%
x = train.x[:1000]
g = torch.Generator().manual_seed(1)
gauss, uniform = torch.randn(x.shape, generator=g), 2 * torch.rand(x.shape, generator=g) - 1
a = torch.linspace(0, 1, 15)
fade_std = torch.stack([((1 - s) * x + s * uniform).std() for s in a])
root_std = torch.stack([((1 - s).sqrt() * x + s.sqrt() * gauss).std() for s in a])
root_mean = torch.stack([((1 - s).sqrt() * x + s.sqrt() * gauss).mean() for s in a])

# %%
fig, ax = plt.subplots(figsize=(6.5, 3))
ax.plot(a, fade_std, "o-", color="tab:orange", label="std: fading into uniform noise")
ax.plot(a, root_std, "s--", color="tab:blue", label="std: square roots, Gaussian noise")
ax.plot(a, root_mean, ":", color="black", label="mean: square roots, Gaussian noise")
ax.set(xlabel="amount of noise (0 to 1)", ylabel="pixel value (-1 to 1 scale)", ylim=(-0.05, 1.5))
ax.legend(fontsize=8, loc="upper left")
du.show_figure(fig, alt="Standard deviation against amount: a dip for plain fading, a gentle rise for square roots.")

# %% [markdown]
# Plain fading dips below both its ends. The square roots never dip; they lead from the sprites' own spread to exactly
# 1, while the mean goes to 0. For pictures of variance 1 the curve would be flat: hence the name *variance preserving*.

# %% [markdown]
# ## 3. Can many tiny steps be done in one jump?
#
# Let a drop of ink fall into water. Its molecules make tiny random jumps until the water is evenly grey: *diffusion*.
# For a picture, one tiny step, with fresh Gaussian noise `z` of variance 1, is
#
#     x_t = sqrt(1 - b_t) * x_{t-1} + sqrt(b_t) * z
#
# with a small `b_t` (*beta*). Undoing one such step is only a small correction. The list of all `b_t` is the *noise
# schedule*; the classic one, *linear*, grows from 0.0001 to 0.02. You also need the product of all `1 - b_t` so far
# (*alpha-bar*):
#
#     ab_t = (1 - b_1) * (1 - b_2) * ... * (1 - b_t)

# %%
b_t = torch.cat([torch.zeros(1), torch.linspace(1e-4, 0.02, T, dtype=torch.float64)])  # b_t[0] = 0: clean
ab_t = torch.cumprod(1 - b_t, 0)
print(f"ab_t[0] = {ab_t[0]:.4f}, ab_t[1] = {ab_t[1]:.4f}, ab_t[50] = {ab_t[50]:.4f}, ab_t[500] = {ab_t[500]:.4f}")
assert torch.allclose(ab_t, du.noise_schedule("linear", T))

# %% [markdown]
# What you just wrote is `du.noise_schedule("linear", 500)`. Mind the index: `ab_t[0]` is 1 (no noise yet), and
# `ab_t[1]` holds one factor only. Now two steps in a row, with `a_t = 1 - b_t`:
#
#     x_2 = sqrt(a_2 * a_1) * x0 + sqrt(a_2 * b_1) * z_1 + sqrt(b_2) * z_2
#
# A sum of independent Gaussians is a Gaussian again (uniform noise has no such luck), and the variances add:
#
#     a_2 * b_1 + b_2 = a_2 * (1 - a_1) + 1 - a_2 = 1 - a_1 * a_2
#
# Each further step repeats the pattern, so
#
#     x_t = sqrt(ab_t) * x0 + sqrt(1 - ab_t) * noise
#
# **What do you expect?** Walk 20,000 copies of one pixel through 500 tiny steps. Will their mean and std follow
# `sqrt(ab_t) * x0` and `sqrt(1 - ab_t)`?

# %%
g = torch.Generator().manual_seed(0)
pixel = sprite[0, 4, 8]  # its red value
copies = pixel.repeat(20_000)
walked = [copies]
for t in range(1, T + 1):
    z = torch.randn(len(copies), generator=g)
    copies = (1 - b_t[t]).sqrt() * copies + b_t[t].sqrt() * z
    walked.append(copies)
means, stds = torch.stack(walked).mean(1), torch.stack(walked).std(1)

# %%
fig, ax = plt.subplots(figsize=(6.5, 3))
for measured, formula, color, name in [(means, ab_t.sqrt() * pixel, "tab:blue", "mean"),
                                       (stds, (1 - ab_t).sqrt(), "tab:orange", "std")]:
    ax.plot(formula, "-" if name == "mean" else "--", color=color, label=f"{name}, one jump (formula)")
    ax.plot(range(0, T + 1, 25), measured[::25], "o", color=color, label=f"{name}, {T} steps (measured)")
ax.set(xlabel="time t (steps)", ylabel="value of the pixel (-1 to 1 scale)")
ax.legend(fontsize=8, ncol=2, loc="lower center", bbox_to_anchor=(0.5, 1))
du.show_figure(fig, alt="Mean and standard deviation of 20,000 walked pixels lie on the curves of the formula.")

# %% [markdown]
# Every dot lies on its curve: hundreds of steps and one jump cannot be told apart. So any `t` is one line away, which
# makes training cheap.

# %%
x0, noise_6 = train.x[:6], noise[:6]
t = 50
x_t = ab_t[t].sqrt() * x0 + (1 - ab_t[t]).sqrt() * noise_6
assert torch.allclose(x_t, du.add_noise(x0, t, noise_6, ab_t), atol=1e-6)  # what you just wrote is du.add_noise

forgot = ab_t[t].sqrt() * x0 + (1 - ab_t[t]) * noise_6  # the classic mistake: no square root on the noise
print(f"std of the noise at t = {t}: {(1 - ab_t[t]).sqrt():.3f}; without the square root {1 - ab_t[t]:.3f}")
du.show_rows({"clean": x0, "right": x_t, "no square root": forgot}, scale=4, label_width=120,
             alt="Six sprites, clean, with the right noise at t = 50, and with the square root missing: almost clean.")

# %% [markdown]
# What you just wrote is `du.add_noise`. The last row is the classic mistake: no error message, only far too little
# noise. A network trained on it never sees what it meets when it draws.

# %% [markdown]
# ## 4. What does each noise level hide?
#
# At which `t` is a sprite's face lost, its shape, its colour? The *signal-to-noise ratio*
#
#     SNR = ab_t / (1 - ab_t)
#
# compares the two weights, squared: above 1 the picture has more weight, below 1 the noise.
#
# **What do you expect?** What goes first: eyes and edges, the shape, or the overall colour? Is anything left at 499?

# %%
levels = torch.tensor([1, 25, 50, 100, 200, 300, 499])
rows = {}
for k, name in enumerate(du.CLASSES):
    # train.c has a 1 in the column of the class; [3] is the fourth such sprite
    x0 = train.x[train.c[:, k] == 1][3].expand(7, -1, -1, -1)
    z = torch.randn(x0.shape, generator=torch.Generator().manual_seed(k))
    rows[name] = du.add_noise(x0, levels, z, ab_t)
snr = ab_t / (1 - ab_t)
du.show_rows(rows, scale=5, label_width=95, top=[f"t = {t}\nSNR {snr[t]:.2f}" for t in levels],
             alt="One sprite of each class at seven noise levels: details drown first, the shape last.")

# %% [markdown]
# Eyes and edges drown first, the shape lasts until 200 or 300, and at 499 nothing seems left. Do not trust your eyes:
# the average of 16 noisy pixels has a quarter of the noise's std, but keeps the colour that they share. So measure the
# *correlation* of noisy and clean at three scales: 1 means that one tells you the other, 0 that it does not help.

# %%
def correlation(x, y):
    return torch.corrcoef(torch.stack([x.flatten(), y.flatten()]))[0, 1].item()


scales = {"fine detail (a pixel against its neighbours)": lambda x: x - F.avg_pool2d(x, 3, 1, 1),
          "patches of 4 x 4 pixels": lambda x: F.avg_pool2d(x, 4),
          "mean colour of the sprite": lambda x: F.avg_pool2d(x, 16)}
fig, ax = plt.subplots(figsize=(6.5, 3))
for (name, see), color, dash in zip(scales.items(), ["tab:blue", "tab:orange", "black"], ["-", "--", ":"]):
    ts = range(0, T + 1, 25)
    kept = [correlation(see(x), see(du.add_noise(x, t, gauss, ab_t))) for t in ts]
    ax.plot(ts, kept, dash, color=color, lw=2, label=name)
ax.set(xlabel="time t (steps)", ylabel="correlation with the clean sprite", ylim=(0, 1.02))
ax.legend(fontsize=8)
du.show_figure(fig, alt="Correlation with the clean sprite falls first for fine detail, then patches, then colour.")

# %% [markdown]
# Fine detail goes first, the mean colour last. Read backwards, a sprite comes out of noise in this order: colour and
# shape, then details. The surprise: at `t = 500` the dotted curve is far from 0. The noise still knows a little of the
# sprite's colour.
#
# ### Three schedules
#
# The classic betas were made for 1,000 steps; spread over 500 they add too little noise. Two remedies: *rescaled*
# multiplies them by `1000 / T`; *cosine* makes `ab_t` a smooth squared cosine.
#
# **What do you expect?** In the right panel, which curve ends highest?

# %%
schedules = {name: du.noise_schedule(name, T) for name in ("linear", "rescaled", "cosine")}
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
for (name, ab), color in zip(schedules.items(), ["tab:orange", "black", "tab:blue"]):
    left.plot(ab.sqrt(), "-", color=color)
    left.plot((1 - ab).sqrt(), ":", color=color)
    style = {"linear": "-", "rescaled": "-.", "cosine": "--"}[name]
    right.plot(range(1, T + 1), (ab / (1 - ab))[1:].log10(), style, color=color, label=name)
left.set(xlabel="time t (steps)", ylabel="weight", title="solid: sqrt(ab_t), dotted: sqrt(1 - ab_t)")
right.set(xlabel="time t (steps)", ylabel="log10 of SNR", title="signal-to-noise ratio")
left.title.set_size(10)
right.title.set_size(10)
right.legend(fontsize=8)
fig.tight_layout()
du.show_figure(fig, alt="Left: weights of picture and noise for three schedules. Right: log SNR; linear ends highest.")

# %%
leak = {}
for name, ab in schedules.items():
    x_T = du.add_noise(x, T, gauss, ab)
    leak[name] = correlation(F.avg_pool2d(x, 16), F.avg_pool2d(x_T, 16))
    print(f"{name:9} picture's weight at t = {T}: {ab[T].sqrt():.4f}; "
          f"correlation of pixels {correlation(x, x_T):+.3f}, of mean colours {leak[name]:+.3f}")

# %% [markdown]
# The plain linear schedule leaves 8 % of the picture's amplitude in `x_T`, the others next to nothing. Drawing starts
# from *pure* noise, but a network trained with the leak has only seen starts that give away some colour. Cosine also
# spends more steps on middle levels; from here on you use it.

# %% [markdown]
# ## 5. What is the best guess of the clean picture?
#
# You see `x_t`, and know `t` and that the clean picture is one of 8,000 sprites. Before you look, each is equally
# likely. If it was `x_i`, then `x_t - sqrt(ab_t) * x_i` must be noise. Gaussian noise of variance `1 - ab_t` produces
# that difference, of squared length `d_i`, with a likelihood proportional to
#
#     exp(-d_i / (2 * (1 - ab_t)))
#
# Bayes' rule: divided by their sum, these numbers are the probabilities of the sprites, given what you see.
# (Exponentials divided by their sum: a *softmax*.) The guess with the smallest expected squared error is the average
# with these weights:
#
#     w = softmax(-d / (2 * (1 - ab_t)))        guess of x0 = sum of w_i * x_i
#
# **What do you expect?** What does it look like when there is very much noise, and when there is little?

# %%
def best_guess(x_t, t, images, ab_t):
    d = (x_t - ab_t[t].sqrt() * images).square().sum((1, 2, 3))
    w = (-d / (2 * (1 - ab_t[t]))).softmax(0)
    return (w[:, None, None, None] * images).sum(0, keepdim=True), w


seen = [500, 475, 450, 425, 400, 375, 300, 100]
x_seen = torch.cat([du.add_noise(train.x[2:3], t, noise[2:3], cosine) for t in seen])
guesses = torch.cat([best_guess(x_t, t, train.x, cosine)[0] for x_t, t in zip(x_seen, seen)])
assert torch.allclose(guesses, perfect(x_seen, torch.tensor(seen) / T), atol=1e-3)
du.show_rows({"x_t": x_seen, "best guess": guesses, "the truth": train.x[2:3].expand(8, -1, -1, -1)}, scale=5,
             label_width=90, top=[f"t = {t}" for t in seen],
             alt="Noisy sprite, best guess and truth: a brownish blob at t = 500, blends, then exactly the sprite.")

# %% [markdown]
# What you just wrote is `du.PerfectDenoiser`. With pure noise the guess is the average of all sprites, a brownish blob.
# Then it blends a few, then it is one sprite, while your eyes still see little but noise. How many does it blend?
# With the entropy `H = -sum(w * log(w))`, the *effective number* `exp(H)` is 1 for a single sprite and 8,000 for
# equal weights.

# %%
ts = list(range(5, T + 1, 15))
z = torch.randn(24, 3, 16, 16, generator=torch.Generator().manual_seed(5))
effective = []
for t in ts:
    w = perfect.weights(du.add_noise(train.x[:24], t, z, cosine), t / T)
    effective.append(torch.special.entr(w).sum(1).exp().median().item())
fig, ax = plt.subplots(figsize=(6.5, 3))
ax.semilogy(ts, effective, "o-", color="tab:blue", ms=4)
ax.set(xlabel="time t (steps)", ylabel="effective number of sprites")
du.show_figure(fig, alt="Effective number of sprites against t: 1 up to about t = 350, then a steep rise to 8,000.")

# %% [markdown]
# The curve is nearly a switch: one sprite for most of the way, then a steep climb. 768 numbers give away a great deal,
# even when each is mostly noise. So *what* will be drawn is settled early, while the picture still looks like noise.

# %% [markdown]
# ## 6. Can you draw sprites with no network at all?
#
# A blob is no sprite. So go step by step: guess the clean picture, keep a bit less of the noise, repeat. From time `t`
# to the next, smaller time `s`:
#
#     eps = (x - sqrt(ab_t) * x0) / sqrt(1 - ab_t)        the noise, if the guess x0 were right
#     x   = sqrt(ab_s) * x0 + sqrt(1 - ab_s) * eps        the same guess with less of that noise
#
# **What do you expect?** From pure noise, where does this walk end: in new sprites, in blends, in known sprites?

# %%
def draw(denoiser, ab_t, x, times):
    frames = []
    for t, s in zip(times, times[1:]):
        x0 = denoiser(x, t / T)
        eps = (x - ab_t[t].sqrt() * x0) / (1 - ab_t[t]).sqrt()
        x = (ab_t[s].sqrt() * x0 + (1 - ab_t[s]).sqrt() * eps).float()
        frames.append((s, x, x0))
    return x, frames


start = torch.randn(16, 3, 16, 16, generator=torch.Generator().manual_seed(7))
drawn, frames = draw(perfect, cosine, start, du.sampling_times(T, 25))
assert torch.allclose(drawn, du.sample(perfect, cosine, n=16, seed=7, steps=25), atol=1e-2)
panels = {"x": torch.stack([x for _, x, _ in frames]), "the guess x0": torch.stack([x0 for _, _, x0 in frames])}
du.film(panels, [f"t = {s}" for s, _, _ in frames], columns=4, scale=4, fps=5,
        alt="Film: noise turns into 16 sprites; beside it the guess, from one blob through blends to the sprites.")

# %% [markdown]
# What you just wrote is what `du.sample` does (this walk is called *DDIM*; lesson 02 brings its noisy sister, *DDPM*).
# All 16 guesses start as the same blob, and each falls towards a sprite of its own, guided only by the noise it began
# with. Real sprites, and nothing was trained. Now look up the nearest training sprites.

# %%
many = du.sample(perfect, cosine, n=64, seed=8, steps=25)
nearest = train.x[du.nearest(many, train.x)[1]]
distance = (many - nearest).square().mean((1, 2, 3)).sqrt()
copies_found = (distance < 0.01).sum().item()
print(f"{copies_found} of {len(many)} drawn sprites are training sprites; the largest distance is {distance.max():.4f}")
du.show_rows({"drawn": many[:8], "nearest": nearest[:8]}, scale=5, label_width=80,
             alt="Eight drawn sprites above their nearest training sprites: each pair is identical.")

# %% [markdown]
# Each drawn sprite *is* a training sprite. At little noise the average is one of those stored: the perfect denoiser
# remembers, it does not invent. Now give it unseen sprites with a little noise.
#
# **What do you expect?** Will it find the sprite below the noise?

# %%
unseen = du.load_sprites("held_out", n=8).x
dusty = du.add_noise(unseen, 50, noise[:8], cosine)
answer = perfect(dusty, 50 / T)
off = {"noisy": (dusty - unseen).square().mean().sqrt(), "answer": (answer - unseen).square().mean().sqrt()}
print(f"root mean square distance to the truth: noisy picture {off['noisy']:.3f}, perfect answer {off['answer']:.3f}")
du.show_rows({"never seen": unseen, "at t = 50": dusty, "its answer": answer}, scale=5, label_width=95,
             alt="Held-out sprites, with a little noise, and the answers: other sprites from the training set.")

# %% [markdown]
# It answers with somebody else: the nearest sprite that it knows. On average that is further from the truth than the
# noisy picture was. *Perfect* means perfect for these 8,000 pictures. And at every step it must look at each of them:

# %%
N, D, network = 36_000, train.x[0].numel(), du.count_parameters(du.Unet())
print(f"With all {N:,} training sprites the perfect denoiser stores {N * D / 1e6:.1f} million numbers and needs about "
      f"{2 * N * D / 1e6:.0f} million multiplications per picture and step.\n"
      f"The default network of this course stores {network / 1e6:.1f} million numbers, however many sprites there are.")

# %% [markdown]
# That is why there is a network. Trained for the smallest squared error, it is pulled towards this perfect denoiser,
# but does not reach it: it holds far fewer numbers than the sprites do, and treats all places alike. It finds what they
# have in common, outlines, shading, helmets, so its guesses also work for sprites that nobody has drawn.

# %% [markdown]
# ## Try it
#
# Drag `t` until you no longer recognise the sprite. At which `t` does the *best guess* lose it? Then choose `linear`
# and drag `t` to its end: how large must `T` be before `x_T` gives next to nothing away?

# %%
from functools import lru_cache
import ipywidgets


# %%
@lru_cache(maxsize=64)  # drawn once for each T and schedule: dragging t only moves the mark
def snr_chart(schedule, T):
    """A chart of the three schedules, the chosen one in bold, and its log SNR for t = 1..T."""
    fig, ax = plt.subplots(figsize=(6.12, 2), dpi=100)
    fig.subplots_adjust(left=0.09, right=0.985, bottom=0.23, top=0.95)
    curves = {name: du.noise_schedule(name, T)[1:] for name in schedules}
    curves = {name: (ab / (1 - ab)).log10() for name, ab in curves.items()}
    for (name, curve), color, dash in zip(curves.items(), ["tab:orange", "black", "tab:blue"], ["-", "-.", "--"]):
        ax.plot(range(1, T + 1), curve, dash, color=color, lw=3 if name == schedule else 1, label=name)
    ax.axhline(0, color="grey", lw=0.8)
    ax.set(xlabel="time t (steps)", ylabel="log10 of SNR", ylim=(-5.5, 4.5))
    ax.legend(fontsize=8, ncol=3, loc="lower left")
    return widgets.Chart(fig, ax), curves[schedule]


# %%
def dissolve(t=150, schedule="cosine", T=500, sprite=2):
    """A Picture of the sprite, of x_t, of the best guess and of t on the schedule; and a sentence with the numbers."""
    if t > T:
        raise ValueError(f"With T = {T} the time t runs from 1 to {T}, so {t} is too late: lower t or raise T.")
    ab, x0 = du.noise_schedule(schedule, T), train.x[sprite : sprite + 1]
    x_t = du.add_noise(x0, t, noise[:1], ab)
    w = du.PerfectDenoiser(train.x, ab).weights(x_t, t / T)
    guess = (w @ train.x.flatten(1)).view_as(x0)  # the average with these weights
    panels = {"the sprite, x0": x0, f"x_t at t = {t}": x_t, "best guess": guess}
    top = du.film({title: x[None] for title, x in panels.items()}, columns=1, scale=12)
    chart, log_snr = snr_chart(schedule, T)
    alt = f"Sprite {sprite}, with the noise of t = {t} of {T} ({schedule} schedule), its best guess, and log SNR."
    return chart.under(top, [(t, log_snr[t - 1])], alt), (
        f"x_t = {ab[t].sqrt():.3f} * x0 + {(1 - ab[t]).sqrt():.3f} * noise, SNR {ab[t] / (1 - ab[t]):.3g}. "
        f"The best guess blends {torch.special.entr(w).sum().exp():,.1f} sprites; x0 has a weight of {w[0, sprite]:.3f}.")


# %%
t_slider, T_slider = ipywidgets.IntSlider(150, 1, T), ipywidgets.IntSlider(T, 50, 1000, 50)
ipywidgets.dlink((T_slider, "value"), (t_slider, "max"))  # t ends at T
widgets.try_it(dissolve, t=t_slider, schedule=list(schedules), T=T_slider, sprite=(0, 199))

# %% [markdown]
# ## Exercises
#
# Replace the dots in each stub by your code, and run the cell: the check names the mistake. Run it again for the next
# hint. Each solution lies folded below.
#
# ### Exercise 1.1: from betas to alpha-bar
# *Difficulty 1 of 3, 5 minutes.*
#
# Somebody hands you `b_t` with T entries, the betas of t = 1 to T and none for time 0. Make `ab_t` with T + 1 entries,
# so that `ab_t[t]` is the product of the first t numbers `1 - b_t`. With one index off, every picture gets the noise of
# another time, and nothing complains.

# %% tags=["exercise"]
def my_ab_t(b_t):
    """Alpha-bar (T + 1,) from the betas b_t (T,), both float64."""
    return ...  # your code here


checks.check_ab_t(my_ab_t)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_ab_t(b_t):
    return torch.cat([torch.ones(1, dtype=b_t.dtype), torch.cumprod(1 - b_t, 0)])  # a product of no factors is 1


result = checks.check_ab_t(solution_ab_t)
assert result.passed
result

# %% [markdown]
# ### Exercise 1.2: add noise
# *Difficulty 1 of 3, 5 minutes.*
#
# In section 3 all pictures had the same `t`. In training each picture of a batch has its own: `t` is a tensor of B
# whole times. Write the jump for such a batch:
#
#     x_t = sqrt(ab_t) * x0 + sqrt(1 - ab_t) * noise

# %% tags=["exercise"]
def my_add_noise(x0, t, noise, ab_t):
    """Noisy pictures (B, C, H, W) from x0 and noise, both (B, C, H, W), times t (B,) and ab_t (T + 1,)."""
    return ...  # your code here


checks.check_add_noise(my_add_noise)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_add_noise(x0, t, noise, ab_t):
    ab = ab_t[t].view(-1, 1, 1, 1)  # (B,) to (B, 1, 1, 1): one number for all pixels of a picture
    return ab.sqrt().float() * x0 + (1 - ab).sqrt().float() * noise


result = checks.check_add_noise(solution_add_noise)
assert result.passed
result

# %% [markdown]
# ### Exercise 1.3: how much does each picture count?
# *Difficulty 3 of 3, 15 minutes.*
#
# Write the weights `w` of the perfect denoiser for one noisy picture `x_t`, but faster than in section 5, without the
# large array `x_t - sqrt(ab_t) * images`. Multiply out the square
#
#     d_i = |x_t|**2 - 2 * sqrt(ab_t) * (x_t . x_i) + ab_t * |x_i|**2
#
# where `x_t . x_i` is the sum of products over all pixels and channels: for all pictures at once, one matrix product.
# Which term is the same for every picture, so that the softmax does not need it?

# %% tags=["exercise"]
def my_weights(x_t, t, images, ab_t):
    """How much each of the images (N, C, H, W) counts for x_t (1, C, H, W) at the whole time t: (N,), of sum 1."""
    return ...  # your code here


checks.check_weights(my_weights)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_weights(x_t, t, images, ab_t):
    ab, x, rows = ab_t[t], x_t.flatten(), images.flatten(1)
    d = ab * rows.square().sum(1) - 2 * ab.sqrt() * (rows @ x)  # a constant, |x_t|**2, cancels in the softmax
    return (-d / (2 * (1 - ab))).softmax(0)


result = checks.check_weights(solution_weights)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
Markdown(f"""
- Fading into uniform noise lets the std fall from {fade_std[0]:.2f} to {fade_std.min():.2f} before it ends at
  {fade_std[-1]:.2f}; square-root weights lead from {root_std[0]:.2f} to {root_std[-1]:.2f} with no dip.
- {T} tiny steps and one jump agree: the mean of 20,000 walked pixels differs from the formula by at most
  {(means - ab_t.sqrt() * pixel).abs().max():.3f}, their std by at most {(stds - (1 - ab_t).sqrt()).abs().max():.3f}.
- At t = 50 the noise has std {(1 - ab_t[50]).sqrt():.3f}; without the square root it would be {1 - ab_t[50]:.3f}.
- The linear schedule with 500 steps leaves {100 * ab_t[T].sqrt():.0f} % of the picture's amplitude in the final noise:
  mean colours still correlate {leak["linear"]:.2f} with the truth (rescaled {leak["rescaled"]:.2f}, cosine
  {leak["cosine"]:.2f}).
- The perfect denoiser blends {effective[0]:.1f} sprites at t = {ts[0]} and {effective[-1]:,.0f} at t = {ts[-1]}.
- It draws with no network, and {copies_found} of {len(many)} drawn sprites are copies from the training set.
""")

# %% [markdown]
# ## Quiz
#
# **1.** Why is the weight of the noise `sqrt(1 - ab_t)` and not `1 - ab_t`?
#
# <details><summary>Answer</summary>
# Variances add with squared weights. With the root, the noise has variance <code>1 - ab_t</code>, which is what the
# tiny steps add up to. Without it, the jump no longer agrees with the walk.
# </details>
#
# **2.** A friend's array has `ab_t[0] = 0.9999`. What went wrong?
#
# <details><summary>Answer</summary>
# The product has <code>b_1</code> at index 0, so every index is off by one: time 0 is no longer the clean picture.
# </details>
#
# **3.** At `t = 500` of the cosine schedule, what is the best guess, and why is it no sprite?
#
# <details><summary>Answer</summary>
# The average of all training sprites. The noise does not say which one it was, so all weights are equal. A mean of
# possibilities need not be one of them.
# </details>
#
# **4.** The perfect denoiser has the lowest possible error on the training sprites. Why is it a poor model?
#
# <details><summary>Answer</summary>
# It draws nothing but copies, and answers an unseen picture with another one. The aim is new pictures that look like
# the data: a model has to generalise.
# </details>

# %% [markdown]
# ## Going further
#
# - Sohl-Dickstein et al. (2015), *Deep Unsupervised Learning using Nonequilibrium Thermodynamics*: the ink drop becomes
#   a learning method.
# - Ho, Jain and Abbeel (2020), *Denoising Diffusion Probabilistic Models*: the linear schedule and, in equation 4, the
#   jump to any `t`.
# - Nichol and Dhariwal (2021), *Improved Denoising Diffusion Probabilistic Models*: the cosine schedule (section 3.2).
# - Karras et al. (2022), *Elucidating the Design Space of Diffusion-Based Generative Models*: derives the perfect
#   denoiser in appendix B.3.
# - Kadkhodaie et al. (2024), *Generalization in diffusion models arises from geometry-adaptive harmonic
#   representations*: networks go from copying to inventing as the data grow.
#
# Next: [02_sampling](02_sampling.ipynb)
