"""Train the small classifier whose features the Fréchet distance compares (about two minutes on two CPU cores).

    python weights/train_classifier.py

It learns from the 36,000 training sprites and prints its accuracy on the 4,000 held-out ones, which it never sees.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import diffusion_utilities as du

EPOCHS, BATCH = 6, 128


def main():
    torch.manual_seed(0)
    train, held_out = du.load_sprites("train"), du.load_sprites("held_out")
    model, labels = du.SpriteClassifier(), train.c.argmax(1)
    steps = EPOCHS * (len(train.x) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    for epoch in range(EPOCHS):
        model.train()
        for rows in torch.randperm(len(train.x)).split(BATCH)[: steps // EPOCHS]:
            # a little noise and a shift of at most one pixel: it must not judge by single pixels
            x = train.x[rows] + 0.1 * torch.randn(len(rows), 1, 1, 1).abs() * torch.randn(len(rows), 3, 16, 16)
            x = torch.roll(x, torch.randint(-1, 2, (2,)).tolist(), (2, 3))
            loss = F.cross_entropy(model(x), labels[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        model.eval()
        with torch.no_grad():
            right = (model(held_out.x).argmax(1) == held_out.c.argmax(1)).float().mean().item()
        print(f"epoch {epoch}: {right:.2%} of the held-out sprites recognised", flush=True)
    du.save_file(model.state_dict(), du.WEIGHTS / "classifier.pth")


if __name__ == "__main__":
    main()
