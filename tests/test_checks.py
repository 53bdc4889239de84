"""Each check accepts the right answer and names each classic wrong one; an exercise never breaks "Run All"."""

import math

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

# ----------------------------------------------------------------------------------------------------- lessons 1 and 2


@right(checks.check_ab_t)
def _(b_t):
    return torch.cat([torch.ones(1), torch.cumprod(1 - b_t, 0)])


@right(checks.check_ab_t)
def _(b_t):
    ab_t = [1.0]
    for b in b_t:
        ab_t.append(ab_t[-1] * (1 - b.item()))
    return torch.tensor(ab_t)


@wrong(checks.check_ab_t, "no leading 1")
def _(b_t):
    return (1 - b_t).log().cumsum(0).exp()


@wrong(checks.check_ab_t, "first factor overwritten")
def _(b_t):
    ab_t = torch.cumsum((1 - b_t).log(), dim=0).exp()
    ab_t[0] = 1
    return ab_t


@wrong(checks.check_ab_t, "first factor doubled")
def _(b_t):
    b_t = torch.cat([b_t[:1], b_t])  # T + 1 betas, as in the sprite course
    ab_t = torch.cumsum((1 - b_t).log(), dim=0).exp()
    ab_t[0] = 1
    return ab_t


@wrong(checks.check_ab_t, "last factor lost")
def _(b_t):
    ab_t = torch.ones(len(b_t))
    for t in range(1, len(b_t)):
        ab_t[t] = ab_t[t - 1] * (1 - b_t[t - 1])
    return ab_t


@wrong(checks.check_ab_t, "leading 0")
def _(b_t):
    return torch.cat([torch.zeros(1), torch.cumprod(1 - b_t, 0)])


@wrong(checks.check_ab_t, "sum")
def _(b_t):
    return 1 - torch.cat([torch.zeros(1), b_t]).cumsum(0)


@wrong(checks.check_ab_t, "sum")
def _(b_t):
    return torch.cat([torch.ones(1), (1 - b_t).cumsum(0)])


@wrong(checks.check_ab_t, "product of b_t")
def _(b_t):
    return torch.cat([torch.ones(1), b_t]).cumprod(0)


@wrong(checks.check_ab_t, "product of b_t")
def _(b_t):
    return torch.cat([torch.ones(1), 1 - b_t.cumprod(0)])


@wrong(checks.check_ab_t, "not cumulative")
def _(b_t):
    return 1 - torch.cat([torch.zeros(1), b_t])


@wrong(checks.check_ab_t, "square root")
def _(b_t):
    return torch.cat([torch.ones(1), (1 - b_t).sqrt().cumprod(0)])


def test_exercise_1_1_is_the_schedule():
    b_t = torch.linspace(1e-4, 0.02, 500, dtype=torch.float64)
    answer = next(answer for check, answer in RIGHT if check is checks.check_ab_t)
    assert torch.allclose(answer(b_t), du.noise_schedule("linear", 500))


@right(checks.check_add_noise)
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return ab**0.5 * x0 + (1 - ab) ** 0.5 * noise


@wrong(checks.check_add_noise, "square root of noise")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return ab**0.5 * x0 + (1 - ab) * noise


@wrong(checks.check_add_noise, "square roots")
def _(x0, t, noise, ab_t):
    return of(ab_t[t]) * x0 + of(1 - ab_t[t]) * noise


@wrong(checks.check_add_noise, "swapped")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t])
    return (1 - ab).sqrt() * x0 + ab.sqrt() * noise


@wrong(checks.check_add_noise, "picture not scaled")
def _(x0, t, noise, ab_t):
    return x0 + of(1 - ab_t[t]).sqrt() * noise


@wrong(checks.check_add_noise, "off by one")
def _(x0, t, noise, ab_t):
    ab = of(ab_t[t - 1])
    return ab.sqrt() * x0 + (1 - ab).sqrt() * noise


@wrong(checks.check_add_noise, "broadcast")
def _(x0, t, noise, ab_t):
    return ab_t[t].sqrt() * x0 + (1 - ab_t[t]).sqrt() * noise


@wrong(checks.check_add_noise, "in place")
def _(x0, t, noise, ab_t):
    x0 *= of(ab_t[t]).sqrt()
    return x0 + of(1 - ab_t[t]).sqrt() * noise


@right(checks.check_weights)
def _(x_t, t, images, ab_t):
    d = ((x_t - ab_t[t].sqrt() * images) ** 2).sum(dim=(1, 2, 3))
    return torch.softmax(-d / (2 * (1 - ab_t[t])), dim=0)


@right(checks.check_weights)
def _(x_t, t, images, ab_t):
    x, X, ab = x_t.flatten(), images.flatten(1), ab_t[t]
    logits = (2 * ab.sqrt() * (X @ x) - ab * (X * X).sum(1)) / (2 * (1 - ab))
    w = torch.exp(logits - logits.max())
    return w / w.sum()


def weights_with(exponent):
    return lambda x_t, t, images, ab_t: torch.softmax(exponent(x_t, images, ab_t[t]), 0)


for mistake, exponent in {
    "images not scaled": lambda x, X, ab: -((x - X) ** 2).sum((1, 2, 3)) / (2 * (1 - ab)),
    "images scaled by ab_t": lambda x, X, ab: -((x - ab * X) ** 2).sum((1, 2, 3)) / (2 * (1 - ab)),
    "factor 2": lambda x, X, ab: -((x - ab**0.5 * X) ** 2).sum((1, 2, 3)) / (1 - ab),
    "mean for sum": lambda x, X, ab: -((x - ab**0.5 * X) ** 2).flatten(1).mean(1) / (2 * (1 - ab)),
    "no squares": lambda x, X, ab: -(x - ab**0.5 * X).abs().flatten(1).sum(1) / (2 * (1 - ab)),
    "root of the sum": lambda x, X, ab: -(x - ab**0.5 * X).flatten(1).norm(dim=1) / (2 * (1 - ab)),
    "sign": lambda x, X, ab: ((x - ab**0.5 * X) ** 2).sum((1, 2, 3)) / (2 * (1 - ab)),
    "not divided": lambda x, X, ab: -((x - ab**0.5 * X) ** 2).sum((1, 2, 3)),
    "std for variance": lambda x, X, ab: -((x - ab**0.5 * X) ** 2).sum((1, 2, 3)) / (2 * (1 - ab) ** 0.5),
    "ab_t for 1 - ab_t": lambda x, X, ab: -((x - ab**0.5 * X) ** 2).sum((1, 2, 3)) / (2 * ab),
    "picture's square left out": lambda x, X, ab: ab**0.5 * (X * x).sum((1, 2, 3)) / (1 - ab),
    "picture's square not scaled": lambda x, X, ab: (2 * ab**0.5 * X * x - X * X).sum((1, 2, 3)) / (2 * (1 - ab)),
    "middle term": lambda x, X, ab: (ab**0.5 * X * x - ab * X * X).sum((1, 2, 3)) / (2 * (1 - ab)),
}.items():
    wrong(checks.check_weights, mistake)(weights_with(exponent))


@wrong(checks.check_weights, "not divided")
def _(x_t, t, images, ab_t):
    return (-0.5 * ((x_t - ab_t[t].sqrt() * images) ** 2).sum((1, 2, 3))).softmax(0)


@wrong(checks.check_weights, "not normalised")
def _(x_t, t, images, ab_t):
    return (-((x_t - ab_t[t].sqrt() * images) ** 2).sum((1, 2, 3)) / (2 * (1 - ab_t[t]))).exp()


@wrong(checks.check_weights, "not finite")
def _(x_t, t, images, ab_t):
    w = torch.exp(-((x_t - ab_t[t].sqrt() * images) ** 2).sum((1, 2, 3)) / (2 * (1 - ab_t[t])))
    return w / w.sum()


@wrong(checks.check_weights, "off by one")
def _(x_t, t, images, ab_t):
    return du.PerfectDenoiser(images, ab_t).weights(x_t, (t - 1) / (len(ab_t) - 1)).flatten()


@wrong(checks.check_weights, "shape")
def _(x_t, t, images, ab_t):
    return du.PerfectDenoiser(images, ab_t).weights(x_t, t / (len(ab_t) - 1))  # (1, N)


@right(checks.check_x0)
def _(x_t, t, eps, ab_t):
    ab = of(ab_t[t])
    return (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()


@right(checks.check_x0)
def _(x_t, t, eps, ab_t):
    return torch.stack([x / ab_t[s] ** 0.5 - (1 / ab_t[s] - 1) ** 0.5 * e for x, s, e in zip(x_t, t, eps)])


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
    wrong(checks.check_x0, mistake)(lambda x, t, e, ab_t, f=x0_of: f(x, e, of(ab_t[t]), of(ab_t[t - 1])))


@wrong(checks.check_x0, "brackets")
def _(x_t, t, eps, ab_t):
    ab = of(ab_t[t])
    return x_t - (1 - ab).sqrt() * eps / ab.sqrt()


@wrong(checks.check_x0, "brackets")
def _(x_t, t, eps, ab_t):
    ab = of(ab_t[t])
    return x_t / ab.sqrt() - (1 - ab).sqrt() * eps


@wrong(checks.check_x0, "broadcast")
def _(x_t, t, eps, ab_t):
    return (x_t - (1 - ab_t[t]).sqrt() * eps) / ab_t[t].sqrt()


@right(checks.check_ddpm_step)
def _(x, t, eps, z, ab_t):
    a = ab_t[t] / ab_t[t - 1]
    variance = (1 - a) * (1 - ab_t[t - 1]) / (1 - ab_t[t])
    return (x - eps * (1 - a) / (1 - ab_t[t]).sqrt()) / a.sqrt() + variance.sqrt() * z


@right(checks.check_ddpm_step)
def _(x, t, eps, z, ab_t):
    """The mean is that of the course's sampler."""
    mean = next(du.sampler(du.Denoiser(lambda *_: eps, "eps"), ab_t, x, times=[t, t - 1, 0], eta=1, extra_noise=0)).x
    return mean + ((1 - ab_t[t - 1]) * (1 - ab_t[t] / ab_t[t - 1]) / (1 - ab_t[t])) ** 0.5 * z


def step_with(x, t, e, z, ab_t, make):
    a = ab_t[t] / ab_t[t - 1]
    small = (1 - a) * (1 - ab_t[t - 1]) / (1 - ab_t[t])
    return make(x, e, z, a, ab_t[t], small)


for mistake, step in {
    "variance for std": lambda x, e, z, a, ab, s: (x - e * (1 - a) / (1 - ab) ** 0.5) / a**0.5 + s * z,
    "large variance": lambda x, e, z, a, ab, s: (x - e * (1 - a) / (1 - ab) ** 0.5) / a**0.5 + (1 - a) ** 0.5 * z,
    "z missing": lambda x, e, z, a, ab, s: (x - e * (1 - a) / (1 - ab) ** 0.5) / a**0.5,
    "z weighs 1": lambda x, e, z, a, ab, s: (x - e * (1 - a) / (1 - ab) ** 0.5) / a**0.5 + z,
    "not divided by sqrt(a_t)": lambda x, e, z, a, ab, s: x - e * (1 - a) / (1 - ab) ** 0.5 + s**0.5 * z,
    "divided by a_t": lambda x, e, z, a, ab, s: (x - e * (1 - a) / (1 - ab) ** 0.5) / a + s**0.5 * z,
    "z divided, too": lambda x, e, z, a, ab, s: (x - e * (1 - a) / (1 - ab) ** 0.5 + s**0.5 * z) / a**0.5,
    "all of the noise": lambda x, e, z, a, ab, s: (x - e * (1 - ab) ** 0.5) / a**0.5 + s**0.5 * z,
    "sqrt(1 - ab_t) missing": lambda x, e, z, a, ab, s: (x - e * (1 - a)) / a**0.5 + s**0.5 * z,
    "root of 1 - ab_t missing": lambda x, e, z, a, ab, s: (x - e * (1 - a) / (1 - ab)) / a**0.5 + s**0.5 * z,
    "root of 1 - a_t": lambda x, e, z, a, ab, s: (x - e * (1 - a) ** 0.5) / a**0.5 + s**0.5 * z,
    "sign": lambda x, e, z, a, ab, s: (x + e * (1 - a) / (1 - ab) ** 0.5) / a**0.5 + s**0.5 * z,
}.items():
    wrong(checks.check_ddpm_step, mistake)(lambda *given, make=step: step_with(*given, make))


@wrong(checks.check_ddpm_step, "all of the noise")
def _(x, t, eps, z, ab_t):
    a = ab_t[t] / ab_t[t - 1]
    return (x - eps) / a.sqrt() + ((1 - a) * (1 - ab_t[t - 1]) / (1 - ab_t[t])).sqrt() * z


@wrong(checks.check_ddpm_step, "wrong index")
def _(x, t, eps, z, ab_t):
    a = ab_t[t + 1] / ab_t[t]
    small = (1 - a) * (1 - ab_t[t - 1]) / (1 - ab_t[t])
    return (x - eps * (1 - a) / (1 - ab_t[t]).sqrt()) / a.sqrt() + small.sqrt() * z


@wrong(checks.check_ddpm_step, "ab_t for a_t")
def _(x, t, eps, z, ab_t):
    a = ab_t[t]
    small = (1 - a) * (1 - ab_t[t - 1]) / (1 - ab_t[t])
    return (x - eps * (1 - a) / (1 - ab_t[t]).sqrt()) / a.sqrt() + small.sqrt() * z


@wrong(checks.check_ddpm_step, "variance upside down")
def _(x, t, eps, z, ab_t):
    a = ab_t[t] / ab_t[t - 1]
    small = (1 - a) * (1 - ab_t[t]) / (1 - ab_t[t - 1])
    return (x - eps * (1 - a) / (1 - ab_t[t]).sqrt()) / a.sqrt() + small.sqrt() * z


@wrong(checks.check_ddpm_step, "not finite")
def _(x, t, eps, z, ab_t):
    a = ab_t[t - 1] / ab_t[t]
    small = (1 - a) * (1 - ab_t[t - 1]) / (1 - ab_t[t])
    return (x - eps * (1 - a) / (1 - ab_t[t]).sqrt()) / a.sqrt() + small.sqrt() * z


@right(checks.check_sample_loop)
def _(predict, step, x, noises):
    for t in reversed(range(1, len(noises))):
        z = noises[t] if t > 1 else torch.zeros_like(x)
        x = step(x, t, predict(x, t), z)
    return x


@right(checks.check_sample_loop)
def _(predict, step, x, noises):
    t = len(noises) - 1
    while t > 1:
        x, t = step(x, t, predict(x, t), noises[t]), t - 1
    return step(x, 1, predict(x, 1), 0)


def walk(predict, step, x, noises, times, z):
    for t in times(len(noises)):
        x = step(x, t, predict(x, t), z(noises, t))
    return x


def none_at_1(noises, t):
    return noises[t] * (t > 1)


for mistake, times, z in [
    ("noise on the last step", lambda n: range(n - 1, 0, -1), lambda noises, t: noises[t]),
    ("starts at T - 1", lambda n: range(n - 2, 0, -1), none_at_1),
    ("starts at T - 1", lambda n: range(n - 2, 0, -1), lambda noises, t: noises[t]),
    ("stops before t = 1", lambda n: range(n - 1, 1, -1), none_at_1),
    ("stops before t = 1", lambda n: range(n - 2, 1, -1), none_at_1),
    ("runs on to t = 0", lambda n: range(n - 1, -1, -1), none_at_1),
    ("runs on to t = 0", lambda n: range(n - 1, -1, -1), lambda noises, t: noises[t] * (t > 0)),
    ("runs on to t = 0", lambda n: reversed(range(n)), lambda noises, t: noises[t]),
    ("no noise", lambda n: range(n - 1, 0, -1), lambda noises, t: torch.zeros_like(noises[0])),
    ("noise only at the last step", lambda n: range(n - 1, 0, -1), lambda noises, t: noises[t] * (t == 1)),
    ("noise of the wrong time", lambda n: range(n - 1, 0, -1), lambda noises, t: noises[t - 1] * (t > 1)),
    ("noise of the wrong time", lambda n: range(n - 1, 0, -1), lambda noises, t: noises[-t] * (t > 1)),
    ("the same noise again", lambda n: range(n - 1, 0, -1), lambda noises, t: noises[-1] * (t > 1)),
    ("upwards", lambda n: range(1, n), none_at_1),
    ("upwards", lambda n: range(1, n), lambda noises, t: noises[t]),
    ("IndexError", lambda n: range(n, 0, -1), none_at_1),
]:
    wrong(checks.check_sample_loop, mistake)(lambda *given, times=times, z=z: walk(*given, times, z))


@wrong(checks.check_sample_loop, "asked once")
def _(predict, step, x, noises):
    T = len(noises) - 1
    eps = predict(x, T)
    for t in range(T, 0, -1):
        x = step(x, t, eps, none_at_1(noises, t))
    return x


@wrong(checks.check_sample_loop, "x not replaced")
def _(predict, step, x, noises):
    for t in range(len(noises) - 1, 0, -1):
        result = step(x, t, predict(x, t), none_at_1(noises, t))
    return result


def test_the_walk_is_told():
    text = checks.check_sample_loop(lambda *given: walk(*given, lambda n: range(n - 1, 0, -1), lambda z, t: z[t])).text
    assert "is 4 with z_4, 3 with z_3, 2 with z_2, 1 with z_1, expected 4 with z_4" in text
    assert "1 without noise: " in text


# ----------------------------------------------------------------------------------------------------- lessons 3 and 4


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


def test_the_shapes_of_exercise_3_1_name_the_first_stage_that_is_wrong():
    text = checks.check_shapes(shapes_but(up1=(2, 2), up2=(2, 1))).text
    assert text.startswith("for n_feat = 64 and height = 16 the shape after up1 is (128, 8, 8), expected (64, 8, 8)")


# ----------------------------------------------------------------------------------------------------------- lesson 5


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


@right(checks.check_guided)
def _(model, x, t, c, w):
    uncond = model(x, t, torch.zeros_like(c))
    return uncond + of(w) * (model(x, t, c) - uncond)


@right(checks.check_guided)
def _(model, x, t, c, w):  # one call, and no context as None
    twice = model(torch.cat([x, x]), torch.cat([t, t]), torch.cat([0 * c, c]))
    return (1 - of(w)) * model(x, t) + of(w) * twice[len(x) :]


@wrong(checks.check_guided, "1 + w")
def _(model, x, t, c, w):
    return (1 + of(w)) * model(x, t, c) - of(w) * model(x, t, torch.zeros_like(c))


@wrong(checks.check_guided, "swapped")
def _(model, x, t, c, w):
    return of(w) * model(x, t, torch.zeros_like(c)) + (1 - of(w)) * model(x, t, c)


@wrong(checks.check_guided, "only cond")
def _(model, x, t, c, w):
    return model(x, t, c) * of(w)


@wrong(checks.check_guided, "difference only")
def _(model, x, t, c, w):
    return of(w) * (model(x, t, c) - model(x, t, torch.zeros_like(c)))


@wrong(checks.check_guided, "uncond not subtracted")
def _(model, x, t, c, w):
    return model(x, t, torch.zeros_like(c)) + of(w) * model(x, t, c)


@wrong(checks.check_guided, "minus")
def _(model, x, t, c, w):
    uncond, cond = model(x, t, torch.zeros_like(c)), model(x, t, c)
    return uncond + of(w) * (uncond - cond)


@wrong(checks.check_guided, "ones")
def _(model, x, t, c, w):
    uncond, cond = model(x, t, torch.ones(len(c), 5)), model(x, t, c)
    return uncond + of(w) * (cond - uncond)


@wrong(checks.check_guided, "c for both")
def _(model, x, t, c, w):
    uncond, cond = model(x, t, c), model(x, t, c)
    return uncond + of(w) * (cond - uncond)


@wrong(checks.check_guided, "ignored")
def _(model, x, t, c, w):
    uncond, cond = model(x, t), model(x, t)
    return uncond + of(w) * (cond - uncond)


@wrong(checks.check_guided, "broadcast")
def _(model, x, t, c, w):
    uncond, cond = model(x, t, torch.zeros_like(c)), model(x, t, c)
    return uncond + w * (cond - uncond)


@right(checks.check_negative)
def _(model, x, t, c, negative, w):
    away, cond = model(x, t, negative.expand(len(x), -1)), model(x, t, c)
    return away + w * (cond - away)


@right(checks.check_negative)
def _(model, x, t, c, negative, w):
    return w * model(x, t, c) + (1 - w) * model(x, t, negative)


@wrong(checks.check_negative, "negative ignored")
def _(model, x, t, c, negative, w):
    away, cond = model(x, t, torch.zeros_like(c)), model(x, t, c)
    return away + w * (cond - away)


@wrong(checks.check_negative, "starts at uncond")
def _(model, x, t, c, negative, w):
    return model(x, t) + w * (model(x, t, c) - model(x, t, negative))


@wrong(checks.check_negative, "starts at uncond")
def _(model, x, t, c, negative, w):
    uncond, cond, unwanted = model(x, t), model(x, t, c), model(x, t, negative)
    return uncond + w * (cond - uncond) - w * (unwanted - uncond)


@wrong(checks.check_negative, "replaced once")
def _(model, x, t, c, negative, w):
    return model(x, t, negative) + w * (model(x, t, c) - model(x, t))


@wrong(checks.check_negative, "swapped")
def _(model, x, t, c, negative, w):
    away, cond = model(x, t, negative), model(x, t, c)
    return (1 - w) * cond + w * away


@wrong(checks.check_negative, "1 + w")
def _(model, x, t, c, negative, w):
    away, cond = model(x, t, negative), model(x, t, c)
    return (1 + w) * cond - w * away


@wrong(checks.check_negative, "difference only")
def _(model, x, t, c, negative, w):
    return w * (model(x, t, c) - model(x, t, negative))


@wrong(checks.check_negative, "contexts subtracted")
def _(model, x, t, c, negative, w):
    uncond = model(x, t, torch.zeros_like(c))
    return uncond + w * (model(x, t, c - negative) - uncond)


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
