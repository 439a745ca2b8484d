"""A site's interval table as the record that a twin is fitted to."""

import numpy as np
import pandas as pd

from models.twin.record import Inputs, Record
from models.twin.run import CHANNELS, OVERHEAD
from pipelines.errors import ModelError
from pipelines.simulation.plant import SENSOR_FIELDS
from pipelines.simulation.recorded_inputs import (
    ASSUMED_WETBULB,
    closed,
    is_read,
    recorded_setpoints,
    recorded_weather,
)
from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.plant_table import contradictory, plant_table, standing_still

RUNNING_SHARE = 0.05  # of a machine's highest power, above which it runs


def record_of(site: Site, table: pd.DataFrame) -> Record:
    """Telemetry of the interval table on every interval between its first and last row, in the simulator's units.

    Where no wetbulb is read, usual humidity makes one of the drybulb. Raises ModelError where the table
    is empty, or load or weather, which drive the plant, is never read.
    """
    if table.empty:
        raise ModelError(
            f'site "{site.name}" has no telemetry in that time; see: coldaisle quality --site {site.name}'
        )
    table = table.reindex(clock(site, table))
    plant = plant_table(site, table)
    wrong, weather = contradictory(plant), _weather(site, plant)
    inputs = Inputs(
        setpoints=recorded_setpoints(site, plant),
        outdoor_drybulb_c=weather["outdoor_drybulb_c"].to_numpy(),
        outdoor_wetbulb_c=weather["outdoor_wetbulb_c"].to_numpy(),
        pressure_pa=weather["outdoor_pressure_pa"].to_numpy(),
        it_w=1e3 * closed(_load_kw(site, table, plant).mask(wrong), site).to_numpy(dtype=float),
    )
    running = {kind: _running(site, table, *columns) for kind, columns in _MACHINES.items()}
    return Record(
        dt_s=60.0 * site.interval_minutes,
        inputs=inputs,
        measured=_measured(site, plant.mask(wrong | standing_still(plant))),
        running={kind: count for kind, count in running.items() if count is not None},
        units={kind: _units(site, table, *columns) for kind, columns in _MACHINES.items()},
        metered_it=bool(site.meters.it),
        assumed=_assumed(site, plant),
    )


def clock(site: Site, table: pd.DataFrame) -> pd.DatetimeIndex:
    """Every interval between a table's first and last row: the record's rows."""
    return pd.date_range(table.index[0], table.index[-1], freq=site.interval)


def _weather(site: Site, plant: pd.DataFrame) -> pd.DataFrame:
    weather = recorded_weather(site, plant)
    if weather is None:
        raise ModelError(
            f'a twin of site "{site.name}" needs outdoor_wetbulb_c, which is never read; '
            "declare a point of it in [[points]] and ingest its export"
        )
    return weather


def _assumed(site: Site, plant: pd.DataFrame) -> tuple[str, ...]:
    found = () if is_read(plant, "outdoor_wetbulb_c") else (ASSUMED_WETBULB,)
    return found if site.meters.it else (*found, "servers: the load is thermal")


def _load_kw(site: Site, table: pd.DataFrame, plant: pd.DataFrame) -> pd.DataFrame:
    """IT power by hall where each has its meter, else the site's figure of it, or of its thermal load."""
    columns = [column for name in site.meters.it for column in site.columns_of(name)]
    return table[columns] if columns else plant[["load_kw"]]


def _measured(site: Site, plant: pd.DataFrame) -> dict[str, np.ndarray]:
    """Meters by the simulator's sensor, W for kW."""
    sensors = {}
    for quantity, field in SENSOR_FIELDS.items():
        if quantity in plant and field in CHANNELS and plant[quantity].notna().any():
            scale = 1e3 if QUANTITIES[quantity].unit == "kW" else 1.0
            sensors[field] = scale * plant[quantity].to_numpy(dtype=float)
    sensors["cooling_w"] = 1e3 * plant["cooling_kw"].to_numpy(dtype=float)
    if not site.meters.it:
        sensors.pop("coil_heat_w", None)  # it drives the plant
    else:
        sensors[OVERHEAD] = 1e3 * plant["overhead_kw"].to_numpy(dtype=float)
    return sensors


_MACHINES = {"chillers": ("chiller_on", "chiller_kw"), "towers": ("tower_on", "tower_fan_kw")}


def _running(site: Site, table: pd.DataFrame, contact: str, power: str) -> np.ndarray | None:
    """How many machines run: their contacts, else their own power meters; None where there is neither."""
    contacts, powers = site.columns_of(contact), site.columns_of(power)
    if contacts:
        return table[contacts].sum(axis="columns", skipna=False).to_numpy(dtype=float)
    if len(powers) < 2:
        return None
    on = table[powers] > RUNNING_SHARE * table[powers].quantile(0.99)
    return on.where(table[powers].notna()).sum(axis="columns", skipna=False).to_numpy(dtype=float)


def _units(site: Site, table: pd.DataFrame, contact: str, power: str) -> int:
    columns = site.columns_of(contact)
    if len(columns) == 1:
        return int(table[columns[0]].max())
    return len(columns) or max(len(site.columns_of(power)), 0)
