"""What a run amounts to: energy, PUE, water, time outside the thermal envelope. Sensors lead with time."""

import jax.numpy as jnp
from jax import Array

from simulator import chilled_water, condenser_water
from simulator.types import Plant, Sensors, State

J_PER_KWH = 3.6e6
RECOMMENDED_LOW_C = (
    18.0  # ASHRAE TC9.9 recommended envelope, all A classes, Thermal Guidelines 5th ed. (2021)
)
RECOMMENDED_HIGH_C = 27.0  # same


def energy_kwh(power_w: Array, *, dt_s: float) -> Array:
    """Energy of a power series (steps, ...), kWh, summed over time."""
    return power_w.sum(axis=0) * dt_s / J_PER_KWH


def pue(sensors: Sensors, *, category: int = 3) -> Array:
    """Power usage effectiveness over the run, ISO/IEC 30134-2: facility over IT energy; NaN without IT.

    The IT meter's place makes the category: 1 at UPS output, 2 at PDU output, 3 at the servers' input.
    The PDU's output is the servers' input here, so 2 and 3 read the same. Under a year it is interim.

    Raises:
        ValueError: `category` is not 1, 2 or 3.
    """
    if category not in (1, 2, 3):
        raise ValueError(f"PUE category must be 1, 2 or 3 (ISO/IEC 30134-2), got {category}")
    it_w = sensors.it_w + sensors.pdu_loss_w if category == 1 else sensors.it_w
    return _ratio(sensors.facility_w, it_w)


def partial_pue(sensors: Sensors) -> Array:
    """Partial PUE of the cooling boundary: (IT + cooling energy) over IT energy; NaN without IT."""
    return _ratio(sensors.it_w + sensors.cooling_w, sensors.it_w)


def water_usage_l_kwh(sensors: Sensors, *, dt_s: float) -> Array:
    """WUE of ISO/IEC 30134-9, litres evaporated per kWh of IT energy; blowdown and drift are not in it."""
    litres = sensors.water_evaporated_kg_s.sum(axis=0) * dt_s
    return litres / energy_kwh(sensors.it_w, dt_s=dt_s)


def violation_minutes(
    inlet_c: Array, *, dt_s: float, low_c: float = RECOMMENDED_LOW_C, high_c: float = RECOMMENDED_HIGH_C
) -> Array:
    """Minutes that an inlet series (steps, ...) spends outside the envelope."""
    outside = (inlet_c < low_c) | (inlet_c > high_c)
    return outside.sum(axis=0) * dt_s / 60.0


def fastest_change_k_h(temperature_c: Array, *, dt_s: float) -> Array:
    """Largest change between two readings of a series (steps, ...), K/h."""
    return jnp.abs(jnp.diff(temperature_c, axis=0)).max(axis=0) * 3600.0 / dt_s


def stored_heat_j(plant: Plant, state: State) -> Array:
    """Heat held in halls and water over 0 °C, J; its change is what `net_heat_w` adds up to."""
    return (
        (plant.hall.heat_capacity_j_k * state.return_air_c).sum()
        + chilled_water.node_heat_capacity_j_k(plant.chilled_water)
        * (state.chw_supply_leg_c.sum() + state.chw_return_leg_c.sum())
        + condenser_water.loop_heat_capacity_j_k(plant.condenser_water) * state.cw_c
    )


def net_heat_w(sensors: Sensors) -> Array:
    """Heat that enters halls and water less what leaves by the tower, W: zero on average over a long run."""
    gains = sensors.hall_gain_w + sensors.chw_pump_w + sensors.cw_pump_w + sensors.chiller_w
    return gains - sensors.tower_heat_w


def _ratio(total_w: Array, it_w: Array) -> Array:
    it_sum = it_w.sum(axis=0)
    return jnp.where(it_sum > 0, total_w.sum(axis=0) / jnp.where(it_sum > 0, it_sum, 1.0), jnp.nan)
