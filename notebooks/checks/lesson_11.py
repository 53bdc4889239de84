"""The checks of lesson 11: flows, and a few steps."""

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, randn


def check_velocity(function):
    """Exercise 11.1: function(x, v, t, ab_t) is u = eps - x0, from x = x_t and the answer v at times t (B,)."""

    def roots(x, t, ab_t):
        return du.signal_and_noise(ab_t, t, x)

    def truth(x, v, t, ab_t):
        x0, eps = du.to_x0_eps(v, x, t, ab_t, "v")
        return eps - x0

    def made(of_v, of_x):
        def answer(x, v, t, ab_t):
            signal, sigma = roots(x, t, ab_t)
            return of_v(signal, sigma) * v + of_x(signal, sigma) * x

        return answer

    def no_roots(x, v, t, ab_t):
        signal, sigma = (part**2 for part in roots(x, t, ab_t))
        return (signal + sigma) * v - (signal - sigma) * x

    def first_time(x, v, t, ab_t):
        return truth(x, v, t[:1].expand_as(t), ab_t)

    ab_t = du.noise_schedule("cosine")
    times = [torch.tensor([3, 50, 250, 499]), torch.tensor([100, 400]), torch.tensor([77]),
             torch.tensor([1, 2, 120, 300, 500])]  # fmt: skip
    cases = [(randn(*s, seed=1), randn(*s, seed=2), t, ab_t) for s, t in zip(SHAPES, times)]
    x0, eps, t = torch.zeros(1, 3, 64, 64), randn(1, 3, 64, 64), torch.tensor([300])
    grey = (du.add_noise(x0, t, eps, ab_t), du.target(x0, t, eps, ab_t, "v"), t, ab_t)
    return compare(
        "Exercise 11.1", function, truth, cases,
        mistakes=[
            Mistake("sign", lambda *case: -truth(*case),
                    "the sign is turned: r grows from the image to the noise, so the velocity is eps - x0."),
            Mistake("v itself", lambda x, v, t, ab_t: v,
                    "this is v, the velocity along the circle. u runs along the chord."),
            Mistake("square roots", no_roots,
                    "square roots are missing: signal is sqrt(ab_t[t]) and sigma is sqrt(1 - ab_t[t])."),
            Mistake("x missing", made(lambda a, b: a + b, lambda a, b: 0 * a),
                    "the part of x is missing: u = (signal + sigma) v - (signal - sigma) x."),
            Mistake("x added", made(lambda a, b: a + b, lambda a, b: a - b),
                    "(signal - sigma) x is to be subtracted, not added (or signal and sigma are exchanged)."),
            Mistake("factors exchanged", made(lambda a, b: a - b, lambda a, b: -(a + b)),
                    "the two factors are exchanged: v has signal + sigma, x has signal - sigma."),
            Mistake("noise alone", made(lambda a, b: a, lambda a, b: b),
                    "this is eps. The velocity also takes the image away: eps - x0."),
            Mistake("image alone", made(lambda a, b: -b, lambda a, b: a),
                    "this is x0, the image. The velocity is eps - x0."),
            Mistake("noise minus x", made(lambda a, b: a, lambda a, b: b - 1),
                    "you took x_t away, the noisy image; the velocity is eps minus the clean one, x0."),
            Mistake("one time for all", first_time, "the time of the first image serves for all; each has its own."),
        ],
        hints=[
            "First get x0 and eps from x and v, as in lesson 04. Then u is eps - x0.",
            "x0 = signal x - sigma v, and eps = sigma x + signal v.",
            "u = (signal + sigma) v - (signal - sigma) x, with signal and sigma of shape (B, 1, 1, 1).",
        ],
        probe=Probe("the std of u, for a grey image at t = 300,", grey),
    )  # fmt: skip


def _wind(x, r):
    """A velocity that depends on x and on r, and bends."""
    return torch.sin(2 * x + 3 * r) + 0.5 * x * r + r


def check_heun_step(function):
    """Exercise 11.2: function(velocity, x, r, s) is x at s, after one step of Heun's method from r."""

    def step(first=1.0, second=1.0, share=0.5, look=1.0, at=lambda r, s: s, way=1.0):
        def made(velocity, x, r, s):
            u = velocity(x, r)
            ahead = x + look * (s - r) * u
            return x + way * (s - r) * share * (first * u + second * velocity(ahead, at(r, s)))

        return made

    def from_ahead(velocity, x, r, s):
        u = velocity(x, r)
        ahead = x + (s - r) * u
        return ahead + (s - r) * (u + velocity(ahead, s)) / 2

    def midpoint(velocity, x, r, s):
        return x + (s - r) * velocity(x + (s - r) / 2 * velocity(x, r), (r + s) / 2)

    pairs = [(1.0, 0.6), (0.5, 0.2), (0.3, 0.0), (0.2, 0.9)]
    cases = [(_wind, randn(*shape, seed=1), r, s) for shape, (r, s) in zip(SHAPES, pairs)]
    one = torch.ones(1, 1, 1, 1)
    return compare(
        "Exercise 11.2", function, step(), cases,
        mistakes=[
            Mistake("Euler", step(second=0.0, share=1.0), "this is Euler's step. Ask for the velocity at its end, too, "
                    "and step again from x with the average of the two."),
            Mistake("not halved", step(share=1.0), "the two velocities are added, not averaged (or two steps of "
                    "Euler follow each other): you go twice as far as you should. Divide by 2."),
            Mistake("old time", step(at=lambda r, s: r), "the second velocity is asked for at r, but the point ahead "
                    "lies at s."),
            Mistake("old point", step(look=0.0), "the second velocity is asked for at the old x: first take Euler's "
                    "step, and ask there."),
            Mistake("second alone", step(first=0.0, share=1.0),
                    "only the velocity at the end counts here: take the average with the one at the start."),
            Mistake("wrong way", step(look=-1.0, way=-1.0), "the step goes the wrong way: its length is s - r, which "
                    "is negative on the way to the image."),
            Mistake("look back", step(look=-1.0), "you look in the wrong direction: ahead is x + (s - r) u."),
            Mistake("wrong way", step(way=-1.0), "the final step goes the wrong way: its length is s - r."),
            Mistake("from ahead", from_ahead, "the averaged step starts at the point ahead; go back to x first."),
            Mistake("midpoint", midpoint, "this is the midpoint method: also second order, and as good. Heun's looks "
                    "at the end of the step, not at its middle."),
        ],
        hints=[
            "Three lines: the velocity at x, the point ahead, and the step with the average velocity.",
            "ahead = x + (s - r) * u is Euler's step. The second velocity is velocity(ahead, s).",
            "Return x + (s - r) * (u + velocity(ahead, s)) / 2.",
        ],
        probe=Probe("from 1 at r = 1 to s = 0.5, with the velocity x r, the answer",
                    (lambda x, r: x * r, one, 1.0, 0.5), lambda out: out.mean().item()),
    )  # fmt: skip


def check_jumps(function):
    """Exercise 11.3: function(end, noises, times, ab_t) is the last of len(times) answers, with noise added between."""

    def mix(x, z, t, ab_t):
        return du.add_noise(x, t, z, ab_t)

    def this(list_, i):
        return list_[i]

    def jumps(level=this, noise=this, add=mix, ask=this, after=False):
        def made(end, noises, times, ab_t):
            x = end(noises[0], times[0])
            for i in range(1, len(times)):
                x = end(add(x, noise(noises, i), level(times, i), ab_t), ask(times, i))
            return add(x, noises[-1], times[-1], ab_t) if after else x

        return made

    def no_roots(x, z, t, ab_t):
        return ab_t[t].item() * x + (1 - ab_t[t].item()) * z

    def scaled(image, noise):
        def add(x, z, t, ab_t):
            signal, sigma = ab_t[t].item() ** 0.5, (1 - ab_t[t].item()) ** 0.5
            return image(signal, sigma) * x + noise(signal, sigma) * z

        return add

    def first_only(end, noises, times, ab_t):
        return end(noises[0], times[0])

    def last_only(end, noises, times, ab_t):
        return end(noises[-1], times[-1])

    def end(x, t):
        return torch.tanh(x + 0.004 * t) - 0.2 * x

    ab_t, walks = du.noise_schedule("cosine"), [[500, 250], [500, 375, 250, 125], [500, 100], [500, 300, 90]]
    cases = [(end, [randn(*shape, seed=i + 1) for i in range(len(times))], times, ab_t)
             for shape, times in zip(SHAPES, walks)]  # fmt: skip
    cases.append((end, [randn(2, 3, 4, 4)], [500], ab_t))
    wide = [0.3 * randn(1, 3, 64, 64, seed=1), randn(1, 3, 64, 64, seed=2)]
    no_root = "the square roots are missing: x has the weight sqrt(ab_t[t]), the noise sqrt(1 - ab_t[t])."
    return compare(
        "Exercise 11.3", function, jumps(), cases,
        mistakes=[
            Mistake("one call", first_only, "this is the first answer. Go on: add noise for the next time, ask again."),
            Mistake("last noise alone", last_only, "only the last noise was used: the answer before it must be mixed "
                    "in."),
            Mistake("square roots", jumps(add=no_roots), no_root),
            Mistake("square root of noise", jumps(add=scaled(lambda a, b: a, lambda a, b: b**2)),
                    "the square root on the noise is missing: its weight is sqrt(1 - ab_t[t])."),
            Mistake("image not scaled", jumps(add=scaled(lambda a, b: 1.0, lambda a, b: b)),
                    "the image keeps its full size: give it the weight sqrt(ab_t[t])."),
            Mistake("swapped", jumps(add=scaled(lambda a, b: b, lambda a, b: a)),
                    "the weights are swapped: ab_t[t] is the share of the image."),
            Mistake("no noise", jumps(add=lambda x, z, t, ab_t: x), "no noise is added, but `end` is told that there "
                    "is some: mix the answer with the next noise."),
            Mistake("no noise", jumps(add=scaled(lambda a, b: a, lambda a, b: 0.0)), "no noise is added, but `end` is "
                    "told that there is some: mix the answer with the next noise."),
            Mistake("old noise", jumps(noise=lambda noises, i: noises[0]), "the first noise is used again and again: "
                    "then no call can correct the one before. Take the next."),
            Mistake("noise of the last time", jumps(level=lambda times, i: times[i - 1]), "the new mixture still has "
                    "the noise of the time before: it needs that of the next, smaller time."),
            Mistake("old time asked", jumps(ask=lambda times, i: times[i - 1]), "`end` is told the time before; the "
                    "mixture is at the next one."),
            Mistake("first time asked", jumps(ask=lambda times, i: times[0]), "`end` is always told the first time; "
                    "each mixture has its own."),
            Mistake("noise at the end", jumps(after=True), "the result is noisy: noise goes between the calls, and the "
                    "last answer is the image."),
        ],
        hints=[
            "x = end(noises[0], times[0]) is the first answer. A loop over the others does the rest.",
            "In each turn: mix x with the next noise for the next time, then ask `end` at that time.",
            "x = end(ab_t[t].sqrt() * x + (1 - ab_t[t]).sqrt() * z, t), for z and t in zip(noises[1:], times[1:]).",
        ],
        probe=Probe("the std of the answer, for times [500, 250] and an `end` that returns x,",
                    (lambda x, t: x, wide, [500, 250], ab_t)),
        random=("random noise", "The noises are given, so that the check can compare: use noises[1:]."),
    )  # fmt: skip
