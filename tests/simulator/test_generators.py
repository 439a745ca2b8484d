"""Generated weather and load, meters, metrics."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulator import Meters, Plant, Sensors, Setpoints, constant_drivers, observe
from simulator.load import generated_utilization
from simulator.metrics import (
    energy_kwh,
    fastest_change_k_h,
    partial_pue,
    pue,
    violation_minutes,
    water_usage_l_kwh,
)
from simulator.weather import CLIMATES, generated_weather
from tests.simulator.conftest import DAY, DT_S, changed, run

YEAR_STEPS = 8760


@pytest.mark.parametrize("climate", CLIMATES)
def test_weather_of_a_year_is_physical_and_has_its_climates_mean(climate: str) -> None:
    w = generated_weather(jax.random.key(0), steps=YEAR_STEPS, dt_s=3600.0, climate=climate)
    assert float((w.outdoor_wetbulb_c - w.outdoor_drybulb_c).max()) < 0.01
    assert float((w.outdoor_dew_point_c - w.outdoor_wetbulb_c).max()) < 0.05
    assert float(w.outdoor_drybulb_c.mean()) == pytest.approx(CLIMATES[climate].mean_c, abs=1.5)
    assert -45 < float(w.outdoor_drybulb_c.min()) < float(w.outdoor_drybulb_c.max()) < 52
    assert 0.8e5 < float(w.pressure_pa.mean()) < 1.02e5


def test_summer_is_warmer_than_winter_and_afternoon_than_night() -> None:
    w = generated_weather(jax.random.key(0), steps=YEAR_STEPS, dt_s=3600.0).outdoor_drybulb_c
    assert float(w[181 * 24 : 212 * 24].mean() - w[: 31 * 24].mean()) > 10
    by_hour = w.reshape(-1, 24).mean(axis=0)
    assert 13 <= int(by_hour.argmax()) <= 17
    assert int(by_hour.argmin()) in range(1, 6)


def test_weather_and_load_repeat_under_their_key_and_differ_under_another() -> None:
    for generate in (generated_weather, generated_utilization):
        first, again, other = (
            jax.tree.leaves(generate(jax.random.key(k), steps=100, dt_s=600.0))[0] for k in (5, 5, 6)
        )
        assert (first == again).all()
        assert not (first == other).any()


def test_weather_keeps_its_character_at_any_step() -> None:
    spread = [
        float(
            generated_weather(jax.random.key(3), steps=int(60 * 86400 / dt), dt_s=dt).outdoor_drybulb_c.std()
        )
        for dt in (300.0, 3600.0)
    ]
    assert 0.5 < spread[0] / spread[1] < 2.0


def test_unknown_climate_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no climate 'lunar'; choose one of temperate"):
        generated_weather(jax.random.key(0), steps=10, dt_s=300.0, climate="lunar")


def test_load_is_busier_on_weekdays_and_stays_a_fraction() -> None:
    u = generated_utilization(jax.random.key(0), steps=52 * 7 * 24, dt_s=3600.0, mean=0.5)
    assert 0 < float(u.min()) < float(u.max()) <= 1
    assert float(u.mean()) == pytest.approx(0.5, abs=0.05)
    by_day = u.reshape(52, 7, 24).mean(axis=(0, 2))
    assert float(by_day[:5].min()) > float(by_day[5:].max())
    with pytest.raises(ValueError, match="between 0 and 1"):
        generated_utilization(jax.random.key(0), steps=5, dt_s=300.0, mean=50.0)


@pytest.fixture(scope="module")
def day(plant: Plant, setpoints: Setpoints) -> Sensors:
    drivers = constant_drivers(outdoor_drybulb_c=20.0, outdoor_wetbulb_c=15.0, steps=DAY)
    return run(plant, setpoints, drivers)[1]


def test_perfect_meters_read_the_truth(day: Sensors) -> None:
    read = observe(Meters.perfect(), day, jax.random.key(0))
    jax.tree.map(np.testing.assert_array_equal, read, day)


def test_meters_repeat_under_their_key(day: Sensors) -> None:
    first, second = (observe(Meters.typical(), day, jax.random.key(1)) for _ in range(2))
    jax.tree.map(np.testing.assert_array_equal, first, second)


def test_typical_meters_are_close_noisy_and_sometimes_silent(day: Sensors) -> None:
    read = observe(changed(Meters.typical(), dropout_probability=0.05), day, jax.random.key(2))
    error = read.it_w / day.it_w - 1
    assert 0.01 < float(jnp.isnan(error).mean()) < 0.1
    assert 0.002 < float(jnp.nanstd(error)) < 0.01
    assert 0 < abs(float(jnp.nanmean(error))) < 0.04
    assert abs(float(jnp.nanmean(read.supply_air_c - day.supply_air_c))) < 0.6
    assert not (error[:50] == (read.chiller_w / day.chiller_w - 1)[:50]).all()
    steps = read.rack_inlet_c / 0.05
    np.testing.assert_allclose(steps[~jnp.isnan(steps)], jnp.round(steps[~jnp.isnan(steps)]), atol=1e-2)


def test_counts_and_setpoints_are_not_blurred(day: Sensors) -> None:
    read = observe(changed(Meters.typical(), dropout_probability=0.0), day, jax.random.key(2))
    np.testing.assert_array_equal(read.chillers_running, day.chillers_running)
    np.testing.assert_array_equal(read.chw_supply_setpoint_c, day.chw_supply_setpoint_c)


def test_a_stuck_meter_repeats_its_last_reading(day: Sensors) -> None:
    noisy = changed(Meters.typical(), stuck_probability=0.01, stuck_steps=12.0, dropout_probability=0.0)
    read = np.asarray(observe(noisy, day, jax.random.key(4)).outdoor_wetbulb_c)
    longest, current = 0, 0
    for same in np.diff(read) == 0:
        current = current + 1 if same else 0
        longest = max(longest, current)
    assert 12 <= longest <= 60


def test_pue_is_energy_over_energy(day: Sensors) -> None:
    expected = float(energy_kwh(day.facility_w, dt_s=DT_S) / energy_kwh(day.it_w, dt_s=DT_S))
    assert float(pue(day)) == pytest.approx(expected, rel=1e-5)
    assert float(pue(day, category=1)) < float(pue(day))
    assert 1.0 < float(partial_pue(day)) < float(pue(day))
    assert np.isnan(float(pue(jax.tree.map(jnp.zeros_like, day))))
    with pytest.raises(ValueError, match="category"):
        pue(day, category=4)


def test_a_chilled_water_site_evaporates_one_to_two_litres_a_kwh(day: Sensors) -> None:
    assert 1.0 < float(water_usage_l_kwh(day, dt_s=DT_S)) < 2.2


def test_violation_minutes_count_both_sides_of_the_envelope() -> None:
    inlet = jnp.asarray([17.0, 18.0, 22.0, 27.0, 27.1, 30.0])
    assert float(violation_minutes(inlet, dt_s=300.0)) == 15.0
    assert float(violation_minutes(inlet, dt_s=300.0, high_c=32.0)) == 5.0


def test_fastest_change_is_in_kelvin_an_hour() -> None:
    assert float(fastest_change_k_h(jnp.asarray([20.0, 20.5, 20.0, 22.0]), dt_s=900.0)) == pytest.approx(8.0)
