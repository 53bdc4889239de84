"""Right and wrong answers to the exercises of lesson 1."""

import torch
from answers import of, right, wrong

import checks
import diffusion_utilities as du


@right(checks.check_alpha_bar)
def _(b_t):
    return torch.cat([torch.ones(1), torch.cumprod(1 - b_t, 0)])


@right(checks.check_alpha_bar)
def _(b_t):
    ab_t = [1.0]
    for b in b_t:
        ab_t.append(ab_t[-1] * (1 - b.item()))
    return torch.tensor(ab_t)


@wrong(checks.check_alpha_bar, "no leading 1")
def _(b_t):
    return (1 - b_t).log().cumsum(0).exp()


@wrong(checks.check_alpha_bar, "first factor overwritten")
def _(b_t):
    ab_t = torch.cumsum((1 - b_t).log(), dim=0).exp()
    ab_t[0] = 1
    return ab_t


@wrong(checks.check_alpha_bar, "first factor doubled")
def _(b_t):
    b_t = torch.cat([b_t[:1], b_t])  # T + 1 betas, as in the sprite course
    ab_t = torch.cumsum((1 - b_t).log(), dim=0).exp()
    ab_t[0] = 1
    return ab_t


@wrong(checks.check_alpha_bar, "last factor lost")
def _(b_t):
    ab_t = torch.ones(len(b_t))
    for t in range(1, len(b_t)):
        ab_t[t] = ab_t[t - 1] * (1 - b_t[t - 1])
    return ab_t


@wrong(checks.check_alpha_bar, "leading 0")
def _(b_t):
    return torch.cat([torch.zeros(1), torch.cumprod(1 - b_t, 0)])


@wrong(checks.check_alpha_bar, "sum")
def _(b_t):
    return 1 - torch.cat([torch.zeros(1), b_t]).cumsum(0)


@wrong(checks.check_alpha_bar, "sum")
def _(b_t):
    return torch.cat([torch.ones(1), (1 - b_t).cumsum(0)])


@wrong(checks.check_alpha_bar, "product of b_t")
def _(b_t):
    return torch.cat([torch.ones(1), b_t]).cumprod(0)


@wrong(checks.check_alpha_bar, "product of b_t")
def _(b_t):
    return torch.cat([torch.ones(1), 1 - b_t.cumprod(0)])


@wrong(checks.check_alpha_bar, "not cumulative")
def _(b_t):
    return 1 - torch.cat([torch.zeros(1), b_t])


@wrong(checks.check_alpha_bar, "square root")
def _(b_t):
    return torch.cat([torch.ones(1), (1 - b_t).sqrt().cumprod(0)])


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


@right(checks.check_expected_error)
def _(guess, images, w):
    return (w * (images - guess).square().mean((1, 2, 3))).sum()


@right(checks.check_expected_error)
def _(guess, images, w):
    return sum(p * torch.nn.functional.mse_loss(image, guess) for image, p in zip(images, w))


@right(checks.check_expected_error)
def _(guess, images, w):
    """The error of the weighted mean, plus the distance to it: the identity of section 2."""
    flat, g = images.flatten(1), guess.flatten()
    mean = w @ flat
    return (w @ (flat - mean).square()).mean() + (g - mean).square().mean()


for mistake, answer in {
    "error of the mean": lambda g, X, w: (torch.einsum("n,nchw->chw", w, X) - g).square().mean(),
    "not weighted": lambda g, X, w: (X - g).square().mean(),
    "added, not averaged": lambda g, X, w: (X - g).square().mean((1, 2, 3)).sum(),
    "divided by N": lambda g, X, w: (w * (X - g).square().mean((1, 2, 3))).mean(),
    "sum over the numbers": lambda g, X, w: w @ (X - g).flatten(1).square().sum(1),
    "no square": lambda g, X, w: w @ (X - g).flatten(1).abs().mean(1),
    "square of the mean": lambda g, X, w: w @ (X - g).flatten(1).mean(1) ** 2,
    "root": lambda g, X, w: w @ (X - g).flatten(1).square().mean(1) ** 0.5,
    "not added": lambda g, X, w: w * (X - g).flatten(1).square().mean(1),
}.items():
    wrong(checks.check_expected_error, mistake)(answer)


@wrong(checks.check_expected_error, "root")
def _(guess, images, w):
    return (w @ (images - guess).flatten(1).square().mean(1)) ** 0.5


@right(checks.check_step_back)
def _(x, guess, t, s, ab_t):
    noise = (x - ab_t[t].sqrt() * guess) / (1 - ab_t[t]).sqrt()
    return du.add_noise(guess, s, noise.float(), ab_t)


@right(checks.check_step_back)
def _(x, guess, t, s, ab_t):
    ratio = ((1 - ab_t[s]) / (1 - ab_t[t])) ** 0.5
    return ratio * x + (ab_t[s] ** 0.5 - ratio * ab_t[t] ** 0.5) * guess


@right(checks.check_step_back)
def _(x, guess, t, s, ab_t):
    return next(du.sampler(Answers(guess), ab_t, x, times=[t, s, 0] if s else [t, 0])).x


class Answers:
    """A denoiser that always answers the same."""

    predicts = "x0"

    def __init__(self, guess):
        self.guess = guess

    def __call__(self, x, t, c=None):
        return self.guess


for mistake, answer in {
    "x for noise": lambda x, g, a, b: b**0.5 * g + (1 - b) ** 0.5 * x,
    "noise left out": lambda x, g, a, b: b**0.5 * g,
    "noise not divided": lambda x, g, a, b: b**0.5 * g + (1 - b) ** 0.5 * (x - a**0.5 * g),
    "guess not scaled": lambda x, g, a, b: b**0.5 * g + ((1 - b) / (1 - a)) ** 0.5 * (x - g),
    "divided by the variance": lambda x, g, a, b: b**0.5 * g + (1 - b) ** 0.5 * (x - a**0.5 * g) / (1 - a),
    "square roots": lambda x, g, a, b: b * g + (1 - b) * (x - a * g) / (1 - a),
    "not moved": lambda x, g, a, b: a**0.5 * g + (x - a**0.5 * g),
    "guess returned": lambda x, g, a, b: g.clone(),
    "times exchanged": lambda x, g, a, b: a**0.5 * g + (1 - a) ** 0.5 * (x - b**0.5 * g) / (1 - b) ** 0.5,
}.items():
    wrong(checks.check_step_back, mistake)(lambda x, g, t, s, ab_t, f=answer: f(x, g, ab_t[t], ab_t[s]).float())


@wrong(checks.check_step_back, "fresh noise")
def _(x, guess, t, s, ab_t):
    return du.add_noise(guess, s, torch.randn_like(x), ab_t)


@wrong(checks.check_step_back, "off by one")
def _(x, guess, t, s, ab_t):
    noise = (x - ab_t[t - 1].sqrt() * guess) / (1 - ab_t[t - 1]).sqrt()
    return du.add_noise(guess, s, noise.float(), ab_t)


@wrong(checks.check_step_back, "in place")
def _(x, guess, t, s, ab_t):
    x -= ab_t[t].sqrt() * guess
    return ab_t[s].sqrt() * guess + (1 - ab_t[s]).sqrt() * x / (1 - ab_t[t]).sqrt()
