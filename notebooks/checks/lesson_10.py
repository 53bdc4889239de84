"""The checks of lesson 10: your own pictures."""

import numbers

import torch
import torch.nn.functional as F

import diffusion_utilities as du
from checks.core import SHAPES, Mistake, Probe, compare, randn


def _middle(picture, side):
    top, left = (picture.shape[1] - side) // 2, (picture.shape[2] - side) // 2
    return picture[:, top : top + side, left : left + side]


def _within(picture, side, colour=1.0, middle=True):
    C, H, W = picture.shape
    top, left = ((side - H) // 2, (side - W) // 2) if middle else (0, 0)
    around = torch.full((C, side, side), colour)
    around[:, top : top + H, left : left + W] = picture
    return around


def check_square(function):
    """Your turn 10.1: function(picture, fit) makes a picture (C, H, W) square: "crop" to its middle, "pad" with 1."""

    def shapes(crop=_middle, pad=_within):
        def made(picture, fit):
            short, long = sorted(picture.shape[1:])
            return crop(picture, short) if fit == "crop" else pad(picture, long)

        return made

    def corner(picture, side):
        return picture[:, :side, :side]

    def stretched(picture, side):
        return F.interpolate(picture[None], (side, side))[0]

    def other(picture, fit):
        return shapes()(picture, "pad" if fit == "crop" else "crop")

    sizes = [(3, 8, 12), (3, 16, 10), (1, 4, 20), (3, 9, 15), (3, 6, 6)]
    cases = [(randn(*size, seed=k).clamp(-1, 1), fit) for k, size in enumerate(sizes) for fit in ("crop", "pad")]
    at_the_corner = ("is cut off or filled up at one end alone. The picture should stay in the middle: leave half of "
                     "the difference on each side.")  # fmt: skip
    return compare(
        "Your turn 10.1", function, shapes(), cases,
        mistakes=[
            Mistake("grey", shapes(pad=lambda p, side: _within(p, side, 0.0)), "you pad with 0. Images lie in [-1, 1], "
                    "so 0 is grey: white is 1."),
            Mistake("black", shapes(pad=lambda p, side: _within(p, side, -1.0)), "you pad with -1, which is black: "
                    "white is 1."),
            Mistake("255", shapes(pad=lambda p, side: _within(p, side, 255.0)), "you pad with 255. That is white for "
                    "bytes; images lie in [-1, 1], where white is 1."),
            Mistake("corner", shapes(crop=corner), f"with 'crop' your picture {at_the_corner}"),
            Mistake("corner", shapes(pad=lambda p, side: _within(p, side, middle=False)), "with 'pad' your picture "
                    f"{at_the_corner}"),
            Mistake("corner", shapes(corner, lambda p, side: _within(p, side, middle=False)), "your picture "
                    f"{at_the_corner}"),
            Mistake("stretched", shapes(stretched, stretched), "you stretch the picture, which makes thin things fat: "
                    "'crop' cuts something off, 'pad' adds something, and neither changes the shapes."),
            Mistake("exchanged", other, "'crop' and 'pad' are exchanged."),
            Mistake("always crop", lambda p, fit: shapes()(p, "crop"), "you crop in both cases: look at `fit`."),
            Mistake("always pad", lambda p, fit: shapes()(p, "pad"), "you pad in both cases: look at `fit`."),
            Mistake("unchanged", lambda p, fit: p, "your picture comes back as it was, so it is not square."),
        ],
        hints=[
            "The new side is min(H, W) for 'crop' and max(H, W) for 'pad'. Half of the difference lies on each side.",
            "Crop: top = (H - side) // 2, left = (W - side) // 2, then picture[:, top : top + side, "
            "left : left + side].",
            "Pad: make torch.ones(C, side, side), and write the picture into its middle.",
        ],
        probe=Probe("the first number of a black picture of 4 x 8, padded,", (torch.full((3, 4, 8), -1.0), "pad"),
                    lambda out: out[0, 0, 0].item()),
    )  # fmt: skip


def _named(answer, N):
    """Whatever a family is called: the number of its first member. What is no such answer stays as it is."""
    if isinstance(answer, (list, tuple)) and all(isinstance(k, numbers.Real) for k in answer):
        answer = torch.tensor(answer)
    if not torch.is_tensor(answer) or answer.shape != (N,):
        return answer
    return torch.stack([(answer == k).nonzero()[0, 0] for k in answer]) if N else answer


def check_families(function):
    """Your turn 10.2: function(close) numbers the families: pictures that are close, or joined by close ones."""

    def rounds(n):
        def made(close):
            number = torch.arange(len(close))
            for _ in range(n(len(close))):
                number = torch.where(close, number, len(close)).amin(1)
            return number

        return made

    def pairs(N, *joined):
        close = torch.eye(N, dtype=torch.bool)
        for a, b in joined:
            close[a, b] = close[b, a] = True
        return (close,)

    def wrapped(answer):
        return lambda close: _named(answer(close), len(close))

    cases = [
        pairs(6, (0, 3), (3, 5), (1, 2)),
        pairs(9, (8, 0), (0, 7), (7, 1), (1, 6), (6, 2), (2, 5)),
        pairs(12, *[(a, a + 2) for a in range(9)], (11, 0)),
        pairs(5),
        pairs(7, (6, 5), (5, 4), (4, 3), (3, 2), (2, 1), (1, 0)),
    ]
    return compare(
        "Your turn 10.2", wrapped(function), wrapped(rounds(lambda N: N)), cases,
        mistakes=[
            Mistake("only neighbours", wrapped(rounds(lambda N: 1)), "you look at direct neighbours only. If a is "
                    "close to b and b to c, all three are one family, although a and c may be apart: repeat until "
                    "nothing changes."),
            Mistake("two rounds", wrapped(rounds(lambda N: 2)), "you follow two links of a chain, and chains may be "
                    "longer: repeat until nothing changes, or as often as there are pictures."),
            Mistake("each alone", wrapped(lambda close: torch.arange(len(close))), "every picture is a family of its "
                    "own, so twins are parted."),
            Mistake("one family", wrapped(lambda close: torch.zeros(len(close))), "all pictures are one family."),
            Mistake("counted", wrapped(lambda close: close.sum(1)), "you count the neighbours. Two pictures with two "
                    "neighbours each need not be of one family."),
            Mistake("rows compared", wrapped(lambda close: close.float().argmax(1)), "you look at direct neighbours "
                    "only: repeat until nothing changes."),
        ],
        hints=[
            "Begin with a number for each picture: torch.arange(N). Close pictures should come to share a number.",
            "torch.where(close, number, N) holds in row i the numbers of i's neighbours; .amin(1) is the smallest.",
            "Put that into a loop: for _ in close: number = torch.where(close, number, len(close)).amin(1)",
        ],
        probe=Probe("the number of families, where 0 is close to 1 and 1 to 2 among four pictures,",
                    pairs(4, (0, 1), (1, 2)), lambda out: len(out.unique())),
    )  # fmt: skip


def _spelled(answer, sizes):
    """A dict of tensors as numbers that can be compared: of each name whether it is there, its shape, its values."""
    if not isinstance(answer, dict):
        return answer
    extra = sorted(str(name) for name in answer.keys() - sizes.keys())
    parts = [[float(len(extra))]]
    for name in sorted(sizes):
        value = answer.get(name)
        parts.append([0.0] if not torch.is_tensor(value) else [1.0, *map(float, value.shape), value])
    return parts


def check_take_over(function):
    """Your turn 10.3: function(theirs, ours) is a dict with the names of ours, and theirs where name and shape fit."""

    def wrapped(answer):
        def made(theirs, ours):  # of dicts the check's core makes no copies
            theirs, ours = ({name: value.clone() for name, value in given.items()} for given in (theirs, ours))
            return _spelled(answer(theirs, ours), sizes=dict(ours))

        return made

    def where(fits):
        return lambda theirs, ours: {
            name: theirs[name] if name in theirs and fits(theirs[name], value) else value
            for name, value in ours.items()
        }

    def by_place(theirs, ours):
        return {name: new if new.shape == old.shape else old for (name, old), new in zip(ours.items(), theirs.values())}

    def weights(seed, **shapes):
        return {name.replace("_", "."): randn(*shape, seed=seed + k) for k, (name, shape) in enumerate(shapes.items())}

    truth = where(lambda new, old: new.shape == old.shape)
    cases = [
        (weights(10, first_weight=(4, 3), old_bias=(2,), context_weight=(8, 5), middle_weight=(2, 3), last_bias=(3,)),
         weights(20, first_weight=(4, 3), context_weight=(8, 3), middle_weight=(3, 2), new_bias=(2,), last_bias=(3,))),
        (weights(30, a_weight=(2, 2), b_weight=(3,)), weights(40, b_weight=(3,), a_weight=(2, 2), c_bias=(1,))),
        (weights(50, a_weight=(5, 2), x_bias=(4,)), weights(60, a_weight=(2, 5), b_bias=(4,))),
    ]  # fmt: skip
    return compare(
        "Your turn 10.3", wrapped(function), wrapped(truth), cases,
        mistakes=[
            Mistake("by name only", wrapped(where(lambda new, old: True)), "you take whatever has the right name, also "
                    "of another shape: load_state_dict will refuse it. Compare the shapes as well."),
            Mistake("by count", wrapped(where(lambda new, old: new.numel() == old.numel())), "you compare how many "
                    "numbers there are. A layer of 2 x 3 does not fit one of 3 x 2: compare the shapes."),
            Mistake("strangers", wrapped(lambda theirs, ours: truth(theirs, ours) | {
                    name: value for name, value in theirs.items() if name not in ours}), "layers that ours does not "
                    "have came along: the names are those of ours alone."),
            Mistake("strangers", wrapped(lambda theirs, ours: {**ours, **theirs}), "everything of theirs came along, "
                    "also what ours does not have, or has in another shape."),
            Mistake("theirs", wrapped(lambda theirs, ours: theirs), "you return theirs as it is. The answer has the "
                    "names of ours."),
            Mistake("only what fits", wrapped(lambda theirs, ours: {name: theirs[name] for name, value in ours.items()
                    if name in theirs and theirs[name].shape == value.shape}), "what does not fit is missing: where "
                    "theirs cannot be used, keep the tensor of ours, else the network has holes."),
            Mistake("ours", wrapped(lambda theirs, ours: ours), "nothing was taken over: you return ours as it is."),
            Mistake("by place", wrapped(by_place), "you take the tensors by their place in the dict. Two networks may "
                    "have their layers in another order: go by the names."),
        ],
        hints=[
            "Go through ours.items(): the answer has exactly these names.",
            "A tensor of theirs may be used if name in theirs and theirs[name].shape == value.shape.",
            "{name: theirs[name] if name in theirs and theirs[name].shape == value.shape else value "
            "for name, value in ours.items()}",
        ],
    )  # fmt: skip


def check_copied(function):
    """Your turn 10.4: function(drawn, train, held_out) is the share of drawn pictures that lie nearer to a training
    picture than all but one in twenty of the held-out pictures do."""

    def shared(
        limit, among=lambda drawn, train, held: du.nearest(drawn, train)[0], count=lambda far, limit: far < limit
    ):
        def made(drawn, train, held):
            far = among(drawn, train, held)
            return count(far, limit(far, du.nearest(held, train)[0])).double().mean().item()

        return made

    def plain(answer):
        """A share as a number of Python's own."""

        def made(*case):
            share = answer(*case)
            return share.item() if torch.is_tensor(share) and share.dim() == 0 else share

        return made

    def twentieth(far, held):
        return held.quantile(0.05)

    cases = []
    for seed, (n, m, h, grain) in enumerate([(30, 20, 41, 0.3), (24, 35, 61, 0.9), (50, 12, 45, 0.75)]):
        train, held = randn(m, 3, 4, 4, seed=seed), randn(h, 3, 4, 4, seed=seed + 10)
        held = held * torch.linspace(0.4, 1.5, h)[:, None, None, None]
        drawn = train[torch.arange(n) % m] + grain * torch.linspace(0, 2, n)[:, None, None, None] * randn(
            n, 3, 4, 4, seed=seed + 20
        )
        cases.append((drawn, train, held))
    truth = shared(twentieth)
    return compare(
        "Your turn 10.4", plain(function), truth, cases,
        mistakes=[
            Mistake("wrong side", shared(twentieth, count=lambda far, limit: far > limit), "you count the drawn "
                    "pictures that lie farther away: a copy lies nearer."),
            Mistake("other tail", shared(lambda far, held: held.quantile(0.95)), "you took the limit that 19 of 20 "
                    "held-out pictures lie below. Only one in twenty should: quantile(0.05)."),
            Mistake("median", shared(lambda far, held: held.median()), "you took the middle of the held-out distances, "
                    "and half of all honest pictures lie below that: quantile(0.05)."),
            Mistake("nearest one", shared(lambda far, held: held.min()), "you took the smallest of the held-out "
                    "distances. It depends on a single picture: quantile(0.05)."),
            Mistake("mean", shared(lambda far, held: held.mean()), "you took the mean of the held-out distances. The "
                    "limit is where only one in twenty of them lies below: quantile(0.05)."),
            Mistake("of the drawn", shared(lambda far, held: far.quantile(0.05)), "you took the limit from the drawn "
                    "pictures themselves, so the answer is one in twenty whatever they are. It is the held-out ones "
                    "that say what is normal."),
            Mistake("to the held-out", shared(twentieth, lambda drawn, train, held: du.nearest(drawn, held)[0]), "you "
                    "measured how near the drawn pictures are to the held-out ones. Only training pictures can have "
                    "been copied."),
            Mistake("count", lambda *case: truth(*case) * len(case[0]), "you return how many there are; asked for is "
                    "their share, from 0 to 1."),
            Mistake("percent", lambda *case: truth(*case) * 100, "you return per cent; asked for is the share, from 0 "
                    "to 1."),
        ],
        hints=[
            "du.nearest(x, train)[0] is, for each picture of x, the distance to the nearest training picture.",
            "The limit is du.nearest(held_out, train)[0].quantile(0.05).",
            "(du.nearest(drawn, train)[0] < limit).float().mean().item()",
        ],
        probe=Probe("the share among pictures of which all are training pictures",
                    (cases[0][1], cases[0][1], cases[0][2]), lambda out: out),
    )  # fmt: skip


def check_flip(function):
    """Your turn 10.5: function(x, coin) mirrors the images whose coin is True from left to right."""

    def flip(x, coin, dim=3):
        return torch.where(coin[:, None, None, None], x.flip(dim), x)

    coins = [[True, False, False, True], [False, True], [True], [True, True, False, False, True]]
    cases = [(randn(*shape, seed=1), torch.tensor(coin)) for shape, coin in zip(SHAPES, coins)]
    ramp = torch.arange(4.0).expand(2, 1, 4, 4)  # the last column holds 3
    return compare(
        "Your turn 10.5", function, flip, cases,
        mistakes=[
            Mistake("upside down", lambda x, coin: flip(x, coin, 2), "your images stand on their heads: images are "
                    "(B, C, H, W), so the width is dimension 3, not 2."),
            Mistake("turned round", lambda x, coin: torch.where(coin[:, None, None, None], x.flip(2, 3), x),
                    "you reverse height and width, which turns the image round: mirror only the width."),
            Mistake("colours reversed", lambda x, coin: flip(x, coin, 1), "you reverse the channels: red becomes blue. "
                    "The width is dimension 3."),
            Mistake("images reversed", lambda x, coin: flip(x, coin, 0), "you reverse the order of the images: the "
                    "width is dimension 3."),
            Mistake("all", lambda x, coin: x.flip(3), "you mirror every image: leave those with False as they are."),
            Mistake("inverted", lambda x, coin: flip(x, ~coin), "you mirror those with False: exchange the two."),
            Mistake("only the mirrored", lambda x, coin: x[coin].flip(3), "the images with False are gone: return all "
                    "B of them, in their order."),
            Mistake("blacked out", lambda x, coin: x.flip(3) * coin[:, None, None, None], "the images with False came "
                    "out as zeros: keep x there."),
            Mistake("unchanged", lambda x, coin: x, "your images come back as they were: x.flip(3) makes a new tensor, "
                    "it does not change x."),
        ],
        hints=[
            "x.flip(d) reverses dimension d. Images are (B, C, H, W): which one is the width?",
            "torch.where(condition, a, b) takes a where the condition is True, and b elsewhere.",
            "The condition must be (B, 1, 1, 1): coin[:, None, None, None].",
        ],
        probe=Probe("the first pixel of an image whose columns hold 0, 1, 2, 3, with the coin True,",
                    (ramp, torch.tensor([True, False])), lambda out: out[0, 0, 0, 0].item()),
        random=("random", "The coins are thrown already: use `coin`, and draw nothing."),
    )  # fmt: skip
