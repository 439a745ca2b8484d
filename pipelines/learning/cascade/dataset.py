"""Learn a site's control model from its plant table."""

import numpy as np
import pandas as pd

from pipelines.site.file import Setpoint, Site

WEEK = pd.Timedelta(days=7)
SETTLING = pd.Timedelta(hours=1)  # after a leap, until water and air have followed
RAMP_K = 4.0  # in that time: with delays of minutes, water and air stay within fractions of a kelvin
STILL_SHARE = 0.02  # of its range: a smaller change of any other setpoint is noise


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


def settled(site: Site, plant: pd.DataFrame) -> np.ndarray:
    """Rows (n,) that the plant follows: within the hour before them nothing was switched, and nothing leapt."""
    rows = max(1, round(SETTLING / site.interval))
    leapt = np.zeros(len(plant), bool)
    for setpoint in site.setpoints:
        values = plant[site.setpoint_name(setpoint)]
        window = values.rolling(rows + 1, min_periods=1)
        leapt |= (window.max() - window.min() > _followed(site, setpoint)).to_numpy()
    return ~leapt


def _followed(site: Site, setpoint: Setpoint) -> float:
    """Largest move within the hour that leaves the plant settled."""
    temperature = site.quantity_of(setpoint).endswith("_c")
    return RAMP_K if temperature else STILL_SHARE * (setpoint.max - setpoint.min)


def _losses(site: Site, plant: pd.DataFrame) -> pd.Series:
    if not site.meters.it:
        return pd.Series(np.nan, index=plant.index)
    return plant["facility_kw"] - plant["it_kw"] - plant["cooling_kw"]
