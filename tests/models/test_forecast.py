import numpy as np
import pytest

from models.forecast import seasonal_naive

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
