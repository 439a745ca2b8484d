"""Waterside economizer: a plate heat exchanger between chilled water and tower water."""

from typing import Literal

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import WATER_CP_J_KG_K
from simulator.solve import counterflow_effectiveness, inverse_of_rising_curve

Piping = Literal["series", "parallel"]
BISECTIONS = 16  # of the exchanger's share of flow: to below 1e-4
LEAST_DIFFERENCE_K = 0.05


@struct.dataclass
class Economizer:
    """Size, flow and control of the exchanger; scalars. Its piping is structure, fixed at compilation.

    `chilled_side`: in "series" all return water passes the exchanger ahead of the chillers, which do the rest
    (integrated operation). In "parallel" it takes the share of the water that it can bring to the setpoint,
    the chillers the rest; with chillers off it takes all. `condenser_side`: in "parallel" it has a branch of
    its own, beside the condensers; in "series" tower water passes it first and reaches the condensers warmed.
    """

    ua_w_k: Array
    rated_cw_flow_kg_s: Array
    minimum_cw_flow_ratio: Array  # how far its valve closes at part load; 1: it does not modulate
    head_pa: Array  # extra head in each loop that passes all its water through the exchanger
    lockout_difference_k: Array  # it is shut unless tower water is this much colder than the return
    chilled_side: Piping = struct.field(pytree_node=False, default="series")
    condenser_side: Piping = struct.field(pytree_node=False, default="parallel")


def economizer_conductance_w_k(economizer: Economizer, chw_kg_s: Array, cw_kg_s: Array) -> Array:
    """Heat per K between entering chilled water and entering tower water, `eps C_min`, W/K.

    Effectiveness-NTU, counterflow: EnergyPlus Engineering Reference, "HeatExchanger:FluidToFluid".
    """
    C_chw, C_cw = WATER_CP_J_KG_K * chw_kg_s, WATER_CP_J_KG_K * cw_kg_s
    C_min, C_max = jnp.minimum(C_chw, C_cw), jnp.maximum(C_chw, C_cw)
    return counterflow_effectiveness(C_min, C_max, economizer.ua_w_k) * C_min


def economizer_open(
    economizer: Economizer,
    enable: Array,
    chw_return_c: Array,
    cw_c: Array,
    cw_setpoint_c: Array,
    chillers_running: Array,
) -> Array:
    """1 while enabled and tower water is colder than the return by the lock-out difference; else 0.

    The warmer of tower water and its setpoint counts. With no chiller running, tower water may stand still
    and its temperature does not show what the towers can reach: the setpoint alone decides then, and the
    start of a chiller closes the exchanger if the water is too warm.
    """
    warmer_c = jnp.where(chillers_running > 0, jnp.maximum(cw_c, cw_setpoint_c), cw_setpoint_c)
    cold_enough = warmer_c < chw_return_c - economizer.lockout_difference_k
    return jnp.where((enable > 0.5) & cold_enough, 1.0, 0.0)


def cw_flow_for_conductance_kg_s(economizer: Economizer, chw_kg_s: Array, conductance_w_k: Array) -> Array:
    """Tower water, kg/s, that gives the open exchanger a conductance (W/K), between its valve's limits."""
    most = economizer.rated_cw_flow_kg_s
    return inverse_of_rising_curve(
        lambda cw: economizer_conductance_w_k(economizer, chw_kg_s, cw),
        target=conductance_w_k,
        start=conductance_w_k / WATER_CP_J_KG_K,
        low=economizer.minimum_cw_flow_ratio * most,
        high=most,
    )


def heat_at_setpoint_w(
    economizer: Economizer, chw_return_c: Array, chw_setpoint_c: Array, cw_c: Array, cw_kg_s: Array
) -> Array:
    """Most heat, W, that the exchanger takes from return water cooled to the setpoint; 0 where it cannot.

    Counterflow with three known ends, unknown chilled-water flow. With r that flow over tower water's, k the
    chilled water's drop over the cold end's difference: `NTU = UA / C_cw = r ln(1 + k (1 - r)) / (1 - r)`
    (log-mean temperature difference, Incropera, Fundamentals of Heat and Mass Transfer, sect. 11.3), rising
    in r.
    """
    C_cw = WATER_CP_J_KG_K * jnp.maximum(cw_kg_s, 1e-3)
    drop_k = jnp.maximum(chw_return_c - chw_setpoint_c, LEAST_DIFFERENCE_K)
    k = drop_k / jnp.maximum(chw_setpoint_c - cw_c, LEAST_DIFFERENCE_K)
    NTU = economizer.ua_w_k / C_cw

    def excess(r: Array) -> Array:
        gap = jnp.where(jnp.abs(1 - r) < 1e-3, 1e-3, 1 - r)
        return r * jnp.log1p(jnp.maximum(k * gap, -0.9999)) / gap - NTU

    def halve(_: int, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bracket
        middle = (low + high) / 2
        above = excess(middle) > 0
        return jnp.where(above, low, middle), jnp.where(above, middle, high)

    hold = jax.lax.stop_gradient
    bracket = (jnp.zeros_like(k), hold(1 + 1 / k))
    low, high = jax.lax.fori_loop(0, BISECTIONS, halve, bracket, unroll=True)
    r = hold((low + high) / 2)
    value, slope = jax.jvp(excess, (r,), (jnp.ones_like(r),))
    r = jnp.clip(r - value / jnp.maximum(hold(slope), 1e-6), 0.0, 1 + 1 / k)  # carries the gradient
    reachable = (chw_setpoint_c > cw_c + LEAST_DIFFERENCE_K) & (chw_return_c > chw_setpoint_c)
    return jnp.where(reachable, r * C_cw * drop_k, 0.0)
