"""The pixel editor without a browser: what it holds, shows, loads and saves, and the studio around it. In a browser:
test_browser_editor.py."""

import base64
import io
import re

import ipywidgets
import numpy as np
import pytest
import torch
from PIL import Image

import diffusion_utilities as du
import editor
from plumbing.own_pictures import load_picture


@pytest.fixture
def pad(sprites):
    return editor.PixelEditor(sprites.x[0])


def holes(*rows):
    mask = torch.zeros(16, 16, dtype=torch.bool)
    mask[list(rows)] = True
    return mask


def test_what_is_put_in_comes_out(pad, sprites):
    assert pad.x.shape == (1, 3, 16, 16) and pad.x.dtype == torch.float32
    assert torch.allclose(pad.x, sprites.x[:1], atol=1e-6)
    assert pad.erased.shape == (1, 1, 16, 16) and pad.erased.dtype == torch.bool and not pad.erased.any()
    pad.show(sprites.x[1:2] * 1.2, holes(3))  # drawn images reach a little beyond [-1, 1]
    assert (pad.pixels == du.to_pixels(sprites.x[1] * 1.2)).all() and pad.mask.sum() == 16
    pad.show(sprites.x[2])
    assert not pad.mask.any()
    assert (editor.PixelEditor().pixels == 255).all()


def test_an_array_takes_the_place_of_another_and_cannot_be_written_into(pad):
    with pytest.raises(ValueError):
        pad.pixels[0, 0] = 0
    black, seen = np.zeros((16, 16, 3), np.uint8), []
    pad.observe(seen.append, "pixels")
    pad.pixels = black
    pad.pixels = black.copy()  # the same once more: nobody is told
    assert len(seen) == 1 and (pad.x == -1).all()


@pytest.mark.parametrize("what, wrong", [
    (lambda pad: pad.show(torch.zeros(3, 8, 8)), "the editor shows one sprite (3, 16, 16), not (3, 8, 8)"),
    (lambda pad: pad.show(torch.zeros(2, 3, 16, 16)), "the editor shows one sprite"),
    (lambda pad: pad.show(torch.zeros(3, 16, 16), torch.zeros(8, 8)), "what is erased must be (16, 16), not (8, 8)"),
    (lambda pad: setattr(pad, "pixels", np.zeros((16, 16), np.uint8)), "pixels must be uint8 (16, 16, 3), not"),
    (lambda pad: setattr(pad, "mask", np.zeros((16, 16))), "mask must be bool (16, 16), not float64 (16, 16)"),
    (lambda pad: pad.load("no_such.png"), "there is no file no_such.png"),
    (lambda pad: pad.load(Image.new("RGB", (16, 16))), "given by its file's name, not as Image"),
    (lambda pad: pad.show(torch.full((3, 16, 16), 200.0)), "a sprite lies in [-1, 1], not in 0..255"),
    (lambda pad: pad.show("mine.png"), "a sprite is given as numbers, not as str"),
    (lambda pad: pad.show(Image.new("RGB", (16, 16))), "a sprite is given as numbers, not as Image"),
    (lambda pad: pad.show(torch.zeros(3, 16, 16), torch.full((16, 16), 0.3)), "holds 1, what is not holds 0"),
    (lambda pad: pad.show(torch.zeros(3, 16, 16), torch.full((16, 16), torch.nan)), "holds 1, what is not holds 0"),
    (lambda pad: pad.show(torch.zeros(3, 16, 16), "top"), "what is erased is given as numbers, not as str"),
    (lambda pad: pad.save("mine.png", 2.5), "scale is a whole number, at least 1, not 2.5"),
    (lambda pad: pad.save("mine.jpg"), "a drawing is written as .png, not mine.jpg"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_in_a_sentence(pad, what, wrong):
    before = pad.pixels
    with pytest.raises(ValueError, match=re.escape(wrong)):
        what(pad)
    assert pad.pixels is before


def test_the_page_sends_bytes(pad):
    """As it comes from the browser: buffers beside the state."""
    pixels, mask = np.arange(768) % 256, np.arange(256) % 2
    pad.set_state({"pixels": memoryview(pixels.astype(np.uint8)), "mask": memoryview(mask.astype(np.uint8))})
    assert (pad.pixels.flatten() == pixels).all() and (pad.mask.flatten() == mask).all()
    assert pad.get_state("pixels")["pixels"] == pixels.astype(np.uint8).tobytes()


def test_a_file_comes_back_as_it_was_saved(pad, tmp_path, sprites):
    before = pad.pixels
    for scale in (1, 16):
        pad.save(tmp_path / "mine.png", scale)
        assert Image.open(tmp_path / "mine.png").size == (16 * scale, 16 * scale)
        pad.show(sprites.x[5])
        pad.load(tmp_path / "mine.png")
        assert (pad.pixels == before).all()


def test_it_has_a_still_with_the_erased_part_hatched(pad):
    pad.show(pad.x, holes(2, 3))
    data, about = pad._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    still = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB"))
    assert about["image/png"]["alt"] == "a drawing of 16x16 pixels, of which 32 are erased"
    row = still[2 + 2 * 10 + 5, 7::10][:16]  # the middle of the pixels of row 2
    assert len(np.unique(row, axis=0)) == 2 and (row[0] != row[1]).any()


def test_the_palette_is_that_of_the_sprites():
    pixels = np.load(du.DATA / "sprites_16x16.npy")
    there = re.search(r"PALETTE = \[(.*?)\]", editor.PixelEditor._esm, re.S)[1]
    assert re.findall(r"#\w{6}", there) == editor.common_colours(pixels)


def test_holes_may_be_a_mask_of_numbers(sprites):
    mask = holes(3, 4)
    assert torch.equal(editor.with_holes(sprites.x[:2], mask.float()), editor.with_holes(sprites.x[:2], mask))


def test_a_strip_of_many_pictures_is_no_picture(tmp_path):
    Image.new("RGB", (17 * 16, 16)).save(tmp_path / "strip.png")
    with pytest.raises(ValueError, match="272 x 16: more than 16 times as long as wide"):
        load_picture(tmp_path / "strip.png")


def test_one_picture_is_read_like_a_folder_of_one(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 25, 3), np.uint8)).save(tmp_path / "a.png")
    assert torch.equal(load_picture(tmp_path / "a.png"), du.load_folder(tmp_path, report=None).x)


# ------------------------------------------------------------------------------------------------------- the studio


@pytest.fixture
def asked():
    return []


@pytest.fixture
def studio(asked, sprites):
    """A studio around functions that note what they were asked."""

    def draw(x, prompt, strength, seed):
        asked.append(("draw", prompt, strength, seed))
        if "dragon" in prompt:
            raise ValueError("the network has never read the word 'dragon'")
        return sprites.x[seed : seed + 8], f"eight for {prompt}"

    def fill(x, erased, prompt, seed):
        asked.append(("fill", prompt, int(erased.sum()), seed))
        return torch.where(erased, sprites.x[seed : seed + 8], x)

    return editor.studio(draw, fill, x=sprites.x[3], prompt="wizard")


def test_there_is_a_result_before_anyone_touches_it(studio, asked):
    assert asked == [("draw", "wizard", 0.6, 0)] and "eight for wizard" in studio.sentence.value
    data, about = studio._repr_mimebundle_()
    assert "image/png" in data and "8 sprites" in about["image/png"]["alt"]


def test_buttons_and_controls_draw(studio, asked):
    before = studio.image.value
    studio.buttons["again"].click()
    studio.controls["strength"].value = 0.3
    assert asked[1:] == [("draw", "wizard", 0.6, 1), ("draw", "wizard", 0.3, 1)] and studio.image.value != before
    studio.buttons["fill"].click()
    assert len(asked) == 3 and "Nothing is erased" in studio.sentence.value  # and the last picture stays
    studio.editor.mask = holes(4).numpy()
    studio.buttons["fill"].click()
    assert asked[-1] == ("fill", "wizard", 16, 1)
    outside = studio.results[:, :, ~holes(4)]
    assert torch.equal(outside, studio.editor.x[:, :, ~holes(4)].expand_as(outside))
    studio.controls["prompt"].value = "elf"  # fills once more
    assert asked[-1] == ("fill", "elf", 16, 1)


def test_an_unknown_word_is_a_sentence_and_nothing_is_lost(studio):
    picture, drawing = studio.image.value, studio.editor.pixels
    studio.controls["prompt"].value = "dragon"
    assert "never read the word &#x27;dragon&#x27;" in studio.sentence.value and "#b00020" in studio.sentence.value
    assert studio.image.value == picture and studio.editor.pixels is drawing
    studio.controls["prompt"].value = "wizard"
    assert "eight for wizard" in studio.sentence.value


WRONG = {
    "nothing yet": lambda x: ...,
    "one image": lambda x: x[0],
    "none": lambda x: x[:0],
    "small ones": lambda x: x[..., :8, :8],
    "grey ones": lambda x: x[:, :1],
    "pixels": lambda x: x.byte(),
    "no numbers": lambda x: x * torch.nan,
    "three things": lambda x: (x, "a sentence", 1),
}


@pytest.mark.parametrize("made", WRONG.values(), ids=WRONG)
def test_what_a_function_must_not_return_is_a_sentence_and_the_last_results_stay(sprites, made):
    answers = [lambda x: x.repeat(3, 1, 1, 1), made]
    here = editor.studio(lambda x, prompt, strength, seed: answers[min(seed, 1)](x), None, sprites.x[3])
    results, picture = here.results, here.image.value
    here.buttons["again"].click()
    assert "#b00020" in here.sentence.value and "Drawing" not in here.sentence.value
    assert here.results is results and here.image.value == picture


def test_a_mistake_in_a_function_does_not_leave_the_page_at_drawing(sprites, caplog):
    def draw(x, prompt, strength, seed):
        return x if seed == 0 else x @ torch.zeros(3, 3)

    here = editor.studio(draw, None, sprites.x[3])
    here.buttons["again"].click()
    assert "Exception in callback" in caplog.text  # Jupyter's log has where it was
    assert "RuntimeError: " in here.sentence.value and here.results.shape == (1, 3, 16, 16)


def test_after_the_last_seed_comes_the_first(sprites):
    seeds = []
    here = editor.studio(lambda x, prompt, strength, seed: seeds.append(seed) or x, None, seed=editor.SEEDS - 1)
    here.buttons["again"].click()
    assert seeds == [editor.SEEDS - 1, 0]


@pytest.mark.parametrize("how", [{"strength": 0}, {"strength": 2}, {"seed": -1}, {"seed": 1.5}, {"prompt": ["elf"]}])
def test_a_studio_begins_with_what_was_asked_or_says_why_not(how):
    with pytest.raises(ValueError, match="|".join(how)):
        editor.studio(lambda x, *_: x, None, **how)


def test_a_result_goes_back_into_the_editor(studio):
    take = [b for b in studio.children[-1].children if isinstance(b, ipywidgets.Button)]
    take[2].click()
    assert (studio.editor.pixels == du.to_pixels(studio.results[2])).all()


def test_it_begins_with_what_is_erased(sprites):
    made = editor.studio(None, lambda x, erased, prompt, seed: x.repeat(3, 1, 1, 1), sprites.x[0], holes(1, 2))
    assert len(made.results) == 3 and made.last == "fill"
    assert [b.disabled for b in made.children[-1].children[1:]] == [False] * 3 + [True] * 5
