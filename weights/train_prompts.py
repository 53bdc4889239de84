"""Teach a trained network to read: the captions of the sprites in place of their classes (lesson 13).

    python weights/train_prompts.py --minutes 100                      from unet.pth, to weights/runs/prompts/model.pth
    python weights/train_prompts.py --resume weights/runs/prompts      go on after a stop, a crash or a power cut
    python weights/train_prompts.py --minutes 60 --start my.pth        from a Unet of yours, or from a prompts.pth
    python weights/train_prompts.py --minutes 60 --longest 0.5         show the longest captions more often

What it learns from are the sprites of the training part (`Captions.parts`): held-out recipes, and pairs of a noun and a
colour that are kept apart, stay unseen. Each time a sprite is shown, one of its captions is drawn, and one in ten is
left out, so that prompts can be insisted on (classifier-free guidance).

A run lives in a folder, as those of train.py: `last.pt` (everything needed to go on, renewed every minute and at
Ctrl-C), `samples_*.png` (the same prompts and the same noise each time) and `model.pth` (averaged weights).
"""

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import diffusion_utilities as du
import prompts
from plumbing import runs

MAY_CHANGE = {*runs.LIMITS, "lr", "drop", "longest", "half_life", "sample_minutes"}  # of a run that is resumed
SHOWN = """a wizard in a purple robe
a knight with a red cape
a smiling green slime
a pink ghost with horns
a doughnut with pink icing and sprinkles
a blue flame
a red potion
a king with a golden crown""".splitlines()


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--steps", type=int, help="how long, in steps (this or --minutes is needed)")
    add("--minutes", type=float, help="how long, in minutes")
    add("--resume", type=Path, metavar="RUN", help="a run's folder: go on with its own settings and what is asked now")
    add("--start", default=str(du.WEIGHTS / "unet.pth"), help="a trained Unet, or a prompts.pth (default unet.pth)")
    add("--batch", type=int, default=64)
    add("--lr", type=float, default=1.5e-3)
    add("--drop", type=float, default=0.1, help="how often the caption is left out (default 0.1)")
    add("--longest", type=float, default=0.0, help="how often the longest caption is shown (default 0)")
    add("--half-life", type=float, default=500, help="of the averaged weights, in steps (default 500)")
    add("--images", type=int, metavar="N", help="train on the first N sprites only")
    add("--seed", type=int, default=0)
    add("--out", type=Path, metavar="RUN", default=du.WEIGHTS / "runs" / "prompts", help="the run's folder")
    add("--sample-minutes", type=float, default=5, help="minutes between sample pictures (default 5)")
    args, given = parser.parse_args(argv), runs.asked(parser, argv)
    if args.resume:
        args = runs.resumed(parser, given, MAY_CHANGE)
        if not (args.out / "last.pt").is_file():
            parser.error(f"{args.out} ended before its first step was saved: begin it again, with --out {args.out}")
    if not (args.steps or args.minutes):
        parser.error("say how long to train: --steps or --minutes")
    for name in ("steps", "minutes", "images"):
        value = getattr(args, name)
        if value is not None and not value > 0:
            parser.error(f"--{name} must be above 0, not {value}")
    for name in ("last.pt", "model.pth"):
        if not args.resume and (args.out / name).exists():
            parser.error(f"{args.out} already holds a run: resume it with --resume {args.out}, or choose another --out")
    return args


def build(start, words):
    """The network to begin with, and its schedule: a trained Unet that cannot read yet, or one that can."""
    if prompts.reads(start):
        model, ab_t, known = prompts.load_prompts(start)
        if known.vocabulary != words.vocabulary:
            raise ValueError(f"{start} knows other words than the captions hold")
        return model, ab_t
    unet, ab_t = du.load_model(start)
    if not isinstance(unet, du.Unet) or torch.is_tensor(unet.info["schedule"]):
        raise ValueError(f"{start} must be a Unet with a noise schedule that has a name")
    return prompts.PromptUnet.from_unet(unet, len(words.vocabulary), length=words.length), ab_t


def train(args):
    torch.manual_seed(args.seed)
    captions = prompts.load_captions()
    words, rows = prompts.Words.of(captions), captions.parts()["train"][: args.images]
    model, ab_t = build(args.start, words)
    trainer = prompts.PromptTrainer(
        model, du.load_sprites("all").x[rows], [captions.lines[i]["captions"] for i in rows.tolist()], words, ab_t,
        lr=args.lr, batch=args.batch, warmup=200, times="middle", drop=args.drop, longest=args.longest,
        half_life=args.half_life, seed=args.seed,
    )  # fmt: skip
    if args.resume:
        trainer.load_state_dict(du.load_file(args.out / "last.pt"))
        print(f"resumed at step {trainer.step}")
    runs.settle(args)
    print(f"{du.count_parameters(model):,} parameters, {len(rows)} sprites, {len(trainer.tokens)} captions")
    shown, how = words.encode(SHOWN).repeat_interleave(4, 0), {"steps": 20, "order": 2, "eta": 1.0, "clip": True}

    def picture():
        x = du.sample(du.Guided(trainer.ema.model, 2), ab_t, len(shown), shown, **how)
        return du.show(x, columns=8, alt=f"eight prompts, four times each, at step {trainer.step}")

    runs.follow(trainer, args, lambda file: prompts.save_prompts(trainer.ema.model, words, file), picture)


if __name__ == "__main__":
    runs.main(train, arguments)
