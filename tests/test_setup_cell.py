"""The set-up cell finds the course from any working folder, or says in one sentence what to do."""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import jupytext
import pytest

from plumbing import setup_cell

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "notebooks" / "py").glob("*.py"))


def run(folder, path="", python=sys.executable):
    """Run the cell in a Python of its own with this working folder; then print where the module is found."""
    code = setup_cell.CELL + "\nprint(find_spec('diffusion_utilities').origin)"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | ({"PYTHONPATH": path} if path else {})
    return subprocess.run([python, "-c", code], cwd=folder, capture_output=True, text=True, env=environment)


@pytest.fixture
def course(tmp_path):
    """A folder laid out like the course, with an empty module."""
    root = tmp_path / "course"
    (root / "notebooks" / "py").mkdir(parents=True)
    (root / "my_lessons" / "newer").mkdir(parents=True)
    (root / "diffusion_utilities.py").touch()
    return root


@pytest.mark.parametrize("inside", ["", "notebooks", "notebooks/py", "my_lessons", "my_lessons/newer"])
def test_it_finds_the_course_from_any_folder_inside_it(course, inside):
    done = run(course / inside)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).resolve() == (course / "diffusion_utilities.py").resolve()


@pytest.fixture
def bare(tmp_path_factory):
    """The Python of an environment that knows nothing of the course: `make` puts its folder into the tests' own."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=os.name != "nt")
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def test_elsewhere_one_sentence_says_what_to_do(tmp_path, bare):
    done = run(tmp_path, python=bare)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        "AssertionError: Open this notebook inside the course's folder, or %cd there first."
    )


def test_the_nearest_course_wins_over_one_on_the_path(course, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(course / "diffusion_utilities.py", other)
    done = run(course / "notebooks", path=str(other))
    assert Path(done.stdout.strip()).resolve() == (course / "diffusion_utilities.py").resolve()


def test_a_lesson_that_has_the_cell_has_this_text_and_nothing_else_looks_for_the_course():
    having = 0
    for source in SOURCES:
        cells = [c for c in jupytext.read(source).cells if c.cell_type == "code"]
        setup = [c for c in cells if "setup" in c.metadata.get("tags", [])]
        if not setup and source.stem < "07":  # not yet remade
            continue
        having += 1
        assert setup == cells[:1], source.stem
        assert setup[0].source == setup_cell.CELL, source.stem
        assert setup[0].metadata["jupyter"]["source_hidden"]
        assert setup_cell.SOURCE in source.read_text(encoding="utf-8")
        assert "sys.path" not in "\n".join(c.source for c in cells[1:]), source.stem
        # diffusion_utilities puts the folder of the others on the path: from the repository's root they need it
        imports = re.findall(r"^(?:import|from) (\w+)", "\n".join(c.source for c in cells[1:]), re.M)
        own = {"diffusion_utilities", *(p.stem for p in (ROOT / "notebooks").glob("*.py")), "checks", "plumbing"}
        assert next(name for name in imports if name in own) == "diffusion_utilities", source.stem
    assert having >= 6


def test_its_lines_fit_into_a_cell():
    assert max(map(len, setup_cell.CELL.splitlines())) <= 96


def test_any_kernel_of_the_environment_finds_the_course(course, tmp_path, bare):
    """What the Makefile does after installing: course.pth in the environment leads to the course from everywhere."""
    assert run(tmp_path, python=bare).returncode == 1
    (course / "notebooks" / "plumbing").mkdir()
    program = shutil.copy(setup_cell.__file__, course / "notebooks" / "plumbing")
    subprocess.run([bare, program], check=True)
    done = run(tmp_path, python=bare)
    assert Path(done.stdout.strip()).resolve() == (course / "diffusion_utilities.py").resolve(), done.stderr
    assert "$(BIN)/python notebooks/plumbing/setup_cell.py" in (ROOT / "Makefile").read_text(encoding="utf-8")
