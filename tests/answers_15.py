"""Right and wrong answers to the tasks of lesson 15."""

import torch
import torch.nn.functional as F
from answers import of, right, wrong

import checks


@right(checks.check_to_tokens)
def tokens(x, p, order=(0, 2, 4, 1, 3, 5)):
    B, C, H, W = x.shape
    return x.reshape(B, C, H // p, p, W // p, p).permute(order).reshape(B, -1, C * p * p)


@right(checks.check_to_tokens)
def _(x, p):
    return F.unfold(x, p, stride=p).transpose(1, 2)


@right(checks.check_to_tokens)
def _(x, p):
    rows = [x[:, :, i : i + p, j : j + p].flatten(1) for i in range(0, x.shape[2], p) for j in range(0, x.shape[3], p)]
    return torch.stack(rows, 1)


for mistake, order in {
    "column by column": (0, 4, 2, 1, 3, 5),
    "channels last": (0, 2, 4, 3, 5, 1),
    "patch transposed": (0, 2, 4, 1, 5, 3),
}.items():
    wrong(checks.check_to_tokens, mistake)(lambda x, p, order=order: tokens(x, p, order))


@wrong(checks.check_to_tokens, "only reshaped")
def _(x, p):
    return x.flatten(1).view(x.shape[0], -1, x.shape[1] * p**2)


@wrong(checks.check_to_tokens, "every p-th pixel")
def _(x, p):
    h, w = x.shape[2] // p, x.shape[3] // p
    return torch.stack([x[:, :, i::h, j::w].flatten(1) for i in range(h) for j in range(w)], 1)


@wrong(checks.check_to_tokens, "not turned")
def _(x, p):
    return F.unfold(x, p, stride=p)


@right(checks.check_dit_block)
def _(h, emb, norm, attend, think, modulate):
    s1, c1, g1, s2, c2, g2 = modulate(emb).unsqueeze(1).chunk(6, dim=2)
    h = h + g1 * attend(torch.addcmul(s1, norm(h), 1 + c1))
    return h + g2 * think(torch.addcmul(s2, norm(h), 1 + c2))


@right(checks.check_dit_block)
def block(h, emb, norm, attend, think, modulate, order=(0, 1, 2), one=1, three=lambda six, i: six[3 * i : 3 * i + 3]):
    six = modulate(emb)[:, None].chunk(6, 2)
    for i, part in enumerate((attend, think)):
        shift, scale, gate = (three(six, i)[k] for k in order)
        h = h + gate * part(norm(h) * (one + scale) + shift)
    return h


for mistake, how in {
    "shift and scale swapped": dict(order=(1, 0, 2)),
    "gate first": dict(order=(1, 2, 0)),
    "1 missing": dict(one=0),
    "dealt in pairs": dict(three=lambda six, i: six[i::2]),
    "one three for both": dict(three=lambda six, i: six[:3]),
}.items():
    wrong(checks.check_dit_block, mistake)(lambda *given, how=how: block(*given, **how))


def six_of(modulate, emb):
    return modulate(emb)[:, None].chunk(6, 2)


@wrong(checks.check_dit_block, "no gate")
def _(h, emb, norm, attend, think, modulate):
    s1, c1, _, s2, c2, _ = six_of(modulate, emb)
    h = h + attend(norm(h) * (1 + c1) + s1)
    return h + think(norm(h) * (1 + c2) + s2)


@wrong(checks.check_dit_block, "not added")
def _(h, emb, norm, attend, think, modulate):
    s1, c1, g1, s2, c2, g2 = six_of(modulate, emb)
    h = g1 * attend(norm(h) * (1 + c1) + s1)
    return g2 * think(norm(h) * (1 + c2) + s2)


@wrong(checks.check_dit_block, "no norm")
def _(h, emb, norm, attend, think, modulate):
    return block(h, emb, lambda h: h, attend, think, modulate)


@wrong(checks.check_dit_block, "not told")
def _(h, emb, norm, attend, think, modulate):
    _, _, g1, _, _, g2 = six_of(modulate, emb)
    h = h + g1 * attend(norm(h))
    return h + g2 * think(norm(h))


@wrong(checks.check_dit_block, "think first")
def _(h, emb, norm, attend, think, modulate):
    return block(h, emb, norm, think, attend, modulate)


@wrong(checks.check_dit_block, "attend only")
def _(h, emb, norm, attend, think, modulate):
    s1, c1, g1, *_ = six_of(modulate, emb)
    return h + g1 * attend(norm(h) * (1 + c1) + s1)


@wrong(checks.check_dit_block, "gate inside")
def _(h, emb, norm, attend, think, modulate):
    s1, c1, g1, s2, c2, g2 = six_of(modulate, emb)
    h = h + attend(g1 * (norm(h) * (1 + c1) + s1))
    return h + think(g2 * (norm(h) * (1 + c2) + s2))


@wrong(checks.check_dit_block, "side by side")
def _(h, emb, norm, attend, think, modulate):
    s1, c1, g1, s2, c2, g2 = six_of(modulate, emb)
    return h + g1 * attend(norm(h) * (1 + c1) + s1) + g2 * think(norm(h) * (1 + c2) + s2)


@right(checks.check_flow_question)
def ask(x0, g, randn=torch.randn, bend=torch.sigmoid, mix=torch.lerp, aim=lambda x0, eps: eps - x0):
    r = bend(randn(len(x0), generator=g))
    eps = torch.randn(x0.shape, generator=g)
    return mix(x0, eps, of(r).expand(x0.shape)), r, aim(x0, eps)


@right(checks.check_flow_question)
def _(x0, g):
    """Written out, and as a list."""
    r = 1 / (1 + torch.exp(-torch.empty(len(x0)).normal_(generator=g)))
    eps = torch.empty_like(x0).normal_(generator=g)
    return [(1 - of(r)) * x0 + of(r) * eps, r, eps - x0]


for mistake, how in {
    "one r for all": dict(randn=lambda n, generator: torch.randn(1, generator=generator).expand(n)),
    "uniform r": dict(randn=torch.rand, bend=lambda u: u),
    "sigmoid of uniform": dict(randn=torch.rand),
    "no sigmoid": dict(bend=lambda n: n),
    "wrong way": dict(aim=lambda x0, eps: x0 - eps),
    "ends swapped": dict(mix=lambda x0, eps, r: torch.lerp(eps, x0, r)),
    "square roots": dict(mix=lambda x0, eps, r: (1 - r) ** 0.5 * x0 + r**0.5 * eps),
    "aims at the noise": dict(aim=lambda x0, eps: eps),
    "aims at the picture": dict(aim=lambda x0, eps: x0),
    "broadcast": dict(mix=lambda x0, eps, r: x0 * r[:, 0, 0, 0]),
}.items():
    wrong(checks.check_flow_question, mistake)(lambda x0, g, how=how: ask(x0, g, **how))


@wrong(checks.check_flow_question, "noise drawn first")
def _(x0, g):
    eps = torch.randn(x0.shape, generator=g)
    r = torch.randn(len(x0), generator=g).sigmoid()
    return torch.lerp(x0, eps, of(r).expand(x0.shape)), r, eps - x0


@wrong(checks.check_flow_question, "one noise for all")
def _(x0, g):
    r = torch.randn(len(x0), generator=g).sigmoid()
    eps = torch.randn(1, *x0.shape[1:], generator=g)
    return (1 - of(r)) * x0 + of(r) * eps, r, eps - x0


@wrong(checks.check_flow_question, "uniform noise")
def _(x0, g):
    r = torch.randn(len(x0), generator=g).sigmoid()
    eps = torch.rand(x0.shape, generator=g)
    return (1 - of(r)) * x0 + of(r) * eps, r, eps - x0


@wrong(checks.check_flow_question, "from where it is")
def _(x0, g):
    x_r, r, u = ask(x0, g)
    return x_r, r, x_r - x0


@wrong(checks.check_flow_question, "order")
def _(x0, g):
    x_r, r, u = ask(x0, g)
    return x_r, u, r


@wrong(checks.check_flow_question, "no seed")
def _(x0, g):
    return ask(x0, None)


def kl(mean, log_variance, half=0.5, one=1, log=1, square=torch.square, spread=torch.exp, take=torch.mean):
    return half * take(square(mean) + spread(log_variance) - one - log * log_variance)


@right(checks.check_autoencoder_loss)
def _(x, decoded, mean, log_variance, beta):
    return F.mse_loss(decoded, x) + beta * kl(mean, log_variance)


@right(checks.check_autoencoder_loss)
def _(x, decoded, mean, log_variance, beta):
    """As a plain number, and from the distributions of PyTorch."""
    bell = torch.distributions.Normal(mean, (log_variance / 2).exp())
    narrow = torch.distributions.kl_divergence(bell, torch.distributions.Normal(0.0, 1.0)).mean()
    return ((x - decoded) ** 2).mean().item() + beta * narrow.item()


for mistake, how in {
    "half missing": dict(half=1),
    "1 missing": dict(one=0),
    "log added": dict(log=-1),
    "standard deviation": dict(spread=lambda v: torch.exp(0.5 * v)),
    "log variance as variance": dict(spread=lambda v: v),
    "mean not squared": dict(square=lambda m: m),
    "summed": dict(take=torch.sum),
}.items():

    @wrong(checks.check_autoencoder_loss, mistake)
    def _(x, decoded, mean, log_variance, beta, how=how):
        return F.mse_loss(decoded, x) + beta * kl(mean, log_variance, **how)


for mistake, weigh in {
    "no KL": lambda e, k, beta: e,
    "no beta": lambda e, k, beta: e + k,
    "beta on both": lambda e, k, beta: beta * (e + k),
    "beta on the wrong term": lambda e, k, beta: beta * e + k,
    "subtracted": lambda e, k, beta: e - beta * k,
    "root": lambda e, k, beta: e.sqrt() + beta * k,
}.items():

    @wrong(checks.check_autoencoder_loss, mistake)
    def _(x, decoded, mean, log_variance, beta, weigh=weigh):
        return weigh(F.mse_loss(decoded, x), kl(mean, log_variance), beta)


@wrong(checks.check_autoencoder_loss, "absolute error")
def _(x, decoded, mean, log_variance, beta):
    return F.l1_loss(decoded, x) + beta * kl(mean, log_variance)


@wrong(checks.check_autoencoder_loss, "summed")
def _(x, decoded, mean, log_variance, beta):
    return F.mse_loss(decoded, x, reduction="sum") + beta * kl(mean, log_variance)


@right(checks.check_scale_of)
def _(z):
    return 1 / z.std()


@right(checks.check_scale_of)
def _(z):
    return float((z - z.mean()).square().mean() ** -0.5)


for mistake, scale in {
    "upside down": lambda z: z.std(),
    "variance": lambda z: 1 / z.var(),
    "mean included": lambda z: z.square().mean() ** -0.5,
    "largest": lambda z: 1 / z.abs().max(),
    "absolute": lambda z: 1 / z.abs().mean(),
    "by channel": lambda z: 1 / z.std((0, 2, 3)),
    "by picture": lambda z: 1 / z.std((1, 2, 3)),
    "mean of channels": lambda z: 1 / z.std((0, 2, 3)).mean(),
}.items():
    wrong(checks.check_scale_of, mistake)(scale)


def look(q, k, v, scale=None, axis=-1):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    return (q @ k.mT * scale).softmax(axis) @ v


@right(checks.check_joint_attention)
def _(picture, words):
    q, k, v = (torch.cat([a, b], 2) for a, b in zip(picture, words))
    told = F.scaled_dot_product_attention(q, k, v)
    return told.split([picture[0].shape[2], words[0].shape[2]], 2)


@right(checks.check_joint_attention)
def joint(picture, words, **how):
    """Each asks for itself, and both are answered by all."""
    k, v = (torch.cat([picture[i], words[i]], 2) for i in (1, 2))
    return [look(picture[0], k, v, **how), look(words[0], k, v, **how)]


@wrong(checks.check_joint_attention, "each alone")
def _(picture, words):
    return look(*picture), look(*words)


@wrong(checks.check_joint_attention, "only across")
def _(picture, words):
    return look(picture[0], words[1], words[2]), look(words[0], picture[1], picture[2])


@wrong(checks.check_joint_attention, "words are deaf")
def _(picture, words):
    return joint(picture, words)[0], look(*words)


@wrong(checks.check_joint_attention, "picture is blind")
def _(picture, words):
    return look(*picture), joint(picture, words)[1]


@wrong(checks.check_joint_attention, "two attentions added")
def _(picture, words):
    return look(*picture) + look(picture[0], *words[1:]), look(*words) + look(words[0], *picture[1:])


@wrong(checks.check_joint_attention, "order")
def _(picture, words):
    return joint(picture, words)[::-1]


@wrong(checks.check_joint_attention, "split at the wrong place")
def _(picture, words):
    q, k, v = (torch.cat([b, a], 2) for a, b in zip(picture, words))
    return look(q, k, v).split([picture[0].shape[2], words[0].shape[2]], 2)


@wrong(checks.check_joint_attention, "not scaled")
def _(picture, words):
    return joint(picture, words, scale=1)


@wrong(checks.check_joint_attention, "softmax over the askers")
def _(picture, words):
    q, k, v = (torch.cat([a, b], 2) for a, b in zip(picture, words))
    return look(q, k, v, axis=-2).split([picture[0].shape[2], words[0].shape[2]], 2)
