"""Lesson 12: every broken program has the fault that its room names, and every mended one agrees with the module."""

import pytest
import torch
from conftest import close

import checks
import diffusion_utilities as du

AB_T = du.noise_schedule("cosine")
T = 500


class Stub:
    """A denoiser that answers at once, and differently for each time and context; it keeps the times it was told."""

    predicts = "v"

    def __init__(self):
        self.told = []

    def __call__(self, x, t, c=None):
        self.told.append(t[0].item())
        c = torch.zeros(len(x), 5) if c is None else c
        number = (c * torch.arange(1.0, 6.0)).sum(1) / 5 + t
        return 0.6 * torch.tanh(x + number.view(-1, 1, 1, 1)) - 0.2 * x


@pytest.fixture
def stub():
    return Stub()


@pytest.fixture
def museum(lesson, stub):
    return lesson("12_bug_museum", model=stub, ab_t=AB_T, ab=AB_T.tolist(), T=T, device="cpu",
                  train=du.load_sprites("train", 40))  # fmt: skip


@pytest.fixture
def x(noise):
    return noise(4, 3, 4, 4, seed=5)


C = torch.eye(5)[[0, 2, 3, 1]]


def walked(model, x, seed=0, **how):
    """The last image of the course's sampler."""
    *_, last = du.sampler(model, AB_T, x, C, generator=torch.Generator().manual_seed(seed), **how)
    return last.x


def the_same_walk(a, b, steps):
    """Two programs of one walk, with some fifteen roundings a step, of numbers as large as the noise at its start; they
    do not grow on the way, for the stub's answer changes less than its input."""
    close(a, b, terms=15 * steps, scale=4)


def seeded(program, x):
    torch.manual_seed(0)
    return program(x, C)


def test_room_1_forgets_the_square_root(museum, noise):
    course = torch.linspace(1e-4, 0.02, 501, dtype=torch.float64).neg().add(1).cumprod(0)  # as the sprite course has it
    t, grey, z = torch.full((64,), 50), torch.zeros(64, 1, 16, 16), noise(64, 1, 16, 16)
    z = z / z.std()
    assert museum.noisy_1(grey, t, z, course).std().item() == pytest.approx(0.054, abs=5e-4)
    assert museum.noisy_1_mended(grey, t, z, course).std().item() == pytest.approx(0.233, abs=5e-4)
    x0, t = noise(5, 3, 4, 4, seed=1), torch.tensor([1, 50, 250, 499, 500])
    z = noise(5, 3, 4, 4, seed=2)
    close(museum.noisy_1_mended(x0, t, z, AB_T), du.add_noise(x0, t, z, AB_T), terms=6)


def test_room_2_makes_a_layer_in_forward(museum, noise):
    block, right = museum.Block2(3, 8).eval(), du.ResidualConvBlock(3, 8, is_res=True).eval()
    image = noise(2, 3, 8, 8)
    assert not torch.allclose(block(image), block(image), atol=1e-2)
    assert torch.equal(right(image), right(image))
    assert not [name for name in block.state_dict() if "shortcut" in name]
    left_out = block.load_state_dict(right.state_dict(), strict=False).unexpected_keys
    assert left_out == ["shortcut.weight", "shortcut.bias"]
    with pytest.raises(RuntimeError, match="shortcut"):
        block.load_state_dict(right.state_dict())
    same_channels = museum.Block2(8, 8).eval()  # no fault where the channels stay
    assert torch.equal(same_channels(right(image)), same_channels(right(image)))


@pytest.mark.parametrize("n, calls, last", [(30, 32, -12), (300, 500, 0), (20, 20, 0)])
def test_room_3_walks_past_zero(museum, stub, x, n, calls, last):
    broken = museum.room_3(x, C, n)
    assert len(stub.told) == calls
    assert round(stub.told[-1] * T) - T // n == last
    mended = museum.room_3_mended(x, C, n)
    assert len(stub.told) == calls + n
    the_same_walk(mended, walked(stub, x, steps=n), n)
    assert torch.allclose(broken, mended, atol=1e-3) == (n == 20)


def test_room_4_stretches_each_channel_of_each_picture(museum, noise):
    dull = 0.2 * noise(4, 3, 8, 8).clamp(-1, 1) + 0.3
    stretched = museum.picture_4(dull)
    close(stretched.amin((2, 3)), -torch.ones(4, 3), terms=4)
    close(stretched.amax((2, 3)), torch.ones(4, 3), terms=4)
    assert museum.picture_4(torch.ones(1, 3, 8, 8)).isnan().all()
    assert torch.equal(museum.picture_4_mended(dull), dull)
    wild = 3 * noise(4, 3, 8, 8)
    assert (du.to_pixels(museum.picture_4_mended(wild)) == du.to_pixels(wild)).all()


def test_room_5_ends_before_the_noise(museum, stub, x):
    assert du.noise_schedule("linear", 100)[-1] > 0.3
    assert du.noise_schedule("linear", 500)[-1].item() == pytest.approx(0.0063, abs=1e-4)
    assert du.noise_schedule("linear", 500)[-1].sqrt().item() == pytest.approx(0.08, abs=1e-3)
    assert du.noise_schedule("rescaled", 100)[-1] < 1e-3
    for schedule in (du.noise_schedule("linear", 100), du.noise_schedule("rescaled", 100)):
        for t in (1, 40, 100):  # the network is told the time at which its own schedule is as noisy
            museum.retimed(schedule)(x, torch.full((4,), t / 100), C)
            assert AB_T[round(stub.told[-1] * T)].item() == pytest.approx(schedule[t].item(), abs=4e-3)
    assert not torch.allclose(museum.room_5(x, C), museum.room_5_mended(x, C), atol=1e-2)


def test_room_6_averages_too_slowly(museum):
    left = {name: 1.0 for name in ("decay_6", "decay_6_mended")}
    for name in left:
        for step in range(1, 401):
            left[name] *= getattr(museum, name)(step)
    assert left["decay_6"] == pytest.approx(0.67, abs=0.01)
    assert left["decay_6_mended"] < 1e-12
    one = torch.nn.Linear(1, 1, bias=False)
    ema, average = du.EMA(one, half_life=10**6), one.weight.item()
    for step in range(1, 30):
        with torch.no_grad():
            one.weight.fill_(float(step))
        ema.update(one)
        average += (1 - museum.decay_6_mended(step)) * (step - average)
    assert ema.model.weight.item() == pytest.approx(average, rel=1e-4)


def test_practise_learns_and_averages(museum):
    def network():
        torch.manual_seed(1)
        return du.Unet(widths=(8, 8), attention=False)

    new, raw = network(), network()
    trained, losses = museum.practise(raw, 12, lr=3e-3)
    assert losses[-1] < losses[0]
    assert all(torch.equal(a, b) for a, b in zip(trained.parameters(), raw.parameters()))  # decay 0: no average
    slow, same = museum.practise(network(), 12, decay=museum.decay_6, lr=3e-3)
    assert same == losses  # the same training

    def moved(some):
        return sum((a - b).abs().sum().item() for a, b in zip(some.parameters(), new.parameters()))

    assert 0 < moved(slow) < 0.05 * moved(trained)
    assert museum.practise(network(), 12, museum.noisy_1, lr=3e-3)[1] != losses


def test_room_7_adds_noise_after_the_last_step(museum, stub, x):
    broken, mended = seeded(museum.room_7, x), seeded(museum.room_7_mended, x)
    grown = (AB_T[450] / AB_T[500]).sqrt().item()  # the first step's numbers cancel, and are divided by 1 / 1,550
    close(mended, walked(stub, x, steps=10, eta=1.0, variance="large"), terms=4, scale=4 * grown)
    assert (broken - mended).std().item() == pytest.approx((1 - AB_T[50].item()) ** 0.5, rel=0.15)
    assert museum.specks(torch.ones(2, 3, 16, 16)) == 0
    assert museum.specks(torch.zeros(2, 3, 16, 16)) == 1


def test_room_8_exchanges_with_and_without(museum, stub, x):
    broken, mended = museum.room_8(x, C), museum.room_8_mended(x, C)
    the_same_walk(mended, museum.draw(du.Guided(stub, 3), x, C), 12)
    the_same_walk(broken, museum.draw(du.Guided(stub, -2), x, C), 12)  # away from the wish
    assert not torch.allclose(broken, mended, atol=1e-2)


def test_room_9_tells_the_wrong_time(museum, stub, x):
    museum.room_9(x, C)
    assert stub.told == pytest.approx([t / 1000 for t in du.sampling_times(T, 20)[:-1]])
    stub.told.clear()
    mended = museum.room_9_mended(x, C)
    assert stub.told == pytest.approx([t / T for t in du.sampling_times(T, 20)[:-1]])
    the_same_walk(mended, walked(stub, x, steps=20), 20)
    stub.told.clear()
    museum.room_9_mended(x, C, late=100)
    assert stub.told == pytest.approx([max(t - 100, 0) / T for t in du.sampling_times(T, 20)[:-1]])


def test_room_10_keeps_the_old_noise(museum, stub, x):
    mended = museum.room_10_mended(x, C)
    the_same_walk(mended, walked(du.Guided(stub, 4), x, steps=20, clip=True), 20)
    assert not torch.allclose(museum.room_10(x, C), mended, atol=1e-2)


def test_the_night_watch_keeps_its_secret_until_the_guess_is_right(lesson):
    def program(x, c):
        return x.clamp(-1, 1)

    rooms = {room: {"broken": program, "mended": program} for room in range(1, 11)}
    night = lesson("12_bug_museum", ab_t=AB_T, museum=rooms, device="cpu", c=C.repeat(3, 1), classes=["hero"] * 10)
    room = next(k for k in range(1, 11) if night.watch("mystery", 7, k)[1].startswith(f"Room {k}."))
    picture, sentence = night.watch("mystery", 7, "?")
    assert sentence.startswith("Which room is this?") and "mended" not in sentence + picture.alt
    assert night.watch("mystery", 7, room % 10 + 1)[1].startswith(f"Not Room {room % 10 + 1}.")
    assert night.watch("mystery", 7, "I give up")[1].startswith(f"Room {room}.")
    assert night.watch(4, 7, "?")[1].startswith("Room 4.")
    seen = {night.watch("mystery", seed, "I give up")[1].split(".")[0] for seed in range(41)}
    assert len(seen) == 10  # every room is there


def test_draw_and_guess_are_the_course_s(museum, stub, x):
    the_same_walk(museum.draw(stub, x, C), walked(stub, x, seed=2, steps=12, order=2, eta=1.0, clip=True), 12)
    x0, eps = museum.guess(stub, x, 300, C)
    close(du.add_noise(x0, 300, eps, AB_T), x, terms=10)
    assert museum.pairs(2) == [(500, 250), (250, 0)]


def test_the_broken_functions_of_the_exercises_hold_every_fault(museum):
    assert checks.check_clipped_step(museum.broken_step).mistake == "old eps"
    assert checks.check_question(museum.broken_question).mistake == "square root, time, mask"
    assert checks.check_walk(museum.broken_walk).mistake == "strides, told s, noise on the last step"
