"""Right and wrong answers to the exercises of lesson 8."""

import torch
from answers import right, wrong

import checks


@right(checks.check_mean)
def _(x, eps, i, ab):
    beta = 1 - ab[i] / ab[i - 1]
    return (x - beta / (1 - ab[i]).sqrt() * eps) / (1 - beta).sqrt()


@right(checks.check_mean)
def _(x, eps, i, ab):  # through x0 and the posterior
    t, s = ab[i], ab[i - 1]
    x0 = (x - (1 - t).sqrt() * eps) / t.sqrt()
    return s.sqrt() * (1 - t / s) / (1 - t) * x0 + (t / s).sqrt() * (1 - s) / (1 - t) * x


@wrong(checks.check_mean, "square root of 1 - ab")
def _(x, eps, i, ab):
    alpha = ab[i] / ab[i - 1]
    return (x - (1 - alpha) / (1 - ab[i]) * eps) / alpha.sqrt()


@wrong(checks.check_mean, "root of beta")
def _(x, eps, i, ab):
    alpha = ab[i] / ab[i - 1]
    return (x - (1 - alpha).sqrt() * eps) / alpha.sqrt()


@wrong(checks.check_mean, "all the noise")
def _(x, eps, i, ab):
    return (x - (1 - ab[i]).sqrt() * eps) / ab[i].sqrt()


@wrong(checks.check_mean, "not divided")
def _(x, eps, i, ab):
    return x - (1 - ab[i] / ab[i - 1]) / (1 - ab[i]).sqrt() * eps


@wrong(checks.check_mean, "square root of 1 - beta")
def _(x, eps, i, ab):
    alpha = ab[i] / ab[i - 1]
    return (x - (1 - alpha) / (1 - ab[i]).sqrt() * eps) / alpha


@wrong(checks.check_mean, "ab for 1 - beta")
def _(x, eps, i, ab):
    return (x - (1 - ab[i] / ab[i - 1]) / (1 - ab[i]).sqrt() * eps) / ab[i].sqrt()


@wrong(checks.check_mean, "sign")
def _(x, eps, i, ab):
    alpha = ab[i] / ab[i - 1]
    return (x + (1 - alpha) / (1 - ab[i]).sqrt() * eps) / alpha.sqrt()


@wrong(checks.check_mean, "DDIM")
def _(x, eps, i, ab):
    x0 = (x - (1 - ab[i]).sqrt() * eps) / ab[i].sqrt()
    return ab[i - 1].sqrt() * x0 + (1 - ab[i - 1]).sqrt() * eps


@wrong(checks.check_mean, "noise added")
def _(x, eps, i, ab):
    beta = 1 - ab[i] / ab[i - 1]
    return (x - beta / (1 - ab[i]).sqrt() * eps) / (1 - beta).sqrt() + beta.sqrt() * torch.randn_like(x)


@wrong(checks.check_mean, "in place")
def _(x, eps, i, ab):
    beta = 1 - ab[i] / ab[i - 1]
    x -= beta / (1 - ab[i]).sqrt() * eps
    return x / (1 - beta).sqrt()


@right(checks.check_levels)
def _(mean, std, levels):
    bell = torch.distributions.Normal(torch.tensor(mean).double(), torch.tensor(std).double())
    edges = -1 + (2 * torch.arange(1, levels, dtype=torch.float64) - 1) / (levels - 1)
    below = torch.cat([torch.zeros(1), bell.cdf(edges), torch.ones(1)])
    return below.diff()


@right(checks.check_levels)
def _(mean, std, levels):
    x, half, p = torch.linspace(-1, 1, levels).double(), 1 / (levels - 1), []
    for k, value in enumerate(x):
        upper = 1.0 if k == levels - 1 else torch.special.ndtr((value + half - mean) / std).item()
        p.append(upper - (0.0 if k == 0 else torch.special.ndtr((value - half - mean) / std).item()))
    return torch.tensor(p)


def bins(mean, std, levels, down, up):
    x = torch.linspace(-1, 1, levels).double()
    return torch.special.ndtr((x + up - mean) / std), torch.special.ndtr((x - down - mean) / std)


@wrong(checks.check_levels, "closed bins")
def _(mean, std, levels):
    upper, lower = bins(mean, std, levels, 1 / (levels - 1), 1 / (levels - 1))
    return upper - lower


@wrong(checks.check_levels, "one end closed")
def _(mean, std, levels):
    upper, lower = bins(mean, std, levels, 1 / (levels - 1), 1 / (levels - 1))
    lower[0] = 0
    return upper - lower


@wrong(checks.check_levels, "scaled up")
def _(mean, std, levels):
    upper, lower = bins(mean, std, levels, 1 / (levels - 1), 1 / (levels - 1))
    return (upper - lower) / (upper - lower).sum()


@wrong(checks.check_levels, "bins of 1/255")
def _(mean, std, levels):
    upper, lower = bins(mean, std, levels, 1 / 255, 1 / 255)
    upper[-1], lower[0] = 1, 0
    return upper - lower


@wrong(checks.check_levels, "width")
def _(mean, std, levels):
    upper, lower = bins(mean, std, levels, 1 / levels, 1 / levels)
    upper[-1], lower[0] = 1, 0
    return upper - lower


@wrong(checks.check_levels, "shifted")
def _(mean, std, levels):
    upper, lower = bins(mean, std, levels, 0, 2 / (levels - 1))
    upper[-1], lower[0] = 1, 0
    return upper - lower


@wrong(checks.check_levels, "variance")
def _(mean, std, levels):
    upper, lower = bins(mean, std**2, levels, 1 / (levels - 1), 1 / (levels - 1))
    upper[-1], lower[0] = 1, 0
    return upper - lower


@wrong(checks.check_levels, "density")
def _(mean, std, levels):
    bell = torch.distributions.Normal(mean, std)
    return bell.log_prob(torch.linspace(-1, 1, levels)).exp() * 2 / (levels - 1)


@wrong(checks.check_levels, "bits")
def _(mean, std, levels):
    upper, lower = bins(mean, std, levels, 1 / (levels - 1), 1 / (levels - 1))
    upper[-1], lower[0] = 1, 0
    return -torch.log2(upper - lower)


@right(checks.check_hybrid)
def _(mse, vb, out, v, T):
    return (mse(out) + vb(out.detach(), v) * T / 1000).mean()


@right(checks.check_hybrid)
def _(mse, vb, out, v, T):
    guess = out.clone().detach()
    return mse(out).sum() / len(out) + T * vb(guess, v).mean() / 1000


@wrong(checks.check_hybrid, "not stopped")
def _(mse, vb, out, v, T):
    return (mse(out) + vb(out, v) * T / 1000).mean()


@wrong(checks.check_hybrid, "v stopped")
def _(mse, vb, out, v, T):
    return (mse(out) + vb(out.detach(), v).detach() * T / 1000).mean()


@wrong(checks.check_hybrid, "v stopped")
def _(mse, vb, out, v, T):
    return (mse(out) + vb(out, v.detach()) * T / 1000).mean()


@wrong(checks.check_hybrid, "mse stopped")
def _(mse, vb, out, v, T):
    return (mse(out.detach()) + vb(out, v) * T / 1000).mean()


@wrong(checks.check_hybrid, "not scaled")
def _(mse, vb, out, v, T):
    return (mse(out) + vb(out.detach(), v)).mean()


@wrong(checks.check_hybrid, "times T")
def _(mse, vb, out, v, T):
    return (mse(out) + vb(out.detach(), v) * T).mean()


@wrong(checks.check_hybrid, "divided by T")
def _(mse, vb, out, v, T):
    return (mse(out) + vb(out.detach(), v) / T * 1000).mean()


@wrong(checks.check_hybrid, "sum")
def _(mse, vb, out, v, T):
    return (mse(out) + vb(out.detach(), v) * T / 1000).sum()


@wrong(checks.check_hybrid, "vb missing")
def _(mse, vb, out, v, T):
    return mse(out).mean()
