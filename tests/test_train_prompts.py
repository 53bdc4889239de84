"""weights/train_prompts.py as a user runs it: two steps, resumed, and what it refuses."""

import json
import runpy
import sys

import pytest
from conftest import ROOT
from PIL import Image

import diffusion_utilities as du
import prompts

PROGRAM = ROOT / "weights" / "train_prompts.py"
FEW = ["--images", 64, "--batch", 4]  # a small Unet to begin with keeps its sample pictures quick


@pytest.fixture(scope="module")
def small_unet(tmp_path_factory):
    """A Unet with a trained one's form, and small, so that drawing its sample pictures takes no time."""
    model = du.Unet(widths=(8, 16, 16))
    model.info |= {"schedule": "cosine", "T": 500}
    file = tmp_path_factory.mktemp("start") / "small.pth"
    du.save_model(model, file)
    return file


@pytest.fixture
def run_here(capsys, monkeypatch):
    """The program inside this process: (exit code, stdout, stderr)."""

    def go(*args):
        monkeypatch.setattr(sys, "argv", [str(PROGRAM), *map(str, args)])
        code, errors = 0, ""
        try:
            runpy.run_path(str(PROGRAM), run_name="__main__")
        except SystemExit as stop:
            code, errors = (1, f"{stop.code}\n") if isinstance(stop.code, str) else (stop.code, "")
        said = capsys.readouterr()
        return code, said.out, said.err + errors

    return go


def test_two_steps_then_two_more(small_unet, tmp_path, run_here):
    out = tmp_path / "run"
    code, said, errors = run_here(*FEW, "--start", small_unet, "--steps", 2, "--out", out)
    assert code == 0, errors
    assert "64 sprites" in said and "step 2" in said and "wrote" in said
    files = ["last.pt", "model.pth", "samples_000002.png", "settings.json"]
    assert sorted(f.name for f in out.iterdir()) == files
    model, ab_t, words = prompts.load_prompts(out / "model.pth", "cpu")
    assert len(ab_t) == 501 and model.n_words == len(words.vocabulary)
    assert Image.open(out / "samples_000002.png").size[0] > 300
    assert json.loads((out / "settings.json").read_text())["images"] == 64
    code, said, errors = run_here("--resume", out, "--steps", 4)
    assert code == 0 and "resumed at step 2" in said and "step 4" in said, errors
    code, said, _ = run_here("--resume", out)
    assert code == 0 and "nothing was left to train after 4 steps" in said
    for asked in (["--steps", 1], ["--steps", 9, "--start", small_unet]):
        code, _, errors = run_here(*FEW, *asked, "--out", out)
        assert code == 2 and "already holds a run" in errors
    code, _, errors = run_here("--resume", out, "--steps", 9, "--batch", 8)
    assert code == 2 and "comes too late: this run was begun with --batch 4" in errors


def test_it_begins_with_a_network_that_can_read_already(small_unet, tmp_path, run_here):
    assert run_here(*FEW, "--start", small_unet, "--steps", 1, "--out", tmp_path / "one")[0] == 0
    first = tmp_path / "one" / "model.pth"
    code, said, errors = run_here(*FEW, "--start", first, "--steps", 1, "--out", tmp_path / "two")
    assert code == 0, errors


@pytest.mark.parametrize(
    "asked, code, says",
    [
        ([], 2, "say how long to train: --steps or --minutes"),
        (["--steps", 1, "--resume", "{}/nothing"], 2, "is not the folder of a run"),
        (["--steps", 1, "--start", "{}/nothing.pth", "--out", "{}/a"], 1, "nothing.pth"),
        (["--steps", 1, "--start", du.WEIGHTS / "context_model_4.pth", "--out", "{}/b"], 1, "must be a Unet"),
        (["--steps", 1, "--batch", 65, "--images", 64, "--out", "{}/c"], 1, "the batch must be between 1 and the 64"),
    ],
)
def test_refusals_are_one_sentence(tmp_path, run_here, asked, code, says):
    found, _, errors = run_here(*[str(a).format(tmp_path) for a in asked])
    assert found == code and says in errors.splitlines()[-1]
