"""What the record covers: the range of every input, and whether a combination of them has been seen."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

REFERENCES = 2_000  # most rows to compare with: distances to more would slow a recommendation
NEIGHBOURS = 3  # a single odd row is no support
MARGIN = 0.01  # share of an input's range that rounding and slow drift may add
RECALL = 0.99  # share of left-out blocks of the record that must count as covered
FINEST_CELL = 0.25  # standard deviations; rows in one cell of this width are one operating point


@struct.dataclass
class Support:
    """Ranges (k,), standardisation (k,), reference rows (r, k) and the distance that is still covered."""

    low: Array
    high: Array
    mean: Array
    scale: Array
    references: Array
    limit: Array


def fit_support(x: np.ndarray, blocks: np.ndarray, *, seed: int = 0) -> Support:
    """Support of a record's inputs x (n, k).

    blocks: (n,) block of time of each row. The limit is the distance to the rest of the record that 99 % of
    the rows of left-out blocks do not exceed, so that it is as wide as the plant's own weeks differ.
    """
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    z = (x - mean) / scale
    distances = [
        np.asarray(_distances(_thinned(z[blocks != block], seed), _thinned(z[blocks == block], seed)))
        for block in np.unique(blocks)
    ]
    margin = MARGIN * (x.max(axis=0) - x.min(axis=0))
    parts = (x.min(axis=0) - margin, x.max(axis=0) + margin, mean, scale, _thinned(z, seed))
    limit = np.quantile(np.concatenate(distances), RECALL)
    return Support(*(jnp.asarray(part, jnp.float32) for part in (*parts, limit)))


@jax.jit
def in_support(support: Support, x: Array) -> Array:
    """Whether each row of x (n, k) lies where the record has been: bool (n,); never with a missing input."""
    inside = jnp.all((x >= support.low) & (x <= support.high), axis=1)
    return inside & (distance(support, x) <= support.limit)


@jax.jit
def distance(support: Support, x: Array) -> Array:
    """Distance (n,) of each row of x (n, k) to its third nearest reference, in standard deviations."""
    return _distances(support.references, (x - support.mean) / support.scale)


@partial(jax.jit, static_argnames="neighbours")
def _distances(references: Array, z: Array, neighbours: int = NEIGHBOURS) -> Array:
    # |a - b|² as |a|² - 2ab + |b|² is a matrix product: no (n, r, k) array is made.
    squares = (z**2).sum(1)[:, None] - 2.0 * z @ references.T + (references**2).sum(1)
    nearest = -jax.lax.top_k(-squares, min(neighbours, references.shape[0]))[0]
    return jnp.sqrt(jnp.maximum(nearest[:, -1], 0.0))


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
    _, number = np.unique(np.floor(z / cell).astype(np.int64), axis=0, return_inverse=True)
    order = np.argsort(number.ravel(), kind="stable")
    grouped = number.ravel()[order]
    place_in_cell = np.arange(len(z)) - np.searchsorted(grouped, grouped)
    return z[np.sort(order[place_in_cell < NEIGHBOURS])]
