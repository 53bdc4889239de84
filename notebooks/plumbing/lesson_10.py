"""What lesson 10 needs beside its cells: a folder of pictures as people have them, and pictures of what is in one."""

import os
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import diffusion_utilities as du
from plumbing import own_pictures
from plumbing.picture import Picture

INK = (38, 30, 48, 255)


def invader(rng, height=12):
    """A creature of pixels, the same on both sides, in two colours with a dark outline: RGBA (height + 4, 16, 4)."""
    column, row = np.meshgrid(np.arange(6), np.arange(height))
    half = rng.random((height, 6)) < 0.25 + 0.11 * column - 0.25 * (abs(row - height / 2 + 0.5) > height / 2 - 2)
    half[height // 3 : height // 3 + 4, 3:] = True  # a head, for the eyes
    body = np.pad(np.concatenate([half, half[:, ::-1]], 1), 2)
    near = [np.roll(body, step, axis) for axis in (0, 1) for step in (1, -1)]
    colours = (128 + 120 * np.cos(2 * np.pi * (rng.random() + np.array([[0, 1, 2], [0.4, 1.4, 2.4]]) / 3))).astype(int)
    stripes = np.pad(np.repeat(rng.random((height, 1)) < 0.4, 6, 1), ((0, 0), (0, 0)))
    stripes = np.pad(np.concatenate([stripes, stripes[:, ::-1]], 1), 2).astype(int)
    pixels = np.zeros((height + 4, 16, 4), np.uint8)
    pixels[np.any(near, 0) & ~body] = INK
    pixels[body] = np.concatenate([colours, [[255], [255]]], 1)[stripes[body]]
    eyes = height // 3 + 3
    pixels[eyes, [5, 10]] = pixels[eyes + 1, [5, 10]] = (255, 255, 255, 255)
    pixels[eyes + 1, [6, 9]] = INK
    return pixels


def _write(file, image, **how):
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file, **how)


def _invaders(folder, rng, n=48):
    """Each as a PNG without a background; most of them exported again, as a game's assets are."""
    for k in range(n):
        image = Image.fromarray(invader(rng, 20 if k % 8 == 7 else 12))
        _write(folder / f"invader {k:02}.png", image)
        if k % 2 == 0:  # on magenta, as before files knew transparency
            flat = Image.alpha_composite(Image.new("RGBA", image.size, own_pictures.MAGENTA), image).convert("RGB")
            _write(folder / f"invader {k:02}.bmp", flat)
        if k % 3 == 0:  # as the left half of a walk
            frames = [Image.alpha_composite(Image.new("RGBA", image.size, "white"), i).convert("RGB").quantize(32)
                      for i in (image, image.rotate(180))]  # fmt: skip
            _write(folder / f"invader {k:02}.gif", frames[0], save_all=True, append_images=frames[1:])


def _digits(folder, n=120):
    """Handwritten digits of 43 people (scikit-learn), grey, in 8 and in 16 bits."""
    from sklearn.datasets import load_digits

    for k, digit in enumerate(load_digits().images[:n]):
        ink = 1 - digit / 16
        if k % 10 == 0:
            _write(folder / f"scan_{k:03}.png", Image.fromarray((65535 * ink).astype(np.uint16)))
        else:
            _write(folder / f"scan_{k:03}.{('png', 'bmp', 'gif')[k % 3]}", Image.fromarray((255 * ink).astype(np.uint8)))


def _photos(folder, wide=80, high=64):
    """Two photographs (scikit-learn) in pieces that do not overlap; every other one was saved once more, smaller."""
    from sklearn.datasets import load_sample_images

    turned, k = Image.Exif(), 0
    turned[0x0112] = 6  # "turn me by a quarter", as a telephone writes it
    for name, photo in zip(("temple", "dahlia"), load_sample_images().images):
        whole = Image.fromarray(photo)
        _write(folder / f"{name}.jpg", whole, quality=90)
        for top in range(0, whole.height - high + 1, high):
            for left in range(0, whole.width - wide + 1, wide):
                piece, k = whole.crop((left, top, left + wide, top + high)), k + 1
                if k % 6 == 0:
                    _write(folder / f"IMG_{k:04}.jpg", piece.rotate(90, expand=True), exif=turned, quality=92)
                elif k % 17 == 0:
                    _write(folder / f"IMG_{k:04}.jpg", piece.convert("CMYK"), quality=92)
                else:
                    _write(folder / f"IMG_{k:04}.jpg", piece, quality=92)
                if k % 2:
                    _write(folder / f"IMG_{k:04} (1).webp", piece.resize((wide // 2, high // 2)), quality=80)


def mixed_folder(folder="saved/my_pictures"):
    """The path of a folder of pictures as people have them. It is made if it is not there, whole or not at all."""
    folder = Path(folder)
    if folder.exists():
        return folder
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    _invaders(part / "invaders", np.random.default_rng(0))
    _digits(part / "digits")
    _photos(part / "photos")
    _write(part / "photos" / "panorama.png", Image.new("RGB", (640, 24), "skyblue"))
    (part / "photos" / "IMG_0100.jpg").write_bytes(b"\xff\xd8\xff\xe0 the card was full")
    (part / "photos" / "Thumbs.db").write_bytes(b"of another system")
    (part / "invaders" / "ideas.txt").write_text("more eyes?\n")
    (part / "invaders" / ".DS_Store").write_bytes(b"of a system")
    (part / "later").mkdir()
    os.replace(part, folder)
    return folder
