"""The checks of lesson 13: tokens, bags of words, cross-attention, obedience, the maps of words."""

import torch

from checks.core import Mistake, Probe, compare, copied, randn

WORDS = "a , with in red blue robe hat wizard slime".split()
NUMBER = {word: i for i, word in enumerate(WORDS, 1)}


def check_tokens_of(function):
    """Your turn 13.1: function(words, number, length) is the tokens (length,), filled up with zeros; an unknown word
    raises KeyError or ValueError."""

    def made(of=lambda words, number: [number[word] for word in words], fill=lambda found, n: found + [0] * n):
        def tokens(words, number, length):
            found = of(words, number)
            return torch.tensor(fill(found, length - len(found)))

        return tokens

    def refused(tokens):
        """What happens to an unknown word, as numbers that `compare` can see: -1 if it is refused."""

        def asked(words, number, length):
            if all(word in number for word in words):
                return tokens(words, number, length)
            try:
                return tokens(words, number, length)
            except (KeyError, ValueError):
                return torch.tensor([-1])

        return asked

    known = [text.split() for text in ("a wizard in a red robe , with a hat", "slime", "blue hat , red hat")]
    cases = [(words, NUMBER, length) for words, length in zip(known, (12, 5, 5))]
    cases.append((["a", "unicorn", "in", "a", "robe"], NUMBER, 8))
    silent = "an unknown word passes in silence: look it up with number[word], which raises KeyError."
    return compare(
        "Your turn 13.1", refused(function), refused(made()), cases,
        mistakes=[
            Mistake("not filled up", refused(made(fill=lambda found, n: found)),
                    "the row has only as many numbers as there are words: fill it up with zeros to `length`."),
            Mistake("filled in front", refused(made(fill=lambda found, n: [0] * n + found)),
                    "the zeros stand in front of the words; they belong behind them."),
            Mistake("from zero", refused(made(of=lambda words, number: [number[word] - 1 for word in words])),
                    "you count from 0, but 0 stands for no word: take the numbers as they are in the dict."),
            Mistake("each word once",
                    refused(made(of=lambda words, number: [number[word] for word in dict.fromkeys(words)])),
                    "a word that comes twice must stand there twice, each time at its place."),
            Mistake("order lost", refused(made(of=lambda words, number: sorted(number[word] for word in words))),
                    "the tokens are sorted: they must stand in the order of the words."),
            Mistake("unknown is 0", refused(made(of=lambda words, number: [number.get(word, 0) for word in words])),
                    silent),
            Mistake("unknown skipped",
                    refused(made(of=lambda words, number: [number[word] for word in words if word in number])),
                    silent),
            Mistake("cut off", refused(made(of=lambda words, number: [number[word] for word in words[:-1]])),
                    "the last word is missing."),
        ],
        hints=[
            "A list comprehension over the words gives their numbers, in their order.",
            "A list of zeros is [0] * n; how many are missing?",
            "torch.tensor(found + [0] * (length - len(found))).",
        ],
    )  # fmt: skip


def check_bag(function):
    """Your turn 13.2: function(tokens, n) is (B, n), 1 where a word occurs."""

    def truth(tokens, n):
        return torch.zeros(len(tokens), n + 1).scatter(1, tokens, 1.0)[:, 1:]

    def counts(tokens, n):
        return torch.stack([(tokens == word).sum(1).float() for word in range(1, n + 1)], 1)

    def with_filling(tokens, n):
        return torch.zeros(len(tokens), n + 1).scatter(1, tokens, 1.0)[:, :n]

    def whole_batch(tokens, n):
        return truth(tokens.reshape(1, -1), n).expand(len(tokens), -1)

    cases = [
        (torch.tensor([[1, 9, 4, 1, 5, 7, 0, 0], [10, 0, 0, 0, 0, 0, 0, 0]]), 10),
        (torch.tensor([[3, 3, 2, 0, 0]]), 4),
        (torch.tensor([[6, 5], [1, 6], [4, 0]]), 6),
        (torch.zeros(2, 3, dtype=torch.long), 5),
    ]
    return compare(
        "Your turn 13.2", function, truth, cases,
        mistakes=[
            Mistake("counted", counts, "a word that comes twice counts as 2: a bag only says whether it is there."),
            Mistake("filling counted", with_filling, "word 1 stands in column 1, and the filling, 0, in column 0: word "
                    "number 1 belongs to the first column, and the filling to none."),
            Mistake("column too many",
                    lambda tokens, n: torch.zeros(len(tokens), n + 1).scatter(1, tokens, 1.0),
                    "there is one column too many: that of the filling, 0, which is no word."),
            Mistake("shares", lambda tokens, n: truth(tokens, n) / truth(tokens, n).sum(1, keepdim=True).clamp(min=1),
                    "you divide by the number of words: here a word that is there is 1, however many there are."),
            Mistake("whole batch", whole_batch, "all prompts have gone into one bag: each needs a row of its own."),
            Mistake("inverted", lambda tokens, n: 1 - truth(tokens, n), "1 stands for a word that is there."),
            Mistake("tokens kept", lambda tokens, n: truth(tokens, n) * torch.arange(1, n + 1),
                    "the tokens themselves stand in the columns: put a 1 there."),
        ],
        hints=[
            "Begin with zeros (B, n) and put a 1 into the column of each word. Watch out for the filling.",
            "With one column more, column 0 can collect the filling, and is thrown away in the end.",
            "torch.zeros(len(tokens), n + 1).scatter(1, tokens, 1.0)[:, 1:].",
        ],
        probe=Probe("the sum of the bag of tokens [3, 3, 2, 0, 0]", (torch.tensor([[3, 3, 2, 0, 0]]), 4),
                    lambda out: out.sum().item()),
    )  # fmt: skip


def check_cross_attend(function):
    """Your turn 13.3: function(q, k, v, there) is softmax(q k^T / sqrt(d)) v over the words that are there."""

    def attend(scale=lambda d: d**0.5, mask=lambda fit, there: fit.masked_fill(~there, -torch.inf), axis=3,
               after=lambda weights, there: weights):  # fmt: skip
        def made(q, k, v, there):
            there = there[:, None, None]
            fit = mask(q @ k.transpose(2, 3) / scale(q.shape[3]), there)
            return after(fit.softmax(axis), there) @ v

        return made

    def case(B, heads, N, L, d, e, lengths, seed):
        there = torch.arange(L) < torch.tensor(lengths)[:, None]
        return randn(B, heads, N, d, seed=seed), randn(B, heads, L, d, seed=seed + 1), \
            randn(B, heads, L, e, seed=seed + 2), there  # fmt: skip

    cases = [
        case(3, 2, 16, 7, 8, 8, [7, 3, 1], 0), case(2, 1, 9, 4, 6, 5, [2, 4], 10), case(2, 2, 3, 3, 3, 3, [3, 1], 20),
        case(1, 4, 16, 5, 2, 2, [4], 30),
    ]  # fmt: skip
    q, k, v = torch.zeros(1, 1, 1, 4), torch.zeros(1, 1, 4, 4), torch.tensor([1.0, 1, 5, 5]).reshape(1, 1, 4, 1)
    half = torch.tensor([[True, True, False, False]])
    return compare(
        "Your turn 13.3", function, attend(), cases,
        mistakes=[
            Mistake("mask forgotten", attend(mask=lambda fit, there: fit),
                    "the filling is listened to as well: `there` plays no part."),
            Mistake("mask inverted", attend(mask=lambda fit, there: fit.masked_fill(there, -torch.inf)),
                    "only the filling is listened to: -inf belongs where a word is *not* there, ~there."),
            Mistake("masked after the softmax", attend(mask=lambda fit, there: fit, after=lambda w, there: w * there),
                    "the weights are set to 0 after the softmax, so the rest adds up to less than 1: set the fits to "
                    "-inf before it."),
            Mistake("0 for -inf", attend(mask=lambda fit, there: fit.masked_fill(~there, 0.0)),
                    "a fit of 0 is an ordinary fit, whose weight is not 0: use -torch.inf."),
            Mistake("along the places", attend(axis=2, mask=lambda fit, there: fit),
                    "the weights add up to 1 over the places. Each place has one average: they must over the words."),
            Mistake("not scaled", attend(scale=lambda d: 1.0), "the division by sqrt(d) is missing, d = q.shape[3]."),
            Mistake("divided by d", attend(scale=lambda d: d), "you divide by d; it is its square root."),
            Mistake("multiplied", attend(scale=lambda d: d**-0.5), "you multiply by sqrt(d): divide."),
            Mistake("fits for weights", lambda q, k, v, there: (
                (q @ k.transpose(2, 3) / q.shape[3] ** 0.5).masked_fill(~there[:, None, None], 0.0) @ v),
                "the softmax is missing: fits may be negative, and do not add up to 1."),
        ],
        hints=[
            "It is your attend of lesson 3, with one line more between the fits and the softmax.",
            "there is (B, L) and the fits are (B, heads, N, L): there[:, None, None] fits them.",
            "fit.masked_fill(~there[:, None, None], -torch.inf).softmax(3) @ v.",
        ],
        probe=Probe("what a place is told, where the words that are there say 1, and the filling says 5,",
                    (q, k, v, half), lambda out: out.item()),
    )  # fmt: skip


def check_obeyed(function):
    """Your turn 13.4: function(asked, seen) is (how much of what was asked for is seen, how much was asked for)."""

    def counted(noun=True, no_colour=False, parts=lambda asked, seen: [part in seen for part in asked]):
        def made(asked, seen):
            right = [asked["noun"] == seen["noun"]] * noun
            right += [asked["colour"] == seen["colour"]] * (asked["colour"] is not None or no_colour)
            right += parts(asked["parts"], seen["parts"])
            return sum(right), len(right)

        return made

    def all_or_nothing(asked, seen):
        right, named = counted()(asked, seen)
        return int(right == named), 1

    def request(noun, colour, *parts):
        return {"noun": noun, "colour": colour, "parts": list(parts)}

    pairs = [
        (request("monk", "red", "robe", "sash"), request("monk", "red", "hood", "robe")),
        (request("king", None, "crown"), request("king", "blue", "crown", "robe", "sword")),
        (request("slime", "green"), request("ghost", "green", "horns")),
        (request("wizard", "blue", "robe", "hat", "beard"), request("wizard", "red", "hat")),
        (request("apple", None), request("apple", "red", "leaf")),
    ]
    cases = [tuple(map(_Request, pair)) for pair in pairs]
    return compare(
        "Your turn 13.4", function, counted(), cases,
        mistakes=[
            Mistake("no colour counted", counted(no_colour=True),
                    "a caption that names no colour, None, asks for none: then the colour is not to be counted."),
            Mistake("seen counted", counted(parts=lambda asked, seen: [part in asked for part in seen]),
                    "you go through the parts that are *seen*. What was not asked for does not count; go through those "
                    "that were asked for."),
            Mistake("extra parts punished", counted(parts=lambda asked, seen: [
                part in asked and part in seen for part in {*asked, *seen}]),
                "parts that nobody asked for are counted as faults: a caption need not say everything."),
            Mistake("noun forgotten", counted(noun=False), "the noun is asked for, too, and counts as one."),
            Mistake("all parts as one", counted(parts=lambda asked, seen: [set(asked) <= set(seen)] * bool(asked)),
                    "the parts together count as one thing: each of them is one."),
            Mistake("all or nothing", all_or_nothing, "you count pictures on which everything is right. Count the "
                    "things that were asked for."),
            Mistake("wrong ones counted", lambda asked, seen: (
                counted()(asked, seen)[1] - counted()(asked, seen)[0], counted()(asked, seen)[1]),
                "the first number says how many are missing: it should say how many are there."),
            Mistake("swapped", lambda asked, seen: counted()(asked, seen)[::-1],
                    "the two numbers are exchanged: first what is right, then what was asked for."),
        ],
        hints=[
            "Make a list of True and False, one for each thing that was asked for.",
            "sum(right) counts the True ones, len(right) all.",
            "right = [noun right]; + [colour right] if asked['colour'] is not None; + [part in seen['parts'] for ...].",
        ],
    )  # fmt: skip


class _Request(dict):
    """A request that a function may change without harm to the next: `compare` copies tensors and lists alone."""

    def __getitem__(self, name):
        return copied(super().__getitem__(name))


def check_word_map(function):
    """Your turn 13.5: function(looks, i) is the maps (B, side, side) of word i, the mean over the heads."""

    def made(heads=lambda looks: looks.mean(1), at=lambda i: i + 1, turn=lambda maps: maps):
        def maps(looks, i):
            side = round(looks.shape[2] ** 0.5)
            return turn(heads(looks)[:, :, at(i)].reshape(len(looks), side, side))

        return maps

    def of_a_place(looks, i):
        side = round(looks.shape[2] ** 0.5)
        return looks.mean(1).transpose(1, 2).reshape(len(looks), -1, side, side)[:, i]

    def case(B, heads, side, L, i, seed):
        return randn(B, heads, side * side, 1 + L, seed=seed).softmax(3), i

    cases = [case(3, 2, 8, 5, 0, 1), case(2, 4, 4, 7, 6, 2), case(1, 1, 3, 2, 1, 3), case(2, 2, 2, 5, 3, 4)]
    return compare(
        "Your turn 13.5", function, made(), cases,
        mistakes=[
            Mistake("one place off", of_a_place, "in front of the words stands the vector for no word, so that word "
                    "number 0 of the prompt has column 1."),
            Mistake("one place off", made(at=lambda i: i), "in front of the words stands the vector for no word, so "
                    "that word number 0 of the prompt has column 1."),
            Mistake("from behind", made(at=lambda i: -1 - i), "you count the words from the end of the prompt."),
            Mistake("heads added", made(heads=lambda looks: looks.sum(1)), "the heads are added: average over them."),
            Mistake("first head", made(heads=lambda looks: looks[:, 0]),
                    "only the first head is there: average over all."),
            Mistake("largest head", made(heads=lambda looks: looks.amax(1)),
                    "this is the largest of the heads, not their mean."),
            Mistake("transposed", made(turn=lambda maps: maps.transpose(1, 2)), "rows and columns are exchanged: the "
                    "places come row by row, so reshape alone puts them right."),
            Mistake("stretched", made(turn=lambda maps: maps / maps.amax((1, 2), keepdim=True)),
                    "each map is divided by its largest number, so that maps can no longer be compared: leave it."),
        ],
        hints=[
            "Three steps: the mean over the heads (axis 1), one column of the last axis, reshape.",
            "The column of word i is i + 1.",
            "looks.mean(1)[:, :, i + 1].reshape(len(looks), side, side), side = round(looks.shape[2] ** 0.5).",
        ],
    )  # fmt: skip
