"""How IT power answers to the rack inlet: what the servers' fans add, apart from what the load does on its own.

Load is not chosen, and follows the hour and the day; inlet temperature is moved on purpose. Changes over two hours,
less what the same hour of the week usually brings, tell the two apart (a partially linear model in differences:
Yatchew 1997, Economics Letters 57(2)).
"""

import numpy as np

from models.control.surface import Surface, fit_surface

LAG_HOURS = 2.0
WEEK_HOURS = 168.0
KNOT_K = 1.0
JUMPS = 6.0  # standard deviations; larger changes of load are steps, not fans
RIDGE = 20.0  # K² of evidence per knot that keeps an unvisited range flat
GRID = 1_200


def fit_it_response(inlet_c: np.ndarray, it_kw: np.ndarray, *, step_hours: float) -> Surface | None:
    """kW of IT power (up to a constant) over rack inlet; both (n,) on a regular grid of time, NaN where unknown.

    None where the inlet hardly moved.
    """
    low, high = np.nanquantile(inlet_c, [0.001, 0.999])
    if not high - low > 2.0 * KNOT_K:
        return None
    knots = np.append(low, np.arange(np.floor(low) + 1.0, high, KNOT_K))
    lag, week = max(1, round(LAG_HOURS / step_hours)), max(1, round(WEEK_HOURS / step_hours))
    bend, change = _hinges(inlet_c, knots), it_kw[lag:] - it_kw[:-lag]
    bend = bend[lag:] - bend[:-lag]
    known = np.isfinite(bend).all(axis=1) & np.isfinite(change)
    known &= np.abs(np.where(known, change, 0.0)) < JUMPS * np.nanstd(change)
    phase = np.arange(len(change)) % week
    unusual = [_less_usual(column, phase, known, week) for column in (change, *bend.T)]
    y, x = unusual[0], np.stack(unusual[1:], axis=1)
    slopes = np.linalg.solve(x.T @ x + RIDGE * np.eye(len(knots)), x.T @ y)
    grid_c = np.linspace(low, high, GRID)
    curve_kw = _hinges(grid_c, knots) @ slopes
    shuffled = np.random.default_rng(0).permutation(GRID)  # blocks of time mean nothing on a grid
    return fit_surface(("rack_inlet_c",), grid_c[shuffled, None], curve_kw[shuffled])


def _hinges(temperature_c: np.ndarray, knots: np.ndarray) -> np.ndarray:
    return np.maximum(temperature_c[:, None] - knots, 0.0)


def _less_usual(values: np.ndarray, phase: np.ndarray, known: np.ndarray, count: int) -> np.ndarray:
    """`values` at the known rows, less their mean at the same time of the week."""
    total = np.bincount(phase[known], values[known], count)
    rows = np.maximum(np.bincount(phase[known], minlength=count), 1)
    return values[known] - (total / rows)[phase[known]]
