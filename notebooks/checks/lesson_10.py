"""The checks of lesson 10: real data and the library."""

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, randn


def check_flip(function):
    """Exercise 10.1: function(x, coin) mirrors the images whose coin is True from left to right."""

    def flip(x, coin, dim=3):
        return torch.where(coin[:, None, None, None], x.flip(dim), x)

    coins = [[True, False, False, True], [False, True], [True], [True, True, False, False, True]]
    cases = [(randn(*shape, seed=1), torch.tensor(coin)) for shape, coin in zip(SHAPES, coins)]
    ramp = torch.arange(4.0).expand(2, 1, 4, 4)  # the last column holds 3
    return compare(
        "Exercise 10.1", function, flip, cases,
        mistakes=[
            Mistake("upside down", lambda x, coin: flip(x, coin, 2), "your images stand on their heads: images are "
                    "(B, C, H, W), so the width is dimension 3, not 2."),
            Mistake("turned round", lambda x, coin: torch.where(coin[:, None, None, None], x.flip(2, 3), x),
                    "you reverse height and width, which turns the image round: mirror only the width."),
            Mistake("colours reversed", lambda x, coin: flip(x, coin, 1), "you reverse the channels: red becomes blue. "
                    "The width is dimension 3."),
            Mistake("images reversed", lambda x, coin: flip(x, coin, 0), "you reverse the order of the images: the "
                    "width is dimension 3."),
            Mistake("all", lambda x, coin: x.flip(3), "you mirror every image: leave those with False as they are."),
            Mistake("inverted", lambda x, coin: flip(x, ~coin), "you mirror those with False: exchange the two."),
            Mistake("only the mirrored", lambda x, coin: x[coin].flip(3), "the images with False are gone: return all "
                    "B of them, in their order."),
            Mistake("blacked out", lambda x, coin: x.flip(3) * coin[:, None, None, None], "the images with False came "
                    "out as zeros: keep x there."),
            Mistake("unchanged", lambda x, coin: x, "your images come back as they were: x.flip(3) makes a new tensor, "
                    "it does not change x."),
        ],
        hints=[
            "x.flip(d) reverses dimension d. Images are (B, C, H, W): which one is the width?",
            "torch.where(condition, a, b) takes a where the condition is True, and b elsewhere.",
            "The condition must be (B, 1, 1, 1): coin[:, None, None, None].",
        ],
        probe=Probe("the first pixel of an image whose columns hold 0, 1, 2, 3, with the coin True,",
                    (ramp, torch.tensor([True, False])), lambda out: out[0, 0, 0, 0].item()),
        random=("random", "The coins are thrown already: use `coin`, and draw nothing."),
    )  # fmt: skip


def check_betas(function):
    """Exercise 10.2: function(ab_t) is the T betas whose running product of 1 - b is ab_t[1:]."""

    def betas(ab_t):
        return 1 - ab_t[1:] / ab_t[:-1]

    cases = [(du.noise_schedule(name, T),) for name, T in (("cosine", 500), ("linear", 10), ("rescaled", 77))]
    linear = du.noise_schedule("linear", 500)
    return compare(
        "Exercise 10.2", function, betas, cases,
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
            Mistake("T + 1 betas", lambda ab_t: torch.cat([torch.zeros(1).to(ab_t), betas(ab_t)]), "there is one too "
                    "many, a 0 in front: the library leaves out time 0, so it takes T betas."),
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


def check_indices(function):
    """Exercise 10.3: function(alphas_cumprod, ab_t, times) are the indices of the nearest noise levels, a list."""

    def nearest(theirs, ab_t, times):
        return [(theirs - ab_t[t]).abs().argmin().item() for t in times]

    def plain(answer):
        """Numbers of torch and numpy as Python's own."""
        if isinstance(answer, (list, tuple)):
            return [plain(part) for part in answer]
        return answer.tolist() if hasattr(answer, "tolist") else answer

    def counted(T):
        return lambda theirs, ab_t, times: [max(round(t / (len(ab_t) - 1) * T(theirs)) - 1, 0) for t in times]

    linear, cosine = du.noise_schedule("linear", 1000)[1:], du.noise_schedule("cosine", 1000)[1:]
    short, rescaled = du.noise_schedule("cosine", 500), du.noise_schedule("rescaled", 50)
    walks = [[500, 250, 100, 25, 1], [50, 33, 12, 3], [480, 401, 300, 123, 77], [50, 20, 10]]
    cases = list(zip((linear, cosine, linear.flip(0).cumsum(0).flip(0) / linear.sum(), cosine[::7].clone()),
                     (short, rescaled, short, rescaled), walks))  # fmt: skip
    return compare(
        "Exercise 10.3", lambda *case: plain(function(*case)), nearest, cases,
        mistakes=[
            Mistake("sign", lambda a, ab_t, times: [(a - ab_t[t]).argmin().item() for t in times], "the absolute value "
                    "is missing: the smallest difference is then the most negative one, at the noisy end."),
            Mistake("largest", lambda a, ab_t, times: [(a - ab_t[t]).abs().argmax().item() for t in times],
                    "these are the levels farthest away: argmin, not argmax."),
            Mistake("time for index", lambda a, ab_t, times: [i + 1 for i in nearest(a, ab_t, times)], "you added 1. "
                    "The library's network wants its own index, which is where the level stands in alphas_cumprod."),
            Mistake("off by one", lambda a, ab_t, times: [i - 1 for i in nearest(a, ab_t, times)], "you took 1 off. "
                    "argmin gives the library's index already."),
            Mistake("same schedule", counted(len), "you scaled the time, t / T. That is right only if both have the "
                    "same schedule: compare the noise levels instead."),
            Mistake("times themselves", lambda a, ab_t, times: list(times), "these are your times. The network knows "
                    "another schedule: find the level in alphas_cumprod that is nearest to ab_t[t]."),
            Mistake("t - 1", lambda a, ab_t, times: [t - 1 for t in times], "i = t - 1 holds for one and the same "
                    "schedule only: compare the noise levels instead."),
            Mistake("level for index", lambda a, ab_t, times: [a[i].item() for i in nearest(a, ab_t, times)],
                    "these are the levels; asked for is where they stand."),
            Mistake("square root", lambda a, ab_t, times: [(a - ab_t[t].sqrt()).abs().argmin().item() for t in times],
                    "you compare with the square root of ab_t: both are shares of power, compare them as they are."),
            Mistake("noise for signal", lambda a, ab_t, times: [(a - (1 - ab_t[t])).abs().argmin().item()
                    for t in times], "you compare their signal with your noise, 1 - ab_t: compare with ab_t."),
            Mistake("next below", lambda a, ab_t, times: [int((a > ab_t[t]).sum().clamp(max=len(a) - 1))
                    for t in times], "you take the first level below; the one above may be nearer."),
        ],
        hints=[
            "For one time t: how far is each of alphas_cumprod from ab_t[t]?",
            "(alphas_cumprod - ab_t[t]).abs() holds the distances; argmin() is where the smallest stands.",
            "A list comprehension over times, with .item() to make each a plain int.",
        ],
        probe=Probe("the index for t = 250 of 500 on the cosine schedule, for a network of the linear one,",
                    (linear, short, [250]), lambda out: float(out[0])),
    )  # fmt: skip
