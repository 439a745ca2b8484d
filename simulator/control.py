"""The plant's own controllers: setpoints slew and time out, inputs are limited to their physical range.

Loops that settle within a step (chillers' leaving water, tower fans) are solved as settled, in their parts.
"""

import jax
import jax.numpy as jnp
from jax import Array

from simulator.pi import slew
from simulator.types import Drivers, LocalControl, Setpoints

LONGEST_SILENCE_S = 1e6  # at which the timer saturates
DRYBULB_C, WETBULB_C, PRESSURE_PA = (-50.0, 60.0), (-50.0, 40.0), (50_000.0, 110_000.0)  # as on earth
SETPOINT_RANGES = {
    "supply_air_c": (5.0, 45.0),
    "chw_supply_c": (3.0, 30.0),
    "cw_supply_c": (4.0, 45.0),
    "airflow_ratio": (0.2, 3.0),
    "economizer_enable": (0.0, 1.0),
    "chillers_available": (0.0, 1000.0),
}


def slewed_setpoints(
    working: Setpoints, target: Setpoints, rates: Setpoints, dt_s: Array | float
) -> Setpoints:
    """Setpoints in force after `dt_s` seconds; `rates` holds the limit of each, per second."""
    return Setpoints(
        **{
            name: slew(getattr(working, name), getattr(target, name), getattr(rates, name), dt_s)
            for name in Setpoints.__dataclass_fields__
        }
    )


def received_setpoints(
    control: LocalControl,
    heard: Setpoints,
    since_heard_s: Array,
    sent: Setpoints,
    lost: Array,
    dt_s: Array | float,
) -> tuple[Setpoints, Array]:
    """Setpoints that the plant follows, and the time since it last received one, s.

    A setpoint sent arrives unless communication is lost (`lost` > 0.5). Then the plant keeps the last one
    received, and after `control.communication_timeout_s` uses its own fallback.
    """
    silent = lost > 0.5
    since_s = jnp.where(silent, jnp.minimum(since_heard_s + dt_s, LONGEST_SILENCE_S), 0.0)
    timed_out = since_s > control.communication_timeout_s
    kept = jax.tree.map(lambda own, last: jnp.where(timed_out, own, last), control.fallback, heard)
    return jax.tree.map(lambda last, new: jnp.where(silent, last, new), kept, sent), since_s


def physical_setpoints(setpoints: Setpoints) -> Setpoints:
    """Setpoints limited to what the equipment's own controllers accept; operators' limits are narrower."""
    held = {name: jnp.clip(getattr(setpoints, name), *limits) for name, limits in SETPOINT_RANGES.items()}
    held["economizer_enable"] = jnp.where(setpoints.economizer_enable > 0.5, 1.0, 0.0)
    held["chillers_available"] = jnp.round(held["chillers_available"])
    return Setpoints(**held)


def physical_drivers(drivers: Drivers) -> Drivers:
    """Weather and load limited to what occurs on earth; a wetbulb above the drybulb means saturated air."""
    drybulb_c = jnp.clip(drivers.outdoor_drybulb_c, *DRYBULB_C)
    return Drivers(
        outdoor_drybulb_c=drybulb_c,
        outdoor_wetbulb_c=jnp.minimum(jnp.clip(drivers.outdoor_wetbulb_c, *WETBULB_C), drybulb_c),
        pressure_pa=jnp.clip(drivers.pressure_pa, *PRESSURE_PA),
        it_utilization=jnp.clip(drivers.it_utilization, 0.0, 1.0),
    )
