"""Meters that are not what they were: units that changed, meters that were replaced, weather sensors that drift."""

from typing import Any

import numpy as np
import pandas as pd

from models.savings.meters import Meters, sum_of_shares
from pipelines.savings.adjustments import Adjustment
from pipelines.savings.periods import Period
from pipelines.savings.sufficiency import Finding
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.quality.drift import LEAST_METER_SHARE, drift_report
from pipelines.telemetry.quality.unit_changes import unit_changes

WEATHER = ("outdoor_drybulb_c", "outdoor_wetbulb_c")
LOSSES = 0.15  # of a change of IT power at most goes into what a power chain and the rest of a site take
LEAST_SHARE = 0.02  # of the cooling power: what equipment changes by less is within the interval


def meters_of(site: Site, table: pd.DataFrame) -> Meters:
    """How the site's meters drift, and of how many power and load are made; table: interval table of the baseline."""

    def share(named: list[str]) -> float:
        columns = [column for name in named for column in site.columns_of(name)]
        means = table[columns].mean().dropna().to_numpy() if columns else np.ones(1)
        return sum_of_shares(means) if len(means) else 1.0

    options = site.savings
    return Meters(
        power_drift=options.meter_drift_per_year,
        load_drift=options.load_drift_per_year,
        air_drift_k=options.air_drift_k_per_year,
        power_share=share(site.meters.cooling or site.meters.facility),
        load_share=share(site.meters.it or site.meters.load),
    )


def changed_meters(
    site: Site,
    table: pd.DataFrame,
    quarantine: pd.DataFrame,
    reporting: Period,
    adjustments: list[Adjustment],
) -> list[Finding]:
    """What the record says of its meters over both periods, and of equipment while control was on.

    table, quarantine: of the time from the first period to the last, as the store has them. A change of a meter that an
    adjustment tells of is only flagged.
    """
    plant = plant_table(site, table)
    cooling = [column for name in site.meters.cooling for column in site.columns_of(name)]
    least_kw = LEAST_SHARE * float(table[cooling].mean().sum())
    found = [
        Finding("refused", f"the unit of {each.columns} changes halfway", each.seen, each.remedy)
        for each in unit_changes(site, table, quarantine)
        if _counts(site, each.columns)
    ]
    for change in drift_report(site, table).to_dict("records"):
        if change["kind"] == "equipment":
            large = change["unit"] != "kW" or abs(change["shift"]) >= least_kw
            if change["start"] >= reporting.start and large:
                found.append(_equipment(change))
        elif _counts(site, change["reading"]) and (change["kind"] == "sensor" or _not_parts(plant, change)):
            told = [one for one in adjustments if one.kind == "changed meter" and _near(one, change)]
            found.append(_meter(change, told))
    return found


def _not_parts(plant: pd.DataFrame, change: dict[Any, Any]) -> bool:
    """Whether facility power shifted against what its meters of IT and cooling leave over.

    The share of the metered parts in the whole, by which the record is watched, also falls where control saves.
    """
    slack = pd.Timedelta(days=28)
    before = plant[(plant.index >= change["start"] - slack) & (plant.index < change["start"])]
    after = plant[(plant.index > change["found"]) & (plant.index <= change["found"] + slack)]
    rest = [(each["facility_kw"] - each["it_kw"] - each["cooling_kw"]).median() for each in (before, after)]
    if not np.isfinite(rest).all():
        return False
    grown = before["facility_kw"].median() * (after["it_kw"].median() / before["it_kw"].median() - 1.0)
    least = LEAST_METER_SHARE * before["facility_kw"].median()
    return bool(abs(rest[1] - rest[0]) >= least + LOSSES * abs(grown))


def _equipment(change: dict[Any, Any]) -> Finding:
    """Equipment that changed while control was on: what it saved or cost is not control's."""
    return Finding(
        "flagged",
        f"{change['reading']} no longer follows load, weather and setpoints as before",
        f"since {change['start']:%Y-%m-%d} {change['shift']:+.3g} {change['unit']}",
        "was something replaced, or has it failed? record it, that it is not counted: coldaisle event add",
    )


def _meter(change: dict[Any, Any], told: list[Adjustment]) -> Finding:
    known = f"; told by {told[0].by}: {told[0].why}" if told else ""
    return Finding(
        "flagged" if told or change["kind"] == "sensor" else "refused",
        f"{change['reading']} is no longer what it was",
        f"since {change['start']:%Y-%m-%d} it reads {change['shift']:+.3g} {change['unit']} more than before{known}",
        f"{change['remedy']}; or record it: coldaisle event add --kind 'changed meter'",
    )


def _counts(site: Site, columns: str) -> bool:
    """Whether a saving rests on one of these columns."""
    named = (*site.meters.it, *site.meters.load, *site.meters.cooling, *site.meters.facility, *WEATHER)
    counted = {column.split(":", 1)[0] for name in named for column in (name, *site.columns_of(name))}
    counted |= {"facility_kw", "it_kw", "cooling_kw", "load_kw"}
    return any(column.strip().split(":", 1)[0] in counted for column in columns.split(","))


def _near(adjustment: Adjustment, change: dict[Any, Any]) -> bool:
    """Whether an event was when the change began, as near as it is known."""
    slack = pd.Timedelta(days=14)
    return bool(change["start"] - slack <= adjustment.start <= change["found"] + slack)
