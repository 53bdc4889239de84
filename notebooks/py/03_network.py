# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3. The U-Net, block by block
#
# In lessons 1 and 2 the network was a closed box: a noisy sprite `x_t` went in, a guess of its noise came out.
# Today you open the box, build it from single layers, and measure what each of them is there for.

# %%
import sys
sys.path.insert(0, "..")  # the shared module lies one folder up
import diffusion_utilities as du
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# %% [markdown]
# **The inside of a network at work.** A trained U-Net draws a sprite in 16 steps; at each step you see four *feature
# maps* of each of its parts. A feature map is a picture that the network makes for itself: one number per pixel, dark for
# low, bright for high. (How to read the two cells below: `watch` asks PyTorch to keep what the named parts put out, and
# `frame` paints it. The names are explained as we go.)


# %%
def watch(model, names):
    """What the named parts of a network put out: a dict, filled anew at each call of the network."""
    seen = {}
    for name in names:
        part = model.get_submodule(name)
        part.register_forward_hook(lambda part, args, out, name=name: seen.update({name: out.detach()}))
    return seen


def frame(x, step, seen, places):
    fig, axes = plt.subplots(3, 7, figsize=(8, 4.2), gridspec_kw=dict(wspace=0.12, hspace=0.3))
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, title in ((axes[0, 0], x, f"in, t = {step.t:3d}"), (axes[0, 6], step.x0, "out: its guess")):
        ax.imshow(du.to_pixels(image)[0])
        ax.set_title(title, fontsize=9)
    for name, place in places.items():
        maps = F.instance_norm(seen[name][:1, :4])[0]  # each map to mean 0 and standard deviation 1
        maps = F.pad(maps, (0, 1, 0, 1), value=torch.nan)  # a white line between the four
        axes[place].imshow(torch.cat(torch.cat(list(maps), 1).chunk(2, 1)), vmin=-2, vmax=2)
        axes[place].set_title(f"{name}\n{' x '.join(map(str, seen[name].shape[1:]))}", fontsize=8)
    for row in (0, 1):
        arrow = dict(arrowstyle="->", color="tab:orange", lw=2)
        axes[row, 4].annotate("", (0.9, 0.5), (-2.3, 0.5), xycoords="axes fraction", arrowprops=arrow)
    return du.show_figure(fig, alt="one frame").frames[0]


# %%
unet, ab_cosine = du.load_model(du.WEIGHTS / "unet.pth", "cpu")
places = {"down.0": (0, 1), "down.1": (1, 1), "down.2": (2, 2), "attention": (2, 3)}
places |= {"up.0": (2, 4), "up.1": (1, 5), "up.2": (0, 5)}
seen, frames = watch(unet, places), []
x = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(3))
for step in du.sampler(unet, ab_cosine, x, torch.eye(5)[:1], steps=16):
    frames.append(frame(x, step, seen, places))
    x = step.x
du.Picture(frames, fps=3, alt="Film: feature maps of a U-Net, large on top and small at the bottom, while a hero appears")

# %% [markdown]
# On the left, on the way down, the maps shrink from 16 x 16 to 4 x 4 while their number grows; on the right they grow
# back. Orange arrows are *skips*: maps handed straight across. Watch `up.2`: the outline of the figure is there while
# the input is still noise.
#
# **You will be able to**
# - *explain* by measurements why a denoiser is shaped like a U: why down, why up, why across;
# - *build* a `ContextUnet` from its blocks, and follow the shape of a batch through it;
# - *find* two faults that raise no error: a layer born inside `forward`, and BatchNorm in a denoiser;
# - *tell* what a modern U-Net does differently, and measure what that buys.
#
# **You need** a little PyTorch (`nn.Module`, `nn.Conv2d`) and lessons 1 and 2. **Time:** about 45 minutes; the cells
# take less than two minutes on a CPU.

# %% [markdown]
# ## 1. The same shape in and out
#
# *What must a denoiser be able to do, and how small can it be?* Three demands: answer with one number per pixel and
# channel, so the output has the shape of the input; know the time t, because the same pixels mean another thing at another
# noise level; know the context, because we want to say what is drawn. Here is a network that meets only the first.
# It is made of *convolutions*: each output pixel is a weighted sum of the k x k pixels around it, in all channels, with
# the same weights everywhere. Three go down, with *max pooling* (keep the largest of each 2 x 2 pixels) between them;
# three go up, with enlarging between them; SiLU, `x * sigmoid(x)`, is a smooth bend after each but the last.
#
# **What do you expect?** A convolution has `C_out * (C_in * k * k + 1)` parameters: numbers that training finds. For
# six of them, with k = 5 and up to 64 channels, is that thousands, hundreds of thousands, or millions?


# %%
class BasicUNet(nn.Module):
    """Three 5x5 convolutions down, three up, skips added: (B, in, H, W) to (B, out, H, W). Ignores time and context."""

    def __init__(self, in_channels=1, out_channels=1, skips=True):
        super().__init__()
        widths = [in_channels, 32, 64, 64, 64, 32, out_channels]
        convs = [nn.Conv2d(a, b, 5, padding=2) for a, b in zip(widths, widths[1:])]
        self.down, self.up, self.skips = nn.ModuleList(convs[:3]), nn.ModuleList(convs[3:]), skips

    def forward(self, x, t=None, c=None):
        h0 = F.silu(self.down[0](x))
        h1 = F.silu(self.down[1](F.max_pool2d(h0, 2)))
        h = F.silu(self.down[2](F.max_pool2d(h1, 2)))
        h = F.silu(self.up[0](h))
        h = F.silu(self.up[1](F.interpolate(h, scale_factor=2) + self.skips * h1))
        return self.up[2](F.interpolate(h, scale_factor=2) + self.skips * h0)


# %% [markdown]
# The skips are the two `+`: `h1` and `h0`, kept on the way down, are added on the way up. Give it a handwritten digit's
# shape, one channel of 28 x 28, and note the shape after each convolution.


# %%
def draw(shapes, links, title):
    """A box for each (C, H, W): as tall as the maps are, as wide as they are many. Arrows for the skips."""
    fig, ax = plt.subplots(figsize=(8, 3))
    top = max(H for _, H, _ in shapes.values())
    for i, (name, (C, H, W)) in enumerate(shapes.items()):
        width, bottom = 0.08 + C / 220, -0.9 * (1 - H / top)
        ax.add_patch(plt.Rectangle((i - width / 2, bottom), width, H / top, facecolor="tab:blue", edgecolor="black"))
        ax.text(i, bottom - 0.06, f"{name}\n{C}x{H}x{W}", ha="center", va="top", fontsize=8)
    for start, end in links:
        i, j = list(shapes).index(start), list(shapes).index(end)
        y = shapes[start][1] / top / 2 - 0.9 * (1 - shapes[start][1] / top)
        arrow = dict(arrowstyle="->", color="tab:orange", lw=2)
        ax.annotate("", (j - 0.25, y), (i + 0.35, y), arrowprops=arrow, zorder=0)
    ax.set(xlim=(-0.6, len(shapes) - 0.4), ylim=(-1.3, 1.05), title=title)
    ax.axis("off")
    return fig


# %%
basic = BasicUNet()
outputs = watch(basic, ["down.0", "down.1", "down.2", "up.0", "up.1", "up.2"])
digit = torch.zeros(1, 1, 28, 28)
assert basic(digit).shape == digit.shape
assert du.count_parameters(basic) == 309_057
shapes = {"image": (1, 28, 28)} | {name: tuple(out.shape[1:]) for name, out in outputs.items()}
fig = draw(shapes, [("down.0", "up.2"), ("down.1", "up.1")], "BasicUNet: 309,057 parameters")
du.show_figure(fig, alt="Boxes in the shape of a U: 1x28x28, 32x28x28, 64x14x14, 64x7x7, 64x7x7, 32x14x14, 1x28x28")

# %% [markdown]
# Hundreds of thousands, most of them in the middle, where the maps are many. Surprisingly, the 309,057 do not depend on
# the size of the image: the same weights slide over 28 x 28 or 16 x 16, as long as it can be halved twice.

# %% [markdown]
# ## 2. Why down, why across
#
# *How much of the image does one output pixel see?* Each convolution reaches `(k - 1)/2` pixels to every side, so n of them
# in a row see a square of `1 + n * (k - 1)` pixels: 25 for our six. The measurement is a derivative: if the output pixel in
# the middle changes when an input pixel changes, it sees it.
#
# **What do you expect?** `flat` has the same six convolutions, without pooling and enlarging. Which of the two sees
# more, and which costs more?


# %%
def sight(net, size=80):
    """|d out[middle] / d x|, averaged over 16 random images: (size, size)."""
    x = torch.randn(16, 1, size, size, generator=torch.Generator().manual_seed(0), requires_grad=True)
    net(x)[:, 0, size // 2, size // 2].sum().backward()
    return x.grad.abs().mean((0, 1))


torch.manual_seed(0)
basic = BasicUNet()
convs = [*basic.down, *basic.up]
flat = nn.Sequential(*[layer for conv in convs for layer in (conv, nn.SiLU())][:-1])
sights = {"flat": sight(flat), "BasicUNet": sight(basic)}

# %%
fig, axes = plt.subplots(1, 2, figsize=(7, 3.2), sharey=True)
for ax, (name, seen_by) in zip(axes, sights.items()):
    width = (seen_by.sum(0) > 0).sum().item()
    ax.imshow((seen_by / seen_by.max()).clamp(min=1e-9).log10(), vmin=-6, vmax=0)
    ax.set(title=f"{name}\nsees {width} x {width} pixels", xlabel="x (pixels)")
axes[0].set_ylabel("y (pixels)")
fig.colorbar(axes[1].images[0], ax=axes, label="influence (log10)")
du.show_figure(fig, alt="Two heat maps of influence on the middle pixel: a small square for flat, a large one for BasicUNet")

# %%
from torch.utils.flop_counter import FlopCounterMode


def mflop(net, *inputs):
    """Million operations (a multiplication and an addition are two) of one call of a network."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(*inputs)
    return counter.get_total_flops() / 1e6


print(f"For one 28 x 28 image, flat takes {mflop(flat, digit):.0f} million operations, BasicUNet {mflop(basic, digit):.0f}.")

# %% [markdown]
# With the very same weights, the U sees over twice as far in each direction, and that for a fraction of the operations: a 5 x 5
# window on a map that was halved twice covers 20 x 20 pixels. To know whether a dark pixel is an eye or a boot, a
# network must see the whole figure; going down is the cheap way.
#
# *What is lost on the way?* Pooling keeps one number of four. Here are four sprites reduced and enlarged again, and
# after them an experiment: the same network trained to predict the noise `eps`, with its skips and without.
#
# **What do you expect?** The loss is the mean squared error of the noise; answering 0 everywhere scores 1.

# %%
sprites = du.load_sprites("held_out", 64)
rows = {"16 x 16": sprites.x[:8]}
for k in (2, 4):
    rows[f"{16 // k} x {16 // k}, enlarged"] = F.interpolate(F.avg_pool2d(sprites.x[:8], k), scale_factor=k)
du.show_rows(rows, label_width=140, alt="Eight sprites; reduced to 8 x 8 they are blurred, at 4 x 4 only patches of colour")

# %%
train, ab_t = du.load_sprites("train"), du.noise_schedule("linear", T=500)
curves = {}
for skips in (True, False):
    torch.manual_seed(0)
    trainer = du.Trainer(BasicUNet(3, 3, skips=skips), train, ab_t, batch=64, warmup=20, device="cpu")
    curves[skips] = [progress.loss.item() for progress in trainer.run(steps=120)]

# %%
fig, ax = plt.subplots(figsize=(7, 3))
ax.plot(curves[True], color="tab:blue", label="with skips")
ax.plot(curves[False], color="tab:orange", linestyle="--", label="without skips")
ax.axhline(1, color="grey", linestyle=":", label="answering 0")
ax.set(xlabel="training step", ylabel="mean squared error of eps", ylim=(0, 1.3))
ax.legend(loc="lower left")
du.show_figure(fig, alt="Loss falls to about 0.3 with skips, and stays near 1 without them")

# %% [markdown]
# Without skips the network hardly learns at all. Noise is nothing but detail, a new random number at every pixel, and
# that does not fit through a few small maps; with skips it need not, because the fine maps go across while the bottom
# of the U adds what is drawn there.

# %% [markdown]
# ## 3. ContextUnet, piece by piece
#
# *How do time and context get in?* Now build the network that the next lesson trains. It has three kinds of blocks.
# `ResidualConvBlock` is two of (convolution 3 x 3, *BatchNorm*, GELU); BatchNorm shifts and scales each channel so that its
# mean over the batch is 0 and its standard deviation 1, GELU is a bend much like SiLU. With `is_res=True` it is *residual*:
# it adds its input x to its result h, `out = (x + h) / 1.414`. If x and h are independent and equally spread, the variance
# of the sum is doubled, and dividing by sqrt(2) undoes that. `UnetDown` is two such blocks (not residual) and a max pooling.
#
# **What do you expect?** What are the shapes after `down1` and `down2`, for a batch of 8 sprites and `n_feat = 64`?

# %%
torch.manual_seed(0)
n_feat, n_cfeat, height = 64, 5, 16
parts = nn.ModuleDict()
parts["init_conv"] = du.ResidualConvBlock(3, n_feat, is_res=True)
parts["down1"] = du.UnetDown(n_feat, n_feat)
parts["down2"] = du.UnetDown(n_feat, 2 * n_feat)
parts["to_vec"] = nn.Sequential(nn.AvgPool2d(height // 4), nn.GELU())  # the average of each channel
parts.eval()  # BatchNorm as in use: with stored statistics (section 4 shows why this matters)
c, t = sprites.c[:8], torch.full((8,), 150)
eps = torch.randn(8, 3, 16, 16, generator=torch.Generator().manual_seed(0))
x_t = du.add_noise(sprites.x[:8], t, eps, ab_t)
steps = {"x_t": x_t}
for name, before in (("init_conv", "x_t"), ("down1", "init_conv"), ("down2", "down1"), ("to_vec", "down2")):
    steps[name] = parts[name](steps[before])
    print(f"{name:10}", tuple(steps[name].shape))

# %% [markdown]
# Twice the width is halved, and the channels double; `to_vec` leaves 128 numbers per sprite. Does 1.414 keep the
# variance? Send random numbers of standard deviation 1 through ten residual blocks in a row and see.

# %%
torch.manual_seed(0)
divided = plain = torch.randn(32, n_feat, 16, 16)
with torch.no_grad():
    for _ in range(10):
        divided = du.ResidualConvBlock(n_feat, n_feat, is_res=True)(divided)
        plain = 1.414 * du.ResidualConvBlock(n_feat, n_feat, is_res=True)(plain)
print(f"After ten blocks the standard deviation is {divided.std():.2f} if divided, {plain.std():.2f} if not.")

# %% [markdown]
# Undivided, the numbers grow with every block; divided, they settle. They settle below 1, though: after GELU, h is
# less spread than x, so 1.414 is a little too much. It is a rule of thumb, not a law.
#
# Time and context are two short lists of numbers, one and five long. `EmbedFC` turns such a list into a vector with one
# entry per channel: linear, GELU, linear. Each is needed twice, once per level of the way up.

# %%
torch.manual_seed(1)
for i, width in ((1, 2 * n_feat), (2, n_feat)):
    parts[f"timeembed{i}"] = du.EmbedFC(1, width)
    parts[f"contextembed{i}"] = du.EmbedFC(n_cfeat, width)
    steps[f"temb{i}"] = parts[f"timeembed{i}"](t / 500)[:, :, None, None]
    steps[f"cemb{i}"] = parts[f"contextembed{i}"](c)[:, :, None, None]
    print(f"temb{i}, cemb{i}", tuple(steps[f"temb{i}"].shape), tuple(steps[f"cemb{i}"].shape))

# %% [markdown]
# The last two dimensions are 1 x 1, so every pixel gets the same. On the way up, each level multiplies by the context and
# adds the time, then `UnetUp` appends the skip as further channels, doubles the size, and ends in two blocks:
#
# `up_next = UnetUp(cemb * up + temb, skip)`
#
# **What do you expect?** If you do this by hand, is the answer that of `du.ContextUnet`, digit by digit?

# %%
torch.manual_seed(2)
parts["up0"] = nn.Sequential(nn.ConvTranspose2d(128, 128, height // 4, height // 4), nn.GroupNorm(8, 128), nn.ReLU())
parts["up1"] = du.UnetUp(4 * n_feat, n_feat)
parts["up2"] = du.UnetUp(2 * n_feat, n_feat)
parts["out"] = nn.Sequential(nn.Conv2d(128, 64, 3, 1, 1), nn.GroupNorm(8, 64), nn.ReLU(), nn.Conv2d(64, 3, 3, 1, 1))
parts.eval()
steps["up0"] = parts["up0"](steps["to_vec"])
steps["up1"] = parts["up1"](steps["cemb1"] * steps["up0"] + steps["temb1"], steps["down2"])
steps["up2"] = parts["up2"](steps["cemb2"] * steps["up1"] + steps["temb2"], steps["down1"])
steps["out"] = parts["out"](torch.cat((steps["up2"], steps["init_conv"]), 1))

# %%
model = du.ContextUnet(in_channels=3, n_feat=64, n_cfeat=5, height=16).eval()
model.load_state_dict(parts.state_dict())  # refuses any part that is missing, of another name or another shape
assert torch.equal(model(x_t, t / 500, c), steps["out"])
shortcut = du.count_parameters(model.init_conv.shortcut)
assert du.count_parameters(model) - shortcut == 1_480_771 and shortcut == 256
boxes = {name: tuple(out.shape[1:]) for name, out in steps.items() if "emb" not in name}
fig = draw(boxes, [("init_conv", "out"), ("down1", "up2"), ("down2", "up1")], "ContextUnet, n_feat = 64")
du.show_figure(fig, alt="U of boxes: 64x16x16, 64x8x8, 128x4x4, a vector of 128, and back up to 3x16x16, with three skips")

# %% [markdown]
# What you just wrote is `du.ContextUnet`: your weights fit into it, and the two answers are equal to the last bit. The surprise
# is how thin the bottom is: everything that `up0` knows about the sprite is 128 averages without any place; all that has a place comes across.

# %% [markdown]
# ## 4. Two faults that raise no error
#
# *Can a network give two answers to one question?* The block at the input changes the number of channels, 3 to 64, so `x + h`
# does not fit, and x needs a layer of its own: a *shortcut*. It is tempting to make it where it is needed.
#
# **What do you expect?** Below, the same image goes in twice. How far are the two outputs apart?


# %%
class Broken(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)

    def forward(self, x):
        shortcut = nn.Conv2d(x.shape[1], self.conv.out_channels, 1).to(x.device)  # a new layer at every call
        return (shortcut(x) + self.conv(x)) / 1.414


torch.manual_seed(0)
broken = Broken(3, 64).eval()
first, second = broken(sprites.x[:1]).detach(), broken(sprites.x[:1]).detach()
print("what a checkpoint would hold:", list(broken.state_dict()))

# %%
fig, axes = plt.subplots(1, 3, figsize=(7.5, 2.6))
for ax, image, title in zip(axes, (first, second, first - second), ("first call", "second call", "difference")):
    picture = ax.imshow(image[0, 0], vmin=-1, vmax=1)
    ax.set(title=f"{title}, channel 0", xlabel="x (pixels)")
fig.colorbar(picture, ax=axes, label="value")
gap = ((first - second).std() / first.std()).item()
du.show_figure(fig, alt="Channel 0 after the first call and after the second: clearly different pictures of one sprite")

# %% [markdown]
# The two differ as much as two unrelated layers do, even in `eval` mode. No checkpoint holds the shortcut, no optimiser ever
# saw it, and no error says so: the rest of the network learns to live with a dice-thrower at its door. `du.ResidualConvBlock` declares its shortcut
# once, in `__init__`; those are the 256 parameters that you counted.
#
# *Should an answer for one sprite depend on the others in the batch?* BatchNorm makes it so: while training, mean and standard
# deviation are taken over the whole batch, in which noise levels are mixed. Take a trained ContextUnet and six sprites at
# t = 150, in a batch with 58 others.
#
# **What do you expect?** Will the guess for the six change if only the noise level of the *others* changes?

# %%
from copy import deepcopy

context_unet, ab_t = du.load_model(du.WEIGHTS / "context_model_31.pth", "cpu")
noise = torch.randn(64, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def guess(model, ab_t, t_others, training):
    """The predicted images of the first six sprites, at t = 150; the other 58 are at t_others."""
    t = torch.full((64,), t_others).index_fill(0, torch.arange(6), 150)
    x_t = du.add_noise(sprites.x, t, noise, ab_t)
    out = deepcopy(model).train(training)(x_t, t / 500, sprites.c)
    return du.to_x0_eps(out, x_t, t, ab_t, model.predicts)[0][:6]


# %%
rows, moved = {"the sprites": sprites.x[:6]}, {}
for name, network, ab in (("ContextUnet", context_unet, ab_t), ("Unet", unet, ab_cosine)):
    in_use = rows[f"{name}\nin use (eval)"] = guess(network, ab, 150, training=False)
    for t_others in (1, 500):
        x0 = rows[f"{name}, training\nothers at t = {t_others}"] = guess(network, ab, t_others, training=True)
        moved[name, t_others] = (x0 - in_use).square().mean().sqrt().item()
        print(f"{name}, others at t = {t_others:3}: the guesses move by {moved[name, t_others]:.6f} (root mean square)")
alt = "Guesses of six sprites: those of ContextUnet change with the rest of the batch, those of Unet do not"
du.show_rows(rows, label_width=190, alt=alt)

# %% [markdown]
# The six inputs are the same in all rows of a network, yet ContextUnet's guesses shift with their neighbours' noise. The Unet in the
# last rows uses *GroupNorm*: mean and standard deviation over groups of channels of *one* image, so the batch cannot
# matter. What remains is rounding.

# %% [markdown]
# ## 5. The modern Unet
#
# *How should a network be told the time?* ContextUnet gets one number, t/T. The modern way is a row of waves, slow and fast, like the hands of a
# clock:
#
# `angles = 1000 * t/T * frequencies`, `emb = [cos(angles), sin(angles)]`, with frequencies from 1 down to 1/10,000.
#
# **What do you expect?** Compare the time t = 250 with all others, by the cosine of the angle between their vectors (1 = the
# same direction). How quickly does it fall for the waves, and how quickly for `timeembed2` of the trained ContextUnet?

# %%
t_T = torch.arange(501) / 500
embeddings = {
    "waves: du.timestep_embedding": du.timestep_embedding(1000 * t_T, 64),
    "one number: EmbedFC, trained": context_unet.timeembed2(t_T),
}
alike = {name: F.cosine_similarity(emb, emb[250:251]) for name, emb in embeddings.items()}

# %%
fig, axes = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained")
for ax, (name, emb) in zip(axes, embeddings.items()):
    ax.imshow(emb.T / emb.abs().max(), aspect="auto", vmin=-1, vmax=1)
    ax.set(title=name, xlabel="time t", ylabel="entry of the vector")
    ax.title.set_fontsize(8)
for (name, values), style in zip(alike.items(), ("-", "--")):
    axes[2].plot(values, style, label=name.split(":")[0])
axes[2].set(title="likeness to t = 250", xlabel="time t", ylabel="cosine", ylim=(-0.5, 1.05))
axes[2].legend(fontsize=8, loc="lower right")
du.show_figure(fig, alt="Heat maps of two time embeddings over t, and their likeness to t = 250: a sharp peak for the waves")

# %% [markdown]
# The waves give every time a direction of its own: neighbours are alike, distant times are not. One number through a small network
# gives smooth bands, and vectors that all point almost the same way; telling times apart is then left to small differences.
#
# *And where should time enter?* In `Unet` it enters every block, not only the way up. A `Block` is GroupNorm, SiLU, convolution, twice, and
# between them the embedding (time and context, added) sets a *scale* and a *shift* for each channel:
#
# `h = norm2(h) * (1 + scale) + shift`, and then `out = x + conv2(silu(h))`
#
# **What do you expect?** `conv2` starts with all its weights at zero. What does a new block do, and what does a new Unet answer?

# %%
torch.manual_seed(0)
block = du.Block(64, 64, emb_channels=128)
x, emb = torch.randn(8, 64, 16, 16), torch.randn(8, 128)
assert torch.equal(block(x, emb), x)
fresh = du.Unet()
assert (fresh(x_t, t / 500, c) == 0).all()
for size in (8, 16, 24, 32):
    print(f"one Unet, images of {size} x {size}: answer", tuple(fresh(torch.randn(1, 3, size, size), 0.5).shape))

# %% [markdown]
# A new block passes its input on, untouched, so a deep network starts as a shallow one, and its blocks join in as they learn. A
# new Unet answers 0, the best that can be said before knowing anything; and nothing in it is bound to 16 x 16.
#
# *What does attention add?* At the bottom, on 4 x 4, each of the 16 places makes a query q, a key k and a value v, and takes an average of
# all values, weighted by how well its query fits their keys (`d` is the length of q; there are four *heads*, each with its own q, k, v):
#
# `weights = softmax(q @ k.T / sqrt(d))`, `h = weights @ v`
#
# **What do you expect?** A convolution weighs its neighbours alike in every image. Take one place, third row, second
# column, in two sprites: will its weights be the same?


# %%
@torch.no_grad()
def attention_weights(unet, x, t, c):
    """How much each place looks at each other: (B, heads, places, places)."""
    seen, layer = watch(unet, ["middle.0"]), unet.attention
    unet(x, t, c)
    h = seen["middle.0"]
    q, k, v = layer.qkv(layer.norm(h)).view(len(x), 3, layer.heads, -1, 16).transpose(3, 4).unbind(1)
    weights = (q @ k.transpose(2, 3) / q.shape[3] ** 0.5).softmax(3)
    assert torch.allclose(h + layer.out((weights @ v).transpose(2, 3).reshape(h.shape)), layer(h), atol=1e-4)
    return weights


looks = attention_weights(unet, x_t, torch.full((8,), 0.3), c)

# %%
fig, axes = plt.subplots(2, 5, figsize=(8, 3.6), layout="constrained")
for row, ax in zip((0, 4), axes):
    ax[0].imshow(du.to_pixels(x_t[row]))
    ax[0].add_patch(plt.Rectangle((3.5, 7.5), 4, 4, fill=False, edgecolor="tab:orange", linewidth=3))
    ax[0].set_title("place that looks", fontsize=9)
    for head in range(4):
        image = ax[head + 1].imshow(looks[row, head, 9].view(4, 4), vmin=0, vmax=0.5)
        ax[head + 1].set_title(f"head {head}", fontsize=9)
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
fig.colorbar(image, ax=axes, label="weight")
du.show_figure(fig, alt="Two noisy sprites, and for each head a 4 x 4 map of where one place looks: the maps differ")

# %% [markdown]
# Each head looks elsewhere, and the same place looks elsewhere in another sprite. Reach is not the point here: on 4 x 4 a few
# convolutions already see everything. What attention adds is a choice, made anew for every image.

# %% [markdown]
# ## 6. What it buys
#
# *Is the modern network better, or only bigger?* Count first: parameters, operations, and milliseconds on this computer.
#
# **What do you expect?** Order these four by operations per sprite.

# %%
from time import perf_counter

networks = {
    "BasicUNet": lambda: BasicUNet(3, 3),
    "ContextUnet, n_feat 32": lambda: du.ContextUnet(3, 32, 5, 16),
    "ContextUnet, n_feat 64": lambda: du.ContextUnet(3, 64, 5, 16),
    "Unet": du.Unet,
}
batch = (noise[:32], torch.full((32,), 0.5), sprites.c[:32])
print(f"{'':24}parameters   MFLOP per sprite   ms per 32 sprites")
for name, make in networks.items():
    net, seconds = make().eval().requires_grad_(False), []
    for _ in range(6):
        begin = perf_counter()
        net(*batch)
        seconds.append(perf_counter() - begin)
    cost = mflop(net, *(part[:1] for part in batch))
    print(f"{name:24}{du.count_parameters(make()):10,}{cost:19.0f}{1000 * min(seconds):20.0f}")

# %% [markdown]
# The Unet has nearly the parameters of the wide ContextUnet at a quarter of its operations: its many channels sit where
# the maps are small. Against the narrow ContextUnet, of the same cost, it can run a fair race: the same sprites, noise,
# targets and optimiser, the same seconds each. All three predict `v = sqrt(ab_t) * eps - sqrt(1 - ab_t) * x0`, a mixture that lesson 4 explains.
#
# **What do you expect?** Who wins, and by how much?

# %%
SECONDS = 12

# %%
racers = [name for name in networks if "64" not in name]
races, trained = {}, {}
for name in racers:
    torch.manual_seed(0)
    trained[name] = networks[name]()
    trained[name].predicts = "v"
    trainer = du.Trainer(trained[name], train, ab_cosine, batch=32, warmup=20, device="cpu")
    races[name] = [(progress.seconds, progress.loss) for progress in trainer.run(seconds=SECONDS)]

# %%
held_out = du.load_sprites("held_out", 500)
times = torch.linspace(1, 500, 500).long()
eps = torch.randn(held_out.x.shape, generator=torch.Generator().manual_seed(1))
x_t_held_out = du.add_noise(held_out.x, times, eps, ab_cosine)
v = du.target(held_out.x, times, eps, ab_cosine, "v")
scores = {}
for name, net in trained.items():
    with torch.no_grad():
        scores[name] = F.mse_loss(net.eval()(x_t_held_out, times / 500, held_out.c), v).item()

# %%
fig, ax = plt.subplots(figsize=(7, 3.2))
for (name, points), style in zip(races.items(), (":", "--", "-")):
    seconds, losses = torch.tensor(points).T
    smooth = losses.unfold(0, min(10, len(losses)), 1).mean(1)  # a running mean over ten steps
    ax.plot(seconds[-len(smooth) :], smooth, style, label=f"{name}: {len(points)} steps, held out {scores[name]:.3f}")
ax.set(xlabel="seconds of training", ylabel="mean squared error of v")
ax.legend(fontsize=8)
du.show_figure(fig, alt="Loss against seconds for three networks trained for the same time; the Unet's ends lowest")

# %% [markdown]
# All three saw the same images in the same order, so the curves differ by the network alone. BasicUNet knows neither time nor
# context, and soon has learned what it can; how long the others need is what their design decides.
#
# *And after a full training?* The course ships both networks, trained with the recipe of their time. To compare two
# schedules, compare at the same *signal-to-noise ratio*, `snr = ab_t / (1 - ab_t)`: for each t of one, take the t of the other whose `ab_t` is nearest.
#
# **What do you expect?** At which end will they differ most: little noise, or much?


# %%
@torch.no_grad()
def eps_error(model, ab, t):
    """The mean squared error of the predicted noise for 200 held-out sprites at time t."""
    x0, z, c = held_out.x[:200], eps[:200], held_out.c[:200]
    x_t = du.add_noise(x0, t, z, ab)
    out = model(x_t, torch.full((200,), t / 500), c)
    return F.mse_loss(du.to_x0_eps(out, x_t, t, ab, model.predicts)[1], z).item()


levels = [2, 10, 25, 50, 100, 150, 200, 300, 400, 500]
twins = [(ab_cosine - ab_t[t]).abs().argmin().item() for t in levels]
snr = [(ab_t[t] / (1 - ab_t[t])).item() for t in levels]
errors = {"ContextUnet, epoch 31": [eps_error(context_unet, ab_t, t) for t in levels]}
errors["Unet"] = [eps_error(unet, ab_cosine, t) for t in twins]

# %%
fig, ax = plt.subplots(figsize=(7, 3.2))
for (name, values), style in zip(errors.items(), ("o--", "s-")):
    ax.loglog(snr, values, style, label=name)
ax.invert_xaxis()
ax.set(xlabel="signal-to-noise ratio (left: little noise, right: much noise)", ylabel="mean squared error of eps")
ax.legend()
du.show_figure(fig, alt="Error of the predicted noise against the signal-to-noise ratio for the two shipped networks")

# %% [markdown]
# For both the noise is hardest to tell when there is little of it, and easy when there is nothing else. This picture mixes
# causes, though: network, target, schedule and minutes of training all differ. The race above changed one thing only.

# %% [markdown]
# ## What you saw

# %%
from IPython.display import Markdown

ratios = [a / b for a, b in zip(errors["ContextUnet, epoch 31"], errors["Unet"])]
order = sorted(scores, key=scores.get)
Markdown(
    f"- One output pixel of BasicUNet sees {(sights['BasicUNet'].sum(0) > 0).sum()} pixels across; the same layers without "
    f"pooling see {(sights['flat'].sum(0) > 0).sum()}.\n"
    f"- After 120 steps the error of the noise was {sum(curves[True][-10:]) / 10:.2f} with skips, "
    f"{sum(curves[False][-10:]) / 10:.2f} without.\n"
    f"- A shortcut made inside `forward` moved the output by {gap:.1f} times its own spread; batch mates moved ContextUnet's guesses by "
    f"{moved['ContextUnet', 1]:.3f} and {moved['ContextUnet', 500]:.3f}, Unet's by less than {max(moved['Unet', 1], 1e-5):.0e}.\n"
    f"- In {SECONDS} seconds each, the order on held-out sprites was "
    + ", ".join(f"{name} ({scores[name]:.3f})" for name in order)
    + f".\n- The shipped ContextUnet's error is {min(ratios):.1f} to {max(ratios):.1f} times that of the shipped Unet at the same signal-to-noise ratio."
)

# %% [markdown]
# ## Quiz
#
# **1.** A stack of ten 3 x 3 convolutions without pooling: how many pixels across does one output pixel see?
# <details><summary>Answer</summary>
#
# `1 + 10 * (3 - 1) = 21`. Each layer adds one pixel to every side. Enough for 16 x 16, but not from a corner to the
# opposite one, and at the full operations of every layer.
# </details>
#
# **2.** `up1` of ContextUnet is `UnetUp(4 * n_feat, n_feat)`. Why 4?
# <details><summary>Answer</summary>
#
# Because skips are appended, not added: `up0` brings 2 n_feat channels, the skip `down2` another 2 n_feat. BasicUNet adds its skips,
# so the number of channels stays.
# </details>
#
# **3.** You sample one sprite at a time with a BatchNorm network and forget `model.eval()`. What happens?
# <details><summary>Answer</summary>
#
# Mean and standard deviation come from that single image instead of the averages stored in training, so the network sees numbers
# scaled as they never were, and its answer is off. `du.sampler` switches to `eval` for you; GroupNorm does not have the problem.
# </details>
#
# **4.** Why may `conv2` of a `Block` start at zero, when a network whose weights are all zero cannot learn?
# <details><summary>Answer</summary>
#
# Only the last layer of each block is zero. Its gradient is its input, which is not zero, times the gradient from above, which
# arrives through the residual sum. After one step it is no longer zero, and the layers below it learn too.
# </details>
#
# ## Going further
#
# - Ronneberger, Fischer and Brox (2015), *U-Net: Convolutional Networks for Biomedical Image Segmentation*: the U and its skips.
# - Wu and He (2018), *Group Normalization*: why statistics over the batch hurt, and the remedy used here.
# - Ho, Jain and Abbeel (2020), *Denoising Diffusion Probabilistic Models*: the U-Net with waves for time and attention inside.
# - Dhariwal and Nichol (2021), *Diffusion Models Beat GANs on Image Synthesis*: scale and shift, measured part by part.
# - Peebles and Xie (2023), *Scalable Diffusion Models with Transformers*: no U at all, but scale, shift and zero-initialised blocks stay.
#
# Credits: ContextUnet follows the network of the short course *How Diffusion Models Work* (DeepLearning.AI), BasicUNet
# that of the first unit of Hugging Face's *Diffusion Models Course*.
#
# Next: [04_training](04_training.ipynb)
