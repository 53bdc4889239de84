"""Lesson 6: its functions are the course's sampler and inversion, and what it says of them is so."""

import time

import pytest
import torch

import diffusion_utilities as du
from plumbing import lesson_06

STUBS = ("ddim_step", "times_of", "look_ahead", "noisy_step", "invert")


@pytest.fixture
def walker(lesson, gaussian):
    """The lesson's functions, its solutions in place of the stubs, with the perfect denoiser of a Gaussian."""

    def load(schedule, T=50):
        ab_t = du.noise_schedule(schedule, T)
        clock = torch.log(ab_t**0.5 / (1 - ab_t) ** 0.5).tolist()
        given = dict(unet=gaussian(ab_t), ab_t=ab_t, T=T, clock=clock, device=torch.device("cpu"))
        module = lesson("06_ddim_speedup", **given)
        for name in STUBS:
            setattr(module, name, getattr(module, f"solution_{name}"))
        for walk in (module.ddim, module.two_m):  # their step, unless they are given another, was the stub
            walk.__defaults__ = (None, module.ddim_step, module.unet)
        return module

    return load


@pytest.mark.parametrize("schedule", ["cosine", "linear", "rescaled"])
@pytest.mark.parametrize("steps", [50, 12, 5, 1])
@pytest.mark.parametrize("eta, ahead", [(0.0, False), (0.5, False), (1.0, False), (0.0, True), (1.0, True)])
def test_the_lesson_draws_as_the_courses_sampler(walker, noise, schedule, steps, eta, ahead):
    module, x = walker(schedule), noise(4, 3, 8, 8)
    yours = module.draw(x, steps, eta=eta, ahead=ahead, seed=3)
    generator = torch.Generator().manual_seed(3)
    *_, last = du.sampler(module.unet, module.ab_t, x, steps=steps, eta=eta, order=1 + ahead, generator=generator)
    # at the end of the cosine schedule x_0 is divided by a signal of 1e-4, so 1e-7 of rounding becomes 1e-3
    torch.testing.assert_close(yours, last.x, rtol=0, atol=5e-3)


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_the_way_up_is_the_courses(walker, noise, schedule):
    module, x = walker(schedule), noise(3, 3, 8, 8).clamp(-1, 1)
    torch.testing.assert_close(module.up(x, None, n=25, top=50), du.invert(module.unet, module.ab_t, x, steps=25),
                               rtol=1e-4, atol=1e-4)  # fmt: skip


def test_up_and_down_visit_the_same_times_as_far_as_the_top(walker, noise):
    module, x = walker("linear"), noise(2, 3, 8, 8).clamp(-1, 1)
    module.unet.times.clear()
    z = module.up(x, None, n=10, top=30)
    assert module.unet.times == [1, 5, 10, 15, 20, 25]
    module.unet.times.clear()
    module.down(z, None, n=10, top=30)
    assert module.unet.times == [30, 25, 20, 15, 10, 5]


def test_the_time_inside_the_network_is_counted():
    class Slow(torch.nn.Module):
        def forward(self, x):
            time.sleep(0.05)
            return x

    def walk(fails=False):
        for _ in range(4):
            time.sleep(0.05)
            yield network(torch.zeros(1))
            assert not fails

    network = Slow()
    calls, share = lesson_06.time_inside(network, walk())
    assert calls == 4 and 0.1 < share < 0.9  # about one half, however busy the machine is
    with pytest.raises(AssertionError):
        lesson_06.time_inside(network, walk(fails=True))
    assert not network._forward_hooks and not network._forward_pre_hooks


def test_seven_calls_are_refused(walker, noise):
    module = walker("linear")
    module.SCORED, module.held_out_features = 5, du.features_of(du.load_sprites("held_out", 20).x)[0]
    assert module.six_calls(lambda ask, x, c, seed: [ask(x, t, None) for t in range(6, 0, -1)][-1]) > 0
    with pytest.raises(ValueError, match="six calls of the network are all you have"):
        module.six_calls(lambda ask, x, c, seed: [ask(x, t, None) for t in range(7, 0, -1)][-1])


def test_the_stroll_of_the_open_problem_is_2m_with_noise(walker, noise):
    module, x = walker("rescaled"), noise(4, 3, 8, 8)
    strolled = module.stroll(lambda x, t, c: module.predict(x, t), x, None, 3, module.times_of(50, 6), 1.0)
    torch.testing.assert_close(strolled, module.draw(x, 6, eta=1.0, ahead=True, seed=3))


def test_most_of_what_remains_of_2m_is_its_last_step(walker, noise):
    """Where the exact curve is known: as far as t = 50 the error shrinks by second order, to the end by first."""
    module, x = walker("linear", 500), noise(4, 3, 8, 8, dtype=torch.float64)

    def doubled_twice(walk, stop):
        exact = module.unet.exact(x, s=stop)
        far, near = (
            (walk(x, [round(500 - (500 - stop) * i / n) for i in range(n + 1)]) - exact).square().mean().sqrt()
            for n in (20, 80)
        )
        return (far / near).item()

    assert 3.5 < doubled_twice(module.ddim, 50) < 4.5
    assert 3.5 < doubled_twice(module.ddim, 0) < 4.5
    assert doubled_twice(module.two_m, 50) > 2 * doubled_twice(module.two_m, 0)
