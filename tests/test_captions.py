"""What is said of the sprites: each recipe draws its picture, and each caption says what can be seen in it."""

import importlib.util
import re
from random import Random

import numpy as np
import pytest
from conftest import ROOT

import diffusion_utilities as du
import prompts


@pytest.fixture(scope="module")
def make_captions(make_sprites):
    spec = importlib.util.spec_from_file_location("make_captions", ROOT / "data" / "make_captions.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def captions():
    return prompts.load_captions()


def recipe_of(line):
    """JSON knows no tuples."""
    return {name: as_tuple(value) for name, value in line["recipe"].items()}


def as_tuple(value):
    return tuple(map(as_tuple, value)) if isinstance(value, list) else value


# ------------------------------------------------------------------------------------------------------------- the file


def test_the_recipes_draw_the_pictures(make_sprites, captions):
    pixels = np.load(du.DATA / "sprites_16x16.npy", mmap_mode="r")
    labels = np.load(du.DATA / "sprite_labels_16x16.npy").argmax(1)
    assert len(captions.lines) == len(pixels) == 40_000
    assert [du.CLASSES.index(line["class"]) for line in captions.lines] == labels.tolist()
    for i in [*range(0, 36_000, 60), *range(36_000, 40_000, 20)]:
        line = captions.lines[i]
        picture = make_sprites.load_kinds(line["class"])[line["kind"]].render(recipe_of(line))
        assert np.array_equal(picture, pixels[i]), f"sprite {i}"


def test_the_program_writes_these_lines(make_captions, captions):
    assert [tuple(pair) for pair in make_captions.UNSEEN] == captions.unseen
    for i in range(0, 40_000, 250):
        line, rng = captions.lines[i], Random(make_captions.SEED * 1_000_003 + i)
        again = make_captions.line_of(line["class"], line["kind"], recipe_of(line), rng)
        assert {k: v for k, v in again.items() if k != "recipe"} == {k: v for k, v in line.items() if k != "recipe"}


def test_the_file_is_small_and_a_vocabulary_of_some_hundred_words_says_it_all(captions):
    assert (du.DATA / "captions.jsonl.gz").stat().st_size < 4e6
    words = prompts.Words.of(captions)
    assert 200 < len(words.vocabulary) < 800
    longest = max(len(prompts.split_words(text)) for line in captions.lines for text in line["captions"])
    assert longest <= words.length
    for line in captions.lines[::400]:
        for text in line["captions"]:
            assert words.decode(words.encode(text)[0]) == text


def test_every_sprite_has_captions_from_one_word_to_a_sentence(captions):
    counts = [len(line["captions"]) for line in captions.lines]
    assert min(counts) >= 2 and np.mean(counts) > 5
    lengths = [max(len(text.split()) for text in line["captions"]) for line in captions.lines]
    assert np.mean(lengths) > 8 and max(lengths) <= 24
    assert all(line["captions"][0] == line["noun"] for line in captions.lines)
    assert all(len(set(line["captions"])) == len(line["captions"]) for line in captions.lines)


def test_the_english(captions):
    texts = {text for line in captions.lines for text in line["captions"]}
    wrong = [r"\ba (?!one-)[aeiou]", r"\ban (?![aeiouh])", r"\ba hour", r"\ban? an?\b", r"  ", r"[{}:~_]", r"\bnone\b",
             r"\b(\w+) \1\b", r" (and|with|in|of|a|an|the)$", r"^\W", r",,| ,"]  # fmt: skip
    for pattern in wrong:
        bad = [text for text in texts if re.search(pattern, text)]
        assert not bad, (pattern, bad[:5])


# ------------------------------------------------------------------------------------- the words and the drawn pixels


def oklch(rgb):
    """Lightness 0..1, chroma, and hue in degrees of a colour (Ottosson's Oklab): evenly spaced for the eye."""
    rgb = np.asarray(rgb) / 255
    rgb = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_lms = [
        [0.41222147, 0.53633254, 0.05144599],
        [0.21190350, 0.68069955, 0.10739696],
        [0.08830246, 0.28171884, 0.62997870],
    ]
    to_lab = [
        [0.21045426, 0.79361779, -0.00407205],
        [1.97799850, -2.42859221, 0.45059371],
        [0.02590404, 0.78277177, -0.80867577],
    ]
    L, a, b = np.array(to_lab) @ np.cbrt(np.array(to_lms) @ rgb)
    return L, np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360


# What each plain word may mean, from the eye's side: lightness from and to, chroma from and to, hue from and to.
MEANS = {
    "red": (0.3, 0.8, 0.10, 0.3, 5, 40), "orange": (0.45, 0.85, 0.10, 0.3, 36, 75),
    "yellow": (0.6, 1.0, 0.08, 0.3, 68, 112), "green": (0.3, 0.95, 0.045, 0.3, 112, 170),
    "teal": (0.4, 0.8, 0.06, 0.3, 165, 212), "blue": (0.25, 0.95, 0.03, 0.3, 196, 285),
    "purple": (0.25, 0.8, 0.09, 0.35, 275, 330), "pink": (0.45, 0.95, 0.05, 0.3, 325, 390),
    "brown": (0.25, 0.85, 0.03, 0.16, 25, 90), "beige": (0.65, 1.0, 0.02, 0.11, 45, 100),
    "black": (0.0, 0.5, 0.0, 0.05, 0, 360), "grey": (0.4, 0.9, 0.0, 0.05, 0, 360),
    "white": (0.75, 1.01, 0.0, 0.05, 0, 360),
}  # fmt: skip


def means(word, rgb):
    low, high, dull, bright, first, last = MEANS[word]
    L, chroma, hue = oklch(rgb)
    return low <= L <= high and dull <= chroma <= bright and (first <= hue <= last or first <= hue + 360 <= last)


def test_the_meanings_keep_the_plain_colours_apart():
    sure = {"red": (220, 40, 50), "orange": (240, 140, 40), "yellow": (245, 215, 70), "green": (60, 170, 70),
            "teal": (40, 160, 155), "blue": (60, 120, 220), "purple": (140, 60, 190), "pink": (245, 150, 185),
            "brown": (125, 80, 45), "beige": (230, 210, 160), "black": (50, 50, 60), "grey": (150, 155, 165),
            "white": (240, 240, 245)}  # fmt: skip
    for word, rgb in sure.items():
        assert [other for other in MEANS if means(other, rgb)] == [word]


def test_colours_are_named_as_they_are_seen(make_sprites, make_captions, captions):
    """Every colour that is said of four sprites of every kind, and the pixels that it is said of."""
    met, wrong = {}, []
    for line in captions.lines:
        label, name = line["class"], line["kind"]
        if met.setdefault((label, name), 0) == 4:
            continue
        met[label, name] += 1
        kind = make_sprites.load_kinds(label)[name]
        picture = kind.render(recipe_of(line))
        for fact in make_captions.facts_of(make_captions.SAID[label][name], kind, recipe_of(line)):
            for word, mask in fact.masks.items():
                pixels = picture[mask]
                seen = np.median(pixels, 0), pixels.mean(0)
                if word != "colourful" and not any(means(make_captions.plain(word), rgb) for rgb in seen):
                    wrong.append((name, fact.phrase, word, seen))
    assert len(met) == 100 and set(met.values()) == {4} and not wrong, wrong


def test_what_is_hidden_is_not_said(make_sprites, make_captions):
    """White sprinkles on white icing, a plate that is not there, a beard that there is none of, red lacing on red."""

    def say(label, kind, **choices):
        kinds = make_sprites.load_kinds(label)
        recipe = {option: values[0] for option, values in kinds[kind].options.items()} | choices
        said = make_captions.SAID[label][kind]
        return make_captions.sentence(said, make_captions.facts_of(said, kinds[kind], recipe))

    cake = dict(icing="white", sprinkles="many", topping="none")
    assert "sprinkles" not in say("food", "cupcake", **cake, sprinkle_colours="snow")
    assert "colourful sprinkles" in say("food", "cupcake", **cake, sprinkle_colours="candy")
    assert "lacing" not in say("hero", "samurai", armour="red", trim="red")
    assert "white lacing" in say("hero", "samurai", armour="red", trim="white")
    assert "beard" not in say("hero", "wizard", beard="none")
    assert "cloud" not in say("spell", "lightning", bolt="ball", cloud="grey")
    wizard = dict(look=("fair", "white"), hat="bent-hat", robe="purple", beard="long", staff="orb-staff", gem="lime")
    assert say("hero", "wizard", **wizard) == ("an old wizard in a purple robe with a bent purple hat and a long white "
                                               "beard, holding a staff with a light green orb")  # fmt: skip


# --------------------------------------------------------------------------------------------------------- three parts


def test_three_parts_that_do_not_mix(captions):
    parts = captions.parts()
    train, held_out, unseen = (set(parts[name].tolist()) for name in ("train", "held_out", "unseen"))
    assert not (train & held_out or train & unseen or held_out & unseen)
    assert len(train) > 28_000 and len(held_out) > 3_500 and len(unseen) > 800
    assert max(train) < 36_000 <= min(held_out)


# every word for a colour, written down once more and by hand
SHADES = {
    "yellow": "yellow golden blond", "pink": "pink magenta", "purple": "purple violet", "red": "red", "teal": "teal",
    "orange": "orange ginger copper", "brown": "brown chestnut bronze chocolate", "grey": "grey silver",
    "green": "green", "blue": "blue",
}  # fmt: skip


def test_no_unseen_pair_leaks_into_the_training_part(captions):
    pairs = captions.unseen
    train = [captions.lines[i] for i in captions.parts()["train"].tolist()]
    for noun, colour in pairs:
        of_noun = [line for line in train if line["noun"] == noun]
        shades = set(SHADES[colour].split())
        assert not any(shades & set(prompts.split_words(text)) for line in of_noun for text in line["captions"])
        assert len(of_noun) >= 100, noun  # each word alone is met often
        assert sum(line["colour"] == colour for line in train) >= 500, colour
        assert sum((line["noun"], line["colour"]) == (noun, colour) for line in captions.lines) >= 15, (noun, colour)
