"""Which sensor or which equipment has changed, from relations that held before: for the quality report."""

import pandas as pd
from threadpoolctl import threadpool_limits

from models.drift import Alarm, drifts
from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.plant_table import plant_table

LEAST_SHARE = 0.6  # of the hours that must have every reading of a relation
ONE_EVENT = pd.Timedelta(
    days=10
)  # alarms that begin within this are one event, named by the clearest of them
LEAST_SHIFT_K = 0.4  # two thermometers of 0.2 K: less is no replaced sensor
LEAST_SHIFT_SHARE = 0.05  # of the median: less is within what meters of flow and power may be wrong
# What weather, load and control bring about; equipment is judged by what it then needs.
_CAUSES = (
    "load_kw", "outdoor_wetbulb_c", "outdoor_drybulb_c", "chw_supply_c", "cw_supply_c", "supply_air_c",
    "supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "airflow_ratio_sp", "economizer_enable", "chiller_on",
)  # fmt: skip
_NEEDS = ("chw_flow_kg_s", "chiller_kw", "tower_fan_kw", "chw_pump_kw", "cw_pump_kw", "crah_fan_kw")
COLUMNS = ("start", "found", "reading", "kind", "shift", "unit", "deviations", "also", "remedy")


def drift_report(site: Site, table: pd.DataFrame) -> pd.DataFrame:
    """Changes in a site's interval table, one row per event: COLUMNS; times are days (UTC).

    sensor: a temperature that its neighbours no longer explain (replaced, or drifting). equipment: power or flow that
    load, weather and supply temperatures no longer explain (fouling, a stuck valve, a worn pump).
    """
    if table.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    plant = plant_table(site, table).resample("1h").mean()
    plant = plant[plant["figure"].notna()] if plant["figure"].notna().any() else plant
    with threadpool_limits(limits=1):  # on matrices this small, several threads mostly wait for each other
        found = [row for name in plant for row in _changes(plant, str(name))]
    return _events(pd.DataFrame(found, columns=list(COLUMNS)))


def _changes(plant: pd.DataFrame, name: str) -> list[dict]:
    causes = _causes(plant, name)
    if not causes:
        return []
    rows = plant[[name, *causes]].dropna()
    if len(rows) < LEAST_SHARE * len(plant) or rows[name].std() < 1e-9:
        return []
    varying = [cause for cause in causes if rows[cause].std() > 1e-9]
    first = rows.index[0].floor("D")
    day = ((rows.index - first) // pd.Timedelta(days=1)).to_numpy()
    alarms = drifts(rows[varying].to_numpy(), rows[name].to_numpy(), day)
    least = LEAST_SHIFT_K if name.endswith("_c") else LEAST_SHIFT_SHARE * float(rows[name].abs().median())
    return [_row(name, first, alarm) for alarm in alarms if abs(alarm.shift) >= least]


def _causes(plant: pd.DataFrame, name: str) -> list[str]:
    if name in _NEEDS:
        return [cause for cause in _CAUSES if cause in plant]
    if name in _temperatures(plant):
        readings = [*_temperatures(plant), "load_kw", "chw_flow_kg_s", "cw_flow_kg_s", *_setpoints(plant)]
        return [cause for cause in readings if cause in plant and cause != name]
    return []


def _temperatures(plant: pd.DataFrame) -> list[str]:
    """Measured temperatures; a wetbulb is often derived from the drybulb, and weather is nobody's to repair here."""
    measured = [str(name) for name in plant if str(name).endswith("_c") and not str(name).endswith("_sp_c")]
    return [name for name in measured if name in QUANTITIES and not name.startswith(("outdoor", "forecast"))]


def _setpoints(plant: pd.DataFrame) -> list[str]:
    return [str(name) for name in plant if str(name).endswith(("_sp_c", "economizer_enable"))]


def _row(name: str, first: pd.Timestamp, alarm: Alarm) -> dict:
    sensor = name.endswith("_c")
    return {
        "start": first + pd.Timedelta(days=alarm.onset),
        "found": first + pd.Timedelta(days=alarm.found + 1),
        "reading": name,
        "kind": "sensor" if sensor else "equipment",
        "shift": alarm.shift,
        "unit": "K" if sensor else QUANTITIES[name].unit,
        "deviations": alarm.deviations,
        "also": "",
        "remedy": "was it replaced? check its calibration, then correct the points from that day on"
        if sensor
        else "look for fouling, a stuck valve or a worn drive; learn again once it is mended",
    }


def _events(found: pd.DataFrame) -> pd.DataFrame:
    """One row per event: the reading that explains it, the others named beside it."""
    found = found.sort_values("found").reset_index(drop=True)
    if found.empty:
        return found
    number = (found["found"].diff() > ONE_EVENT).cumsum()
    events = []
    for _, group in found.groupby(number):
        clearest = _clearest(group)
        others = [name for name in dict.fromkeys(group["reading"]) if name != clearest["reading"]]
        events.append(clearest | {"also": ", ".join(others)})
    return pd.DataFrame(_without_consequences(events), columns=list(COLUMNS))


def _without_consequences(events: list[dict]) -> list[dict]:
    """Events in time order, those left out whose relation rests on a sensor that an earlier event names.

    Until that sensor is mended, the relation says nothing about the equipment; the earlier event tells of it.
    """
    kept: list[dict] = []
    for event in events:
        cause = next((e for e in kept if e["kind"] == "sensor" and e["reading"] in _CAUSES), None)
        if cause is None or event["kind"] == "sensor":
            kept.append(event)
        elif event["reading"] not in cause["also"].split(", "):
            cause["also"] = ", ".join(filter(None, (cause["also"], event["reading"])))
    return kept


def _clearest(group: pd.DataFrame) -> dict:
    """The alarm that explains the others: mostly the one that moved farthest.

    Equipment is judged by readings that no return temperature enters: where both moved, the thermometer only shows
    what the equipment does. A supply temperature that reads wrong, though, makes the equipment look wrong.
    """
    farthest = group.iloc[int(group["deviations"].abs().argmax())]
    equipment = group[group["kind"] == "equipment"]
    if farthest["kind"] == "sensor" and farthest["reading"] not in _CAUSES and len(equipment):
        farthest = equipment.iloc[int(equipment["deviations"].abs().argmax())]
    return farthest.to_dict()
