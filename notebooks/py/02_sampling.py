# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 2. From noise to sprites
#
# In lesson 1 you dissolved sprites in noise. Now you go the other way: you start from pure noise, ask a trained
# network again and again what is noise and what is picture, and end with sprites that nobody has drawn.

# %%
import sys
sys.path.insert(0, "..")  # the shared module lies one folder up
import diffusion_utilities as du
import checks
import widgets
import time
import matplotlib.pyplot as plt
import torch
from IPython.display import Markdown

# %%
device = du.best_device()
model, ab_t = du.load_model(du.WEIGHTS / "unet.pth", device)
T = len(ab_t) - 1
classes = torch.eye(5).repeat(4, 1)  # 20 wishes: hero, non-hero, food, spell, side-facing, hero, ...
sprites, kept = du.sample(model, ab_t, 20, classes, seed=7, steps=T, eta=1, variance="large", keep=28)
du.film(
    {"x_t": torch.stack([s.x for s in kept]), "predicted x_0": torch.stack([s.x0 for s in kept])},
    [f"t = {step.s}" for step in kept], columns=5, scale=4,
    alt="Film: on the left 20 squares of noise turn into sprites; on the right the network's guess of each sprite, "
    "first a blur, then sharper and sharper",
)

# %% [markdown]
# Left: 20 pictures on their way from noise (t = 500) to sprites (t = 0). Right: what the network takes each of them
# for. Each column asks for one class of sprite; how to ask is lesson 5.
#
# **You will be able to**
# - read a denoising network's answer as a noise and as a picture,
# - write the sampler of DDPM (denoising diffusion probabilistic models), and explain each piece of its step,
# - recognise a sampler that forgets its noise, and measure what that costs,
# - check that new sprites are no copies of the training sprites.
#
# **You need** lesson 1: `x_t`, `ab_t` and the perfect denoiser. **Time:** about 45 minutes; the cells run in one to
# two minutes on a laptop CPU.

# %% [markdown]
# ## 1. What does the network answer?
#
# Noise a sprite to some time t and show the network nothing but the result and t. Can it tell picture from noise?
#
# **What do you expect?** Five noise levels follow, from t = 400 (nearly all noise) to t = 30 (hardly any). Where will
# the guessed *picture* be good? Where will the guessed *noise* be good?
#
# The network gets x_t and the time as the fraction t/T, with T = 500. Ours answers with a mixture called v (lesson 4
# says why). It is an answer to both questions at once:
# `x0 = sqrt(ab_t) x_t - sqrt(1 - ab_t) v` and `eps = sqrt(1 - ab_t) x_t + sqrt(ab_t) v`. Here x0 is the predicted
# clean picture and eps the predicted noise; `du.to_x0_eps` is these two formulas.

# %%
def predict(x, t, c=None):
    v = model(x, torch.full((len(x),), t / T, device=device), c)
    return du.to_x0_eps(v, x, t, ab_t, model.predicts)


# %% [markdown]
# The sprite is a held-out one: the network has never seen it in training.

# %%
train, held_out = du.load_sprites("train"), du.load_sprites("held_out")
sprite, times = held_out.x[13:14].to(device), [400, 300, 200, 100, 30]
noise = torch.randn(5, 3, 16, 16, generator=torch.Generator().manual_seed(0)).to(device)
x_t = torch.cat([du.add_noise(sprite, t, noise[i : i + 1], ab_t) for i, t in enumerate(times)])
x0, eps = (torch.cat(parts) for parts in zip(*[predict(x_t[i : i + 1], t) for i, t in enumerate(times)]))
rows = {"x_t": x_t, "true noise": noise, "predicted noise, eps": eps, "predicted x_0": x0}
du.show_rows(
    rows | {"true x_0": sprite.expand(5, -1, -1, -1)}, scale=5, top=[f"t = {t}" for t in times],
    alt="Rows for t = 400 down to 30: the noisy sprite, true and predicted noise, predicted and true sprite",
)

# %% [markdown]
# The guessed picture sharpens from left to right. The guessed noise goes the other way: at t = 400 it matches the true
# noise almost pixel by pixel; at t = 30, with so little of it to see, much is missed. Is it the same for other sprites?
# Take a hundred.

# %%
def errors(t, n=100):
    noise = torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(t)).to(device)
    clean = held_out.x[:n].to(device)
    x0, eps = predict(du.add_noise(clean, t, noise, ab_t), t)
    return [(eps - noise).square().mean().sqrt().item(), (x0 - clean).square().mean().sqrt().item()]


levels = [10, 30, 60, 100, 150, 200, 250, 300, 350, 400, 450]
eps_error, x0_error = zip(*[errors(t) for t in levels])

# %%
fig, ax = plt.subplots(figsize=(6.5, 3))
ax.plot(levels, eps_error, "C0-o", label="error of the predicted noise eps")
ax.plot(levels, x0_error, "C1--s", label="error of the predicted picture x_0")
ax.set(xlabel="time t (steps of noise)", ylabel="root mean square error", ylim=0)
ax.legend()
du.show_figure(fig, alt="The error of the predicted noise falls with t, that of the predicted picture rises with t")

# %% [markdown]
# The more noise, the better the network knows the noise and the worse it knows the picture. The two are one error
# seen from two sides: x_t is fixed, so the error of x0 is that of eps times sqrt(1 - ab_t) / sqrt(ab_t), and the
# curves cross where signal and noise are equal (ab_t = 0.5, near t = 250).

# %% [markdown]
# ## 2. Why not jump to the answer?
#
# If the network can guess the clean picture from any x_t, why not ask once, at t = 500, and stop?
#
# **What do you expect?** Six different squares of pure noise go in. Do six different sprites come out?
#
# Below are five steps of a sampler (`du.sampler`; you write one in section 3). Each row is one network call: on the
# left what went in, on the right the guess.

# %%
generator = torch.Generator().manual_seed(1)
x = torch.randn(6, 3, 16, 16, generator=generator).to(device)
strip, guesses = {}, []
for step in du.sampler(model, ab_t, x, steps=5, eta=1, generator=generator):
    strip[f"t = {step.t}"] = torch.cat([x, step.x0])
    guesses.append(step.x0.cpu())
    x = step.x

# %%
du.show_rows(
    strip, label_width=70, top=6 * ["in"] + 6 * ["guess"],
    alt="Five rows: noisy inputs on the left, guesses on the right; in the first row all six guesses are one blur",
)

# %% [markdown]
# Pure noise says nothing about the sprite, so the first row holds nearly the same blur six times. Which blur?

# %%
average = train.x.mean(0, keepdim=True)
gap = (guesses[0] - average).square().mean().sqrt().item()
print(f"Pixel values reach from -1 to 1. The guesses at t = {T} differ from the plain average of all {len(train.x):,} "
      f"training sprites by {gap:.2f}.")
du.show(torch.cat([average, guesses[0][:3]]), scale=5, columns=4, title="average of all sprites | three guesses",
        alt="The average of all training sprites, a blur, and three guesses that look like it")

# %% [markdown]
# It is the perfect denoiser's answer from lesson 1: the average of all sprites that could hide behind x_t, and behind
# pure noise that is every sprite. A network trained for the smallest squared error learns averages. Each step goes
# only a little way towards the guess and asks again. A bit more of the picture is then decided, fewer sprites remain
# possible, and their average is sharper.

# %% [markdown]
# ## 3. Can you write the sampler yourself?
#
# One step of DDPM takes x_t to x_(t-1). How much of the guessed noise should it take away?
#
# **What do you expect?** The step also *adds* noise. Why would it, if noise is what you want to be rid of?
#
# Lesson 1's single steps come back. Going up from t-1 to t the picture was multiplied by sqrt(a_t), and noise of
# variance b_t was added; ab_t is the product of all a_t so far. Backwards: `a_t = ab_t / ab_(t-1)`, `b_t = 1 - a_t`.

# %%
b_t = torch.cat([torch.zeros(1, dtype=torch.float64), 1 - ab_t[1:] / ab_t[:-1]])
a_t = 1 - b_t
print(f"b_t[1] = {b_t[1]:.6f},  b_t[250] = {b_t[250]:.4f},  b_t[500] = {b_t[500]:.3f}")

# %% [markdown]
# Now the step. z is fresh noise, as random as the noise at the start:
#
# `x <- (x - eps (1 - a_t) / sqrt(1 - ab_t)) / sqrt(a_t) + sqrt(b_t) z`
#
# It has three pieces.
# 1. `x - eps (1 - a_t) / sqrt(1 - ab_t)` takes away a small part of the predicted noise.
# 2. `/ sqrt(a_t)` undoes the shrinking of the picture. Pieces 1 and 2 together are the *posterior mean*: the average
#    of all x_(t-1) that could have led to this x_t, if the predicted picture is the true one.
# 3. `sqrt(b_t) z` puts fresh noise back, because x_(t-1) is not that average. It is one noisy picture among many.

# %%
def ddpm_step(x, t, eps, z):
    mean = (x - eps * (1 - a_t[t]) / (1 - ab_t[t]) ** 0.5) / a_t[t] ** 0.5
    return mean + b_t[t] ** 0.5 * z


# %% [markdown]
# Loop from t = 500 down to t = 1. The last step gets no noise (z = 0): nobody would take it away.

# %%
generator = torch.Generator().manual_seed(7)
x = torch.randn(20, 3, 16, 16, generator=generator).to(device)
frames, begin = [x], time.perf_counter()
for t in range(T, 0, -1):
    x0, eps = predict(x, t, classes)
    z = torch.randn(x.shape, generator=generator) if t > 1 else torch.zeros(x.shape)
    x = ddpm_step(x, t, eps, z.to(device))
    if t % 20 == 1:
        frames.append(x)
yours, seconds = x, time.perf_counter() - begin

# %%
du.film(torch.stack(frames), [f"t = {t}" for t in range(T, -1, -20)], columns=10, scale=4,
        alt="Film of your own loop: 20 squares of noise turn into the sprites of the opening film")

# %% [markdown]
# For nearly half of the film you see little but noise; then outlines, and the details last. And you have met these
# sprites before: same seed, same noise in the same order, so this is the opening film. Test it:

# %%
worst = (yours - sprites).abs().amax((1, 2, 3))  # the largest difference in each sprite
difference = worst.median().item()
assert difference < 1e-3
print(f"Largest difference from du.sample: {difference:.0e} in a typical sprite, {worst.max():.0e} in the worst.")

# %% [markdown]
# **What you just wrote is `du.sampler` with `eta=1` and `variance="large"`.** It computes the same mean from x0 and
# eps, so only the last digits differ. In a sprite that stands at a fork, 500 steps can make that rounding grow.
#
# Why "large"? There is a second good choice for the variance of piece 3, the *posterior variance*
# `small = b_t (1 - ab_(t-1)) / (1 - ab_t)`: what is uncertain about x_(t-1) if the predicted picture is exactly right.
# It is the default of `du.sampler`.

# %%
large, small = b_t[1:], b_t[1:] * (1 - ab_t[:-1]) / (1 - ab_t[1:])
fig, ax = plt.subplots(figsize=(6.5, 3))
ax.loglog(range(1, T + 1), large.sqrt(), "C0-", label='"large": sqrt(b_t)')
ax.loglog(range(2, T + 1), small[1:].sqrt(), "C1--", label='"small": posterior (0 at t = 1)')
ax.set(xlabel="time t (steps of noise)", ylabel="std of the noise put back")
ax.legend()
du.show_figure(fig, alt="The two standard deviations agree for large t; the small one is lower only for the last steps")

# %% [markdown]
# With 500 steps the two differ only in the last ten or so, where both are tiny. With few, large steps the choice
# matters more (lesson 8). Note the right end: the first step puts back almost as much noise as the start held.

# %% [markdown]
# ## 4. What decides which sprite you get?
#
# The same seed gave the same sprites. Is it the starting noise that decides?
#
# **What do you expect?** Asked for 16 sprites instead of 8, with the same seed, the first 8 squares of starting noise
# are the same numbers. Will the first 8 sprites be the same?
#
# To save time, from here on `steps=50` visits only every tenth t; a_t is then the ratio of ab_t across ten steps.
# Lesson 6 says what that costs.

# %%
how = dict(steps=50, eta=1)
first = du.sample(model, ab_t, 8, classes[:8], seed=0, **how)
again = du.sample(model, ab_t, 8, classes[:8], seed=0, **how)
other = du.sample(model, ab_t, 8, classes[:8], seed=1, **how)
longer = du.sample(model, ab_t, 16, classes[:16], seed=0, **how)[:8]

# %%
du.show_rows(
    {"seed 0": first, "seed 0, again": again, "seed 1": other, "seed 0, n = 16,\nthe first 8": longer}, scale=4,
    alt="Rows of eight sprites: seed 0 twice shows the same ones; seed 1, and seed 0 with 16 sprites, show others",
)

# %%
start = [torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(0)) for n in (8, 16)]
print(f"Seed 0 and seed 0 again: largest difference {(first - again).abs().max().item():.0e}.")
print(f"Starting noise, 8 and the first 8 of 16: largest difference {(start[0] - start[1][:8]).abs().max():.0e}.")
print(f"Their sprites: largest difference {(first - longer).abs().max().item():.1f}.")

# %% [markdown]
# The starting noise was identical and the sprites are not. In DDPM the picture is decided by *all* the noise: each
# step draws a fresh z, and with 16 sprites the numbers after the start fall on other sprites. The start counts least
# of all: even in your loop of 500 steps the first one kept only sqrt(a_t[500]) of it, three per cent.

# %% [markdown]
# ## 5. What if you do not put the noise back?
#
# **What do you expect?** The same starting noise, three samplers: the right one, one with z = 0 in every step, one
# with 1.5 times the right noise. Which pictures will be too smooth, which too rough?
#
# No class is asked for this time. Each run also keeps what the network saw and answered in every step.

# %%
def draw(extra_noise, n=100, seed=0, steps=50):
    """The pictures, and for each step what the network saw and what it made of it: (t, x_t, eps, x0)."""
    generator = torch.Generator().manual_seed(seed)
    x, seen = torch.randn(n, 3, 16, 16, generator=generator).to(device), []
    for step in du.sampler(model, ab_t, x, steps=steps, eta=1, extra_noise=extra_noise, generator=generator):
        seen.append((step.t, x.cpu(), step.eps.cpu(), step.x0.cpu()))
        x = step.x
    return x.cpu(), seen


runs = {"right noise": draw(1.0), "no noise": draw(0.0), "1.5 x noise": draw(1.5)}

# %%
du.show_rows(
    {name: x[:10] for name, (x, _) in runs.items()}, label_width=110, scale=4,
    alt="Three rows of ten pictures: varied sprites; without noise one smooth shape; with too much noise, grain",
)

# %% [markdown]
# Without the noise there is one picture: 100 different starts, one smooth, sprite-like shape. This is *collapse*. Too
# much noise fails the other way: grain. Two numbers say how bad it is. The *diversity* is the mean distance between
# two pictures, as a share of that of real sprites. The *Fréchet distance* compares what a small classifier sees in two
# sets of pictures: lower is better. It depends on their number, so 100 real training sprites set the mark.

# %%
scores = {name: du.sprite_score(x, real=held_out.x) for name, (x, _) in runs.items()}
scores["real sprites"] = du.sprite_score(train.x[:100], real=held_out.x)
for name, score in scores.items():
    print(f"{name:13}  Fréchet distance {score['frechet']:6.1f}   diversity {score['diversity']:.2f}")

# %% [markdown]
# Why does it collapse? The step takes away *more* than one step's noise, and relies on piece 3 to bring the balance
# back. With eps exact, the mean holds noise of variance (1 - ab_(t-1)) minus the small posterior variance, where
# x_(t-1) should hold 1 - ab_(t-1). Compare the noise found in each run with what the network finds in real sprites
# that were noised honestly.

# %%
honest_times = list(range(50, T + 1, 50))
honest = []
for t in honest_times:
    noise = torch.randn(100, 3, 16, 16, generator=torch.Generator().manual_seed(t)).to(device)
    honest.append(predict(du.add_noise(held_out.x[:100].to(device), t, noise, ab_t), t)[1].std().item())

# %%
fig, ax = plt.subplots(figsize=(6.5, 3.2))
for (name, (_, seen)), style in zip(runs.items(), ("C0-", "C1--", "C2:")):
    ax.plot([t for t, *_ in seen], [eps.std() for _, _, eps, _ in seen], style, label=name, linewidth=2)
ax.plot(honest_times, honest, "ko", markersize=4, label="real sprites, noised")
ax.set(xlabel="time t (the sampler walks from left to right)",
       ylabel="std of eps (noise found)", xlim=(T + 10, 0), ylim=0)
ax.legend(loc=(0.25, 0.27), ncol=2)
du.show_figure(fig, alt="Noise found against t: the right sampler follows the real sprites near 1, no noise falls to 0")

# %% [markdown]
# The right sampler follows the dots. (They lie a little below 1 since eps is an average too, and averages are
# cautious.) Without noise, hardly any is left after the very first step. The network is told "t = 490, nearly pure
# noise" and sees a smooth picture, of a kind it never met in training. It answers with an average, the average
# becomes the next input, and nothing random ever decides between one sprite and another.

# %% [markdown]
# ## 6. Are they copies?
#
# Lesson 1's perfect denoiser could only return its training sprites. Has the network merely learned them by heart?
#
# **What do you expect?** For each sprite you drew, find the nearest of the 36,000 training sprites. Will it be the
# same, a relative, or something else?
#
# The distance is the root mean square difference of two pictures' pixels: 0 is an exact copy.

# %%
distance, index = du.nearest(sprites, train.x)
du.show_rows(
    {"drawn": sprites[:10].cpu(), "nearest\ntraining sprite": train.x[index[:10]]}, label_width=120, scale=4,
    top=[f"{d:.2f}" for d in distance[:10]],
    alt="Ten drawn sprites, the nearest training sprite below each, and their distance above",
)

# %% [markdown]
# A number by itself says little: how near is near? Held-out sprites are new by construction, so they set the mark.

# %%
held_out_distance, _ = du.nearest(held_out.x[:500], train.x)
drawn_median, held_out_median = distance.median().item(), held_out_distance.median().item()
print(f"Median distance to the nearest training sprite: {drawn_median:.2f} for {len(distance)} drawn sprites, "
      f"{held_out_median:.2f} for 500 held-out ones. Nearer than 0.02, so as good as copied: "
      f"{int((distance < 0.02).sum())} of {len(distance)} drawn.")

# %% [markdown]
# Copies would lie far below the held-out mark. The network draws relatives: it is *not* the perfect denoiser of its
# training set, and that imperfection lets it draw something new. But a large distance is no praise: random pixels are
# far from every sprite. Quality needs its own number, such as the Fréchet distance.

# %% [markdown]
# ## Try it
#
# Play a run of 20 steps, pause, scrub back. Then turn the extra noise down from 1, the right amount, to 0. Which amount
# still gives nine different sprites? And from which amount on do you see grain?

# %%
def noise_chart(times, found):
    """A chart of the noise found in one run, beside that in real sprites."""
    fig, ax = plt.subplots(figsize=(7.68, 1.9), dpi=100)
    fig.subplots_adjust(left=0.075, right=0.99, bottom=0.25, top=0.96)
    ax.plot((1 - ab_t).sqrt(), "C0:", label="weight of eps in x_t, sqrt(1 - ab_t)")
    ax.plot(honest_times, honest, "ko", markersize=4, label="std of eps, real sprites")
    ax.plot(times, found, "C1-", linewidth=2, label="std of eps, this run")
    ax.set(xlabel="time t (steps of noise)", ylabel="std or weight", xlim=(T + 10, -10), ylim=(-0.1, 2.1))
    ax.legend(fontsize=8, ncol=3, loc="upper center")
    return widgets.Chart(fig, ax)


# %%
def player(seed=0, extra_noise=1.0):
    """A film of nine sprites in 20 steps, with the noise found below, and a sentence on how much they differ."""
    x, seen = draw(extra_noise, n=9, seed=seed, steps=20)
    times, x_t, eps, x0 = zip(*seen)
    found = [e.std().item() for e in eps]
    panels = {"x_t": x_t, "predicted noise, eps": eps, "predicted x_0": x0}
    labels = [f"t = {t}, std of eps {std:.2f}" for t, std in zip(times, found)]
    film = du.film({title: torch.stack(frames) for title, frames in panels.items()}, columns=3, scale=5, fps=6)
    film.labels = labels
    alt = f"Film, seed {seed}, extra noise {extra_noise:.2g}: nine x_t, their predicted noise and predicted sprites, " \
          "with the noise found at each t below."
    spread = du.diversity(x) / real_spread
    return noise_chart(times, found).under(film, zip(times, found), alt), (
        f"Diversity of the nine results: {spread:.2f} (real sprites: 1). The last predicted x_0 is the result.")


# %%
real_spread = du.diversity(held_out.x[:500])
widgets.try_it(player, seed=(0, 50), extra_noise=(0.0, 1.5, 0.1))

# %% [markdown]
# ## Exercises
#
# ### Exercise 2.1: the picture behind the noise
# *Difficulty 1 of 3, 5 minutes.*
#
# Many networks answer with the noise `eps`. Which clean picture does that imply? Solve
#
#     x_t = sqrt(ab_t) * x0 + sqrt(1 - ab_t) * eps
#
# for `x0`, for a batch in which every picture has a time of its own.

# %% tags=["exercise"]
def my_x0(x_t, t, eps, ab_t):
    """The clean pictures (B, C, H, W) that eps (B, C, H, W) implies at times t (B,), with ab_t (T + 1,)."""
    return ...  # your code here


checks.check_x0(my_x0)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_x0(x_t, t, eps, ab_t):
    ab = ab_t[t].view(-1, 1, 1, 1)  # one number for all pixels of a picture
    return ((x_t - (1 - ab).sqrt() * eps) / ab.sqrt()).float()


result = checks.check_x0(solution_x0)
assert result.passed
result

# %% [markdown]
# ### Exercise 2.2: one step, with the small variance
# *Difficulty 2 of 3, 10 minutes.*
#
# Write one step of DDPM from `t` to `t - 1`, given only `ab_t`: find `a_t` and `b_t` yourself. The mean is that of
# section 3; for the noise take the *small* variance, the default of `du.sampler`. Is it a variance or a std that `z`
# has to be multiplied by?

# %% tags=["exercise"]
def my_ddpm_step(x, t, eps, z, ab_t):
    """x_(t-1) from x = x_t, the predicted noise eps and fresh noise z, all (B, C, H, W), at the whole time t."""
    return ...  # your code here


checks.check_ddpm_step(my_ddpm_step)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_ddpm_step(x, t, eps, z, ab_t):
    a = ab_t[t] / ab_t[t - 1]
    b = 1 - a
    mean = (x - eps * b / (1 - ab_t[t]).sqrt()) / a.sqrt()
    variance = b * (1 - ab_t[t - 1]) / (1 - ab_t[t])  # 0 at t = 1, as ab_t[0] is 1
    return mean + variance.sqrt() * z


result = checks.check_ddpm_step(solution_ddpm_step)
assert result.passed
result

# %% [markdown]
# ### Exercise 2.3: the loop
# *Difficulty 2 of 3, 10 minutes.*
#
# Put the steps together. `predict(x, t)` answers with eps, `step(x, t, eps, z)` with x_(t-1), and `noises[t]` is the
# fresh noise for the step at time t (it has T + 1 entries, one for time 0, too). Walk from `x` = x_T down to x_0, and
# give the last step, the one at t = 1, zeros instead. The check tells you the walk that your loop took.

# %% tags=["exercise"]
def my_loop(predict, step, x, noises):
    """x_0 (B, C, H, W) from x = x_T (B, C, H, W), with noises (T + 1, B, C, H, W)."""
    return ...  # your code here


checks.check_sample_loop(my_loop)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_loop(predict, step, x, noises):
    for t in range(len(noises) - 1, 0, -1):  # range leaves out its end: the last t is 1
        z = noises[t] if t > 1 else torch.zeros_like(x)
        x = step(x, t, predict(x, t), z)
    return x


result = checks.check_sample_loop(solution_loop)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
right, wrong, real = (scores[name] for name in ("right noise", "no noise", "real sprites"))
Markdown(f"""
- At t = {levels[-1]} the network's noise is off by {eps_error[-1]:.2f} and its picture by {x0_error[-1]:.2f}; at
  t = {levels[0]} by {eps_error[0]:.2f} and {x0_error[0]:.2f}.
- From pure noise it guesses the average of all training sprites, to within {gap:.2f}.
- Your loop of {T} steps drew {len(sprites)} sprites in {seconds:.0f} s, and typically matched `du.sample` to {difference:.0e}.
- With 50 steps, putting noise back gave a diversity of {right["diversity"]:.2f} and a Fréchet distance of
  {right["frechet"]:.1f}; without it, {wrong["diversity"]:.2f} and {wrong["frechet"]:.1f}. Real sprites have
  {real["diversity"]:.2f} and {real["frechet"]:.1f}.
- The drawn sprites lie {drawn_median:.2f} from their nearest training sprite, held-out ones {held_out_median:.2f}.
- Each step costs one network call for all sprites together, here {1000 * seconds / T:.0f} ms; {T} calls add up.
  Lesson 6 makes it fast.
""")

# %% [markdown]
# ## Quiz
#
# **1.** You forget "z = 0 at t = 1" and add noise in the last step as well. What do you see?
#
# <details><summary>Answer</summary>
#
# With 500 steps, next to nothing: sqrt(b_t[1]) is 0.009 on a range from -1 to 1, about one of 255 grey levels. With
# 50 steps and the large variance, the last step spans ten times: its noise is sqrt(1 - ab_t[10]) = 0.04, about five
# grey levels, and the white background turns grainy.
#
# </details>
#
# **2.** The guess at t = 500 is a blur. Would more training make it sharp?
#
# <details><summary>Answer</summary>
#
# No. Nothing in pure noise points to one sprite, so the answer with the smallest squared error *is* the average of
# all of them. Sharp pictures come from many steps, each of which settles a little.
#
# </details>
#
# **3.** Without fresh noise the pictures collapse. Is the network at fault?
#
# <details><summary>Answer</summary>
#
# No, the sampler is. It takes away more noise than one step's worth, and without piece 3 the next x_t holds far less
# noise than the network is told. It was never trained on such pictures. A step that takes away less needs no fresh
# noise: DDIM, in lesson 6.
#
# </details>
#
# **4.** Drawing 40 sprites instead of 20 with 500 steps: how many network calls more?
#
# <details><summary>Answer</summary>
#
# None: a call takes the whole batch, so there are 500 calls either way. Each of them takes longer, up to twice as
# long. The steps cannot run side by side, as each needs the one before.
#
# </details>
#
# ## Going further
#
# - Sohl-Dickstein, Weiss, Maheswaranathan and Ganguli (2015), *Deep Unsupervised Learning using Nonequilibrium
#   Thermodynamics*: the idea of learning to undo a slow diffusion.
# - Ho, Jain and Abbeel (2020), *Denoising Diffusion Probabilistic Models*: the step that you wrote is its algorithm 2,
#   and section 3.2 discusses the two variances.
# - Salimans and Ho (2022), *Progressive Distillation for Fast Sampling of Diffusion Models*: where v comes from.
# - Bao, Li, Zhu and Zhang (2022), *Analytic-DPM*: the best variance for each step, worked out from the trained
#   network.
# - Carlini and others (2023), *Extracting Training Data from Diffusion Models*: large models that did copy some of
#   their training pictures, and how that was found.
#
# Next: [03_network](03_network.ipynb)
