"""The parts of tests/bench.py that need no patience; the benchmark itself is `make bench`."""

import re
from types import SimpleNamespace

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


def test_a_kept_course_serves_only_for_about_its_own_length(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "KEPT", tmp_path)
    assert bench.kept_course(0, 2800) == (2800, None)
    for name in ("course_0_2765.pth", "course_0_130.pth", "course_1_2700.pth"):
        (tmp_path / name).touch()
    assert bench.kept_course(0, 2800) == (2765, tmp_path / "course_0_2765.pth")
    assert bench.kept_course(0, 140) == (130, tmp_path / "course_0_130.pth")
    assert bench.kept_course(0, 1500) == (1500, None)


def test_the_training_table_is_whole_and_its_verdict_follows(monkeypatch):
    lines = []
    monkeypatch.setattr(bench, "lines", lines)
    monkeypatch.setattr(bench, "KEPT", bench.ROOT / "no such folder")
    monkeypatch.setattr(bench, "step_times", lambda: (1.0, 1.0))
    monkeypatch.setattr(bench, "train_the_course", lambda steps, seed: ("course", None))
    monkeypatch.setattr(bench, "our_trainer", lambda seed: Run())
    good = {"course": 3.0, 2: 5.0, 4: 2.0, 8: 1.0}
    monkeypatch.setattr(bench, "score", lambda model, *_, **__: {"frechet": good[model], "asked": 1.0})
    bench.training(40, 2, {2: 1, 4: 1, 8: 2}, 10)
    *table, empty, verdict = "\n".join(lines).split("\n")[5:]
    assert len(table) == 6 and all(line.startswith("| ") for line in table) and empty == ""
    assert verdict == (
        "The course's after 40 s: 3.00 (3.00 to 3.00). Ours after 2 s, 1/20 of the time: 5.00; not better yet. "
        "Ours after 4 s, 1/10 of the time: 2.00; better. "
        "Ours after 8 s, 1/5 of the time: 1.00 (1.00 to 1.00); every one better than any of those."
    )


class Run:
    """A trainer that only counts: what it "learned" is the number of its steps."""

    ab_t, step = None, 0

    def run(self, steps):
        self.step, self.ema = steps, SimpleNamespace(model=steps)
        return iter(())


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


def test_tables_go_between_their_marks(tmp_path, monkeypatch):
    readme, full = tmp_path / "README.md", tmp_path / "tests" / "BENCHMARK.md"
    full.parent.mkdir()
    for file in (readme, full):
        file.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "lines", [])
    monkeypatch.setattr(bench, "headlines", {})
    monkeypatch.setattr(bench, "start", lambda: bench.row("a", 1))
    monkeypatch.setattr("sys.argv", ["bench.py", "--only", "start", "--write"])
    bench.main()
    text = full.read_text()
    assert text.startswith("before\n<!-- bench -->\n") and text.endswith("<!-- /bench -->\nafter\n")
    assert "| a | 1 |" in text and "old" not in text
    assert "old" in readme.read_text()  # one part alone changes nothing there
    monkeypatch.setattr(bench, "headlines", {"training": ("1", "2"), "32 sprites": ("3", "4"), "a film": ("5", "6")})
    bench.main()
    assert "| training | 1 | 2 |\n| 32 sprites | 3 | 4 |\n| a film | 5 | 6 |\n<!-- /bench -->" in readme.read_text()


def test_the_files_have_a_place_for_them():
    for file, marks in {"README.md": ["bench"], "tests/BENCHMARK.md": ["bench", "peers"]}.items():
        for mark in marks:
            text = (ROOT / file).read_text(encoding="utf-8")
            assert text.count(f"<!-- {mark} -->\n") == text.count(f"<!-- /{mark} -->") == 1


@pytest.mark.parametrize("times", [1, 4])
def test_seconds_calls_that_often(times):
    calls = []
    assert bench.seconds(lambda: calls.append(1), times) >= 0 and len(calls) == times


def test_seconds_of_training_are_counted_and_each_limit_is_reached_once(monkeypatch):
    monkeypatch.setattr(bench, "seconds", lambda step: step() or 1.0)
    done = []
    assert list(bench.trained_for(lambda: done.append(1), (3, 10))) == [(3, 3), (10, 10)]
    assert len(done) == 10


class Peer:
    """A peer that draws held-out sprites, of the class asked for."""

    name, asks, calls = "a perfect peer", True, 1000

    def __init__(self, data, seed, device):
        self.sprites = du.load_sprites("held_out")

    def step(self):
        pass

    def draw(self, n, labels=None, steps=None):
        assert steps is None or steps <= 100
        return torch.stack([self.sprites.x[self.sprites.c.argmax(1) == k][i] for i, k in enumerate(labels.tolist())])


def test_peers_are_scored_as_we_are(monkeypatch):
    lines = []
    monkeypatch.setattr(bench, "lines", lines)
    monkeypatch.setattr(bench.peers, "PEERS", (Peer,))
    monkeypatch.setattr(bench, "seconds", lambda call, times=1: [call(), 0.5][1])
    bench.beside_peers((1, 2), 2, 40)
    found = [line.split(" | ") for line in lines if line.startswith("| a perfect peer")]
    assert [row[1:4] for row in found] == [["0", "1", "2"], ["0", "2", "4"], ["1", "1", "2"], ["1", "2", "4"]]
    assert all(row[5] == "100%" for row in found)
    assert len([line for line in lines if "lesson 4" in line]) == 4


@pytest.mark.parametrize("peer", bench.peers.PEERS, ids=lambda peer: peer.name)
def test_a_peer_learns_from_the_same_sprites_and_draws_such(peer, sprites):
    if peer is not bench.peers.HuggingFace:
        if not (bench.peers.PACKAGES / "smalldiffusion").is_dir():
            pytest.skip("the peers' packages are not installed: make bench FLAGS=--peers installs them")
        bench.peers.install()
    one = peer(sprites, 0, torch.device("cpu"), **({"batch": 32} if peer is bench.peers.SmallDiffusion else {}))
    before = [p.clone() for p in one.model.parameters()]
    one.step()
    assert any(not torch.equal(a, b) for a, b in zip(before, one.model.parameters()))
    x = one.draw(2, [0, 3], steps=2)
    assert x.shape == (2, 3, 16, 16) and x.dtype == torch.float32 and x.abs().max() <= 1
