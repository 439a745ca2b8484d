"""What a reading depends on: the causes from which the drift report expects it."""

import pandas as pd

from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES

METERED_SHARE = 0.9  # of facility power that its metered parts make up, or it is no check of their meters
# What weather, load and control bring about; equipment is judged by what it then needs.
CAUSES = (
    "load_kw", "outdoor_wetbulb_c", "outdoor_drybulb_c", "chw_supply_c", "cw_supply_c", "supply_air_c",
    "supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "airflow_ratio_sp", "economizer_enable", "chiller_on",
)  # fmt: skip
_NEEDS = (
    "chw_flow_kg_s", "chiller_kw", "tower_fan_kw", "chw_pump_kw", "cw_pump_kw", "crah_fan_kw", "cooling_power_kw",
)  # fmt: skip
# Towers answer to humidity: without it a humid week looks like a worn fan.
_NEEDS_WETBULB = ("tower_fan_kw", "cooling_power_kw")
TOTAL = "facility_kw"
OTHERS = "others than "  # before a column: the mean of its siblings


def single_sensors(site: Site, table: pd.DataFrame) -> pd.DataFrame:
    """Temperatures of which there are several, each by itself: in the plant's mean, one of them hardly shows.

    With each the mean of its siblings (OTHERS), and IT power by equipment, which a hall's return air follows.
    """
    table = table.reindex(columns=site.columns)
    halls = [column for column in site.columns_of("it_power_kw") if ":" in column]
    sensors: dict[str, pd.Series] = {column: table[column] for column in halls}
    for quantity in dict.fromkeys(point.quantity for point in site.points):
        columns = site.columns_of(quantity)
        if len(columns) > 1 and _is_measured(quantity):
            sensors |= {name: table[name] for name in columns if name not in site.apart_columns}
            sensors |= {OTHERS + name: table[columns].drop(columns=name).mean(axis=1) for name in columns}
    return pd.DataFrame(sensors, index=table.index)


def causes_of(plant: pd.DataFrame, name: str) -> list[str]:
    """Columns of the plant that explain one of them; none where nothing known does, or it is not judged."""
    if ":" in name:
        return _causes_of_one(plant, name)
    if _judged_singly(plant, name):
        return []
    if name in _NEEDS_WETBULB and "outdoor_wetbulb_c" not in plant:
        return []
    if name in _NEEDS:
        return [cause for cause in CAUSES if cause in plant]
    if name in _temperatures(plant):
        readings = [*_temperatures(plant), "load_kw", "chw_flow_kg_s", "cw_flow_kg_s", *_setpoints(plant)]
        if name.startswith("cw_"):
            readings += ["outdoor_wetbulb_c", "outdoor_drybulb_c"]
        return [cause for cause in readings if cause in plant and cause != name]
    return []


def _judged_singly(plant: pd.DataFrame, quantity: str) -> bool:
    """Whether the sensors of a quantity are judged each by itself, and not by their mean.

    Air that has passed the servers answers to the load of its own hall, and where that is not metered, only to that.
    """
    labels = [str(name).split(":", 1)[1] for name in plant if str(name).startswith(f"{quantity}:")]
    behind_servers = quantity in ("return_air_c", "rack_outlet_c")
    metered = all(f"it_power_kw:{label}" in plant for label in labels)
    return _is_measured(quantity) and bool(labels) and (metered or not behind_servers)


def _causes_of_one(plant: pd.DataFrame, name: str) -> list[str]:
    """For one of several sensors: what else its equipment reads, setpoints, load, and the others of its quantity."""
    quantity, equipment = name.split(":", 1)
    if not _judged_singly(plant, quantity):
        return []
    own = [other for other in map(str, plant) if other.endswith(f":{equipment}") and other != name]
    own = [other for other in own if not other.startswith(OTHERS)]
    causes = [*own, *_setpoints(plant), "load_kw", "chw_supply_c", OTHERS + name]
    return [cause for cause in causes if cause in plant]


def parts_of_facility(site: Site, plant: pd.DataFrame) -> list[str]:
    """Meters that add up to facility power, where one is metered and they nearly do."""
    if not site.meters.facility or not site.meters.it:
        return []
    meters = (*site.meters.cooling, *site.meters.losses)
    named = [column for name in meters for column in site.columns_of(name)]
    parts = ["it_kw", *dict.fromkeys(column.split(":", 1)[0] for column in named)]
    if not set(parts) <= set(plant):
        return []
    share = (plant[parts].sum(axis=1, min_count=len(parts)) / plant[TOTAL]).median()
    return parts if share > METERED_SHARE else []


def _temperatures(plant: pd.DataFrame) -> list[str]:
    """Measured temperatures; a wetbulb is often derived from the drybulb, and weather is nobody's to repair here."""
    return [str(name) for name in plant if _is_measured(str(name))]


def _is_measured(name: str) -> bool:
    weather = name.startswith(("outdoor", "forecast"))
    return name in QUANTITIES and name.endswith("_c") and not name.endswith("_sp_c") and not weather


def _setpoints(plant: pd.DataFrame) -> list[str]:
    return [str(name) for name in plant if str(name).endswith(("_sp_c", "economizer_enable"))]
