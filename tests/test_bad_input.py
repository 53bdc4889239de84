"""Wrong input raises at once, in one sentence that says what was wrong."""

import numpy as np
import pytest
import torch
from PIL import Image

import diffusion_utilities as du

AB = du.noise_schedule("linear", 500)
X, Z = torch.zeros(2, 3, 8, 8), torch.ones(2, 3, 8, 8)
NAN = X.clone()
NAN[1, 2, 3, 4] = torch.nan


def unet():
    return du.Unet(widths=(8, 8))


def context_unet(**settings):
    return du.ContextUnet(3, **{"n_feat": 8, "n_cfeat": 5, "height": 8, **settings})


def train(x=X, c=None, model=None, run=None, **settings):
    data = x if c is None else du.Sprites(x, c, du.CLASSES)
    trainer = du.Trainer(model or unet(), data, AB, **{"batch": 2, "device": "cpu", **settings})
    return next(trainer.run(**(run or {"steps": 1})))


def walk(**how):
    return next(du.sampler(du.Denoiser(lambda x, t, c: x, "eps"), AB, X, **how))


CASES = {
    # networks
    "n_feat not divisible by 8": (lambda: context_unet(n_feat=60), "n_feat must be divisible by 8.*60"),
    "n_feat of 0": (lambda: context_unet(n_feat=0), "n_feat must be divisible by 8"),
    "height not divisible by 4": (lambda: context_unet(height=18), "height must be divisible by 4.*18"),
    "width not divisible by 8": (lambda: du.Unet(widths=(8, 20)), r"every width must be divisible by 8.*\(8, 20\)"),
    "image of another size": (lambda: context_unet()(torch.zeros(1, 3, 16, 16), 0.5), "made for 8 x 8 images.*16 x 16"),
    "image that does not halve": (lambda: unet()(torch.zeros(1, 3, 7, 8), 0.5), "divisible by 2, not 7 x 8"),
    "grey image": (lambda: unet()(torch.zeros(1, 1, 8, 8), 0.5), r"takes \(B, 3, H, W\), not \(1, 1, 8, 8\)"),
    "image without a batch": (lambda: context_unet()(X[0], 0.5), r"takes \(B, 3, H, W\), not \(3, 8, 8\)"),
    "context too wide": (lambda: unet()(X, 0.5, torch.zeros(2, 6)), "context has 6 entries a row.*5"),
    "context too narrow": (lambda: context_unet()(X, 0.5, torch.zeros(2, 4)), "context has 4 entries a row.*5"),
    # schedule
    "unknown schedule": (lambda: du.noise_schedule("quadratic"), "'linear', 'rescaled' or 'cosine', not 'quadratic'"),
    "no steps": (lambda: du.noise_schedule(T=0), "T must be a whole number of steps, at least 1, not 0"),
    "half a step": (lambda: du.noise_schedule(T=2.5), "T must be a whole number.*2.5"),
    "beta above 1": (lambda: du.noise_schedule(beta1=-0.1), "every beta must lie between 0 and 1"),
    "t above T": (lambda: du.add_noise(X, 501, Z, AB), r"t must lie in 0\.\.500"),
    "t below 0": (lambda: du.add_noise(X, -1, Z, AB), r"t must lie in 0\.\.500"),
    "one t above T": (lambda: du.add_noise(X, torch.tensor([3, 501]), Z, AB), r"t must lie in 0\.\.500"),
    "t as a share": (lambda: du.add_noise(X, 0.5, Z, AB), "t must be whole steps"),
    "t above T in target": (lambda: du.target(X, 501, Z, AB, "v"), r"t must lie in 0\.\.500"),
    "t below 0 in to_x0_eps": (lambda: du.to_x0_eps(X, X, -1, AB, "eps"), r"t must lie in 0\.\.500"),
    "noise of another shape": (lambda: du.add_noise(X, 5, Z[:1], AB), "differ in shape"),
    "unknown target": (lambda: du.target(X, 5, Z, AB, "score"), "'eps', 'x0' or 'v', not 'score'"),
    "unknown answer": (lambda: du.to_x0_eps(X, X, 5, AB, "score"), "'eps', 'x0' or 'v', not 'score'"),
    "perfect denoiser without labels": (lambda: du.PerfectDenoiser(X, AB)(X, 0.5, torch.eye(5)[:2]), "without labels"),
    # images
    "uint8 images": (lambda: du.check_images(X.byte()), "images must be float.*uint8"),
    "images in 0..255": (lambda: du.check_images(X + 255), r"must lie in \[-1, 1\].*255"),
    "images below -1": (lambda: du.check_images(X - 2), r"must lie in \[-1, 1\], but reach from -2"),
    "NaN images": (lambda: du.check_images(NAN), "hold NaN or infinite"),
    "infinite images": (lambda: du.check_images(X + torch.inf), "hold NaN or infinite"),
    "one image": (lambda: du.check_images(X[0]), r"must be a tensor \(N, C, H, W\)"),
    "no image": (lambda: du.check_images(X[:0]), r"must be a tensor \(N, C, H, W\)"),
    "numpy images": (lambda: du.check_images(X.numpy()), r"must be a tensor \(N, C, H, W\)"),
    "float pixels": (lambda: du.to_images(np.zeros((1, 4, 4, 3))), "pixels must be uint8.*float64"),
    "pixels with alpha": (lambda: du.to_images(np.zeros((1, 4, 4, 4), np.uint8)), "1 or 3"),
    "NaN picture": (lambda: du.show(NAN), "hold NaN or infinite"),
    # training
    "train on NaN": (lambda: train(NAN), "hold NaN or infinite"),
    "train on uint8": (lambda: train(X.byte()), "images must be float"),
    "train on 0..1 times 255": (lambda: train(255 * Z), r"must lie in \[-1, 1\]"),
    "fewer labels than images": (lambda: train(c=torch.eye(5)[:1]), "2 images but 1 labels"),
    "labels of other classes": (lambda: train(c=torch.eye(4)[:2]), "labels have 4 classes, the network takes 5"),
    "batch above the images": (lambda: train(batch=3), "batch must be between 1 and the 2 images"),
    "batch of 0": (lambda: train(batch=0), "batch must be between 1"),
    "drop above 1": (lambda: train(drop=1.5), "drop is a probability"),
    "unknown loss": (lambda: train(loss="l3"), "loss must be one of l2, l1, huber, not 'l3'"),
    "no length": (lambda: train(run={"steps": None}), "say how long to train"),
    "a length that is no number": (lambda: train(run={"seconds": float("nan")}), "must be above 0"),
    "steps below 0": (lambda: train(run={"steps": -3}), "must be above 0"),
    "epochs below 0": (lambda: train(run={"epochs": -1}), "must be above 0"),
    "grey images, colour network": (lambda: train(X[:, :1]), r"takes \(B, 3, H, W\)"),
    # sampling
    "no sampling steps": (lambda: walk(steps=0), r"whole number in 1\.\.500, not 0"),
    "more steps than T": (lambda: walk(steps=501), r"whole number in 1\.\.500, not 501"),
    "half a sampling step": (lambda: walk(steps=2.5), r"whole number in 1\.\.500, not 2.5"),
    "inversion with more steps than T": (lambda: du.invert(unet(), AB, X, steps=501), r"in 1\.\.500, not 501"),
    "third order": (lambda: walk(order=3), "order must be 1 or 2"),
    "eta above 1": (lambda: walk(eta=1.5), r"eta must lie in 0\.\.1"),
    "unknown variance": (lambda: walk(eta=1.0, variance="learned"), "'small' or 'large'"),
    "times that rise": (lambda: walk(times=[10, 20, 0]), "times must fall"),
    "times that stop early": (lambda: walk(times=[500, 3]), "times must fall from at most 500 to 0"),
    "times above T": (lambda: walk(times=[501, 0]), "times must fall from at most 500"),
    "no times": (lambda: walk(times=[]), "times must fall"),
    "rows of context for other images": (lambda: du.sample(unet(), AB, 3, torch.eye(5)[:2], shape=(3, 8, 8)),
                                         "2 rows of context for 3 images"),
    "context of the wrong width": (lambda: du.sample(unet(), AB, 2, torch.zeros(2, 4), shape=(3, 8, 8)), "4 entries"),
    "denoiser of another shape": (lambda: next(du.sampler(du.Denoiser(lambda x, t, c: x[:, :1], "v"), AB, X)),
                                  "the denoiser answered"),
    "inversion of pixels": (lambda: du.invert(unet(), AB, X + 200), r"must lie in \[-1, 1\]"),
    "inversion of NaN": (lambda: du.invert(unet(), AB, NAN), "hold NaN"),
    # scores and pictures
    "score of one image": (lambda: du.frechet_distance(X[:1], X), "at least 2"),
    "diversity of one image": (lambda: du.diversity(X[:1]), "at least 2"),
    "no columns": (lambda: du.show(X, columns=0), "at least 1"),
    "no rows": (lambda: du.show_rows({}), "nothing to show"),
    "panels of different length": (lambda: du.film({"a": X[None], "b": torch.stack([X, X])}), "different numbers"),
    "labels that do not match": (lambda: du.film(X[None], labels=["a", "b"]), "2 labels for 1 frames"),
    "unknown part": (lambda: du.load_sprites("test"), "train, held_out, all, not 'test'"),
}  # fmt: skip


@pytest.mark.parametrize("call, sentence", CASES.values(), ids=CASES)
def test_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)


# ----------------------------------------------------------------------------------------------------------- .npy files


@pytest.fixture
def pair(tmp_path):
    """Writes a pair of .npy files and loads it: pair(pixels, labels)."""

    def load(pixels, labels, loader=du.load_npy):
        np.save(tmp_path / "s.npy", pixels)
        np.save(tmp_path / "l.npy", labels)
        return loader(tmp_path / "s.npy", tmp_path / "l.npy")

    return load


PIXELS, ONE_HOT = np.zeros((4, 16, 16, 3), np.uint8), np.eye(5)[:4]


@pytest.mark.parametrize(
    "pixels, labels, sentence",
    [
        (PIXELS, ONE_HOT[:3], "4 sprites but 3 labels"),
        (PIXELS, np.arange(4.0), r"labels must be one-hot \(N, K\) or class numbers \(N,\), not float64 \(4,\)"),
        (PIXELS, np.array([0, 1, -1, 2]), r"class numbers must lie in 0\.\.2"),
        (PIXELS, np.array([0, 1, 10**9, 2]), r"class numbers must lie in 0\.\.999, not reach 1000000000"),
        (PIXELS, np.ones((4, 5)), "one-hot"),
        (PIXELS, np.zeros((4, 5)), "one-hot"),
        (PIXELS, ONE_HOT / 2, "one-hot"),
        (PIXELS, np.full((4, 5), np.nan), "one-hot"),
        (PIXELS / 255, ONE_HOT, "pixels must be uint8"),
        (PIXELS[..., 0], ONE_HOT, "pixels must be"),
    ],
)
def test_pairs_that_do_not_fit(pair, pixels, labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        pair(pixels, labels)


def test_custom_dataset_refuses_labels_that_do_not_match(pair):
    with pytest.raises(ValueError, match="4 sprites but 3 labels"):
        pair(PIXELS, ONE_HOT[:3], lambda s, label: du.CustomDataset(s, label, du.transform))


def pickled(file):
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)


def truncated(file):
    np.save(file, PIXELS)
    file.write_bytes(file.read_bytes()[:500])


def archive(file):
    with open(file, "wb") as stream:
        np.savez(stream, a=PIXELS)


@pytest.mark.parametrize("make", [pickled, truncated, archive, lambda f: f.write_text("hello"), lambda f: f.touch(),
                                  lambda f: f.mkdir(), lambda f: np.save(f, np.float64(3))],
                         ids=["pickled", "truncated", "npz", "text", "empty", "folder", "number"])  # fmt: skip
@pytest.mark.parametrize("which", ["s.npy", "l.npy"])
def test_foreign_npy_files(tmp_path, make, which):
    np.save(tmp_path / "s.npy", PIXELS)
    np.save(tmp_path / "l.npy", ONE_HOT)
    (tmp_path / which).unlink()
    make(tmp_path / which)
    with pytest.raises(ValueError, match=f"{which} is not a plain .npy array"):
        du.load_npy(tmp_path / "s.npy", tmp_path / "l.npy")


@pytest.mark.parametrize("load", [lambda f: du.load_npy(f, f), lambda f: du.load_sheet(f, 16), du.load_model,
                                  lambda f: du.CustomDataset(f, f, None)])  # fmt: skip
def test_missing_files(tmp_path, load):
    with pytest.raises((FileNotFoundError, ValueError), match="there is no file .*nowhere"):
        load(tmp_path / "nowhere")


# ------------------------------------------------------------------------------------------------------------ pictures


def test_folders_that_hold_nothing(tmp_path):
    with pytest.raises(ValueError, match="there is no folder"):
        du.load_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="holds no picture that can be read$"):
        du.load_folder(tmp_path)
    (tmp_path / "notes.txt").write_text("not a picture")
    with pytest.raises(ValueError, match="read; left out, 1 not a PNG, JPEG, WebP, GIF or BMP: notes.txt"):
        du.load_folder(tmp_path)


@pytest.mark.parametrize(
    "how, sentence",
    [
        ({"fit": "squash"}, "fit must be 'pad' or 'crop', not 'squash'"),
        ({"size": 0}, "size must be a whole number of pixels, not 0"),
        ({"size": 16.0}, "size must be a whole number of pixels, not 16.0"),
        ({"background": "magentaa"}, "background must be a colour such as 'magenta' or '#ff00ff', not 'magentaa'"),
    ],
)
def test_settings_that_make_no_sense(tmp_path, how, sentence):
    Image.new("RGB", (16, 16)).save(tmp_path / "x.png")
    for load in (lambda: du.load_folder(tmp_path, **how), lambda: du.load_sheet(tmp_path / "x.png", 8, **how)):
        with pytest.raises(ValueError, match=sentence):
            load()


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_broken_pictures(tmp_path, share):
    file = tmp_path / "a" / "x.png"
    file.parent.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))] or b"not a picture")
    with pytest.raises(ValueError, match="read; left out, 1 not a readable picture: a/x.png"):
        du.load_folder(tmp_path)
    with pytest.raises(ValueError, match="x.png is not a readable picture"):
        du.load_sheet(file, 16)


@pytest.mark.parametrize(
    "tile, how, sentence",
    [
        (24, {}, "a sheet of 64 x 32 does not divide into tiles of 24 x 24"),
        (65, {}, "a sheet of 64 x 32 does not divide into tiles of 65 x 65"),
        (16, {"gap": 3}, "does not divide into tiles of 16 x 16 with margin=0, gap=3"),
        (0, {}, "a tile must be at least 1 pixel wide and high, not 0 x 0"),
        ((8, -8), {}, "a tile must be at least 1 pixel wide and high, not 8 x -8"),
        ((8, 8, 8), {}, r"tile must be one number or \(width, height\), not \(8, 8, 8\)"),
        (16, {"gap": -1}, "margin and gap must be 0 or more, not None and -1"),
    ],
)
def test_tiles_that_do_not_divide_the_sheet(tmp_path, tile, how, sentence):
    Image.new("RGB", (64, 32)).save(tmp_path / "x.png")
    with pytest.raises(ValueError, match=sentence):
        du.load_sheet(tmp_path / "x.png", tile, **how)


def test_a_sheet_with_nothing_on_it(tmp_path):
    Image.new("RGB", (64, 32)).save(tmp_path / "x.png")
    with pytest.raises(ValueError, match="every tile of .*x.png is empty"):
        du.load_sheet(tmp_path / "x.png", 16)
