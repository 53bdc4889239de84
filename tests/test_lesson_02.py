"""Lesson 2: its functions are the course's sampler, and what it says of the clipped step is so."""

import pytest
import torch

import diffusion_utilities as du
from plumbing import lesson_02


@pytest.fixture
def walker(lesson, gaussian):
    """The lesson's functions, its solutions in place of the stubs, with the perfect denoiser of a Gaussian."""

    def load(schedule, T=50):
        ab_t = du.noise_schedule(schedule, T)
        module = lesson("02_sampling", unet=gaussian(ab_t), ab_t=ab_t, T=T, device=torch.device("cpu"), fifty=None)
        for name in ("x0_from_eps", "posterior", "step", "sample", "memory", "diversity"):
            setattr(module, name, getattr(module, f"solution_{name}"))
        return module

    return load


@pytest.mark.parametrize("schedule", ["cosine", "linear", "rescaled"])
@pytest.mark.parametrize("steps", [50, 10, 1])
def test_the_sampler_of_the_lesson_is_the_courses(walker, noise, schedule, steps):
    module, x, times = walker(schedule), noise(4, 3, 8, 8), du.sampling_times(50, steps)
    yours, seen = module.draw(x, times, seed=3)
    generator = torch.Generator().manual_seed(3)
    *_, last = du.sampler(module.unet, module.ab_t, x, times=times, eta=1, generator=generator)
    # at the end of the cosine schedule x_0 is divided by a signal of 1e-4, so 1e-7 of rounding becomes 1e-3
    torch.testing.assert_close(yours, last.x, rtol=0, atol=5e-3)
    assert [t for t, *_ in seen] == times[:-1]
    assert torch.equal(seen[0][1], x)


def test_without_noise_no_seed_counts(walker, noise):
    module, x = walker("linear"), noise(2, 3, 8, 8)
    a, b, c = (module.draw(x, du.sampling_times(50, 10), seed, strength=s)[0] for seed, s in ((1, 0), (2, 0), (2, 1)))
    assert torch.equal(a, b) and not torch.allclose(b, c, atol=0.1)


def test_only_the_clipped_step_of_the_cosine_schedule_forgets_the_start(walker):
    weights = {}
    for schedule in ("cosine", "linear"):
        module, ab_t = walker(schedule), du.noise_schedule(schedule, 500)
        times = du.sampling_times(500, 50)
        weights[schedule] = [
            module.posterior(torch.ones(1), t, s, torch.zeros(1), ab_t)[0].item() for t, s in zip(times, times[1:-1])
        ]
    assert weights["cosine"][0] < 0.01 < 0.4 < min(weights["cosine"][1:6])
    assert min(weights["linear"][:6]) > 0.85


def test_what_is_left_of_the_start_does_not_depend_on_the_number_of_steps(walker):
    """Under the cosine schedule next to nothing; begun below its clipped step, about a tenth at t = 400."""
    module, left = walker("cosine"), {}
    for schedule, begin in (("cosine", 500), ("linear", 500), ("cosine", 490)):
        ab_t = du.noise_schedule(schedule, 500)
        long, short = (list(range(begin, -1, -step)) for step in (10, 1))
        left[schedule, begin] = module.memory(long, ab_t)
        assert left[schedule, begin] == pytest.approx(module.memory(short, ab_t)[::10], abs=1e-4)
    assert left["cosine", 500][1] == pytest.approx(0.003, abs=1e-3)
    assert left["linear", 500][1] == pytest.approx(0.903, abs=1e-3)
    assert left["cosine", 490][9] == pytest.approx(0.1, abs=0.02)


def test_the_diversity_of_the_lesson_is_the_courses(walker, noise):
    module, x = walker("cosine"), noise(7, 3, 16, 16)
    assert module.diversity(x) == pytest.approx(du.diversity(x), rel=1e-4)
    assert module.diversity(x[:1].repeat(4, 1, 1, 1)) == 0


def test_ten_calls_are_counted(walker, noise):
    module = walker("linear")
    module.SCORED, module.held_out = 3, du.load_sprites("held_out", 20)
    with pytest.raises(ValueError, match="ten calls of the network are all you have"):
        module.score(lambda ask, x, seed: [ask(x, t) for t in range(11, 0, -1)][-1])
    assert module.score(lambda ask, x, seed: x) > module.score(lambda ask, x, seed: du.load_sprites("train", 3).x)


def test_the_players_chart_marks_each_frame(noise):
    seen = [(t, noise(9, 3, 16, 16, seed=t), noise(9, 3, 16, 16, seed=t + 1)) for t in (500, 250)]
    film = lesson_02.film_with_noise(seen, [x for _, x, _ in seen], ([500, 250], [1.0, 0.9]), "a film")
    assert len(film.frames) == 2 and film.labels[1].startswith("t = 250, std of eps ") and film.alt == "a film"
    assert film.size[0] <= 800
    chart = film.frames[:, -190:]
    assert (chart[0] != chart[1]).any()  # the mark has moved
