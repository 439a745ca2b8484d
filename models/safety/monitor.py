"""Constraint monitoring: rack inlet, dew point and rate of change, as measured and where they will be if they go on.

ASHRAE TC9.9 (Thermal Guidelines for Data Processing Environments, 5th ed., 2021): inlet range, dew point, and rate
of change of 5 K/h for tape, otherwise 20 K/h and 5 K in a quarter of an hour.
"""

from dataclasses import dataclass

import numpy as np

from models.safety.types import Course, Envelope, Situation
from models.setpoints import Array, Bounds, quantity_of

NEAR_K = 0.5  # from the inlet's limit or the dew point's: then nothing else counts
NEAR_RATE = 0.8  # of the rate of change
NEWEST_H = 0.5
SCATTER_K = 0.4  # of a class B sensor at 25 °C, IEC 60751
COOLING = ("supply_air_sp_c", "supply_air_c", "chw_supply_sp_c", "chw_supply_c")  # or measured ones


@dataclass(frozen=True)
class Alarm:
    """What to do about a constraint: way -1 colder, +1 warmer, as fast as allowed; or only no further that way."""

    quantities: tuple[str, ...]
    way: float
    hold: bool
    why: str


def alarms(envelope: Envelope, situation: Situation) -> list[Alarm]:
    """Alarms, the most urgent last. Without a reading of a constraint there is none of it."""
    inlet = situation.courses.get("rack_inlet_c", ())
    dew_point = situation.courses.get("rack_dew_point_c", ())
    found = [_rate(envelope, inlet), _dew_point(envelope, dew_point), _inlet(envelope, inlet)]
    return [alarm for alarm in found if alarm is not None]


def answered(alarm: Alarm, bounds: Bounds, values: Array, situation: Situation) -> Array:
    """Setpoints (k,) after an alarm was heeded."""
    named = np.array([quantity_of(name) in alarm.quantities for name in bounds.names])
    present = situation.present
    if alarm.hold:
        no_further = np.minimum(values, present) if alarm.way < 0 else np.maximum(values, present)
        return np.where(named, no_further, values)
    return np.where(named, present + alarm.way * situation.most, values)


def projected(course: Course) -> float:
    """Where a reading will be an interval on, if it goes on as over the newest half hour.

    A rise or fall that a sensor's own scatter may make is none.
    """
    newest = [value for ago, value in course if ago < NEWEST_H]
    change = newest[-1] - newest[0]
    return float(newest[-1] + np.sign(change) * max(abs(change) - SCATTER_K, 0.0))


def _inlet(envelope: Envelope, course: Course) -> Alarm | None:
    if not _is_new(course):
        return None
    inlet_c = projected(course)
    way = float(inlet_c < envelope.inlet_low_c + NEAR_K) - float(inlet_c > envelope.inlet_high_c - NEAR_K)
    if way == 0.0:
        return None
    return Alarm(COOLING, way, False, f"a rack inlet at {inlet_c:.1f} °C is close to its limit")


def _dew_point(envelope: Envelope, course: Course) -> Alarm | None:
    if not _is_new(course) or projected(course) < envelope.dew_point_high_c - NEAR_K:
        return None
    # Only colder coils take water out of the air.
    why = f"a dew point at {projected(course):.1f} °C is close to its limit"
    return Alarm(("chw_supply_sp_c", "chw_supply_c"), -1.0, False, why)


def _rate(envelope: Envelope, course: Course) -> Alarm | None:
    if not _is_new(course):
        return None
    # Counted from the newest reading, not from now: what comes late is a course all the same.
    then, newest = (_within(course, hours) for hours in (1.0, 0.25))
    next_c = projected(course)
    for values, limit_k in ((then, envelope.rate_k_per_h), (newest, envelope.rate_k_per_15_min)):
        rise_k, fall_k = next_c - values.min(), values.max() - next_c
        if max(rise_k, fall_k) > NEAR_RATE * limit_k:
            way = -1.0 if rise_k > fall_k else 1.0
            why = f"rack inlets change by {max(rise_k, fall_k):.1f} K, close to their rate's limit"
            return Alarm(COOLING, way, True, why)
    return None


def _within(course: Course, hours: float) -> Array:
    """Values read within so many hours before the newest one, which is among them."""
    newest_ago = course[-1][0]
    return np.array([value for ago, value in course if ago - newest_ago <= hours + 1e-6])


def _is_new(course: Course) -> bool:
    return bool(course) and course[-1][0] < NEWEST_H
