# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 9. Which way to a likelier image?
#
# Every answer of a denoiser is also an arrow: it says in which direction a noisy image becomes more likely. This
# arrow is called the *score*. Below, 300 points of pure noise follow their arrows.

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
import functools
import time
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from IPython.display import Markdown, display

# %%
model, ab_t = du.load_model(du.WEIGHTS / "unet.pth")
T, ab, device = len(ab_t) - 1, ab_t.tolist(), du.best_device()
arm = torch.arange(3).repeat_interleave(60)  # 180 points on three arms: an arm is a class
radius = torch.linspace(0.4, 2, 60).repeat(3)
angle = 2 * torch.pi * arm / 3 + radius + 0.12 * torch.randn(180, generator=torch.Generator().manual_seed(0))
points = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)[:, :, None, None]  # "images" of two numbers
labels = F.one_hot(arm, 3).float()
perfect = du.PerfectDenoiser(points, ab_t, labels)

# %%
line = torch.linspace(-2.4, 2.4, 13)
grid = torch.cartesian_prod(line, line)[:, :, None, None]


def draw(ax, arrows, t, title, colours=("C0", "C1", "C2")):
    for k, colour in enumerate(colours):
        ax.scatter(*(ab[t] ** 0.5 * points[arm == k, :, 0, 0]).T, s=4, color=colour, marker="os^"[k])
    ax.quiver(*grid[:, :, 0, 0].T, *arrows[:, :, 0, 0].T, angles="xy", scale_units="xy", scale=4, width=0.005)
    ax.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), aspect="equal", xticks=(-2, 0, 2), yticks=(-2, 0, 2), title=title)


# %%
end, steps = du.sample(perfect, ab_t, 300, seed=1, shape=(2, 1, 1), steps=50, keep=25)
goal = arm[du.nearest(end, points)[1]]  # where each walk will end
frames = []
for step in steps:
    fig, ax = plt.subplots(figsize=(3.6, 3.6), dpi=90, layout="constrained")
    x0 = perfect(grid, torch.tensor(step.s / T))
    draw(ax, ab[step.s] ** 0.5 * x0 - grid, step.s, None, ["0.8"] * 3)
    ax.scatter(*step.x[:, :, 0, 0].T, s=9, color=[f"C{k}" for k in goal])
    fig.canvas.draw()
    frames.append(np.asarray(fig.canvas.buffer_rgba())[..., :3].copy())
    plt.close(fig)
alt = "Film: 300 points of noise follow a field of arrows, which changes as they go, onto three curved arms"
du.Picture(np.stack(frames), alt, fps=6, labels=[f"t = {step.s}" for step in steps])

# %% [markdown]
# Nobody told a point where to go: its colour only shows the arm on which it will end. The field itself changes, from
# "to the middle" to "to the nearest arm".
#
# **You will be able to**
# - **turn** any denoiser's answer into a score, and prove that it is one;
# - **derive** guidance from Bayes' rule;
# - **train** a classifier that reads noise, steer with it, and find its two limits;
# - **compare** it fairly with the guidance of lesson 5, which needs no classifier.
#
# **You need** lessons 1 (the perfect denoiser) and 05 (guidance). **Time:** about 45 minutes; the cells run in
# under three.

# %% [markdown]
# ## 1. What has a denoiser to do with a slope?
#
# Mix all the data with noise up to time t. The noisy images $x_t$ have a probability density $p_t$: each datum $x_i$
# becomes a Gaussian hill around $\sqrt{ab_t}\,x_i$, of variance $1-ab_t$, and $p_t$ is the average of the hills. The
# *score* is the gradient $\nabla \log p_t$: the direction in which the density grows fastest.
#
# In lesson 1 the perfect denoiser averaged the data with weights $w_i$, the share of hill i in the density at x.
# The same weights appear when you differentiate the log of a sum:
#
# $$\nabla \log p_t(x) = \sum_i w_i\,\frac{\sqrt{ab_t}\;x_i - x}{1-ab_t} = \frac{\sqrt{ab_t}\;x0 - x}{1-ab_t}
# = -\frac{eps}{\sqrt{1-ab_t}}$$
#
# Turned around, $x0 = (x + (1-ab_t)\,score)/\sqrt{ab_t}$, this is *Tweedie's formula*. Test it: first `score`, the
# right end of the chain, for any denoiser.


# %%
def score(denoiser, x, t, c=None):
    out = denoiser(x, torch.full((len(x),), t / T), c)
    eps = du.to_x0_eps(out, x, t, ab_t, denoiser.predicts)[1]
    return -eps / (1 - ab[t]) ** 0.5


# %% [markdown]
# Then log p itself, which PyTorch differentiates, knowing nothing of denoisers. **What do you expect** of the
# difference? And what do the arrows show at t = 50, 150 and 350?


# %%
def closeness(x, t):  # minus the squared distance to each datum, in units of the noise: (B, N)
    return -(x[:, None] - ab[t] ** 0.5 * points).square().sum((2, 3, 4)) / (2 * (1 - ab[t]))


def log_p(x, t):
    return closeness(x, t).logsumexp(1) - np.log(len(points) * 2 * np.pi * (1 - ab[t]))


def gradient(f, x):
    with torch.enable_grad():  # samplers switch gradients off
        z = x.detach().requires_grad_()
        return torch.autograd.grad(f(z).sum(), z)[0]


# %%
fig, axes = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained")
fine = torch.linspace(-2.6, 2.6, 80)
for ax, t in zip(axes, (50, 150, 350)):
    slope = score(perfect, grid, t)
    assert torch.allclose(slope, gradient(lambda z, t=t: log_p(z, t), grid), rtol=1e-3, atol=1e-2)
    height = log_p(torch.cartesian_prod(fine, fine)[:, :, None, None], t).view(80, 80).T
    below = [-20, -12, -8, -5, -3, -2, -1, 0]  # under the highest place
    ax.contourf(fine, fine, height - height.max(), below, cmap="Blues", extend="min", alpha=0.6)
    draw(ax, (1 - ab[t]) * slope, t, f"t = {t}")
print("score of the perfect denoiser = gradient of log p_t, at all", len(grid), "points and three times")
du.show_figure(fig, alt="Level sets of log p_t and arrows at t = 50, 150, 350: three arms, three leaves, a round hill")

# %% [markdown]
# Darker is likelier; each arrow goes a quarter of the way to the denoiser's guess. They are equal: *denoising is
# climbing log p*. With little noise the arrows find the nearest arm. At t = 350 no arm is left in the level sets,
# only one hill: first the arrows settle the rough place, later the detail. (The film's steps also rescale: $x_s$
# holds more of the image than $x_t$.)
#
# A sprite is a point with 768 coordinates, so its arrow has 768 numbers: an image. **What do you expect** to see in
# it? And do the perfect denoiser of 36,000 training sprites and the trained network agree, on sprites that neither
# has seen?

# %%
train, held_out = du.load_sprites("train"), du.load_sprites("held_out")
memory = du.PerfectDenoiser(train.x, ab_t)
noise = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))
rows = {name: [] for name in ("x_t", "score: perfect", "score: network", "x0: perfect", "x0: network", "the sprite")}
for t in (100, 250, 400):
    x = du.add_noise(held_out.x[[1, 2, 4]], t, noise, ab_t)
    arrows = [score(memory, x, t), score(model, x.to(device), t).cpu()]
    guesses = [(x + (1 - ab[t]) * arrow) / ab[t] ** 0.5 for arrow in arrows]  # Tweedie
    arrows = [(1 - ab[t]) ** 0.5 * arrow for arrow in arrows]
    for row, images in zip(rows.values(), (x, *arrows, *guesses, held_out.x[[1, 2, 4]])):
        row.append(images)
rows = {name: torch.cat(images) for name, images in rows.items()}
alt = "Noisy sprites at t = 100, 250, 400; their scores as images; the sprites that the scores imply; the true sprites"
du.show_rows(rows, scale=4, top=[f"t = {t}" for t in (100, 250, 400) for _ in range(3)], label_width=110, alt=alt)

# %% [markdown]
# An arrow (grey = no change, here times $\sqrt{1-ab_t}$) looks like plain noise: it is the estimated noise, negated.
# Yet following it all the way gives a sprite. The surprise is where the perfect arrow leads: to a *training* sprite,
# the nearest it knows. The network's arrow (from t = 250 on too like it to tell apart) leads towards the true one, or
# to a blur where many are possible.

# %% [markdown]
# ## 2. How does a request bend the arrows?
#
# You want images of class y. Bayes' rule says $p(x_t|y) = p(y|x_t)\,p(x_t)\,/\,p(y)$. Take logs, then gradients:
# p(y) does not depend on $x_t$ and drops out.
#
# $$\nabla \log p(x_t|y) = \nabla \log p(y|x_t) + \nabla \log p(x_t)$$
#
# And $p(y|x_t)$ is a classifier, of noisy points. Here the exact one is known: class y owns the share of $p_t$ that
# its hills have, the sum of their weights.
#
# **What do you expect**: where does the classifier's arrow point, and where is it zero?


# %%
def exact(x, t):  # log p(y | x_t) of the three arms; t is t/T, as for every network
    log_w = closeness(x, round(t.flatten()[0].item() * T)).log_softmax(1)  # of all points, then summed by class
    return (log_w[:, :, None] + labels.log()).logsumexp(1)


def arrow(classifier, x, t, c):  # grad log p(y | x_t), with y given as one-hot rows c
    return gradient(lambda z: (c * classifier(z, t).log_softmax(1)).sum(1), x)


# %%
t, y = 250, torch.eye(3)[[0]].expand(len(grid), 3)
parts = {"score of p(x_t)": score(perfect, grid, t)}
parts["+ the classifier's arrow"] = arrow(exact, grid, torch.tensor([t / T]), y)
parts["= score of p(x_t | y)"] = score(perfect, grid, t, y)
first, second, both = parts.values()
assert torch.allclose(first + second, both, rtol=1e-3, atol=1e-3)
fig, axes = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained")
for ax, (title, arrows) in zip(axes, parts.items()):
    draw(ax, (1 - ab[t]) * arrows, t, title, ("C0", "0.75", "0.75"))
du.show_figure(fig, alt="Three fields of arrows: to the middle; away from two grey arms; their sum, to the blue arm")

# %% [markdown]
# The asserted sum is the whole idea: an unconditional denoiser plus a classifier is a conditional denoiser. Near the
# blue arm's outer end the classifier's arrow vanishes: it is satisfied. It never says how to look *good*, only how
# to look *different*.
#
# So steer any denoiser, with a *scale* $\gamma$ to insist: $\nabla \log p(x_t) + \gamma\,\nabla \log p(y|x_t)$ is
# the score of something proportional to $p(x_t)\,p(y|x_t)^\gamma$. Times $-\sqrt{1-ab_t}$, with `sigma`
# $=\sqrt{1-ab_t}$:
#
# $$eps = uncond - \gamma\;sigma\;\nabla \log p(y|x_t)$$


# %%
class ClassifierGuided:
    """Classifier guidance, a denoiser made of a denoiser. classifier(x, t) gives logits (B, K) of noisy images."""

    def __init__(self, model, classifier, gamma):
        self.model, self.classifier, self.gamma = model, classifier, gamma
        self.predicts = model.predicts

    def __call__(self, x, t, c=None):
        out = self.model(x, t)  # the request goes to the classifier alone
        if c is None or self.gamma == 0:
            return out
        step = (t * T).round().long()
        signal, sigma = du.signal_and_noise(ab_t, step, x)
        uncond = du.to_x0_eps(out, x, step, ab_t, self.predicts)[1]
        eps = uncond - self.gamma * sigma * arrow(self.classifier, x, t, c)
        return du.target((x - sigma * eps) / signal, step, eps, ab_t, self.predicts)  # in the network's own unit


# %% [markdown]
# The sampler needs no change. **What do you expect** of $\gamma = 4$: all points of the arm, or a part of it?

# %%
fig, axes = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained")
for ax, gamma in zip(axes, (0, 1, 4)):
    guided = ClassifierGuided(perfect, exact, gamma)
    x = du.sample(guided, ab_t, 300, torch.eye(3)[0], seed=1, shape=(2, 1, 1), steps=50, eta=1.0)
    found = du.nearest(x, points)[1]
    ax.scatter(*points[:, :, 0, 0].T, s=4, color="0.75")
    ax.scatter(*x[:, :, 0, 0].T, s=14, color="C0", alpha=0.3)
    ax.set(title=f"gamma = {gamma}", aspect="equal", xlim=(-2.2, 2.2), ylim=(-2.2, 2.2))
    on_arm, distance = (arm[found] == 0).float().mean().item(), radius[found].mean().item()
    print(f"gamma = {gamma}: {on_arm:4.0%} on the arm, {distance:.2f} from the middle on average")
du.show_figure(fig, alt="300 samples: gamma 0 on all arms, gamma 1 all along one arm, gamma 4 mostly on its outer part")

# %% [markdown]
# With $\gamma = 1$ the samples cover the arm that was asked for. A larger $\gamma$ prefers places where no other
# class is near, the outer end: variety is traded for certainty, with a perfect classifier, too. (And for
# $\gamma>1$ the fields of different t no longer belong to one set of data with noise: a useful trick, not exact
# sampling.)

# %% [markdown]
# ## 3. Can a classifier steer the sprites?
#
# Here nobody knows $p(y|x_t)$, so train it: noise each sprite to a random t, ask for its class. The time comes in as
# a fourth channel. Pure noise says nothing of its class, so the raw answers before the softmax (*logits*) are multiplied
# by $\sqrt{ab_t}$.


# %%
class NoisyClassifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = du.SpriteClassifier()
        self.body.features[0][0] = torch.nn.Conv2d(4, 32, 3, padding=1)  # red, green, blue and t

    def forward(self, x, t):
        plane = t.to(x).view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
        logits = self.body(torch.cat([x, plane], 1))
        return du.signal_and_noise(ab_t, (t * T).round().long(), logits)[0] * logits


# %%
SECONDS = 45

# %% [markdown]
# A twin, equal at the start, learns in the same steps from the same sprites, without noise. (The twin is always told
# t = 0, also later on.)

# %%
torch.manual_seed(0)
noisy, twin = NoisyClassifier().to(device), NoisyClassifier().to(device)
twin.load_state_dict(noisy.state_dict())
optimizer = torch.optim.AdamW([*noisy.parameters(), *twin.parameters()], weight_decay=0.01)
images, answers, says = train.x.to(device), train.c.argmax(1).to(device), display(Markdown("..."), display_id=True)
start, step, done = time.perf_counter(), 0, 0.0
while done < 1:
    optimizer.param_groups[0]["lr"] = 3e-3 * min(1, (step + 1) / 50) * (1 - done)
    i, t = torch.randint(len(images), (128,)), torch.randint(T + 1, (128,))
    x, y, t = images[i], answers[i], t.to(device)
    x_t = du.add_noise(x, t, torch.randn(x.shape).to(device), ab_t)
    loss = F.cross_entropy(noisy(x_t, t / T), y)
    optimizer.zero_grad()
    (loss + F.cross_entropy(twin(x, 0 * t), y)).backward()
    optimizer.step()
    step, done = step + 1, (time.perf_counter() - start) / SECONDS
    if step % 50 == 0 or done >= 1:
        says.update(Markdown(f"Step {step}, {min(done, 1):.0%} of {SECONDS} s, loss with noise {loss.item():.2f}"))
for classifier in (noisy, twin):
    classifier.eval().requires_grad_(False)

# %% [markdown]
# **What do you expect**: up to which t can a classifier tell the class? The third curve is the classifier that comes
# with the course. It has seen no noise either; from here on it is the *judge*, and it never guides.


# %%
def clean_only(x, t):
    return twin(x, torch.zeros_like(t))


readers = {"trained on noise": noisy, "its twin": clean_only, "the judge": lambda x, t: du.load_classifier()(x.cpu())}
curves, levels, clean = {name: [] for name in readers}, range(0, T + 1, 50), held_out.x[:500]
for t in levels:
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(t))
    x, share = du.add_noise(clean, t, noise, ab_t).to(device), torch.full((500,), t / T, device=device)
    for name, reader in readers.items():
        right = reader(x, share).argmax(1).cpu() == held_out.c[:500].argmax(1)
        curves[name].append(100 * right.float().mean().item())

# %%
fig, ax = plt.subplots(figsize=(6, 3))
for (name, curve), style in zip(curves.items(), ("o-C0", "s--C1", "^:k")):
    ax.plot(levels, curve, style, label=name)
ax.axhline(20, color="0.6", lw=1)
ax.set(xlabel="time t of the noisy sprites (steps)", ylabel="right (% of 500 held-out)", ylim=(0, 105))
ax.legend()
du.show_figure(fig, alt="Accuracy against t: trained on noise it stays high for long; the others fall early")

# %% [markdown]
# On clean sprites all are nearly perfect. Those that never saw noise fall early towards chance (grey line). The other one
# hardly errs up to t = 300; at 400 it misses about every third sprite. Is the class hidden there from everybody? The
# perfect denoiser of the 36,000 training sprites can tell: as in section 2, the weight that it gives to the sprites of a
# class is the probability of that class.


# %%
def by_memory(x, t):
    far = torch.cdist(x.flatten(1), ab[t] ** 0.5 * train.x.flatten(1)).square()
    return ((-far / (2 * (1 - ab[t]))).softmax(1) @ train.c).argmax(1)  # weights of lesson 1, summed by class


for t in (300, 350, 400, 450):
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(t))
    found = by_memory(du.add_noise(clean, t, noise, ab_t), t)
    right = (found == held_out.c[:500].argmax(1)).float().mean().item()
    print(f"t = {t}: the perfect denoiser names {right:.1%} right")

# %% [markdown]
# So at t = 350 and 400 the class can still be read; our classifier has only not learned to read it. Look at the arrows of
# both, as images, for the request "food".

# %%
noise = torch.randn(10, 3, 16, 16, generator=torch.Generator().manual_seed(4))
some = torch.cat([held_out.x[held_out.c[:, k] == 1][:2] for k in range(5)])
food, share = torch.eye(5, device=device)[[2]].expand(10, 5), torch.full((10,), 400 / T, device=device)
x_400 = du.add_noise(some, 400, noise, ab_t).to(device)
arrows = {"the sprite": some, "x_t, t = 400": x_400}
for name, guide in (("arrow of the twin", clean_only), ("arrow, trained\non noise", noisy)):
    pull = arrow(guide, x_400, share, food)
    arrows[name] = pull / (3 * pull.std())  # each row at the same contrast
alt = "Noisy sprites and, for the request food, the arrow of the twin, confetti, and of the noisy classifier, strokes"
du.show_rows(arrows, scale=4, label_width=120, alt=alt)

# %% [markdown]
# The twin's arrow is confetti. The other one is rough, but has strokes of light and dark, as a drawing has. By
# Bayes' rule, $\gamma = 1$ should now be enough to draw what you ask for. **Is it?**

# %%
SCORED = 200

# %%
n, of_class = SCORED // 5, [held_out.x[held_out.c[:, k] == 1] for k in range(5)]
c, real, others = torch.eye(5).repeat_interleave(n, 0), *(torch.cat([x[i : i + n] for x in of_class]) for i in (0, n))
how, real_f = dict(steps=15, order=2, eta=1.0, clip=True), du.features_of(real)[0]
near = torch.cdist(real_f, real_f).sort().values[:, 3]  # the distance to the third nearest real neighbour


def variety(f):  # the mean distance of two sprites of a class
    return sum(du.diversity(part) for part in f.split(n)) / 5


def measure(x):
    found, f = du.sprite_score(x, c, real), du.features_of(x)[0]
    covered = (torch.cdist(real_f, f).min(1).values < near).float().mean().item()
    return {"as asked (%)": 100 * found["asked"], "Fréchet distance": found["frechet"],
            "variety (% of real)": 100 * variety(f) / variety(real_f), "coverage (%)": 100 * covered}


def run(guided):
    x = du.sample(guided, ab_t, len(c), c, seed=2, **how).cpu()
    return {"x": x} | measure(x)


# %% [markdown]
# Four measurements, all taken by the judge: right class, distance to real sprites, how much
# those of a class differ, and how many real ones have something like them drawn.

# %%
gammas, guides = (1, 4, 16, 64), {"trained on noise": noisy, "its twin": clean_only}
free, floor = run(ClassifierGuided(model, noisy, 0)), measure(others)  # no guidance; other real sprites
runs = {name: {0: free} | {g: run(ClassifierGuided(model, guide, g)) for g in gammas} for name, guide in guides.items()}

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3), layout="constrained")
for ax, key in zip(axes, ("as asked (%)", "Fréchet distance")):
    for (name, found), style in zip(runs.items(), ("o-C0", "s--C1")):
        ax.plot([str(gamma) for gamma in found], [numbers[key] for numbers in found.values()], style, label=name)
    ax.axhline(floor[key], color="0.5", ls=":", label="real sprites")
    ax.set(xlabel="gamma", ylabel=key, ylim=(0, None))
axes[0].legend()
du.show_figure(fig, alt="As asked and Fréchet distance against gamma: the twin fails, the other one steers")

# %%
two, top = [k * n + j for k in range(5) for j in (0, 1)], [name for name in du.CLASSES for _ in range(2)]
rows = {f"gamma = {gamma}": runs["trained on noise"][gamma]["x"][two] for gamma in (0, *gammas)}
rows["gamma = 64,\nits twin"] = runs["its twin"][64]["x"][two]
alt = "Rows from the same noise, gamma 0 to 64: sprites turn into the class on top; with the twin they turn to confetti"
du.show_rows(rows, scale=4, top=top, label_width=100, alt=alt)

# %% [markdown]
# It is not enough: with $\gamma = 1$ many requests are missed, and it takes a far larger scale to insist. One cause was
# just measured: at t = 350 and 400 the class can be read and this classifier often misreads it, so there its arrow is far
# from the exact one. Another may be that training marked its answers, never its slope: even
# where a classifier is right, its *gradient* need not be. The twin is the **first limit**: it steers far less, and pays
# with confetti, which the Fréchet distance notices.

# %% [markdown]
# ## 4. Is a satisfied classifier enough?
#
# The arrow leads to where the classifier says "food". Take 40 real heroes, without noise and without a denoiser, and
# follow the arrow at t = 0 in 30 small steps. **What do you expect**: heroes that turn into food, or something
# between?

# %%
heroes, wish = of_class[0][:40].to(device), torch.eye(5, device=device)[[2]].expand(40, 5)
climbed, now = heroes, torch.zeros(40, device=device)
for _ in range(30):
    climbed = (climbed + 0.2 * arrow(noisy, climbed, now, wish)).clamp(-1, 1)
fooled = {"guide": 100 * (noisy(climbed, now).argmax(1) == 2).float().mean().item()}
fooled["judge"] = 100 * (du.features_of(climbed)[1] == 2).float().mean().item()
still = 100 * (du.features_of(climbed)[1] == 0).float().mean().item()
print(f"the guide sees food in {fooled['guide']:.0f} %; the judge in {fooled['judge']:.0f} %, a hero in {still:.0f} %")
rows = {"real heroes": heroes[:10], "after 30 steps": climbed[:10], "the change": climbed[:10] - heroes[:10]}
du.show_rows(rows, scale=4, label_width=110, alt="Heroes; the same with stray pixels; the change: confetti on grey")

# %% [markdown]
# The guide is content with heroes that have stray pixels. This is a *shortcut*: the gradient takes the nearest way
# to satisfy a classifier, and that is not a drawing of food. (Such images are known as *adversarial examples*.) The
# judge learned from the same sprites, but has other weights, and falls for it far less.
#
# In sampling the denoiser tidies up after each step. **Do shortcuts remain?** Ask the guide for its own opinion.

# %%
def opinion(x):
    seen = noisy(x.to(device), torch.zeros(len(x), device=device)).argmax(1).cpu()
    return 100 * (seen == c.argmax(1)).float().mean().item()


print("gamma   as asked, says the guide   says the judge   Fréchet distance")
for gamma, found in runs["trained on noise"].items():
    found["guide"] = opinion(found["x"])
    print(f"{gamma:5d} {found['guide']:24.1f} % {found['as asked (%)']:14.1f} % {found['Fréchet distance']:18.2f}")
print(f" real {opinion(others):24.1f} % {floor['as asked (%)']:14.1f} % {floor['Fréchet distance']:18.2f}")

# %% [markdown]
# They remain, the **second limit**: with a strong scale the guide sees what was asked for more often than the judge does,
# most clearly in the middle of the table. Had the guide judged, we would have seen none of this. (The Fréchet distance
# cannot show it here. Even without guidance it is far from that of real sprites, and guidance brings it down: it mends
# more than its shortcuts spoil.)

# %% [markdown]
# ## 5. Can the classifier be left out?
#
# Read Bayes' rule backwards:
#
# $$\nabla \log p(y|x_t) = \nabla \log p(x_t|y) - \nabla \log p(x_t)$$
#
# The left side is a classifier's arrow; the right side holds two scores. A network trained with dropped contexts
# answers both, so it contains an *implicit classifier*. Each score is $-eps/sigma$, and with `cond` and `uncond`,
# its two answers, section 2's formula becomes
#
# $$eps = uncond - \gamma\;sigma\;\frac{-(cond - uncond)}{sigma} = uncond + \gamma\,(cond - uncond)$$
#
# This is lesson 5's classifier-free guidance, with $w = \gamma$. **What do you expect** on the three arms, where
# classifier and denoiser are both exact?

# %%
y = torch.eye(3)[torch.arange(len(grid)) % 3]
for t, w in ((50, 3.0), (250, 1.0), (250, 3.0), (450, 8.0)):
    share = torch.full((len(grid),), t / T)
    with_classifier, without = ClassifierGuided(perfect, exact, w), du.Guided(perfect, w)
    assert torch.allclose(with_classifier(grid, share, y), without(grid, share, y), rtol=1e-3, atol=1e-3)
print("exact classifier and exact denoiser: both guidances give the same answer")

# %% [markdown]
# In theory they are one method. In practice two networks have learned two things. Below, the implicit arrow under
# those of section 3. (A caution: nothing forces a network's difference to be the gradient of any function at all.)

# %%
implicit = score(model, x_400, 400, food) - score(model, x_400, 400)
arrows["implicit arrow"] = implicit / (3 * implicit.std())
for name in list(arrows)[2:4]:
    cosine = torch.cosine_similarity(arrows[name].flatten(1), implicit.flatten(1)).mean().item()
    print(f"{' '.join(name.split()):24} cosine with the implicit arrow {cosine:.2f}")
alt = "Noisy sprites; for the request food confetti, strokes and, in the last row, bodies with outlines"
du.show_rows(arrows, scale=4, label_width=120, alt=alt)

# %% [markdown]
# What a surprise in the last row: the implicit arrow is a *drawing*, with a body and an outline. A classifier
# learned only what sets food apart; a denoiser learned what food looks like, so its arrow draws it. (The
# cosines say how parallel the arrows are: 1 would be equal.)

# %% [markdown]
# ## 6. Which guidance is better, at equal accuracy?
#
# $\gamma$ and w cannot be compared: they scale different arrows. Compare what they buy: for the same share as asked,
# which sprites are nearer to real ones, which vary more, and what do they cost? **What do you expect** in each?

# %%
CFG, CG = "classifier-free", "classifier"
runs[CFG] = {w: run(du.Guided(model, w)) for w in (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 1.0, 2.0)}
runs[CG] = runs["trained on noise"]
fig, axes = plt.subplots(1, 2, figsize=(7.8, 3.4), layout="constrained")
for ax, key in zip(axes, ("Fréchet distance", "coverage (%)")):
    for name, style, mark, side, at in ((CG, "o-C0", "gamma", "right", (-2, 6)), (CFG, "s--C2", "w", "left", (6, 2))):
        place = [(found["as asked (%)"], found[key]) for found in runs[name].values()]
        ax.plot(*zip(*place), style, label=f"{name}, by {mark}")
        for strength, point in zip(runs[name], place if ax is axes[0] else []):
            if strength not in (0.5, 0.55, 0.65, 2.0):  # too close to their neighbours
                ax.annotate(f"{strength:g}", point, at, textcoords="offset points", fontsize=8, ha=side)
    ax.axhline(floor[key], color="0.5", ls=":", label="real sprites")
    ax.set(xlabel="as asked (%, by the judge)", ylabel=key, ylim=(0, 1.2 * ax.get_ylim()[1]), xlim=(None, 110))
axes[1].legend(loc="lower left")
du.show_figure(fig, alt="Fréchet distance and coverage against share as asked: at high shares classifier-free wins")

# %% [markdown]
# Read along a vertical line: equal accuracy. Surprising on the left: at w = 0.4, less than half a request, undecided
# drawings lie further from real ones, though they cover more. Where accuracy is high, the order turns. Now
# let the code choose the $\gamma$ and the w that come nearest to a common `target`, the best accuracy that both can
# reach, and count what they cost.

# %%
target = min(max(found["as asked (%)"] for found in runs[name].values()) for name in (CG, CFG))
gamma, w = (min(runs[name], key=lambda s, r=runs[name]: abs(r[s]["as asked (%)"] - target)) for name in (CG, CFG))
equal = {CG: (ClassifierGuided(model, noisy, gamma), runs[CG][gamma]), CFG: (du.Guided(model, w), runs[CFG][w])}
calls, names = {}, {model: "U-Net calls for a sprite", noisy: "classifier calls, forward and back"}


def count(net, inputs, out):
    calls[names[net]] = calls.get(names[net], 0) + len(out) / 32


hooks = [net.register_forward_hook(count) for net in names]
for guided, found in equal.values():
    for _ in range(3):  # of three tries, the fastest
        calls.clear()
        start = time.perf_counter()
        du.sample(guided, ab_t, 32, c[:32], **how).cpu()
        seconds = min(found.get("seconds for 32 sprites", 1e9), time.perf_counter() - start)
        found |= calls | {"seconds for 32 sprites": seconds}
for hook in hooks:
    hook.remove()

# %%
table = [f"| | {CG}, gamma = {gamma} | {CFG}, w = {w} | real sprites |", "|---|---|---|---|"]
for key in list(equal[CG][1])[1:]:
    if key != "guide":
        numbers = [found.get(key) for found in (equal[CG][1], equal[CFG][1], floor)]
        table.append(f"| {key} | " + " | ".join("" if v is None else f"{v:.2f}" for v in numbers) + " |")
Markdown("\n".join(table))

# %%
rows = {"no guidance": free["x"][two], f"{CG}\ngamma = {gamma}": equal[CG][1]["x"][two]}
rows |= {f"{CFG}\nw = {w}": equal[CFG][1]["x"][two], f"{CFG}\nw = 2": runs[CFG][2]["x"][two]}
alt = "Rows from the same noise: no guidance; a classifier; classifier-free guidance as often right; stronger"
du.show_rows(rows, scale=4, top=top, label_width=110, alt=alt)

# %% [markdown]
# At this accuracy, classifier-free guidance comes nearer to real sprites and covers more of them, and its curve goes
# on to where the classifier never gets. The w that matches the classifier lies *below* 1: the plain conditional
# network already beats it.
#
# One thing is unequal in this comparison. The classifier guides the unconditional half of our network, which practised on
# only one sprite in ten. A classifier can guide a conditional network as well, as Dhariwal and Nichol (2021) do it, and
# that was not tried here: so this table compares two ways to make one network listen, not the best that each can do.
#
# The price: two answers of the large network a step instead of one, while a small classifier adds less, even with
# its backward pass. And the large network must have been trained with labels, some of them dropped; a classifier can
# be trained later, for any question. Ours is tiny: a larger one, trained for longer, may come closer.

# %% [markdown]
# ## Try it
#
# From the same noise: above without guidance, below with it. Find the smallest strength at which all eight are what
# you wanted, for each kind. Then try 64 with the twin.

# %%
kinds = {"classifier": lambda s: ClassifierGuided(model, noisy, s), "classifier-free": lambda s: du.Guided(model, s),
         "the twin (never saw noise)": lambda s: ClassifierGuided(model, clean_only, s)}


@functools.cache
def eight(kind, strength, wanted, seed):
    row = F.one_hot(torch.tensor(du.CLASSES.index(wanted)), 5).float()
    return du.sample(kinds[kind](strength), ab_t, 8, row, seed=seed, **(how | {"steps": 10})).cpu()


def steer(kind="classifier", seed=1, strength=16, wanted="food"):
    x, k = eight(kind, strength, wanted, seed), du.CLASSES.index(wanted)
    judge = (du.features_of(x)[1] == k).sum()
    guide = (noisy(x.to(device), torch.zeros(8, device=device)).argmax(1) == k).sum()
    rows = {"no guidance": eight("classifier-free", 0, wanted, seed), f"{kind},\nstrength {strength:g}": x}
    alt = f"Eight sprites without guidance; below, from the same noise, {wanted}, {kind}, strength {strength:g}"
    text = f"{wanted}, says the judge: {judge} of 8; says the classifier trained on noise: {guide} of 8"
    return du.show_rows(rows, scale=5, label_width=130, alt=alt), text


# %%
strengths = ipywidgets.SelectionSlider(options=[0, 0.5, 1, 2, 4, 8, 16, 32, 64], value=16)
widgets.try_it(steer, kind=list(kinds), seed=(0, 99), strength=strengths, wanted=list(du.CLASSES))

# %% [markdown]
# ## Exercises
#
# ### Exercise 9.1: the score in a guess
# *Difficulty 1 of 3, 5 minutes.*
#
# A network answers with its guess `x0` of the clean images, given `x` at times `t`. Return the score at `x`, without
# a detour over eps; the chain of equations in section 1 has it. Each image has a time of its own.

# %% tags=["exercise"]
def my_score(x0, x, t, ab_t):
    """The score (B, C, H, W) from the guess x0 and x, both (B, C, H, W), whole times t (B,) and ab_t (T + 1,)."""
    return ...  # your code here


checks.check_score(my_score)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_score(x0, x, t, ab_t):
    share = ab_t[t].float()[:, None, None, None]  # a number for each image
    return (share.sqrt() * x0 - x) / (1 - share)


result = checks.check_score(solution_score)
assert result.passed
result

# %% [markdown]
# ### Exercise 9.2: steer a guess
# *Difficulty 2 of 3, 10 minutes.*
#
# Section 2 changed the noise eps. Some code knows only the guess `x0` (`clip=True` works on it, for example). Which
# x0 belongs to the guided score, that of `x0` plus `gamma` times `pull`? Here `pull` is $\nabla \log p(y|x_t)$.
# Tweedie's formula helps: what does x0 gain, when the score gains something?

# %% tags=["exercise"]
def my_steer(x0, pull, t, gamma, ab_t):
    """The guided guess (B, C, H, W) from x0 and pull, both (B, C, H, W), whole times t (B,), a number gamma, ab_t."""
    return ...  # your code here


checks.check_steer(my_steer)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_steer(x0, pull, t, gamma, ab_t):
    share = ab_t[t].float()[:, None, None, None]
    return x0 + gamma * (1 - share) / share.sqrt() * pull


result = checks.check_steer(solution_steer)
assert result.passed
result

# %% [markdown]
# ### Exercise 9.3: sample with nothing but the score
# *Difficulty 2 of 3, 10 minutes.*
#
# At one fixed noise level, a walk of many small steps draws from $p_t$: go `h` times the score uphill, then add
# fresh noise of standard deviation $\sqrt{2h}$. (Without the noise, all would climb to the peaks.) This is *Langevin
# dynamics*. `score(x)` is a function; `z` holds the noise of each step, so `len(z)` steps are to be made. Return
# where the walk ends.

# %% tags=["exercise"]
def my_langevin(score, x, h, z):
    """Images (B, C, H, W) after len(z) steps from x (B, C, H, W), with step size h and noise z (n, B, C, H, W)."""
    return ...  # your code here


checks.check_langevin(my_langevin)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_langevin(score, x, h, z):
    for fresh in z:
        x = x + h * score(x) + (2 * h) ** 0.5 * fresh
    return x


result = checks.check_langevin(solution_langevin)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
best, ours = min(runs[CFG], key=lambda w: runs[CFG][w]["Fréchet distance"]), [found for _, found in equal.values()]
one, most, at = runs[CG][1], runs[CG][64], levels.index(300)
Markdown(f"""
- The perfect denoiser's score was the gradient of log p, and Bayes' rule held, at every point of the grid.
- At t = 300 the classifier trained on noise was right in {curves["trained on noise"][at]:.0f} %, its twin in
  {curves["its twin"][at]:.0f} %. At gamma = 64 the first brought {most["as asked (%)"]:.0f} % as asked, the twin
  {runs["its twin"][64]["as asked (%)"]:.0f} %, with Fréchet distances of {most["Fréchet distance"]:.1f} and
  {runs["its twin"][64]["Fréchet distance"]:.1f}.
- The gamma of Bayes' rule, 1, brought {one["as asked (%)"]:.0f} %, no guidance {free["as asked (%)"]:.0f} %.
- Heroes with stray pixels were food to the guide in {fooled["guide"]:.0f} % of cases, to the judge in
  {fooled["judge"]:.0f} %.
- At about equal accuracy ({ours[0]["as asked (%)"]:.0f} % and {ours[1]["as asked (%)"]:.0f} %), the classifier gave a
  Fréchet distance of {ours[0]["Fréchet distance"]:.2f} and a coverage of {ours[0]["coverage (%)"]:.0f} %;
  classifier-free guidance gave {ours[1]["Fréchet distance"]:.2f} and {ours[1]["coverage (%)"]:.0f} %, for
  {ours[1]["seconds for 32 sprites"] / ours[0]["seconds for 32 sprites"]:.1f} times the seconds. Its best distance was
  {runs[CFG][best]["Fréchet distance"]:.2f}, at w = {best:g} (real sprites: {floor["Fréchet distance"]:.2f}).
""")

# %% [markdown]
# ## Quiz
#
# **1. A friend says: "My network predicts noise, so it has nothing to do with scores." What do you answer?**
# <details><summary>Answer</summary>
# Divide its answer by the noise's standard deviation and change the sign: that is its estimate of the score. A
# network that predicts the image or v gives the same after a line of algebra.
# </details>
#
# **2. Why does p(y) not appear in guidance, although it stands in Bayes' rule?**
# <details><summary>Answer</summary>
# The gradient is taken with respect to the image, and p(y) does not depend on the image. How frequent a class is
# moves no pixel.
# </details>
#
# **3. After guidance with a large scale, your classifier is 100 % sure of every sprite. Are you done?**
# <details><summary>Answer</summary>
# No. Being sure is what you optimised, and there are shortcuts to it. Ask a judge that did not guide, and compare
# with real sprites, by a Fréchet distance and by looking.
# </details>
#
# **4. Classifier-free guidance was better here. When would you still guide with a classifier?**
# <details><summary>Answer</summary>
# When the diffusion model is given and was never told what you want to ask: it has no conditional answer. A small
# network that judges noisy images is quickly trained, for any question, and costs less in each step.
# </details>
#
# ## Going further
#
# - Vincent, *A Connection Between Score Matching and Denoising Autoencoders* (2011): training to denoise is training
#   to match the score.
# - Song and Ermon, *Generative Modeling by Estimating Gradients of the Data Distribution* (2019): sampling by
#   Langevin dynamics at falling noise levels, exercise 9.3 repeated.
# - Dhariwal and Nichol, *Diffusion Models Beat GANs on Image Synthesis* (2021): classifier guidance with a large
#   classifier; their unconditional network needed scales near 10, too.
# - Ho and Salimans, *Classifier-Free Diffusion Guidance* (2022): the implicit classifier, and why following
#   it is no attack on a classifier.
# - Karras et al., *Guiding a Diffusion Model with a Bad Version of Itself* (2024): the difference of a good and a
#   bad network as an arrow, with no class at all.
#
# Next: [10_real_data_and_the_library](10_real_data_and_the_library.ipynb)
