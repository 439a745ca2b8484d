"""Standardised features, and the range of them that the record covers."""

from typing import TypeVar

import jax
import numpy as np
from flax import struct

A = TypeVar("A", np.ndarray, jax.Array)

# Rare states (an economizer that ran 1 % of the time) are ten deviations out; beyond `WIDEST` all count alike.
WIDEST = 4.0


@struct.dataclass
class Scaler:
    """Mean, standard deviation, lowest and highest of each feature in the record; arrays of shape (f,)."""

    mean: jax.Array | np.ndarray
    scale: jax.Array | np.ndarray
    low: jax.Array | np.ndarray
    high: jax.Array | np.ndarray

    def standardised(self, features: A) -> A:
        """Features (n, f) as deviations from the mean in standard deviations."""
        return (features - self.mean) / self.scale

    def bounded(self, features: A) -> A:
        """The same, limited to the record's range and to `WIDEST` standard deviations."""
        inside = features.clip(self.low, self.high)
        return self.standardised(inside).clip(-WIDEST, WIDEST)


def fit_scaler(features: np.ndarray) -> Scaler:
    """Scaler of the features (n, f) of a record."""
    scale = features.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    parts = (features.mean(axis=0), scale, features.min(axis=0), features.max(axis=0))
    return Scaler(*(part.astype(np.float32) for part in parts))
