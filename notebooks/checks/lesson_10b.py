"""The checks of lesson 10b: the library."""

from types import SimpleNamespace

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, randn


def check_trained_betas(function):
    """Your turn 10b.1: function(ab_t) is the T betas whose running product of 1 - b is ab_t[1:]."""

    def betas(ab_t):
        return 1 - ab_t[1:] / ab_t[:-1]

    def padded(ab_t):
        return torch.cat([torch.zeros(1).to(ab_t), betas(ab_t)])

    cases = [(du.noise_schedule(name, T),) for name, T in (("cosine", 500), ("linear", 10), ("rescaled", 77))]
    linear = du.noise_schedule("linear", 500)
    return compare(
        "Your turn 10b.1", function, betas, cases,
        mistakes=[
            Mistake("alphas", lambda ab_t: ab_t[1:] / ab_t[:-1], "these are the alphas, the share of the signal that "
                    "a step leaves. Beta is 1 minus that."),
            Mistake("not divided", lambda ab_t: 1 - ab_t[1:], "1 - ab_t is the noise of all steps together. A beta "
                    "belongs to a single step: divide by the entry before."),
            Mistake("not divided", lambda ab_t: 1 - ab_t, "1 - ab_t is the noise of all steps together. A beta "
                    "belongs to a single step: divide by the entry before."),
            Mistake("difference", lambda ab_t: ab_t[:-1] - ab_t[1:], "you took the difference of two entries. The "
                    "steps multiply, so it takes their ratio."),
            Mistake("upside down", lambda ab_t: 1 - ab_t[:-1] / ab_t[1:], "the ratio is upside down, so the betas are "
                    "negative: the later entry goes on top."),
            Mistake("upside down", lambda ab_t: ab_t[:-1] / ab_t[1:] - 1, "the ratio is upside down: the later entry "
                    "goes on top."),
            Mistake("T + 1 betas", padded, "there is one too many, a 0 in front: the library leaves out time 0, so it "
                    "takes T betas."),
            Mistake("first one lost", lambda ab_t: betas(ab_t)[1:], "the first one is missing: it is "
                    "1 - ab_t[1] / ab_t[0], with ab_t[0] = 1."),
            Mistake("square root", lambda ab_t: 1 - (ab_t[1:] / ab_t[:-1]).sqrt(), "there is a square root too many: "
                    "ab_t is a share of power already."),
            Mistake("backwards", lambda ab_t: betas(ab_t).flip(0), "the betas are in the wrong order: the first "
                    "belongs to time 1."),
        ],
        hints=[
            "ab_t[t] = (1 - b_1) (1 - b_2) ... (1 - b_t). What is ab_t[t] / ab_t[t - 1]?",
            "That ratio is 1 - b_t.",
            "ab_t[1:] and ab_t[:-1] are all the later and all the earlier entries, T of each.",
        ],
        probe=Probe("the last beta of the linear schedule", (linear,), lambda out: out[-1].item()),
    )  # fmt: skip


class _Scheduler:
    """Speaks as the library's schedulers do, on a scale of its own, so that whatever is left out shows.

    Like Heun it has more timesteps than steps, and like a real one it has some before it is told how many.
    """

    init_noise_sigma = 7.0

    def __init__(self):
        self.timesteps = torch.tensor([90, 60, 40, 15, 2])

    def set_timesteps(self, n, device=None):
        self.timesteps = torch.tensor([80 - 9 * (k // 2) for k in range(2 * n - 1)])

    def scale_model_input(self, x, i):
        return x / (1 + 0.1 * float(i))

    def step(self, out, i, x):
        self.at = float(i)
        return SimpleNamespace(prev_sample=0.8 * x - 0.01 * float(i) * out, pred_original_sample=x - out)


def _net(x, i):
    """A network of the library: its answer depends on what it sees and on the index."""
    return SimpleNamespace(sample=torch.tanh(x) + 0.02 * float(i))


def check_library_walk(function):
    """Your turn 10b.2: function(net, scheduler, x, n) walks from noise x of std 1 by any scheduler of the library."""

    def walk(start=True, scale=True, told=True, carry=True, keep=False, shift=0, end="prev_sample", count=None):
        def made(net, kind, x, n):
            scheduler = kind()  # a new one for each call: it remembers the last
            if told:
                scheduler.set_timesteps(n)
            x = x * scheduler.init_noise_sigma if start else x
            for i in scheduler.timesteps if count is None else count(n):
                seen = scheduler.scale_model_input(x, i) if scale else x
                step = scheduler.step(net(seen, i + shift).sample, i, seen if keep else x)
                new = getattr(step, end)
                x = new if carry else x
            return new

        return made

    cases = [(_net, _Scheduler, randn(*shape, seed=1), n) for shape, n in zip(SHAPES, (3, 1, 4, 2))]
    far = (_net, _Scheduler, randn(1, 3, 32, 32), 1)
    return compare(
        "Your turn 10b.2", lambda net, kind, x, n: function(net, kind(), x, n), walk(), cases,
        mistakes=[
            Mistake("start", walk(start=False), "the walk begins with noise of the wrong size. Some schedulers begin "
                    "with much more than std 1: multiply x by scheduler.init_noise_sigma."),
            Mistake("input", walk(scale=False), "the network sees x as it is. On another scale of noise it must be "
                    "shrunk first: scheduler.scale_model_input(x, i)."),
            Mistake("start and input", walk(start=False, scale=False), "two lines are missing: x is multiplied by "
                    "init_noise_sigma at the start, and scale_model_input shrinks what the network sees."),
            Mistake("shrunk for good", walk(keep=True), "the step goes on from the shrunk x. scale_model_input is for "
                    "the network's eyes only: give scheduler.step the x of the walk."),
            Mistake("guess", walk(end="pred_original_sample"), "you carry on with the guess of the image. The next x "
                    "is the step's prev_sample."),
            Mistake("not carried on", walk(carry=False), "each step starts from the same x: give the new one the name "
                    "x, so that the next step goes on from it."),
            Mistake("not told", walk(told=False), "these are the scheduler's timesteps for another number of steps: "
                    "call scheduler.set_timesteps(n) first."),
            Mistake("counted", walk(count=lambda n: range(n)), "you count 0, 1, 2, ... The indices to visit stand in "
                    "scheduler.timesteps, the noisiest first."),
            Mistake("counted", walk(count=lambda n: range(n - 1, -1, -1)), "you count. The indices to visit stand in "
                    "scheduler.timesteps, and there can be more of them than steps."),
            Mistake("off by one", walk(shift=1), "the network is asked at i + 1. This network counts as the library "
                    "does: give it i as it is."),
        ],
        hints=[
            "scheduler.set_timesteps(n) first, and x times scheduler.init_noise_sigma. Then a loop over "
            "scheduler.timesteps.",
            "In the loop: out = net(scheduler.scale_model_input(x, i), i).sample",
            "And then: x = scheduler.step(out, i, x).prev_sample",
        ],
        probe=Probe("the std of x after one step", far),
        random=("random", "All noise is in x already: draw none."),
    )  # fmt: skip


def check_clipped_ddim(function):
    """Your turn 10b.3: function(x, x0, ab, ab_s) is a step of DDIM with x0 in [-1, 1] and the noise that fits it."""

    def made(clip=True, belongs="clipped", at="s", swapped=False):
        def step(x, x0, ab, ab_s):
            guess = x0.clamp(-1, 1) if clip else x0
            fits = {"clipped": guess, "old": x0}[belongs]
            eps = (x - ab**0.5 * fits) / (1 - ab) ** 0.5
            level = ab_s if at == "s" else ab
            return (1 - level) ** 0.5 * guess + level**0.5 * eps if swapped else (
                level**0.5 * guess + (1 - level) ** 0.5 * eps)  # fmt: skip

        return step

    def without_root(x, x0, ab, ab_s):
        guess = x0.clamp(-1, 1)
        return ab_s**0.5 * guess + (1 - ab_s) ** 0.5 * (x - ab**0.5 * guess) / (1 - ab)

    def whole(x, x0, ab, ab_s):
        guess = x0.clamp(-1, 1)
        return ab_s**0.5 * guess + (1 - ab_s) ** 0.5 * (x - guess) / (1 - ab) ** 0.5

    levels = [(0.2, 0.5), (0.9, 1.0), (0.01, 0.3), (0.5, 0.55)]
    cases = [(randn(*shape, seed=1), 1.7 * randn(*shape, seed=2), *pair) for shape, pair in zip(SHAPES, levels)]
    still = (torch.full((1, 1, 2, 2), 0.5), torch.full((1, 1, 2, 2), 3.0), 0.25, 0.25)
    return compare(
        "Your turn 10b.3", function, made(), cases,
        mistakes=[
            Mistake("old noise", made(belongs="old"), "this is the library's default: a clipped guess beside the noise "
                    "of the old one, and the two no longer make x. Solve for eps after clipping."),
            Mistake("not clipped", made(clip=False), "the guess reaches beyond [-1, 1]: x0.clamp(-1, 1) comes first."),
            Mistake("only in the noise", lambda x, x0, ab, ab_s: made()(x, x0, ab, ab_s) + ab_s**0.5
                    * (x0 - x0.clamp(-1, 1)), "the noise fits the clipped guess, but the step carries on with the old "
                    "one: use the clipped one in both places."),
            Mistake("result clipped", lambda x, x0, ab, ab_s: made(clip=False)(x, x0, ab, ab_s).clamp(-1, 1), "you "
                    "clipped the new x, which is noise for the most part and may be as large as it likes: clip x0."),
            Mistake("nowhere", made(at="t"), "this puts picture and noise together as they were, at ab: the new x has "
                    "the shares of ab_s."),
            Mistake("exchanged", made(swapped=True), "the shares are exchanged: sqrt(ab_s) belongs to the picture."),
            Mistake("root of the noise", without_root, "the noise is divided by its variance: take the square root of "
                    "1 - ab."),
            Mistake("share of the picture", whole, "in x the picture has the share sqrt(ab): take sqrt(ab) times the "
                    "guess away, not the whole guess."),
        ],
        hints=[
            "Clip first. Then x = sqrt(ab) x0 + sqrt(1 - ab) eps must hold with the clipped x0: what is eps?",
            "eps = (x - ab**0.5 * x0) / (1 - ab) ** 0.5",
            "return ab_s**0.5 * x0 + (1 - ab_s) ** 0.5 * eps",
        ],
        probe=Probe("x = 0.5 after a step from ab = 0.25 to the same ab, with the guess 3,", still,
                    lambda out: out.flatten()[0].item()),
    )  # fmt: skip


def check_flow_answer(function):
    """Your turn 10b.4: function(x, r, guess) is the velocity eps - x0 at x on the straight path; r: how much noise."""

    def guess(x_t):
        """A pair that fits x_t on no schedule, so that scaling shows: the image and the noise."""
        return torch.tanh(x_t), 0.5 * x_t + 0.3

    def norm(r):
        return ((1 - r) ** 2 + r**2) ** 0.5

    def made(scale, combine):
        def answer(x, r, guess):
            return combine(*guess(scale(x, r)), r)

        return answer

    def right(x, r):
        return x / norm(r)

    def velocity(x0, eps, r):
        return eps - x0

    cases = [(2 * randn(*shape, seed=1), r, guess) for shape, r in zip(SHAPES, (0.7, 0.2, 0.95, 0.5))]
    return compare(
        "Your turn 10b.4", function, made(right, velocity), cases,
        mistakes=[
            Mistake("not scaled", made(lambda x, r: x, velocity), "the denoiser was shown x as it is. On the straight "
                    "path the shares are 1 - r and r, whose squares do not sum to 1: divide x by "
                    "sqrt((1 - r)^2 + r^2) first."),
            Mistake("multiplied", made(lambda x, r: x * norm(r), velocity), "you multiplied: divide by "
                    "sqrt((1 - r)^2 + r^2), which is below 1, because there is too little power on the chord."),
            Mistake("square root", made(lambda x, r: x / norm(r) ** 2, velocity), "the square root is missing in the "
                    "norm: sqrt((1 - r)^2 + r^2)."),
            Mistake("sum", made(lambda x, r: x / (1 - r + r), velocity), "1 - r and r sum to 1; their squares do not."),
            Mistake("backwards", made(right, lambda x0, eps, r: x0 - eps), "the sign is wrong: the library's flow "
                    "grows noisier with r, so the velocity points from the picture to the noise, eps - x0."),
            Mistake("noise", made(right, lambda x0, eps, r: eps), "this is the noise. The velocity is how x changes "
                    "with r: (1 - r) x0 + r eps, differentiated."),
            Mistake("scaled back", made(right, lambda x0, eps, r: norm(r) * (eps - x0)), "x0 and eps are the same on "
                    "both paths, only their shares differ: do not scale the answer."),
            Mistake("v", made(right, lambda x0, eps, r: ((1 - r) * eps - r * x0) / norm(r)), "this is v, which runs "
                    "along the circle. The straight path has the velocity eps - x0."),
        ],
        hints=[
            "The denoiser knows pictures whose two shares have squares that sum to 1. Which factor makes them so?",
            "x_t = x / ((1 - r) ** 2 + r**2) ** 0.5, and then x0, eps = guess(x_t).",
            "Differentiate (1 - r) x0 + r eps by r: the answer is eps - x0.",
        ],
        probe=Probe("the std of the velocity at r = 0.5", (randn(1, 3, 32, 32), 0.5, guess)),
    )  # fmt: skip


def check_level_index(function):
    """Your turn 10b.5: function(alphas_cumprod, ab) is the index of the level nearest to ab, an int."""

    def nearest(theirs, ab):
        return (theirs - ab).abs().argmin().item()

    def plain(answer):
        """A number of torch or numpy as Python's own."""
        return answer.item() if hasattr(answer, "item") else answer

    linear, cosine = du.noise_schedule("linear", 1000)[1:], du.noise_schedule("cosine", 1000)[1:]
    short, rescaled = du.noise_schedule("cosine", 500), du.noise_schedule("rescaled", 50)
    bent = linear.flip(0).cumsum(0).flip(0) / linear.sum()
    cases = [(linear, short[t].item()) for t in (500, 250, 25, 1)]
    cases += [(cosine, rescaled[t].item()) for t in (50, 12, 3)] + [(bent, short[t].item()) for t in (401, 77)]
    cases += [(cosine[::7].clone(), rescaled[t].item()) for t in (20, 10)]
    return compare(
        "Your turn 10b.5", lambda *case: plain(function(*case)), nearest, cases,
        mistakes=[
            Mistake("sign", lambda a, ab: (a - ab).argmin().item(), "the absolute value is missing: the smallest "
                    "difference is then the most negative one, at the noisy end."),
            Mistake("largest", lambda a, ab: (a - ab).abs().argmax().item(), "this is the level farthest away: argmin, "
                    "not argmax."),
            Mistake("time for index", lambda a, ab: nearest(a, ab) + 1, "you added 1. The library's network wants its "
                    "own index, which is where the level stands in alphas_cumprod."),
            Mistake("off by one", lambda a, ab: nearest(a, ab) - 1, "you took 1 off. argmin gives the library's index "
                    "already."),
            Mistake("level for index", lambda a, ab: a[nearest(a, ab)].item(), "this is the level; asked for is where "
                    "it stands."),
            Mistake("square root", lambda a, ab: nearest(a, ab**0.5), "you compare with the square root of ab: both "
                    "are shares of power, compare them as they are."),
            Mistake("noise for signal", lambda a, ab: nearest(a, 1 - ab), "you compare their signal with your noise, "
                    "1 - ab: compare with ab."),
            Mistake("scaled", lambda a, ab: round((1 - ab) * (len(a) - 1)), "you took the share of noise for the share "
                    "of the way. Levels are not evenly spread: search for the nearest."),
            Mistake("next below", lambda a, ab: int((a > ab).sum().clamp(max=len(a) - 1)), "you take the first level "
                    "below; the one above may be nearer."),
        ],
        hints=[
            "How far is each of alphas_cumprod from ab?",
            "(alphas_cumprod - ab).abs() holds the distances.",
            "argmin() is where the smallest stands, and .item() makes it a plain int.",
        ],
        probe=Probe("the index for ab = 0.4938 in the linear schedule of 1,000 levels", (linear, 0.4938), float),
    )  # fmt: skip
