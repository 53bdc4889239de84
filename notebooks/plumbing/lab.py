"""Open your own copies of the lessons in JupyterLab: python notebooks/plumbing/lab.py   (make lab does it)

With --copies-only it makes or renews the copies and stops; any other argument goes to JupyterLab. Its file browser
shows the folder of copies. Nothing is written outside the repository: the layout of your tabs is kept beside the
copies, and the course's settings (no question about news) come from notebooks/plumbing/jupyter, below your own.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "notebooks"))
from plumbing import my_lessons  # noqa: E402

FIRST = "01_intuition.ipynb"


def environment(folder):
    """What JupyterLab must find in its environment."""
    course = str(ROOT / "notebooks" / "plumbing" / "jupyter")
    elsewhere = os.environ.get("JUPYTER_CONFIG_PATH")
    return {
        "JUPYTER_CONFIG_PATH": os.pathsep.join([course, elsewhere] if elsewhere else [course]),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".workspaces"),
    }


def main(arguments):
    for sentence in my_lessons.hand_out():
        print(sentence)
    if "--copies-only" in arguments:
        return
    os.environ.update(environment(my_lessons.FOLDER))
    from jupyterlab.labapp import LabApp  # it reads the environment when it is imported

    root, first = f"--ServerApp.root_dir={my_lessons.FOLDER}", f"--LabApp.default_url=/lab/tree/{FIRST}"
    LabApp.launch_instance([root, first, *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
