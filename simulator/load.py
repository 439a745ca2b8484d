"""Generated IT load: the working day, the week, slow growth and noise."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from simulator.weather import DAY_S, YEAR_S, red_noise

BUSIEST_HOUR = 14.5


def generated_utilization(
    key: Array,
    *,
    steps: int,
    dt_s: float,
    mean: float = 0.5,
    daily_swing: ArrayLike = 0.12,
    weekend_drop: ArrayLike = 0.06,
    growth_per_year: ArrayLike = 0.05,
    noise: ArrayLike = 0.03,
    start_day: float = 0.0,
) -> Array:
    """IT utilisation, (steps,), 0.02-1; day 0 is a Monday. The same key gives the same load.

    The shape (daily swing, quieter weekend, slow drift) is that of published cluster traces; the figures are
    arguments. Batch jobs are noise with a correlation time of two hours.

    Raises:
        ValueError: `mean` is not a fraction, or `steps` or `dt_s` is not positive.
    """
    if not 0 < mean < 1:
        raise ValueError(f"mean utilisation must lie between 0 and 1, got {mean}; give a fraction")
    if steps < 1 or not dt_s > 0:
        raise ValueError(f"steps and dt_s must be positive, got {steps} and {dt_s}")
    shape = (mean, daily_swing, weekend_drop, growth_per_year, noise)
    return _utilization(key, steps, dt_s, shape, start_day)


@partial(jax.jit, static_argnames="steps")
def _utilization(
    key: Array, steps: int, dt_s: float, shape: tuple[ArrayLike, ...], start_day: float
) -> Array:
    mean, daily_swing, weekend_drop, growth_per_year, noise = shape
    batch_key, drift_key = jax.random.split(key)
    time_s = start_day * DAY_S + dt_s * jnp.arange(steps)
    hour = jnp.cos(2 * jnp.pi * (time_s - BUSIEST_HOUR * 3600.0) / DAY_S)
    is_weekend = jnp.mod(time_s / DAY_S, 7.0) >= 5.0
    working = jnp.where(is_weekend, 0.5, 1.0)
    utilization = (
        mean
        + daily_swing * working * hour
        - weekend_drop * is_weekend
        + growth_per_year * (time_s - time_s[0]) / YEAR_S
        + noise * red_noise(batch_key, steps, dt_s, 2 * 3600.0)
        + 0.5 * noise * red_noise(drift_key, steps, dt_s, 14 * DAY_S)
    )
    return jnp.clip(utilization, 0.02, 1.0)
