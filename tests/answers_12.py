"""Right and wrong answers to the exercises of lesson 12."""

import torch
from answers import of, right, wrong

import checks
import diffusion_utilities as du


def mixed(ab, x0, eps):
    return ab**0.5 * x0 + (1 - ab) ** 0.5 * eps


@right(checks.check_clipped_step)
def _(x, t, s, x0, eps, ab_t):
    x0 = x0.clip(-1, 1)
    return mixed(ab_t[s], x0, (x - ab_t[t] ** 0.5 * x0) / (1 - ab_t[t]) ** 0.5)


@right(checks.check_clipped_step)
def _(x, t, s, x0, eps, ab_t):
    """The sampler of the course takes this step."""
    walk = du.sampler(du.Denoiser(lambda *_: eps, "eps"), ab_t, x, times=[t, s, 0] if s else [t, 0], clip=True)
    return next(walk).x


@wrong(checks.check_clipped_step, "old eps")
def _(x, t, s, x0, eps, ab_t):
    return mixed(ab_t[s], x0.clamp(-1, 1), eps)


@wrong(checks.check_clipped_step, "old eps")
def _(x, t, s, x0, eps, ab_t):
    eps = (x - ab_t[t] ** 0.5 * x0) / (1 - ab_t[t]) ** 0.5  # solved before the clipping
    return mixed(ab_t[s], x0.clamp(-1, 1), eps)


@wrong(checks.check_clipped_step, "not clipped")
def _(x, t, s, x0, eps, ab_t):
    return mixed(ab_t[s], x0, eps)


@wrong(checks.check_clipped_step, "not clipped")
def _(x, t, s, x0, eps, ab_t):
    eps = (x - ab_t[t] ** 0.5 * x0.clamp(-1, 1)) / (1 - ab_t[t]) ** 0.5
    return mixed(ab_t[s], x0, eps)


@wrong(checks.check_clipped_step, "x_s clipped")
def _(x, t, s, x0, eps, ab_t):
    return mixed(ab_t[s], x0, eps).clamp(-1, 1)


@wrong(checks.check_clipped_step, "x_s clipped")
def _(x, t, s, x0, eps, ab_t):
    x0 = x0.clamp(-1, 1)
    return mixed(ab_t[s], x0, (x - ab_t[t] ** 0.5 * x0) / (1 - ab_t[t]) ** 0.5).clamp(-1, 1)


@wrong(checks.check_clipped_step, "eps clipped")
def _(x, t, s, x0, eps, ab_t):
    return mixed(ab_t[s], x0.clamp(-1, 1), eps.clamp(-1, 1))


@wrong(checks.check_clipped_step, "eps at s")
def _(x, t, s, x0, eps, ab_t):
    x0 = x0.clamp(-1, 1)
    return mixed(ab_t[s], x0, (x - ab_t[s] ** 0.5 * x0) / (1 - ab_t[s]).clamp(min=1e-12) ** 0.5)


@wrong(checks.check_clipped_step, "square root")
def _(x, t, s, x0, eps, ab_t):
    x0 = x0.clamp(-1, 1)
    return mixed(ab_t[s], x0, (x - ab_t[t] * x0) / (1 - ab_t[t]))


@wrong(checks.check_clipped_step, "not divided")
def _(x, t, s, x0, eps, ab_t):
    x0 = x0.clamp(-1, 1)
    return mixed(ab_t[s], x0, x - ab_t[t] ** 0.5 * x0)


def question(x0, c, t, noise, u, ab_t, power=0.5, told=None, keep=None):
    ab = of(ab_t[t])
    keep = (u >= 0.1) if keep is None else keep(u)
    x_t = ab**0.5 * x0 + (1 - ab) ** power * noise
    return x_t, t / (told or len(ab_t) - 1), c * keep.float().view(-1, 1)


@right(checks.check_question)
def _(x0, c, t, noise, u, ab_t):
    return du.add_noise(x0, t, noise, ab_t), t / (len(ab_t) - 1), torch.where(u[:, None] < 0.1, torch.zeros_like(c), c)


def inverted(u):
    return u < 0.1


for mistake, faults in {
    "square root": {"power": 1},
    "time": {"told": 1000},
    "mask": {"keep": inverted},
    "square root, time": {"power": 1, "told": 1000},
    "square root, mask": {"power": 1, "keep": inverted},
    "time, mask": {"told": 1000, "keep": inverted},
    "square root, time, mask": {"power": 1, "told": 1000, "keep": inverted},
    "time not divided": {"told": 1},
    "500 written out": {"told": 500},
    "nothing dropped": {"keep": lambda u: u >= 0},
    "all dropped": {"keep": lambda u: u > 1},
}.items():
    wrong(checks.check_question, mistake)(lambda *case, faults=faults: question(*case, **faults))


@wrong(checks.check_question, "square roots")
def _(x0, c, t, noise, u, ab_t):
    return of(ab_t[t]) * x0 + of(1 - ab_t[t]) * noise, *question(x0, c, t, noise, u, ab_t)[1:]


@wrong(checks.check_question, "time off by one")
def _(x0, c, t, noise, u, ab_t):
    return question(x0, c, t, noise, u, ab_t, told=len(ab_t))


@wrong(checks.check_question, "time counted from 0")
def _(x0, c, t, noise, u, ab_t):
    x_t, _, context = question(x0, c, t, noise, u, ab_t)
    return x_t, (t - 1) / (len(ab_t) - 1), context


@wrong(checks.check_question, "broadcast")
def _(x0, c, t, noise, u, ab_t):
    ab = ab_t[t].float()
    return ab.sqrt() * x0 + (1 - ab).sqrt() * noise, t / (len(ab_t) - 1), c * (u >= 0.1).float()[:, None]


def walk(predict, x, n, z, ab_t, times=None, told=False, last=False, weight=lambda a: (1 - a) ** 0.5):
    times = du.sampling_times(len(ab_t) - 1, n) if times is None else times(len(ab_t) - 1, n)
    for t, s, fresh in zip(times, times[1:], z):
        a, eps = ab_t[t] / ab_t[s], predict(x, s if told else t)
        x = (x - (1 - a) / (1 - ab_t[t]) ** 0.5 * eps) / a**0.5
        x = x + weight(a) * fresh if s > 0 or last else x
    return x


@right(checks.check_walk)
def _(predict, x, n, z, ab_t):
    """The image and the noise that the network sees, mixed for s: the same step in other words."""
    times = du.sampling_times(len(ab_t) - 1, n)
    for i, (t, s) in enumerate(zip(times, times[1:])):
        x0, eps = du.to_x0_eps(predict(x, t), x, t, ab_t, "eps")
        a = ab_t[t] / ab_t[s]
        sigma2 = (1 - ab_t[s]) / (1 - ab_t[t]) * (1 - a)
        x = ab_t[s] ** 0.5 * x0 + (1 - ab_t[s] - sigma2).clamp(min=0) ** 0.5 * eps
        x = x + (s > 0) * (1 - a) ** 0.5 * z[i]
    return x


def strides(T, n):
    return [T - i * (T // n) for i in range(n + 1)]


for mistake, faults in {
    "strides": {"times": strides},
    "told s": {"told": True},
    "noise on the last step": {"last": True},
    "strides, told s": {"times": strides, "told": True},
    "strides, noise on the last step": {"times": strides, "last": True},
    "told s, noise on the last step": {"told": True, "last": True},
    "strides, told s, noise on the last step": {"times": strides, "told": True, "last": True},
    "no noise": {"weight": lambda a: 0 * a},
    "variance for std": {"weight": lambda a: 1 - a},
    "one step short": {"times": lambda T, n: du.sampling_times(T, n)[:-1]},
    "one step": {"times": lambda T, n: du.sampling_times(T, n)[:2]},
}.items():
    wrong(checks.check_walk, mistake)(lambda *case, faults=faults: walk(*case, **faults))


@wrong(checks.check_walk, "strides")
def _(predict, x, n, z, ab_t):
    return walk(predict, x, n, z, ab_t, times=lambda T, n: [*strides(T, n)[:-1], 0])


@wrong(checks.check_walk, "strides, noise on the last step")
def _(predict, x, n, z, ab_t):
    return walk(predict, x, n, z, ab_t, times=lambda T, n: [*strides(T, n)[:-1], 0], last=True)
