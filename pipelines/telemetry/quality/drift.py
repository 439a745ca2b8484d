"""Which sensor or which equipment has changed, from relations that held before: for the quality report."""

from dataclasses import replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from models.drift import Alarm, drifts
from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.quality.drift_causes import TOTAL, causes_of, parts_of_facility, single_sensors
from pipelines.telemetry.quality.drift_events import events

LEAST_SHARE = 0.6  # of the hours that must have every reading of a relation
LEAST_SHIFT_K = 0.4  # two thermometers of 0.2 K: less is no replaced sensor
LEAST_SHIFT_SHARE = 0.05  # of the median: less is within what meters of flow and power may be wrong
LEAST_METER_SHARE = 0.01  # of facility power: a meter of class 1 that is replaced by another
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
    plant = plant_table(site, table).join(single_sensors(site, table)).resample("1h").mean()
    plant = plant[plant["figure"].notna()] if plant["figure"].notna().any() else plant
    # A wetbulb that cannot be derived, or a sensor that is dead, would leave no row of those that rest on it.
    plant = plant.loc[:, plant.notna().mean() >= LEAST_SHARE]
    with threadpool_limits(limits=1):  # on matrices this small, several threads mostly wait for each other
        found = [row for name in plant for row in _changes(site, plant, str(name))]
    return events(pd.DataFrame(found, columns=list(COLUMNS)))


def _changes(site: Site, plant: pd.DataFrame, name: str) -> list[dict]:
    if name == TOTAL:
        return _changed_meters(site, plant)
    causes = causes_of(plant, name)
    if not causes:
        return []
    rows = plant[[name, *causes]].dropna()
    if len(rows) < LEAST_SHARE * len(plant) or rows[name].std() < 1e-9:
        return []
    varying = [cause for cause in causes if rows[cause].std() > 1e-9]
    first, day = _days(rows)
    sensor = name.split(":", 1)[0].endswith("_c")
    alarms = drifts(rows[varying].to_numpy(), rows[name].to_numpy(), day, relative=not sensor)
    least = LEAST_SHIFT_K if sensor else LEAST_SHIFT_SHARE * float(rows[name].abs().median())
    kind = "sensor" if sensor else "equipment"
    return [_row(name, kind, first, alarm) for alarm in alarms if abs(alarm.shift) >= least]


def _changed_meters(site: Site, plant: pd.DataFrame) -> list[dict]:
    """Alarms of facility power against the sum of its parts, which needs no other cause and holds whatever runs."""
    parts = parts_of_facility(site, plant)
    rows = plant[[TOTAL, *parts]].dropna() if parts else plant.iloc[:0]
    if len(rows) < LEAST_SHARE * len(plant):
        return []
    parts_kw = rows[parts].sum(axis=1).to_numpy()
    share = rows[TOTAL].to_numpy() / parts_kw
    first, day = _days(rows)
    alarms = drifts(np.zeros((len(rows), 1)), share, day, relative=True)
    return [
        _row(TOTAL, "meter", first, replace(alarm, shift=alarm.shift * float(np.median(parts_kw))))
        for alarm in alarms
        if abs(alarm.shift) >= LEAST_METER_SHARE
    ]


def _days(rows: pd.DataFrame) -> tuple[pd.Timestamp, np.ndarray]:
    first = rows.index[0].floor("D")
    return first, ((rows.index - first) // pd.Timedelta(days=1)).to_numpy()


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
