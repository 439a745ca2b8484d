"""Accuracy of predictions (ASHRAE Guideline 14), and the rows that they are judged on."""

import numpy as np

Array = np.ndarray

SEGMENT_GAP = np.timedelta64(7, "D")  # a longer pause in the record starts a new segment


def mae(measured: Array, predicted: Array) -> float:
    """Mean absolute error, in the unit of what is measured."""
    return float(np.mean(np.abs(measured - predicted)))


def cv_rmse(measured: Array, predicted: Array, *, parameters: int = 1) -> float:
    """Coefficient of variation of the root mean square error, a fraction of the measured mean; arrays (n,).

    ASHRAE Guideline 14-2014, 4.2.11: sqrt(sum((y - ŷ)²) / (n - p)) / mean(y), with p = 1 for a model that was
    not fitted to these rows.

    Raises:
        ValueError: n <= p, or the mean is zero.
    """
    spare = _degrees_of_freedom(measured, parameters)
    return float(np.sqrt(np.sum((measured - predicted) ** 2) / spare) / np.mean(measured))


def nmbe(measured: Array, predicted: Array, *, parameters: int = 1) -> float:
    """Normalised mean bias error of (n,), over the measured mean; positive: the model predicts too little.

    ASHRAE Guideline 14-2014, 4.2.11: sum(y - ŷ) / ((n - p) mean(y)), with p = 1 for a model that was not
    fitted to these rows.

    Raises:
        ValueError: n <= p, or the mean is zero.
    """
    spare = _degrees_of_freedom(measured, parameters)
    return float(np.sum(measured - predicted) / (spare * np.mean(measured)))


def _degrees_of_freedom(measured: Array, parameters: int) -> int:
    if len(measured) <= parameters:
        raise ValueError(f"needs more than {parameters} rows, has {len(measured)}; give a longer period")
    if np.mean(measured) == 0.0:
        raise ValueError(
            "the mean of the measured values must not be 0: the error is relative to it; choose another period"
        )
    return len(measured) - parameters


def segments(times: Array, *, gap: np.timedelta64 = SEGMENT_GAP) -> Array:
    """Number of the segment of each row; one starts where the times (datetime64, sorted) pause for `gap`."""
    return np.concatenate([[0], np.cumsum(np.diff(times) > gap)]) if len(times) else np.zeros(0, int)


def last_fraction_of_each_segment(
    times: Array, *, fraction: float = 0.3, gap: np.timedelta64 = SEGMENT_GAP
) -> Array:
    """Which rows are held out: the last `fraction` of the rows of every segment; bool, shape of `times`."""
    number = segments(times, gap=gap)
    held_out = np.zeros(len(times), bool)
    for segment in np.unique(number):
        rows = np.flatnonzero(number == segment)
        held_out[rows[round(len(rows) * (1.0 - fraction)) :]] = True
    return held_out


def shuffled(rows: int, *, fraction: float = 0.3, seed: int = 0) -> Array:
    """Gao's split: rows held out at random, bool (rows,); optimistic, as neighbours in time are alike."""
    held_out = np.zeros(rows, bool)
    held_out[np.random.default_rng(seed).permutation(rows)[: round(rows * fraction)]] = True
    return held_out


def time_blocks(rows: int, *, folds: int, rounds: int = 3) -> Array:
    """Fold of each row (rows,) of a sorted record: contiguous blocks, dealt in turn, `rounds` times."""
    return (np.arange(rows) * folds * rounds // max(rows, 1)) % folds


def coverage_interval(
    covered: Array, blocks: Array, *, draws: int = 500, seed: int = 0
) -> tuple[float, float]:
    """90 % interval of the share covered (bool, (n,)), by a bootstrap of whole blocks (n,).

    Rows of one block (a day) are drawn together, since their errors are correlated (Künsch 1989, Ann.
    Statist. 17).
    """
    _, number = np.unique(blocks, return_inverse=True)
    hits, rows = np.bincount(number, covered), np.bincount(number)
    drawn = np.random.default_rng(seed).integers(0, len(rows), (draws, len(rows)))
    low, high = np.quantile(hits[drawn].sum(axis=1) / rows[drawn].sum(axis=1), [0.05, 0.95])
    return float(low), float(high)


def paired_difference(
    ours: Array, theirs: Array, blocks: Array, *, draws: int = 2_000, seed: int = 0
) -> tuple[float, float, float]:
    """Mean of ours less theirs, errors (n,) on the same rows, and its 90 % interval by a bootstrap of blocks (n,).

    Rows of one block (a day) are drawn together, and both models with them: what made a day hard for one made it hard
    for the other (Künsch 1989, Ann. Statist. 17).
    """
    _, number = np.unique(blocks, return_inverse=True)
    sums, rows = np.bincount(number, ours - theirs), np.bincount(number)
    drawn = np.random.default_rng(seed).integers(0, len(rows), (draws, len(rows)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / rows[drawn].sum(axis=1), [0.05, 0.95])
    return float(np.mean(ours - theirs)), float(low), float(high)
