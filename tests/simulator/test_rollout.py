"""Stepping through time: heat is conserved, nothing depends on how the time is cut, errors are clear."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulator import (
    Drivers,
    Faults,
    Plant,
    Setpoints,
    constant_drivers,
    default_plant,
    default_setpoints,
    init,
    rollout,
    step,
)
from simulator.load import generated_utilization
from simulator.metrics import net_heat_w, stored_heat_j
from simulator.weather import generated_weather
from tests.simulator.conftest import DAY, DT_S, changed, run

pytestmark = pytest.mark.medium

MILD = {"outdoor_drybulb_c": 20.0, "outdoor_wetbulb_c": 15.0}
BROKEN = {
    "coil_fouling": 0.4,
    "chillers_tripped": 2.0,
    "economizer_leak": 0.2,
    "tower_cells_failed": 0.5,
    "valve_stuck": 1.0,
    "valve_position": 0.7,
    "chw_sensor_bias_k": 1.0,
}


def day_of_weather(climate: str = "temperate", start_day: float = 100.0) -> Drivers:
    weather = generated_weather(jax.random.key(1), steps=DAY, dt_s=DT_S, climate=climate, start_day=start_day)
    load = generated_utilization(jax.random.key(2), steps=DAY, dt_s=DT_S)
    return Drivers(weather.outdoor_drybulb_c, weather.outdoor_wetbulb_c, weather.pressure_pa, load)


def trials(setpoints: Setpoints) -> Setpoints:
    """Setpoints that jump every three hours: the hardest ordinary thing for a heat balance."""
    block = jnp.arange(DAY) // 36
    return replace(
        setpoints,
        supply_air_c=19.0 + 2.0 * (block % 4),
        chw_supply_c=8.0 + 3.0 * (block % 3),
        cw_supply_c=12.0 + 4.0 * (block % 4),
        economizer_enable=1.0 * (block % 2),
    )


def week_balance(faults: Faults) -> tuple[float, float]:
    """Heat unaccounted for, and heat rejected, over a week of trials, J."""
    plant = default_plant()
    state = start = init(plant)
    given = rejected = 0.0
    for day in range(7):
        drivers = day_of_weather("continental", start_day=100.0 + day)
        state, sensors = run(plant, trials(default_setpoints(plant)), drivers, faults, state=state)
        given += float(np.asarray(net_heat_w(sensors), dtype=float).sum()) * DT_S
        rejected += float(np.asarray(sensors.tower_heat_w, dtype=float).sum()) * DT_S
    return given - float(stored_heat_j(plant, state) - stored_heat_j(plant, start)), rejected


@pytest.mark.parametrize("faults", [{}, BROKEN], ids=["healthy", "broken"])
@pytest.mark.usefixtures("double_precision")
def test_heat_given_is_heat_removed_plus_heat_stored(faults: dict[str, float]) -> None:
    missing, rejected = week_balance(changed(Faults.none(), **faults))
    assert abs(missing) < 1e-6 * rejected


def test_heat_balance_closes_to_a_thousandth_in_single_precision() -> None:
    missing, rejected = week_balance(Faults.none())
    assert abs(missing) < 1e-3 * rejected


def test_submeters_add_up_to_the_facility_meter(plant: Plant, setpoints: Setpoints) -> None:
    _, s = run(plant, setpoints, day_of_weather())
    cooling = s.chiller_w + s.chw_pump_w + s.cw_pump_w + s.tower_fan_w + s.crah_fan_w
    np.testing.assert_allclose(s.cooling_w, cooling, rtol=1e-5)
    rest = s.it_w + s.ups_loss_w + s.pdu_loss_w + s.transformer_loss_w + s.lighting_w
    np.testing.assert_allclose(s.facility_w, cooling + rest, rtol=1e-5)


@pytest.mark.parametrize("climate", ["cold", "tropical", "hot_dry"])
def test_default_setpoints_keep_an_ordinary_site_in_any_climate(
    plant: Plant, setpoints: Setpoints, climate: str
) -> None:
    for start_day in (15.0, 200.0):
        _, s = run(plant, setpoints, day_of_weather(climate, start_day))
        pue = s.facility_w / s.it_w
        assert 1.1 < float(pue.min()) < float(pue.max()) < 1.6
        assert 15.0 < float(s.rack_inlet_c.min()) < float(s.rack_inlet_c.max()) < 30.0


def test_no_load_at_all_is_defined(plant: Plant, setpoints: Setpoints) -> None:
    dark = replace(plant, servers=changed(plant.servers, idle_fraction=0.0, fan_fraction=0.0))
    drivers = constant_drivers(
        outdoor_drybulb_c=-25.0, outdoor_wetbulb_c=-25.0, it_utilization=0.0, steps=DAY
    )
    end, sensors = run(dark, setpoints, drivers)
    assert float(sensors.it_w[-1]) == 0.0
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves((end, sensors)))


def test_the_same_inputs_give_the_same_run(plant: Plant, setpoints: Setpoints) -> None:
    first, second = (run(plant, setpoints, day_of_weather())[1] for _ in range(2))
    assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), first, second))


def test_a_rollout_is_its_steps_one_after_another(plant: Plant, setpoints: Setpoints) -> None:
    one_step = partial(jax.jit, static_argnames="dt_s")(step)
    drivers = day_of_weather()
    _, sensors = run(plant, setpoints, drivers)
    state = init(plant)
    for i in range(12):
        now = jax.tree.map(lambda series, i=i: series[i], drivers)
        state, reading = one_step(plant, state, setpoints, now, Faults.none(), dt_s=DT_S)
        assert float(reading.facility_w) == pytest.approx(float(sensors.facility_w[i]), rel=1e-5)


def test_five_minute_steps_agree_with_fifteen_second_ones(plant: Plant, setpoints: Setpoints) -> None:
    shorter = 20
    drivers, tried = day_of_weather(), trials(setpoints)
    fine_drivers, fine_tried = jax.tree.map(
        lambda leaf: jnp.repeat(leaf, shorter) if leaf.ndim else leaf, (drivers, tried)
    )
    _, rough = run(plant, tried, drivers)
    _, exact = run(plant, fine_tried, fine_drivers, dt_s=DT_S / shorter)
    assert float(rough.cooling_w.mean()) == pytest.approx(float(exact.cooling_w.mean()), rel=0.01)
    gap_k = rough.rack_inlet_c - exact.rack_inlet_c.reshape(DAY, shorter).mean(axis=1)
    assert float(jnp.sqrt((gap_k**2).mean())) < 0.5


def test_an_hourly_step_is_divided_and_averaged(plant: Plant, setpoints: Setpoints) -> None:
    end, coarse = run(plant, setpoints, constant_drivers(**MILD, steps=24), dt_s=3600.0)
    same_end, exact = run(plant, setpoints, constant_drivers(**MILD, steps=DAY))
    np.testing.assert_allclose(coarse.facility_w, exact.facility_w.reshape(24, 12).mean(axis=1), rtol=1e-4)
    np.testing.assert_allclose(end.return_air_c, same_end.return_air_c, rtol=1e-4)


def test_several_halls_with_their_own_load_share_one_plant() -> None:
    plant = default_plant(halls=3)
    load = jnp.broadcast_to(jnp.asarray([0.1, 0.5, 0.9]), (DAY, 3))
    drivers = replace(constant_drivers(**MILD, steps=DAY), it_utilization=load)
    end, sensors = run(plant, default_setpoints(plant), drivers)
    assert (jnp.diff(end.return_air_c) > 0).all()
    assert float(sensors.it_utilization[-1]) == pytest.approx(0.5)
    assert sensors.it_w.shape == (DAY,)


def test_setpoints_in_force_slew_towards_the_ones_asked_for(plant: Plant, setpoints: Setpoints) -> None:
    asked = changed(setpoints, chw_supply_c=16.0)
    _, sensors = run(plant, asked, constant_drivers(**MILD, steps=DAY))
    limit_k = float(plant.control.slew_per_s.chw_supply_c) * DT_S
    np.testing.assert_allclose(
        sensors.chw_supply_setpoint_c[:4], [10 + limit_k, 10 + 2 * limit_k, 16, 16], rtol=1e-5
    )


def test_a_series_of_another_length_is_refused(plant: Plant, setpoints: Setpoints) -> None:
    drivers = constant_drivers(**MILD, steps=8)
    short = replace(setpoints, chw_supply_c=jnp.full((7,), 10.0))
    with pytest.raises(ValueError, match=r"chw_supply_c has 7 steps, outdoor_drybulb_c has 8"):
        rollout(plant, init(plant), short, drivers, dt_s=DT_S)
    with pytest.raises(ValueError, match="must be a series"):
        rollout(plant, init(plant), setpoints, constant_drivers(**MILD), dt_s=DT_S)
    with pytest.raises(ValueError, match="dt_s must be positive"):
        rollout(plant, init(plant), setpoints, drivers, dt_s=0.0)
