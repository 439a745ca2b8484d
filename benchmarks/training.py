"""Speed of training and prediction at Gao 2014's size: 184,435 rows of 19 inputs, 5 layers of 50, beside others.

All train on the same rows for as many epochs with the same minibatches, on all cores. Ours also validates
every network after each epoch; compilation is counted and shown beside. cpu_s, which does not depend on other
load of the machine, is of all threads; the ratio is of seconds for one network to ours.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

ROWS, INPUTS, BATCH, EPOCHS = 184_435, 19, 1_024, 20
FOLDS = 10  # a network trains on all but one of as many blocks, so the record is longer by one
CANDIDATES = 100_000


def run() -> list[dict[str, Any]]:
    """Seconds of every library for one network, and ours for ten, with the ratio to ours; seconds to predict."""
    x, y = _record()
    tasks = (
        lambda: _ours(1), lambda: _lightgbm(x, y), lambda: _pytorch(x, y), lambda: _scikit_learn(x, y),
        lambda: _ours(10), lambda: _ours(10, devices=os.cpu_count() or 1),
    )  # fmt: skip
    cases = []
    for task in tasks:
        case = task()
        if "seconds" in case:
            case["ratio"] = case["seconds"] / case["networks"] / (cases or [case])[0]["seconds"]
        cases.append(case)
        print(case, file=sys.stderr)
    return [*cases, *_prediction()]


def _record(rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, INPUTS)).astype(np.float32)
    return x, (np.tanh(x[:, 0]) + x[:, 1] * x[:, 2]).astype(np.float32)


def _ours(members: int, *, devices: int = 1) -> dict[str, Any]:
    """In a process of its own: devices are counted once."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    command = [sys.executable, "-m", "benchmarks.training", str(members)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"XLA_FLAGS": flags}
    )
    each = f", over {devices} devices" if devices > 1 else ""
    return {"case": f"coldaisle, {members} networks{each}", **json.loads(done.stdout.splitlines()[-1])}


def _train(members: int) -> dict[str, Any]:
    from models.efficiency.training import FitConfig, fit_networks
    from models.evaluate import time_blocks

    x, y = _record(ROWS * FOLDS // (FOLDS - 1))
    config = FitConfig(members=members, epochs=EPOCHS, batch=BATCH, patience=EPOCHS)
    targets, blocks = np.broadcast_to(y, (1, members, len(y))), time_blocks(len(y), folds=FOLDS)
    ends: list[float] = []
    began, started = time.process_time(), time.perf_counter()
    fitted = fit_networks(
        x, targets, np.ones((1, INPUTS)), blocks, config, seed=0,
        on_epoch=lambda *_: ends.append(time.perf_counter() - started),
    )  # fmt: skip
    compile_s = max(0.0, ends[0] - float(np.median(np.diff(ends))))
    return {
        "networks": members, "seconds": ends[-1], "cpu_s": time.process_time() - began, "compile_s": compile_s,
        "loss": fitted.curves[-1][0],
    }  # fmt: skip


def _pytorch(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    from benchmarks._torch_environment import in_torch
    from models.efficiency.networks import REFERENCE_HIDDEN

    try:
        timing = in_torch(x=x, y=y, hidden=REFERENCE_HIDDEN, batch=BATCH, epochs=EPOCHS)
    except RuntimeError as reason:
        return {"case": f"PyTorch: skipped, no environment: {reason}"}
    return {"case": f"PyTorch {timing.pop('version')}, one network", "networks": 1, **timing}


def _scikit_learn(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    from sklearn.neural_network import MLPRegressor

    from models.efficiency.networks import REFERENCE_HIDDEN

    model = MLPRegressor(hidden_layer_sizes=REFERENCE_HIDDEN, batch_size=BATCH, random_state=0)

    def fit() -> None:
        for _ in range(EPOCHS):  # partial_fit is one epoch, without early stopping
            model.partial_fit(x, y)

    return {"case": "scikit-learn's MLP, one network", "networks": 1, **_timed(fit), "loss": model.loss_}


def _lightgbm(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    from lightgbm import LGBMRegressor

    model = LGBMRegressor(random_state=0, verbose=-1)
    return {"case": "LightGBM, 100 trees", "networks": 1, **_timed(lambda: model.fit(x, y))}


def _timed(work: Callable[[], Any]) -> dict[str, float]:
    began, started = time.process_time(), time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - started, "cpu_s": time.process_time() - began}


def _prediction() -> list[dict[str, Any]]:
    """A whole model, support and spread included: what candidates are compared with, and what judges the present."""
    from models.efficiency.learn import Rows, learn
    from models.efficiency.networks import REFERENCE_HIDDEN
    from models.efficiency.training import FitConfig

    random = np.random.default_rng(0)
    x = random.normal(size=(2_000, 8))
    names = tuple(f"input_{i}" for i in range(8))
    rows = Rows(names, ("target",), x, x[:, :1] ** 2, np.ones(len(x)))
    candidates = random.normal(size=(CANDIDATES, 8))
    kinds = {
        "2 x 50": FitConfig(members=10, epochs=2),
        "5 x 50": FitConfig(members=10, epochs=2, hidden=REFERENCE_HIDDEN),
    }
    cases = []
    for name, config in kinds.items():
        model = learn(rows, config, seed=0).model
        model.ask(candidates)
        timed = [_timed(partial(model.ask, candidates)) for _ in range(5)]
        case = {"case": f"predict {CANDIDATES:,} x 10 members, {name}"}
        cases.append(case | min(timed, key=lambda one: one["seconds"]))
    return cases


if __name__ == "__main__":
    print(json.dumps(_train(int(sys.argv[1]))))
