"""The sprite course's notebooks run in the folder that `data/for_sprite_course.py` lays out.

Their text is not ours to copy: what follows does, in our words, everything that their cells do with the module, the
data and the weights: the star import, the network built from our blocks, loading, sampling, training, the pictures.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PROGRAM = """
from torch.utils.data import DataLoader
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from diffusion_utilities import *

class Net(nn.Module):
    def __init__(self, in_channels, n_feat=256, n_cfeat=10, height=28):
        super().__init__()
        n, h, self.n, self.k = n_feat, height, n_feat, n_cfeat
        self.init_conv = ResidualConvBlock(in_channels, n, is_res=True)
        self.down1, self.down2 = UnetDown(n, n), UnetDown(n, 2 * n)
        self.to_vec = nn.Sequential(nn.AvgPool2d(4), nn.GELU())
        self.timeembed1, self.timeembed2 = EmbedFC(1, 2 * n), EmbedFC(1, n)
        self.contextembed1, self.contextembed2 = EmbedFC(n_cfeat, 2 * n), EmbedFC(n_cfeat, n)
        self.up0 = nn.Sequential(nn.ConvTranspose2d(2 * n, 2 * n, h // 4, h // 4), nn.GroupNorm(8, 2 * n), nn.ReLU())
        self.up1, self.up2 = UnetUp(4 * n, n), UnetUp(2 * n, n)
        self.out = nn.Sequential(nn.Conv2d(2 * n, n, 3, 1, 1), nn.GroupNorm(8, n), nn.ReLU(), nn.Conv2d(n, 3, 3, 1, 1))

    def forward(self, x, t, c=None):
        x = self.init_conv(x)
        d1 = self.down1(x)
        d2 = self.down2(d1)
        c = torch.zeros(x.shape[0], self.k).to(x) if c is None else c
        shape = lambda e, n: e.view(-1, n, 1, 1)
        c1, c2 = shape(self.contextembed1(c), 2 * self.n), shape(self.contextembed2(c), self.n)
        t1, t2 = shape(self.timeembed1(t), 2 * self.n), shape(self.timeembed2(t), self.n)
        u = self.up1(c1 * self.up0(self.to_vec(d2)) + t1, d2)
        return self.out(torch.cat((self.up2(c2 * u + t2, d1), x), 1))

T, save_dir = 500, "./weights/"
b_t = (0.02 - 1e-4) * torch.linspace(0, 1, T + 1) + 1e-4
ab_t = torch.cumsum((1 - b_t).log(), dim=0).exp()
ab_t[0] = 1
net = Net(3, n_feat=64, n_cfeat=5, height=16)
for name in ("model_trained", "model_0", "model_4", "model_8", "model_31", "context_model_trained", "context_model_31"):
    net.load_state_dict(torch.load(f"{save_dir}/{name}.pth", map_location="cpu"))
net.eval()

@torch.no_grad()
def ddim(n_sample, n, c=None):
    x, kept, step = torch.randn(n_sample, 3, 16, 16), [], T // n
    for i in range(T, 0, -step):
        eps = net(x, torch.tensor([i / T])[:, None, None, None], c)
        ab, before = ab_t[i], ab_t[i - step]
        x = before.sqrt() / ab.sqrt() * (x - (1 - ab).sqrt() * eps) + (1 - before).sqrt() * eps
        kept.append(x.detach().cpu().numpy())
    return x, np.stack(kept)

for c in (None, F.one_hot(torch.randint(0, 5, (32,)), 5).float(), torch.tensor([1, 0, 0.6, 0, 0]).repeat(32, 1)):
    x, kept = ddim(32, 5, c)
    assert x.shape == (32, 3, 16, 16) and torch.isfinite(x).all()
page = plot_sample(kept, 32, 4, save_dir, "ani_run", None, save=True).to_jshtml()
assert "<img" in page
plot_grid(x, 32, 4, save_dir, 0.0)

data = CustomDataset("./sprites_1788_16x16.npy", "./sprite_labels_nc_1788_16x16.npy", transform, null_context=False)
images, labels = next(iter(DataLoader(data, batch_size=100, shuffle=True, num_workers=1)))
optim = torch.optim.Adam(net.parameters(), lr=1e-3)
net.train()
t = torch.randint(1, T + 1, (len(images),))
noise = torch.randn_like(images)
noisy = ab_t.sqrt()[t, None, None, None] * images + (1 - ab_t[t, None, None, None]).sqrt() * noise
c = labels * torch.bernoulli(torch.zeros(labels.shape[0]) + 0.9).unsqueeze(-1)
loss = F.mse_loss(net(noisy, t / T, c=c.float()), noise)
loss.backward()
optim.step()
print("ran to the end, loss", round(loss.item(), 3))
"""


def test_what_the_sprite_course_does_runs_in_the_folder_laid_out_for_it(tmp_path):
    subprocess.run([sys.executable, ROOT / "data" / "for_sprite_course.py", tmp_path], check=True)
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "ran to the end" in done.stdout
    assert (tmp_path / "weights" / "ani_run_wNone.gif").stat().st_size > 1000
    assert (tmp_path / "weights" / "run_image_w0.0.png").stat().st_size > 1000


def test_the_program_says_how_to_use_it():
    done = subprocess.run(
        [sys.executable, ROOT / "data" / "for_sprite_course.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "FOLDER" in done.stderr


@pytest.mark.parametrize("name", ["model_trained", "context_model_trained"])
def test_trained_is_the_last_epoch(tmp_path, name):
    sys.path.insert(0, str(ROOT / "data"))
    from for_sprite_course import FILES

    assert (f"weights/{name.replace('trained', '31')}.pth", f"weights/{name}.pth") in FILES
