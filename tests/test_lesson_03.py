"""Lesson 3: the network that its solutions make is `du.Unet`, and what its pictures and counts show is so."""

import pytest
import torch
from conftest import awake, close, products
from torch import nn

import diffusion_utilities as du
from plumbing import lesson_03


@pytest.fixture
def network(lesson):
    """The lesson with every stub filled in by its solution."""
    module = lesson("03_network")
    for name in ("down_and_up", "time_embedding", "attend"):
        setattr(module, name, getattr(module, f"solution_{name}"))
    module.twice = nn.Upsample(scale_factor=2)
    module.Block, module.Unet = module.SolutionBlock, module.SolutionUnet
    return module


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("size", [8, 16])
def test_the_learner_s_network_is_that_of_the_course(network, noise, asked, size):
    ours = awake(du.Unet())
    theirs = network.Unet().eval()
    theirs.load_state_dict(ours.state_dict())
    x, t, c = noise(2, 3, size, size), torch.tensor([0.1, 0.9]), torch.eye(5)[:2] if asked else None
    with torch.no_grad():
        # the angles of the waves reach 900, where float32 keeps four decimals
        close(ours(x, t, c), theirs(x, t, c), terms=1000 * products(ours))


def test_a_network_without_a_part_keeps_all_others(network):
    whole = network.Unet((8, 16, 24))
    assert whole.across == [1, 1, 1]
    without = network.Unet((8, 16, 24), attention=False, across=[0, 1, 1])
    assert whole.state_dict().keys() - without.state_dict().keys() == {
        f"attention.{name}" for name in ("norm.weight", "norm.bias", "qkv.weight", "qkv.bias", "out.weight", "out.bias")
    }
    batch = lesson_03.replace(whole, nn.GroupNorm, lambda norm: nn.BatchNorm2d(norm.num_channels))
    kinds = [type(part) for part in batch.modules()]
    assert nn.GroupNorm not in kinds and kinds.count(nn.BatchNorm2d) == 2 * 8 + 1 + 1


def test_shift_only_scales_by_nothing(network, noise):
    block = awake(network.Block(8, 8, 4))
    x, emb = noise(2, 8, 4, 4), noise(2, 4, seed=1)
    scale, shift = block.scale_shift(emb).chunk(2, 1)
    block.scale_shift = lesson_03.shift_only(block.scale_shift)
    nothing, same = block.scale_shift(emb).chunk(2, 1)
    assert (nothing == 0).all() and scale.abs().min() > 0 and torch.equal(same, shift)
    assert block(x, emb).shape == x.shape


def test_operations_and_sight_of_a_convolution():
    net = nn.Conv2d(1, 4, 3, padding=1)
    assert lesson_03.million_operations(net, torch.zeros(1, 1, 16, 16)) == pytest.approx(2 * 4 * 9 * 256 / 1e6)
    seen = lesson_03.sight(net, 16)
    assert (seen > 0).sum() == 9 and (seen[7:10, 7:10] > 0).all()
    picture = lesson_03.sights({"one": seen, "two": seen}, "influence")
    assert picture.alt == "influence" and picture.size[0] < 900


def test_three_colours_tell_apart_what_differs(noise):
    maps = torch.zeros(2, 8, 4, 4)
    maps[:, 3, :, :2] = 1  # two kinds of pixels
    colours = lesson_03.three_colours(maps)
    assert colours.shape == (2, 3, 4, 4) and colours.abs().max() <= 1
    assert (colours[:, 0, :, :2] > 0).all() and (colours[:, 0, :, 2:] < 0).all()
    assert torch.equal(lesson_03.three_colours(noise(1, 8, 1, 1)), torch.zeros(1, 3, 1, 1))  # one pixel has no kinds


@pytest.mark.parametrize("places, make", [
    (lesson_03.UNET, lambda: du.Unet(widths=(8, 8, 8))), (lesson_03.CONTEXT_UNET, lambda: du.ContextUnet(3, 8, 5, 16)),
])  # fmt: skip
def test_the_inside_of_a_network_as_a_film(places, make, noise):
    net, x = make().eval(), noise(1, 3, 16, 16).clamp(-1, 1)
    seen = lesson_03.watch(net, places)
    guess = lesson_03.guess(net, x, 100, torch.eye(5)[:1], du.noise_schedule("cosine")).clamp(-1, 1)
    film = lesson_03.inside(places, [{"in": x, "out": guess} | seen] * 2, ["a", "b"], alt="inside")
    assert film.labels == ["a", "b"] and len(film.frames) == 2 and film.size[0] <= 800
    with pytest.raises(ValueError, match="each frame needs what"):
        lesson_03.inside(places, [{"in": x, "out": guess}], alt="inside")


def test_a_guess_believes_the_time_that_it_is_told(noise):
    class Silent:
        predicts = "v"

        def __call__(self, x, t, c):
            self.told = t
            return torch.zeros_like(x)

    net, ab_t, x = Silent(), du.noise_schedule("cosine"), noise(2, 3, 16, 16)
    close(lesson_03.guess(net, x, 200, None, ab_t, told=50), ab_t[50].sqrt() * x)
    assert net.told.tolist() == pytest.approx([0.1, 0.1])
    close(lesson_03.guess(net, x, 200, None, ab_t), ab_t[200].sqrt() * x)


def test_the_source_is_shown_as_it_stands():
    text = lesson_03.source(du.UnetDown, du.ContextUnet.forward).data
    assert text.startswith("```python\nclass UnetDown(nn.Module):") and "\n\ndef forward(self, x, t, c=None):" in text


def test_losses_by_work():
    spent, smooth = lesson_03.by_work({"net": [[1.0] * 12, [3.0] * 12]}, {"net": 5.0})["net"]
    assert spent == pytest.approx([n * 3 * 32 * 5 / 1e6 for n in (10, 11, 12)])
    assert smooth == [[1.0] * 3, [3.0] * 3]
    assert len(lesson_03.by_work({"net": [[1.0] * 4]}, {"net": 5.0})["net"][0]) == 1  # a run of fewer than ten steps
