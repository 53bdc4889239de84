"""Nothing is guessed: contexts, what a wrapped network predicts, whole numbers, precision, devices, schedules."""

import functools
import types

import numpy as np
import pytest
import torch
import torch.nn as nn
from conftest import awake, close, products

import diffusion_utilities as du

AB = du.noise_schedule("cosine", 500)
HOW = dict(shape=(3, 8, 8), steps=3)
ROWS = torch.eye(5)[[3, 0, 4, 3]]
NUMBERS = [3, 0, 4, 3]

FORMS = {
    "one-hot": ROWS,
    "class numbers": torch.tensor(NUMBERS),
    "class numbers, int32": torch.tensor(NUMBERS, dtype=torch.int32),
    "class numbers, a list": NUMBERS,
    "class numbers, an array": np.array(NUMBERS),
    "a list of tensors": list(torch.tensor(NUMBERS)),
    "rows, a list": ROWS.tolist(),
    "rows, a list of tensors": list(ROWS),
    "rows, an array of float64": ROWS.double().numpy(),
    "rows of integers": ROWS.long(),
    "rows of booleans": ROWS.bool(),
}
FOR_ALL = {
    "row": torch.eye(5)[3],
    "a row of one": torch.eye(5)[3:4],
    "a list": [0.0, 0, 0, 1, 0],
    "class number": 3,
    "class number of NumPy": np.int64(3),
    "class number of torch": torch.tensor(3),
    "a list of one": [3],
}  # fmt: skip


def small(predicts="v"):
    torch.manual_seed(0)
    return awake(du.Unet(widths=(8, 8), attention=False, predicts=predicts))


@pytest.fixture(scope="module")
def drawn():
    """Two networks, and what each draws of the four one-hot rows, and of class 3 four times."""
    return [(model, du.sample(model, AB, 4, ROWS, **HOW), du.sample(model, AB, 4, ROWS[[0] * 4], **HOW))
            for model in (small(), awake(du.ContextUnet(3, 8, 5, 8)))]  # fmt: skip


@pytest.fixture
def x(noise):
    return noise(4, 3, 8, 8)


# ------------------------------------------------------------------------------------------------------------- context


@pytest.mark.parametrize("c", FORMS.values(), ids=FORMS)
def test_every_form_of_a_context_draws_the_same(drawn, c):
    for model, rows, _ in drawn:
        assert torch.equal(du.sample(model, AB, 4, c, **HOW), rows)


@pytest.mark.parametrize("c", FOR_ALL.values(), ids=FOR_ALL)
def test_one_number_or_one_row_serves_all(drawn, c):
    for model, _, threes in drawn:
        assert torch.equal(du.sample(model, AB, 4, c, **HOW), threes)


def test_five_class_numbers_are_five_classes_and_no_row():
    """Five numbers for five sprites of a network of five classes: once they were read as one row."""
    model = small()
    assert torch.equal(du.sample(model, AB, 5, torch.arange(5), **HOW), du.sample(model, AB, 5, torch.eye(5), **HOW))
    out = model(torch.ones(5, 3, 8, 8), torch.full((5,), 0.5), torch.arange(5))
    assert torch.equal(out, model(torch.ones(5, 3, 8, 8), torch.full((5,), 0.5), torch.eye(5)))
    assert (out[0] - out[1]).abs().max() > 1e-3


@pytest.mark.parametrize("c", [*FORMS.values(), *FOR_ALL.values()], ids=[*FORMS, *FOR_ALL])
def test_every_place_takes_every_form(drawn, x, c):
    """The network itself, the sampler, the inversion, guidance and its negative, and the perfect denoiser."""
    model, rows, t = drawn[0][0], du.as_context(c, x, 5), torch.full((4,), 0.4)
    assert rows.shape == (4, 5) and rows.dtype == torch.float32
    perfect = du.PerfectDenoiser(x.clamp(-1, 1), AB, NUMBERS)
    perfect.c = torch.eye(5)[[3, 0, 4, 1]]
    images = x.clamp(-1, 1)
    for place in (
        lambda c: model(x, t, c),
        lambda c: next(du.sampler(model, AB, x, c, steps=5)).x,
        lambda c: du.invert(model, AB, images, c, steps=2),
        lambda c: du.Guided(model, 3.0)(x, t, c),
        lambda c: du.Guided(model, 3.0, negative=c)(x, t, [1, 1, 2, 2]),
        lambda c: perfect.weights(x, t, c),
    ):
        assert torch.equal(place(c), place(rows))


def test_class_numbers_train_as_their_rows(sprites):
    def first_loss(c):
        torch.manual_seed(0)
        data = du.Sprites(sprites.x[:8], c, sprites.classes)
        t = du.Trainer(du.Unet(widths=(8, 8), attention=False), data, AB, batch=4, drop=0.0, device="cpu")
        return [t.c, next(t.run(steps=2)).loss]

    rows = sprites.c[:8]
    for c in (rows, rows.argmax(1), rows.argmax(1).tolist(), rows.numpy()):
        context, loss = first_loss(c)
        assert torch.equal(context, rows) and torch.equal(loss, first_loss(rows)[1])


def test_class_numbers_are_scored_as_their_rows(sprites):
    x, real = sprites.x[:40], sprites.x[100:]
    asked = du.sprite_score(x, sprites.c[:40], real)["asked"]
    assert asked > 0.9
    for c in (sprites.c[:40].argmax(1), sprites.c[:40].argmax(1).tolist(), sprites.c[:40].numpy()):
        assert du.sprite_score(x, c, real)["asked"] == asked
    alike = x[sprites.c[:40, 2] == 1]
    assert du.sprite_score(alike, 2, real)["asked"] > 0.8 and du.sprite_score(alike, 0, real)["asked"] < 0.2


def test_class_numbers_label_a_perfect_denoiser(sprites, noise):
    """As many classes as the largest number says; a class without an image once gave NaN."""
    x, t = noise(3, 3, 16, 16), torch.full((3,), 0.9)
    by_number, by_row = (du.PerfectDenoiser(sprites.x, AB, c) for c in (sprites.c.argmax(1).tolist(), sprites.c))
    assert torch.equal(by_number(x, t, [0, 2, 4]), by_row(x, t, torch.eye(5)[[0, 2, 4]]))
    food = sprites.c[:, 2] == 0
    without = du.PerfectDenoiser(sprites.x[food], AB, sprites.c[food])
    assert torch.isfinite(without(x, t, [0, 1, 3])).all()
    with pytest.raises(ValueError, match="asks for a class of which this perfect denoiser knows no image"):
        without(x, t, [0, 2, 3])


def test_a_negative_without_a_request_is_not_dropped(drawn, x):
    """c=None asks for nothing, as the row of zeros does: what is to be moved away from still counts."""
    model, t = drawn[0][0], torch.full((4,), 0.4)
    away = du.Guided(model, 2, negative=3)
    assert torch.equal(away(x, t), away(x, t, torch.zeros(5)))
    assert (away(x, t) - model(x, t)).abs().max() > 1e-3


def test_a_network_without_n_cfeat_may_read_tokens(x):
    """Rows of integers go to it as they are: the door for text."""
    seen = []
    model = du.Denoiser(lambda x, t, c: seen.append(c) or x, "eps")
    next(du.sampler(model, AB, x, [[7, 0, 2], [1, 1, 1], [9, 9, 9], [0, 0, 0]]))
    assert seen[0].dtype == torch.int64 and seen[0][0].tolist() == [7, 0, 2]
    next(du.sampler(model, AB, x, torch.tensor([[7, 0, 2]])))
    assert seen[1].tolist() == [[7, 0, 2]] * 4


BAD_CONTEXTS = {
    "class number above": ([0, 1, 2, 5], r"class numbers must lie in 0\.\.4, not \[0, 1, 2, 5\]"),
    "class number below 0": (-1, r"class numbers must lie in 0\.\.4, not -1"),
    "too few class numbers": ([0, 1], "2 class numbers for 4 images"),
    "a row of integers": ([0, 1, 0, 0, 0], "5 class numbers for 4 images.*must be float"),
    "float class numbers": ([0.0, 1.0, 2.0, 3.0], "4 entries a row, the network takes 5 .class numbers: integers"),
    "too few rows": (torch.eye(5)[:3], "3 rows of context for 4 images"),
    "another class count": (torch.eye(6)[:4], "6 entries a row, the network takes 5"),
    "no entry": ([], "0 entries a row"),
    "three axes": (torch.zeros(4, 5, 1), r"class numbers \(B,\) or rows \(B, n_cfeat\), not \(4, 5, 1\)"),
    "rows of class numbers": (torch.arange(5)[None], "rows of integers must hold 0 and 1 alone"),
    "a word": ("hero", "made of class numbers, or of rows of numbers"),
    "rows of two lengths": ([[1], [1, 2], [3], [4]], "must be equally long"),
    "words": (["hero"] * 4, "made of class numbers, or of rows of numbers"),
}


@pytest.mark.parametrize("c, sentence", BAD_CONTEXTS.values(), ids=BAD_CONTEXTS)
def test_contexts_that_do_not_fit_are_named_everywhere(drawn, x, c, sentence):
    model, t, images = drawn[0][0], torch.full((4,), 0.4), x.clamp(-1, 1)
    for place in (
        lambda: model(x, t, c),
        lambda: drawn[1][0](x, t, c),
        lambda: du.sample(model, AB, 4, c, **HOW),
        lambda: next(du.sampler(du.Guided(model, 2), AB, x, c)),
        lambda: du.invert(model, AB, images, c, steps=2),
        lambda: du.Guided(model, 2)(x, t, c),
        lambda: du.Guided(model, 2, negative=c)(x, t, 1),
        lambda: du.PerfectDenoiser(images, AB, [0, 1, 2, 4])(x, t, c),
        lambda: du.sprite_score(torch.rand(4, 3, 16, 16) - 0.5, c, torch.rand(4, 3, 16, 16) - 0.5),
    ):
        with pytest.raises(ValueError, match=sentence) as caught:
            place()
        assert "\n" not in str(caught.value)


def test_class_numbers_of_unknown_classes_are_refused(x):
    with pytest.raises(ValueError, match="class numbers need a network that says how many classes there are"):
        next(du.sampler(du.Denoiser(lambda x, t, c: x, "eps"), AB, x, [0, 1, 2, 3]))


def test_nobody_asked_is_no_hero(sprites):
    with pytest.raises(ValueError, match="a row of zeros asks for no class"):
        du.sprite_score(sprites.x[:4], torch.zeros(5), sprites.x[4:8])


# ------------------------------------------------------------------------------------------- what the network predicts

WRAPPERS = {
    "DataParallel": nn.DataParallel,
    "torch.compile": functools.partial(torch.compile, backend="eager"),
    "compiled DataParallel": lambda net: torch.compile(nn.DataParallel(net), backend="eager"),
    "partial": functools.partial,
    "no_grad": lambda net: torch.no_grad()(net),
    "an object with .model": lambda net: Holds("model", net),
    "an object with .module": lambda net: Holds("module", net),
    "guidance": lambda net: du.Guided(net, 1),
    "Denoiser": lambda net: du.Denoiser(lambda x, t, c: net(x, t, c), net.predicts, net),
}


class Holds:
    def __init__(self, name, net):
        setattr(self, name, net)
        self.call = net.forward

    def __call__(self, x, t, c=None):
        return self.call(x, t, c)


@pytest.mark.parametrize("predicts", ["v", "eps", "x0"])
@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_wrappers_are_looked_through(wrap, predicts, x):
    """What is predicted, how many classes there are, and that BatchNorm and dropout are not training."""
    net = small(predicts)
    wrapped = wrap(net)
    assert du.predicts_of(wrapped) == predicts
    assert torch.equal(du.sample(wrapped, AB, 4, NUMBERS, **HOW), du.sample(net, AB, 4, ROWS, **HOW))
    images = x.clamp(-1, 1)
    assert torch.equal(du.invert(wrapped, AB, images, 3, steps=2), du.invert(net, AB, images, 3, steps=2))


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_a_wrapped_network_draws_in_eval_mode_and_keeps_its_modes(wrap):
    net = awake(du.ContextUnet(3, 8, 5, 8))
    expected = du.sample(net, AB, 2, **HOW)
    wrapped, weights = wrap(net), {k: v.clone() for k, v in net.state_dict().items()}
    net.train()
    net.down1.eval()  # one part is frozen on purpose
    before = [part.training for part in net.modules()]
    assert torch.equal(du.sample(wrapped, AB, 2, **HOW), expected)
    assert [part.training for part in net.modules()] == before and len(set(before)) == 2
    assert all(torch.equal(v, weights[k]) for k, v in net.state_dict().items())


@pytest.mark.parametrize("wrap", [nn.DataParallel, functools.partial(torch.compile, backend="eager")])
def test_a_wrapped_network_trains_as_itself(wrap, sprites):
    def losses(wrap):
        torch.manual_seed(0)
        model = wrap(du.Unet(widths=(8, 8), attention=False, predicts="x0"))
        data = du.Sprites(sprites.x[:16], sprites.c[:16].argmax(1), sprites.classes)
        return [p.loss.item() for p in du.Trainer(model, data, AB, batch=8, device="cpu").run(steps=3)]

    assert losses(wrap) == losses(lambda net: net)


def silent(x, t, c=None):
    return x


class Silent(nn.Module):
    def forward(self, x, t, c=None):
        return x


HIDING = {"a lambda": lambda x, t, c=None: small()(x, t, c), "a function": silent, "a network": Silent()}


@pytest.mark.parametrize("hides", HIDING.values(), ids=HIDING)
def test_who_does_not_say_what_it_predicts_is_refused(hides, x):
    for place in (lambda: du.sample(hides, AB, 2, **HOW), lambda: du.Guided(hides, 2), lambda: next(
            du.sampler(hides, AB, x)), lambda: du.invert(hides, AB, x.clamp(-1, 1)), lambda: du.Trainer(
            hides, x.clamp(-1, 1), AB, batch=2, device="cpu")):  # fmt: skip
        with pytest.raises(ValueError, match="must say what it predicts, 'eps', 'x0' or 'v', not None"):
            place()
    said = du.Denoiser(hides, "x0")
    assert du.predicts_of(du.Guided(said, 2)) == "x0"


def test_a_name_that_is_none_is_refused():
    model = small()
    model.predicts = "noise"
    with pytest.raises(ValueError, match="Unet must say what it predicts.*not 'noise'"):
        du.sample(model, AB, 2, **HOW)
    with pytest.raises(ValueError, match="'eps', 'x0' or 'v', not 'noise'"):
        du.Denoiser(silent, "noise")


# ------------------------------------------------------------------------------------------------- precision and place


def test_the_walk_keeps_its_precision_and_the_network_its_own(x):
    """A float64 image, a float64 network, a half one: none fails, and each agrees with float32 as far as it reaches."""
    net = small()
    expected = list(du.sampler(net, AB, x, 3, steps=3))[-1].x
    double = list(du.sampler(net, AB, x.double(), 3, steps=3))[-1].x
    assert double.dtype == torch.float64
    terms = 3 * products(net)
    close(double.float(), expected, terms)
    half = x.half()
    widened = list(du.sampler(net, AB, half, 3, steps=3))[-1].x  # computed in float32, as nothing is gained by less
    assert torch.equal(widened, list(du.sampler(net, AB, half.float(), 3, steps=3))[-1].x)
    deep = list(du.sampler(small().double(), AB, x, 3, steps=3))[-1].x
    assert deep.dtype == torch.float32
    close(deep, expected, terms)
    rough = du.invert(net, AB, half.clamp(-1, 1), steps=2)
    close(rough, du.invert(net, AB, half.float().clamp(-1, 1), steps=2), terms)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_scores_training_and_the_perfect_denoiser_take_any_float(sprites, dtype, noise):
    x, real = sprites.x[:50], sprites.x[50:100]
    near = pytest.approx(du.frechet_distance(x, real), rel=0.02)
    assert du.frechet_distance(x.to(dtype), real.to(dtype)) == near
    assert du.nearest(x[:5].to(dtype), x)[1].tolist() == [0, 1, 2, 3, 4]
    trainer = du.Trainer(du.Unet(widths=(8, 8)), x.to(dtype), AB, batch=4, device="cpu")
    assert trainer.x.dtype == torch.float32 and torch.isfinite(next(trainer.run(steps=1)).loss)
    z = noise(2, 3, 16, 16)
    expected = du.PerfectDenoiser(x, AB)(z, 0.5)
    perfect = du.PerfectDenoiser(x.to(dtype), AB)
    torch.testing.assert_close(perfect(z, 0.5), expected, rtol=0, atol=2e-3)
    assert perfect(z.to(dtype), 0.5).dtype == dtype


@pytest.mark.parametrize("net", [small(), awake(du.ContextUnet(3, 8, 5, 8))], ids=["Unet", "ContextUnet"])
def test_a_network_names_precision_and_device(net, x):
    for images, sentence in ((x.double(), "images are torch.float64, the network's weights torch.float32"),
                             (x.half(), "images are torch.float16"), (x.byte(), "images are torch.uint8"),
                             (x.to("meta"), "the images are on meta, the network is on cpu")):  # fmt: skip
        with pytest.raises(ValueError, match=sentence):
            net(images, torch.full((4,), 0.5))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.isfinite(net(x, torch.full((4,), 0.5))).all()


def test_images_are_moved_to_the_network(x):
    """The device of a network that a wrapper holds is found; a network without weights has none."""
    meta = nn.DataParallel(du.Unet(widths=(8, 8)).to("meta"))
    assert du.weight_of(meta).device.type == "meta"
    assert next(du.sampler(meta, AB, x, times=[5, 0])).x.device.type == "meta"
    silent_net = Silent()
    silent_net.predicts = "x0"
    assert torch.equal(du.sample(silent_net, AB, 1, shape=(1, 2, 2), steps=1), torch.randn(
        1, 1, 2, 2, generator=torch.Generator().manual_seed(0)))  # fmt: skip


# ----------------------------------------------------------------------------------------- whole numbers and schedules


@pytest.mark.parametrize("whole", [np.int64, np.int32, np.uint8])
def test_whole_numbers_of_numpy_are_whole(whole, x):
    assert torch.equal(du.noise_schedule("linear", whole(100)), du.noise_schedule("linear", 100))
    for n in (1, 7, 100):
        assert du.sampling_times(100, whole(n)) == du.sampling_times(100, n)
    model = small()
    expected, steps = du.sample(model, AB, 2, seed=3, keep=2, **HOW)
    drawn, kept = du.sample(model, AB, whole(2), seed=whole(3), keep=whole(2), shape=(3, 8, 8), steps=whole(3))
    assert torch.equal(drawn, expected) and len(kept) == len(steps) == 2
    assert torch.equal(du.invert(model, AB, x.clamp(-1, 1), steps=whole(2)), du.invert(
        model, AB, x.clamp(-1, 1), steps=2))  # fmt: skip
    du.Trainer(du.Unet(widths=(8, 8)), x.clamp(-1, 1), AB, batch=whole(2), device="cpu")


@pytest.mark.parametrize("times", [torch.tensor([9, 4, 0]), np.array([9, 4, 0]), (9, 4, 0), [np.int64(9), 4, 0]])
def test_times_of_any_kind(times, x):
    model = small()
    expected = list(du.sampler(model, AB, x, times=[9, 4, 0]))
    steps = list(du.sampler(model, AB, x, times=times))
    assert [(s.t, s.s) for s in steps] == [(9, 4), (4, 0)] and torch.equal(steps[-1].x, expected[-1].x)
    assert len(du.sample(model, AB, 2, shape=(3, 8, 8), times=times, keep=9)[1]) == 2


@pytest.mark.parametrize("t", [np.uint8(5), torch.tensor([5] * 4, dtype=torch.uint8), [5] * 4, np.array([5] * 4)])
def test_t_of_any_kind(t, x):
    """Bytes as an index once were a mask."""
    assert torch.equal(du.add_noise(x, t, x, AB), du.add_noise(x, 5, x, AB))


def test_the_rescaled_schedule_keeps_its_promise():
    for T in (1, 2, 3, 5, 10, 50, 500, 1000):
        assert du.noise_schedule("rescaled", T)[-1] < 2e-3, T


BETAS = torch.linspace(1e-4, 0.02, 501, dtype=torch.float64)
BAD_SCHEDULES = {
    "betas": (BETAS, "must start at 1 and never rise, but goes from 0.0001 to 0.02"),
    "alphas": (1 - BETAS, "must start at 1 and never rise"),
    "without its first entry": (AB[1:], "must start at 1"),
    "upside down": (AB.flip(0), "must start at 1"),
    "rising": (torch.tensor([1.0, 0.5, 0.6]), "never rise"),
    "below 0": (torch.tensor([1.0, 0.5, -0.1]), "never rise"),
    "NaN": (torch.tensor([1.0, torch.nan, 0.1]), "never rise"),
    "an array": (AB.numpy(), "must be a tensor of T.1 entries"),
    "one entry": (AB[:1], "must be a tensor of T.1 entries"),
}


@pytest.mark.parametrize("ab_t, sentence", BAD_SCHEDULES.values(), ids=BAD_SCHEDULES)
def test_schedules_that_are_none(ab_t, sentence, x):
    images, model = x.clamp(-1, 1), small()
    for place in (
        lambda: du.add_noise(x, 1, x, ab_t),
        lambda: du.target(x, 1, x, ab_t, "v"),
        lambda: du.to_x0_eps(x, x, 1, ab_t, "eps"),
        lambda: du.PerfectDenoiser(images, ab_t),
        lambda: next(du.sampler(model, ab_t, x, steps=1)),
        lambda: du.invert(model, ab_t, images, steps=1),
        lambda: du.Trainer(model, images, ab_t, batch=2, device="cpu"),
    ):
        with pytest.raises(ValueError, match=sentence) as caught:
            place()
        assert "\n" not in str(caught.value)


# -------------------------------------------------------------------------------------------------------------- images


def test_images_in_0_to_1_are_warned_of(sprites, recwarn):
    x = sprites.x[:8]
    for place in (lambda x: du.Trainer(du.Unet(widths=(8, 8)), x, AB, batch=2, device="cpu"),
                  lambda x: du.frechet_distance(x, sprites.x), lambda x: du.PerfectDenoiser(x, AB),
                  lambda x: du.invert(small(), AB, x, steps=1)):  # fmt: skip
        recwarn.clear()
        place(x)
        assert not [w for w in recwarn if "0..1" in str(w.message)]
        with pytest.warns(UserWarning, match=r"all the images lie in 0\.\.1, where \[-1, 1\] is meant"):
            place((x + 1) / 2)


GREY, RGBA = torch.zeros(4, 1, 16, 16), torch.zeros(4, 4, 16, 16)
BAD_CALLS = {
    "Fréchet distance of grey pictures": (lambda: du.frechet_distance(GREY, GREY),
                                          r"knows colour images \(N, 3, 16, 16\), not \(4, 1, 16, 16\)"),
    "Fréchet distance of larger pictures": (lambda: du.frechet_distance(torch.zeros(2, 3, 32, 32), GREY), "32, 32"),
    "Fréchet distance of NaN": (lambda: du.frechet_distance(GREY.expand(4, 3, 16, 16) / 0, GREY), "NaN or infinite"),
    "Fréchet distance of bytes": (lambda: du.frechet_distance(GREY.byte(), GREY.byte()), "must be float"),
    "Fréchet distance of other features": (lambda: du.frechet_distance(torch.zeros(9, 5), torch.zeros(9, 64)),
                                           r"features have the shape \(N, 64\), not \(9, 5\)"),
    "Fréchet distance of NaN features": (lambda: du.frechet_distance(torch.zeros(9, 64) / 0, torch.zeros(9, 64)),
                                         "features hold NaN"),
    "nearest of grey among colour": (lambda: du.nearest(GREY, RGBA[:, :3]), "cannot be compared"),
    "nearest among none": (lambda: du.nearest(GREY, GREY[:0]), "cannot be compared"),
    "RGBA in show": (lambda: du.show(RGBA), r"1 or 3 channels, not 4: of RGBA show x\[:, :3\]"),
    "RGBA in show_rows": (lambda: du.show_rows({"a": RGBA}), "1 or 3 channels, not 4"),
    "RGBA in film": (lambda: du.film(RGBA[None]), "1 or 3 channels, not 4"),
    "one image in show": (lambda: du.show(GREY[0]), r"not \(1, 16, 16\): of one image show x\[None\]"),
    "bytes in show": (lambda: du.show(GREY.byte()), r"images are float in \[-1, 1\], not torch.uint8"),
    "perfect denoiser of other images": (lambda: du.PerfectDenoiser(RGBA, AB)(GREY, 0.5), "256 numbers, not 1024"),
    "perfect denoiser of nothing": (lambda: du.PerfectDenoiser(GREY[:0], AB), "N at least 1"),
    "perfect denoiser of bytes": (lambda: du.PerfectDenoiser(GREY.byte(), AB), "must be float"),
    "perfect denoiser of fewer labels": (lambda: du.PerfectDenoiser(GREY, AB, [0, 1]), r"4 images.*\(2,\)"),
    "perfect denoiser of float labels": (lambda: du.PerfectDenoiser(GREY, AB, torch.arange(4.0)), "not torch.float32"),
    "noise on bytes": (lambda: du.add_noise(GREY.byte(), 5, GREY.byte(), AB), "images must be float.*uint8"),
    "noise on integers": (lambda: du.add_noise(GREY.long(), 5, GREY.long(), AB), "images must be float.*int64"),
    "a film without frames": (lambda: du.film(GREY), r"are \(F, B, C, H, W\), not \(4, 1, 16, 16\)"),
    "training of half weights": (lambda: du.Trainer(small().half(), RGBA[:, :3], AB, batch=2), "weights in float32"),
    "training of guidance": (lambda: du.Trainer(du.Denoiser(silent, "v"), RGBA, AB, batch=2), "weights in float32"),
    "clip that breaks images": (lambda: next(du.sampler(small(), AB, RGBA[:, :3], clip=lambda x: x[:1])),
                                r"clip made \(1, 3, 16, 16\) of images of shape \(4, 3, 16, 16\)"),
    "no images to draw": (lambda: du.sample(small(), AB, 0), "whole number, at least 1, not 0"),
    "half an image to draw": (lambda: du.sample(small(), AB, 2.5), "whole number, at least 1, not 2.5"),
    "no seed": (lambda: du.sample(small(), AB, 2, seed=None), "the seed must be a whole number, not None"),
    "half a seed": (lambda: du.sample(small(), AB, 2, seed=0.5), "the seed must be a whole number, not 0.5"),
    "a true seed": (lambda: du.sample(small(), AB, 2, seed=True), "the seed must be a whole number, not True"),
    "keep below 0": (lambda: du.sample(small(), AB, 2, keep=-1), "keep is a number of steps"),
    "keep everything": (lambda: du.sample(small(), AB, 2, keep=True), "keep is a number of steps"),
    "true steps": (lambda: du.sample(small(), AB, 2, steps=True), r"whole number in 1\.\.500, not True"),
    "true T": (lambda: du.noise_schedule(T=True), "T must be a whole number"),
    "half a batch": (lambda: du.Trainer(small(), GREY.expand(4, 3, 16, 16), AB, batch=2.0), "batch must be between"),
    "times that are shares": (lambda: next(du.sampler(small(), AB, RGBA[:, :3], times=[1.0, 0.0])), "whole steps"),
    "an empty batch": (lambda: next(du.sampler(small(), AB, RGBA[:0, :3])), "B at least 1"),
    "noise of NumPy": (lambda: next(du.sampler(small(), AB, np.zeros((2, 3, 8, 8)))), "takes a float tensor"),
    "noise of integers": (lambda: next(du.sampler(small(), AB, GREY.long())), "takes a float tensor"),
    "noise without a batch": (lambda: next(du.sampler(small(), AB, GREY[0])), "takes a float tensor"),
    "clip at a number": (lambda: next(du.sampler(small(), AB, GREY, clip=3)), "clip must be True, False or a function"),
    "large variance of second order": (lambda: next(du.sampler(small(), AB, GREY, order=2, eta=1, variance="large")),
                                       "variance='large' needs order=1"),
    "an eta that is none": (lambda: next(du.sampler(small(), AB, GREY, eta=float("nan"))), r"eta must lie in 0\.\.1"),
    "a w an image": (lambda: du.Guided(small(), torch.ones(2)), "w must be a single finite number"),
    "a w in words": (lambda: du.Guided(small(), "2"), "w must be a single finite number"),
    "no w": (lambda: du.Guided(small(), None), "w must be a single finite number"),
    "a w that is none": (lambda: du.Guided(small(), float("nan")), "w must be a single finite number"),
    "an answer that is no tensor": (lambda: next(du.sampler(du.Denoiser(lambda *_: types.SimpleNamespace(), "v"), AB,
                                                            GREY)), "answered SimpleNamespace to images"),
}  # fmt: skip


@pytest.mark.parametrize("call, sentence", BAD_CALLS.values(), ids=BAD_CALLS)
def test_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("eta, as_float", [(1, 1.0), (True, 1.0), (0, 0.0), (False, 0.0), (np.float32(0.5), 0.5)])
def test_eta_of_any_kind(eta, as_float):
    model = small()
    assert torch.equal(du.sample(model, AB, 2, eta=eta, **HOW), du.sample(model, AB, 2, eta=as_float, **HOW))


def test_guidance_takes_w_and_times_of_any_kind(x):
    model, t = small(), torch.full((4,), 0.4)
    expected = du.Guided(model, 2)(x, t, 3)
    for w in (2.0, np.float32(2), torch.tensor(2), torch.tensor(2.0)):
        assert torch.equal(du.Guided(model, w)(x, t, 3), expected)
    for share in (0.4, torch.tensor(0.4), t[:1], t[:, None]):
        close(du.Guided(model, 2)(x, share, 3), expected, terms=products(model))


def test_the_sampler_is_repeatable_without_a_generator(x):
    """The same call twice gives the same picture, and the global random state stays."""
    model, state = small(), torch.get_rng_state()
    first, second = (list(du.sampler(model, AB, x, eta=1, steps=3))[-1].x for _ in range(2))
    assert torch.equal(first, second) and torch.equal(state, torch.get_rng_state())
