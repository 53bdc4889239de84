"""Lesson 7: the digits and MNIST's own files, BasicUNet, the walk, and that the last recipe is DDPM."""

import struct

import numpy as np
import pytest
import torch
from conftest import close, products

import diffusion_utilities as du

NAME = "07_predict_the_image"


@pytest.fixture
def seven(lesson):
    return lesson(NAME, shape=(1, 8, 8))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# ---------------------------------------------------------------------------------------------------------------- data


def test_the_digits_are_images_with_a_black_edge(seven):
    x, label = seven.digits()
    du.check_images(x)
    assert x.shape == (1797, 1, 16, 16) and label.shape == (1797,)
    assert x.min() == -1 and x.max() == 1
    assert (x[..., [0, -1]] == -1).all() and (x[..., [0, -1], :] == -1).all()
    assert label.bincount().min() > 170 and len(label.bincount()) == 10
    again = seven.digits()
    assert torch.equal(x, again[0]) and torch.equal(label, again[1])


def test_images_and_labels_are_shuffled_together(seven):
    """Digits of one class resemble their own mean more than that of the others."""
    x, label = seven.digits()
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


def test_mnist_is_read_from_its_own_files(seven, mnist):
    folder, pixels, label = mnist
    x, found = seven.digits("mnist", folder)
    assert x.shape == (12, 1, 28, 28)
    du.check_images(x)
    order = torch.randperm(12, generator=generator(0))
    assert torch.equal(found, torch.from_numpy(label).long()[order])
    assert np.array_equal(du.to_pixels(x)[..., 0], pixels[order])


def test_nothing_is_downloaded_unless_told(seven, tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("a download was tried")

    monkeypatch.setattr("torchvision.datasets.MNIST.download", never)
    with pytest.raises(RuntimeError, match="download=True"):
        seven.digits("mnist", tmp_path)
    with pytest.raises(AssertionError, match="a download was tried"):
        seven.digits("mnist", tmp_path, download=True)


def test_an_unknown_source_is_refused(seven):
    with pytest.raises(ValueError, match="'sklearn' or 'mnist', not 'cifar'"):
        seven.digits("cifar")


# ------------------------------------------------------------------------------------------------------------- network


def test_basic_unet_is_that_of_lesson_03(lesson, seven, noise):
    ours, theirs = seven.BasicUNet(1, 1), lesson("03_network").BasicUNet(1, 1)
    assert du.count_parameters(ours) == du.count_parameters(theirs) == 309_057
    ours.load_state_dict(theirs.state_dict())
    for size in (8, 16, 28):
        x = noise(2, 1, size, size)
        close(ours(x), theirs(x), terms=products(ours))


def test_the_library_network_takes_every_size_divisible_by_4(seven, noise):
    net = seven.Library()
    assert du.count_parameters(net) == 1_707_009
    for size in (8, 28):
        assert net(noise(1, 1, size, size)).shape == (1, 1, size, size)


def test_learn_lowers_the_loss_and_repeats(lesson):
    seven = lesson(NAME, train=torch.ones(64, 1, 8, 8).mul(-0.5))
    runs = []
    for _ in range(2):
        torch.manual_seed(0)
        runs.append(seven.learn(seven.BasicUNet(), seven.question, steps=12))
    assert runs[0] == runs[1] and len(runs[0]) == 12
    assert runs[0][-1] < runs[0][0] / 2


def test_learn_shows_every_digit_once_in_an_epoch_and_keeps_the_time(lesson):
    seven, seen = lesson(NAME, train=torch.arange(70.0).view(-1, 1, 1, 1)), []

    def question(x, g):
        seen.append(x.flatten())
        return x, x

    seven.learn(torch.nn.Conv2d(1, 1, 1), question, steps=4)
    assert [len(torch.cat(seen[i : i + 2]).unique()) for i in (0, 2)] == [64, 64]
    begin = seven.time.perf_counter()
    losses = seven.learn(torch.nn.Conv2d(1, 1, 1), question, seconds=0.2)
    assert len(losses) > 2 and 0.2 <= seven.time.perf_counter() - begin < 2


# -------------------------------------------------------------------------------------------------- hide and walk back


def test_corrupt_mixes_by_amount(seven, noise):
    x = noise(4, 1, 8, 8).clamp(-1, 1)
    amount = torch.tensor([0.0, 0.3, 0.8, 1.0])[:, None, None, None]
    z = 2 * torch.rand(x.shape, generator=generator(3)) - 1
    hidden = seven.corrupt(x, amount, generator(3))
    close(hidden, (1 - amount) * x + amount * z, terms=4)
    assert torch.equal(hidden[0], x[0]) and torch.equal(hidden[3], z[3])  # 1 x + 0 z, exactly
    du.check_images(hidden)


@pytest.mark.parametrize("n", [1, 5, 40])
def test_the_noise_falls_in_equal_steps_along_the_walk(seven, noise, n):
    start, end = noise(3, 1, 8, 8), noise(3, 1, 8, 8, seed=1)
    path = list(seven.walk(lambda x: end, start, n))
    assert len(path) == n
    for i, (x, pred) in enumerate(path):
        amount = 1 - i / n
        close(x, (1 - amount) * end + amount * start, terms=3 * n)  # three roundings a step
        assert torch.equal(pred, end)


@pytest.mark.parametrize("amount", [1.0, 0.4])
def test_the_walk_may_start_at_any_amount(seven, noise, amount):
    """What m does not say is the amount at the start: equal parts of it are walked."""
    x0, z = noise(2, 1, 8, 8), noise(2, 1, 8, 8, seed=1)
    path = list(seven.walk(lambda x: x0, (1 - amount) * x0 + amount * z, 8))
    close(path[4][0], (1 - amount / 2) * x0 + amount / 2 * z, terms=3 * 4)


# ------------------------------------------------------------------------------------------------------------- recipes


def test_the_first_recipe_is_the_walk(seven):
    def net(x, t=None):
        assert t is None or (t == 0).all()  # no clock: always told 0
        return torch.tanh(2 * x) - 0.1

    start = 2 * torch.rand(5, 1, 8, 8, generator=generator(1)) - 1
    *_, (_, end) = seven.walk(net, start, 7)
    close(seven.draw(seven.Recipe(), net, 5, steps=7), end, terms=10 * 7)  # some ten roundings a step


@pytest.mark.parametrize("v", [False, True])
@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_the_last_recipe_is_the_sampler(seven, v, eta):
    how, steps = seven.Recipe(gaussian=True, preserving=True, clock=True, v=v, fresh=eta == 1), 6
    ab_t = (torch.pi / 2 * torch.arange(steps + 1, dtype=torch.float64) / steps).cos() ** 2

    def denoiser(x, t, c=None):
        return torch.tanh(x * (1.5 - t.view(-1, 1, 1, 1)))

    denoiser.predicts = "v" if v else "x0"
    g = generator(1)
    x = torch.randn(3, 1, 8, 8, generator=g)
    *_, last = du.sampler(denoiser, ab_t, x, steps=steps, eta=eta, generator=g)
    drawn = seven.draw(how, denoiser, 3, steps=steps)
    close(drawn, last.x, terms=20 * steps, scale=x.abs().max().item())  # some twenty roundings a step, of the noise


@pytest.mark.parametrize("preserving", [False, True])
def test_a_perfect_network_draws_the_right_spread(seven, preserving):
    """Pixels that are independent N(mu, s^2): the best guess is known, and the walk must end with mu and s."""
    how, mu, s = seven.Recipe(gaussian=True, preserving=preserving, clock=True), 0.2, 0.4

    def net(x, t):
        image, grain = how.shares(t.view(-1, 1, 1, 1))
        return mu + s**2 * image / ((image * s) ** 2 + grain**2) * (x - image * mu)

    x = seven.draw(how, net, 300, steps=200)
    assert abs(x.mean() - mu) < 0.02 and abs(x.std() - s) < 0.02


def test_what_a_recipe_asks(seven, noise):
    x = noise(6, 1, 8, 8).clamp(-1, 1)
    wanted, x_a, told = seven.Recipe().question(x, generator(1))
    assert torch.equal(wanted, x) and (told == 0).all()
    close(x_a, seven.question(x, generator(1))[1], terms=4)
    how = seven.Recipe(gaussian=True, preserving=True, clock=True, v=True)
    v, x_a, told = how.question(x, generator(1))
    image, grain = how.shares(told.view(-1, 1, 1, 1))
    close(image**2 + grain**2, torch.ones(6, 1, 1, 1), terms=5)
    size = x_a.abs().max().item()  # of the numbers that cancel
    close(image * x_a - grain * v, x, terms=10, scale=size)
    noise = grain * x_a + image * v
    close(v, image * noise - grain * x, terms=10, scale=size)


# --------------------------------------------------------------------------------------------------------------- score


def test_the_score_tells_digits_from_noise(lesson):
    x, label = lesson(NAME).digits()
    seven = lesson(NAME, shape=(1, 16, 16), real=x[:200], SCORED=100)
    seven.judge = seven.judge_of(x[400:1000], label[400:1000], epochs=2)
    digits, noisy = seven.score(x[200:400]), seven.score(2 * torch.rand(100, 1, 16, 16, generator=generator()) - 1)
    assert 0 < digits < noisy / 5
