"""Lesson 10b: the library's schedules, schedulers, network and pipelines beside ours, and the program around them."""

import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import ROOT, awake, close, products
from diffusers import (
    DDIMPipeline,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    LCMScheduler,
    UNet2DModel,
    UniPCMultistepScheduler,
)
from diffusers.configuration_utils import FrozenDict
from diffusers.utils import logging
from PIL import Image
from safetensors.torch import load_file

import diffusion_utilities as du
import train_with_diffusers as program
from course_pipeline import CoursePipeline
from course_unet import Asked, CourseUnet, wrap
from plumbing import lesson_10b

NAME = "10b_the_library"
STUBS = ("betas", "walk", "clipped_step", "flow_answer", "level_index")
AB = du.noise_schedule("cosine", 20)
TINY = ["--widths", "8", "16", "--batch", "4", "--samples", "2"]


@pytest.fixture(autouse=True)
def quiet():
    """The library's progress bars are off; its warnings are not."""
    logging.disable_progress_bar()


@pytest.fixture
def ten(lesson):
    """The lesson's functions and classes, its solutions in place of the stubs; T = 20."""
    module = lesson(NAME, device=torch.device("cpu"), T=20, ab_t=AB, ratio=share(AB)[1:], ours=settings())
    for name in STUBS:
        setattr(module, name, getattr(module, f"solution_{name}"))
    return module


def share(ab_t):
    """The share of noise on the straight path, where the ratio of noise to picture is that of ab_t."""
    return (1 - ab_t).sqrt() / (ab_t.sqrt() + (1 - ab_t).sqrt())


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# ---------------------------------------------------------------------------------------------------------------- data


def test_pieces_of_photographs():
    x = program.photo_crops(20, seed=3)
    du.check_images(x)
    assert x.shape == (20, 3, 32, 32)
    assert torch.equal(x, program.photo_crops(20, seed=3))
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
            (raw / f"{part}-{kind}-ubyte").write_bytes(head + (array % 10 if "labels" in kind else array).tobytes())
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
    learned, other = program.load_data("fashion", fashion.root)
    train, test = learned.x, other.x
    assert learned.c.shape == (12, 10) and learned.classes[9] == "Ankle boot"
    assert train.shape == (12, 1, 32, 32) and test.shape == (3, 1, 32, 32)
    du.check_images(train)
    np.testing.assert_array_equal(du.to_pixels(train)[:, 2:-2, 2:-2, 0], fashion.pixels)
    assert (train[..., [0, 1, -2, -1]] == -1).all() and (train[..., [0, 1, -2, -1], :] == -1).all()


def test_cifar10_in_its_own_format(cifar, no_network):
    learned, other = program.load_data("cifar10", cifar.root)
    train, test = learned.x, other.x
    assert learned.classes == tuple("abcdefghij") and learned.c.argmax(1).tolist() == [0, 1, 2] * 5
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
    assert train.x.shape == (9, 3, 32, 32) and held_out.x.shape == (2, 3, 32, 32)
    assert train.classes == held_out.classes == ("a", "b")
    both, c = torch.cat([train.x, held_out.x]), torch.cat([train.c, held_out.c])
    assert len(both.flatten(1).unique(dim=0)) == 11
    for x, row in zip(both, c):  # each picture keeps its class
        k = (x == program.photo_crops(11, seed=0)).flatten(1).all(1).nonzero().item()
        assert row.tolist() == [1 - k % 2, k % 2]
    shutil.rmtree(folder / "b")
    for k in (0, 2, 4):
        (folder / "a" / f"{k}.png").unlink()
    with pytest.raises(ValueError, match=f"{folder} holds only 3: training needs two pictures, and two are held out"):
        program.load_data(str(folder), report=None)


def test_other_sizes_and_the_sprites(folder):
    assert [data.x.shape[2:] for data in program.load_data(str(folder), size=16)] == [(16, 16), (16, 16)]
    assert [len(data.x) for data in program.load_data("sprites")] == [36_000, 4_000]


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
    # theirs is a product of up to 1,000 factors in float32, each of them rounded: 1e-4 of the value
    torch.testing.assert_close(theirs.alphas_cumprod.double(), du.noise_schedule("cosine", T)[1:], atol=1e-6, rtol=1e-4)
    x0, noise, i = normal(3, 1, 4, 4), normal(3, 1, 4, 4, seed=1), torch.tensor([0, T // 2, T - 1])
    ours = du.add_noise(x0, i + 1, noise, du.noise_schedule("cosine", T))
    # and sqrt(1 - ab) of an ab that was rounded near 1 is off by 3e-8 / (2 sqrt(1 - ab)); a time off by one, by 1e-3
    torch.testing.assert_close(theirs.add_noise(x0, noise, i), ours, atol=1e-4, rtol=0)


def test_a_setting_passed_by_place_is_forgotten():
    """The lesson says so: from_config takes it for a default."""
    placed, named = DDIMScheduler(500), DDIMScheduler(num_train_timesteps=500)
    assert DPMSolverMultistepScheduler.from_config(named.config).config.num_train_timesteps == 500
    assert DPMSolverMultistepScheduler.from_config(placed.config).config.num_train_timesteps == 1000


def test_a_setting_that_nobody_named_is_a_default_again():
    """Section 6's trap: in the config it is forgotten, as an argument of from_config it holds."""
    levels = DDPMScheduler(num_train_timesteps=1000)
    there = levels.config | {"timestep_spacing": "trailing"}
    assert there["timestep_spacing"] == "trailing"
    assert DDIMScheduler.from_config(there).config.timestep_spacing == "leading"
    assert DDIMScheduler.from_config(levels.config, timestep_spacing="trailing").config.timestep_spacing == "trailing"


# ----------------------------------------------------------------------------------------------------------- pipelines


def settings(T=20):
    b_t = 1 - AB[1:] / AB[:-1]
    return {"num_train_timesteps": T, "trained_betas": b_t.tolist(), "prediction_type": "v_prediction",
            "timestep_spacing": "trailing", "clip_sample": False}  # fmt: skip


@pytest.fixture
def tiny():
    return awake(du.Unet(3, 5, widths=(8, 16)))


def test_the_wrapper_tells_the_network_our_time(tiny):
    x, c = normal(3, 3, 8, 8), torch.eye(5)[:3]
    wrapped = wrap(tiny, T=20, size=8)
    for i, t in ((0, 1 / 20), (19, 1.0), (torch.tensor(7), 8 / 20)):
        close(wrapped(x, i, c).sample, tiny(x, torch.tensor([t]), c), terms=products(tiny))
    assert torch.equal(wrapped(x, 3, c, return_dict=False)[0], wrapped(x, 3, torch.arange(3)).sample)
    assert not torch.equal(wrapped(x, 3, c).sample, wrapped(x, 3).sample)


HOW = {"DDIM": (DDIMScheduler, {}), "2M": (DPMSolverMultistepScheduler, {"order": 2})}


def drawn(net, scheduler, n, steps, seed=0, classes=None, **how):
    """Images (n, C, H, W) in [-1, 1] by the pipeline."""
    pipeline = CoursePipeline(net, scheduler)
    pipeline.set_progress_bar_config(disable=True)
    how = {"generator": torch.Generator().manual_seed(seed)} | how
    return 2 * pipeline(n, classes, num_inference_steps=steps, output_type="pt", **how).images - 1


@pytest.mark.parametrize("steps", [1, 5, 20])
@pytest.mark.parametrize("kind, how", HOW.values(), ids=HOW)
def test_the_librarys_samples_are_ours(kind, how, steps, tiny):
    c, x = torch.eye(5)[:3], normal(3, 3, 8, 8, seed=4).double()
    net = wrap(tiny, T=20, size=8).double()  # so that only the library's schedule is rounded to float32
    theirs = drawn(net, kind.from_config(DDIMScheduler(**settings()).config), 3, steps, classes=c, latents=x)
    *_, ours = du.sampler(tiny.double(), AB, x, c, steps=steps, **how)
    torch.testing.assert_close(theirs, ours.x.clamp(-1, 1), atol=1e-5, rtol=1e-5)


ELSEWHERE = """
import sys, torch
from diffusers import DiffusionPipeline
from diffusers.utils import logging
logging.disable_progress_bar()
folder = sys.argv[1]
pipeline = DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)
pipeline.set_progress_bar_config(disable=True)
how = {"generator": torch.Generator().manual_seed(1), "num_inference_steps": 5, "output_type": "pt"}
torch.save(pipeline(3, ["b", "c", "b"], guidance_scale=2.0, **how).images, folder + "/images.pt")
pipeline.save_pretrained(folder + "/again")
DiffusionPipeline.from_pretrained(folder + "/again", custom_pipeline=folder + "/again", trust_remote_code=True)
"""


def in_a_new_process(folder, path, modules):
    """What a process that begins elsewhere draws from a saved folder; it knows nothing but what lies on `path`."""
    environment = os.environ | {"PYTHONPATH": str(path), "HF_MODULES_CACHE": str(modules), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", ELSEWHERE, str(folder)], cwd=modules.parent, env=environment,
                          capture_output=True, text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Warning" not in done.stderr, done.stderr
    return torch.load(folder / "images.pt")


@pytest.mark.parametrize("network", ["ours", "the library's"])
def test_a_saved_pipeline_draws_the_same_in_a_new_process(network, tiny, tmp_path):
    names = {0: "a", 1: "b", 2: "c", 3: "d", 4: "e"}
    if network == "ours":
        net, path, terms = wrap(tiny, T=20, size=8), ROOT, products(tiny)
        scheduler = DDIMScheduler(**settings())
    else:  # needs nothing of the course
        net, path = awake(program.build(3, 8, (8, 16), classes=5)), tmp_path
        scheduler, terms = DDIMScheduler(num_train_timesteps=20, timestep_spacing="trailing"), products(net)
    pipeline = CoursePipeline(net, scheduler, names)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(tmp_path / "saved")
    how = {"generator": torch.Generator().manual_seed(1), "num_inference_steps": 5, "output_type": "pt"}
    here = pipeline(3, ["b", "c", "b"], guidance_scale=2.0, **how).images
    there = in_a_new_process(tmp_path / "saved", path, tmp_path / "modules")
    close(there, here, terms=20 * terms, scale=2)
    assert not torch.equal(here[0], here[1])


def test_the_pipeline_is_called_as_the_librarys_are(tiny):
    pipeline = CoursePipeline(wrap(tiny, T=20, size=8), DDIMScheduler(**settings()), {0: "hero", 1: "food"})
    pipeline.set_progress_bar_config(disable=True)
    how = {"num_inference_steps": 2, "class_labels": "food"}
    (picture,) = pipeline(**how, generator=torch.Generator().manual_seed(0)).images
    array = pipeline(**how, generator=torch.Generator().manual_seed(0), output_type="np").images
    (tensor,) = pipeline(**how, generator=torch.Generator().manual_seed(0), output_type="pt", return_dict=False)
    assert isinstance(picture, Image.Image) and picture.size == (8, 8)
    assert array.shape == (1, 8, 8, 3) and tensor.shape == (1, 3, 8, 8) and 0 <= array.min() <= array.max() <= 1
    np.testing.assert_allclose(np.asarray(picture) / 255, array[0], atol=1 / 255)
    np.testing.assert_array_equal(tensor.permute(0, 2, 3, 1).numpy(), array)
    numbers = pipeline(2, [1, 1], generator=torch.Generator().manual_seed(0), num_inference_steps=2, output_type="pt")
    mixed = torch.cat([numbers.images, tensor])
    assert mixed.shape == (3, 3, 8, 8) and pipeline.config.id2label == {0: "hero", 1: "food"}
    with pytest.raises(ValueError, match="there is no class 'dog'; this network knows: hero, food"):
        pipeline(class_labels="dog")
    with pytest.raises(ValueError, match="2 classes for 3 images: give one for each, or one for all"):
        pipeline(3, ["hero", "food"])
    with pytest.raises(ValueError, match="there is no class 'dog'; this network was trained without classes"):
        CoursePipeline(program.build(3, 8, (8, 16)), DDIMScheduler())(class_labels="dog")


def test_guidance_is_the_courses(tiny):
    c, x = torch.eye(5)[:3], normal(3, 3, 8, 8, seed=4).double()
    net, scheduler = wrap(tiny, T=20, size=8).double(), DDIMScheduler(**settings())
    theirs = drawn(net, scheduler, 3, 5, classes=c, latents=x, guidance_scale=3.0)
    *_, ours = du.sampler(du.Guided(tiny.double(), 3.0), AB, x, c, steps=5)
    torch.testing.assert_close(theirs, ours.x.clamp(-1, 1), atol=1e-4, rtol=1e-4)
    net = awake(program.build(3, 8, (8, 16), classes=2))
    with torch.no_grad():
        cond, none = (net(x.float(), 3, torch.tensor([k] * 3)).sample for k in (1, 2))  # the last one: no class
    answer = CoursePipeline(net, scheduler).answer(x.float(), 3, torch.tensor([1] * 3), 3.0)
    close(answer, none + 3 * (cond - none), terms=products(net))


@pytest.mark.parametrize("kind", ["epsilon", "sample", "v_prediction"])
def test_the_way_back(kind, ten):
    net = awake(program.build(3, 8, (8, 16)))
    scheduler = DDIMScheduler(num_train_timesteps=20, beta_start=0.01, beta_end=0.2, clip_sample=False,
                              prediction_type=kind, timestep_spacing="trailing")  # fmt: skip
    ab_t = torch.cat([torch.ones(1), scheduler.alphas_cumprod]).double()
    denoiser = ten.FromLibrary(net, scheduler, ab_t)
    assert denoiser.predicts == {"epsilon": "eps", "sample": "x0", "v_prediction": "v"}[kind]
    for steps in (4, 20):
        ours = du.sample(denoiser, ab_t, 2, seed=1, shape=(3, 8, 8), steps=steps)
        close(drawn(net, scheduler, 2, steps, seed=1), ours.clamp(-1, 1), terms=steps * products(net), scale=1)
    indices = []
    denoiser.net = lambda x, i: indices.append(i) or SimpleNamespace(sample=x)
    for t in range(1, 21):
        denoiser(normal(1, 3, 8, 8), torch.tensor([t / 20]))
    assert indices == list(range(20))
    finer = DDIMScheduler(num_train_timesteps=40, beta_schedule="squaredcos_cap_v2")
    denoiser.levels, denoiser.ab_t = finer.alphas_cumprod, AB  # 20 levels of the same schedule
    denoiser(normal(1, 3, 8, 8), torch.tensor([0.5]))
    assert indices[-1] == 19


def knows_three_pictures(gain=1.0):
    """The perfect denoiser of three pictures, its answer times a gain, as a network of the library and as ours."""
    ab_t = du.noise_schedule("cosine", 1000)
    perfect = du.PerfectDenoiser(program.photo_crops(3, seed=0), ab_t)

    def net(x, i, c=None):
        net.seen.append(x)
        t = (torch.as_tensor(i).double() + 1).clamp(1, 1000)
        ab = torch.lerp(ab_t[t.floor().long()], ab_t[t.ceil().long()], t % 1)  # Euler asks between two times, too
        x0 = gain * perfect(x, t.round() / 1000)
        return SimpleNamespace(sample=(x - ab.sqrt().float() * x0) / (1 - ab).sqrt().float())

    def ours(x, t, c=None):
        return gain * perfect(x, t)

    net.seen = []
    net.config = FrozenDict(in_channels=3, sample_size=32)
    net.dtype, ours.predicts = torch.float32, "x0"
    return net, ours, ab_t


LIBRARY = {"num_train_timesteps": 1000, "beta_schedule": "squaredcos_cap_v2"}


@pytest.mark.parametrize("steps", [10, 20, 50])
def test_ddim_that_clips_the_image_mends_the_noise_too(steps):
    """The program's pictures were once grey mud, worse the more steps: the library clipped x0 and kept the old eps."""
    net, ours, ab_t = knows_three_pictures(gain=1.5)  # guesses reach beyond [-1, 1], as a trained network's do
    ddim = DDIMScheduler(**LIBRARY, timestep_spacing="trailing")
    assert ddim.config.clip_sample
    x = drawn(net, ddim, 4, steps, seed=1)
    wanted = du.sample(ours, ab_t, 4, seed=1, shape=(3, 32, 32), steps=steps, clip=True)
    torch.testing.assert_close(x, wanted, atol=1e-3, rtol=0)
    assert du.nearest(x, (1.5 * program.photo_crops(3, seed=0)).clamp(-1, 1))[0].max() < 0.01


@pytest.mark.parametrize("kind", [EulerDiscreteScheduler, HeunDiscreteScheduler, DPMSolverMultistepScheduler,
                                  DDPMScheduler])  # fmt: skip
def test_any_scheduler_of_the_library_draws(kind):
    """Euler and Heun start from more noise and scale their input: without that they draw something else, silently."""
    net, _, _ = knows_three_pictures()
    x = drawn(net, kind(**LIBRARY), 2, 30, seed=1)
    assert net.seen[0].std() == pytest.approx(1, abs=0.05)  # noise as large as the network has learned it
    assert du.nearest(x, program.photo_crops(3, seed=0))[0].max() < 0.1
    assert torch.equal(x, drawn(net, kind(**LIBRARY), 2, 30, seed=1))  # DDPM's own noise is the seed's, too


# ----------------------------------------------------------------------------------------- the lesson's own functions

KINDS = {"DDIM": (DDIMScheduler, {}), "Euler": (EulerDiscreteScheduler, {}), "Heun": (HeunDiscreteScheduler, {}),
         "2M": (DPMSolverMultistepScheduler, {}), "UniPC": (UniPCMultistepScheduler, {})}  # fmt: skip


@pytest.mark.parametrize("kind, how", KINDS.values(), ids=KINDS)
def test_the_learners_walk_is_the_pipelines(kind, how, ten, tiny):
    net, x = Asked(wrap(tiny, T=20, size=8), [0, 3]), normal(2, 3, 8, 8, seed=2)
    made = [kind.from_config(DDIMScheduler(**settings()).config, **how) for _ in range(2)]
    theirs = drawn(net.net, made[0], 2, 5, classes=[0, 3], latents=x)
    close(ten.walk(net, made[1], x, 5).clamp(-1, 1), theirs, terms=10 * products(tiny), scale=2)


def test_a_stock_pipeline_draws_classes_with_guidance(tiny):
    net = Asked(wrap(tiny, T=20, size=8), [0, 3, 1], guidance_scale=3.0)
    x = lesson_10b.images(DDIMPipeline(net, DDIMScheduler(**settings())), 5, seed=4, batch_size=3)
    ours = du.sample(du.Guided(tiny, 3.0), AB, 3, torch.tensor([0, 3, 1]), seed=4, shape=(3, 8, 8), steps=5)
    close(x, ours.clamp(-1, 1), terms=50 * products(tiny), scale=3)
    one = lesson_10b.images(
        DDPMPipeline(Asked(net.net, [0, 3, 1]), DDPMScheduler(**settings())), 5, seed=4, batch_size=3
    )
    assert one.shape == (3, 3, 8, 8) and not torch.equal(one, x)


def test_a_wrapped_network_is_a_copy_without_gradients(tiny):
    wrapped = wrap(tiny, T=20, size=8)
    assert not any(p.requires_grad for p in wrapped.parameters()) and not wrapped.training
    assert all(p.requires_grad for p in tiny.parameters())
    assert CourseUnet(T=1000).requires_grad_(True).config.T == 1000  # one to train


@pytest.mark.parametrize("ab", [0.01, 0.5, 0.99])
def test_a_step_that_goes_nowhere_leaves_x_as_it_is(ab, ten):
    x, x0 = normal(4, 3, 8, 8).double(), 3 * normal(4, 3, 8, 8, seed=1).double()
    torch.testing.assert_close(ten.clipped_step(x, x0, ab, ab), x)
    torch.testing.assert_close(ten.yours(x, x0, None, ab), x)
    eps = (x - ab**0.5 * x0) / (1 - ab) ** 0.5
    lost = x - ten.old_noise(x, x0, eps, ab)  # the claim of the lesson: sqrt(ab) times what was clipped off
    torch.testing.assert_close(lost, ab**0.5 * (x0 - x0.clamp(-1, 1)))


@pytest.mark.parametrize("steps", [4, 10])
def test_the_mended_scheduler_is_the_librarys_other_setting_and_ours(steps, ten, tiny):
    net = Asked(wrap(tiny, T=20, size=8), [0, 3], guidance_scale=6)
    clips, x = settings() | {"clip_sample": True}, normal(2, 3, 8, 8, seed=1)
    mended = ten.walk(net, ten.Mended(**clips), x, steps)
    stock = DDIMPipeline(net, DDIMScheduler(**clips))
    terms = 20 * steps * products(tiny)
    close(mended, lesson_10b.images(stock, steps, batch_size=2, use_clipped_model_output=True), terms=terms, scale=3)
    ours = du.sample(du.Guided(tiny, 6), AB, 2, torch.tensor([0, 3]), seed=1, shape=(3, 8, 8), steps=steps, clip=True)
    close(mended, ours, terms=terms, scale=3)
    assert (
        lesson_10b.images(stock, steps, batch_size=2) - mended
    ).abs().max() > 0.1  # the default draws something else


def test_leading_begins_too_low_trailing_makes_a_step_too_many_and_ddim_goes_by_strides():
    assert lesson_10b.indices("leading", 260)[0] == 777 and lesson_10b.indices("trailing", 260)[0] == 999
    assert len([n for n in range(1, 1001) if len(lesson_10b.indices("trailing", n)) == n + 1]) == 62
    for n in range(2, 1001):
        strides = {
            kind: set((-np.diff(lesson_10b.indices(kind, n))).tolist()) for kind in ("leading", "linspace", "trailing")
        }
        assert strides["leading"] == {1000 // n}
        assert (strides["trailing"] == {1000 // n}) == (1000 % n == 0)
        assert (strides["linspace"] == {1000 // n}) == (n == 1000)  # no other count is exact


def flat(mu=0.3, s=0.5):
    """A network of the library for pixels that are N(mu, s^2), which answers v at any index, and its schedule."""
    ab_t = du.noise_schedule("cosine", 500)

    def net(x, i):
        t = (torch.as_tensor(i).double() + 1).clamp(0, 500)
        r = torch.tensor(np.interp(t.item(), range(501), share(ab_t)))
        signal, sigma = (1 - r) / torch.hypot(1 - r, r), r / torch.hypot(1 - r, r)
        x0 = mu + s**2 * signal / (s**2 * signal**2 + sigma**2) * (x - signal * mu)
        return SimpleNamespace(sample=(signal * x - x0) / sigma)

    return net, ab_t


def test_a_network_of_ours_walks_the_straight_path(lesson):
    """Of pixels N(mu, s^2) every walk has a known end: mu + s times the noise."""
    net, ab_t = flat()
    ten = lesson(NAME, T=500, ab_t=ab_t, ratio=share(ab_t)[1:])
    ten.flow_answer, x = ten.solution_flow_answer, normal(4, 3, 8, 8).double()
    end = ten.solution_walk(ten.AsFlow(net), ten.Straight(num_train_timesteps=1000), x, 200)
    torch.testing.assert_close(end.double(), 0.3 + 0.5 * x, atol=0.02, rtol=0)
    times = []
    ten.solution_walk(lambda x, t: times.append(float(t)) or net(x, 3), ten.Straight(num_train_timesteps=1000), x, 4)
    assert times == pytest.approx([1000, 750, 500, 250])


def test_lcm_jumps_and_adds_noise(ten):
    """Four calls, at the indices that the lesson's network was taught nearly; a right guess is the end."""
    lcm, picture = LCMScheduler(num_train_timesteps=500, prediction_type="sample"), normal(2, 3, 8, 8).clamp(-1, 1)
    at = []
    x = ten.walk(lambda x, i: at.append(int(i)) or SimpleNamespace(sample=picture), lcm, normal(2, 3, 8, 8, seed=1), 4)
    assert at == [499, 379, 249, 129]
    torch.testing.assert_close(x, picture, atol=1e-2, rtol=0)


def test_the_helpers(capsys):
    x = torch.tensor([-1.0, 1.0]).repeat(4, 2)[None, None]
    assert lesson_10b.roughness(x) == pytest.approx(1) and lesson_10b.roughness(x.abs()) == 0
    places, means = lesson_10b.in_tens(list(range(25)), cost=2)
    assert places == [20, 40, 50] and means.tolist() == [4.5, 14.5, 22]
    assert lesson_10b.in_tens([3.0, 5.0], cost=2)[1].tolist() == [4.0]
    text = lesson_10b.table({"a": {"calls": 10, "seed 1": 1.234}, "b": {"calls": "", "seed 1": 2.0}}).data
    assert text.splitlines()[2:] == ["| a | 10 | 1.23 |", "| b |  | 2.00 |"]
    both = [lesson_10b.gflop(net) for net in (program.build(3, 16, (16, 32, 64, 96)), CourseUnet(T=1000))]
    assert both == pytest.approx([0.076, 0.066], abs=1e-3)  # nearly equal work, as the race has it
    lesson_10b.in_a_new_process("import sys, diffusion_utilities; print(sys.argv[1])", "here")
    assert capsys.readouterr().out == "here\n"
    with pytest.raises(ValueError, match="(?s)the other process failed: .*ZeroDivisionError"):
        lesson_10b.in_a_new_process("import sys; sys.exit(str(1 / 0))")


# ------------------------------------------------------------------------------------------------------------- program


def check_run(out, channels=3, classes=None):
    pipeline = CoursePipeline.from_pretrained(out)
    assert pipeline.unet.config.in_channels == channels and pipeline.scheduler.config.num_train_timesteps == 1000
    assert list((pipeline.config.id2label or {}).values()) == (classes or [])
    assert Image.open(out / "samples.png").width > 60
    return pipeline


def test_the_program(folder, fashion, tmp_path, capsys):
    program.main(["--data", str(folder), *TINY, "--epochs", "2", "--out", str(tmp_path / "a")])
    said = capsys.readouterr().out
    assert "9 images, 2 classes, 4 steps, 1 process" in said and "step 4  loss" in said and "wrote a" in said
    assert "mine: 11 pictures, now 32 x 32, in 2 classes: a 6, b 5" in said and "9 pictures are few" in said
    assert "the nearest training picture of a drawn one is" in said
    assert Image.open(tmp_path / "a" / "contact.png").width > 5 * 64  # a row of each class
    assert check_run(tmp_path / "a", classes=["a", "b"]).unet.config.num_class_embeds == 3
    what = ["--data", "fashion", "--no-classes", "--root", str(fashion.root)]
    program.main([*what, *TINY, "--steps", "2", "--out", str(tmp_path / "b")])
    assert "12 images, 2 steps" in capsys.readouterr().out
    check_run(tmp_path / "b", channels=1)
    stock = DDPMPipeline.from_pretrained(tmp_path / "b")  # without classes the library's own pipeline draws
    stock.set_progress_bar_config(disable=True)
    assert stock(batch_size=2, num_inference_steps=3, output_type="np").images.shape == (2, 32, 32, 1)


def test_drawing_from_a_run(folder, tmp_path, capsys):
    out = tmp_path / "run"
    program.main(["--data", str(folder), *TINY, "--steps", "1", "--out", str(out)])
    draw = ["--draw", str(out), "--draw-steps", "3", "--samples", "2"]
    program.main(draw)
    assert "drawn.png: 4 pictures of a, b" in capsys.readouterr().out
    both = Image.open(out / "drawn.png").size
    program.main([*draw, "--class", "b", "--w", "2"])
    assert "drawn.png: 2 pictures of b" in capsys.readouterr().out
    assert Image.open(out / "drawn.png").size[1] < both[1]
    for args, sentence in (
        ([*draw, "--class", "dog"], "error: there is no class 'dog'; this network knows: a, b"),
        (["--draw", str(folder)], f"error: {folder} is not the folder of a run: it holds no pipeline (yet)"),
    ):
        with pytest.raises(SystemExit) as stop:
            program.main(args)
        assert str(stop.value) == sentence


def weights(out):
    """What was learned, and its average."""
    return (load_file(out / "checkpoint" / "model.safetensors"),
            load_file(out / "unet" / "diffusion_pytorch_model.safetensors"))  # fmt: skip


def test_a_run_can_be_resumed(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, out = ["--data", "mine", *TINY, "--warmup", "2", "--save-steps", "2"], tmp_path / "run"
    program.main([*run, "--steps", "3", "--out", "run"])
    before, averaged = weights(out)
    assert any(not torch.equal(before[name], averaged[name]) for name in before)
    shutil.move(out / "checkpoint", out / "checkpoint.new")  # as if killed between its removal and the renaming
    program.main(["--resume", "run", "--steps", "4", "--lr", "1e-30"])
    said = capsys.readouterr().out
    assert "4 steps, 1 process(es) on cpu, resumed at step 3" in said and "step 4  loss" in said
    after, averaged_more = weights(out)
    moved = sum((after[name] - before[name]).abs().max() for name in before)
    assert moved < 1e-6  # from where it was, at the new rate
    assert any(not torch.equal(averaged[name], averaged_more[name]) for name in after)
    kept = json.loads((out / "settings.json").read_text())
    assert (kept["steps"], kept["lr"], kept["warmup"], kept["learned"]) == (4, 1e-30, 2, ["a", "b"])
    assert kept["data"] == str(folder)
    for args, sentence in (
        (["--resume", "run"], "error: this run has done its 4 steps: --steps or --epochs makes it longer"),
        (["--resume", "run", "--widths", "8"], 2),
        ([*run, "--steps", "3", "--out", "run"], 2),
    ):
        with pytest.raises(SystemExit) as stop:
            program.main(args)
        assert stop.value.code == sentence
    assert "--widths 8 comes too late" in (said := capsys.readouterr().err) and "already holds a run" in said
    shutil.rmtree(folder / "b")
    with pytest.raises(SystemExit, match="now has the classes none; this run was begun with a, b"):
        program.main(["--resume", "run", "--steps", "5"])


def test_a_run_is_saved_when_it_is_stopped_and_not_when_it_fails(folder, tmp_path, monkeypatch):
    out, asked, real = tmp_path / "run", [], torch.nn.functional.mse_loss

    def loss(answer, noise):
        asked.append(0)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return real(answer, noise) * (float("nan") if len(asked) > 3 else 1)

    monkeypatch.setattr(program.F, "mse_loss", loss)
    with pytest.raises(SystemExit, match=r"stopped: go on with --resume .*run"):
        program.main(["--data", str(folder), *TINY, "--steps", "9", "--out", str(out)])
    stopped = weights(out)
    with pytest.raises(SystemExit, match=r"the loss is no longer a number at step 3.*--resume .*run --lr 4e-05"):
        program.main(["--resume", str(out)])
    assert all(torch.equal(a[name], b[name]) for a, b in zip(stopped, weights(out)) for name in a)


def test_the_rate_grows_and_the_weights_are_averaged(folder, tmp_path, monkeypatch):
    rates, real = [], program.EMAModel.step

    def step(self, parameters):
        rates.append(optimizers[0].param_groups[0]["lr"])
        real(self, parameters)

    optimizers, adam = [], torch.optim.AdamW
    monkeypatch.setattr(torch.optim, "AdamW", lambda *a, **k: optimizers.append(adam(*a, **k)) or optimizers[0])
    monkeypatch.setattr(program.EMAModel, "step", step)
    program.main(["--data", str(folder), *TINY, "--steps", "4", "--warmup", "4", "--lr", "0.008",
                  "--out", str(tmp_path / "run")])  # fmt: skip
    assert rates == pytest.approx([0.002, 0.004, 0.006, 0.008])  # of the next step


@pytest.mark.parametrize(
    "args, sentence",
    [
        (["--data", "cifar10", "--root", "{}"], "error: no CIFAR10 in the root folder (download it?)"),
        (["--data", "{}/nowhere"], "error: there is no folder or file"),
        (["--data", "{}", "--size", "33"], "error: the size must be divisible by 2 with 2 widths, which 33 is not"),
        (["--data", "{}", "--gap", "1"], "error: --gap is for a sprite sheet"),
        (["--data", "sprites", "--size", "32"], "error: --size, --fit and the like are for your own pictures: sprites"),
        (["--data", "{}", "--batch", "99"], "error: the batch must be at most the 9 images there are, not 99"),
    ],
)
def test_errors_are_one_sentence(args, sentence, folder):
    with pytest.raises(SystemExit) as stop:
        out = ["--out", str(folder.parent / "run")]
        program.main([*TINY, *out, "--steps", "1", *(arg.format(folder) for arg in args)])
    assert str(stop.value).startswith(sentence)


def test_other_people_have_other_pictures(tmp_path, capsys):
    """A flat folder of photographs in several formats, not square, of another size; the batch is as large as it can."""
    (tmp_path / "holiday").mkdir()
    for k, pixels in enumerate(du.to_pixels(program.photo_crops(8, seed=0))):
        wide = np.concatenate([np.zeros_like(pixels[:, :8]), pixels, np.zeros_like(pixels[:, :8])], 1)
        Image.fromarray(wide).save(tmp_path / "holiday" / f"{k}.{('jpg', 'webp', 'bmp', 'png')[k % 4]}")
    (tmp_path / "holiday" / "broken.jpg").write_text("not a picture")
    how = ["--widths", "8", "16", "--samples", "2", "--size", "16", "--steps", "1", "--out", str(tmp_path / "out")]
    program.main(["--data", str(tmp_path / "holiday"), *how])
    said = " ".join(capsys.readouterr().out.split())
    assert "8 pictures, now 16 x 16, in 1 class: holiday 8" in said and "cut to their middle: 8" in said
    assert "left out, 1 not a readable picture: broken.jpg" in said and "6 images, 1 steps" in said
    assert DDPMPipeline.from_pretrained(tmp_path / "out").unet.config.sample_size == 16
    train, held_out = program.load_data(str(tmp_path / "holiday"), size=32, report=None)
    assert torch.cat([train.x, held_out.x]).mean((1, 2, 3)).min() > -0.9  # the black at the sides is cut off
    padded, _ = program.load_data(str(tmp_path / "holiday"), size=48, options={"fit": "pad"}, report=None)
    assert (padded.x[:, :, :7] == 1).all()


def test_a_sheet_for_the_program(tmp_path):
    sheet = np.concatenate([np.full((24, 16, 3), 20 * k, np.uint8) for k in range(10)], 1)
    sheet[::2, ::3] = 250
    Image.fromarray(sheet).save(tmp_path / "x.png")
    train, held_out = program.load_data(str(tmp_path / "x.png"), size=24, options={"tile": [16, 24]}, report=None)
    assert train.x.shape == (8, 3, 24, 24) and held_out.x.shape == (2, 3, 24, 24)
    assert (train.x[..., :4] == 1).all() and (train.x[..., 0, 4:20] < 1).all()  # padded, so that no head is cut off


def test_two_processes(folder, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--rdzv-backend", "c10d"]
    command += ["--rdzv-endpoint", "127.0.0.1:0", ROOT / "notebooks" / "train_with_diffusers.py"]
    command += ["--data", folder, *TINY, "--steps", "2", "--save-steps", "1", "--out", tmp_path / "run"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run([str(a) for a in command], capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "9 images, 2 classes, 2 steps, 2 process" in done.stdout
    assert done.stdout.count("step 2  loss") == done.stdout.count("wrote run") == 1
    check_run(tmp_path / "run", classes=["a", "b"])
    assert (tmp_path / "run" / "checkpoint" / "random_states_1.pkl").is_file()
