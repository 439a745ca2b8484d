"""Outliers: isolated jumps in the energy balance that no plant can make, removed before learning."""

import numpy as np

from models.efficiency.scaling import WIDEST
from models.ridge import fit_weights, terms

LIMIT = 8.0  # robust standard deviations; start-ups and meter glitches lie far beyond
NEIGHBOURHOOD = 3  # rows on either side
PASSES = 2  # the first fit is still pulled by the outliers


def isolated_outliers(x: np.ndarray, y: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Rows that break the plant's energy balance in isolation; bool (n,).

    x: (n, k) inputs, y: (n,) power per load, in time order. A row is an outlier where its residual from a
    quadratic fit is more than LIMIT robust standard deviations (1.4826 MAD, Rousseeuw and Croux 1993) both
    from zero and from the median of its neighbours in time (Hampel's filter): a rare regime lasts for hours
    and is kept.
    """
    z = np.clip((x - x.mean(axis=0)) / np.where(x.std(axis=0) > 1e-9, x.std(axis=0), 1.0), -WIDEST, WIDEST)
    phi = terms(z, z)
    out = np.zeros(len(y), bool)
    for _ in range(PASSES):
        residual = y - phi @ fit_weights(phi[~out], y[~out], blocks[~out])
        limit = LIMIT * 1.4826 * np.median(np.abs(residual[~out]))
        out = (np.abs(residual) > limit) & (np.abs(residual - _neighbours_median(residual)) > limit)
    return out


def _neighbours_median(values: np.ndarray) -> np.ndarray:
    padded = np.pad(values, NEIGHBOURHOOD, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURHOOD + 1), axis=1)
