"""Noise schedules, adding noise, and the three things that a network may predict."""

import math

import numpy as np
import pytest
import torch
from conftest import close
from hypothesis import given
from hypothesis import strategies as st

import diffusion_utilities as du

NAMES = ("linear", "rescaled", "cosine")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("T", [50, 200, 500, 1000])
def test_alpha_bar_starts_at_one_and_falls_strictly(name, T):
    ab_t = du.noise_schedule(name, T)
    assert ab_t.dtype == torch.float64 and ab_t.shape == (T + 1,)
    assert ab_t[0] == 1
    assert (ab_t[1:] < ab_t[:-1]).all() and ab_t[-1] > 0


def test_linear_is_the_product_of_the_published_betas():
    betas = np.linspace(1e-4, 0.02, 500)
    expected = [math.prod(1 - betas[:t]) for t in range(501)]
    np.testing.assert_allclose(du.noise_schedule("linear", 500), expected, rtol=1e-12)


def test_the_first_step_has_one_factor_only():
    assert du.noise_schedule("linear", 500)[1].item() == pytest.approx(1 - 1e-4, abs=1e-15)


def test_linear_leaves_some_image_and_rescaled_hardly_any():
    assert du.noise_schedule("linear", 500)[-1].item() == pytest.approx(0.0064, abs=5e-5)
    assert all(du.noise_schedule("rescaled", T)[-1] < 1e-4 for T in (50, 200, 500, 1000))


def test_rescaled_multiplies_the_betas():
    betas = np.linspace(1e-4, 0.02, 250) * 4
    np.testing.assert_allclose(du.noise_schedule("rescaled", 250)[1:], np.cumprod(1 - betas), rtol=1e-12)
    assert torch.equal(du.noise_schedule("rescaled", 1000), du.noise_schedule("linear", 1000))


@pytest.mark.parametrize("T", [50, 500, 1000])
def test_cosine_formula_with_capped_betas(T):
    ab_t = du.noise_schedule("cosine", T).numpy()
    f = [math.cos((t / T + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(T + 1)]
    np.testing.assert_allclose(ab_t[:-1], np.array(f[:-1]) / f[0], rtol=1e-9)
    betas = 1 - ab_t[1:] / ab_t[:-1]
    assert betas[-1] == pytest.approx(0.999, abs=1e-12) and betas.max() <= 0.999 + 1e-12


def test_noise_at_50_is_a_square_root():
    """0.229, not 0.052. (The sprite course's own ab_t[50] has 51 factors: 0.233 there, and 0.054 without the root.)"""
    ab_t = du.noise_schedule("linear", 500)
    zero, one = torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)
    assert du.add_noise(zero, 50, one, ab_t).item() == pytest.approx(0.229, abs=5e-4)
    assert (1 - ab_t[50]).item() == pytest.approx(0.0525, abs=1e-4)
    assert (1 - ab_t[51]).item() ** 0.5 == pytest.approx(0.233, abs=5e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("t", [1, 50, 250, 500])
def test_moments_of_add_noise(name, t, noise):
    ab_t = du.noise_schedule(name, 500)
    x = du.add_noise(torch.full((100, 1, 32, 32), 0.7), t, noise(100, 1, 32, 32), ab_t)
    assert x.mean().item() == pytest.approx(0.7 * ab_t[t].item() ** 0.5, abs=0.013)
    assert x.std().item() == pytest.approx((1 - ab_t[t].item()) ** 0.5, rel=0.01)


def test_every_image_gets_its_own_time(noise):
    """To the last bit: each number is two products and their sum, each rounded once, however many at a time."""
    ab_t = du.noise_schedule("cosine", 500)
    x0, z, t = noise(4, 3, 4, 4), noise(4, 3, 4, 4, seed=1), torch.tensor([0, 1, 250, 500])
    together = du.add_noise(x0, t, z, ab_t)
    for i in range(4):
        assert torch.equal(together[i : i + 1], du.add_noise(x0[i : i + 1], int(t[i]), z[i : i + 1], ab_t))
    assert torch.equal(together[0], x0[0])


def test_single_steps_equal_the_closed_form(noise):
    """Noise added a little at a time, with a fresh z each time, has the mean and spread of one jump."""
    ab_t, x = du.noise_schedule("linear", 500), torch.full((1, 1, 200, 200), -0.6)
    for t in range(1, 101):
        one_step = torch.stack([torch.ones((), dtype=torch.float64), ab_t[t] / ab_t[t - 1]])
        x = du.add_noise(x, 1, noise(1, 1, 200, 200, seed=t), one_step)
    jump = du.add_noise(torch.full_like(x, -0.6), 100, noise(1, 1, 200, 200), ab_t)
    assert x.mean().item() == pytest.approx(jump.mean().item(), abs=0.015)
    assert x.std().item() == pytest.approx(jump.std().item(), rel=0.015)
    skew = ((x - x.mean()) / x.std()).pow(3).mean().item()
    assert abs(skew) < 0.05


@given(
    t=st.integers(1, 200),
    name=st.sampled_from(NAMES),
    predicts=st.sampled_from(["eps", "x0", "v"]),
    seed=st.integers(0, 99),
)
def test_target_and_to_x0_eps_are_inverse(t, name, predicts, seed):
    ab_t = du.noise_schedule(name, 200)
    generator = torch.Generator().manual_seed(seed)
    x0, z = torch.randn(2, 3, 2, 4, 4, generator=generator, dtype=torch.float64)
    x = du.add_noise(x0, t, z, ab_t)
    got_x0, got_eps = du.to_x0_eps(du.target(x0, t, z, ab_t, predicts), x, t, ab_t, predicts)
    torch.testing.assert_close(got_x0, x0, rtol=1e-7, atol=1e-7)
    torch.testing.assert_close(got_eps, z, rtol=1e-7, atol=1e-7)


def test_v_is_what_salimans_and_ho_say(noise):
    ab_t = du.noise_schedule("cosine", 500)
    x0, z = noise(2, 1, 4, 4), noise(2, 1, 4, 4, seed=1)
    a, s = ab_t[123].sqrt().item(), (1 - ab_t[123]).sqrt().item()
    close(du.target(x0, 123, z, ab_t, "v"), a * z - s * x0, terms=5)


class TestPerfectDenoiser:
    ab_t = du.noise_schedule("cosine", 100)

    def test_equals_the_average_written_out(self, noise):
        images = noise(7, 1, 2, 2, dtype=torch.float64).clamp(-1, 1)
        x, t = noise(3, 1, 2, 2, seed=1, dtype=torch.float64), 60
        ab = self.ab_t[t].item()
        for row, answer in zip(x, du.PerfectDenoiser(images, self.ab_t)(x, torch.full((3,), t / 100))):
            w = [math.exp(-(row - ab**0.5 * image).square().sum().item() / (2 * (1 - ab))) for image in images]
            expected = sum(wi / sum(w) * image for wi, image in zip(w, images))
            torch.testing.assert_close(answer, expected, rtol=1e-6, atol=1e-6)

    def test_knows_the_image_at_little_noise_and_the_mean_at_much(self, sprites, noise):
        denoise = du.PerfectDenoiser(sprites.x, self.ab_t)
        x = du.add_noise(sprites.x[:8], 5, noise(8, 3, 16, 16), self.ab_t)
        torch.testing.assert_close(denoise(x, 5 / 100), sprites.x[:8], rtol=0, atol=1e-3)
        ab_t = torch.tensor([1.0, 1e-9], dtype=torch.float64)
        blind = du.PerfectDenoiser(sprites.x, ab_t)(noise(8, 3, 16, 16), torch.ones(8))
        torch.testing.assert_close(blind, sprites.x.mean(0).expand(8, -1, -1, -1), rtol=0, atol=5e-3)

    def test_context_picks_the_class_and_a_zero_row_all(self, sprites, noise):
        denoise = du.PerfectDenoiser(sprites.x, self.ab_t, sprites.c)
        c = torch.cat([torch.eye(5), torch.zeros(1, 5)])
        w = denoise.weights(noise(6, 3, 16, 16), torch.full((6,), 0.99), c)
        close(w.sum(1), torch.ones(6), terms=len(sprites.x))
        assert (w[:5] @ sprites.c == 0).sum() == 20  # nothing on the four other classes
        assert ((w[5:] @ sprites.c) > 0).all()
