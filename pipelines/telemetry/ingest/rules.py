"""Which readings of a point are believed: sentinels, physical range, stuck sensors, counters that jump."""

from dataclasses import dataclass

import numpy as np

from pipelines.site.file import Point, Source
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import conversion, is_energy
from pipelines.telemetry.ingest.reasons import CODE, COUNTER_RESET, OUT_OF_RANGE, SENTINEL, STUCK

HOUR_US = 3_600_000_000
# A dropout of a counter to a lower value ends within this; a lower value for longer is a reset.
COUNTER_DROPOUT_US = 24 * HOUR_US


@dataclass
class Series:
    """One point's readings, sorted by time; every array is [readings].

    time_us: true UTC (clock offset taken off). exported: source units. step_us: the source's step, 0 unknown.
    reason: code, 0 is good. value: canonical units (kW for energy per interval, kWh for counters).
    """

    time_us: np.ndarray
    exported: np.ndarray
    step_us: np.ndarray
    reason: np.ndarray
    value: np.ndarray

    @property
    def good(self) -> np.ndarray:
        """[readings] whether each is believed so far."""
        return self.reason == 0


def judge(point: Point, source: Source, series: Series) -> None:
    """Fill in canonical values and mark readings that are not to be believed."""
    _mark(series, np.isin(series.exported, source.sentinels), SENTINEL)
    slope, offset = conversion(point.unit, point.quantity, point.full_scale)
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


def counter_power(
    point: Point, series: Series, longest_gap_us: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[n] start, end (µs) and mean power (kW) between the readings of a cumulative energy counter.

    longest_gap_us: [readings]; the energy of a longer gap is not spread: when it was used is not known.
    A lower reading is a rollover where the counter has one and the way forward is shorter than the way back;
    a dropout where the counter comes back within a day (the low readings are left out); else a reset, whose
    difference is lost. Marks these readings.
    """
    slope, _ = conversion(point.unit, point.quantity, point.full_scale)
    rollover = np.inf if point.rollover is None else point.rollover * slope
    _mark_dropouts(series, rollover)
    good = np.flatnonzero(series.good)
    time_us, energy_kwh = series.time_us[good], np.diff(series.value[good])
    rolled = (energy_kwh < 0) & (energy_kwh + rollover < rollover / 2)
    energy_kwh[rolled] += rollover
    reset = energy_kwh < 0
    series.reason[good[1:][reset]] = CODE[COUNTER_RESET]
    start, end = time_us[:-1], time_us[1:]
    power_kw = energy_kwh / ((end - start) / HOUR_US)
    low, high = point.limits
    wild = ~reset & ((power_kw > high) | (power_kw < low))
    series.reason[good[1:][wild]] = CODE[OUT_OF_RANGE]
    gap_us = np.maximum(longest_gap_us[good[1:]], longest_gap_us[good[:-1]])
    use = ~reset & ~wild & (end - start <= gap_us)
    return start[use], end[use], power_kw[use]


def _mark_dropouts(series: Series, rollover: float) -> None:
    good = np.flatnonzero(series.good)
    time_us, value = series.time_us[good], series.value[good]
    for at in np.flatnonzero(np.diff(value) < 0) + 1:
        before = value[at - 1]
        if value[at] - before + rollover < rollover / 2:
            continue
        until = np.searchsorted(time_us, time_us[at] + COUNTER_DROPOUT_US, side="right")
        back = np.flatnonzero(value[at:until] >= before)
        if len(back):
            series.reason[good[at : at + back[0]]] = CODE[COUNTER_RESET]
