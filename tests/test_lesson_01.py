"""What lesson 1 defines: its walk is the course's sampler, its film bottoms out at the blend, patches generalise."""

import pytest
import torch

import diffusion_utilities as du
from plumbing import lesson_01


@pytest.fixture(scope="module")
def train():
    return du.load_sprites("train", n=600)


@pytest.fixture
def one(lesson, train):
    """The lesson with the solutions in place of the stubs, and a memory of 600 sprites."""
    cosine = du.noise_schedule("cosine", 500)
    unseen = du.load_sprites("held_out", n=12).x
    module = lesson("01_intuition", T=500, cosine=cosine, train=train, unseen=unseen)
    for name in ("add_noise", "expected_error", "weights", "alpha_bar", "step_back"):
        setattr(module, name, getattr(module, f"solution_{name}"))
    return module


def test_one_picture_at_several_times_has_the_same_noise_in_all(one, train):
    x0, times = train.x[:1], [10, 250, 500]
    eps = [(x - one.cosine[t].sqrt() * x0[0]) / (1 - one.cosine[t]).sqrt() for x, t in zip(one.noisy(x0, times), times)]
    assert torch.allclose(eps[0], eps[2], atol=1e-4)
    assert torch.allclose(eps[1], eps[2], atol=1e-4)
    assert torch.allclose(one.noisy(x0, 250), one.noisy(x0, times)[1:2])


def test_the_walk_with_the_memory_is_the_courses_sampler(one, train):
    perfect = du.PerfectDenoiser(train.x, one.cosine)
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(7))
    drawn, frames = one.draw(one.remembering, x, du.sampling_times(500, 12))
    assert torch.allclose(drawn, du.sample(perfect, one.cosine, n=2, seed=7, steps=12), atol=1e-2)
    assert [frame[0] for frame in frames] == du.sampling_times(500, 12)[1:]
    assert (du.nearest(drawn, train.x)[0] < 0.01).all()  # copies, as the lesson says


def test_a_guess_costs_its_distance_from_the_weighted_mean(one, train):
    images, w = train.x[:5], torch.tensor([0.4, 0.3, 0.15, 0.1, 0.05])
    mean = torch.einsum("n,nchw->chw", w, images)
    least = one.expected_error(mean, images, w)
    for guess in (*images, images.mean(0), torch.zeros(3, 16, 16)):
        more = (guess - mean).square().mean()
        assert one.expected_error(guess, images, w).item() == pytest.approx((least + more).item(), rel=1e-5)


def test_the_film_of_the_guess_bottoms_out_at_the_blend(one, train):
    pair, shares = train.x[:2], [i / 10 for i in range(11)]
    guesses = torch.stack([(1 - s) * pair[0] + s * pair[1] for s in shares])
    errors = [one.expected_error(g, pair, torch.tensor([0.5, 0.5])) for g in guesses]
    film = lesson_01.guess_film(pair, guesses, shares, {"even": errors})
    assert len(film.frames) == len(shares)
    assert min(film.labels, key=lambda label: float(label.split()[-1])).startswith("50% of B")
    assert film.size[0] <= 640


def test_patches_handle_unseen_sprites_better_than_the_memory_does(one):
    """The course's own best of the open problem, on two seeds of the noise, with the memory of the lesson."""
    one.train = du.load_sprites("train", n=8000)
    perfect = du.PerfectDenoiser(one.train.x, one.cosine)
    for seed in (1, 2):
        x = one.noisy(one.unseen, 50, seed=seed)
        assert one.rms(one.patches(x, 50 / 500), one.unseen) < 0.6 * one.rms(perfect(x, 50 / 500), one.unseen)
        assert one.rms(one.patches(x, 50 / 500), one.unseen) < one.rms(x, one.unseen)


def test_the_training_counts_its_steps_and_follows_its_seed(one):
    (*_, (first, last)), (*_, (again, _)), (*_, (other, _)) = (list(one.training(3, seed=k)) for k in (0, 0, 1))
    assert last == 3
    a, b, c = (torch.cat([p.detach().flatten() for p in net.parameters()]) for net in (first, again, other))
    assert torch.allclose(a, b, atol=1e-5) and not torch.allclose(a, c, atol=1e-2)


def test_the_widget_shows_a_picture_and_refuses_a_time_after_the_end(one):
    picture, sentence = one.dissolve(t=400, unseen_one=True, sprite=3)
    assert picture.size[0] <= 640
    assert "blends" in sentence
    with pytest.raises(ValueError, match="the time t runs from 1 to 100"):
        one.dissolve(t=400, T=100)
