"""The checks of lesson 8: the variational bound."""

import torch

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, randn


def check_mean(function):
    """Exercise 8.1: function(x, eps, i, ab) is the mean of x_{i-1} from the guess eps of x's noise; i is an int."""

    def made(weight=lambda beta, ab: beta / (1 - ab) ** 0.5, divide=lambda beta, ab: (1 - beta) ** 0.5):
        def mean(x, eps, i, ab):
            beta = 1 - ab[i].item() / ab[i - 1].item()
            return (x - weight(beta, ab[i].item()) * eps) / divide(beta, ab[i].item())

        return mean

    def x0(x, eps, i, ab):
        return du.to_x0_eps(eps, x, i, ab, "eps")[0]

    def jump(x, eps, i, ab):
        return du.add_noise(x0(x, eps, i, ab), i - 1, eps, ab)

    def full_schedule(x, eps, i, ab):
        beta = 1 - ab[i].item()
        return (x - beta**0.5 * eps) / (1 - beta) ** 0.5

    ab_t = du.noise_schedule("cosine")
    few = ab_t[du.sampling_times(500, 10)[::-1]]
    cases = [(randn(*shape, seed=1), randn(*shape, seed=2), i, ab)
             for shape, i, ab in zip(SHAPES, (3, 120, 5, 1), (ab_t, ab_t, few, few))]  # fmt: skip
    noise = randn(1, 3, 64, 64)
    grey = (1 - few[5].item()) ** 0.5 * noise  # x0 = 0, at t = 250
    return compare(
        "Exercise 8.1", function, made(), cases,
        mistakes=[
            Mistake("square root of 1 - ab", made(weight=lambda beta, ab: beta / (1 - ab)), "the noise has the weight "
                    "beta / sqrt(1 - ab_i): a square root is missing."),
            Mistake("root of beta", made(weight=lambda beta, ab: beta**0.5), "this takes away the noise that the last "
                    "step added. But eps is all the noise in x: its weight is beta / sqrt(1 - ab_i)."),
            Mistake("all the noise", full_schedule, "this is the guess of x0 itself, all noise taken out. The mean of "
                    "x_{i-1} still holds some."),
            Mistake("not divided", made(divide=lambda beta, ab: 1.0), "the step forward made the image weaker by "
                    "sqrt(1 - beta): divide by that."),
            Mistake("square root of 1 - beta", made(divide=lambda beta, ab: 1 - beta), "you divide by 1 - beta, where "
                    "it is sqrt(1 - beta)."),
            Mistake("ab for 1 - beta", made(divide=lambda beta, ab: ab**0.5), "you divide by sqrt(ab_i), the fading of "
                    "all steps so far. One step fades by sqrt(ab_i / ab_{i-1})."),
            Mistake("sign", made(weight=lambda beta, ab: -beta / (1 - ab) ** 0.5), "the noise is added. It must be "
                    "taken away."),
            Mistake("one step off", lambda x, eps, i, ab: made()(x, eps, min(i + 1, len(ab) - 1), ab),
                    "you take the beta of the next step: beta_i = 1 - ab[i] / ab[i - 1]."),
            Mistake("DDIM", jump, "this is DDIM's x_{i-1}, without any fresh noise. DDPM's mean holds less of eps, "
                    "because fresh noise will be added."),
        ],
        hints=[
            "beta = 1 - ab[i] / ab[i - 1]; this is right for a respaced schedule, too.",
            "x is sqrt(ab_i) x0 + sqrt(1 - ab_i) eps. Solve for x0 and put it into w_0 x0 + w_t x: eps gets one "
            "weight, x another.",
            "The mean is (x - weight * eps) / sqrt(1 - beta), and the weight is beta / sqrt(1 - ab_i).",
        ],
        probe=Probe("the std of the mean, for a grey image at step 5 of 10,", (grey, noise, 5, few)),
        random=("noise added", "The mean has no noise added."),
    )  # fmt: skip


def check_levels(function):
    """Exercise 8.2: function(mean, std, levels) are the probabilities (levels,) of the bins, first and last open."""

    def cdf(z):
        return torch.special.ndtr(z)

    def made(half=lambda n: 1 / (n - 1), low=True, high=True, shift=0.0, spread=lambda std: std):
        def levels_of(mean, std, levels):
            values = torch.linspace(-1, 1, levels, dtype=torch.float64)
            upper = cdf((values + (1 + shift) * half(levels) - mean) / spread(std))
            lower = cdf((values - (1 - shift) * half(levels) - mean) / spread(std))
            if high:
                upper[-1] = 1
            if low:
                lower[0] = 0
            return upper - lower

        return levels_of

    def density(mean, std, levels):
        values = torch.linspace(-1, 1, levels, dtype=torch.float64)
        return (-((values - mean) ** 2) / (2 * std**2)).exp() / (std * (2 * torch.pi) ** 0.5) * 2 / (levels - 1)

    def scaled(mean, std, levels):
        p = made(low=False, high=False)(mean, std, levels)
        return p / p.sum()

    def bits(mean, std, levels):
        return -made()(mean, std, levels).log2()

    def below(mean, std, levels):
        return made()(mean, std, levels).cumsum(0)

    cases = [(0.3, 0.5, 4), (-0.9, 0.2, 32), (1.0, 0.05, 256), (0.0, 1.0, 2), (0.7, 0.3, 3)]
    open_ends = "the first and the last bin are open: they reach out to infinity"
    return compare(
        "Exercise 8.2", function, made(), cases,
        mistakes=[
            Mistake("closed bins", made(low=False, high=False), f"{open_ends}, and so take what lies beyond."),
            Mistake("one end closed", made(low=False), f"{open_ends}; below -1 something is lost."),
            Mistake("one end closed", made(high=False), f"{open_ends}; above 1 something is lost."),
            Mistake("scaled up", scaled, f"{open_ends}. Dividing by the sum spreads what lies beyond over all bins, "
                    "but it belongs to the ends."),
            Mistake("bins of 1/255", made(half=lambda n: 1 / 255), "your bins have the width 2/255, which fits 256 "
                    "levels. The distance between two of n levels is 2 / (n - 1)."),
            Mistake("width", made(half=lambda n: 1 / n), "n levels from -1 to 1 have n - 1 gaps: they lie 2 / (n - 1) "
                    "apart."),
            Mistake("double width", made(half=lambda n: 2 / (n - 1)), "your bins overlap: each reaches half of the way "
                    "to its neighbour, 1 / (n - 1)."),
            Mistake("shifted", made(shift=1.0), "your bins begin at the value. They lie around it, half a width to "
                    "each side."),
            Mistake("shifted", made(shift=-1.0), "your bins end at the value. They lie around it, half a width to "
                    "each side."),
            Mistake("variance", made(spread=lambda std: std**2), "you divide by the variance: ndtr takes (x - mean) / "
                    "std."),
            Mistake("density", density, "this is the density times the width, right only for narrow bins. The "
                    "probability of a bin is the difference of ndtr at its ends."),
            Mistake("bits", bits, "these are bits, -log2 p. The probabilities p are asked for."),
            Mistake("summed up", below, "these are sums of all bins so far: a bin is the difference of ndtr at its two "
                    "ends."),
        ],
        hints=[
            "The values are torch.linspace(-1, 1, levels); a bin ends halfway between two of them.",
            "Each probability is ndtr((upper - mean) / std) - ndtr((lower - mean) / std).",
            "For the first bin the second term is 0; for the last the first term is 1.",
        ],
        probe=Probe("the sum of the probabilities, for mean 0.3, std 0.5 and 4 levels,", (0.3, 0.5, 4),
                    lambda out: out.sum().item()),
    )  # fmt: skip


def check_hybrid(function):
    """Exercise 8.3: function(mse, vb, out, v, T) is the hybrid loss; vb must not reach the gradient of out."""

    def measured(answer):
        """The loss and its gradients, as one list; what is no loss is passed on as it is."""

        def look(mse, vb, out, v, T):
            out, v = out.clone().requires_grad_(), v.clone().requires_grad_()
            loss = answer(mse, vb, out, v, T)
            if not torch.is_tensor(loss) or loss.dim():
                return loss.detach() if torch.is_tensor(loss) else loss
            grads = [torch.zeros_like(out), torch.zeros_like(v)]
            if loss.requires_grad:
                found = torch.autograd.grad(loss, (out, v), allow_unused=True)
                grads = [zero if grad is None else grad for zero, grad in zip(grads, found)]
            return [loss.detach(), *grads]

        return look

    def made(scale=lambda T: T / 1000, stop_mse=False, stop_out=True, stop_v=False, total=torch.mean):
        def loss(mse, vb, out, v, T):
            guess, var = out.detach() if stop_out else out, v.detach() if stop_v else v
            return total(mse(out.detach() if stop_mse else out) + vb(guess, var) * scale(T))

        return loss

    def mse(out):
        return (out - 0.5).square().mean((1, 2, 3))

    def vb(out, v):
        return (v + (out + 0.2).square() * (-v).exp()).mean((1, 2, 3))

    cases = [
        (mse, vb, randn(*shape, seed=1), randn(*shape, seed=2), T) for shape, T in zip(SHAPES, (500, 200, 1000, 50))
    ]
    zeros = torch.zeros(2, 3, 4, 4)
    unscaled = "without T / 1000, vb would count"
    mistakes = [
        ("not stopped", made(stop_out=False), "vb pulls at out, too: give it out.detach()."),
        ("v stopped", made(stop_v=True), "no gradient reaches v, so the variance would learn nothing: stop out alone."),
        ("v stopped", made(stop_v=True, stop_out=False), "you stopped v, and vb trains out. It must be the other way: "
         "out.detach()."),
        ("mse stopped", made(stop_mse=True), "nothing trains out: mse needs out with its gradient, only vb gets it "
         "without."),
        ("mse stopped", made(stop_mse=True, stop_out=False), "you stopped out in mse, not in vb: then vb alone trains "
         "it."),
        ("not scaled", made(scale=lambda T: 1.0), f"{unscaled} {1000 / 500:g} times as much at T = 500."),
        ("times T", made(scale=lambda T: T), "vb times T is the whole bound, as in rescaled KL; the hybrid takes a "
         "thousandth of it."),
        ("divided by T", made(scale=lambda T: 1000 / T), "the factor is T / 1000, not 1000 / T."),
        ("fixed factor", made(scale=lambda T: 0.5), "the factor is T / 1000: it must depend on T."),
        ("sum", made(total=torch.sum), "this is the sum over the batch: a mean does not depend on how many there are."),
        ("vb missing", made(scale=lambda T: 0.0), "vb is missing: nothing would train v."),
        ("minus", made(scale=lambda T: -T / 1000), "vb is a cost, to be made small: add it."),
    ]  # fmt: skip
    return compare(
        "Exercise 8.3", measured(function), measured(made()), cases,
        mistakes=[Mistake(name, measured(wrong), advice) for name, wrong, advice in mistakes],
        hints=[
            "The loss is mse + vb * T / 1000 for each image, and then the mean over the batch.",
            "out.detach() has the numbers of out, but no gradient passes through it.",
            "mse gets out as it is; vb gets out.detach(), and v as it is.",
        ],
        probe=Probe("the sum of the gradient of out, for out = v = 0 and T = 500,", (mse, vb, zeros, zeros, 500),
                    lambda out: round(out[1].sum().item(), 6)),
    )  # fmt: skip
