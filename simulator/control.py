"""What the plant's own controllers do with their inputs: setpoints slew, values stay in physical range.

Loops that settle within a step (chillers' leaving water, tower fans) are solved as settled in their parts.
"""

import jax.numpy as jnp

from simulator.pi import slew
from simulator.types import Drivers, Setpoints


def slewed_setpoints(working: Setpoints, target: Setpoints, rates: Setpoints, dt_s: float) -> Setpoints:
    """Setpoints in force after `dt_s`; `rates` holds each one's limit per second."""
    return Setpoints(
        **{
            name: slew(getattr(working, name), getattr(target, name), getattr(rates, name), dt_s)
            for name in Setpoints.__dataclass_fields__
        }
    )


def physical_setpoints(setpoints: Setpoints) -> Setpoints:
    """Setpoints held to what the equipment's own controllers accept; the operator's limits are stricter."""
    return Setpoints(
        supply_air_c=jnp.clip(setpoints.supply_air_c, 5.0, 45.0),
        chw_supply_c=jnp.clip(setpoints.chw_supply_c, 3.0, 30.0),
        cw_supply_c=jnp.clip(setpoints.cw_supply_c, 4.0, 45.0),
        airflow_ratio=jnp.clip(setpoints.airflow_ratio, 0.2, 3.0),
        economizer_enable=jnp.where(setpoints.economizer_enable > 0.5, 1.0, 0.0),
        chillers_available=jnp.clip(jnp.round(setpoints.chillers_available), 0.0, 1000.0),
    )


def physical_drivers(drivers: Drivers) -> Drivers:
    """Weather and load held to what occurs on earth; a wetbulb above the drybulb reads as saturated air."""
    drybulb_c = jnp.clip(drivers.outdoor_drybulb_c, -50.0, 60.0)
    return Drivers(
        outdoor_drybulb_c=drybulb_c,
        outdoor_wetbulb_c=jnp.minimum(jnp.clip(drivers.outdoor_wetbulb_c, -50.0, 40.0), drybulb_c),
        pressure_pa=jnp.clip(drivers.pressure_pa, 50_000.0, 110_000.0),
        it_utilization=jnp.clip(drivers.it_utilization, 0.0, 1.0),
    )
