"""The widgets of lessons 7 and up in a real browser, as in test_browser.py: a file of their own, so that two workers
share the work."""

import pytest
from test_browser import DEEPER, browser, lab, pytestmark, widgets_answer  # noqa: F401


@pytest.mark.parametrize("name", DEEPER)
def test_the_widgets_of_a_lesson_answer(lab, browser, name, capsys):  # noqa: F811
    widgets_answer(lab, browser, name, capsys)
