"""Right and wrong answers to the exercises of lesson 14."""

import torch
from answers import right, wrong

import checks


@right(checks.check_start_from)
def _(x, strength, z, ab_t):
    t = round(strength * (len(ab_t) - 1))
    return ab_t[t] ** 0.5 * x + (1 - ab_t[t]) ** 0.5 * z, t


@right(checks.check_start_from)
def _(x, strength, z, ab_t):
    t = int(len(ab_t[1:]) * strength + 0.5)
    return [torch.sqrt(ab_t[t]) * x + torch.sqrt(1 - ab_t[t]) * z, torch.tensor(t)]


@wrong(checks.check_start_from, "not noisy")
def _(x, strength, z, ab_t):
    return x, round(strength * (len(ab_t) - 1))


@wrong(checks.check_start_from, "upside down")
def _(x, strength, z, ab_t):
    t = round((1 - strength) * (len(ab_t) - 1))
    return ab_t[t] ** 0.5 * x + (1 - ab_t[t]) ** 0.5 * z, t


@wrong(checks.check_start_from, "linear mix")
def _(x, strength, z, ab_t):
    return x + strength * (z - x), round(strength * (len(ab_t) - 1))


@wrong(checks.check_start_from, "noise on top")
def _(x, strength, z, ab_t):
    t = round(strength * (len(ab_t) - 1))
    return x + (1 - ab_t[t]) ** 0.5 * z, t


@wrong(checks.check_start_from, "square roots")
def _(x, strength, z, ab_t):
    t = round(strength * (len(ab_t) - 1))
    return ab_t[t] * x + (1 - ab_t[t]) * z, t


@wrong(checks.check_start_from, "swapped")
def _(x, strength, z, ab_t):
    t = round(strength * (len(ab_t) - 1))
    return (1 - ab_t[t]) ** 0.5 * x + ab_t[t] ** 0.5 * z, t


@wrong(checks.check_start_from, "cut off")
def _(x, strength, z, ab_t):
    t = int(strength * (len(ab_t) - 1))
    return ab_t[t] ** 0.5 * x + (1 - ab_t[t]) ** 0.5 * z, t


@right(checks.check_keep_outside)
def _(x, s, known, mask, z, ab_t):
    return mask * x + (1 - mask) * (ab_t[s] ** 0.5 * known + (1 - ab_t[s]) ** 0.5 * z)


@right(checks.check_keep_outside)
def _(x, s, known, mask, z, ab_t):
    return torch.where(mask.bool(), x, ab_t[s].item() ** 0.5 * known + (1 - ab_t[s].item()) ** 0.5 * z)


@wrong(checks.check_keep_outside, "clean pixels")
def _(x, s, known, mask, z, ab_t):
    return torch.where(mask.bool(), x, known)


@wrong(checks.check_keep_outside, "inside out")
def _(x, s, known, mask, z, ab_t):
    return torch.where(mask.bool(), ab_t[s].item() ** 0.5 * known + (1 - ab_t[s].item()) ** 0.5 * z, x)


@wrong(checks.check_keep_outside, "wrong level")
def _(x, s, known, mask, z, ab_t):
    return mask * x + (1 - mask) * (ab_t[-1] ** 0.5 * known + (1 - ab_t[-1]) ** 0.5 * z)


@wrong(checks.check_keep_outside, "wrong level")
def _(x, s, known, mask, z, ab_t):
    return mask * x + (1 - mask) * (ab_t[s - 1] ** 0.5 * known + (1 - ab_t[s - 1]) ** 0.5 * z)


@wrong(checks.check_keep_outside, "noise on top")
def _(x, s, known, mask, z, ab_t):
    return mask * x + (1 - mask) * (known + (1 - ab_t[s]) ** 0.5 * z)


@wrong(checks.check_keep_outside, "square roots")
def _(x, s, known, mask, z, ab_t):
    return mask * x + (1 - mask) * (ab_t[s] * known + (1 - ab_t[s]) * z)


@wrong(checks.check_keep_outside, "noise alone")
def _(x, s, known, mask, z, ab_t):
    return mask * x + (1 - mask) * (1 - ab_t[s]) ** 0.5 * z


@wrong(checks.check_keep_outside, "added")
def _(x, s, known, mask, z, ab_t):
    return x + (1 - mask) * (ab_t[s] ** 0.5 * known + (1 - ab_t[s]) ** 0.5 * z)


@wrong(checks.check_keep_outside, "nothing kept")
def _(x, s, known, mask, z, ab_t):
    return x.clone()


@right(checks.check_go_back)
def _(x, s, t, z, ab_t):
    r = ab_t[t] / ab_t[s]
    return r**0.5 * x + (1 - r) ** 0.5 * z


@right(checks.check_go_back)
def _(x, s, t, z, ab_t):
    added = 1 - ab_t[t].item() - ab_t[t].item() / ab_t[s].item() * (1 - ab_t[s].item())
    return x * (ab_t[t].item() / ab_t[s].item()) ** 0.5 + z * added**0.5


@wrong(checks.check_go_back, "as if clean")
def _(x, s, t, z, ab_t):
    return ab_t[t] ** 0.5 * x + (1 - ab_t[t]) ** 0.5 * z


@wrong(checks.check_go_back, "upside down")
def _(x, s, t, z, ab_t):
    r = ab_t[s] / ab_t[t]
    return r**0.5 * x + (1 - r) ** 0.5 * z


@wrong(checks.check_go_back, "square roots")
def _(x, s, t, z, ab_t):
    r = ab_t[t] / ab_t[s]
    return r * x + (1 - r) * z


@wrong(checks.check_go_back, "noise on top")
def _(x, s, t, z, ab_t):
    return x + (1 - ab_t[t] / ab_t[s]) ** 0.5 * z


@wrong(checks.check_go_back, "too much noise")
def _(x, s, t, z, ab_t):
    return (ab_t[t] / ab_t[s]) ** 0.5 * x + (1 - ab_t[t]) ** 0.5 * z


@wrong(checks.check_go_back, "difference")
def _(x, s, t, z, ab_t):
    return (ab_t[t] / ab_t[s]) ** 0.5 * x + (ab_t[s] - ab_t[t]) ** 0.5 * z


@wrong(checks.check_go_back, "no noise")
def _(x, s, t, z, ab_t):
    return (ab_t[t] / ab_t[s]) ** 0.5 * x


@wrong(checks.check_go_back, "unchanged")
def _(x, s, t, z, ab_t):
    return x


@right(checks.check_lend)
def _(looks):
    return looks[0::2].repeat_interleave(2, 0)


@right(checks.check_lend)
def _(looks):
    lent = looks.clone()
    lent[1::2] = looks[0::2]
    return lent


@wrong(checks.check_lend, "other way")
def _(looks):
    lent = looks.clone()
    lent[0::2] = looks[1::2]
    return lent


@wrong(checks.check_lend, "halves")
def _(looks):
    half = len(looks) // 2
    return torch.cat([looks[:half], looks[:half]])


@wrong(checks.check_lend, "halves")
def _(looks):
    return torch.cat([looks[0::2], looks[0::2]])


@wrong(checks.check_lend, "half is missing")
def _(looks):
    return looks[0::2]


@wrong(checks.check_lend, "unchanged")
def _(looks):
    return looks


@wrong(checks.check_lend, "mean")
def _(looks):
    return (looks[0::2] + looks[1::2]).repeat_interleave(2, 0) / 2


@wrong(checks.check_lend, "all from one")
def _(looks):
    return looks[0].expand_as(looks)


@right(checks.check_only_row)
def _(gradient, row):
    made = torch.zeros_like(gradient)
    made[row] = gradient[row]
    return made


@right(checks.check_only_row)
def _(gradient, row):
    return gradient * (torch.arange(len(gradient)) == row)[:, None]


@wrong(checks.check_only_row, "inside out")
def _(gradient, row):
    made = gradient.clone()
    made[row] = 0
    return made


@wrong(checks.check_only_row, "row before")
def _(gradient, row):
    made = torch.zeros_like(gradient)
    made[row - 1] = gradient[row - 1]
    return made


@wrong(checks.check_only_row, "up to the row")
def _(gradient, row):
    made = gradient.clone()
    made[row + 1 :] = 0
    return made


@wrong(checks.check_only_row, "from the row on")
def _(gradient, row):
    made = gradient.clone()
    made[:row] = 0
    return made


@wrong(checks.check_only_row, "the row alone")
def _(gradient, row):
    return gradient[row]


@wrong(checks.check_only_row, "unchanged")
def _(gradient, row):
    return gradient


@wrong(checks.check_only_row, "ones")
def _(gradient, row):
    made = torch.zeros_like(gradient)
    made[row] = 1
    return made
