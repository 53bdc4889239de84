"""Score every network in this folder and write the table into README.md, the model card.

python weights/score.py                 2,000 samples of each, about half an hour on two CPU cores
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
import diffusion_utilities as du

NETWORKS = ["unet", *(f"{prefix}model_{epoch}" for prefix in ("context_", "") for epoch in (0, 4, 8, 31))]
SAMPLING = {"steps": 20, "order": 2, "eta": 1.0, "clip": True}


def draw(model, ab_t, n, c):
    """n images from n different noises, in batches."""
    rows = range(0, n, 250)
    return torch.cat([
        du.sample(model, ab_t, min(250, n - i), None if c is None else c[i : i + 250], seed=i, **SAMPLING) for i in rows
    ])  # fmt: skip


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
    n = parser.parse_args().samples
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
    for name in NETWORKS:
        context = None if name.startswith("model") else c
        begin = time.perf_counter()
        x = draw(*du.load_model(du.WEIGHTS / f"{name}.pth"), n, context)
        seconds = time.perf_counter() - begin
        lines.append(row(f"`{name}.pth`", du.sprite_score(x, context, held_out.x, train.x), seconds))
        print(lines[-1], flush=True)
    files = [f"{name}.pth" for name in ("classifier", *NETWORKS)]
    hashes = [f"| `{f}` | {(du.WEIGHTS / f).stat().st_size:,} | `{sha256(du.WEIGHTS / f)}` |" for f in files]
    if n == 2000:
        card = du.WEIGHTS / "README.md"
        text = card.read_text(encoding="utf-8")
        for mark, body in (("scores", lines), ("files", ["| file | bytes | SHA-256 |", "|---|---|---|", *hashes])):
            body = "\n".join(body)
            text = re.sub(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", rf"\g<1>{body}\n\g<2>", text, flags=re.S)
        card.write_text(text, encoding="utf-8")
        print(f"written into {card.name}")


if __name__ == "__main__":
    main()
