"""Right and wrong answers to the exercises of lesson 6."""

import math

import numpy as np
import torch
from answers import right, wrong

import checks


@right(checks.check_times)
def _(T, n):
    return [T - round(i * T / n) for i in range(n + 1)]


@right(checks.check_times)
def _(T, n):
    return torch.linspace(T, 0, n + 1).round().int()


@right(checks.check_times)
def _(T, n):
    return list(np.linspace(T, 0, n + 1).round().astype(int))


@wrong(checks.check_times, "strides")
def _(T, n):
    times, step = [T], T // n
    while times[-1] > 0:
        times.append(times[-1] - step)
    return times


@wrong(checks.check_times, "strides")
def _(T, n):
    return list(range(T, 0, -(T // n))) + [0]


@wrong(checks.check_times, "strides")
def _(T, n):
    return [t for t in range(T + 1)][:: -(T // n)]


@wrong(checks.check_times, "strides")
def _(T, n):
    return [T - T // n * i for i in range(n + 1)]


@wrong(checks.check_times, "0 missing")
def _(T, n):
    return [round(T - i * T / n) for i in range(n)]


@wrong(checks.check_times, "one time short")
def _(T, n):
    return [round(t) for t in torch.linspace(T, 0, n).tolist()]


@wrong(checks.check_times, "T missing")
def _(T, n):
    return [round(T * i / n) for i in range(n)][::-1]


@wrong(checks.check_times, "not rounded")
def _(T, n):
    return torch.linspace(T, 0, n + 1).tolist()


@wrong(checks.check_times, "upwards")
def _(T, n):
    return [round(T * i / n) for i in range(n + 1)]


@wrong(checks.check_times, "cut off")
def _(T, n):
    return [int(T - i * T / n) for i in range(n + 1)]


@wrong(checks.check_times, "cut off")
def _(T, n):
    return [int(t) for t in torch.linspace(T, 0, n + 1)]


@wrong(checks.check_times, "rounded up")
def _(T, n):
    return [T - i * T // n for i in range(n + 1)]


@wrong(checks.check_times, "floats")
def _(T, n):
    return torch.linspace(T, 0, n + 1).round().tolist()


@wrong(checks.check_times, "floats")
def _(T, n):
    return np.linspace(T, 0, n + 1).round()


@right(checks.check_ddim_step)
def _(x, t, s, eps, ab_t):
    x0 = (x - (1 - ab_t[t]).sqrt() * eps) / ab_t[t].sqrt()
    return ab_t[s].sqrt() * x0 + (1 - ab_t[s]).sqrt() * eps


@right(checks.check_ddim_step)
def _(x, t, s, eps, ab_t):  # as an Euler step in x / sqrt(ab_t)
    a, b = ab_t[t].float(), ab_t[s].float()
    return b**0.5 * (x / a**0.5 + ((1 / b - 1) ** 0.5 - (1 / a - 1) ** 0.5) * eps)


@wrong(checks.check_ddim_step, "square roots")
def _(x, t, s, eps, ab_t):
    x0 = (x - (1 - ab_t[t]) * eps) / ab_t[t]
    return ab_t[s] * x0 + (1 - ab_t[s]) * eps


@wrong(checks.check_ddim_step, "square roots")
def _(x, t, s, eps, ab_t):
    x0 = (x - (1 - ab_t[t]).sqrt() * eps) / ab_t[t].sqrt()
    return ab_t[s] * x0 + (1 - ab_t[s]) * eps


@wrong(checks.check_ddim_step, "square root of noise")
def _(x, t, s, eps, ab_t):
    x0 = (x - (1 - ab_t[t]).sqrt() * eps) / ab_t[t].sqrt()
    return ab_t[s].sqrt() * x0 + (1 - ab_t[s]) * eps


@wrong(checks.check_ddim_step, "x_t again")
def _(x, t, s, eps, ab_t):
    x0 = (x - (1 - ab_t[t]).sqrt() * eps) / ab_t[t].sqrt()
    return ab_t[t].sqrt() * x0 + (1 - ab_t[t]).sqrt() * eps


@wrong(checks.check_ddim_step, "noise of t")
def _(x, t, s, eps, ab_t):
    noise = (1 - ab_t[t]).sqrt() * eps
    return ab_t[s].sqrt() * (x - noise) / ab_t[t].sqrt() + noise


@wrong(checks.check_ddim_step, "x0 returned")
def _(x, t, s, eps, ab_t):
    return (x - (1 - ab_t[t]).sqrt() * eps) / ab_t[t].sqrt()


@wrong(checks.check_ddim_step, "no noise")
def _(x, t, s, eps, ab_t):
    return (ab_t[s] / ab_t[t]).sqrt() * (x - (1 - ab_t[t]).sqrt() * eps)


@wrong(checks.check_ddim_step, "always t - 1")
def _(x, t, s, eps, ab_t):
    x0 = (x - (1 - ab_t[t]).sqrt() * eps) / ab_t[t].sqrt()
    return ab_t[t - 1].sqrt() * x0 + (1 - ab_t[t - 1]).sqrt() * eps


@wrong(checks.check_ddim_step, "not divided")
def _(x, t, s, eps, ab_t):
    return ab_t[s].sqrt() * (x - (1 - ab_t[t]).sqrt() * eps) + (1 - ab_t[s]).sqrt() * eps


@wrong(checks.check_ddim_step, "swapped")
def _(x, t, s, eps, ab_t):
    x0 = (x - (1 - ab_t[t]).sqrt() * eps) / ab_t[t].sqrt()
    return (1 - ab_t[s]).sqrt() * x0 + ab_t[s].sqrt() * eps


@wrong(checks.check_ddim_step, "mixed with x")
def _(x, t, s, eps, ab_t):
    return ab_t[s].sqrt() * x + (1 - ab_t[s]).sqrt() * eps


def leap(x, t, s, eps, ab_t):
    """A DDIM step, for the inversions below."""
    x0 = (x - (1 - ab_t[t]).sqrt() * eps) / ab_t[t].sqrt()
    return ab_t[s].sqrt() * x0 + (1 - ab_t[s]).sqrt() * eps


@right(checks.check_invert)
def _(predict, x, times, ab_t):
    for t, s in zip(times, times[1:]):
        x = leap(x, t, s, predict(x, t), ab_t)
    return x


@right(checks.check_invert)
def _(predict, x, times, ab_t):
    t = times.pop(0)
    while times:
        eps = predict(x, t)
        x0, t = (x - (1 - ab_t[t]) ** 0.5 * eps) / ab_t[t] ** 0.5, times.pop(0)
        x = ab_t[t] ** 0.5 * x0 + (1 - ab_t[t]) ** 0.5 * eps
    return x


@wrong(checks.check_invert, "walks down")
def _(predict, x, times, ab_t):
    times = sorted(times, reverse=True)
    for t, s in zip(times, times[1:]):
        x = leap(x, t, s, predict(x, t), ab_t)
    return x


@wrong(checks.check_invert, "new time")
def _(predict, x, times, ab_t):
    for t, s in zip(times, times[1:]):
        x = leap(x, t, s, predict(x, s), ab_t)
    return x


@wrong(checks.check_invert, "fresh noise")
def _(predict, x, times, ab_t):
    for t, s in zip(times, times[1:]):
        x0 = (x - (1 - ab_t[t]).sqrt() * predict(x, t)) / ab_t[t].sqrt()
        x = ab_t[s].sqrt() * x0 + (1 - ab_t[s]).sqrt() * torch.randn_like(x)
    return x


@wrong(checks.check_invert, "weights of the old time")
def _(predict, x, times, ab_t):
    for t, _ in zip(times, times[1:]):
        x = leap(x, t, t, predict(x, t), ab_t)
    return x


@wrong(checks.check_invert, "weights exchanged")
def _(predict, x, times, ab_t):
    for t, s in zip(times, times[1:]):
        x = leap(x, s, t, predict(x, t), ab_t)
    return x


@wrong(checks.check_invert, "one step")
def _(predict, x, times, ab_t):
    for t, s in zip(times, times[1:]):
        return leap(x, t, s, predict(x, t), ab_t)


@wrong(checks.check_invert, "one step")
def _(predict, x, times, ab_t):
    return leap(x, 1, times[-1], predict(x, 1), ab_t)


@wrong(checks.check_invert, "last time left out")
def _(predict, x, times, ab_t):
    for i in range(len(times) - 2):
        x = leap(x, times[i], times[i + 1], predict(x, times[i]), ab_t)
    return x


@wrong(checks.check_invert, "x not carried on")
def _(predict, x, times, ab_t):
    for t, s in zip(times, times[1:]):
        x_s = leap(x, t, s, predict(x, t), ab_t)
    return x_s


@wrong(checks.check_invert, "square roots")
def _(predict, x, times, ab_t):
    for t, s in zip(times, times[1:]):
        eps = predict(x, t)
        x0 = (x - (1 - ab_t[t]) * eps) / ab_t[t]
        x = ab_t[s] * x0 + (1 - ab_t[s]) * eps
    return x


@wrong(checks.check_invert, "in place")
def _(predict, x, times, ab_t):
    for t, s in zip(times, times[1:]):
        x.copy_(leap(x, t, s, predict(x, t), ab_t))
    return x


@right(checks.check_look_ahead)
def _(before, now, clock_before, clock_now, clock_next):
    slope = (now - before) / (clock_now - clock_before)
    return now + slope * (clock_next - clock_now) / 2


@right(checks.check_look_ahead)
def _(before, now, clock_before, clock_now, clock_next):
    middle = (clock_now + clock_next) / 2
    return torch.lerp(before, now, (middle - clock_before) / (clock_now - clock_before))


@wrong(checks.check_look_ahead, "end of the step")
def _(before, now, clock_before, clock_now, clock_next):
    return before + (now - before) * (clock_next - clock_before) / (clock_now - clock_before)


@wrong(checks.check_look_ahead, "equal steps")
def _(before, now, clock_before, clock_now, clock_next):
    return 1.5 * now - 0.5 * before


@wrong(checks.check_look_ahead, "equal steps")
def _(before, now, clock_before, clock_now, clock_next):
    return now + (now - before)


@wrong(checks.check_look_ahead, "wrong way")
def _(before, now, clock_before, clock_now, clock_next):
    return now + (before - now) / (clock_now - clock_before) * (clock_next - clock_now) / 2


@wrong(checks.check_look_ahead, "middle of the last step")
def _(before, now, clock_before, clock_now, clock_next):
    return torch.lerp(before, now, 0.5)


@wrong(checks.check_look_ahead, "starts before")
def _(before, now, clock_before, clock_now, clock_next):
    return before + (now - before) / (clock_now - clock_before) * (clock_next - clock_now) / 2


@wrong(checks.check_look_ahead, "upside down")
def _(before, now, clock_before, clock_now, clock_next):
    return now + (now - before) * (clock_now - clock_before) / (2 * (clock_next - clock_now))


@wrong(checks.check_look_ahead, "no slope")
def _(before, now, clock_before, clock_now, clock_next):
    return now + 0.5 * (clock_next - clock_now) * (now - before)


@wrong(checks.check_look_ahead, "not halved")
def _(before, now, clock_before, clock_now, clock_next):
    return now + (now - before) / (clock_now - clock_before)


@wrong(checks.check_look_ahead, "held")
def _(before, now, clock_before, clock_now, clock_next):
    return now.clone()


def parts(x, t, s, eps, eta, ab_t):
    """x_0, the variance of the noise at s, and sigma, for the steps below."""
    x0 = (x - (1 - ab_t[t]) ** 0.5 * eps) / ab_t[t] ** 0.5
    v = (1 - ab_t[s]) / (1 - ab_t[t]) * (1 - ab_t[t] / ab_t[s])
    return x0, 1 - ab_t[s], eta * v**0.5


@right(checks.check_noisy_step)
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, eta, ab_t)
    return ab_t[s] ** 0.5 * x0 + (variance - sigma**2) ** 0.5 * eps + sigma * z


@right(checks.check_noisy_step)
def _(x, t, s, eps, z, eta, ab_t):
    ab, ab_s = ab_t[t].item(), ab_t[s].item()
    sigma = eta * math.sqrt((1 - ab_s) * (1 - ab / ab_s) / (1 - ab))
    clean = (x - math.sqrt(1 - ab) * eps) * math.sqrt(ab_s / ab)
    return clean + math.sqrt(max(1 - ab_s - sigma * sigma, 0)) * eps + sigma * z


@wrong(checks.check_noisy_step, "too much noise")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, eta, ab_t)
    return ab_t[s] ** 0.5 * x0 + variance**0.5 * eps + sigma * z


@wrong(checks.check_noisy_step, "stds subtracted")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, eta, ab_t)
    return ab_t[s] ** 0.5 * x0 + (variance**0.5 - sigma) * eps + sigma * z


@wrong(checks.check_noisy_step, "variance left")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, eta, ab_t)
    return ab_t[s] ** 0.5 * x0 + (variance - sigma**2) * eps + sigma * z


@wrong(checks.check_noisy_step, "sigma not squared")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, eta, ab_t)
    return ab_t[s] ** 0.5 * x0 + (variance - sigma).clamp(min=0) ** 0.5 * eps + sigma * z


@wrong(checks.check_noisy_step, "variance for sigma")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, 1, ab_t)
    sigma = eta * sigma**2
    return ab_t[s] ** 0.5 * x0 + (variance - sigma**2) ** 0.5 * eps + sigma * z


@wrong(checks.check_noisy_step, "eta on the variance")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, eta**0.5, ab_t)
    return ab_t[s] ** 0.5 * x0 + (variance - sigma**2) ** 0.5 * eps + sigma * z


@wrong(checks.check_noisy_step, "eta forgotten")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, 1, ab_t)
    return ab_t[s] ** 0.5 * x0 + (variance - sigma**2) ** 0.5 * eps + sigma * z


@wrong(checks.check_noisy_step, "no fresh noise")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, eta, ab_t)
    return ab_t[s] ** 0.5 * x0 + (variance - sigma**2) ** 0.5 * eps


@wrong(checks.check_noisy_step, "z at full size")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, eta, ab_t)
    return ab_t[s] ** 0.5 * x0 + (variance - sigma**2) ** 0.5 * eps + z


@wrong(checks.check_noisy_step, "variance for z")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, eta, ab_t)
    return ab_t[s] ** 0.5 * x0 + (variance - sigma**2) ** 0.5 * eps + sigma**2 * z


@wrong(checks.check_noisy_step, "no old noise")
def _(x, t, s, eps, z, eta, ab_t):
    x0, variance, sigma = parts(x, t, s, eps, eta, ab_t)
    return ab_t[s] ** 0.5 * x0 + sigma * z


@wrong(checks.check_noisy_step, "x for x0")
def _(x, t, s, eps, z, eta, ab_t):
    _, variance, sigma = parts(x, t, s, eps, eta, ab_t)
    return ab_t[s] ** 0.5 * x + (variance - sigma**2) ** 0.5 * eps + sigma * z
