"""Learn a site's control model from its plant table."""

import numpy as np
import pandas as pd

from models.control.cascade import Cascade, outcome
from models.control.learn import LearnedCascade, learn_cascade
from models.errors import TooFewRowsError
from pipelines.errors import ModelError
from pipelines.site import Setpoint, Site

WEEK = pd.Timedelta(days=7)
SETTLING = pd.Timedelta(hours=1)  # after a leap, until water and air have followed
RAMP_K = 4.0  # in that time: with delays of minutes, water and air stay within fractions of a kelvin
STILL_SHARE = 0.02  # of its range: a smaller change of any other setpoint is noise
# What a site that records no setpoint chooses is the temperature itself; and where only the setpoint is recorded,
# it stands for what is reached.
_ALIASES = {
    "supply_air_sp_c": "supply_air_c",
    "chw_supply_sp_c": "chw_supply_c",
    "cw_supply_sp_c": "cw_supply_c",
}


def learn_control(site: Site, plant: pd.DataFrame, virtual: pd.DataFrame | None = None) -> LearnedCascade:
    """Cascade of a site's plant table (as `plant_table` gives it). Raises ModelError where there is too little.

    virtual: a table of the same kind from trials of the site's twin, believed only where the record says nothing.
    """
    parts = [_regular(site, part) for part in (plant, virtual) if part is not None]
    columns = aliased({str(name): np.concatenate([part[name] for part in parts]) for name in parts[0]})
    try:
        return learn_cascade(
            columns,
            settled=np.concatenate([settled(site, part) for part in parts]),
            meters=tuple(cooling_quantities(site)) if site.control.meters == "each" else ("cooling_kw",),
            step_hours=site.interval / pd.Timedelta(hours=1),
            counts_it=bool(site.meters.it),
            virtual=np.repeat([False, True][: len(parts)], [len(part) for part in parts]),
        )
    except TooFewRowsError as error:
        raise ModelError(f'site "{site.name}" has too little to learn control from: {error}') from error


def _regular(site: Site, plant: pd.DataFrame) -> pd.DataFrame:
    """Whole weeks of a plant table on a regular clock, so that tables in a row keep the hour of the week."""
    weeks = -(-(plant.index[-1] - plant.index[0] + site.interval) // WEEK)
    plant = plant.reindex(
        pd.date_range(plant.index[0], periods=weeks * round(WEEK / site.interval), freq=site.interval)
    )
    return plant.assign(losses_kw=_losses(site, plant)).astype(float)


def held_out_weeks(plant: pd.DataFrame) -> np.ndarray:
    """Rows (n,) of every fourth week of a plant table."""
    return np.asarray((plant.index - plant.index[0]) // pd.Timedelta(weeks=1) % 4 == 3)


def cooling_error_kw(site: Site, cascade: Cascade, plant: pd.DataFrame, judged: np.ndarray) -> float:
    """Mean absolute error of cooling power, from load, weather and setpoints, over the settled rows judged (n,).

    NaN where no row has all of these. Raises KeyError where the cascade asks for what the site does not record.
    """
    columns = aliased({str(name): plant[name].to_numpy(dtype=float) for name in plant})
    asked = {site.quantity_of(setpoint) for setpoint in site.setpoints}
    names = [name for name in columns if name in asked or name == "load_kw" or name.startswith("outdoor_")]
    known = {name: columns[name] for name in names} | {
        "rack_inlet_now_c": columns.get("rack_inlet_c", np.zeros(len(plant)))
    }
    there = np.isfinite(np.stack([*known.values(), columns["cooling_kw"]])).all(axis=0)
    rows = judged & there & settled(site, plant)
    if not rows.any():
        return float("nan")
    zero = np.zeros(int(rows.sum()))
    in_hand = dict.fromkeys(
        ("wetbulb_rise_k", "reach_bias_k", "inlet_bias_k", "cover_in_hand_k", "reach_in_hand_k"), zero
    )
    found = outcome(cascade, {name: values[rows] for name, values in known.items()} | in_hand)
    return float(np.abs(np.asarray(found.cooling_kw) - columns["cooling_kw"][rows]).mean())


def aliased(columns: dict) -> dict:
    """Columns with setpoints standing for temperatures that are not recorded, and the other way round."""
    both = {**_ALIASES, **{measured: setpoint for setpoint, measured in _ALIASES.items()}}
    return columns | {
        name: columns[other] for name, other in both.items() if name not in columns and other in columns
    }


def settled(site: Site, plant: pd.DataFrame) -> np.ndarray:
    """Rows (n,) that the plant follows: within the hour before them nothing was switched, and nothing leapt."""
    rows = max(1, round(SETTLING / site.interval))
    leapt = np.zeros(len(plant), bool)
    for setpoint in site.setpoints:
        values = plant[site.quantity_of(setpoint)]
        window = values.rolling(rows + 1, min_periods=1)
        leapt |= (window.max() - window.min() > _followed(site, setpoint)).to_numpy()
    return ~leapt


def _followed(site: Site, setpoint: Setpoint) -> float:
    """Largest move within the hour that leaves the plant settled."""
    temperature = site.quantity_of(setpoint).endswith("_c")
    return RAMP_K if temperature else STILL_SHARE * (setpoint.max - setpoint.min)


def cooling_quantities(site: Site) -> list[str]:
    """Quantities of the site's cooling meters."""
    named = [column for name in site.meters.cooling for column in site.columns_of(name)]
    return list(dict.fromkeys(column.split(":", 1)[0] for column in named))


def _losses(site: Site, plant: pd.DataFrame) -> pd.Series:
    if not site.meters.it:
        return pd.Series(np.nan, index=plant.index)
    return plant["facility_kw"] - plant["it_kw"] - plant["cooling_kw"]
