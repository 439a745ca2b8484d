"""Readings that several sizes use: robust maxima, heat and water flow from whichever meters there are."""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from models.twin.record import Record
from simulator.constants import WATER_CP_J_KG_K

HIGH, LOW = 0.995, 0.01
LOCKOUT_K = 1.0  # return over tower water below which no exchanger is worth its pumps
FEW_ROWS = 20  # fewer are not evidence


def high(values: np.ndarray) -> np.ndarray:
    """Maximum of a quantity without outliers, along the first axis: its 99.5 % quantile."""
    return np.nanquantile(values, HIGH, axis=0)


def filled(part: Any, **values: Any) -> Any:
    """The part with leaves replaced, each in its own shape and type."""
    shaped = {}
    for name, value in values.items():
        leaf = getattr(part, name)
        shaped[name] = jnp.broadcast_to(jnp.asarray(value, dtype=leaf.dtype), leaf.shape)
    return replace(part, **shaped)


def enabled(record: Record) -> np.ndarray:
    """Rows (n,), bool, in which the economizer was enabled; all False where it is not recorded."""
    return record.inputs.setpoints.get("economizer_enable", np.zeros(len(record))) > 0.5


def economizing(record: Record) -> np.ndarray:
    """Rows (n,), bool, in which the economizer may have carried heat: enabled, with tower water cold enough.

    Many sites leave it enabled all year. Where no water tells, enabled counts, unless it always is.
    """
    allowed, read = enabled(record), record.measured
    if {"chw_return_c", "cw_supply_c"} <= set(read):
        colder_k = read["chw_return_c"] - read["cw_supply_c"]
        return allowed & ~(colder_k <= LOCKOUT_K)
    return allowed & ~allowed.all()


def thermal_load_w(record: Record) -> np.ndarray | None:
    """Heat that the chilled water carries, W, (n,): metered, else from flow and rise, else IT power."""
    read = record.measured
    if "coil_heat_w" in read:
        return read["coil_heat_w"]
    if {"chw_flow_kg_s", "chw_return_c", "chw_supply_c"} <= set(read):
        return WATER_CP_J_KG_K * read["chw_flow_kg_s"] * (read["chw_return_c"] - read["chw_supply_c"])
    return record.inputs.it_w.sum(axis=1)


def condenser_flow_kg_s(record: Record) -> np.ndarray | None:
    """Tower water, kg/s, (n,): metered, or heat over temperature rise; None without meters."""
    read, load_w = record.measured, thermal_load_w(record)
    if "cw_flow_kg_s" in read:
        return read["cw_flow_kg_s"]
    if load_w is None or not {"chiller_w", "cw_supply_c", "cw_return_c"} <= set(read):
        return None
    rise_k = read["cw_return_c"] - read["cw_supply_c"]
    return np.where(
        rise_k > 0.5, (load_w + read["chiller_w"]) / (WATER_CP_J_KG_K * np.maximum(rise_k, 0.5)), np.nan
    )
