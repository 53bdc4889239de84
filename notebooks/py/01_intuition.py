# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1. Intuition: what does noise hide, and can it be undone?
#
# Add noise to a small picture, a little at a time, until nothing but noise is left. A *diffusion model* goes the
# other way: it starts from noise and ends with a picture that nobody has drawn. How can that be possible, when the
# noise has hidden everything? In this lesson you take the way into the noise apart, and then you walk the way back
# yourself, at first without any neural network.

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

T, train, cosine = 500, du.load_sprites("train", n=8000), du.noise_schedule("cosine", T=500)
noise = torch.randn(16, 3, 16, 16, generator=torch.Generator().manual_seed(3))
steps = list(du.sampler(du.PerfectDenoiser(train.x, cosine), cosine, noise, steps=25))
times, out = [T, *(step.s for step in steps)], [noise, *(step.x for step in steps)]
into = torch.stack([du.add_noise(train.x[:16], t, noise, cosine) for t in reversed(times)])
du.film({"into the noise": into, "out of the noise": torch.stack(out)}, columns=4, scale=4,
        labels=[f"left: t = {a}     right: t = {b}" for a, b in zip(reversed(times), times)],
        alt="Film. Left: 16 sprites dissolve into noise. Right: 16 others appear out of noise.")

# %% [markdown]
# On the left, sixteen *sprites* dissolve, which are small figures like those of old video games. On the right, sixteen
# others appear out of pure noise, and no trained network had a hand in it. The number `t` says how much noise there is:
# 0 is a clean picture, and 500 is nothing but noise. You need not follow the cell above yet, because it borrows all of
# its parts from the course's module `du`. At the end of this lesson you will know how the right half is done, because
# you will have written these parts yourself; and you will know what is wrong with it.
#
# **You will be able to**
# - add noise to a picture, in one jump, to any level;
# - say what each level hides, and compare three noise schedules;
# - explain why the best guess of what noise hides is an average, and compute its weights;
# - draw sprites with no network at all, and say why that is not enough;
# - train, in a minute, a first small network that guesses what was there before the noise.
#
# **You need** Python and a little PyTorch; nothing about diffusion. **Time:** about 45 minutes of reading, and 35 more
# if you do all five exercises; the cells run for a few minutes, most of which is the training in section 7.
#
# Five places are marked *Your turn*: a function with dots in it, for you to fill in. Run its cell, and a check says
# whether it is right or which mistake it looks like; each further try gives a hint. If you would rather read on, leave
# the dots: the folded cell below holds a solution, and the lesson then draws with that.

# %% [markdown]
# ## 1. How do you add noise to a picture?
#
# A sprite is 16 by 16 pixels, and each pixel is a mixture of red, green and blue. So a sprite is a list of
# 16 × 16 × 3 = 768 numbers. In a file they are whole numbers from 0 to 255; in this course they are floats from -1
# (none of that colour) to 1 (all of it), so that 0 is in the middle. Many pictures at once are a tensor of shape
# `(B, C, H, W)`: the number of pictures, colours, rows and columns. To show a picture, the numbers are turned back into
# 0 to 255, and what lies outside of -1 to 1 is cut off.

# %%
import charts
import checks
import explore
import ipywidgets
import time
import widgets
from IPython.display import Markdown, display
from plumbing import lesson_01

# %%
print(f"{len(train.x):,} sprites: a tensor of shape {tuple(train.x.shape)}")
red, green, blue = train.x[0, :, 4, 8].tolist()
print(f"row 4, column 8 of the first: red {red:.2f}, green {green:.2f}, blue {blue:.2f}")

# %% [markdown]
# The first sprite is the doughnut at the top left of the film, and this pixel belongs to its pink icing: it has nearly
# all of the red, and a little more than half of the green and of the blue. The course holds 36,000 sprites to train
# with; this lesson takes the first 8,000, and calls these its *training sprites*.
#
# *Noise* is a list of 768 random numbers, each drawn from the bell curve (the *Gaussian* or *normal* distribution)
# around 0: mostly small, as often negative as positive, and each drawn without regard to the others. How do you mix the
# two? The first idea is to turn the picture down while you turn the noise up:
#
# $$x = (1 - a) x_0 + a \epsilon$$
#
# Here $x_0$ is the clean picture, $\epsilon$ (epsilon) is the noise, and the amount $a$ goes from 0 to 1. What happens
# to the picture on the way? Watch its *standard deviation* (std). The std of a list of numbers says how far they spread
# around their mean, so a dull, grey picture has a small one. The numbers of our sprites have a std of about 0.75, and
# those of the noise one of 1.
#
# **What do you expect?** How large is the spread half way, at $a = 0.5$?
#
# <details name="expect-1-1"><summary>Between those of the picture and of the noise</summary>
#
# That would be reasonable, because each half contributes. But the noise is as often opposed to the picture as with it,
# so the two partly cancel: the spread falls *below* both ends, as the orange curve below shows.
#
# </details>
# <details name="expect-1-1"><summary>Smaller than at both ends</summary>
#
# Yes. Picture and noise know nothing of each other, so they cancel as often as they add up, and half of each gives
# less than either. This is the dip in the orange curve.
#
# </details>
# <details name="expect-1-1"><summary>Larger than at both ends</summary>
#
# It would be, if both were added at their full strength. But here each is halved first, and the orange curve dips.
#
# </details>

# %%
eps = torch.randn(train.x[:1000].shape, generator=torch.Generator().manual_seed(1))
a = torch.linspace(0, 1, 15)
faded = [((1 - s) * train.x[:1000] + s * eps).std() for s in a]
rooted = [((1 - s).sqrt() * train.x[:1000] + s.sqrt() * eps).std() for s in a]
charts.lines({"square roots as weights": (a, rooted), "plain fading": (a, faded)},
             x="amount of noise a", y="std of the numbers", ylim=(0, 1.1),
             alt="Std against amount: plain fading dips below both ends, square roots do not.")

# %% [markdown]
# Why does it dip? The square of the standard deviation is the *variance*. When two independent things are added, their
# variances add, and a weight in front of a thing counts squared. So plain fading has the variance
# $(1-a)^2 \mathrm{var}(x_0) + a^2 \mathrm{var}(\epsilon)$. Half way the two squares are a quarter each, and together
# they are only one half: the other half of the variance is lost. With a std of 0.75 and of 1 that gives
# $(0.75^2 + 1^2)/4 = 0.39$, whose root is the 0.62 that the orange curve shows at $a = 0.5$.
#
# The remedy follows at once: take square roots as weights, because then the squares are $1-a$ and $a$, and they add up
# to 1. That is the blue curve. It leads without a dip from the spread of the sprites to that of the noise. If the sprites
# had a std of 1 as the noise has, it would not even rise, and so this way of mixing is called *variance preserving*.
# Nearly all of this course uses it:
#
# $$x_t = \sqrt{\bar\alpha_t} x_0 + \sqrt{1 - \bar\alpha_t} \epsilon$$
#
# The number $\bar\alpha_t$ (say "alpha bar t") is the share that the picture has in the variance, and $1-\bar\alpha_t$
# is the share of the noise. (To be exact, this too holds for pictures with a std of 1. Ours have less, so their true
# share is somewhat smaller than $\bar\alpha_t$ says.) The level $t$ is a whole number from 0 to $T = 500$, also called
# the *time*. A list of all $\bar\alpha_t$, from $\bar\alpha_0 = 1$ (only picture) to $\bar\alpha_T$ (nearly only
# noise), is a *noise schedule*. In code it is a tensor called `ab_t`, and `ab_t[t]` is $\bar\alpha_t$. For now take a
# ready one, called *cosine*; sections 3 and 4 show where schedules come from.

# %% [markdown]
# ### Your turn 1.1: add noise
# *Difficulty 1 of 3, 5 minutes.*
#
# Write the formula for a batch in which every picture has a time of its own: `t` is a tensor of B whole numbers. So
# `ab_t[t]` is a tensor of B numbers, and each must multiply all 768 numbers of its own picture. Make the shapes
# fit before you multiply. (`ab_t` is kept in double precision, because $1-\bar\alpha_t$ is tiny at first and would be
# rounded too coarsely. So your answer may come out as `float64`, and that is fine.)

# %% tags=["exercise"]
def add_noise(x0, t, noise, ab_t):
    """x_t (B, C, H, W) from x0 and noise, both (B, C, H, W), times t (B,) and ab_t (T + 1,)."""
    return ...  # your code here


checks.check_add_noise(add_noise)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_add_noise(x0, t, noise, ab_t):
    ab = ab_t[t].view(-1, 1, 1, 1)  # one number for all of a picture: (B, 1, 1, 1)
    return ab.sqrt().float() * x0 + (1 - ab).sqrt().float() * noise


add_noise = checks.keep(add_noise, solution_add_noise)

# %%
def noisy(x0, t, ab_t=cosine, seed=0):
    """Pictures x0 at time t; or one picture at several times t, with the same noise in all."""
    t, n = torch.as_tensor(t).flatten(), max(len(x0), torch.as_tensor(t).numel())
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(seed))
    x0, eps = x0.expand(n, -1, -1, -1), eps.expand(n, -1, -1, -1)
    return add_noise(x0, t.expand(n), eps, ab_t).float()


levels, crab = [0, 25, 50, 100, 200, 300, 400, 500], train.x[12:13]
strip = noisy(crab, levels)
mine = add_noise(crab, torch.tensor([200]), noise[:1], cosine).float()
assert torch.allclose(mine, du.add_noise(crab, 200, noise[:1], cosine), atol=1e-6)
du.show_rows({"x_t": strip}, scale=5, label_width=50,
             top=[f"t = {t}\nab_t {cosine[t]:.2f}" for t in levels],
             alt="A crab at eight levels: clean, speckled, hardly visible, then noise.")

# %% [markdown]
# The function that you have just written is `du.add_noise`; the `assert` compares the two. All eight pictures hold the
# same noise, mixed in with different weights. Up to $t = 100$ the crab is plain to see, at $t = 200$ you can still
# guess it, and from $t = 300$ on you would hardly find it without knowing where it is.
#
# ### The flat world
#
# Nobody can draw a space of 768 directions. But everything in this lesson works for lists of *two* numbers just as well,
# and a list of two numbers is a point in the plane. So imagine pictures of two pixels: each is a point, left or right
# for the first pixel, down or up for the second. A dozen such points, seven blue ones in a ring and five orange ones in
# a heap, are our flat world, and you will come back to it in many lessons.
#
# **What do you expect?** Below are the twelve points (hollow), and twenty noisy copies of each (small, in its colour). When
# `t` rises from 0 to 500, where do the copies go?
#
# <details name="expect-1-2"><summary>They gather in the middle</summary>
#
# That is what the picture's share does: it shrinks, and alone it would bring every point to the middle. But the noise
# grows meanwhile, and pushes each copy in a direction of its own.
#
# </details>
# <details name="expect-1-2"><summary>They fly apart without end</summary>
#
# They would, if the noise were added on top without end. But the picture shrinks as the noise grows, and the weight of
# the noise never exceeds 1. So the spread ends at 1, which is that of the noise alone.
#
# </details>
# <details name="expect-1-2"><summary>They end in one round cloud that has forgotten where they began</summary>
#
# Yes. The picture's share shrinks towards the middle, while the noise pushes each copy away in a random direction. At
# the end only the noise is left, and it is the same cloud whatever the points were.
#
# </details>

# %%
explore.flat_world("noise")

# %% [markdown]
# Each thin ring belongs to one point. Its middle is the point after shrinking, and its radius is the std of the noise, so
# you can watch the two halves of the formula at work: the rings move to the middle and grow, until all twelve are one.
#
# Stop the film half way, and look for a small orange square among the blue dots. It lies nearer to points of the
# *other* colour than to its own. If you saw only this copy, without its colour, you could no longer say with certainty
# where it came from. So this is what noise hides: it does not wipe a picture out, it makes several pictures possible.

# %% [markdown]
# ## 2. What is the best guess of what was there?
#
# Suppose you see a noisy picture, and it can only have been one of two sprites, A or B. Both are equally likely. You
# must name *one* picture as your guess. Afterwards the truth comes out, and you pay the *squared error*: the mean, over
# all 768 numbers, of (truth - guess)². Before you know the truth you can only say what you will pay on average. That is
# the *expected* squared error: the error if it was A, times the probability of A, plus the error if it was B, times the
# probability of B.
#
# **What do you expect?** A and B are fifty-fifty. Which guess has the smallest expected squared error?
#
# <details name="expect-1-3"><summary>A or B, it does not matter which</summary>
#
# With A you pay nothing half of the time, which is tempting. But the other half of the time you pay the whole squared
# distance, and squares make large errors expensive. The film below starts and ends with these two guesses, and no guess
# in between is as bad.
#
# </details>
# <details name="expect-1-3"><summary>The blend of both, half A and half B</summary>
#
# Yes. The blend is never right, but it is only half as far from each of the two, so its squared error is a quarter,
# whichever it was. A quarter for certain is cheaper than the whole half of the time.
#
# </details>
# <details name="expect-1-3"><summary>Plain grey</summary>
#
# Grey is the safe guess if you know nothing at all. But here you know that it was A or B, and where the two agree (in a
# white corner, for instance) you know the pixel for certain. Grey gives this knowledge away, and pays for it.
#
# </details>
#
# ### Your turn 1.2: the expected squared error of a guess
# *Difficulty 2 of 3, 5 minutes.*
#
# Write it for N possible pictures $x^{(1)}, \dots, x^{(N)}$ with probabilities $w_1, \dots, w_N$. Two different averages
# occur: one over the numbers of a picture, in which all count the same, and one over the pictures, in which each counts
# with its probability.

# %% tags=["exercise"]
def expected_error(guess, images, w):
    """A number, for a guess (C, H, W), images (N, C, H, W) and probabilities w (N,)."""
    return ...  # your code here


checks.check_expected_error(expected_error)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_expected_error(guess, images, w):
    errors = (images - guess).square().mean((1, 2, 3))  # what you pay if it was this image
    return (w * errors).sum()


expected_error = checks.keep(expected_error, solution_expected_error)

# %% [markdown]
# Now slide the guess from A to B and watch what your function says. (In a running notebook, drag the slider below the
# film.)

# %%
pair, shares = train.x[[10, 11]], [i / 20 for i in range(21)]
guesses = torch.stack([(1 - s) * pair[0] + s * pair[1] for s in shares])
even, uneven = torch.tensor([0.5, 0.5]), torch.tensor([0.8, 0.2])
at_even, at_uneven = ([expected_error(g, pair, w) for g in guesses] for w in (even, uneven))
lesson_01.guess_film(pair, guesses, shares,
                     {"A and B fifty-fifty": at_even, "A at 80 %": at_uneven})

# %% [markdown]
# The blue curve is fifty-fifty. It bottoms out exactly at the half-and-half blend, a ghost of two sprites that you
# would never call a good picture; and yet no other guess in the film is better. The orange curve is for someone who has
# a reason to give A a probability of 80 %. It bottoms out at 20 % of B: the best guess is again a blend, in which each
# sprite has the weight of its probability.
#
# That is no accident of these two sprites. Let $m = \sum_i w_i x^{(i)}$ be the weighted mean, and go from the guess $g$ to a
# sprite by way of $m$: first from $g$ to $m$, then from $m$ to the sprite, so that $x^{(i)} - g = (m - g) + (x^{(i)} - m)$.
# Square this, and take the weighted mean over all sprites. The squares of both legs remain, but their product drops out:
# the first leg is the same for every sprite, and the second legs cancel, because some sprites lie on one side of their
# mean and some on the other. Write $\lVert v \rVert^2$ for the mean of the squares of the numbers in $v$, and you have
#
# $$\underbrace{\textstyle\sum_i w_i \lVert x^{(i)} - g\rVert^2}_{\text{expected error of } g}
#   = \underbrace{\textstyle\sum_i w_i \lVert x^{(i)} - m\rVert^2}_{\text{the same for every guess}} +
#   \underbrace{\lVert m - g\rVert^2}_{\text{how far } g \text{ is from the mean}}$$
#
# The first part on the right nobody can avoid, because nobody knows which sprite it was. The second part is what the guess
# adds, and it is zero for the mean alone. So **the best guess is the weighted mean**. Try it with A at 80 %, on four
# guesses, one of them a sprite that has nothing to do with A and B. Each line below prints the three parts of the formula:

# %%
m = 0.8 * pair[0] + 0.2 * pair[1]
floor = expected_error(m, pair, uneven)
tried = {"A": pair[0], "B": pair[1], "half and half": pair.mean(0), "a doughnut": train.x[0]}
for name, g in tried.items():
    total = expected_error(g, pair, uneven)
    print(f"{name:14} {total:.4f} = {floor:.4f} + {(m - g).square().mean():.4f}")
    assert abs(total - floor - (m - g).square().mean()) < 1e-5

# %% [markdown]
# The second number is the same in every line, as the formula says. It is the least that a guess can cost here, and the
# mean itself costs just that. Of the four guesses A comes nearest to it, because A is most of the mean.
#
# ### Where do the probabilities come from?
#
# From what you see. Begin with a single number: a pixel that was either black (-1) or white (1), each equally likely.
# You see it at $t = 300$, when its value has been multiplied by $\sqrt{\bar\alpha_t}$ and noise of standard deviation
# $\sqrt{1-\bar\alpha_t}$ has been added. So black pixels end up spread in a bell around $-\sqrt{\bar\alpha_t}$, and white
# ones in a bell around $+\sqrt{\bar\alpha_t}$. What you see is 0.4.

# %%
signal, std = cosine[300].sqrt().item(), (1 - cosine[300]).sqrt().item()


def bell(x, mean):
    return torch.exp(-(x - mean)**2 / (2 * std**2)) / (std * (2 * torch.pi)**0.5)


x, seen = torch.linspace(-3, 3, 121), torch.tensor(0.4)
heights = torch.stack([bell(seen, signal), bell(seen, -signal)])
p_white, p_black = (heights / heights.sum()).tolist()
print(f"at 0.4 the white bell is {heights[0]:.3f} high and the black one {heights[1]:.3f}")
print(f"so white has probability {p_white:.2f}, and black {p_black:.2f}")
print(f"best guess: {p_white:.2f} * 1 + {p_black:.2f} * (-1) = {p_white - p_black:.2f}")
charts.lines({"it was white": (x, bell(x, signal)), "it was black": (x, bell(x, -signal))},
             x="value of the noisy pixel", y="likelihood", marks={"seen: 0.4": 0.4},
             alt="Two overlapping bells; at 0.4 that of white is twice as high as the other.")

# %% [markdown]
# The height of a bell at the value you see is the *likelihood*: how easily that cause produces this value. The white bell
# is about twice as high, so among all the pixels that arrive at 0.4, about two were white for each one that was black.
# Divide the heights by their sum, and you have the probabilities. This is **Bayes' rule**, for causes that were equally
# likely before you looked. The best guess is then the weighted mean of 1 and -1: a light grey, because it is probably
# white, but not certainly.
#
# In a formula: a bell falls off with the distance from its middle as
# $\exp(-\text{distance}^2 / (2 \cdot \text{variance}))$, and here the variance is that of the noise, $1-\bar\alpha_t$.
#
# A sprite is 768 numbers, and each gets noise of its own. The likelihood of several independent numbers is the
# *product* of their single likelihoods. A product of exponentials is the exponential of a sum, so only the sum of the
# squares counts. If the sprite was $x^{(i)}$, then what the noise has added must have been
# $x_t - \sqrt{\bar\alpha_t}x^{(i)}$. Let $d_i$ be the sum of its 768 squares. Then (the sign $\propto$ means
# "proportional to": equal but for a factor that is the same for all $i$)
#
# $$\text{likelihood}_i \propto \exp\Big(-\frac{d_i}{2(1-\bar\alpha_t)}\Big)
#   \qquad\text{and}\qquad w_i = \frac{\text{likelihood}_i}{\sum_j \text{likelihood}_j}$$
#
# (The factor in front of the bell is the same for every sprite, and cancels.) Exponentials divided by their sum have a
# name of their own: the *softmax* of the exponents.
#
# **What do you expect?** At $t = 400$ you see sprite A under so much noise that a single number is nearly useless. How
# sure can you be, from all 768 of them, that it was A and not B?
#
# <details name="expect-1-4"><summary>Hardly more than fifty-fifty</summary>
#
# From one number, yes. But the evidence adds up in the exponent: a hundred or two weak hints make one very strong hint.
#
# </details>
# <details name="expect-1-4"><summary>Perhaps 80 %</summary>
#
# That is reached after a small part of the numbers already. The curve below goes on from there, and ends at practical
# certainty.
#
# </details>
# <details name="expect-1-4"><summary>Practically certain</summary>
#
# Yes. Each number multiplies the ratio of the two probabilities by a factor near 1, a little more often in favour of the
# truth than against it, and the product of 768 such factors is very large.
#
# </details>

# %%
order = torch.randperm(768, generator=torch.Generator().manual_seed(0))
squares = (noisy(pair[:1], 400) - cosine[400].sqrt() * pair).square().flatten(1)[:, order]
d = squares.cumsum(1)  # of the first 1, 2, 3, ... numbers, in a random order
w_read = (-d / (2 * (1 - cosine[400]))).softmax(0)
charts.lines({"A, the truth": (range(1, 769), w_read[0]), "B": (range(1, 769), w_read[1])},
             x="how many of the 768 numbers you have looked at", y="probability",
             alt="The probability of A wavers around one half at first, then climbs to 1.")

# %% [markdown]
# At first the probability wavers, because the first few numbers can mislead you. Then the evidence piles up, and after
# about a hundred numbers A is all but certain. Remember this curve: 768 numbers give away a great deal, even where your
# eye sees nothing but noise.
#
# ### Your turn 1.3: how probable is each sprite?
# *Difficulty 2 of 3, 10 minutes.*
#
# Write the weights for one noisy picture `x_t` and any number of possible images. Use a softmax rather than `exp` and a
# division: with 768 numbers the likelihoods are so small that they all round to zero, and a softmax knows how to avoid
# that.

# %% tags=["exercise"]
def weights(x_t, t, images, ab_t):
    """The probability (N,) of each of images (N, C, H, W), given x_t (1, C, H, W)."""
    return ...  # your code here


checks.check_weights(weights)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_weights(x_t, t, images, ab_t):
    d = (x_t - ab_t[t].sqrt() * images).square().sum((1, 2, 3))  # of the noise
    return (-d / (2 * (1 - ab_t[t]))).softmax(0)


weights = checks.keep(weights, solution_weights)

# %% [markdown]
# With the weights, the best guess is one line: the mean of all possible pictures, weighted by your probabilities.

# %%
def best_guess(x_t, t, images, ab_t):
    """The guess of x_0 with the smallest expected squared error: (1, C, H, W)."""
    w = weights(x_t, t, images, ab_t).float()
    return (w @ images.flatten(1)).view_as(x_t)


x_t = noisy(crab, 350)
assert torch.allclose(best_guess(x_t, 350, train.x, cosine),
                      du.PerfectDenoiser(train.x, cosine)(x_t, 350 / T), atol=1e-3)

# %% [markdown]
# The `assert` compares it with the course's `du.PerfectDenoiser`, which does the same for many noisy pictures at once.
# It has earned its name: as long as the truth is in its list, and all in the list are equally likely, no guess can have
# a smaller expected squared error.
#
# In the flat world you can see all of it together. The blue and orange points are the pictures that are possible, and
# the black diamond is the noisy point $x_t$. The lines from it are as thick as the weights, and the larger weights
# stand beside their points in per cent. All guesses on one green ring have the same expected squared error, and it is
# smallest where the green is deepest, at the cross. In a running notebook, drag $x_t$, and drag *your guess*, and watch
# the error.

# %%
explore.flat_world("guess")

# %% [markdown]
# Wherever you put $x_t$, the error bottoms out at the weighted mean. With little noise the nearest point has nearly all
# the weight, so the best guess is that point. With much noise all points weigh about the same, and the best guess lies in
# the middle of them all, on none of them.

# %% [markdown]
# ## 3. Can many tiny steps be done in one jump?
#
# Let a drop of ink fall into water. Its molecules make tiny random jumps, until the water is evenly grey. This is
# *diffusion*. It gave these models their name, because they, too, were first described with noise that comes in tiny
# steps. One step takes a picture from time $t-1$ to time $t$, with fresh noise $z_t$:
#
# $$x_t = \sqrt{1-\beta_t} x_{t-1} + \sqrt{\beta_t} z_t$$
#
# It is the same kind of mixture as before, with a small share $\beta_t$ (beta) of noise. In the paper that made
# diffusion models widely known (Ho et al. 2020, listed at the end) the betas grow evenly from 0.0001 to 0.02; this is
# called the *linear* schedule.
#
# What are two steps together? Put the first into the second. The picture has been multiplied by
# $\sqrt{1-\beta_2}\sqrt{1-\beta_1}$. The noise of the first step has been multiplied by $\sqrt{1-\beta_2}$, so its
# variance is now $(1-\beta_2)\beta_1$; and the second step has added noise of variance $\beta_2$. A sum of independent
# Gaussians is a Gaussian again, whose variance is the sum of theirs: $(1-\beta_2)\beta_1 + \beta_2$, which is
# $1 - (1-\beta_1)(1-\beta_2)$. So two steps are *one* mixture, in which the picture has the share
# $(1-\beta_1)(1-\beta_2)$. A third step multiplies the share by $1-\beta_3$, and so on:
#
# $$\bar\alpha_t = (1-\beta_1)(1-\beta_2)\cdots(1-\beta_t)$$
#
# ### Your turn 1.4: from betas to alpha-bar
# *Difficulty 1 of 3, 5 minutes.*
#
# Given T betas, those of the times 1 to T, make `ab_t` with T + 1 entries, so that `ab_t[t]` is the product of the first
# `t` factors. Mind the entry for time 0. With one index off, every picture gets the noise of a neighbouring level, and
# nothing complains.

# %% tags=["exercise"]
def alpha_bar(b_t):
    """ab_t (T + 1,) from the betas b_t (T,) of the times 1 to T, both float64."""
    return ...  # your code here


checks.check_alpha_bar(alpha_bar)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_alpha_bar(b_t):
    return torch.cat([torch.ones(1).double(), (1 - b_t).cumprod(0)])  # no factor yet at time 0


alpha_bar = checks.keep(alpha_bar, solution_alpha_bar)

# %% [markdown]
# Do not believe the algebra, try it. Take 200,000 pixels, half of them black (-1) and half white (1), and let each walk
# through all 500 steps, with fresh noise at every step.
#
# **What do you expect?** Look at the white ones only. After 500 small random pushes, will their mean and their std still
# lie where one jump would have put them?
#
# <details name="expect-1-5"><summary>Yes, at every t</summary>
#
# Yes. The dots are the walk, the curves are the formula of the jump, and they lie on each other all the way.
#
# </details>
# <details name="expect-1-5"><summary>Only at first; then the small errors add up</summary>
#
# There are no errors that could add up, because with Gaussian noise many steps are exactly the same as one jump. The
# dots lie on the curves all the way.
#
# </details>

# %%
b_t = torch.linspace(1e-4, 0.02, T, dtype=torch.float64)
linear = alpha_bar(b_t).double()
assert torch.allclose(linear, du.noise_schedule("linear", T), rtol=1e-4)  # you have written it

g, start = torch.Generator().manual_seed(0), torch.ones(200_000)
start[::2] = -1
x, path = start, {0: start}
for t in range(1, T + 1):
    b = b_t[t - 1]  # the list begins with the beta of time 1
    x = (1 - b).sqrt() * x + b.sqrt() * torch.randn(len(x), generator=g)
    if t % 10 == 0:
        path[t] = x

# %%
dots = list(path)[::2]
means, stds = ([f(path[t][1::2]) for t in dots] for f in (torch.mean, torch.std))
every = range(T + 1)
charts.lines({"mean, one jump": (every, linear.sqrt()), "mean, small steps": (dots, means),
              "std, one jump": (every, (1 - linear).sqrt()), "std, small steps": (dots, stds)},
             points=("mean, small steps", "std, small steps"),
             x="time t (steps)", y="value of a white pixel",
             alt="Mean and std of the walked white pixels lie on the curves of the formula.")

# %% [markdown]
# Every dot lies on its curve. For us this is a gift: any level is one line of code away, so nobody has to walk.
#
# ### Why then small steps at all?
#
# Because of the way *back*. You have 200,000 pixels whose whole way is recorded, so you can look up what usually happened
# before. Pick those that pass through 0.3 at $t = 200$. Where were they a little earlier, and where long before?

# %%
here = (path[200] - 0.3).abs() < 0.03
edges = torch.linspace(-2, 2, 41)
earlier = {s: path[s][here].histogram(edges).hist / here.sum() for s in (190, 150, 50)}
for s in earlier:
    near = (path[s][here] - path[s][here].mean()).abs() < 0.25
    print(f"at t = {s:3} {near.float().mean():4.0%} of them were within 0.25 of their mean")
centres = (edges[1:] + edges[:-1]) / 2
charts.lines({f"at t = {s}": (centres, share) for s, share in earlier.items()},
             x="value of the pixel at that earlier time", y="share of these pixels",
             marks={"at t = 200": 0.3},
             alt="Ten steps earlier one bell around 0.3; at t = 50 two hills, near -1 and 1.")

# %% [markdown]
# Ten steps earlier, most of them were close to where they are now. There is one bell, and its mean, near 0.3, is a
# value that many of them really had. (For a single step the bell would be about three times as narrow still, because
# its width grows with the root of the number of steps.) Fifty steps earlier the bell is broad and leans to one side, so
# fewer of them were near their mean. At $t = 50$ they were either near -1 or near 1. Their mean lies in the valley
# between the two hills, and only 4 % of them were anywhere near it.
#
# Your best guess is always a mean. So a question about the near past has a good answer, and a question about the
# distant past has a blend for an answer. This is why diffusion models go back in many small steps.

# %% [markdown]
# ## 4. What does each level hide?
#
# Back to sprites. The course sorts them into five *classes*: hero, non-hero, food, spell and side-facing. Here is one
# of each, under the linear schedule that you have just made.
#
# **What do you expect?** What drowns first: the eyes and edges, the outline, or the overall colour?
#
# <details name="expect-1-6"><summary>The eyes and edges</summary>
#
# Yes. A detail is a difference between neighbouring pixels, and each of them has noise of its own, so that nothing
# averages out. In the chart below the sprites its curve, the blue one, falls first.
#
# </details>
# <details name="expect-1-6"><summary>The outline</summary>
#
# It goes second. An outline is made of many pixels, so their noises partly average out, but they are far fewer than the
# pixels of the whole sprite.
#
# </details>
# <details name="expect-1-6"><summary>The overall colour</summary>
#
# It goes last, although your eye may tell you otherwise. Colour is an average over the whole sprite, and in an average of
# 256 noisy pixels the noise is 16 times weaker.
#
# </details>

# %%
ts = [1, 25, 50, 100, 200, 300, 500]
rows = {}
for k, name in enumerate(du.CLASSES):
    one = train.x[train.c[:, k] == 1][3:4]  # train.c has a 1 in the column of the class
    rows[name] = noisy(one, ts, linear, seed=k)
du.show_rows(rows, scale=5, label_width=95, top=[f"t = {t}" for t in ts],
             alt="A sprite of each class at seven levels: details drown first, the shape last.")

# %% [markdown]
# At $t = 100$ the eyes are hard to find, at $t = 200$ you can still guess an outline, and further to the right there
# seems to be nothing. But do not trust your eyes. Measure the *correlation* between the noisy and the clean sprites
# instead: it is 1 when the two rise and fall together exactly, and 0 when the one says nothing about whether the other
# is high or low. Measure it at three scales: for the difference between a pixel and the mean of the 3 × 3 pixels around
# it, which is fine detail; for the means of patches of 4 × 4 pixels, which are the rough shape; and for the mean colour
# of the whole.

# %%
from torch.nn.functional import avg_pool2d


def correlation(x, y):
    return torch.corrcoef(torch.stack([x.flatten(), y.flatten()]))[0, 1].item()


scales = {"fine detail": lambda x: x - avg_pool2d(x, 3, 1, 1),
          "patches of 4 x 4": lambda x: avg_pool2d(x, 4),
          "mean colour": lambda x: avg_pool2d(x, 16)}
some, ts = train.x[:1000], range(0, T + 1, 25)
kept = {name: [correlation(see(some), see(noisy(some, t, linear))) for t in ts]
        for name, see in scales.items()}
charts.lines({name: (ts, ys) for name, ys in kept.items()}, x="time t (steps)", ylim=(0, 1.02),
             y="correlation with the clean sprite",
             alt="Correlation falls first for fine detail, then patches, last mean colour.")

# %% [markdown]
# Fine detail goes first and the mean colour last. Read the chart from right to left, and you have the order in which a
# sprite comes out of the noise: first colour, then shape, then detail.
#
# The chart also shows a fault of the linear schedule. At $t = 500$ the curve of the mean colour is still far from 0,
# although the picture above looks like pure noise.
#
# ### Three schedules
#
# Where does the fault come from? The linear betas were made for a walk of 1,000 steps. We walk only 500 with betas of
# the same size, so too little noise has been added at the end. There are two remedies. *Rescaled* multiplies each beta
# by $1000/T$, which is 2 here. *Cosine* does not begin with betas at all, but prescribes that $\bar\alpha_t$ falls like
# a squared cosine. To compare them, look at the *signal-to-noise ratio* (SNR), $\bar\alpha_t / (1-\bar\alpha_t)$: above
# 1 the picture has the larger share of the variance, below 1 the noise.

# %%
schedules = {name: du.noise_schedule(name, T) for name in ("linear", "rescaled", "cosine")}
colour, leak = scales["mean colour"], {}
for name, ab in schedules.items():
    leak[name] = correlation(colour(some), colour(noisy(some, T, ab)))
    print(f"{name:9} keeps {ab[T].sqrt():.4f} of x0; mean colours correlate {leak[name]:+.2f}")
charts.lines({name: (range(1, T + 1), (ab / (1 - ab))[1:]) for name, ab in schedules.items()},
             log="y", x="time t (steps)", y="signal-to-noise ratio", ylim=(1e-6, 1e5),
             alt="SNR against time on a log scale: linear ends highest, the others far lower.")

# %% [markdown]
# Under the linear schedule the picture still has the weight 0.08 in $x_T$, and its SNR ends more than a hundred times
# above those of the other two. You cannot see this rest of the picture, but it gives away a hint of the colour. (The
# correlations of the other two, 0.03 and 0.01, can hardly be told from chance with 1,000 sprites.) The hint matters,
# because drawing starts from *pure* noise. A network that has been trained with this leak has learned to read the
# colour off $x_T$. Pure noise holds no colour, so what the network reads there is a matter of chance, and seldom very
# dark or very bright.
#
# From here on you use cosine. It leaks next to nothing, and it spends 307 of its 500 steps where the SNR is between
# 1/10 and 10, and the sprite is neither plain to see nor hopeless; linear spends 276 there, and rescaled 196.

# %% [markdown]
# ## 5. Can you draw sprites with no network at all?
#
# You can compute the best guess for any list of possible pictures. So take *all* 8,000 training sprites as that list.
# What does the best guess see in the noise?
#
# **What do you expect?** Here is a crab under ever less noise. When will the best guess be a crab?
#
# <details name="expect-1-7"><summary>When I can see it, at about t = 300</summary>
#
# The best guess succeeds under far more noise than that, because it adds up the evidence of all 768 numbers, and
# because it only has to choose among 8,000 candidates that it knows by heart. Your eye does neither.
#
# </details>
# <details name="expect-1-7"><summary>Long before I can see it</summary>
#
# Yes. At t = 375 you would not bet on anything, and the best guess is already this one sprite out of 8,000.
#
# </details>
# <details name="expect-1-7"><summary>Never: it stays a blend</summary>
#
# It is a blend only while several sprites are about equally probable. As the noise falls, the probabilities of all but
# one go to zero, and then the weighted mean is that one.
#
# </details>

# %%
seen = [500, 475, 450, 425, 400, 375, 300, 100]
x_seen = noisy(crab, seen)
guesses = torch.cat([best_guess(x[None], t, train.x, cosine) for x, t in zip(x_seen, seen)])
truth = crab.expand(8, -1, -1, -1)
du.show_rows({"x_t": x_seen, "best guess": guesses, "the truth": truth}, scale=5,
             label_width=85, top=[f"t = {t}" for t in seen],
             alt="A noisy crab and its best guess: a blob, then blends, then the crab.")

# %% [markdown]
# From pure noise the best guess is the average of all 8,000 sprites, a brownish blob. Then it blends fewer and fewer.
# At t = 425 it is a crab, though mostly another one; at t = 375 it is the right one, while your eyes still see noise.
# How many does it blend? If the weights were equal among $n$ sprites and zero for the others, the answer would be $n$.
# The *effective number* $\exp(-\sum_i w_i \log w_i)$ gives just this answer in such a case, and a sensible one for
# unequal weights: a sprite counts less, the smaller its weight is. (What stands in the exponent is called the *entropy*
# of the weights.)

# %%
def effective(images):
    """How many sprites the best guess blends, at each time: the median of 24 cases."""
    memory = du.PerfectDenoiser(images, cosine)
    w = [memory.weights(noisy(images[:24], t, seed=5), t / T) for t in ts]
    entropies = [torch.special.entr(w_t).sum(1) for w_t in w]  # entr(w) is -w * log(w)
    return [entropy.exp().median().item() for entropy in entropies]


ts = range(5, T + 1, 15)
numbers = {n: effective(train.x[:n]) for n in (80, 800, 8000)}
charts.lines({f"{n:,} sprites known": (ts, ys) for n, ys in numbers.items()}, log="y",
             x="time t (steps)", y="effective number of sprites",
             alt="Effective number against t: 1 for most of the way, then a steep rise to all.")

# %% [markdown]
# Each curve is nearly a switch: one single sprite for most of the way, then a steep climb to all of them. So *this*
# denoiser settles very early what will be drawn, while the picture still looks like noise. It can do so because it
# knows its few candidates by heart; with more of them to tell apart the climb begins at a smaller $t$. The networks of
# this course know no picture by heart, and you will see in lesson 2 that their guesses stay blends for much longer.
#
# ### The walk back
#
# At $t = 500$ the best guess is a blob, and section 3 said why: a jump back over a long distance ends in a blend. So do not
# jump, but walk. Guess the clean picture, remove only a *little* of the noise, guess again, and so on.
#
# ### Your turn 1.5: one step back
# *Difficulty 3 of 3, 10 minutes.*
#
# You have $x_t$ and a guess of $x_0$, and you want $x_s$ for a slightly smaller time $s$. Pretend that the guess is right.
# Then `add_noise` must have made $x_t$ out of the guess and some noise. Which noise? Find it, and use it once more, this
# time to make $x_s$. Here `t` and `s` are two whole numbers, the same for all pictures.

# %% tags=["exercise"]
def step_back(x, guess, t, s, ab_t):
    """x_s from x = x_t and a guess of x_0, all (B, C, H, W); s is smaller than t."""
    return ...  # your code here


checks.check_step_back(step_back)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_step_back(x, guess, t, s, ab_t):
    eps = (x - ab_t[t].sqrt() * guess) / (1 - ab_t[t]).sqrt()  # if the guess is right
    return (ab_t[s].sqrt() * guess + (1 - ab_t[s]).sqrt() * eps).float()


step_back = checks.keep(step_back, solution_step_back)

# %% [markdown]
# Now the walk. From here on a *denoiser* is anything that takes noisy pictures and the time, as the fraction $t/T$, and
# answers with a guess of $x_0$. Every network in this course is called in this way, though some answer with something
# else, such as the noise, from which the guess of $x_0$ follows. Our first denoiser is no network, for it remembers the
# training sprites.
#
# **What do you expect?** Eight different squares of noise go in. Where does each walk end?
#
# <details name="expect-1-8"><summary>In a blob: the average of all sprites</summary>
#
# It begins as one. But each small step changes $x_t$ a little, and with it the probabilities, until one sprite is ahead.
#
# </details>
# <details name="expect-1-8"><summary>In new sprites that nobody has drawn</summary>
#
# They look like it, for you have not seen all 8,000. The next section looks them up.
#
# </details>
# <details name="expect-1-8"><summary>In sprites from the training set</summary>
#
# Yes, in every case. Under little noise the best guess is always a single known sprite, so a walk can end nowhere else.
# The next section looks them up.
#
# </details>

# %%
def remembering(x, fraction):
    """The best guess for each of the noisy pictures x, among the training sprites."""
    return torch.cat([best_guess(one[None], round(fraction * T), train.x, cosine) for one in x])


def draw(denoiser, x, times):
    """Walk from noise x at the first time to the last; also (time, x, guess) of each step."""
    frames = []
    for t, s in zip(times, times[1:]):
        guess = denoiser(x, t / T)
        x = step_back(x, guess, t, s, cosine).float()
        frames.append((s, x, guess))
    return x, frames


# %%
times = [round(t) for t in torch.linspace(T, 0, 26).tolist()]
start = torch.randn(8, 3, 16, 16, generator=torch.Generator().manual_seed(7))
drawn, frames = draw(remembering, start, times)
perfect = du.PerfectDenoiser(train.x, cosine)
assert torch.allclose(drawn, du.sample(perfect, cosine, n=8, seed=7, steps=25), atol=1e-2)
s, x, guess = zip(*frames)
du.film({"x": torch.stack(x), "the best guess": torch.stack(guess)}, [f"t = {t}" for t in s],
        columns=4, scale=5, alt="Film: noise becomes sprites; beside it the guess of each.")

# %% [markdown]
# Sprites, out of nothing but noise, with code that you have written yourself; and nothing was trained. The `assert` says
# that you have just written what `du.sample` does. (This walk, which adds no new noise on its way, is called *DDIM*.
# Lesson 2 brings its noisier sister, *DDPM*, and lesson 6 comes back to DDIM, because it is fast.)
#
# Beside each $x$ the film shows the guess that led to it. All eight guesses begin as the same blob. Then each falls
# towards a sprite of its own, and only the noise that it began with decides which.

# %% [markdown]
# ## 6. Has it invented anything?
#
# Draw 64 sprites, and look up the nearest training sprite of each. The distance between two pictures is the root of
# their mean squared difference (in short *rms*, for root mean square), so it is 0 if they are the same.

# %%
begin = torch.randn(64, 3, 16, 16, generator=torch.Generator().manual_seed(8))
many, _ = draw(perfect, begin, times)
distance, index = du.nearest(many, train.x)
copies = (distance < 0.01).sum().item()
print(f"{copies} of {len(many)} drawn sprites are training sprites: "
      f"the largest distance is {distance.max():.4f}")
du.show_rows({"drawn": many[:8], "nearest": train.x[index[:8]]}, scale=5, label_width=80,
             alt="Eight drawn sprites above their nearest training sprites: identical pairs.")

# %% [markdown]
# Each of them *is* a training sprite. The perfect denoiser remembers; it invents nothing. It could not be otherwise,
# because at little noise its guess is always one of the pictures in its list.
#
# So give it something that is not in its list: sprites from the *held-out* part of the data, which nobody has shown to
# it, under a little noise.
#
# **What do you expect?** Will it at least remove the noise?
#
# <details name="expect-1-9"><summary>Yes, it is perfect after all</summary>
#
# It is perfect for someone who knows for certain that the truth is among the 8,000. Here that is false, and it answers
# with one of the 8,000 all the same.
#
# </details>
# <details name="expect-1-9"><summary>It will answer with another sprite</summary>
#
# Yes. It names the training sprite that is nearest, crisp and clean, and wrong.
#
# </details>
# <details name="expect-1-9"><summary>It will answer with a blend of similar sprites</summary>
#
# That would be wiser. But at this level the evidence is so strong that the nearest sprite takes all the weight, even when
# it is not near at all.
#
# </details>

# %%
unseen = du.load_sprites("held_out", n=200).x


def rms(x, y):
    """The root of the mean squared difference between two batches of pictures."""
    return (x - y).square().mean().sqrt().item()


dusty = noisy(unseen, 50)
answers = perfect(dusty, 50 / T)
off = {"noisy sprites": rms(dusty, unseen), "answers": rms(answers, unseen)}
print("distance to the truth (rms):", {name: round(value, 3) for name, value in off.items()})
du.show_rows({"never seen": unseen[:8], "at t = 50": dusty[:8], "its answer": answers[:8]},
             scale=5, label_width=90,
             alt="Unseen sprites, the same with a little noise, and other sprites as answers.")

# %% [markdown]
# It answers with somebody else, at best with a near relative that has another colour or another face. Its answers are
# further from the truth than the noisy pictures were: doing nothing would have been better. *Perfect* meant perfect for
# its own list, and the list is the trouble. A memory of 8,000 pictures does not help here. What we want is a sense of
# what sprites are *like*: that outlines are dark and closed, that eyes come in pairs, that neighbouring pixels mostly
# agree. Such knowledge would also serve for sprites that are in no list. To *generalise*, as this is called, is what a
# network is for.

# %% [markdown]
# ## 7. What does a network learn in one minute?
#
# A network is a function with many adjustable numbers. You show it noisy pictures, of which you know the truth, and
# adjust its numbers so that the squared error of its guess becomes a little smaller; then the next pictures. Section 2
# said which guess has the smallest expected squared error: the weighted mean. So the network is pulled towards *this*,
# the answer of the perfect denoiser. But it cannot store 8,000 sprites in so short a time, and it treats all places of
# a picture alike. It has to make do with what sprites have in common.
#
# How the network looks inside is lesson 3, and how to train it well is lesson 4. Here is one step of learning. It takes
# 32 sprites, hides each under the noise of a random time, lets the network guess, and changes the network a little for
# the better. The `loss` is the squared error of section 2, and `Adam` is a common rule for turning it into a change of
# the numbers. `training` takes many such steps, and makes them smaller towards the end. It is a generator: after each
# step it hands over the network as it is by then, so that a loop around it can watch the network learn. (`du.Unet` is
# the course's own network, here in a small size.)

# %%
def learn(network, optimizer, g):
    x0 = train.x[torch.randint(len(train.x), (32,), generator=g)]
    t, eps = torch.randint(1, T + 1, (32,), generator=g), torch.randn(x0.shape, generator=g)
    guess = network(add_noise(x0, t, eps, cosine).float(), t / T)
    loss = (guess - x0).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


# %%
def training(steps, seed):
    """Trains a new network; yields it after each step, with the number of that step."""
    torch.manual_seed(seed)
    network = du.Unet(widths=(32, 64), attention=False, predicts="x0")
    optimizer, g = torch.optim.Adam(network.parameters()), torch.Generator().manual_seed(seed)
    for step in range(1, steps + 1):
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - (step - 1) / steps)  # ever smaller
        learn(network, optimizer, g)
        yield network, step


# %%
TRAINING_STEPS = 300  # a minute or less on most computers

# %% [markdown]
# **What do you expect?** The network learns from the same 8,000 sprites that the perfect denoiser knows by heart, in 300
# steps. Which of the two will be closer to the truth on sprites that neither has seen?
#
# <details name="expect-1-10"><summary>The perfect denoiser: 300 steps are too few</summary>
#
# Under much noise it is indeed ahead. But where there is little noise, knowing roughly what sprites are like beats
# knowing 8,000 of them by heart, if the sprite is not one of these.
#
# </details>
# <details name="expect-1-10"><summary>The network, at every level of noise</summary>
#
# Only where there is little noise. In the middle the perfect denoiser is ahead, for it at least answers with a whole
# sprite, where the network has no more than a blur. And under very much noise the two are equal.
#
# </details>
# <details name="expect-1-10"><summary>That depends on how much noise there is</summary>
#
# Yes. Where there is little noise the network is ahead, and in the middle the perfect denoiser. Under very much noise
# they are equal, because there both answer with the average of all sprites.
#
# </details>
#
# Below you can watch it. Every row holds the network's guesses for the same eight unseen sprites, after about twice as much
# training as the row above.

# %%
hidden, due, begin = noisy(unseen[:8], 150), 5, time.perf_counter()
rows = {"noisy, t = 150": hidden}
alt = "Guesses of eight unseen sprites, from blurs to nearly the truth."
picture = display(du.show_rows(rows, scale=4, alt=alt), display_id=True)
for network, step in training(TRAINING_STEPS, seed=0):
    if step >= min(due, TRAINING_STEPS):
        with torch.no_grad():
            rows[f"after {step} steps"] = network(hidden, 150 / T)
        picture.update(du.show_rows(rows | {"the truth": unseen[:8]}, scale=4, alt=alt))
        due *= 2
print(f"{step} steps took {time.perf_counter() - begin:.0f} seconds on this machine")

# %% [markdown]
# (The saved lesson ran on two slow cores of a busy server; most laptops are faster. If yours is, set `TRAINING_STEPS` to
# 1000 and run this section again: what follows gets better.)
#
# After 5 steps the network answers with grey shadows. Then the colours come, at first together with the speckles of the
# noise, and these fade from row to row while the outlines grow clearer. In its last row most colours are still dull,
# and the faces are blurred.
#
# But eight sprites prove little. Is the network closer to the truth than the perfect denoiser? Measure it on 200, with
# two different noises. And hold both against two answers for which nobody has to know anything: to *do nothing*, that
# is, to hand back the noisy sprite as it is; and to name the *average sprite*, whatever one is shown. A denoiser is of
# use at a level only if it beats both of these there. Train a second network, too, from other random numbers and with a
# third of the steps.

# %%
*_, (second, fewer) = training(TRAINING_STEPS // 3, seed=1)  # only the end of it counts
levels, average = [15, 25, 50, 100, 150, 200, 300, 400, 475], train.x.mean(0)


@torch.no_grad()
def distances(denoiser, x0):
    """How far off at each level, for two seeds of the noise: (2, levels)."""
    return [[rms(denoiser(noisy(x0, t, seed=s), t / T), x0) for t in levels] for s in (1, 2)]


measured = {"perfect denoiser": distances(perfect, unseen),
            f"network, {step} steps": distances(network, unseen),
            f"another, {fewer} steps": distances(second, unseen),
            "nothing done": distances(lambda x, fraction: x, unseen),
            "the average sprite": distances(lambda x, fraction: average.expand_as(x), unseen)}
charts.lines({name: (levels, ys) for name, ys in measured.items()}, x="time t (steps of noise)",
             y="distance to the truth (rms)", ylim=(0, 1.3), size=(6.5, 3.6),
             alt="On unseen sprites the networks win at small t, the perfect denoiser later.")

# %%
memory, first, other, idle, _ = (torch.tensor(ys).mean(0) for ys in measured.values())


def ahead_of(rival):
    return ", ".join(str(t) for t, a, b in zip(levels, first, rival) if a < b) or "no level"


Markdown(f"""
On unseen sprites at t = 50 the perfect denoiser is off by {memory[2]:.3f}, the network by
{first[2]:.3f}, the second network by {other[2]:.3f}, and doing nothing by {idle[2]:.3f}.
The network is ahead of the perfect denoiser at t = {ahead_of(memory)}, and ahead of doing
nothing at t = {ahead_of(idle)}.
""")

# %% [markdown]
# Begin at the left of the chart. The curve of the perfect denoiser is flat for most of the way. At all these levels it
# names the nearest sprite that it knows, or one about as near, and that is as far from the truth under little noise as
# under much. The network's error is small where little is hidden, and grows with the noise; so at the left it is ahead.
#
# But the network does not win everywhere. At middle levels a whole sprite, though another one, is closer to the truth
# than the network's soft blur. The place where a network's curve crosses that of the perfect denoiser moves to the
# right with more training: compare the two networks, of which one had three times as many steps. (They differ in their
# random numbers, too, so take it as a hint.) At the far right all curves but that of doing nothing meet the one of the
# average sprite, because nobody can do much better there.
#
# Now be fair, and ask of the network what the perfect denoiser could not do in section 6: is it better than doing
# nothing? The less noise there is, the harder that becomes. At $t = 15$ the noisy sprite is off by 0.06 only. A network
# that has hardly been trained is off by more than that, because it has to paint every pixel anew, even where hardly
# anything was hidden. The last sentence printed above says at which levels yours pays.
#
# One question is left: has the network learned its sprites by heart as well? If so, it is better on the sprites of its
# training than on unseen ones. The perfect denoiser, which certainly has learned them by heart, is the control: on its own
# sprites it must win, or something is wrong with the measurement.

# %%
own = {"perfect, unseen sprites": measured["perfect denoiser"],
       "perfect, its own sprites": distances(perfect, train.x[:200]),
       "network, unseen sprites": measured[f"network, {step} steps"],
       "network, training sprites": distances(network, train.x[:200])}
charts.lines({name: (levels, ys) for name, ys in own.items()}, x="time t (steps of noise)",
             y="distance to the truth (rms)", ylim=(0, 1.3),
             alt="The network's two curves coincide; "
                 "those of the perfect denoiser lie far apart.")

# %% [markdown]
# The two curves of the network lie nearly on each other: it is as good with sprites that it has never seen as with
# those of its training, so there is no sign that it has learned any by heart. In so short a training it could hardly
# have done so, because 300 steps with 32 sprites each show it every one of the 8,000 about once; lesson 4 asks again
# after a longer one. The two curves of the perfect denoiser lie far apart, except under very much noise, and this gap
# is the price of remembering.
#
# And can it draw? It is a denoiser like the other, so your `draw` takes it as it is.

# %%
with torch.no_grad():
    sketches, _ = draw(network, start, times)
near, index = du.nearest(sketches, train.x)
du.show_rows({"drawn": sketches, "nearest": train.x[index]}, scale=5, label_width=80,
             alt="Eight rough shapes drawn by the network, unlike the nearest sprites.")

# %% [markdown]
# Rough sketches at best, after so few steps. None of them is in the training set: compare with the identical pairs of
# section 6. But do not take that for success, because a square of noise is in no training set either. It is easy to
# draw something new, and it is easy to draw something good by copying it. A model has to do both at once. In lesson 2
# you will see how near a network comes to that when it has been trained for longer.
#
# So this is the answer to the lesson's question. Noise leaves many pictures possible, and undoing it means to guess their
# average and to walk, a small step at a time. Whoever knows the list of possible pictures by heart gets one from the list;
# whoever has only learned what pictures are like can get a new one.

# %% [markdown]
# ## Try it
#
# Drag `t` until you no longer recognise the sprite. At which `t` does the *best guess* lose it? Tick *unseen* to give it a
# sprite that is not in its list. Then choose `linear` and drag `t` to its end: how large must `T` be before $x_T$ gives
# next to nothing away?
#
# <details><summary>Answers</summary>
#
# Sprite 12, the crab, is lost somewhere between t = 400 and t = 450, and an unseen sprite is never found at all: its best
# guess is another sprite from the start. With `linear` the weight of the picture in $x_T$ is 0.08 at T = 500 and 0.006 at
# T = 1,000, the number of steps that it was made for.
#
# </details>

# %%
def dissolve(t=150, schedule="cosine", T=500, sprite=12, unseen_one=False):
    """A sprite, x_t, the best guess among the training sprites, and t on the schedules."""
    if t > T:
        raise ValueError(f"With T = {T} the time t runs from 1 to {T}: lower t or raise T.")
    ab, source = du.noise_schedule(schedule, T), unseen if unseen_one else train.x
    x0 = source[sprite : sprite + 1]
    x_t = noisy(x0, t, ab)
    w = weights(x_t, t, train.x, ab).float()
    guess = (w @ train.x.flatten(1)).view_as(x0)
    panels = {"the sprite, x0": x0, f"x_t at t = {t}": x_t, "best guess": guess}
    top = du.film({title: x[None] for title, x in panels.items()}, columns=1, scale=12)
    alt = f"Sprite {sprite} at t = {t} of {T} ({schedule}), its best guess, and the SNR."
    return lesson_01.with_snr(top, t, T, schedule, alt), (
        f"x_t = {ab[t].sqrt():.3f} * x0 + {(1 - ab[t]).sqrt():.3f} * noise. "
        f"The best guess blends {torch.special.entr(w).sum().exp():,.1f} sprites "
        f"and is {rms(guess, x0):.3f} off the truth.")


t_slider, T_slider = ipywidgets.IntSlider(150, 1, T), ipywidgets.IntSlider(T, 50, 1000, 50)
ipywidgets.dlink((T_slider, "value"), (t_slider, "max"))  # t ends at T
widgets.try_it(dissolve, t=t_slider, schedule=list(schedules), T=T_slider, sprite=(0, 199),
               unseen_one=False)

# %% [markdown]
# ## Open problem: a denoiser without training that does not only remember
#
# The network needed some training. Can you do without? Write a denoiser that uses nothing but the 8,000 training
# sprites and some thinking, and that gets as close as possible to the truth on sprites it has not seen. The score is the
# distance to the truth, averaged over three levels; smaller is better. To begin with, ask yourself what it is that an
# unseen sprite has in common with the known ones, when it is not the whole picture.

# %%
@torch.no_grad()
def score(denoiser):
    """The distance to the truth on unseen sprites, averaged over t = 50, 100 and 150."""
    x0 = unseen[-100:]
    return sum(rms(denoiser(noisy(x0, t, seed=9), t / T), x0) for t in (50, 100, 150)) / 3


rivals = {"nothing done": lambda x, fraction: x, "perfect denoiser": perfect,
          f"network, {fewer} steps": second, f"network, {step} steps": network}
scores = {name: score(denoiser) for name, denoiser in rivals.items()}
charts.bars(scores, y="distance to the truth on unseen sprites (rms)",
            alt="Scores of doing nothing, of the perfect denoiser, and of the two networks.")

# %% [markdown]
# The course's own best stands folded below. Try yours first.
#
# <details><summary>What its score tells you</summary>
#
# The denoiser below knows the same 8,000 sprites as the perfect denoiser, and like that one it has not been trained.
# The difference is that it compares small patches instead of whole sprites. An unseen sprite is new as a whole, but
# each of its patches looks much like one that has been seen before. So a denoiser can generalise without any training,
# if it looks at small places one by one; here it even beats the network, which has had few steps. The network begins
# with small places, too, as lesson 3 shows, and that is one reason why it need not copy.
#
# It can even draw: if you have some minutes, try `draw(patches, start, times)`. With 2,000 known sprites and 13 steps, four
# drawings came out crisp, with closed outlines on white, and 0.65 or more away from every known sprite. But they were
# patchworks, half a face beside half a fruit, because no patch knows what happens at the other end of the sprite. A network
# has to see the small and the large at once.
#
# </details>

# %% tags=["solution"] jupyter={"source_hidden": true}
def patches(x, fraction):
    """The best guess for each pixel by itself, from the patch around it: a patch of an unseen
    sprite is familiar, even if the whole is not. Large ones where small ones say too little."""
    t = round(fraction * T)
    half = 1 if t < 125 else 2 if t < 200 else 3
    known, given = (torch.nn.functional.pad(y, [half] * 4) for y in (train.x, x))
    signal, variance, size = cosine[t].sqrt().float(), 1 - cosine[t].float(), 2 * half + 1
    guess = torch.empty_like(x)
    for i in range(16):
        for j in range(16):
            a = signal * known[:, :, i : i + size, j : j + size].flatten(1)
            b = given[:, :, i : i + size, j : j + size].flatten(1)
            d = a.square().sum(1) - 2 * b @ a.T
            guess[:, :, i, j] = (-d / (2 * variance)).softmax(1) @ train.x[:, :, i, j]
    return guess


print(f"patches: {score(patches):.3f}; the perfect denoiser: {scores['perfect denoiser']:.3f}")

# %% [markdown]
# ## What you saw

# %%
Markdown(f"""
- Plain fading lets the std fall from {faded[0]:.2f} to {min(faded):.2f} before it ends at
  {faded[-1]:.2f}. With square roots it goes from {rooted[0]:.2f} to {rooted[-1]:.2f}.
- Of two sprites at fifty-fifty, each alone has an expected squared error of {at_even[0]:.3f},
  their blend {min(at_even):.3f}. The best guess is the mean, weighted by the probabilities.
- {T} small steps and one jump agree: the mean of the walked pixels differs from the formula by
  {max(abs(m - linear[t].sqrt()) for m, t in zip(means, dots)):.3f} at most, their std by
  {max(abs(s - (1 - linear[t]).sqrt()) for s, t in zip(stds, dots)):.3f}.
- The linear schedule with {T} steps leaves {linear[T].sqrt():.0%} of the picture in the final
  noise, and mean colours still correlate {leak["linear"]:.2f} with the truth (with cosine:
  {leak["cosine"]:.2f}).
- The best guess among 8,000 sprites blends {numbers[8000][0]:.1f} of them at t = {ts[0]}, and
  {numbers[8000][-1]:,.0f} at t = {ts[-1]}. It draws without a network, but {copies} of its
  {len(many)} drawings are copies.
- On unseen sprites at t = 50 that guess is off by {memory[2]:.3f}, more than the noise itself
  ({idle[2]:.3f}). A network is off by {first[2]:.3f} after {step} steps of training.
  Its drawings are {near.min():.2f} or more away from all training sprites: new, not yet good.
""")

# %% [markdown]
# ## Quiz
#
# **1.** Why is the weight of the noise $\sqrt{1-\bar\alpha_t}$, and not $1-\bar\alpha_t$?
#
# <details><summary>Answer</summary>
#
# Variances add, and a weight counts squared in them. With the root, the noise has the variance 1 - ab_t, which is what the
# tiny steps add up to. Without it there is too little noise at every level between the two ends, and the jump no longer
# agrees with the walk.
#
# </details>
#
# **2.** A friend's `ab_t[0]` is 0.9999. What went wrong?
#
# <details><summary>Answer</summary>
#
# The first factor stands at index 0. So every index is off by one, time 0 is no longer the clean picture, and every picture
# gets the noise of the level above. Nothing raises an error.
#
# </details>
#
# **3.** At t = 500 the best guess is a brownish blob that is not a sprite. How can the *best* guess be something that
# cannot be true?
#
# <details><summary>Answer</summary>
#
# Best means that the expected squared error is smallest, and that holds for the weighted mean of all that is possible.
# A mean of possible pictures need not be one of them, just as the mean of a die's six faces is 3.5, which it never
# shows.
#
# </details>
#
# **4.** The perfect denoiser has the smallest possible error on the training sprites. Why is it a poor model all the same?
#
# <details><summary>Answer</summary>
#
# It draws nothing but copies, and answers an unseen sprite with a known one. A model is useful when it generalises: when it
# has learned what the pictures have in common. Being imperfect on the training set is not a flaw of a network here; it is
# what makes room for new pictures.
#
# </details>

# %% [markdown]
# ## Where you meet this outside
#
# - The list of $\bar\alpha_t$ is `alphas_cumprod` of a **scheduler** in the diffusers library. It begins with our
#   $\bar\alpha_1$, so its index is one behind ours. Its `beta_schedule` is `"linear"`, `"squaredcos_cap_v2"` (our
#   cosine), or `"scaled_linear"`, which Stable Diffusion uses with T = 1,000. The line that you wrote first is
#   `scheduler.add_noise(x0, noise, t)`.
# - **Steps** (`num_inference_steps`) is the number of steps of the walk back: 25 in this lesson.
# - **Strength**, when a program changes a picture that you bring along, is the level to which it adds noise before it
#   walks back: at a high strength only colour and rough shape survive, as in section 4.
# - Stable Diffusion had the leak of section 4, too: its last level still held a little of the picture, and so it could
#   hardly draw a very dark or a very bright one. The remedy is the option `rescale_betas_zero_snr=True`.
# - A network that answers with the picture, as yours did, has `prediction_type="sample"`. FLUX and other newer models mix
#   picture and noise with plain weights, as in section 1's first idea; lesson 11 says why that works as well.
#
# ## Going further
#
# - Sohl-Dickstein et al. (2015), *Deep Unsupervised Learning using Nonequilibrium Thermodynamics*: the ink drop becomes a
#   way of learning.
# - Ho, Jain and Abbeel (2020), *Denoising Diffusion Probabilistic Models*: the linear schedule and, in equation 4, the jump
#   to any level.
# - Nichol and Dhariwal (2021), *Improved Denoising Diffusion Probabilistic Models*: the cosine schedule, in section 3.2.
# - Karras et al. (2022), *Elucidating the Design Space of Diffusion-Based Generative Models*: the perfect denoiser is
#   derived in appendix B.3.
# - Lin et al. (2023), *Common Diffusion Noise Schedules and Sample Steps are Flawed*: the leak, and what it did to Stable
#   Diffusion.
# - Kadkhodaie et al. (2024), *Generalization in diffusion models arises from geometry-adaptive harmonic representations*:
#   networks go from copying to inventing as the data grow.
# - Kamb and Ganguli (2024), *An analytic theory of creativity in convolutional diffusion models*: why a network that looks
#   at small neighbourhoods makes new pictures. Read it after you have tried the open problem.
#
# Next: [02_sampling](02_sampling.ipynb)
