import numpy as np
import pytest

from models.safety.sensors import shifted, spike, stuck

RANDOM = np.random.default_rng(3)
LIVELY = (22.0 + 0.1 * RANDOM.standard_normal(96)).tolist()


def test_sensor_that_usually_moves_and_stands_still_is_stuck_within_an_hour():
    assert not stuck(LIVELY)
    assert not stuck([*LIVELY, *[LIVELY[-1]] * 2])
    assert stuck([*LIVELY, *[LIVELY[-1]] * 4])


def test_weather_told_once_an_hour_is_not_stuck():
    hourly = np.repeat(RANDOM.normal(10.0, 3.0, 24), 4).tolist()
    assert not any(stuck(hourly[:n]) for n in range(1, 96))


def test_coarse_sensor_that_often_repeats_itself_is_not_stuck():
    assert not stuck([*np.repeat([21.5, 22.0, 21.5, 22.5, 22.0], 10).tolist(), *[22.0] * 12])


def test_meter_of_idle_equipment_is_not_stuck():
    assert not stuck([*(100.0 + RANDOM.standard_normal(48)).tolist(), *[0.0] * 40])


def test_new_sensor_is_given_time():
    assert not stuck([22.0] * 12)


def test_leap_that_comes_back_is_a_spike_and_one_that_stays_is_believed():
    assert spike([*LIVELY, 38.0], 4.0)
    assert not spike([*LIVELY, 38.0, 38.1], 4.0)
    assert not spike([*LIVELY, 38.0, 22.0], 4.0)


@pytest.mark.parametrize("leap", [0.5, 3.9])
def test_leap_that_weather_makes_is_no_spike(leap):
    assert not spike([*LIVELY, LIVELY[-1] + leap], 4.0)


def test_bias_is_seen_at_the_third_reading_and_told_with_its_sign():
    usual = (0.1 * RANDOM.standard_normal(48)).tolist()
    assert shifted([*usual, -2.0, -2.1], 1.0) == 0.0
    assert shifted([*usual, -2.0, -2.1, -1.9], 1.0) == pytest.approx(-1.9, abs=0.1)


def test_scatter_as_usual_is_no_shift():
    wide = (2.0 * RANDOM.standard_normal(96)).tolist()
    assert not any(shifted(wide[:n], 1.0) for n in range(20, 96))
    assert shifted([*wide, 5.0, -5.0, 5.0], 1.0) == 0.0
