"""The checks of lesson 6: speed."""

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, Result, compare, randn


def check_ddim_step(function):
    """Your turn 6.1: function(x, t, s, eps, ab_t) is x_s, one DDIM step from time t to time s; t and s are ints."""

    def truth(x, t, s, eps, ab_t):
        return du.add_noise(du.to_x0_eps(eps, x, t, ab_t, "eps")[0], s, eps, ab_t)

    def root(ab):
        return ab**0.5

    def of_s(ab, ab_s):
        return ab_s**0.5

    def noise_of_s(ab, ab_s):
        return (1 - ab_s) ** 0.5

    def step(un_signal=root, un_noise=root, signal=of_s, noise=noise_of_s):
        def made(x, t, s, eps, ab_t):
            ab, ab_s = ab_t[t].item(), ab_t[s].item()
            x0 = (x - un_noise(1 - ab) * eps) / un_signal(ab)
            return signal(ab, ab_s) * x0 + noise(ab, ab_s) * eps

        return made

    def same(value):
        return value

    ab_t = du.noise_schedule("cosine")
    times = [(300, 150), (475, 450), (40, 7), (25, 0)]
    cases = [(randn(*shape, seed=1), t, s, randn(*shape, seed=2), ab_t) for shape, (t, s) in zip(SHAPES, times)]
    noise = randn(1, 3, 64, 64)
    at_300 = (1 - ab_t[300].item()) ** 0.5 * noise  # a grey image, x0 = 0, at t = 300
    no_root = "square roots are missing: the weights are sqrt(ab_t) for the image and sqrt(1 - ab_t) for the noise"
    return compare(
        "Your turn 6.1", function, truth, cases,
        mistakes=[
            Mistake("square roots", step(same, same, lambda ab, ab_s: ab_s, lambda ab, ab_s: 1 - ab_s),
                    f"{no_root}, at both times."),
            Mistake("square roots", step(signal=lambda ab, ab_s: ab_s, noise=lambda ab, ab_s: 1 - ab_s),
                    f"{no_root}, also when you mix again for s."),
            Mistake("square roots", step(same, same), f"{no_root}, also when you solve for x0."),
            Mistake("square root of noise", step(un_noise=same, noise=lambda ab, ab_s: 1 - ab_s),
                    "the square root on the noise is missing, at both times."),
            Mistake("square root of noise", step(noise=lambda ab, ab_s: 1 - ab_s),
                    "the square root on the noise is missing, where you mix again for s."),
            Mistake("square root of noise", step(un_noise=same),
                    "the square root on the noise is missing, where you take the noise out of x."),
            Mistake("x_t again", step(signal=lambda ab, ab_s: ab**0.5, noise=lambda ab, ab_s: (1 - ab) ** 0.5),
                    "you mixed with the weights of t and are back at x. The new mixture needs those of s."),
            Mistake("noise of t", step(noise=lambda ab, ab_s: (1 - ab) ** 0.5), "the image has the weight of s, but "
                    "the noise still that of t: x_s would be too noisy for its time."),
            Mistake("x0 returned", step(signal=lambda ab, ab_s: 1.0, noise=lambda ab, ab_s: 0.0),
                    "this is the guess x0, and that is not yet x_s: mix it with eps again, for time s."),
            Mistake("no noise", step(noise=lambda ab, ab_s: 0.0),
                    "the noise is missing in the new mixture: at time s the image still holds sqrt(1 - ab_s) of it."),
            Mistake("always t - 1", lambda x, t, s, eps, ab_t: truth(x, t, t - 1, eps, ab_t),
                    "you land at t - 1, whatever s is: look up ab_t[s]."),
            Mistake("not divided", step(un_signal=lambda ab: 1.0), "x without its noise is sqrt(ab_t[t]) times x0: "
                    "divide by that."),
            Mistake("swapped", step(signal=lambda ab, ab_s: (1 - ab_s) ** 0.5, noise=lambda ab, ab_s: ab_s**0.5),
                    "the new weights are swapped: ab_t[s] is the share of the image."),
            Mistake("mixed with x", lambda x, t, s, eps, ab_t: du.add_noise(x, s, eps, ab_t),
                    "you added noise to x, which holds noise already: first take it out, to get x0."),
        ],
        hints=[
            "Two steps: find the picture that eps implies, then mix this picture and the same eps for time s.",
            "The picture is x minus its noise, divided by the root of ab_t[t]: x0 = x0_from_eps(x, t, eps, ab_t).",
            "The answer has the same form as x, with the same x0 and eps, and ab_t[s] in place of ab_t[t].",
        ],
        probe=Probe("the std of x_s, for a grey image at t = 300 and s = 150,", (at_300, 300, 150, noise, ab_t)),
    )  # fmt: skip


def check_times(function):
    """Your turn 6.2: function(T, n) is the list of n + 1 whole times from T to 0, evenly spaced; n in 1..T."""

    def strides(T, n):
        times = list(range(T, 0, -(T // n)))
        return times + [times[-1] - T // n]

    def plain(answer):
        """Numbers of numpy and torch as Python's own."""
        if isinstance(answer, (list, tuple)):
            return [plain(part) for part in answer]
        return answer.tolist() if hasattr(answer, "tolist") else answer

    exercise = "Your turn 6.2"
    at_strides = "strides of T // n fit only if n divides T. Round the ideal times T (n - i) / n, i = 0 to n, instead."
    rounded_down = "you cut the decimals off. That is harmless, all times are valid, but rounding keeps closer to even."
    no_end = "0 is missing: the last step must end at the clean image. n steps lie between n + 1 times."
    cases = [(T, n) for T, n in ((500, 7), (500, 30), (10, 3), (500, 20), (500, 1), (500, 300), (1000, 499), (6, 6))]
    try:
        times = [t for T, n in cases for t in plain(function(T, n))]
        if any(isinstance(t, float) for t in times) and times == [t for T, n in cases for t in du.sampling_times(T, n)]:
            return Result(exercise, f"the times are right, but floats: the first is {times[0]}, and a list cannot be "
                          "indexed with that. int() or round() makes a whole number.", mistake="floats")  # fmt: skip
    except Exception:  # `_check` will meet it, too, and say so
        pass
    return compare(
        exercise, lambda *case: plain(function(*case)), du.sampling_times, cases,
        mistakes=[
            Mistake("strides", strides, at_strides),
            Mistake("strides", lambda T, n: list(range(T, -1, -(T // n))), at_strides),
            Mistake("strides", lambda T, n: list(range(T, 0, -(T // n))), at_strides),
            Mistake("strides", lambda T, n: [*range(T, 0, -(T // n)), 0], at_strides),
            Mistake("strides", lambda T, n: [T - i * (T // n) for i in range(n + 1)], at_strides),
            Mistake("0 missing", lambda T, n: du.sampling_times(T, n)[:-1], no_end),
            Mistake("one time short", lambda T, n: torch.linspace(T, 0, n).double().round().int().tolist(),
                    "these are n times, and so n - 1 steps: n steps lie between n + 1 times."),
            Mistake("T missing", lambda T, n: du.sampling_times(T, n)[1:],
                    "T is missing: the walk starts at pure noise, at time T."),
            Mistake("not rounded", lambda T, n: [T * (n - i) / n for i in range(n + 1)],
                    "a time is an index of ab_t, so it must be a whole number: round it."),
            Mistake("upwards", lambda T, n: du.sampling_times(T, n)[::-1],
                    "the times rise. Sampling walks from noise, T, down to the image, 0."),
            Mistake("cut off", lambda T, n: [T * (n - i) // n for i in range(n + 1)], rounded_down),
            Mistake("cut off", lambda T, n: torch.linspace(T, 0, n + 1).int().tolist(), rounded_down),
            Mistake("rounded up", lambda T, n: [T - T * i // n for i in range(n + 1)],
                    "you round up. That is harmless, all times are valid, but the nearest whole number is asked for."),
        ],
        hints=[
            "n steps lie between n + 1 times: i = 0 stands for T, i = n for 0.",
            "The ideal time number i is T (n - i) / n. It need not be whole.",
            "Round each of the n + 1 ideal times, in a list comprehension over range(n + 1).",
        ],
        probe=Probe("the last time, for T = 500 and n = 30,", (500, 30), lambda out: float(out[-1])),
    )  # fmt: skip


def check_look_ahead(function):
    """Your turn 6.3: function(before, now, clock_before, clock_now, clock_next) is the guess in the middle of the
    coming step, on the straight line through the last two guesses (DPM-Solver++(2M), Lu et al., algorithm 2)."""

    def truth(before, now, a, b, c):
        return now + (c - b) / 2 / (b - a) * (now - before)

    cases = [
        (randn(*shape, seed=1), randn(*shape, seed=2), *clock)
        for shape, clock in zip(SHAPES, [(-3.0, -2.0, -1.6), (-0.5, 0.0, 1.5), (0.3, 0.5, 0.6), (1.0, 2.5, 5.0)])
    ]
    start = "the line passes through `now` when the clock shows clock_now: start there."
    return compare(
        "Your turn 6.3", function, truth, cases,
        mistakes=[
            Mistake("end of the step", lambda before, now, a, b, c: now + (c - b) / (b - a) * (now - before),
                    "you read the line at the end of the coming step. Half of the step lies before its middle and half "
                    "behind, so the middle stands for the whole."),
            Mistake("equal steps", lambda before, now, a, b, c: now + (now - before) / 2,
                    "this is right if the clock runs equally far in both steps. It does not: divide the change by how "
                    "far it ran in the last step, and multiply by half of how far it will run in the next."),
            Mistake("equal steps", lambda before, now, a, b, c: 2 * now - before,
                    "you go one whole step on, as if the clock ran equally far in both: how far does it run?"),
            Mistake("wrong way", lambda before, now, a, b, c: now - (c - b) / 2 / (b - a) * (now - before),
                    "you go back along the line; the walk goes on in the direction from `before` to `now`."),
            Mistake("middle of the last step", lambda before, now, a, b, c: (before + now) / 2,
                    "this is the middle of the step that lies behind you; look into the coming one."),
            Mistake("starts before", lambda before, now, a, b, c: before + (c - b) / 2 / (b - a) * (now - before),
                    f"you set out from `before`: {start}"),
            Mistake("upside down", lambda before, now, a, b, c: now + (b - a) / 2 / (c - b) * (now - before),
                    "the slope is the change divided by how far the clock ran in the *last* step; then multiply by "
                    "half of the coming one. You have these two exchanged."),
            Mistake("no slope", lambda before, now, a, b, c: now + (c - b) / 2 * (now - before),
                    "now - before is the change, not yet the slope: divide it by clock_now - clock_before."),
            Mistake("not halved", lambda before, now, a, b, c: now + (now - before) / (b - a),
                    "this is where the line stands one unit of the clock later; go on by half of the coming step."),
            Mistake("held", lambda before, now, a, b, c: now,
                    "this keeps the last guess for the whole step, which is DDIM: look ahead along the line."),
        ],
        hints=[
            "A straight line: its value now, plus its slope times how far you go.",
            "The slope is (now - before) / (clock_now - clock_before), and you go half of clock_next - clock_now.",
            "now + (clock_next - clock_now) / 2 * (now - before) / (clock_now - clock_before).",
        ],
        probe=Probe("for the guesses 0 and 1, at the clock's -1 and 0, with a step to 4 to come, your guess",
                    (torch.zeros(1), torch.ones(1), -1.0, 0.0, 4.0), lambda out: out.item()),
    )  # fmt: skip


def check_noisy_step(function):
    """Your turn 6.4: function(x, t, s, eps, z, eta, ab_t) is x_s with the share eta of DDPM's noise (DDIM, equations 12
    and 16)."""

    def stepped(sigma=lambda eta, v: eta * v**0.5, keep=lambda var, sigma: (var - sigma**2).clamp(min=0) ** 0.5,
                fresh=lambda sigma: sigma):  # fmt: skip
        def made(x, t, s, eps, z, eta, ab_t):
            ab, ab_s = ab_t[t], ab_t[s]
            std = sigma(eta, (1 - ab_s) / (1 - ab) * (1 - ab / ab_s))
            x0 = du.to_x0_eps(eps, x, t, ab_t, "eps")[0]
            return ab_s**0.5 * x0 + keep(1 - ab_s, std) * eps + fresh(std) * z

        return made

    def x_for_x0(x, t, s, eps, z, eta, ab_t):
        return stepped()(du.add_noise(x, t, eps, ab_t), t, s, eps, z, eta, ab_t)

    settings = [
        (300, 200, 1.0, "linear"),
        (60, 20, 0.5, "cosine"),
        (450, 350, 0.3, "cosine"),
        (500, 499, 1.0, "linear"),
    ]
    cases = [(randn(*shape, seed=1), t, s, randn(*shape, seed=2), randn(*shape, seed=3), eta, du.noise_schedule(name))
             for shape, (t, s, eta, name) in zip(SHAPES, settings)]  # fmt: skip
    cases += [(*cases[1][:2], 0, *cases[1][3:]), (*cases[0][:5], 0.0, cases[0][6])]  # the last step, and DDIM
    ab_t = du.noise_schedule("cosine")
    eps, z = randn(1, 3, 64, 64, seed=4), randn(1, 3, 64, 64, seed=5)
    grey = (1 - ab_t[300].item()) ** 0.5 * eps
    return compare(
        "Your turn 6.4", function, stepped(), cases,
        mistakes=[
            Mistake("too much noise", stepped(keep=lambda var, sigma: var**0.5),
                    "the old noise keeps its full amount and fresh noise comes on top. Both variances together must be "
                    "1 - ab_t[s]."),
            Mistake("stds subtracted", stepped(keep=lambda var, sigma: var**0.5 - sigma),
                    "the sizes of independent noises do not add up, their variances do: take sigma^2 from the variance "
                    "1 - ab_t[s], then take the root."),
            Mistake("variance left", stepped(keep=lambda var, sigma: var - sigma**2),
                    "1 - ab_t[s] - sigma^2 is the variance of the old noise that is kept; eps is multiplied by its "
                    "root."),
            Mistake("sigma not squared", stepped(keep=lambda var, sigma: (var - sigma).clamp(min=0) ** 0.5),
                    "sigma is a size, and a variance is its square: keep 1 - ab_t[s] - sigma^2."),
            Mistake("variance for sigma", stepped(sigma=lambda eta, v: eta * v),
                    "v is a variance; z is multiplied by a size: sigma = eta sqrt(v)."),
            Mistake("eta on the variance", stepped(sigma=lambda eta, v: (eta * v) ** 0.5),
                    "eta multiplies the size of the fresh noise, so it stands outside the root."),
            Mistake("eta forgotten", stepped(sigma=lambda eta, v: v**0.5),
                    "this is DDPM whatever eta is: multiply the size of the fresh noise by eta."),
            Mistake("no fresh noise", stepped(fresh=lambda sigma: 0 * sigma),
                    "you make room for fresh noise and add none: sigma z is missing."),
            Mistake("z at full size", stepped(fresh=lambda sigma: 1), "z has the size 1; it must have the size sigma."),
            Mistake("variance for z", stepped(fresh=lambda sigma: sigma**2),
                    "z is multiplied by sigma, not by the variance sigma^2."),
            Mistake("no old noise", stepped(keep=lambda var, sigma: 0 * var),
                    "the old noise is gone: what sigma leaves over, 1 - ab_t[s] - sigma^2, is still that of eps."),
            Mistake("x for x0", x_for_x0, "you mix x itself in, which holds noise already: take x_0 out of it first, "
                    "with x0_from_eps."),
        ],
        hints=[
            "Three terms: the picture for time s, the old noise that is kept, and sigma times fresh noise.",
            "sigma = eta * v ** 0.5, with v as in the text, and eps keeps the variance 1 - ab_t[s] - sigma ** 2.",
            "ab_t[s] ** 0.5 * x0 + (1 - ab_t[s] - sigma ** 2) ** 0.5 * eps + sigma * z.",
        ],
        probe=Probe("the std of x_s, for a grey image from t = 300 to s = 150 with eta = 1,",
                    (grey, 300, 150, eps, z, 1.0, ab_t)),
    )  # fmt: skip


def check_invert(function):
    """Your turn 6.5: function(predict, x, times, ab_t) is x_T: DDIM along the rising times, eps = predict(x, t)."""

    def step(x, t, s, eps, ab_t):
        return du.add_noise(du.to_x0_eps(eps, x, t, ab_t, "eps")[0], s, eps, ab_t)

    def walk(ask=lambda t, s: t, at=lambda t, s: (t, s), pairs=lambda times: list(zip(times, times[1:]))):
        def made(predict, x, times, ab_t):
            for t, s in pairs(times):
                x = step(x, *at(t, s), predict(x, ask(t, s)), ab_t)
            return x

        return made

    def not_carried(predict, x, times, ab_t):
        for t, s in zip(times, times[1:]):
            end = step(x, t, s, predict(x, t), ab_t)
        return end

    def no_roots(predict, x, times, ab_t):
        for t, s in zip(times, times[1:]):
            ab, ab_s, eps = ab_t[t].item(), ab_t[s].item(), predict(x, t)
            x = ab_s * (x - (1 - ab) * eps) / ab + (1 - ab_s) * eps
        return x

    def predict(x, t):
        return torch.tanh(x + 0.02 * t) - 0.3 * x

    exercise, ab_t = "Your turn 6.5", du.noise_schedule("rescaled", 50)
    walks = [[1, 10, 20, 35, 50], [1, 2, 3, 25, 50], [1, 26, 50], [1, 17, 34, 50]]
    cases = [(predict, randn(*shape, seed=3).clamp(-1, 1), times, ab_t) for shape, times in zip(SHAPES, walks)]

    def of_grey(x, t):  # what a perfect network answers, if every image is grey
        return x / (1 - ab_t[t].item()) ** 0.5

    grey = (1 - ab_t[1].item()) ** 0.5 * randn(1, 3, 64, 64)
    return compare(
        exercise, function, walk(), cases,
        mistakes=[
            Mistake("walks down", walk(pairs=lambda times: list(zip(times[::-1], times[-2::-1]))),
                    "you walk down the list. Inversion goes from the image, at time 1, up to the noise."),
            Mistake("new time", walk(ask=lambda t, s: s), "the network is asked at the new time s, but x is still at "
                    "the old one, t: it must be told how noisy x is."),
            Mistake("weights of the old time", walk(at=lambda t, s: (t, t)), "x has not moved: you take it apart and "
                    "mix it again with the weights of the same time. The new mixture needs those of s."),
            Mistake("weights exchanged", walk(at=lambda t, s: (s, t)), "old and new time are exchanged in the weights: "
                    "take x apart at t, mix again at s."),
            Mistake("one step", walk(pairs=lambda times: [times[:2]]), "you stop after the first step: is the return "
                    "inside the loop?"),
            Mistake("one step", walk(pairs=lambda times: [(times[0], times[-1])]), "you jump from the first time to "
                    "the last; walk through those between, too."),
            Mistake("last time left out", walk(pairs=lambda times: list(zip(times, times[1:-1]))),
                    "the last step, to T, is missing: n times make n - 1 steps."),
            Mistake("x not carried on", not_carried, "every step starts again from the image: give the new x the name "
                    "that the next step uses."),
            Mistake("square roots", no_roots, "the square roots are missing: x0 has the weight sqrt(ab_t), eps "
                    "sqrt(1 - ab_t)."),
        ],
        hints=[
            "It is the loop `for t, s in zip(times, times[1:])` of every sampler, with a list that rises.",
            "In each step ask predict(x, t), solve for x0, and mix x0 and the same eps for time s.",
            "Your step does it: x = ddim_step(x, t, s, predict(x, t), ab_t).",
        ],
        probe=Probe("the std of x_T, for a grey image and a perfect network,", (of_grey, grey, walks[0], ab_t)),
        random=("fresh noise", "Fresh noise leads to some noise, not to that of this image: mix with predict's eps."),
    )  # fmt: skip
