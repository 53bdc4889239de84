"""Lesson 8's formulas against closed forms: Bayes' rule, torch.distributions, and Gaussian data of known likelihood."""

import math

import pytest
import torch
from conftest import close, products
from torch.distributions import Normal, kl_divergence

import diffusion_utilities as du

SCHEDULES = [("cosine", 500), ("linear", 500), ("rescaled", 100)]
T = 500


def schedule(name="cosine", T=500, n=None):
    ab = du.noise_schedule(name, T)
    return ab if n is None else ab[du.sampling_times(T, n)[::-1]]


def rest_of(ab, std):
    """The variance of x0 given x_t, for N(mu, std^2) data."""
    return std**2 * (1 - ab[1:]) / (ab[1:] * std**2 + 1 - ab[1:])


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


loaded = {}


@pytest.fixture
def bound(lesson):
    """The lesson's functions, read once."""
    if not loaded:
        values = dict(T=T, ab_t=schedule(), device=torch.device("cpu"), names=list(range(16)))
        loaded["lesson"] = lesson("08_variational_bound", **values)
    return loaded["lesson"]


# ------------------------------------------------------------------------------------------------------- the posterior


@pytest.mark.parametrize("name, T", SCHEDULES)
@pytest.mark.parametrize("n", [2, 7, 100])
def test_posterior_completes_the_square(bound, name, T, n):
    ab = schedule(name, T, n)
    w_0, w_t, small, large = bound.posterior(ab)
    t, s = ab[1:], ab[:-1]
    precision = 1 / (1 - s[1:]) + (t / s)[1:] / (1 - t / s)[1:]  # step 1 knows x0: no density to multiply
    torch.testing.assert_close(small[1:], 1 / precision)
    torch.testing.assert_close(w_0[1:], s[1:].sqrt() / (1 - s[1:]) / precision)
    torch.testing.assert_close(w_t[1:], (t / s).sqrt()[1:] / (1 - t / s)[1:] / precision)
    assert (small[0], w_t[0]) == (0, 0)
    assert w_0[0] == pytest.approx(1)
    assert ((small < large) | (large == 0)).all()


@pytest.mark.parametrize("i", [2, 5, 9, 10])
def test_posterior_is_bayes_rule_on_a_grid(bound, i):
    ab, grid = schedule(n=10), torch.linspace(-8, 8, 40_001, dtype=torch.float64)
    w_0, w_t, small, _ = (value[i - 1] for value in bound.posterior(ab))
    x0, x_t = 0.8, -0.4
    product = bound.bell(grid, ab[i - 1].sqrt() * x0, 1 - ab[i - 1])
    product = product * bound.bell(x_t, (ab[i] / ab[i - 1]).sqrt() * grid, 1 - ab[i] / ab[i - 1])
    product = product / torch.trapezoid(product, grid)
    mean = torch.trapezoid(product * grid, grid)
    assert mean.item() == pytest.approx((w_0 * x0 + w_t * x_t).item(), abs=1e-6)
    assert torch.trapezoid(product * (grid - mean) ** 2, grid).item() == pytest.approx(small.item(), rel=1e-5)


def test_the_mean_is_that_of_the_sampler(bound, gaussian):
    ab, x = schedule(), normal(2, 3, 4, 4).float()
    step = next(du.sampler(gaussian(ab), ab, x, times=[400, 250, 0], eta=1, extra_noise=0))
    w_0, w_t = (value[1] for value in bound.posterior(ab[[0, 250, 400]])[:2])
    torch.testing.assert_close(step.x, (w_0 * step.x0 + w_t * x).float(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name, T", SCHEDULES)
def test_only_the_first_log_variance_is_clipped(bound, name, T):
    ab = schedule(name, T)
    low, high = bound.log_range(ab)
    small, large = bound.posterior(ab)[2:]
    torch.testing.assert_close(low[1:].exp(), small[1:])
    torch.testing.assert_close(high.exp(), large)
    assert low[0] == low[1]
    assert torch.isfinite(low).all() and (low <= high).all()


@pytest.mark.parametrize("predicts", ["x_prev", "x0", "eps", "v"])
@pytest.mark.parametrize("i", [1, 4, 10])
def test_every_unit_of_the_answer_gives_the_same_guess(bound, predicts, i):
    ab, x0, noise = schedule(n=10), normal(2, 3, 4, 4), normal(2, 3, 4, 4, seed=1)
    x_t, steps = du.add_noise(x0, i, noise, ab), torch.full((2,), i)
    w_0, w_t = (value[i - 1] for value in bound.posterior(ab)[:2])
    out = w_0 * x0 + w_t * x_t if predicts == "x_prev" else du.target(x0, i, noise, ab, predicts)
    rough = 1e-3 if (predicts, i) == ("eps", 10) else 1e-8  # there sqrt(ab) is 1e-4
    torch.testing.assert_close(bound.to_x0(out, x_t, i, ab, predicts), x0, atol=rough, rtol=rough)
    torch.testing.assert_close(bound.to_x0(out, x_t, steps, ab, predicts), x0, atol=rough, rtol=rough)


def test_path_has_the_marginals_of_the_closed_form(bound):
    x0 = torch.full((4, 3, 32, 32), 0.7)
    x_t = bound.path(x0, seed=0).unflatten(0, (T, 4))
    for t in (1, 50, 250, 500):
        assert x_t[t - 1].mean().item() == pytest.approx(0.7 * bound.ab_t[t].sqrt().item(), abs=0.03)
        assert x_t[t - 1].var().item() == pytest.approx((1 - bound.ab_t[t]).item(), rel=0.05)
    keep = (bound.ab_t[250] / bound.ab_t[249]).sqrt().item()  # neighbours share all but the noise of one step
    assert (x_t[249] - keep * x_t[248]).var().item() == pytest.approx(1 - keep**2, rel=0.05)


# ------------------------------------------------------------------------------------------------ what the terms cost


def test_kl_is_that_of_torch(bound):
    means, stds = normal(50, 2), normal(50, 2, seed=1).exp()
    a, b = Normal(means[:, 0], stds[:, 0]), Normal(means[:, 1], stds[:, 1])
    bits = bound.kl(a.mean, a.variance.log(), b.mean, b.variance.log())
    torch.testing.assert_close(bits, kl_divergence(a, b) / math.log(2))
    assert (bits >= 0).all()
    assert bound.kl(a.mean, a.variance.log(), a.mean, a.variance.log()).abs().max() < 1e-12


@pytest.mark.parametrize("mean", [-1.2, -1, -0.995, 0, 0.123, 1, 1.5])
@pytest.mark.parametrize("std", [1e-3, 0.007, 0.3, 2])
def test_the_last_step_shares_out_a_probability_of_1(bound, mean, std):
    pixels = torch.arange(256, dtype=torch.uint8).numpy().reshape(1, 16, 16, 1)
    for values, rough in ((du.to_images(pixels), 1e-4), (torch.linspace(-1, 1, 256, dtype=torch.float64), 1e-8)):
        p = 2 ** -bound.last_step(values.flatten().double(), mean, std)  # float32 images, as in the lessons; exact ones
        assert p.sum().item() == pytest.approx(1, abs=rough)
    exact = Normal(torch.tensor(mean, dtype=torch.float64), std).cdf(
        torch.arange(-254, 255, 2, dtype=torch.float64) / 255
    )
    exact = torch.cat([exact.new_zeros(1), exact, exact.new_ones(1)]).diff()
    torch.testing.assert_close(p, exact, atol=1e-5, rtol=1e-4)


def test_prior_term(bound):
    x0 = normal(2, 3, 4, 4)
    for name in ("cosine", "linear"):
        ab = schedule(name)
        exact = kl_divergence(Normal(ab[-1].sqrt() * x0, (1 - ab[-1]).sqrt()), Normal(0.0, 1.0)) / math.log(2)
        torch.testing.assert_close(bound.prior_bits(x0, ab), exact, atol=1e-12, rtol=1e-6)


def test_step_bits_with_the_small_variance_is_the_gain_in_signal_to_noise(bound):
    ab, i = schedule(), torch.tensor([2, 10, 200, 500])
    x0, x_t, guess = (normal(4, 3, 4, 4, seed=k) for k in range(3))
    small = bound.log_variance("small", None, i, ab, x0)
    snr = ab / (1 - ab)
    exact = (snr[i - 1] - snr[i]).view(-1, 1, 1, 1) * (x0 - guess) ** 2 / (2 * math.log(2))
    torch.testing.assert_close(bound.step_bits(x0, x_t, guess, i, ab, small), exact, rtol=1e-6, atol=1e-12)


def test_step_bits_at_step_1_are_those_of_the_pixels(bound):
    ab, i = schedule(n=10), torch.tensor([1, 3])
    x0, x_t, guess = normal(2, 3, 4, 4).clamp(-1, 1), normal(2, 3, 4, 4, seed=1), normal(2, 3, 4, 4, seed=2)
    log_var = normal(2, 3, 4, 4, seed=3)
    bits = bound.step_bits(x0, x_t, guess, i, ab, log_var)
    torch.testing.assert_close(bits[0], bound.last_step(x0[0], guess[0], (0.5 * log_var[0]).exp()))
    w_0, w_t, small, _ = (value[2] for value in bound.posterior(ab))
    a = Normal(w_0 * x0[1] + w_t * x_t[1], small.sqrt())
    b = Normal(w_0 * guess[1] + w_t * x_t[1], (0.5 * log_var[1]).exp())
    torch.testing.assert_close(bits[1], kl_divergence(a, b) / math.log(2))


# --------------------------------------------------------------------------------------- Gaussian data: the known truth


@pytest.mark.parametrize("std", [0.1, 0.5, 1.0, 1.7])
@pytest.mark.parametrize("n", [2, 10, 500])
def test_with_the_exact_variance_the_bound_is_the_entropy(bound, std, n):
    ab = schedule(n=n)
    assert abs(bound.gaussian_excess(ab, std, "exact")) < 1e-7
    for kind in ("small", "large"):
        assert bound.gaussian_excess(ab, std, kind) > -1e-7


@pytest.mark.parametrize("std", [0.1, 0.5, 0.99])
def test_the_exact_variance_is_the_conditional_one_and_lies_in_the_range(bound, gaussian, std):
    ab = schedule(n=50)
    data = gaussian(ab, s=std)
    w_0, _, small, large = bound.posterior(ab)
    exact = small + w_0**2 * rest_of(ab, std)
    for i in range(1, 51):
        covariance = (ab[i] / ab[i - 1]).sqrt().item() * data.std(i - 1) ** 2
        assert exact[i - 1].item() == pytest.approx(data.std(i - 1) ** 2 - covariance**2 / data.std(i) ** 2, rel=1e-6)
    assert (small <= exact).all() and (exact <= large).all()


def test_measured_bits_of_gaussian_pixels_are_their_entropy(bound, gaussian):
    """The whole chain, from draws: 10 steps, the perfect guess, the exact variance, values rounded to pixels."""
    std, mu, n, N = 0.2, 0.1, 10, 60
    ab = schedule(n=n)
    data = gaussian(ab, mu=mu, s=std)
    x0 = ((mu + std * normal(N, 3, 16, 16) + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1
    w_0, _, small, _ = bound.posterior(ab)
    exact = (small + w_0**2 * rest_of(ab, std)).log()
    total = {"exact": 0.0, "small": 0.0, "large": 0.0}
    for i in range(1, n + 1):
        x_t = du.add_noise(x0, i, normal(N, 3, 16, 16, seed=i), ab)
        guess, steps = data(x_t, torch.full((N,), i / n)), torch.full((N,), i)
        variances = {kind: bound.log_variance(kind, None, steps, ab, x0) for kind in ("small", "large")}
        variances["exact"] = bound.per_image(exact, steps, x0)
        for kind, log_var in variances.items():
            total[kind] += bound.step_bits(x0, x_t, guess, steps, ab, log_var).mean().item()
    entropy = 0.5 * math.log2(2 * math.pi * math.e * std**2) + math.log2(127.5)
    assert total["exact"] == pytest.approx(entropy, abs=0.02)
    for kind in ("small", "large"):
        excess = bound.gaussian_excess(ab, std, kind)
        assert excess > 0.1
        assert total[kind] == pytest.approx(entropy + excess, abs=0.05)


# ------------------------------------------------------------------------------------------------- the learned variance


def test_log_variance(bound):
    ab, i, v = schedule(), torch.tensor([1, 7]), normal(2, 3, 4, 4)
    low, high = (value[i - 1].view(-1, 1, 1, 1) for value in bound.log_range(ab))
    for kind, exact in (("small", low), ("large", high), ("middle", (low + high) / 2), ("learned", v)):
        torch.testing.assert_close(bound.log_variance(kind, v, i, ab, v), exact)
    of = {x: bound.log_variance("learned range", torch.full_like(v, x), i, ab, v) for x in (-1.0, 0.0, 1.0)}
    for x, exact in ((-1.0, low), (0.0, (low + high) / 2), (1.0, high)):
        torch.testing.assert_close(of[x], exact.expand_as(v))
    assert torch.equal(bound.log_variance("learned range", v, i, ab, v)[0] > low[0], v[0] > -1)


@pytest.mark.parametrize("name, T", SCHEDULES)
def test_fixed_large_is_that_of_improved_diffusion(bound, name, T):
    """gaussian_diffusion.py: FIXED_LARGE takes np.append(posterior_variance[1], betas[1:]), its index 0 our step 1."""
    ab, i = schedule(name, T), torch.arange(1, T + 1)
    betas, before, after = 1 - ab[1:] / ab[:-1], ab[:-1], ab[1:]
    posterior_variance = betas * (1 - before) / (1 - after)
    wanted = torch.cat([posterior_variance[1:2], betas[1:]]).log()
    found = bound.log_variance("fixed large", None, i, ab, normal(T, 1, 1, 1))
    torch.testing.assert_close(found.flatten(), wanted, rtol=1e-9, atol=1e-9)
    ours = bound.log_variance("large", None, i, ab, normal(T, 1, 1, 1)).flatten()
    assert ours[0] == betas[0].log() != found.flatten()[0] and torch.equal(ours[1:], found.flatten()[1:])


def small_trainer(bound, kind="rescaled MSE", **how):
    torch.manual_seed(0)
    model = du.Unet(widths=(8, 16))
    for parameter in model.parameters():
        parameter.data.add_(0.1 * torch.randn(parameter.shape))
    bound.model, bound.train = model, du.load_sprites("train", 40)
    return bound.trainer_of(kind, **how), model


def test_wide_copies_the_answer_and_says_nothing_of_the_variance(bound):
    trainer, model = small_trainer(bound)
    x, t = normal(2, 3, 8, 8).float(), torch.rand(2)
    with torch.no_grad():  # the trainer's copy has another memory format
        close(trainer.model(x, t)[:, :3], model(x, t), terms=products(model))
        assert (trainer.model(x, t)[:, 3:] == 0).all()
    assert trainer.model.network is not model
    assert all(p.requires_grad for p in trainer.model.parameters())


@pytest.mark.parametrize("kind", ["MSE", "rescaled MSE"])
def test_in_the_hybrid_the_bound_trains_only_the_variance(bound, kind):
    gradients = {}
    for which in ("mse", kind, "KL"):
        trainer = small_trainer(bound, which)[0]
        loss = trainer.loss_of(*trainer.next_batch())[0]
        layers = trainer.model.network.last, trainer.model.v
        gradients[which] = torch.autograd.grad(loss, [layer.weight for layer in layers], materialize_grads=True)
    there_and_back = 2 * products(small_trainer(bound)[1])
    close(gradients[kind][0], gradients["mse"][0], terms=there_and_back)
    assert (gradients["mse"][1] == 0).all()
    factor = {"MSE": 1, "rescaled MSE": T / 1000}[kind]
    close(gradients[kind][1], factor * gradients["KL"][1], terms=there_and_back)
    assert gradients["KL"][0].norm() > 0


def test_combine(bound):
    mse, vb = torch.tensor([1.0, 2.0]), torch.tensor([0.1, 0.3])
    for kind, exact in (("mse", mse), ("MSE", mse + vb), ("rescaled MSE", mse + vb / 2), ("KL", vb),
                        ("rescaled KL", 500 * vb)):  # fmt: skip
        close(bound.combine(kind, mse, vb), exact, terms=3)


@pytest.mark.parametrize("times", ["uniform", "loss-aware"])
def test_the_trainer_trains_both_halves(bound, times):
    trainer = small_trainer(bound, times=times)[0]
    for _ in range(10):
        trainer.times.update(torch.arange(1, T + 1), 1 / torch.arange(1, T + 1))
    layers = trainer.model.network.last, trainer.model.v
    before = [layer.weight.clone() for layer in layers]
    for progress in trainer.run(steps=3):
        assert torch.isfinite(progress.loss)
    for layer, weight in zip(layers, before):
        assert ((layer.weight - weight).abs().amax((1, 2, 3)) > 0).all()


# -------------------------------------------------------------------------------------------------------- the measuring


class Silent:
    """A network that answers 0 and keeps the times it was asked for."""

    def __init__(self):
        self.times = []

    def __call__(self, x, t, c):
        self.times.append((t * T).round().long())
        return torch.zeros(len(x), 6, *x.shape[2:])


def test_score_visits_every_time_with_the_right_weight(bound, sprites):
    n, net = 20, Silent()
    bound.held_out = sprites
    cost = bound.score(net, ["small", "middle", "learned range"], n)
    times = torch.stack(net.times)
    assert times.shape == (44, n)
    assert torch.equal(times[:20], torch.arange(1, 21)[:, None].expand(20, n))
    assert times[20:].flatten().sort().values.tolist() == list(range(21, 501))  # 20 sprites share out the rest
    torch.testing.assert_close(cost["middle"], cost["learned range"])  # v = 0
    assert cost["small"].shape == (n, 3) and (cost["small"] > 0).all()


def test_score_is_the_mean_of_the_whole_sum(bound, sprites):
    """The guess 0 makes every term known: price * x_t-free, so the sampled sum can be compared with all 500 terms."""
    bound.held_out = du.Sprites(sprites.x[:1].expand(20, -1, -1, -1), sprites.c[:1].expand(20, -1), sprites.classes)

    class Blank(Silent):
        def __call__(self, x, t, c):  # v = sqrt(ab)/sqrt(1 - ab) x answers with x0 = 0
            ab = bound.ab_t[(t * T).round().long()].view(-1, 1, 1, 1)
            return torch.cat([(ab / (1 - ab)).sqrt().float() * x, 0 * x], 1)

    cost = bound.score(Blank(), ["small"], 20)["small"].double().mean(0)
    snr, square = bound.ab_t / (1 - bound.ab_t), sprites.x[:1].double().square().mean()
    assert cost[0].item() == pytest.approx((snr[20] * square / (2 * math.log(2))).item(), rel=1e-3)
    assert cost[1].item() == pytest.approx(((snr[1] - snr[20]) * square / (2 * math.log(2))).item(), rel=1e-3)


def test_bound_of_fewer_steps_takes_its_rows_from_the_walk(lesson):
    ab_t, x0 = schedule(T=20), normal(16, 3, 4, 4).clamp(-1, 1)
    bound = lesson("08_variational_bound", T=20, ab_t=ab_t, x0=x0, names=list(range(16)))
    bound.x_t, guess = bound.path(x0, seed=0), 0.1 * normal(320, 3, 4, 4, seed=1)
    v = normal(320, 3, 4, 4, seed=2)
    for n in (2, 5, 7, 20):
        at = du.sampling_times(20, n)[::-1]
        cost = bound.bound(guess, v, n, "learned range", who=[3, 8])
        assert cost.shape == (n, 2, 3, 4, 4)
        torch.testing.assert_close(cost, bound.bound(guess, v, n, "learned range")[:, [3, 8]])
        row, i = 16 * (at[2] - 1) + 8, torch.tensor([2])
        rows = slice(row, row + 1)
        log_var = bound.log_variance("learned range", v[rows], i, ab_t[at], x0)
        exact = bound.step_bits(x0[8:9], bound.x_t[rows], guess[rows], i, ab_t[at], log_var)
        torch.testing.assert_close(cost[1, 1], exact[0])


def test_files_are_real(bound, sprites):
    pixels = du.to_pixels(sprites.x)[0]
    file = bound.png(pixels)
    assert file.startswith(b"\x89PNG") and 50 < len(file) < 1000
    mean, error = bound.mean_and_error(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert mean == 2.5 and error == pytest.approx(1.290994 / 2)
