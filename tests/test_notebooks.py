"""The form of the lessons. That they run is tested by nbval, which collects the notebooks beside these tests.

In most lessons the learner writes the course; lesson_form.py says how such a lesson is made. Those in OLD_FORM have
their exercises at the end, and tests of their own here until they are remade.
"""

import json
import re
import statistics
from pathlib import Path

import jupytext
import pytest
from jupytext.compare import compare_notebooks
from lesson_form import code_lines, complaints, number_of

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [
    "01_intuition", "02_sampling", "03_network", "04_training", "05_context_control", "06_ddim_speedup",
    "07_predict_the_image", "08_variational_bound", "08b_learned_variance", "09_scores_and_guidance",
    "10_real_data_and_the_library", "11_flow_matching_and_few_steps", "12_bug_museum", "13_prompts", "14_editing",
    "15_latents_and_transformers",
]  # fmt: skip
OLD_FORM = NAMES[10:13]
FOLLOWING = dict(zip(NAMES, [*NAMES[1:], None]))


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def file(request):
    return request.param


@pytest.fixture(params=[p for p in NOTEBOOKS if p.stem in OLD_FORM], ids=lambda p: p.stem)
def old_file(request):
    return request.param


@pytest.fixture
def old_notebook(old_file):
    return json.loads(old_file.read_text(encoding="utf-8"))


@pytest.fixture
def notebook(file):
    return json.loads(file.read_text(encoding="utf-8"))


def cells(notebook, kind):
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == kind and "".join(c["source"]).strip()]


def outputs(notebook):
    return [o for c in notebook["cells"] if c["cell_type"] == "code" for o in c["outputs"]]


def test_the_lessons_are_all_there():
    assert [p.stem for p in NOTEBOOKS] == NAMES
    assert sorted(p.stem for p in (ROOT / "notebooks" / "py").glob("*.py")) == [p.stem for p in NOTEBOOKS]


def test_a_lesson_is_in_the_old_form_or_has_turns_of_the_learner():
    assert [p.stem for p in NOTEBOOKS if "checks.keep(" not in p.read_text(encoding="utf-8")] == OLD_FORM


@pytest.mark.parametrize("file", [p for p in NOTEBOOKS if p.stem not in OLD_FORM], ids=lambda p: p.stem)
def test_the_form_of_a_lesson_that_the_learner_writes(file):
    assert complaints(json.loads(file.read_text(encoding="utf-8")), file.stem, FOLLOWING[file.stem]) == []


def test_source_and_notebook_agree(file):
    compare_notebooks(jupytext.read(file), jupytext.read(file.parent / "py" / f"{file.stem}.py"), "py:percent")


def test_executed_in_order_without_errors(notebook):
    code = [c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()]
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    assert not [o for o in outputs(notebook) if o["output_type"] == "error"]
    assert not [o for o in outputs(notebook) if o.get("name") == "stderr"]
    assert "widgets" not in notebook["metadata"]


def tagged(notebook, tag):
    return [c for c in notebook["cells"] if tag in c["metadata"].get("tags", [])]


def part(text, begin, end):
    return text[text.index(begin) : text.index(end)]


def test_size(file):
    assert file.stat().st_size < 2.5e6


def test_length(old_notebook):
    """The exercises are not counted (they are practice, in portions of their own), nor is the set-up cell."""
    practice = [c for tag in ("setup", "exercise", "solution") for c in tagged(old_notebook, tag)]
    lesson = {"cells": [c for c in old_notebook["cells"] if c not in practice]}
    lines = [len(code_lines(source)) for source in cells(lesson, "code")]
    assert 15 <= len(lines) <= 35
    assert statistics.median(lines) <= 8
    assert max(len(code_lines(source)) for source in cells(old_notebook, "code")) <= 25


def test_there_is_a_widget_that_leaves_a_picture(notebook):
    made = [c for c in notebook["cells"] if re.search(r"widgets\.(try_it|dashboard)\(", "".join(c["source"]))]
    assert made
    for cell in made:
        assert any("image/png" in o.get("data", {}) for o in cell["outputs"])
    kinds = {kind for o in outputs(notebook) for kind in o.get("data", {}) if "image/png" in o.get("data", {})}
    assert kinds == {"image/png", "text/plain"}  # no state of widgets, no script


def test_exercises(old_file, old_notebook):
    """Each has a difficulty and minutes, a stub that the check calls unfinished, and a folded solution that passes."""
    text = "\n".join(cells(old_notebook, "markdown"))
    section = part(text, "## Exercises", "## What you saw")
    titles = re.findall(r"^### Exercise (\d+)\.(\d): ", section, re.M)
    assert titles == [(number_of(old_file.stem), str(i + 1)) for i in range(len(titles))]
    assert 2 <= len(titles) <= 3
    assert len(re.findall(r"^\*Difficulty [123] of 3, \d+ minutes\.\*$", section, re.M)) == len(titles)
    stubs, solutions = tagged(old_notebook, "exercise"), tagged(old_notebook, "solution")
    assert len(stubs) == len(solutions) == len(titles)
    for stub, solution in zip(stubs, solutions):
        check = re.search(r"checks\.(check_\w+)\(my_\w+\)\s*$", "".join(stub["source"]))[1]
        assert f"checks.{check}(solution_" in "".join(solution["source"])
        assert "assert result.passed" in "".join(solution["source"])
        assert "return ..." in "".join(stub["source"])
        assert solution["metadata"]["jupyter"]["source_hidden"]
        assert "not yet" in "".join(stub["outputs"][-1]["data"]["text/html"])
        assert "right" in "".join(solution["outputs"][-1]["data"]["text/html"])


def test_skeleton(old_file, old_notebook):
    text = "\n".join(cells(old_notebook, "markdown"))
    parts = ["You will be able to", "## Try it", "## Exercises", "## What you saw", "## Quiz", "## Going further"]
    places = [text.index(p) for p in parts]
    assert places == sorted(places)
    quiz = part(text, "## Quiz", "## Going further")
    assert quiz.count("<details>") == quiz.count("</details>") == 4
    if FOLLOWING[old_file.stem]:
        assert f"({FOLLOWING[old_file.stem]}.ipynb)" in text


def test_links_lead_somewhere(file, notebook):
    for link in re.findall(r"\]\(([^)#]+)\)", "\n".join(cells(notebook, "markdown"))):
        if not link.startswith("http"):
            assert (file.parent / link).exists(), link


def test_every_picture_has_alternative_text(notebook):
    pictures = [o for o in outputs(notebook) if "image/png" in o.get("data", {})]
    assert pictures
    for output in pictures:
        assert output["metadata"].get("image/png", {}).get("alt"), "".join(output["data"].get("text/plain", ""))


def test_no_path_of_somebodys_machine(notebook):
    text = json.dumps([o for o in outputs(notebook)]) + "\n".join(cells(notebook, "code"))
    assert not re.search(r"/(home|root|Users|tmp|work)/", text)


def test_there_are_at_least_fifteen_exercises():
    notebooks = [json.loads(p.read_text(encoding="utf-8")) for p in NOTEBOOKS]
    assert sum(len(tagged(notebook, "exercise")) for notebook in notebooks) >= 15


def test_lessons_use_the_shared_module_and_nothing_is_pasted(notebook):
    practice = tagged(notebook, "exercise") + tagged(notebook, "solution")  # where lesson 3's learner writes a Unet
    code = "\n".join(cells({"cells": [c for c in notebook["cells"] if c not in practice]}, "code"))
    assert "import diffusion_utilities as du" in code
    assert "import *" not in code
    for shared in (
        "class ContextUnet",
        "class Unet(",
        "class ResidualConvBlock",
        "def noise_schedule",
        "def add_noise",
    ):
        assert shared not in code
