"""Support of a record: the range of every input, and the combinations of inputs that occurred.

Rows are compared in their inputs and in the differences of their temperatures: approach and lift are what a
plant's machines respond to, and what a setpoint far from the weather takes out of range first.
"""

from functools import partial
from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from models.buckets import in_pads, in_steps, widened

REFERENCES = 2_000  # most rows to compare with: distances to more would slow a recommendation
NEIGHBOURS = 3  # a single odd row gives no support
MARGIN = 0.1  # share of an input's range past its ends that a model may be asked for
# What is chosen or comes from outside; the others follow from these, and are judged by their distance alone.
DRIVING = (
    "load_kw", "outdoor_wetbulb_c", "outdoor_drybulb_c", "chw_supply_c", "cw_supply_c", "supply_air_c",
    "chw_supply_sp_c", "cw_supply_sp_c", "supply_air_sp_c", "airflow_ratio_sp",
)  # fmt: skip
AWAY = 1e4  # standard deviations of what fills up references
GROUP = 32  # references compared first
ROWS_AT_ONCE = 1_024  # rows whose distances fit the processor's cache
RECALL = 0.99  # share of left-out blocks of the record that must count as covered
FINEST_CELL = 0.25  # standard deviations; rows in one cell of this width are one operating point


Leaf = Any  # of a pytree: an array of NumPy or of JAX


@struct.dataclass
class Support:
    """Ranges, standardisation and reference rows, and the distance that is still covered.

    pairs (d, 2): columns of x whose differences count beside the k inputs. low, high, mean, scale (k + d,);
    references (r, k + d), standardised.
    """

    pairs: Leaf
    low: Leaf
    high: Leaf
    mean: Leaf
    scale: Leaf
    references: Leaf
    limit: Leaf


def temperature_pairs(inputs: tuple[str, ...]) -> np.ndarray:
    """Columns of every two temperatures among the inputs: (d, 2)."""
    temperatures = [column for column, name in enumerate(inputs) if name.endswith("_c")]
    return np.array(list(combinations(temperatures, 2)), dtype=np.int32).reshape(-1, 2)


def driving(inputs: tuple[str, ...]) -> np.ndarray:
    """Whether the range of each input, and of each difference of `temperature_pairs`, is a limit: bool (k + d,).

    Beyond the range of what drives a plant its model extrapolates; what follows from it goes past its ends in any new
    week, without a larger error.
    """
    own = [name.split(":", 1)[0] in DRIVING for name in inputs]
    inside = [name in DRIVING and not name.startswith("outdoor") for name in inputs]
    return np.array([*own, *(inside[a] and inside[b] for a, b in temperature_pairs(inputs))], bool)


def fit_support(
    x: np.ndarray,
    blocks: np.ndarray,
    *,
    pairs: np.ndarray | None = None,
    ranged: np.ndarray | None = None,
    seed: int = 0,
) -> Support:
    """Support of a record's inputs x (n, k).

    blocks: (n,) block of time of each row. pairs: as `temperature_pairs` gives them; none by default. ranged: as
    `driving` gives it; the range of every column counts by default. The
    limit is the distance to the rest of the record that 99 % of the rows of left-out blocks do not exceed, so
    it is as wide as the plant's own weeks differ.
    """
    pairs = np.empty((0, 2), np.int32) if pairs is None else pairs
    x = np.concatenate([x, x[:, pairs[:, 0]] - x[:, pairs[:, 1]]], axis=1)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    z = (x - mean) / scale
    distances = [
        _between(_thinned(z[blocks != block], seed), _thinned(z[blocks == block], seed))
        for block in np.unique(blocks)
    ]
    margin = np.where(True if ranged is None else ranged, MARGIN * (x.max(axis=0) - x.min(axis=0)), np.inf)
    parts = (x.min(axis=0) - margin, x.max(axis=0) + margin, mean, scale, _full(_thinned(z, seed)))
    limit = np.quantile(np.concatenate(distances), RECALL)
    return Support(pairs, *(np.asarray(part, np.float32) for part in (*parts, limit)))


def coverage(support: Support, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether the record covers each row of x (n, k), and its distance from it: (n,) each.

    The distance is that to the third nearest reference, in standard deviations. False and NaN where an input is
    missing.
    """
    support = jax.tree.map(np.asarray, support)
    point = _point(support, np.asarray(x, np.float32))
    inside = np.all((point >= support.low) & (point <= support.high), axis=1)
    away = _between(support.references, (point - support.mean) / support.scale)
    return inside & (away <= support.limit), away


def in_support(support: Support, x: np.ndarray) -> np.ndarray:
    """Whether the record covers each row of x (n, k): bool (n,); False where an input is missing."""
    return coverage(support, x)[0]


def distance(support: Support, x: np.ndarray) -> np.ndarray:
    """Distance (n,) of each row of x (n, k) to its third nearest reference, in standard deviations."""
    return coverage(support, x)[1]


def outside(support: Support, inputs: tuple[str, ...], x: np.ndarray) -> str:
    """Inputs of one row x (n,) beyond the record, with values and the record's range; empty if none is."""
    low, high = np.asarray(support.low), np.asarray(support.high)
    pairs = np.asarray(support.pairs)
    names = [*inputs, *(f"{inputs[a]} less {inputs[b]}" for a, b in pairs)]
    values = np.concatenate([x, x[pairs[:, 0]] - x[pairs[:, 1]]])
    beyond = [
        f"{name} is {value:.4g}, the record has {least:.4g} to {most:.4g}"
        for name, value, least, most in zip(names, values, low, high, strict=True)
        if not least <= value <= most
    ]
    return "; ".join(beyond)


def _point(support: Support, x: np.ndarray) -> np.ndarray:
    """Inputs x (n, k) with the differences that count beside them: (n, k + d)."""
    return np.concatenate([x, x[:, support.pairs[:, 0]] - x[:, support.pairs[:, 1]]], axis=1)


@jax.jit
def _distances(references: Array, z: Array) -> Array:
    """Distance (n,) of each of z (n, d) to the NEIGHBOURS-th nearest of references (r, d), or to the last."""
    return jax.lax.map(partial(_distance, references), z, batch_size=ROWS_AT_ONCE)


def _between(references: np.ndarray, z: np.ndarray) -> np.ndarray:
    """`_distances`, in one shape for about as many rows and columns."""
    columns = in_steps(z.shape[1])
    references = widened(_full(np.asarray(references, np.float32)), columns, axis=1)
    return in_pads(lambda rows: _distances(references, rows), widened(z, columns, axis=1))


def _full(references: np.ndarray) -> np.ndarray:
    """References with rows that are far from everything up to REFERENCES, so that all models have one shape."""
    missing = REFERENCES - len(references)
    if missing <= 0 or len(references) < NEIGHBOURS:
        return references
    return np.concatenate([references, np.full((missing, references.shape[1]), AWAY, np.float32)])


def _distance(references: Array, z: Array) -> Array:
    # |a - b|² as |a|² - 2ab + |b|² is a matrix product: no (n, r, d) array is made.
    squares = (z**2).sum() - 2.0 * references @ z + (references**2).sum(1)
    # Sorting is the expensive part. The nearest few lie in as many groups: those whose own nearest are nearest.
    groups = jnp.pad(squares, (0, -len(squares) % GROUP), constant_values=jnp.inf).reshape(GROUP, -1)
    few = min(NEIGHBOURS, groups.shape[1])
    nearest = jax.lax.top_k(-groups.min(axis=0), few)[1]
    candidates = -jax.lax.top_k(-groups[:, nearest].ravel(), min(NEIGHBOURS, references.shape[0]))[0]
    return jnp.sqrt(jnp.maximum(candidates[-1], 0.0))


def _thinned(z: np.ndarray, seed: int) -> np.ndarray:
    """About REFERENCES rows, a few of each operating point: common ones are thinned, rare ones stay."""
    shuffled = z[np.random.default_rng(seed).permutation(len(z))]
    cell = FINEST_CELL
    few = _few_per_cell(shuffled, cell)
    while len(few) > REFERENCES:
        cell *= 1.25
        few = _few_per_cell(shuffled, cell)
    return few.astype(np.float32)


def _few_per_cell(z: np.ndarray, cell: float) -> np.ndarray:
    """The first NEIGHBOURS rows in each cell of a grid of that width."""
    # Cells are centred on the mean: cells that meet there would keep one row set for each orthant, however wide.
    cells = np.round(z / cell).astype(np.int64)
    # A number for each cell, twenty times faster to compare than its coordinates; two cells meet once in 2^64.
    keys = np.random.default_rng(0).integers(-(2**62), 2**62, z.shape[1])
    _, number = np.unique(cells @ keys, return_inverse=True)
    order = np.argsort(number, kind="stable")
    grouped = number[order]
    place_in_cell = np.arange(len(z)) - np.searchsorted(grouped, grouped)
    return z[np.sort(order[place_in_cell < NEIGHBOURS])]
