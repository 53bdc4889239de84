# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4. How does it learn?
#
# A new network is a few hundred thousand random numbers, and it draws nothing but noise. A trained one draws sprites.
# In this lesson you write everything that lies between the two, first in its simplest form and then one improvement
# after the other, and at the end you train a network of your own, live.

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

torch.manual_seed(0)
train, ab_t = du.load_sprites("train"), du.noise_schedule("cosine", 500)
pupil = du.Trainer(du.Unet(widths=(16, 32, 48)), train, ab_t, batch=32, warmup=20)
how = dict(n=10, c=torch.arange(10) % 5, seed=3, steps=15, order=2, clip=True)
grown = {f"after {p.step} steps": du.sample(pupil.model, ab_t, **how)
         for p in pupil.run(steps=320) if p.step in (5, 20, 80, 320)}
grown["the course's"] = du.sample(du.load_model(du.WEIGHTS / "unet.pth")[0], ab_t, **how)
du.show_rows(grown, scale=4, alt="Ten squares of noise become clearer sprites, row by row")

# %% [markdown]
# Every row starts from the same ten squares of noise. All rows but the last are drawn by one small network, and what
# changes from row to row is only how long it has practised. After a few steps it draws coloured noise; then the
# background turns light, dark masses gather in the middle, and they begin to look like figures. In one *step* the
# network looks at 32 noisy sprites, guesses, is corrected, and has its numbers changed a little. All of this happened
# while the cell was running: the course's own `du.Trainer` did it, and by section 6 you will have written its loop yourself.
#
# The last row shows where this leads. It is drawn by the network that you have used so far, `unet.pth`, which has four
# times as many numbers, and has practised far longer: 9,000 steps of 64 sprites each.
#
# **You will be able to**
# - *write* the two functions of which the training of a diffusion model consists: one makes questions, and the other
#   improves the network a little,
# - *draw* with a network that you have trained by your own loop, and *say* what is wrong with its sprites,
# - *improve* the loop: what the network is asked for, which times it practises, what it is told, and which weights you
#   draw with; and *measure* each on two seeds,
# - *train* a network live, and *say* whether it has understood or memorised,
# - *explain* why the loss is squared, and how low it can go.
#
# **You need** lesson 1 (noise, the schedule, the perfect denoiser), lesson 2 (the sampler) and lesson 3 (the `Unet`).
#
# **Time:** about 75 minutes, half of them for the five tasks; the cells run in about three minutes on a laptop CPU, and
# in ten or more on a slow or busy one.

# %%
import charts
import checks
import explore
import widgets
from IPython.display import Markdown, display
from plumbing import lesson_04

T, device = len(ab_t) - 1, du.best_device()
held_out = du.load_sprites("held_out")
asked = torch.arange(10) % 5  # hero, non-hero, food, spell, side-facing, twice

# %% [markdown]
# ## 1. What does it practise?
#
# When it draws, the network is shown noisy pictures and has to say what in them is noise. To learn that, it needs many
# noisy pictures of which somebody knows the answer.
#
# **What do you expect?** You have 36,000 clean sprites. Where do the questions and the answers come from?
#
# <details name="expect-4-1"><summary>People have to label noisy pictures</summary>
#
# No, and that is the beauty of it. Nobody could say which part of a noisy pixel is noise, but nobody has to.
#
# </details>
# <details name="expect-4-1"><summary>You add the noise yourself, so you know it</summary>
#
# Yes. You take a sprite and some noise and mix them. The mixture is the question and the noise is the answer, and you
# can make as many such pairs as you like.
#
# </details>
# <details name="expect-4-1"><summary>From the pictures that a sampler passes on its way</summary>
#
# The sampler needs a trained network to walk at all, and of the pictures on its way nobody knows the truth.
#
# </details>

# %% [markdown]
# A question is made as in lesson 1. Take a sprite $x_0$, choose a time $t$ from 1 to T, draw noise $\epsilon$ (`eps`),
# and mix them:
#
# $$x_t = \sqrt{\bar\alpha_t}\; x_0 + \sqrt{1 - \bar\alpha_t}\; \epsilon$$
#
# In code $\bar\alpha_t$ is `ab_t[t]`. Which times should be practised? The simplest choice is: all equally often. So
# draw a number `u`, evenly between 0 and 1, and stretch it to the whole numbers 1 to T. This is a function of its own,
# because in section 4 you will put a better one in its place.

# %%
def uniform(u, T):
    """Numbers u in [0, 1) as whole times from 1 to T, each equally likely."""
    return (u * T).long() + 1


# %% [markdown]
# ### Your turn 4.1: ask
# *Difficulty 1 of 3, 6 minutes.*
#
# Write the function that makes a batch of questions. It is given clean sprites `x0` of the shape (B, C, H, W), the
# schedule `ab_t`, a random generator `g`, and the function `times` (such as `uniform`). Every sprite needs a time of
# its own and noise of its own. So that the check can repeat what you draw, draw `u` first and then the noise, both from
# `g`. For the mixture you may use `du.add_noise(x0, t, eps, ab_t)`, which you wrote in lesson 1. T is not given: find
# it in `ab_t`.

# %% tags=["exercise"]
def ask(x0, ab_t, g, times):
    """A batch of questions: x_t (B, C, H, W), the times t (B,) and the noise eps in x_t."""
    return ...  # your code here


checks.check_ask(ask)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_ask(x0, ab_t, g, times):
    u = torch.rand(len(x0), generator=g)
    t = times(u, len(ab_t) - 1)  # ab_t also has an entry for t = 0
    eps = torch.randn(x0.shape, generator=g)
    return du.add_noise(x0, t, eps, ab_t), t, eps


ask = checks.keep(ask, solution_ask)

# %% [markdown]
# Look at eight questions, with their answers. In training the times come in any order; here they rise from left to
# right, so that you see what they do.

# %%
def in_order(u, T):
    return torch.linspace(20, T - 20, len(u)).long()


sheet = train.x[torch.randint(len(train.x), (8,), generator=torch.Generator().manual_seed(0))]
sheet_t, t, eps = ask(sheet, ab_t, torch.Generator().manual_seed(1), in_order)
du.show_rows({"x_0, the sprite": sheet, "eps, the answer": eps, "x_t, the question": sheet_t},
             scale=4, top=[f"t = {k}" for k in t],
             alt="Eight sprites, eight squares of noise, and their mixtures, ever noisier")

# %% [markdown]
# On the left the noise is faint and hard to find. On the right there is little else, and finding it is easy. Nobody
# had to label anything.

# %% [markdown]
# ## 2. One step downhill
#
# Now somebody has to learn from these questions. The network is a function with many adjustable numbers, its *weights*.
# Ask it, and mark its answer $\hat\epsilon$ by the mean of the squared errors, which is called the *loss*:
#
# $$\text{loss} = \text{mean}\;(\hat\epsilon - \epsilon)^2$$
#
# Think of the loss as a landscape: each weight is a direction in which you can walk, and the height is the loss.
# Calling `loss.backward()` finds out, for every weight at once, how steeply the loss rises or falls if this weight grows.
# These numbers are called the *gradient*. The *optimizer* then moves every weight a little way downhill. The usual
# optimizer is *Adam*. It remembers the recent gradients, and goes by their average rather than by the latest one. Its
# `betas` say how long it remembers. It also gives each weight a length of step of its own, and the *learning rate* `lr`
# makes all these steps longer or shorter together. PyTorch *adds* each new gradient to the one that it finds, so the old
# one has to be emptied first: that is `optimizer.zero_grad()`.
#
# ### Your turn 4.2: learn
# *Difficulty 2 of 3, 10 minutes.*
#
# Write one step of learning. The network is called as `network(x_t, t / T, c)`: it is told the time as a fraction, and
# `c` is the class that it is told (None for now). Compare its answer with `aim`, what it should have answered, by the
# mean squared error. Then move the weights, and return the loss as a number.

# %% tags=["exercise"]
def learn(network, optimizer, x_t, t, T, aim, c=None):
    """One step: ask the network, compare, move its weights downhill. Returns the loss."""
    return ...  # your code here


checks.check_learn(learn)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_learn(network, optimizer, x_t, t, T, aim, c=None):
    loss = (network(x_t, t / T, c) - aim).square().mean()
    optimizer.zero_grad()  # else the old gradient would be added
    loss.backward()
    optimizer.step()
    return loss.item()


learn = checks.keep(learn, solution_learn)

# %% [markdown]
# That is all: a loop of `ask` and `learn` *is* the training of a diffusion model. Algorithm 1 of the paper that made
# these models known (Ho and others, 2020) says no more than this.
#
# **What do you expect?** How large will the loss of the very first step be? The last layer of this network starts with
# all its weights at zero.
#
# <details name="expect-4-2"><summary>About 0.5: half of what can be known is known</summary>
#
# Nothing is known yet. With all weights of its last layer at zero, the network answers with zeros, whatever it is shown.
#
# </details>
# <details name="expect-4-2"><summary>About 1</summary>
#
# Yes. The network answers "no noise at all", so the error is the noise itself, and the mean of $\epsilon^2$ is the
# variance of the noise, which is 1.
#
# </details>
# <details name="expect-4-2"><summary>It cannot be foretold</summary>
#
# For most networks it could not. But this one starts with an answer that you know: zeros.
#
# </details>
#
# The short trainings of this lesson use a small network, and so few steps that you need not wait long. The argument
# `predicts="eps"` says that the network is to answer with the noise. If your machine is fast, raise `SIDE_STEPS`.

# %%
SIDE_STEPS = 250  # of each short training
BATCH, LR = 32, 3e-3  # questions in a step, and the learning rate
SCORED = 100  # sprites to draw for a score

# %%
def small(predicts, seed):
    """A new small network; the seed decides its first weights."""
    torch.manual_seed(seed)
    return du.Unet(widths=(16, 32, 48), predicts=predicts)


first, g = small("eps", seed=0), torch.Generator().manual_seed(0)
optimizer, losses = torch.optim.Adam(first.parameters(), lr=LR, betas=(0.9, 0.99)), []
for _ in range(SIDE_STEPS):
    x0 = train.x[torch.randint(len(train.x), (BATCH,), generator=g)]
    x_t, t, eps = ask(x0, ab_t, g, uniform)
    losses.append(learn(first, optimizer, x_t, t, T, eps))
steps = range(1, SIDE_STEPS + 1)
print(f"The loss of the first step was {losses[0]:.2f}.")
charts.lines({"each batch": (steps, losses), "mean of 20": (steps, lesson_04.smooth(losses))},
             x="step", y="loss (mean squared error of eps)", ylim=(0, 1.1),
             alt="The loss starts at 1, falls steeply, and then wavers on a low level")

# %% [markdown]
# Within a few dozen steps the loss falls from 1 to about 0.3. From there on it jitters, because each batch holds other
# sprites and other times, and some of these are easier than others. Only the mean of 20 batches shows that it still falls,
# and how slowly. What this slow fall is worth, the loss does not tell you. So look at what the network answers. An answer
# $\hat\epsilon$ implies a sprite, as you know from lesson 2:
#
# $$\hat x_0 = (x_t - \sqrt{1 - \bar\alpha_t}\;\hat\epsilon)\,/\,\sqrt{\bar\alpha_t}$$

# %%
def implied(network, x_t, t):
    """The sprites (B, C, H, W) that the network's answers to x_t at times t (B,) imply."""
    with torch.no_grad():
        answer = network(x_t, t / T)
    return du.to_x0_eps(answer, x_t, t, ab_t, network.predicts)[0]


sheet_times = in_order(torch.zeros(8), T)
du.show_rows({"x_t, the question": sheet_t,
              "the implied sprite": implied(first, sheet_t, sheet_times),
              "x_0, the truth": sheet}, scale=4, top=[f"t = {k}" for k in sheet_times],
             alt="Noisy sprites; the implied ones, garish to the right; the truth")

# %% [markdown]
# After so little practice the middle row is already cleaner than the question. And now **draw**: the sampler of lesson 2
# walks from noise to sprites, and asks the network that *your* loop has trained. (It walks in a faster way, which lesson 6
# explains: 15 steps are enough.)

# %%
labels = held_out.c[:SCORED]  # the classes to ask for, once networks are told classes


def drawn(network, told=False):
    """SCORED sprites (B, 3, 16, 16), always from the same noise."""
    c = labels if told else None
    return du.sample(network, ab_t, SCORED, c, seed=1, steps=15, order=2, eta=1.0, clip=True)


real_features = du.features_of(held_out.x[:1000])[0]  # the judge looks at these only once


def frechet(x):
    """The Fréchet distance of pictures x to a thousand held-out sprites."""
    return du.frechet_distance(x, real_features)


mine = drawn(first)
du.show_rows({"real sprites": held_out.x[:10], "drawn by\nyour network": mine[:10]}, scale=4,
             label_width=120, alt="Ten real sprites; below them ten rough, blurred shapes")

# %% [markdown]
# Here they are, your first sprites, and they are ugly. But compare them with noise: nobody has told the network what a
# sprite is, and yet most of its pictures are lighter at the rim than in the middle. Whoever writes such a loop for the
# first time is tempted to stop here and to look for a mistake. There is none. What is missing is practice. There are also
# four improvements, each of a few lines, that make better use of the practice; they are the subject of sections 3 to 5.
#
# To compare them you need a number: the *Fréchet distance* of lesson 2. It compares what a classifier sees in your
# sprites and in real ones, and lower is better. It depends on the number of pictures, too, so compare it only between sets
# of the same size; here it is always a hundred. With so few it is coarse. Therefore everything is trained twice, from two
# seeds, and a difference that is smaller than the one between two seeds proves nothing.

# %% [markdown]
# ## 3. What should it answer?
#
# Look once more at the implied sprites above. The noise is easiest to find where there is most of it, on the right; and
# yet the last sprite, at t = 480, is garish. Why? You divide by $\sqrt{\bar\alpha_t}$, the weight that the sprite still
# has at time t. At t = 480 it is 0.06, so every error of the answer becomes 16 times as large.
#
# But must the network answer with the noise? If you know $x_t$ and $t$, then each of these three answers gives you the
# other two:
#
# | `predicts` | the network answers | the sprite that it implies |
# |---|---|---|
# | `"eps"` | the noise $\epsilon$ | $(x_t - \sqrt{1-\bar\alpha_t}\;\hat\epsilon)\,/\,\sqrt{\bar\alpha_t}$ |
# | `"x0"` | the sprite $x_0$ | $\hat x_0$ |
# | `"v"` | $v = \sqrt{\bar\alpha_t}\;\epsilon - \sqrt{1-\bar\alpha_t}\;x_0$ | $\sqrt{\bar\alpha_t}\;x_t - \sqrt{1-\bar\alpha_t}\;\hat v$ |
#
# The third is the mixture with which `unet.pth` answers, and it looks odd. Put the formulas of $x_t$ and $v$ into the last
# cell of the table: what cancels, and what remains? (The terms with $\epsilon$ cancel, and
# $\bar\alpha_t x_0 + (1 - \bar\alpha_t) x_0 = x_0$ remains.)
#
# **What do you expect?** By how much does an error of the answer grow when you turn it into a sprite?
#
# <details name="expect-4-3"><summary>For all three by the same amount: they are one answer in three units</summary>
#
# They say the same, as 1 m and 100 cm do. But here the conversion depends on t, and with it what an error becomes.
#
# </details>
# <details name="expect-4-3"><summary>For v it never grows</summary>
#
# Yes. $\hat v$ is multiplied by $\sqrt{1 - \bar\alpha_t}$, which is never above 1, and nothing has to be divided.
#
# </details>
# <details name="expect-4-3"><summary>For x0 it shrinks</summary>
#
# For x0 it stays as it is, because there is nothing to convert. But the sampler also needs the noise, and this has to be
# worked out from the sprite, which means dividing by $\sqrt{1 - \bar\alpha_t}$: a small number at small t.
#
# </details>

# %%
signal, sigma = ab_t[1:] ** 0.5, (1 - ab_t[1:]) ** 0.5
charts.lines({"predicts eps": (range(1, T + 1), sigma / signal),
              "predicts x0": (range(1, T + 1), sigma**0),
              "predicts v": (range(1, T + 1), sigma)},
             x="time t (steps)", y="error of the sprite\nper error of the answer", log="y",
             alt="By t: the factor of eps explodes, that of x0 is 1, that of v stays below 1")

# %% [markdown]
# The blue curve also shows what the loss *cares* about. If the network answers with the noise, a squared error at t = 480
# becomes 16 x 16, that is 256 times as large in the sprite. So the loss hardly notices an error that ruins the sprite. If
# the network answers with x0, the trouble lies at the other end. At small t the sprite is in plain view, and the network
# need only repeat what it sees, so the loss is tiny there and teaches next to nothing. With `v` no time is easy. At small t,
# $v$ is nearly the noise, which is hard to find there. At large t it is nearly the sprite (with a minus sign), and there
# the sprite is hard to find.
#
# ### Your turn 4.3: the answer v
# *Difficulty 1 of 3, 5 minutes.*
#
# Write what a network that predicts `v` should have answered. Everything is known, because it is you who made the
# question. `t` holds one time for each image.

# %% tags=["exercise"]
def v_of(x0, t, eps, ab_t):
    """The right answer v (B, C, H, W) to the question that x0, t (B,) and eps make."""
    return ...  # your code here


checks.check_v(v_of)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_v_of(x0, t, eps, ab_t):
    ab = ab_t[t].float()[:, None, None, None]  # (B, 1, 1, 1): one number for each image
    return ab.sqrt() * eps - (1 - ab).sqrt() * x0


v_of = checks.keep(v_of, solution_v_of)

# %% [markdown]
# Now the loop once more, as a function, so that it can be run with one change at a time. It looks up the class of each
# sprite as well, but tells the network only if `told` is True (section 5). Whatever the change, two runs of `practise` with
# the same seed see the same sprites under the same noise, and `trained` gives them the same first weights.

# %%
def practise(network, seed, times=uniform, told=False, steps=None):
    """Your loop, as a generator: trains the network, yields the number of each step."""
    g = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=LR, betas=(0.9, 0.99))
    for step in range(1, (steps or SIDE_STEPS) + 1):
        rows = torch.randint(len(train.x), (BATCH,), generator=g)
        x_t, t, eps = ask(train.x[rows], ab_t, g, times)
        aim = v_of(train.x[rows], t, eps, ab_t) if network.predicts == "v" else eps
        c = train.c[rows] * (torch.rand(BATCH, 1, generator=g) >= 0.1)  # hides one in ten
        learn(network, optimizer, x_t, t, T, aim, c if told else None)
        yield step


def trained(predicts, seed, **how):
    """A new small network, after SIDE_STEPS steps of your loop."""
    network = small(predicts, seed)
    for _ in practise(network, seed, **how):
        pass
    return network


# %%
def judged(networks, told=False):
    """What each network draws, and the Fréchet distances."""
    every = [drawn(network, told) for network in networks]
    return every, [frechet(x) for x in every]


def ladder_picture(alt):
    """Ten sprites of seed 0 for each row of `ladder`, beside the scores of both seeds."""
    rows = {f"{name}\ndistance {a:.1f} and {b:.1f}": every[0][:10]
            for name, (every, (a, b)) in ladder.items()}
    return du.show_rows(rows, scale=4, label_width=170, alt=alt)


ladder = {"predicts eps": judged([first, trained("eps", seed=1)])}
with_v = [trained("v", seed) for seed in (0, 1)]
ladder["predicts v"] = judged(with_v)
ladder_picture("Two rows of rough sprites: by networks that predict eps, and v")

# %% [markdown]
# Both rows have cost the same, equally many steps of equally many sprites, and only the answer that is asked for has
# changed. (The first network of the first row is the one from section 2. It began with the same weights as the first one
# that predicts v, but from its second step on it saw other sprites.) Beside each row stand the distances of its two seeds.
# In the saved edition both numbers of the second row lie below both of the first. That speaks for `v`, though it is no
# proof: if the choice made no difference, this would still happen by chance one time in six. Neither row is beautiful.
# The implied sprites show the difference more clearly, so here are the same eight questions as above.

# %%
du.show_rows({"x_t, the question": sheet_t,
              "implied by eps": implied(first, sheet_t, sheet_times),
              "implied by v": implied(with_v[0], sheet_t, sheet_times),
              "x_0, the truth": sheet}, scale=4, top=[f"t = {k}" for k in sheet_times],
             alt="Implied sprites: those of eps turn garish to the right, those of v pale")

# %% [markdown]
# At t = 480 the garish colours are gone, and a soft blur has come in their place. This blur is no failure. At t = 480 many
# sprites are possible, and the best guess is their average, as you know from lesson 1.

# %% [markdown]
# ## 4. Which times should it practise?
#
# So far every time is practised equally often. That is fair, but is it wise?
#
# **What do you expect?** At which times does practice pay most?
#
# <details name="expect-4-4"><summary>At small t, where the details are decided</summary>
#
# There the sprite is already in plain view. What the network gets wrong is multiplied by a small number when it becomes
# a sprite, as the chart above shows, so it is hardly seen.
#
# </details>
# <details name="expect-4-4"><summary>In the middle</summary>
#
# Yes. In the middle of the walk from noise to sprite it is decided what will be drawn. The measurement below the choices
# says how much mistakes cost at each level.
#
# </details>
# <details name="expect-4-4"><summary>At large t, where it knows least</summary>
#
# It knows least there, but there is also least to be known. The best answer is the average of many sprites, and that is
# soon learned.
#
# </details>
#
# How can one know? By a relay. Let a good network draw, but in one fifth of the times hand over to a young one, and look
# how much worse the sprites get. The course has tried this with an earlier `unet.pth`, whose Fréchet distance was 1.0, and
# a network that had practised for 83 seconds. When the young one took over the fifth with the smallest times, the distance
# rose by 0.4. In the next three fifths it rose by 0.8, 1.3 and 1.5, and in the last by 0.5 (one run of each, from
# [the log of experiments](../weights/EXPERIMENTS.md)). So the young network's mistakes cost least at the two ends. The ends
# need practice, too, but the times between them deserve more.
#
# There is a second flaw. 32 times that are drawn independently fall where they like: in one batch most may be small, in
# the next most large. That is one reason why the loss jitters, and the gradient jitters with it. Both flaws can be mended
# where the numbers `u` become times:
#
# - **Slices.** Cut the numbers from 0 to 1 into B equal slices and take one number from each: the first is
#   $(0 + u_0)/B$, the next $(1 + u_1)/B$, and so on. Now every batch holds all kinds of times. (Statisticians call this
#   *stratified*.)
# - **Bend.** Let the probability of a time be proportional to $\sin(\pi t / T)$, which is small at both ends and largest
#   in the middle. Add these probabilities up: the share of the times up to t is $u = (1 - \cos(\pi t / T))/2$. Solve this
#   for t, and you know up to which time a share u of them lies. So if the numbers u are spread evenly, these times are
#   spread as you want them:
#
# $$t = \frac{T}{\pi} \arccos(1 - 2u)$$
#
# ### Your turn 4.4: practise the middle
# *Difficulty 2 of 3, 8 minutes.*
#
# Write both, slices first. Round *up* to whole numbers, and keep them within 1 to T.

# %% tags=["exercise"]
def middle(u, T):
    """Numbers u (B,) in [0, 1) as whole times 1..T: one from each slice, most in the middle."""
    return ...  # your code here


checks.check_middle(middle)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_middle(u, T):
    u = (torch.arange(len(u)) + u) / len(u)  # one number in each slice
    return (T * torch.arccos(1 - 2 * u) / torch.pi).ceil().long().clamp(1, T)


middle = checks.keep(middle, solution_middle)

# %% [markdown]
# Look at the times of one batch, and at how much the loss jitters when *only* the batches change: a network that stands
# still, the first of the two that predict v, is asked a hundred batches of questions.

# %%
def jitter(times):
    """The standard deviation of the losses of a hundred batches; the network stands still."""
    g, losses = torch.Generator().manual_seed(4), []
    for _ in range(100):
        x0 = train.x[torch.randint(len(train.x), (BATCH,), generator=g)]
        x_t, t, eps = ask(x0, ab_t, g, times)
        with torch.no_grad():
            answer = with_v[0](x_t, t / T)
        losses.append((answer - v_of(x0, t, eps, ab_t)).square().mean())
    return torch.stack(losses).std().item()


u = torch.rand(BATCH, generator=torch.Generator().manual_seed(4))
print(f"jitter of the loss: uniform {jitter(uniform):.3f}, middle {jitter(middle):.3f}")
lesson_04.dots({"uniform": uniform(u, T), "middle": middle(u, T)}, T,
               "Times of one batch: uniform ones in clumps, middle ones dense in the middle")

# %% [markdown]
# The printed jitter is the standard deviation of the loss from batch to batch, and with your times it is much smaller.
# Most of this is due to the slices: on another hundred batches, slices alone brought the jitter from 0.027 down to 0.012,
# and the bend alone to 0.018. What makes the loss jitter makes the gradient jitter, too, and a calmer gradient is a better
# guide. Can you see it in the sprites?

# %%
ladder["and middle times"] = judged([trained("v", seed, times=middle) for seed in (0, 1)])
ladder_picture("Three rows of rough sprites, the last by a network that practised the middle")

# %% [markdown]
# Not yet. In so short a training the last two rows differ by no more than two seeds do. In a longer one the bend shows.
# The course has trained a larger network for 83 seconds on one thread of a faster machine, more than a thousand steps, and
# scored 500 sprites (so do not compare these distances with yours). With times from slices alone it had a distance of 3.82.
# With three strengths of a bend much like yours it had 3.16, 2.95 and 3.09 in the same time. That was one run of each, but
# two seeds differed by about 0.1 only (see [the log of experiments](../weights/EXPERIMENTS.md)).

# %% [markdown]
# ## 5. What should it be told, and which weights do you draw with?
#
# **The class.** Each training sprite comes with its class. Tell it to the network, and the network's task becomes easier,
# because "a food" leaves fewer sprites possible than "any sprite". You also gain a way to ask for what you want, which is
# the subject of lesson 5. There it turns out to be useful if the network can also answer *without* being told, so in one
# question of ten the class is hidden. That is the line with 0.1 in `practise`, and you will write it in lesson 5.

# %%
told_both = [trained("v", seed, times=middle, told=True) for seed in (0, 1)]
ladder["and told the class"] = judged(told_both, told=True)
right = [(du.features_of(x)[1] == labels.argmax(1)).float().mean().item()
         for x in ladder["and told the class"][0]]
print(f"Recognised as what was asked for: {right[0]:.0%} and {right[1]:.0%} (chance: 20%)")
ladder_picture("Four rows of rough sprites, the last by a network that is told the class")

# %% [markdown]
# Read the ladder from top to bottom. All rows have cost the same: equally many steps of equally many sprites, with a
# network of the same size. Two of the three changes show in so short a training, the answer v and the class. The sprites
# are still ugly, because a few hundred steps are a very short time. But both networks of the last row draw nearer to real
# sprites than those of the plain loop; and they can be asked for something now, and listen a little.
#
# **The weights.** The fourth improvement is about a longer training. The batch of each step is random, so each step goes
# only *roughly* downhill. Near the bottom of the valley the weights no longer get anywhere: they jump to and fro around the
# place where they should be. Their latest position is a matter of luck, and the middle of their path would be better. So
# keep an average of the weights, and after each step move it a little towards the newest ones. Such an average, in which
# old weights count less and less, is called an *exponential moving average* (EMA):
#
# $$\text{average} \leftarrow d \cdot \text{average} + (1 - d) \cdot \text{weights}$$
#
# You train with the weights, and draw with the average. The number $d$ is called the *decay*.
#
# **What do you expect?** A usual decay is 0.999. The average starts at the untrained weights. How much of these is still
# in it after 500 steps?
#
# <details name="expect-4-5"><summary>Next to nothing</summary>
#
# Each step keeps 999 of 1,000 parts, and that is a lot. After 500 steps 61 % is left, and after 5,000 still 0.7 %.
#
# </details>
# <details name="expect-4-5"><summary>About a tenth</summary>
#
# After 2,300 steps, yes. After 500 it is 61 %.
#
# </details>
# <details name="expect-4-5"><summary>More than half</summary>
#
# Yes: $0.999^{500} = 0.61$. Such an average still consists mostly of the random weights that the network began with, and
# for a short training it is useless.
#
# </details>
#
# The remedy is to let the decay *ramp up*, that is, to begin low and to rise: at step k it is $1 - 1/(k/10 + 1)$, which is
# 0.09 at the first step, 0.5 at the tenth and 0.91 at the hundredth. When it reaches a highest value, it stays there. So
# the bad beginning is soon forgotten.
#
# ### Your turn 4.5: average
# *Difficulty 2 of 3, 8 minutes.*
#
# Write one update of the average. `step` counts from 1, and `max_decay` is the highest decay.

# %% tags=["exercise"]
def averaged(average, weights, step, max_decay):
    """Two tensors of one shape and two numbers: the new average, a tensor of that shape."""
    return ...  # your code here


checks.check_ema(averaged)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_averaged(average, weights, step, max_decay):
    decay = min(max_decay, 1 - 1 / (step / 10 + 1))
    return decay * average + (1 - decay) * weights


averaged = checks.keep(averaged, solution_averaged)

# %% [markdown]
# How much of the untrained weights is left? To find out, let the average begin at 1 and all later weights be 0, and call
# your function again and again. Then the average itself is the share that is left.

# %%
def left(update, steps=500):
    """How much of an average that began at 1 is left after each step, if the weights are 0."""
    average, shares = torch.ones(1), []
    for k in range(1, steps + 1):
        average = update(average, torch.zeros(1), k)
        shares.append(average.item())
    return range(1, steps + 1), shares


kept = {"decay 0.999": left(lambda a, w, k: 0.999 * a + 0.001 * w),
        "yours, with a ramp": left(lambda a, w, k: averaged(a, w, k, 0.999))}
print("left after 500 steps: " + ", ".join(f"{n}: {s[-1]:.2g}" for n, (_, s) in kept.items()))
charts.lines(kept, x="step", y="share of the untrained\nweights in the average",
             alt="With decay 0.999 the share falls to 0.61; with the ramp to 0 at once")

# %% [markdown]
# Does it pay? The average can only help where the weights jump around their goal, and the small networks above are still
# on their way to it. So take `unet.pth`, which has been trained for long and has come to rest with ever shorter steps, and
# send it on with your loop, whose steps are long. Its average follows with a highest decay of $0.5^{1/500}$, about 0.9986,
# with which old weights count half as much after 500 steps.
#
# To compare, here is a measure that is finer than the score of a hundred sprites: the mean squared error of v on 300
# held-out sprites, each at another time from 1 to T, and each time counted as often as `middle` draws it. The error of v is
# worked out from the implied sprite, so that it can be measured for any denoiser, whatever it predicts:
#
# $$\hat v - v = -(\hat x_0 - x_0)\,/\,\sqrt{1 - \bar\alpha_t}$$

# %%
@torch.no_grad()
def v_error(denoiser, data, told=True, n=300):
    """The squared error of v for n sprites, at times from 1 to T: times (n,), errors (n,)."""
    t, x0 = torch.linspace(1, T, n).round().long(), data.x[:n]
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(1))
    trainable = isinstance(denoiser, torch.nn.Module)
    where = next(denoiser.parameters()).device if trainable else torch.device("cpu")
    x_t = du.add_noise(x0, t, eps, ab_t).to(where)
    answer = denoiser(x_t, t / T, data.c[:n].to(where) if told else None)
    x0_hat = du.to_x0_eps(answer, x_t, t, ab_t, denoiser.predicts)[0].cpu()
    return t, (x0_hat - x0).square().mean((1, 2, 3)) / (1 - ab_t[t]).float()


def as_practised(t, error):
    """The mean of errors at times t, each time counted as often as `middle` draws it."""
    often = torch.sin(torch.pi * (t - 0.5) / T)
    return ((often * error).sum() / often.sum()).item()


# %%
@torch.no_grad()
def follow(average, network, step, max_decay=0.5 ** (1 / 500)):
    """Let all weights of the average follow those of the network."""
    for a, w in zip(average.parameters(), network.parameters()):
        a.copy_(averaged(a, w, step, max_decay))


def look(network, steps=15):
    """Ten sprites, two of each class, always from the same noise."""
    return du.sample(network, ab_t, 10, asked, seed=3, steps=steps, order=2, clip=True).cpu()


# %%
def trained_for_long():
    return du.load_model(du.WEIGHTS / "unet.pth", "cpu")[0]


runs = {"before": [trained_for_long()] * 2, "sent on, last": [], "sent on, averaged": []}
for seed in (0, 1):
    network, average = trained_for_long().requires_grad_(True), trained_for_long()
    for step in practise(network, seed, middle, told=True, steps=SIDE_STEPS // 2):
        follow(average, network, step)
    runs["sent on, last"].append(network)
    runs["sent on, averaged"].append(average)
errors = {name: [as_practised(*v_error(m, held_out)) for m in both]
          for name, both in runs.items()}
du.show_rows({f"{name}\nerror {a:.3f} and {b:.3f}": look(runs[name][0])
              for name, (a, b) in errors.items()}, scale=4, label_width=180,
             alt="Sprites of a good network; of the same sent on; and of its average")

# %% [markdown]
# The long steps of your loop throw the good network off the place where it had come to rest, and its last weights are
# worse than before, for both seeds. Their average lies in the middle of the jumps, and so it is better than they are, for
# both seeds and at next to no cost. (It does not owe this to the good weights that it began with: thanks to the ramp,
# nothing of them is left in it by now.) It gains more in a longer run, because the ramp then averages over more steps: when
# the course let both runs go on, the average was better by 0.005 after 30 steps, by about 0.02 after 125, and by nearly 0.03
# after 500. But it, too, is worse than the network was before. An average calms the jumps; only shorter steps end them.

# %% [markdown]
# ## 6. Train it live
#
# The course's `du.Trainer`, which opened this lesson, is your loop with your improvements in it. You need not believe
# that. Give both the same first weights and the same questions, and compare their losses and their averages. (In the cell
# below, `theirs` trains. The second trainer, `source`, only hands questions to your loop. Both have the same seed, so these
# are the very questions that `theirs` asks.)

# %%
theirs = du.Trainer(small("v", 0), train, ab_t, lr=LR, batch=BATCH, warmup=1, anneal=None,
                    times="middle", device="cpu")
source = du.Trainer(small("v", 0), train, ab_t, batch=BATCH, times="middle", device="cpu")
own, average = small("v", 0), small("v", 0)
optimizer, apart = torch.optim.Adam(own.parameters(), lr=LR, betas=(0.9, 0.99)), []
for step, p in enumerate(theirs.run(steps=8), 1):
    x0, c, t, eps, _ = source.next_batch()  # the same sprites, times and noise
    aim = v_of(x0, t, eps, ab_t)
    loss = learn(own, optimizer, du.add_noise(x0, t, eps, ab_t), t, T, aim, c)
    follow(average, own, step)
    apart.append(abs(loss - p.loss.item()))
with torch.no_grad():
    answers = [m(sheet_t, sheet_times / T) for m in (average, theirs.ema.model)]
assert max(apart) < 1e-2 and (answers[0] - answers[1]).abs().mean() < 1e-2
print(f"In eight steps the losses differ by {max(apart):.0e} at most.")

# %% [markdown]
# **You have just written the loop of `du.Trainer`.** It has two more habits. It shuffles the training sprites and goes
# through all of them before one comes a second time, where your loop picks at random each time. And unless it is told
# otherwise, as it was here, it lets the learning rate rise in the first steps (`warmup`) and then fall, until it is zero at
# the end (`anneal`). Long steps bring you down fast, and short ones let you arrive.
#
# Now train the full network, which has four times as many weights as the small one, until `STEPS` steps are made or
# `SECONDS` seconds are over, whichever comes first. The chart shows its loss on logarithmic axes, where *l2* stands for the
# squared error. **Press the stop button whenever you like: what was learned is kept.**
#
# **What do you expect?** Its sprites will become clearer while you watch. What will you see first, and what last?
#
# <details name="expect-4-6"><summary>Outlines first, as one draws by hand, then colours</summary>
#
# It is the other way round. An outline is one pixel wide, and its exact place matters; until a network knows the place,
# a soft dark region costs less than a sharp line in the wrong place.
#
# </details>
# <details name="expect-4-6"><summary>Background and silhouettes, then outlines, then details</summary>
#
# Yes. What is the same in many sprites, and what covers many pixels, takes the most off the loss, so it is learned
# first. Faces and hands are few pixels, and different in each sprite, so they come last.
#
# </details>
# <details name="expect-4-6"><summary>Everything at once, getting sharper</summary>
#
# Look at the rows of sprites below, whose steps double: the first ones settle the background, and details come last.
#
# </details>

# %%
STEPS = 2560
SECONDS = 300

# %% tags=["timed"]
torch.manual_seed(0)
trainer = du.Trainer(du.Unet(widths=(32, 64, 96)), train, ab_t, lr=LR, batch=32, warmup=50,
                     times="middle")
losses, rows, shown = [], {"before": look(trainer.ema.model)}, -4
handle = display(lesson_04.standing(trainer, losses, rows["before"]), display_id=True)
try:
    for p in trainer.run(steps=STEPS, seconds=SECONDS):
        losses.append(p.loss.item())
        doubled = p.step % 10 == 0 and (p.step // 10).bit_count() == 1  # 10, 20, 40, ...
        if doubled or p.done == 1:
            rows[f"step {p.step}, {p.seconds:.0f} s"] = look(trainer.ema.model)
        if p.seconds > shown + 4 or doubled or p.done == 1:  # drawing takes time, too
            handle.update(lesson_04.standing(trainer, losses, [*rows.values()][-1]))
            shown = p.seconds
except KeyboardInterrupt:
    print("stopped by hand")

# %% tags=["timed"]
du.show_rows(rows, scale=4, label_width=130,
             alt="Sprites at steps 10, 20, 40 and so on: from noise to silhouettes to sprites")

# %% tags=["timed"]
told = {"yours, averaged": drawn(trainer.ema.model, told=True).cpu()}
told["yours, last weights"] = drawn(trainer.model, told=True).cpu()
told["real sprites"] = train.x[:SCORED]
score = {name: frechet(x) for name, x in told.items()}
Markdown(f"This machine made **{trainer.step} steps in {trainer.seconds:.0f} seconds**. "
         "Fréchet distance: " + "; ".join(f"{name} {s:.1f}" for name, s in score.items()) + ".")

# %% [markdown]
# Read the rows from top to bottom; the steps double from row to row. After ten steps there is still nothing but noise.
# From the twentieth step on the background clears, and dark masses gather in the middle, which soon become silhouettes.
# Outlines and clear colours come next. Faces and other details come last, after a thousand steps and more. Each row took
# about as many steps as all the rows above it together, and yet the last rows differ less from each other than the first
# ones do. What is still missing takes the longest, and that is one reason why training large models is so expensive.
#
# The loss began at about 0.8, where that of section 2 began at 1. This network, too, answers with zeros at first, but now
# the right answer is v, which is partly noise and partly sprite, and the squares of a sprite's numbers are on average only
# 0.6.
#
# How far you get depends on your machine. The saved edition of this lesson was made on one slow core, and had to stop at
# the step that its last row names, long before the details. A good laptop makes all 2,560 steps in one to two minutes. The
# log of experiments says what to expect: after 2,000 steps two seeds had a Fréchet distance of 2.2 and 1.9, and real sprites
# 0.4. (There 500 sprites were scored. With a hundred, as here, all distances come out larger, even that of real sprites.)
# On a slow machine allow more `SECONDS`.
#
# To go on, run `for p in trainer.run(steps=5000): ...` (the steps count from the first one). To go on tomorrow, save
# `trainer.state_dict()`: it holds the weights, their average, the optimizer's memory and the place in the random numbers,
# so that the training continues as if it had never stopped.
#
# And the average? Compare its score with that of the last weights. At the end of a run whose learning rate has fallen to
# zero the two are nearly equal, because the weights have come to rest by themselves. The average pays while the
# learning rate is high, as in section 5, and whenever you stop early.

# %% [markdown]
# ## 7. Learned, or memorised?
#
# The network learns from 36,000 training sprites. Does it understand something about sprites, or does it store them?
#
# First, how low can the loss go at all? Not to zero, because many sprites could hide in the same $x_t$. The best possible
# guess is their mean, weighted by how well each explains $x_t$, and even this mean is not the truth. In the flat world it
# is the cross. In a running notebook, drag the diamond $x_t$ to a place between the points, drag your guess onto the cross,
# and read the expected error there: it is the smallest one, but it is not zero.

# %%
explore.flat_world("guess", t=200)

# %% [markdown]
# For sprites, too, you know a denoiser that always answers with the cross: lesson 1's perfect denoiser, with all
# 36,000 training sprites in its memory. If it is told a class, it takes the mean over the sprites of that class only. On
# the training sprites nothing can be better on average, so its error is the **floor** of the training loss. Measure it just
# as the training does: times in proportion to $\sin(\pi t/T)$, and the class hidden in a tenth of the questions.

# %%
memory = du.PerfectDenoiser(train.x, ab_t, train.c)
known, unknown = v_error(memory, train), v_error(memory, held_out)
t, untold = v_error(memory, train, told=False)
least = 0.9 * known[1] + 0.1 * untold  # a tenth of the questions hide the class
floor = as_practised(t, least)
told_them = as_practised(*known)
print(f"Floor of the training loss: {floor:.4f} (with the class always told {told_them:.4f}).\n"
      f"On held-out sprites the memory has {as_practised(*unknown):.2f}.")

# %% [markdown]
# The last number is no slip. Shown a sprite that it has never seen, however clearly, the perfect memory answers with an
# old one, as you saw in lesson 1. So a network should *not* reach the floor. If it did, it would have memorised.
#
# **What do you expect?** The network is asked about training sprites, and about held-out ones that it has never seen. On
# which of the two are its answers better?
#
# <details name="expect-4-7"><summary>It is better on the sprites that it has trained on</summary>
#
# That would be the sign of a memory. In the chart below, *memory* is the perfect denoiser, and a wide gap lies between its
# two curves. The network's two curves show no such gap.
#
# </details>
# <details name="expect-4-7"><summary>It is equally good on both</summary>
#
# Yes, its two curves in the chart below lie on each other. It has learned what sprites are like, and that holds for new
# ones as well.
#
# </details>

# %% tags=["timed"]
curves = {"network, training sprites": v_error(trainer.ema.model, train),
          "network, held-out sprites": v_error(trainer.ema.model, held_out),
          "memory, training sprites": known, "memory, held-out sprites": unknown}
lesson_04.by_time(curves, every=20, ylim=(1e-3, 1e3),
                  alt="The network's two curves coincide; the memory's part at small t")

# %% tags=["timed"]
mean = {name: as_practised(*curve) for name, curve in curves.items()}
apart = du.nearest(told["yours, averaged"], train.x)[0].median().item()
copies = du.nearest(held_out.x[:SCORED], train.x)[0].median().item()
Markdown("Mean squared error of v, as practised: " + "; ".join(
    f"{name} {e:.3f}" for name, e in mean.items()) + f". The floor is {floor:.3f}. Median "
    f"distance to the nearest training sprite: drawn {apart:.2f}, held-out {copies:.2f}.")

# %% [markdown]
# The network's two curves lie on each other: it is no better on the sprites that it has trained on. The memory's two curves
# lie far apart where the noise is faint. There it knows its own sprites to the last pixel (its curve leaves the chart
# below 0.001), and it is badly wrong about every other one. In between, the memory can beat a young network even on new
# sprites, because an old sprite that resembles the new one is a better answer than a blur. At large t all four meet,
# because there only the average is left to say.
#
# The distance to the nearest training sprite agrees: the drawn sprites are no copies. It does *not* say that they are
# good. They lie much further from the training sprites than held-out sprites do, and pure noise would lie further still.
#
# But was this test hard enough? One pass over all training sprites takes 1,125 steps. A network that has made fewer has seen
# no sprite twice and many not at all, so it had hardly an occasion to learn any of them by heart. Therefore ask `unet.pth`
# as well. Its 9,000 steps of 64 sprites were 16 passes: it has seen each training sprite sixteen times, every time under
# other noise. To be on the safe side, ask it about three times 300 sprites of each kind.

# %%
fully_trained = trained_for_long()
for k in range(3):  # three times 300 sprites of each kind
    rest = [s._replace(x=s.x[300 * k :], c=s.c[300 * k :]) for s in (train, held_out)]
    seen, unseen = (as_practised(*v_error(fully_trained, s)) for s in rest)
    print(f"unet.pth: error on training sprites {seen:.3f}, on held-out sprites {unseen:.3f}")

# %% [markdown]
# If it had learned sprites by heart, the first number of each line would be clearly the smaller one. It is not: even after
# sixteen passes this test finds no trace of memorising. That is what one hopes for when the sprites are many and the network
# is small. The training sprites are 28 million numbers, and the network has one million, so it has no room to store them
# number by number. It does better by learning what they have in common.

# %% [markdown]
# ## 8. Why squared?
#
# One choice has not been questioned yet: the loss is the *square* of the error. Why not its absolute value? Here are three
# losses, as functions of the error $e$ of one number: `l2` is $e^2$, `l1` is $|e|$, and `huber` is $e^2/2$ up to
# $|e| = 1$, and from there on the straight line $|e| - 1/2$.

# %%
e = torch.linspace(-2.5, 2.5, 101)
charts.lines({name: (e, loss(e, 0 * e, reduction="none")) for name, loss in du.LOSSES.items()},
             x="error e of one pixel", y="loss", size=(6.5, 2.6),
             alt="By error: l2 a parabola, l1 a V, huber round inside and straight outside")

# %% [markdown]
# To see what a loss *wants*, let it choose a single answer for 500 heroes at once: the one picture that is, by this
# loss, the least wrong about all of them. This is the network's situation at t = 500, when it is told "a hero" and
# nothing else.
#
# **What do you expect?** What does the least wrong picture look like?
#
# <details name="expect-4-8"><summary>A hero, the most typical one</summary>
#
# The squared error avoids this, because a particular hero is far off whenever another one was meant. The answer of `l1`
# does look somewhat like a hero, but each of its pixels is chosen by itself, and there need be no such hero.
#
# </details>
# <details name="expect-4-8"><summary>For every loss the same blur: the mean of all heroes</summary>
#
# The mean is the choice of `l2` only. Each loss has a best answer of its own.
#
# </details>
# <details name="expect-4-8"><summary>A blur for l2, something crisper for l1</summary>
#
# Yes. The square wants the mean of every pixel. The absolute value wants its median, the value that half of the heroes
# lie above and half below, and a median is often a colour that really occurs.
#
# </details>

# %%
heroes = train.x[train.c[:, 0] == 1][:500]
best = {name: lesson_04.best_picture(heroes, loss) for name, loss in du.LOSSES.items()}
best = {"mean": heroes.mean(0, True), "l2": best["l2"], "huber": best["huber"],
        "l1": best["l1"], "median": heroes.median(0, True).values}
du.show_rows({"the best answer": torch.cat([*best.values()])}, scale=6, label_width=120,
             top=[*best], alt="Best answers to 500 heroes: l2 is the mean, l1 the median")

# %% [markdown]
# `l2` finds the mean, and `l1` the median. `huber` lies between the two, here so near to the mean that you hardly see a
# difference. The sampler of lesson 2 was derived for the mean. It takes a small step towards this blur and asks again, and
# so the blur turns into a sprite. A network trained with `l1` gives another answer than the one for which the sampler was
# made. So `l2` is the honest choice, and later lessons rely on it.
#
# For a *short* training, though, the crisper answer helps. After 2,000 steps of the full network, the log of experiments has
# for `l1` a Fréchet distance of 1.44 and 1.50 (two seeds, 500 sprites each), for `huber` 1.67 and 1.59, and for `l2` 2.17
# and 1.87. But with *guidance*, which lesson 5 explains and which most programs use, `l1` was the worst of the three.

# %% [markdown]
# ## Try it
#
# Press *start* and look on. The dotted line and the lower sprites are those of your live training, for comparison. Find
# the largest learning rate that still learns: how does a larger one fail? Which batch is best for the same *seconds*?
# Then vary `predicts`, `schedule` and `loss`. These change the unit of the loss, so **compare sprites, not losses** then.
# New settings count from the next *reset* on, and *stop* keeps what was learned.
#
# <details><summary>What the course found about the batch</summary>
#
# In equal time on one thread, batches of 16 were worse than batches of 32: a Fréchet distance of 3.57 beside 2.95, one run
# of each. Batches of 48, with a slightly higher learning rate, came out as good as 32: 2.41 and 2.31 beside 2.27 and 2.40,
# two seeds of each. A larger batch gives a calmer gradient, but it leaves time for fewer steps. These runs stand in
# [the log of experiments](../weights/EXPERIMENTS.md).
#
# </details>

# %%
sizes = {"small": (16, 32, 48), "full": (32, 64, 96), "large": (48, 96, 128)}
in_unit_of = {"v": 1, "eps": ab_t[t], "x0": 1 - ab_t[t]}  # times an error of v


def make(lr=LR, batch=32, predicts="v", loss="l2", schedule="cosine", network="full"):
    """A trainer of a new network; its first weights are always the same."""
    torch.manual_seed(0)
    net = du.Unet(widths=sizes[network], predicts=predicts)
    trainer = du.Trainer(net, train, du.noise_schedule(schedule, T), lr=lr, batch=batch,
                         loss=loss, warmup=50, times="middle")
    comparable = loss == "l2" and schedule == "cosine"
    trainer.floor = as_practised(t, least * in_unit_of[predicts]) if comparable else None
    trainer.same = comparable and predicts == "v"
    return trainer


# %% tags=["timed"]
from ipywidgets import SelectionSlider

before = ("your live training", losses, look(trainer.ema.model))


def where(run, losses):
    """Where a training of the board stands, beside the live one."""
    x = du.sample(run.ema.model, run.ab_t, 10, asked, seed=3, steps=8, order=2, clip=True).cpu()
    label, old, sprites = before
    old = old if run.same else None  # a loss in another unit is no comparison
    return lesson_04.standing(run, losses, x, run.floor, (label, old, sprites))


rates = SelectionSlider(options=[1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1.0], value=LR)
board = widgets.dashboard(make, where, lr=rates, batch=[8, 16, 32, 64, 128],
                          predicts=["v", "eps", "x0"], loss=list(du.LOSSES),
                          schedule=["cosine", "linear", "rescaled"], network=list(sizes))
board

# %% [markdown]
# ## Open problem
#
# You have the small network and `SIDE_STEPS` steps of 32 sprites. How low a Fréchet distance can you reach? Everything
# else is yours: the learning rate and how it falls, what is predicted, the times, the loss, the average, which sprites
# are shown. `score_of(make_trainer)` takes a function of a seed that returns a `du.Trainer` (or an object with the same
# `run`, `ema`, `model` and `batch`). It trains from two seeds, draws with the averaged weights and gives the mean distance.
# The last row of your ladder is the score to beat.

# %%
def score_of(make_trainer):
    """The mean Fréchet distance of two trainings of SIDE_STEPS steps: make_trainer(seed)."""
    networks = []
    for seed in (0, 1):
        run = make_trainer(seed)
        du.need(run.batch == BATCH and du.count_parameters(run.model) <= 300_000,
                f"{BATCH} sprites in a step, and the small network, are all you have")
        *_, p = run.run(steps=SIDE_STEPS)
        networks.append(run.ema.model.cpu())
    return sum(judged(networks, told=True)[1]) / 2


to_beat = sum(ladder["and told the class"][1]) / 2
print(f"your ladder's last row: {to_beat:.1f}")

# %% [markdown]
# The course's own best so far is folded below. Look at it only when you have beaten the score, or given up; there is
# probably a better one.

# %% tags=["solution"] jupyter={"source_hidden": true}
def best_so_far(seed):
    """A loss that wants something crisper, steps twice as long that shorten, and an average."""
    return du.Trainer(small("v", seed), train, ab_t, lr=2 * LR, batch=BATCH, warmup=10,
                      loss="l1", times="middle", seed=seed)


best = score_of(best_so_far)
print(f"the course's best so far: {best:.1f}")

# %% [markdown]
# ## What you saw

# %% tags=["timed"]
climbed = {name: sum(scores) / 2 for name, (_, scores) in ladder.items()}
Markdown(f"""
- Your plain loop took the loss from 1 to a fraction in {SIDE_STEPS} steps. Its sprites had a
  Fréchet distance of {climbed["predicts eps"]:.1f} (mean of two seeds); with v, middle times
  and classes it was {climbed["and told the class"]:.1f}, at the same cost.
- The decay 0.999 leaves {kept["decay 0.999"][1][-1]:.0%} of the untrained weights in the
  average after 500 steps; with the ramp, {kept["yours, with a ramp"][1][-1]:.0e}.
- Sent on with long steps, a good network had an error of {sum(errors["sent on, last"]) / 2:.3f}
  with its last weights and {sum(errors["sent on, averaged"]) / 2:.3f} with their average.
- In {trainer.seconds:.0f} seconds of live training ({trainer.step} steps) the distance fell to
  {score["yours, averaged"]:.1f}; as many real sprites have {score["real sprites"]:.1f}.
- The network's error is {mean["network, training sprites"]:.3f} on training sprites and
  {mean["network, held-out sprites"]:.3f} on held-out ones. A perfect memory has
  {mean["memory, training sprites"]:.3f} on the first and
  {mean["memory, held-out sprites"]:.2f} on the second.
""")

# %% [markdown]
# ## Quiz
#
# **1.** Your network's loss on training sprites lies far above the floor. On held-out sprites it lies below that of the
# perfect memory. Should you train until it reaches the floor?
#
# <details><summary>Answer</summary>
#
# No. Reaching the floor would mean to answer as the memory does, and the memory can only return what it has stored.
# Train as long as the error on *held-out* sprites falls. When it begins to rise, while that on training sprites falls on,
# the network has begun to memorise.
#
# </details>
#
# **2.** A data set holds 1,788 different sprites, each repeated 50 times. You set a random tenth of it aside as held
# out, and the held-out loss looks excellent. Why do you not trust it?
#
# <details><summary>Answer</summary>
#
# Nearly every held-out sprite has copies in the training part: the split *leaks*, and memorising is rewarded. The
# course's sprites are split by recipe (the list of parts and colours that each is drawn from), so that no held-out
# sprite has a twin in training.
#
# </details>
#
# **3.** Two friends report losses. One trains a network that predicts eps and has 0.05, the other one that predicts v
# and has 0.25. Whose is better?
#
# <details><summary>Answer</summary>
#
# Nobody can tell. The two losses have different units: at large t the noise is easy to name, so the mean error of eps is
# small, while v is hard to name at every t. Compare their sprites, or convert the errors to one unit.
#
# </details>
#
# **4.** You stop a long training early, while its learning rate is still high. Which weights do you draw with, and why
# would it matter less at its end?
#
# <details><summary>Answer</summary>
#
# The averaged ones. With a high learning rate the last weights jump to and fro around their path, and the average lies in
# the middle of it. At the end the learning rate has fallen to zero, the jumps have died out, and both are nearly the same.
#
# </details>

# %% [markdown]
# ## Where you meet this outside
#
# - **Stable Diffusion** was trained by your loop of `ask` and `learn`, on hundreds of millions of pictures (made smaller
#   first, as lesson 15 explains), for weeks, on hundreds of GPUs. The words of the *prompt* take the place of the class, and
#   from version 1.3 on they, too, are hidden in a tenth of the questions.
# - **prediction_type** in the *diffusers* library is your choice of section 3: `"epsilon"` in Stable Diffusion 1,
#   `"v_prediction"` in some models of version 2.
# - **EMA weights**: Stable Diffusion 1.5 came in two files. The one called *emaonly* holds the averaged weights, to draw
#   with; the other also holds the last weights, for those who want to train on.
# - **Which times**: Stable Diffusion 3 practises the middle most as well; there it is called *logit-normal* sampling of
#   the time. **Min-SNR** draws all times equally often, but lets some of them count more in the loss.
# - **epoch** means one pass over all training pictures. Here it is 1,125 steps of 32 sprites.
# - **Fine-tuning** is this loop again, begun from weights that somebody else has trained. *LoRA* is fine-tuning that leaves
#   these weights as they are and trains a few added ones.
#
# ## Going further
#
# - Ho, Jain and Abbeel (2020), *Denoising Diffusion Probabilistic Models*: your loop is its algorithm 1.
# - Salimans and Ho (2022), *Progressive Distillation for Fast Sampling of Diffusion Models*: where `v` comes from.
# - Kingma, Salimans, Poole and Ho (2021), *Variational Diffusion Models*: spreads the times of a batch evenly, by a close
#   relative of your slices.
# - Esser and others (2024), *Scaling Rectified Flow Transformers for High-Resolution Image Synthesis*: practising the
#   middle, measured on large models.
# - Karras, Aittala, Lehtinen, Hellsten, Aila and Laine (2024), *Analyzing and Improving the Training Dynamics of
#   Diffusion Models*: how long an average should be, chosen after the training.
#
# Next: [05_context_control](05_context_control.ipynb)
