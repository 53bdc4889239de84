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
# Hide a picture under noise, guess it back: can that alone become a machine that draws? You build it from nothing, for
# handwritten digits. Then you climb from there to DDPM and measure every step. This film is where you will arrive.

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
import time
from typing import NamedTuple
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from IPython.display import Markdown
from sklearn.datasets import load_digits
from torchvision.datasets import MNIST


# %%
def digits(source="sklearn", folder="../data/mnist", download=False):
    """Handwritten digits in shuffled order: images (N, 1, H, W) in [-1, 1], labels (N,). Downloads only if told to."""
    if source == "sklearn":  # 1,797 of 8x8 with values 0 to 16, enlarged, with a black edge
        raw = load_digits()
        x, label = torch.from_numpy(raw.images).float()[:, None] / 8 - 1, torch.from_numpy(raw.target)
        x = F.pad(F.interpolate(x, size=12, mode="bilinear"), (2, 2, 2, 2), value=-1.0)
    elif source == "mnist":  # 60,000 of 28x28 with values 0 to 255
        raw = MNIST(folder, train=True, download=download)
        x, label = du.to_images(raw.data[..., None].numpy()), raw.targets
    else:
        raise ValueError(f"the source must be 'sklearn' or 'mnist', not {source!r}")
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    return x[order], label[order]


x, label = digits()
real, spare, train = x[:300], x[300:600], x[600:]  # nothing is ever trained on `real` and `spare`
shape, scale = tuple(x.shape[1:]), round(48 / x.shape[3])
print(f"{len(x)} digits of {shape[1]} x {shape[2]}, {len(train)} of them to train on")

# %%
EPOCHS = 20  # how often each training digit is shown

# %%
torch.manual_seed(0)
goal = du.Trainer(du.Unet(1, widths=(16, 32, 64)), train, du.noise_schedule("cosine"), batch=32, warmup=50)
*_, end = goal.run(epochs=EPOCHS)
drawn, steps = du.sample(goal.ema.model, goal.ab_t, 24, shape=shape, steps=40, eta=1.0, clip=True, keep=40)
du.film(
    {"the picture": torch.stack([step.x for step in steps]), "the guess": torch.stack([step.x0 for step in steps])},
    labels=[f"step {step.i + 1} of 40" for step in steps],
    columns=6,
    scale=scale,
    alt="Film: on the left noise turns into 24 digits in 40 steps, on the right the network's guess of them",
)

# %%
print(f"It was trained for {end.seconds:.0f} seconds, {end.step} steps, just before you saw this.")

# %% [markdown]
# Left: noise becomes digits. Right: what the network guesses the end to be. It has studied scikit-learn's digits, all but
# `real` and `spare`. (For the 60,000 of MNIST call `digits("mnist", download=True)`, online, with both EPOCHS = 1.)
#
# **You will be able to**
# - **write** a diffusion model from scratch: hide, guess, walk;
# - **measure** how good drawn digits are, and how far real ones are from each other;
# - **judge** whether a larger network is worth its seconds;
# - **name** the five things that DDPM does differently, and what each is for.
#
# **You need** lessons 1 (noise), 03 (`BasicUNet`), 04 (v) and 06 (DDIM). **Time:** about 45 minutes; the cells run in
# three on a laptop CPU.

# %% [markdown]
# ## 1. How do you hide a picture?
#
# Mix it with noise. An `amount` between 0 and 1 says how much, and nothing else does: no T, no schedule.
#
# $$x_a = (1 - amount)\;x + amount\;noise$$
#
# The `noise` is *uniform*: every value from -1 to 1 is equally likely. (Where pixels lie in [0, 1], so does the noise.
# We keep the [-1, 1] of this course; all that follows is the same for both, and only the squared errors grow fourfold.)
#
# **What do you expect?** Eight different digits, at amounts 0, 1/7, ... 1. Up to which can you read them?


# %%
def corrupt(x, amount, g):
    """Digits (B, 1, H, W), mixed with uniform noise by amount (B, 1, 1, 1). g: a torch.Generator."""
    noise = 2 * torch.rand(x.shape, generator=g) - 1
    return (1 - amount) * x + amount * noise


# %%
amount = torch.linspace(0, 1, 8)[:, None, None, None]
hidden, top = corrupt(real[:8], amount, torch.Generator().manual_seed(1)), [f"{a:.2f}" for a in amount.flatten()]
rows = {"clean": real[:8], "hidden": hidden}
du.show_rows(rows, scale=scale, label_width=70, top=top, alt="Eight digits, and the same under 0, 1/7, ... 1 of noise")

# %% [markdown]
# Most people read on to about the middle. At 1 nothing of the digit is left: whoever "sees" one there makes it up. A
# machine that makes them up is what we are after.

# %% [markdown]
# ## 2. Can a network see through the noise?
#
# Show it $x_a$ and ask for the clean x. This is the `BasicUNet` of lesson 3, with its skips always on. Note what it is
# *not* given: the amount.


# %%
class BasicUNet(nn.Module):
    """Three 5x5 convolutions down, three up, skips added: (B, in, H, W) to (B, out, H, W)."""

    def __init__(self, in_channels=1, out_channels=1):
        super().__init__()
        widths = [in_channels, 32, 64, 64, 64, 32, out_channels]
        convs = [nn.Conv2d(a, b, 5, padding=2) for a, b in zip(widths, widths[1:])]
        self.down, self.up = nn.ModuleList(convs[:3]), nn.ModuleList(convs[3:])

    def forward(self, x):
        h0 = F.silu(self.down[0](x))
        h1 = F.silu(self.down[1](F.max_pool2d(h0, 2)))
        h = F.silu(self.down[2](F.max_pool2d(h1, 2)))
        h = F.silu(self.up[0](h))
        h = F.silu(self.up[1](F.interpolate(h, scale_factor=2) + h1))
        return self.up[2](F.interpolate(h, scale_factor=2) + h0)


assert du.count_parameters(BasicUNet()) == 309_057

# %% [markdown]
# Training is the plainest there is. Each digit gets another amount and other noise, and the loss is the squared error of
# the guess:
#
# $$loss = \mathrm{mean}\left((net(x_a) - x)^2\right)$$
#
# `question` makes the answer that is wanted, then what is shown. `learn` trains for so many steps or seconds, while the
# learning rate falls to zero.
#
# **What do you expect?** Will the loss go to zero, too?


# %%
def question(x, g):
    return x, corrupt(x, torch.rand(len(x), 1, 1, 1, generator=g), g)


# %%
def learn(net, question, steps=10**9, seconds=10**9, seed=0, lr=1e-3):
    """Trains net to answer the question (32 digits a step); returns the losses."""
    g, start, done = torch.Generator().manual_seed(seed), time.perf_counter(), 0.0
    net.to(memory_format=torch.channels_last)  # the same numbers, in an order that suits convolutions
    optimizer, losses, order = torch.optim.Adam(net.parameters()), [], []
    while done < 1:
        if len(order) < 32:  # a new epoch
            order = torch.randperm(len(train), generator=g)
        rows, order = order[:32], order[32:]
        wanted, *shown = question(train[rows], g)
        loss = F.mse_loss(net(*shown), wanted)
        optimizer.param_groups[0]["lr"] = lr * (1 - done)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        done = max(len(losses) / steps, (time.perf_counter() - start) / seconds)
    return losses


# %%
EPOCHS = 30

# %%
torch.manual_seed(0)
basic, per_epoch, start = BasicUNet(), len(train) // 32, time.perf_counter()
losses = torch.tensor(learn(basic, question, steps=EPOCHS * per_epoch))
budget = time.perf_counter() - start
by_epoch = losses.view(EPOCHS, per_epoch).mean(1)
for epoch in sorted({1, 2, 3, EPOCHS // 2, EPOCHS} & set(range(1, EPOCHS + 1))):
    print(f"epoch {epoch:2d}: loss {by_epoch[epoch - 1]:.3f}")
print(f"{EPOCHS} epochs of {per_epoch} steps took {budget:.0f} seconds")

# %%
average = train.mean(0)
fig, ax = plt.subplots(figsize=(7, 3.2))
ax.plot(torch.arange(len(losses)) / per_epoch, losses, color="0.75", label="each step")
ax.plot(torch.arange(EPOCHS) + 0.5, by_epoch, "o-", ms=4, label="mean of each epoch")
ax.axhline((train - average).square().mean(), color="k", ls="--", label="always answering the average digit")
ax.set(xlabel="epoch", ylabel="mean squared error", ylim=(0, 0.2))
ax.legend()
du.show_figure(fig, alt="The loss of each step and of each epoch: a steep fall in the first epochs, then a slow one")

# %% [markdown]
# Not to zero: under much noise many digits fit what is seen, and the answer with the smallest squared error is their
# *average*. Look at it guess, on digits that it never saw.

# %%
with torch.no_grad():
    pred = basic(hidden)
rows = {"clean": real[:8], "hidden": hidden, "guess": pred}
du.show_rows(rows, scale=scale, label_width=70, top=top, alt="Clean digits, hidden ones, guesses: ever softer to the right")

# %%
away = (pred[-1] - average).square().mean().sqrt()
apart = (real[:8] - average).square().mean((1, 2, 3)).sqrt().mean()
print(f"RMSE to the average of all digits: the last guess {away:.2f}, a real digit {apart:.2f}")

# %% [markdown]
# Sharp on the left, soft on the right: from pure noise it guesses nearly the average of all digits. The best answer to
# an impossible question is a blur.

# %% [markdown]
# ## 3. How do you get a digit out of a blur?
#
# Do not jump to the guess, only walk a little towards it; then ask again. With n steps, step i = 0, 1, ... n-1 goes the
# part m of what is left:
#
# $$m = \frac{1}{n - i}\qquad x \leftarrow x\,(1 - m) + pred\;m$$
#
# The last step has m = 1: the drawing is the last guess. **What do you expect?** How do five inputs and five guesses look?


# %%
@torch.no_grad()
def walk(net, x, n):
    """A generator: the input x and the guess of each of n steps. The last guess is the drawing."""
    for i in range(n):
        pred, m = net(x), 1 / (n - i)
        yield x, pred
        x = x * (1 - m) + pred * m


def uniform(n, seed):
    return 2 * torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed)) - 1


rows, gap = {}, torch.full((1, *shape), 0.77)
for i, (x, pred) in enumerate(walk(basic, uniform(6, seed=1), 5)):
    rows[f"step {i + 1}"] = torch.cat([x, gap, pred])
top = ["input"] * 6 + [""] + ["guess"] * 6
du.show_rows(rows, scale=scale, label_width=60, top=top, alt="Five rows: left six inputs, ever less noise; right the guesses")

# %% [markdown]
# Down the right half the guess makes up its mind. Each step commits the input a little, what is committed rules some
# digits out, and the average of those that are left is sharper. Now with 40 steps.

# %%
*_, (_, walked) = walk(basic, uniform(32, seed=1), 40)
du.show(walked, columns=8, scale=scale, title="32 digits, 40 steps", alt="32 drawn digits; most can be read, some are blots")

# %% [markdown]
# Many are digits. To say *how good*, train a judge, a small classifier, and compare its 32
# features of drawn and of real digits: a *Fréchet distance* (lesson 6), the `score`. The floor is the score of `spare`
# digits, real ones that neither network nor judge has seen.

# %%
def judge_of(x, label, epochs=15):
    torch.manual_seed(0)
    layers = [nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.SiLU(), nn.MaxPool2d(2))
              for a, b in ((1, 16), (16, 32), (32, 32))]  # fmt: skip
    features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    judge, features.num_features = nn.Sequential(features, nn.Linear(32, 10)), 32
    optimizer = torch.optim.Adam(judge.parameters(), lr=3e-3)
    for rows in (rows for _ in range(epochs) for rows in torch.randperm(len(x)).split(64)):
        loss = F.cross_entropy(judge(x[rows]), label[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return judge.eval().requires_grad_(False)


judge = judge_of(train, label[600:])
right = (judge(spare).argmax(1) == label[300:600]).float().mean()
print(f"The judge reads {right:.0%} of 300 unseen digits right.")

# %%
SCORED = 200  # how many drawn digits a score compares with the 300 of `real`


# %%
from torchmetrics.image.fid import FrechetInceptionDistance


def score(x):
    metric = FrechetInceptionDistance(feature=judge[0], input_img_size=shape)
    metric.update(real, real=True)
    metric.update(x[:SCORED], real=False)
    return metric.compute().item()


floor = score(spare)
print(f"score of {SCORED} real digits (the floor): {floor:.1f}; of uniform noise: {score(uniform(SCORED, 0)):.0f}")

# %% [markdown]
# **What do you expect** of 1, 2, 5, 20 and 40 steps: does the score keep falling?

# %%
ends = {}
for n in (1, 2, 5, 20, 40):
    *_, (_, ends[n]) = walk(basic, uniform(SCORED, seed=1), n)
by_steps = {n: score(x) for n, x in ends.items()}
rows = {f"steps: {n}\nscore {by_steps[n]:.1f}": x[:12] for n, x in ends.items()} | {f"real\nscore {floor:.1f}": spare[:12]}
du.show_rows(rows, scale=scale, label_width=90, alt="The same 12 noise images after 1 to 40 steps: a blur, then digits")

# %% [markdown]
# One step is the blur. More steps sharpen it, and each pays less than the one before. What remains after 40 is the
# network's own error, which more steps do not mend.

# %% [markdown]
# ## 4. Does a larger network draw better?
#
# The diffusers library has a U-Net ready: two residual blocks at each level, attention at the lower two. It wants a
# time, too; we always tell it 0. **What do you expect**, if both get the same number of *seconds*?

# %%
from diffusers import UNet2DModel


class Library(nn.Module):
    def __init__(self):
        super().__init__()
        down, up = ("DownBlock2D", *["AttnDownBlock2D"] * 2), (*["AttnUpBlock2D"] * 2, "UpBlock2D")
        self.unet = UNet2DModel(sample_size=28, in_channels=1, out_channels=1, layers_per_block=2,
                                block_out_channels=(32, 64, 64), down_block_types=down, up_block_types=up)  # fmt: skip

    def forward(self, x):
        return self.unet(x, 0).sample


torch.manual_seed(0)
library = Library()
assert du.count_parameters(library) == 1_707_009
print(f"{du.count_parameters(library) / du.count_parameters(basic):.1f} times the parameters of BasicUNet")

# %%
library_losses = learn(library, question, seconds=budget)
*_, (_, by_library) = walk(library, uniform(SCORED, seed=1), 20)
library_score = score(by_library)
print(f"In {budget:.0f} seconds BasicUNet made {len(losses)} steps, UNet2DModel {len(library_losses)}.")

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
for name, values, style in (("BasicUNet", losses.tolist(), "C0-"), ("UNet2DModel", library_losses, "C1--")):
    axes[0].loglog(range(1, len(values) + 1), values, style, label=name)
    axes[1].loglog(torch.linspace(budget / len(values), budget, len(values)), values, style)
axes[0].set(xlabel="step", ylabel="mean squared error")
axes[1].set(xlabel="seconds of training")
axes[0].legend()
du.show_figure(fig, alt="Loss of both networks, by step on the left and by seconds on the right")

# %%
rows = {f"BasicUNet\nscore {by_steps[20]:.1f}": ends[20][:12], f"UNet2DModel\nscore {library_score:.1f}": by_library[:12]}
du.show_rows(rows, scale=scale, label_width=110, alt="Twelve digits of each network, from the same noise")

# %% [markdown]
# By step the larger network learns faster. By seconds it starts late, as each of its steps takes many times as long, and
# when the time is up it has about drawn level. Which one is ahead then depends on the machine, and on chance, because this
# is one training of each (section 5 shows how far two of the same kind lie apart). "Larger is better" is no answer before
# you say how long you train, and on what.

# %% [markdown]
# ## 5. What does DDPM change?
#
# Five things. Each change is a switch of a `Recipe`:
#
# | switch | change | why |
# |---|---|---|
# | `gaussian` | normal noise, not uniform | Gaussian plus Gaussian is Gaussian, so noise may be added on the way |
# | `preserving` | the *squares* of the two shares add up to 1 | the contrast stays about the same on the way |
# | `clock` | the network is told the amount | it need not find out |
# | `v` | it answers a mix of noise and image | see below |
# | `fresh` | each step draws part of the noise anew | earlier mistakes are washed out |
#
# The new shares are $image = \cos(\tfrac{\pi}{2}\,amount)$ and $grain = \sin(\tfrac{\pi}{2}\,amount)$. The network is now
# the small `du.Unet` of the first film, which has an input for a clock; where `clock` is off it is always told 0. DDPM
# itself predicts the noise; but at amount 1 that is all of x and says nothing of the image, so we take the mix of lesson
# 04, $v = image\;noise - grain\;x$.


# %%
class Recipe(NamedTuple):
    gaussian: bool = False
    preserving: bool = False
    clock: bool = False
    v: bool = False
    fresh: bool = False

    def noise(self, n, g):
        return torch.randn(n, *shape, generator=g) if self.gaussian else 2 * torch.rand(n, *shape, generator=g) - 1

    def shares(self, amount):
        angle = torch.pi / 2 * amount
        return (angle.cos(), angle.sin()) if self.preserving else (1 - amount, amount)

    def question(self, x, g):
        amount, noise = torch.rand(len(x), 1, 1, 1, generator=g), self.noise(len(x), g)
        image, grain = self.shares(amount)
        wanted = image * noise - grain * x if self.v else x
        return wanted, image * x + grain * noise, self.clock * amount.flatten()


# %% [markdown]
# The walk must fit the mix. So take x apart into the guess `pred` and the noise `z` that it leaves, and mix both again
# for the next amount, as DDIM does. With the shares of section 1 this *is* the walk: the assertion says so.


# %%
def guess(how, net, x, amount):
    image, grain = how.shares(amount)
    out = net(x, how.clock * amount.flatten())
    pred = image * x - grain * out if how.v else out
    return pred, (x - image * pred) / grain


@torch.no_grad()
def draw(how, net, n, steps=40, seed=1):
    g = torch.Generator().manual_seed(seed)
    x, amounts = how.noise(n, g), torch.linspace(1, 0, steps + 1)
    for now, then in zip(amounts, amounts[1:]):
        (image, grain), (image_s, grain_s) = how.shares(now), how.shares(then)
        pred, z = guess(how, net, x, now)
        new = grain_s / grain * (1 - (image / image_s) ** 2).sqrt() if how.fresh else 0 * grain  # DDPM's size
        x = image_s * pred + (grain_s**2 - new**2).sqrt() * z + new * how.noise(n, g)
    return x


*_, (_, walked) = walk(basic, uniform(8, seed=1), 20)
assert torch.allclose(draw(Recipe(), lambda x, t: basic(x), 8, steps=20), walked, atol=1e-3)

# %% [markdown]
# Now switch them on one by one; each row keeps the changes above it. The first is section 3's recipe with the new network.
# Every row but `fresh` is a training of its own, of the same length, from two seeds. **What do you expect?** Which switch
# pays most, and does one pay nothing?

# %%
SIDE_STEPS = 350  # of each training
SEEDS = (0, 1)

# %%
switches = ["section 3", "gaussian", "preserving", "clock", "v", "fresh"]
ladder = {name: Recipe(*[True] * i) for i, name in enumerate(switches)}
nets, drawn = {}, {}
for name, how in ladder.items():
    for seed in SEEDS:
        if how.fresh:  # changes the drawing, not the training
            net = nets["v", seed]
        else:
            torch.manual_seed(seed)
            net = nets[name, seed] = du.Unet(1, widths=(16, 32, 64))
            learn(net, how.question, steps=SIDE_STEPS, seed=seed, lr=2e-3)
        drawn[name, seed] = draw(how, net, SCORED)
scores = {key: score(x) for key, x in drawn.items()}

# %%
rows = {}
for i, name in enumerate(switches):
    values = " and ".join(f"{scores[name, seed]:.1f}" for seed in SEEDS)
    rows[f"{'+ ' * (i > 0)}{name}\n{values}"] = drawn[name, 0][:12]
film_x = du.sample(goal.ema.model, goal.ab_t, SCORED, shape=shape, steps=40, eta=1.0).cpu()
film_score = score(film_x)
rows[f"the first film's\n{film_score:.1f}"] = film_x[:12]
rows[f"real\n{floor:.1f}"] = spare[:12]
du.show_rows(rows, scale=scale, label_width=130, alt="Twelve digits of each recipe, with the scores of two trainings")

# %%
fig, ax = plt.subplots(figsize=(5.5, 3.2))
for seed, style in zip(SEEDS, ("oC0", "sC1")):
    ax.plot([scores[name, seed] for name in switches], switches, style, label=f"seed {seed}")
ax.axvline(film_score, color="C2", ls="--", label="the first film's network")
ax.axvline(floor, color="k", ls=":", label="real digits (the floor)")
ax.invert_yaxis()
ax.set(xlabel=f"Fréchet distance ({SCORED} digits)", xlim=(0, None))
ax.legend(bbox_to_anchor=(1.02, 1), loc="upper left")
du.show_figure(fig, alt="The scores of the six recipes, two trainings each, as dots, and two lines: the film's, the floor")

# %% [markdown]
# After so short a training no switch pays more than the two seeds are apart. With seed 0 `v` and `fresh` seem to pay, with
# seed 1 they do not: a score from one seed would have told you more than is true. But neither does it show that the
# switches are worth nothing. What most of the error is made of here is a network that has only begun, and its mistakes
# hide what the recipes add; with more steps the rungs may part (set `SIDE_STEPS` to twice as many, and see whether
# `fresh` still does not pay). In the end, with exact guesses and small steps, the plain walk, too, would arrive at true
# digits, whatever the noise (lesson 11 tells why). The gap to the film is training: the same network and recipe, and more
# steps. (Its row is drawn without the film's clipping, as are the rows above it.)
#
# So look closer than at one number, where `v` could help and `clock` does not. **What do you expect** of the error of the
# guess, by amount?


# %%
@torch.no_grad()
def error_at(name, amount):
    how, g, amount = ladder[name], torch.Generator().manual_seed(5), torch.tensor(amount)
    image, grain = how.shares(amount)
    x_a = image * real + grain * how.noise(len(real), g)
    return F.mse_loss(guess(how, nets[name, 0], x_a, amount)[0], real).item()


levels = torch.linspace(0.05, 1, 20).tolist()
errors = {name: [error_at(name, a) for a in levels] for name in ("preserving", "clock", "v")}
fig, ax = plt.subplots(figsize=(7, 3.2))
for (name, values), style in zip(errors.items(), ("C0o--", "C1s-", "k^:")):
    ax.semilogy(levels, values, style, ms=4, label=name)
ax.set(xlabel="amount of noise", ylabel="mean squared error of the image")
ax.legend()
du.show_figure(fig, alt="Error of the guess by amount: two curves coincide, that of v is far lower where noise is little")

# %% [markdown]
# With and without a clock it is one curve from 0.15 on: the amount can be read off the picture (exercise 7.3 does it
# with two columns). The curve of `v` dives on the left. There the image is $pred = image\;x_a - grain\;out$, almost
# $x_a$ itself, and the mistakes of `out` shrink with grain; the others must redraw even an all but clean digit.

# %% [markdown]
# ## Try it
#
# Hide eight real digits, then walk. At which amount does the walk no longer bring back *the* digit, but *a* digit? What
# do more steps change there? (The rule of the walk needs no amount, so it can start anywhere.)


# %%
def hide_and_walk(amount=0.7, steps=10, network="BasicUNet", seed=1):
    net = {"BasicUNet": basic, "UNet2DModel": library}[network]
    x = corrupt(real[:8], amount, torch.Generator().manual_seed(seed))
    inputs, guesses = zip(*walk(net, x, steps))
    rows = {"real digit": real[:8], f"hidden, {amount:.2f}": x, "first guess": guesses[0]}
    rows[f"after {steps} step{'s' * (steps > 1)}"] = guesses[-1]
    alt = f"Eight digits, hidden by {amount:.2f} of noise, the first guess of {network}, and its walk of {steps} steps"
    same = (judge(guesses[-1]).argmax(1) == label[:8]).sum()
    return du.show_rows(rows, scale=scale, label_width=110, alt=alt), f"{same} of 8 are still read as the same digit"


widgets.try_it(hide_and_walk, amount=(0.0, 1.0, 0.05), steps=(1, 40), network=["BasicUNet", "UNet2DModel"], seed=(1, 20))

# %% [markdown]
# ## Exercises
#
# ### Exercise 7.1: hide it yourself
# *Difficulty 1 of 3, 5 minutes.*
#
# Write the mix of section 1 for a batch in which `amount` is a flat tensor of shape (B,), one number for each image. The
# noise is given.

# %% tags=["exercise"]
def my_corrupt(x, amount, noise):
    """Mixed images (B, C, H, W) from x and noise, both (B, C, H, W), and amount (B,)."""
    return ...  # your code here


checks.check_corrupt(my_corrupt)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_corrupt(x, amount, noise):
    a = amount.view(-1, 1, 1, 1)
    return (1 - a) * x + a * noise


result = checks.check_corrupt(solution_corrupt)
assert result.passed
result

# %% [markdown]
# ### Exercise 7.2: a step from any amount to any other
# *Difficulty 2 of 3, 10 minutes.*
#
# The steps of section 3 have equal lengths. Free yourself of that: `x` holds the amount `now` of noise, `pred` is the
# guess. Return x with the smaller amount `then`. First find the noise that is in x if pred is right, then mix again.

# %% tags=["exercise"]
def my_walk_step(x, pred, now, then):
    """Images (B, C, H, W) with the amount `then` of noise, a float from 0 to below `now`, a float up to 1."""
    return ...  # your code here


checks.check_walk_step(my_walk_step)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_walk_step(x, pred, now, then):
    noise = (x - (1 - now) * pred) / now
    return (1 - then) * pred + then * noise  # the same as x * then / now + pred * (1 - then / now)


result = checks.check_walk_step(solution_walk_step)
assert result.passed
result

# %% [markdown]
# ### Exercise 7.3: a clock without a clock
# *Difficulty 2 of 3, 10 minutes.*
#
# How can a network know the amount if nobody tells it? Do it by hand: our digits are hidden by uniform noise, and their
# first and last columns, `x[..., [0, -1]]`, are black: -1. What is the mean of such a column at some amount? Solve for
# the amount.

# %% tags=["exercise"]
def my_amount(x):
    """The amount of noise (B,) in hidden digits x (B, 1, H, W)."""
    return ...  # your code here


checks.check_amount(my_amount)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_amount(x):
    return 1 + x[..., [0, -1]].mean((1, 2, 3))  # the mean there is -(1 - amount), as that of the noise is 0


g = torch.Generator().manual_seed(6)
truth = torch.rand(len(real), 1, 1, 1, generator=g)
off = (solution_amount(corrupt(real, truth, g)) - truth.flatten()).square().mean().sqrt()
print(f"300 digits with random amounts: the two columns alone tell them to within {off:.2f} (RMSE)")
result = checks.check_amount(solution_amount)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
mean = {name: sum(scores[name, seed] for seed in SEEDS) / len(SEEDS) for name in ladder}
spread = max(abs(scores[name, 0] - scores[name, 1]) for name in ladder)
Markdown(f"""
- BasicUNet learned in {budget:.0f} s; its loss fell from {by_epoch[0]:.3f} in the first epoch to {by_epoch[-1]:.3f} in
  the last.
- From pure noise it guesses the average digit, to within {away:.2f} (RMSE).
- In one step the score was {by_steps[1]:.0f}, in 5 steps {by_steps[5]:.1f}, in 20 steps {by_steps[20]:.1f}; real digits
  have {floor:.1f}.
- UNet2DModel made {len(library_losses)} steps in the time of {len(losses)}, and scored {library_score:.1f} against
  {by_steps[20]:.1f} (20 steps of walking each).
- The small Unet after {SIDE_STEPS} steps, from section 3's recipe to DDPM: {", ".join(
    f"{name} {value:.1f}" for name, value in mean.items())} (mean of two seeds, which differed by up to {spread:.1f}).
- With little noise (amount {levels[0]:.2f}) the error of the guess was {errors["preserving"][0]:.4f} without a clock,
  {errors["clock"][0]:.4f} with one, and {errors["v"][0]:.4f} with v.
- The network of the first film, {goal.step} steps of lesson 4's training, scored {film_score:.1f}.
""")

# %% [markdown]
# ## Quiz
#
# **1. Why is the guess from pure noise a blur, however well the network is trained?**
# <details><summary>Answer</summary>
# All digits are possible, and the answer with the smallest mean squared error is their average. A sharp guess would be
# wrong most of the time.
# </details>
#
# **2. You walk in n steps with m = 1/n in every one, instead of 1/(n - i). What comes out?**
# <details><summary>Answer</summary>
# x stays a noisy picture. After n steps the share (1 - 1/n)^n of the first noise is left in it: about 37 %. The parts must
# grow, since each is a part of what is left, and the last must be all of it. (The last *guess* is a drawing all the same,
# and `walk` hands out that one; but it was made from an x that still held too much noise.)
# </details>
#
# **3. Why does DDPM need Gaussian noise, and the walk does not?**
# <details><summary>Answer</summary>
# DDPM adds new noise to what is left of the old. Two Gaussians make a Gaussian, so the network still sees the kind of
# noise it knows. Two uniform noises do not make a uniform one. The walk only shrinks the noise it began with.
# </details>
#
# **4. One network gets a lower loss per step, another more steps per second. Which one do you take?**
# <details><summary>Answer</summary>
# Compare at the time you have. With a minute on a laptop the small one may win; with hours, or a GPU, the large one.
# </details>
#
# ## Going further
#
# - Hugging Face, *Diffusion Models Course*, unit 1: where BasicUNet and the walk come from, on MNIST with pixels in
#   [0, 1].
# - Bansal et al., *Cold Diffusion* (2022): hides images by blur, masks or snow instead of noise, and walks back.
# - Liu, Gong, Liu, *Flow Straight and Fast* (2023): the straight mix and the walk, with the theory of why any noise
#   will do; lesson 11 takes it up.
# - Sun et al., *Is Noise Conditioning Necessary for Denoising Generative Models?* (2025): networks without a clock, on
#   photographs.
# - Salimans, Ho, *Progressive Distillation for Fast Sampling of Diffusion Models* (2022): where v comes from.
#
# Next: [08_variational_bound](08_variational_bound.ipynb)
