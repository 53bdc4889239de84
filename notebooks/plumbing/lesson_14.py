"""Lesson 14: pictures and masks to edit, the job on which its tools are compared, and a network with one more word."""

import re

import torch

import diffusion_utilities as du
import prompts
from plumbing.denoisers import is_whole
from plumbing.images import check_images, need

COLOURS = {".": "ffffff", "K": "28202e", "P": "8038a8", "R": "d03030", "G": "48a048", "B": "3868d0", "Y": "f0c840",
           "F": "f0c090", "N": "885838", "S": "b8c0c8", "D": "687080", "C": "60d8e8", "M": "f090c0"}  # fmt: skip
SCRIBBLES = {  # 8x8, each letter a block of 2x2 pixels
    "a wizard in a purple robe": "...PP... ..PPPP.. .PPPPPP. ..FFFF.. .PSSSSP. .PPSSPP. .PPPPPP. .PPPPPP.",
    "a red mushroom": "........ ..RRRR.. .RRRRRR. RRR.RR.R RRRRRRRR ..FFFF.. ..FFFF.. ........",
    "a blue potion": "...NN... ...SS... ...SS... ..BBBB.. .BBBBBB. .BBBBBB. ..BBBB.. ........",
    "a green slime": "........ ........ ..GGGG.. .GGGGGG. .G.GG.G. GGGGGGGG GGGGGGGG ........",
    "a cupcake with pink icing": "...RR... ..MMMM.. .MMMMMM. .MMMMMM. .NNNNNN. ..NYNY.. ..NYNY.. ........",
}
ROBOT = """................ .......A........ .......K........ ....KKKKKKKK.... ....KSSSSSSK.... ....KSESSESK....
....KSSSSSSK.... ....KSDDDDSK.... .....KKKKKK..... ..KKKSSSSSSKKK.. ..KSKSYSSRSKSK.. ..KKKSSSSSSKKK..
....KSDDDDSK.... ....KKKKKKKK.... ....KSK..KSK.... ....KKK..KKK...."""


def drawn(rows):
    """A picture (1, 3, H, W) from a text: a letter of COLOURS for each pixel, rows apart by blanks."""
    pixels = [[list(bytes.fromhex(COLOURS[letter])) for letter in row] for row in rows.split()]
    return torch.tensor(pixels).permute(2, 0, 1)[None] / 127.5 - 1


def scribbles():
    """Prompts, and for each a clumsy picture (3, 16, 16) of a few blocks of colour."""
    x = torch.cat([drawn(rows) for rows in SCRIBBLES.values()])
    return list(SCRIBBLES), x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def robots():
    """Five sprites (5, 3, 16, 16) of a robot, which no caption of the course knows."""
    five = [("C", "R"), ("Y", "R"), ("C", "Y"), ("R", "C"), ("Y", "C")]
    x = torch.cat([drawn(ROBOT.replace("E", eye).replace("A", lamp)) for eye, lamp in five])
    return torch.stack([one.roll(shift, 2) for one, shift in zip(x, (0, 1, -1, 0, 1))])


def kings():
    """Five sprites (5, 3, 16, 16) of a king in blue, a pair of words that was kept from the network."""
    captions = prompts.load_captions()
    lines = ((i, captions.lines[i]) for i in captions.parts()["unseen"].tolist())
    rows = [i for i, line in lines if (line["noun"], line["colour"]) == ("king", "blue")]
    return du.load_sprites("all").x[rows[:5]]


def moved(x):
    """Pictures (3 N, 3, H, W): those of x (N, 3, H, W), then moved by one pixel to the right, then to the left."""
    wide = torch.nn.functional.pad(x, (1, 1), value=1.0)  # white comes in at the side
    return torch.cat([x, wide[..., :-2], wide[..., 2:]])


def box(top, bottom, left, right):
    """A mask (1, 1, 16, 16) that is 1 in rows top to bottom - 1 and columns left to right - 1, and 0 elsewhere."""
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., top:bottom, left:right] = 1
    return mask


def checked(x, mask=None, strength=0):
    """Raises ValueError in one sentence unless x is a batch of sprites, mask, if there is one, fits it, and the
    strength lies in 0..1."""
    number = isinstance(strength, (int, float)) or (torch.is_tensor(strength) and strength.dim() == 0)
    need(number and 0 <= strength <= 1, f"the strength lies in 0..1, not {strength}")
    check_images(x)
    need(x.shape[1:] == (3, 16, 16), f"the network draws (3, 16, 16), it cannot edit a picture {tuple(x.shape[1:])}; "
         "du.load_folder brings pictures to that size")  # fmt: skip
    if mask is None:
        return
    need(torch.is_tensor(mask) and mask.dim() == 4 and mask.shape[1] == 1, "a mask is a tensor (1 or B, 1, 16, 16)")
    need(mask.shape[2:] == x.shape[2:], f"the mask is {mask.shape[2]} x {mask.shape[3]} pixels large, the picture "
         f"{x.shape[2]} x {x.shape[3]}: they must be equal")  # fmt: skip
    need(len(mask) in (1, len(x)), f"there are {len(mask)} masks for {len(x)} pictures: one for all, or one for each")
    need(mask.dtype != torch.bool, "a mask holds 1 and 0 as numbers, not True and False: give mask.float()")
    need(((mask == 0) | (mask == 1)).all(), "a mask holds 1 where the picture is to be drawn anew, and 0 elsewhere")
    need((mask == 1).flatten(1).any(1).all(), "the mask is empty: nothing would be drawn anew")


# -------------------------------------------------------------------------------------------------- the job: recolour

WISHES = ("red", "blue", "green", "purple", "yellow", "orange", "pink")


def recoloured(text, colour, wish):
    """The text with another colour, and with "an" where "a" would now stumble."""
    text = re.sub(rf"(?<![\w-]){colour}(?![\w-])", wish, text)  # no part of another word: feathered
    return re.sub(r"\ban? (?=([a-z]))", lambda a: "an " if a[1] in "aeiou" else "a ", text)


class Job:
    """Held-out sprites, each with a caption that names its colour, and the same caption with another colour.

    x (n, 3, 16, 16); old, new: the captions; kinds, wishes: what the judge should read once it is done.
    """

    def __init__(self, n, skip=0):
        need(is_whole(n) and n >= 1, f"a job has at least 1 sprite, not {n!r}")
        captions, judge = prompts.load_captions(), prompts.load_judge()
        rows, self.old, self.new, self.kinds, self.wishes = [], [], [], [], []
        for i in captions.parts()["held_out"].tolist():
            line = captions.lines[i]
            told = [text for text in line["captions"] if text.split().count(line["colour"]) == 1 and "," not in text]
            if not told or line["colour"] not in WISHES:
                continue
            wish = WISHES[(WISHES.index(line["colour"]) + 1 + len(rows) % (len(WISHES) - 1)) % len(WISHES)]
            if (line["noun"], wish) in captions.unseen:  # what was kept from the network is another question
                continue
            rows.append(i)
            self.old.append(told[0])
            self.new.append(recoloured(told[0], line["colour"], wish))
            self.kinds.append(judge.names["kind"][prompts.judged(line, judge.names)["kind"]])
            self.wishes.append(wish)
            if len(rows) == skip + n:
                break
        need(len(rows) == skip + n, f"there are {len(rows)} such sprites, not {skip + n}")
        self.x = du.load_sprites("all").x[rows][skip:]
        for name in ("old", "new", "kinds", "wishes"):
            setattr(self, name, getattr(self, name)[skip:])

    def marks(self, made, part=slice(None)):
        """What became of the sprites, of pictures made (n, 3, 16, 16); part: of which of them.

        {"away": root mean square distance to the originals, "colour": share that has the new colour, "kind": share that
        is still of its kind, "both": share that has both}
        """
        need(
            len(made) == len(self.x),
            f"{len(made)} pictures for a job of {len(self.x)}; `part` says which of them count",
        )
        read = prompts.read(made)
        colour = torch.tensor([one["colour"] == wish for one, wish in zip(read, self.wishes)])[part].float()
        kind = torch.tensor([one["kind"] == k for one, k in zip(read, self.kinds)])[part].float()
        away = (made.cpu() - self.x).square().mean((1, 2, 3)).sqrt()[part]
        numbers = {"away": away, "colour": colour, "kind": kind, "both": colour * kind}
        return {name: value.mean().item() for name, value in numbers.items()}


# ------------------------------------------------------------------------------------------------------- one more word


def with_word(model, words, name, like):
    """A copy of a `PromptUnet` and of its words that has one word more, which begins as a copy of the word `like`.

    Raises ValueError in one sentence if the new word is known already, or `like` is not.
    """
    model = prompts.fitting(model, words)
    one = prompts.split_words(name) == [name] and name.isalpha()
    need(one, f"one new word at a time, of small letters, not {name!r}")
    need(name not in words.number, f"the network knows the word {name!r} already: give the new one another name")
    old = words.number[words.known(like)]
    taught = prompts.PromptUnet(**model.config | {"n_words": model.n_words + 1})
    state = {key: value.clone() for key, value in model.state_dict().items()}
    table = state["text.word.weight"]
    state["text.word.weight"] = torch.cat([table, table[old : old + 1]])
    taught.load_state_dict(state)
    taught.info, taught.predicts = dict(model.info), model.predicts
    taught = taught.to(table.device, memory_format=torch.channels_last).eval().requires_grad_(False)
    return taught, prompts.Words([*words.vocabulary, name], words.length)


# ------------------------------------------------------------------------------------------------------------ pictures


def walk_from(network, ab_t, x, tokens, top=425, stride=25):
    """The Steps of a guided walk from x = x_top down to 0, in equal strides."""
    how = dict(times=range(top, -1, -stride), order=2, eta=1.0, clip=True)
    return list(du.sampler(du.Guided(network, 2), ab_t, x, tokens, **how))


def scribble_film(scribbles, noisy, walk):
    """A film: scribbles, the same with noise, and what a walk makes of them."""
    frames = [scribbles, scribbles, noisy, *(step.x.cpu() for step in walk)]
    labels = ["a scribble", "a scribble", f"with the noise of t = {walk[0].t}", *(f"t = {step.s}" for step in walk)]
    alt = "Film: five coarse scribbles are covered with noise and come out as sprites"
    return du.film(torch.stack(frames), labels, columns=5, scale=7, fps=4, alt=alt)
