"""The parts of tests/bench.py that need no patience; the benchmark itself is `make bench`."""

import re

import bench
import pytest
import torch
from conftest import ROOT

import diffusion_utilities as du


def test_the_courses_training_is_its_recipe_on_training_sprites_only(monkeypatch):
    seen = []
    forward = du.ContextUnet.forward
    monkeypatch.setattr(
        du.ContextUnet, "forward", lambda self, x, t, c: seen.append((x, t, c)) or forward(self, x, t, c)
    )
    model, ab_t = bench.train_the_course(1, seed=0)
    assert not model.training and model.n_feat == 64
    assert torch.equal(ab_t, du.noise_schedule("linear", 500))
    ((x, t, c),) = seen
    assert x.shape == (100, 3, 16, 16) and ((t > 0) & (t <= 1)).all() and c.shape == (100, 5)
    assert 0 < (c.sum(1) == 0).sum() < 30  # about one in ten is dropped


def test_the_courses_film_draws_every_sprite_of_every_frame():
    html = bench.course_film(torch.rand(2, 32, 16, 16, 3).numpy())
    assert len(re.findall(r"frames\[\d+\] = ", html)) == 2


def test_operations_of_a_step():
    """A 1x1 network: forward B*H*W*in*out multiplications and additions, backward twice that."""
    model = torch.nn.Conv2d(3, 3, 1, bias=False)
    model.forward = lambda x, t, c, forward=model.forward: forward(x.requires_grad_())
    assert bench.flops_of(model, 10) == 3 * 2 * 10 * 256 * 3 * 3


def test_lesson_2_has_a_first_film():
    program = bench.first_film()
    assert program.count("du.film(") == 1 and program.startswith("import sys")


def test_tables_go_between_the_marks_of_the_readme(tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text("a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n")
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "lines", [])
    monkeypatch.setattr(bench, "start", lambda: bench.say("new \\1 | row"))
    monkeypatch.setattr("sys.argv", ["bench.py", "--only", "start", "--readme"])
    bench.main()
    text = (tmp_path / "README.md").read_text()
    assert (
        "old" not in text
        and "new \\1 | row" in text
        and text.startswith("a\n<!-- bench -->\n")
        and text.endswith("b\n")
    )
    assert (tmp_path / "artifacts" / "bench.md").read_text() in text


def test_the_readme_has_a_place_for_them():
    assert re.search(r"<!-- bench -->\n.*?<!-- /bench -->", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("times", [1, 4])
def test_seconds_calls_that_often(times):
    calls = []
    assert bench.seconds(lambda: calls.append(1), times) >= 0 and len(calls) == times
