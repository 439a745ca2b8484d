"""The gray-box plant kept true: once an hour at rest, its parameters follow what the plant just read."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import jax.numpy as jnp
import numpy as np

from models.graybox.fit import Estimate, members_of
from models.graybox.learn import Graybox
from models.graybox.observed import Observed, known, observed
from models.graybox.online import Earlier, after_hour
from models.graybox.parameters import values_of
from models.setpoints import quantity_of
from pipelines.control.sensing.history import WINDOW, History

EVERY = timedelta(hours=1)
RECENT, MOVED_K = timedelta(hours=6), 0.7  # between hours that are compared; of supply air
FEWEST = 3  # readings in the hour
STILL = {"supply_air_sp_c": 0.6, "chw_supply_sp_c": 0.8, "cw_supply_sp_c": 0.9, "economizer_enable": 0.1}
PLAUSIBLE_LOAD = (0.15, 1.6)  # of the reference load: else a meter is wrong


@dataclass(frozen=True)
class Adaptation:
    """Parameters (p,) and their covariance (p * p,) as of the last hour learned from; None: as fitted.

    it_kw, supply_air_c: of that hour.
    """

    z: tuple[float, ...] | None = None
    covariance: tuple[float, ...] | None = None
    at: datetime | None = None
    it_kw: float | None = None
    supply_air_c: float | None = None

    def estimate(self, physics: Graybox) -> Estimate:
        """The present estimate; the fit's where nothing was learned, or by a plant of other parameters."""
        count = len(physics.z)
        if (
            self.z is None
            or self.covariance is None
            or len(self.z) != count
            or len(self.covariance) != count**2
        ):
            return Estimate(np.asarray(physics.z, float), np.asarray(physics.covariance, float))
        return Estimate(np.array(self.z), np.array(self.covariance).reshape(count, count))

    def adapted(self, physics: Graybox) -> Graybox:
        """The plant as learned so far."""
        if self.z is None:
            return physics
        estimate = self.estimate(physics)
        z, members = (jnp.asarray(part, jnp.float32) for part in (estimate.z, members_of(estimate)))
        return replace(physics, z=z, members=members)

    def after(self, physics: Graybox, history: History, at: datetime) -> "Adaptation":
        """The adaptation after one more decision: once an hour, where the plant has been at rest."""
        if self.at is not None and timedelta(0) <= at - self.at < EVERY - timedelta(minutes=1):
            return self
        row = _hour_at_rest(physics, history, at)
        if row is None:
            return self
        present = self.estimate(physics)
        it_kw, supply_c = float(row.load_kw[0]), float(row.supply_air_c[0])
        earlier = self._earlier(physics, present, supply_c, at)
        estimate = after_hour(present, row, physics.metering, float(physics.reference_kw), earlier)
        if not (np.isfinite(estimate.z).all() and np.isfinite(estimate.covariance).all()):
            return replace(self, at=at)
        z, covariance = tuple(estimate.z.tolist()), tuple(estimate.covariance.ravel().tolist())
        return Adaptation(z, covariance, at, it_kw, supply_c)

    def _earlier(self, physics: Graybox, present: Estimate, supply_c: float, at: datetime) -> Earlier | None:
        """The hour learned from last, where supply air has moved since and the load is still much the same."""
        if self.at is None or self.it_kw is None or self.supply_air_c is None or at - self.at > RECENT:
            return None
        if abs(supply_c - self.supply_air_c) < MOVED_K:
            return None
        rise_k = float(values_of(jnp.asarray(present.z, jnp.float32))["inlet_rise_k"])
        hours = max((at - self.at) / timedelta(hours=2), 0.5)
        scatter = float(physics.load_scatter) * hours**0.5
        return Earlier(self.it_kw, self.supply_air_c + rise_k, scatter)


def warm_up(physics: Graybox) -> None:
    """Compile the hourly step."""
    names = ("outdoor_wetbulb_c", "outdoor_drybulb_c", *physics.inputs)
    columns = {name: np.array([15.0]) for name in names} | {
        "load_kw": np.array([float(physics.reference_kw)])
    }
    row = observed(columns, physics.metering, physics.meters)
    after_hour(Adaptation().estimate(physics), row, physics.metering, float(physics.reference_kw))


def _hour_at_rest(physics: Graybox, history: History, at: datetime) -> Observed | None:
    """Medians of the last hour; None where setpoints moved, or load, weather or water are not known."""
    readings = [values for when, values in history.readings if timedelta(0) <= at - when < WINDOW]
    if len(readings) < FEWEST:
        return None
    names = sorted(set().union(*readings))
    course = {name: np.array([values.get(name, np.nan) for values in readings]) for name in names}
    for name, values in course.items():
        most = STILL.get(quantity_of(name))
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
    row = observed(columns, physics.metering, physics.meters)
    return row if known(row).all() else None
