"""Running means of what is known."""

import numpy as np


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Centred means over `width` rows of values (..., n), NaN where nothing is known."""
    flat = values.reshape(-1, values.shape[-1])
    there = np.isfinite(flat)
    before = (width - 1) // 2

    def window(row: np.ndarray) -> np.ndarray:
        total = np.concatenate([[0.0], np.cumsum(row)])
        first = np.arange(len(row)) - before
        return total[np.clip(first + width, 0, len(row))] - total[np.maximum(first, 0)]

    totals = np.array([window(np.where(known, row, 0.0)) for row, known in zip(flat, there, strict=True)])
    counts = np.array([window(known.astype(float)) for known in there])
    return np.where(counts > 0.0, totals / np.maximum(counts, 1.0), np.nan).reshape(values.shape)
