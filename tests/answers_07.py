"""Right and wrong answers to the turns of lesson 7."""

import torch
from answers import of, right, wrong

import checks


@right(checks.check_corrupt)
def _(x, amount, noise):
    return (1 - of(amount)) * x + of(amount) * noise


@right(checks.check_corrupt)
def _(x, amount, noise):
    return torch.lerp(x, noise, amount[:, None, None, None])


@right(checks.check_corrupt)
def _(x, amount, noise):
    return torch.stack([x_i + a * (z - x_i) for x_i, a, z in zip(x, amount, noise)])


@wrong(checks.check_corrupt, "swapped")
def _(x, amount, noise):
    return torch.lerp(noise, x, of(amount))


@wrong(checks.check_corrupt, "image not faded")
def _(x, amount, noise):
    return x + of(amount) * noise


@wrong(checks.check_corrupt, "noise not faded")
def _(x, amount, noise):
    return x * (1 - of(amount)) + noise


@wrong(checks.check_corrupt, "noise forgotten")
def _(x, amount, noise):
    return x - of(amount) * x


@wrong(checks.check_corrupt, "square roots")
def _(x, amount, noise):
    return (1 - of(amount)).sqrt() * x + of(amount).sqrt() * noise


@wrong(checks.check_corrupt, "one amount for all")
def _(x, amount, noise):
    return (1 - amount[0]) * x + amount[0] * noise


@wrong(checks.check_corrupt, "one amount for all")
def _(x, amount, noise):
    a = amount.mean()
    return (1 - a) * x + a * noise


@wrong(checks.check_corrupt, "broadcast")
def _(x, amount, noise):
    return (1 - amount) * x + amount * noise


@wrong(checks.check_corrupt, "fresh noise")
def _(x, amount, noise):
    return (1 - of(amount)) * x + of(amount) * torch.rand_like(x)


@wrong(checks.check_corrupt, "in place")
def _(x, amount, noise):
    x *= 1 - of(amount)
    return x + of(amount) * noise


@right(checks.check_walk_step)
def _(x, pred, now, then):
    return x * then / now + pred * (1 - then / now)


@right(checks.check_walk_step)
def _(x, pred, now, then):
    slope = (x - pred) / now
    return x + (then - now) * slope


@wrong(checks.check_walk_step, "not divided by now")
def _(x, pred, now, then):
    m = now - then
    return x * (1 - m) + pred * m


@wrong(checks.check_walk_step, "ratio exchanged")
def _(x, pred, now, then):
    m = then / now
    return x * (1 - m) + pred * m


@wrong(checks.check_walk_step, "mixed with x")
def _(x, pred, now, then):
    return (1 - then) * pred + then * x


@wrong(checks.check_walk_step, "guess returned")
def _(x, pred, now, then):
    return pred.clone()


@wrong(checks.check_walk_step, "not moved")
def _(x, pred, now, then):
    noise = (x - (1 - now) * pred) / now
    return (1 - now) * pred + now * noise


@wrong(checks.check_walk_step, "away from the guess")
def _(x, pred, now, then):
    return x + (1 - then / now) * (x - pred)


@wrong(checks.check_walk_step, "noise not divided")
def _(x, pred, now, then):
    noise = x - (1 - now) * pred
    return (1 - then) * pred + then * noise


@wrong(checks.check_walk_step, "image not scaled")
def _(x, pred, now, then):
    noise = (x - pred) / now
    return (1 - then) * pred + then * noise


@wrong(checks.check_walk_step, "noise forgotten")
def _(x, pred, now, then):
    return pred - then * pred


@wrong(checks.check_walk_step, "fresh noise")
def _(x, pred, now, then):
    return (1 - then) * pred + then * torch.rand_like(x)


@wrong(checks.check_walk_step, "in place")
def _(x, pred, now, then):
    x += (1 - then / now) * (pred - x)
    return x


@right(checks.check_amount)
def _(x):
    return 1 + torch.cat([x[..., 0], x[..., -1]], 2).mean((1, 2))


@right(checks.check_amount)
def _(x):
    return torch.stack([1 + (image[0, :, 0].mean() + image[0, :, -1].mean()) / 2 for image in x])


@wrong(checks.check_amount, "share of the image")
def _(x):
    return -x[..., [0, -1]].flatten(1).mean(1)


@wrong(checks.check_amount, "mean itself")
def _(x):
    return x[..., [0, -1]].flatten(1).mean(1)


@wrong(checks.check_amount, "sign")
def _(x):
    return 1 - x[..., [0, -1]].flatten(1).mean(1)


@wrong(checks.check_amount, "whole picture")
def _(x):
    return 1 + x.flatten(1).mean(1)


@wrong(checks.check_amount, "one number for all")
def _(x):
    return 1 + x[..., [0, -1]].mean()


@wrong(checks.check_amount, "one number for all")
def _(x):
    return torch.full((len(x),), 1 + x[..., [0, -1]].mean().item())


@wrong(checks.check_amount, "rows for columns")
def _(x):
    return 1 + x[:, :, [0, -1]].flatten(1).mean(1)


@wrong(checks.check_amount, "one column")
def _(x):
    return 1 + x[:, 0, :, 0].mean(1)


@wrong(checks.check_amount, "one column")
def _(x):
    return 1 + x[:, 0, :, -1].mean(1)


@wrong(checks.check_amount, "range of 0 to 1")
def _(x):
    return ((x[..., [0, -1]] + 1) / 2).mean((1, 2, 3))


@wrong(checks.check_amount, "spread")
def _(x):
    return 3**0.5 * x[..., [0, -1]].flatten(1).std(1)


def gradients(net, x, fresh=True):
    if fresh:
        net.zero_grad()
    net(x).sum().backward()
    return [p.grad for p in net.parameters()]


@right(checks.check_idle)
def _(net, x):
    found = gradients(net, x)
    return [p.numel() if g is None else p.numel() - g.count_nonzero().item() for p, g in zip(net.parameters(), found)]


@right(checks.check_idle)
def _(net, x):
    wanted = torch.autograd.grad(net(x).square().sum(), list(net.parameters()), allow_unused=True)
    return torch.tensor([p.numel() if g is None else (g == 0).sum() for p, g in zip(net.parameters(), wanted)])


@wrong(checks.check_idle, "old gradients")
def _(net, x):
    found = gradients(net, x, fresh=False)
    return [p.numel() if g is None else int((g == 0).sum()) for p, g in zip(net.parameters(), found)]


@wrong(checks.check_idle, "None is not idle")
def _(net, x):
    return [0 if g is None else int((g == 0).sum()) for g in gradients(net, x)]


@wrong(checks.check_idle, "None counted once")
def _(net, x):
    return [1 if g is None else int((g == 0).sum()) for g in gradients(net, x)]


@wrong(checks.check_idle, "whole layers only")
def _(net, x):
    return [p.numel() * (g is None) for p, g in zip(net.parameters(), gradients(net, x))]


@wrong(checks.check_idle, "working ones")
def _(net, x):
    return [0 if g is None else g.count_nonzero().item() for g in gradients(net, x)]


@wrong(checks.check_idle, "left out")
def _(net, x):
    return [int((g == 0).sum()) for g in gradients(net, x) if g is not None]


@wrong(checks.check_idle, "zero weights")
def _(net, x):
    return [p.numel() - p.count_nonzero().item() for p in net.parameters()]


@wrong(checks.check_idle, "one sum")
def _(net, x):
    found = gradients(net, x)
    return sum(p.numel() if g is None else int((g == 0).sum()) for p, g in zip(net.parameters(), found))


@wrong(checks.check_idle, "AttributeError")
def _(net, x):
    return [p.grad.numel() for p in net.parameters()]


@right(checks.check_amounts)
def _(parts):
    return torch.cat([torch.ones(1), (1 - torch.tensor(parts)).cumprod(0)])


@right(checks.check_amounts)
def _(parts):
    left = [1.0]
    for m in parts:
        left.append(left[-1] - m * left[-1])
    return left


@wrong(checks.check_amounts, "start missing")
def _(parts):
    return (1 - torch.tensor(parts)).cumprod(0)


@wrong(checks.check_amounts, "one short")
def _(parts):
    return torch.cat([torch.ones(1), (1 - torch.tensor(parts)).cumprod(0)])[:-1]


@wrong(checks.check_amounts, "subtracted")
def _(parts):
    return 1 - torch.cat([torch.zeros(1), torch.tensor(parts).cumsum(0)])


@wrong(checks.check_amounts, "parts multiplied")
def _(parts):
    return torch.cat([torch.ones(1), torch.tensor(parts).cumprod(0)])


@wrong(checks.check_amounts, "each alone")
def _(parts):
    return [1.0] + [1 - m for m in parts]


@wrong(checks.check_amounts, "the image")
def _(parts):
    return 1 - torch.cat([torch.ones(1), (1 - torch.tensor(parts)).cumprod(0)])


@wrong(checks.check_amounts, "last one only")
def _(parts):
    return (1 - torch.tensor(parts)).prod()
