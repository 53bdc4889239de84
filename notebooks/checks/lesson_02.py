"""The checks of lesson 2: sampling."""

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, randn

# (shape, t, s, schedule): large steps tell mistakes apart that small ones hide
WALKS = [(SHAPES[0], 300, 200, "linear"), (SHAPES[1], 60, 20, "cosine"), (SHAPES[2], 450, 350, "cosine"),
         (SHAPES[3], 500, 499, "linear")]  # fmt: skip


def check_x0(function):
    """Your turn 2.1: function(x, t, eps, ab_t) is the clean picture that the noise eps implies at the whole time t."""

    def truth(x, t, eps, ab_t):
        return du.to_x0_eps(eps, x, t, ab_t, "eps")[0]

    def undo(sigma=lambda ab: (1 - ab).sqrt(), signal=torch.sqrt, sign=1, back=0):
        return lambda x, t, eps, ab_t: (x - sign * sigma(ab_t[t - back]) * eps) / signal(ab_t[t - back])

    def brackets(x, t, eps, ab_t):
        return x - (1 - ab_t[t]).sqrt() * eps / ab_t[t].sqrt()

    def shrunk_first(x, t, eps, ab_t):
        return x / ab_t[t].sqrt() - (1 - ab_t[t]).sqrt() * eps

    cases = [(randn(*shape, seed=1), t, randn(*shape, seed=2), du.noise_schedule(name)) for shape, t, _, name in WALKS]
    board = torch.tensor([-0.5, 0.5]).repeat(1536).view(1, 3, 32, 32)
    noise, ab_t = randn(1, 3, 32, 32, seed=4), du.noise_schedule()
    return compare(
        "Your turn 2.1", function, truth, cases,
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
            "Take the noise, (1 - ab_t[t]) ** 0.5 * eps, away from x; what is left is a picture that shrank.",
            "x_0 = (x - (1 - ab_t[t]) ** 0.5 * eps) / ab_t[t] ** 0.5.",
        ],
        probe=Probe("for a picture of std 0.5, at t = 250, the std of your x_0",
                    (du.add_noise(board, 250, noise, ab_t), 250, noise, ab_t),
                    lambda out: out.std(correction=0).item()),
    )  # fmt: skip


def _two_curves(x, t, s, x0, ab_t):
    """What x_0 says of x_s and what x_t says of it: two means and two variances."""
    a = ab_t[t] / ab_t[s]
    return ab_t[s].sqrt() * x0, 1 - ab_t[s], x / a.sqrt(), (1 - a) / a


def _product(m0, v0, m1, v1):
    return (m0 * v1 + m1 * v0) / (v0 + v1), v0 * v1 / (v0 + v1)


def _posterior(*given):
    return _product(*_two_curves(*given))


def check_posterior(function):
    """Your turn 2.2: function(x, t, s, x0, ab_t) is the mean and the variance of x_s, given x = x_t and x_0 (DDPM,
    equations 6 and 7, for steps of any length)."""

    def combined(how):
        return lambda *given: how(*_two_curves(*given))

    def changed(curves):
        """Another pair of curves, multiplied as it should be."""
        return lambda x, t, s, x0, ab_t: _product(*curves(x, x0, ab_t[t], ab_t[s], ab_t[t] / ab_t[s]))

    cases = [(randn(*shape, seed=1), t, s, randn(*shape, seed=2), du.noise_schedule(name))
             for shape, t, s, name in WALKS]  # fmt: skip
    cases.append((*cases[1][:2], 0, *cases[1][3:]))  # the last step, where x_0 says it all
    ones, zeros = torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    result = compare(
        "Your turn 2.2", function, _posterior, cases,
        mistakes=[
            Mistake("weights swapped",
                    combined(lambda m0, v0, m1, v1: ((m0 * v0 + m1 * v1) / (v0 + v1), v0 * v1 / (v0 + v1))),
                    "the narrow curve must count more, so each centre is weighted by the variance of the other curve."),
            Mistake("plain average",
                    combined(lambda m0, v0, m1, v1: ((m0 + m1) / 2, v0 * v1 / (v0 + v1))),
                    "the two centres do not count the same: the narrower its curve, the more a centre counts."),
            Mistake("variances added",
                    combined(lambda m0, v0, m1, v1: (_product(m0, v0, m1, v1)[0], v0 + v1)),
                    "two sources know more than one, so the product is narrower than both: the inverses of the "
                    "variances add, not the variances."),
            Mistake("variance not divided",
                    combined(lambda m0, v0, m1, v1: (_product(m0, v0, m1, v1)[0], v0 * v1)),
                    "1 / (1 / v_0 + 1 / v_1) is v_0 v_1 / (v_0 + v_1): the division is missing."),
            Mistake("a std",
                    combined(lambda m0, v0, m1, v1: (_product(m0, v0, m1, v1)[0], _product(m0, v0, m1, v1)[1] ** 0.5)),
                    "return the variance; its root, the std, is for the next task."),
            Mistake("mean not divided",
                    combined(lambda m0, v0, m1, v1: (m0 * v1 + m1 * v0, v0 * v1 / (v0 + v1))),
                    "the two weights must add up to 1: divide by v_0 + v_1."),
            Mistake("order", combined(lambda *curves: _product(*curves)[::-1]), "return the mean first."),
            Mistake("x_0 not shrunk", changed(lambda x, x0, ab, ab_s, a: (x0, 1 - ab_s, x / a**0.5, (1 - a) / a)),
                    "at time s the picture has shrunk to sqrt(ab_s) x_0, the centre of the first curve."),
            Mistake("x_t not grown",
                    changed(lambda x, x0, ab, ab_s, a: (ab_s**0.5 * x0, 1 - ab_s, x, (1 - a) / a)),
                    "the step up shrank x_s by sqrt(a), so the second curve's centre is x_t / sqrt(a)."),
            Mistake("divided by a", changed(lambda x, x0, ab, ab_s, a: (ab_s**0.5 * x0, 1 - ab_s, x / a, (1 - a) / a)),
                    "the step up shrank x_s by sqrt(a), not by a: a root is missing."),
            Mistake("b for b / a",
                    changed(lambda x, x0, ab, ab_s, a: (ab_s**0.5 * x0, 1 - ab_s, x / a**0.5, 1 - a)),
                    "with x_t / sqrt(a) the noise grew as well: the second curve's variance is (1 - a) / a."),
            Mistake("the time of the first curve",
                    changed(lambda x, x0, ab, ab_s, a: (ab**0.5 * x0, 1 - ab, x / a**0.5, (1 - a) / a)),
                    "you want to know x_s, so the first curve is that of time s: sqrt(ab_s) x_0 and 1 - ab_s."),
            Mistake("ab_t for a",
                    changed(lambda x, x0, ab, ab_s, a: (ab_s**0.5 * x0, 1 - ab_s, x / ab**0.5, (1 - ab) / ab)),
                    "a is what the steps from s to t keep, ab_t[t] / ab_t[s]; you use ab_t[t], all steps from 0."),
        ],
        hints=[
            "Give names to what you have: m_0 and v_0 of the curve that x_0 draws, m_1 and v_1 of the other one.",
            "With a = ab_t[t] / ab_t[s]: m_0 = ab_t[s] ** 0.5 * x0, v_0 = 1 - ab_t[s], m_1 = x / a ** 0.5, "
            "v_1 = (1 - a) / a.",
            "mean = (m_0 * v_1 + m_1 * v_0) / (v_0 + v_1), variance = v_0 * v_1 / (v_0 + v_1).",
        ],
        probe=Probe("for x = 1 and x0 = 0, from t = 300 to s = 200 of the linear schedule, your mean",
                    (ones, 300, 200, zeros, du.noise_schedule()), lambda out: out[0].mean().item()),
    )  # fmt: skip
    if result.mistake == "not finite":
        result.text = (
            "your answer holds NaN. At s = 0 the first curve has the variance 0, and 1 / v_0 is infinite: multiply the "
            "fractions out, so that you divide by v_0 + v_1 only."
        )
    return result


def check_ddpm_step(function):
    """Your turn 2.3: function(x, t, s, eps, z, ab_t) is x_s, one step of DDPM, with the posterior variance."""

    def stepped(std=lambda variance, a: variance**0.5):
        def made(x, t, s, eps, z, ab_t):
            mean, variance = _posterior(x, t, s, du.to_x0_eps(eps, x, t, ab_t, "eps")[0], ab_t)
            return mean + std(variance, ab_t[t] / ab_t[s]) * z

        return made

    def eps_for_x0(x, t, s, eps, z, ab_t):
        mean, variance = _posterior(x, t, s, eps, ab_t)
        return mean + variance**0.5 * z

    def x_for_x0(x, t, s, eps, z, ab_t):
        mean, variance = _posterior(x, t, s, x, ab_t)
        return mean + variance**0.5 * z

    def anew(x, t, s, eps, z, ab_t):
        return du.add_noise(du.to_x0_eps(eps, x, t, ab_t, "eps")[0], s, z, ab_t)

    def straight(x, t, s, eps, z, ab_t):
        return du.add_noise(du.to_x0_eps(eps, x, t, ab_t, "eps")[0], s, eps, ab_t)

    def noisy_x0(x, t, s, eps, z, ab_t):
        x0 = du.to_x0_eps(eps, x, t, ab_t, "eps")[0]
        return x0 + _posterior(x, t, s, x0, ab_t)[1] ** 0.5 * z

    cases = [(randn(*shape, seed=1), t, s, randn(*shape, seed=2), randn(*shape, seed=3), du.noise_schedule(name))
             for shape, t, s, name in WALKS]  # fmt: skip
    zeros, z = torch.zeros(1, 3, 32, 32), randn(1, 3, 32, 32)
    return compare(
        "Your turn 2.3", function, stepped(), cases,
        mistakes=[
            Mistake("variance for std", stepped(lambda variance, a: variance),
                    "z has std 1, so it must be multiplied by a std: the root of the variance."),
            Mistake("large variance", stepped(lambda variance, a: (1 - a) ** 0.5),
                    "this is the noise that the steps up added; the one to put back has the variance of `posterior`."),
            Mistake("z missing", stepped(lambda variance, a: 0),
                    "the mean is right, the fresh noise z is missing; section 6 shows what comes of that."),
            Mistake("z weighs 1", stepped(lambda variance, a: 1),
                    "z is added at full strength; multiply it by the root of the variance."),
            Mistake("sign of z", stepped(lambda variance, a: -(variance**0.5)),
                    "z is added. (Taken away it would be as good, as noise has no sign, but the check needs one.)"),
            Mistake("eps for x0", eps_for_x0,
                    "`posterior` asks for a picture and you give it the noise: find x0 first, with x0_from_eps."),
            Mistake("x for x0", x_for_x0,
                    "`posterior` asks for the clean picture and you give it x_t: find x0 first, with x0_from_eps."),
            Mistake("noise drawn anew", anew,
                    "this throws away all the noise of x_t and draws new noise, but a step keeps most: use posterior."),
            Mistake("eps for z", straight,
                    "this puts the predicted noise back, not fresh noise. It is a sampler, too, that of lesson 6; here "
                    "use the mean of posterior, and z."),
            Mistake("x0 for the mean", noisy_x0,
                    "the noise is put round the mean of posterior, not round x0, where the walk is to end."),
        ],
        hints=[
            "Three lines: which picture does eps imply, which curve does that give x_s, and one draw from that curve.",
            "x0 = x0_from_eps(x, t, eps, ab_t), then mean, variance = posterior(x, t, s, x0, ab_t).",
            "A draw from a bell curve is mean + std * z, and std = variance ** 0.5.",
        ],
        probe=Probe("for x = eps = 0, from t = 300 to s = 200, the std of the noise put back",
                    (zeros, 300, 200, zeros, z, du.noise_schedule())),
    )  # fmt: skip


def check_sample_loop(function):
    """Your turn 2.4: function(predict, step, x, times, seed) walks x down the times, with fresh noise from the seed."""

    def pairs(times):
        return list(zip(times, times[1:]))

    def loop(walk=pairs, draw=torch.randn, strength=1.0):
        def made(predict, step, x, times, seed):
            generator = torch.Generator().manual_seed(seed)
            for t, s in walk(times):
                x = step(x, t, s, predict(x, t), strength * draw(x.shape, generator=generator))
            return x

        return made

    def asked_once(predict, step, x, times, seed):
        eps = predict(x, times[0])
        return loop()(lambda x, t: eps, step, x, times, seed)

    def first_x(predict, step, x, times, seed):  # each step starts from the first x again
        for t, s in pairs(times):
            answer = step(x, t, s, predict(x, t), 0 * x)
        return answer

    def same_z(predict, step, x, times, seed):
        for t, s in pairs(times):
            z = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))
            x = step(x, t, s, predict(x, t), z)
        return x

    def predict(x, t):  # a denoiser and a step that answer differently to every x, t, s and z
        return torch.sin(3 * x) * (0.5 + t / 10)

    def step(x, t, s, eps, z):
        return 0.9 * x - 0.4 * eps + 0.05 * (t - s) + (s > 0) * (0.3 + s / 10) * z  # as yours: no noise at s = 0

    walked = []  # the steps that the probe saw

    def note(x, t, s, eps, z):
        walked.append(f"{t} to {s}")
        return x

    def read(_):
        told = ", ".join(walked)
        walked.clear()
        return told or "no step at all"

    fresh = "every step needs fresh noise: make the generator once, before the loop, and draw z inside the loop."
    return compare(
        "Your turn 2.4", function, loop(),
        [(predict, step, randn(2, 3, 4, 4, seed=4), [4, 3, 2, 1, 0], 0),
         (predict, step, randn(1, 1, 8, 8, seed=7), [10, 7, 3, 0], 5),
         (predict, step, randn(3, 1, 2, 2, seed=8), [6, 5, 2, 1, 0], 11)],
        mistakes=[
            Mistake("stops before 0", loop(lambda times: pairs(times)[:-1]),
                    "the last step, the one that arrives at 0, is missing."),
            Mistake("starts late", loop(lambda times: pairs(times)[1:]),
                    "the first step is missing: it starts at times[0]."),
            Mistake("steps of one", loop(lambda times: [(t, t - 1) for t in range(times[0], 0, -1)]),
                    "the times may lie further apart than 1: walk from each time to the next one in the list."),
            Mistake("steps of one", loop(lambda times: [(t, t - 1) for t in times[:-1]]),
                    "s is not t - 1 but the next time in the list."),
            Mistake("upwards", loop(lambda times: pairs(times)[::-1]),
                    "it takes the steps in the wrong order: the first one starts at times[0], where all is noise."),
            Mistake("upwards", loop(lambda times: pairs(times[::-1])),
                    "it walks up: go through the times as they are given, from T down to 0."),
            Mistake("t and s swapped", loop(lambda times: [(s, t) for t, s in pairs(times)]),
                    "t is where a step begins, s where it arrives: step(x, t, s, ...) with t above s."),
            Mistake("no noise", loop(strength=0.0), "no step gets noise, so the pictures would collapse."),
            Mistake("uniform noise", loop(draw=torch.rand),
                    "torch.rand draws between 0 and 1; the noise of a bell curve is torch.randn."),
            Mistake("the same noise again", same_z, fresh),
            Mistake("asked once", asked_once,
                    "predict is asked only once; ask it again in every step, with the x and t of that step."),
            Mistake("x not replaced", first_x, "each step must start from the result of the last: x = step(...)."),
        ],
        hints=[
            "zip(times, times[1:]) gives the pairs (t, s), one for each step.",
            "Before the loop: generator = torch.Generator().manual_seed(seed). In each step: eps = predict(x, t), then "
            "z = torch.randn(x.shape, generator=generator).to(x).",
            "The last line of the loop is x = step(x, t, s, predict(x, t), z).",
        ],
        probe=Probe("for the times 4, 3, 1, 0 your walk",
                    (lambda x, t: 0 * x, note, torch.zeros(1, 1, 2, 2), [4, 3, 1, 0], 0), read),
        random=("no seed", "Draw z from the generator: torch.randn(x.shape, generator=generator)."),
    )  # fmt: skip


def check_memory(function):
    """Your turn 2.5: function(times, ab_t) is the weight of the start in x at each of the falling times, 1 at the first
    of them, as the means of `posterior` hand it on."""

    def handed_on(weight, begin=(1.0,)):
        """What someone finds who takes weight(ab, ab_s), with ab = ab_t[t], for the share that a step hands on."""

        def made(times, ab_t):
            left, product = list(begin), 1.0
            for t, s in zip(times, times[1:]):
                product *= weight(ab_t[t].item(), ab_t[s].item())
                left.append(product)
            return left

        return made

    def share(ab, ab_s):
        return (ab / ab_s) ** 0.5 * (1 - ab_s) / (1 - ab)

    def each_alone(times, ab_t):
        return [1.0, *(share(ab_t[t].item(), ab_t[s].item()) for t, s in zip(times, times[1:]))]

    def added(times, ab_t):
        left = [1.0]
        for share_of_step in each_alone(times, ab_t)[1:]:
            left.append(left[-1] - (1 - share_of_step))
        return left

    linear, cosine = du.noise_schedule("linear"), du.noise_schedule("cosine")
    return compare(
        "Your turn 2.5", function, handed_on(share),
        [([400, 300, 200, 100], linear), ([490, 350, 349, 30, 0], cosine), ([60, 20], cosine),
         ([500, 480, 300, 299, 10], linear)],
        mistakes=[
            Mistake("not multiplied", each_alone,
                    "these are the weights of the single steps. The second step keeps its share of what the first one "
                    "left: multiply."),
            Mistake("subtracted", added,
                    "a step keeps a share of what is left, it does not take a fixed amount away: multiply."),
            Mistake("no first", handed_on(share, begin=()),
                    "the first number is missing: at times[0] nothing has happened yet, so it is 1."),
            Mistake("the way up", handed_on(lambda ab, ab_s: (ab / ab_s) ** 0.5),
                    "sqrt(a) is what a step on the way up keeps. Walking down, x_t enters the mean of `posterior`."),
            Mistake("only x_t's curve", handed_on(lambda ab, ab_s: (ab_s / ab) ** 0.5),
                    "x_t / sqrt(a) is the centre of one of the two curves. The mean of both gives it less weight."),
            Mistake("weight of the guess",
                    handed_on(lambda ab, ab_s: ab_s**0.5 * (1 - ab / ab_s) / (1 - ab)),
                    "this is the weight of the guess x_0: ask with x_t = 1 and x_0 = 0, not the other way round."),
            Mistake("both asked",
                    handed_on(lambda ab, ab_s: share(ab, ab_s) + ab_s**0.5 * (1 - ab / ab_s) / (1 - ab)),
                    "with x_0 = 1 the guess is counted, too: ask with x_t = 1 and x_0 = 0."),
            Mistake("variance",
                    handed_on(lambda ab, ab_s: (1 - ab / ab_s) * (1 - ab_s) / (1 - ab)),
                    "`posterior` returns the mean and the variance; the weight is in the mean, the first of the two."),
        ],
        hints=[
            "Write down the first three numbers by hand: 1; the weight w_1 of the first step; then? The second step "
            "keeps the share w_2 of a picture in which w_1 of the start is left.",
            "For a step from t to s the weight is posterior(one, t, s, zero, ab_t)[0], with one = torch.ones(1) and "
            "zero = torch.zeros(1).",
            "left = [1.0]; for each pair (t, s) of zip(times, times[1:]): left.append(left[-1] * weight).",
        ],
        probe=Probe("for the times 400, 300, 200, 100 of the linear schedule, what is left at t = 200",
                    ([400, 300, 200, 100], linear), lambda out: float(out[2])),
    )  # fmt: skip


def check_diversity(function):
    """Your turn 2.6: function(x) is the mean root mean square difference over all pairs of different pictures of x."""

    def pairs(x):
        return [(x[i], x[j]) for i in range(len(x)) for j in range(i)]

    def rms(a, b):
        return (a - b).square().mean().sqrt()

    def mean_over_pairs(apart):
        return lambda x: torch.stack([apart(a, b) for a, b in pairs(x)]).mean().item()

    def with_itself(x):
        return du.diversity(x) * (len(x) - 1) / len(x)

    def neighbours(x):
        return torch.stack([rms(a, b) for a, b in zip(x, x[1:])]).mean().item()

    def from_the_first(x):
        return torch.stack([rms(x[0], b) for b in x[1:]]).mean().item()

    def nearest(x):
        apart = torch.stack([torch.stack([rms(a, b) for b in x]) for a in x])
        return apart.fill_diagonal_(torch.inf).min(1).values.mean().item()

    def root_last(x):
        return torch.stack([(a - b).square().mean() for a, b in pairs(x)]).mean().sqrt().item()

    cases = [(randn(n, *shape[1:], seed=n) * torch.linspace(0.2, 1, n).view(-1, 1, 1, 1) + 0.3,)
             for n, shape in zip((4, 2, 7, 5), SHAPES)]  # fmt: skip
    two = torch.stack([torch.zeros(3, 4, 4), torch.ones(3, 4, 4), torch.ones(3, 4, 4)])
    return compare(
        "Your turn 2.6", function, du.diversity, cases,
        mistakes=[
            Mistake("with itself", with_itself,
                    "you also count how far each picture is from itself, which is 0: that is no pair."),
            Mistake("counted twice", lambda x: 2 * du.diversity(x),
                    "it is twice too large: do you add each pair twice, and divide by the number of pairs once?"),
            Mistake("neighbours", neighbours,
                    "you compare each picture with the next one only. All pairs count."),
            Mistake("from the first", from_the_first, "you compare all with the first picture only. All pairs count."),
            Mistake("from the mean", lambda x: torch.stack([rms(a, x.mean(0)) for a in x]).mean().item(),
                    "you compare each picture with the average picture. Compare the pictures with each other."),
            Mistake("nearest", nearest,
                    "you keep only the nearest neighbour of each picture. All pairs count."),
            Mistake("std of all numbers", lambda x: x.std().item(),
                    "this is how much the numbers differ within a picture, too: it is not 0 for ten copies of one "
                    "sprite. Compare picture with picture."),
            Mistake("std of each pixel", lambda x: x.std(0).mean().item(),
                    "this is a measure of variety as well, but another one: here take the distance of each pair."),
            Mistake("not rooted", mean_over_pairs(lambda a, b: (a - b).square().mean()),
                    "the root is missing: `change` gives the root mean square of a pair."),
            Mistake("rooted last", root_last,
                    "take the root for each pair, and then the mean over the pairs, as `change` does."),
            Mistake("not divided", mean_over_pairs(lambda a, b: (a - b).square().sum().sqrt()),
                    "take the mean over the pixels, not their sum: otherwise larger pictures would seem more varied."),
            Mistake("absolute", mean_over_pairs(lambda a, b: (a - b).abs().mean()),
                    "this is the mean absolute difference; take the root mean square, as `change` does."),
        ],
        hints=[
            "Which pairs are there among the pictures number 0, 1 and 2? (0, 1), (0, 2) and (1, 2): each pair once, "
            "and none with itself.",
            "torch.combinations(torch.arange(len(x))) holds all pairs of numbers, as a tensor (pairs, 2).",
            "With i, j = torch.combinations(torch.arange(len(x))).T, x[i] and x[j] are the two sides of all pairs, and "
            "change(x[i], x[j]) averages over them.",
        ],
        probe=Probe("for one picture of zeros and two of ones, your number", (two,), float),
    )  # fmt: skip
