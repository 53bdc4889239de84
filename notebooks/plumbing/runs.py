"""A run of a training program: a folder with its settings and `last.pt`, from which it goes on.

Shared by weights/train.py, weights/train_few_steps.py and lesson 10b's train_with_diffusers.py (which has a folder in
place of last.pt). A resumed run obeys what is asked of it now, or refuses it.
"""

import argparse
import contextlib
import json
import math
import os
import sys
import time

import torch

from plumbing.files import load_file, save_file, write_file

LIMITS = ("epochs", "steps", "minutes")  # how long: a new one replaces all of the old ones
FILES = ("data", "labels", "teacher", "start")  # kept with their whole path: a run may be resumed from anywhere


def asked(parser, argv):
    """The options that stand on the command line itself, without the defaults: {name: value}."""
    missing = object()
    blank = dict.fromkeys(vars(parser.parse_args(argv)), missing)
    given = vars(parser.parse_args(argv, argparse.Namespace(**blank)))
    return {name: value for name, value in given.items() if value is not missing}


def option(name, value=None):
    """How an option is written: --half-life 500 2000."""
    value = "" if value is None or value is True else value
    words = value if isinstance(value, (list, tuple)) else [value]
    return " ".join(["--" + name.replace("_", "-"), *map(str, words)]).strip()


def _kept(name, value, words=()):
    return os.path.abspath(value) if name in FILES and value and value not in words else value


def resumed(parser, given, may_change, words=()):
    """The settings of the run given["resume"], with what is asked now; what a run cannot change is refused by name.

    words: values of --data and the like that are no paths.
    """
    run = given["resume"]
    file = run / "settings.json"
    if not file.is_file():
        parser.error(f"{run} is not the folder of a run: it holds no settings.json")
    try:
        settings = vars(parser.parse_args([])) | json.loads(file.read_text())
    except json.JSONDecodeError as error:
        parser.error(f"{file} is broken, so that the run cannot go on: {error}")
    if "out" in given and os.path.abspath(given["out"]) != os.path.abspath(run):
        parser.error(f"a run stays in its folder: leave out --out {given['out']}")
    if set(LIMITS) & given.keys():
        settings |= {name: None for name in LIMITS if name in settings}
    for name in given.keys() - {"resume", "out"}:
        now, before = _kept(name, given[name], words), _kept(name, settings[name], words)
        if name not in may_change and now != before:
            begun = option(name, before) if before is not None and before is not False else f"no {option(name)}"
            parser.error(f"{option(name, given[name])} comes too late: this run was begun with {begun}, and keeps it")
        settings[name] = now
    return argparse.Namespace(**settings | {"out": run, "resume": run})


def settle(args, words=()):
    """Write the run's settings into its folder, and clear away what a killed save left there."""
    settings = {name: _kept(name, value, words) for name, value in vars(args).items() if name not in ("out", "resume")}
    write_file(args.out / "settings.json", json.dumps(settings, indent=1).encode())
    for part in args.out.glob("*.part"):
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def kept(trainer, last, writes=True):
    """Around a training: Ctrl-C saves its state, and an error tells how to go on from the last good one."""
    try:
        yield
    except KeyboardInterrupt:
        if writes:
            save_file(trainer.state_dict(), last)
        raise KeyboardInterrupt("go on with --resume") from None
    except FloatingPointError as error:
        how = "Nothing was saved before: begin again with a smaller --lr"
        if last.exists():
            step, lr = load_file(last)["step"], f"{trainer.lr / 10:g}"
            how = f"{last} still holds step {step}: go on with --resume {last.parent} --lr {lr}"
        said = str(error)
        raise FloatingPointError(f"{said}{'' if said.endswith(('?', '.')) else '.'} {how}") from None


def follow(trainer, args, write_model, picture):
    """Train as long as `args` say (steps, minutes) and keep the run in args.out: last.pt and model.pth every minute, at
    the end and at Ctrl-C, and every `sample_minutes` a picture of what it draws.

    write_model(file) writes the averaged weights; picture() draws with them.
    """
    last, model, begun, losses = args.out / "last.pt", args.out / "model.pth", trainer.step, []
    sampled = time.monotonic()
    saved = sampled if args.resume else -math.inf  # the first step is saved at once: from then on it can be resumed
    with kept(trainer, last):
        try:
            for p in trainer.run(steps=args.steps, seconds=args.minutes and args.minutes * 60):
                losses.append(p.loss)
                now = time.monotonic()
                drawn = p.done >= 1 or now - sampled > 60 * args.sample_minutes
                if drawn or now - saved > 60:  # the state first: it is checked
                    saved = now
                    save_file(trainer.state_dict(), last)
                    write_model(model)
                if drawn:
                    sampled = now
                    picture().save(args.out / f"samples_{p.step:06d}.png")
                if p.step % 100 == 0 or p.done >= 1:
                    loss = torch.stack(losses).mean().item()
                    print(f"step {p.step}  {p.done:6.1%}  loss {loss:.4f}  {p.seconds:.0f} s", flush=True)
                    losses.clear()
        except KeyboardInterrupt:
            write_model(model)  # as new as the state that `kept` saves
            raise
    if trainer.step == begun:
        write_model(model)  # that of a run that was killed may be older than its state
        print(f"nothing was left to train after {begun} steps: ask for more --steps or --minutes")
    print(f"wrote {model}")


def main(train, arguments):
    """Run a program: its errors are one sentence."""
    try:
        train(arguments())
    except KeyboardInterrupt as stop:
        sys.exit(f"stopped: {str(stop) or 'nothing was learned yet'}")
    except (ValueError, FloatingPointError, OSError) as error:
        named = isinstance(error, OSError) and error.filename
        sys.exit(f"error: {error.filename}: {error.strerror}" if named else f"error: {error}")
