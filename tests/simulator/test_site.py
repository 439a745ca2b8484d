"""The whole plant, settled: what an engineer expects of a 1.2 MW chilled-water site."""

from collections.abc import Callable

import jax
import numpy as np
import pytest

from simulator import Faults, Plant, Setpoints, default_plant, perturb_plant
from tests.simulator.conftest import changed

pytestmark = pytest.mark.medium

Settled = Callable[..., dict[str, float]]

SUMMER = {"wetbulb_c": 24.0, "drybulb_c": 30.0}
WINTER = {"wetbulb_c": 2.0, "drybulb_c": 4.0}


def swept(
    settled: Settled, setpoints: Setpoints, name: str, values: np.ndarray, **weather: float
) -> np.ndarray:
    return np.array([settled(changed(setpoints, **{name: v}), **weather)["facility_w"] for v in values])


def assert_interior_minimum(power_w: np.ndarray) -> None:
    best = int(power_w.argmin())
    assert 0 < best < len(power_w) - 1, power_w
    assert power_w[0] - power_w[best] > 2e3
    assert power_w[-1] - power_w[best] > 2e3


def test_pue_lies_where_chilled_water_sites_lie(settled: Settled, setpoints: Setpoints) -> None:
    for weather in (WINTER, {}, SUMMER):
        for utilization in (0.2, 0.5, 0.9):
            now = settled(setpoints, utilization=utilization, **weather)
            assert 1.15 < now["facility_w"] / now["it_w"] < 1.5


def test_site_holds_its_setpoints_in_ordinary_weather(settled: Settled, setpoints: Setpoints) -> None:
    now = settled(setpoints)
    assert now["supply_air_c"] == pytest.approx(20.0, abs=0.1)
    assert now["chw_supply_c"] == pytest.approx(10.0, abs=0.1)
    assert now["cw_supply_c"] == pytest.approx(24.0, abs=0.1)
    assert 18.0 < now["rack_inlet_c"] < 27.0


def test_condenser_water_has_a_best_temperature_between_fan_power_and_lift(
    settled: Settled, setpoints: Setpoints
) -> None:
    assert_interior_minimum(swept(settled, setpoints, "cw_supply_c", np.arange(17.0, 30.0)))


def test_supply_air_has_a_best_temperature_between_lift_and_server_fans(
    settled: Settled, setpoints: Setpoints
) -> None:
    power = np.array(
        [
            settled(changed(setpoints, supply_air_c=t, chw_supply_c=t - 9))["facility_w"]
            for t in np.arange(18.0, 30.0)
        ]
    )
    assert_interior_minimum(power)


def test_chilled_water_has_a_best_temperature_between_lift_and_pumping(
    settled: Settled, setpoints: Setpoints
) -> None:
    assert_interior_minimum(swept(settled, setpoints, "chw_supply_c", np.arange(7.0, 17.0)))


@pytest.mark.parametrize(
    ("weather", "better"),
    [
        (WINTER, {"cw_supply_c": 10.0, "economizer_enable": 1.0}),
        ({}, {"cw_supply_c": 20.0}),
        (SUMMER, {"cw_supply_c": 27.0}),
    ],
)
def test_good_setpoints_save_15_percent_of_cooling_energy_or_more(
    settled: Settled, setpoints: Setpoints, weather: dict, better: dict
) -> None:
    before = settled(setpoints, **weather)
    chosen = changed(setpoints, supply_air_c=23.0, chw_supply_c=14.0, airflow_ratio=1.05, **better)
    after = settled(chosen, **weather)
    assert after["rack_inlet_c"] < 27.0
    assert 0.15 < (before["facility_w"] - after["facility_w"]) / before["cooling_w"] < 0.75


def test_economizer_carries_the_load_in_winter_and_is_locked_out_in_summer(
    settled: Settled, setpoints: Setpoints
) -> None:
    winter = settled(changed(setpoints, chw_supply_c=13.0, cw_supply_c=9.0, economizer_enable=1.0), **WINTER)
    assert winter["chillers_running"] == 0
    assert winter["chiller_w"] == 0
    assert winter["economizer_heat_w"] > 0.95 * winter["coil_heat_w"]
    closed = settled(setpoints, **SUMMER)
    opened = settled(changed(setpoints, economizer_enable=1.0), **SUMMER)
    assert opened["economizer_heat_w"] == 0
    assert opened["facility_w"] == pytest.approx(closed["facility_w"])


def test_chilled_water_close_to_supply_air_starves_the_coil_and_supply_air_floats_up(
    settled: Settled, setpoints: Setpoints
) -> None:
    now = settled(changed(setpoints, chw_supply_c=20.0))
    assert now["supply_air_c"] > 21.0
    assert now["valve_position"] == pytest.approx(1.0)


def test_more_airflow_than_servers_draw_cools_the_worst_rack_and_costs_fan_power(
    settled: Settled, setpoints: Setpoints
) -> None:
    tight, ample = (settled(changed(setpoints, airflow_ratio=r)) for r in (0.85, 1.3))
    assert tight["rack_inlet_c"] > ample["rack_inlet_c"] + 2
    assert tight["crah_fan_w"] < 0.5 * ample["crah_fan_w"]


def test_too_few_chillers_let_the_hall_heat_up(settled: Settled, setpoints: Setpoints) -> None:
    now = settled(changed(setpoints, chillers_available=1.0), utilization=1.0, **SUMMER)
    assert 35.0 < now["rack_inlet_c"] < 90.0
    assert np.isfinite(list(now.values())).all()


@pytest.mark.parametrize(
    "fault",
    [
        {"coil_fouling": 0.5},
        {"condenser_fouling": 0.2},
        {"pump_degradation": 0.4},
        {"economizer_leak": 0.3},
        {"chw_sensor_bias_k": 2.0},
    ],
)
def test_each_fault_costs_power(settled: Settled, setpoints: Setpoints, fault: dict[str, float]) -> None:
    healthy = settled(setpoints, **SUMMER)
    broken = settled(setpoints, faults=changed(Faults.none(), **fault), **SUMMER)
    assert broken["facility_w"] > healthy["facility_w"] + 300.0


def test_failed_tower_cells_make_the_others_work_harder(settled: Settled, setpoints: Setpoints) -> None:
    healthy = settled(setpoints)
    broken = settled(setpoints, faults=changed(Faults.none(), tower_cells_failed=0.67))
    assert broken["towers_running"] < healthy["towers_running"]
    assert broken["tower_fan_w"] > 2 * healthy["tower_fan_w"]


def test_coil_control_makes_up_for_fouling_until_the_valve_is_open(
    settled: Settled, setpoints: Setpoints
) -> None:
    fouled = settled(setpoints, faults=changed(Faults.none(), coil_fouling=0.3))
    assert fouled["supply_air_c"] == pytest.approx(20.0, abs=0.2)
    assert fouled["valve_position"] > settled(setpoints)["valve_position"]


def test_tripped_chillers_and_stuck_valves_do_what_they_say(settled: Settled, setpoints: Setpoints) -> None:
    tripped = settled(setpoints, faults=changed(Faults.none(), chillers_tripped=2.0), **SUMMER)
    assert tripped["chillers_running"] == 1
    stuck = settled(setpoints, faults=changed(Faults.none(), valve_stuck=1.0, valve_position=0.15))
    assert stuck["valve_position"] == pytest.approx(0.15)
    assert stuck["supply_air_c"] > 22.0


def test_a_supply_air_sensor_that_reads_warm_overcools(settled: Settled, setpoints: Setpoints) -> None:
    now = settled(setpoints, faults=changed(Faults.none(), supply_air_sensor_bias_k=2.0))
    assert 17.5 < now["supply_air_c"] < 19.5


def test_a_site_is_sized_in_proportion_to_its_servers() -> None:
    small, large = default_plant(it_kw=500.0), default_plant(it_kw=1500.0)
    for part in (
        "crah.rated_fan_w",
        "chillers.rated_capacity_w",
        "tower.rated_air_kg_s",
        "economizer.ua_w_k",
    ):
        owner, name = part.split(".")
        ratio = getattr(getattr(large, owner), name) / getattr(getattr(small, owner), name)
        np.testing.assert_allclose(ratio, 3.0, rtol=1e-5)


def test_a_real_site_differs_from_its_nameplate_but_has_the_same_units(plant: Plant) -> None:
    real = perturb_plant(jax.random.key(3), plant, relative=0.1)
    assert float(real.chillers.units) == float(plant.chillers.units)
    factors = np.array([perturb_plant(jax.random.key(i), plant).chillers.rated_cop for i in range(40)]) / 5.8
    assert 0.06 < factors.std() < 0.14
    again = perturb_plant(jax.random.key(3), plant, relative=0.1)
    assert jax.tree.all(jax.tree.map(lambda a, b: (a == b).all(), real, again))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"it_kw": -1.0}, "positive"), ({"chillers": 1}, "spare"), ({"chiller_cop": 30.0}, "3-9")],
)
def test_an_impossible_site_is_refused(arguments: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        default_plant(**arguments)
