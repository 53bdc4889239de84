"""Train the diffusers library's U-Net with its DDPM scheduler, on real pictures, and draw with it.

    python train_with_diffusers.py --data my_pictures/ --epochs 100       your own: PNG, JPEG, WebP, GIF or BMP
    python train_with_diffusers.py --data my_pictures/ --size 64 --flip   64 x 64 instead of 32 x 32, half mirrored
    python train_with_diffusers.py --data sheet.png --tile 24 --fit pad   a sprite sheet
    python train_with_diffusers.py --data photos --steps 500              pieces of the two photographs of scikit-learn
    python train_with_diffusers.py --data fashion --download              Fashion-MNIST, fetched by torchvision (30 MB)
    python train_with_diffusers.py --data cifar10 --root DIR              CIFAR-10, which already lies in DIR
    python train_with_diffusers.py --resume saved/pipeline                go on after a stop, a crash or a power cut
    python train_with_diffusers.py --resume saved/pipeline --epochs 200   make it longer, or change its --lr
    python train_with_diffusers.py --draw saved/pipeline --class cat      draw from a run, whether finished or not
    accelerate launch train_with_diffusers.py --data cifar10              on all GPUs of a machine, or of several
    torchrun --nproc_per_node 2 train_with_diffusers.py --steps 20        the same with two processes on a CPU

Your own pictures lie in one folder, or in a folder for each class, and are read as weights/train.py reads them: a
summary says what was read, what was left out and why. If there are several classes, the network learns them
(--no-classes: it does not), and their names are saved with it.

A run lives in the --out folder. `contact.png` shows what is trained on; look at it first. Every --save-steps steps, and
when you stop it with Ctrl-C, it renews `checkpoint/`, from which --resume goes on (with a new epoch), and the pipeline,
with averaged weights; `samples.png` is drawn by these. `DDPMPipeline.from_pretrained(OUT)` reads the pipeline wherever
diffusers is installed; one with classes is read by
`DiffusionPipeline.from_pretrained(OUT, custom_pipeline=OUT, trust_remote_code=True)`.
"""

import argparse
import copy
import math
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel
from diffusers.optimization import get_scheduler
from diffusers.training_utils import EMAModel
from diffusers.utils import logging
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
import diffusion_utilities as du  # noqa: E402
from course_pipeline import CoursePipeline  # noqa: E402
from plumbing import own_pictures, runs  # noqa: E402

KNOWN = ("photos", "sprites", "fashion", "cifar10")
FLIPPED = ("fashion", "cifar10")  # half of each batch is mirrored; letters and our sprites would not survive it
LOW, HIGH = 224, 424  # pixels: the side of a piece before it is reduced to 32 x 32
DROPPED = 0.1  # the share of the classes that training hides, so that the network can also draw without (lesson 5)
MAY_CHANGE = {*runs.LIMITS, "lr", "save_steps", "samples"}  # of a run that is resumed

# ---------------------------------------------------------------------------------------------------------------- data


def photo_crops(n, seed):
    """n square pieces of scikit-learn's two photographs in turn, half of them mirrored: images (n, 3, 32, 32)."""
    from sklearn.datasets import load_sample_images

    photos, rng, tiles = [Image.fromarray(p) for p in load_sample_images().images], np.random.default_rng(seed), []
    for k in range(n):
        photo, side = photos[k % 2], rng.integers(LOW, HIGH)
        x, y = rng.integers(photo.width - side), rng.integers(photo.height - side)
        tile = np.asarray(photo.resize((32, 32), Image.Resampling.BOX, box=(x, y, x + side, y + side)))
        tiles.append(tile[:, ::-1] if rng.random() < 0.5 else tile)
    return du.to_images(np.stack(tiles))


def as_sprites(x, labels, classes):
    return du.Sprites(x, F.one_hot(torch.as_tensor(labels), len(classes)).float(), tuple(classes))


def load_data(name, root=HERE / "saved", download=False, size=None, options=None, report=print):
    """Two `Sprites`, to train on and held out: "photos", "sprites", "fashion", "cifar10", or your own pictures.

    Your own: the path of a folder, or of a sheet, brought to `size` (32 unless said), a tenth of them held out, at
    least two. What is not square is cut to its middle in a folder, where photographs lie, and padded in a sheet;
    `options` (those of `own_pictures.add_options`) may say otherwise. `report` is told what was read. Nothing is
    downloaded unless `download` says so. Raises FileNotFoundError or ValueError in one sentence.
    """
    options = {key: value for key, value in (options or {}).items() if value is not None}
    if name not in KNOWN:
        if Path(name).is_dir():
            options = {"fit": "crop"} | options
        data = own_pictures.load_pictures(name, size or 32, options, report)
        if len(data.x) < 4:
            raise ValueError(f"{name} holds only {len(data.x)}: training needs two pictures, and two are held out")
        order, last = torch.randperm(len(data.x), generator=torch.Generator().manual_seed(0)), max(2, len(data.x) // 10)
        return tuple(du.Sprites(data.x[rows], data.c[rows], data.classes) for rows in (order[:-last], order[-last:]))
    if size or options:
        raise ValueError(f"--size, --fit and the like are for your own pictures: {name} come as they are")
    if name == "photos":
        sizes = ((4000, 0), (1000, 1))
        return tuple(as_sprites(photo_crops(n, k), torch.arange(n) % 2, ("china", "flower")) for n, k in sizes)
    if name == "sprites":
        return du.load_sprites("train"), du.load_sprites("held_out")
    from torchvision.datasets import CIFAR10, FashionMNIST

    made = FashionMNIST if name == "fashion" else CIFAR10
    try:
        sets = [made(root, train, download=download) for train in (True, False)]
    except RuntimeError as error:
        raise FileNotFoundError(f"no {made.__name__} in the root folder (download it?): {error}") from None
    images = [du.to_images(np.asarray(s.data).reshape(len(s.data), *s.data.shape[1:3], -1)) for s in sets]
    edge = (32 - images[0].shape[2]) // 2  # 28 x 28 becomes 32 x 32, with a black edge
    images = [F.pad(x, (edge,) * 4, value=-1.0) for x in images]
    return tuple(as_sprites(x, s.targets, s.classes) for x, s in zip(images, sets))


# ------------------------------------------------------------------------------------------------------------- network


def build(channels=3, size=32, widths=(64, 64, 128), classes=0):
    """The library's U-Net: two layers a block, attention at the lowest resolution; 4,654,723 parameters by default.

    With classes it gets an embedding for each, and one more for "no class".
    """
    plain = len(widths) - 1
    if size % 2**plain:
        raise ValueError(f"the size must be divisible by {2**plain} with {len(widths)} widths, which {size} is not")
    return UNet2DModel(
        sample_size=size, in_channels=channels, out_channels=channels, layers_per_block=2,
        block_out_channels=tuple(widths), norm_num_groups=min(32, *widths),
        down_block_types=(*["DownBlock2D"] * plain, "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", *["UpBlock2D"] * plain), num_class_embeds=classes + 1 if classes else None,
    )  # fmt: skip


def pipeline_of(net, scheduler, classes):
    """What can be saved and drawn with: the library's own pipeline, or ours if there are classes."""
    if net.config.num_class_embeds is None:
        return DDPMPipeline(net, scheduler)
    return CoursePipeline(net, scheduler, dict(enumerate(classes)))


def sample(pipeline, n, classes=None, **how):
    """Draw n pictures, of each of the classes if there are any: images (N, C, H, W) in [-1, 1], and their names."""
    scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, timestep_spacing="trailing")
    ours = CoursePipeline(pipeline.unet, scheduler, pipeline.config.get("id2label"))
    ours.set_progress_bar_config(disable=True)
    names = [name for name in classes or [None] for _ in range(n)]
    images = ours(len(names), names if classes else None, output_type="pt", **how).images
    return 2 * images.cpu() - 1, names


def sheet(x, names, n):
    """Pictures on a sheet: a row for each class, or rows of eight if there is only one."""
    if len(set(names)) == 1:
        return du.show(x, columns=min(n, 8), alt="samples")
    return du.show_rows({name: x[k * n : (k + 1) * n] for k, name in enumerate(names[::n])}, scale=2, alt="samples")


# ------------------------------------------------------------------------------------------------------------ training


class Progress:
    """How many steps are done; Accelerate saves it with the rest."""

    def __init__(self):
        self.step = 0

    def state_dict(self):
        return {"step": self.step}

    def load_state_dict(self, state):
        self.step = state["step"]


def train(args):
    accelerator = Accelerator(split_batches=True)  # the processes share each batch
    torch.manual_seed(args.seed)
    first, own = accelerator.is_main_process, args.data not in KNOWN
    options = {name: getattr(args, name) for name in own_pictures.OPTIONS}
    report = print if first else None
    data, held_out = load_data(args.data, args.root, args.download, args.size, options, report)
    classes = () if args.no_classes or len(data.classes) < 2 else data.classes
    if args.resume and list(classes) != args.learned:
        raise ValueError(f"{args.data} now has the classes {', '.join(classes) or 'none'}; "
                         f"this run was begun with {', '.join(args.learned) or 'none'}")  # fmt: skip
    args.learned = list(classes)
    args.batch = args.batch or min(32, len(data.x) // accelerator.num_processes * accelerator.num_processes)

    net = build(*data.x.shape[1:3], args.widths, len(classes))
    scheduler = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    loader = DataLoader(TensorDataset(data.x, data.c.argmax(1)), max(1, args.batch), shuffle=True, drop_last=True)
    if not len(loader):
        raise ValueError(f"the batch must be at most the {len(data.x)} images there are, not {args.batch}")
    steps = args.steps or args.epochs * len(loader)
    args.warmup = min(500, steps // 10) if args.warmup is None else args.warmup
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr)
    rate = get_scheduler("constant_with_warmup", optimizer, num_warmup_steps=args.warmup)
    ema, progress = EMAModel(net.parameters(), decay=args.ema), Progress()
    net, optimizer, loader, rate = accelerator.prepare(net, optimizer, loader, rate)
    accelerator.register_for_checkpointing(ema, progress)
    torch.manual_seed(args.seed + 1 + accelerator.process_index)  # each process draws noise of its own
    if args.resume:
        accelerator.load_state(checkpoint(args.out))
        rate.scheduler.base_lrs = [args.lr]  # a new --lr holds from the next step on
        optimizer.param_groups[0]["lr"] = args.lr * min(1.0, progress.step / max(1, args.warmup))
        if progress.step >= steps:
            raise ValueError(f"this run has done its {progress.step} steps: --steps or --epochs makes it longer")
    ema.to(accelerator.device)
    if first:
        runs.settle(args, words=KNOWN)
        if own and not args.resume:
            own_pictures.write_still(du.contact_sheet(data), args.out / "contact.png")
            print(f"look at {args.out.name}/contact.png: this is what is trained on")
            if few := own_pictures.advice(len(data.x)):
                print(few)
    begun = f", resumed at step {progress.step}" if args.resume else ""
    learned = f", {len(classes)} classes" if classes else ""
    size, where = sum(p.numel() for p in net.parameters()), accelerator.device.type
    accelerator.print(f"{size:,} parameters, {len(data.x)} images{learned}, {steps} steps, "
                      f"{accelerator.num_processes} process(es) on {where}{begun}")  # fmt: skip
    losses, told = [], max(1, steps // 20)
    try:
        while progress.step < steps:
            for x, c in loader:
                if args.flip or args.data in FLIPPED:
                    x = torch.where(torch.rand(len(x), 1, 1, 1, device=x.device) < 0.5, x.flip(3), x)
                c = torch.where(torch.rand(len(x), device=x.device) < DROPPED, len(classes), c) if classes else None
                noise, i = torch.randn_like(x), torch.randint(1000, (len(x),), device=x.device)
                loss = F.mse_loss(net(scheduler.add_noise(x, noise, i), i, c).sample, noise)
                optimizer.zero_grad()
                accelerator.backward(loss)
                accelerator.clip_grad_norm_(net.parameters(), 1.0)
                optimizer.step()
                rate.step()
                ema.step(net.parameters())
                progress.step += 1
                losses.append(accelerator.reduce(loss.detach(), "mean"))
                due = progress.step % args.save_steps == 0 or progress.step == steps
                if due or progress.step % told == 0:
                    report_loss(accelerator, losses, progress.step, args)
                if due and (pipeline := save(accelerator, net, ema, scheduler, classes, args)):
                    drawn = draw_samples(pipeline, classes, args)
                if progress.step == steps:
                    break
    except KeyboardInterrupt:
        if accelerator.num_processes == 1:
            save(accelerator, net, ema, scheduler, classes, args)
        raise KeyboardInterrupt(f"go on with --resume {args.out}") from None
    if first:
        near, usual = (du.nearest(some, data.x)[0].median() for some in (drawn, held_out.x[:500]))
        print(f"the nearest training picture of a drawn one is {near:.2f} away, of a held-out one {usual:.2f} (RMSE); "
              "if the first is much smaller, it draws copies")  # fmt: skip
        print(f"wrote {args.out.name}")
    accelerator.end_training()


def checkpoint(out):
    """The folder to go on from: a save that was killed leaves the old one, or the new one under its first name."""
    found = next((folder for folder in (out / "checkpoint", out / "checkpoint.new") if folder.is_dir()), None)
    if found is None:
        raise FileNotFoundError(f"{out} holds no checkpoint: its first --save-steps were not done when it stopped")
    return found


def report_loss(accelerator, losses, step, args):
    """Print the mean loss since the last report; a run that has failed stops before it overwrites a good state."""
    mean = torch.stack(losses).mean().item()
    if not math.isfinite(mean):
        raise FloatingPointError(f"the loss is no longer a number at step {step}. What was saved before stays: "
                                 f"--resume {args.out} --lr {args.lr / 10:g}")  # fmt: skip
    accelerator.print(f"step {step}  loss {mean:.4f}", flush=True)
    losses.clear()


def save(accelerator, net, ema, scheduler, classes, args):
    """Write the checkpoint and, on the main process, the pipeline, which is returned there."""
    accelerator.save_state(args.out / "checkpoint.new")
    accelerator.wait_for_everyone()
    if not accelerator.is_main_process:
        return None
    shutil.rmtree(args.out / "checkpoint", ignore_errors=True)
    (args.out / "checkpoint.new").rename(args.out / "checkpoint")
    averaged = copy.deepcopy(accelerator.unwrap_model(net)).eval()
    ema.copy_to(averaged.parameters())
    pipeline = pipeline_of(averaged, scheduler, classes)
    pipeline.save_pretrained(args.out)
    return pipeline


def draw_samples(pipeline, classes, args):
    """Write samples.png, from the same noise each time; returns the samples (N, C, H, W)."""
    shown = list(classes)[:10]
    n = max(1, args.samples // max(1, len(shown)))
    x, names = sample(pipeline, n, shown, generator=torch.Generator().manual_seed(args.seed))
    own_pictures.write_still(sheet(x, names, n), args.out / "samples.png")
    return x


# ------------------------------------------------------------------------------------------------------------- drawing


def draw(args):
    """--draw: pictures from the pipeline in a run's folder."""
    if not (args.draw / "model_index.json").is_file():
        raise FileNotFoundError(f"{args.draw} is not the folder of a run: it holds no pipeline (yet)")
    pipeline = CoursePipeline.from_pretrained(args.draw).to(du.best_device())
    known = list((pipeline.config.id2label or {}).values())
    if args.classes and not known:
        raise ValueError("this network was trained without classes: leave out --class")
    generator, wanted = torch.Generator().manual_seed(args.seed), args.classes or known
    x, names = sample(pipeline, args.samples, wanted, generator=generator, guidance_scale=args.w,
                      num_inference_steps=args.draw_steps)  # fmt: skip
    file = own_pictures.write_still(sheet(x, names, args.samples), args.draw / "drawn.png")
    print(f"wrote {file}: {len(x)} pictures" + (f" of {', '.join(wanted)}" if wanted else ""))


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--data", default="photos", help="photos (default), sprites, fashion, cifar10, or a folder or sheet of yours")
    add("--root", default=str(HERE / "saved"), help="where fashion and cifar10 lie, or are downloaded to")
    add("--download", action="store_true", help="fetch fashion or cifar10 if it is not there")
    add("--no-classes", action="store_true", help="do not learn which class a picture is of")
    add("--flip", action="store_true", help="mirror half of each batch (fashion and cifar10: always)")
    add("--epochs", type=int, default=10, help="how often each picture is shown (default 10)")
    add("--steps", type=int, help="instead of --epochs")
    add("--batch", type=int, help="of all processes together (default 32, or all pictures if they are fewer)")
    add("--lr", type=float, default=4e-4)
    add("--warmup", type=int, help="steps in which the rate grows to --lr (default a tenth of all, at most 500)")
    add("--ema", type=float, default=0.9999, help="the largest decay of the averaged weights (default 0.9999)")
    add("--widths", type=int, nargs="+", default=[64, 64, 128], help="channels at each resolution")
    add("--seed", type=int, default=0)
    add("--out", type=Path, default=HERE / "saved" / "pipeline", help="the run's folder")
    add("--save-steps", type=int, default=500, metavar="N", help="save and draw every N steps (default 500)")
    add("--samples", type=int, default=16, metavar="N", help="pictures to draw, with --draw of each class (default 16)")
    add("--resume", type=Path, metavar="RUN", help="go on with a run")
    drawing = parser.add_argument_group("drawing")
    put = drawing.add_argument
    put("--draw", type=Path, metavar="RUN", help="draw from a run, into RUN/drawn.png; nothing is trained")
    put("--class", dest="classes", nargs="+", metavar="NAME", help="what to draw (default: every class)")
    put("--w", type=float, default=1.0, help="guidance: 1 is none (default), more insists on the class")
    put("--draw-steps", type=int, default=50, metavar="N", help="of the sampler, DDIM (default 50)")
    own = parser.add_argument_group("your own pictures")
    own.add_argument("--size", type=int, help="they are brought to this size (default 32)")
    own_pictures.add_options(own, fit="crop; of a sheet: pad")
    args, given = parser.parse_args(argv), runs.asked(parser, argv)
    if args.samples < 1 or args.save_steps < 1:
        parser.error("--samples and --save-steps must be at least 1")
    if args.draw:
        return args
    if args.classes:
        parser.error("--class is for --draw: training takes all classes there are")
    if args.resume:
        return runs.resumed(parser, given, MAY_CHANGE, words=KNOWN)
    for name in ("checkpoint", "checkpoint.new", "model_index.json"):
        if (args.out / name).exists():
            parser.error(f"{args.out} already holds a run: resume it with --resume {args.out}, or choose another --out")
    return args


def main(argv=None):
    logging.disable_progress_bar()  # of loading
    args = arguments(argv)
    runs.main(draw if args.draw else train, lambda: args)


if __name__ == "__main__":
    main()
