"""A response surface with few inputs: hinges and products, fitted by ridge regression, once without each block.

One meter or temperature answers to two or three things. A surface of those alone learns from few rows what a
network of all inputs cannot, goes on as a plane beyond the record, and says where the record ends.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from models.evaluate import time_blocks
from models.quadratic import fit_weights_without_each

LEAST_ROWS = 20
LEAST_ROWS_PER_TERM = 2
HINGE_QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
HINGES_FROM_ROWS = 1_000  # fewer rows bear only the products
DRIVERS = ("load_kw", "outdoor_wetbulb_c")
RANGE_QUANTILE = 0.001  # share of the rows on either side that may be glitches, not range


@struct.dataclass
class Surface:
    """y = phi(x) @ weights for each of m members; f inputs by name, h hinges in each.

    mean, scale, low, high (f,): of the record. knots (f, h), standardised. weights (m, terms).
    noise: standard deviation of what the mean member leaves, in the unit of y.
    """

    inputs: tuple[str, ...] = struct.field(pytree_node=False)
    mean: Array
    scale: Array
    low: Array
    high: Array
    knots: Array
    weights: Array
    noise: Array
    easier: Array


def fit_surface(
    inputs: tuple[str, ...], x: np.ndarray, y: np.ndarray, *, members: int, easier: np.ndarray | None = None
) -> Surface | None:
    """Surface of y (n,) over x (n, f), rows in time order; None where the rows are too few.

    tolerance: how far beyond the record's range still counts as covered, in the units of x.
    """
    if len(x) < LEAST_ROWS:
        return None
    low, high = np.quantile(x, [RANGE_QUANTILE, 1.0 - RANGE_QUANTILE], axis=0)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-6, scale, 1.0)
    hinges = HINGE_QUANTILES if len(x) >= HINGES_FROM_ROWS else ()
    knots = (np.quantile(x, hinges, axis=0).T - mean[:, None]) / scale[:, None] if hinges else np.zeros((x.shape[1], 0))
    bare = Surface(inputs, mean, scale, low, high, knots, np.zeros((members, 0)), np.float32(0), np.zeros(x.shape[1]))
    phi = np.asarray(basis(bare, x))
    if len(x) < LEAST_ROWS_PER_TERM * phi.shape[1]:
        return None
    weights = fit_weights_without_each(phi, y, time_blocks(len(x), folds=members))
    noise = np.std(y - phi @ weights.mean(axis=0))
    arrays = (mean, scale, low, high, knots, weights, noise, np.zeros(x.shape[1]) if easier is None else easier)
    return Surface(inputs, *(jnp.asarray(array, jnp.float32) for array in arrays))


def basis(surface: Surface, x: np.ndarray | Array) -> np.ndarray | Array:
    """Terms (n, terms) of the inputs x (n, f): 1, every input, its hinges, products inside the range."""
    xp = x.__array_namespace__()
    z = (x - surface.mean) / surface.scale
    inside = (x.clip(surface.low, surface.high) - surface.mean) / surface.scale
    row, column = np.triu_indices(z.shape[1])
    hinges = xp.maximum(z[:, :, None] - surface.knots, 0.0).reshape(len(z), -1)
    return xp.concatenate([xp.ones((len(z), 1), dtype=z.dtype), z, inside[:, row] * inside[:, column], hinges], axis=1)


def evaluate(surface: Surface, known: dict[str, Array]) -> Array:
    """Every member's value (m, n) from arrays (n,) by input name."""
    return surface.weights @ basis(surface, _matrix(surface, known)).T


def beyond(surface: Surface, known: dict[str, Array]) -> Array:
    """How far (n,) the inputs lie beyond the record's range, the worst in standard deviations; 0 inside."""
    x = _matrix(surface, known)
    chosen = jnp.array([name not in DRIVERS for name in surface.inputs])
    return jnp.where(chosen, jnp.maximum(surface.low - x, x - surface.high) / surface.scale, 0.0).max(axis=1).clip(0.0)


def _matrix(surface: Surface, known: dict[str, Array]) -> Array:
    x = jnp.stack(jnp.broadcast_arrays(*(jnp.asarray(known[name], jnp.float32) for name in surface.inputs)), axis=1)
    x = jnp.where(surface.easier > 0, jnp.minimum(x, surface.high), x)
    return jnp.where(surface.easier < 0, jnp.maximum(x, surface.low), x)
