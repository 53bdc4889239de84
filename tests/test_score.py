"""The scores: Fréchet distance, diversity, nearest neighbours, and the classifier behind them."""

import pytest
import torch
from conftest import close, products

import diffusion_utilities as du


@pytest.fixture(scope="module")
def train():
    return du.load_sprites("train", 2000)


@pytest.fixture(scope="module")
def held_out():
    return du.load_sprites("held_out")


def test_classifier_recognises_held_out_sprites(held_out):
    features, classes = du.features_of(held_out.x)
    assert features.shape == (4000, 64) and classes.shape == (4000,)
    assert (classes == held_out.c.argmax(1)).float().mean() >= 0.98


def test_features_do_not_depend_on_the_rest_of_the_batch(held_out):
    together = du.features_of(held_out.x[:600])[0]
    close(together[500:502], du.features_of(held_out.x[500:502])[0], terms=products(du.load_classifier()))


def test_frechet_orders_sets_of_images_as_the_eye_does(train, held_out, noise):
    real, x = held_out.x[:1000], train.x[:1000]
    itself = du.frechet_distance(real, real)
    other_real = du.frechet_distance(x, real)
    noisy = du.frechet_distance((x + 0.3 * noise(*x.shape)).clamp(-1, 1), real)
    pure_noise = du.frechet_distance(noise(*x.shape).clamp(-1, 1), real)
    assert abs(itself) < 0.01 * max(other_real, 0.1)
    assert itself < other_real < noisy / 3 < pure_noise / 3
    one_class = du.frechet_distance(x[train.c[:1000, 0] == 1], real)
    assert one_class > 10 * other_real


def test_frechet_is_symmetric(train, held_out):
    a, b = train.x[:300], held_out.x[:300]
    assert du.frechet_distance(a, b) == pytest.approx(du.frechet_distance(b, a), rel=0.01)


def test_frechet_formula_in_the_features(held_out, train):
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), written out."""
    a, b = (du.features_of(s.x[:400])[0].double() for s in (held_out, train))
    roots = torch.linalg.eigvals(a.T.cov() @ b.T.cov()).sqrt().real.sum()
    expected = (a.mean(0) - b.mean(0)).square().sum() + a.T.cov().trace() + b.T.cov().trace() - 2 * roots
    assert du.frechet_distance(held_out.x[:400], train.x[:400]) == pytest.approx(expected.item(), rel=1e-3)


def test_frechet_of_features_is_that_of_their_images(held_out, train):
    a, b = held_out.x[:400], train.x[:300]
    seen_a, seen_b = du.features_of(a)[0], du.features_of(b)[0]
    images = du.frechet_distance(a, b)
    for x, y in ((seen_a, seen_b), (a, seen_b), (seen_a, b), (seen_a.double(), b)):
        assert du.frechet_distance(x, y) == images


def test_a_frechet_distance_refuses_what_is_no_set_of_images_or_features(held_out):
    x = held_out.x[:20]
    features, classes = found = du.features_of(x)
    for wrong in (found, features.numpy(), x.numpy(), features.tolist(), None):
        with pytest.raises(ValueError, match="between two tensors"):
            du.frechet_distance(wrong, x)
    for wrong, says in ((features.round().int(), "features are float"), (classes, "images must be a tensor")):
        with pytest.raises(ValueError, match=says):
            du.frechet_distance(wrong, x)


def test_nearest_finds_the_exact_one_and_its_distance(train):
    rows = torch.tensor([7, 1999, 0, 300])
    distance, index = du.nearest(train.x[rows], train.x)
    assert index.tolist() == rows.tolist()
    close(distance**2, torch.zeros(4), terms=3 * 16 * 16, scale=1)  # the squares of 768 colours, up to 1, cancel
    shifted = (train.x[rows] + 0.1).clone()
    distance, index = du.nearest(shifted, train.x, batch=3)
    assert index.tolist() == rows.tolist()
    close(distance**2, torch.full((4,), 0.01), terms=3 * 16 * 16, scale=1)


def test_diversity(train):
    assert du.diversity(train.x[:1].expand(10, -1, -1, -1)) == pytest.approx(0, abs=1e-6)
    black_and_white = torch.stack([torch.full((3, 2, 2), -1.0), torch.full((3, 2, 2), 1.0)])
    assert du.diversity(black_and_white) == pytest.approx(2)
    assert du.diversity(train.x[:200]) > du.diversity(0.5 * train.x[:200]) > 0


def test_sprite_score(train, held_out):
    real, x = held_out.x[:500], train.x[:500]
    assert du.sprite_score(x, real=real).keys() == {"frechet", "diversity"}
    score = du.sprite_score(x, c=train.c[:500], real=real, train=train.x[500:])
    assert score.keys() == {"frechet", "diversity", "asked", "copying"}
    assert score["asked"] > 0.97 and score["diversity"] == pytest.approx(1, abs=0.1)
    assert score["copying"] == pytest.approx(1, abs=0.25)
    wrong = du.sprite_score(x, c=train.c[:500].roll(1, 1), real=real, train=train.x)
    assert wrong["asked"] < 0.03
    assert wrong["copying"] < 0.01  # these are training images


def test_scoring_twice_gives_the_same_and_leaves_the_random_state(train, held_out):
    state = torch.get_rng_state()
    first, second = (du.sprite_score(train.x[:200], real=held_out.x[:200]) for _ in range(2))
    assert first == second and torch.equal(state, torch.get_rng_state())
