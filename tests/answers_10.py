"""Right and wrong answers to the exercises of lesson 10."""

import torch
import torch.nn.functional as F
from answers import right, wrong

import checks
import diffusion_utilities as du


def cut(picture):
    _, H, W = picture.shape
    side = min(H, W)
    return picture[:, (H - side) // 2 :, (W - side) // 2 :][:, :side, :side]


def padded(picture, value=1.0):
    _, H, W = picture.shape
    side = max(H, W)
    left, top = (side - W) // 2, (side - H) // 2
    return F.pad(picture, (left, side - W - left, top, side - H - top), value=value)


@right(checks.check_square)
def _(picture, fit):
    return cut(picture) if fit == "crop" else padded(picture)


@right(checks.check_square)
def _(picture, fit):  # row by row
    while picture.shape[1] != picture.shape[2]:
        tall = picture.shape[1] > picture.shape[2]
        if fit == "crop":
            picture = picture[:, 1:-1] if tall else picture[:, :, 1:-1]
        else:
            picture = F.pad(picture, (1, 1, 0, 0) if tall else (0, 0, 1, 1), value=1)
    return picture


@wrong(checks.check_square, "grey")
def _(picture, fit):
    return cut(picture) if fit == "crop" else padded(picture, 0)


@wrong(checks.check_square, "black")
def _(picture, fit):
    return cut(picture) if fit == "crop" else padded(picture, -1)


@wrong(checks.check_square, "255")
def _(picture, fit):
    return cut(picture) if fit == "crop" else padded(picture, 255)


@wrong(checks.check_square, "corner")
def _(picture, fit):
    side = min(picture.shape[1:])
    return picture[:, :side, :side] if fit == "crop" else padded(picture)


@wrong(checks.check_square, "corner")
def _(picture, fit):
    _, H, W = picture.shape
    return cut(picture) if fit == "crop" else F.pad(picture, (0, max(H, W) - W, 0, max(H, W) - H), value=1)


@wrong(checks.check_square, "corner")
def _(picture, fit):
    _, H, W = picture.shape
    side = min(H, W)
    return picture[:, :side, :side] if fit == "crop" else F.pad(picture, (0, max(H, W) - W, 0, max(H, W) - H), value=1)


@wrong(checks.check_square, "stretched")
def _(picture, fit):
    side = min(picture.shape[1:]) if fit == "crop" else max(picture.shape[1:])
    return F.interpolate(picture[None], (side, side), mode="nearest")[0]


@wrong(checks.check_square, "exchanged")
def _(picture, fit):
    return padded(picture) if fit == "crop" else cut(picture)


@wrong(checks.check_square, "always crop")
def _(picture, fit):
    return cut(picture)


@wrong(checks.check_square, "always pad")
def _(picture, fit):
    return padded(picture)


@wrong(checks.check_square, "unchanged")
def _(picture, fit):
    return picture.clone()


@right(checks.check_families)
def _(close):
    number = torch.arange(len(close))
    for _round in close:
        number = torch.where(close, number, len(close)).amin(1)
    return number


@right(checks.check_families)
def _(close):  # by walking from each picture to all that can be reached; families are called 1, 2, 3, ...
    number, family = [0] * len(close), 0
    for start in range(len(close)):
        family, todo = family + (number[start] == 0), [start]
        while todo:
            i = todo.pop()
            if number[i] == 0:
                number[i] = family
                todo += close[i].nonzero()[:, 0].tolist()
    return number


@right(checks.check_families)
def _(close):  # powers of the matrix: who is reached in N steps; the family is called after its last member
    reached = torch.linalg.matrix_power(close.double(), len(close)) > 0
    return len(close) - 1 - reached.flip(1).float().argmax(1)


@wrong(checks.check_families, "only neighbours")
def _(close):
    return torch.stack([row.nonzero().min() for row in close])


@wrong(checks.check_families, "two rounds")
def _(close):
    return (close.float() @ close.float() > 0).float().argmax(1)


@wrong(checks.check_families, "each alone")
def _(close):
    return list(range(len(close)))


@wrong(checks.check_families, "one family")
def _(close):
    return torch.zeros(len(close), dtype=torch.long)


@wrong(checks.check_families, "counted")
def _(close):
    return close.float().sum(0)


@wrong(checks.check_families, "shape")
def _(close):
    return torch.arange(len(close))[:, None]


@right(checks.check_take_over)
def _(theirs, ours):
    return {
        name: theirs[name] if name in theirs and theirs[name].shape == value.shape else value
        for name, value in ours.items()
    }


@right(checks.check_take_over)
def _(theirs, ours):
    ours.update({name: new for name, new in theirs.items() if name in ours and new.shape == ours[name].shape})
    return ours


@wrong(checks.check_take_over, "by name only")
def _(theirs, ours):
    return {name: theirs.get(name, value) for name, value in ours.items()}


@wrong(checks.check_take_over, "by count")
def _(theirs, ours):
    return {name: theirs[name] if name in theirs and len(theirs[name].flatten()) == len(value.flatten()) else value
            for name, value in ours.items()}  # fmt: skip


@wrong(checks.check_take_over, "strangers")
def _(theirs, ours):
    return ours | theirs


@wrong(checks.check_take_over, "strangers")
def _(theirs, ours):
    return ours | {name: new for name, new in theirs.items() if name not in ours or new.shape == ours[name].shape}


@wrong(checks.check_take_over, "theirs")
def _(theirs, ours):
    return dict(theirs)


@wrong(checks.check_take_over, "only what fits")
def _(theirs, ours):
    return {name: new for name, new in theirs.items() if name in ours and new.shape == ours[name].shape}


@wrong(checks.check_take_over, "ours")
def _(theirs, ours):
    return dict(ours)


@wrong(checks.check_take_over, "by place")
def _(theirs, ours):
    return {name: b if a.shape == b.shape else a for name, a, b in zip(ours, ours.values(), theirs.values())}


@right(checks.check_copied)
def _(drawn, train, held_out):
    limit = du.nearest(held_out, train)[0].quantile(0.05)
    return (du.nearest(drawn, train)[0] < limit).float().mean()


@right(checks.check_copied)
def _(drawn, train, held_out):  # without du.nearest; squares are in the same order
    near = [torch.cdist(x.flatten(1), train.flatten(1)).amin(1).tolist() for x in (drawn, held_out)]
    limit = torch.tensor(near[1]).quantile(0.05).item()
    return sum(far < limit for far in near[0]) / len(near[0])


@wrong(checks.check_copied, "wrong side")
def _(drawn, train, held_out):
    limit = du.nearest(held_out, train)[0].quantile(0.05)
    return (du.nearest(drawn, train)[0] > limit).float().mean()


@wrong(checks.check_copied, "other tail")
def _(drawn, train, held_out):
    limit = du.nearest(held_out, train)[0].quantile(0.95)
    return (du.nearest(drawn, train)[0] < limit).float().mean().item()


@wrong(checks.check_copied, "median")
def _(drawn, train, held_out):
    return (du.nearest(drawn, train)[0] < du.nearest(held_out, train)[0].median()).float().mean().item()


@wrong(checks.check_copied, "nearest one")
def _(drawn, train, held_out):
    return (du.nearest(drawn, train)[0] < du.nearest(held_out, train)[0].amin()).float().mean().item()


@wrong(checks.check_copied, "mean")
def _(drawn, train, held_out):
    return (du.nearest(drawn, train)[0] < du.nearest(held_out, train)[0].mean()).float().mean().item()


@wrong(checks.check_copied, "of the drawn")
def _(drawn, train, held_out):
    far = du.nearest(drawn, train)[0]
    return (far < far.quantile(0.05)).float().mean().item()


@wrong(checks.check_copied, "to the held-out")
def _(drawn, train, held_out):
    limit = du.nearest(held_out, train)[0].quantile(0.05)
    return (du.nearest(drawn, held_out)[0] < limit).float().mean().item()


@wrong(checks.check_copied, "count")
def _(drawn, train, held_out):
    limit = du.nearest(held_out, train)[0].quantile(0.05)
    return (du.nearest(drawn, train)[0] < limit).sum().item()


@wrong(checks.check_copied, "percent")
def _(drawn, train, held_out):
    limit = du.nearest(held_out, train)[0].quantile(0.05)
    return 100 * (du.nearest(drawn, train)[0] < limit).float().mean().item()


@right(checks.check_flip)
def _(x, coin):
    return torch.where(coin.view(-1, 1, 1, 1), x.flip(-1), x)


@right(checks.check_flip)
def _(x, coin):
    x = x.clone()
    x[coin] = x[coin].flip(3)
    return x


@right(checks.check_flip)
def _(x, coin):
    return torch.stack([torch.fliplr(image.movedim(0, 2)).movedim(2, 0) if c else image for image, c in zip(x, coin)])


@wrong(checks.check_flip, "upside down")
def _(x, coin):
    x = x.clone()
    x[coin] = x[coin].flip(2)
    return x


@wrong(checks.check_flip, "turned round")
def _(x, coin):
    return torch.where(coin[:, None, None, None], x.rot90(2, (2, 3)), x)


@wrong(checks.check_flip, "colours reversed")
def _(x, coin):
    return torch.where(coin[:, None, None, None], torch.fliplr(x), x)


@wrong(checks.check_flip, "images reversed")
def _(x, coin):
    return torch.where(coin[:, None, None, None], torch.flipud(x), x)


@wrong(checks.check_flip, "all")
def _(x, coin):
    return x.flip(-1)


@wrong(checks.check_flip, "inverted")
def _(x, coin):
    return torch.where(coin[:, None, None, None], x, x.flip(3))


@wrong(checks.check_flip, "only the mirrored")
def _(x, coin):
    return x[coin].flip(3)


@wrong(checks.check_flip, "blacked out")
def _(x, coin):
    return coin.float().view(-1, 1, 1, 1) * x.flip(3)


@wrong(checks.check_flip, "unchanged")
def _(x, coin):
    x[coin].flip(3)
    return x


@wrong(checks.check_flip, "in place")
def _(x, coin):
    x[coin] = x[coin].flip(3)
    return x


@wrong(checks.check_flip, "random")
def _(x, coin):
    return torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x + 0 * torch.rand(1))


@wrong(checks.check_flip, "broadcast")
def _(x, coin):
    return torch.where(coin[:, None], x.flip(3), x)
