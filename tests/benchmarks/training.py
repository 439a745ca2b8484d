"""Speed of training and prediction at Gao 2014's size: 184,435 rows of 19 inputs, 5 layers of 50, beside others.

Everyone trains on the same rows for as many epochs with the same minibatches, on all cores. Ours also validates every
network after each epoch; compilation is counted and shown beside.
"""

import json
import os
import subprocess
import sys
import time
from typing import Any

import numpy as np

ROWS, INPUTS, BATCH, EPOCHS = 184_435, 19, 1_024, 20
FOLDS = 10  # a network trains on all but one of so many blocks, so that the record is longer by one
CANDIDATES = 100_000


def run() -> list[dict[str, Any]]:
    """Seconds of every library for one network, and ours for ten, with the ratio to ours; seconds to predict."""
    x, y = _record()
    found = [_ours(1), _ours(10), _ours(10, devices=os.cpu_count() or 1)]
    found += [_pytorch(x, y), _scikit_learn(x, y), _lightgbm(x, y)]
    for case in found:
        if "seconds" in case:
            case["ratio"] = case["seconds"] / case["networks"] / (found[0]["seconds"])
    return [*found, *_prediction()]


def _record(rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, INPUTS)).astype(np.float32)
    return x, (np.tanh(x[:, 0]) + x[:, 1] * x[:, 2]).astype(np.float32)


def _ours(members: int, *, devices: int = 1) -> dict[str, Any]:
    """In a process of its own: devices are counted once."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    command = [sys.executable, "-m", "tests.benchmarks.training", str(members)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"XLA_FLAGS": flags}
    )
    each = f", over {devices} devices" if devices > 1 else ""
    return {"case": f"coldaisle, {members} networks{each}", **json.loads(done.stdout.splitlines()[-1])}


def _train(members: int) -> dict[str, Any]:
    from models.evaluate import time_blocks
    from models.fit import FitConfig, fit_networks

    x, y = _record(ROWS * FOLDS // (FOLDS - 1))
    config = FitConfig(members=members, epochs=EPOCHS, batch=BATCH, patience=EPOCHS)
    targets, blocks = np.broadcast_to(y, (1, members, len(y))), time_blocks(len(y), folds=FOLDS)
    ends: list[float] = []
    started = time.perf_counter()
    fitted = fit_networks(
        x, targets, np.ones((1, INPUTS)), blocks, config, seed=0,
        on_epoch=lambda *_: ends.append(time.perf_counter() - started),
    )  # fmt: skip
    compile_s = max(0.0, ends[0] - float(np.median(np.diff(ends))))
    return {
        "networks": members, "seconds": ends[-1], "compile_s": compile_s,
        "us_per_row": 1e6 * (ends[-1] - compile_s) / (ROWS * EPOCHS * members), "loss": fitted.curves[-1][0],
    }  # fmt: skip


def _pytorch(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    from models.networks import REFERENCE_HIDDEN
    from tests.benchmarks._torch_environment import in_torch

    try:
        found = in_torch(x=x, y=y, hidden=REFERENCE_HIDDEN, batch=BATCH, epochs=EPOCHS)
    except RuntimeError as reason:
        return {"case": f"PyTorch: skipped, no environment: {reason}"}
    return _case(f"PyTorch {found['version']}, one network", found["seconds"], found["loss"])


def _scikit_learn(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    from sklearn.neural_network import MLPRegressor

    from models.networks import REFERENCE_HIDDEN

    model = MLPRegressor(hidden_layer_sizes=REFERENCE_HIDDEN, batch_size=BATCH, random_state=0)
    started = time.perf_counter()
    for _ in range(EPOCHS):  # partial_fit is one epoch, without early stopping
        model.partial_fit(x, y)
    return _case("scikit-learn's MLP, one network", time.perf_counter() - started, model.loss_)


def _lightgbm(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    from lightgbm import LGBMRegressor

    model = LGBMRegressor(random_state=0, verbose=-1)
    started = time.perf_counter()
    model.fit(x, y)
    return _case("LightGBM, 100 trees", time.perf_counter() - started)


def _case(name: str, seconds: float, loss: float | None = None) -> dict[str, Any]:
    return {
        "case": name, "networks": 1, "seconds": seconds, "us_per_row": 1e6 * seconds / (ROWS * EPOCHS), "loss": loss,
    }  # fmt: skip


def _prediction() -> list[dict[str, Any]]:
    """A whole model, support and spread included, as a recommendation asks it."""
    from models.fit import FitConfig
    from models.learn import Rows, learn

    random = np.random.default_rng(0)
    x = random.normal(size=(2_000, 8))
    names = tuple(f"input_{i}" for i in range(8))
    rows = Rows(names, ("target",), x, x[:, :1] ** 2, np.ones(len(x)))
    model = learn(rows, FitConfig(members=10, epochs=2), seed=0).model
    candidates = random.normal(size=(CANDIDATES, 8))
    found = []
    for name, ask in (("ask", model.ask), ("predict", model.predict), ("in_support", model.in_support)):
        ask(candidates)
        started = time.perf_counter()
        ask(candidates)
        found.append(
            {"case": f"{name}, {CANDIDATES:,} x 10 members", "seconds": time.perf_counter() - started}
        )
    return found


if __name__ == "__main__":
    print(json.dumps(_train(int(sys.argv[1]))))
