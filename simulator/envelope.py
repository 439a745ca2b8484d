"""Time outside the racks' thermal envelope, and rate of temperature change: ASHRAE TC9.9 classes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from simulator.psychrometrics import relative_humidity, saturation_humidity_ratio

HOUR_S, QUARTER_S = 3600.0, 900.0


@dataclass(frozen=True)
class ThermalClass:
    """Limits at the servers' inlet; the lower humidity limit is the larger of dew point and relative humidity."""

    low_c: float
    high_c: float
    dew_point_low_c: float
    dew_point_high_c: float
    relative_humidity_low: float
    relative_humidity_high: float


# ASHRAE TC9.9, Thermal Guidelines for Data Processing Environments, 5th ed. (2021), table 2.1: the envelope
# recommended for classes A1 to A4, and what each class allows.
CLASSES = {
    "recommended": ThermalClass(18.0, 27.0, -9.0, 15.0, 0.0, 0.7),
    "A1": ThermalClass(15.0, 32.0, -12.0, 17.0, 0.08, 0.8),
    "A2": ThermalClass(10.0, 35.0, -12.0, 21.0, 0.08, 0.8),
    "A3": ThermalClass(5.0, 40.0, -12.0, 24.0, 0.08, 0.85),
    "A4": ThermalClass(5.0, 45.0, -12.0, 24.0, 0.08, 0.9),
}


def violation_minutes(
    inlet_c: Array,
    *,
    dt_s: float,
    low_c: float = CLASSES["recommended"].low_c,
    high_c: float = CLASSES["recommended"].high_c,
) -> Array:
    """Minutes that an inlet series (steps, ...), °C, is outside `low_c`..`high_c`; shape (...)."""
    return _minutes((inlet_c < low_c) | (inlet_c > high_c), dt_s)


def class_violation_minutes(
    inlet_c: Array, dew_point_c: Array, *, dt_s: float, thermal_class: str = "recommended"
) -> dict[str, Array]:
    """Minutes outside a class of `CLASSES`: by "temperature", by "humidity", and by either, "any".

    `inlet_c`, `dew_point_c`: series (steps, ...), °C. Humidity is judged by dew point and by relative
    humidity at the inlet. NaN counts as outside: a missing reading does not show that the racks were safe.

    Raises:
        ValueError: an unknown class.
    """
    if thermal_class not in CLASSES:
        raise ValueError(f"no thermal class {thermal_class!r}; choose one of {', '.join(CLASSES)}")
    limits = CLASSES[thermal_class]
    sea_level_pa = 101_325.0  # the ratio of two saturation pressures hardly depends on total pressure
    humidity = relative_humidity(inlet_c, saturation_humidity_ratio(dew_point_c, sea_level_pa), sea_level_pa)
    warm_or_cold = ~((inlet_c >= limits.low_c) & (inlet_c <= limits.high_c))
    damp_or_dry = ~(
        (dew_point_c >= limits.dew_point_low_c)
        & (dew_point_c <= limits.dew_point_high_c)
        & (humidity >= limits.relative_humidity_low)
        & (humidity <= limits.relative_humidity_high)
    )
    return {
        "temperature": _minutes(warm_or_cold, dt_s),
        "humidity": _minutes(damp_or_dry, dt_s),
        "any": _minutes(warm_or_cold | damp_or_dry, dt_s),
    }


def fastest_change_k(temperature_c: Array, *, dt_s: float, window_s: float = HOUR_S) -> Array:
    """Largest spread of a series (steps, ...) within any `window_s`, K; over an hour it is K/h, as in TC9.9.

    TC9.9 allows 5 K in an hour with tape; else 20 K in an hour and 5 K in 15 minutes (`QUARTER_S`). It counts
    the warmest less the coldest of the window, whichever came first. A window shorter than a step holds two
    readings.
    """
    readings = min(max(round(window_s / dt_s), 1) + 1, temperature_c.shape[0])
    low_c, high_c = _extremes_c(temperature_c, readings)
    return (high_c - low_c).max(axis=0)


def change_in_the_hour_before_k(temperature_c: Array, *, dt_s: float) -> Array:
    """How far each reading is from the furthest in the hour before it, K; the first hour's readings have none.

    `temperature_c`: series (steps, ...); result (steps less an hour's, ...). Its highest is `fastest_change_k`, but for
    the first hour: a change belongs to the reading that ends it.
    """
    before = max(round(HOUR_S / dt_s), 1)
    low_c, high_c = _extremes_c(temperature_c, before + 1)
    now_c = temperature_c[before:]
    return jnp.maximum(now_c - low_c, high_c - now_c)


def _extremes_c(temperature_c: Array, readings: int) -> tuple[Array, Array]:
    """Lowest and highest of every span of so many readings of a series (steps, ...)."""
    window, ones = (readings, *(1,) * (temperature_c.ndim - 1)), (1,) * temperature_c.ndim

    def sliding(start: float, reduce: Callable[..., Any]) -> Array:
        return jax.lax.reduce_window(temperature_c, start, reduce, window, ones, "VALID")

    return sliding(jnp.inf, jax.lax.min), sliding(-jnp.inf, jax.lax.max)


def _minutes(outside: Array, dt_s: float) -> Array:
    return outside.sum(axis=0) * dt_s / 60.0
