"""Lessons with their stubs filled in: fill_in() makes such a notebook, run() executes one and keeps what it showed.

A stub is a cell tagged `exercise`; the folded cell below it, tagged `solution`, defines solution_NAME (a class:
SolutionNAME) and ends in NAME = checks.keep(NAME, solution_NAME). So the right answer to a stub is the solution's code
under the stub's name. A picture that depends on how fast the machine is stands below a cell tagged `timed`.
"""

import ast
import json
import os
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).resolve().parent.parent
KEEP = re.compile(r"^(\w+) = checks\.keep\(\1, (\w+)\)$", re.M)
seen = {}  # lesson: {number of the code cell: what nbval's run of it showed}, noted by conftest.py


class Shown(NamedTuple):
    """What a code cell showed: its pictures (base64) and all its texts (plain, HTML, Markdown, printed)."""

    pictures: list
    text: str


def tagged(cell, tag):
    return tag in cell.metadata.get("tags", [])


def code_cells(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def kept(notebook):
    """The names that the notebook's solutions hand to `keep`, each with its solution's name, in order."""
    return [pair for c in code_cells(notebook) if tagged(c, "solution") for pair in KEEP.findall(c.source)]


def answer(name, solution, source):
    """The solution's code under the stub's name."""
    return re.sub(rf"\b{solution}\b", name, KEEP.sub("", source)).strip()


def with_answer(stub, name, code):
    """The stub's source with this code in the place of the definition of that name; its other lines stay."""
    lines = stub.splitlines()
    for node in ast.parse(stub).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            begin = min(n.lineno for n in (node, *node.decorator_list))
            return "\n".join([*lines[: begin - 1], code, *lines[node.end_lineno :]])
    raise ValueError(f"the exercise above the solution of {name} does not define it")


def fill_in(notebook, own=None):
    """A copy of the notebook whose stubs hold the right answers, or where `own` has NAME: code, that code.

    A stub with code None stays as it stands.
    """
    notebook = nbformat.from_dict(notebook)
    stub = None
    for cell in code_cells(notebook):
        if tagged(cell, "exercise"):
            stub = cell
        elif tagged(cell, "solution"):
            for name, solution in KEEP.findall(cell.source):
                code = (own or {}).get(name, answer(name, solution, cell.source))
                if code is not None:
                    stub.source = with_answer(stub.source, name, code)
    return notebook


def shown(outputs):
    """Shown, from the messages or outputs of one cell (dicts with "data" or "text")."""
    data = [o["data"] for o in outputs if "data" in o]
    texts = [o["text"] for o in outputs if "text" in o]
    texts += ["".join(d.get(kind, "")) for d in data for kind in ("text/html", "text/markdown", "text/plain")]
    return Shown([d["image/png"] for d in data if "image/png" in d], "\n".join(texts))


def run(notebook, **smaller):
    """Execute the notebook in a kernel of its own; returns Shown for each code cell. An error in a cell is raised.

    `smaller` values such as SECONDS=5 come on top of those that the notebooks of the tests run with (conftest.py).
    """
    values = json.loads(os.environ.get("COURSE_TEST_VALUES", "{}")) | smaller
    environment = os.environ | {"COURSE_TEST_VALUES": json.dumps(values)}
    manager, client = start_new_kernel(cwd=str(ROOT / "notebooks"), env=environment)
    every = []
    try:
        for cell in code_cells(notebook):
            messages = []
            reply = client.execute_interactive(cell.source, output_hook=messages.append, timeout=900, allow_stdin=False)
            if reply["content"]["status"] != "ok":
                raise RuntimeError(f"{cell.source}\n\n" + "\n".join(reply["content"]["traceback"]))
            every.append(shown([m["content"] for m in messages if m["msg_type"] in KINDS]))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return every


KINDS = ("display_data", "execute_result", "stream")  # not updates of a display: nbval does not keep them, either


def as_it_stands(name, notebook):
    """What the lesson's cells showed when nbval ran it; if it did not in this process, it is run now."""
    noted = seen.pop(name, {})
    cells = len(code_cells(notebook))
    return [noted[i] for i in range(cells)] if len(noted) == cells else run(notebook)


def complaints(notebook, before, after):
    """What is wrong with a lesson that showed `before` as it stands and `after` filled in: sentences, none if all is
    right. Every check passes, every keep takes the learner's, and every picture is as it was."""
    wrong = []
    for cell, old, new in zip(code_cells(notebook), before, after, strict=True):
        where = f"{cell.id}, {cell.source.splitlines()[0] if cell.source else ''!r}"
        if tagged(cell, "exercise") and ("not yet.</b>" in new.text or "right.</b>" not in new.text):
            wrong.append(f"{where}: the check does not say right: {new.text}")
        if tagged(cell, "solution"):
            for name, _ in KEEP.findall(cell.source):
                if f"From here on this lesson uses your {name}." not in new.text:
                    wrong.append(f"{where}: not the learner's {name} is kept: {new.text}")
                if f"From here on this lesson uses the course's {name}." not in old.text:
                    wrong.append(f"{where}: with the stub as it stands not the course's {name} is kept: {old.text}")
        if not tagged(cell, "timed") and old.pictures != new.pictures:
            wrong.append(f"{where}: its pictures are others when the stubs are filled in")
    return wrong
