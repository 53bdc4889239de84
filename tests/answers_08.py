"""Right and wrong answers to the exercises of lesson 8."""

import math

import torch
from answers import right, wrong

import checks


@right(checks.check_kl)
def _(mean_1, var_1, mean_2, var_2):
    away = var_1 + (mean_1 - mean_2).square()
    return (torch.log(var_2) - torch.log(var_1) + away / var_2 - 1) / (2 * math.log(2))


@right(checks.check_kl)
def _(mean_1, var_1, mean_2, var_2):  # PyTorch's own
    bells = (torch.distributions.Normal(mean, var**0.5) for mean, var in ((mean_1, var_1), (mean_2, var_2)))
    return torch.distributions.kl_divergence(*bells) / math.log(2)


@wrong(checks.check_kl, "nats")
def _(mean_1, var_1, mean_2, var_2):
    return 0.5 * ((var_2 / var_1).log() + (var_1 + (mean_1 - mean_2) ** 2) / var_2 - 1)


@wrong(checks.check_kl, "swapped")
def _(mean_1, var_1, mean_2, var_2):
    return 0.5 * ((var_1 / var_2).log2() + ((var_2 + (mean_1 - mean_2) ** 2) / var_1 - 1) / math.log(2))


@wrong(checks.check_kl, "no half")
def _(mean_1, var_1, mean_2, var_2):
    return ((var_2 / var_1).log() + (var_1 + (mean_1 - mean_2) ** 2) / var_2 - 1) / math.log(2)


@wrong(checks.check_kl, "minus 1 missing")
def _(mean_1, var_1, mean_2, var_2):
    return 0.5 * ((var_2 / var_1).log() + (var_1 + (mean_1 - mean_2) ** 2) / var_2) / math.log(2)


@wrong(checks.check_kl, "spread missing")
def _(mean_1, var_1, mean_2, var_2):
    return 0.5 * ((var_2 / var_1).log() + (mean_1 - mean_2) ** 2 / var_2) / math.log(2)


@wrong(checks.check_kl, "cross-entropy")
def _(mean_1, var_1, mean_2, var_2):
    away = var_1 + (mean_1 - mean_2) ** 2
    return (0.5 * (2 * math.pi * var_2).log() + away / (2 * var_2)) / math.log(2)


@wrong(checks.check_kl, "log missing")
def _(mean_1, var_1, mean_2, var_2):
    return 0.5 * ((var_1 + (mean_1 - mean_2) ** 2) / var_2 - 1) / math.log(2)


@wrong(checks.check_kl, "log upside down")
def _(mean_1, var_1, mean_2, var_2):
    return 0.5 * ((var_1 / var_2).log() + (var_1 + (mean_1 - mean_2) ** 2) / var_2 - 1) / math.log(2)


@wrong(checks.check_kl, "own variance")
def _(mean_1, var_1, mean_2, var_2):
    return 0.5 * ((var_2 / var_1).log() + (var_1 + (mean_1 - mean_2) ** 2) / var_1 - 1) / math.log(2)


@wrong(checks.check_kl, "not squared")
def _(mean_1, var_1, mean_2, var_2):
    return 0.5 * ((var_2 / var_1).log() + (var_1 + (mean_1 - mean_2).abs()) / var_2 - 1) / math.log(2)


@wrong(checks.check_kl, "multiplied by ln 2")
def _(mean_1, var_1, mean_2, var_2):
    return 0.5 * ((var_2 / var_1).log() + (var_1 + (mean_1 - mean_2) ** 2) / var_2 - 1) * math.log(2)


@wrong(checks.check_kl, "in place")
def _(mean_1, var_1, mean_2, var_2):
    mean_1 -= mean_2
    return 0.5 * ((var_2 / var_1).log() + (var_1 + mean_1**2) / var_2 - 1) / math.log(2)


@right(checks.check_posterior_weights)
def _(ab):  # by certainties, as lesson 2 had it
    t, s = ab[1:], ab[:-1]
    a = t / s
    small = (1 - s) * (1 - a) / (1 - a + a * (1 - s))
    return (1 - a) * s.sqrt() / (1 - a + a * (1 - s)), a.sqrt() * small / (1 - a), small, 1 - a


@right(checks.check_posterior_weights)
def _(ab):  # one step after the other
    rows = []
    for i in range(1, len(ab)):
        t, s = ab[i].item(), ab[i - 1].item()
        beta = 1 - t / s
        rows.append([s**0.5 * beta / (1 - t), (t / s) ** 0.5 * (1 - s) / (1 - t), beta * (1 - s) / (1 - t), beta])
    return list(torch.tensor(rows, dtype=torch.float64).T)


def parts_of(ab):
    t, s = ab[1:], ab[:-1]
    beta = 1 - t / s
    return t, s, beta, s.sqrt() * beta / (1 - t), (t / s).sqrt() * (1 - s) / (1 - t), beta * (1 - s) / (1 - t)


@wrong(checks.check_posterior_weights, "weights swapped")
def _(ab):
    _, _, beta, w_0, w_t, small = parts_of(ab)
    return w_t, w_0, small, beta


@wrong(checks.check_posterior_weights, "variances swapped")
def _(ab):
    _, _, beta, w_0, w_t, small = parts_of(ab)
    return w_0, w_t, beta, small


@wrong(checks.check_posterior_weights, "all the noise")
def _(ab):
    t, s, _, w_0, w_t, _ = parts_of(ab)
    return w_0, w_t, 1 - s, 1 - t


@wrong(checks.check_posterior_weights, "upside down")
def _(ab):
    t, s, beta, w_0, w_t, _ = parts_of(ab)
    return w_0, w_t, beta * (1 - t) / (1 - s), beta


@wrong(checks.check_posterior_weights, "standard deviations")
def _(ab):
    _, _, beta, w_0, w_t, small = parts_of(ab)
    return w_0, w_t, small**0.5, beta**0.5


@wrong(checks.check_posterior_weights, "root missing")
def _(ab):
    t, s, beta, _, w_t, small = parts_of(ab)
    return s * beta / (1 - t), w_t, small, beta


@wrong(checks.check_posterior_weights, "ab_t for ab_s")
def _(ab):
    t, _, beta, _, w_t, small = parts_of(ab)
    return t.sqrt() * beta / (1 - t), w_t, small, beta


@wrong(checks.check_posterior_weights, "not faded")
def _(ab):
    t, s, beta, w_0, _, small = parts_of(ab)
    return w_0, (1 - s) / (1 - t), small, beta


@wrong(checks.check_posterior_weights, "time 0")
def _(ab):
    _, _, beta, w_0, w_t, small = parts_of(ab)
    return tuple(torch.cat([value[:1], value]) for value in (w_0, w_t, small, beta))


@right(checks.check_price)
def _(ab):
    snr = ab / (1 - ab)
    return -snr[1:].diff() / (2 * math.log(2))


@right(checks.check_price)
def _(ab):  # from the weights
    _, _, _, w_0, _, small = parts_of(ab)
    return (w_0[1:].square() / small[1:] / 2) / math.log(2)


@wrong(checks.check_price, "nats")
def _(ab):
    return -(ab / (1 - ab))[1:].diff() / 2


@wrong(checks.check_price, "half missing")
def _(ab):
    return -(ab / (1 - ab))[1:].diff() / math.log(2)


@wrong(checks.check_price, "half and ln 2 missing")
def _(ab):
    return -(ab / (1 - ab))[1:].diff()


@wrong(checks.check_price, "sign")
def _(ab):
    return (ab / (1 - ab))[1:].diff() / (2 * math.log(2))


@wrong(checks.check_price, "step 1")
def _(ab):
    return -(ab / (1 - ab)).diff() / (2 * math.log(2))


@wrong(checks.check_price, "not squared")
def _(ab):
    _, _, _, w_0, _, small = parts_of(ab)
    return w_0[1:] / small[1:] / (2 * math.log(2))


@wrong(checks.check_price, "large")
def _(ab):
    _, _, beta, w_0, _, _ = parts_of(ab)
    return w_0[1:] ** 2 / beta[1:] / (2 * math.log(2))


@wrong(checks.check_price, "noise to signal")
def _(ab):
    return ((1 - ab) / ab)[1:].diff() / (2 * math.log(2))


@wrong(checks.check_price, "roots")
def _(ab):
    return -(ab / (1 - ab)).sqrt()[1:].diff() / (2 * math.log(2))


@right(checks.check_last_step)
def _(x, mean, std):
    bell = torch.distributions.Normal(torch.as_tensor(mean), torch.as_tensor(std).double())
    below = torch.where(x < -0.999, torch.zeros_like(x), bell.cdf(x - 1 / 255))
    above = torch.where(x > 0.999, torch.ones_like(x), bell.cdf(x + 1 / 255))
    return -(above - below + 1e-12).log() / math.log(2)


@right(checks.check_last_step)
def _(x, mean, std):  # by numbers from 0 to 255
    k, centre, width = (x + 1) * 127.5, (mean + 1) * 127.5, std * 127.5
    upper = torch.special.ndtr((k + 0.5 - centre) / width).masked_fill(k.round() == 255, 1)
    lower = torch.special.ndtr((k - 0.5 - centre) / width).masked_fill(k.round() == 0, 0)
    return -torch.log2(upper - lower + 1e-12)


def edges(x, mean, std, down=1 / 255, up=1 / 255, low=True, high=True):
    upper, lower = torch.special.ndtr((x + up - mean) / std), torch.special.ndtr((x - down - mean) / std)
    upper = torch.where((x > 0.999) & torch.tensor(high), 1.0, upper)
    return upper - torch.where((x < -0.999) & torch.tensor(low), 0.0, lower) + 1e-12


@wrong(checks.check_last_step, "closed bins")
def _(x, mean, std):
    return -torch.log2(edges(x, mean, std, low=False, high=False))


@wrong(checks.check_last_step, "one end closed")
def _(x, mean, std):
    return -torch.log2(edges(x, mean, std, low=False))


@wrong(checks.check_last_step, "double width")
def _(x, mean, std):
    return -torch.log2(edges(x, mean, std, 2 / 255, 2 / 255))


@wrong(checks.check_last_step, "half width")
def _(x, mean, std):
    return -torch.log2(edges(x, mean, std, 1 / 510, 1 / 510))


@wrong(checks.check_last_step, "shifted")
def _(x, mean, std):
    return -torch.log2(edges(x, mean, std, 0, 2 / 255))


@wrong(checks.check_last_step, "variance")
def _(x, mean, std):
    return -torch.log2(edges(x, mean, std**2))


@wrong(checks.check_last_step, "density")
def _(x, mean, std):
    bell = torch.distributions.Normal(torch.as_tensor(mean), torch.as_tensor(std).double())
    return -torch.log2(bell.log_prob(x).exp() * 2 / 255 + 1e-12)


@wrong(checks.check_last_step, "probability")
def _(x, mean, std):
    return edges(x, mean, std)


@wrong(checks.check_last_step, "nats")
def _(x, mean, std):
    return -torch.log(edges(x, mean, std))


@wrong(checks.check_last_step, "sign")
def _(x, mean, std):
    return torch.log2(edges(x, mean, std))


@right(checks.check_best_variance)
def _(ab, error):
    _, _, _, w_0, _, small = parts_of(ab)
    return small + w_0.square() * error


@right(checks.check_best_variance)
def _(ab, error):
    t, s = ab[1:], ab[:-1]
    beta = 1 - t / s
    return beta / (1 - t) * (1 - s + s * beta / (1 - t) * error)


@wrong(checks.check_best_variance, "error of the guess")
def _(ab, error):
    return parts_of(ab)[5] + error


@wrong(checks.check_best_variance, "not squared")
def _(ab, error):
    _, _, _, w_0, _, small = parts_of(ab)
    return small + w_0 * error


@wrong(checks.check_best_variance, "small missing")
def _(ab, error):
    return parts_of(ab)[3] ** 2 * error


@wrong(checks.check_best_variance, "large")
def _(ab, error):
    _, _, beta, w_0, _, _ = parts_of(ab)
    return beta + w_0**2 * error


@wrong(checks.check_best_variance, "error missing")
def _(ab, error):
    return parts_of(ab)[5]


@wrong(checks.check_best_variance, "w_t")
def _(ab, error):
    _, _, _, _, w_t, small = parts_of(ab)
    return small + w_t**2 * error


@wrong(checks.check_best_variance, "root")
def _(ab, error):
    _, _, _, w_0, _, small = parts_of(ab)
    return (small + w_0**2 * error) ** 0.5


@wrong(checks.check_best_variance, "error squared")
def _(ab, error):
    _, _, _, w_0, _, small = parts_of(ab)
    return small + (w_0 * error) ** 2
