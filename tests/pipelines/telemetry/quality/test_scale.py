"""Half a year of a meter and of a thermometer at 15 min, whose unit changes, or whose equipment starts."""

import numpy as np
import pytest

from pipelines.telemetry.quality.scale import DAY_US, FACTORS, scale_steps

STEP_US = 900_000_000
ROWS = 180 * 96
TIME = np.arange(ROWS) * STEP_US
HOUR = np.arange(ROWS) / 4.0
AT = 100 * 96 + 37  # on the 101st day, at 9:15


def load_kw(seed=0):
    """A hall's power: days, weeks and noise of 1 %."""
    random = np.random.default_rng(seed)
    week = np.where((HOUR // 24) % 7 < 5, 1.0, 0.9)
    return (400 + 60 * np.sin(HOUR * np.pi / 12)) * week * (1 + random.normal(0, 0.01, ROWS))


def chiller_kw(seed=0):
    """A chiller that follows the season and stands still on some nights; its meter's noise falls below zero then."""
    random = np.random.default_rng(seed)
    runs = 100 + 30 * np.sin(HOUR * np.pi / 12) + 20 * np.sin(2 * np.pi * HOUR / 24 / 180)
    still = ((HOUR // 24) % 3 == 0) & (HOUR % 24 < 6)
    return np.where(still, random.normal(0, 0.2, ROWS), runs + random.normal(0, 1.0, ROWS))


def water_c(seed=0):
    random = np.random.default_rng(seed)
    return 9 + 2 * np.sin(2 * np.pi * HOUR / 24 / 90) + random.normal(0, 0.1, ROWS)


@pytest.mark.parametrize("readings", [load_kw, chiller_kw])
@pytest.mark.parametrize("factor", sorted(FACTORS))
@pytest.mark.parametrize("way", [1.0, -1.0])
def test_a_change_of_unit_is_named_with_its_time_and_factor(readings, factor, way):
    value = readings()
    value[AT:] *= factor**way
    (step,) = scale_steps(TIME, value)
    assert (step.after_us, step.at_us) == (TIME[AT - 1], TIME[AT])
    # 3.412, 3.517 and 3.6 lie nearer to each other than what a load may do within the hour about the step.
    assert step.slope == pytest.approx(factor**way, rel=0.06 if 3.0 < factor < 4.0 else 1e-9)
    assert step.ratio == pytest.approx(factor**way, rel=0.06)
    assert step.slope == pytest.approx(next(each for each in FACTORS if FACTORS[each] in step.meaning) ** way)


@pytest.mark.parametrize(
    ("slope", "offset", "meaning"), [(1.8, 32.0, "degF for degC"), (1 / 1.8, -32 / 1.8, "degC for degF")]
)
def test_fahrenheit_for_celsius_halfway_is_named(slope, offset, meaning):
    value = water_c() if slope > 1 else 1.8 * water_c() + 32
    value[AT:] = slope * value[AT:] + offset
    (step,) = scale_steps(TIME, value, fahrenheit=True)
    assert step.at_us == TIME[AT]
    assert (step.slope, step.offset) == pytest.approx((slope, offset))
    assert step.meaning == meaning


def test_a_unit_that_changes_and_changes_back_is_two_steps():
    value = load_kw()
    value[AT : AT + 20 * 96] *= 1000.0
    assert [step.slope for step in scale_steps(TIME, value)] == pytest.approx([1000.0, 0.001])


def test_a_change_of_unit_across_a_lost_day_lies_between_the_readings_on_either_side():
    value = load_kw()
    value[AT:] *= 1000.0
    value[AT - 50 : AT + 46] = np.nan
    (step,) = scale_steps(TIME, value)
    assert (step.after_us, step.at_us) == (TIME[AT - 51], TIME[AT + 46])


@pytest.mark.parametrize("readings", [load_kw, chiller_kw])
def test_a_meter_that_stays_what_it_was_has_no_step(readings):
    assert scale_steps(TIME, readings()) == []


@pytest.mark.parametrize("factor", [3.5, 12.0, 100.0])
def test_equipment_that_starts_keeps_the_noise_of_its_meter_and_is_no_change_of_unit(factor):
    value = np.where(np.arange(ROWS) >= AT, factor, 1.0) * 10.0 + np.random.default_rng(1).normal(
        0, 0.1, ROWS
    )
    assert scale_steps(TIME, value) == []


def test_equipment_that_starts_and_stops_by_the_week_is_no_change_of_unit():
    weeks = (HOUR // 168).astype(int) % 2
    value = load_kw() * np.where(weeks, 3.517, 1.0)
    assert scale_steps(TIME, value) == []


def test_a_growing_load_is_no_change_of_unit():
    assert scale_steps(TIME, load_kw() * np.linspace(1.0, 4.0, ROWS)) == []


def test_weather_that_turns_by_a_season_is_no_change_of_unit():
    value = water_c() - 9 + 14 * np.sin(2 * np.pi * HOUR / 24 / 180)
    assert scale_steps(TIME, value, fahrenheit=True) == []


@pytest.mark.parametrize(
    "value",
    [
        np.empty(0), np.full(5, 1.0), np.full(ROWS, np.nan), np.zeros(ROWS), np.full(ROWS, -1.0), np.full(ROWS, 7.0),
        np.where(np.arange(ROWS) == AT, 7.0, np.nan),
    ],
)  # fmt: skip
@pytest.mark.parametrize("fahrenheit", [True, False])
def test_readings_that_say_nothing_have_no_step(value, fahrenheit):
    assert scale_steps(TIME[: len(value)], value, fahrenheit=fahrenheit) == []


def test_constant_readings_in_another_unit_are_still_a_step():
    value = np.where(np.arange(ROWS) >= AT, 44.6, 7.0)
    (step,) = scale_steps(TIME, value, fahrenheit=True)
    assert step.at_us // DAY_US == 100
