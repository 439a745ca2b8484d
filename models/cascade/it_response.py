"""How IT power answers to the rack inlet: what the servers' fans add, apart from what the load does on its own.

Load is not chosen, and follows the hour and the day; inlet temperature is moved on purpose. What the same hour of the
week usually brings is taken out, and what is left of the load, which forgets slowly, is whitened before the two are
compared (feasible generalised least squares: Cochrane and Orcutt 1949, JASA 44(245)). Fans and leakage make a curve
that rises and grows steeper, so its bends are not negative.
"""

import numpy as np
from scipy.optimize import nnls

from models.cascade.surface import Surface, fit_surface
from models.whitening import memory_of, usual_of, whitened

WEEK_HOURS = 168.0
# Engineering judgement; `test_servers_fans_make_warm_air_cost_power` holds what they have to find.
LEAST_WEEKS = 1.5  # an hour of the week that came once is its own mean, and leaves nothing
KNOT_K = 1.0
JUMPS = 6.0  # standard deviations; larger errors are steps of the load, not fans
ORDER, ROUNDS = 4, 3  # of the load's memory in steps; of telling memory and curve apart
GRID = 1_200


def fit_it_response(inlet_c: np.ndarray, it_kw: np.ndarray, *, step_hours: float) -> Surface | None:
    """kW of IT power (up to a constant) over rack inlet; both (n,) on a regular grid of time, NaN where unknown.

    None where the inlet hardly moved, or where the record is too short to tell what an hour of the week usually
    brings.
    """
    low, high = np.nanquantile(inlet_c, [0.001, 0.999])
    if not high - low > 2.0 * KNOT_K:
        return None
    knots = np.append(low, np.arange(np.floor(low) + 1.0, high, KNOT_K))
    phase = np.arange(len(it_kw)) % max(1, round(WEEK_HOURS / step_hours))
    columns = np.column_stack([it_kw, _hinges(inlet_c, knots)])
    complete = np.isfinite(columns).all(axis=1)
    if complete.sum() < LEAST_WEEKS * (phase.max() + 1):
        return None
    unusual = np.where(complete[:, None], columns - usual_of(columns, phase, complete), np.nan)
    bends = _bends(unusual[:, 0], unusual[:, 1:])
    grid_c = np.linspace(low, high, GRID)
    curve_kw = _hinges(grid_c, knots) @ bends
    shuffled = np.random.default_rng(0).permutation(GRID)  # blocks of time mean nothing on a grid
    return fit_surface(("rack_inlet_c",), grid_c[shuffled, None], curve_kw[shuffled])


def _bends(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Coefficients (knots,), none negative, of y (n,) over x (n, knots), both NaN where unknown."""
    bends = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        memory = memory_of(y - x @ bends, order=ORDER)
        white = whitened(np.column_stack([y, x]), memory)
        white = white[np.isfinite(white).all(axis=1)]
        errors = white[:, 0] - white[:, 1:] @ bends
        usual = np.abs(errors - errors.mean()) < JUMPS * errors.std()
        bends = nnls(white[usual, 1:], white[usual, 0])[0]
    return bends


def _hinges(temperature_c: np.ndarray, knots: np.ndarray) -> np.ndarray:
    return np.maximum(temperature_c[:, None] - knots, 0.0)
