"""What lesson 10b needs beside its cells: pipelines called, code and tables shown, and a process of its own."""

import inspect
import os
import subprocess
import sys
import textwrap

import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler
from IPython.display import Markdown
from torch.utils.flop_counter import FlopCounterMode

import charts
import diffusion_utilities as du

SETTINGS = {"num_train_timesteps": 500, "beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction",
            "timestep_spacing": "trailing"}  # fmt: skip


def images(pipeline, n, seed=1, **how):
    """What a pipeline of the library draws in n steps: images (B, C, H, W) in [-1, 1], B = 8 unless batch_size says."""
    pipeline.set_progress_bar_config(disable=True)
    how = {"batch_size": 8, "output_type": "pt"} | how
    generator = torch.Generator().manual_seed(seed)
    return 2 * pipeline(num_inference_steps=n, generator=generator, **how).images.cpu() - 1


class SmallStart(EulerDiscreteScheduler):
    init_noise_sigma = 1.0


class Unscaled(EulerDiscreteScheduler):
    def scale_model_input(self, x, i):
        super().scale_model_input(x, i)  # without this the library would warn
        return x


FORGETFUL = {"begun with std 1": SmallStart, "input not scaled": Unscaled}


def indices(spacing, n, T=1000):
    """The indices that DDIM visits in n steps."""
    scheduler = DDIMScheduler(num_train_timesteps=T, timestep_spacing=spacing)
    scheduler.set_timesteps(n)
    return scheduler.timesteps.tolist()


def gflop(net):
    """The operations of one call for one sprite, in billions; a multiplication and an addition are two."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 3, 16, 16), 0)
    return counter.get_total_flops() / 1e9


def source(part):
    """The code of a function or class, as it stands in its file."""
    return Markdown(f"```python\n{textwrap.dedent(inspect.getsource(part))}```")


def table(rows):
    """{"name": {"mark": text or number, ...}, ...} as a table; numbers with two decimals, if they are not whole."""
    keys = list(next(iter(rows.values())))
    return charts.table(keys, {name: [
        f"{marks[key]:.2f}" if isinstance(marks[key], float) else str(marks[key]) for key in keys
    ] for name, marks in rows.items()})  # fmt: skip


def in_a_new_process(code, *arguments):
    """Run code in a Python of its own, which finds the course, and nothing that this notebook has made."""
    environment = os.environ | {"PYTHONPATH": str(du.ROOT)}
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], env=environment, capture_output=True,
                          text=True)  # fmt: skip
    du.need(done.returncode == 0, f"the other process failed: {done.stderr[-2000:]}")
    print(done.stdout, end="")


def roughness(x):
    """The mean difference between neighbouring pixels of images (B, C, H, W)."""
    return ((x.diff(dim=2).abs().mean() + x.diff(dim=3).abs().mean()) / 2).item()


def in_tens(losses, cost):
    """The mean of every ten losses against what they cost: (places, means), for charts.lines."""
    means = torch.tensor(losses).float().split(10)
    return [cost * (10 * k + len(part)) for k, part in enumerate(means)], torch.stack([part.mean() for part in means])
