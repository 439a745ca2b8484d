"""Chilled-water coils, dry and wet: sensible heat, and the vapour that condenses. All arrays are (halls,)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from simulator.constants import AIR_CP_J_KG_K, WATER_CP_J_KG_K
from simulator.crah import Crah
from simulator.psychrometrics import (
    dew_point_from_humidity_ratio_c,
    enthalpy_j_kg,
    humidity_ratio_from_enthalpy,
    saturation_humidity_ratio,
)
from simulator.solve import counterflow_effectiveness, inverse_of_rising_curve
from simulator.wet_air import wet_air_cp_j_kg_k

VELOCITY_EXPONENT = 0.8  # turbulent convection, Dittus and Boelter 1930
LEAST_DIFFERENCE_K = 0.5  # between air and water: below it a coil transfers almost nothing
TRANSITION = 0.045  # of the heat: width of the change from dry to wet; narrower, five-minute steps oscillate
WET_STEPS = 2  # of Newton's method from the dry coil's water flow to the wet one's


class CoilAir(NamedTuple):
    """Return air and chilled water at a coil, and saturated air at the water's temperature; (halls,)."""

    air_c: Array
    humidity_ratio: Array
    water_c: Array
    excess_j_kg: Array  # the air's enthalpy over that of air saturated at the water's temperature
    saturated_cp_j_kg_k: Array  # of saturated air between water temperature and the air's dew point
    water_humidity_ratio: Array  # of air saturated at the water's temperature


class CoilDuty(NamedTuple):
    """Sensible and latent duty of a coil, (halls,)."""

    sensible_w_k: Array  # per K between return air and chilled water
    drying_kg_s: Array  # airflow that leaves with the surface's humidity; the rest bypasses the surface
    surface_humidity_ratio: Array


def coil_air(air_c: Array, humidity_ratio: Array, water_c: Array, pressure_pa: Array) -> CoilAir:
    """The state of air and water that a coil's equations need; temperatures in °C, pressure in Pa."""
    water_w = saturation_humidity_ratio(water_c, pressure_pa)
    dew_point_c = jnp.maximum(dew_point_from_humidity_ratio_c(humidity_ratio, pressure_pa), water_c)
    return CoilAir(
        air_c=air_c,
        humidity_ratio=humidity_ratio,
        water_c=water_c,
        excess_j_kg=enthalpy_j_kg(air_c, humidity_ratio) - enthalpy_j_kg(water_c, water_w),
        saturated_cp_j_kg_k=wet_air_cp_j_kg_k(water_c, dew_point_c, pressure_pa),
        water_humidity_ratio=water_w,
    )


def coil_duty(crah: Crah, air: CoilAir, airflow_kg_s: Array, water_kg_s: Array, fouling: Array) -> CoilDuty:
    """Sensible and latent duty of a coil that is dry or wet, whichever takes more heat.

    Braun, Klein and Mitchell 1989 (ASHRAE Transactions 95(1)): a partly wet coil takes little more than the larger of
    a dry and a fully wet one. Wet: effectiveness-NTU on enthalpies, with saturated air's specific heat c_s; air leaves
    on the line to its effective surface temperature. The same as EnergyPlus Engineering Reference, "Chilled-water-based
    air cooling coil", fully wet. `fouling` is the share of conductance lost.
    """
    c_s = air.saturated_cp_j_kg_k
    UA_o, UA_i = (ua * (1 - fouling) for ua in film_conductances_w_k(crah, airflow_kg_s, water_kg_s))
    head_k = air.air_c - air.water_c
    safe_k = jnp.where(jnp.abs(head_k) < LEAST_DIFFERENCE_K, LEAST_DIFFERENCE_K, head_k)

    UA_wet = 1 / (c_s / UA_i + AIR_CP_J_KG_K / UA_o)
    C_water = WATER_CP_J_KG_K * water_kg_s / c_s
    C_min, C_max = jnp.minimum(airflow_kg_s, C_water), jnp.maximum(airflow_kg_s, C_water)
    wet_w = counterflow_effectiveness(C_min, C_max, UA_wet) * C_min * air.excess_j_kg
    touched = -jnp.expm1(-UA_o / (AIR_CP_J_KG_K * airflow_kg_s))  # share of the air that touches the surface
    surface_k = (air.excess_j_kg - wet_w / (airflow_kg_s * touched)) / c_s  # over the water
    wet_w_k = AIR_CP_J_KG_K * airflow_kg_s * touched * jnp.maximum(1 - surface_k / safe_k, 0.0)

    dry_w_k = dry_conductance_w_k(crah, airflow_kg_s, water_kg_s, fouling)
    dry_w = dry_w_k * head_k
    more_wet = (wet_w - dry_w) / (TRANSITION * jnp.maximum(jnp.abs(dry_w), 1.0))
    wet = jnp.where(air.excess_j_kg > 0, jax.nn.sigmoid(more_wet), 0.0)
    surface_c = air.water_c + surface_k
    surface_j_kg = enthalpy_j_kg(air.water_c, air.water_humidity_ratio) + c_s * surface_k
    return CoilDuty(
        sensible_w_k=dry_w_k + wet * (wet_w_k - dry_w_k),
        drying_kg_s=wet * touched * airflow_kg_s,
        surface_humidity_ratio=humidity_ratio_from_enthalpy(surface_c, surface_j_kg),
    )


def drying_line(
    crah: Crah, air: CoilAir, airflow_kg_s: Array, water_kg_s: Array, fouling: Array, pressure_pa: Array
) -> tuple[Array, Array]:
    """Condensation linearised in the humidity ratio, `m = drying (w - w_0)`: drying, kg/s, and w_0; (halls,).

    A coil dries a hall's air within a minute. The hall's moisture balance needs the slope at which the coil gets wet:
    without it, steps longer than that would wet and dry the coil in turns.
    """

    def condensed_kg_s(w: Array) -> Array:
        met = coil_air(air.air_c, w, air.water_c, pressure_pa)
        duty = coil_duty(crah, met, airflow_kg_s, water_kg_s, fouling)
        return duty.drying_kg_s * jnp.maximum(w - duty.surface_humidity_ratio, 0.0)

    w = air.humidity_ratio
    m, slope = jax.jvp(condensed_kg_s, (w,), (jnp.ones_like(w),))
    drying = jnp.maximum(slope, 1e-6)
    return drying, w - m / drying


def film_conductances_w_k(crah: Crah, airflow_kg_s: Array, water_kg_s: Array) -> tuple[Array, Array]:
    """Conductance of the air side and of the water side at part flow, W/K; each film thins as velocity rises.

    Brandemuehl, HVAC 2 Toolkit (ASHRAE 1993), coil conductance from two film resistances.
    """
    air = jnp.maximum(airflow_kg_s / crah.rated_airflow_kg_s, 1e-3) ** VELOCITY_EXPONENT
    water = jnp.maximum(water_kg_s / crah.rated_water_kg_s, 1e-3) ** VELOCITY_EXPONENT
    r = crah.air_side_resistance
    return crah.rated_ua_w_k * air / r, crah.rated_ua_w_k * water / (1 - r)


def dry_conductance_w_k(crah: Crah, airflow_kg_s: Array, water_kg_s: Array, fouling: Array) -> Array:
    """Sensible heat per K between return air and chilled water of a dry coil: `eps C_min`, W/K.

    Effectiveness-NTU, counterflow: Incropera, Fundamentals of Heat and Mass Transfer, ch. 11.
    """
    UA_o, UA_i = film_conductances_w_k(crah, airflow_kg_s, water_kg_s)
    C_air, C_water = AIR_CP_J_KG_K * airflow_kg_s, WATER_CP_J_KG_K * water_kg_s
    C_min, C_max = jnp.minimum(C_air, C_water), jnp.maximum(C_air, C_water)
    UA = (1 - fouling) / (1 / UA_o + 1 / UA_i)
    return counterflow_effectiveness(C_min, C_max, UA) * C_min


def water_for_conductance_kg_s(
    crah: Crah, air: CoilAir, airflow_kg_s: Array, conductance_w_k: Array
) -> Array:
    """Water flow, kg/s, that gives a clean coil a sensible conductance (W/K); full flow where it cannot.

    Solved for a dry coil first, from the flow at effectiveness 1, which is the least possible; then for the
    coil as it is, which needs more water where condensing vapour takes part of the cooling.
    """
    clean, limits = jnp.zeros_like(airflow_kg_s), (jnp.zeros_like(airflow_kg_s), crah.rated_water_kg_s)
    dry = inverse_of_rising_curve(
        lambda water: dry_conductance_w_k(crah, airflow_kg_s, water, clean),
        conductance_w_k,
        conductance_w_k / WATER_CP_J_KG_K,
        *limits,
    )
    return inverse_of_rising_curve(
        lambda water: coil_duty(crah, air, airflow_kg_s, water, clean).sensible_w_k,
        conductance_w_k,
        dry,
        *limits,
        iterations=WET_STEPS,
    )
