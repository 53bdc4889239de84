"""make lab: your own copies of the lessons. What you have written stays, what is new arrives, git stays clean."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from plumbing import lab, my_lessons

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SAID = ("01_intuition.ipynb holds your own work and stays as it is; "
        "the course's newer one lies beside it: my_lessons/01_intuition_newer.ipynb")  # fmt: skip


@pytest.fixture
def course(tmp_path):
    """(the folder of two short lessons, the folder of copies)."""
    lessons, folder = tmp_path / "notebooks", tmp_path / "my_lessons"
    lessons.mkdir()
    for name in ("01_intuition", "02_sampling"):
        code = nbformat.v4.new_code_cell("1 + 1", execution_count=1)
        code.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)]
        text = nbformat.v4.new_markdown_cell(f"# {name}\n\n[2](02_sampling.ipynb), [a card](../weights/README.md)")
        nbformat.write(nbformat.v4.new_notebook(cells=[text, code]), lessons / f"{name}.ipynb")
    return lessons, folder


def edit(file, source, outputs=()):
    """Change a notebook's last cell."""
    notebook = nbformat.read(file, 4)
    notebook.cells[-1].source, notebook.cells[-1].outputs = source, list(outputs)
    nbformat.write(notebook, file)


def last(file):
    return nbformat.read(file, 4).cells[-1]


def test_copies_have_no_outputs_and_no_links_that_leave_the_folder():
    for lesson in LESSONS:
        copy = my_lessons.fresh(lesson)
        assert nbformat.validate(copy) is None
        code = [c for c in copy.cells if c.cell_type == "code"]
        assert code and not any(c.outputs or c.execution_count for c in code)
        assert [c.source for c in code] == [c.source for c in nbformat.read(lesson, 4).cells if c.cell_type == "code"]
        text = "\n".join(c.source for c in copy.cells if c.cell_type == "markdown")
        for link in re.findall(r"\]\(([^)#]+)\)", re.sub(r"```.*?```|`[^`\n]*`|\$[^$]*\$", "", text, flags=re.S)):
            assert link.startswith("http") or link in [p.name for p in LESSONS], link


def test_a_new_folder_gets_every_lesson_and_nothing_is_said(course):
    lessons, folder = course
    assert my_lessons.hand_out(lessons, folder) == []
    assert sorted(p.name for p in folder.iterdir()) == ["01_intuition.ipynb", "02_sampling.ipynb"]
    copy = nbformat.read(folder / "01_intuition.ipynb", 4)
    assert copy.cells[1].outputs == [] and copy.cells[1].execution_count is None
    assert copy.cells[0].source.endswith("[2](02_sampling.ipynb), a card (`weights/README.md`)")


def test_what_you_wrote_survives_a_second_run_and_an_update(course):
    lessons, folder = course
    my_lessons.hand_out(lessons, folder)
    mine = folder / "01_intuition.ipynb"
    edit(mine, "mine = 3")
    kept = mine.read_bytes()
    assert my_lessons.hand_out(lessons, folder) == []  # the lesson has not changed
    assert mine.read_bytes() == kept

    edit(lessons / "01_intuition.ipynb", "1 + 2")
    for _ in range(2):  # said as long as yours is the older one
        assert my_lessons.hand_out(lessons, folder) == [SAID]
        assert mine.read_bytes() == kept
        assert last(folder / "01_intuition_newer.ipynb").source == "1 + 2"

    edit(lessons / "01_intuition.ipynb", "1 + 3")  # the newer one has not been touched: it is renewed
    assert my_lessons.hand_out(lessons, folder) == [SAID]
    assert last(folder / "01_intuition_newer.ipynb").source == "1 + 3"

    edit(folder / "01_intuition_newer.ipynb", "mine = 4")  # and now it has
    edit(lessons / "01_intuition.ipynb", "1 + 4")
    assert my_lessons.hand_out(lessons, folder) == [SAID.replace("_newer.", "_newer_2.")]
    assert mine.read_bytes() == kept
    assert last(folder / "01_intuition_newer.ipynb").source == "mine = 4"
    assert last(folder / "01_intuition_newer_2.ipynb").source == "1 + 4"
    assert not list(folder.glob("02_sampling_*")) and not list(folder.glob("*.part"))


def test_a_copy_that_was_only_run_keeps_its_outputs_until_the_lesson_is_newer(course):
    lessons, folder = course
    my_lessons.hand_out(lessons, folder)
    mine = folder / "01_intuition.ipynb"
    edit(mine, "1 + 1", [nbformat.v4.new_output("stream", text="2")])
    notebook = nbformat.read(mine, 4)
    notebook.cells.append(nbformat.v4.new_code_cell(""))  # what Shift and Enter leave below the last cell
    nbformat.write(notebook, mine)
    kept = mine.read_bytes()
    edit(lessons / "01_intuition.ipynb", "1 + 1", [nbformat.v4.new_output("stream", text="built again")])
    assert my_lessons.hand_out(lessons, folder) == []
    assert mine.read_bytes() == kept
    edit(lessons / "01_intuition.ipynb", "1 + 2")
    assert my_lessons.hand_out(lessons, folder) == []
    assert last(mine).source == "1 + 2" and last(mine).outputs == []


def test_the_newer_one_may_take_the_place_of_yours(course):
    lessons, folder = course
    my_lessons.hand_out(lessons, folder)
    mine, newer = folder / "01_intuition.ipynb", folder / "01_intuition_newer.ipynb"
    edit(mine, "mine = 3")
    edit(lessons / "01_intuition.ipynb", "1 + 2")
    my_lessons.hand_out(lessons, folder)
    os.replace(newer, mine)
    edit(mine, "mine = 5")
    assert my_lessons.hand_out(lessons, folder) == []
    assert last(mine).source == "mine = 5" and not newer.exists()
    mine.unlink()  # and who deletes a copy gets the lesson as it is now
    assert my_lessons.hand_out(lessons, folder) == []
    assert last(mine).source == "1 + 2"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"nbformat": 4, "metadata": {}, "cells": [{}]}', "notes"])
def test_a_file_of_yours_that_is_no_notebook_stays(course, content):
    lessons, folder = course
    folder.mkdir()
    (folder / "01_intuition.ipynb").write_text(content)
    assert my_lessons.hand_out(lessons, folder) == [SAID]
    assert (folder / "01_intuition.ipynb").read_text() == content
    assert last(folder / "01_intuition_newer.ipynb").source == "1 + 1"


@pytest.mark.skipif(not (shutil.which("git") and shutil.which("make")), reason="needs git and make")
def test_make_lab_leaves_git_status_clean(tmp_path):
    """In a fresh clone: copies without outputs; an edited one survives a second `make lab` and a newer lesson."""
    clone = tmp_path / "clone"
    plumbing = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "notebooks" / "plumbing", clone / "notebooks" / "plumbing", ignore=plumbing)
    for name in ("Makefile", ".gitignore", "requirements.txt", "notebooks/01_intuition.ipynb"):
        shutil.copy(ROOT / name, clone / name)

    def run(*command):
        return subprocess.run(command, cwd=clone, check=True, capture_output=True, text=True).stdout

    run("git", "init", "-q")
    run("git", "add", ".")
    run("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "the course")
    (clone / ".venv" / "bin").mkdir(parents=True)  # stands for what the Makefile would install
    python = clone / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (clone / ".venv" / "installed").touch()
    make = ("make", "lab", "LAB_FLAGS=--copies-only")
    assert "newer" not in run(*make)
    mine = clone / "my_lessons" / "01_intuition.ipynb"
    assert not any(c.get("outputs") for c in json.loads(mine.read_text(encoding="utf-8"))["cells"])
    edit(mine, "mine = 3")
    assert "newer" not in run(*make)
    assert run("git", "status", "--porcelain") == ""
    edit(clone / "notebooks" / "01_intuition.ipynb", "1 + 2")
    assert SAID in run(*make)
    assert last(mine).source == "mine = 3"
    assert run("git", "status", "--porcelain").split() == ["M", "notebooks/01_intuition.ipynb"]


def test_jupyterlab_is_told_where_the_copies_are_and_asks_nothing(tmp_path, monkeypatch):
    """Its settings come from the repository: no question about news; nothing of it goes to the learner's home."""
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "elsewhere")
    environment = lab.environment(tmp_path)
    assert environment["JUPYTERLAB_WORKSPACES_DIR"] == str(tmp_path / ".workspaces")
    assert environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)[1:] == ["elsewhere"]
    program = ("from jupyterlab_server.settings_utils import _get_overrides as get\n"
               "print(get('nowhere')[0]['@jupyterlab/apputils-extension:notification']['fetchNews'])")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True)
    assert done.stdout.strip() == "false", done.stderr
