# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10. Photographs, and the library that everybody uses
#
# The same process, with real pictures and with diffusers, Hugging Face's library. You take your weights into it and its
# networks out of it.

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
import train_with_diffusers as program  # this lesson as one program
import inspect
import os
import subprocess
import tempfile
import textwrap
import time
import diffusers
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from course_pipeline import CoursePipeline
from course_unet import CourseUnet
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, UNet2DModel
from IPython.display import Markdown
from PIL import Image
from sklearn.datasets import load_sample_images
from torch.utils.flop_counter import FlopCounterMode

# %% [markdown]
# The library shows a bar while it loads; one line takes it away. Its warnings stay, because there it says which settings
# it could not use. `model` is the course's trained sprite network, with its schedule `sprite_ab`; `real` are held-out
# sprites, `wishes` the numbers of their classes, and `floor` is the score of 48 real ones.

# %%
diffusers.utils.logging.disable_progress_bar()
device = du.best_device()
model, sprite_ab = du.load_model(du.WEIGHTS / "unet.pth")
real, wishes, _ = du.load_sprites("held_out", n=1000)
wishes = wishes.argmax(1)
floor = du.frechet_distance(du.load_sprites("train", n=48).x, real)


def normal(*shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(device)


# %%
cosine = {"beta_schedule": "squaredcos_cap_v2", "timestep_spacing": "trailing"}
fade = DDPMScheduler(num_train_timesteps=1000, **cosine)
walk = DDIMScheduler(num_train_timesteps=500, prediction_type="v_prediction", clip_sample=False, **cosine)
walk.set_timesteps(25)
x0, noise, x = program.photo_crops(16, seed=5), normal(16, 3, 32, 32, seed=1).cpu(), normal(16, 3, 16, 16, seed=2)
gone, drawn = [], []
for k, i in enumerate(walk.timesteps):
    gone.append(fade.add_noise(x0, noise, torch.tensor(round(999 * (k / 24) ** 2))))
    step = walk.step(model(x, (i + 1) / 500, wishes[:16]), i, x)
    x, guess = step.prev_sample, step.pred_original_sample.cpu()
    drawn.append(guess.repeat_interleave(2, 2).repeat_interleave(2, 3))
du.film(
    {"the library adds noise": torch.stack(gone), "the library's guess, by our weights": torch.stack(drawn)},
    columns=4,
    scale=2,
    fps=5,
    alt="A film: 16 pieces of photographs dissolve into noise; beside them 16 sprites come into focus",
)

# %% [markdown]
# Left: pieces of two photographs dissolve. Right: sprites come into focus, drawn by the library with the weights of this
# course.
#
# **You will be able to**
# - **load** real pictures: photographs, Fashion-MNIST, CIFAR-10, your own;
# - **translate** between the library's names and times and those of this course;
# - **save** a network as a pipeline that draws the same pictures in a new process, and take a library network back;
# - **train** the library's network, and **measure** what it learned.
#
# **You need** lessons 4 (training) and 06 (samplers). **Time:** about 45 minutes; the cells run in three on a laptop
# CPU.

# %% [markdown]
# ## 1. Where do real pictures come from?
#
# Real data sets are downloaded. Two photographs are here already, inside scikit-learn: china.jpg by danielbuechele and
# flower.jpg by vultilion (both from Flickr, CC BY 2.0). Two pictures are no data set. But how many pieces do they have?

# %%
photos = [Image.fromarray(photo) for photo in load_sample_images().images]
small = du.to_images(np.stack([photo.reduce(2) for photo in photos]))
du.show(small, scale=1, alt="Two photographs: a Chinese pavilion before a misty lake, and an orange dahlia")

# %% [markdown]
# A piece is a square, 224 to 423 pixels wide, anywhere in the picture, reduced to 32x32; half of them are mirrored.
# **What do you expect** of 4,000 such pieces: all alike, or a set worth learning?


# %%
def pieces(n, seed):
    rng, tiles = np.random.default_rng(seed), []
    for k in range(n):
        photo, side = photos[k % 2], rng.integers(224, 424)
        x, y = rng.integers(photo.width - side), rng.integers(photo.height - side)
        tile = np.asarray(photo.resize((32, 32), Image.Resampling.BOX, box=(x, y, x + side, y + side)))
        tiles.append(tile[:, ::-1] if rng.random() < 0.5 else tile)
    return du.to_images(np.stack(tiles))


assert torch.equal(pieces(10, seed=0), program.photo_crops(10, seed=0))
print("what you just wrote is program.photo_crops")
du.show(pieces(33, seed=0), columns=11, scale=2, alt="33 pieces: roofs against the sky, petals, mist, dark leaves")

# %% [markdown]
# Each shows another part of a real thing, and only four numbers tell two pieces of one photograph apart: place, size,
# mirror. So a small network can learn them in a minute. The price: "held-out" pieces, cut with another seed, overlap
# those of the training. They can say how well a network learned *these* photographs, and nothing about others.
#
# Other pictures need only another word here, and a second run of the lesson.
#
# | SET | pictures | |
# |---|---|---|
# | `"photos"` | 4,000 pieces, colour | nothing to download |
# | `"fashion"` | Fashion-MNIST: 60,000 clothes, grey, with a black edge up to 32x32 | 30 MB |
# | `"cifar10"` | CIFAR-10: 50,000 photographs in ten classes, colour | 170 MB |
# | `"my_pictures"` | your folder of pictures, with or without a folder for each class | yours |
#
# torchvision fetches the second and the third, and only if you say `DOWNLOAD = True`.

# %%
SET, DOWNLOAD = "photos", False
learned, kept_back = program.load_data(SET, download=DOWNLOAD)
pictures, held_out = learned.x, kept_back.x
C = pictures.shape[1]
du.check_images(pictures)
print(f"{SET}: {len(pictures)} pictures to learn from, {len(held_out)} held out, {C} x 32 x 32")

# %% [markdown]
# A folder of your own, made here from a few pieces, is read by `du.load_folder`; the folders' names become the classes.

# %%
folder = Path(tempfile.mkdtemp()) / "my_pictures"
for k, pixels in enumerate(du.to_pixels(pieces(12, seed=9))):
    file = folder / ("china", "flower")[k % 2] / f"{k}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
mine = du.load_folder(folder, size=32)
print(f"classes {mine.classes}, pictures {tuple(mine.x.shape)}, of each class {mine.c.sum(0).int().tolist()}")

# %% [markdown]
# ## 2. Is the library's process ours?
#
# In diffusers a *scheduler* holds the noise levels and makes the steps. Here is the one of most tutorials. Its cosine
# schedule is called `squaredcos_cap_v2`; its `alphas_cumprod` should be our `ab_t`.
#
# **What do you expect**: the same numbers? In the same places?

# %%
T = 1000
scheduler = DDPMScheduler(num_train_timesteps=T, beta_schedule="squaredcos_cap_v2")
ab_t, theirs = du.noise_schedule("cosine", T), scheduler.alphas_cumprod.double()
shifted, unshifted = (theirs - ab_t[1:]).abs(), (theirs - ab_t[:-1]).abs()
print(f"{len(ab_t)} numbers of ours, {len(theirs)} of theirs")
fig, (left, right) = plt.subplots(1, 2, figsize=(7.8, 3), layout="constrained")
left.plot(range(T + 1), ab_t, "k", label="ours: ab_t[t]")
left.plot(range(1, T + 1, 50), theirs[::50], "C1o", ms=4, label="theirs[i], drawn at t = i + 1")
left.set(xlabel="time t (steps)", ylabel="share of signal power")
right.semilogy(unshifted.clamp(min=1e-12), "C0--", label="read at t = i")
right.semilogy(shifted.clamp(min=1e-12), "C1", label="read at t = i + 1")
right.set(xlabel="the library's index i", ylabel="difference from ours", ylim=(1e-10, 1))
_ = left.legend(loc="lower left", fontsize=8), right.legend(fontsize=8)
du.show_figure(fig, alt="Left: the two schedules lie on one curve. Right: the difference is 1e-7, or 1e-3 if shifted by one")

# %% [markdown]
# The numbers are the same; the places are not. Ours begin at t = 0, the clean picture, which the library leaves out: its
# index i is our time $t = i + 1$. No plot of the schedule shows the slip, but to forget it costs thousands of times the
# rounding error.

# %%
assert shifted.max() < 1e-6
n = min(9, len(held_out))
x0, noise, i = held_out[:n], normal(n, C, 32, 32, seed=3).cpu(), torch.linspace(0, T - 1, n).long()
x_i = scheduler.add_noise(x0, noise, i)
assert torch.allclose(x_i, du.add_noise(x0, i + 1, noise, ab_t), atol=1e-4)
print("scheduler.add_noise(x0, noise, i) is du.add_noise(x0, i + 1, noise, ab_t)")
du.show_rows({"clean": x0, "x_t": x_i}, scale=2, label_width=60, top=[f"i = {k}" for k in i.tolist()],
             alt="Pictures, and the same with more noise from left to right")

# %% [markdown]
# | this course | diffusers |
# |---|---|
# | `ab_t[t]`, t = 1 ... T | `scheduler.alphas_cumprod[i]`, i = 0 ... T - 1 |
# | `model(x, t / T, c)` | `net(x, i).sample` |
# | `model.predicts`: eps, x0, v | `prediction_type`: epsilon, sample, v_prediction |
# | `du.sampling_times(T, n)` | `scheduler.set_timesteps(n)`, then `scheduler.timesteps` |
# | a step of `du.sampler` | `scheduler.step(out, i, x).prev_sample` |
# | a network and its schedule | a *pipeline* |

# %% [markdown]
# ## 3. Can the library draw from our weights?
#
# A class that derives from `ModelMixin` and `ConfigMixin` can be saved and loaded by the library: its settings as JSON,
# its weights as safetensors. `course_unet.py`, beside this lesson, puts our network into such a class. It lies in a file
# of its own because a saved pipeline names the file in which each of its classes is found, and a class that was made in
# a notebook would be found by nobody else. Its `forward` translates the time, $t / T = (i + 1) / T$, and wraps the answer
# in an object with a `sample`, as all networks of the library do.


# %%
def source(part):
    return Markdown(f"```python\n{textwrap.dedent(inspect.getsource(part))}```")


def wrap(model, T, size):
    wrapped = CourseUnet(**model.config, T=T, sample_size=size)
    wrapped.unet.load_state_dict(model.state_dict())
    return wrapped.to(device).eval()


source(CourseUnet.forward)

# %% [markdown]
# A pipeline is a network, a scheduler and a loop. Ours lies in `course_pipeline.py`, and takes what the library's own
# pipelines take: how many pictures, a `generator`, `num_inference_steps`, an `output_type`, and here also classes.

# %%
source(CoursePipeline.__call__)

# %% [markdown]
# Three things in this loop are easily left out, and then nothing fails, but the pictures are wrong. Some schedulers walk
# on another scale of noise: they begin with noise of standard deviation `init_noise_sigma`, and `scale_model_input` must
# shrink their x before the network sees it. And DDIM may clip its guess of the image to [-1, 1]: that is `clip_sample`,
# which is on unless you say no. It then keeps the eps of the guess before, although x, x0 and eps belong together, unless
# `use_clipped_model_output` makes it solve for eps again. Room 10 of lesson 12 shows what happens otherwise.
#
# The scheduler gets our schedule as its step-by-step betas, $b_t = 1 - ab_t / ab_{t-1}$. `"trailing"` spaces the times so
# that the first is T - 1, where there is nothing but noise; our sampler does not clip unless asked, so `clip_sample` is
# off. Every setting has its name: the library forgets one that is passed by place when it makes another scheduler from
# this one.

# %%
b_t = 1 - sprite_ab[1:] / sprite_ab[:-1]
ours = {"num_train_timesteps": len(b_t), "trained_betas": b_t.tolist(), "prediction_type": "v_prediction",
        "timestep_spacing": "trailing", "clip_sample": False}
saved = Path(tempfile.mkdtemp()) / "sprites"
names = dict(enumerate(du.CLASSES))
pipeline = CoursePipeline(wrap(model, T=500, size=16), DDIMScheduler(**ours), names)
pipeline.set_progress_bar_config(disable=True)
pipeline.save_pretrained(saved)
for file in sorted(f for f in saved.rglob("*") if f.is_file()):
    print(f"{file.stat().st_size:9,d} bytes  {file.relative_to(saved).as_posix()}")

# %% [markdown]
# The code of both classes lies in the folder, too. Now the test: *another* Python process loads the folder, with nothing
# but the library's own `DiffusionPipeline`. It must be told `trust_remote_code`, because code that comes with weights is
# run: say so only for a folder that you trust. (Our network's class imports `diffusion_utilities`, so this one folder
# needs the course on Python's path; a pipeline of the library's networks, as in section 6, needs nothing.)
#
# **What do you expect**: the same sprites, or only similar ones?

# %%
elsewhere = """
import sys, torch
from diffusers import DiffusionPipeline
from diffusers.utils import logging
logging.disable_progress_bar()
folder = sys.argv[1]
pipeline = DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)
pipeline.set_progress_bar_config(disable=True)
noise, classes = torch.Generator().manual_seed(1), ["hero", "non-hero", "food"] * 3
how = {"num_inference_steps": 20, "output_type": "pt"}
torch.save(pipeline(9, classes, generator=noise, **how).images, folder + "/images.pt")
"""
path = {"PYTHONPATH": str(du.ROOT)}
done = subprocess.run([sys.executable, "-c", elsewhere, str(saved)], env=os.environ | path, check=True)
library = 2 * torch.load(saved / "images.pt") - 1  # the library's tensors lie in [0, 1]

# %%
c, gap = torch.tensor([0, 1, 2] * 3), {}  # hero, non-hero, food
course = du.sample(model, sprite_ab, 9, c, seed=1, steps=20).cpu().clamp(-1, 1)
gap["DDIM"] = (library - course).abs().max().item()
limit = 1e-2  # one level of 255 is 8e-3; where a path forks, rounding grows a thousand times
assert gap["DDIM"] < limit
print(f"largest difference of a colour: {gap['DDIM']:.1e}")
du.show_rows({"diffusers": library, "du.sample": course}, scale=4, alt="Two rows of nine sprites, equal pairwise")

# %% [markdown]
# The same sprites, up to rounding. Noise, context and DDIM decide everything, whoever walks.
#
# The prize is the rest of the library. A new sampler is one line: `from_config` passes the settings on. Four of these
# eight stand in our module, too; UniPC, Euler and Heun do not.

# %%
def draws(kind, n, c, steps, **settings):
    pipeline.scheduler = kind.from_config(DDIMScheduler(**ours).config, **settings)
    how = {"num_inference_steps": steps, "output_type": "pt"}
    return 2 * pipeline(n, c, generator=torch.Generator().manual_seed(1), **how).images.cpu() - 1


zoo = {
    "DDPM": (DDPMScheduler, {}), "DDIM": (DDIMScheduler, {}), "DPM-Solver++": (DPMSolverMultistepScheduler, {}),
    "DPM-Solver++ SDE": (DPMSolverMultistepScheduler, {"algorithm_type": "sde-dpmsolver++"}),
    "UniPC": (diffusers.UniPCMultistepScheduler, {}), "Euler": (diffusers.EulerDiscreteScheduler, {}),
    "Heun": (diffusers.HeunDiscreteScheduler, {}),
    "Heun, Karras": (diffusers.HeunDiscreteScheduler, {"use_karras_sigmas": True}),
}  # fmt: skip
second = du.sample(model, sprite_ab, 9, c, seed=1, steps=20, order=2).cpu().clamp(-1, 1)
gap["2M"] = (draws(DPMSolverMultistepScheduler, 9, c, steps=20) - second).abs().max().item()
euler = draws(diffusers.EulerDiscreteScheduler, 9, c, steps=20)
gap["Euler"] = (euler - course).square().mean().sqrt().item()
assert max(gap.values()) < limit
print(f"DPM-Solver++ here and order=2 there: largest difference {gap['2M']:.1e}")
print(f"Euler here and DDIM there: RMSE {gap['Euler']:.1e}; Euler began with noise of standard deviation "
      f"{pipeline.scheduler.init_noise_sigma:,.0f}")

# %%
rows, quality = {}, {}
for name, (kind, settings) in zoo.items():
    x = draws(kind, 48, wishes[:48], steps=10, **settings)
    quality[name] = du.frechet_distance(x, real)
    rows[f"{name}\nscore {quality[name]:.1f}"] = x[:12]
rows[f"real sprites\nscore {floor:.1f}"] = du.load_sprites("train", n=12).x
du.show_rows(rows, alt="Rows of sprites from the same noise by eight schedulers with ten steps each; real sprites")

# %% [markdown]
# Ten steps each, 48 sprites scored (the Fréchet distance of lesson 6). Euler draws DDIM's sprites, because DDIM *is*
# Euler's method, on another scale (lesson 11 says why). Heun asks twice in each step but the last, and yet draws by far
# the worst. On its scale the first step leads from noise of about 10,000 to noise of about 6, and what it adds to Euler's
# step, the difference between two guesses, is multiplied hundreds of times on the way. The steps that Karras et al. (2022)
# recommend shrink more evenly, and with them Heun recovers. So a scheduler and the spacing of its times belong together.
# Among the others, second order seems to help; but with 48 sprites chance does as much.
#
# Now make DDIM better: give it *more* steps: 20, 130 and 260. **What do you expect?**

# %%
rows, apart = {}, {}
for n in (20, 130, 260):
    x, right = draws(DDIMScheduler, 9, c, steps=n), du.sample(model, sprite_ab, 9, c, seed=1, steps=n).cpu()
    apart[n] = (x - right.clamp(-1, 1)).square().mean().sqrt().item()
    rows[f"library, {n} steps\nRMSE {apart[n]:.3f}"] = x
rows["du.sample, 260 steps"] = right
du.show_rows(rows, scale=4, alt="The library's sprites get noisier from 20 to 260 steps; ours with 260 are clean")

# %% [markdown]
# More steps, worse sprites! RMSE is the distance from ours with as many steps. The library visits evenly spread times, but
# each step lands `500 // 260` = 1 below its time, not at the next time of the list. So the picture holds more noise
# than the network is told. Nothing fails. With the spacings `"trailing"` and `"linspace"` only counts that divide T are
# safe. The library's default, `"leading"`, walks in whole strides of `T // n` and lands where it should, but for other
# counts it begins too early: at an index where there should still be some image in x, though x is pure noise. And
# `"trailing"` makes one step too many for some counts:

# %%
trailing = DDIMScheduler(num_train_timesteps=1000, timestep_spacing="trailing")
calls = {}
for n in range(1, 1001):
    trailing.set_timesteps(n)
    calls[n] = len(trailing.timesteps)
extra = [n for n in calls if calls[n] == n + 1]
leading = DDIMScheduler(num_train_timesteps=1000, timestep_spacing="leading")
leading.set_timesteps(260)
print(f"T = 1000, leading: 260 steps begin at i = {leading.timesteps[0]}, where sqrt(ab_t) is "
      f"{ab_t[leading.timesteps[0] + 1].sqrt():.2f}")
print(f"T = 1000, trailing: one step too many for {len(extra)} of 1000 counts, the first are {extra[:4]}")
assert len(extra) == 62 and all(calls[n] == n for n in calls if n not in extra)

# %% [markdown]
# ## 4. What does the library's network learn in seconds?
#
# The network of many tutorials for 32x32 colour pictures: channels 64, 64, 128, two residual layers in each block,
# attention at the lowest resolution. It predicts the noise.

# %%
torch.manual_seed(0)
net = UNet2DModel(
    sample_size=32, in_channels=C, out_channels=C, layers_per_block=2, block_out_channels=(64, 64, 128),
    down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
    up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
).to(device)  # fmt: skip
small = du.Unet(C, 1, widths=(16, 32, 64, 96)).to(device)
flops = {}
for name, network in {"the library's": net, "ours": small}.items():
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(normal(1, C, 32, 32, seed=0), torch.ones(1, device=device))
    flops[name] = counter.get_total_flops() / 1e9
    print(f"{name:14s} {du.count_parameters(network):9,d} parameters, {flops[name]:.2f} GFLOP for each picture")
assert C != 3 or du.count_parameters(net) == 4_654_723

# %% [markdown]
# Beside it stands our Unet, thin at full resolution. The library's was made for GPUs and hours. On a CPU it gets `SECONDS /
# 2` here, as does ours: AdamW at 4e-4, batches of 32, the loop of lesson 4 in the library's words. **What do you
# expect** of so few steps?
#
# This is no race between two libraries: ours is smaller by far, and it also gets lesson 4's refinements. It shows what a
# network of this size can learn in seconds, beside one that was chosen for them.

# %%
SECONDS = 110

# %%
optimizer, losses = torch.optim.AdamW(net.parameters(), lr=4e-4), []
torch.manual_seed(1)
begin = time.perf_counter()
while time.perf_counter() - begin < SECONDS / 2:
    x0 = pictures[torch.randint(len(pictures), (32,))].to(device)
    if SET in program.FLIPPED:
        x0 = torch.where(torch.rand(32, 1, 1, 1, device=device) < 0.5, x0.flip(3), x0)
    noise, i = torch.randn_like(x0), torch.randint(T, (32,), device=device)
    loss = F.mse_loss(net(scheduler.add_noise(x0, noise, i), i).sample, noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    if len(losses) in (1, 2, 5, 10, 20, 50, 100):
        print(f"step {len(losses):3d}, {time.perf_counter() - begin:5.1f} s: loss {losses[-1]:.3f}")
net_s = time.perf_counter() - begin
print(f"{len(losses)} steps in {net_s:.0f} s, {len(losses) * 32 / len(pictures):.2f} epochs")

# %% [markdown]
# Ours predicts v and gets lesson 4's trainer, which averages the weights and stratifies the times. Its learning rate is
# higher, as small networks allow.

# %%
torch.manual_seed(0)
trainer = du.Trainer(small, pictures, ab_t, lr=5e-3, batch=min(32, len(pictures)), warmup=30, half_life=80)
small_losses = [progress.loss for progress in trainer.run(seconds=SECONDS / 2)]
small_losses = torch.stack(small_losses).tolist()
print(f"{trainer.step} steps in {trainer.seconds:.0f} s, {trainer.step * 32 / len(pictures):.2f} epochs")

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.8, 3), layout="constrained")
for ax, scale in zip(axes, ("linear", "log")):
    ax.plot(range(1, len(losses) + 1), losses, "C1", lw=2, label="library, guesses eps")
    ax.plot(range(1, len(small_losses) + 1), small_losses, "C0--", lw=1, label="ours, guesses v")
    ax.set(xscale=scale, yscale=scale, xlabel="steps of 32 pictures", ylabel=f"mean squared error ({scale})")
axes[0].legend()
du.show_figure(fig, alt="Both losses fall, steeply first, then slowly; ours takes many more steps in the same time")

# %% [markdown]
# On plain axes the curve looks finished after a moment; its logarithm shows that it still falls. And do not compare the
# two heights, although they share an axis here: eps and v are different questions, with different best losses. To compare
# the networks, ask both the same one.
#
# That needs the way back: a library network as one of our denoisers, `model(x, t, c)` with `predicts`. `t` is t/T, so $i =
# \mathrm{round}(t\,T) - 1$.


# %%
class FromLibrary:
    def __init__(self, net, scheduler):
        self.model, self.T = net, scheduler.config.num_train_timesteps
        names = {"epsilon": "eps", "sample": "x0", "v_prediction": "v"}
        self.predicts = names[scheduler.config.prediction_type]

    def __call__(self, x, t, c=None):
        i = (t * self.T).round().long() - 1
        return self.model(x, i).sample


# %%
denoiser, trained = FromLibrary(net.eval(), scheduler), trainer.ema.model
ddim = DDIMScheduler.from_config(scheduler.config, timestep_spacing="trailing")
theirs = CoursePipeline(net, ddim)
theirs.set_progress_bar_config(disable=True)
x = theirs(4, generator=torch.Generator().manual_seed(1), num_inference_steps=4, output_type="pt").images * 2 - 1
back = du.sample(denoiser, ab_t, 4, seed=1, shape=(C, 32, 32), steps=4, clip=True)
gap["back"] = (x - back).square().mean().sqrt().item()
assert gap["back"] < limit
print(f"the library's DDIM and du.sample, the library's network: RMSE {gap['back']:.1e}")
print(f"sqrt(ab_T) = {ab_t[T].sqrt():.6f}")

# %% [markdown]
# The same pictures again. The first step is the delicate one: at t = T the image that a guess of eps implies is divided
# by $\sqrt{ab_T}$, which magnifies every rounding. (A guess of v needs no division.)
#
# Now every sampler of the course works on it. So the question for both: how much of the noise's power do they miss, on
# held-out pictures at all times?

# %%
n = min(96, len(held_out))
x0, t = held_out[:n].to(device), torch.linspace(1, T, n).round().long()
noise, missed = normal(n, C, 32, 32, seed=7), {}
x_t = du.add_noise(x0, t, noise, ab_t)
for name, network in {"the library's": denoiser, "ours": trained}.items():
    with torch.no_grad():
        out = network(x_t, (t / T).to(device), None)
    eps = du.to_x0_eps(out, x_t, t, ab_t, network.predicts)[1]
    missed[name] = (eps - noise).square().mean().item()
missed["x_t itself as the guess"] = (x_t - noise).square().mean().item()
print("share of the noise missed:", ", ".join(f"{name} {value:.3f}" for name, value in missed.items()))

# %% [markdown]
# ## 5. How good is a drawn photograph?
#
# The score of the sprites needs a classifier of sprites. For photographs, take simple statistics as features: the mean and
# spread of each colour, and the strength of the edges at four sizes, both ways. Between the features a of drawn and b of
# real pictures, with means m and covariances S:
#
# $$d = |m_a - m_b|^2 + \mathrm{tr}\,(S_a + S_b) - 2\,\mathrm{tr}\,(S_a S_b)^{1/2}$$


# %%
def features(x):
    x = x.cpu().expand(-1, 3, -1, -1)
    parts = [x.mean((2, 3)), x.std((2, 3))]
    for size in (32, 16, 8, 4):
        small = F.adaptive_avg_pool2d(x, size)
        parts += [small.diff(dim=d).abs().mean((1, 2, 3)).add(0.01).log()[:, None] for d in (2, 3)]
    return torch.cat(parts, 1).double()


def score(x, real=held_out):
    a, b = features(x), features(real)
    a, b = (a - b.mean(0)) / b.std(0).clamp(min=1e-6), (b - b.mean(0)) / b.std(0).clamp(min=1e-6)
    S_a, S_b = a.T.cov(), b.T.cov()
    cross = torch.linalg.eigvals(S_a @ S_b).real.clamp(min=0).sqrt().sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + S_a.trace() + S_b.trace() - 2 * cross).item()


# %% [markdown]
# A score must be tested before it is believed. Take 48 real pictures, and spoil them. **What do you expect** of the last
# row?

# %%
N = min(48, len(pictures))
sure = pictures[-N:]
spoiled = {
    "real": sure,
    "blurred": F.avg_pool2d(F.pad(sure, (1, 1, 1, 1), mode="replicate"), 3, 1),
    "a little noise": (sure + 0.1 * normal(N, C, 32, 32, seed=4).cpu()).clamp(-1, 1),
    "edges wrapped": sure.roll((16, 16), (2, 3)),
    "half the kinds": sure[::2].repeat(2, 1, 1, 1)[:N],
    "upside down": sure.flip(2),
}
marks = {name: score(x) for name, x in spoiled.items()}
rows = {f"{name}\nscore {marks[name]:.1f}": x[:9] for name, x in spoiled.items()}
du.show_rows(rows, scale=2, alt="Rows of real pictures: as they are, blurred, noisy, wrapped, one kind only, upside down")

# %% [markdown]
# Blur, noise, false edges and a missing kind all cost dearly. A temple on its roof costs nothing: no statistic here
# knows which way is up. Nor does any notice a copy: the first row *is* training pictures, and sets the floor for 48.
#
# Now both networks, from the same noise, with the same ten steps.

# %%
how = {"shape": (C, 32, 32), "steps": 10, "order": 2, "eta": 1.0, "clip": True, "seed": 1}
drawn = {name: du.sample(network, ab_t, N, **how).cpu() for name, network in (("library", denoiser), ("ours", trained))}
drawn["ours, 50 steps"] = du.sample(trained, ab_t, N, **how | {"steps": 50}).cpu()
marks |= {name: score(x) for name, x in drawn.items()}
rows = {f"{name}\nscore {marks[name]:.1f}": x[:18] for name, x in (drawn | {"real": sure}).items()}
strips = {(" " * k if part else name): x[9 * part : 9 * part + 9]
          for k, (name, x) in enumerate(rows.items()) for part in range(min(2, -(-len(x) // 9)))}
du.show_rows(strips, scale=2, alt="Pictures by the library's network, by ours with 10 and with 50 steps, and real ones")

# %% [markdown]
# The large network has only begun; it knows a few colours. The thin one took many more steps in the same seconds, and
# draws things that you can name. That says nothing against the large one: it says that a network must fit the machine
# and the time. (Fifty steps leave more grain than ten, and score worse.)
#
# Last, the tutorial's own sampler: all 1,000 steps of DDPM, a picture every 100 steps, with our network in the
# library's loop. **What do you expect** to be visible after 500?

# %%
x, kept, wrapped = normal(4, C, 32, 32, seed=5), {}, wrap(trained, T=T, size=32)
ddpm = DDPMScheduler.from_config(scheduler.config, prediction_type="v_prediction")
generator = torch.Generator().manual_seed(6)
ddpm.set_timesteps(T)
with torch.no_grad():
    for i in ddpm.timesteps:
        if i % 100 == 99:
            kept[f"i = {i.item()}"] = x
        x = ddpm.step(wrapped(x, i).sample, i, x, generator=generator).prev_sample
strip = torch.stack([*kept.values(), x], 1)
du.show_rows({f"no. {k + 1}": strip[k] for k in range(4)}, scale=2, label_width=60, top=[*kept, "done"],
             alt="Four rows, each from noise to a picture in ten looks: shapes appear before the middle, details at the end")

# %% [markdown]
# Almost everything large is settled by then: where the thing is, and what colours it has, under noise that hides it
# from a quick look. The second half only adds the details, most of them at the very end.

# %% [markdown]
# ## 6. Can one program do it all?
#
# `train_with_diffusers.py`, beside this lesson, is sections 1, 2 and 4 in one file: load, train, draw, save a pipeline.
# It reads what `du.load_folder` reads, in any `--size`, learns the classes if there are some, averages the weights
# (`EMAModel`), saves as it goes, goes on where it stopped, and draws from what it has learned.
#
# ```
# python train_with_diffusers.py --data my_pictures --size 32 --epochs 100
# python train_with_diffusers.py --resume saved/pipeline --epochs 200
# python train_with_diffusers.py --draw saved/pipeline --class flower --w 2
# ```
#
# Accelerate gives it as many GPUs as there are: each process takes its share of every batch, and the gradients are
# averaged. The loop hardly changes:
#
# ```python
# accelerator = Accelerator(split_batches=True)
# net, optimizer, loader, rate = accelerator.prepare(net, optimizer, loader, rate)
# ...
# accelerator.backward(loss)          # instead of loss.backward()
# ```
#
# ```
# accelerate launch --multi_gpu --mixed_precision bf16 train_with_diffusers.py --data my_pictures
# ```
#
# Here it runs on the folder of section 1, for three steps, with a tiny network: a rehearsal, not a training.

# %%
out = folder.parent / "pipeline"
tiny = ["--widths", "16", "32", "--batch", "4", "--steps", "3", "--samples", "4"]
program.main(["--data", str(folder), "--out", str(out), *tiny])

# %% [markdown]
# The pipeline knows the names of the classes, and draws by them. (Three steps have taught it nothing but these.)

# %%
loaded = CoursePipeline.from_pretrained(out)
loaded.set_progress_bar_config(disable=True)
x = loaded(4, "flower", num_inference_steps=5, output_type="pt").images
print(f"{type(loaded.unet).__name__} and {type(loaded.scheduler).__name__} are back, "
      f"with the classes {', '.join(loaded.config.id2label.values())}; they draw {tuple(x.shape)}")

# %% [markdown]
# How many pictures does it take, and how long? With tens of pictures the network soon knows each by heart and draws
# copies (the program compares, and says so); with some hundreds that are alike, such as faces or sprites of one style, it
# makes up new ones; the more they differ, the more it needs. `--flip` shows each picture mirrored, too, which helps where
# left and right do not matter. Look at `contact.png` before you wait: photographs are cut to their middle (`--fit pad`
# keeps all of each), and what is cut off is never learned. A larger `--size` costs its square: 64 takes four times as
# long as 32.

# %% [markdown]
# How long would ten epochs take, the tutorials' number? Your machine has just been timed.

# %%
per_step = net_s / len(losses)
rate = 3 * 32 * flops["the library's"] / per_step  # backward costs about twice forward
hours = {n: 10 * (n // 32) * per_step / 3600 for n in (4_000, 50_000)}
print(f"{per_step:.2f} s a step, about {rate:.0f} GFLOP/s on this machine")
print(", ".join(f"10 epochs of {n:,} pictures: {h:.1f} hours" for n, h in hours.items()))

# %% [markdown]
# A machine that multiplies a hundred times as fast needs about a hundredth of that, if the batches keep it busy.

# %% [markdown]
# ## Try it
#
# Your weights, the library's schedulers. Which one needs the fewest steps? Does a higher count always help? Try 130 with
# DDIM.

# %%
networks = {"sprites": (pipeline.unet, sprite_ab, wishes[:10]), SET: (wrapped, ab_t, None)}


def library_draws(network="sprites", scheduler="DPM-Solver++", steps=10, seed=1):
    unet, ab, c = networks[network]
    kind, settings = zoo[scheduler]
    b_t = (1 - ab[1:] / ab[:-1]).tolist()
    config = DDIMScheduler(**ours | {"num_train_timesteps": len(b_t), "trained_betas": b_t}).config
    start = time.perf_counter()
    chosen = CoursePipeline(unet, kind.from_config(config, **settings))
    chosen.set_progress_bar_config(disable=True)
    how = {"generator": torch.Generator().manual_seed(seed), "num_inference_steps": steps, "output_type": "pt"}
    x = 2 * chosen(10, c, **how).images - 1
    took, calls = time.perf_counter() - start, len(chosen.scheduler.timesteps)
    fits = f"{len(b_t)} is {'' if len(b_t) % steps == 0 else 'not '}divisible by {steps}"
    picture = du.show(x, columns=5, scale=96 // x.shape[-1], alt=f"Ten {network} by {scheduler} with {steps} steps")
    return picture, f"{took:.2f} s for ten, {calls} network calls; {fits}."


widgets.try_it(library_draws, network=list(networks), scheduler=list(zoo), steps=(2, 150), seed=(0, 20))

# %% [markdown]
# ## Exercises
#
# ### Exercise 10.1: mirror half of them
# *Difficulty 1 of 3, 5 minutes.*
#
# A shoe that points left is as good as one that points right, so Fashion-MNIST is trained with random flips. Given images
# `x` and a coin for each (`True` or `False`), return the images, those with `True` mirrored left to right.

# %% tags=["exercise"]
def my_flip(x, coin):
    """Images (B, C, H, W) from x (B, C, H, W) and coin, bool (B,)."""
    return ...  # your code here


checks.check_flip(my_flip)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_flip(x, coin):
    return torch.where(coin[:, None, None, None], x.flip(3), x)  # dimension 3 is the width


result = checks.check_flip(solution_flip)
assert result.passed
result

# %% [markdown]
# ### Exercise 10.2: our schedule in the library's words
# *Difficulty 1 of 3, 5 minutes.*
#
# The library builds a schedule from betas: its `alphas_cumprod[i]` is the product of $1 - b$ over the first i + 1 of them.
# From our `ab_t`, with T + 1 entries and `ab_t[0]` = 1, return the T betas, without looking at section 3.

# %% tags=["exercise"]
def my_betas(ab_t):
    """T betas, float64 (T,), from ab_t (T + 1,)."""
    return ...  # your code here


checks.check_betas(my_betas)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_betas(ab_t):
    return 1 - ab_t[1:] / ab_t[:-1]  # the share of the signal that step t leaves, taken from 1


result = checks.check_betas(solution_betas)
assert result.passed
result

# %% [markdown]
# ### Exercise 10.3: a network from elsewhere
# *Difficulty 2 of 3, 10 minutes.*
#
# Somebody gives you a library network with 1,000 noise levels, on a schedule of theirs. Your sampler walks along your own
# `ab_t`. A network knows noise levels, not times: at time `t` it must be told the index whose level is nearest. Given
# `alphas_cumprod`, your `ab_t` and a list of times, return the list of those indices.

# %% tags=["exercise"]
def my_indices(alphas_cumprod, ab_t, times):
    """A list of ints, one for each of times: the i whose alphas_cumprod[i] is nearest to ab_t[t]."""
    return ...  # your code here


checks.check_indices(my_indices)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_indices(alphas_cumprod, ab_t, times):
    return [(alphas_cumprod - ab_t[t]).abs().argmin().item() for t in times]


result = checks.check_indices(solution_indices)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
copies = du.nearest(drawn["ours, 50 steps"], pictures)[0].median() / du.nearest(held_out[:N], pictures)[0].median()
Markdown(f"""
- The library's `squaredcos_cap_v2` is our cosine schedule: the largest difference is {shifted.max():.0e}, once its index
  i is read as our t = i + 1.
- Our weights, saved as a pipeline and loaded by a new process, drew the sprites of `du.sample` up to {gap["DDIM"]:.0e}
  (DDIM) and {gap["2M"]:.0e} (DPM-Solver++); Euler drew DDIM's sprites (RMSE {gap["Euler"]:.0e}).
  The way back agreed to {gap["back"]:.0e} (RMSE).
- With ten steps the schedulers scored {", ".join(f"{name} {value:.1f}" for name, value in quality.items())} (real
  sprites {floor:.1f}).
- The library's DDIM with 130 steps, which do not divide 500, strayed from ours by {apart[130]:.2f}, with 260 by
  {apart[260]:.2f} (RMSE); with 20 by {apart[20]:.0e}.
- In {net_s:.0f} s the library's network took {len(losses)} steps and missed {missed["the library's"]:.0%} of the noise's
  power; ours took {trainer.step} and missed {missed["ours"]:.0%}.
- Drawn pictures: library {marks["library"]:.1f}, ours {marks["ours"]:.1f}, ours with 50 steps
  {marks["ours, 50 steps"]:.1f}; real ones {marks["real"]:.1f}, blurred {marks["blurred"]:.1f}, upside down
  {marks["upside down"]:.1f}.
- Ours lie {copies:.1f} times as far from the nearest training picture as held-out ones do: copies would lie far below 1.
""")

# %% [markdown]
# ## Quiz
#
# **1. You load a library network and ask it at i = t. Everything works, the pictures look a little worse. Why?**
# <details><summary>Answer</summary>
# The library's index starts at 0 for the first noisy level, our time at 0 for the clean picture. So i = t - 1. With i =
# t the network is told that there is a little more noise than there is.
# </details>
#
# **2. A friend's DDIM gives good pictures with 50 steps and noisy ones with 150 (T = 1000). What do you ask first?**
# <details><summary>Answer</summary>
# Whether the count divides T, and how the times are spaced. With `"trailing"`, 1000 // 150 is 6, while the times lie 6.67
# apart: the picture is noisier than the network believes. With the default, `"leading"`, the walk begins at i = 894.
# </details>
#
# **3. Network A has an eps-loss of 0.10, network B a v-loss of 0.15. Which is better?**
# <details><summary>Answer</summary>
# Nobody can say: the losses answer different questions, which weigh the noise levels differently. Turn both answers into
# eps (or x0) at the same times on the same held-out pictures, or score what they draw.
# </details>
#
# **4. Generated pictures reach the score of real ones. What might still be wrong with them?**
# <details><summary>Answer</summary>
# Whatever the features do not see: here which way is up, what the thing is, or that it is a copy of a training picture.
# Look at the pictures, and at the nearest training pictures.
# </details>
#
# ## Going further
#
# - von Platen et al., *Diffusers: State-of-the-art diffusion models* (2022): the library; its documentation lists all
#   schedulers and what each can do.
# - Krizhevsky, *Learning Multiple Layers of Features from Tiny Images* (2009): where CIFAR-10 comes from.
# - Xiao, Rasul, Vollgraf, *Fashion-MNIST* (2017): ten kinds of clothes, made because digits had become too easy.
# - Lin et al., *Common Diffusion Noise Schedules and Sample Steps are Flawed* (2024): what "trailing" means, and why
#   schedules should end in pure noise.
# - Heusel et al., *GANs Trained by a Two Time-Scale Update Rule* (2017): the Fréchet distance, with the features of a
#   large classifier.
#
# Next: [11_flow_matching_and_few_steps](11_flow_matching_and_few_steps.ipynb)
