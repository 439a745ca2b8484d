"""What is broken, and how much."""

import jax.numpy as jnp
from flax import struct
from jax import Array


@struct.dataclass
class Faults:
    """Scalars; zero means healthy. In a rollout a leaf may lead with time."""

    coil_fouling: Array  # share of the coils' conductance lost
    condenser_fouling: Array  # relative rise of the chillers' input
    tower_cells_failed: Array  # share of cells out of service
    chillers_tripped: Array  # number
    pump_degradation: Array  # share of the chilled-water pumps' efficiency lost
    crah_fans_failed: Array  # share of CRAH airflow lost
    valve_stuck: Array  # 0 or 1: coil valves stay where `valve_position` says
    valve_position: Array  # fraction open
    economizer_leak: Array  # share of the economizer's tower-side flow that passes when it is off
    supply_air_sensor_bias_k: Array  # the CRAHs' own sensor reads this much too warm
    chw_sensor_bias_k: Array  # likewise the chillers' leaving-water sensor

    @classmethod
    def none(cls) -> "Faults":
        """A healthy plant."""
        return cls(**{name: jnp.zeros(()) for name in cls.__dataclass_fields__})


def physical_faults(faults: Faults) -> Faults:
    """Shares held to 0-0.95: nothing divides by a part that is gone; counts and biases to what can be."""
    shares = {
        name: jnp.clip(getattr(faults, name), 0.0, 0.95)
        for name in ("coil_fouling", "tower_cells_failed", "pump_degradation", "crah_fans_failed")
    }
    return faults.replace(  # type: ignore[attr-defined]
        **shares,
        condenser_fouling=jnp.clip(faults.condenser_fouling, 0.0, 2.0),
        chillers_tripped=jnp.clip(jnp.round(faults.chillers_tripped), 0.0, 1000.0),
        valve_stuck=jnp.where(faults.valve_stuck > 0.5, 1.0, 0.0),
        valve_position=jnp.clip(faults.valve_position, 0.0, 1.0),
        economizer_leak=jnp.clip(faults.economizer_leak, 0.0, 1.0),
        supply_air_sensor_bias_k=jnp.clip(faults.supply_air_sensor_bias_k, -20.0, 20.0),
        chw_sensor_bias_k=jnp.clip(faults.chw_sensor_bias_k, -20.0, 20.0),
    )
