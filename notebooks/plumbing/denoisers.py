"""What is asked of a denoiser and what it says of itself: contexts, schedules and whole numbers are checked here, and
wrapped networks looked through. Nothing is guessed.

`diffusion_utilities` re-exports all that is public here.
"""

import contextlib
import numbers

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from plumbing.images import need


def is_whole(n):
    """Is n a whole number, of Python or of NumPy? True and False are none."""
    return isinstance(n, numbers.Integral) and not isinstance(n, bool)


def check_schedule(ab_t):
    """Raises ValueError unless ab_t can be an alpha-bar: a tensor (T+1,) that starts at 1 and never rises."""
    fits = torch.is_tensor(ab_t) and ab_t.dim() == 1 and len(ab_t) > 1
    need(fits, "ab_t must be a tensor of T+1 entries: see noise_schedule")
    need(ab_t[0] == 1 and (ab_t[1:] <= ab_t[:-1]).all() and ab_t[-1] >= 0,
         f"ab_t must start at 1 and never rise, but goes from {ab_t[0]:.4g} to {ab_t[-1]:.4g}: is it alpha-bar, "
         "not the betas? See noise_schedule")  # fmt: skip


def as_context(c, x, n_cfeat=None):
    """A context as a tensor (B, n_cfeat) beside the images x (B, ...), on their device and in their precision.

    c: class numbers, integers (B,), which become one-hot; or rows (B, n_cfeat); or one number or one row (n_cfeat,)
    for all; as a tensor, an array or a list; None stays None. Where n_cfeat is not known, class numbers are refused,
    and rows of integers stay as they are: a network without n_cfeat may read them as tokens.
    """
    if c is None:
        return None
    if not torch.is_tensor(c):
        try:
            c = np.asarray(c)
        except ValueError:
            raise ValueError("the rows of a context must be equally long") from None
        text = "; a text becomes such a row by Words.encode" if c.dtype.kind in "US" else ""
        need(c.dtype.kind in "biuf", f"a context is made of class numbers, or of rows of numbers{text}")
        c = torch.as_tensor(c)
    n, whole = x.shape[0], not c.is_floating_point() and c.dtype != torch.bool
    if whole and c.dim() < 2:
        need(n_cfeat, "class numbers need a network that says how many classes there are (n_cfeat): give one-hot rows; "
             "tokens of a text are rows, too, (1, L) or (B, L)")  # fmt: skip
        need(c.numel() in (1, n), f"{c.numel()} class numbers for {n} images (a row of entries must be float)")
        need(((c >= 0) & (c < n_cfeat)).all(), f"class numbers must lie in 0..{n_cfeat - 1}, not {c.tolist()}")
        c = F.one_hot(c.long().reshape(-1), n_cfeat)
    c = c[None] if c.dim() == 1 else c
    need(c.dim() == 2, f"a context is class numbers (B,) or rows (B, n_cfeat), not {tuple(c.shape)}")
    need(c.shape[0] in (1, n), f"{c.shape[0]} rows of context for {n} images")
    if n_cfeat:
        fits = c.shape[1] == n_cfeat
        need(fits, f"the context has {c.shape[1]} entries a row, the network takes {n_cfeat} (class numbers: integers)")
        need(not whole or ((c == 0) | (c == 1)).all(), "rows of integers must hold 0 and 1 alone: others must be float")
    return c.to(x.device if whole and not n_cfeat else x).expand(n, -1)


def inside(denoiser):
    """A denoiser and what it holds, from the outside in: Guided, DataParallel, torch.compile, functools.partial."""
    while denoiser is not None:
        yield denoiser
        held = (getattr(denoiser, name, None) for name in ("module", "model", "_orig_mod", "func", "__wrapped__"))
        denoiser = next(filter(callable, held), None)


def told(denoiser, name):
    """What a denoiser, or else what it holds, says under this name; None if none of them says anything."""
    return next((getattr(d, name) for d in inside(denoiser) if getattr(d, name, None) is not None), None)


def predicts_of(denoiser):
    """What a denoiser answers, "eps", "x0" or "v": its own word, or that of what it holds. ValueError if none says."""
    predicts, name = told(denoiser, "predicts"), getattr(denoiser, "__name__", type(denoiser).__name__)
    says = predicts in ("eps", "x0", "v")
    need(says, f"{name} must say what it predicts, 'eps', 'x0' or 'v', not {predicts!r}: set predicts, or use Denoiser")
    return predicts


def network_in(denoiser):
    """The torch network inside a denoiser, however often it is wrapped; None if there is none."""
    return next((d for d in inside(denoiser) if isinstance(d, nn.Module)), None)


def weight_of(denoiser):
    """A weight of the network inside a denoiser, which tells its device and its precision; None if there is none."""
    network = network_in(denoiser)
    return None if network is None else next((p for p in network.parameters() if p.is_floating_point()), None)


class Denoiser:
    """A function (x, t, c) together with what it answers: Denoiser(lambda x, t, c: net(x, t), "v", net).

    network: the torch network that the function hides, if any: samplers put it into eval mode and work on its device.
    """

    def __init__(self, function, predicts, network=None):
        need(predicts in ("eps", "x0", "v"), f"a network predicts 'eps', 'x0' or 'v', not {predicts!r}")
        self.function, self.predicts, self.model = function, predicts, function if network is None else network

    def __call__(self, x, t, c=None):
        return self.function(x, t, c)


@contextlib.contextmanager
def evaluating(denoiser):
    """BatchNorm and dropout must not behave as in training while a picture is drawn."""
    network = network_in(denoiser)
    training = [part for part in network.modules() if part.training] if network is not None else []
    for part in training:
        part.training = False
    try:
        yield
    finally:
        for part in training:
            part.training = True
