# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 11. Sprites in one network call
#
# Lesson 6 went from 500 network calls down to 20 without any training. With some training you can go down to one.

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
import math
import time
import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator, NullFormatter
import numpy as np
import torch
from IPython.display import Markdown, display

# %% [markdown]
# `model` is the network that the other lessons draw with, and `few` the one that this lesson is about; `ab_t` is the
# noise schedule of both. `real` are held-out sprites, `c` are contexts, `x_T` is pure noise.

# %%
model, ab_t = du.load_model(du.WEIGHTS / "unet.pth")
few, _ = du.load_model(du.WEIGHTS / "few_steps.pth")
device, T, real, train = du.best_device(), len(ab_t) - 1, du.load_sprites("held_out"), du.load_sprites("train")


def normal(n, seed):
    return torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(seed)).to(device)


x_T, c = normal(16, seed=1), torch.eye(5).repeat(4, 1)[:16].to(device)

# %%
teacher = du.Guided(model, 1.75)
walk = [x_T] + [step.x for step in du.sampler(teacher, ab_t, x_T, c, steps=20)]
once = list(du.sampler(few, ab_t, x_T, c, steps=1))[-1].x
du.film(
    {"unet.pth, 20 steps": torch.stack(walk), "few_steps.pth, 1 step": torch.stack([x_T] + 20 * [once])},
    labels=[f"steps so far: {k}" for k in range(21)], columns=4, scale=4, fps=4,
    alt="A film: 16 noise images turn into sprites in 20 steps; beside them the same after a single step",
)  # fmt: skip

# %% [markdown]
# Both halves start from the same noise and mostly end in the same sprites. The left half, `teacher`, is lesson 6's DDIM
# with lesson 5's guidance: it walks a curve, piece by piece. The right half knows where the curve ends.
#
# **You will be able to**
# - **explain** why straight paths from noise to images become curves, and why one step along a curve fails;
# - **turn** a trained denoiser into a flow, and train a flow from nothing in four lines;
# - **compare** Euler's and Heun's method by network calls;
# - **train** a network to jump to the end of the curve, and say what the jump costs.
#
# **You need** lessons 4 (training), 05 (guidance) and 06 (DDIM). **Time:** about 45 minutes; the cells run in about
# five on a laptop CPU.

# %% [markdown]
# ## 1. If every path is straight, why is one step not enough?
#
# The simplest way from an image x0 to noise eps is a straight line. Call r the share of
# noise, from 0 (image) to 1 (noise):
#
# $$x_r = (1-r)\;x0 + r\;eps \qquad\text{with velocity}\qquad \frac{dx_r}{dr} = eps - x0$$
#
# This is *flow matching*: a network learns the velocity, and drawing means walking from r = 1 back to 0. Each line has
# one velocity, so a single step should do. **What do you expect** from 24 such lines, between noise and two
# images that have only one pixel, dark (-0.8) or bright (0.8)?

# %%
images = torch.tensor([-0.8, 0.8])  # two images of a single pixel
dice = torch.Generator().manual_seed(0)
eps, chosen = torch.randn(24, generator=dice), torch.randint(2, (24,), generator=dice)
fig, ax = plt.subplots(figsize=(6, 3.2))
for k, colour in enumerate(("C0", "C1")):
    mine = eps[chosen == k]
    ax.plot([1, 0], torch.stack([mine, images[k].expand_as(mine)]), "-" if k else "--", color=colour, lw=1)
ax.set(xlabel="r, the share of noise (1: noise, 0: image)", ylabel="value of the pixel", xlim=(1, 0))
du.show_figure(fig, alt="24 straight lines from noise values on the left to two pixel values on the right; many cross")

# %% [markdown]
# The lines cross. At a crossing the network sees one pixel value but should answer two velocities. Trained with squared
# errors, it answers their average (lesson 7 met the same mean). Since $x_r - x0 = r\,(eps - x0)$, the average velocity
# needs only the average image, `mean_image`, weighted as in lesson 1 by how well each image explains x:
#
# $$u(x, r) = \frac{x - mean\_image(x, r)}{r}$$
#
# *Euler's method* walks along it in steps from r to s: $x_s = x_r + (s - r)\,u(x_r, r)$. **What do you expect** of the
# walks: do they still cross, and where does a single step end?


# %%
def mean_image(x, r):
    fit = -((x[:, None] - (1 - r) * images) ** 2) / (2 * r**2)
    return fit.softmax(1) @ images


def toy_velocity(x, r):
    return (x - mean_image(x, r)) / r


def euler(velocity, x, rs):
    for r, s in zip(rs, rs[1:]):
        x = x + (s - r) * velocity(x, r)
    return x


# %%
rs = torch.linspace(1, 0, 101).tolist()
curves = torch.stack([euler(toy_velocity, eps, rs[: i + 1]) for i in range(101)])
one, three = ([euler(toy_velocity, eps, r[: i + 1]) for i in range(len(r))] for r in ([1, 0], [1, 2 / 3, 1 / 3, 0]))
fig, axes = plt.subplots(1, 3, figsize=(8, 3), sharey=True)
for ax, path, title in zip(axes, (curves, torch.stack(three), torch.stack(one)), ("100 steps", "3 steps", "1 step")):
    for k, colour in enumerate(("C0", "C1")):
        ax.plot(torch.linspace(1, 0, len(path)), path[:, (curves[-1] > 0) == k], "-" if k else "--", color=colour, lw=1)
    ax.set(title=title, xlabel="r (1: noise, 0: image)", xlim=(1, 0))
axes[0].set_ylabel("value of the pixel")
du.show_figure(fig, alt="Walks along the average velocity: smooth curves that part, three bent steps, one step to zero")

# %%
assert torch.equal(curves[0].argsort(), curves[50].argsort())  # no walk overtakes another
assert torch.allclose(one[-1], images.mean().expand(24), atol=1e-6)
gap = (three[-1].abs() - 0.8).abs()
print(f"one step: all {len(eps)} pixels end at {one[-1].abs().max():.1f}, the mean of the two images")
print(f"three steps: {(gap < 0.05).sum()} of {len(eps)} pixels end within 0.05 of an image")

# %% [markdown]
# The walks no longer cross: where lines met, they bend and part. At r = 1 nothing
# says which image will come, so the first velocity points at the mean of all images, and a single step lands there:
# on a grey that no image has.

# %% [markdown]
# ## 2. Is the network that you have a flow already?
#
# It learned another path: $x_t = signal\;x0 + sigma\;eps$ with $signal = \sqrt{ab_t}$ and $sigma = \sqrt{1-ab_t}$. Draw
# both paths in a plane with the share of the image to the right and the share of noise upwards. Since $signal^2 +
# sigma^2 = 1$, the old path is a quarter of a circle; the straight one is its chord. **What do you expect**: which of the
# two velocities is `v`, the target of lesson 4?

# %%
angle = torch.linspace(0, math.pi / 2, 100)
at = torch.tensor(math.pi / 5)
signal, sigma = at.cos(), at.sin()
fig, ax = plt.subplots(figsize=(4.6, 4.2))
ax.plot(angle.cos(), angle.sin(), "C0", label="path of diffusion")
ax.plot([1, 0], [0, 1], "C1--", label="straight path")
ax.plot([0, signal], [0, sigma], ":", color="0.5")
ax.quiver(signal, sigma, -sigma, signal, color="C0", angles="xy", scale_units="xy", scale=2.5)
chord = signal + sigma
ax.quiver(signal / chord, sigma / chord, -1, 1, color="C1", angles="xy", scale_units="xy", scale=2.5)
ax.text(signal - 0.13, sigma + 0.28, "v")
ax.text(signal / chord - 0.36, sigma / chord + 0.18, "u")
ax.set(xlabel="share of the image x0", ylabel="share of the noise eps", xlim=(0, 1.1), ylim=(0, 1.3), aspect="equal")
ax.legend(loc="upper right")
du.show_figure(fig, alt="A quarter circle and its chord from image to noise, with the velocity v on one, u on the other")

# %% [markdown]
# `v`, which is $signal\;eps - sigma\;x0$, runs along the circle, and `u`, which is $eps - x0$, along the chord. The dotted
# line joins two points with the same ratio of image to noise. They are the *same picture* at two contrasts: divide the
# straight one by $norm = \sqrt{(1-r)^2 + r^2}$ and you have the round one. So scale, ask the network, and turn its answer:
#
# $$x_t = x_r / norm,\quad signal = (1-r)/norm,\quad sigma = r/norm$$
#
# $$u = (signal + sigma)\;v - (signal - sigma)\;x_t$$
#
# (Put $x0 = signal\;x_t - sigma\;v$ and $eps = sigma\;x_t + signal\;v$ of lesson 4 into $eps - x0$.) `r_of` holds the
# share of noise at each of the network's times.

# %%
r_of = ((1 - ab_t).sqrt() / (ab_t.sqrt() + (1 - ab_t).sqrt())).tolist()


def flow_of(network, c):
    """The velocity u(x, r) on the straight path, from a network that answers v."""

    def velocity(x, r):
        norm = math.hypot(1 - r, r)
        signal, sigma, x_t = (1 - r) / norm, r / norm, x / norm
        t = np.interp(r, r_of, range(T + 1))  # the time at which the network met this ratio
        v = network(x_t, torch.full((len(x),), t / T, device=x.device), c)
        return (signal + sigma) * v - (signal - sigma) * x_t

    return velocity


x_300 = du.add_noise(real.x[:16].to(device), 300, x_T, ab_t)
v = model(x_300, torch.full((16,), 300 / T, device=device), c)
x0, eps_300 = du.to_x0_eps(v, x_300, 300, ab_t, "v")
u = flow_of(model, c)(x_300 * math.hypot(1 - r_of[300], r_of[300]), r_of[300])
assert torch.allclose(u, eps_300 - x0, atol=1e-3)
print(f"time 300 of {T} is r = {r_of[300]:.3f}; there u is eps - x0: True")

# %% [markdown]
# Now walk: the same `euler` as in the toy, over the shares of noise at DDIM's times. **What do you expect** beside the
# sprites of DDIM, from the same noise?

# %%
rows, times = {}, {n: [r_of[t] for t in du.sampling_times(T, n)] for n in (1, 2, 4, 8, 20)}
start = x_T * math.hypot(1 - r_of[T], r_of[T])  # the same noise on the straight path: there is a trace of image in it
for n, rs in times.items():
    rows[f"Euler, n = {n}"] = euler(flow_of(teacher, c), start, rs)[:10]
ddim = du.sample(teacher, ab_t, 16, c, seed=1, steps=20)[:10]
gap = (rows["Euler, n = 20"] - ddim).abs().max().item()
assert gap < 0.01
print(f"Euler and DDIM with 20 steps differ by at most {gap:.5f}")
du.show_rows(rows | {"DDIM, n = 20": ddim}, scale=4, alt="Ten sprites by Euler in 1 to 20 steps: mush, then DDIM's")

# %% [markdown]
# They are the same. Over one step both keep the guessed pair (x0, eps) and mix it anew; the straight path only writes it
# more simply. So DDIM *is* Euler's method on the straight flow, and every denoiser of this course is a flow. And one
# step draws what the toy told us: about the mean of a class, whatever the noise.

# %% [markdown]
# ## 3. Can you train a flow from nothing?
#
# Yes, with no schedule and no square root. Four lines make the loss: draw r, mix, ask, compare with $eps - x0$. **What do
# you expect** after less than a minute?

# %%
SIDE_STEPS = 1000  # of training; less than a minute on two quiet cores

# %%
torch.manual_seed(0)
flow = du.Unet().to(device)
ema, optimizer = du.EMA(flow, half_life=100), torch.optim.AdamW(flow.parameters(), betas=(0.9, 0.99))
start = time.perf_counter()
for step in range(SIDE_STEPS):
    optimizer.param_groups[0]["lr"] = 3e-3 * (1 - step / SIDE_STEPS)
    rows = torch.randint(len(train.x), (32,))
    x0, labels = train.x[rows].to(device), train.c[rows].to(device)
    eps, r = torch.randn_like(x0), torch.rand(32, device=device)
    x_r = (1 - r)[:, None, None, None] * x0 + r[:, None, None, None] * eps
    loss = (flow(x_r, r, labels) - (eps - x0)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    ema.update(flow)
flow_s = time.perf_counter() - start
print(f"{SIDE_STEPS} steps of 32 sprites in {flow_s:.0f} s, last loss {loss.item():.3f}")


# %%
def young_velocity(x, r):
    return ema.model(x, torch.full((len(x),), r, device=x.device), c)


with torch.no_grad():
    rows = {f"Euler, n = {n}": euler(young_velocity, x_T, torch.linspace(1, 0, n + 1).tolist())[:10] for n in (1, 4, 20)}
du.show_rows(rows, scale=4, alt=f"Ten sprites from the young flow by Euler with 1, 4 and 20 steps, after {flow_s:.0f} s")

# %% [markdown]
# Shapes and colours are there after seconds of training, as with v in lesson 4. The loss is a diffusion loss in
# other clothes: by section 2's formula an error in u is $signal + sigma$ times the error in v, so the two losses differ
# only in how much each noise level counts.

# %% [markdown]
# ## 4. Does a better step need fewer calls?
#
# Euler assumes that the velocity at the start of a step holds until its end. *Heun's method* looks: it takes the step,
# asks for the velocity there, goes back and takes it again with the average of the two.
#
# $$x' = x_r + (s-r)\,u(x_r, r) \qquad x_s = x_r + (s-r)\,\tfrac12\big(u(x_r, r) + u(x', s)\big)$$
#
# That is second order, at two calls a step (one in the last, as at s = 0 there is no noise to ask about). **What do you
# expect** if both may make the same number of calls?

# %%
SCORED = 200  # sprites to draw for a score


# %%
def heun(velocity, x, rs):
    for r, s in zip(rs, rs[1:]):
        u = velocity(x, r)
        ahead = x + (s - r) * u
        if s > 0:
            ahead = x + (s - r) * (u + velocity(ahead, s)) / 2
        x = ahead
    return x


# %%
wishes, noise = torch.eye(5).repeat(SCORED // 5, 1).to(device), normal(SCORED, seed=4)
known = torch.cat([train.x[train.c[:, k] == 1][: SCORED // 5] for k in range(5)])  # of each class as many
floor = du.frechet_distance(known, real.x)

# %%
by_calls = {"Euler (DDIM)": {}, "Heun": {}, "2M": {}}
for n in (2, 4, 8, 12):
    rs = [r_of[t] for t in du.sampling_times(T, n)]
    by_calls["Euler (DDIM)"][n] = du.frechet_distance(euler(flow_of(model, wishes), noise, rs), real.x)
    by_calls["2M"][n] = du.frechet_distance(du.sample(model, ab_t, SCORED, wishes, seed=4, steps=n, order=2), real.x)
    rs = [r_of[t] for t in du.sampling_times(T, n // 2)]
    by_calls["Heun"][n - 1] = du.frechet_distance(heun(flow_of(model, wishes), noise, rs), real.x)

# %%
fig, ax = plt.subplots(figsize=(6, 3.4))
for (name, scores), style in zip(by_calls.items(), ("o--C0", "s-C1", "^:C2")):
    ax.plot(scores.keys(), scores.values(), style, label=name)
ax.axhline(floor, color="0.6", label="real sprites (the floor)")
ax.set(yscale="log", xlabel="network calls", ylabel=f"Fréchet distance ({SCORED} sprites)", xticks=range(0, 13, 2))
ax.legend()
du.show_figure(fig, alt="Fréchet distance against network calls for Euler, Heun and 2M: all fall steeply from 2 to 12")

# %% [markdown]
# Looking ahead pays: with 7 and 11 calls, Heun stands below Euler, about level with 2M of lesson 6, which looks back at
# its last answer instead. But mind the left end of the log axis: with two calls no solver draws clean sprites, with one
# all draw the mean. To get there, something else must change: the curve, or what the network answers.

# %% [markdown]
# ## 5. What must the answer in one call be?
#
# Back to the toy, where everything can be computed. **What do you expect** of the image at the end of the curve, as a
# function of the noise it starts from?

# %%
start_at = torch.linspace(-2, 2, 400)
end = euler(toy_velocity, start_at, torch.linspace(1, 0, 201).tolist())
fig, axes = plt.subplots(1, 2, figsize=(8, 3))
axes[0].plot(start_at, mean_image(start_at, 1.0), "C0--", label="what a denoiser answers: the mean")
axes[0].plot(start_at, end, "C1", label="where the curve ends")
axes[0].set(xlabel="noise, at r = 1", ylabel="value of the pixel", ylim=(-1, 1.9))
axes[0].legend(loc="upper left", fontsize=9)
axes[1].plot([1, 0], torch.stack([start_at, end])[:, ::16], "C1", lw=1)
axes[1].set(xlabel="r (1: noise, 0: image)", ylabel="value of the pixel", xlim=(1, 0), title="each noise with its own end")
fig.tight_layout()
assert (end.diff() > -1e-3).all()  # the lines on the right do not cross
du.show_figure(fig, alt="The end of the curve jumps from dark to bright at noise 0, the mean is flat; lines without crossing")

# %% [markdown]
# At r = 1 a denoiser sees no difference between noises. The curve does: it ends on the dark image or on the bright one, with a
# *jump* between them. On the right are straight lines again, but each noise is now paired with its own end, and none
# cross. Two ways to one call follow:
#
# - *Reflow*: train the four lines of section 3 again, on such pairs. As far as none cross, nothing is averaged, and one
#   Euler step arrives. It needs a stock of finished pairs.
# - *Consistency*: change what the network answers. The answer at every point of a curve shall be the image at its end.
#
# We take the second: $end(x_t, t) = signal\;x_t - sigma\;v$. At t = 0, signal is 1 and sigma
# 0, so the end is $x_0$ itself, whatever the network says: there the answer is right for free. And neighbours on one
# curve have the same end:
#
# $$loss = \lVert\,end(x_t, t) - end(x_s, s)\,\rVert \qquad s = t - 25$$
#
# where $x_s$ is one DDIM step of the *teacher* away from $x_t$, and no gradient flows into the second answer: the point
# nearer to the image teaches the one farther away. So what is right at t = 0 spreads upwards.


# %%
def end_of(network, x, t, c):
    """The image at the end of the curve through x (B, C, H, W), for times t (B,)."""
    v = network(x, t.to(x.device) / T, c)
    return du.to_x0_eps(v, x, t, ab_t, "v")[0]


zero = torch.zeros(16, dtype=torch.long)
assert torch.equal(end_of(model, real.x[:16].to(device), zero, c), real.x[:16].to(device))
print("at t = 0 the end of the curve is the image itself: True")


# %%
class Consistency(du.Trainer):
    def loss_of(self, x0, c, t, noise, weight):
        s = (t - T // 20).clamp(min=0)
        x_t = du.add_noise(x0, t, noise, ab_t)
        with torch.no_grad():
            guess = end_of(teacher, x_t, t, c).clamp(-1, 1)
            signal, sigma = du.signal_and_noise(ab_t, t, x_t)
            x_s = du.add_noise(guess, s, (x_t - signal * guess) / sigma, ab_t)
            aim = end_of(self.model, x_s, s, c).clamp(-1, 1)
        squared = (end_of(self.model, x_t, t, c) - aim).square().sum((1, 2, 3))
        losses = (squared + 0.03**2).sqrt() - 0.03  # the norm, rounded off near 0
        return losses.mean(), losses.detach()


# %% [markdown]
# The student starts as a copy of the teacher. Its teacher is *guided* (lesson 5, w = 1.75), so that the student learns to
# draw with guidance in one call, without the second half of the batch. **What do you expect** to see first: outlines,
# colours or classes?

# %%
SECONDS = 60

# %%
student = du.load_model(du.WEIGHTS / "unet.pth")[0].requires_grad_(True)
how = dict(lr=5e-4, batch=32, warmup=50, half_life=100, drop=0.0, seed=0)
trainer, handle = Consistency(student, train, ab_t, **how), display(display_id=True)


def one_call(network):
    return du.sample(network, ab_t, 16, c, seed=1, steps=1)[:10]


stages = {"before": one_call(model)}
for p in trainer.run(seconds=SECONDS):
    if p.done >= len(stages) ** 2 / 16:  # after 1/16, 1/4, 9/16 and all of the time
        stages[f"{p.seconds:.0f} s, {p.step} steps"] = one_call(trainer.ema.model)
        handle.update(du.show_rows(stages, scale=4, alt=f"Sprites in one call, before training to step {p.step}"))

# %% [markdown]
# Outlines and colours come within seconds; in a minute the mean of a class becomes a sprite. `few_steps.pth` went on
# like this for a quarter of an hour; for a few minutes more the norm was that of each number, not of the image
# (`weights/train_few_steps.py`). Here are both, and the teacher's 20 steps.

# %%
rows = {f"yours, {trainer.step} steps": stages[list(stages)[-1]], "few_steps.pth": one_call(few)}
rows["teacher, 20 steps"] = ddim
near = {name: (x - ddim).square().mean().sqrt().item() for name, x in (rows | {"before": stages["before"]}).items()}
print("RMSE to the end of the teacher's curve:", ", ".join(f"{name} {near[name]:.2f}" for name in ("before", *rows)))
du.show_rows(rows, scale=4, alt="Ten sprites in one call by your student and by few_steps.pth; below, the teacher's")

# %% [markdown]
# The same noise mostly leads to the same creature in all rows. What the longer training adds is firm outlines, not
# closeness to the teacher: it settles for one of the possible ends where the short one still mixes them. Where one
# call is soft, look at the toy's jump: near the border between two ends, a smooth network answers something between
# them.

# %% [markdown]
# ## 6. What do one, two and four calls cost, and what do they lose?
#
# A jump need not be the last word. Add *fresh* noise to the answer, less than before, and jump again:
#
# $$x_t = signal\;x + sigma\;z \qquad x = end(x_t, t)$$
#
# So a second call may correct what the first got wrong. **What do you expect**: how many
# calls does the new network need to meet DDIM with 20?


# %%
def jumps(network, x, times, c, seed):
    dice = torch.Generator().manual_seed(seed)
    for t in times:  # such as [500, 250]: noise, then the answer with half of the way undone
        t = torch.full((len(x),), t)
        if t[0] < T:
            x = du.add_noise(x, t, torch.randn(x.shape, generator=dice).to(x.device), ab_t)
        x = end_of(network, x, t, c).clamp(-1, 1)
    return x


# %%
drawn, ms = {}, {}


def race(name, calls, draw):
    start = time.perf_counter()
    drawn[name, calls] = draw().cpu()  # .cpu() waits until a GPU is done
    ms[name, calls] = 1000 * (time.perf_counter() - start) / SCORED


def sampled(network, **how):
    return lambda: du.sample(network, ab_t, SCORED, wishes, seed=4, clip=True, **how)


for n in (1, 2, 4):
    race("few_steps.pth", n, lambda n=n: jumps(few, noise, du.sampling_times(T, n)[:-1], wishes, seed=5))
for n in (5, 10, 20):
    race("2M", n, sampled(model, steps=n, order=2))
for n in (10, 20, 50):
    race("DDIM", n, sampled(model, steps=n))
for n in (5, 10):
    race("2M, guided, with noise", 2 * n, sampled(teacher, steps=n, order=2, eta=1.0))
race("DDPM", 100, sampled(model, steps=100, eta=1.0))

# %%
score = {key: du.sprite_score(x, wishes, real.x) for key, x in drawn.items()}
fig, ax = plt.subplots(figsize=(7.5, 4.2))
STYLES = {"few_steps.pth": "D-k", "2M": "^:C2", "DDIM": "o--C0", "2M, guided, with noise": "v-C2", "DDPM": "sC1"}
for name, style in STYLES.items():
    keys = [key for key in drawn if key[0] == name]
    ax.plot([ms[key] for key in keys], [score[key]["frechet"] for key in keys], style, label=name)
    for key in keys:
        ax.annotate(key[1], (ms[key], score[key]["frechet"]), textcoords="offset points", xytext=(4, 5), fontsize=8)
ax.axhline(floor, color="0.6", label="real sprites (the floor)")
ax.set(xscale="log", yscale="log", xlabel="milliseconds for one sprite", ylabel=f"Fréchet distance ({SCORED} sprites)")
ax.yaxis.set_major_locator(LogLocator(subs=[1, 2, 3, 5]))
for axis in (ax.xaxis, ax.yaxis):
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())
ax.legend(fontsize=8)
du.show_figure(fig, alt="Fréchet distance against milliseconds on log axes: few_steps.pth lies far to the left of the rest")

# %% [markdown]
# The numbers beside the marks are network calls (a guided step counts twice). `few_steps.pth` stands alone at the
# left. Four calls do better than one: the later calls start from an image, not from nothing. The lowest marks are not
# its own: they took more steps, with fresh noise. With four calls it meets the 20 of the chart's DDIM.
#
# But one runner is missing: that DDIM is not guided, and the student's teacher is, with w = 1.75. In 20 steps, which are
# 40 calls, the teacher scored 1.28 from this noise and 1.14 from another, where four calls of the student scored 2.13 and
# 2.08, and unguided DDIM 2.21 and 1.98. So the student is ten times as fast as its teacher, and has not caught up with it.
#
# The score hides what is lost. Three more numbers, each as a share of that of real sprites: the *diversity*, the *edges*
# (mean difference between neighbouring pixels), and the distance to the nearest training sprite (far below 1 would mean
# copying; but grain alone makes it larger, so that above 1 it proves little).


# %%
def edges(x):
    return (x.diff(dim=2).abs().mean() + x.diff(dim=3).abs().mean()).item()


far = du.nearest(real.x[:SCORED], train.x)[0].median()
print(f"{'':24} calls  as asked  diversity  edges  nearest")
for key in [("few_steps.pth", n) for n in (1, 2, 4)] + [("DDIM", 20), ("2M, guided, with noise", 20), ("DDPM", 100)]:
    s, x = score[key], drawn[key]
    s["edges"], s["nearest"] = edges(x) / edges(real.x), (du.nearest(x, train.x)[0].median() / far).item()
    print(f"{key[0]:24} {key[1]:5} {s['asked']:9.0%} {s['diversity']:10.2f} {s['edges']:6.2f} {s['nearest']:8.2f}")

# %%
rows = {f"{n} call{'s' * (n > 1)}": drawn["few_steps.pth", n][:10] for n in (1, 2, 4)}
rows["nearest to 1 call"] = train.x[du.nearest(drawn["few_steps.pth", 1][:10], train.x)[1]]
rows["DDPM, 100 calls"] = drawn["DDPM", 100][:10]
du.show_rows(rows, scale=4, alt="Ten sprites with 1, 2 and 4 calls, the training sprites nearest to the first row, DDPM's")

# %% [markdown]
# One call loses diversity, and where it is unsure it draws grain. The number of edges hides that, for grain has edges, too;
# the eye does not. Each further call redraws the sprite from less noise and cleans it, at the price of changing it. The
# nearest training sprites are related but not the same, as far as ten of them can show: none of these is a copy.

# %% [markdown]
# ## Try it
#
# Choose a method and its number of calls. How few does each need before you would use the sprites in a game? And what
# happens to `few_steps.pth` with *many* calls?

# %%
METHODS = {"DDIM": {}, "2M": {"order": 2}, "DDPM": {"eta": 1.0}}


def compete(method="few_steps.pth", calls=1, seed=1, kind="all"):
    context = torch.eye(5)[[i % 5 if kind == "all" else du.CLASSES.index(kind) for i in range(20)]].to(device)
    start = time.perf_counter()
    if method in METHODS:
        x = du.sample(model, ab_t, 20, context, seed=seed, steps=calls, clip=True, **METHODS[method])
    else:
        x = jumps(few, normal(20, seed), du.sampling_times(T, calls)[:-1], context, seed + 1)
    x, took = x.cpu(), time.perf_counter() - start
    asked = (du.features_of(x)[1] == context.cpu().argmax(1)).sum()
    picture = du.show(x, columns=10, scale=4, alt=f"20 sprites by {method} with {calls} network calls")
    return picture, f"{1000 * took:.0f} ms for 20 sprites, {asked} of 20 recognised as asked"


widgets.try_it(compete, method=["few_steps.pth", *METHODS], calls=(1, 30), seed=(0, 50), kind=["all", *du.CLASSES])

# %% [markdown]
# ## Exercises
#
# ### Exercise 11.1: the velocity in an answer
# *Difficulty 1 of 3, 5 minutes.*
#
# A network was trained with v. Images `x` at whole times `t` (B,) went in, `v` came out. Return the velocity
# $u = eps - x0$ of the straight path, for each image. `signal` and `sigma` are the roots of `ab_t[t]` and `1 - ab_t[t]`.

# %% tags=["exercise"]
def my_velocity(x, v, t, ab_t):
    """u (B, C, H, W) from images x and answers v, both (B, C, H, W), times t (B,) and ab_t (T + 1,)."""
    return ...  # your code here


checks.check_velocity(my_velocity)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_velocity(x, v, t, ab_t):
    ab = ab_t[t].float()[:, None, None, None]
    signal, sigma = ab.sqrt(), (1 - ab).sqrt()
    return (signal + sigma) * v - (signal - sigma) * x


result = checks.check_velocity(solution_velocity)
assert result.passed
result

# %% [markdown]
# ### Exercise 11.2: one step of Heun
# *Difficulty 2 of 3, 10 minutes.*
#
# `velocity(x, r)` answers for any r, also for 0. Take one step of Heun's method from `r` to `s`. With it you can walk
# along any flow, whoever trained it.

# %% tags=["exercise"]
def my_heun_step(velocity, x, r, s):
    """x at s from x (B, C, H, W) at r; velocity(x, r) is (B, C, H, W), and r and s are numbers in 0..1."""
    return ...  # your code here


checks.check_heun_step(my_heun_step)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_heun_step(velocity, x, r, s):
    u = velocity(x, r)
    ahead = x + (s - r) * u  # Euler's step, only to look around there
    return x + (s - r) * (u + velocity(ahead, s)) / 2


result = checks.check_heun_step(solution_heun_step)
assert result.passed
result

# %% [markdown]
# ### Exercise 11.3: a few jumps
# *Difficulty 2 of 3, 10 minutes.*
#
# `end(x, t)` answers the image at the end of the curve through `x` at time `t`, an int. `times` falls, as in [500, 250];
# `noises` has one noise for each. The first is the start; mix each other one with the last answer, for its time. Return
# the last answer.

# %% tags=["exercise"]
def my_jumps(end, noises, times, ab_t):
    """Images (B, C, H, W) from len(times) noises of that shape, len(times) ints and ab_t (T + 1,)."""
    return ...  # your code here


checks.check_jumps(my_jumps)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_jumps(end, noises, times, ab_t):
    x = end(noises[0], times[0])
    for z, t in zip(noises[1:], times[1:]):
        x = end(ab_t[t].sqrt() * x + (1 - ab_t[t]).sqrt() * z, t)
    return x


result = checks.check_jumps(solution_jumps)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
f = {key: s["frechet"] for key, s in score.items()}
one, four, ddpm = ("few_steps.pth", 1), ("few_steps.pth", 4), ("DDPM", 100)
Markdown(f"""
- In one call `few_steps.pth` reached a Fréchet distance of {f[one]:.1f}, in two {f["few_steps.pth", 2]:.1f}, in four
  {f[four]:.1f} ({SCORED} sprites; as many real ones: {floor:.1f}). DDIM stood at {f["DDIM", 20]:.1f} after 20 calls, 2M at
  {f["2M", 10]:.1f} after 10, DDPM at {f[ddpm]:.1f} after 100.
- A sprite took {ms[one]:.2f} ms with one call, {ms[four]:.2f} with four, {ms["DDIM", 20]:.1f} with DDIM's 20 and
  {ms[ddpm]:.0f} with DDPM's 100.
- One call drew {score[one]["asked"]:.0%} as asked, four {score[four]["asked"]:.0%}. Against real sprites, one call kept
  {score[one]["diversity"]:.0%} of the diversity and {score[one]["edges"]:.0%} of the edges, four
  {score[four]["diversity"]:.0%} and {score[four]["edges"]:.0%}.
- {SECONDS} seconds of consistency training ({trainer.step} steps) moved the one-call sprites from an RMSE of
  {near["before"]:.2f} to {near[f"yours, {trainer.step} steps"]:.2f} from the end of the teacher's curve; the shipped
  network is at {near["few_steps.pth"]:.2f}.
- Without training, 8 calls of Euler scored {by_calls["Euler (DDIM)"][8]:.1f}, 7 of Heun {by_calls["Heun"][7]:.1f}.
""")

# %% [markdown]
# ## Quiz
#
# **1. Each training path is a straight line. Why do samples need several steps?**
# <details><summary>Answer</summary>
# The lines cross, and the network can give one answer at each point: the average velocity. Walks along the average do
# not cross, they bend.
# </details>
#
# **2. A friend sells you "flow matching instead of diffusion" for a network that you already trained with v. What do you
# gain?**
# <details><summary>Answer</summary>
# No new samples: after a change of scale and time your network is a flow, and DDIM is Euler's method on it. Training
# anew would change how much each noise level counts.
# </details>
#
# **3. In consistency training, both answers come from the same network. What keeps it from always answering grey?**
# <details><summary>Answer</summary>
# The end at t = 0. There the answer is the image itself, because sigma is 0; the point just above is taught by that,
# the next by the one below it, and so on. (And the gradient is stopped in the answer that teaches.)
# </details>
#
# **4. You want the sprite of one call sharper, and take four calls. Why is it a different sprite?**
# <details><summary>Answer</summary>
# Between calls the old noise is thrown away and fresh noise added, so the next call starts on another curve.
# </details>
#
# ## Going further
#
# - Lipman et al., *Flow Matching for Generative Modeling* (2023), and Liu, Gong, Liu, *Flow Straight and Fast* (2023):
#   straight paths; the second introduces reflow.
# - Song, Dhariwal, Chen, Sutskever, *Consistency Models* (2023): section 5's loss, with and without a teacher.
# - Song, Dhariwal, *Improved Techniques for Training Consistency Models* (2024): the rounded-off norm, and no teacher.
# - Esser et al., *Scaling Rectified Flow Transformers for High-Resolution Image Synthesis* (2024): flow matching in a
#   large model, and which r to practise most.
# - Yin et al., *Improved Distribution Matching Distillation* (2024): one call, from a loss that compares distributions.
#
# Next: [12_bug_museum](12_bug_museum.ipynb)
