"""The checks of lesson 3: network."""

import functools
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn

import diffusion_utilities as du
from checks.core import Mistake, Probe, Result, compare, copied, randn, same


def check_down_and_up(function):
    """Your turn 3.1: function(h, emb, net) walks down the levels of a U and up again, with the skips added.

    net.down, net.shrink, net.up, net.grow hold a function for each level, net.bottom is one; net.across are numbers.
    """

    def walk(keep="after", order=-1, share=lambda s: s, join=lambda h, s: h + s, late=False, early=False, bottom=True):
        """keep: which map of a level goes across. late: joined after the block. early: enlarged before it."""

        def made(h, emb, net):
            skips = []
            for block, shrink, across in zip(net.down, net.shrink, net.across):
                before, h = h, block(h, emb)
                skips.append(share(across) * {"before": before, "after": h, "shrunk": shrink(h)}[keep])
                h = shrink(h)
            h = net.bottom(h, emb) if bottom else h
            for block, grow in zip(net.up, net.grow):
                skip, h = skips.pop(order), grow(h) if early else h
                h = join(block(h, emb), skip) if late else block(join(h, skip), emb)
                h = h if early else grow(h)
            return h

        return made

    def first_again(h, emb, net):
        skip, truth = net.down[0](h, emb), SimpleNamespace(**vars(net))
        truth.down = [lambda h, emb, block=block: block(h, emb) for block in net.down]
        for block, shrink in zip(net.down, net.shrink):
            h = shrink(block(h, emb))
        h = net.bottom(h, emb)
        for block, grow, across in zip(net.up, net.grow, net.across[::-1]):
            h = grow(block(h + across * skip, emb))
        return h

    # every part keeps the shape, so that a walk in a wrong order is told from the answer and not from an error of torch
    def block(a, b):
        return lambda h, emb: (a * h + b * emb[:, :1, None, None]).tanh()

    def net(n, across):
        numbers = [0.9 + 0.3 * i for i in range(n)]
        return SimpleNamespace(
            down=[block(a, 0.5) for a in numbers], shrink=[lambda h, a=a: a * h.roll(1, 2) for a in numbers],
            bottom=lambda h, emb: h.roll(2, 3) - 0.3 * emb[:, 1:2, None, None],
            up=[block(-a, 0.2) for a in numbers], grow=[lambda h, a=a: h.flip(3) / a for a in numbers], across=across,
        )  # fmt: skip

    def case(n, across, seed):
        return randn(2, 3, 4, 4, seed=seed), randn(2, 5, seed=seed + 10), net(n, across)

    return compare(
        "Your turn 3.1", function, walk(), [case(3, (1, 1, 1), 0), case(2, (0.5, 1), 1), case(4, (1, 0, 2, 0.3), 2)],
        mistakes=[
            Mistake("order of the skips", walk(order=0), "the skip of the top level comes back at the lowest level: "
                    "what was kept last is needed first, which is what skips.pop() gives."),
            Mistake("always the first skip", first_again, "every level gets the skip of the top level: each has its "
                    "own."),
            Mistake("no skips", walk(share=lambda s: 0), "nothing goes across: add the kept map to h before each block "
                    "on the way up."),
            Mistake("across ignored", walk(share=lambda s: 1), "the skips are all added whole: multiply each by its "
                    "number in net.across."),
            Mistake("kept before the block", walk(keep="before"), "a level's map is kept before its block has worked "
                    "on it: keep what comes out of the block."),
            Mistake("kept after shrinking", walk(keep="shrunk"), "a level's map is kept after it was shrunk, and so "
                    "the fine pixels are lost all the same: keep it before shrink."),
            Mistake("added after the block", walk(late=True), "the skip is added to what comes out of the block on the "
                    "way up: add it to what goes in, so that the block can work on both."),
            Mistake("grown before the block", walk(early=True), "you enlarge before the block. On the way up a level "
                    "ends with grow, as on the way down it ends with shrink."),
            Mistake("bottom left out", walk(bottom=False), "net.bottom is left out: it stands between down and up."),
            Mistake("appended", walk(join=lambda h, s: torch.cat([h, s], 1)), "the skips are appended as further "
                    "channels, as in the sprite course's network. Here they are added."),
        ],
        hints=[
            "Two loops, with net.bottom between them; the first fills a list that the second one empties.",
            "Down: h = block(h, emb), keep share * h, h = shrink(h). Up: add the last map kept, then block, then grow.",
            "for block, grow in zip(net.up, net.grow): h = grow(block(h + skips.pop(), emb)).",
        ],
        probe=Probe("with three levels the std of the answer", case(3, (1, 1, 1), 0)),
    )  # fmt: skip


def _loaded(net, state):
    """The learner's network with the weights of ours, or an error that says which names differ."""
    ours, theirs = net.state_dict(), state
    odd = sorted(ours.keys() ^ theirs.keys()) + [k for k in ours if k in theirs and ours[k].shape != theirs[k].shape]
    if odd:
        raise ValueError(f"the trained weights do not fit: look at {odd[0]}. Leave the layers, their names and their "
                         "sizes as they are in the lesson")  # fmt: skip
    net.load_state_dict(state)
    return net.eval()


@functools.lru_cache
def _block_weights(in_channels, out_channels, emb_channels):
    return _moved(du.Block(in_channels, out_channels, emb_channels), 0.3)


@functools.lru_cache(1)
def _unet_weights():
    return _moved(du.Unet(), 0.05)


def _instead(result, text, mistake):
    return Result(result.exercise, text, mistake=mistake, hint=result.hint)


def _moved(net, size):
    """The weights of a network, each moved at random, so that no part that starts at zero hides a mistake."""
    generator = torch.Generator().manual_seed(0)
    return {k: v + size * torch.randn(v.shape, generator=generator) for k, v in net.state_dict().items()}


def check_block(kind):
    """Your turn 3.2: kind(in_channels, out_channels, emb_channels) is a residual block with the layers of `du.Block`.

    Tried with given weights, and new, where it must hand its input on.
    """

    def run_of(kind):
        def made(x, emb, out, new):
            with torch.random.fork_rng(devices=[]), torch.no_grad():
                torch.manual_seed(0)
                block = kind(x.shape[1], out, emb.shape[1])
                if not isinstance(block, nn.Module):
                    return block
                if not new:
                    _loaded(block, _block_weights(x.shape[1], out, emb.shape[1]))
                return block(x, emb)

        return made

    def variant(branch, residual=True):
        class Made(du.Block):
            def forward(self, x, emb):
                scale, shift = self.scale_shift(emb)[:, :, None, None].chunk(2, 1)
                return residual * self.skip(x) + branch(self, x, scale, shift)

        return run_of(Made)

    def between(change):
        """A branch whose middle, between conv1 and conv2, is change(norm2, h, scale, shift)."""
        return lambda b, x, scale, shift: b.conv2(change(b.norm2, b.conv1(F.silu(b.norm1(x))), scale, shift))

    function, truth = run_of(kind), run_of(du.Block)
    x, emb = randn(3, 16, 6, 8, seed=1), randn(3, 12, seed=2)
    cases = [
        (x, emb, 16, False),
        (x, emb, 8, False),
        (randn(2, 8, 4, 4, seed=3), emb[:2], 16, False),
        (x, emb, 16, True),
    ]

    def answers_like_the_truth(chosen):
        return all(same(function(*copied_case(case)), truth(*case)) for case in chosen)

    def copied_case(case):
        return [copied(a) for a in case]

    def starts_at_random(*case):
        """The function itself, if it is right with given weights: then only its start is wrong."""
        return function(*case) if answers_like_the_truth(cases[:3]) else None

    result = compare(
        "Your turn 3.2", function, truth, cases,
        mistakes=[
            Mistake("no zero start", starts_at_random, "with given weights your block is right, but a new one does not "
                    "hand its input on: let weight and bias of conv2 start at zero, at the end of __init__."),
            Mistake("not residual", variant(between(lambda n, h, s, b: F.silu(n(h) * (1 + s) + b)), residual=False),
                    "the input is not added at the end: skip(x) plus what the two convolutions made of it."),
            Mistake("scale without 1", variant(between(lambda n, h, s, b: F.silu(n(h) * s + b))),
                    "norm2(h) is multiplied by scale; it should be 1 + scale, so that a scale of 0 changes nothing."),
            Mistake("scale and shift exchanged", variant(between(lambda n, h, s, b: F.silu(n(h) * (1 + b) + s))),
                    "scale and shift are exchanged: the first half of what scale_shift gives is the scale."),
            Mistake("only the shift", variant(between(lambda n, h, s, b: F.silu(n(h) + b))),
                    "the embedding only shifts; it should scale, too: norm2(h) * (1 + scale) + shift."),
            Mistake("time ignored", variant(between(lambda n, h, s, b: F.silu(n(h)))),
                    "the answer does not depend on emb: scale and shift are missing after norm2."),
            Mistake("scaled before the norm", variant(between(lambda n, h, s, b: F.silu(n(h * (1 + s) + b)))),
                    "you scale and shift before norm2, which takes most of it away again: scale what norm2 gives."),
            Mistake("scaled after SiLU", variant(between(lambda n, h, s, b: F.silu(n(h)) * (1 + s) + b)),
                    "you scale and shift after SiLU: it is norm2(h) that is scaled and shifted, then comes SiLU."),
            Mistake("second SiLU missing", variant(between(lambda n, h, s, b: n(h) * (1 + s) + b)),
                    "there is no SiLU between norm2 and conv2."),
            Mistake("first SiLU missing", variant(
                lambda b, x, s, t: b.conv2(F.silu(b.norm2(b.conv1(b.norm1(x))) * (1 + s) + t))),
                    "there is no SiLU between norm1 and conv1."),
            Mistake("SiLU before the norm", variant(
                lambda b, x, s, t: b.conv2(F.silu(b.norm2(b.conv1(b.norm1(F.silu(x)))) * (1 + s) + t))),
                    "SiLU stands before norm1: first bring the channels to one size, then bend."),
            Mistake("no norms", variant(lambda b, x, s, t: b.conv2(F.silu(b.conv1(F.silu(x)) * (1 + s) + t))),
                    "norm1 and norm2 are not used."),
        ],
        hints=[
            "Two times (norm, SiLU, conv), then the input is added. The embedding comes in after the second norm.",
            "scale, shift = self.scale_shift(emb)[:, :, None, None].chunk(2, 1): a number for each channel.",
            "self.skip(x) + self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift)), and nn.init.zeros_ for conv2.",
        ],
        probe=Probe("with given weights the std of the answer", cases[0]),
    )  # fmt: skip
    if result.mistake == "broadcast":  # torch's sentence, made plainer where it is clear what does not fit
        try:
            function(*copied_case(cases[0]))
        except Exception:
            return _instead(result, "emb's numbers are (B, channels), and maps are (B, channels, H, W): give scale and "
                                    "shift two more axes, [:, :, None, None].", "not shaped")  # fmt: skip
        return _instead(result, "x has another number of channels than what is added to it: add self.skip(x), which "
                                "has as many.", "x without skip")  # fmt: skip
    return result


def check_time_embedding(function):
    """Your turn 3.3: function(t, dim, max_period) is (B, dim): cosines, then sines, of t at falling frequencies."""

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
        "Your turn 3.3", function, du.timestep_embedding,
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


def check_attend(function):
    """Your turn 3.4: function(q, k, v), each (B, heads, N, d), is what every place gathers: (B, heads, N, d)."""

    def gather(fit=lambda q, k: q @ k.transpose(2, 3) / q.shape[3] ** 0.5, share=lambda w: w.softmax(3), mix=None):
        return lambda q, k, v: share(fit(q, k)) @ (v if mix is None else mix(k, v))

    def logits(q, k):
        return q @ k.transpose(2, 3)

    shapes = [(2, 2, 9, 4), (1, 4, 16, 3), (3, 1, 5, 8), (2, 3, 6, 6)]
    cases = [tuple(3 ** (i < 2) * randn(*shape, seed=i) for i in range(3)) for shape in shapes]
    q = k = torch.eye(2)[None, None] * 2
    return compare(
        "Your turn 3.4", function, gather(), cases,
        mistakes=[
            Mistake("not divided", gather(logits), "the fits are not divided by sqrt(d): the longer the vectors, the "
                    "larger the sums, and softmax would give nearly all to one place."),
            Mistake("divided by d", gather(lambda q, k: logits(q, k) / q.shape[3]),
                    "the fits are divided by d; the size of a sum of d products grows like sqrt(d)."),
            Mistake("multiplied", gather(lambda q, k: logits(q, k) * q.shape[3] ** 0.5),
                    "the fits are multiplied by sqrt(d): divide."),
            Mistake("divided by the places", gather(lambda q, k: logits(q, k) / q.shape[2] ** 0.5),
                    "sqrt(N) is the wrong root: each fit is a sum of d products, d = q.shape[3]."),
            Mistake("softmax over the places that look", gather(share=lambda w: w.softmax(2)),
                    "the weights add up to 1 along the places that look; they should along those looked at, the last "
                    "axis."),
            Mistake("softmax over the heads", gather(share=lambda w: w.softmax(1)),
                    "softmax runs over the heads; it should run over the places looked at, the last axis."),
            Mistake("softmax over the batch", gather(share=lambda w: w.softmax(0)),
                    "softmax runs over the pictures; it should run over the places looked at, the last axis."),
            Mistake("no softmax", gather(share=lambda w: w), "the fits are used as they are: softmax makes weights of "
                    "them, which are positive and add up to 1."),
            Mistake("q and k exchanged", gather(lambda q, k: logits(k, q) / q.shape[3] ** 0.5), "keys look for "
                    "queries: row i must hold how well the query of place i fits each key."),
            Mistake("keys gathered", gather(mix=lambda k, v: k), "the keys are averaged; they only say where to look. "
                    "What is gathered are the values v."),
            Mistake("queries gathered", lambda q, k, v: gather()(q, k, q), "the queries are averaged; what is gathered "
                    "are the values v."),
        ],
        hints=[
            "Three lines: how well each query fits each key, the weights, and the weighted average of the values.",
            "q @ k.transpose(2, 3) holds the fits, (B, heads, N, N): a row for each place that looks.",
            "((q @ k.transpose(2, 3)) / q.shape[3] ** 0.5).softmax(3) @ v.",
        ],
        probe=Probe("for two places with d = 2 the weight of the first on itself", (q, k, torch.eye(2)[None, None]),
                    lambda out: out[0, 0, 0, 0].item()),
    )  # fmt: skip


def check_unet(kind):
    """Your turn 3.5: kind() is a network with the layers of `du.Unet`, and answers as it does."""

    def run_of(kind):
        made_once = []

        def made(x, t, c):
            if not made_once:
                with torch.random.fork_rng(devices=[]):
                    net = kind()
                    made_once.append(_loaded(net, _unet_weights()) if isinstance(net, nn.Module) else net)
            with torch.no_grad():
                return made_once[0](x, t, c) if isinstance(made_once[0], nn.Module) else made_once[0]

        return made

    def variant(times=1000, bend=F.silu, told=True, asked=True, norm=True, last=F.silu, direct=lambda s, b: (s, b),
                network=True):  # fmt: skip
        class Made(du.Unet):
            def forward(self, x, t, c=None):
                waves = du.timestep_embedding(times * t, self.time[0].in_features)
                emb = self.time(waves) if told else torch.zeros(len(x), self.direct.in_features)
                emb = bend(emb + self.context(c) if asked and c is not None else emb)
                h = solution(self.first(x), emb, self)
                scale, shift = direct(*self.direct(emb)[:, :, None, None].chunk(2, 1))
                return network * self.last(last(self.norm(h) if norm else h)) + scale * x + shift

        return run_of(Made)

    def solution(h, emb, net):
        skips = []
        for block, shrink in zip(net.down, net.shrink):
            h = block(h, emb)
            skips.append(h)
            h = shrink(h)
        h = net.middle[1](net.attention(net.middle[0](h, emb)), emb)
        for block, grow in zip(net.up, net.grow):
            h = grow(block(h + skips.pop(), emb))
        return h

    def case(seed, B, size, asked=True):
        t = torch.rand(B, generator=torch.Generator().manual_seed(seed))
        return randn(B, 3, size, size, seed=seed), t, torch.eye(5)[torch.arange(B) % 5] if asked else None

    function, cases = run_of(kind), [case(1, 3, 8), case(2, 2, 16), case(3, 3, 8, asked=False)]
    result = compare(
        "Your turn 3.5", function, run_of(du.Unet), cases,
        mistakes=[
            Mistake("t not times 1000", variant(times=1), "the waves are made for times up to 1000, and t lies in "
                    "0..1: give time_embedding 1000 * t."),
            Mistake("t times 500", variant(times=500), "the waves were made of 1000 * t in training, however many "
                    "steps there are."),
            Mistake("emb not bent", variant(bend=lambda e: e), "the embedding goes through SiLU once before the blocks "
                    "get it: emb = F.silu(...)."),
            Mistake("time forgotten", variant(told=False), "the answer does not depend on t: emb begins as "
                    "self.time(waves)."),
            Mistake("wish forgotten", variant(asked=False), "the answer does not depend on c: unless it is None, add "
                    "self.context(c) to the embedding."),
            Mistake("direct forgotten", variant(direct=lambda s, b: (0, 0)), "the direct way is missing: scale * x + "
                    "shift, from self.direct(emb), is added to the answer."),
            Mistake("only the direct way", variant(network=False), "the answer is scale * x + shift alone: what comes "
                    "out of the U is missing, last(silu(norm(h)))."),
            Mistake("scale and shift exchanged", variant(direct=lambda s, b: (b, s)),
                    "scale and shift of the direct way are exchanged: the first half is the scale."),
            Mistake("1 + scale", variant(direct=lambda s, b: (1 + s, b)), "in the direct way it is scale * x, without "
                    "1: a new network answers 0."),
            Mistake("last SiLU missing", variant(last=lambda h: h), "between norm and last there is a SiLU, as in the "
                    "blocks."),
            Mistake("last norm missing", variant(norm=False), "self.norm is left out: last(silu(norm(h)))."),
        ],
        hints=[
            "Three parts: the embedding of time and wish, the walk through the U, and the answer.",
            "emb = self.time(time_embedding(1000 * t, n)), with n = self.time[0].in_features; add the wish; then SiLU.",
            "h = down_and_up(self.first(x), emb, self); self.last(F.silu(self.norm(h))) + scale * x + shift.",
        ],
        probe=Probe("with given weights the std of the answer", cases[0]),
    )  # fmt: skip
    if result.mistake == "TypeError" and "NoneType" in result.text:
        return _instead(result, "c may be None, where nothing is asked for: then add no context.", "None not met")
    if result.mistake == "broadcast":
        return _instead(result, "what self.direct(emb) gives is (B, 6), and x is (B, 3, H, W): give it two more axes, "
                        "[:, :, None, None], before you add.", "not shaped")  # fmt: skip
    return result
