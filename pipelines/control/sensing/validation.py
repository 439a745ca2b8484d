"""Which readings are believed: tags that stand still, or leap and come back, are left out and named."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from models.safety.sensors import spike, stuck
from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES
from pipelines.site.tags import Tag, tags_of

PAST = timedelta(hours=24)
# Leaps within an interval that weather, air and water do not make; of loads as a share of the reading.
LEAPS = {
    "outdoor_drybulb_c": 4.0,
    "outdoor_wetbulb_c": 4.0,
    "outdoor_dew_point_c": 6.0,
    "outdoor_rh_frac": 0.3,
    "supply_air_c": 5.0,
    "rack_inlet_c": 5.0,
    "chw_supply_c": 6.0,
    "cw_supply_c": 10.0,
}
LOAD_LEAP = 0.5
LOADS = ("it_power_kw", "cooling_load_kw")
DANGEROUS = ("rack_inlet_c", "supply_air_c")  # a leap to warmer is believed at once
MISSES = 3  # rows in a row without a tag that was there before
UNREADABLE_SHARE = 0.2  # of the tags of one row


class Guard:
    """Remembers a day of every tag."""

    def __init__(self, site: Site) -> None:
        setpoints = {setpoint.tag for setpoint in site.setpoints}
        self._watched = [
            tag
            for name, tag in tags_of(site).items()
            if name not in setpoints and not tag.counter and _moves(tag)
        ]
        self._past: dict[str, list[tuple[datetime, float]]] = {tag.tag: [] for tag in self._watched}
        self._missed: dict[str, int] = {}

    def believed(self, row: Mapping[str, Any], at: datetime) -> tuple[dict[str, Any], list[str]]:
        """The row without what is not believed, and what was left out and why."""
        row, notices = dict(row), []
        for tag in self._watched:
            why = self._doubt(tag, row.get(tag.tag), at)
            if why:
                notices.append(f"{tag.tag} {why}")
                del row[tag.tag]
        return row, notices + self._unreadable(row, notices)

    def forget_after(self, at: datetime) -> None:
        """Forget what was read at times that the clock says are still to come."""
        for name, past in self._past.items():
            self._past[name] = [one for one in past if one[0] < at]

    def _unreadable(self, row: Mapping[str, Any], doubted: list[str]) -> list[str]:
        """Tags that were read before and are not now: each after a while, many at once."""
        left_out = {notice.split()[0] for notice in doubted}
        seen = [tag for tag in self._watched if self._past[tag.tag] and tag.tag not in left_out]
        for tag in seen:
            gone = math.isnan(tag.canonical(row.get(tag.tag)))
            self._missed[tag.tag] = self._missed.get(tag.tag, 0) + 1 if gone else 0
        now = [tag.tag for tag in seen if self._missed[tag.tag]]
        if len(now) > UNREADABLE_SHARE * len(seen) and len(now) > 1:
            return [f"rows lack much: {len(now)} of {len(seen)} tags cannot be read"]
        return [f"{name} cannot be read" for name in now if self._missed[name] >= MISSES]

    def _doubt(self, tag: Tag, raw: Any, at: datetime) -> str:
        value = tag.canonical(raw)
        if math.isnan(value):
            return ""  # missing or impossible: the reader leaves it out
        past = [one for one in self._past[tag.tag] if one[0] > at - PAST and one[0] != at]
        self._past[tag.tag] = sorted([*past, (at, value)])
        values = [each for _, each in self._past[tag.tag]]
        if stuck(values):
            return f"stands still at {tag.exported(value):.4g}: not believed"
        if self._leaps(tag, values):
            return f"leaps to {tag.exported(value):.4g}: not believed until it is confirmed"
        return ""

    def _leaps(self, tag: Tag, values: list[float]) -> bool:
        if len(values) < 2 or (tag.quantity in DANGEROUS and values[-1] > values[-2]):
            return False
        floor = LOAD_LEAP * abs(values[-2]) if tag.quantity in LOADS else LEAPS.get(tag.quantity)
        return floor is not None and spike(values, floor)


def _moves(tag: Tag) -> bool:
    quantity = QUANTITIES[tag.quantity]
    return quantity.stuck_hours is not None or quantity.unit == "kW"
