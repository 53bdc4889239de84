"""The checks of lesson 7: hide, idle numbers, the walk and its amounts, and the amount read off the picture."""

import torch
import torch.nn as nn

from checks.core import SHAPES, Mistake, Probe, compare, per_image


def uniform(*shape, seed):
    return 2 * torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) - 1


def check_corrupt(function):
    """Your turn 7.1: function(x, amount, noise) mixes (1 - amount) x + amount noise, one amount for each image."""

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
        "Your turn 7.1", function, truth, cases,
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
    """Your turn 7.3: function(x, pred, now, then) is x at the smaller amount `then`; now and then are floats."""

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
        "Your turn 7.3", function, truth, cases,
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


class _Small(nn.Module):
    """A small network with numbers of every kind: at work, never called, multiplied by zeros only, and zero at work."""

    def __init__(self, seed):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.first = nn.Linear(3 + seed, 4)
            self.second = nn.Linear(4, 2)
            self.never = nn.BatchNorm1d(5)
        nn.init.zeros_(self.second.bias)
        self.never.weight.grad = torch.ones(5)  # left over from something else
        self.first.weight.grad = torch.ones(4, 3 + seed)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


def check_idle(function):
    """Your turn 7.2: function(net, x) lists for each of net.parameters() how many of its numbers get no gradient."""

    def counted(none=lambda p: p.numel(), some=lambda p: int((p.grad == 0).sum()), fresh=True):
        def count(seed):
            net, x = case(seed)
            if fresh:
                net.zero_grad()
            net(x).square().mean().backward()
            return [none(p) if p.grad is None else some(p) for p in net.parameters()]

        return count

    def case(seed):
        x = uniform(6, 3 + seed, seed=seed)
        x[:, -1] = 0  # what is multiplied by it gets no gradient
        return _Small(seed), x

    def left_out(seed):
        net, x = case(seed)
        net.zero_grad()
        net(x).square().mean().backward()
        return [int((p.grad == 0).sum()) for p in net.parameters() if p.grad is not None]

    def zeros(seed):
        return [int((p == 0).sum()) for p in case(seed)[0].parameters()]

    def total(seed):
        return sum(counted()(seed))

    return compare(
        "Your turn 7.2", lambda seed: function(*case(seed)), counted(), [(0,), (1,), (2,)],
        mistakes=[
            Mistake("old gradients", counted(fresh=False), "gradients of an earlier call are still there, and hide "
                    "what is idle: begin with net.zero_grad()."),
            Mistake("None is not idle", counted(none=lambda p: 0), "a parameter whose grad is None was not used at "
                    "all: all of its p.numel() numbers are idle."),
            Mistake("None counted once", counted(none=lambda p: 1), "a parameter whose grad is None is a whole tensor: "
                    "count its p.numel() numbers, not one."),
            Mistake("whole layers only", counted(some=lambda p: 0), "a parameter may be idle in part: where it has a "
                    "gradient, count the entries that are exactly 0."),
            Mistake("working ones", counted(none=lambda p: 0, some=lambda p: int((p.grad != 0).sum())), "you counted "
                    "the numbers that work; the idle ones are asked for."),
            Mistake("left out", left_out, "the list is too short: a parameter whose grad is None stands in it, too, "
                    "with all its numbers."),
            Mistake("zero weights", zeros, "you counted numbers that are 0. Such a number may be learning; what counts "
                    "is whether its *gradient* is 0."),
            Mistake("one sum", total, "this is the sum over all parameters: give a list, with one count for each."),
        ],
        hints=[
            "Delete old gradients, call the network, make one number of the answer, and call .backward() on it.",
            "After net.zero_grad() and net(x).square().mean().backward(), look at p.grad for p in net.parameters().",
            "[p.numel() if p.grad is None else int((p.grad == 0).sum()) for p in net.parameters()]",
        ],
        probe=Probe("the sum of your list, for a network in which 5 + 5 numbers are never used and 4 see only zeros,",
                    (0,), lambda out: sum(out)),
    )  # fmt: skip


def check_amounts(function):
    """Your turn 7.4: function(parts) lists the amounts of noise of a walk from 1 that goes these parts."""

    def product(factors, start=1.0):
        amounts = [start]
        for factor in factors:
            amounts.append(amounts[-1] * factor)
        return amounts

    def truth(parts):
        return product(1 - m for m in parts)

    cases = [([0.25, 1 / 3, 0.5, 1.0],), ([0.1] * 6,), ([0.9, 0.2, 0.6],), ([0.5],)]
    return compare(
        "Your turn 7.4", function, truth, cases,
        mistakes=[
            Mistake("start missing", lambda parts: truth(parts)[1:], "the start is missing: the list begins with 1, "
                    "before any step, so it has one number more than there are parts."),
            Mistake("one short", lambda parts: truth(parts)[:-1], "the amount after the last step is missing: n steps "
                    "lie between n + 1 amounts."),
            Mistake("subtracted", lambda parts: [1 - sum(parts[:i]) for i in range(len(parts) + 1)], "you take the "
                    "part m off the noise of the start. It is a part of what is *left*: multiply by 1 - m."),
            Mistake("parts multiplied", lambda parts: product(parts), "m is what goes; what stays is 1 - m."),
            Mistake("each alone", lambda parts: [1.0, *(1 - m for m in parts)], "each step starts where the one before "
                    "it ended: multiply the last amount, not 1."),
            Mistake("the image", lambda parts: [1 - a for a in truth(parts)], "this is the share of the image; the "
                    "amount is the share of the noise."),
            Mistake("last one only", lambda parts: truth(parts)[-1], "this is the last amount alone: give the list of "
                    "all of them, from the 1 of the start."),
        ],
        hints=[
            "One step makes x (1 - m) + pred m. By which factor does the noise in x shrink?",
            "Start with amounts = [1.0], and for each m append the last amount times (1 - m).",
            "amounts = [1.0]; for m in parts: amounts.append(amounts[-1] * (1 - m)); return amounts.",
        ],
        probe=Probe("what is left after six steps of 0.1", (cases[1][0],), lambda out: float(out[-1])),
    )  # fmt: skip


def check_amount(function):
    """Your turn 7.5: function(x) is the amount (B,) of uniform noise, from the first and last column (black, -1)."""

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
        "Your turn 7.5", function, truth, cases,
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
