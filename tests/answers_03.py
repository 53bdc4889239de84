"""Right and wrong answers to the your turns of lesson 3."""

import math

import torch
import torch.nn.functional as F
from answers import right, wrong

import checks
import diffusion_utilities as du


@right(checks.check_down_and_up)
def _(h, emb, net):
    skips = []
    for i, block in enumerate(net.down):
        skips.append(block(h, emb))
        h = net.shrink[i](skips[i])
    h = net.bottom(h, emb)
    for i, (block, grow) in enumerate(zip(net.up, net.grow), 1):
        h = grow(block(skips[-i] * net.across[-i] + h, emb))
    return h


@right(checks.check_down_and_up)
def _(h, emb, net):
    def level(h, i):
        if i == len(net.down):
            return net.bottom(h, emb)
        kept = net.down[i](h, emb)
        h = level(net.shrink[i](kept), i + 1) + net.across[i] * kept
        return net.grow[-1 - i](net.up[-1 - i](h, emb))

    return level(h, 0)


def walked(
    h, emb, net, keep=lambda before, h, shrunk: h, order=-1, up=lambda block, h, skip, emb: block(h + skip, emb)
):
    skips = []
    for i, block in enumerate(net.down):
        after = block(h, emb)
        skips.append(net.across[i] * keep(h, after, net.shrink[i](after)))
        h = net.shrink[i](after)
    h = net.bottom(h, emb)
    for block, grow in zip(net.up, net.grow):
        h = grow(up(block, h, skips.pop(order), emb))
    return h


@wrong(checks.check_down_and_up, "order of the skips")
def _(h, emb, net):
    return walked(h, emb, net, order=0)


@wrong(checks.check_down_and_up, "no skips")
def _(h, emb, net):
    return walked(h, emb, net, up=lambda block, h, skip, emb: block(h, emb))


@wrong(checks.check_down_and_up, "kept before the block")
def _(h, emb, net):
    return walked(h, emb, net, keep=lambda before, h, shrunk: before)


@wrong(checks.check_down_and_up, "kept after shrinking")
def _(h, emb, net):
    return walked(h, emb, net, keep=lambda before, h, shrunk: shrunk)


@wrong(checks.check_down_and_up, "added after the block")
def _(h, emb, net):
    return walked(h, emb, net, up=lambda block, h, skip, emb: block(h, emb) + skip)


@wrong(checks.check_down_and_up, "appended")
def _(h, emb, net):
    return walked(h, emb, net, up=lambda block, h, skip, emb: block(torch.cat([h, skip], 1), emb))


@wrong(checks.check_down_and_up, "across ignored")
def _(h, emb, net):
    skips = []
    for block, shrink in zip(net.down, net.shrink):
        h = block(h, emb)
        skips.append(h)
        h = shrink(h)
    h = net.bottom(h, emb)
    for block, grow in zip(net.up, net.grow):
        h = grow(block(h + skips.pop(), emb))
    return h


@wrong(checks.check_down_and_up, "always the first skip")
def _(h, emb, net):
    kept = net.down[0](h, emb)
    for block, shrink in zip(net.down, net.shrink):
        h = shrink(block(h, emb))
    h = net.bottom(h, emb)
    for block, grow, across in zip(net.up, net.grow, reversed(net.across)):
        h = grow(block(h + across * kept, emb))
    return h


@wrong(checks.check_down_and_up, "grown before the block")
def _(h, emb, net):
    skips = []
    for block, shrink, across in zip(net.down, net.shrink, net.across):
        h = block(h, emb)
        skips.append(across * h)
        h = shrink(h)
    h = net.bottom(h, emb)
    for block, grow in zip(net.up, net.grow):
        h = block(grow(h) + skips.pop(), emb)
    return h


@wrong(checks.check_down_and_up, "bottom left out")
def _(h, emb, net):
    skips = []
    for block, shrink, across in zip(net.down, net.shrink, net.across):
        h = block(h, emb)
        skips.append(across * h)
        h = shrink(h)
    for block, grow in zip(net.up, net.grow):
        h = grow(block(h + skips.pop(), emb))
    return h


def block(forward, zero=True):
    """A class with the layers of du.Block and this forward."""

    class Mine(du.Block):
        def __init__(self, *sizes):
            super().__init__(*sizes)
            if not zero:
                self.conv2.reset_parameters()

    Mine.forward = forward
    return Mine


def halves(net, emb):
    return net.scale_shift(emb)[:, :, None, None].chunk(2, 1)


def first_half(self, x):
    return self.conv1(F.silu(self.norm1(x)))


def block_forward(self, x, emb):
    scale, shift = halves(self, emb)
    return self.skip(x) + self.conv2(F.silu(self.norm2(first_half(self, x)) * (1 + scale) + shift))


right(checks.check_block)(du.Block)
right(checks.check_block)(block(block_forward))
wrong(checks.check_block, "no zero start")(block(block_forward, zero=False))


@right(checks.check_block)
@block
def _(self, x, emb):
    numbers = self.scale_shift(emb)
    scale, shift = (part.view(len(x), -1, 1, 1) for part in numbers.split(numbers.shape[1] // 2, 1))
    h = self.norm2(first_half(self, x))
    return self.conv2(F.silu(h + scale * h + shift)) + self.skip(x)


@wrong(checks.check_block, "not residual")
@block
def _(self, x, emb):
    scale, shift = halves(self, emb)
    return self.conv2(F.silu(self.norm2(first_half(self, x)) * (1 + scale) + shift))


@wrong(checks.check_block, "x without skip")
@block
def _(self, x, emb):
    scale, shift = halves(self, emb)
    return x + self.conv2(F.silu(self.norm2(first_half(self, x)) * (1 + scale) + shift))


@wrong(checks.check_block, "not shaped")
@block
def _(self, x, emb):
    scale, shift = self.scale_shift(emb).chunk(2, 1)
    return self.skip(x) + self.conv2(F.silu(self.norm2(first_half(self, x)) * (1 + scale) + shift))


@wrong(checks.check_block, "scale without 1")
@block
def _(self, x, emb):
    scale, shift = halves(self, emb)
    return self.skip(x) + self.conv2(F.silu(self.norm2(first_half(self, x)) * scale + shift))


@wrong(checks.check_block, "scale and shift exchanged")
@block
def _(self, x, emb):
    shift, scale = halves(self, emb)
    return self.skip(x) + self.conv2(F.silu(self.norm2(first_half(self, x)) * (1 + scale) + shift))


@wrong(checks.check_block, "only the shift")
@block
def _(self, x, emb):
    return self.skip(x) + self.conv2(F.silu(self.norm2(first_half(self, x)) + halves(self, emb)[1]))


@wrong(checks.check_block, "time ignored")
@block
def _(self, x, emb):
    return self.skip(x) + self.conv2(F.silu(self.norm2(first_half(self, x))))


@wrong(checks.check_block, "scaled before the norm")
@block
def _(self, x, emb):
    scale, shift = halves(self, emb)
    return self.skip(x) + self.conv2(F.silu(self.norm2(first_half(self, x) * (1 + scale) + shift)))


@wrong(checks.check_block, "scaled after SiLU")
@block
def _(self, x, emb):
    scale, shift = halves(self, emb)
    return self.skip(x) + self.conv2(F.silu(self.norm2(first_half(self, x))) * (1 + scale) + shift)


@wrong(checks.check_block, "second SiLU missing")
@block
def _(self, x, emb):
    scale, shift = halves(self, emb)
    return self.skip(x) + self.conv2(self.norm2(first_half(self, x)) * (1 + scale) + shift)


@wrong(checks.check_block, "first SiLU missing")
@block
def _(self, x, emb):
    scale, shift = halves(self, emb)
    return self.skip(x) + self.conv2(F.silu(self.norm2(self.conv1(self.norm1(x))) * (1 + scale) + shift))


@wrong(checks.check_block, "SiLU before the norm")
@block
def _(self, x, emb):
    scale, shift = halves(self, emb)
    return self.skip(x) + self.conv2(F.silu(self.norm2(self.conv1(self.norm1(F.silu(x)))) * (1 + scale) + shift))


@wrong(checks.check_block, "no norms")
@block
def _(self, x, emb):
    scale, shift = halves(self, emb)
    return self.skip(x) + self.conv2(F.silu(self.conv1(F.silu(x)) * (1 + scale) + shift))


@wrong(checks.check_block, "ValueError")  # the trained weights find no layer of this name
class _(torch.nn.Module):
    def __init__(self, in_channels, out_channels, emb_channels):
        super().__init__()
        self.convolution = torch.nn.Conv2d(in_channels, out_channels, 3, padding=1)


@right(checks.check_attend)
def _(q, k, v):
    return F.scaled_dot_product_attention(q, k, v)


@right(checks.check_attend)
def _(q, k, v):
    fits = torch.einsum("bhid,bhjd->bhij", q, k) / math.sqrt(q.size(-1))
    return torch.einsum("bhij,bhjd->bhid", fits.exp() / fits.exp().sum(-1, keepdim=True), v)


@wrong(checks.check_attend, "not divided")
def _(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, scale=1.0)


@wrong(checks.check_attend, "divided by d")
def _(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, scale=1 / q.shape[-1])


@wrong(checks.check_attend, "multiplied")
def _(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, scale=q.shape[-1] ** 0.5)


@wrong(checks.check_attend, "divided by the places")
def _(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, scale=q.shape[-2] ** -0.5)


@wrong(checks.check_attend, "softmax over the places that look")
def _(q, k, v):
    return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -2) @ v


@wrong(checks.check_attend, "softmax over the heads")
def _(q, k, v):
    return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, 1) @ v


@wrong(checks.check_attend, "softmax over the batch")
def _(q, k, v):
    return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, 0) @ v


@wrong(checks.check_attend, "no softmax")
def _(q, k, v):
    return q @ k.mT / q.shape[-1] ** 0.5 @ v


@wrong(checks.check_attend, "q and k exchanged")
def _(q, k, v):
    return F.scaled_dot_product_attention(k, q, v)


@wrong(checks.check_attend, "keys gathered")
def _(q, k, v):
    return F.scaled_dot_product_attention(q, k, k)


@wrong(checks.check_attend, "queries gathered")
def _(q, k, v):
    return F.scaled_dot_product_attention(q, k, q)


def unet(forward):
    """A class with the layers of du.Unet and this forward."""

    class Mine(du.Unet):
        pass

    Mine.forward = forward
    return Mine


def embedded(net, t, c, times=1000):
    emb = net.time(du.timestep_embedding(times * t, 64))
    return emb if c is None else emb + net.context(c)


def answered(net, x, emb, last=None):
    """The walk of du.Unet, and its last layers; emb is bent already."""
    h, skips = net.first(x), []
    for part, shrink in zip(net.down, net.shrink):
        skips.append(part(h, emb))
        h = shrink(skips[-1])
    h = net.middle[1](net.attention(net.middle[0](h, emb)), emb)
    for part, grow in zip(net.up, net.grow):
        h = grow(part(h + skips.pop(), emb))
    return net.last(F.silu(net.norm(h)) if last is None else last(h))


def straight(net, x, emb):
    scale, shift = net.direct(emb)[:, :, None, None].chunk(2, 1)
    return scale * x + shift


right(checks.check_unet)(du.Unet)


@right(checks.check_unet)
@unet
def _(self, x, t, c=None):
    emb = F.silu(embedded(self, t, c))
    return straight(self, x, emb) + answered(self, x, emb)


@wrong(checks.check_unet, "t not times 1000")
@unet
def _(self, x, t, c=None):
    emb = F.silu(embedded(self, t, c, times=1))
    return straight(self, x, emb) + answered(self, x, emb)


@wrong(checks.check_unet, "t times 500")
@unet
def _(self, x, t, c=None):
    emb = F.silu(embedded(self, t, c, times=500))
    return straight(self, x, emb) + answered(self, x, emb)


@wrong(checks.check_unet, "emb not bent")
@unet
def _(self, x, t, c=None):
    emb = embedded(self, t, c)
    return straight(self, x, emb) + answered(self, x, emb)


@wrong(checks.check_unet, "time forgotten")
@unet
def _(self, x, t, c=None):
    emb = F.silu(torch.zeros(len(x), 128) if c is None else self.context(c))
    return straight(self, x, emb) + answered(self, x, emb)


@wrong(checks.check_unet, "wish forgotten")
@unet
def _(self, x, t, c=None):
    emb = F.silu(embedded(self, t, None))
    return straight(self, x, emb) + answered(self, x, emb)


@wrong(checks.check_unet, "None not met")
@unet
def _(self, x, t, c=None):
    emb = F.silu(self.time(du.timestep_embedding(1000 * t, 64)) + self.context(c))
    return straight(self, x, emb) + answered(self, x, emb)


@wrong(checks.check_unet, "direct forgotten")
@unet
def _(self, x, t, c=None):
    return answered(self, x, F.silu(embedded(self, t, c)))


@wrong(checks.check_unet, "not shaped")
@unet
def _(self, x, t, c=None):
    emb = F.silu(embedded(self, t, c))
    scale, shift = self.direct(emb).chunk(2, 1)
    return answered(self, x, emb) + scale * x + shift


@wrong(checks.check_unet, "only the direct way")
@unet
def _(self, x, t, c=None):
    return straight(self, x, F.silu(embedded(self, t, c)))


@wrong(checks.check_unet, "scale and shift exchanged")
@unet
def _(self, x, t, c=None):
    emb = F.silu(embedded(self, t, c))
    shift, scale = self.direct(emb)[:, :, None, None].chunk(2, 1)
    return answered(self, x, emb) + scale * x + shift


@wrong(checks.check_unet, "1 + scale")
@unet
def _(self, x, t, c=None):
    emb = F.silu(embedded(self, t, c))
    return answered(self, x, emb) + straight(self, x, emb) + x


@wrong(checks.check_unet, "last SiLU missing")
@unet
def _(self, x, t, c=None):
    emb = F.silu(embedded(self, t, c))
    return straight(self, x, emb) + answered(self, x, emb, last=self.norm)


@wrong(checks.check_unet, "last norm missing")
@unet
def _(self, x, t, c=None):
    emb = F.silu(embedded(self, t, c))
    return straight(self, x, emb) + answered(self, x, emb, last=F.silu)


@right(checks.check_time_embedding)
def _(t, dim, max_period=10_000):
    half = dim // 2
    frequencies = max_period ** (-torch.arange(half) / half)
    angles = t.float().outer(frequencies)
    out = torch.zeros(len(t), dim)
    out[:, :half], out[:, half : 2 * half] = angles.cos(), angles.sin()
    return out


@right(checks.check_time_embedding)
def _(t, dim, max_period=10_000):
    rows = []
    for time in t.tolist():
        angles = [time / max_period ** (k / (dim // 2)) for k in range(dim // 2)]
        rows.append([math.cos(a) for a in angles] + [math.sin(a) for a in angles] + [0.0] * (dim % 2))
    return torch.tensor(rows)


def embed(angles, dim):
    return torch.nn.functional.pad(torch.cat([angles.cos(), angles.sin()], 1), (0, dim % 2))


@wrong(checks.check_time_embedding, "sine first")
def _(t, dim, max_period=10_000):
    half = dim // 2
    angles = t[:, None] * torch.exp(-math.log(max_period) * torch.arange(half) / half)
    out = torch.zeros(len(t), dim)
    out[:, :half], out[:, half : 2 * half] = angles.sin(), angles.cos()
    return out


@wrong(checks.check_time_embedding, "growing frequencies")
def _(t, dim, max_period=10_000):
    half = dim // 2
    return embed(t[:, None] * torch.exp(math.log(max_period) * torch.arange(half) / half), dim)


@wrong(checks.check_time_embedding, "half - 1")
def _(t, dim, max_period=10_000):
    half = dim // 2
    return embed(t[:, None] * torch.exp(-math.log(max_period) / (half - 1) * torch.arange(half)), dim)


@wrong(checks.check_time_embedding, "divided by dim")
def _(t, dim, max_period=10_000):
    return embed(t[:, None] * max_period ** (-torch.arange(dim // 2) / (dim // 2 * 2)), dim)


@wrong(checks.check_time_embedding, "interleaved")
def _(t, dim, max_period=10_000):
    half = dim // 2
    angles = t[:, None] * max_period ** (-torch.arange(half) / half)
    out = torch.zeros(len(t), dim)
    out[:, 0 : 2 * half : 2], out[:, 1 : 2 * half : 2] = angles.cos(), angles.sin()
    return out


@wrong(checks.check_time_embedding, "along the batch")
def _(t, dim, max_period=10_000):
    half = dim // 2
    angles = t[:, None] * max_period ** (-torch.arange(half) / half)
    return torch.nn.functional.pad(torch.cat([angles.cos(), angles.sin()]), (0, dim % 2))


@wrong(checks.check_time_embedding, "odd dim")
def _(t, dim, max_period=10_000):
    half = dim // 2
    angles = t[:, None] * max_period ** (-torch.arange(half) / half)
    return torch.cat([angles.cos(), angles.sin()], 1)


@wrong(checks.check_time_embedding, "linear spacing")
def _(t, dim, max_period=10_000):
    return embed(t[:, None] * torch.linspace(1, 1 / max_period, dim // 2), dim)


@wrong(checks.check_time_embedding, "no exp")
def _(t, dim, max_period=10_000):
    half = dim // 2
    return embed(t[:, None] * (-math.log(max_period) * torch.arange(half) / half), dim)


@wrong(checks.check_time_embedding, "max_period ignored")
def _(t, dim, max_period=10_000):
    half = dim // 2
    return embed(t[:, None] * 10_000 ** (-torch.arange(half) / half), dim)


@wrong(checks.check_time_embedding, "periods for frequencies")
def _(t, dim, max_period=10_000):
    half = dim // 2
    return embed(2 * math.pi * t[:, None] / max_period ** (torch.arange(half) / half), dim)
