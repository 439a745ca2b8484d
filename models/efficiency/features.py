"""Features that follow from the inputs by textbook relations; pure JAX, for fitting and serving alike.

Each is a quantity that an engineer would plot against kW per kW, so a network with little data need not learn
it.
"""

from typing import TypeVar

import jax
import numpy as np
from jax.typing import ArrayLike

A = TypeVar("A", np.ndarray, jax.Array)

WATER_KJ_KG_K = 4.19  # specific heat of liquid water at 10 °C, IAPWS-95

# (feature, its inputs): derived where a site records every one of the inputs.
_INPUTS_OF = {
    "inverse_load": ("load_kw",),
    "load_per_chiller_kw": ("load_kw", "chiller_on"),
    "lift_k": ("cw_supply_c", "chw_supply_c"),
    "wetbulb_lift_k": ("outdoor_wetbulb_c", "chw_supply_c"),
    "tower_approach_k": ("cw_supply_c", "outdoor_wetbulb_c"),
    "chw_range_k": ("chw_return_c", "chw_supply_c"),
    "free_cooling_k": ("economizer_enable", "chw_return_c", "cw_supply_c"),
    "heat_per_flow_k": ("load_kw", "chw_flow_kg_s"),
    "chw_pump_affinity": ("chw_pump_speed_frac",),
    "secondary_pump_affinity": ("secondary_pump_speed_frac",),
    "cw_pump_affinity": ("cw_pump_speed_frac",),
    "tower_fan_affinity": ("tower_fan_speed_frac",),
    "crah_fan_affinity": ("crah_fan_speed_frac",),
    "wind_east_frac": ("wind_direction_deg",),
    "wind_north_frac": ("wind_direction_deg",),
}


_DRIVING = ("load_kw", "inverse_load")
_DRIVING_ENDS = ("_move", "_gap", "_trend")


def feature_names(inputs: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the columns of `with_derived`: the inputs, then the features that they allow."""
    return (*inputs, *(name for name, needed in _INPUTS_OF.items() if set(needed) <= set(inputs)))


def inputs_of(feature: str) -> tuple[str, ...]:
    """The inputs that a feature is computed from; an input itself where it is one."""
    return _INPUTS_OF.get(feature, (feature,))


def driving_pairs(names: tuple[str, ...]) -> np.ndarray:
    """Pairs of features whose products make response lines: (p, 2) columns of `names`.

    Power per load is linear in 1/load and load, with slopes that depend on everything else; a change within
    the hour is linear in the moves and gaps that cause it. Beyond the record such lines extrapolate soundly
    where a full quadratic diverges.
    """
    drives = [i for i, name in enumerate(names) if name in _DRIVING or name.endswith(_DRIVING_ENDS)]
    pairs = [(i, j) for i in drives for j in range(len(names)) if j not in drives or j >= i]
    return np.array(pairs, dtype=np.int32).reshape(-1, 2)


def with_derived(inputs: tuple[str, ...], x: A, load_scale_kw: ArrayLike) -> A:
    """Inputs (n, k) -> features (n, f), columns as `feature_names(inputs)`; a NaN input gives NaN features.

    load_scale_kw: a typical load, which makes the inverse load a number near 1. NumPy in, NumPy out.
    """
    column = {name: x[:, i] for i, name in enumerate(inputs)}
    names = feature_names(inputs)[len(inputs) :]
    derived: list[A] = [_derive(name, column, load_scale_kw)[:, None] for name in names]
    return x.__array_namespace__().concatenate([x, *derived], axis=1)


def _derive(name: str, column: dict[str, A], load_scale_kw: ArrayLike) -> A:
    first, *others = (column[needed] for needed in _INPUTS_OF[name])
    xp = first.__array_namespace__()
    if name == "inverse_load":
        # Fixed power per kW of load goes with 1/load; the offset keeps a plant that starts from dominating.
        return 1.0 / (first / load_scale_kw + 0.02)
    if name == "load_per_chiller_kw":
        return first / xp.maximum(others[0], 1.0)
    if name == "free_cooling_k":
        # An economizer works where tower water is colder than the water it should cool.
        return first * xp.maximum(others[0] - others[1], 0.0)
    if name == "heat_per_flow_k":
        return first / xp.maximum(others[0], 1.0) / WATER_KJ_KG_K
    if name.endswith("_affinity"):
        return first**3  # power of fans and pumps follows the cube of speed (affinity laws)
    if name == "wind_east_frac":
        return xp.sin(xp.deg2rad(first))
    if name == "wind_north_frac":
        return xp.cos(xp.deg2rad(first))
    return first - others[0]
