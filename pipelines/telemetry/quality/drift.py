"""Which sensor or which equipment has changed, from relations that held before: for the quality report."""

from dataclasses import replace

import numpy as np
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
LEAST_METER_SHARE = 0.01  # of facility power: a meter of class 1 that is replaced by another
METERED_SHARE = 0.9  # of facility power that its metered parts make up, or it is no check of their meters
# What weather, load and control bring about; equipment is judged by what it then needs.
_CAUSES = (
    "load_kw", "outdoor_wetbulb_c", "outdoor_drybulb_c", "chw_supply_c", "cw_supply_c", "supply_air_c",
    "supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "airflow_ratio_sp", "economizer_enable", "chiller_on",
)  # fmt: skip
_NEEDS = (
    "chw_flow_kg_s", "chiller_kw", "tower_fan_kw", "chw_pump_kw", "cw_pump_kw", "crah_fan_kw", "cooling_power_kw",
)  # fmt: skip
# Towers answer to humidity: without it a humid week looks like a worn fan.
_NEEDS_WETBULB = ("tower_fan_kw", "cooling_power_kw")
_TOTAL = "facility_kw"
_REMEDIES = {
    "sensor": "was it replaced? check its calibration, then correct the points from that day on",
    "equipment": "look for fouling, a stuck valve or a worn drive; learn again once it is mended",
    "meter": "was the facility's meter or one of its parts' replaced, or its ratio set anew? correct it from then on",
}
COLUMNS = ("start", "found", "reading", "kind", "shift", "unit", "deviations", "also", "remedy")


def drift_report(site: Site, table: pd.DataFrame) -> pd.DataFrame:
    """Changes in a site's interval table, one row per event: COLUMNS; times are days (UTC).

    sensor: a temperature that its neighbours no longer explain (replaced, or drifting). equipment: power or flow that
    load, weather and supply temperatures no longer explain (fouling, a stuck valve, a worn pump). meter: facility power
    that its metered parts no longer add up to (one of the meters was replaced or its ratio changed).
    """
    if table.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    plant = plant_table(site, table).resample("1h").mean()
    plant = plant[plant["figure"].notna()] if plant["figure"].notna().any() else plant
    plant = plant.loc[
        :, plant.notna().mean() >= LEAST_SHARE
    ]  # wetbulb without humidity, a sensor that is dead
    with threadpool_limits(limits=1):  # on matrices this small, several threads mostly wait for each other
        found = [row for name in plant for row in _changes(site, plant, str(name))]
    return _events(pd.DataFrame(found, columns=list(COLUMNS)))


def _changes(site: Site, plant: pd.DataFrame, name: str) -> list[dict]:
    if name == _TOTAL:
        return _changed_meters(site, plant)
    causes = _causes(plant, name)
    if not causes:
        return []
    rows = plant[[name, *causes]].dropna()
    if len(rows) < LEAST_SHARE * len(plant) or rows[name].std() < 1e-9:
        return []
    varying = [cause for cause in causes if rows[cause].std() > 1e-9]
    first, day = _days(rows)
    sensor = name.endswith("_c")
    alarms = drifts(rows[varying].to_numpy(), rows[name].to_numpy(), day, relative=not sensor)
    least = LEAST_SHIFT_K if sensor else LEAST_SHIFT_SHARE * float(rows[name].abs().median())
    kind = "sensor" if sensor else "equipment"
    return [_row(name, kind, first, alarm) for alarm in alarms if abs(alarm.shift) >= least]


def _changed_meters(site: Site, plant: pd.DataFrame) -> list[dict]:
    """Alarms of facility power against the sum of its parts, which needs no other cause and holds whatever runs."""
    parts = _parts(site, plant)
    rows = plant[[_TOTAL, *parts]].dropna() if parts else plant.iloc[:0]
    if len(rows) < LEAST_SHARE * len(plant):
        return []
    parts_kw = rows[parts].sum(axis=1).to_numpy()
    share = rows[_TOTAL].to_numpy() / parts_kw
    first, day = _days(rows)
    alarms = drifts(np.zeros((len(rows), 1)), share, day, relative=True)
    return [
        _row(_TOTAL, "meter", first, replace(alarm, shift=alarm.shift * float(np.median(parts_kw))))
        for alarm in alarms
        if abs(alarm.shift) >= LEAST_METER_SHARE
    ]


def _days(rows: pd.DataFrame) -> tuple[pd.Timestamp, np.ndarray]:
    first = rows.index[0].floor("D")
    return first, ((rows.index - first) // pd.Timedelta(days=1)).to_numpy()


def _causes(plant: pd.DataFrame, name: str) -> list[str]:
    if name in _NEEDS_WETBULB and "outdoor_wetbulb_c" not in plant:
        return []
    if name in _NEEDS:
        return [cause for cause in _CAUSES if cause in plant]
    if name in _temperatures(plant):
        readings = [*_temperatures(plant), "load_kw", "chw_flow_kg_s", "cw_flow_kg_s", *_setpoints(plant)]
        if name.startswith("cw_"):
            readings += ["outdoor_wetbulb_c", "outdoor_drybulb_c"]
        return [cause for cause in readings if cause in plant and cause != name]
    return []


def _parts(site: Site, plant: pd.DataFrame) -> list[str]:
    """Meters that add up to facility power, where one is metered and they nearly do."""
    if not site.meters.facility or not site.meters.it:
        return []
    named = [
        column for name in (*site.meters.cooling, *site.meters.losses) for column in site.columns_of(name)
    ]
    parts = ["it_kw", *dict.fromkeys(column.split(":", 1)[0] for column in named)]
    if not set(parts) <= set(plant):
        return []
    share = (plant[parts].sum(axis=1, min_count=len(parts)) / plant[_TOTAL]).median()
    return parts if share > METERED_SHARE else []


def _temperatures(plant: pd.DataFrame) -> list[str]:
    """Measured temperatures; a wetbulb is often derived from the drybulb, and weather is nobody's to repair here."""
    measured = [str(name) for name in plant if str(name).endswith("_c") and not str(name).endswith("_sp_c")]
    return [name for name in measured if name in QUANTITIES and not name.startswith(("outdoor", "forecast"))]


def _setpoints(plant: pd.DataFrame) -> list[str]:
    return [str(name) for name in plant if str(name).endswith(("_sp_c", "economizer_enable"))]


def _row(name: str, kind: str, first: pd.Timestamp, alarm: Alarm) -> dict:
    return {
        "start": first + pd.Timedelta(days=alarm.onset),
        "found": first + pd.Timedelta(days=alarm.found + 1),
        "reading": name,
        "kind": kind,
        "shift": alarm.shift,
        "unit": {"sensor": "K", "meter": "kW"}.get(kind) or QUANTITIES[name].unit,
        "deviations": alarm.deviations,
        "also": "",
        "remedy": _REMEDIES[kind],
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
        if cause is None or event["kind"] != "equipment":
            kept.append(event)
        elif event["reading"] not in cause["also"].split(", "):
            cause["also"] = ", ".join(filter(None, (cause["also"], event["reading"])))
    return kept


def _clearest(group: pd.DataFrame) -> dict:
    """The alarm that explains the others: mostly the one that moved farthest.

    Equipment is judged by readings that no return temperature enters: where both moved, the thermometer only shows
    what the equipment does. A supply temperature that reads wrong, though, makes the equipment look wrong.
    """
    meters = group[group["kind"] == "meter"]
    if len(meters):  # whatever the plant does, its parts add up: then nothing else is known to have changed
        return meters.iloc[0].to_dict()
    farthest = group.iloc[int(group["deviations"].abs().argmax())]
    equipment = group[group["kind"] == "equipment"]
    if farthest["kind"] == "sensor" and farthest["reading"] not in _CAUSES and len(equipment):
        farthest = equipment.iloc[int(equipment["deviations"].abs().argmax())]
    return farthest.to_dict()
