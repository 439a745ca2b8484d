"""One historian row as plant quantities: canonical units, what is not believed left out."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES
from pipelines.site.tags import Tag, tags_of


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
