"""Teach a trained network to draw in one call, or in a few: consistency distillation (lesson 11).

    python weights/train_few_steps.py --steps 16000                    from unet.pth; then polish, to few_steps.pth:
    python weights/train_few_steps.py --steps 3200 --start weights/runs/few_steps/model.pth --out weights/runs/polished
        --norm pixel --lr 2e-4 --half-life 300
    python weights/train_few_steps.py --minutes 60 --teacher my.pth    from a Unet of yours that predicts v
    python weights/train_few_steps.py --resume weights/runs/few_steps  go on after a stop, a crash or a power cut

The student starts as a copy of the teacher. Each step noises a batch of sprites to a time t, lets the guided teacher
take one DDIM step to an earlier time s, and asks the student for the same image at both ends: its answer at s is the
target for its answer at t. At s = 0 the answer is the image itself, and from there the right answers spread upward.

A run lives in a folder, as those of train.py: `last.pt` (everything needed to go on, renewed every minute and at
Ctrl-C), `samples_*.png` (rows: one call, two, four; from the same noise each time) and `model.pth` (averaged weights).
"""

import argparse
import copy
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import diffusion_utilities as du
from plumbing import runs

MAY_CHANGE = {*runs.LIMITS, "lr", "half_life", "norm", "sample_minutes"}  # of a run that is resumed


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--steps", type=int, help="how long, in steps (this or --minutes is needed)")
    add("--minutes", type=float, help="how long, in minutes")
    add("--resume", type=Path, metavar="RUN", help="a run's folder: go on with its own settings and what is asked now")
    add("--teacher", default=str(du.WEIGHTS / "unet.pth"), help="a trained Unet (default unet.pth)")
    add("--start", help="a trained student to go on from (default: a copy of the teacher)")
    add("--w", type=float, default=1.75, help="guidance of the teacher, which the student inherits (default 1.75)")
    add("--pieces", type=int, default=20, help="the teacher's steps from T to 0 (default 20)")
    add("--batch", type=int, default=32)
    add("--lr", type=float, default=4e-4)
    add("--half-life", type=float, default=500, help="of the averaged weights, in steps (default 500)")
    add("--norm", choices=["image", "pixel"], default="image",
        help="whether the norm of the loss is that of an image (default), or of each number: less grain")  # fmt: skip
    add("--images", type=int, metavar="N", help="train on the first N sprites only")
    add("--seed", type=int, default=0)
    add("--out", type=Path, metavar="RUN", default=du.WEIGHTS / "runs" / "few_steps", help="the run's folder")
    add("--sample-minutes", type=float, default=5, help="minutes between sample pictures (default 5)")
    args, given = parser.parse_args(argv), runs.asked(parser, argv)
    if args.resume:
        args = runs.resumed(parser, given, MAY_CHANGE)
    if not (args.steps or args.minutes):
        parser.error("say how long to train: --steps or --minutes")
    for name in ("last.pt", "model.pth"):
        if not args.resume and (args.out / name).exists():
            parser.error(f"{args.out} already holds a run: resume it with --resume {args.out}, or choose another --out")
    return args


def end_of_curve(model, x, t, c, ab_t):
    """Where the student says that the curve through x (B, C, H, W) at times t (B,) ends: x itself at t = 0."""
    out = model(x, t.to(x.device) / (len(ab_t) - 1), c)
    return du.to_x0_eps(out.float(), x, t, ab_t, model.predicts)[0]


class Consistency(du.Trainer):
    """A Trainer with another loss: the answer at time t should be the answer at s, one step of the teacher earlier."""

    def __init__(self, student, teacher, data, ab_t, pieces, norm="image", **how):
        super().__init__(student, data, ab_t, drop=0.0, **how)
        self.teacher, self.stride, self.norm = teacher, round((len(ab_t) - 1) / pieces), norm

    def loss_of(self, x0, c, t, noise, weight):
        ab_t, s = self.ab_t, (t - self.stride).clamp(min=0)
        x_t = du.add_noise(x0, t, noise, ab_t)
        with torch.no_grad():
            guess = end_of_curve(self.teacher, x_t, t, c, ab_t).clamp(-1, 1)
            signal, sigma = du.signal_and_noise(ab_t, t, x_t)
            x_s = du.add_noise(guess, s, (x_t - signal * guess) / sigma, ab_t)
            aim = end_of_curve(self.model, x_s, s, c, ab_t).clamp(-1, 1)
        squared = (end_of_curve(self.network, x_t, t, c, ab_t) - aim).square().flatten(1)
        if self.norm == "image":
            squared = squared.sum(1, True)
        losses = ((squared + 0.03**2).sqrt() - 0.03).mean(1)  # pseudo-Huber: each pulls about equally hard
        return losses.mean(), losses.detach()


@torch.no_grad()
def draw(model, ab_t, c, calls, seed=0):
    """Guess, add fresh noise for the next time, guess again: images (len(c), 3, 16, 16) in 1, 2, 4, ... calls."""
    generator = torch.Generator().manual_seed(seed)
    x, device = torch.zeros(len(c), model.in_channels, 16, 16), next(model.parameters()).device
    for t in du.sampling_times(len(ab_t) - 1, calls)[:-1]:
        t = torch.full((len(c),), t)
        x = du.add_noise(x, t, torch.randn(x.shape, generator=generator), ab_t).to(device)
        x = end_of_curve(model, x, t, c.to(device), ab_t).clamp(-1, 1).cpu()
    return x


def train(args):
    torch.manual_seed(args.seed)
    teacher, ab_t = du.load_model(args.teacher)
    if teacher.predicts != "v":  # else the answer at t = 0 would not be the image by itself
        raise ValueError(f"{args.teacher} must be a network that predicts v")
    if teacher.info["classes"] not in (None, du.CLASSES) or teacher.info["size"] not in (None, (16, 16)):
        raise ValueError(f"{args.teacher} was trained on other pictures than the course's sprites, which are used here")
    if not 1 <= args.pieces < len(ab_t):
        raise ValueError(f"--pieces must lie in 1..{len(ab_t) - 1}, not {args.pieces}")
    student, same = du.load_model(args.start or args.teacher)
    if student.predicts != "v" or len(same) != len(ab_t) or not torch.allclose(same, ab_t, rtol=0, atol=1e-9):
        raise ValueError(f"{args.start} must predict v by the schedule of {args.teacher}")
    trainer = Consistency(
        student, du.Guided(teacher, args.w), du.load_sprites("train", args.images), ab_t, args.pieces, args.norm,
        lr=args.lr, batch=args.batch, warmup=50, half_life=args.half_life, bf16=False, seed=args.seed,
    )  # fmt: skip
    if args.resume:
        trainer.load_state_dict(du.load_file(args.out / "last.pt"))
        print(f"resumed at step {trainer.step}")
    runs.settle(args)
    contexts = torch.eye(5).repeat(4, 1)

    def write_model(file):
        du.save_model(copy.deepcopy(trainer.ema.model).half(), file)

    def picture():
        rows = torch.cat([draw(trainer.ema.model, ab_t, contexts, calls) for calls in (1, 2, 4)])
        return du.show(rows, columns=20, alt=f"one, two and four calls at step {trainer.step}")

    runs.follow(trainer, args, write_model, picture)


if __name__ == "__main__":
    runs.main(train, arguments)
