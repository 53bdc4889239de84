"""Lesson 8b: the variance that fits, the learned range and what it costs, against closed forms and known truths."""

import math

import pytest
import torch
from conftest import awake, close, products
from torch.distributions import Normal, kl_divergence

import diffusion_utilities as du
from plumbing import lesson_08b

T = 500
AB_T = du.noise_schedule("cosine", T)
STUBS = ("between", "hybrid", "practise", "from_previous")
loaded = {}


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def taught(lesson):
    """The lesson's functions, its solutions in place of the stubs; read once. A test may set values of its own."""
    if not loaded:
        module = lesson("08b_learned_variance", T=T, ab_t=AB_T, device=torch.device("cpu"))
        for name in STUBS:
            setattr(module, name, getattr(module, f"solution_{name}"))
        loaded["lesson"], loaded["names"] = module, set(vars(module))
    yield loaded["lesson"]
    for name in set(vars(loaded["lesson"])) - loaded["names"]:
        delattr(loaded["lesson"], name)


@pytest.fixture
def unet():
    return awake(du.Unet(widths=(8, 16), attention=False)).requires_grad_(False)


# ------------------------------------------------------------------------------------------------- lesson 8's formulas


@pytest.mark.parametrize("name, T", [("cosine", 500), ("linear", 500), ("rescaled", 100)])
@pytest.mark.parametrize("length", [1, 7, 50])
def test_the_posterior_completes_the_square(name, T, length):
    """1 / variance is the sum of what x_0 and what x_t say; as in lesson 2."""
    ab_t, t = du.noise_schedule(name, T), torch.arange(length + 1, T + 1)
    w_0, w_t, small, large = lesson_08b.posterior(t, t - length, ab_t)
    a, ab_s = ab_t[t] / ab_t[t - length], ab_t[t - length]
    precision = 1 / (1 - ab_s) + a / (1 - a)
    torch.testing.assert_close(small, 1 / precision)
    torch.testing.assert_close(w_0, ab_s.sqrt() / (1 - ab_s) / precision)
    torch.testing.assert_close(w_t, a.sqrt() / (1 - a) / precision)
    torch.testing.assert_close(large, 1 - a)
    w_0, w_t, small, _ = lesson_08b.posterior(length, 0, ab_t)
    assert (w_t, small) == (0, 0) and w_0 == pytest.approx(1)


def test_the_posterior_is_lesson_2s(lesson):
    x, x0 = normal(2, 3, 4, 4), normal(2, 3, 4, 4, seed=1)
    for t, s in ((500, 450), (300, 299), (20, 0)):
        mean, variance = lesson("02_sampling", unet=None, ab_t=AB_T, fifty=None).solution_posterior(x, t, s, x0, AB_T)
        w_0, w_t, small, _ = lesson_08b.posterior(t, s, AB_T)
        torch.testing.assert_close(w_0 * x0 + w_t * x, mean)
        torch.testing.assert_close(small, variance)


def test_the_formulas_are_those_that_the_learner_writes_in_lesson_8(lesson):
    first = lesson("08_variational_bound", T=T, ab_t=AB_T, every=range(T + 1), names=list(range(16)))
    t = torch.arange(1, T + 1)
    for theirs, ours in zip(first.solution_posterior(AB_T), lesson_08b.posterior(t, t - 1, AB_T)):
        torch.testing.assert_close(theirs, ours)
    mean, var, wide = normal(50), normal(50, seed=1).exp(), normal(50, seed=2).exp()
    torch.testing.assert_close(
        first.solution_kl(mean, var, 0.3 * mean, wide), lesson_08b.kl(mean, var, 0.3 * mean, wide)
    )
    x0 = du.to_images(torch.arange(0, 240).view(1, 4, 20, 3).numpy().astype("uint8")).double()
    guess = x0 + 0.01 * normal(*x0.shape)
    torch.testing.assert_close(first.solution_last_step(x0, guess, 0.01), lesson_08b.last_step(x0, guess, 0.01))


def test_the_last_small_variance_is_its_neighbours():
    small, large = lesson_08b.variances([500, 300, 40, 0], AB_T)
    expected = [lesson_08b.posterior(t, s, AB_T)[2] for t, s in ((500, 300), (300, 40), (300, 40))]
    torch.testing.assert_close(small, torch.stack(expected))
    assert (small <= large).all() and large[-1] == 1 - AB_T[40]
    for wrong in ([500, 0], [500, 300, 40]):
        with pytest.raises(ValueError, match="at least two steps, down to 0"):
            lesson_08b.variances(wrong, AB_T)


def test_kl_is_that_of_torch():
    means, stds = normal(50, 2), normal(50, 2, seed=1).exp()
    a, b = Normal(means[:, 0], stds[:, 0]), Normal(means[:, 1], stds[:, 1])
    bits = lesson_08b.kl(a.mean, a.variance, b.mean, b.variance)
    torch.testing.assert_close(bits, kl_divergence(a, b) / math.log(2))


@pytest.mark.parametrize("mean", [-1.2, -1, -0.995, 0.123, 1, 1.5])
@pytest.mark.parametrize("std", [1e-3, 0.007, 0.3, 2])
def test_the_last_step_shares_out_a_probability_of_1(mean, std):
    values = torch.linspace(-1, 1, 256, dtype=torch.float64)
    p = 2 ** -lesson_08b.last_step(values, mean, std)
    assert p.sum().item() == pytest.approx(1, abs=1e-8)
    edges = torch.arange(-254, 255, 2, dtype=torch.float64) / 255
    below = Normal(torch.tensor(mean, dtype=torch.float64), std).cdf(edges)
    torch.testing.assert_close(p, torch.cat([torch.zeros(1), below, torch.ones(1)]).diff(), atol=1e-10, rtol=1e-4)


def test_step_bits():
    """The KL of the two Gaussians of x_s, whose means share w_t x_t; at s = 0 the bits of the pixels."""
    x0, guess, log_var, x_t = (normal(3, 3, 4, 4, seed=k) for k in range(4))
    x0, t, s = x0.clamp(-1, 1), torch.tensor([50, 200, 500]), torch.tensor([0, 150, 450])
    small = torch.tensor([0.001, *lesson_08b.posterior(t, s, AB_T)[2][1:]])
    bits = lesson_08b.step_bits(x0, guess, t, s, small, log_var.exp(), AB_T)
    torch.testing.assert_close(bits[0], lesson_08b.last_step(x0[0], guess[0], (0.5 * log_var[0]).exp()))
    for k in (1, 2):
        w_0, w_t, variance, _ = lesson_08b.posterior(int(t[k]), int(s[k]), AB_T)
        a = Normal(w_0 * x0[k] + w_t * x_t[k], variance.sqrt())
        b = Normal(w_0 * guess[k] + w_t * x_t[k], (0.5 * log_var[k]).exp())
        torch.testing.assert_close(bits[k], kl_divergence(a, b) / math.log(2), rtol=1e-6, atol=1e-9)
        one = lesson_08b.step_bits(x0[k : k + 1], guess[k : k + 1], int(t[k]), int(s[k]), small[k],
                                   log_var[k : k + 1].exp(), AB_T)  # fmt: skip
        torch.testing.assert_close(one[0], bits[k])


# ---------------------------------------------------------------------------------------------- the variance that fits


@pytest.mark.parametrize("std", [0.1, 0.5, 0.99])
def test_the_variance_that_fits_is_the_conditional_one_of_gaussian_data(taught, gaussian, std):
    data = gaussian(AB_T, s=std)
    for t, s in ((2, 1), (100, 50), (300, 299), (500, 450)):
        ab = AB_T[t]
        error = std**2 * (1 - ab) / (ab * std**2 + 1 - ab)  # of the perfect guess
        covariance = (ab / AB_T[s]).sqrt().item() * data.std(s) ** 2
        fits = taught.honest(error, t, s)
        assert fits.item() == pytest.approx(data.std(s) ** 2 - covariance**2 / data.std(t) ** 2, rel=1e-6)
        small, large = lesson_08b.posterior(t, s, AB_T)[2:]
        assert small <= fits <= large


def test_with_it_gaussian_pixels_cost_their_entropy(taught, gaussian):
    """The whole chain, from draws: 10 steps, the perfect guess, the variance that fits, values rounded to pixels."""
    std, mu, N, times = 0.2, 0.1, 60, du.sampling_times(T, 10)
    data = gaussian(AB_T, mu=mu, s=std)
    x0 = ((mu + std * normal(N, 3, 16, 16) + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1
    total = dict.fromkeys(("fits", "small", "large", "middle"), 0.0)
    for t, s, small, large in zip(times, times[1:], *lesson_08b.variances(times, AB_T)):
        ab = AB_T[t]
        x_t = lesson_08b.with_noise(x0, t, AB_T, seed=t)
        guess = data(x_t, torch.full((N,), t / T))
        fits = taught.honest(std**2 * (1 - ab) / (ab * std**2 + 1 - ab), t, s)
        middle = taught.between(torch.zeros(()).double(), small, large)
        for kind, variance in dict(fits=fits, small=small, large=large, middle=middle).items():
            total[kind] += lesson_08b.step_bits(x0, guess, t, s, small, variance, AB_T).mean().item()
    entropy = 0.5 * math.log2(2 * math.pi * math.e * std**2) + math.log2(127.5)
    assert total.pop("fits") == pytest.approx(entropy, abs=0.02)
    assert all(bits > entropy + 0.03 for bits in total.values()), total


def test_in_single_steps_its_share_is_the_squared_error_of_v(taught):
    """The claim of section 1, for errors of all sizes."""
    t = torch.arange(50, 460)  # neither the first steps nor the last, which are long compared with the noise
    for size in (0.05, 0.3, 0.8):
        error = size * (1 - AB_T[t])
        small, large = lesson_08b.posterior(t, t - 1, AB_T)[2:]
        found = taught.share(taught.honest(error, t, t - 1), small, large)
        torch.testing.assert_close(found, torch.full_like(found, size), rtol=0.06, atol=0)


def test_the_room_between_small_and_large():
    """The claim of section 2: above t = 50 single steps have hardly any, steps of 50 have it until t = 400."""
    t = torch.arange(51, 400)
    for length, low, high in ((1, 1.0, 1.03), (50, 1.06, 20)):
        small, large = lesson_08b.posterior(t, t - length, AB_T)[2:]
        ratio = (large / small) ** 0.5
        assert low <= ratio.min() and ratio.max() <= high


def test_errors_in_three_units(taught):
    x0, guess, t = normal(3, 3, 4, 4), normal(3, 3, 4, 4, seed=1), torch.tensor([1, 200, 450])
    noise = normal(3, 3, 4, 4, seed=2)
    x_t = du.add_noise(x0, t, noise, AB_T)
    found = taught.errors(x0, guess, t)
    for unit in ("x0", "eps", "v"):
        eps = torch.stack([du.to_x0_eps(g[None], x[None], k, AB_T, "x0")[1][0] for g, x, k in zip(guess, x_t, t)])
        answer, right = (du.target(a, t, b, AB_T, unit) for a, b in ((guess, eps), (x0, noise)))
        expected = (answer - right).square().mean((1, 2, 3))
        torch.testing.assert_close(found[unit], expected, rtol=1e-6, atol=1e-9)


# ------------------------------------------------------------------------------------------------ the head and its loss


def test_between(taught):
    r, small, large = normal(2, 3, 4, 4), torch.tensor(0.01).double(), torch.tensor(0.3).double()
    of = {x: taught.between(torch.full_like(r, x), small, large) for x in (-1.0, 0.0, 1.0)}
    for x, exact in ((-1.0, small), (0.0, (small * large).sqrt()), (1.0, large)):
        torch.testing.assert_close(of[x], exact.expand_as(r))
    torch.testing.assert_close(2 * taught.share(taught.between(r, small, large), small, large) - 1, r)


def small_batch(taught, unet):
    x0, t = du.load_sprites("train", 6).x, torch.tensor([1, 2, 20, 100, 300, 500])
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))
    taught.unet = unet
    return x0, du.add_noise(x0, t, noise, AB_T), noise, t, taught.Head()


def test_a_new_head_says_nothing_and_the_answer_stays(taught, unet):
    x0, x_t, _, t, head = small_batch(taught, unet)
    net = taught.Sure(head)
    with torch.no_grad():
        close(net(x_t, t / T, None), unet(x_t, t / T), terms=products(unet))
        assert net.r.shape == x0.shape and (net.r == 0).all()
        assert head(*unet.hidden(x_t, t / T)).shape == x0.shape


@pytest.mark.parametrize("kind", ["MSE", "rescaled MSE"])
def test_the_bound_trains_the_variance_alone(taught, unet, kind):
    x0, x_t, noise, t, head = small_batch(taught, unet)
    unet.requires_grad_(True)
    gradients = {}
    for which in ("mse", kind, "KL", "rescaled KL"):
        maps, emb = unet.hidden(x_t, t / T)
        out, r = unet.answer(x_t, maps, emb), head(maps, emb)
        loss = taught.losses(which, x0, x_t, noise, out, r, t).mean()
        layers = unet.last.weight, head.of_maps.weight
        gradients[which] = torch.autograd.grad(loss, layers, materialize_grads=True)
    there_and_back = 2 * products(unet)
    close(gradients[kind][0], gradients["mse"][0], terms=there_and_back)
    assert (gradients["mse"][1] == 0).all() and gradients["KL"][0].norm() > 0
    factor = {"MSE": 1, "rescaled MSE": T / 1000}[kind]
    close(gradients[kind][1], factor * gradients["KL"][1], terms=there_and_back)
    close(gradients["rescaled KL"][1], T * gradients["KL"][1], terms=there_and_back)


def test_combine(taught):
    mse, vb = torch.tensor([1.0, 2.0]), torch.tensor([0.1, 0.3])
    for kind, exact in (("MSE", mse + vb), ("rescaled MSE", mse + vb / 2), ("KL", vb), ("rescaled KL", 500 * vb)):
        close(taught.combine(kind, mse, vb), exact, terms=3)


@pytest.mark.parametrize("way", ["uniform", "loss-aware"])
def test_a_head_learns_the_share_that_fits(taught, unet, way):
    """Guesses whose squared error is a known share of what is possible, and maps that say nothing."""
    EPOCHS, size = 2, 0.3
    t = torch.arange(1, T + 1).repeat(EPOCHS)
    wrong = torch.randn(len(t), 3, 4, 4, generator=torch.Generator().manual_seed(0))
    wrong = wrong * (size * (1 - AB_T[t]).float()).sqrt()[:, None, None, None]
    x0 = torch.zeros(len(t), 3, 4, 4)
    vars(taught).update(unet=unet, EPOCHS=EPOCHS, TRAINING_STEPS=150, t=t, x0=x0, guess=x0 + wrong,
                        maps=torch.full((len(t), 8, 4, 4), 0.1), emb=torch.zeros(len(t), 32))  # fmt: skip
    p, weight = torch.full((T,), 1 / T), torch.ones(T)
    if way == "loss-aware":
        with torch.no_grad():
            start = taught.bound_of(x0, taught.guess, torch.zeros(()), t)
        p, weight = taught.practise(start.view(EPOCHS, T).T)
    p = p * (torch.arange(1, T + 1) > 50)  # in the last few steps the share that fits is another
    head = taught.train_head(p, weight, seed=0)
    said = (head(taught.maps[:1], taught.emb[:1]).mean().item() + 1) / 2
    assert said == pytest.approx(size, abs=0.1)


def test_loss_aware_estimates_scatter_less_and_have_the_same_mean(taught):
    taught.EPOCHS, g = 4, torch.Generator().manual_seed(0)
    taught.start = (1 / torch.arange(1, T + 1))[:, None] * (1 + 0.2 * torch.rand(T, 4, generator=g))
    truth = taught.start.mean(1).sum().item()
    ways = {"uniform": (torch.full((T,), 1 / T), torch.ones(T)), "loss-aware": taught.practise(taught.start)}
    found = {way: taught.estimates(*made, batches=400) for way, made in ways.items()}
    for way in found:
        scatter = found[way].std().item() / 20
        assert found[way].mean().item() == pytest.approx(truth, abs=5 * scatter), way
    assert found["loss-aware"].std() < 0.1 * found["uniform"].std()


# -------------------------------------------------------------------------------------------------- scores and pictures


def test_bits_counts_every_step_once(taught, monkeypatch):
    taught.clean = torch.zeros(2, 3, 4, 4)
    nothing = {("loss-aware", 0): torch.zeros(2, 3, 4, 4)}
    taught.answers = {t: (taught.clean.double(), nothing) for t in [*range(1, 16), *range(20, T + 1, 10)]}
    taught.claims = {"small": lambda t, s, small, large, r: small}
    monkeypatch.setattr(lesson_08b, "step_bits", lambda x0, *_: torch.ones_like(x0))
    for n in (10, 25, 50, 500):
        assert taught.bits("small", n).tolist() == [n, n]


def test_a_variance_that_a_function_says_draws_as_its_name_does(taught, unet):
    taught.unet, taught.held_out = unet, du.load_sprites("held_out", 3)
    taught.heads = {("loss-aware", 0): taught.Head()}
    for name, place in (("small", 2), ("large", 3)):
        found = taught.draw(lambda *given, place=place: given[place], 5, seed=1, n=3)
        named = du.sample(unet, AB_T, 3, taught.held_out.c, seed=1, steps=5, eta=1, variance=name, clip=True)
        torch.testing.assert_close(found, named, rtol=1e-3, atol=1e-3)


def test_look_gives_the_guess_of_the_sampler(unet, sprites):
    x = lesson_08b.with_noise(sprites.x[:70], 200, AB_T, seed=0)
    guess, maps, emb = lesson_08b.look(unet, AB_T, x, torch.full((70,), 200), sprites.c[:70])
    step = next(du.sampler(unet, AB_T, x, sprites.c[:70], times=[200, 0]))
    torch.testing.assert_close(guess, step.x0, rtol=1e-3, atol=1e-3)
    assert maps.shape == (70, 8, 16, 16) and len(emb) == 70


def test_every_unit_gives_the_same_guess(taught):
    x0, noise = normal(2, 3, 4, 4), normal(2, 3, 4, 4, seed=1)
    for t, s in ((1, 0), (50, 49), (400, 350)):
        x_t = du.add_noise(x0, t, noise, AB_T)
        w_0, w_t = lesson_08b.posterior(t, s, AB_T)[:2]
        torch.testing.assert_close(taught.from_previous(w_0 * x0 + w_t * x_t, x_t, t, s, AB_T), x0)


def test_the_trainer_on_the_previous_image(taught):
    torch.manual_seed(0)
    net = du.Unet(widths=(8,), attention=False, predicts="x0")
    trainer = taught.Previous(net, du.load_sprites("train", 20), AB_T, batch=10, bf16=False, device="cpu")
    x0, c, t, noise, weight = trainer.next_batch()
    x_t = du.add_noise(x0, t, noise, AB_T)
    loss, each = trainer.loss_of(x0, c, t, noise, weight)
    w_0, w_t = (w.float()[:, None, None, None] for w in lesson_08b.posterior(t, t - 1, AB_T)[:2])
    with torch.no_grad():
        expected = (net(x_t, t / T, c) - w_0 * x0 - w_t * x_t).square().mean((1, 2, 3))
    close(each, expected, terms=2 * products(net))
    assert loss.item() == pytest.approx(each.mean().item(), rel=1e-3)
    before = net.last.weight.clone()
    next(trainer.run(steps=1))
    assert (net.last.weight != before).any()


def test_speckle():
    assert lesson_08b.speckle(torch.ones(1, 3, 4, 4)) == 0
    alone, pair = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    alone[0, :, 1, 1] = 1
    pair[0, :, 1, 1:3] = 1
    assert lesson_08b.speckle(alone) == pytest.approx(1 / 16)
    assert lesson_08b.speckle(pair) == 0


def test_curves_maps_and_tables():
    places, means = lesson_08b.in_tens(torch.arange(1.0, T + 1))
    assert places[:10] == list(range(1, 11)) and places[10] == 15.5 and places[-1] == 495.5
    torch.testing.assert_close(means, torch.tensor(places, dtype=torch.float64))
    maps = lesson_08b.heat(torch.tensor([0.0, 1.0, 5.0])[:, None, None, None].expand(3, 3, 2, 2), 1.0)
    assert maps.shape == (3, 3, 2, 2) and torch.equal(maps[1], maps[2]) and maps[0].mean() < -0.9 < maps[1].mean()
    table = lesson_08b.table(["a", "b"], {"one": [torch.tensor(1.0), [2.0, 3.0]]})
    assert table.data.splitlines()[-1] == "| one | 1.00 | 2.00 / 3.00 |"
    picture = lesson_08b.scatter({"first": torch.rand(5) + 1, "second": torch.rand(5) + 1}, 1.5, "dots", x="bits")
    assert picture.alt == "dots" and picture.size[0] > 300
