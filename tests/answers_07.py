"""Right and wrong answers to the exercises of lesson 7."""

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
