"""The checks of lesson 11: flows, and a few steps."""

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, per_image, randn


def check_straight(function):
    """Your turn 11.1: function(x0, eps, r) is (x_r, u): (1 - r) x0 + r eps and eps - x0, with a share r (B,)."""

    def answers(point, velocity=lambda x0, eps, r: eps - x0):
        return lambda x0, eps, r: (point(x0, eps, per_image(r)), velocity(x0, eps, per_image(r)))

    def on_the_line(x0, eps, r):
        return (1 - r) * x0 + r * eps

    def backward(x0, eps, r):
        return r * x0 + (1 - r) * eps

    shares = [torch.tensor([0.1, 0.35, 0.8, 1.0]), torch.tensor([0.25, 0.6]), torch.tensor([0.9]),
              torch.tensor([0.0, 0.15, 0.3, 0.7, 0.95])]  # fmt: skip
    cases = [(randn(*shape, seed=1), randn(*shape, seed=2), r) for shape, r in zip(SHAPES, shares)]
    one = torch.ones(1, 1, 1, 1)
    turned = ("here r is the share of noise, so r = 0 is the picture and r = 1 the noise. (The papers on flow matching "
              "count the other way.)")  # fmt: skip
    return compare(
        "Your turn 11.1", function, answers(on_the_line), cases,
        mistakes=[
            Mistake("sign", answers(on_the_line, lambda x0, eps, r: x0 - eps), "the place is right, but the sign of "
                    "the velocity is turned: it says what changes when r grows, and r grows towards the noise."),
            Mistake("other way", answers(backward), turned),
            Mistake("other way", answers(backward, lambda x0, eps, r: x0 - eps), turned),
            Mistake("square roots", answers(lambda x0, eps, r: (1 - r).sqrt() * x0 + r.sqrt() * eps),
                    "the weights are 1 - r and r themselves. With roots the path is no straight line."),
            Mistake("round path", answers(lambda x0, eps, r: (1 - r**2).sqrt() * x0 + r * eps),
                    "these weights lie on a circle, as those of x_t do. On a straight line they add up to 1."),
            Mistake("velocity at x_r", answers(on_the_line, lambda x0, eps, r: eps - on_the_line(x0, eps, r)),
                    "the place is right, and your velocity leads from x_r to the noise, which is only the rest of the "
                    "way. On a straight line the velocity is the same everywhere: eps - x0."),
            Mistake("velocity times r", answers(on_the_line, lambda x0, eps, r: r * (eps - x0)),
                    "the place is right; r (eps - x0) is the way made so far, and not the velocity."),
            Mistake("order", lambda x0, eps, r: (eps - x0, on_the_line(x0, eps, per_image(r))),
                    "the two are exchanged: return the place first, then the velocity."),
            Mistake("velocity missing", lambda x0, eps, r: on_the_line(x0, eps, per_image(r)),
                    "this is x_r alone. Return the velocity, too: `return x_r, u`."),
            Mistake("place missing", lambda x0, eps, r: eps - x0,
                    "this is the velocity alone. Return the place first: `return x_r, u`."),
        ],
        hints=[
            "Where are you on the way from x0 to eps, after the share r of it? And how does that change with r?",
            "x_r = (1 - r) x0 + r eps. Its derivative by r does not depend on r. And r has the shape (B,): r[:, None, "
            "None, None] multiplies pictures.",
            "r = r[:, None, None, None], then return (1 - r) * x0 + r * eps, eps - x0",
        ],
        probe=Probe("at r = 0.25, between a picture of 1 and a noise of 3, x_r", (one, 3 * one, torch.tensor([0.25])),
                    lambda out: (out[0] if isinstance(out, tuple) else out).mean().item()),
    )  # fmt: skip


def _wind(x, r):
    """A velocity that depends on x and on r, and bends; at r = 0 it has no answer, as there is no noise."""
    return torch.sin(2 * x + 3 * r) + 0.5 * x * r + r if r > 0 else torch.full_like(x, torch.nan)


PAIRS = [(1.0, 0.6), (0.5, 0.2), (0.3, 0.0), (0.2, 0.9)]  # from r to s


def check_euler_step(function):
    """Your turn 11.2: function(velocity, x, r, s) is x + (s - r) velocity(x, r)."""
    cases = [(_wind, randn(*shape, seed=1), r, s) for shape, (r, s) in zip(SHAPES, PAIRS)]
    one = torch.ones(1, 1, 1, 1)
    return compare(
        "Your turn 11.2", function, lambda velocity, x, r, s: x + (s - r) * velocity(x, r), cases,
        mistakes=[
            Mistake("wrong way", lambda velocity, x, r, s: x + (r - s) * velocity(x, r), "the step goes the wrong way: "
                    "its length is s - r, which is negative on the way to the picture."),
            Mistake("no length", lambda velocity, x, r, s: x + velocity(x, r), "the velocity is not multiplied by the "
                    "length of the step, so you go as far as from r = 0 to r = 1."),
            Mistake("no length", lambda velocity, x, r, s: x - velocity(x, r), "the velocity is not multiplied by the "
                    "length of the step, so you go as far as from r = 1 to r = 0."),
            Mistake("whole way", lambda velocity, x, r, s: x - r * velocity(x, r), "this goes all the way to the "
                    "picture. Go as far as s only: the length is s - r."),
            Mistake("s alone", lambda velocity, x, r, s: x + s * velocity(x, r), "the step begins at r: its length is "
                    "s - r, and not s."),
            Mistake("asked at s", lambda velocity, x, r, s: x + (s - r) * velocity(x, s), "the velocity is asked for "
                    "at s, but x is at r."),
            Mistake("x forgotten", lambda velocity, x, r, s: (s - r) * velocity(x, r), "this is the way that the step "
                    "goes. Add it to x."),
        ],
        hints=[
            "From r to s the share of noise changes by s - r. How far does x move meanwhile, at this velocity?",
            "Ask once, for velocity(x, r), and go (s - r) times this.",
            "return x + (s - r) * velocity(x, r)",
        ],
        probe=Probe("from 1 at r = 1 to s = 0.5, with the velocity x r, the answer",
                    (lambda x, r: x * r, one, 1.0, 0.5), lambda out: out.mean().item()),
    )  # fmt: skip


def check_velocity(function):
    """Your turn 11.3: function(x, v, t, ab_t) is u = eps - x0, from x = x_t and the answer v at times t (B,)."""

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
        "Your turn 11.3", function, truth, cases,
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
            "First get x0 and eps from x and v, as in lesson 4. Then u is eps - x0.",
            "x0 = signal x - sigma v, and eps = sigma x + signal v.",
            "u = (signal + sigma) v - (signal - sigma) x, with signal and sigma of shape (B, 1, 1, 1).",
        ],
        probe=Probe("the std of u, for a grey image at t = 300,", grey),
    )  # fmt: skip


def check_heun_step(function):
    """Your turn 11.4: function(velocity, x, r, s) is x at s, after one step of Heun's method from r; Euler's to 0."""

    def euler(velocity, x, r, s):
        return x + (s - r) * velocity(x, r)

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

    def but_euler_to_0(made):
        return lambda velocity, x, r, s: (made if s > 0 else euler)(velocity, x, r, s)

    mistakes = []
    for name, made, advice in [
        (
            "not halved",
            step(share=1.0),
            "the two velocities are added, not averaged (or two steps of Euler follow each "
            "other): you go twice as far as you should. Divide by 2.",
        ),
        ("old time", step(at=lambda r, s: r), "the second velocity is asked for at r, but the point ahead lies at s."),
        (
            "old point",
            step(look=0.0),
            "the second velocity is asked for at the old x: first take Euler's step, and ask there.",
        ),
        (
            "second alone",
            step(first=0.0, share=1.0),
            "only the velocity at the end counts here: take the average with the one at the start.",
        ),
        (
            "wrong way",
            step(look=-1.0, way=-1.0),
            "the step goes the wrong way: its length is s - r, which is negative on the way to the picture.",
        ),
        ("look back", step(look=-1.0), "you look in the wrong direction: ahead is x + (s - r) u."),
        ("wrong way", step(way=-1.0), "the final step goes the wrong way: its length is s - r."),
        ("from ahead", from_ahead, "the averaged step starts at the point ahead; go back to x first."),
        (
            "midpoint",
            midpoint,
            "this is the midpoint method: also second order, and as good. Heun's looks at the end of "
            "the step, not at its middle.",
        ),
    ]:  # a learner may make each of them with Euler's step to 0, or without
        mistakes += [Mistake(name, but_euler_to_0(made), advice), Mistake(name, made, advice)]
    cases = [(_wind, randn(*shape, seed=1), r, s) for shape, (r, s) in zip(SHAPES, PAIRS)]
    one = torch.ones(1, 1, 1, 1)
    return compare(
        "Your turn 11.4", function, but_euler_to_0(step()), cases,
        mistakes=[
            Mistake("Euler", euler, "this is Euler's step. Ask for the velocity at its end, too, and step again from x "
                    "with the average of the two."),
            Mistake("asked at 0", step(), "right, except for the last step: at s = 0 there is no noise, and the "
                    "velocity there is not known. If s is 0, return Euler's step."),
            *mistakes,
        ],
        hints=[
            "Three lines: the velocity at x, the point ahead, and the step with the average velocity. If s is 0, the "
            "point ahead is the answer.",
            "ahead = x + (s - r) * u is Euler's step. The second velocity is velocity(ahead, s).",
            "if s == 0: return ahead. Else return x + (s - r) * (u + velocity(ahead, s)) / 2.",
        ],
        probe=Probe("from 1 at r = 1 to s = 0.5, with the velocity x r, the answer",
                    (lambda x, r: x * r, one, 1.0, 0.5), lambda out: out.mean().item()),
    )  # fmt: skip


def _teacher(x, t):
    return torch.tanh(0.8 * x + 0.002 * per_image(t))


def _student(x, t):
    return torch.sin(x) - 0.3 * x + 0.001 * per_image(t)


def check_aim(function):
    """Your turn 11.5: function(teacher, student, x, t, s, ab_t) is the student's answer one step of the teacher on."""

    def aims(step=None, ask=lambda teacher, student, x, x_s, t, s: student(x_s, s), own=False):
        def made(teacher, student, x, t, s, ab_t):
            guess = (student if own else teacher)(x, t)
            weights = *du.signal_and_noise(ab_t, t, x), *du.signal_and_noise(ab_t, s, x)
            return ask(teacher, student, x, (step or ddim)(x, guess, *weights), t, s)

        return made

    def ddim(x, guess, signal, sigma, signal_s, sigma_s):
        return signal_s * guess + sigma_s * (x - signal * guess) / sigma

    def no_roots(x, guess, signal, sigma, signal_s, sigma_s):
        return signal_s**2 * guess + sigma_s**2 * (x - signal**2 * guess) / sigma**2

    def not_divided(x, guess, signal, sigma, signal_s, sigma_s):
        return signal_s * guess + sigma_s * (x - signal * guess)

    def no_noise(x, guess, signal, sigma, signal_s, sigma_s):
        return signal_s * guess

    ab_t = du.noise_schedule("cosine")
    times = [torch.tensor([100, 250, 400, 500]), torch.tensor([75, 300]), torch.tensor([225]),
             torch.tensor([25, 125, 275, 350, 475])]  # fmt: skip
    cases = [(_teacher, _student, randn(*shape, seed=1), t, t - 25, ab_t) for shape, t in zip(SHAPES, times)]
    fixed = (lambda x, t: 0 * x, lambda x, t: x, randn(1, 3, 64, 64), torch.tensor([300]), torch.tensor([200]), ab_t)
    return compare(
        "Your turn 11.5", function, aims(), cases,
        mistakes=[
            Mistake("teacher's guess", lambda teacher, student, x, t, s, ab_t: teacher(x, t), "this is the teacher's "
                    "guess at t, an average of all that is still possible. Use it for a step to x_s, and ask the "
                    "student there."),
            Mistake("teacher twice", aims(ask=lambda teacher, student, x, x_s, t, s: teacher(x_s, s)),
                    "the teacher is asked again at x_s. There it is the student's answer that counts, because the "
                    "student alone is to know the end of the curve."),
            Mistake("x_s returned", aims(ask=lambda teacher, student, x, x_s, t, s: x_s),
                    "this is x_s, a picture with noise. Ask the student where the curve through it ends."),
            Mistake("old time", aims(ask=lambda teacher, student, x, x_s, t, s: student(x_s, t)),
                    "the student is told t, but x_s has the noise of time s."),
            Mistake("not walked", aims(ask=lambda teacher, student, x, x_s, t, s: student(x, s)),
                    "the student is shown x_t and told that it is at time s. First take the teacher's step."),
            Mistake("own answer", aims(ask=lambda teacher, student, x, x_s, t, s: student(x, t)),
                    "this is the student's own answer at t: there would be nothing to learn from it."),
            Mistake("student's step", aims(own=True), "the step was taken with the student's guess. It must be "
                    "the teacher's, since only the teacher knows the curve."),
            Mistake("square roots", aims(no_roots), "the square roots are missing: a picture has the weight "
                    "sqrt(ab_t[t]), its noise sqrt(1 - ab_t[t])."),
            Mistake("noise not divided", aims(not_divided), "x minus sqrt(ab_t[t]) times the guess is the noise as it "
                    "stands in x_t: divide by sqrt(1 - ab_t[t]), before you give it the weight of time s."),
            Mistake("no noise", aims(no_noise), "x_s holds no noise: DDIM's step keeps the noise that it finds, in the "
                    "amount of time s."),
            Mistake("times exchanged", lambda teacher, student, x, t, s, ab_t: aims()(teacher, student, x, s, t, ab_t),
                    "t and s are exchanged: x is at t, and the step leads down to s."),
        ],
        hints=[
            "Three stages: the teacher's guess at t, DDIM's step with it from t to s, the student's answer at s.",
            "signal, sigma = du.signal_and_noise(ab_t, t, x) are the weights at t. eps = (x - signal * guess) / sigma, "
            "and du.add_noise(guess, s, eps, ab_t) is x_s.",
            "return student(du.add_noise(guess, s, eps, ab_t), s)",
        ],
        probe=Probe("for a teacher that answers 0 and a student that answers x, from t = 300 to s = 200, the std",
                    fixed),
    )  # fmt: skip


def check_jumps(function):
    """Your turn 11.6: function(end, noises, times, ab_t) is the last of len(times) answers, with noise in between."""

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
        "Your turn 11.6", function, jumps(), cases,
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
