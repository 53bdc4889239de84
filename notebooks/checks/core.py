"""The checks of the exercises: each compares your function with the truth on random inputs of several shapes and, when
it is wrong, says which mistake it looks like, with the number measured and the number expected. Every further try gives
the next hint.

How a check is made: `compare` gets the truth, the cases to try, and the classic mistakes as functions of their own. If
yours answers as one of those does, in every case, that is the mistake it names.
"""

import contextlib
import functools
import html
import numbers
import re
from collections.abc import Callable
from typing import NamedTuple

import torch
from IPython.display import display

import diffusion_utilities as du

_hints_given = {}  # exercise: how many hints it has given since the kernel started
_right = []  # the functions and classes whose check has passed: these very objects, not others that equal them


class Kept:
    """The sentence of `keep`, as a box in a notebook."""

    def __init__(self, text, yours):
        self.text, self.yours = text, yours

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        colour = "#2e7d32" if self.yours else "#5f6b7a"
        return f'<div style="border-left: 4px solid {colour}; padding: 4px 12px">{html.escape(self.text)}</div>'


def keep(yours, course):
    """The learner's function (or class) if its check has passed, else the course's; shows in one sentence which it is.

    From there on the lesson draws with what this returns, so that a lesson runs with nothing filled in, and with your
    own code once it is right.
    """
    name = course.__name__.removeprefix("solution_").removeprefix("Solution")
    passed = any(yours is function for function in _right)
    text = (f"From here on this lesson uses your {name}." if passed else
            f"From here on this lesson uses the course's {name}. Once yours has passed its check, "
            "run this cell again, and the cells below it, and yours takes its place.")  # fmt: skip
    display(Kept(text, passed))
    return yours if passed else course


def remembers(check):
    """A check that also notes which functions have passed, for `keep`."""

    @functools.wraps(check)
    def checked(function, *more, **how):
        result = check(function, *more, **how)
        _right[:] = [f for f in _right if f is not function] + [function] * bool(result.passed)
        return result

    return checked


class Result:
    """What a check says: `passed`, the name of the `mistake` if it knows one, and the `text`; shows itself as a box."""

    def __init__(self, exercise, text, passed=False, mistake=None, hint=""):
        self.exercise, self.text, self.passed, self.mistake, self.hint = exercise, text, passed, mistake, hint

    def __repr__(self):
        return f"{self.exercise}: {self.text}" + (f"\n{self.hint}" if self.hint else "")

    def _repr_html_(self):
        colour = "#2e7d32" if self.passed else "#c77700"
        hint = f"<br><i>{html.escape(self.hint)}</i>" if self.hint else ""
        # after the full stop a word begins with a capital; a name of the code (x_s, v, x0) keeps its own form
        text = re.sub("^[a-z]{2,}(?![\\w(.])", lambda word: word[0].capitalize(), self.text)
        return (f'<div style="border-left: 4px solid {colour}; padding: 4px 12px"><b>{html.escape(self.exercise)}: '
                f"{'right' if self.passed else 'not yet'}.</b> {html.escape(text)}{hint}</div>")  # fmt: skip


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


def copied(value):
    return value.clone() if torch.is_tensor(value) else list(value) if isinstance(value, list) else value


def flat(answer):
    """An answer as one float64 tensor, or None if it holds no numbers: tensors, numbers, nested lists of them."""
    if isinstance(answer, (list, tuple)):
        parts = [flat(part) for part in answer]
        return None if any(part is None for part in parts) else torch.cat([torch.zeros(0).double(), *parts])
    if torch.is_tensor(answer):
        return answer.detach().double().flatten()
    return torch.tensor([float(answer)]).double() if isinstance(answer, numbers.Real) else None


def _shape(answer):
    if torch.is_tensor(answer):
        return f"a tensor of shape {tuple(answer.shape)}"
    return f"a {type(answer).__name__}" + (f" of {len(answer)}" if isinstance(answer, (list, tuple)) else "")


def same(a, b):
    """Equal up to rounding, and of the same shape."""
    if torch.is_tensor(a) and torch.is_tensor(b) and a.shape != b.shape:
        return False
    a, b = flat(a), flat(b)
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


def compare(exercise, function, truth, cases, mistakes, hints, probe=None, random=("random", "Draw none here.")):
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
        copies = [copied(a) for a in arguments]
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
        if not answers and flat(answer) is not None and not same(answer, function(*[copied(a) for a in arguments])):
            text = "two calls with the same arguments gave different answers: your function draws random numbers."
            return wrong(f"{text} {random[1]}", random[0])
        answers.append(answer)
        expected.append(truth(*[copied(a) for a in arguments]))

    if all(same(a, b) for a, b in zip(answers, expected)):
        _hints_given.pop(exercise, None)
        return Result(exercise, f"equal to the truth in all {len(cases)} cases.", passed=True)

    for mistake in mistakes:
        if all(same(a, mistake.function(*[copied(x) for x in case])) for a, case in zip(answers, cases)):
            return wrong(f"{_measured(function, truth, probe, answers, expected)}: {mistake.advice}", mistake.name)
    for answer, right in zip(answers, expected):
        if torch.is_tensor(right) and (not torch.is_tensor(answer) or answer.shape != right.shape):
            return wrong(f"your function returns {_shape(answer)}, expected {_shape(right)}.", "shape")
        if flat(answer) is None or len(flat(answer)) != len(flat(right)):
            return wrong(f"your function returns {_shape(answer)}, expected {_shape(right)}.", "shape")
    if not all(torch.isfinite(flat(a)).all() for a in answers):
        return wrong("your answer holds NaN or infinite numbers: is something divided by 0?", "not finite")
    return wrong(f"{_measured(function, truth, probe, answers, expected)}.", None)


def _measured(function, truth, probe, answers, expected):
    """The number that was measured and the one expected: the probe's, or else the first that differs."""
    with contextlib.suppress(Exception):  # a function may fail at the probe alone: then another number is quoted
        found, right = (probe.read(f(*[copied(a) for a in probe.arguments])) for f in (function, truth))
        if _number(found) != _number(right):
            return f"{probe.what} is {_number(found)}, expected {_number(right)}"
    for a, b in zip(answers, expected):
        if same(a, b):
            continue
        a, b = flat(a), flat(b)
        if a is None or len(a) != len(b):
            return f"your answer holds {0 if a is None else len(a)} numbers, expected {len(b)}"
        i = (a - b).abs().argmax().item()
        return f"number {i} of your answer is {_number(a[i].item())}, expected {_number(b[i].item())}"


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# Shapes that tell mistakes apart: 4 images of 4 x 4 let a missing (B, 1, 1, 1) go unnoticed by torch, but not by us.
SHAPES = [(4, 3, 4, 4), (2, 1, 8, 8), (1, 3, 16, 16), (5, 3, 4, 6)]


def noised_cases(schedule="linear", T=500):
    """Cases (x0, t, noise, ab_t) of several shapes, with a time for each image; the last holds both ends of time."""
    ab_t = du.noise_schedule(schedule, T)
    times = [torch.tensor([3, 50, 250, 499]), torch.tensor([100, 400]), torch.tensor([77]),
             torch.tensor([1, 2, 120, 300, T])]  # fmt: skip
    return [(randn(*s, seed=1).clamp(-1, 1), t, randn(*s, seed=2), ab_t) for s, t in zip(SHAPES, times)]


def per_image(value):
    return value.float()[:, None, None, None]
