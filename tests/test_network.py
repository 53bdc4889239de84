"""The two U-Nets: shapes, names, contexts, times, determinism, and checkpoints of the original course."""

import copy
import math
import warnings

import pytest
import torch
from conftest import awake, close, products

import diffusion_utilities as du

NETWORKS = {
    "context_unet": lambda height=16, channels=3: du.ContextUnet(channels, 16, 5, height),
    "unet": lambda height=16, channels=3: du.Unet(channels, 5, (8, 8, 16)),
}
both = pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)


def test_parameters_of_the_sprite_courses_network():
    model = du.ContextUnet(3, n_feat=64, n_cfeat=5, height=16)
    assert du.count_parameters(model) == 1_480_771 + 256
    assert du.count_parameters(model.init_conv.shortcut) == 256


def test_only_trainable_parameters_are_counted():
    model = torch.nn.Linear(3, 2)
    model.bias.requires_grad_(False)
    assert du.count_parameters(model) == 6


@both
@pytest.mark.parametrize("height", [8, 12, 16, 20, 28, 32])
@pytest.mark.parametrize("channels", [1, 3])
def test_heights_and_channels(make, height, channels, noise):
    x = noise(2, channels, height, height)
    out = awake(make(height, channels))(x, torch.tensor([0.2, 0.8]), torch.eye(5)[:2])
    assert out.shape == x.shape and torch.isfinite(out).all()


@pytest.mark.parametrize("size", [(8, 16), (20, 4), (32, 12)])
@pytest.mark.parametrize("attention", [True, False])
def test_unet_takes_images_that_are_not_square(size, attention, noise):
    x = noise(2, 3, *size)
    assert awake(du.Unet(widths=(8, 16, 8), attention=attention))(x, 0.5).shape == x.shape


def test_unet_of_two_levels_takes_even_sizes(noise):
    assert awake(du.Unet(widths=(8, 16)))(noise(1, 3, 6, 10), 0.5).shape == (1, 3, 6, 10)


@both
def test_same_input_same_output_and_the_global_random_state_stays(make, noise):
    model, x, t = awake(make()), noise(4, 3, 16, 16), torch.rand(4, generator=torch.Generator().manual_seed(1))
    state = torch.get_rng_state()
    first, second = model(x, t, torch.eye(5)[:4]), model(x, t, torch.eye(5)[:4])
    assert torch.equal(first, second)
    assert torch.equal(state, torch.get_rng_state())


@both
def test_no_context_is_a_row_of_zeros_and_a_context_matters(make, noise):
    model, x = awake(make()), noise(2, 3, 16, 16)
    assert torch.equal(model(x, 0.5), model(x, 0.5, torch.zeros(2, 5)))
    assert not torch.allclose(model(x, 0.5), model(x, 0.5, torch.eye(5)[:2]))


@both
def test_each_image_sees_its_own_time_and_context(make, noise):
    model, x, t, c = awake(make()), noise(3, 3, 16, 16), torch.tensor([0.1, 0.5, 0.9]), torch.eye(5)[:3]
    together = model(x, t, c)
    for i in range(3):
        alone = model(x[i : i + 1], t[i : i + 1], c[i : i + 1])
        close(together[i : i + 1], alone, terms=products(model))
    assert not torch.allclose(together, model(x, t.flip(0), c))


@both
@pytest.mark.parametrize("t", [0.3, torch.tensor(0.3), torch.full((1, 1, 1, 1), 0.3), torch.full((4, 1), 0.3),
                               torch.tensor([0.3])], ids=["float", "0-d", "1111", "B1", "1"])  # fmt: skip
def test_time_broadcasts(make, t, noise):
    model, x = awake(make()), noise(4, 3, 16, 16)
    close(model(x, t), model(x, torch.full((4,), 0.3)), terms=products(model))


@both
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last], ids=["rows", "channels_last"])
def test_rounding_explains_the_distance_from_float64_and_nothing_else(make, memory_format, noise):
    """The tolerance with which the tests compare two ways through a network: wide enough, and not too wide."""
    model, x, t, c = awake(make()), noise(3, 3, 16, 16), torch.tensor([0.1, 0.5, 0.9]), torch.eye(5)[:3]
    exact = copy.deepcopy(model).double()(x.double(), t, c.double())
    close(model.to(memory_format=memory_format)(x, t, c), exact, terms=products(model))
    with torch.no_grad():
        next(model.parameters()).mul_(1.01)
    with pytest.raises(AssertionError, match="apart by .*, where rounding explains"):
        close(model(x, t, c), exact, terms=products(model))


def test_unet_answers_zero_before_training(noise):
    assert (du.Unet(widths=(8, 16))(noise(2, 3, 8, 8), 0.5, torch.eye(5)[:2]) == 0).all()


def test_the_unet_hands_on_a_share_of_its_input_and_a_shift_for_each_colour(noise):
    model, x = du.Unet(widths=(8, 16)), noise(2, 3, 8, 8)
    with torch.no_grad():
        model.direct.bias.copy_(torch.tensor([2.0, 0.0, -1.0, 0.5, 1.0, 0.0]))
    close(model(x, 0.5), torch.stack([2 * x[:, 0] + 0.5, 0 * x[:, 1] + 1, -x[:, 2]], 1), terms=3)


def test_every_parameter_of_the_unet_learns(noise):
    model = awake(du.Unet(widths=(8, 8, 16))).train()
    model(noise(2, 3, 8, 8), 0.5, torch.eye(5)[:2]).square().mean().backward()
    assert [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_timestep_embedding():
    e = du.timestep_embedding(torch.tensor([0.0, 1.0]), 9)
    assert e.shape == (2, 9) and e[0].tolist() == [1] * 4 + [0] * 5
    assert e[1, [0, 4]].tolist() == pytest.approx([math.cos(1), math.sin(1)])


def expected_names():
    block = [f"{conv}.{layer}.{p}" for conv in ("conv1", "conv2") for layer, params in
             ((0, ("weight", "bias")), (1, ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")))
             for p in params]  # fmt: skip
    names = {f"init_conv.{n}" for n in [*block, "shortcut.weight", "shortcut.bias"]}
    for down in ("down1", "down2"):
        names |= {f"{down}.model.{i}.{n}" for i in (0, 1) for n in block}
    for up in ("up1", "up2"):
        names |= {f"{up}.model.{i}.{n}" for i in (1, 2) for n in block}
    layers = ["up1.model.0", "up2.model.0", "up0.0", "up0.1", "out.0", "out.1", "out.3"]
    layers += [f"{e}embed{k}.model.{i}" for e in ("time", "context") for k in (1, 2) for i in (0, 2)]
    return names | {f"{layer}.{p}" for layer in layers for p in ("weight", "bias")}


def test_names_in_the_state_dict():
    assert set(du.ContextUnet(3, 8, 5, 16).state_dict()) == expected_names()


def test_original_checkpoint_loads_with_one_warning_and_zeros(noise):
    source = awake(du.ContextUnet(3, 8, 5, 16))
    state = {k: v for k, v in source.state_dict().items() if "shortcut" not in k}
    model = awake(du.ContextUnet(3, 8, 5, 16), seed=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.load_state_dict(state)
    assert [str(w.message)[:42] for w in caught] == ["this checkpoint has no trained shortcut (t"]
    assert not model.init_conv.shortcut.weight.any() and not model.init_conv.shortcut.bias.any()
    assert torch.equal(model.up1.model[0].weight, source.up1.model[0].weight)
    assert not any("shortcut" in k for k in state), "the caller's own dict must stay as it was"


def test_own_checkpoint_loads_silently():
    model = du.ContextUnet(3, 8, 5, 16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.load_state_dict(awake(du.ContextUnet(3, 8, 5, 16)).state_dict())


def test_residual_block_with_equal_channels_adds_its_input(noise):
    block, x = du.ResidualConvBlock(8, 8, is_res=True).eval(), noise(1, 8, 4, 4)
    assert not hasattr(block, "shortcut")
    close(block(x), (x + block.conv2(block.conv1(x))) / 1.414, terms=2)
