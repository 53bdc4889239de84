"""The checks of lesson 1: intuition."""

import torch

import diffusion_utilities as du
from checks.core import Mistake, Probe, compare, noised_cases, per_image, randn


def check_add_noise(function):
    """Your turn 1.1: function(x0, t, noise, ab_t) is x_t; t holds one time for each image."""

    def mix(signal, sigma):
        def made(x0, t, noise, ab_t):
            return per_image(signal(ab_t[t])) * x0 + per_image(sigma(ab_t[t])) * noise

        return made

    def root(ab):
        return ab.sqrt()

    def early(x0, t, noise, ab_t):
        return du.add_noise(x0, t - 1, noise, ab_t)

    zeros, noise = torch.zeros(1, 3, 64, 64), randn(1, 3, 64, 64)
    return compare(
        "Your turn 1.1", function, du.add_noise, noised_cases(),
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


def check_expected_error(function):
    """Your turn 1.2: function(guess, images, w) is the mean squared error of a guess, weighted by probabilities w."""

    def truth(guess, images, w):
        return (w * (images - guess).square().mean((1, 2, 3))).sum()

    def with_each(error, weigh=lambda w: w):
        return lambda guess, images, w: (weigh(w) * error(images - guess)).sum()

    def of_the_mean(guess, images, w):
        return ((w[:, None, None, None] * images).sum(0) - guess).square().mean()

    def case(N, shape, seed):
        w = randn(N, seed=seed + 2).softmax(0)
        return randn(*shape, seed=seed), randn(N, *shape, seed=seed + 1), w

    def mse(e):
        return e.square().mean((1, 2, 3))

    return compare(
        "Your turn 1.2", function, truth, [case(2, (3, 4, 4), 1), case(5, (1, 2, 3), 4), case(3, (3, 16, 16), 7)],
        mistakes=[
            Mistake("error of the mean", of_the_mean,
                    "you average the images first, and then square one difference: take the error to each image, "
                    "square it, and average the errors."),
            Mistake("not weighted", with_each(mse, lambda w: torch.full_like(w, 1 / len(w))),
                    "every image counts the same here: multiply each image's error by its probability w."),
            Mistake("added, not averaged", with_each(mse, torch.ones_like),
                    "the errors are added without their probabilities: multiply each by its w first."),
            Mistake("divided by N", with_each(mse, lambda w: w / len(w)),
                    "the probabilities add up to 1 already: add the weighted errors, and do not divide once more."),
            Mistake("sum over the numbers", with_each(lambda e: e.square().sum((1, 2, 3))),
                    "take the mean of the squares over an image's numbers, not their sum."),
            Mistake("no square", with_each(lambda e: e.abs().mean((1, 2, 3))),
                    "this is the expected absolute difference: square each difference."),
            Mistake("square of the mean", with_each(lambda e: e.mean((1, 2, 3)).square()),
                    "square each number's difference before you take the mean, or else they cancel."),
            Mistake("root", with_each(lambda e: mse(e).sqrt()), "there is no square root in a squared error."),
            Mistake("root", lambda guess, images, w: truth(guess, images, w).sqrt(),
                    "there is no square root in a squared error."),
            Mistake("not added", lambda guess, images, w: w * mse(images - guess),
                    "these are the weighted errors, one for each image: add them up."),
        ],
        hints=[
            "First the error to each image: the mean over all its numbers of (image - guess) squared. That gives (N,).",
            "images - guess works as it stands: (N, C, H, W) minus (C, H, W). Then .square().mean((1, 2, 3)).",
            "(w * (images - guess).square().mean((1, 2, 3))).sum().",
        ],
        probe=Probe("for black at 0.75 and white at 0.25, and a guess of grey (0), the expected error times 4",
                    (torch.zeros(1, 2, 2), torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1).expand(2, 1, 2, 2),
                     torch.tensor([0.75, 0.25])), lambda out: 4 * out.sum().item()),
    )  # fmt: skip


def check_weights(function):
    """Your turn 1.3: function(x_t, t, images, ab_t) is how much each image counts for one x_t: (N,), of sum 1."""

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
        images = randn(N, *shape, seed=seed).clamp(-1, 1)
        return du.add_noise(images[:1], t, randn(1, *shape, seed=seed + 1), ab_t), t, images, ab_t

    linear, cosine = du.noise_schedule("linear", 500), du.noise_schedule("cosine", 50)
    cases = [case(6, (1, 2, 2), 20, 3, cosine), case(4, (3, 2, 2), 35, 5, cosine), case(9, (2, 1, 2), 100, 7, linear),
             case(50, (3, 16, 16), 250, 9, linear)]  # fmt: skip
    black_and_white = torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1).expand(2, 1, 2, 2)
    result = compare(
        "Your turn 1.3", function, truth, cases,
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
            "If it was image i, the noise in x_t is x_t - sqrt(ab_t) * image i. d_i is the sum of its squares: (N,).",
            "The exponents are -d / (2 * (1 - ab_t[t])). Exponentials divided by their sum are a .softmax(0).",
            "d = (x_t - ab_t[t].sqrt() * images).square().sum((1, 2, 3)), then (-d / (2 * (1 - ab_t[t]))).softmax(0).",
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


def check_alpha_bar(function):
    """Your turn 1.4: function(b_t) is ab_t; b_t holds the betas of t = 1..T, and ab_t[0] is 1."""
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
    return compare(
        "Your turn 1.4", function, truth, [(b_t,) for b_t in [*betas, linear]],
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


def check_step_back(function):
    """Your turn 1.5: function(x, guess, t, s, ab_t) is x_s: the guess, mixed with the noise that it implies in x_t."""

    def made(noise=lambda x, guess, ab: (x - ab.sqrt() * guess) / (1 - ab).sqrt(),
             signal=torch.sqrt, sigma=lambda ab: (1 - ab).sqrt(), early=0):  # fmt: skip
        def step(x, guess, t, s, ab_t):
            ab_s = ab_t[s]
            return (signal(ab_s) * guess + sigma(ab_s) * noise(x, guess, ab_t[t - early])).float()

        return step

    def case(shape, t, s, seed, ab_t):
        guess = randn(*shape, seed=seed).clamp(-1, 1)
        return du.add_noise(guess, t, randn(*shape, seed=seed + 1), ab_t), randn(*shape, seed=seed + 2), t, s, ab_t

    linear, cosine = du.noise_schedule("linear", 500), du.noise_schedule("cosine", 500)
    cases = [case((2, 3, 4, 4), 400, 300, 1, cosine), case((3, 1, 2, 5), 100, 60, 4, linear),
             case((1, 3, 16, 16), 500, 480, 7, linear), case((2, 3, 4, 4), 20, 0, 9, cosine)]  # fmt: skip
    return compare(
        "Your turn 1.5", function, made(), cases,
        mistakes=[
            Mistake("x for noise", made(noise=lambda x, guess, ab: x),
                    "x is not noise alone: it holds the picture, too. Take the guessed picture out of it first."),
            Mistake("noise left out", made(noise=lambda x, guess, ab: torch.zeros_like(x)),
                    "the noise is gone: at time s there is still some, with the weight sqrt(1 - ab_t[s])."),
            Mistake("noise not divided", made(noise=lambda x, guess, ab: x - ab.sqrt() * guess),
                    "in x the noise is multiplied by sqrt(1 - ab_t[t]): divide by it, then it has a variance of 1."),
            Mistake("guess not scaled", made(noise=lambda x, guess, ab: (x - guess) / (1 - ab).sqrt()),
                    "in x the picture is multiplied by sqrt(ab_t[t]): subtract that much of the guess."),
            Mistake("divided by the variance", made(noise=lambda x, guess, ab: (x - ab.sqrt() * guess) / (1 - ab)),
                    "divide by the noise's weight, which is a square root: sqrt(1 - ab_t[t])."),
            Mistake("square roots", made(noise=lambda x, guess, ab: (x - ab * guess) / (1 - ab), signal=lambda ab: ab,
                                         sigma=lambda ab: 1 - ab),
                    "all four weights are square roots, as in add_noise."),
            Mistake("not moved", lambda x, guess, t, s, ab_t: x,
                    "you mix for time t again, so x comes back as it was: mix the guess and the noise for time s."),
            Mistake("guess returned", lambda x, guess, t, s, ab_t: guess,
                    "this jumps to the guess at once: at time s some of the noise must be left."),
            Mistake("times exchanged", lambda x, guess, t, s, ab_t: made()(x, guess, s, t, ab_t),
                    "the two times are exchanged: x is of time t, the result of the smaller time s."),
            Mistake("off by one", made(early=1), "time t is ab_t[t], not ab_t[t - 1]."),
        ],
        hints=[
            "First find the noise that must be in x if the guess is right, then add noise once more, for time s.",
            "add_noise says x = sqrt(ab_t[t]) * guess + sqrt(1 - ab_t[t]) * noise. Solve it for the noise.",
            "noise = (x - ab_t[t].sqrt() * guess) / (1 - ab_t[t]).sqrt(), and then "
            "ab_t[s].sqrt() * guess + (1 - ab_t[s]).sqrt() * noise.",
        ],
        probe=Probe("for x = 1 and a guess of 0, from ab_t[t] = 0.19 to ab_t[s] = 0.36, x_s",
                    (torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2), 2, 1, torch.tensor([1.0, 0.36, 0.19]).double()),
                    lambda out: out.mean().item()),
        random=("fresh noise", "Use the noise that is in x, and draw none."),
    )  # fmt: skip
