"""What the live widgets of the site need, in one folder: the networks, the program that runs them, and a list of both.

The program is onnxruntime-web from npm; where it is not installed (`make site` installs it), the site has no live part.
"""

import base64
import hashlib
import json
import shutil
from pathlib import Path

import torch

import diffusion_utilities as du
import prompts
from plumbing import lesson_14
from plumbing.onnx_networks import onnx_bytes

SITE = Path(__file__).parent / "site"
RUNTIME = SITE / "node_modules" / "onnxruntime-web"
MODULES = ("sampler.js", "random.js", "words.js", "worker.js", "network.js", "parts.js", "widgets.js")
EDITOR = SITE.parent / "pixel_editor.js"  # the lesson's own, which needs no kernel
NETWORKS = ("unet", "few_steps", "context_model_31", "classifier", "prompts")
# For each way to run them: what the worker imports, the program's glue, and the program; jspi has WebGPU in it.
BUILDS = {"wasm": ("ort.wasm.min.mjs", ""), "webgpu": ("ort.jspi.min.mjs", ".jspi")}


def installed():
    """Is onnxruntime-web there, in the version that package.json asks for?"""
    wanted = json.loads((SITE / "package.json").read_text(encoding="utf-8"))["dependencies"]["onnxruntime-web"]
    about = RUNTIME / "package.json"
    return about.is_file() and json.loads(about.read_text(encoding="utf-8"))["version"] == wanted


def _network(name, folder):
    """Write a network into the folder; returns what a page must know of it, and a few of its answers."""
    words = None
    if name == "classifier":
        model = du.load_classifier()
    elif name == "prompts":
        model, _, words = prompts.load_prompts(device="cpu")
    else:
        model = du.load_model(du.WEIGHTS / f"{name}.pth", "cpu")[0]
    data = onnx_bytes(model)
    file = f"{name}-{hashlib.sha256(data).hexdigest()[:8]}.onnx"  # another network has another name: it may be kept
    (folder / file).write_bytes(data)
    about = dict(file=file, bytes=len(data), channels=3, size=16, n_cfeat=5, predicts=None)
    x = torch.empty(1, 3, 16, 16).normal_(generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        if name == "classifier":
            answer = model(x)
        else:
            answer = model(x, torch.tensor([0.5]))
            about |= dict(predicts=model.predicts, schedule=model.info["schedule"], T=model.info["T"])
    if words:  # its contexts are rows of tokens
        about |= dict(n_cfeat=words.length, words=words.vocabulary)
    answer = answer.flatten()
    every = max(1, len(answer) // 59)  # 13 of an image's 768: from all colours, rows and columns
    return about | dict(check=dict(every=every, values=[round(v, 5) for v in answer[::every].tolist()]))


def _facts():
    """What lessons 2 and 6 compare with: honest noise, the diversity of real sprites, the ends of the exact curves; and
    the scribble that lesson 14 begins with."""
    unet, ab_t = du.load_model(du.WEIGHTS / "unet.pth")
    T, real = len(ab_t) - 1, du.load_sprites("held_out", 500).x
    times, stds = du.sampling_times(T, 50)[:-1:5], []
    for t in times:
        x = du.add_noise(real[:16], t, torch.randn(16, 3, 16, 16, generator=torch.Generator().manual_seed(t)), ab_t)
        with torch.no_grad():
            answer = unet(x, torch.full((16,), t / T))
        stds.append(round(du.to_x0_eps(answer, x, t, ab_t, unet.predicts)[1].std().item(), 3))
    hundred = du.sample(unet, ab_t, 10, torch.arange(10) % 5, seed=1, steps=100, order=2)
    pixels = hundred.add(1).mul(127.5).round().clamp(0, 255).byte().numpy().tobytes()
    scribble = du.to_pixels(lesson_14.scribbles()[1][0]).tobytes()
    hundred_calls, scribble = (base64.b64encode(data).decode() for data in (pixels, scribble))
    return dict(noise_found=dict(times=times, stds=stds), diversity=round(du.diversity(real), 4),
                hundred_calls=hundred_calls, scribble=scribble)  # fmt: skip


def make_live(folder):
    """Fill the folder that the pages' live.js asks for modules, networks and onnxruntime-web."""
    folder.mkdir(parents=True)
    for module in (*(SITE / name for name in MODULES), EDITOR):
        shutil.copy(module, folder)
    version = json.loads((RUNTIME / "package.json").read_text(encoding="utf-8"))["version"]
    place = f"onnxruntime-web-{version}"
    (folder / place).mkdir()
    runtimes = {}
    for where, (script, build) in BUILDS.items():
        names = dict(
            script=script, glue=f"ort-wasm-simd-threaded{build}.mjs", wasm=f"ort-wasm-simd-threaded{build}.wasm"
        )
        for name in names.values():
            shutil.copy(RUNTIME / "dist" / name, folder / place)
        runtimes[where] = {kind: dict(file=f"{place}/{name}", bytes=(folder / place / name).stat().st_size)
                           for kind, name in names.items()}  # fmt: skip
    manifest = dict(runtimes=runtimes, networks={name: _network(name, folder) for name in NETWORKS}) | _facts()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
