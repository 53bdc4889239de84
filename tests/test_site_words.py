"""The tokenizer of the site (plumbing/site/words.js) reads, refuses and advises as `prompts.Words` does, word for word.

One run of node reads some hundred prompts: captions as they are, with a letter lost, doubled, swapped or replaced, in
the plural, in capitals, and what nobody should type.
"""

import json
import random
import subprocess
from pathlib import Path

import pytest
from test_site_sampler import FOLDER, NODE

import prompts

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node here: the words of the site cannot be run")

BAD = [
    "", " ", ".", " ?! ", "-", "- -", ",", ", ,", "a unicorn", "a wizzard", "qqqq", "3 wizards", "a wizard's hat",
    "a wizard’s hat", "a \\ b", 'a "red" robe', "red; blue", "a\u200bb", "naïve wizard", "a 🧙 in red", "a\x00b",
    "a\u2028b!x", "red\x1crobe", "red\xa0robe\xa0", "\ufeffred", "A WIZARD IN RED!!!", "wizard...", "wizard. red",
    "a " * 33, "a " * 32, "red,blue", "one-eyed", "-red-", "red--blue", "gray robes", "donuts", "donut", "armor",
    "capes", "axes", "knives",
    "toString", "constructor", "constructors", "__proto__", "hasOwnProperty", "ies", "ves", "es", "s", "ss", "İ",
]  # fmt: skip


def spoiled(text, dice):
    """The text with one small mistake in one of its words."""
    words = text.split()
    at = dice.randrange(len(words))
    word, place, letter = words[at], dice.randrange(len(words[at])), dice.choice("abcdefghijklmnopqrstuvwxyz")
    before, after = word[:place], word[place:]
    words[at] = dice.choice([
        before + after[1:], before + after[0] + after, before + letter + after[1:], before + after[::-1],
        word + "s", word + "es", word.upper(), letter + word, word + ".",
    ])  # fmt: skip
    return " ".join(words)


def answer(words, text):
    try:
        return words.encode(text)[0].tolist()
    except ValueError as error:
        return str(error)


def test_the_site_reads_and_refuses_as_python_does():
    captions, dice = prompts.load_captions(), random.Random(0)
    words = prompts.Words.of(captions)
    good = [dice.choice(line["captions"]) for line in dice.sample(captions.lines, 200)]
    texts = [*good, *(spoiled(text, dice) for text in good for _ in range(3)), *BAD]
    given = dict(vocabulary=words.vocabulary, length=words.length, texts=texts)
    run = subprocess.run([NODE, Path(__file__).with_name("site_words.mjs"), FOLDER], input=json.dumps(given),
                         capture_output=True, text=True, timeout=60)  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    theirs, ours = json.loads(run.stdout), [answer(words, text) for text in texts]
    assert [(text, a, b) for text, a, b in zip(texts, ours, theirs) if a != b] == []
    assert len(theirs) == len(texts) and all(isinstance(tokens, list) for tokens in ours[: len(good)])
    for said in ("did you mean", "it knows", "means nothing here", "is empty", "are the most"):
        assert any(isinstance(text, str) and said in text for text in ours), said  # it was tried
