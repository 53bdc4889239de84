"""The benchmark's peers: what somebody would use instead of this course, each with its own recipe and its own sampler.

`make bench FLAGS=--peers` installs their packages into artifacts/peers (not into the course's environment), trains each
on the same 36,000 sprites for the same seconds, and scores what it draws. Sizes are those of their own examples for
small pictures; what is changed is said beside it. Horizontal flips, which two of the examples use, are left out: they
would turn the sprites that face to the side around.

    Hugging Face's course   UNet2DModel, DDPMScheduler, 1,000 steps       (diffusion course, unit 1)
    lucidrains              denoising-diffusion-pytorch, 250 DDIM steps   (its README)
    smalldiffusion          Scaled(Unet), 20 steps, gam = 1.6             (its Fashion-MNIST example, with labels)
"""

import copy
import subprocess
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "artifacts" / "peers"
PINNED = ["denoising-diffusion-pytorch==2.3.4", "smalldiffusion==0.5.0", "einops==0.8.2", "ema-pytorch==0.8.3",
          "pytorch-fid==0.3.0"]  # fmt: skip


def install():
    """Their packages, without what the course's environment already has (torch, accelerate, tqdm, scipy)."""
    if not (PACKAGES / "smalldiffusion").is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(PACKAGES), *PINNED]
        subprocess.run(command, check=True)
    if str(PACKAGES) not in sys.path:
        sys.path.append(str(PACKAGES))


def batches(data, size, seed):
    """Images and class numbers (size,) without end; each epoch shows every image once."""
    generator = torch.Generator().manual_seed(seed)
    labels = data.c.argmax(1)
    while True:
        for rows in torch.randperm(len(data.x), generator=generator).split(size):
            if len(rows) == size:
                yield data.x[rows], labels[rows]


class HuggingFace:
    """Unit 1 of Hugging Face's diffusion course: its network (18 million parameters), batch 64, AdamW at 4e-4."""

    name, asks, calls = "Hugging Face's course", False, 1000

    def __init__(self, data, seed, device):
        from diffusers import DDPMScheduler, UNet2DModel

        torch.manual_seed(seed)
        self.model = UNet2DModel(
            sample_size=16, in_channels=3, out_channels=3, layers_per_block=2, block_out_channels=(64, 128, 128, 256),
            down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
            up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        ).to(device)  # fmt: skip
        self.scheduler = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=4e-4)
        self.batches, self.device = batches(data, 64, seed), device

    def step(self):
        x = next(self.batches)[0].to(self.device)
        noise, t = torch.randn_like(x), torch.randint(0, 1000, (len(x),), device=self.device)
        loss = torch.nn.functional.mse_loss(
            self.model(self.scheduler.add_noise(x, noise, t), t, return_dict=False)[0], noise
        )
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()

    def draw(self, n, labels=None, steps=None):
        from diffusers import DDPMPipeline

        pipeline = DDPMPipeline(self.model.eval(), self.scheduler)
        pipeline.set_progress_bar_config(disable=True)
        x = pipeline(n, num_inference_steps=steps or self.calls, output_type="np").images
        self.model.train()
        return torch.from_numpy(x).permute(0, 3, 1, 2) * 2 - 1


class Lucidrains:
    """denoising-diffusion-pytorch as its README trains it: dim 64, (1, 2, 4, 8), batches of 32 twice, Adam at 8e-5."""

    name, asks, calls = "denoising-diffusion-pytorch", False, 250

    def __init__(self, data, seed, device):
        from denoising_diffusion_pytorch import GaussianDiffusion, Unet
        from ema_pytorch import EMA

        torch.manual_seed(seed)
        self.model = GaussianDiffusion(
            Unet(dim=64, dim_mults=(1, 2, 4, 8)), image_size=16, timesteps=1000, sampling_timesteps=self.calls
        ).to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=8e-5, betas=(0.9, 0.99))
        self.ema = EMA(self.model, beta=0.995, update_every=10)
        self.batches, self.device = batches(data, 32, seed), device

    def step(self):
        for _ in range(2):  # gradient_accumulate_every
            (self.model((next(self.batches)[0].to(self.device) + 1) / 2) / 2).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.ema.update()

    def draw(self, n, labels=None, steps=None):
        model = self.ema.ema_model.eval()
        model.sampling_timesteps = steps or self.calls
        with torch.inference_mode():
            x = model.ddim_sample((n, 3, 16, 16))
        return x.clone() * 2 - 1


class SmallDiffusion:
    """smalldiffusion's Fashion-MNIST U-Net with its own class embedding: AdamW at 7e-4, batch 1,024, averaged."""

    name, asks, calls = "smalldiffusion", True, 20

    def __init__(self, data, seed, device, batch=1024):
        from smalldiffusion import CondEmbedderLabel, Scaled, ScheduleLogLinear, Unet

        torch.manual_seed(seed)
        self.schedule = ScheduleLogLinear(sigma_min=0.01, sigma_max=20, N=800)
        embed = CondEmbedderLabel(64 * 4, 5)
        self.model = Scaled(Unet)(16, 3, 3, ch=64, ch_mult=(1, 1, 2), attn_resolutions=(8,), cond_embed=embed)
        self.model = self.model.to(device)
        self.average, self.steps = copy.deepcopy(self.model).eval(), 0
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=7e-4)
        self.batches, self.device = batches(data, batch, seed), device

    def step(self):
        from smalldiffusion.diffusion import generate_train_sample

        self.optimizer.zero_grad()
        x, sigma, noise, c = generate_train_sample(
            [part.to(self.device) for part in next(self.batches)], self.schedule, conditional=True
        )
        self.model.get_loss(x, sigma, noise, cond=c).backward()
        self.optimizer.step()
        self.steps += 1
        decay = min(0.999, (1 + self.steps) / (10 + self.steps))  # as torch_ema, which the example averages with
        with torch.no_grad():
            for ours, theirs in zip(self.average.parameters(), self.model.parameters()):
                ours.lerp_(theirs, 1 - decay)

    def draw(self, n, labels=None, steps=None):
        from smalldiffusion import samples

        cond = torch.as_tensor(labels).to(self.device)
        *_, x = samples(self.average, self.schedule.sample_sigmas(steps or self.calls), gam=1.6, batchsize=n, cond=cond)
        return x.clamp(-1, 1).cpu()


PEERS = (HuggingFace, Lucidrains, SmallDiffusion)
