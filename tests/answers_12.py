"""Right and wrong answers to the tasks of lesson 12."""

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


def size(x):
    return x.square().mean() ** 0.5


@right(checks.check_unsteady)
def _(network, x, t, c):
    first, second, alone = network(x, t, c), network(x, t, c), network(x[:1], t[:1], c[:1])
    return size(first - second), size(first[:1] - alone)


@right(checks.check_unsteady)
def _(network, x, t, c):
    """The one alone is asked in between, and the numbers are floats in a list."""
    first = network(x, t, c)
    alone = network(x[[0]], t[[0]], c[[0]])
    second = network(x, t, c)
    return [(first - second).norm().item() / first.numel() ** 0.5, (second[0] - alone[0]).pow(2).mean().sqrt().item()]


@wrong(checks.check_unsteady, "asked once")
def _(network, x, t, c):
    answer = network(x, t, c)
    return size(answer - answer), size(answer[:1] - network(x[:1], t[:1], c[:1]))


@wrong(checks.check_unsteady, "not alone")
def _(network, x, t, c):
    first, second = network(x, t, c), network(x, t, c)
    return size(first - second), size(first[:1] - network(x, t, c)[:1])


@wrong(checks.check_unsteady, "asked once")
def _(network, x, t, c):
    first, second = network(x, t, c), network(x, t, c)
    return size((first - second)[0]), size(first[:1] - network(x[:1], t[:1], c[:1]))


@wrong(checks.check_unsteady, "absolute")
def _(network, x, t, c):
    first, second = network(x, t, c), network(x, t, c)
    return (first - second).abs().mean(), (first[:1] - network(x[:1], t[:1], c[:1])).abs().mean()


@wrong(checks.check_unsteady, "not squared")
def _(network, x, t, c):
    first, second = network(x, t, c), network(x, t, c)
    return size(first - second) ** 2, size(first[:1] - network(x[:1], t[:1], c[:1])) ** 2


@wrong(checks.check_unsteady, "exchanged")
def _(network, x, t, c):
    first, second = network(x, t, c), network(x, t, c)
    return size(first[:1] - network(x[:1], t[:1], c[:1])), size(first - second)


@wrong(checks.check_unsteady, "alone with all")
def _(network, x, t, c):
    first, second = network(x, t, c), network(x, t, c)
    return size(first - second), size(first - network(x[:1], t[:1], c[:1]))


@right(checks.check_white_test)
def _(noisy, t, z):
    x = noisy(torch.ones_like(z), t, z)
    return x.mean(), x.std()


@right(checks.check_white_test)
def _(noisy, t, z):
    x = noisy(torch.full(z.shape, 1.0), t, z).flatten()
    mean = x.sum().item() / len(x)
    return mean, (x - mean).square().mean().sqrt().item()  # of all numbers, not of a sample


@wrong(checks.check_white_test, "grey")
def _(noisy, t, z):
    x = noisy(0 * z, t, z)
    return x.mean(), x.std()


@wrong(checks.check_white_test, "black")
def _(noisy, t, z):
    x = noisy(-torch.ones_like(z), t, z)
    return x.mean(), x.std()


@wrong(checks.check_white_test, "variance")
def _(noisy, t, z):
    x = noisy(torch.ones_like(z), t, z)
    return x.mean(), x.var()


@wrong(checks.check_white_test, "exchanged")
def _(noisy, t, z):
    x = noisy(torch.ones_like(z), t, z)
    return x.std(), x.mean()


@wrong(checks.check_white_test, "no noise")
def _(noisy, t, z):
    x = noisy(torch.ones_like(z), t, torch.zeros_like(z))
    return x.mean(), x.std()


@wrong(checks.check_white_test, "noise as picture")
def _(noisy, t, z):
    x = noisy(z, t, torch.ones_like(z))
    return x.mean(), x.std()


@wrong(checks.check_white_test, "fresh noise")
def _(noisy, t, z):
    x = noisy(torch.ones_like(z), t, torch.randn_like(z))
    return x.mean(), x.std()


def leaf(probe, **rules):
    """The room of the first probe that speaks up, of rules name=(room, limit); a negative limit: if it is below."""
    for name, (room, limit) in rules.items():
        value = probe(name)
        if name in ("told", "asked") and value < limit or name not in ("told", "asked") and value > limit:
            return room
    return 0


RULES = {
    "noise": dict(twice=(2, 0.01), raw=(6, 1.2)),
    "changing": dict(twice=(2, 0.01), company=(3, 0.01)),
    "dull": dict(display=(4, 0.01), lowest=(1, -0.5)),
    "crowded": dict(told=(9, 0.9), signal=(5, 0.1)),
    "specks": dict(last=(7, 0.01)),
    "blotches": dict(mixture=(10, 0.01)),
    "good": dict(asked=(8, 0.5)),
}


@right(checks.check_diagnose)
def _(looks, probe):
    """By a table, and with the twins in the other order."""
    return leaf(probe, **RULES.get(looks, {}))


@right(checks.check_diagnose)
def _(looks, probe):
    match looks:
        case "noise":
            return 2 if probe("twice") > 0.05 else 6 if probe("raw") > 1.3 else 0
        case "changing":
            return 2 if probe("twice") > 0.05 else 3 if probe("company") > 0.03 else 0
        case "dull":
            return 1 if probe("lowest") > -0.9 else 4 if probe("display") > 0.05 else 0
        case "crowded":
            return 5 if probe("signal") > 0.3 else 9 if probe("told") < 0.75 else 0
        case "specks":
            return 7 * (probe("last") > 0.1)
        case "blotches":
            return 10 * (probe("mixture") > 0.1)
        case "good":
            return 8 * (probe("asked") < 0.2)
    return 0


def with_rules(**changed):
    return lambda looks, probe: leaf(probe, **(RULES | changed).get(looks, {}))


wrong(checks.check_diagnose, "twins 5 and 9")(with_rules(crowded=dict(signal=(9, 0.1), told=(5, 0.9))))
wrong(checks.check_diagnose, "twins 1 and 4")(with_rules(dull=dict(lowest=(4, -0.5), display=(1, 0.01))))
wrong(checks.check_diagnose, "twins 2 and 6")(
    with_rules(noise=dict(twice=(6, 0.01), raw=(2, 1.2)), changing=dict(twice=(6, 0.01), company=(3, 0.01)))
)
wrong(checks.check_diagnose, "company first")(with_rules(changing=dict(company=(3, 0.01), twice=(2, 0.01))))
wrong(checks.check_diagnose, "Room 2 in noise")(with_rules(noise=dict(raw=(6, 1.2))))
wrong(checks.check_diagnose, "exact zero")(
    with_rules(noise=dict(twice=(2, 0), raw=(6, 1.2)), changing=dict(twice=(2, 0), company=(3, 0)),
               dull=dict(lowest=(1, -0.5), display=(4, 0)), specks=dict(last=(7, 0)), blotches=dict(mixture=(10, 0)))
)  # fmt: skip
wrong(checks.check_diagnose, None)(with_rules(crowded=dict(signal=(5, 0.7), told=(9, 0.9))))


@wrong(checks.check_diagnose, "looks alone")
def _(looks, probe):
    return {"noise": 2, "changing": 3, "dull": 1, "crowded": 5, "specks": 7, "blotches": 10, "good": 8}.get(looks, 0)


@wrong(checks.check_diagnose, "one room, no probe")
def _(looks, probe):
    return {"specks": 7, "blotches": 10}.get(looks) or leaf(probe, **RULES.get(looks, {}))


@wrong(checks.check_diagnose, "noise is Room 6")
def _(looks, probe):
    return leaf(probe, **RULES.get(looks, {})) or 6 * (looks == "noise")
