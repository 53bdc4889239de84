# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 7. Predict the image
#
# Six lessons have given you a schedule, Gaussian noise, square roots, a network that is told the time, and a sampler.
# How much of this does a machine that draws really need? Forget all of it for a while, and begin with the plainest idea
# there is: hide a picture under noise, and let a network guess the picture. In this lesson you build a machine out of
# nothing else, and it draws handwritten digits. Then you put back what you left out, one piece at a time, and measure
# what each piece buys.

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
from plumbing import lesson_07

x, label = lesson_07.digits()
real, spare, train = x[:300], x[300:600], x[600:]  # nothing is trained on the first two
noise = torch.randn(8, *x.shape[1:], generator=torch.Generator().manual_seed(3))
t = torch.linspace(0, 500, 8).long()
du.show(du.add_noise(real[:8], t, noise, du.noise_schedule("cosine")), scale=6,
        alt="Eight digits in a row, each hidden under more noise than the one before")

# %% [markdown]
# Eight digits, hidden by the noise of lesson 1, from t = 0 on the left to t = 500 on the right. Name them, from left to
# right. Somewhere in this row you stop reading and begin to guess, and in the last picture there is nothing left to
# read: whoever names a digit there has made it up. A machine that makes digits up is what we are after, so the way to
# it may be to ask a machine for a guess where there is nothing left to see.
#
# The digits are scikit-learn's: 1,797 of 8 x 8 pixels, here enlarged and given a black edge. (For the 60,000 digits of
# MNIST write `lesson_07.digits("mnist", download=True)`, which goes online, and set `EPOCHS = 1` below. The numbers in
# the text then no longer fit what you see, and every cell takes much longer.)
#
# **You will be able to**
# - *write* a machine that draws from scratch: hide, guess, walk,
# - *find* the parameters of any network that do no work,
# - *follow* the noise along a walk, and *say* what comes out if the walk stops too early,
# - *judge* by two trainings of each whether a larger network pays, or a change of the recipe,
# - *name* the things that DDPM does differently, and what each is for.
#
# **You need** lesson 1 (noise), lesson 2 (DDPM, the Fréchet distance), lesson 3 (a U-Net), lesson 4 (training, v) and
# lesson 6 (DDIM, fresh noise).
#
# **Time:** about 45 minutes of reading, and 40 more if you do all five tasks. The cells run for about three minutes on
# a laptop CPU, and most of that time goes into section 8; on a slow machine they take longer.

# %%
import time
import charts
import checks
import widgets
import torch.nn as nn
import torch.nn.functional as F
from IPython.display import Markdown
from plumbing.lesson_07 import two

SEEDS = (0, 1)  # of each training: a verdict needs two
shape = tuple(x.shape[1:])
print(f"{len(x)} digits of {shape[1]} x {shape[2]} pixels; {len(train)} of them to train on")

# %% [markdown]
# ## 1. How plainly can you hide a picture?
#
# Mix it with noise. A number between 0 and 1, the *amount* a, says how much noise there is. It needs no T, no schedule
# and no square root, because the two shares simply add up to 1:
#
# $$x_a = (1 - a)\; x + a\; z$$
#
# Even the noise $z$ is the plainest: each of its values is drawn evenly between -1 and 1, which is called *uniform*
# noise. So at a = 0 you have the picture, at a = 1 only noise, and no value ever leaves the range of a picture.
#
# ### Your turn 7.1: hide it
# *Difficulty 1 of 3, 5 minutes.*
#
# Write this mixture for a batch of pictures. Each picture has an amount of its own, so `amount` has the shape (B,),
# while the pictures have (B, C, H, W).

# %% tags=["exercise"]
def corrupt(x, amount, noise):
    """Mixed pictures (B, C, H, W), from x and noise, both (B, C, H, W), and amount (B,)."""
    return ...  # your code here


checks.check_corrupt(corrupt)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_corrupt(x, amount, noise):
    a = amount.view(-1, 1, 1, 1)
    return (1 - a) * x + a * noise


corrupt = checks.keep(corrupt, solution_corrupt)

# %%
def uniform(n, seed):
    """Uniform noise (n, 1, H, W) between -1 and 1."""
    return 2 * torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed)) - 1


amounts = torch.linspace(0.3, 1, 8)
clean = real[8:16]
hidden, top = corrupt(clean, amounts, uniform(8, seed=1)), [f"a = {a:.1f}" for a in amounts]
du.show_rows({"hidden": hidden}, scale=6, label_width=70, top=top,
             alt="Eight other digits, hidden by amounts of 0.3 to 1 of uniform noise")

# %% [markdown]
# **What do you expect?** How far to the right can you name the digits? Decide before you look at the picture below.
#
# <details name="expect-7-1"><summary>As far as a = 0.4</summary>
#
# Perhaps you got further: the 0 under a = 0.6 can still be made out. The eye averages over neighbouring pixels, and in
# the average noise cancels while a stroke does not.
#
# </details>
# <details name="expect-7-1"><summary>As far as a = 0.6 or 0.7</summary>
#
# That is about where the strokes drown, and it depends on the digit: the 6 under a = 0.5 is harder than the 0 under
# a = 0.6. Beyond it a digit is no longer read off the picture but guessed, and two people guess differently.
#
# </details>
# <details name="expect-7-1"><summary>As far as a = 0.9</summary>
#
# Compare with the picture below. At a = 0.9 the noise has nine times the share of the digit, and many digits would
# explain what is seen. If you were right, it was partly by luck.
#
# </details>

# %%
du.show_rows({"clean": clean, "hidden": hidden}, scale=6, label_width=70, top=top,
             alt="The same hidden digits, and above them the clean ones")

# %% [markdown]
# ## 2. Can a network see through the noise?
#
# Show it $x_a$, and ask for the clean x. Many people learn this idea from unit 1 of Hugging Face's *Diffusion Models
# Course*. These notes, as we shall call them, use a very small network, which you met in lesson 3: three convolutions
# down, three up, and skips that are added. There is one thing that it is not given, and that is the amount. The
# networks of lessons 1 to 6 were told the time t in each call; we shall say that this one has no *clock*.

# %%
class BasicUNet(nn.Module):
    """Three 5x5 convolutions down, three up, skips added: (B, in, H, W) to (B, out, H, W)."""

    def __init__(self, in_channels=1, out_channels=1):
        super().__init__()
        widths = [in_channels, 32, 64, 64, 64, 32, out_channels]
        convs = [nn.Conv2d(a, b, 5, padding=2) for a, b in zip(widths, widths[1:])]
        self.down, self.up = nn.ModuleList(convs[:3]), nn.ModuleList(convs[3:])
        self.norm = nn.BatchNorm2d(64)

    def forward(self, x):
        h0 = F.silu(self.down[0](x))
        h1 = F.silu(self.down[1](F.max_pool2d(h0, 2)))
        h = F.silu(self.up[0](F.silu(self.down[2](F.max_pool2d(h1, 2)))))
        h = F.silu(self.up[1](F.interpolate(h, scale_factor=2) + h1))
        return self.up[2](F.interpolate(h, scale_factor=2) + h0)


print(f"BasicUNet has {du.count_parameters(BasicUNet()):,} parameters.")

# %% [markdown]
# The notes print 309,057 for their network. A retelling of them goes round that prints 309,185, and the class above
# follows it. (In one more point the notes differ: they have a SiLU after the last convolution, too. SiLU never falls
# below -0.28. That will do for the notes, whose pixels lie between 0 and 1, but our black is -1.)
#
# What are the other 128 for? Lesson 3 told you that they do nothing, and in a class of 20 lines you can see it by
# reading. In a network of a thousand lines you cannot. But there is another way to find such numbers. A number that the
# answer depends on gets a gradient, and a number without influence gets none, or a zero.
#
# ### Your turn 7.2: who does not work?
# *Difficulty 2 of 3, 10 minutes.*
#
# Call the network, make a single number of its answer (the mean of its squares will do), and let PyTorch compute the
# gradients. Then count, for each of `net.parameters()`, the numbers whose gradient is missing or exactly 0. Beware of
# two things. A parameter that was not used at all has no gradient of zeros: its `p.grad` is `None`, and all its numbers
# count. And gradients of earlier calls may still be there, so begin with `net.zero_grad()`.

# %% tags=["exercise"]
def idle(net, x):
    """How many numbers of each of net.parameters() get no gradient from net(x): a list."""
    return ...  # your code here


checks.check_idle(idle)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_idle(net, x):
    net.zero_grad()
    net(x).square().mean().backward()
    return [p.numel() if p.grad is None else int((p.grad == 0).sum()) for p in net.parameters()]


idle = checks.keep(idle, solution_idle)

# %%
def who_is_idle(net):
    counts = idle(net, hidden)
    for (name, p), n in zip(net.named_parameters(), counts):
        if n:
            print(f"{n:,} of the {p.numel():,} numbers of {name} are idle")
    print(f"{sum(p.numel() for p in net.parameters()) - sum(counts):,} work")


torch.manual_seed(0)
who_is_idle(BasicUNet())

# %% [markdown]
# The constructor declares a `BatchNorm2d(64)` that `forward` never calls. It does no harm to the pictures: 309,057
# numbers work, which is the count of the notes, and 128 are stored, counted and saved for nothing. But it is a
# *silent* fault, of a kind that is not always so harmless. If you split a training over several GPUs with PyTorch's
# `DistributedDataParallel`, it stops at the second step with an error, because it is still waiting for gradients of
# the first that never came. Keep `idle` at hand. In section 6 it will find something that is hard to see by reading.
#
# Now train. Each digit gets an amount and noise of its own, and the loss is the mean squared error of the guess:
#
# $$\mathrm{loss} = \mathrm{mean}\left(\left(\mathrm{net}(x_a) - x\right)^2\right)$$
#
# Below, `question` makes the answer that is wanted, and what is shown to the network. `learn` is the loop of lesson 4.
# It ends after a number of steps or of seconds, whichever you give it, and its learning rate has fallen to zero by
# then.
#
# **What do you expect?** Will the loss fall to zero as well, if only you train for long enough?
#
# <details name="expect-7-2"><summary>Yes: a network can learn any function</summary>
#
# Even if it could learn any function, it would not help, because one hidden picture may come from *many* clean ones.
# Much noise over a 3 may look just like other noise over an 8, and whatever the network answers to that is wrong in one
# of the two cases.
#
# </details>
# <details name="expect-7-2"><summary>No: the network is too small for that</summary>
#
# It does not fall to zero, but for another reason. Even the best network of all would not get there.
#
# </details>
# <details name="expect-7-2"><summary>No: under much noise nobody can know the digit</summary>
#
# Right. Many digits fit what is seen, and the answer with the smallest expected squared error is their *average*, as in
# lesson 1. Its error is not zero.
#
# </details>

# %%
def question(x, g):
    noise = 2 * torch.rand(x.shape, generator=g) - 1
    return x, corrupt(x, torch.rand(len(x), generator=g), noise)


def learn(net, question, steps=10**9, seconds=10**9, seed=0, lr=1e-3):
    """Trains net to answer the question (32 digits a step); returns the losses."""
    g, start, done = torch.Generator().manual_seed(seed), time.perf_counter(), 0.0
    optimizer, losses, order = torch.optim.Adam(net.parameters()), [], []
    while done < 1:
        if len(order) < 32:  # a new epoch
            order = torch.randperm(len(train), generator=g)
        rows, order = order[:32], order[32:]
        wanted, shown = question(train[rows], g)
        loss = F.mse_loss(net(shown), wanted)
        optimizer.param_groups[0]["lr"] = lr * (1 - done)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        done = max(len(losses) / steps, (time.perf_counter() - start) / seconds)
    return losses


# %%
EPOCHS = 20  # how often each training shows each digit
SCORED = 200  # how many drawn digits are scored

# %%
def trained(make, question, planes=1, **how):
    """For each seed a new network make(planes), trained; the networks, losses, and seconds."""
    nets, losses, start = [], [], time.perf_counter()
    for seed in SEEDS:
        torch.manual_seed(seed)
        nets.append(make(planes))
        losses.append(learn(nets[-1], question, seed=seed, **how))
    return nets, losses, (time.perf_counter() - start) / len(SEEDS)


per_epoch = len(train) // 32
steps = EPOCHS * per_epoch
basic, basic_losses, budget = trained(BasicUNet, question, steps=steps)

# %%
average, epochs = train.mean(0), torch.arange(EPOCHS) + 0.5
by_epoch = torch.tensor(basic_losses).view(len(SEEDS), EPOCHS, per_epoch).mean(2)
nothing = (train - average).square().mean().item()
charts.lines({"BasicUNet, two seeds": (epochs, by_epoch),
              "always answering the average digit": ([0, EPOCHS], [nothing, nothing])},
             x="epoch (each shows every digit once)", y="mean squared error", ylim=(0, 0.25),
             alt="The loss by epoch: a steep fall in the first epochs, then nearly level")

# %%
with torch.no_grad():
    first_guess = basic[0](hidden)
away = (first_guess[-1] - average).square().mean().sqrt().item()
apart = (real - average).square().mean((1, 2, 3)).sqrt().mean().item()
print(f"Away from the average digit: the last guess {away:.2f}, a real digit {apart:.2f} (RMS)")
du.show_rows({"clean": clean, "hidden": hidden, "guess": first_guess,
              "average": average[None].expand(8, -1, -1, -1)}, scale=6, label_width=70,
             top=top, alt="Clean digits, hidden ones, guesses that grow softer to the right")

# %% [markdown]
# First the curve. In the first two epochs the loss falls steeply, and passes below what always answering the average
# digit would cost. After that it falls only slowly. It stays far above zero, and longer training would not take it
# there.
#
# Then the guesses. Those on the left are sharp, and those on the right are soft. From pure noise, in the last column,
# the network guesses a blur that is no digit at all and looks much like the average of all digits, which stands below
# it. It is not quite the average: the line above the pictures says how far the guess is from it, and in the saved
# edition this is half as far as a real digit is. Nobody has told the network that a = 1, so it may take chance patterns
# in the noise for very faint strokes. So this machine can clean digits, but it cannot make one up. Where nothing is
# left to see, its best answer is a blur.
#
# ## 3. How do you get a digit out of a blur?
#
# Lesson 2's way out was to go only a small part of the way, and then to ask again. Here it needs no schedule, either.
# Let x hold the amount `now` of noise. You want a mixture of the same kind, made of the guess and of the noise that is
# already in x, but with a smaller amount, `then`.
#
# ### Your turn 7.3: one step
# *Difficulty 2 of 3, 10 minutes.*
#
# Take `pred`, the guess, for the clean picture. First find the noise that x must hold if this is right, by solving the
# formula of section 1 for z. After that mix the two again, with the amount `then`. Nothing is drawn at random.

# %% tags=["exercise"]
def walk_step(x, pred, now, then):
    """x (B, C, H, W) with less noise; now, then: the amounts, 0 <= then < now <= 1."""
    return ...  # your code here


checks.check_walk_step(walk_step)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_walk_step(x, pred, now, then):
    noise = (x - (1 - now) * pred) / now
    return (1 - then) * pred + then * noise  # the same as x + (1 - then / now) * (pred - x)


walk_step = checks.keep(walk_step, solution_walk_step)

# %%
@torch.no_grad()
def walk(net, x, amounts):
    """All the x of a walk along the amounts, and all the guesses; the last x is the drawing."""
    inputs, guesses = [x], []
    for now, then in zip(amounts, amounts[1:]):
        guesses.append(net(inputs[-1]))
        inputs.append(walk_step(inputs[-1], guesses[-1], now, then))
    return inputs, guesses


def evenly(n):
    return [1 - i / n for i in range(n)] + [0.0]


print("the amounts of five steps:", [round(a, 2) for a in evenly(5)])

# %% [markdown]
# The notes write this step in another way. If you sort your formula by x and pred, it says
#
# $$x \leftarrow x\,(1 - m) + \mathrm{pred}\; m \qquad\mbox{with}\qquad m = 1 - \frac{\mathrm{then}}{\mathrm{now}}$$
#
# so x goes the part m of its way to the guess. Of n even steps, counted i = 0, 1, ... n - 1, step i leads from the
# amount $(n - i)/n$ to $(n - i - 1)/n$. Put these two in for now and then, and you get $m = 1/(n - i)$, which is the
# notes' rule. In the last step m = 1, so the drawing is the last guess itself.
#
# **What do you expect?** You start from pure noise and take five steps. How do the five guesses look?
#
# <details name="expect-7-3"><summary>All of them are the same blur</summary>
#
# The first one is that blur. But in the second step the network sees something else, a picture in which a fifth of the
# noise has given way to its own first guess. That guess was a little brighter in one place and a little darker in
# another, and what it hinted at can now be seen a little better.
#
# </details>
# <details name="expect-7-3"><summary>They are sharp from the beginning, and change from digit to digit</summary>
#
# From pure noise a guess cannot be sharp, as you have just seen. And in the picture below no digit turns into another.
#
# </details>
# <details name="expect-7-3"><summary>The blur turns into a digit, step by step</summary>
#
# Yes. Look how early it is decided which one it will be.
#
# </details>

# %%
inputs, guesses = walk(basic[0], uniform(6, seed=1), evenly(5))
gap = torch.full((1, *shape), 0.77)
du.show_rows({f"step {i + 1}": torch.cat([inputs[i], gap, guesses[i]]) for i in range(5)},
             scale=4, label_width=60, top=["input"] * 6 + [""] + ["guess"] * 6,
             alt="Five rows: left six inputs with ever less noise, right the guesses")

# %% [markdown]
# Read the right half from top to bottom: the guess makes up its mind. Each step puts a little of the guess into the
# input. Some digits then fit the input no longer, so the average of those that still fit is sharper, and the next step
# puts this sharper guess in. Nobody has told the network to choose. It answers with an average each time, and the
# *walk* chooses. Now with 40 steps:

# %%
inputs, _ = walk(basic[0], uniform(32, seed=1), evenly(40))
du.show(inputs[-1], columns=16, scale=3, alt="32 drawn digits, of which most can be read")

# %% [markdown]
# Many of them can be read, and some are blots that nobody would call a digit. You have built a machine that draws,
# with no schedule, no clock and no Gaussian noise.
#
# ## 4. How good are they?
#
# Lesson 2's measure was the Fréchet distance between what a classifier sees in drawn pictures and in real ones. Digits
# need a classifier of digits, so `lesson_07.Judge` trains a small one now, and compares with the 300 digits of `real`.
# The *floor* is the distance of digits of `spare`, as many as we shall draw. They are real, and neither network nor
# judge has seen them.
#
# The second measure asks whether the machine only copies: how far is a drawn digit from the nearest digit that it was
# trained on? Here the control is the same distance for real digits that it was not trained on.
#
# **What do you expect** of 1, 2, 5, 20 and 40 steps: does the Fréchet distance fall all the way?
#
# <details name="expect-7-4"><summary>Yes, each doubling helps as much as the last</summary>
#
# It falls, but the first steps bring by far the most. From 20 to 40, which is a doubling, too, it hardly changes.
#
# </details>
# <details name="expect-7-4"><summary>It falls fast, then hardly at all</summary>
#
# Yes. The first steps take the blur away. What remains is the error of the guesses themselves, which no number of
# steps can mend.
#
# </details>
# <details name="expect-7-4"><summary>It falls, then rises, because errors add up over many steps</summary>
#
# Errors do add up, but so do corrections, because each new guess sees where the walk has got to. In the saved edition
# it does not rise by more than chance: from 20 to 40 steps it goes up by 0.3 with one network, and down by 1.2 with the
# other.
#
# </details>

# %%
judge = lesson_07.Judge(train, label[600:], real)
right = (judge.reads(spare) == label[300:600]).float().mean().item()
floor, noise_score = judge.score(spare[:SCORED]), judge.score(uniform(SCORED, 0))
print(f"The judge reads {right:.0%} of 300 unseen digits right.")
print(f"Fréchet distance of real digits (the floor): {floor:.1f}; of noise: {noise_score:.0f}")

# %%
def drawn(net, amounts, n=None, seed=1):
    return walk(net, uniform(n or SCORED, seed), amounts)[0][-1]


ends = {n: [drawn(net, evenly(n)) for net in basic] for n in (1, 2, 5, 20, 40)}
by_steps = {n: [judge.score(x) for x in both] for n, both in ends.items()}

du.show_rows({f"{n} steps: {two(by_steps[n])}": both[0][:12] for n, both in ends.items()}
             | {f"real: {floor:.1f}": spare[:12]}, scale=4, label_width=140,
             alt="The same 12 noises after 1 to 40 steps: a blur, then digits; and real digits")

# %%
near, near_real = du.nearest(ends[40][0], train)[0], du.nearest(spare, train)[0]
Markdown(f"Distance to the nearest training digit (root mean square, median): drawn "
         f"{near.median():.2f}, real but unseen {near_real.median():.2f}. The smallest of all "
         f"drawn ones is {near.min():.2f}; a copy would have 0.")

# %% [markdown]
# Two numbers stand in each row, one for each of the two networks, and they tell you how much is chance. One step is the
# blur. In the saved edition its distance is even larger than that of noise, 139 and 143 against 129. The Fréchet
# distance also compares how much the pictures of a set differ from each other, and all these blurs look alike. More
# steps sharpen the blur, and each of them pays less than the one before. After 40 steps a wide gap to the floor
# remains. From 20 to 40 steps it hardly changes, so the fault must be in the guesses themselves.
#
# Nothing is copied. But note that the drawn digits lie *farther* from the training digits than real ones do. This is no
# praise: some of them are not digits, and a blot has no near neighbour among digits. A distance to the nearest
# neighbour says "not copied"; it does not say "good".
#
# ## 5. What if the last step is never taken?
#
# The rule of the walk is $m = 1/(n - i)$, if the steps are counted from 0. Whoever counts them from 1 must write
# $m = 1/(n - i + 1)$, and both are the same walk. But if you copy the second rule into a Python loop, which counts
# from 0, you get another walk. It runs without an error, and it draws. Is this a slip that matters, or just another
# method? To answer, you need to know for any such rule how much noise is in x after each step.
#
# ### Your turn 7.4: follow the noise
# *Difficulty 1 of 3, 5 minutes.*
#
# A walk starts with the amount 1. Then x goes the part m of its way to the guess, `x * (1 - m) + pred * m`, for each m
# of the list `parts`. Return the list of all its amounts, from the 1 of the start to what is left at the end: one
# number more than there are parts.

# %% tags=["exercise"]
def amounts_of(parts):
    """The amounts of noise (a list, one longer than parts) of a walk that goes these parts."""
    return ...  # your code here


checks.check_amounts(amounts_of)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_amounts_of(parts):
    amounts = [1.0]
    for m in parts:
        amounts.append(amounts[-1] * (1 - m))
    return amounts


amounts_of = checks.keep(amounts_of, solution_amounts_of)

# %% [markdown]
# **What do you expect?** Ten steps by the rule $1/(n - i + 1)$. How much of the first noise is left at the end?
#
# <details name="expect-7-5"><summary>None: it is a walk to the guess, too</summary>
#
# For nothing to be left, one m must be 1. Here the last m is 1/2.
#
# </details>
# <details name="expect-7-5"><summary>One eleventh</summary>
#
# Yes. These are the parts of a walk with *eleven* even steps, whose last one is never taken.
#
# </details>
# <details name="expect-7-5"><summary>A half, since the last m is 1/2</summary>
#
# The last step halves what is left, but by then only two elevenths are left.
#
# </details>

# %%
n = 10
rules = {"1/(n - i)": [1 / (n - i) for i in range(n)],
         "1/(n - i + 1)": [1 / (n - i + 1) for i in range(n)], "always 1/n": [1 / n] * n}
visited = {rule: amounts_of(parts) for rule, parts in rules.items()}
charts.lines({f"m = {rule}": (range(n + 1), visited[rule]) for rule in rules}, ylim=(0, 1.02),
             x="steps taken, of ten", y="amount of noise left in x",
             alt="Two straight lines, one of them to 0, and a sagging curve")

# %%
rows, rule_scores = {}, {}
for rule, amounts in visited.items():
    walks = [walk(net, uniform(SCORED, 1), amounts) for net in basic]
    rule_scores[rule] = [[judge.score(x[-1]) for x in part] for part in zip(*walks)]
    for name, x, scores in zip(("x", "last guess"), walks[0], rule_scores[rule]):
        rows[f"{rule}, {name}:\n{two(scores)}"] = x[-1][:12]
du.show_rows(rows, scale=4, label_width=170,
             alt="Twelve digits by three rules: the last x of each, and its last guess")

# %% [markdown]
# The second rule is the even walk of n + 1 steps without its last one. So x ends with 1/(n + 1) of the noise in it,
# like a fine grain. With 40 steps it would be one part in 41 and hardly to be seen. With ten you see it, and the judge,
# which has never met grain, minds it more than you do: the distance rises from about 30 to more than 50. So it is a
# slip that matters, but it is easily mended. Take the last *guess* for the drawing, as the row below each x does. Its
# distance comes close to that of the whole walk.
#
# The third rule, the same part in each step, is a mistake that is easily made, too. It leaves $(1 - 1/n)^n$ of the
# noise: 35 % after ten steps, and if you take more steps it does not become less but a little more, up to 37 %. So its
# x is a noisy picture. Its last guess is free of grain nevertheless, since the network cleans whatever it is shown.
# But it was made from an x in which 39 % of the noise was left, and so it is softer than a digit should be.
#
# ## 6. Does a larger network draw better?
#
# The second network of the notes comes from the *diffusers* library: a U-Net with two residual blocks at each level on
# the way down and three on the way up, and with attention at the lower two levels. It wants to be told a time, and the
# notes always tell it 0.

# %%
from diffusers import UNet2DModel


class Library(nn.Module):
    def __init__(self, planes=1):
        super().__init__()
        down, up = ["AttnDownBlock2D"] * 2, ["AttnUpBlock2D"] * 2
        self.unet = UNet2DModel(sample_size=28, in_channels=planes, out_channels=1,
                                layers_per_block=2, block_out_channels=(32, 64, 64),
                                down_block_types=("DownBlock2D", *down),
                                up_block_types=(*up, "UpBlock2D"))

    def forward(self, x):
        return self.unet(x, 0).sample


torch.manual_seed(0)
who_is_idle(Library())

# %% [markdown]
# Your `idle` has found something that is hard to see by reading. Look at the first line. The library turns the time
# into waves (lesson 3), half of them sines and half cosines. The sine of 0 is 0, so half of the numbers in the first
# layer behind the waves are always multiplied by 0. The cosine of 0 is 1, so the other half are multiplied by 1, for
# every picture alike. All that is left of the clock is a constant, which the network could have had more cheaply.
# Whether a network misses a real clock is the question of the next section.
#
# The other lines are of another kind, and in each of them `idle` has found only a few of the numbers that do nothing.
# `to_k.bias` adds the same vector to every key of an attention, so all scores of one query move by the same amount, and
# the softmax does not notice. Each `time_emb_proj` adds the time to the maps, as one number for each channel. Where
# there are 32 channels, the 32 groups of the GroupNorm that follows are single channels, and GroupNorm subtracts the
# mean of each. So whatever was added is gone. *All* numbers in these places are without effect. Their gradient would be
# zero in exact arithmetic. The computer rounds, so most of them get some tiny number, and a few get exactly zero by
# chance. Only these few are counted (how many, and in which layers, may differ on your machine). So more numbers are
# idle than `idle` says: a tiny gradient does not prove that a number works. Nor does a single zero in one run prove
# that it is idle.
#
# Now the race. The larger network has five and a half times as many parameters, and each of its steps takes many times
# as long. Is it worth it?
#
# **What do you expect**, if both networks are trained for the same number of *seconds*?
#
# <details name="expect-7-6"><summary>The larger one draws better: it learns more from each step</summary>
#
# It may learn more from each step. But in the same time it makes far fewer, and if the time is short that decides.
#
# </details>
# <details name="expect-7-6"><summary>The smaller one: it makes many more steps</summary>
#
# It does make many more steps, and if the time is short it wins. In a longer training its size may limit it, and the
# larger one has time to catch up.
#
# </details>
# <details name="expect-7-6"><summary>It depends on how many seconds</summary>
#
# That is the only safe answer, and the curves below show why: look how far they are apart near the beginning, and how
# far at the end.
#
# </details>

# %% tags=["timed"]
large, large_losses, _ = trained(Library, question, seconds=budget)
print(f"In {budget:.0f} seconds BasicUNet made {steps} steps, UNet2DModel "
      f"{len(large_losses[0])} and {len(large_losses[1])}.")
lesson_07.by_seconds({"BasicUNet": basic_losses, "UNet2DModel": large_losses}, budget,
                     alt="BasicUNet's loss falls at once, that of UNet2DModel later")

# %% tags=["timed"]
large_ends = [drawn(net, evenly(20)) for net in large]
large_scores = [judge.score(x) for x in large_ends]
du.show_rows({f"BasicUNet: {two(by_steps[20])}": ends[20][0][:12],
              f"UNet2DModel: {two(large_scores)}": large_ends[0][:12]}, scale=4,
             label_width=170, alt="Twelve digits of each network, from the same noise")

# %% [markdown]
# The loss of the larger network starts late, because each of its steps takes so long. Then it falls steeply and comes
# near. Where the two stand when the time is up depends on the machine, and on the time. In the saved edition the larger
# one made 62 steps while BasicUNet made 740. Its loss had nearly caught up by then, but its drawings had not: both of
# its trainings score worse than both of BasicUNet's. In other runs of ours it had drawn level or gone ahead. So nobody
# can say whether the larger one is better before saying how long both are trained. (The notes train theirs on a GPU,
# for three epochs of 60,000 digits, many times what yours has seen.) Compare the two numbers in a row, too, because
# they tell you how much is chance. Where the pairs of two rows overlap, a verdict from one training of each might go
# either way.
#
# ## 7. Does the network need a clock?
#
# Neither of the two networks is told the amount. Each step of the walk only shows it a picture to be cleaned, and it
# must find out by itself whether to take away a thin veil of noise or to guess nearly the whole digit.
#
# **What do you expect?** Does it matter that nobody tells it the amount?
#
# <details name="expect-7-7"><summary>Very much: how to answer depends on the amount</summary>
#
# How to answer does depend on the amount. But what the network can see for itself, nobody need tell it.
#
# </details>
# <details name="expect-7-7"><summary>Little: the amount can be read off the picture</summary>
#
# Yes, here at least. You are about to do it with nothing but two columns of pixels and a mean.
#
# </details>

# %% [markdown]
# ### Your turn 7.5: a clock without a clock
# *Difficulty 2 of 3, 10 minutes.*
#
# Be the network for a moment. In every clean digit the first and the last column, `x[..., [0, -1]]`, are black, and
# black is -1. Uniform noise has the mean 0. What is the mean of these columns in a picture hidden by the amount a?
# Solve for a.

# %% tags=["exercise"]
def amount_of(x):
    """The amount of noise (B,) in hidden digits x (B, 1, H, W)."""
    return ...  # your code here


checks.check_amount(amount_of)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_amount_of(x):
    return 1 + x[..., [0, -1]].mean((1, 2, 3))  # the mean there is -(1 - a)


amount_of = checks.keep(amount_of, solution_amount_of)

# %%
truth = torch.rand(300, generator=torch.Generator().manual_seed(6))
read = amount_of(corrupt(real, truth, uniform(300, seed=6)))
off = (read - truth).square().mean().sqrt().item()
charts.clouds({f"300 digits: {off:.2f} off (root mean square)": torch.stack([truth, read], 1)},
              x="amount of noise", y="amount read off two columns",
              alt="Points along the diagonal, within a narrow band")

# %% [markdown]
# The points follow the diagonal. Two columns tell the amount to within 0.07 (root mean square), and most exactly where
# there is little noise. To the right the band widens, because there the mean of 24 pixels is a mean of strong noise.
# The network sees all twelve columns, and may well do better. So a clock should hardly tell it anything new. This is a
# prediction, and the next section tests it. (In pictures without a black edge the amount is harder to read. It would
# have to be told from something else, such as how much neighbouring pixels differ.)

# %% [markdown]
# ## 8. What does DDPM change?
#
# Your machine differs from that of lessons 1 to 6 in six things. Here they come back, one at a time, like the rungs of
# a ladder: each recipe has one change more than the recipe before it.
#
# | rung | change | why |
# |---|---|---|
# | `gaussian` | Gaussian noise in place of uniform | noise plus noise is noise of the same kind: `fresh` needs it |
# | `preserving` | the *squares* of the two shares add up to 1 | x keeps about the same contrast all along the way |
# | `clock` | the network is told the amount | it need not find out |
# | `v` | the network answers a mixture of noise and picture | see below |
# | `Unet` | lesson 3's network in place of BasicUNet | GroupNorm, attention, residual blocks: it learns faster |
# | `fresh` | each step draws part of its noise anew | what an earlier guess did wrong is washed out |
#
# With `preserving` the shares are no longer 1 - a and a, but
#
# $$x_a = \cos\left(\tfrac{\pi}{2} a\right)\, x + \sin\left(\tfrac{\pi}{2} a\right)\, z$$
#
# which is the cosine schedule: the cosine is $\sqrt{\bar\alpha_t}$, and the sine is $\sqrt{1 - \bar\alpha_t}$. The
# clock is a second plane of the input, a map of the same size in which every pixel holds the amount.
#
# The paper of DDPM asks its network for the noise, so you might expect `eps` in the place of `v`. But at a = 1, where
# the walk begins, x is nothing but the noise, so the answer repeats x and says nothing of the picture. So take lesson
# 4's $v = \cos\, z - \sin\, x$, where cos and sin are the two shares above. It asks for the noise where there is little
# of it, and for the picture (with a minus) where there is little of that.

# %%
ladder = {
    "the walk": [],
    "+ gaussian": ["gaussian"],
    "+ preserving": ["gaussian", "preserving"],
    "+ clock": ["gaussian", "preserving", "clock"],
    "+ v": ["gaussian", "preserving", "clock", "v"],
    "+ Unet": ["gaussian", "preserving", "clock", "v", "Unet"],
    "+ fresh": ["gaussian", "preserving", "clock", "v", "Unet", "fresh"],
}


def noise_like(how, n, g):
    if "gaussian" in how:
        return torch.randn(n, *shape, generator=g)
    return 2 * torch.rand(n, *shape, generator=g) - 1


def shares(how, amount):
    """The share of the picture and that of the noise."""
    angle = torch.pi / 2 * amount
    return (angle.cos(), angle.sin()) if "preserving" in how else (1 - amount, amount)


def shown(how, x, amount):
    """What the network sees: x, and if there is a clock a plane with the amount."""
    plane = amount.view(-1, 1, 1, 1).expand(len(x), *shape)
    return torch.cat([x, plane], 1) if "clock" in how else x


# %%
def question_of(how):
    """The question of a recipe, for `learn`: what is wanted, and what is shown."""

    def question(x, g):
        amount, noise = torch.rand(len(x), 1, 1, 1, generator=g), noise_like(how, len(x), g)
        image, grain = shares(how, amount)
        wanted = image * noise - grain * x if "v" in how else x
        return wanted, shown(how, image * x + grain * noise, amount)

    return question


def guess(how, net, x, amount):
    """The picture that the network sees in x."""
    image, grain = shares(how, amount)
    out = net(shown(how, x, amount))
    return image * x - grain * out if "v" in how else out


# %% [markdown]
# In the code `image` is the share of the picture and `grain` that of the noise. Why does `image * x - grain * out` turn
# v into a picture? Put in $x_a = \cos\, x + \sin\, z$ for the x of the code, and $v = \cos\, z - \sin\, x$ for its
# `out`: the noise cancels, and $(\cos^2 + \sin^2)\, x = x$ is left. This is the place where `v` relies on `preserving`.
#
# The walk is as before: find the noise, mix again. Only with `fresh` a part of this noise is replaced by new noise, so
# that old and new together have the size that belongs to the next amount. How much of it is new follows DDPM's rule,
# which is the $\sigma$ of lesson 6 with $\eta = 1$.

# %%
@torch.no_grad()
def draw(how, net, n, steps=40, seed=1):
    g = torch.Generator().manual_seed(seed)
    x, amounts = noise_like(how, n, g), torch.linspace(1, 0, steps + 1)
    for now, then in zip(amounts, amounts[1:]):
        (image, grain), (image_s, grain_s) = shares(how, now), shares(how, then)
        pred = guess(how, net, x, now)
        noise, new = (x - image * pred) / grain, 0 * grain
        if "fresh" in how:
            new = grain_s / grain * (1 - (image / image_s) ** 2).sqrt()
        x = image_s * pred + (grain_s**2 - new**2).clamp(min=0).sqrt() * noise
        x = x + new * noise_like(how, n, g)
    return x


difference = (draw([], basic[0], 8) - drawn(basic[0], evenly(40), 8)).abs().max().item()
assert difference < 1e-2
print(f"With no rung taken it is your walk: the two differ by {difference:.0e}.")

# %% [markdown]
# Now each recipe is trained twice, always for as many steps as in section 2. The walk itself, where the ladder
# begins, is trained already: its networks are your two. And `fresh` needs no training of its own, because it changes
# the drawing alone. (For `Unet` the comparison is not an equal one: each of its steps takes much longer, and it is
# trained with twice the learning rate, which suits it better.)
#
# **What do you expect?** Which change pays most?
#
# <details name="expect-7-8"><summary>Gaussian noise or the clock: DDPM is built on them</summary>
#
# Gaussian noise is what the *theory* is built on. But the walk itself never adds one noise to another, so it hardly
# matters to the walk which kind it is. And what the clock tells can be read off the picture, as you have seen.
#
# </details>
# <details name="expect-7-8"><summary>What the network is asked for: v</summary>
#
# It may help a little. In the saved edition its bar is shorter than the one before it by 1.4. But look at the two dots
# on each bar: two trainings of one and the same recipe may differ by more than that.
#
# </details>
# <details name="expect-7-8"><summary>Fresh noise in each step</summary>
#
# Lesson 6 found that fresh noise repairs what earlier guesses did wrong. In the saved edition it helps here, too, but
# it is not the largest step.
#
# </details>
# <details name="expect-7-8"><summary>A better network</summary>
#
# Yes, in the saved edition by far, though this network also had more time. In the picture below only one bar is much
# shorter than the one before it, and it is that of `Unet`.
#
# </details>

# %%
class Clocked(nn.Module):
    """Lesson 3's Unet, which is told the amount as its time, not as a plane."""

    def __init__(self, planes):
        super().__init__()
        self.unet = du.Unet(1, widths=(16, 32, 64))

    def forward(self, seen):
        return self.unet(seen[:, :1], seen[:, 1, 0, 0])


nets = {"the walk": basic}
for rung, how in list(ladder.items())[1:-1]:
    make, lr = (Clocked, 2e-3) if "Unet" in how else (BasicUNet, 1e-3)
    planes = 2 if "clock" in how else 1
    nets[rung] = trained(make, question_of(how), planes, steps=steps, lr=lr)[0]
nets["+ fresh"] = nets["+ Unet"]

# %%
art = {rung: [draw(how, net, SCORED) for net in nets[rung]] for rung, how in ladder.items()}
scores = {rung: [judge.score(x) for x in both] for rung, both in art.items()}
charts.bars(scores | {"real digits": [floor]}, y="Fréchet distance (lower is better)",
            alt="A bar for each rung of the ladder with a dot for each of its two trainings")

# %%
du.show_rows({f"{rung}: {two(scores[rung])}": both[0][:12] for rung, both in art.items()}
             | {f"real: {floor:.1f}": spare[:12]}, scale=4, label_width=150,
             alt="Twelve digits of each rung of the ladder, and real ones")

# %%
names = list(ladder)
control = [judge.score(draw([*ladder["+ v"], "fresh"], net, SCORED)) for net in nets["+ v"]]
pairs = {new: (scores[old], scores[new]) for old, new in zip(names, names[1:])}
pairs["+ fresh, but with BasicUNet"] = scores["+ v"], control
Markdown("\n".join(f"- `{rung}` {lesson_07.verdict(old, new)} ({two(old)}; then {two(new)})."
                   for rung, (old, new) in pairs.items()))

# %% [markdown]
# First look at the rows of digits. From `+ gaussian` to `+ Unet` all of them start from the same noise, and in most
# columns you can follow one digit downwards, although each row has a network of its own. In the row of `+ fresh` the
# digits are others, because the noise on the way decides as well.
#
# Now read the list, with care. It says "pays" only if both trainings with a change are better than both without it, and
# "costs" only if both are worse. Even if a change does nothing, luck alone brings four numbers into the first order one
# time in six, and into the second as often. So of seven lines you must expect about two such verdicts from luck alone.
# What counts is how large a gain is beside the difference of two trainings of one recipe, and whether it comes out
# again in another run. In the saved edition this is what remains:
#
# - With BasicUNet nothing that is *trained* differently can be told from chance. All numbers from the walk to `v` lie
#   between 22.7 and 30.5, and the two trainings of `gaussian` alone are 5.5 apart. So neither the cost of `preserving`
#   nor the gain of `v` proves anything here, and `v` is no better than the plain walk. (In its row above you can see
#   grain on the black. We shall come back to it.)
# - `Unet` lowers the distance from 27.8 and 26.5 to 14.4 and 17.3. This is more than chance. But it also had more
#   seconds.
# - `fresh` lowers it once more, by about 4, without any training. The last line is the control: with BasicUNet it pays
#   as well, by 2 to 5. So it does not need the better network to work.
#
# Where your list says otherwise, look at the two numbers before you believe it, and train with two more seeds. What a
# change is worth also depends on the data, and on how well the network has learned. And one number for 200 drawings
# hides much. To see what the clock and `v` do, look at the guesses themselves.
#
# **What do you expect** of the error of the guess, if you plot it against the amount? Where do `clock` and `v` lower
# it?
#
# <details name="expect-7-9"><summary>Both lower it everywhere, a little</summary>
#
# Neither does. The curves with and without the clock lie on each other almost everywhere, and that of `v` is lower only
# at the far left.
#
# </details>
# <details name="expect-7-9"><summary>The clock where the noise is strong, v where it is weak</summary>
#
# The half about `v` is true. As for the clock, the amount is indeed read less exactly under strong noise, as the wide
# end of the band in section 7 showed. But there every answer is a blur, and it hardly changes with the exact amount.
#
# </details>
# <details name="expect-7-9"><summary>Only v lowers it, where the noise is weak</summary>
#
# Nearly: at the far left the clock lowers it a little, too, and `v` far more. Mind that the axis is logarithmic. Then
# look what `v` does elsewhere, because it has its price.
#
# </details>

# %%
@torch.no_grad()
def error_at(rung, net, amount):
    how, g = ladder[rung], torch.Generator().manual_seed(5)
    image, grain = shares(how, torch.tensor(amount))
    x_a = image * real + grain * noise_like(how, len(real), g)
    return F.mse_loss(guess(how, net, x_a, torch.tensor(amount)), real).item()


levels = [0.05 * i for i in range(1, 21)]
errors = {rung: [[error_at(rung, net, a) for a in levels] for net in nets[rung]]
          for rung in ("+ preserving", "+ clock", "+ v")}
charts.lines({rung: (levels, runs) for rung, runs in errors.items()}, log="y",
             x="amount of noise a", y="mean squared error of the guess",
             alt="Two curves of the error nearly coincide; that of v dives on the left")

# %% [markdown]
# With and without a clock it is nearly one curve, as your two columns foretold. (Only at the far left the clock helps a
# little. The columns do not explain that, since they read weak noise best.) The curve of `v` dives on the left. There
# the picture is $\cos\, x_a - \sin\, \mathrm{out}$, almost $x_a$ itself, and the mistakes of the network are multiplied
# by a small number. A network that is asked for the picture must redraw even an all but clean digit, every pixel of it,
# and it redraws it a little worse than it was. This is what `v` is for: where little is hidden, what is there is kept.
#
# But from about a = 0.2 on, the curve of `v` lies *above* the others in the saved edition. The squared error of v is
# that of the picture divided by $\sin^2$, so the loss of `v` gives more weight to weak noise and less to strong noise.
# A small network that takes more care of the one may have less left for the other. There is a second price. Everything
# that `out` does not take away is kept, so if `out` misses some of the noise, this noise stays in the picture. That may
# well be the grain that you saw on the black. So with a network as small as BasicUNet `v` gains under weak noise and
# loses under strong noise, and the score shows how little remains of the gain. With the Unet, in the saved edition, the
# black is black again.
#
# You have climbed from the plainest machine back to the one that you know. With the last rung taken, `draw` does what
# `du.sampler` does, as this cell shows: tell the course's sampler what your network answers, and it draws the same
# digits.

# %%
top_rung, net = ladder["+ fresh"], nets["+ fresh"][0]


def denoiser(x, t, c=None):
    return net(shown(top_rung, x, t))


denoiser.predicts = "v"
ab_t = torch.cos(torch.pi / 2 * torch.linspace(0, 1, 41).double()) ** 2
g = torch.Generator().manual_seed(1)
start = noise_like(top_rung, 8, g)
*_, last = du.sampler(denoiser, ab_t, start, steps=40, eta=1, generator=g)
difference = (last.x - draw(top_rung, net, 8)).square().mean((1, 2, 3)).sqrt().median().item()
assert difference < 1e-2
print(f"Yours and du.sampler's digits differ by {difference:.0e} (root mean square).")

# %% [markdown]
# ## Try it
#
# Hide eight real digits, then walk from there instead of from pure noise. At which amount does the walk no longer bring
# back *the* digit, but *a* digit? Do more steps bring it back from further away? In the saved picture, at a = 0.7, the
# 0 has come back, while the 3 has become more of a 5, and the 2 more of a 6.

# %%
def hide_and_walk(amount=0.7, steps=10, network=0, seed=1):
    hidden = corrupt(clean, torch.full((8,), amount), uniform(8, seed))
    inputs, guesses = walk(basic[network], hidden, [amount * a for a in evenly(steps)])
    rows = {"real digit": clean, f"hidden, a = {amount:.2f}": hidden, "first guess": guesses[0],
            f"after {steps} step{'s' * (steps > 1)}": inputs[-1]}
    same = (judge.reads(inputs[-1]) == label[8:16]).sum().item()
    alt = f"Eight digits, hidden by {amount:.2f} of noise, and what {steps} steps make of them"
    return (du.show_rows(rows, scale=4, label_width=130, alt=alt),
            f"{same} of 8 are still read as the same digit.")


widgets.try_it(hide_and_walk, amount=(0.05, 1.0, 0.05), steps=(1, 40), network=[0, 1],
               seed=(1, 20))

# %% [markdown]
# ## Open problem
#
# You have your two networks of section 2, uniform noise, and **twenty** calls for each batch of digits. How low a
# Fréchet distance can you reach, without any more training?
#
# `twenty_calls` takes a function `draw(ask, x, seed)` that turns the uniform noise x into digits. In it, `ask(x)`
# gives the network's guess, and refuses the twenty-first call. The score is the mean over both networks and two
# seeds. The walk in twenty even steps is the score to beat. Must the amounts be even? Must the guess be taken as it
# is? Must the noise of the next mixture be the noise that was in the last? Beware of chance: try other seeds before
# you believe a gain.

# %%
def twenty_calls(draw):
    """The mean Fréchet distance of draw(ask, x, seed), over both networks and two seeds."""
    def one(net, seed):
        left = list(range(20))

        @torch.no_grad()
        def ask(x):
            du.need(left, "twenty calls of the network are all you have")
            left.pop()
            return net(x)

        return judge.score(draw(ask, uniform(SCORED, 10 + seed), 20 + seed))

    return sum(one(net, seed) for net in basic for seed in SEEDS) / (len(basic) * len(SEEDS))


def even_walk(ask, x, seed):
    return walk(ask, x, evenly(20))[0][-1]


to_beat = twenty_calls(even_walk)
print(f"twenty even steps: {to_beat:.1f}; real digits: {floor:.1f}")

# %% [markdown]
# The course's own best so far is folded below. Look at it when you have beaten the even steps, or given up. It is not
# far ahead: in the saved edition it gains 1.4, which is less than two trainings of one recipe may differ. From there to
# the score of real digits, which is 6.5, there is much room.

# %% tags=["solution"] jupyter={"source_hidden": true}
def looking_ahead(ask, x, seed):  # 2M of lesson 6: half a step along the change of the guess
    amounts, before = evenly(20), None
    for now, then in zip(amounts, amounts[1:]):
        pred = ask(x)
        ahead = pred if before is None or then == 0 else pred + (pred - before) / 2
        x, before = walk_step(x, ahead, now, then), pred
    return x


best = twenty_calls(looking_ahead)
print(f"the course's best so far: {best:.1f}")

# %% [markdown]
# ## What you saw

# %% tags=["timed"]
Markdown(f"""
- BasicUNet has {sum(p.numel() for p in basic[0].parameters()):,} parameters, of which
  {sum(idle(basic[0], hidden))} never do any work.
- From pure noise it guesses the average digit, to within {away:.2f} (root mean square); a real
  digit is {apart:.2f} away from that.
- In one step the Fréchet distance was {two(by_steps[1])} (two trainings), in five
  {two(by_steps[5])}, in 40 {two(by_steps[40])}; real digits have {floor:.1f}.
- A walk that stops one step early scored {two(rule_scores["1/(n - i + 1)"][0])} with ten steps,
  the whole walk {two(rule_scores["1/(n - i)"][0])}.
- UNet2DModel made {len(large_losses[0])} steps in the time of {steps} of BasicUNet, and scored
  {two(large_scores)} against {two(by_steps[20])}, in 20 steps of walking each.
- Two columns tell the amount of noise to within {off:.2f}.
- From the walk to DDPM: {"; ".join(f"{rung} {two(s)}" for rung, s in scores.items())}.
""")

# %% [markdown]
# ## Quiz
#
# **1.** Why is the guess from pure noise a blur, however well the network is trained?
#
# <details><summary>Answer</summary>
#
# All digits are possible, and the answer with the smallest mean squared error is their average. Any one sharp guess
# would be wrong most of the time.
#
# </details>
#
# **2.** You walk in n steps, with m = 1/n in every one. You keep the last x, as `walk` does. What have you drawn,
# and what could you have kept instead?
#
# <details><summary>Answer</summary>
#
# A noisy picture: the share $(1 - 1/n)^n$ of the first noise, about a third (35 % for ten steps, 37 % for very many),
# is still in x. The parts must grow, since each is a part of what is *left*, and the last must be all of it. The last
# guess would have been a picture without grain, only a softer one, because it was made from an x that still held so
# much noise. You saw both in section 5.
#
# </details>
#
# **3.** Why does DDPM need Gaussian noise, when the walk does not?
#
# <details><summary>Answer</summary>
#
# DDPM adds new noise to what is left of the old. The sum of two Gaussian noises is Gaussian again, so the network goes
# on seeing the kind of noise that it knows. The sum of two uniform noises is not uniform. The walk adds none: it only
# shrinks the noise that it began with.
#
# </details>
#
# **4.** A friend trains the network of section 6 twice, once with a real clock and once with the clock frozen at 0. The
# pictures are equally good. Is the clock of diffusion models useless?
#
# <details><summary>Answer</summary>
#
# No, but here it tells the network what the network can read off the picture. This would not be so if the amount
# could not be seen, for example if the pictures themselves look like noise. Nor would it be so for a network that is to
# jump over several levels at once: no picture shows where the jump should end, so the network must be told (lesson 11).
#
# </details>

# %% [markdown]
# ## Where you meet this outside
#
# - **"x0-prediction"**, or `prediction_type="sample"` in the schedulers of the *diffusers* library, is your network's
#   question: the clean picture. The others are `"epsilon"` (Stable Diffusion 1 and 2-base) and `"v_prediction"` (Stable
#   Diffusion 2 at 768 pixels). If the setting does not fit the network, nothing fails; only the pictures are wrong.
# - **Straight mixtures**, (1 - a) x + a z, are in wide use: Stable Diffusion 3 and FLUX are trained with them, with
#   Gaussian noise, as *rectified flow*. Their networks answer z - x. Lesson 11 takes it up.
# - **Few-step networks** ("LCM", "turbo", "lightning") need one to eight calls, because they guess a sharp picture from
#   the beginning. They escape the blur because they are not trained to come nearest to the clean picture in squared
#   error, as yours is. *Consistency models*, to which LCM belongs, learn to guess where the walk from this x would
#   *end*. That is one picture, so there is nothing to average. Turbo and Lightning also have an opponent in their
#   training, a second network that learns to tell their pictures from better ones, and a blur does not deceive it.
# - **Cold Diffusion** walks with other ways of hiding a picture: blur, masks, snow. Your `walk_step` would do for those
#   that mix the picture with something, because nothing in it requires that this is noise.
# - **`find_unused_parameters=True`** is what people write into `DistributedDataParallel` when it complains about
#   parameters that get no gradient at all. It searches for them anew in every step. Your `idle` finds them once, so
#   that they can be deleted.
#
# ## Going further
#
# - Hugging Face, *Diffusion Models Course*, unit 1, the notebook *Diffusion Models from Scratch*: where BasicUNet and
#   the walk come from, on MNIST with pixels in [0, 1].
# - Bansal and others (2022), *Cold Diffusion: Inverting Arbitrary Image Transforms Without Noise*: hides pictures by
#   blur, masks or snow, and walks back.
# - Liu, Gong and Liu (2023), *Flow Straight and Fast*: the straight mixture and the walk, with the theory of why any
#   noise will do.
# - Sun and others (2025), *Is Noise Conditioning Necessary for Denoising Generative Models?*: networks without a
#   clock, on small photographs, and why most of them lose little.
# - Salimans and Ho (2022), *Progressive Distillation for Fast Sampling of Diffusion Models*: where v comes from.
# - Li and He (2025), *Back to Basics: Let Denoising Generative Models Denoise*: why a network that predicts the
#   clean image may be the better choice after all, where pictures are large.
#
# Next: [08_variational_bound](08_variational_bound.ipynb)
