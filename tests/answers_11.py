"""Right and wrong answers to the exercises of lesson 11; test_checks.py runs them."""

import torch
from answers import of, right, wrong

import checks


def roots(t, ab_t):
    return of(ab_t[t]).sqrt(), of(1 - ab_t[t]).sqrt()


@right(checks.check_velocity)
def _(x, v, t, ab_t):
    signal, sigma = roots(t, ab_t)
    return (signal + sigma) * v - (signal - sigma) * x


@right(checks.check_velocity)
def _(x, v, t, ab_t):
    signal, sigma = roots(t, ab_t)
    x0 = signal * x - sigma * v
    return (x - signal * x0) / sigma - x0


@wrong(checks.check_velocity, "sign")
def _(x, v, t, ab_t):
    signal, sigma = roots(t, ab_t)
    return (signal * x - sigma * v) - (sigma * x + signal * v)


@wrong(checks.check_velocity, "v itself")
def _(x, v, t, ab_t):
    return v


@wrong(checks.check_velocity, "square roots")
def _(x, v, t, ab_t):
    ab = of(ab_t[t])
    return v - (2 * ab - 1) * x


@wrong(checks.check_velocity, "x missing")
def _(x, v, t, ab_t):
    signal, sigma = roots(t, ab_t)
    return (signal + sigma) * v


@wrong(checks.check_velocity, "x added")
def _(x, v, t, ab_t):
    signal, sigma = roots(t, ab_t)
    return (signal + sigma) * v + (signal - sigma) * x


@wrong(checks.check_velocity, "factors exchanged")
def _(x, v, t, ab_t):
    signal, sigma = roots(t, ab_t)
    return (signal - sigma) * v - (signal + sigma) * x


@wrong(checks.check_velocity, "noise alone")
def _(x, v, t, ab_t):
    signal, sigma = roots(t, ab_t)
    return sigma * x + signal * v


@wrong(checks.check_velocity, "image alone")
def _(x, v, t, ab_t):
    signal, sigma = roots(t, ab_t)
    return signal * x - sigma * v


@wrong(checks.check_velocity, "noise minus x")
def _(x, v, t, ab_t):
    signal, sigma = roots(t, ab_t)
    return sigma * x + signal * v - x


@wrong(checks.check_velocity, "one time for all")
def _(x, v, t, ab_t):
    signal, sigma = ab_t[t[0]].float().sqrt(), (1 - ab_t[t[0]]).float().sqrt()
    return (signal + sigma) * v - (signal - sigma) * x


@wrong(checks.check_velocity, "broadcast")
def _(x, v, t, ab_t):
    signal, sigma = ab_t[t].float().sqrt(), (1 - ab_t[t]).float().sqrt()
    return (signal + sigma) * v - (signal - sigma) * x


@right(checks.check_heun_step)
def _(velocity, x, r, s):
    first = velocity(x, r)
    second = velocity(x + (s - r) * first, s)
    return x + (s - r) * (0.5 * first + 0.5 * second)


@wrong(checks.check_heun_step, "Euler")
def _(velocity, x, r, s):
    return x + (s - r) * velocity(x, r)


@wrong(checks.check_heun_step, "not halved")
def _(velocity, x, r, s):
    u = velocity(x, r)
    return x + (s - r) * (u + velocity(x + (s - r) * u, s))


@wrong(checks.check_heun_step, "old time")
def _(velocity, x, r, s):
    u = velocity(x, r)
    return x + (s - r) * (u + velocity(x + (s - r) * u, r)) / 2


@wrong(checks.check_heun_step, "old point")
def _(velocity, x, r, s):
    return x + (s - r) * (velocity(x, r) + velocity(x, s)) / 2


@wrong(checks.check_heun_step, "second alone")
def _(velocity, x, r, s):
    return x + (s - r) * velocity(x + (s - r) * velocity(x, r), s)


@wrong(checks.check_heun_step, "wrong way")
def _(velocity, x, r, s):
    u = velocity(x, r)
    return x + (r - s) * (u + velocity(x + (r - s) * u, s)) / 2


@wrong(checks.check_heun_step, "look back")
def _(velocity, x, r, s):
    u = velocity(x, r)
    return x + (s - r) * (u + velocity(x - (s - r) * u, s)) / 2


@wrong(checks.check_heun_step, "not halved")
def _(velocity, x, r, s):
    x = x + (s - r) * velocity(x, r)
    return x + (s - r) * velocity(x, s)


@wrong(checks.check_heun_step, "from ahead")
def _(velocity, x, r, s):
    u = velocity(x, r)
    x = x + (s - r) * u
    return x + (s - r) * (u + velocity(x, s)) / 2


@wrong(checks.check_heun_step, "midpoint")
def _(velocity, x, r, s):
    half = (r + s) / 2
    return x + (s - r) * velocity(x + (half - r) * velocity(x, r), half)


@right(checks.check_jumps)
def _(end, noises, times, ab_t):
    x = end(noises[0], times[0])
    for z, t in zip(noises[1:], times[1:]):
        x = end(ab_t[t].sqrt() * x + (1 - ab_t[t]).sqrt() * z, t)
    return x


@right(checks.check_jumps)
def _(end, noises, times, ab_t):
    x = torch.zeros_like(noises[0])
    for z, t in zip(noises, times):
        x = end(ab_t[t] ** 0.5 * x + (1 - ab_t[t]) ** 0.5 * z, t)
    return x


def jumps_with(image, noise):
    def answer(end, noises, times, ab_t):
        x = end(noises[0], times[0])
        for z, t in zip(noises[1:], times[1:]):
            x = end(image(ab_t[t]) * x + noise(ab_t[t]) * z, t)
        return x

    return answer


wrong(checks.check_jumps, "square roots")(jumps_with(lambda ab: ab, lambda ab: 1 - ab))
wrong(checks.check_jumps, "square root of noise")(jumps_with(lambda ab: ab.sqrt(), lambda ab: 1 - ab))
wrong(checks.check_jumps, "image not scaled")(jumps_with(lambda ab: 1, lambda ab: (1 - ab).sqrt()))
wrong(checks.check_jumps, "swapped")(jumps_with(lambda ab: (1 - ab).sqrt(), lambda ab: ab.sqrt()))
wrong(checks.check_jumps, "no noise")(jumps_with(lambda ab: 1, lambda ab: 0))


@wrong(checks.check_jumps, "one call")
def _(end, noises, times, ab_t):
    return end(noises[0], times[0])


@wrong(checks.check_jumps, "last noise alone")
def _(end, noises, times, ab_t):
    for z, t in zip(noises, times):
        x = end(z, t)
    return x


@wrong(checks.check_jumps, "old noise")
def _(end, noises, times, ab_t):
    x = end(noises[0], times[0])
    for t in times[1:]:
        x = end(ab_t[t].sqrt() * x + (1 - ab_t[t]).sqrt() * noises[0], t)
    return x


@wrong(checks.check_jumps, "random noise")
def _(end, noises, times, ab_t):
    x = end(noises[0], times[0])
    for t in times[1:]:
        x = end(ab_t[t].sqrt() * x + (1 - ab_t[t]).sqrt() * torch.randn_like(x), t)
    return x


@wrong(checks.check_jumps, "noise of the last time")
def _(end, noises, times, ab_t):
    x = end(noises[0], times[0])
    for z, before, t in zip(noises[1:], times, times[1:]):
        x = end(ab_t[before].sqrt() * x + (1 - ab_t[before]).sqrt() * z, t)
    return x


@wrong(checks.check_jumps, "old time asked")
def _(end, noises, times, ab_t):
    x = end(noises[0], times[0])
    for z, before, t in zip(noises[1:], times, times[1:]):
        x = end(ab_t[t].sqrt() * x + (1 - ab_t[t]).sqrt() * z, before)
    return x


@wrong(checks.check_jumps, "noise at the end")
def _(end, noises, times, ab_t):
    x = end(noises[0], times[0])
    for z, t in zip(noises[1:], times[1:]):
        x = end(ab_t[t].sqrt() * x + (1 - ab_t[t]).sqrt() * z, t)
    return ab_t[times[-1]].sqrt() * x + (1 - ab_t[times[-1]]).sqrt() * noises[-1]
