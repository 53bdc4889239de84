"""Lesson 4: its loop is the Trainer's, its times are the course's, and its pictures hold what they say."""

import types

import numpy as np
import pytest
import torch

import diffusion_utilities as du
from plumbing import lesson_04

STUBS = ("ask", "learn", "v_of", "middle", "averaged")


@pytest.fixture
def module(lesson):
    """The lesson with its solutions in place of the stubs, and 256 sprites."""
    ab_t = du.noise_schedule("cosine", 500)
    few = du.load_sprites("train", 256)
    given = dict(T=500, ab_t=ab_t, train=few, held_out=few, device=torch.device("cpu"), SIDE_STEPS=3, BATCH=8, LR=3e-3,
                 SCORED=6, labels=few.c[:6])  # fmt: skip
    made = lesson("04_training", **given)
    for name in STUBS:
        setattr(made, name, getattr(made, f"solution_{name}"))
    return made


@pytest.mark.parametrize("B", [1, 7, 32, 500])
def test_middle_times_are_the_courses(module, B):
    """The lesson solves the running sum of the probabilities for t; `du.Times` looks it up."""
    times = du.Times("middle", 500)
    p = times.probabilities().cumsum(0)
    g = torch.Generator().manual_seed(B)
    u = torch.rand(B, generator=g, dtype=torch.float64)
    looked_up = torch.searchsorted(p, (torch.arange(B) + u) / B).clamp(max=499) + 1
    solved = module.middle(u, 500)
    assert (solved - looked_up).abs().max() <= 1  # where a number falls on the border of two times, rounding decides
    assert (solved == looked_up).float().mean() > 0.98
    torch.testing.assert_close(module.middle(torch.rand(B, generator=g), 500).float().mean() if B == 500 else
                               torch.tensor(250.0), torch.tensor(250.0), rtol=0.02, atol=0)  # fmt: skip


def test_uniform_times_cover_1_to_T(module):
    u = torch.linspace(0, 1 - 2**-24, 5000)
    t = module.uniform(u, 500)
    assert t.min() == 1 and t.max() == 500 and t.unique().numel() == 500


def test_the_loop_is_the_trainers(module):
    """The same first weights and the same questions: the same losses and averages, up to rounding."""
    how = dict(batch=8, times="middle", device="cpu")
    theirs = du.Trainer(module.small("v", 0), module.train, module.ab_t, lr=3e-3, warmup=1, anneal=None, **how)
    source = du.Trainer(module.small("v", 0), module.train, module.ab_t, **how)
    own, average = module.small("v", 0), module.small("v", 0)
    optimizer = torch.optim.Adam(own.parameters(), lr=3e-3, betas=(0.9, 0.99))
    for step, p in enumerate(theirs.run(steps=4), 1):
        x0, c, t, eps, _ = source.next_batch()
        x_t, aim = du.add_noise(x0, t, eps, module.ab_t), module.v_of(x0, t, eps, module.ab_t)
        assert module.learn(own, optimizer, x_t, t, 500, aim, c) == pytest.approx(p.loss.item(), rel=1e-3)
        module.follow(average, own, step)
    x, t = du.add_noise(module.train.x[:4], 250, torch.randn(4, 3, 16, 16), module.ab_t), torch.full((4,), 0.5)
    with torch.no_grad():
        torch.testing.assert_close(average(x, t), theirs.ema.model(x, t), rtol=0, atol=1e-2)


def test_two_versions_of_the_loop_see_the_same_sprites_noise_and_weights(module):
    seen = []
    ask = module.ask
    module.ask = lambda x0, *given: seen.append(x0) or ask(x0, *given)
    for how in (dict(), dict(times=module.middle, told=True)):
        module.trained("v", 3, **how)
    assert len(seen) == 6
    assert all(torch.equal(a, b) for a, b in zip(seen[:3], seen[3:]))


def test_the_error_of_v_is_that_of_the_network(module):
    """v_error works from the implied sprite; for a network that predicts v it is the plain squared error."""
    network = module.small("v", 0)
    few = types.SimpleNamespace(x=module.train.x[:20], c=module.train.c[:20])
    t, error = module.v_error(network, few, n=20)
    eps = torch.randn(few.x.shape, generator=torch.Generator().manual_seed(1))
    x_t = du.add_noise(few.x, t, eps, module.ab_t)
    with torch.no_grad():
        plain = (network(x_t, t / 500, few.c) - module.v_of(few.x, t, eps, module.ab_t)).square().mean((1, 2, 3))
    torch.testing.assert_close(error, plain, rtol=1e-2, atol=1e-3)  # at t = 500 a small number is divided by


def test_times_are_weighed_as_the_trainer_draws_them(module):
    t = torch.arange(1, 501)
    weights = du.Times("middle", 500).probabilities().float()
    error = torch.rand(500, generator=torch.Generator().manual_seed(0))
    assert module.as_practised(t, error) == pytest.approx((weights * error).sum().item(), rel=1e-4)


def test_the_best_answer_to_many_pictures(module):
    images = module.train.x[:9]
    for name, best in (("l2", images.mean(0, True)), ("l1", images.median(0, True).values)):
        assert (lesson_04.best_picture(images, du.LOSSES[name], 400) - best).abs().mean() < 0.05


def test_the_mean_of_the_last_twenty():
    losses = [float(k) for k in range(50)]
    assert lesson_04.smooth(losses)[[0, 1, 19, 49]].tolist() == [0, 0.5, 9.5, 39.5]


def test_a_chart_of_losses_is_not_half_empty():
    falling = np.geomspace(0.9, 0.25, 600).tolist()
    low, high = np.log(lesson_04.span([falling]))
    assert (high - np.log(0.25)) / (high - low) > 0.5  # the curve goes through more than half of the height
    assert lesson_04.span([]) == lesson_04.span([[], [float("nan"), float("inf")]])
    low, high = lesson_04.span([[3.0, 0.5], falling + 20 * [0.05]], floor=0.04)
    assert high == 3 and 0.02 < low < 0.04


@pytest.mark.parametrize("losses", [[], [1.0, 0.5, 0.4]])
@pytest.mark.parametrize("floor", [None, 0.02])
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.filterwarnings("error")
def test_a_picture_of_where_a_training_stands(module, losses, floor, before):
    trainer = du.Trainer(module.small("v", 0), module.train, module.ab_t, batch=8, device="cpu")
    other = ("another", [1.0, 0.3], module.train.x[:10]) if before else None
    picture = lesson_04.standing(trainer, losses, module.train.x[:10], floor, other)
    assert picture.size[0] < 900
    assert "10 sprites" in picture.alt


def test_the_open_problem_refuses_a_larger_network_or_batch(module):
    def make(seed, batch=8, widths=(16, 32, 48)):
        return du.Trainer(du.Unet(widths=widths), module.train, module.ab_t, batch=batch, device="cpu")

    with pytest.raises(ValueError, match="8 sprites in a step, and the small network"):
        module.score_of(lambda seed: make(seed, batch=16))
    with pytest.raises(ValueError, match="8 sprites in a step, and the small network"):
        module.score_of(lambda seed: make(seed, widths=(32, 64, 96)))
