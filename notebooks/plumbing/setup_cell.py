"""The set-up cell that every lesson has, tagged `setup` and folded: it finds the course from wherever it is opened.

It looks in the working folder and in every folder above it (JupyterLab's is the notebook's own, VS Code's may be the
repository's root). Elsewhere the module may be on the path already: run as a program, as the Makefile does, this file
puts course.pth into the environment, so that every kernel of that environment finds the course.
Where it is not, one sentence says what to do. A lesson imports `diffusion_utilities` next, and that puts the folder of
`checks`, `charts`, `explore` and `widgets` on the path.
"""

import sysconfig
from pathlib import Path

CELL = """\
import sys
from importlib.util import find_spec
from pathlib import Path

sys.path[:0] = [str(f) for f in (Path.cwd(), *Path.cwd().parents)
                if (f / "diffusion_utilities.py").is_file()]
assert find_spec("diffusion_utilities"), (
    "Open this notebook inside the course's folder, or %cd there first.")"""

# as it stands in a lesson's source
SOURCE = f'# %% tags=["setup"] jupyter={{"source_hidden": true}}\n{CELL}\n'

if __name__ == "__main__":
    course = Path(__file__).resolve().parents[2]
    Path(sysconfig.get_path("purelib"), "course.pth").write_text(f"{course}\n")
