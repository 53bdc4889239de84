"""Every lesson runs with its stubs as they stand (nbval does that) and with every stub filled in by the right answer;
then every check says right, the lesson goes on with the learner's code, and draws the same pictures."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from conftest import group
from filled_in import ROOT, answer, as_it_stands, code_cells, complaints, fill_in, kept, run, tagged, with_answer

from plumbing import setup_cell

WITH_STUBS = [p.stem for p in sorted((ROOT / "notebooks").glob("*.ipynb")) if "checks.keep(" in p.read_text("utf-8")]


@pytest.mark.parametrize("name", WITH_STUBS)
def test_a_lesson_draws_the_same_with_every_stub_filled_in(name):
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    stubs = [c for c in code_cells(notebook) if tagged(c, "exercise")]
    assert len(kept(notebook)) >= len(stubs) >= 4
    filled = fill_in(notebook)
    assert all(a.source != b.source for a, b in zip(code_cells(notebook), code_cells(filled)) if tagged(a, "exercise"))
    # what depends on the seconds of a training is tagged `timed`, so this training may be shorter still
    assert complaints(notebook, as_it_stands(name, notebook), run(filled, SECONDS=5)) == []


# A lesson in small: three stubs, one of them a class, and a picture drawn by all three.
CELLS = [
    ("setup", setup_cell.CELL),
    ("", "import diffusion_utilities as du\nimport checks\nimport torch\nfrom checks import core"),
    ("", '''
@core.remembers
def check(name, function, truth):
    return core.compare(name, function, truth, [(torch.ones(2),)], [], ["Read it again."])


check_twice = core.remembers(lambda f: check("twice", f, lambda x: 2 * x))
check_less = core.remembers(lambda f: check("less", f, lambda x: x - 0.5))
check_Half = core.remembers(lambda kind: check("half", lambda x: kind()(x), lambda x: x / 2))
image = torch.linspace(-1, 1, 256).reshape(1, 1, 16, 16).expand(1, 3, 16, 16)'''),
    ("exercise", '# one line\ndef twice(x):\n    """2 x"""\n    return ...  # your code here\n\n\ncheck_twice(twice)'),
    ("solution", "def solution_twice(x):\n    return x + x\n\n\ntwice = checks.keep(twice, solution_twice)"),
    ("", "du.show(twice(image))"),
    ("exercise", "def less(x):\n    return ...\n\n\ncheck_less(less)"),
    ("solution", "def solution_less(x):\n    return x - 0.5\n\n\nless = checks.keep(less, solution_less)"),
    ("exercise", "class Half(torch.nn.Module):\n    def forward(self, x):\n        return ...\n\n\ncheck_Half(Half)"),
    ("solution", '''
class SolutionHalf(torch.nn.Module):
    def __init__(self):
        super(SolutionHalf, self).__init__()

    def forward(self, x):
        return x / 2


Half = checks.keep(Half, SolutionHalf)'''),
    ("", "du.show(less(Half()(twice(image))))"),
    ("timed", "import time\ndu.show(image * (time.perf_counter() % 1))"),
]  # fmt: skip


@pytest.fixture(scope="module")
def small():
    new = nbformat.v4.new_code_cell
    cells = [new(source.strip(), metadata={"tags": [tag] if tag else []}) for tag, source in CELLS]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def before(small):
    return run(small)


def said(every):
    """yours, course's or nothing, for each cell."""
    words = {"lesson uses your ": "yours", "lesson uses the course's ": "course's"}
    return [next((word for part, word in words.items() if part in cell.text), "") for cell in every]


def test_filled_in_every_check_passes_and_every_picture_is_the_same(small, before):
    assert kept(small) == [("twice", "solution_twice"), ("less", "solution_less"), ("Half", "SolutionHalf")]
    after = run(fill_in(small))
    assert complaints(small, before, after) == []
    assert [word for word in said(before) if word] == ["course's"] * 3
    assert [word for word in said(after) if word] == ["yours"] * 3
    assert [len(cell.pictures) for cell in after] == [0] * 5 + [1] + [0] * 4 + [1, 1]
    assert before[-1].pictures != after[-1].pictures  # the one tagged `timed`
    assert len(complaints(small, before, [*after[:5], after[10], *after[6:]])) == 1  # another picture in cell 5


def test_one_right_one_wrong_one_empty(small, before):
    """A wrong answer falls back to the course's own and says so; the pictures below stay as they were."""
    own = {"twice": "def twice(x):\n    return 2.0 * x", "less": "def less(x):\n    return x", "Half": None}
    after = run(fill_in(small, own))
    assert [word for word in said(after) if word] == ["yours", "course's", "course's"]
    assert [len(cell.pictures) for cell in after] == [len(cell.pictures) for cell in before]
    assert [a.pictures for a in after[:-1]] == [b.pictures for b in before[:-1]]
    wrong = complaints(small, before, after)
    assert len(wrong) == 4 and all("check does not say right" in w or "learner's" in w for w in wrong)
    assert "replace the dots" in after[8].text and "number 0 of your answer is 1, expected 0.5" in after[6].text


def test_it_is_the_learners_code_that_draws(small, before):
    """Twice is checked with ones only: an answer that differs elsewhere passes, and draws another picture."""
    after = run(fill_in(small, {"twice": "def twice(x):\n    return 2 * x**3"}))
    wrong = complaints(small, before, after)
    assert len(wrong) == 2 and all("pictures are others" in w for w in wrong)


def test_a_lesson_and_its_filled_in_run_go_to_one_worker():
    filled = "tests/test_filled_in.py::test_a_lesson_draws_the_same_with_every_stub_filled_in[04_training]"
    assert group("notebooks/04_training.ipynb::Cell 3") == group(filled) == "04_training"
    assert group("tests/test_filled_in.py::test_other") == "test_filled_in"
    assert group("tests/test_checks.py::test_right[04_training]") == "test_checks"


def test_smaller_values_take_the_place_of_the_lessons():
    new = nbformat.v4.new_code_cell
    lesson = nbformat.v4.new_notebook(cells=[new("SECONDS = 60"), new("EPOCHS = 30"), new("print(SECONDS, EPOCHS)")])
    assert run(lesson, SECONDS=5)[-1].text.strip() == "5 1"


def test_an_error_in_a_filled_in_lesson_is_raised(small):
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]))


def test_a_stub_gets_the_solutions_code_under_its_own_name():
    stub = '"""Above."""\n\n@torch.no_grad()\ndef step(x):\n    return ...  # yours\n\n\nchecks.check_step(step)\n1 + 1'
    solution = "from math import sqrt\n\n\ndef solution_step(x):\n    return sqrt(x)\n\n\n"
    solution += "step = checks.keep(step, solution_step)"
    code = answer("step", "solution_step", solution)
    assert code == "from math import sqrt\n\n\ndef step(x):\n    return sqrt(x)"
    assert with_answer(stub, "step", code) == f'"""Above."""\n\n{code}\n\n\nchecks.check_step(step)\n1 + 1'
    with pytest.raises(ValueError, match="does not define it"):
        with_answer("def other(): ...", "step", code)


def test_what_nbval_has_run_is_not_run_again(small, before, tmp_path):
    """One worker gets a lesson's notebook and then the test that fills it in; this finds what nbval's run has shown."""
    nbformat.write(small, tmp_path / "99_small.ipynb")
    (tmp_path / "pytest.ini").write_text("[pytest]")
    (tmp_path / "test_filled_in.py").write_text("""
import pytest, filled_in
@pytest.mark.parametrize("name", ["99_small"])
def test(name):
    assert [len(filled_in.seen[name][i].pictures) for i in range(12)] == [0] * 5 + [1] + [0] * 4 + [1, 1]
    for cell in filled_in.as_it_stands(name, filled_in.nbformat.read("99_small.ipynb", 4)):
        print(f"<{','.join(cell.pictures)}>")
""")
    options = "-p conftest --nbval-lax --nbval-current-env -n 2 --dist loadfile -rP".split()
    command = [sys.executable, "-m", "pytest", *options, "test_filled_in.py", "99_small.ipynb"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT)])}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "13 passed" in done.stdout, done.stdout + done.stderr
    found = re.findall("^<(.*)>$", done.stdout, re.M)
    assert found[:-1] == [",".join(cell.pictures) for cell in before[:-1]]
