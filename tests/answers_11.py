"""Right and wrong answers to the exercises of lesson 11; test_checks.py runs them."""

import torch
from answers import of, right, wrong

import checks


def roots(t, ab_t):
    return of(ab_t[t]).sqrt(), of(1 - ab_t[t]).sqrt()


@right(checks.check_straight)
def _(x0, eps, r):
    r = r[:, None, None, None]
    return (1 - r) * x0 + r * eps, eps - x0


@right(checks.check_straight)
def _(x0, eps, r):
    u = eps - x0
    return x0 + of(r) * u, u


@wrong(checks.check_straight, "sign")
def _(x0, eps, r):
    return torch.lerp(x0, eps, of(r)), x0 - eps


@wrong(checks.check_straight, "other way")
def _(x0, eps, r):
    return of(r) * x0 + (1 - of(r)) * eps, eps - x0


@wrong(checks.check_straight, "other way")
def _(x0, eps, r):
    return of(r) * x0 + (1 - of(r)) * eps, x0 - eps


@wrong(checks.check_straight, "square roots")
def _(x0, eps, r):
    return (1 - of(r)) ** 0.5 * x0 + of(r) ** 0.5 * eps, eps - x0


@wrong(checks.check_straight, "round path")
def _(x0, eps, r):
    return (1 - of(r) ** 2).sqrt() * x0 + of(r) * eps, eps - x0


@wrong(checks.check_straight, "velocity at x_r")
def _(x0, eps, r):
    x = (1 - of(r)) * x0 + of(r) * eps
    return x, eps - x


@wrong(checks.check_straight, "velocity times r")
def _(x0, eps, r):
    return x0 + of(r) * (eps - x0), of(r) * (eps - x0)


@wrong(checks.check_straight, "order")
def _(x0, eps, r):
    return eps - x0, (1 - of(r)) * x0 + of(r) * eps


@wrong(checks.check_straight, "velocity missing")
def _(x0, eps, r):
    return (1 - of(r)) * x0 + of(r) * eps


@wrong(checks.check_straight, "place missing")
def _(x0, eps, r):
    return eps - x0


@wrong(checks.check_straight, "broadcast")
def _(x0, eps, r):
    return (1 - r) * x0 + r * eps, eps - x0


@right(checks.check_euler_step)
def _(velocity, x, r, s):
    return x - (r - s) * velocity(x, r)


@right(checks.check_euler_step)
def _(velocity, x, r, s):
    return torch.add(x, velocity(x, r), alpha=s - r)


@wrong(checks.check_euler_step, "wrong way")
def _(velocity, x, r, s):
    return x - (s - r) * velocity(x, r)


@wrong(checks.check_euler_step, "no length")
def _(velocity, x, r, s):
    return x + velocity(x, r)


@wrong(checks.check_euler_step, "no length")
def _(velocity, x, r, s):
    return x - velocity(x, r)


@wrong(checks.check_euler_step, "whole way")
def _(velocity, x, r, s):
    return x - r * velocity(x, r)


@wrong(checks.check_euler_step, "s alone")
def _(velocity, x, r, s):
    return x + s * velocity(x, r)


@wrong(checks.check_euler_step, "asked at s")
def _(velocity, x, r, s):
    return x + (s - r) * velocity(x, s)


@wrong(checks.check_euler_step, "x forgotten")
def _(velocity, x, r, s):
    return (s - r) * velocity(x, r)


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
    second = velocity(x + (s - r) * first, s) if s > 0 else first
    return x + (s - r) * (0.5 * first + 0.5 * second)


@right(checks.check_heun_step)
def _(velocity, x, r, s):
    ahead = x + (s - r) * velocity(x, r)
    if s == 0:
        return ahead
    return (x + ahead + (s - r) * velocity(ahead, s)) / 2  # the mean of x after either step


@wrong(checks.check_heun_step, "asked at 0")
def _(velocity, x, r, s):
    first = velocity(x, r)
    return x + (s - r) * (first + velocity(x + (s - r) * first, s)) / 2


@wrong(checks.check_heun_step, "not halved")
def _(velocity, x, r, s):
    u = velocity(x, r)
    if s == 0:
        return x + (s - r) * u
    return x + (s - r) * (u + velocity(x + (s - r) * u, s))


@wrong(checks.check_heun_step, "from ahead")
def _(velocity, x, r, s):
    u = velocity(x, r)
    x = x + (s - r) * u
    return x + (s - r) * (u + velocity(x, s)) / 2 if s > 0 else x


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


def mixed(picture, noise, t, ab_t):
    signal, sigma = roots(t, ab_t)
    return signal * picture + sigma * noise


def noise_in(x, guess, t, ab_t):
    signal, sigma = roots(t, ab_t)
    return (x - signal * guess) / sigma


@right(checks.check_aim)
def _(teacher, student, x, t, s, ab_t):
    guess = teacher(x, t)
    return student(mixed(guess, noise_in(x, guess, t, ab_t), s, ab_t), s)


@right(checks.check_aim)
def _(teacher, student, x, t, s, ab_t):  # DDIM's step, in one formula
    (a, b), (a_s, b_s), guess = roots(t, ab_t), roots(s, ab_t), teacher(x, t)
    return student(b_s / b * x + (a_s - b_s / b * a) * guess, s)


@wrong(checks.check_aim, "teacher's guess")
def _(teacher, student, x, t, s, ab_t):
    return teacher(x, t)


@wrong(checks.check_aim, "teacher twice")
def _(teacher, student, x, t, s, ab_t):
    guess = teacher(x, t)
    return teacher(mixed(guess, noise_in(x, guess, t, ab_t), s, ab_t), s)


@wrong(checks.check_aim, "x_s returned")
def _(teacher, student, x, t, s, ab_t):
    guess = teacher(x, t)
    return mixed(guess, noise_in(x, guess, t, ab_t), s, ab_t)


@wrong(checks.check_aim, "old time")
def _(teacher, student, x, t, s, ab_t):
    guess = teacher(x, t)
    return student(mixed(guess, noise_in(x, guess, t, ab_t), s, ab_t), t)


@wrong(checks.check_aim, "not walked")
def _(teacher, student, x, t, s, ab_t):
    return student(x, s)


@wrong(checks.check_aim, "own answer")
def _(teacher, student, x, t, s, ab_t):
    return student(x, t)


@wrong(checks.check_aim, "student's step")
def _(teacher, student, x, t, s, ab_t):
    guess = student(x, t)
    return student(mixed(guess, noise_in(x, guess, t, ab_t), s, ab_t), s)


@wrong(checks.check_aim, "square roots")
def _(teacher, student, x, t, s, ab_t):
    guess, ab, ab_s = teacher(x, t), of(ab_t[t]), of(ab_t[s])
    return student(ab_s * guess + (1 - ab_s) * (x - ab * guess) / (1 - ab), s)


@wrong(checks.check_aim, "noise not divided")
def _(teacher, student, x, t, s, ab_t):
    guess = teacher(x, t)
    return student(mixed(guess, x - roots(t, ab_t)[0] * guess, s, ab_t), s)


@wrong(checks.check_aim, "no noise")
def _(teacher, student, x, t, s, ab_t):
    return student(mixed(teacher(x, t), 0, s, ab_t), s)


@wrong(checks.check_aim, "times exchanged")
def _(teacher, student, x, t, s, ab_t):
    guess = teacher(x, s)
    return student(mixed(guess, noise_in(x, guess, s, ab_t), t, ab_t), t)


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
