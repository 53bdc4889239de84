"""The checks of lesson 14: editing."""

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, randn


def check_start_from(function):
    """Your turn 14.1: function(x, strength, z, ab_t) is (x_t, t): the picture with the noise z of the time
    t = round(strength T) (SDEdit, Meng et al. 2022, algorithm 2)."""

    def begun(time=lambda s, T: round(s * T), signal=lambda ab: ab**0.5, noise=lambda ab: (1 - ab) ** 0.5):
        def made(x, strength, z, ab_t):
            t = time(strength, len(ab_t) - 1)
            return signal(ab_t[t].item()) * x + noise(ab_t[t].item()) * z, t

        return made

    def mixed(x, strength, z, ab_t):
        return (1 - strength) * x + strength * z, round(strength * (len(ab_t) - 1))

    settings = [(0.3, "cosine", 500), (0.1375, "linear", 500), (0.551, "rescaled", 120), (0.8, "cosine", 50)]
    cases = [
        (randn(*shape, seed=1).clamp(-1, 1), s, randn(*shape, seed=2), du.noise_schedule(name, T))
        for shape, (s, name, T) in zip(SHAPES, settings)
    ]
    ab_t, grey = du.noise_schedule("cosine"), torch.zeros(1, 3, 64, 64)
    return compare(
        "Your turn 14.1", function, begun(), cases,
        mistakes=[
            Mistake("not noisy", lambda x, s, z, ab_t: (x, round(s * (len(ab_t) - 1))),
                    "this is still the clean picture, and the network will be told that it holds the noise of time t: "
                    "add that noise."),
            Mistake("upside down", begun(lambda s, T: round((1 - s) * T)),
                    "a strength near 1 changes much, so it needs much noise: t = strength T, not (1 - strength) T."),
            Mistake("linear mix", mixed, "picture and noise are mixed in the amounts 1 - strength and strength. The "
                    "network knows other amounts: the roots of ab_t[t] and of 1 - ab_t[t]."),
            Mistake("noise on top", begun(signal=lambda ab: 1.0),
                    "the noise lies on top of the whole picture. At time t the picture has shrunk to sqrt(ab_t[t])."),
            Mistake("square roots", begun(signal=lambda ab: ab, noise=lambda ab: 1 - ab),
                    "the square roots are missing: sqrt(ab_t[t]) for the picture, sqrt(1 - ab_t[t]) for the noise."),
            Mistake("swapped", begun(signal=lambda ab: (1 - ab) ** 0.5, noise=lambda ab: ab**0.5),
                    "the amounts are swapped: ab_t[t] is the picture's share."),
            Mistake("cut off", begun(lambda s, T: int(s * T)), "the time is cut off, not rounded. That is harmless, "
                    "but the nearest whole time is asked for."),
        ],
        hints=[
            "Two things: which time belongs to the strength, and what a picture looks like at that time.",
            "T is len(ab_t) - 1, and t = round(strength * T).",
            "x_t is lesson 1's formula: ab_t[t] ** 0.5 * x + (1 - ab_t[t]) ** 0.5 * z. Return x_t, t.",
        ],
        probe=Probe("the std of x_t, for a grey picture and the strength 0.3,",
                    (grey, 0.3, randn(1, 3, 64, 64), ab_t), lambda out: out[0].std().item()),
    )  # fmt: skip


def _half(shape, seed=4):
    return (randn(shape[0], 1, *shape[2:], seed=seed) > 0).float()


def check_keep_outside(function):
    """Your turn 14.2: function(x, s, known, mask, z, ab_t) is x where mask is 1, and elsewhere the known picture with
    the noise z of time s (RePaint, Lugmayr et al. 2022, equation 8)."""

    def kept(signal=lambda ab: ab**0.5, noise=lambda ab: (1 - ab) ** 0.5, inside=lambda m: m, outside=lambda m: 1 - m,
             level=lambda s: s):  # fmt: skip
        def made(x, s, known, mask, z, ab_t):
            ab = ab_t[level(s)].item()
            return inside(mask) * x + outside(mask) * (signal(ab) * known + noise(ab) * z)

        return made

    ab_t = du.noise_schedule("cosine")
    cases = [(randn(*shape, seed=1), s, randn(*shape, seed=2).clamp(-1, 1), _half(shape), randn(*shape, seed=3), ab_t)
             for shape, s in zip(SHAPES, (300, 40, 475, 120))]  # fmt: skip
    grey, everywhere = torch.zeros(1, 3, 64, 64), torch.zeros(1, 1, 64, 64)
    return compare(
        "Your turn 14.2", function, kept(), cases,
        mistakes=[
            Mistake("clean pixels", kept(lambda ab: 1.0, lambda ab: 0.0), "the known pixels are put back clean, into a "
                    "picture full of noise. At time s they must hold the noise of time s, like all the others."),
            Mistake("inside out", kept(inside=lambda m: 1 - m, outside=lambda m: m),
                    "the mask is inverted: it is 1 where the network draws, and there x stays."),
            Mistake("wrong level", kept(level=lambda s: -1), "the known pixels hold the noise of the start, T. "
                    "Meanwhile the picture has come down to time s: look up ab_t[s]."),
            Mistake("wrong level", kept(level=lambda s: s - 1),
                    "the known pixels hold the noise of time s - 1, but x is at time s: look up ab_t[s]."),
            Mistake("noise on top", kept(signal=lambda ab: 1.0), "the noise lies on top of the whole known picture. At "
                    "time s it has shrunk to sqrt(ab_t[s])."),
            Mistake("square roots", kept(lambda ab: ab, lambda ab: 1 - ab), "the square roots are missing: "
                    "sqrt(ab_t[s]) for the known picture, sqrt(1 - ab_t[s]) for the noise."),
            Mistake("noise alone", kept(signal=lambda ab: 0.0), "outside the mask there is only noise: the known "
                    "picture is missing."),
            Mistake("added", kept(inside=lambda m: 1.0), "outside the mask the old x is still there, below the known "
                    "pixels: multiply x by the mask."),
            Mistake("nothing kept", lambda x, s, known, mask, z, ab_t: x, "this is x as it was: outside the mask the "
                    "known picture must take its place."),
        ],
        hints=[
            "Make the known picture as noisy as x is, then take x inside the mask and that outside.",
            "The known picture at time s is ab_t[s] ** 0.5 * known + (1 - ab_t[s]) ** 0.5 * z.",
            "mask * x + (1 - mask) * (the known picture at time s).",
        ],
        probe=Probe("the std outside the mask, for a known picture that is grey, at s = 120,",
                    (randn(1, 3, 64, 64, seed=1), 120, grey, everywhere, randn(1, 3, 64, 64, seed=3), ab_t)),
    )  # fmt: skip


def check_go_back(function):
    """Your turn 14.3: function(x, s, t, z, ab_t) is x_t from x = x_s and noise z, for s < t (RePaint, section 4.2;
    several steps of DDPM's equation 2 at once)."""

    def back(signal=lambda ab_t, ab_s: (ab_t / ab_s) ** 0.5, noise=lambda ab_t, ab_s: (1 - ab_t / ab_s) ** 0.5):
        def made(x, s, t, z, ab_t):
            a, b = ab_t[t], ab_t[s]
            return signal(a, b) * x + noise(a, b) * z

        return made

    settings = [(280, 300, "cosine"), (0, 40, "cosine"), (7, 40, "linear"), (150, 300, "rescaled")]
    cases = [(randn(*shape, seed=1), s, t, randn(*shape, seed=2), du.noise_schedule(name))
             for shape, (s, t, name) in zip(SHAPES, settings)]  # fmt: skip
    ab_t = du.noise_schedule("cosine")
    return compare(
        "Your turn 14.3", function, back(), cases,
        mistakes=[
            Mistake("as if clean", back(lambda a, b: a**0.5, lambda a, b: (1 - a) ** 0.5),
                    "this adds the noise of time t to a clean picture. x holds the noise of time s already, so only "
                    "what is missing between s and t may be added."),
            Mistake("upside down", back(lambda a, b: (b / a) ** 0.5, lambda a, b: (1 - b / a) ** 0.5),
                    "the ratio is upside down: from s up to t the picture shrinks, so ab_t[t] / ab_t[s], which is "
                    "below 1."),
            Mistake("square roots", back(lambda a, b: a / b, lambda a, b: 1 - a / b),
                    "the square roots are missing, on the ratio and on what is left of 1."),
            Mistake("noise on top", back(signal=lambda a, b: 1.0), "the noise lies on top of the whole of x. Going up, "
                    "x shrinks by sqrt(ab_t[t] / ab_t[s])."),
            Mistake("too much noise", back(noise=lambda a, b: (1 - a) ** 0.5),
                    "all the noise of time t is added, on top of that of time s, which x still holds: add the variance "
                    "1 - ab_t[t] / ab_t[s]."),
            Mistake("difference", back(noise=lambda a, b: (b - a) ** 0.5),
                    "the noise that x holds shrinks with x, so the difference of the two amounts is not enough: add "
                    "the variance 1 - ab_t[t] / ab_t[s]."),
            Mistake("no noise", back(noise=lambda a, b: 0.0), "x has shrunk, and no noise was added: z is missing."),
            Mistake("unchanged", lambda x, s, t, z, ab_t: x, "this is x as it was, at time s."),
        ],
        hints=[
            "x_s is a mixture with the roots of ab_t[s] and 1 - ab_t[s]. What must it be multiplied by, so that the "
            "picture in it has the root of ab_t[t]?",
            "Let r = ab_t[t] / ab_t[s]. x shrinks by r ** 0.5, and its noise now has the variance r (1 - ab_t[s]).",
            "1 - ab_t[t] - r (1 - ab_t[s]) = 1 - r is missing: r ** 0.5 * x + (1 - r) ** 0.5 * z.",
        ],
        probe=Probe("the std of x_t, for pure noise of size 1 from s = 280 to t = 300,",
                    (randn(1, 3, 64, 64, seed=1), 280, 300, randn(1, 3, 64, 64, seed=2), ab_t)),
    )  # fmt: skip


def check_lend(function):
    """Your turn 14.4: function(looks) gives each odd row the even row before it; looks (2 B, heads, pixels, words)
    (prompt-to-prompt, Hertz et al. 2022, algorithm 1)."""

    def truth(looks):
        return looks[0::2].repeat_interleave(2, 0)

    shapes = [(4, 2, 6, 3), (2, 2, 4, 5), (8, 1, 3, 2), (6, 2, 16, 4)]
    cases = [(randn(*shape, seed=7).softmax(3),) for shape in shapes]
    rows = torch.arange(4.0).view(4, 1, 1, 1)
    return compare(
        "Your turn 14.4", function, truth, cases,
        mistakes=[
            Mistake("other way", lambda looks: looks[1::2].repeat_interleave(2, 0),
                    "the new prompt lends its looks to the old one: exchange the two, even rows lend to odd ones."),
            Mistake("halves", lambda looks: looks[: len(looks) // 2].repeat(2, 1, 1, 1),
                    "you lend the first half to the second. The rows alternate: old, new, old, new."),
            Mistake("halves", lambda looks: looks[0::2].repeat(2, 1, 1, 1),
                    "the even rows are the right ones, but they stand all together, twice: each must be followed by "
                    "itself (repeat_interleave, not repeat)."),
            Mistake("half is missing", lambda looks: looks[0::2], "only the old prompt's rows are left: each must "
                    "stand there twice, once for the old prompt and once for the new."),
            Mistake("unchanged", lambda looks: looks, "nothing was lent: the odd rows still hold their own looks."),
            Mistake("mean", lambda looks: ((looks[0::2] + looks[1::2]) / 2).repeat_interleave(2, 0),
                    "this is the mean of both: the new prompt must look exactly where the old one did."),
            Mistake("all from one", lambda looks: looks[:1].expand_as(looks), "every row gets the looks of the first "
                    "picture: each pair has its own."),
        ],
        hints=[
            "looks[0::2] are the rows of the old prompts.",
            "Each of these rows must stand there twice, one copy right behind the other.",
            "repeat_interleave(2, 0) repeats each row.",
        ],
        probe=Probe("for rows that hold 0, 1, 2 and 3, what row 2 and row 3 hold, as one number,", (rows,),
                    lambda out: 10 * out[2].flatten()[0].item() + out[3].flatten()[0].item()),
    )  # fmt: skip


def check_only_row(function):
    """Your turn 14.5: function(gradient, row) is the gradient (words, width) with zeros in all rows but one (textual
    inversion, Gal et al. 2023, section 3)."""

    def only(keep):
        def made(gradient, row):
            rows = torch.arange(len(gradient))[:, None]
            return torch.where(keep(rows, row), gradient, torch.zeros_like(gradient))

        return made

    cases = [(randn(n, width, seed=n), row) for n, width, row in ((6, 4, 5), (9, 3, 4), (5, 1, 2), (12, 8, 7))]
    return compare(
        "Your turn 14.5", function, only(lambda rows, row: rows == row), cases,
        mistakes=[
            Mistake("inside out", only(lambda rows, row: rows != row),
                    "all words learn except the new one: exactly the other way round."),
            Mistake("row before", only(lambda rows, row: rows == row - 1), "the word before the new one learns. Row 0 "
                    "belongs to no word, so the word number n stands in row n."),
            Mistake("up to the row", only(lambda rows, row: rows <= row), "the words before the new one learn, too."),
            Mistake("from the row on", only(lambda rows, row: rows >= row), "the words behind the new one learn, too."),
            Mistake("the row alone", lambda gradient, row: gradient[row : row + 1], "this is the one row, without the "
                    "others: the optimizer needs a gradient of the same shape as the table, zeros included."),
            Mistake("the row alone", lambda gradient, row: gradient[row], "this is the one row, without the "
                    "others: the optimizer needs a gradient of the same shape as the table, zeros included."),
            Mistake("unchanged", lambda gradient, row: gradient, "this is the whole gradient: every word of the prompt "
                    "would learn, \"a\" among them."),
            Mistake("ones", lambda gradient, row: only(lambda rows, r: rows == r)(torch.ones_like(gradient), row),
                    "the row holds ones, not the gradient: multiply the two."),
        ],
        hints=[
            "Begin with zeros of the gradient's shape.",
            "made = torch.zeros_like(gradient), and then one row of it is filled.",
            "made[row] = gradient[row], and return made.",
        ],
        probe=Probe("for a gradient of ones, 5 x 2, and row 3, the sum of your answer", (torch.ones(5, 2), 3),
                    lambda out: out.sum().item()),
    )  # fmt: skip
