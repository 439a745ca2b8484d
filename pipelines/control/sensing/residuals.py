"""Differences between the plant and what was written or expected: reported within an hour."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from models.safety.sensors import shifted, spike
from models.setpoints import Array
from pipelines.site.setpoints import Settable

PAST = timedelta(hours=24)
OBEYED_SHARE, OBEYED_LEAST = 0.05, 0.05  # of an hour's slew; canonical unit: a smaller difference is rounding
DISOBEYED_FOR = timedelta(minutes=45)
FLOOR_K, FLOOR_SHARE = 1.5, 0.03  # a smaller residual of temperatures or powers is no fault
LEAPING = 3.0  # times the floor: a meter that jumps
METERED = ("facility_kw",)
FOLLOWS = {
    "supply_air_c": "supply_air_sp_c",
    "chw_supply_c": "chw_supply_sp_c",
}

Course = tuple[tuple[datetime, float], ...]


@dataclass(frozen=True)
class ResidualPast:
    """A day of measured less expected values by quantity, and since when each setpoint has not been obeyed."""

    values: Mapping[str, Course] = field(default_factory=dict)
    disobeyed: Mapping[str, datetime] = field(default_factory=dict)

    def before(self, at: datetime) -> "ResidualPast":
        """Residuals from before a time."""
        values = {name: tuple(one for one in course if one[0] < at) for name, course in self.values.items()}
        return replace(self, values=values)


def disobeyed(
    past: ResidualPast, setpoints: Settable, at: datetime, written: Array | None, read: Mapping[str, float]
) -> tuple[ResidualPast, list[str]]:
    """Setpoints that the plant has not followed for most of an hour.

    written (k,): last written, None where nothing was; read: setpoints read back, by name, canonical units.
    """
    since, notices = dict(past.disobeyed), []
    for index, name in enumerate(setpoints.names):
        shown = read.get(name, math.nan)
        tolerance = max(OBEYED_LEAST, OBEYED_SHARE * setpoints.slew_per_hour[index])
        tolerance += setpoints.tags[index].step  # what is written is rounded to what the device takes
        if written is None or math.isnan(shown) or abs(shown - written[index]) <= tolerance:
            since.pop(name, None)
            continue
        since[name] = min(since.get(name, at), at)
        if at - since[name] >= DISOBEYED_FOR:
            tag = setpoints.tags[index]
            asked, is_ = tag.exported(float(written[index])), tag.exported(shown)
            notices.append(f"{tag.tag} is not obeyed: {asked:.4g} was written, {is_:.4g} is read")
    return replace(past, disobeyed=since), notices


def shifts(
    past: ResidualPast, at: datetime, read: Mapping[str, float], expected: Mapping[str, float]
) -> tuple[ResidualPast, list[str]]:
    """Quantities that have shifted against their setpoint, their submeters' sum or the model.

    read: plant quantities; expected: what the model expected of the interval that has passed, by quantity.
    """
    values, notices = dict(past.values), []
    for name, (value, what) in _counterparts(read, expected).items():
        measured = read.get(name, math.nan)
        if not math.isfinite(measured - value):
            continue
        earlier = tuple(one for one in values.get(name, ()) if at - PAST < one[0] < at)
        values[name] = (*earlier, (at, measured - value))
        off = _off(name, [each for _, each in values[name]], measured)
        if off:
            unit = "kW" if name.endswith("_kw") else "K"
            notices.append(f"{name} is {off:+.1f} {unit} off {what}, unlike before")
    return replace(past, values=values), notices


def _counterparts(read: Mapping[str, float], expected: Mapping[str, float]) -> dict[str, tuple[float, str]]:
    against = {
        measured: (read[setpoint], "its setpoint")
        for measured, setpoint in FOLLOWS.items()
        if setpoint in read
    } | {name: (value, "what was expected") for name, value in expected.items()}
    if {"facility_kw", "cooling_kw", "it_kw"} <= read.keys():
        against["facility_kw"] = (read["cooling_kw"] + read["it_kw"], "the sum of its submeters")
    return against


def _off(name: str, residuals: list[float], measured: float) -> float:
    floor = FLOOR_K if name.endswith("_c") else FLOOR_SHARE * abs(measured)
    if name in METERED and spike(residuals, LEAPING * floor):
        return residuals[-1]
    return shifted(residuals, floor)
