"""checks.keep: below a "your turn" the lesson goes on with the learner's own function, if its check has passed."""

import functools

import pytest
import torch

import checks
from checks import core


@core.remembers
def check_double(function):
    """Right for functions and callables that double, and for classes whose objects do."""
    called = (lambda x: function()(x)) if isinstance(function, type) else function
    return core.compare("double", called, lambda x: 2 * x, [(torch.ones(2),)], [], ["Twice."])


def solution_double(x):
    return 2 * x


class SolutionDouble:
    def __call__(self, x):
        return 2 * x


YOURS = "From here on this lesson uses your double."
COURSE = (
    "From here on this lesson uses the course's double. Once yours has passed its check, "
    "run this cell again, and the cells below it, and yours takes its place."
)


def said(capsys):
    """What `keep` shows (outside of a notebook `display` prints it)."""
    return capsys.readouterr().out.strip()


def test_a_right_function_is_kept(capsys):
    def double(x):
        return x + x

    assert check_double(double).passed
    assert checks.keep(double, solution_double) is double
    assert said(capsys) == YOURS


@pytest.mark.parametrize("answer", [3, ...], ids=["wrong", "untouched"])
def test_a_function_that_has_not_passed_gives_way(answer, capsys):
    def double(x):
        return answer if answer is ... else answer * x

    assert not check_double(double).passed
    assert checks.keep(double, solution_double) is solution_double
    assert said(capsys) == COURSE


def test_a_function_that_was_never_checked_gives_way(capsys):
    assert checks.keep(lambda x: 2 * x, solution_double) is solution_double
    assert said(capsys) == COURSE


def test_the_cells_run_again_after_a_mistake_and_again_after_a_new_one(capsys):
    def wrong(x):
        return 3 * x

    def double(x):
        return x + x

    check_double(wrong)
    kept = checks.keep(wrong, solution_double)
    assert kept is solution_double
    # the solution's cell once more, with no new answer: the name holds the course's own function now
    assert checks.keep(kept, solution_double) is solution_double
    check_double(double)
    kept = checks.keep(double, solution_double)
    assert checks.keep(kept, solution_double) is double
    check_double(wrong)
    assert checks.keep(wrong, solution_double) is solution_double
    assert said(capsys).split("\n") == [COURSE, COURSE, YOURS, YOURS, COURSE]


def test_a_class_may_be_the_answer(capsys):
    class Double:
        def __call__(self, x):
            return x * 2

    class Untouched:
        def __call__(self, x):
            return ...

    assert check_double(Double).passed and not check_double(Untouched).passed
    assert checks.keep(Double, SolutionDouble) is Double
    assert checks.keep(Untouched, SolutionDouble) is SolutionDouble
    assert said(capsys).split("\n") == [YOURS.replace("double", "Double"), COURSE.replace("double", "Double")]


class Slots:
    """Takes no weak references, is not hashable, and equals every other."""

    __slots__ = ()

    def __init__(self, *a):
        pass

    def __call__(self, x):
        return 2 * x

    def __eq__(self, other):
        return isinstance(other, Slots)


@pytest.mark.parametrize(
    "double",
    [functools.partial(torch.mul, 2), (2.0).__mul__, torch.nn.Upsample, Slots()],
    ids=["partial", "method of a number", "class", "object without a dict"],
)
def test_whatever_can_be_called_may_be_the_answer(double):
    def always(function):
        return core.Result("double", "", passed=True)

    core.remembers(always)(double)
    assert checks.keep(double, solution_double) is double


def test_a_function_that_passes_no_longer_gives_way():
    """Such as one that uses a number of another cell, which has changed since."""
    factor = 2

    def double(x):
        return factor * x

    assert check_double(double).passed
    factor = 3
    assert not check_double(double).passed
    assert checks.keep(double, solution_double) is solution_double


def test_what_equals_an_answer_is_not_that_answer():
    double = Slots()
    assert check_double(double).passed
    assert checks.keep(Slots(), solution_double) is solution_double


def test_every_check_of_the_lessons_remembers():
    every = [check for name, check in vars(checks).items() if name.startswith("check_")]
    assert every
    assert all(hasattr(check, "__wrapped__") for check in every)


def test_it_is_shown_as_a_box():
    assert "#2e7d32" in core.Kept("a < b", True)._repr_html_() and "a &lt; b" in core.Kept("a < b", True)._repr_html_()
    assert "#2e7d32" not in core.Kept("", False)._repr_html_()
