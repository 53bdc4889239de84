"""Right and wrong answers to the exercises of lesson 10b."""

import numpy as np
import torch
from answers import right, wrong

import checks


@right(checks.check_trained_betas)
def _(ab_t):
    return 1 - ab_t[1:] / ab_t[:-1]


@right(checks.check_trained_betas)
def _(ab_t):
    return 1 - ab_t.log().diff().exp()


@right(checks.check_trained_betas)
def _(ab_t):
    return torch.stack([1 - ab_t[t] / ab_t[t - 1] for t in range(1, len(ab_t))])


@wrong(checks.check_trained_betas, "alphas")
def _(ab_t):
    return ab_t.log().diff().exp()


@wrong(checks.check_trained_betas, "not divided")
def _(ab_t):
    return 1 - ab_t[1:]


@wrong(checks.check_trained_betas, "not divided")
def _(ab_t):
    return 1.0 - ab_t


@wrong(checks.check_trained_betas, "difference")
def _(ab_t):
    return -ab_t.diff()


@wrong(checks.check_trained_betas, "upside down")
def _(ab_t):
    return 1 - ab_t[:-1] / ab_t[1:]


@wrong(checks.check_trained_betas, "upside down")
def _(ab_t):
    return ab_t[:-1] / ab_t[1:] - 1


@wrong(checks.check_trained_betas, "T + 1 betas")
def _(ab_t):
    return 1 - ab_t / torch.cat([ab_t[:1], ab_t[:-1]])


@wrong(checks.check_trained_betas, "first one lost")
def _(ab_t):
    return 1 - ab_t[2:] / ab_t[1:-1]


@wrong(checks.check_trained_betas, "square root")
def _(ab_t):
    return 1 - ab_t[1:].sqrt() / ab_t[:-1].sqrt()


@wrong(checks.check_trained_betas, "backwards")
def _(ab_t):
    return torch.tensor([1 - (ab_t[t] / ab_t[t - 1]).item() for t in range(len(ab_t) - 1, 0, -1)]).double()


@right(checks.check_library_walk)
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    x = x * scheduler.init_noise_sigma
    for i in scheduler.timesteps:
        out = net(scheduler.scale_model_input(x, i), i).sample
        x = scheduler.step(out, i, x).prev_sample
    return x


@right(checks.check_library_walk)
def _(net, scheduler, x, n):
    scheduler.set_timesteps(num_inference_steps := n, device=x.device)
    assert num_inference_steps == n
    x = scheduler.init_noise_sigma * x
    for k in range(len(scheduler.timesteps)):
        i = scheduler.timesteps[k]
        seen = scheduler.scale_model_input(x, i)
        x = scheduler.step(net(seen, i).sample, i, x).prev_sample
    return x


def walk(net, scheduler, x, timesteps, sees=lambda s, x, i: s.scale_model_input(x, i), shift=0):
    for i in timesteps:
        x = scheduler.step(net(sees(scheduler, x, i), i + shift).sample, i, x).prev_sample
    return x


@wrong(checks.check_library_walk, "start")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    return walk(net, scheduler, x, scheduler.timesteps)


@wrong(checks.check_library_walk, "input")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    return walk(net, scheduler, x * scheduler.init_noise_sigma, scheduler.timesteps, lambda s, x, i: x)


@wrong(checks.check_library_walk, "start and input")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    for i in scheduler.timesteps:
        x = scheduler.step(net(x, i).sample, i, x).prev_sample
    return x


@wrong(checks.check_library_walk, "shrunk for good")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    x = x * scheduler.init_noise_sigma
    for i in scheduler.timesteps:
        x = scheduler.scale_model_input(x, i)
        x = scheduler.step(net(x, i).sample, i, x).prev_sample
    return x


@wrong(checks.check_library_walk, "guess")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    x = x * scheduler.init_noise_sigma
    for i in scheduler.timesteps:
        x = scheduler.step(net(scheduler.scale_model_input(x, i), i).sample, i, x).pred_original_sample
    return x


@wrong(checks.check_library_walk, "not carried on")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    x = x * scheduler.init_noise_sigma
    for i in scheduler.timesteps:
        new = scheduler.step(net(scheduler.scale_model_input(x, i), i).sample, i, x).prev_sample
    return new


@wrong(checks.check_library_walk, "not told")
def _(net, scheduler, x, n):
    return walk(net, scheduler, x * scheduler.init_noise_sigma, scheduler.timesteps)


@wrong(checks.check_library_walk, "counted")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    return walk(net, scheduler, x * scheduler.init_noise_sigma, list(range(n)))


@wrong(checks.check_library_walk, "counted")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    return walk(net, scheduler, x * scheduler.init_noise_sigma, reversed(range(n)))


@wrong(checks.check_library_walk, "off by one")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    return walk(net, scheduler, x * scheduler.init_noise_sigma, scheduler.timesteps, shift=1)


@wrong(checks.check_library_walk, "TypeError")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    for i in scheduler.timesteps:
        x = scheduler.step(net(scheduler.scale_model_input(x, i), i).sample, i, x)  # without .prev_sample
    return x


@wrong(checks.check_library_walk, "random")
def _(net, scheduler, x, n):
    scheduler.set_timesteps(n)
    return walk(net, scheduler, torch.randn_like(x) * scheduler.init_noise_sigma, scheduler.timesteps)


@right(checks.check_clipped_ddim)
def _(x, x0, ab, ab_s):
    x0 = x0.clamp(-1, 1)
    eps = (x - ab**0.5 * x0) / (1 - ab) ** 0.5
    return ab_s**0.5 * x0 + (1 - ab_s) ** 0.5 * eps


@right(checks.check_clipped_ddim)
def _(x, x0, ab, ab_s):  # the noise that is left is a share of the noise that was there
    inside = torch.clip(x0, min=-1, max=1)
    left = ((1 - ab_s) / (1 - ab)) ** 0.5
    return left * x + (ab_s**0.5 - left * ab**0.5) * inside


@wrong(checks.check_clipped_ddim, "old noise")
def _(x, x0, ab, ab_s):
    eps = (x - ab**0.5 * x0) / (1 - ab) ** 0.5
    return ab_s**0.5 * x0.clamp(-1, 1) + (1 - ab_s) ** 0.5 * eps


@wrong(checks.check_clipped_ddim, "not clipped")
def _(x, x0, ab, ab_s):
    eps = (x - ab**0.5 * x0) / (1 - ab) ** 0.5
    return ab_s**0.5 * x0 + (1 - ab_s) ** 0.5 * eps


@wrong(checks.check_clipped_ddim, "only in the noise")
def _(x, x0, ab, ab_s):
    eps = (x - ab**0.5 * x0.clamp(-1, 1)) / (1 - ab) ** 0.5
    return ab_s**0.5 * x0 + (1 - ab_s) ** 0.5 * eps


@wrong(checks.check_clipped_ddim, "result clipped")
def _(x, x0, ab, ab_s):
    eps = (x - ab**0.5 * x0) / (1 - ab) ** 0.5
    return (ab_s**0.5 * x0 + (1 - ab_s) ** 0.5 * eps).clamp(-1, 1)


@wrong(checks.check_clipped_ddim, "nowhere")
def _(x, x0, ab, ab_s):
    return x.clone()


@wrong(checks.check_clipped_ddim, "exchanged")
def _(x, x0, ab, ab_s):
    x0 = x0.clamp(-1, 1)
    eps = (x - ab**0.5 * x0) / (1 - ab) ** 0.5
    return (1 - ab_s) ** 0.5 * x0 + ab_s**0.5 * eps


@wrong(checks.check_clipped_ddim, "root of the noise")
def _(x, x0, ab, ab_s):
    x0 = x0.clamp(-1, 1)
    return ab_s**0.5 * x0 + (1 - ab_s) ** 0.5 * (x - ab**0.5 * x0) / (1 - ab)


@wrong(checks.check_clipped_ddim, "share of the picture")
def _(x, x0, ab, ab_s):
    x0 = x0.clamp(-1, 1)
    return ab_s**0.5 * x0 + (1 - ab_s) ** 0.5 * (x - x0) / (1 - ab) ** 0.5


@wrong(checks.check_clipped_ddim, "in place")
def _(x, x0, ab, ab_s):
    x0.clamp_(-1, 1)
    return ab_s**0.5 * x0 + (1 - ab_s) ** 0.5 * (x - ab**0.5 * x0) / (1 - ab) ** 0.5


@right(checks.check_flow_answer)
def _(x, r, guess):
    x0, eps = guess(x / ((1 - r) ** 2 + r**2) ** 0.5)
    return eps - x0


@right(checks.check_flow_answer)
def _(x, r, guess):
    x0, eps = guess(x * float(np.hypot(1 - r, r)) ** -1)
    return -1.0 * (x0 - eps)


@wrong(checks.check_flow_answer, "not scaled")
def _(x, r, guess):
    x0, eps = guess(x)
    return eps - x0


@wrong(checks.check_flow_answer, "multiplied")
def _(x, r, guess):
    x0, eps = guess(x * float(np.hypot(1 - r, r)))
    return eps - x0


@wrong(checks.check_flow_answer, "square root")
def _(x, r, guess):
    x0, eps = guess(x / ((1 - r) ** 2 + r**2))
    return eps - x0


@wrong(checks.check_flow_answer, "backwards")
def _(x, r, guess):
    x0, eps = guess(x / ((1 - r) ** 2 + r**2) ** 0.5)
    return x0 - eps


@wrong(checks.check_flow_answer, "noise")
def _(x, r, guess):
    return guess(x / ((1 - r) ** 2 + r**2) ** 0.5)[1]


@wrong(checks.check_flow_answer, "scaled back")
def _(x, r, guess):
    norm = ((1 - r) ** 2 + r**2) ** 0.5
    x0, eps = guess(x / norm)
    return (eps - x0) * norm


@wrong(checks.check_flow_answer, "v")
def _(x, r, guess):
    norm = ((1 - r) ** 2 + r**2) ** 0.5
    x0, eps = guess(x / norm)
    return (1 - r) / norm * eps - r / norm * x0


@right(checks.check_level_index)
def _(alphas_cumprod, ab):
    return (alphas_cumprod - ab).abs().argmin().item()


@right(checks.check_level_index)
def _(alphas_cumprod, ab):
    distance = [abs(a - ab) for a in alphas_cumprod.tolist()]
    return distance.index(min(distance))


@right(checks.check_level_index)
def _(alphas_cumprod, ab):
    return np.abs(alphas_cumprod.numpy() - ab).argmin()


@wrong(checks.check_level_index, "sign")
def _(alphas_cumprod, ab):
    return torch.argmin(alphas_cumprod - ab).item()


@wrong(checks.check_level_index, "largest")
def _(alphas_cumprod, ab):
    return torch.argmax((alphas_cumprod - ab) ** 2).item()


@wrong(checks.check_level_index, "time for index")
def _(alphas_cumprod, ab):
    return (alphas_cumprod - ab).abs().argmin().item() + 1


@wrong(checks.check_level_index, "off by one")
def _(alphas_cumprod, ab):
    return (alphas_cumprod - ab).abs().argmin().item() - 1


@wrong(checks.check_level_index, "level for index")
def _(alphas_cumprod, ab):
    return alphas_cumprod[(alphas_cumprod - ab).abs().argmin()].item()


@wrong(checks.check_level_index, "square root")
def _(alphas_cumprod, ab):
    return (alphas_cumprod - ab**0.5).abs().argmin().item()


@wrong(checks.check_level_index, "noise for signal")
def _(alphas_cumprod, ab):
    return (alphas_cumprod + ab - 1).abs().argmin().item()


@wrong(checks.check_level_index, "next below")
def _(alphas_cumprod, ab):
    rising = alphas_cumprod.flip(0)
    i = len(rising) - torch.searchsorted(rising, torch.tensor(ab).to(rising), right=True).item()
    return min(i, len(rising) - 1)
