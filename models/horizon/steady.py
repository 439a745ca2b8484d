"""The steady plant: what a target settles at, from load, weather and setpoints alone.

A quadratic in each of them and their products, the shape of DOE-2's chiller curves (Hydeman and Gillespie 2002,
ASHRAE Transactions 108(1)), by ridge. Ahead, it is asked with the load and weather expected then.
"""

from dataclasses import dataclass

import numpy as np

from models.horizon.record import Array
from models.ridge import fit_weights, terms


@dataclass(frozen=True)
class Curve:
    """Weights (terms,) on standardised inputs (k,), which count only within the record's range [low, high]."""

    mean: Array
    scale: Array
    low: Array
    high: Array
    weights: Array

    def __call__(self, x: Array) -> Array:
        """The steady value (n,) at inputs x (n, k); NaN where one is missing."""
        inside = np.clip((x - self.mean) / self.scale, self.low, self.high)
        return terms(inside, inside) @ self.weights


def fit_curve(x: Array, y: Array, blocks: Array) -> Curve:
    """The curve through y (n,) over x (n, k), all finite; blocks (n,) choose the penalty."""
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale < 1e-9] = 1.0
    z = (x - mean) / scale
    return Curve(mean, scale, z.min(axis=0), z.max(axis=0), fit_weights(terms(z, z), y, blocks))
