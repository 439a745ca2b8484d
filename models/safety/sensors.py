"""Whether a reading can be believed, by its own past and by what it must agree with."""

from collections.abc import Sequence

import numpy as np

CHANCE = 1e-6  # of a false alarm at one reading
KNOWN = 12  # readings before its own past says how a sensor usually behaves
LIVELY = 0.2  # share of repeats above which standing still says nothing
IDLE_SHARE = 0.05  # of the largest reading: equipment that stands reads the same
RUNNING = 3  # readings in a row off what was usual: a change, no scatter
SCATTERS = 6.0  # standard deviations of the usual scatter


def stuck(values: Sequence[float]) -> bool:
    """Whether the newest readings repeat each other more often than this sensor ever would by chance.

    Each repeat multiplies the chance by the share of repeats before the run, (repeats + 1) / (pairs + 2) (Laplace's
    rule of succession).
    """
    series = np.asarray(values, float)
    if len(series) < KNOWN or abs(series[-1]) <= IDLE_SHARE * np.abs(series).max():
        return False
    differs = np.flatnonzero(series != series[-1])
    first = differs[-1] + 1 if len(differs) else 0
    run, before = len(series) - first - 1, series[: first + 1]
    if len(before) < KNOWN:
        return False
    chance = (np.sum(np.diff(before) == 0.0) + 1.0) / (len(before) + 1.0)
    return bool(chance < LIVELY and chance**run < CHANCE)


def spike(values: Sequence[float], floor: float) -> bool:
    """Whether the newest reading leaps from the one before by more than `floor` and unlike any change of its past.

    A second reading like it confirms it: `values` are raw, with the leaps.
    """
    series = np.asarray(values, float)
    if len(series) < 3:
        return False
    leap = abs(series[-1] - series[-2])
    returned = abs(series[-1] - series[-3]) <= floor and abs(series[-2] - series[-3]) > floor
    if leap <= floor or returned:
        return False
    usual = np.abs(np.diff(series[:-1]))
    return bool(leap > SCATTERS * np.median(usual))


def shifted(residuals: Sequence[float], floor: float) -> float:
    """How far the newest readings in a row are off what was usual; 0 where one of them is not, or little is known.

    residuals: measured less expected, oldest first. floor: what is no fault however still the sensor was.
    """
    series = np.asarray(residuals, float)
    usual, newest = series[:-RUNNING], series[-RUNNING:]
    if len(usual) < KNOWN:
        return 0.0
    middle = np.median(usual)
    scatter = 1.4826 * np.median(
        np.abs(usual - middle)
    )  # of a normal distribution with this median deviation
    off = newest - middle
    if np.abs(off).min() <= max(floor, SCATTERS * scatter) or len(set(np.sign(off))) != 1:
        return 0.0
    return float(off[np.argmin(np.abs(off))])
