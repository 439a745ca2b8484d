import numpy as np
import pytest

from models.exploration import candidates, reachable, settle, without_small_moves
from models.setpoints import Bounds

LIMITS = Bounds(
    names=("supply_air_sp_c", "chw_supply_sp_c", "economizer_enable"),
    low=np.array([18.0, 7.0, 0.0]),
    high=np.array([26.0, 20.0, 1.0]),
    default=np.array([20.0, 12.0, 0.0]),
    slew_per_hour=np.array([2.0, 2.0, 1.0]),
    binary=np.array([False, False, True]),
)


def test_a_setpoint_reaches_no_further_than_its_slew_rate_and_limits():
    low, high = reachable(np.array([19.0, 12.0, 0.0]), LIMITS, hours=1.0)
    np.testing.assert_allclose(low, [18.0, 10.0, 0.0])
    np.testing.assert_allclose(high, [21.0, 14.0, 1.0])


def test_a_setpoint_far_outside_its_limits_slews_back_towards_them():
    low, high = reachable(np.array([30.0, 3.0, 0.0]), LIMITS, hours=1.0)
    np.testing.assert_allclose([low[0], high[0]], [28.0, 28.0])
    np.testing.assert_allclose([low[1], high[1]], [5.0, 5.0])


def test_candidates_start_with_the_present_and_stay_reachable():
    present = np.array([19.03, 12.0, 0.0])
    rows = candidates(present, LIMITS, hours=1.0, count=256)
    low, high = reachable(present, LIMITS, hours=1.0)
    np.testing.assert_array_equal(rows[0], present)
    assert ((rows >= low - 1e-12) & (rows <= high + 1e-12)).all()
    assert set(rows[1:, 2]) == {0.0, 1.0}
    assert len(np.unique(rows[1:], axis=0)) > 200


def test_candidates_are_the_same_every_time():
    present = np.array([19.0, 12.0, 0.0])
    first, second = (candidates(present, LIMITS, hours=1.0, count=64) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("saving_kw", "expected"), [(1.0, 0), (3.0, 1)])
def test_only_a_saving_beyond_the_hysteresis_moves_the_plant(saving_kw, expected):
    power = np.array([100.0, 100.0 - saving_kw])
    assert settle(power, np.zeros(2), np.array([True, True]), caution=1.0, hysteresis_kw=2.0) == expected


def test_an_uncertain_saving_loses_to_a_certain_one():
    power, spread = np.array([100.0, 80.0, 90.0]), np.array([0.0, 15.0, 1.0])
    assert settle(power, spread, np.ones(3, bool), caution=1.0, hysteresis_kw=2.0) == 2


def test_a_forbidden_candidate_is_never_chosen():
    power = np.array([100.0, 50.0, 90.0])
    assert settle(power, np.zeros(3), np.array([True, False, True]), caution=0.0, hysteresis_kw=2.0) == 2
    assert settle(power, np.zeros(3), np.array([True, False, False]), caution=0.0, hysteresis_kw=2.0) == 0


def test_a_present_that_is_not_allowed_is_left_even_at_a_price():
    power = np.array([100.0, 110.0, 120.0])
    assert settle(power, np.zeros(3), np.array([False, True, True]), caution=0.0, hysteresis_kw=2.0) == 1
    assert settle(power, np.zeros(3), np.array([False, False, False]), caution=0.0, hysteresis_kw=2.0) == 0


def test_small_moves_are_dropped_and_large_ones_kept():
    present = np.array([20.0, 10.0, 0.0])
    moved = without_small_moves(np.array([20.1, 12.0, 1.0]), present, LIMITS)
    np.testing.assert_allclose(moved, [20.0, 12.0, 1.0])
