# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 6. Sprites in a twentieth of the time
#
# DDPM, the sampler of lesson 02, removes noise in 500 steps, one network call each. This lesson draws with 20 calls,
# with the same weights and no training.

# %%
import sys
sys.path.insert(0, "..")  # the shared module lies one folder up
import diffusion_utilities as du
import widgets
import checks
import functools
import time
import matplotlib.pyplot as plt
import torch
from IPython.display import Markdown

# %% [markdown]
# The trained network comes with its schedule `ab_t`, the share of signal power left at time t, from t = 0 (clean) to T =
# 500 (noise); `ab` is the same as a list. `real` are held-out sprites, which it never saw; `c` are their *contexts*,
# one-hot rows that name a class. `x_T` is pure noise.

# %%
model, ab_t = du.load_model(du.WEIGHTS / "unet.pth")
T, ab, real = len(ab_t) - 1, ab_t.tolist(), du.load_sprites("held_out", n=1000)


def normal(n, seed):
    return torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(seed)).to(du.best_device())


x_T, c = normal(16, seed=1), real.c[:16]

# %% [markdown]
# Now a race between two samplers, from the same noise and contexts.


# %%
def walk(**how):
    start = time.perf_counter()
    steps = list(du.sampler(model, ab_t, x_T, c, generator=torch.Generator().manual_seed(2), **how))
    return steps, time.perf_counter() - start


slow, slow_s = walk(steps=500, eta=1.0)
fast, fast_s = walk(steps=20, eta=0.0)
a, b = slow[-1].x, fast[-1].x
rows = {f"DDPM: 500 steps\n{slow_s:.1f} seconds": a[:8], " ": a[8:]}
rows |= {f"DDIM: 20 steps\n{fast_s:.1f} seconds": b[:8], "  ": b[8:]}
du.show_rows(rows, scale=4, alt="16 sprites by DDPM with 500 steps; below, 16 by DDIM with 20, from the same noise")

# %%
calls = [*range(2, 21, 2), *range(60, 501, 40)]
left = torch.stack([slow[k - 1].x for k in calls])
right = torch.stack([fast[min(k, 20) - 1].x for k in calls])
du.film(
    {f"DDPM, {slow_s:.1f} s in all": left, f"DDIM, {fast_s:.1f} s in all": right},
    labels=[f"after {k} network calls" for k in calls],
    columns=4,
    fps=5,
    alt="A film of a race: after 20 network calls DDIM shows sprites, DDPM still shows noise",
)

# %% [markdown]
# After 20 network calls DDIM is ready, and DDPM still shows noise. They draw different sprites (section 4 says why); how
# good they are, sections 3 and 5 measure.
#
# **You will be able to**
# - **write** a DDIM sampler in six lines, for any number of steps;
# - **measure** what fewer steps cost in quality and save in seconds;
# - **choose** between DDPM, DDIM and a second-order solver;
# - **turn** a sprite back into noise, and walk from one sprite to another.
#
# **You need** lessons 02 (sampling) and 05 (context). **Time:** about 45 minutes; the cells run in three on a laptop CPU.

# %% [markdown]
# ## 1. May a network that was trained on 500 small steps take large ones?
#
# In training the network got a time t and a noisy image $x_t = \sqrt{ab_t}\;x0 + \sqrt{1-ab_t}\;eps$, mixed in one go
# from a sprite x0 and noise eps. It never saw a step of any length, only what images look like at each *single* noise
# level (the *marginals*). So any walk whose images look right at each level that it visits may use the network.
#
# Here is one. At time t, let the network guess the two ingredients, `x0` and `eps`, then mix them for an earlier time s:
#
# $$x_s = \sqrt{ab_s}\;x0 + \sqrt{1-ab_s}\;eps$$
#
# **What do you expect?** Eight real sprites are noised to t = 300. How good is the guess x0, and does the jump to s =
# 150 look like an honest x_150?


# %%
def guess(x, t, c=None):
    out = model(x, torch.full((len(x),), t / T), c)
    return du.to_x0_eps(out, x, t, ab_t, model.predicts)


t, s = 300, 150
clean, noise = real.x[:8].to(x_T), normal(8, seed=3)
x_t = du.add_noise(clean, t, noise, ab_t)
x0, eps = guess(x_t, t, c[:8])
x_s = ab[s] ** 0.5 * x0 + (1 - ab[s]) ** 0.5 * eps
rows = {"clean": clean, f"x_t, t = {t}": x_t, "guess x0": x0, f"jump to s = {s}": x_s}
rows[f"honest x_{s}"] = du.add_noise(clean, s, noise, ab_t)
du.show_rows(rows, scale=4, alt="Sprites, noised to t = 300, the guess of them, the jump to 150, true x_150")

# %% [markdown]
# The guess is soft: an average over everything that x_t could have been. But the jump is hard to tell from the honest
# x_150, so the network can be asked again there, for a sharper guess.
#
# Now walk. `times` is a list that falls from T to 0.


# %%
def ddim(x, times, c=None):
    for t, s in zip(times, times[1:]):
        x0, eps = guess(x, t, c)
        x = ab[s] ** 0.5 * x0 + (1 - ab[s]) ** 0.5 * eps
    return x


times = list(range(T, -1, -T // 20))  # 500, 475, ..., 25, 0: 20 steps
assert torch.allclose(ddim(x_T, times, c), du.sample(model, ab_t, 16, c, seed=1, steps=20, eta=0), atol=1e-3)
print(f"{len(times) - 1} steps; what you just wrote is du.sampler(..., eta=0)")

# %% [markdown]
# That is all of DDIM. The context just goes through: here is the same noise with none, then with each class.
#
# **What do you expect** to stay the same down a column?

# %%
x, labels = x_T[:9], torch.eye(5)
rows = {"no context": ddim(x, times)}
for name, label in zip(real.classes, labels):
    rows[name] = ddim(x, times, label.expand(9, -1))
du.show_rows(rows, scale=4, alt="Six rows from the same nine noise images: no context, then one row for each class")

# %% [markdown]
# Each row draws its class. Down a column, rough layout and colours often stay, as they were already in the noise: with
# DDIM, noise and context fix the sprite.

# %% [markdown]
# ## 2. How do you split 500 times into n steps?
#
# The obvious code takes strides of `T // n`, from t to `t - T // n`. It is right for 20, 25 and 50. **What do you
# expect** it to do for n = 30, where `500 // 30` is 16?


# %%
def strides(n):
    times = list(range(T, 0, -(T // n)))
    return times + [times[-1] - T // n]


print("   n    strides: calls, last time    sampling_times: calls, last time")
for n in (7, 20, 30, 300, 499):
    wrong, right = strides(n), du.sampling_times(T, n)
    print(f"{n:4d} {len(wrong) - 1:17d} {wrong[-1]:10d} {len(right) - 1:24d} {right[-1]:10d}")
print("strides(30) ends", strides(30)[-4:], "   sampling_times(500, 30) ends", du.sampling_times(T, 30)[-4:])

# %% [markdown]
# For n = 30 it makes 32 calls and ends at time -12; for n = 300 it quietly runs all 500 steps. And -12 is no error in
# Python: `ab[-12]` counts from the *end* of the list, and is `ab[489]`, nearly pure noise. The fix: round the ideal
# times and walk the list in pairs, $times = \mathrm{round}(\mathrm{linspace}(T, 0, n+1))$.

# %%
wrong = strides(30)
before = ddim(x_T[:9], wrong[:-1], c[:9])
after = ddim(before, wrong[-2:], c[:9])
right = ddim(x_T[:9], du.sampling_times(T, 30), c[:9])
rows = {f"strides, at t = {wrong[-2]}": before, f"strides, at {wrong[-1]}": after, "sampling_times": right}
du.show_rows(rows, scale=4, alt="Strides: sprites at t = 4, noise after the jump to -12. Rounded times: sprites")

# %% [markdown]
# One call before the end the sprites are all there; the last jump turns them back into noise. A sampler that works
# for the n you tried may be wrong for the next.

# %% [markdown]
# ## 3. How few steps can you afford?
#
# To say "better" you need a number. The *Fréchet distance*, here the score, compares 100 drawn sprites with the 1,000
# held-out ones, in the features of a small classifier: lower is better. It depends on the number of images, so the floor
# is the score of 100 real training sprites.
#
# **What do you expect** from 5 steps: noise, mush, or sprites?

# %%
N, score, seconds, drawn = 100, {}, {}, {}


def draw(name, steps, **how):
    if (name, steps) in score:
        return  # drawn before
    start = time.perf_counter()
    x = drawn[name, steps] = du.sample(model, ab_t, N, real.c[:N], seed=4, steps=steps, **how)
    seconds[name, steps] = time.perf_counter() - start
    score[name, steps] = du.frechet_distance(x, real.x)


floor = du.frechet_distance(du.load_sprites("train", n=N).x, real.x)

# %%
rows = {}
for steps in (250, 100, 50, 25, 10, 5):
    draw("DDIM", steps)
    label = f"{steps} steps: {seconds['DDIM', steps]:.1f} s\nscore {score['DDIM', steps]:.1f}"
    rows[label] = drawn["DDIM", steps][:12]
rows[f"real sprites\nscore {floor:.1f}"] = real.x[:12]
du.show_rows(rows, alt="The same 12 noise images drawn with 250, 100, 50, 25, 10 and 5 DDIM steps, and real sprites")

# %%
per_step = {steps: 1000 * seconds["DDIM", steps] / steps for steps in (250, 100, 50, 25, 10, 5)}
print("milliseconds for each step:", ", ".join(f"{steps} steps: {ms:.0f}" for steps, ms in per_step.items()))

# %% [markdown]
# A step is one network call, so the time grows in proportion to the steps. Quality does not: down to 25 steps you must
# look closely, and only the last rows go soft. Most columns keep their sprite.

# %% [markdown]
# ## 4. Does fresh noise help or hurt?
#
# DDPM adds fresh noise after every step but the last. It and DDIM are two ends of one family, whose dial `eta` says
# how much of the noise at time s is fresh (`z`) instead of the guessed `eps`:
#
# $$\sigma = eta\,\sqrt{\tfrac{1-ab_s}{1-ab_t}}\,\sqrt{1-\tfrac{ab_t}{ab_s}}\qquad
# x_s = \sqrt{ab_s}\;x0 + \sqrt{1-ab_s-\sigma^2}\;eps + \sigma z$$
#
# Either way the variance of the noise is $1-ab_s$. With eta = 0 nothing is fresh (DDIM); eta = 1 is DDPM.
#
# **What do you expect** of eta = 1 with 5 steps, and with 25?

# %%
rows, dial = {}, {0.0: "DDIM", 0.5: "half", 1.0: "DDPM"}
for steps in (5, 25):
    for eta, name in dial.items():
        draw(name, steps, eta=eta)
        rows[f"{steps} steps, eta = {eta}\nscore {score[name, steps]:.1f}"] = drawn[name, steps][:12]
    scores = {eta: score[name, steps] for eta, name in dial.items()}
    print(f"with {steps} steps the best score has eta = {min(scores, key=scores.get)}")
du.show_rows(rows, alt="Twelve sprites with eta 0, 0.5 and 1, for 5 steps and for 25; each eta draws other sprites")

# %% [markdown]
# Two things pull against each other. Fresh noise lets the network correct earlier mistakes. But the step that adds it
# treats all that x_s could be, given x_t, as one Gaussian cloud, which is true of small steps only. Which wins depends
# on the network and on n. On the photographs of CIFAR-10 the second wins by far when steps are few (DDIM paper, Table
# 1: FID, a Fréchet distance in another network's features):
#
# | steps | 10 | 20 | 50 | 100 | 1000 |
# |---|---|---|---|---|---|
# | eta = 0 | 13.36 | 6.84 | 4.67 | 4.16 | 4.04 |
# | eta = 1 | 41.07 | 18.36 | 8.01 | 5.78 | 4.73 |
#
# And with eta = 0 the only randomness is x_T. **What do you expect** if you start from one x_T with 10, 20 and 50
# steps?

# %%
rows, gap = {}, {}
for eta in (0.0, 1.0):
    for n in (10, 20, 50):
        rows[f"eta = {eta:.0f}, {n} steps"] = du.sample(model, ab_t, 9, c[:9], seed=1, steps=n, eta=eta)
    a, b = rows[f"eta = {eta:.0f}, 20 steps"], rows[f"eta = {eta:.0f}, 50 steps"]
    gap[eta] = (a - b).square().mean().sqrt().item()
print(f"RMSE, 20 to 50 steps: {gap[0.0]:.3f} (eta 0), {gap[1.0]:.3f} (eta 1); two real ones {du.diversity(real.x):.3f}")
du.show_rows(rows, scale=4, alt="eta 0: the same nine sprites for 10, 20 and 50 steps; eta 1: others each time")

# %% [markdown]
# With eta = 0 the number of steps changes mostly how precisely one sprite is drawn (RMSE is the root of the mean squared
# difference, on the scale from -1 to 1). With eta = 1 the same noise leads to another sprite each time. So DDIM is a
# *map*: one curve leads from each noise image to its sprite, and each step follows a piece of it.

# %% [markdown]
# ## 5. Can a step follow the bend of the curve?
#
# Measure time by half the *log signal-to-noise ratio*, $\lambda_t = \tfrac12 \log\frac{ab_t}{1-ab_t}$ (`lam` in the
# code). DDIM keeps one guess x0 fixed for a whole step from $\lambda_t$ to $\lambda_s$. But the guess moves while you
# walk. DPM-Solver++(2M) remembers the last guess and extrapolates along a straight line in $\lambda$, half a step
# ahead, with $h = \lambda_s - \lambda_t$:
#
# $$x0 = now + \frac{h}{2\,last\_h}\,(now - last)$$
#
# It still calls the network once per step. **What do you expect**: which flat pieces lie nearer to the curve?

# %%
lam = (0.5 * torch.log(ab_t / (1 - ab_t))).tolist()  # lam[0] is infinite: no noise at all
fine = list(du.sampler(model, ab_t, x_T[:8], c[:8], steps=100))
guesses = torch.stack([step.x0 for step in fine]).flatten(1).cpu()
curve = guesses[:, (guesses[1:] - guesses[:-1]).abs().sum(0).argmax()].tolist()
at, coarse = [lam[step.t] for step in fine], range(20, 95, 5)
starts, ends, held = [at[k] for k in coarse], [at[k + 5] for k in coarse], [curve[k] for k in coarse]
slopes = [(curve[k] - curve[k - 5]) / (at[k] - at[k - 5]) for k in coarse]
ahead = [now + (b - a) / 2 * slope for a, b, now, slope in zip(starts, ends, held, slopes)]
fig, ax = plt.subplots(figsize=(7.5, 3.6))
ax.plot(at, curve, color="0.4", label="the guess, 100 steps")
ax.hlines(held, starts, ends, "C0", "--", lw=2, label="DDIM, 20 steps: keep the guess")
ax.hlines(ahead, starts, ends, "C1", lw=2.5, label="2M, 20 steps: half a step ahead")
ax.set(xlabel="lam, half the log signal-to-noise ratio (no unit)", ylabel="guess x0 of one colour value (-1 to 1)")
ax.set_xlim(-2.2, 2.5)
ax.legend()
du.show_figure(fig, alt="The guess against lam: a curve; DDIM's stairs lag behind, 2M's lie nearer")

# %% [markdown]
# This is the colour value that moved most. DDIM's pieces lag behind wherever it climbs or falls; those of 2M cut through
# the middle, except at sharp corners.
#
# In code: the DDIM loop with a new `x0`, and the `eps` that fits it. The first step has no last answer yet; the final
# one, to `lam[0]` (infinite), takes the answer as it is.


# %%
def two_m(x, times, c=None):
    last, last_h = None, None
    for t, s in zip(times, times[1:]):
        now, h = guess(x, t, c)[0], lam[s] - lam[t]
        x0 = now if last is None or s == 0 else now + h / (2 * last_h) * (now - last)
        eps = (x - ab[t] ** 0.5 * x0) / (1 - ab[t]) ** 0.5
        x = ab[s] ** 0.5 * x0 + (1 - ab[s]) ** 0.5 * eps
        last, last_h = now, h
    return x


same = torch.allclose(two_m(x_T, times, c), du.sample(model, ab_t, 16, c, seed=1, steps=20, order=2), atol=1e-3)
assert same
print("what you just wrote is du.sampler(..., order=2):", same)

# %% [markdown]
# How near does it come to the end of the true curve? As the truth, take 500 steps of 2M. On log-log axes an error
# that shrinks like $n^{-k}$ is a line of slope -k; k is the solver's *order*. **What do you expect** for the two
# slopes?

# %%
error, ns = {}, (5, 10, 20, 50, 100)
truth = two_m(x_T[:12], du.sampling_times(T, 500), c[:12])
fig, ax = plt.subplots(figsize=(6, 3.6))
for solver, style in ((ddim, "o--"), (two_m, "s-")):
    ends = [solver(x_T[:12], du.sampling_times(T, n), c[:12]) for n in ns]
    error[solver] = [(x - truth).square().mean((1, 2, 3)).sqrt().median().item() for x in ends]
    ax.loglog(ns, error[solver], style, label={ddim: "DDIM", two_m: "DPM-Solver++(2M)"}[solver])
slope = {solver: torch.log10(torch.tensor(e[-1] / e[1])).item() for solver, e in error.items()}
ax.set(xlabel="steps n", ylabel="RMSE to 500 steps\n(median of 12 sprites)", xticks=ns, xticklabels=ns)
ax.legend()
print(f"slope from 10 to 100 steps: DDIM {slope[ddim]:.2f}, 2M {slope[two_m]:.2f}")
du.show_figure(fig, alt="Error against steps on log-log axes: both fall, 2M lies lower")

# %% [markdown]
# Theory promises -1 and -2 when steps are small. 2M drops steeply up to 20 steps, then no faster than DDIM: most of what
# remains is its last step, first order and infinite in $\lambda$. Now by score, with a fourth: 2M with DDPM's
# fresh noise (`order=2, eta=1`, also called SDE-DPM-Solver++).

# %%
fig, ax = plt.subplots(figsize=(7, 3.8))
solvers = {"DDPM": {"eta": 1.0}, "DDIM": {}, "2M": {"order": 2}, "2M with noise": {"order": 2, "eta": 1.0}}
for (name, how), style in zip(solvers.items(), ("^:C1", "o--C0", "s-k", "v-C2")):
    for steps in (5, 10, 25, 50):
        draw(name, steps, **how)
    points = sorted(n for who, n in score if who == name)
    ax.plot(points, [score[name, n] for n in points], style, label=name)
ax.axhline(floor, color="0.6", label="real sprites (the floor)")
ax.set(xscale="log", xlabel="steps (network calls)", ylabel="Fréchet distance (100 sprites)", ylim=(0, None))
ax.set_xticks([5, 10, 25, 50, 100, 250], [5, 10, 25, 50, 100, 250])
ax.legend()
du.show_figure(fig, alt="Fréchet distance against steps for DDPM, DDIM, 2M and 2M with noise, and the real floor")

# %%
for steps in (5, 10, 25, 50):
    ranked = sorted((score[name, steps], name) for name in solvers)
    print(f"{steps:3d} steps:", ", ".join(f"{name} {value:.1f}" for value, name in ranked))

# %% [markdown]
# All fall, ever more slowly. What remains is the network's own error, some of which fresh noise corrects. The surprise:
# in a solver made for few steps, noise helps even at 5. Differences of a few tenths are chance, with only 100 sprites.

# %% [markdown]
# ## 6. Can you walk from a sprite back into its noise?
#
# Nothing in the jump says that s must be earlier than t. Walk the list of times upwards and a sprite turns into *its*
# noise; this is *inversion*, `du.invert`. **What do you expect** of that noise: will it draw the same sprite again?

# %%
sprites, labels = real.x[:12], real.c[:12]
rows, back_error = {"held-out sprite": sprites}, {}
for n in (10, 25, 50, 100):
    noise = du.invert(model, ab_t, sprites, labels, steps=n)
    back = ddim(noise, du.sampling_times(T, n), labels).cpu()
    back_error[n] = (back - sprites).square().mean().sqrt().item()
    rows[f"{n} up, {n} down\nRMSE {back_error[n]:.3f}"] = back
rows["its noise (100)"] = noise
x_20, up = du.add_noise(sprites, 20, normal(12, seed=3).cpu(), ab_t).to(noise.device), list(range(20, T + 1, 5))
for t, s in zip(up, up[1:]):  # DDIM upwards, not from the sprite but from its noisy version at t = 20
    guessed, eps = guess(x_20, t, labels)
    x_20 = ab[s] ** 0.5 * guessed + (1 - ab[s]) ** 0.5 * eps
du.show_rows(rows, alt="Held-out sprites, redrawn from their own noise with 10 to 100 steps, and the noise")

# %% [markdown]
# Most sprites that the network never saw come back, more exactly with more steps: a step up uses the guess at one end, the
# step down that at the other, and they agree better the shorter the step. But is this noise like a draw of `normal`?

# %%
white = (sprites > 0.99).all(1, keepdim=True).expand(-1, 3, -1, -1)
noise, x_20 = noise.cpu(), x_20.cpu()
parts = {"all pixels": noise, "drawn pixels": noise[~white], "white pixels": noise[white], "white, from 20": x_20[white]}
for name, part in parts.items():
    print(f"{name:14s} mean {part.mean():+.2f}   standard deviation {part.std():.2f}   (a normal draw: 0 and 1)")

# %% [markdown]
# Not quite: it is calmer, above all under the white background; in the last row you may still make out the sprite. Noise
# is lost in the first steps: a clean image holds none, and the network finds too little. A walk from a noisy sprite, at
# t = 20, keeps it (last line).
#
# Now mix the *noises* of two sprites a and b, half and half. **What do you expect** of the size of the numbers?

# %%
kind = real.c.argmax(1)
pairs = torch.stack([(kind == k).nonzero().flatten()[:4] for k in range(5)])  # four sprites of each class
a, b = pairs[:, :2].flatten(), pairs[:, 2:].flatten()
z_a, z_b = (du.invert(model, ab_t, real.x[i], real.c[i], steps=50) for i in (a, b))
print(f"standard deviation: a {z_a.std():.2f}, b {z_b.std():.2f}, half a + half b {(0.5 * z_a + 0.5 * z_b).std():.2f}")

# %% [markdown]
# Two noises share almost nothing, so their average partly cancels: its size falls to about $1/\sqrt2$ of theirs,
# further from all that the network saw at t = T. *Spherical interpolation* (slerp) turns from one to the other along
# an arc and keeps the size:
#
# $$z = \frac{\sin((1-w)\,angle)\,z_a + \sin(w\,angle)\,z_b}{\sin(angle)}$$


# %%
def slerp(z_a, z_b, w):
    angle = torch.cosine_similarity(z_a.flatten(1), z_b.flatten(1), dim=1).arccos()[:, None, None, None]
    return (torch.sin((1 - w) * angle) * z_a + torch.sin(w * angle) * z_b) / torch.sin(angle)


def decode(mix, ws, i):
    z = torch.cat([mix(z_a[i], z_b[i], w) for w in ws])
    return ddim(z, du.sampling_times(T, 50), real.c[a[i]].repeat(len(ws), 1)).cpu()


ws, rows = torch.linspace(0, 1, 9).tolist(), {}
for i in ([0], [4]):
    rows["pixel cross-fade" + " " * i[0]] = torch.cat([torch.lerp(real.x[a[i]], real.x[b[i]], w) for w in ws])
    rows["noise, linear" + " " * i[0]] = decode(torch.lerp, ws, i)
    rows["noise, slerp" + " " * i[0]] = decode(slerp, ws, i)
du.show_rows(rows, scale=4, alt="Two walks between two sprites: cross-fade, linear mix of noises, slerp")

# %% [markdown]
# A cross-fade shows two ghosts, slerp sprites with one outline each; between cake and strawberry the linear row pales:
# weak noise. All ten pairs at once (two sprites were lost on the way up):

# %%
ws, every = torch.linspace(0, 1, 20).tolist(), list(range(10))
fade = torch.stack([torch.lerp(real.x[a], real.x[b], w) for w in ws])
morph = decode(slerp, ws, every).view(20, 10, 3, 16, 16)
du.film(
    {"pixel cross-fade": fade, "slerp of the noises": morph},
    labels=[f"w = {w:.2f}" for w in ws],
    columns=5,
    alt="A film: ten sprites change into ten others, by cross-fade on the left, through their noises on the right",
)

# %% [markdown]
# ## Try it
#
# Every setting draws 48 sprites from the same noise; the upper row is where section 5's curves end. With at most 6 calls,
# how low can you bring the Fréchet distance (other noise would move it by about 1)? Which settings keep to the upper row?

# %%
many, wishes = normal(48, seed=1), real.c[:48]  # the first 12 are those of `truth`
floor_48 = du.frechet_distance(du.load_sprites("train", n=48).x, real.x)


def timed(**how):
    start, generator = time.perf_counter(), torch.Generator().manual_seed(2)
    *_, last = du.sampler(model, ab_t, many, wishes, generator=generator, **how)
    return last.x.cpu(), time.perf_counter() - start  # .cpu() waits until a GPU is done


# %%
def race(steps=5, eta=0.0, solver=1):
    x, took = timed(steps=steps, eta=eta, order=solver)
    asked, distance = (du.features_of(x)[1] == wishes.argmax(1)).sum(), du.frechet_distance(x, real.x)
    label = f"{'first order' if solver == 1 else '2M'}\n{steps} steps\neta = {eta:g}"
    alt = f"Ten sprites from 500 steps of 2M; below, from the same noise: {label}"
    picture = du.show_rows({"500 steps of 2M": truth[:10], label: x[:10]}, scale=4, label_width=130, alt=alt)
    quality = f"{asked} of 48 recognised as asked, Fréchet distance {distance:.1f} (48 real ones: {floor_48:.1f})"
    return picture, f"{took:.2f} s for 48 sprites, {quality}"


widgets.try_it(race, steps=(0, 30), eta=(0.0, 1.0, 0.1), solver=[("first order", 1), ("second order (2M)", 2)])

# %% [markdown]
# Now walk between two of section 6's 20 sprites: choose a and b, drag w. Between two classes the context is mixed, too.
# Where does the creature turn into food, and what is it on the way?

# %%
names = [f"{name} {j}" for name in real.classes for j in (1, 2, 3, 4)]
index = dict(zip(names, pairs.flatten().tolist()))
ends = torch.cat([z_a.unflatten(0, (5, 2)), z_b.unflatten(0, (5, 2))], 1).flatten(0, 1)  # in the order of names
noise_of = dict(zip(names, ends.split(1)))


# %%
@functools.cache  # 21 sprites at once, so that w can be dragged
def way(a, b, mix):
    if a == b:
        raise ValueError("a and b are the same sprite: choose two different ones")
    ws, how = torch.linspace(0, 1, 21).tolist(), {"slerp": slerp, "linear": torch.lerp}[mix]
    z = torch.cat([how(noise_of[a], noise_of[b], w) for w in ws])
    labels = torch.stack([torch.lerp(real.c[index[a]], real.c[index[b]], w) for w in ws])
    return two_m(z, du.sampling_times(T, 12), labels).cpu(), z.flatten(1).std(1).tolist()


# %%
def between(a="non-hero 2", b="food 3", w=0.5, mix="slerp"):
    if not 0 <= w <= 1:
        raise ValueError(f"w must lie between 0 (sprite a) and 1 (sprite b), not {w}")
    (x, size), k = way(a, b, mix), round(20 * w)
    x_a, x_b, seen = real.x[index[a]], real.x[index[b]], du.CLASSES[du.features_of(x[k : k + 1])[1]]
    tiles = {a: x_a, "cross-fade": torch.lerp(x_a, x_b, w), "through the noises": x[k], b: x_b}
    alt = f"{a}; cross-fade to {b} at w = {w:.2f}; the same through the noises ({mix}): {seen}; {b}"
    picture = du.show_rows({"": torch.stack([*tiles.values()])}, scale=9, label_width=1, top=list(tiles), alt=alt)
    return picture, f"The classifier sees: {seen}. Standard deviation of the mixed noise: {size[k]:.2f}."


# %%
between()  # works out the first way, so that w answers at once
widgets.try_it(between, a=names, b=names, w=(0.0, 1.0, 0.05), mix=["slerp", "linear"])

# %% [markdown]
# ## Exercises
#
# ### Exercise 6.1: any number of steps
# *Difficulty 1 of 3, 5 minutes.*
#
# Section 2 borrowed `du.sampling_times`. Write it yourself, without torch: the list of the `n + 1` times of `n` steps,
# from `T` down to 0, spaced evenly and rounded to the nearest whole numbers. The check tries an `n` that divides `T`,
# some that do not, and both ends, 1 and `T`.

# %% tags=["exercise"]
def my_times(T, n):
    """The list of n + 1 ints from T down to 0."""
    return ...  # your code here


checks.check_times(my_times)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_times(T, n):
    return [round(T * (n - i) / n) for i in range(n + 1)]


result = checks.check_times(solution_times)
assert result.passed
result

# %% [markdown]
# ### Exercise 6.2: one step of DDIM
# *Difficulty 2 of 3, 10 minutes.*
#
# `guess` in section 1 left the algebra to the module. Here a network handed you only its guess `eps` of the noise, for
# images `x` at time `t`, and x0 is up to you: solve the formula for $x_t$ in section 1 for it. Then return $x_s$, at the
# earlier time `s`. With these few lines you can draw from any network that predicts noise.

# %% tags=["exercise"]
def my_ddim_step(x, t, s, eps, ab_t):
    """Images x_s (B, C, H, W) from x and eps, both (B, C, H, W), ints t and s, and ab_t (T + 1,)."""
    return ...  # your code here


checks.check_ddim_step(my_ddim_step)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_ddim_step(x, t, s, eps, ab_t):
    x0 = (x - (1 - ab_t[t]).sqrt() * eps) / ab_t[t].sqrt()
    return ab_t[s].sqrt() * x0 + (1 - ab_t[s]).sqrt() * eps  # the form of x_t again, with the weights of s


result = checks.check_ddim_step(solution_ddim_step)
assert result.passed
result

# %% [markdown]
# ### Exercise 6.3: back into the noise
# *Difficulty 2 of 3, 10 minutes.*
#
# Write inversion, the start of many ways to edit a real picture. `times` rises from 1 to T: at time 0 there is no noise
# to recognise, so the clean images `x` pass for $x_1$. `predict(x, t)` guesses eps in images `x` at time `t`, an int. Walk
# along all the times and return $x_T$. If exercise 6.2 is done, you may use it here.

# %% tags=["exercise"]
def my_invert(predict, x, times, ab_t):
    """Noise x_T (B, C, H, W) from images x (B, C, H, W), a rising list of ints and ab_t (T + 1,)."""
    return ...  # your code here


checks.check_invert(my_invert)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_invert(predict, x, times, ab_t):
    for t, s in zip(times, times[1:]):
        x = solution_ddim_step(x, t, s, predict(x, t), ab_t)  # nothing in the step says that s must be earlier
    return x


result = checks.check_invert(solution_invert)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
best = min((value, name, n) for (name, n), value in score.items() if n <= 10)
Markdown(f"""
- DDIM drew 16 sprites in {fast_s:.1f} s with 20 network calls. DDPM took {slow_s:.1f} s with 500:
  {slow_s / fast_s:.0f} times as long.
- With DDIM the Fréchet distance was {score["DDIM", 250]:.1f} at 250 steps, {score["DDIM", 25]:.1f} at 25 and
  {score["DDIM", 5]:.1f} at 5; real sprites stand at {floor:.1f}.
- With 10 steps, DDPM reached {score["DDPM", 10]:.1f}, DDIM {score["DDIM", 10]:.1f}, 2M {score["2M", 10]:.1f}, and 2M
  with fresh noise {score["2M with noise", 10]:.1f}.
  The best with at most 10 steps was {best[1]} with {best[2]}: {best[0]:.1f}.
- From the same noise, 20 and 50 steps gave sprites that differ by {gap[0.0]:.3f} with eta = 0, by {gap[1.0]:.3f} with
  eta = 1 (RMSE).
- Held-out sprites came back from their noise with an RMSE of {back_error[10]:.3f} for 10 steps, and of
  {back_error[100]:.3f} for 100.
""")

# %% [markdown]
# ## Quiz
#
# **1. A network was trained with T = 500. You want to sample with 20 steps. Must you train it again?**
# <details><summary>Answer</summary>
# No. Training showed it single noise levels, never a pair of neighbours. Any walk whose images look right at the
# levels it visits may use it; fewer steps only make a larger error.
# </details>
#
# **2. Your sampler gives fine sprites for n = 25 and noise for n = 30. Where do you look first?**
# <details><summary>Answer</summary>
# At the last time in the list. Strides of 16 end at -12, which Python reads as an index from the end: nearly pure
# noise.
# </details>
#
# **3. You like a sprite drawn with 10 DDIM steps and want it crisper. What do you do, and why would it fail with eta
# = 1?**
# <details><summary>Answer</summary>
# Take more steps from the same x_T and context: with eta = 0 they decide the sprite, and more steps follow its curve
# more exactly. With eta = 1 the noise added on the way decides too, and you get another sprite.
# </details>
#
# **4. Does DPM-Solver++(2M) cost twice as much per step as DDIM, being second order?**
# <details><summary>Answer</summary>
# No. It calls the network once per step and remembers the last answer. (Other second-order methods, such as Heun's,
# call it twice.)
# </details>
#
# ## Going further
#
# - Song, Meng, Ermon, *Denoising Diffusion Implicit Models* (2021): this lesson's sampler. Section 3 has the argument
#   about marginals, equations 12 and 16 the family with eta.
# - Song et al., *Score-Based Generative Modeling through Stochastic Differential Equations* (2021): the curve that
#   DDIM follows, as a differential equation (the probability flow).
# - Lu et al., *DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models* (2022): algorithm 2
#   is 2M; a later version adds noise.
# - Karras et al., *Elucidating the Design Space of Diffusion-Based Generative Models* (2022): which times, which
#   solver, and when fresh noise helps.
#
# The core course ends here; deeper lessons follow.
#
# Next: [07_predict_the_image](07_predict_the_image.ipynb)
