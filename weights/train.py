"""Train a network of this course: from scratch or resumed, on our sprites or on yours.

    python weights/train.py --minutes 10                                   the modern Unet on our sprites
    python weights/train.py --network context_unet --epochs 32             the sprite course's network and recipe
    python weights/train.py --minutes 10 --data my_sprites/                your pictures: flat, or a folder a class
    python weights/train.py --minutes 10 --data sheet.png --tile 16 24     a sprite sheet (and --margin 1 --gap 1)
    python weights/train.py --minutes 10 --data a.npy --labels b.npy       a pair of .npy files
    python weights/train.py --resume weights/runs/unet                     go on after a stop, a crash or a power cut
    python weights/train.py --resume weights/runs/unet --steps 20000       make it longer, or change its --lr and more
    python weights/train.py --start weights/unet.pth --steps 2000          fine-tune: a new run from a trained network
    accelerate launch weights/train.py --steps 5000                        on all GPUs of a machine, or of several
    torchrun --nproc_per_node 2 weights/train.py --steps 50                the same with two processes on a CPU

Several processes (Hugging Face Accelerate) share each batch: the run, its files and its loss are those of one process,
and it can be resumed with another number of them. (A ContextUnet's BatchNorm sees only its process's share of a batch.)

Of your own pictures a summary says what was read, what was left out and why; `contact.png` in the run's folder shows
what it is trained on.

A run lives in a folder: `last.pt` (everything needed to go on, renewed every minute), `samples_*.png` (from the same
noise each time) and `model.pth` (the averaged weights, for draw.py and `load_model`; of several averages, the others
are `model_half_life_*.pth`). Files are written beside, read back and renamed: a run that is killed never leaves half a
file, and one whose loss is no longer a number stops before it overwrites a good state. A run that is resumed keeps its
settings, but for what is asked now; a new --steps, --epochs or --minutes replaces all the old ones, and each counts
from the run's first step. What cannot change in the middle of a run (its network, its data) is refused.
A run may start from a network that knows other classes: the layers that take them begin anew.
"""

import argparse
import copy
import math
import os
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import diffusion_utilities as du
from plumbing import own_pictures, runs

# What the two networks are trained with unless the command line says otherwise.
RECIPES = {
    "unet": dict(predicts="v", schedule="cosine", times="middle", lr=2e-3, batch=64, warmup=200, beta2=0.99),
    "context_unet": dict(
        predicts="eps", schedule="linear", times="stratified", lr=1e-3, batch=100, warmup=0, beta2=0.999
    ),
}
# What may be asked of a run that is resumed.
MAY_CHANGE = {*runs.LIMITS, "lr", "warmup", "beta2", "weight_decay", "anneal", "loss", "drop", "times", "half_life",
              "accumulate", "bf16", "compile", "save_epochs", "sample_minutes"}  # fmt: skip


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--network", choices=list(RECIPES), default="unet")
    add("--resume", type=Path, metavar="RUN", help="a run's folder: go on with its own settings and what is asked now")
    add("--start", metavar="FILE", help="a trained network to begin with, which says what it predicts (fine-tuning)")
    length = parser.add_argument_group("how long (one is needed)")
    length.add_argument("--epochs", type=int, help="an epoch shows every image once, or --per-epoch of them")
    length.add_argument("--steps", type=int)
    length.add_argument("--minutes", type=float)
    data = parser.add_argument_group("data (default: this course's 36,000 training sprites)")
    data.add_argument("--data", help="a folder of pictures, a sheet (with --tile), or .npy (with --labels)")
    data.add_argument("--labels", help="the labels of a .npy file: one-hot, or class numbers")
    data.add_argument("--size", type=int, help="bring folders and sheets to this size (default 16)")
    own_pictures.add_options(data)
    data.add_argument("--no-context", action="store_true", help="train without labels")
    data.add_argument("--per-epoch", type=int, metavar="N", help="count an epoch after N images, not after all")
    recipe = parser.add_argument_group("recipe (defaults depend on the network)")
    recipe.add_argument("--predicts", choices=["eps", "x0", "v"])
    recipe.add_argument("--schedule", choices=["linear", "rescaled", "cosine"])
    recipe.add_argument("--T", type=int, default=500)
    recipe.add_argument("--lr", type=float)
    recipe.add_argument("--batch", type=int)
    recipe.add_argument("--warmup", type=int, help="steps")
    recipe.add_argument("--beta2", type=float)
    recipe.add_argument("--loss", choices=list(du.LOSSES), default="l2",
                        help="l2 (default) aims at the mean, as theory asks; huber is crisper at first")  # fmt: skip
    recipe.add_argument("--drop", type=float, default=0.1, help="probability of dropping the context (default 0.1)")
    recipe.add_argument("--weight-decay", type=float, default=0.0)
    recipe.add_argument("--anneal", choices=["linear", "cosine", "none"], default="linear", help="of the learning rate")
    recipe.add_argument("--times", choices=["stratified", "middle", "uniform", "loss-aware"],
                        help="which noise levels are practised (unet: middle, context_unet: stratified)")  # fmt: skip
    recipe.add_argument("--half-life", type=float, nargs="+", default=[500], metavar="H",
                        help="of the averaged weights, in steps (default 500); or several")  # fmt: skip
    recipe.add_argument("--n-feat", type=int, default=64, help="of the ContextUnet (default 64)")
    recipe.add_argument("--widths", type=int, nargs="+", default=[32, 64, 96], help="of the Unet (default 32 64 96)")
    recipe.add_argument("--seed", type=int, default=0)
    machine = parser.add_argument_group("machine")
    machine.add_argument("--accumulate", type=int, default=1, metavar="K", help="take each batch in K parts (memory)")
    machine.add_argument("--bf16", choices=["yes", "no"], help="compute in bfloat16 (default: on a GPU)")
    machine.add_argument("--compile", action="store_true", help="torch.compile: a minute more, then faster steps")
    output = parser.add_argument_group("output")
    output.add_argument("--out", type=Path, metavar="RUN", help="the run's folder (default weights/runs/NETWORK)")
    output.add_argument("--save-epochs", type=int, nargs="*", default=[], metavar="E",
                        help="also write model_E.pth after these epochs, counted from 0")  # fmt: skip
    output.add_argument("--sample-minutes", type=float, default=2, help="minutes between sample pictures (default 2)")
    args, given = parser.parse_args(argv), runs.asked(parser, argv)

    if args.resume:
        args = runs.resumed(parser, given, MAY_CHANGE)
    if not (args.epochs or args.steps or args.minutes):
        parser.error("say how long to train: --epochs, --steps or --minutes")
    if args.resume:
        return args
    if args.start:
        vars(args).update(options_of(args.start, given))
    if (other := "n_feat" if args.network == "unet" else "widths") in given:
        parser.error(f"{runs.option(other)} belongs to the other network, not to --network {args.network}")
    for name, value in RECIPES[args.network].items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    args.out = args.out or du.WEIGHTS / "runs" / args.network
    for name in ("last.pt", "model.pth"):
        if (args.out / name).exists():
            parser.error(f"{args.out} already holds a run: resume it with --resume {args.out}, or choose another --out")
    return args


def options_of(file, given):
    """The options that the network in a file answers for (--start); ValueError if `given` ones say otherwise."""
    model, _ = du.load_model(file, "cpu")
    schedule, config = model.info["schedule"], model.config
    if torch.is_tensor(schedule):
        raise ValueError(f"{file} was trained with a noise schedule of its own, which --schedule cannot name")
    options = {"network": "unet", "predicts": model.predicts, "schedule": schedule, "T": model.info["T"]}
    if isinstance(model, du.ContextUnet):
        options |= {"network": "context_unet", "n_feat": config["n_feat"]}
    else:
        options["widths"] = list(config["widths"])
    for name, value in options.items():
        if given.get(name, value) != value:
            raise ValueError(
                f"{runs.option(name, given[name])} does not fit {file}, which is of {runs.option(name, value)}"
            )
    if model.info["size"] and "size" not in given:
        options["size"] = model.info["size"][0]
    return options


def load_data(args, report=print):
    """What the options name; `report` is told what was read. What is asked for and does not apply is refused."""
    if args.data and not args.data.endswith(".npy"):
        if args.labels:
            raise ValueError(f"--labels is for a .npy file: the classes of {args.data} are its folders")
        data = own_pictures.load_pictures(args.data, args.size or 16, vars(args), report)
        if report and (few := own_pictures.advice(len(data.x))):
            report(few)
        return data
    for name in own_pictures.OPTIONS:
        if getattr(args, name) is not None:
            raise ValueError(f"--{name} is for your own folder or sheet of pictures: --data FOLDER or SHEET.png")
    if args.data and not args.labels and not args.no_context:
        raise ValueError("a .npy file of sprites needs its labels, --labels FILE.npy, or --no-context to do without")
    data = du.load_npy(args.data, args.labels) if args.data else du.load_sprites("train")
    if args.size not in (None, data.x.shape[-1]) and not args.resume:
        raise ValueError(f"--size is for folders and sheets: these sprites are {data.x.shape[3]} x {data.x.shape[2]}")
    return data


def build(args, data, config=None, report=print):
    """The network that the options describe, or that of --start, or the one of a run with this `config`; `report` is
    told what of a trained network does not fit."""
    if args.start and not args.resume:
        model = du.load_model(args.start, "cpu")[0]
        images, size = model.in_channels, model.info["size"]
        if images != data.x.shape[1] or (isinstance(model, du.ContextUnet) and size != tuple(data.x.shape[2:])):
            raise ValueError(f"{args.start} takes images of {images} channels and size {size}, not {data.x.shape[1:]}")
        if not args.no_context and model.n_cfeat != data.c.shape[1]:
            model, new = adopt(model, data.c.shape[1])
            if report:
                report(f"{args.start} knows other classes than these {model.n_cfeat}: {', '.join(new)} begins anew")
        return model
    channels, height, n_cfeat = data.x.shape[1], data.x.shape[2], data.c.shape[1]
    if args.network == "unet":
        config = config or dict(in_channels=channels, n_cfeat=n_cfeat, widths=args.widths, predicts=args.predicts)
        model = du.Unet(**config)
    else:
        config = config or dict(in_channels=channels, n_feat=args.n_feat, n_cfeat=n_cfeat, height=height)
        model = du.ContextUnet(**config)
    model.predicts = args.predicts
    model.info |= {"schedule": args.schedule, "T": args.T}
    return model


def adopt(theirs, n_cfeat):
    """A network for contexts of n_cfeat numbers with all of `theirs` that fits it, and the names of what does not."""
    ours = type(theirs)(**theirs.config | {"n_cfeat": n_cfeat})
    state, trained = ours.state_dict(), theirs.state_dict()
    new = [name for name, value in state.items() if trained[name].shape != value.shape]
    ours.load_state_dict(trained | {name: state[name] for name in new})
    ours.predicts, ours.info = theirs.predicts, theirs.info | {"classes": None}
    return ours, new


def write_model(ema, args, file, plain=False):
    """The averaged weights in half precision, which is exact enough to sample from and half the size.

    plain: if they are the sprite course's network, recipe and sprites, write them as it does: a bare state dict.
    """
    model, recipe = copy.deepcopy(ema.model).half(), (args.network, args.predicts, args.schedule, args.T, args.data)
    if plain and recipe == ("context_unet", "eps", "linear", 500, None):
        du.save_file(model.state_dict(), file, pack=True)
    else:
        du.save_model(model, file)


def in_parallel():
    """The Accelerator of a program that was launched as several processes; None if it is alone."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        return None
    from accelerate import Accelerator

    return Accelerator(cpu=not torch.cuda.is_available())


def train(args):
    accelerator = in_parallel()
    first = accelerator is None or accelerator.is_main_process  # the process that writes and prints
    torch.manual_seed(args.seed)
    last = args.out / "last.pt"
    state = du.load_file(last) if args.resume else {}
    data = load_data(args, print if first else None)
    model = build(args, data, state.get("config"), print if first else None)
    ab_t = du.noise_schedule(args.schedule, args.T)
    shown = du.Sprites(data.x, None, ()) if args.no_context else data
    trainer = du.Trainer(
        model, shown, ab_t, lr=args.lr, betas=(0.9, args.beta2), batch=args.batch,
        warmup=args.warmup, weight_decay=args.weight_decay, anneal=None if args.anneal == "none" else args.anneal,
        times=args.times, loss=args.loss, drop=args.drop, half_life=args.half_life, accumulate=args.accumulate,
        bf16=args.bf16 and args.bf16 == "yes", seed=args.seed, accelerator=accelerator,
    )  # fmt: skip
    if args.compile:
        trainer.network = torch.compile(trainer.network)
    if args.resume:
        trainer.load_state_dict(state)
        if first:
            print(f"resumed at step {trainer.step}")
    if first:
        runs.settle(args)
        if args.data and not args.resume:
            own_pictures.write_still(du.contact_sheet(data), args.out / "contact.png")
            print(f"look at {args.out / 'contact.png'}: this is what is trained on")
    epoch_steps = max(1, (args.per_epoch or len(data.x)) // args.batch)
    steps = min(args.steps or 10**12, args.epochs * epoch_steps if args.epochs else 10**12)
    contexts = None if args.no_context else torch.eye(data.c.shape[1]).repeat_interleave(8, 0)
    if first:
        processes = f", {accelerator.num_processes} processes" if accelerator else ""
        print(f"{du.count_parameters(model):,} parameters, {len(data.x)} images, on {trainer.device}{processes}")

    sampled, losses, begun = time.monotonic(), [], trainer.step
    saved = sampled if args.resume else -math.inf  # the first step is saved at once: from then on it can be resumed
    with runs.kept(trainer, last, first):
        for p in trainer.run(steps=steps, seconds=args.minutes and args.minutes * 60):
            if not first:
                continue
            losses.append(p.loss)
            now, epoch = time.monotonic(), p.step // epoch_steps - 1
            ended = p.step % epoch_steps == 0 and epoch in args.save_epochs
            drawn = p.done >= 1 or now - sampled > 60 * args.sample_minutes
            if ended or drawn or now - saved > 60:  # the state first: it is checked
                saved = now
                du.save_file(trainer.state_dict(), last)
            if ended:
                write_model(trainer.ema, args, args.out / f"model_{epoch}.pth", plain=True)
            if drawn:
                sampled = now
                n = 40 if contexts is None else len(contexts)
                how = {"steps": min(20, args.T), "order": 2, "eta": 1.0, "clip": True}
                x = du.sample(trainer.ema.model, ab_t, n, contexts, **how)
                du.show(x, columns=8, alt=f"samples at step {p.step}").save(args.out / f"samples_{p.step:06d}.png")
            if p.step % 100 == 0 or p.done >= 1:
                print(
                    f"step {p.step}  {p.done:6.1%}  loss {torch.stack(losses).mean().item():.4f}  {p.seconds:.0f} s",
                    flush=True,
                )
                losses.clear()
        if first:
            finish(args, trainer, begun)
    if accelerator:
        accelerator.end_training()


def finish(args, trainer, begun):
    """Write the averages as networks, and say what was asked for and could not be done."""
    if trainer.step == begun:
        print(f"nothing was left to train after {begun} steps and {trainer.seconds / 60:.3g} minutes, which count from "
              "the run's beginning: ask for more --steps, --epochs or --minutes")  # fmt: skip
    for epoch in args.save_epochs:
        if not (args.out / f"model_{epoch}.pth").exists():
            print(f"model_{epoch}.pth was not written: epoch {epoch} did not end while it was asked for")
    for half_life, ema in zip(args.half_life, trainer.emas):
        file = args.out / ("model.pth" if ema is trainer.ema else f"model_half_life_{half_life:g}.pth")
        write_model(ema, args, file)
        print(f"wrote {file}")


if __name__ == "__main__":
    runs.main(train, arguments)
