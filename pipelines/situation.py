"""The plant now, as a model needs it: mean load and weather of the last hour, the setpoints in force."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.optimize import Limits
from pipelines.features import plant_table
from pipelines.site import Site

WINDOW = pd.Timedelta(hours=1)
STALE_INTERVALS, STALE_AT_LEAST = 2, pd.Timedelta(minutes=30)
LEAST_SHARE = 0.5  # of the last hour's intervals that must be there


class Hold(Exception):  # noqa: N818 - it is a decision, not an error
    """Why no setpoint should move, in words that follow "hold, because"."""


@dataclass(frozen=True)
class Situation:
    """One moment. inputs: by plant-level name; setpoints: by quantity; load_kw, facility_kw as metered."""

    at: pd.Timestamp
    inputs: pd.Series
    setpoints: pd.Series


def situation(site: Site, table: pd.DataFrame, at: pd.Timestamp) -> Situation:
    """The situation at `at` from an interval table that reaches up to it.

    Raises Hold where the table is stale, too thin, or lacks a setpoint's value.
    """
    table = table[table.index < at]
    _require_fresh(site, table, at)
    plant = plant_table(site, table)
    window = plant[plant.index >= at - WINDOW]
    expected = WINDOW / site.interval
    complete = window.dropna(subset=["load_kw"])
    if len(complete) < LEAST_SHARE * expected:
        raise Hold(
            f"only {len(complete)} of the last hour's {expected:.0f} intervals have a load reading; "
            "see coldaisle quality"
        )
    setpoints = plant[quantities(site)].ffill().iloc[-1]
    missing = list(setpoints.index[setpoints.isna()])
    if missing:
        raise Hold(f"the present value of {', '.join(missing)} is not known; see coldaisle quality")
    return Situation(at=at, inputs=window.mean(), setpoints=setpoints)


def quantities(site: Site) -> list[str]:
    """Quantities of the site's setpoints, in the site file's order."""
    return [site.quantity_of(setpoint) for setpoint in site.setpoints]


def limits(site: Site) -> Limits:
    """The site's setpoint limits and slew rates as arrays."""
    return Limits(
        minimum=np.array([s.min for s in site.setpoints]),
        maximum=np.array([s.max for s in site.setpoints]),
        slew_per_hour=np.array([s.slew_per_hour for s in site.setpoints]),
        binary=np.array([s.kind == "binary" for s in site.setpoints]),
    )


def _require_fresh(site: Site, table: pd.DataFrame, at: pd.Timestamp) -> None:
    allowed = max(STALE_INTERVALS * site.interval, STALE_AT_LEAST)
    if table.empty:
        raise Hold(f"there is no telemetry in the hours before {at:%Y-%m-%d %H:%M} UTC; ingest newer files")
    age = at - (table.index[-1] + site.interval)
    if age > allowed:
        raise Hold(
            f"the last telemetry is {age / pd.Timedelta(hours=1):.1f} h old, more than the "
            f"{allowed / pd.Timedelta(minutes=1):.0f} min allowed; ingest newer files"
        )
