"""A site's record as inputs of the simulator: weather, and setpoints by the simulator's fields."""

from typing import TypeVar

import numpy as np
import pandas as pd

from models.graybox.observed import wetbulb_line_c
from pipelines.simulation.plant import SETPOINT_FIELDS, STANDS_FOR
from pipelines.site.file import Site
from simulator.psychrometrics import pressure_at_altitude_pa

LONGEST_GAP_HOURS = 2.0  # of weather or load that interpolation may close
SETPOINT_HOURS = 24.0  # for which a setpoint that is not recorded again stays as it was
# the controlled temperature is used for a setpoint that is not recorded
CONTROLLED = {name: SETPOINT_FIELDS[setpoint] for name, setpoint in STANDS_FOR.items()}
FIELDS = SETPOINT_FIELDS | CONTROLLED  # of the simulator's setpoints, by quantity
ASSUMED_WETBULB = "wetbulb, from drybulb at usual humidity"
Table = TypeVar("Table", pd.Series, pd.DataFrame)


def recorded_setpoints(site: Site, plant: pd.DataFrame) -> dict[str, np.ndarray]:
    """Recorded setpoints of a plant table by field; where none is, the controlled temperature that the site offers."""
    setpoints_by_field: dict[str, np.ndarray] = {}
    for quantity, field in SETPOINT_FIELDS.items():
        if quantity in plant:
            held = plant[quantity].ffill(limit=_rows(site, SETPOINT_HOURS))
            setpoints_by_field[field] = held.to_numpy(dtype=float)
    for setpoint in site.setpoints:
        quantity = site.quantity_of(setpoint)
        if setpoint.measured and quantity in CONTROLLED and CONTROLLED[quantity] not in setpoints_by_field:
            setpoints_by_field[CONTROLLED[quantity]] = closed(plant[quantity], site).to_numpy(dtype=float)
    return setpoints_by_field


def recorded_weather(site: Site, plant: pd.DataFrame) -> pd.DataFrame | None:
    """Drybulb, wetbulb (°C) and pressure (Pa) of a plant table; None where neither temperature is ever read.

    Where no wetbulb is read, usual humidity makes one of the drybulb (`ASSUMED_WETBULB`); where no drybulb is, it is
    the wetbulb. Gaps of `LONGEST_GAP_HOURS` are closed, longer ones NaN; pressure is that of the altitude where it is
    not read.
    """
    known = [name for name in ("outdoor_drybulb_c", "outdoor_wetbulb_c") if is_read(plant, name)]
    if not known:
        return None
    drybulb_c = closed(plant[known[0]], site)
    wetbulb_c = closed(plant[known[-1]], site)
    if known == ["outdoor_drybulb_c"]:
        wetbulb_c = pd.Series(wetbulb_line_c(drybulb_c.to_numpy(dtype=float)), index=plant.index)
    standard_pa = float(pressure_at_altitude_pa(site.location.altitude_m))
    pressure_pa = plant.get("outdoor_pressure_pa", pd.Series(np.nan, index=plant.index)).fillna(standard_pa)
    return pd.DataFrame(
        {"outdoor_drybulb_c": drybulb_c, "outdoor_wetbulb_c": wetbulb_c, "outdoor_pressure_pa": pressure_pa},
        dtype=float,
    )


def is_read(plant: pd.DataFrame, name: str) -> bool:
    """Whether a plant table has a value of a column."""
    return name in plant and bool(plant[name].notna().any())


def closed(series: Table, site: Site) -> Table:
    """A series or table with gaps of at most `LONGEST_GAP_HOURS` interpolated; of longer ones the end stays NaN."""
    return series.interpolate(limit=_rows(site, LONGEST_GAP_HOURS), limit_area="inside")


def _rows(site: Site, hours: float) -> int:
    return max(1, round(60 * hours / site.interval_minutes))
