"""The form of the lessons. That they run is tested by nbval, which collects the notebooks beside these tests."""

import json
import re
import statistics
from pathlib import Path

import jupytext
import pytest
from jupytext.compare import compare_notebooks

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = ["01_intuition", "02_sampling", "03_network", "04_training", "05_context_control", "06_ddim_speedup"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def file(request):
    return request.param


@pytest.fixture
def notebook(file):
    return json.loads(file.read_text(encoding="utf-8"))


def cells(notebook, kind):
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == kind and "".join(c["source"]).strip()]


def code_lines(source):
    return [line for line in source.splitlines() if line.strip() and not line.strip().startswith("#")]


def outputs(notebook):
    return [o for c in notebook["cells"] if c["cell_type"] == "code" for o in c["outputs"]]


def test_the_lessons_are_all_there():
    assert [p.stem for p in NOTEBOOKS][: len(NAMES)] == NAMES
    assert sorted(p.stem for p in (ROOT / "notebooks" / "py").glob("*.py")) == [p.stem for p in NOTEBOOKS]


def test_source_and_notebook_agree(file):
    compare_notebooks(jupytext.read(file), jupytext.read(file.parent / "py" / f"{file.stem}.py"), "py:percent")


def test_executed_in_order_without_errors(notebook):
    code = [c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()]
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    assert not [o for o in outputs(notebook) if o["output_type"] == "error"]
    assert not [o for o in outputs(notebook) if o.get("name") == "stderr"]
    assert "widgets" not in notebook["metadata"]


def test_size_and_length(file, notebook):
    assert file.stat().st_size < 2.5e6
    lines = [len(code_lines(source)) for source in cells(notebook, "code")]
    assert 15 <= len(lines) <= 35
    assert statistics.median(lines) <= 8
    assert max(lines) <= 25
    words = sum(len(source.split()) for source in cells(notebook, "markdown"))
    assert 1000 <= words <= 2000


def test_skeleton(file, notebook):
    text = "\n".join(cells(notebook, "markdown"))
    for part in ("You will be able to", "## What you saw", "## Quiz", "## Going further"):
        assert part in text
    quiz = text[text.index("## Quiz") : text.index("## Going further")]
    assert quiz.count("<details>") == quiz.count("</details>") == 4
    number = int(file.stem[:2])
    if number < len(NOTEBOOKS):
        assert f"({NOTEBOOKS[number].name})" in text


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
    code = "\n".join(cells(notebook, "code"))
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
