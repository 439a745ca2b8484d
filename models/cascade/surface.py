"""A response surface with few inputs: planes, hinges and their products, fitted by ridge regression.

One meter or temperature answers to two or three things. A surface of those alone learns from few rows what a network
of all inputs cannot, goes on as a plane beyond the record, and knows where the record ends.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array
from jax.typing import ArrayLike

from models.constrained import Limits
from models.evaluate import time_blocks
from models.ridge import fit_weights_without_each

# Engineering judgement.
MEMBERS = 5  # fits, each without one block of time: their spread is doubt
LEAST_ROWS = 20
LEAST_ROWS_PER_TERM = 2
HINGE_QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
HINGES_FROM_ROWS = 1_000  # fewer rows bear only planes and products
CLEARLY = 0.95  # of the other form's error: less is no reason for the less plain one
NEVER = 1e6  # standard deviations: where a hinge bends nothing
GLITCHES = 0.001  # share of the rows at either end that may be glitches rather than range

# Nobody chooses these: where they leave the record, no choice is better covered than another.
DRIVERS = ("load_kw", "outdoor_wetbulb_c", "outdoor_drybulb_c")
# With more (1) or less (-1) of these the equipment has an easier time than it ever had in the record. Surfaces stay
# at the record's edge there: no credit is given, and no doubt raised.
EASIER = {"gap_k": 1.0, "economizer_k": 1.0, "cw_approach_k": 1.0, "cw_flow_kg_s": -1.0}

Leaf = Any  # of a pytree: an array of NumPy or of JAX


@struct.dataclass
class Surface:
    """y = terms(x) @ weights for m members, or `level` times its cube; f inputs by name, h hinges in each.

    mean, scale, low, high (f,): of the record. knots (f, h): in standard deviations. weights (m, terms).
    noise: standard deviation of what the members' mean leaves, in the unit of y.
    cubic: the weights are of the cube root, as fans and pumps whose speed follows a demand have it (affinity laws).
    """

    inputs: tuple[str, ...] = struct.field(pytree_node=False)
    cubic: bool = struct.field(pytree_node=False)
    mean: Leaf
    scale: Leaf
    low: Leaf
    high: Leaf
    knots: Leaf
    weights: Leaf
    level: Leaf
    noise: Leaf


def fit_surface(
    inputs: tuple[str, ...],
    x: np.ndarray,
    y: np.ndarray,
    *,
    may_be_cubic: bool = False,
    within: Callable[[Surface], Limits | None] | None = None,
) -> Surface | None:
    """Surface of y (n,) over x (n, f), finite rows in time order; None where they are too few.

    may_be_cubic: fit its cube root as well, and keep that where it predicts rows left out better. within: what the
    weights of the surface, given without them, must fulfil. Raises ValueError where no weights do.
    """
    if len(x) < LEAST_ROWS:
        return None
    low, high = np.quantile(x, [GLITCHES, 1.0 - GLITCHES], axis=0)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-6, scale, 1.0)
    hinges = HINGE_QUANTILES if len(x) >= HINGES_FROM_ROWS else ()
    knots = (
        (np.quantile(x, hinges, axis=0).T - mean[:, None]) / scale[:, None]
        if hinges
        else np.zeros((len(inputs), 0))
    )
    bare = Surface(inputs, False, mean, scale, low, high, knots, np.zeros(0), 1.0, 0.0)
    phi = terms(bare, x)
    if len(x) < LEAST_ROWS_PER_TERM * phi.shape[1]:
        return None
    within = within or _anything
    plain, error = _fitted(bare, phi, y, within(bare))
    if may_be_cubic:
        root = replace(bare, cubic=True)
        cubic, cubic_error = _fitted(root, phi, y, within(root))
        plain = cubic if cubic_error < CLEARLY * error else plain
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), plain)


def _anything(_bare: Surface) -> None:
    return None


def _fitted(bare: Surface, phi: np.ndarray, y: np.ndarray, limits: Limits | None) -> tuple[Surface, float]:
    """The surface with its weights, and the mean absolute error of each member on the block left out of it."""
    blocks = time_blocks(len(phi), folds=MEMBERS)
    target = np.cbrt(np.maximum(y, 0.0)) if bare.cubic else y
    weights = fit_weights_without_each(phi, target, blocks, limits)
    each = phi @ weights.T if not bare.cubic else np.maximum(phi @ weights.T, 0.0) ** 3
    # The mean of cubes is more than the cube of the mean.
    level = y.mean() / max(each.mean(), 1e-9) if bare.cubic else 1.0
    left_out = each[np.arange(len(phi)), blocks]
    noise = np.std(y - level * each.mean(axis=1))
    return replace(bare, weights=weights, level=level, noise=noise), float(
        np.abs(y - level * left_out).mean()
    )


def with_hinges(surface: Surface) -> Surface:
    """The same curve with as many hinges as a long record bears: those that it lacks lie beyond everything.

    Surfaces of short and long records then have one shape. NumPy arrays.
    """
    features, missing = len(surface.inputs), len(HINGE_QUANTILES) - np.shape(surface.knots)[1]
    if missing != len(HINGE_QUANTILES):  # all or none
        return surface
    knots = np.full((features, missing), NEVER, np.float32)
    weights = np.asarray(surface.weights, np.float32)
    more = features * missing + features * (features - 1) * missing
    return replace(surface, knots=knots, weights=np.pad(weights, ((0, 0), (0, more))))


def members(surface: Surface, given: Mapping[str, ArrayLike]) -> Array:
    """Every member's value (m, n) from arrays (n,) by name."""
    raw = surface.weights @ terms(surface, _inputs(surface, given)).T
    return surface.level * jnp.maximum(raw, 0.0) ** 3 if surface.cubic else raw


def values(surface: Surface, x: np.ndarray) -> np.ndarray:
    """The members' mean (n,) at inputs x (n, f), in NumPy and without the record's edges."""
    raw = terms(surface, x) @ surface.weights.T
    each = surface.level * np.maximum(raw, 0.0) ** 3 if surface.cubic else raw
    return each.mean(axis=1)


def mean(surface: Surface, given: Mapping[str, ArrayLike]) -> Array:
    """The members' mean (n,) from arrays (n,) by name."""
    return members(surface, given).mean(axis=0)


def beyond(surface: Surface, given: Mapping[str, ArrayLike]) -> Array:
    """How far (n,) the chosen inputs lie beyond the record's range, the worst in standard deviations; 0 inside."""
    x = _inputs(surface, given)
    chosen = np.array([name not in DRIVERS for name in surface.inputs])
    excess = jnp.maximum(surface.low - x, x - surface.high) / surface.scale
    return jnp.where(chosen, excess, 0.0).max(axis=1).clip(0.0)


def _inputs(surface: Surface, given: Mapping[str, ArrayLike]) -> Array:
    x = jnp.stack([jnp.asarray(given[name], jnp.float32) for name in surface.inputs], axis=1)
    easier = np.array([EASIER.get(name, 0.0) for name in surface.inputs])
    x = jnp.where(easier > 0.0, jnp.minimum(x, surface.high), x)
    return jnp.where(easier < 0.0, jnp.maximum(x, surface.low), x)


def terms(surface: Surface, x):
    """1, every input, products inside the range, hinges, and hinges times other inputs: (n, f) -> (n, terms).

    NumPy in, NumPy out.
    """
    xp = x.__array_namespace__()
    z = (x - surface.mean) / surface.scale
    inside = (x.clip(surface.low, surface.high) - surface.mean) / surface.scale
    row, column = np.triu_indices(z.shape[1])
    first, second = np.nonzero(~np.eye(z.shape[1], dtype=bool))
    hinges = xp.maximum(z[:, :, None] - surface.knots, 0.0).reshape(len(z), -1)
    bends = xp.maximum(inside[:, :, None] - surface.knots, 0.0)
    bent = (bends[:, first, :] * inside[:, second, None]).reshape(len(z), -1)
    ones = xp.ones((len(z), 1), dtype=z.dtype)
    return xp.concatenate([ones, z, inside[:, row] * inside[:, column], hinges, bent], axis=1)
