"""Relations that hold in any plant whatever its setpoints: a breach means a bad point, not a bad plant."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table, standing_still

WATER_KJ_KG_K = 4.19  # specific heat of liquid water at 10 °C, IAPWS-95
HEAT_BALANCE_TOLERANCE = 0.1  # flow meters of 5 % and two thermometers of 0.2 K at a 6 K difference
WETBULB_TOLERANCE_K = 1.0  # two thermometers of 0.5 K in saturated air


def plant_checks(site: Site, table: pd.DataFrame) -> pd.DataFrame:
    """One row per check that the site's points allow; `table` is the store's interval table.

    Columns: check, intervals (where it could be made), failing (fraction of those), median (of the figure
    that is checked) and remedy.
    """
    plant = plant_table(site, table)
    running = plant[~standing_still(plant)]
    made = (
        _facility_exceeds_it(site, running),
        _heat_balance(site, running),
        _return_is_warmer(running, warm="chw_return_c", cold="chw_supply_c"),
        _return_is_warmer(running, warm="cw_return_c", cold="cw_supply_c"),
        _wetbulb_below_drybulb(site, table, plant),
    )
    columns = ["check", "intervals", "failing", "median", "remedy"]
    return pd.DataFrame([row for row in made if row], columns=columns)


def _facility_exceeds_it(site: Site, plant: pd.DataFrame) -> dict[str, Any] | None:
    if not site.meters.facility or not site.meters.it:
        return None
    return _row(
        "facility power exceeds IT power",
        plant["facility_kw"] / plant["it_kw"],
        lambda pue: pue <= 1.0,
        "correct [meters], or the units of the power meters",
    )


def _heat_balance(site: Site, plant: pd.DataFrame) -> dict[str, Any] | None:
    if not {"chw_flow_kg_s", "chw_supply_c", "chw_return_c", "cooling_load_kw"} <= set(plant):
        return None
    heat_kw = plant["chw_flow_kg_s"] * WATER_KJ_KG_K * (plant["chw_return_c"] - plant["chw_supply_c"])
    return _row(
        "thermal load equals chilled-water flow times its rise",
        heat_kw / plant["cooling_load_kw"],
        lambda ratio: (ratio - 1.0).abs() > HEAT_BALANCE_TOLERANCE,
        "correct the units of flow, load and chilled-water temperatures",
    )


def _return_is_warmer(plant: pd.DataFrame, *, warm: str, cold: str) -> dict[str, Any] | None:
    if not {warm, cold} <= set(plant):
        return None
    return _row(
        f"{warm} is above {cold}",
        plant[warm] - plant[cold],
        lambda rise_k: rise_k < 0.0,
        "supply and return may be swapped",
    )


def _wetbulb_below_drybulb(site: Site, table: pd.DataFrame, plant: pd.DataFrame) -> dict[str, Any] | None:
    # A wetbulb that was derived from the drybulb says nothing about either.
    measured = [site.columns_of(name) for name in ("outdoor_wetbulb_c", "outdoor_drybulb_c")]
    if not all(measured):
        return None
    both = table[measured[0]].notna().any(axis=1) & table[measured[1]].notna().any(axis=1)
    return _row(
        "outdoor wetbulb is not above drybulb",
        (plant["outdoor_drybulb_c"] - plant["outdoor_wetbulb_c"])[both],
        lambda depression_k: depression_k < -WETBULB_TOLERANCE_K,
        "correct the weather points, or the clock of the logger they come from",
    )


def _row(
    check: str, figure: pd.Series, fails: Callable[[pd.Series], pd.Series], remedy: str
) -> dict[str, Any] | None:
    figure = figure.replace([np.inf, -np.inf], np.nan).dropna()
    if figure.empty:
        return None
    return {
        "check": check,
        "intervals": len(figure),
        "failing": float(fails(figure).mean()),
        "median": float(figure.median()),
        "remedy": remedy,
    }
