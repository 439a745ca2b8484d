"""Totals of a run: energy, PUE, water, carbon, cost. Sensors lead with time, (steps, ...).

`simulator.envelope` has the time that racks spent outside their limits.
"""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from simulator import chilled_water, condenser_water
from simulator.types import Plant, Sensors, State

J_PER_KWH = 3.6e6


def energy_kwh(power_w: Array, *, dt_s: float) -> Array:
    """Energy of a power series (steps, ...), kWh, summed over time."""
    return power_w.sum(axis=0) * dt_s / J_PER_KWH


def pue(sensors: Sensors, *, category: int = 3) -> Array:
    """Power usage effectiveness over the run, ISO/IEC 30134-2: facility over IT energy; NaN without IT.

    The position of the IT meter sets the category: 1 at UPS output, 2 at PDU output, 3 at the servers' input.
    The PDU's output is the servers' input here, so 2 and 3 are equal. Under a year the value is interim.

    Raises:
        ValueError: `category` is not 1, 2 or 3.
    """
    return _ratio(sensors.facility_w, _it_w(sensors, category))


def partial_pue(sensors: Sensors, *, boundary: str = "cooling", category: int = 3) -> Array:
    """Partial PUE, ISO/IEC 30134-2: (IT + a subsystem's energy) over IT energy; NaN without IT.

    `boundary` is "cooling" (chillers, pumps, towers, CRAH fans) or "power" (UPS, PDU, transformer losses). IT is
    metered where `category` says, so the PDU's loss counts as IT in category 1.

    Raises:
        ValueError: `category` is not 1, 2 or 3, or the boundary is not one of the two.
    """
    it_w = _it_w(sensors, category)
    losses_w = sensors.ups_loss_w + sensors.transformer_loss_w + (sensors.pdu_loss_w if category > 1 else 0.0)
    subsystems = {"cooling": sensors.cooling_w, "power": losses_w}
    if boundary not in subsystems:
        raise ValueError(f"boundary must be one of {', '.join(subsystems)}, got {boundary!r}")
    return _ratio(it_w + subsystems[boundary], it_w)


def water_usage_l_kwh(sensors: Sensors, *, dt_s: float) -> Array:
    """WUE of ISO/IEC 30134-9, category 1: litres of make-up water per kWh of IT energy; NaN without IT.

    Make-up replaces what evaporates, drifts off and is blown down; 1 kg is 1 litre.
    """
    lost_kg_s = sensors.water_evaporated_kg_s + sensors.water_drift_kg_s + sensors.water_blowdown_kg_s
    return _ratio(lost_kg_s * J_PER_KWH, sensors.it_w)


def carbon_usage_kg_kwh(sensors: Sensors, grid_kg_per_kwh: ArrayLike) -> Array:
    """CUE of ISO/IEC 30134-8: kg of CO2 per kWh of IT energy; NaN without IT.

    `grid_kg_per_kwh`: the grid's intensity, a scalar or (steps,), which leads with time as the sensors do.
    """
    return _ratio(sensors.facility_w * _over_time(grid_kg_per_kwh, sensors.facility_w), sensors.it_w)


def carbon_kg(sensors: Sensors, grid_kg_per_kwh: ArrayLike, *, dt_s: float) -> Array:
    """CO2 of the facility's electricity, kg; the intensity as in `carbon_usage_kg_kwh`."""
    return energy_kwh(sensors.facility_w * _over_time(grid_kg_per_kwh, sensors.facility_w), dt_s=dt_s)


def energy_cost(sensors: Sensors, price_per_kwh: ArrayLike, *, dt_s: float) -> Array:
    """Cost of the facility's electricity in the price's currency; `price_per_kwh` is a scalar or (steps,)."""
    return energy_kwh(sensors.facility_w * _over_time(price_per_kwh, sensors.facility_w), dt_s=dt_s)


def stored_heat_j(plant: Plant, state: State) -> Array:
    """Heat stored in halls and water over 0 °C, J; its change is the integral of `net_heat_w`."""
    return (
        (plant.hall.heat_capacity_j_k * state.return_air_c).sum()
        + chilled_water.node_heat_capacity_j_k(plant.chilled_water)
        * (state.chw_supply_leg_c.sum() + state.chw_return_leg_c.sum())
        + condenser_water.loop_heat_capacity_j_k(plant.condenser_water) * state.cw_c
    )


def net_heat_w(sensors: Sensors) -> Array:
    """Heat that enters halls and water less the heat that leaves by the tower, W; zero in the long run."""
    gains = sensors.hall_gain_w + sensors.chw_pump_w + sensors.cw_pump_w + sensors.chiller_w
    return gains - sensors.tower_heat_w


def _it_w(sensors: Sensors, category: int) -> Array:
    if category not in (1, 2, 3):
        raise ValueError(f"PUE category must be 1, 2 or 3 (ISO/IEC 30134-2), got {category}")
    return sensors.it_w + sensors.pdu_loss_w if category == 1 else sensors.it_w


def _over_time(series: ArrayLike, power_w: Array) -> Array:
    """A scalar or (steps,) series in the shape of (steps, ...)."""
    values = jnp.asarray(series)
    if values.ndim and values.shape[0] != power_w.shape[0]:
        raise ValueError(
            f"a series must have the run's {power_w.shape[0]} steps, got {values.shape[0]}; "
            "resample it, or give a scalar"
        )
    return values.reshape(values.shape + (1,) * (power_w.ndim - values.ndim)) if values.ndim else values


def _ratio(total: Array, it_w: Array) -> Array:
    it_sum = it_w.sum(axis=0)
    return jnp.where(it_sum > 0, total.sum(axis=0) / jnp.where(it_sum > 0, it_sum, 1.0), jnp.nan)
