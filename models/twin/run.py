"""The simulator driven by a site's setpoints, weather and IT power; setpoints not recorded stay constant."""

from collections.abc import Collection

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

import simulator
from models.twin.record import Inputs
from simulator.it import server_power_w
from simulator.solve import inverse_of_rising_curve
from simulator.types import Drivers, Faults, Plant, Sensors, Setpoints, State

OVERHEAD = "overhead_w"  # facility less IT power
# Sensors that a fit may compare with meters; counts and inputs are not among them.
CHANNELS = (
    OVERHEAD, "ups_loss_w", "pdu_loss_w", "lighting_w", "cooling_w", "chiller_w", "chw_pump_w", "cw_pump_w",
    "tower_fan_w", "crah_fan_w", "supply_air_c", "return_air_c", "rack_inlet_c", "rack_outlet_c", "chw_supply_c",
    "chw_return_c", "chw_flow_kg_s", "cw_supply_c", "cw_return_c", "cw_flow_kg_s", "airflow_kg_s",
    "crah_fan_speed", "chw_pump_speed", "cw_pump_speed", "tower_fan_speed", "it_utilization", "coil_heat_w",
)  # fmt: skip
# A machine's speed and its power carry the same information; where power is metered, speed is not compared.
POWER_OF_SPEED = {
    "crah_fan_speed": "crah_fan_w",
    "chw_pump_speed": "chw_pump_w",
    "cw_pump_speed": "cw_pump_w",
    "tower_fan_speed": "tower_fan_w",
}


def scored(measured: Collection[str]) -> tuple[str, ...]:
    """The channels that a fit compares with these meters."""
    return tuple(name for name in CHANNELS if name in measured and POWER_OF_SPEED.get(name) not in measured)


@struct.dataclass
class Controlled:
    """A plant and the setpoints that its site does not record; leaves as in the simulator's types."""

    plant: Plant
    setpoints: Setpoints


def utilization_for_power(plant: Plant, it_w: Array, inlet_c: Array) -> Array:
    """Utilisation at which the servers of each hall draw `it_w` with air of `inlet_c`; all (halls,), 0-1.

    Power rises with utilisation and is convex in it, so Newton steps from full load do not overshoot.
    """
    full = jnp.ones_like(it_w)

    def power_w(utilization: Array) -> Array:
        chips_w, fans_w = server_power_w(plant.servers, utilization, inlet_c)
        return chips_w + fans_w

    return inverse_of_rising_curve(power_w, target=it_w, start=full, low=0.0 * full, high=full)


def run(
    controlled: Controlled, inputs: Inputs, *, dt_s: float, state: State | None = None
) -> tuple[State, Sensors]:
    """Rolls the plant out over `inputs`: the state after it, and sensors whose leaves lead with time.

    Utilisation follows from IT power at each step's inlet temperature. `jax.vmap` maps over windows.
    """
    plant = controlled.plant

    def one(now: State, at: Inputs) -> tuple[State, Sensors]:
        drivers = Drivers(
            outdoor_drybulb_c=at.outdoor_drybulb_c,
            outdoor_wetbulb_c=at.outdoor_wetbulb_c,
            pressure_pa=at.pressure_pa,
            it_utilization=utilization_for_power(plant, at.it_w, now.rack_inlet_c),
        )
        chosen = controlled.setpoints.replace(**at.setpoints)  # type: ignore[attr-defined]
        return simulator.step(plant, now, chosen, drivers, Faults.none(), dt_s=dt_s)

    start = simulator.init(plant) if state is None else state
    # gradients recompute each step from its state, so that many windows do not fill memory
    return jax.lax.scan(jax.checkpoint(one, prevent_cse=False), start, inputs)


def readings(sensors: Sensors, channels: tuple[str, ...]) -> Array:
    """The chosen channels side by side, (..., channels)."""
    return jnp.stack([channel(sensors, name) for name in channels], axis=-1)


def channel(sensors: Sensors, name: str) -> Array:
    """One channel of `CHANNELS`, (...,): a sensor, or facility less IT power."""
    return sensors.facility_w - sensors.it_w if name == OVERHEAD else getattr(sensors, name)
