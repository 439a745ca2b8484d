"""Electric chiller whose curves are of leaving condenser water, as makers' selections give them."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.chiller import biquadratic
from simulator.constants import WATER_CP_J_KG_K

LEAVING_WATER_ITERATIONS = 4  # each narrows the rise's error about tenfold


@struct.dataclass
class ReformulatedChiller:
    """One machine; scalars except the curves.

    `capacity_curve`, `input_curve` (6,): as `simulator.chiller.Chillers`, but y is *leaving* condenser water, °C.
    `part_load_curve` (10,): `c0 + c1 x + c2 x² + c3 y + c4 y² + c5 x y + c6 x³ + c7 y³ + c8 x² y + c9 x y²`,
    x leaving condenser water, y part-load ratio.
    """

    rated_capacity_w: Array
    rated_cop: Array
    capacity_curve: Array
    input_curve: Array
    part_load_curve: Array
    minimum_load_ratio: Array  # below it the machine cycles


def _bicubic(c: Array, x: Array, y: Array) -> Array:
    return (
        c[0]
        + x * (c[1] + x * (c[2] + c[6] * x) + y * (c[5] + c[8] * x + c[9] * y))
        + y * (c[3] + y * (c[4] + c[7] * y))
    )


def reformulated_chiller_power_w(
    chiller: ReformulatedChiller, load_w: Array, chw_c: Array, entering_cw_c: Array, cw_kg_s: Array
) -> tuple[Array, Array]:
    """Electric power, W, and heat taken, W, of one machine; every argument is a scalar or broadcasts.

    EnergyPlus Engineering Reference, "Electric Chiller Model Based on Condenser Leaving Temperature" (Hydeman
    et al. 2002, ASHRAE Transactions 108(1)). Leaving water depends on the power it decides: fixed-point
    iteration from the load alone, which converges because a kelvin changes the rejected heat by about 1 %.
    Heat taken is less than `load_w` where the machine's capacity falls short.
    """
    C_water = WATER_CP_J_KG_K * jnp.maximum(cw_kg_s, 1e-3)
    power_w, taken_w = jnp.zeros_like(load_w), load_w
    for _ in range(LEAVING_WATER_ITERATIONS):
        leaving_c = entering_cw_c + jnp.minimum((taken_w + power_w) / C_water, 25.0)
        available_w = chiller.rated_capacity_w * jnp.clip(
            biquadratic(chiller.capacity_curve, chw_c, leaving_c), 0.1, 2.0
        )
        taken_w = jnp.minimum(load_w, available_w)
        PLR = taken_w / available_w
        EIRFT = jnp.clip(biquadratic(chiller.input_curve, chw_c, leaving_c), 0.02, 3.0)
        PLR_run = jnp.maximum(PLR, chiller.minimum_load_ratio)
        EIRFPLR = jnp.maximum(_bicubic(chiller.part_load_curve, leaving_c, PLR_run), 0.0)
        cycling = jnp.clip(PLR / chiller.minimum_load_ratio, 0.0, 1.0)
        power_w = available_w / chiller.rated_cop * EIRFT * EIRFPLR * cycling
    return power_w, taken_w
