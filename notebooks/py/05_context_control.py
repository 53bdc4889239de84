# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5. Decide what is drawn
#
# So far the noise decided what came out. In this lesson you decide. Below, every *column* starts from the same noise
# and every *row* asks the same network for something else.

# %%
import sys
sys.path.insert(0, "..")  # the shared module lies one folder up
import diffusion_utilities as du
import widgets
import checks
import time
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

# %%
model, ab_t = du.load_model(du.WEIGHTS / "unet.pth")
context = dict(zip(du.CLASSES, torch.eye(5)))
fast = dict(steps=15, order=2, clip=True)

# %%
walks = [du.sample(model, ab_t, 8, row, seed=11, keep=24, steps=24, order=2, clip=True)[1] for row in context.values()]
frames = torch.stack([torch.cat([step.x for step in steps]) for steps in zip(*walks)])
labels = [f"rows: {' / '.join(du.CLASSES)}      t = {step.s}" for step in walks[0]]
alt = "Film: 8 noise images, the same in each of 5 rows, turn into heroes, creatures, food, spells, side-facing figures"
du.film(frames, labels, columns=8, scale=4, fps=8, alt=alt)

# %% [markdown]
# Look down one column: the noise settles many colours and much of the layout, the row decides what they become.
#
# You will be able to
# - **ask** a network for a class, for nothing, for a list of your own, or for a mixture;
# - **measure** whether you got it, with a classifier trained on real sprites;
# - **build** classifier-free guidance in three lines, and say what it costs;
# - **choose** how strongly to guide, from curves that you measured.
#
# It needs lessons 2 (sampling) and 3 (the network). Running it takes about two minutes on a CPU, reading it about 45.
#
# Above, `model` is the trained network and `ab_t` its noise schedule; `context` holds one row of numbers for each class;
# `fast` sets the sampler: 15 steps of the quick one from lesson 6, with `clip=True` to keep every predicted image inside
# [-1, 1] (section 5 shows why).

# %% [markdown]
# ## 1. Do you get what you ask for?
#
# The request is a *context*: a row of five numbers, one for each class. It is *one-hot*, which means a single 1 at the
# place of the class and 0 elsewhere. Inside the network (lesson 3) a linear layer turns the row into a vector that is
# added to the time embedding, and from their sum each block computes how to scale and shift its features.
#
# **What do you expect?** Five classes, 40 sprites asked for in each. Which two classes will be confused most?
#
# The judge is the course's classifier, a separate small network. For image i, `asked[i]` is the class you named and
# `seen[i]` the class that the judge recognises.

# %%
c = torch.eye(5).repeat_interleave(40, 0)
asked = c.argmax(1)
x = du.sample(model, ab_t, 200, c, seed=2, **fast)
seen = du.features_of(x)[1]
confusion = torch.stack([seen[asked == k].bincount(minlength=5) for k in range(5)])
accuracy = (seen == asked).float().mean().item()
people = (confusion[0, 4] + confusion[4, 0]).item()  # heroes taken for side-facing figures, and the reverse
print(*(f"context of {name:12} {row.int().tolist()}" for name, row in context.items()), sep="\n")
print(f"{(seen != asked).sum()} of 200 not as asked, {people} of them a hero for a side-facing figure or the reverse")

# %%
fig, ax = plt.subplots(figsize=(5, 4))
ax.imshow(confusion, cmap="viridis", vmin=0, vmax=40)
for i, j in [(i, j) for i in range(5) for j in range(5)]:
    ax.text(j, i, confusion[i, j].item(), ha="center", va="center", color="black" if confusion[i, j] > 24 else "white")
ax.set_xticks(range(5), du.CLASSES, rotation=30)
ax.set_yticks(range(5), du.CLASSES)
ax.set(xlabel="class recognised", ylabel="class asked for", title=f"{accuracy:.1%} of 200 as asked")
du.show_figure(fig, alt="Table of counts, class asked for against class recognised: most lie on the diagonal")

# %% [markdown]
# The diagonal holds the sprites that came out as asked: one small layer that reads five numbers steers the whole
# drawing. Heroes and side-facing figures, both people, are the natural guess for a mix-up. Compare the last printed
# line: a pose is easy to tell, while a creature, a food or a spell can have almost any shape.

# %% [markdown]
# ## 2. What is drawn if you ask for nothing?
#
# During training the context of about one sprite in ten was replaced by zeros (`drop=0.1` in `du.Trainer`). The row of
# zeros is the *null context*. The network has therefore also learned to draw when nobody says what.
#
# **What do you expect?** A blur of all five classes, always the same class, or something else?

# %%
null = torch.zeros(5)
free = du.sample(model, ab_t, 200, null, seed=2, **fast)


def shares(x):
    return du.features_of(x)[1].bincount(minlength=5) / len(x)


alt = "20 sprites drawn without a context: some people, some creatures, some food, some spells"
du.show(free[:20], columns=10, scale=4, title="20 sprites that nobody asked for (context: five zeros)", alt=alt)

# %%
fig, ax = plt.subplots(figsize=(6, 2.8))
ax.bar(du.CLASSES, 100 * shares(free), color="tab:blue")
ax.axhline(20, color="tab:orange", ls="--", label="share in the training data")
ax.set(ylabel="recognised (% of 200)", ylim=(0, 40))
ax.legend(loc="upper center")
du.show_figure(fig, alt="Bars: the share of each class among 200 sprites without context, beside a line at 20 per cent")

# %% [markdown]
# You get sprites of all kinds, not an average: a *sample* from everything that the network knows. A perfect model would
# put every bar near 20 %. With 200 sprites, chance moves a bar by 3 points, at times by 6; what another seed repeats is
# the model's preference, or drawings undecided between two classes.

# %% [markdown]
# ## 3. Random lists, your own lists, mixtures
#
# Each image of a batch has its own row of context, so one call can draw anything in any order. First 32 classes chosen
# at random.

# %%
wanted = torch.randint(0, 5, (32,), generator=torch.Generator().manual_seed(18))
x = du.sample(model, ab_t, 32, F.one_hot(wanted, 5).float(), seed=3, **fast)
rows = {f"{name} ({(wanted == k).sum()})": x[(wanted == k).to(x.device)] for k, name in enumerate(du.CLASSES)}
du.show_rows(rows, scale=4, alt="32 sprites of randomly chosen classes, sorted into five rows by the class asked for")

# %% [markdown]
# Now a list that you write. Change the words and run the cell again.

# %%
wishes = ["hero", "food", "spell", "side-facing", "non-hero", "food", "hero", "spell"]
c = torch.stack([context[name] for name in wishes])
rows = {f"seed {seed}": du.sample(model, ab_t, len(c), c, seed=seed, **fast) for seed in (4, 5, 6)}
alt = "Three rows of eight sprites, each column the class that stands above it"
du.show_rows(rows, scale=4, top=wishes, label_width=70, alt=alt)

# %% [markdown]
# The five numbers need not be one-hot. Since the context layer is linear, with `W` its weights, a mixed row enters the
# network as the mixed vector:
#
# `W (0.5 hero + 0.5 food) = 0.5 W hero + 0.5 W food`
#
# Training never showed such a row: every sprite had one class or none. The network must go beyond what it has seen, and
# nothing promises that the result means "half a hero".
#
# **What do you expect?** From a row of half hero and half food: a person made of food, sometimes a hero and sometimes
# food, or neither?

# %%
hero, food = context["hero"], context["food"]
W = model.context.weight.cpu()
assert torch.allclose(W @ (0.5 * hero + 0.5 * food), 0.5 * W @ hero + 0.5 * W @ food, atol=1e-5)
mixed = {"1.0 hero": [1, 0, 0, 0, 0], "0.5 hero\n0.5 food": [0.5, 0, 0.5, 0, 0], "1.0 food": [0, 0, 1, 0, 0],
         "1.0 hero\n0.6 food": [1, 0, 0.6, 0, 0], "0.6 hero\n0.6 spell": [0.6, 0, 0, 0.6, 0]}
rows = {label: du.sample(model, ab_t, 10, row, seed=5, **fast) for label, row in mixed.items()}
alt = "Five rows from the same noise: hero; half hero, half food; food; hero with 0.6 food; 0.6 hero with 0.6 spell"
du.show_rows(rows, scale=4, label_width=90, alt=alt)

# %% [markdown]
# Some mixtures look like one parent or the other, some have the outline of one and the parts of both, some have no name.
# To see how one becomes the other, walk from hero to food in eight steps: `row = (1 - a) hero + a food`.

# %%
mix = torch.linspace(0, 1, 8)
path = [du.sample(model, ab_t, 32, (1 - a) * hero + a * food, seed=7, **fast) for a in mix]
rows = {f"{a:.2f} food": x[:10] for a, x in zip(mix, path)}
alt = "Eight rows from the same noise, all hero at the top, all food below: every column turns from a person into food"
du.show_rows(rows, label_width=90, alt=alt)

# %%
curve = torch.stack([shares(x) for x in path]) * 100
fig, ax = plt.subplots(figsize=(6, 3))
ax.plot(mix, curve[:, 0], "o-", color="tab:blue", label="hero")
ax.plot(mix, curve[:, 2], "s--", color="tab:orange", label="food")
ax.plot(mix, 100 - curve[:, 0] - curve[:, 2], "^:", color="black", label="another class")
ax.set(xlabel="a (0 = all hero, 1 = all food)", ylabel="recognised (% of 32)")
ax.legend()
du.show_figure(fig, alt="Three curves against the mixing: hero falls, food rises, other classes show up in the middle")

# %% [markdown]
# Down a column the colours mostly stay and the thing switches, often within a row or two: a drawing is a hero for a
# while and then it is food. In the middle, some drawings are recognised as a class that you never named: half a
# request pulls too weakly in either direction, and the noise takes part in the decision.

# %% [markdown]
# ## 4. Can you insist?
#
# The same network can answer the same noisy image twice: once with the context (`cond`) and once with the null context
# (`uncond`). Their difference, `cond - uncond`, is what the request changes. If it pulls too weakly, pull `w` times as
# hard:
#
# `out = uncond + w * (cond - uncond)`
#
# At w = 0 the request is ignored, at w = 1 you have the plain answer, above 1 the request is exaggerated. This is
# *classifier-free guidance*; the one condition is a network that was trained with dropped contexts. It makes no
# difference whether the network predicts the noise, the image or `v`: for a given noisy image each is the other, scaled
# and shifted.
#
# **What do you expect** to see in the difference, if the request is "food"?


# %%
def guided(x, t, c, w):
    uncond, cond = model(x, t, torch.zeros_like(c)), model(x, t, c)
    return uncond + w * (cond - uncond)


z = torch.randn(10, 3, 16, 16, generator=torch.Generator().manual_seed(5)).to(du.best_device())
t, c = torch.ones(10, device=z.device), food.to(z.device).expand(10, 5)
assert torch.allclose(guided(z, t, c, w=2), du.Guided(model, 2)(z, t, c), atol=1e-4)

# %% [markdown]
# What you just wrote is `du.Guided(model, w)`: a denoiser made of a denoiser, so that no sampler needs to know. To see
# the difference, stop the drawing of 10 foods at t = 450, when almost all is noise, and turn three answers into images.

# %%
early = du.sample(model, ab_t, 10, food, seed=5, steps=10, keep=10)[1][0].x  # the first of ten steps ends at t = 450
predicted = {}
for w in (0, 1, 4):
    out = guided(early, t * 450 / 500, c, w)  # the network is given t/T
    predicted[w] = du.to_x0_eps(out, early, 450, ab_t, model.predicts)[0]
rows = {"x_t, t = 450": early, "w = 0: uncond": predicted[0], "w = 1: cond": predicted[1],
        "cond - uncond\n(grey = 0)": predicted[1] - predicted[0], "w = 4": predicted[4]}
alt = "Rows: noisy images; images predicted without context; with context food; the difference on grey; with w = 4"
du.show_rows(rows, scale=4, label_width=110, alt=alt)

# %% [markdown]
# The difference is itself a faint picture of food: a brighter filling, a darker outline. Guidance multiplies just this
# and leaves alone what the two answers agree on. Now let it act in every step, for two sprites of each class.

# %%
c = torch.eye(5).repeat_interleave(2, 0)
top = [name for name in du.CLASSES for _ in range(2)]
rows = {f"w = {w}": du.sample(du.Guided(model, w), ab_t, 10, c, seed=8, **fast) for w in (0, 1, 2, 4, 8)}
alt = "Five rows from the same noise, w = 0, 1, 2, 4 and 8: from top to bottom the classes become clear, then harsh"
du.show_rows(rows, scale=4, top=top, label_width=60, alt=alt)

# %% [markdown]
# At w = 0 a column matches its heading only by chance; further down all do, more and more plainly. The surprise is the last
# row: the strongest request gives not the best drawing, but hard contrast, stripes and stray pixels.
#
# What does it cost? Count the images shown to the network, and the seconds.

# %%
cost, shown = {}, []
handle = model.register_forward_hook(lambda module, args, out: shown.append(len(out)))
for w in (1, 2):
    shown.clear()
    start = time.perf_counter()
    du.sample(du.Guided(model, w), ab_t, 32, food, seed=1, **fast)
    cost[w] = time.perf_counter() - start
    print(f"w = {w}: {len(shown)} calls, {sum(shown)} images shown to the network, {cost[w]:.2f} s")
handle.remove()

# %% [markdown]
# The number of calls stays, since both halves travel in one batch. It is twice as large: a CPU takes about twice as long.

# %% [markdown]
# ## 5. How much is too much?
#
# Four measurements for each w, on 200 sprites, 40 of each class:
# - **as asked**: the share that the judge recognises as the class asked for;
# - **Fréchet distance** to 200 real sprites that were never trained on: it compares mean and covariance of the judge's
#   features (64 numbers for each image); lower is better;
# - **variety**: the mean distance between two sprites of one class, in the same features, as a share of real sprites';
# - **coverage**: the share of the 200 real sprites near which something was drawn, nearer than their third nearest real
#   neighbour. A kind of sprite that is never drawn stays uncovered.
#
# Another 200 real sprites show what is possible (as many, since the distance depends on how many).
#
# **What do you expect?** Which of the four get better with w, all the way to 8?

# %%
held_out, c = du.load_sprites("held_out"), torch.eye(5).repeat_interleave(40, 0)
by_class = [held_out.x[held_out.c[:, k] == 1] for k in range(5)]
real, others = torch.cat([x[:40] for x in by_class]), torch.cat([x[40:80] for x in by_class])
real_f = du.features_of(real)[0]
radius = torch.cdist(real_f, real_f).sort().values[:, 3]  # entry 0 is the sprite itself


def variety(f):
    return sum(du.diversity(part) for part in f.split(40)) / 5


# %% [markdown]
# Now `measure` gives the four numbers for 200 images in the order of `c`.


# %%
def measure(x):
    score, f = du.sprite_score(x, c, real), du.features_of(x)[0]
    covered = (torch.cdist(real_f, f).min(1).values < radius).float().mean().item()
    return 100 * score["asked"], score["frechet"], 100 * variety(f) / variety(real_f), 100 * covered


levels = (0, 0.5, 1, 1.5, 2, 4, 8)
scores = {w: measure(du.sample(du.Guided(model, w), ab_t, 200, c, seed=2, **fast)) for w in levels}
floor = measure(others)

# %%
fig, axes = plt.subplots(2, 2, figsize=(7.5, 5), layout="constrained", sharex=True)
names = ["as asked (%)", "Fréchet distance", "variety (% of real)", "coverage (%)"]
for k, ax in enumerate(axes.flat):
    ax.plot(list(scores), [s[k] for s in scores.values()], "o-", color="tab:blue", label="drawn")
    ax.axhline(floor[k], color="tab:orange", ls="--", label="other real sprites")
    ax.set(ylabel=names[k], xlabel="w" if k > 1 else "", ylim=(0, None))
axes[0, 0].legend(loc="lower right")
alt = "Four curves against w: as asked rises; the Fréchet distance falls, then rises; variety falls, then stays; coverage peaks"
du.show_figure(fig, alt=alt)

# %%
best = min(scores, key=lambda w: scores[w][1])
print("   w   asked (%)   Fréchet   variety (%)   coverage (%)")
for name, (right, frechet, varied, covered) in (scores | {"real": floor}).items():
    print(f"{name:>4}   {right:9.1f}   {frechet:7.2f}   {varied:11.1f}   {covered:12.1f}")
print(f"lowest Fréchet distance at w = {best}")

# %% [markdown]
# Up to the best w you trade next to nothing: guidance removes the unclear drawings, which resemble no real sprite. Beyond it,
# accuracy has nowhere to go, and coverage falls: there are real sprites that nothing drawn comes near any more. This
# is what guidance is known for: *variety traded for accuracy*. The surprise is the mean distance, which hardly notices:
# harsher sprites lie further apart. (Its high start at w = 0 only says that the classes are mixed.) One number for
# variety can mislead.
#
# And why the harsh colours? With w = 8 the formula leaves the range of the data. Measure the share of the values of the
# predicted image x0 that lie clearly outside [-1, 1], in each step, with nothing clipped.

# %%
fig, ax = plt.subplots(figsize=(6, 3))
for w, style in zip((1, 2, 4, 8), ("-", "--", "-.", ":")):
    steps = du.sample(du.Guided(model, w), ab_t, 40, torch.eye(5).repeat(8, 1), seed=9, keep=15, steps=15, order=2)[1]
    outside = [100 * (step.x0.abs() > 1.05).float().mean().item() for step in steps]
    ax.plot([step.t for step in steps], outside, style, label=f"w = {w}")
ax.invert_xaxis()
ax.set(xlabel="time t (sampling runs to the right)", ylabel="x0 beyond ±1.05 (% of values)", ylim=(0, 65))
ax.legend(ncol=4)
du.show_figure(fig, alt="Share of predicted values out of range during sampling: the larger w = 1, 2, 4, 8, the more")

# %%
c = torch.eye(5).repeat_interleave(2, 0)
rows = {"w = 8\nclip=False": du.sample(du.Guided(model, 8), ab_t, 10, c, seed=8, steps=15, order=2),
        "w = 8\nclip=True": du.sample(du.Guided(model, 8), ab_t, 10, c, seed=8, **fast),
        f"w = {best}\nclip=True": du.sample(du.Guided(model, best), ab_t, 10, c, seed=8, **fast)}
alt = "Three rows from the same noise: w = 8 without clipping, w = 8 with it, the w of the lowest Fréchet distance"
du.show_rows(rows, scale=4, top=top, label_width=80, alt=alt)

# %% [markdown]
# This is *over-saturation*: values past the limits are shown as black, white or a pure colour. Clipping x0 keeps the
# overshoot from feeding the next step. It does not bring back what is no longer covered: that needs a smaller w.

# %% [markdown]
# ## 6. Can you say what you do not want?
#
# In the formula, `uncond` is what you move *away from*. Nothing says that it must be the null context. Put in a context
# of your own, a *negative context*:
#
# `out = away + w * (cond - away)`
#
# **What do you expect?** Ask for nothing (`cond` from five zeros), move away from food with w = 2. Do the other four
# classes share equally what food leaves?

# %%
no_food = du.Guided(model, 2, negative=food)
without = du.sample(no_food, ab_t, 200, null, seed=2, **fast)
fig, ax = plt.subplots(figsize=(6, 3))
place = torch.arange(5)
ax.bar(place - 0.2, 100 * shares(free), 0.4, color="tab:blue", label="no context")
ax.bar(place + 0.2, 100 * shares(without), 0.4, color="tab:orange", hatch="//", label="away from food")
ax.set_xticks(place, du.CLASSES)
ax.set(ylabel="recognised (% of 200)")
ax.legend()
du.show_figure(fig, alt="Bars: shares of the classes without context, and away from food, where food almost vanishes")

# %%
side = context["side-facing"]
rows = {"no context": free[:10], "away from food": without[:10]}
rows["hero, w = 2"] = du.sample(du.Guided(model, 2), ab_t, 10, hero, seed=8, **fast)
rows["hero, away from\nside-facing"] = du.sample(du.Guided(model, 2, negative=side), ab_t, 10, hero, seed=8, **fast)
alt = "Four rows: no context; away from food; heroes; heroes away from side-facing figures"
du.show_rows(rows, scale=4, label_width=120, alt=alt)

# %% [markdown]
# Food is all but gone, and the rest is not shared out evenly: "not food" is a direction. Spells, which are things like
# food, lose as well; people and creatures gain. The last two rows both ask for heroes. Moving away from side-facing
# figures exaggerates what sets the two classes apart, rather than what makes a person: compare faces and outlines.
#
# Two traps. At w = 1 the negative context cancels: `away + (cond - away) = cond`. And at w = 0 you get exactly what you
# wanted to avoid.

# %% [markdown]
# ## Try it
#
# The sprite studio. Five sliders make the context (all at 0: none); above each sprite stands what the judge sees. With
# food at 0.2 and the rest at 0, how large must w be until all six are food? What comes of all five at 1? The buttons
# save to the folder `saved`.


# %%
def draw(n, w, negative, seed, steps, **request):
    if negative not in ("nothing", *context):
        raise ValueError(f"the negative context must be 'nothing' or a class, not {negative!r}")
    c = sum(amount * context[name.replace("_", "-")] for name, amount in request.items())
    guide = du.Guided(model, w, negative=context.get(negative))
    return du.sample(guide, ab_t, n, c, seed=seed, keep=steps, **(fast | {"steps": steps}))


def describe(w, negative, seed, steps, **request):
    c = " + ".join(f"{amount:g} {name.replace('_', '-')}" for name, amount in request.items() if amount) or "no context"
    return f"{c}\nw = {w:g}, negative context: {negative}, seed {seed}, {steps} steps"


# %%
def studio(hero=0.0, non_hero=0.0, food=1.0, spell=0.0, side_facing=0.0, w=2.0, negative="nothing", seed=1, steps=5):
    settings = dict(locals())
    x = draw(6, **settings)[0]
    seen = [du.CLASSES[k] for k in du.features_of(x)[1]]
    picture = du.show_rows({"": x}, scale=8, label_width=1, top=seen, alt=f"Six sprites: {describe(**settings)}")
    return picture, "The judge sees " + ", ".join(f"{seen.count(k)} {k}" for k in du.CLASSES if k in seen) + "."


def sheet(**settings):
    return du.show(draw(48, **settings)[0], columns=6, scale=5, title=describe(**settings))


def animation(**settings):
    settings["steps"] = max(24, settings["steps"])  # more frames, nearly the same sprites
    walk = draw(6, **settings)[1]
    frames = torch.stack([torch.cat([step.x, step.x0]) for step in walk])
    title = describe(**settings) + "\nabove: the noisy image; below: the network's guess of the sprite"
    return du.film({title: frames}, [f"t = {step.s}" for step in walk], columns=6, scale=6, fps=8, alt=f"Film: {title}")


# %%
amount = (0.0, 1.0, 0.1)
widgets.try_it(studio, saves={"the sheet": sheet, "the animation": animation},
               hero=amount, non_hero=amount, food=amount, spell=amount, side_facing=amount,
               w=(0.0, 8.0, 0.5), negative=["nothing", *du.CLASSES], seed=(0, 99), steps=(1, 30))

# %% [markdown]
# ## Exercises
#
# ### Exercise 5.1: drop contexts
# *Difficulty 1 of 3, 5 minutes.*
#
# Guidance needs a network that also knows the null context. In training, `u = torch.rand(B)` gives each image of a batch
# one number between 0 and 1. Where it lies below `p`, the image's whole row of `c` becomes zeros, so that about a share
# `p` of the batch is shown without context; the other rows stay as they are. Return a new tensor.

# %% tags=["exercise"]
def my_drop(c, u, p):
    """Contexts (B, K) from contexts c (B, K), random numbers u (B,) and a probability p."""
    return ...  # your code here


checks.check_drop(my_drop)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_drop(c, u, p):
    return c * (u >= p)[:, None]  # (B, 1): one True or False serves a whole row


result = checks.check_drop(solution_drop)
assert result.passed
result

# %% [markdown]
# ### Exercise 5.2: one w for each image
# *Difficulty 2 of 3, 10 minutes.*
#
# In section 4 one `w` served the whole batch. Now `w` is a tensor of B numbers, so that a single walk can draw the same
# request at B strengths. Write guidance for it, `uncond + w * (cond - uncond)`, with `model(x, t, c)` as before: w = 0 must
# still ignore the request, and w = 1 give the plain answer. Can you ask the model just once, with a batch of 2 B?

# %% tags=["exercise"]
def my_guided(model, x, t, c, w):
    """Guided answers (B, C, H, W) to images x (B, C, H, W), times t (B,), contexts c (B, K) and strengths w (B,)."""
    return ...  # your code here


checks.check_guided(my_guided)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_guided(model, x, t, c, w):
    both = torch.cat([torch.zeros_like(c), c])
    uncond, cond = model(torch.cat([x, x]), torch.cat([t, t]), both).chunk(2)  # one call, as in du.Guided
    return uncond + w[:, None, None, None] * (cond - uncond)


result = checks.check_guided(solution_guided)
assert result.passed
result

# %% [markdown]
# ### Exercise 5.3: away from something
# *Difficulty 2 of 3, 5 minutes.*
#
# Write guidance towards `c` and away from a `negative` context, as in section 6, with one number `w`. `negative` is a
# single row, for all images. Which answers of the model do you still need: to `c`, to `negative`, to zeros? Test yourself
# with w = 1 before you run the check.

# %% tags=["exercise"]
def my_negative(model, x, t, c, negative, w):
    """Guided answers (B, C, H, W) to x, t, c, away from the context negative (K,), with one number w."""
    return ...  # your code here


checks.check_negative(my_negative)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_negative(model, x, t, c, negative, w):
    away, cond = model(x, t, negative.expand_as(c)), model(x, t, c)  # the null context is no longer needed
    return away + w * (cond - away)


result = checks.check_negative(solution_negative)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
enough = min(w for w in scores if scores[w][0] >= max(s[0] for s in scores.values()) - 1)
third, few, many = 100 - curve[:, 0] - curve[:, 2], 100 * shares(free).min(), 100 * shares(free).max()
plain, firm, harsh, lowest = scores[1], scores[2], scores[8], scores[best]
print(f"Asked plainly (w = 1), {plain[0]:.1f} % of 200 sprites came out as asked; with w = 2, {firm[0]:.1f} %,")
print(f"for {cost[2] / cost[1]:.1f} times the seconds. Asked for nothing, each class had {few:.0f} to {many:.0f} %.")
print(f"On the way from hero to food, up to {third.max():.0f} % were recognised as a third class.")
print(f"From w = {enough} on, accuracy is within a point of its best. The lowest Fréchet distance was at w = {best}:")
print(f"{lowest[1]:.2f} (real: {floor[1]:.2f}), with a coverage of {lowest[3]:.0f} %.")
print(f"At w = 8 they were {harsh[1]:.2f} and {harsh[3]:.0f} %.")
print(f"Moving away from food took its share from {100 * shares(free)[2]:.1f} to {100 * shares(without)[2]:.1f} %.")

# %% [markdown]
# Which w to use, then? The smallest at which accuracy has levelled off and the Fréchet distance is near its lowest.
#
# ## Quiz
#
# **1. Why must some contexts be dropped in training, if you want to guide?**
#
# <details><summary>Answer</summary>
#
# Guidance needs the answer without a request, `uncond`. A network that never saw the null context has no sensible
# answer to it, and the difference `cond - uncond` would be arbitrary. Dropping one in ten teaches one network both.
#
# </details>
#
# **2. A row of 0.5 hero and 0.5 food: why is that not "a hero or food, each with probability one half"?**
#
# <details><summary>Answer</summary>
#
# The numbers are the input of a layer, not probabilities. The network gets the middle of two learned vectors, which it
# never saw in training. For one or the other with probability one half, toss a coin and pass a one-hot row.
#
# </details>
#
# **3. The share as asked is highest at large w. Why not use w = 8?**
#
# <details><summary>Answer</summary>
#
# That share rewards sprites that are typical, not sprites that are good or varied. The Fréchet distance compares the
# whole set with real sprites, and gets worse when contrast is exaggerated or kinds of sprite go missing.
#
# </details>
#
# **4. With `du.Guided(model, w, negative=food)` and the context hero, what do w = 0 and w = 1 draw?**
#
# <details><summary>Answer</summary>
#
# Insert w in `away + w * (cond - away)`. w = 0 leaves `away`: food, the thing to be avoided. w = 1 leaves `cond`: a
# plain hero, as if there were no negative context. Only above 1 does it push away.
#
# </details>
#
# ## Going further
#
# - Dhariwal and Nichol, *Diffusion Models Beat GANs on Image Synthesis* (2021): guidance with the gradient of a
#   classifier that must understand noisy images, which is what "classifier-free" does without.
# - Ho and Salimans, *Classifier-Free Diffusion Guidance* (2022): section 4, with the trade of variety for accuracy; their
#   w is ours minus 1.
# - Saharia et al., *Photorealistic Text-to-Image Diffusion Models with Deep Language Understanding* (2022): Imagen,
#   where clipping x0 to a limit that adapts makes large w usable.
# - Liu et al., *Compositional Visual Generation with Composable Diffusion Models* (2022): "this and that", "not that",
#   by adding differences like those of section 4.
# - Kynkäänniemi et al., *Applying Guidance in a Limited Interval Improves Sample and Distribution Quality in Diffusion
#   Models* (2024): guide only at the middle noise levels, and keep more variety.
#
# Next: [06_ddim_speedup](06_ddim_speedup.ipynb)
