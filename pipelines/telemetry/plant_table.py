"""The interval table as plant-level columns: points by quantity, power sums, the site's figure, weather."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES, Quantity

Array = np.ndarray

KW_PER_TON = 3.51685  # kW of cooling per refrigeration ton (12,000 Btu_IT/h), ASHRAE Handbook Fundamentals

# Below this share of the median denominator the plant stands still and a ratio to it says nothing.
SMALLEST_LOAD_SHARE = 0.02

# Three meters of class 1 and their clocks may disagree by this much without one being wrong.
METER_TOLERANCE = 0.05


def plant_table(site: Site, table: pd.DataFrame) -> pd.DataFrame:
    """Plant-level columns of a site's interval table (canonical columns, as the store has it), same index.

    One column per quantity of the site, its points combined as `Quantity.across` says (a sum is NaN where one
    of its points is missing, since a part-sum would be wrong), weather completed where it can be derived, and
    - `load_kw`: the figure's denominator: IT power, or the thermal load where the site has no IT meter
    - `it_kw`: IT power, NaN where the site has no IT meter
    - `cooling_kw`, `facility_kw`: sums of the meters that the site file names
    - `overhead_kw`: facility less IT power, or the cooling plant's power where there is no IT meter
    - `figure`: PUE, or kW per kW of cooling; NaN where the plant stands still (`standing_still`)
    """
    table = table.reindex(columns=site.columns)
    quantities = {quantity: table[site.columns_of(quantity.name)] for quantity in _quantities(site)}
    combined = {quantity.name: _across(quantity, points) for quantity, points in quantities.items()}
    plant = pd.DataFrame(combined, index=table.index)
    return _with_figure(site, _with_weather(site, plant), _power_sums(site, table))


def plant_columns(site: Site) -> list[str]:
    """Names of the columns that `plant_table` can give for a site."""
    return [str(name) for name in plant_table(site, pd.DataFrame(columns=site.columns, dtype=float)).columns]


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


def _across(quantity: Quantity, points: pd.DataFrame) -> pd.Series:
    match quantity.across:
        case "sum":
            return points.sum(axis="columns", skipna=False)
        case "mean":
            return points.mean(axis="columns")
        case "max":
            return points.max(axis="columns")
        case "first":
            return points.bfill(axis="columns").iloc[:, 0]


def _power_sums(site: Site, table: pd.DataFrame) -> dict[str, pd.Series]:
    def total(names: list[str]) -> pd.Series:
        columns = list(dict.fromkeys(column for name in names for column in site.columns_of(name)))
        return table[columns].sum(axis="columns", skipna=False)

    meters = site.meters
    it_kw = total(meters.it) if meters.it else pd.Series(np.nan, index=table.index)
    cooling_kw = total(meters.cooling)
    parts_kw = cooling_kw + total(meters.losses) + (it_kw if meters.it else 0.0)
    facility_kw = total(meters.facility) if meters.facility else parts_kw
    return {
        "load_kw": it_kw if meters.it else total(meters.load),
        "it_kw": it_kw,
        "cooling_kw": cooling_kw,
        "facility_kw": facility_kw,
        "overhead_kw": facility_kw - it_kw if meters.it else cooling_kw,
    }


def _with_figure(site: Site, plant: pd.DataFrame, powers: dict[str, pd.Series]) -> pd.DataFrame:
    plant = plant.assign(**powers)
    numerator_kw = plant["facility_kw"] if site.meters.it else plant["cooling_kw"]
    runs = plant["load_kw"].where(~standing_still(plant) & ~contradictory(plant))
    return plant.assign(figure=numerator_kw / runs)


def _with_weather(site: Site, plant: pd.DataFrame) -> pd.DataFrame:
    """Relative humidity, wetbulb and enthalpy, wherever two other readings of the air give them."""
    from simulator import psychrometrics as air  # loads JAX, which only this needs

    if "outdoor_drybulb_c" not in plant:
        return plant
    unrecorded = pd.Series(np.nan, index=plant.index)
    drybulb_c, rh_frac, wetbulb_c, dew_point_c, pressure_pa = (
        plant.get(f"outdoor_{name}", unrecorded)
        for name in ("drybulb_c", "rh_frac", "wetbulb_c", "dew_point_c", "pressure_pa")
    )
    pressure_pa = pressure_pa.fillna(float(air.pressure_at_altitude_pa(site.location.altitude_m)))
    rh_frac = _filled(rh_frac, _rh_from_dew_point, drybulb_c, dew_point_c)
    rh_frac = _filled(rh_frac, air.relative_humidity_from_wetbulb, drybulb_c, wetbulb_c, pressure_pa)
    wetbulb_c = _filled(wetbulb_c, air.wetbulb_c, drybulb_c, rh_frac, pressure_pa)
    enthalpy_j_kg = _filled(unrecorded, _enthalpy_j_kg, drybulb_c, rh_frac, pressure_pa)
    return plant.assign(
        outdoor_rh_frac=rh_frac, outdoor_wetbulb_c=wetbulb_c, outdoor_enthalpy_j_kg=enthalpy_j_kg
    )


def _filled(recorded: pd.Series, formula: Callable[..., Any], *others: pd.Series) -> pd.Series:
    """`recorded`, its gaps closed by `formula` of the others where they have values."""
    missing = (recorded.isna() & pd.concat(others, axis="columns").notna().all(axis="columns")).to_numpy()
    if not missing.any():
        return recorded
    # All rows at once: compiled formulas then see one shape per table, not one per pattern of gaps.
    derived = np.asarray(formula(*(other.to_numpy() for other in others)))
    return pd.Series(np.where(missing, derived, recorded.to_numpy(dtype=float)), index=recorded.index)


def _rh_from_dew_point(drybulb_c: Array, dew_point_c: Array) -> Array:
    """Ratio of vapour pressure to that of saturated air, ASHRAE Handbook Fundamentals 2021, 1, eq. 22."""
    from simulator.psychrometrics import saturation_pressure_pa

    ratio = saturation_pressure_pa(dew_point_c) / saturation_pressure_pa(drybulb_c)
    return np.clip(np.asarray(ratio), 0.0, 1.0)


def _enthalpy_j_kg(drybulb_c: Array, rh_frac: Array, pressure_pa: Array) -> Array:
    from simulator.psychrometrics import enthalpy_j_kg, humidity_ratio

    return np.asarray(enthalpy_j_kg(drybulb_c, humidity_ratio(drybulb_c, rh_frac, pressure_pa)))
