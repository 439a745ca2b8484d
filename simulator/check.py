"""Checks that a plant's parameters are physically possible; names the parameter that breaks a rule."""

import jax
import jax.numpy as jnp
import numpy as np

from simulator.chiller import Chillers
from simulator.types import Plant

# By the end of a parameter's name, which gives its kind; the first rule that matches applies.
FREE = ("_c", "_curve", "_loss", "per_k", "per_k2")  # any finite number
ABOVE_ONE = ("shutoff_head_ratio", "cycles_of_concentration")
BETWEEN = ("air_side_resistance",)
SHARES = ("_fraction", "_ratio", "_recirculation", "efficiency", "_to_hall", "minimum_speed", "_convection")
NOT_NEGATIVE = (
    "head_pa",
    "difference_k",
    "lift_k",
    "_on_s",
    "_off_s",
    "lighting_w",
    "_pa",
    "fresh_air_kg_s",
    "envelope_w_k",
    "minimum_flow_kg_s",
)


def check_plant(plant: Plant) -> None:
    """Checks every parameter of a plant, or of a stack of plants, against its physical range.

    Meant for plants made from fitted or written numbers; `default_plant` and `perturb_plant` always pass.
    Works on values, so not inside `jit`.

    Raises:
        ValueError: names the parameter, the rule and the value.
    """
    for path, leaf in jax.tree.leaves_with_path(plant):
        _check_leaf(jax.tree_util.keystr(path).lstrip("."), np.asarray(leaf))
    _check_chillers(plant.chillers)


def _check_leaf(name: str, value: np.ndarray) -> None:
    if value.size == 0:
        raise ValueError(f"{name} has no coefficients; give the maker's curve, in ascending powers")
    _require(np.isfinite(value), name, "must be finite", value)
    if ".control" in f".{name}" or name.endswith(FREE):
        return
    if name.endswith(ABOVE_ONE):
        _require(value > 1, name, "must exceed 1", value)
    elif name.endswith(BETWEEN):
        _require((value > 0) & (value < 1), name, "must lie between 0 and 1", value)
    elif name.endswith(SHARES):
        _require((value >= 0) & (value <= 1), name, "must lie in 0-1", value)
    elif name.endswith(NOT_NEGATIVE):
        _require(value >= 0, name, "must not be negative", value)
    else:
        _require(value > 0, name, "must be positive", value)


def _check_chillers(chillers: Chillers) -> None:
    """Curves must give a plausible capacity and input near the machine's rating."""
    at = jnp.asarray(10.0), jnp.asarray(25.0), jnp.asarray(1e6)  # water enough to leave as it enters
    capacity_w = np.asarray(chillers.capacity_w(*at)) / np.asarray(chillers.rated_capacity_w)
    _require(
        (capacity_w > 0.3) & (capacity_w < 1.9),
        "chillers.capacity_curve",
        "must give 0.3-1.9 of rated capacity at 10 °C chilled and 25 °C condenser water",
        capacity_w,
    )
    load_w = 0.7 * chillers.rated_capacity_w
    per_output = np.asarray(chillers.machine_power_w(load_w, *at)) * np.asarray(chillers.rated_cop / load_w)
    _require(
        (per_output > 0.2) & (per_output < 3.0),
        "chillers.input_curve and chillers.part_load_curve",
        "must give 0.2-3 of the rated input per output there at 70 % load",
        per_output,
    )


def _require(holds: np.ndarray, name: str, rule: str, value: np.ndarray) -> None:
    if not np.all(holds):
        wrong = np.ravel(np.broadcast_to(value, np.shape(holds)))[~np.ravel(holds)][0]
        raise ValueError(f"{name} {rule}, got {wrong:g}; edit the plant's parameters or their bounds")
