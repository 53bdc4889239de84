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
# A diffusion model can also *send* pictures. Imagine a sender who has a sprite, and a receiver who has none. Both own
# the same trained network, and the receiver begins with pure noise. At each step the network guesses the sprite from
# what the receiver holds, and the sender tells only what this guess leaves open. How much must be told? Below, sixteen
# sprites that the network has never seen are sent in this way. The caption counts the bytes that have been told until
# $x_t$ is reached. (It stops at $x_1$. The last step, which names the exact colours, comes on top of it, and section 4
# adds it.)

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
from plumbing import lesson_08

model, ab_t = du.load_model(du.WEIGHTS / "unet.pth", du.best_device())
held_out = du.load_sprites("held_out")
x0, c = held_out.x[:16], held_out.c[:16]
x_t, guess = lesson_08.walk(model, ab_t, x0, c, seed=1)
lesson_08.film(x_t, guess, ab_t,
               alt="Film: 16 sprites come out of noise; most bits are told at the end")

# %% [markdown]
# On the left is what the receiver holds, and in the middle is what the network guesses from it. On the right, bright
# pixels are those about which much has been told. When a few dozen bytes have been told, the guess is a complete
# sprite. And then, below t = 20, the counter runs away, for changes that hardly anybody can see. Where do these bytes
# go? And could there be fewer of them?
#
# The number of bits that a model needs to send data is how researchers measure its *likelihood*, and the sum of all
# that must be told, to the last colour, has a name: the **variational bound**. It is the quantity from which the loss
# of the first diffusion models was derived. In this lesson you write it, term by term, and you measure it on sprites.
#
# **You will be able to**
# - *say* what a wrong expectation costs in bits, and *write* the formula,
# - *derive* what a step of diffusion costs, and *check* it in a world where the answer is known,
# - *measure* bits per dimension on sprites that the network never saw, term by term, with their standard error,
# - *explain* why a general packing program beats the network here, and why more steps make it worse,
# - *choose* the variance that the receiver should claim, and *say* what the choice does to bits and to looks.
#
# **You need** lesson 1 (the schedule, the perfect denoiser and its weights), lesson 2 (the step of DDPM and its two
# bell curves) and lesson 6 (fewer steps). Logarithms appear often: $\log_2 8 = 3$, because $2^3 = 8$.
#
# **Time:** about an hour of reading, with forty minutes more for the five tasks. The cells run in two to three minutes
# on a laptop CPU.

# %%
import math

import charts
import checks
import explore
import torch
import widgets
from IPython.display import Markdown

T, train = len(ab_t) - 1, du.load_sprites("train")

# %% [markdown]
# In the film's cell, `lesson_08.walk` added noise to the sixteen sprites, one small step after the other, and asked the
# network for its guess at each of the 500 times. It gave us `x_t` and `guess`, both of shape (501, 16, 3, 16, 16), so
# that `x_t[250]` is what the receiver holds at t = 250. You may wonder why noise is *added* here, although a sprite is
# to be *sent*. There are two ways to such a walk. One begins with $x_{500}$ and draws each picture from the one before
# it, as the sender does. The other begins with the sprite and adds noise. Both lead to every walk with the same
# probability, and the second is easier. (The class of a sprite is told to the network for free in this lesson. To name
# one of five that are equally likely would take 2.3 bits more.)
#
# ## 1. What does it cost to be wrong?
#
# A message that comes with probability p costs $-\log_2 p$ bits in a good code. A coin has two sides of probability
# 1/2, so one throw costs one bit, and the throw of a die with eight faces costs three. Messages that are expected are
# cheap, and surprises are expensive. So a good model, one that expects what comes, is a good packing program, and the
# number of bits measures how good it is.
#
# In diffusion the message is not a number from a list but a *draw from a bell curve*. At each step the sender knows a
# bell curve (he has the sprite), and the receiver expects another one (he has only the guess). The receiver is to end
# with a value that is drawn from the sender's bell. It need not be any particular value, and this makes it cheap. Let
# both hold the same endless list of random draws from the *receiver's* bell. The sender looks for an entry that would
# fit his own bell, and tells only its number. If both bells are equal the first entry will do, and nothing needs to be
# told. If one entry of a thousand fits, the number is about a thousand, and to write it down takes about
# $\log_2 1000 \approx 10$ bits.
#
# How many bits does this take? On average, and up to a small extra for bookkeeping, it is the mean of $\log_2 (q/p)$
# over draws from the sender's bell q, where p is the receiver's. This number is called the **Kullback-Leibler
# divergence**, in short *KL*. It says how much likelier the draw is for the one who knows than for the one who only
# expects: one bit for every doubling.
#
# ### Your turn 8.1: the price of a wrong expectation
# *Difficulty 2 of 3, 8 minutes.*
#
# Work it out for two bell curves, with means $\mu_1, \mu_2$ and variances $\sigma_1^2, \sigma_2^2$. The KL is the mean of
# $\log_2 q(x) - \log_2 p(x)$ over draws x from q, and the natural logarithms of the two bells are
#
# $$\ln q(x) = -\tfrac12 \ln(2\pi\sigma_1^2) - \frac{(x - \mu_1)^2}{2\sigma_1^2}, \qquad
# \ln p(x) = -\tfrac12 \ln(2\pi\sigma_2^2) - \frac{(x - \mu_2)^2}{2\sigma_2^2}$$
#
# The draws come from q. So the mean of $(x-\mu_1)^2$ is $\sigma_1^2$, and the mean of $(x-\mu_2)^2$ is
# $\sigma_1^2 + (\mu_1-\mu_2)^2$. Two equal bells must cost nothing. A natural logarithm is turned into bits by dividing
# it by ln 2, in code `math.log(2)`. All four arguments are tensors.

# %% tags=["exercise"]
def kl(mean_1, var_1, mean_2, var_2):
    """Bits for a draw from bell 1, told to one who expects bell 2."""
    return ...  # your code here


checks.check_kl(kl)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_kl(mean_1, var_1, mean_2, var_2):
    away = var_1 + (mean_1 - mean_2) ** 2  # the mean of (x - mean_2)^2
    return 0.5 * ((var_2 / var_1).log() + away / var_2 - 1) / math.log(2)


kl = checks.keep(kl, solution_kl)

# %% [markdown]
# (*Improved-diffusion* is the code that Nichol and Dhariwal published with a well-known paper, and many programs have
# inherited from it. There this function is called `normal_kl`. It takes the logarithms of the variances, and it answers
# in natural units instead of bits.)
#
# **What do you expect?** The true bell has the variance 1. The receiver's mean is wrong by 1, and this he cannot help.
# But he may choose the variance that he claims. Which one makes his bill smallest?
#
# <details name="expect-8-1"><summary>1, the true variance</summary>
#
# This would be best if his mean were right. Since it is not, the draws lie further from his mean than their own
# variance says, and he should admit it.
#
# </details>
# <details name="expect-8-1"><summary>2, the true variance and the squared error together</summary>
#
# Yes. A draw lies at a mean squared distance of 1 + 1 from his centre, and this is the honest variance to claim.
#
# </details>
# <details name="expect-8-1"><summary>As large as possible, to be on the safe side</summary>
#
# Being vague is not free. The height of a wide bell is low everywhere, so every draw becomes a surprise. The curves
# below rise again on the right.
#
# </details>

# %%
claimed, curves = torch.logspace(-0.5, 1.3, 300), {}
for far in (0.0, 1.0, 2.0):
    cost = kl(torch.zeros(()), torch.ones(()), torch.tensor(far), claimed)
    best = claimed[cost.argmin()].item()
    curves[f"mean off by {far:g}: best variance {best:.1f}"] = claimed, cost
charts.lines(curves, log="x", ylim=(0, 4), y="cost (bits)",
             x="variance that the receiver claims (the true one is 1)",
             alt="Cost against claimed variance for three errors; the best grows with them")

# %% [markdown]
# The cheapest claim is the true variance *plus the squared error of the mean*. Whoever is often wrong does well to claim
# less certainty. The curves are steeper on the left than on the right, so claiming too much certainty is punished
# harder than claiming too little. Keep this rule in mind, because in section 7 you will use it.
#
# ## 2. What does one step cost?
#
# Take one step of the walk back, from time t to an earlier time s, where less noise is left. The sender holds $x_0$ and
# $x_t$. What does he know about $x_s$? You derived it in lesson 2: the clean picture gives one bell for each pixel, the
# noisy one gives another, and their product is the *posterior*, a third bell that is narrower than both. The receiver
# holds the same $x_t$ but not $x_0$. He puts the network's *guess* in its place, and gets a bell of the same width in
# another position.
#
# For a bill over all steps it pays to write the posterior as two weights and a variance. Call
# $\beta = 1 - \bar\alpha_t/\bar\alpha_s$ the variance of the noise that the step upward from s to t adds. Then
#
# $$\mathrm{mean\ of\ } x_s = w_0\, x_0 + w_t\, x_t$$
#
# and there are two variances with names in the literature: **small**, that of the posterior, and **large**, which is
# $\beta$ itself. (In other people's programs they are called *fixed small* and *fixed large*. What large is good for is
# told in section 7.)
#
# ### Your turn 8.2: a whole schedule of posteriors
# *Difficulty 2 of 3, 10 minutes.*
#
# Write the weights $w_0$ and $w_t$ and the two variances for *all* steps of a schedule at once. The schedule `ab` has
# n + 1 entries from $\bar\alpha = 1$ down. It may be `ab_t` or only a few entries of it, as for a walk of few steps.
# Entry number i - 1 of each answer belongs to step i, which leads from `ab[i]` (this is $\bar\alpha_t$) to `ab[i - 1]`
# (this is $\bar\alpha_s$).
#
# Lesson 2's rule does it: the certainties (1 over the variance) of the two bells add up, and each centre counts by its
# certainty. The bell of the clean picture has the centre $\sqrt{\bar\alpha_s}\,x_0$ and the variance
# $1-\bar\alpha_s$. The bell of the noisy one has the centre $x_t/\sqrt{a}$ and the variance $(1-a)/a$, where
# $a = \bar\alpha_t/\bar\alpha_s$. Collect what multiplies $x_0$, and what multiplies $x_t$. Nothing may be divided by
# $1-\bar\alpha_s$, which is 0 in the last step. (It helps that
# $1-\bar\alpha_t = \beta + a\,(1-\bar\alpha_s)$.)

# %% tags=["exercise"]
def posterior(ab):
    """w_0, w_t, variances small and large of steps 1 to n of ab (n + 1,): (n,) each."""
    return ...  # your code here


checks.check_posterior_weights(posterior)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_posterior(ab):
    t, s = ab[1:], ab[:-1]
    large = 1 - t / s
    small = large * (1 - s) / (1 - t)
    return s.sqrt() * large / (1 - t), (t / s).sqrt() * (1 - s) / (1 - t), small, large


posterior = checks.keep(posterior, solution_posterior)

# %% [markdown]
# Here is one pixel at one step. The sender knows that it is 0.8 in the clean sprite, and the network guesses 0.5.

# %%
def bell(u, mean, variance):
    return (-((u - mean) ** 2) / (2 * variance)).exp() / (2 * torch.pi * variance) ** 0.5


t, s, pixel, wrong, noisy = 250, 200, 0.8, 0.5, -0.4
w_0, w_t, small, large = [value[1] for value in posterior(ab_t[[0, s, t]])]
u = torch.linspace(-1.5, 1.5, 301)
charts.lines(
    {f"what x_0 = {pixel} says": (u, bell(u, ab_t[s] ** 0.5 * pixel, 1 - ab_t[s])),
     f"what x_t = {noisy} says": (u, bell(u, noisy / (1 - large) ** 0.5, large / (1 - large))),
     "both: the sender's bell": (u, bell(u, w_0 * pixel + w_t * noisy, small)),
     f"the receiver's, guessing {wrong}": (u, bell(u, w_0 * wrong + w_t * noisy, small))},
    x=f"value of the pixel x_s, at s = {s}, with t = {t}", y="probability density",
    ylim=(0, 1.6), size=(7, 3.2),
    alt="Two wide bells, their narrower product, and the receiver's beside it",
)

# %% [markdown]
# The guess is off by 0.3, but the receiver's bell is off by only $w_0 = 0.38$ times as much, which is 0.11. That is
# little beside the width of the two bells, whose standard deviation is 0.41. So most draws from the sender's bell are
# about as likely for the receiver, and the KL is no more than 0.06 bits. (Ask your own function:
# `kl(w_0 * pixel + w_t * noisy, small, w_0 * wrong + w_t * noisy, small)`. And this step is as long as fifty small
# ones. In the one from 250 to 249, $w_0$ is only 0.009, which is `posterior(ab_t)[0][249]`.)
#
# ### Your turn 8.3: the price of an error
# *Difficulty 2 of 3, 8 minutes.*
#
# Let the receiver claim the variance *small*, so that both bells are equally wide. What remains of your KL? Only the
# distance of the means counts. One is $w_0\,x_0 + w_t\,x_t$, the other $w_0\,\mathrm{guess} + w_t\,x_t$, and so
#
# $$\mathrm{KL} = \mathrm{price}\cdot(x_0-\mathrm{guess})^2$$
#
# What is the price, in bits? Your `posterior` gives all that you need. Leave out step 1, because there the posterior has
# the variance 0, and it needs a bill of its own (section 4). So a schedule of n steps has n - 1 prices.

# %% tags=["exercise"]
def price(ab):
    """Bits that a squared error of 1 costs in steps 2 to n of the schedule ab: (n - 1,)."""
    return ...  # your code here


checks.check_price(price)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_price(ab):
    snr = ab / (1 - ab)  # infinite at time 0, which is not used
    return (snr[1:-1] - snr[2:]) / (2 * math.log(2))


price = checks.keep(price, solution_price)

# %% [markdown]
# If you looked into the solution, you found something else there. With some algebra $w_0^2/\mathrm{small}$ becomes a
# difference, and this shows what is paid for:
#
# $$\mathrm{price} = \frac{w_0^2}{2\ln 2\;\mathrm{small}}
# = \frac{1}{2\ln 2}\left(\frac{\bar\alpha_s}{1-\bar\alpha_s} - \frac{\bar\alpha_t}{1-\bar\alpha_t}\right)$$
#
# The fraction $\bar\alpha/(1-\bar\alpha)$ is the **signal-to-noise ratio** of lesson 1: large when the picture
# prevails, and small when the noise does. So a squared error of 1 costs as many bits as the step *gains* in this ratio,
# divided by 2 ln 2.

# %%
for t in (400, 100, 10, 2):
    print(f"an error of 0.1 costs {0.1**2 * price(ab_t)[t - 2]:8.5f} bits at t = {t}")
film_bits = price(ab_t)[:, None, None, None, None] * (guess[2:] - x0).double() ** 2
counted = film_bits.sum((0, 2, 3, 4)) / 8  # bytes of each sprite, in steps 500 to 2
print(f"your price times the errors of the film: {counted.mean():.1f} bytes for each sprite")
last_frame = lesson_08.told_by(x_t, guess, ab_t)[-1]
assert torch.allclose(counted.float(), last_frame.sum((1, 2, 3)) / 8, rtol=1e-3)

# %% [markdown]
# This is the number in the film's last caption: its counter is your function. And you see at once why the counter ran
# away. The same error costs more than thirty thousand times as much at t = 2 as at t = 100. The reason is the width of
# the bells. When little noise is left both are very narrow, and then even a small distance between them makes the
# sender's draw a great surprise.
#
# ## 3. How many bits is one point of twelve?
#
# Before you believe such a bill, test it where the right answer is known. Take the flat world: twelve points in the
# plane, and sender and receiver both know the list. The sender wants to send *one* of them, and all are equally likely.
# No code can do this with fewer than $\log_2 12 = 3.58$ bits on average. What does diffusion need?
#
# Below you see what the receiver knows at time t: he holds the noisy point $x_t$, and the lines are as wide as the
# weights that the perfect denoiser gives to the twelve points. The guess is their weighted mean. In a running notebook,
# move t from the right to the left, and watch how fewer and fewer of the points remain possible. (The ring, "your
# guess", belongs to lesson 1. You do not need it here.)

# %%
explore.flat_world("guess", t=110)

# %% [markdown]
# **What do you expect?** You send points with the perfect denoiser and add up price times squared error over the small
# steps from t = 500 down to t = 1. (The last step is free here, because at t = 1 the receiver can see which point it
# is.) What comes out, on average?
#
# <details name="expect-8-2"><summary>Far more than 3.58 bits, because noisy places are sent as well</summary>
#
# One might fear so. But the noise need not be told. Any entry of the common list that fits will do, so only what is
# *learned about the point* is paid for.
#
# </details>
# <details name="expect-8-2"><summary>A little more than 3.58 bits</summary>
#
# Yes. A perfect guess and small steps pay for what was not known, and for hardly anything else.
#
# </details>
# <details name="expect-8-2"><summary>Less than 3.58 bits, because the denoiser is perfect</summary>
#
# No code can do that, on average. (For a single point it may be less, which is paid for by others.)
#
# </details>

# %%
points = torch.tensor(explore.RING + explore.CLUSTER).double()[:, :, None, None]
perfect, which = du.PerfectDenoiser(points, ab_t), torch.arange(12).repeat(40)
generator = torch.Generator().manual_seed(1)


def flat(t):
    """For 480 noisy points at time t: squared errors of the guess, and bits still open."""
    noise = torch.randn(480, 2, 1, 1, generator=generator, dtype=torch.float64)
    weights = perfect.weights(du.add_noise(points[which], t, noise, ab_t), torch.tensor(t / T))
    error = (weights @ points.flatten(1) - points[which].flatten(1)).square().sum(1)
    return error, torch.special.entr(weights).sum(1).mean() / math.log(2)


flat_error, still_open = (torch.stack(part) for part in zip(*map(flat, range(1, T + 1))))
paid = price(ab_t)[:, None] * flat_error[1:]  # (T - 1, 480), of steps 2 to T

# %%
flat_told = paid.mean(1).flip(0).cumsum(0).flip(0)  # by all steps down to 2, 3, ..., T
charts.lines(
    {"told: price times squared error, added up": (range(1, T), flat_told),
     "known: log2(12) less what the weights leave open":
         (range(1, T + 1), math.log2(12) - still_open)},
    reverse=True, x="time t (steps of noise left)", y="bits for one point",
    alt="Two curves that rise together from 0 to 3.6 bits as t falls from 500 to 0",
)

# %% [markdown]
# The solid line adds up your prices. The dashed line knows nothing of prices: it takes the weights of the perfect
# denoiser at time t, and asks how many bits are still needed to name the right point. (This is their *entropy*, the
# mean of $-\log_2$ weight. For twelve equal weights it is 3.58 bits, and for a single weight of 1 it is 0.) The two lie
# on each other nearly all the way: what has been told is what is known. So the strange currency, squared errors times
# gains in signal-to-noise ratio, is sound money. Only at the end does the solid line rise a little too high.
#
# Why? The price of a step is charged on the error at its *beginning*, when the least is known. So a step also pays for
# things that it would have learned on the way, and the longer it is, the more. See what fewer and longer steps cost.

# %%
for n in (50, 100, 250, 500):
    at = du.sampling_times(T, n)[::-1]  # times from 0 up
    spent = (price(ab_t[at])[:, None] * flat_error[torch.tensor(at[2:]) - 1]).sum(0)
    print(f"{n:3d} steps: {spent.mean():.2f} bits for one point")
chance = (paid.var(1) / 480).sum().sqrt()
print(f"the truth: {math.log2(12):.2f}; standard error of the last number: {chance:.2f}")

# %% [markdown]
# With a perfect guess, **more steps cost less**, and their bill falls towards the truth. On average it never falls
# below the truth, and this is why one speaks of a *bound*. (A single point with a lucky draw of noise may cost less.
# And since we measure the mean with only 480 draws, we know it only up to its standard error.) Remember this when you
# come to the sprites. They will surprise you.

# %% [markdown]
# ## 4. What does the last step cost?
#
# At t = 1 the sprite is almost there. What the receiver holds still has noise with a standard deviation of about 0.01,
# and he must end with the exact colours. These are whole numbers from 0 to 255. On our scale from -1 to 1 they lie
# 2/255 = 0.0078 apart, so each value owns a **bin** that reaches 1/255 to either side. The receiver's bell gives each
# bin a probability, namely the share of the bell that lies in it, and to name a bin of probability p costs
# $-\log_2 p$ bits. The bin of black reaches down to minus infinity and that of white up to infinity, so that nothing of
# the bell is lost.
#
# **What do you expect?** The guess is exactly right for two pixels, one of them grey, the other white. Which is cheaper
# to name?
#
# <details name="expect-8-3"><summary>Neither costs anything, because the guess is right</summary>
#
# The receiver does not know that it is right. He claims a bell, and a part of it lies in the neighbouring bins.
#
# </details>
# <details name="expect-8-3"><summary>They cost the same</summary>
#
# The bell is the same, but the bins are not. Look at the ends of the scale.
#
# </details>
# <details name="expect-8-3"><summary>The white one is cheaper</summary>
#
# Yes. Its bin is open above, so it takes the whole upper half of the bell.
#
# </details>
#
# ### Your turn 8.4: naming the value
# *Difficulty 2 of 3, 10 minutes.*
#
# Write what each value in `x` costs, red, green and blue alike, when the receiver's bell has the centre `mean` and the
# standard deviation `std`. `torch.special.ndtr(z)` is the share of the standard bell (mean 0, variance 1) that lies
# below z, so the share below an edge of a bin is `ndtr((edge - mean) / std)`. `torch.where(condition, a, b)` takes a
# where the condition holds and b elsewhere. Add 1e-12 to every probability, so that no bin costs infinitely many bits.

# %% tags=["exercise"]
def last_step(x, mean, std):
    """Bits of pixel values x under a bell cut into 256 bins, the first and last open."""
    return ...  # your code here


checks.check_last_step(last_step)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_last_step(x, mean, std):
    upper = torch.special.ndtr((x + 1 / 255 - mean) / std)
    lower = torch.special.ndtr((x - 1 / 255 - mean) / std)
    upper = torch.where(x > 1 - 1 / 255, 1.0, upper)
    lower = torch.where(x < -1 + 1 / 255, 0.0, lower)
    return -torch.log2(upper - lower + 1e-12)


last_step = checks.keep(last_step, solution_last_step)

# %%
values = torch.linspace(-1, 1, 256, dtype=torch.float64)
std = posterior(ab_t)[2][1].item() ** 0.5
shares = {name: 2 ** -last_step(values, values[k], std)
          for name, k in (("grey", 128), ("white", 255))}
assert all(abs(p.sum() - 1) < 1e-6 for p in shares.values())
lesson_08.bins({f"a right guess of {name} costs {-p.max().log2():.2f} bits": p
                for name, p in shares.items()},
               alt="Bars: a bell around grey, and at white one tall bar beside half a bell")

# %% [markdown]
# Even a receiver whose guess is exactly right must pay, because his bell covers several bins. (Its standard deviation
# is 0.0069 here, and a bin is 0.0078 wide. Where does this number come from? In step 1 the posterior has the
# variance 0. To claim it would be to say that the guess cannot be wrong, and any error would then cost infinitely much.
# So it is customary to take the posterior's variance at step 2 in its place.) White is cheaper, since its open bin
# holds more than half of the bell.
#
# Your shares are exact. In improved-diffusion's code the corresponding function, `discretized_gaussian_log_likelihood`,
# approximates the bell's share by a hyperbolic tangent. Both are computed below, and they differ by 0.004 bits for each
# value.
#
# Two things are left until the bill is complete. At the other end of the walk stands the **prior term**: the receiver
# starts from pure noise, but $x_T$ is not quite pure noise, and this difference is one more KL. Prior term, KLs and last
# step together are the **variational bound**. It is called so because, averaged over the noise, it is never less than
# $-\log_2 p(x_0)$, the bits that an ideal code for this model would need (for a single draw of noise it may be).
#
# And the receiver may claim another variance than *small*. So here is the whole bill of a step, for any variance, and
# `fixed` gives the two that need no training.

# %%
def step_bits(x0, x_t, guess, i, ab, variance):
    """Bits of steps i of a schedule ab, for each value; variance (n,): what is claimed."""
    w_0, w_t, small, claim = (v[i - 1][..., None, None, None]
                              for v in (*posterior(ab)[:3], variance))
    truth, mean = w_0 * x0 + w_t * x_t, w_0 * guess + w_t * x_t
    bits, last = kl(truth, small, mean, claim), (i == 1).expand(x_t.shape[:-3])
    picture, std = x0.expand(x_t.shape), claim.expand(bits.shape) ** 0.5
    bits[last] = last_step(picture[last].double(), mean[last], std[last])
    return bits


def prior_bits(x0, ab):
    """Bits for each value of x0 to turn pure noise into x_T."""
    return kl(ab[-1].sqrt() * x0.double(), 1 - ab[-1], torch.zeros(()), torch.ones(()))


def fixed(ab):
    """The two fixed variances of the steps of a schedule: {name: (n,)}."""
    _, _, small, large = posterior(ab)
    return {"small": torch.cat([small[1:2], small[1:]]), "large": large}


# %% [markdown]
# Send the film's sprites once more, now with the complete bill. `walk_bits` picks from the walk those of its 500 times
# that a schedule needs; `at` are its times, from 0 upward.

# %%
every = range(T + 1)


def walk_bits(variance, at=every, who=slice(None)):
    """Bits of each step, film sprite and value, (n, 16, 3, 16, 16), for the times `at`."""
    at, i = list(at), torch.arange(1, len(at))[:, None]
    held, guessed = (images[at[1:]][:, who] for images in (x_t, guess))
    return step_bits(x0[who], held, guessed, i, ab_t[at], variance)


# %%
bits = walk_bits(fixed(ab_t)["small"])
assert torch.allclose(bits[1:], film_bits, rtol=1e-6)  # the KLs are the film's
bytes_of_step = bits.sum((2, 3, 4)).mean(1) / 8  # for each sprite, in steps 1 to 500
off = (guess - x0).square().mean((1, 2, 3, 4)).sqrt()  # of the guesses at times 0 to 500
exact = last_step(x0.double(), guess[1].double(), std).mean()
by_tanh = lesson_08.last_step_by_tanh(x0.double(), guess[1].double(), torch.tensor(std)).mean()
print(f"the last step, in bits for each value: exact {exact:.4f}, by tanh {by_tanh:.4f}")

# %%
linear = du.noise_schedule("linear", T)
print(f"prior term: {prior_bits(x0, ab_t).sum() / 128:.1e} bytes; with lesson 1's linear "
      f"schedule it would be {prior_bits(x0, linear).sum() / 128:.2f}")
charts.lines(
    {"KL of step t": (range(2, T + 1), bytes_of_step[1:]),
     "last step: the pixel values": ([1], bytes_of_step[:1])},
    log="xy", x="step t", y="cost (bytes for each sprite)",
    points=["last step: the pixel values"],
    alt="Cost for each step, which falls steeply with t; the last step is far above the others",
)

# %% [markdown]
# (The prior term is next to nothing for the cosine schedule, because there $x_{500}$ is pure noise but for a trace.
# Lesson 1's linear schedule leaves a little of the picture in $x_{500}$, and a quarter of a byte would pay for it.)
# Read the picture from right to left, as the walk goes. The first 150 steps cost at most about 0.03 bytes each. From
# t = 350 on each step is dearer than the one before it, and naming the pixel values is by far the dearest. What does
# the receiver get for his bytes?

# %%
known = bytes_of_step.sum() - bytes_of_step.cumsum(0)  # bytes told before step t, entry t - 1
charts.lines({"the guess": (known, off[1:])}, x="bytes told so far, for each sprite",
             y="error of the guess (RMSE)", ylim=(0, None),
             marks={f"t = {t}": known[t - 1] for t in (100, 20, 5, 2)},
             alt="The error of the guess falls steeply at first, then hardly any more")

# %%
parts = {"steps 500 to 21": slice(20, T), "steps 20 to 2": slice(1, 20),
         "the last step": slice(0, 1)}
rows = {"sprite": x0[:10], "guess at t = 20": guess[20, :10]}
for name, part in parts.items():
    where = bits[part, :10].sum(0)
    rows[f"{name}:\n{bytes_of_step[part].sum():.0f} bytes"] = lesson_08.heat(
        where, where.sum(1).quantile(0.99))
du.show_rows(rows, scale=4, label_width=120,
             alt="Ten sprites, guesses at t = 20, and maps of the bits in three parts of time")

# %% [markdown]
# (RMSE is the root of the mean squared error, and each map has its own scale.) The first bytes do nearly all the work,
# and they go where sprites differ from each other: to outlines, limbs, faces. At t = 20 the guess is nearly done. What
# comes then is spread over the whole figures and, more thinly, over the white around them. It tells shades apart that
# the eye can hardly tell apart: at t = 20 the guess is off by 0.047, which is six of the 255 steps from black to white.
# The authors of DDPM found the same on photographs: more than half of the bits describe what nobody sees.
#
# ## 5. How many bits is a sprite?
#
# Sixteen sprites are few. Now send many, and compare with programs that pack pictures. The usual unit for this is
# **bits per dimension**: the bits of a whole sprite, divided by the number of its values. A sprite has
# 16 × 16 × 3 = 768 values, so one bit per dimension means 768 bits, or 96 bytes, for each sprite. Uncompressed, a
# value takes 8 bits.
#
# To ask the network at all 500 times for every sprite would take long. `lesson_08.questions` asks at each of the times
# 1 to 20, where most of the bits go. Of the other 480 times it asks only about every twentieth, beginning at a
# different one for each sprite, and each of these answers stands for 20 times.
#
# **What do you expect?** `zlib` is the packing program inside ZIP and PNG files. It knows nothing of sprites. Which
# needs fewer bits: zlib, or the network, which has practised on 36,000 of them?
#
# <details name="expect-8-4"><summary>The network, by far</summary>
#
# It knows what a sprite looks like, and so its first bytes do much. But a bill has to be paid to the end.
#
# </details>
# <details name="expect-8-4"><summary>About the same</summary>
#
# They are far apart, and not in the direction in which one would think.
#
# </details>
# <details name="expect-8-4"><summary>zlib, by far</summary>
#
# Yes. Why it wins is told below, and where the network loses is the question of the next section.
#
# </details>

# %%
SCORED = 200

# %%
x = held_out.x[-SCORED:]
asked = lesson_08.questions(model, ab_t, x, held_out.c[-SCORED:])


def bits_per_dim(asked, x0, variance):
    """Of each sprite, in the steps 500 to 21, in 20 to 2, and in the last: (N, 3)."""
    cost = torch.zeros(len(x0), 3, dtype=torch.float64)
    for times, t, x_t, guess in asked:
        part = 0 if times > 1 else 1 if t[0] > 1 else 2
        step = step_bits(x0, x_t, guess, t, ab_t, variance)
        cost[:, part] += times * step.mean((1, 2, 3))
    return cost


# %%
costs = {kind: bits_per_dim(asked, x, fixed(ab_t)[kind]) for kind in ("small", "large")}
sizes = {"raw pixels": torch.tensor([768.0])} | lesson_08.file_sizes(x)
sizes |= {f"network, {kind} variance": 96 * cost.sum(1) for kind, cost in costs.items()}
lesson_08.table(["one sprite", "bytes", "bits per dimension"],
                {name: [f"{size.mean():.0f}", size.mean().item() / 96]
                 for name, size in sizes.items()})

# %%
print(f"{SCORED} sprites of {lesson_08.colours(x):.1f} colours on average")
gain, chance = lesson_08.mean_and_error(costs["small"].sum(1) - costs["large"].sum(1))
print(f"large is cheaper than small by {gain:.3f} ± {chance:.3f} bits per dimension")
lesson_08.by_part(costs)

# %% [markdown]
# The number after ± is the *standard error*: how far the mean of so many sprites is likely to be from the mean of all.
# Note that the difference of the two variances is known far better than either of them. Both were scored on the same
# sprites with the same noise, so what makes a sprite dear makes it dear for both, and it cancels. Such a *paired*
# comparison is the way to tell small differences with few sprites.
#
# And zlib wins, by far. Why? A sprite is made of some fifteen exact colours, and zlib says "the same again" for next to
# nothing. The receiver's bell, by contrast, pays anew for the shade of each pixel. (A PNG file is packed by zlib, too,
# so why is it twice as large? Its headers take 57 bytes. And before it packs, it replaces most values by their
# difference from a neighbour. On photographs this helps, but here it spoils the repetitions on which zlib lives.)
#
# But the network is not innocent. It saw 36,000 sprites of just this kind, so it could have learned that colours
# repeat. Look at the table once more: of the 5.25 bits that *small* costs, 2.59 + 1.95 = 4.54 are told in the last
# twenty steps. What is wrong there?
#
# ## 6. Why do more steps cost more?
#
# In the flat world more steps made the bill smaller. Now the film's sprites are sent with 10, 25, ... 500 steps.
#
# **What do you expect?** The network's guesses are good, though not perfect. What happens to the bits as the number of
# steps grows?
#
# <details name="expect-8-5"><summary>They fall, as in the flat world</summary>
#
# They do fall at first. But look what happens beyond 25 steps with *small*, and beyond 100 with *large*.
#
# </details>
# <details name="expect-8-5"><summary>They stay the same</summary>
#
# For a while they nearly do: with *large*, 250 steps cost about as much as 100. But over the whole range the bill first
# falls and then rises.
#
# </details>
# <details name="expect-8-5"><summary>In the end they rise</summary>
#
# Yes, although the perfect guess of the flat world made them fall. So the guess must be to blame, somewhere.
#
# </details>

# %%
ns = (10, 25, 50, 100, 250, 500)


def per_value(bits):
    return bits.sum(0).mean().item()


def with_steps(kind, n):
    at = du.sampling_times(T, n)[::-1]
    return per_value(walk_bits(fixed(ab_t[at])[kind], at))


by_n = {kind: [with_steps(kind, n) for n in ns] for kind in ("small", "large")}
charts.lines({kind: (ns, values) for kind, values in by_n.items()}, log="x",
             x="number of steps", y="bits per dimension",
             alt="Bits against steps: both fall first and rise in the end")

# %% [markdown]
# What do more steps change? They make steps smaller everywhere, but above all they *reach further down*. A walk of 50
# steps jumps from t = 10 to the clean sprite. A walk of 500 still visits t = 9, 8, ..., 1. So ask what the network is
# worth down there. Compare its guess with a lazy rival, who simply returns $x_t/\sqrt{\bar\alpha_t}$, that is, what the
# receiver holds, noise and all.

# %%
shown = x_t / ab_t.sqrt().float()[:, None, None, None, None]
lazy = (shown - x0).square().mean((1, 2, 3, 4)).sqrt()
for t in (1, 2, 10, 50):
    print(f"t = {t:2d}: the guess is off by {off[t]:.4f}, what it was shown by {lazy[t]:.4f}; "
          f"ratio {off[t] / lazy[t]:.2f}")
charts.lines({"the network's guess": (range(1, 101), off[1:101]),
              "what it was shown": (range(1, 101), lazy[1:101]),
              "distance of two pixel values": ([1, 100], [2 / 255] * 2)},
             log="xy", x="time t", y="error (RMSE)",
             alt="Errors of the guess and of x_t: alike at t = 1, far apart at t = 100")

# %% [markdown]
# At t = 50 the network halves the error. At t = 1 and t = 2 it hardly does anything at all: its guess is as noisy as
# what it was shown. (The ratio of the two errors is also the error of the predicted *noise*, whose values have the
# size 1. A ratio of 1 means that the network knows nothing of it.) A likely reason is its training (lesson 4): it
# practised most at the middle times, where sprites take shape, and only rarely at the smallest ones.
#
# Now put the two things together. If a guess is as bad as the noise itself, its squared error is
# $(1-\bar\alpha_t)/\bar\alpha_t$, one over the signal-to-noise ratio. The price is the gain in that ratio. So
# **whenever the ratio doubles, each value is charged about half a bit, and nothing is learned about the sprite.**
# (Where from? In a short step the ratio r grows by dr, and the charge is dr/r divided by 2 ln 2. From r to 2r these
# charges add up to ln 2 divided by 2 ln 2, which is 1/2.) A perfect guess would stop paying as soon as the colours are
# known. This one pays on and on, for the digits of the noise. In return the last step gets cheaper, because it starts
# from less noise. But this saving shrinks when the noise has become as narrow as a bin.
#
# If this is the cause, then a walk that simply stops early, and jumps from t = k to the clean sprite, should be
# cheaper, though it has fewer steps. Try it: all times from 500 down to k, and then the last step.

# %%
ks = (1, 2, 3, 5, 10, 15, 20, 30)
whole = walk_bits(fixed(ab_t)["large"])
jumps = [per_value(walk_bits(fixed(ab_t[[0, k]])["large"], [0, k])) for k in ks]
above = [per_value(whole[k:]) for k in ks]
early = {k: jump + rest for k, jump, rest in zip(ks, jumps, above)}
curves = {"all": [*early.values()], "the last step, from t = k": jumps,
          "the steps above it": above}
charts.lines({name: (ks, values) for name, values in curves.items()}, log="x", ylim=(0, None),
             x="the time k from which the walk jumps to the end", y="bits per dimension",
             alt="With k the last step costs more, the others less: a valley near 15")

# %% [markdown]
# (The steps above k are those of the full walk, and cost what they cost there. The receiver claims *large*. With
# *small* he could not jump, because the posterior of a step to the clean sprite has the variance 0.) The sum is lowest
# between k = 10 and k = 20, so the last dozen steps cost more than they bring. (To jump from t = 15 saves
# $4.71 - 4.29 = 0.42$ bits for these sixteen sprites. We tried two other sets of sixteen as well, `held_out.x[16:32]`
# and `[32:48]`, with two draws of noise for each. There it saved 0.41, 0.40, 0.38 and 0.37, with standard errors of
# 0.03 to 0.05.) This is the answer to the puzzle of the rising curves, and it goes some way to explain zlib's victory:
# the network is weak where the bytes are. How much of the victory it explains, the open problem will show.

# %% [markdown]
# ## 7. How sure should the receiver claim to be?
#
# The network is what it is. But the variance is the receiver's own choice, and until now he has chosen it without
# looking at his guess: *small* claims that the guess is perfect, and *large* is a number from the schedule, the same for
# every network. You know a better rule from section 1: claim the true variance plus the squared error of your mean.
#
# ### Your turn 8.5: the honest variance
# *Difficulty 2 of 3, 6 minutes.*
#
# Suppose somebody has measured the mean squared error of the guess at each step of a schedule, `error` (n,). What is
# the cheapest variance to claim at each step? The true bell has the variance *small*, and the error concerns the
# *guess*, while you need that of the mean. Use your `posterior`.

# %% tags=["exercise"]
def best_variance(ab, error):
    """The cheapest variance (n,) for steps 1 to n of ab, when guesses are off by error (n,)."""
    return ...  # your code here


checks.check_best_variance(best_variance)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_best_variance(ab, error):
    w_0, _, small, _ = posterior(ab)
    return small + w_0**2 * error


best_variance = checks.keep(best_variance, solution_best_variance)

# %% [markdown]
# Once more, first try it where the answer is known. In the *Gaussian world* each value of a picture is drawn from a
# bell of mean 0 and variance $\sigma^2$, independently of all others; we take $\sigma = 0.5$. The receiver knows two
# things about a value: the bell from which it was drawn, and the noisy value that he holds. The certainties of the two
# are $1/\sigma^2$ and $\bar\alpha_t/(1-\bar\alpha_t)$, and they add up as in lesson 2. One over the sum is the mean
# squared error that even the perfect guess leaves open:
# $\sigma^2(1-\bar\alpha_t)\,/\,(\bar\alpha_t\sigma^2 + 1-\bar\alpha_t)$. No code can need fewer bits than the *entropy*
# of the bell, and `excess` is what a walk needs above that. (Such a value has infinitely many digits, and to tell all
# of them would take infinitely many bits. So think of it as cut into fine bins. Finer bins add the same number of bits
# to the entropy and to the bill, and `excess`, the difference, stays.)
#
# **What do you expect?** The guess is perfect, though never certain. How many steps does each of the three variances
# need to come close to the entropy?
#
# <details name="expect-8-6"><summary>All three need many</summary>
#
# One of them needs very few.
#
# </details>
# <details name="expect-8-6"><summary>The honest one needs a single step, large needs many, small never gets there</summary>
#
# Yes. In this world what the receiver does not know *is* a bell, so the honest bell is the right one, and it costs
# nothing extra, however long the step.
#
# </details>
# <details name="expect-8-6"><summary>Small is best, because the guess is perfect</summary>
#
# A perfect guess is the best that one can say, and may still be far from the truth. *Small* is right only if nothing
# is left open.
#
# </details>

# %%
def left_open(ab, std=0.5):
    return std**2 * (1 - ab[1:]) / (ab[1:] * std**2 + 1 - ab[1:])


def excess(ab, variance, std=0.5):
    """Bits above the entropy for a value drawn from N(0, std^2), with the perfect guess."""
    w_0, _, small, _ = posterior(ab)
    rest = left_open(ab, std)
    steps = kl(w_0 * rest.sqrt(), small, torch.zeros(()), variance)[1:].sum()
    last = 0.5 * ((2 * math.pi * variance[0]).log() + rest[0] / variance[0]) / math.log(2)
    entropy = 0.5 * math.log2(2 * math.pi * math.e * std**2)
    return (steps + last + prior_bits(torch.tensor(std), ab) - entropy).item()


# %%
def respaced(n):
    return ab_t[du.sampling_times(T, n)[::-1]]


many = (2, 5, 10, 25, 50, 100, 250, 500)
curves = {kind: (many, [excess(respaced(n), fixed(respaced(n))[kind]) for n in many])
          for kind in ("small", "large")}
honest = {n: excess(respaced(n), best_variance(respaced(n), left_open(respaced(n))))
          for n in (1, *many)}
assert max(map(abs, honest.values())) < 1e-6 < min(min(values) for _, values in curves.values())
print(f"the honest variance in a single step: {honest[1]:.6f} bits above the entropy")
charts.lines(curves | {"honest": (many, [honest[n] for n in many])}, log="x",
             x="number of steps", y="bits above the entropy\n(for each value)",
             alt="Excess against steps: honest is zero, large falls to zero, small stays above")

# %% [markdown]
# A single step suffices with the honest variance. (It is a strange world, though: drawing in one step works in it
# because values are independent and a bell is all there is to say. In the flat world of section 3 it would fail.) With
# many steps *large* becomes honest by itself, and *small* does not. Why? In a short step *small* and *large* are nearly
# equal, and here the honest variance lies between them, so the choice hardly matters. Only in the last few steps are
# they far apart. There the guess knows little more than what it is shown, so nearly all of its noise is still open.
# *Large* allows for this, and *small* does not, and so it pays. (With two steps *small* does well only because in the
# last step it takes the wide variance of its neighbour.) The authors of DDPM gave the two extremes: *large* is exactly
# honest if every value is drawn from a bell of variance 1, and *small* if there is only one picture in the world.
#
# So measure how wrong the network is. This must not be done on the sprites that are to be sent, since the receiver does
# not have them. We take forty sprites from the training set, which both sides own.

# %%
def errors_of(asked, x0):
    """The mean squared error of the guesses at each time: (T,)."""
    error = torch.zeros(T, dtype=torch.float64)
    for _, t, _, guess in asked:
        error[t - 1] = (guess - x0).double().square().mean()  # for its 20 times, if t differs
    return error


# %%
y = train.x[:40]
train_asked = lesson_08.questions(model, ab_t, y, train.c[:40])
error = errors_of(train_asked, y)
costs["honest"] = bits_per_dim(asked, x, best_variance(ab_t, error))
gain, chance = lesson_08.mean_and_error((costs["large"] - costs["honest"]).sum(1))
print(f"honest is cheaper than large by {gain:.3f} ± {chance:.3f} bits per dimension")
lesson_08.by_part(costs)

# %% [markdown]
# The honest variance wins over both. And with fewer steps?

# %%
def honest_with(n):
    at = du.sampling_times(T, n)[::-1]
    return per_value(walk_bits(best_variance(ab_t[at], error[torch.tensor(at[1:]) - 1]), at))


by_n["honest"] = [honest_with(n) for n in ns]
lesson_08.table(["steps", *map(str, ns)], by_n)

# %% [markdown]
# The honest variance is the cheapest in every column. (These are the film's sixteen sprites. The errors above t = 20
# were measured for twenty times together, so the honest variance is a little rough there.) No choice of variance mends
# the guess, however: all three rows end higher than they are in the middle.
#
# ### Two habits of the original code
#
# If you compare your numbers with those of improved-diffusion, you must know two of its habits. First, its *fixed
# large* differs from $\beta$ in one entry: in step 1 it takes the posterior's variance of step 2 instead, "to get a
# better decoder log likelihood", as its comment says. Does this help?

# %%
ours = fixed(ab_t)
theirs = torch.cat([ours["small"][:1], ours["large"][1:]])
for name, answer in (("a right guess", x0), ("this network", guess[1])):
    one, two = (last_step(x0.double(), answer.double(), v[0] ** 0.5).mean()
                for v in (ours["large"], theirs))
    print(f"last step with {name}: large {one:.2f}, as in improved-diffusion {two:.2f}")
lesson_08.by_part({"large": costs["large"], "as theirs": bits_per_dim(asked, x, theirs)})

# %% [markdown]
# For a receiver whose guess at t = 1 is right, the narrower bell makes the last step cheaper by nearly a quarter. For
# ours it makes it dearer, because his guess is off by 0.0092, and the standard deviation of this bell is only 0.0069.
# So the habit pays for networks that are strong at the end. (In the rest of the lesson *large* is $\beta$ at every
# step.)
#
# Secondly, improved-diffusion *clips* every guess to the range from -1 to 1 before it draws up the bill, unless it is
# told not to. A sprite lies in this range, so clipping brings a guess nearer to it, or leaves it as it is.
# (Improved-diffusion's function for a single step, `p_mean_variance`, can also pass the guess through a function of
# your own, `denoised_fn`. This is the idea of the open problem.)

# %%
def clipped(asked):
    return [(times, t, x_t, guess.clamp(-1, 1)) for times, t, x_t, guess in asked]


kept_in = clipped(asked)
own_error = errors_of(clipped(train_asked), y)
claims = ours | {"honest": best_variance(ab_t, own_error)}
costs |= {f"{kind}, clipped": bits_per_dim(kept_in, x, claims[kind]) for kind in claims}
lesson_08.by_part({name: costs[name] for kind in claims for name in (kind, f"{kind}, clipped")})

# %% [markdown]
# Compare each row with the clipped one below it. The KL terms became cheaper in every row. (For *small* and *large*
# they must: price and variance are the same, and the error is smaller.) But look at the last step: it became dearer.
# How can a better guess cost more? Because of the open bins. A guess of 1.01 for a white pixel is wrong, but most of
# the bell then lies in the open bin of white, and white is named for almost nothing. Clipping takes this unearned luck
# away. With all 500 steps, clipping is worth its price here.
#
# ## 8. Do fewer bits draw better sprites?
#
# The same two variances may be used for drawing: `du.sampler` adds noise of the one or of the other. In ten steps the
# choice matters, because in such long steps *small* and *large* lie far apart. So do their bills: in the first column
# of section 7's table of steps, *small* is the cheaper one, with 4.59 bits against 5.14.
#
# **What do you expect?** A hundred sprites are drawn in ten steps with each. Which are better?
#
# <details name="expect-8-7"><summary>Those of the cheaper variance, small</summary>
#
# It depends on whom you ask. The Fréchet distance and your eyes disagree, as you will see.
#
# </details>
# <details name="expect-8-7"><summary>Those of the dearer variance, large</summary>
#
# The Fréchet distance says so. But look at the pictures, and at the last column of the table.
#
# </details>
# <details name="expect-8-7"><summary>Bits say nothing about it</summary>
#
# This is the safest answer. Most bits were spent where nobody looks, so the bill is mostly about other things.
#
# </details>

# %%
n, how = SCORED // 2, dict(steps=10, eta=1, clip=True)
drawn = {kind: [du.sample(model, ab_t, n, held_out.c[:n], seed=seed, variance=kind,
                          **how).cpu() for seed in (5, 6)] for kind in ("small", "large")}
drawn["other real sprites"] = [held_out.x[1000:1000 + n], held_out.x[1200:1200 + n]]
far = {kind: [du.frechet_distance(one, held_out.x[:1000]) for one in both]
       for kind, both in drawn.items()}
lone = {kind: [lesson_08.speckle(one) for one in both] for kind, both in drawn.items()}
rows = {kind: [f"{by_n[kind][0]:.2f}" if kind in by_n else "", *far[kind],
               *(f"{value:.3f}" for value in lone[kind])] for kind in drawn}
lesson_08.table(["in ten steps", "bits per dimension", "Fréchet distance, seed 5", "seed 6",
                 "speckle, seed 5", "seed 6"], rows)

# %%
du.show_rows({kind: both[0][:10] for kind, both in drawn.items()}, scale=4, label_width=120,
             alt="Ten sprites drawn in ten steps with each variance, and real ones")

# %% [markdown]
# The Fréchet distance (lesson 2) is lower for *large*, with both seeds. (Do not compare it with numbers from other
# lessons. A hundred sprites are few, so even a hundred real ones are not at 0 but at 1.36 and 1.71.) But look at the
# second row: lone pixels of a wrong shade lie on the figures, and faint ones in the white beside them. *Speckle*
# measures this. For each pixel it takes the one of the eight neighbours that is most like it, and asks how far the two
# colours are apart; the mean over all pixels is the number in the table. *Large* has nearly half as much again of it as
# *small*, and real sprites have much less than either. The features by which the distance compares sprites seem to
# overlook such pixels. So bits, the distance and the eye are three judges, and they do not agree.
#
# Do not carry this over to photographs, where it is the other way round: in ten steps on small photographs (CIFAR-10)
# the large variance had a Fréchet distance of 367, and the small one 41 (Song and others, *DDIM*, table 1). Only with a
# thousand steps was large ahead, with 3.2 against 4.7.
#
# ## Try it
#
# Choose a sprite and a stretch of the walk, from t = `first` down to `last`. You see what the receiver held and guessed
# before it, what he guessed after it, and where the bits of this stretch went. Find the stretch in which the sprite is
# decided, and what it cost. Then take fewer steps, and the other variance.

# %%
names = [f"{du.CLASSES[k]} {j}" for j, k in enumerate(c.argmax(1).tolist())]


def stretch(sprite=names[3], first=500, last=21, steps=500, variance="small"):
    du.need(first >= last, f"time runs down: first ({first}) must not be below last ({last})")
    k, at = names.index(sprite), du.sampling_times(T, steps)[::-1]
    bits = walk_bits(fixed(ab_t[at])[variance], at, who=[k])[:, 0]
    times = torch.tensor(at[1:])
    inside = bits[(times >= last) & (times <= first)].sum(0)
    top = max(inside.sum(0).quantile(0.98).item(), 0.01)
    tiles = {f"x_{first}": x_t[first, k], "guess before": guess[first, k],
             "guess after": guess[last - 1, k], "sprite": x0[k],
             f"bits (bright: {top:.2g})": lesson_08.heat(inside, top)}
    picture = du.show_rows({"": torch.stack([*tiles.values()]).float()}, scale=9, label_width=1,
                           top=list(tiles), alt=f"{sprite}: guesses before and after, and bits")
    return picture, f"{inside.sum() / 8:.1f} of {bits.sum() / 8:.1f} bytes in this stretch"


widgets.try_it(stretch, sprite=names, first=(1, 500), last=(1, 500),
               steps=[10, 25, 50, 100, 250, 500], variance=["small", "large"])

# %% [markdown]
# ## Open problem
#
# zlib needs fewer than two bits per dimension, and the network more than four. **How few can you reach?** You may not
# train anything. But you may write a function `better(x_t, guess, t)` that improves the guesses before the bill is
# drawn up. It gets what the receiver holds, `x_t` (N, 3, 16, 16), the network's guess, and the times t (N,), and it
# returns other guesses. It may use nothing else, and above all not the sprite, which the receiver does not have. `send`
# measures its errors on the forty training sprites, claims the honest variance, and sends the held-out sprites.
#
# The score to beat is that of the honest variance, which is what `send` gives when nothing is improved. To beat zlib is
# harder. Think about what zlib knows, and what the network forgets at t = 1, 2, 3.

# %%
def send(better):
    """Bits per dimension of each held-out sprite, in three parts: (N, 3)."""
    def improve(asked):
        return [(times, t, x_t, better(x_t, guess, t)) for times, t, x_t, guess in asked]

    variance = best_variance(ab_t, errors_of(improve(train_asked), y))
    return bits_per_dim(improve(asked), x, variance)


to_beat = send(lambda x_t, guess, t: guess).sum(1)
by_zlib = sizes["zlib"] / 96
print(f"to beat: {to_beat.mean():.2f} bits per dimension; zlib: {by_zlib.mean():.2f}")

# %% [markdown]
# The course's own best is folded below. It uses one fact about sprites, and it is not the last word: it claims the same
# variance for all pixels, for instance, though it could know better.

# %% tags=["solution"] jupyter={"source_hidden": true}
def same_again(x_t, guess, t):
    """Each pixel becomes the mean of all pixels that look alike: one colour, many looks."""
    if t[0] > 33:  # with more noise the network's own guess is better
        return guess
    ab = ab_t[t].float()[:, None, None]
    seen, colours = (x_t.flatten(2) / ab.sqrt()).mT, guess.flatten(2).mT  # (N, 256, 3)
    for width in (4, 1):
        alike = (-torch.cdist(colours, colours) ** 2 / (2 * width * (1 - ab) / ab)).softmax(2)
        colours = alike @ seen
    return colours.mT.reshape(guess.shape)


pooled = send(same_again)
gain, chance = lesson_08.mean_and_error(by_zlib - pooled.sum(1))
print(f"the course's best so far: {pooled.sum(1).mean():.2f} bits per dimension, "
      f"{gain:.2f} ± {chance:.2f} below zlib")
lesson_08.by_part({"honest": costs["honest"], "with better guesses": pooled})

# %% [markdown]
# <details><summary>What this says about sections 5 and 6 (read it when you have looked at the solution)</summary>
#
# Is a bell too poor a way to say what one expects? No, because the better guesses are sent with bells as well, in the
# same steps. Nor does zlib know anything of sprites. It won because it never forgets that a colour comes again, and the
# network, at t = 1, 2, 3, does. A receiver who averages what looks alike wins the game back, and the network's own
# guess tells him what looks alike.
#
# </details>

# %% [markdown]
# ## What you saw

# %%
total = {kind: cost.sum(1).mean().item() for kind, cost in costs.items()}
Markdown(f"""
- In the flat world, 500 steps with the perfect guess told {flat_told[0]:.2f} bits for one point
  of twelve, where the truth is {math.log2(12):.2f}.
- Of the {bytes_of_step.sum():.0f} bytes for each of the film's sprites, {known[19]:.0f} were
  told before t = 20, where the guess is off by {off[20]:.3f}. The last step alone took
  {bytes_of_step[0]:.0f}.
- On {SCORED} held-out sprites the network needed {total["small"]:.2f} (small),
  {total["large"]:.2f} (large) and {total["honest"]:.2f} (honest) bits per dimension; clipped,
  {total["small, clipped"]:.2f}, {total["large, clipped"]:.2f} and
  {total["honest, clipped"]:.2f}. PNG needed {sizes["PNG"].mean() / 96:.2f}, zlib
  {by_zlib.mean():.2f}.
- At t = 1 the guess was off by {off[1]:.4f}, and what it was shown by {lazy[1]:.4f}. A walk
  that jumped to the end from t = 15 needed {early[15]:.2f} bits (large), the whole
  one {early[1]:.2f}.
- In ten steps small cost {by_n["small"][0]:.2f} and drew with a distance of
  {sum(far["small"]) / 2:.1f}; large cost {by_n["large"][0]:.2f} and drew with
  {sum(far["large"]) / 2:.1f}, and with more speckle.
""")

# %% [markdown]
# ## Quiz
#
# **1.** The posterior's variance is the true one. Why can a larger one be cheaper for the receiver?
#
# <details><summary>Answer</summary>
#
# It is the true one for somebody who knows $x_0$. The receiver only guesses, and his draws lie around the wrong mean. So
# he should claim the true variance plus the squared error of his mean.
#
# </details>
#
# **2.** Network A needs fewer bits per dimension than network B. Does it draw nicer sprites?
#
# <details><summary>Answer</summary>
#
# Not necessarily. Most bits tell shades that nobody sees, in the last few steps. A may be better at these alone.
#
# </details>
#
# **3.** With the perfect guess more steps make the bill smaller, with this network they make it larger. Why?
#
# <details><summary>Answer</summary>
#
# A step is charged on the error at its beginning, so with a guess that improves, short steps are cheaper. But more
# steps also reach to smaller t. There this network's guess is as noisy as what it is shown, and each doubling of the
# signal-to-noise ratio costs half a bit for nothing.
#
# </details>
#
# **4.** Two variances score 5.0 ± 0.05 and 4.9 ± 0.05 bits on the same 200 sprites. Is the difference within chance?
#
# <details><summary>Answer</summary>
#
# You cannot tell from these numbers. Both were scored on the same sprites with the same noise, so what makes a sprite
# dear cancels in the difference. Take the difference for each sprite, and the standard error of *that*.
#
# </details>

# %% [markdown]
# ## Where you meet this outside
#
# - **`variance_type`** of the diffusers library's `DDPMScheduler` is the choice of section 7: `"fixed_small"` and
#   `"fixed_large"` are this lesson's, and `"learned"` and `"learned_range"` are the next one's. Its `clip_sample` is
#   the clipping.
# - **Bits per dimension**, or *negative log-likelihood*, stands in the tables of many papers on generative models. Now
#   you know that most of it is about shades.
# - **`calc_bpd_loop`** in improved-diffusion and guided-diffusion draws up this bill. Its parts are called `vb`, for the
#   steps, and `prior_bpd`. Beside them stand `xstart_mse` and `mse`, the squared errors of the guess and of the noise at
#   each t, whose roots you compared in section 6.
# - **KL** terms of two bells appear wherever a network describes a bell. The autoencoder of Stable Diffusion was trained
#   with such a term, which keeps its codes near the standard bell (lesson 15).
# - *Compression with diffusion models* is a field of its own: stop the walk early, and what has been told is a file for
#   the receiver, who draws the rest as he likes.
#
# ## Going further
#
# - Sohl-Dickstein and others (2015), *Deep Unsupervised Learning using Nonequilibrium Thermodynamics*: the first
#   diffusion model, trained on this bound.
# - Ho, Jain and Abbeel (2020), *Denoising Diffusion Probabilistic Models*: the last step in bins, and section 4.3 on
#   sending pictures bit by bit.
# - Nichol and Dhariwal (2021), *Improved Denoising Diffusion Probabilistic Models*: the bound measured and improved on
#   photographs, with a learned variance.
# - Kingma, Salimans, Poole and Ho (2021), *Variational Diffusion Models*: the bound as an integral over the
#   signal-to-noise ratio, and codes that come near it.
# - Bao, Li, Zhu and Zhang (2022), *Analytic-DPM*: the honest variance, measured from the errors of a trained network,
#   and used for drawing in few steps.
# - Guo, Shamai and Verdú (2005), *Mutual Information and Minimum Mean-Square Error in Gaussian Channels*: why squared
#   errors added up over the signal-to-noise ratio are bits, as you saw with the twelve points.
# - Theis, Salimans, Hoffman and Mentzer (2022), *Lossy Compression with Gaussian Diffusion*: how to send a draw from a
#   bell for little more than the KL.
#
# Next: [08b_learned_variance](08b_learned_variance.ipynb)
