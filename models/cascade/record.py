"""A site's columns as surfaces want them: differences that equipment feels, and the rows worth learning from."""

from collections.abc import Mapping
from copy import copy

import numpy as np

from models.cascade.surface import Surface, fit_surface

# Engineering judgement.
LEAST_COVERAGE = 0.5  # of the rows must have a column for it to be used
CELLS, ENOUGH_IN_CELL = 8, 8  # per input; measured rows in a cell that make simulated ones superfluous

Columns = Mapping[str, np.ndarray]


class Record:
    """Columns (n,) by name; settled (n,): no setpoint leapt lately; virtual (n,): rows of a simulation."""

    def __init__(self, columns: Columns, settled: np.ndarray, virtual: np.ndarray | None = None) -> None:
        self.columns, self.settled = with_differences(columns), settled
        self.virtual = np.zeros(len(settled), bool) if virtual is None else virtual

    def replaced(self, **columns: np.ndarray) -> "Record":
        """The same record with other values (n,) of some columns; differences are not made anew."""
        other = copy(self)
        other.columns = self.columns | columns
        return other

    def get(self, name: str) -> np.ndarray:
        """Values (n,) of a column, NaN where the record has none."""
        return self.columns.get(name, np.full(len(self.settled), np.nan))

    def usable(self, names: tuple[str, ...], rows: np.ndarray) -> tuple[str, ...]:
        """Those of the names that are mostly known in these rows."""
        coverage = {name: np.isfinite(self.get(name)[rows]).mean() if rows.any() else 0.0 for name in names}
        return tuple(name for name in names if coverage[name] >= LEAST_COVERAGE)

    def fit(
        self,
        names: tuple[str, ...],
        y: np.ndarray,
        rows: np.ndarray | None = None,
        *,
        may_be_cubic: bool = False,
    ) -> Surface | None:
        """Surface of y (n,) over the usable ones of the names, on settled rows; None where there is none to be had."""
        names, x, chosen = self.rows_of(names, y, rows)
        return fit_surface(names, x, y[chosen], may_be_cubic=may_be_cubic) if names else None

    def rows_of(
        self, names: tuple[str, ...], y: np.ndarray, rows: np.ndarray | None = None
    ) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
        """The usable ones of the names, their values x (m, f), and the settled rows (m,) where they and y are known."""
        rows = self.settled if rows is None else rows & self.settled
        names = self.usable(names, rows)
        if not names:
            return (), np.zeros((0, 0)), np.zeros(0, int)
        x = np.stack([self.columns[name] for name in names], axis=1)
        rows = np.flatnonzero(rows & np.isfinite(x).all(axis=1) & np.isfinite(y))
        rows = rows[believed(x[rows], self.virtual[rows])]
        return names, x[rows], rows


def believed(x: np.ndarray, virtual: np.ndarray) -> np.ndarray:
    """Rows (n,) of inputs x (n, f) that were measured, or simulated where hardly any were measured."""
    if virtual.all() or not virtual.any():
        return np.ones(len(x), bool)
    low, high = x.min(axis=0), x.max(axis=0)
    cells = np.minimum((x - low) / np.where(high > low, high - low, 1.0) * CELLS, CELLS - 1).astype(int)
    cell = np.ravel_multi_index(tuple(cells.T), (CELLS,) * x.shape[1])
    measured = np.bincount(cell[~virtual], minlength=CELLS ** x.shape[1])
    return ~virtual | (measured[cell] < ENOUGH_IN_CELL)


def with_differences(columns: Columns) -> dict[str, np.ndarray]:
    """`columns` (n,) and the differences in K that coils, exchangers and towers feel; NaN where one side is unknown."""
    c = dict(columns)
    nan = np.full(len(c["load_kw"]), np.nan)
    for name, (upper, lower) in {
        "gap_k": ("supply_air_sp_c", "chw_supply_sp_c"),
        "chw_range_k": ("chw_return_c", "chw_supply_c"),
        "cw_approach_k": ("cw_supply_c", "outdoor_wetbulb_c"),
        "economizer_k": ("chw_supply_c", "cw_supply_c"),
    }.items():
        c[name] = c.get(upper, nan) - c.get(lower, nan)
    c["over_k"] = c.get("chw_return_c", nan) - c.get("cw_supply_c", nan)
    return c
