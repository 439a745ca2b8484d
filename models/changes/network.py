"""Networks on the change since the last reading, beside the trees of `models.changes.boosting`."""

from dataclasses import dataclass, field
from typing import Any, Self

import jax
import numpy as np

from models.changes.base_network import HIDDEN, MEMBERS, start_for
from models.changes.boosting import columns_of, names_of
from models.changes.standardised import scale_of, standardised
from models.efficiency.baselines import Baseline, Ratio
from models.efficiency.networks import Params, in_buckets, with_number_keys, with_text_keys
from models.efficiency.training import FitConfig, fit_networks
from models.evaluate import time_blocks

CONFIG = FitConfig(hidden=HIDDEN, members=MEMBERS)
FEWEST = 40  # rows that follow a reading; with fewer the last reading is repeated


@dataclass
class ChangeNetwork(Baseline):
    """The mean of small networks, each validated on a block of time that it was not trained on.

    From the same columns as `ChangeBoosting`; a reading that is missing counts as a usual one. NaN where there is no
    last reading. Where the columns have names, training starts from what simulated sites taught
    (`models.changes.base_network`).
    """

    name: str = "networks of changes"
    config: FitConfig = CONFIG
    seed: int = 0
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    scale: np.ndarray = field(default_factory=lambda: np.ones(0))
    step: float = 0.0
    params: Params = None

    def fit(self, rows: Ratio) -> Self:
        """Trains the networks on the rows that have a last reading."""
        follows = np.isfinite(rows.last_reading)
        x, change = columns_of(rows)[follows], (rows.ratio - rows.last_reading)[follows]
        self.params, self.step = None, 0.0
        if len(x) < FEWEST or change.std() < 1e-12:
            return self
        self.mean, self.scale = scale_of(x)
        self.step = float(change.std())
        z, y = (
            standardised(x, self.mean, self.scale),
            np.broadcast_to(change / self.step, (1, self.config.members, len(x))),
        )
        blocks = time_blocks(len(x), folds=self.config.members)
        mask = np.ones((1, x.shape[1]), np.float32)
        names = names_of(rows)
        start = jax.tree.map(lambda leaf: leaf[None], start_for(names)) if names else None
        fitted = fit_networks(z, y, mask, blocks, self.config, seed=self.seed, start=start, of_others=True)
        self.params = jax.tree.map(lambda leaf: leaf[0], fitted.params)
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        """The last reading and its change (n,), kW/kW."""
        if self.params is None:
            return rows.last_reading.copy()
        z = standardised(columns_of(rows), self.mean, self.scale)
        return rows.last_reading + self.step * in_buckets(self.params, z).mean(axis=0)

    def arrays(self) -> dict[str, Any]:
        """Mean and scale of the columns, step of the change, and the parameters of the networks."""
        if self.params is None:
            return {"step": 0.0}
        params = jax.tree.map(np.asarray, with_text_keys(self.params))
        return {"mean": self.mean, "scale": self.scale, "step": self.step, "params": params}

    def restore(self, arrays: dict[str, Any]) -> Self:
        """Takes the arrays of an earlier fit. Raises KeyError where one is missing."""
        self.step, self.params = float(arrays["step"]), None
        if "params" in arrays:
            self.mean, self.scale = arrays["mean"], arrays["scale"]
            self.params = with_number_keys(arrays["params"])
        return self
