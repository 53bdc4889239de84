# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 9. Which way is a likelier picture?
#
# Every answer of a denoiser is also an arrow. It says in which direction a noisy picture would become more likely, and
# this arrow is called the *score*. In this lesson you learn to walk along such arrows, and then to bend them, so that
# they lead to what you ask for. Below, 300 points of pure noise follow the arrows of a perfect denoiser.

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
from plumbing import lesson_09

unet, ab_t = du.load_model(du.WEIGHTS / "unet.pth", du.best_device())
points, labels = lesson_09.arms()  # 180 points on three arms; an arm is a class
perfect = du.PerfectDenoiser(points, ab_t, labels)
_, walk = du.sample(perfect, ab_t, 300, seed=1, shape=(2, 1, 1), steps=50, keep=25)
lesson_09.film(walk, perfect, points, labels, ab_t,
               alt="Film: points of noise follow arrows, which change with t, onto three arms")

# %% [markdown]
# Nobody told a point where to go: its colour only shows the arm on which it will end. And look how the arrows change as
# t falls. At first all of them lead to the middle, and only later does every arrow lead to the nearest arm.
#
# **You will be able to**
# - *turn* the answer of any denoiser into a score, and *prove* that it is one,
# - *draw* with nothing but scores,
# - *derive* guidance from Bayes' rule, and *write* guidance by a classifier,
# - *read* the class of a noisy sprite out of a perfect denoiser, and *compare* a trained classifier with it,
# - *show* how a classifier is satisfied by a cheat, and *say* in what the guidance of lesson 5 differs from it.
#
# **You need** lesson 1 (the perfect denoiser and its weights), lesson 2 (probability density, and the Fréchet
# distance), lesson 4 (a training loop, and what a network may answer), lesson 5 (guidance) and lesson 6 (the step
# without noise).
#
# **Time:** about 45 minutes of reading, and half an hour more for the five tasks. The cells run for about four minutes
# on a laptop CPU, nearly all of it in sections 4 to 6, where a classifier is trained and thousands of sprites are
# drawn.

# %%
from functools import cache, partial

import charts
import checks
import explore
import torch
import torch.nn.functional as F
import widgets
from IPython.display import Markdown

T, device = len(ab_t) - 1, du.best_device()
train, held_out = du.load_sprites("train"), du.load_sprites("held_out")

# %% [markdown]
# ## 1. What has a guess to do with a slope?
#
# Take all your data and add the noise of time t. Where do the noisy pictures lie? Each datum, that is, each picture
# $x_i$ of the data, has become a hill: a bell around $\sqrt{\bar\alpha_t}\,x_i$ whose width is the standard deviation
# of the noise, $\sqrt{1-\bar\alpha_t}$. The sum of all these hills is a landscape, which is high where noisy pictures
# are likely. Its height at a place x is, up to a constant factor, the *probability density* $p_t(x)$. For pictures of
# 768 numbers such a density is astronomically small or astronomically large, so one always works with its logarithm.
#
# The **score** is the slope of this landscape after the logarithm has been taken: the gradient $\nabla \log p_t(x)$.
# The sign $\nabla$ stands for the derivatives with respect to all coordinates of x together, so the score has as many
# numbers as x. The score points uphill, in the direction in which x becomes likelier fastest.
#
# Below is the flat world of lesson 5, with its ring and its cluster. The darker the green, the likelier is a noisy
# picture at that place. The small arrows show the scores, and the long arrow has the direction of the score at the
# diamond; you will soon see what lies at its tip. In a running notebook, move the slider of t upward from its left end:
# twelve hills, one for each data point, grow together until only one is left. (The saved picture shows t = 120, where
# the hills of the ring have become one broad hill.) Then put the diamond between ring and cluster, and find out up to
# which t its arrow still chooses one of the two. (Beyond that t it leads to a place between them.)

# %%
explore.flat_world("score")

# %% [markdown]
# Now differentiate. A single bell is $e$ to the power of $-\lVert x - \sqrt{\bar\alpha_t}\,x_i\rVert^2 /
# (2\,(1-\bar\alpha_t))$, so its logarithm has the gradient $(\sqrt{\bar\alpha_t}\,x_i - x)/(1-\bar\alpha_t)$: an arrow
# from x to the top of the bell, divided by the variance. For the sum of all bells, use the rule
# $\nabla \log p = \nabla p\,/\,p$ twice. For a single bell it says that the slope $\nabla p$ is the bell's arrow
# multiplied by its height at x. For the sum it says that these slopes are added up and divided by the height of the
# sum. So each bell's arrow counts with the *share* that this bell has in the whole height at x. You know these shares:
# they are the weights $w_i$ of lesson 1, with which the perfect denoiser makes the mean of all data. So
#
# $$\nabla \log p_t(x) = \sum_i w_i\,\frac{\sqrt{\bar\alpha_t}\,x_i - x}{1-\bar\alpha_t}
# = \frac{\sqrt{\bar\alpha_t}\,x_0 - x}{1-\bar\alpha_t}$$
#
# where $x_0 = \sum_i w_i x_i$ is the perfect guess. This is the whole connection: **the guess of a denoiser, seen from
# x, is the way up the hill.** So at the tip of the long arrow above lies the perfect guess. (The guess is first
# multiplied by $\sqrt{\bar\alpha_t}$, as every picture in x_t is. Solved for $x_0$, the equation is called *Tweedie's
# formula*.)
#
# ### Your turn 9.1: the score of a network
# *Difficulty 1 of 3, 4 minutes.*
#
# Many networks name the noise $\epsilon$ rather than the picture. (`unet.pth` answers with lesson 4's v, out of which
# the noise can be worked out.) Noise and picture belong together, as always: $x = \sqrt{\bar\alpha_t}\,x_0 +
# \sqrt{1-\bar\alpha_t}\,\epsilon$. Put this x into the fraction above, and see what remains. In code, $\bar\alpha_t$ is
# `ab_t[t]`.

# %% tags=["exercise"]
def score(eps, t, ab_t):
    """The score (B, C, H, W) at x_t, from the noise eps that was found in it; t is an int."""
    return ...  # your code here


checks.check_score(score)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_score(eps, t, ab_t):
    # the numerator is -sqrt(1 - ab_t) eps, and a root cancels
    return -eps / (1 - ab_t[t]) ** 0.5


score = checks.keep(score, solution_score)

# %% [markdown]
# So up to its length the score is the noise, turned round: *to become likelier, take the noise away.*
#
# But is it really the slope of anything? Test it on the three arms with a tool that knows nothing of denoisers. `log_p`
# is the landscape itself, the logarithm of the sum of all bells (up to a constant, which has no slope), and `gradient`
# lets PyTorch differentiate it.
#
# **What do you expect?** How do your score and PyTorch's gradient compare, over a grid of places?
#
# <details name="expect-9-1"><summary>They are equal at every time</summary>
#
# Yes, up to rounding. For the perfect denoiser the formula is not an approximation, and the cell below would stop with
# an error if the two differed.
#
# </details>
# <details name="expect-9-1"><summary>They agree near the data, and drift apart where no point is near</summary>
#
# They agree everywhere. Far out all bells are tiny, but the weights are their *shares*, and these are as exact there as
# near the data.
#
# </details>
# <details name="expect-9-1"><summary>They point the same way, but have different lengths</summary>
#
# Direction and length both agree. The division by $1-\bar\alpha_t$ sees to the length: a narrow hill is steeper.
#
# </details>

# %%
def predict(model, x, t, c=None):
    """The noise (B, C, H, W) that a denoiser finds in x = x_t; t: an int, c: the request."""
    answer = model(x, torch.full((len(x),), t / T, device=x.device), c)
    return du.to_x0_eps(answer, x, t, ab_t, model.predicts)[1]


def log_p(x, t):
    far = (x[:, None] - ab_t[t].item() ** 0.5 * points).square().sum((2, 3, 4))
    return (-far / (2 * (1 - ab_t[t].item()))).logsumexp(1)


def gradient(f, x):
    """The gradient at x of f(x), which is one number for each picture of x."""
    with torch.enable_grad():  # samplers switch gradients off
        z = x.detach().requires_grad_()
        return torch.autograd.grad(f(z).sum(), z)[0]


# %%
grid, panels = lesson_09.grid(), {}
for t in (50, 150, 350):
    slope = score(predict(perfect, grid, t), t, ab_t).float()
    assert torch.allclose(slope, gradient(partial(log_p, t=t), grid), rtol=1e-3, atol=1e-2)
    panels[f"t = {t}"] = (t, slope)
print(f"Your score is the gradient of log p, at all {len(grid)} places and at three times.")
lesson_09.fields(panels, points, labels, ab_t, height=log_p,
                 alt="Three arms, three leaves, one round hill: log p at t = 50, 150, 350")

# %% [markdown]
# The darker the blue, the likelier is the place. Each arrow goes a quarter of the way to the denoiser's guess. (Guess
# and data points are multiplied by $\sqrt{\bar\alpha_t}$, as in x_t, so the arms shrink as t grows.) With little noise
# the landscape still has the shape of the arms, and every arrow finds the nearest one. At t = 350 a single round hill
# is left, and all arrows point to its middle. This is why a walk decides the large things first and the small ones
# last: at each level it can climb only those hills that the noise has left.
#
# ## 2. What can you do with nothing but arrows?
#
# Suppose that someone gives you the score at one noise level, and nothing else: no schedule, no denoiser, no sampler.
# Can you draw from $p_t$, that is, make points that are spread as the noisy data are? The obvious idea is to start
# anywhere and to walk uphill in small steps.
#
# **What do you expect?** 300 points start from noise and climb for 300 small steps along the arrows of t = 100. Where
# do they end?
#
# <details name="expect-9-2"><summary>Spread as the noisy data are</summary>
#
# Not by climbing alone. A walk that only goes up comes to a crest, and the crests are a tiny part of the landscape.
#
# </details>
# <details name="expect-9-2"><summary>On the ridges: too tidy for noisy data</summary>
#
# Yes. All slopes are followed to where they end, so the points crowd on the crests of the hills. In lesson 2 you met a
# collapse of this kind, when the noise was not put back.
#
# </details>
# <details name="expect-9-2"><summary>All on one point, the highest</summary>
#
# No. A walk that only goes up cannot cross a valley, so each point climbs the hill on whose slope it began.
#
# </details>
#
# ### Your turn 9.2: walk, and tremble
# *Difficulty 2 of 3, 8 minutes.*
#
# The remedy comes from physics: let the walker tremble. In each step go uphill by `h` times the score, and then add
# fresh noise with the standard deviation $\sqrt{2h}$:
#
# $$x \leftarrow x + h\, \nabla \log p_t(x) + \sqrt{2h}\; z$$
#
# The slope drives the points together and the trembling drives them apart. With just this amount of noise the two are
# in balance when the points are spread as $p_t$ is. (This is exact for many tiny steps. With a larger `h` the points
# end a little too far apart.) The walk is called **Langevin dynamics**, after Paul Langevin, who in 1908 wrote down a
# similar equation for small grains that tremble in water. `score_at(x)` is a function, and `z` holds the noise of each
# step, so that there are `len(z)` steps. Return where the walk ends.

# %% tags=["exercise"]
def langevin(score_at, x, h, z):
    """Pictures (B, C, H, W) after len(z) steps of size h from x; z (n, B, C, H, W): noise."""
    return ...  # your code here


checks.check_langevin(langevin)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_langevin(score_at, x, h, z):
    for fresh in z:
        x = x + h * score_at(x) + (2 * h) ** 0.5 * fresh
    return x


langevin = checks.keep(langevin, solution_langevin)

# %%
def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def uphill(model, t, c=None):
    """The score at time t, as a function of x alone."""
    return lambda x: score(predict(model, x, t, c), t, ab_t).to(x)


t = 100
start, z = noise(300, 2, 1, 1, seed=1), noise(300, 300, 2, 1, 1, seed=2)
h, data = 0.05 * (1 - ab_t[t].item()), points[torch.arange(300) % 180]
ends = {"data with noise": du.add_noise(data, t, noise(300, 2, 1, 1, seed=3), ab_t),
        "your walk": langevin(uphill(perfect, t), start, h, z),
        "only climbing (z = 0)": langevin(uphill(perfect, t), start, h, 0 * z)}
for name, x in ends.items():
    print(f"{name:22} distance from the nearest clean point, on average: "
          f"{du.nearest(x, ab_t[t].item() ** 0.5 * points)[0].mean():.3f}")
lesson_09.clouds(ends, points, labels, shrink=ab_t[t].item() ** 0.5,
                 alt="Noisy data and your walk are spread alike; climbing ends on thin lines")

# %% [markdown]
# The left picture is the truth: data to which the noise of t = 100 was added. Your walk looks like it, and its points
# lie about as far from the arms as noisy data do. (In the left picture the lower right arm has fewer points around it,
# but only because the 180 data points were used in turn until there were 300, so that this arm had its turn once and
# the other two twice.) The control, which only climbed, has gone to the ridges. There it creeps on, because a ridge
# rises, too, and so the ends of the arms are empty.
#
# One level of noise does not make a clean picture. But walk at a high level first, where one hill leads everybody to
# the middle, then at a lower one, starting from where you are, and so on down. At the lowest level, follow the arrow to
# its end. Song and Ermon drew small photographs in this way in 2019, a year before DDPM, and you can do it with
# sprites: twenty levels, and five steps of your walk at each.

# %%
def by_arrows(x, c, z=1.0, seed=1):
    """From noise to sprites with nothing but scores, at twenty falling levels of noise."""
    for t in range(T, 0, -25):
        h, fresh = 0.4 * (1 - ab_t[t].item()), z * noise(5, *x.shape, seed=seed + t).to(x)
        x = langevin(uphill(unet, t, c), x, h, fresh)
    eps = predict(unet, x, t, c)
    return du.to_x0_eps(eps, x, t, ab_t, "eps")[0].cpu()


ten, kinds = noise(10, 3, 16, 16, seed=4).to(device), torch.arange(10) % 5
du.show_rows({"your walk": by_arrows(ten, kinds), "only climbing": by_arrows(ten, kinds, z=0)},
             scale=4, label_width=110, top=[du.CLASSES[k] for k in kinds],
             alt="Ten sprites drawn by Langevin walks; ten bare ones by climbing alone")

# %% [markdown]
# The first row was drawn with neither the step of lesson 2 nor that of lesson 6. In the second row, the control, nobody
# trembled. It looks tidier, but the two heroes have become the same hero and the two foods the same food, with large
# plain areas and few details. The cause lies at the beginning. At the first levels there is a single hill, so a walker
# that only climbs arrives at its one top, wherever it began. From there all walkers with the same request take the same
# way down. (You can test this: let the loop of `by_arrows` begin at t = 250, give it different heroes with the noise of
# that level and z = 0, and see whether different heroes come out.) The trembling keeps the walkers apart until there
# are several hills to choose from.
#
# Drawing in this way takes 101 calls of the network, which is more than the quick samplers of lesson 6 need, because
# each level has to find its balance anew. But it shows that the scores are all that you need from a trained network:
# everything else is a way of walking.
#
# What does such an arrow look like? A sprite is a point with 768 coordinates, so its arrow has 768 numbers and is
# itself a picture. Take three sprites that no network was trained on, add noise, and look at the arrows of the network
# and of the perfect denoiser of all 36,000 training sprites.
#
# **What do you expect?** What will you see in such an arrow?
#
# <details name="expect-9-3"><summary>The sprite, faintly</summary>
#
# Not by eye. An arrow is minus the noise, up to its length, and noise is what you see.
#
# </details>
# <details name="expect-9-3"><summary>Noise</summary>
#
# Yes, and so it should be: what has to be taken away is noise. What the two denoisers think of the *sprite* is hidden
# in a small difference, that between their arrow and minus the noise which was really added. So this difference is
# shown as well, magnified four times.
#
# </details>

# %%
memory = du.PerfectDenoiser(train.x, ab_t, train.c)
rows = {name: [] for name in (
    "x_t", "arrow: perfect", "arrow: network", "its error, x 4:\nperfect", "network",
    "where it leads:\nperfect", "network ", "the sprite")}
for t in (100, 250, 400):
    x0, z = held_out.x[[1, 4, 8]], noise(3, 3, 16, 16, seed=1)
    x = du.add_noise(x0, t, z, ab_t)
    found = [predict(memory, x, t), predict(unet, x.to(device), t).cpu()]
    guesses = [du.to_x0_eps(eps, x, t, ab_t, "eps")[0] for eps in found]
    shown = (x, *(-eps for eps in found), *(4 * (z - eps) for eps in found), *guesses, x0)
    for row, images in zip(rows.values(), shown):
        row.append(images)
du.show_rows({name: torch.cat(images) for name, images in rows.items()},
             scale=4, label_width=130,
             top=[f"t = {t}" for t in (100, 250, 400) for _ in range(3)],
             alt="Noisy sprites, their arrows, the arrows' errors, and where the arrows lead")

# %% [markdown]
# Grey means no change. Each arrow is drawn as minus the noise that the denoiser finds, which is the score times
# $\sqrt{1-\bar\alpha_t}$. The two rows of arrows can hardly be told apart. Their errors, the next two rows, can: here
# outlines and parts of sprites appear. (An error is the difference between an arrow and minus the noise that was really
# added. No denoiser can quite avoid it, because x_t does not give this noise away.) Follow each arrow to its end and
# you see where the errors come from. The perfect arrow leads to a *training* sprite, or at t = 400 to a mean of a few,
# and this is not quite the sprite that was hidden. An octopus with the same tentacles, spots, eyes, mouth and bow, for
# instance, is among the training sprites in magenta only, and magenta is red with blue, so the error is a blue octopus.
# The network's arrow leads nearly to the hidden sprite at t = 100. At t = 400 it leads to a soft mean, because the
# network knows no sprites by heart, and so many more of them seem possible to it.
#
# ## 3. How does a request bend the arrows?
#
# You want pictures of a class y. So you need the landscape of that class alone, $p(x_t \mid y)$, and its score. Bayes'
# rule says how it differs from the landscape of everything:
#
# $$p(x_t \mid y) = \frac{p(y \mid x_t)\; p(x_t)}{p(y)} \qquad\text{and so}\qquad
# \nabla \log p(x_t \mid y) = \nabla \log p(x_t) + \nabla \log p(y \mid x_t)$$
#
# All slopes are taken with respect to $x_t$. The p(y) has dropped out, because it does not depend on $x_t$ and has no
# slope. Read the right side aloud: *the arrow to a likelier picture, plus the arrow to a picture that is more clearly a
# y*. And the second one belongs to $p(y \mid x_t)$, which is a **classifier**: it looks at a noisy picture and says how
# probable each class is.
#
# For data that you hold in your hands, the exact classifier is already there, inside the perfect denoiser. Its weight
# $w_i$ is the probability that $x_t$ was made from datum i. So the probability that it was made from *some* datum of
# class y is the sum of the weights of that class.
#
# ### Your turn 9.3: the class inside the weights
# *Difficulty 2 of 3, 6 minutes.*
#
# Write it so that log weights go in and log probabilities come out, because it is the logarithm that you will
# differentiate. `log_w` holds the logarithms of the weights, and `labels` a one-hot row for each datum. Beware of
# `log_w.exp()`: a weight may be $10^{-300}$, which float32 cannot hold. `logsumexp` takes the exponential, the sum and
# the logarithm in one, and stays exact.

# %% tags=["exercise"]
def log_class(log_w, labels):
    """log p(y | x_t) (B, K), from log weights (B, N) of N data, with labels (N, K), one-hot."""
    return ...  # your code here


checks.check_log_class(log_class)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_log_class(log_w, labels):
    of_class = [log_w[:, labels[:, k] == 1] for k in range(labels.shape[1])]
    return torch.stack([log.logsumexp(1) for log in of_class], 1)


log_class = checks.keep(log_class, solution_log_class)

# %% [markdown]
# ### Your turn 9.4: the classifier's arrow
# *Difficulty 2 of 3, 6 minutes.*
#
# A classifier answers (x, t) with K numbers for each picture. They may be logarithms of probabilities, as your
# `log_class` gives, or the raw numbers that come out of a network (*logits*); `log_softmax(1)` turns logits into log
# probabilities and leaves log probabilities as they are. Return the arrow $\nabla \log p(y \mid x_t)$, with `gradient`
# from section 1. The one-hot rows `c` say which class y each picture should become.

# %% tags=["exercise"]
def pull(classifier, x, t, c):
    """The gradient (B, C, H, W) of log p(y | x) at x; t (B,) is t/T, c (B, K) the one-hot y."""
    return ...  # your code here


checks.check_pull(pull)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_pull(classifier, x, t, c):
    return gradient(lambda z: (c * classifier(z, t).log_softmax(1)).sum(1), x)


pull = checks.keep(pull, solution_pull)

# %% [markdown]
# Put the two together on the arms. `Exact` is the exact classifier: it asks how well each datum explains x, makes
# weights of that as in lesson 1, and hands them to your `log_class`. (In `match` the square of the distance is
# multiplied out, and the square of x is left out, because it is the same for all data and so does not change their
# shares.)
#
# **What do you expect?** Where does the classifier's arrow point, if the blue arm is asked for?
#
# <details name="expect-9-4"><summary>It points to the blue arm from everywhere</summary>
#
# Only where another arm is possible as well. There it points from that arm towards the blue one. Where no other arm
# comes into question it has nothing to say, even if x lies far from the blue arm.
#
# </details>
# <details name="expect-9-4"><summary>Away from the other arms, and nowhere at all where only blue is possible</summary>
#
# Yes. It does not say how to become a *good* point of the blue arm, only how not to be taken for a point of another.
# The goodness comes from the other arrow.
#
# </details>

# %%
class Exact:
    """The exact classifier of data: log p(y | x_t), from the perfect denoiser's weights."""

    def __init__(self, images, labels):
        self.flat, self.labels = images.flatten(1), labels

    def __call__(self, x, t):
        ab = ab_t[round(T * t.flatten()[0].item())].item()
        match = 2 * ab**0.5 * x.flatten(1) @ self.flat.T - ab * self.flat.square().sum(1)
        return log_class((match / (2 * (1 - ab))).log_softmax(1), self.labels)


# %%
t, blue, exact = 250, torch.eye(3)[[0]].expand(len(grid), 3), Exact(points, labels)
free, asked = uphill(perfect, t)(grid), uphill(perfect, t, blue)(grid)
arrow = pull(exact, grid, torch.full((len(grid),), t / T), blue)
assert torch.allclose(free + arrow, asked, rtol=1e-3, atol=1e-3)
parts = {"score of p(x_t)": (t, free), "+ the classifier's arrow": (t, arrow),
         "= score of p(x_t | y)": (t, asked)}
lesson_09.fields(parts, points, labels, ab_t, only=0,
                 alt="Arrows to the middle; away from grey arms; their sum, to the blue arm")

# %% [markdown]
# In the middle picture the classifier's arrows lead away from the grey arms. At the top, where only the blue arm is
# possible, there are hardly any. The sum of both arrows is the score of the class, and the cell has checked this at
# every place: **a denoiser without a request, plus an exact classifier, is a denoiser with a request.** So you can
# steer a network that was never told of classes. And if one arrow of the classifier is good, you may *insist* and take
# $\gamma$ of them (gamma, the *scale* of the guidance).
#
# ### Your turn 9.5: steer the noise
# *Difficulty 1 of 3, 5 minutes.*
#
# Our samplers want a noise rather than a score. Which noise belongs to the guided score, that is, to the score of `eps`
# plus gamma times `pull`? (Here `pull` is an arrow that has been computed already.) Your turn 9.1, read backwards,
# turns a score into a noise.

# %% tags=["exercise"]
def steer(eps, pull, t, gamma, ab_t):
    """The noise whose score is that of eps (B, C, H, W) plus gamma times pull; t is an int."""
    return ...  # your code here


checks.check_steer(steer)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_steer(eps, pull, t, gamma, ab_t):
    return eps - gamma * (1 - ab_t[t]) ** 0.5 * pull  # the score, times -sqrt(1 - ab_t)


steer = checks.keep(steer, solution_steer)

# %%
class ClassifierGuided:
    """A denoiser made of a denoiser and a classifier; ask: is the network told c, too?"""

    predicts = "eps"

    def __init__(self, model, classifier, gamma, ask=False):
        self.model, self.classifier, self.gamma, self.ask = model, classifier, gamma, ask

    def __call__(self, x, t, c):
        step = round(T * t[0].item())
        eps = predict(self.model, x, step, c if self.ask else None)
        if self.gamma == 0:
            return eps
        return steer(eps, pull(self.classifier, x, t, c), step, self.gamma, ab_t).to(x)


# %% [markdown]
# As in lesson 5, no sampler knows of it. Ask for the blue arm, and draw 300 points with each of three scales. (With a
# scale of 0 nothing is asked. Fresh noise, `eta=1`, sees to it that no point is bound to its start.) Then compare the
# picture with that of lesson 5, which stands below: there two answers of one denoiser took the place of the classifier.

# %%
drawn = {f"gamma = {gamma}": du.sample(ClassifierGuided(perfect, exact, gamma), ab_t, 300,
                                       torch.eye(3)[0], seed=1, shape=(2, 1, 1), eta=1)
         for gamma in (0, 1, 4)}
for name, x in drawn.items():
    place = du.nearest(x, points)[1]
    far = points[place].flatten(1).norm(dim=1).mean()
    print(f"{name}: {labels[place, 0].mean():4.0%} on the arm, "
          f"{far:.2f} from the middle on average")
lesson_09.clouds(drawn, points, labels,
                 alt="gamma 0: all arms; 1: all along the blue arm; 4: mostly its outer end")

# %%
explore.flat_world("guidance")

# %% [markdown]
# With $\gamma = 1$, the number that Bayes' rule asks for, the points cover the whole blue arm. With $\gamma = 4$ they
# prefer its outer end, where no other arm is near. This classifier is exact, so what you see is not the fault of a bad
# one. To insist is to prefer places where the class is certain even under much noise, and the price is variety. Lesson
# 5's guidance does just the same on its ring, where the points next to the cluster are given up first. (For
# $\gamma > 1$ there is in general no set of data whose noisy versions would be spread as the guided scores say.
# Insisting is a useful trick, and no exact sampling of anything.)
#
# ## 4. Who can read the class of a noisy sprite?
#
# For sprites you have the exact classifier as well, because you hold all training sprites. With millions of photographs
# nobody wants to ask every one of them in every step, so a network is trained on noisy pictures to tell their class.
# Song and others guided with such a classifier, and in 2021 Dhariwal and Nichol gave it a scale and made it famous. Do
# as they did. The classifier that you train is called the *reader* from here on. It is a small network that is given
# the time as a fourth channel, beside red, green and blue. Pure noise says nothing about its class, so the logits are
# multiplied by $\sqrt{\bar\alpha_t}$, which makes all classes equally probable at t = T. The loss `cross_entropy` is
# minus the log probability of the right class, so the training raises the very number whose slope you need.
#
# It gets a twin, which is equal at the start, but learns from clean sprites alone and is always told t = 0. The twin
# has an easier task and is trained for a quarter as long; the left end of the chart below shows that this is enough for
# it.

# %%
TRAINING_STEPS = 500


# %%
class Reader(torch.nn.Module):
    """A classifier of noisy sprites: x (B, 3, 16, 16) and t/T (B,) to logits (B, 5)."""

    def __init__(self):
        super().__init__()
        self.body = du.SpriteClassifier()
        self.body.features[0][0] = torch.nn.Conv2d(4, 32, 3, padding=1)

    def forward(self, x, t):
        plane = t.to(x).view(-1, 1, 1, 1).expand(-1, 1, 16, 16)
        logits = self.body(torch.cat([x, plane], 1))
        return logits * du.signal_and_noise(ab_t, (t * T).round().long(), logits)[0]


def learn(steps, with_noise):
    torch.manual_seed(0)
    reader = Reader().to(device)
    optimizer = torch.optim.AdamW(reader.parameters(), weight_decay=0.01)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 3e-3 * min(1, (step + 1) / 50) * (1 - step / steps)
        i, t = torch.randint(len(train.x), (128,)), torch.randint(T + 1, (128,)) * with_noise
        x = du.add_noise(train.x[i], t, torch.randn(128, 3, 16, 16), ab_t).to(device)
        answer = reader(x, (t / T).to(device))
        loss = F.cross_entropy(answer, train.c[i].argmax(1).to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return reader.eval().requires_grad_(False)


reader, twin = learn(TRAINING_STEPS, True), learn(TRAINING_STEPS // 4, False)

# %% [markdown]
# How well does each read the class of a noisy sprite that it has never seen? Two more readers are asked. One is the
# classifier that comes with the course, which was the **judge** in lesson 5 and is so again. In its training it has met
# no more than a trace of noise. It never guides, so that nobody can please it on purpose. The other is your `Exact`,
# with all 36,000 training sprites: the class that can be read out of the perfect denoiser, by summing its weights.
#
# **What do you expect?** At t = 400 a sprite's numbers are multiplied by 0.31, and noise of standard deviation 0.95 is
# added. How often can its class be read there?
#
# <details name="expect-9-5"><summary>Hardly more often than by chance, whoever reads</summary>
#
# So it is for those who learned from sprites with little noise or none. But look at the curve of the perfect denoiser
# before you say that the class is gone.
#
# </details>
# <details name="expect-9-5"><summary>Nearly always, by one who knows how to read noise</summary>
#
# Yes. The perfect denoiser, which compares x_t with all 36,000 training sprites, is nearly always right. The reader
# that you have trained has to learn this from examples, and has not learned it well enough.
#
# </details>
# <details name="expect-9-5"><summary>As often as the trained reader can: more is not in the picture</summary>
#
# It is tempting to take what a network has reached for what is possible. The curve of the perfect denoiser shows how
# much more was in the picture.
#
# </details>

# %%
def without_noise(x, t):
    return twin(x, torch.zeros_like(t))


memory_reader = Exact(train.x.to(device), train.c.to(device))
readers = {"the perfect denoiser": memory_reader, "trained on noise": reader,
           "its twin": without_noise, "the judge": lambda x, t: du.load_classifier()(x.cpu())}
clean, truth, times = held_out.x[:500], held_out.c[:500].argmax(1), [1, *range(50, T + 1, 50)]
right = {name: [] for name in readers}
for t in times:
    x = du.add_noise(clean, t, noise(500, 3, 16, 16, seed=t), ab_t).to(device)
    for name, read in readers.items():
        seen = read(x, torch.full((500,), t / T, device=device)).argmax(1).cpu()
        right[name].append(100 * (seen == truth).float().mean().item())
charts.lines({name: (times, shares) for name, shares in right.items()}
             | {"chance": (times, [20] * 11)}, ylim=(0, 105),
             x="time t of the noisy sprites (steps)", y="right (% of 500 held-out)",
             alt="Read by the weights the class stays clear up to t = 400; others fail earlier")

# %%
at = times.index(400)
said = ", ".join(f"{name} {shares[at]:.0f} %" for name, shares in right.items())
Markdown(f"At t = 400: {said}. At t = 450 the weights still tell "
         f"{right['the perfect denoiser'][at + 1]:.0f} %.")

# %% [markdown]
# On clean sprites all are nearly perfect. The twin and the judge fall first, since the twin has never met noise and the
# judge only a trace of it. The reader holds out longer. But the curve of the perfect denoiser stays near the top up to
# t = 400, so **the class can be read there, and the trained classifier has merely not learned how.** (The weights are
# exact for noisy *training* sprites. The sprites here are held out, but they have relatives in the training set, and
# these are enough to tell the class. So at least as much can be read as this curve says.) This matters for guidance,
# because the class of a sprite is decided at high noise: in lesson 6, most sprites that had gone up no further than
# t = 300 kept their class. And high noise is exactly where the reader falls behind the exact class.
#
# So there are two guides to try on the network without a request (`uncond`): the reader, and the exact class, which is
# what Bayes' rule asks for. The twin is the control. Every row is drawn from two seeds, in ten steps of lesson 6's
# quick sampler without fresh noise (`fast`, as in lesson 5). The judge gives the marks: how many sprites are what was
# asked for, the Fréchet distance to real sprites (lower is better), and the *coverage*. This is the share of real
# sprites near which something was drawn, where "near" means nearer than the third nearest other real sprite. All three
# look through the eyes of the judge. The last line of the table shows what other real sprites get, and more than that
# should not be expected of drawn ones.

# %%
SCORED = 200

# %%
part = SCORED // 5
c = torch.eye(5).repeat_interleave(part, 0)
of_class = [held_out.x[held_out.c[:, k] == 1] for k in range(5)]
real, others = (torch.cat([x[i : i + part] for x in of_class]) for i in (0, part))
fast = dict(steps=10, order=2, clip=True)


def marks(x):
    found = du.sprite_score(x, c, real)
    return {"as asked (%)": 100 * found["asked"], "Fréchet distance": found["frechet"],
            "coverage (%)": 100 * lesson_09.coverage(x, real)}


def run(denoiser, **how):
    """Sprites drawn from two seeds, with their marks: a list of two dicts."""
    both = []
    for seed in (2, 3):
        x = du.sample(denoiser, ab_t, len(c), c, seed=seed, **(fast | how)).cpu()
        both.append({"x": x} | marks(x))
    return both


# %%
floor = [marks(others)]
alone = {"uncond, no guide": run(ClassifierGuided(unet, reader, 0))}
for gamma in (1, 16, 64):
    alone[f"uncond, reader, gamma {gamma}"] = run(ClassifierGuided(unet, reader, gamma))
alone["uncond, twin, gamma 64"] = run(ClassifierGuided(unet, without_noise, 64))
alone["uncond, exact class, gamma 1"] = run(ClassifierGuided(unet, memory_reader, 1))
lesson_09.table(alone | {"other real sprites": floor})

# %%
two = [k * part + j for k in range(5) for j in (0, 1)]
top = [du.CLASSES[k] for k in range(5) for _ in (0, 1)]
du.show_rows({name.replace(", ", ",\n", 1): both[0]["x"][two] for name, both in alone.items()},
             scale=4, top=top, label_width=150,
             alt="Rows from the same noise: the stronger the guide, the more are as asked")

# %%
for name in ("uncond, exact class, gamma 1", "uncond, reader, gamma 16"):
    away = du.nearest(alone[name][0]["x"][::4], train.x)[0].median().item()
    print(f"{name}: {away:.2f} from the nearest training sprite (root mean square, median)")

# %% [markdown]
# Two numbers with a slash between them belong to the two seeds. When two lines differ, ask whether they differ by more
# than the two seeds do. Begin with the exact class, the last line but one.
#
# - **The exact class at $\gamma = 1$ nearly keeps what Bayes' rule promises about the class.** The network was told
#   nothing, and most of its sprites are as asked. No insisting is needed if the class is read correctly, already at
#   high noise. Their distance to real sprites remains large, and section 7 comes back to this.
# - **The trained reader at $\gamma = 1$ falls short.** At high noise, where the class is decided, it is unsure, so its
#   arrow is weak and partly wrong. It takes a far larger gamma to make up for this. Dhariwal and Nichol found the same
#   with their network without a request: a scale of 1 missed the class too often, and they used 10.
# - **The twin steers far less even at $\gamma = 64$**, and leaves confetti. A classifier that has not met noise has
#   arrows there all the same, but they mean little. (That it steers at all is probably owed to the last steps, where
#   little noise is left. And no other gamma was tried for it.) This is the *first limit* of classifier guidance: **the
#   guide must have learned to read noise.**
#
# A guide that is made of training sprites might simply copy them. It does not, as the distances above show: its sprites
# lie about as far from all training sprites as those of the reader do. Why do some sprites miss even with the exact
# class? Probably because only the classifier's arrow is exact. The other arrow is the network's, and the walk takes no
# more than ten steps.
#
# ## 5. Is a satisfied classifier enough?
#
# The classifier's arrow leads to where the classifier says "food". Take 40 real heroes, without noise and without a
# denoiser, and follow the reader's arrow at t = 0 for 30 small steps.
#
# **What do you expect?** What becomes of the heroes?
#
# <details name="expect-9-6"><summary>The heroes turn into food</summary>
#
# They do not. Nothing in the arrow says what food looks like; it says only what makes *this classifier* say food.
#
# </details>
# <details name="expect-9-6"><summary>They become something between hero and food</summary>
#
# To your eye they stay heroes, and the judge takes few of them for food. A gradient leads along the steepest way, and
# there are steeper ways to please a classifier than to turn a hero into food.
#
# </details>
# <details name="expect-9-6"><summary>They stay heroes, with odd pixels, and the reader says food</summary>
#
# Yes. Such a picture is called an *adversarial example*: it was changed in a way that means little to everybody else,
# and that was chosen to cheat one classifier.
#
# </details>

# %%
heroes = of_class[0][:40].to(device)
wish = torch.eye(5, device=device)[[2]].expand(40, 5)
now, x = torch.zeros(40, device=device), heroes
for _ in range(30):
    x = (x + 0.2 * pull(reader, x, now, wish)).clamp(-1, 1)
change = x - heroes
places = torch.randperm(256, generator=torch.Generator().manual_seed(0))
elsewhere = change.flatten(2)[:, :, places].view_as(x)
changed = {"real heroes": heroes, "after 30 steps": x,
           "control: the change\nat other pixels": (heroes + elsewhere).clamp(-1, 1)}
fooled = {name: [100 * (who == 2).float().mean().item()
                 for who in (reader(y, now).argmax(1).cpu(), du.features_of(y)[1])]
          for name, y in changed.items()}
for name, (guide, judge) in fooled.items():
    print(f"{' '.join(name.split()):36} food, says the reader: {guide:3.0f} %; "
          f"the judge: {judge:3.0f} %")
du.show_rows({name: y[:10].cpu() for name, y in changed.items()}
             | {"the change, x 3": 3 * change[:10].cpu()}, scale=4, label_width=140,
             alt="Heroes; the same with odd pixels; the control; the change, confetti on grey")

# %% [markdown]
# The reader now takes the heroes for food. Many of their pixels are a little off, as the last row shows, but you still
# see heroes. The judge learned from the same sprites, but has other weights, and falls for it far less. (It may also be
# harder to cheat in general, because it was trained for longer, on sprites that were shifted and had a trace of noise.)
# The control shows that it is not enough for pixels to be wrong: the same changes, put at other places, persuade hardly
# anybody. They have to be *chosen*, by this gradient, against this classifier.
#
# While you draw, the denoiser tidies up after every step. Does a guide still find shortcuts then? The cleanest test is
# a network that hardly needs a guide, because it is told the class anyway. That is also how Dhariwal and Nichol used
# guidance at its best: the *conditional* network, and the classifier on top. The control is pushed in a random
# direction in every step, as far as the guide would push from that place.
#
# **What do you expect?** The network with the request draws nearly all sprites as asked. What will a stronger and
# stronger guide change?
#
# <details name="expect-9-7"><summary>Distance and coverage improve: every sprite becomes more typical</summary>
#
# Hardly. Nearly all sprites are as asked already, so the guide has little to give. And a sprite that pleases the guide
# more need not be more typical.
#
# </details>
# <details name="expect-9-7"><summary>Nothing: where the class is certain, the arrow vanishes</summary>
#
# It would vanish if the reader were certain wherever the class can be read. At high noise the reader is hardly ever
# certain, and so it keeps pushing.
#
# </details>
# <details name="expect-9-7"><summary>The guide becomes surer, and the sprites worse</summary>
#
# Yes, once the guide is strong. In its own opinion all is well, while the coverage shrinks and the distance rises.
# Below you see by how much.
#
# </details>

# %%
class Pushed(ClassifierGuided):
    """The control: steps as long as the guide's, in random directions."""

    def __call__(self, x, t, c):
        length = pull(self.classifier, x, t, c).flatten(1).norm(dim=1)
        step = round(T * t[0].item())
        z = noise(*x.shape, seed=step).to(x)
        push = z * (length / z.flatten(1).norm(dim=1))[:, None, None, None]
        return steer(predict(self.model, x, step, c), push, step, self.gamma, ab_t).to(x)


plain = run(unet)
told = {0: plain} | {g: run(ClassifierGuided(unet, reader, g, ask=True)) for g in (1, 4, 16)}
pushed = {0: plain} | {g: run(Pushed(unet, reader, g)) for g in (4, 16)}

# %%
def opinion(x):
    seen = reader(x.to(device), torch.zeros(len(x), device=device)).argmax(1).cpu()
    return 100 * (seen == c.argmax(1)).float().mean().item()


told_and_seen = {f"with request, reader, gamma {g}" if g else "with request, no guide":
                 [one | {"as the guide sees it (%)": opinion(one["x"])} for one in both]
                 for g, both in told.items()}
real_and_seen = floor[0] | {"as the guide sees it (%)": opinion(others)}
lesson_09.table(told_and_seen | {"other real sprites": [real_and_seen]})

# %%
def curves(runs, key):
    return list(runs), list(zip(*([one[key] for one in both] for both in runs.values())))


shown = {"guided by the reader": told, "pushed at random": pushed}
charts.lines({name: curves(runs, "coverage (%)") for name, runs in shown.items()}
             | {"real sprites": ([0, 16], [floor[0]["coverage (%)"]] * 2)},
             x="gamma", y="coverage (%), two seeds", ylim=(0, 100),
             alt="Coverage falls as gamma grows, with the reader, and more so pushed at random")

# %%
charts.lines({name: curves(runs, "Fréchet distance") for name, runs in shown.items()}
             | {"real sprites": ([0, 16], [floor[0]["Fréchet distance"]] * 2)},
             x="gamma", y="Fréchet distance, two seeds", ylim=(0, 8),
             alt="The Fréchet distance grows with gamma, and more so pushed at random")

# %% [markdown]
# At a gamma of 1 or 4 the last few sprites become what was asked for, and the other marks stay within what two seeds
# differ by. At 16 there is nothing left to win. In the guide's opinion all is perfect, and in the judge's nearly, and
# yet the sprites have become worse: the coverage has shrunk by more than the seeds differ, and the distance has grown
# with both seeds. (In the saved edition the distance alone would prove little, since it has grown by hardly more than the
# seeds differ.) The guide goes on pushing, and does not see the loss. This is the
# *second limit*: **a guide must never be its own judge**, and a class is not all that a judge should look at.
#
# And does the guide find shortcuts here, too, as it did without a denoiser? The control gives no sign of it. Random
# pushes cost little at 4, as the guide's do, and at 16 far more than the guide's. (At 16 the comparison is not quite
# fair. A random push does not please the guide, so the guide's arrow does not shrink on the way, and the random walk is
# pushed further in all.) So the harm can be explained without any cunning direction: a long push hurts by itself,
# probably because it takes x_t to where the network was never trained.
#
# ## 6. Can the classifier be left out?
#
# Read Bayes' rule backwards:
#
# $$\nabla \log p(y \mid x_t) = \nabla \log p(x_t \mid y) - \nabla \log p(x_t)$$
#
# On the left stands a classifier's arrow, and on the right the difference of two scores. A network that was trained
# with dropped requests knows both scores (lesson 5), so it holds an *implicit classifier* that nobody trained. The
# arrow of this classifier is the difference of the network's two answers, and lesson 5 promised that you would compute
# it here. Put it in the place of `pull` in your turn 9.5. Write `cond` and `uncond` for the noise that is found with
# and without the request:
#
# $$\text{uncond} - \gamma \sqrt{1-\bar\alpha_t}\;
# \frac{-(\text{cond} - \text{uncond})}{\sqrt{1-\bar\alpha_t}}
# = \text{uncond} + \gamma\,(\text{cond} - \text{uncond})$$
#
# That is lesson 5's formula with $w = \gamma$: *classifier-free guidance is guidance by the implicit classifier.* (It
# begins at the answer without a request. If you begin at the one with the request, as section 5 did, the same w is
# reached with $\gamma = w - 1$.) On the arms, where denoiser and classifier are both exact, the two must give the same
# answer.

# %%
requests = torch.eye(3)[torch.arange(len(grid)) % 3]
for t, w in ((50, 3.0), (250, 1.0), (250, 3.0), (450, 8.0)):
    by_classifier = predict(ClassifierGuided(perfect, exact, w), grid, t, requests)
    by_two_answers = predict(du.Guided(perfect, w), grid, t, requests)
    assert torch.allclose(by_classifier.float(), by_two_answers.float(), rtol=1e-3, atol=1e-3)
print("Exact classifier, exact denoiser: both guidances find the same noise, at every place.")

# %% [markdown]
# In theory, then, they are one method. In practice the denoiser and the reader are two networks, which have learned
# different things. So look at the implicit arrow of a real network. Take eight sprites of the other four classes at
# t = 400, ask for food, and draw the two guesses, without the request and with it, and below them their difference,
# which up to its length is the implicit arrow. Two more rows show the arrows of the exact class and of the trained
# reader, for the same request. (Each arrow is scaled to the same contrast.)

# %%
t, wish = 400, torch.eye(5, device=device)[[2]].expand(8, 5)
some = torch.cat([of_class[k][:2] for k in (0, 1, 3, 4)])  # no food among them
x = du.add_noise(some, t, noise(8, 3, 16, 16, seed=4), ab_t).to(device)
share = torch.full((8,), t / T, device=device)
eps = {None: predict(unet, x, t), "food": predict(unet, x, t, wish)}
guess = {name: du.to_x0_eps(e, x, t, ab_t, "eps")[0] for name, e in eps.items()}
arrows = {"their difference:\nimplicit arrow": score(eps["food"] - eps[None], t, ab_t),
          "arrow of the\nexact class": pull(memory_reader, x, share, wish),
          "arrow of the\ntrained reader": pull(reader, x, share, wish)}
du.show_rows({"sprite": some, "x_t at t = 400": x.cpu(),
              "guess, nothing\nasked": guess[None].cpu(),
              "guess, food asked": guess["food"].cpu()}
             | {name: (a / (2 * a.flatten(1).std(1)[:, None, None, None])).cpu()
                for name, a in arrows.items()}, scale=4, label_width=130,
             alt="Two guesses, their difference, a drawing, and two classifiers' arrows")

# %%
exact_arrow = arrows["arrow of the\nexact class"].flatten(1)
for name in ("their difference:\nimplicit arrow", "arrow of the\ntrained reader"):
    a = arrows[name]
    cosine = torch.cosine_similarity(a.flatten(1), exact_arrow).mean().item()
    print(f"{' '.join(name.split()):36} cosine with that of the exact class: {cosine:.2f}")

# %% [markdown]
# Compare the third row with the fourth. Faces and limbs fade, and rounder bodies come. The fifth row, their difference,
# is a *drawing* of that, with bodies and outlines. The arrow of the exact class is a drawing as well: it leads from
# training sprites that fit x_t to foods that fit it. The trained reader's arrow is rough. (A *cosine* of 1 would mean
# that two arrows are parallel, and 0 that they have nothing in common.) On these eight sprites the implicit arrow,
# which nobody trained for the purpose, has more in common with the exact one than the reader's arrow, which was trained
# for it. It was no race at equal cost, though. `unet.pth` is a larger network and saw 9,000 batches of 64 sprites in
# its training, nine times as many sprites as the reader.
#
# The pictures suggest why classifier-free guidance should be harder to cheat. A classifier learns what tells foods from
# the rest, and any pixel pattern that does so will serve. A denoiser has to learn what foods *look like*, since it is
# asked to draw them, and so its arrow draws. This is an argument, and no proof: nobody has tried here to cheat the
# implicit classifier. (Another caution: nothing forces the difference of two answers of a network to be the gradient of
# any function at all.)
#
# ## 7. Which guidance is better?
#
# With exact arrows $\gamma$ and w are the same number. With trained ones they cannot be compared, because the arrows of
# an unsure reader are short. So each way to guide is compared at its own best strength: of those tried, the one with
# the lowest Fréchet distance, averaged over the two seeds. (To choose with the same two seeds that are then compared
# flatters a little, and most where most was tried.) What they cost is counted in the answers of `unet.pth` that a
# sprite needs; the small reader's own work is left out. Classifier-free guidance needs two answers in each step, so it
# gets a control at equal cost: the plain network with the request and twice as many steps.

# %%
free_runs = {1: plain} | {w: run(du.Guided(unet, w)) for w in (2, 4)}


def mean(both, key="Fréchet distance"):
    return sum(one[key] for one in both) / 2


def best_of(runs):
    return min(runs, key=lambda strength: mean(runs[strength]))


unasked = {g: alone[f"uncond, reader, gamma {g}"] for g in (1, 16, 64)}
g_free, w = best_of(unasked), best_of({v: free_runs[v] for v in (2, 4)})
g_told = best_of({g: told[g] for g in (1, 4, 16)})
final = {f"classifier, network without request, gamma {g_free} (10 answers)": unasked[g_free],
         f"classifier, network with request, gamma {g_told} (10 answers)": told[g_told],
         "with request, no guide (10 answers)": plain,
         f"classifier-free, w = {w} (20 answers)": free_runs[w],
         "with request, no guide, 20 steps (20 answers)": run(unet, steps=20)}
lesson_09.table(final | {"other real sprites": floor})

# %%
du.show_rows({name.split(" (")[0].replace(", ", ",\n"): both[0]["x"][two]
              for name, both in final.items()}, scale=4, top=top, label_width=160,
             alt="Ten sprites by each way, from the same noise")

# %% [markdown]
# The first row, where a guide steered a network that was told nothing, comes last. Do not blame the reader alone: in
# section 4 even the exact class came hardly nearer to real sprites, if at all. What limits both is probably the network
# *without* a request. When it was trained, the request was dropped for one sprite in ten only, so that it has practised
# this answer far less.
#
# With the request, a weak guide leaves the plain network as it is, up to the difference of two seeds. Classifier-free
# guidance must be compared with the plain network in twenty steps rather than with the third row, because both had
# twenty answers. In the saved edition its lead is smaller then, but with both seeds it is still there. So here the
# better arrow is the one that nobody trained as a classifier. Three limits of this result should be said. The reader
# was given 500 steps of training, and a better one might catch up. All marks look through the eyes of the judge, who
# favours sprites that make their class plain. And all rows were drawn without fresh noise: lesson 5 found that with it,
# twenty plain steps do about as well as ten guided ones.
#
# So, which way is a likelier picture? Where the denoiser's guess lies. And which way is a likelier *food*? A classifier
# can tell, if it can read noise; the weights of the perfect denoiser tell exactly, for the sprites that it knows; and a
# denoiser that was trained with dropped requests tells by the difference of two guesses, which is a drawing of what is
# missing.
#
# ## Try it
#
# Choose a guide, its strength and a class. Both rows begin with the same noise: the upper one is drawn at strength 0,
# the lower one with the guide. Find, for each guide, the smallest strength at which all eight are what you wanted. Then
# make it too strong, and watch what the two opinions say. (Strength 0 means that nothing is asked, except with "reader,
# network told", where the network has the request in any case. With "classifier-free", 1 is the plain network with the
# request.)

# %%
guides = {"reader": lambda s: ClassifierGuided(unet, reader, s),
          "reader, network told": lambda s: ClassifierGuided(unet, reader, s, ask=True),
          "its twin": lambda s: ClassifierGuided(unet, without_noise, s),
          "classifier-free": lambda s: du.Guided(unet, s)}


@cache
def eight(guide, strength, wanted, seed):
    row = torch.eye(5)[du.CLASSES.index(wanted)]
    return du.sample(guides[guide](strength), ab_t, 8, row, seed=seed, **fast).cpu()


def guided(guide="reader", strength=16, wanted="food", seed=1):
    x, k = eight(guide, strength, wanted, seed), du.CLASSES.index(wanted)
    judge = int((du.features_of(x)[1] == k).sum())
    own = int((reader(x.to(device), torch.zeros(8, device=device)).argmax(1) == k).sum())
    picture = du.show_rows({"no guide": eight(guide, 0, wanted, seed),
                            f"{guide},\nstrength {strength:g}": x}, scale=5, label_width=150,
                           alt=f"Eight sprites without a guide, and as {wanted} by {guide}")
    return picture, f"{wanted}: {judge} of 8, says the judge; {own} of 8, says the reader"


widgets.try_it(guided, guide=list(guides), strength=[0, 0.5, 1, 2, 4, 8, 16, 32, 64],
               wanted=list(du.CLASSES), seed=(0, 99))

# %% [markdown]
# ## Open problem
#
# Someone gives you a network that was never told of classes: you may ask `unet` only **without** a request. You hold
# the sprites and their classes, and may build any guide from them. How low a Fréchet distance can you reach, if the
# judge must recognise at least 80 % as asked?
#
# `without_request` takes the scale as a function `gamma(t)` of the time t (a whole number from 1 to 500), a classifier,
# and settings of the sampler (with at most ten steps). It returns the mean distance of two seeds and the share as
# asked. The score to beat is that of the reader's best fixed scale in the table of section 4 for which at least 80 %
# are as asked. Must the scale be the same at all times? Must the classifier? Is there a better way to train the reader?
# And before you believe in a small lead, look at how far two seeds are apart.

# %%
class Varying(ClassifierGuided):
    """A scale that is a function of the whole time t."""

    def __init__(self, model, classifier, gamma):
        super().__init__(model, classifier, 1)
        self.at = gamma

    def __call__(self, x, t, c):
        self.gamma = self.at(round(T * t[0].item()))
        return super().__call__(x, t, c)


def without_request(gamma, classifier=reader, **how):
    du.need(how.get("steps", 10) <= 10, "ten answers of the network are all you have")
    both = run(Varying(unet, classifier, gamma), **how)
    return mean(both), mean(both, "as asked (%)")


passed = [both for both in unasked.values() if mean(both, "as asked (%)") >= 80]
to_beat = min(map(mean, passed), default=float("inf"))
print(f"to beat: {to_beat:.2f}; the network with the request: {mean(plain):.2f}")

# %% [markdown]
# The course's own best so far is folded below. Look at it when you have beaten the fixed scale, or given up. It is a
# single change. There is probably a better one.
#
# <details><summary>What did not help when we tried it</summary>
#
# The exact class at high noise with the reader below it, and a scale that grows with t, did no better than a fixed
# scale.
#
# </details>

# %% tags=["solution"] jupyter={"source_hidden": true}
best = without_request(lambda t: g_free, eta=1)  # the noise of lesson 6, put back in
print(f"the course's best so far: {best[0]:.2f}, {best[1]:.0f} % as asked")

# %% [markdown]
# ## What you saw

# %%
weights_right, reader_right = right["the perfect denoiser"], right["trained on noise"]
Markdown(f"""
- Your score was the gradient of log p, and Bayes' rule held for scores, at every place.
- At t = 400 the class could be read out of the perfect denoiser in
  {weights_right[at]:.0f} % of cases, and at t = 450 in {weights_right[at + 1]:.0f} %. The
  reader trained on noise managed {reader_right[at]:.0f} % and {reader_right[at + 1]:.0f} %.
- Without a request, the exact class at gamma 1 brought
  {mean(alone["uncond, exact class, gamma 1"], "as asked (%)"):.0f} % as asked, the reader at
  gamma 1 {mean(unasked[1], "as asked (%)"):.0f} %, and at gamma 64
  {mean(unasked[64], "as asked (%)"):.0f} %.
- Heroes with chosen odd pixels were food to the reader in {fooled["after 30 steps"][0]:.0f} %
  of cases, and to the judge in {fooled["after 30 steps"][1]:.0f} %.
- On the network with the request, the reader at gamma 16 took the Fréchet distance from
  {mean(plain):.2f} to {mean(told[16]):.2f} and the coverage from
  {mean(plain, "coverage (%)"):.0f} % to {mean(told[16], "coverage (%)"):.0f} %. Random pushes
  took them to {mean(pushed[16]):.2f} and {mean(pushed[16], "coverage (%)"):.0f} %.
- At its best strength, classifier-free guidance had {mean(free_runs[w]):.2f}, the plain
  network with as many answers {mean(list(final.values())[-1]):.2f}.
""")

# %% [markdown]
# ## Quiz
#
# **1.** A friend says: "My network predicts noise, so it has nothing to do with scores." What do you answer?
#
# <details><summary>Answer</summary>
#
# Divide its answer by the standard deviation of the noise and change the sign: that is its estimate of the score. A
# network that predicts the picture or v gives the same, after a line of algebra.
#
# </details>
#
# **2.** Heroes are three times as frequent as spells. Which part of the guidance takes this into account?
#
# <details><summary>Answer</summary>
#
# Not p(y), which has no slope. It is inside the classifier: where a noisy picture could be either, it says "hero" more
# often, so the arrow towards spells is longer there. It has to be, because the arrow without a request leads to heroes
# more often. In your turn 9.3 it is the *sum* of the weights that does it.
#
# </details>
#
# **3.** After guidance with a large scale, your classifier is sure of every sprite. Are you done?
#
# <details><summary>Answer</summary>
#
# No. Its being sure is what you have optimised, and there are shortcuts to it. Ask a judge that did not guide, and
# compare with real sprites, by a distance, by coverage, and by looking.
#
# </details>
#
# **4.** When would you guide with a classifier, although classifier-free guidance exists?
#
# <details><summary>Answer</summary>
#
# When the diffusion model is given and was never told what you want to ask, so that it has no conditional answer. A
# small network that judges noisy pictures is quickly trained, for any question. Sometimes not even that is needed: if
# you want a picture whose blurred version is given, say, p(y | x_t) can be estimated from the guess, by blurring it and
# comparing.
#
# </details>

# %% [markdown]
# ## Where you meet this outside
#
# - **`guidance_scale`** in Stable Diffusion is the $\gamma$ of the implicit classifier, counted from the answer without
#   a prompt. "CFG" in menus stands for classifier-free guidance, and you now know which classifier it is free of.
# - *guided-diffusion*, the code of Dhariwal and Nichol's paper, has a program `classifier_sample.py` with an option
#   `--classifier_scale`: this is your gamma, and their reader of noisy pictures is half a U-Net.
# - **CLIP guidance** and *universal guidance* mostly steer with a network that never saw noise, like the twin, but show
#   it the *guess* instead of x_t. (CLIP is a network that says how well a picture fits a sentence.) The diffusers
#   library has a pipeline for CLIP guidance among its community examples.
# - **Score SDE** programs name their network `score_fn`, and their *corrector* steps are your `langevin`, put between
#   the steps of a sampler.
# - *Posterior sampling*, with which photographs are sharpened or filled in, is this lesson with "fits what was
#   measured" in the place of the class.
#
# ## Going further
#
# - Vincent (2011), *A Connection Between Score Matching and Denoising Autoencoders*: why training to denoise is
#   training to match the score.
# - Song and Ermon (2019), *Generative Modeling by Estimating Gradients of the Data Distribution*: drawing by Langevin
#   walks at falling levels of noise, your `by_arrows`.
# - Song and others (2021), *Score-Based Generative Modeling through Stochastic Differential Equations*: scores at all
#   noise levels, correctors, and guidance by a classifier that reads noise.
# - Dhariwal and Nichol (2021), *Diffusion Models Beat GANs on Image Synthesis*: guidance by a classifier with a scale,
#   on a network with the request and on one without, for which they used a scale of 10.
# - Ho and Salimans (2022), *Classifier-Free Diffusion Guidance*: the implicit classifier, and the suspicion that to
#   follow a classifier's gradient is to attack it, as you attacked the reader in section 5.
# - Karras and others (2024), *Guiding a Diffusion Model with a Bad Version of Itself*: the arrow leads from the guess
#   of a bad network to that of a good one, so no classes are needed for it.
#
# Next: [10_your_own_pictures](10_your_own_pictures.ipynb)
