"""The cheapest setpoints: a Sobol sweep over what may be chosen, then finer sweeps around the best, in one call."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array
from scipy.stats import qmc

from models.control.cascade import Cascade, Outcome, outcome

SWEEP, FINER, ROUNDS = 1024, 256, 4
OUTSIDE_KW = 400.0  # per standard deviation beyond the record
INLET_KW = 400.0  # per K beyond the envelope


@struct.dataclass
class Rules:
    """names: of the k setpoints. low, high (k,). caution: price of the members' spread. inlet limits in degC."""

    names: tuple[str, ...] = struct.field(pytree_node=False)
    binary: tuple[bool, ...] = struct.field(pytree_node=False)
    low: Array
    high: Array
    inlet_low_c: Array
    inlet_high_c: Array
    caution: Array


def price(cascade: Cascade, rules: Rules, drivers: dict[str, Array], choices: Array) -> tuple[Array, Outcome]:
    """kW and penalties (n,) of choices (n, k), and their outcome."""
    known = dict(drivers) | {name: choices[:, i] for i, name in enumerate(rules.names)}
    found = outcome(cascade, known)
    kw = found.facility_kw.mean(axis=0) + rules.caution * found.facility_kw.std(axis=0)
    out_k = jnp.maximum(found.rack_inlet_c - rules.inlet_high_c, rules.inlet_low_c - found.rack_inlet_c).clip(0.0)
    kw = kw + drivers['start_kw'] * drivers['chillers_stopped'] * (found.mode < 2)
    return kw + OUTSIDE_KW * found.outside + INLET_KW * out_k, found


@jax.jit
def best(cascade: Cascade, rules: Rules, drivers: dict[str, Array], kept: Array) -> tuple[Array, Array]:
    """Best choice for each combination of the on/off setpoints, and the kept ones: choices (c + r, k), price (c + r,)."""
    fixed = [i for i, b in enumerate(rules.binary) if b]
    free = [i for i, b in enumerate(rules.binary) if not b]
    combos = np.array(np.meshgrid(*[[0.0, 1.0]] * len(fixed), indexing="ij")).reshape(len(fixed), -1).T if fixed else np.zeros((1, 0))
    span = rules.high - rules.low

    def with_fixed(unit, combo):
        x = jnp.zeros((len(unit), len(rules.names)))
        x = x.at[:, jnp.array(free)].set(unit)
        if fixed:
            x = x.at[:, jnp.array(fixed)].set(jnp.asarray(combo, jnp.float32)[None])
        return rules.low + x * span

    sweep, fine = _sobol(len(free), SWEEP), _sobol(len(free), FINER) - 0.5

    def search(combo):
        unit = sweep
        cost = price(cascade, rules, drivers, with_fixed(unit, combo))[0]
        at, low = unit[jnp.argmin(cost)], cost.min()
        width = 0.25
        for _ in range(ROUNDS):
            unit = jnp.clip(at + width * fine, 0.0, 1.0)
            unit = jnp.concatenate([at[None], unit])
            cost = price(cascade, rules, drivers, with_fixed(unit, combo))[0]
            at, low, width = unit[jnp.argmin(cost)], cost.min(), width * 0.45
        return with_fixed(at[None], combo)[0], low

    found = jax.vmap(search)(jnp.asarray(combos, jnp.float32))
    kept_cost, _ = price(cascade, rules, drivers, kept)
    return jnp.concatenate([found[0], kept]), jnp.concatenate([found[1], kept_cost])


def _sobol(dimensions: int, count: int) -> Array:
    return jnp.asarray(qmc.Sobol(dimensions, scramble=False).random(count), jnp.float32)
