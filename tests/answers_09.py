"""Right and wrong answers to the exercises of lesson 9."""

import torch
from answers import of, right, wrong

import checks
import diffusion_utilities as du


@right(checks.check_score)
def _(x0, x, t, ab_t):
    return (of(ab_t[t]).sqrt() * x0 - x) / (1 - of(ab_t[t]))


@right(checks.check_score)
def _(x0, x, t, ab_t):  # by way of the noise
    signal, sigma = du.signal_and_noise(ab_t, t, x)
    return -((x - signal * x0) / sigma) / sigma


@wrong(checks.check_score, "noise")
def _(x0, x, t, ab_t):
    signal, sigma = du.signal_and_noise(ab_t, t, x)
    return (x - signal * x0) / sigma


@wrong(checks.check_score, "minus noise")
def _(x0, x, t, ab_t):
    signal, sigma = du.signal_and_noise(ab_t, t, x)
    return (signal * x0 - x) / sigma


@wrong(checks.check_score, "sign")
def _(x0, x, t, ab_t):
    signal, sigma = du.signal_and_noise(ab_t, t, x)
    return (x - signal * x0) / sigma**2


@wrong(checks.check_score, "no square root")
def _(x0, x, t, ab_t):
    return (of(ab_t[t]) * x0 - x) / (1 - of(ab_t[t]))


@wrong(checks.check_score, "x0 not scaled")
def _(x0, x, t, ab_t):
    return (x0 - x) / (1 - of(ab_t[t]))


@wrong(checks.check_score, "not divided")
def _(x0, x, t, ab_t):
    return of(ab_t[t]).sqrt() * x0 - x


@wrong(checks.check_score, "divided by ab_t")
def _(x0, x, t, ab_t):
    return (of(ab_t[t]).sqrt() * x0 - x) / of(ab_t[t])


@wrong(checks.check_score, "squared twice")
def _(x0, x, t, ab_t):
    return (of(ab_t[t]).sqrt() * x0 - x) / (1 - of(ab_t[t])).square()


@wrong(checks.check_score, "broadcast")
def _(x0, x, t, ab_t):
    return (ab_t[t].float().sqrt() * x0 - x) / (1 - ab_t[t].float())[:, None, None, None]


@right(checks.check_steer)
def _(x0, pull, t, gamma, ab_t):
    return x0 + gamma * (1 - of(ab_t[t])) / of(ab_t[t]).sqrt() * pull


@right(checks.check_steer)
def _(x0, pull, t, gamma, ab_t):  # through eps, as the lesson's class does
    x = du.add_noise(x0, t, torch.zeros_like(x0), ab_t)
    signal, sigma = du.signal_and_noise(ab_t, t, x)
    return (x - sigma * (0 - gamma * sigma * pull)) / signal


@wrong(checks.check_steer, "noise formula")
def _(x0, pull, t, gamma, ab_t):
    return x0 - gamma * (1 - of(ab_t[t])).sqrt() * pull


@wrong(checks.check_steer, "sign")
def _(x0, pull, t, gamma, ab_t):
    return x0 - gamma * (1 - of(ab_t[t])) / of(ab_t[t]).sqrt() * pull


@wrong(checks.check_steer, "sigma")
def _(x0, pull, t, gamma, ab_t):
    return x0 + gamma * (1 - of(ab_t[t])).sqrt() / of(ab_t[t]).sqrt() * pull


@wrong(checks.check_steer, "not divided")
def _(x0, pull, t, gamma, ab_t):
    return x0 + gamma * (1 - of(ab_t[t])) * pull


@wrong(checks.check_steer, "no square root")
def _(x0, pull, t, gamma, ab_t):
    return x0 + gamma * (1 - of(ab_t[t])) / of(ab_t[t]) * pull


@wrong(checks.check_steer, "only sigma")
def _(x0, pull, t, gamma, ab_t):
    return x0 + gamma * (1 - of(ab_t[t])).sqrt() * pull


@wrong(checks.check_steer, "unit")
def _(x0, pull, t, gamma, ab_t):
    return x0 + gamma * pull


@wrong(checks.check_steer, "gamma ignored")
def _(x0, pull, t, gamma, ab_t):
    return x0 + (1 - of(ab_t[t])) / of(ab_t[t]).sqrt() * pull


@wrong(checks.check_steer, "1 + gamma")
def _(x0, pull, t, gamma, ab_t):
    return x0 + (1 + gamma) * (1 - of(ab_t[t])) / of(ab_t[t]).sqrt() * pull


@right(checks.check_langevin)
def _(score, x, h, z):
    for i in range(len(z)):
        x = x + h * score(x) + (2 * h) ** 0.5 * z[i]
    return x


@right(checks.check_langevin)
def _(score, x, h, z):
    return x if len(z) == 0 else _(score, torch.add(x, score(x), alpha=h) + (h * 2) ** 0.5 * z[0], h, z[1:])


@wrong(checks.check_langevin, "no noise")
def _(score, x, h, z):
    for _step in z:
        x = x + h * score(x)
    return x


@wrong(checks.check_langevin, "noise not rooted")
def _(score, x, h, z):
    for fresh in z:
        x = x + h * score(x) + 2 * h * fresh
    return x


@wrong(checks.check_langevin, "2 missing")
def _(score, x, h, z):
    for fresh in z:
        x = x + h * score(x) + h**0.5 * fresh
    return x


@wrong(checks.check_langevin, "2 outside")
def _(score, x, h, z):
    for fresh in z:
        x = x + h * score(x) + 2 * h**0.5 * fresh
    return x


@wrong(checks.check_langevin, "downhill")
def _(score, x, h, z):
    for fresh in z:
        x = x - h * score(x) + (2 * h) ** 0.5 * fresh
    return x


@wrong(checks.check_langevin, "one step")
def _(score, x, h, z):
    for fresh in z:
        return x + h * score(x) + (2 * h) ** 0.5 * fresh


@wrong(checks.check_langevin, "same noise")
def _(score, x, h, z):
    for _step in z:
        x = x + h * score(x) + (2 * h) ** 0.5 * z[0]
    return x


@wrong(checks.check_langevin, "score of the start")
def _(score, x, h, z):
    slope = score(x)
    return x + len(z) * h * slope + (2 * h) ** 0.5 * z.sum(0)


@wrong(checks.check_langevin, "x not carried on")
def _(score, x, h, z):
    for fresh in z:
        new = x + h * score(x) + (2 * h) ** 0.5 * fresh
    return new


@wrong(checks.check_langevin, "h forgotten")
def _(score, x, h, z):
    for fresh in z:
        x = x + score(x) + (2 * h) ** 0.5 * fresh
    return x


@wrong(checks.check_langevin, "fresh noise")
def _(score, x, h, z):
    for _step in z:
        x = x + h * score(x) + (2 * h) ** 0.5 * torch.randn_like(x)
    return x


@wrong(checks.check_langevin, "in place")
def _(score, x, h, z):
    for fresh in z:
        x += h * score(x) + (2 * h) ** 0.5 * fresh
    return x
