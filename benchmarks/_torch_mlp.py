"""PyTorch's side of the training benchmark; runs in an environment of its own: python _torch_mlp.py FILE.npz."""

import json
import sys
import time
from itertools import pairwise

import numpy as np
import torch


def main(path: str) -> None:
    """Seconds to train one network as the benchmark does, printed as JSON."""
    given = np.load(path)
    x, y = torch.from_numpy(given["x"]), torch.from_numpy(given["y"])
    hidden, batch, epochs = given["hidden"].tolist(), int(given["batch"]), int(given["epochs"])
    torch.manual_seed(0)
    sizes, layers = [x.shape[1], *hidden], []
    for inputs, outputs in pairwise(sizes):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.GELU(approximate="tanh")]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 1))
    optimiser, loss = torch.optim.AdamW(model.parameters(), lr=3e-3), torch.nn.HuberLoss()
    began, started = time.process_time(), time.perf_counter()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for rows in order[: len(x) // batch * batch].split(batch):
            optimiser.zero_grad(set_to_none=True)
            error = loss(model(x[rows])[:, 0], y[rows])
            error.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
    timing = {"seconds": time.perf_counter() - started, "cpu_s": time.process_time() - began}
    print(json.dumps({**timing, "version": torch.__version__, "loss": float(error.detach())}))


if __name__ == "__main__":
    main(sys.argv[1])
