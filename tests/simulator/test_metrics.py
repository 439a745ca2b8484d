"""What a run amounts to: energy, PUE, water, carbon, cost, and time outside the envelope."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simulator import Plant, Sensors, Setpoints, constant_drivers
from simulator.envelope import (
    QUARTER_S,
    change_in_the_hour_before_k,
    class_violation_minutes,
    fastest_change_k,
    violation_minutes,
)
from simulator.metrics import (
    carbon_kg,
    carbon_usage_kg_kwh,
    energy_cost,
    energy_kwh,
    partial_pue,
    pue,
    water_usage_l_kwh,
)
from tests.simulator.conftest import DAY, DT_S, run


@pytest.fixture(scope="module")
def day(plant: Plant, setpoints: Setpoints) -> Sensors:
    drivers = constant_drivers(outdoor_drybulb_c=20.0, outdoor_wetbulb_c=15.0, steps=DAY)
    return run(plant, setpoints, drivers)[1]


def test_pue_is_energy_over_energy(day: Sensors) -> None:
    expected = float(energy_kwh(day.facility_w, dt_s=DT_S) / energy_kwh(day.it_w, dt_s=DT_S))
    assert float(pue(day)) == pytest.approx(expected, rel=1e-5)
    assert float(pue(day, category=1)) < float(pue(day))
    assert np.isnan(float(pue(jax.tree.map(jnp.zeros_like, day))))
    with pytest.raises(ValueError, match="category"):
        pue(day, category=4)


@pytest.mark.parametrize("category", [1, 2, 3])
def test_partial_pues_of_all_boundaries_add_up_to_the_whole(day: Sensors, category: int) -> None:
    parts = [float(partial_pue(day, boundary=b, category=category)) for b in ("cooling", "power")]
    assert all(part > 1 for part in parts)
    it_kwh = float(energy_kwh(day.it_w + (day.pdu_loss_w if category == 1 else 0.0), dt_s=DT_S))
    lighting = float(energy_kwh(day.lighting_w, dt_s=DT_S)) / it_kwh
    whole = 1 + sum(part - 1 for part in parts) + lighting
    assert float(pue(day, category=category)) == pytest.approx(whole, rel=1e-5)


def test_a_partial_pue_of_nothing_known_is_refused(day: Sensors) -> None:
    with pytest.raises(ValueError, match="boundary must be one of cooling, power, got 'roof'"):
        partial_pue(day, boundary="roof")


def test_a_chilled_water_site_uses_one_and_a_half_to_three_litres_a_kwh(day: Sensors) -> None:
    usage = float(water_usage_l_kwh(day, dt_s=DT_S))
    assert 1.5 < usage < 3.0
    evaporated = float(energy_kwh(day.water_evaporated_kg_s, dt_s=DT_S) * 3.6e6)
    assert usage == pytest.approx(1.5 * evaporated / float(energy_kwh(day.it_w, dt_s=DT_S)), rel=0.01)


def test_carbon_and_cost_follow_the_hour_that_the_energy_was_used_in(day: Sensors) -> None:
    half = jnp.arange(DAY) < DAY // 2
    stepped = replace(day, facility_w=jnp.where(half, 2e6, 1e6), it_w=jnp.full(DAY, 1e6))
    assert float(carbon_usage_kg_kwh(stepped, 0.4)) == pytest.approx(0.6, rel=1e-5)
    clean_at_night = jnp.where(half, 0.1, 0.4)
    assert float(carbon_usage_kg_kwh(stepped, clean_at_night)) == pytest.approx(0.3, rel=1e-5)
    assert float(carbon_kg(stepped, clean_at_night, dt_s=DT_S)) == pytest.approx(0.3 * 24_000, rel=1e-5)
    price = jnp.where(half, 0.1, 0.2)
    assert float(energy_cost(stepped, price, dt_s=DT_S)) == pytest.approx(4_800, rel=1e-5)
    with pytest.raises(ValueError, match="288 steps, got 24"):
        energy_cost(stepped, jnp.ones(24), dt_s=DT_S)


def test_carbon_of_a_fleet_takes_one_series_for_all(day: Sensors) -> None:
    fleet = jax.tree.map(lambda leaf: jnp.stack([leaf, 2 * leaf], axis=1), day)
    series = jnp.linspace(0.1, 0.5, DAY)
    pair = carbon_kg(fleet, series, dt_s=DT_S)
    assert pair.shape == (2,)
    assert float(pair[0]) == pytest.approx(float(carbon_kg(day, series, dt_s=DT_S)), rel=1e-5)


def test_violation_minutes_count_both_sides_of_the_envelope() -> None:
    inlet = jnp.asarray([17.0, 18.0, 22.0, 27.0, 27.1, 30.0])
    assert float(violation_minutes(inlet, dt_s=300.0)) == 15.0
    assert float(violation_minutes(inlet, dt_s=300.0, high_c=32.0)) == 5.0


def test_a_wider_class_forgives_what_the_recommended_range_does_not() -> None:
    inlet = jnp.asarray([22.0, 29.0, 34.0, 22.0, 22.0, 22.0])
    dew_point = jnp.asarray([8.0, 8.0, 8.0, 16.0, -10.0, -15.0])

    def minutes(thermal_class: str) -> list[float]:
        found = class_violation_minutes(inlet, dew_point, dt_s=60.0, thermal_class=thermal_class)
        return [float(found[kind]) for kind in ("temperature", "humidity", "any")]

    assert minutes("recommended") == [2.0, 3.0, 5.0]
    assert minutes("A1") == [1.0, 1.0, 2.0]
    assert minutes("A2") == [0.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="no thermal class 'B'; choose one of recommended, A1"):
        minutes("B")


def test_damp_air_is_outside_by_relative_humidity_before_it_is_by_dew_point() -> None:
    found = class_violation_minutes(jnp.asarray([19.0]), jnp.asarray([14.5]), dt_s=60.0)
    assert float(found["humidity"]) == 1.0  # 75 % at 19 °C
    assert float(found["temperature"]) == 0.0


def test_what_was_not_measured_is_not_shown_to_be_safe() -> None:
    found = class_violation_minutes(jnp.asarray([jnp.nan, 22.0]), jnp.asarray([8.0, jnp.nan]), dt_s=60.0)
    assert [float(found[kind]) for kind in ("temperature", "humidity", "any")] == [1.0, 2.0, 2.0]


def test_rate_of_change_is_the_range_within_a_sliding_window() -> None:
    ramp = jnp.asarray([20.0, 21.0, 22.0, 23.0, 24.0, 24.0, 20.0, 20.0])  # at 15 minutes
    assert float(fastest_change_k(ramp, dt_s=900.0)) == pytest.approx(4.0)
    assert float(fastest_change_k(ramp, dt_s=900.0, window_s=QUARTER_S)) == pytest.approx(4.0)
    slow = jnp.linspace(20.0, 24.0, 9)  # 4 K in two hours
    assert float(fastest_change_k(slow, dt_s=900.0)) == pytest.approx(2.0)
    assert float(fastest_change_k(slow, dt_s=900.0, window_s=QUARTER_S)) == pytest.approx(0.5)
    assert float(fastest_change_k(slow[:2], dt_s=900.0)) == pytest.approx(0.5)
    both = jnp.stack([slow, 2 * slow], axis=1)
    np.testing.assert_allclose(fastest_change_k(both, dt_s=900.0), [2.0, 4.0], rtol=1e-5)


def test_there_and_back_within_the_hour_counts_once() -> None:
    wave = jnp.asarray([20.0, 23.0, 20.0, 23.0, 20.0])
    assert float(fastest_change_k(wave, dt_s=900.0)) == pytest.approx(3.0)


def test_a_change_belongs_to_the_readings_within_an_hour_of_where_it_began() -> None:
    jump = jnp.asarray([20.0] * 8 + [23.0] + [20.0] * 8)  # quarter hours
    change_k = np.asarray(change_in_the_hour_before_k(jump, dt_s=900.0))
    assert change_k.tolist() == [0.0] * 4 + [3.0] * 5 + [0.0] * 4
    wave = 20.0 + 3.0 * jnp.sin(jnp.arange(40.0))
    later = change_in_the_hour_before_k(wave, dt_s=900.0)
    assert float(later.max()) == pytest.approx(float(fastest_change_k(wave, dt_s=900.0)), rel=1e-3)
