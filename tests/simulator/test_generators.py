"""Generated weather and load, meters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulator import Meters, Plant, Sensors, Setpoints, constant_drivers, observe
from simulator.load import generated_utilization
from simulator.weather import CLIMATES, YEAR_S, generated_weather
from tests.simulator.conftest import DAY, changed, run

pytestmark = pytest.mark.medium

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


def test_meters_drift_apart_from_their_calibration_on(day: Sensors) -> None:
    drifting = changed(Meters.perfect(), relative_drift_per_year=0.02, temperature_drift_k_per_year=0.5)
    age_s = YEAR_S * jnp.arange(DAY) / DAY
    read = observe(drifting, day, jax.random.key(5), calibrated_s=age_s)
    error_k = np.asarray(read.supply_air_c - day.supply_air_c)
    assert error_k[0] == pytest.approx(0.0, abs=1e-5)
    np.testing.assert_allclose(error_k[DAY // 2], error_k[-1] / 2, rtol=0.05, atol=1e-4)
    error = [float(getattr(read, name)[-1] / getattr(day, name)[-1] - 1) for name in ("it_w", "chiller_w")]
    assert 1e-4 < abs(error[0]) < 0.1
    assert error[0] != pytest.approx(error[1], rel=0.01)  # each meter its own way
    new = observe(drifting, day, jax.random.key(5))
    np.testing.assert_allclose(new.it_w, day.it_w)


def test_a_stuck_meter_repeats_its_last_reading(day: Sensors) -> None:
    noisy = changed(Meters.typical(), stuck_probability=0.01, stuck_steps=12.0, dropout_probability=0.0)
    read = np.asarray(observe(noisy, day, jax.random.key(4)).outdoor_wetbulb_c)
    longest, current = 0, 0
    for same in np.diff(read) == 0:
        current = current + 1 if same else 0
        longest = max(longest, current)
    assert 12 <= longest <= 60
