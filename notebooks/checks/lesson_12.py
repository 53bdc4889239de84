"""The checks of lesson 12: probes, two fault hunts, and a decision tree."""

import contextlib
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


class _Batch:
    """A network whose answer holds a share of the batch's mean, as one with BatchNorm in training has."""

    def __init__(self, share):
        self.share = share

    def __call__(self, x, t, c):
        return x * (1 + t.view(-1, 1, 1, 1)) + c.sum(1).view(-1, 1, 1, 1) + self.share * x.mean(0, keepdim=True)


class _Alternating(_Batch):
    """One that answers differently at every other call, by `apart` in all pictures but the first; so the first one's
    answer alone is well defined, however often and in which order the network was asked before."""

    def __init__(self, share, apart):
        super().__init__(share)
        self.apart, self.calls = apart, 0

    def __call__(self, x, t, c):
        self.calls += len(x) > 1  # so that it may be asked about picture 0 alone in between
        out = super().__call__(x, t, c)
        out[1:] += self.apart * (self.calls % 2)
        return out


def check_unsteady(function):
    """Your turn 12.1: function(network, x, t, c) is two rms differences: asked twice, and picture 0 in the batch and
    alone."""

    def rms(x):
        return x.square().mean().sqrt().item()

    def answers(twice=lambda a, b: rms(a - b), alone=lambda a, one: rms(a[:1] - one), second=True):
        def made(network, x, t, c):
            a = network(x, t, c)
            b = network(x, t, c) if second else a
            return twice(a, b), alone(b, network(x[:1], t[:1], c[:1]))

        return made

    def with_all(network, x, t, c):
        a, b = network(x, t, c), network(x, t, c)
        return rms(a - b), rms(a - network(x[:1], t[:1], c[:1]))

    def asked_again(network, x, t, c):
        a, b = network(x, t, c), network(x, t, c)
        return rms(a - b), rms(a[:1] - network(x, t, c)[:1])

    cases = []
    for B, share, apart in ((4, 0.5, 0), (5, 0.0, 0.3), (3, 0.2, -0.5), (6, 0.0, 0)):
        network = _Alternating(share, apart) if apart else _Batch(share)
        cases.append((network, randn(B, 3, 4, 4, seed=B) + 0.3, torch.linspace(0.2, 0.8, B), randn(B, 5, seed=1)))
    return compare(
        "Your turn 12.1", function, answers(), cases,
        mistakes=[
            Mistake("asked once", answers(second=False), "the answers differ, but not in what you compare. Call the "
                    "network twice, a = network(...), b = network(...), and compare all pictures, not only the first."),
            Mistake("not alone", asked_again, "your second number compares two answers in the same company. Ask about "
                    "picture 0 alone: network(x[:1], t[:1], c[:1])."),
            Mistake("signed", answers(lambda a, b: (a - b).mean().item(), lambda a, one: (a[:1] - one).mean().item()),
                    "you took the mean of the differences, in which positive and negative ones cancel: take rms."),
            Mistake("absolute", answers(lambda a, b: (a - b).abs().mean().item(),
                                        lambda a, one: (a[:1] - one).abs().mean().item()),
                    "you took the mean of the absolute differences. The other readings are root mean squares: take "
                    "rms."),
            Mistake("not squared", answers(lambda a, b: (a - b).square().mean().item(),
                                           lambda a, one: (a[:1] - one).square().mean().item()),
                    "the root is missing: rms is the root of the mean of the squares."),
            Mistake("exchanged", lambda *given: answers()(*given)[::-1], "the two numbers are exchanged: asked twice "
                    "first, then alone."),
            Mistake("alone with all", with_all, "the answer about picture 0 alone must be compared with picture 0 of "
                    "the batch: first[:1]."),
            Mistake("alone with all", answers(alone=lambda a, one: rms(a - one)), "the answer about picture 0 alone "
                    "must be compared with picture 0 of the batch: first[:1]."),
        ],
        hints=[
            "You need three answers: two to the same question, and one about x[:1] alone.",
            "rms(first - second) is the first number. For the other one compare first[:1] with the answer alone.",
            "alone = network(x[:1], t[:1], c[:1]); return rms(first - second), rms(first[:1] - alone)",
        ],
        probe=Probe("of a network whose answers change by 0.3, and not with the company, the pair",
                    (_Alternating(0.0, 0.3), randn(5, 3, 4, 4), torch.full((5,), 0.5), randn(5, 5)),
                    lambda out: f"{out[0]:.3f}, {out[1]:.3f}"),
    )  # fmt: skip


def check_white_test(function):
    """Your turn 12.2: function(noisy, t, z) is (mean, std) of noisy(white, t, z)."""
    ab_t = du.noise_schedule("linear", 100)

    def noisy(x0, t, noise):
        return du.add_noise(x0, t, noise, ab_t)

    def no_root(x0, t, noise):
        ab = ab_t[t].item()
        return ab**0.5 * x0 + (1 - ab) * noise

    def answers(start=torch.ones_like, noise=lambda z: z, read=lambda x: (x.mean().item(), x.std().item())):
        return lambda noisy, t, z: read(noisy(start(z), t, noise(z)))

    cases = [(noisy, 100, randn(8, 3, 16, 16)), (noisy, 20, randn(8, 3, 16, 16, seed=1)),
             (no_root, 40, randn(16, 1, 16, 16, seed=2)), (noisy, 0, randn(4, 3, 16, 16, seed=3))]  # fmt: skip
    return compare(
        "Your turn 12.2", function, answers(), cases,
        mistakes=[
            Mistake("grey", answers(torch.zeros_like), "you started from zeros, which is grey. Then the mean is 0 at "
                    "every t, and you cannot see what is left: white is 1, torch.ones_like(z)."),
            Mistake("black", answers(lambda z: -torch.ones_like(z)), "you started from -1, which is black; white is "
                    "1."),
            Mistake("the noise itself", lambda noisy, t, z: (z.mean().item(), z.std().item()), "you measured the noise "
                    "z. Measure what noisy makes of white: noisy(white, t, z)."),
            Mistake("no noise", answers(noise=torch.zeros_like), "you handed no noise to noisy: hand it z."),
            Mistake("variance", answers(read=lambda x: (x.mean().item(), x.var().item())), "the second number is the "
                    "variance: the standard deviation is its root, x.std()."),
            Mistake("exchanged", answers(read=lambda x: (x.std().item(), x.mean().item())), "the two numbers are "
                    "exchanged: the mean first."),
            Mistake("noise as picture", lambda noisy, t, z: answers()(lambda a, t, b: noisy(b, t, a), t, z), "the "
                    "picture and the noise are exchanged: noisy(picture, t, noise)."),
            Mistake("mean of squares", answers(read=lambda x: (x.mean().item(), x.square().mean().sqrt().item())),
                    "the second number is the root mean square, in which the white counts as well: take x.std()."),
        ],
        hints=[
            "A white picture of the same shape as z is torch.ones_like(z).",
            "x = noisy(torch.ones_like(z), t, z) is what the training makes of it.",
            "return x.mean().item(), x.std().item()",
        ],
        probe=Probe("of a schedule that ends too early, at its end, mean and standard deviation",
                    (noisy, 100, randn(32, 3, 16, 16)), lambda out: f"{out[0]:.2f}, {out[1]:.2f}"),
        random=("fresh noise", "Hand z to noisy, so that the test can be repeated."),
    )  # fmt: skip


SOUND = {"twice": 0.0, "company": 0.0, "lowest": -1.0, "display": 0.0, "signal": 0.0001, "told": 1.0, "raw": 1.0,
         "last": 0.0, "mixture": 1e-6, "asked": 0.9}  # fmt: skip


class _Readings(dict):
    """probe(name): the readings of a sound program, but for some."""

    def __init__(self, **found):
        super().__init__(SOUND | found)

    def __call__(self, name):
        du.need(name in self, f"there is no probe called {name!r}: they are {', '.join(self)}")
        return self[name]


def check_diagnose(function):
    """Your turn 12.5: function(looks, probe) is the number of a room, 1 to 10, or 0."""

    def tree(twin=lambda room: room, asks=True, order=True, exact=False, unsure=0, noise=True, changing=True):
        """The course's tree, and with other arguments what is often made of it."""

        def made(looks, probe):
            small = 0 if exact else 0.01
            if order and (noise and looks == "noise" or changing and looks == "changing") and probe("twice") > small:
                return twin(2)
            if looks == "changing":
                return twin(3) if probe("company") > small else 0
            if looks == "noise":
                return twin(6) if probe("raw") > 1.2 else 2 if not order and probe("twice") > small else unsure
            if looks == "dull":
                return twin(1) if probe("lowest") > -0.5 else twin(4) if probe("display") > small else 0
            if looks == "crowded":
                return twin(5) if probe("signal") > 0.1 else twin(9) if probe("told") < 0.9 else 0
            if looks == "specks":
                return 7 if not asks or probe("last") > small else 0
            if looks == "blotches":
                return 10 if not asks or probe("mixture") > small else 0
            return 8 if looks == "good" and probe("asked") < 0.5 else 0

        return made

    def swapped(a, b):
        return tree(lambda room: {a: b, b: a}.get(room, room))

    def never_zero(looks, probe):
        last = {"noise": 6, "changing": 3, "dull": 4, "crowded": 9, "specks": 7, "blotches": 10, "good": 8}
        return tree()(looks, probe) or last.get(looks, 0)

    def by_looks(looks, probe):
        return {"noise": 2, "changing": 3, "dull": 1, "crowded": 5, "specks": 7, "blotches": 10, "good": 8}.get(
            looks, 0
        )

    def good_is_wrong(looks, probe):
        return 8 if looks == "good" else tree()(looks, probe)

    ill = [("noise", dict(twice=0.6, company=0.7)), ("noise", dict(raw=1.4)), ("changing", dict(company=0.05)),
           ("changing", dict(twice=0.3, company=0.4)), ("dull", dict(lowest=0.0)), ("dull", dict(display=0.2)),
           ("crowded", dict(signal=0.6)), ("crowded", dict(told=0.5)), ("specks", dict(last=0.17)),
           ("blotches", dict(mixture=0.12)), ("good", dict(asked=0.1))]  # fmt: skip
    looks = ("noise", "changing", "dull", "crowded", "specks", "blotches", "good", "black")
    rounding = dict(twice=1e-6, company=2e-6, display=1e-7, last=1e-6, mixture=1e-5)
    cases = [(seen, _Readings(**found)) for seen, found in ill]
    cases += [(seen, _Readings(**some)) for seen in looks for some in ({}, rounding)]
    at = "the order of the questions is wrong: "
    result = compare(
        "Your turn 12.5", function, tree(), cases,
        mistakes=[
            Mistake("looks alone", by_looks, "it goes by the looks alone, and asks no probe. Two rooms share most of "
                    "the looks, and a sound program may be shown to you as well."),
            Mistake("never zero", never_zero, "it always names a room. If no probe speaks up, the answer is 0."),
            Mistake("one room, no probe", tree(asks=False), "where a single room has these looks, it is named without "
                    "a probe. Believe nothing that you have not measured."),
            Mistake("one room, no probe", good_is_wrong, "good pictures are not always Room 8: ask how many are as "
                    "asked for."),
            Mistake("twins 5 and 9", swapped(5, 9), "Rooms 5 and 9 are exchanged: `signal` belongs to the training's "
                    "noise (Room 5), `told` to the walk (Room 9)."),
            Mistake("twins 1 and 4", swapped(1, 4), "Rooms 1 and 4 are exchanged: `lowest` belongs to the data (Room "
                    "1), `display` to the display (Room 4)."),
            Mistake("twins 2 and 6", swapped(2, 6), "Rooms 2 and 6 are exchanged: the network of Room 2 answers "
                    "differently when asked twice, and in Room 6 the raw weights are better."),
            Mistake("company first", tree(changing=False), f"{at}`company` also changes if the network answers at "
                    "random, so ask `twice` first when the pictures change."),
            Mistake("Room 2 in noise", tree(noise=False), "noise may also be Room 2: ask `twice`."),
            Mistake("exact zero", tree(exact=True), "it compares with 0 exactly. Rounding gives 0.000001 in a sound "
                    "program: compare with 0.01."),
            Mistake("noise is Room 6", tree(unsure=6), "noise is not always Room 2 or 6: if neither probe speaks up, "
                    "the answer is 0."),
            Mistake("noise is Room 2", tree(unsure=2), "noise is not always Room 2 or 6: if neither probe speaks up, "
                    "the answer is 0."),
        ],
        hints=[
            "Begin with `if looks == ...:`, one for each word, and ask one probe of one room after the other there.",
            'if looks == "crowded": return 5 if probe("signal") > 0.1 else 9 if probe("told") < 0.9 else 0',
            'For "noise" and for "changing" ask probe("twice") > 0.01 first, which is Room 2; the last line is return '
            "0.",
        ],
    )  # fmt: skip
    if result.passed or result.mistake:
        return result
    for seen, readings in cases:  # say which case it is, in words
        with contextlib.suppress(Exception):
            answer, right = function(seen, readings), tree()(seen, readings)
            if answer != right:
                odd = ", ".join(f"{name} is {readings[name]:g}" for name in SOUND if readings[name] != SOUND[name])
                result.text = (f'for pictures that look "{seen}", where {odd or "every probe is silent"}, your '
                               f"answer is {answer}, expected {right}.")  # fmt: skip
                break
    return result


def check_clipped_step(function):
    """Your turn 12.4: function(x, t, s, x0, eps, ab_t) is x_s: DDIM with x0 clipped to [-1, 1] and eps to match."""

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
        "Your turn 12.4", function, step(), cases,
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
    """Your turn 12.3: function(x0, c, t, noise, u, ab_t) is (x_t, t / T, c with the rows where u < 0.1 set to zero)."""

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
        "square root": "the noise has lost its square root: its standard deviation is sqrt(1 - ab_t)",
        "time": "the network must be told t / T, and T is len(ab_t) - 1, not 1000 (Room 9)",
        "mask": "the mask is inverted: nine of ten contexts are dropped, where it should be one",
    }

    def read(out):
        noise_std, time, kept = out[0].std().item(), out[1].mean().item(), (out[2].sum(1) > 0).float().mean().item()
        return f"{noise_std:.3f} / {time:.2f} / {kept:.0%}"

    return compare(
        "Your turn 12.3", function, make(), cases,
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
    """Your turn 12.6: function(predict, x, n, z, ab_t) is DDPM with large variance in n steps from T to 0, asked at t,
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
        "strides": "strides of T // n reach 0 only if n divides T, so round the ideal times T (n - i) / n (Room 14)",
        "told s": "the network is asked about x at time s, but x is still at time t (Room 9)",
        "noise on the last step": "fresh noise is added after the last step, too, where s = 0 (Room 7)",
    }
    return compare(
        "Your turn 12.6", function, make(), cases,
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
