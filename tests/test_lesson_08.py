"""Lesson 8's formulas against closed forms: Bayes' rule, torch.distributions, and data of known likelihood."""

import math

import pytest
import torch
from conftest import close
from torch.distributions import Normal, kl_divergence

import diffusion_utilities as du
from plumbing import lesson_08

SCHEDULES = [("cosine", 500), ("linear", 500), ("rescaled", 100)]
T = 500
STUBS = ("kl", "posterior", "price", "last_step", "best_variance")


def schedule(name="cosine", T=500, n=None):
    ab = du.noise_schedule(name, T)
    return ab if n is None else ab[du.sampling_times(T, n)[::-1]]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def load(lesson, **values):
    """The lesson's functions, its solutions in place of the stubs."""
    values = dict(T=T, ab_t=schedule(), every=range(T + 1), names=list(range(16))) | values
    module = lesson("08_variational_bound", **values)
    for name in STUBS:
        setattr(module, name, getattr(module, f"solution_{name}"))
    return module


loaded = {}


@pytest.fixture
def bound(lesson):
    """The lesson's functions, read once."""
    if not loaded:
        loaded["lesson"] = load(lesson)
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
def test_the_fixed_variances_and_those_of_improved_diffusion(bound, name, T):
    """gaussian_diffusion.py: FIXED_LARGE takes np.append(posterior_variance[1], betas[1:]), its index 0 our step 1."""
    ab = schedule(name, T)
    fixed, (small, large) = bound.fixed(ab), bound.posterior(ab)[2:]
    assert torch.equal(fixed["small"][1:], small[1:]) and fixed["small"][0] == small[1] > 0
    assert torch.equal(fixed["large"], large)
    betas, before, after = 1 - ab[1:] / ab[:-1], ab[:-1], ab[1:]
    theirs = torch.cat([(betas * (1 - before) / (1 - after))[1:2], betas[1:]])
    torch.testing.assert_close(torch.cat([fixed["small"][:1], fixed["large"][1:]]), theirs)
    assert theirs[0] < fixed["large"][0]


# ------------------------------------------------------------------------------------------------ what the terms cost


def test_kl_is_that_of_torch(bound):
    means, stds = normal(50, 2), normal(50, 2, seed=1).exp()
    a, b = Normal(means[:, 0], stds[:, 0]), Normal(means[:, 1], stds[:, 1])
    bits = bound.kl(a.mean, a.variance, b.mean, b.variance)
    torch.testing.assert_close(bits, kl_divergence(a, b) / math.log(2))
    assert (bits >= 0).all()
    assert bound.kl(a.mean, a.variance, a.mean, a.variance).abs().max() < 1e-12


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


def test_tanh_comes_near_the_exact_share(bound):
    x = torch.linspace(-1, 1, 256, dtype=torch.float64)
    mean, std = x + 0.01 * normal(256), torch.tensor(0.01).double()
    exact, theirs = bound.last_step(x, mean, std), lesson_08.last_step_by_tanh(x, mean, std)
    near = exact < 5  # far out both shares are tiny, and tanh's is off by more
    assert near.sum() > 150 and 0 < (exact - theirs)[near].abs().max() < 0.02


def test_prior_term(bound):
    x0 = normal(2, 3, 4, 4)
    for name in ("cosine", "linear"):
        ab = schedule(name)
        exact = kl_divergence(Normal(ab[-1].sqrt() * x0, (1 - ab[-1]).sqrt()), Normal(0.0, 1.0)) / math.log(2)
        torch.testing.assert_close(bound.prior_bits(x0, ab), exact, atol=1e-12, rtol=1e-6)


def test_with_the_small_variance_a_step_costs_price_times_squared_error(bound):
    ab, i = schedule(), torch.tensor([2, 10, 200, 500])
    x0, x_t, guess = (normal(4, 3, 4, 4, seed=k) for k in range(3))
    found = bound.step_bits(x0, x_t, guess, i, ab, bound.fixed(ab)["small"])
    exact = bound.price(ab)[i - 2].view(-1, 1, 1, 1) * (x0 - guess) ** 2
    torch.testing.assert_close(found, exact, rtol=1e-6, atol=1e-12)


def test_steps_are_kl_and_the_last_one_names_the_pixels(bound):
    ab, i = schedule(n=10), torch.tensor([1, 3])
    x0, x_t, guess = normal(2, 3, 4, 4).clamp(-1, 1), normal(2, 3, 4, 4, seed=1), normal(2, 3, 4, 4, seed=2)
    claimed = 0.01 + normal(10, seed=3).square()
    bits = bound.step_bits(x0, x_t, guess, i, ab, claimed)
    torch.testing.assert_close(bits[0], bound.last_step(x0[0], guess[0], claimed[0].sqrt()))
    w_0, w_t, small, _ = (value[2] for value in bound.posterior(ab))
    a = Normal(w_0 * x0[1] + w_t * x_t[1], small.sqrt())
    b = Normal(w_0 * guess[1] + w_t * x_t[1], claimed[2].sqrt())
    torch.testing.assert_close(bits[1], kl_divergence(a, b) / math.log(2))


def test_the_honest_variance_is_the_cheapest(bound):
    ab, error = schedule(n=10), 0.05
    best = bound.best_variance(ab, torch.full((10,), error, dtype=torch.float64))
    w_0, _, small, _ = bound.posterior(ab)

    def cost(variance):
        return bound.kl(w_0 * error**0.5, small, torch.zeros(()), variance)[1:]

    for factor in (0.8, 0.97, 1.03, 1.25):
        assert (cost(best) < cost(factor * best)).all()


# ----------------------------------------------------------------------------------------------- data of known entropy


def test_twelve_points_cost_what_is_not_known_of_them(bound):
    """The sum of all prices times errors is the information (Guo, Shamai & Verdu), and no less."""
    angle = torch.arange(12) * 2 * torch.pi / 12
    bound.points = torch.stack([angle.cos(), angle.sin()], 1).double()[:, :, None, None]
    bound.perfect = du.PerfectDenoiser(bound.points, bound.ab_t)
    bound.which, bound.generator = torch.arange(12).repeat(40), torch.Generator().manual_seed(0)
    error, still_open = (torch.stack(part) for part in zip(*map(bound.flat, range(1, T + 1))))
    paid = bound.price(bound.ab_t)[:, None] * error[1:]
    chance = (paid.var(1) / 480).sum().sqrt().item()
    assert paid.mean(1).sum().item() == pytest.approx(math.log2(12), abs=4 * chance + 0.05)  # 0.05: steps are not tiny
    assert chance < 0.1
    assert still_open[0] < 1e-6 and still_open[-1] == pytest.approx(math.log2(12), abs=0.01)
    told = paid.mean(1)[99:].sum().item()  # by the steps 500 to 101
    assert told == pytest.approx(math.log2(12) - still_open[99].item(), abs=0.2)


@pytest.mark.parametrize("std", [0.1, 0.5, 1.0, 1.7])
@pytest.mark.parametrize("n", [1, 2, 10, 500])
def test_with_the_honest_variance_the_bound_is_the_entropy(bound, std, n):
    ab = schedule(n=n)
    assert abs(bound.excess(ab, bound.best_variance(ab, bound.left_open(ab, std)), std)) < 1e-6
    if n > 1:
        for variance in bound.fixed(ab).values():
            assert bound.excess(ab, variance, std) > -1e-6


@pytest.mark.parametrize("std", [0.1, 0.5, 0.99])
def test_the_honest_variance_is_the_conditional_one_and_lies_between_the_fixed(bound, gaussian, std):
    ab = schedule(n=50)
    data = gaussian(ab, s=std)
    small, large = bound.posterior(ab)[2:]
    honest = bound.best_variance(ab, bound.left_open(ab, std))
    for i in range(1, 51):
        covariance = (ab[i] / ab[i - 1]).sqrt().item() * data.std(i - 1) ** 2
        assert honest[i - 1].item() == pytest.approx(data.std(i - 1) ** 2 - covariance**2 / data.std(i) ** 2, rel=1e-6)
    assert (small <= honest).all() and (honest <= large).all()


def test_measured_bits_of_gaussian_pixels_are_their_entropy(bound, gaussian):
    """The whole chain, from draws: 10 steps, the perfect guess, the honest variance, values rounded to pixels."""
    std, mu, n, N = 0.2, 0.1, 10, 60
    ab = schedule(n=n)
    data = gaussian(ab, mu=mu, s=std)
    x0 = ((mu + std * normal(N, 3, 16, 16) + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1
    variances = bound.fixed(ab) | {"honest": bound.best_variance(ab, bound.left_open(ab, std))}
    total = dict.fromkeys(variances, 0.0)
    for i in range(1, n + 1):
        x_t = du.add_noise(x0, i, normal(N, 3, 16, 16, seed=i), ab)
        guess = data(x_t, torch.full((N,), i / n))
        for kind, variance in variances.items():
            total[kind] += bound.step_bits(x0, x_t, guess, torch.tensor([i]), ab, variance).mean().item()
    entropy = 0.5 * math.log2(2 * math.pi * math.e * std**2) + math.log2(127.5)
    assert total["honest"] == pytest.approx(entropy, abs=0.02)
    for kind in ("small", "large"):
        excess = bound.excess(ab, variances[kind], std)
        assert excess > 0.1
        assert total[kind] == pytest.approx(entropy + excess, abs=0.05)


# -------------------------------------------------------------------------------------------------------- the measuring


class Network(torch.nn.Module):
    """A network that answers with x0 = 0 everywhere, in the unit v, and keeps the times it was asked for."""

    predicts = "v"

    def __init__(self):
        super().__init__()
        self.weight, self.times = torch.nn.Parameter(torch.zeros(1)), []

    def forward(self, x, t, c):
        t = (t * T).round().long()
        self.times.append(t)
        ab = schedule()[t].view(-1, 1, 1, 1)
        return (ab / (1 - ab)).sqrt().float() * x


def test_path_has_the_marginals_of_the_closed_form(bound):
    x_t = lesson_08.path(bound.ab_t, torch.full((4, 3, 32, 32), 0.7), seed=0)
    for t in (1, 50, 250, 500):
        assert x_t[t].mean().item() == pytest.approx(0.7 * bound.ab_t[t].sqrt().item(), abs=0.03)
        assert x_t[t].var().item() == pytest.approx((1 - bound.ab_t[t]).item(), rel=0.05)
    keep = (bound.ab_t[250] / bound.ab_t[249]).sqrt().item()  # neighbours share all but the noise of one step
    assert (x_t[250] - keep * x_t[249]).var().item() == pytest.approx(1 - keep**2, rel=0.05)


def test_a_walk_asks_at_every_time_in_order(sprites):
    net = Network()
    x_t, guess = lesson_08.walk(net, schedule(), sprites.x[:3], sprites.c[:3])
    assert x_t.shape == guess.shape == (501, 3, 3, 16, 16)
    assert torch.cat(net.times).tolist() == torch.arange(1, 501).repeat_interleave(3).tolist()
    assert torch.equal(guess[0], sprites.x[:3]) and guess[1:].abs().max() < 1e-3


def test_questions_visit_every_time_with_the_right_weight(sprites):
    net, n = Network(), 20
    asked = lesson_08.questions(net, schedule(), sprites.x[:n], sprites.c[:n])
    assert len(asked) == 44 and sum(times for times, *_ in asked) == T
    times = torch.stack([t for _, t, *_ in asked])
    assert torch.equal(times[:20], torch.arange(1, 21)[:, None].expand(20, n))
    assert times[20:].flatten().sort().values.tolist() == list(range(21, 501))  # 20 sprites share out the rest
    assert torch.equal(torch.cat(net.times), times.flatten())
    with pytest.raises(ValueError, match="500 times"):
        lesson_08.questions(net, schedule(T=100), sprites.x[:n], sprites.c[:n])


def test_the_sampled_sum_is_that_of_all_500_steps(bound, sprites):
    """The guess 0 makes every term known: the price times the square of the sprite."""
    x = sprites.x[:1].repeat(20, 1, 1, 1)
    asked = lesson_08.questions(Network(), bound.ab_t, x, sprites.c[:1].repeat(20, 1))
    cost = bound.bits_per_dim(asked, x, bound.fixed(bound.ab_t)["small"]).mean(0)
    snr, square = bound.ab_t / (1 - bound.ab_t), sprites.x[:1].double().square().mean()
    assert cost[0].item() == pytest.approx((snr[20] * square / (2 * math.log(2))).item(), rel=1e-3)
    assert cost[1].item() == pytest.approx(((snr[1] - snr[20]) * square / (2 * math.log(2))).item(), rel=1e-3)
    errors = bound.errors_of(asked, x)
    torch.testing.assert_close(errors, torch.full((T,), square.item(), dtype=torch.float64), rtol=1e-3, atol=1e-6)


def test_clipping_makes_no_kl_dearer(bound):
    x0, x_t = normal(8, 3, 8, 8).clamp(-1, 1), normal(8, 3, 8, 8, seed=1)
    asked = [(1, torch.full((8,), 7), x_t, 1.2 * normal(8, 3, 8, 8, seed=2))]
    clipped = bound.clipped(asked)
    assert asked[0][3].max() > 1 >= clipped[0][3].max()
    for variance in bound.fixed(bound.ab_t).values():
        plain, kept_in = (bound.bits_per_dim(one, x0, variance) for one in (asked, clipped))
        assert (kept_in[:, 1] < plain[:, 1]).all()


def test_fewer_steps_take_their_rows_from_the_walk(lesson):
    ab_t, x0 = schedule(T=20), normal(16, 3, 4, 4).clamp(-1, 1)
    guess = torch.cat([x0[None], 0.1 * normal(20, 16, 3, 4, 4, seed=1)])
    bound = load(lesson, T=20, ab_t=ab_t, x0=x0, guess=guess, every=range(21))
    bound.x_t = lesson_08.path(ab_t, x0, seed=0)
    for n in (2, 5, 7, 20):
        at = du.sampling_times(20, n)[::-1]
        variance = bound.fixed(ab_t[at])["large"]
        cost = bound.walk_bits(variance, at, who=[3, 8])
        assert cost.shape == (n, 2, 3, 4, 4)
        torch.testing.assert_close(cost, bound.walk_bits(variance, at)[:, [3, 8]])
        i = torch.tensor([2])
        exact = bound.step_bits(x0[8:9], bound.x_t[at[2], 8:9], guess[at[2], 8:9], i, ab_t[at], variance)
        torch.testing.assert_close(cost[1, 1], exact[0])


def test_the_counter_of_the_film_adds_up_the_prices(bound):
    x_t, guess = normal(501, 2, 3, 4, 4), normal(501, 2, 3, 4, 4, seed=1)
    told = lesson_08.told_by(x_t.float(), guess.float(), bound.ab_t)
    assert told.shape == (500, 2, 3, 4, 4) and (told[0] == 0).all()
    exact = bound.price(bound.ab_t).view(-1, 1, 1, 1, 1) * (guess[2:] - guess[0]) ** 2
    for t in (499, 100, 1):  # when x_t is there, the steps down to t + 1 have been told
        expected = exact[t - 1 :].sum(0).float()
        close(told[500 - t], expected, terms=500)


# -------------------------------------------------------------------------------------------- colours, files, pictures


def test_one_colour_is_one_measurement(bound, noise):
    """Of a sprite of two colours, averaging what looks alike takes most of the noise away, in each sprite by itself."""
    x0 = (
        torch.where(noise(1, 1, 16, 16) > 0, 0.6, -0.4).expand(2, 3, 16, 16)
        * torch.tensor([1.0, 0.9])[:, None, None, None]
    )
    t = torch.full((2,), 5)
    x_t = du.add_noise(x0, 5, noise(2, 3, 16, 16, seed=1), bound.ab_t)
    guess = x_t / bound.ab_t[5].sqrt().float()
    better = bound.same_again(x_t, guess, t)
    before, after = ((one - x0).square().mean().sqrt() for one in (guess, better))
    assert after < 0.2 * before
    alone = bound.same_again(x_t[1:], guess[1:], t[1:])
    close(better[1:], alone, terms=256, scale=2 * 256)
    assert torch.equal(bound.same_again(x_t, guess, torch.full((2,), 40)), guess)


def test_files_are_real(sprites):
    pixels = du.to_pixels(sprites.x)[0]
    file = lesson_08.png(pixels)
    assert file.startswith(b"\x89PNG") and 50 < len(file) < 1000
    sizes = lesson_08.file_sizes(sprites.x[:3])
    assert sizes["PNG"][0] == len(file) and sizes["zlib"].shape == (3,)
    mean, error = lesson_08.mean_and_error(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert mean == 2.5 and error == pytest.approx(1.290994 / 2)


def test_colours_and_speckle_are_counted(sprites):
    x = torch.full((2, 3, 16, 16), 0.5)
    assert lesson_08.colours(x) == 1 and lesson_08.speckle(x) == 0
    x[0, :, 4, 4] = -0.5  # a lone pixel
    assert lesson_08.colours(x) == 1.5
    assert lesson_08.speckle(x) == pytest.approx(1 / 512)
    x[1, :, :, 8:] = -0.5  # an edge is no speckle, nor is a line
    x[1, :, 3, :] = 0.1
    assert lesson_08.speckle(x) == pytest.approx(1 / 512)


def test_bits_as_colours_reach_from_black_to_bright():
    bits = torch.zeros(2, 3, 4, 4)
    bits[1] = 5.0
    picture = lesson_08.heat(bits, 8.0)
    assert picture.shape == (2, 3, 4, 4) and picture[0].max() < -0.9 and picture[1].mean() > 0.3


def test_tables_say_what_they_hold():
    text = lesson_08.by_part({"small": torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 5.0]])}).data
    assert "| small | 1.00 | 2.00 | 4.00 | **7.00** ± 1.00 |" in text
