"""Which candidates forecast a lead, and in which proportion: found on blocks of time that none of them saw."""

import numpy as np

from models.efficiency.stacking import shares_of
from models.horizon.candidates import SIMPLE
from models.horizon.record import Array

FEWEST = 200  # left-out rows to choose on; with fewer, simple candidates are compared alone
MOST = 3_000  # left-out rows that proportions are chosen on
STRETCHES = 9  # of left-out time that gains over the best simple candidate are compared on


def weights_of(measured: Array, told: Array, best: int, *, learned: bool) -> Array:
    """Weights (p,), none negative, sum 1, from left-out rows in time order: measured (n,), candidates told (p, n).

    The least mean absolute error in quarters (`models.efficiency.stacking.shares_of`), where its gain over the simple
    candidate `best` is above its standard error over stretches of time (the one-standard-error rule of Breiman et al.
    1984, Classification and Regression Trees); else that candidate alone.
    """
    alone = np.eye(len(told))[best]
    if len(measured) < STRETCHES:
        return alone
    rows = np.unique(np.linspace(0, len(measured) - 1, min(MOST, len(measured))).astype(int))
    available = np.arange(len(told)) < (len(told) if learned and len(rows) >= FEWEST else SIMPLE)
    weights = shares_of(measured[rows], told[:, rows], available)
    gains = np.abs(told[best] - measured) - np.abs(weights @ told - measured)
    means = np.array([stretch.mean() for stretch in np.array_split(gains, STRETCHES)])
    return weights if means.mean() > means.std(ddof=1) / np.sqrt(STRETCHES) else alone
