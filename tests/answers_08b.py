"""Right and wrong answers to the exercises of lesson 8b."""

import torch
from answers import right, wrong

import checks


def numbers(t, s, ab_t):
    """w_0, w_t, small and large, from the betas' side."""
    a = ab_t[t] / ab_t[s]
    return (ab_t[s] ** 0.5 * (1 - a) / (1 - ab_t[t]), a**0.5 * (1 - ab_t[s]) / (1 - ab_t[t]),
            (1 - a) * (1 - ab_t[s]) / (1 - ab_t[t]), 1 - a)  # fmt: skip


@right(checks.check_between)
def _(r, small, large):
    share = (r + 1) / 2
    return (share * large.log() + (1 - share) * small.log()).exp()


@right(checks.check_between)
def _(r, small, large):
    return (small * large) ** 0.5 * (large / small) ** (r / 2)


@wrong(checks.check_between, "straight line")
def _(r, small, large):
    return torch.lerp(small.expand_as(r), large.expand_as(r), (r + 1) / 2)


@wrong(checks.check_between, "logarithm")
def _(r, small, large):
    return small.log() + (r + 1) / 2 * (large.log() - small.log())


@wrong(checks.check_between, "r as a share")
def _(r, small, large):
    return (small.log() + r * (large.log() - small.log())).exp()


@wrong(checks.check_between, "half")
def _(r, small, large):
    return small * (large / small) ** (r / 2)


@wrong(checks.check_between, "turned round")
def _(r, small, large):
    return large * (small / large) ** ((r + 1) / 2)


@wrong(checks.check_between, "deviation")
def _(r, small, large):
    return (small * (large / small) ** ((r + 1) / 2)).sqrt()


@wrong(checks.check_between, "clamped")
def _(r, small, large):
    return small * (large / small) ** ((r + 1) / 2).clamp(0, 1)


@wrong(checks.check_between, "squashed")
def _(r, small, large):
    return small * (large / small) ** torch.sigmoid(r)


@right(checks.check_hybrid)
def _(mse, vb, out, r, T):
    return (mse(out) + vb(out.detach(), r) * T / 1000).mean()


@right(checks.check_hybrid)
def _(mse, vb, out, r, T):
    guess = out.clone().detach()
    return mse(out).sum() / len(out) + T * vb(guess, r).mean() / 1000


@wrong(checks.check_hybrid, "not stopped")
def _(mse, vb, out, r, T):
    return (mse(out) + vb(out, r) * T / 1000).mean()


@wrong(checks.check_hybrid, "r stopped")
def _(mse, vb, out, r, T):
    return (mse(out) + vb(out.detach(), r).detach() * T / 1000).mean()


@wrong(checks.check_hybrid, "r stopped")
def _(mse, vb, out, r, T):
    return (mse(out) + vb(out, r.detach()) * T / 1000).mean()


@wrong(checks.check_hybrid, "mse stopped")
def _(mse, vb, out, r, T):
    return (mse(out.detach()) + vb(out, r) * T / 1000).mean()


@wrong(checks.check_hybrid, "not scaled")
def _(mse, vb, out, r, T):
    return (mse(out) + vb(out.detach(), r)).mean()


@wrong(checks.check_hybrid, "times T")
def _(mse, vb, out, r, T):
    return (mse(out) + vb(out.detach(), r) * T).mean()


@wrong(checks.check_hybrid, "divided by T")
def _(mse, vb, out, r, T):
    return (mse(out) + vb(out.detach(), r) / T * 1000).mean()


@wrong(checks.check_hybrid, "sum")
def _(mse, vb, out, r, T):
    return (mse(out) + vb(out.detach(), r) * T / 1000).sum()


@wrong(checks.check_hybrid, "vb missing")
def _(mse, vb, out, r, T):
    return mse(out).mean()


def shared_out(size):
    p = 0.999 * size / size.sum() + 0.001 / len(size)
    return p, 1 / (len(size) * p)


@right(checks.check_practise)
def _(losses):
    return shared_out((losses**2).mean(dim=1) ** 0.5)


@right(checks.check_practise)
def _(losses):  # the norm of a row is in proportion to the root of its mean square
    size = torch.linalg.vector_norm(losses, dim=1)
    T, p = len(size), size / size.sum()
    p = p + 0.001 * (1 / T - p)
    return [p, p.reciprocal() / T]


@wrong(checks.check_practise, "mean")
def _(losses):
    return shared_out(losses.mean(1))


@wrong(checks.check_practise, "no root")
def _(losses):
    return shared_out((losses**2).mean(1))


@wrong(checks.check_practise, "largest")
def _(losses):
    return shared_out(losses.max(1).values)


@wrong(checks.check_practise, "not shared out")
def _(losses):
    p = 0.999 * (losses**2).mean(1).sqrt() + 0.001 / len(losses)
    return p, 1 / (len(p) * p)


@wrong(checks.check_practise, "no uniform share")
def _(losses):
    p = (losses**2).mean(1).sqrt()
    p = p / p.sum()
    return p, 1 / (len(p) * p)


@wrong(checks.check_practise, "weight p")
def _(losses):
    p, _ = shared_out((losses**2).mean(1).sqrt())
    return p, len(p) * p


@wrong(checks.check_practise, "weight p")
def _(losses):
    p, _ = shared_out((losses**2).mean(1).sqrt())
    return p, p


@wrong(checks.check_practise, "T missing")
def _(losses):
    p, _ = shared_out((losses**2).mean(1).sqrt())
    return p, 1 / p


@wrong(checks.check_practise, "no weight")
def _(losses):
    p, _ = shared_out((losses**2).mean(1).sqrt())
    return p, torch.ones(len(p))


@wrong(checks.check_practise, "shape")
def _(losses):
    return shared_out((losses**2).mean(0).sqrt())


@right(checks.check_from_previous)
def _(out, x, t, s, ab_t):
    w_0, w_t, _, _ = numbers(t, s, ab_t)
    return (out - w_t * x) / w_0


@right(checks.check_from_previous)
def _(out, x, t, s, ab_t):
    w_0, w_t, _, _ = numbers(t, s, ab_t)
    return out / w_0 - w_t / w_0 * x


@wrong(checks.check_from_previous, "untouched answer")
def _(out, x, t, s, ab_t):
    return out * 1.0


@wrong(checks.check_from_previous, "not divided")
def _(out, x, t, s, ab_t):
    return out - numbers(t, s, ab_t)[1] * x


@wrong(checks.check_from_previous, "x_t forgotten")
def _(out, x, t, s, ab_t):
    return out / numbers(t, s, ab_t)[0]


@wrong(checks.check_from_previous, "plus")
def _(out, x, t, s, ab_t):
    w_0, w_t, _, _ = numbers(t, s, ab_t)
    return (out + w_t * x) / w_0


@wrong(checks.check_from_previous, "weights exchanged")
def _(out, x, t, s, ab_t):
    w_0, w_t, _, _ = numbers(t, s, ab_t)
    return (out - w_0 * x) / w_t


@wrong(checks.check_from_previous, "multiplied")
def _(out, x, t, s, ab_t):
    w_0, w_t, _, _ = numbers(t, s, ab_t)
    return (out - w_t * x) * w_0


@wrong(checks.check_from_previous, "weight of x_t left out")
def _(out, x, t, s, ab_t):
    return (out - x) / numbers(t, s, ab_t)[0]


@wrong(checks.check_from_previous, "as a jump")
def _(out, x, t, s, ab_t):
    return out / ab_t[s].sqrt()


@wrong(checks.check_from_previous, "single step")
def _(out, x, t, s, ab_t):
    w_0, w_t, _, _ = numbers(t, t - 1, ab_t)
    return (out - w_t * x) / w_0
