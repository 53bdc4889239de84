"""Each check accepts the right answer and names each classic wrong one; an exercise never breaks "Run All"."""

import math

import answers_01  # noqa: F401
import answers_02
import answers_04  # noqa: F401
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

# ------------------------------------------------------------------------------------------------------------ lesson 3


@right(checks.check_shapes)
def _(n_feat, height):
    n, h = n_feat, height
    half, quarter = h // 2, h // 4
    return [(n, h, h), (n, half, half), (2 * n, quarter, quarter), (2 * n, 1, 1),
            (2 * n, quarter, quarter), (n, half, half), (n, h, h), (3, h, h)]  # fmt: skip


@right(checks.check_shapes)
def _(n_feat, height):
    down = [(n_feat * c, height // k, height // k) for c, k in ((1, 1), (1, 2), (2, 4))]
    return [list(shape) for shape in [*down, (2 * n_feat, 1, 1), *reversed(down), (3, height, height)]]


def shapes_but(**changes):
    """The shapes of someone who errs in some stages: down1=(channels / n_feat, height / size)."""

    def made(n, h):
        stages = dict(init_conv=(1, 1), down1=(1, 2), down2=(2, 4), to_vec=(2, h), up0=(2, 4), up1=(1, 2), up2=(1, 1))
        stages |= changes
        answer = [(c * n, h // k, h // k) for c, k in stages.values()]
        return answer if len(answer) == 8 else [*answer, (3, h, h)]

    return made


wrong(checks.check_shapes, "halving forgotten")(shapes_but(down1=(1, 1), down2=(2, 1)))
wrong(checks.check_shapes, "halving forgotten")(shapes_but(down2=(2, 2), up0=(2, 2)))
wrong(checks.check_shapes, "down1 doubled")(shapes_but(down1=(2, 2), down2=(4, 4)))
wrong(checks.check_shapes, "not doubled")(shapes_but(down2=(1, 4), to_vec=(1, 16)))
wrong(checks.check_shapes, "to_vec not 1x1")(shapes_but(to_vec=(2, 4)))
wrong(checks.check_shapes, "up0 narrow")(shapes_but(up0=(1, 4)))
wrong(checks.check_shapes, "up0 too large")(shapes_but(up0=(2, 2), up1=(1, 1)))
wrong(checks.check_shapes, "concatenation counted")(shapes_but(up1=(2, 2), up2=(2, 1)))
wrong(checks.check_shapes, "concatenation counted")(shapes_but(up2=(2, 1)))
wrong(checks.check_shapes, "up1 full size")(shapes_but(up1=(1, 1)))
wrong(checks.check_shapes, "up1 not enlarged")(shapes_but(up1=(1, 4), up2=(1, 2)))
wrong(checks.check_shapes, "last not 3")(shapes_but(out=(1, 1)))


@wrong(checks.check_shapes, "to_vec has no pixels")
def _(n, h):
    return [(n, h, h), (n, h // 2, h // 2), (2 * n, h // 4, h // 4), (2 * n,),
            (2 * n, h // 4, h // 4), (n, h // 2, h // 2), (n, h, h), (3, h, h)]  # fmt: skip


@wrong(checks.check_shapes, None)  # a slip that nobody foresaw: the stage and its shape are named all the same
def _(n, h):
    return shapes_but(up1=(1, 2))(n, h)[:5] + [(n + 1, h // 2, h // 2), (n, h, h), (3, h, h)]


@right(checks.check_time_embedding)
def _(t, dim, max_period=10_000):
    half = dim // 2
    frequencies = max_period ** (-torch.arange(half) / half)
    angles = t.float().outer(frequencies)
    out = torch.zeros(len(t), dim)
    out[:, :half], out[:, half : 2 * half] = angles.cos(), angles.sin()
    return out


@right(checks.check_time_embedding)
def _(t, dim, max_period=10_000):
    rows = []
    for time in t.tolist():
        angles = [time / max_period ** (k / (dim // 2)) for k in range(dim // 2)]
        rows.append([math.cos(a) for a in angles] + [math.sin(a) for a in angles] + [0.0] * (dim % 2))
    return torch.tensor(rows)


def embed(angles, dim):
    return torch.nn.functional.pad(torch.cat([angles.cos(), angles.sin()], 1), (0, dim % 2))


@wrong(checks.check_time_embedding, "sine first")
def _(t, dim, max_period=10_000):
    half = dim // 2
    angles = t[:, None] * torch.exp(-math.log(max_period) * torch.arange(half) / half)
    out = torch.zeros(len(t), dim)
    out[:, :half], out[:, half : 2 * half] = angles.sin(), angles.cos()
    return out


@wrong(checks.check_time_embedding, "growing frequencies")
def _(t, dim, max_period=10_000):
    half = dim // 2
    return embed(t[:, None] * torch.exp(math.log(max_period) * torch.arange(half) / half), dim)


@wrong(checks.check_time_embedding, "half - 1")
def _(t, dim, max_period=10_000):
    half = dim // 2
    return embed(t[:, None] * torch.exp(-math.log(max_period) / (half - 1) * torch.arange(half)), dim)


@wrong(checks.check_time_embedding, "divided by dim")
def _(t, dim, max_period=10_000):
    return embed(t[:, None] * max_period ** (-torch.arange(dim // 2) / (dim // 2 * 2)), dim)


@wrong(checks.check_time_embedding, "interleaved")
def _(t, dim, max_period=10_000):
    half = dim // 2
    angles = t[:, None] * max_period ** (-torch.arange(half) / half)
    out = torch.zeros(len(t), dim)
    out[:, 0 : 2 * half : 2], out[:, 1 : 2 * half : 2] = angles.cos(), angles.sin()
    return out


@wrong(checks.check_time_embedding, "along the batch")
def _(t, dim, max_period=10_000):
    half = dim // 2
    angles = t[:, None] * max_period ** (-torch.arange(half) / half)
    return torch.nn.functional.pad(torch.cat([angles.cos(), angles.sin()]), (0, dim % 2))


@wrong(checks.check_time_embedding, "odd dim")
def _(t, dim, max_period=10_000):
    half = dim // 2
    angles = t[:, None] * max_period ** (-torch.arange(half) / half)
    return torch.cat([angles.cos(), angles.sin()], 1)


@wrong(checks.check_time_embedding, "linear spacing")
def _(t, dim, max_period=10_000):
    return embed(t[:, None] * torch.linspace(1, 1 / max_period, dim // 2), dim)


@wrong(checks.check_time_embedding, "no exp")
def _(t, dim, max_period=10_000):
    half = dim // 2
    return embed(t[:, None] * (-math.log(max_period) * torch.arange(half) / half), dim)


@wrong(checks.check_time_embedding, "max_period ignored")
def _(t, dim, max_period=10_000):
    half = dim // 2
    return embed(t[:, None] * 10_000 ** (-torch.arange(half) / half), dim)


@wrong(checks.check_time_embedding, "periods for frequencies")
def _(t, dim, max_period=10_000):
    half = dim // 2
    return embed(2 * math.pi * t[:, None] / max_period ** (torch.arange(half) / half), dim)


def test_the_shapes_of_exercise_3_1_name_the_first_stage_that_is_wrong():
    text = checks.check_shapes(shapes_but(up1=(2, 2), up2=(2, 1))).text
    assert text.startswith("for n_feat = 64 and height = 16 the shape after up1 is (128, 8, 8), expected (64, 8, 8)")


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
