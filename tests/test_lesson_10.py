"""Lesson 10: a folder as people have it, the split by families, the start, the two instruments; and any folder."""

import contextlib
import io
import subprocess
import sys
import types
from pathlib import Path

import jupytext
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import ROOT, awake, close, products, program
from PIL import Image

import diffusion_utilities as du
from plumbing import lesson_10

NAME = "10_your_own_pictures"
STUBS = ("square", "families", "take_over", "copied", "flip")
AB_T = du.noise_schedule("cosine", 500)


@pytest.fixture
def ten(lesson):
    """The lesson's functions, its solutions in place of the stubs; 24 sprites to train on, and 20 held out."""
    few, other = du.load_sprites("train", 24), du.load_sprites("held_out", 20)
    data = du.Sprites(few.x, few.c, du.CLASSES)
    module = lesson(NAME, ab_t=AB_T, SIZE=16, LEVELS=(50, 250), TRAINING_STEPS=3, data=data, train=data,
                    held_out=other, unet=awake(du.Unet(3, 5, widths=(8, 16))), shown=du.CLASSES, N=15)  # fmt: skip
    for name in STUBS:
        setattr(module, name, getattr(module, f"solution_{name}"))
    return module


# ---------------------------------------------------------------------------------------------------------- the folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return lesson_10.mixed_folder(tmp_path_factory.mktemp("ten") / "saved" / "my_pictures")


def test_the_folder_is_as_people_have_it(folder):
    said = []
    data = du.load_folder(folder, fit="crop", report=said.append)
    du.check_images(data.x)
    assert data.classes == ("digits", "invaders", "photos") and data.c.sum(0).tolist() == [120, 88, 99]
    summary = " ".join(said[0].split())
    for part in ("background #ff00ff became white: 24", "moving, of which the first frame was taken: 16",
                 "invaders/.DS_Store", "photos/Thumbs.db", "invaders/ideas.txt", "later/", "photos/IMG_0000.jpg",
                 "photos/panorama.png (640 x 24)", "1 empty of pictures"):  # fmt: skip
        assert part in summary
    stored = [Image.open(file) for file, _ in lesson_10._pictures(folder)]
    assert {"RGBA", "RGB", "P", "L", "CMYK", "I;16"} <= {image.mode for image in stored}
    assert any(image.getexif().get(0x0112) == 6 for image in stored)
    assert {image.format for image in stored} == {"PNG", "BMP", "GIF", "JPEG", "WEBP"}


def test_the_folder_is_made_once_and_the_same_everywhere(folder, tmp_path):
    (tmp_path / "again.part").mkdir()  # as if it had been interrupted
    again = lesson_10.mixed_folder(tmp_path / "again")
    for file in lesson_10.files_of(folder):
        assert file.read_bytes() == (again / file.relative_to(folder)).read_bytes()
    assert not (tmp_path / "again.part").exists()
    (again / "mine.txt").write_text("keep me")
    assert lesson_10.mixed_folder(again) == again and (again / "mine.txt").read_text() == "keep me"


def test_pictures_of_the_folder(folder):
    x = lesson_10.thumbnails(folder)
    assert "24 files of the folder" in x.alt and x.frames.shape[1:] == (3 * 98, 8 * 98, 3)
    ratios = [max(p.shape[1:]) / min(p.shape[1:]) for p in lesson_10.longest(folder, 5)]
    assert ratios == sorted(ratios, reverse=True) and ratios[0] == 1.5  # not the panorama, which is left out
    assert len(lesson_10.some(folder, 8)) == 8 and all(map(Path.is_file, lesson_10.some(folder, 8)))


def test_files_that_only_begin_like_pictures(tmp_path):
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    assert lesson_10.some(tmp_path, 8) == [tmp_path / "a.png"] and len(lesson_10.longest(tmp_path, 3)) == 1
    assert lesson_10.thumbnails(tmp_path).alt.startswith("2 files")
    (tmp_path / "a.png").unlink()
    with pytest.raises(ValueError, match="no picture that can be read"):
        lesson_10.longest(tmp_path, 3)


def test_too_many_pictures_are_thinned(capsys):
    many = du.load_sprites("train", 50)
    assert lesson_10.thin(many, 50) is many
    few = lesson_10.thin(many, 10)
    assert few.x.shape == (10, 3, 16, 16) and torch.equal(few.x[-1], many.x[-1]) and few.classes == many.classes
    assert "works with 10 of the 50 pictures" in capsys.readouterr().out


# ----------------------------------------------------------------------------------------------------- what is written


@pytest.mark.parametrize("shape", [(32, 48), (64, 32), (80, 48)])
@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_square_is_what_load_picture_does(ten, fit, shape, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    ours = F.interpolate(ten.square(du.to_images(pixels[None])[0], fit)[None], 16, mode="area")
    theirs = du.load_picture(tmp_path / "x.png", 16, fit=fit)
    assert (ours - theirs).abs().max() <= 1.01 / 127.5  # the file's reader rounds to whole levels of 255


def test_whole_families_are_held_out(ten):
    number = torch.tensor([0, 0, 0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 9, 9, 9, 9, 9])
    for seed in range(10):
        out = ten.hold_out(number, share=0.2, seed=seed)
        assert 2 <= out.sum() <= 4
        assert not set(number[out].tolist()) & set(number[~out].tolist())
    with pytest.raises(ValueError, match="one family: choose a smaller NEAR"):
        ten.hold_out(torch.zeros(20, dtype=torch.long))


def test_a_memory_fails_on_what_it_does_not_know(ten):
    x = ten.train.x
    memory = du.PerfectDenoiser(x, AB_T)
    assert ten.error(memory, x) < 0.01 < ten.error(memory, ten.held_out.x)

    def grey(x_t, t, c):
        return torch.zeros_like(x_t)

    grey.predicts = "x0"
    rows = torch.linspace(0, 23, 10).long()
    assert ten.error(grey, x, most=10) == pytest.approx(x[rows].square().mean().item(), rel=1e-4)


@pytest.mark.parametrize("classes", [("one",), ("a", "b", "c"), du.CLASSES])
def test_a_newborn_answers_as_the_trained_network_if_nothing_is_asked(ten, noise, classes):
    ten.data = ten.data._replace(classes=classes)
    network, x, t = ten.newborn(1, ten.unet).eval(), noise(4, 3, 16, 16), torch.full((4,), 0.3)
    close(network(x, t), ten.unet(x, t), terms=products(ten.unet))
    fresh = ten.newborn(1).eval()
    assert network.n_cfeat == len(classes) and fresh(x, t).abs().max() == 0  # a new network's last layer is zero
    assert torch.equal(network.context.weight, ten.unet.context.weight) == (classes == du.CLASSES)


def test_training_examines_and_changes(ten):
    seen = []

    def change(x, coin):
        seen.append(coin)
        return x

    plain = ten.fine_tune(ten.newborn(0, ten.unet), ten.train, seed=1)
    changed = ten.fine_tune(ten.newborn(0, ten.unet), ten.train, seed=1, change=change)
    assert list(plain.held_out) == [1, 3] and plain.own == {} and plain.held_out == changed.held_out
    few = du.Sprites(ten.train.x[:5], ten.train.c[:5], ten.train.classes)
    assert list(ten.fine_tune(ten.newborn(0, ten.unet), few).own) == [1, 3]
    assert len(seen) == 3 and all(coin.shape == (24,) and coin.dtype == torch.bool for coin in seen)
    mirrored = ten.fine_tune(ten.newborn(0, ten.unet), ten.train, seed=1, change=ten.flip)
    assert mirrored.held_out[1] == plain.held_out[1] and mirrored.held_out[3] != plain.held_out[3]
    assert ten.last([plain, mirrored]) == [plain.held_out[3], mirrored.held_out[3]]


def test_the_copying_test_finds_copies_and_spares_strangers(ten, noise):
    train, held = du.load_sprites("train", 300).x, du.load_sprites("held_out", 240).x
    assert ten.copied(train[:40], train, held) == 1
    assert ten.copied(held, train, held) == pytest.approx(0.05, abs=0.01)
    assert ten.copied(train[:40].flip(3), ten.both_ways(train), held) == 1
    assert ten.copied(noise(40, 3, 16, 16), train, held) == 0


def test_the_score_knows_blur_and_not_which_way_is_up(ten):
    ten.train = du.load_sprites("train", 200)
    x = ten.train.x
    blurred = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), "replicate"), 3, 1)
    assert ten.score(x) == pytest.approx(0, abs=1e-6) and ten.score(x.flip(2)) == pytest.approx(0, abs=1e-6)
    assert ten.score(blurred) > 10 * max(ten.score(x[:100]), 0.1)
    assert np.isfinite(ten.score(x[:2]))


def test_who_is_drawn_backwards(ten):
    assert ten.backwards(ten.train.x) == 0 and ten.backwards(ten.train.x.flip(3)) > 90
    assert ten.backwards(ten.train.x[:0]) is None


# ------------------------------------------------------------------------------------------------------- any folder


def fill(folder, classes, n, size):
    """n pictures of random shapes, every third of them twice."""
    rng = np.random.default_rng(0)
    for k in range(n):
        inner = folder / classes[k % len(classes)] if classes else folder
        inner.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (4, 4 + k % 3, 3), np.uint8).repeat(size // 4, 0).repeat(size // 4, 1)
        Image.fromarray(pixels).save(inner / f"{k}.png")
        if k % 3 == 0:
            Image.fromarray(pixels[:, ::-1]).save(inner / f"{k} mirrored.webp", quality=95)


def in_this_process(command, **_):
    """A program of the course as if it had been started, without the seconds that Python takes to begin."""
    file, said = Path(command[1]), io.StringIO()
    module = program(file.parent.name, file.stem)
    with contextlib.redirect_stdout(said):
        run = getattr(module, file.stem)
        run(module.arguments(command[2:]))
    return types.SimpleNamespace(returncode=0, stdout=said.getvalue(), stderr="")


@pytest.mark.parametrize("classes, n, size", [((), 12, 16), (("cat", "two words", "dog"), 60, 8)])
def test_the_lesson_runs_with_any_folder(classes, n, size, tmp_path, monkeypatch, capsys):
    """Every cell but the widget's, with a small network and few steps."""
    fill(tmp_path / "mine", classes, n, size)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", in_this_process)
    small = tmp_path / "small.pth"
    du.save_model(awake(du.Unet(3, 5, widths=(8, 8))), small, schedule="cosine", T=500, size=(16, 16))
    code = [c.source for c in jupytext.read(ROOT / "notebooks" / "py" / f"{NAME}.py").cells if c.cell_type == "code"]
    text = "\n".join(code[1:])
    quick = {'FOLDER = lesson_10.mixed_folder()': 'FOLDER = Path("mine")', "SIZE = 16": f"SIZE = {size}",
             "TRAINING_STEPS = 50": "TRAINING_STEPS = 3", "SIDE_STEPS = 60": "SIDE_STEPS = 2",
             'du.WEIGHTS / "unet.pth"': f"Path({str(small)!r})", "steps=12": "steps=2",
             "widgets.try_it(studio, what=list(data.classes), w=(0, 4, 0.5), seed=(0, 99))": "studio()"}  # fmt: skip
    for old, new in quick.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    world = {"Path": Path, "sys": sys}
    exec(compile(text, "lesson 10", "exec"), world)
    assert world["data"].classes == (tuple(sorted(classes)) or ("mine",))
    assert len(world["train"].x) + len(world["held_out"].x) == len(world["data"].x) == n + -(-n // 3)
    assert all(np.isfinite(list(run.held_out.values())).all() for both in world["runs"].values() for run in both)
    assert np.isfinite(world["chance"]).all() and 0 < world["best"] < 10
    assert (tmp_path / "saved" / "drawn.png").is_file() and world["mine"].info["size"] == (size, size)
    assert "resumed at step 2" in capsys.readouterr().out
