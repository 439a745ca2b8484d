"""Declared effects in training: a penalty on slopes that break them."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

from models.efficiency.networks import Params, apply

WEIGHT = 3.0  # more than the loss can gain by a wrong slope, so that the penalty is exact in practice
EVERY = 4  # rows of a minibatch: slopes cost several times what errors do, and change little from row to row
# Of what the fit leaves, per standard deviation of the input: networks stay this far from the limit.
MARGIN = 0.02
Leaf = Any  # of a pytree: an array, or the axis of one


@struct.dataclass
class Slopes:
    """Slopes, by i inputs, of the fits that networks correct; t targets, m members, n rows, f features.

    Slopes are per standard deviation of the input; everything is in units of what the networks learn.
    direction (i, n, f): change of the bounded features with the input. slope (i, t, m, n) and value (t, m, n)
    of the fit, the value with the target's level. low, high (t, i): as in
    models.efficiency.declared_effects.EffectBounds.
    """

    direction: Leaf
    slope: Leaf
    value: Leaf
    low: Leaf
    high: Leaf

    def at(self, rows: Array, mask: Array) -> "Slopes":
        """Those at every fourth of each member's rows (m, b), for visible features, mask (t, f)."""
        rows = rows[:, ::EVERY]
        member = jnp.arange(rows.shape[0])[:, None]
        seen = self.direction[:, rows][None] * mask[:, None, None, None, :]  # (t, i, m, b, f)
        return Slopes(seen, self.slope[:, :, member, rows], self.value[:, member, rows], self.low, self.high)


# Axes of what `at` gives: that of the targets, then that of the members of one target.
OF_TARGET, OF_MEMBER = Slopes(0, 1, 0, 0, 0), Slopes(1, 1, 0, None, None)


def penalty(params: Params, z: Array, slopes: Slopes) -> Array:
    """Excess of one network's slopes at z (b, f) over the declared effects: the mean over rows, times WEIGHT.

    slopes: of one target and member at every fourth row: direction (i, b / 4, f), slope (i, b / 4), value (b
    / 4,), low, high (i,).
    """
    z = z[::EVERY]

    def along(direction: Array) -> tuple[Array, Array]:
        return jax.jvp(partial(apply, params), (z,), (direction,))

    output, learned = jax.vmap(along, out_axes=(None, 0))(slopes.direction)
    slope, value = slopes.slope + learned, slopes.value + output
    missing = _beyond(slopes.low, lambda low: low * value - slope)
    missing += _beyond(slopes.high, lambda high: slope - high * value)
    return WEIGHT * missing.sum(axis=0).mean()


def _beyond(limit: Array, excess) -> Array:
    limited = jnp.isfinite(limit)
    # the inner `where` keeps infinities out of the gradient
    over = excess(jnp.where(limited, limit, 0.0)[:, None]) + MARGIN
    return jnp.where(limited[:, None], jax.nn.relu(over), 0.0)
