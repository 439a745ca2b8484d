"""The cheapest setpoints: a Sobol sweep over all that may be chosen, then finer sweeps around the best, in one call."""

from collections.abc import Mapping
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array
from jax.typing import ArrayLike
from scipy.stats import qmc

from models.cascade.cascade import Cascade
from models.cascade.objective import Objective, price
from models.cascade.surface import Leaf

SWEEP, FINER, ROUNDS = 1024, 256, 4  # Sobol points, balanced only in powers of two
FIRST_WIDTH, SHRINK = 0.25, 0.45  # of the range; of the last width


@struct.dataclass
class Choice:
    """What may be chosen: k setpoints by quantity, on/off or continuous, low and high (k,)."""

    names: tuple[str, ...] = struct.field(pytree_node=False)
    binary: tuple[bool, ...] = struct.field(pytree_node=False)
    low: Leaf
    high: Leaf


@jax.jit
def best(
    cascade: Cascade, choice: Choice, objective: Objective, drivers: Mapping[str, ArrayLike]
) -> tuple[Array, Array]:
    """The best setpoints for each combination of the on/off ones: values (c, k) and prices (c,). Deterministic."""
    free = np.array([column for column, binary in enumerate(choice.binary) if not binary], int)
    switched = np.array([column for column, binary in enumerate(choice.binary) if binary], int)
    combinations = np.array([*product((0.0, 1.0), repeat=len(switched))])  # (1, 0) without any
    sweep, finer = _sobol(len(free), SWEEP), _sobol(len(free), FINER) - 0.5

    def values_of(unit: Array, combination: Array) -> Array:
        x = jnp.zeros((len(unit), len(choice.names))).at[:, free].set(unit)
        return choice.low + x.at[:, switched].set(combination) * (choice.high - choice.low)

    def search(combination: Array) -> tuple[Array, Array]:
        def cheapest(unit: Array) -> tuple[Array, Array]:
            cost = price(cascade, choice.names, objective, drivers, values_of(unit, combination))[0]
            return unit[jnp.argmin(cost)], cost.min()

        at, cost = cheapest(sweep)
        for number in range(ROUNDS):
            around = jnp.clip(at + FIRST_WIDTH * SHRINK**number * finer, 0.0, 1.0)
            at, cost = cheapest(jnp.concatenate([at[None], around]))
        return values_of(at[None], combination)[0], cost

    return jax.vmap(search)(jnp.asarray(combinations, jnp.float32))


def _sobol(dimensions: int, count: int) -> Array:
    if dimensions == 0:
        return jnp.zeros((count, 0), jnp.float32)
    return jnp.asarray(qmc.Sobol(dimensions, scramble=False).random(count), jnp.float32)
