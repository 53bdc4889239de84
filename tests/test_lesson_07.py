"""Lesson 7: the digits and MNIST's own files, BasicUNet, the walk, and that the last recipe is DDPM."""

import struct

import numpy as np
import pytest
import torch
from conftest import close, products

import diffusion_utilities as du
from plumbing import lesson_07

NAME = "07_predict_the_image"
STUBS = ("corrupt", "idle", "walk_step", "amounts_of", "amount_of")


@pytest.fixture
def load(lesson):
    """The lesson's functions, its solutions in place of the stubs."""

    def loaded(**values):
        module = lesson(NAME, **values)
        for name in STUBS:
            setattr(module, name, getattr(module, f"solution_{name}"))
        return module

    return loaded


@pytest.fixture
def seven(load):
    return load(shape=(1, 8, 8))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# ---------------------------------------------------------------------------------------------------------------- data


def test_the_digits_are_images_with_a_black_edge():
    x, label = lesson_07.digits()
    du.check_images(x)
    assert x.shape == (1797, 1, 12, 12) and label.shape == (1797,)
    assert x.min() == -1 and x.max() == 1
    assert (x[..., [0, -1]] == -1).all() and (x[..., [0, -1], :] == -1).all()
    assert label.bincount().min() > 170 and len(label.bincount()) == 10
    again = lesson_07.digits()
    assert torch.equal(x, again[0]) and torch.equal(label, again[1])


def test_images_and_labels_are_shuffled_together():
    """Digits of one class resemble their own mean more than that of the others."""
    x, label = lesson_07.digits()
    means = torch.stack([x[label == k].mean(0) for k in range(10)]).flatten(1)
    assert (torch.cdist(x.flatten(1), means).argmin(1) == label).float().mean() > 0.85
    assert len(label[:20].unique()) > 4


def write_idx(file, array):
    """An array of bytes in the format of MNIST's files: two zeros, the type 8, the number of dimensions, the sizes."""
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    file.write_bytes(head + array.tobytes())


@pytest.fixture
def mnist(tmp_path):
    """A folder with a tiny MNIST of 12 training and 3 test digits; returns it with the training part."""
    raw, rng = tmp_path / "MNIST" / "raw", np.random.default_rng(0)
    raw.mkdir(parents=True)
    for part, n in (("t10k", 3), ("train", 12)):
        pixels = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        label = rng.integers(0, 10, n, dtype=np.uint8)
        write_idx(raw / f"{part}-images-idx3-ubyte", pixels)
        write_idx(raw / f"{part}-labels-idx1-ubyte", label)
    return tmp_path, pixels, label


def test_mnist_is_read_from_its_own_files(mnist):
    folder, pixels, label = mnist
    x, found = lesson_07.digits("mnist", folder)
    assert x.shape == (12, 1, 28, 28)
    du.check_images(x)
    order = torch.randperm(12, generator=generator(0))
    assert torch.equal(found, torch.from_numpy(label).long()[order])
    assert np.array_equal(du.to_pixels(x)[..., 0], pixels[order])


def test_nothing_is_downloaded_unless_told(tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("a download was tried")

    monkeypatch.setattr("torchvision.datasets.MNIST.download", never)
    with pytest.raises(RuntimeError, match="download=True"):
        lesson_07.digits("mnist", tmp_path)
    with pytest.raises(AssertionError, match="a download was tried"):
        lesson_07.digits("mnist", tmp_path, download=True)


def test_an_unknown_source_is_refused():
    with pytest.raises(ValueError, match="'sklearn' or 'mnist', not 'cifar'"):
        lesson_07.digits("cifar")


def test_losses_are_smoothed_in_blocks():
    assert lesson_07.smooth([1.0, 3.0, 5.0, 7.0, 100.0], 2) == [2.0, 6.0]
    assert lesson_07.smooth([1.0, 3.0], 0) == [1.0, 3.0]  # a training of a few steps


# ------------------------------------------------------------------------------------------------------------- network


def test_basic_unet_is_that_of_lesson_3_and_an_idle_layer(lesson, seven, noise):
    ours, theirs = seven.BasicUNet(1, 1), lesson("03_network").BasicUNet(1, 1)
    assert du.count_parameters(ours) == 309_185
    assert du.count_parameters(theirs) == 309_057
    missing, unexpected = ours.load_state_dict(theirs.state_dict(), strict=False)
    assert not unexpected and all(name.startswith("norm.") for name in missing)
    for size in (8, 16, 28):
        x = noise(2, 1, size, size)
        close(ours(x), theirs(x), terms=products(ours))


def test_what_is_idle_in_the_two_networks_of_the_notes(load, noise):
    seven = load(hidden=noise(4, 1, 16, 16))
    basic, library = seven.BasicUNet(), seven.Library()
    assert sum(seven.idle(basic, seven.hidden)) == 128
    assert du.count_parameters(library) == 1_707_009
    found = {name: n for (name, _), n in zip(library.named_parameters(), seven.idle(library, seven.hidden))}
    name = "unet.time_embedding.linear_1.weight"
    assert found[name] == library.get_parameter(name).numel() / 2  # sin 0 = 0


def test_the_library_network_takes_every_size_divisible_by_4(seven, noise):
    net = seven.Library()
    for size in (8, 28):
        assert net(noise(1, 1, size, size)).shape == (1, 1, size, size)


def test_learn_lowers_the_loss_and_repeats(load):
    seven = load(train=torch.ones(64, 1, 8, 8).mul(-0.5))
    runs = []
    for _ in range(2):
        torch.manual_seed(0)
        runs.append(seven.learn(seven.BasicUNet(), seven.question, steps=12))
    assert runs[0] == runs[1] and len(runs[0]) == 12
    assert runs[0][-1] < runs[0][0] / 2


def test_learn_shows_every_digit_once_in_an_epoch_and_keeps_the_time(load):
    seven, seen = load(train=torch.arange(70.0).view(-1, 1, 1, 1)), []

    def question(x, g):
        seen.append(x.flatten())
        return x, x

    seven.learn(torch.nn.Conv2d(1, 1, 1), question, steps=4)
    assert [len(torch.cat(seen[i : i + 2]).unique()) for i in (0, 2)] == [64, 64]
    begin = seven.time.perf_counter()
    losses = seven.learn(torch.nn.Conv2d(1, 1, 1), question, seconds=0.2)
    assert len(losses) > 2 and 0.2 <= seven.time.perf_counter() - begin < 2


# -------------------------------------------------------------------------------------------------- hide and walk back


def test_the_question_mixes_by_amount(seven, noise):
    x = noise(4, 1, 8, 8).clamp(-1, 1)
    g = generator(3)
    z = 2 * torch.rand(x.shape, generator=g) - 1
    amount = torch.rand(4, generator=g)
    wanted, shown = seven.question(x, generator(3))
    assert torch.equal(wanted, x)
    close(shown, (1 - amount).view(-1, 1, 1, 1) * x + amount.view(-1, 1, 1, 1) * z, terms=4)
    du.check_images(shown)


@pytest.mark.parametrize("n", [1, 5, 40])
def test_the_noise_falls_in_equal_steps_along_the_walk(seven, noise, n):
    start, end = noise(3, 1, 8, 8), noise(3, 1, 8, 8, seed=1)
    inputs, guesses = seven.walk(lambda x: end, start, seven.evenly(n))
    assert len(inputs) == n + 1 and len(guesses) == n
    for amount, x in zip(seven.evenly(n), inputs):
        close(x, (1 - amount) * end + amount * start, terms=10 * n, scale=10)
    assert torch.equal(inputs[-1], end)


def test_even_amounts_are_the_notes_rule(seven):
    for n in (1, 5, 40):
        close(torch.tensor(seven.amounts_of([1 / (n - i) for i in range(n)])), torch.tensor(seven.evenly(n)), terms=n)


def test_the_notes_second_rule_is_a_walk_without_its_last_step(seven):
    for n in (1, 5, 40):
        amounts = seven.amounts_of([1 / (n - i + 1) for i in range(n)])
        close(torch.tensor(amounts), torch.tensor(seven.evenly(n + 1)[:-1]), terms=n)


# ------------------------------------------------------------------------------------------------------------- recipes


def test_no_rung_is_the_walk(seven):
    def net(x):
        return torch.tanh(2 * x) - 0.1

    inputs, _ = seven.walk(net, seven.uniform(5, 1), seven.evenly(7))
    close(seven.draw([], net, 5, steps=7), inputs[-1], terms=20 * 7, scale=3)  # some twenty roundings a step


@pytest.mark.parametrize("v", [False, True])
@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_the_last_rung_is_the_sampler(seven, v, eta):
    how, steps = ["gaussian", "preserving", "clock", *["v"] * v, *["fresh"] * (eta == 1)], 6
    ab_t = (torch.pi / 2 * torch.arange(steps + 1, dtype=torch.float64) / steps).cos() ** 2

    def net(x):
        return torch.tanh(x[:, :1] * (1.5 - x[:, 1:]))

    def denoiser(x, t, c=None):
        return net(seven.shown(how, x, t))

    denoiser.predicts = "v" if v else "x0"
    g = generator(1)
    x = torch.randn(3, 1, 8, 8, generator=g)
    *_, last = du.sampler(denoiser, ab_t, x, steps=steps, eta=eta, generator=g)
    drawn = seven.draw(how, net, 3, steps=steps)
    close(drawn, last.x, terms=20 * steps, scale=x.abs().max().item())  # some twenty roundings a step, of the noise


@pytest.mark.parametrize("preserving", [False, True])
def test_a_perfect_network_draws_the_right_spread(seven, preserving):
    """Pixels that are independent N(mu, s^2): the best guess is known, and the walk must end with mu and s."""
    how, mu, s = ["gaussian", *["preserving"] * preserving, "clock"], 0.2, 0.4

    def net(seen):
        x, amount = seen[:, :1], seen[:, 1:]
        image, grain = seven.shares(how, amount)
        return mu + s**2 * image / ((image * s) ** 2 + grain**2) * (x - image * mu)

    x = seven.draw(how, net, 300, steps=200)
    assert abs(x.mean() - mu) < 0.02 and abs(x.std() - s) < 0.02


def test_what_a_recipe_asks(seven, noise):
    x = noise(6, 1, 8, 8).clamp(-1, 1)
    wanted, seen = seven.question_of([])(x, generator(1))
    assert torch.equal(wanted, x) and seen.shape == x.shape
    v, seen = seven.question_of(["gaussian", "preserving", "clock", "v"])(x, generator(1))
    x_a, amount = seen[:, :1], seen[:, 1:]
    assert (amount == amount[..., :1, :1]).all()
    image, grain = seven.shares(["preserving"], amount)
    close(image**2 + grain**2, torch.ones_like(x), terms=5)
    size = x_a.abs().max().item()  # of the numbers that cancel
    close(image * x_a - grain * v, x, terms=10, scale=size)
    z = grain * x_a + image * v
    close(v, image * z - grain * x, terms=10, scale=size)


# --------------------------------------------------------------------------------------------------------------- score


def test_the_score_tells_digits_from_noise():
    x, label = lesson_07.digits()
    before = torch.random.get_rng_state()
    judge = lesson_07.Judge(x[400:1000], label[400:1000], x[:200], epochs=2)
    assert torch.equal(before, torch.random.get_rng_state())
    assert (judge.reads(x[200:400]) == label[200:400]).float().mean() > 0.5
    digits, noisy = judge.score(x[200:300]), judge.score(2 * torch.rand(100, 1, 12, 12, generator=generator()) - 1)
    assert 0 < digits < noisy / 5


def test_the_verdict_needs_both_trainings():
    assert lesson_07.verdict([5.0, 6.0], [4.0, 4.9]).startswith("pays")
    assert lesson_07.verdict([4.0, 4.9], [4.5, 3.0]).startswith("is within chance")
    assert lesson_07.verdict([5.0, 6.0], [7.0, 8.0]).startswith("costs")
    assert lesson_07.two([5.04, 6.0]) == "5.0 and 6.0"


def test_the_twenty_first_call_is_refused(load):
    class Anything:
        def score(self, x):
            return 1.0

    seven = load(shape=(1, 8, 8), SCORED=2, SEEDS=(0, 1), basic=[torch.nn.Identity()] * 2, judge=Anything())

    def times(n):
        def draw(ask, x, seed):
            for _ in range(n):
                x = ask(x)
            return x

        return draw

    assert seven.twenty_calls(times(20)) == 1
    with pytest.raises(ValueError, match="twenty calls of the network are all you have"):
        seven.twenty_calls(times(21))
