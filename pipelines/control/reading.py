"""One historian row as plant quantities: canonical units, what is not believed left out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from pipelines.schema import QUANTITIES
from pipelines.site import Point, Setpoint, Site
from pipelines.units import conversion, is_energy


@dataclass(frozen=True)
class Tag:
    """How one tag is read: value * slope + offset is canonical; sentinels and the impossible are not believed."""

    tag: str
    quantity: str
    column: str
    slope: float
    offset: float
    low: float
    high: float
    sentinels: frozenset[float]
    counter: bool

    def canonical(self, raw: Any) -> float:
        """The value in the quantity's unit, NaN where it is missing or not to be believed."""
        try:
            value = float(raw)
        except (TypeError, ValueError):
            return math.nan
        if not math.isfinite(value) or value in self.sentinels:
            return math.nan
        value = value * self.slope + self.offset
        return value if self.counter or self.low <= value <= self.high else math.nan

    def exported(self, value: float) -> float:
        """A canonical value in the tag's own unit."""
        return (value - self.offset) / self.slope


def tags_of(site: Site) -> dict[str, Tag]:
    """Every point of the site by tag (the first listed where two sources share a tag)."""
    return {tag: _tag(site, point) for tag, point in site.by_tag.items()}


def setpoint_tags(site: Site) -> list[tuple[Setpoint, Tag]]:
    """The site's setpoints with the tags that they are read from and written to."""
    tags = tags_of(site)
    return [(setpoint, tags[setpoint.tag]) for setpoint in site.setpoints]


def _tag(site: Site, point: Point) -> Tag:
    slope, offset = conversion(point.unit, point.quantity, point.full_scale)
    source = next(source for source in site.sources if source.name == point.source)
    if is_energy(point.unit) and point.reading == "interval":
        slope /= (source.interval_minutes or site.interval_minutes) / 60.0
    low, high = point.limits
    return Tag(
        tag=point.tag,
        quantity=point.quantity,
        column=point.column,
        slope=slope,
        offset=offset,
        low=low,
        high=high,
        sentinels=frozenset(source.sentinels),
        counter=point.reading == "counter",
    )


class Reader:
    """Rows to plant quantities, as `plant_table` combines them; remembers counters between rows."""

    def __init__(self, site: Site) -> None:
        self.site, self.tags = site, tags_of(site)
        self._powers = {
            name: _columns(site, getattr(site.meters, name))
            for name in ("it", "cooling", "facility", "load", "losses")
        }
        self._counted: dict[str, tuple[datetime, float]] = {}

    def read(self, row: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """Quantity -> value of the plant, with the power sums of `plant_table`; only what is known."""
        columns = {tag.column: self._value(tag, row.get(tag.tag), at) for tag in self.tags.values()}
        plant = {name: _combined(name, values) for name, values in _by_quantity(self.tags, columns).items()}
        power = {
            name: sum(columns[column] for column in names) for name, names in self._powers.items() if names
        }
        plant["cooling_kw"] = power.get("cooling", math.nan)
        plant["it_kw"] = power.get("it", math.nan)
        plant["load_kw"] = power.get("it", power.get("load", math.nan))
        parts_kw = plant["cooling_kw"] + power.get("losses", 0.0) + power.get("it", 0.0)
        plant["facility_kw"] = power.get("facility", parts_kw)
        return {name: value for name, value in self._with_weather(plant).items() if math.isfinite(value)}

    def _value(self, tag: Tag, raw: Any, at: datetime) -> float:
        value = tag.canonical(raw)
        if not tag.counter or math.isnan(value):
            return value
        since, before = self._counted.get(tag.tag, (at, math.nan))
        self._counted[tag.tag] = (at, value)
        hours = (at - since).total_seconds() / 3600.0
        power = (value - before) / hours if hours > 0.0 else math.nan
        return power if tag.low <= power <= tag.high else math.nan

    def _with_weather(self, plant: dict[str, float]) -> dict[str, float]:
        drybulb_c, rh_frac = (plant.get(f"outdoor_{name}", math.nan) for name in ("drybulb_c", "rh_frac"))
        if math.isfinite(plant.get("outdoor_wetbulb_c", math.nan)) or not math.isfinite(drybulb_c + rh_frac):
            return plant
        from simulator import psychrometrics as air

        pressure_pa = float(air.pressure_at_altitude_pa(self.site.location.altitude_m))
        return plant | {"outdoor_wetbulb_c": float(air.wetbulb_c(drybulb_c, rh_frac, pressure_pa))}


def _columns(site: Site, names: list[str]) -> list[str]:
    return list(dict.fromkeys(column for name in names for column in site.columns_of(name)))


def _by_quantity(tags: dict[str, Tag], columns: dict[str, float]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for tag in tags.values():
        found.setdefault(tag.quantity, []).append(columns[tag.column])
    return found


def _combined(quantity: str, values: list[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    match QUANTITIES[quantity].across:
        case "sum":
            return sum(values)  # NaN where one is missing: a part-sum would be wrong
        case _ if not known:
            return math.nan
        case "mean":
            return float(np.mean(known))
        case "max":
            return max(known)
        case _:
            return known[0]
