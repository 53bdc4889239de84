"""The checks of lesson 5: context and guidance."""

import torch

from checks.core import Mistake, Probe, compare, copied, per_image, randn


def check_drop(function):
    """Your turn 5.1: function(c, u, p) is c (B, K) with zeros in the rows whose u (B,) is below p."""

    def rows(keep):
        return lambda c, u, p: c * keep(u, p)[:, None]

    def truth(c, u, p):
        return c * (u >= p)[:, None]

    def across(c, u, p):
        return c * (u >= p)

    def case(B, K, p, seed):
        c = torch.eye(K)[torch.arange(B) % K] if seed % 2 else 0.1 + randn(B, K, seed=seed).abs()
        return c, torch.rand(B, generator=torch.Generator().manual_seed(seed)), p

    exercise, square = "Your turn 5.1", case(4, 4, 0.5, 8)
    at_p = (torch.eye(5), torch.tensor([0.0, 0.1, 0.5, 0.7, 0.9]), 0.5)
    cases = [square, case(6, 5, 0.5, 9), case(8, 3, 0.3, 10), case(7, 5, 0.8, 11), at_p, case(2, 3, 0.0, 12)]
    try:  # where B and K differ, this mistake is an error of torch, which says less
        if torch.equal(function(*[copied(x) for x in square]), across(*square)):
            cases = [square]
    except Exception:  # `_check` will meet it, too, and say so
        pass
    u = torch.rand(100, generator=torch.Generator().manual_seed(0))
    return compare(
        exercise, function, truth, cases,
        mistakes=[
            Mistake("columns", across, "(B, K) times (B,) runs along the last axis and drops columns, here only "
                    "because B = K; a number for each row needs the shape (B, 1)."),
            Mistake("inverted", rows(lambda u, p: u < p),
                    "the rows to drop are kept, the others dropped: u < p, with probability p, means drop."),
            Mistake("boundary", rows(lambda u, p: u > p),
                    "a row with u equal to p stays: u can be exactly 0, and p = 0 must drop nothing."),
            Mistake("whole batch", lambda c, u, p: c * (u[0] >= p),
                    "the first number decides for the whole batch; each row has its own."),
            Mistake("scaled", lambda c, u, p: truth(c, u, p) / (1 - p), "the kept rows have changed. Dropout divides "
                    "by 1 - p to keep the mean, but a context is a message: 1 hero must stay 1 hero."),
            Mistake("all dropped", lambda c, u, p: torch.zeros_like(c),
                    "every row is zero, so the network would never learn what a context means."),
            Mistake("nothing dropped", lambda c, u, p: c,
                    "no row is dropped. If you used masked_fill or where: they return a new tensor."),
            Mistake("ones", lambda c, u, p: torch.where((u < p)[:, None], 1.0, c), "the dropped rows must be zeros; "
                    "a row of ones asks for all classes at once, a row of zeros for nothing."),
            Mistake("removed", lambda c, u, p: c[u >= p],
                    "the rows are gone, not zero: each image of the batch still needs its row."),
        ],
        hints=[
            "Compare u with p: one True or False for each row.",
            "Turn the (B,) truth values into (B, 1), with [:, None], so that each serves a whole row.",
            "Multiply c by the rows to keep: (u >= p)[:, None].",
        ],
        probe=Probe("the share of rows that are all zeros, at p = 0.1,", (torch.ones(100, 100), u, 0.1),
                    lambda out: (out == 0).all(1).float().sum().item() / 100),
        random=("random", "u holds a number for each row, so that a context is dropped whole or not at all."),
    )  # fmt: skip


def _toy_network(x, t, c=None):
    """A denoiser whose answer depends on all it is given, without being linear in the context."""
    if c is None:
        c = torch.zeros(len(x), 5)
    c = c.expand(len(x), -1)
    pull = (c * torch.tensor([1.0, -2.0, 3.0, 0.5, -1.0])).sum(1)
    return x * (0.3 + per_image(t)) + per_image(pull + pull.square() + 0.2 * torch.tanh(c).sum(1))


def _one_or_two(x, t, c=None):
    """1 without a context, 2 with one that is one-hot; each further 1 adds 1."""
    total = torch.zeros(len(x)) if c is None else c.expand(len(x), -1).abs().sum(1)
    return torch.ones_like(x) + per_image(total)


_toy_network.predicts = _one_or_two.predicts = "v"  # as a denoiser must


def _requests():
    """Cases (x, t, c) of several shapes; no width is the batch size, so a missing (B, 1, 1, 1) is an error of torch."""
    contexts = [torch.eye(5)[[0, 2, 4]], randn(2, 5, seed=4).abs(), torch.eye(5)[[3]]]
    shapes = [(3, 3, 4, 4), (2, 1, 8, 8), (1, 3, 4, 6)]
    times = [torch.tensor([0.1, 0.5, 1.0]), torch.tensor([0.9, 0.2]), torch.tensor([0.4])]
    return [(randn(*s, seed=5), t, c) for s, t, c in zip(shapes, times, contexts)]


def _asked(Denoiser):
    """The answer of a class of denoisers as one function; what is no class at all answers as it likes."""

    def answer(model, x, t, c, *settings):
        denoiser = Denoiser(model, *settings)
        return denoiser(x, t, c) if callable(denoiser) else denoiser

    return answer


def check_guided(Guided):
    """Your turn 5.2: Guided(model, w) is a denoiser that answers uncond + w (cond - uncond)."""

    def answers(combine, nothing=torch.zeros_like):
        return lambda model, x, t, c, w: combine(model(x, t, nothing(c)), model(x, t, c), w)

    def guided(u, c, w):
        return u + w * (c - u)

    x = torch.zeros(1, 3, 4, 4)
    return compare(
        "Your turn 5.2", _asked(Guided), answers(guided),
        [(_toy_network, *request, w) for request, w in zip([*_requests(), _requests()[0]], (3.0, 0.5, 1.5, 0.0))],
        mistakes=[
            Mistake("1 + w", answers(lambda u, c, w: c + w * (c - u)), "this starts at cond. Some papers do, "
                    "and their w is ours minus 1; here w = 0 must give uncond and w = 1 cond."),
            Mistake("swapped", answers(lambda u, c, w: c + w * (u - c)), "cond and uncond are exchanged: "
                    "w = 0 must ignore the request and w = 1 follow it."),
            Mistake("only cond", answers(lambda u, c, w: w * c), "the whole answer is scaled. Scale only what the "
                    "request changes, cond - uncond."),
            Mistake("difference only", answers(lambda u, c, w: w * (c - u)),
                    "this is only what the request changes; it must be added to the answer without a request."),
            Mistake("uncond not subtracted", answers(lambda u, c, w: u + w * c), "what the request changes is a "
                    "difference: cond holds all of uncond as well, take that away first."),
            Mistake("minus", answers(lambda u, c, w: u - w * (c - u)),
                    "the sign is wrong: this walks away from what was asked for."),
            Mistake("ones", answers(guided, torch.ones_like), "no context is a row of zeros, the one that stood in "
                    "for dropped contexts in training; ones ask for every class at once."),
            Mistake("request scaled", lambda model, x, t, c, w: model(x, t, w * c),
                    "you multiplied the request. A row such as 3 hero was never seen in training: multiply the "
                    "difference of the network's answers."),
            Mistake("c for both", answers(lambda u, c, w: c), "w changes nothing: both answers were asked for with c. "
                    "One needs the null context."),
            Mistake("ignored", answers(lambda u, c, w: u), "the request c plays no part: one of the two answers must "
                    "be asked for with it."),
        ],
        hints=[
            "Ask self.model twice with the same x and t: once with zeros in place of c, once with c.",
            "torch.zeros_like(c) is a row of zeros for each image.",
            "Start at uncond and go self.w times the way from uncond to cond.",
        ],
        probe=Probe("the answer at w = 3, where the network says 1 without and 2 with the context,",
                    (_one_or_two, x, torch.tensor([0.5]), torch.eye(5)[[2]], 3.0), lambda out: out.mean().item()),
    )  # fmt: skip


def check_away(Away):
    """Your turn 5.3: Away(model, w, negative) is a denoiser that answers away + w (cond - away); negative is one row
    (5,) for all images."""

    def answers(combine):
        def made(model, x, t, c, w, negative):
            rows = (torch.zeros_like(c), c, negative.expand_as(c))
            return combine(*(model(x, t, row) for row in rows), w)

        return made

    def subtracted(model, x, t, c, w, negative):
        uncond, cond = model(x, t, torch.zeros_like(c)), model(x, t, c - negative)
        return uncond + w * (cond - uncond)

    x, hero, food = torch.zeros(1, 3, 4, 4), torch.eye(5)[[0]], torch.eye(5)[2]
    pairs = [(3.0, torch.eye(5)[1]), (2.0, torch.tensor([0.5, 0, 0, 0.5, 0])), (0.5, food)]
    return compare(
        "Your turn 5.3", _asked(Away), answers(lambda u, c, n, w: n + w * (c - n)),
        [(_toy_network, *request, *pair) for request, pair in zip(_requests(), pairs)],
        mistakes=[
            Mistake("negative ignored", answers(lambda u, c, n, w: u + w * (c - u)),
                    "negative plays no part: its answer must stand where the one to the null context stood."),
            Mistake("starts at uncond", answers(lambda u, c, n, w: u + w * (c - n)), "uncond is still the start. The "
                    "negative answer replaces it in both places, or w = 1 would no longer give cond."),
            Mistake("replaced once", answers(lambda u, c, n, w: n + w * (c - u)),
                    "uncond is still subtracted: replace it in both places, or w = 1 would no longer give cond."),
            Mistake("swapped", answers(lambda u, c, n, w: c + w * (n - c)),
                    "this walks from the request towards what is to be avoided."),
            Mistake("1 + w", answers(lambda u, c, n, w: c + w * (c - n)),
                    "this starts at cond; here w = 0 gives the answer to negative, and w = 1 gives cond."),
            Mistake("difference only", answers(lambda u, c, n, w: w * (c - n)),
                    "this is only the difference; it must be added to the answer to negative."),
            Mistake("contexts subtracted", subtracted, "you subtracted contexts. A row such as hero minus food was "
                    "never seen in training: subtract the network's answers."),
        ],
        hints=[
            "Only two answers are needed: to c and to negative.",
            "self.negative is one row (5,); self.negative.expand_as(c) gives each image its row.",
            "Take the formula of guidance and write the answer to negative wherever uncond stands.",
        ],
        probe=Probe("the answer at w = 3, where the network says 2 to the request and 5 to the negative context,",
                    (_one_or_two, x, torch.tensor([0.5]), hero, 3.0, 4 * food), lambda out: out.mean().item()),
    )  # fmt: skip


def check_mixtures(function):
    """Your turn 5.4: function(a, b, n) is n contexts (n, 5) that lead in equal steps from class a to class b."""

    def made(shares=lambda n: torch.linspace(0, 1, n), mix=lambda s, a, b: (1 - s) * a + s * b):
        return lambda a, b, n: mix(shares(n)[:, None], torch.eye(5)[a], torch.eye(5)[b])

    def numbers_mixed(a, b, n):
        return torch.eye(5)[torch.linspace(a, b, n).round().long()]

    return compare(
        "Your turn 5.4", function, made(), [(0, 2, 8), (3, 1, 5), (4, 0, 3), (1, 2, 4)],
        mistakes=[
            Mistake("numbers mixed", numbers_mixed, "you went from one class number to the other, past the classes "
                    "between them. A class number is a name, not an amount: mix the one-hot rows."),
            Mistake("turned round", made(mix=lambda s, a, b: s * a + (1 - s) * b),
                    "the first row must be all a and the last all b."),
            Mistake("b added", made(mix=lambda s, a, b: a + s * b),
                    "as much as b grows a must shrink, so that each row adds up to 1."),
            Mistake("a faded", made(mix=lambda s, a, b: (1 - s) * a),
                    "a fades, but b must come in its place, so that each row adds up to 1."),
            Mistake("does not arrive", made(lambda n: torch.arange(n) / n),
                    "the last row must be all b: of n rows the first and the last are n - 1 steps apart."),
            Mistake("ends left out", made(lambda n: (torch.arange(n) + 1) / (n + 1)),
                    "the first row must be all a and the last all b."),
            Mistake("ends left out", made(lambda n: (torch.arange(n) + 0.5) / n),
                    "the first row must be all a and the last all b."),
            Mistake("whole numbers", lambda a, b, n: made()(a, b, n).long(),
                    "the shares have been cut down to whole numbers; the rows must be of floating-point numbers."),
            *[Mistake("one or the other", made(mix=mix), "each row is one class or the other; a mixture holds both.")
              for mix in (lambda s, a, b: torch.where(s <= 0.5, a, b), lambda s, a, b: torch.where(s < 0.5, a, b))],
            Mistake("square roots", made(mix=lambda s, a, b: (1 - s).sqrt() * a + s.sqrt() * b),
                    "the shares themselves add up to 1, not their squares: these are no noise levels."),
        ],
        hints=[
            "torch.eye(5)[a] is the one-hot row of class a, and torch.linspace(0, 1, n) gives the shares of b.",
            "The row with the share s of b is (1 - s) times the row of a plus s times the row of b.",
            "To make n rows at once the shares need the shape (n, 1): torch.linspace(0, 1, n)[:, None].",
        ],
        probe=Probe("the share of class 2 in the fourth of seven rows from class 0 to class 2",
                    (0, 2, 7), lambda out: out[3, 2].item()),
    )  # fmt: skip
