"""The checks of lesson 8b: the learned variance."""

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, randn
from plumbing.lesson_08b import posterior


def check_between(function):
    """Your turn 8b.1: function(r, small, large) is the variance whose logarithm lies (r + 1) / 2 of the way up."""

    def at(share):
        return lambda r, small, large: small * (large / small) ** share(r)

    def half_up(r):
        return (r + 1) / 2

    right = at(half_up)
    cases = [(1.5 * randn(*shape, seed=1), torch.tensor(small), torch.tensor(large))
             for shape, small, large in zip(SHAPES, (0.02, 0.3, 0.1, 0.004), (0.5, 0.4, 0.9, 0.7))]  # fmt: skip
    many = torch.tensor([0.01, 0.2, 0.05]).view(3, 1, 1, 1)
    cases.append((randn(3, 2, 4, 4), many, 4 * many))
    return compare(
        "Your turn 8b.1", function, right, cases,
        mistakes=[
            Mistake("straight line", lambda r, small, large: small + half_up(r) * (large - small), "you went straight "
                    "from small to large. Go along the *logarithms*, and take the exponential at the end."),
            Mistake("logarithm", lambda r, small, large: right(r, small, large).log(), "this is the logarithm of the "
                    "variance: take its exponential."),
            Mistake("r as a share", at(lambda r: r), "at r = -1 the variance must be small, and at r = 1 large: the "
                    "share of the way is (r + 1) / 2."),
            Mistake("half", at(lambda r: r / 2), "at r = 0 the variance must lie in the middle: the share of the way "
                    "is (r + 1) / 2."),
            Mistake("turned round", at(lambda r: (1 - r) / 2), "at r = -1 you give large, and at r = 1 small. It is "
                    "the other way round."),
            Mistake("deviation", lambda r, small, large: right(r, small, large) ** 0.5, "this is the standard "
                    "deviation. The variance is asked for."),
            Mistake("clamped", at(lambda r: half_up(r.clamp(-1, 1))), "do not cut r off at -1 and 1: a network may "
                    "have good reasons to be surer than small, or less sure than large."),
            Mistake("squashed", at(lambda r: r.sigmoid()), "no sigmoid: r = 1 must be exactly large."),
        ],
        hints=[
            "The share of the way is (r + 1) / 2: 0 at r = -1, and 1 at r = 1.",
            "The logarithm is log(small) + share * (log(large) - log(small)). Take torch.exp of it.",
            "return small * (large / small) ** ((r + 1) / 2)",
        ],
        probe=Probe("the variance at r = 0 between 0.01 and 1", (torch.zeros(1), torch.tensor(0.01), torch.tensor(1.0)),
                    lambda out: out.mean().item()),
    )  # fmt: skip


def check_hybrid(function):
    """Your turn 8b.2: function(mse, vb, out, r, T) is the hybrid loss; vb must not reach the gradient of out."""

    def measured(answer):
        """The loss and its gradients, as one list; what is no loss is passed on as it is."""

        def look(mse, vb, out, r, T):
            out, r = out.clone().requires_grad_(), r.clone().requires_grad_()
            loss = answer(mse, vb, out, r, T)
            if not torch.is_tensor(loss) or loss.dim():
                return loss.detach() if torch.is_tensor(loss) else loss
            grads = [torch.zeros_like(out), torch.zeros_like(r)]
            if loss.requires_grad:
                found = torch.autograd.grad(loss, (out, r), allow_unused=True)
                grads = [zero if grad is None else grad for zero, grad in zip(grads, found)]
            return [loss.detach(), *grads]

        return look

    def made(scale=lambda T: T / 1000, stop_mse=False, stop_out=True, stop_r=False, total=torch.mean):
        def loss(mse, vb, out, r, T):
            guess, said = out.detach() if stop_out else out, r.detach() if stop_r else r
            return total(mse(out.detach() if stop_mse else out) + vb(guess, said) * scale(T))

        return loss

    def mse(out):
        return (out - 0.5).square().mean((1, 2, 3))

    def vb(out, r):
        return (r + (out + 0.2).square() * (-r).exp()).mean((1, 2, 3))

    cases = [
        (mse, vb, randn(*shape, seed=1), randn(*shape, seed=2), T) for shape, T in zip(SHAPES, (500, 200, 1000, 50))
    ]
    zeros = torch.zeros(2, 3, 4, 4)
    mistakes = [
        ("not stopped", made(stop_out=False), "vb pulls at out, too: give it out.detach()."),
        ("r stopped", made(stop_r=True), "no gradient reaches r, so the variance would learn nothing: stop out alone."),
        ("r stopped", made(stop_r=True, stop_out=False), "you stopped r, and vb trains out. It must be the other way: "
         "out.detach()."),
        ("mse stopped", made(stop_mse=True), "nothing trains out: mse needs out with its gradient, only vb gets it "
         "without."),
        ("mse stopped", made(stop_mse=True, stop_out=False), "you stopped out in mse, not in vb: then vb alone trains "
         "it."),
        ("not scaled", made(scale=lambda T: 1.0), "without T / 1000, vb would count twice as much at T = 500."),
        ("times T", made(scale=lambda T: T), "vb times T is the whole bound, as in rescaled KL; the hybrid takes a "
         "thousandth of it."),
        ("divided by T", made(scale=lambda T: 1000 / T), "the factor is T / 1000, not 1000 / T."),
        ("fixed factor", made(scale=lambda T: 0.5), "the factor is T / 1000: it must depend on T."),
        ("sum", made(total=torch.sum), "this is the sum over the batch: a mean does not depend on how many there are."),
        ("vb missing", made(scale=lambda T: 0.0), "vb is missing: nothing would train r."),
        ("minus", made(scale=lambda T: -T / 1000), "vb is a cost, to be made small: add it."),
    ]  # fmt: skip
    return compare(
        "Your turn 8b.2", measured(function), measured(made()), cases,
        mistakes=[Mistake(name, measured(wrong), advice) for name, wrong, advice in mistakes],
        hints=[
            "The loss is mse + vb * T / 1000 for each image, and then the mean over the batch.",
            "out.detach() has the numbers of out, but no gradient passes through it.",
            "mse gets out as it is; vb gets out.detach(), and r as it is.",
        ],
        probe=Probe("the sum of the gradient of out, for out = r = 0 and T = 500,", (mse, vb, zeros, zeros, 500),
                    lambda out: round(out[1].sum().item(), 6)),
    )  # fmt: skip


def check_practise(function):
    """Your turn 8b.3: function(losses) for losses (T, K) is (p, weight), both (T,)."""

    def made(size=lambda x: x.square().mean(1).sqrt(), uniform=0.001, share=True, weight=lambda p: 1 / (len(p) * p)):
        def practise(losses):
            p = size(losses)
            p = p / p.sum() if share else p
            p = (1 - uniform) * p + uniform / len(p)
            return p, weight(p)

        return practise

    def answered(practise):
        """A pair, as a list of two tensors; anything else as it is."""
        return lambda losses: list(found) if isinstance(found := practise(losses), tuple) else found

    cases = [(randn(*shape, seed=k).exp(),) for k, shape in enumerate([(6, 10), (20, 10), (3, 4)])]
    seldom = randn(5, 10, seed=4).exp()
    seldom[2] = 0
    cases.append((seldom,))
    example = torch.tensor([[1.0, 3.0], [0.0, 0.0]])
    return compare(
        "Your turn 8b.3", answered(function), made(), cases,
        mistakes=[
            Mistake("mean", made(size=lambda x: x.mean(1)), "you took the mean of the losses. The scatter of an "
                    "estimate depends on their squares: take the root of the mean square."),
            Mistake("no root", made(size=lambda x: x.square().mean(1)), "the root is missing: p is in proportion to "
                    "the square *root* of the mean square."),
            Mistake("largest", made(size=lambda x: x.amax(1)), "you took the largest loss of each t: take the root of "
                    "the mean square."),
            Mistake("inverse", made(size=lambda x: 1 / x.square().mean(1).sqrt().clamp(min=1e-9)), "you practise most "
                    "where the loss is small: p grows with the loss."),
            Mistake("not shared out", made(share=False), "probabilities add up to 1: divide by the sum."),
            Mistake("no uniform share", made(uniform=0.0), "a t whose losses were 0 would never be drawn again: keep "
                    "0.001 of all draws uniform."),
            Mistake("weight p", made(weight=lambda p: p), "what is drawn often must count for *less*: the weight "
                    "is 1 / (T p)."),
            Mistake("weight p", made(weight=lambda p: len(p) * p), "what is drawn often must count for *less*: the "
                    "weight is 1 / (T p), not T p."),
            Mistake("T missing", made(weight=lambda p: 1 / p), "the weight is 1 / (T p), so that it is 1 if all t are "
                    "equally likely."),
            Mistake("no weight", made(weight=torch.ones_like), "with weights of 1 the mean of a batch is no longer "
                    "that of all t: what is drawn often must count for less."),
        ],
        hints=[
            "The size of a row is losses.square().mean(1).sqrt().",
            "p is the size divided by the sum of all sizes; then 0.999 of that, plus 0.001 / T.",
            "return p, 1 / (len(p) * p)",
        ],
        probe=Probe("the probability of the first of two t, with losses 1 and 3, and 0 and 0,", (example,),
                    lambda out: out[0][0].item()),
    )  # fmt: skip


def check_from_previous(function):
    """Your turn 8b.4: function(out, x, t, s, ab_t) is the guess of x0, if out is that of the mean of x_s."""

    def made(combine):
        def guess(out, x, t, s, ab_t):
            w_0, w_t = (value.item() for value in posterior(t, s, ab_t)[:2])
            return combine(out, x, w_0, w_t, ab_t[s].item())

        return guess

    def truth(out, x, w_0, w_t, ab_s):
        return (out - w_t * x) / w_0

    ab_t = du.noise_schedule("cosine")
    cases = [(randn(*shape, seed=1), randn(*shape, seed=2), t, s, ab_t) for shape, (t, s) in
             zip(SHAPES, [(250, 200), (120, 60), (480, 380), (2, 1)])]  # fmt: skip
    one = torch.ones(1, 1, 2, 2)
    return compare(
        "Your turn 8b.4", function, made(truth), cases,
        mistakes=[
            Mistake("untouched answer", made(lambda out, x, w_0, w_t, ab_s: out.clone()), "out is a guess of x_s, "
                    "which is still noisy. Solve the formula of its mean for x_0."),
            Mistake("not divided", made(lambda out, x, w_0, w_t, ab_s: out - w_t * x), "what remains is w_0 x_0: "
                    "divide by w_0."),
            Mistake("x_t forgotten", made(lambda out, x, w_0, w_t, ab_s: out / w_0), "the mean of x_s also holds "
                    "w_t x_t: take that away first."),
            Mistake("plus", made(lambda out, x, w_0, w_t, ab_s: (out + w_t * x) / w_0), "w_t x_t must be taken away, "
                    "not added."),
            Mistake("weights exchanged", made(lambda out, x, w_0, w_t, ab_s: (out - w_0 * x) / w_t), "you exchanged "
                    "the weights: w_t belongs to x_t, and w_0 to x_0."),
            Mistake("multiplied", made(lambda out, x, w_0, w_t, ab_s: (out - w_t * x) * w_0), "divide by w_0: you "
                    "multiplied."),
            Mistake("weight of x_t left out", made(lambda out, x, w_0, w_t, ab_s: (out - x) / w_0), "x_t has the "
                    "weight w_t in the mean."),
            Mistake("as a jump", made(lambda out, x, w_0, w_t, ab_s: out / ab_s**0.5), "x_s is not sqrt(ab_s) x_0 "
                    "alone: most of its noise is that of x_t."),
            Mistake("single step", lambda out, x, t, s, ab_t: made(truth)(out, x, t, t - 1, ab_t), "you took the "
                    "weights of the step from t to t - 1. Here the step leads to s."),
        ],
        hints=[
            "lesson_08b.posterior(t, s, ab_t) begins with w_0 and w_t.",
            "out stands for w_0 x_0 + w_t x. Solve for x_0.",
            "return (out - w_t * x) / w_0",
        ],
        probe=Probe("the guess where the answer and x_250 are 1, for a step to 200,", (one, one, 250, 200, ab_t),
                    lambda out: out.mean().item()),
    )  # fmt: skip
