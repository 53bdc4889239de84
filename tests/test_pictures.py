"""Pictures: colours stay, any number of rows, animated PNG, alternative text; the sprite course's helpers."""

import base64
import html
import inspect
import io
import json
import re

import numpy as np
import pytest
import torch
import torch.nn as nn
from conftest import awake, close, products
from PIL import Image

import diffusion_utilities as du
from plumbing import apng

PALE = torch.tensor([0.5, -0.25, 0.0])[:, None, None]  # a colour: shown as (191, 96, 128)
RGB = [191, 96, 128]


def opened(picture):
    return Image.open(io.BytesIO(picture.png()))


def last_frame(picture):
    image = opened(picture)
    image.seek(getattr(image, "n_frames", 1) - 1)
    return np.asarray(image.convert("RGB"))


@pytest.fixture(scope="module")
def denoising():
    """32 frames (F, B, C, H, W) of 32 sprites that come out of noise."""
    known = du.load_sprites("held_out", 300)
    ab_t = du.noise_schedule("cosine", 100)
    _, kept = du.sample(du.PerfectDenoiser(known.x, ab_t), ab_t, 32, eta=1.0, keep=32, steps=100)
    return torch.stack([step.x for step in kept])


# ------------------------------------------------------------------------------------------------------- still pictures


@pytest.mark.parametrize("n, columns, grid", [(1, 8, (1, 1)), (5, 8, (1, 5)), (5, 1, (5, 1)), (9, 4, (3, 4))])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_number_of_rows_and_columns(n, columns, grid, channels, noise):
    picture = du.show(noise(n, channels, 4, 6), columns, scale=2, gap=1)
    assert picture.size == (grid[1] * 13 + 1, grid[0] * 9 + 1)
    assert opened(picture).size == picture.size


def test_colours_are_kept_and_each_image_is_in_its_place():
    x = torch.stack([PALE.expand(3, 4, 4), torch.full((3, 4, 4), -1.0), torch.full((3, 4, 4), 3.0)])
    picture = last_frame(du.show(x, columns=2, scale=2, gap=1))
    assert (picture[1:9, 1:9] == RGB).all()
    assert (picture[1:9, 10:18] == 0).all()
    assert (picture[10:18, 1:9] == 255).all()  # 3 is clamped to white
    assert (picture[10:18, 10:18] == 225).all()  # an empty place


def test_one_channel_is_grey():
    assert (last_frame(du.show(torch.zeros(1, 1, 4, 4), gap=0)) == 128).all()


def test_a_grid_of_sprites_keeps_every_pixel(sprites):
    picture = last_frame(du.show(sprites.x[:8], columns=4, scale=1, gap=0)).astype(int)
    expected = du.to_pixels(sprites.x[:8]).reshape(2, 4, 16, 16, 3).swapaxes(1, 2).reshape(32, 64, 3)
    assert np.abs(picture - expected).max() <= 8  # one palette of 256 colours for all


def test_title_and_alternative_text():
    x = torch.zeros(2, 3, 4, 4)
    plain, titled = du.show(x), du.show(x, title="a title\nof two lines")
    assert titled.size[1] > plain.size[1] + 20 and titled.alt == "a title\nof two lines"
    assert du.show(x, title="a title", alt="two grey squares").alt == "two grey squares"
    assert plain.alt


@pytest.mark.parametrize("rows", [{"one": 1}, {"one": 3}, {"one": 1, "two": 1}, {"short": 1, "long": 4}])
@pytest.mark.parametrize("top", [False, True])
def test_rows_with_labels(rows, top):
    rows = {label: PALE.expand(n, 3, 8, 8) for label, n in rows.items()}
    widest = max(map(len, rows.values()))
    picture = du.show_rows(rows, scale=4, gap=0, label_width=60, top=[f"t{i}" for i in range(widest)] if top else None)
    assert picture.size[0] == 60 + 32 * widest
    assert (last_frame(picture)[-16, 60 + 16] == RGB).all()
    assert all(label in picture.alt for label in rows)


def test_to_images_and_to_pixels_are_inverse():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, 3)
    assert np.array_equal(du.to_pixels(du.to_images(pixels)), pixels)


# ------------------------------------------------------------------------------------------------------------- films


def test_film_of_a_real_denoising_is_small_and_whole(denoising):
    picture = du.film({"x_t": denoising}, [f"frame {i}" for i in range(32)], scale=4, fps=8, hold=1.5)
    png = picture.png()
    image = Image.open(io.BytesIO(png))
    assert image.n_frames == 32 and image.mode == "P" and len(png) < 400_000
    durations = []
    for i in range(32):
        image.seek(i)
        durations.append(image.info["duration"])
    assert durations == [125] * 31 + [1625]


def test_a_guess_beside_noise_keeps_its_colours(denoising, noise):
    """Pure noise is shown in few colours, to save bytes, but not what stands beside it."""
    blurs = denoising[-1:].expand(8, -1, -1, -1, -1) * torch.linspace(0.3, 1, 8).view(8, 1, 1, 1, 1)
    picture = du.film({"x_t": noise(8, *denoising.shape[1:]), "the guess": blurs})
    image = opened(picture)
    for i in range(8):
        image.seek(i)
        right = np.s_[:, image.width // 2 + 6 :]
        wrong = np.asarray(image.convert("RGB"))[right].astype(int) - picture.frames[i][right]
        assert np.abs(wrong).mean() < 8


@pytest.mark.parametrize("scale", [3, 4])
def test_noise_looks_the_same_alone_and_beside_a_guess(denoising, scale):
    """The few colours of a frame of noise were once 33 of 255 off, and it looked green and magenta."""
    alone = du.film(denoising, scale=scale)
    beside = du.film({"x_t": denoising, "guess": denoising[-1:].expand_as(denoising)}, scale=scale)
    for picture, top in ((alone, 0), (beside, beside.size[1] - alone.size[1])):
        image = opened(picture)
        for i in (0, 8, 16):
            image.seek(i)
            shown, true = (
                pixels[top:, : alone.size[0]].astype(int)
                for pixels in (np.asarray(image.convert("RGB")), picture.frames[i])
            )
            assert np.sqrt(np.square(shown - true).mean()) < 20
            assert np.abs((shown - true).mean((0, 1))).max() < 3


@pytest.mark.parametrize("kind", ["noise", "flat", "wide", "narrow", "one pixel"])
def test_animated_png_gives_back_every_pixel(kind):
    rng = np.random.default_rng(0)
    frames = {
        "noise": rng.integers(0, 256, (3, 9, 7)),
        "flat": np.full((2, 40, 300), 5),
        "wide": rng.integers(0, 256, (3, 6, 9)).repeat(4, 1).repeat(4, 2),
        "narrow": rng.integers(0, 256, (3, 6, 9)).repeat(3, 1).repeat(2, 2),
        "one pixel": rng.integers(0, 256, (2, 1, 1)),
    }[kind].astype(np.uint8)
    palette = rng.integers(0, 256, (256, 3), dtype=np.uint8)
    image = Image.open(io.BytesIO(apng.write(frames, palette, [70, 80, 2090][: len(frames)])))
    assert image.n_frames == len(frames) and image.info["loop"] == 0
    for i, frame in enumerate(frames):
        image.seek(i)
        assert np.array_equal(np.asarray(image.convert("RGB")), palette[frame])
        assert image.info["duration"] == [70, 80, 2090][i]


@pytest.mark.parametrize("B, columns", [(1, 8), (3, 8), (3, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_films_of_any_shape(B, columns, channels, noise):
    picture = du.film(noise(4, B, channels, 4, 4), columns=columns)
    assert opened(picture).n_frames == 4


def test_film_keeps_colours_in_every_frame():
    frames = torch.stack([PALE.expand(1, 3, 4, 4), -torch.ones(1, 3, 4, 4), torch.ones(1, 3, 4, 4)])
    image = opened(du.film(frames, gap=0, scale=1))
    for i, colour in enumerate((RGB, [0, 0, 0], [255, 255, 255])):
        image.seek(i)
        assert (np.asarray(image.convert("RGB")) == colour).all()


def test_panels_stand_side_by_side(noise):
    one = du.film({"x_t": noise(2, 4, 3, 4, 4)})
    two = du.film({"x_t": noise(2, 4, 3, 4, 4), "x_0": noise(2, 4, 3, 4, 4, seed=1)})
    assert two.size == (2 * one.size[0] + 12, one.size[1])
    assert "x_t" in two.alt and "x_0" in two.alt


def test_film_from_numpy_and_from_a_list():
    array = np.zeros((2, 1, 3, 4, 4), np.float32)
    assert np.array_equal(du.film(array).frames, du.film(list(torch.from_numpy(array))).frames)


def test_shown_in_a_notebook_with_alternative_text():
    picture = du.Picture(np.zeros((1, 4, 4, 3), np.uint8), 'black & "square"')
    data, about = picture._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == picture.png() and picture.png()[:4] == b"\x89PNG"
    assert data["text/plain"] == 'black & "square"' and about["image/png"]["alt"] == 'black & "square"'
    shown = picture.to_jshtml()
    assert 'alt="black &amp; &quot;square&quot;"' in shown
    assert base64.b64decode(re.search(r'<img [^>]*src="data:image/png;base64,([^"]+)"', shown)[1]) == picture.png()


def test_a_film_is_shown_as_a_player_with_the_film_inside(denoising):
    film = du.film(denoising, labels=[f't = "{i}"' for i in range(32)])
    data, _ = film._repr_mimebundle_()
    assert data["text/html"] == film.to_jshtml() and len(data["text/html"]) < 800_000
    labels = re.search(r'data-labels="([^"]+)"', data["text/html"])[1]
    assert json.loads(html.unescape(labels))[3] == 't = "3"'
    assert data["image/png"] in data["text/html"]
    assert "text/html" not in du.show(denoising[0])._repr_mimebundle_()[0]


def test_a_picture_has_a_label_for_each_frame_or_none():
    with pytest.raises(ValueError, match="2 labels for 3 frames"):
        du.Picture(np.zeros((3, 4, 4, 3), np.uint8), "black", labels=["a", "b"])


def test_frames_one_by_one(denoising):
    film = du.film(denoising[:3])
    pictures = [Image.open(io.BytesIO(png)) for png in film.frame_pngs]
    assert len(pictures) == 3 and all(picture.size == film.size for picture in pictures)


@pytest.mark.parametrize("name, frames", [("film.png", 3), ("film.gif", 3), ("still.png", 1), ("still.gif", 1)])
def test_saved_to_a_file(tmp_path, name, frames):
    levels = np.arange(frames, dtype=np.uint8)[:, None, None, None] * 100
    file = du.Picture(np.broadcast_to(levels, (frames, 4, 4, 3)), "levels").save(tmp_path / name)
    image = Image.open(file)
    assert getattr(image, "n_frames", 1) == frames and image.size == (4, 4)


def test_figure_becomes_a_picture_and_is_closed():
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    ax.plot([0, 1])
    picture = du.show_figure(fig, "a line that rises")
    assert picture.alt == "a line that rises" and picture.size[0] > 100 and not plt.fignum_exists(fig.number)


@pytest.mark.parametrize(
    "frames",
    [np.zeros((1, 4, 4, 3)), np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4, 4, 3), np.uint8),
     np.zeros((1, 4, 4, 4), np.uint8), np.zeros((1, 4, 4, 1), np.uint8)],
    ids=["float", "3-d", "no frames", "RGBA", "grey"],
)  # fmt: skip
def test_picture_refuses_wrong_frames(frames):
    with pytest.raises(ValueError, match="frames must be uint8"):
        du.Picture(frames, "nothing")


def test_picture_refuses_to_be_without_alternative_text():
    with pytest.raises(ValueError, match="say in `alt`"):
        du.Picture(np.zeros((1, 4, 4, 3), np.uint8), "")


# ---------------------------------------------------------------------------------------------------- sprite course


SIGNATURES = {
    "ResidualConvBlock": "in_channels, out_channels, is_res",
    "UnetDown": "in_channels, out_channels",
    "UnetUp": "in_channels, out_channels",
    "EmbedFC": "input_dim, emb_dim",
    "CustomDataset": "sfilename, lfilename, transform, null_context",
    "plot_sample": "x_gen_store, n_sample, nrows, save_dir, fn, w, save",
    "plot_grid": "x, n_sample, n_rows, save_dir, w",
    "norm_all": "store, n_t, n_s",
    "norm_torch": "x_all",
    "unorm": "x",
    "gen_tst_context": "n_cfeat",
}


def test_star_import_provides_every_name_with_its_arguments():
    names = {}
    exec("from diffusion_utilities import *", names)  # as the course's cells do
    for name, arguments in SIGNATURES.items():
        assert ", ".join(inspect.signature(names[name]).parameters) == arguments, name
    assert inspect.signature(names["ResidualConvBlock"]).parameters["is_res"].default is False
    assert inspect.signature(names["CustomDataset"]).parameters["null_context"].default is False
    assert inspect.signature(names["plot_sample"]).parameters["save"].default is False
    assert callable(names["transform"])


class CourseContextUnet(nn.Module):
    """The network as the course's cells build it, from our blocks."""

    def __init__(self, in_channels, n_feat=256, n_cfeat=10, height=28):
        super().__init__()
        self.n_cfeat, self.n_feat = n_cfeat, n_feat
        self.init_conv = du.ResidualConvBlock(in_channels, n_feat, is_res=True)
        self.down1 = du.UnetDown(n_feat, n_feat)
        self.down2 = du.UnetDown(n_feat, 2 * n_feat)
        self.to_vec = nn.Sequential(nn.AvgPool2d(4), nn.GELU())
        self.timeembed1 = du.EmbedFC(1, 2 * n_feat)
        self.timeembed2 = du.EmbedFC(1, 1 * n_feat)
        self.contextembed1 = du.EmbedFC(n_cfeat, 2 * n_feat)
        self.contextembed2 = du.EmbedFC(n_cfeat, 1 * n_feat)
        self.up0 = nn.Sequential(
            nn.ConvTranspose2d(2 * n_feat, 2 * n_feat, height // 4, height // 4), nn.GroupNorm(8, 2 * n_feat), nn.ReLU()
        )
        self.up1 = du.UnetUp(4 * n_feat, n_feat)
        self.up2 = du.UnetUp(2 * n_feat, n_feat)
        self.out = nn.Sequential(
            nn.Conv2d(2 * n_feat, n_feat, 3, 1, 1), nn.GroupNorm(8, n_feat), nn.ReLU(),
            nn.Conv2d(n_feat, in_channels, 3, 1, 1),
        )  # fmt: skip

    def forward(self, x, t, c=None):
        x = self.init_conv(x)
        down1 = self.down1(x)
        down2 = self.down2(down1)
        c = torch.zeros(x.shape[0], self.n_cfeat).to(x) if c is None else c
        cemb1 = self.contextembed1(c).view(-1, self.n_feat * 2, 1, 1)
        temb1 = self.timeembed1(t).view(-1, self.n_feat * 2, 1, 1)
        cemb2 = self.contextembed2(c).view(-1, self.n_feat, 1, 1)
        temb2 = self.timeembed2(t).view(-1, self.n_feat, 1, 1)
        up1 = self.up0(self.to_vec(down2))
        up2 = self.up1(cemb1 * up1 + temb1, down2)
        up3 = self.up2(cemb2 * up2 + temb2, down1)
        return self.out(torch.cat((up3, x), 1))


def test_the_courses_own_class_is_our_network(noise):
    theirs, ours = awake(CourseContextUnet(3, 16, 5, 16)), du.ContextUnet(3, 16, 5, 16).eval()
    shapes = [{k: v.shape for k, v in m.state_dict().items()} for m in (theirs, ours)]
    assert shapes[0] == shapes[1]
    ours.load_state_dict(theirs.state_dict())
    x, t = noise(2, 3, 16, 16), torch.tensor([0.3])[:, None, None, None]  # t as its sampling cells make it
    close(ours(x, t), theirs(x, t), terms=products(ours))
    close(ours(x, t, torch.eye(5)[:2]), theirs(x, t, torch.eye(5)[:2]), terms=products(ours))


@pytest.mark.parametrize("n, nrows", [(32, 4), (32, 1), (1, 1), (5, 2), (6, 6)])
@pytest.mark.parametrize("save", [True, False])
def test_plot_sample(tmp_path, noise, n, nrows, save, capsys):
    store = noise(3, n, 3, 16, 16).numpy()
    picture = du.plot_sample(store, n, nrows, f"{tmp_path}/", "ani_run", None, save=save)
    assert "<img" in picture.to_jshtml()
    columns = -(-n // nrows)
    assert picture.size == (columns * 50 + 2, -(-n // columns) * 50 + 2)
    file = tmp_path / "ani_run_wNone.gif"
    assert file.exists() == save and (str(file) in capsys.readouterr().out) == save
    if save:
        assert Image.open(file).n_frames == 3


@pytest.mark.parametrize("n, rows", [(8, 2), (4, 1), (1, 1)])
def test_plot_grid_keeps_colours(tmp_path, n, rows):
    grid = du.plot_grid(PALE.expand(n, 3, 4, 4), n, rows, f"{tmp_path}/", 0.5)
    saved = np.asarray(Image.open(tmp_path / "run_image_w0.5.png"))
    assert saved.shape[:2] == grid.shape[1:]
    assert (np.abs(saved[3, 3].astype(int) - RGB) <= 1).all()
    torch.testing.assert_close(grid[:, 3, 3], (PALE[:, 0, 0] + 1) / 2)


def test_helpers_do_not_stretch():
    x = torch.tensor([0.5, -0.25, 0.0, 2.0, -2.0])
    expected = [0.75, 0.375, 0.5, 1.0, 0.0]
    assert du.norm_torch(x.expand(1, 1, 1, 5)).flatten().tolist() == expected
    assert du.unorm(x.expand(1, 1, 5).numpy()).flatten().tolist() == expected
    assert du.norm_torch(torch.zeros(1, 3, 2, 2)).eq(0.5).all()  # a constant channel gave NaN


def test_norm_all():
    store = np.zeros((4, 5, 2, 2, 3), np.float32)
    assert du.norm_all(store, 3, 2).shape == (3, 2, 2, 2, 3) and (du.norm_all(store, 3, 2) == 0.5).all()


@pytest.mark.parametrize("n_cfeat", [5, 10])
def test_gen_tst_context(n_cfeat):
    n, rows = du.gen_tst_context(n_cfeat)
    assert rows.shape == (n, n_cfeat) and n == 6 * (n_cfeat + 1)
    assert torch.equal(rows[:n_cfeat], torch.eye(n_cfeat)) and not rows[n_cfeat].any()


def test_column_labels_may_differ_in_their_number_of_lines():
    one = du.show_rows({"a": torch.zeros(2, 3, 16, 16)}, top=["one line", "two\nlines"])
    both = du.show_rows({"a": torch.zeros(2, 3, 16, 16)}, top=["two\nlines", "two\nlines"])
    assert one.size == both.size


def test_no_label_of_a_row_is_cut_off():
    x = torch.zeros(2, 3, 16, 16)
    narrow, wide = (du.show_rows({"m" * 30: x}, label_width=width).frames[0] for width in (60, 700))
    ink = [(frame[:, : frame.shape[1] - 105] < 128).any(2).sum() for frame in (narrow, wide)]
    assert ink[0] == ink[1] > 0 and narrow.shape[1] < wide.shape[1]
    assert du.show_rows({"m": x}, label_width=60).frames[0].shape[1] < narrow.shape[1]
