"""Several setpoints of one quantity: the value they share, how far apart they stood, and which inlets each moves.

Coils, exchangers and pumps of a whole plant answer to the mean of the setpoints; a hall's racks answer to the setpoint
of their own units, where the record moved the setpoints apart far and often enough to tell.
"""

from collections.abc import Mapping
from typing import TypeVar

import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from models.cascade.declared_fit import Declared
from models.cascade.record import Record
from models.cascade.surface import GLITCHES, Leaf, Surface, beyond, mean
from models.setpoints import groups_of, quantity_of

SUPPLY = ("supply_air_sp_c", "supply_air_c")  # the second where a site sets the measured temperature itself
CHILLED = ("chw_supply_sp_c", "chw_supply_c")
INLET = "rack_inlet_c"
Values = TypeVar("Values", np.ndarray, Array)
# Engineering judgement: twice the error of a class B sensor, IEC 60751, and some ten hours at a quarter of an hour.
APART_K, FEWEST_APART = 0.5, 40
CLEARLY_BEST = (
    0.8  # of the second best setpoint's error: engineering judgement; noise alone moves it by a few percent
)
LEAST_SCALE = (
    0.1  # of the quantity's own standard deviation: setpoints that stood 0.01 K apart are no unit of distance
)


@struct.dataclass
class Apart:
    """How far the g setpoints of one quantity stood from their mean in the record, in the quantity's unit.

    low, high (g,): the extremes without glitches. scale (g,): standard deviation, by which what lies beyond is counted.
    """

    names: tuple[str, ...] = struct.field(pytree_node=False)
    low: Leaf
    high: Leaf
    scale: Leaf


@struct.dataclass
class Hall:
    """Rack inlets that answer to the same supply-air setpoint.

    follows: that setpoint; all of them where the record cannot tell which it is. over_k: K of the warmest of these
    inlets over the (warmest) setpoint, over its gap to chilled water and the load.
    """

    follows: tuple[str, ...] = struct.field(pytree_node=False)
    over_k: Surface


def with_shared(given: Mapping[str, Values]) -> dict[str, Values]:
    """`given` (leaves (n,)) and the mean of the setpoints of every quantity of which it has several."""
    own = [name for name in given if ":" in name]
    shared = dict(given)
    for quantity, columns in groups_of(own).items():
        total = given[own[columns[0]]]
        for column in columns[1:]:
            total = total + given[own[column]]
        shared[quantity] = total / len(columns)
    return shared


def apart_of(record: Record, setpoints: tuple[str, ...]) -> dict[str, Apart]:
    """How far the setpoints of each quantity that has several stood apart on measured settled rows."""
    by_quantity = {}
    rows = record.settled & ~record.virtual
    for quantity, columns in groups_of(setpoints).items():
        if len(columns) == 1:
            continue
        names = tuple(setpoints[column] for column in columns)
        values = np.stack([record.get(name) for name in names], axis=1)[rows]
        values = values[np.isfinite(values).all(axis=1)]
        by_quantity[quantity] = _apart(names, values)
    return by_quantity


def _apart(names: tuple[str, ...], values: np.ndarray) -> Apart:
    if len(values) == 0:  # never read together: chosen together
        zero = np.zeros(len(names), np.float32)
        return Apart(names, zero, zero, zero + np.float32(1.0))
    level = values.mean(axis=1)
    stood = values - level[:, None]
    low, high = np.quantile(stood, [GLITCHES, 1.0 - GLITCHES], axis=0)
    scale = np.maximum(stood.std(axis=0), LEAST_SCALE * level.std())
    scale = np.where(scale > 1e-6, scale, 1.0)
    return Apart(names, *(np.asarray(leaf, np.float32) for leaf in (low, high, scale)))


def beyond_apart(apart: Apart, given: Mapping[str, Array]) -> Array | float:
    """How far (n,) the setpoints stand further apart than the record shows, the worst in standard deviations."""
    if not all(name in given for name in apart.names):
        return 0.0
    values = jnp.stack([given[name] for name in apart.names], axis=1)
    stood = values - values.mean(axis=1, keepdims=True)
    excess = jnp.maximum(apart.low - stood, stood - apart.high) / apart.scale
    return excess.max(axis=1).clip(0.0)


def halls_of(
    record: Record, setpoints: tuple[str, ...], declared: Declared
) -> tuple[dict[str, Hall], dict[str, str]]:
    """Halls by name, and for each rack-inlet column the setpoint it follows ("" where the record cannot tell).

    declared: what is declared of rack inlets is kept by every hall. No halls where the site has fewer than two
    supply-air setpoints.
    """
    supply = tuple(name for name in setpoints if quantity_of(name) in SUPPLY)
    if len(supply) < 2:
        return {}, {}
    columns = [name for name in record.columns if name.startswith(f"{INLET}:")] or [INLET]
    follows = {column: _followed(record, column, supply) for column in columns if column in record.columns}
    halls = {}
    for setpoint in dict.fromkeys(follows.values()):
        own = [column for column, each in follows.items() if each == setpoint]
        inlet_c = np.fmax.reduce([record.get(column) for column in own])
        names = (setpoint,) if setpoint else supply
        surface = _over_setpoint(record, inlet_c, names, declared)
        if surface is not None:
            halls[setpoint or "any"] = Hall(names, surface)
    return halls, follows


def _followed(record: Record, column: str, supply: tuple[str, ...]) -> str:
    """The setpoint that explains the inlet clearly best on rows where the setpoints stood apart; "" if none does."""
    values = np.stack([record.get(name) for name in supply])
    stood_apart = values.max(axis=0) - values.min(axis=0) > APART_K  # False where one is not known
    rows = stood_apart & ~record.virtual
    if (rows & record.settled & np.isfinite(record.get(column))).sum() < FEWEST_APART:
        return ""
    surfaces = [_over_setpoint(record, record.get(column), (name,), Declared(()), rows) for name in supply]
    if any(surface is None for surface in surfaces):
        return ""
    errors = [float(surface.noise) for surface in surfaces if surface is not None]
    first, second = np.argsort(errors)[:2]
    return supply[first] if errors[first] < CLEARLY_BEST * errors[second] else ""


def _over_setpoint(
    record: Record,
    inlet_c: np.ndarray,
    names: tuple[str, ...],
    declared: Declared,
    rows: np.ndarray | None = None,
) -> Surface | None:
    """Surface of an inlet (n,) over the warmest of some setpoints, from its gap to chilled water and the load."""
    setpoint_c = np.max([record.get(name) for name in names], axis=0)
    chilled_c = next((record.get(name) for name in CHILLED if name in record.columns), np.nan)
    own = record.replaced(gap_k=setpoint_c - chilled_c)
    return declared.fit(
        own, ("gap_k", "load_kw"), INLET, inlet_c - setpoint_c, rows,
        where=f"inlet over {', '.join(names)}", already_of="supply_air_c",
    )  # fmt: skip


def hall_inlets(halls: Mapping[str, Hall], now: Mapping[str, Array]) -> tuple[Array, Array, Array]:
    """°C of the warmest and of the coldest hall's inlet, and how far the halls' gaps lie beyond the record; (n,) each.

    A hall of which the record cannot tell the setpoint is as warm as the warmest and as cold as the coldest makes it.
    """
    warm, cold, outside = [], [], []
    for hall in halls.values():
        setpoints = [now[name] if name in now else now[quantity_of(name)] for name in hall.follows]
        each = [_inlet(hall, setpoint_c, now) for setpoint_c in setpoints]
        warm.append(jnp.stack([inlet_c for inlet_c, _ in each]).max(axis=0))
        cold.append(jnp.stack([inlet_c for inlet_c, _ in each]).min(axis=0))
        outside.append(jnp.stack([edge for _, edge in each]).max(axis=0))
    return jnp.stack(warm).max(axis=0), jnp.stack(cold).min(axis=0), jnp.stack(outside).max(axis=0)


def _inlet(hall: Hall, setpoint_c: Array, now: Mapping[str, Array]) -> tuple[Array, Array]:
    chilled = next((now[name] for name in CHILLED if name in now), None)
    own = dict(now) if chilled is None else {**now, "gap_k": setpoint_c - chilled}
    return setpoint_c + jnp.maximum(mean(hall.over_k, own), 0.0), beyond(hall.over_k, own)
