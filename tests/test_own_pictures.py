"""Your own pictures, as people have them: every file is made by the test that reads it."""

import json
import runpy
import shutil
import sys

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image, ImageCms

import diffusion_utilities as du
import prompts
from plumbing import own_pictures

WHITE, RED, MAGENTA = [255, 255, 255], [200, 30, 40], [255, 0, 255]


def art(seed=0, width=16, height=None):
    """Pixel art of random colours, uint8 (height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 250, (height or width, width, 3), np.uint8)


def write(file, pixels, **how):
    file.parent.mkdir(parents=True, exist_ok=True)
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(file, **how)


def read(folder, size=16, **how):
    """(pixels, Sprites, summary) of a folder."""
    said = []
    data = du.load_folder(folder, size, report=said.append, **how)
    du.check_images(data.x)
    assert len(said) == 1 and len(data.x) == len(data.c)
    return du.to_pixels(data.x), data, said[0]


def read_sheet(file, tile, **how):
    said = []
    data = du.load_sheet(file, tile, report=said.append, **how)
    return du.to_pixels(data.x), data, " ".join(said[0].split())


# ------------------------------------------------------------------------------------------------------------- formats


def test_210_mixed_files_are_all_read(tmp_path):
    """Once: 47 read, the rest ignored without a word; and a class that holds only jpg vanished."""
    suffixes = {
        "knight": ["png", "jpg", "jpeg", "webp", "gif", "bmp", "PNG"],
        "photo": ["jpg"],
        "dragon": ["JPG", "webp"],
    }
    for label, kinds in suffixes.items():
        for k in range(70):
            suffix = kinds[k % len(kinds)]
            write(tmp_path / label / f"{k}.{suffix}", art(k), **{"lossless": True} if suffix == "webp" else {})
    pixels, data, summary = read(tmp_path)
    assert len(pixels) == 210 and data.classes == ("dragon", "knight", "photo") and data.c.sum(0).tolist() == [70] * 3
    assert "210 pictures" in summary and "dragon 70, knight 70, photo 70" in summary
    assert summary.endswith("nothing was left out")
    names = sorted(f"{k}.{suffixes['knight'][k % 7]}" for k in range(70))
    exact = [row for row, name in enumerate(names, 70) if name.split(".")[1] in ("png", "PNG", "bmp", "webp")]
    for row in exact:
        np.testing.assert_array_equal(pixels[row], art(int(names[row - 70].split(".")[0])))
    assert len(exact) == 40


def modes():
    """{name: (picture, the colours it should have)}: two halves, of two colours."""
    halves = np.zeros((16, 16), np.uint8)
    halves[:, 8:] = 1
    grey16 = np.where(halves, 60000, 20000).astype(np.uint16)  # of 65535: 233 and 78 of 255
    clear = Image.fromarray(np.stack([halves * 255] * 3 + [halves * 255], 2))
    palette = Image.fromarray(halves)
    palette.putpalette([*RED, 10, 200, 30])
    cmyk = Image.merge("CMYK", [Image.fromarray(halves * v) for v in (255, 0, 0, 0)])
    return {
        "L": (Image.fromarray(halves * 200), [[0] * 3, [200] * 3]),
        "1": (Image.fromarray(halves * 255).convert("1"), [[0] * 3, [255] * 3]),
        "LA": (clear.convert("LA"), [WHITE, WHITE]),
        "RGBA": (clear, [WHITE, WHITE]),
        "P": (palette, [RED, [10, 200, 30]]),
        "I;16": (Image.fromarray(grey16), [[78] * 3, [233] * 3]),
        "CMYK": (cmyk, [WHITE, [0, 255, 255]]),
    }


@pytest.mark.parametrize("mode", modes())
def test_modes(tmp_path, mode):
    """A 16-bit grey PNG once turned white."""
    image, colours = modes()[mode]
    assert image.mode == mode
    write(tmp_path / ("x.jpg" if mode == "CMYK" else "x.png"), image, **{"quality": 100} if mode == "CMYK" else {})
    pixels, _, _ = read(tmp_path)
    np.testing.assert_allclose(pixels[0, :, [2, 13]].mean(1), colours, atol=3 if mode == "CMYK" else 0)


def test_16_bit_grey_keeps_its_steps(tmp_path):
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    write(tmp_path / "x.png", Image.fromarray(ramp))
    np.testing.assert_array_equal(read(tmp_path)[0][0, ..., 0].flatten(), np.arange(256))


@pytest.mark.parametrize("orientation, turn", [(3, lambda p: p[::-1, ::-1]), (6, lambda p: np.rot90(p, -1)),
                                               (8, np.rot90), (2, lambda p: p[:, ::-1])])  # fmt: skip
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_pictures_turned_by_exif(tmp_path, orientation, turn, suffix):
    blocks = art(width=2).repeat(8, 0).repeat(8, 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    write(tmp_path / f"x.{suffix}", blocks, exif=exif, **{} if suffix == "png" else {"quality": 100})
    pixels = read(tmp_path, 2)[0][0]
    np.testing.assert_allclose(pixels, turn(blocks[::8, ::8]), atol=0 if suffix == "png" else 12)


def test_a_moving_gif_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (16, 16), colour) for colour in (tuple(RED), (0, 0, 255), (0, 255, 0))]
    for suffix in ("gif", "webp", "png"):
        frames[0].save(tmp_path / f"x.{suffix}", save_all=True, append_images=frames[1:])
    pixels, _, summary = read(tmp_path)
    assert len(pixels) == 3 and np.abs(pixels.astype(int) - RED).max() <= 2
    assert "moving, of which the first frame was taken: 3" in summary


def test_a_colour_profile_does_no_harm(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    write(tmp_path / "x.png", art(), icc_profile=profile)
    np.testing.assert_array_equal(read(tmp_path)[0][0], art())


def test_a_large_photograph_is_reduced_by_averaging(tmp_path):
    """Of a large JPEG only as much is decoded as is needed: the colours stay where they are."""
    photo = np.kron(art(width=16), np.ones((100, 100, 1), np.uint8))
    write(tmp_path / "a.png", photo)
    write(tmp_path / "b.jpg", photo, quality=95, subsampling=0)
    pixels, _, summary = read(tmp_path)
    np.testing.assert_array_equal(pixels[0], art())
    assert np.abs(pixels[1].astype(int) - art()).mean() < 6
    assert "reduced by averaging: 2" in summary and "they came as 1600 x 1600 (2)" in summary


# ------------------------------------------------------------------------------------------------------ shape and size


@pytest.mark.parametrize("width, height", [(16, 24), (24, 16), (3, 24)])
def test_pictures_that_are_not_square_are_padded_or_cut(tmp_path, width, height):
    write(tmp_path / "x.png", art(width=width, height=height))
    longer, shorter = max(width, height), min(width, height)
    padded, _, summary = read(tmp_path, longer)
    y, x = (longer - height + 1) // 2, (longer - width + 1) // 2
    np.testing.assert_array_equal(padded[0, y : y + height, x : x + width], art(width=width, height=height))
    assert (padded[0] != 255).any(2).sum() == width * height and "not square, padded with white: 1" in summary
    cut, _, summary = read(tmp_path, shorter, fit="crop")
    y, x = (height - shorter) // 2, (width - shorter) // 2
    np.testing.assert_array_equal(cut[0], art(width=width, height=height)[y : y + shorter, x : x + shorter])
    assert "not square, cut to their middle: 1" in summary


@pytest.mark.parametrize("side, size, factor", [(24, 32, 1), (24, 48, 2), (24, 50, 2), (8, 16, 2), (5, 16, 3)])
def test_small_sprites_are_enlarged_evenly(tmp_path, side, size, factor):
    """A sprite of 24 pixels once became 32 wide with uneven pixels."""
    write(tmp_path / "x.png", art(width=side))
    pixels, _, summary = read(tmp_path, size)
    around = (size - factor * side) // 2
    inside = slice(around, around + factor * side)
    np.testing.assert_array_equal(pixels[0, inside, inside], art(width=side).repeat(factor, 0).repeat(factor, 1))
    assert (pixels[0] != 255).any(2).sum() == (factor * side) ** 2
    grown = f"{factor} times as large" if factor > 1 else "as large as they were"
    assert grown + (", with white around" if size % side else "") + ": 1" in summary


def test_a_strip_of_many_pictures_is_no_picture(tmp_path):
    write(tmp_path / "strip.png", art(width=272, height=16))
    write(tmp_path / "x.png", art())
    pixels, _, summary = read(tmp_path)
    assert len(pixels) == 1 and "left out, 1 more than 16 times as long as wide: strip.png (272 x 16)" in summary


# --------------------------------------------------------------------------------------------------------- backgrounds


def keyed(colour, side=16):
    pixels = np.full((side, side, 3), colour, np.uint8)
    pixels[4:12, 5:10] = RED
    return pixels


@pytest.mark.parametrize("colour", [MAGENTA, [248, 0, 248]])
def test_magenta_behind_a_sprite_becomes_white(tmp_path, colour):
    """It was once kept as background."""
    write(tmp_path / "x.png", keyed(colour))
    pixels, _, summary = read(tmp_path)
    np.testing.assert_array_equal(pixels[0], keyed(255))
    assert "background #ff00ff became white: 1" in summary
    pixels, _, summary = read(tmp_path, background=None)
    np.testing.assert_array_equal(pixels[0], keyed(colour))
    assert "became white" not in summary


def test_a_magenta_cloak_stays(tmp_path):
    cloak = keyed(255)
    cloak[4:12, 5:10] = MAGENTA
    write(tmp_path / "x.png", cloak)
    np.testing.assert_array_equal(read(tmp_path)[0][0], cloak)


@pytest.mark.parametrize("background", ["lime", "#00ff00", (0, 255, 0)])
def test_another_background_is_named_and_becomes_white_when_asked(tmp_path, background):
    write(tmp_path / "x.png", keyed([0, 255, 0]))
    pixels, _, summary = read(tmp_path)
    np.testing.assert_array_equal(pixels[0], keyed([0, 255, 0]))
    assert "on #00ff00 (background='#00ff00' would make it white): 1" in summary
    np.testing.assert_array_equal(read(tmp_path, background=background)[0][0], keyed(255))


def test_a_background_is_removed_before_a_picture_is_reduced(tmp_path):
    write(tmp_path / "x.png", np.kron(keyed(MAGENTA), np.ones((3, 3, 1), np.uint8)))
    pixels = read(tmp_path, 8)[0][0].astype(int)
    assert (pixels[..., 1] <= pixels[..., 0]).all() and (pixels[[0, -1]] == 255).all()  # white or red, nowhere magenta
    assert np.abs(pixels[..., 1] - pixels[..., 2]).max() <= 10


# ------------------------------------------------------------------------------------------------------------- folders


def test_a_flat_folder_is_one_class(tmp_path):
    for k in range(3):
        write(tmp_path / "dragons" / f"{k}.png", art(k))
    pixels, data, summary = read(tmp_path / "dragons")
    assert len(pixels) == 3 and data.classes == ("dragons",) and data.c.tolist() == [[1.0]] * 3
    assert "3 pictures, now 16 x 16, in 1 class: dragons 3" in summary
    trainer = du.Trainer(du.Unet(3, 1, (8, 8)), data, du.noise_schedule("cosine", 10), batch=2, device="cpu")
    assert torch.isfinite(next(iter(trainer.run(steps=1))).loss)


def test_a_flat_folder_named_by_a_dot(tmp_path, monkeypatch):
    write(tmp_path / "elves" / "x.png", art())
    monkeypatch.chdir(tmp_path / "elves")
    assert read(".")[1].classes == ("elves",)


def test_hidden_things_are_no_classes_and_are_counted(tmp_path):
    """.hidden/, .ipynb_checkpoints/ and __MACOSX once became classes, or stopped the run one file at a time."""
    for folder in ("cat", "dog"):
        for k in range(2):
            write(tmp_path / folder / f"{k}.png", art(k))
    for hidden in (".hidden", ".ipynb_checkpoints", "__MACOSX"):
        write(tmp_path / hidden / "x.png", art())
        (tmp_path / hidden / "._y.png").write_bytes(b"not a picture")
    for file in (".DS_Store", "Thumbs.db", "cat/._0.png", "cat/Thumbs.db", "desktop.ini"):
        (tmp_path / file).write_bytes(b"not a picture")
    _, data, summary = read(tmp_path)
    assert data.classes == ("cat", "dog") and len(data.x) == 4
    summary = " ".join(summary.split())
    assert "left out, 8 hidden or of the system" in summary
    for name in (".hidden/ with 2 files", ".ipynb_checkpoints/ with 2 files", "__MACOSX/ with 2 files", "cat/._0.png"):
        assert name in summary
    shutil.rmtree(tmp_path / "cat"), shutil.rmtree(tmp_path / "dog")
    with pytest.raises(ValueError, match="holds no picture that can be read; left out, 6 hidden"):
        du.load_folder(tmp_path)


def test_every_file_is_read_or_counted(tmp_path):
    write(tmp_path / "a" / "x.png", art())
    write(tmp_path / "a" / "deeper" / "y.png", art(1))
    write(tmp_path / "beside.png", art())
    write(tmp_path / "b" / "x.tiff", art())
    (tmp_path / "a" / "notes.txt").write_text("not a picture")
    (tmp_path / "empty").mkdir()
    whole = tmp_path / "a" / "x.png"
    (tmp_path / "a" / "broken.png").write_bytes(whole.read_bytes()[:60])
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "text.jpg").write_text("not a picture")
    pixels, data, summary = read(tmp_path)
    assert data.classes == ("a",) and len(pixels) == 2
    summary = " ".join(summary.split())
    assert "2 not a PNG, JPEG, WebP, GIF or BMP: a/notes.txt, b/x.tiff" in summary
    assert "2 empty of pictures: b/, empty/" in summary
    assert "1 beside the classes' folders, in none of them: beside.png" in summary
    assert "2 not a readable picture: a/broken.png" in summary
    assert "c/text.jpg (it holds none of PNG, JPEG, WEBP, GIF, BMP)" in summary
    assert "1 a class without a readable picture: c/" in summary


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_broken_file_is_named_and_is_not_the_end(tmp_path, suffix, share):
    write(tmp_path / "good.png", art())
    write(tmp_path / f"broken.{suffix}", art(width=64))
    whole = (tmp_path / f"broken.{suffix}").read_bytes()
    (tmp_path / f"broken.{suffix}").write_bytes(whole[: int(share * len(whole))])
    pixels, _, summary = read(tmp_path)
    assert len(pixels) == 1 and f"left out, 1 not a readable picture: broken.{suffix} (" in summary


def test_a_picture_of_impossible_size_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    write(tmp_path / "good.png", art())
    write(tmp_path / "huge.png", art(width=64))
    pixels, _, summary = read(tmp_path)
    assert len(pixels) == 1 and "not a readable picture: huge.png" in summary


def test_long_lists_are_cut_but_counted(tmp_path):
    write(tmp_path / "x.png", art())
    for k in range(25):
        (tmp_path / f"{k:02}.txt").touch()
    assert "left out, 25 not a PNG" in read(tmp_path)[2] and "09.txt and 15 more" in " ".join(read(tmp_path)[2].split())


def test_thousands_of_files_have_a_progress_bar(tmp_path, monkeypatch, capsys):
    for k in range(40):
        write(tmp_path / f"{k}.png", art())
    read(tmp_path)
    assert capsys.readouterr().err == ""  # done at once: nothing to watch
    monkeypatch.setattr(own_pictures, "PATIENCE", 0)
    read(tmp_path)
    lines = capsys.readouterr().err.splitlines()
    assert (
        len(lines) == 10 and lines[2].endswith("[###.......] 12 of 40") and lines[-1].endswith("[##########] 40 of 40")
    )


def test_the_summary_is_printed_unless_asked_not_to(tmp_path, capsys):
    write(tmp_path / "x.png", art())
    du.load_folder(tmp_path)
    assert "1 picture, now 16 x 16" in capsys.readouterr().out
    du.load_folder(tmp_path, report=None)
    assert capsys.readouterr().out == ""


# -------------------------------------------------------------------------------------------------------------- sheets


def figure(seed, width=16, height=16):
    """A figure on transparent ground, RGBA: head, body and legs, each of one colour; it fills its tile's height."""
    pixels = np.zeros((height, width, 4), np.uint8)
    for part, rows in enumerate(np.split(np.arange(height), [height // 3, 3 * height // 4])):
        pixels[rows, 3:-3] = [*art(9 * seed + part, 1)[0, 0], 255]
    return pixels


def on_white(pixels):
    return np.where(pixels[..., 3:] > 0, pixels[..., :3], 255)


def sheet(tiles, columns, gap=0, margin=0, ground=(0, 0, 0, 0)):
    h, w = tiles[0].shape[:2]
    rows = -(-len(tiles) // columns)
    size = (2 * margin + rows * (h + gap) - gap, 2 * margin + columns * (w + gap) - gap, 4)
    whole = np.full(size, ground, np.uint8)
    for k, tile in enumerate(tiles):
        y, x = margin + k // columns * (h + gap), margin + k % columns * (w + gap)
        whole[y : y + h, x : x + w] = tile
    return whole


@pytest.mark.parametrize("margin, gap", [(0, 1), (1, 1), (2, 0), (3, 2), (0, 0)])
@pytest.mark.parametrize("ground", [(0, 0, 0, 0), (0, 0, 0, 255)])
def test_margins_and_gaps(tmp_path, margin, gap, ground):
    tiles = [np.dstack([art(k), np.full((16, 16), 255, np.uint8)]) for k in range(12)]
    write(tmp_path / "x.png", sheet(tiles, 4, gap, margin, ground))
    pixels, _, summary = read_sheet(tmp_path / "x.png", 16, margin=margin, gap=gap)
    np.testing.assert_array_equal(pixels, [art(k) for k in range(12)])
    assert "they came as 16 x 16 (12)" in summary


def test_a_gap_after_the_last_tile_is_no_fault(tmp_path):
    whole = sheet([figure(k) for k in range(4)], 2, gap=1)
    write(tmp_path / "x.png", np.pad(whole, ((0, 1), (0, 1), (0, 0))))
    assert len(read_sheet(tmp_path / "x.png", 16, gap=1)[0]) == 4


def test_gaps_that_nobody_spoke_of_are_named(tmp_path):
    """A sheet with 1-pixel gaps: "does not divide" was all it said."""
    write(tmp_path / "x.png", sheet([figure(k) for k in range(12)], 4, gap=1))
    with pytest.raises(ValueError, match="67 x 50 does not divide into tiles of 16 x 16: margin=0, gap=1 would fit"):
        du.load_sheet(tmp_path / "x.png", 16)
    write(tmp_path / "y.png", sheet([figure(k) for k in range(12)], 4, gap=2, margin=1, ground=(0, 0, 0, 255)))
    with pytest.raises(ValueError, match="does not divide into tiles of 16 x 16: margin=1, gap=2 would fit"):
        du.load_sheet(tmp_path / "y.png", 16)


@pytest.mark.parametrize("ground", [(0, 0, 0, 0), (90, 90, 90, 255)])
def test_tiles_that_would_drift_are_refused(tmp_path, ground):
    """Where the sum happens to divide, tiles drifted silently: 16 tiles of 16 with gaps of 1 are 17 tiles of 16."""
    whole = sheet([figure(k) for k in range(256)], 16, gap=1, ground=ground)
    whole = np.pad(whole, ((0, 1), (0, 1), (0, 0)), mode="edge")
    whole[-1], whole[:, -1] = ground, ground
    assert whole.shape[:2] == (272, 272)
    write(tmp_path / "x.png", whole)
    with pytest.raises(
        ValueError, match=r"tiles of 16 x 16 would drift, .*x.png has gaps between them: margin=0, gap=1"
    ):
        du.load_sheet(tmp_path / "x.png", 16)
    pixels, _, _ = read_sheet(tmp_path / "x.png", 16, gap=1)
    np.testing.assert_array_equal(pixels, [on_white(figure(k)) for k in range(256)])
    assert "careful" in read_sheet(tmp_path / "x.png", 16, gap=0)[2]  # who insists, gets them


@pytest.mark.parametrize(
    "tile, fault", [(16, "careful"), (24, "careful"), (20, "does not divide into tiles of 20 x 20")]
)
def test_tall_characters_cut_in_two_are_not_silent(tmp_path, tile, fault):
    """A sheet of 16x24 characters read with --tile 16 or 24: heads without bodies, silently."""
    characters = [figure(k, 16, 24) for k in range(36)]
    for character in characters:  # broad shoulders: they touch their neighbours as well
        character[10:14, :, :] = [*character[12, 8, :3], 255]
    write(tmp_path / "x.png", sheet(characters, 6))
    if fault == "careful":
        _, _, summary = read_sheet(tmp_path / "x.png", tile)
        assert "goes on beyond them: tile=(16, 24) would fit" in summary
    else:
        with pytest.raises(ValueError, match=rf"{fault}: tile=\(16, 24\) would fit"):
            du.load_sheet(tmp_path / "x.png", tile)
    pixels, _, summary = read_sheet(tmp_path / "x.png", (16, 24), size=24)
    assert "careful" not in summary and "not square, padded with white: 36" in summary
    np.testing.assert_array_equal(pixels[:, :, 4:20], [on_white(character) for character in characters])


def test_a_single_row_of_tall_characters(tmp_path):
    write(tmp_path / "x.png", sheet([figure(k, 16, 24) for k in range(10)], 10))
    with pytest.raises(ValueError, match=r"160 x 24 does not divide into tiles of 16 x 16: tile=\(16, 24\) would fit"):
        du.load_sheet(tmp_path / "x.png", 16)


def test_our_own_sprites_on_a_sheet_raise_no_alarm(tmp_path):
    x, _, _ = du.load_sprites("held_out", 400)
    tiles = [np.dstack([p, np.full((16, 16), 255, np.uint8)]) for p in du.to_pixels(x)]
    write(tmp_path / "x.png", sheet(tiles, 20))
    pixels, _, summary = read_sheet(tmp_path / "x.png", 16)
    np.testing.assert_array_equal(pixels, du.to_pixels(x))
    assert "careful" not in summary and "nothing was left out" in summary


def test_ground_without_gaps_is_read_with_a_word(tmp_path):
    tiles = [np.full((16, 16, 4), (40, 90 + 2 * k, 30, 255), np.uint8) for k in range(12)]
    for k, tile in enumerate(tiles):
        tile[k, 3:9, :3] = 200
    write(tmp_path / "x.png", sheet(tiles, 4))
    pixels, _, summary = read_sheet(tmp_path / "x.png", 16)
    assert len(pixels) == 12 and "That is right for tiles that fill their squares" in summary
    assert "would fit" not in summary


def test_wrong_margins_are_noticed(tmp_path):
    write(tmp_path / "x.png", sheet([figure(k) for k in range(16)], 4, gap=2))
    _, _, summary = read_sheet(tmp_path / "x.png", 17, gap=0, margin=1)
    assert "careful: what lies between the tiles is not of one colour: are margin and gap right?" in summary


def test_frames_beside_gaps_of_their_own_colour_raise_no_alarm(tmp_path):
    tiles = [np.dstack([keyed(255), np.full((16, 16), 255, np.uint8)]) for _ in range(12)]
    for tile in tiles:
        tile[[0, -1]] = tile[:, [0, -1]] = (0, 0, 0, 255)
    write(tmp_path / "x.png", sheet(tiles, 4, gap=1, ground=(0, 0, 0, 255)))
    assert "careful" not in read_sheet(tmp_path / "x.png", 16, gap=1)[2]


def test_a_margin_is_not_proposed_if_the_figures_would_still_be_cut(tmp_path):
    write(tmp_path / "x.png", sheet([figure(k, 24, 24) for k in range(4)], 2, margin=8))
    summary = read_sheet(tmp_path / "x.png", 16)[2]
    assert "careful" in summary and "margin=8" not in summary


def test_empty_tiles_are_counted(tmp_path):
    tiles = [figure(k) if k % 3 else np.zeros((16, 16, 4), np.uint8) for k in range(12)]
    write(tmp_path / "x.png", sheet(tiles, 4))
    pixels, _, summary = read_sheet(tmp_path / "x.png", 16)
    assert len(pixels) == 8
    assert "left out, 4 of one colour all over: row 1 column 1, row 1 column 4, row 2 column 3" in summary


def test_a_sheet_on_magenta(tmp_path):
    tiles = [figure(k) for k in range(12)]
    whole = sheet([*tiles, np.zeros((16, 16, 4), np.uint8)], 4)
    write(tmp_path / "x.bmp", np.where(whole[..., 3:] > 0, whole[..., :3], np.uint8(MAGENTA)))
    pixels, _, summary = read_sheet(tmp_path / "x.bmp", 16)
    np.testing.assert_array_equal(pixels, [on_white(tile) for tile in tiles])
    assert "background #ff00ff became white" in summary and "4 of one colour all over" in summary


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "bmp"])
def test_formats_of_sheets(tmp_path, suffix):
    tiles = [keyed(255) for _ in range(4)]
    write(tmp_path / f"x.{suffix}", np.concatenate(tiles, 1), **{"lossless": True} if suffix == "webp" else {})
    np.testing.assert_array_equal(read_sheet(tmp_path / f"x.{suffix}", 16)[0], tiles)


# ---------------------------------------------------------------------------------------------------------- .npy files


@pytest.mark.parametrize("K", [1, 2, 3, 12])
@pytest.mark.parametrize("form", ["one-hot", "numbers"])
def test_npy_pairs_of_any_number_of_classes(tmp_path, K, form):
    """A pair of 3 classes was once refused."""
    labels = np.arange(24) % K
    np.save(tmp_path / "s.npy", np.stack([art(k) for k in range(24)]))
    np.save(tmp_path / "l.npy", np.eye(K)[labels] if form == "one-hot" else labels)
    x, c, classes = du.load_npy(tmp_path / "s.npy", tmp_path / "l.npy")
    assert x.shape == (24, 3, 16, 16) and c.argmax(1).tolist() == labels.tolist() and c.shape == (24, K)
    assert classes == tuple(f"class {k}" for k in range(K))
    names = [f"kind {k}" for k in range(K)]
    assert du.load_npy(tmp_path / "s.npy", tmp_path / "l.npy", names).classes == tuple(names)
    with pytest.raises(ValueError, match=f"{K + 1} names of classes" if form == "one-hot" else "must lie in"):
        du.load_npy(tmp_path / "s.npy", tmp_path / "l.npy", ["one too", *names] if form == "one-hot" else names[:-1])


def test_npy_without_labels(tmp_path):
    np.save(tmp_path / "elves.npy", np.stack([art(k) for k in range(4)]))
    _, c, classes = du.load_npy(tmp_path / "elves.npy")
    assert c.tolist() == [[1.0]] * 4 and classes == ("elves",)


# ------------------------------------------------------------------------------------------------------- contact sheet


def test_contact_sheet_shows_each_class_evenly():
    x = torch.linspace(-1, 1, 100).reshape(100, 1, 1, 1).expand(100, 3, 4, 4)
    c = torch.eye(2)[(torch.arange(100) >= 90).long()]
    picture = du.contact_sheet(du.Sprites(x, c, ("many", "few")), columns=10, scale=1)
    row = picture.frames[0][:, 150:]  # right of the labels
    greys = du.to_pixels(x[[*range(0, 90, 10)][:1] + [89] + [90, 99]])[:, 0, 0, 0]
    assert {int(grey) for grey in greys} <= set(np.unique(row[..., 0]).tolist())
    assert "many, few" in picture.alt


# -------------------------------------------------------------------------- the programs: train on them, draw with them


@pytest.fixture
def program(capsys, monkeypatch):
    """The programs of weights/, as a user calls them, in this process: program("draw", ...) gives (exit code, stdout,
    stderr)."""
    monkeypatch.syspath_prepend(ROOT / "weights")

    def go(name, *args):
        monkeypatch.setattr(sys, "argv", [name, *map(str, args)])
        code, errors = 0, ""
        try:
            runpy.run_path(str(ROOT / "weights" / f"{name}.py"), run_name="__main__")
        except SystemExit as stop:
            code, errors = (1, f"{stop.code}\n") if isinstance(stop.code, str) else (stop.code, "")
        said = capsys.readouterr()
        return code, said.out, said.err + errors

    return go


TINY = ["--widths", 8, 8, "--batch", 4, "--T", 30, "--steps", 2]


@pytest.fixture
def pets(tmp_path):
    """A folder of three classes, 24 x 20 pixels, one of the files broken."""
    for k in range(12):
        write(tmp_path / "pets" / ("cat", "dog", "owl")[k % 3] / f"{k}.jpg", art(k, 24, 20))
    (tmp_path / "pets" / "dog" / "broken.png").write_text("not a picture")
    return tmp_path / "pets"


def test_from_a_folder_to_pictures(program, pets, tmp_path):
    run = tmp_path / "run"
    code, said, errors = program("train", "--data", pets, "--size", 24, *TINY, "--out", run)
    assert code == 0, errors
    said = " ".join(said.split())
    assert "12 pictures, now 24 x 24, in 3 classes: cat 4, dog 4, owl 4" in said
    assert "left out, 1 not a readable picture: dog/broken.png" in said
    assert "12 pictures are few" in said and "contact.png: this is what is trained on" in said
    assert said.index("contact.png") < said.index("loss")
    contact = np.asarray(Image.open(run / "contact.png"))
    assert contact.shape[0] > 3 * 48 and len(np.unique(contact.reshape(-1, 3), axis=0)) > 300  # in all their colours
    model, _ = du.load_model(run / "model.pth", "cpu")
    assert model.info["classes"] == ("cat", "dog", "owl") and model.info["size"] == (24, 24)
    for classes, rows in (([], 3), (["--class", "owl"], 1), (["--class", "owl", "cat"], 2), (["--class", "none"], 1)):
        code, said, errors = program("draw", run, *classes, "--n", 2, "--steps", 3, "--scale", 1, "--gap", 0,
                                     "--out", tmp_path / "drawn.png")  # fmt: skip
        assert code == 0 and f"drawn.png: {2 * rows} pictures of 24 x 24" in said, errors
        assert Image.open(tmp_path / "drawn.png").size == (48, 24 * rows)
    code, _, errors = program("draw", run, "--class", "knight", "--out", tmp_path / "drawn.png")
    assert code == 1 and errors == "error: there is no class 'knight'; this network knows: cat, dog, owl\n"


def test_what_is_drawn_is_what_was_asked_for(program, tmp_path):
    """Our own networks do not name their classes: they are the course's five. The seed decides the picture."""
    how = ["--class", "spell", "--n", 3, "--steps", 4, "--w", 1.5, "--seed", 7, "--scale", 1, "--gap", 0]
    code, _, errors = program("draw", ROOT / "weights" / "unet.pth", *how, "--out", tmp_path / "drawn.png")
    assert code == 0, errors
    model, ab_t = du.load_model(ROOT / "weights" / "unet.pth")
    x = du.sample(du.Guided(model, 1.5), ab_t, 3, torch.eye(5)[3], seed=7, steps=4, order=2, eta=1.0, clip=True)
    wanted = np.concatenate(du.to_pixels(x), 1)
    drawn = np.asarray(Image.open(tmp_path / "drawn.png"))
    assert np.abs(wanted.astype(int) - drawn).max() <= 1
    code, _, errors = program("draw", ROOT / "weights" / "unet.pth", "--class", "knight")
    assert code == 1 and "this network knows: hero, non-hero, food, spell, side-facing" in errors


def test_what_words_ask_for_is_drawn(program, tmp_path):
    texts, out = ["a wizard", "a green slime"], tmp_path / "drawn.png"
    how = ["--n", 2, "--steps", 3, "--w", 1.5, "--seed", 7, "--scale", 1, "--gap", 0, "--out", out]
    code, said, errors = program("draw", "--prompt", *texts, "--negative", "hat", *how)
    assert code == 0 and "4 pictures of 16 x 16" in said, errors
    model, ab_t, words = prompts.load_prompts()
    guided, c = du.Guided(model, 1.5, words.encode("hat")), words.encode(texts).repeat_interleave(2, 0)
    x = du.sample(guided, ab_t, 4, c, seed=7, steps=3, order=2, eta=1.0, clip=True)
    wanted = np.concatenate([np.concatenate(row, 1) for row in np.split(du.to_pixels(x), 2)])
    assert np.abs(wanted.astype(int) - np.asarray(Image.open(out))).max() <= 1


def test_drawing_in_few_calls_and_in_another_size(program, tmp_path):
    out = ["--n", 1, "--scale", 1, "--gap", 0, "--columns", 1, "--out", tmp_path / "drawn.png"]
    code, said, errors = program("draw", ROOT / "weights" / "few_steps.pth", "--calls", 2, *out)
    assert code == 0 and "5 pictures of 16 x 16" in said, errors
    code, said, errors = program("draw", ROOT / "weights" / "unet.pth", "--size", 24, "--steps", 1, *out)
    assert code == 0 and Image.open(tmp_path / "drawn.png").size == (24, 120), errors


@pytest.mark.parametrize(
    "args, sentence",
    [
        (["nowhere.pth"], "there is no file nowhere.pth"),
        (["{}"], "holds no model.pth yet"),
        (["{}/x.pth"], "is not a readable weights file"),
        ([ROOT / "weights" / "unet.pth", "--n", 0], "--n must be at least 1, not 0"),
        ([ROOT / "weights" / "unet.pth", "--out", "x.jpg"], "--out must be a .png and --gap at least 0, not x.jpg"),
        ([ROOT / "weights" / "unet.pth", "--size", 18], "divisible by 4, not 18 x 18"),
        ([ROOT / "weights" / "unet.pth", "--steps", 0], "must be a whole number in 1..500"),
        ([ROOT / "weights" / "few_steps.pth", "--calls", 1, "--size", 32], "sprites of a class in 16 x 16"),
        ([], "say which network draws (a run or a file), or what: --prompt"),
        ([ROOT / "weights" / "prompts.pth"], "reads prompts: say what it is to draw"),
        (["--prompt", "a unicorn"], "has never read the word 'unicorn'"),
        (["--prompt", "a wizard", "--class", "hero"], "leave out --class and --calls"),
        (["--negative", "a hat"], "say both"),
        ([ROOT / "weights" / "unet.pth", "--prompt", "a wizard"], "is not a network that reads prompts"),
    ],
)
def test_drawing_what_cannot_be_drawn(program, tmp_path, args, sentence):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x.pth").write_text("no weights")
    code, _, errors = program("draw", *[str(arg).format(tmp_path / "folder") for arg in args])
    assert code == 1 and errors.startswith("error: ") and sentence in errors and errors.count("\n") == 1


def test_without_context_no_labels_are_needed(program, tmp_path):
    np.save(tmp_path / "a.npy", np.stack([art(k) for k in range(8)]))
    code, _, errors = program("train", "--data", tmp_path / "a.npy", "--no-context", *TINY, "--out", tmp_path / "run")
    assert code == 0, errors
    assert du.load_model(tmp_path / "run" / "model.pth", "cpu")[0].info["classes"] == ()
    drawn = ["--n", 2, "--steps", 2, "--out", tmp_path / "drawn.png"]
    code, said, errors = program("draw", tmp_path / "run", *drawn)
    assert code == 0 and "2 pictures of 16 x 16" in said, errors
    code, _, errors = program("draw", tmp_path / "run", "--class", "hero", *drawn)
    assert code == 1 and "trained without classes: leave out --class" in errors


def test_a_sheet_with_all_its_options(program, tmp_path):
    """Also resumed: the run's settings hold what the sheet needs, and its pictures are read the same way again."""
    whole = sheet([figure(k, 16, 24) for k in range(8)], 4, gap=1, margin=2)
    magenta = np.where(whole[..., 3:] > 0, whole[..., :3], np.uint8(MAGENTA))
    write(tmp_path / "people.png", magenta)
    options = ["--tile", 16, 24, "--margin", 2, "--gap", 1, "--fit", "crop", "--background", "magenta"]
    code, said, errors = program("train", "--data", tmp_path / "people.png", *options, *TINY, "--out", tmp_path / "run")
    assert code == 0, errors
    assert "8 pictures, now 16 x 16, in 1 class: people 8" in said and "cut to their middle: 8" in said
    assert json.loads((tmp_path / "run" / "settings.json").read_text())["tile"] == [16, 24]
    code, said, errors = program("train", "--resume", tmp_path / "run", "--steps", 3)
    assert code == 0 and "resumed at step 2" in said and "people 8" in said, errors
    kept = ["--tile", 16, 24, "--margin", 2, "--gap", 1, "--background", "keep"]
    code, said, errors = program("train", "--data", tmp_path / "people.png", *kept, *TINY, "--out", tmp_path / "kept")
    assert code == 0 and "became white" not in said, errors


def test_a_mistyped_folder(program, tmp_path):
    """It was once told that a sprite sheet needs the size of its tiles."""
    code, _, errors = program("train", "--data", tmp_path / "my_picturs", *TINY, "--out", tmp_path / "run")
    assert code == 1 and errors == f"error: there is no folder or file {tmp_path / 'my_picturs'}\n"
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_not_finished_can_be_drawn_from(program, pets, tmp_path):
    assert program("train", "--data", pets, *TINY, "--out", tmp_path / "run")[0] == 0
    (tmp_path / "run" / "model.pth").unlink()
    code, said, errors = program("draw", tmp_path / "run", "--n", 1, "--steps", 2, "--out", tmp_path / "drawn.png")
    assert code == 0 and "3 pictures of 16 x 16" in said, errors
