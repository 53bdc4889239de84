"""What lesson 5 defines beside its stubs: the judge, the count of looks, and the words of the studio."""

import pytest
import torch

import diffusion_utilities as du


@pytest.fixture
def context_control(lesson):
    """The lesson with a small network, ten sprites a score, and the first held-out sprites."""
    torch.manual_seed(0)
    unet = du.Unet(widths=(8, 8), attention=False).eval()
    held_out = du.load_sprites("held_out", 100)
    return lesson("05_context_control", du=du, torch=torch, unet=unet, ab_t=du.noise_schedule("cosine", 500), SCORED=10,
                  wanted=torch.arange(10) % 5, held_out=held_out, held_out_features=du.features_of(held_out.x)[0],
                  one_hot=torch.eye(5), fast=dict(steps=2, order=2, clip=True))  # fmt: skip


def test_the_open_problem_counts_looks_and_refuses_a_thirteenth(context_control):
    def guided(model):
        return du.Guided(model, 2.0)

    assert context_control.score(guided, steps=6) > 0
    assert context_control.score(lambda model: model, steps=12) > 0
    with pytest.raises(ValueError, match="14.0 looks for each sprite: 12 are all you have"):
        context_control.score(guided, steps=7)
    with pytest.raises(ValueError, match="13.0 looks"):
        context_control.score(lambda model: model, steps=13)


def test_the_course_s_best_spends_exactly_twelve_looks(context_control):
    """Nine steps, three of them guided. What it inherits asks twice, as any Guided does."""
    context_control.Guided.__call__ = context_control.SolutionGuided.__call__
    network = context_control.Counted(context_control.unet)
    du.sample(context_control.Sometimes(network, 3), context_control.ab_t, 10, 2, steps=9)
    assert network.looks == 120


def test_the_judge_s_shares_are_per_cent_of_each_class(context_control):
    held_out = context_control.held_out
    shares = context_control.class_shares(held_out.x)
    assert sum(shares) == pytest.approx(100)
    assert shares == pytest.approx((100 * held_out.c.mean(0)).tolist(), abs=2)


@pytest.mark.parametrize("negative", ["nothing", "food"])
def test_the_studio_asks_for_what_its_sliders_say(context_control, negative):
    """A plain request at w = 1 is the network's own answer, whatever is to be avoided."""
    context_control.Guided, context_control.Away = context_control.SolutionGuided, context_control.SolutionAway
    request = dict(hero=0.0, non_hero=0.0, food=0.0, spell=1.0, side_facing=0.0)
    x, _ = context_control.draw(3, 1.0, negative, 5, 2, **request)
    expected = du.sample(context_control.unet, context_control.ab_t, 3, 3, seed=5, **context_control.fast)
    assert torch.allclose(x, expected, atol=1e-4)
    assert context_control.describe(1.0, negative, 5, 2, **request).startswith("1 spell\nw = 1, away from " + negative)
    assert context_control.describe(1.0, negative, 5, 2, hero=0.0).startswith("nothing asked")
