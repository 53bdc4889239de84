"""The checks of lesson 9: scores and guidance."""

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, noised_cases, randn


def check_score(function):
    """Exercise 9.1: function(x0, x, t, ab_t) is the score (sqrt(ab_t) x0 - x) / (1 - ab_t), with a time t (B,) each."""

    def answers(combine):
        def made(x0, x, t, ab_t):
            return combine(x0, x, ab_t[t].float()[:, None, None, None])

        return made

    # a guess that is not the one from which x was made, as a network's never is
    cases = [
        (x0, du.add_noise(x0.flip(0), t, noise, ab_t), t.clamp(min=20), ab_t)
        for x0, t, noise, ab_t in noised_cases("cosine")
    ]
    grey, ab_t, at_200 = torch.zeros(1, 3, 4, 4), cases[0][3], torch.tensor([200])
    return compare(
        "Exercise 9.1", function, answers(lambda x0, x, ab: (ab.sqrt() * x0 - x) / (1 - ab)), cases,
        mistakes=[
            Mistake("noise", answers(lambda x0, x, ab: (x - ab.sqrt() * x0) / (1 - ab).sqrt()), "this is eps, the "
                    "estimated noise. The score is eps divided by its standard deviation once more, and negated."),
            Mistake("minus noise", answers(lambda x0, x, ab: (ab.sqrt() * x0 - x) / (1 - ab).sqrt()), "this is the "
                    "noise, negated. Divide by the variance 1 - ab_t, not by its root: the slope of a narrow hill is "
                    "steeper."),
            Mistake("sign", answers(lambda x0, x, ab: (x - ab.sqrt() * x0) / (1 - ab)), "the sign is wrong: this "
                    "points away from the guess, downhill."),
            Mistake("no square root", answers(lambda x0, x, ab: (ab * x0 - x) / (1 - ab)), "a square root is missing: "
                    "the hill stands at sqrt(ab_t) x0."),
            Mistake("x0 not scaled", answers(lambda x0, x, ab: (x0 - x) / (1 - ab)), "x holds the image times "
                    "sqrt(ab_t), so the guess must be scaled by that, too, before the two are compared."),
            Mistake("not divided", answers(lambda x0, x, ab: ab.sqrt() * x0 - x), "this is the whole way to the top. "
                    "The slope is that divided by the variance of the noise."),
            Mistake("divided by ab_t", answers(lambda x0, x, ab: (ab.sqrt() * x0 - x) / ab), "ab_t is the share of the "
                    "image; the variance of the noise is 1 - ab_t."),
            Mistake("squared twice", answers(lambda x0, x, ab: (ab.sqrt() * x0 - x) / (1 - ab) ** 2), "1 - ab_t is a "
                    "variance already: do not square it."),
        ],
        hints=[
            "In section 1, the chain of equations has a form with x0, x and ab_t alone.",
            "ab_t[t] holds a number for each image; to multiply images it needs the shape (B, 1, 1, 1).",
            "The score is (sqrt(ab_t) x0 - x) / (1 - ab_t).",
        ],
        probe=Probe("the score of a grey image (0) whose guess is white (1), at t = 200,",
                    (grey + 1, grey, at_200, ab_t), lambda out: out.mean().item()),
    )  # fmt: skip


def check_steer(function):
    """Exercise 9.2: function(x0, pull, t, gamma, ab_t) is x0 + gamma (1 - ab_t) / sqrt(ab_t) pull."""

    def answers(combine):
        def made(x0, pull, t, gamma, ab_t):
            return combine(x0, pull, gamma, ab_t[t].float()[:, None, None, None])

        return made

    ab_t = du.noise_schedule("cosine")
    times = [torch.tensor([3, 50, 250, 450]), torch.tensor([100, 400]), torch.tensor([77]),
             torch.tensor([30, 120, 200, 300, 480])]  # fmt: skip
    gammas = (2.0, 0.5, 1.0, 4.0)
    cases = [(randn(*s, seed=1).clamp(-1, 1), randn(*s, seed=2), t, g, ab_t) for s, t, g in zip(SHAPES, times, gammas)]
    grey, at_400 = torch.zeros(1, 3, 64, 64), torch.tensor([400])
    return compare(
        "Exercise 9.2", function, answers(lambda x0, g, w, ab: x0 + w * (1 - ab) / ab.sqrt() * g), cases,
        mistakes=[
            Mistake("noise formula", answers(lambda x0, g, w, ab: x0 - w * (1 - ab).sqrt() * g), "this is the formula "
                    "for eps. Taking noise away adds to the image: the sign turns, and the factor changes."),
            Mistake("sign", answers(lambda x0, g, w, ab: x0 - w * (1 - ab) / ab.sqrt() * g), "the sign is wrong: the "
                    "guess must move along pull, not against it."),
            Mistake("sigma", answers(lambda x0, g, w, ab: x0 + w * ((1 - ab) / ab).sqrt() * g), "the noise changes by "
                    "sqrt(1 - ab_t) times pull, and the image by sqrt(1 - ab_t) times that: together 1 - ab_t."),
            Mistake("not divided", answers(lambda x0, g, w, ab: x0 + w * (1 - ab) * g), "this moves sqrt(ab_t) x0, the "
                    "image as it is inside x. Divide by sqrt(ab_t) to get x0."),
            Mistake("no square root", answers(lambda x0, g, w, ab: x0 + w * (1 - ab) / ab * g), "a square root is "
                    "missing: x0 is divided by sqrt(ab_t) in Tweedie's formula."),
            Mistake("only sigma", answers(lambda x0, g, w, ab: x0 + w * (1 - ab).sqrt() * g), "the sign is right, but "
                    "this is the factor of eps. Tweedie's formula has another one."),
            Mistake("unit", answers(lambda x0, g, w, ab: x0 + w * g), "pull is a slope, not a way: how far the guess "
                    "moves depends on the noise level."),
            Mistake("gamma ignored", answers(lambda x0, g, w, ab: x0 + (1 - ab) / ab.sqrt() * g),
                    "gamma plays no part: it multiplies pull."),
            Mistake("1 + gamma", answers(lambda x0, g, w, ab: x0 + (1 + w) * (1 - ab) / ab.sqrt() * g),
                    "gamma = 0 must leave the guess as it is."),
        ],
        hints=[
            "Write down Tweedie's formula for x0, once with the score, once with score + gamma pull. Subtract.",
            "The difference of the two is (1 - ab_t) / sqrt(ab_t) times what the score gained.",
            "The answer is x0 + gamma * (1 - ab_t) / sqrt(ab_t) * pull, with ab_t[t] shaped (B, 1, 1, 1).",
        ],
        probe=Probe("the change of a grey guess at t = 400, for gamma = 2 and pull = 0.1,",
                    (grey, grey + 0.1, at_400, 2.0, ab_t), lambda out: out.mean().item()),
    )  # fmt: skip


def _bowl(x):
    """The score of pixels that are N(0.5, 1), pulled sideways so that no two mistakes agree."""
    return 0.5 - x + 0.3 * torch.tanh(2 * x)


def check_langevin(function):
    """Exercise 9.3: function(score, x, h, z) makes len(z) steps x + h score(x) + sqrt(2 h) z[i]."""

    def walk(step, pick=lambda z: z):
        def made(score, x, h, z):
            for fresh in pick(z):
                x = step(x, score(x), h, fresh)
            return x

        return made

    def truth(x, s, h, z):
        return x + h * s + (2 * h) ** 0.5 * z

    def from_the_start(score, x, h, z):
        slope = score(x)
        for fresh in z:
            x = truth(x, slope, h, fresh)
        return x

    def not_carried(score, x, h, z):
        for fresh in z:
            end = truth(x, score(x), h, fresh)
        return end

    sizes = (0.1, 0.03, 0.2, 0.05)
    cases = [(_bowl, randn(*s, seed=1), h, randn(n, *s, seed=2)) for s, h, n in zip(SHAPES, sizes, (5, 3, 4, 6))]
    flat = (lambda x: torch.zeros_like(x), torch.zeros(1, 3, 32, 32), 0.02, randn(10, 1, 3, 32, 32))
    return compare(
        "Exercise 9.3", function, walk(truth), cases,
        mistakes=[
            Mistake("no noise", walk(lambda x, s, h, z: x + h * s), "without noise this climbs to the nearest peak, "
                    "and all walks end on a few points."),
            Mistake("noise not rooted", walk(lambda x, s, h, z: x + h * s + 2 * h * z), "the noise is too small: its "
                    "variance is 2 h, so its standard deviation sqrt(2 h)."),
            Mistake("2 missing", walk(lambda x, s, h, z: x + h * s + h**0.5 * z), "a 2 is missing in the noise, or the "
                    "step should be h / 2: this draws from a density that is too narrow."),
            Mistake("2 outside", walk(lambda x, s, h, z: x + h * s + 2 * h**0.5 * z), "the 2 belongs under the root."),
            Mistake("downhill", walk(lambda x, s, h, z: x - h * s + (2 * h) ** 0.5 * z), "the sign is wrong: the score "
                    "points uphill, and that is where to go."),
            Mistake("one step", walk(truth, lambda z: z[:1]), "this is the first step only: is the return inside the "
                    "loop?"),
            Mistake("same noise", walk(truth, lambda z: [z[0]] * len(z)), "every step uses the same noise. Noise that "
                    "repeats is a push in one direction: step i needs z[i]."),
            Mistake("score of the start", from_the_start, "the score was asked once, at the start. The slope changes "
                    "on the way: ask at each new x."),
            Mistake("x not carried on", not_carried, "every step starts again from the first x: give the new x the "
                    "name that the next step uses."),
            Mistake("h forgotten", walk(lambda x, s, h, z: x + s + (2 * h) ** 0.5 * z), "the score must be "
                    "multiplied by h: it is a slope, and the step is short."),
        ],
        hints=[
            "A loop over z gives the noise of one step after the other.",
            "In each step, add h times score(x) and sqrt(2 h) times the noise to x.",
            "for fresh in z: x = x + h * score(x) + (2 * h) ** 0.5 * fresh",
        ],
        probe=Probe("the std of x after 10 steps of h = 0.02, where the score is 0,", flat),
        random=("fresh noise", "Take the noise of each step from z, so that the walk can be repeated."),
    )  # fmt: skip
