"""Right and wrong answers to the your turns of lesson 13."""

import torch
from answers import right, wrong

import checks

# -------------------------------------------------------------------------------------------------------------- tokens


@right(checks.check_tokens_of)
def _(words, number, length):
    row = torch.zeros(length, dtype=torch.long)
    for i, word in enumerate(words):
        row[i] = number[word]
    return row


@right(checks.check_tokens_of)
def _(words, number, length):
    for word in words:
        if word not in number:
            raise ValueError(f"{word} is not known")
    return torch.nn.functional.pad(torch.tensor([number[w] for w in words]), (0, length - len(words)))


@wrong(checks.check_tokens_of, "not filled up")
def _(words, number, length):
    return torch.tensor(list(map(number.__getitem__, words)))


@wrong(checks.check_tokens_of, "filled in front")
def _(words, number, length):
    return torch.nn.functional.pad(torch.tensor([number[w] for w in words]), (length - len(words), 0))


@wrong(checks.check_tokens_of, "from zero")
def _(words, number, length):
    row = [list(number).index(w) for w in words if number[w]]
    return torch.tensor(row + [0] * (length - len(row)))


@wrong(checks.check_tokens_of, "each word once")
def _(words, number, length):
    row = []
    for w in words:
        if number[w] not in row:
            row.append(number[w])
    return torch.tensor(row + [0] * (length - len(row)))


@wrong(checks.check_tokens_of, "order lost")
def _(words, number, length):
    row = sorted([number[w] for w in words])
    return torch.tensor(row + [0] * (length - len(row)))


@wrong(checks.check_tokens_of, "unknown is 0")
def _(words, number, length):
    row = torch.zeros(length, dtype=torch.long)
    for i, w in enumerate(words):
        if w in number:
            row[i] = number[w]
    return row


@wrong(checks.check_tokens_of, "unknown skipped")
def _(words, number, length):
    row = [number[w] for w in words if w in number]
    return torch.tensor(row + [0] * (length - len(row)))


@wrong(checks.check_tokens_of, "cut off")
def _(words, number, length):
    row = [number[w] for w in words][: len(words) - 1]
    return torch.tensor(row + [0] * (length - len(row)))


# ----------------------------------------------------------------------------------------------------------------- bag


@right(checks.check_bag)
def _(tokens, n):
    return torch.stack([(tokens == word).any(1).float() for word in range(1, n + 1)], 1)


@right(checks.check_bag)
def _(tokens, n):
    return torch.nn.functional.one_hot(tokens, n + 1).amax(1)[:, 1:].float()


@wrong(checks.check_bag, "counted")
def _(tokens, n):
    return torch.nn.functional.one_hot(tokens, n + 1).sum(1)[:, 1:].float()


@wrong(checks.check_bag, "filling counted")
def _(tokens, n):
    return torch.nn.functional.one_hot(tokens, n + 1).amax(1)[:, :-1].float()


@wrong(checks.check_bag, "column too many")
def _(tokens, n):
    return torch.nn.functional.one_hot(tokens, n + 1).amax(1).float()


@wrong(checks.check_bag, "shares")
def _(tokens, n):
    rows = torch.nn.functional.one_hot(tokens, n + 1).amax(1)[:, 1:].float()
    return rows / rows.sum(1, keepdim=True).clamp(min=1)


@wrong(checks.check_bag, "whole batch")
def _(tokens, n):
    rows = torch.nn.functional.one_hot(tokens, n + 1).amax((0, 1))[1:].float()
    return rows.repeat(len(tokens), 1)


@wrong(checks.check_bag, "inverted")
def _(tokens, n):
    return torch.stack([(tokens != word).all(1).float() for word in range(1, n + 1)], 1)


@wrong(checks.check_bag, "tokens kept")
def _(tokens, n):
    return torch.stack([word * (tokens == word).any(1).float() for word in range(1, n + 1)], 1)


@wrong(checks.check_bag, "in place")
def _(tokens, n):
    rows = torch.zeros(len(tokens), n + 1).scatter(1, tokens, 1.0)[:, 1:]
    tokens -= 1
    return rows


# ------------------------------------------------------------------------------------------------------ cross-attention


@right(checks.check_cross_attend)
def _(q, k, v, there):
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=there[:, None, None])


@right(checks.check_cross_attend)
def _(q, k, v, there):
    fit = torch.einsum("bhnd,bhld->bhnl", q, k) / q.shape[-1] ** 0.5
    weights = fit.exp() * there[:, None, None]
    return weights / weights.sum(-1, keepdim=True) @ v


def fits(q, k):
    return q @ k.mT / q.shape[-1] ** 0.5


@wrong(checks.check_cross_attend, "mask forgotten")
def _(q, k, v, there):
    return torch.nn.functional.scaled_dot_product_attention(q, k, v)


@wrong(checks.check_cross_attend, "mask inverted")
def _(q, k, v, there):
    return torch.where(there[:, None, None], -torch.inf, fits(q, k)).softmax(-1) @ v


@wrong(checks.check_cross_attend, "masked after the softmax")
def _(q, k, v, there):
    return fits(q, k).softmax(-1).masked_fill(~there[:, None, None], 0) @ v


@wrong(checks.check_cross_attend, "0 for -inf")
def _(q, k, v, there):
    return (fits(q, k) * there[:, None, None]).softmax(-1) @ v


@wrong(checks.check_cross_attend, "along the places")
def _(q, k, v, there):
    return fits(q, k).softmax(-2) @ v


@wrong(checks.check_cross_attend, "not scaled")
def _(q, k, v, there):
    return (q @ k.mT).masked_fill(~there[:, None, None], -torch.inf).softmax(-1) @ v


@wrong(checks.check_cross_attend, "divided by d")
def _(q, k, v, there):
    return (q @ k.mT / q.shape[-1]).masked_fill(~there[:, None, None], -torch.inf).softmax(-1) @ v


@wrong(checks.check_cross_attend, "multiplied")
def _(q, k, v, there):
    return (q @ k.mT * q.shape[-1] ** 0.5).masked_fill(~there[:, None, None], -torch.inf).softmax(-1) @ v


@wrong(checks.check_cross_attend, "fits for weights")
def _(q, k, v, there):
    return (fits(q, k) * there[:, None, None]) @ v


# ----------------------------------------------------------------------------------------------------------- obedience


@right(checks.check_obeyed)
def _(asked, seen):
    named = 1 + (asked["colour"] is not None) + len(asked["parts"])
    found = len(set(asked["parts"]) & set(seen["parts"])) + (asked["noun"] == seen["noun"])
    if asked["colour"] is not None:
        found += asked["colour"] == seen["colour"]
    return found, named


@right(checks.check_obeyed)
def _(asked, seen):
    pairs = [(asked["noun"], [seen["noun"]]), (asked["colour"], [seen["colour"]])]
    pairs += [(part, seen["parts"]) for part in asked["parts"]]
    right = [want in have for want, have in pairs if want is not None]
    return [sum(right), len(right)]


def counted(asked, seen):
    right = [asked["noun"] == seen["noun"]]
    right += [asked["colour"] == seen["colour"]] if asked["colour"] else []
    right += [part in seen["parts"] for part in asked["parts"]]
    return sum(right), len(right)


@wrong(checks.check_obeyed, "no colour counted")
def _(asked, seen):
    right = [asked["noun"] == seen["noun"], asked["colour"] == seen["colour"]]
    right += [part in seen["parts"] for part in asked["parts"]]
    return sum(right), len(right)


@wrong(checks.check_obeyed, "seen counted")
def _(asked, seen):
    found, named = counted(asked | {"parts": []}, seen)
    right = [part in asked["parts"] for part in seen["parts"]]
    return found + sum(right), named + len(right)


@wrong(checks.check_obeyed, "extra parts punished")
def _(asked, seen):
    found, named = counted(asked, seen)
    return found, named + len(set(seen["parts"]) - set(asked["parts"]))


@wrong(checks.check_obeyed, "noun forgotten")
def _(asked, seen):
    found, named = counted(asked, seen)
    return found - (asked["noun"] == seen["noun"]), named - 1


@wrong(checks.check_obeyed, "all parts as one")
def _(asked, seen):
    found, named = counted(asked | {"parts": []}, seen)
    if not asked["parts"]:
        return found, named
    return found + all(part in seen["parts"] for part in asked["parts"]), named + 1


@wrong(checks.check_obeyed, "all or nothing")
def _(asked, seen):
    found, named = counted(asked, seen)
    return found // named, 1


@wrong(checks.check_obeyed, "wrong ones counted")
def _(asked, seen):
    found, named = counted(asked, seen)
    return named - found, named


@wrong(checks.check_obeyed, "swapped")
def _(asked, seen):
    found, named = counted(asked, seen)
    return named, found


# -------------------------------------------------------------------------------------------------------- maps of words


@right(checks.check_word_map)
def _(looks, i):
    B, heads, N, _ = looks.shape
    side = int(N**0.5 + 0.5)
    return looks[..., i + 1].mean(1).view(B, side, side)


@right(checks.check_word_map)
def _(looks, i):
    side = round(looks.shape[2] ** 0.5)
    return looks.sum(1).select(2, i + 1).unflatten(1, (side, side)) / looks.shape[1]


def mapped(looks, i):
    side = round(looks.shape[2] ** 0.5)
    return looks.mean(1)[..., i].unflatten(1, (side, side))


@wrong(checks.check_word_map, "one place off")
def _(looks, i):
    return mapped(looks, i)


@wrong(checks.check_word_map, "from behind")
def _(looks, i):
    return mapped(looks.flip(3), i)


@wrong(checks.check_word_map, "heads added")
def _(looks, i):
    return mapped(looks, i + 1) * looks.shape[1]


@wrong(checks.check_word_map, "first head")
def _(looks, i):
    return mapped(looks[:, :1], i + 1)


@wrong(checks.check_word_map, "largest head")
def _(looks, i):
    return mapped(looks.max(1, keepdim=True).values, i + 1)


@wrong(checks.check_word_map, "transposed")
def _(looks, i):
    return mapped(looks, i + 1).mT


@wrong(checks.check_word_map, "stretched")
def _(looks, i):
    maps = mapped(looks, i + 1)
    return maps / maps.flatten(1).max(1).values[:, None, None]
