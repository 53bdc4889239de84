"""What two lessons or more share: sprites in, noise schedules, two U-Nets, training, sampling, scores, pictures.

Conventions, everywhere:
    images      float32 in [-1, 1], shape (B, C, H, W); shown by (x + 1)/2, clamped, never stretched per image
    time        integer t in 0..T, 0 = clean; `ab_t` (alpha-bar) is a float64 tensor of T+1 entries, `ab_t[0]` = 1
    denoiser    any callable model(x, t, c); t is t/T as a tensor of shape (B,), c is (B, n_cfeat) or None;
                `model.predicts` says what comes out: "eps" (the noise), "x0" (the image) or "v"; it is looked for in
                what a wrapper holds (DataParallel, torch.compile, partial, `.model`), and never guessed: see `Denoiser`
    context     class numbers, integers (B,) in 0..n_cfeat-1, or float rows (B, n_cfeat), where a row of zeros means "no
                context"; one number or one row (n_cfeat,) serves all images; lists and arrays do, too: see `as_context`
    randomness  an explicit seed or torch.Generator; the same call twice gives the same picture
"""

import copy
import functools
import math
import sys
import time
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import Dataset

ROOT = Path(__file__).resolve().parent
DATA, WEIGHTS = ROOT / "data", ROOT / "weights"
CLASSES = ("hero", "non-hero", "food", "spell", "side-facing")
N_SPRITES, HELD_OUT = 40_000, 4_000  # in the file; the last of them are never trained on


def best_device():
    """CUDA if there is one, else Apple's MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


# The plumbing (files, folders of pictures, animated PNG) lies beside the lessons, and so do `checks` and `widgets`.
sys.path.insert(0, str(ROOT / "notebooks"))
from plumbing.denoisers import Denoiser, as_context, check_schedule, evaluating, is_whole, predicts_of, told, weight_of
from plumbing.files import bare, load_file, read_network, save_file
from plumbing.images import Sprites, check_images, need, read_npy, to_images, to_pixels
from plumbing.own_pictures import contact_sheet, load_folder, load_picture, load_sheet
from plumbing.picture import Picture, film, show, show_figure, show_rows

# ---------------------------------------------------------------------------------------------------------------- data


def load_npy(sprite_file, label_file=None, classes=None, part=slice(None)):
    """A pair of .npy files, uint8 (N, H, W, 3) and labels, as `Sprites`: ours, the sprite course's, yours.

    Labels are one-hot (N, K) or class numbers (N,); without labels all are of one class, named after the file.
    classes: the names of the K ("class 0", "class 1", ...). part: a slice of the N, instead of all. Raises
    FileNotFoundError or ValueError if a file is missing, pickled or broken, or if the two do not match.
    """
    pixels = read_npy(sprite_file)
    labels = np.ones((len(pixels), 1)) if label_file is None else read_npy(label_file)
    if label_file is None and classes is None:
        classes = (Path(sprite_file).stem,)
    need(len(pixels) == len(labels), f"{len(pixels)} sprites but {len(labels)} labels: the two files do not match")
    if labels.ndim == 1 and labels.dtype.kind in "iu":
        K = min(labels.max() + 1, 1000) if classes is None else len(classes)
        need(0 <= labels.min() and labels.max() < K, f"class numbers must lie in 0..{K - 1}, not reach {labels.max()}")
        labels = np.eye(K)[labels]
    need(labels.ndim == 2, f"labels must be one-hot (N, K) or class numbers (N,), not {labels.dtype} {labels.shape}")
    classes = [f"class {k}" for k in range(labels.shape[1])] if classes is None else classes
    need(labels.shape[1] == len(classes), f"labels of {labels.shape[1]} classes, but {len(classes)} names of classes")
    need(np.isin(labels, (0, 1)).all() and (labels.sum(1) == 1).all(), "each label must be one-hot: a single 1 a row")
    return Sprites(to_images(pixels[part]), torch.from_numpy(labels[part].astype(np.float32)), tuple(classes))


def load_sprites(split="train", n=None):
    """The sprites of this course: `split` is "train" (36,000), "held_out" (4,000) or "all"; n: only the first n."""
    every = range(N_SPRITES)
    parts = {"train": every[:-HELD_OUT], "held_out": every[-HELD_OUT:], "all": every}
    need(split in parts, f"split must be one of {', '.join(parts)}, not {split!r}")
    part = parts[split][:n]
    files = DATA / "sprites_16x16.npy", DATA / "sprite_labels_16x16.npy"
    return load_npy(*files, CLASSES, slice(part.start, part.stop))


# `transform` and `CustomDataset` serve those who want a torch Dataset; the lessons keep all images in one tensor.


def transform(pixels):
    """uint8 pixels (H, W, C) to one float32 image (C, H, W) in [-1, 1]."""
    return to_images(np.asarray(pixels)[None])[0]


class CustomDataset(Dataset):
    """Sprites and labels as a torch Dataset: item i is (transform(pixels), label); label 0 with null_context=True."""

    def __init__(self, sfilename, lfilename, transform, null_context=False):
        self.sprites, self.slabels = read_npy(sfilename), read_npy(lfilename)
        need(len(self.sprites) == len(self.slabels), f"{len(self.sprites)} sprites but {len(self.slabels)} labels")
        self.transform, self.null_context = transform, null_context

    def __len__(self):
        return len(self.sprites)

    def __getitem__(self, i):
        image = self.transform(self.sprites[i]) if self.transform else self.sprites[i]
        return image, torch.tensor(0 if self.null_context else self.slabels[i]).to(torch.int64)

    def getshapes(self):
        return self.sprites.shape, self.slabels.shape


# ------------------------------------------------------------------------------------------------------------ schedule


def noise_schedule(name="linear", T=500, beta1=1e-4, beta2=0.02):
    """alpha-bar: float64 (T+1,), from ab_t[0] = 1 down to ab_t[T]; ab_t[t] is the share of signal power left at time t.

    name: "linear"    betas from beta1 to beta2, as they are (DDPM, section 4, made for T = 1000)
          "rescaled"  the same betas times 1000/T, so that every T ends in nearly pure noise
          "cosine"    cos^2((t/T + 0.008)/1.008 pi/2), betas capped at 0.999 (improved DDPM, equation 17)
    """
    need(is_whole(T) and T >= 1, f"T must be a whole number of steps, at least 1, not {T!r}")
    T = int(T)  # NumPy's small integers overflow
    if name == "cosine":
        f = torch.cos((torch.arange(T + 1, dtype=torch.float64) / T + 0.008) / 1.008 * torch.pi / 2) ** 2
        b_t = (1 - f[1:] / f[:-1]).clamp(max=0.999)
    elif name in ("linear", "rescaled"):
        scale = 1000 / T if name == "rescaled" else 1.0
        first = beta1 if T > 1 else beta2  # a single step ends in noise, too
        b_t = torch.linspace(first * scale, beta2 * scale, T, dtype=torch.float64).clamp(max=0.999)
    else:
        raise ValueError(f"the schedule must be 'linear', 'rescaled' or 'cosine', not {name!r}")
    need((b_t > 0).all() and (b_t < 1).all(), "every beta must lie between 0 and 1: check beta1 and beta2")
    return torch.cat([torch.ones(1, dtype=torch.float64), torch.cumprod(1 - b_t, 0)])


def signal_and_noise(ab_t, t, like):
    """sqrt(ab_t) and sqrt(1 - ab_t) at times t (an int, or integers (B,)), shaped to multiply `like` (B, C, H, W)."""
    check_schedule(ab_t)
    T = len(ab_t) - 1
    t = torch.as_tensor(t)
    need(not t.is_floating_point(), "t must be whole steps 0..T here (only the network is given t/T)")
    t = t.to(ab_t.device, torch.long)  # an index of bytes would be a mask
    need(((t >= 0) & (t <= T)).all(), f"t must lie in 0..{T}")
    need(like.is_floating_point(), f"images must be float in [-1, 1], not {like.dtype}: see to_images")
    ab = ab_t[t].reshape(-1, *[1] * (like.dim() - 1))
    signal, sigma = (v.sqrt().to(like.dtype).to(like.device) for v in (ab, 1 - ab))  # in two steps: MPS has no float64
    return signal, sigma


def add_noise(x0, t, noise, ab_t):
    """x_t = sqrt(ab_t) x_0 + sqrt(1 - ab_t) noise (DDPM, equation 4). x0, noise (B, C, H, W); t an int or (B,)."""
    need(x0.shape == noise.shape, f"image {tuple(x0.shape)} and noise {tuple(noise.shape)} differ in shape")
    signal, sigma = signal_and_noise(ab_t, t, x0)
    return signal * x0 + sigma * noise


def target(x0, t, noise, ab_t, predicts):
    """What a network that predicts "eps", "x0" or "v" should answer. v = sqrt(ab) eps - sqrt(1-ab) x0 (Salimans)."""
    if predicts == "v":
        signal, sigma = signal_and_noise(ab_t, t, x0)
        return signal * noise - sigma * x0
    need(predicts in ("eps", "x0"), f"a network predicts 'eps', 'x0' or 'v', not {predicts!r}")
    return noise if predicts == "eps" else x0


def to_x0_eps(out, x, t, ab_t, predicts):
    """The image and the noise that a network's answer `out` at x = x_t implies: (x0, eps), both (B, C, H, W)."""
    signal, sigma = signal_and_noise(ab_t, t, x)
    if predicts == "eps":
        return (x - sigma * out) / signal, out
    if predicts == "x0":
        return out, (x - signal * out) / sigma
    need(predicts == "v", f"a network predicts 'eps', 'x0' or 'v', not {predicts!r}")
    return signal * x - sigma * out, sigma * x + signal * out


class PerfectDenoiser:
    """The best possible answer for a finite set of images, in closed form: the average of them all, each weighted by
    how well it explains x_t. With w_i = softmax(-|x_t - sqrt(ab_t) x_i|^2 / (2 (1 - ab_t))), x_0 = sum_i w_i x_i.

    images (N, C, H, W) in [-1, 1]; with labels c, class numbers (N,) or rows (N, K), a context picks the images of its
    class, and raises ValueError if there are none.
    """

    predicts = "x0"

    def __init__(self, images, ab_t, c=None):
        check_images(images, beyond=True)
        check_schedule(ab_t)
        self.flat = images.flatten(1).to(torch.promote_types(images.dtype, torch.float32))
        self.ab_t, self.power, self.n_cfeat = ab_t, self.flat.square().sum(1), None
        if c is not None:  # of class numbers the largest says how many classes there are
            c = torch.as_tensor(c)
            fits = len(c) == len(images) and (c.dim() == 2 or not c.is_floating_point())
            need(fits, f"{len(images)} images take labels (N,), integers, or (N, K), not {c.dtype} {tuple(c.shape)}")
            self.n_cfeat = c.shape[1] if c.dim() == 2 else int(c.max()) + 1
        self.c = as_context(c, self.flat, self.n_cfeat)

    def weights(self, x, t, c=None):
        """How much each image counts: (B, N), rows sum to 1. t is t/T, as for every denoiser."""
        T = len(self.ab_t) - 1
        t = (torch.as_tensor(t, dtype=torch.float64).flatten().cpu() * T).round().long().expand(len(x))
        x = x.flatten(1).to(self.flat)
        need(x.shape[1] == self.flat.shape[1], f"images of {x.shape[1]} numbers, not {self.flat.shape[1]} as it knows")
        signal, sigma = signal_and_noise(self.ab_t, t, x)
        distance = self.power * signal**2 - 2 * signal * (x @ self.flat.T)  # |x|^2 is the same for all
        logits = -distance / (2 * sigma.square().clamp(min=1e-8))
        if c is not None:
            need(self.c is not None, "this perfect denoiser was made without labels: pass c when you make it")
            c = as_context(c, x, self.n_cfeat)
            # a row of zeros asks for nothing and matches every image; a one-hot row only its class
            other = (c @ self.c.T <= 0) & (c.abs().sum(1, keepdim=True) > 0)
            need(not other.all(1).any(), "the context asks for a class of which this perfect denoiser knows no image")
            logits = logits.masked_fill(other, -torch.inf)
        return logits.softmax(1)

    def __call__(self, x, t, c=None):
        return (self.weights(x, t, c) @ self.flat).view_as(x).to(x)


# ------------------------------------------------------------------------------------------------------------- network


def _check_input(x, t, channels, weight):
    need(torch.is_tensor(x), f"the network takes a tensor, not a {type(x).__name__}")
    need(t.numel() in (1, len(x)), f"{t.numel()} times for {len(x)} images: one for all, or one for each")
    need(x.dim() == 4 and x.shape[1] == channels, f"the network takes (B, {channels}, H, W), not {tuple(x.shape)}")
    need(x.dtype == weight.dtype or torch.is_autocast_enabled(x.device.type),
         f"the images are {x.dtype}, the network's weights {weight.dtype}: convert the images with x.to")  # fmt: skip
    need(x.device == weight.device, f"the images are on {x.device}, the network is on {weight.device}")
    if t.device.type == "cpu":  # on a GPU a look at t would make every step wait
        need(((t >= 0) & (t <= 1)).all(), "the network is given t/T, which lies in 0..1, not t itself")


class ResidualConvBlock(nn.Module):
    """Two of (conv 3x3, BatchNorm, GELU); with is_res the input is added and the sum divided by 1.414, so that the
    two together are no larger than each. (B, in, H, W) to (B, out, H, W)."""

    def __init__(self, in_channels, out_channels, is_res=False):
        super().__init__()
        self.is_res = is_res
        self.conv1 = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, 1, 1), nn.BatchNorm2d(out_channels), nn.GELU()
        )
        self.conv2 = nn.Sequential(
            nn.Conv2d(out_channels, out_channels, 3, 1, 1), nn.BatchNorm2d(out_channels), nn.GELU()
        )
        if is_res and in_channels != out_channels:
            self.shortcut = nn.Conv2d(in_channels, out_channels, 1)
            self.register_load_state_dict_pre_hook(self._fill_shortcut)

    def forward(self, x):
        h = self.conv2(self.conv1(x))
        if not self.is_res:
            return h
        return ((self.shortcut(x) if hasattr(self, "shortcut") else x) + h) / 1.414

    @staticmethod
    def _fill_shortcut(module, state_dict, prefix, *_):
        if prefix + "conv1.0.weight" in state_dict and prefix + "shortcut.weight" not in state_dict:
            warnings.warn("this checkpoint has no trained shortcut (the original course made it anew at each call): "
                          "filled with zeros, the mean of those random layers", stacklevel=2)  # fmt: skip
            for name, parameter in module.shortcut.named_parameters():
                state_dict[f"{prefix}shortcut.{name}"] = torch.zeros_like(parameter)


class UnetDown(nn.Module):
    """Two convolution blocks, then max pooling: (B, in, H, W) to (B, out, H/2, W/2)."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.model = nn.Sequential(
            ResidualConvBlock(in_channels, out_channels), ResidualConvBlock(out_channels, out_channels), nn.MaxPool2d(2)
        )

    def forward(self, x):
        return self.model(x)


class UnetUp(nn.Module):
    """Concatenate the skip, double the size, two convolution blocks: two of (B, in/2, H, W) to (B, out, 2H, 2W)."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.model = nn.Sequential(
            nn.ConvTranspose2d(in_channels, out_channels, 2, 2),
            ResidualConvBlock(out_channels, out_channels),
            ResidualConvBlock(out_channels, out_channels),
        )

    def forward(self, x, skip):
        return self.model(torch.cat((x, skip), 1))


class EmbedFC(nn.Module):
    """A small network for time or context: anything that flattens to (B, input_dim) to (B, emb_dim)."""

    def __init__(self, input_dim, emb_dim):
        super().__init__()
        self.input_dim = input_dim
        self.model = nn.Sequential(nn.Linear(input_dim, emb_dim), nn.GELU(), nn.Linear(emb_dim, emb_dim))

    def forward(self, x):
        return self.model(x.view(-1, self.input_dim))


class ContextUnet(nn.Module):
    """The sprite course's U-Net: two levels down, time added and context multiplied on the way up.

    forward: x (B, in_channels, height, height), t anything that broadcasts to (B, 1), c a context or None.
    Raises ValueError if n_feat does not divide by 8 (GroupNorm) or height by 4 (two halvings).
    """

    predicts = "eps"

    def __init__(self, in_channels, n_feat=256, n_cfeat=10, height=28):
        super().__init__()
        need(n_feat > 0 and n_feat % 8 == 0, f"n_feat must be divisible by 8 (GroupNorm's groups), not {n_feat}")
        need(height > 0 and height % 4 == 0, f"height must be divisible by 4 (it is halved twice), not {height}")
        self.config = dict(in_channels=in_channels, n_feat=n_feat, n_cfeat=n_cfeat, height=height)
        self.info = dict(channels=in_channels, size=(height, height))
        self.in_channels, self.n_feat, self.n_cfeat, self.h = in_channels, n_feat, n_cfeat, height
        self.init_conv = ResidualConvBlock(in_channels, n_feat, is_res=True)
        self.down1 = UnetDown(n_feat, n_feat)
        self.down2 = UnetDown(n_feat, 2 * n_feat)
        self.to_vec = nn.Sequential(nn.AvgPool2d(height // 4), nn.GELU())
        self.timeembed1 = EmbedFC(1, 2 * n_feat)
        self.timeembed2 = EmbedFC(1, n_feat)
        self.contextembed1 = EmbedFC(n_cfeat, 2 * n_feat)
        self.contextembed2 = EmbedFC(n_cfeat, n_feat)
        self.up0 = nn.Sequential(
            nn.ConvTranspose2d(2 * n_feat, 2 * n_feat, height // 4, height // 4), nn.GroupNorm(8, 2 * n_feat), nn.ReLU()
        )
        self.up1 = UnetUp(4 * n_feat, n_feat)
        self.up2 = UnetUp(2 * n_feat, n_feat)
        self.out = nn.Sequential(
            nn.Conv2d(2 * n_feat, n_feat, 3, 1, 1),
            nn.GroupNorm(8, n_feat),
            nn.ReLU(),
            nn.Conv2d(n_feat, in_channels, 3, 1, 1),
        )

    def forward(self, x, t, c=None):
        t = torch.as_tensor(t, device=x.device, dtype=x.dtype)
        _check_input(x, t, self.in_channels, self.init_conv.conv1[0].weight)
        need(
            x.shape[2] == x.shape[3] == self.h, f"made for {self.h} x {self.h} images, not {x.shape[2]} x {x.shape[3]}"
        )
        c = x.new_zeros(len(x), self.n_cfeat) if c is None else as_context(c, x, self.n_cfeat)
        x = self.init_conv(x)
        down1 = self.down1(x)
        down2 = self.down2(down1)
        hidden = self.to_vec(down2)
        temb1, temb2 = self.timeembed1(t)[:, :, None, None], self.timeembed2(t)[:, :, None, None]
        cemb1, cemb2 = self.contextembed1(c)[:, :, None, None], self.contextembed2(c)[:, :, None, None]
        up1 = self.up0(hidden)
        up2 = self.up1(cemb1 * up1 + temb1, down2)
        up3 = self.up2(cemb2 * up2 + temb2, down1)
        return self.out(torch.cat((up3, x), 1))


def timestep_embedding(t, dim, max_period=10_000):
    """cos and sin of t at dim/2 frequencies from 1 down to 1/max_period: t (B,) to (B, dim); odd dims get a zero."""
    half = dim // 2
    frequencies = torch.exp(-np.log(max_period) * torch.arange(half, device=t.device, dtype=torch.float32) / half)
    angles = t.float()[:, None] * frequencies
    return F.pad(torch.cat([angles.cos(), angles.sin()], 1), (0, dim % 2))


class Block(nn.Module):
    """GroupNorm, SiLU, conv; GroupNorm scaled and shifted by the embedding, SiLU, zero-initialised conv; plus x.

    x (B, in, H, W), emb (B, E) to (B, out, H, W). At its start it passes its input on unchanged (up to a 1x1 conv).
    """

    def __init__(self, in_channels, out_channels, emb_channels):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, in_channels), nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(8, out_channels), nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.scale_shift = nn.Linear(emb_channels, 2 * out_channels)
        self.skip = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.scale_shift(emb)[:, :, None, None].chunk(2, 1)
        return self.skip(x) + self.conv2(F.silu(torch.addcmul(shift, self.norm2(h), 1 + scale)))


class Attention(nn.Module):
    """Every pixel looks at every other: GroupNorm, multi-head self-attention, zero-initialised projection, plus x."""

    def __init__(self, channels, heads=4):
        super().__init__()
        self.heads, self.norm = heads, nn.GroupNorm(8, channels)
        self.qkv, self.out = nn.Conv2d(channels, 3 * channels, 1), nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x):
        B, C, H, W = x.shape
        q, k, v = self.qkv(self.norm(x)).view(B, 3, self.heads, C // self.heads, H * W).transpose(3, 4).unbind(1)
        h = F.scaled_dot_product_attention(q, k, v)
        return x + self.out(h.transpose(2, 3).reshape(B, C, H, W))


class Unet(nn.Module):
    """The modern U-Net: one level per width, time and context as scale and shift in every block, attention at the
    lowest resolution, skips added. Any size divisible by 2^(levels-1), any number of channels.

    forward: x (B, in_channels, H, W), t in [0, 1] of any shape that broadcasts to (B,), c a context or None.
    """

    def __init__(self, in_channels=3, n_cfeat=5, widths=(32, 64, 96), attention=True, predicts="v"):
        super().__init__()
        need(all(w > 0 and w % 8 == 0 for w in widths), f"every width must be divisible by 8, not {tuple(widths)}")
        self.config = dict(
            in_channels=in_channels, n_cfeat=n_cfeat, widths=tuple(widths), attention=attention, predicts=predicts
        )
        self.info, self.stride = dict(channels=in_channels), 2 ** (len(widths) - 1)
        self.in_channels, self.n_cfeat, self.predicts = in_channels, n_cfeat, predicts
        emb = 4 * widths[0]
        self.time = nn.Sequential(nn.Linear(2 * widths[0], emb), nn.SiLU(), nn.Linear(emb, emb))
        self.context = nn.Linear(n_cfeat, emb, bias=False)  # no bias: a row of zeros adds nothing
        self.first = nn.Conv2d(in_channels, widths[0], 3, padding=1)
        self.down, self.shrink = nn.ModuleList(), nn.ModuleList()
        for i, width in enumerate(widths):
            self.down.append(Block(width, width, emb))
            last = i == len(widths) - 1
            self.shrink.append(nn.Identity() if last else nn.Conv2d(width, widths[i + 1], 3, stride=2, padding=1))
        self.middle = nn.ModuleList([Block(widths[-1], widths[-1], emb), Block(widths[-1], widths[-1], emb)])
        self.attention = Attention(widths[-1]) if attention else nn.Identity()
        self.up, self.grow = nn.ModuleList(), nn.ModuleList()
        for i in reversed(range(len(widths))):
            self.up.append(Block(widths[i], widths[i], emb))
            # the 1x1 convolution comes before the enlarging, where it costs a quarter
            grow = nn.Sequential(nn.Conv2d(widths[i], widths[i - 1], 1), nn.Upsample(scale_factor=2))
            self.grow.append(nn.Identity() if i == 0 else grow)
        self.norm, self.last = nn.GroupNorm(8, widths[0]), nn.Conv2d(widths[0], in_channels, 3, padding=1)
        self.direct = nn.Linear(emb, 2 * in_channels)
        for layer in (self.last, self.direct):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def hidden(self, x, t, c=None, told=None, look=lambda place, h: h):
        """All but the last layers: the maps (B, widths[0], H, W) and the embedding of time and context (B, E).

        told (B, E) is added to the embedding; look(place, h) answers the maps h in their place after the block "down0",
        "down1", ..., after the attention, "middle", and after the block ..., "up1", "up0" (numbers: of the widths).
        """
        t = torch.as_tensor(t, device=x.device, dtype=torch.float32).reshape(-1)
        _check_input(x, t, self.in_channels, self.first.weight)
        H, W, s = *x.shape[2:], self.stride
        need(H % s == 0 and W % s == 0, f"height and width must be divisible by {s}, not {H} x {W}")
        emb = self.time(timestep_embedding(1000 * t, self.time[0].in_features).to(x.dtype)).expand(len(x), -1)
        if c is not None:
            emb = emb + self.context(as_context(c, x, self.n_cfeat))
        if told is not None:
            emb = emb + told
        emb, h, skips = F.silu(emb), self.first(x), []
        for i, (block, shrink) in enumerate(zip(self.down, self.shrink)):
            skips.append(look(f"down{i}", block(h, emb)))
            h = shrink(skips[-1])
        h = self.middle[1](look("middle", self.attention(self.middle[0](h, emb))), emb)
        for block, grow in zip(self.up, self.grow):
            h = block(h + skips.pop(), emb)  # added, not concatenated: the block costs half
            h = grow(look(f"up{len(skips)}", h))
        return F.silu(self.norm(h)), emb

    def answer(self, x, h, emb):
        """The last layers. The norms hide how large x is: a share of it, and a shift, go straight to the answer."""
        scale, shift = self.direct(emb)[:, :, None, None].chunk(2, 1)
        return self.last(h) + torch.addcmul(shift, scale, x)

    def forward(self, x, t, c=None):
        return self.answer(x, *self.hidden(x, t, c))


def count_parameters(model):
    """How many numbers training can change (none in a network from `load_model`, which is frozen)."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# ------------------------------------------------------------------------------------------------------------ training


class EMA:
    """An exponential moving average of a model's weights and buffers (BatchNorm's statistics are buffers).

    The decay ramps up as 1 - 1/(step/10 + 1), so that the first, bad weights are forgotten, until the average's
    half-life is `half_life` steps. `ema.model` is a copy, in eval mode, that samples at any moment.
    """

    def __init__(self, model, half_life=500):
        need(half_life > 0, f"half_life must be above 0 steps, not {half_life}")
        self.model = copy.deepcopy(bare(model)).eval().requires_grad_(False)
        self.steps, self.max_decay = 0, 0.5 ** (1 / half_life)

    @torch.no_grad()
    def update(self, model):
        self.steps += 1
        decay = min(self.max_decay, 1 - 1 / (self.steps / 10 + 1))
        ours, theirs = self.model.state_dict(), bare(model).state_dict()
        floats = [k for k, v in ours.items() if v.is_floating_point()]
        torch._foreach_lerp_([ours[k] for k in floats], [theirs[k] for k in floats], 1 - decay)
        for k in ours.keys() - set(floats):
            ours[k].copy_(theirs[k])


LOSSES = {"l2": F.mse_loss, "l1": F.l1_loss, "huber": F.smooth_l1_loss}
ANNEALS = {
    "linear": lambda done: 1 - done,
    "cosine": lambda done: math.cos(math.pi / 2 * done) ** 2,
    None: lambda _: 1.0,
}


class Times:
    """Which times t in 1..T a training practises. draw(batch, generator) gives t (batch,) and weights (batch,) for the
    losses, which keep their mean what it is under uniform times; except "middle", where middle times count for more.

    kind: "uniform"     every t is as likely as every other (DDPM, algorithm 1)
          "stratified"  the same, but one from each of `batch` equal slices of 1..T: each batch covers all noise levels
          "middle"      in proportion to sin(pi t/T), stratified as well: most often where neither signal nor noise is
                        weak, seldom at the ends, where the answer is nearly known or nearly unknowable
          "loss-aware"  in proportion to the root mean square of the last 10 losses at t, once each t has 10 (improved
                        DDPM, equation 18); 0.1 % of the draws stay uniform. Tell it the losses with `update`.
    """

    def __init__(self, kind, T):
        kinds = ("uniform", "stratified", "middle", "loss-aware")
        need(kind in kinds, f"times must be one of {', '.join(kinds)}, not {kind!r}")
        self.kind, self.T, self.seen = kind, T, torch.zeros(T, dtype=torch.long)
        self.history = torch.zeros(T, 10)

    def probabilities(self):
        """Of t = 1..T, float64 (T,)."""
        if self.kind == "middle":
            p = torch.sin(torch.pi * (torch.arange(self.T, dtype=torch.float64) + 0.5) / self.T)
            return p / p.sum()
        if self.kind != "loss-aware" or (self.seen < self.history.shape[1]).any():
            return torch.full((self.T,), 1 / self.T, dtype=torch.float64)
        p = self.history.double().square().mean(1).sqrt()
        return 0.999 * p / p.sum() + 0.001 / self.T

    def draw(self, batch, generator):
        u = torch.rand(batch, generator=generator, dtype=torch.float64)
        if self.kind in ("stratified", "middle"):
            u = (torch.arange(batch) + u) / batch
        p = self.probabilities()
        t = torch.searchsorted(p.cumsum(0), u).clamp(max=self.T - 1)
        return t + 1, torch.ones(batch) if self.kind == "middle" else (1 / (self.T * p[t])).float()

    def update(self, t, losses):
        """The losses (B,) seen at times t (B,), before they are weighted."""
        if self.kind == "loss-aware":
            for k, loss in zip((t - 1).tolist(), losses.tolist()):
                self.history[k, self.seen[k] % self.history.shape[1]] = loss
                self.seen[k] += 1


class Progress(NamedTuple):
    """Where training stands after a step. loss is a 0-d tensor (float() it when you need it); done is 0..1."""

    step: int
    epoch: float
    loss: torch.Tensor
    seconds: float
    done: float


class Trainer:
    """Trains a denoiser, and can stop and go on. `run(...)` is a generator that yields a Progress after each step.

    model       a network that says what it predicts (see `predicts_of`). One that is all frozen, as `load_model` gives
                it, is thawed; `model.info` then says what it is trained for, for `save_model`
    data        Sprites, or images (N, C, H, W) in [-1, 1]; without labels the context stays None
    ab_t        the noise schedule
    loss        "l2", whose best answer is the mean, as theory asks; "l1" or "huber": crisper images after short runs
    drop        the probability that a row of context is replaced by zeros (classifier-free guidance needs it)
    lr, betas, batch, warmup (steps), weight_decay   AdamW
    anneal      how lr falls to 0 over the run: "linear" or "cosine"; None keeps it
    times       which t are practised: "stratified", "middle", "uniform" or "loss-aware" (see `Times`)
    half_life   of the averaged weights, in steps; of several numbers, `emas` holds an average each, `ema` the first
    accumulate  a batch is taken in so many parts, whose gradients are added: the same step in less memory
    bf16        True computes in bfloat16, False in float32; None takes bfloat16 on a GPU (on processors that multiply
                it, the Unet trains no faster with it: see weights/README.md)
    seed        of the order of the images, the times, the noise and the dropped contexts
    accelerator an accelerate.Accelerator: each of its processes takes an equal share of every batch, and their
                gradients are averaged, so that the run is the same whatever their number
    """

    def __init__(self, model, data, ab_t, *, lr=3e-3, betas=(0.9, 0.99), batch=128, warmup=100, weight_decay=0.0,
                 anneal="linear", times="stratified", loss="l2", drop=0.1, half_life=500, accumulate=1, bf16=None,
                 seed=0, device=None, accelerator=None):  # fmt: skip
        x, c = (data.x, data.c) if isinstance(data, Sprites) else (data, None)
        check_images(x)
        check_schedule(ab_t)
        predicts_of(model)
        weight = weight_of(model)
        need(weight is not None and weight.dtype == torch.float32, "a Trainer needs a network with weights in float32")
        need(loss in LOSSES, f"the loss must be one of {', '.join(LOSSES)}, not {loss!r}")
        need(anneal in ANNEALS, f"anneal must be 'linear', 'cosine' or None, not {anneal!r}")
        need(0 <= drop <= 1, f"drop is a probability, 0 to 1, not {drop}")
        need(is_whole(batch) and 1 <= batch <= len(x),
             f"the batch must be between 1 and the {len(x)} images there are, not {batch}")  # fmt: skip
        need(c is None or len(c) == len(x), f"{len(x)} images but {0 if c is None else len(c)} labels")
        self.accelerator, rank, world = accelerator, 0, 1
        if accelerator:
            device, rank, world = accelerator.device, accelerator.process_index, accelerator.num_processes
            need(batch % world == 0, f"a batch of {batch} does not divide among {world} processes")
        need(accumulate >= 1 and batch // world % accumulate == 0,
              f"{batch // world} images do not divide into {accumulate} parts")  # fmt: skip
        self.shares = [slice(rank + part * world, None, world * accumulate) for part in range(accumulate)]
        self.device = torch.device(device) if device else best_device()
        if not any(p.requires_grad for p in model.parameters()):
            model.requires_grad_(True)
        self.model = bare(model.to(self.device, memory_format=torch.channels_last))
        self.network = accelerator.prepare(self.model) if accelerator else model  # what a step calls
        known = getattr(self.model, "info", {})
        named = known.keys() >= {"schedule", "T"} and torch.equal(_schedule_of(known), _schedule_of({"schedule": ab_t}))
        self.model.info = known | dict(
            schedule=known["schedule"] if named else ab_t, T=len(ab_t) - 1, channels=x.shape[1],
            size=tuple(x.shape[2:]), classes=getattr(data, "classes", known.get("classes")),
        )  # fmt: skip
        self.x = x.to(self.device, torch.float32)
        k, shape = told(model, "n_cfeat"), (0,) if c is None else np.shape(c)
        need(len(shape) < 2 or k in (None, shape[1]), f"labels have {shape[-1]} classes, the network takes {k}")
        self.c = as_context(c, self.x, k or (len(data.classes) if len(shape) == 1 and c is not None else None))
        self.ab_t, self.lr, self.batch, self.warmup, self.loss, self.drop = ab_t, lr, batch, warmup, LOSSES[loss], drop
        self.anneal, self.times = ANNEALS[anneal], Times(times, len(ab_t) - 1)
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=lr, betas=betas, weight_decay=weight_decay, fused=True
        )
        self.emas = [EMA(self.model, h) for h in (half_life if isinstance(half_life, (list, tuple)) else [half_life])]
        self.ema = self.emas[0]
        self.generator = torch.Generator().manual_seed(seed)
        # on a GPU the noise is drawn there, so that no step waits for it to be copied
        on_gpu = self.device.type == "cuda"
        self.noise = torch.Generator(self.device).manual_seed(seed) if on_gpu else self.generator
        self.step, self.seconds, self.order = 0, 0.0, torch.empty(0, dtype=torch.long)
        self.autocast = on_gpu if bf16 is None else bf16

    def next_batch(self):
        """The next images, contexts, times, noise and weights: (x0, c, t, noise, weight). Each epoch shows every image
        once."""
        if len(self.order) < self.batch:
            self.order = torch.randperm(len(self.x), generator=self.generator)
        rows, self.order = self.order[: self.batch], self.order[self.batch :]
        x0 = self.x[rows.to(self.device)].contiguous(memory_format=torch.channels_last)
        noise = torch.empty_like(x0, device=self.noise.device).normal_(generator=self.noise).to(self.device)
        t, weight = self.times.draw(self.batch, self.generator)
        c = None
        if self.c is not None:
            keep = torch.rand(self.batch, 1, generator=self.generator) >= self.drop
            c = self.c[rows.to(self.device)] * keep.to(self.device)
        return x0, c, t, noise, weight

    def loss_of(self, x0, c, t, noise, weight):
        """The mean loss of some images, and that of each: a tensor of shape () and one (B,)."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            out = self.network(add_noise(x0, t, noise, self.ab_t), t.to(self.device) / (len(self.ab_t) - 1), c)
        aim = target(x0, t, noise, self.ab_t, predicts_of(self.model))
        losses = self.loss(out.float(), aim, reduction="none").mean((1, 2, 3))
        return (losses * weight.to(self.device)).mean(), losses.detach()

    def run(self, *, steps=None, epochs=None, seconds=None):
        """Train until one of the limits is reached, counted since the first step; yields a Progress after each step.

        Stop it at any moment (break, or the stop button): what was learned is in `model` and `ema.model`.
        Raises FloatingPointError if the loss is no longer a number (a GPU is asked at every 50th step and the last).
        """
        need(steps or epochs or seconds, "say how long to train: steps=, epochs= or seconds=")
        need(all(limit > 0 for limit in (steps, epochs, seconds) if limit), "steps, epochs and seconds must be above 0")
        limit = min(steps or 10**12, int((epochs or 10**9) * (len(self.x) // self.batch)) or 1)
        begin, before = time.perf_counter(), self.seconds
        done = max(self.step / limit, self.seconds / seconds if seconds else 0)
        while done < 1:
            for group in self.optimizer.param_groups:
                group["lr"] = self.lr * min(1, (self.step + 1) / max(self.warmup, 1)) * self.anneal(done)
            # every process draws the whole batch, from the same generator, and keeps its share, in equal parts
            batch, loss, each = self.next_batch(), 0.0, []
            self.network.train()
            self.optimizer.zero_grad()
            for share in self.shares:
                some = [None if part is None else part[share] for part in batch]
                mean, losses = self.loss_of(*some)
                (mean / len(self.shares)).backward()
                loss += mean.detach() / len(self.shares)
                each.append((some[2].to(self.device), losses))
            self.optimizer.step()
            for ema in self.emas:
                ema.update(self.model)
            self.step += 1
            self.seconds, seen = before + time.perf_counter() - begin, map(torch.cat, zip(*each))
            if self.accelerator:
                loss, seen = self.accelerator.reduce(loss, "mean"), map(self.accelerator.gather, seen)
                clocks = self.accelerator.gather(torch.tensor([self.seconds], device=self.device))
                self.seconds = clocks.max().item()  # all must agree on when the time is up
            self.times.update(*seen)
            done = max(self.step / limit, self.seconds / seconds if seconds else 0)
            asked = loss.device.type == "cpu" or self.step % 50 == 0 or self.step == 1 or done >= 1
            if asked and not torch.isfinite(loss):  # a look at it makes a GPU wait
                raise FloatingPointError(
                    f"the loss became {loss.item()} at step {self.step}: is the learning rate too large?"
                )
            yield Progress(self.step, self.step * self.batch / len(self.x), loss, self.seconds, min(done, 1.0))

    def state_dict(self):
        """All that is needed to go on as if never stopped: a copy, which does not change when training goes on.

        Raises FloatingPointError if the weights are no longer numbers: from there no training can go on.
        """
        state = dict(model=self.model.state_dict(), emas=[ema.model.state_dict() for ema in self.emas],
                     optimizer=self.optimizer.state_dict(), generator=self.generator.get_state(), order=self.order,
                     noise=self.noise.get_state(), times=(self.times.seen, self.times.history),
                     step=self.step, seconds=self.seconds)  # fmt: skip
        slots = state["model"], *state["emas"], *state["optimizer"]["state"].values()
        if not all(torch.isfinite(v).all() for values in slots for v in values.values()):
            raise FloatingPointError(f"weights are not numbers at step {self.step}: is the learning rate too large?")
        if isinstance(self.model, (Unet, ContextUnet)):
            state |= dict(config=self.model.config, info=_complete(self.model))
        return copy.deepcopy(state)

    def load_state_dict(self, state):
        """Go on from what `state_dict` gave, with the settings of this Trainer (lr, betas, drop, ...)."""
        state, ours = copy.deepcopy(state), getattr(self.model, "config", None)
        theirs = state.get("config", ours)
        need(theirs == ours, f"the run trained a network of {theirs}, which this one of {ours} cannot go on with")
        need(len(state["emas"]) == len(self.emas), f"the run kept {len(state['emas'])} averages, not {len(self.emas)}")
        self.model.load_state_dict(state["model"])
        settings = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict(state["optimizer"] | {"param_groups": settings})
        self.order, self.step, self.seconds = state["order"], state["step"], state["seconds"]
        self.times.seen, self.times.history = state["times"]
        for ema, weights in zip(self.emas, state["emas"]):
            ema.model.load_state_dict(weights)
            ema.steps = self.step
        self.generator.set_state(state["generator"].cpu())
        if len(state["noise"]) == len(self.noise.get_state()):  # else it was drawn on another kind of device
            self.noise.set_state(state["noise"].cpu())


def _schedule_of(info):
    """ab_t of what is said of a network: its schedule is a name, to which T belongs, or ab_t itself."""
    schedule = info["schedule"]
    return schedule.double().cpu() if torch.is_tensor(schedule) else noise_schedule(schedule, info["T"])


def _complete(model, /, **info):
    """What `model.info` and `info` say of a network; ValueError unless it suffices to use it."""
    info = {"classes": None, "size": None} | model.info | {"predicts": model.predicts} | info
    for name in ("classes", "size"):
        info[name] = info[name] and tuple(info[name])
    predicts, schedule = info["predicts"], info.get("schedule")
    need(predicts in ("eps", "x0", "v"), f"a network predicts 'eps', 'x0' or 'v', not {predicts!r}")
    known = torch.is_tensor(schedule) or (schedule and info.get("T"))
    need(known, "without its schedule a network is of no use: say schedule= and T=, or schedule=ab_t")
    return info | {"T": len(_schedule_of(info)) - 1}


def save_model(model, file, **info):
    """A `Unet` or `ContextUnet` for `load_model`, with all that is needed to use it; as .safetensors if `file` ends so.

    info: schedule (a name, with T; or ab_t itself), which must be known; size (H, W), classes (their names), and what
    else is worth knowing. What `model.info` says (as after `Trainer` or `load_model`) need not be said again.
    Raises ValueError if it could not be read back, OSError if it cannot be written; the old file then stays.
    """
    model = bare(model)
    need(isinstance(model, (Unet, ContextUnet)), f"save_model writes a Unet or ContextUnet, not a "
         f"{type(model).__name__}: give the network itself, or save_file(model.state_dict(), file)")  # fmt: skip
    info = _complete(model, **info)
    n = len(info["classes"] or ())
    need(n in (0, model.n_cfeat), f"{n} names of classes for a network that takes {model.n_cfeat}")
    state = {k: v.cpu() for k, v in model.state_dict().items()}
    save_file(dict(config=model.config, state=state, info=info), file, check=lambda part: load_model(part, "cpu"))


def load_model(file, device=None, **known):
    """A trained network, ready to sample, and its schedule: (model, ab_t). `model.info` says what it is for: predicts,
    schedule, T, channels, size (H, W), classes; the last two are None where the file does not say.

    Knows the files of `save_model`, a run's last.pt, and plain state dicts (.pth or .safetensors, also of a wrapped
    network, also in half precision). Those of a ContextUnet are taken as the sprite course's: eps, linear, T = 500.
    Those of a Unet do not say what they predict: say it here, predicts="v", schedule="cosine", T=500.
    Raises FileNotFoundError or ValueError in one sentence.
    """
    model, said = read_network(file, Unet, ContextUnet)
    twice, info = known.keys() & said.keys(), said | known
    need(not twice, f"{file} says itself what its {', '.join(twice)} is: leave that out")
    missing = " and ".join(k for k in ("predicts", "schedule") if k not in info)
    need(not missing, f'{file} holds weights alone: say as they were trained, {missing}, '
         'such as load_model(file, predicts="v", schedule="cosine", T=500)')  # fmt: skip
    model.info, model.predicts = _complete(model, **info), info["predicts"]
    model = model.to(device or best_device(), memory_format=torch.channels_last).eval().requires_grad_(False)
    return model, _schedule_of(model.info)


# ------------------------------------------------------------------------------------------------------------ sampling


class Step(NamedTuple):
    """One step of the sampler, from time t to time s: x is x_s; x0 and eps are what the network saw at time t."""

    i: int
    t: int
    s: int
    x: torch.Tensor
    x0: torch.Tensor
    eps: torch.Tensor


def sampling_times(T, n):
    """The n+1 whole times of n steps, T first and 0 last, evenly spaced: round(linspace(T, 0, n+1))."""
    need(is_whole(n) and 1 <= n <= T, f"the number of steps must be a whole number in 1..{T}, not {n!r}")
    T, n = int(T), int(n)  # NumPy's small integers overflow
    return [round(T * (n - i) / n) for i in range(n + 1)]


class Guided:
    """Classifier-free guidance as a denoiser made of a denoiser: uncond + w (cond - uncond) (Ho & Salimans).

    w = 0 ignores the context, 1 is the plain conditional network, above 1 exaggerates it. negative, a context
    to move away from, takes the place of "no context". Both halves run as one batch.
    """

    def __init__(self, model, w, negative=None):
        number = np.ndim(w) == 0 and hasattr(w, "__float__")
        need(number and math.isfinite(w), f"w must be a single finite number, not {w!r}")
        self.model, self.w, self.negative, self.predicts = model, float(w), negative, predicts_of(model)

    def __call__(self, x, t, c=None):
        c, away = (as_context(row, x, told(self.model, "n_cfeat")) for row in (c, self.negative))
        if self.w == 1 or (c is None and away is None):
            return self.model(x, t, c)
        c, away = torch.zeros_like(away) if c is None else c, torch.zeros_like(c) if away is None else away
        need(c.shape == away.shape, f"the context has {c.shape[1]} entries a row, the negative one {away.shape[1]}")
        if self.w == 0:
            return self.model(x, t, away)
        t = torch.as_tensor(t, device=x.device).reshape(-1).expand(len(x))
        uncond, cond = self.model(torch.cat([x, x]), torch.cat([t, t]), torch.cat([away, c])).chunk(2)
        return uncond + self.w * (cond - uncond)


def _ready(model, ab_t, x, c):
    """Images x (B, C, H, W) where the network is, at least in float32, and their context (B, n_cfeat) or None."""
    check_schedule(ab_t)
    need(torch.is_tensor(x) and x.dim() == 4 and x.is_floating_point() and x.numel(),
         "the sampler takes a float tensor (B, C, H, W), B at least 1")  # fmt: skip
    weight = weight_of(model)
    x = x.to(x.device if weight is None else weight.device, torch.promote_types(x.dtype, torch.float32))
    return x.contiguous(memory_format=torch.channels_last), as_context(c, x, told(model, "n_cfeat"))


def _network_call(model, x, t, c, ab_t):
    predicts, weight = predicts_of(model), weight_of(model)
    share = torch.full((len(x),), t / (len(ab_t) - 1), device=x.device)
    out = model(x if weight is None else x.to(weight.dtype), share, c)  # the walk itself keeps the precision of x
    answer = tuple(out.shape) if torch.is_tensor(out) else type(out).__name__
    need(answer == x.shape, f"the denoiser answered {answer} to images of shape {tuple(x.shape)}")
    return to_x0_eps(out.to(x.dtype), x, t, ab_t, predicts)


@torch.no_grad()
def sampler(model, ab_t, x, c=None, *, steps=50, eta=0.0, order=1, variance="small", extra_noise=1.0, clip=False,
            times=None, generator=None):  # fmt: skip
    """Walk from noise x (B, C, H, W) to images, one network call a step; a generator that yields a Step after each.

    eta         0: DDIM, no noise added; 1: DDPM; anything between (DDIM, equations 12 and 16)
    order       2: DPM-Solver++(2M), which also uses the previous answer (Lu et al., algorithm 2); with eta = 1 its form
                that adds noise (SDE-DPM-Solver++(2M), the same paper's later version)
    variance    of the added noise at eta = 1: "small" is the posterior's, "large" is beta_t (DDPM, section 3.2); or a
                function of (t, s), called after the network has answered at t: a number, or a tensor that multiplies x
    extra_noise multiplies the added noise; anything but 1 is wrong, and worth seeing
    clip        True keeps the predicted image in [-1, 1] (and mends the noise to match); or a function of the image
    times       a list of whole times from T down to 0, instead of `steps` evenly spaced ones
    generator   of the added noise; without one it is that of seed 0
    """
    need(order in (1, 2), f"order must be 1 or 2, not {order!r}")
    need(callable(variance) or variance in ("small", "large"),
         f"variance must be 'small' or 'large', or a function of (t, s), not {variance!r}")  # fmt: skip
    need(variance == "small" or order == 1,
         "order 2 has a variance of its own: variance='large' needs order=1, and so does a function")  # fmt: skip
    need(0 <= eta <= 1, f"eta must lie in 0..1, not {eta}")
    need(callable(clip) or clip in (True, False), f"clip must be True, False or a function of the image, not {clip!r}")
    x, c = _ready(model, ab_t, x, c)
    T, eta, generator = len(ab_t) - 1, float(eta), generator or torch.Generator().manual_seed(0)
    times = sampling_times(T, steps) if times is None else times.tolist() if hasattr(times, "tolist") else list(times)
    need(all(map(is_whole, times)), "times must be whole steps, integers in 0..T")
    need(len(times) > 1 and times[-1] == 0 and times[0] <= T and all(t > s for t, s in zip(times, times[1:])),
          f"times must fall from at most {T} to 0")  # fmt: skip
    with evaluating(model):
        last_x0, last_h = None, None
        for i, (t, s) in enumerate(zip(times, times[1:])):
            x0, eps = _network_call(model, x, t, c, ab_t)
            if clip:
                x0 = clip(x0) if callable(clip) else x0.clamp(-1, 1)
                need(x0.shape == x.shape, f"clip made {tuple(x0.shape)} of images of shape {tuple(x.shape)}")
                signal, sigma = signal_and_noise(ab_t, t, x)
                eps = (x - signal * x0) / sigma
            ab, ab_s = ab_t[t].item(), ab_t[s].item()
            if order == 2:
                h = 0.5 * (np.log(ab_s / ab) - np.log((1 - ab_s) / (1 - ab))) if s > 0 else np.inf
                d = x0 if last_x0 is None or s == 0 else x0 + (x0 - last_x0) * (h / last_h / 2)
                keep = np.exp(-eta * h) if s > 0 else 0.0
                x = ((1 - ab_s) / (1 - ab)) ** 0.5 * keep * x + ab_s**0.5 * (1 - np.exp(-h) * keep) * d
                std = ((1 - ab_s) * (1 - keep**2)) ** 0.5
                last_x0, last_h = x0, h
            else:
                sigma = eta * ((1 - ab_s) / (1 - ab) * (1 - ab / ab_s)) ** 0.5
                x = ab_s**0.5 * x0 + max(1 - ab_s - sigma**2, 0.0) ** 0.5 * eps
                std = sigma if variance == "small" else eta * (1 - ab / ab_s) ** 0.5
                if callable(variance) and s > 0:
                    var = torch.as_tensor(variance(t, s))
                    need((var >= 0).all(), f"variance({t}, {s}) is negative or not a number")
                    std = eta * var.sqrt().to(x.dtype).to(x.device)
            if eta > 0 and s > 0:  # no noise on the last step
                z = torch.empty(x.shape, device=generator.device).normal_(generator=generator)
                x = x + std * extra_noise * z.to(x)
            yield Step(i, t, s, x, x0, eps)


def sample(model, ab_t, n=32, c=None, *, seed=0, shape=None, keep=0, generator=None, **how):
    """Draw n images (n, C, H, W) from noise; with keep=32 also the list of about 32 of the Steps, evenly spread.

    c: class numbers (n,), rows (n, n_cfeat), or one for all. shape (C, H, W) is what the network was trained for (its
    `info`), if it says so, else (3, 16, 16). `how` goes to `sampler`: steps, eta, order, clip, ...
    """
    need(is_whole(n) and n >= 1, f"the number of images must be a whole number, at least 1, not {n!r}")
    need(is_whole(keep) and keep >= 0, f"keep is a number of steps, 0 or more, not {keep!r}")
    need(generator is not None or is_whole(seed), f"the seed must be a whole number, not {seed!r}")
    if shape is None:
        info = told(model, "info") or {}
        shape = info.get("channels", 3), *(info.get("size") or (16, 16))
    generator = generator or torch.Generator().manual_seed(int(seed))
    x = torch.empty((n, *shape), device=generator.device).normal_(generator=generator)
    times = how.get("times")
    steps = len(sampling_times(len(ab_t) - 1, how.get("steps", 50)) if times is None else times) - 1
    wanted = set(np.linspace(0, steps - 1, min(keep, steps)).round().astype(int).tolist()) if keep else set()
    kept = []
    for step in sampler(model, ab_t, x, c, generator=generator, **how):
        x = step.x
        if step.i in wanted:
            kept.append(step)
    return (x, kept) if keep else x


@torch.no_grad()
def invert(model, ab_t, x, c=None, *, steps=50, top=None):
    """DDIM upward: the noise x_T (B, C, H, W) from which `sampler(..., eta=0)` draws the images x again (DDIM, 5.4).

    The first call sees the images as x_1, the least noise the network was trained on. top: the time to stop at, if not
    T; from there `sampler(..., times=sampling_times(top, steps))` walks back.
    """
    check_images(x)
    x, c = _ready(model, ab_t, x, c)
    top = len(ab_t) - 1 if top is None else top
    need(is_whole(top) and 1 <= top < len(ab_t), f"top must be a whole time in 1..{len(ab_t) - 1}, not {top!r}")
    times = [max(t, 1) for t in reversed(sampling_times(top, steps))]
    with evaluating(model):
        for t, s in zip(times, times[1:]):
            x0, eps = _network_call(model, x, t, c, ab_t)
            x = ab_t[s].item() ** 0.5 * x0 + (1 - ab_t[s].item()) ** 0.5 * eps
    return x


# --------------------------------------------------------------------------------------------------------------- score


class SpriteClassifier(nn.Module):
    """A small network that tells the classes apart; its 64 features are what the Fréchet distance compares."""

    num_features = 64

    def __init__(self, n_classes=5):
        super().__init__()
        widths = (3, 32, 64, 64)
        layers = [
            nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.SiLU(), nn.MaxPool2d(2))
            for a, b in zip(widths, widths[1:])
        ]
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(64, n_classes)

    def forward(self, x):
        return self.head(self.features(x))


@functools.lru_cache(maxsize=1)
def load_classifier():
    """The classifier that ships with the course (weights/classifier.pth), in eval mode on the CPU."""
    model = SpriteClassifier()
    model.load_state_dict(load_file(WEIGHTS / "classifier.pth"))
    return model.eval().requires_grad_(False)


@torch.no_grad()
def features_of(x):
    """The classifier's features (N, 64) and predicted classes (N,) of images (N, 3, 16, 16)."""
    check_images(x, beyond=True)
    need(x.shape[1:] == (3, 16, 16), f"the classifier knows colour images (N, 3, 16, 16), not {tuple(x.shape)}")
    model = load_classifier()
    x = x.float().cpu()
    features = torch.cat([model.features(part) for part in x.split(500)])
    return features, model.head(features).argmax(1)


def frechet_distance(x, y):
    """The Fréchet distance between two sets of images, in the classifier's features (Heusel et al., equation 6).

    Each set is images (N, 3, 16, 16), or the features (N, 64) that `features_of` found in them: a set that is compared
    with many others need not be looked at again each time.
    0 for equal sets; needs a few hundred images on each side, and falls with their number: compare equal counts.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance

    need(torch.is_tensor(x) and torch.is_tensor(y), "a Fréchet distance is between two tensors, images or features")
    need(min(len(x), len(y)) >= 2, "a Fréchet distance needs at least 2 images on each side")
    metric = FrechetInceptionDistance(feature=_Identity(), input_img_size=(64,))
    metric.update(_as_features(x), real=True)
    metric.update(_as_features(y), real=False)
    return metric.compute().item()


def _as_features(x):
    """Features (N, 64) as they are, images (N, 3, 16, 16) by their features."""
    if x.dim() != 2:
        return features_of(x)[0]
    need(x.shape[1] == SpriteClassifier.num_features, f"features have the shape (N, 64), not {tuple(x.shape)}")
    need(x.is_floating_point(), f"features are float, not {x.dtype}")
    need(x.isfinite().all(), "the features hold NaN or infinite values")
    return x.float().cpu()


class _Identity(nn.Identity):
    num_features = SpriteClassifier.num_features


def nearest(x, others, batch=250):
    """For each image of x the nearest of `others`: (distance (N,), index (N,)); distance is the root mean square."""
    need(x.shape[1:] == others.shape[1:] and len(x) and len(others),
         f"images {tuple(x.shape)} cannot be compared with {tuple(others.shape)}")  # fmt: skip
    a, b = x.flatten(1).float().cpu(), others.flatten(1).float().cpu()
    best = [(part.square().sum(1, True) - 2 * part @ b.T + b.square().sum(1)).min(1) for part in a.split(batch)]
    squared, index = (torch.cat(parts) for parts in zip(*best))
    return (squared.clamp(min=0) / a.shape[1]).sqrt(), index


def diversity(x):
    """The mean distance between two different images of x (root mean square over their pixels): 0 if all are equal."""
    need(len(x) >= 2, "diversity compares images: give at least 2")
    flat = x.flatten(1).float().cpu()
    return (torch.pdist(flat[:2000]) / flat.shape[1] ** 0.5).mean().item()


def sprite_score(x, c=None, real=None, train=None):
    """How good images x (N, 3, 16, 16) are, as a dict of numbers.

    frechet     distance to the held-out sprites (lower is better; real sprites give the floor)
    asked       with a context c: the share that the classifier recognises as the class asked for
    diversity   mean distance between two of them, as a share of that of held-out sprites (1 = as varied)
    copying     with training images: the median distance to the nearest training sprite, as a share of that of held-out
                sprites (below 1 would mean copying)
    """
    real = load_sprites("held_out").x if real is None else real
    score = {"frechet": frechet_distance(x, real), "diversity": diversity(x) / diversity(real)}
    if c is not None:
        c = as_context(c, x, len(CLASSES))
        need((c > 0).any(1).all(), "a row of zeros asks for no class: score those images without c")
        score["asked"] = (features_of(x)[1] == c.argmax(1).cpu()).float().mean().item()
    if train is not None:
        score["copying"] = (nearest(x, train)[0].median() / nearest(real[:1000], train)[0].median()).item()
    return score


# ---------------------------------------------------------------------- the sprite course's picture helpers
# The same names and arguments, but colours stay as they are. `show`, `show_rows`, `film`: notebooks/plumbing/picture.py


def unorm(x):
    """Images (..., H, W, C) in [-1, 1] to [0, 1]: (x + 1)/2, clamped."""
    return ((np.asarray(x) + 1) / 2).clip(0, 1)


def norm_all(store, n_t, n_s):
    """`unorm` of the first n_t frames and n_s samples of a store (F, B, H, W, C)."""
    return unorm(store[:n_t, :n_s])


def norm_torch(x_all):
    """Images (B, C, H, W) in [-1, 1] to [0, 1], as a tensor on the CPU."""
    return x_all.detach().cpu().add(1).div(2).clamp(0, 1)


def gen_tst_context(n_cfeat):
    """Test contexts: how many rows, and the rows. Each class once, then no context, six times over."""
    rows = torch.cat([torch.eye(n_cfeat), torch.zeros(1, n_cfeat)]).repeat(6, 1)
    return len(rows), rows


def plot_grid(x, n_sample, n_rows, save_dir, w):
    """Save images on a grid to {save_dir}run_image_w{w}.png; returns the grid (3, H, W) in [0, 1]."""
    from torchvision.utils import make_grid, save_image

    grid = make_grid(norm_torch(x[:n_sample]), nrow=-(-n_sample // n_rows))
    save_image(grid, f"{save_dir}run_image_w{w}.png")
    print(f"saved {save_dir}run_image_w{w}.png")
    return grid


def plot_sample(x_gen_store, n_sample, nrows, save_dir, fn, w, save=False):
    """A film of frames (F, B, C, H, W) on `nrows` rows; save=True also writes {save_dir}{fn}_w{w}.gif.

    Returns a Picture, whose `to_jshtml()` gives HTML.
    """
    picture = film(x_gen_store[:, :n_sample], columns=-(-n_sample // nrows), fps=5)
    if save:
        print(f"saved {picture.save(f'{save_dir}{fn}_w{w}.gif')}")
    return picture
