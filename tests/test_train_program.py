"""weights/train.py as a user runs it: every source of data, killed and resumed, wrong arguments. Tiny nets."""

import errno
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image

import diffusion_utilities as du

PROGRAM = ROOT / "weights" / "train.py"
TINY = ["--widths", "8", "8", "--batch", "4", "--T", "30"]
# the program saves once a minute: for these, its clock runs 200 times as fast
FAST_CLOCK = "import runpy, sys, time; real = time.monotonic; time.monotonic = lambda: 200 * real(); sys.argv.pop(0); "
FAST_CLOCK += "runpy.run_path(sys.argv[0], run_name='__main__')"


def run(*args):
    """Run the program to its end, as a user does: (exit code, stdout, stderr)."""
    done = subprocess.run([sys.executable, PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def run_here(capsys, monkeypatch):
    """The same inside this process, which saves the seconds that importing torch takes."""

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


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with a few sprites in each of the forms that the program reads."""
    here = tmp_path_factory.mktemp("data")
    x, c, _ = du.load_sprites("held_out", 10)
    pixels = du.to_pixels(x)
    np.save(here / "a.npy", pixels)
    np.save(here / "b.npy", c.numpy())
    for i, sprite in enumerate(pixels):
        (here / "folder" / "abc"[i % 3]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(sprite).save(here / "folder" / "abc"[i % 3] / f"{i}.png")
    Image.fromarray(np.concatenate(pixels, 1).repeat(2, 0).repeat(2, 1)).save(here / "sheet.png")
    return here


SOURCES = {
    "npy": (["--data", "{}/a.npy", "--labels", "{}/b.npy"], 10, 5),
    "folder": (["--data", "{}/folder"], 10, 3),
    "sheet": (["--data", "{}/sheet.png", "--tile", "32"], 10, 1),
}


@pytest.mark.parametrize("source, images, classes", SOURCES.values(), ids=SOURCES)
def test_every_source_of_data(data, tmp_path, source, images, classes, run_here):
    out = tmp_path / "new" / "run"
    code, said, errors = run_here(*[a.format(data) for a in source], *TINY, "--steps", 3, "--out", out)
    assert code == 0, errors
    assert f"{images} images" in said and "step 3" in said and "wrote" in said
    model, ab_t = du.load_model(out / "model.pth", "cpu")
    assert model.n_cfeat == classes and torch.equal(ab_t, du.noise_schedule("cosine", 30))
    assert Image.open(out / "samples_000003.png").size[0] > 100
    files = ["contact.png", "last.pt", "model.pth", "samples_000003.png", "settings.json"]
    assert sorted(f.name for f in out.iterdir()) == files


def test_our_own_sprites_and_the_courses_network(tmp_path):
    code, said, errors = run("--network", "context_unet", "--n-feat", 8, "--batch", 2, "--per-epoch", 4, "--epochs", 2,
                             "--save-epochs", 0, 1, "--out", tmp_path / "run")  # fmt: skip
    assert code == 0, errors
    assert "36000 images" in said and "step 4" in said
    for name in ("model_0.pth", "model_1.pth", "model.pth"):
        model, ab_t = du.load_model(tmp_path / "run" / name, "cpu")
        assert isinstance(model, du.ContextUnet) and model.predicts == "eps"
        assert torch.equal(ab_t, du.noise_schedule("linear", 500))
    first, last = (du.load_file(tmp_path / "run" / f"model_{e}.pth")["out.3.weight"] for e in (0, 1))
    assert not torch.equal(first, last)


def test_a_context_unet_of_another_recipe_is_sampled_by_that_recipe(data, tmp_path, run_here):
    code, _, errors = run_here("--network", "context_unet", "--n-feat", 8, "--predicts", "v", "--schedule", "cosine",
                               "--data", data / "a.npy", "--labels", data / "b.npy", "--T", 40, "--batch", 4,
                               "--steps", 1, "--out", tmp_path / "run")  # fmt: skip
    assert code == 0, errors
    model, ab_t = du.load_model(tmp_path / "run" / "model.pth", "cpu")
    assert model.predicts == "v" and torch.equal(ab_t, du.noise_schedule("cosine", 40))


def test_without_labels_and_with_few_noise_levels(data, tmp_path, run_here):
    code, _, errors = run_here("--data", data / "folder", "--no-context", "--widths", 8, 8, "--batch", 4, "--T", 10,
                               "--steps", 2, "--out", tmp_path / "run")  # fmt: skip
    assert code == 0, errors
    assert torch.equal(du.load_model(tmp_path / "run" / "model.pth", "cpu")[1], du.noise_schedule("cosine", 10))


def test_the_finer_points_of_a_recipe(data, tmp_path, run_here):
    npy = ["--data", data / "a.npy", "--labels", data / "b.npy"]
    how = ["--accumulate", 2, "--half-life", 5, 50, "--times", "loss-aware", "--anneal", "cosine", "--bf16", "yes"]
    code, said, errors = run_here(*npy, *TINY, *how, "--steps", 4, "--out", tmp_path / "run")
    assert code == 0, errors
    quick, slow = (du.load_file(tmp_path / "run" / f)["state"] for f in ("model.pth", "model_half_life_50.pth"))
    assert quick.keys() == slow.keys() and "model_half_life_50.pth" in said
    state = du.load_file(tmp_path / "run" / "last.pt")
    assert len(state["emas"]) == 2 and state["times"][0].sum() == 4 * 4
    code, said, errors = run_here("--resume", tmp_path / "run", "--steps", 6)
    assert code == 0, errors
    assert "resumed at step 4" in said
    assert du.load_file(tmp_path / "run" / "last.pt")["times"][0].sum() == 6 * 4


def start(data, out, *python):
    """The program in the background, training for very long."""
    command = [sys.executable, *python, PROGRAM, "--data", data / "a.npy", "--labels", data / "b.npy", *TINY,
               "--steps", 10**6, "--sample-minutes", 10**6, "--out", out]  # fmt: skip
    # a shell's background job ignores Ctrl-C, and its children inherit that: put the default back
    heed = (lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) if os.name == "posix" else None
    return subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed
    )


def test_killed_in_the_middle_then_resumed(data, tmp_path, run_here):
    out = tmp_path / "run"
    process = start(data, out, "-c", FAST_CLOCK)
    limit = time.monotonic() + 200
    while not (out / "last.pt").exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < limit, "nothing was saved"
        time.sleep(0.05)
    time.sleep(0.4)
    process.kill()  # SIGKILL: no time to tidy up
    process.communicate()
    assert not (out / "model.pth").exists()
    (out / "last.ptx1y2z3.part").write_bytes(b"half a file, as a kill in the middle of saving leaves it")
    before = du.load_file(out / "last.pt")["step"]
    code, said, errors = run_here("--resume", out, "--steps", before + 2)
    assert code == 0 and f"resumed at step {before}\n" in said, errors
    assert du.load_file(out / "last.pt")["step"] == before + 2 > 2
    du.load_model(out / "model.pth", "cpu")


def test_control_c_loses_nothing_even_before_the_first_save(data, tmp_path, run_here):
    """The message says "go on with --resume": that must be true in the first minute too."""
    out = tmp_path / "run"
    process = start(data, out)
    assert any(line.startswith("step ") for line in process.stdout)
    process.send_signal(signal.SIGINT)
    errors = process.communicate()[1]
    assert process.returncode == 1 and errors.splitlines()[-1] == "stopped: go on with --resume"
    code, said, errors = run_here("--resume", out, "--steps", 1)
    assert code == 0 and int(said.split("resumed at step ")[1].split("\n")[0]) >= 100, errors


def test_settings_are_kept_for_the_resume(data, tmp_path, run_here):
    out = tmp_path / "run"
    npy = ["--data", data / "a.npy", "--labels", data / "b.npy"]
    assert run_here(*npy, *TINY, "--steps", 1, "--predicts", "x0", "--seed", 7, "--out", out)[0] == 0
    settings = json.loads((out / "settings.json").read_text())
    assert (settings["predicts"], settings["seed"], settings["lr"], settings["widths"]) == ("x0", 7, 2e-3, [8, 8])
    code, said, errors = run_here("--resume", out, "--steps", 2)
    assert code == 0 and "resumed at step 1\n" in said, errors
    assert du.load_model(out / "model.pth", "cpu")[0].predicts == "x0"


# ------------------------------------------------------------------------------- what a resumed run is asked, and obeys


@pytest.fixture(scope="module")
def three_steps(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "three"
    npy = ["--data", data / "a.npy", "--labels", data / "b.npy"]
    code, _, errors = run(*npy, *TINY, "--steps", 3, "--warmup", 2, "--out", out)
    assert code == 0, errors
    return out


@pytest.fixture
def begun(three_steps, tmp_path):
    """The folder of a run of 3 steps, a copy for each test."""
    return Path(shutil.copytree(three_steps, tmp_path / "run"))


def settings_of(run):
    return json.loads((run / "settings.json").read_text())


def test_a_new_limit_replaces_the_old_ones(data, tmp_path, run_here):
    """A run that was limited by minutes, and its minutes are over, can be asked for more steps."""
    out = tmp_path / "run"
    npy = ["--data", data / "a.npy", "--labels", data / "b.npy"]
    assert run_here(*npy, *TINY, "--minutes", 0.001, "--epochs", 1, "--out", out)[0] == 0
    before = state_of(out)["step"]
    code, said, errors = run_here("--resume", out, "--steps", before + 5)
    assert code == 0 and f"step {before + 5}" in said, errors
    assert state_of(out)["step"] == before + 5
    kept = settings_of(out)
    assert (kept["steps"], kept["minutes"], kept["epochs"]) == (before + 5, None, None)
    code, said, errors = run_here("--resume", out, "--minutes", 1000, "--steps", before + 7)  # both at once: both count
    assert code == 0 and state_of(out)["step"] == before + 7, errors
    assert (settings_of(out)["steps"], settings_of(out)["minutes"]) == (before + 7, 1000)


def test_a_run_that_is_over_says_so(begun, run_here):
    code, said, _ = run_here("--resume", begun)
    assert code == 0 and "nothing was left to train after 3 steps" in said and "ask for more --steps" in said


def test_what_is_asked_of_a_resumed_run_is_obeyed_and_kept(begun, run_here):
    asked = ["--lr", 0.5, "--anneal", "none", "--beta2", 0.9, "--weight-decay", 0.25, "--warmup", 0, "--drop", 0.5]
    asked += ["--loss", "l1", "--times", "uniform", "--half-life", 9, "--accumulate", 2, "--sample-minutes", 7]
    code, _, errors = run_here("--resume", begun, "--steps", 5, *asked)
    assert code == 0, errors
    group = state_of(begun)["optimizer"]["param_groups"][0]
    assert (group["lr"], group["betas"], group["weight_decay"]) == (0.5, (0.9, 0.9), 0.25)
    kept = settings_of(begun)
    assert [kept[k] for k in ("lr", "anneal", "loss", "times", "half_life")] == [0.5, "none", "l1", "uniform", [9.0]]
    assert kept["batch"] == 4 and kept["widths"] == [8, 8]  # the rest is as it was
    assert run_here("--resume", begun, "--steps", 6)[0] == 0
    assert state_of(begun)["optimizer"]["param_groups"][0]["lr"] == 0.5


@pytest.mark.parametrize(
    "asked, begun_with",
    [
        (["--network", "context_unet"], "--network unet"),
        (["--predicts", "x0"], "--predicts v"),
        (["--schedule", "linear"], "--schedule cosine"),
        (["--T", "31"], "--T 30"),
        (["--batch", "5"], "--batch 4"),
        (["--widths", "8", "16"], "--widths 8 8"),
        (["--seed", "1"], "--seed 0"),
        (["--size", "32"], "no --size"),
        (["--data", "other.npy"], "--data .*a.npy"),
        (["--labels", "other.npy"], "--labels .*b.npy"),
        (["--start", "other.pth"], "no --start"),
        (["--no-context"], "no --no-context"),
        (["--per-epoch", "7"], "no --per-epoch"),
    ],
)
def test_what_a_run_cannot_change_is_refused_by_name(begun, run_here, asked, begun_with):
    before = settings_of(begun)
    code, _, errors = run_here("--resume", begun, "--steps", 9, *asked)
    line = errors.splitlines()[-1]
    assert code == 2 and " ".join(asked[:1]) in line and "comes too late" in line
    assert re.search(f"this run was begun with {begun_with}, and keeps it", line), line
    assert settings_of(begun) == before and state_of(begun)["step"] == 3


def test_saying_again_what_the_run_has_is_no_fault(begun, data, run_here):
    again = ["--network", "unet", *TINY, "--data", data / "a.npy", "--seed", 0, "--predicts", "v", "--out", begun]
    assert run_here("--resume", begun, "--steps", 4, *again)[0] == 0
    code, _, errors = run_here("--resume", begun, "--steps", 5, "--out", begun.parent / "else")
    assert code == 2 and "a run stays in its folder: leave out --out" in errors


def test_other_refusals_of_a_resumed_run(begun, run_here):
    code, _, errors = run_here("--resume", begun, "--steps", 9, "--half-life", 5, 50)
    assert code == 1 and "the run kept 1 averages, not 2" in errors and errors.count("\n") == 1
    code, said, _ = run_here("--resume", begun, "--steps", 4, "--save-epochs", 0, 1)
    assert code == 0 and "model_0.pth was not written" in said and "model_1.pth" not in said  # 2 steps an epoch
    assert (begun / "model_1.pth").exists()
    (begun / "settings.json").write_text("{")
    code, _, errors = run_here("--resume", begun, "--steps", 9)
    assert code == 2 and "settings.json is broken, so that the run cannot go on" in errors.splitlines()[-1]


def test_paths_are_kept_whole_so_that_a_run_goes_on_from_anywhere(data, tmp_path, run_here, monkeypatch):
    monkeypatch.chdir(data)
    npy = ["--data", "a.npy", "--labels", "b.npy"]
    assert run_here(*npy, *TINY, "--steps", 1, "--out", tmp_path / "run")[0] == 0
    monkeypatch.chdir(tmp_path)
    assert run_here("--resume", "run", "--steps", 2)[0] == 0
    monkeypatch.chdir(data)
    assert run_here("--resume", tmp_path / "run", "--steps", 3, *npy)[0] == 0  # the same files
    assert settings_of(tmp_path / "run")["data"] == str(data / "a.npy")


# --------------------------------------------------------------------------------- nothing good is lost or overwritten


def test_a_bad_learning_rate_leaves_the_last_good_state_and_says_how_to_go_on(begun, run_here):
    good = state_of(begun)
    code, _, errors = run_here("--resume", begun, "--steps", 40, "--lr", 1e30)
    assert code == 1 and errors.count("\n") == 1
    assert re.match(r"error: the loss became (nan|inf) at step \d+: is the learning rate too large\?", errors)
    assert f"last.pt still holds step 3: go on with --resume {begun} --lr 1e+29" in errors
    assert state_of(begun)["step"] == 3 and apart(state_of(begun)["model"], good["model"]) == 0
    code, _, errors = run_here("--resume", begun, "--steps", 6, "--lr", 1e-3)
    assert code == 0 and state_of(begun)["step"] == 6, errors


def test_a_first_step_that_fails_says_that_nothing_was_saved(data, tmp_path, run_here, monkeypatch):
    real = du.Trainer.loss_of
    monkeypatch.setattr(du.Trainer, "loss_of", lambda *batch: [loss * torch.nan for loss in real(*batch)])
    npy = ["--data", data / "a.npy", "--labels", data / "b.npy"]
    code, _, errors = run_here(*npy, *TINY, "--steps", 9, "--out", tmp_path / "run")
    assert code == 1 and errors.endswith("Nothing was saved before: begin again with a smaller --lr\n")
    assert sorted(f.name for f in (tmp_path / "run").iterdir()) == ["contact.png", "settings.json"]


@pytest.mark.parametrize("uptime", [0.0, 5.0, 1e6])
def test_the_first_step_is_saved_however_long_the_machine_runs(data, tmp_path, run_here, monkeypatch, uptime):
    saved, real = [], du.save_file
    monkeypatch.setattr(
        du, "save_file", lambda state, *how, **more: (saved.append(state.get("step")), real(state, *how, **more))
    )
    monkeypatch.setattr(time, "monotonic", lambda: uptime)
    npy = ["--data", data / "a.npy", "--labels", data / "b.npy"]
    assert run_here(*npy, *TINY, "--steps", 3, "--out", tmp_path / "run")[0] == 0
    assert saved == [1, 3, None]  # the last one is model.pth


def test_what_a_killed_save_left_is_cleared_away(begun, run_here):
    (begun / "last.ptx1y2z3.part").write_bytes(b"half a file")
    assert run_here("--resume", begun, "--steps", 4)[0] == 0
    assert not list(begun.glob("*.part"))


def test_a_full_disk_is_one_sentence_and_the_old_files_stay(begun, run_here, monkeypatch):
    before = {f.name: f.read_bytes() for f in begun.iterdir()}

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        code, _, errors = run_here("--resume", begun, "--steps", 9)
    assert code == 1 and errors.count("\n") == 1 and errors.startswith("error: ")
    assert "could not be written (No space left on device); what was there before is unchanged" in errors
    assert {f.name: f.read_bytes() for f in begun.iterdir()} == before


def test_a_place_where_no_run_can_be(data, tmp_path, run_here):
    npy = ["--data", data / "a.npy", "--labels", data / "b.npy"]
    (tmp_path / "run").write_text("mine")
    code, _, errors = run_here(*npy, *TINY, "--steps", 1, "--out", tmp_path / "run")
    assert code == 1 and errors.count("\n") == 1 and "run is a file, not a folder" in errors
    assert (tmp_path / "run").read_text() == "mine"


def test_a_finished_network_is_not_overwritten_by_a_new_run(tmp_path, run_here):
    (tmp_path / "model.pth").write_bytes(b"mine")
    code, _, errors = run_here("--steps", 1, "--out", tmp_path)
    assert code == 2 and "already holds a run" in errors and (tmp_path / "model.pth").read_bytes() == b"mine"


# ----------------------------------------------------------------------------- what the networks know, and fine-tuning


def test_a_finished_network_knows_its_classes_and_size(data, tmp_path, run_here):
    code, _, errors = run_here("--data", data / "folder", "--size", 24, *TINY, "--steps", 1, "--out", tmp_path / "run")
    assert code == 0, errors
    for file in ("model.pth", "last.pt"):
        model, ab_t = du.load_model(tmp_path / "run" / file, "cpu")
        said = dict(classes=("a", "b", "c"), size=(24, 24), channels=3, predicts="v", schedule="cosine", T=30)
        assert model.info == said
        assert du.sample(model, ab_t, 2, torch.eye(3)[:2], steps=1).shape == (2, 3, 24, 24)


def test_the_courses_network_on_other_pictures_knows_them_too(data, tmp_path, run_here):
    how = ["--network", "context_unet", "--n-feat", 8, "--batch", 4, "--epochs", 1, "--save-epochs", 0]
    assert run_here("--data", data / "folder", *how, "--out", tmp_path / "run")[0] == 0
    for file in ("model.pth", "model_0.pth"):
        model, _ = du.load_model(tmp_path / "run" / file, "cpu")
        assert model.info["classes"] == ("a", "b", "c") and model.info["schedule"] == "linear"


@pytest.mark.parametrize("network", [["--widths", "8", "16"], ["--network", "context_unet", "--n-feat", "8"]],
                         ids=["unet", "context_unet"])  # fmt: skip
def test_fine_tuning_starts_from_a_trained_network(data, tmp_path, run_here, network, monkeypatch):
    monkeypatch.chdir(tmp_path)
    npy = ["--data", data / "a.npy", "--labels", data / "b.npy", "--batch", "4"]
    first = [*network, "--T", 30, "--predicts", "x0", "--schedule", "linear"]
    assert run_here(*npy, *first, "--steps", 2, "--out", "one")[0] == 0
    how = ["--lr", 1e-30, "--half-life", 3, "--seed", 1]  # so small a rate leaves the weights as they are
    code, said, errors = run_here("--start", "one/model.pth", *npy, *how, "--steps", 1, "--out", "two")
    assert code == 0 and "step 1" in said, errors
    kept, model = settings_of(tmp_path / "two"), du.load_model("two/model.pth", "cpu")[0]
    assert (kept["predicts"], kept["schedule"], kept["T"], kept["lr"]) == ("x0", "linear", 30, 1e-30)
    assert kept["start"] == str(tmp_path / "one" / "model.pth")
    assert model.predicts == "x0" and model.info["classes"] == tuple(f"class {k}" for k in range(5))
    states = [du.load_file(f"{name}/model.pth")["state"] for name in ("one", "two")]
    learned = [{k: v for k, v in s.items() if "running" not in k and "tracked" not in k} for s in states]
    assert apart(*learned) < 0.01  # all but BatchNorm's statistics
    os.remove("one/model.pth")  # a run does not need it any more
    code, _, errors = run_here("--resume", "two", "--steps", 2)
    assert code == 0 and state_of(tmp_path / "two")["step"] == 2, errors


@pytest.mark.parametrize("network", [[], ["--network", "context_unet", "--n-feat", "8"]], ids=["unet", "context_unet"])
def test_fine_tuning_with_other_classes_takes_over_what_fits(data, tmp_path, run_here, network):
    one, two, npy = tmp_path / "one", tmp_path / "two", ["--data", data / "a.npy", "--labels", data / "b.npy"]
    how = [*(network or ["--widths", "8", "8"]), "--T", 30, "--batch", "4"]
    assert run_here(*npy, *how, "--steps", 2, "--out", one)[0] == 0
    how = ["--data", data / "folder", "--batch", "4", "--lr", 1e-30, "--steps", 1]
    code, said, errors = run_here("--start", one / "model.pth", *how, "--out", two)
    new = re.search(r"knows other classes than these 3: (.*) begins anew", said)
    assert code == 0 and new, errors
    model, _ = du.load_model(two / "model.pth", "cpu")
    assert model.info["classes"] == ("a", "b", "c") and model.n_cfeat == 3
    before, after = (du.load_file(run / "model.pth")["state"] for run in (one, two))
    fits = {name for name, value in after.items() if value.shape == before[name].shape}
    assert after.keys() - fits == set(new[1].split(", "))
    learned = [name for name in fits if "running" not in name and "tracked" not in name]
    assert apart(*({name: state[name] for name in learned} for state in (before, after))) < 0.01
    assert run_here("--resume", two, "--steps", 2)[0] == 0


@pytest.mark.parametrize(
    "asked, sentence",
    [
        (["--predicts", "eps"], "--predicts eps does not fit .*model.pth, which is of --predicts v"),
        (["--schedule", "linear"], "--schedule linear does not fit .*, which is of --schedule cosine"),
        (["--T", "500"], "--T 500 does not fit .*, which is of --T 30"),
        (["--widths", "8", "16"], "--widths 8 16 does not fit .*, which is of --widths 8 8"),
        (["--network", "context_unet"], "--network context_unet does not fit .*, which is of --network unet"),
        (["--start", "{}/nowhere.pth"], "there is no file .*nowhere.pth"),
        (["--start", "{}/a.npy"], "a.npy is not a readable weights file"),
    ],
)
def test_fine_tuning_refuses_what_does_not_fit(begun, data, tmp_path, run_here, asked, sentence):
    npy = [] if "--data" in asked else ["--data", data / "a.npy", "--labels", data / "b.npy"]
    how = ["--start", begun / "model.pth", *npy, "--batch", "4", "--steps", 1, "--out", tmp_path / "new"]
    code, _, errors = run_here(*how, *[a.format(data) for a in asked])
    assert code == 1 and errors.count("\n") == 1 and re.search(sentence, errors), errors
    assert not (tmp_path / "new").exists()


def test_the_second_sitting_of_the_courses_own_network(tmp_path):
    """Started from unet.pth, the recipe is that of a new run but for what is asked."""
    arguments = runpy.run_path(str(PROGRAM))["arguments"]
    args = arguments(["--start", str(du.WEIGHTS / "unet.pth"), "--steps", "18000", "--lr", "1.5e-3", "--half-life",
                      "2000", "500", "5000", "--seed", "1", "--out", str(tmp_path / "unet2")])  # fmt: skip
    fresh = vars(arguments(["--steps", "18000", "--out", str(tmp_path / "unet2")]))
    differ = {k: v for k, v in vars(args).items() if v != fresh[k]}
    assert differ.keys() == {"start", "lr", "half_life", "seed"} and args.half_life == [2000, 500, 5000]
    assert args.lr == 1.5e-3 and args.batch == 64 and args.widths == [32, 64, 96] and args.predicts == "v"


# ----------------------------------------------------------------------------------------------------- wrong arguments


def test_wrong_arguments_in_a_process_of_its_own(tmp_path):
    code, said, errors = run("--out", tmp_path / "run")
    assert code == 2 and said == ""
    assert errors.splitlines()[-1].endswith("error: say how long to train: --epochs, --steps or --minutes")
    code, said, errors = run("--steps", 1, "--data", "nowhere.npy", "--labels", "b.npy", "--out", tmp_path / "run")
    assert code == 1 and errors == "error: there is no file nowhere.npy\n"


@pytest.mark.parametrize(
    "args, sentence",
    [
        (["--network", "gan"], "invalid choice: 'gan'"),
        (["--steps", "many"], "invalid int value: 'many'"),
        (["--steps", "1", "--predicts", "noise"], "invalid choice: 'noise'"),
        (["--steps", "1", "--loss", "l3"], "invalid choice: 'l3'"),
        (["--faster"], "unrecognized arguments: --faster"),
        (["--resume", "nowhere"], "nowhere is not the folder of a run: it holds no settings.json"),
        (["--n-feat", "8"], "--n-feat belongs to the other network, not to --network unet"),
        (["--network", "context_unet", "--widths", "8"], "--widths belongs to the other network"),
    ],
)
def test_wrong_arguments(args, sentence, tmp_path, run_here):
    where = [] if "--resume" in args else ["--out", tmp_path / "run"]
    if not {"--steps", "--resume"} & set(args):
        where += ["--steps", "1"]
    code, _, errors = run_here(*args, *where)
    assert code == 2 and sentence in errors.splitlines()[-1]
    assert not (tmp_path / "run").exists()


def test_a_run_is_not_overwritten(tmp_path, run_here):
    (tmp_path / "last.pt").touch()
    code, _, errors = run_here("--steps", 1, "--out", tmp_path)
    assert code == 2 and "already holds a run: resume it with --resume" in errors


@pytest.mark.parametrize(
    "args, sentence",
    [
        (["--data", "{}/a.npy"], "needs its labels, --labels FILE.npy, or --no-context"),
        (["--data", "{}/a.npy", "--labels", "{}/a.npy"], "labels must be"),
        (
            ["--data", "{}/sheet.png"],
            "a sprite sheet needs the size of its tiles, --tile 16 or --tile 16 24",
        ),
        (["--data", "{}/sheet.png", "--tile", "30"], "does not divide into tiles of 30 x 30"),
        (["--data", "{}/nowhere.png", "--tile", "32"], "there is no folder or file"),
        (["--data", "{}/foldr"], "there is no folder or file"),
        (["--data", "{}/sheet.png", "--tile", "1", "2", "3"], "--tile takes one number, or width and height"),
        (["--data", "{}/folder", "--gap", "1"], "--gap is for a sprite sheet, but"),
        (["--data", "{}/folder", "--labels", "{}/b.npy"], "--labels is for a .npy file"),
        (["--data", "{}/a.npy", "--labels", "{}/b.npy", "--fit", "crop"], "--fit is for your own folder or sheet"),
        (["--data", "{}/a.npy", "--labels", "{}/b.npy", "--size", "32"], "--size is for folders and sheets: these"),
        (["--tile", "16"], "--tile is for your own folder or sheet of pictures"),
        (["--data", "{}/b.npy.txt", "--tile", "32"], "is not a readable picture"),
        (["--data", "{}/folder/a"], "batch must be between 1 and the 4 images"),
        (["--data", "{}/folder", "--batch", "99"], "batch must be between 1 and the 10 images"),
        (["--data", "{}/folder", "--batch", "0"], "batch must be between 1"),
        (["--data", "{}/folder", "--batch", "4", "--widths", "7"], "every width must be divisible by 8"),
        (["--data", "{}/folder", "--batch", "4", "--network", "context_unet", "--n-feat", "20"], "divisible by 8"),
        (["--data", "{}/folder", "--batch", "4", "--size", "18"], "divisible by 4, not 18 x 18"),
        (["--data", "{}/folder", "--batch", "4", "--T", "0"], "T must be a whole number of steps"),
        (["--data", "{}/folder", "--batch", "4", "--drop", "2"], "drop is a probability"),
        (["--data", "{}/folder", "--batch", "4", "--half-life", "0"], "half_life must be above 0"),
        (["--data", "{}/folder", "--batch", "4", "--steps", "-5"], "above 0"),
    ],
)
def test_errors_are_one_sentence(data, args, sentence, tmp_path, run_here):
    (data / "b.npy.txt").write_text("not a picture")
    limit = [] if "--steps" in args else ["--steps", "1"]
    code, _, errors = run_here(*[a.format(data) for a in args], *limit, "--out", tmp_path / "run")
    assert code == 1 and errors.startswith("error: ") and sentence in errors and errors.count("\n") == 1


def test_resume_of_a_broken_run_is_refused(data, tmp_path, run_here):
    out = tmp_path / "run"
    run_here("--data", data / "a.npy", "--labels", data / "b.npy", *TINY, "--steps", 1, "--out", out)
    (out / "last.pt").write_bytes((out / "last.pt").read_bytes()[:1000])
    code, _, errors = run_here("--resume", out, "--steps", 2)
    assert code == 1 and errors.startswith("error: ") and "last.pt is not a readable weights file" in errors


# ------------------------------------------------------------------------------------------------- several processes


def launch(processes, *args, program=PROGRAM):
    """The program in several processes on the CPU, as torchrun starts it; each has one thread."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", processes, "--rdzv-backend", "c10d"]
    command += ["--rdzv-endpoint", "127.0.0.1:0", program, *args]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([str(a) for a in command], capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Runs of 6 steps in one process and in two, and their prints; one each is resumed, in two and in one."""
    here, said = tmp_path_factory.mktemp("shared"), {}
    recipe = [*TINY, "--warmup", "1", "--steps", 6, "--out"]
    said["one"], said["two"] = run(*recipe, here / "one")[1], launch(2, *recipe, here / "two")
    for name in ("one", "two"):
        shutil.copytree(here / name, here / f"{name}, resumed")
    launch(2, "--resume", here / "one, resumed", "--steps", 12)
    said["resumed"] = run("--resume", here / "two, resumed", "--steps", 12)[1]
    return here, said


def state_of(run):
    return du.load_file(run / "last.pt")


def apart(a, b):
    """How far two sets of weights lie apart, as a share of their size. (Adam makes much of a rounding near 0.)"""
    a, b = (torch.cat([v.flatten().double() for v in weights.values()]) for weights in (a, b))
    return ((a - b).norm() / a.norm()).item()


def test_two_processes_learn_the_same_as_one(shared):
    here, said = shared
    assert "2 processes" in said["two"] and "processes" not in said["one"]
    one, two = state_of(here / "one"), state_of(here / "two")
    assert one.keys() == two.keys() and one["step"] == two["step"] == 6
    assert torch.equal(one["generator"], two["generator"]) and torch.equal(one["order"], two["order"])
    assert apart(one["model"], two["model"]) < 1e-3 and apart(one["emas"][0], two["emas"][0]) < 1e-3


CURVE = """
import json, os, runpy, sys, torch
sys.path.insert(0, ROOT)
import diffusion_utilities as du
accelerator = runpy.run_path(ROOT + "/weights/train.py")["in_parallel"]()
torch.manual_seed(0)
trainer = du.Trainer(du.Unet(widths=(8, 16)), du.load_sprites("train", 500), du.noise_schedule("cosine"), batch=16,
                     warmup=5, device="cpu", accelerator=accelerator)
losses = [p.loss.item() for p in trainer.run(steps=40)]
if accelerator is None or accelerator.is_main_process:
    print(json.dumps(losses), flush=True)
if accelerator:
    accelerator.wait_for_everyone()
    os._exit(0)  # all is said; threads of the process group sometimes abort an interpreter that is being taken down
"""


def test_the_loss_curve_does_not_depend_on_the_number_of_processes(tmp_path):
    (tmp_path / "curve.py").write_text(f"ROOT = {str(ROOT)!r}\n{CURVE}")
    one = subprocess.run([sys.executable, tmp_path / "curve.py"], capture_output=True, text=True, timeout=300).stdout
    curves = [json.loads(text.strip().splitlines()[-1]) for text in (one, launch(2, program=tmp_path / "curve.py"))]
    assert len(curves[0]) == 40 and curves[0][-1] < 0.9 * curves[0][0]
    assert curves[1] == pytest.approx(curves[0], abs=2e-3)


def test_files_of_two_processes_are_those_of_one(shared):
    here, _ = shared
    assert sorted(f.name for f in (here / "two").iterdir()) == sorted(f.name for f in (here / "one").iterdir())
    one, two = (du.load_file(here / name / "model.pth") for name in ("one", "two"))
    assert one["config"] == two["config"] and one["info"] == two["info"] and one["state"].keys() == two["state"].keys()


def test_resumed_with_another_number_of_processes(shared):
    here, said = shared
    assert "resumed at step 6" in said["resumed"]
    ends = [state_of(here / f"{name}, resumed") for name in ("one", "two")]
    assert ends[0]["step"] == ends[1]["step"] == 12
    assert apart(ends[0]["model"], ends[1]["model"]) < 1e-3


def test_a_batch_that_does_not_divide_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(AssertionError, match="a batch of 5 does not divide among 2 processes"):
        launch(2, *TINY[:-4], "--batch", 5, "--T", 30, "--steps", 2, "--out", tmp_path / "run")
