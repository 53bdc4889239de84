"""Train the diffusers library's U-Net with its DDPM scheduler, on real pictures, and save it as a pipeline.

    python train_with_diffusers.py --steps 500                            pieces of the two photographs of scikit-learn
    python train_with_diffusers.py --data fashion --download              Fashion-MNIST, fetched by torchvision (30 MB)
    python train_with_diffusers.py --data cifar10 --root DIR              CIFAR-10, which already lies in DIR
    python train_with_diffusers.py --data my_pictures/ --epochs 100       your own: PNG, JPEG, WebP, GIF or BMP
    python train_with_diffusers.py --data my_pictures/ --size 64          the same, 64 x 64 instead of 32 x 32
    python train_with_diffusers.py --data sheet.png --tile 24 --fit pad   a sprite sheet
    accelerate launch train_with_diffusers.py --data cifar10              on all GPUs of a machine, or of several
    torchrun --nproc_per_node 2 train_with_diffusers.py --steps 20        the same with two processes on a CPU

Your own pictures are read as weights/train.py reads them: a summary says what was left out and why, and `contact.png`
in the --out folder shows what is trained on. This network knows no classes: weights/train.py trains one that does.

Several processes (Hugging Face Accelerate) share each batch. The pipeline is written to --out, with `samples.png`
beside it; `DDPMPipeline.from_pretrained(FOLDER)` reads it back, here or wherever diffusers is installed.
"""

import argparse
import inspect
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import diffusion_utilities as du  # noqa: E402
from plumbing import own_pictures  # noqa: E402

KNOWN = ("photos", "sprites", "fashion", "cifar10")
FLIPPED = ("fashion", "cifar10")  # half of each batch is mirrored; letters and our sprites would not survive it
LOW, HIGH = 224, 424  # pixels: the side of a piece before it is reduced to 32 x 32


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


def load_data(name, root=HERE / "saved", download=False, size=None, options=None, report=print):
    """Two sets of images, to train on and held out: "photos", "sprites", "fashion", "cifar10", or your own pictures.

    Your own: the path of a folder, or of a sheet, brought to `size` (32 unless said), a tenth of them held out. What is
    not square is cut to its middle in a folder, where photographs lie, and padded in a sheet; `options` (those of
    `own_pictures.add_options`) may say otherwise. `report` is told what was read. Nothing is downloaded unless
    `download` says so. Raises FileNotFoundError or ValueError in one sentence.
    """
    options = {key: value for key, value in (options or {}).items() if value is not None}
    if name not in KNOWN:
        if Path(name).is_dir():
            options = {"fit": "crop"} | options
        x = own_pictures.load_pictures(name, size or 32, options, report).x
        if len(x) < 2:
            raise ValueError(f"{name} holds a single picture: training needs one, and another is held out")
        x, last = x[torch.randperm(len(x), generator=torch.Generator().manual_seed(0))], max(1, len(x) // 10)
        return x[:-last], x[-last:]
    if size or options:
        raise ValueError(f"--size, --fit and the like are for your own pictures: {name} come as they are")
    if name == "photos":
        return photo_crops(4000, seed=0), photo_crops(1000, seed=1)
    if name == "sprites":
        return du.load_sprites("train").x, du.load_sprites("held_out").x
    from torchvision.datasets import CIFAR10, FashionMNIST

    made = FashionMNIST if name == "fashion" else CIFAR10
    try:
        sets = [made(root, train, download=download) for train in (True, False)]
    except RuntimeError as error:
        raise FileNotFoundError(f"no {made.__name__} in the root folder (download it?): {error}") from None
    sets = [du.to_images(np.asarray(s.data).reshape(len(s.data), *s.data.shape[1:3], -1)) for s in sets]
    edge = (32 - sets[0].shape[2]) // 2  # 28 x 28 becomes 32 x 32, with a black edge
    return tuple(F.pad(x, (edge,) * 4, value=-1.0) for x in sets)


def build(channels=3, size=32, widths=(64, 64, 128)):
    """The library's U-Net: two layers a block, attention at the lowest resolution; 4,654,723 parameters by default."""
    plain = len(widths) - 1
    if size % 2**plain:
        raise ValueError(f"the size must be divisible by {2**plain} with {len(widths)} widths, which {size} is not")
    return UNet2DModel(
        sample_size=size, in_channels=channels, out_channels=channels, layers_per_block=2,
        block_out_channels=tuple(widths), norm_num_groups=min(32, *widths),
        down_block_types=(*["DownBlock2D"] * plain, "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", *["UpBlock2D"] * plain),
    )  # fmt: skip


def train(args):
    accelerator = Accelerator(split_batches=True)  # the processes share each batch
    torch.manual_seed(args.seed)
    first, own = accelerator.is_main_process, args.data not in KNOWN
    options = {name: getattr(args, name) for name in own_pictures.OPTIONS}
    report = print if first else None
    images, held_out = load_data(args.data, args.root, args.download, args.size, options, report)
    net, scheduler = build(*images.shape[1:3], args.widths), DDPMScheduler(1000, beta_schedule="squaredcos_cap_v2")
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr)
    batch = args.batch or min(32, len(images) // accelerator.num_processes * accelerator.num_processes)
    loader = DataLoader(TensorDataset(images), max(1, batch), shuffle=True, drop_last=True)
    if not len(loader):
        raise ValueError(f"the batch must be at most the {len(images)} images there are, not {args.batch}")
    if first and own:
        args.out.mkdir(parents=True, exist_ok=True)
        contact = du.show(images[:128], columns=16, scale=2, alt="what is trained on")
        print(f"look at {own_pictures.write_still(contact, args.out / 'contact.png')}: this is what is trained on")
        if few := own_pictures.advice(len(images)):
            print(few)
    net, optimizer, loader = accelerator.prepare(net, optimizer, loader)
    torch.manual_seed(args.seed + 1 + accelerator.process_index)  # each process draws noise of its own
    steps, step, losses = args.steps or args.epochs * len(loader), 0, []
    accelerator.print(f"{sum(p.numel() for p in net.parameters()):,} parameters, {len(images)} images, {steps} steps, "
                      f"{accelerator.num_processes} process(es) on {accelerator.device.type}")  # fmt: skip
    while step < steps:
        for (x,) in loader:
            if args.data in FLIPPED:
                x = torch.where(torch.rand(len(x), 1, 1, 1, device=x.device) < 0.5, x.flip(3), x)
            noise, i = torch.randn_like(x), torch.randint(1000, (len(x),), device=x.device)
            loss = F.mse_loss(net(scheduler.add_noise(x, noise, i), i).sample, noise)
            optimizer.zero_grad()
            accelerator.backward(loss)
            optimizer.step()
            losses.append(accelerator.reduce(loss.detach(), "mean"))
            step += 1
            if step % max(1, steps // 20) == 0 or step == steps:
                accelerator.print(f"step {step}  loss {torch.stack(losses).mean().item():.4f}", flush=True)
                losses.clear()
            if step == steps:
                break
    if first:
        net = accelerator.unwrap_model(net).eval()
        args.out.mkdir(parents=True, exist_ok=True)
        DDPMPipeline(net, scheduler).save_pretrained(args.out)
        x = draw(net, DDIMScheduler.from_config(scheduler.config, timestep_spacing="trailing"), args.samples)
        own_pictures.write_still(du.show(x, columns=8, alt="samples"), args.out / "samples.png")
        drawn, real = (du.nearest(some, images)[0].median() for some in (x, held_out[:500]))
        print(f"the nearest training picture of a drawn one is {drawn:.2f} away, of a held-out one {real:.2f} (RMSE); "
              "if the first is much smaller, it draws copies")  # fmt: skip
        print(f"wrote {args.out.name}")
    accelerator.end_training()


@torch.no_grad()
def draw(net, scheduler, n, steps=50, seed=0):
    """n images (n, C, H, W) from noise, by any scheduler of the library.

    DDIM clips its guess of the image; unless told otherwise it then keeps the noise that belonged to the guess before,
    and the two no longer make x_t: the pictures become grey, the more so the more steps there are.
    """
    shape, generator = (n, net.config.in_channels, *[net.config.sample_size] * 2), torch.Generator().manual_seed(seed)
    scheduler.set_timesteps(steps)
    x = torch.randn(shape, generator=generator).to(net.device) * scheduler.init_noise_sigma
    how = {"generator": generator, "use_clipped_model_output": True}
    how = {key: value for key, value in how.items() if key in inspect.signature(scheduler.step).parameters}
    for i in scheduler.timesteps:
        x = scheduler.step(net(scheduler.scale_model_input(x, i), i).sample, i, x, **how).prev_sample
    return x.cpu()


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--data", default="photos", help="photos (default), sprites, fashion, cifar10, or a folder or sheet of yours")
    add("--root", type=Path, default=HERE / "saved", help="where fashion and cifar10 lie, or are downloaded to")
    add("--download", action="store_true", help="fetch fashion or cifar10 if it is not there")
    add("--epochs", type=int, default=10)
    add("--steps", type=int, help="instead of --epochs")
    add("--batch", type=int, help="of all processes together (default 32, or all pictures if they are fewer)")
    add("--lr", type=float, default=4e-4)
    add("--widths", type=int, nargs="+", default=[64, 64, 128], help="channels at each resolution")
    add("--samples", type=int, default=16, metavar="N", help="pictures to draw at the end (default 16)")
    add("--seed", type=int, default=0)
    add("--out", type=Path, default=HERE / "saved" / "pipeline", help="the pipeline's folder")
    own = parser.add_argument_group("your own pictures")
    own.add_argument("--size", type=int, help="they are brought to this size (default 32)")
    own_pictures.add_options(own, fit="crop; of a sheet: pad")
    try:
        train(parser.parse_args(argv))
    except (ValueError, FileNotFoundError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
