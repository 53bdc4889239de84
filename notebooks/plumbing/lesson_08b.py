"""What lesson 8b needs beside its cells: lesson 8's formulas for a step of any length, its maps, and the table that
leads from improved-diffusion's functions to this course."""

import math

import matplotlib.pyplot as plt
import torch

import charts
import diffusion_utilities as du
from charts import COLOURS, MARKERS
from plumbing.images import need

# ------------------------------------------------------------------------------------- lesson 8's formulas, from t to s


def posterior(t, s, ab_t):
    """Of the step from time t to s (whole numbers or tensors of them): (w_0, w_t, small, large), float64.

    x_s, given x_0 and x_t, has the mean w_0 x_0 + w_t x_t and the variance `small`; `large` is the variance of the
    noise that the steps up from s to t added, 1 - ab_t[t] / ab_t[s] (DDPM, equations 6 and 7).
    """
    ab, ab_s = ab_t[t], ab_t[s]
    large = 1 - ab / ab_s
    share = (1 - ab_s) / (1 - ab)
    return ab_s**0.5 * large / (1 - ab), (ab / ab_s) ** 0.5 * share, large * share, large


def variances(times, ab_t):
    """`small` and `large` (n,) of the n steps of a walk, whose times fall to 0. The last `small` would be 0, because
    x_0 is x_0; it is replaced by that of the step before, so that it has a logarithm (improved-diffusion clips it so).
    """
    times = torch.as_tensor(times)
    need(len(times) > 2 and times[-1] == 0, "a walk of at least two steps, down to 0, is needed here")
    _, _, small, large = posterior(times[:-1], times[1:], ab_t)
    return torch.cat([small[:-1], small[-2:-1]]), large


def kl(mean_1, var_1, mean_2, var_2):
    """KL(first || second) of two Gaussians, in bits: what it costs to describe draws of the first to somebody who
    expects the second. Tensors that broadcast."""
    far = (var_1 + (mean_1 - mean_2) ** 2) / var_2
    return 0.5 * ((var_2 / var_1).log() + far - 1) / math.log(2)


def last_step(x, mean, std):
    """Bits of pixel values x in [-1, 1] under a Gaussian cut into 256 bins, the first and last of them open."""
    upper = torch.where(x > 1 - 1 / 255, 1.0, torch.special.ndtr((x + 1 / 255 - mean) / std))
    lower = torch.where(x < -1 + 1 / 255, 0.0, torch.special.ndtr((x - 1 / 255 - mean) / std))
    return -torch.log2(upper - lower + 1e-12)  # a grain for every bin, so that none costs infinitely many bits


def per_image(value, like):
    """Numbers (B,) shaped and typed to multiply images; a single number stays one."""
    value = torch.as_tensor(value).to(like.dtype).to(like.device)
    return value.reshape(-1, *[1] * (like.dim() - 1)) if value.dim() else value


def step_bits(x0, guess, t, s, small, variance, ab_t):
    """What the steps from t to s cost, in bits for each value (B, C, H, W), if the guess stands for x0 and `variance`
    is claimed: the KL of the two Gaussians, and where s = 0 the bits of the pixel values.

    t, s: whole numbers or (B,); small: the posterior's variance of these steps, clipped (see `variances`).
    """
    wrong = per_image(posterior(t, s, ab_t)[0], x0) * (guess - x0)  # the means have the share of x_t in common
    variance = variance.to(x0).expand_as(x0)
    cost = kl(torch.zeros_like(x0), per_image(small, x0), wrong, variance)
    last = (torch.as_tensor(s) == 0).to(x0.device).expand(len(x0))
    if last.any():
        cost[last] = last_step(x0[last], guess[last], variance[last] ** 0.5)
    return cost


def with_noise(x0, t, ab_t, seed):
    """x_t of clean images x0 (B, C, H, W) at times t (an int or (B,)), with the noise of this seed."""
    noise = torch.randn(x0.shape, generator=torch.Generator().manual_seed(seed)).to(x0)
    return du.add_noise(x0, t, noise, ab_t)


@torch.no_grad()
def look(unet, ab_t, x_t, t, c):
    """What a Unet makes of noisy images x_t at times t (B,), with contexts c: its guesses of x_0, and behind them its
    last maps and its embedding of time and context; on the CPU."""
    device, found = unet.first.weight.device, []
    for x, at, row in zip(x_t.split(64), t.split(64), c.split(64)):
        x = x.to(device)
        maps, emb = unet.hidden(x, at.to(device) / (len(ab_t) - 1), row.to(device))
        guess = du.to_x0_eps(unet.answer(x, maps, emb), x, at, ab_t, unet.predicts)[0]
        found.append([part.cpu() for part in (guess, maps, emb)])
    return [torch.cat(parts) for parts in zip(*found)]


# ------------------------------------------------------------------------------------------------------------ pictures


def heat(values, top):
    """Maps (B, C, H, W) of numbers 0 to `top`, averaged over the colours, as images: black for 0, bright for `top`."""
    return charts.heat(values.mean(1) / top)


def in_tens(values):
    """Numbers (..., T) of the times 1..T as a curve (times, means): the first ten singly, then means of ten, at their
    middle."""
    values = torch.as_tensor(values).double()
    tens = values[..., 10:].unfold(-1, 10, 10).mean(-1)
    places = [*range(1, 11), *(10 * k + 15.5 for k in range(tens.shape[-1]))]
    return places, torch.cat([values[..., :10], tens], -1)


def scatter(rows, truth, alt, x):
    """Estimates of one number as dots on a line each: {"label": estimates (n,)}; a vertical line is the truth."""
    fig, ax = plt.subplots(figsize=(6.5, 0.7 + 0.7 * len(rows)))
    for i, values in enumerate(rows.values()):
        up = i + torch.linspace(-0.3, 0.3, len(values))
        ax.plot(values, up, MARKERS[i], color=COLOURS[i], markersize=4, alpha=0.6, markeredgewidth=0)
    ax.axvline(truth, color="#222222", linewidth=1)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=x, xscale="log", ylim=(len(rows) - 0.5, -0.5))
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(left=False)
    ax.grid(axis="x", color="#e6e6e6", linewidth=0.7)
    ax.set_axisbelow(True)
    return du.show_figure(fig, alt)


def speckle(x):
    """How speckled images (B, C, H, W) are: the distance of a pixel's colour from that of the most similar of its four
    neighbours, on average. 0 if no pixel stands alone."""
    shifted = [torch.roll(x, shift, axis) for axis in (2, 3) for shift in (1, -1)]
    return torch.stack([(x - other).abs().mean(1) for other in shifted]).amin(0).mean().item()


def table(columns, rows, digits=2):
    """Numbers as a table: rows {"name": one number, or those of several seeds, for each of the columns}."""
    return charts.table(columns, {name: [
        " / ".join(f"{one:.{digits}f}" for one in torch.as_tensor(value).reshape(-1).tolist()) for value in values
    ] for name, values in rows.items()})  # fmt: skip


# ------------------------------------------------------------------------------- improved-diffusion, line by line

# what improved-diffusion calls it; where it stands in this course; what is different there. Each row has its test, of
# the formulas, in tests/test_improved_diffusion.py.
CORRESPONDENCE = [
    ("`get_named_beta_schedule`", '`du.noise_schedule("rescaled")`, `"cosine"`; your turn 1.4',
     'theirs are betas, ours is $\\bar\\alpha$; "linear" there is "rescaled" here'),
    ("`q_mean_variance`, `q_sample`", "`du.signal_and_noise`, `du.add_noise`; your turn 1.1",
     "t counts from 0 there: their t is our t - 1"),
    ("`q_posterior_mean_variance`", "your turn 2.2; `lesson_08b.posterior`",
     "the logarithm of the first variance is clipped, as by `lesson_08b.variances`"),
    ("`ModelMeanType.EPSILON`, `START_X`", '`predicts` is `"eps"` or `"x0"`; `du.to_x0_eps`', 'here `"v"` as well'),
    ("`ModelMeanType.PREVIOUS_X`", "your turn 8b.4", "its unit depends on the length of the step"),
    ("`ModelVarType.FIXED_SMALL`, `FIXED_LARGE`", '`variance="small"`, `"large"` of `du.sampler`',
     "FIXED_LARGE has the small variance of step 2 in the last step; only the bits of lesson 8 notice"),
    ("`ModelVarType.LEARNED`", "`variance=` a function, `lambda t, s: net.r.exp()`",
     "the second answer is the logarithm itself"),
    ("`ModelVarType.LEARNED_RANGE`", "your turn 8b.1 in `variance=`", "r is called v there"),
    ("`p_mean_variance`: `clip_denoised`, `denoised_fn`", "`clip=True`, `clip=` a function, of `du.sampler`",
     "there x0 is clipped after the function"),
    ("`p_sample`, `p_sample_loop_progressive`", "your turns 2.3 and 2.4; `du.sampler(..., eta=1)`", "a generator, too"),
    ("`ddim_sample`", "your turn 6.1; `du.sampler(..., eta=...)`", ""),
    ("`ddim_reverse_sample`", "your turn 6.5; `du.invert`", "ours begins at t = 1, since no network was trained at 0"),
    ("`normal_kl`", "`lesson_08b.kl`", "in bits, and of variances; theirs is in nats, of their logarithms"),
    ("`discretized_gaussian_log_likelihood`", "`lesson_08b.last_step`",
     "exact; theirs takes a formula with tanh for the bell's share"),
    ("`_vb_terms_bpd`", "`lesson_08b.step_bits`", "for each value; the mean of an image is theirs"),
    ("`calc_bpd_loop`: `vb`, `mse`, `xstart_mse`", "`bits` and `errors` of this lesson", "by steps of any length"),
    ("`_prior_bpd`", "lesson 8, the prior term; `lesson_08b.kl` of x_T and noise", ""),
    ("`training_losses`: `LossType`", "your turn 8b.2 and `combine` of this lesson",
     "MSE, RESCALED_MSE, KL and RESCALED_KL"),
    ("`UniformSampler`", '`du.Times("uniform", T)`', ""),
    ("`LossSecondMomentResampler`", 'your turn 8b.3; `du.Times("loss-aware", T)`', "both keep ten losses of each t"),
    ("`SpacedDiffusion`, `space_timesteps`", "`times=` of `du.sampler`; your turn 6.2 makes others",
     "their spacings end at t = 1 and step to 0 from there"),
    ("`TrainLoop`: `microbatch`", "`accumulate=` of `du.Trainer`", "here a number of parts, there their size"),
    ("`TrainLoop`: `ema_rate`", "`half_life=[...]` of `du.Trainer`; your turn 4.5",
     "a half-life of $\\log 0.5 / \\log(\\text{rate})$ steps; here the average warms up"),
    ("`TrainLoop`: `resume_checkpoint`", "`state_dict` and `load_state_dict` of `du.Trainer`",
     "the order of the images and the noise go on, too"),
    ("`TrainLoop`: `use_fp16`", "`bf16=True` of `du.Trainer`", "bfloat16 needs no scaling of the loss"),
    ("`TrainLoop`: `lr_anneal_steps`", '`anneal="linear"` of `du.Trainer`', "after a warm-up"),
    ("`TrainLoop`: `weight_decay`", "`weight_decay=` of `du.Trainer`", "AdamW in both"),
]  # fmt: skip


def correspondence():
    """The table from improved-diffusion's names to this course's, as Markdown."""
    rows = {theirs: (here, different) for theirs, here, different in CORRESPONDENCE}
    return charts.table(["here", "what differs"], rows, "improved-diffusion")
