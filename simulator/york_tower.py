"""Cooling tower cell by the YorkCalc correlation: approach from wetbulb, range and liquid-to-gas ratio."""

import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.fan import fan_power_from_curve_w

# EnergyPlus Engineering Reference, "Variable Speed Cooling Towers", table of YorkCalc coefficients (K, °C).
# [power of liquid-to-gas, power of range, power of wetbulb]
YORKCALC = (
    (
        (-0.359741205, -0.055053608, 0.0023850432),
        (0.173926877, -0.0248473764, 0.00048430224),
        (-0.005589849456, 0.0005770079712, -0.00001342427256),
    ),
    (
        (2.84765801111111, -0.121765149, 0.0014599242),
        (1.680428651, -0.0166920786, -0.0007190532),
        (-0.025485194448, 0.0000487491696, 0.00002719234152),
    ),
    (
        (-0.0653766255555556, -0.002278167, 0.0002500254),
        (-0.0910565458, 0.00318176316, 0.000038621772),
        (-0.0034285382352, 0.00000856589904, -0.000001516821552),
    ),
)
# The correlation's own range, same source.
WETBULB_LIMITS_C = (-34.4, 26.6667)
RANGE_LIMITS_K = (1.1111, 22.2222)
WATER_RATIO_LIMITS = (0.75, 1.25)
MOST_LIQUID_TO_GAS = 8.0


@struct.dataclass
class YorkTower:
    """One cell, scalars except `fan_curve` (n,), ascending powers of the airflow ratio."""

    rated_water_kg_s: Array
    rated_fan_w: Array
    design_wetbulb_c: Array
    design_approach_k: Array
    design_range_k: Array
    minimum_air_ratio: Array  # below it the fan cycles
    free_convection: Array  # share of full-speed cooling with the fan off
    fan_curve: Array


def _of_liquid_to_gas(wetbulb_c: Array, range_k: Array) -> tuple[Array, Array, Array]:
    """Approach as `a + b L + c L²` of liquid-to-gas ratio L, relative to design."""
    a, b, c = (
        sum(row[w] * range_k**r * wetbulb_c**w for r, row in enumerate(block) for w in range(3))
        for block in YORKCALC
    )
    return jnp.asarray(a), jnp.asarray(b), jnp.asarray(c)


def york_approach_k(wetbulb_c: Array, range_k: Array, liquid_to_gas: Array) -> Array:
    """Leaving water above wetbulb, K, inside the correlation's range."""
    a, b, c = _of_liquid_to_gas(wetbulb_c, range_k)
    return a + liquid_to_gas * (b + liquid_to_gas * c)


def _positive_root(a: Array, b: Array, c: Array) -> Array:
    """The root of `a + b x + c x²` that tends to `-a / b` as c vanishes."""
    root = jnp.sqrt(jnp.maximum(b**2 - 4 * a * c, 1e-12))
    return -2 * a / jnp.maximum(b + root, 1e-9)


def liquid_to_gas_for_approach(wetbulb_c: Array, range_k: Array, approach_k: Array) -> Array:
    """Liquid-to-gas ratio, relative to design, at which a range is cooled to an approach."""
    a, b, c = _of_liquid_to_gas(wetbulb_c, range_k)
    return jnp.clip(_positive_root(a - approach_k, b, c), 1e-3, MOST_LIQUID_TO_GAS)


def _water_ratio(tower: YorkTower, water_kg_s: Array) -> Array:
    """Water over the flow at which the correlation gives this tower's design approach at full airflow."""
    design = liquid_to_gas_for_approach(tower.design_wetbulb_c, tower.design_range_k, tower.design_approach_k)
    return jnp.clip(design * water_kg_s / tower.rated_water_kg_s, *WATER_RATIO_LIMITS)


def york_leaving_c(
    tower: YorkTower, entering_c: Array, wetbulb_c: Array, water_kg_s: Array, air_ratio: Array
) -> Array:
    """Leaving water with the fan at an airflow ratio: entering less the range that its own approach allows."""
    wetbulb = jnp.clip(wetbulb_c, *WETBULB_LIMITS_C)
    L = jnp.minimum(_water_ratio(tower, water_kg_s) / jnp.maximum(air_ratio, 1e-3), MOST_LIQUID_TO_GAS)
    p, q, r = (
        sum(YORKCALC[g][n][w] * L**g * wetbulb**w for g in range(3) for w in range(3)) for n in range(3)
    )
    range_k = _positive_root(jnp.asarray(wetbulb + p - entering_c), jnp.asarray(1 + q), jnp.asarray(r))
    return entering_c - jnp.clip(range_k, 0.0, RANGE_LIMITS_K[1])


def york_tower_step(
    tower: YorkTower, entering_c: Array, wetbulb_c: Array, water_kg_s: Array, setpoint_c: Array
) -> tuple[Array, Array]:
    """Leaving water, °C, and fan power, W, when the fan works towards a setpoint; scalars or broadcast.

    EnergyPlus Engineering Reference, "Variable Speed Cooling Towers": free convection where it suffices, a fan
    cycling at minimum speed above that, then the speed whose approach meets the setpoint, at most full.
    """
    full_c = york_leaving_c(tower, entering_c, wetbulb_c, water_kg_s, jnp.ones_like(entering_c))
    slow_c = york_leaving_c(tower, entering_c, wetbulb_c, water_kg_s, tower.minimum_air_ratio)
    off_c = entering_c - tower.free_convection * (entering_c - full_c)

    wetbulb = jnp.clip(wetbulb_c, *WETBULB_LIMITS_C)
    range_k = jnp.clip(entering_c - setpoint_c, *RANGE_LIMITS_K)
    L = liquid_to_gas_for_approach(wetbulb, range_k, setpoint_c - wetbulb)
    air_ratio = jnp.clip(_water_ratio(tower, water_kg_s) / L, tower.minimum_air_ratio, 1.0)
    air_ratio = jnp.where(full_c >= setpoint_c, 1.0, air_ratio)

    cycling = jnp.clip((off_c - setpoint_c) / jnp.maximum(off_c - slow_c, 1e-3), 0.0, 1.0)
    fan_w = cycling * fan_power_from_curve_w(tower.rated_fan_w, air_ratio, tower.fan_curve)
    return jnp.maximum(jnp.minimum(off_c, setpoint_c), full_c), fan_w
