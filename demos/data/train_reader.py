"""How `reader.npz` was made: the transformer of demos/reader.py, trained on the digits' training part.

    python -m demos.data.train_reader

Adam, 3,000 steps of 32 digits, a cosine from 3e-3 to 0, each batch moved by up to one pixel; weights rounded to
16 bits. It takes half a minute on one core. The file differs a little with torch's version; nothing depends on that.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from demos.digits import accuracy, digits
from demos.reader import WEIGHTS, Reader, trained_reader

STEPS, BATCH, RATE, SEED = 3000, 32, 3e-3, 0


def main() -> None:
    torch.manual_seed(SEED)
    train, test = digits()
    reader = Reader()
    optimizer = torch.optim.Adam(reader.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        pick = torch.randint(len(train.labels), (BATCH,))
        shift = torch.randint(-1, 2, (2,)).tolist()
        moved = F.pad(train.images[pick], (1, 1, 1, 1))[:, 1 + shift[0] :, 1 + shift[1] :][:, :8, :8]
        loss = F.cross_entropy(reader(moved), train.labels[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    arrays = {name: weight.half().numpy() for name, weight in reader.state_dict().items()}
    np.savez_compressed(Path(__file__).parents[1] / WEIGHTS, **arrays)
    shipped = trained_reader()
    print(f"upright {accuracy(shipped, test):.3f}, turned {accuracy(shipped, test.rotated()):.3f}")


if __name__ == "__main__":
    main()
