"""Right and wrong answers to the exercises of lesson 10."""

import numpy as np
import torch
from answers import right, wrong

import checks


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


@right(checks.check_betas)
def _(ab_t):
    return 1 - ab_t[1:] / ab_t[:-1]


@right(checks.check_betas)
def _(ab_t):
    return 1 - ab_t.log().diff().exp()


@right(checks.check_betas)
def _(ab_t):
    return torch.stack([1 - ab_t[t] / ab_t[t - 1] for t in range(1, len(ab_t))])


@wrong(checks.check_betas, "alphas")
def _(ab_t):
    return ab_t.log().diff().exp()


@wrong(checks.check_betas, "not divided")
def _(ab_t):
    return 1 - ab_t[1:]


@wrong(checks.check_betas, "not divided")
def _(ab_t):
    return 1.0 - ab_t


@wrong(checks.check_betas, "difference")
def _(ab_t):
    return -ab_t.diff()


@wrong(checks.check_betas, "upside down")
def _(ab_t):
    return 1 - ab_t[:-1] / ab_t[1:]


@wrong(checks.check_betas, "T + 1 betas")
def _(ab_t):
    return 1 - ab_t / torch.cat([ab_t[:1], ab_t[:-1]])


@wrong(checks.check_betas, "first one lost")
def _(ab_t):
    return 1 - ab_t[2:] / ab_t[1:-1]


@wrong(checks.check_betas, "square root")
def _(ab_t):
    return 1 - ab_t[1:].sqrt() / ab_t[:-1].sqrt()


@wrong(checks.check_betas, "backwards")
def _(ab_t):
    return torch.tensor([1 - (ab_t[t] / ab_t[t - 1]).item() for t in range(len(ab_t) - 1, 0, -1)]).double()


@right(checks.check_indices)
def _(alphas_cumprod, ab_t, times):
    return (alphas_cumprod[None] - ab_t[times][:, None]).abs().argmin(1).tolist()


@right(checks.check_indices)
def _(alphas_cumprod, ab_t, times):
    found = []
    for t in times:
        distance = [abs(a - ab_t[t].item()) for a in alphas_cumprod.tolist()]
        found.append(distance.index(min(distance)))
    return found


@right(checks.check_indices)
def _(alphas_cumprod, ab_t, times):
    return np.array([(alphas_cumprod - ab_t[t]).square().argmin() for t in times])


@wrong(checks.check_indices, "sign")
def _(alphas_cumprod, ab_t, times):
    return [torch.argmin(alphas_cumprod - ab_t[t]).item() for t in times]


@wrong(checks.check_indices, "largest")
def _(alphas_cumprod, ab_t, times):
    return [torch.argmax((alphas_cumprod - ab_t[t]) ** 2).item() for t in times]


@wrong(checks.check_indices, "time for index")
def _(alphas_cumprod, ab_t, times):
    return [(alphas_cumprod - ab_t[t]).abs().argmin().item() + 1 for t in times]


@wrong(checks.check_indices, "off by one")
def _(alphas_cumprod, ab_t, times):
    return [(alphas_cumprod - ab_t[t]).abs().argmin().item() - 1 for t in times]


@wrong(checks.check_indices, "same schedule")
def _(alphas_cumprod, ab_t, times):
    T = len(ab_t) - 1
    return [max(round(len(alphas_cumprod) * t / T) - 1, 0) for t in times]


@wrong(checks.check_indices, "times themselves")
def _(alphas_cumprod, ab_t, times):
    return times


@wrong(checks.check_indices, "t - 1")
def _(alphas_cumprod, ab_t, times):
    return [t - 1 for t in times]


@wrong(checks.check_indices, "level for index")
def _(alphas_cumprod, ab_t, times):
    return [alphas_cumprod[(alphas_cumprod - ab_t[t]).abs().argmin()].item() for t in times]


@wrong(checks.check_indices, "square root")
def _(alphas_cumprod, ab_t, times):
    return [(alphas_cumprod - ab_t[t] ** 0.5).abs().argmin().item() for t in times]


@wrong(checks.check_indices, "noise for signal")
def _(alphas_cumprod, ab_t, times):
    return [(alphas_cumprod + ab_t[t] - 1).abs().argmin().item() for t in times]


@wrong(checks.check_indices, "next below")
def _(alphas_cumprod, ab_t, times):
    rising = alphas_cumprod.flip(0)
    found = [len(rising) - torch.searchsorted(rising, ab_t[t], right=True).item() for t in times]
    return [min(i, len(rising) - 1) for i in found]
