"""Humidity and wetbulb of outdoor air from whatever a site records of it; one compiled formula for tables and rows."""

from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray

LEAST_ROWS = 8  # arrays are padded to a power of two, at least this, so that few shapes are ever compiled


def completed(
    *,
    drybulb_c: Array,
    rh_frac: Array,
    wetbulb_c: Array,
    dew_point_c: Array,
    pressure_pa: Array,
    altitude_m: float,
) -> tuple[Array, Array]:
    """Relative humidity 0-1 (n,) and wetbulb °C (n,), gaps filled where other readings of the air give them.

    Arrays are (n,), NaN where not known; the altitude's standard pressure stands in for one that is not known.
    Humidity comes from the dew point, else from the wetbulb; the wetbulb from drybulb and humidity. What is
    recorded is never replaced, but a humidity above 1 is that of saturated air. Without a drybulb nothing can be
    derived.
    """
    rh_frac = np.minimum(rh_frac, 1.0)
    no_rh, no_wetbulb, dew = np.isnan(rh_frac), np.isnan(wetbulb_c), ~np.isnan(dew_point_c)
    derivable = (no_rh & (dew | ~no_wetbulb)) | (no_wetbulb & (dew | ~no_rh))
    if not np.any(derivable & ~np.isnan(drybulb_c)):
        return rh_frac, wetbulb_c
    derived = _padded(
        _humidity_and_wetbulb(), altitude_m, drybulb_c, rh_frac, wetbulb_c, dew_point_c, pressure_pa
    )
    return np.where(no_rh, derived[0], rh_frac), np.where(no_wetbulb, derived[1], wetbulb_c)


def enthalpy_j_kg(*, drybulb_c: Array, rh_frac: Array, pressure_pa: Array, altitude_m: float) -> Array:
    """Enthalpy (n,) of moist air in J per kg of dry air, NaN where drybulb or humidity (n,) is; pressure as above."""
    if not np.any(~np.isnan(drybulb_c) & ~np.isnan(rh_frac)):
        return np.full(len(drybulb_c), np.nan)
    return _padded(_enthalpy(), altitude_m, drybulb_c, rh_frac, pressure_pa)[0]


def _padded(formula: Any, altitude_m: float, *arrays: Array) -> list[Array]:
    rows = len(arrays[0])
    size = max(LEAST_ROWS, 1 << (rows - 1).bit_length())
    filled = [np.concatenate([array, np.full(size - rows, np.nan)]) for array in arrays]
    return [np.asarray(result, dtype=float)[:rows] for result in formula(altitude_m, *filled)]


@cache
def _humidity_and_wetbulb() -> Any:
    import jax  # here, because a process that never derives weather (the watchdog) must not load it
    import jax.numpy as jnp

    from simulator import psychrometrics as air

    def derive(
        altitude_m: Any, drybulb_c: Any, rh_frac: Any, wetbulb_c: Any, dew_point_c: Any, pressure_pa: Any
    ) -> Any:
        pressure_pa = jnp.where(jnp.isnan(pressure_pa), air.pressure_at_altitude_pa(altitude_m), pressure_pa)
        # Ratio of vapour pressure to that of saturated air, ASHRAE Handbook Fundamentals 2021, 1, eq. 22.
        ratio = air.saturation_pressure_pa(dew_point_c) / air.saturation_pressure_pa(drybulb_c)
        rh_frac = jnp.where(jnp.isnan(rh_frac), jnp.clip(ratio, 0.0, 1.0), rh_frac)
        by_wetbulb = air.relative_humidity_from_wetbulb(drybulb_c, wetbulb_c, pressure_pa)
        rh_frac = jnp.where(jnp.isnan(rh_frac), by_wetbulb, rh_frac)
        return rh_frac, air.wetbulb_c(drybulb_c, rh_frac, pressure_pa)

    return jax.jit(derive)


@cache
def _enthalpy() -> Any:
    import jax
    import jax.numpy as jnp

    from simulator import psychrometrics as air

    def derive(altitude_m: Any, drybulb_c: Any, rh_frac: Any, pressure_pa: Any) -> Any:
        pressure_pa = jnp.where(jnp.isnan(pressure_pa), air.pressure_at_altitude_pa(altitude_m), pressure_pa)
        return (air.enthalpy_j_kg(drybulb_c, air.humidity_ratio(drybulb_c, rh_frac, pressure_pa)),)

    return jax.jit(derive)
