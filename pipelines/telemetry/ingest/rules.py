"""Which readings of a point are believed: sentinels, physical range, stuck sensors."""

import numpy as np

from pipelines.site.file import Point, Source
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import is_energy
from pipelines.telemetry.ingest.reasons import CODE, OUT_OF_RANGE, SENTINEL, STUCK
from pipelines.telemetry.ingest.series import HOUR_US, Series


def judge(point: Point, source: Source, series: Series) -> None:
    """Fill in canonical values and mark readings that are not to be believed."""
    _mark(series, np.isin(series.exported, source.sentinels), SENTINEL)
    slope, offset = point.to_canonical
    series.value = series.exported * slope + offset
    if point.reading == "counter":
        return
    if is_energy(point.unit):
        series.value = series.value / (series.step_us / HOUR_US)
    low, high = point.limits
    _mark(series, (series.value < low) | (series.value > high), OUT_OF_RANGE)
    _mark(series, _stuck(point, series), STUCK)


def _mark(series: Series, where: np.ndarray, reason: str) -> None:
    series.reason[where & series.good] = CODE[reason]


def _stuck(point: Point, series: Series) -> np.ndarray:
    """Good readings in a run of one value that lasts longer than the point's limit.

    A gap of up to half the limit does not break a run. Zero is normal for all but temperatures: a pump that
    is off reads zero for days. A log that only writes changes cannot be judged this way.
    """
    quantity = QUANTITIES[point.quantity]
    hours = point.stuck_hours or quantity.stuck_hours
    stuck = np.zeros(len(series.reason), dtype=bool)
    good = np.flatnonzero(series.good)
    if hours is None or point.reading == "change" or not len(good):
        return stuck
    limit_us = hours * HOUR_US
    time_us, value = series.time_us[good], series.exported[good]
    begins = np.append(True, (value[1:] != value[:-1]) | (np.diff(time_us) > limit_us / 2))
    run = np.cumsum(begins) - 1
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(good)) - 1
    long = time_us[last] - time_us[first] > limit_us
    if quantity.unit != "degC":
        long &= value[first] != 0
    stuck[good] = long[run]
    return stuck
