"""Words and sprites: the captions of the 40,000, words as numbers, a U-Net that reads them, a judge of what it drew.

    captions = load_captions()                  what is said of each sprite, and three parts that do not mix
    words = Words.of(captions)                  a vocabulary
    tokens = words.encode("a wizard in a red robe")             (1, L) whole numbers: the context of a PromptUnet
    model = PromptUnet(len(words.vocabulary))   `du.Unet` with the words as its context: model(x, t, tokens)
    judge = load_judge()                        reads kind, colour and parts off a picture
    obeyed(texts, lines, x)                     how much of what the texts ask for the judge reads off the images x

A row of zeros is the empty prompt: it asks for nothing, as everywhere in this course.
"""

import difflib
import functools
import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F

import diffusion_utilities as du
from plumbing.denoisers import is_whole
from plumbing.files import bare
from plumbing.images import need

# ------------------------------------------------------------------------------------------------------------ captions


class Captions(NamedTuple):
    """lines: for each sprite what data/make_captions.py knows of it (class, kind, noun, recipe, colour, parts, colours,
    captions), in the order of the sprites; unseen: pairs (noun, colour) kept apart, see `parts`."""

    lines: list
    unseen: list

    def parts(self):
        """Three sets of sprites, as indices into `du.load_sprites("all")`, in a dict.

        unseen     what has a noun and a main colour that are a pair in `unseen`: never to be trained on
        held_out   the 4,000 sprites of recipes that are not in the training part, without those in unseen
        train      the rest, without all sprites whose captions could name both words of such a pair, in whatever
                   connection (a wizard with a red orb, where ("wizard", "red") is a pair): nothing tells of it
        """
        pairs = {tuple(pair) for pair in self.unseen}
        found = {"train": [], "held_out": [], "unseen": []}
        for i, line in enumerate(self.lines):
            if (line["noun"], line["colour"]) in pairs:
                found["unseen"].append(i)
            elif i >= len(self.lines) - du.HELD_OUT:
                found["held_out"].append(i)
            elif not any((line["noun"], colour) in pairs for colour in line["colours"]):
                found["train"].append(i)
        return {name: torch.tensor(rows) for name, rows in found.items()}


@functools.lru_cache(maxsize=1)
def load_captions():
    """The recipes and captions of the 40,000 sprites, as `Captions`. FileNotFoundError if they were not made yet."""
    name = du.DATA / "captions.jsonl.gz"
    if not name.is_file():
        raise FileNotFoundError(f"there is no {name.name} in data/: python data/make_captions.py makes it in minutes")
    with gzip.open(name, "rt", encoding="utf-8") as file:
        head, *lines = map(json.loads, file)
    return Captions(lines, [tuple(pair) for pair in head["unseen"]])


# --------------------------------------------------------------------------------------------------------------- words

ALIKE = {"gray": "grey", "donut": "doughnut", "armor": "armour", "colorful": "colourful", "traveler": "traveller"}


def split_words(text):
    """The words and commas of a text, in lower case; a full stop, and other marks at the end, do not count.

    Raises ValueError if it holds anything else.
    """
    need(isinstance(text, str), f"a prompt is a text, not {type(text).__name__}")
    text = text.lower().strip().rstrip(".!?").replace("’", "'")
    strange = re.search(r"[^a-z,\s-]", text)
    need(not strange, f"a prompt is made of letters, hyphens and commas: {strange and strange[0]!r} means nothing here")
    return re.findall(r"[a-z]+(?:-[a-z]+)*|,", text)


class Words:
    """A word-level tokenizer: each word of a vocabulary has a number from 1 on, and 0 fills a row up to `length`.

    vocabulary: the words, in the order of their numbers. A word that is not among them is looked for in the singular
    and in the plural ("wizards" is read as "wizard") and in its American spelling; if that does not help, it is said.
    """

    def __init__(self, vocabulary, length=32):
        need(not isinstance(vocabulary, str), "a vocabulary is a list of words, not a text")
        for word in vocabulary:
            need(split_words(word) == [word], f"no prompt can name {word!r}: words are of small letters and hyphens")
        need(len(set(vocabulary)) == len(vocabulary), "the vocabulary holds a word twice")
        self.vocabulary, self.length = list(vocabulary), length
        self.number = {word: i for i, word in enumerate(self.vocabulary, 1)}

    @classmethod
    def of(cls, captions, length=32):
        """The vocabulary of all captions, most frequent first."""
        counts = Counter(word for line in captions.lines for text in line["captions"] for word in split_words(text))
        return cls(sorted(counts, key=lambda word: (-counts[word], word)), length)

    def known(self, word):
        """The word of the vocabulary that is meant. Raises ValueError if there is none."""
        if word in self.number:
            return word
        singular = [word[:-3] + "y"] * word.endswith("ies") + [word[:-3] + "f"] * word.endswith("ves")
        singular += [word[:-1]] * word.endswith("s") + [word[:-2]] * word.endswith("es")  # capes are no caps
        for form in (ALIKE.get(word), *singular, word + "s", word + "es"):
            if form in self.number:
                return form
        near = difflib.get_close_matches(word, self.vocabulary, 1, 0.75)
        hint = f": did you mean {near[0]!r}?" if near else f"; it knows {len(self.vocabulary)} words, such as " + \
            ", ".join(repr(w) for w in self.vocabulary if len(w) > 4)[:60].rsplit(",", 1)[0]  # fmt: skip
        raise ValueError(f"the network has never read the word {word!r}{hint}")

    def encode(self, prompts):
        """A prompt, or a list of them, as tokens (B, length) of type long.

        Raises ValueError in one sentence if a word is not known, a prompt is empty or too long.
        """
        try:
            prompts = [prompts] if isinstance(prompts, str) else list(prompts)
        except TypeError:  # None, a number: said below
            prompts = [prompts]
        need(prompts, "there is no prompt: give at least one")
        rows = []
        for text in prompts:
            found = split_words(text)
            need(found, "the prompt is empty: say what to draw, or leave the prompt out (c=None) to ask for nothing")
            need(len(found) <= self.length,
                 f"the prompt has {len(found)} words and commas, but {self.length} are the most")  # fmt: skip
            rows.append([self.number[self.known(word)] for word in found] + [0] * (self.length - len(found)))
        return torch.tensor(rows)

    def decode(self, tokens):
        """The text of one row of tokens (length,)."""
        row = torch.as_tensor(tokens)
        need(row.dim() == 1 and not row.is_floating_point(), f"decode reads one row of tokens, not {tuple(row.shape)}")
        need((row <= len(self.vocabulary)).all(), f"tokens lie in 0..{len(self.vocabulary)}, not {row.tolist()}")
        words = [self.vocabulary[n - 1] for n in row.tolist() if n > 0]
        return " ".join(words).replace(" ,", ",")


# -------------------------------------------------------------------------------------------------------------- network


class TextLayer(nn.Module):
    """One layer of a transformer (Vaswani et al. 2017, with the norms in front): every word looks at every word that is
    there, then each thinks for itself. h (B, L, width) and there (B, L), bool, to (B, L, width)."""

    def __init__(self, width, heads=2):
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, h, there):
        B, L, width = h.shape
        q, k, v = self.qkv(self.norm1(h)).view(B, L, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=there[:, None, None])
        h = h + self.out(seen.transpose(1, 2).reshape(B, L, width))
        return h + self.think(self.norm2(h))


class TextEncoder(nn.Module):
    """Words that know of each other: an embedding of each token and of its place, then a small transformer.

    tokens (B, L) to vectors (B, 1 + L, width), and which of them count (B, 1 + L). The first stands for no word: it is
    there in the empty prompt, too, so that there is always something to look at. Columns that are 0 in all rows are
    left away.
    """

    def __init__(self, n_words, width=64, layers=2, length=32):
        super().__init__()
        need(width % 2 == 0, f"the width of the text must be even (two heads), not {width}")
        self.word, self.place = nn.Embedding(n_words + 1, width, padding_idx=0), nn.Embedding(length + 1, width)
        self.start = nn.Parameter(torch.zeros(1, 1, width))
        self.layers, self.norm = nn.ModuleList(TextLayer(width) for _ in range(layers)), nn.LayerNorm(width)

    def forward(self, tokens):
        tokens = tokens[:, : max(1, int((tokens > 0).sum(1).max()))]
        there = F.pad(tokens > 0, (1, 0), value=True)
        h = torch.cat([self.start.expand(len(tokens), -1, -1), self.word(tokens)], 1)
        h = h + self.place.weight[: h.shape[1]]
        for layer in self.layers:
            h = layer(h, there)
        return self.norm(h), there


class CrossAttention(nn.Module):
    """Every pixel looks at every word: what it asks comes from the picture, what it is told from the text.

    x (B, C, H, W), text (B, L, E), there (B, L) to (B, C, H, W); zero-initialised, plus x, as in `du.Attention`.
    """

    def __init__(self, channels, width, heads=2):
        super().__init__()
        self.heads, self.norm = heads, nn.GroupNorm(8, channels)
        self.q, self.k, self.v = nn.Linear(channels, channels), nn.Linear(width, channels), nn.Linear(width, channels)
        self.out = nn.Linear(channels, channels)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def split(self, h):
        """(B, N, C) to (B, heads, N, C / heads)."""
        return h.view(*h.shape[:2], self.heads, -1).transpose(1, 2)

    def looks(self, x, text, there):
        """How much each pixel looks at each word: (B, heads, H*W, L), rows sum to 1."""
        pixels = self.norm(x).flatten(2).transpose(1, 2)  # (B, H*W, C)
        q, k = self.split(self.q(pixels)), self.split(self.k(text))
        scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
        return scores.masked_fill(~there[:, None, None], -torch.inf).softmax(3)

    def forward(self, x, text, there):
        told = self.looks(x, text, there) @ self.split(self.v(text))
        told = self.out(told.transpose(1, 2).reshape(len(x), -1, x.shape[1]))
        return x + told.transpose(1, 2).view(x.shape)


class PromptUnet(nn.Module):
    """`du.Unet` with a text in place of the class: model(x, t, tokens), tokens (B, L) from `Words.encode`.

    The pixels of the two smaller maps look at the words (cross-attention, on the way down, in the middle and on the way
    up), and what the text says as a whole goes where the class went, beside the time. All of it starts at zero: with
    the weights of a trained `Unet` (`from_unet`) it draws at first exactly what that one draws without a class.
    A row of zeros is the empty prompt; c=None means that for all.
    """

    def __init__(self, n_words, width=64, layers=2, length=32, **unet):
        super().__init__()
        need(is_whole(n_words) and n_words >= 1, f"n_words is how many words there are, not {n_words!r}")
        self.config = dict(n_words=n_words, width=width, layers=layers, length=length, **unet)
        self.unet = du.Unet(**unet)
        self.unet.context = None  # the text takes its place
        self.predicts, self.info, self.n_words, self.length = self.unet.predicts, self.unet.info, n_words, length
        self.in_channels = self.unet.in_channels
        widths = [block.conv1.in_channels for block in self.unet.down]
        need(len(widths) >= 2, "a PromptUnet needs a Unet of at least two widths")
        self.text, self.level = TextEncoder(n_words, width, layers, length), len(widths) - 2
        self.whole = nn.Linear(width, self.unet.time[2].out_features, bias=False)
        nn.init.zeros_(self.whole.weight)
        self.cross = nn.ModuleDict({name: CrossAttention(channels, width) for name, channels in
                                    (("down", widths[-2]), ("middle", widths[-1]), ("up", widths[-2]))})  # fmt: skip

    @classmethod
    def from_unet(cls, unet, n_words, **sizes):
        """A PromptUnet that begins with the weights of a trained `du.Unet`, all but those of its classes."""
        need(isinstance(unet, du.Unet), f"from_unet takes a du.Unet, not a {type(unet).__name__}")
        model = cls(n_words, **sizes, **unet.config)
        state = {name: value for name, value in unet.state_dict().items() if not name.startswith("context.")}
        model.unet.load_state_dict(state)
        model.info, model.predicts = dict(unet.info), unet.predicts
        return model

    def check(self, tokens, x):
        """The tokens (B, L) for images x; one row serves them all. Raises ValueError in one sentence."""
        if tokens is None:
            return torch.zeros(len(x), 1, dtype=torch.long, device=x.device)
        whole = torch.is_tensor(tokens) and not tokens.is_floating_point() and tokens.dtype != torch.bool
        need(whole, "a PromptUnet is asked with tokens, whole numbers (B, L): see Words.encode")
        tokens = tokens[None] if tokens.dim() == 1 else tokens
        fits = tokens.dim() == 2 and len(tokens) in (1, len(x)) and 1 <= tokens.shape[1] <= self.length
        need(
            fits, f"tokens {tuple(tokens.shape)} do not fit {len(x)} images and prompts of at most {self.length} words"
        )
        if tokens.device.type == "cpu":  # on a GPU a look would make every step wait
            need(tokens.min() >= 0 and tokens.max() <= self.n_words, f"tokens must lie in 0..{self.n_words}")
            need((tokens[:, 1:] * (tokens[:, :-1] == 0) == 0).all(), "zeros fill a row of tokens at its end alone")
        return tokens.expand(len(x), -1).to(x.device, torch.long)

    def forward(self, x, t, c=None):
        """The walk of `du.Unet`, with a look at the words in three places on the way."""
        t = torch.as_tensor(t, device=x.device, dtype=torch.float32).reshape(-1)
        du._check_input(x, t, self.in_channels, self.unet.first.weight)
        text, there = self.text(self.check(c, x))
        share = (there[..., None] / there.sum(1)[:, None, None]).to(text.dtype)
        where = {f"down{self.level}": "down", "middle": "middle", f"up{self.level}": "up"}

        def look(place, h):
            return self.cross[where[place]](h, text, there) if place in where else h

        return self.unet.answer(x, *self.unet.hidden(x, t, told=self.whole((text * share).sum(1)), look=look))


class PromptTrainer(du.Trainer):
    """A `du.Trainer` whose contexts are captions: each time a sprite is shown, one of its captions is drawn anew.

    x images (N, 3, H, W); captions: of each a list of texts, of any number; words: the tokenizer that reads them;
    longest: how often the caption with the most words is taken, whatever is drawn; ab_t and the rest as for
    `du.Trainer` (drop: how often the caption is replaced by the empty prompt).
    Raises ValueError in one sentence if a sprite has no caption, or one with a word that `words` does not know.
    """

    def __init__(self, model, x, captions, words, ab_t, *, longest=0.0, **how):
        fitting(model, words)
        need(0 <= longest <= 1, f"longest is a share of the captions that are shown, 0 to 1, not {longest}")
        super().__init__(model, x, ab_t, **how)
        x = self.x
        need(len(captions) == len(x), f"{len(x)} images but captions of {len(captions)}")
        listed = not any(isinstance(texts, str) or texts is None for texts in captions)
        need(listed, 'of each image there is a list of captions, such as ["a wizard"], also if there is one')
        self.count = torch.tensor([len(texts) for texts in captions])
        need(self.count.min() > 0, "each image needs at least one caption")
        self.first = self.count.cumsum(0) - self.count
        self.tokens = words.encode([text for texts in captions for text in texts])
        lengths = (self.tokens > 0).sum(1).split(self.count.tolist())
        self.longest, self.often = self.first + torch.stack([own.argmax() for own in lengths]), longest
        self.c = torch.arange(1, len(x) + 1, device=self.device)[:, None]  # a sprite's number; hidden: 0

    def next_batch(self):
        x0, number, t, noise, weight = super().next_batch()
        number = number[:, 0].cpu()
        rows, luck = (number - 1).clamp(min=0), torch.rand(len(number), generator=self.generator)
        chosen = self.first[rows] + (luck * self.count[rows]).long()
        if self.often:
            chosen = self.longest[rows].where(torch.rand(len(rows), generator=self.generator) < self.often, chosen)
        tokens = self.tokens[chosen] * (number > 0)[:, None]
        return x0, tokens.to(self.device), t, noise, weight


def fitting(model, words):
    """The `PromptUnet` inside a model, however wrapped; ValueError unless it is one, and built for these `Words`."""
    network = bare(model)
    need(isinstance(network, PromptUnet), f"a PromptUnet reads prompts, not a {type(network).__name__}")
    need(isinstance(words, Words), f"its words are needed, as Words, not a {type(words).__name__}")
    n, longest = len(words.vocabulary), words.length
    need(n == network.n_words, f"the network was built for {network.n_words} words, the vocabulary has {n}")
    need(longest <= network.length, f"the network reads prompts of {network.length} words, these are of {longest}")
    return network


def save_prompts(model, words, file, **info):
    """A trained `PromptUnet` and its words, for `load_prompts`, in half precision. info: what else is worth knowing.

    Raises ValueError in one sentence if the words are not the network's, or its schedule is not known.
    """
    model = fitting(model, words)
    need(Path(file).suffix.lower() != ".safetensors", "a network that reads prompts is saved as .pth, with its words")
    state = {k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    info = {"size": model.info.get("size") or (16, 16), "channels": model.in_channels} | info
    known = du._complete(model, **info)
    info = {k: known[k] for k in ("predicts", "schedule", "T", *info)}
    saved = dict(config=model.config, words=words.vocabulary, info=info, state=state)
    du.save_file(saved, file, check=lambda part: load_prompts(part, "cpu"), pack=True)


def reads(file):
    """Does this file of weights hold a network that reads prompts?"""
    return _is_ours(du.load_file(file))


def _is_ours(saved):
    return isinstance(saved, dict) and saved.keys() >= {"config", "words", "info", "state"}


def load_prompts(file=du.WEIGHTS / "prompts.pth", device=None):
    """A trained `PromptUnet`, ready to sample, its schedule and its words: (model, ab_t, words)."""
    saved = du.load_file(file)
    need(_is_ours(saved), f"{file} is not a network that reads prompts: weights/train_prompts.py makes one")
    try:
        model = PromptUnet(**saved["config"])
        model.load_state_dict(saved["state"])
        model.info, words = dict(saved["info"]), Words(saved["words"], model.length)
        ab_t = du._schedule_of(model.info)
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(f"{file} does not fit the network it names: {str(error).splitlines()[-1].strip()}") from None
    fitting(model, words)
    finite = all(torch.isfinite(v).all() for v in model.state_dict().values())
    need(finite, f"{file} holds weights that are NaN or infinite: the training that wrote them had failed")
    model.predicts = model.unet.predicts = model.info.get("predicts", model.predicts)
    model = model.to(device or du.best_device(), memory_format=torch.channels_last).eval().requires_grad_(False)
    return model, ab_t, words


# ---------------------------------------------------------------------------------------------------------------- judge


class Judge(nn.Module):
    """Reads a sprite: which kind it is, its main colour, which parts it has. Three heads on one small network.

    names: {"kind": [...], "colour": [...], "part": [...]}. forward: images (N, 3, 16, 16) to logits (N, names) of each
    head, in a dict. Kinds and colours exclude each other (softmax); each part is there or not (sigmoid).
    """

    def __init__(self, names):
        super().__init__()
        self.names, widths = {head: list(values) for head, values in names.items()}, (3, 32, 64, 80)
        layers = [
            nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.SiLU(), nn.MaxPool2d(2))
            for a, b in zip(widths, widths[1:])
        ]
        self.features = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * widths[-1], 128), nn.SiLU())
        self.heads = nn.ModuleDict({head: nn.Linear(128, len(values)) for head, values in self.names.items()})

    def forward(self, x):
        h = self.features(x)
        return {head: layer(h) for head, layer in self.heads.items()}


def judged(line, names):
    """What is true of a sprite, from its line in the captions, as the judge's heads ask it: {"kind": a number,
    "colour": a number, or -1 where no colour is the main one, "part": 0 or 1 of each part}."""
    colour = names["colour"].index(line["colour"]) if line["colour"] in names["colour"] else -1
    parts = torch.tensor([float(part in line["parts"]) for part in names["part"]])
    kind = names["kind"].index(f"{line['class']}/{line['kind']}")
    return {"kind": torch.tensor(kind), "colour": torch.tensor(colour), "part": parts}


@functools.lru_cache(maxsize=1)
def load_judge():
    """The judge that ships with the course (weights/judge.pth), in eval mode on the CPU."""
    saved = du.load_file(du.WEIGHTS / "judge.pth")
    model = Judge(saved["names"])
    model.load_state_dict(saved["state"])
    return model.eval().requires_grad_(False)


@torch.no_grad()
def read(x, judge=None):
    """What the judge reads off images (N, 3, 16, 16): {"kind": "hero/wizard", "colour": "red", "parts": [...]}."""
    du.check_images(x, beyond=True)
    need(x.shape[1:] == (3, 16, 16), f"the judge knows colour images (N, 3, 16, 16), not {tuple(x.shape)}")
    judge = judge or load_judge()
    out = {head: torch.cat(parts) for head, parts in _heads(judge, x.float().cpu()).items()}
    found = []
    for kind, colour, parts in zip(out["kind"].argmax(1), out["colour"].argmax(1), out["part"] > 0):
        seen = [name for name, there in zip(judge.names["part"], parts) if there]
        found.append({"kind": judge.names["kind"][kind], "colour": judge.names["colour"][colour], "parts": seen})
    return found


def _heads(judge, x):
    outs = [judge(some) for some in x.split(500)]
    return {head: [out[head] for out in outs] for head in judge.names}


# ----------------------------------------------------------------------------------------------------------- obedience

SHADES = {
    "beige": "beige", "black": "black", "blue": "blue", "brown": "brown bronze chestnut chocolate", "green": "green",
    "grey": "grey silver", "orange": "orange copper ginger", "pink": "pink magenta", "purple": "purple violet",
    "red": "red", "teal": "teal", "white": "white", "yellow": "yellow blond golden",
}  # fmt: skip
ENDS = set(", with in of on above across inside as holding seen facing walking falling flying".split())  # of a phrase


def _coloured(text, colour):
    """What a text says in a colour: of each shade of it the words that follow in the same phrase."""
    found, shades = [], SHADES[colour].split()
    for i, word in enumerate(words := split_words(text)):
        if word in shades:
            end = next((j for j, other in enumerate(words) if j > i and other in ENDS), len(words))
            found.append(words[i + 1 : end])
    return found


def asked_for(line, text):
    """What a caption says of its sprite, of what a judge can tell: {"noun": "wizard", "colour": "red" or None, "parts":
    ["hat", "robe"]}.

    line: what is known of the sprite, one of `Captions.lines`; text: one of its captions. The main colour counts if the
    text names it where it belongs: a red sash on a red robe does not ask for the robe. The second caption of each line
    says where: "a monk in a red robe".
    """
    words, colour = set(split_words(text)) - set(line["noun"].split()), line["colour"]
    main = (_coloured(line["captions"][1], colour) or [[]])[0][-1:] if colour and len(line["captions"]) > 1 else []
    named = any(set(main) & set(phrase) for phrase in _coloured(text, colour)) if main else False
    return {
        "noun": line["noun"],
        "colour": colour if named else None,
        "parts": [part for part in line["parts"] if part in words],
    }


@functools.lru_cache(maxsize=1)
def nouns():
    """What each kind is called: {"hero/wizard": "wizard", ...}; a hero and a side-facing one share their noun."""
    return {f"{line['class']}/{line['kind']}": line["noun"] for line in load_captions().lines}


def obeyed(texts, lines, x, judge=None):
    """How much of what texts ask for is on the images, as far as the judge can tell: shares of what was named.

    texts, lines: captions and the lines that they belong to, one for each image of x (N, 3, 16, 16). Returns
        kind     of the things named, those of which the judge reads the right kind
        colour   of the main colours named, those that it reads
        parts    of the parts named (that it knows), those that it finds
        all      of all these together
        whole    of the images, those on which everything that was named is right
    A share of nothing is nan. With the real sprites as x it says how far the judge itself can be trusted.
    """
    judge = judge or load_judge()
    need(not isinstance(texts, str), "there is a text for each image: a list of them")
    need(len(texts) == len(lines) == len(x), f"{len(texts)} texts and {len(lines)} lines for {len(x)} images")
    called, right = nouns(), {"kind": [], "colour": [], "parts": [], "whole": []}
    for text, line, seen in zip(texts, lines, read(x, judge)):
        asked = asked_for(line, text)
        kind = called.get(seen["kind"], seen["kind"].partition("/")[2]) == asked["noun"]
        colour = [seen["colour"] == asked["colour"]] * (asked["colour"] in judge.names["colour"])
        parts = [part in seen["parts"] for part in asked["parts"] if part in judge.names["part"]]
        right["kind"].append(kind)
        right["colour"] += colour
        right["parts"] += parts
        right["whole"].append(all([kind, *colour, *parts]))
    right["all"] = right["kind"] + right["colour"] + right["parts"]
    return {name: sum(values) / len(values) if values else float("nan") for name, values in right.items()}
