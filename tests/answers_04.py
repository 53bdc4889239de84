"""Right and wrong answers to the tasks of lesson 4."""

import torch
from answers import of, right, wrong

import checks
import diffusion_utilities as du


@right(checks.check_ask)
def ask(x0, ab_t, g, times, mix=du.add_noise, T=lambda ab_t: len(ab_t) - 1, rand=torch.rand, randn=torch.randn):
    u = rand(len(x0), generator=g)
    t = times(u, T(ab_t))
    eps = randn(x0.shape, generator=g)
    return mix(x0, t, eps, ab_t), t, eps


@right(checks.check_ask)
def _(x0, ab_t, g, times):
    """Written out, and with numbers drawn in place."""
    t = times(torch.empty(x0.shape[0]).uniform_(generator=g), ab_t.numel() - 1)
    eps = torch.empty_like(x0).normal_(generator=g)
    return [of(ab_t[t]) ** 0.5 * x0 + of(1 - ab_t[t]) ** 0.5 * eps, t, eps]


for mistake, how in {
    "T + 1": dict(T=len),
    "uniform noise": dict(randn=torch.rand),
    "one time for all": dict(rand=lambda n, generator: torch.rand(1, generator=generator).expand(n)),
    "one noise for all": dict(randn=lambda shape, generator: torch.randn(shape[1:], generator=generator).expand(shape)),
    "clean sprite": dict(mix=lambda x0, t, eps, ab_t: x0),
    "square root of noise": dict(mix=lambda x0, t, eps, ab_t: of(ab_t[t]).sqrt() * x0 + of(1 - ab_t[t]) * eps),
    "square roots": dict(mix=lambda x0, t, eps, ab_t: of(ab_t[t]) * x0 + of(1 - ab_t[t]) * eps),
    "swapped": dict(mix=lambda x0, t, eps, ab_t: du.add_noise(eps, t, x0, ab_t)),
    "broadcast": dict(mix=lambda x0, t, eps, ab_t: ab_t[t].sqrt() * x0 + (1 - ab_t[t]).sqrt() * eps),
    "no seed": dict(randn=lambda shape, generator: torch.randn(shape)),
}.items():
    wrong(checks.check_ask, mistake)(lambda *given, how=how: ask(*given, **how))


@wrong(checks.check_ask, "noise drawn first")
def _(x0, ab_t, g, times):
    eps = torch.randn(x0.shape, generator=g)
    t = times(torch.rand(len(x0), generator=g), len(ab_t) - 1)
    return du.add_noise(x0, t, eps, ab_t), t, eps


@wrong(checks.check_ask, "off by one")
def _(x0, ab_t, g, times):
    return ask(x0, ab_t, g, lambda u, T: times(u, T) - 1)


@wrong(checks.check_ask, "order")
def _(x0, ab_t, g, times):
    x_t, t, eps = ask(x0, ab_t, g, times)
    return x_t, eps, t


def downhill(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def error(network, x_t, t, T, aim, c=None):
    return network(x_t, t / T, c) - aim


@right(checks.check_learn)
def _(network, optimizer, x_t, t, T, aim, c=None):
    loss = (network(x_t, t / T, c) - aim).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@right(checks.check_learn)
def _(network, optimizer, x_t, t, T, aim, c=None):
    """The gradients emptied at the end, and the loss as a tensor."""
    loss = torch.nn.functional.mse_loss(network(x_t, t.float() / T, c), aim)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss


for mistake, measure in {
    "sum": lambda e: e.square().sum(),
    "root mean square": lambda e: e.square().mean().sqrt(),
    "absolute error": lambda e: e.abs().mean(),
    "not squared": lambda e: e.mean(),
    "half": lambda e: 0.5 * e.square().mean(),
}.items():

    @wrong(checks.check_learn, mistake)
    def _(network, optimizer, *given, measure=measure):
        loss = measure(error(network, *given))
        downhill(optimizer, loss)
        return loss.item()


@wrong(checks.check_learn, "sum")
def _(network, optimizer, *given):
    loss = error(network, *given).square().flatten(1).sum(1).mean()
    downhill(optimizer, loss)
    return loss.item()


for mistake, changed in {
    "t not divided": lambda x_t, t, T, aim, c: (x_t, t, 1, aim, c),
    "T + 1": lambda x_t, t, T, aim, c: (x_t, t, T + 1, aim, c),
    "T = 500": lambda x_t, t, T, aim, c: (x_t, t, 500, aim, c),
    "class not told": lambda x_t, t, T, aim, c: (x_t, t, T, aim),
    "asked about the answer": lambda x_t, t, T, aim, c: (aim, t, T, aim, c),
}.items():

    @wrong(checks.check_learn, mistake)
    def _(network, optimizer, x_t, t, T, aim, c=None, changed=changed):
        loss = error(network, *changed(x_t, t, T, aim, c)).square().mean()
        downhill(optimizer, loss)
        return loss.item()


for mistake, lines in {
    "gradients pile up": lambda optimizer, loss: (loss.backward(), optimizer.step()),
    "weights stay, gradients emptied": lambda optimizer, loss: (
        loss.backward(),
        optimizer.zero_grad(),
        optimizer.step(),
    ),
    "weights stay, step missing": lambda optimizer, loss: (optimizer.zero_grad(), loss.backward()),
    "weights stay, step too early": lambda optimizer, loss: (optimizer.zero_grad(), optimizer.step(), loss.backward()),
    "one step late": lambda optimizer, loss: (optimizer.step(), optimizer.zero_grad(), loss.backward()),
    "uphill": lambda optimizer, loss: downhill(optimizer, -loss),
}.items():

    @wrong(checks.check_learn, mistake.split(",")[0])
    def _(network, optimizer, *given, lines=lines):
        loss = error(network, *given).square().mean()
        lines(optimizer, loss)
        return loss.item()


@wrong(checks.check_learn, "no return")
def _(network, optimizer, *given):
    downhill(optimizer, error(network, *given).square().mean())


@wrong(checks.check_learn, "shape")
def _(network, optimizer, *given):
    loss = error(network, *given).square()
    downhill(optimizer, loss.mean())
    return loss


@wrong(checks.check_learn, "AttributeError")  # the number has no way back to the weights
def _(network, optimizer, *given):
    loss = error(network, *given).square().mean().item()
    downhill(optimizer, loss)
    return loss


@right(checks.check_v)
def _(x0, t, eps, ab_t):
    ab = of(ab_t[t])
    return ab.sqrt() * eps - (1 - ab).sqrt() * x0


@right(checks.check_v)
def _(x0, t, eps, ab_t):
    x_t = du.add_noise(x0, t, eps, ab_t)
    return (of(ab_t[t].sqrt()) * x_t - x0) / of((1 - ab_t[t]).sqrt())  # solved from x0 = signal * x_t - sigma * v


@wrong(checks.check_v, "sign")
def _(x0, t, eps, ab_t):
    ab = of(ab_t[t])
    return (1 - ab).sqrt() * x0 - ab.sqrt() * eps


@wrong(checks.check_v, "plus for minus")
def _(x0, t, eps, ab_t):
    ab = of(ab_t[t])
    return ab.sqrt() * eps + (1 - ab).sqrt() * x0


@wrong(checks.check_v, "x_t")
def _(x0, t, eps, ab_t):
    return du.add_noise(x0, t, eps, ab_t)


@wrong(checks.check_v, "swapped")
def _(x0, t, eps, ab_t):
    ab = of(ab_t[t])
    return ab.sqrt() * x0 - (1 - ab).sqrt() * eps


@wrong(checks.check_v, "weights swapped")
def _(x0, t, eps, ab_t):
    ab = of(ab_t[t])
    return (1 - ab).sqrt() * eps - ab.sqrt() * x0


@wrong(checks.check_v, "square roots")
def _(x0, t, eps, ab_t):
    ab = of(ab_t[t])
    return ab * eps - (1 - ab) * x0


@wrong(checks.check_v, "square root of x0")
def _(x0, t, eps, ab_t):
    ab = of(ab_t[t])
    return ab**0.5 * eps - (1 - ab) * x0


@wrong(checks.check_v, "square root of noise")
def _(x0, t, eps, ab_t):
    ab = of(ab_t[t])
    return ab * eps - (1 - ab) ** 0.5 * x0


@wrong(checks.check_v, "off by one")
def _(x0, t, eps, ab_t):
    ab = of(ab_t[t - 1])
    return ab.sqrt() * eps - (1 - ab).sqrt() * x0


@wrong(checks.check_v, "broadcast")
def _(x0, t, eps, ab_t):
    ab = ab_t[t]
    return ab.sqrt() * eps - (1 - ab).sqrt() * x0


@right(checks.check_middle)
def _(u, T):
    u = (torch.arange(len(u)) + u) / len(u)
    return (T * torch.arccos(1 - 2 * u) / torch.pi).ceil().long().clamp(1, T)


@right(checks.check_middle)
def _(u, T):
    """As the course does it: look the slices' numbers up in the running sum of the probabilities."""
    p = du.Times("middle", T).probabilities()
    u = torch.stack([(i + each) / len(u) for i, each in enumerate(u.double())])
    return torch.searchsorted(p.cumsum(0), u).clamp(max=T - 1) + 1


def slices(u):
    return (torch.arange(len(u)) + u) / len(u)


for mistake, times in {
    "no slices": lambda u, T: (T * torch.arccos(1 - 2 * u) / torch.pi).ceil().long().clamp(1, T),
    "not bent": lambda u, T: (T * slices(u)).ceil().long().clamp(1, T),
    "neither": lambda u, T: (T * u).long() + 1,
    "t = 0": lambda u, T: (T * torch.arccos(1 - 2 * slices(u)) / torch.pi).ceil().long(),
    "one too small": lambda u, T: (T * torch.arccos(1 - 2 * slices(u)) / torch.pi).long(),
    "pi missing": lambda u, T: (T * torch.arccos(1 - 2 * slices(u))).ceil().long().clamp(1, T),
    "half the way": lambda u, T: (T * torch.arccos(1 - slices(u)) / torch.pi).ceil().long().clamp(1, T),
    "downwards": lambda u, T: (T * torch.arccos(2 * slices(u) - 1) / torch.pi).ceil().long().clamp(1, T),
    "bent outwards": lambda u, T: (T * (1 - torch.cos(torch.pi * slices(u))) / 2).ceil().long().clamp(1, T),
    "not whole": lambda u, T: T * torch.arccos(1 - 2 * slices(u)) / torch.pi,
    "float": lambda u, T: (T * torch.arccos(1 - 2 * slices(u)) / torch.pi).ceil().clamp(1, T),
}.items():
    wrong(checks.check_middle, mistake)(times)


@right(checks.check_ema)
def _(average, weights, step, max_decay):
    decay = min(max_decay, 1 - 1 / (step / 10 + 1))
    return decay * average + (1 - decay) * weights


@right(checks.check_ema)
def _(average, weights, step, max_decay):
    return torch.lerp(average, weights, max(1 - max_decay, 10 / (step + 10)))


@wrong(checks.check_ema, "swapped")
def _(average, weights, step, max_decay):
    decay = min(max_decay, step / (step + 10))
    return (1 - decay) * average + decay * weights


@wrong(checks.check_ema, "no warm-up")
def _(average, weights, step, max_decay):
    return max_decay * average + (1 - max_decay) * weights


@wrong(checks.check_ema, "max for min")
def _(average, weights, step, max_decay):
    decay = max(max_decay, 1 - 1 / (step / 10 + 1))
    return decay * average + (1 - decay) * weights


@wrong(checks.check_ema, "never capped")
def _(average, weights, step, max_decay):
    return torch.lerp(average, weights, 1 / (step / 10 + 1))


@wrong(checks.check_ema, "plain mean")
def _(average, weights, step, max_decay):
    return (average + weights) / 2


@wrong(checks.check_ema, "running mean")
def _(average, weights, step, max_decay):
    return average + (weights - average) / step


@wrong(checks.check_ema, "off by one")
def _(average, weights, step, max_decay):
    decay = min(max_decay, 1 - 1 / ((step - 1) / 10 + 1))
    return decay * average + (1 - decay) * weights


@wrong(checks.check_ema, "step not divided")
def _(average, weights, step, max_decay):
    decay = min(max_decay, 1 - 1 / (step + 1))
    return decay * average + (1 - decay) * weights


@wrong(checks.check_ema, "in place")
def _(average, weights, step, max_decay):
    decay = min(max_decay, 1 - 1 / (step / 10 + 1))
    return average.mul_(decay).add_((1 - decay) * weights)
