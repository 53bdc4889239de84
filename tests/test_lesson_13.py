"""Lesson 13: its parts are the course's, and what it says of words, maps and obedience is so."""

import pytest
import torch
from conftest import awake, close, products

import diffusion_utilities as du
import prompts
import widgets
from plumbing import lesson_13

STUBS = ("tokens_of", "bag", "cross_attend", "obeyed", "word_map")


@pytest.fixture(scope="module")
def words():
    return prompts.Words("a wizard in red blue robe with hat , slime and doughnut beard".split())


@pytest.fixture
def written(lesson, words):
    """The lesson's functions, its solutions in place of the stubs."""
    module = lesson("13_prompts", words=words)
    for name in STUBS:
        setattr(module, name, getattr(module, f"solution_{name}"))
    return module


def small():
    return awake(prompts.PromptUnet(13, width=16, widths=(8, 16, 24)))


def test_its_tokens_are_the_courses(written, words):
    texts = ["A wizard in a red robe, with a blue hat", "slimes"]
    assert torch.equal(written.encode(*texts), words.encode(texts))


def test_a_bag_forgets_the_order_and_its_tokens_are_words_again(written, words):
    one, other = words.encode(["a red hat with blue robe", "blue hat with a red robe"]).split(1)
    assert torch.equal(written.bag(one, 13), written.bag(other, 13))
    read = written.without_order(torch.cat([one, other]))
    assert torch.equal(read[0], read[1]) and words.decode(read[0]) == "a red blue robe with hat"


def test_a_network_with_the_lessons_attention_answers_the_same(written, words, noise):
    model, x = small(), noise(2, 3, 16, 16)
    tokens = words.encode(["a wizard in a red robe", "slime"])
    with torch.no_grad():
        theirs, before = model(x, 0.5, tokens), [layer.state_dict() for layer in model.cross.values()]
        ours = written.with_yours(model)(x, 0.5, tokens)
    close(ours, theirs, 2 * products(model))
    assert all(type(layer) is written.CrossAttention for layer in model.cross.values())
    for layer, state in zip(model.cross.values(), before):
        assert all(torch.equal(layer.state_dict()[name], value) for name, value in state.items())


def test_what_the_lessons_attention_looks_at(written, words, noise):
    model, x = small(), noise(2, 16, 8, 8)
    text, there = model.text(words.encode(["a wizard in a red robe", "slime"]))
    layer = model.cross["up"]
    theirs = layer.looks(x, text, there)
    layer.__class__ = written.CrossAttention
    close(layer.looks(x, text, there), theirs, products(layer), scale=1)


def test_everything_is_trained_through_it(written, words, sprites):
    """The live training reaches all of the new parts."""
    torch.manual_seed(0)
    unet, ab_t = du.Unet(widths=(8, 16, 24)), du.noise_schedule("cosine")
    model = written.with_yours(prompts.PromptUnet.from_unet(unet, 13, width=16))
    texts = [["a wizard", "a wizard in a red robe"]] * 4 + [["slime"]] * 4
    trainer = prompts.PromptTrainer(model, sprites.x[:8], texts, words, ab_t, batch=8, device="cpu", lr=1e-2)
    new = ("cross", "text", "whole")  # the key's bias has no say: it adds the same to all fits of a place
    before = {name: p.clone() for name, p in model.named_parameters() if name.startswith(new) and "weight" in name}
    for _ in trainer.run(steps=6):
        pass
    after = dict(model.named_parameters())
    assert not [name for name, p in before.items() if torch.equal(p, after[name])]
    assert all(type(layer) is written.CrossAttention for layer in trainer.ema.model.cross.values())


def test_its_share_is_the_courses_obedience(written):
    captions, every = prompts.load_captions(), du.load_sprites("all").x
    vars(written).update(captions=captions, every=every, parts=captions.parts())
    for part in ("held_out", "unseen"):
        lines, texts, x = written.wishes(part, 40)
        assert all(prompts.asked_for(line, text)["colour"] for line, text in zip(lines, texts))
        assert all(text in line["captions"] for line, text in zip(lines, texts))
        assert written.share(lines, texts, x) == pytest.approx(100 * prompts.obeyed(texts, lines, x)["all"])
    pairs = {tuple(pair) for pair in captions.unseen}
    assert all((line["noun"], line["colour"]) in pairs for line in lines)


class Blank(torch.nn.Module):
    """Draws grey, whatever it is asked for."""

    predicts = "x0"

    def forward(self, x, t, c=None):
        return 0 * x


def test_the_widget_says_what_it_read_and_which_word_it_does_not_know(written, words):
    vars(written).update(model=Blank(), ab_t=du.noise_schedule("cosine"), fast=dict(steps=2, order=2, eta=1))
    panel = widgets.try_it(written.typed, saves={"the sheet": written.sheet}, steps=(1, 20), seed=(0, 9))
    panel.controls["prompt"].value = "Wizards in red robes!"
    assert "read as: wizard in red robe" in panel.sentence.value
    before = panel.image.value
    for prompt, says in (("a unicorn", "never read the word"), ("", "the prompt is empty"), ("a " * 33, "33 words")):
        panel.controls["prompt"].value = prompt
        assert says in panel.sentence.value and panel.image.value == before  # the last sprites stay
    panel.controls["prompt"].value = "a wizard"
    panel.controls["negative"].value = "a beerd"
    assert "did you mean" in panel.sentence.value


class Plain(torch.nn.Module):
    """Draws sprites of one grey, which says what was asked for: a hundredth of the first token."""

    predicts = "x0"

    def forward(self, x, t, c=None):
        return torch.zeros_like(x) if c is None else 0 * x + c[:, :1, None, None] / 100


def test_what_is_drawn_is_led_away_from_the_negative_prompt(written):
    vars(written).update(model=Plain(), ab_t=du.noise_schedule("cosine"), fast=dict(steps=2, order=2, eta=1))
    asked, negative = torch.tensor([[10, 3], [20, 0]]), torch.tensor([[5, 7]])
    greys = [x.mean((1, 2, 3)).tolist() for x in (
        written.draw(asked, 1), written.draw(asked, 2), written.draw(asked, 2, negative=negative),
        written.draw(asked[:1], 2, n=3))]  # fmt: skip
    expected = [[0.1, 0.2], [0.2, 0.4], [0.15, 0.35], [0.2] * 3]
    assert [[round(grey, 3) for grey in row] for row in greys] == expected


def test_more_than_sixteen_looks_are_refused(written):
    captions, every = prompts.load_captions(), du.load_sprites("all").x
    values = dict(captions=captions, every=every, parts=captions.parts(), SCORED=6, model=Blank(),
                  words=prompts.Words.of(captions), ab_t=du.noise_schedule("cosine"))  # fmt: skip
    vars(written).update(values)
    written.pairs = written.wishes("unseen", 6)
    assert 0 <= written.score(lambda model: du.Guided(model, 2), steps=8) <= 100
    with pytest.raises(ValueError, match="18.0 looks for each sprite"):
        written.score(lambda model: du.Guided(model, 2), steps=9)
    assert written.score(lambda model: written.Early(model, 4), steps=10) >= 0  # the course's best fits the budget
    assert not values["model"]._forward_pre_hooks


# ------------------------------------------------------------------------------------------------- beside the lesson


def test_watching_notes_every_call_and_then_lets_go(words, noise):
    model, tokens = small(), words.encode(["a wizard in a red robe"])
    with lesson_13.watching(model) as looks, torch.no_grad():
        for _ in range(3):
            model(noise(2, 3, 16, 16), 0.5, tokens)
    assert {name: (len(v), tuple(v[0].shape)) for name, v in looks.items()} == {
        "down": (3, (2, 2, 64, 7)), "middle": (3, (2, 2, 16, 7)), "up": (3, (2, 2, 64, 7)),
    }  # fmt: skip
    assert not any(layer._forward_hooks for layer in model.cross.values())


def test_pixels_of_a_colour():
    x = torch.full((1, 3, 2, 2), -1.0)  # black, red, dark red, grey
    x[0, 0, 0, 1], x[0, 0, 1, 0] = 1.0, 0.0
    x[0, :, 1, 1] = 0.3
    assert lesson_13.coloured(x, "red")[0].tolist() == [[False, True], [True, False]]
    assert not lesson_13.coloured(x, "blue").any()
    blue = torch.tensor([-0.8, -0.5, 0.9]).reshape(1, 3, 1, 1)
    assert lesson_13.coloured(blue, "blue").all() and not lesson_13.coloured(blue, "purple").any()


def test_how_well_a_map_finds_a_mask():
    mask = torch.zeros(4, 2, 2, dtype=torch.bool)
    mask[:3, 0] = True  # the last one is empty, and left out
    maps = torch.stack([mask[0].float(), 1 - mask[0].float(), torch.ones(2, 2), torch.ones(2, 2)])
    assert lesson_13.finds(maps, mask) == [1.0, 0.0, 0.5]


def test_maps_become_pictures():
    maps = torch.rand(5, 3, 8, 8)
    images = lesson_13.as_images(maps)
    assert images.shape == (5, 3, 1, 16, 16) and images.max() == 1 and images.min() >= -1
    assert lesson_13.enlarged(torch.ones(2, 4, 4)).eq(1).all()


def test_sprites_beside_their_captions(sprites):
    picture = lesson_13.captioned(sprites.x[:3], ["apple", "a long caption " * 8, "a wizard in a red robe"])
    assert picture.frames.shape[0] == 1 and picture.size[0] < 900 and "wizard" in picture.alt
    with pytest.raises(ValueError, match="3 images but 1 texts"):
        lesson_13.captioned(sprites.x[:3], ["apple"])


def test_what_is_refused_is_said(words):
    said = lesson_13.refusals(words.encode, ["wizards", "", "a unicorn"])
    assert said.startswith("'wizards': fine") and "the prompt is empty" in said and "'unicorn'" in said
