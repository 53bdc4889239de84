"""What several test files use: the repository root on the path, one thread, a few images and small denoisers."""

import ast
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
import types
from pathlib import Path

import filled_in
import jupytext
import pytest
import torch
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "notebooks")]

import diffusion_utilities as du  # noqa: E402

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))  # tiny networks: more threads only wait
settings.register_profile("course", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("course")


@pytest.fixture(autouse=True)
def same_weights_in_every_run():
    """What a test draws without a seed of its own (the weights of a new network) does not depend on other tests."""
    torch.manual_seed(0)


# In the tests the lessons train for seconds instead of minutes; see ipython_startup/smaller_values.py.
SMALLER = {"SECONDS": 10, "TRAINING_STEPS": 30, "SIDE_STEPS": 10, "SCORED": 30, "EDITED": 16, "EPOCHS": 1}


def pytest_configure(config):
    """The kernels of the notebook tests start with a profile of their own, which puts the smaller values in place."""
    folder = Path(tempfile.mkdtemp(prefix="ipython_"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    startup = folder / "profile_default" / "startup"
    startup.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "ipython_startup" / "smaller_values.py", startup)
    os.environ["IPYTHONDIR"] = str(folder)
    os.environ["COURSE_TEST_VALUES"] = json.dumps(SMALLER)


# The tests that take longest, longest first: the workers begin with them, so that none is left with one at the end.
LONGEST = [
    "10_your_own_pictures", "04_training", "15_latents_and_transformers", "test_browser", "test_browser_deeper",
    "10b_the_library", "11_flow_matching_and_few_steps", "07_predict_the_image", "09_scores_and_guidance",
    "08_variational_bound", "08b_learned_variance", "03_network", "13_prompts", "14_editing", "06_ddim_speedup",
    "12_bug_museum", "05_context_control", "01_intuition", "02_sampling", "test_training", "test_train_program",
]  # fmt: skip


def group(nodeid):
    """What one worker does in one go: a file of tests, or a lesson as it stands and then with its stubs filled in."""
    lesson = re.search(r"test_filled_in\.py::.*\[(\d\db?_\w+)\]$", nodeid)
    return lesson[1] if lesson else Path(nodeid.split("::")[0]).stem


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """By group, the longest first; the notebook of a lesson before the test that fills it in."""
    groups = [group(item.nodeid) for item in items]
    order = {name: i for i, name in enumerate(dict.fromkeys([*LONGEST, *groups]))}
    notebook_first = [item.path.suffix != ".ipynb" for item in items]
    places = sorted(range(len(items)), key=lambda i: (order[groups[i]], notebook_first[i], i))
    items[:] = [items[i] for i in places]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """--dist loadfile, with the groups above in the place of files, and in the order above."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByLesson(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return group(nodeid)

    config.option.loadscopereorder = False
    return ByLesson(config, log)


def pytest_runtest_teardown(item):
    """What nbval's run of a lesson shows is noted, so that test_filled_in.py need not run the lesson once more."""
    if hasattr(item, "cell_num"):
        filled_in.seen.setdefault(item.path.stem, {})[item.cell_num] = filled_in.shown(item.test_outputs or [])


@pytest.fixture(scope="session")
def sprites():
    """The first 200 held-out sprites."""
    return du.load_sprites("held_out", 200)


def program(folder, name):
    """A program of the repository as a module; nothing runs by importing it."""
    spec = importlib.util.spec_from_file_location(name, ROOT / folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def make_sprites():
    sys.path.insert(0, str(ROOT / "data"))  # it imports what lies beside it
    return program("data", "make_sprites")


@pytest.fixture(scope="session")
def make_captions(make_sprites):
    return program("data", "make_captions")


@pytest.fixture(scope="session")
def train_judge():
    return program("weights", "train_judge")


@pytest.fixture
def noise():
    """Noise (B, C, H, W) from a seed: noise(8, 3, 4, 4)."""

    def draw(*shape, seed=0, dtype=torch.float32):
        return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)

    return draw


@pytest.fixture
def lesson():
    """What a lesson defines, without running it: lesson("08_variational_bound", T=500) has its imports, functions and
    classes as attributes, and the named values in place of those that its cells would have set."""

    def load(name, **values):
        tree = ast.parse("\n".join(
            cell.source for cell in jupytext.read(ROOT / "notebooks" / "py" / f"{name}.py").cells
            if cell.cell_type == "code"
        ))  # fmt: skip
        kept = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
        tree.body = [node for node in tree.body if isinstance(node, kept)]
        module = types.ModuleType(f"lesson_{name}")
        vars(module).update(values)
        exec(compile(tree, f"{name}.py", "exec"), vars(module))
        return module

    return load


class Gaussian:
    """The perfect denoiser of pixels that are independent N(mu, s^2): its best answer is linear, its ODE solvable."""

    predicts = "x0"

    def __init__(self, ab_t, mu=0.3, s=0.5):
        self.ab_t, self.mu, self.s, self.times = ab_t, mu, s, []

    def std(self, t):
        """The standard deviation of x_t."""
        return (self.ab_t[t] * self.s**2 + 1 - self.ab_t[t]).sqrt().item()

    def __call__(self, x, t, c=None):
        t = round(t.flatten()[0].item() * (len(self.ab_t) - 1))
        self.times.append(t)
        root = self.ab_t[t].sqrt().item()
        return self.mu + self.s**2 * root / self.std(t) ** 2 * (x - root * self.mu)

    def exact(self, x, t=None, s=0):
        """Where the probability-flow ODE takes x from time t (T if not said) to time s."""
        t = len(self.ab_t) - 1 if t is None else t
        centred = (x - self.ab_t[t].sqrt().item() * self.mu) / self.std(t)
        return self.ab_t[s].sqrt().item() * self.mu + self.std(s) * centred


def awake(model, seed=0):
    """The model in eval mode with every weight moved at random: zero-initialised parts would hide mistakes."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def products(network):
    """How many products a network adds up from its input to one number of its output, if it passes every layer."""
    layers = [layer for layer in network.modules() if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear))]
    upwards = [layer for layer in network.modules() if isinstance(layer, torch.nn.ConvTranspose2d)]  # patches apart
    return sum(layer.weight[0].numel() for layer in layers) + sum(len(layer.weight) for layer in upwards)


def close(a, b, terms=1, scale=None):
    """Assert that two ways to compute one thing agree as closely as their arithmetic can, on any processor.

    Instructions add in different orders, with or without fused multiply-adds, so each of the additions on the way to a
    number is rounded differently: by up to eps/2 of what was added up, either way. Such errors partly cancel: n of them
    have a standard deviation of sqrt(n/12) eps (Higham & Mary, A New Approach to Probabilistic Rounding Error Analysis,
    2019, prove the same growth for sums of products). Two ways are apart by 1.4 of these, the worst of some thousand
    numbers by five times as much: 2 sqrt(n) eps in all. Layers in a row hand on an error about in the proportion in
    which they hand on the number, so their additions count together; four times the sum leaves room for layers in which
    numbers cancel and errors do not:

        |a - b| <= 8 sqrt(terms) eps scale

    terms   the additions and other roundings from the input to one number of the output: `products(network)` for one
            call of a network, and as many times more for a walk of several calls
    scale   the size of the numbers that are added; the largest of the results, if not said. Say it where large
            numbers cancel in the last step.

    Bits are compared only where the same instructions run: the same call twice, in the same memory format; and where
    every operation on the way is exact or rounded once, as in a x + b y of single numbers.
    """
    a, b = (torch.as_tensor(v).detach() for v in (a, b))
    assert a.shape == b.shape, f"shapes differ: {tuple(a.shape)} and {tuple(b.shape)}"
    eps = max(torch.finfo(v.dtype).eps for v in (a, b))
    a, b = a.double(), b.double()
    scale = torch.maximum(a.abs(), b.abs()).max().item() if scale is None else scale
    apart, allowed = (a - b).abs().max().item(), 8 * terms**0.5 * eps * scale
    assert apart <= allowed, f"apart by {apart:.2e}, where rounding explains {allowed:.2e}"


@pytest.fixture
def gaussian():
    return Gaussian
