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
# Until now the network was a closed box: a noisy sprite `x_t` went in, a guess came out. Now you open it, build it
# from single layers, and measure what each is for.

# %%
import sys
sys.path.insert(0, "..")  # the shared module lies one folder up
import diffusion_utilities as du
import widgets
import checks
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

# %% [markdown]
# **The inside of a network at work.** A trained U-Net draws a sprite in 16 steps. At each step you see four
# *feature maps* of each of its parts: pictures that the network makes for itself, one number per pixel, dark for
# low, bright for high. (`watch` keeps what parts of a network put out; `frame` paints it.)

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
        axes[place].set_title(f"{name}\n{'x'.join(map(str, seen[name].shape[1:]))}", fontsize=8)
    for row in (0, 1):
        arrow = dict(arrowstyle="->", color="tab:orange", lw=2)
        axes[row, 4].annotate("", (0.9, 0.5), (-2.3, 0.5), xycoords="axes fraction", arrowprops=arrow)
    return du.show_figure(fig, alt="one frame").frames[0]


# %%
unet, ab_cosine = du.load_model(du.WEIGHTS / "unet.pth", "cpu")
names = ["down.0", "down.1", "down.2", "attention", "up.0", "up.1", "up.2"]
places = dict(zip(names, [(0, 1), (1, 1), (2, 2), (2, 3), (2, 4), (1, 5), (0, 5)]))  # row and column in the picture
seen, frames, x = watch(unet, names), [], torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(3))
for step in du.sampler(unet, ab_cosine, x, torch.eye(5)[:1], steps=16):
    frames.append(frame(x, step, seen, places))
    x = step.x
du.Picture(frames, fps=3, alt="Film: feature maps of a U-Net, large on top, small at the bottom, while a hero appears")

# %% [markdown]
# On the way down (left) the maps shrink from 16x16 to 4x4 while their number grows; on the way up (right) they grow
# back. Orange arrows: *skips*, maps handed straight across (a third joins `down.2` to `up.0`).
#
# **You will be able to**
# - *explain* by measurements why a denoiser is shaped like a U;
# - *build* a `ContextUnet` from its blocks, following the shapes;
# - *find* two faults that raise no error: a layer born inside `forward`, and BatchNorm in a denoiser;
# - *tell* what a modern U-Net does differently, and what that buys.
#
# **You need** a little PyTorch (`nn.Module`, `nn.Conv2d`) and lessons 1 and 2. **Time:** about 60 minutes with the
# exercises; the cells take under two on a CPU.

# %% [markdown]
# ## 1. The same shape in and out
#
# *What must a denoiser do, and how small can it be?* Its answer has the shape of its input: one number per pixel
# and channel. It should know the time t, because the same pixels mean something else at another noise level, and
# the context: what to draw. Here is a network that does only the first. A *convolution* makes each output pixel
# from the `k*k` pixels around it, in all channels, with the same weights everywhere. Three go down, with *max
# pooling* (the largest of each 2x2 pixels) between them; three go up, with enlarging between them. SiLU,
# `x*sigmoid(x)`, is a smooth bend after each but the last.
#
# **What do you expect?** A convolution has `C_out * (C_in*k*k + 1)` parameters: the numbers that training finds.
# With k = 5 and up to 64 channels, do six of them have thousands, hundreds of thousands, or millions?

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
# The skips are the two `+`. Give it one channel of 28x28, the size of a handwritten digit, and note the shape after
# each convolution.

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
        y, y_end = (shapes[k][1] / top / 2 - 0.9 * (1 - shapes[k][1] / top) for k in (start, end))
        arrow = dict(arrowstyle="->", color="tab:orange", lw=2)
        ax.annotate("", (j - 0.4, y_end), (i + 0.35, y), arrowprops=arrow, zorder=0)
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
# Hundreds of thousands, most of them where the maps are many. The surprise: it does not depend on the image's
# size, as the same weights slide over every pixel.

# %% [markdown]
# ## 2. Why down, why across
#
# *How much of the image does one output pixel see?* Each convolution adds `(k-1)/2` pixels to every side, so n in a
# row see a square `1 + n*(k-1)` pixels wide: 25 for our six. To measure it, take a derivative: which input pixels
# can change the output pixel?
#
# **What do you expect?** `flat` has the same six convolutions, without pooling and enlarging. Which sees more, and
# which costs more?

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
du.show_figure(fig, alt="Heat maps of the influence on one pixel: a small square for flat, a large one for BasicUNet")

# %% [markdown]
# PyTorch can count the operations of one call.

# %%
from torch.utils.flop_counter import FlopCounterMode


def mflop(net, *inputs):
    """Million operations (a multiplication and an addition are two) of one call of a network."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(*inputs)
    return counter.get_total_flops() / 1e6


cost = {"flat": mflop(flat, digit), "BasicUNet": mflop(basic, digit)}
print(f"For one 28 x 28 image, flat takes {cost['flat']:.0f} million operations, BasicUNet {cost['BasicUNet']:.0f}.")

# %% [markdown]
# With the same weights the U sees over twice as far, for a fraction of the operations: a 5x5 window on a map halved
# twice covers 20x20 pixels. The nested squares are its levels.
#
# *And what is lost on the way down?* Pooling keeps one number of four. Look at sprites reduced and enlarged again.

# %%
sprites = du.load_sprites("held_out", 64)
rows = {"16 x 16": sprites.x[:8]}
for k in (2, 4):
    rows[f"{16 // k} x {16 // k}, enlarged"] = F.interpolate(F.avg_pool2d(sprites.x[:8], k), scale_factor=k)
du.show_rows(rows, label_width=140, alt="Eight sprites: reduced to 8 x 8 they are blurred, at 4 x 4 patches of colour")

# %% [markdown]
# Outlines and eyes are gone. Can the network do without them? Train it twice to predict the noise `eps`, with its
# skips and without. The loss is `mean((eps_guess-eps)**2)`.
#
# **What do you expect?** Answering 0 everywhere scores 1. How far does each get below that in 120 steps?

# %%
train, ab_t = du.load_sprites("train"), du.noise_schedule("linear", T=500)
curves = {}
for skips in (True, False):
    torch.manual_seed(0)
    network = BasicUNet(3, 3, skips=skips)
    network.predicts = "eps"
    trainer = du.Trainer(network, train, ab_t, batch=64, warmup=20, device="cpu")
    curves[skips] = [progress.loss.item() for progress in trainer.run(steps=120)]

# %%
fig, ax = plt.subplots(figsize=(7, 3))
ax.plot(curves[True], color="tab:blue", label="with skips")
ax.plot(curves[False], color="tab:orange", linestyle="--", label="without skips")
ax.axhline(1, color="grey", linestyle=":", label="answering 0")
ax.set(xlabel="training step", ylabel="mean squared error of eps", ylim=(0, 1.3))
ax.legend(loc="center right")
du.show_figure(fig, alt="Loss falls to about 0.3 with skips, and stays near 1 without them")

# %% [markdown]
# Without skips it hardly learns: noise is all detail, and little of that passes through small maps. With skips, fine
# maps go across, and the bottom of the U adds what is drawn.

# %% [markdown]
# ## 3. ContextUnet, piece by piece
#
# *How do time and context get in?* Now build `ContextUnet`. `ResidualConvBlock` is two of (convolution 3x3,
# *BatchNorm*, GELU): BatchNorm brings each channel to mean 0 and standard deviation 1 over the batch, then scales and
# shifts it by learned numbers; GELU is much like SiLU. With `is_res=True` it is *residual*: it adds its input x to its
# result h, `out = (x+h)/1.414`. `UnetDown` is two such blocks, not residual, and a max pooling.
#
# **What do you expect?** What are the shapes after `down1` and `down2`, for 8 sprites and `n_feat = 64`?

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
# Twice the width is halved, and `to_vec` leaves 128 numbers per sprite. Why 1.414? If x and h are independent and
# equally spread, their sum has twice the variance, `Var(x+h) = Var(x)+Var(h)`, and dividing by sqrt(2) undoes that.
# Send random numbers through ten blocks.

# %%
torch.manual_seed(0)
divided = plain = torch.randn(32, n_feat, 16, 16)
with torch.no_grad():
    for _ in range(10):
        divided = du.ResidualConvBlock(n_feat, n_feat, is_res=True)(divided)
        plain = 1.414 * du.ResidualConvBlock(n_feat, n_feat, is_res=True)(plain)
print(f"After ten blocks the standard deviation is {divided.std():.2f} if divided, {plain.std():.2f} if not.")

# %% [markdown]
# Undivided, the numbers grow. Divided, they even shrink: after GELU, h is less spread than x, so the factor is a
# rule of thumb.
#
# Time is one number, the context five. `EmbedFC` (linear, GELU, linear) makes vectors of them, one entry per channel,
# for the two levels of the way up.

# %%
torch.manual_seed(1)
for i, width in ((1, 2 * n_feat), (2, n_feat)):
    parts[f"timeembed{i}"] = du.EmbedFC(1, width)
    parts[f"contextembed{i}"] = du.EmbedFC(n_cfeat, width)
    steps[f"temb{i}"] = parts[f"timeembed{i}"](t / 500)[:, :, None, None]
    steps[f"cemb{i}"] = parts[f"contextembed{i}"](c)[:, :, None, None]
    print(f"temb{i}, cemb{i}", tuple(steps[f"temb{i}"].shape), tuple(steps[f"cemb{i}"].shape))

# %% [markdown]
# The last two dimensions are 1x1: every pixel gets the same. On the way up, each level multiplies by the context
# and adds the time; then `UnetUp` appends the skip as further channels, doubles the size, and ends in two blocks:
#
# `up_next = UnetUp(cemb*up + temb, skip)`
#
# **What do you expect?** Done by hand, is the answer that of `du.ContextUnet`, digit by digit?

# %%
torch.manual_seed(2)
# ConvTranspose2d: each pixel becomes a patch; GroupNorm: section 4; ReLU: max(x, 0)
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
du.show_figure(fig, alt="Boxes: 64x16x16, 64x8x8, 128x4x4, a vector of 128, and back up to 3x16x16, with three skips")

# %% [markdown]
# What you just wrote is `du.ContextUnet`: your weights fit into it, and the answers are equal to the last bit. The
# surprise is the thin bottom: `up0` starts from 128 averages that know nothing of places; every place comes across.

# %% [markdown]
# ## 4. Two faults that raise no error
#
# *Can a network give two answers to one question?* The first block turns 3 channels into 64, so `x+h` does not fit:
# x needs a layer of its own, a *shortcut*. It is tempting to make it where it is needed.
#
# **What do you expect?** The same image goes in twice. How far apart are the two outputs?

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
fig, axes = plt.subplots(1, 3, figsize=(7.5, 2.8), layout="constrained")
for ax, image, title in zip(axes, (first, second, first - second), ("first call", "second call", "difference")):
    picture = ax.imshow(image[0, 0], vmin=-2, vmax=2)
    ax.set(title=title, xlabel="x (pixels)")
axes[0].set_ylabel("y (pixels)")
fig.colorbar(picture, ax=axes, label="value of channel 0")
gap = ((first - second).std() / first.std()).item()
du.show_figure(fig, alt="Channel 0 after the first call and after the second: clearly different pictures of one sprite")

# %% [markdown]
# They differ as two unrelated layers do, even in `eval` mode. No checkpoint holds the shortcut and no optimiser
# ever saw it. `du.ResidualConvBlock` makes its shortcut once, in `__init__`: the 256 parameters that you counted.
#
# *Should the answer for one sprite depend on the others in the batch?* In training, BatchNorm takes mean and
# standard deviation over the whole batch, noise levels mixed. Put six sprites at t = 150 into a batch with 58
# others.
#
# **What do you expect?** If only the noise level of the *others* changes, does the guess for the six change?

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


rows, moved = {"the sprites": sprites.x[:6]}, {}
for name, network, ab in (("ContextUnet", context_unet, ab_t), ("Unet", unet, ab_cosine)):
    rows[f"{name}\nin use (eval)"] = guess(network, ab, 150, training=False)
    alike = guess(network, ab, 150, training=True)  # the others at t = 150, too
    for t_others in (1, 500):
        x0 = rows[f"{name}, training\nothers at t = {t_others}"] = guess(network, ab, t_others, training=True)
        moved[name, t_others] = (x0 - alike).square().mean().sqrt().item()
        print(f"{name}, others at t = {t_others:3}: the guesses move by {moved[name, t_others]:.6f} (root mean square)")
alt = "Guesses of six sprites: those of ContextUnet change with the rest of the batch, those of Unet do not"
du.show_rows(rows, scale=4, label_width=190, alt=alt)

# %% [markdown]
# The six inputs are the same in all rows of a network, yet ContextUnet's guesses follow their neighbours' noise.
# The Unet uses *GroupNorm*: mean and standard deviation over groups of channels of *one* image, so the batch cannot
# matter.

# %% [markdown]
# ## 5. The modern Unet
#
# *How should a network be told the time?* ContextUnet gets one number, t/T. The modern way is a row of waves, fast
# and slow, like the hands of a clock, with frequencies from 1 down to almost 1/10,000:
#
# `angles = 1000*t/T*frequencies`, `emb = [cos(angles), sin(angles)]`
#
# **What do you expect?** Compare t = 250 with all other times by the cosine of the angle between their vectors (1 =
# same direction). How quickly does it fall for the waves, and for a trained ContextUnet's `timeembed2`?

# %%
t_T = torch.arange(501) / 500
embeddings = {
    "waves: du.timestep_embedding": du.timestep_embedding(1000 * t_T, 64),
    "one number: EmbedFC, trained": context_unet.timeembed2(t_T),
}
alike = {name: F.cosine_similarity(emb, emb[250:251]) for name, emb in embeddings.items()}

# %%
fig, axes = plt.subplots(1, 3, figsize=(7.8, 2.9), layout="constrained")
for ax, (name, emb) in zip(axes, embeddings.items()):
    ax.imshow(emb.T / emb.abs().max(), aspect="auto", vmin=-1, vmax=1)
    ax.set_title(name, fontsize=9)
    ax.set(xlabel="time t", ylabel="entry of the vector")
for (name, values), style in zip(alike.items(), ("-", "--")):
    axes[2].plot(values, style, label=name.split(":")[0])
axes[2].set_title("likeness to t = 250", fontsize=9)
axes[2].set(xlabel="time t", ylabel="cosine", ylim=(-0.5, 1.05))
axes[2].legend(fontsize=8, loc="lower right")
du.show_figure(fig, alt="Two time embeddings as heat maps, and their likeness to t = 250: a sharp peak for the waves")

# %% [markdown]
# The waves give every time a direction of its own: a sharp peak at 250. One number through a small network gives
# smooth bands, so times near 250 look alike.
#
# *And where should time enter?* In `Unet`, in every block. A `Block` is GroupNorm, SiLU, convolution, twice;
# between them the embedding (time plus context) sets a *scale* and a *shift* for each channel:
#
# `h = norm2(h)*(1+scale) + shift`, then `out = x + conv2(silu(h))`
#
# **What do you expect?** `conv2` starts with all weights zero. What does a new block do, and what does a new Unet
# answer?

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
# A new block passes its input on untouched, so a deep network starts as a shallow one. A new Unet, whose last layers
# are zero too, answers 0; and nothing in it is bound to 16x16.
#
# Two changes: its skips are added, as BasicUNet's are, so the convolutions after them cost half. And as the norms hide
# how *large* the input was, a layer `direct` makes of the embedding a factor and a shift for each colour:
# `answer = last(...) + factor*x_t + shift`.
#
# *What does attention add?* On 4x4, each of the 16 places makes a query q, a key k and a value v (d numbers each),
# and averages all values, weighted by how well its query fits their keys. Four *heads* do this side by side.
#
# `weights = softmax(q @ k.T / sqrt(d))`, `h = weights @ v`
#
# **What do you expect?** A convolution weighs its neighbours alike in every image. Does attention?

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


noisy = du.add_noise(sprites.x[:8], 100, eps, ab_cosine)
looks = attention_weights(unet, noisy, torch.full((8,), 100 / 500), c)

# %%
fig, axes = plt.subplots(2, 5, figsize=(7.8, 3.6), layout="constrained")
for row, ax in zip((0, 4), axes):
    ax[0].imshow(du.to_pixels(noisy[row]))
    ax[0].add_patch(plt.Rectangle((3.5, 7.5), 4, 4, fill=False, edgecolor="tab:orange", linewidth=3))
    ax[0].set_title("place that looks", fontsize=9)
    for head in range(4):
        image = ax[head + 1].imshow(looks[row, head, 9].view(4, 4), vmin=0, vmax=0.6)
        ax[head + 1].set_title(f"head {head}", fontsize=9)
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
fig.colorbar(image, ax=axes, label="weight")
du.show_figure(fig, alt="Two noisy sprites, and for each head a 4 x 4 map of where one place looks: the maps differ")

# %% [markdown]
# Each head looks elsewhere, and differently in the other sprite. On 4x4 convolutions reach as far; attention adds
# a choice.

# %% [markdown]
# ## 6. What it buys
#
# *Is the modern network better, or only bigger?* Count first.
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
operations = {}
print(f"{'':24}parameters   MFLOP per sprite   ms per 32 sprites")
for name, make in networks.items():
    net, seconds = make().eval().requires_grad_(False), []
    for _ in range(6):
        begin = perf_counter()
        net(*batch)
        seconds.append(perf_counter() - begin)
    operations[name] = mflop(net, *(part[:1] for part in batch))
    print(f"{name:24}{du.count_parameters(make()):10,}{operations[name]:19.0f}{1000 * min(seconds):20.0f}")

# %% [markdown]
# The Unet has three quarters of the wide ContextUnet's parameters at less than a quarter of its operations: its many
# channels sit where the maps are small. The narrow ContextUnet costs about as much: a fair race, with the same
# sprites, noise, target and optimiser. All predict `v = sqrt(ab_t)*eps - sqrt(1-ab_t)*x0`, a mixture of noise and image.
#
# **What do you expect?** Who wins?

# %%
STEPS, races, trained = 100, {}, {}  # STEPS of the Unet; each of the others makes as many as cost the same
for name in ("BasicUNet", "ContextUnet, n_feat 32", "Unet"):
    torch.manual_seed(0)
    trained[name] = networks[name]()
    trained[name].predicts = "v"
    trainer = du.Trainer(trained[name], train, ab_cosine, batch=32, warmup=20, device="cpu")
    as_many = round(STEPS * operations["Unet"] / operations[name])
    races[name] = torch.stack([progress.loss for progress in trainer.run(steps=as_many)])

# %%
held_out, scores = du.load_sprites("held_out", 500), {}
times = torch.linspace(1, 500, 500).long()
z = torch.randn(held_out.x.shape, generator=torch.Generator().manual_seed(1))
x_held_out = du.add_noise(held_out.x, times, z, ab_cosine)
v = du.target(held_out.x, times, z, ab_cosine, "v")
for name, net in trained.items():
    with torch.no_grad():
        scores[name] = F.mse_loss(net.eval()(x_held_out, times / 500, held_out.c), v).item()

# %%
fig, ax = plt.subplots(figsize=(7, 3.2))
for (name, losses), style in zip(races.items(), (":", "--", "-")):
    smooth = losses.unfold(0, 10, 1).mean(1)  # a running mean over ten steps
    spent = torch.arange(10, len(losses) + 1) * 3 * 32 * operations[name] / 1e6  # forward 1, backward 2
    ax.plot(spent, smooth, style, label=f"{name}: {len(losses)} steps, held out {scores[name]:.3f}")
ax.set(xlabel="operations spent on training (millions of millions)", ylabel="mean squared error of v")
ax.legend(fontsize=8)
du.show_figure(fig, alt="Training loss of three networks against the operations spent on them")

# %% [markdown]
# BasicUNet makes the most steps, but soon gains little from them. The Unet wins.
#
# *And after a full training?* The course ships both networks. Their schedules differ, so compare at the same
# *signal-to-noise ratio*, `snr = ab_t/(1-ab_t)`: for each t of one, the t of the other with the nearest `ab_t`.
#
# **What do you expect?** Is noise easier to tell when there is little of it, or much?

# %%
@torch.no_grad()
def eps_error(model, ab, t):
    """The mean squared error of the predicted noise for 200 held-out sprites at time t."""
    eps = z[:200]
    x_t = du.add_noise(held_out.x[:200], t, eps, ab)
    out = model(x_t, torch.full((200,), t / 500), held_out.c[:200])
    return F.mse_loss(du.to_x0_eps(out, x_t, t, ab, model.predicts)[1], eps).item()


levels = [2, 10, 25, 50, 100, 150, 200, 300, 400, 500]
twins = [(ab_cosine - ab_t[t]).abs().argmin().item() for t in levels]
snr = [(ab_t[t] / (1 - ab_t[t])).item() for t in levels]
errors = {"ContextUnet, epoch 31": [eps_error(context_unet, ab_t, t) for t in levels]}
errors["Unet"] = [eps_error(unet, ab_cosine, t) for t in twins]
fig, ax = plt.subplots(figsize=(7, 3.2))
for (name, values), style in zip(errors.items(), ("o--", "s-")):
    ax.loglog(snr, values, style, label=name)
ax.invert_xaxis()
ax.set(xlabel="signal-to-noise ratio (left: little noise, right: much noise)", ylabel="mean squared error of eps")
ax.legend()
du.show_figure(fig, alt="Error of the predicted noise against the signal-to-noise ratio for the two shipped networks")

# %% [markdown]
# Little noise is the hardest to tell: nearly all that the network sees is sprite. This picture mixes causes,
# though: network, target, schedule and training time.

# %% [markdown]
# ## Try it
#
# Send a noisy wizard through a network of your own. What do twice the `n_feat` and twice the `height` do to parameters
# and operations? In which part are most parameters? At which `t` does a trained network lose the wizard? Then type 20
# for `n_feat`, and 13 for `height`.

# %%
from functools import lru_cache

LEVELS = {"ContextUnet": [("init_conv", "up2"), ("down1", "up1"), ("down2", "up0"), ("to_vec",)]}
LEVELS["Unet"] = [("first + down.0", "grow.1 + up.2"), ("shrink.0 + down.1", "grow.0 + up.1")]
LEVELS["Unet"] += [("shrink.1 + down.2", "up.0"), ("middle.0", "middle.1"), ("attention",)]


@lru_cache(8)
def build(network, n_feat, channels, height, attention):
    """A network, its schedule, what its parts put out, and its size and cost in words."""
    if not 0 < n_feat * height <= 2048:
        raise ValueError(f"n_feat * height must lie in 1..2048, so that you need not wait, but it is {n_feat * height}")
    torch.manual_seed(0)
    if network == "Unet":
        net, shipped, ab = du.Unet(channels, 5, (n_feat, 2 * n_feat, 3 * n_feat), attention), unet, ab_cosine
    else:
        net, shipped, ab = du.ContextUnet(channels, n_feat, 5, height), context_unet, ab_t
    needs = "n_feat 32, 3 channels and attention" if network == "Unet" else "n_feat 64, 3 channels and height 16"
    words = f"Random weights: there are trained ones for {needs}."
    if net.config == shipped.config:
        net.load_state_dict(shipped.state_dict())
        words = "Trained weights."
    cost = mflop(net.eval(), torch.zeros(1, channels, height, height), 0.5)
    words = f"{du.count_parameters(net):,} parameters in all, {cost:,.1f} million operations per sprite. {words}"
    return net, ab, watch(net, [name.split(" + ")[-1] for level in LEVELS[network] for name in level]), words


# %%
def strip(maps, title):
    """As many of the maps (C, h, h) as fit into a row, each to mean 0 and standard deviation 1 as in `frame`."""
    maps = F.layer_norm(maps, maps.shape[1:] if maps.shape[1] > 1 else maps.shape)  # one pixel has no spread
    colours = torch.tensor(plt.get_cmap("viridis").colors)[(64 * maps + 128).clamp(0, 255).long()].movedim(3, 1)
    scale = max(1, round(12 / maps.shape[1] ** 0.5))  # pixels of small maps are enlarged more
    fit = 368 // (scale * maps.shape[1] + 2)
    picture = du.show(2 * colours[:fit] - 1, fit, scale, title)
    return F.pad(torch.from_numpy(picture.frames[0]), (0, 0, 0, 395 - picture.size[0]), value=255)


# %%
def journey(network="ContextUnet", n_feat=64, channels=3, height=16, attention=True, t=150):
    """A noisy wizard on its way through a network, and the network's size and cost."""
    net, ab, seen, words = build(network, n_feat, channels, height, attention)
    x0 = F.adaptive_avg_pool2d(sprites.x[9:10] if channels == 3 else sprites.x[9:10].mean(1, keepdim=True), height)
    x_t = du.add_noise(x0, t, torch.randn(x0.shape, generator=torch.Generator().manual_seed(0)), ab)
    with torch.no_grad():
        out = net(x_t, torch.tensor([t / 500]), sprites.c[9:10])
    ends = torch.cat([x_t, du.to_x0_eps(out, x_t, t, ab, net.predicts)[0]])
    top = du.show(ends, 2, max(1, 80 // height), f"left: x_t at t = {t}, right: the sprite that the answer implies")
    rows = [torch.from_numpy(top.frames[0])]
    for level in LEVELS[network]:
        strips = []
        for parts in (name.split(" + ") for name in level):
            size = sum(p.numel() for part in parts for p in net.get_submodule(part).parameters())
            shape = "x".join(map(str, seen[parts[-1]].shape[1:]))
            strips.append(strip(seen[parts[-1]][0], f"{' + '.join(parts)}: {shape}, {size:,} parameters"))
        rows.append(torch.cat(strips, 1))
        if len(level) == 2 and level[0] != "middle.0":
            rows[-1][-24:-20, 373:393] = torch.tensor([255, 127, 14], dtype=torch.uint8)  # orange: a skip
    sides = [(790 - row.shape[1]) // 2 for row in rows]
    page = torch.cat([F.pad(row, (0, 0, k, 790 - row.shape[1] - k), value=255) for row, k in zip(rows, sides)])
    alt = f"Feature maps of a sprite on its way through a {network}: n_feat {n_feat}, {channels} channels, "
    return du.Picture(page[None], f"{alt}{height} x {height}, attention {'on' if attention else 'off'}, t = {t}"), words


# %%
from ipywidgets import IntText

widgets.try_it(journey, network=["ContextUnet", "Unet"], n_feat=IntText(64), channels=[3, 1], height=IntText(16),
               attention=True, t=(1, 500))

# %% [markdown]
# ## Exercises
#
# ### Exercise 3.1: shapes
# *Difficulty 1 of 3, 5 minutes.*
#
# Whoever knows the shapes finds the layer that an error message complains about. Write `my_shapes(n_feat, height)`:
# what `init_conv`, `down1`, `down2`, `to_vec`, `up0`, `up1`, `up2` and `out` of `ContextUnet(3, n_feat, 5, height)`
# put out for one sprite, as eight tuples `(channels, height, width)`, by arithmetic alone.

# %% tags=["exercise"]
def my_shapes(n_feat, height):
    """Eight tuples (channels, height, width), after init_conv, down1, down2, to_vec, up0, up1, up2, out."""
    return ...  # your code here


checks.check_shapes(my_shapes)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_shapes(n_feat, height):
    n, h = n_feat, height
    down = [(n, h, h), (n, h // 2, h // 2), (2 * n, h // 4, h // 4)]
    return [*down, (2 * n, 1, 1), *reversed(down), (3, h, h)]  # what meets at a skip has the same height and width


result = checks.check_shapes(solution_shapes)
assert result.passed
result

# %% [markdown]
# ### Exercise 3.2: waves for the time
# *Difficulty 2 of 3, 10 minutes.*
#
# Write the time embedding of section 5. `t` holds B times, `dim` is the length of each vector. There are
# `half = dim // 2` frequencies, numbered k = 0 to `half - 1`, each the same factor below the one before:
#
# `frequency[k] = 1 / max_period^(k/half)`
#
# Multiply every time by every frequency, without a loop, for angles of shape (B, `half`). A row of the answer holds
# all cosines, then all sines, and, if `dim` is odd, a zero at the end.

# %% tags=["exercise"]
def my_time_embedding(t, dim, max_period=10_000):
    """Times t (B,) to vectors (B, dim): cosines, then sines."""
    return ...  # your code here


checks.check_time_embedding(my_time_embedding)

# %% tags=["solution"] jupyter={"source_hidden": true}
def solution_time_embedding(t, dim, max_period=10_000):
    half = dim // 2
    frequencies = max_period ** (-torch.arange(half) / half)
    angles = t[:, None] * frequencies  # (B, 1) times (half,) is (B, half)
    return F.pad(torch.cat([angles.cos(), angles.sin()], 1), (0, dim % 2))


result = checks.check_time_embedding(solution_time_embedding)
assert result.passed
result

# %% [markdown]
# ## What you saw

# %%
from IPython.display import Markdown

ratios = [a / b for a, b in zip(errors["ContextUnet, epoch 31"], errors["Unet"])]
wide = {name: (seen_by.sum(0) > 0).sum().item() for name, seen_by in sights.items()}
late = {skips: sum(curve[-10:]) / 10 for skips, curve in curves.items()}
order = ", ".join(f"{name} ({scores[name]:.3f})" for name in sorted(scores, key=scores.get))
Markdown(f"""
- An output pixel of BasicUNet sees {wide["BasicUNet"]} pixels across; without pooling, {wide["flat"]}.
- After 120 steps the error of the noise was {late[True]:.2f} with skips and {late[False]:.2f} without.
- A shortcut made inside `forward` moved the output by {gap:.1f} times its own spread.
- Batch mates moved ContextUnet's guesses by {moved["ContextUnet", 1]:.3f} and {moved["ContextUnet", 500]:.3f} and
  Unet's by {moved["Unet", 1]:.3f} and {moved["Unet", 500]:.3f}.
- After equal operations, the order by error on held-out sprites was: {order}.
- At equal signal-to-noise ratios, the shipped ContextUnet's error was {min(ratios):.1f} to {max(ratios):.1f} times
  that of the shipped Unet.
""")

# %% [markdown]
# ## Quiz
#
# **1.** How wide a square does an output pixel of ten 3x3 convolutions see?
# <details><summary>Answer</summary>
#
# `1 + 10*(3-1) = 21`: ten to every side, so a corner of a sprite does not see the opposite one.
# </details>
#
# **2.** Why is `up1` of ContextUnet a `UnetUp(4*n_feat, n_feat)`?
# <details><summary>Answer</summary>
#
# Its skips are appended: `2*n_feat` channels from `up0`, `2*n_feat` from `down2`. BasicUNet and Unet add them.
# </details>
#
# **3.** You draw one sprite at a time with a BatchNorm network in training mode. What happens?
# <details><summary>Answer</summary>
#
# Mean and standard deviation come from that image alone, which training never did. `du.sampler` switches to `eval`,
# which uses stored averages.
# </details>
#
# **4.** A network of zeros cannot learn. Why may `conv2` of a `Block` start at zero?
# <details><summary>Answer</summary>
#
# Its gradient is its input, not zero, times what arrives through the residual sum. In a new Unet `last` learns first,
# `conv2` from step 2 on, what stands before it in the block from step 3.
# </details>
#
# ## Going further
#
# - Ronneberger, Fischer and Brox (2015), *U-Net: Convolutional Networks for Biomedical Image Segmentation*: the U,
#   the skips.
# - Wu and He (2018), *Group Normalization*: the trouble with batches.
# - Dhariwal and Nichol (2021), *Diffusion Models Beat GANs on Image Synthesis*: scale and shift, measured.
# - Peebles and Xie (2023), *Scalable Diffusion Models with Transformers*: no U any more, but scale, shift and zero
#   starts stay.
#
# Credits: ContextUnet follows the short course *How Diffusion Models Work* (DeepLearning.AI), BasicUNet the first
# unit of Hugging Face's *Diffusion Models Course*.
#
# Next: [04_training](04_training.ipynb)
