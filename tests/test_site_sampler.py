"""The samplers that run in the browser (plumbing/site/sampler.js, random.js) give the numbers of diffusion_utilities.

One run of node works through all cases, from the same noise. The denoiser is an exact one, of six small bell-shaped
clouds of images, so that neither a network nor a browser is needed. (With six single images, a walk that hesitates
between two of them would enlarge the rounding of float32 without bound.)
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

import diffusion_utilities as du

NODE = shutil.which("node")
FOLDER = Path(du.ROOT) / "notebooks" / "plumbing" / "site"
pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node here: the samplers of the site cannot be run")

T, K, SHAPE = 500, 3, (3, 4, 4)
WALKS = {
    "DDIM": dict(steps=10),
    "DDPM, all steps of a short schedule": dict(steps=20, eta=1.0, T=20),
    "DDPM": dict(steps=25, eta=1.0),
    "DDPM, large variance": dict(steps=12, eta=1.0, variance="large"),
    "half the noise": dict(steps=10, eta=0.5),
    "the noise is not put back": dict(steps=10, eta=1.0, extra_noise=0.0),
    "too much noise": dict(steps=10, eta=1.0, extra_noise=1.5),
    "2M": dict(steps=8, order=2),
    "2M with noise": dict(steps=8, order=2, eta=1.0),
    "2M with a little noise, clipped": dict(steps=8, order=2, eta=0.3, clip=True),
    "linear schedule, clipped": dict(steps=10, eta=1.0, clip=True, schedule="linear"),
    "rescaled schedule": dict(steps=10, order=2, schedule="rescaled"),
    "other times": dict(times=[480, 300, 123, 7, 0]),
    "one step": dict(steps=1),
    "as many steps as times": dict(steps=40, T=40, eta=1.0),
}
GUIDED = {
    "guided": dict(w=2.0),
    "guided away from a class": dict(w=3.0, negative=[0.0, 0.0, 1.0]),
    "only away from a class": dict(w=1.5, negative=[1.0, 0.0, 0.0], c=None),
    "w = 0": dict(w=0.0),
    "w = 1": dict(w=1.0),
}


WIDTH = 0.7  # of each cloud


class Clouds:
    """The exact denoiser of images that are drawn from one of N(m_i, WIDTH^2), with a class for each m_i."""

    predicts, n_cfeat = "x0", K

    def __init__(self, toy, ab_t):
        self.centres, self.labels, self.ab_t = toy[0].flatten(1).double(), toy[1], ab_t

    def __call__(self, x, t, c=None):
        ab = self.ab_t[round(float(torch.as_tensor(t).flatten()[0]) * (len(self.ab_t) - 1))]
        flat, variance = x.flatten(1).double(), ab * WIDTH**2 + 1 - ab
        apart = flat[:, None] - ab.sqrt() * self.centres
        logits = -apart.square().sum(2) / (2 * variance)
        if c is not None:
            asked = (c[:, self.labels] > 0) | (c == 0).all(1, keepdim=True)
            logits = logits.masked_fill(~asked, -torch.inf)
        guesses = self.centres + WIDTH**2 * ab.sqrt() / variance * apart
        return (logits.softmax(1)[..., None] * guesses).sum(1).view_as(x).to(x)


@pytest.fixture(scope="module")
def toy():
    """Six images (6, 3, 4, 4) in [-1, 1] and their class numbers."""
    images = torch.rand(6, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return images, torch.tensor([0, 0, 1, 1, 2, 2])


def noise(n=4, seed=5):
    return torch.randn(n, *SHAPE, generator=torch.Generator().manual_seed(seed))


def walk(toy, what="sampler", steps=None, schedule="cosine", T=T, w=None, negative=None, c=(0, 1, 2, 0), **settings):
    """A walk as a case for node, and the numbers that Python gives: for each step x, x0 and eps."""
    ab_t = du.noise_schedule(schedule, T)
    x, rows = noise(), None if c is None else torch.eye(K)[list(c)]
    away = None if negative is None else torch.tensor(negative).expand(len(x), K)
    model = Clouds(toy, ab_t)
    model = model if w is None else du.Guided(model, w, away)
    if steps is not None:
        settings["steps"] = steps
    walked = list(du.sampler(model, ab_t, x.double(), rows, **settings))
    answer = torch.cat([v.flatten() for step in walked for v in (step.x, step.x0, step.eps)])
    if "extra_noise" in settings:
        settings["extraNoise"] = settings.pop("extra_noise")
    flat = {"x": x, "c": rows, "negative": away}
    case = dict(what=what, schedule=schedule, T=T, n=len(x), seed=0, settings=settings)
    case |= {name: None if v is None else v.flatten().tolist() for name, v in flat.items()}
    return case | ({} if w is None else {"w": w}), answer


def jumped(toy):
    """Lesson 11's walk: noise, the end of the way, fresh noise, the end again."""
    ab_t, x, c = du.noise_schedule("cosine", T), noise(), torch.eye(K)[[0, 1, 2, 0]]
    case = dict(what="jumps", schedule="cosine", T=T, n=4, seed=9, settings=dict(steps=3),
                x=x.flatten().tolist(), c=c.flatten().tolist())  # fmt: skip
    model, generator, seen = Clouds(toy, ab_t), torch.Generator().manual_seed(9), []
    for t in du.sampling_times(T, 3)[:-1]:
        x = x if t == T else du.add_noise(x, t, torch.randn(x.shape, generator=generator), ab_t)
        x0, eps = du.to_x0_eps(model(x, t / T, c), x, t, ab_t, "x0")
        x = x0.clamp(-1, 1)
        seen += [x, x0, eps]
    return case, torch.cat([v.flatten() for v in seen])


def inverted(toy):
    ab_t, x, c = du.noise_schedule("cosine", T), noise(seed=2).clamp(-1, 1), torch.eye(K)[[0, 1, 2, 0]]
    answer = du.invert(Clouds(toy, ab_t), ab_t, x.double(), c, steps=15)
    case = dict(what="invert", schedule="cosine", T=T, n=4, steps=15)
    return case | dict(x=x.flatten().tolist(), c=c.flatten().tolist()), answer.flatten()


def redrawn(toy, strength):
    """Image to image: clean images with the noise of a time in between, and from there to the end."""
    ab_t, c, generator = du.noise_schedule("cosine", T), torch.eye(K)[[0, 1, 2, 0]], torch.Generator().manual_seed(3)
    x, t = noise(seed=2).clamp(-1, 1), round(strength * T)
    case = dict(what="redraw", schedule="cosine", T=T, n=4, seed=3, strength=strength, calls=20, w=2.0,
                x=x.flatten().tolist(), c=c.flatten().tolist(), settings=dict(order=2, eta=1.0, clip=True))  # fmt: skip
    noisy = du.add_noise(x, t, torch.randn(x.shape, generator=generator), ab_t).double()
    how = case["settings"] | dict(times=du.sampling_times(t, round(strength * 20)), generator=generator)
    walked = du.sampler(du.Guided(Clouds(toy, ab_t), 2.0), ab_t, noisy, c, **how)
    return case, torch.cat([v.flatten() for step in walked for v in (step.x, step.x0, step.eps)])


def repainted(toy, again):
    """A part of known images filled in: as lesson 14 does it, with its numbers in the same order."""
    ab_t, c, dice = du.noise_schedule("cosine", T), torch.eye(K)[[0, 1, 2, 0]], torch.Generator().manual_seed(4)
    known, mask, seen = noise(seed=2).clamp(-1, 1), torch.zeros(4, 4), []
    mask[:2, 1:] = 1
    case = dict(what="repaint", schedule="cosine", T=T, n=4, seed=4, x=known.flatten().tolist(),
                c=c.flatten().tolist(), settings=dict(mask=mask.flatten().tolist(), steps=6, again=again))  # fmt: skip

    def fresh():
        return torch.randn(known.shape, generator=dice).double()

    x, times = fresh(), du.sampling_times(T, 6)
    for t, s in zip(times, times[1:]):
        for k in range(again if s else 1):
            if k:
                x = (ab_t[t] / ab_t[s]).sqrt() * x + (1 - ab_t[t] / ab_t[s]).sqrt() * fresh()
            walk = du.sampler(Clouds(toy, ab_t), ab_t, x, c, times=[t, s, 0] if s else [t, 0], eta=1.0, clip=True,
                              generator=dice)  # fmt: skip
            step = next(walk)
            outside = ab_t[s].sqrt() * known + (1 - ab_t[s]).sqrt() * fresh()
            x = mask * step.x + (1 - mask) * outside
            seen += [x, step.x0, step.eps]
    assert ((x - known)[:, :, mask == 0] == 0).all()
    return case, torch.cat([v.flatten() for v in seen])


def between():
    """Half-way between two rows of noise at a known angle."""
    a, b = noise(seed=1).flatten(), noise(seed=2).flatten()
    angle = torch.acos(a @ b / a.norm() / b.norm())
    answer = (torch.sin(0.75 * angle) * a + torch.sin(0.25 * angle) * b) / torch.sin(angle)
    return dict(what="slerp", a=a.tolist(), b=b.tolist(), share=0.25), answer


def drawn(seed, *counts):
    generator = torch.Generator().manual_seed(seed)
    answer = torch.cat([torch.empty(count).normal_(generator=generator) for count in counts])
    return dict(what="normal", seed=seed, counts=counts), answer


def all_cases(toy):
    cases = {name: walk(toy, **settings) for name, settings in (WALKS | GUIDED).items()}
    for name, length in {"linear": 500, "rescaled": 300, "cosine": 500}.items():
        cases[f"schedule {name}"] = dict(what="schedule", name=name, T=length), du.noise_schedule(name, length)
    cases["schedule of one step"] = dict(what="schedule", name="linear", T=1), du.noise_schedule("linear", 1)
    for n in (1, 7, 20, 499):
        cases[f"times {n}"] = dict(what="times", T=T, n=n), torch.tensor(du.sampling_times(T, n))
    cases["noise of seed 0"] = drawn(0, 768, 48, 4 * 768)
    cases["noise of a large seed, odd counts"] = drawn(2**31 + 11, 17, 100)
    cases |= {f"redraw, strength {v}": redrawn(toy, v) for v in (0.05, 0.7, 1.0)}
    cases |= {f"repaint, each step {n} times": repainted(toy, n) for n in (1, 2)}
    return cases | {"jumps": jumped(toy), "invert": inverted(toy), "slerp": between()}


REFUSED = {
    "no such schedule": (dict(what="schedule", name="cubic", T=5), "not 'cubic'"),
    "too many steps": (dict(what="times", T=10, n=11), "in 1..10, not 11"),
    "half a step": (dict(what="times", T=10, n=1.5), "whole number"),
    "too few numbers": (dict(what="normal", seed=0, counts=[15]), "fewer than 16"),
    "times that rise": (dict(what="sampler", schedule="cosine", T=10, n=1, x=[0] * 48, settings=dict(times=[3, 5, 0])),
                        "times must fall"),
    "a variance for 2M": (dict(what="sampler", schedule="cosine", T=10, n=1, x=[0] * 48,
                               settings=dict(steps=2, order=2, variance="large")), "needs order=1"),
    "no strength": (dict(what="redraw", schedule="cosine", T=10, n=1, x=[0] * 48, strength=0, calls=5, settings={}),
                    "the strength must be a little above 0"),
    "too much strength": (dict(what="redraw", schedule="cosine", T=10, n=1, x=[0] * 48, strength=1.5, calls=5,
                               settings={}), "at most 1"),
}  # fmt: skip


@pytest.fixture(scope="module")
def results(toy):
    """What node answers and what Python says, by name of the case."""
    images, labels = toy
    cases = all_cases(toy) | REFUSED
    given = dict(centres=images.flatten(1).tolist(), labels=labels.tolist(), width=WIDTH)
    given["cases"] = [case for case, _ in cases.values()]
    run = subprocess.run([NODE, Path(__file__).with_name("site_sampler.mjs"), FOLDER], input=json.dumps(given),
                         capture_output=True, text=True, timeout=60)  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    return {name: (answer, cases[name][1]) for name, answer in zip(cases, json.loads(run.stdout))}


NAMES = [*WALKS, *GUIDED, "schedule linear", "schedule rescaled", "schedule cosine", "schedule of one step",
         *(f"times {n}" for n in (1, 7, 20, 499)), "noise of seed 0", "noise of a large seed, odd counts", "jumps",
         "invert", "slerp", *(f"redraw, strength {v}" for v in (0.05, 0.7, 1.0)),
         *(f"repaint, each step {n} times" for n in (1, 2))]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_browser_s_numbers_are_python_s(results, name):
    answer, truth = results[name]
    assert isinstance(answer, list), answer
    assert torch.isfinite(truth).all() and len(answer) == truth.numel()
    # float32 in the page; eps = (x - signal x0)/sigma divides by a sigma of down to 0.01 in the last steps
    assert (torch.tensor(answer).double() - truth.double()).abs().max() < 1e-4


def test_no_case_is_left_out(results):
    assert set(results) == {*NAMES, *REFUSED}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_settings_are_refused_in_a_sentence(results, name):
    message, words = results[name]
    assert isinstance(message, str) and words in message
