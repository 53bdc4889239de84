"""Say what is on each of the 40,000 sprites: its recipe, and captions from one word to a whole sentence.

    python data/make_captions.py              draw every sprite again, check it against sprites_16x16.npy, write
                                              captions.jsonl.gz (about two minutes on one core)
    python data/make_captions.py --sheet 20   only a contact sheet of 20 random sprites beside their captions
                                              (--from 7: other ones; --label food: of one class)

Every sprite is drawn from a *recipe*: a kind ("wizard") and a choice for each of its options ({"robe": "purple", ...}).
make_sprites.py does not write the recipes down, but it makes the same ones again whenever it is asked, and this program
asks: it draws all sprites once more, in the same order, and stops unless each is equal to the one in the file.

A caption must say only what can be seen, so the pictures are asked, not the recipes:
    a part is said     if leaving it out (or, where it cannot be left out, choosing another) visibly changes at least
                       SEEN pixels: what others hide, and white sprinkles on white icing, are not said
    a colour is said   if at least SEEN pixels of the part have it from the option that chooses it
    a colour that a part shares with what it lies on (red lacing on red armour) cannot be told apart: it is not said
The words are those of art/words.py. Each sprite gets up to seven captions: its noun; its main colour ("a purple
wizard" of the recipe is "a wizard in a purple robe" in words); one, two and three things about it; all that is seen, as
long as it fits MOST_WORDS; and the same as keywords with commas. Some say the plain colour ("red" for a dark red).

The file, one JSON object a line, gzip around it (JSON, because it can be read with any tool, and by eye; together with
gzip it takes 3.8 MB, as text 24). The first line is about the file; the others are in the order of the sprites:
    {"class": "hero", "kind": "wizard", "noun": "wizard", "recipe": {...}, "colour": "purple", "parts": ["hat", ...],
     "colours": ["purple", "white"], "captions": ["wizard", ...]}
    colour   the main colour as a plain word, or null where no colour comes before the others
    parts    what is seen and has a name; colours: all plain colours that its captions may name, the main one first

UNSEEN lists pairs of a noun and a colour that a text model is to meet only after training: see `parts` in
notebooks/prompts.py, which leaves every sprite out of the training part whose captions could name both.
"""

import argparse
import gzip
import json
import re
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
from art.pixels import RAMPS
from art.spell import FIRES
from art.words import COLOURS, FIRE, HAIR, METAL, NO_COLOUR, PLAIN, SAID, SHORT, SIDES, SPRINKLES, SWEET
from make_sprites import CLASSES, HELD_OUT_PER_CLASS, PER_CLASS, SEED, draw_class, load_kinds, write_whole
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
FILE = HERE / "captions.jsonl.gz"
SEEN, APART, MOST_WORDS = 3, 48, 24  # pixels; levels of 255 in one channel; words of a caption
UNSEEN = [
    ("wizard", "red"), ("witch", "green"), ("ninja", "purple"), ("princess", "green"), ("samurai", "purple"),
    ("king", "blue"), ("bard", "green"), ("child", "orange"), ("slime", "purple"), ("dragon", "blue"),
    ("octopus", "green"), ("frog", "orange"), ("bat", "brown"), ("plant", "blue"), ("mug", "blue"),
    ("cupcake", "green"), ("doughnut", "purple"), ("fish", "teal"), ("potion", "purple"), ("crystal", "green"),
    ("flame", "purple"), ("ring", "red"), ("tornado", "pink"), ("portal", "red"),
]  # fmt: skip

# ---- what can be seen


def value_of(recipe, name):
    """The choice of an option, "robe", or of one entry of an option that is a pair, "look:1"."""
    option, _, entry = name.partition(":")
    return recipe[option][int(entry)] if entry else recipe[option]


def with_value(recipe, name, value):
    """The recipe with another choice there."""
    option, _, entry = name.partition(":")
    if entry:
        pair = list(recipe[option])
        pair[int(entry)] = value
        value = tuple(pair)
    return recipe | {option: value}


# Ramps that no sprite has, to find out which pixels owe their colour to which option: (number, shade, 255).
MARKS = 12
for n in range(MARKS):
    for third in range(3):
        RAMPS[f"mark {n} {third}"] = tuple((n, 4 * third + shade, 255) for shade in range(4))
    FIRES[f"mark {n} 0"] = tuple(f"mark {n} {third}" for third in range(3))


@cache
def choices_of(kind, name):
    """All choices of an option, each once; of an option that is a pair, "look:1", those of its entry."""
    option, _, entry = name.partition(":")
    choices = kind.options[option]
    return list(dict.fromkeys(choice[int(entry)] for choice in choices) if entry else choices)


@cache
def is_colour(kind, name):
    """Does an option choose a colour, not a part?"""
    named = [choice for choice in choices_of(kind, name) if choice != "none" and isinstance(choice, str)]
    return any(all(choice in table for choice in named) for table in (RAMPS, FIRES))


@cache
def colours_of(kind, said):
    """The options of a kind that choose a colour, of those whose words there are."""
    phrases = [[phrases] if isinstance(phrases, str) else phrases.values() for _, _, phrases in said.entries]
    names = [option for _, option, _ in said.entries]
    names += [name for some in phrases for phrase in some for name in re.findall(r"{(.*?)}", phrase)]
    return [name for name in dict.fromkeys(names) if is_colour(kind, name)]


@cache
def drawing(kind, recipe):
    """The picture (16, 16, 3) of a recipe, given as its items: most recipes differ in their colours alone, so that with
    marks in place of these a drawing serves many of them."""
    return kind.render(dict(recipe))


class Sight:
    """Asks what can be seen of the choices of a recipe. Its drawings have marks for colours, and the darkest ink."""

    def __init__(self, said, kind, recipe):
        self.kind, self.known = kind, {}
        self.recipe, self.table = recipe | {"ink": "night"}, np.zeros((MARKS, 12, 3), int)
        names = [name for name in colours_of(kind, said) if value_of(recipe, name) != "none"]
        for n, name in enumerate(names):
            value = value_of(recipe, name)
            ramps = FIRES[value] if value in FIRES else [value]
            shades = [shade for ramp in ramps for shade in (RAMPS[ramp] if isinstance(ramp, str) else ramp)]
            self.table[n, : len(shades)] = shades
            self.recipe = with_value(self.recipe, name, f"mark {n} 0")
        marks = self.draw(self.recipe)
        self.picture = self.painted(marks)
        for n, name in enumerate(names):
            self.known[name] = (marks[..., 2] == 255) & (marks[..., 0] == n)

    def draw(self, recipe):
        return drawing(self.kind, tuple(sorted(recipe.items())))

    def painted(self, marks):
        """A drawing with marks (16, 16, 3) in the colours of the recipe."""
        n, shade, _ = np.moveaxis(marks, 2, 0)
        marked = (marks[..., 2] == 255) & (n < MARKS) & (shade < 12)
        picture = marks.astype(int)
        picture[marked] = self.table[n[marked], shade[marked]]
        return picture

    def of(self, name):
        """The pixels (16, 16) by which the choice of an option is seen: that owe their colour to it, or that would
        look different without the part, or with another; none at all, if these are too few."""
        if name not in self.known:
            value, others = value_of(self.recipe, name), choices_of(self.kind, name)
            other = "none" if "none" in others else next((choice for choice in others if choice != value), value)
            picture = self.painted(self.draw(with_value(self.recipe, name, other)))
            self.known[name] = np.abs(self.picture - picture).max(2) >= APART
        mask = self.known[name]
        return mask if mask.sum() >= SEEN else np.zeros((16, 16), bool)


# ---- what is said of it


def plain(word):
    """The colour as one of the thirteen words that count as *the* colour of a sprite: red for dark red."""
    return PLAIN.get(word, word.split()[-1])


# Every word that names a colour, and the plain one: golden is yellow.
NAMED = {word: plain(word) for table in (COLOURS, HAIR, METAL, SWEET, FIRE) for full in table.values()
         for word in full.split() if word not in NO_COLOUR}  # fmt: skip


def short(word):
    """A colour as a hurried person says it: red for dark red, pink for magenta, but blond hair stays blond."""
    return SHORT.get(word, word.split()[-1])


def colour_word(said, recipe, name):
    """What a person calls the colour of an option: "dark red"."""
    value, words = value_of(recipe, name), said.words.get(name.split(":")[0], {})
    return (FIRE | SPRINKLES | SIDES | COLOURS | words)[value]


class Fact:
    """One thing that is seen on a sprite: `place` and `phrase` as in art/words.py, the colours as full words; `option`
    is what it is about, `part` the thing's own name or None, `masks` where (16, 16) each of its colours is seen."""

    def __init__(self, place, option, phrase, masks, part):
        self.place, self.option, self.phrase, self.part, self.masks = place, option, phrase, part, masks
        self.colours = list(masks)  # the full words

    def said(self, full):
        """The phrase, its colours in full or as plain words."""
        phrase = self.phrase
        if not full:
            for word in self.colours:
                phrase = phrase.replace(word, short(word), 1)
        return re.sub(r"\b(\w+) and \1\b", r"\1", phrase)


def facts_of(said, kind, recipe):
    """All that is seen on the sprite of a recipe and can be said: a list of Facts, in the order of art/words.py."""
    sight, facts = Sight(said, kind, recipe), []
    for place, option, phrases in said.entries:
        value = value_of(recipe, option)
        phrase = phrases if isinstance(phrases, str) else phrases.get(value)
        if phrase is None or value == "none" or place != "noun" and not sight.of(option).any():
            continue
        if place == "mood" and any(fact.place == "mood" for fact in facts):
            continue  # angry eyes over a smile: the eyes count
        if said.main not in (None, option) and is_colour(kind, option):
            if colour_word(said, recipe, option) == colour_word(said, recipe, said.main):
                continue  # what has the colour of what it lies on cannot be told from it
        names, masks = re.findall(r"{(.*?)}", phrase), {}
        for name in names:
            word = colour_word(said, recipe, name)
            if is_colour(kind, name):  # not the side that something flies to, nor the colours of sprinkles
                mask = sight.of(name)
                if place != "colour" and name != option:
                    mask = mask & sight.of(option)  # the colour of this part, not of another one
                word = word if mask.sum() >= SEEN else ""
                masks |= {word: mask} if word else {}
            phrase = phrase.replace("{" + name + "}", word, 1)
        phrase = " ".join(phrase.removesuffix(" and ").split())
        if phrase in ("", "and", "eyes", "hair") and names:
            continue  # a colour that is not seen was all that there was to say
        if any(phrase == fact.phrase for fact in facts):
            continue  # tomato on tomato
        thing = re.split(r" (?:with|of|on|in|inside|above|across|as) ", phrase + " on ")[0].split()[-1]
        facts.append(Fact(place, option, phrase, masks, thing if place in PARTS else None))
    return facts


PARTS = ("in", "with", "holding", "playing")


def joined(phrases):
    """ "a hat", "a hat and a beard", "a hat, a beard and a staff"."""
    return " and ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)


def with_articles(text):
    """ "a" where it stands before a vowel's sound becomes "an"."""
    return re.sub(r"\ba (?=(?!one\b)[aeiou]|hour)", "an ", text)


def sentence(said, facts, full=True, held_with=False, view=""):
    """The facts as one phrase: "an old wizard in a purple robe with a long white beard, holding a staff"."""
    at = {place: [fact.said(full) for fact in facts if fact.place == place]
          for place in ("colour", "adj", "mood", "noun", "of", "in", "with", "holding", "playing", "post")}  # fmt: skip
    noun = (at["noun"] or [said.noun])[0]
    front = [*at["adj"], *at["mood"][:1]]
    if "~" in noun:
        noun = " ".join(noun.replace("~", " ".join([*at["colour"], ""])).split())
    else:
        front += at["colour"]
    text = " ".join([*front, noun] if said.mass and not at["noun"] else ["a", *front, noun])
    if held_with:
        at["with"], at["holding"] = at["with"] + at["holding"], []
    for place in ("of", "in", "with", "holding", "playing"):
        if at[place]:
            comma = "," if place in ("holding", "playing") and len(at["with"]) > 1 else ""
            word = "" if place == "of" and at[place][0].startswith("dipped") else place + " "
            text += f"{comma} {word}{joined(at[place])}"
    if view:
        text += "," * (" with " in text or " holding " in text) * (not view.startswith("walking"))
    return with_articles(" ".join([text, *at["post"], view]).strip())


def keywords(said, facts, full=True):
    """The facts with commas between them: "wizard, purple robe, long white beard"."""
    front = [fact for fact in facts if fact.place in ("colour", "adj", "mood", "noun", "of")]
    rest = [re.sub(r"^an? ", "", fact.said(full)) for fact in facts if fact not in front]
    return with_articles(", ".join([re.sub(r"^an? ", "", sentence(said, front, full)), *rest]))


def captions_of(label, said, facts, recipe, rng):
    """Up to seven captions of a sprite, from its noun alone to all that is seen."""
    main = [fact for fact in facts[:1] if said.main and fact is facts[0] and fact.option == said.entries[0][1]]
    others = [fact for fact in facts if fact not in main]
    views = ["seen from the side", "facing right"]
    if recipe.get("frame") in ("near", "far"):
        views.append("walking to the right")

    def some(n):
        return sorted(sorted(others, key=lambda _: rng.random())[:n], key=facts.index)

    def say(chosen, sideways):
        view = views[int(rng.random() * len(views))] if label == "side-facing" and rng.random() < sideways else ""
        chosen = sorted(chosen, key=facts.index)
        text = sentence(said, chosen, rng.random() < 0.6, rng.random() < 0.4, view)
        while len(text.split()) > MOST_WORDS:
            loose = [fact for fact in chosen if fact not in main]
            chosen.remove(loose[int(rng.random() * len(loose))])
            text = sentence(said, chosen, True, False, view)
        return text

    texts = [said.noun, say(main, 0.3), say(some(1), 0.3), say(main + some(1), 0.5), say(main + some(2), 0.5)]
    texts += [say(facts, 0.8), keywords(said, main + some(3), rng.random() < 0.6)]
    return list(dict.fromkeys(texts))


def line_of(label, name, recipe, rng):
    """All that is known of a sprite: a line of the file."""
    said, kind = SAID[label][name], load_kinds(label)[name]
    facts = facts_of(said, kind, recipe)
    firsts = {plain(word) for word in facts[0].colours} if facts and facts[0].option == said.entries[0][1] else set()
    main = firsts.pop() if said.main and len(firsts) == 1 else None
    words = " ".join(fact.said(full) for fact in facts for full in (True, False)).split()
    colours = [NAMED[word] for word in words if word in NAMED]  # those of a golden crown and a red tongue, too
    return {
        "class": label, "kind": name, "noun": said.noun, "recipe": recipe, "colour": main,
        "parts": sorted({fact.part for fact in facts if fact.part}),
        "colours": list(dict.fromkeys([main] * (main is not None) + colours)),
        "captions": captions_of(label, said, facts, recipe, rng),
    }  # fmt: skip


# ---- the file


def recipes_again():
    """(label, kind, recipe, picture) of every sprite, in the order of sprites_16x16.npy: make_sprites.py once more."""
    train, held_out = [], []
    for i, label in enumerate(CLASSES):
        pictures, recipes = draw_class(load_kinds(label), PER_CLASS, SEED + i)
        every = [(label, name, recipe, picture) for (name, recipe), picture in zip(recipes, pictures)]
        train += every[:-HELD_OUT_PER_CLASS]
        held_out += every[-HELD_OUT_PER_CLASS:]
    for part in (train, held_out):
        rng = Random(SEED)
        yield from (part[i] for i in sorted(range(len(part)), key=lambda _: rng.random()))


def all_lines():
    """The lines of all sprites, each checked against its picture in the file."""
    pictures = np.load(HERE / "sprites_16x16.npy", mmap_mode="r")
    for row, (label, name, recipe, picture) in enumerate(recipes_again()):
        if not np.array_equal(picture, pictures[row]):
            raise SystemExit(f"sprite {row} is drawn otherwise than in sprites_16x16.npy: run make_sprites.py first")
        yield line_of(label, name, recipe, Random(SEED * 1_000_003 + row))


def contact_sheet(lines, pictures, file, scale=6):
    """A PNG of sprites beside their captions, to be read."""
    font, row = ImageFont.load_default(13), 16 * scale + 8
    sheet = Image.new("RGB", (1000, row * len(lines)), (232, 232, 232))
    draw = ImageDraw.Draw(sheet)
    for i, (line, picture) in enumerate(zip(lines, pictures)):
        sheet.paste(Image.fromarray(picture.repeat(scale, 0).repeat(scale, 1)), (4, i * row + 4))
        head = f"{line['class']} / {line['kind']} / {line['colour']}"
        for j, text in enumerate([head, *line["captions"]]):
            fill = (130, 60, 0) if j == 0 else (0, 0, 0)
            draw.text((16 * scale + 14, i * row + 1 + j * 13), text, fill, font=font)
    sheet.save(file)


def pack(lines, stream):
    """The lines as the bytes of FILE, the same ones at any time and in any folder."""
    with gzip.GzipFile(FILE.name, "wb", 9, stream, mtime=0) as file:
        file.write("\n".join([*lines, ""]).encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sheet", type=int, help="write only a sheet of so many sprites beside their captions")
    parser.add_argument("--from", type=int, default=0, dest="seed", help="with --sheet: which ones (a seed)")
    parser.add_argument("--label", choices=list(CLASSES), help="with --sheet: only of this class")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: beside this file)")
    args = parser.parse_args()

    if args.sheet:
        rng, lines, pictures = Random(args.seed), [], []
        for _ in range(args.sheet):
            label = args.label or list(CLASSES)[int(rng.random() * len(CLASSES))]
            (picture,), ((name, recipe),) = draw_class(load_kinds(label), 1, int(rng.random() * 1e9))
            lines.append(line_of(label, name, recipe, rng))
            pictures.append(picture)
        file = args.out / "sheet_captions.png"
        contact_sheet(lines, pictures, file)
        print(file)
        return

    head = {"about": "recipes and captions of sprites_16x16.npy, see make_captions.py", "unseen": UNSEEN}
    text = [json.dumps(part) for part in (head, *all_lines())]
    write_whole(args.out / FILE.name, lambda stream: pack(text, stream))
    print(f"{len(text) - 1} sprites, {(args.out / FILE.name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
