"""Score every network in this folder and write the table into README.md, the model card.

python weights/score.py                 2,000 samples of each, about half an hour on two CPU cores
python weights/score.py --only unet     only the rows whose name holds "unet"; the others stay as they are
python weights/score.py --samples 200   a quick look, printed and not written
"""

import argparse
import hashlib
import re
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import train_few_steps

import diffusion_utilities as du
import prompts

NETWORKS = ["unet", *(f"{prefix}model_{epoch}" for prefix in ("context_", "") for epoch in (0, 4, 8, 31))]
SAMPLING = {"steps": 20, "order": 2, "clip": True}
# the network that the lessons sample from is also scored as they do it: (what is different, its guidance)
MORE = {"`unet.pth`, 2M with noise": ({"eta": 1.0}, 1), "the same, 10 steps, w = 2": ({"eta": 1.0, "steps": 10}, 2)}
FEW = {"`few_steps.pth`, 1 call": 1, "the same, 2 calls": 2, "the same, 4 calls": 4}


def draw(model, ab_t, n, c, **how):
    """n images from n different noises, in batches."""
    rows = range(0, n, 250)
    if "calls" in how:
        draw_few = train_few_steps.draw
        return torch.cat([draw_few(model, ab_t, c[i : i + 250], how["calls"], seed=i) for i in rows])
    how = SAMPLING | how
    return torch.cat([
        du.sample(model, ab_t, min(250, n - i), None if c is None else c[i : i + 250], seed=i, **how) for i in rows
    ])  # fmt: skip


def obedience(n, part, guided):
    """How `prompts.pth` draws the longest captions of n sprites of a part: (the share obeyed, the real sprites' share,
    the Fréchet distance to all sprites of that part). guided: w, with a 20-step 2M with noise, as lesson 13 draws."""
    captions, real = prompts.load_captions(), du.load_sprites("all").x
    rows = captions.parts()[part]
    some = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))[:n]].tolist()
    lines = [captions.lines[i] for i in some]
    texts = [max(line["captions"], key=len) for line in lines]
    model, ab_t, words = prompts.load_prompts()
    x = draw(du.Guided(model, guided), ab_t, len(some), words.encode(texts), eta=1.0)
    distance = du.frechet_distance(x.cpu(), real[rows])
    return prompts.obeyed(texts, lines, x), prompts.obeyed(texts, lines, real[some]), distance


def prompt_rows(n):
    """The second table: what comes of prompts, beside what the judge reads off the real sprites of these captions."""
    yield "| captions | sprites | kind | main colour | parts | all that is named | Fréchet distance |"
    yield "|---|---|---|---|---|---|---|"
    for title, part in (("held-out recipes", "held_out"), ("unseen pairs of noun and colour", "unseen")):
        rows = {}
        for w in (1, 2):
            rows[f"drawn, w = {w}"], real, distance = obedience(n, part, w)
            rows[f"drawn, w = {w}"]["distance"] = f"{distance:.2f}"
        rows["real"] = real | {"distance": "-"}
        for what, shares in rows.items():
            named = " | ".join(f"{shares[name]:.1%}" for name in ("kind", "colour", "parts", "all"))
            yield f"| {title} | {what} | {named} | {shares['distance']} |"


def sha256(file):
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def row(name, score, seconds=None):
    """One line of the table."""
    asked = f"{score['asked']:.1%}" if "asked" in score else "-"
    took = "-" if seconds is None else f"{seconds:.0f} s"
    return f"| {name} | {score['frechet']:.2f} | {asked} | {score['diversity']:.3f} | {score['copying']:.3f} | {took} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--only", default="", metavar="TEXT", help="score only the rows whose name holds this")
    args = parser.parse_args()
    n, card = args.samples, du.WEIGHTS / "README.md"
    text = card.read_text(encoding="utf-8")
    train, held_out = du.load_sprites("train"), du.load_sprites("held_out")
    c = torch.eye(5).repeat(-(-n // 5), 1)[:n]
    lines = [
        "| network | Fréchet distance | drawn as asked | diversity | nearest neighbour | sampling took |",
        "|---|---|---|---|---|---|",
        row(
            "real training sprites", du.sprite_score(train.x[:n], train.c[:n], held_out.x) | {"copying": float("nan")}
        ).replace("nan", "-"),  # fmt: skip
        row(
            "held-out sprites, the other half",
            du.sprite_score(held_out.x[: n // 2], held_out.c[: n // 2], held_out.x[n // 2 :], train.x),
        ),  # fmt: skip
    ]
    print("\n".join(lines), flush=True)
    rows = {f"`{name}.pth`": (name, {}, 1) for name in NETWORKS[:1]}
    rows |= {title: ("unet", how, w) for title, (how, w) in MORE.items()}
    rows |= {title: ("few_steps", {"calls": calls}, 1) for title, calls in FEW.items()}
    rows |= {f"`{name}.pth`": (name, {}, 1) for name in NETWORKS[1:]}
    for title, (name, how, w) in rows.items():
        before = re.search(rf"^\| {re.escape(title)} \|.*", text[text.index("<!-- scores -->") :], re.M)
        if args.only not in name and before:
            lines.append(before[0])
            continue
        context = None if name.startswith("model") else c
        begin = time.perf_counter()
        model, ab_t = du.load_model(du.WEIGHTS / f"{name}.pth")
        x = draw(model if w == 1 else du.Guided(model, w), ab_t, n, context, **how)
        seconds = time.perf_counter() - begin
        lines.append(row(title, du.sprite_score(x, context, held_out.x, train.x), seconds))
        print(lines[-1], flush=True)
    about_prompts = re.search("<!-- prompts -->\n(.*?)<!-- /prompts -->", text, re.S)[1].splitlines()
    if args.only in "prompts":
        about_prompts = []
        for line in prompt_rows(n):
            about_prompts.append(line)
            print(line, flush=True)
    files = [f"{name}.pth" for name in ("classifier", "judge", "unet", "prompts", "few_steps", *NETWORKS[1:])]
    hashes = [f"| `{f}` | {(du.WEIGHTS / f).stat().st_size:,} | `{sha256(du.WEIGHTS / f)}` |" for f in files]
    if n == 2000:
        for mark, body in (
            ("scores", lines),
            ("prompts", about_prompts),
            ("files", ["| file | bytes | SHA-256 |", "|---|---|---|", *hashes]),
        ):
            body = "\n".join(body)
            text = re.sub(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", rf"\g<1>{body}\n\g<2>", text, flags=re.S)
        card.write_text(text, encoding="utf-8")
        print(f"written into {card.name}")


if __name__ == "__main__":
    main()
