"""Pictures and tensors: pixels to images and back, and arrays read from .npy files.

`diffusion_utilities` re-exports all that is public here.
"""

import warnings
from typing import NamedTuple

import numpy as np
import torch


def need(condition, message):
    if not condition:
        raise ValueError(message)


class Sprites(NamedTuple):
    """Images x (N, C, H, W) float32 in [-1, 1], one-hot labels c (N, K) float32 and the names of the K classes."""

    x: torch.Tensor
    c: torch.Tensor
    classes: tuple


def to_images(pixels):
    """uint8 pixels (N, H, W, C) to float32 images (N, C, H, W) in [-1, 1]."""
    pixels = np.asarray(pixels)
    need(pixels.dtype == np.uint8, f"pixels must be uint8 in 0..255, but they are {pixels.dtype}")
    need(pixels.ndim == 4 and pixels.shape[3] in (1, 3), f"pixels must be (N, H, W, 1 or 3), not {pixels.shape}")
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))).float().div_(127.5).sub_(1)


def to_pixels(x):
    """Images (..., C, H, W) in [-1, 1] to uint8 (..., H, W, C): (x + 1)/2, clamped, the same for every image."""
    x = torch.as_tensor(x).detach()
    need(x.is_floating_point(), f"images are float in [-1, 1], not {x.dtype}: see to_images")
    x = x.float().cpu()
    need(torch.isfinite(x).all(), "the images hold NaN or infinite values")
    return x.add(1).mul(127.5).round().clamp(0, 255).byte().movedim(-3, -1).numpy()


def check_images(x, beyond=False):
    """Raises ValueError in one sentence unless x is a float tensor (N, C, H, W) of finite values in [-1, 1].

    beyond: values outside are let through, as drawn images have them. Warns if all lie in 0..1.
    """
    need(torch.is_tensor(x) and x.dim() == 4 and x.numel(), "images must be a tensor (N, C, H, W), N at least 1")
    need(x.is_floating_point(), f"images must be float in [-1, 1], not {x.dtype}: see to_images")
    need(torch.isfinite(x).all(), "the images hold NaN or infinite values")
    low, high = x.aminmax()
    need(beyond or (low >= -1.001 and high <= 1.001),
         f"images must lie in [-1, 1], but reach from {low:.3g} to {high:.3g}: see to_images")  # fmt: skip
    if 0 <= low < high <= 1:
        warnings.warn("all the images lie in 0..1, where [-1, 1] is meant: use 2 * x - 1", stacklevel=3)


def read_npy(file):
    try:
        array = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {file}") from None
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"{file} is not a plain .npy array (pickled, truncated or something else): {error}") from None
    need(isinstance(array, np.ndarray) and array.ndim, f"{file} is not a plain .npy array, but holds something else")
    return array
