"""The checks of lesson 4: training."""

import torch

import diffusion_utilities as du
from checks.core import Mistake, Probe, Result, compare, flat, noised_cases, per_image, randn


def check_v(function):
    """Exercise 4.1: function(x0, t, noise, ab_t) is v; t holds one time for each image."""

    def mix(signal, sigma, of_x0=-1):
        """signal(ab) * noise + of_x0 * sigma(ab) * x0"""

        def made(x0, t, noise, ab_t):
            return per_image(signal(ab_t[t])) * noise + of_x0 * per_image(sigma(ab_t[t])) * x0

        return made

    def root(ab):
        return ab.sqrt()

    def other_root(ab):
        return (1 - ab).sqrt()

    def negative(f):
        return lambda ab: -f(ab)

    def early(x0, t, noise, ab_t):
        return du.target(x0, t - 1, noise, ab_t, "v")

    white, no_noise = torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    return compare(
        "Exercise 4.1", function, lambda *case: du.target(*case, "v"), noised_cases("cosine"),
        mistakes=[
            Mistake("sign", mix(negative(root), other_root, 1),
                    "both signs are turned: the noise counts positively, x0 negatively."),
            Mistake("x_t", mix(other_root, root, 1), "that is x_t itself, the network's question, not its answer."),
            Mistake("plus for minus", mix(root, other_root, 1), "x0 is subtracted, not added."),
            Mistake("swapped", mix(negative(other_root), root, 1),
                    "x0 and noise have changed places: the noise is weighted by sqrt(ab_t), x0 by sqrt(1 - ab_t)."),
            Mistake("weights swapped", mix(other_root, root),
                    "the weights are swapped: at small t, where ab_t is nearly 1, v is nearly the noise."),
            Mistake("square roots", mix(lambda ab: ab, lambda ab: 1 - ab), "both weights need a square root."),
            Mistake("square root of x0", mix(root, lambda ab: 1 - ab), "the weight of x0 needs a square root, too."),
            Mistake("square root of noise", mix(lambda ab: ab, other_root),
                    "the weight of the noise needs a square root, too."),
            Mistake("off by one", early, "time t is ab_t[t], not ab_t[t - 1]: ab_t[0] is 1, the clean sprite."),
        ],
        hints=[
            "One ab_t[t] for each image: give it the shape (B, 1, 1, 1), and make it float32 like the images.",
            "v is a difference: something times the noise minus something times x0, both square roots.",
            "The noise is multiplied by the square root of ab_t[t], x0 by that of 1 - ab_t[t].",
        ],
        probe=Probe("v of a white image without noise at t = 100", (white, torch.tensor([100]), no_noise,
                    du.noise_schedule("cosine")), lambda out: out.mean().item()),
    )  # fmt: skip


class _Toy(torch.nn.Module):
    """Stands for a network: cheap, with one weight, and its answer depends on the image and on the time."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(0.7))

    def forward(self, x, t, c=None):
        t = torch.as_tensor(t).float().reshape(-1, 1, 1, 1)
        return self.weight * x + 0.3 * x.flip(3) + (40 * t).sin()


def check_loss(function):
    """Exercise 4.2: function(model, x0, t, noise, ab_t) is the mean squared error of the noise, with its gradient."""

    def square(error):
        return error.square().mean()

    def loss(measure=square, noised=du.add_noise, share=lambda t, ab_t: t / (len(ab_t) - 1), truth=None):
        def made(model, x0, t, noise, ab_t):
            answer = model(noised(x0, t, noise, ab_t), share(t, ab_t))
            return measure(answer - (noise if truth is None else truth(x0, noise)))

        return made

    def noised(signal, sigma):
        return lambda x0, t, noise, ab_t: per_image(signal(ab_t[t])) * x0 + per_image(sigma(ab_t[t])) * noise

    model, cases = _Toy(), noised_cases("cosine")[:2] + noised_cases("cosine", T=1000)[2:]
    result = compare(
        "Exercise 4.2", function, loss(), [(model, *case) for case in cases],
        mistakes=[
            Mistake("t not divided", loss(share=lambda t, ab_t: t),
                    "the network is given t / T, between 0 and 1, not t itself."),
            Mistake("T = 500", loss(share=lambda t, ab_t: t / 500),
                    "T is not always 500: take it from ab_t."),
            Mistake("T + 1", loss(share=lambda t, ab_t: t / len(ab_t)),
                    "ab_t holds T + 1 entries, as it also has one for t = 0: T is one less than its length."),
            Mistake("sum", loss(lambda e: e.square().sum()),
                    "that is a sum, which grows with the batch and the image; the mean does not depend on their size."),
            Mistake("sum", loss(lambda e: e.square().sum((1, 2, 3)).mean()),
                    "the pixels are summed, so the loss grows with the image; take the mean over everything."),
            Mistake("root mean square", loss(lambda e: square(e).sqrt()),
                    "that is the root of the mean square; the loss is the mean square itself."),
            Mistake("absolute error", loss(lambda e: e.abs().mean()),
                    "that is the mean absolute error, l1: its best answer is the median, not the mean."),
            *[Mistake("not squared", loss(lambda e, sign=sign: sign * e.mean()),
                      "that is the mean error, in which too much and too little cancel out: square it first.")
              for sign in (1, -1)],
            Mistake("compared with x0", loss(truth=lambda x0, noise: x0),
                    "the answer is compared with the clean sprite; this network predicts the noise."),
            Mistake("clean image", loss(noised=lambda x0, *_: x0),
                    "the network sees the clean sprite, in which there is no noise to find: give it x_t."),
            Mistake("only noise", loss(noised=lambda x0, t, noise, ab_t: noise),
                    "the network sees the noise alone, and so the answer itself: give it x_t."),
            Mistake("square root of noise", loss(noised=noised(lambda ab: ab.sqrt(), lambda ab: 1 - ab)),
                    "in x_t the square root on the noise is missing."),
            Mistake("square roots", loss(noised=noised(lambda ab: ab, lambda ab: 1 - ab)),
                    "in x_t both weights need a square root."),
            Mistake("off by one", loss(noised=lambda x0, t, noise, ab_t: du.add_noise(x0, t - 1, noise, ab_t)),
                    "time t is ab_t[t], not ab_t[t - 1]."),
        ],
        hints=[
            "Three lines: make x_t, ask the model, compare its answer with the noise.",
            "T is len(ab_t) - 1. The model takes x_t and t / T, one time for each image.",
            "(model(x_t, t / T) - noise).square().mean(), with x_t from du.add_noise.",
        ],
        probe=Probe("the loss of a small stand-in network on one batch", (model, *cases[0]),
                    lambda out: flat(out).item()),
    )  # fmt: skip
    if not result.passed:
        return result
    answer = function(model, *cases[0])
    if not (torch.is_tensor(answer) and answer.requires_grad):
        text = ("the number is right, but it has lost its gradient, so backward() cannot reach the weights: return the "
                "tensor itself, without .item(), float(), .detach() or torch.no_grad().")  # fmt: skip
        return Result("Exercise 4.2", text, mistake="gradient lost")
    return result


class _Weights(torch.nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = torch.nn.Parameter(value.clone())


def check_ema(function):
    """Exercise 4.3: function(average, weights, step, max_decay) is the next exponential moving average."""

    def truth(average, weights, step, max_decay):
        ema = du.EMA(_Weights(average))
        ema.steps, ema.max_decay = step - 1, max_decay
        ema.update(_Weights(weights))
        return ema.model.value

    def ramp(step):
        return 1 - 1 / (step / 10 + 1)

    def averaged(decay):
        def made(average, weights, step, max_decay):
            return decay(step, max_decay) * average + (1 - decay(step, max_decay)) * weights

        return made

    a, w = randn(3, 4, seed=1), randn(3, 4, seed=2)
    return compare(
        "Exercise 4.3", function, truth,
        [(a, w, 1, 0.999), (a, w, 25, 0.999), (a[0], w[0], 40_000, 0.999), (a, w, 100, 0.5)],
        mistakes=[
            Mistake("swapped", averaged(lambda step, most: 1 - min(most, ramp(step))),
                    "the roles are swapped: decay is the share of the old average, 1 - decay that of the new weights."),
            Mistake("no warm-up", averaged(lambda step, most: most),
                    "the decay is max_decay from the start, so the untrained weights stay for long: it must ramp up."),
            Mistake("max for min", averaged(lambda step, most: max(most, ramp(step))),
                    "the larger of the two decays wins here; max_decay is a ceiling, so the smaller must win."),
            Mistake("never capped", averaged(lambda step, most: ramp(step)),
                    "the ramp grows towards 1 without end, and the average would stand still: max_decay caps it."),
            Mistake("plain mean", averaged(lambda step, most: 0.5),
                    "that is the middle of the two, at every step; the shares are decay and 1 - decay."),
            Mistake("running mean", averaged(lambda step, most: 1 - 1 / step),
                    "that is the mean of all weights so far, in which old ones count as much as new ones."),
            Mistake("off by one", averaged(lambda step, most: min(most, ramp(step - 1))),
                    "step counts from 1 already: with step - 1 the ramp comes one step late."),
            Mistake("step not divided", averaged(lambda step, most: min(most, 1 - 1 / (step + 1))),
                    "the ramp is ten times too fast: it runs with step / 10."),
        ],
        hints=[
            "First the decay, one number; then a mixture of average and weights.",
            "The decay is the smaller of max_decay and the ramp 1 - 1 / (step / 10 + 1).",
            "decay * average + (1 - decay) * weights, as a new tensor.",
        ],
        probe=Probe("what is left of an average of 1 if the weights are 0 at step 1",
                    (torch.ones(1), torch.zeros(1), 1, 0.999), lambda out: out.item()),
    )  # fmt: skip
