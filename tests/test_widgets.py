"""The widgets without a browser: controls, pictures, sentences and trainings. In a browser: test_browser.py."""

import time

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import diffusion_utilities as du
import widgets


@pytest.fixture
def calls():
    return []


@pytest.fixture
def strip(calls, sprites):
    """A function as a lesson gives it to try_it."""

    def look(n=3, shade=0.0):
        calls.append((n, shade))
        if n > 6:
            raise ValueError("there are only 6 sprites: choose n <= 6")
        return du.show((sprites.x[:n] + shade).clamp(-1, 1), alt=f"{n} sprites"), f"you see {n}"

    return look


def text_of(panel):
    return panel.sentence.value


def test_there_is_a_picture_before_anyone_touches_it(strip, calls):
    panel = widgets.try_it(strip, n=(1, 8), shade=(0.0, 1.0))
    assert calls == [(3, 0.0)]
    assert panel.image.value == strip()[0].png()
    assert "you see 3" in text_of(panel) and "3 sprites" in text_of(panel)


def test_a_control_changes_the_picture_and_an_answer_is_kept(strip, calls):
    panel = widgets.try_it(strip, n=(1, 8), shade=(0.0, 1.0))
    before = panel.image.value
    panel.controls["n"].value = 5
    assert panel.image.value != before and "you see 5" in text_of(panel)
    panel.controls["n"].value = 3
    assert panel.image.value == before
    assert calls == [(3, 0.0), (5, 0.0)]


def test_a_wrong_value_is_refused_in_a_sentence_and_the_picture_stays(strip):
    panel = widgets.try_it(strip, n=(1, 8), shade=(0.0, 1.0))
    before = panel.image.value
    panel.controls["n"].value = 8
    assert "there are only 6 sprites" in text_of(panel) and "#b00020" in text_of(panel)
    assert panel.image.value == before
    panel.controls["n"].value = 2
    assert "#b00020" not in text_of(panel)


@pytest.mark.parametrize("slow_is, waits", [(0.0, True), (1e9, False)])
def test_slow_functions_wait_for_the_release(strip, slow_is, waits, monkeypatch):
    monkeypatch.setattr(widgets, "SLOW", slow_is)  # however fast this machine is
    assert widgets.try_it(strip, n=(1, 8)).controls["n"].continuous_update == (not waits)


def test_html_in_a_sentence_is_text(sprites):
    panel = widgets.try_it(lambda n=1: (du.show(sprites.x[:1], alt="a < b"), "<b>"), n=(1, 2))
    assert "&lt;b&gt;" in text_of(panel) and "a &lt; b" in text_of(panel)


def test_a_film_can_be_played_and_scrubbed(sprites):
    frames = torch.stack([sprites.x[:4] * f for f in (0.0, 0.5, 1.0)])
    panel = widgets.try_it(lambda seed=0: du.film(frames * (1 - seed / 5), ["t = 2", "t = 1", "t = 0"]), seed=(0, 3))
    assert panel.film.layout.display == "flex"
    assert (panel.frame.max, panel.play.max, panel.label.value) == (2, 2, "t = 0")
    last = panel.image.value
    panel.frame.value = 0
    assert panel.image.value != last and panel.label.value == "t = 2"
    panel.controls["seed"].value = 1
    assert panel.label.value == "t = 0"


def test_a_still_has_no_player(strip):
    assert widgets.try_it(strip, n=(1, 8), shade=(0.0, 1.0)).film.layout.display == "none"


def test_the_saved_notebook_keeps_the_first_picture(strip):
    panel = widgets.try_it(strip, n=(1, 8), shade=(0.0, 1.0))
    panel.controls["n"].value = 5
    data, metadata = panel._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain", "application/vnd.jupyter.widget-view+json"}
    assert metadata["image/png"]["alt"] == data["text/plain"] == "3 sprites"


def test_a_button_saves_the_picture(strip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = widgets.try_it(strip, saves={"the sheet": strip}, n=(1, 8), shade=(0.0, 1.0))
    button = panel.children[1].children[0]
    assert isinstance(button, ipywidgets.Button)
    button.click()
    button.click()
    assert [p.name for p in sorted((tmp_path / "saved").iterdir())] == ["the_sheet_1.png", "the_sheet_2.png"]
    assert (tmp_path / "saved" / "the_sheet_1.png").read_bytes() == strip()[0].png()
    assert "the_sheet_2.png" in text_of(panel)
    (tmp_path / "saved" / "the_sheet_1.png").unlink()
    kept = (tmp_path / "saved" / "the_sheet_2.png").stat().st_mtime_ns
    button.click()
    button.click()
    assert (tmp_path / "saved" / "the_sheet_2.png").stat().st_mtime_ns == kept  # no picture is written over another
    assert sorted(p.name[-5] for p in (tmp_path / "saved").iterdir()) == ["1", "2", "3"]


def test_where_nothing_can_be_saved_it_says_so(strip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "saved").write_text("a file where the folder should be")
    panel = widgets.try_it(strip, saves={"the sheet": strip}, n=(1, 8), shade=(0.0, 1.0))
    panel.children[1].children[0].click()
    assert "#b00020" in text_of(panel) and "saved" in text_of(panel)


def test_an_argument_without_a_control_or_default_is_an_error_at_once(strip):
    def needs(n, more):
        return strip(n)

    with pytest.raises(ValueError, match="more"):
        widgets.try_it(needs, n=(1, 3))


def test_a_chart_is_marked_where_it_should_be():
    fig, ax = plt.subplots(figsize=(3, 2), dpi=100)
    ax.set(xlim=(0, 10), ylim=(0, 1))
    chart = widgets.Chart(fig, ax)
    left, right = chart.marked(2, 0.5), chart.marked(8, 99)
    mark = (left == (204, 0, 102)).all(2)
    row, column = (where.mean() for where in np.nonzero(mark))
    assert 75 < row < 125 and 50 < column < 150
    assert np.nonzero((right == (204, 0, 102)).all(2))[1].mean() > 150
    picture = chart.under(du.Picture(np.zeros((2, 10, 400, 3), np.uint8), "x"), [(2, 0.5), (8, 1)], "both")
    assert picture.frames.shape == (2, 210, 400, 3) and picture.alt == "both"


@pytest.fixture
def board(sprites):
    ab_t = du.noise_schedule("cosine", 50)

    def make(lr=1e-3, batch=16):
        torch.manual_seed(0)
        return du.Trainer(du.Unet(widths=(8, 16)), sprites, ab_t, lr=lr, batch=batch, device="cpu")

    def draw(trainer, losses):
        return du.show(torch.full((1, 3, 16, 16), min(len(losses), 100) / 100), alt=f"after {len(losses)} steps")

    panel = widgets.dashboard(make, draw, lr=[1e-3, 1e6], batch=(0, 64))
    yield panel
    panel.buttons["stop"].click()
    if panel.thread:
        panel.thread.join(60)


def wait_for(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen within a minute")


def test_a_training_starts_stops_goes_on_and_keeps_what_it_learned(board):
    assert board.trainer.step == 0 and "Press start" in text_of(board)
    before = [p.clone() for p in board.trainer.model.parameters()]
    for _ in range(2):
        done = board.trainer.step
        board.buttons["start"].click()
        assert board.buttons["start"].disabled and not board.buttons["stop"].disabled
        wait_for(lambda done=done: len(board.losses) > done + 2)
        board.buttons["stop"].click()
        board.thread.join(60)
        assert board.trainer.step == len(board.losses) > done
        assert "Stopped" in text_of(board) and "kept" in text_of(board)
        assert board.buttons["start"].description == "continue"
    assert any(not torch.equal(a, b) for a, b in zip(before, board.trainer.model.parameters()))
    board.buttons["reset"].click()
    assert board.trainer.step == 0 and board.losses == []
    assert all(torch.equal(a, b) for a, b in zip(before, board.trainer.model.parameters()))


def test_a_training_ends_when_its_time_is_up_and_can_be_given_more(board):
    board.controls["seconds"].value = 5
    board.trainer.seconds = 4.9
    board.buttons["start"].click()
    board.thread.join(60)
    assert "time is up" in text_of(board)
    board.buttons["start"].click()
    assert "allow more seconds" in text_of(board)
    done = board.trainer.step
    board.controls["seconds"].value = 60
    board.buttons["start"].click()
    wait_for(lambda: board.trainer.step > done)


def test_a_training_that_breaks_says_so(board):
    board.controls["lr"].value = 1e6
    board.controls["seconds"].value = 600  # more than a slow machine needs
    board.buttons["reset"].click()
    board.buttons["start"].click()
    board.thread.join(600)
    assert "learning rate too large" in text_of(board) and "#b00020" in text_of(board)
    assert not board.buttons["start"].disabled


def test_wrong_settings_of_a_training_are_refused_in_a_sentence(board):
    trainer = board.trainer
    board.controls["batch"].value = 0
    board.buttons["reset"].click()
    assert "batch must be between 1 and" in text_of(board)
    assert board.trainer is trainer
