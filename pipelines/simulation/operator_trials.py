"""Setpoint schedules: default control, and occasional trials by operators."""

import numpy as np
import pandas as pd

from pipelines.site.file import Setpoint, Site

HOLD_HOURS = (6, 12, 24)  # length of a trial
SHARE_AT_DEFAULT = 0.33


def default_schedule(site: Site, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Every setpoint at the site's default; one column per setpoint name on `times`."""
    return pd.DataFrame({site.setpoint_name(s): s.default for s in site.setpoints}, index=times)


def trial_schedule(site: Site, times: pd.DatetimeIndex, *, seed: int) -> pd.DataFrame:
    """Operators' trials: every 6 to 24 hours some setpoints move within their limits, at their slew rate.

    A third of the periods is default control. One column per setpoint name on `times`.
    """
    rng = np.random.default_rng(seed)
    goals = default_schedule(site, times)
    step_hours = (times[1] - times[0]) / pd.Timedelta(hours=1)
    start = 0
    while start < len(times):
        end = start + round(float(rng.choice(HOLD_HOURS)) / step_hours)
        if rng.random() > SHARE_AT_DEFAULT:
            for setpoint in rng.choice(
                np.array(site.setpoints, dtype=object), rng.integers(1, 4), replace=False
            ):
                goals.loc[goals.index[start:end], site.setpoint_name(setpoint)] = _goal(setpoint, rng)
        start = end
    return slewed(site, goals, step_hours=step_hours)


def slewed(site: Site, goals: pd.DataFrame, *, step_hours: float) -> pd.DataFrame:
    """Goals followed at each setpoint's slew rate from the first row on; on/off setpoints switch at once."""
    followed = goals.copy()
    for setpoint in site.setpoints:
        if setpoint.kind == "binary":
            continue
        column = site.setpoint_name(setpoint)
        step = setpoint.slew_per_hour * step_hours
        values = goals[column].to_numpy(copy=True)
        for row in range(1, len(values)):
            values[row] = values[row - 1] + np.clip(values[row] - values[row - 1], -step, step)
        followed[column] = values
    return followed


def _goal(setpoint: Setpoint, rng: np.random.Generator) -> float:
    if setpoint.kind == "binary":
        return float(rng.choice([setpoint.min, setpoint.max]))
    return float(np.round(rng.uniform(setpoint.min, setpoint.max), 1))
