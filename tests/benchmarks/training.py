"""Speed of training and prediction at Gao 2014's size (184,435 rows of 19 inputs, 5 x 50), beside scikit-learn."""

import time
from typing import Any

import numpy as np
from sklearn.neural_network import MLPRegressor

from models.evaluate import time_blocks
from models.fit import FitConfig, fit_networks
from models.learn import Rows, learn
from models.networks import REFERENCE_HIDDEN

ROWS, INPUTS, BATCH, EPOCHS = 184_435, 19, 1_024, 2
CANDIDATES = 100_000


def run() -> list[dict[str, Any]]:
    """Seconds per epoch of 2 and 10 networks and of scikit-learn's one; seconds to predict 100,000 candidates."""
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, INPUTS)).astype(np.float32)
    y = (np.tanh(x[:, 0]) + x[:, 1] * x[:, 2]).astype(np.float32)
    return [*(_networks(x, y, members) for members in (2, 10)), _scikit_learn(x, y), *_prediction(random)]


def _networks(x: np.ndarray, y: np.ndarray, members: int) -> dict[str, Any]:
    config = FitConfig(members=members, epochs=EPOCHS, batch=BATCH)
    blocks, targets = time_blocks(ROWS, folds=members), np.broadcast_to(y, (1, members, ROWS))

    def fit() -> float:
        started = time.perf_counter()
        fit_networks(x, targets, np.ones((1, INPUTS)), blocks, config, seed=0)
        return time.perf_counter() - started

    with_compilation_s, seconds = fit(), fit()
    return {
        "case": f"{members} networks",
        "s_per_epoch": seconds / EPOCHS,
        "rows_per_s": ROWS * (members - 1) * EPOCHS / seconds,  # each network trains on all but its own block
        "compile_s": with_compilation_s - seconds,
    }


def _scikit_learn(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    model = MLPRegressor(hidden_layer_sizes=REFERENCE_HIDDEN, batch_size=BATCH, random_state=0)
    started = time.perf_counter()
    for _ in range(EPOCHS):  # partial_fit is one epoch, without the warning that two are too few
        model.partial_fit(x, y)
    seconds = (time.perf_counter() - started) / EPOCHS
    return {"case": "scikit-learn's MLP", "s_per_epoch": seconds, "rows_per_s": ROWS / seconds}


def _prediction(random: np.random.Generator) -> list[dict[str, Any]]:
    """A whole model, support and spread included, as a recommendation asks it."""
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
