"""Each check accepts the right answer and names each classic wrong one; an exercise never breaks "Run All"."""

import answers_01  # noqa: F401
import answers_02
import answers_03  # noqa: F401
import answers_05  # noqa: F401
import answers_06  # noqa: F401
import answers_07  # noqa: F401
import answers_08  # noqa: F401
import answers_09  # noqa: F401
import answers_10  # noqa: F401
import answers_11  # noqa: F401
import answers_12  # noqa: F401
import pytest
import torch
from answers import RIGHT, WRONG, of, right, wrong

import checks
import diffusion_utilities as du

# ------------------------------------------------------------------------------------------------------------- lesson 4


@right(checks.check_v)
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return ab.sqrt() * noise - (1 - ab).sqrt() * x0


@right(checks.check_v)
def _(x0, t, noise, ab_t):
    x_t = du.add_noise(x0, t, noise, ab_t)
    return (of(ab_t[t].sqrt()) * x_t - x0) / of((1 - ab_t[t]).sqrt())  # solved from x0 = signal * x_t - sigma * v


@wrong(checks.check_v, "sign")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return (1 - ab).sqrt() * x0 - ab.sqrt() * noise


@wrong(checks.check_v, "plus for minus")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return ab.sqrt() * noise + (1 - ab).sqrt() * x0


@wrong(checks.check_v, "x_t")
def _(x0, t, noise, ab_t):
    return du.add_noise(x0, t, noise, ab_t)


@wrong(checks.check_v, "swapped")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return ab.sqrt() * x0 - (1 - ab).sqrt() * noise


@wrong(checks.check_v, "weights swapped")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return (1 - ab).sqrt() * noise - ab.sqrt() * x0


@wrong(checks.check_v, "square roots")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return ab * noise - (1 - ab) * x0


@wrong(checks.check_v, "square root of x0")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return ab**0.5 * noise - (1 - ab) * x0


@wrong(checks.check_v, "square root of noise")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return ab * noise - (1 - ab) ** 0.5 * x0


@wrong(checks.check_v, "off by one")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t - 1])
    return ab.sqrt() * noise - (1 - ab).sqrt() * x0


@wrong(checks.check_v, "broadcast")
def _(x0, t, noise, ab_t):
    ab = ab_t[t]
    return ab.sqrt() * noise - (1 - ab).sqrt() * x0


@right(checks.check_loss)
def _(model, x0, t, noise, ab_t):
    x_t = of(ab_t[t].sqrt()) * x0 + of((1 - ab_t[t]).sqrt()) * noise
    return torch.nn.functional.mse_loss(model(x_t, t / (len(ab_t) - 1)), noise)


@right(checks.check_loss)
def _(model, x0, t, noise, ab_t):
    error = noise - model(du.add_noise(x0, t, noise, ab_t), t / (ab_t.numel() - 1))
    return (error**2).sum() / error.numel()


def noise_error(model, x0, t, noise, ab_t):
    return model(du.add_noise(x0, t, noise, ab_t), t / (len(ab_t) - 1)) - noise


@wrong(checks.check_loss, "t not divided")
def _(model, x0, t, noise, ab_t):
    return (model(du.add_noise(x0, t, noise, ab_t), t) - noise).square().mean()


@wrong(checks.check_loss, "T = 500")
def _(model, x0, t, noise, ab_t):
    return (model(du.add_noise(x0, t, noise, ab_t), t / 500) - noise).square().mean()


@wrong(checks.check_loss, "T + 1")
def _(model, x0, t, noise, ab_t):
    return (model(du.add_noise(x0, t, noise, ab_t), t / len(ab_t)) - noise).square().mean()


@wrong(checks.check_loss, "sum")
def _(*case):
    return noise_error(*case).square().sum()


@wrong(checks.check_loss, "sum")
def _(*case):
    return noise_error(*case).square().flatten(1).sum(1).mean()


@wrong(checks.check_loss, "root mean square")
def _(*case):
    return noise_error(*case).square().mean().sqrt()


@wrong(checks.check_loss, "absolute error")
def _(model, x0, t, noise, ab_t):
    return torch.nn.functional.l1_loss(model(du.add_noise(x0, t, noise, ab_t), t / (len(ab_t) - 1)), noise)


@wrong(checks.check_loss, "not squared")
def _(*case):
    return -noise_error(*case).mean()


@wrong(checks.check_loss, "shape")
def _(*case):
    return noise_error(*case).square()


@wrong(checks.check_loss, "compared with x0")
def _(model, x0, t, noise, ab_t):
    return ((model(du.add_noise(x0, t, noise, ab_t), t / (len(ab_t) - 1)) - x0) ** 2).mean()


@wrong(checks.check_loss, "clean image")
def _(model, x0, t, noise, ab_t):
    return ((model(x0, t / (len(ab_t) - 1)) - noise) ** 2).mean()


@wrong(checks.check_loss, "only noise")
def _(model, x0, t, noise, ab_t):
    return ((model(noise, t / (len(ab_t) - 1)) - noise) ** 2).mean()


@wrong(checks.check_loss, "square root of noise")
def _(model, x0, t, noise, ab_t):
    x_t = of(ab_t[t]).sqrt() * x0 + of(1 - ab_t[t]) * noise
    return ((model(x_t, t / (len(ab_t) - 1)) - noise) ** 2).mean()


@wrong(checks.check_loss, "square roots")
def _(model, x0, t, noise, ab_t):
    x_t = of(ab_t[t]) * x0 + of(1 - ab_t[t]) * noise
    return ((model(x_t, t / (len(ab_t) - 1)) - noise) ** 2).mean()


@wrong(checks.check_loss, "off by one")
def _(model, x0, t, noise, ab_t):
    return ((model(du.add_noise(x0, t - 1, noise, ab_t), t / (len(ab_t) - 1)) - noise) ** 2).mean()


@wrong(checks.check_loss, "gradient lost")
def _(*case):
    return noise_error(*case).square().mean().item()


@wrong(checks.check_loss, "gradient lost")
@torch.no_grad()
def _(*case):
    return noise_error(*case).square().mean()


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


# --------------------------------------------------------------------------------------------------------------- tests


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
