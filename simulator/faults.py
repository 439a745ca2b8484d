"""Equipment faults and their sizes."""

import jax.numpy as jnp
from flax import struct
from jax import Array

# Range of each; shares end at 0.95, so that nothing is divided by zero.
FAULT_RANGES = {
    "coil_fouling": (0.0, 0.95),
    "condenser_fouling": (0.0, 2.0),
    "tower_cells_failed": (0.0, 0.95),
    "chillers_tripped": (0.0, 1000.0),
    "pump_degradation": (0.0, 0.95),
    "crah_fans_failed": (0.0, 0.95),
    "valve_stuck": (0.0, 1.0),
    "valve_position": (0.0, 1.0),
    "economizer_leak": (0.0, 1.0),
    "supply_air_sensor_bias_k": (-20.0, 20.0),
    "supply_air_sensor_stuck": (0.0, 1.0),
    "chw_sensor_bias_k": (-20.0, 20.0),
    "cw_sensor_bias_k": (-20.0, 20.0),
    "communication_lost": (0.0, 1.0),
}
COUNTED = ("chillers_tripped", "valve_stuck", "supply_air_sensor_stuck", "communication_lost")


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
    supply_air_sensor_bias_k: Array  # reading of the CRAHs' own sensor less the true value
    supply_air_sensor_stuck: Array  # 0 or 1: it repeats its last reading
    chw_sensor_bias_k: Array  # the same of the chillers' leaving-water sensor
    cw_sensor_bias_k: Array  # the same of the towers' leaving-water sensor
    communication_lost: Array  # 0 or 1: setpoints sent do not arrive

    @classmethod
    def none(cls) -> "Faults":
        """A healthy plant."""
        return cls(**{name: jnp.zeros(()) for name in cls.__dataclass_fields__})


def physical_faults(faults: Faults) -> Faults:
    """Faults limited to their ranges; counts and switches rounded to whole values."""

    def held(name: str) -> Array:
        value = jnp.clip(getattr(faults, name), *FAULT_RANGES[name])
        return jnp.round(value) if name in COUNTED else value

    return Faults(**{name: held(name) for name in FAULT_RANGES})
