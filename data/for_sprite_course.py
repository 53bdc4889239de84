"""Lay out a folder in which the published notebooks of the sprite course run unchanged.

    python data/for_sprite_course.py FOLDER      then put its notebooks into FOLDER and open them there

The folder gets our module, our sprites and our weights under the names that those notebooks use.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = [
    ("diffusion_utilities.py", "diffusion_utilities.py"),
    ("data/sprites_16x16.npy", "sprites_1788_16x16.npy"),
    ("data/sprite_labels_16x16.npy", "sprite_labels_nc_1788_16x16.npy"),
]
for kind in ("model", "context_model"):
    FILES += [(f"weights/{kind}_{epoch}.pth", f"weights/{kind}_{epoch}.pth") for epoch in (0, 4, 8, 31)]
    FILES.append((f"weights/{kind}_31.pth", f"weights/{kind}_trained.pth"))


def lay_out(folder):
    """Copy the files into `folder`, made if it is not there."""
    folder = Path(folder)
    (folder / "weights").mkdir(parents=True, exist_ok=True)
    for source, name in FILES:
        shutil.copyfile(ROOT / source, folder / name)
    shutil.copytree(ROOT / "notebooks/plumbing", folder / "notebooks/plumbing", dirs_exist_ok=True)
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(f"{lay_out(sys.argv[1])} is ready")
