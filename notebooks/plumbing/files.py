"""Weights in files: written whole or not at all, and read as nothing but tensors and numbers."""

import os
import tempfile
from pathlib import Path

import torch


def save_file(state, file):
    """torch.save that never leaves half a file: written beside it, then renamed."""
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=file.parent, prefix=file.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            torch.save(state, stream)
        os.chmod(beside, 0o644)
        os.replace(beside, file)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def load_file(file):
    """torch.load of plain tensors and numbers on the CPU; a missing, truncated or foreign file raises one sentence."""
    if not Path(file).is_file():
        raise FileNotFoundError(f"there is no file {file}")
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(
            f"{file} is not a readable weights file (truncated or foreign): {type(error).__name__}"
        ) from None
