"""Right and wrong answers to the your turns of lesson 5."""

import torch
from answers import right, wrong

import checks


@right(checks.check_drop)
def _(c, u, p):
    return torch.where(u[:, None] < p, torch.zeros(1), c)


@right(checks.check_drop)
def _(c, u, p):
    c = c.clone()
    c[u < p] = 0
    return c


@wrong(checks.check_drop, "columns")
def _(c, u, p):
    return torch.where(u < p, 0.0, c)


@wrong(checks.check_drop, "inverted")
def _(c, u, p):
    return c * (u < p).float().view(-1, 1)


@wrong(checks.check_drop, "boundary")
def _(c, u, p):
    return c.masked_fill((u <= p)[:, None], 0)


@wrong(checks.check_drop, "whole batch")
def _(c, u, p):
    return torch.zeros_like(c) if u[0] < p else c.clone()


@wrong(checks.check_drop, "scaled")
def _(c, u, p):
    return c * (u >= p)[:, None] / (1 - p)


@wrong(checks.check_drop, "random")
def _(c, u, p):
    return torch.nn.functional.dropout(c, 0.5)


@wrong(checks.check_drop, "random")
def _(c, u, p):
    return c * (torch.rand_like(c) >= p)


@wrong(checks.check_drop, "all dropped")
def _(c, u, p):
    return 0 * c


@wrong(checks.check_drop, "nothing dropped")
def _(c, u, p):
    c.masked_fill((u < p)[:, None], 0)
    return c


@wrong(checks.check_drop, "ones")
def _(c, u, p):
    return c.masked_fill((u < p)[:, None], 1)


@wrong(checks.check_drop, "removed")
def _(c, u, p):
    return c[~(u < p)]


@wrong(checks.check_drop, "in place")
def _(c, u, p):
    c[u < p] = 0
    return c


def denoiser(answer):
    """The class that the learner writes, made of its __call__(self, x, t, c)."""

    class Made:
        def __init__(self, model, w, negative=None):
            self.model, self.w, self.negative, self.predicts = model, w, negative, model.predicts

        __call__ = answer

    return Made


def guided(combine):
    """A class that combines uncond, cond and w."""
    return denoiser(lambda self, x, t, c: combine(self.model(x, t, 0 * c), self.model(x, t, c), self.w))


right(checks.check_guided)(guided(lambda u, c, w: u + w * (c - u)))


@right(checks.check_guided)
@denoiser
def _(self, x, t, c):  # one call
    both = self.model(torch.cat([x, x]), torch.cat([t, t]), torch.cat([torch.zeros_like(c), c]))
    uncond, cond = both.chunk(2)
    return (1 - self.w) * uncond + self.w * cond


@right(checks.check_guided)
@denoiser
def _(self, x, t, c):  # no context as None
    return torch.lerp(self.model(x, t), self.model(x, t, c), self.w)


for mistake, combine in {
    "1 + w": lambda u, c, w: (1 + w) * c - w * u,
    "swapped": lambda u, c, w: w * u + (1 - w) * c,
    "only cond": lambda u, c, w: c * w,
    "difference only": lambda u, c, w: w * c - w * u,
    "uncond not subtracted": lambda u, c, w: u + w * c,
    "minus": lambda u, c, w: u + w * (u - c),
    "c for both": lambda u, c, w: c + w * (c - c),
    "ignored": lambda u, c, w: u + w * (u - u),
    "no return": lambda u, c, w: None,
}.items():
    wrong(checks.check_guided, mistake)(guided(combine))


@wrong(checks.check_guided, "ones")
@denoiser
def _(self, x, t, c):
    uncond, cond = self.model(x, t, torch.ones(len(c), 5)), self.model(x, t, c)
    return uncond + self.w * (cond - uncond)


@wrong(checks.check_guided, "request scaled")
@denoiser
def _(self, x, t, c):
    return self.model(x, t, self.w * c)


@wrong(checks.check_guided, "in place")
@denoiser
def _(self, x, t, c):
    cond = self.model(x, t, c)
    uncond = self.model(x, t, c.zero_())
    return uncond + self.w * (cond - uncond)


@wrong(checks.check_guided, "TypeError")
class _:
    """Whoever takes the class for a function."""

    def __call__(self, model, x, t, c, w):
        return model(x, t, c)


@right(checks.check_away)
@denoiser
def _(self, x, t, c):
    away, cond = self.model(x, t, self.negative.expand(len(x), -1)), self.model(x, t, c)
    return away + self.w * (cond - away)


@right(checks.check_away)
@denoiser
def _(self, x, t, c):  # one call
    both = torch.cat([self.negative.repeat(len(x), 1), c])
    away, cond = self.model(torch.cat([x, x]), torch.cat([t, t]), both).chunk(2)
    return self.w * cond + (1 - self.w) * away


def away(combine):
    """A class that combines uncond, cond, the answer to negative, and w."""
    return denoiser(lambda self, x, t, c: combine(
        self.model(x, t), self.model(x, t, c), self.model(x, t, self.negative.expand_as(c)), self.w))  # fmt: skip


for mistake, combine in {
    "negative ignored": lambda u, c, n, w: u + w * (c - u),
    "starts at uncond": lambda u, c, n, w: u + w * (c - u) - w * (n - u),
    "replaced once": lambda u, c, n, w: n + w * (c - u),
    "swapped": lambda u, c, n, w: (1 - w) * c + w * n,
    "1 + w": lambda u, c, n, w: (1 + w) * c - w * n,
    "difference only": lambda u, c, n, w: w * (c - n),
}.items():
    wrong(checks.check_away, mistake)(away(combine))


@wrong(checks.check_away, "contexts subtracted")
@denoiser
def _(self, x, t, c):
    uncond = self.model(x, t)
    return uncond + self.w * (self.model(x, t, c - self.negative) - uncond)


@right(checks.check_mixtures)
def _(a, b, n):
    return torch.lerp(torch.eye(5)[a], torch.eye(5)[b], torch.linspace(0, 1, n)[:, None])


@right(checks.check_mixtures)
def _(a, b, n):
    rows = torch.zeros(n, 5)
    for i in range(n):
        rows[i, a] += 1 - i / (n - 1)
        rows[i, b] += i / (n - 1)
    return rows


@wrong(checks.check_mixtures, "numbers mixed")
def _(a, b, n):
    numbers = [round(a + (b - a) * i / (n - 1)) for i in range(n)]
    return torch.nn.functional.one_hot(torch.tensor(numbers), 5).float()


def mixed(shares, mix):
    return lambda a, b, n: torch.stack([mix(s, torch.eye(5)[a], torch.eye(5)[b]) for s in shares(n)])


def even(n):
    return torch.linspace(0, 1, n)


for mistake, shares, mix in [
    ("turned round", even, lambda s, a, b: b + s * (a - b)),
    ("b added", even, lambda s, a, b: a + s * b),
    ("a faded", even, lambda s, a, b: a * (1 - s)),
    ("does not arrive", lambda n: torch.linspace(0, 1, n + 1)[:-1], lambda s, a, b: a + s * (b - a)),
    ("ends left out", lambda n: torch.linspace(0, 1, n + 2)[1:-1], lambda s, a, b: a + s * (b - a)),
    ("ends left out", lambda n: (2 * torch.arange(n) + 1) / (2 * n), lambda s, a, b: a + s * (b - a)),
    ("whole numbers", even, lambda s, a, b: (a + s * (b - a)).int()),
    ("one or the other", even, lambda s, a, b: a if s <= 0.5 else b),
    ("square roots", even, lambda s, a, b: a * (1 - s) ** 0.5 + b * s**0.5),
]:
    wrong(checks.check_mixtures, mistake)(mixed(shares, mix))


@wrong(checks.check_mixtures, "shape")
def _(a, b, n):
    return torch.lerp(torch.eye(5)[a], torch.eye(5)[b], torch.linspace(0, 1, n)[:, None]).T
