"""What lesson 15 needs beside its cells: pages of four sprites with their words, how good such pages are, and pictures
of latents and of the big models' parts."""

import time
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown
from matplotlib.patches import FancyBboxPatch

import charts
import diffusion_utilities as du
import prompts
from charts import COLOURS
from plumbing.images import need
from plumbing.picture import _caption, _tiles

NOUNS = ("crystal", "doughnut", "dragon", "fish", "potion", "princess", "slime", "wizard")
COLOURS_SAID = ("blue", "brown", "green", "orange", "pink", "purple", "red", "teal", "yellow")


class Pages(NamedTuple):
    """x: pictures (N, 3, 32, 32) of four sprites each; words: (N, 8), a colour and a noun for each, as numbers; said:
    the same as texts. The order is that of reading: top left, top right, bottom left, bottom right."""

    x: torch.Tensor
    words: torch.Tensor
    said: list


VOCABULARY = COLOURS_SAID + NOUNS  # word number 0 is none of these: nothing is said


def words_of(said):
    """The numbers (8,) of a list of four texts such as "red wizard". ValueError in one sentence if it has others."""
    need(len(said) == 4, f"a page has four sprites, so say four times what to draw, not {len(said)} times")
    numbers = []
    for text in said:
        parts = text.lower().split()
        need(len(parts) == 2 and parts[0] in COLOURS_SAID and parts[1] in NOUNS,
             f"{text!r} is not a colour and a noun that this model knows: {', '.join(COLOURS_SAID)}; "
             f"{', '.join(NOUNS)}")  # fmt: skip
        numbers += [VOCABULARY.index(part) + 1 for part in parts]
    return torch.tensor(numbers)


def pages(part, n, seed=0):
    """n Pages of sprites of a part (see Captions.parts), each noun as often; the same for a seed."""
    captions, every = prompts.load_captions(), du.load_sprites("all").x
    rows = [i for i in captions.parts()[part].tolist() if captions.lines[i]["colour"] in COLOURS_SAID]
    named = [[i for i in rows if captions.lines[i]["noun"] == noun] for noun in NOUNS]
    luck = torch.rand(n, 4, generator=torch.Generator().manual_seed(seed)).double() * len(NOUNS)
    four = [[named[int(u)][int(u % 1 * len(named[int(u)]))] for u in row] for row in luck.tolist()]
    said = [[f"{captions.lines[i]['colour']} {captions.lines[i]['noun']}" for i in row] for row in four]
    return Pages(together(every[torch.tensor(four).flatten()]), torch.stack([words_of(row) for row in said]), said)


def together(sprites):
    """Sprites (4 N, C, 16, 16), four for each page, as pages (N, C, 32, 32)."""
    C, h, w = sprites.shape[1:]
    return sprites.view(-1, 2, 2, C, h, w).permute(0, 3, 1, 4, 2, 5).reshape(-1, C, 2 * h, 2 * w)


def quarters(x):
    """The way back: pages (N, C, 32, 32) as sprites (4 N, C, 16, 16)."""
    need(x.dim() == 4 and x.shape[2] % 2 == 0 and x.shape[3] % 2 == 0, f"pages are (N, C, H, W), not {tuple(x.shape)}")
    return x.unflatten(2, (2, -1)).unflatten(4, (2, -1)).permute(0, 2, 4, 1, 3, 5).flatten(0, 2)


def frechet(x, real):
    """The Fréchet distance of pages x and as many real ones, (N, 3, 32, 32) each, by their quarters."""
    return du.frechet_distance(quarters(x.cpu().clamp(-1, 1)), quarters(real.cpu()[: len(x)]))


def obeyed(x, said):
    """The shares of quarters of pages x that the judge reads as the noun, and as the colour, that was said of them."""
    found = prompts.read(quarters(x.cpu().clamp(-1, 1)))
    asked = [text.split() for row in said for text in row]
    kinds = [seen["kind"].split("/")[1] == noun for seen, (_, noun) in zip(found, asked)]
    colours = [seen["colour"] == colour for seen, (colour, _) in zip(found, asked)]
    return sum(kinds) / len(kinds), sum(colours) / len(colours)


def told(drawn, real, n, apart, new):
    """How well the first n of Pages `real` were obeyed, as a table; drawn: {guidance: pages}. The control: what was
    drawn last, compared with the prompt of the next page. Below it Pages `apart` of withheld pairs, and the pages `new`
    that were drawn from their words with the last guidance."""
    last, next_said = list(drawn.values())[-1], real.said[1:n] + real.said[:1]
    rows = {"real pages": (real.x[:n], real.said[:n], None)}
    rows |= {f"drawn, guidance {w:g}": (x, real.said[:n], frechet(x, real.x)) for w, x in drawn.items()}
    rows["the control: the prompt of another page"] = (last, next_said, None)
    rows["real pages of withheld pairs"] = (apart.x, apart.said, None)
    rows[f"drawn, withheld pairs, guidance {list(drawn)[-1]:g}"] = (new, apart.said, None)
    texts = {name: [*(f"{share:.0%}" for share in obeyed(x, said)), "" if distance is None else f"{distance:.1f}"]
             for name, (x, said, distance) in rows.items()}  # fmt: skip
    return charts.table(["the right noun", "the right colour", "Fréchet distance"], texts)


def captioned(rows, said, scale=5, alt=None):
    """Pages in a row, with what was said of each below; rows: {"label": pages (N, 3, 32, 32)} one above the other."""
    strips, said = [], said[: len(next(iter(rows.values())))]
    for label, x in rows.items():
        strip = _tiles(x, len(x), scale, 2)
        strips += [_caption(label, strip.shape[1])] * bool(label) + [strip]
    column = strips[-1].shape[1] // len(said)
    texts = [_caption("\n".join(row), column, 12, "centre") for row in said]
    foot = np.concatenate(texts, 1)
    foot = np.pad(foot, ((0, 0), (0, strips[-1].shape[1] - foot.shape[1]), (0, 0)), constant_values=255)
    alt = alt or "Pages of four sprites each: " + "; ".join(", ".join(row) for row in said)
    return du.Picture(np.concatenate([*strips, foot])[None], alt)


def as_colours(z):
    """Latents (N, k, h, w) as pictures (N, 3, h, w): their three widest directions as red, green and blue."""
    flat = z.cpu().permute(0, 2, 3, 1).reshape(-1, z.shape[1])
    flat = flat - flat.mean(0)
    axes = torch.linalg.eigh(flat.T @ flat).eigenvectors[:, -3:]
    axes = axes * axes.sum(0).sign()  # an axis has no direction of its own: the same on every processor
    seen = flat @ axes
    seen = (seen / (2 * seen.std(0))).clamp(-1, 1)
    return seen.view(len(z), *z.shape[2:], 3).permute(0, 3, 1, 2)


def both(rows, scale=3):
    """Rows of pictures of any size, each with its label, all as wide as pages: {"label": (N, 3, h, w)}."""
    wide = max(x.shape[3] for x in rows.values())
    grown = {name: x.repeat_interleave(wide // x.shape[3], 2).repeat_interleave(wide // x.shape[3], 3)
             for name, x in rows.items()}  # fmt: skip
    return du.show_rows(grown, scale=scale, label_width=110, alt="Rows of pictures: " + ", ".join(rows))


def table(found):
    """What a race has shown, as Markdown: {name: [(Fréchet distance, steps, seconds, network) of each seed]}."""
    rows = {}
    for name, runs in found.items():
        scores, steps, seconds, networks = zip(*runs)
        numbers, pace = sum(p.numel() for p in networks[0].parameters()), 1000 * sum(seconds) / sum(steps)
        rows[name] = [f"{numbers:,}", f"{seconds[0]:.0f}", ", ".join(map(str, steps)), f"{pace:.0f}",
                      ", ".join(f"{score:.1f}" for score in scores)]  # fmt: skip
    heads = ["numbers to learn", "seconds", "steps", "milliseconds a step", "Fréchet distance"]
    return Markdown("Two seeds each:\n\n" + charts.table(heads, rows, "network").data)


def reached(network, loss):
    """Take one step down the loss (a function): the parts of a DiT that the gradient reached, as words."""
    network.zero_grad()
    loss().backward()
    width = network.place.shape[1]
    six = torch.stack([b.modulate.weight.grad.view(6, width, -1).abs().sum((1, 2)) for b in network.blocks]).sum(0)
    parts = {
        "the last layer": network.last.weight.grad,
        "the first layer": network.first.weight.grad,
        "the gates": six[[2, 5]],
        "attend and think": torch.stack([b.qkv.weight.grad.abs().sum() for b in network.blocks]),
        "shifts and scales": six[[0, 1, 3, 4]],
    }
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.grad is not None:
                parameter -= 0.1 * parameter.grad
    return [name for name, grad in parts.items() if grad.abs().max() > 0]


def milliseconds(layer, h, repeat=25):
    """How long a layer takes for tokens h: the quickest of some calls, as whatever disturbs a call makes it longer."""
    took = []
    with torch.no_grad():
        for _ in range(repeat):
            start = time.perf_counter()
            layer(h).flatten()[0].item()  # an accelerator answers before it has computed: wait for the number
            took.append(time.perf_counter() - start)
    return 1000 * min(took)


# ------------------------------------------------------------------------------------------------------------- the map

BOXES = {  # name: text, left, bottom, width, where the learner has built it
    "prompt": ("prompt", 0.0, 2.3, 1.7, ""),
    "noise": ("noise as\nlatents", 0.0, 0.2, 1.7, "15.5"),
    "time": ("time, guidance", 2.6, 4.4, 2.1, "3.3, 5.2"),
    "encoder": ("text encoder", 2.6, 2.3, 2.1, "lesson 13"),
    "patches": ("patches and\ntheir places", 2.6, 0.2, 2.1, "15.1"),
    "blocks": ("blocks:\njoint attention\nand adaLN-zero", 5.6, 2.0, 2.2, "15.2, 15.6"),
    "euler": ("velocity,\nEuler's step", 8.6, 2.3, 2.1, "15.3, lesson 11"),
    "decoder": ("decoder", 11.4, 2.3, 1.5, "15.4"),
}
ARROWS = [("prompt", "encoder"), ("encoder", "blocks"), ("noise", "patches"), ("patches", "blocks"), ("time", "blocks"),
          ("blocks", "euler"), ("euler", "decoder")]  # fmt: skip


def diagram():
    """The parts of Stable Diffusion 3 and FLUX as boxes, each with the lesson where the learner has built it."""
    fig, ax = plt.subplots(figsize=(8.4, 3.7))
    sides = {}
    for name, (text, left, bottom, width, where) in BOXES.items():
        height, colour = 2.0 if name == "blocks" else 1.4, COLOURS[0] if where else "#767676"
        ax.add_patch(FancyBboxPatch((left, bottom), width, height, boxstyle="round,pad=0.06", linewidth=1.2,
                                    facecolor=colour + "1a", edgecolor=colour))  # fmt: skip
        ax.text(left + width / 2, bottom + height - 0.1, text, ha="center", va="top", fontsize=8.5)
        ax.text(left + width / 2, bottom + 0.05, where, ha="center", va="bottom", fontsize=8, weight="bold")
        sides[name] = (left - 0.1, left + width + 0.1, bottom + height / 2)
    for start, end in ARROWS:
        ax.annotate("", (sides[end][0], sides[end][2]), (sides[start][1], sides[start][2]),
                    arrowprops=dict(arrowstyle="->", color="#444444"))  # fmt: skip
    ax.plot([9.6, 9.6, 3.65], [2.2, -0.35, -0.35], "--", color="#444444", linewidth=1)
    ax.annotate("", (3.65, 0.12), (3.65, -0.37), arrowprops=dict(arrowstyle="->", color="#444444"))
    ax.text(6.7, -0.75, "again, 20 to 50 times", fontsize=8.5, ha="center", color="#444444")
    ax.set(xlim=(-0.2, 13.1), ylim=(-1.0, 6.0))
    ax.axis("off")
    return du.show_figure(fig, "Boxes: prompt and noise, encoder and patches, blocks, Euler steps, decoder")


MAP = [  # part, Stable Diffusion 1.5, Stable Diffusion 3, FLUX.1, where the learner has built it
    ("words to numbers", "77 tokens", "77 for CLIP, up to 256 for T5", "up to 512 for T5; CLIP's 77 become one vector",
     "lesson 13"),
    ("text encoder", "CLIP", "two CLIPs and T5", "CLIP and T5", "lesson 13 (small, trained along)"),
    ("picture to latents and back", "8 times smaller, 4 channels", "8 times, 16 channels", "8 times, 16 channels",
     "your turn 15.4"),
    ("scale of the latents", "0.18215", "1.5305, after subtracting 0.0609", "0.3611, after subtracting 0.1159",
     "your turn 15.5"),
    ("the way to noise", "1,000 small steps", "a straight line", "a straight line",
     "your turn 1.1; your turn 15.3"),
    ("what is predicted", "the noise", "the velocity", "the velocity", "your turn 4.3; your turn 15.3"),
    ("which times are practised", "all alike", "logit-normal", "not published", "your turn 4.4; your turn 15.3"),
    ("the training step, averaged weights", "yes", "yes", "not published", "your turn 4.2; your turn 4.5"),
    ("picture to tokens", "none: it is a U-Net", "patches of 2x2 latents", "patches of 2x2 latents", "your turn 15.1"),
    ("network", "U-Net, 0.86 thousand million weights", "24 blocks, 2 thousand million (medium)",
     "19 + 38 blocks, 12 thousand million", "your turn 3.5; your turn 15.2"),
    ("how it is told the time", "added in each block", "adaLN-zero", "adaLN-zero", "your turn 3.3; your turn 15.2"),
    ("distant places", "self-attention", "joint attention", "joint attention", "your turn 3.4; your turn 15.6"),
    ("words to picture", "cross-attention", "joint attention", "joint attention", "lesson 13; your turn 15.6"),
    ("captions dropped in training", "one in ten", "yes", "not published", "your turn 5.1"),
    ("guidance scale", "7.5", "7", "3.5, learned into the network (dev)", "your turn 5.2"),
    ("negative prompt", "yes", "yes", "not built in; added in diffusers by `true_cfg_scale`", "your turn 5.3"),
    ("sampler", "DDIM, DPM-Solver++ and others", "Euler", "Euler", "your turn 6.1; your turn 6.3; your turn 11.2"),
    ("few steps", "LCM, Turbo", "Turbo", "schnell, 1 to 4 steps", "your turn 11.5; your turn 11.6"),
    ("image to image, inpainting", "yes", "yes", "yes (Fill for inpainting)", "lesson 14"),
]  # fmt: skip


def the_map():
    """The parts of three large models, and where the learner has built each, as a table in Markdown."""
    heads = ["Stable Diffusion 1.5", "Stable Diffusion 3", "FLUX.1", "where you built it"]
    return charts.table(heads, {part: cells for part, *cells in MAP}, "part")
