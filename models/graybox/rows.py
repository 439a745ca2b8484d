"""Which rows of a record to fit: at rest, and spread over what the plant was run at."""

import numpy as np

from models.graybox.fit import ROWS
from models.graybox.observed import Observed, known

CELL = {"supply_air_c": 0.5, "chw_supply_c": 0.7, "cw_setpoint_c": 1.0, "wetbulb_c": 4.0}  # K
EVENNESS = 0.8  # 0: rows as frequent as in the record, 1: every cell alike


def chosen_rows(rows: Observed, at_rest: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Positions of at most `ROWS` rows at rest (n,), rare setpoints and weather favoured; in order of time."""
    there = np.flatnonzero(at_rest & known(rows))
    if len(there) <= ROWS:
        return there
    cells = np.stack(
        [np.round(np.asarray(getattr(rows, name))[there] / width) for name, width in CELL.items()]
    )
    cells = np.vstack([cells, np.asarray(rows.economizer)[there] > 0.5])
    _, cell, count = np.unique(cells, axis=1, return_inverse=True, return_counts=True)
    chance = count[np.ravel(cell)] ** -EVENNESS
    generator = np.random.default_rng(seed)
    return np.sort(generator.choice(there, ROWS, replace=False, p=chance / chance.sum()))


def taken(rows: Observed, positions: np.ndarray) -> Observed:
    """The rows at some positions."""
    import jax

    return jax.tree.map(lambda leaf: np.asarray(leaf)[..., positions], rows)
