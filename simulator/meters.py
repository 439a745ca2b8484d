"""What the historian gets: readings with noise, bias, coarse steps, stuck spans and gaps."""

import zlib

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.types import Sensors

COUNTS = (
    "chillers_running",
    "towers_running",
    "economizer_enable",
)  # contacts and setpoints, not measurements
EXACT_SUFFIXES = ("_setpoint_c",)


@struct.dataclass
class Meters:
    """How good the meters are; scalars. Spreads are standard deviations; all zero is a perfect meter."""

    relative_noise: Array  # powers, flows, speeds, pressures
    relative_bias: Array  # spread of each meter's lasting error
    temperature_noise_k: Array
    temperature_bias_k: Array
    relative_quantum: Array  # resolution over the reading's own size, rounded to a power of two
    temperature_quantum_k: Array
    dropout_probability: Array  # each reading on its own
    stuck_probability: Array  # that a span begins at a reading
    stuck_steps: Array  # readings that such a span lasts

    @classmethod
    def perfect(cls) -> "Meters":
        """Meters that read the truth."""
        return cls(**{name: jnp.zeros(()) for name in cls.__dataclass_fields__})

    @classmethod
    def typical(cls) -> "Meters":
        """Class 1 power meters and Pt100 sensors as installed, with an ordinary historian."""
        return cls(
            relative_noise=jnp.asarray(0.005),
            relative_bias=jnp.asarray(0.01),
            temperature_noise_k=jnp.asarray(0.05),
            temperature_bias_k=jnp.asarray(0.15),
            relative_quantum=jnp.asarray(1 / 2048),
            temperature_quantum_k=jnp.asarray(0.05),
            dropout_probability=jnp.asarray(0.001),
            stuck_probability=jnp.asarray(0.00002),
            stuck_steps=jnp.asarray(36.0),
        )


def observe(meters: Meters, sensors: Sensors, key: Array) -> Sensors:
    """Readings of the same shapes as `sensors`, scalars or series (steps,); NaN where a reading was lost.

    Each meter keeps one bias over the series and has its own noise, the same for the same key. Stuck spans
    need a series.
    """
    readings = {}
    for name in Sensors.__dataclass_fields__:
        # a point's noise depends on its name, so that adding a sensor leaves the others' noise alone
        own_key = jax.random.fold_in(key, zlib.crc32(name.encode()))
        readings[name] = _reading(meters, name, jnp.asarray(getattr(sensors, name)), own_key)
    return Sensors(**readings)


def _reading(meters: Meters, name: str, truth: Array, key: Array) -> Array:
    noise_key, bias_key, stuck_key, lost_key = jax.random.split(key, 4)
    is_exact = name in COUNTS or name.endswith(EXACT_SUFFIXES)
    value = truth if is_exact else _noisy(meters, name, truth, noise_key, bias_key)
    if value.ndim > 0:
        value = _stuck(meters, value, stuck_key)
    lost = jax.random.bernoulli(lost_key, meters.dropout_probability, value.shape)
    return jnp.where(lost, jnp.nan, value)


def _noisy(meters: Meters, name: str, truth: Array, noise_key: Array, bias_key: Array) -> Array:
    noise = jax.random.normal(noise_key, truth.shape, truth.dtype)
    bias = jax.random.normal(bias_key, (), truth.dtype)
    if name.endswith("_c"):
        read = truth + meters.temperature_noise_k * noise + meters.temperature_bias_k * bias
        return _quantized(read, jnp.broadcast_to(meters.temperature_quantum_k, read.shape))
    read = truth * (1 + meters.relative_noise * noise + meters.relative_bias * bias)
    size = jnp.exp2(jnp.ceil(jnp.log2(jnp.maximum(jnp.abs(truth).max(), 1e-9))))
    return _quantized(read, jnp.broadcast_to(meters.relative_quantum * size, read.shape))


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
