"""Input that no plant should be given: what happens is defined, and said."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulator import Faults, Plant, Setpoints, constant_drivers, default_plant, perturb_plant
from simulator.check import check_plant
from simulator.control import SETPOINT_RANGES
from tests.simulator.conftest import DAY, changed, run

pytestmark = pytest.mark.medium

Settled = Callable[..., dict[str, float]]
MILD = {"outdoor_drybulb_c": 20.0, "outdoor_wetbulb_c": 15.0}


@pytest.mark.parametrize("name", SETPOINT_RANGES)
@pytest.mark.parametrize("beyond", [-1e4, 1e4])
def test_a_setpoint_out_of_range_acts_as_the_end_of_its_range(
    plant: Plant, setpoints: Setpoints, name: str, beyond: float
) -> None:
    drivers = constant_drivers(**MILD, steps=DAY)
    limit = SETPOINT_RANGES[name][0 if beyond < 0 else 1]
    wild, held = (run(plant, changed(setpoints, **{name: value}), drivers)[1] for value in (beyond, limit))
    np.testing.assert_allclose(wild.facility_w, held.facility_w)


def test_chilled_water_above_supply_air_lets_the_hall_float_above_the_water(
    settled: Settled, setpoints: Setpoints
) -> None:
    now = settled(changed(setpoints, chw_supply_c=24.0, supply_air_c=18.0))
    assert now["valve_position"] == pytest.approx(1.0)
    assert now["supply_air_c"] > now["chw_supply_c"]
    assert 24.0 < now["supply_air_c"] < 35.0


def test_capacity_short_of_load_heats_the_hall_until_servers_protect_themselves(
    settled: Settled, setpoints: Setpoints
) -> None:
    warm = {"wetbulb_c": 24.0, "drybulb_c": 30.0, "utilization": 1.0}
    enough = settled(setpoints, **warm)
    none = settled(changed(setpoints, chillers_available=0.0), **warm)
    assert none["rack_inlet_c"] > 45.0
    assert none["it_w"] < 0.8 * enough["it_w"]
    assert np.isfinite(list(none.values())).all()


@pytest.mark.parametrize("economizer", [0.0, 1.0])
def test_deep_frost_neither_freezes_the_basin_nor_the_hall(
    settled: Settled, setpoints: Setpoints, economizer: float
) -> None:
    asked = changed(setpoints, cw_supply_c=-20.0, economizer_enable=economizer, chw_supply_c=10.0)
    now = settled(asked, wetbulb_c=-30.0, drybulb_c=-29.0)
    assert now["cw_supply_c"] == pytest.approx(4.0, abs=0.1)  # the basin's own thermostat
    assert now["supply_air_c"] == pytest.approx(20.0, abs=0.2)


def test_no_load_and_no_fresh_heat_leave_a_plant_at_rest(plant: Plant, setpoints: Setpoints) -> None:
    dark = replace(plant, servers=changed(plant.servers, idle_fraction=0.0, fan_fraction=0.0))
    drivers = constant_drivers(
        outdoor_drybulb_c=-25.0, outdoor_wetbulb_c=-25.0, it_utilization=0.0, steps=DAY
    )
    _, sensors = run(dark, setpoints, drivers)
    assert float(sensors.chiller_w[-1]) == 0.0
    assert float(sensors.tower_heat_w[-1]) == pytest.approx(0.0, abs=100.0)


def test_lost_communication_keeps_the_last_setpoints_and_then_the_plants_own(
    plant: Plant, setpoints: Setpoints
) -> None:
    drivers = constant_drivers(**MILD, steps=DAY)
    lost = jnp.arange(DAY) >= 48
    asked = replace(setpoints, chw_supply_c=jnp.where(lost, 7.0, 14.0))
    _, sensors = run(plant, asked, drivers, replace(Faults.none(), communication_lost=lost.astype(float)))
    in_force = np.asarray(sensors.chw_supply_setpoint_c)
    assert in_force[47] == pytest.approx(14.0)
    assert in_force[48 + 5] == pytest.approx(14.0)  # 30 minutes: what was sent since has not arrived
    assert in_force[-1] == pytest.approx(float(plant.control.fallback.chw_supply_c))


def test_a_stuck_supply_air_sensor_lets_the_hall_drift(plant: Plant, setpoints: Setpoints) -> None:
    """It was stuck while cold, so that control closes the valves more and more."""
    drivers = constant_drivers(**MILD, steps=DAY)
    cold = changed(Faults.none(), supply_air_sensor_bias_k=-2.0)
    stuck = replace(cold, supply_air_sensor_stuck=(jnp.arange(DAY) > 20).astype(float))
    _, sensors = run(plant, setpoints, drivers, stuck)
    assert float(sensors.supply_air_c[-1]) > 22.0


def test_a_tower_sensor_that_reads_warm_overcools_the_basin(settled: Settled, setpoints: Setpoints) -> None:
    now = settled(setpoints, faults=changed(Faults.none(), cw_sensor_bias_k=2.0))
    assert now["cw_supply_c"] == pytest.approx(22.0, abs=0.1)


def test_pressures_follow_the_air_and_the_water(settled: Settled, setpoints: Setpoints) -> None:
    short, ample = (settled(changed(setpoints, airflow_ratio=ratio)) for ratio in (0.8, 1.2))
    assert short["aisle_pa"] < 0 < ample["aisle_pa"]
    assert 0 < short["underfloor_pa"] < ample["underfloor_pa"] < 25.0
    assert 0.2 * 260e3 < ample["chw_head_pa"] < 260e3


def test_a_plant_of_ordinary_numbers_passes(plant: Plant) -> None:
    check_plant(plant)
    check_plant(default_plant(economizer="none", chiller_curves="leaving", tower="york", pumps="curve"))


def broken(plant: Plant, part: str, name: str, value: Any) -> Plant:
    whole = getattr(plant, part)
    leaf = jnp.broadcast_to(jnp.asarray(value, float), np.shape(getattr(whole, name)) or np.shape(value))
    return replace(plant, **{part: replace(whole, **{name: leaf})})


@pytest.mark.parametrize(
    ("part", "name", "value", "words"),
    [
        ("tower", "rated_ua_w_k", -5.0, r"tower\.rated_ua_w_k must be positive, got -5"),
        ("tower", "cycles_of_concentration", 0.5, r"cycles_of_concentration must exceed 1, got 0\.5"),
        ("chillers", "rated_cop", float("nan"), r"chillers\.rated_cop must be finite, got nan"),
        ("hall", "leakage_recirculation", 1.4, r"leakage_recirculation must lie in 0-1, got 1\.4"),
        ("crah", "air_side_resistance", 1.0, r"air_side_resistance must lie between 0 and 1, got 1"),
        ("chillers", "input_curve", np.zeros(6), r"chillers\.input_curve .* input per output"),
        ("chillers", "part_load_curve", np.zeros(3), r"chillers\.part_load_curve"),
    ],
)
def test_an_unphysical_plant_is_refused_by_the_name_of_what_is_wrong(
    plant: Plant, part: str, name: str, value: Any, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        check_plant(broken(plant, part, name, value))


def test_a_missing_curve_is_refused(plant: Plant) -> None:
    without = replace(plant, chillers=replace(plant.chillers, capacity_curve=jnp.zeros(0)))
    with pytest.raises(ValueError, match=r"chillers\.capacity_curve has no coefficients"):
        check_plant(without)


def test_any_perturbed_plant_still_passes(plant: Plant) -> None:
    for seed in range(5):
        check_plant(perturb_plant(jax.random.key(seed), plant, relative=0.3))
