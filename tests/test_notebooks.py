"""The form of the lessons. That they run is tested by nbval, which collects the notebooks beside these tests.

In each the learner writes the course; lesson_form.py says how such a lesson is made.
"""

import json
import re
from pathlib import Path

import jupytext
import pytest
from jupytext.compare import compare_notebooks
from lesson_form import complaints

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [
    "01_intuition", "02_sampling", "03_network", "04_training", "05_context_control", "06_ddim_speedup",
    "07_predict_the_image", "08_variational_bound", "08b_learned_variance", "09_scores_and_guidance",
    "10_your_own_pictures", "10b_the_library", "11_flow_matching_and_few_steps", "12_bug_museum",
    "13_prompts", "14_editing", "15_latents_and_transformers",
]  # fmt: skip
FOLLOWING = dict(zip(NAMES, [*NAMES[1:], None]))


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def file(request):
    return request.param


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


def test_the_learner_writes_the_lesson(file, notebook):
    assert complaints(notebook, file.stem, FOLLOWING[file.stem]) == []


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


def test_size(file):
    assert file.stat().st_size < 2.5e6


def test_there_is_a_widget_that_leaves_a_picture(notebook):
    made = [c for c in notebook["cells"] if re.search(r"widgets\.(try_it|dashboard)\(", "".join(c["source"]))]
    assert made
    for cell in made:
        assert any("image/png" in o.get("data", {}) for o in cell["outputs"])
    kinds = {kind for o in outputs(notebook) for kind in o.get("data", {}) if "image/png" in o.get("data", {})}
    assert kinds == {"image/png", "text/plain"}  # no state of widgets, no script


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
