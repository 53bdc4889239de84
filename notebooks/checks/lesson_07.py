"""The checks of lesson 7: hide, walk, and read the amount off the picture."""

import torch

from checks.core import SHAPES, Mistake, Probe, compare, per_image


def uniform(*shape, seed):
    return 2 * torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) - 1


def check_corrupt(function):
    """Exercise 7.1: function(x, amount, noise) mixes (1 - amount) x + amount noise, one amount for each image."""

    def mix(image, grain):
        return lambda x, amount, noise: image(per_image(amount)) * x + grain(per_image(amount)) * noise

    def share(a):
        return a

    def rest(a):
        return 1 - a

    truth = mix(rest, share)
    amounts = [torch.tensor([0.1, 0.4, 0.7, 1.0]), torch.tensor([0.0, 0.6]), torch.tensor([0.25]),
               torch.tensor([0.9, 0.2, 0.5, 0.3, 0.8])]  # fmt: skip
    cases = [(uniform(*s, seed=1), a, uniform(*s, seed=2)) for s, a in zip(SHAPES, amounts)]
    grey = torch.zeros(1, 1, 64, 64)
    one = "each image has an amount of its own: amount.view(-1, 1, 1, 1) lets it multiply images (B, C, H, W)."
    return compare(
        "Exercise 7.1", function, truth, cases,
        mistakes=[
            Mistake("swapped", mix(share, rest), "the shares are exchanged. An amount of 1 must leave no image, only "
                    "noise."),
            Mistake("image not faded", mix(lambda a: 1, share), "the noise is added on top of the whole image. The "
                    "image must fade: its share is 1 - amount."),
            Mistake("noise not faded", mix(rest, lambda a: 1), "the noise comes at full strength: its share is "
                    "amount."),
            Mistake("noise forgotten", mix(rest, lambda a: 0), "the image fades, but no noise is added: add amount "
                    "times noise."),
            Mistake("square roots", mix(lambda a: (1 - a) ** 0.5, lambda a: a**0.5), "these are square roots, as with "
                    "ab_t. Here the two shares themselves add up to 1."),
            Mistake("one amount for all", lambda x, amount, noise: truth(x, amount[:1].expand(len(x)), noise),
                    f"all images got the first amount; {one}"),
            Mistake("one amount for all", lambda x, amount, noise: truth(x, amount.mean().expand(len(x)), noise),
                    f"all images got the mean amount; {one}"),
        ],
        hints=[
            "Two shares that add up to 1: one for x, the other for noise.",
            "amount has shape (B,). Give it the shape (B, 1, 1, 1), so that it is spread over channels and pixels.",
            "a = amount.view(-1, 1, 1, 1); then (1 - a) * x + a * noise.",
        ],
        probe=Probe("the std of a grey image with amount 0.3 of noise", (grey, torch.tensor([0.3]),
                    uniform(1, 1, 64, 64, seed=3))),
        random=("fresh noise", "Use the noise that you are given, so that the check can compare."),
    )  # fmt: skip


def check_walk_step(function):
    """Exercise 7.2: function(x, pred, now, then) is x at the smaller amount `then`; now and then are floats."""

    def noise_of(x, pred, now):
        return (x - (1 - now) * pred) / now

    def truth(x, pred, now, then):
        return (1 - then) * pred + then * noise_of(x, pred, now)

    def towards(m):
        return lambda x, pred, now, then: x + m(now, then) * (pred - x)

    ways = [(1.0, 0.8), (0.5, 0.1), (0.9, 0.0), (0.3, 0.2)]
    cases = [(uniform(*s, seed=1), uniform(*s, seed=2), now, then) for s, (now, then) in zip(SHAPES, ways)]
    grey = torch.zeros(1, 1, 64, 64)
    divide = "the part of the way is (now - then) / now: of the noise that is left, not of all that there ever was."
    return compare(
        "Exercise 7.2", function, truth, cases,
        mistakes=[
            Mistake("not divided by now", towards(lambda now, then: now - then), divide),
            Mistake("ratio exchanged", towards(lambda now, then: then / now), "then / now is the share of x that "
                    "stays; you gave it to pred."),
            Mistake("mixed with x", towards(lambda now, then: 1 - then), "you mixed pred with x. But x holds some "
                    "image already: first find the noise in it, then mix pred with that."),
            Mistake("guess returned", towards(lambda now, then: 1), "this is the guess itself: the end of the whole "
                    "walk, not of one step."),
            Mistake("not moved", towards(lambda now, then: 0), "x has not moved: mix again with the shares of then."),
            Mistake("away from the guess", lambda x, pred, now, then: x - (1 - then / now) * (pred - x),
                    "you walk away from the guess: the step goes along pred - x."),
            Mistake("noise not divided", lambda x, pred, now, then: (1 - then) * pred + then * (x - (1 - now) * pred),
                    "x - (1 - now) pred is now times the noise: divide by now."),
            Mistake("image not scaled", lambda x, pred, now, then: (1 - then) * pred + then * (x - pred) / now,
                    "only (1 - now) of the image is in x: take away (1 - now) pred, not all of it."),
            Mistake("noise forgotten", lambda x, pred, now, then: (1 - then) * pred, "the noise is missing: at the "
                    "amount then, x still holds that share of it."),
        ],
        hints=[
            "Two steps: which noise is in x, if pred is right? Then mix pred and that noise for the amount then.",
            "x = (1 - now) pred + now noise. Solve it for noise.",
            "The answer is (1 - then) * pred + then * noise, with noise = (x - (1 - now) * pred) / now.",
        ],
        probe=Probe("the std of x, for a grey guess, from 0.5 to 0.4,", (0.5 * uniform(1, 1, 64, 64, seed=3), grey,
                    0.5, 0.4)),
        random=("fresh noise", "This step draws no noise: it keeps the one that is in x."),
    )  # fmt: skip


def check_amount(function):
    """Exercise 7.3: function(x) is the amount (B,) of uniform noise, from the first and last column (black, -1)."""

    def edge(x):
        return x[..., [0, -1]].mean((1, 2, 3))

    def truth(x):
        return 1 + edge(x)

    def hidden(shape, amounts, seed):
        x0 = uniform(*shape, seed=seed)
        x0[..., [0, -1]] = -1
        a = torch.tensor(amounts)[:, None, None, None]
        return ((1 - a) * x0 + a * uniform(*shape, seed=seed + 1),)

    cases = [hidden((4, 1, 8, 8), [0.1, 0.4, 0.7, 1.0], 1), hidden((2, 1, 16, 16), [0.0, 0.6], 3),
             hidden((1, 1, 28, 28), [0.25], 5), hidden((5, 1, 12, 16), [0.9, 0.2, 0.5, 0.3, 0.8], 7)]  # fmt: skip
    return compare(
        "Exercise 7.3", function, truth, cases,
        mistakes=[
            Mistake("share of the image", lambda x: -edge(x), "this is 1 - amount, the share of the image: black is "
                    "-1, so the edge fades from -1 at amount 0 to 0 at amount 1."),
            Mistake("mean itself", edge, "this is the mean of the edge, -(1 - amount): solve that for amount."),
            Mistake("sign", lambda x: 1 - edge(x), "the sign is wrong: mean = -(1 - amount), so amount = 1 + mean."),
            Mistake("whole picture", lambda x: 1 + x.mean((1, 2, 3)), "you averaged the whole picture, strokes "
                    "included. Only the edge is known to be black."),
            Mistake("one number for all", lambda x: truth(x).mean(), "this is one number for the whole batch: each "
                    "image has an amount of its own, so average over channels, rows and columns only."),
            Mistake("one number for all", lambda x: truth(x).mean().expand(len(x)), "all images got the same number: "
                    "average over channels, rows and columns, not over the batch."),
            Mistake("rows for columns", lambda x: 1 + x[:, :, [0, -1]].mean((1, 2, 3)), "these are the first and last "
                    "rows. The columns are the last dimension: x[..., [0, -1]]."),
            Mistake("one column", lambda x: 1 + x[..., 0].mean((1, 2)), "this is the first column alone: the last one "
                    "is black, too, and a mean over more pixels is surer."),
            Mistake("one column", lambda x: 1 + x[..., -1].mean((1, 2)), "this is the last column alone: the first one "
                    "is black, too, and a mean over more pixels is surer."),
            Mistake("range of 0 to 1", lambda x: (1 + edge(x)) / 2, "you halved it, as for pixels in [0, 1]. Here "
                    "black is -1 and the noise has mean 0."),
            Mistake("spread", lambda x: x[..., [0, -1]].flatten(1).std(1) * 3**0.5, "a fine idea: the spread of the "
                    "edge is amount / sqrt(3). But the check asks for its mean."),
        ],
        hints=[
            "What is the mean of uniform noise from -1 to 1, and what becomes of a black pixel, -1, at some amount?",
            "At the edge x = -(1 - amount) + amount noise, and the noise has mean 0.",
            "x[..., [0, -1]] are the two columns; average them over dimensions 1, 2 and 3, then add 1.",
        ],
        probe=Probe("the amount found in an image with 0.25 of noise", cases[2], lambda out: float(out[0])),
    )  # fmt: skip
