"""weights/train_prompts.py as a user runs it: two steps, resumed, and what it refuses."""

import json
import runpy
import sys

import pytest
import torch
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
    return inside(PROGRAM, capsys, monkeypatch)


@pytest.fixture
def draw_here(capsys, monkeypatch):
    return inside(PROGRAM.with_name("draw.py"), capsys, monkeypatch)


def inside(program, capsys, monkeypatch):
    """A program inside this process: a function of its arguments to (exit code, stdout, stderr)."""

    def go(*args):
        monkeypatch.setattr(sys, "argv", [str(program), *map(str, args)])
        code, errors = 0, ""
        try:
            runpy.run_path(str(program), run_name="__main__")
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


def test_the_network_is_as_new_as_the_run(small_unet, tmp_path, run_here, monkeypatch):
    """Stopped by Ctrl-C, and resumed with nothing left to do: model.pth must not be that of the first minute."""
    out, real = tmp_path / "run", prompts.PromptTrainer.next_batch

    def next_batch(trainer):
        if trainer.step == 3:
            raise KeyboardInterrupt
        return real(trainer)

    def average():
        return du.load_file(out / "last.pt")["emas"][0]["whole.weight"].half()

    monkeypatch.setattr(prompts.PromptTrainer, "next_batch", next_batch)
    code, _, errors = run_here(*FEW, "--start", small_unet, "--steps", 9, "--out", out)
    assert code == 1 and "go on with --resume" in errors and du.load_file(out / "last.pt")["step"] == 3
    assert torch.equal(prompts.load_prompts(out / "model.pth", "cpu")[0].whole.weight.half(), average())
    (out / "model.pth").unlink()
    code, said, _ = run_here("--resume", out, "--steps", 2)
    assert code == 0 and "nothing was left to train after 3 steps" in said
    assert torch.equal(prompts.load_prompts(out / "model.pth", "cpu")[0].whole.weight.half(), average())


def test_a_run_that_was_killed_at_once_is_begun_again(small_unet, tmp_path, run_here):
    (tmp_path / "settings.json").write_text(json.dumps({"steps": 1}))
    code, _, errors = run_here("--resume", tmp_path)
    assert code == 2 and f"begin it again, with --out {tmp_path}" in errors
    assert run_here(*FEW, "--start", small_unet, "--steps", 1, "--out", tmp_path)[0] == 0


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
        (["--steps", -1, "--out", "{}/d"], 2, "--steps must be above 0, not -1"),
        (["--minutes", "nan", "--out", "{}/d"], 2, "--minutes must be above 0, not nan"),
        (["--steps", 1, "--images", -5, "--out", "{}/d"], 2, "--images must be above 0, not -5"),
        (["--steps", 1, "--batch", 65, "--images", 64, "--out", "{}/c"], 1, "the batch must be between 1 and the 64"),
    ],
)
def test_refusals_are_one_sentence(tmp_path, run_here, asked, code, says):
    found, _, errors = run_here(*[str(a).format(tmp_path) for a in asked])
    assert found == code and says in errors.splitlines()[-1]
    assert code == 1 or not list(tmp_path.iterdir())


# --------------------------------------------------------------------------------------------- weights/draw.py --prompt


@pytest.mark.parametrize(
    "asked, says",
    [
        ("--prompt a wizard in a purple robe", "put each text in quotes"),
        ("--prompt wizard weights/prompts.pth", "the network comes first"),
        ("--prompt wizard --negative red robe", "put that text in quotes"),
        ("--prompt wizard --negative red --w 1", "at --w 1 --negative has no effect"),
        ("--prompt wizard --w 0", "at --w 0 --prompt has no effect"),
        ("--prompt wizard --size -4", "--size must be at least 1"),
        ("--prompt wizard --size 0", "--size must be at least 1"),
    ],
)
def test_draw_says_what_it_cannot_draw(draw_here, asked, says):
    code, _, errors = draw_here(*asked.split())
    assert code and says in errors, errors


def test_draw_leads_nowhere_away_from_an_empty_text(draw_here):
    assert "the prompt is empty" in draw_here("--prompt", "wizard", "--negative", "")[2]


def test_draw_says_of_which_texts_it_drew(draw_here, tmp_path):
    few = "--n", 1, "--steps", 1, "--out", tmp_path / "a.png"
    code, said, errors = draw_here("--prompt", "a wizard", "a red slime", *few)
    assert code == 0 and "1 each of 'a wizard', 'a red slime'" in said, errors
