import numpy as np
import pytest

from models.forecast import seasonal_forecast, seasonal_naive

DAY = np.array([0.0, 1, 2, 3, 4, 3, 2, 1])


def test_a_day_that_repeats_is_forecast_exactly():
    readings = np.tile(DAY, 3)
    ahead = seasonal_naive(readings, season=8, steps=2)
    np.testing.assert_array_equal(ahead[8:-2, 0], readings[9:-1])
    np.testing.assert_array_equal(ahead[8:-2, 1], readings[10:])


def test_a_day_that_runs_higher_is_forecast_higher():
    readings = np.concatenate([DAY, DAY + 10.0])
    assert seasonal_naive(readings, season=8, steps=1)[8, 0] == 11.0


def test_before_there_is_a_season_the_present_goes_on():
    assert list(seasonal_naive(DAY, season=8, steps=3)[2]) == [2.0, 2.0, 2.0]


def test_no_forecast_uses_what_comes_after_it():
    readings = np.tile(DAY, 3)
    changed = readings.copy()
    changed[13:] = 99.0
    np.testing.assert_array_equal(
        seasonal_naive(readings, season=8, steps=2)[:13], seasonal_naive(changed, season=8, steps=2)[:13]
    )


def test_farther_than_a_season_is_refused():
    with pytest.raises(ValueError, match=r"steps \(9\) must lie in 1 to season \(8\)"):
        seasonal_naive(DAY, season=8, steps=9)


def test_a_lasting_difference_is_carried_and_a_passing_one_is_not():
    """A load that stays 5 higher than last week, beside one whose differences are gone within the hour."""
    random = np.random.default_rng(0)
    lasting = np.tile(DAY, 40) + np.repeat(random.normal(0, 5, 5), 64)
    passing = np.tile(DAY, 40) + random.normal(0, 5, 320)
    error = {
        name: np.abs(seasonal_forecast(of, season=8, steps=2)[100:-2] - of[102:]).mean()
        for name, of in (("lasting", lasting), ("passing", passing))
    }
    naive = np.abs(seasonal_naive(passing, season=8, steps=2)[100:-2, 1] - passing[102:]).mean()
    assert error["lasting"] < 1.0
    assert error["passing"] < 0.9 * naive


def test_the_forecast_of_a_row_uses_nothing_after_it():
    readings = np.tile(DAY, 6) + np.arange(48) / 7
    changed = readings.copy()
    changed[30:] = 99.0
    first, second = (seasonal_forecast(of, season=8, steps=3) for of in (readings, changed))
    np.testing.assert_array_equal(first[:30], second[:30])
    assert len(first) == 48
