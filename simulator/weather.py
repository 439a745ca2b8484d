"""Generated weather: seasonal and daily cycles plus passing fronts, for several climates."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from simulator.psychrometrics import pressure_at_altitude_pa, relative_humidity, wetbulb_c
from simulator.psychrometrics import saturation_humidity_ratio as saturation

YEAR_S = 365 * 86_400.0
DAY_S = 86_400.0
WARMEST_DAY = 200.0  # mid July in the north
WARMEST_HOUR = 15.0
FRONT_S = 3 * DAY_S  # correlation time of fronts
GUST_S = 3 * 3600.0


class Climate(NamedTuple):
    """Annual mean, half ranges and spreads, in °C and K. Rounded figures, not a station's record."""

    mean_c: float
    seasonal_k: float
    daily_k: float
    front_k: float
    dew_point_depression_k: float  # of the mean day
    dew_point_front_k: float
    altitude_m: float


CLIMATES = {
    "temperate": Climate(11.0, 9.5, 4.5, 3.5, 4.5, 3.0, 100.0),
    "continental": Climate(9.0, 14.0, 5.5, 5.0, 5.5, 4.0, 250.0),
    "cold": Climate(3.0, 12.0, 4.0, 4.5, 3.5, 3.5, 50.0),
    "hot_humid": Climate(23.0, 6.0, 4.0, 2.0, 4.0, 2.5, 10.0),
    "hot_dry": Climate(22.0, 10.5, 7.0, 2.5, 17.0, 4.0, 350.0),
    "tropical": Climate(27.5, 0.8, 3.0, 0.8, 3.5, 1.0, 15.0),
    "high_plain": Climate(10.5, 11.5, 7.0, 4.5, 11.0, 4.0, 1650.0),
}


class Weather(NamedTuple):
    """Series (steps,): °C and Pa."""

    outdoor_drybulb_c: Array
    outdoor_wetbulb_c: Array
    outdoor_dew_point_c: Array
    pressure_pa: Array


def generated_weather(
    key: Array,
    *,
    steps: int,
    dt_s: float,
    climate: str | Climate = "temperate",
    start_day: ArrayLike = 0.0,
) -> Weather:
    """Weather of a climate from `start_day` of the year on, (steps,); the same key gives the same weather.

    climate: one of `CLIMATES` by name, or figures, which may be traced.

    Sinusoids of the year and the day, with first-order autoregressive fronts and gusts. Dew point never
    exceeds drybulb; days are clear or overcast, which scales the daily range.

    Raises:
        ValueError: the climate is not one of `CLIMATES`, or `steps` or `dt_s` is not positive.
    """
    if isinstance(climate, str) and climate not in CLIMATES:
        raise ValueError(f"no climate {climate!r}; choose one of {', '.join(CLIMATES)}")
    if steps < 1 or not dt_s > 0:
        raise ValueError(f"steps and dt_s must be positive, got {steps} and {dt_s}")
    figures = CLIMATES[climate] if isinstance(climate, str) else climate
    return _weather(key, steps, dt_s, figures, start_day)


@partial(jax.jit, static_argnames="steps")
def _weather(key: Array, steps: int, dt_s: float, c: Climate, start_day: ArrayLike) -> Weather:
    keys = jax.random.split(key, 4)
    time_s = start_day * DAY_S + dt_s * jnp.arange(steps)
    season = jnp.cos(2 * jnp.pi * (time_s - WARMEST_DAY * DAY_S) / YEAR_S)
    hour = jnp.cos(2 * jnp.pi * (time_s - WARMEST_HOUR * 3600.0) / DAY_S)
    clearness = jnp.clip(1 + 0.35 * red_noise(keys[0], steps, dt_s, FRONT_S), 0.1, 1.8)
    front = red_noise(keys[1], steps, dt_s, FRONT_S)
    gust = red_noise(keys[2], steps, dt_s, GUST_S)
    damp = red_noise(keys[3], steps, dt_s, FRONT_S)

    slow_c = c.mean_c + c.seasonal_k * season + c.front_k * front
    drybulb = slow_c + c.daily_k * clearness * hour + 0.4 * gust
    dew_point = slow_c - c.dew_point_depression_k * clearness + c.dew_point_front_k * damp
    dew_point = jnp.minimum(dew_point, drybulb - 0.1)
    pressure = pressure_at_altitude_pa(c.altitude_m) * (1 - 0.006 * damp)
    humidity = relative_humidity(drybulb, saturation(dew_point, pressure), pressure)
    return Weather(drybulb, wetbulb_c(drybulb, humidity, pressure), dew_point, pressure)


def red_noise(key: Array, steps: int, dt_s: float, memory_s: float) -> Array:
    """First-order autoregressive noise of unit variance, (steps,); `memory_s` is its correlation time, s."""
    keep = jnp.exp(-dt_s / memory_s)
    shocks = jax.random.normal(key, (steps,)).at[1:].multiply(jnp.sqrt(1 - keep**2))

    def one(value: Array, shock: Array) -> tuple[Array, Array]:
        following = keep * value + shock
        return following, following

    return jax.lax.scan(one, jnp.zeros((), shocks.dtype), shocks)[1]
