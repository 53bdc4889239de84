"""Each row of lesson 8b's table of correspondence, against improved-diffusion's formulas.

The formulas are those of its papers (DDPM, DDIM, improved DDPM) as its functions of these names use them, written out
here in float64. `index` is their time, which counts from 0: it is our t - 1.
"""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import awake, close
from lesson_form import number_of

import diffusion_utilities as du
from plumbing import lesson_08b

SOURCES = Path(__file__).resolve().parent.parent / "notebooks" / "py"
T = 100
ROWS = {theirs: (here, different) for theirs, here, different in lesson_08b.CORRESPONDENCE}
tested = {}


def row(theirs):
    """The test of a row of the table; one that is not there is an error."""
    assert theirs in ROWS, theirs

    def note(test):
        tested.setdefault(theirs, []).append(test.__name__)
        return test

    return note


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Theirs:
    """The numbers of a process with these betas, float64 (T,), under improved-diffusion's names."""

    def __init__(self, betas):
        self.betas = betas
        self.alphas_cumprod = torch.cumprod(1 - betas, 0)
        before = torch.cat([torch.ones(1, dtype=torch.float64), self.alphas_cumprod[:-1]])
        self.alphas_cumprod_prev, self.alphas_cumprod_next = before, self.alphas_cumprod[1:]
        self.posterior_variance = betas * (1 - before) / (1 - self.alphas_cumprod)
        self.posterior_log_variance_clipped = torch.cat(
            [self.posterior_variance[1:2], self.posterior_variance[1:]]
        ).log()
        self.posterior_mean_coef1 = betas * before.sqrt() / (1 - self.alphas_cumprod)
        self.posterior_mean_coef2 = (1 - before) * (1 - betas).sqrt() / (1 - self.alphas_cumprod)

    def mean(self, x0, x_t, index):
        return self.posterior_mean_coef1[index] * x0 + self.posterior_mean_coef2[index] * x_t


def cosine_betas():
    def level(share):
        return math.cos((share + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [min(1 - level((i + 1) / T) / level(i / T), 0.999) for i in range(T)]
    return torch.tensor(betas, dtype=torch.float64)


def linear_betas():
    return torch.from_numpy(np.linspace(1000 / T * 1e-4, 1000 / T * 0.02, T))


AB_T, THEIRS = du.noise_schedule("cosine", T), Theirs(cosine_betas())


def answers(unit):
    """A made-up network that answers in a unit; it depends on the image and on the time."""

    def model(x, t, c=None):
        return 0.8 * torch.sin(2 * x) + 0.2 * torch.cos(3 * t.double())[:, None, None, None]

    model.predicts = unit
    return model


def ask(model, x, index):
    return model(x, torch.full((len(x),), (index + 1) / T))


def guess_of(model, x, index):
    """x_start, as their predictions of eps and of x_start give it."""
    out, ab = ask(model, x, index), THEIRS.alphas_cumprod[index]
    return out if model.predicts == "x0" else (x / ab.sqrt() - (1 / ab - 1).sqrt() * out)


@row("`get_named_beta_schedule`")
@pytest.mark.parametrize("name, betas", [("rescaled", linear_betas()), ("cosine", cosine_betas())])
def test_schedules(name, betas):
    ab_t = du.noise_schedule(name, T)
    close(ab_t[1:], torch.cumprod(1 - betas, 0), terms=T)
    assert ab_t[0] == 1 and ab_t.dtype == torch.float64


@row("`q_mean_variance`, `q_sample`")
def test_q_sample():
    x0, noise, index = normal(3, 2, 4, 4), normal(3, 2, 4, 4, seed=1), torch.tensor([0, 40, 99])
    ab = THEIRS.alphas_cumprod[index][:, None, None, None]
    close(du.add_noise(x0, index + 1, noise, AB_T), ab.sqrt() * x0 + (1 - ab).sqrt() * noise, terms=T)
    signal, sigma = du.signal_and_noise(AB_T, index + 1, x0)
    close(signal * x0, ab.sqrt() * x0, terms=T)
    close(sigma**2, 1 - ab, terms=T)


@row("`q_posterior_mean_variance`")
def test_q_posterior():
    x0, x_t, t = normal(T, 2, 4, 4), normal(T, 2, 4, 4, seed=1), torch.arange(1, T + 1)
    w_0, w_t, small, large = lesson_08b.posterior(t, t - 1, AB_T)
    of = [lesson_08b.per_image(w, x0) for w in (w_0, w_t)]
    coefficients = [lesson_08b.per_image(w, x0) for w in (THEIRS.posterior_mean_coef1, THEIRS.posterior_mean_coef2)]
    close(of[0] * x0 + of[1] * x_t, coefficients[0] * x0 + coefficients[1] * x_t, terms=10 * T)
    close(small, THEIRS.posterior_variance, terms=10 * T)
    close(large, THEIRS.betas, terms=10 * T)
    clipped = lesson_08b.variances(range(T, -1, -1), AB_T)[0].flip(0)
    torch.testing.assert_close(clipped.log(), THEIRS.posterior_log_variance_clipped, rtol=0, atol=1e-9)


@row("`ModelMeanType.EPSILON`, `START_X`")
@pytest.mark.parametrize("unit", ["eps", "x0"])
@pytest.mark.parametrize("index", [0, 50, 90])
def test_the_units_of_the_answer(unit, index):
    model, x = answers(unit), normal(2, 3, 4, 4)
    x0, eps = du.to_x0_eps(ask(model, x, index), x, index + 1, AB_T, unit)
    expected = guess_of(model, x, index)
    torch.testing.assert_close(x0, expected, rtol=1e-9, atol=1e-9)
    ab = THEIRS.alphas_cumprod[index]
    torch.testing.assert_close(eps, (x / ab.sqrt() - expected) / (1 / ab - 1).sqrt(), rtol=1e-7, atol=1e-7)


loaded = {}


@pytest.fixture
def eight_b(lesson):
    """Lesson 8b's functions, its solutions in the place of the stubs; read once."""
    if not loaded:
        module = loaded["lesson"] = lesson("08b_learned_variance", T=T, ab_t=AB_T, device=torch.device("cpu"))
        for name in ("between", "hybrid", "practise", "from_previous"):
            setattr(module, name, getattr(module, f"solution_{name}"))
    return loaded["lesson"]


@row("`ModelMeanType.PREVIOUS_X`")
@pytest.mark.parametrize("index", [0, 1, 50, 99])
def test_previous_x(eight_b, index):
    """x_start = (out - coef2 x_t) / coef1, and the target of its training is the posterior's mean."""
    out, x, x0 = normal(2, 3, 4, 4), normal(2, 3, 4, 4, seed=1), normal(2, 3, 4, 4, seed=2)
    a, b = THEIRS.posterior_mean_coef1[index], THEIRS.posterior_mean_coef2[index]
    found = eight_b.from_previous(out, x, index + 1, index, AB_T)
    torch.testing.assert_close(found, out / a - b / a * x, rtol=1e-8, atol=1e-8)
    t = torch.full((2,), index + 1)
    close(eight_b.previous_target(x0, x, t), THEIRS.mean(x0, x, index), terms=10 * T)


class Draws:
    """The noise that a generator of this seed gives a walk, one (B, C, H, W) after another."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def like(self, x):
        return torch.randn(x.shape, generator=self.generator).to(x)


def p_sample_loop(model, x, log_variance, indices, process=lambda x0: x0, seed=3):
    """p_sample from the first of the indices to 0, with log_variance(index) of each step."""
    draws = Draws(seed)
    for index in indices:
        x0 = process(guess_of(model, x, index))
        x = THEIRS.mean(x0, x, index)
        if index > 0:  # nonzero_mask
            x = x + (0.5 * log_variance(index)).exp() * draws.like(x)
    return x


def walked(model, x, times=None, **how):
    generator = torch.Generator().manual_seed(3)
    return list(du.sampler(model, AB_T, x, times=times or range(T, -1, -1), generator=generator, **how))[-1].x


def fixed_large(index):
    return torch.cat([THEIRS.posterior_variance[1:2], THEIRS.betas[1:]]).log()[index]


@row("`p_sample`, `p_sample_loop_progressive`")
@row("`ModelVarType.FIXED_SMALL`, `FIXED_LARGE`")
@pytest.mark.parametrize("unit", ["eps", "x0"])
def test_fixed_variances(unit):
    model, x, down = answers(unit), normal(2, 3, 4, 4), range(T - 2, -1, -1)  # the capped step multiplies rounding
    for name, log_variance in (("small", lambda k: THEIRS.posterior_log_variance_clipped[k]), ("large", fixed_large)):
        expected = p_sample_loop(model, x, log_variance, down)
        found = walked(model, x, range(T - 1, -1, -1), eta=1.0, variance=name)
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


@row("`ModelVarType.LEARNED`")
@row("`ModelVarType.LEARNED_RANGE`")
@pytest.mark.parametrize("kind", ["learned", "learned range"])
def test_learned_variances(eight_b, kind):
    """The second answer as the logarithm, or as the place between the posterior's and beta, (v + 1) / 2 of the way."""
    model, x = answers("eps"), normal(2, 3, 4, 4)
    second = {index: normal(2, 3, 4, 4, seed=100 + index) - (4 if kind == "learned" else 0) for index in range(T)}

    def log_variance(index):
        low, high = THEIRS.posterior_log_variance_clipped[index], THEIRS.betas[index].log()
        share = (second[index] + 1) / 2
        return second[index] if kind == "learned" else share * high + (1 - share) * low

    def variance(t, s):
        if kind == "learned":
            return second[t - 1].exp()
        return eight_b.between(second[t - 1], *lesson_08b.posterior(t, s, AB_T)[2:])

    expected = p_sample_loop(model, x, log_variance, range(T - 2, -1, -1))
    found = walked(model, x, range(T - 1, -1, -1), eta=1.0, variance=variance)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@row("`p_mean_variance`: `clip_denoised`, `denoised_fn`")
@pytest.mark.parametrize("clip", [True, lambda x0: 0.5 * x0, lambda x0: (3 * x0).clamp(-1, 1)])
def test_clip(clip):
    model, x = answers("eps"), normal(2, 3, 4, 4)
    process = clip if callable(clip) else lambda x0: x0.clamp(-1, 1)
    small = THEIRS.posterior_log_variance_clipped
    expected = p_sample_loop(model, x, lambda k: small[k], range(T - 1, -1, -1), process)
    torch.testing.assert_close(walked(model, x, eta=1.0, clip=clip), expected, rtol=1e-6, atol=1e-6)


@row("`ddim_sample`")
@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_ddim(eta):
    model, x, draws = answers("eps"), normal(2, 3, 4, 4), Draws(3)
    found = walked(model, x, eta=eta, clip=True)
    for index in range(T - 1, -1, -1):
        ab, before = THEIRS.alphas_cumprod[index], THEIRS.alphas_cumprod_prev[index]
        x0 = guess_of(model, x, index).clamp(-1, 1)
        eps = (x / ab.sqrt() - x0) / (1 / ab - 1).sqrt()
        sigma = eta * ((1 - before) / (1 - ab)).sqrt() * (1 - ab / before).sqrt()
        x = x0 * before.sqrt() + (1 - before - sigma**2).clamp(min=0).sqrt() * eps
        if index > 0 and eta > 0:
            x = x + sigma * draws.like(x)
    torch.testing.assert_close(found, x, rtol=1e-5, atol=1e-5)


@row("`ddim_reverse_sample`")
def test_ddim_reverse():
    model, x = answers("eps"), 0.5 * normal(2, 3, 4, 4).clamp(-2, 2)
    found = du.invert(model, AB_T, x, steps=60, top=60)
    for index in range(0, 59):  # theirs goes from x_t to the next level; ours takes the picture for x_1
        ab, after = THEIRS.alphas_cumprod[index], THEIRS.alphas_cumprod_next[index]
        x0 = guess_of(model, x, index)
        eps = (x / ab.sqrt() - x0) / (1 / ab - 1).sqrt()
        x = x0 * after.sqrt() + (1 - after).sqrt() * eps
    torch.testing.assert_close(found, x, rtol=1e-6, atol=1e-6)


def normal_kl(mean1, logvar1, mean2, logvar2):
    """In nats."""
    return 0.5 * (-1.0 + logvar2 - logvar1 + (logvar1 - logvar2).exp() + (mean1 - mean2) ** 2 * (-logvar2).exp())


@row("`normal_kl`")
def test_normal_kl():
    a, b, c, d = normal(4, 200)
    close(lesson_08b.kl(a, b.exp(), c, d.exp()), normal_kl(a, b, c, d) / math.log(2), terms=20)


def by_tanh(x, means, log_scales):
    """Nats of pixel values, the share of the bell approximated: (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) / 2."""

    def share(z):
        return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))

    upper, lower = (share((x - means + side / 255) * (-log_scales).exp()) for side in (1, -1))
    bins = torch.where(x < -0.999, upper, torch.where(x > 0.999, 1 - lower, upper - lower))
    return -bins.clamp(min=1e-12).log()


@row("`discretized_gaussian_log_likelihood`")
@pytest.mark.parametrize("std", [0.0069, 0.05, 0.4])
def test_the_last_step(std):
    """Exact shares here, a formula with tanh there, which is off by up to 0.0003: so are the probabilities."""
    x = torch.arange(-255, 256, 2, dtype=torch.float64) / 255
    for mean in (-1.0, 0.1, 0.98):
        found = 2 ** -lesson_08b.last_step(x, torch.tensor(mean, dtype=torch.float64), std)
        theirs = (-by_tanh(x, torch.tensor(mean), torch.tensor(std, dtype=torch.float64).log())).exp()
        assert (found - theirs).abs().max() < 6.5e-4
        assert found.sum().item() == pytest.approx(1, abs=1e-6)


def vb_terms(x0, x_t, guess, index, log_variance):
    """Bits for each value: the KL, at index 0 the pixels (whose bell's shares are exact here)."""
    if index == 0:
        return lesson_08b.last_step(x0, guess, (0.5 * log_variance).exp())
    true, mean = (THEIRS.mean(image, x_t, index) for image in (x0, guess))
    return normal_kl(true, THEIRS.posterior_log_variance_clipped[index], mean, log_variance) / math.log(2)


@row("`_vb_terms_bpd`")
def test_vb_terms():
    index = torch.tensor([0, 1, 30, 99])
    x0, x_t, guess, log_variance = (normal(4, 3, 4, 4, seed=k) for k in range(4))
    x0 = x0.clamp(-1, 1)
    small = lesson_08b.variances(range(T, -1, -1), AB_T)[0].flip(0)
    found = lesson_08b.step_bits(x0, guess, index + 1, index, small[index], log_variance.exp(), AB_T)
    expected = [vb_terms(x0[k], x_t[k], guess[k], index[k], log_variance[k]) for k in range(4)]
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-7, atol=1e-9)


@row("`calc_bpd_loop`: `vb`, `mse`, `xstart_mse`")
def test_calc_bpd_loop(eight_b):
    """Of each step: the bits, and the mean squared errors of the noise and of the picture."""
    model, x0 = answers("eps"), normal(2, 3, 4, 4).clamp(-1, 1)
    for index in (0, 20, 80):
        noise = normal(2, 3, 4, 4, seed=index)
        x_t = du.add_noise(x0, index + 1, noise, AB_T)
        guess = guess_of(model, x_t, index)
        found = eight_b.errors(x0, guess, torch.full((2,), index + 1))
        close(found["x0"], (guess - x0).square().mean((1, 2, 3)), terms=200)
        eps = ask(model, x_t, index)
        torch.testing.assert_close(found["eps"], (eps - noise).square().mean((1, 2, 3)), rtol=1e-6, atol=1e-9)


@row("`_prior_bpd`")
def test_prior():
    x0, zero, one = normal(2, 3, 4, 4), torch.zeros(()).double(), torch.ones(()).double()
    ab = THEIRS.alphas_cumprod[-1]
    theirs = normal_kl(ab.sqrt() * x0, (1 - ab).log(), zero, zero) / math.log(2)
    torch.testing.assert_close(
        lesson_08b.kl(AB_T[-1].sqrt() * x0, 1 - AB_T[-1], zero, one), theirs, rtol=1e-6, atol=1e-12
    )


@row("`training_losses`: `LossType`")
@pytest.mark.parametrize("loss, formula", [
    ("MSE", lambda mse, vb: mse + vb), ("rescaled MSE", lambda mse, vb: mse + vb * T / 1000),
    ("KL", lambda mse, vb: vb), ("rescaled KL", lambda mse, vb: vb * T)])  # fmt: skip
def test_losses(eight_b, loss, formula):
    """With a learned range; in MSE and rescaled MSE the bound sees the guess without its gradient."""
    index = torch.tensor([0, 10, 60])
    x0, noise, out, r = (normal(3, 3, 4, 4, seed=k) for k in range(4))
    x0 = x0.clamp(-1, 1)
    x_t = du.add_noise(x0, index + 1, noise, AB_T)
    gradients = []
    for which in ("found", "expected"):
        out, r = out.detach().requires_grad_(), r.detach().requires_grad_()
        if which == "found":
            losses = eight_b.losses(loss, x0, x_t, noise, out, r, index + 1, predicts="eps")
        else:
            frozen = out if "KL" in loss else out.detach()
            terms = []
            for k, i in enumerate(index.tolist()):
                low, high = THEIRS.posterior_log_variance_clipped[i], THEIRS.betas[i].log()
                share, ab = (r[k] + 1) / 2, THEIRS.alphas_cumprod[i]
                guess = x_t[k] / ab.sqrt() - (1 / ab - 1).sqrt() * frozen[k]
                terms.append(vb_terms(x0[k], x_t[k], guess, i, share * high + (1 - share) * low).mean())
            losses = formula((out - noise).square().mean((1, 2, 3)), torch.stack(terms))
        gradients.append([losses.detach(), *torch.autograd.grad(losses.sum(), (out, r), materialize_grads=True)])
    for found, expected in zip(*gradients):
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)
    assert gradients[0][2].abs().max() > 0


@row("`UniformSampler`")
def test_uniform_sampler():
    times = du.Times("uniform", T)
    assert torch.equal(times.probabilities(), torch.full((T,), 1 / T, dtype=torch.float64))
    t, weight = times.draw(5000, torch.Generator().manual_seed(0))
    assert torch.equal(weight, torch.ones(5000))  # 1 / (T p)
    assert (t.min(), t.max()) == (1, T)


@row("`LossSecondMomentResampler`")
def test_loss_second_moment(eight_b):
    """p ~ sqrt(E[L^2]) of the last ten losses of each t, 0.1 % of it uniform; weights 1 / (T p); uniform until then."""
    times, every = du.Times("loss-aware", T), normal(12, T).exp().float()
    for k, losses in enumerate(every):
        times.update(torch.arange(1, T + 1), losses)
        if k == 8:
            assert torch.equal(times.probabilities(), torch.full((T,), 1 / T, dtype=torch.float64))
    p = every[2:].double().square().mean(0).sqrt()
    p = p / p.sum() * (1 - 0.001) + 0.001 / T
    close(times.probabilities(), p, terms=T)
    t, weight = times.draw(1000, torch.Generator().manual_seed(0))
    close(weight, 1 / (T * p[t - 1]), terms=4 * T)
    found = eight_b.practise(every[2:].double().T)
    for ours, theirs in zip(found, (p, 1 / (T * p))):
        close(ours, theirs, terms=4 * T)


def space_timesteps(count):
    """Of one section of T: as many whole indices, with a fractional stride from 0 to T - 1."""
    return sorted({round(k * (T - 1) / (count - 1)) for k in range(count)})


@row("`SpacedDiffusion`, `space_timesteps`")
@pytest.mark.parametrize("used", [space_timesteps(10), space_timesteps(25), list(range(0, T, 4))])  # the last: ddim25
def test_spaced_diffusion(used):
    """New betas from the levels that are kept; the model is told the old times."""
    kept = THEIRS.alphas_cumprod[used]
    spaced = Theirs(1 - kept / torch.cat([torch.ones(1).double(), kept[:-1]]))
    model, x, draws = answers("eps"), normal(2, 3, 4, 4), Draws(3)
    times = [index + 1 for index in reversed(used)] + [0]
    found = walked(model, x, times, eta=1.0, clip=True)
    for k in reversed(range(len(used))):
        x0 = guess_of(model, x, used[k]).clamp(-1, 1)
        x = spaced.mean(x0, x, k)
        if k > 0:
            x = x + spaced.posterior_variance[k].sqrt() * draws.like(x)
    torch.testing.assert_close(found, x, rtol=1e-5, atol=1e-5)


# ---------------------------------------------------------------------------------------------------------- TrainLoop


def trainer(sprites, **how):
    torch.manual_seed(0)
    network = awake(du.Unet(widths=(8,), attention=False)).requires_grad_(True)
    return du.Trainer(network, sprites, AB_T, lr=1e-3, batch=8, bf16=how.pop("bf16", False), device="cpu", **how)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@row("`TrainLoop`: `microbatch`")
def test_microbatch(sprites):
    whole, parts = (trainer(sprites, accumulate=n) for n in (1, 4))
    for one in (whole, parts):
        one.optimizer = torch.optim.SGD(one.model.parameters(), lr=0)  # keeps the gradients as they are
        list(one.run(steps=1))
    a, b = (torch.cat([p.grad.flatten() for p in one.model.parameters()]) for one in (whole, parts))
    torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4 * a.abs().max().item())


@row("`TrainLoop`: `ema_rate`")
def test_ema_rates(sprites):
    """target = rate * target + (1 - rate) * source, for each rate; here with a rate that first grows."""
    rates = (0.9, 0.99)
    one = trainer(sprites, half_life=[math.log(0.5) / math.log(rate) for rate in rates])
    expected = [weights(ema.model).double() for ema in one.emas]
    for k, _ in enumerate(one.run(steps=12), 1):
        for j, rate in enumerate(rates):
            now = min(rate, 1 - 1 / (k / 10 + 1))
            expected[j] = now * expected[j] + (1 - now) * weights(one.model)
    for ema, values in zip(one.emas, expected):
        close(weights(ema.model), values, terms=12)


@row("`TrainLoop`: `resume_checkpoint`")
def test_resume(sprites):
    whole, first, second = trainer(sprites), trainer(sprites), trainer(sprites)
    list(whole.run(steps=6))
    run = first.run(steps=6)
    for _ in range(3):
        next(run)
    second.load_state_dict(first.state_dict())
    list(second.run(steps=6))
    assert torch.equal(weights(whole.model), weights(second.model))


@row("`TrainLoop`: `use_fp16`")
def test_half_precision(sprites):
    """The weights stay in float32, what is computed with them is half as long."""
    one, plain = trainer(sprites, bf16=True), trainer(sprites)
    losses = [next(each.run(steps=1)).loss for each in (one, plain)]
    assert {p.dtype for p in one.model.parameters()} == {torch.float32}
    assert losses[0] != losses[1]
    torch.testing.assert_close(losses[0], losses[1], rtol=0.05, atol=0)


@row("`TrainLoop`: `lr_anneal_steps`")
def test_anneal(sprites):
    one, steps = trainer(sprites, anneal="linear", warmup=1), 5
    rates = [one.optimizer.param_groups[0]["lr"] for _ in one.run(steps=steps)]
    assert rates == pytest.approx([1e-3 * (1 - k / steps) for k in range(steps)])


@row("`TrainLoop`: `weight_decay`")
def test_weight_decay(sprites):
    """AdamW's: p <- p - lr * weight_decay * p, beside the step of Adam."""
    plain, decayed = trainer(sprites, warmup=1), trainer(sprites, warmup=1, weight_decay=0.5)
    before = weights(plain.model)
    for one in (plain, decayed):
        list(one.run(steps=1))
    close(weights(plain.model) - weights(decayed.model), 1e-3 * 0.5 * before, terms=10, scale=before.abs().max().item())


# ------------------------------------------------------------------------------------------------------- the table


def test_every_row_has_a_test():
    assert set(tested) == set(ROWS)
    assert all(name in globals() for names in tested.values() for name in names)


def test_every_place_of_the_table_exists(eight_b):
    here = " ".join(place for place, _ in ROWS.values())
    turns = re.findall(r"(\d+b?\.\d)", here)
    assert len(turns) > 12
    for turn in turns:
        (source,) = (p for p in SOURCES.glob("*.py") if number_of(p.stem) == turn.split(".")[0])
        assert f"### Your turn {turn}: " in source.read_text(encoding="utf-8"), turn
    for name in re.findall(r"\bdu\.(\w+)", here):
        assert hasattr(du, name), name
    for name in re.findall(r"\blesson_08b\.(\w+)", here):
        assert hasattr(lesson_08b, name), name
    for name in ("bits", "errors", "combine"):
        assert f"`{name}`" in here and hasattr(eight_b, name)


def test_the_table_shows_every_row():
    lines = lesson_08b.correspondence().data.splitlines()
    assert len(lines) == len(ROWS) + 2
    assert all(line.count("|") == 4 for line in lines)
