"""Trials are chosen where they teach, stay inside what is safe, keep their budget and return to the default."""

from dataclasses import replace

import numpy as np
import pytest

from models.exploration import Slot, approach_path, design, spread_over
from models.setpoints import Bounds

SPACE = Bounds(
    names=("supply_air_sp_c", "economizer_enable"),
    low=np.array([18.0, 0.0]),
    high=np.array([26.0, 1.0]),
    default=np.array([20.0, 0.0]),
    slew_per_hour=np.array([2.0, 1.0]),
    binary=np.array([False, True]),
)
USUAL_SIZE = np.array([3.0, 0.5])
CANDIDATES = np.array([[t, b] for t in np.linspace(18.0, 26.0, 17) for b in (0.0, 1.0)])
RECORD = np.column_stack([np.full(500, 20.0), np.zeros(500), np.linspace(0.0, 20.0, 500)])
SCALE = (np.array([10.0]), np.array([6.0]))


def everything(setpoints: np.ndarray) -> np.ndarray:
    return np.ones(len(setpoints), bool)


def slots(count: int = 12, allowed=everything) -> list[Slot]:
    return [Slot(np.full((4, 1), 5.0 + n % 3 * 5.0), n % 6 == 0, allowed) for n in range(count)]


def away_from_default(rows: np.ndarray) -> np.ndarray:
    return np.abs(rows[:, 0] - 20.0) + rows[:, 1]


def planned(budget_kwh: float = 1e9, allowed=everything):
    return design(
        SPACE, USUAL_SIZE, slots(allowed=allowed), CANDIDATES, RECORD, SCALE, away_from_default,
        budget_kwh=budget_kwh,
    )  # fmt: skip


def test_trials_cover_both_ends_and_both_modes_where_energy_is_no_object() -> None:
    tried = planned().setpoints
    assert tried[:, 0].min() < 19.0
    assert tried[:, 0].max() > 24.0
    assert set(tried[:, 1]) == {0.0, 1.0}


def test_what_the_record_shows_already_is_not_tried_again() -> None:
    tried = planned().setpoints
    at_default = (tried == SPACE.default).all(axis=1)
    assert at_default.tolist() == [n % 6 == 0 for n in range(12)]


def test_a_smaller_budget_is_kept_and_teaches_less() -> None:
    free, bounded = planned(), planned(budget_kwh=40.0)
    assert bounded.risk_kwh <= 40.0 < free.risk_kwh
    assert 0.0 < bounded.gained_nats < free.gained_nats


def test_nothing_unsafe_is_tried() -> None:
    tried = planned(allowed=lambda setpoints: (setpoints[:, 0] <= 22.0) & (setpoints[:, 1] == 0.0)).setpoints
    assert tried[:, 0].max() <= 22.0
    assert tried[:, 1].max() == 0.0


def test_the_same_question_gives_the_same_plan() -> None:
    np.testing.assert_array_equal(planned().setpoints, planned().setpoints)


def test_no_safe_trial_is_an_error_that_says_what_to_change() -> None:
    with pytest.raises(ValueError, match="widen the limits"):
        planned(allowed=lambda setpoints: np.zeros(len(setpoints), bool))


def test_the_way_to_a_trial_keeps_the_slew_rate_and_switches_at_once() -> None:
    path = approach_path(np.array([20.0, 0.0]), np.array([[25.0, 1.0]]), SPACE, hours=4)
    np.testing.assert_allclose(path[0], [[22.0, 1.0], [24.0, 1.0], [25.0, 1.0], [25.0, 1.0]])


def test_a_spread_over_the_limits_stays_inside_them_and_is_rounded_as_an_operator_would() -> None:
    spread = spread_over(SPACE.low, SPACE.high, SPACE, 256)
    assert ((spread >= SPACE.low) & (spread <= SPACE.high)).all()
    np.testing.assert_allclose(spread[:, 0], spread[:, 0].round(1))
    assert set(spread[:, 1]) == {0.0, 1.0}
    np.testing.assert_array_equal(spread, spread_over(SPACE.low, SPACE.high, SPACE, 256))


def test_on_off_setpoints_of_one_quantity_are_tried_together() -> None:
    two, ones = (
        Bounds(("economizer_enable:a", "economizer_enable:b"), *np.zeros((4, 2)), np.ones(2, bool)),
        np.ones(2),
    )
    spread = spread_over(np.zeros(2), ones, replace(two, high=ones), 64)
    np.testing.assert_array_equal(spread[:, 0], spread[:, 1])
    assert 0.4 < spread[:, 0].mean() < 0.6
