"""Your own copies of the lessons, without outputs, in my_lessons/, which git ignores; lab.py calls it.

The lessons in notebooks/ are executed, to be read; in a copy a prediction is still a prediction, and what you write is
yours. Called again, it brings what has changed in the course, and never writes over what you have written:

- a lesson that you have no copy of (any more) is copied;
- a copy whose cells still say what was handed out is renewed when the lesson has changed. What it had computed goes, as
  it belongs to the older text; as long as the lesson stays as it is, the copy is left alone with all it has computed;
- a copy that you have edited stays. The newer lesson is laid beside it under a name of its own, and a sentence says so.

A copy's metadata hold a hash of the cells' texts as they were handed out, so it may be renamed or carried elsewhere.
"""

import hashlib
import json
import os
import re
from itertools import chain, count
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "my_lessons"


def fingerprint(notebook):
    """A hash of what stands in the cells. Outputs, counts, metadata and empty cells do not change it."""
    cells = [[c.cell_type, c.source] for c in notebook.cells if c.source.strip()]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def read(file):
    """(fingerprint, fingerprint when it was handed out) of a copy; they differ, too, if it is no notebook of ours."""
    try:
        notebook = nbformat.read(file, 4)
        return fingerprint(notebook), notebook.metadata.get("handed_out")
    except (ValueError, AttributeError, nbformat.ValidationError):  # the learner's, whatever it is
        return None, "not ours"


def fresh(lesson):
    """A lesson's file as a notebook without outputs; links that leave the folder of the lessons become plain text."""
    notebook = nbformat.read(lesson, 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.source = re.sub(r"(?<!!)\[([^\]]*)\]\(\.\./([^)]*)\)", r"\1 (`\2`)", cell.source)
    notebook.metadata["handed_out"] = fingerprint(notebook)
    return notebook


def hand_out(lessons=ROOT / "notebooks", folder=FOLDER):
    """Bring the folder of copies up to date; returns the sentences to tell, one for each copy that stays behind."""
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for lesson in sorted(lessons.glob("[0-9][0-9]*_*.ipynb")):
        notebook = fresh(lesson)
        new = notebook.metadata["handed_out"]
        for name in chain(["", "_newer"], (f"_newer_{i}" for i in count(2))):
            file = folder / f"{lesson.stem}{name}.ipynb"
            now, given = read(file) if file.exists() else ("", "")
            if new not in (now, given) and now != given:
                continue  # the learner's own, made from an older lesson
            if new not in (now, given):
                beside = file.with_suffix(".part")
                nbformat.write(notebook, beside)
                os.replace(beside, file)
            break
        if name:
            told.append(f"{lesson.name} holds your own work and stays as it is; "
                        f"the course's newer one lies beside it: {folder.name}/{file.name}")  # fmt: skip
    return told
