"""Candidate setpoints inside limits and slew rates, and the choice among them."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

Array = np.ndarray


@dataclass(frozen=True)
class Limits:
    """What may be chosen for each of k setpoints; every array has shape (k,).

    binary: on/off setpoints, which switch at once and take only their minimum or maximum.
    resolution: the step that an operator would enter; candidates are rounded to it.
    """

    minimum: Array
    maximum: Array
    slew_per_hour: Array
    binary: Array
    resolution: float = 0.1


def reachable(present: Array, limits: Limits, *, hours: float) -> tuple[Array, Array]:
    """Lowest and highest value of each setpoint within `hours`; two arrays of shape (k,).

    Where the present value lies so far outside the limits that they cannot be reached, both are the
    nearest value that can.
    """
    step = limits.slew_per_hour * hours
    low = np.maximum(limits.minimum, present - step)
    high = np.minimum(limits.maximum, present + step)
    nearest = present + np.clip(np.clip(present, limits.minimum, limits.maximum) - present, -step, step)
    low, high = np.where(low > high, nearest, low), np.where(low > high, nearest, high)
    return np.where(limits.binary, limits.minimum, low), np.where(limits.binary, limits.maximum, high)


def candidates(present: Array, limits: Limits, *, hours: float, count: int) -> Array:
    """Setpoints to compare, shape (count + 1, k): the present, then a Sobol sequence over what is reachable.

    Deterministic. `count` must be a power of two (Sobol, USSR Comput. Math. Math. Phys. 7, 1967: the sequence
    is balanced only then).
    """
    return np.vstack([present, spread_over(*reachable(present, limits, hours=hours), limits, count)])


def spread_over(low: Array, high: Array, limits: Limits, count: int) -> Array:
    """A Sobol sequence over the box from low (k,) to high (k,), rounded as an operator would: (count, k)."""
    unit = qmc.Sobol(len(low), scramble=False).random(count)
    values = low + unit * (high - low)
    values = np.where(limits.binary, np.where(unit < 0.5, limits.minimum, limits.maximum), values)
    return np.clip(np.round(values / limits.resolution) * limits.resolution, low, high)


def settle(power_kw: Array, spread_kw: Array, allowed: Array, *, caution: float, hysteresis_kw: float) -> int:
    """Index of the candidate to move to; 0, the present setpoints, unless another is clearly better.

    power_kw, spread_kw, allowed: shape (n,); row 0 is the present. Each is priced at its expected power plus
    `caution` standard deviations of the ensemble's spread, and must win by `hysteresis_kw`, so that the plant
    does not flap between equals. Where the present itself is not allowed, the
    best of the allowed is taken, whatever it needs.
    """
    price = np.where(allowed, power_kw + caution * spread_kw, np.inf)
    best = int(np.argmin(price))
    wins = price[best] < power_kw[0] - hysteresis_kw
    return best if wins or (allowed[best] and not allowed[0]) else 0


def without_small_moves(chosen: Array, present: Array, limits: Limits, *, least_share: float = 0.02) -> Array:
    """`chosen` (n, k) with moves smaller than `least_share` of a setpoint's range dropped."""
    least = least_share * (limits.maximum - limits.minimum)
    return np.where(np.abs(chosen - present) < least, present, chosen)
