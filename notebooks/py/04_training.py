# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4. Train it, now
#
# Here you train a network yourself, live, and look on while noise turns into sprites. The first picture shows where
# that leads: one network, saved four times in training, asked each time to draw from the same noise.

# %%
import sys
sys.path.insert(0, "..")  # the shared module lies one folder up
import diffusion_utilities as du
import widgets
import checks
import matplotlib.pyplot as plt
import torch
from IPython.display import Markdown, display

# %%
train, held_out = du.load_sprites("train"), du.load_sprites("held_out")
device = du.best_device()
asked, rows = torch.eye(5).repeat(2, 1)[:8], {}  # hero, non-hero, food, spell, side-facing, and again
for epoch in (0, 4, 8, 31):
    network, linear = du.load_model(du.WEIGHTS / f"context_model_{epoch}.pth")
    # order=2 needs fewer steps (lesson 6); clip keeps the guesses between -1 and 1
    x = du.sample(network, linear, 8, asked, seed=4, steps=25, order=2, clip=True)
    rows[f"after epoch {epoch}\ndistance {du.nearest(x, train.x)[0].mean():.2f}"] = x
real = torch.stack([held_out.x[held_out.c[:, k % 5] == 1][k] for k in range(8)])
rows[f"real sprites\ndistance {du.nearest(real, train.x)[0].mean():.2f}"] = real
du.show_rows(rows, scale=4, alt="Rows of 8 sprites from the same noise, after epochs 0, 4, 8, 31, and real ones")

# %% [markdown]
# Each column begins with the same noise and asks for the same class. An *epoch* is one round of training, here of
# 3,600 sprites; *distance* is that to the most similar training sprite (root mean square over pixels). The last row
# holds real sprites kept out of all training, *held out*: their distance is the goal, not zero.
# [The model card](../weights/README.md) scores these weights with many more pictures.
#
# **You will be able to**
# - write the training step of a diffusion model by hand,
# - measure whether a training is right, and what a missing square root does to it,
# - train a network live, stop it at any time, and resume it exactly,
# - explain when averaged weights help, and how low a loss can go.
#
# **You need** [lesson 1](01_intuition.ipynb) (noise, the perfect denoiser), [lesson 2](02_sampling.ipynb)
# (sampling) and [lesson 3](03_network.ipynb) (the Unet). All cells take about 5 minutes on two processor cores, three
# of them live training.

# %% [markdown]
# ## 1. One step of practice
#
# **What does the network practise?** In sampling it will look at noisy pictures and say what in them is noise.
#
# *What do you expect?* You have 36,000 clean sprites. How do you make a question of which you know the answer?
#
# Pick a sprite $x_0$ and a time $t$, draw noise $\epsilon$ (`eps`), and mix them. `ab_t` falls from 1 to nearly 0:
#
# $$x_t = \sqrt{ab_t}\; x_0 + \sqrt{1 - ab_t}\; \epsilon$$

# %%
T = 500
ab_t = du.noise_schedule("cosine", T)
torch.manual_seed(0)
x0 = train.x[torch.randint(len(train.x), (8,))]  # pick sprites
t = torch.linspace(20, 480, 8).long()  # pick times: at random in training, in order for this picture
eps = torch.randn_like(x0)  # draw noise
ab = ab_t[t].float()[:, None, None, None]  # one number per picture, shaped to multiply pictures
x_t = ab.sqrt() * x0 + (1 - ab).sqrt() * eps
assert torch.allclose(x_t, du.add_noise(x0, t, eps, ab_t), atol=1e-6)
strip = {"x0, the sprite": x0, "eps, the answer": eps, "x_t, the question": x_t}
du.show_rows(strip, scale=4, top=[f"t = {k}" for k in t], alt="Eight sprites, eight noises and their mixtures, by t")

# %% [markdown]
# What you just wrote is `du.add_noise` (other courses say *perturb*). You made both question and answer: nobody had to
# label anything. On the left the noise is faint; on the right there is little else.
#
# Now all of training in four lines: **pick sprites, pick times, add noise, ask for the noise** and mark the answer by
# its *mean squared error*, the *loss*. Then `backward` finds how each weight changes the loss, and the optimiser moves
# all weights a little downhill.
#
# $$\text{loss} = \text{mean}\,(\hat\epsilon - \epsilon)^2$$

# %%
STEPS = 60

# %%
torch.manual_seed(0)
small = du.Unet(widths=(16, 32, 48), predicts="eps")
optimizer, losses = torch.optim.AdamW(small.parameters(), lr=3e-3), []
for _ in range(STEPS):
    x0_batch = train.x[torch.randint(len(train.x), (64,))]
    t_batch, eps_batch = torch.randint(1, T + 1, (64,)), torch.randn_like(x0_batch)
    eps_hat = small(du.add_noise(x0_batch, t_batch, eps_batch, ab_t), t_batch / T)  # the network is given t/T
    loss = (eps_hat - eps_batch).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(f"The loss of the first step was {losses[0]:.2f}, that of step {STEPS} was {losses[-1]:.2f}.")

# %% [markdown]
# The first loss is no accident: this network's last layer starts at zero, so its first answer is "no noise at all",
# and the mean of $\epsilon^2$ is 1. What do its answers say about the sprites? Solve the mixture for $x_0$:
#
# $$\hat x_0 = (x_t - \sqrt{1 - ab_t}\;\hat\epsilon)\,/\,\sqrt{ab_t}$$

# %%
with torch.no_grad():
    eps_hat = small(x_t, t / T)
x0_hat = (x_t - (1 - ab).sqrt() * eps_hat) / ab.sqrt()
assert torch.allclose(x0_hat, du.to_x0_eps(eps_hat, x_t, t, ab_t, "eps")[0], atol=1e-3)
strip = {"x_t, the question": x_t, "the sprite it implies": x0_hat, "x0, the truth": x0}
du.show_rows(strip, scale=4, top=[f"t = {k}" for k in t], alt="Noisy sprites, the sprites implied by answers, truth")

# %% [markdown]
# After brief practice the middle row is cleaner than the question. The surprise is on the right: the implied
# sprites are garish although noise is easiest to guess there: dividing by a tiny $\sqrt{ab_t}$ enlarges every
# error.
#
# Given $x_t$ and $t$, any of three answers gives the other two:
#
# | `predicts` | the network answers | the sprite it implies |
# |---|---|---|
# | `"eps"` | the noise $\epsilon$ | $(x_t - \sqrt{1-ab_t}\,\hat\epsilon)/\sqrt{ab_t}$ |
# | `"x0"` | the sprite $x_0$ | $\hat x_0$ |
# | `"v"` | $v = \sqrt{ab_t}\,\epsilon - \sqrt{1-ab_t}\,x_0$ | $\sqrt{ab_t}\,x_t - \sqrt{1-ab_t}\,\hat v$ |

# %%
for name in ("eps", "x0", "v"):
    implied = du.to_x0_eps(du.target(x0, t, eps, ab_t, name), x_t, t, ab_t, name)[0]
    assert torch.allclose(implied, x0, atol=1e-3)
signal, sigma = ab_t[1:].sqrt(), (1 - ab_t[1:]).sqrt()
fig, ax = plt.subplots(figsize=(6.5, 3))
for name, factor, style in (("eps", sigma / signal, "-"), ("x0", sigma**0, "--"), ("v", sigma, "-.")):
    ax.semilogy(range(1, T + 1), factor, style, label=f"predicts {name}")
ax.set(xlabel="time t (steps)", ylabel="error of the implied sprite\nper error of the answer")
ax.legend()
du.show_figure(fig, alt="Error of the implied sprite by t: eps explodes near t = 500, x0 is 1, v stays below 1")

# %% [markdown]
# The three are one answer in three units, yet the curves show how differently they weigh mistakes. `v` never enlarges
# an error and is never trivial: at small t it is nearly the noise, at large t nearly the sprite, negated. The live
# training uses it.

# %% [markdown]
# ## 2. What is the best answer?
#
# **When many sprites could hide in the noise, which should the network say?** Suppose that it knows only "a hero".
#
# *What do you expect?* One of the heroes, or something that is no hero at all?
#
# The loss decides. Here are three as functions of one pixel's error $e$: `l2` is $e^2$, `l1` is $|e|$, and `huber` is
# $e^2/2$ up to $|e| = 1$, then $|e| - 1/2$.

# %%
e = torch.linspace(-2.5, 2.5, 201)
fig, ax = plt.subplots(figsize=(6, 3))
for (name, loss), style in zip(du.LOSSES.items(), ("-", "--", "-.")):
    ax.plot(e, loss(e, torch.zeros_like(e), reduction="none"), style, label=name)
ax.set(xlabel="error e of one pixel (images lie in -1..1)", ylabel="loss")
ax.legend()
du.show_figure(fig, alt="Three losses by error: l2 a parabola, l1 a V, huber round in the middle and straight outside")

# %% [markdown]
# An *outlier*, a pixel that is far off, dominates `l2`; in `l1` and `huber` it counts only in proportion. Now let
# each loss choose the best single answer to 500 heroes at once, downhill from a grey picture. Beside them stand the
# mean hero, the median hero and the perfect denoiser's answer to pure noise.

# %%
heroes = train.x[train.c[:, 0] == 1][:500]
tiles = {"mean": heroes.mean(0, True), "median": heroes.median(0, True).values}
tiles["perfect"] = du.PerfectDenoiser(heroes, ab_t)(torch.randn(1, 3, 16, 16), 1.0)
for name, loss in du.LOSSES.items():
    tiles[name] = torch.zeros(1, 3, 16, 16, requires_grad=True)
    optimizer = torch.optim.Adam([tiles[name]], lr=0.03)
    for _ in range(150):
        optimizer.zero_grad()
        loss(tiles[name].expand_as(heroes), heroes).backward()
        optimizer.step()
order = ["perfect", "mean", "l2", "huber", "l1", "median"]
best = torch.cat([tiles[name].detach() for name in order])
du.show_rows({"the best answer": best}, scale=5, top=order, alt="Best answers: l2 is the mean hero, l1 the median hero")

# %% [markdown]
# None is a hero. The smallest squared error belongs to the **mean** of all possible answers, and that is what the
# perfect denoiser of lesson 1 says; `l1` picks each pixel's **median**, crisper, but another
# quantity; `huber` stays near the mean. The surprise: a blurred answer at large t is no failure. Sampling in theory
# needs this very mean, hence `l2`; the sampler takes a small step towards it and asks again.

# %% [markdown]
# ## 3. The missing square root
#
# **How much damage does one forgotten square root do?** A well-known course mixes its training pictures with
# $(1 - ab_t)\,\epsilon$ instead of $\sqrt{1 - ab_t}\;\epsilon$, then samples with the right formulas.
#
# *What do you expect?* At which t is the ratio of the two worst: small, medium or large?

# %%
linear = du.noise_schedule("linear", T)  # the schedule of that course
right, wrong = (1 - linear[1:]).sqrt(), 1 - linear[1:]
fig, (left_ax, right_ax) = plt.subplots(1, 2, figsize=(8, 3))
left_ax.plot(range(1, T + 1), right, label="sqrt(1 - ab_t)")
left_ax.plot(range(1, T + 1), wrong, "--", label="1 - ab_t")
left_ax.set(xlabel="time t (steps)", ylabel="noise (standard deviation)")
left_ax.legend()
right_ax.semilogy(range(1, T + 1), right / wrong)
right_ax.set(xlabel="time t (steps)", ylabel="right noise / wrong noise")
fig.tight_layout()
print(f"At t = 50 the noise should have a standard deviation of {right[49]:.3f}; the wrong line adds {wrong[49]:.3f}.")
du.show_figure(fig, alt="Left: the wrong noise lies below the right one; right: their ratio, from 100 down to 1")

# %% [markdown]
# At large t nothing is wrong. At small t, where details are decided, sampling meets many times more noise than
# training showed. Does it matter? Two copies of the course's modern network practise on for a few steps, with the same
# random numbers; only that line differs.

# %%
SIDE_STEPS = 120  # of further practice; about 12 seconds on two quiet cores
SIDE_BATCH, SIDE_LR = 32, 5e-4
SCORED = 200  # sprites to draw for a score


# %%
def practise(network, power):
    """Go on training for SIDE_STEPS with noise scaled by (1 - ab_t) ** power: 0.5 is right, 1 is wrong."""
    torch.manual_seed(0)
    optimizer = torch.optim.AdamW(network.requires_grad_(True).parameters(), betas=(0.9, 0.99))
    losses = []
    for step in range(SIDE_STEPS):
        optimizer.param_groups[0]["lr"] = SIDE_LR * (1 - step / SIDE_STEPS)
        rows, t = torch.randint(len(train.x), (SIDE_BATCH,)), torch.randint(1, T + 1, (SIDE_BATCH,))
        x0, eps, ab = train.x[rows], torch.randn(SIDE_BATCH, 3, 16, 16), ab_t[t].float()[:, None, None, None]
        x_t = ab.sqrt() * x0 + (1 - ab) ** power * eps
        answer = network(x_t.to(device), t.to(device) / T, train.c[rows].to(device))
        loss = (answer - du.target(x0, t, eps, ab_t, "v").to(device)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"power {power}: {len(losses)} steps of practice, mean loss {sum(losses) / len(losses):.3f}")
    return network.eval()


# %%
unet = du.WEIGHTS / "unet.pth"
networks = {"before": du.load_model(unet)[0]}
networks["right"] = practise(du.load_model(unet)[0], power=0.5)
networks["no square root"] = practise(du.load_model(unet)[0], power=1)

# %% [markdown]
# Now sample from all three, with the same noise and the right formulas. The score is the *Fréchet distance* between
# what a small classifier sees in two sets of pictures: equal sets score 0, lower is better. It depends on how many
# pictures there are, so the first row gives it for as many real sprites. *Specks* is how far the upper corners are
# from white.

# %%
labels = held_out.c[:SCORED]  # the classes to ask for


def drawn_by(network, ab_t=ab_t):
    """As many sprites as there are labels, always from the same noise."""
    return du.sample(network, ab_t, len(labels), labels, seed=1, steps=20, order=2, eta=1.0, clip=True).cpu()


drawn = {"real sprites": train.x[:SCORED]} | {name: drawn_by(network) for name, network in networks.items()}
rows, frechet = {}, {name: du.frechet_distance(x, held_out.x) for name, x in drawn.items()}
for name, x in drawn.items():
    specks = (1 - x[:, :, 0, ::15]).abs().mean()  # how far the two upper corners are from white
    rows[f"{name}\nscore {frechet[name]:.1f}, specks {specks:.3f}"] = x[:8]
du.show_rows(rows, scale=4, label_width=180, alt="Real sprites; samples before, after right practice, without root")

# %% [markdown]
# Without the root, noise stays behind: look at the white. *Where* did the network get worse? Ask it about held-out
# sprites with correct noise at every t. The error of $v$ follows from that of the sprite:
#
# $$\hat v - v = -(\hat x_0 - x_0)\,/\,\sqrt{1 - ab_t}$$


# %%
def v_error(denoiser, data, n=400, ab_t=ab_t):
    """The squared error of v for n sprites, noised at times from 1 to T: the times (n,) and the errors (n,)."""
    t, x0 = torch.linspace(1, T, n).round().long(), data.x[:n]
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(1))
    x_t = du.add_noise(x0, t, noise, ab_t).to(device)
    with torch.no_grad():
        out = denoiser(x_t, t.to(device) / T, data.c[:n].to(device))
    x0_hat = du.to_x0_eps(out, x_t, t, ab_t, denoiser.predicts)[0].cpu()
    return t, (x0_hat - x0).square().mean((1, 2, 3)) / (1 - ab_t[t]).float()


# %%
def plot_by_t(ax, curves):
    """One line per name: the error of v by t, each point the mean of 20 sprites."""
    for (name, (t, error)), style in zip(curves.items(), ("-", "--", "-.", ":")):
        ax.semilogy(t.view(-1, 20).float().mean(1), error.view(-1, 20).mean(1), style, label=name)
    ax.set(xlabel="time t (steps)", ylabel="mean squared error of v")
    ax.legend()


# %%
by_t = {name: v_error(network, held_out) for name, network in networks.items()}
fig, ax = plt.subplots(figsize=(6.5, 3))
plot_by_t(ax, by_t)
ax.set_ylim(0.03, 1)
print("Mean over all t: " + ", ".join(f"{name} {error.mean():.3f}" for name, (_, error) in by_t.items()) + ".")
du.show_figure(fig, alt="Error of v on held-out sprites by t: without the square root it is higher at small t")

# %% [markdown]
# At large t, where right and wrong line agree, so do the networks. Below, the wrong one is worse, most near t = 100:
# it practised questions that sampling never asks. No error was raised, and its loss looks normal. The surprise is how
# good its sprites still look: such faults survive.

# %% [markdown]
# ## 4. Train it live
#
# **How far do you get in three minutes, from nothing?**
#
# *What do you expect?* In which order will they come: outlines, the white background, classes, faces?

# %%
SECONDS = 180
WIDTHS = (32, 64, 96)  # channels at 16x16, 8x8 and 4x4: those of the network in weights/unet.pth
BATCH = 32
LR = 3e-3

# %% [markdown]
# How low can the loss go? Not to zero, as many sprites could hide in the same $x_t$. The perfect denoiser
# averages all training sprites by how well they explain $x_t$. Nothing does better on those sprites, so its
# expected loss is the **floor**.
#
# The live training practises the middle times most, where a sprite is decided; the floor is weighed alike.

# %%
def as_practised(t, error):
    """The mean of the errors (n,) at times t (n,), each time counted as often as the live training meets it."""
    often = du.Times("middle", T).probabilities()[t - 1]
    return ((often * error).sum() / often.sum()).item()


# %%
perfect = du.PerfectDenoiser(train.x.to(device), ab_t, train.c.to(device))
on_train, on_held_out = v_error(perfect, train), v_error(perfect, held_out)
floor = as_practised(*on_train)
print(f"Loss of the perfect denoiser: {floor:.3f} on training sprites, {as_practised(*on_held_out):.2f} on held-out.")

# %% [markdown]
# The second number is no slip: the perfect denoiser is a perfect *memory*. Shown a new sprite, however clearly, it
# answers with old ones. So a network should **not** reach the floor, but stay above it, equally on both sets.


# %%
def look(trainer, steps=15):
    """Fifteen sprites, always from the same noise, five to a row: one of each class."""
    network, classes = trainer.ema.model, torch.eye(5).repeat(3, 1)
    return du.sample(network, trainer.ab_t, 15, classes, seed=3, steps=steps, order=2, eta=1.0, clip=True).cpu()


# %%
from matplotlib.figure import Figure


def draw(trainer, losses, x=None):
    """Where a training stands: losses, their mean over up to 20 steps, the floor, and samples (x, or new ones)."""
    tiles = du.show(look(trainer, steps=8) if x is None else x, 5, 4, "samples, always the same noise")
    note = f"step {trainer.step}, {trainer.seconds:.0f} s" if losses else "before the first step"
    kind = next(name for name, loss in du.LOSSES.items() if loss is trainer.loss)
    settings = f"lr {trainer.lr:.1e}, batch {trainer.batch}"
    ax, width = (fig := Figure(figsize=(4.6, 3.2))).subplots(), min(20, 1 + len(losses) // 10)
    smooth = torch.tensor(losses).unfold(0, width, 1).mean(1) if losses else []
    ax.loglog(range(1, len(losses) + 1), losses, color="lightgrey")
    ax.loglog(range(width, width + len(smooth)), smooth, color="tab:blue")
    if trainer.floor:
        ax.axhline(trainer.floor, color="tab:orange", ls="--")
        ax.text(1.1, 1.05 * trainer.floor, "floor: a perfect memory")
    ax.set(xlabel="step", ylabel=f"loss ({kind}) of {trainer.model.predicts}", xlim=(1, max(100, len(losses))))
    ax.set_title(f"{note} ({settings})", fontsize=10)
    ax.set_ylim((trainer.floor or 0.02) / 1.5, max([1.2, *(loss for loss in losses if loss < 1e9)]))
    for axis in (ax.xaxis, ax.yaxis):  # plain numbers, and only at powers of ten
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter("")
    alt = f"Training, {note} ({settings}): the {kind} loss of {trainer.model.predicts} by step, and fifteen samples"
    left, right = (torch.tensor(picture.frames[0]) for picture in (du.show_figure(fig, alt), tiles))
    right = torch.nn.functional.pad(right, (0, 0, 20, 0, 20, len(left) - len(right) - 20), value=255)
    return du.Picture(torch.cat([left, right], 1)[None], alt)


# %% [markdown]
# `du.Trainer` takes the steps of part 1 with four refinements: times spread over each batch (most in the
# middle), the class as a hint, hidden one time in ten (for lesson 5), a learning rate that falls to zero at the
# end, and averaged weights (part 5). **Press the stop button at any time: what was learned is kept.**

# %%
torch.manual_seed(0)
trainer = du.Trainer(du.Unet(widths=WIDTHS), train, ab_t, lr=LR, batch=BATCH, warmup=50, times="middle")
trainer.floor = floor  # for the picture
losses, frames, notes, shown = [], [look(trainer)], ["before the first step"], -2
handle = display(display_id=True)
try:
    for p in trainer.run(seconds=SECONDS):
        losses.append(p.loss.item())
        if p.seconds > len(frames) * SECONDS / 12:
            frames.append(look(trainer))
            notes.append(f"step {p.step}, {p.seconds:.0f} s")
        if p.seconds > shown + 4:  # drawing takes time, too
            handle.update(draw(trainer, losses, frames[-1]))
            shown = p.seconds
except KeyboardInterrupt:
    print("stopped by hand")
frames.append(look(trainer))
notes.append(f"step {trainer.step}, {trainer.seconds:.0f} s")
handle.update(draw(trainer, losses, frames[-1]))

# %% [markdown]
# Counted in steps (logarithmic axes) the loss plunges, then creeps, yet much is learned meanwhile: a poor
# judge.

# %%
du.film(torch.stack(frames), notes, columns=5, scale=4, fps=2, alt="Fifteen samples during training: noise to sprites")

# %% [markdown]
# Understood or memorised? Compare with the perfect memory.

# %%
curves = {"network, training sprites": v_error(trainer.ema.model, train)}
curves["network, held-out sprites"] = v_error(trainer.ema.model, held_out)
curves |= {"perfect memory, training sprites": on_train, "perfect memory, held-out sprites": on_held_out}
fig, ax = plt.subplots(figsize=(7, 3.4))
plot_by_t(ax, curves)
ax.set_ylim(1e-3, 1e3)
du.show_figure(fig, alt="Error of v by t: the network's two curves coincide, the memory's lie far apart at small t")

# %% [markdown]
# The network's two curves lie on each other: what it has learned holds for new sprites as well. The memory's curves
# part towards small t, where a new sprite is in plain view and memory still answers with an old one. In between,
# memory can beat a young network even on new sprites. At large t all four meet: only the mean is left.

# %% [markdown]
# ## 5. Averaged weights
#
# **Why did all those samples come from `trainer.ema.model`?** Each step follows a random batch, so the weights jitter
# around their path. An *exponential moving average* (EMA) smooths that after each step:
#
# $$\text{average} \leftarrow \text{decay} \cdot \text{average} + (1 - \text{decay}) \cdot \text{weights}$$
#
# *What do you expect?* With the usual decay of 0.999, how much of the untrained weights is left after 500 steps?

# %%
k = torch.arange(1, max(2000, trainer.step) + 1)
ramp = 1 - 1 / (k / 10 + 1)
fig, ax = plt.subplots(figsize=(6.5, 3))
for name, decay, style in (("0.9999", 0.9999, "-"), ("0.999", 0.999, "--"), ("ramped, as in du.EMA", ramp, "-.")):
    ax.plot(k, torch.cumprod(decay * torch.ones(len(k)), 0), style, label=f"decay {name}")
ax.axvline(trainer.step, color="grey", lw=1, label="end of your training")
ax.set(xlabel="step", ylabel="share of the untrained weights\nleft in the average")
ax.legend(bbox_to_anchor=(1.02, 1), loc="upper left")
du.show_figure(fig, alt="Untrained share by step: falls slowly for fixed decays, to zero at once for the ramp")

# %% [markdown]
# A decay made for long runs keeps much of the untrained weights in a short one. So the decay of `du.EMA` is
# *ramped*: it begins low, forgets the bad start, and grows. Does the average pay? Take two runs: yours, and the
# course's trained network sent on for a few steps at your full learning rate. The loss is the held-out one: the score
# of so few pictures wobbles more.

# %%
again, _ = du.load_model(unet)
restless = du.Trainer(again.requires_grad_(True), train, ab_t, lr=LR, batch=SIDE_BATCH, warmup=1, times="middle")
for p in restless.run(steps=10 * SIDE_STEPS):  # a long training, stopped after a tenth
    if p.step == SIDE_STEPS:
        break

# %%
rows, score = {}, {}
for name, run in {"yours": trainer, "sent on": restless}.items():
    for kind, network in {"raw": run.model, "averaged": run.ema.model}.items():
        x = drawn_by(network)
        score[name, kind] = du.sprite_score(x, labels)
        score[name, kind]["loss"] = as_practised(*v_error(network.eval(), held_out))
        numbers = "score {frechet:.1f}, loss {loss:.3f}".format(**score[name, kind])
        rows[f"{name}, {kind}\n{numbers}"] = x[:8]
du.show_rows(rows, scale=4, label_width=180, alt="Samples of raw and averaged weights: yours, and a network sent on")

# %% [markdown]
# The surprise: in your training the average hardly matters. Its weights were still travelling, so the average lags
# behind, and the falling learning rate has calmed them anyway. The network sent on is near its goal; at a high
# learning rate its weights circle around it, and their average lies closer. One trap: BatchNorm's running
# statistics, as in `ContextUnet`, are *buffers*, not parameters; `du.EMA` averages both.

# %% [markdown]
# ## 6. Stop and resume
#
# **What must be saved so that a training goes on as if it had never stopped?**
#
# *What do you expect?* Are weights enough? A tiny network takes 60 steps in one go, then 30 + 30 with a file between:
# once with all of `trainer.state_dict()`, once with the weights only. (`steps=60` counts from the first step.)


# %%
def tiny():
    """A trainer of a tiny network on 512 sprites, on the processor, always the same."""
    torch.manual_seed(0)
    return du.Trainer(du.Unet(widths=(8, 16)), train.x[:512], ab_t, batch=32, warmup=5, device="cpu")


def thirty_steps(tiny_trainer):
    """Thirty steps of a run of 60: their losses."""
    progress = tiny_trainer.run(steps=60)
    return [next(progress).loss.item() for _ in range(30)]


# %%
def through_a_file(state):
    """Save the state in a folder that vanishes afterwards, and load it again."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        du.save_file(state, f"{folder}/run.pt")
        return du.load_file(f"{folder}/run.pt")


# %%
whole, stopped, resumed, forgetful = tiny(), tiny(), tiny(), tiny()
lines = {"in one go": [p.loss.item() for p in whole.run(steps=60)]}
thirty_steps(stopped)
state = through_a_file(stopped.state_dict())
resumed.load_state_dict(state)
forgetful.model.load_state_dict(state["model"])
lines |= {"resumed": thirty_steps(resumed), "weights only": thirty_steps(forgetful)}
assert all(torch.equal(a, b) for a, b in zip(whole.model.parameters(), resumed.model.parameters()))
fig, ax = plt.subplots(figsize=(6.5, 3))
for (name, loss), style in zip(lines.items(), ("-", "o", "--")):
    ax.plot(range(61 - len(loss), 61), loss, style, ms=4, label=name)
ax.set(xlabel="step", ylabel="mean squared error of v")
ax.legend()
du.show_figure(fig, alt="Loss by step: the resumed run's dots lie on the line of the run in one go")

# %% [markdown]
# Every dot lies on the line, and the weights agree to the last bit. With the weights alone the run takes another path,
# lower only because its learning rate starts high again; the optimiser's memory and the random numbers' place are lost.

# %% [markdown]
# ## Try it
#
# Find the largest learning rate that still learns. How does a larger one fail? Then vary `predicts`, `schedule` or
# `loss`; units and floors differ, so **compare sprites, not losses**. The surprise: `huber` misses the mean, yet a young
# network draws crisper with it. Settings count from the next *reset* on; *stop* keeps what was learned.


# %%
from functools import lru_cache


@lru_cache
def floor_of(schedule, predicts):
    """The mean squared error of the perfect memory on training sprites, in the unit of what is predicted."""
    ab = du.noise_schedule(schedule, T)
    t, error = v_error(du.PerfectDenoiser(train.x.to(device), ab, train.c.to(device)), train, ab_t=ab)
    return as_practised(t, error * {"v": 1, "eps": ab[t], "x0": 1 - ab[t]}[predicts])


def make(lr=LR, batch=BATCH, predicts="v", loss="l2", schedule="cosine", network=WIDTHS):
    """A trainer of a new network; the first weights are always the same."""
    torch.manual_seed(0)
    net, ab = du.Unet(widths=network, predicts=predicts), du.noise_schedule(schedule, T)
    trainer = du.Trainer(net, train, ab, lr=lr, batch=batch, loss=loss, warmup=50, times="middle")
    trainer.floor = floor_of(schedule, predicts) if loss == "l2" else None
    return trainer


# %%
from ipywidgets import SelectionSlider

rates = SelectionSlider(options=[1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0], value=LR)
sizes = {"small": (16, 32, 48), "lesson": WIDTHS, "large": (48, 96, 128)}
board = widgets.dashboard(make, draw, lr=rates, batch=[8, 16, 32, 64, 128], predicts=["v", "eps", "x0"],
                          loss=list(du.LOSSES), schedule=["cosine", "linear", "rescaled"], network=sizes)
board

# %% [markdown]
# The score of `board.trainer` means the same for all settings:

# %%
tried = du.sprite_score(drawn_by(board.trainer.ema.model, board.trainer.ab_t), labels)["frechet"]
print(f"After {board.trainer.step} steps the score is {tried:.1f}; that of your long training above is "
      f"{score['yours', 'averaged']['frechet']:.1f}.")

# %% [markdown]
# ## Exercises
#
# ### Exercise 4.1: the target v
# *Difficulty 1 of 3, 5 minutes.*
#
# Write what a network that predicts `v` should have answered: `my_v(x0, t, noise, ab_t)`. Look up the formula in part
# 1; there, $\epsilon$ is `noise`. `x0` and `noise` have the shape (B, C, H, W), `t` holds one whole number for each
# image, and `ab_t` is the schedule: T + 1 numbers of type float64.

# %% tags=["exercise"]
def my_v(x0, t, noise, ab_t):
    """x0 and noise (B, C, H, W), t (B,), ab_t (T + 1,): v (B, C, H, W)."""
    return ...  # your code here


checks.check_v(my_v)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_v(x0, t, noise, ab_t):
    ab = ab_t[t].float()[:, None, None, None]  # (B, 1, 1, 1): one number for each image
    return ab.sqrt() * noise - (1 - ab).sqrt() * x0


result = checks.check_v(solution_v)
assert result.passed
result

# %% [markdown]
# ### Exercise 4.2: the loss
# *Difficulty 2 of 3, 10 minutes.*
#
# The heart of every training: `my_loss(model, x0, t, noise, ab_t)` shows the `model` noisy sprites and returns the
# mean squared error of the noise that it predicts, one number that `backward` can use. `model(x, time)` is called as
# in part 1. You are not given T: find it in `ab_t`.

# %% tags=["exercise"]
def my_loss(model, x0, t, noise, ab_t):
    """x0 and noise (B, C, H, W), t (B,), ab_t (T + 1,): the loss, a tensor of shape ()."""
    return ...  # your code here


checks.check_loss(my_loss)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_loss(model, x0, t, noise, ab_t):
    x_t = du.add_noise(x0, t, noise, ab_t)
    T = len(ab_t) - 1  # ab_t also has an entry for t = 0
    return (model(x_t, t / T) - noise).square().mean()


result = checks.check_loss(solution_loss)
assert result.passed
result

# %% [markdown]
# ### Exercise 4.3: averaged weights
# *Difficulty 2 of 3, 10 minutes.*
#
# One update of the average of part 5: `my_ema(average, weights, step, max_decay)` returns the new average as a new
# tensor. `step` counts from 1. The decay follows the ramp $1 - 1/(\text{step}/10 + 1)$, but never exceeds `max_decay`.

# %% tags=["exercise"]
def my_ema(average, weights, step, max_decay):
    """Two tensors of one shape and two numbers: the new average, a tensor of that shape."""
    return ...  # your code here


checks.check_ema(my_ema)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_ema(average, weights, step, max_decay):
    decay = min(max_decay, 1 - 1 / (step / 10 + 1))  # 0.09 at step 1: the untrained weights are soon forgotten
    return decay * average + (1 - decay) * weights


result = checks.check_ema(solution_ema)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
before, after = du.sprite_score(drawn_by(du.Unet(widths=WIDTHS)), labels), score["yours", "averaged"]
Markdown(f"""
- In {trainer.seconds:.0f} seconds ({trainer.step} steps of {BATCH} sprites) the Fréchet distance of {SCORED} samples
  fell from {before["frechet"]:.1f} to {after["frechet"]:.1f}; as many real training sprites have
  {frechet["real sprites"]:.1f}.
- The classifier recognises {after["asked"]:.0%} of them as the class that was asked for. Before the training it was
  {before["asked"]:.0%}, and guessing among five classes gives 20%.
- Averaging changed the held-out loss of your training from {score["yours", "raw"]["loss"]:.3f} to {after["loss"]:.3f},
  and that of the network sent on from {score["sent on", "raw"]["loss"]:.3f} to
  {score["sent on", "averaged"]["loss"]:.3f}.
- The loss is {as_practised(*curves["network, training sprites"]):.3f} on training sprites and
  {as_practised(*curves["network, held-out sprites"]):.3f} on held-out sprites. A perfect memory has {floor:.3f} on the
  first and {as_practised(*on_held_out):.2f} on the second.
- {SIDE_STEPS} steps of practice without the square root took the Fréchet distance of a good network from
  {frechet["before"]:.1f} to {frechet["no square root"]:.1f}; with it, to {frechet["right"]:.1f}.
""")

# %% [markdown]
# ## Quiz
#
# **1.** Your network's loss is above the floor on training sprites, and far below the perfect memory's loss on
# held-out ones. Is that good?
#
# <details><summary>Answer</summary>
#
# Yes. Beating a memory on sprites that it has not seen is what learning means. On training sprites nothing can go
# below the floor, and a network that comes close has memorised them.
# </details>
#
# **2.** A data set holds 1,788 different sprites, each repeated 50 times. You split it at random, 90 % for training
# and 10 % held out. The held-out loss looks excellent. Why do you not trust it?
#
# <details><summary>Answer</summary>
#
# Nearly every held-out sprite has copies in the training part: the split *leaks*, and memorising is rewarded. Our
# sprites are split by recipe (their parts and colours).
# </details>
#
# **3.** The training loss falls nicely, but the samples are covered with specks. What do you check first, and how?
#
# <details><summary>Answer</summary>
#
# The line that adds the noise. Noise a picture of zeros and measure the standard deviation: it must be
# $\sqrt{1 - ab_t}$. The loss cannot tell, as it marks the same wrong questions.
# </details>
#
# **4.** You stop a long training early, at a high learning rate. Which weights do you sample from, and why would it
# matter less at the end?
#
# <details><summary>Answer</summary>
#
# The averaged ones: the raw weights still circle around their goal. In the end a falling learning rate calms them.
# </details>

# %% [markdown]
# ## Going further
#
# - Ho, Jain and Abbeel, *Denoising Diffusion Probabilistic Models* (2020): part 1 is algorithm 1.
# - Salimans and Ho, *Progressive Distillation for Fast Sampling of Diffusion Models* (2022): introduces `v`.
# - Hang et al., *Efficient Diffusion Training via Min-SNR Weighting Strategy* (2023): well-weighted noise levels make
#   training several times faster.
# - Karras et al., *Analyzing and Improving the Training Dynamics of Diffusion Models* (2024): how to choose the length
#   of the average after the training.
#
# Next: [05_context_control](05_context_control.ipynb)
