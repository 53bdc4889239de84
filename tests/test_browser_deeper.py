"""Lessons 7 to 12 in a real browser, as in test_browser.py: a file of their own, so that two workers share the work."""

import pytest
from test_browser import DEEPER, browser, lab, pytestmark, runs_and_answers, shows_without_a_kernel  # noqa: F401


@pytest.mark.parametrize("name", DEEPER)
def test_a_saved_lesson_shows_its_pictures_and_films_without_a_kernel(lab, browser, name):  # noqa: F811
    shows_without_a_kernel(lab, browser, name)


@pytest.mark.parametrize("name", DEEPER)
def test_a_lesson_runs_and_its_widgets_answer(lab, browser, name, capsys):  # noqa: F811
    runs_and_answers(lab, browser, name, capsys)
