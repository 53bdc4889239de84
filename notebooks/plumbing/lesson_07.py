"""What lesson 7 needs beside its cells: the digits, and a judge that scores drawn ones."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torchmetrics.image.fid import FrechetInceptionDistance
from torchvision.datasets import MNIST

import diffusion_utilities as du
from charts import lines
from plumbing.images import need


def digits(source="sklearn", folder="../data/mnist", download=False):
    """Handwritten digits in shuffled order: images (N, 1, H, W) in [-1, 1], labels (N,). Downloads only if told to.

    source  "sklearn": 1,797 digits of 8 x 8 pixels, enlarged and with a black edge, 12 x 12; "mnist": the 60,000
            of MNIST, 28 x 28, from its own files in `folder`. Any other name is refused.
    """
    need(source in ("sklearn", "mnist"), f"the source must be 'sklearn' or 'mnist', not {source!r}")
    if source == "sklearn":  # values 0 to 16
        raw = load_digits()
        x, label = torch.from_numpy(raw.images).float()[:, None] / 8 - 1, torch.from_numpy(raw.target)
        x = F.pad(F.interpolate(x, size=10, mode="bilinear"), (1, 1, 1, 1), value=-1.0)
    else:  # values 0 to 255
        raw = MNIST(folder, train=True, download=download)
        x, label = du.to_images(raw.data[..., None].numpy()), raw.targets
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    return x[order], label[order]


class Judge:
    """A small classifier of digits, and what it says of drawn ones.

    x, label  the digits (N, 1, H, W) and classes (N,) that it learns from
    real      the digits with which a score compares
    """

    def __init__(self, x, label, real, epochs=15):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            layers = [
                nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.SiLU(), nn.MaxPool2d(2))
                for a, b in ((1, 16), (16, 32), (32, 32))
            ]
            self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
            self.features.num_features, self.real = 32, real
            self.net = nn.Sequential(self.features, nn.Linear(32, 10))
            optimizer = torch.optim.Adam(self.net.parameters(), lr=3e-3)
            for _ in range(epochs):
                for rows in torch.randperm(len(x)).split(64):
                    loss = F.cross_entropy(self.net(x[rows]), label[rows])
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
        self.net.eval().requires_grad_(False)

    def reads(self, x):
        """The digit (N,) that it sees in each picture."""
        return self.net(x).argmax(1)

    def score(self, x):
        """The Fréchet distance between its 32 features of x and of `real`; lower is better."""
        metric = FrechetInceptionDistance(feature=self.features, input_img_size=tuple(x.shape[1:]))
        metric.update(self.real, real=True)
        metric.update(x, real=False)
        return metric.compute().item()


def two(scores):
    """The scores of two trainings as a text, such as "9.5 and 10.5"."""
    return " and ".join(f"{score:.1f}" for score in scores)


def verdict(old, new):
    """What the scores of a few trainings each (lower is better) say of a change."""
    if max(new) < min(old):
        return "pays: both trainings are better than both without it"
    if min(new) > max(old):
        return "costs: both trainings are worse than both without it"
    return "is within chance: the trainings with it and without it overlap"


def smooth(losses, every):
    """The mean of each `every` losses in a row (at least one), as a list; a rest at the end is left out."""
    every = max(every, 1)
    return torch.tensor(losses).unfold(0, every, every).mean(1).tolist()


def by_seconds(runs, seconds, alt):
    """The losses of trainings that took `seconds` each, by time, as a Picture: {"network": [losses of each seed]}."""
    curves = {}
    for name, losses in runs.items():
        for i, values in enumerate(losses):
            means = smooth(values, len(values) // 20)
            at = [seconds * (k + 1) / len(means) for k in range(len(means))]
            curves[f"{name}, seed {i}"] = at, means
    return lines(curves, log="y", x="seconds of training", y="mean squared error", alt=alt)
