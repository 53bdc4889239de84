"""The sprites themselves, the program that draws them, and the loaders of other people's sprites."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image
from torch.utils.data import DataLoader

import diffusion_utilities as du

PIXELS, LABELS = du.DATA / "sprites_16x16.npy", du.DATA / "sprite_labels_16x16.npy"


@pytest.fixture(scope="module")
def pixels():
    return np.load(PIXELS, allow_pickle=False)


@pytest.fixture(scope="module")
def labels():
    return np.load(LABELS, allow_pickle=False)


# --------------------------------------------------------------------------------------------------------- the sprites


def test_40000_sprites_in_five_equal_classes(pixels, labels):
    assert pixels.shape == (40_000, 16, 16, 3) and pixels.dtype == np.uint8
    assert labels.shape == (40_000, 5) and set(np.unique(labels)) == {0, 1}
    assert (labels.sum(1) == 1).all() and labels.sum(0).tolist() == [8000] * 5


def test_held_out_part_is_balanced_and_not_in_the_training_part(pixels, labels):
    assert labels[-4000:].sum(0).tolist() == [800] * 5
    train = {p.tobytes() for p in pixels[:-4000]}
    assert not any(p.tobytes() in train for p in pixels[-4000:])
    assert len(train | {p.tobytes() for p in pixels[-4000:]}) >= 35_000


def test_the_first_few_show_every_class(labels):
    assert (labels[:50].sum(0) > 0).all() and (labels[-4000:][:50].sum(0) > 0).all()


def test_background_is_white(pixels):
    corners = pixels[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == 255).all(2).mean() > 0.9
    assert ((pixels == 255).all(3).mean((1, 2)) < 0.95).mean() > 0.99  # but hardly any sprite is nearly empty


def test_sprites_are_pixel_art_of_few_colours(pixels):
    colours = [len(np.unique(p.reshape(-1, 3), axis=0)) for p in pixels[:500]]
    assert 3 <= np.median(colours) <= 24


def test_the_program_draws_the_committed_files_bit_by_bit(tmp_path):
    run = subprocess.run([sys.executable, ROOT / "data" / "make_sprites.py", "--out", tmp_path], text=True,
                         capture_output=True, check=True)  # fmt: skip
    for file in (PIXELS, LABELS):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name
    assert run.stdout.count("8000 sprites of") == 5
    assert all((tmp_path / f"sheet_{name}.png").exists() for name in du.CLASSES)


@pytest.mark.parametrize("label", du.CLASSES)
def test_each_class_has_many_kinds_and_redraws_the_same(make_sprites, label, pixels):
    kinds = make_sprites.load_kinds(label)
    assert len(kinds) >= 10
    seed = make_sprites.SEED + du.CLASSES.index(label)
    pictures, recipes = make_sprites.draw_class(kinds, 200, seed)
    again, recipes_again = make_sprites.draw_class(kinds, 200, seed)
    assert np.array_equal(pictures, again) and recipes == recipes_again
    assert len({p.tobytes() for p in pictures}) == 200
    assert len({name for name, _ in recipes}) >= 10
    committed = {p.tobytes() for p in pixels}
    assert all(p.tobytes() in committed for p in pictures)


def test_load_sprites(pixels, labels):
    train, held_out = du.load_sprites(), du.load_sprites("held_out")
    assert train.x.shape == (36_000, 3, 16, 16) and held_out.x.shape == (4000, 3, 16, 16)
    assert len(du.load_sprites("all", 7).x) == 7 and len(du.load_sprites("held_out", 7).c) == 7
    assert train.classes == du.CLASSES and train.x.dtype == train.c.dtype == torch.float32
    assert -1 <= train.x.min() < -0.85 and train.x.max() == 1  # the outlines are dark, not black
    assert np.array_equal(du.to_pixels(held_out.x), pixels[-4000:])
    assert np.array_equal(held_out.c.numpy(), labels[-4000:])


# --------------------------------------------------------------------------------------------------------------- .npy


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_a_pair_of_npy_files(tmp_path, dtype, pixels):
    np.save(tmp_path / "s.npy", pixels[:6])
    np.save(tmp_path / "l.npy", np.eye(5, dtype=dtype)[[0, 1, 2, 3, 4, 0]])
    x, c, classes = du.load_npy(tmp_path / "s.npy", tmp_path / "l.npy", du.CLASSES)
    assert np.array_equal(du.to_pixels(x), pixels[:6]) and c.dtype == torch.float32
    assert c.argmax(1).tolist() == [0, 1, 2, 3, 4, 0] and classes == du.CLASSES


def test_other_classes(tmp_path, pixels):
    np.save(tmp_path / "s.npy", pixels[:2])
    np.save(tmp_path / "l.npy", np.eye(2))
    assert du.load_npy(tmp_path / "s.npy", tmp_path / "l.npy", ("cat", "dog")).classes == ("cat", "dog")


# ----------------------------------------------------------------------------------------------------- folder and sheet


def art(seed=0, size=16):
    """Pixel art of random colours, uint8 (size, size, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


def write(file, pixels, times=1, mode=None):
    file.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels.repeat(times, 0).repeat(times, 1))
    (image.convert(mode) if mode else image).save(file)


def test_folder_of_class_folders(tmp_path):
    write(tmp_path / "b" / "2.png", art(2))
    write(tmp_path / "b" / "1.PNG", art(1))
    write(tmp_path / "a" / "x.png", art(3))
    (tmp_path / "empty").mkdir()
    (tmp_path / "a" / "notes.txt").write_text("not a picture")
    x, c, classes = du.load_folder(tmp_path)
    assert classes == ("a", "b") and c.tolist() == [[1, 0], [0, 1], [0, 1]]
    assert np.array_equal(du.to_pixels(x), [art(3), art(1), art(2)])


@pytest.mark.parametrize("times", [1, 2, 4])
def test_enlarged_pixel_art_is_reduced_exactly(tmp_path, times):
    write(tmp_path / "a" / "x.png", art(), times)
    assert np.array_equal(du.to_pixels(du.load_folder(tmp_path).x)[0], art())


def test_small_pixel_art_is_enlarged_exactly(tmp_path):
    write(tmp_path / "a" / "x.png", art(size=8))
    assert np.array_equal(du.to_pixels(du.load_folder(tmp_path).x)[0], art(size=8).repeat(2, 0).repeat(2, 1))
    assert du.load_folder(tmp_path, size=8).x.shape == (1, 3, 8, 8)


def test_24_pixels_are_reduced_without_leaving_their_place(tmp_path):
    halves = np.zeros((24, 24, 3), np.uint8)
    halves[:, 12:], halves[18:, :, 0] = 255, 255
    write(tmp_path / "a" / "x.png", halves)
    pixels = du.to_pixels(du.load_folder(tmp_path).x)[0]
    assert (pixels[:12, :8] == 0).all() and (pixels[:, 8:] == 255).all() and (pixels[12:, :8] == [255, 0, 0]).all()


def test_transparency_goes_on_white(tmp_path):
    clear = np.dstack([art(), np.zeros((16, 16), np.uint8)])
    clear[4:8, 4:8, 3], clear[8, 8] = 255, (0, 0, 0, 128)
    write(tmp_path / "a" / "x.png", clear)
    pixels = du.to_pixels(du.load_folder(tmp_path).x)[0]
    assert np.array_equal(pixels[4:8, 4:8], art()[4:8, 4:8]) and (pixels[:4] == 255).all()
    assert np.abs(pixels[8, 8].astype(int) - 127).max() <= 1


def test_transparent_colour_of_a_palette_goes_on_white(tmp_path):
    image = Image.new("P", (16, 16), 0)
    image.putpalette([10, 20, 30, 200, 0, 0])
    image.putpixel((5, 6), 1)
    (tmp_path / "a").mkdir()
    image.save(tmp_path / "a" / "x.png", transparency=0)
    pixels = du.to_pixels(du.load_folder(tmp_path).x)[0]
    assert pixels[6, 5].tolist() == [200, 0, 0] and (pixels[0] == 255).all()


@pytest.mark.parametrize("mode", ["P", "L", "1", "RGBA"])
def test_modes_of_png_files(tmp_path, mode):
    pixels = np.where(np.indices((16, 16)).sum(0)[..., None] % 3, 255, 0).astype(np.uint8).repeat(3, 2)
    write(tmp_path / "a" / "x.png", pixels, mode=mode)
    assert np.array_equal(du.to_pixels(du.load_folder(tmp_path).x)[0], pixels)


def test_sheet_is_cut_into_tiles_without_the_empty_ones(tmp_path):
    sheet = np.full((64, 96, 4), (255, 255, 255, 0), np.uint8)
    for i, (r, c) in enumerate([(0, 0), (0, 2), (1, 1)]):
        tile = np.dstack([art(i), np.full((16, 16), 255, np.uint8)])
        sheet[32 * r : 32 * r + 32, 32 * c : 32 * c + 32] = tile.repeat(2, 0).repeat(2, 1)
    write(tmp_path / "monsters.png", sheet)
    x, c, classes = du.load_sheet(tmp_path / "monsters.png", 32)
    assert np.array_equal(du.to_pixels(x), [art(0), art(1), art(2)])
    assert classes == ("monsters",) and c.tolist() == [[1.0]] * 3


# ------------------------------------------------------------------------------------------------------ CustomDataset


def test_custom_dataset(pixels, labels):
    data = du.CustomDataset(PIXELS, LABELS, du.transform)
    image, label = data[3]
    assert len(data) == 40_000 and data.getshapes() == ((40_000, 16, 16, 3), (40_000, 5))
    assert torch.equal(image, du.to_images(pixels[3:4])[0]) and label.tolist() == labels[3].tolist()
    assert label.dtype == torch.int64
    assert np.array_equal(du.CustomDataset(PIXELS, LABELS, None)[3][0], pixels[3])


def test_custom_dataset_with_null_context():
    label = du.CustomDataset(PIXELS, LABELS, du.transform, null_context=True)[3][1]
    assert label.shape == () and label == 0 and label.dtype == torch.int64


@pytest.mark.parametrize("null_context, shape", [(False, (10, 5)), (True, (10,))])
def test_data_loader_over_it(null_context, shape):
    data = du.CustomDataset(str(PIXELS), str(LABELS), du.transform, null_context)
    x, c = next(iter(DataLoader(data, batch_size=10, shuffle=True)))
    assert x.shape == (10, 3, 16, 16) and c.shape == shape
    du.check_images(x)
