"""The gray-box plant kept true: once an hour at rest, its parameters follow what the plant just read."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import jax.numpy as jnp
import numpy as np

from models.graybox.fit import Estimate, members_of
from models.graybox.learn import Graybox
from models.graybox.observed import observed
from models.graybox.online import Earlier, after_hour
from models.graybox.parameters import values_of
from pipelines.control.optimizer.hour import Hour

RECENT, MOVED_K = timedelta(hours=6), 0.7  # between hours that are compared; of supply air


@dataclass(frozen=True)
class Adaptation:
    """Parameters (p,) and their covariance (p * p,) as of the last hour learned from; None: as fitted.

    of: the fit that they started from (`Graybox.name`); another fit starts anew. it_kw, supply_air_c: of that hour.
    """

    z: tuple[float, ...] | None = None
    covariance: tuple[float, ...] | None = None
    of: str = ""
    at: datetime | None = None
    it_kw: float | None = None
    supply_air_c: float | None = None

    def estimate(self, physics: Graybox) -> Estimate:
        """The present estimate; the fit's where nothing was learned since."""
        share = np.asarray(physics.share)
        if self.z is None or self.covariance is None or self.of != physics.name:
            return Estimate(np.asarray(physics.z, float), np.asarray(physics.covariance, float), share)
        return Estimate(np.array(self.z), np.array(self.covariance).reshape(len(self.z), -1), share)

    def adapted(self, physics: Graybox) -> Graybox:
        """The plant as learned so far."""
        if self.z is None or self.of != physics.name:
            return physics
        estimate = self.estimate(physics)
        z, members = (jnp.asarray(part, jnp.float32) for part in (estimate.z, members_of(estimate)))
        return replace(physics, z=z, members=members)

    def after(self, physics: Graybox, hour: Hour) -> "Adaptation":
        """The adaptation after one more hour at rest."""
        present = self.estimate(physics)
        estimate = after_hour(
            present,
            hour.row,
            physics.metering,
            float(physics.reference_kw),
            self._earlier(physics, present, hour),
        )
        if not (np.isfinite(estimate.z).all() and np.isfinite(estimate.covariance).all()):
            return replace(self, at=hour.at)
        z, covariance = tuple(estimate.z.tolist()), tuple(estimate.covariance.ravel().tolist())
        return Adaptation(z, covariance, physics.name, hour.at, hour.load_kw, hour.supply_air_c)

    def _earlier(self, physics: Graybox, present: Estimate, hour: Hour) -> Earlier | None:
        """The hour learned from last, where supply air has moved since and the load is still much the same."""
        if self.at is None or self.it_kw is None or self.supply_air_c is None:
            return None
        ago = hour.at - self.at
        if not timedelta(0) < ago <= RECENT or abs(hour.supply_air_c - self.supply_air_c) < MOVED_K:
            return None
        rise_k = float(values_of(jnp.asarray(present.z, jnp.float32))["inlet_rise_k"])
        hours = max(ago / timedelta(hours=2), 0.5)
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
