"""The file of captions: its recipes draw the sprites, the program writes these lines, and three parts do not mix."""

import gzip
from random import Random

import numpy as np
import pytest

import diffusion_utilities as du
import prompts


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


def test_the_bytes_do_not_depend_on_the_time_and_a_cut_leaves_the_old_file(make_captions, tmp_path):
    file = tmp_path / "captions.jsonl.gz"
    shipped = (du.DATA / file.name).read_bytes()
    lines = gzip.decompress(shipped).decode().split("\n")[:-1]
    make_captions.write_whole(file, lambda stream: make_captions.pack(lines, stream))
    assert gzip.decompress(file.read_bytes()) == gzip.decompress(shipped)
    assert file.read_bytes()[:20] == shipped[:20]  # no time, and the file's own name
    with pytest.raises(TypeError):
        make_captions.write_whole(file, lambda stream: make_captions.pack([*lines, None], stream))
    assert gzip.decompress(file.read_bytes()) == gzip.decompress(shipped) and list(tmp_path.iterdir()) == [file]


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


# ---------------------------------------------------------------------------------------------------------------- judge


def test_the_shipped_judge_reads_the_held_out_sprites(train_judge, captions):
    judge, lines = prompts.load_judge(), captions.lines
    assert (du.WEIGHTS / "judge.pth").stat().st_size < 300_000
    assert judge.names == train_judge.names_of(lines[: -du.HELD_OUT])
    x, truth = du.load_sprites("held_out", 1000).x, train_judge.truth_of(lines[-du.HELD_OUT :][:1000], judge.names)
    shares = train_judge.accuracy(judge, x, truth)
    assert shares["kind"] > 0.97 and shares["colour"] > 0.95, shares
    read = prompts.read(x[:50])
    assert sum(one["kind"] == f"{line['class']}/{line['kind']}" for one, line in zip(read, lines[-du.HELD_OUT :])) > 45
    assert {"kind", "colour", "parts"} == set(read[0])
