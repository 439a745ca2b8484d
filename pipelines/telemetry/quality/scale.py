"""A point whose unit changes halfway: all its readings move by a known factor, at once and for good."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.telemetry.quality.distributions import (
    DAY_US,
    DAYS,
    MIDDLE,
    Array,
    Days,
    as_they_are,
    level_at_start,
    logarithms,
    noise,
)

# How often one unit goes into another, and which they are.
FACTORS: dict[float, str] = {
    1000.0: "W for kW, kW for MW, L for m³",
    100.0: "percent for fractions",
    60.0: "per minute for per hour, per second for per minute",
    15.85: "gal/min for L/s",
    12.0: "kBtu/h for tons, power for the energy of 5 min",
    4.403: "gal/min for m³/h",
    3.6: "m³/h for L/s, MJ for kWh",
    3.517: "kW for tons",
    3.412: "Btu/h for W",
}
AT_STEP = 4  # readings on either side of the step that say how far it goes
NEAR = 96  # readings on either side that say how noisy it is
NOISE_ALIKE = 2.2  # times: relative noise before and after a change of unit; a start changes it by the factor
LEAST_JUMP_K = 10.0  # between degC and degF: there is less where both read -27 to -53
ALIKE = 0.7  # of a step: a point whose days move as far at other times is equipment that starts and stops


@dataclass(frozen=True)
class ScaleStep:
    """A change of unit between two readings: new = slope * old + offset.

    after_us, at_us: time of the last reading in the old unit and of the first in the new one, µs.
    slope, offset: of the units; ratio: new over old as measured (for temperatures new over old converted).
    meaning: which unit stands for which.
    """

    after_us: int
    at_us: int
    slope: float
    offset: float
    ratio: float
    meaning: str

    @property
    def rare(self) -> bool:
        """Whether no equipment changes so far at once; else a start may look the same in this one point."""
        return bool(self.offset) or not 0.1 < self.slope < 10.0


@dataclass(frozen=True)
class _Change:
    """A change of unit in the space compared (logarithms for factors): new = slope * old + offset, within limits.

    level, shape: of the median, and between the quantiles of days; jump: at the step itself, beyond its noise.
    lasting: days on either side in which no day may look like the other.
    """

    slope: float
    offset: float
    level: float
    shape: float
    jump: float
    lasting: int
    units: tuple[float, float]
    meaning: str


def scale_steps(
    time_us: Array, value: Array, *, factors: Sequence[float] = tuple(FACTORS), fahrenheit: bool = False
) -> list[ScaleStep]:
    """Changes of unit in readings (n,) at times (n,) in µs, sorted; NaN is no reading. In order of time.

    factors: those of FACTORS that the point may be wrong by, either way. fahrenheit: it is a temperature, and may
    change between degC and degF instead. Equipment that starts is told from a change of unit by what is around: all
    quantiles of running readings move by the factor, so does their noise, between two readings, and for good. There
    must be a day of readings on either side (three for factors below 10) besides the day of the step.
    """
    time_us, value = np.asarray(time_us, dtype=np.int64), np.asarray(value, dtype=float)
    known = np.isfinite(value)
    days = (
        as_they_are(time_us[known], value[known]) if fahrenheit else logarithms(time_us[known], value[known])
    )
    if len(days.day) < 2:
        return []
    before, after = days.before, days.after
    found: list[tuple[float, ScaleStep]] = []
    for change in _fahrenheit() if fahrenheit else _factors(factors):
        for first, last in _candidates(before, after, change):
            step = _step(days, first, last, change)
            found += [step] if step else []
    return _likeliest(found, days)


# The limits below were set on 28 records: 26 years of seven EnergyPlus plants with noise, dropouts and gaps, and two
# real plants. In 720 years of points none is a step; of steps put in, 68 % (factors near 3.5, which a load's own swing
# hides) to 94 % (degF) are found, with their time to the reading.
def _factors(factors: Sequence[float]) -> Iterator[_Change]:
    for factor in factors:
        limits = (0.35, 0.7, 0.02, 2) if factor >= 10.0 else (0.15, 0.25, 0.02, 7)
        yield _Change(1.0, np.log(factor), *limits, (factor, 0.0), FACTORS[factor])
        yield _Change(
            1.0, -np.log(factor), *limits, (1.0 / factor, 0.0), f"{FACTORS[factor]}, the other way round"
        )


def _fahrenheit() -> Iterator[_Change]:
    # Weather may change by several kelvin between days, never by tens within a reading.
    yield _Change(1.8, 32.0, 9.0, 12.0, 1.5, 2, (1.8, 32.0), "degF for degC")
    yield _Change(1 / 1.8, -32.0 / 1.8, 5.0, 6.7, 0.83, 2, (1 / 1.8, -32.0 / 1.8), "degC for degF")


def _candidates(before: Array, after: Array, change: _Change) -> Iterator[tuple[int, int]]:
    """Positions of days between which distributions change like `change`; the day of the step itself may be mixed."""
    hits: list[tuple[int, int]] = []
    for days_on in (1, 2):
        old, new = before[:-days_on], after[days_on:]
        left = new - (change.slope * old + change.offset)
        fits = (np.abs(np.median(left, axis=1)) <= change.level) & (np.ptp(left, axis=1) <= change.shape)
        if change.slope != 1.0:
            fits &= np.abs(np.median(new - old, axis=1)) > LEAST_JUMP_K
        hits += [(int(at), int(at) + days_on) for at in np.flatnonzero(fits)]
    hits.sort()
    while hits:
        group = [hits.pop(0)]
        while hits and hits[0][0] <= group[-1][0] + 1:
            group.append(hits.pop(0))
        yield group[0][0], max(last for _, last in group)


def _step(days: Days, first: int, last: int, change: _Change) -> tuple[float, ScaleStep] | None:
    """The step between the days at these positions, and how far it is off; None where it is none."""
    old, new = days.before[first][MIDDLE], days.after[last][MIDDLE]
    way, middle = np.sign(new - old), (new + old) / 2.0
    day = days.time // DAY_US
    begin = int(np.searchsorted(day, days.day[first]))
    end = int(np.searchsorted(day, days.day[last], side="right"))
    at = begin + _split(way * (days.y[begin:end] - middle) > 0.0)
    if not AT_STEP <= at <= len(days.y) - AT_STEP:
        return None
    off, ratio = _jump(days, at, change)
    around = np.searchsorted(days.day, day[at])
    past, coming = (
        way * (part - middle)
        for part in (
            days.quantiles[max(0, around - change.lasting) : around, MIDDLE],
            days.quantiles[around + 1 : around + 1 + change.lasting, MIDDLE],
        )
    )
    lasts = min(len(past), len(coming)) >= (1 if change.lasting <= DAYS else DAYS)
    if not lasts or (past > 0.0).any() or (coming < 0.0).any() or off > 1.0:
        return None
    return off, ScaleStep(int(days.time[at - 1]), int(days.time[at]), *change.units, ratio, change.meaning)


def _split(is_new: Array) -> int:
    """Where (0..n) to part readings (n,) so that fewest are on the wrong side."""
    wrong = np.concatenate([[0], np.cumsum(is_new)]) + np.concatenate([np.cumsum(~is_new[::-1])[::-1], [0]])
    return int(np.argmin(wrong))


def _jump(days: Days, at: int, change: _Change) -> tuple[float, float]:
    """How far the step is off, as a share of what is allowed, and its ratio; infinitely far where its noise changes."""
    time, y = days.time, days.y
    old, new = level_at_start(y[:at][::-1], AT_STEP), level_at_start(y[at:], AT_STEP)
    was = change.slope * noise(y[max(0, at - NEAR) : at])
    becomes = noise(y[at : at + NEAR])
    expected = change.slope * old + change.offset
    ratio = float(np.exp(new - old)) if change.slope == 1.0 else new / expected
    tiny = 1e-9
    if not 1.0 / NOISE_ALIKE < (becomes + tiny) / (was + tiny) < NOISE_ALIKE:
        return np.inf, ratio
    step_us = max(float(np.median(np.diff(time[max(0, at - NEAR) : at + NEAR]))), 1.0)
    away = int(min((time[at] - time[at - 1]) / step_us, len(y) // 2))
    wander = float(np.median(np.abs(y[away:] - y[:-away]))) if away > 2 else 0.0  # across a gap in the record
    allowed = min(change.jump + 2.0 * (max(was, becomes) + wander), 5.0 * change.jump)
    return abs(new - expected) / allowed, ratio


def _likeliest(found: list[tuple[float, ScaleStep]], days: Days) -> list[ScaleStep]:
    """Steps in order of time, of those within DAYS the one that is least off; none that the point often makes."""
    kept: list[ScaleStep] = []
    for _, step in sorted(found, key=lambda each: each[0]):
        if all(abs(step.at_us - other.at_us) > DAYS * DAY_US for other in kept):
            kept.append(step)
    kept.sort(key=lambda step: step.at_us)
    elsewhere = days.moves_apart_from([step.at_us for step in kept])
    return [step for step in kept if not (elsewhere > ALIKE * days.size(step.at_us)).any()]
