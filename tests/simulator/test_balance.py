"""Over a year heat given is heat removed plus heat stored, in every structure and with every fault; and the order."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from simulator import Drivers, Faults, Plant, Setpoints, default_plant, default_setpoints, init
from simulator.control import physical_drivers
from simulator.faults import FAULT_RANGES, physical_faults
from simulator.load import generated_utilization
from simulator.metrics import net_heat_w, stored_heat_j
from simulator.rollout import substep
from simulator.weather import generated_weather
from tests.simulator.conftest import changed

pytestmark = pytest.mark.medium

HOUR_S, YEAR = 3600.0, 8760
# Each choice with each other choice of its neighbours; the parts do not see further.
STRUCTURES: list[dict[str, Any]] = [
    {"economizer": "series", "chiller_curves": "entering", "tower": "merkel"},
    {"economizer": "parallel", "chiller_curves": "leaving", "tower": "york"},
    {"economizer": "none", "chiller_curves": "leaving", "tower": "merkel", "pumps": "curve"},
    {
        "economizer": "series",
        "economizer_condenser": "series",
        "chiller_curves": "leaving",
        "tower": "york",
    },
    {
        "economizer": "parallel",
        "economizer_condenser": "series",
        "chiller_curves": "entering",
        "tower": "merkel",
    },
]
BROKEN = {  # what a single fault is set to; shares and switches otherwise to 0.5 and 1
    "condenser_fouling": 0.3,
    "chillers_tripped": 2.0,
    "valve_position": 0.0,
    "supply_air_sensor_bias_k": 3.0,
    "chw_sensor_bias_k": -2.0,
    "cw_sensor_bias_k": 2.0,
    "valve_stuck": 1.0,
    "communication_lost": 1.0,
    "supply_air_sensor_stuck": 1.0,
}


def each_fault() -> Faults:
    """A healthy plant and one with each fault, leaves (1 + number of faults,)."""
    count = len(FAULT_RANGES)
    values = {
        name: jnp.zeros(count + 1).at[n + 1].set(BROKEN.get(name, 0.5)) for n, name in enumerate(FAULT_RANGES)
    }
    # a stuck valve is stuck somewhere
    stuck = 1 + list(FAULT_RANGES).index("valve_stuck")
    return Faults(**values | {"valve_position": values["valve_position"].at[stuck].set(0.4)})


def year_of_weather() -> Drivers:
    keys = jax.random.split(jax.random.key(0))
    weather = generated_weather(keys[0], steps=YEAR, dt_s=HOUR_S, climate="continental")
    load = generated_utilization(keys[1], steps=YEAR, dt_s=HOUR_S)
    return physical_drivers(
        Drivers(weather.outdoor_drybulb_c, weather.outdoor_wetbulb_c, weather.pressure_pa, load)
    )


def year_of_trials(plant: Plant) -> Setpoints:
    block = jnp.arange(YEAR) // 7
    held = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (YEAR,)), default_setpoints(plant))
    return changed(
        held,
        supply_air_c=19.0 + 2.0 * (block % 4),
        chw_supply_c=8.0 + 3.0 * (block % 3),
        cw_supply_c=8.0 + 4.0 * (block % 5),
        economizer_enable=1.0 * (block % 3 > 0),
    )


@jax.jit
def year_balances(plant: Plant) -> tuple[Array, Array, Array]:
    """Heat unaccounted for, heat rejected and heat by the economizer over a year, J, healthy and with each fault."""
    asked, weather = year_of_trials(plant), year_of_weather()

    def one(faults: Faults) -> tuple[Array, Array, Array]:
        def hour(state: Any, at: Any) -> Any:
            state, sensors = substep(plant, state, *at, physical_faults(faults), HOUR_S)
            return state, (net_heat_w(sensors), sensors.tower_heat_w, sensors.economizer_heat_w)

        start = init(plant)
        end, (net, rejected, free) = jax.lax.scan(hour, start, (asked, weather))
        stored = stored_heat_j(plant, end) - stored_heat_j(plant, start)
        return net.sum() * HOUR_S - stored, rejected.sum() * HOUR_S, free.sum() * HOUR_S

    return jax.vmap(one)(each_fault())


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: "-".join(s.values()))
@pytest.mark.usefixtures("double_precision")
def test_a_years_heat_is_accounted_for_in_every_structure_with_every_fault(
    structure: dict[str, Any],
) -> None:
    missing, rejected, free = (np.asarray(x) for x in year_balances(default_plant(**structure)))
    assert missing.shape == (1 + len(FAULT_RANGES),)
    assert (rejected > 1e12).all()
    assert (np.abs(missing) < 1e-3 * rejected).all()
    assert (np.abs(missing) < 1e-8 * rejected).all()  # what double precision leaves
    if structure["economizer"] != "none":
        assert free[0] > 0.05 * rejected[0]


@jax.jit
def floating(plant: Plant, dt_s: Array, steps: Array) -> Array:
    """Hall, loop and basin, °C, and mean power, kW, of a plant that floats on free cooling with towers at full speed.

    No loop is held to a setpoint and nothing switches, so that every part's lag shows.
    """
    asked = changed(
        default_setpoints(plant),
        chw_supply_c=6.0,
        cw_supply_c=4.0,
        supply_air_c=16.0,
        economizer_enable=1.0,
        chillers_available=0.0,
    )

    def one(i: Array, carry: Any) -> Any:
        state, energy = carry
        day = 2 * jnp.pi * (i + 0.5) * dt_s / 86_400.0
        wave = jnp.sin(4 * day)
        weather = Drivers(8.0 + wave, 6.0 + wave, jnp.asarray(101_325.0), 0.6 + 0.1 * jnp.sin(6 * day))
        state, sensors = substep(plant, state, asked, weather, Faults.none(), dt_s)
        return state, energy + sensors.facility_w * dt_s

    start = replace(init(plant), setpoints=asked, heard=asked)
    state, energy = jax.lax.fori_loop(0, steps, one, (start, jnp.asarray(0.0)))
    temperatures = jnp.stack([state.return_air_c[0], state.chw_return_leg_c[-1], state.cw_c])
    return jnp.append(temperatures, energy / (steps * dt_s * 1e3))


@pytest.mark.usefixtures("double_precision")
def test_the_error_falls_in_proportion_to_the_step() -> None:
    plant = default_plant()

    def after_two_hours(dt_s: float) -> np.ndarray:
        return np.asarray(floating(plant, jnp.asarray(dt_s), jnp.asarray(round(2 * HOUR_S / dt_s))))

    exact, size = after_two_hours(1.0), np.array([1.0, 1.0, 1.0, 10.0])  # a kelvin weighs as much as 10 kW
    errors = np.array(
        [np.linalg.norm((after_two_hours(dt_s) - exact) / size) for dt_s in (120.0, 60.0, 30.0, 15.0)]
    )
    order = np.log2(errors[:-1] / errors[1:])
    assert (order > 0.9).all()
    assert errors[0] < 0.1
