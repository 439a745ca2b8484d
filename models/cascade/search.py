"""The cheapest setpoints: a Sobol sweep over all that may be chosen, then finer sweeps around the best, in one call.

Setpoints of one quantity are written as a common level and how far each stands from it, so that the search never
proposes to take them further apart than the record shows; those that are on/off switch together.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from scipy.stats import qmc

from models.cascade.cascade import Cascade, asked_parts
from models.cascade.groups import Apart
from models.cascade.objective import Objective, price
from models.cascade.physical import most_probable
from models.setpoints import Bounds, groups_of

# Engineering judgement, checked by tests/models/cascade/test_search.py: a sweep that a thousand random choices do not
# beat by more than 0.5 kW, in some 10 ms.
SWEEP, FINER, ROUNDS = 1024, 128, 4  # Sobol points, balanced only in powers of two
FIRST_WIDTH, SHRINK = 0.25, 0.45  # of the range; of the last width


def best(
    cascade: Cascade, bounds: Bounds, objective: Objective, drivers: Mapping[str, ArrayLike]
) -> tuple[Array, Array]:
    """The best setpoints for each combination of the on/off quantities: values (c, k) and prices in kW (c,).

    bounds: k setpoints; one whose low is its high is not chosen. drivers: everything else that `outcome` asks for, and
    `chillers_stopped`, scalars. Deterministic.
    """
    low, high = (np.asarray(limit, np.float32) for limit in (bounds.low, bounds.high))
    return _best(
        asked_parts(cascade),
        objective,
        dict(drivers),
        low,
        high,
        names=bounds.names,
        binary=tuple(bounds.binary.tolist()),
    )


@partial(jax.jit, static_argnames=("names", "binary"))
def _best(
    cascade: Cascade,
    objective: Objective,
    drivers: Mapping[str, ArrayLike],
    low: Array,
    high: Array,
    *,
    names: tuple[str, ...],
    binary: tuple[bool, ...],
) -> tuple[Array, Array]:
    free = np.array([column for column, each in enumerate(binary) if not each], int)
    combinations = jnp.asarray(_combinations(names, binary), jnp.float32)  # (1, 0) without any
    switched = np.array([column for column, each in enumerate(binary) if each], int)
    sweep, finer = _sobol(len(free), SWEEP), _sobol(len(free), FINER) - 0.5

    def values_of(unit: Array, combination: Array) -> Array:
        x = jnp.zeros((len(unit), len(names))).at[:, free].set(unit)
        values = low + x.at[:, switched].set(combination) * (high - low)
        # The gray-box plant has one hall: it says nothing of setpoints that stand apart.
        apart = cascade.apart if cascade.physics is None else {}
        return _within_record(apart, names, binary, x, values, low, high)

    likely = cascade
    if cascade.physics is not None:
        # The sweep asks the most probable plant only, the finer ones all that may be.
        likely = replace(cascade, physics=most_probable(cascade.physics))

    def search(combination: Array) -> tuple[Array, Array]:
        def cheapest(unit: Array, model: Cascade = cascade) -> tuple[Array, Array]:
            cost = price(model, names, objective, drivers, values_of(unit, combination))[0]
            return unit[jnp.argmin(cost)], cost.min()

        def refined(best: tuple[Array, Array], width: Array) -> tuple[tuple[Array, Array], None]:
            around = jnp.clip(best[0] + width * finer, 0.0, 1.0)
            return cheapest(jnp.concatenate([best[0][None], around])), None

        # A scan, so that the price is traced and compiled once for all rounds.
        widths = FIRST_WIDTH * SHRINK ** jnp.arange(ROUNDS, dtype=jnp.float32)
        (at, cost), _ = jax.lax.scan(refined, cheapest(sweep, likely), widths)
        return values_of(at[None], combination)[0], cost

    return jax.vmap(search)(combinations)


def _combinations(names: tuple[str, ...], binary: tuple[bool, ...]) -> np.ndarray:
    """States (c, b) of the b on/off setpoints, those of one quantity alike."""
    groups = groups_of([name for name, each in zip(names, binary, strict=True) if each])
    states = np.zeros((2 ** len(groups), sum(binary)))
    for row, state in enumerate(product((0.0, 1.0), repeat=len(groups))):
        for on, columns in zip(state, groups.values(), strict=True):
            states[row, list(columns)] = on
    return states


def _within_record(
    apart: Mapping[str, Apart],
    names: tuple[str, ...],
    binary: tuple[bool, ...],
    unit: Array,
    values: Array,
    low: Array,
    high: Array,
) -> Array:
    """`values` (n, k), but several continuous setpoints of one quantity at a level and as far from it as recorded.

    unit (n, k): 0 to 1; of such a group its first column is the level between the lowest and the highest limit, the
    others say where between the record's extremes each stands from the level; the first balances them.
    """
    for quantity, columns in groups_of(names).items():
        if len(columns) == 1 or any(binary[column] for column in columns):
            continue
        at = np.array(columns)
        least, most = _extremes(apart.get(quantity), [names[column] for column in columns])
        level = low[at].min() + unit[:, at[0]] * (high[at].max() - low[at].min())
        others = least[1:] + unit[:, at[1:]] * (most - least)[1:]
        first = jnp.clip(-others.sum(axis=1), least[0], most[0])
        stands = level[:, None] + jnp.concatenate([first[:, None], others], axis=1)
        values = values.at[:, at].set(jnp.clip(stands, low[at], high[at]))
    return values


def _extremes(apart: Apart | None, names: list[str]) -> tuple[Array, Array]:
    """Lowest and highest distance of each setpoint from their mean; 0 for one that the record does not have."""
    if apart is None:
        return jnp.zeros(len(names)), jnp.zeros(len(names))
    place = {name: number for number, name in enumerate(apart.names)}
    return (
        jnp.stack([jnp.asarray(end)[place[name]] if name in place else jnp.zeros(()) for name in names])
        for end in (apart.low, apart.high)
    )  # type: ignore[return-value]


def _sobol(dimensions: int, count: int) -> Array:
    if dimensions == 0:
        return jnp.zeros((count, 0), jnp.float32)
    return jnp.asarray(qmc.Sobol(dimensions, scramble=False).random(count), jnp.float32)
