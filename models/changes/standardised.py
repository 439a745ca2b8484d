"""Columns of changes for networks: by their own mean and deviation, limited, a missing reading as a usual one."""

import numpy as np

from models.efficiency.scaling import WIDEST


def scale_of(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation (f,) of the readings in columns x (n, f), NaN where there is none."""
    there = np.isfinite(x)
    count = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, x, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(there, x - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean, np.where(spread > 1e-9, spread, 1.0)


def standardised(x: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Columns (n, f) in deviations from the mean, limited; 0 where there is no reading."""
    z = ((x - mean) / scale).clip(-WIDEST, WIDEST)
    return np.where(np.isfinite(z), z, 0.0).astype(np.float32)
