"""Relations that hold in any plant whatever its setpoints: a breach means a bad point, not a bad plant."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from pipelines.site.file import Site
from pipelines.telemetry.plant_table import METER_TOLERANCE, plant_table, standing_still, water_heat_kw
from pipelines.telemetry.quality.finding import suspected_unit

HEAT_BALANCE_TOLERANCE = 0.1  # flow meters of 5 % and two thermometers of 0.2 K at a 6 K difference
# Heat of all halls may not all go into chilled water, and fans, losses and people add to it.
HEAT_OF_IT = (0.5, 2.0)
# Two water circuits' meters and the compressors': the towers give off all that the plant takes in.
REJECTED_TOLERANCE = 0.25
LEAST_PARTS = 0.5  # of facility power that its metered parts make up: what else a site has, takes less
WETBULB_TOLERANCE_K = 1.0  # two thermometers of 0.5 K in saturated air
COLUMNS = ("check", "intervals", "failing", "median", "remedy")

Table = pd.DataFrame


def plant_checks(site: Site, table: Table) -> Table:
    """One row per check that the site's points allow; `table` is the store's interval table.

    Columns: check, intervals (where it could be made), failing (fraction of those), median (of the figure
    that is checked) and remedy.
    """
    plant = plant_table(site, table)
    running = plant[~standing_still(plant)]
    made = [*_powers(site, running), *_loops("", running), _wetbulb_below_drybulb(site, table, plant)]
    labels = dict.fromkeys(point.equipment for point in site.points if point.equipment)
    for label in labels:
        own = _of_equipment(site, table, label).reindex(running.index)
        if not _stands_for_the_plant(site, label):
            made += _loops(f" of {label}", own)
    return pd.DataFrame([row for row in made if row], columns=list(COLUMNS))


def _powers(site: Site, plant: Table) -> Iterator[dict[str, Any] | None]:
    if not site.meters.facility or not site.meters.it:
        return
    yield _row(
        "facility power exceeds IT power",
        plant["facility_kw"] / plant["it_kw"],
        lambda pue: pue <= 1.0,
        "correct [meters], or the units of the power meters",
    )
    losses = dict.fromkeys(column for name in site.meters.losses for column in site.columns_of(name))
    parts_kw = plant["it_kw"] + plant["cooling_kw"]
    for quantity in dict.fromkeys(column.split(":", 1)[0] for column in losses):
        parts_kw = parts_kw + plant[quantity]
    yield _row(
        "facility power is that of its parts, and of little else",
        parts_kw / plant["facility_kw"],
        lambda share: (share > 1.0 + METER_TOLERANCE) | (share < LEAST_PARTS),
        "a part is counted twice or left out under [meters], or a meter's unit is wrong",
    )


def _loops(of: str, plant: Table) -> Iterator[dict[str, Any] | None]:
    """Checks of the water and air of a plant, or of one piece of its equipment (columns by quantity)."""
    yield _heat_balance(of, plant)
    yield _heat_of_it(of, plant)
    yield _heat_rejected(of, plant)
    for warm, cold in (
        ("chw_return_c", "chw_supply_c"),
        ("cw_return_c", "cw_supply_c"),
        ("return_air_c", "supply_air_c"),
        ("rack_outlet_c", "rack_inlet_c"),
    ):
        yield _is_warmer(of, plant, warm=warm, cold=cold)


def _of_equipment(site: Site, table: Table, label: str) -> Table:
    own = {point.quantity: table[point.column] for point in site.points if point.equipment == label}
    return pd.DataFrame(own, index=table.index)


def _stands_for_the_plant(site: Site, label: str) -> bool:
    """Whether no other equipment has what this one has: the plant's figures are its own."""
    own = {point.quantity for point in site.points if point.equipment == label}
    return all(len(site.columns_of(quantity)) == 1 for quantity in own)


def _water_heat_kw(plant: Table, loop: str) -> pd.Series | None:
    if not {f"{loop}_flow_kg_s", f"{loop}_supply_c", f"{loop}_return_c"} <= set(plant):
        return None
    return water_heat_kw(plant, loop)


def _heat_balance(of: str, plant: Table) -> dict[str, Any] | None:
    heat_kw = _water_heat_kw(plant, "chw")
    if heat_kw is None or "cooling_load_kw" not in plant:
        return None
    return _row(
        f"thermal load{of} equals chilled-water flow times its rise",
        heat_kw / plant["cooling_load_kw"],
        lambda ratio: (ratio - 1.0).abs() > HEAT_BALANCE_TOLERANCE,
        "correct the units of flow, load and chilled-water temperatures",
    )


def _heat_of_it(of: str, plant: Table) -> dict[str, Any] | None:
    heat_kw = _water_heat_kw(plant, "chw")
    if heat_kw is None or "it_kw" not in plant or plant["it_kw"].isna().all():
        return None
    return _row(
        f"chilled water{of} takes up about the heat of IT",
        heat_kw / plant["it_kw"],
        lambda ratio: ~ratio.between(*HEAT_OF_IT),
        "correct the units of flow, IT power and chilled-water temperatures; or other cooling takes up the rest",
    )


def _heat_rejected(of: str, plant: Table) -> dict[str, Any] | None:
    """Condenser water gives off what chilled water took up and what the compressors added."""
    taken_kw = plant.get("cooling_load_kw", _water_heat_kw(plant, "chw"))
    given_kw = _water_heat_kw(plant, "cw")
    if given_kw is None or taken_kw is None or "chiller_kw" not in plant:
        return None
    return _row(
        f"condenser water{of} gives off the heat of chilled water and chillers",
        given_kw / (taken_kw + plant["chiller_kw"]),
        lambda ratio: (ratio - 1.0).abs() > REJECTED_TOLERANCE,
        "correct the units of condenser-water flow and temperatures; or some towers are not metered",
    )


def _is_warmer(of: str, plant: Table, *, warm: str, cold: str) -> dict[str, Any] | None:
    if not {warm, cold} <= set(plant):
        return None
    return _row(
        f"{warm} is above {cold}{of}",
        plant[warm] - plant[cold],
        lambda rise_k: rise_k < 0.0,
        "the two may be swapped",
    )


def _wetbulb_below_drybulb(site: Site, table: Table, plant: Table) -> dict[str, Any] | None:
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
    failing, median = float(fails(figure).mean()), float(figure.median())
    return {
        "check": check,
        "intervals": len(figure),
        "failing": failing,
        "median": median,
        "remedy": remedy + (suspected_unit(median) if failing > 0.5 else ""),
    }
