"""The candidates of one target fitted to rows of a record."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from models.efficiency.trees import Trees, as_arrays
from models.errors import TooFewRowsError
from models.evaluate import time_blocks
from models.horizon.candidates import Learned, Part, features, with_lead
from models.horizon.features import Basis
from models.horizon.record import DAY_H, WEEK_H, Array
from models.horizon.series import best_share, earlier, seasonal_share
from models.horizon.steady import Curve, fit_curve
from models.ridge import fit_weights

LEAST_DAYS = 3.0  # of readings to carry a season's error on
LEARNED_DAYS = 21.0  # of readings for regressions: three of every weekday
ROWS = 9_000  # at most so many rows are fitted: a year of hours; neighbours in time say the same
TREE_ROWS = 12_000  # over all leads
# About half of scikit-learn's trees with half the leaves: a fifth of the time, within 3 % of the error of its defaults
# (walk-forward by hours, 4-weekly refits, a simulated plant).
BOOSTING = {
    "max_iter": 60,
    "max_leaf_nodes": 15,
    "learning_rate": 0.15,
    "max_bins": 127,
    "early_stopping": False,
}
BLOCKS = 8
BEYOND = 0.1  # a change may be by this share of the range larger than any on record
EXTREME = 0.001  # of the readings lie beyond the range that a feature counts within


def fit_part(of: Basis, leads_min: tuple[float, ...], until: int, *, seed: int) -> Part:
    """Candidates from the rows whose outcome lies before row `until`. Raises TooFewRowsError."""
    record = of.record
    usable = np.arange(len(record)) < until
    read, needed = int((np.isfinite(of.measured) & usable).sum()), record.rows_in(24.0 * LEAST_DAYS)
    if read < needed:
        raise TooFewRowsError(
            f"{of.target} has {read} readings to learn from, others being left out, needs {needed}"
        )
    shares = {
        name: np.array([_share(of, values, season_h, lead, until) for lead in leads_min])
        for name, values, season_h in (
            *((name, of.drivers[name], season_h) for name, season_h in record.drivers.items()),
            ("day", of.now, DAY_H),
            ("week", of.now, WEEK_H),
        )
    }
    part = Part(leads_min, shares, None)
    if read < record.rows_in(24.0 * LEARNED_DAYS):
        return part
    curve = _curve(of, usable)
    return part if curve is None else Part(leads_min, shares, _learned(part, of, curve, until, seed))


def outcome(of: Basis, lead_min: float, until: int) -> tuple[Array, Array]:
    """What the target reads `lead_min` later (n,), and the rows (bool) that know it before row `until`."""
    lead = of.record.rows_in(lead_min / 60.0)
    later = earlier(of.measured, -lead)
    known = np.arange(len(of.now)) + lead < until
    return later, known & np.isfinite(later) & np.isfinite(of.now)


def thinned(rows: Array, most: int) -> Array:
    """Row numbers of a bool (n,), at most `most`, evenly spread."""
    numbers = np.flatnonzero(rows)
    return numbers if len(numbers) <= most else numbers[np.linspace(0, len(numbers) - 1, most).astype(int)]


def _share(of: Basis, values: Array, season_h: float, lead_min: float, until: int) -> float:
    lead = of.record.rows_in(lead_min / 60.0)
    known = np.arange(len(values)) + lead < until
    return seasonal_share(values, of.record.rows_in(season_h), lead, known)


def _curve(of: Basis, usable: Array) -> Curve | None:
    complete = usable & np.isfinite(of.steady_inputs).all(axis=1) & np.isfinite(of.measured)
    rows = thinned(complete, ROWS)
    if len(rows) < of.record.rows_in(24.0 * LEAST_DAYS):
        return None
    return fit_curve(
        of.steady_inputs[rows], of.measured[rows], time_blocks(len(rows), folds=BLOCKS, rounds=1)
    )


def _learned(part: Part, of: Basis, curve: Curve, until: int, seed: int) -> Learned:
    x, y, carried = [], [], []
    for lead in part.leads_min:
        later, known = outcome(of, lead, until)
        at_lead, now_steady, then_steady = features(part, of, lead, curve)
        chosen = thinned(known, ROWS)
        x.append(at_lead[chosen])
        y.append((later - of.now)[chosen])
        carried.append(best_share(then_steady, of.now - now_steady, later, known))
    fill, low, high = _ranges(np.concatenate([one[:: len(x)] for one in x]))
    scale = np.array([max(float(values.std()), 1e-9) for values in y])
    change = np.array([_widened(values) for values in y])
    known_x = [np.clip(np.where(np.isfinite(one), one, fill), low, high) for one in x]
    ridge = np.array([_ridge(one, target) for one, target in zip(known_x, y, strict=True)])
    trees = _trees(
        part.leads_min, known_x, [values / size for values, size in zip(y, scale, strict=True)], seed
    )
    return Learned(curve, np.array(carried), fill, low, high, ridge, trees, scale, change)


def _ranges(x: Array) -> tuple[Array, Array, Array]:
    """Median and range of each feature (n, k), zeros where it was never read."""
    read = np.isfinite(x).any(axis=0)
    fill, low, high = np.zeros((3, x.shape[1]))
    fill[read], low[read], high[read] = np.nanquantile(x[:, read], [0.5, EXTREME, 1.0 - EXTREME], axis=0)
    return fill, low, high


def _widened(changes: Array) -> Array:
    margin = BEYOND * (changes.max() - changes.min())
    return np.array([changes.min() - margin, changes.max() + margin])


def _ridge(x: Array, y: Array) -> Array:
    phi = np.column_stack([np.ones(len(x)), x])
    return fit_weights(phi, y, time_blocks(len(x), folds=BLOCKS, rounds=1))


def _trees(leads_min: tuple[float, ...], x: list[Array], y: list[Array], seed: int) -> Trees:
    """One boosting for all leads, each with its share of the rows."""
    each = TREE_ROWS // len(leads_min)
    chosen = [np.linspace(0, len(one) - 1, min(each, len(one))).astype(int) for one in x]
    grown = HistGradientBoostingRegressor(**BOOSTING, random_state=seed).fit(
        np.concatenate(
            [with_lead(one[rows], lead) for one, rows, lead in zip(x, chosen, leads_min, strict=True)]
        ),
        np.concatenate([one[rows] for one, rows in zip(y, chosen, strict=True)]),
    )
    return as_arrays([grown])
