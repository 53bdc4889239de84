"""Lesson 11: velocities of the straight path, Euler and Heun, consistency, and the program that made few_steps.pth."""

import json
import math
import os
import runpy
import sys
import time

import numpy as np
import pytest
import torch
from conftest import ROOT, awake, close, products

import diffusion_utilities as du
from plumbing import lesson_11, runs

NAME = "11_flow_matching_and_few_steps"
AB = du.noise_schedule("cosine", 500)
R_OF = ((1 - AB).sqrt() / (AB.sqrt() + (1 - AB).sqrt())).tolist()
PROGRAM = ROOT / "weights" / "train_few_steps.py"


STUBS = ("straight", "euler_step", "velocity_of", "heun_step", "aim", "few_calls")


@pytest.fixture
def eleven(lesson):
    """The functions of lesson 11, its solutions in place of the stubs."""
    module = lesson(NAME, T=500, ab_t=AB, r_of=R_OF, device=torch.device("cpu"), few=None, unet=None, teacher=None,
                    ten=None, images=torch.tensor([-0.8, 0.8]).view(2, 1, 1, 1))  # fmt: skip
    for name in STUBS:
        setattr(module, name, getattr(module, f"solution_{name}"))
    return module


class Known:
    """A network that answers the true v of given images, whatever the noise: x_t = signal x0 + sigma eps is solved."""

    predicts = "v"

    def __init__(self, x0):
        self.x0 = x0

    def __call__(self, x, t, c=None):
        ab = torch.from_numpy(np.interp(t.double() * 500, range(501), AB)).view(-1, 1, 1, 1)
        signal, sigma = ab.sqrt(), (1 - ab).sqrt().clamp(min=1e-9)
        return signal * (x - signal * self.x0) / sigma - sigma * self.x0


@pytest.mark.parametrize("t", [1, 50, 250, 499, 500])
def test_the_velocity_in_an_answer_is_eps_minus_x0(eleven, noise, t):
    x0, eps, r = noise(2, 3, 4, 4, dtype=torch.float64), noise(2, 3, 4, 4, seed=1, dtype=torch.float64), R_OF[t]
    x_r, u = eleven.straight(x0, eps, torch.full((2,), r, dtype=torch.float64))
    torch.testing.assert_close(eleven.flow_of(Known(x0), None)(x_r, r), u, atol=1e-6, rtol=1e-6)


def test_the_velocity_is_the_derivative_of_the_place(eleven, noise):
    x0, eps, r = noise(2, 3, 4, 4, dtype=torch.float64), noise(2, 3, 4, 4, seed=1, dtype=torch.float64), 0.3
    shares = (torch.full((2,), share, dtype=torch.float64) for share in (r, r + 1e-3))
    here, there = (eleven.straight(x0, eps, share) for share in shares)
    torch.testing.assert_close((there[0] - here[0]) / 1e-3, here[1], atol=1e-9, rtol=1e-6)


def test_r_of_is_the_share_of_noise_with_the_same_ratio():
    r = torch.tensor(R_OF, dtype=torch.float64)
    assert r[0] == 0 and r[-1] > 0.999 and (r.diff() > 0).all()
    torch.testing.assert_close((r / (1 - r))[1:] ** 2, ((1 - AB) / AB)[1:], rtol=1e-6, atol=0)


@pytest.mark.parametrize("steps", [1, 4, 20])
def test_euler_on_the_straight_path_is_ddim(eleven, gaussian, noise, steps):
    """One step of either keeps the guessed pair and mixes it anew."""
    x = noise(3, 1, 4, 4, dtype=torch.float64)
    oracle = gaussian(AB)

    def network(x, t, c=None):
        t = round(t.flatten()[0].item() * 500)
        return du.target(oracle(x, torch.tensor(t / 500)), t, du.to_x0_eps(oracle(x, torch.tensor(t / 500)), x, t, AB,
                         "x0")[1], AB, "v")  # fmt: skip

    *_, last = du.sampler(oracle, AB, x, steps=steps)
    rs = [R_OF[t] for t in du.sampling_times(500, steps)]
    walked = eleven.walk(eleven.flow_of(network, None), x * math.hypot(1 - rs[0], rs[0]), rs, eleven.euler_step)[-1]
    torch.testing.assert_close(walked, last.x, atol=1e-6, rtol=1e-6)


def test_heun_is_second_order_and_euler_first(eleven):
    """du/dr of a Gaussian's flow is known: x(r) = std(r) z, with std(r)^2 = ((1-r) s)^2 + r^2."""
    s, z = 0.5, torch.tensor([1.0, -0.7], dtype=torch.float64)

    def std(r):
        return math.hypot((1 - r) * s, r)

    def velocity(x, r):
        return x * (r - (1 - r) * s**2) / std(r) ** 2

    errors = {}
    for name in ("euler_step", "heun_step"):
        rs = {n: torch.linspace(1, 0.2, n + 1).tolist() for n in (20, 40)}
        ends = [eleven.walk(velocity, std(1) * z, r, getattr(eleven, name))[-1] for r in rs.values()]
        errors[name] = [(end - std(0.2) * z).abs().max().item() for end in ends]
    assert errors["euler_step"][0] / errors["euler_step"][1] == pytest.approx(2, rel=0.15)
    assert errors["heun_step"][0] / errors["heun_step"][1] == pytest.approx(4, rel=0.2)


def test_n_steps_of_heun_are_2n_minus_1_calls(eleven, noise):
    asked = []
    eleven.walk(lambda x, r: asked.append(r) or x, noise(1, 1, 2, 2), [1.0, 0.5, 0.2, 0.0], eleven.heun_step)
    assert asked == [1.0, 0.5, 0.5, 0.2, 0.2]


def test_the_toys_single_step_ends_at_the_mean(eleven, noise):
    x = noise(20, 1, 1, 1)
    assert eleven.walk(eleven.toy_velocity, x, [1, 0], eleven.euler_step)[-1].abs().max() < 1e-6
    *_, many = eleven.walk(eleven.toy_velocity, x, torch.linspace(1, 0, 101).tolist(), eleven.euler_step)
    assert (many.abs() - 0.8).abs().max() < 0.05
    assert lesson_11.kinds(torch.tensor([0.79, -0.82, 0.1]), torch.tensor([-0.8, 0.8])) == list(lesson_11.ENDS)


def test_at_0_the_end_of_the_curve_is_the_image(eleven, noise):
    network, x = awake(du.Unet(widths=(8, 16))), noise(3, 3, 8, 8)
    assert torch.equal(eleven.end_of(network, None, clip=False)(x, 0), x)
    assert torch.equal(eleven.end_of(network, None)(x, torch.zeros(3, dtype=torch.long)), x.clamp(-1, 1))
    assert not torch.allclose(eleven.end_of(network, None)(x, 250), x.clamp(-1, 1))


def test_few_calls_equal_the_programs_draw(eleven):
    sys.path.insert(0, str(ROOT / "weights"))
    import train_few_steps as program

    network, c = awake(du.Unet(widths=(8, 16))), torch.eye(5)[:2]
    calls = []
    network.register_forward_hook(lambda *_: calls.append(1))
    for n in (1, 4):
        generator = torch.Generator().manual_seed(7)
        noises = [torch.randn(2, 3, 16, 16, generator=generator) for _ in range(n)]
        with torch.no_grad():
            x = eleven.few_calls(eleven.end_of(network, c), noises, du.sampling_times(500, n)[:-1], AB)
        assert len(calls) == n
        close(program.draw(network, AB, c, n, seed=7), x, terms=n * products(network))
        calls.clear()


def test_the_lessons_aim_is_the_programs(eleven, noise):
    sys.path.insert(0, str(ROOT / "weights"))
    import train_few_steps as program

    teacher, student = du.Guided(awake(du.Unet(widths=(8, 16))), 1.75), awake(du.Unet(widths=(8, 16)), seed=1)
    data = du.load_sprites("train", 8)
    there = program.Consistency(student, teacher, data, AB, 20, batch=8)
    x0, c, t, z = data.x, data.c, torch.tensor([25, 50, 75, 100, 300, 475, 500, 250]), noise(8, 3, 16, 16)
    mean, losses = there.loss_of(x0, c, t, z, torch.ones(8))
    x_t, (here, end) = du.add_noise(x0, t, z, AB), (eleven.end_of(model, c) for model in (teacher, student))
    with torch.no_grad():
        goal = eleven.aim(here, end, x_t, t, t - 25, AB)
        off = (eleven.end_of(student, c, clip=False)(x_t, t) - goal).square().sum((1, 2, 3))
    close((off + 0.03**2).sqrt() - 0.03, losses, terms=4 * products(student))
    assert (losses > 0).all()


def test_at_the_fixed_point_the_answer_is_its_aim(eleven, noise):
    """A teacher that knows the only image there is, and a student that answers it everywhere."""
    x0 = du.load_sprites("train", 1).x.double()
    end = eleven.end_of(Known(x0), None)
    for t in (25, 200, 500):
        t = torch.tensor([t])
        x_t = du.add_noise(x0, t, noise(1, 3, 16, 16, dtype=torch.float64), AB)
        torch.testing.assert_close(eleven.aim(end, end, x_t, t, t - 25, AB), x0, atol=1e-5, rtol=0)


def test_teaching_moves_the_student_and_not_its_teacher(eleven):
    teacher, _ = du.load_model(du.WEIGHTS / "unet.pth", device="cpu")
    eleven.teacher, eleven.train, eleven.TRAINING_STEPS = du.Guided(teacher, 1.75), du.load_sprites("train", 20), 2
    before = teacher.first.weight.clone()
    for plain in (False, True):
        *_, student = eleven.teach(0, plain)
        assert not torch.equal(student.first.weight, before) and student.first.weight.requires_grad
    assert torch.equal(teacher.first.weight, before) and teacher.first.weight.grad is None


def test_the_grain_is_taken_off_before_copies_are_sought(eleven, noise):
    """Some training sprites with grain: as they are they look like strangers, cleaned they are found."""
    eleven.unet, _ = du.load_model(du.WEIGHTS / "unet.pth", device="cpu")
    train = du.load_sprites("train", 2000)
    x, c = train.x[:20], train.c[:20].argmax(1)
    grainy = x + 0.3 * noise(20, 3, 16, 16)
    as_it_is, clean = (du.nearest(images, train.x) for images in (grainy, eleven.cleaned(grainy, c)))
    assert clean[0].median() < 0.5 * as_it_is[0].median()
    assert (clean[1] == torch.arange(20)).float().mean() > 0.8


def test_a_fifth_call_is_refused_and_a_guided_one_counts_twice(eleven):
    network = awake(du.Unet(widths=(8, 16)))
    vars(eleven).update(SCORED=2, wishes=torch.arange(2), seeds=(0,), held_out_features=None)
    for model, calls in ((network, 5), (du.Guided(network, 1.75), 3)):
        with pytest.raises(ValueError, match="four calls of the network are all you have"):
            eleven.four_calls(lambda ask, z, seed, m=model, n=calls: [ask(z, 500, m) for _ in range(n)])


def test_few_steps_draws_what_is_asked_in_one_call():
    network, ab_t = du.load_model(du.WEIGHTS / "few_steps.pth", device="cpu")
    calls, c = [], torch.eye(5).repeat(12, 1)
    network.register_forward_hook(lambda *_: calls.append(1))
    x = du.sample(network, ab_t, 60, c, seed=3, steps=1)
    assert len(calls) == 1
    assert du.sprite_score(x, c)["asked"] > 0.8
    before, _ = du.load_model(du.WEIGHTS / "unet.pth", device="cpu")
    blur = du.sample(before, ab_t, 60, c, seed=3, steps=1)
    assert du.frechet_distance(x, du.load_sprites("held_out").x) < 0.3 * du.frechet_distance(
        blur, du.load_sprites("held_out").x
    )


def test_all_weights_together_stay_small():
    assert sum(f.stat().st_size for f in du.WEIGHTS.glob("*.pth")) < 30e6


@pytest.fixture
def run_here(monkeypatch, capsys, tmp_path):
    teacher = tmp_path / "teacher.pth"
    du.save_model(awake(du.Unet(widths=(8, 16))), teacher, schedule="cosine", T=500)

    def go(*args):
        monkeypatch.setattr(sys, "argv", [str(PROGRAM), *map(str, args)])
        code = 0
        try:
            runpy.run_path(str(PROGRAM), run_name="__main__")
        except SystemExit as stop:
            code = stop.code
        return code, capsys.readouterr()

    go.teacher = teacher
    return go


def test_the_program_trains_stops_and_goes_on(run_here, tmp_path):
    run = tmp_path / "run"
    how = ["--teacher", run_here.teacher, "--images", 40, "--batch", 4, "--out", run]
    code, said = run_here("--steps", 3, *how)
    assert code == 0, said
    assert json.loads((run / "settings.json").read_text())["batch"] == 4
    state = du.load_file(run / "last.pt")
    assert state["step"] == 3
    model, ab_t = du.load_model(run / "model.pth", device="cpu")
    assert model.predicts == "v" and len(ab_t) == 501
    code, said = run_here("--resume", run, "--steps", 5)
    assert code == 0 and "resumed at step 3" in said.out
    assert du.load_file(run / "last.pt")["step"] == 5
    assert list(run.glob("samples_*.png"))
    polish = ["--start", run / "model.pth", "--norm", "pixel", *how[:-1], tmp_path / "polished"]
    assert run_here("--steps", 2, *polish)[0] == 0
    before, after = (du.load_file(p / "model.pth")["state"] for p in (run, tmp_path / "polished"))
    assert before.keys() == after.keys() and any(not torch.equal(before[k], after[k]) for k in before)


def test_control_c_loses_nothing(run_here, tmp_path, monkeypatch):
    run, update, seen = tmp_path / "run", du.EMA.update, []

    def interrupted(self, model):
        seen.append(1)
        if len(seen) == 4:
            raise KeyboardInterrupt
        update(self, model)

    monkeypatch.setattr(du.EMA, "update", interrupted)
    how = ["--teacher", run_here.teacher, "--images", 40, "--batch", 4, "--out", run]
    assert run_here("--steps", 100, *how)[0] == "stopped: go on with --resume"
    assert du.load_file(run / "last.pt")["step"] == 3
    average, written = (du.load_model(run / name, "cpu")[0].first.weight for name in ("last.pt", "model.pth"))
    assert torch.equal(average.half(), written.half())  # not the network of the first step
    code, said = run_here("--resume", run, "--steps", 4)
    assert code == 0 and "resumed at step 3" in said.out


def test_a_resumed_run_obeys_or_refuses_by_name_and_loses_nothing(run_here, tmp_path, monkeypatch):
    run, saved, real = tmp_path / "run", [], du.save_file
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        for place in (du, runs):
            patch.setattr(place, "save_file", lambda s, *a, **more: (saved.append(s.get("step")), real(s, *a, **more)))
        patch.setattr(time, "monotonic", lambda: 5.0)  # a machine that has just been started
        assert run_here("--steps", 3, "--teacher", "teacher.pth", "--images", 40, "--batch", 4, "--out", run)[0] == 0
    assert saved == [1, None, 3, None]  # the state, then the network, after the first step and after the last
    assert json.loads((run / "settings.json").read_text())["teacher"] == str(run_here.teacher)
    model, _ = du.load_model(run / "last.pt", device="cpu")
    assert model.info["schedule"] == "cosine" and model.info["classes"] == du.CLASSES
    (run / "last.ptabc.part").touch()
    monkeypatch.chdir(run)
    code, said = run_here("--resume", run, "--minutes", 1000, "--steps", 4, "--lr", 0.01, "--norm", "pixel")
    assert code == 0 and not list(run.glob("*.part")), said.err
    kept = json.loads((run / "settings.json").read_text())
    assert (kept["steps"], kept["minutes"], kept["lr"], kept["norm"]) == (4, 1000, 0.01, "pixel")
    code, said = run_here("--resume", run)
    assert code == 0 and "nothing was left to train after 4 steps" in said.out
    for asked in (
        ["--batch", 5],
        ["--w", 3.0],
        ["--pieces", 10],
        ["--teacher", "b.pth"],
        ["--images", 9],
        ["--seed", 4],
    ):
        code, said = run_here("--resume", run, "--steps", 9, *asked)
        assert code == 2 and f"error: {asked[0]} {asked[1]} comes too late" in said.err
    code, _ = run_here("--resume", run, "--steps", 50, "--lr", 1e30)
    assert f"last.pt still holds step 4: go on with --resume {run} --lr 1e+29" in code
    assert du.load_file(run / "last.pt")["step"] == 4

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _ = run_here("--resume", run, "--steps", 9)
    assert "could not be written (No space left on device); what was there before is unchanged" in code
    assert du.load_file(run / "last.pt")["step"] == 4


def test_the_program_refuses_in_a_sentence(run_here, tmp_path):
    du.save_model(du.Unet(widths=(8, 8), predicts="eps"), tmp_path / "eps.pth", schedule="cosine", T=500)
    code, _ = run_here("--steps", 2, "--teacher", tmp_path / "eps.pth", "--out", tmp_path / "d")
    assert "must be a network that predicts v" in str(code)
    du.save_model(du.Unet(widths=(8, 8)), tmp_path / "own.pth", schedule="cosine", T=500, classes=tuple("abcde"))
    code, _ = run_here("--steps", 2, "--teacher", tmp_path / "own.pth", "--out", tmp_path / "d")
    assert "was trained on other pictures than the course's sprites" in str(code)
    du.save_model(du.Unet(widths=(8, 8)), tmp_path / "short.pth", schedule="cosine", T=400)
    start = ["--start", tmp_path / "short.pth"]
    code, _ = run_here("--steps", 2, "--teacher", run_here.teacher, *start, "--out", tmp_path / "d")
    assert "short.pth must predict v by the schedule of" in str(code)
    code, _ = run_here("--steps", 2, "--teacher", run_here.teacher, "--pieces", 0, "--out", tmp_path / "d")
    assert str(code) == "error: --pieces must lie in 1..500, not 0"
    code, _ = run_here("--steps", 2, "--teacher", tmp_path / "none.pth", "--out", tmp_path / "a")
    assert str(code) == f"error: there is no file {tmp_path / 'none.pth'}"
    code, said = run_here("--out", tmp_path / "b")
    assert code == 2 and "say how long to train" in said.err
    code, said = run_here("--resume", tmp_path / "c")
    assert code == 2 and "not the folder of a run" in said.err
