"""An hourly step on the fit's own parameters: the plant that is there today, learned from what it just read.

An extended Kalman filter over the parameters (Ljung 1979, IEEE Transactions on Automatic Control 24(1)), with the
fit's posterior as its start.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from models.graybox.fit import Estimate, padded
from models.graybox.observed import Metering, Observed, errors
from models.graybox.parameters import values_of

# Chosen on six EnergyPlus plants (docs/graybox.md): faster gains were worse.
TRUST = 0.1  # of one hour's readings: neighbouring hours share their errors
DRIFT = 0.03  # standard deviations by which a parameter may wander in a day
MOST_ERROR, MOST_STEP, FARTHEST = 6.0, 0.5, 6.0
ROWS = 8  # hours a step may take at once; compiled for this many


def _errors(z, rows, metering, reference_kw):
    return errors(values_of(z), rows, metering, reference_kw)[:, 0]


_linearised = jax.jit(lambda z, *args: (_errors(z, *args), jax.jacfwd(_errors)(z, *args)))


def after_hour(estimate: Estimate, row: Observed, metering: Metering, reference_kw: float) -> Estimate:
    """The estimate after one hour at rest. row: its means, leaves (1,), (8, 1) and (6, 1)."""
    args = (padded(row, ROWS), metering, jnp.float32(reference_kw))
    error, slopes = (np.asarray(part, float) for part in _linearised(jnp.asarray(estimate.z, jnp.float32), *args))
    there = np.isfinite(error) & np.isfinite(slopes).all(axis=1)
    if not there.any():
        return estimate
    error, slopes = np.clip(error[there], -MOST_ERROR, MOST_ERROR), slopes[there]
    covariance = estimate.covariance + np.eye(len(estimate.z)) * DRIFT**2 / 24.0
    innovation = slopes @ covariance @ slopes.T + np.eye(len(error)) / TRUST
    gain = np.linalg.solve(innovation, slopes @ covariance).T
    step = np.clip(gain @ -error, -MOST_STEP, MOST_STEP)
    covariance = covariance - gain @ slopes @ covariance
    return Estimate(np.clip(estimate.z + step, -FARTHEST, FARTHEST), 0.5 * (covariance + covariance.T))
