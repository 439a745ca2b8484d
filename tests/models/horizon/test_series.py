import numpy as np
import pytest

from models.horizon.intervals import ends
from models.horizon.mixture import weights_of
from models.horizon.recent import is_worse
from models.horizon.series import earlier, last_known, seasonal, seasonal_share, trailing_mean

NAN = np.nan


def test_moved_series_know_nothing_beyond_their_ends():
    np.testing.assert_array_equal(earlier(np.array([1.0, 2.0, 3.0]), 1), [NAN, 1.0, 2.0])
    np.testing.assert_array_equal(earlier(np.array([1.0, 2.0, 3.0]), -1), [2.0, 3.0, NAN])
    np.testing.assert_array_equal(earlier(np.array([1.0, 2.0]), 5), [NAN, NAN])


def test_a_reading_is_present_only_so_long():
    np.testing.assert_array_equal(last_known(np.array([NAN, 1.0, NAN, NAN]), 1), [NAN, 1.0, 1.0, NAN])


def test_mean_of_what_was_read():
    np.testing.assert_allclose(trailing_mean(np.array([1.0, NAN, 3.0, 5.0]), 2), [1.0, 1.0, 3.0, 4.0])


def test_seasonal_repeats_the_season_and_carries_the_present_difference():
    values = np.array([1.0, 5.0, 2.0, 6.5])
    assert seasonal(values, 2, 1, 0.0)[3] == 2.0
    assert seasonal(values, 2, 1, 1.0)[3] == pytest.approx(2.0 + 1.5)
    assert seasonal(values, 2, 1, 1.0)[0] == 1.0  # no season on record: the present value


def test_the_share_is_small_where_differences_do_not_last():
    season = np.tile(np.arange(24.0), 40)
    noise = np.random.default_rng(0).normal(size=len(season))
    lasting = np.repeat(np.random.default_rng(1).normal(size=40), 24)
    everywhere = np.ones(len(season), bool)
    assert seasonal_share(season + noise, 24, 6, everywhere) < 0.5
    assert seasonal_share(season + 10.0 * lasting, 24, 1, everywhere) > 0.8


def test_ends_of_an_interval_leave_out_five_percent_each():
    errors = np.random.default_rng(0).permutation(np.arange(-99.0, 100.0))
    assert ends(errors) == (-90.0, 90.0)
    assert ends(np.array([1.0, NAN, 2.0])) == (-np.inf, np.inf)


def test_a_mixture_without_a_clear_gain_is_not_served():
    draw = np.random.default_rng(0)
    measured = draw.normal(size=900)
    told = np.stack([measured + draw.normal(size=900) for _ in range(6)])
    assert np.count_nonzero(weights_of(measured, told, 0, learned=True)) > 1
    told[1:] += 5.0
    np.testing.assert_array_equal(weights_of(measured, told, 0, learned=True), np.eye(6)[0])


def test_what_was_learned_has_no_weight_in_a_short_record():
    measured = np.arange(900.0)
    told = np.stack([measured + 1.0 + number for number in range(5)] + [measured])
    assert weights_of(measured, told, 0, learned=False)[3:].sum() == 0.0
    assert weights_of(measured, told, 0, learned=True)[5] == 1.0


def test_a_mixture_that_fails_day_after_day_is_noticed():
    day = np.repeat(np.arange(6), 24)
    simple = np.random.default_rng(0).exponential(size=len(day))
    assert is_worse(simple + 0.5, simple, day)
    assert not is_worse(simple - 0.01, simple, day)
    assert not is_worse(simple + 0.5, simple, day // 2)  # three days are too few
