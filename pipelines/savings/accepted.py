"""What a recommendation saved once it was accepted: a few hours of cooling power against the setpoints before it.

Expected at the setpoints before: the cascade at the load and weather of each row, plus the error that it had in the day
before. The interval comes from placebo windows: spans as long, in the weeks before, in which the same is done with
nothing changed. For months and money there is `coldaisle savings`; this is feedback on one decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.cascade.cascade import Cascade
from pipelines.learning.cascade.dataset import Inputs, inputs_of
from pipelines.learning.cascade.scores import predicted
from pipelines.site.file import Site
from pipelines.site.setpoints import modelled_name

BEFORE = pd.Timedelta(days=15)  # of the record that is needed before an acceptance
DAY = pd.Timedelta(days=1)
COVERED = 0.9
FEWEST_ROWS, FEWEST_WINDOWS = 4, 10


@dataclass(frozen=True)
class Achieved:
    """Mean of cooling power saved, kW, with its 90 % interval, over rows; why_not: why it is not known, else empty."""

    kw: float | None = None
    low_kw: float | None = None
    high_kw: float | None = None
    rows: int = 0
    why_not: str = ""

    @property
    def shown(self) -> bool:
        """Whether the interval leaves zero out."""
        return (
            self.low_kw is not None and self.high_kw is not None and (self.low_kw > 0.0 or self.high_kw < 0.0)
        )


def achieved(
    site: Site,
    cascade: Cascade,
    plant: pd.DataFrame,
    start: pd.Timestamp,
    end: pd.Timestamp,
    before: Mapping[str, float],
) -> Achieved:
    """The saving in [start, end) against setpoints by name, from a plant table that begins `BEFORE` it.

    Raises KeyError where the cascade asks for what the site does not record.
    """
    plant = plant[plant.index < end]
    inputs = inputs_of(site, plant)
    known = _known(inputs)
    during = known & np.asarray(plant.index >= start)
    earlier = inputs.settled & np.asarray(plant.index < start)
    if during.sum() < FEWEST_ROWS:
        return Achieved(
            rows=int(during.sum()), why_not=f"fewer than {FEWEST_ROWS} rows of telemetry since then"
        )
    error_kw = np.full(len(plant), np.nan)
    if earlier.any():
        error_kw[earlier] = inputs.cooling_kw[earlier] - predicted(cascade, inputs, earlier)
    errors = pd.Series(error_kw, index=plant.index)
    carried_kw = _mean(errors, start - DAY, start)
    placebos = _placebos(errors, start, end - start)
    if not np.isfinite(carried_kw) or len(placebos) < FEWEST_WINDOWS:
        return Achieved(
            rows=int(during.sum()), why_not="the plant was not at rest long enough before to compare with"
        )
    expected_kw = predicted(cascade, _at(site, inputs, before), during) + carried_kw
    saved_kw = float(np.mean(expected_kw - inputs.cooling_kw[during]))
    half_kw = float(np.quantile(np.abs(placebos), COVERED))
    return Achieved(saved_kw, saved_kw - half_kw, saved_kw + half_kw, int(during.sum()))


def _known(inputs: Inputs) -> np.ndarray:
    """Rows (n,) of which everything is known; they need not be settled."""
    columns = [*inputs.by_name.values(), inputs.rack_inlet_c, inputs.cooling_kw]
    return np.isfinite(np.stack(columns)).all(axis=0)


def _at(site: Site, inputs: Inputs, before: Mapping[str, float]) -> Inputs:
    """The same rows at other setpoints."""
    asked = {
        modelled_name(site.setpoint_name(each)): before.get(site.setpoint_name(each))
        for each in site.setpoints
    }
    rows = len(inputs.cooling_kw)
    by_name = inputs.by_name | {
        name: np.full(rows, value)
        for name, value in asked.items()
        if value is not None and name in inputs.by_name
    }
    return Inputs(by_name, inputs.rack_inlet_c, inputs.cooling_kw, inputs.settled)


def _placebos(errors: pd.Series, start: pd.Timestamp, length: pd.Timedelta) -> np.ndarray:
    """Error of windows as long as what is judged, less that of the day before each: what nothing looks like."""
    found, at = [], start - length
    while at - DAY >= errors.index[0]:
        found.append(_mean(errors, at, at + length) - _mean(errors, at - DAY, at))
        at -= length
    return np.array([each for each in found if np.isfinite(each)])


def _mean(errors: pd.Series, start: pd.Timestamp, end: pd.Timestamp) -> float:
    values = errors[(errors.index >= start) & (errors.index < end)].dropna()
    return float(values.mean()) if len(values) >= FEWEST_ROWS else np.nan
