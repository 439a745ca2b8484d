"""Readings as plant-level quantities: points combined, power sums, weather; for a table also the site's figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipelines.site.file import Site
from pipelines.site.meters import FLOW
from pipelines.site.quantities import QUANTITIES, Quantity
from pipelines.telemetry import outdoor_air

Array = np.ndarray

WATER_KJ_KG_K = 4.19  # specific heat of liquid water at 10 °C, IAPWS-95
KW_PER_TON = 3.51685  # kW of cooling per refrigeration ton (12,000 Btu_IT/h), ASHRAE Handbook Fundamentals

# Below this share of the median denominator the plant stands still and a ratio to it says nothing.
SMALLEST_LOAD_SHARE = 0.02

# Three meters of class 1 and their clocks may disagree by this much without one being wrong.
METER_TOLERANCE = 0.05


def plant_quantities(site: Site, columns: Mapping[str, Array]) -> dict[str, Array]:
    """Plant-level quantities (n,) from readings (n,) by canonical column; NaN is unknown in both.

    The only way from readings to quantities: tables (`plant_table`), the controller's rows (`row_quantities`) and what
    is judged afterwards all go through it. Columns that are absent are unknown, and so is what is not finite.
    One entry per quantity of the site, its points combined as `Quantity.across` says (a sum is NaN where one of its
    points is missing, since a part-sum would be wrong); humidity and wetbulb of the outdoor air, completed where other
    readings of it give them; and, in kW,
    - `load_kw`: the figure's denominator: IT power, or the thermal load where the site has no IT meter (metered, or the
      heat that chilled water takes up)
    - `it_kw`: IT power, NaN where the site has no IT meter
    - `cooling_kw`, `facility_kw`: sums of the meters that the site file names
    - `overhead_kw`: facility less IT power, or the cooling plant's power where there is no IT meter
    Where several setpoints share a quantity, each of them and what it controls also stand under their own columns
    (`supply_air_sp_c:hall_a`; `Site.apart_columns`), as does what tells which machine runs (`Site.machine_columns`).
    """
    rows = len(next(iter(columns.values()))) if columns else 0
    read = {column: _finite(columns.get(column), rows) for column in site.columns}
    plant = {
        quantity.name: _across(quantity, [read[column] for column in site.columns_of(quantity.name)])
        for quantity in _quantities(site)
    }
    apart = {column: read[column] for column in (*site.apart_columns, *site.machine_columns)}
    return _with_weather(site, plant) | _power_sums(site, read, plant, rows) | apart


def row_quantities(site: Site, values: Mapping[str, float]) -> dict[str, float]:
    """`plant_quantities` of one row: known readings by column in, known quantities out."""
    row = {column: np.array([values.get(column, np.nan)], dtype=float) for column in site.columns}
    plant = {name: float(value[0]) for name, value in plant_quantities(site, row).items()}
    return {name: value for name, value in plant.items() if np.isfinite(value)}


def plant_table(site: Site, table: pd.DataFrame) -> pd.DataFrame:
    """Plant-level columns of a site's interval table (canonical columns, as the store has it), same index.

    `plant_quantities` of its columns, and
    - `outdoor_enthalpy_j_kg`: enthalpy of the outdoor air, where the site records its drybulb
    - `figure`: PUE, or kW per kW of cooling; NaN where the plant stands still (`standing_still`)
    """
    table = table.reindex(columns=site.columns)
    plant = pd.DataFrame(
        plant_quantities(site, {str(name): table[name].to_numpy(float) for name in table}), index=table.index
    )
    return _with_figure(site, _with_enthalpy(site, plant))


def plant_columns(site: Site) -> list[str]:
    """Names of the columns that `plant_table` can give for a site."""
    return [str(name) for name in plant_table(site, pd.DataFrame(columns=site.columns, dtype=float)).columns]


def submeters_of(site: Site, plant: pd.DataFrame) -> list[str]:
    """Plant quantities of the meters of cooling and losses that a plant table holds, one each."""
    named = [name.split(":", 1)[0] for name in (*site.meters.cooling, *site.meters.losses)]
    return [name for name in dict.fromkeys(named) if name in plant]


def figure_name(site: Site) -> str:
    """What the site's figure is called: PUE with its ISO/IEC 30134-2 category, or kW per kW of cooling."""
    return f"PUE{site.meters.pue_category}" if site.meters.it else "kW per kW of cooling"


def kw_per_ton(kw_per_kw: pd.Series) -> pd.Series:
    """Plant kW per refrigeration ton, from kW per kW of cooling."""
    return kw_per_kw * KW_PER_TON


def standing_still(plant: pd.DataFrame) -> pd.Series:
    """Rows whose IT power or thermal load is (almost) zero, so that PUE or kW per kW is undefined.

    The limit is a small share of the median of the load's positive values.
    """
    load_kw = plant["load_kw"]
    typical_kw = load_kw.where(load_kw > 0.0).median()
    limit_kw = 0.0 if np.isnan(typical_kw) else SMALLEST_LOAD_SHARE * typical_kw
    return load_kw <= limit_kw


def contradictory(plant: pd.DataFrame) -> pd.Series:
    """Rows whose facility power is below IT plus cooling power: a meter among them stands still or is wrong."""
    parts_kw = plant["it_kw"] + plant["cooling_kw"]
    return plant["facility_kw"] < (1.0 - METER_TOLERANCE) * parts_kw


def _quantities(site: Site) -> list[Quantity]:
    return [QUANTITIES[name] for name in dict.fromkeys(point.quantity for point in site.points)]


def _finite(values: Array | None, rows: int) -> Array:
    if values is None:
        return np.full(rows, np.nan)
    values = np.asarray(values, dtype=float)
    return np.where(np.isfinite(values), values, np.nan)


def _across(quantity: Quantity, points: list[Array]) -> Array:
    match quantity.across:
        case "sum":
            return _sum(points)
        case "mean":
            count = sum((~np.isnan(point)).astype(float) for point in points)
            total = sum(np.nan_to_num(point) for point in points)
            return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
        case "max":
            return np.fmax.reduce(points)
        case "first":
            first = points[0]
            for point in points[1:]:
                first = np.where(np.isnan(first), point, first)
            return first


def _sum(points: list[Array]) -> Array:
    total = points[0]
    for point in points[1:]:  # one after the other: the same sum for one row as for a table
        total = total + point
    return total


def water_heat_kw(plant: Any, loop: str) -> Any:
    """Heat that a water loop ("chw", "cw") takes up, in kW: flow, specific heat and rise; plant: columns by name."""
    rise_k = plant[f"{loop}_return_c"] - plant[f"{loop}_supply_c"]
    return plant[f"{loop}_flow_kg_s"] * WATER_KJ_KG_K * rise_k


def _load_kw(site: Site, plant: dict[str, Array], metered_kw: Array) -> Array:
    return np.maximum(water_heat_kw(plant, "chw"), 0.0) if FLOW in site.meters.load else metered_kw


def _power_sums(site: Site, read: dict[str, Array], plant: dict[str, Array], rows: int) -> dict[str, Array]:
    def total(names: list[str]) -> Array:
        columns = dict.fromkeys(column for name in names for column in site.columns_of(name))
        return _sum([np.zeros(rows), *(read[column] for column in columns)])

    meters = site.meters
    it_kw = total(meters.it) if meters.it else np.full(rows, np.nan)
    cooling_kw = total(meters.cooling)
    parts_kw = cooling_kw + total(meters.losses) + (it_kw if meters.it else 0.0)
    facility_kw = total(meters.facility) if meters.facility else parts_kw
    return {
        "load_kw": it_kw if meters.it else _load_kw(site, plant, total(meters.load)),
        "it_kw": it_kw,
        "cooling_kw": cooling_kw,
        "facility_kw": facility_kw,
        "overhead_kw": facility_kw - it_kw if meters.it else cooling_kw,
    }


def _with_figure(site: Site, plant: pd.DataFrame) -> pd.DataFrame:
    numerator_kw = plant["facility_kw"] if site.meters.it else plant["cooling_kw"]
    runs = plant["load_kw"].where(~standing_still(plant) & ~contradictory(plant))
    return plant.assign(figure=numerator_kw / runs)


def _with_weather(site: Site, plant: dict[str, Array]) -> dict[str, Array]:
    if "outdoor_drybulb_c" not in plant:
        return plant
    drybulb_c = plant["outdoor_drybulb_c"]
    unrecorded = np.full(len(drybulb_c), np.nan)
    rh_frac, wetbulb_c = outdoor_air.completed(
        drybulb_c=drybulb_c,
        rh_frac=plant.get("outdoor_rh_frac", unrecorded),
        wetbulb_c=plant.get("outdoor_wetbulb_c", unrecorded),
        dew_point_c=plant.get("outdoor_dew_point_c", unrecorded),
        pressure_pa=plant.get("outdoor_pressure_pa", unrecorded),
        altitude_m=site.location.altitude_m,
    )
    return plant | {"outdoor_rh_frac": rh_frac, "outdoor_wetbulb_c": wetbulb_c}


def _with_enthalpy(site: Site, plant: pd.DataFrame) -> pd.DataFrame:
    if "outdoor_drybulb_c" not in plant:
        return plant
    pressure_pa = plant.get("outdoor_pressure_pa", pd.Series(np.nan, index=plant.index))
    return plant.assign(
        outdoor_enthalpy_j_kg=outdoor_air.enthalpy_j_kg(
            drybulb_c=plant["outdoor_drybulb_c"].to_numpy(),
            rh_frac=plant["outdoor_rh_frac"].to_numpy(),
            pressure_pa=pressure_pa.to_numpy(),
            altitude_m=site.location.altitude_m,
        )
    )
