import numpy as np
import pytest

from models.drift import drifts

DAYS, HOURS = 200, 24
DAY = np.repeat(np.arange(DAYS), HOURS)


def readings(seed):
    """Return water follows supply water, load and weather; weather wanders through a season."""
    random = np.random.default_rng(seed)
    hour = np.arange(DAYS * HOURS)
    load = 600 + 150 * np.sin(2 * np.pi * hour / 24) + random.normal(0, 20, len(hour))
    supply_c = 10 + np.repeat(random.uniform(-2, 2, DAYS * 2), HOURS // 2)
    wetbulb_c = 15 + 8 * np.sin(2 * np.pi * hour / (24 * 300)) + random.normal(0, 1, len(hour))
    return_c = supply_c + load / 120 + 0.02 * wetbulb_c + random.normal(0, 0.1, len(hour))
    return np.stack([load, supply_c, wetbulb_c], axis=1), return_c


@pytest.mark.parametrize("seed", [0, 1])
def test_a_plant_that_stays_what_it_was_raises_no_alarm(seed):
    assert drifts(*readings(seed), DAY) == []


@pytest.mark.parametrize(("seed", "shift_k"), [(0, 1.0), (1, -1.0)])
def test_a_replaced_thermometer_is_found_within_a_week_and_measured(seed, shift_k):
    x, y = readings(seed)
    (alarm,) = drifts(x, y + shift_k * (DAY >= 120), DAY)
    assert 117 <= alarm.onset <= 121
    assert 120 <= alarm.found <= 127
    assert alarm.shift == pytest.approx(shift_k, abs=0.1)


def test_after_a_change_the_new_reading_is_what_is_compared_with():
    x, y = readings(2)
    twice = y + (DAY >= 60) + 2.0 * (DAY >= 150)
    assert [abs(alarm.found - day) <= 7 for alarm, day in zip(drifts(x, twice, DAY), (60, 150), strict=True)]


def at_its_limit(seed, *, warming):
    """Condenser water is kept at 22 °C until a warming summer's towers can only follow the wetbulb, by day first."""
    random = np.random.default_rng(seed)
    hour = np.arange(DAYS * HOURS)
    wetbulb_c = (
        8 + warming * hour / hour[-1] + 4 * np.sin(2 * np.pi * hour / 24) + random.normal(0, 1, len(hour))
    )
    supply_c = np.maximum(22.0, wetbulb_c + 4.0) + random.normal(0, 0.1, len(hour))
    load = 600 + 50 * np.sin(2 * np.pi * hour / 24) + random.normal(0, 20, len(hour))
    return np.stack([load, random.normal(12, 1, len(hour))], axis=1), wetbulb_c, supply_c


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("knows_the_weather", [False, True])
def test_a_plant_at_its_limit_in_summer_is_no_replaced_sensor(seed, knows_the_weather):
    x, wetbulb_c, y = at_its_limit(seed, warming=14)
    x = np.column_stack([x, wetbulb_c]) if knows_the_weather else x
    assert drifts(x, y, DAY) == []


@pytest.mark.parametrize("shift_k", [0.5, -1.0])
def test_a_sensor_replaced_while_a_plant_is_sometimes_at_its_limit_is_found(shift_k):
    x, wetbulb_c, y = at_its_limit(3, warming=6)
    alarms = drifts(np.column_stack([x, wetbulb_c]), y + shift_k * (DAY >= 120), DAY)
    assert [120 <= alarm.found <= 134 for alarm in alarms] == [True]
    assert alarms[0].shift == pytest.approx(shift_k, abs=0.15)


def test_a_machine_that_takes_a_tenth_more_whatever_it_does_is_found_by_its_share():
    x, _ = readings(0)
    runs = np.where(np.arange(DAYS * HOURS) % 24 < 14, 1.0, 0.1)
    power = runs * x[:, 0] / 5 * (1 + np.random.default_rng(0).normal(0, 0.01, len(x)))
    worn = power * np.where(DAY >= 120, 1.1, 1.0)
    (alarm,) = drifts(np.column_stack([x, runs]), worn, DAY, relative=True)
    assert 120 <= alarm.found <= 134


def test_one_wild_day_is_no_drift():
    x, y = readings(0)
    assert drifts(x, y + 20.0 * (DAY == 100), DAY) == []


def test_hours_outside_what_was_fitted_say_nothing():
    x, y = readings(0)
    hot = (DAY >= 120) & (DAY < 130)
    x[hot, 2], y[hot] = 60.0, y[hot] + 5.0
    assert not [alarm for alarm in drifts(x, y, DAY) if 115 <= alarm.found <= 132]


def test_a_record_of_some_days_says_nothing():
    x, y = readings(0)
    short = DAY < 15
    assert drifts(x[short], y[short], DAY[short]) == []
    assert drifts(x[:0], y[:0], DAY[:0]) == []
