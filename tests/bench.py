"""How fast is it, beside the sprite course's way? (make bench)

python tests/bench.py            every table, in under 30 minutes: 20 for the course's training, 5 for ours
python tests/bench.py --quick    smaller sizes, in 5 minutes: noisier, and the course trains for one minute only
python tests/bench.py --seeds 5  each training with five seeds: the course's, which takes 80 minutes more, and ours
python tests/bench.py --minutes 10   the course's training half as long, and ours, which gets 1/20 and 1/13 of that
python tests/bench.py --peers    only the peers (tests/peers.py): each trained for 60 s and for 600 s, with three seeds
python tests/bench.py --course-steps 4000 --seed 1     only train the course's network so long, and keep it in
                                                       artifacts/bench; a later run then scores what it finds there

The sprite course's way is its network, optimiser and schedule with the right noise, a torch Dataset and DataLoader, 500
DDPM steps, and an animation of 32 axes. Writes artifacts/bench.md; --write also puts it into tests/BENCHMARK.md, and a
line of each part into the README. Fréchet distances are those of `sprite_score`, of as many samples as said; as many
real sprites are the floor.
"""

import argparse
import collections
import functools
import itertools
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
import peers  # noqa: E402

import diffusion_utilities as du  # noqa: E402

DEVICE = du.best_device()
FAST = {"steps": 10, "order": 2, "eta": 1.0, "clip": True}  # our sampling
# lesson 4's training, with a loss that draws crisper sprites after so short a time, though theory asks for l2
OURS = {"lr": 3e-3, "batch": 32, "warmup": 50, "times": "middle", "loss": "huber"}
KEPT = ROOT / "artifacts" / "bench"
lines, headlines = [], {}  # every table; and what the README says of a part: (theirs, ours)


def say(text=""):
    print(text, flush=True)
    lines.append(text)


def table(title, head):
    say(f"\n**{title}**\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")


def row(*entries):
    say("| " + " | ".join(map(str, entries)) + " |")


def wait():
    """On a GPU a call returns before its work is done."""
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


def seconds(call, times=1):
    """The median of several runs of call()."""
    took = []
    for _ in range(times):
        wait()
        begin = time.perf_counter()
        call()
        wait()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


def peaks():
    """The most floating-point operations a second reached here in float32: (by a matrix product, by a convolution).

    Two figures, as torch uses two libraries, and on some processors one of them is twice as fast.
    """
    a, b = torch.randn(2, 2048, 2048, device=DEVICE)
    x, w = (torch.randn(s, 256, k, k, device=DEVICE) for s, k in ((32, 16), (256, 3)))
    x, w = (v.contiguous(memory_format=torch.channels_last) for v in (x, w))
    product = 2 * 2048**3 / min(seconds(lambda: a @ b) for _ in range(9))
    convolution = 2 * x.numel() * w[0].numel() / min(seconds(lambda: F.conv2d(x, w, padding=1)) for _ in range(9))
    return product, convolution


def flops_of(model, batch):
    """Floating-point operations of one training step: forward and backward."""
    with FlopCounterMode(display=False) as counter:
        model(torch.randn(batch, 3, 16, 16, device=DEVICE), torch.full((batch,), 0.5, device=DEVICE),
              torch.zeros(batch, 5, device=DEVICE)).square().mean().backward()  # fmt: skip
    return counter.get_total_flops()


def score(model, ab_t, n, **how):
    """sprite_score of n samples, and the samples."""
    c = torch.eye(5).repeat(-(-n // 5), 1)[:n]
    parts = range(0, n, 250)
    x = torch.cat([du.sample(model, ab_t, min(250, n - i), c[i : i + 250], seed=i, **how).cpu() for i in parts])
    return du.sprite_score(x, c)


# ------------------------------------------------------------------------------------------------------------ training


def the_course(seed):
    """The sprite course's training, with the right noise; yields (model, ab_t) after each step of 100 sprites."""
    torch.manual_seed(seed)
    ab_t, model = du.noise_schedule("linear"), du.ContextUnet(3, 64, 5, 16).to(DEVICE)
    files = (du.DATA / f"{name}_16x16.npy" for name in ("sprites", "sprite_labels"))
    data = du.CustomDataset(*files, du.transform)
    data.sprites, data.slabels = data.sprites[: -du.HELD_OUT], data.slabels[: -du.HELD_OUT]
    loader = DataLoader(data, batch_size=100, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(32):
        optimizer.param_groups[0]["lr"] = 1e-3 * (1 - epoch / 32)
        for x, c in loader:
            x, c = x.to(DEVICE), c.to(x).to(DEVICE)
            c = c * torch.bernoulli(torch.full((len(c), 1), 0.9, device=DEVICE))
            t, noise = torch.randint(1, 501, (len(x),)), torch.randn_like(x)
            answer = model(du.add_noise(x, t, noise, ab_t), (t / 500)[:, None].to(DEVICE), c)
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(answer, noise).backward()
            optimizer.step()
            yield model, ab_t


def train_the_course(steps, seed):
    """Its network after so many steps, and the schedule: (model, ab_t)."""
    *_, (model, ab_t) = itertools.islice(the_course(seed), steps)
    return model.eval(), ab_t


def kept_course(seed, steps):
    """A course's network that an earlier run trained for about so many steps: (its steps, file); else (steps, None).

    The table gives its own steps and the time they take now: the same machine may be a fifth faster on another day.
    """
    kept = {int(file.stem.split("_")[2]): file for file in KEPT.glob(f"course_{seed}_*.pth")}
    near = min(kept, key=lambda k: abs(k - steps), default=0)
    return (near, kept[near]) if kept and abs(near - steps) < 0.25 * steps else (steps, None)


def our_trainer(seed, **how):
    torch.manual_seed(seed)
    return du.Trainer(du.Unet(), du.load_sprites("train"), du.noise_schedule("cosine"), seed=seed, **OURS | how)


def step_times():
    """The table of one step of each training, taken in turns; the seconds of the course's and of ours."""
    product, convolution = peaks()
    ratios = f"of a matrix product's ({product / 1e9:.0f})", f"of a large convolution's ({convolution / 1e9:.0f})"
    table("Training step, float32", ["", "batch", "ms a step", "sprites a second", "GFLOP/s", *ratios])
    trainings = [
        ("sprite course's ContextUnet", lambda: du.ContextUnet(3, 64, 5, 16), 100, the_course(0)),
        ("our Unet", du.Unet, OURS["batch"], our_trainer(0).run(steps=10**6)),
        ("our Unet, larger batch", du.Unet, 128, our_trainer(0, batch=128).run(steps=10**6)),
    ]
    took = [[] for _ in trainings]
    for i in range(25):
        for times, (*_, steps) in zip(took, trainings):
            times += [seconds(functools.partial(next, steps))][: i >= 5]  # the first five warm up
    took = [statistics.median(times) for times in took]
    for s, (name, make, batch, _) in zip(took, trainings):
        rate = flops_of(make().to(DEVICE), batch) / s
        row(name, batch, f"{1e3 * s:.0f}", f"{batch / s:.0f}", f"{rate / 1e9:.0f}", f"{rate / product:.0%}",
            f"{rate / convolution:.0%}")  # fmt: skip
    return took[:2]


def spread(values):
    return f"{statistics.mean(values):.2f}" + (f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else "")


def training(course_seconds, course_seeds, ours, n):
    """How long until our training is as good as the course's? ours: {seconds: how many seeds}. All are counted in
    steps, as many as fit into the seconds at the speed just measured: a busy machine takes longer, and changes nothing.
    """
    course_step, our_step = step_times()
    real = du.frechet_distance(du.load_sprites("train", n).x, du.load_sprites("held_out").x)
    table(f"Trained from nothing, {n} samples each (as many real sprites: {real:.2f})",
          ["", "seed", "training takes", "steps", "Fréchet distance", "drawn as asked"])  # fmt: skip

    def line(name, seed, took, steps, model, ab_t):
        s = score(model, ab_t, n, **FAST | {"steps": 20})
        row(name, seed, f"{took:.0f} s", steps, f"{s['frechet']:.2f}", f"{s['asked']:.0%}")
        return s["frechet"]

    course, took = [], []
    for seed in range(course_seeds):
        steps, file = kept_course(seed, round(course_seconds / course_step))
        took.append(steps * course_step)
        trained = du.load_model(file) if file else train_the_course(steps, seed)
        course.append(line("sprite course's recipe", seed, took[-1], steps, *trained))
    verdicts = []
    for limit, seeds in ours.items():
        found = []
        for seed in range(seeds):
            trainer = our_trainer(seed)
            collections.deque(trainer.run(steps=round(limit / our_step)), maxlen=0)
            found.append(
                line("lesson 4's recipe, Huber loss", seed, limit, trainer.step, trainer.ema.model, trainer.ab_t)
            )
        better = "better" if statistics.mean(found) < statistics.mean(course) else "not better yet"
        if max(found) < min(course) and len(found) > 1:
            better = "every one better than any of those"
        verdicts.append(
            f"Ours after {limit} s, 1/{statistics.mean(took) / limit:.0f} of the time: {spread(found)}; {better}."
        )
    say(f"\nThe course's after {statistics.mean(took):.0f} s: {spread(course)}. {' '.join(verdicts)}")
    headlines["training, Fréchet distance (lower is better)"] = (
        f"{spread(course)} after {statistics.mean(took):.0f} s", f"{spread(found)} after {limit} s")  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ sampling


def sampling(n):
    model, ab_t = du.load_model(du.WEIGHTS / "unet.pth")
    theirs, linear = du.load_model(du.WEIGHTS / "context_model_31.pth")
    c, ddpm = torch.eye(5).repeat(7, 1)[:32], {"steps": 500, "eta": 1.0}

    def draw(model, ab_t, b=32, **how):
        return seconds(lambda: du.sample(model, ab_t, b, c.repeat(2, 1)[:b], **how), 1 if how["steps"] > 99 else 5)

    ways = {
        "our Unet, DDPM": (model, ddpm | {"clip": True}, 500),
        "our Unet, 2M with noise": (model, FAST, 10),
        "the same, 20 steps": (model, FAST | {"steps": 20}, 20),
        "the same, 9 steps guided with w = 2": (du.Guided(model, 2), FAST | {"steps": 9}, "9 of twice the rows"),
    }
    table(
        f"32 sprites ({n} for the distance)", ["", "network calls", "seconds", "faster than DDPM", "Fréchet distance"]
    )
    course_took, slow = draw(theirs, linear, **ddpm), None
    row("sprite course's network, DDPM", 500, f"{course_took:.1f}", "", "")
    for name, (denoiser, how, calls) in ways.items():
        took = draw(denoiser, ab_t, **how)
        slow = slow or took
        row(name, calls, f"{took:.2f}", f"{slow / took:.0f}", f"{score(denoiser, ab_t, n, **how)['frechet']:.2f}")
    headlines["32 sprites"] = f"{course_took:.1f} s, 500 calls", f"{took:.2f} s, {calls}"
    by_sprites = [draw(model, ab_t, b, **FAST) for b in (16, 32, 64)]
    by_steps = [draw(model, ab_t, **FAST | {"steps": k}) for k in (5, 10, 20)]
    say("\nSeconds for 16, 32, 64 sprites: " + ", ".join(f"{s:.2f}" for s in by_sprites)
        + "; for 5, 10, 20 steps: " + ", ".join(f"{s:.2f}" for s in by_steps) + ".")  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ pictures


def course_film(store):
    """Frames (F, B, H, W, C) as the sprite course animates them: an axis a sprite, all drawn anew for each frame."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from matplotlib.animation import FuncAnimation

    fig, axes = plt.subplots(4, 8, figsize=(8, 4), sharex=True, sharey=True)

    def draw(i):
        shown = []
        for ax, image in zip(axes.flat, store[i]):
            ax.clear()
            ax.set(xticks=[], yticks=[])
            shown.append(ax.imshow(image))
        return shown

    html = FuncAnimation(fig, draw, frames=len(store), interval=200, blit=False).to_jshtml()
    plt.close(fig)
    return html


def pictures():
    model, ab_t = du.load_model(du.WEIGHTS / "unet.pth")
    _, steps = du.sample(model, ab_t, 32, torch.eye(5).repeat(7, 1)[:32], steps=32, order=2, eta=1.0, keep=32)
    frames, labels = torch.stack([step.x for step in steps]).cpu(), [f"t = {step.s}" for step in steps]

    def ours():
        return du.film(frames, labels, scale=4).to_jshtml()

    store = du.unorm(frames.movedim(2, -1).numpy())
    theirs = []
    slow, fast = seconds(lambda: theirs.append(course_film(store))), seconds(ours, 5)
    size = len(du.film(frames, labels, scale=4).png())
    table("A film of 32 sprites x 32 frames", ["", "seconds", "times faster", "kB"])
    row("32 axes, drawn anew for each frame", f"{slow:.1f}", "1", f"{len(theirs[0]) / 1e3:.0f}")
    row("`film`", f"{fast:.2f}", f"{slow / fast:.0f}", f"{size / 1e3:.0f}")
    headlines["a film of 32 sprites"] = (
        f"{slow:.1f} s, {len(theirs[0]) / 1e3:.0f} kB", f"{fast:.2f} s, {size / 1e3:.0f} kB")  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- start


def first_film():
    """Lesson 2's code up to its first film, as a program."""
    import jupytext

    source = [
        cell.source for cell in jupytext.read(ROOT / "notebooks/py/02_sampling.py").cells if cell.cell_type == "code"
    ]
    last = next(i for i, cell in enumerate(source) if "du.film(" in cell)
    return "\n".join(source[: last + 1])


def start():
    def python(program):
        return seconds(lambda: subprocess.run([sys.executable, "-c", program], cwd=ROOT / "notebooks", check=True,
                                              capture_output=True), 3)  # fmt: skip

    python("import torch")
    plain, ours = python("import torch"), python("import torch, sys; sys.path[0] = '..'; import diffusion_utilities")
    load = seconds(lambda: (du.load_sprites("train"), du.load_sprites("held_out")), 3)
    model = seconds(lambda: du.load_model(du.WEIGHTS / "unet.pth"), 3)
    table("Start", ["", "seconds"])
    row("`import torch`", f"{plain:.2f}")
    row("`import diffusion_utilities` adds", f"{ours - plain:.2f}")
    row("40,000 sprites as tensors", f"{load:.2f}")
    row("`load_model`", f"{model:.2f}")
    row("lesson 2 from a new Python to its first film", f"{python(first_film()):.1f}")


# --------------------------------------------------------------------------------------------------------------- peers


def trained_for(step, limits):
    """Calls step() until each limit of seconds is used up; yields the limit and the steps so far at each of them."""
    used, steps = 0.0, 0
    for limit in limits:
        while used < limit:
            used += seconds(step)
            steps += 1
        yield limit, steps


def beside_peers(limits, seeds, n, most_calls=100):
    """Each peer's own recipe and sampler for the same seconds as ours. Scored in at most 100 calls, since 1,000 of the
    largest network would take hours; the seconds for 32 sprites are those of the sampler that its example uses."""
    data, held_out = du.load_sprites("train"), du.load_sprites("held_out").x
    labels = torch.arange(n) % 5
    table(f"The same sprites, the same seconds, {n} samples each (as many real sprites: "
          f"{du.frechet_distance(data.x[:n], held_out):.2f})",
          ["", "seed", "seconds", "steps", "Fréchet distance", "drawn as asked", "32 sprites take"])  # fmt: skip

    def line(name, seed, limit, steps, x, asks, took):
        s = du.sprite_score(x, F.one_hot(labels, 5) if asks else None, held_out)
        asked = f"{s['asked']:.0%}" if asks else "cannot be asked"
        row(name, seed, limit, steps, f"{s['frechet']:.2f}", asked, took and f"{took:.1f} s")

    for peer in peers.PEERS:
        for seed in range(seeds):
            one = peer(data, seed, DEVICE)
            for limit, steps in trained_for(one.step, limits):
                calls = min(one.calls, most_calls)
                x = torch.cat([one.draw(len(part), part, calls) for part in labels.split(50)])
                last = seed == 0 and limit == limits[-1]
                took = seconds(functools.partial(one.draw, 32, labels[:32])) if last else ""
                line(peer.name, seed, limit, steps, x, peer.asks, took)
    for limit in limits:
        for seed in range(seeds):
            trainer = our_trainer(seed)
            collections.deque(trainer.run(seconds=limit), maxlen=0)
            draw = functools.partial(du.sample, trainer.ema.model, trainer.ab_t, **FAST | {"steps": 20})
            c = F.one_hot(labels, 5).float()
            x, took = draw(n, c, seed=seed).cpu(), ""
            if seed == 0:
                took = seconds(functools.partial(draw, 32, c[:32]), 5)
            line("lesson 4's recipe, Huber loss", seed, limit, trainer.step, x, True, took)


# -------------------------------------------------------------------------------------------------------------- a GPU


def on_a_gpu(epochs, steps, n):
    """The sprite course's recipe and ours at full length, and many samples; compiled, in bfloat16."""
    data = du.load_sprites("train")
    table(f"On {torch.cuda.get_device_name() if DEVICE.type == 'cuda' else 'the CPU'}", ["", "seconds", ""])
    course = (
        du.ContextUnet(3, 64, 5, 16),
        {"lr": 1e-3, "batch": 100, "warmup": 0, "betas": (0.9, 0.999)},
        {"epochs": epochs},
    )
    ours = du.Unet(), {"lr": 3e-3, "batch": 256, "warmup": 200, "times": "middle"}, {"steps": steps}
    for name, (model, how, limit) in {"sprite course's recipe": course, "our Unet": ours}.items():
        ab_t = du.noise_schedule("cosine" if model.predicts == "v" else "linear")
        trainer = du.Trainer(model, data, ab_t, bf16=True, **how)
        trainer.network = torch.compile(trainer.network)
        took = seconds(functools.partial(collections.deque, trainer.run(**limit), maxlen=0))
        s = score(trainer.ema.model, ab_t, min(n, 2000), **FAST)
        row(name, f"{took:.0f}", f"{trainer.step} steps, Fréchet distance {s['frechet']:.2f}")
    took = seconds(lambda: du.sample(trainer.ema.model, ab_t, n, torch.eye(5)[0], **FAST))
    row(f"{n} sprites", f"{took:.1f}", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, default=1, help="of each training (default 1; ours at least 3)")
    parser.add_argument("--minutes", type=int, default=20, help="of the sprite course's training (default 20)")
    parser.add_argument("--course-steps", type=int, help="only train the course's network, and keep it")
    parser.add_argument("--seed", type=int, default=0, help="of --course-steps")
    parser.add_argument("--write", action="store_true", help="write the tables into tests/BENCHMARK.md, and README.md")
    parser.add_argument("--peers", action="store_true", help="only the peers, which it installs into artifacts/peers")
    parser.add_argument("--only", nargs="+", choices=["training", "sampling", "pictures", "start", "gpu"])
    args = parser.parse_args()
    if args.course_steps:
        model, _ = train_the_course(args.course_steps, args.seed)
        return du.save_file(model.state_dict(), KEPT / f"course_{args.seed}_{args.course_steps}.pth")
    if args.peers:
        peers.install()
    everything = ["training", "sampling", "pictures", "start"] + ["gpu"] * (DEVICE.type == "cuda")
    parts = ["peers"] if args.peers else args.only or everything
    begin, quick = time.perf_counter(), args.quick
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
    say(f"{processor}, {torch.get_num_threads()} threads, {DEVICE.type}, torch {torch.__version__}"
        + (", **quick sizes**" if quick else ""))  # fmt: skip
    if "peers" in parts:
        beside_peers(*((2, 4), 1, 10, 2) if quick else ((60, 600), max(3, args.seeds), 200))
    if "training" in parts:
        if quick:
            training(60, args.seeds, {20: 1}, 200)
        else:
            ours = {3 * args.minutes: max(3, args.seeds), 9 * args.minutes // 2: args.seeds}  # seconds: seeds
            training(60 * args.minutes, args.seeds, ours, 500)
    if "sampling" in parts:
        sampling(50 if quick else 500)
    if "pictures" in parts:
        pictures()
    if "start" in parts:
        start()
    if "gpu" in parts:
        full = DEVICE.type == "cuda" and not quick
        on_a_gpu(32 if full else 0.01, 6000 if full else 10, 10_000 if full else 50)
    say(f"\nAll this took {(time.perf_counter() - begin) / 60:.0f} minutes.")
    text = "\n".join(lines).strip() + "\n"
    (ROOT / "artifacts").mkdir(exist_ok=True)
    (ROOT / "artifacts" / ("peers.md" if args.peers else "bench.md")).write_text(text, encoding="utf-8")
    if args.write:
        between(ROOT / "tests" / "BENCHMARK.md", "peers" if args.peers else "bench", text)
        if len(headlines) == 3:
            rows = [f"| {what} | {theirs} | {ours} |" for what, (theirs, ours) in headlines.items()]
            head = ["| | sprite course's way | here |", "|---|---|---|"]
            between(ROOT / "README.md", "bench", "\n".join(head + rows) + "\n")


def between(file, mark, text):
    """Put the text between the file's two marks of that name."""
    marked = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", re.S)
    file.write_text(marked.sub(lambda m: m[1] + text + m[2], file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
