"""The sampler: how many calls, which times, DDPM, DDIM, DPM-Solver++(2M), guidance, inversion, randomness."""

import gc

import numpy as np
import pytest
import torch
from conftest import awake, close, products
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler
from hypothesis import given
from hypothesis import strategies as st

import diffusion_utilities as du

LINEAR, COSINE = du.noise_schedule("linear", 500), du.noise_schedule("cosine", 500)


def walk(model, ab_t, x, c=None, **how):
    """The last image of a walk."""
    return list(du.sampler(model, ab_t, x, c, **how))[-1].x


def small_unet():
    return awake(du.Unet(widths=(8, 8), attention=False))


def wavy(x, t, c=None):
    """A smooth made-up network that predicts the noise; it depends on the image and on the time."""
    return 0.8 * torch.sin(2 * x) + 0.3 * x + 0.2 * torch.cos(3 * t.double())[:, None, None, None]


wavy.predicts = "eps"

# --------------------------------------------------------------------------------------------------------------- times


def test_every_number_of_steps_from_1_to_T():
    for n in range(1, 501):
        times = du.sampling_times(500, n)
        assert len(times) == n + 1 and times[0] == 500 and times[-1] == 0
        assert all(t > s for t, s in zip(times, times[1:]))
        np.testing.assert_allclose(times, np.linspace(500, 0, n + 1), atol=0.5 + 1e-9)


@given(T=st.integers(1, 3000), share=st.floats(0, 1))
def test_times_for_any_T(T, share):
    n = max(1, round(share * T))
    times = du.sampling_times(T, n)
    assert len(times) == n + 1 and times[0] == T and times[-1] == 0
    assert all(t > s for t, s in zip(times, times[1:]))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 30, 33, 64, 100, 251, 300, 499, 500])
@pytest.mark.parametrize(
    "how", [{}, {"eta": 1.0}, {"order": 2}, {"order": 2, "eta": 1.0}], ids=["ddim", "ddpm", "2m", "sde"]
)
def test_n_steps_are_n_calls_and_end_at_0(n, how, gaussian, noise):
    model = gaussian(COSINE)
    steps = list(du.sampler(model, COSINE, noise(1, 1, 2, 2), steps=n, **how))
    assert model.times == du.sampling_times(500, n)[:-1]
    assert [(p.i, p.t, p.s) for p in steps] == [(i, t, s) for i, (t, s) in enumerate(zip(
        du.sampling_times(500, n), du.sampling_times(500, n)[1:]))]  # fmt: skip
    assert steps[-1].s == 0 and torch.isfinite(steps[-1].x).all()
    assert torch.equal(steps[-1].x, steps[-1].x0)  # 1 x0 + 0: at t = 0 nothing but the image is left


def test_own_times(gaussian, noise):
    model = gaussian(COSINE)
    walk(model, COSINE, noise(1, 1, 2, 2), times=[300, 250, 3, 0])
    assert model.times == [300, 250, 3]


# ------------------------------------------------------------------------------------------- what the network predicts


class Speaks:
    """A denoiser of images that gives the same answer in another form."""

    def __init__(self, model, ab_t, predicts):
        self.inner, self.ab_t, self.predicts = model, ab_t, predicts

    def __call__(self, x, t, c=None):
        x0 = self.inner(x, t, c)
        t = round(t[0].item() * (len(self.ab_t) - 1))
        signal, sigma = du.signal_and_noise(self.ab_t, t, x)
        return du.target(x0, t, (x - signal * x0) / sigma, self.ab_t, self.predicts)


@pytest.mark.parametrize("how", [{}, {"eta": 1.0}, {"eta": 0.5, "variance": "large"}, {"order": 2}, {"clip": True}])
@pytest.mark.parametrize("predicts", ["eps", "v"])
def test_eps_x0_and_v_walk_the_same_way(how, predicts, sprites, noise):
    perfect = du.PerfectDenoiser(sprites.x[:6].double(), LINEAR)
    x = noise(4, 3, 16, 16, dtype=torch.float64)
    walks = [
        list(du.sampler(model, LINEAR, x, steps=23, generator=torch.Generator().manual_seed(1), **how))
        for model in (perfect, Speaks(perfect, LINEAR, predicts))
    ]
    for a, b in zip(*walks):
        torch.testing.assert_close(a.x, b.x, rtol=0, atol=1e-6)
        torch.testing.assert_close(a.eps, b.eps, rtol=0, atol=1e-6)


# ------------------------------------------------------------------------------------------------------ DDPM, textbook


@pytest.mark.parametrize("ab_t", [LINEAR, COSINE], ids=["linear", "cosine"])
@pytest.mark.parametrize("variance", ["small", "large"])
@pytest.mark.parametrize("t", [500, 499, 120, 2])
def test_eta_1_is_the_textbook_step(ab_t, variance, t, noise):
    x = noise(2, 3, 4, 4, dtype=torch.float64)
    step = next(du.sampler(wavy, ab_t, x, eta=1.0, variance=variance, times=range(t, -1, -1),
                           generator=torch.Generator().manual_seed(5)))  # fmt: skip
    ab, a = ab_t[t].item(), (ab_t[t] / ab_t[t - 1]).item()
    b = 1 - a
    eps = wavy(x, torch.full((2,), t / 500))
    z = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(5)).double()
    sigma = {"large": b, "small": b * (1 - ab_t[t - 1].item()) / (1 - ab)}[variance] ** 0.5
    torch.testing.assert_close(step.x, (x - eps * (1 - a) / (1 - ab) ** 0.5) / a**0.5 + sigma * z, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("variance", ["small", "large"])
def test_no_noise_at_the_last_step(variance, noise):
    x = noise(2, 3, 4, 4)
    a, b = (walk(wavy, LINEAR, x, eta=1.0, variance=variance, times=[1, 0], generator=torch.Generator().manual_seed(s))
            for s in (1, 2))  # fmt: skip
    assert torch.equal(a, b)


@pytest.mark.parametrize("name", ["small", "large"])
def test_a_function_may_say_the_variance(name, noise):
    """That of a name gives what the name gives; each step with noise asks once, after the network's answer."""
    asked = []

    def network(x, t, c=None):
        asked.append(round(500 * t[0].item()))
        return wavy(x, t, c)

    def variance(t, s):
        assert asked[-1] == t
        asked.append((t, s))
        large = 1 - LINEAR[t] / LINEAR[s]
        return large if name == "large" else large * (1 - LINEAR[s]) / (1 - LINEAR[t])

    network.predicts = "eps"
    x, how = noise(2, 3, 4, 4), dict(eta=1.0, times=[500, 300, 120, 0])
    named = walk(network, LINEAR, x, **how, variance=name)
    asked.clear()
    close(walk(network, LINEAR, x, **how, variance=variance), named, terms=30)
    assert asked == [500, (500, 300), 300, (300, 120), 120]  # the last step has no noise


def test_a_variance_may_differ_from_pixel_to_pixel(noise):
    x, var = noise(2, 3, 4, 4), noise(2, 3, 4, 4, seed=1).square()
    z = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(5))
    mean, step = (next(du.sampler(wavy, COSINE, x, times=[400, 250, 0], variance=variance, eta=1.0, extra_noise=extra,
                                  generator=torch.Generator().manual_seed(5)))
                  for extra, variance in ((0, "small"), (1, lambda t, s: var)))  # fmt: skip
    close(step.x - mean.x, var.sqrt() * z, terms=10, scale=step.x.abs().max().item())
    with pytest.raises(ValueError, match=r"variance\(400, 250\) is negative or not a number"):
        walk(wavy, COSINE, x, times=[400, 250, 0], variance=lambda t, s: -var, eta=1.0)
    with pytest.raises(ValueError, match="and so does a function"):
        walk(wavy, COSINE, x, variance=lambda t, s: var, order=2)


def test_without_the_extra_noise_only_the_noise_is_missing(noise):
    x = noise(2, 3, 4, 4, dtype=torch.float64)
    quiet, right, double = (
        next(
            du.sampler(wavy, LINEAR, x, eta=1.0, steps=500, extra_noise=k, generator=torch.Generator().manual_seed(1))
        ).x
        for k in (0.0, 1.0, 2.0)
    )
    assert (right - quiet).std() > 0.05
    torch.testing.assert_close(double - quiet, 2 * (right - quiet))


def test_ddpm_samples_have_the_spread_of_the_data(gaussian, noise):
    """With the exact denoiser of N(0.3, 0.5^2) ancestral sampling gives that distribution back."""
    x = walk(gaussian(COSINE), COSINE, noise(1, 1, 100, 100), steps=250, eta=1.0,
             generator=torch.Generator().manual_seed(1))  # fmt: skip
    assert x.mean().item() == pytest.approx(0.3, abs=0.02) and x.std().item() == pytest.approx(0.5, rel=0.03)


# ------------------------------------------------------------------------------------------ parity with the library


def library(cls, ab_t, n, x, noises=None, **settings):
    """The same walk with a scheduler of the diffusers library, whose time i is our i + 1."""
    T = len(ab_t) - 1
    scheduler = cls(T, trained_betas=(1 - ab_t[1:] / ab_t[:-1]).numpy(), timestep_spacing="trailing", **settings)
    scheduler.alphas_cumprod = ab_t[1:]  # theirs is a product in float32
    scheduler.set_timesteps(n)
    if cls is DPMSolverMultistepScheduler:  # its own noise levels are rounded to float32
        ab = ab_t[scheduler.timesteps + 1]
        scheduler.sigmas = torch.cat([((1 - ab) / ab).sqrt(), torch.zeros(1)])
    for k, i in enumerate(scheduler.timesteps):
        how = {} if noises is None else {"variance_noise": noises[k]}
        x = scheduler.step(wavy(x, torch.full((len(x),), (i.item() + 1) / T)), i, x, **how).prev_sample
    return x


def close_in_float32(ours, theirs, ab_t, x, n):
    """DPMSolverMultistepScheduler takes each of its n steps in float32; the largest number on the way is the first
    guess of the image, x / sqrt(ab_T)."""
    close(ours.float(), theirs.float(), terms=n, scale=(x.abs().max() / ab_t[-1].sqrt()).item())


@pytest.mark.parametrize("n", [1, 2, 5, 20, 50, 125, 500])
@pytest.mark.parametrize("ab_t", [LINEAR, COSINE], ids=["linear", "cosine"])
def test_ddim_equals_the_library(ab_t, n, noise):
    x = noise(2, 3, 4, 4, dtype=torch.float64)
    theirs = library(DDIMScheduler, ab_t, n, x, set_alpha_to_one=True, clip_sample=False)
    torch.testing.assert_close(walk(wavy, ab_t, x, steps=n), theirs, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("n", [1, 2, 5, 10, 20, 50, 100])
@pytest.mark.parametrize("ab_t", [LINEAR, COSINE], ids=["linear", "cosine"])
def test_second_order_equals_the_library(ab_t, n, noise):
    x = noise(2, 3, 4, 4, dtype=torch.float64)
    theirs = library(DPMSolverMultistepScheduler, ab_t, n, x, algorithm_type="dpmsolver++", solver_order=2,
                     solver_type="midpoint", final_sigmas_type="zero")  # fmt: skip
    close_in_float32(walk(wavy, ab_t, x, steps=n, order=2), theirs, ab_t, x, n)


@pytest.mark.parametrize("n", [1, 2, 5, 10, 20, 50, 100])
@pytest.mark.parametrize("ab_t", [LINEAR, COSINE], ids=["linear", "cosine"])
def test_second_order_with_noise_equals_the_library(ab_t, n, noise):
    x, generator = noise(2, 3, 4, 4, dtype=torch.float64), torch.Generator().manual_seed(3)
    ours = walk(wavy, ab_t, x, steps=n, order=2, eta=1.0, generator=generator)
    generator.manual_seed(3)
    noises = [torch.randn(x.shape, generator=generator).double() for _ in range(n - 1)] + [torch.zeros_like(x)]
    theirs = library(DPMSolverMultistepScheduler, ab_t, n, x, noises, algorithm_type="sde-dpmsolver++", solver_order=2,
                     solver_type="midpoint", final_sigmas_type="zero")  # fmt: skip
    close_in_float32(ours, theirs, ab_t, x, n)


# ------------------------------------------------------------------------------------------------------------ accuracy


@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_error_falls_as_1_over_n_and_faster_with_second_order(name, gaussian, noise):
    ab_t = du.noise_schedule(name, 1000)
    model, x = gaussian(ab_t), noise(1, 1, 16, 16, dtype=torch.float64)
    exact = model.exact(x)
    error = {
        (order, n): (walk(model, ab_t, x, steps=n, order=order) - exact).square().mean().sqrt().item()
        for order in (1, 2) for n in (10, 20, 40, 80)
    }  # fmt: skip
    for n in (10, 20, 40):
        assert 1.7 < error[1, n] / error[1, 2 * n] < 2.5
    assert error[2, 10] / error[2, 80] > 2 * error[1, 10] / error[1, 80]
    assert all(error[2, n] < error[1, n] / 2 for n in (20, 40, 80))


# --------------------------------------------------------------------------------------------------------- randomness


@pytest.mark.parametrize("how", [{}, {"eta": 1.0}, {"order": 2}, {"eta": 0.3, "clip": True}])
def test_same_seed_same_bits_and_the_global_random_state_stays(how):
    model, state = small_unet(), torch.get_rng_state()
    first, second = (du.sample(model, COSINE, 3, seed=4, shape=(3, 8, 8), steps=5, **how) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(state, torch.get_rng_state())
    assert not torch.equal(first, du.sample(model, COSINE, 3, seed=5, shape=(3, 8, 8), steps=5, **how))


def test_a_generator_of_ones_own_is_used_and_moved_on():
    model, generator = small_unet(), torch.Generator().manual_seed(4)
    first, second = (du.sample(model, COSINE, 2, generator=generator, shape=(3, 8, 8), steps=3) for _ in range(2))
    assert torch.equal(first, du.sample(model, COSINE, 2, seed=4, shape=(3, 8, 8), steps=3))
    assert not torch.equal(first, second)


def test_sampling_in_the_middle_of_training_leaves_the_network_as_it_was():
    model = du.ContextUnet(3, 8, 5, 8).train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    images = du.sample(model, COSINE, 2, shape=(3, 8, 8), steps=2)
    assert model.training and all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.equal(images, du.sample(model.eval(), COSINE, 2, shape=(3, 8, 8), steps=2))


@pytest.mark.parametrize("keep, steps", [(1, 5), (3, 20), (32, 20), (32, 500)])
def test_keep_gives_evenly_spread_steps(keep, steps, gaussian):
    x, kept = du.sample(gaussian(COSINE), COSINE, 2, shape=(1, 2, 2), steps=steps, keep=keep)
    assert len(kept) == min(keep, steps) and kept[0].i == 0
    if keep > 1:
        assert torch.equal(kept[-1].x, x)
        gaps = np.diff([step.i for step in kept])
        assert gaps.max() - gaps.min() <= 1


def test_one_row_of_context_serves_all():
    """To the last bit: of a one-hot row's products all but one are 0, so every order of adding gives the same."""
    model, row = small_unet(), torch.eye(5)[2]
    how = dict(shape=(3, 8, 8), steps=3)
    expected = du.sample(model, COSINE, 4, row.repeat(4, 1), **how)
    assert torch.equal(du.sample(model, COSINE, 4, row, **how), expected)
    assert torch.equal(du.sample(model, COSINE, 4, row[None].tolist(), **how), expected)
    assert not torch.equal(du.sample(model, COSINE, 4, **how), expected)


def test_memory_does_not_grow_with_the_steps():
    """Without keep, what a walk holds on to after 3 steps and after 30 is the same number of tensors."""

    def held(steps):
        walk = du.sampler(small_unet(), COSINE, torch.zeros(2, 3, 8, 8), steps=40, order=2, eta=1.0,
                          generator=torch.Generator().manual_seed(0))  # fmt: skip
        for _ in range(steps):
            next(walk)
        gc.collect()
        return sum(type(thing) is torch.Tensor and thing.shape == (2, 3, 8, 8) for thing in gc.get_objects())

    assert held(3) == held(30)


@pytest.mark.parametrize("w, rows", [(0, 4), (1, 4), (2, 8)])
def test_guidance_costs_one_call_of_twice_the_rows_a_step(w, rows):
    model, seen = small_unet(), []
    model.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    du.sample(du.Guided(model, w), COSINE, 4, torch.eye(5)[0], shape=(3, 8, 8), steps=6)
    assert seen == [rows] * 6


def test_clip_keeps_the_image_in_range_and_takes_a_function(noise):
    x = 3 * noise(2, 3, 4, 4, dtype=torch.float64)
    assert max(step.x0.abs().max() for step in du.sampler(wavy, LINEAR, x, steps=10, clip=True)) <= 1
    assert max(step.x0.abs().max() for step in du.sampler(wavy, LINEAR, x, steps=10)) > 1
    halves = du.sampler(wavy, LINEAR, x, steps=10, clip=lambda x0: x0.clamp(-0.5, 0.5))
    for step, before in zip(halves, [x]):
        signal, sigma = du.signal_and_noise(LINEAR, step.t, x)
        torch.testing.assert_close(signal * step.x0 + sigma * step.eps, before)  # the noise is mended to match
        assert step.x0.abs().max() <= 0.5


def test_perfect_denoiser_draws_the_images_it_knows(sprites):
    model = du.PerfectDenoiser(sprites.x, COSINE, sprites.c)
    x = du.sample(model, COSINE, 10, torch.eye(5).repeat(2, 1), eta=1.0, steps=100)
    distance, index = du.nearest(x, sprites.x)
    assert distance.max() < 0.05
    assert sprites.c[index].argmax(1).tolist() == [0, 1, 2, 3, 4] * 2


# ----------------------------------------------------------------------------------------------------------- guidance


class Counting:
    """A denoiser that notes how many images each call brings."""

    predicts = "v"

    def __init__(self, model):
        self.model, self.batches = model, []

    def __call__(self, x, t, c=None):
        self.batches.append(len(x))
        return self.model(x, t, c)


@pytest.fixture
def asked(noise):
    """A counting network and what to ask it: (model, x, t, c)."""
    return Counting(small_unet()), noise(3, 3, 8, 8), torch.full((3,), 0.4), torch.eye(5)[[0, 2, 4]]


@pytest.mark.parametrize("w, plain", [(0, lambda c: torch.zeros_like(c)), (1, lambda c: c)])
def test_w_0_ignores_the_context_and_w_1_is_the_plain_network(asked, w, plain):
    model, x, t, c = asked
    assert torch.equal(du.Guided(model, w)(x, t, c), model.model(x, t, plain(c)))
    assert model.batches == [3]


def test_without_a_context_there_is_nothing_to_guide(asked):
    model, x, t, _ = asked
    assert torch.equal(du.Guided(model, 3)(x, t), model.model(x, t))
    assert model.batches == [3]


@pytest.mark.parametrize("w", [2, 0.5, -1])
def test_guidance_formula_in_one_batch(asked, w):
    model, x, t, c = asked
    uncond, cond = model.model(x, t), model.model(x, t, c)
    close(du.Guided(model, w)(x, t, c), uncond + w * (cond - uncond), terms=products(model.model))
    assert model.batches == [6]


@pytest.mark.parametrize("negative", [torch.eye(5)[1], [0.0, 1, 0, 0, 0], 1, [1, 1, 1]])
def test_negative_context_replaces_no_context(asked, negative):
    model, x, t, c = asked
    away, cond = model.model(x, t, torch.eye(5)[[1, 1, 1]]), model.model(x, t, c)
    close(du.Guided(model, 2, negative)(x, t, c), away + 2 * (cond - away), terms=products(model.model))
    assert torch.equal(du.Guided(model, 0, negative)(x, t, c), away)


@pytest.mark.parametrize("row", [torch.eye(5)[2], torch.eye(5)[2:3]], ids=["1-d", "one row"])
@pytest.mark.parametrize("w", [0, 1, 2])
def test_guidance_with_one_row_of_context(asked, row, w):
    model, x, t, _ = asked
    guided = du.Guided(model, w)
    close(guided(x, t, row), guided(x, t, row.expand(3, 5)), terms=products(model.model))


def test_guided_hands_predicts_on_and_samplers_know_nothing_of_it(asked):
    model, *_ = asked
    assert du.Guided(model, 2).predicts == "v"
    how = dict(shape=(3, 8, 8), steps=3)
    row = torch.eye(5)[2]
    assert torch.equal(du.sample(du.Guided(model, 1), COSINE, 2, row, **how), du.sample(model, COSINE, 2, row, **how))
    assert torch.equal(du.sample(du.Guided(model, 0), COSINE, 2, row, **how), du.sample(
        model, COSINE, 2, torch.zeros(5), **how))  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- inversion


def test_invert_then_sample_returns_the_image_better_with_more_steps(gaussian, noise):
    model, x = gaussian(COSINE), noise(2, 1, 4, 4, dtype=torch.float64).clamp(-1, 1)
    errors = [(walk(model, COSINE, du.invert(model, COSINE, x, steps=n), steps=n) - x).abs().max().item()
              for n in (10, 50, 250, 500)]  # fmt: skip
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 4 * errors[2] and errors[-1] < 0.03


def test_invert_finds_the_noise_of_the_exact_flow(gaussian, noise):
    model, x = gaussian(COSINE), noise(2, 1, 4, 4, dtype=torch.float64).clamp(-1, 1)
    torch.testing.assert_close(du.invert(model, COSINE, x, steps=500), model.exact(x, 0, 500), rtol=0, atol=0.05)
    assert model.times[0] == 1 and 0 not in model.times


def test_invert_stops_at_the_top_and_the_walk_from_there_comes_back(gaussian, noise):
    model, x = gaussian(COSINE), noise(2, 1, 4, 4, dtype=torch.float64).clamp(-1, 1)
    up = du.invert(model, COSINE, x, steps=300, top=300)
    torch.testing.assert_close(up, model.exact(x, 0, 300), rtol=0, atol=0.05)
    *_, last = du.sampler(model, COSINE, up, times=du.sampling_times(300, 300))
    assert (last.x - x).abs().max() < 0.03
    for top in (0, 501, 2.5):
        with pytest.raises(ValueError, match=r"top must be a whole time in 1\.\.500"):
            du.invert(model, COSINE, x, top=top)


@pytest.mark.skipif(not (du.WEIGHTS / "unet.pth").exists(), reason="needs the trained weights/unet.pth")
def test_the_trained_network_inverts_sprites(sprites):
    model, ab_t = du.load_model(du.WEIGHTS / "unet.pth", "cpu")
    x, c = sprites.x[:5], sprites.c[:5]
    few, many = (
        (walk(model, ab_t, du.invert(model, ab_t, x, c, steps=n), c, steps=n) - x).square().mean((1, 2, 3)).sqrt()
        for n in (5, 60)
    )
    assert many.median() < 0.05 < 0.5 < few.median()  # the median: at a few images the path forks, and they are lost
