"""An hourly step on the fit's own parameters: the plant that is there today, learned from what it just read.

An extended Kalman filter over the parameters (Ljung 1979, IEEE Transactions on Automatic Control 24(1)), with the
fit's posterior as its start.
"""

from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np

from models.graybox.air_side import compute_kw, servers_kw
from models.graybox.fit import Estimate, linearised, padded
from models.graybox.observed import Metering, Observed, errors
from models.graybox.parameters import values_of

# Chosen on six EnergyPlus plants (docs/graybox.md): faster gains were worse.
TRUST = 0.1  # of one hour's readings: neighbouring hours share their errors
DRIFT = 0.03  # standard deviations by which a parameter may wander in a day
MOST_ERROR, MOST_STEP, FARTHEST = 6.0, 0.5, 6.0
ROWS = 8  # hours a step may take at once; compiled for this many


@dataclass(frozen=True)
class Earlier:
    """IT power and rack inlet of an earlier hour at rest, and the scatter of the load's logarithm since."""

    it_kw: float = np.nan
    rack_inlet_c: float = np.nan
    scatter: float = 1.0


def _errors(z, rows, earlier, metering, reference_kw, share):
    p = values_of(z)
    at_rest = errors(p, rows, metering, reference_kw, share)[:, 0]
    if not metering.has_it:
        return at_rest
    it_kw, inlet_c, scatter = earlier
    compute = compute_kw(p, it_kw, inlet_c, reference_kw)
    then_now = servers_kw(p, compute, rows.supply_air_c[0] + p["inlet_rise_k"], reference_kw)
    moved = jnp.log(then_now / rows.load_kw[0]) / scatter * np.sqrt(1.0 / TRUST)
    return jnp.append(at_rest, moved)


_linearised = linearised(_errors)


def after_hour(
    estimate: Estimate, row: Observed, metering: Metering, reference_kw: float, earlier: Earlier | None = None
) -> Estimate:
    """The estimate after one hour at rest. row: its means, leaves (1,), (8, 1) and (6, 1).

    earlier: an hour at another inlet, shortly before: what IT power did since tells of the servers' fans.
    """
    earlier = earlier or Earlier()
    then = tuple(jnp.float32(each) for each in (earlier.it_kw, earlier.rack_inlet_c, earlier.scatter))
    args = (padded(row, ROWS), then, metering, jnp.float32(reference_kw), jnp.asarray(estimate.share))
    error, slopes = (
        np.asarray(part, float) for part in _linearised(jnp.asarray(estimate.z, jnp.float32), *args)
    )
    there = np.isfinite(error) & np.isfinite(slopes).all(axis=1)
    if not there.any():
        return estimate
    error, slopes = np.clip(error[there], -MOST_ERROR, MOST_ERROR), slopes[there]
    covariance = estimate.covariance + np.eye(len(estimate.z)) * DRIFT**2 / 24.0
    innovation = slopes @ covariance @ slopes.T + np.eye(len(error)) / TRUST
    gain = np.linalg.solve(innovation, slopes @ covariance).T
    step = np.clip(gain @ -error, -MOST_STEP, MOST_STEP)
    covariance = covariance - gain @ slopes @ covariance
    z = np.clip(estimate.z + step, -FARTHEST, FARTHEST)
    return replace(estimate, z=z, covariance=0.5 * (covariance + covariance.T))
