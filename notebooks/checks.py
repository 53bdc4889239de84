"""The checks of the exercises: each compares your function with the truth on random inputs of several shapes and, when
it is wrong, says which mistake it looks like, with the number measured and the number expected. Every further try gives
the next hint.

How a check is made: `_check` gets the truth, the cases to try, and the classic mistakes as functions of their own. If
yours answers as one of those does, in every case, that is the mistake it names.
"""

import contextlib
import functools
import html
import numbers
from collections.abc import Callable
from typing import NamedTuple

import torch

import diffusion_utilities as du

_hints_given = {}  # exercise: how many hints it has given since the kernel started


class Result:
    """What a check says: `passed`, the name of the `mistake` if it knows one, and the `text`; shows itself as a box."""

    def __init__(self, exercise, text, passed=False, mistake=None, hint=""):
        self.exercise, self.text, self.passed, self.mistake, self.hint = exercise, text, passed, mistake, hint

    def __repr__(self):
        return f"{self.exercise}: {self.text}" + (f"\n{self.hint}" if self.hint else "")

    def _repr_html_(self):
        colour = "#2e7d32" if self.passed else "#c77700"
        hint = f"<br><i>{html.escape(self.hint)}</i>" if self.hint else ""
        return (f'<div style="border-left: 4px solid {colour}; padding: 4px 12px"><b>{html.escape(self.exercise)}: '
                f"{'right' if self.passed else 'not yet'}.</b> {html.escape(self.text)}{hint}</div>")  # fmt: skip


class Mistake(NamedTuple):
    """A classic mistake: its short name, the function that makes it, and a sentence on what to change."""

    name: str
    function: Callable
    advice: str


class Probe(NamedTuple):
    """The number that a check quotes: what it is, the arguments to call with, and how to read the number off."""

    what: str
    arguments: tuple
    read: Callable = lambda out: out.std().item()


def _copy(value):
    return value.clone() if torch.is_tensor(value) else list(value) if isinstance(value, list) else value


def _flat(answer):
    """An answer as one float64 tensor, or None if it holds no numbers: tensors, numbers, nested lists of them."""
    if isinstance(answer, (list, tuple)):
        parts = [_flat(part) for part in answer]
        return None if any(part is None for part in parts) else torch.cat([torch.zeros(0).double(), *parts])
    if torch.is_tensor(answer):
        return answer.detach().double().flatten()
    return torch.tensor([float(answer)]).double() if isinstance(answer, numbers.Real) else None


def _shape(answer):
    if torch.is_tensor(answer):
        return f"a tensor of shape {tuple(answer.shape)}"
    return f"a {type(answer).__name__}" + (f" of {len(answer)}" if isinstance(answer, (list, tuple)) else "")


def _same(a, b):
    """Equal up to rounding, and of the same shape."""
    if torch.is_tensor(a) and torch.is_tensor(b) and a.shape != b.shape:
        return False
    a, b = _flat(a), _flat(b)
    return (
        a is not None
        and b is not None
        and a.shape == b.shape
        and torch.allclose(a, b, rtol=1e-3, atol=1e-4, equal_nan=True)
    )


def _number(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _what_went_wrong(error):
    """(name, sentence) for an exception that the learner's function raised."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, RuntimeError) and ("must match the size" in text or "broadcast" in text):
        return (
            "broadcast",
            f"{text}. One number for each image multiplies images as (B, 1, 1, 1), and rows as (B, 1).",
        )
    return type(error).__name__, f"your function raised {type(error).__name__}: {text}"


def _check(exercise, function, truth, cases, mistakes, hints, probe=None, random=("random", "Draw none here.")):
    """Run `function` on copies of each case's arguments and compare with `truth`; returns a Result.

    cases       a list of tuples of arguments
    mistakes    a list of Mistake; the first that answers like the function, in every case, is named
    hints       sentences, from a nudge to nearly the answer; each failed try shows the next
    probe       the Probe whose number is quoted; without one the first number that differs
    random      the name and the advice for a function that draws random numbers where it should not
    """

    def wrong(text, mistake=None):
        given = _hints_given[exercise] = _hints_given.get(exercise, -1) + 1  # the first try gets none
        hint = f"Hint {min(given, len(hints))} of {len(hints)}: {hints[min(given, len(hints)) - 1]}" if given else ""
        return Result(exercise, text, mistake=mistake, hint=hint)

    answers, expected = [], []
    for arguments in cases:
        copies = [_copy(a) for a in arguments]
        try:
            answer = function(*copies)
        except Exception as error:  # whatever the learner's code raises is an answer, too
            return wrong(_what_went_wrong(error)[1], _what_went_wrong(error)[0])
        if answer is ...:
            return wrong("replace the dots by your code, then run the cell again.", "untouched")
        if answer is None:
            return wrong("your function returns None: is a `return` missing?", "no return")
        changed = [i for i, (a, b) in enumerate(zip(copies, arguments)) if torch.is_tensor(b) and not torch.equal(a, b)]
        if changed:
            return wrong(f"your function changes its argument number {changed[0] + 1}: make a new tensor instead "
                         "(x = x * 2, not x *= 2).", "in place")  # fmt: skip
        if not answers and _flat(answer) is not None and not _same(answer, function(*[_copy(a) for a in arguments])):
            text = "two calls with the same arguments gave different answers: your function draws random numbers."
            return wrong(f"{text} {random[1]}", random[0])
        answers.append(answer)
        expected.append(truth(*[_copy(a) for a in arguments]))

    if all(_same(a, b) for a, b in zip(answers, expected)):
        _hints_given.pop(exercise, None)
        return Result(exercise, f"equal to the truth in all {len(cases)} cases.", passed=True)

    for mistake in mistakes:
        if all(_same(a, mistake.function(*[_copy(x) for x in case])) for a, case in zip(answers, cases)):
            return wrong(f"{_measured(function, truth, probe, answers, expected)}: {mistake.advice}", mistake.name)
    for answer, right in zip(answers, expected):
        if torch.is_tensor(right) and (not torch.is_tensor(answer) or answer.shape != right.shape):
            return wrong(f"your function returns {_shape(answer)}, expected {_shape(right)}.", "shape")
        if _flat(answer) is None or len(_flat(answer)) != len(_flat(right)):
            return wrong(f"your function returns {_shape(answer)}, expected {_shape(right)}.", "shape")
    if not all(torch.isfinite(_flat(a)).all() for a in answers):
        return wrong("your answer holds NaN or infinite numbers: is something divided by 0?", "not finite")
    return wrong(f"{_measured(function, truth, probe, answers, expected)}.", None)


def _measured(function, truth, probe, answers, expected):
    """The number that was measured and the one expected: the probe's, or else the first that differs."""
    with contextlib.suppress(Exception):  # a function may fail at the probe alone: then another number is quoted
        found, right = (probe.read(f(*[_copy(a) for a in probe.arguments])) for f in (function, truth))
        if _number(found) != _number(right):
            return f"{probe.what} is {_number(found)}, expected {_number(right)}"
    for a, b in zip(answers, expected):
        if _same(a, b):
            continue
        a, b = _flat(a), _flat(b)
        if a is None or len(a) != len(b):
            return f"your answer holds {0 if a is None else len(a)} numbers, expected {len(b)}"
        i = (a - b).abs().argmax().item()
        return f"number {i} of your answer is {_number(a[i].item())}, expected {_number(b[i].item())}"


def _random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# Shapes that tell mistakes apart: 4 images of 4 x 4 let a missing (B, 1, 1, 1) go unnoticed by torch, but not by us.
SHAPES = [(4, 3, 4, 4), (2, 1, 8, 8), (1, 3, 16, 16), (5, 3, 4, 6)]


def _noised(schedule="linear", T=500):
    """Cases (x0, t, noise, ab_t) of several shapes, with a time for each image; the last holds both ends of time."""
    ab_t = du.noise_schedule(schedule, T)
    times = [torch.tensor([3, 50, 250, 499]), torch.tensor([100, 400]), torch.tensor([77]),
             torch.tensor([1, 2, 120, 300, T])]  # fmt: skip
    return [(_random(*s, seed=1).clamp(-1, 1), t, _random(*s, seed=2), ab_t) for s, t in zip(SHAPES, times)]


def _per_image(value):
    return value.float()[:, None, None, None]


# ----------------------------------------------------------------------------------------------------- lessons 1 and 2


def check_ab_t(function):
    """Exercise 1.1: function(b_t) is ab_t; b_t holds the betas of t = 1..T, and ab_t[0] is 1."""
    one = torch.ones(1, dtype=torch.float64)

    def after_one(part):
        return lambda b_t: torch.cat([one, part(b_t)])

    def truth(b_t):
        return torch.cat([one, torch.cumprod(1 - b_t, 0)])

    def overwritten(b_t):
        ab_t = torch.cumprod(1 - b_t, 0)
        ab_t[0] = 1
        return ab_t

    def doubled(b_t):  # as if there were a beta of time 0, too
        return torch.cat([one, (1 - b_t[0]) * torch.cumprod(1 - b_t, 0)])

    betas = [torch.rand(T, generator=torch.Generator().manual_seed(T)).double() * 0.4 + 0.05 for T in (7, 3, 12)]
    linear = torch.linspace(1e-4, 0.02, 500, dtype=torch.float64)
    summed = "each step multiplies what is left of the picture: take the product of all 1 - b_t so far, not a sum."
    return _check(
        "Exercise 1.1", function, truth, [(b_t,) for b_t in [*betas, linear]],
        mistakes=[
            Mistake("no leading 1", lambda b_t: torch.cumprod(1 - b_t, 0),
                    "the entry of time 0 is missing; a 1 (nothing multiplied yet) belongs in front of the products, "
                    "so T betas give T + 1 entries."),
            Mistake("first factor overwritten", overwritten,
                    "ab_t[0] = 1 must come in addition: written over the first product it loses ab_t[1], and every "
                    "later index is off by one."),
            Mistake("last factor lost", lambda b_t: truth(b_t)[:-1],
                    "the 1 in front is right, but the last beta is lost: T betas give T + 1 entries."),
            Mistake("first factor doubled", doubled,
                    "ab_t[1] holds the first factor twice: time 0 has no beta, so there is exactly one factor at 1."),
            Mistake("leading 0", lambda b_t: torch.cat([0 * one, torch.cumprod(1 - b_t, 0)]),
                    "at time 0 the whole picture is left, so ab_t[0] is 1; a product of no factors is 1, too."),
            Mistake("sum", after_one(lambda b_t: 1 - torch.cumsum(b_t, 0)), summed),
            Mistake("sum", after_one(lambda b_t: torch.cumsum(1 - b_t, 0)), summed),
            Mistake("product of b_t", after_one(lambda b_t: torch.cumprod(b_t, 0)),
                    "b_t is the share of variance that a step adds as noise; multiply what it keeps, 1 - b_t."),
            Mistake("product of b_t", after_one(lambda b_t: 1 - torch.cumprod(b_t, 0)),
                    "1 minus the product of b_t is not the product of all 1 - b_t: subtract first, then multiply."),
            Mistake("not cumulative", after_one(lambda b_t: 1 - b_t),
                    "this is a_t, what one single step keeps; ab_t is the product of all steps so far."),
            Mistake("square root", lambda b_t: truth(b_t).sqrt(),
                    "ab_t is the plain product, a share of variance; the root comes later, where it weighs a picture."),
        ],
        hints=[
            "ab_t[t] is the product of the first t numbers 1 - b_t. How many factors has ab_t[0]?",
            "torch.cumprod gives all products from ab_t[1] on; torch.cat puts a 1 in front.",
            "torch.cat([torch.ones(1, dtype=b_t.dtype), torch.cumprod(1 - b_t, 0)]).",
        ],
        probe=Probe("for the betas 0.1, 0.2, 0.3 your entry [2]",
                    (torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64),), lambda out: out[2].item()),
    )  # fmt: skip


def check_add_noise(function):
    """Exercise 1.2: function(x0, t, noise, ab_t) is x_t; t holds one time for each image."""

    def mix(signal, sigma):
        def made(x0, t, noise, ab_t):
            return _per_image(signal(ab_t[t])) * x0 + _per_image(sigma(ab_t[t])) * noise

        return made

    def root(ab):
        return ab.sqrt()

    def early(x0, t, noise, ab_t):
        return du.add_noise(x0, t - 1, noise, ab_t)

    zeros, noise = torch.zeros(1, 3, 64, 64), _random(1, 3, 64, 64)
    return _check(
        "Exercise 1.2", function, du.add_noise, _noised(),
        mistakes=[
            Mistake("square root of noise", mix(root, lambda ab: 1 - ab),
                    "the square root on the noise is missing; variances add, not standard deviations."),
            Mistake("square roots", mix(lambda ab: ab, lambda ab: 1 - ab), "both weights need a square root."),
            Mistake("swapped", mix(lambda ab: (1 - ab).sqrt(), root),
                    "the weights are swapped: ab_t is the share of the picture, 1 - ab_t that of the noise."),
            Mistake("picture not scaled", mix(torch.ones_like, lambda ab: (1 - ab).sqrt()),
                    "the picture must shrink as the noise grows: multiply it by sqrt(ab_t)."),
            Mistake("off by one", early, "ab_t[0] is 1, a clean picture: time t is ab_t[t], not ab_t[t - 1]."),
        ],
        hints=[
            "Look up ab_t[t]: one number for each image. Give it the shape (B, 1, 1, 1).",
            "The weight of the picture is the square root of ab_t[t].",
            "x_t = ab.sqrt() * x0 + (1 - ab).sqrt() * noise with ab = ab_t[t].float()[:, None, None, None].",
        ],
        probe=Probe("the std of the noise at t = 50", (zeros, torch.tensor([50]), noise, du.noise_schedule())),
    )  # fmt: skip


def check_weights(function):
    """Exercise 1.3: function(x_t, t, images, ab_t) is how much each image counts for one x_t: (N,), of sum 1."""

    def truth(x_t, t, images, ab_t):
        return du.PerfectDenoiser(images, ab_t).weights(x_t, t / (len(ab_t) - 1))[0]

    def weigh(distance=lambda e: e.square().sum((1, 2, 3)), shrink=torch.sqrt, divide=lambda ab: 2 * (1 - ab),
              sign=-1, back=0):  # fmt: skip
        def made(x_t, t, images, ab_t):
            ab = ab_t[t - back]
            return (sign * distance(x_t - shrink(ab) * images) / divide(ab)).softmax(0)

        return made

    def expanded(signal, norm):
        """The square multiplied out: -2 x_t.x_i and |x_i|^2, each with its weight."""

        def made(x_t, t, images, ab_t):
            product, square = images.flatten(1) @ x_t.flatten(), images.flatten(1).square().sum(1)
            return (-(norm(ab_t[t]) * square - signal(ab_t[t]) * product) / (2 * (1 - ab_t[t]))).softmax(0)

        return made

    def not_normalised(x_t, t, images, ab_t):
        return torch.exp(-(x_t - ab_t[t].sqrt() * images).square().sum((1, 2, 3)) / (2 * (1 - ab_t[t])))

    def case(N, shape, t, seed, ab_t):
        images = _random(N, *shape, seed=seed).clamp(-1, 1)
        return du.add_noise(images[:1], t, _random(1, *shape, seed=seed + 1), ab_t), t, images, ab_t

    linear, cosine = du.noise_schedule("linear", 500), du.noise_schedule("cosine", 50)
    cases = [case(6, (1, 2, 2), 20, 3, cosine), case(4, (3, 2, 2), 35, 5, cosine), case(9, (2, 1, 2), 100, 7, linear),
             case(50, (3, 16, 16), 250, 9, linear)]  # fmt: skip
    black_and_white = torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1).expand(2, 1, 2, 2)
    result = _check(
        "Exercise 1.3", function, truth, cases,
        mistakes=[
            Mistake("images not scaled", weigh(shrink=torch.ones_like),
                    "x_t holds a shrunken picture: compare it with sqrt(ab_t) * images, not with the images."),
            Mistake("images scaled by ab_t", weigh(shrink=lambda ab: ab),
                    "in x_t the picture is multiplied by sqrt(ab_t), not by ab_t: a root is missing."),
            Mistake("factor 2", weigh(divide=lambda ab: 1 - ab),
                    "the exponent of a Gaussian is -d / (2 * variance): the 2 is missing."),
            Mistake("mean for sum", weigh(lambda e: e.square().mean((1, 2, 3))),
                    "the noise of each pixel is independent, so the likelihoods multiply and the squares add up; with "
                    "their mean the weights become far too equal."),
            Mistake("no squares", weigh(lambda e: e.abs().sum((1, 2, 3))),
                    "d is a sum of squared differences, not of absolute ones."),
            Mistake("root of the sum", weigh(lambda e: e.square().sum((1, 2, 3)).sqrt()),
                    "d is the squared length: do not take its root."),
            Mistake("sign", weigh(sign=1),
                    "the farthest image wins: the exponent needs a minus, so that a small distance weighs more."),
            Mistake("not normalised", not_normalised,
                    "these are likelihoods; divided by their sum they become probabilities."),
            Mistake("not divided", weigh(divide=lambda ab: 1.0),
                    "divide d by 2 * (1 - ab_t): how much a difference says depends on how much noise there is."),
            Mistake("not divided", weigh(divide=lambda ab: 2.0),
                    "the 2 is right, the noise's variance is missing: divide d by 2 * (1 - ab_t)."),
            Mistake("std for variance", weigh(divide=lambda ab: 2 * (1 - ab).sqrt()),
                    "d is divided by twice the variance, 1 - ab_t; you divide by twice its root, the std."),
            Mistake("ab_t for 1 - ab_t", weigh(divide=lambda ab: 2 * ab),
                    "ab_t is the picture's share of the variance; that of the noise is 1 - ab_t."),
            Mistake("off by one", weigh(back=1), "ab_t[0] is time 0: time t is ab_t[t], not ab_t[t - 1]."),
            Mistake("picture's square left out", expanded(lambda ab: 2 * ab.sqrt(), torch.zeros_like),
                    "only |x_t|^2 is the same for all images and cancels; ab_t * |x_i|^2 differs and must stay."),
            Mistake("picture's square not scaled", expanded(lambda ab: 2 * ab.sqrt(), torch.ones_like),
                    "in the square of sqrt(ab_t) * x_i the factor is squared, too: ab_t * |x_i|^2."),
            Mistake("middle term", expanded(torch.sqrt, lambda ab: ab),
                    "(a - b)^2 = a^2 - 2 a b + b^2: the middle term counts twice."),
        ],
        hints=[
            "First d, one number for each image: the squared length of x_t - sqrt(ab_t[t]) * images[i].",
            "Minus d, divided by twice the noise's variance, goes into a softmax over the images.",
            "(-d / (2 * (1 - ab_t[t]))).softmax(0), where d = ab * (X * X).sum(1) - 2 * ab.sqrt() * (X @ x) with "
            "ab = ab_t[t], X = images.flatten(1) and x = x_t.flatten().",
        ],
        probe=Probe("of a black and a white picture, for x_t = ab_t[t] = 0.2, the weight of the white one",
                    (torch.full((1, 1, 2, 2), 0.2), 2, black_and_white, torch.tensor([1.0, 0.5, 0.2]).double()),
                    lambda out: out[1].item()),
    )  # fmt: skip
    if result.mistake == "not finite":
        result.text = (
            "your answer holds NaN: with 768 numbers in a picture the exponentials are so small that they all round "
            "to 0, and 0 / 0 is NaN. A softmax subtracts the largest exponent first."
        )
    return result


def check_x0(function):
    """Exercise 2.1: function(x_t, t, eps, ab_t) is the clean image that the noise eps implies; t is one per image."""

    def truth(x_t, t, eps, ab_t):
        return du.to_x0_eps(eps, x_t, t, ab_t, "eps")[0]

    def undo(sigma=lambda ab: (1 - ab).sqrt(), signal=torch.sqrt, sign=1, back=0):
        def made(x_t, t, eps, ab_t):
            ab = ab_t[t - back]
            return (x_t - sign * _per_image(sigma(ab)) * eps) / _per_image(signal(ab))

        return made

    def brackets(x_t, t, eps, ab_t):
        ab = ab_t[t]
        return x_t - _per_image((1 - ab).sqrt()) * eps / _per_image(ab.sqrt())

    def shrunk_first(x_t, t, eps, ab_t):
        ab = ab_t[t]
        return x_t / _per_image(ab.sqrt()) - _per_image((1 - ab).sqrt()) * eps

    cases = [(du.add_noise(x0, t, noise, ab_t), t, 0.9 * noise + 0.1 * x0, ab_t) for x0, t, noise, ab_t in _noised()]
    board = torch.tensor([-0.5, 0.5]).repeat(1536).view(1, 3, 32, 32)
    noise, t, ab_t = _random(1, 3, 32, 32, seed=4), torch.tensor([250]), du.noise_schedule()
    return _check(
        "Exercise 2.1", function, truth, cases,
        mistakes=[
            Mistake("square roots", undo(lambda ab: 1 - ab, lambda ab: ab),
                    "both weights of x_t are square roots, so both roots appear when you solve for x_0."),
            Mistake("square root of noise", undo(lambda ab: 1 - ab),
                    "the root on the noise is missing: x_t holds sqrt(1 - ab_t) * eps."),
            Mistake("square root of picture", undo(signal=lambda ab: ab),
                    "the picture in x_t was multiplied by sqrt(ab_t): divide by the root."),
            Mistake("not divided", undo(signal=torch.ones_like),
                    "without the noise, what is left is sqrt(ab_t) * x_0, a picture that is too pale: divide by "
                    "sqrt(ab_t)."),
            Mistake("multiplied", undo(signal=lambda ab: 1 / ab.sqrt()),
                    "the picture shrank by sqrt(ab_t) on the way; to undo that, divide by it."),
            Mistake("brackets", brackets, "take the noise away first, then divide all of it: brackets are missing."),
            Mistake("brackets", shrunk_first,
                    "the noise must be divided by sqrt(ab_t), too: take it away first, then divide the difference."),
            Mistake("sign", undo(sign=-1), "the noise was added on the way up: take it away."),
            Mistake("off by one", undo(back=1), "ab_t[0] is time 0: time t is ab_t[t], not ab_t[t - 1]."),
            Mistake("swapped", undo(torch.sqrt, lambda ab: (1 - ab).sqrt()),
                    "the weights are swapped: sqrt(ab_t) belongs to the picture, sqrt(1 - ab_t) to the noise."),
        ],
        hints=[
            "Write down x_t = sqrt(ab_t) * x_0 + sqrt(1 - ab_t) * eps and solve it for x_0.",
            "Look up ab_t[t], one number for each image, and give it the shape (B, 1, 1, 1).",
            "x_0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt() with ab = ab_t[t].view(-1, 1, 1, 1).",
        ],
        probe=Probe("for a picture of std 0.5, noised to t = 250, the std of your x_0",
                    (du.add_noise(board, t, noise, ab_t), t, noise, ab_t), lambda out: out.std(correction=0).item()),
    )  # fmt: skip


def check_ddpm_step(function):
    """Exercise 2.2: function(x, t, eps, z, ab_t) is one DDPM step to t - 1, with the small (posterior) variance."""

    def ddpm(a=lambda ab_t, t: ab_t[t] / ab_t[t - 1], keep=lambda a, ab: (1 - a) / (1 - ab).sqrt(), grow=torch.sqrt,
             std=lambda a, ab, before: ((1 - a) * (1 - before) / (1 - ab)).sqrt(), sign=1):  # fmt: skip
        def made(x, t, eps, z, ab_t):
            a_t, ab = a(ab_t, t), ab_t[t]
            return (x - sign * keep(a_t, ab) * eps) / grow(a_t) + std(a_t, ab, ab_t[t - 1]) * z

        return made

    def undivided_noise(x, t, eps, z, ab_t):
        a = ab_t[t] / ab_t[t - 1]
        small = (1 - a) * (1 - ab_t[t - 1]) / (1 - ab_t[t])
        return (x - (1 - a) / (1 - ab_t[t]).sqrt() * eps + small.sqrt() * z) / a.sqrt()

    cases = [(_random(*shape, seed=1), t, _random(*shape, seed=2), _random(*shape, seed=3), du.noise_schedule(name, T))
             for shape, t, name, T in zip(SHAPES, (2, 5, 20, 40), ("rescaled", "cosine", "cosine", "linear"),
                                          (50, 20, 60, 50))]  # fmt: skip
    zeros, z = torch.zeros(1, 3, 32, 32), _random(1, 3, 32, 32)
    all_away = "a step takes away only a part of the noise, eps * (1 - a_t) / sqrt(1 - ab_t); you take all of it."
    index = "a_t is what the step from t - 1 to t keeps: ab_t[t] / ab_t[t - 1]; "
    result = _check(
        "Exercise 2.2", function, ddpm(), cases,
        mistakes=[
            Mistake("variance for std", ddpm(std=lambda a, ab, before: (1 - a) * (1 - before) / (1 - ab)),
                    "z has std 1, so it must be multiplied by a std: the root of the posterior variance."),
            Mistake("large variance", ddpm(std=lambda a, ab, before: (1 - a).sqrt()),
                    "this is the large variance, b_t; the small one is b_t * (1 - ab_(t-1)) / (1 - ab_t)."),
            Mistake("large variance", ddpm(std=lambda a, ab, before: 1 - a),
                    "this is b_t without a root; take the root of b_t * (1 - ab_(t-1)) / (1 - ab_t)."),
            Mistake("z missing", ddpm(std=lambda a, ab, before: 0 * a),
                    "the mean is right, the fresh noise z is missing: without it the pictures collapse."),
            Mistake("z weighs 1", ddpm(std=lambda a, ab, before: a / a),
                    "z is added at full strength; multiply it by the root of the posterior variance."),
            Mistake("not divided by sqrt(a_t)", ddpm(grow=torch.ones_like),
                    "on the way up the picture shrank by sqrt(a_t): divide the mean by it."),
            Mistake("divided by a_t", ddpm(grow=lambda a: a),
                    "the picture shrank by sqrt(a_t), not by a_t: a root is missing."),
            Mistake("z divided, too", undivided_noise,
                    "z is added after the division by sqrt(a_t): only the mean is divided."),
            Mistake("all of the noise", ddpm(lambda ab_t, t: ab_t[t] / ab_t[t - 1], lambda a, ab: (1 - ab).sqrt()),
                    all_away),
            Mistake("all of the noise", ddpm(keep=lambda a, ab: torch.ones_like(a)), all_away),
            Mistake("sqrt(1 - ab_t) missing", ddpm(keep=lambda a, ab: 1 - a),
                    "the part of eps to take away is (1 - a_t) / sqrt(1 - ab_t): the division is missing."),
            Mistake("root of 1 - ab_t missing", ddpm(keep=lambda a, ab: (1 - a) / (1 - ab)),
                    "the part of eps to take away is (1 - a_t) / sqrt(1 - ab_t): the root is missing."),
            Mistake("root of 1 - a_t", ddpm(keep=lambda a, ab: (1 - a).sqrt()),
                    "sqrt(b_t) is the noise that one step up added; what the mean takes away of eps is "
                    "(1 - a_t) / sqrt(1 - ab_t)."),
            Mistake("sign", ddpm(sign=-1), "the predicted noise is taken away, not added."),
            Mistake("wrong index", ddpm(a=lambda ab_t, t: ab_t[t + 1] / ab_t[t]),
                    index + "you use the step above, from t to t + 1."),
            Mistake("ab_t for a_t", ddpm(a=lambda ab_t, t: ab_t[t]),
                    index + "you use ab_t[t] itself, the product of all steps."),
            Mistake("variance upside down", ddpm(std=lambda a, ab, before: ((1 - a) * (1 - ab) / (1 - before)).sqrt()),
                    "the fraction is upside down: the posterior variance is smaller than b_t, so the smaller number, "
                    "1 - ab_(t-1), goes on top."),
        ],
        hints=[
            "Begin with a = ab_t[t] / ab_t[t - 1] and b = 1 - a: the share that this one step keeps, and its noise.",
            "The mean is (x - eps * b / (1 - ab_t[t]) ** 0.5) / a ** 0.5.",
            "Add variance ** 0.5 * z with variance = b * (1 - ab_t[t - 1]) / (1 - ab_t[t]).",
        ],
        probe=Probe("for x = eps = 0 at t = 5 of 50 the std of the noise put back",
                    (zeros, 5, zeros, z, du.noise_schedule("rescaled", 50))),
    )  # fmt: skip
    if result.mistake == "not finite":
        result.text = (
            "your answer holds NaN: is there a root of a negative number? a_t = ab_t[t] / ab_t[t - 1] lies below 1; "
            "upside down it lies above, and b_t = 1 - a_t is negative."
        )
    return result


def check_sample_loop(function):
    """Exercise 2.3: function(predict, step, x, noises) walks from x_T to x_0; noises[t] is the z of time t."""

    def loop(times=lambda T: range(T, 0, -1), z=lambda noises, t: noises[t] if t > 1 else 0 * noises[t]):
        def made(predict, step, x, noises):
            for t in times(len(noises) - 1):
                x = step(x, t, predict(x, t), z(noises, t))
            return x

        return made

    def every(noises, t):
        return noises[t]

    def asked_once(predict, step, x, noises):
        eps = predict(x, len(noises) - 1)
        return loop()(lambda x, t: eps, step, x, noises)

    def first_x(predict, step, x, noises):  # each step starts from the first x again
        return step(x, 1, predict(x, 1), 0 * x)

    def example(T, *shape):  # a denoiser and a step that answer differently to every x, t and z
        return (lambda x, t: torch.sin(3 * x) * (0.5 + t / T),
                lambda x, t, eps, z: 0.9 * x - 0.4 * eps + (0.3 + t / T) * z,
                _random(*shape, seed=T), _random(T + 1, *shape, seed=T + 1))  # fmt: skip

    walk = []  # what the probe's step was called with: the time, and which of the noises

    def note(x, t, eps, z):
        which = float(torch.as_tensor(z, dtype=torch.float64).mean()) - 1
        walk.append(f"{t} without noise" if which == -1 else f"{t} with z_{which:g}")
        return x

    def read(_):
        told = ", ".join(walk)
        walk.clear()
        return told or "no step at all"

    numbered = torch.arange(1.0, 6.0).view(5, 1, 1, 1, 1).expand(5, 1, 1, 2, 2)
    start = "T is len(noises) - 1, as noises also has an entry for time 0: the first step is at t = T."
    below = "time 0 is the clean picture: the last step is the one at t = 1, which arrives there."
    wrong_time = "each step needs the noise of its own time: noises[t] in the step at t."
    short, long, up = (lambda T: range(T - 1, 0, -1)), (lambda T: range(T, -1, -1)), (lambda T: range(1, T + 1))
    return _check(
        "Exercise 2.3", function, loop(), [example(4, 2, 3, 4, 4), example(7, 1, 1, 8, 8), example(10, 3, 1, 2, 2)],
        mistakes=[
            Mistake("noise on the last step", loop(z=every),
                    "at t = 1 the step gets zeros for z: noise added there stays in the picture, as no step follows."),
            Mistake("starts at T - 1", loop(short), start),
            Mistake("starts at T - 1", loop(short, every), start + " And the last one gets zeros for z."),
            Mistake("stops before t = 1", loop(lambda T: range(T, 1, -1)),
                    "range leaves out its end: the step at t = 1 is missing."),
            Mistake("stops before t = 1", loop(lambda T: range(T - 1, 1, -1)),
                    "the step at t = 1 is missing (range leaves out its end), and so is the first one, at t = T."),
            Mistake("runs on to t = 0", loop(long), below),
            Mistake("runs on to t = 0", loop(long, every), below + " And it gets zeros for z."),
            Mistake("runs on to t = 0", loop(long, lambda noises, t: noises[t] if t > 0 else 0 * noises[t]),
                    below + " That one gets zeros for z."),
            Mistake("no noise", loop(z=lambda noises, t: 0 * noises[t]),
                    "no step gets noise, so the pictures would collapse: all but the last one need noises[t]."),
            Mistake("noise only at the last step", loop(z=lambda noises, t: noises[t] if t == 1 else 0 * noises[t]),
                    "it is the wrong way round: every step gets noises[t] except the one at t = 1, which gets zeros."),
            Mistake("noise of the wrong time",
                    loop(z=lambda noises, t: noises[t - 1] if t > 1 else 0 * noises[t]), wrong_time),
            Mistake("noise of the wrong time",
                    loop(z=lambda noises, t: noises[len(noises) - t] if t > 1 else 0 * noises[t]), wrong_time),
            Mistake("noise of the wrong time",
                    loop(z=lambda noises, t: noises[len(noises) - 1 - t] if t > 1 else 0 * noises[t]), wrong_time),
            Mistake("the same noise again", loop(z=lambda noises, t: noises[-1] if t > 1 else 0 * noises[t]),
                    "every step gets the same noise, but each needs fresh noise, independent of all others."),
            Mistake("upwards", loop(up), "it walks from 1 up to T: go down from T to 1."),
            Mistake("upwards", loop(up, every), "it walks from 1 up to T: go down from T to 1."),
            Mistake("asked once", asked_once,
                    "predict is asked only once; ask it again in every step, with the x and t of that step."),
            Mistake("x not replaced", first_x,
                    "each step must start from the result of the one before: x = step(x, ...)."),
        ],
        hints=[
            "There are T steps, at t = T, T - 1, ..., 1, and noises has T + 1 entries. What is T?",
            "In each step: eps = predict(x, t), then x = step(x, t, eps, z). Which z, and which one at t = 1?",
            "for t in range(len(noises) - 1, 0, -1): z = noises[t] if t > 1 else torch.zeros_like(x) ...",
        ],
        probe=Probe("for T = 4 your walk", (lambda x, t: 0 * x, note, torch.zeros(1, 1, 2, 2), numbered), read),
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------- lessons 3 and 4


STAGES = ("init_conv", "down1", "down2", "to_vec", "up0", "up1", "up2", "out")


@functools.lru_cache
def _shapes(n_feat, height):
    """(C, H, W) of what each stage of a ContextUnet puts out, measured."""
    shapes = {}
    with torch.no_grad():
        net = du.ContextUnet(3, n_feat, 5, height).eval()
        for name in STAGES:
            net.get_submodule(name).register_forward_hook(
                lambda part, args, out, name=name: shapes.update({name: tuple(out.shape[1:])})
            )
        net(torch.zeros(1, 3, height, height), 0.5)
    return [shapes[name] for name in STAGES]


def check_shapes(function):
    """Exercise 3.1: function(n_feat, height) is the list of (C, H, W) after each stage of a ContextUnet."""

    def stage(answer, name):
        """What a list says about a stage, as a tuple; None if it says nothing readable."""
        try:
            return tuple(answer[STAGES.index(name)])
        except (TypeError, IndexError):
            return None

    try:
        answer = function(64, 16)
    except Exception:  # `_check` says what is wrong with it
        answer = None
    first = next((name for name, shape in zip(STAGES, _shapes(64, 16)) if stage(answer, name) != shape), "out")

    def says(*wrong):
        """The function itself, where the first stage that is not right has one of these shapes; else None."""

        def made(n_feat, height):
            answer = function(n_feat, height)
            found = any(name == first and stage(answer, name) == shape(n_feat, height) for name, shape in wrong)
            return answer if found else None

        return made

    return _check(
        "Exercise 3.1", function, _shapes, [(64, 16), (8, 8), (16, 28), (24, 32)],
        mistakes=[
            Mistake("halving forgotten",
                    says(("down1", lambda n, h: (n, h, h)), ("down2", lambda n, h: (2 * n, h, h)),
                         ("down2", lambda n, h: (2 * n, h // 2, h // 2)), ("down2", lambda n, h: (n, h // 2, h // 2))),
                    "each UnetDown ends in a max pooling, which halves height and width, so down2 has a quarter."),
            Mistake("down1 doubled", says(("down1", lambda n, h: (2 * n, h // 2, h // 2))),
                    "down1 halves the size and keeps the channels; only down2 makes more of them."),
            Mistake("not doubled", says(("down2", lambda n, h: (n, h // 4, h // 4))),
                    "down2 is UnetDown(n_feat, 2 * n_feat): it doubles the channels as it halves the size."),
            Mistake("to_vec not 1x1", says(("to_vec", lambda n, h: (2 * n, h // 4, h // 4))),
                    "to_vec averages over windows of height // 4, as large as the whole map, so one pixel is left."),
            Mistake("to_vec has no pixels", says(("to_vec", lambda n, h: (2 * n,))),
                    "pooling leaves one pixel, and that still has a height and a width: write all three numbers."),
            Mistake("up0 narrow", says(("up0", lambda n, h: (n, h // 4, h // 4))),
                    "up0 is ConvTranspose2d(2 * n_feat, 2 * n_feat, ...): it widens the pixel and keeps the channels."),
            Mistake("up0 too large", says(("up0", lambda n, h: (2 * n, h // 2, h // 2))),
                    "up0 goes from one pixel to the size of down2, with which its result is joined."),
            Mistake("concatenation counted",
                    says(*[(up, lambda n, h, k=k, f=f: (k * n, h // f, h // f))
                           for up, f in (("up1", 2), ("up2", 1)) for k in (2, 3, 4)]),
                    "the skip is appended to what goes INTO UnetUp; what comes out has n_feat channels again."),
            Mistake("up1 full size", says(("up1", lambda n, h: (n, h, h))),
                    "each UnetUp doubles the size once, so up1 arrives at the size of down1, and up2 at the top."),
            Mistake("up1 not enlarged", says(("up1", lambda n, h: (n, h // 4, h // 4))),
                    "UnetUp begins with a ConvTranspose2d of stride 2: it doubles height and width."),
            Mistake("last not 3", says(("out", lambda n, h: (n, h, h)), ("out", lambda n, h: (2 * n, h, h))),
                    "the network answers with one number per pixel and colour: its answer has the shape of its input."),
        ],
        hints=[
            "Walk down the U, then up: what happens to the channels, and what to height and width?",
            "Down: n_feat, n_feat, 2 * n_feat channels at height, height // 2, height // 4. Then one pixel.",
            "On the way up, up0 has the shape of down2, up1 that of down1, up2 that of init_conv; out has 3 channels.",
        ],
        probe=Probe(f"for n_feat = 64 and height = 16 the shape after {first}", (64, 16),
                    lambda out: str(stage(out, first))),
    )  # fmt: skip


def check_time_embedding(function):
    """Exercise 3.2: function(t, dim, max_period) is (B, dim): cosines, then sines, of t at falling frequencies."""

    def waves(frequencies, join=lambda cos, sin: torch.cat([cos, sin], 1), pad=True):
        def made(t, dim, max_period=10_000):
            k = torch.arange(dim // 2)
            angles = t[:, None] * frequencies(k, dim // 2, float(max_period))
            return torch.nn.functional.pad(join(angles.cos(), angles.sin()), (0, dim % 2 if pad else 0))

        return made

    def falling(k, half, period):
        return period ** (-k / half)

    def growing(t, dim, max_period=10_000):
        """The function itself, if it makes this mistake at tiny t: at others the angles outgrow float32."""
        tiny = (t / 1e5, dim, max_period)
        found = _same(function(*tiny), waves(lambda k, half, period: period ** (k / half))(*tiny))
        return function(t, dim, max_period) if found else None

    t = torch.tensor([0.0, 1.0, 250.0, 999.0])
    return _check(
        "Exercise 3.2", function, du.timestep_embedding,
        [(t, 8), (t[:2], 7), (torch.tensor([3, 500, 1000]), 6, 100), (t[1:], 64)],
        mistakes=[
            Mistake("sine first", waves(falling, lambda cos, sin: torch.cat([sin, cos], 1)),
                    "the sines come first here; the cosines should fill the first half."),
            Mistake("growing frequencies", growing,
                    "the frequencies grow, they should fall from 1 to nearly 1/max_period: a minus is missing."),
            Mistake("half - 1", waves(lambda k, half, period: period ** (-k / (half - 1))),
                    "the exponent is divided by dim // 2 - 1; divide by dim // 2, the number of frequencies."),
            Mistake("divided by dim", waves(lambda k, half, period: period ** (-k / (2 * half))),
                    "the exponent is divided by dim: there are dim // 2 frequencies, and k runs over them all."),
            Mistake("interleaved", waves(falling, lambda cos, sin: torch.stack([cos, sin], 2).flatten(1)),
                    "cosine and sine alternate; put all cosines first, then all sines."),
            Mistake("along the batch", waves(falling, lambda cos, sin: torch.cat([cos, sin], 0)),
                    "cosines and sines lie below each other: join them along dimension 1, so that a t has one row."),
            Mistake("odd dim", waves(falling, pad=False),
                    "an odd dim gets a zero at the end of each row, so that the result has dim entries."),
            Mistake("linear spacing", waves(lambda k, half, period: 1 - k / half * (1 - 1 / period)),
                    "the frequencies are evenly spaced; each should be the same factor below the one before."),
            Mistake("linear spacing", waves(lambda k, half, period: torch.linspace(1, 1 / period, half)),
                    "the frequencies are evenly spaced; each should be the same factor below the one before."),
            Mistake("no exp", waves(lambda k, half, period: -torch.tensor(period).log() * k / half),
                    "-log(max_period) * k / half is the logarithm of the frequency: the exp is missing."),
            Mistake("max_period ignored", waves(lambda k, half, period: falling(k, half, 10_000.0)),
                    "the slowest wave must follow the argument max_period, not always 10,000."),
            Mistake("periods for frequencies", waves(lambda k, half, period: 2 * torch.pi * period ** (-k / half)),
                    "these are waves of 2 pi * t; here the angle is t times the frequency, without 2 pi."),
        ],
        hints=[
            "Three steps: dim // 2 frequencies, the angle of each t at each frequency (B, dim // 2), cos and sin.",
            "Frequency k is max_period ** (-k / half), for k = 0 .. half - 1 with half = dim // 2.",
            "angles = t[:, None] * frequencies; torch.cat([angles.cos(), angles.sin()], 1); if dim is odd, a column of "
            "zeros at the right (torch.nn.functional.pad).",
        ],
        probe=Probe("for t = 1 and dim = 8 the entry [0, 1]", (torch.ones(1), 8), lambda out: out[0, 1].item()),
    )  # fmt: skip


def check_v(function):
    """Exercise 4.1: function(x0, t, noise, ab_t) is v; t holds one time for each image."""

    def mix(signal, sigma, of_x0=-1):
        """signal(ab) * noise + of_x0 * sigma(ab) * x0"""

        def made(x0, t, noise, ab_t):
            return _per_image(signal(ab_t[t])) * noise + of_x0 * _per_image(sigma(ab_t[t])) * x0

        return made

    def root(ab):
        return ab.sqrt()

    def other_root(ab):
        return (1 - ab).sqrt()

    def negative(f):
        return lambda ab: -f(ab)

    def early(x0, t, noise, ab_t):
        return du.target(x0, t - 1, noise, ab_t, "v")

    white, no_noise = torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    return _check(
        "Exercise 4.1", function, lambda *case: du.target(*case, "v"), _noised("cosine"),
        mistakes=[
            Mistake("sign", mix(negative(root), other_root, 1),
                    "both signs are turned: the noise counts positively, x0 negatively."),
            Mistake("x_t", mix(other_root, root, 1), "that is x_t itself, the network's question, not its answer."),
            Mistake("plus for minus", mix(root, other_root, 1), "x0 is subtracted, not added."),
            Mistake("swapped", mix(negative(other_root), root, 1),
                    "x0 and noise have changed places: the noise is weighted by sqrt(ab_t), x0 by sqrt(1 - ab_t)."),
            Mistake("weights swapped", mix(other_root, root),
                    "the weights are swapped: at small t, where ab_t is nearly 1, v is nearly the noise."),
            Mistake("square roots", mix(lambda ab: ab, lambda ab: 1 - ab), "both weights need a square root."),
            Mistake("square root of x0", mix(root, lambda ab: 1 - ab), "the weight of x0 needs a square root, too."),
            Mistake("square root of noise", mix(lambda ab: ab, other_root),
                    "the weight of the noise needs a square root, too."),
            Mistake("off by one", early, "time t is ab_t[t], not ab_t[t - 1]: ab_t[0] is 1, the clean sprite."),
        ],
        hints=[
            "One ab_t[t] for each image: give it the shape (B, 1, 1, 1), and make it float32 like the images.",
            "v is a difference: something times the noise minus something times x0, both square roots.",
            "The noise is multiplied by the square root of ab_t[t], x0 by that of 1 - ab_t[t].",
        ],
        probe=Probe("v of a white image without noise at t = 100", (white, torch.tensor([100]), no_noise,
                    du.noise_schedule("cosine")), lambda out: out.mean().item()),
    )  # fmt: skip


class _Toy(torch.nn.Module):
    """Stands for a network: cheap, with one weight, and its answer depends on the image and on the time."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(0.7))

    def forward(self, x, t, c=None):
        t = torch.as_tensor(t).float().reshape(-1, 1, 1, 1)
        return self.weight * x + 0.3 * x.flip(3) + (40 * t).sin()


def check_loss(function):
    """Exercise 4.2: function(model, x0, t, noise, ab_t) is the mean squared error of the noise, with its gradient."""

    def square(error):
        return error.square().mean()

    def loss(measure=square, noised=du.add_noise, share=lambda t, ab_t: t / (len(ab_t) - 1), truth=None):
        def made(model, x0, t, noise, ab_t):
            answer = model(noised(x0, t, noise, ab_t), share(t, ab_t))
            return measure(answer - (noise if truth is None else truth(x0, noise)))

        return made

    def noised(signal, sigma):
        return lambda x0, t, noise, ab_t: _per_image(signal(ab_t[t])) * x0 + _per_image(sigma(ab_t[t])) * noise

    model, cases = _Toy(), _noised("cosine")
    result = _check(
        "Exercise 4.2", function, loss(), [(model, *case) for case in cases],
        mistakes=[
            Mistake("t not divided", loss(share=lambda t, ab_t: t),
                    "the network is given t / T, between 0 and 1, not t itself."),
            Mistake("T + 1", loss(share=lambda t, ab_t: t / len(ab_t)),
                    "ab_t holds T + 1 entries, as it also has one for t = 0: T is one less than its length."),
            Mistake("sum", loss(lambda e: e.square().sum()),
                    "that is a sum, which grows with the batch and the image; the mean does not depend on their size."),
            Mistake("sum", loss(lambda e: e.square().sum((1, 2, 3)).mean()),
                    "the pixels are summed, so the loss grows with the image; take the mean over everything."),
            Mistake("root mean square", loss(lambda e: square(e).sqrt()),
                    "that is the root of the mean square; the loss is the mean square itself."),
            Mistake("absolute error", loss(lambda e: e.abs().mean()),
                    "that is the mean absolute error, l1: its best answer is the median, not the mean."),
            *[Mistake("not squared", loss(lambda e, sign=sign: sign * e.mean()),
                      "that is the mean error, in which too much and too little cancel out: square it first.")
              for sign in (1, -1)],
            Mistake("compared with x0", loss(truth=lambda x0, noise: x0),
                    "the answer is compared with the clean sprite; this network predicts the noise."),
            Mistake("clean image", loss(noised=lambda x0, *_: x0),
                    "the network sees the clean sprite, in which there is no noise to find: give it x_t."),
            Mistake("only noise", loss(noised=lambda x0, t, noise, ab_t: noise),
                    "the network sees the noise alone, and so the answer itself: give it x_t."),
            Mistake("square root of noise", loss(noised=noised(lambda ab: ab.sqrt(), lambda ab: 1 - ab)),
                    "in x_t the square root on the noise is missing."),
            Mistake("square roots", loss(noised=noised(lambda ab: ab, lambda ab: 1 - ab)),
                    "in x_t both weights need a square root."),
            Mistake("off by one", loss(noised=lambda x0, t, noise, ab_t: du.add_noise(x0, t - 1, noise, ab_t)),
                    "time t is ab_t[t], not ab_t[t - 1]."),
        ],
        hints=[
            "Three lines: make x_t, ask the model, compare its answer with the noise.",
            "T is len(ab_t) - 1. The model takes x_t and t / T, one time for each image.",
            "(model(x_t, t / T) - noise).square().mean(), with x_t from du.add_noise.",
        ],
        probe=Probe("the loss of a small stand-in network on one batch", (model, *cases[0]),
                    lambda out: _flat(out).item()),
    )  # fmt: skip
    if not result.passed:
        return result
    answer = function(model, *cases[0])
    if not (torch.is_tensor(answer) and answer.requires_grad):
        text = ("the number is right, but it has lost its gradient, so backward() cannot reach the weights: return the "
                "tensor itself, without .item(), float(), .detach() or torch.no_grad().")  # fmt: skip
        return Result("Exercise 4.2", text, mistake="gradient lost")
    return result


class _Weights(torch.nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = torch.nn.Parameter(value.clone())


def check_ema(function):
    """Exercise 4.3: function(average, weights, step, max_decay) is the next exponential moving average."""

    def truth(average, weights, step, max_decay):
        ema = du.EMA(_Weights(average))
        ema.steps, ema.max_decay = step - 1, max_decay
        ema.update(_Weights(weights))
        return ema.model.value

    def ramp(step):
        return 1 - 1 / (step / 10 + 1)

    def averaged(decay):
        def made(average, weights, step, max_decay):
            return decay(step, max_decay) * average + (1 - decay(step, max_decay)) * weights

        return made

    a, w = _random(3, 4, seed=1), _random(3, 4, seed=2)
    return _check(
        "Exercise 4.3", function, truth,
        [(a, w, 1, 0.999), (a, w, 25, 0.999), (a[0], w[0], 40_000, 0.999), (a, w, 100, 0.5)],
        mistakes=[
            Mistake("swapped", averaged(lambda step, most: 1 - min(most, ramp(step))),
                    "the roles are swapped: decay is the share of the old average, 1 - decay that of the new weights."),
            Mistake("no warm-up", averaged(lambda step, most: most),
                    "the decay is max_decay from the start, so the untrained weights stay for long: it must ramp up."),
            Mistake("max for min", averaged(lambda step, most: max(most, ramp(step))),
                    "the larger of the two decays wins here; max_decay is a ceiling, so the smaller must win."),
            Mistake("never capped", averaged(lambda step, most: ramp(step)),
                    "the ramp grows towards 1 without end, and the average would stand still: max_decay caps it."),
            Mistake("plain mean", averaged(lambda step, most: 0.5),
                    "that is the middle of the two, at every step; the shares are decay and 1 - decay."),
            Mistake("running mean", averaged(lambda step, most: 1 - 1 / step),
                    "that is the mean of all weights so far, in which old ones count as much as new ones."),
            Mistake("off by one", averaged(lambda step, most: min(most, ramp(step - 1))),
                    "step counts from 1 already: with step - 1 the ramp comes one step late."),
            Mistake("step not divided", averaged(lambda step, most: min(most, 1 - 1 / (step + 1))),
                    "the ramp is ten times too fast: it runs with step / 10."),
        ],
        hints=[
            "First the decay, one number; then a mixture of average and weights.",
            "The decay is the smaller of max_decay and the ramp 1 - 1 / (step / 10 + 1).",
            "decay * average + (1 - decay) * weights, as a new tensor.",
        ],
        probe=Probe("what is left of an average of 1 if the weights are 0 at step 1",
                    (torch.ones(1), torch.zeros(1), 1, 0.999), lambda out: out.item()),
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------- lessons 5 and 6


def check_drop(function):
    """Exercise 5.1: function(c, u, p) is c (B, K) with zeros in the rows whose u (B,) is below p."""

    def rows(keep):
        return lambda c, u, p: c * keep(u, p)[:, None]

    def truth(c, u, p):
        return c * (u >= p)[:, None]

    def across(c, u, p):
        return c * (u >= p)

    def case(B, K, p, seed):
        c = torch.eye(K)[torch.arange(B) % K] if seed % 2 else 0.1 + _random(B, K, seed=seed).abs()
        return c, torch.rand(B, generator=torch.Generator().manual_seed(seed)), p

    exercise, square = "Exercise 5.1", case(4, 4, 0.5, 8)
    at_p = (torch.eye(5), torch.tensor([0.0, 0.1, 0.5, 0.7, 0.9]), 0.5)
    cases = [square, case(6, 5, 0.5, 9), case(8, 3, 0.3, 10), case(7, 5, 0.8, 11), at_p, case(2, 3, 0.0, 12)]
    try:  # where B and K differ, this mistake is an error of torch, which says less
        if torch.equal(function(*[_copy(x) for x in square]), across(*square)):
            cases = [square]
    except Exception:  # `_check` will meet it, too, and say so
        pass
    u = torch.rand(100, generator=torch.Generator().manual_seed(0))
    return _check(
        exercise, function, truth, cases,
        mistakes=[
            Mistake("columns", across, "(B, K) times (B,) runs along the last axis and drops columns, here only "
                    "because B = K; a number for each row needs the shape (B, 1)."),
            Mistake("inverted", rows(lambda u, p: u < p),
                    "the rows to drop are kept, the others dropped: u < p, with probability p, means drop."),
            Mistake("boundary", rows(lambda u, p: u > p),
                    "a row with u equal to p stays: u can be exactly 0, and p = 0 must drop nothing."),
            Mistake("whole batch", lambda c, u, p: c * (u[0] >= p),
                    "the first number decides for the whole batch; each row has its own."),
            Mistake("scaled", lambda c, u, p: truth(c, u, p) / (1 - p), "the kept rows have changed. Dropout divides "
                    "by 1 - p to keep the mean, but a context is a message: 1 hero must stay 1 hero."),
            Mistake("all dropped", lambda c, u, p: torch.zeros_like(c),
                    "every row is zero, so the network would never learn what a context means."),
            Mistake("nothing dropped", lambda c, u, p: c,
                    "no row is dropped. If you used masked_fill or where: they return a new tensor."),
            Mistake("ones", lambda c, u, p: torch.where((u < p)[:, None], 1.0, c), "the dropped rows must be zeros; "
                    "a row of ones asks for all classes at once, a row of zeros for nothing."),
            Mistake("removed", lambda c, u, p: c[u >= p],
                    "the rows are gone, not zero: each image of the batch still needs its row."),
        ],
        hints=[
            "Compare u with p: one True or False for each row.",
            "Turn the (B,) truth values into (B, 1), with [:, None], so that each serves a whole row.",
            "Multiply c by the rows to keep: (u >= p)[:, None].",
        ],
        probe=Probe("the share of rows that are all zeros, at p = 0.1,", (torch.ones(100, 100), u, 0.1),
                    lambda out: (out == 0).all(1).float().sum().item() / 100),
        random=("random", "u holds a number for each row, so that a context is dropped whole or not at all."),
    )  # fmt: skip


def _toy_network(x, t, c=None):
    """A denoiser whose answer depends on all it is given, without being linear in the context."""
    if c is None:
        c = torch.zeros(len(x), 5)
    c = c.expand(len(x), -1)
    pull = (c * torch.tensor([1.0, -2.0, 3.0, 0.5, -1.0])).sum(1)
    return x * (0.3 + _per_image(t)) + _per_image(pull + pull.square() + 0.2 * torch.tanh(c).sum(1))


def _one_or_two(x, t, c=None):
    """1 without a context, 2 with one that is one-hot; each further 1 adds 1."""
    total = torch.zeros(len(x)) if c is None else c.expand(len(x), -1).abs().sum(1)
    return torch.ones_like(x) + _per_image(total)


def _requests():
    """Cases (x, t, c) of several shapes; no width is the batch size, so a missing (B, 1, 1, 1) is an error of torch."""
    contexts = [torch.eye(5)[[0, 2, 4]], _random(2, 5, seed=4).abs(), torch.eye(5)[[3]]]
    shapes = [(3, 3, 4, 4), (2, 1, 8, 8), (1, 3, 4, 6)]
    times = [torch.tensor([0.1, 0.5, 1.0]), torch.tensor([0.9, 0.2]), torch.tensor([0.4])]
    return [(_random(*s, seed=5), t, c) for s, t, c in zip(shapes, times, contexts)]


def check_guided(function):
    """Exercise 5.2: function(model, x, t, c, w) is uncond + w (cond - uncond); w holds one number for each image."""

    def answers(combine, nothing=torch.zeros_like):
        def made(model, x, t, c, w):
            return combine(model(x, t, nothing(c)), model(x, t, c), _per_image(w))

        return made

    def guided(u, c, w):
        return u + w * (c - u)

    strengths = [torch.tensor([0.0, 2.0, 5.0]), torch.tensor([1.0, 3.0]), torch.tensor([1.5])]
    x = torch.zeros(1, 3, 4, 4)
    return _check(
        "Exercise 5.2", function, answers(guided),
        [(_toy_network, *request, w) for request, w in zip(_requests(), strengths)],
        mistakes=[
            Mistake("1 + w", answers(lambda u, c, w: c + w * (c - u)), "this starts at cond. Some papers do, "
                    "and their w is ours minus 1; here w = 0 must give uncond and w = 1 cond."),
            Mistake("swapped", answers(lambda u, c, w: c + w * (u - c)), "cond and uncond are exchanged: "
                    "w = 0 must ignore the request and w = 1 follow it."),
            Mistake("only cond", answers(lambda u, c, w: w * c), "the whole answer is scaled. Scale only what the "
                    "request changes, cond - uncond."),
            Mistake("difference only", answers(lambda u, c, w: w * (c - u)),
                    "this is only what the request changes; it must be added to the answer without a request."),
            Mistake("uncond not subtracted", answers(lambda u, c, w: u + w * c), "what the request changes is a "
                    "difference: cond holds all of uncond as well, take that away first."),
            Mistake("minus", answers(lambda u, c, w: u - w * (c - u)),
                    "the sign is wrong: this walks away from what was asked for."),
            Mistake("ones", answers(guided, torch.ones_like), "no context is a row of zeros, the one that stood in "
                    "for dropped contexts in training; ones ask for every class at once."),
            Mistake("c for both", answers(lambda u, c, w: c), "w changes nothing: both answers were asked for with c. "
                    "One needs the null context."),
            Mistake("ignored", answers(lambda u, c, w: u), "the request c plays no part: one of the two answers must "
                    "be asked for with it."),
        ],
        hints=[
            "Ask the model twice with the same x and t: once with zeros in place of c, once with c.",
            "w has the shape (B,). To multiply images it needs (B, 1, 1, 1).",
            "Start at uncond and go w[:, None, None, None] times the way from uncond to cond.",
        ],
        probe=Probe("the answer at w = 3, where the network says 1 without and 2 with the context,",
                    (_one_or_two, x, torch.tensor([0.5]), torch.eye(5)[[2]], torch.tensor([3.0])),
                    lambda out: out.mean().item()),
    )  # fmt: skip


def check_negative(function):
    """Exercise 5.3: function(model, x, t, c, negative, w) is away + w (cond - away); negative is one row for all."""

    def answers(combine):
        def made(model, x, t, c, negative, w):
            rows = (torch.zeros_like(c), c, negative.expand_as(c))
            return combine(*(model(x, t, row) for row in rows), w)

        return made

    def subtracted(model, x, t, c, negative, w):
        uncond, cond = model(x, t, torch.zeros_like(c)), model(x, t, c - negative)
        return uncond + w * (cond - uncond)

    x, hero, food = torch.zeros(1, 3, 4, 4), torch.eye(5)[[0]], torch.eye(5)[2]
    pairs = [(torch.eye(5)[1], 3.0), (torch.tensor([0.5, 0, 0, 0.5, 0]), 2.0), (food, 0.5)]
    return _check(
        "Exercise 5.3", function, answers(lambda u, c, n, w: n + w * (c - n)),
        [(_toy_network, *request, *pair) for request, pair in zip(_requests(), pairs)],
        mistakes=[
            Mistake("negative ignored", answers(lambda u, c, n, w: u + w * (c - u)),
                    "negative plays no part: its answer must stand where the one to the null context stood."),
            Mistake("starts at uncond", answers(lambda u, c, n, w: u + w * (c - n)), "uncond is still the start. The "
                    "negative answer replaces it in both places, or w = 1 would no longer give cond."),
            Mistake("replaced once", answers(lambda u, c, n, w: n + w * (c - u)),
                    "uncond is still subtracted: replace it in both places, or w = 1 would no longer give cond."),
            Mistake("swapped", answers(lambda u, c, n, w: c + w * (n - c)),
                    "this walks from the request towards what is to be avoided."),
            Mistake("1 + w", answers(lambda u, c, n, w: c + w * (c - n)),
                    "this starts at cond; here w = 0 gives the answer to negative, and w = 1 gives cond."),
            Mistake("difference only", answers(lambda u, c, n, w: w * (c - n)),
                    "this is only the difference; it must be added to the answer to negative."),
            Mistake("contexts subtracted", subtracted, "you subtracted contexts. A row such as hero minus food was "
                    "never seen in training: subtract the network's answers."),
        ],
        hints=[
            "Only two answers are needed: to c and to negative.",
            "negative is one row (5,); negative.expand_as(c) gives each image its row.",
            "Take the formula of guidance and write the answer to negative wherever uncond stands.",
        ],
        probe=Probe("the answer at w = 3, where the network says 2 to the request and 5 to the negative context,",
                    (_one_or_two, x, torch.tensor([0.5]), hero, 4 * food, 3.0), lambda out: out.mean().item()),
    )  # fmt: skip


def check_times(function):
    """Exercise 6.1: function(T, n) is the list of n + 1 whole times from T to 0, evenly spaced, for every n in 1..T."""

    def strides(T, n):
        times = list(range(T, 0, -(T // n)))
        return times + [times[-1] - T // n]

    def plain(answer):
        """Numbers of numpy and torch as Python's own."""
        if isinstance(answer, (list, tuple)):
            return [plain(part) for part in answer]
        return answer.tolist() if hasattr(answer, "tolist") else answer

    exercise = "Exercise 6.1"
    at_strides = "strides of T // n fit only if n divides T. Round the ideal times T (n - i) / n, i = 0 to n, instead."
    rounded_down = "you cut the decimals off. That is harmless, all times are valid, but rounding keeps closer to even."
    no_end = "0 is missing: the last step must end at the clean image. n steps lie between n + 1 times."
    cases = [(T, n) for T, n in ((500, 7), (500, 30), (10, 3), (500, 20), (500, 1), (500, 300), (1000, 499), (6, 6))]
    try:
        times = [t for T, n in cases for t in plain(function(T, n))]
        if any(isinstance(t, float) for t in times) and times == [t for T, n in cases for t in du.sampling_times(T, n)]:
            return Result(exercise, f"the times are right, but floats: the first is {times[0]}, and a list cannot be "
                          "indexed with that. int() or round() makes a whole number.", mistake="floats")  # fmt: skip
    except Exception:  # `_check` will meet it, too, and say so
        pass
    return _check(
        exercise, lambda *case: plain(function(*case)), du.sampling_times, cases,
        mistakes=[
            Mistake("strides", strides, at_strides),
            Mistake("strides", lambda T, n: list(range(T, -1, -(T // n))), at_strides),
            Mistake("strides", lambda T, n: list(range(T, 0, -(T // n))), at_strides),
            Mistake("strides", lambda T, n: [*range(T, 0, -(T // n)), 0], at_strides),
            Mistake("strides", lambda T, n: [T - i * (T // n) for i in range(n + 1)], at_strides),
            Mistake("0 missing", lambda T, n: du.sampling_times(T, n)[:-1], no_end),
            Mistake("one time short", lambda T, n: torch.linspace(T, 0, n).double().round().int().tolist(),
                    "these are n times, and so n - 1 steps: n steps lie between n + 1 times."),
            Mistake("T missing", lambda T, n: du.sampling_times(T, n)[1:],
                    "T is missing: the walk starts at pure noise, at time T."),
            Mistake("not rounded", lambda T, n: [T * (n - i) / n for i in range(n + 1)],
                    "a time is an index of ab_t, so it must be a whole number: round it."),
            Mistake("upwards", lambda T, n: du.sampling_times(T, n)[::-1],
                    "the times rise. Sampling walks from noise, T, down to the image, 0."),
            Mistake("cut off", lambda T, n: [T * (n - i) // n for i in range(n + 1)], rounded_down),
            Mistake("cut off", lambda T, n: torch.linspace(T, 0, n + 1).int().tolist(), rounded_down),
            Mistake("rounded up", lambda T, n: [T - T * i // n for i in range(n + 1)],
                    "you round up. That is harmless, all times are valid, but the nearest whole number is asked for."),
        ],
        hints=[
            "n steps lie between n + 1 times: i = 0 stands for T, i = n for 0.",
            "The ideal time number i is T (n - i) / n. It need not be whole.",
            "Round each of the n + 1 ideal times, in a list comprehension over range(n + 1).",
        ],
        probe=Probe("the last time, for T = 500 and n = 30,", (500, 30), lambda out: float(out[-1])),
    )  # fmt: skip


def check_ddim_step(function):
    """Exercise 6.2: function(x, t, s, eps, ab_t) is x_s, one DDIM step from time t to time s; t and s are ints."""

    def truth(x, t, s, eps, ab_t):
        return du.add_noise(du.to_x0_eps(eps, x, t, ab_t, "eps")[0], s, eps, ab_t)

    def root(ab):
        return ab**0.5

    def of_s(ab, ab_s):
        return ab_s**0.5

    def noise_of_s(ab, ab_s):
        return (1 - ab_s) ** 0.5

    def step(un_signal=root, un_noise=root, signal=of_s, noise=noise_of_s):
        def made(x, t, s, eps, ab_t):
            ab, ab_s = ab_t[t].item(), ab_t[s].item()
            x0 = (x - un_noise(1 - ab) * eps) / un_signal(ab)
            return signal(ab, ab_s) * x0 + noise(ab, ab_s) * eps

        return made

    def same(value):
        return value

    ab_t = du.noise_schedule("cosine")
    times = [(300, 150), (475, 450), (40, 7), (25, 0)]
    cases = [(_random(*shape, seed=1), t, s, _random(*shape, seed=2), ab_t) for shape, (t, s) in zip(SHAPES, times)]
    noise = _random(1, 3, 64, 64)
    at_300 = (1 - ab_t[300].item()) ** 0.5 * noise  # a grey image, x0 = 0, at t = 300
    no_root = "square roots are missing: the weights are sqrt(ab_t) for the image and sqrt(1 - ab_t) for the noise"
    return _check(
        "Exercise 6.2", function, truth, cases,
        mistakes=[
            Mistake("square roots", step(same, same, lambda ab, ab_s: ab_s, lambda ab, ab_s: 1 - ab_s),
                    f"{no_root}, at both times."),
            Mistake("square roots", step(signal=lambda ab, ab_s: ab_s, noise=lambda ab, ab_s: 1 - ab_s),
                    f"{no_root}, also when you mix again for s."),
            Mistake("square roots", step(same, same), f"{no_root}, also when you solve for x0."),
            Mistake("square root of noise", step(un_noise=same, noise=lambda ab, ab_s: 1 - ab_s),
                    "the square root on the noise is missing, at both times."),
            Mistake("square root of noise", step(noise=lambda ab, ab_s: 1 - ab_s),
                    "the square root on the noise is missing, where you mix again for s."),
            Mistake("square root of noise", step(un_noise=same),
                    "the square root on the noise is missing, where you take the noise out of x."),
            Mistake("x_t again", step(signal=lambda ab, ab_s: ab**0.5, noise=lambda ab, ab_s: (1 - ab) ** 0.5),
                    "you mixed with the weights of t and are back at x. The new mixture needs those of s."),
            Mistake("noise of t", step(noise=lambda ab, ab_s: (1 - ab) ** 0.5), "the image has the weight of s, but "
                    "the noise still that of t: x_s would be too noisy for its time."),
            Mistake("x0 returned", step(signal=lambda ab, ab_s: 1.0, noise=lambda ab, ab_s: 0.0),
                    "this is the guess x0, and that is not yet x_s: mix it with eps again, for time s."),
            Mistake("no noise", step(noise=lambda ab, ab_s: 0.0),
                    "the noise is missing in the new mixture: at time s the image still holds sqrt(1 - ab_s) of it."),
            Mistake("always t - 1", lambda x, t, s, eps, ab_t: truth(x, t, t - 1, eps, ab_t),
                    "you land at t - 1, whatever s is: look up ab_t[s]."),
            Mistake("not divided", step(un_signal=lambda ab: 1.0), "x without its noise is sqrt(ab_t[t]) times x0: "
                    "divide by that."),
            Mistake("swapped", step(signal=lambda ab, ab_s: (1 - ab_s) ** 0.5, noise=lambda ab, ab_s: ab_s**0.5),
                    "the new weights are swapped: ab_t[s] is the share of the image."),
            Mistake("mixed with x", lambda x, t, s, eps, ab_t: du.add_noise(x, s, eps, ab_t),
                    "you added noise to x, which holds noise already: first take it out, to get x0."),
        ],
        hints=[
            "Two steps: solve x = sqrt(ab_t[t]) x0 + sqrt(1 - ab_t[t]) eps for x0, then mix x0 and eps for time s.",
            "x0 is x minus its noise, divided by the root of ab_t[t].",
            "The answer has the same form as x, with the same x0 and eps, and ab_t[s] in place of ab_t[t].",
        ],
        probe=Probe("the std of x_s, for a grey image at t = 300 and s = 150,", (at_300, 300, 150, noise, ab_t)),
    )  # fmt: skip


def check_invert(function):
    """Exercise 6.3: function(predict, x, times, ab_t) is x_T: DDIM along the rising times, eps = predict(x, t)."""

    def step(x, t, s, eps, ab_t):
        return du.add_noise(du.to_x0_eps(eps, x, t, ab_t, "eps")[0], s, eps, ab_t)

    def walk(ask=lambda t, s: t, at=lambda t, s: (t, s), pairs=lambda times: list(zip(times, times[1:]))):
        def made(predict, x, times, ab_t):
            for t, s in pairs(times):
                x = step(x, *at(t, s), predict(x, ask(t, s)), ab_t)
            return x

        return made

    def not_carried(predict, x, times, ab_t):
        for t, s in zip(times, times[1:]):
            end = step(x, t, s, predict(x, t), ab_t)
        return end

    def no_roots(predict, x, times, ab_t):
        for t, s in zip(times, times[1:]):
            ab, ab_s, eps = ab_t[t].item(), ab_t[s].item(), predict(x, t)
            x = ab_s * (x - (1 - ab) * eps) / ab + (1 - ab_s) * eps
        return x

    def predict(x, t):
        return torch.tanh(x + 0.02 * t) - 0.3 * x

    exercise, ab_t = "Exercise 6.3", du.noise_schedule("rescaled", 50)
    walks = [[1, 10, 20, 35, 50], [1, 2, 3, 25, 50], [1, 26, 50], [1, 17, 34, 50]]
    cases = [(predict, _random(*shape, seed=3).clamp(-1, 1), times, ab_t) for shape, times in zip(SHAPES, walks)]

    def of_grey(x, t):  # what a perfect network answers, if every image is grey
        return x / (1 - ab_t[t].item()) ** 0.5

    grey = (1 - ab_t[1].item()) ** 0.5 * _random(1, 3, 64, 64)
    return _check(
        exercise, function, walk(), cases,
        mistakes=[
            Mistake("walks down", walk(pairs=lambda times: list(zip(times[::-1], times[-2::-1]))),
                    "you walk down the list. Inversion goes from the image, at time 1, up to the noise."),
            Mistake("new time", walk(ask=lambda t, s: s), "the network is asked at the new time s, but x is still at "
                    "the old one, t: it must be told how noisy x is."),
            Mistake("weights of the old time", walk(at=lambda t, s: (t, t)), "x has not moved: you take it apart and "
                    "mix it again with the weights of the same time. The new mixture needs those of s."),
            Mistake("weights exchanged", walk(at=lambda t, s: (s, t)), "old and new time are exchanged in the weights: "
                    "take x apart at t, mix again at s."),
            Mistake("one step", walk(pairs=lambda times: [times[:2]]), "you stop after the first step: is the return "
                    "inside the loop?"),
            Mistake("one step", walk(pairs=lambda times: [(times[0], times[-1])]), "you jump from the first time to "
                    "the last; walk through those between, too."),
            Mistake("last time left out", walk(pairs=lambda times: list(zip(times, times[1:-1]))),
                    "the last step, to T, is missing: n times make n - 1 steps."),
            Mistake("x not carried on", not_carried, "every step starts again from the image: give the new x the name "
                    "that the next step uses."),
            Mistake("square roots", no_roots, "the square roots are missing: x0 has the weight sqrt(ab_t), eps "
                    "sqrt(1 - ab_t)."),
        ],
        hints=[
            "It is the loop `for t, s in zip(times, times[1:])` of `ddim`, with a list that rises.",
            "In each step ask predict(x, t), solve for x0, and mix x0 and the same eps for time s.",
            "Your step of exercise 6.2 does it: x = my_ddim_step(x, t, s, predict(x, t), ab_t).",
        ],
        probe=Probe("the std of x_T, for a grey image and a perfect network,", (of_grey, grey, walks[0], ab_t)),
        random=("fresh noise", "Fresh noise leads to some noise, not to that of this image: mix with predict's eps."),
    )  # fmt: skip
