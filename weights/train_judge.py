"""Train the judge: a small network that reads kind, main colour and parts off a sprite (ten minutes of one CPU core).

    python weights/train_judge.py

With it one can measure whether a drawn sprite is what its caption asked for. It learns from the 36,000 training sprites
and what their recipes say of them (data/captions.jsonl.gz), and prints after every epoch how much of the 4,000 held-out
ones, which it never sees, it reads correctly, by head. Each epoch is kept in weights/runs/judge/last.pt, from where a
run that was stopped goes on; the last one becomes weights/judge.pth, in half precision.
"""

import sys
from collections import Counter
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import diffusion_utilities as du
import prompts

EPOCHS, BATCH, AT_LEAST = 40, 128, 150  # a part is asked for if so many of the training sprites have it
RUN, FILE = du.WEIGHTS / "runs" / "judge" / "last.pt", du.WEIGHTS / "judge.pth"


def names_of(lines):
    """What the heads tell apart: all kinds, all main colours, and the parts that many sprites have."""
    parts = Counter(part for line in lines for part in line["parts"])
    return {
        "kind": sorted({f"{line['class']}/{line['kind']}" for line in lines}),
        "colour": sorted({line["colour"] for line in lines if line["colour"]}),
        "part": sorted(part for part, n in parts.items() if n >= AT_LEAST),
    }


def truth_of(lines, names):
    """What is true of the sprites: "kind" (N,), "colour" (N,), -1 where none is the main one, "part" (N, parts)."""
    each = [prompts.judged(line, names) for line in lines]
    return {head: torch.stack([one[head] for one in each]) for head in names}


def loss_of(out, truth):
    """Kind and colour as classes, each part by itself; a sprite without a main colour teaches none."""
    kind = F.cross_entropy(out["kind"], truth["kind"], label_smoothing=0.05)
    known = truth["colour"] >= 0
    colour = F.cross_entropy(out["colour"][known], truth["colour"][known], label_smoothing=0.05, reduction="sum")
    part = F.binary_cross_entropy_with_logits(out["part"], truth["part"])
    return kind + colour / len(known) + 10 * part  # most of a hundred parts are not there: their mean is small


@torch.no_grad()
def accuracy(model, x, truth):
    """Shares of right answers on images x, by head: of kinds, of main colours, of the parts that are there and found,
    of the parts found that are there."""
    outs = [model(some) for some in x.split(500)]
    out = {head: torch.cat([one[head] for one in outs]) for head in truth}
    coloured = truth["colour"] >= 0
    found, there = out["part"] > 0, truth["part"] > 0
    return {
        "kind": (out["kind"].argmax(1) == truth["kind"]).float().mean().item(),
        "colour": (out["colour"].argmax(1) == truth["colour"])[coloured].float().mean().item(),
        "parts found": ((found & there).sum() / there.sum()).item(),
        "parts right": ((found & there).sum() / found.sum().clamp(min=1)).item(),
    }


def told(shares):
    return ", ".join(f"{name} {share:.2%}" for name, share in shares.items())


def main():
    torch.manual_seed(0)
    x, lines = du.load_sprites("all").x, prompts.load_captions().lines
    n = len(x) - du.HELD_OUT
    names = names_of(lines[:n])
    truth, model, steps = truth_of(lines, names), prompts.Judge(names), EPOCHS * (n // BATCH)
    held_out = {head: values[n:] for head, values in truth.items()}
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    first = 0
    if RUN.exists():
        saved = du.load_file(RUN)
        if saved["names"] == names and saved["epochs"] == EPOCHS:
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            schedule.load_state_dict(saved["schedule"])
            torch.set_rng_state(saved["random"])
            first = saved["epoch"]
    for epoch in range(first, EPOCHS):
        model.train()
        for rows in torch.randperm(n).split(BATCH)[: n // BATCH]:
            # a little noise and a shift of at most one pixel, as for the classifier: it judges drawings, not files
            images = x[rows] + 0.1 * torch.randn(len(rows), 1, 1, 1).abs() * torch.randn(len(rows), 3, 16, 16)
            images = torch.roll(images, torch.randint(-1, 2, (2,)).tolist(), (2, 3))
            loss = loss_of(model(images), {head: values[rows] for head, values in truth.items()})
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        model.eval()
        shares = accuracy(model, x[n:], held_out)
        print(f"epoch {epoch}: {told(shares)}", flush=True)
        last = dict(names=names, epochs=EPOCHS, epoch=epoch + 1, model=model.state_dict(), random=torch.get_rng_state(),
                    optimizer=optimizer.state_dict(), schedule=schedule.state_dict())  # fmt: skip
        du.save_file(last, RUN)
    half = {name: value.half() if value.is_floating_point() else value for name, value in model.state_dict().items()}
    du.save_file(dict(names=names, state=half), FILE)
    prompts.load_judge.cache_clear()
    shares = accuracy(prompts.load_judge(), x[n:], held_out)
    size = ", ".join(f"{len(values)} {head}s" for head, values in names.items())
    print(f"{FILE.name}, {FILE.stat().st_size:,} bytes, {size}: {told(shares)}")


if __name__ == "__main__":
    main()
