"""The checks of lesson 4: training."""

import functools

import torch

import diffusion_utilities as du
from checks.core import Mistake, Probe, Result, compare, noised_cases, per_image, randn


def _even(u, T):
    """Numbers u in [0, 1) as whole times 1..T, each as likely as any other: the lesson's `uniform`."""
    return (u * T).long() + 1


def check_ask(function):
    """Your turn 4.1: function(x0, ab_t, g, times) is x_t, t and eps; first u, then eps are drawn from g."""

    def asked(u_first=True, numbers=1, normal=torch.randn, of=len, mix=du.add_noise, one=False,
              order=(0, 1, 2), late=0):  # fmt: skip
        def made(x0, ab_t, g, times):
            def draw_u():
                return torch.rand(1 if one else len(x0), generator=g).expand(len(x0))

            def draw_eps():
                return normal(*x0[: numbers or None].shape, generator=g).expand(x0.shape)

            u, eps = (draw_u(), draw_eps()) if u_first else (draw_eps(), draw_u())[::-1]
            t = (times(u, of(ab_t) - 1) - late).clamp(0, len(ab_t) - 1)
            answer = mix(x0, t, eps, ab_t), t, eps
            return [answer[i] for i in order]

        return functools.partial(_with_seed, made)

    def mixed(signal, sigma):
        return lambda x0, t, eps, ab_t: per_image(signal(ab_t[t])) * x0 + per_image(sigma(ab_t[t])) * eps

    def root(ab):
        return ab.sqrt()

    def plain(ab):
        return ab

    def rest(ab):
        return 1 - ab

    def asked_each(**how):
        return asked(numbers=None, **how)

    cases = [(randn(*shape, seed=1), du.noise_schedule(name, T), seed)
             for shape, name, T, seed in [((6, 3, 4, 4), "cosine", 500, 3), ((2, 1, 8, 8), "linear", 1000, 5),
                                          ((9, 3, 4, 6), "cosine", 100, 8)]]  # fmt: skip
    white = torch.ones(4, 3, 16, 16)
    return compare(
        "Your turn 4.1", functools.partial(_with_seed, function), asked_each(), cases,
        mistakes=[
            Mistake("noise drawn first", asked_each(u_first=False),
                    "the noise is drawn before u. That would be as good, but the check repeats your draws: u first."),
            Mistake("one time for all", asked_each(one=True),
                    "all sprites of the batch get the same time. Draw a number u for each: torch.rand(len(x0), ...)."),
            Mistake("one noise for all", asked(),
                    "all sprites of the batch get the same noise: eps needs the shape of x0."),
            Mistake("uniform noise", asked_each(normal=torch.rand),
                    "torch.rand draws between 0 and 1; the noise of a bell curve is torch.randn."),
            Mistake("T + 1", asked_each(of=lambda ab_t: len(ab_t) + 1),
                    "ab_t has T + 1 entries, as it also has one for t = 0: T is len(ab_t) - 1."),
            Mistake("off by one", asked_each(late=1),
                    "the times are one too small. `times` gives 1..T already, and at t = 0 there is no noise to find."),
            Mistake("square root of noise", asked_each(mix=mixed(root, rest)),
                    "in x_t the square root on the noise is missing."),
            Mistake("square roots", asked_each(mix=mixed(plain, rest)), "in x_t both weights need a square root."),
            Mistake("swapped", asked_each(mix=mixed(lambda ab: (1 - ab).sqrt(), root)),
                    "the weights are swapped: at small t there is much of the sprite in x_t and little noise."),
            Mistake("clean sprite", asked_each(mix=lambda x0, *_: x0),
                    "the first answer is the clean sprite, in which there is no noise to find: mix x_t."),
            Mistake("order", asked_each(order=(0, 2, 1)), "return x_t, t, eps in this order."),
        ],
        hints=[
            "Four lines: u, the times, the noise, the mixture. What is random comes from g: torch.rand(..., "
            "generator=g).",
            "u = torch.rand(len(x0), generator=g), then t = times(u, T) with T = len(ab_t) - 1.",
            "eps = torch.randn(x0.shape, generator=g); the mixture is du.add_noise(x0, t, eps, ab_t).",
        ],
        probe=Probe("for four white sprites the mean of x_t", (white, du.noise_schedule("cosine"), 4),
                    lambda out: out[0].mean().item()),
        random=("no seed", "Give g to torch.rand and to torch.randn, as generator=g."),
    )  # fmt: skip


def _with_seed(function, x0, ab_t, seed):
    """The answer of a question with a new generator and the lesson's `uniform`; a tuple as a list."""
    answer = function(x0, ab_t, torch.Generator().manual_seed(seed), _even)
    return list(answer) if isinstance(answer, tuple) else answer


class _Toy(torch.nn.Module):
    """Stands for a network: cheap, with two weights, and its answer depends on the image, the time and the context."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(0.7))
        self.context = torch.nn.Parameter(torch.tensor([0.3, -0.2]))

    def forward(self, x, t, c=None):
        t = torch.as_tensor(t).float().reshape(-1, 1, 1, 1)
        told = 0 if c is None else per_image(c @ self.context)
        return self.weight * x + 0.3 * x.flip(3) + (3 * t).sin() + told


def _learned(function, cases):
    """What three steps of a function like `learn` tell and change: the losses and, after each, the weights."""
    model = _Toy()
    optimizer, told = torch.optim.SGD(model.parameters(), lr=0.1), []
    for case in cases:
        loss = function(model, optimizer, *(v.clone() if torch.is_tensor(v) else v for v in case))
        if loss is ... or loss is None or isinstance(loss, str):
            return loss
        loss = loss.detach() if torch.is_tensor(loss) else torch.tensor(float(loss))
        if loss.shape != ():
            return loss
        told.append(torch.cat([loss.reshape(1), model.weight.detach().reshape(1), model.context.detach()]))
    return torch.stack(told)


def check_learn(function):
    """Your turn 4.2: function(network, optimizer, x_t, t, T, aim, c) takes one step downhill and returns the loss."""

    def square(error):
        return error.square().mean()

    def step(measure=square, share=lambda t, T: t / T, down=None, told=lambda c: c, sign=1, x_is=lambda x, aim: x):
        def made(network, optimizer, x_t, t, T, aim, c=None):
            loss = measure(network(x_is(x_t, aim), share(t, T), told(c)) - aim)
            (down or downhill)(optimizer, sign * loss)
            return loss.item()

        return made

    def downhill(optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def piling_up(optimizer, loss):
        loss.backward()
        optimizer.step()

    def emptied(optimizer, loss):
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()

    def early(optimizer, loss):
        optimizer.zero_grad()
        optimizer.step()
        loss.backward()

    def late(optimizer, loss):
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()

    def standing(optimizer, loss):
        optimizer.zero_grad()
        loss.backward()

    def cases(T, seed, c):
        shape = (4, 3, 4, 4) if seed % 2 else (2, 1, 8, 8)
        t, told = torch.tensor([1, 30, 60, T])[: shape[0]], torch.eye(2)[[0, 1, 1, 0]][: shape[0]]
        given = [(randn(*shape, seed=seed + k), t, T, randn(*shape, seed=seed + 10 + k), told if c else None)
                 for k in range(3)]  # fmt: skip
        return [tuple(v for v in case if v is not None) for case in given]

    result = compare(
        "Your turn 4.2", lambda *case: _learned(function, case[0]), lambda *case: _learned(step(), case[0]),
        [(cases(T, seed, c),) for T, seed, c in ((100, 1, None), (500, 2, True), (80, 3, True))],
        mistakes=[Mistake(name, lambda *case, made=made: _learned(made, case[0]), advice) for name, made, advice in [
            ("gradients pile up", step(down=piling_up),
             "the first step is right, later ones are not: backward() adds to the gradients that are still there. "
             "Empty them with optimizer.zero_grad() before it."),
            *[("weights stay", step(down=lines), "the weights never move, so nothing is learned: backward() finds out "
               "where they should go and step() moves them, in this order and with no zero_grad() between them.")
              for lines in (emptied, early, standing)],
            ("one step late", step(down=late),
             "optimizer.step() comes before backward(), and so follows the gradient of the batch before."),
            ("uphill", step(sign=-1), "it climbs: backward() must be called on the loss, not on minus the loss."),
            ("t not divided", step(share=lambda t, T: t), "the network is given t / T, between 0 and 1, not t itself."),
            ("T + 1", step(share=lambda t, T: t / (T + 1)), "the network is given t / T; you divide by T + 1."),
            ("T = 500", step(share=lambda t, T: t / 500), "T is not always 500: use the argument T."),
            ("class not told", step(told=lambda c: None), "the network is not told the class: give it c as well."),
            ("asked about the answer", step(x_is=lambda x, aim: aim),
             "the network is shown `aim`, and so the answer itself: show it x_t."),
            ("sum", step(lambda e: e.square().sum()),
             "that is a sum, which grows with the batch and the image; the mean does not depend on their size."),
            ("sum", step(lambda e: e.square().sum((1, 2, 3)).mean()),
             "the pixels are summed, so the loss grows with the image; take the mean over everything."),
            ("root mean square", step(lambda e: square(e).sqrt()),
             "that is the root of the mean square; the loss is the mean square itself."),
            ("absolute error", step(lambda e: e.abs().mean()),
             "that is the mean absolute error, whose best answer is the median (section 6), not the mean."),
            ("not squared", step(lambda e: e.mean()),
             "that is the mean error, in which too much and too little cancel out: square it first."),
            ("half", step(lambda e: square(e) / 2), "that is half the mean square."),
        ]],
        hints=[
            "Ask the network, compare its answer with `aim`, then the three lines that every training in PyTorch has.",
            "loss = (network(x_t, t / T, c) - aim).square().mean(), then zero_grad, backward, step.",
            "optimizer.zero_grad(), loss.backward(), optimizer.step(), return loss.item().",
        ],
        probe=Probe("the weight of a small stand-in network after three steps", (cases(100, 1, None),),
                    lambda out: out[-1, 1].item()),
    )  # fmt: skip
    if result.mistake == "shape":
        result.text = "the loss must be one number, the mean over everything: return loss.item()."
    return result


def check_v(function):
    """Your turn 4.3: function(x0, t, eps, ab_t) is v; t holds one time for each image."""

    def mix(signal, sigma, of_x0=-1):
        """signal(ab) * eps + of_x0 * sigma(ab) * x0"""

        def made(x0, t, eps, ab_t):
            return per_image(signal(ab_t[t])) * eps + of_x0 * per_image(sigma(ab_t[t])) * x0

        return made

    def root(ab):
        return ab.sqrt()

    def other_root(ab):
        return (1 - ab).sqrt()

    def negative(f):
        return lambda ab: -f(ab)

    def early(x0, t, eps, ab_t):
        return du.target(x0, t - 1, eps, ab_t, "v")

    white, no_noise = torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    return compare(
        "Your turn 4.3", function, lambda *case: du.target(*case, "v"), noised_cases("cosine"),
        mistakes=[
            Mistake("sign", mix(negative(root), other_root, 1),
                    "both signs are turned: the noise counts positively, x0 negatively."),
            Mistake("x_t", mix(other_root, root, 1), "that is x_t itself, the network's question, not its answer."),
            Mistake("plus for minus", mix(root, other_root, 1), "x0 is subtracted, not added."),
            Mistake("swapped", mix(negative(other_root), root, 1),
                    "x0 and the noise have changed places: the noise is weighted by sqrt(ab_t), x0 by sqrt(1 - ab_t)."),
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
            "ab = ab_t[t].float()[:, None, None, None], then ab.sqrt() * eps - (1 - ab).sqrt() * x0.",
        ],
        probe=Probe("v of a white image without noise at t = 100", (white, torch.tensor([100]), no_noise,
                    du.noise_schedule("cosine")), lambda out: out.mean().item()),
    )  # fmt: skip


def check_middle(function):
    """Your turn 4.4: function(u, T) is whole times, one from each of B slices, distributed as `du.Times("middle")`."""

    def sliced(u):
        return (torch.arange(len(u)) + u.double()) / len(u)

    def bent(u):
        return torch.arccos(1 - 2 * u.double()) / torch.pi

    def times(share, whole=torch.ceil, low=1):
        return lambda u, T: whole(T * share(u)).long().clamp(low, T)

    def from_slices(bend):
        return lambda u: bend(sliced(u))

    def numbers(B, seed):
        return torch.rand(B, generator=torch.Generator().manual_seed(seed))

    at_0 = numbers(6, 3)
    at_0[0] = 0.0
    cases = [(numbers(8, 0), 500), (numbers(5, 1), 1000), (numbers(1, 2), 500), (at_0, 400)]
    result = compare(
        "Your turn 4.4", function, times(from_slices(bent)), cases,
        mistakes=[
            Mistake("no slices", times(bent),
                    "the times are bent towards the middle, but each is drawn alone: slice u first."),
            Mistake("not bent", times(lambda u: sliced(u)),
                    "one from each slice, but every time is as likely as any other: bend the slices' numbers."),
            Mistake("neither", _even, "that is `uniform`: neither sliced nor bent."),
            Mistake("t = 0", times(from_slices(bent), low=0),
                    "if u is 0 this gives t = 0, where there is no noise to find: clamp the times to 1..T."),
            Mistake("one too small", lambda u, T: times(from_slices(bent), torch.floor, 0)(u, T),
                    "it rounds down, so the times run from 0 to T - 1: round up, with ceil()."),
            Mistake("one too small", times(from_slices(bent), torch.floor),
                    "it rounds down, so T never comes: round up, with ceil()."),
            Mistake("pi missing", times(from_slices(lambda u: torch.arccos(1 - 2 * u))),
                    "arccos reaches from 0 to pi, so it must be divided by pi: torch.pi."),
            Mistake("half the way", times(from_slices(lambda u: torch.arccos(1 - u) / torch.pi)),
                    "it ends at T / 2: inside arccos stands 1 - 2 u, which runs from 1 to -1."),
            Mistake("downwards", times(from_slices(lambda u: torch.arccos(2 * u - 1) / torch.pi)),
                    "the times fall where u rises: inside arccos stands 1 - 2 u, not 2 u - 1. (As good, but not the "
                    "formula.)"),
            Mistake("bent outwards", times(from_slices(lambda u: (1 - torch.cos(torch.pi * u)) / 2)),
                    "this crowds the times at both ends. You solved in the wrong direction: the formula needs arccos."),
            Mistake("not whole", lambda u, T: T * bent(sliced(u)), "t must be whole: round up, ceil().long()."),
        ],
        hints=[
            "First the slices: number i of B becomes (i + u_i) / B. torch.arange(B) holds the i.",
            "Then the bend: T * torch.arccos(1 - 2 * u) / torch.pi.",
            "At last whole numbers: .ceil().long().clamp(1, T).",
        ],
        probe=Probe("for four numbers u = 0.5 the first time", (torch.full((4,), 0.5), 500),
                    lambda out: float(out[0])),
    )  # fmt: skip
    if result.passed and function(numbers(3, 4), 100).is_floating_point():
        text = "the numbers are right, but of a float type, and ab_t[t] needs whole ones: add .long()."
        return Result("Your turn 4.4", text, mistake="float")
    return result


class _Weights(torch.nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = torch.nn.Parameter(value.clone())


def check_ema(function):
    """Your turn 4.5: function(average, weights, step, max_decay) is the next exponential moving average."""

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
        "Your turn 4.5", function, truth,
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
