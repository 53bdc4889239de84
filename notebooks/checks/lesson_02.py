"""The checks of lesson 2: sampling."""

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, noised_cases, per_image, randn


def check_x0(function):
    """Exercise 2.1: function(x_t, t, eps, ab_t) is the clean image that the noise eps implies; t is one per image."""

    def truth(x_t, t, eps, ab_t):
        return du.to_x0_eps(eps, x_t, t, ab_t, "eps")[0]

    def undo(sigma=lambda ab: (1 - ab).sqrt(), signal=torch.sqrt, sign=1, back=0):
        def made(x_t, t, eps, ab_t):
            ab = ab_t[t - back]
            return (x_t - sign * per_image(sigma(ab)) * eps) / per_image(signal(ab))

        return made

    def brackets(x_t, t, eps, ab_t):
        ab = ab_t[t]
        return x_t - per_image((1 - ab).sqrt()) * eps / per_image(ab.sqrt())

    def shrunk_first(x_t, t, eps, ab_t):
        ab = ab_t[t]
        return x_t / per_image(ab.sqrt()) - per_image((1 - ab).sqrt()) * eps

    cases = [
        (du.add_noise(x0, t, noise, ab_t), t, 0.9 * noise + 0.1 * x0, ab_t) for x0, t, noise, ab_t in noised_cases()
    ]
    board = torch.tensor([-0.5, 0.5]).repeat(1536).view(1, 3, 32, 32)
    noise, t, ab_t = randn(1, 3, 32, 32, seed=4), torch.tensor([250]), du.noise_schedule()
    return compare(
        "Exercise 2.1", function, truth, cases,
        mistakes=[
            Mistake("square roots", undo(lambda ab: 1 - ab, lambda ab: ab),
                    "both weights of x_t are square roots, so both roots appear when you solve for x_0."),
            Mistake("square root of noise", undo(lambda ab: 1 - ab),
                    "the root on the noise is missing: x_t holds sqrt(1 - ab_t) * eps."),
            Mistake("square root of picture", undo(signal=lambda ab: ab),
                    "the picture in x_t was multiplied by sqrt(ab_t): divide by the root."),
            Mistake("not divided", undo(signal=torch.ones_like),
                    "without the noise, what is left is sqrt(ab_t) * x_0, a picture that is too pale: divide by "
                    "sqrt(ab_t)."),
            Mistake("multiplied", undo(signal=lambda ab: 1 / ab.sqrt()),
                    "the picture shrank by sqrt(ab_t) on the way; to undo that, divide by it."),
            Mistake("brackets", brackets, "take the noise away first, then divide all of it: brackets are missing."),
            Mistake("brackets", shrunk_first,
                    "the noise must be divided by sqrt(ab_t), too: take it away first, then divide the difference."),
            Mistake("sign", undo(sign=-1), "the noise was added on the way up: take it away."),
            Mistake("off by one", undo(back=1), "ab_t[0] is time 0: time t is ab_t[t], not ab_t[t - 1]."),
            Mistake("swapped", undo(torch.sqrt, lambda ab: (1 - ab).sqrt()),
                    "the weights are swapped: sqrt(ab_t) belongs to the picture, sqrt(1 - ab_t) to the noise."),
        ],
        hints=[
            "Write down x_t = sqrt(ab_t) * x_0 + sqrt(1 - ab_t) * eps and solve it for x_0.",
            "Look up ab_t[t], one number for each image, and give it the shape (B, 1, 1, 1).",
            "x_0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt() with ab = ab_t[t].view(-1, 1, 1, 1).",
        ],
        probe=Probe("for a picture of std 0.5, noised to t = 250, the std of your x_0",
                    (du.add_noise(board, t, noise, ab_t), t, noise, ab_t), lambda out: out.std(correction=0).item()),
    )  # fmt: skip


def check_ddpm_step(function):
    """Exercise 2.2: function(x, t, eps, z, ab_t) is one DDPM step to t - 1, with the small (posterior) variance."""

    def ddpm(a=lambda ab_t, t: ab_t[t] / ab_t[t - 1], keep=lambda a, ab: (1 - a) / (1 - ab).sqrt(), grow=torch.sqrt,
             std=lambda a, ab, before: ((1 - a) * (1 - before) / (1 - ab)).sqrt(), sign=1):  # fmt: skip
        def made(x, t, eps, z, ab_t):
            a_t, ab = a(ab_t, t), ab_t[t]
            return (x - sign * keep(a_t, ab) * eps) / grow(a_t) + std(a_t, ab, ab_t[t - 1]) * z

        return made

    def undivided_noise(x, t, eps, z, ab_t):
        a = ab_t[t] / ab_t[t - 1]
        small = (1 - a) * (1 - ab_t[t - 1]) / (1 - ab_t[t])
        return (x - (1 - a) / (1 - ab_t[t]).sqrt() * eps + small.sqrt() * z) / a.sqrt()

    cases = [(randn(*shape, seed=1), t, randn(*shape, seed=2), randn(*shape, seed=3), du.noise_schedule(name, T))
             for shape, t, name, T in zip(SHAPES, (2, 5, 20, 40), ("rescaled", "cosine", "cosine", "linear"),
                                          (50, 20, 60, 50))]  # fmt: skip
    zeros, z = torch.zeros(1, 3, 32, 32), randn(1, 3, 32, 32)
    all_away = "a step takes away only a part of the noise, eps * (1 - a_t) / sqrt(1 - ab_t); you take all of it."
    index = "a_t is what the step from t - 1 to t keeps: ab_t[t] / ab_t[t - 1]; "
    result = compare(
        "Exercise 2.2", function, ddpm(), cases,
        mistakes=[
            Mistake("variance for std", ddpm(std=lambda a, ab, before: (1 - a) * (1 - before) / (1 - ab)),
                    "z has std 1, so it must be multiplied by a std: the root of the posterior variance."),
            Mistake("large variance", ddpm(std=lambda a, ab, before: (1 - a).sqrt()),
                    "this is the large variance, b_t; the small one is b_t * (1 - ab_(t-1)) / (1 - ab_t)."),
            Mistake("large variance", ddpm(std=lambda a, ab, before: 1 - a),
                    "this is b_t without a root; take the root of b_t * (1 - ab_(t-1)) / (1 - ab_t)."),
            Mistake("z missing", ddpm(std=lambda a, ab, before: 0 * a),
                    "the mean is right, the fresh noise z is missing: without it the pictures collapse."),
            Mistake("z weighs 1", ddpm(std=lambda a, ab, before: a / a),
                    "z is added at full strength; multiply it by the root of the posterior variance."),
            Mistake("not divided by sqrt(a_t)", ddpm(grow=torch.ones_like),
                    "on the way up the picture shrank by sqrt(a_t): divide the mean by it."),
            Mistake("divided by a_t", ddpm(grow=lambda a: a),
                    "the picture shrank by sqrt(a_t), not by a_t: a root is missing."),
            Mistake("z divided, too", undivided_noise,
                    "z is added after the division by sqrt(a_t): only the mean is divided."),
            Mistake("all of the noise", ddpm(lambda ab_t, t: ab_t[t] / ab_t[t - 1], lambda a, ab: (1 - ab).sqrt()),
                    all_away),
            Mistake("all of the noise", ddpm(keep=lambda a, ab: torch.ones_like(a)), all_away),
            Mistake("sqrt(1 - ab_t) missing", ddpm(keep=lambda a, ab: 1 - a),
                    "the part of eps to take away is (1 - a_t) / sqrt(1 - ab_t): the division is missing."),
            Mistake("root of 1 - ab_t missing", ddpm(keep=lambda a, ab: (1 - a) / (1 - ab)),
                    "the part of eps to take away is (1 - a_t) / sqrt(1 - ab_t): the root is missing."),
            Mistake("root of 1 - a_t", ddpm(keep=lambda a, ab: (1 - a).sqrt()),
                    "sqrt(b_t) is the noise that one step up added; what the mean takes away of eps is "
                    "(1 - a_t) / sqrt(1 - ab_t)."),
            Mistake("sign", ddpm(sign=-1), "the predicted noise is taken away, not added."),
            Mistake("wrong index", ddpm(a=lambda ab_t, t: ab_t[t + 1] / ab_t[t]),
                    index + "you use the step above, from t to t + 1."),
            Mistake("ab_t for a_t", ddpm(a=lambda ab_t, t: ab_t[t]),
                    index + "you use ab_t[t] itself, the product of all steps."),
            Mistake("variance upside down", ddpm(std=lambda a, ab, before: ((1 - a) * (1 - ab) / (1 - before)).sqrt()),
                    "the fraction is upside down: the posterior variance is smaller than b_t, so the smaller number, "
                    "1 - ab_(t-1), goes on top."),
        ],
        hints=[
            "Begin with a = ab_t[t] / ab_t[t - 1] and b = 1 - a: the share that this one step keeps, and its noise.",
            "The mean is (x - eps * b / (1 - ab_t[t]) ** 0.5) / a ** 0.5.",
            "Add variance ** 0.5 * z with variance = b * (1 - ab_t[t - 1]) / (1 - ab_t[t]).",
        ],
        probe=Probe("for x = eps = 0 at t = 5 of 50 the std of the noise put back",
                    (zeros, 5, zeros, z, du.noise_schedule("rescaled", 50))),
    )  # fmt: skip
    if result.mistake == "not finite":
        result.text = (
            "your answer holds NaN: is there a root of a negative number? a_t = ab_t[t] / ab_t[t - 1] lies below 1; "
            "upside down it lies above, and b_t = 1 - a_t is negative."
        )
    return result


def check_sample_loop(function):
    """Exercise 2.3: function(predict, step, x, noises) walks from x_T to x_0; noises[t] is the z of time t."""

    def loop(times=lambda T: range(T, 0, -1), z=lambda noises, t: noises[t] if t > 1 else 0 * noises[t]):
        def made(predict, step, x, noises):
            for t in times(len(noises) - 1):
                x = step(x, t, predict(x, t), z(noises, t))
            return x

        return made

    def every(noises, t):
        return noises[t]

    def asked_once(predict, step, x, noises):
        eps = predict(x, len(noises) - 1)
        return loop()(lambda x, t: eps, step, x, noises)

    def first_x(predict, step, x, noises):  # each step starts from the first x again
        return step(x, 1, predict(x, 1), 0 * x)

    def example(T, *shape):  # a denoiser and a step that answer differently to every x, t and z
        return (lambda x, t: torch.sin(3 * x) * (0.5 + t / T),
                lambda x, t, eps, z: 0.9 * x - 0.4 * eps + (0.3 + t / T) * z,
                randn(*shape, seed=T), randn(T + 1, *shape, seed=T + 1))  # fmt: skip

    walk = []  # what the probe's step was called with: the time, and which of the noises

    def note(x, t, eps, z):
        which = float(torch.as_tensor(z, dtype=torch.float64).mean()) - 1
        walk.append(f"{t} without noise" if which == -1 else f"{t} with z_{which:g}")
        return x

    def read(_):
        told = ", ".join(walk)
        walk.clear()
        return told or "no step at all"

    numbered = torch.arange(1.0, 6.0).view(5, 1, 1, 1, 1).expand(5, 1, 1, 2, 2)
    start = "T is len(noises) - 1, as noises also has an entry for time 0: the first step is at t = T."
    below = "time 0 is the clean picture: the last step is the one at t = 1, which arrives there."
    wrong_time = "each step needs the noise of its own time: noises[t] in the step at t."
    short, long, up = (lambda T: range(T - 1, 0, -1)), (lambda T: range(T, -1, -1)), (lambda T: range(1, T + 1))
    return compare(
        "Exercise 2.3", function, loop(), [example(4, 2, 3, 4, 4), example(7, 1, 1, 8, 8), example(10, 3, 1, 2, 2)],
        mistakes=[
            Mistake("noise on the last step", loop(z=every),
                    "at t = 1 the step gets zeros for z: noise added there stays in the picture, as no step follows."),
            Mistake("starts at T - 1", loop(short), start),
            Mistake("starts at T - 1", loop(short, every), start + " And the last one gets zeros for z."),
            Mistake("stops before t = 1", loop(lambda T: range(T, 1, -1)),
                    "range leaves out its end: the step at t = 1 is missing."),
            Mistake("stops before t = 1", loop(lambda T: range(T - 1, 1, -1)),
                    "the step at t = 1 is missing (range leaves out its end), and so is the first one, at t = T."),
            Mistake("runs on to t = 0", loop(long), below),
            Mistake("runs on to t = 0", loop(long, every), below + " And it gets zeros for z."),
            Mistake("runs on to t = 0", loop(long, lambda noises, t: noises[t] if t > 0 else 0 * noises[t]),
                    below + " That one gets zeros for z."),
            Mistake("no noise", loop(z=lambda noises, t: 0 * noises[t]),
                    "no step gets noise, so the pictures would collapse: all but the last one need noises[t]."),
            Mistake("noise only at the last step", loop(z=lambda noises, t: noises[t] if t == 1 else 0 * noises[t]),
                    "it is the wrong way round: every step gets noises[t] except the one at t = 1, which gets zeros."),
            Mistake("noise of the wrong time",
                    loop(z=lambda noises, t: noises[t - 1] if t > 1 else 0 * noises[t]), wrong_time),
            Mistake("noise of the wrong time",
                    loop(z=lambda noises, t: noises[len(noises) - t] if t > 1 else 0 * noises[t]), wrong_time),
            Mistake("noise of the wrong time",
                    loop(z=lambda noises, t: noises[len(noises) - 1 - t] if t > 1 else 0 * noises[t]), wrong_time),
            Mistake("the same noise again", loop(z=lambda noises, t: noises[-1] if t > 1 else 0 * noises[t]),
                    "every step gets the same noise, but each needs fresh noise, independent of all others."),
            Mistake("upwards", loop(up), "it walks from 1 up to T: go down from T to 1."),
            Mistake("upwards", loop(up, every), "it walks from 1 up to T: go down from T to 1."),
            Mistake("asked once", asked_once,
                    "predict is asked only once; ask it again in every step, with the x and t of that step."),
            Mistake("x not replaced", first_x,
                    "each step must start from the result of the one before: x = step(x, ...)."),
        ],
        hints=[
            "There are T steps, at t = T, T - 1, ..., 1, and noises has T + 1 entries. What is T?",
            "In each step: eps = predict(x, t), then x = step(x, t, eps, z). Which z, and which one at t = 1?",
            "for t in range(len(noises) - 1, 0, -1): z = noises[t] if t > 1 else torch.zeros_like(x) ...",
        ],
        probe=Probe("for T = 4 your walk", (lambda x, t: 0 * x, note, torch.zeros(1, 1, 2, 2), numbered), read),
    )  # fmt: skip
