import numpy as np
import pytest

from pipelines.telemetry.quality.repeats import repeated_values

STEP_US = 900_000_000
ROWS = 8_000
TIME = np.arange(ROWS) * STEP_US


def meter_w(seed=0):
    """A pump's power in W to three decimals: it runs by day, and its meter's noise of 20 W is all there is by night."""
    random = np.random.default_rng(seed)
    runs = np.arange(ROWS) % 96 > 30
    return np.round(np.where(runs, 30_000.0, 0.0) + random.normal(0, 20.0, ROWS), 3)


@pytest.mark.parametrize("sentinel", [-1.0, 0.0, 5.0])
def test_a_sentinel_inside_the_noise_of_an_idle_meter_is_told_by_its_digits(sentinel):
    value = meter_w()
    lost = np.random.default_rng(1).choice(ROWS, 12, replace=False)
    value[lost] = sentinel
    (repeat,) = repeated_values(TIME, value)
    assert (repeat.value, repeat.count, repeat.stuck) == (sentinel, 12, False)
    assert (repeat.first_us, repeat.last_us) == (TIME[lost.min()], TIME[lost.max()])
    assert 10.0 < repeat.noise < 60.0


def test_a_meter_that_never_stands_still_has_its_sentinel_named_too():
    value = meter_w() + 100_000.0
    value[[5, 900, 1_800, 2_700, 3_600, 4_500, 6_000]] = -1.0
    assert [(repeat.value, repeat.count) for repeat in repeated_values(TIME, value)] == [(-1.0, 7)]


def test_a_meter_without_sentinels_has_none():
    for seed in range(5):
        assert repeated_values(TIME, meter_w(seed)) == []


def test_a_meter_that_cuts_off_at_zero_reads_no_sentinel():
    assert repeated_values(TIME, np.maximum(meter_w(), 0.0)) == []


def test_readings_of_few_digits_repeat_by_nature():
    assert repeated_values(TIME, np.round(meter_w(), -1)) == []


def test_a_thermometer_at_its_setpoint_is_no_sentinel():
    random = np.random.default_rng(2)
    assert repeated_values(TIME, np.round(20.0 + random.normal(0, 0.05, ROWS), 3)) == []


def test_a_meter_that_stands_for_two_days_is_named_with_its_value_and_time():
    value = meter_w()
    value[1_000:1_200] = 29_987.654
    (repeat,) = repeated_values(TIME, value)
    assert (repeat.value, repeat.count, repeat.stuck) == (29_987.654, 200, True)
    assert (repeat.first_us, repeat.last_us) == (TIME[1_000], TIME[1_199])


def test_equipment_that_is_off_for_a_week_does_not_stand():
    value = meter_w()
    value[1_000:1_700] = 0.0
    assert not [repeat for repeat in repeated_values(TIME, value) if repeat.stuck]


def test_a_setting_that_is_held_by_nature_does_not_stand():
    assert repeated_values(TIME, np.repeat(np.random.default_rng(3).uniform(5, 9, ROWS // 400), 400)) == []


@pytest.mark.parametrize("value", [np.empty(0), np.full(ROWS, np.nan), np.full(ROWS, 7.0), np.zeros(3)])
def test_readings_that_say_nothing_repeat_nothing(value):
    assert repeated_values(TIME[: len(value)], value) == []
