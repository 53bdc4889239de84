"""Lesson 10: real pictures, the library's schedule, network and pipelines beside ours, and the program."""

import os
import pickle
import struct
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import ROOT, awake
from diffusers import (
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    UNet2DModel,
)
from diffusers.utils import logging
from PIL import Image
from sklearn.datasets import load_sample_images

import diffusion_utilities as du
import train_with_diffusers as program

NAME = "10_real_data_and_the_library"
AB = du.noise_schedule("cosine", 20)
TINY = ["--widths", "8", "16", "--batch", "4", "--samples", "2"]


@pytest.fixture
def ten(lesson, monkeypatch):
    """The lesson's classes, in a module that the library can import; its talk and its progress bars are off."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    photos = [Image.fromarray(photo) for photo in load_sample_images().images]
    module = lesson(NAME, device=torch.device("cpu"), held_out=None, photos=photos)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# ---------------------------------------------------------------------------------------------------------------- data


def test_pieces_of_photographs(ten):
    x = program.photo_crops(20, seed=3)
    du.check_images(x)
    assert x.shape == (20, 3, 32, 32)
    assert torch.equal(x, program.photo_crops(20, seed=3)) and torch.equal(x, ten.pieces(20, seed=3))
    assert not torch.equal(x, program.photo_crops(20, seed=4))
    assert len(x.flatten(1).unique(dim=0)) == 20
    assert (x[::2].mean((1, 2, 3)) > x[1::2].mean((1, 2, 3)).median()).float().mean() > 0.8  # mist, then dark leaves


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("something is being downloaded")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


@pytest.fixture
def fashion(tmp_path):
    """Fashion-MNIST with 12 training and 3 test pictures, in its own format; and the training pixels."""
    raw, rng = tmp_path / "FashionMNIST" / "raw", np.random.default_rng(0)
    raw.mkdir(parents=True)
    for part, n in (("t10k", 3), ("train", 12)):
        pixels, labels = (rng.integers(0, 256, size, np.uint8) for size in ((n, 28, 28), (n,)))
        for kind, array in (("images-idx3", pixels), ("labels-idx1", labels)):
            head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            (raw / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())
    return SimpleNamespace(root=tmp_path, pixels=pixels)


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """CIFAR-10 with 3 pictures a file, in its own format, whose checksums nobody asks for; and the training pixels."""
    folder, rng, every = tmp_path / "cifar-10-batches-py", np.random.default_rng(0), []
    folder.mkdir()
    for name in (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"):
        data = rng.integers(0, 256, (3, 3072), np.uint8)
        every.append(data)
        (folder / name).write_bytes(pickle.dumps({"data": data, "labels": [0, 1, 2]}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda file, md5=None: os.path.isfile(file))
    return SimpleNamespace(root=tmp_path, pixels=np.concatenate(every[:-1]).reshape(-1, 3, 32, 32))


def test_fashion_mnist_in_its_own_format(fashion, no_network):
    train, test = program.load_data("fashion", fashion.root)
    assert train.shape == (12, 1, 32, 32) and test.shape == (3, 1, 32, 32)
    du.check_images(train)
    np.testing.assert_array_equal(du.to_pixels(train)[:, 2:-2, 2:-2, 0], fashion.pixels)
    assert (train[..., [0, 1, -2, -1]] == -1).all() and (train[..., [0, 1, -2, -1], :] == -1).all()


def test_cifar10_in_its_own_format(cifar, no_network):
    train, test = program.load_data("cifar10", cifar.root)
    assert train.shape == (15, 3, 32, 32) and test.shape == (3, 3, 32, 32)
    np.testing.assert_array_equal(du.to_pixels(train).transpose(0, 3, 1, 2), cifar.pixels)


@pytest.mark.parametrize("name", ["fashion", "cifar10"])
def test_nothing_is_downloaded_unless_asked(name, tmp_path, no_network):
    with pytest.raises(FileNotFoundError, match=r"in the root folder \(download it\?\)"):
        program.load_data(name, tmp_path)


@pytest.fixture
def folder(tmp_path):
    for k, pixels in enumerate(du.to_pixels(program.photo_crops(11, seed=0))):
        (tmp_path / "mine" / "ab"[k % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "mine" / "ab"[k % 2] / f"{k}.png")
    return tmp_path / "mine"


def test_a_folder_of_ones_own_and_the_sprites(folder):
    train, held_out = program.load_data(str(folder))
    assert train.shape == (10, 3, 32, 32) and held_out.shape == (1, 3, 32, 32)
    both = torch.cat([train, held_out]).flatten(1)
    assert len(both.unique(dim=0)) == 11
    assert [x.shape[2:] for x in program.load_data(str(folder), size=16)] == [(16, 16), (16, 16)]
    assert [len(x) for x in program.load_data("sprites")] == [36_000, 4_000]


# ------------------------------------------------------------------------------------------------ schedule and network


def test_parameters():
    assert sum(p.numel() for p in program.build().parameters()) == 4_654_723
    digits = UNet2DModel(28, 1, 1, layers_per_block=2, block_out_channels=(32, 64, 64),
                         down_block_types=("DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"),
                         up_block_types=("AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"))  # fmt: skip
    assert sum(p.numel() for p in digits.parameters()) == 1_707_009


@pytest.mark.parametrize("T", [20, 500, 1000])
def test_the_librarys_cosine_schedule_is_ours(T):
    theirs = DDPMScheduler(num_train_timesteps=T, beta_schedule="squaredcos_cap_v2")
    torch.testing.assert_close(theirs.alphas_cumprod.double(), du.noise_schedule("cosine", T)[1:], atol=1e-6, rtol=1e-4)
    x0, noise, i = normal(3, 1, 4, 4), normal(3, 1, 4, 4, seed=1), torch.tensor([0, T // 2, T - 1])
    ours = du.add_noise(x0, i + 1, noise, du.noise_schedule("cosine", T))
    torch.testing.assert_close(theirs.add_noise(x0, noise, i), ours, atol=1e-5, rtol=1e-5)


def test_a_setting_passed_by_place_is_forgotten():
    """The lesson says so: from_config takes it for a default."""
    placed, named = DDIMScheduler(500), DDIMScheduler(num_train_timesteps=500)
    assert DPMSolverMultistepScheduler.from_config(named.config).config.num_train_timesteps == 500
    assert DPMSolverMultistepScheduler.from_config(placed.config).config.num_train_timesteps == 1000


# ----------------------------------------------------------------------------------------------------------- pipelines


def settings(T=20):
    b_t = 1 - AB[1:] / AB[:-1]
    return {"num_train_timesteps": T, "trained_betas": b_t.tolist(), "prediction_type": "v_prediction",
            "timestep_spacing": "trailing", "clip_sample": False}  # fmt: skip


@pytest.fixture
def tiny():
    return awake(du.Unet(3, 5, widths=(8, 16)))


def test_the_wrapper_tells_the_network_our_time(ten, tiny):
    x, c = normal(3, 3, 8, 8), torch.eye(5)[:3]
    wrapped = ten.wrap(tiny, T=20)
    for i, t in ((0, 1 / 20), (19, 1.0), (torch.tensor(7), 8 / 20)):
        torch.testing.assert_close(wrapped(x, i, c), tiny(x, torch.tensor([t]), c))
    assert not torch.equal(wrapped(x, 3, c), wrapped(x, 3))


HOW = {"DDIM": (DDIMScheduler, {}), "2M": (DPMSolverMultistepScheduler, {"order": 2})}


@pytest.mark.parametrize("steps", [1, 5, 20])
@pytest.mark.parametrize("kind, how", HOW.values(), ids=HOW)
def test_saved_loaded_and_the_same_samples(kind, how, steps, ten, tiny, tmp_path):
    scheduler = kind.from_config(DDIMScheduler(**settings()).config)
    ten.CoursePipeline(ten.wrap(tiny, T=20), scheduler).save_pretrained(tmp_path)
    loaded = ten.CoursePipeline.from_pretrained(tmp_path)
    assert loaded.unet is not tiny and isinstance(loaded.scheduler, kind)
    c = torch.eye(5)[:3]
    theirs = loaded(normal(3, 3, 8, 8, seed=4), c, steps=steps)
    ours = du.sample(tiny, AB, 3, c, seed=4, shape=(3, 8, 8), steps=steps, **how)
    torch.testing.assert_close(theirs, ours, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["epsilon", "sample", "v_prediction"])
def test_the_way_back(kind, ten):
    net = awake(program.build(3, 8, (8, 16)))
    scheduler = DDIMScheduler(num_train_timesteps=20, beta_start=0.01, beta_end=0.2, clip_sample=False,
                              prediction_type=kind, timestep_spacing="trailing")  # fmt: skip
    ab_t = torch.cat([torch.ones(1), scheduler.alphas_cumprod]).double()
    denoiser = ten.FromLibrary(net, scheduler)
    assert denoiser.predicts == {"epsilon": "eps", "sample": "x0", "v_prediction": "v"}[kind]
    x = normal(2, 3, 8, 8, seed=1)
    for steps in (4, 20):
        ours = du.sample(denoiser, ab_t, 2, seed=1, shape=(3, 8, 8), steps=steps)
        torch.testing.assert_close(program.draw(net, scheduler, 2, steps, seed=1), ours, atol=1e-4, rtol=1e-3)
    indices = []
    denoiser.model = lambda x, i: indices.append(i) or SimpleNamespace(sample=x)
    denoiser(x, torch.arange(1, 21) / 20)
    assert indices[0].tolist() == list(range(20))


def knows_three_pictures(gain=1.0):
    """The perfect denoiser of three pictures, its answer times a gain, as a network of the library and as ours."""
    ab_t = du.noise_schedule("cosine", 1000)
    perfect = du.PerfectDenoiser(program.photo_crops(3, seed=0), ab_t)

    def net(x, i):
        net.seen.append(x)
        t = (torch.as_tensor(i).double() + 1).clamp(1, 1000)
        ab = torch.lerp(ab_t[t.floor().long()], ab_t[t.ceil().long()], t % 1)  # Euler asks between two times, too
        x0 = gain * perfect(x, t.round() / 1000)
        return SimpleNamespace(sample=(x - ab.sqrt().float() * x0) / (1 - ab).sqrt().float())

    def ours(x, t, c=None):
        return gain * perfect(x, t)

    net.seen = []
    net.config, net.device, ours.predicts = SimpleNamespace(in_channels=3, sample_size=32), torch.device("cpu"), "x0"
    return net, ours, ab_t


LIBRARY = {"num_train_timesteps": 1000, "beta_schedule": "squaredcos_cap_v2"}


@pytest.mark.parametrize("steps", [10, 20, 50])
def test_ddim_that_clips_the_image_mends_the_noise_too(steps):
    """The program's pictures were once grey mud, worse the more steps: the library clipped x0 and kept the old eps."""
    net, ours, ab_t = knows_three_pictures(gain=1.5)  # guesses reach beyond [-1, 1], as a trained network's do
    ddim = DDIMScheduler(**LIBRARY, timestep_spacing="trailing")
    assert ddim.config.clip_sample
    x = program.draw(net, ddim, 4, steps, seed=1)
    wanted = du.sample(ours, ab_t, 4, seed=1, shape=(3, 32, 32), steps=steps, clip=True)
    torch.testing.assert_close(x, wanted, atol=1e-3, rtol=0)
    assert du.nearest(x, (1.5 * program.photo_crops(3, seed=0)).clamp(-1, 1))[0].max() < 0.01


@pytest.mark.parametrize("kind", [EulerDiscreteScheduler, HeunDiscreteScheduler, DPMSolverMultistepScheduler,
                                  DDPMScheduler])  # fmt: skip
def test_any_scheduler_of_the_library_draws(kind):
    """Euler and Heun start from more noise and scale their input: without that they draw something else, silently."""
    net, _, _ = knows_three_pictures()
    x = program.draw(net, kind(**LIBRARY), 2, 30, seed=1)
    assert net.seen[0].std() == pytest.approx(1, abs=0.05)  # noise as large as the network has learned it
    assert du.nearest(x, program.photo_crops(3, seed=0))[0].max() < 0.1
    assert torch.equal(x, program.draw(net, kind(**LIBRARY), 2, 30, seed=1))  # DDPM's own noise is the seed's, too


# --------------------------------------------------------------------------------------------------------------- score


def test_the_score_of_photographs(ten):
    real, other = program.photo_crops(100, seed=5), program.photo_crops(100, seed=6)
    assert ten.features(real).shape == (100, 14)
    assert ten.score(real, real) == pytest.approx(0, abs=1e-6)
    floor, noisy = ten.score(other, real), ten.score((other + 0.1 * normal(*other.shape)).clamp(-1, 1), real)
    assert 0 < floor < 1.5 and noisy > 4 * floor
    assert ten.score(other.flip(2), real) == pytest.approx(floor, abs=1e-3)  # it does not know what is up
    grey = ten.score(other.mean(1, keepdim=True), real.mean(1, keepdim=True))
    assert 0 < grey < 3  # pictures of one channel have a score, too


# ------------------------------------------------------------------------------------------------------------- program


def check_run(out, channels=3):
    pipeline = DDPMPipeline.from_pretrained(out)
    assert pipeline.unet.config.in_channels == channels and pipeline.scheduler.config.num_train_timesteps == 1000
    assert Image.open(out / "samples.png").width > 60


def test_the_program(folder, fashion, tmp_path, capsys):
    logging.disable_progress_bar()
    program.main(["--data", str(folder), *TINY, "--epochs", "2", "--out", str(tmp_path / "a")])
    said = capsys.readouterr().out
    assert "10 images, 4 steps, 1 process" in said and "step 4  loss" in said and "wrote a" in said
    assert "mine: 11 pictures, now 32 x 32, in 2 classes: a 6, b 5" in said and "10 pictures are few" in said
    assert "the nearest training picture of a drawn one is" in said
    assert Image.open(tmp_path / "a" / "contact.png").size == (10 * 66 + 2, 68)
    check_run(tmp_path / "a")
    program.main(
        ["--data", "fashion", "--root", str(fashion.root), *TINY, "--steps", "2", "--out", str(tmp_path / "b")]
    )
    assert "12 images, 2 steps" in capsys.readouterr().out
    check_run(tmp_path / "b", channels=1)


@pytest.mark.parametrize(
    "args, sentence",
    [
        (["--data", "cifar10", "--root", "{}"], "error: no CIFAR10 in the root folder (download it?)"),
        (["--data", "{}/nowhere"], "error: there is no folder or file"),
        (["--data", "{}", "--size", "33"], "error: the size must be divisible by 2 with 2 widths, which 33 is not"),
        (["--data", "{}", "--gap", "1"], "error: --gap is for a sprite sheet"),
        (["--data", "sprites", "--size", "32"], "error: --size, --fit and the like are for your own pictures: sprites"),
        (["--data", "{}", "--batch", "99"], "error: the batch must be at most the 10 images there are, not 99"),
    ],
)
def test_errors_are_one_sentence(args, sentence, folder):
    with pytest.raises(SystemExit) as stop:
        program.main([*TINY, "--steps", "1", *(arg.format(folder) for arg in args)])
    assert str(stop.value).startswith(sentence)


def test_other_people_have_other_pictures(tmp_path, capsys):
    """A flat folder of photographs in several formats, not square, of another size; the batch is as large as it can."""
    logging.disable_progress_bar()
    (tmp_path / "holiday").mkdir()
    for k, pixels in enumerate(du.to_pixels(program.photo_crops(8, seed=0))):
        wide = np.concatenate([np.zeros_like(pixels[:, :8]), pixels, np.zeros_like(pixels[:, :8])], 1)
        Image.fromarray(wide).save(tmp_path / "holiday" / f"{k}.{('jpg', 'webp', 'bmp', 'png')[k % 4]}")
    (tmp_path / "holiday" / "broken.jpg").write_text("not a picture")
    how = ["--widths", "8", "16", "--samples", "2", "--size", "16", "--steps", "1", "--out", str(tmp_path / "out")]
    program.main(["--data", str(tmp_path / "holiday"), *how])
    said = " ".join(capsys.readouterr().out.split())
    assert "8 pictures, now 16 x 16, in 1 class: holiday 8" in said and "cut to their middle: 8" in said
    assert "left out, 1 not a readable picture: broken.jpg" in said and "7 images, 1 steps" in said
    assert DDPMPipeline.from_pretrained(tmp_path / "out").unet.config.sample_size == 16
    train, held_out = program.load_data(str(tmp_path / "holiday"), size=32, report=None)
    assert torch.cat([train, held_out]).mean((1, 2, 3)).min() > -0.9  # the black at the sides is cut off
    padded, _ = program.load_data(str(tmp_path / "holiday"), size=48, options={"fit": "pad"}, report=None)
    assert (padded[:, :, :7] == 1).all()


def test_a_sheet_for_the_program(tmp_path):
    sheet = np.concatenate([np.full((24, 16, 3), 20 * k, np.uint8) for k in range(10)], 1)
    sheet[::2, ::3] = 250
    Image.fromarray(sheet).save(tmp_path / "x.png")
    train, held_out = program.load_data(str(tmp_path / "x.png"), size=24, options={"tile": [16, 24]}, report=None)
    assert train.shape == (9, 3, 24, 24) and held_out.shape == (1, 3, 24, 24)
    assert (train[..., :4] == 1).all() and (train[..., 0, 4:20] < 1).all()  # padded, so that no head is cut off


def test_two_processes(folder, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--rdzv-backend", "c10d"]
    command += ["--rdzv-endpoint", "127.0.0.1:0", ROOT / "notebooks" / "train_with_diffusers.py"]
    command += ["--data", folder, *TINY, "--steps", "2", "--out", tmp_path / "run"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run([str(a) for a in command], capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "10 images, 2 steps, 2 process" in done.stdout
    assert done.stdout.count("step 2  loss") == done.stdout.count("wrote run") == 1
    logging.disable_progress_bar()
    check_run(tmp_path / "run")
