"""The last hour of a plant at rest, as the gray-box plant reads it: what may be learned from, once an hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from models.cascade.groups import with_shared
from models.graybox.counterfactual import NEAR
from models.graybox.learn import Graybox
from models.graybox.observed import Observed, known, observed
from models.setpoints import quantity_of
from pipelines.control.sensing.history import WINDOW, History

EVERY = timedelta(minutes=59)  # a clock may run a little fast
FEWEST = 3  # readings in the hour
PLAUSIBLE_LOAD = (0.15, 1.6)  # of the reference load: else a meter is wrong


@dataclass(frozen=True)
class Hour:
    """Medians of the hour until `at`. row: leaves (1,), (8, 1) and (6, 1). cooling_kw: NaN where it is not known."""

    at: datetime
    row: Observed
    cooling_kw: float

    @property
    def load_kw(self) -> float:
        """IT power, or the thermal load where it is not metered."""
        return float(self.row.load_kw[0])

    @property
    def supply_air_c(self) -> float:
        """Supply air as measured, else as asked for."""
        return float(self.row.supply_air_c[0])


def is_over(since: datetime | None, at: datetime, every: timedelta = EVERY) -> bool:
    """Whether an hour, or what else is given, has passed, or the clock was set back."""
    return since is None or not timedelta(0) <= at - since < every


def hour_at_rest(physics: Graybox, history: History, at: datetime) -> Hour | None:
    """The last hour; None where setpoints moved, or load, weather or water are not known."""
    readings = [values for when, values in history.readings if timedelta(0) <= at - when < WINDOW]
    if len(readings) < FEWEST:
        return None
    names = sorted(set().union(*readings))
    course = {name: np.array([values.get(name, np.nan) for values in readings]) for name in names}
    for name, values in course.items():
        most = NEAR.get(quantity_of(name))
        if most is not None and np.isfinite(values).any() and np.nanmax(values) - np.nanmin(values) > most:
            return None
    columns = {
        name: np.array([np.nanmedian(values)]) for name, values in course.items() if np.isfinite(values).any()
    }
    if "load_kw" not in columns:
        return None
    share = float(columns["load_kw"][0]) / float(physics.reference_kw)
    if not PLAUSIBLE_LOAD[0] < share < PLAUSIBLE_LOAD[1]:
        return None
    row = observed({**with_shared(columns), **columns}, physics.metering, physics.meters)
    cooling_kw = float(columns.get("cooling_kw", np.array([np.nan]))[0])
    return Hour(at, row, cooling_kw) if known(row).all() else None
