"""Psychrometrics of moist air: every function broadcasts over arrays and can be differentiated.

Equation numbers are those of ASHRAE Handbook Fundamentals 2021, chapter 1 (SI). Units: `drybulb_c`,
`wetbulb_c`, `dew_point_c` in °C, `relative_humidity` 0-1, `humidity_ratio` kg of water per kg of dry air,
`pressure_pa` in Pa, enthalpy in J per kg of dry air. Nothing raises: a humidity ratio below
`MIN_HUMIDITY_RATIO` is set to it.
"""

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from simulator.constants import (
    EVAPORATION_J_KG,
    STANDARD_PRESSURE_PA,
    VAPOUR_TO_AIR_MOLAR_MASS,
    WATER_VAPOUR_GAS_CONSTANT_J_KG_K,
    ZERO_CELSIUS_K,
)

MIN_HUMIDITY_RATIO = 1e-7  # keeps logarithms finite; the limit psychrolib uses too
TRIPLE_POINT_C = 0.01  # definition, ITS-90
BISECTIONS = 18  # halves a 70 K bracket to below 0.001 K
NEWTON_STEPS = 2  # polish, and the path that carries gradients


def pressure_at_altitude_pa(altitude_m: ArrayLike) -> Array:
    """Standard atmospheric pressure, Pa, at an altitude in m, eq. 3."""
    return STANDARD_PRESSURE_PA * (1 - 2.25577e-5 * jnp.asarray(altitude_m)) ** 5.2559


def saturation_pressure_pa(drybulb_c: ArrayLike) -> Array:
    """Vapour pressure of saturated air over ice or water (Hyland and Wexler 1983), eq. 5 and 6."""
    return jnp.exp(_ln_saturation_pressure(jnp.asarray(drybulb_c)))


def _ln_saturation_pressure(drybulb_c: Array) -> Array:
    T = jnp.clip(drybulb_c, -100.0, 200.0) + ZERO_CELSIUS_K
    over_ice = (
        -5.6745359e3 / T
        + 6.3925247
        + T * (-9.677843e-3 + T * (6.2215701e-7 + T * (2.0747825e-9 - 9.484024e-13 * T)))
        + 4.1635019 * jnp.log(T)
    )
    over_water = (
        -5.8002206e3 / T
        + 1.3914993
        + T * (-4.8640239e-2 + T * (4.1764768e-5 - 1.4452093e-8 * T))
        + 6.5459673 * jnp.log(T)
    )
    return jnp.where(drybulb_c <= TRIPLE_POINT_C, over_ice, over_water)


def humidity_ratio(drybulb_c: ArrayLike, relative_humidity: ArrayLike, pressure_pa: ArrayLike) -> Array:
    """Humidity ratio from relative humidity, eq. 20 and 22."""
    p_w = jnp.asarray(relative_humidity) * saturation_pressure_pa(drybulb_c)
    return humidity_ratio_from_vapour_pressure(p_w, pressure_pa)


def humidity_ratio_from_vapour_pressure(vapour_pressure_pa: ArrayLike, pressure_pa: ArrayLike) -> Array:
    """Humidity ratio from the vapour's partial pressure, eq. 20; vapour stays under 95 % of the total."""
    p_w = jnp.minimum(jnp.asarray(vapour_pressure_pa), 0.95 * jnp.asarray(pressure_pa))
    return jnp.maximum(VAPOUR_TO_AIR_MOLAR_MASS * p_w / (pressure_pa - p_w), MIN_HUMIDITY_RATIO)


def saturation_humidity_ratio(drybulb_c: ArrayLike, pressure_pa: ArrayLike) -> Array:
    """Humidity ratio of saturated air, eq. 21."""
    return humidity_ratio_from_vapour_pressure(saturation_pressure_pa(drybulb_c), pressure_pa)


def vapour_pressure_pa(humidity_ratio: ArrayLike, pressure_pa: ArrayLike) -> Array:
    """Partial pressure of the vapour, Pa, eq. 20 solved for it."""
    w = jnp.maximum(jnp.asarray(humidity_ratio), MIN_HUMIDITY_RATIO)
    return jnp.asarray(pressure_pa) * w / (VAPOUR_TO_AIR_MOLAR_MASS + w)


def relative_humidity(drybulb_c: ArrayLike, humidity_ratio: ArrayLike, pressure_pa: ArrayLike) -> Array:
    """Relative humidity from humidity ratio, eq. 22."""
    return vapour_pressure_pa(humidity_ratio, pressure_pa) / saturation_pressure_pa(drybulb_c)


def enthalpy_j_kg(drybulb_c: ArrayLike, humidity_ratio: ArrayLike) -> Array:
    """Enthalpy of moist air per kg of dry air, eq. 30."""
    t: Array = jnp.asarray(drybulb_c)
    return 1_006.0 * t + jnp.asarray(humidity_ratio) * (EVAPORATION_J_KG + 1_860.0 * t)


def humidity_ratio_from_enthalpy(drybulb_c: ArrayLike, enthalpy_j_kg: ArrayLike) -> Array:
    """Humidity ratio of moist air from temperature and enthalpy, eq. 30 solved for it."""
    t: Array = jnp.asarray(drybulb_c)
    return (jnp.asarray(enthalpy_j_kg) - 1_006.0 * t) / (EVAPORATION_J_KG + 1_860.0 * t)


def dew_point_c(drybulb_c: ArrayLike, relative_humidity: ArrayLike) -> Array:
    """Dew (or frost) point, °C, from drybulb and relative humidity."""
    return dew_point_from_vapour_pressure_c(
        jnp.asarray(relative_humidity) * saturation_pressure_pa(drybulb_c)
    )


def dew_point_from_humidity_ratio_c(humidity_ratio: ArrayLike, pressure_pa: ArrayLike) -> Array:
    """Dew (or frost) point, °C, from humidity ratio."""
    return dew_point_from_vapour_pressure_c(vapour_pressure_pa(humidity_ratio, pressure_pa))


def dew_point_from_vapour_pressure_c(vapour_pressure_pa: ArrayLike) -> Array:
    """Dew (or frost) point, °C: saturation pressure (eq. 5, 6) inverted by Newton's method on its logarithm.

    Start: Magnus formula with the coefficients of Sonntag (1990). Slope: Clausius-Clapeyron.
    """
    ln_p = jnp.log(jnp.clip(jnp.asarray(vapour_pressure_pa), 1e-2, 1e6))
    ratio = ln_p - jnp.log(611.2)
    t = jnp.clip(243.12 * ratio / (17.62 - ratio), -99.0, 190.0)
    for _ in range(4):
        t = jax.lax.stop_gradient(t)
        latent = jnp.where(t <= TRIPLE_POINT_C, 2.834e6, EVAPORATION_J_KG - 2_361.0 * t)
        slope = latent / (WATER_VAPOUR_GAS_CONSTANT_J_KG_K * (t + ZERO_CELSIUS_K) ** 2)
        t = jnp.clip(t - (_ln_saturation_pressure(t) - ln_p) / slope, -99.0, 190.0)
    return t


def humidity_ratio_from_wetbulb(drybulb_c: ArrayLike, wetbulb_c: ArrayLike, pressure_pa: ArrayLike) -> Array:
    """Humidity ratio from wetbulb, eq. 33 over water and eq. 35 over ice."""
    w = _unlimited_humidity_ratio(jnp.asarray(drybulb_c), jnp.asarray(wetbulb_c), jnp.asarray(pressure_pa))
    return jnp.maximum(w, MIN_HUMIDITY_RATIO)


def _unlimited_humidity_ratio(t: Array, t_star: Array, pressure_pa: Array) -> Array:
    W_s = saturation_humidity_ratio(t_star, pressure_pa)
    over_water = ((2501.0 - 2.326 * t_star) * W_s - 1.006 * (t - t_star)) / (
        2501.0 + 1.86 * t - 4.186 * t_star
    )
    over_ice = ((2830.0 - 0.24 * t_star) * W_s - 1.006 * (t - t_star)) / (2830.0 + 1.86 * t - 2.1 * t_star)
    return jnp.where(t_star >= 0.0, over_water, over_ice)


def relative_humidity_from_wetbulb(
    drybulb_c: ArrayLike, wetbulb_c: ArrayLike, pressure_pa: ArrayLike
) -> Array:
    """Relative humidity from wetbulb, limited to 0-1: a wetbulb above the drybulb means saturated air."""
    w = humidity_ratio_from_wetbulb(drybulb_c, wetbulb_c, pressure_pa)
    return jnp.clip(relative_humidity(drybulb_c, w, pressure_pa), 0.0, 1.0)


@jax.jit
def wetbulb_c(drybulb_c: ArrayLike, relative_humidity: ArrayLike, pressure_pa: ArrayLike) -> Array:
    """Thermodynamic wetbulb, °C, at the site's pressure: the root of eq. 33 or 35.

    Bisection between dew point and drybulb finds the root; Newton steps refine it and carry the gradient (the
    implicit function theorem). Around 0 °C a wet and an iced wick both satisfy the equations: bisection from
    that bracket selects one, as in psychrolib.
    """
    t, phi, p = jnp.broadcast_arrays(
        *(jnp.asarray(a, dtype=jnp.result_type(float)) for a in (drybulb_c, relative_humidity, pressure_pa))
    )
    w = humidity_ratio(t, phi, p)

    def excess(t_star: Array) -> Array:
        return _unlimited_humidity_ratio(t, t_star, p) - w

    def halve(_: int, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bracket
        middle = (low + high) / 2
        above = excess(middle) > 0
        return jnp.where(above, low, middle), jnp.where(above, middle, high)

    bracket = jax.lax.stop_gradient((jnp.minimum(dew_point_c(t, phi), t), t))
    low, high = jax.lax.stop_gradient(jax.lax.fori_loop(0, BISECTIONS, halve, bracket))
    t_star = (low + high) / 2
    for _ in range(NEWTON_STEPS):
        value, slope = jax.jvp(excess, (t_star,), (jnp.ones_like(t_star),))
        t_star = t_star - value / jax.lax.stop_gradient(slope)
    return t_star
