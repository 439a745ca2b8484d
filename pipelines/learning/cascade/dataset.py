"""Plant table to arrays for the cascade: columns on a regular time grid, and which rows are settled."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.cascade.groups import with_shared
from models.efficiency.declared_effects import Effect
from pipelines.site.file import Setpoint, Site
from pipelines.site.setpoints import aliased, modelled_name, setpoint_names

WEEK = pd.Timedelta(days=7)
# Engineering judgement; the chilled-water loops of the simulated plants come to rest within half of it.
SETTLING = pd.Timedelta(hours=1)  # after a change, until water and air have followed
RAMP_K = 4.0  # in that time: with delays of minutes, water and air stay within fractions of a kelvin
STILL_SHARE = 0.02  # of its range: a smaller change of any other setpoint is noise


@dataclass(frozen=True)
class Inputs:
    """Inputs of the cascade for cooling power, and the measured power.

    by_name: load, weather and setpoints by the names that models use, (n,) each, NaN where unknown. cooling_kw (n,).
    settled (n,): rows at which the plant had settled and all inputs are known. rack_inlet_c (n,): 0 where not recorded.
    """

    by_name: dict[str, np.ndarray]
    rack_inlet_c: np.ndarray
    cooling_kw: np.ndarray
    settled: np.ndarray


def regular(site: Site, plant: pd.DataFrame) -> pd.DataFrame:
    """Whole weeks of a plant table on a regular clock, so that concatenated tables keep the hour of the week."""
    weeks = -(-(plant.index[-1] - plant.index[0] + site.interval) // WEEK)
    plant = plant.reindex(
        pd.date_range(plant.index[0], periods=weeks * round(WEEK / site.interval), freq=site.interval)
    )
    return plant.assign(losses_kw=_losses(site, plant)).astype(float)


def columns_of(site: Site, plant: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns (n,) of a plant table, setpoints under the names that models use (`modelled_name`)."""
    columns = {str(name): plant[name].to_numpy(dtype=float) for name in plant}
    own = {modelled_name(name): columns[name] for name in setpoint_names(site) if ":" in name}
    return aliased(columns) | own


def shared_columns_of(site: Site, plant: pd.DataFrame) -> dict[str, np.ndarray]:
    """The same, and the mean of the setpoints of every quantity of which the site has several."""
    columns = columns_of(site, plant)
    names = [modelled_name(name) for name in setpoint_names(site)]
    return {**with_shared({name: columns[name] for name in names if name in columns}), **columns}


def inputs_of(site: Site, plant: pd.DataFrame) -> Inputs:
    """Inputs of a site's cascade for the cooling power of a plant table."""
    columns = columns_of(site, plant)
    setpoints = {modelled_name(name) for name in setpoint_names(site)}
    by_name = {
        name: values
        for name, values in columns.items()
        if name in setpoints or name == "load_kw" or name.startswith("outdoor_")
    }
    inlet_c = columns.get("rack_inlet_c", np.zeros(len(plant)))
    there = np.isfinite(np.stack([*by_name.values(), inlet_c, columns["cooling_kw"]])).all(axis=0)
    return Inputs(by_name, inlet_c, columns["cooling_kw"], there & settled(site, plant))


def effects_of(site: Site) -> tuple[Effect, ...]:
    """The site's declared effects, on powers in kW: shares of them per unit."""
    return tuple(effect.of_target(effect.on) for effect in site.effects)


def held_out_weeks(plant: pd.DataFrame) -> np.ndarray:
    """Rows (n,) of every fourth week of a plant table."""
    return np.asarray((plant.index - plant.index[0]) // pd.Timedelta(weeks=1) % 4 == 3)


def settled(site: Site, plant: pd.DataFrame) -> np.ndarray:
    """Rows (n,) at which the plant has settled: no switch and no large setpoint change in the hour before."""
    rows = max(1, round(SETTLING / site.interval))
    changed = np.zeros(len(plant), bool)
    for setpoint in site.setpoints:
        values = plant[site.setpoint_name(setpoint)]
        window = values.rolling(rows + 1, min_periods=1)
        changed |= (window.max() - window.min() > _followed(site, setpoint)).to_numpy()
    return ~changed


def _followed(site: Site, setpoint: Setpoint) -> float:
    """Largest move within the hour that leaves the plant settled."""
    temperature = site.quantity_of(setpoint).endswith("_c")
    return RAMP_K if temperature else STILL_SHARE * (setpoint.max - setpoint.min)


def _losses(site: Site, plant: pd.DataFrame) -> pd.Series:
    if not site.meters.it:
        return pd.Series(np.nan, index=plant.index)
    return plant["facility_kw"] - plant["it_kw"] - plant["cooling_kw"]
