"""The README's pictures, taken from the executed lessons: python notebooks/plumbing/make_pictures.py

The first picture of each lesson (a film's last frame, unless MOMENTS names another), lesson 2's film, and some sprites.
"""

import base64
import io
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

NOTEBOOKS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(NOTEBOOKS.parent))
import diffusion_utilities as du  # noqa: E402

MOMENTS = {"03_network": 0.375, "09_scores_and_guidance": 0.7}  # films that do not end at their best: the share gone by


def first_picture(notebook):
    """The bytes of the first PNG among a notebook's outputs."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                return base64.b64decode(output["data"]["image/png"])
    raise ValueError(f"{notebook.name} holds no picture: execute it first")


def main():
    folder = NOTEBOOKS / "pictures"
    folder.mkdir(exist_ok=True)
    for notebook in sorted(NOTEBOOKS.glob("*.ipynb")):
        data = first_picture(notebook)
        image = Image.open(io.BytesIO(data))
        if notebook.stem == "02_sampling":
            (folder / "film.png").write_bytes(data)
        image.seek(round(MOMENTS.get(notebook.stem, 1) * (getattr(image, "n_frames", 1) - 1)))
        image = image.convert("RGB")
        image.thumbnail((320, 240), Image.Resampling.LANCZOS)
        image.quantize(128).save(folder / f"{notebook.stem}.png", optimize=True)
    sprites = du.load_sprites("held_out")
    rows = np.concatenate([np.flatnonzero(sprites.c[:, k].numpy())[:16] for k in range(5)])
    du.show(sprites.x[rows], columns=16, scale=3).save(folder / "sprites.png")


if __name__ == "__main__":
    main()
