"""The checks of lesson 9: scores and guidance."""

import torch
import torch.nn.functional as F

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, randn


def check_score(function):
    """Your turn 9.1: function(eps, t, ab_t) is the score -eps / sqrt(1 - ab_t[t]); t is an int."""

    def answers(combine):
        def made(eps, t, ab_t):
            return combine(eps, ab_t[t].item())

        return made

    ab_t = du.noise_schedule("cosine")
    cases = [(randn(*shape, seed=1), t, ab_t) for shape, t in zip(SHAPES, (20, 150, 300, 480))]
    return compare(
        "Your turn 9.1", function, answers(lambda eps, ab: -eps / (1 - ab) ** 0.5), cases,
        mistakes=[
            Mistake("sign", answers(lambda eps, ab: eps / (1 - ab) ** 0.5), "the sign is wrong: eps points from the "
                    "picture out into the noise, and the score points the other way, uphill."),
            Mistake("noise", answers(lambda eps, ab: eps), "this is eps itself. The score is the gradient of a "
                    "logarithm: a narrow hill is steeper than a wide one."),
            Mistake("minus noise", answers(lambda eps, ab: -eps), "the direction is right, the length is not: a narrow "
                    "hill is steeper than a wide one, so divide by the standard deviation of the noise."),
            Mistake("variance", answers(lambda eps, ab: -eps / (1 - ab)), "you divided by the variance 1 - ab_t. One "
                    "root of it is used up, because the way to the top is sqrt(1 - ab_t) times eps already."),
            Mistake("multiplied", answers(lambda eps, ab: -eps * (1 - ab) ** 0.5), "this is the whole way to the top "
                    "of the hill. Its slope is that, divided by the variance 1 - ab_t."),
            Mistake("signal", answers(lambda eps, ab: -eps / ab**0.5), "sqrt(ab_t) is the share of the picture; the "
                    "width of the hill is the standard deviation of the noise, sqrt(1 - ab_t)."),
            Mistake("signal", answers(lambda eps, ab: -eps / (1 - ab**0.5) ** 0.5), "ab_t[t] needs no root of its own "
                    "here: the variance of the noise is 1 - ab_t[t]."),
        ],
        hints=[
            "Put x = sqrt(ab_t) x0 + sqrt(1 - ab_t) eps into the numerator sqrt(ab_t) x0 - x.",
            "The numerator is -sqrt(1 - ab_t) eps. It is divided by 1 - ab_t, and a root cancels.",
            "return -eps / (1 - ab_t[t]) ** 0.5",
        ],
        probe=Probe("the std of the score at t = 150, where eps has std 1,", (randn(1, 3, 64, 64), 150, ab_t)),
    )  # fmt: skip


def _bowl(x):
    """The score of pixels that are N(0.5, 1), pulled sideways so that no two mistakes agree."""
    return 0.5 - x + 0.3 * torch.tanh(2 * x)


def check_langevin(function):
    """Your turn 9.2: function(score, x, h, z) makes len(z) steps x + h score(x) + sqrt(2 h) z[i]."""

    def walk(step, pick=lambda z: z):
        def made(score, x, h, z):
            for fresh in pick(z):
                x = step(x, score(x), h, fresh)
            return x

        return made

    def truth(x, s, h, z):
        return x + h * s + (2 * h) ** 0.5 * z

    def from_the_start(score, x, h, z):
        slope = score(x)
        for fresh in z:
            x = truth(x, slope, h, fresh)
        return x

    def not_carried(score, x, h, z):
        for fresh in z:
            end = truth(x, score(x), h, fresh)
        return end

    sizes = (0.1, 0.03, 0.2, 0.05)
    cases = [(_bowl, randn(*s, seed=1), h, randn(n, *s, seed=2)) for s, h, n in zip(SHAPES, sizes, (5, 3, 4, 6))]
    flat = (lambda x: torch.zeros_like(x), torch.zeros(1, 3, 32, 32), 0.02, randn(10, 1, 3, 32, 32))
    return compare(
        "Your turn 9.2", function, walk(truth), cases,
        mistakes=[
            Mistake("no noise", walk(lambda x, s, h, z: x + h * s), "without noise this climbs to the nearest peak, "
                    "and all walks end on a few points."),
            Mistake("noise not rooted", walk(lambda x, s, h, z: x + h * s + 2 * h * z), "the noise is too small: its "
                    "variance is 2 h, so its standard deviation sqrt(2 h)."),
            Mistake("2 missing", walk(lambda x, s, h, z: x + h * s + h**0.5 * z), "a 2 is missing in the noise, or the "
                    "step should be h / 2: this draws from a density that is too narrow."),
            Mistake("2 outside", walk(lambda x, s, h, z: x + h * s + 2 * h**0.5 * z), "the 2 belongs under the root."),
            Mistake("downhill", walk(lambda x, s, h, z: x - h * s + (2 * h) ** 0.5 * z), "the sign is wrong: the score "
                    "points uphill, and that is where to go."),
            Mistake("one step", walk(truth, lambda z: z[:1]), "this is the first step only: is the return inside the "
                    "loop?"),
            Mistake("same noise", walk(truth, lambda z: [z[0]] * len(z)), "every step uses the same noise. Noise that "
                    "repeats is a push in one direction: step i needs z[i]."),
            Mistake("score of the start", from_the_start, "the score was asked once, at the start. The slope changes "
                    "on the way: ask at each new x."),
            Mistake("x not carried on", not_carried, "every step starts again from the first x: give the new x the "
                    "name that the next step uses."),
            Mistake("h forgotten", walk(lambda x, s, h, z: x + s + (2 * h) ** 0.5 * z), "the score must be "
                    "multiplied by h: it is a slope, and the step is short."),
        ],
        hints=[
            "A loop over z gives the noise of one step after the other.",
            "In each step, add h times score(x) and sqrt(2 h) times the noise to x.",
            "for fresh in z: x = x + h * score(x) + (2 * h) ** 0.5 * fresh",
        ],
        probe=Probe("the std of x after 10 steps of h = 0.02, where the score is 0,", flat),
        random=("fresh noise", "Take the noise of each step from z, so that the walk can be repeated."),
    )  # fmt: skip


def check_log_class(function):
    """Your turn 9.3: function(log_w, labels) is the log of the sum of the weights of each class: (B, K)."""

    def truth(log_w, labels):
        return torch.stack([log_w[:, labels[:, k] == 1].logsumexp(1) for k in range(labels.shape[1])], 1)

    def each(combine):
        def made(log_w, labels):
            parts = [log_w[:, labels[:, k] == 1] for k in range(labels.shape[1])]
            return torch.stack([combine(part) for part in parts], 1)

        return made

    def normalised(log_w, labels):
        return each(lambda part: part.logsumexp(1) - torch.tensor(part.shape[1]).log())(log_w, labels).log_softmax(1)

    cases = []
    for seed, (B, N, K, spread) in enumerate([(3, 12, 3, 1.0), (4, 30, 5, 4.0), (2, 9, 2, 300.0), (1, 7, 4, 1.0)]):
        labels = F.one_hot((torch.arange(N) ** 2) % K % K, K).float()
        labels[:K] = torch.eye(K)  # classes of different sizes, none of them empty
        cases.append(((spread * randn(B, N, seed=seed)).log_softmax(1), labels))
    half = torch.log(torch.tensor([[0.1, 0.2, 0.3, 0.4]]))
    return compare(
        "Your turn 9.3", function, truth, cases,
        mistakes=[
            Mistake("underflow", lambda log_w, labels: (log_w.exp() @ labels).log(), "right where the weights are "
                    "large, but exp(-300) is 0 in float32, and log(0) is minus infinity. Take logsumexp of the "
                    "log weights, which never leaves the logarithms."),
            Mistake("not the logarithm", lambda log_w, labels: log_w.exp() @ labels, "these are the probabilities; "
                    "their logarithm is wanted."),
            Mistake("sum of logarithms", lambda log_w, labels: log_w @ labels, "you added up the logarithms, and that "
                    "multiplies the weights. The weights themselves are to be added: exp, sum, log, in one "
                    "logsumexp."),
            Mistake("mean", each(lambda part: part.logsumexp(1) - torch.tensor(part.shape[1]).log()), "you took the "
                    "mean of the weights of a class. Take their sum: a class with more pictures is likelier."),
            Mistake("mean", normalised, "you took the mean of the weights of a class. Take their sum: a class with "
                    "more pictures is likelier."),
            Mistake("largest", each(lambda part: part.amax(1)), "you took the largest weight of the class. Its many "
                    "small ones count as well: take their sum."),
            Mistake("over the batch", lambda log_w, labels: each(lambda part: part.logsumexp((0, 1)).expand(len(part)))
                    (log_w, labels), "each row of log_w belongs to a picture of its own: sum along dimension 1 only."),
        ],
        hints=[
            "The pictures of class k are those with labels[:, k] == 1. Pick their columns of log_w.",
            "log_w[:, labels[:, k] == 1].logsumexp(1) is the answer for class k, a number for each row.",
            "torch.stack([log_w[:, labels[:, k] == 1].logsumexp(1) for k in range(labels.shape[1])], 1)",
        ],
        probe=Probe("the log probability of class 0, which holds weights of 0.1 and 0.2,",
                    (half, torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])), lambda out: out[0, 0].item()),
    )  # fmt: skip


def _judge(x, t):
    """A small classifier: the logits (B, 4) of pictures (B, C, H, W), which depend on every pixel and on t."""
    rows = torch.stack([x.mean((1, 2, 3)), x.square().mean((1, 2, 3)), x.sin().mean((1, 2, 3)), x[:, 0, 0, 0]], 1)
    return 3 * rows + t.to(x)[:, None]


def check_pull(function):
    """Your turn 9.4: function(classifier, x, t, c) is the gradient of log p(y | x) with respect to x."""

    def answers(total):
        def made(classifier, x, t, c):
            with torch.enable_grad():
                z = x.detach().requires_grad_()
                return torch.autograd.grad(total(classifier(z, t), c), z)[0]

        return made

    def without_gradients(classifier, x, t, c):  # as every sampler does
        with torch.no_grad():
            return function(classifier, x, t, c)

    cases = []
    for seed, shape in enumerate(SHAPES):
        x, B = randn(*shape, seed=seed), shape[0]
        cases.append((_judge, x, torch.linspace(0, 1, B), F.one_hot(torch.arange(B) % 3 + (B == 1), 4).float()))
    return compare(
        "Your turn 9.4", without_gradients, answers(lambda out, c: (c * out.log_softmax(1)).sum()), cases,
        mistakes=[
            Mistake("sign", answers(lambda out, c: -(c * out.log_softmax(1)).sum()), "the sign is wrong: this leads "
                    "away from the class. (Is it the gradient of a loss? A loss is made small, log p is to grow.)"),
            Mistake("logit", answers(lambda out, c: (c * out).sum()), "this is the gradient of the raw answer. It does "
                    "not see the other classes; log_softmax(1) makes the logarithm of a probability of it."),
            Mistake("probability", answers(lambda out, c: (c * out.softmax(1)).sum()), "this is the gradient of p, not "
                    "of log p: it fades where the class is unlikely, which is where it is needed most."),
            Mistake("mean", answers(lambda out, c: (c * out.log_softmax(1)).sum(1).mean()), "you took the mean over "
                    "the batch, so the arrow of each picture depends on how many others there are: take the sum."),
            Mistake("mean", answers(lambda out, c: (c * out.log_softmax(1)).mean()), "you took the mean over batch and "
                    "classes, so every arrow is too short: take the sum."),
            Mistake("mean", answers(lambda out, c: -F.cross_entropy(out, c)), "cross_entropy takes the mean over the "
                    "batch, so every arrow is too short: take the sum."),
            Mistake("mean", answers(lambda out, c: F.cross_entropy(out, c)), "cross_entropy is a loss, minus log p, "
                    "and takes the mean over the batch: turn the sign, and take the sum."),
            Mistake("all classes", answers(lambda out, c: out.log_softmax(1).sum()), "you added up the log "
                    "probabilities of all classes. Only that of the class asked for is to grow: multiply by c."),
            Mistake("over the batch", answers(lambda out, c: (c * out.log_softmax(0)).sum()), "log_softmax(0) compares "
                    "the pictures with each other: compare the classes, along dimension 1."),
        ],
        hints=[
            "gradient(f, x) needs a function f that gives one number for each picture: log p of the class asked for.",
            "classifier(z, t).log_softmax(1) holds log p of every class; c times that, summed along dimension 1, is "
            "log p of the class asked for.",
            "return gradient(lambda z: (c * classifier(z, t).log_softmax(1)).sum(1), x)",
        ],
    )  # fmt: skip


def check_steer(function):
    """Your turn 9.5: function(eps, pull, t, gamma, ab_t) is eps - gamma sqrt(1 - ab_t[t]) pull; t is an int."""

    def answers(combine):
        def made(eps, pull, t, gamma, ab_t):
            return combine(eps, pull, gamma, ab_t[t].item())

        return made

    ab_t = du.noise_schedule("cosine")
    gammas, times = (2.0, 0.5, 1.0, 4.0), (50, 400, 77, 300)
    cases = [(randn(*s, seed=1), randn(*s, seed=2), t, g, ab_t) for s, t, g in zip(SHAPES, times, gammas)]
    grey = torch.zeros(1, 3, 4, 4)
    return compare(
        "Your turn 9.5", function, answers(lambda eps, pull, g, ab: eps - g * (1 - ab) ** 0.5 * pull), cases,
        mistakes=[
            Mistake("sign", answers(lambda eps, pull, g, ab: eps + g * (1 - ab) ** 0.5 * pull), "the sign is wrong: "
                    "the score is minus eps over its std, so what is added to the score is taken from eps."),
            Mistake("no factor", answers(lambda eps, pull, g, ab: eps - g * pull), "pull is added to the score, and "
                    "eps is the score times -sqrt(1 - ab_t): so pull needs this factor, too."),
            Mistake("sign", answers(lambda eps, pull, g, ab: eps + g * pull), "this adds pull to eps. It is the score "
                    "to which pull belongs: multiply the sum of both by -sqrt(1 - ab_t)."),
            Mistake("divided", answers(lambda eps, pull, g, ab: eps - g * pull / (1 - ab) ** 0.5), "you divided by "
                    "sqrt(1 - ab_t), as on the way from eps to the score. This is the way back: multiply."),
            Mistake("variance", answers(lambda eps, pull, g, ab: eps - g * (1 - ab) * pull), "the factor is the "
                    "standard deviation sqrt(1 - ab_t), not the variance."),
            Mistake("signal", answers(lambda eps, pull, g, ab: eps - g * ab**0.5 * pull), "the factor is the standard "
                    "deviation of the noise, sqrt(1 - ab_t), and not the share of the picture."),
            Mistake("score returned", answers(lambda eps, pull, g, ab: -eps / (1 - ab) ** 0.5 + g * pull), "this is "
                    "the guided score. Turn it back into eps: multiply by -sqrt(1 - ab_t)."),
            Mistake("gamma ignored", answers(lambda eps, pull, g, ab: eps - (1 - ab) ** 0.5 * pull),
                    "gamma plays no part: it multiplies pull."),
            Mistake("1 + gamma", answers(lambda eps, pull, g, ab: eps - (1 + g) * (1 - ab) ** 0.5 * pull),
                    "gamma = 0 must leave eps as it is."),
        ],
        hints=[
            "Write down the guided score, -eps / sqrt(1 - ab_t) + gamma pull, and turn it back into a noise.",
            "Multiply the guided score by -sqrt(1 - ab_t), the reverse of your turn 9.1.",
            "return eps - gamma * (1 - ab_t[t]) ** 0.5 * pull",
        ],
        probe=Probe("the change of eps at t = 200, for gamma = 2 and a pull of 0.1,",
                    (grey, grey + 0.1, 200, 2.0, ab_t), lambda out: out.mean().item()),
    )  # fmt: skip
