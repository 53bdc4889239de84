"""The checks of lesson 3: network."""

import functools

import torch

import diffusion_utilities as du
from checks.core import Mistake, Probe, compare, same

STAGES = ("init_conv", "down1", "down2", "to_vec", "up0", "up1", "up2", "out")


@functools.lru_cache
def _shapes(n_feat, height):
    """(C, H, W) of what each stage of a ContextUnet puts out, measured."""
    shapes = {}
    with torch.no_grad():
        net = du.ContextUnet(3, n_feat, 5, height).eval()
        for name in STAGES:
            net.get_submodule(name).register_forward_hook(
                lambda part, args, out, name=name: shapes.update({name: tuple(out.shape[1:])})
            )
        net(torch.zeros(1, 3, height, height), 0.5)
    return [shapes[name] for name in STAGES]


def check_shapes(function):
    """Exercise 3.1: function(n_feat, height) is the list of (C, H, W) after each stage of a ContextUnet."""

    def stage(answer, name):
        """What a list says about a stage, as a tuple; None if it says nothing readable."""
        try:
            return tuple(answer[STAGES.index(name)])
        except (TypeError, IndexError):
            return None

    try:
        answer = function(64, 16)
    except Exception:  # `_check` says what is wrong with it
        answer = None
    first = next((name for name, shape in zip(STAGES, _shapes(64, 16)) if stage(answer, name) != shape), "out")

    def says(*wrong):
        """The function itself, where the first stage that is not right has one of these shapes; else None."""

        def made(n_feat, height):
            answer = function(n_feat, height)
            found = any(name == first and stage(answer, name) == shape(n_feat, height) for name, shape in wrong)
            return answer if found else None

        return made

    return compare(
        "Exercise 3.1", function, _shapes, [(64, 16), (8, 8), (16, 28), (24, 32)],
        mistakes=[
            Mistake("halving forgotten",
                    says(("down1", lambda n, h: (n, h, h)), ("down2", lambda n, h: (2 * n, h, h)),
                         ("down2", lambda n, h: (2 * n, h // 2, h // 2)), ("down2", lambda n, h: (n, h // 2, h // 2))),
                    "each UnetDown ends in a max pooling, which halves height and width, so down2 has a quarter."),
            Mistake("down1 doubled", says(("down1", lambda n, h: (2 * n, h // 2, h // 2))),
                    "down1 halves the size and keeps the channels; only down2 makes more of them."),
            Mistake("not doubled", says(("down2", lambda n, h: (n, h // 4, h // 4))),
                    "down2 is UnetDown(n_feat, 2 * n_feat): it doubles the channels as it halves the size."),
            Mistake("to_vec not 1x1", says(("to_vec", lambda n, h: (2 * n, h // 4, h // 4))),
                    "to_vec averages over windows of height // 4, as large as the whole map, so one pixel is left."),
            Mistake("to_vec has no pixels", says(("to_vec", lambda n, h: (2 * n,))),
                    "pooling leaves one pixel, and that still has a height and a width: write all three numbers."),
            Mistake("up0 narrow", says(("up0", lambda n, h: (n, h // 4, h // 4))),
                    "up0 is ConvTranspose2d(2 * n_feat, 2 * n_feat, ...): it widens the pixel and keeps the channels."),
            Mistake("up0 too large", says(("up0", lambda n, h: (2 * n, h // 2, h // 2))),
                    "up0 goes from one pixel to the size of down2, with which its result is joined."),
            Mistake("concatenation counted",
                    says(*[(up, lambda n, h, k=k, f=f: (k * n, h // f, h // f))
                           for up, f in (("up1", 2), ("up2", 1)) for k in (2, 3, 4)]),
                    "the skip is appended to what goes INTO UnetUp; what comes out has n_feat channels again."),
            Mistake("up1 full size", says(("up1", lambda n, h: (n, h, h))),
                    "each UnetUp doubles the size once, so up1 arrives at the size of down1, and up2 at the top."),
            Mistake("up1 not enlarged", says(("up1", lambda n, h: (n, h // 4, h // 4))),
                    "UnetUp begins with a ConvTranspose2d of stride 2: it doubles height and width."),
            Mistake("last not 3", says(("out", lambda n, h: (n, h, h)), ("out", lambda n, h: (2 * n, h, h))),
                    "the network answers with one number per pixel and colour: its answer has the shape of its input."),
        ],
        hints=[
            "Walk down the U, then up: what happens to the channels, and what to height and width?",
            "Down: n_feat, n_feat, 2 * n_feat channels at height, height // 2, height // 4. Then one pixel.",
            "On the way up, up0 has the shape of down2, up1 that of down1, up2 that of init_conv; out has 3 channels.",
        ],
        probe=Probe(f"for n_feat = 64 and height = 16 the shape after {first}", (64, 16),
                    lambda out: str(stage(out, first))),
    )  # fmt: skip


def check_time_embedding(function):
    """Exercise 3.2: function(t, dim, max_period) is (B, dim): cosines, then sines, of t at falling frequencies."""

    def waves(frequencies, join=lambda cos, sin: torch.cat([cos, sin], 1), pad=True):
        def made(t, dim, max_period=10_000):
            k = torch.arange(dim // 2)
            angles = t[:, None] * frequencies(k, dim // 2, float(max_period))
            return torch.nn.functional.pad(join(angles.cos(), angles.sin()), (0, dim % 2 if pad else 0))

        return made

    def falling(k, half, period):
        return period ** (-k / half)

    def growing(t, dim, max_period=10_000):
        """The function itself, if it makes this mistake at tiny t: at others the angles outgrow float32."""
        tiny = (t / 1e5, dim, max_period)
        found = same(function(*tiny), waves(lambda k, half, period: period ** (k / half))(*tiny))
        return function(t, dim, max_period) if found else None

    t = torch.tensor([0.0, 1.0, 40.0, 100.0])  # of an angle of 6,000 float32 keeps three decimals of its cosine
    return compare(
        "Exercise 3.2", function, du.timestep_embedding,
        [(t, 8), (t[:2], 7), (torch.tensor([3, 50, 100]), 6, 100), (t[1:], 64)],
        mistakes=[
            Mistake("sine first", waves(falling, lambda cos, sin: torch.cat([sin, cos], 1)),
                    "the sines come first here; the cosines should fill the first half."),
            Mistake("growing frequencies", growing,
                    "the frequencies grow, they should fall from 1 to nearly 1/max_period: a minus is missing."),
            Mistake("half - 1", waves(lambda k, half, period: period ** (-k / (half - 1))),
                    "the exponent is divided by dim // 2 - 1; divide by dim // 2, the number of frequencies."),
            Mistake("divided by dim", waves(lambda k, half, period: period ** (-k / (2 * half))),
                    "the exponent is divided by dim: there are dim // 2 frequencies, and k runs over them all."),
            Mistake("interleaved", waves(falling, lambda cos, sin: torch.stack([cos, sin], 2).flatten(1)),
                    "cosine and sine alternate; put all cosines first, then all sines."),
            Mistake("along the batch", waves(falling, lambda cos, sin: torch.cat([cos, sin], 0)),
                    "cosines and sines lie below each other: join them along dimension 1, so that a t has one row."),
            Mistake("odd dim", waves(falling, pad=False),
                    "an odd dim gets a zero at the end of each row, so that the result has dim entries."),
            Mistake("linear spacing", waves(lambda k, half, period: 1 - k / half * (1 - 1 / period)),
                    "the frequencies are evenly spaced; each should be the same factor below the one before."),
            Mistake("linear spacing", waves(lambda k, half, period: torch.linspace(1, 1 / period, half)),
                    "the frequencies are evenly spaced; each should be the same factor below the one before."),
            Mistake("no exp", waves(lambda k, half, period: -torch.tensor(period).log() * k / half),
                    "-log(max_period) * k / half is the logarithm of the frequency: the exp is missing."),
            Mistake("max_period ignored", waves(lambda k, half, period: falling(k, half, 10_000.0)),
                    "the slowest wave must follow the argument max_period, not always 10,000."),
            Mistake("periods for frequencies", waves(lambda k, half, period: 2 * torch.pi * period ** (-k / half)),
                    "these are waves of 2 pi * t; here the angle is t times the frequency, without 2 pi."),
        ],
        hints=[
            "Three steps: dim // 2 frequencies, the angle of each t at each frequency (B, dim // 2), cos and sin.",
            "Frequency k is max_period ** (-k / half), for k = 0 .. half - 1 with half = dim // 2.",
            "angles = t[:, None] * frequencies; torch.cat([angles.cos(), angles.sin()], 1); if dim is odd, a column of "
            "zeros at the right (torch.nn.functional.pad).",
        ],
        probe=Probe("for t = 1 and dim = 8 the entry [0, 1]", (torch.ones(1), 8), lambda out: out[0, 1].item()),
    )  # fmt: skip
