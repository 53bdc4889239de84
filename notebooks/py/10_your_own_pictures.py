# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10. How do you train on your own pictures?
#
# You have a folder of pictures: photographs from a telephone, sprites from an old game, scans. Can a network learn to
# draw more of them? This lesson goes the whole way, from the folder to new pictures. It makes a folder for itself,
# and you can put the path of your own in its place, in the cell below that says `FOLDER =`. Everything then runs with
# yours, while the text goes on describing what happens with ours. To begin with, here are some of its files, just as
# they lie there.

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
from plumbing import lesson_10

FOLDER = lesson_10.mixed_folder()  # or your own, such as FOLDER = "D:/pictures/monsters"

# %%
lesson_10.thumbnails(FOLDER)

# %% [markdown]
# These files are of many kinds. Some pictures have no background (the chequers mean "nothing"), others a pink one.
# The photograph `IMG_0054.jpg` lies on its side, because the telephone only made a note that it should be turned. Two
# files, those with a question mark, do not open as pictures at all, although the name of one of them ends in `.jpg`.
# And the blue line above `panorama.png` is no mistake: this is the whole picture. Real folders are like this, and
# most of the trouble with one's own pictures begins here, long before any network.
#
# **You will be able to**
# - *read* a folder or a sprite sheet, and *say* what was left out, and why,
# - *choose* the size and the edges before you train, because you have looked,
# - *hold out* pictures that have no twin among the training pictures,
# - *start* from a trained network, though it knows other classes, and *measure* what that is worth,
# - *test* whether a network invents or copies, and *test* the test,
# - *say* how few pictures are too few, and what mirrors can do about it,
# - *train*, stop, go on and draw with two commands.
#
# **You need** lesson 1 (the perfect denoiser, which only remembers), lesson 2 (the Fréchet distance), lesson 4
# (training, held-out error) and lesson 5 (classes).
#
# **Time:** about 45 minutes of reading, and half an hour for the five tasks. The cells run for about four minutes on
# a laptop CPU, most of it in sections 4, 6 and 7, where networks are trained.

# %%
import shutil
import subprocess

import charts
import checks
import torch
import torch.nn.functional as F
import widgets
from IPython.display import Markdown

# %% [markdown]
# ## 1. What is in the folder, and what was read?
#
# `du.load_folder` reads a folder as the course's programs do: PNG, JPEG, WebP, GIF or BMP files, in one folder for each
# class, or all in one. (`du.load_sheet` cuts a sprite sheet into its tiles in the same way.) Whatever the files were,
# afterwards they are one tensor of square pictures of the same size, with three channels, in [-1, 1], and a row for
# each that names its class.
#
# **What do you expect?** One file is broken, one is a text, and one is a strip of sky that is 27 times as wide as it is
# high. What should a good program do with them?
#
# <details name="expect-10-1"><summary>Skip them quietly, so that the training can begin</summary>
#
# Then you would never learn that a whole class was missing because its files end in `.jpeg`. A program that skips
# quietly is right on the day you try it, and wrong on the day you need it.
#
# </details>
# <details name="expect-10-1"><summary>Stop with an error at the first of them</summary>
#
# That is honest, but it tells one fact for each run. With fifty bad files you would start it fifty times.
#
# </details>
# <details name="expect-10-1"><summary>Leave them out, go on, and name each with the reason</summary>
#
# Yes. Below, each file is either read or named, so that the numbers add up. It stops only where nothing can be read.
#
# </details>

# %%
SIZE = 16  # pixels on each side; it must divide by 4
FIT = "crop"  # what is not square is cut to its middle; "pad" adds white instead

# %%
everything = du.load_folder(FOLDER, SIZE, fit=FIT)
data = lesson_10.thin(everything, most=1500)  # what this lesson compares pair by pair must fit
du.contact_sheet(data, columns=16, scale=max(1, 40 // SIZE))

# %% [markdown]
# Read the summary as a list of questions. Are the classes the ones that you meant? Are the numbers right? What was
# left out, and do you miss it? What was enlarged (the digits have only 8 x 8 pixels, so each pixel became four), and
# what was reduced, so that details are lost? Did a colour that should be nothing become white? (In the folder of the
# lesson the pink behind some invaders did: magenta has meant "nothing here" since before files knew transparency. For
# any other colour there is `background="#00ff00"`.)
#
# The picture is called a *contact sheet*, after the sheets of small prints that photographers look at before they
# enlarge anything. It shows some pictures of each class as the network will see them, at the size at which it will be
# trained. **Look at it before you train.** It takes seconds, and it is your best chance to notice that something is
# wrong before hours of training are spent on it. Here, for instance, three invaders have lost their heads and their
# feet: the sixth, the eleventh and the last. The next section is about these.
#
# ## 2. How large, and what becomes of the edges?
#
# A network wants squares, and few pictures are square. There are two honest ways out. You can *crop*: keep the square
# in the middle, and lose what is beyond it. Or you can *pad*: keep everything, and fill up with white. (Squeezing the
# picture into a square is the dishonest way, because it teaches the network fat faces and thin cars.)
#
# ### Your turn 10.1: make it square
# *Difficulty 1 of 3, 6 minutes.*
#
# `picture` has the shape (C, H, W). With `fit="crop"` return its middle, a square whose side is the smaller of H and W.
# With `fit="pad"` return a square whose side is the larger one, with the picture in its middle and white around. White
# is 1, as everywhere in this course.

# %% tags=["exercise"]
def square(picture, fit):
    """A square picture (C, S, S) from picture (C, H, W): fit is "crop" or "pad"."""
    return ...  # your code here


checks.check_square(square)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_square(picture, fit):
    C, H, W = picture.shape
    if fit == "crop":
        side = min(H, W)
        top, left = (H - side) // 2, (W - side) // 2
        return picture[:, top : top + side, left : left + side]
    side = max(H, W)
    top, left = (side - H) // 2, (side - W) // 2
    white = torch.ones(C, side, side)
    white[:, top : top + H, left : left + W] = picture
    return white


square = checks.keep(square, solution_square)

# %%
longest = lesson_10.longest(FOLDER, 8)  # pictures that are far from square, each (3, H, W)
rows = {"as they are": lesson_10.framed(longest, 64)}
for fit in ("crop", "pad"):
    for side in (64, SIZE):
        x = torch.cat([F.interpolate(square(picture, fit)[None], side, mode="area")
                       for picture in longest])
        rows[f"{fit}, {side} x {side}"] = lesson_10.enlarged(x, 64)
du.show_rows(rows, scale=1, alt="Pictures as they are, cropped, and padded, large and small")

# %% [markdown]
# The grey in the first row is not part of the pictures; it only shows how far they are from square. Which way is
# better depends on what the edges hold. A photograph has its subject in the middle and something at every edge, so a
# crop costs it little, while padding teaches the network that photographs have white bars. A tall sprite has its head
# at one edge and its feet at the other, so a crop beheads it. (Padding has a price for it as well, as the last row
# shows: its 24 rows of pixels must share 16, so they are smeared, while those of a sprite of 16 x 16 would stay as
# they are.) The folder of this lesson has many photographs and few tall sprites, hence `FIT = "crop"`. If you had as
# many of both, you would sort them into two folders, and read each in its own way.
#
# The size is the second choice, and the more expensive one. A network of this kind does its work at every pixel.
# Twice the side means four times the pixels, and so about four times the seconds, in training and in drawing. (The
# smallest pictures cost somewhat more than this rule says, because a part of each step is the same for all sizes.)
# Use the smallest size at which *you* still recognise what matters.

# %%
some, rows = lesson_10.some(FOLDER, 8), {}
for side in (8, 16, 32, 64):
    x = torch.cat([du.load_picture(file, side, fit=FIT) for file in some])
    rows[f"{side} x {side}, {(side / 16) ** 2:g} times\nthe cost of 16 x 16"] = (
        lesson_10.enlarged(x, 64))
du.show_rows(rows, scale=1, alt="The same pictures at 8, 16, 32 and 64 pixels a side")

# %% [markdown]
# Each kind answers for itself. The digits were scanned at 8 x 8, so they gain nothing from more pixels. The invaders
# are unrecognisable at 8 x 8, complete at 16 x 16, and gain nothing after that. The photographs of the temple gain at
# every step, and you pay about four times as much for each. We take 16 x 16, which is enough for two of the three
# kinds and lets this lesson end today. With photographs alone you would want at least 32 x 32.
#
# ## 3. Who may sit the examination?
#
# In lesson 4 you learned to keep some pictures back, and to watch the error on them. With your own pictures you need
# these held-out pictures twice: they tell you when the network stops learning and begins to memorise, and they are
# the yardstick of the copying test in section 5. Both break if a held-out picture has a *twin* among the training
# pictures. And folders are full of twins: `IMG_0012 (1).webp`, the same sprite exported as PNG and as BMP, two
# photographs taken one second apart, a picture and its mirror image. The data of the sprite course, from which this
# course took its idea, are an extreme case: 1,788 sprites that are repeated 50 times each.
#
# To find twins, measure how far apart any two pictures are, as the root mean square (RMS) of the difference of their
# pixels, and let the mirror image count as the picture itself.

# %%
def both_ways(x):
    """Pictures, and after them their mirror images."""
    return torch.cat([x, x.flip(3)])


flat, mirrored = data.x.flatten(1), data.x.flip(3).flatten(1)
apart = torch.minimum(torch.cdist(flat, flat), torch.cdist(flat, mirrored))
apart = apart / flat.shape[1] ** 0.5
typical = apart[~torch.eye(len(flat), dtype=torch.bool)].median().item()
print(f"Half of all pairs of pictures are farther apart than {typical:.2f}.")
shares = (0, 0.02, 0.04, 0.06, 0.08, 0.12, 0.16, 0.25, 0.5, 1)
i, j = lesson_10.pairs_at(apart, [share * typical for share in shares])
du.show_rows({"one": data.x[i], "other": data.x[j]}, scale=max(1, 64 // SIZE), label_width=50,
             top=[f"{apart[a, b] / typical:.2f}" for a, b in zip(i, j)],
             alt="Pairs of pictures, from twins on the left to strangers on the right")

# %% [markdown]
# Above each pair stands its distance, as a share of the typical one. On the left are twins, on the right strangers,
# and you draw the line. No number is right for all folders. We draw it at a tenth, and call it `NEAR` below. Perhaps
# you object that the pairs at 0.12 and at 0.16 are twins as well, for each of them shows the same tower, only moved a
# little. You are right, and the line need not be moved for it.
#
# What has to change is that we look at pairs alone. The tower comes from a burst, many photographs taken within a
# second, and a burst is a *chain*: the first photograph is close to the second and the second to the third, and yet
# the first and the last may be far apart. If the first is trained on and the third held out, where would you put the
# second? On either side it has a twin on the other one. So whole *families* must go to one side: all pictures that
# are joined by a chain of twins.
#
# ### Your turn 10.2: families
# *Difficulty 2 of 3, 10 minutes.*
#
# `close` is a table of True and False, (N, N): whether picture i is close to picture j (each is close to itself).
# Return a number for each picture, (N,), such that two pictures have the same number exactly when they are of one
# family. What the numbers are does not matter. An idea: begin with a different number for each picture; let everybody
# take the smallest number among those who are close; repeat.

# %% tags=["exercise"]
def families(close):
    """The family (N,) of each picture; close (N, N) is bool and symmetric."""
    return ...  # your code here


checks.check_families(families)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_families(close):
    number = torch.arange(len(close))
    for _ in close:  # the longest chain has as many links as there are pictures
        smaller = torch.where(close, number, len(close)).amin(1)
        if torch.equal(smaller, number):
            break
        number = smaller
    return number


families = checks.keep(families, solution_families)

# %%
NEAR = 0.1  # what is nearer than this share of the typical distance is a twin

# %%
number = torch.as_tensor(families(apart < NEAR * typical))
_, number, members = number.unique(return_inverse=True, return_counts=True)
print(f"{len(number)} pictures are {len(members)} families.")
rows = {}
for n, k in enumerate(members.argsort(descending=True, stable=True)[:4].tolist(), 1):
    widest = apart[number == k][:, number == k].max() / typical
    rows[f"family {n}: {members[k]},\nup to {widest:.2f} apart"] = data.x[number == k][:12]
du.show_rows(rows, scale=max(1, 40 // SIZE), alt="The largest families of twins")

# %% [markdown]
# In the folder of the lesson, the two largest families are bursts: the camera moved a little from shot to shot, and
# the first and the last shot of each are nearly three times as far apart as twins may be. The other two are exports
# of one sprite. As we made this folder, we know the truth about it: it holds 120 digits, 48 invaders, 54 pieces of
# photographs, two whole photographs and two bursts, and these are 226 indeed. The line could have been drawn
# elsewhere, too. Put 0.2 in the place of `NEAR`, and the families are the same; with 0.05 the bursts fall apart, and
# with 0.25 strangers are joined.
#
# Now look at the examination itself. The pupil is the perfect denoiser of lesson 1: it knows its training pictures by
# heart, and nothing else. It gets noisy pictures and has to guess what is under the noise. Its *error* is the mean
# squared difference between guess and picture, averaged over four levels of noise. The next three cells measure this
# error, draw the held-out families, and let the pupil sit the examination.
#
# **What do you expect?** We hold out pictures in two ways, at random and by families, the same number both times, and
# repeat this with five different draws. How well will the pupil who only remembers do on the held-out pictures?
#
# <details name="expect-10-2"><summary>Badly both times: it has seen none of them</summary>
#
# It has seen their twins. After a random split it answers with the twin, and gets a good mark for it.
#
# </details>
# <details name="expect-10-2"><summary>Badly by families, but far better at random</summary>
#
# Yes. The random split *leaks*: it rewards memory. A network that memorises would look as if it had understood.
#
# </details>
# <details name="expect-10-2"><summary>Well both times: a perfect denoiser makes no mistakes</summary>
#
# It is perfect for the pictures that it was made of. For others it is as wrong as a memory can be.
#
# </details>

# %%
ab_t = du.noise_schedule("cosine", 500)
LEVELS = (50, 150, 250, 350)


@torch.no_grad()
def error(model, x, c=None, most=24):
    """The mean squared error of a denoiser's guesses at x, over four levels of noise."""
    rows, found = torch.linspace(0, len(x) - 1, min(most, len(x))).long(), []
    x, c = x[rows], None if c is None else c[rows]
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    for t in LEVELS:
        x_t = du.add_noise(x, t, noise, ab_t).to(du.best_device())
        answer = model(x_t, torch.full((len(x),), t / 500, device=x_t.device), c)
        guess = du.to_x0_eps(answer, x_t, t, ab_t, model.predicts)[0]
        found.append((guess.cpu() - x).square().mean().item())
    return sum(found) / len(found)


# %%
def hold_out(number, share=0.15, seed=0):
    """bool (N,): whole families, drawn at random, up to a share of the pictures."""
    most, out = max(2, share * len(number)), torch.zeros(len(number), dtype=torch.bool)
    generator = torch.Generator().manual_seed(seed)
    for family in torch.randperm(int(number.max()) + 1, generator=generator):
        if out.sum() + (number == family).sum() <= most:
            out |= number == family
    du.need(out.sum() >= 2, "nearly all of your pictures are one family: choose a smaller NEAR")
    return out


# %%
def exam(out):
    """The errors, on training and on held-out pictures, of a pupil who only remembers."""
    pupil = du.PerfectDenoiser(data.x[~out], ab_t)
    return [error(pupil, data.x[part], most=48) for part in (~out, out)]


splits = {"by families": [hold_out(number, seed=seed) for seed in range(5)]}
splits["at random"] = [out[torch.randperm(len(out), generator=torch.Generator().manual_seed(k))]
                       for k, out in enumerate(splits["by families"])]  # as many, whichever
marks = {name: torch.tensor([exam(out) for out in five]) for name, five in splits.items()}
charts.bars({f"split {name}: {part}": marks[name][:, k] for name in ("at random", "by families")
             for k, part in enumerate(("training", "held out"))},
            y="error of a pupil who only remembers (five splits)",
            alt="A memory makes no error in training, a small one where the split leaks")

# %% [markdown]
# The bars are means, and each dot is one of the five splits. The pupil has learned nothing but its own pictures, both
# times. Only the examination differs. After the random split its error is half as large as after the split by
# families, because many of the held-out pictures have a twin that it knows. The mark is better than it deserves. From
# here on we split by families.
#
# There is one leak that no table of distances can see. If you begin with a network that somebody else has trained, your
# held-out pictures may have been among *theirs*. You can only ask. (Ours was trained on the course's sprites, and none
# of the pictures in this folder is one of them.)

# %%
out = splits["by families"][0]
train = du.Sprites(data.x[~out], data.c[~out], data.classes)
held_out = du.Sprites(data.x[out], data.c[out], data.classes)
for name, part in {"to train on": train, "held out": held_out}.items():
    of_each = ", ".join(f"{k} {int(n)}" for k, n in zip(data.classes, part.c.sum(0)))
    print(f"{name}: {len(part.x)} pictures ({of_each})")

# %% [markdown]
# ## 4. From nothing, or from a trained network?
#
# `unet.pth`, the network of the earlier lessons, has never seen a photograph or a digit. But it has spent 9,000 batches
# on cleaning small pictures, and much of that may be useful for any picture: what noise is, what an edge is, what time
# means. To go on training a trained network with new pictures is called **fine-tuning**. Nearly everybody who trains a
# large model on their own pictures does this, because training from nothing would need millions of pictures.
#
# There is one obstacle. `unet.pth` was told one of five classes, so its layer `context.weight` has a column for each of
# five. Your folder has another number of classes, so this layer does not fit. The others do.
#
# ### Your turn 10.3: take over what fits
# *Difficulty 2 of 3, 6 minutes.*
#
# A network's weights are a dict: the name of each layer's tensor, and the tensor. `ours` is the dict of a new network,
# `theirs` that of the trained one. Return a dict with exactly the names of `ours`. Where `theirs` has a tensor of the
# same name **and** the same shape, it is that tensor; everywhere else it stays the tensor of `ours`.

# %% tags=["exercise"]
def take_over(theirs, ours):
    """A dict with the names of ours, and the tensors of theirs where name and shape fit."""
    return ...  # your code here


checks.check_take_over(take_over)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_take_over(theirs, ours):
    fits = {name: value for name, value in theirs.items()
            if name in ours and value.shape == ours[name].shape}
    return ours | fits


take_over = checks.keep(take_over, solution_take_over)

# %%
unet, _ = du.load_model(du.WEIGHTS / "unet.pth", "cpu")


def newborn(seed, trained=None):
    """A network for the folder's classes; with `trained`, all that fits is taken from it."""
    torch.manual_seed(seed)
    network = du.Unet(3, len(data.classes), widths=unet.config["widths"])
    if trained is not None:
        network.load_state_dict(take_over(trained.state_dict(), network.state_dict()))
    return network


adopted, theirs = newborn(0, unet).state_dict(), unet.state_dict()
new = [name for name, value in adopted.items()
       if theirs[name].shape != value.shape or not torch.equal(theirs[name], value)]
print(f"{len(adopted) - len(new)} of {len(adopted)} tensors were taken over; "
      f"new: {', '.join(new) or 'none'}")

# %% [markdown]
# The training itself is lesson 4's: `du.Trainer` is the loop that you wrote there, with its refinements. At some
# steps it stops for an examination, in which the network with averaged weights (lesson 4) is asked about 24 of the
# held-out pictures, always the same ones. (`change` belongs to section 7, and `own`, the error on the pictures that
# are trained on, to section 6.)

# %%
TRAINING_STEPS = 50


def fine_tune(network, pictures, seed=0, lr=2e-3, change=None, steps=None):
    """Train; a Run holds the network, and {step: error} on held-out and on its own pictures."""
    trainer = du.Trainer(network, pictures, ab_t, lr=lr, batch=min(16, len(pictures.x)),
                         warmup=10, anneal=None, times="middle", half_life=20, seed=seed)
    coins = torch.Generator().manual_seed(seed)
    run = lesson_10.Run(trainer.ema.model, held_out={}, own={})
    for now in trainer.run(steps=steps or TRAINING_STEPS):
        if now.step in (1, 3, 10, 20, 30, 50, 90) or now.done >= 1:
            run.held_out[now.step] = error(run.network, held_out.x, held_out.c)
            if len(pictures.x) < len(train.x):  # of interest in section 6
                run.own[now.step] = error(run.network, pictures.x, pictures.c)
        if change:  # what the next step will see
            coin = torch.rand(len(pictures.x), generator=coins) < 0.5
            trainer.x = change(pictures.x, coin).to(trainer.device)
    return run


def last(runs):
    """The last held-out errors of several runs."""
    return [list(run.held_out.values())[-1] for run in runs]


# %% [markdown]
# **What do you expect?** Both are trained with the same pictures, for the same number of steps and with the same two
# seeds. How large is the lead of the trained network, on pictures of a kind that it has never seen?
#
# <details name="expect-10-3"><summary>None: what it knows about sprites is no use for photographs</summary>
#
# It has a lead from the first step on. Much of what one needs for cleaning a picture is the same for sprites and for
# photographs.
#
# </details>
# <details name="expect-10-3"><summary>Large at first, and smaller as the training goes on</summary>
#
# Yes. At first its error is about half of that of the other, and in the end nearly two thirds. See below how many
# steps the other one needs to get where this one was after ten.
#
# </details>
# <details name="expect-10-3"><summary>It is behind: it must first forget the sprites</summary>
#
# It may forget sprites on the way, but it does not have to do so first: its error is the smaller one at every
# examination, from the first step on.
#
# </details>

# %%
starts = {"from nothing": None, "from unet.pth": unet}
runs = {name: [fine_tune(newborn(seed, trained), train, seed) for seed in (1, 2)]
        for name, trained in starts.items()}


def curve(name, examination="held_out"):
    """The steps, and the errors of both seeds, of a training."""
    both = [getattr(run, examination) for run in runs[name]]
    return list(both[0]), [list(errors.values()) for errors in both]


charts.lines({name: curve(name) for name in runs}, log="xy",
             x="steps of training", y="error on held-out pictures",
             alt="The held-out error falls; from unet.pth it is lower all the way")

# %%
def draw(network, n, seed=1, w=1.0, names=None):
    """n pictures of each of the named classes (of all, if none is named)."""
    rows = [data.classes.index(name) for name in names or data.classes]
    c = torch.eye(len(data.classes))[rows].repeat_interleave(n, 0)
    return du.sample(du.Guided(network, w), ab_t, len(c), c, seed=seed, steps=12, order=2,
                     eta=1.0, clip=True, shape=(3, SIZE, SIZE)).cpu()


shown = data.classes[:6]
each = max(2, 12 // len(shown))
drawn = {name: draw(both[0].network, each, names=shown) for name, both in runs.items()}
real = torch.cat([lesson_10.spread(train.x[train.c[:, k] == 1], each)
                  for k in range(len(shown))])
du.show_rows(drawn | {"the folder": real}, scale=max(1, 48 // SIZE), label_width=110,
             alt="Pictures drawn by both networks, and some of the folder")

# %% [markdown]
# The two seeds of each start lie so close together that the band between them can hardly be seen. Read the curves
# sideways: after ten steps the network that began with `unet.pth` is already farther than the other one is at the
# end. And look at the pictures. After the same steps, the upper row is still full of coloured noise. In the second
# row the digits and the invaders stand on nearly white backgrounds, and the invaders have dark outlines and clean
# colours. Both networks were shown the same pictures in these steps, so this one must have known such things before.
# The photographs are poor in both rows: of these, sprites have taught it least.
#
# Compare also with the pupil of section 3, who only remembered. On held-out families its error was about 0.2, and
# never below 0.17, while both networks end below 0.1. So both have learned something that is true of pictures that
# they were never shown.
#
# Two cautions. The lead shrinks, because what all pictures have in common can be learned from any of them. Whether
# something would be left of it after a day of training, this experiment cannot say. And these few steps are no
# finished training: you can see what is meant to be a digit, but you cannot read it. For more, raise
# `TRAINING_STEPS`, as long as the error still falls.
#
# ## 5. Invented, or copied?
#
# The drawn pictures begin to look like those of the folder. May they become *too* like them? A network that returns
# its training pictures has a low training error and draws splendid pictures, and you do not need it, because you have
# the pictures already.
#
# The test is to look for the nearest training picture. But how near is too near? Two honest pictures of the same kind
# may resemble each other, so a distance alone says nothing. The **held-out** pictures tell: they are of the same
# kind, and they were certainly not copied. So take their distances to the training pictures, and draw the line where
# only one in twenty of them lies nearer. By construction this test calls about 5% of honest pictures copies. If it
# calls 60% of the drawn ones so, most of these were copied.
#
# ### Your turn 10.4: the copying test
# *Difficulty 2 of 3, 6 minutes.*
#
# Write it. `du.nearest(x, others)` returns, for each picture of x, the distance to the nearest of the others, and which
# one that is. `values.quantile(0.05)` is the number below which one in twenty of the values lies.

# %% tags=["exercise"]
def copied(drawn, train, held_out):
    """The share of drawn ones nearer to a training picture than 19 in 20 held-out ones."""
    return ...  # your code here


checks.check_copied(copied)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_copied(drawn, train, held_out):
    limit = du.nearest(held_out, train)[0].quantile(0.05)
    return (du.nearest(drawn, train)[0] < limit).float().mean().item()


copied = checks.keep(copied, solution_copied)

# %% [markdown]
# The second instrument asks whether the pictures are *good*, all together. For sprites the course has a classifier,
# but nobody has trained one for your pictures. So take simple statistics, and describe each picture by twelve
# numbers, its *features*: the mean and the spread of each of the three colours, and how strong the edges are at three
# scales, across and down. Each feature is counted in standard deviations of the training pictures, so that none
# outweighs the others. If the features of the drawn pictures have the mean $m_a$ and the covariance $S_a$, and those
# of the training pictures $m_b$ and $S_b$, the Fréchet distance of lesson 2 is
#
# $$d = |m_a - m_b|^2 + \mathrm{tr}\,(S_a + S_b) - 2\,\mathrm{tr}\,\big((S_a S_b)^{1/2}\big)$$
#
# The last trace is the sum of the square roots of the eigenvalues of $S_a S_b$, and so the code computes it (`cross`).

# %%
SCORED = 40  # pictures at most, in each set


def features(x):
    parts = [x.mean((2, 3)), x.std((2, 3))]
    for side in (SIZE, SIZE // 2, SIZE // 4):
        small = F.adaptive_avg_pool2d(x, side)
        edges = [small.diff(dim=d).abs().mean((1, 2, 3)) for d in (2, 3)]
        parts += [e.add(0.01).log()[:, None] for e in edges]
    return torch.cat(parts, 1).double()


def score(x):
    """The distance of pictures x from the training pictures: 0 is alike, lower is better."""
    a, b = features(x), features(train.x)
    a, b = ((f - b.mean(0)) / b.std(0).clamp(min=1e-6) for f in (a, b))
    S_a, S_b = a.T.cov(), b.T.cov()
    cross = torch.linalg.eigvals(S_a @ S_b).real.clamp(min=0).sqrt().sum()
    means = (a.mean(0) - b.mean(0)).square().sum()
    return (means + S_a.trace() + S_b.trace() - 2 * cross).item()


# %% [markdown]
# Now you have two instruments, and have tried neither. **An instrument must be tested before it is believed**, and the
# way to test it is to feed it pictures of which you know what is wrong: spoil real ones on purpose.
#
# **What do you expect?** Which instrument notices that pictures stand on their heads?
#
# <details name="expect-10-4"><summary>Both: it is the most obvious fault of all</summary>
#
# Obvious to you, because you know what a house is. Neither instrument does.
#
# </details>
# <details name="expect-10-4"><summary>The score, because the edges are in other places</summary>
#
# Its features count how strong the edges are, not where they are. None of them knows which way is up.
#
# </details>
# <details name="expect-10-4"><summary>Neither</summary>
#
# Neither sees it: to the score upside down is the same as upright, and the copying test answers another question.
#
# </details>

# %%
N = min(SCORED, len(held_out.x))
sure, known = lesson_10.spread(held_out.x, N), lesson_10.spread(train.x, N)
grain = torch.randn(sure.shape, generator=torch.Generator().manual_seed(4))
spoiled = {
    "held-out pictures": sure,
    "blurred": F.avg_pool2d(F.pad(sure, (1, 1, 1, 1), "replicate"), 3, 1),
    "with a little noise": (sure + 0.1 * grain).clamp(-1, 1),
    "edges in the middle": sure.roll((SIZE // 2, SIZE // 2), (2, 3)),
    "a third of them, thrice": sure[: max(1, N // 3)].repeat(3, 1, 1, 1),
    "upside down": sure.flip(2),
    "training pictures": known,
    "these, mirrored": known.flip(3),
    "these, with noise": (known + 0.1 * grain).clamp(-1, 1),
    "these, moved by a pixel": known.roll(1, 3),
}


def judged(x):
    return f"copies {copied(x, both_ways(train.x), held_out.x):.0%}, score {score(x):.2f}"


du.show_rows({f"{name}\n{judged(x)}": x[:: -(-N // 12)] for name, x in spoiled.items()},
             scale=max(1, 40 // SIZE), label_width=180,
             alt="Pictures spoiled on purpose, and what the two instruments say of them")

# %%
generator = torch.Generator().manual_seed(0)
order = [torch.randperm(len(train.x), generator=generator)[:N] for _ in range(20)]
chance = [score(train.x[rows]) for rows in order]
print(f"{N} training pictures, chosen at random twenty times: "
      f"scores from {min(chance):.2f} to {max(chance):.2f}")

# %% [markdown]
# Go through the rows, and hold every score against what chance alone does, which is printed below them: real
# pictures, drawn at random, have scores from about 0.3 to 1.2. The held-out pictures themselves lie within this
# range.
#
# - **The score** notices blur, and most of all it notices when whole kinds are missing. Look at the row "a third of
#   them, thrice". The pictures lie in the order of their classes, so the first third holds digits alone, and for this
#   it gets the worst score of all. That each is there three times is *not* what the score minds. (Take every third
#   picture instead, `sure[::3].repeat(3, 1, 1, 1)`, which leaves all kinds in, and the score is 1.9, the same as if
#   each were there once.) For a little noise, or for edges that run through the middle, it gives hardly more than
#   chance does, so to these it is nearly blind. It does not see at all that pictures stand on their heads. And it has
#   nothing against copies: training pictures get as good a score as chance ever gives, since they are what it
#   compares with. A network that copies would look excellent.
# - **The copying test** finds all copies, also mirrored ones (because we let mirror images count) and copies with a
#   little noise. But move them by a single pixel, and most of them escape, although to your eye they are the same
#   pictures. A distance of pixels knows nothing of shapes. So "no copies" means: none of *this* kind.
#
# Neither instrument would do alone. A score without a copying test praises the copyist, and a copying test without a
# score praises noise, which is a copy of nothing. (There are two more things to know about the line. First, the test
# calls 8% of the held-out pictures copies, and not 5%. One in twenty of 46 pictures cannot be had exactly: 3 of them
# lie below the line, and all 3 are among the 40 in the first row. Second, we held out whole families, so no held-out
# picture *can* lie very near to a training picture. A drawn picture can, if it is plain, such as a piece of sky,
# without having been copied, and the test calls it a copy nevertheless.)
#
# With both instruments tested, what do they say of the two networks?

# %%
def report(runs):
    """Marks of both seeds of each training: held-out error, copies, and score."""
    marks, n = {}, -(-N // len(data.classes))
    for name, both in runs.items():
        x = [draw(run.network, n, seed) for seed, run in enumerate(both)]
        copies = [100 * copied(one, both_ways(train.x), held_out.x) for one in x]
        marks[name] = {"held-out error": last(both), "copies (%)": copies,
                       "score": [score(one) for one in x]}
    return lesson_10.marks(marks)


report(runs)

# %% [markdown]
# Two numbers separated by a stroke are the two seeds. Not one of the pictures is called a copy, with either start.
# (Do not praise this too much. There are fewer even than among held-out pictures, because the drawn pictures are
# still rough, and roughness is a copy of nothing.) The network that began with `unet.pth` has the better score with
# both seeds. The two starts are more than 2.5 apart, whereas two draws of real pictures differ by less than 1, so
# this is not chance.
#
# ## 6. How few are too few?
#
# Most people have a dozen pictures of the thing that they care about, not a thousand. So take twelve of the training
# pictures, spread evenly over them, and train on these alone, from the same start and with the same settings (only
# that a batch is now all twelve), for three times as many steps.
#
# **What do you expect?** Twelve pictures are seen again and again. What becomes of the error on the twelve, and of the
# error on the held-out pictures?
#
# <details name="expect-10-5"><summary>Both fall: practice helps</summary>
#
# At first, yes. Then the network has learned what twelve pictures can teach about all pictures, and what is left to
# learn is these twelve by heart.
#
# </details>
# <details name="expect-10-5"><summary>The first falls on and on, the second turns and rises</summary>
#
# Yes. Where it turns, memorising begins to cost. Without held-out pictures you would see the falling curve only, and be
# pleased.
#
# </details>
# <details name="expect-10-5"><summary>Neither falls: twelve pictures are nothing</summary>
#
# They are little, but the trained network brings most of what is needed.
#
# </details>

# %%
FEW = min(12, len(train.x) // 2)
rows = torch.linspace(0, len(train.x) - 1, FEW).long()
few = du.Sprites(train.x[rows], train.c[rows], data.classes)
LONGER = 3 * TRAINING_STEPS
runs[f"{FEW} pictures"] = [fine_tune(newborn(seed, unet), few, seed, steps=LONGER)
                           for seed in (1, 2)]
charts.lines({f"{FEW} pictures: error on themselves": curve(f"{FEW} pictures", "own"),
              f"{FEW} pictures: error on held-out": curve(f"{FEW} pictures"),
              f"{len(train.x)} pictures: error on held-out": curve("from unet.pth")},
             x="steps of training", y="error", log="xy",
             alt="With all pictures the held-out error falls on; with twelve it turns")

# %%
pair = both_ways(few.x)
x = draw(runs[f"{FEW} pictures"][0].network, each, names=shown)
du.show_rows({f"drawn, after\n{FEW} pictures": x,
              f"the nearest\nof the {FEW}": pair[du.nearest(x, pair)[1]]},
             scale=max(1, 48 // SIZE), label_width=110,
             alt="Pictures drawn after training on twelve, below each the nearest one")

# %% [markdown]
# This is what memorising looks like from outside. The error on the twelve falls and falls. If you watched only this
# curve, or only the loss that a program prints, you would see a splendid training, and let it run on. The error on
# the held-out pictures falls as well at first, though not as far as with all the pictures. Then it turns, and in the
# end the network is as bad at pictures in general as it was after the first step. The third curve is the control. It
# is the training of section 4 from the same start, and ends after 50 steps. There it is still falling, while that of
# the twelve is already rising. So it is not the number of steps alone that does the harm, but many steps with few
# pictures. What the network draws after 150 steps with the twelve, you see above: below each picture stands the one
# of the twelve that it repeats.
#
# So a dozen pictures can be enough to *begin* with, because the trained network brings most of what is needed. What
# they do not allow is to train for long. Everybody who teaches a large model a face from ten photographs has this
# problem, and **stopping early** is the first remedy.
#
# ## 7. Does a mirror make more pictures?
#
# If there are too few pictures, make more of them: mirror each, and you have twice as many. Programs do it on the fly.
# Before each step a coin is thrown for every picture, and those with heads are mirrored. The general name for changes
# of this kind is **augmentation**; small shifts, turns and changes of brightness are others.
#
# ### Your turn 10.5: mirror half of them
# *Difficulty 1 of 3, 5 minutes.*
#
# Given pictures `x` and a coin for each, `True` or `False`, return the pictures, those with `True` mirrored left to
# right.

# %% tags=["exercise"]
def flip(x, coin):
    """Pictures (B, C, H, W) from x (B, C, H, W) and coin, bool (B,)."""
    return ...  # your code here


checks.check_flip(flip)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_flip(x, coin):
    return torch.where(coin[:, None, None, None], x.flip(3), x)  # dimension 3 is the width


flip = checks.keep(flip, solution_flip)

# %% [markdown]
# **What do you expect?** The twelve pictures once more, now with mirrors. In the folder of this lesson there are
# digits, invaders (which look the same on both sides) and photographs. Whom do mirrors help?
#
# <details name="expect-10-6"><summary>All: more pictures are always better</summary>
#
# Not if they are wrong. A mirrored 3 is no digit, and a network that is shown mirrored digits will draw them.
#
# </details>
# <details name="expect-10-6"><summary>The photographs; they do nothing for the invaders, and harm the digits</summary>
#
# That is what one should think. The error below cannot tell, because it is the mean over all three kinds. The last
# table can: it counts, kind by kind, which way round the drawn pictures are.
#
# </details>
# <details name="expect-10-6"><summary>Nobody: the network knows a mirrored picture already</summary>
#
# It does not. To a convolution, left and right are as different as up and down.
#
# </details>

# %%
runs[f"{FEW}, mirrored"] = [
    fine_tune(newborn(seed, unet), few, seed, steps=LONGER, change=flip) for seed in (1, 2)]
three = ("from unet.pth", f"{FEW} pictures", f"{FEW}, mirrored")
charts.lines({name: curve(name) for name in three}, log="xy",
             x="steps of training", y="error on held-out pictures",
             alt="With mirrors the error of the few pictures turns later, and rises less")

# %%
report({name: runs[name] for name in three[1:]})

# %%
def backwards(x):
    """The share (%) of x nearer to a mirrored training picture than to one as it is."""
    if len(x) == 0:
        return None
    mirrored, as_it_is = du.nearest(x, train.x.flip(3))[0], du.nearest(x, train.x)[0]
    return 100 * (mirrored < as_it_is).double().mean().item()


shares = {"held-out pictures": [backwards(held_out.x[held_out.c[:, k] == 1])
                                for k in range(len(shown))]}
for name in three[1:]:
    x = [torch.cat([draw(run.network, 10, seed, names=[kind])
                    for seed, run in enumerate(runs[name])]) for kind in shown]
    shares[name] = [backwards(pictures) for pictures in x]
lesson_10.table(shares, shown, "nearer to a mirrored picture (%)")

# %% [markdown]
# The mirror does what a second remedy should do: with both seeds the error turns later and rises less, and fewer of
# the drawn pictures are copies, though still many. It is no miracle, because twelve pictures and their mirror images
# are twenty-four pictures, and not a hundred. (Look at the scores in the first table, too. The network that copies
# nearly everything has about the same score as the one in section 5 that began with `unet.pth`, saw all the pictures,
# and copied none. This is why we tested the score first.)
#
# And now the price. In the last table, the first line is the control: real, held-out pictures. None of the held-out
# digits is nearer to a mirrored digit than to a real one, and without mirrors none of the drawn ones is. With
# mirrors, more than half of the drawn digits are: the coin that mirrored the training pictures has come back in the
# drawn ones. With the photographs it has come back as well, but there it does no harm that this table could show,
# because even in the control most are nearer to a mirrored one. (The control has only 11 photographs, and 73% of
# these are 8. From so few one cannot say that photographs prefer the mirror, but nothing here speaks against it.) The
# invaders are the same on both sides, so that both distances are equal and none is the smaller one.
#
# A mirror is a *statement* about your pictures, namely that a picture and its mirror image are equally likely. For
# landscapes it is true, or nearly so. For letters, for sprites that walk to the right, for the face of one person
# whose hair is parted on the left, it is false, and a network believes what it is shown.
#
# Mirrors matter for the split as well. If a training picture is the mirror image of a held-out picture, or becomes it
# when the coin falls that way, the examination leaks. For this reason we let mirror images count as twins from the
# beginning.
#
# ## 8. Which two commands train and draw?
#
# For a training that lasts an hour or a night you will not want a notebook. Two programs do it in a terminal.
# `weights/train.py --data FOLDER` reads, writes a contact sheet, trains, draws samples as it goes, and saves.
# `weights/draw.py RUN` draws from what it has saved, at any moment. What they leave to you is the judgement, and so
# they do not look for twins, hold nothing out, and never mirror. (If a mirror is true of your pictures, put mirrored
# copies of the files into the folder.) First write the network with which to begin into a file, with the names of
# your classes.

# %%
SIDE_STEPS = 60
SAVED = Path("saved")  # beside this lesson; git does not look into it
du.save_model(newborn(0, unet), SAVED / "start.pth", schedule="cosine", T=500,
              size=(SIZE, SIZE), classes=data.classes)
shutil.rmtree(SAVED / "my_run", ignore_errors=True)  # what this lesson left there last time


def terminal(*words):
    """What a program says if these words are typed in a terminal."""
    words = [str(word) for word in words]
    print("$ python", *words)
    done = subprocess.run([sys.executable, str(du.ROOT / words[0]), *words[1:]],
                          capture_output=True, text=True)
    du.need(done.returncode == 0, done.stderr)
    print(done.stdout)


# %%
batch = min(16, len(everything.x))
terminal("weights/train.py", "--data", FOLDER, "--size", SIZE, "--fit", FIT,
         "--start", SAVED / "start.pth", "--steps", SIDE_STEPS, "--batch", batch,
         "--warmup", 10, "--half-life", 20, "--out", SAVED / "my_run")

# %% [markdown]
# (In a terminal you would not be in this lesson's folder, so the paths would begin differently. The learning rate
# warms up within 10 steps and the average forgets half within 20, only because this run is so short; without these
# two settings the program chooses values for long runs. A sprite sheet in the place of the folder needs the size of
# its tiles, `--tile 16 24`.) Everything that the run needs to go on lies in `saved/my_run`, and is renewed every
# minute. So you may stop it with Ctrl-C, or lose power, or come back tomorrow and want more. It remembers its
# settings, and you say only what is new:

# %%
terminal("weights/train.py", "--resume", SAVED / "my_run", "--steps", 2 * SIDE_STEPS)
mine, _ = du.load_model(SAVED / "my_run" / "model.pth")
print("model.pth knows its size, its schedule and its classes:", mine.info["size"],
      mine.info["schedule"], *mine.info["classes"])

# %%
terminal("weights/draw.py", SAVED / "my_run", "--class", *data.classes[:2], "--n", 8, "--w", 1,
         "--out", SAVED / "drawn.png")
lesson_10.picture(SAVED / "drawn.png", alt="Pictures of two classes, drawn by the run")

# %% [markdown]
# After so few steps the digits and the invaders can be told apart, and no more. If you misspell a class, the program
# lists those that the network knows, because their names are saved with it. With `--scale 1 --gap 0` it writes a
# sprite sheet, for a game, or for `du.load_sheet`.
#
# How long must such a run be? The program trains on all that it reads, so it cannot tell you when it begins to
# memorise. Find it out here: raise `TRAINING_STEPS`, add later steps to the list of examinations in `fine_tune`, and
# see where the held-out error of section 4 turns. Then let the program run for about as many steps, with the same
# batch. How long that takes depends on your machine, which has just been timed.

# %%
state = du.load_file(SAVED / "my_run" / "last.pt")
pace = state["seconds"] / state["step"]
Markdown(f"""
Here a step of {batch} pictures of {SIZE} x {SIZE} takes {pace:.2f} seconds. That is
{60 / pace:,.0f} steps in a minute, and {3600 / pace:,.0f} in an hour, in which each of the
{len(everything.x)} pictures is seen {3600 / pace * batch / len(everything.x):,.0f} times. At
twice the size, count on about a quarter of these.
""")

# %% [markdown]
# How many pictures, then, and how long? This lesson has tried one small folder, with 12 and with 261 training
# pictures. The first of the following rules is what you have seen. The others go beyond it: they are what others
# report (*Going further*), and a place to begin, so measure them on your own folder.
#
# - **A dozen to a hundred pictures:** begin with a trained network, mirror if it is true, stop where the held-out error
#   turns, and compare with the nearest pictures before you show anything to anybody. (The program says so as well, below
#   500 pictures.)
# - **Some hundreds that are alike**, such as sprites of one style: the same, but the error turns later.
# - **Many thousands:** the start matters less and less, and memorising is no longer the first worry. Time is. How
#   many it takes depends on the pictures and on the network. With photographs of faces, Kadkhodaie and others found
#   copies among what was learned from a few hundred, and none among what was learned from a hundred thousand.
# - **Many kinds** need more pictures than one kind, because each kind must be learned. If the kinds differ in number, the
#   rare ones are seen rarely. Bring them to about equal numbers.
#
# ## Try it
#
# The network of your run draws eight pictures, and under each stands the nearest picture of your folder, mirrored or
# not. Move the guidance `w` (lesson 5): at 0 the class is not asked for, at 1 it is, and above 1 the network insists.
# Which of the pictures are new, and which are copies? Does insisting make copies more frequent?

# %%
def studio(what=data.classes[0], w=1.0, seed=1):
    x, mirrored_too = draw(mine, 8, seed, w, [what]), both_ways(everything.x)
    distance, which = du.nearest(x, mirrored_too)
    picture = du.show_rows({what: x, "the nearest of\nyour pictures": mirrored_too[which]},
                           scale=max(1, 80 // SIZE), label_width=110,
                           alt=f"Eight {what}, and the nearest pictures of the folder")
    return picture, (f"median distance {distance.median():.2f}; "
                     f"typical between two pictures {typical:.2f}")


widgets.try_it(studio, what=list(data.classes), w=(0, 4, 0.5), seed=(0, 99))

# %% [markdown]
# ## Open problem
#
# You have the few pictures of section 6, and no others of your folder. How low a held-out error can you reach, from
# `unet.pth`, in at most as many steps as there?
#
# `with_few` takes the settings of `fine_tune`: `steps`, `lr`, and `change`. The last is a function of the pictures
# and of a coin for each of them. It is called after every step and returns the pictures for the next one, and it may
# do to them whatever you like, as long as their shape stays the same. `with_few` returns the error at the end, the
# mean of two seeds. The score to beat is the lowest point of the curves above, with mirrors or without, as if the
# training had been stopped just there. What else, besides a mirror, could a picture have looked like? And how fast
# should one learn from so few examples? (A warning for the researcher in you: whoever tries many settings on the same
# 24 held-out pictures and keeps the best begins to fit these 24. A small gain may be luck. New seeds, or the held-out
# pictures of another split, tell.)

# %%
def with_few(**how):
    """The held-out error after training on the few pictures, the mean of two seeds."""
    du.need(how.get("steps", LONGER) <= LONGER, f"{LONGER} steps are all you have")
    how = {"steps": LONGER} | how
    both = [fine_tune(newborn(seed, unet), few, seed, **how) for seed in (1, 2)]
    return sum(last(both)) / 2


def lowest(name):
    """The step at which the mean held-out error of both seeds was lowest, and that error."""
    steps, both = curve(name)
    means = [sum(pair) / 2 for pair in zip(*both)]
    return steps[means.index(min(means))], min(means)


to_beat = min(lowest(name)[1] for name in three[1:])
print(f"to beat: {to_beat:.4f}")

# %% [markdown]
# The course's own best so far is folded below. Look at it when you have beaten the score, or given up. There is
# probably a better one.

# %% tags=["solution"] jupyter={"source_hidden": true}
def could_have_been(x, coin):
    """Mirrored or not, and half of them with their three colour channels in another order."""
    order = torch.rand(len(x), 3).argsort(1)[:, :, None, None].expand_as(x)
    other = torch.where((torch.rand(len(x)) < 0.5)[:, None, None, None], x.gather(1, order), x)
    return flip(other, coin)


best = with_few(lr=1e-3, change=could_have_been, steps=4 * TRAINING_STEPS // 3)
print(f"the course's best so far: {best:.4f}")

# %% [markdown]
# ## What you saw

# %%
def both(name):
    return " and ".join(f"{value:.3f}" for value in last(runs[name]))


leaky, honest = (marks[name][:, 1].mean() for name in ("at random", "by families"))
shares = {name: copied(x, both_ways(train.x), held_out.x) for name, x in spoiled.items()}
(step, least), (step_m, least_m) = (lowest(name) for name in three[1:])
Markdown(f"""
- {len(everything.x)} pictures of the folder could be read. They were {len(members)} families.
- A pupil who only remembers had an error of {leaky:.2f} on pictures that were held out at
  random, and of {honest:.2f} on those held out by families (means of five splits).
- After {TRAINING_STEPS} steps the held-out error was {both("from nothing")} from nothing, and
  {both("from unet.pth")} from `unet.pth` (two seeds).
- Of training pictures the copying test called {shares["training pictures"]:.0%} copies, of the
  same pictures moved by a pixel {shares["these, moved by a pixel"]:.0%}, of held-out pictures
  {shares["held-out pictures"]:.0%}.
- Trained on {FEW} pictures alone, the network was best at step {step}, with a held-out error of
  {least:.3f}. After {LONGER} steps the error was {both(three[1])}.
- With mirrors the lowest error was {least_m:.3f}, at step {step_m}, and in the end it was
  {both(three[2])}.
- The open problem asked for less than {to_beat:.4f}; the course's best is {best:.4f}.
""")

# %% [markdown]
# ## Quiz
#
# **1.** Your folder holds 300 pictures, and 40 of them are called `IMG_... (1).jpg`. You shuffle, hold out 30, and train
# until the held-out error stops falling. What is wrong?
#
# <details><summary>Answer</summary>
#
# Some of the 30 probably have a twin among the training pictures, and on these a network does best by memorising. So
# the held-out error may go on falling while it memorises, and you stop too late. Group the twins into families first,
# and hold out whole families.
#
# </details>
#
# **2.** Your drawn pictures lie at a median distance of 0.2 from the nearest training picture. Is that near?
#
# <details><summary>Answer</summary>
#
# Nobody can tell without a control. Between plain, dark photographs 0.2 may be the ordinary distance of strangers, and
# between colourful sprites that of twins. Ask how far *held-out* pictures lie from the training pictures.
#
# </details>
#
# **3.** You fine-tune a large model on 20 portraits of your dog, with mirrors, and it draws him with the white ear on
# the wrong side. Why?
#
# <details><summary>Answer</summary>
#
# Half of the dogs that it saw had the white ear there. A mirror is a statement: "a picture and its mirror image are
# equally likely." Where that is false, mirrors teach something false.
#
# </details>
#
# **4.** A friend's new score says that her network's pictures are as good as real ones. What do you ask first?
#
# <details><summary>Answer</summary>
#
# What the score says of pictures that are known to be bad: blurred, upside down, or all the same; and of copies of the
# training pictures. And how far apart two sets of real pictures are, because a smaller difference than that is chance.
#
# </details>

# %% [markdown]
# ## Where you meet this outside
#
# - **Fine-tuning** in the scripts of the diffusers library (`train_text_to_image.py` and its relatives) is section 4
#   with a larger network: `--pretrained_model_name_or_path` is your `--start`, `--resolution` your `--size`,
#   `--center_crop` and `--random_flip` are your `square` and your `flip`.
# - **DreamBooth** teaches a large model one new thing from a handful of pictures. It trains for a short time at a low
#   rate, and shows the model pictures of the general kind beside the few (*prior preservation*). **LoRA** leaves the
#   weights of the model as they are, and trains a small addition to them. Both are used on few pictures, and all
#   these measures work against the memorising that you saw in section 6.
# - A layer that does not fit is left as it is by `from_pretrained(..., ignore_mismatched_sizes=True)` in the
#   libraries of Hugging Face, as in your `take_over`, and a warning says which layers were *not* taken over. Read it.
#   PyTorch's own `load_state_dict(..., strict=False)` does less: it forgives names that are missing on either side,
#   and returns them, but a tensor of another shape is still an error.
# - **Deduplication**, the removal of twins, has become a common step before the training of large models, since it
#   was found that pictures which are repeated in the data are copied far more often than others. At that scale twins
#   are found by features rather than by pixels.
# - **Aspect-ratio bucketing**, in the training of Stable Diffusion XL, is a third answer to section 2: batches of
#   pictures of the same shape, so that nothing is cut off or filled up.
#
# ## Going further
#
# - Carlini and others (2023), *Extracting Training Data from Diffusion Models*: copies drawn from large models, found
#   by their distance to training pictures. Most of them are of pictures that were repeated in the data.
# - Somepalli and others (2023), *Diffusion Art or Digital Forgery?*: which models copy, and how the number of training
#   pictures decides it.
# - Kadkhodaie and others (2024), *Generalization in diffusion models arises from geometry-adaptive harmonic
#   representations*: two networks trained on different halves of the data draw the same pictures once there are enough
#   of them; below that, each draws its own half.
# - Ruiz and others (2023), *DreamBooth*: one dog, a handful of photographs, and how not to forget all other dogs.
# - Karras and others (2020), *Training Generative Adversarial Networks with Limited Data*: augmentation that leaks into
#   the pictures, and how to keep it from doing so.
#
# Next: [10b_the_library](10b_the_library.ipynb)
