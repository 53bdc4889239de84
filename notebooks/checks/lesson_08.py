"""The checks of lesson 8: the variational bound."""

import math

import torch

import diffusion_utilities as du
from checks.core import Mistake, Probe, compare, randn

BIT = math.log(2)  # in natural units


def check_kl(function):
    """Your turn 8.1: function(mean_1, var_1, mean_2, var_2) is KL(first || second) of two bells, in bits."""

    def made(log=1.0, one=1.0, unit=BIT, half=0.5, by=lambda a, b: b, far=lambda d: d**2, spread=lambda v: v):
        def bits(mean_1, var_1, mean_2, var_2):
            a, b = spread(var_1), spread(var_2)
            inside = log * (b / a).log() + (a + far(mean_1 - mean_2)) / by(a, b) - one
            return half * inside / unit

        return bits

    def swapped(mean_1, var_1, mean_2, var_2):
        return made()(mean_2, var_2, mean_1, var_1)

    def without_own(mean_1, var_1, mean_2, var_2):
        return 0.5 * ((var_2 / var_1).log() + (mean_1 - mean_2) ** 2 / var_2) / BIT

    def cross_entropy(mean_1, var_1, mean_2, var_2):
        inside = (2 * math.pi * var_2).log() + (var_1 + (mean_1 - mean_2) ** 2) / var_2
        return 0.5 * inside / BIT

    def var(*shape, seed):
        return 0.1 + randn(*shape, seed=seed).double().square()

    cases = [(randn(*a, seed=1).double(), var(*b, seed=2), randn(*a, seed=3).double(), var(*b, seed=4))
             for a, b in (((5,), (5,)), ((4, 3, 4, 4), (4, 1, 1, 1)), ((2, 6), (1,)))]  # fmt: skip
    one = torch.ones((), dtype=torch.float64)
    return compare(
        "Your turn 8.1", function, made(), cases,
        mistakes=[
            Mistake("nats", made(unit=1.0), "this is in natural units (nats). A bit is ln 2 of them: divide by "
                    "math.log(2)."),
            Mistake("multiplied by ln 2", made(unit=1 / BIT), "from natural units to bits you divide by ln 2; "
                    "you multiplied."),
            Mistake("swapped", swapped, "the two bells are swapped. The draws come from the first, so its variance "
                    "stands on top, and the second's divides."),
            Mistake("no half", made(half=1.0), "it is twice too much: the logarithm of a bell has a factor 1/2 in both "
                    "of its terms."),
            Mistake("minus 1 missing", made(one=0.0), "two equal bells should cost nothing. The first bell's own "
                    "squared distance, var_1 / var_1 = 1, is to be taken off."),
            Mistake("spread missing", without_own, "the mean squared distance of a draw from the second mean is "
                    "var_1 + (mean_1 - mean_2)^2: you left var_1 / var_2 - 1 out."),
            Mistake("cross-entropy", cross_entropy, "this is what the draw costs under the second bell alone. Take off "
                    "what it costs under its own bell."),
            Mistake("log missing", made(log=0.0), "the logarithm of the two variances is missing."),
            Mistake("log upside down", made(log=-1.0), "the logarithm is upside down: a wider second bell must add "
                    "ln(var_2 / var_1)."),
            Mistake("own variance", made(by=lambda a, b: a), "you divide by the first variance. The second bell "
                    "judges the draws, so its variance divides."),
            Mistake("not squared", made(far=lambda d: d.abs()), "the distance of the means must be squared."),
            Mistake("standard deviations", made(spread=lambda v: v**2), "you squared the variances: var_1 and var_2 "
                    "are variances already."),
        ],
        hints=[
            "Write ln q - ln p for one draw x, and take the mean over draws of q: E (x - mean_1)^2 is var_1, and "
            "E (x - mean_2)^2 is var_1 + (mean_1 - mean_2)^2.",
            "In natural units: (ln(var_2 / var_1) + (var_1 + (mean_1 - mean_2)^2) / var_2 - 1) / 2.",
            "The same divided by math.log(2).",
        ],
        probe=Probe("the cost of N(0, 1) for one who expects N(1, 2)", (0 * one, one, one, 2 * one),
                    lambda out: out.item()),
    )  # fmt: skip


def _schedules():
    ab_t = du.noise_schedule("cosine")
    few = ab_t[du.sampling_times(500, 10)[::-1]]
    return [ab_t, few, du.noise_schedule("linear", 50), ab_t[[0, 3, 40, 500]]]


def _weights(ab):
    t, s = ab[1:], ab[:-1]
    large = 1 - t / s
    return s.sqrt() * large / (1 - t), (t / s).sqrt() * (1 - s) / (1 - t), large * (1 - s) / (1 - t), large


def check_posterior_weights(function):
    """Your turn 8.2: function(ab) gives w_0, w_t and the variances small and large of the steps 1 to n, (n,) each."""

    def made(w_0=None, w_t=None, small=None, large=None):
        def weights(ab):
            right, given = _weights(ab), (w_0, w_t, small, large)
            return tuple(value if f is None else f(ab[1:], ab[:-1]) for value, f in zip(right, given))

        return weights

    def whole(ab):
        t = ab[1:]
        return _weights(ab)[:2] + ((1 - t) * (1 - ab[:-1]) / (1 - t), 1 - t)

    def swapped(ab):
        w_0, w_t, small, large = _weights(ab)
        return w_t, w_0, small, large

    def other_order(ab):
        w_0, w_t, small, large = _weights(ab)
        return w_0, w_t, large, small

    def roots(ab):
        w_0, w_t, small, large = _weights(ab)
        return w_0, w_t, small.sqrt(), large.sqrt()

    def step_0(ab):  # an entry for time 0 as well
        return tuple(torch.cat([value[:1], value]) for value in _weights(ab))

    few = _schedules()[1]
    return compare(
        "Your turn 8.2", function, _weights, [(ab,) for ab in _schedules()],
        mistakes=[
            Mistake("weights swapped", swapped, "w_0 and w_t are swapped: w_0 multiplies the picture x_0, and at the "
                    "last step it is 1."),
            Mistake("variances swapped", other_order, "small and large are swapped: the posterior's variance is the "
                    "smaller one."),
            Mistake("all the noise", whole, "1 - ab_t is the noise of all steps so far. One step adds "
                    "1 - ab_t / ab_s."),
            Mistake("upside down", made(small=lambda t, s: (1 - t / s) * (1 - t) / (1 - s)), "small is upside down: "
                    "its fraction is (1 - ab_s) / (1 - ab_t), which is below 1, and 0 at the last step."),
            Mistake("standard deviations", roots, "these are standard deviations: the variances are asked for."),
            Mistake("root missing", made(w_0=lambda t, s: s * (1 - t / s) / (1 - t)), "in w_0 the root of ab_s is "
                    "missing: in x_s the picture is multiplied by sqrt(ab_s)."),
            Mistake("ab_t for ab_s", made(w_0=lambda t, s: t.sqrt() * (1 - t / s) / (1 - t)), "in w_0 you took "
                    "sqrt(ab_t). The picture is multiplied by sqrt(ab_s) in x_s."),
            Mistake("not faded", made(w_t=lambda t, s: (1 - s) / (1 - t)), "w_t lacks sqrt(ab_t / ab_s), by which the "
                    "step had multiplied x_s."),
            Mistake("not faded", made(w_t=lambda t, s: (s / t).sqrt() * (1 - s) / (1 - t)), "in w_t the fraction under "
                    "the root is upside down: it is ab_t / ab_s."),
            Mistake("time 0", step_0, "n steps need n numbers each: take t = ab[1:] and s = ab[:-1], without an entry "
                    "for time 0."),
        ],
        hints=[
            "t, s = ab[1:], ab[:-1] gives ab_t and ab_s of all steps; large = 1 - t / s.",
            "The certainties of the two bells, 1 / (1 - ab_s) and (ab_t / ab_s) / large, add up to 1 / small, and "
            "that is (1 - ab_t) / (large (1 - ab_s)).",
            "w_0 = sqrt(ab_s) large / (1 - ab_t), w_t = sqrt(ab_t / ab_s) (1 - ab_s) / (1 - ab_t), and small is "
            "large (1 - ab_s) / (1 - ab_t).",
        ],
        probe=Probe("the sum of all four numbers at step 5 of 10", (few,), lambda out: sum(v[4] for v in out).item()),
    )  # fmt: skip


def check_price(function):
    """Your turn 8.3: function(ab) is what a squared error of 1 costs in steps 2 to n, in bits: (n - 1,)."""

    def made(snr=lambda ab: ab / (1 - ab), unit=2 * BIT):
        return lambda ab: (snr(ab)[1:-1] - snr(ab)[2:]) / unit

    def with_step_1(ab):
        snr = ab / (1 - ab)
        return (snr[:-1] - snr[1:]) / (2 * BIT)

    def by(power=2, variance=2):
        def price(ab):
            values = _weights(ab)
            return values[0][1:] ** power / (2 * BIT * values[variance][1:])

        return price

    few = _schedules()[1]
    return compare(
        "Your turn 8.3", function, made(), [(ab,) for ab in _schedules()],
        mistakes=[
            Mistake("nats", made(unit=2), "this is in natural units: divide by ln 2 as well."),
            Mistake("half missing", made(unit=BIT), "it is twice too much: the KL has a factor 1/2."),
            Mistake("half and ln 2 missing", made(unit=1), "this is the gain in signal-to-noise ratio. In bits it is "
                    "divided by 2 ln 2."),
            Mistake("sign", made(unit=-2 * BIT), "a price is not negative: the ratio is larger at s than at "
                    "t."),
            Mistake("step 1", with_step_1, "step 1 is the one where the posterior's variance is 0 and its price "
                    "infinite. Leave it out: n steps have n - 1 prices."),
            Mistake("not squared", by(power=1), "w_0 must be squared: the error of the mean is w_0 times that of the "
                    "guess, and the KL squares it."),
            Mistake("large", by(variance=3), "you divided by large. Both bells have the variance small here."),
            Mistake("noise to signal", made(snr=lambda ab: -(1 - ab) / ab), "your ratio is upside down: signal over "
                    "noise is ab / (1 - ab)."),
            Mistake("roots", made(snr=lambda ab: (ab / (1 - ab)).sqrt()), "no roots: the ratio is that of the "
                    "variances, ab / (1 - ab)."),
        ],
        hints=[
            "With equal variances all that remains of the KL is (mean_1 - mean_2)^2 / (2 ln 2 small), and the means "
            "are w_0 (x_0 - guess) apart.",
            "So the price is w_0^2 / (2 ln 2 small), from the second entry on: [1:].",
            "The shorter way: snr = ab / (1 - ab), and return (snr[1:-1] - snr[2:]) / (2 * math.log(2)).",
        ],
        probe=Probe("the price at step 5 of 10", (few,), lambda out: out[3].item()),
    )  # fmt: skip


def check_last_step(function):
    """Your turn 8.4: function(x, mean, std) is -log2 of the probability of each pixel's bin, first and last open."""

    def made(down=1 / 255, up=1 / 255, low=True, high=True, spread=lambda std: std, cost=lambda p: -p.log2()):
        def bits(x, mean, std):
            upper = torch.special.ndtr((x + up - mean) / spread(std))
            lower = torch.special.ndtr((x - down - mean) / spread(std))
            upper = torch.where(x > 1 - 1 / 255, 1.0, upper) if high else upper
            lower = torch.where(x < -1 + 1 / 255, 0.0, lower) if low else lower
            return cost(upper - lower + 1e-12)

        return bits

    def density(x, mean, std):
        p = (-((x - mean) ** 2) / (2 * std**2)).exp() / (std * (2 * math.pi) ** 0.5) * 2 / 255
        return -(p + 1e-12).log2()

    def values(*numbers):
        return torch.tensor(numbers, dtype=torch.float64) / 127.5 - 1

    x = torch.linspace(0, 255, 256, dtype=torch.float64) / 127.5 - 1
    shift = 0.03 * randn(256, seed=1).double()
    cases = [(x, x + shift, 0.02), (x.view(4, 4, 4, 4), 0.9 * x.view(4, 4, 4, 4), torch.tensor(0.1).double()),
             (values(0, 255, 128), values(0, 255, 128), 0.007),
             (values(0, 1, 254, 255), values(9, 9, 250, 250), 0.05)]  # fmt: skip
    open_ends = "the first and the last bin are open: they reach out to infinity"
    return compare(
        "Your turn 8.4", function, made(), cases,
        mistakes=[
            Mistake("closed bins", made(low=False, high=False), f"{open_ends}, and so take what lies beyond."),
            Mistake("one end closed", made(low=False), f"{open_ends}; you left the one of black closed."),
            Mistake("one end closed", made(high=False), f"{open_ends}; you left the one of white closed."),
            Mistake("double width", made(2 / 255, 2 / 255), "your bins overlap: values lie 2/255 apart, so a bin "
                    "reaches 1/255 to each side."),
            Mistake("half width", made(0.5 / 255, 0.5 / 255), "your bins are half as wide as the distance of two "
                    "values: each reaches 1/255 to each side."),
            Mistake("shifted", made(0, 2 / 255), "your bins begin at the value. They lie around it, 1/255 to each "
                    "side."),
            Mistake("shifted", made(2 / 255, 0), "your bins end at the value. They lie around it, 1/255 to each side."),
            Mistake("variance", made(spread=lambda std: std**2), "you divide by the variance: ndtr takes "
                    "(edge - mean) / std."),
            Mistake("density", density, "this is the density times the width, which is right only for narrow bins. "
                    "Take the difference of ndtr at the two edges."),
            Mistake("probability", made(cost=lambda p: p), "these are the probabilities. A bin of probability p costs "
                    "-log2 p bits."),
            Mistake("nats", made(cost=lambda p: -p.log()), "you took the natural logarithm: bits need log2."),
            Mistake("sign", made(cost=lambda p: p.log2()), "the sign is wrong: log2 of a probability is negative, and "
                    "a cost is not."),
        ],
        hints=[
            "The edges of a bin are x - 1/255 and x + 1/255, and ndtr((edge - mean) / std) is the share of the bell "
            "below an edge.",
            "torch.where(x > 1 - 1 / 255, 1.0, upper) opens the bin of white; for black the lower share becomes 0.",
            "return -torch.log2(upper - lower + 1e-12)",
        ],
        probe=Probe("the cost of grey under a bell of std 0.01 right on it", (values(128), values(128), 0.01),
                    lambda out: out.item()),
    )  # fmt: skip


def check_best_variance(function):
    """Your turn 8.5: function(ab, error) is small + w_0^2 error, for the mean squared errors (n,) of the guesses."""

    def made(combine):
        def variance(ab, error):
            return combine(*_weights(ab), error)

        return variance

    schedules = _schedules()
    cases = [(ab, 0.02 + randn(len(ab) - 1, seed=k).double().square()) for k, ab in enumerate(schedules)]
    few = schedules[1]
    return compare(
        "Your turn 8.5", function, made(lambda w_0, w_t, small, large, error: small + w_0**2 * error), cases,
        mistakes=[
            Mistake("error of the guess", made(lambda w_0, w_t, small, large, error: small + error), "error is that of "
                    "the guess. The mean of x_s is off by only w_0 times as much, so its square by w_0^2."),
            Mistake("not squared", made(lambda w_0, w_t, small, large, error: small + w_0 * error), "w_0 must be "
                    "squared: error is a mean of squares."),
            Mistake("small missing", made(lambda w_0, w_t, small, large, error: w_0**2 * error), "the variance that "
                    "the posterior has in any case is missing: add small."),
            Mistake("large", made(lambda w_0, w_t, small, large, error: large + w_0**2 * error), "you added the error "
                    "to large. The true variance is the posterior's, small."),
            Mistake("error missing", made(lambda w_0, w_t, small, large, error: small), "this is the variance for a "
                    "perfect guess. Add the squared error of the mean."),
            Mistake("w_t", made(lambda w_0, w_t, small, large, error: small + w_t**2 * error), "w_t multiplies x_t, "
                    "which is known exactly. The guess is multiplied by w_0."),
            Mistake("root", made(lambda w_0, w_t, small, large, error: (small + w_0**2 * error).sqrt()), "this is the "
                    "standard deviation: the variance is asked for."),
            Mistake("error squared", made(lambda w_0, w_t, small, large, error: small + (w_0 * error) ** 2), "error is "
                    "a mean of squares already: only w_0 is to be squared."),
        ],
        hints=[
            "Section 1: the cheapest variance is the true one plus the squared distance of the means.",
            "The true variance is small, and the means are w_0 (x_0 - guess) apart.",
            "w_0, _, small, _ = posterior(ab), and then small + w_0**2 * error.",
        ],
        probe=Probe("the variance at step 5 of 10, for an error of 0.1,", (few, torch.full((10,), 0.1).double()),
                    lambda out: out[4].item()),
    )  # fmt: skip
