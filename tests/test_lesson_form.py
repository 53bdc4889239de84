"""lesson_form.py finds each fault of form in a lesson that is otherwise well made."""

import base64
import copy
import io

import pytest
from lesson_form import complaints, number_of
from PIL import Image

from plumbing import setup_cell


def png(width=400):
    file = io.BytesIO()
    Image.new("RGB", (width, 4)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def markdown(*lines):
    return {"cell_type": "markdown", "metadata": {}, "source": "\n".join(lines)}


def code(source, *tags, hidden=False, **data):
    metadata = {"tags": list(tags), "jupyter": {"source_hidden": hidden}}
    outputs = [{"output_type": "display_data", "data": data}] if data else []
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": outputs}


def choice(name, number):
    answer = f"Not yet, because answer {number} goes on for a while."
    return f'<details name="{name}"><summary>Choice {number}</summary>\n\n{answer}\n\n</details>'


def turn(k):
    task = markdown(f"### Your turn 2.{k}: a step", "", f"*Difficulty 2 of 3, {k} minutes.*", "", "Write it.")
    stub = f"def step_{k}(x):\n    return ...  # your code here\n\n\nchecks.check_step(step_{k})"
    solution = f"def solution_step_{k}(x):\n    return x\n\n\nstep_{k} = checks.keep(step_{k}, solution_step_{k})"
    return [task, code(stub, "exercise", **{"text/html": "<b>step: not yet.</b>"}),
            code(solution, "solution", hidden=True,
                 **{"text/plain": f"From here on this lesson uses the course's step_{k}."})]  # fmt: skip


@pytest.fixture
def lesson():
    cells = [markdown("# 2. Sampling", "", "How do sprites come out of noise?"),
             code(setup_cell.CELL, "setup", hidden=True),
             code("import diffusion_utilities as du\nimport checks\ndu.show(x)", **{"image/png": png()}),
             markdown("**You will be able to**", "", "**You need** lesson 1. **Time:** about 45 minutes.", "",
                      r"## 1. Why not jump?", "", r"The code calls $\bar\alpha_t$ `ab_t[t]`.", "",
                      "**What do you expect?** One of these.", "", choice("expect-1", 1), choice("expect-1", 2)),
             markdown("**What do you expect?** And here?", "", *[choice("expect-2", i) for i in range(4)])]  # fmt: skip
    for k in range(1, 5):
        cells += turn(k)
    cells += [code(f"x = {i}\ny = ab_t[x]") for i in range(14)]
    cells += [markdown("## Try it", "", "## Open problem", "", "## What you saw"),
              markdown("## Quiz", "", *["<details><summary>Why?</summary>\n\nSo.\n\n</details>"] * 4),
              markdown("## Where you meet this outside", "", "## Going further", "",
                       "Next: [03_network](03_network.ipynb)")]  # fmt: skip
    return {"cells": cells}


def test_a_well_made_lesson_passes(lesson):
    assert complaints(lesson, "02_sampling", "03_network") == []


def replaced(old, new, count=1):
    """A change of the first cell that holds the old text."""

    def change(cells):
        cell = next(c for c in cells if old in c["source"])
        cell["source"] = cell["source"].replace(old, new, count)

    return change


def say(tag, text):
    """What the first cell with the tag shows."""

    def change(cells):
        next(c for c in cells if tag in c["metadata"].get("tags", []))["outputs"][0]["data"] = {"text/html": text}

    return change


def unfold(tag):
    def change(cells):
        next(c for c in cells if tag in c["metadata"].get("tags", []))["metadata"]["jupyter"] = {}

    return change


def lengthen(lines):
    def change(cells):
        cells[2]["source"] = "\n".join(["x = 1"] * lines)

    return change


FAULTS = {
    "title": (replaced("# 2. Sampling", "# Sampling"), "does not begin with a title"),
    "part": (replaced("## Open problem", "## Puzzle"), "'## Open problem' is missing"),
    "order": (replaced("## Try it\n\n## Open problem", "## Open problem\n\n## Try it"), "in the order"),
    "quiz": (replaced("<details><summary>Why?", "<summary>Why?"), "four questions"),
    "next": (replaced("Next: [03_network](03_network.ipynb)", "That was it."), "its last line"),
    "lesson 0": (replaced("lesson 1", "lesson 01"), "'lesson 02'"),
    "no formula": (replaced(r"$\bar\alpha_t$", "ab"), "LaTeX"),
    "one choice": (replaced(choice("expect-1", 2), ""), "1 well-formed choices of 1"),
    "choices": (replaced('name="expect-2"', 'name="expect-3"'), "do not exclude one another"),
    "answer": (replaced("Not yet, because answer 1 goes on for a while.", "No."), "does not say what happens"),
    "bare choice": (replaced("</summary>\n\nNot", "</summary>\nNot"), "1 well-formed choices of 2"),
    "shared name": (replaced("expect-2", "expect-1", 4), "share a name"),
    "no expectation": (lambda cells: [replaced("What do you expect?", "")(cells) for _ in range(2)], "nothing is"),
    "three turns": (lambda cells: cells.__delitem__(slice(14, 17)), "3 times it is your turn"),
    "turn's title": (replaced("### Your turn 2.1: a", "### A"), "above it stands no"),
    "difficulty": (replaced("*Difficulty 2 of 3, 1 minutes.*", "Hard."), "above it stands no"),
    "no keep": (replaced("step_1 = checks.keep(step_1, solution_step_1)", "step_1 = solution_step_1"), "no folded"),
    "unfolded solution": (unfold("solution"), "no folded solution"),
    "solution's name": (replaced("solution_step_1", "my_step_1", 9), "not solution_step_1"),
    "stub's name": (replaced("def step_1", "def step"), "does not define step_1"),
    "stub filled in": (replaced("return ...", "return x"), "does not define step_1 with"),
    "check": (replaced("checks.check_step(step_1)", "step_1(0)"), "does not end with its check"),
    "stub passes": (say("exercise", "<b>step: right.</b>"), "does not say 'not yet'"),
    "keeps the learner's": (say("solution", "uses your step_1."), "does not say that it uses the course's step_1"),
    "set-up": (unfold("setup"), "not the set-up cell"),
    "few cells": (lambda cells: cells.__delitem__(20), "14 code cells"),
    "long median": (lambda cells: [c.update(source="\n".join(["x = 1"] * 9)) for c in cells[17:30]], "median"),
    "long cell": (lambda cells: cells[20].update(source="\n".join(["x = 1"] * 26)), "26 lines"),
    "wide": (replaced("x = 1\n", f"x = {'1' * 93}\n"), "97 columns"),
    "chart": (replaced("x = 2\n", "import matplotlib.pyplot as plt\n"), "builds a chart"),
    "noqa": (replaced("x = 2\n", "x = 2  # noqa\n"), "not for a linter"),
    "wide picture": (lambda cells: cells[2]["outputs"][0]["data"].update({"image/png": png(1200)}), "1200 pixels"),
    "late picture": (lengthen(11), "after 11 visible lines"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(lesson, fault):
    change, sentence = FAULTS[fault]
    before = copy.deepcopy(lesson)
    change(lesson["cells"])
    assert lesson != before
    found = complaints(lesson, "02_sampling", "03_network")
    assert any(sentence in line for line in found), found


def test_the_second_half_of_a_lesson_has_its_number_and_a_letter():
    names = "01_intuition", "08b_learned_variance", "10b_the_library"
    assert [number_of(name) for name in names] == ["1", "8b", "10b"]
