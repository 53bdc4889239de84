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
# How do sprites come out of noise? In lesson 1 you dissolved them. Now you take a trained network and walk the other
# way: you start from squares of pure noise, ask the network again and again which part of them is noise, and end with
# sprites that nobody has drawn. The walk itself, the *sampler*, is a few lines long, and you will write all of them.

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
import torch

device = du.best_device()
unet, ab_t = du.load_model(du.WEIGHTS / "unet.pth", device)
wishes = torch.eye(5).repeat(4, 1).to(device)  # hero, non-hero, food, spell, side-facing, ...
_, kept = du.sample(unet, ab_t, 20, wishes, seed=7, keep=25)
x_t, x_0 = torch.stack([k.x for k in kept]), torch.stack([k.x0 for k in kept])
du.film({"x_t": x_t, "predicted x_0": x_0}, [f"t = {k.s}" for k in kept], columns=5, scale=4,
        alt="Film. Left: 20 squares of noise turn into sprites. Right: the guesses.")

# %% [markdown]
# On the left, 20 pictures are on their way from noise (t = 500) to sprites (t = 0). On the right you see the guess that
# led to each: what the network took the picture for one step before. It is a blur at first, and then gets sharper and
# sharper. (The film begins after the first step, at t = 490.) Each column was asked for one class of sprite (from left
# to right: hero, non-hero, food, spell, side-facing); how one asks is the subject of lesson 5. This film was made by
# the course's own sampler, with a short cut that lesson 6 explains. In section 4 you make such a film with a sampler of
# your own.
#
# **You will be able to**
# - *read* a network's answer as noise and as a picture,
# - *derive* the step of DDPM (denoising diffusion probabilistic models) from two bell curves, and *write* it,
# - *write* the whole sampler, and show that it equals the course's,
# - *follow* the starting noise through the walk, and *say* what decides which sprite you get,
# - *measure* how varied a set of pictures is, and *say* what goes wrong when the noise is not put back,
# - *test* whether drawn sprites are copies, and whether they are good.
#
# **You need** lesson 1: `x_t`, the schedule $\bar\alpha_t$ (in code `ab_t[t]`), the perfect denoiser, and the walk back
# with `step_back`.
#
# **Time:** about 90 minutes, half of them for the six tasks; the cells run in two to three minutes on a laptop CPU.

# %%
import charts
import checks
import explore
import widgets
from IPython.display import Markdown
from plumbing import lesson_02

T = len(ab_t) - 1
train, held_out = du.load_sprites("train"), du.load_sprites("held_out")

# %% [markdown]
# ## 1. What does the network answer?
#
# You add noise to a sprite that the network has never seen, up to the time t, and show it nothing but the result and t.
# Can it tell the noise from the picture?
#
# **What do you expect?** Take five noise levels, from t = 400 (nearly all noise) down to t = 30 (hardly any). Where will
# the network find the *noise* most exactly?
#
# <details name="expect-2-1"><summary>At t = 400, where there is most of it</summary>
#
# Yes. Where nearly everything is noise, calling everything noise is nearly right. The picture is another matter: at
# t = 400 the guess of the picture is a blur, because so little of it can be seen.
#
# </details>
# <details name="expect-2-1"><summary>At t = 30, where the picture is plain to see</summary>
#
# It is the other way round. At t = 30 the network sees the *picture* well, but the noise is no more than dust upon it.
# So little noise is hard to make out, because every small error in the guess of the picture is taken for noise.
#
# </details>
# <details name="expect-2-1"><summary>Equally well at all five</summary>
#
# No. The noise is found best where there is much of it, and the picture where there is little noise. The two errors run
# against each other, as the chart below shows.
#
# </details>

# %% [markdown]
# Every network of this course is asked in the same way: it is given x_t and the time as the fraction t/T, where T = 500
# is the number of noise steps. (It may also be told a class, `c`; without one, any sprite will do.) Networks differ in
# the form of their answer. Some name the picture, some the noise, and ours names a mixture of both that trains well
# (lesson 4). `predict` hides this difference: whatever the form of the answer (`model.predicts` names it), it returns
# the noise that the answer implies. Everybody calls this noise $\epsilon$; in code it is `eps`.

# %%
def predict(x, t, c=None, model=unet, ab_t=ab_t):
    """The noise (B, 3, 16, 16) that the network finds in x = x_t; c: the classes asked for."""
    answer = model(x, torch.full((len(x),), t / T, device=x.device), c)
    _, eps = du.to_x0_eps(answer, x, t, ab_t, model.predicts)
    return eps


# %% [markdown]
# ### Your turn 2.1: the picture behind the noise
# *Difficulty 1 of 3, 5 minutes.*
#
# The network tells you the noise. Which clean picture does that imply? In lesson 1 you mixed the two:
#
# $$x_t = \sqrt{\bar\alpha_t}\; x_0 + \sqrt{1 - \bar\alpha_t}\; \epsilon$$
#
# Solve this for $x_0$ and write the answer as a function. In code, $\bar\alpha_t$ is `ab_t[t]`. Run the cell: the check
# below your function says at once whether it is right, and if not, which mistake it looks like. Each further try gives
# a better hint, and the solution is folded below. Every guessed picture from here on comes from this function.

# %% tags=["exercise"]
def x0_from_eps(x, t, eps, ab_t):
    """The picture x_0 (B, C, H, W) that the noise eps implies; x is x_t, t a whole time."""
    return ...  # your code here


checks.check_x0(x0_from_eps)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_x0_from_eps(x, t, eps, ab_t):
    return (x - (1 - ab_t[t]) ** 0.5 * eps) / ab_t[t] ** 0.5


x0_from_eps = checks.keep(x0_from_eps, solution_x0_from_eps)

# %% [markdown]
# Now look. The sprite is a held-out one, so the network was never trained on it.

# %%
def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(device)


times, sprite = [400, 300, 200, 100, 30], held_out.x[13:14].to(device)
true = noise(5, 3, 16, 16)
x = [du.add_noise(sprite, t, z[None], ab_t) for t, z in zip(times, true)]
eps = [predict(x_t, t) for x_t, t in zip(x, times)]
x0 = [x0_from_eps(x_t, t, e, ab_t) for x_t, t, e in zip(x, times, eps)]

# %%
du.show_rows(
    {"x_t": torch.cat(x), "true noise": true, "predicted noise, eps": torch.cat(eps),
     "predicted x_0": torch.cat(x0), "true x_0": sprite.expand(5, -1, -1, -1)},
    scale=5, top=[f"t = {t}" for t in times],
    alt="For t = 400 to 30: noisy sprite, true and predicted noise, predicted and true sprite",
)

# %% [markdown]
# Compare the second row with the third, and the fourth with the fifth. At t = 400 the predicted noise matches the true
# noise almost pixel by pixel, while the predicted picture is vague. At t = 30 the picture is right, and much of the
# noise is missed. Is that so for other sprites as well? Measure it on a hundred.

# %%
def errors(t, n=100):
    clean, true = held_out.x[:n].to(device), noise(n, 3, 16, 16, seed=t)
    x = du.add_noise(clean, t, true, ab_t)
    eps = predict(x, t)
    x0 = x0_from_eps(x, t, eps, ab_t)
    return [(a - b).square().mean().sqrt().item() for a, b in ((eps, true), (x0, clean))]


levels = [10, 30, 60, 100, 150, 200, 250, 300, 350, 400, 450]
eps_error, x0_error = zip(*[errors(t) for t in levels])

# %%
charts.lines(
    {"error of the predicted noise": (levels, eps_error),
     "error of the predicted picture": (levels, x0_error)},
    x="time t (steps of noise)", y="root mean square error", ylim=(0, None),
    alt="As t grows the error of the noise falls and that of the picture rises; they cross",
)

# %% [markdown]
# The more noise there is, the better the network knows the noise and the worse it knows the picture. (For comparison:
# an answer of zeros would miss the noise by 1, and at t = 10 the network does not do much better.) The two curves are
# one error seen from two sides: because x_t is given, whatever is wrongly put into the noise is missing from the
# picture. Your formula says how the two are related: an error in eps is multiplied by
# $\sqrt{(1 - \bar\alpha_t) / \bar\alpha_t}$. So the curves cross where picture and noise have the same weight, near
# t = 250.

# %% [markdown]
# ## 2. Why not jump to the answer?
#
# If the network can guess the clean picture from any x_t, why not ask once, at t = 500, and stop there?
#
# **What do you expect?** Six different squares of pure noise go in, and the network is asked for the picture. What comes
# out?
#
# <details name="expect-2-2"><summary>Six different sprites</summary>
#
# Not in one call. Pure noise holds no information about any sprite, so the network cannot prefer one to another.
#
# </details>
# <details name="expect-2-2"><summary>Six times nearly the same blur</summary>
#
# Yes. All six squares say the same about the sprite, namely nothing, so they all get the same answer: the average of
# everything that it could be.
#
# </details>
# <details name="expect-2-2"><summary>Six times nearly the same sprite</summary>
#
# The answers are nearly the same, but they are not a sprite. If the network named one sprite it would be far off
# whenever another one was meant. The average is never right, but it is never far off, and that is what training by
# squared errors rewards.
#
# </details>

# %%
six = noise(6, 3, 16, 16, seed=1)
guesses = x0_from_eps(six, T, predict(six, T), ab_t).cpu()
average = train.x.mean(0, keepdim=True)
gap = (guesses - average).square().mean().sqrt().item()
print(f"Pixels reach from -1 to 1. The guesses differ by {gap:.2f} (root mean square) from the "
      f"average of the {len(train.x):,} training sprites.")
du.show_rows({"pure noise": six.cpu(), "guess at t = 500": guesses,
              "average of all\ntraining sprites": average.expand(6, -1, -1, -1)}, scale=5,
             alt="Six squares of noise, six guesses that are one blur, and the average, alike")

# %% [markdown]
# This is the perfect denoiser's answer from lesson 1, the average of all sprites that could hide behind x_t; and behind
# pure noise every sprite could hide. So one call cannot draw. But the guess is not useless: it says in which direction
# the sprites lie. Therefore you go a little way towards it and ask again. The new picture holds a bit less noise and
# already says a bit more about its sprite, so fewer sprites remain possible, and their average is sharper. The question
# is how to take such a step correctly.
#
# You know one way already. Lesson 1's `step_back` pretended that the guess is right, worked out which noise x_t must
# then hold, and used this same noise once more for x_s. No new noise came in. That is a good step, and lesson 6 comes
# back to it. But it was only a pretence, because the guess is *not* right. In this lesson you ask instead what can be
# *known* about x_s. The answer is another step, the one with which these models began: it takes away more noise than
# that, and then puts fresh noise back.

# %% [markdown]
# ## 3. How do you take one step?
#
# You hold x_t and want x_s, the same picture at an earlier time s, when it held less noise. (Time is counted on the way
# *up*, from the picture into the noise. A sampler walks *down*, against the time.) Think of s = t - 1 to begin with.
# Nothing that follows needs this, and you will take longer steps as well.
#
# **What do you expect?** Suppose somebody even told you the true clean picture. You know x_t and x_0 exactly. Do you then
# know x_s exactly?
#
# <details name="expect-2-3"><summary>Yes: it is a mixture of the two</summary>
#
# The *average* x_s is such a mixture, but not x_s itself. On its way up from s to t the picture received fresh noise
# that you never saw, and x_t does not tell which part of its noise was there before s and which came later.
#
# </details>
# <details name="expect-2-3"><summary>No: many values of x_s are possible, round one that is the most likely</summary>
#
# Yes. Noise was added between s and t, and you do not know which. What you can know is a bell curve for every pixel: a
# mean, and a variance that says how unsure you are. Finding these two numbers is all the mathematics of this lesson.
#
# </details>

# %% [markdown]
# Think of one pixel. Two sources tell you something about x_s.
#
# **The clean picture** tells you where the way up leads through time s. By lesson 1's jump, x_s is
# $\sqrt{\bar\alpha_s}\, x_0$ plus noise of variance $1 - \bar\alpha_s$. That is a bell curve with the mean $m_0$ and
# the variance $v_0$:
#
# $$m_0 = \sqrt{\bar\alpha_s}\; x_0, \qquad v_0 = 1 - \bar\alpha_s .$$
#
# **The noisy picture** tells you where the way went next. The steps from s to t multiply the picture by $\sqrt{a}$ and
# add noise of variance $1 - a$, where $a = \bar\alpha_t / \bar\alpha_s$ is the share that these steps keep, because
# $\bar\alpha_t$ is the product over all steps up to t and $\bar\alpha_s$ the product up to s. (For s = t - 1 this is
# lesson 1's $1 - \beta_t$.) So $x_t = \sqrt{a}\, x_s + \sqrt{1 - a}\, z$, where z is noise of mean 0 and variance 1.
# Solve for $x_s$, and you get $x_t / \sqrt{a}$ with an error of variance $(1 - a) / a$. So x_t draws a second bell
# curve over the values that x_s may have:
#
# $$m_1 = \frac{x_t}{\sqrt{a}}, \qquad v_1 = \frac{1 - a}{a} .$$
#
# Both are true at once, and the two noises are independent, so the probabilities multiply. This is lesson 1's Bayes'
# rule again. There all causes were equally likely before you looked, so only the likelihoods counted. Here the first
# curve says how likely each value of x_s was before you looked at x_t, and the second curve is its likelihood. So
# multiply the two curves, point by point, and scale the result so that the probabilities add up to 1 again. (The height
# of such a curve is called the *probability density*: where it is twice as high, a value is twice as likely.)

# %%
def bell(u, mean, variance):
    return (-((u - mean) ** 2) / (2 * variance)).exp() / (2 * torch.pi * variance) ** 0.5


t, s, u = 250, 200, torch.linspace(-2, 4, 241)
a, pixel_0, pixel_t = ab_t[t] / ab_t[s], torch.tensor(0.6), torch.tensor(1.2)
from_0 = bell(u, ab_t[s] ** 0.5 * pixel_0, 1 - ab_t[s])
from_t = bell(u, pixel_t / a ** 0.5, (1 - a) / a)
both = from_0 * from_t
both = both / (both.sum() * (u[1] - u[0]))  # so that it, too, has the area 1
charts.lines(
    {"what x_0 = 0.6 says": (u, from_0), "what x_t = 1.2 says": (u, from_t),
     "both together": (u, both)},
    x=f"value of the pixel x_s, at s = {s}, with t = {t}", y="probability density",
    alt="Two wide bell curves, and between them their product, which is narrower and higher",
)

# %% [markdown]
# The product is a bell curve again. It lies between the two, nearer to the narrower one, and it is narrower than both,
# because two sources together say more than either alone. (Why a bell curve? Each is $e$ to the power of a parabola.
# When you multiply them the exponents add, and the sum of two parabolas is a parabola.) If you work this sum out, you
# find a simple rule for its mean and its variance. Call $1/v$ the *certainty* of a curve. The certainties add, and each
# mean counts in proportion to the certainty of its curve:
#
# $$\frac{1}{v} = \frac{1}{v_0} + \frac{1}{v_1}, \qquad
# m = v \left( \frac{m_0}{v_0} + \frac{m_1}{v_1} \right) .$$
#
# ### Your turn 2.2: two bell curves multiplied
# *Difficulty 2 of 3, 10 minutes.*
#
# Write the function that returns the mean m and the variance v of x_s. (Its name, *posterior*, is the statistician's
# word for what you know after you have looked.) Take care with the last step, s = 0. There $\bar\alpha_0 = 1$, so
# $v_0 = 0$: at time 0 the picture is x_0 itself, with no doubt left, and $1/v_0$ is infinite. Can you rearrange the two
# formulas so that nothing is divided by $v_0$ alone?

# %% tags=["exercise"]
def posterior(x, t, s, x0, ab_t):
    """Mean (B, C, H, W) and variance (a number) of x_s, given x = x_t and x0."""
    return ...  # your code here


checks.check_posterior(posterior)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_posterior(x, t, s, x0, ab_t):
    a = ab_t[t] / ab_t[s]
    m0, v0 = ab_t[s] ** 0.5 * x0, 1 - ab_t[s]
    m1, v1 = x / a ** 0.5, (1 - a) / a
    return (m0 * v1 + m1 * v0) / (v0 + v1), v0 * v1 / (v0 + v1)


posterior = checks.keep(posterior, solution_posterior)

# %% [markdown]
# Is the rule true? Do not trust the algebra, try it: let a million pixels of value 0.6 walk up to s and on to t, keep
# only those that arrive near x_t = 1.2 (about one in a hundred), and look where these were at time s.

# %%
g = torch.Generator().manual_seed(0)
x_s = ab_t[s] ** 0.5 * pixel_0 + (1 - ab_t[s]) ** 0.5 * torch.randn(1_000_000, generator=g)
x_t = a ** 0.5 * x_s + (1 - a) ** 0.5 * torch.randn(len(x_s), generator=g)
came_by = x_s[(x_t - pixel_t).abs() < 0.02]
share, edges = torch.histogram(came_by, 30, density=True)
mean, variance = posterior(pixel_t, t, s, pixel_0, ab_t)
charts.lines({"your mean and variance": (u, bell(u, mean, variance)),
              "measured walks": ((edges[1:] + edges[:-1]) / 2, share)},
             points=["measured walks"], xlim=(-1, 3), ylim=(0, 1.3), y="probability density",
             x="where the walk was at time s", alt="The measured points lie on your bell curve")

# %% [markdown]
# The points lie on your curve, as closely as one can expect of some twelve thousand walks.
#
# Now the step. It needs x_0, which you do not have; but you have the network's guess of it, and use this in its place.
# For the mean that is exactly right even when the guess is a blur, as long as the guess is the average of what is
# possible: the mean is a sum in which x_0 stands with a fixed weight, so if you put in the average of all possible x_0,
# you get the average of all possible x_s. The variance is a little too small, because it leaves out that x_0 itself is
# uncertain; the shorter the step, the less this matters.
#
# And which of all the possible x_s do you take?
#
# **What do you expect?** The mean is the best single guess of x_s. Why not simply take the mean?
#
# <details name="expect-2-4"><summary>One should: noise is what we want to be rid of</summary>
#
# It is tempting, and section 6 tries it. The mean of many noisy pictures is a picture with too little noise: averaging
# has removed what they do not share. But the network is told "this is time s" and expects the noise of time s. (Lesson
# 1's `step_back` adds no noise either, but it does not take the mean: it leaves exactly as much noise in x_s as belongs
# there.)
#
# </details>
# <details name="expect-2-4"><summary>Because x_s must hold as much noise as time s has, and the mean holds less</summary>
#
# Yes. The mean is smoother than any x_s that could have been there. A real x_s is one draw from the bell curve: its
# mean, plus noise of its variance. Lesson 1's walk upward leads through pictures of that kind, and the network has been
# trained on no others.
#
# </details>

# %% [markdown]
# ### Your turn 2.3: the step
# *Difficulty 2 of 3, 8 minutes.*
#
# Write one step of DDPM from x_t to x_s. You are given the predicted noise eps, and z, fresh noise of mean 0 and
# variance 1. Find the picture that eps implies, find the bell curve of x_s, and make one draw from it out of z. Is it
# the variance or its root by which z has to be multiplied?

# %% tags=["exercise"]
def step(x, t, s, eps, z, ab_t):
    """x_s (B, C, H, W) from x = x_t, the predicted noise eps and fresh noise z."""
    return ...  # your code here


checks.check_ddpm_step(step)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_step(x, t, s, eps, z, ab_t):
    x0 = x0_from_eps(x, t, eps, ab_t)
    mean, variance = posterior(x, t, s, x0, ab_t)
    return mean + variance ** 0.5 * z


step = checks.keep(step, solution_step)

# %% [markdown]
# In papers and in most code this step looks different, because there the formulas of your two functions have been put
# into one. Ho, Jain and Abbeel, whose paper made these models widely known, write it in terms of $\epsilon$ (with
# $s = t - 1$, and with the name $\alpha_t$ for our a):
#
# $$x_s = \frac{1}{\sqrt{a}} \left( x_t - \frac{1 - a}{\sqrt{1 - \bar\alpha_t}}\; \epsilon \right) + \sqrt{v}\; z$$
#
# Read from left to right: take some of the predicted noise away, undo the shrinking by $\sqrt{a}$, put some fresh noise
# back. It is the same step, up to the last digits of the computer's numbers. It also shows how much of the predicted
# noise a step takes away. The noise in x_t is $\sqrt{1 - \bar\alpha_t}\,\epsilon$, and the bracket subtracts
# $(1 - a)\,\epsilon / \sqrt{1 - \bar\alpha_t}$. Divide the second by the first: the share that is taken away is
# $(1 - a) / (1 - \bar\alpha_t)$.

# %%
x, eps, z = (noise(4, 3, 16, 16, seed=k) for k in (1, 2, 3))
a = ab_t[250] / ab_t[249]
v = (1 - a) * (1 - ab_t[249]) / (1 - ab_t[250])
paper = (x - (1 - a) / (1 - ab_t[250]) ** 0.5 * eps) / a ** 0.5 + v ** 0.5 * z
largest = (step(x, 250, 249, eps, z, ab_t) - paper).abs().max().item()
assert largest < 1e-4
print(f"largest difference between your step and the paper's formula: {largest:.0e}")
for t in (500, 490, 250, 50):
    taken = (1 - ab_t[t] / ab_t[t - 1]) / (1 - ab_t[t])
    print(f"from t = {t} to {t - 1} the step takes away {taken:.3f} of the predicted noise "
          f"({1 - (1 - taken) ** 0.5:.3f} would do)")

# %% [markdown]
# In the middle of the walk a step takes away only one or a few hundredths of the noise, near t = 500 it is more. Now
# compare each with the number in brackets, the share that would leave just as much noise as belongs to the earlier
# time. In all lines but the first it is about half. (If a step takes away the share f, then $1 - f$ of the noise is
# left in the formula's bracket. What should be left there is $\sqrt{1 - f}$, as you find when you work it out, and for
# a small f this is nearly $1 - f/2$, so that half of f would do.) So DDPM takes away about *twice* the noise that lies
# between the two times, and the fresh noise makes up for the surplus: half of what is taken away is not removed, but
# exchanged.
#
# The very first step is of another kind altogether: it takes away nearly all, and puts as much fresh noise in its place.
# Section 5 finds out why, and section 6 what depends on it.

# %% [markdown]
# ## 4. Can you write the sampler yourself?
#
# A sampler is this step, again and again. Before you trust it with 768 numbers, watch it with two. Below is the flat
# world of lesson 1: a dozen points in the plane (blue discs and orange squares) are all the "pictures" there are, so the
# exact denoiser is known. Sixty points of pure noise, in grey, walk back. One of them is green: its walk is drawn as a
# line, and the green cross is the guess that it is heading for. In a running notebook, drag its start, and drag the data.

# %%
explore.flat_world("ddpm")

# %% [markdown]
# The walk is a zigzag, because each step adds fresh noise. At first it wanders: the exact guess is still the average of
# all points. As the noise shrinks the walk is drawn towards fewer and fewer of them, until only one is left. Let it start
# again from the same place with other noise, by writing `explore.flat_world("ddpm", seed=2)`, and then 3: it ends at
# other points. What happens when the noise is not put back is the question of section 6; if you are curious, switch it
# off now.
#
# ### Your turn 2.4: the loop
# *Difficulty 2 of 3, 10 minutes.*
#
# Write the sampler. `times` is a list of falling whole times, such as `[500, 499, ..., 1, 0]`; each step goes from one
# of them to the next. In each step ask `predict(x, t)` for the noise, draw fresh z, and let `step(x, t, s, eps, z)` do
# the rest. (Both are arguments, so that your loop works with any network and any step. The `step` that it is given
# already knows its schedule, so you hand it no `ab_t`.)
#
# All randomness must come from `seed`, so that the same call draws the same pictures again: make one
# `generator = torch.Generator().manual_seed(seed)`, and draw with `torch.randn(x.shape, generator=generator).to(x)`.
# (`.to(x)` moves the noise to where x is, if you have a GPU.) When should the generator be made, and when should z be
# drawn?

# %% tags=["exercise"]
def sample(predict, step, x, times, seed):
    """The pictures x_0 (B, C, H, W) from noise x, walking down the times."""
    return ...  # your code here


checks.check_sample_loop(sample)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_sample(predict, step, x, times, seed):
    generator = torch.Generator().manual_seed(seed)
    for t, s in zip(times, times[1:]):
        z = torch.randn(x.shape, generator=generator).to(x)
        x = step(x, t, s, predict(x, t), z)
    return x


sample = checks.keep(sample, solution_sample)

# %% [markdown]
# `draw` puts your functions together with a network, and notes on the way what the network saw and answered. With
# `strength` it can multiply the noise that is put back; 1 is right, and everything else is for section 6. All sprites
# that you see from here to the end of the lesson come from it, so they are drawn by your code.

# %%
def draw(x, times, seed, c=None, strength=1.0, model=unet, ab_t=ab_t):
    """Your sampler, from noise x: the pictures, and a list of what was seen: (t, x_t, eps)."""
    seen = []

    def ask(x, t):
        eps = predict(x, t, c, model, ab_t)
        seen.append((t, x, eps))
        return eps

    def put_back(x, t, s, eps, z):
        return step(x, t, s, eps, strength * z, ab_t)

    return sample(ask, put_back, x, times, seed), seen


# %% [markdown]
# Now all 500 steps, for the 20 wishes of the opening film.

# %%
start = noise(20, 3, 16, 16, seed=7)
every_t = list(range(T, -1, -1))
yours, seen = draw(start, every_t, seed=8, c=wishes)
shown = seen[::25]
x_t = torch.stack([x for _, x, _ in shown] + [yours])
x_0 = torch.stack([x0_from_eps(x, t, eps, ab_t) for t, x, eps in shown] + [yours])
du.film({"x_t": x_t, "predicted x_0": x_0}, [f"t = {t}" for t, *_ in shown] + ["t = 0"],
        columns=5, scale=4, alt="Film of your own loop: 20 squares of noise turn into sprites.")

# %% [markdown]
# For nearly half of the film you see little but noise on the left, while on the right the guesses have long begun to
# differ. Outlines come next, details last. Notice also how restless the guesses are: each step brings fresh noise, and
# the network cannot help reading it as evidence.
#
# Is it right? The course has a sampler as well, `du.sampler`, which the later lessons use. It can put back less noise
# than yours and take away correspondingly less; its setting `eta` says how much. With `eta=1` it puts back all of the
# variance that you derived, and this is called **DDPM**. With `eta=0` it puts back none; this is **DDIM**, your
# `step_back` of lesson 1, and it made the opening film. Let it walk with `eta=1`, from the same start with the same
# noise:

# %%
generator = torch.Generator().manual_seed(8)
*_, last = du.sampler(unet, ab_t, start, wishes, steps=T, eta=1, generator=generator)
apart = (last.x - yours).abs().amax((1, 2, 3))  # the largest difference in each sprite
typical, worst = apart.median().item(), apart.max().item()
assert typical < 1e-2
print(f"largest difference from du.sampler: {typical:.0e} in a typical sprite, "
      f"{worst:.0e} in the worst")

# %% [markdown]
# **You have just written `du.sampler`** with `eta=1`. Only the last digits differ, since the same formulas are computed
# in another order. (In a sprite that stands at a fork between two shapes, 500 steps can make even such a difference
# grow; this is why the typical sprite is compared.)
#
# One thing was left open in section 2: does the guess really get sharper as you walk? Take only five long steps, and
# look at what went in and what was guessed each time.

# %%
_, seen_5 = draw(six, du.sampling_times(T, 5), seed=2)
du.show_rows(
    {f"t = {t}": torch.cat([x, x0_from_eps(x, t, eps, ab_t)]) for t, x, eps in seen_5},
    label_width=64, top=6 * ["in"] + 6 * ["guess"],
    alt="Five rows: noisy inputs on the left; on the right guesses that part and sharpen",
)

# %% [markdown]
# The first row is the blur that you know. In the second, the six guesses begin to differ, although what went in still
# looks like noise to you, and from row to row each becomes more certain of itself. (At t = 375 lesson 1's perfect
# denoiser named one single sprite. A network knows none by heart, so its guesses stay blends for longer.) So this is
# why small steps are needed: the *decision* which sprite it will be has to be made little by little. Five steps are
# enough to watch this, but not to do it well: each step treats its guess as if it were the truth, and the longer the
# step, the more is wrong with that.

# %% [markdown]
# ## 5. What decides which sprite you get?
#
# Your sampler uses noise twice: as the start, and as the fresh z of every step. The sprites come from noise, so noise
# must decide between them. In lesson 1's walk only the start could, because there was no other noise. But which of the
# two decides here?
#
# **What do you expect?** You draw the same sprites again, but exchange only the *starting* noise; the later noise stays
# the same. What happens?
#
# <details name="expect-2-5"><summary>All sprites change, since they grow out of the start</summary>
#
# That sounds natural, but it is not what DDPM does. At most they change in part; how much depends on the schedule, and
# the pictures below show two.
#
# </details>
# <details name="expect-2-5"><summary>They stay much the same: the later noise decides</summary>
#
# Yes, largely. The start is only the first of hundreds of draws, and each step forgets a little of what was before it.
# How *completely* the start is forgotten is a matter of the schedule: with one of the two below practically nothing of
# it is left after a single step, with the other one a good deal is.
#
# </details>
# <details name="expect-2-5"><summary>Nothing changes at all</summary>
#
# With the first of the two schedules this is almost true, and it should surprise you. With the second it is not.
#
# </details>

# %% [markdown]
# An answer that comes from a single network could be an accident of its schedule. So bring a second one,
# `context_model_31.pth`, which was trained with the *linear* schedule, where `unet.pth` has the *cosine* schedule (you
# met both in lesson 1). The two differ in more than that, because they were also built and trained in different ways.
# So do not compare how *good* their sprites are, but only how much they *change*. No class is asked for this time. And
# from here on 50 steps have to do, from 500 to 490 to 480 and so on; lesson 6 looks at what that costs.
#
# Each kind of noise gets two seeds, called A and B in the labels of the pictures below.

# %%
linear_net, linear = du.load_model(du.WEIGHTS / "context_model_31.pth", device)
nets = {"cosine": dict(model=unet, ab_t=ab_t), "linear": dict(model=linear_net, ab_t=linear)}
fifty = du.sampling_times(T, 50)


def pictures(name, start, later, n=10, times=fifty):
    """n sprites; start and later: the seeds of the starting noise and of the later noise."""
    x = noise(n, 3, 16, 16, seed=start)
    return draw(x, times, later, **nets[name])[0].cpu()


def change(a, b):
    """The root mean square difference between two sprites, averaged over the pairs."""
    return (a - b).square().mean((1, 2, 3)).sqrt().mean().item()


# %%
seeds = [(0, 10), (1, 10), (0, 11), (1, 11)]  # of the start, and of the later noise
drawn = {name: [pictures(name, *pair) for pair in seeds] for name in nets}
labels = ["start A, later A", "start B, later A", "start A, later B"]
du.show_rows(
    {f"{name}: {label}": x for name in nets for label, x in zip(labels, drawn[name])},
    scale=3, label_width=190,
    alt="Two schedules, three rows each; with cosine another start changes next to nothing",
)

# %%
table = {}
for name, (AA, BA, AB, BB) in drawn.items():
    table[f"{name}: other start"] = [change(AA, BA), change(AB, BB)]
    table[f"{name}: other later noise"] = [change(AA, AB), change(BA, BB)]
    table[f"{name}: both other"] = [change(AA, BB), change(BA, AB)]
swap = {key: sum(pair) / len(pair) for key, pair in table.items()}
charts.bars(table, y="change of a sprite (root mean square), two pairs of seeds",
            alt="Another start changes little, with cosine nothing; later noise changes all")

# %% [markdown]
# The bars "both other" are there to compare with: two sprites that have none of their noise in common differ by so
# much. To exchange the later noise alone changes a sprite about as much. So under both schedules the later noise
# decides more than the start. But under the cosine schedule the start decides next to nothing (if one sprite does
# change, it stood at a fork, where a hair's breadth matters), and this must have a cause.
#
# So follow the start through the walk, without any network. Each step makes the new picture out of three things: the
# picture that it is given, the guess, and fresh noise. With which weight does the given picture enter? Your own
# function knows the answer: ask `posterior` for the mean with x_t = 1 and x_0 = 0.
#
# ### Your turn 2.5: what is left of the start?
# *Difficulty 2 of 3, 8 minutes.*
#
# `times` are falling times again, such as `[500, 490, ..., 0]`. Write the function that returns, for each of them, the
# weight with which the start still stands in the picture at that time. The first number is 1, because there the picture
# *is* the start. The second is the weight of the first step. What does the second step do to it? (Count only what is
# handed on from picture to picture. What the start has put into the guesses on the way comes on top of this, and no
# formula knows it.)

# %% tags=["exercise"]
def memory(times, ab_t):
    """The weight of the start in x at each of the falling times: a list as long as times."""
    return ...  # your code here


checks.check_memory(memory)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_memory(times, ab_t):
    left, one, zero = [1.0], torch.ones(1), torch.zeros(1)
    for t, s in zip(times, times[1:]):
        weight = posterior(one, t, s, zero, ab_t)[0].item()
        left.append(left[-1] * weight)
    return left


memory = checks.keep(memory, solution_memory)

# %%
late = fifty[1:]  # 490, 480, ..., 0
left = {"cosine": (fifty, memory(fifty, ab_t)), "linear": (fifty, memory(fifty, linear)),
        "cosine, begun at t = 490": (late, memory(late, ab_t))}
for name, (times, weights) in left.items():
    print(f"{name}: {weights[1]:.3f} of the start is left after the first step, "
          f"{weights[times.index(400)]:.3f} at t = 400")
charts.lines(left, x="time t (the sampler walks from left to right)", reverse=True,
             y="weight of the start", ylim=(0, 1.05),
             alt="Linear falls slowly; cosine at once to 0; "
                 "begun at 490, fast but step by step")

# %% [markdown]
# Under the linear schedule the start fades away gradually. At t = 400 a good part of it is still there, so it has a say
# in what the guesses become. Under the cosine schedule it is gone after a single step, before anything has been
# decided: in the five rows of section 4 all guesses at t = 500 were still the same. Why is that?
#
# The cosine schedule falls so steeply at its end that its very last step would remove *everything* from the picture. A
# step that keeps nothing cannot be undone (your formulas would divide by a = 0), so the schedule is *clipped* there:
# the step from 499 to 500 keeps the share a = 0.001 of the variance, which multiplies the picture by $\sqrt{0.001}$,
# about 0.03. (The long step from 490 to 500 contains this one and nine others, so it multiplies the picture by still
# less, 0.003.) Seen from the other side, walking down, this clipped step throws away practically the whole start and
# puts fresh noise in its place. The linear schedule has no such step: none of its 500 steps keeps less than a = 0.98.
# So "the start counts for nothing" is no law of DDPM. It is what this one step does. The third curve says what to
# expect without it: begin at t = 490, and about a tenth of the start is left at t = 400. Is that enough to count?

# %%
AA, BA, AB, BB = (pictures("cosine", *pair, times=late) for pair in seeds)
from_490 = [change(AA, BA), change(AB, BB)]
print(f"cosine, begun at t = 490: another start changes a sprite by {from_490[0]:.2f} and "
      f"{from_490[1]:.2f}, other later noise by {change(AA, AB):.2f} and {change(BA, BB):.2f}")

# %% [markdown]
# It does count now, though the later noise still counts for more.
#
# One more thing often puzzles people. Ask for 16 sprites instead of 8, with the same seeds. The first 8 squares of starting
# noise are the very same numbers. Will the first 8 sprites be the same?

# %%
eight, sixteen = (pictures("cosine", 0, 10, n) for n in (8, 16))
same_start = (noise(8, 3, 16, 16) - noise(16, 3, 16, 16)[:8]).abs().max().item()
print(f"starting noise: largest difference {same_start:.0e}; sprites: they differ by "
      f"{change(eight, sixteen[:8]):.2f}; drawn again with n = 8: by "
      f"{change(eight, pictures('cosine', 0, 10, 8)):.2f}")

# %% [markdown]
# They are not. The generator deals out one long row of random numbers, and with 16 pictures each z takes twice as many
# of them. The first z still begins with the same numbers, as the start did, but from the second step on different
# numbers fall to the first eight sprites. "The same seed" means the same pictures only if everything else is the same
# as well.

# %% [markdown]
# ## 6. What if the noise is not put back?
#
# Now take the question of section 3 seriously, and leave out the noise: z = 0 in every step. The mean stays as it is, so
# each step still takes away about twice the noise that lies between the two times.
#
# **What do you expect?** Compare three samplers, from the same starts: with the right noise, with none, and with 1.5
# times the right noise. What does the one without noise draw?
#
# <details name="expect-2-6"><summary>The same sprites, only cleaner</summary>
#
# No. Each step's noise takes part in deciding between the sprites. Without it other pictures come out, and they are
# more alike.
#
# </details>
# <details name="expect-2-6"><summary>Pictures that resemble each other</summary>
#
# Yes. Under the linear schedule they differ a little, much less than sprites should, and under the cosine schedule the
# same figure comes out again and again. This is called *collapse*.
#
# </details>
# <details name="expect-2-6"><summary>Grain, because the balance is disturbed</summary>
#
# Grain is what *too much* noise gives: the third sampler. Too little noise errs on the other side.
#
# </details>

# %% [markdown]
# First the flat world, where nothing is hidden. Sixty points of noise walk back, the noise is not put back, and the
# schedule is the cosine schedule.

# %%
explore.flat_world("ddpm", back=False)

# %% [markdown]
# One step, and all sixty points lie practically on top of each other in the middle of the plane. The start is
# forgotten, and at so late a time even the guess counts for next to nothing. From there on they move as one, and end at
# the data point nearest to the middle. Now the same under the linear schedule.

# %%
explore.flat_world("ddpm", back=False, schedule="linear")

# %% [markdown]
# Here the cloud shrinks gradually. It shrinks much faster than it would with the noise put back, but the points stay
# apart long enough to end at two different places. Do sprites do the same?

# %%
def run(name, strength, seed, n=25):
    x = noise(n, 3, 16, 16, seed=seed)
    return draw(x, fifty, seed + 10, strength=strength, **nets[name])


amounts = {"right noise": 1.0, "no noise": 0.0, "1.5 x noise": 1.5}
runs = {f"{name}, {label}": [run(name, strength, seed) for seed in (0, 1)]
        for name in nets for label, strength in amounts.items()}

# %%
du.show_rows({key: both[0][0][:10] for key, both in runs.items()}, scale=3, label_width=150,
             alt="Two schedules: the right noise gives variety, none sameness, 1.5 times grain")

# %% [markdown]
# Look at the second row, where one figure is drawn ten times, and at the fifth, where little more than a
# grey square is left, with small differences. How much variety is that? To compare the six rows you need a number for it.
#
# ### Your turn 2.6: how varied is a set of pictures?
# *Difficulty 2 of 3, 8 minutes.*
#
# The number should be 0 if all pictures of a set are the same, and it should not depend on how many there are. Take the
# mean distance between two of them. For the distance of one sprite from another you have `change`, which also averages
# over as many pairs as you hand over, `change(a, b)` with a and b of shape (pairs, C, H, W). But which pairs are there
# in a set of N pictures? (Each pair counts once. A picture and itself are no pair.)

# %% tags=["exercise"]
def diversity(x):
    """The mean distance (a number) between two different pictures of x (N, C, H, W)."""
    return ...  # your code here


checks.check_diversity(diversity)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_diversity(x):
    i, j = torch.combinations(torch.arange(len(x))).T  # the numbers 0 to N - 1, in all pairs
    return change(x[i], x[j])


diversity = checks.keep(diversity, solution_diversity)

# %%
some = held_out.x[:200]
real = diversity(some)
assert abs(real - du.diversity(some)) < 1e-3  # you have written it
varied = {key: [diversity(x) / real for x, _ in both] for key, both in runs.items()}
varied["real sprites"] = [diversity(train.x[i : i + 25]) / real for i in (0, 25)]
charts.bars(varied, y="diversity (real sprites: 1), two seeds",
            alt="Diversity: near 1 with the right noise; without it lower, with cosine near 0")

# %% [markdown]
# By itself such a distance says little, so it is shown as a share of the same number for real sprites; this share is
# what the course calls *diversity*. Without the noise most of it is lost under the linear schedule, and nearly all of
# it under the cosine schedule.
#
# The number sees pictures with other eyes than yours. Where an outline is shifted by one pixel, black stands against
# white, and that counts for more than all the shades within. So plain pictures that look much alike to you can still be
# far apart: compare the fifth row with its bar. Nor does diversity say that pictures are *good*: grain differs from
# picture to picture, and counts as variety, too. So look at the pictures as well as at the number.

# %% [markdown]
# Why do the pictures collapse? A step's mean takes away about twice the noise that lies between t and s, and relies on
# z to bring the balance back. If z is missing, x_s holds less noise than the time s tells the network. It has never
# seen such pictures: in training, "t = 400" always came with the noise of t = 400. So look at how much noise the
# network finds on the way, and compare this with what it finds in real sprites that were given honest noise.

# %%
def found(key):
    times, _, eps = zip(*runs[key][0][1])
    return times, [e.std().item() for e in eps]


honest, clean = fifty[:-1:5], held_out.x[:50].to(device)
noisy = [du.add_noise(clean, t, noise(50, 3, 16, 16, seed=t), ab_t) for t in honest]
honest_std = [predict(x, t).std().item() for x, t in zip(noisy, honest)]
keys = ["cosine, right noise", "cosine, no noise", "linear, no noise"]
charts.lines(
    {"real sprites, honest noise": (honest, honest_std)} | {key: found(key) for key in keys},
    points=["real sprites, honest noise"], reverse=True, ylim=(0, None),
    x="time t (the sampler walks from left to right)", y="std of eps (noise found)",
    alt="The right sampler stays near 1; without noise linear sinks, cosine falls at once",
)

# %% [markdown]
# With the right noise the sampler follows the dots, which are those of the cosine network. (Both sink below 1 towards
# the end, because eps, too, is an average of what is possible. Where the network cannot tell which way the noise went,
# this average is near 0.) If no noise is put back, the noise found falls far below the dots. (Where the curves rise
# again towards the end, hardly any noise is expected any more. eps is measured in units of the noise expected, so there
# a little counts for much.)
#
# Under the linear schedule the noise found falls gradually, and meanwhile the differences between the starts are
# carried along, so some variety survives. Under the cosine schedule the clipped step does nearly all the damage at
# once. It throws the start away and puts nothing in its place, and all pictures become the same faint blur. From then
# on the network is told "nearly pure noise", and sees a picture without any. To the network that looks like strong
# evidence, so it does decide: it sharpens this blur into a figure. And it decides the same way every time, because next
# to nothing is left in which the pictures differ.
#
# Next to nothing is not nothing. If you take all 500 steps, the network is asked again at t = 499, where 0.03 of the start
# is still in the picture, and where the blur stands at a fork this can tip the balance. (With 50 steps it is asked again
# at t = 490, where 0.003 is left.) Try it, if you have a minute:
#
# ```python
# du.show_rows({"500 steps": draw(noise(8, 3, 16, 16), every_t, seed=10, strength=0.0)[0]})
# ```
#
# The collapse stays, but there may now be two or three figures instead of one.
#
# Is the clipped step really to blame? How would you find out? Think of an experiment before you read on.
#
# If it is to blame, then leaving it out should bring variety back, even without any noise. That is the control: the same
# network, still z = 0, but begun at t = 490.

# %%
starts = [noise(25, 3, 16, 16, seed=seed) for seed in (0, 1)]
without = [draw(x, late, seed=0, strength=0.0)[0] for x in starts]
spread, before = [diversity(x) / real for x in without], varied["cosine, no noise"]
print(f"cosine, no noise, from t = 500: diversity {before[0]:.2f} and {before[1]:.2f}; "
      f"from t = 490: {spread[0]:.2f} and {spread[1]:.2f}")
du.show_rows({"from t = 500": runs["cosine, no noise"][0][0][:10],
              "from t = 490": without[0][:10]}, scale=3, label_width=110,
             alt="From t = 500 ten times one figure; from 490 different pictures")

# %% [markdown]
# So two causes have to be kept apart. If no noise is put back, every step of DDPM takes away too much, under any
# schedule, and this costs some of the variety, and often the details as well. That nearly *all* of it is gone is the
# work of the clipped step.
#
# And lesson 1's walk, which put no noise back and lost nothing by it? It took away less: just what lies between two
# times, where DDPM's mean takes twice that. Both are right, DDPM with its noise and `step_back` without. What is wrong
# is to mix the two: to take away as much as DDPM does and then to put back nothing. Lesson 6 compares them.

# %% [markdown]
# ## 7. Are they copies, and are they good?
#
# Lesson 1's perfect denoiser could only return what it had stored. Has this network merely learned its sprites by
# heart?
#
# **What do you expect?** Take the fifty sprites of section 6 that your sampler drew with the cosine network and the
# right noise. For each of them find the nearest of the 36,000 training sprites. What is it?
#
# <details name="expect-2-7"><summary>The same sprite</summary>
#
# No. If it were, the distances would be close to 0.
#
# </details>
# <details name="expect-2-7"><summary>A relative: similar colours or a similar shape</summary>
#
# Yes. It resembles the drawn sprite, but parts and colours differ.
#
# </details>
# <details name="expect-2-7"><summary>Something quite different</summary>
#
# Now and then, where the number above the pair is large. But mostly there is a relative, with 36,000 sprites to choose
# from.
#
# </details>

# %% [markdown]
# The distance is the root mean square difference of the pixels; 0 is an exact copy. By itself such a number says
# little: how near is near? Held-out sprites are new by construction, because the network has never seen them. So they
# set the mark.

# %%
fresh = torch.cat([x for x, _ in runs["cosine, right noise"]]).cpu()
distance, index = du.nearest(fresh, train.x)
mark, _ = du.nearest(held_out.x[:500], train.x)
du.show_rows(
    {"drawn": fresh[:10], "nearest\ntraining sprite": train.x[index[:10]]},
    label_width=120, scale=4, top=[f"{d:.2f}" for d in distance[:10]],
    alt="Ten drawn sprites, the nearest training sprite below each, and their distance above",
)

# %% [markdown]
# Now count. A network that draws a stored sprite need not hit it exactly: even at t = 10 its pictures are off by a few
# hundredths (the chart of section 1). So ask how many lie nearer than 0.1, and ask the same of the held-out sprites.
#
# How *good* drawn sprites are is measured by another number. A small classifier, a network that has learned to tell the
# five classes apart, describes every picture by a list of numbers. The *Fréchet distance* between two sets of pictures
# compares these descriptions: their means, and how they vary. Here the second set is always the held-out sprites, and
# lower is better. With more pictures it comes out lower even if they are no better, so it is only ever compared between
# sets of the same size.

# %%
close, near_real = ((d < 0.1).float().mean().item() for d in (distance, mark))
beyond = (distance > mark.quantile(0.9)).float().mean().item()
collapsed = torch.cat([x for x, _ in runs["cosine, no noise"]]).cpu()
sets = {"drawn": fresh, "collapsed": collapsed, "real": train.x[: len(fresh)]}
frechet = {name: du.frechet_distance(x, held_out.x) for name, x in sets.items()}
Markdown(f"""
- **Copies:** {close:.0%} of the {len(fresh)} drawn sprites lie nearer than 0.1 to a training
  sprite; the nearest is {distance.min():.2f} away, and the median is {distance.median():.2f}.
- **The mark:** {near_real:.0%} of the held-out sprites lie nearer than 0.1, and their median is
  {mark.median():.2f}. Nine in ten of them lie nearer than {mark.quantile(0.9):.2f};
  {beyond:.0%} of the drawn sprites lie further away.
- **Quality:** the Fréchet distance to the held-out sprites is {frechet["drawn"]:.1f} for these
  {len(fresh)} sprites, {frechet["collapsed"]:.1f} for as many collapsed ones of section 6, and
  {frechet["real"]:.1f} for as many real ones. Lower is better.
""")

# %% [markdown]
# What would copying look like? Nearly all drawn sprites would lie within 0.1, far more than of the held-out ones. (Some
# held-out sprites do lie there, without being copies of anything: a sprite may differ from another in its hat alone.)
# That is not what you see. The network is not the perfect denoiser of its training set, and this imperfection lets it
# draw something new.
#
# But to lie far away is no praise, because random pixels would lie further still. A network that had learned exactly
# what sprites are like would draw sprites that stand just as near to the training sprites as the held-out ones do, no
# nearer and no further. Most of yours stand further away than nine in ten of the held-out ones, so something about them
# is not yet as it is in sprites. You can see some of it in the pairs above: where a real sprite has even areas of one
# shade, a drawn one is speckled with many.
#
# The Fréchet distance is a coarse number for so few pictures. It sees a collapse from afar, but it may not tell drawn
# sprites from real ones. With 2,000 pictures it does; the file `weights/README.md`, which describes the networks of
# this course, lists such scores.

# %% [markdown]
# ## Try it
#
# Play a run of 20 steps with your sampler, pause it, scrub back. Then turn the noise down from 1, the right amount, to
# 0. Which amount still gives nine different sprites, under which schedule? From which amount on do you see grain? The
# mark in the chart is the noise that the network finds; it should stay near the dots of section 6.

# %%
def player(seed=0, strength=1.0, schedule="cosine"):
    """A film of nine sprites in 20 steps, the noise found, and how much they differ."""
    x, seen = draw(noise(9, 3, 16, 16, seed=seed), du.sampling_times(T, 20), seed + 10,
                   strength=strength, **nets[schedule])
    x0 = [x0_from_eps(x_t, t, eps, nets[schedule]["ab_t"]) for t, x_t, eps in seen]
    alt = f"Film: nine x_t, noise and guesses; strength {strength:.1f}, {schedule} schedule"
    return lesson_02.film_with_noise(seen, x0, (honest, honest_std), alt), (
        f"Diversity of the nine results: {diversity(x) / real:.2f} (real sprites: 1). "
        "The last predicted x_0 is the result.")


widgets.try_it(player, seed=(0, 50), strength=(0.0, 1.5, 0.1), schedule=list(nets))

# %% [markdown]
# ## Open problem
#
# Calls of the network are what sampling costs. You have **ten** for each batch of sprites. How low a Fréchet distance
# can you reach?
#
# `score` takes a function `walk(ask, x, seed)` that turns noise x into pictures, in any way you like: other times,
# other steps, another use of the answers. `ask(x, t)` is the network's eps, and refuses an eleventh call. The score is
# the mean over two seeds. Your own sampler with ten even steps is the score to beat, and real sprites are the floor.

# %%
SCORED = 100  # sprites for each seed

# %%
def score(walk):
    """The Fréchet distance of what walk(ask, x, seed) draws, the mean of two seeds."""
    def draw_with(seed):
        calls = []

        def ask(x, t):
            calls.append(t)
            du.need(len(calls) <= 10, "ten calls of the network are all you have")
            return predict(x, t)

        return walk(ask, noise(SCORED, 3, 16, 16, seed=seed), seed)

    return sum(du.frechet_distance(draw_with(seed), held_out.x) for seed in (0, 1)) / 2


def ten_even_steps(ask, x, seed):
    def one_step(*given):
        return step(*given, ab_t)

    return sample(ask, one_step, x, du.sampling_times(T, 10), seed)


to_beat, floor = score(ten_even_steps), du.frechet_distance(train.x[:SCORED], held_out.x)
print(f"ten even steps of your sampler: {to_beat:.2f}; as many real sprites: {floor:.2f}")

# %% [markdown]
# The course's own best so far is folded below. Look at it only when you have beaten ten even steps, or given up: there
# is probably a better one.

# %% tags=["solution"] jupyter={"source_hidden": true}
def best_so_far(ask, x, seed):
    """Skip the clipped step, and use not the guess, but the place where it is heading."""
    generator, last = torch.Generator().manual_seed(seed), None
    times = [490 * (10 - i) // 10 for i in range(11)]
    for t, s in zip(times, times[1:]):
        x0 = x0_from_eps(x, t, ask(x, t), ab_t)
        ahead = x0 if last is None or s == 0 else x0 + 0.5 * (x0 - last)
        mean, variance = posterior(x, t, s, ahead, ab_t)
        x = mean + variance ** 0.5 * torch.randn(x.shape, generator=generator).to(x)
        last = x0
    return x


best = score(best_so_far)
print(f"the course's best so far: {best:.2f}; lesson 6 explains why it helps")

# %% [markdown]
# ## What you saw

# %%
right, none = (sum(varied[f"cosine, {key}"]) / 2 for key in ("right noise", "no noise"))
linear_none = sum(varied["linear, no noise"]) / 2
after_one = [left[name][1][1] for name in ("cosine", "linear")]
Markdown(f"""
- At t = {levels[-1]} the network's noise was off by {eps_error[-1]:.2f} and its picture by
  {x0_error[-1]:.2f}; at t = {levels[0]} by {eps_error[0]:.2f} and {x0_error[0]:.2f}.
- From pure noise it guessed the average of all training sprites, to within {gap:.2f}.
- Your sampler drew {len(yours)} sprites in {T} steps and agreed with `du.sampler` to
  {typical:.0e} in a typical sprite.
- After the first of 50 steps {after_one[0]:.3f} of the start was left under the cosine
  schedule, and {after_one[1]:.3f} under the linear one.
- Another start changed a sprite by {swap["cosine: other start"]:.2f} (cosine) and
  {swap["linear: other start"]:.2f} (linear); with the clipped step of the cosine schedule left
  out, by {sum(from_490) / 2:.2f}.
- Without the noise the diversity was {none:.2f} (cosine) and {linear_none:.2f} (linear), where
  the right noise gave {right:.2f}; with the clipped step left out it was {sum(spread) / 2:.2f}.
- Nearer than 0.1 to a training sprite lay {close:.0%} of the drawn and {near_real:.0%} of the
  held-out sprites; the median distance was {distance.median():.2f} and {mark.median():.2f}.
""")

# %% [markdown]
# ## Quiz
#
# **1.** The last step, from t = 1 to 0, must not leave noise in the picture. Many programs have an extra line for it,
# "z = 0 if t = 1". Yours has none. Why does it work?
#
# <details><summary>Answer</summary>
#
# At s = 0 the curve that the clean picture draws has the variance 0: once you trust the guess, x_0 *is* the guess. The
# product of this infinitely narrow curve with any other is the curve itself, so the posterior's variance is 0 as well,
# and z is multiplied by 0.
#
# </details>
#
# **2.** The guess at t = 500 is a blur. Would a larger network, trained for longer, make it sharp?
#
# <details><summary>Answer</summary>
#
# No. Nothing in pure noise points to one sprite, so the answer with the smallest squared error *is* the average of all
# of them. Even the perfect denoiser of lesson 1 answers with it. Sharp pictures come from many steps, each of which
# settles a little.
#
# </details>
#
# **3.** Without fresh noise the pictures collapse. Is the network at fault, the sampler, or the schedule?
#
# <details><summary>Answer</summary>
#
# The network is not, because it is shown pictures of a kind that it never met in training. The sampler is, because its
# mean takes away about twice the noise that lies between two times, and nothing makes up for it. How bad the result is
# depends on the schedule: the clipped step of the cosine schedule removes nearly all differences at once, while under
# the linear schedule some of them survive.
#
# </details>
#
# **4.** You draw 40 sprites instead of 20, with the same seeds. How many more network calls does that take, and are the
# first 20 the same sprites?
#
# <details><summary>Answer</summary>
#
# It takes no more calls, since each call takes the whole batch, though each call takes longer. (The steps themselves
# cannot run side by side, because each needs the result of the one before.) And the sprites are different ones: from
# the second step on other numbers of the generator fall to the first 20.
#
# </details>

# %% [markdown]
# ## Where you meet this outside
#
# - In the *diffusers* library your `step` is `DDPMScheduler.step`, and what is called a **scheduler** there is a sampler
#   together with its schedule. `num_inference_steps` (in many programs just **steps**) is the number of your pairs
#   of times, and `prediction_type` ("epsilon", "sample" or "v_prediction") is the form of answer that `predict` hides.
# - Its `variance_type="fixed_small"` is the variance that you derived. `"fixed_large"` puts back 1 - a instead, all the
#   noise that the steps up added (lesson 8 asks which is better).
# - In the menus of programs for Stable Diffusion the samplers whose names end in **a** ("Euler a", for *ancestral*) put
#   noise back as yours does, and so do those with **SDE** (*stochastic differential equation*) in their names. Most
#   others do not.
# - The **seed** fixes the starting noise and, in such samplers, the later noise as well. As you have seen, the same seed
#   with another batch size can be another picture; many programs therefore give each picture of a batch a seed of its
#   own. With another number of steps it is another picture, too, because the later noise falls at other times.
# - Stable Diffusion 1 and 2 were trained with a schedule that never quite reaches pure noise, like your linear one. The
#   repair, "zero terminal SNR", makes the last step keep nothing, which is why it needs special care, as the
#   clipped step did here.
#
# ## Going further
#
# - Sohl-Dickstein, Weiss, Maheswaranathan and Ganguli (2015), *Deep Unsupervised Learning using Nonequilibrium
#   Thermodynamics*: the idea of learning to undo a slow diffusion.
# - Ho, Jain and Abbeel (2020), *Denoising Diffusion Probabilistic Models*: the product of your two bell curves is its
#   equations 6 and 7, and your loop is its algorithm 2.
# - Nichol and Dhariwal (2021), *Improved Denoising Diffusion Probabilistic Models*: the cosine schedule, and why its betas
#   are clipped at 0.999.
# - Lin, Liu, Li and Yang (2023), *Common Diffusion Noise Schedules and Sample Steps are Flawed*: what it does to pictures
#   when the last step is not pure noise.
# - Carlini and others (2023), *Extracting Training Data from Diffusion Models*: large models that did copy some of their
#   training pictures, and how this was found.
#
# Next: [03_network](03_network.ipynb)
