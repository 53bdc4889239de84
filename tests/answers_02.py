"""Right and wrong answers to the tasks of lesson 2."""

import torch
from answers import right, wrong

import checks
import diffusion_utilities as du


@right(checks.check_x0)
def _(x, t, eps, ab_t):
    return (x - (1 - ab_t[t]) ** 0.5 * eps) / ab_t[t] ** 0.5


@right(checks.check_x0)
def _(x, t, eps, ab_t):
    ab = ab_t[t].item()
    return x / ab**0.5 - (1 / ab - 1) ** 0.5 * eps


@right(checks.check_x0)
def _(x, t, eps, ab_t):
    signal, sigma = du.signal_and_noise(ab_t, torch.tensor([t]), x)
    return (x - sigma * eps) / signal


for mistake, x0_of in {
    "square roots": lambda x, e, ab, _: (x - (1 - ab) * e) / ab,
    "square root of noise": lambda x, e, ab, _: (x - (1 - ab) * e) / ab**0.5,
    "square root of picture": lambda x, e, ab, _: (x - (1 - ab) ** 0.5 * e) / ab,
    "not divided": lambda x, e, ab, _: x - (1 - ab) ** 0.5 * e,
    "multiplied": lambda x, e, ab, _: ab**0.5 * (x - (1 - ab) ** 0.5 * e),
    "sign": lambda x, e, ab, _: (x + (1 - ab) ** 0.5 * e) / ab**0.5,
    "off by one": lambda x, e, _, ab: (x - (1 - ab) ** 0.5 * e) / ab**0.5,
    "swapped": lambda x, e, ab, _: (x - ab**0.5 * e) / (1 - ab) ** 0.5,
}.items():
    wrong(checks.check_x0, mistake)(lambda x, t, e, ab_t, f=x0_of: f(x, e, ab_t[t], ab_t[t - 1]))


@wrong(checks.check_x0, "brackets")
def _(x, t, eps, ab_t):
    return x - (1 - ab_t[t]).sqrt() * eps / ab_t[t].sqrt()


@wrong(checks.check_x0, "brackets")
def _(x, t, eps, ab_t):
    return x / ab_t[t] ** 0.5 - (1 - ab_t[t]) ** 0.5 * eps


@wrong(checks.check_x0, "in place")
def _(x, t, eps, ab_t):
    x -= (1 - ab_t[t]) ** 0.5 * eps
    return x / ab_t[t] ** 0.5


@right(checks.check_posterior)
def curve(x, t, s, x0, ab_t):
    a = ab_t[t] / ab_t[s]
    m0, v0, m1, v1 = ab_t[s] ** 0.5 * x0, 1 - ab_t[s], x / a**0.5, (1 - a) / a
    return (m0 * v1 + m1 * v0) / (v0 + v1), v0 * v1 / (v0 + v1)


@right(checks.check_posterior)
def _(x, t, s, x0, ab_t):
    """Equations 6 and 7 as the paper writes them, with plain numbers."""
    ab, ab_s = ab_t[t].item(), ab_t[s].item()
    a = ab / ab_s
    mean = ab_s**0.5 * (1 - a) / (1 - ab) * x0 + a**0.5 * (1 - ab_s) / (1 - ab) * x
    return [mean, (1 - ab_s) / (1 - ab) * (1 - a)]


@right(checks.check_posterior)
def _(x, t, s, x0, ab_t):
    """The weight of one centre is 1 minus that of the other."""
    a = ab_t[t] / ab_t[s]
    share = (1 - ab_t[s]) / (1 - ab_t[s] + (1 - a) / a)
    return torch.lerp(ab_t[s].sqrt().float() * x0, x / a.sqrt(), share.float()), share * (1 - a) / a


def curves(how):
    def made(x, t, s, x0, ab_t):
        a = ab_t[t] / ab_t[s]
        return how(ab_t[s] ** 0.5 * x0, 1 - ab_t[s], x / a**0.5, (1 - a) / a)

    return made


def mean_of(m0, v0, m1, v1):
    return (m0 * v1 + m1 * v0) / (v0 + v1)


for mistake, how in {
    "weights swapped": lambda m0, v0, m1, v1: ((m0 * v0 + m1 * v1) / (v0 + v1), v0 * v1 / (v0 + v1)),
    "plain average": lambda m0, v0, m1, v1: (0.5 * m0 + 0.5 * m1, v0 * v1 / (v0 + v1)),
    "variances added": lambda m0, v0, m1, v1: (mean_of(m0, v0, m1, v1), v0 + v1),
    "variance not divided": lambda m0, v0, m1, v1: (mean_of(m0, v0, m1, v1), v0 * v1),
    "a std": lambda m0, v0, m1, v1: (mean_of(m0, v0, m1, v1), (v0 * v1 / (v0 + v1)) ** 0.5),
    "mean not divided": lambda m0, v0, m1, v1: (m0 * v1 + m1 * v0, v0 * v1 / (v0 + v1)),
    "order": lambda m0, v0, m1, v1: (v0 * v1 / (v0 + v1), mean_of(m0, v0, m1, v1)),
    "not finite": lambda m0, v0, m1, v1: ((m0 / v0 + m1 / v1) / (1 / v0 + 1 / v1), 1 / (1 / v0 + 1 / v1)),
    "shape": lambda m0, v0, m1, v1: mean_of(m0, v0, m1, v1),
}.items():
    wrong(checks.check_posterior, mistake)(curves(how))


@wrong(checks.check_posterior, "x_0 not shrunk")
def _(x, t, s, x0, ab_t):
    return curve(x, t, s, x0 / ab_t[s] ** 0.5, ab_t)


@wrong(checks.check_posterior, "x_t not grown")
def _(x, t, s, x0, ab_t):
    return curve(x * (ab_t[t] / ab_t[s]) ** 0.5, t, s, x0, ab_t)


@wrong(checks.check_posterior, "divided by a")
def _(x, t, s, x0, ab_t):
    return curve(x / (ab_t[t] / ab_t[s]) ** 0.5, t, s, x0, ab_t)


for mistake, four in {
    "b for b / a": lambda x, x0, ab, ab_s: (ab_s**0.5 * x0, 1 - ab_s, x / (ab / ab_s) ** 0.5, 1 - ab / ab_s),
    "the time of the first curve": lambda x, x0, ab, ab_s: (
        ab**0.5 * x0, 1 - ab, x / (ab / ab_s) ** 0.5, ab_s / ab - 1),
    "ab_t for a": lambda x, x0, ab, ab_s: (ab_s**0.5 * x0, 1 - ab_s, x / ab**0.5, 1 / ab - 1),
}.items():  # fmt: skip

    @wrong(checks.check_posterior, mistake)
    def _(x, t, s, x0, ab_t, four=four):
        m0, v0, m1, v1 = four(x, x0, ab_t[t], ab_t[s])
        return mean_of(m0, v0, m1, v1), v0 * v1 / (v0 + v1)


def x0_of(x, t, eps, ab_t):
    return (x - (1 - ab_t[t]) ** 0.5 * eps) / ab_t[t] ** 0.5


@right(checks.check_ddpm_step)
def one_step(x, t, s, eps, z, ab_t):
    mean, variance = curve(x, t, s, x0_of(x, t, eps, ab_t), ab_t)
    return mean + variance**0.5 * z


@right(checks.check_ddpm_step)
def _(x, t, s, eps, z, ab_t):
    """DDPM's algorithm 2: some of the noise away, then grow."""
    a = ab_t[t] / ab_t[s]
    small = (1 - a) * (1 - ab_t[s]) / (1 - ab_t[t])
    return (x - eps * (1 - a) / (1 - ab_t[t]).sqrt()) / a.sqrt() + small.sqrt() * z


@right(checks.check_ddpm_step)
def _(x, t, s, eps, z, ab_t):
    """The mean is that of the course's sampler."""
    mean = next(du.sampler(du.Denoiser(lambda *_: eps, "eps"), ab_t, x, times=[t, s, 0], eta=1, extra_noise=0)).x
    return mean + ((1 - ab_t[s]) * (1 - ab_t[t] / ab_t[s]) / (1 - ab_t[t])) ** 0.5 * z


for mistake, std in {
    "variance for std": lambda variance, a: variance,
    "large variance": lambda variance, a: (1 - a) ** 0.5,
    "z missing": lambda variance, a: 0,
    "z weighs 1": lambda variance, a: 1,
    "sign of z": lambda variance, a: -(variance**0.5),
}.items():

    @wrong(checks.check_ddpm_step, mistake)
    def _(x, t, s, eps, z, ab_t, std=std):
        mean, variance = curve(x, t, s, x0_of(x, t, eps, ab_t), ab_t)
        return mean + std(variance, ab_t[t] / ab_t[s]) * z


@wrong(checks.check_ddpm_step, "eps for x0")
def _(x, t, s, eps, z, ab_t):
    mean, variance = curve(x, t, s, eps, ab_t)
    return mean + variance**0.5 * z


@wrong(checks.check_ddpm_step, "x for x0")
def _(x, t, s, eps, z, ab_t):
    mean, variance = curve(x, t, s, x, ab_t)
    return mean + variance**0.5 * z


@wrong(checks.check_ddpm_step, "noise drawn anew")
def _(x, t, s, eps, z, ab_t):
    return ab_t[s] ** 0.5 * x0_of(x, t, eps, ab_t) + (1 - ab_t[s]) ** 0.5 * z


@wrong(checks.check_ddpm_step, "eps for z")
def _(x, t, s, eps, z, ab_t):
    return ab_t[s] ** 0.5 * x0_of(x, t, eps, ab_t) + (1 - ab_t[s]) ** 0.5 * eps


@wrong(checks.check_ddpm_step, "x0 for the mean")
def _(x, t, s, eps, z, ab_t):
    x0 = x0_of(x, t, eps, ab_t)
    return x0 + curve(x, t, s, x0, ab_t)[1] ** 0.5 * z


def walk(predict, step, x, times, seed, pairs=lambda times: zip(times, times[1:]), draw=torch.randn):
    generator = torch.Generator().manual_seed(seed)
    for t, s in pairs(times):
        x = step(x, t, s, predict(x, t), draw(x.shape, generator=generator))
    return x


@right(checks.check_sample_loop)
def _(predict, step, x, times, seed):
    generator = torch.Generator().manual_seed(seed)
    for t, s in zip(times, times[1:]):
        eps = predict(x, t)
        z = torch.randn(x.shape, generator=generator).to(x)
        x = step(x, t, s, eps, z)
    return x


@right(checks.check_sample_loop)
def _(predict, step, x, times, seed):
    """By index, and with zeros for the last step, whose noise counts nothing."""
    generator = torch.Generator()
    generator.manual_seed(seed)
    for i in range(len(times) - 1):
        z = torch.empty_like(x).normal_(generator=generator) if times[i + 1] > 0 else torch.zeros_like(x)
        x = step(x, times[i], times[i + 1], predict(x, times[i]), z)
    return x


@right(checks.check_sample_loop)
def _(predict, step, x, times, seed):
    """The times are used up."""
    generator = torch.Generator().manual_seed(seed)
    t, *left = times
    while left:
        s = left.pop(0)
        x, t = step(x, t, s, predict(x, t), torch.randn(*x.shape, generator=generator)), s
    return x


for mistake, how in {
    "stops before 0": dict(pairs=lambda times: zip(times[:-1], times[1:-1])),
    "starts late": dict(pairs=lambda times: zip(times[1:], times[2:])),
    "steps of one": dict(pairs=lambda times: [(t, t - 1) for t in range(times[0], 0, -1)]),
    "upwards": dict(pairs=lambda times: zip(times[::-1], times[-2::-1])),
    "t and s swapped": dict(pairs=lambda times: zip(times[1:], times)),
    "no noise": dict(draw=lambda shape, generator: torch.zeros(shape)),
    "uniform noise": dict(draw=torch.rand),
}.items():
    wrong(checks.check_sample_loop, mistake)(lambda *given, how=how: walk(*given, **how))


@wrong(checks.check_sample_loop, "steps of one")
def _(predict, step, x, times, seed):
    return walk(predict, step, x, times, seed, lambda times: [(t, t - 1) for t in times[:-1]])


@wrong(checks.check_sample_loop, "upwards")
def _(predict, step, x, times, seed):
    return walk(predict, step, x, times, seed, lambda times: [*zip(times, times[1:])][::-1])


@wrong(checks.check_sample_loop, "the same noise again")
def _(predict, step, x, times, seed):
    z = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))
    return walk(predict, step, x, times, seed, draw=lambda *_, **__: z)


@wrong(checks.check_sample_loop, "asked once")
def _(predict, step, x, times, seed):
    eps = predict(x, times[0])
    return walk(lambda x, t: eps, step, x, times, seed)


@wrong(checks.check_sample_loop, "x not replaced")
def _(predict, step, x, times, seed):
    generator = torch.Generator().manual_seed(seed)
    for t, s in zip(times, times[1:]):
        result = step(x, t, s, predict(x, t), torch.randn(x.shape, generator=generator))
    return result


@wrong(checks.check_sample_loop, "no seed")
def _(predict, step, x, times, seed):
    return walk(predict, step, x, times, seed, draw=lambda shape, generator: torch.randn(shape))


@right(checks.check_memory)
def _(times, ab_t):
    left, one, zero = [1.0], torch.ones(1), torch.zeros(1)
    for t, s in zip(times, times[1:]):
        left.append(left[-1] * curve(one, t, s, zero, ab_t)[0].item())
    return left


@right(checks.check_memory)
def _(times, ab_t):
    """The start itself is handed on, and the answer is a tensor."""
    x = [torch.ones(1)]
    for t, s in zip(times, times[1:]):
        x.append(curve(x[-1], t, s, torch.zeros(1), ab_t)[0])
    return torch.cat(x)


@right(checks.check_memory)
def _(times, ab_t):
    """All steps down to a time are one long step."""
    T = times[0]
    return [1] + [((ab_t[T] / ab_t[s]) ** 0.5 * (1 - ab_t[s]) / (1 - ab_t[T])).item() for s in times[1:]]


def walked(times, ab_t, weight, x=1.0, more=lambda x, w: x * w):
    left = [x]
    for t, s in zip(times, times[1:]):
        left.append(more(left[-1], float(weight(t, s, ab_t))))
    return left


ONE, ZERO = torch.ones(1), torch.zeros(1)
for mistake, weight in {
    "the way up": lambda t, s, ab_t: (ab_t[t] / ab_t[s]) ** 0.5,
    "only x_t's curve": lambda t, s, ab_t: 1 / (ab_t[t] / ab_t[s]) ** 0.5,
    "weight of the guess": lambda t, s, ab_t: curve(ZERO, t, s, ONE, ab_t)[0],
    "both asked": lambda t, s, ab_t: curve(ONE, t, s, ONE, ab_t)[0],
    "variance": lambda t, s, ab_t: curve(ONE, t, s, ZERO, ab_t)[1],
}.items():
    wrong(checks.check_memory, mistake)(lambda times, ab_t, w=weight: walked(times, ab_t, w))


def kept_by(t, s, ab_t):
    return curve(ONE, t, s, ZERO, ab_t)[0]


@wrong(checks.check_memory, "not multiplied")
def _(times, ab_t):
    return walked(times, ab_t, kept_by, more=lambda x, w: w)


@wrong(checks.check_memory, "subtracted")
def _(times, ab_t):
    return walked(times, ab_t, kept_by, more=lambda x, w: x - 1 + w)


@wrong(checks.check_memory, "no first")
def _(times, ab_t):
    return walked(times, ab_t, kept_by)[1:]


def table_of(x):
    """How far each picture is from each: (N, N)."""
    return (x[:, None] - x[None]).square().mean((2, 3, 4)).sqrt()


@right(checks.check_diversity)
def apart(x):
    i, j = torch.combinations(torch.arange(len(x))).T
    return (x[i] - x[j]).square().mean((1, 2, 3)).sqrt().mean().item()


@right(checks.check_diversity)
def _(x):
    """Every pair twice, and each picture with itself, whose 0 is left out of the count."""
    return table_of(x).sum() / (len(x) * (len(x) - 1))


@right(checks.check_diversity)
def _(x):
    every = [(a - b).pow(2).mean() ** 0.5 for k, a in enumerate(x) for b in x[k + 1 :]]
    return sum(every) / len(every)


def rms(a, b):
    return (a - b).square().mean((1, 2, 3)).sqrt().mean().item()


def pairs(x):
    return (x[k] for k in torch.combinations(torch.arange(len(x))).T)


for mistake, number in {
    "with itself": lambda x: table_of(x).mean(),
    "counted twice": lambda x: table_of(x).sum() / (len(x) * (len(x) - 1) / 2),
    "neighbours": lambda x: rms(x[:-1], x[1:]),
    "from the mean": lambda x: rms(x, x.mean(0, keepdim=True)),
    "std of all numbers": lambda x: x.std(),
    "std of each pixel": lambda x: x.std(0).mean(),
    "not rooted": lambda x: torch.sub(*pairs(x)).pow(2).mean(),
    "not divided": lambda x: torch.pdist(x.flatten(1)).mean(),
    "absolute": lambda x: torch.sub(*pairs(x)).abs().mean(),
}.items():
    wrong(checks.check_diversity, mistake)(number)


@wrong(checks.check_diversity, "nearest")
def _(x):
    return table_of(x).sort().values[:, 1].mean()  # column 0 is the distance from itself


@wrong(checks.check_diversity, "rooted last")
def _(x):
    return torch.sub(*pairs(x)).pow(2).mean().sqrt()


@wrong(checks.check_diversity, "from the first")
def _(x):
    return rms(x[:1], x[1:])
