"""The checks of lesson 15: patches, the transformer's block, the flow, the autoencoder, joint attention."""

import functools

import torch

from checks.core import Mistake, Probe, compare, per_image, randn


def _tokens(order=(0, 2, 4, 1, 3, 5), strided=False):
    """Cut x (B, C, H, W) into axes (B, C, H/p, p, W/p, p), or (B, C, p, H/p, p, W/p), and put these in an order."""

    def cut(x, p):
        B, C, H, W = x.shape
        parts = x.reshape(B, C, p, H // p, p, W // p) if strided else x.reshape(B, C, H // p, p, W // p, p)
        return parts.permute(*order).reshape(B, -1, C * p * p)

    return cut


def check_to_tokens(function):
    """Your turn 15.1: function(x, p) is the patches of images (B, C, H, W) as tokens (B, H/p * W/p, C p p)."""
    numbered = torch.arange(16.0).reshape(1, 1, 4, 4)
    return compare(
        "Your turn 15.1", function, _tokens(),
        [(randn(2, 3, 8, 12), 4), (randn(3, 1, 6, 4, seed=1), 2), (randn(1, 4, 8, 8, seed=2), 1)],
        mistakes=[
            Mistake("only reshaped", lambda x, p: x.reshape(len(x), -1, x.shape[1] * p * p),
                    "reshape alone never moves a number, so a token holds a piece of a row, not a square patch. Split "
                    "both axes first, then permute."),
            Mistake("column by column", _tokens((0, 4, 2, 1, 3, 5)),
                    "the patches are counted down the columns; count them row by row, as one reads."),
            Mistake("channels last", _tokens((0, 2, 4, 3, 5, 1)),
                    "inside a token the channel comes last; the order is channel, row, column."),
            Mistake("patch transposed", _tokens((0, 2, 4, 1, 5, 3)),
                    "inside a token rows and columns have changed places: each patch lies on its side."),
            Mistake("every p-th pixel", _tokens((0, 3, 5, 1, 2, 4), strided=True),
                    "a token gathers pixels from all over the picture: split H into (H/p, p), not into (p, H/p)."),
            Mistake("not turned", lambda x, p: _tokens()(x, p).transpose(1, 2),
                    "the tokens lie in the last axis. They belong in the middle: (B, tokens, numbers)."),
        ],
        hints=[
            "Give the picture six axes: x.reshape(B, C, H // p, p, W // p, p).",
            "Then permute, so that the two axes that count the patches come right behind B.",
            "x.reshape(B, C, H // p, p, W // p, p).permute(0, 2, 4, 1, 3, 5).reshape(B, -1, C * p * p)",
        ],
        probe=Probe("of a 4 x 4 picture that holds 0 to 15, cut with p = 2, the second number of the first token",
                    (numbered, 2), lambda out: out[0, 0, 1].item()),
    )  # fmt: skip


def _toy(width, seed):
    """A norm, two functions of tokens and one of the embedding, that stand for a block's layers."""
    mixing, thinking, six = (0.3 * randn(width, n, seed=seed + i) for i, n in enumerate((width, width, 6 * width)))

    def norm(h):
        return (h - h.mean(-1, keepdim=True)) / (h.var(-1, keepdim=True, unbiased=False) + 1e-6).sqrt()

    def attend(h):
        return h.flip(1) @ mixing + 0.1

    def think(h):
        return torch.tanh(h @ thinking) + 0.2

    def modulate(emb):
        return emb @ six

    return norm, attend, think, modulate


def check_dit_block(function):
    """Your turn 15.2: function(h, emb, norm, attend, think, modulate) is one block with adaLN-zero."""

    def block(order=(0, 1, 2), keep=True, one=1, gated=True, normed=True, told=True, first="attend", both=True,
              raw=False, gate_inside=False, second=None):  # fmt: skip
        def made(h, emb, norm, attend, think, modulate):
            six = modulate(emb)[:, None].chunk(6, 2)
            parts = {"attend": attend, "think": think}
            names = [first, "think" if first == "attend" else "attend"]
            for i, name in enumerate(names if both else names[:1]):
                three = six[3 * i : 3 * i + 3] if second is None else second(six, i)
                shift, scale, gate = (three[k] for k in order)
                g = norm(h) if normed else h
                g = g * (one + scale) + shift if told else g
                g = parts[name](gate * g) if gate_inside else parts[name](g)
                g = g if raw or gate_inside or not gated else gate * g
                h = h + g if keep else g
            return h

        return made

    def one_way(h, emb, norm, attend, think, modulate):
        """Both parts look at the h of the beginning."""
        a, b, c, d, e, f = modulate(emb)[:, None].chunk(6, 2)
        return h + c * attend(norm(h) * (1 + b) + a) + f * think(norm(h) * (1 + e) + d)

    cases = [(randn(B, N, C, seed=i), randn(B, C, seed=i + 5), *_toy(C, i))
             for i, (B, N, C) in enumerate([(2, 5, 4), (3, 4, 8), (1, 6, 2)])]  # fmt: skip
    return compare(
        "Your turn 15.2", function, block(), cases,
        mistakes=[
            Mistake("no gate", block(gated=False),
                    "the two gates are not used: what attend and think return is multiplied by its gate before it is "
                    "added. Without the gates a new block is not the identity."),
            Mistake("not added", block(keep=False), "h is replaced: what each part returns must be added to h."),
            Mistake("1 missing", block(one=0),
                    "the norm is multiplied by scale alone. At the start scale is 0, so the block would see nothing: "
                    "multiply by 1 + scale."),
            Mistake("shift and scale swapped", block((1, 0, 2)),
                    "the six come in the order shift, scale, gate, and again shift, scale, gate: the first is added."),
            Mistake("gate first", block((1, 2, 0)), "the gate comes last of each three: shift, scale, gate."),
            Mistake("dealt in pairs", block(second=lambda six, i: six[i::2]),
                    "the first three of the six belong to attend and the last three to think."),
            Mistake("one three for both", block(second=lambda six, i: six[:3]),
                    "think is modulated with the three numbers of attend; it has three of its own."),
            Mistake("no norm", block(normed=False), "the norm is missing in front of attend and think."),
            Mistake("not told", block(told=False),
                    "shift and scale are not used, so neither part is told the time: norm(h) * (1 + scale) + shift."),
            Mistake("think first", block(first="think"), "think comes before attend; the tokens look round first."),
            Mistake("attend only", block(both=False), "the second half is missing: think, with its own three."),
            Mistake("gate inside", block(gate_inside=True),
                    "the gate is applied to what goes in; it belongs on what comes out, just before it is added."),
            Mistake("side by side", one_way,
                    "think looks at the h from before attend: update h first, then go on with the new one."),
        ],
        hints=[
            "modulate(emb)[:, None].chunk(6, 2) gives shift, scale and gate for attend, then the same for think.",
            "The first half is h = h + gate * attend(norm(h) * (1 + scale) + shift).",
            "The second half is the same with think, and with the other three.",
        ],
        probe=Probe("the std of two tokens after a block of small stand-in layers", cases[0]),
    )  # fmt: skip


def check_flow_question(function):
    """Your turn 15.3: function(x0, g) is x_r, r and the velocity; first the normal numbers for r, then the noise."""

    def asked(noise_first=False, one=False, numbers=None, bend=torch.sigmoid, draw_r=torch.randn, normal=torch.randn,
              mix=lambda x0, r, eps: (1 - r) * x0 + r * eps, aim=lambda x0, r, eps: eps - x0,
              order=(0, 1, 2)):  # fmt: skip
        def made(x0, g):
            def times():
                return bend(draw_r(1 if one else len(x0), generator=g)).expand(len(x0))

            def noise():
                return normal(x0[:numbers].shape, generator=g).expand(x0.shape)

            r, eps = (noise(), times())[::-1] if noise_first else (times(), noise())
            answer = mix(x0, per_image(r), eps), r, aim(x0, per_image(r), eps)
            return [answer[i] for i in order]

        return functools.partial(_with_seed, made)

    def rand(shape, generator):
        return torch.rand(shape, generator=generator)

    cases = [(randn(*shape, seed=1), seed) for shape, seed in [((6, 3, 4, 4), 3), ((2, 4, 8, 8), 5), ((9, 1, 4, 6), 8)]]
    return compare(
        "Your turn 15.3", functools.partial(_with_seed, function), asked(), cases,
        mistakes=[
            Mistake("noise drawn first", asked(noise_first=True),
                    "the noise is drawn before the numbers for r. That would be as good, but the check repeats your "
                    "draws: r first."),
            Mistake("one r for all", asked(one=True), "all pictures of the batch get the same r: draw one for each."),
            Mistake("one noise for all", asked(numbers=1),
                    "all pictures get the same noise: eps needs the shape of x0."),
            Mistake("uniform r", asked(bend=lambda u: u, draw_r=torch.rand),
                    "r is drawn evenly. Draw a normal number and send it through the sigmoid."),
            Mistake("sigmoid of uniform", asked(draw_r=torch.rand),
                    "the numbers for the sigmoid are drawn with torch.rand, so r lies between 0.5 and 0.73: they must "
                    "be normal, torch.randn."),
            Mistake("no sigmoid", asked(bend=lambda n: n), "r is the normal number itself; the sigmoid is missing."),
            Mistake("uniform noise", asked(normal=rand), "the noise must be normal: torch.randn."),
            Mistake("wrong way", asked(aim=lambda x0, r, eps: x0 - eps),
                    "that velocity leads from noise to picture. It is the derivative of x_r by r, so eps - x0."),
            Mistake("ends swapped", asked(mix=lambda x0, r, eps: r * x0 + (1 - r) * eps),
                    "the ends are swapped: r is the share of noise, so r = 0 must be the clean picture."),
            Mistake("square roots", asked(mix=lambda x0, r, eps: (1 - r).sqrt() * x0 + r.sqrt() * eps),
                    "here no roots are taken: the path is a straight line, (1 - r) x0 + r eps."),
            Mistake("aims at the noise", asked(aim=lambda x0, r, eps: eps),
                    "the aim is the noise; the velocity is the difference of the two ends."),
            Mistake("aims at the picture", asked(aim=lambda x0, r, eps: x0 + 0 * eps),
                    "the aim is the clean picture; the velocity is the difference of the two ends."),
            Mistake("from where it is", asked(aim=lambda x0, r, eps: r * (eps - x0)),
                    "that is the way covered so far, x_r - x0. The velocity is the same everywhere on the line."),
            Mistake("order", asked(order=(0, 2, 1)), "return x_r, r, velocity in this order."),
        ],
        hints=[
            "Four lines: r, the noise, the mixture, the velocity. What is random comes from g.",
            "r = torch.randn(len(x0), generator=g).sigmoid(), and eps = torch.randn(x0.shape, generator=g).",
            "With w = r[:, None, None, None]: return (1 - w) * x0 + w * eps, r, eps - x0.",
        ],
        probe=Probe("for four white pictures the mean of x_r", (torch.ones(4, 3, 16, 16), 4),
                    lambda out: out[0].mean().item()),
        random=("no seed", "Give g to each torch.randn, as generator=g."),
    )  # fmt: skip


def _with_seed(function, x0, seed):
    """The answer with a new generator; a tuple as a list."""
    answer = function(x0, torch.Generator().manual_seed(seed))
    return list(answer) if isinstance(answer, tuple) else answer


def check_autoencoder_loss(function):
    """Your turn 15.4: function(x, decoded, mean, log_variance, beta) is the loss, one number."""

    def loss(rebuilt=lambda e: e.square().mean(), bell=lambda m, v: 0.5 * (m.square() + v.exp() - 1 - v).mean(),
             weigh=lambda a, b, beta: a + beta * b):  # fmt: skip
        return lambda x, decoded, mean, log_variance, beta: weigh(
            rebuilt(decoded - x), bell(mean, log_variance), beta
        ).reshape(())

    def bell(square=torch.square, one=1, half=0.5, spread=torch.exp, log=1, take=torch.mean):
        return lambda m, v: half * take(square(m) + spread(v) - one - log * v)

    cases = [(randn(*big, seed=1), randn(*big, seed=2), randn(*small, seed=3), 0.5 * randn(*small, seed=4) - 1, beta)
             for big, small, beta in [((2, 3, 8, 8), (2, 4, 2, 2), 0.1), ((3, 1, 4, 8), (3, 2, 1, 2), 0.7),
                                      ((1, 3, 16, 16), (1, 6, 4, 4), 0.01)]]  # fmt: skip
    perfect = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8), torch.ones(1, 4, 2, 2), torch.zeros(1, 4, 2, 2), 1.0
    return compare(
        "Your turn 15.4", lambda *given: _number(function(*given)), loss(), cases,
        mistakes=[
            Mistake("no KL", loss(weigh=lambda a, b, beta: a), "the second term, beta times the KL, is missing."),
            Mistake("no beta", loss(weigh=lambda a, b, beta: a + b), "the KL must be multiplied by beta."),
            Mistake("beta on both", loss(weigh=lambda a, b, beta: beta * (a + b)),
                    "beta multiplies the KL alone, not the error of the picture."),
            Mistake("beta on the wrong term", loss(weigh=lambda a, b, beta: beta * a + b),
                    "beta stands before the wrong term: it belongs to the KL."),
            Mistake("subtracted", loss(weigh=lambda a, b, beta: a - beta * b),
                    "the KL is subtracted, which would reward wide latents without end: add it."),
            Mistake("half missing", loss(bell=bell(half=1)), "the KL is half of that sum."),
            Mistake("1 missing", loss(bell=bell(one=0)),
                    "the 1 is missing: a latent that is a standard bell curve already must cost nothing."),
            Mistake("log added", loss(bell=bell(log=-1)), "the log variance is subtracted in the KL, not added."),
            Mistake("standard deviation", loss(bell=bell(spread=lambda v: (v / 2).exp())),
                    "exp(log_variance / 2) is the standard deviation; the KL takes the variance, exp(log_variance)."),
            Mistake("log variance as variance", loss(bell=bell(spread=lambda v: v)),
                    "log_variance is a logarithm: the variance is log_variance.exp()."),
            Mistake("mean not squared", loss(bell=bell(square=lambda m: m)), "in the KL the mean is squared."),
            Mistake("summed", loss(bell=bell(take=torch.sum)),
                    "the KL is summed, so it grows with the batch: take the mean, as of the error."),
            Mistake("summed", loss(rebuilt=lambda e: e.square().sum()),
                    "the squared error is summed, so it grows with the batch and the picture: take the mean."),
            Mistake("absolute error", loss(rebuilt=lambda e: e.abs().mean()),
                    "that is the mean absolute error of the picture; square it here."),
            Mistake("root", loss(rebuilt=lambda e: e.square().mean().sqrt()),
                    "that is the root of the mean square; take the mean square itself."),
        ],
        hints=[
            "Two terms: the mean squared difference of decoded and x, plus beta times the KL.",
            "The KL of one number is (mean^2 + variance - 1 - log variance) / 2; take the mean of all numbers.",
            "kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()",
        ],
        probe=Probe("of a perfect copy whose latents have mean 1 and variance 1 the loss, at beta = 1,", perfect,
                    lambda out: float(out)),
    )  # fmt: skip


def _number(answer):
    """A loss as a tensor of shape (), if it is one number; else the answer as it is."""
    return torch.as_tensor(float(answer)) if isinstance(answer, float) else answer


def check_scale_of(function):
    """Your turn 15.5: function(z) is the number that latents z (N, k, h, w) are multiplied with."""

    def truth(z):
        return 1 / z.std().item()

    cases = [(3 * randn(200, 4, 2, 2, seed=1) + 1,), (0.2 * randn(150, 2, 4, 4, seed=2) - 2,),
             (torch.tensor([1.0, 8.0])[:, None, None] * randn(300, 2, 3, 3, seed=3),)]  # fmt: skip
    return compare(
        "Your turn 15.5", lambda z: _float(function(z)), truth, cases,
        mistakes=[
            Mistake("upside down", lambda z: z.std().item(),
                    "that is the standard deviation; the latents are multiplied, so it must be 1 divided by it."),
            Mistake("variance", lambda z: 1 / z.var().item(),
                    "divide by the standard deviation: the variance is its square."),
            Mistake("mean included", lambda z: 1 / z.square().mean().sqrt().item(),
                    "the root of the mean square also counts how far the latents lie from 0: subtract their mean "
                    "first, as std() does."),
            Mistake("largest", lambda z: 1 / z.abs().max().item(),
                    "that makes the largest number 1. A single outlier decides it; take the standard deviation."),
            Mistake("absolute", lambda z: 1 / z.abs().mean().item(),
                    "that is the mean size; the noise has standard deviation 1, so compare standard deviations."),
            Mistake("by channel", lambda z: 1 / z.std((0, 2, 3)),
                    "that is a number for each channel. It is used, too, but Stable Diffusion has one number for all."),
            Mistake("by picture", lambda z: 1 / z.flatten(1).std(1),
                    "that is a number for each picture: then the decoder could not undo it. One number for all."),
            Mistake("mean of channels", lambda z: 1 / z.std((0, 2, 3)).mean().item(),
                    "the mean of the channels' deviations is not the deviation of all numbers together."),
        ],
        hints=[
            "Multiplied by it, the latents must have the standard deviation 1.",
            "z.std() takes all numbers together.",
            "1 / z.std().item()",
        ],
    )  # fmt: skip


def _float(answer):
    return answer.item() if torch.is_tensor(answer) and answer.dim() == 0 else answer


def check_joint_attention(function):
    """Your turn 15.6: function(picture, words), each (q, k, v), (B, heads, tokens, D), is what both are told."""

    def look(q, k, v, scale=True, axis=-1):
        scores = q @ k.transpose(2, 3) / (q.shape[3] ** 0.5 if scale else 1)
        return scores.softmax(axis) @ v

    def joint(**how):
        def made(picture, words):
            told = look(*(torch.cat(pair, 2) for pair in zip(picture, words)), **how)
            return list(told.split([picture[0].shape[2], words[0].shape[2]], 2))

        return made

    def own(picture, words):
        return [look(*picture), look(*words)]

    def crossed(picture, words):
        return [look(picture[0], *words[1:]), look(words[0], *picture[1:])]

    def deaf(picture, words):
        return [joint()(picture, words)[0], look(*words)]

    def blind(picture, words):
        return [look(*picture), joint()(picture, words)[1]]

    def added(picture, words):
        pairs = zip(own(picture, words), crossed(picture, words))
        return [a + b for a, b in pairs]

    def turned(picture, words):
        return joint()(picture, words)[::-1]

    def words_first(picture, words):
        told = torch.cat(joint()(words, picture), 2)
        return list(told.split([picture[0].shape[2], words[0].shape[2]], 2))

    cases = [(tuple(randn(B, h, N, D, seed=10 * i + j) for j in range(3)),
              tuple(randn(B, h, L, D, seed=10 * i + j + 5) for j in range(3)))
             for i, (B, h, N, L, D) in enumerate([(2, 2, 4, 3, 4), (1, 3, 6, 2, 8), (3, 1, 5, 5, 2)])]  # fmt: skip
    return compare(
        "Your turn 15.6", lambda *given: _listed(function(*given)), joint(), cases,
        mistakes=[
            Mistake("each alone", own,
                    "picture and words look at themselves only. Join the two along the tokens before you attend."),
            Mistake("only across", crossed,
                    "each looks only at the other, and no longer at itself. In joint attention all look at all."),
            Mistake("words are deaf", deaf,
                    "the picture looks at everything, but the words look only at themselves."),
            Mistake("picture is blind", blind, "the words look at everything, but the picture looks only at itself."),
            Mistake("two attentions added", added,
                    "two attentions are added, with a softmax each. Here one softmax shares out the attention among "
                    "all tokens."),
            Mistake("order", turned, "return what the picture is told first, then what the words are told."),
            Mistake("split at the wrong place", words_first,
                    "the words were put first, but the result is cut as if the picture were: the cut is at the wrong "
                    "place."),
            Mistake("not scaled", joint(scale=False), "the scores must be divided by the square root of D."),
            Mistake("softmax over the askers", joint(axis=-2),
                    "the softmax runs over the tokens that ask; for each of these it must run over those that answer."),
        ],
        hints=[
            "q, k, v = (torch.cat(pair, 2) for pair in zip(picture, words)) joins them along the tokens.",
            "Then one attention over all: F.scaled_dot_product_attention(q, k, v).",
            "At last .split([picture[0].shape[2], words[0].shape[2]], 2) parts them again.",
        ],
        probe=Probe("the std of what the first picture is told", cases[0], lambda out: out[0].std().item()),
    )  # fmt: skip


def _listed(answer):
    """A tuple of tensors as a list."""
    return list(answer) if isinstance(answer, tuple) else answer
