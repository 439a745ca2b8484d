"""The posterior of each parameter: what telemetry determines, and what it leaves to the prior."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from models.twin.parameters import Space

PINNED = 0.5  # posterior over prior standard deviation below which telemetry determines a parameter


@dataclass(frozen=True)
class Estimate:
    """One parameter. value: in its own unit, NaN for a curve's bend; nameplate: before telemetry.

    z: departure in prior standard deviations; spread: posterior over prior standard deviation, 0-1; low,
    high: 95 % interval of the value; starts: standard deviation of z over the starts that ended well.
    """

    name: str
    nameplate: float
    value: float
    low: float
    high: float
    z: float
    spread: float
    starts: float

    @property
    def pinned(self) -> bool:
        """Whether telemetry, rather than the prior, determines the parameter."""
        return self.spread < PINNED


def posterior_covariance(matrix: np.ndarray) -> np.ndarray:
    """Laplace's approximation (p, p): the inverse of the Gauss-Newton curvature, prior included, in z.

    The prior alone has curvature 1 in every direction; less than that is rounding in single precision.
    """
    curvature, axes = np.linalg.eigh((matrix + matrix.T) / 2)
    return (axes / np.maximum(curvature, 1.0)) @ axes.T


def estimates(
    space: Space, z: np.ndarray, covariance: np.ndarray, starts: np.ndarray
) -> tuple[Estimate, ...]:
    """Every parameter with its interval. starts: (k, p) ends of the starts that nearly won."""
    sd, between = np.sqrt(np.diag(covariance)), starts.std(axis=0)
    all_estimates = []
    for i, parameter in enumerate(space.parameters):
        values = [
            space.value(parameter, space.at(jnp.asarray(_with(z, i, at))))
            for at in (z[i] - 1.96 * sd[i], z[i] + 1.96 * sd[i])
        ]
        all_estimates.append(
            Estimate(
                name=parameter.name,
                nameplate=space.value(parameter, space.nameplate),
                value=space.value(parameter, space.at(jnp.asarray(z))),
                low=min(values),
                high=max(values),
                z=float(z[i]),
                spread=float(sd[i]),
                starts=float(between[i]),
            )
        )
    return tuple(all_estimates)


def _with(z: np.ndarray, i: int, value: float) -> np.ndarray:
    other = z.copy()
    other[i] = value
    return other
