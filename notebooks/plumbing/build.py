"""Build lessons from their sources: python notebooks/plumbing/build.py notebooks/py/01_intuition.py ...

Each is executed from top to bottom and saved with its outputs. Where a live notebook shows a widget or a player, the
saved one keeps the picture or film (an animated PNG) inside: it shows everywhere, also where no script may run.
"""

import os
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

LIVE = ("application/vnd.jupyter.widget-view+json", "text/html")


def tidy(notebook):
    """Drop what only lives in a running notebook from each output that has a picture; returns the notebook."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for kind in LIVE if "image/png" in data else ():
                data.pop(kind, None)
    return notebook


def build(source):
    """notebooks/py/NAME.py to notebooks/NAME.ipynb, executed; an error in a cell raises, and the old file stays."""
    notebook = jupytext.read(source)
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"  # the same source gives the same file
    file = source.parent.parent / f"{source.stem}.ipynb"
    NotebookClient(notebook, timeout=900, record_timing=False, store_widget_state=False,
                   resources={"metadata": {"path": str(file.parent)}}).execute()  # fmt: skip
    beside = file.with_suffix(".part")
    nbformat.write(tidy(notebook), beside)
    os.replace(beside, file)
    print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        build(Path(name).resolve())
