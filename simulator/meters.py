"""Readings as a historian gets them: with noise, drifting bias, resolution, stuck spans and gaps."""

import zlib

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array
from jax.typing import ArrayLike

from simulator.types import Sensors
from simulator.weather import YEAR_S

COUNTS = (
    "chillers_running",
    "towers_running",
    "economizer_enable",
)  # contacts and setpoints, not measurements
EXACT_SUFFIXES = ("_setpoint_c",)


@struct.dataclass
class Meters:
    """Quality of the meters; scalars. Spreads are standard deviations; all zero is a perfect meter."""

    relative_noise: Array  # powers, flows, speeds, pressures
    relative_bias: Array  # spread of each meter's lasting error
    relative_drift_per_year: Array  # spread of that error's growth since calibration
    temperature_noise_k: Array
    temperature_bias_k: Array
    temperature_drift_k_per_year: Array
    relative_quantum: Array  # resolution over the reading's own size, rounded to a power of two
    temperature_quantum_k: Array
    dropout_probability: Array  # each reading on its own
    stuck_probability: Array  # that a span begins at a reading
    stuck_steps: Array  # readings that such a span lasts

    @classmethod
    def perfect(cls) -> "Meters":
        """Meters that read the true value."""
        return cls(**{name: jnp.zeros(()) for name in cls.__dataclass_fields__})

    @classmethod
    def typical(cls) -> "Meters":
        """Class 1 power meters and Pt100 sensors as installed, with an ordinary historian."""
        return cls(
            relative_noise=jnp.asarray(0.005),
            relative_bias=jnp.asarray(0.01),
            relative_drift_per_year=jnp.asarray(0.005),
            temperature_noise_k=jnp.asarray(0.05),
            temperature_bias_k=jnp.asarray(0.15),
            temperature_drift_k_per_year=jnp.asarray(0.1),
            relative_quantum=jnp.asarray(1 / 2048),
            temperature_quantum_k=jnp.asarray(0.05),
            dropout_probability=jnp.asarray(0.001),
            stuck_probability=jnp.asarray(0.00002),
            stuck_steps=jnp.asarray(36.0),
        )


def observe(
    meters: Meters,
    sensors: Sensors,
    key: Array,
    *,
    site_key: Array | None = None,
    calibrated_s: ArrayLike = 0.0,
) -> Sensors:
    """Readings of the same shapes as `sensors`, scalars or series (steps,); NaN where a reading was lost.

    Noise, stuck spans and losses come from `key`. Each meter's lasting bias and its drift come from `site_key`, which
    must stay the same where a series is observed in pieces; without it, from `key`. Stuck spans need a series.
    `calibrated_s` is the time since the meters were calibrated, s: a scalar, or (steps,) for a series.
    """
    years = jnp.asarray(calibrated_s) / YEAR_S
    names = tuple(Sensors.__dataclass_fields__)
    truth = jnp.stack([jnp.asarray(getattr(sensors, name)) for name in names])
    # a point's noise depends on its name, so that adding a sensor does not change the noise of the others
    number = jnp.array([zlib.crc32(name.encode()) for name in names], dtype=jnp.uint32)
    own = jax.vmap(jax.random.fold_in, in_axes=(None, 0))
    exact = jnp.array([name in COUNTS or name.endswith(EXACT_SUFFIXES) for name in names])
    temperature = jnp.array([name.endswith("_c") for name in names])
    keys, bias_keys = own(key, number), own(key if site_key is None else site_key, number)
    readings = jax.vmap(_reading, in_axes=(None, None, 0, 0, 0, 0, 0))(
        meters, years, truth, exact, temperature, keys, bias_keys
    )
    return Sensors(**dict(zip(names, readings, strict=True)))


def _reading(
    meters: Meters,
    years: Array,
    truth: Array,
    exact: Array,
    temperature: Array,
    key: Array,
    bias_key: Array,
) -> Array:
    noise_key, stuck_key, lost_key = jax.random.split(key, 3)
    noise = jax.random.normal(noise_key, truth.shape, truth.dtype)
    bias, growth = (jax.random.normal(jax.random.fold_in(bias_key, n), (), truth.dtype) for n in (0, 1))
    kelvin = meters.temperature_bias_k * bias + meters.temperature_drift_k_per_year * growth * years
    relative = meters.relative_bias * bias + meters.relative_drift_per_year * growth * years
    value = jnp.where(exact, truth, _noisy(meters, truth, temperature, noise, kelvin, relative))
    if value.ndim > 0:
        value = _stuck(meters, value, stuck_key)
    lost = jax.random.bernoulli(lost_key, meters.dropout_probability, value.shape)
    return jnp.where(lost, jnp.nan, value)


def _noisy(
    meters: Meters, truth: Array, temperature: Array, noise: Array, bias_k: Array, relative_bias: Array
) -> Array:
    size = jnp.exp2(jnp.ceil(jnp.log2(jnp.maximum(jnp.abs(truth).max(), 1e-9))))
    kelvin = truth + meters.temperature_noise_k * noise + bias_k
    relative = truth * (1 + meters.relative_noise * noise + relative_bias)
    quantum = jnp.where(temperature, meters.temperature_quantum_k, meters.relative_quantum * size)
    return _quantized(jnp.where(temperature, kelvin, relative), quantum)


def _quantized(value: Array, quantum: Array) -> Array:
    safe = jnp.where(quantum > 0, quantum, 1.0)
    return jnp.where(quantum > 0, jnp.round(value / safe) * safe, value)


def _stuck(meters: Meters, value: Array, key: Array) -> Array:
    """Repeats the last good reading through each stuck span, along the first axis."""
    index = jnp.arange(value.shape[0])
    begins = jax.random.bernoulli(key, meters.stuck_probability, (value.shape[0],))
    last_begin = jax.lax.cummax(jnp.where(begins, index, -(10**9)))
    stuck = (index - last_begin < meters.stuck_steps) & (index > 0)
    source = jax.lax.cummax(jnp.where(stuck, 0, index))
    return value[source]
