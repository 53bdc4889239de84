"""Each check accepts the right answer and names each classic wrong one; an exercise never breaks "Run All"."""

import answers_01  # noqa: F401
import answers_02
import answers_03  # noqa: F401
import answers_04  # noqa: F401
import answers_05  # noqa: F401
import answers_06  # noqa: F401
import answers_07  # noqa: F401
import answers_08  # noqa: F401
import answers_08b  # noqa: F401
import answers_09  # noqa: F401
import answers_10  # noqa: F401
import answers_10b  # noqa: F401
import answers_11  # noqa: F401
import answers_12  # noqa: F401
import answers_13  # noqa: F401
import answers_14  # noqa: F401
import answers_15  # noqa: F401
import pytest
import torch
from answers import RIGHT, WRONG, of

import checks
import diffusion_utilities as du


def every_check():
    return [getattr(checks, name) for name in dir(checks) if name.startswith("check_")]


def name_of(value):
    return getattr(value, "__name__", None) if str(getattr(value, "__name__", "_")) != "_" else None


@pytest.mark.parametrize("check, answer", RIGHT, ids=name_of)
def test_the_right_answer_passes(check, answer):
    result = check(answer)
    assert result.passed, result
    assert result.mistake is None
    assert result.hint == ""


@pytest.mark.parametrize("check, mistake, answer", WRONG, ids=name_of)
def test_a_wrong_answer_is_named(check, mistake, answer):
    result = check(answer)
    assert not result.passed
    assert result.mistake == mistake, result
    assert len(result.text) > 20


def test_every_check_is_tested_with_a_right_and_four_wrong_answers():
    for check in every_check():
        assert any(c is check for c, _ in RIGHT), check.__name__
        assert len({mistake for c, mistake, _ in WRONG if c is check}) >= 4, check.__name__


@pytest.mark.parametrize("check", every_check(), ids=name_of)
def test_stubs_strange_answers_and_errors_get_a_sentence(check):
    def boom(*_):
        raise ZeroDivisionError("oh")

    for answer, mistake in [(lambda *_: ..., "untouched"), (lambda *_: None, "no return"), (boom, "ZeroDivisionError")]:
        assert check(answer).mistake == mistake
    assert not check(lambda *_: "text").passed
    assert not check(lambda *_: torch.zeros(0)).passed
    assert not check(lambda: 1).passed  # takes no arguments


@pytest.mark.parametrize("check", every_check(), ids=name_of)
def test_hints_come_one_after_another(check):
    checks.core._hints_given.clear()
    first, *rest = [check(lambda *_: ...).hint for _ in range(5)]
    assert first == ""
    assert rest[0].startswith("Hint 1 of ")
    assert len(set(rest)) >= 2
    assert rest[-1] == check(lambda *_: ...).hint  # the last one stays


def test_a_result_shows_itself():
    result = checks.Result("Exercise 0", "a < b", hint="think")
    assert "a &lt; b" in result._repr_html_() and "think" in result._repr_html_()
    assert repr(result) == "Exercise 0: a < b\nthink"


@pytest.mark.parametrize(
    "text, shown",
    [("replace the dots.", "Replace the dots."), ("two calls differ.", "Two calls differ."), ("x_s is 1.", "x_s is 1."),
     ("v of a white image is 1.", "v of a white image is 1."), ("ab_t[0] is 0.", "ab_t[0] is 0."),
     ("einsum(): no", "einsum(): no"), ("The size", "The size"), ("", "")],
)  # fmt: skip
def test_after_a_full_stop_a_word_begins_with_a_capital(text, shown):
    for passed, begin in ((True, "right"), (False, "not yet")):
        assert f": {begin}.</b> {shown}</div>" in checks.Result("Your turn 6.1", text, passed)._repr_html_()
    assert repr(checks.Result("Your turn 6.1", text)) == f"Your turn 6.1: {text}"  # after the colon it stays


def test_the_number_quoted_is_measured():
    def no_root(x0, t, noise, ab_t):
        ab = of(ab_t[t])
        return ab.sqrt() * x0 + (1 - ab) * noise

    ab = du.noise_schedule()[50]
    text = checks.check_add_noise(no_root).text
    found, expected = (float(word.strip(",:")) for word in text.split() if word[0].isdigit() and "." in word)
    assert found == pytest.approx((1 - ab).item(), rel=0.05)
    assert expected == pytest.approx((1 - ab).sqrt().item(), rel=0.05)


def test_the_walk_is_told():
    text = checks.check_sample_loop(
        lambda *given: answers_02.walk(*given, lambda times: zip(times[1:], times[2:]))
    ).text
    assert "is 3 to 1, 1 to 0, expected 4 to 3, 3 to 1, 1 to 0" in text
