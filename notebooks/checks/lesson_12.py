"""The checks of lesson 12: ten faults."""

import itertools

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, noised_cases, randn


def what_is_left(make, faults, others=()):
    """A Mistake for each set of faults that may be left, the single ones first. make(*booleans) is the function with
    the faults that are True; faults is {name: advice}; others are Mistakes to try before."""
    mistakes = list(others)
    for n in range(1, len(faults) + 1):
        for names in itertools.combinations(faults, n):
            advice = "; ".join(faults[name] for name in names) + "."
            if n > 1:
                advice = f"{n} faults are left: {advice}"
            mistakes.append(Mistake(", ".join(names), make(*(name in names for name in faults)), advice))
    return mistakes


def check_clipped_step(function):
    """Exercise 12.1: function(x, t, s, x0, eps, ab_t) is x_s: DDIM with x0 clipped to [-1, 1] and eps to match."""

    def step(clip=lambda x0: x0.clamp(-1, 1), eps_of=lambda x, x0, eps, ab, ab_s: (x - ab**0.5 * x0) / (1 - ab) ** 0.5):
        def made(x, t, s, x0, eps, ab_t):
            ab, ab_s = ab_t[t].item(), ab_t[s].item()
            x0 = clip(x0)
            return ab_s**0.5 * x0 + (1 - ab_s) ** 0.5 * eps_of(x, x0, eps, ab, ab_s)

        return made

    def clipped_late(x, t, s, x0, eps, ab_t):
        return step(clip=lambda x0: x0)(x, t, s, x0, eps, ab_t).clamp(-1, 1)

    def mended_first(x, t, s, x0, eps, ab_t):  # eps from the x0 that was not clipped yet: that is eps again
        return step(eps_of=lambda x, x0, eps, ab, ab_s: eps)(x, t, s, x0, eps, ab_t)

    ab_t = du.noise_schedule("cosine")
    cases = []
    for shape, (t, s) in zip(SHAPES, [(300, 150), (475, 450), (40, 7), (250, 0)]):
        x0, eps = 1.5 * randn(*shape, seed=1), randn(*shape, seed=2)
        cases.append((du.add_noise(x0, t, eps, ab_t), t, s, x0, eps, ab_t))
    bright, eps = torch.full((1, 3, 64, 64), 3.0), randn(1, 3, 64, 64)
    root = "a square root is missing: x = sqrt(ab_t[t]) x0 + sqrt(1 - ab_t[t]) eps"
    return compare(
        "Exercise 12.1", function, step(), cases,
        mistakes=[
            Mistake("old eps", mended_first, "eps is still the one that belongs to the x0 before it was clipped. "
                    "Solve x = sqrt(ab_t[t]) x0 + sqrt(1 - ab_t[t]) eps for eps again, with the clipped x0."),
            Mistake("not clipped", step(clip=lambda x0: x0), "x0 is not clipped (or you solved for eps, and then "
                    "mixed it with the x0 from before)."),
            Mistake("not clipped", lambda x, t, s, x0, eps, ab_t: (
                step(clip=lambda x0: x0, eps_of=lambda x, _, eps, ab, ab_s: (x - ab**0.5 * x0.clamp(-1, 1))
                     / (1 - ab) ** 0.5)(x, t, s, x0, eps, ab_t)),
                    "eps fits the clipped x0, but the x0 that you mix it with is not clipped."),
            Mistake("x_s clipped", clipped_late, "you clip the result. x_s is a noisy image and may leave [-1, 1]: "
                    "clip the predicted sprite x0."),
            Mistake("x_s clipped", lambda *a: step()(*a).clamp(-1, 1), "x0 and eps are right, but you clip the result, "
                    "too: x_s is a noisy image and may leave [-1, 1]."),
            Mistake("eps clipped", step(eps_of=lambda x, x0, eps, ab, ab_s: eps.clamp(-1, 1)), "you clip eps. Noise "
                    "may be larger than 1: solve it again from x and the clipped x0."),
            Mistake("eps at s", step(eps_of=lambda x, x0, eps, ab, ab_s: (x - ab_s**0.5 * x0) / max(1 - ab_s, 1e-12)
                                     ** 0.5), "x is at time t, so eps must be solved with ab_t[t], not with ab_t[s]."),
            Mistake("square root", step(eps_of=lambda x, x0, eps, ab, ab_s: (x - ab * x0) / (1 - ab)), f"{root}."),
            Mistake("square root", step(eps_of=lambda x, x0, eps, ab, ab_s: (x - ab**0.5 * x0) / (1 - ab)), f"{root}."),
            Mistake("square root", step(eps_of=lambda x, x0, eps, ab, ab_s: (x - ab * x0) / (1 - ab) ** 0.5),
                    f"{root}."),
            Mistake("not divided", step(eps_of=lambda x, x0, eps, ab, ab_s: x - ab**0.5 * x0),
                    "x - sqrt(ab_t[t]) x0 is sqrt(1 - ab_t[t]) times eps: divide by that."),
        ],
        hints=[
            "Which of x, x0 and eps did the network see, and which did you change?",
            "x stays, x0 is clipped: so eps must change, so that the two still mix to x.",
            "eps = (x - sqrt(ab_t[t]) x0) / sqrt(1 - ab_t[t]), after the clipping and before the mixing.",
        ],
        probe=Probe("the mean of x_150, for a sprite predicted three times too bright at t = 300,",
                    (du.add_noise(bright, 300, eps, ab_t), 300, 150, bright, eps, ab_t),
                    lambda out: round(out.mean().item(), 3)),
    )  # fmt: skip


def check_question(function):
    """Exercise 12.2: function(x0, c, t, noise, u, ab_t) is (x_t, t / T, c with the rows where u < 0.1 set to zero)."""

    def make(no_root=False, told=False, inverted=False):
        def made(x0, c, t, noise, u, ab_t):
            ab = ab_t[t].float().view(-1, 1, 1, 1)
            x_t = ab.sqrt() * x0 + (1 - ab) ** (1 if no_root else 0.5) * noise
            keep = (u < 0.1 if inverted else u >= 0.1).float()
            return x_t, t / (1000 if told else len(ab_t) - 1), c * keep[:, None]

        return made

    def with_time(time):
        return lambda x0, c, t, noise, u, ab_t: (make()(x0, c, t, noise, u, ab_t)[0], time(t, ab_t),
                                                 make()(x0, c, t, noise, u, ab_t)[2])  # fmt: skip

    def with_context(context):
        return lambda x0, c, t, noise, u, ab_t: (*make()(x0, c, t, noise, u, ab_t)[:2], context(c, u))

    def no_roots(x0, c, t, noise, u, ab_t):
        ab = ab_t[t].float().view(-1, 1, 1, 1)
        return ab * x0 + (1 - ab) * noise, *make()(x0, c, t, noise, u, ab_t)[1:]

    cases = []
    for x0, t, noise, ab_t in noised_cases() + noised_cases("cosine", 600):
        u = torch.linspace(0.02, 0.98, len(x0))
        cases.append((x0, torch.eye(5)[:1].expand(len(x0), -1).contiguous() + 0.5, t, noise, u, ab_t))
    cases = [case for case in cases if len(case[0]) > 1]
    n = 400
    grey, ab_t = torch.zeros(n, 1, 4, 4), du.noise_schedule("linear")
    probe = (grey, torch.ones(n, 5), torch.full((n,), 50), randn(n, 1, 4, 4), (torch.arange(n) + 0.5) / n, ab_t)
    faults = {
        "square root": "the noise has lost its square root: its standard deviation is sqrt(1 - ab_t) (Room 1)",
        "time": "the network must be told t / T, and T is len(ab_t) - 1, not 1000 (Room 9)",
        "mask": "the mask is inverted: nine of ten contexts are dropped, where it should be one (Room 8)",
    }

    def read(out):
        noise_std, time, kept = out[0].std().item(), out[1].mean().item(), (out[2].sum(1) > 0).float().mean().item()
        return f"{noise_std:.3f} / {time:.2f} / {kept:.0%}"

    return compare(
        "Exercise 12.2", function, make(), cases,
        mistakes=what_is_left(make, faults, [
            Mistake("square roots", no_roots, "both square roots are missing now: the weights are sqrt(ab_t) and "
                    "sqrt(1 - ab_t)."),
            Mistake("time not divided", with_time(lambda t, ab_t: t), "the network is told t itself: divide by T."),
            Mistake("time off by one", with_time(lambda t, ab_t: t / len(ab_t)), "len(ab_t) is T + 1: the index 0 "
                    "stands for the clean sprite. Divide by T."),
            Mistake("time counted from 0", with_time(lambda t, ab_t: (t - 1) / (len(ab_t) - 1)), "the network is told "
                    "a time that is one step behind that of the image."),
            Mistake("500 written out", with_time(lambda t, ab_t: t / 500), "you divide by 500, which is T for "
                    "this schedule only: len(ab_t) - 1 is T for all."),
            Mistake("nothing dropped", with_context(lambda c, u: c), "no context is dropped any more: those with "
                    "u < 0.1 should be zeros."),
            Mistake("all dropped", with_context(lambda c, u: 0 * c), "every context is dropped: only those with "
                    "u < 0.1 should be zeros."),
        ]),
        hints=[
            "Three lines, three faults: one each in the noise, the time and the context.",
            "Noise a grey picture and measure it; print the largest time; count the rows of zeros.",
            "sqrt(1 - ab) for the noise, len(ab_t) - 1 for T, and u >= 0.1 for what is kept.",
        ],
        probe=Probe("for grey sprites at t = 50 of 500, the std of the noise / the time told / the share of contexts "
                    "kept", probe, read),
    )  # fmt: skip


def check_walk(function):
    """Exercise 12.3: function(predict, x, n, z, ab_t) is DDPM with large variance in n steps from T to 0, asked at t,
    fresh noise z[i] after each step but the last."""

    def make(strides=False, told=False, last=False, ask=None, spread=lambda a: (1 - a) ** 0.5, up_to=None):
        def made(predict, x, n, z, ab_t):
            T = len(ab_t) - 1
            times = [T - i * (T // n) for i in range(n + 1)] if strides else du.sampling_times(T, n)
            for i, (t, s) in list(enumerate(zip(times, times[1:])))[:up_to]:
                ab, ab_s = ab_t[t].item(), ab_t[s].item()
                a, eps = ab / ab_s, predict(x, s if told else t)
                x = (x - (1 - a) / (1 - ab) ** 0.5 * eps) / a**0.5
                if s > 0 or last:
                    x = x + spread(a) * z[i]
            return x

        return made

    def ends_at_zero(predict, x, n, z, ab_t, last=False):
        """Strides of T // n, with a last, longer step to 0."""
        T = len(ab_t) - 1
        times = [T - i * (T // n) for i in range(n)] + [0]
        for i, (t, s) in enumerate(zip(times, times[1:])):
            a = ab_t[t].item() / ab_t[s].item()
            x = (x - (1 - a) / (1 - ab_t[t].item()) ** 0.5 * predict(x, t)) / a**0.5
            if s > 0 or last:
                x = x + (1 - a) ** 0.5 * z[i]
        return x

    ab_t = du.noise_schedule("rescaled", 50)

    def predict(x, t):  # what a perfect network answers, if all pixels are independent, of mean 0.3 and std 0.5
        ab = ab_t[t].item()
        return (1 - ab) ** 0.5 * (x - 0.3 * ab**0.5) / (0.25 * ab + 1 - ab)

    cases = []
    for shape, n in zip(SHAPES + SHAPES[:1], (5, 7, 30, 50, 12)):
        cases.append((predict, randn(*shape, seed=3), n, [randn(*shape, seed=10 + i) for i in range(n)], ab_t))

    def of_grey(x, t):  # what a perfect network answers, if every image is grey
        return x / (1 - ab_t[t].item()) ** 0.5 if t > 0 else x

    grey = (1 - ab_t[50].item()) ** 0.5 * randn(1, 3, 32, 32)
    faults = {
        "strides": "strides of T // n reach 0 only if n divides T, so round the ideal times T (n - i) / n (Room 3)",
        "told s": "the network is asked about x at time s, but x is still at time t (Room 9)",
        "noise on the last step": "fresh noise is added after the last step, too, where s = 0 (Room 7)",
    }
    return compare(
        "Exercise 12.3", function, make(), cases,
        mistakes=what_is_left(make, faults, [
            Mistake("strides", ends_at_zero, "the walk ends at 0 now, but with one long last step: space the times "
                    "evenly, by rounding T (n - i) / n."),
            Mistake("strides, noise on the last step", lambda *a: ends_at_zero(*a, last=True), "the walk ends at 0 "
                    "now, but with one long last step: space the times evenly. And that step must add no noise."),
            Mistake("no noise", make(spread=lambda a: 0.0), "now no step adds noise. Only the last one should not."),
            Mistake("variance for std", make(spread=lambda a: 1 - a), "the fresh noise lost its square root: its "
                    "standard deviation is sqrt(1 - a)."),
            Mistake("one step short", make(up_to=-1), "the last step is missing: take it, only without noise."),
            Mistake("one step", make(up_to=1), "you stop after the first step: is the return inside the loop?"),
        ]),
        hints=[
            "Compare three things with the rooms: the times, what the network is told, and the last step.",
            "Build the list of n + 1 times, then walk it in pairs: for i, (t, s) in enumerate(zip(times, times[1:])).",
            "Ask predict(x, t), and add (1 - a).sqrt() * z[i] only if s > 0.",
        ],
        probe=Probe("for grey images, a perfect network and n = 30, the std of the result",
                    (of_grey, grey, 30, [randn(1, 3, 32, 32, seed=10 + i) for i in range(30)], ab_t),
                    lambda out: round(out.std().item(), 3)),
    )  # fmt: skip
