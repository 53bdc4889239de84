"""What is said of the sprites: each recipe draws its picture, and each caption says what can be seen in it."""

import re
from random import Random

import numpy as np
import pytest

import diffusion_utilities as du
import prompts


@pytest.fixture(scope="module")
def lines(make_sprites, make_captions):
    """What is said of four new sprites of every kind."""
    found = []
    for label in du.CLASSES:
        for name, kind in make_sprites.load_kinds(label).items():
            for i, (_, recipe) in enumerate(make_sprites.draw_class({name: kind}, 4, 11)[1]):
                found.append(make_captions.line_of(label, name, recipe, Random(i)))
    return found


def test_captions_reach_from_one_word_to_a_sentence(lines):
    assert len({(line["class"], line["kind"]) for line in lines}) == 100
    counts = [len(line["captions"]) for line in lines]
    assert min(counts) >= 2 and max(counts) <= 7 and np.mean(counts) > 5
    lengths = [max(len(text.split()) for text in line["captions"]) for line in lines]
    assert np.mean(lengths) > 8 and max(lengths) <= 24
    assert all(line["captions"][0] == line["noun"] for line in lines)
    assert all(len(set(line["captions"])) == len(line["captions"]) for line in lines)


def test_the_same_seed_says_the_same(make_captions, lines):
    for line in lines[::20]:
        again = make_captions.line_of(line["class"], line["kind"], line["recipe"], Random(0))
        assert again == make_captions.line_of(line["class"], line["kind"], line["recipe"], Random(0))


def test_a_vocabulary_of_some_hundred_words_says_it_all(lines):
    words = prompts.Words.of(prompts.Captions(lines, []))
    assert 200 < len(words.vocabulary) < 800
    for line in lines:
        for text in line["captions"]:
            assert words.decode(words.encode(text)[0]) == text


def test_the_english(lines):
    texts = {text for line in lines for text in line["captions"]}
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
        found = [other for other in MEANS if means(other, rgb)]
        assert word in found and len(found) <= 2, (word, found)  # a neighbour at most: a deep orange is a light brown


def test_colours_are_named_as_they_are_seen(make_sprites, make_captions, lines):
    """Every colour that is said of a sprite, and the pixels that it is said of."""
    wrong, n = [], 0
    for line in lines:
        label, name = line["class"], line["kind"]
        kind = make_sprites.load_kinds(label)[name]
        picture = kind.render(line["recipe"])
        for fact in make_captions.facts_of(make_captions.SAID[label][name], kind, line["recipe"]):
            for word, mask in fact.masks.items():
                pixels = picture[mask]
                seen = np.median(pixels, 0), pixels.mean(0)
                names = [make_captions.plain(one) for one in word.split(" and ")]  # a fire is red and orange
                if not any(means(one, rgb) for one in names for rgb in seen):
                    wrong.append((name, fact.phrase, word, seen))
                n += 1
    assert n > 800 and not wrong, wrong


def test_what_is_hidden_is_not_said(make_sprites, make_captions):
    """A white heart on a white mug, red lacing on red armour, no beard, a cloud that a ball of lightning hides."""

    def say(label, kind, **choices):
        kinds = make_sprites.load_kinds(label)
        recipe = {option: values[0] for option, values in kinds[kind].options.items()} | choices
        said = make_captions.SAID[label][kind]
        return make_captions.sentence(said, make_captions.facts_of(said, kinds[kind], recipe))

    assert "heart" not in say("food", "mug", cup="white", mark="heart", mark_colour="white")
    assert "dark blue heart" in say("food", "mug", cup="white", mark="heart", mark_colour="navy")
    assert "lacing" not in say("hero", "samurai", armour="red", trim="red")
    assert "white lacing" in say("hero", "samurai", armour="red", trim="white")
    assert "beard" not in say("hero", "wizard", beard="none")
    assert say("food", "burger", upper="tomato", middle="tomato").count("tomato") == 1
    assert "cloud" not in say("spell", "lightning", bolt="ball", cloud="grey")
    wizard = dict(look=("fair", "white"), hat="bent-hat", robe="purple", beard="long", staff="orb-staff", gem="lime")
    assert say("hero", "wizard", **wizard) == ("an old wizard in a purple robe with a bent purple hat and a long white "
                                               "beard, holding a staff with a light green orb")  # fmt: skip


# --------------------------------------------------------------------------------------------------------- three parts


def test_nothing_tells_of_an_unseen_pair_in_the_training_part(monkeypatch):
    monkeypatch.setattr(du, "HELD_OUT", 2)
    said = [("wizard", ["red", "white"]), ("wizard", ["blue", "red"]), ("wizard", ["blue"]), ("knight", ["red"]),
            ("wizard", ["green"]), ("wizard", ["red"])]  # fmt: skip
    lines = [{"noun": noun, "colour": colours[0], "colours": colours} for noun, colours in said]
    parts = prompts.Captions(lines, [("wizard", "red")]).parts()
    assert {name: rows.tolist() for name, rows in parts.items()} == {
        "unseen": [0, 5],
        "train": [2, 3],  # not 1: a wizard in blue with something red
        "held_out": [4],
    }


def test_all_colours_that_the_captions_name_are_known(make_captions, lines):
    for line in lines:
        named = {make_captions.NAMED[word] for text in line["captions"] for word in prompts.split_words(text)
                 if word in make_captions.NAMED}  # fmt: skip
        assert named <= set(line["colours"])
        assert line["colour"] is None or line["colours"][0] == line["colour"]
