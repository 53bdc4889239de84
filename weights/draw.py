"""Draw with a trained network: a run's, one of this folder's, or any that `load_model` reads.

    python weights/draw.py weights/runs/unet                           eight of each class, into drawn.png
    python weights/draw.py weights/unet.pth --class hero food --n 16   sixteen of each of two classes
    python weights/draw.py weights/runs/unet --n 400 --scale 1 --gap 0 a sprite sheet, for a game or for `load_sheet`
    python weights/draw.py weights/few_steps.pth --calls 4             a network of train_few_steps.py
    python weights/draw.py --prompt "a wizard in a purple robe" "a green slime"     words, with prompts.pth (lesson 13)

The classes, the size and the schedule are saved with a network; asked for a class that it does not know, the program
lists those that it does.
"""

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import diffusion_utilities as du
import prompts
from plumbing import own_pictures, runs

FILLERS = prompts.ENDS | set("a an the and".split())  # alone they are no prompt, but part of one without quotes


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("network", type=Path, nargs="?", metavar="RUN_OR_FILE",
        help="a run's folder, or a file of weights (with --prompt: prompts.pth, if nothing is said)")  # fmt: skip
    add(
        "--class", dest="classes", nargs="+", metavar="NAME", help="what to draw (default: every class); none: no class"
    )
    add("--prompt", dest="prompts", nargs="+", metavar="TEXT", help="what to draw, in words; one text or several")
    add("--negative", metavar="TEXT", help="what to lead away from, in words")
    add("--n", type=int, default=8, help="pictures of each class or prompt (default 8)")
    add("--steps", type=int, default=20, help="of the sampler, DPM-Solver++(2M) with noise (default 20)")
    add("--w", type=float, default=2.0, help="guidance: 1 is none, more is clearer and less varied (default 2)")
    add("--calls", type=int, help="of a network that was taught to draw in few calls, instead of --steps and --w")
    add("--size", type=int, help="of the pictures, in pixels (default: as the network was trained)")
    add("--seed", type=int, default=0, help="another one gives other pictures")
    add("--out", type=Path, default=Path("drawn.png"), help="the .png to write (default drawn.png)")
    add("--columns", type=int, default=8)
    add("--scale", type=int, default=4, help="how many times larger a pixel is written (default 4)")
    add("--gap", type=int, default=2, help="pixels between two pictures (default 2)")
    return parser.parse_args(argv)


def find(path):
    """The file of weights that is meant: of a run's folder its model.pth, or last.pt while it is not finished."""
    files = [path / "model.pth", path / "last.pt"] if path.is_dir() else [path]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        raise FileNotFoundError(f"there is no file {path}" if not path.is_dir() else f"{path} holds no model.pth yet")
    return found


def wishes(model, names):
    """The contexts (K, n_cfeat) of the classes asked for, or of all; None to draw without."""
    known = model.info["classes"]
    if known is None:  # older files do not say; five classes are the course's
        known = du.CLASSES if model.n_cfeat == len(du.CLASSES) else [f"class {k}" for k in range(model.n_cfeat)]
    if names == ["none"] or not (names or known):
        return None
    if not known:
        raise ValueError("this network was trained without classes: leave out --class")
    for name in names or []:
        if name not in known:
            raise ValueError(f"there is no class {name!r}; this network knows: {', '.join(known)}")
    return torch.eye(model.n_cfeat)[[known.index(name) for name in names or known]]


def check_texts(args):
    """Raises ValueError where the shell took --prompt and --negative apart, or --w leaves one without effect."""
    for text in args.prompts:
        if Path(text).suffix in (".pth", ".pt", ".safetensors") or "/" in text or "\\" in text:
            raise ValueError(f"{text} stands after --prompt, but is no text: the network comes first")
        if text.lower() in FILLERS:
            raise ValueError(
                f'{text!r} alone is no prompt: put each text in quotes, --prompt "a wizard in a purple robe"'
            )
    if args.negative is not None and args.network and not args.network.exists():
        raise ValueError(f"there is no file {args.network}; if it belongs to --negative, put that text in quotes")
    if args.w == 0 or (args.w == 1 and args.negative is not None):
        raise ValueError(
            f"at --w {args.w:g} {'--prompt' if args.w == 0 else '--negative'} has no effect: choose another"
        )


def load(args):
    """What the options name: a denoiser, its network, the schedule, the contexts (K, ...) to draw or None."""
    if args.prompts:
        if args.classes or args.calls:
            raise ValueError("--prompt says what to draw: leave out --class and --calls")
        check_texts(args)
        model, ab_t, words = prompts.load_prompts(find(args.network or du.WEIGHTS / "prompts.pth"))
        away = None if args.negative is None else words.encode(args.negative)
        return du.Guided(model, args.w, away), model, ab_t, words.encode(args.prompts)
    if args.negative is not None:
        raise ValueError("--negative leads away from what --prompt asks for: say both")
    if args.network is None:
        raise ValueError('say which network draws (a run or a file), or what: --prompt "a wizard in a purple robe"')
    file = find(args.network)
    if prompts.reads(file):
        raise ValueError(f'{file} reads prompts: say what it is to draw, --prompt "a wizard in a purple robe"')
    model, ab_t = du.load_model(file)
    return du.Guided(model, args.w), model, ab_t, wishes(model, args.classes)


def draw(args):
    for name in ("n", "columns", "scale", "size"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            raise ValueError(f"--{name} must be at least 1, not {getattr(args, name)}")
    if args.out.suffix.lower() != ".png" or args.gap < 0:
        raise ValueError(f"--out must be a .png and --gap at least 0, not {args.out} and {args.gap}")
    denoiser, model, ab_t, contexts = load(args)
    c = None if contexts is None else contexts.repeat_interleave(args.n, 0)
    n, height, width = args.n if c is None else len(c), *(model.info["size"] or (16, 16))
    height, width = (args.size, args.size) if args.size else (height, width)
    parts = [slice(i, min(i + 250, n)) for i in range(0, n, 250)]
    if args.calls:
        from train_few_steps import draw as draw_few

        if c is None or (height, width) != (16, 16):
            raise ValueError("--calls is for train_few_steps.py, whose networks draw sprites of a class in 16 x 16")
        x = [draw_few(model, ab_t, c[part], args.calls, seed=args.seed + part.start) for part in parts]
    else:
        how = {"shape": (model.in_channels, height, width), "steps": args.steps, "order": 2, "eta": 1.0, "clip": True}
        x = [du.sample(denoiser, ab_t, part.stop - part.start, None if c is None else c[part],
                       seed=args.seed + part.start, **how) for part in parts]  # fmt: skip
    picture = du.show(torch.cat(x), min(args.columns, args.n), args.scale, gap=args.gap, alt=f"{n} pictures")
    print(f"wrote {own_pictures.write_still(picture, args.out)}: {n} pictures of {width} x {height}")
    if args.prompts and len(args.prompts) > 1:
        print(f"{args.n} each of {', '.join(map(repr, args.prompts))}")


if __name__ == "__main__":
    runs.main(draw, arguments)
