"""Where the record has been, jointly in load, weather and temperatures that are set by measured value.

A setpoint may be put anywhere, and its effects are learned one by one. A site that records no setpoints shows only what
its plant made of load and weather: a combination of temperatures that it never ran at may be out of its reach, so a
choice stays near rows of the record.
"""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from models.cascade.record import Record
from models.cascade.surface import Leaf
from models.evaluate import time_blocks

CONDITIONS = ("load_kw", "outdoor_wetbulb_c")
KEPT_ROWS = 512  # of the record, spread as far as they go; a search asks for the nearest a thousand times
BLOCKS = 5  # of time, each left out in turn
WITHIN = 0.9  # share of left-out rows that count as covered by the others


@struct.dataclass
class Coverage:
    """Rows of the record, standardised: rows (r, f) of the f inputs named, mean and scale (f,).

    reach: distance in standard deviations within which a time left out lies from the rest of the record.
    """

    names: tuple[str, ...] = struct.field(pytree_node=False)
    mean: Leaf
    scale: Leaf
    rows: Leaf
    reach: Leaf


def coverage_of(record: Record, measured: tuple[str, ...]) -> Coverage | None:
    """Coverage of the setpoints that are measured temperatures; None where there are none, or too few rows."""
    rows = record.settled & ~record.virtual
    names = (*record.usable(CONDITIONS, rows), *record.usable(measured, rows))
    if not measured or not set(names) & set(measured):
        return None
    x = np.stack([record.get(name)[rows] for name in names], axis=1)
    x = x[np.isfinite(x).all(axis=1)]
    if len(x) < 2 * BLOCKS:
        return None
    mean, scale = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    z = (x - mean) / scale
    leaves = (mean, scale, _spread_over(z, KEPT_ROWS), _reach(z))
    return Coverage(names, *(np.asarray(leaf, np.float32) for leaf in leaves))


def beyond_coverage(coverage: Coverage, known: Mapping[str, Array]) -> Array:
    """How far (n,) choices lie beyond the record's reach, in standard deviations; 0 inside."""
    x = jnp.stack([known[name] for name in coverage.names], axis=1)
    z = (x - coverage.mean) / coverage.scale
    nearest = jnp.sqrt(((z[:, None, :] - coverage.rows) ** 2).sum(axis=2).min(axis=1))
    return jnp.maximum(nearest - coverage.reach, 0.0)


def _reach(z: np.ndarray) -> float:
    """Distance to the nearest of the kept rows of the other blocks of time that `WITHIN` of the rows keep."""
    blocks = time_blocks(len(z), folds=BLOCKS)
    distances = [
        _nearest(_spread_over(z[blocks == block], KEPT_ROWS), _spread_over(z[blocks != block], KEPT_ROWS))
        for block in np.unique(blocks)
    ]
    return float(np.quantile(np.concatenate(distances), WITHIN))


def _nearest(z: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.sqrt(((z[:, None, :] - rows) ** 2).sum(axis=2).min(axis=1))


def _spread_over(z: np.ndarray, count: int) -> np.ndarray:
    """At most `count` rows (n, f) that cover the others best: each next one the farthest from those taken.

    Farthest-first traversal, Gonzalez 1985, Theoretical Computer Science 38: 293-306. A record with glitches would be
    covered where they are, so rows that hardly any other is near are left out first.
    """
    z = _without_glitches(z)
    taken = [int(np.argmin((z**2).sum(axis=1)))]
    distance = ((z - z[taken[0]]) ** 2).sum(axis=1)
    while len(taken) < min(count, len(z)):
        taken.append(int(np.argmax(distance)))
        distance = np.minimum(distance, ((z - z[taken[-1]]) ** 2).sum(axis=1))
    return z[taken]


def _without_glitches(z: np.ndarray) -> np.ndarray:
    """Rows in cells of half a standard deviation that hold more than one row, where that leaves most of them."""
    cells, inverse, counts = np.unique(np.floor(2.0 * z), axis=0, return_inverse=True, return_counts=True)
    often = counts[np.ravel(inverse)] > max(1, len(z) // (100 * len(cells)))
    return z[often] if often.sum() > 0.9 * len(z) else z
