import numpy as np
import pytest

from pipelines.learning.folds import folds

HOURS = np.datetime64("2025-01-01") + np.arange(24 * 7 * 9) * np.timedelta64(1, "h")
NOW, AN_HOUR = np.timedelta64(0, "m"), np.timedelta64(60, "m")


def split(hold_out, *, times=HOURS, horizon=NOW, **more):
    return folds(times, hold_out, inputs=4, horizon=horizon, **more)


@pytest.mark.parametrize("hold_out", ["walk-forward", "every-fourth-week", "last-30-percent"])
def test_no_row_is_both_learned_from_and_judged(hold_out):
    found = split(hold_out)
    assert found
    assert not any((fold.train & fold.test).any() for fold in found)


def test_walking_forward_nothing_is_learned_from_later_than_what_is_judged():
    found = split("walk-forward")
    assert len(found) == 7  # 250 rows to learn from take two of the nine weeks
    for fold in found:
        assert HOURS[fold.train].max() < HOURS[fold.test].min()
        assert fold.test.sum() == 24 * 7


def test_a_window_forgets_what_is_older():
    last = split("walk-forward", window_weeks=3)[-1]
    assert last.train.sum() == 3 * 24 * 7


def test_every_fourth_week_is_held_out_whole():
    (fold,) = split("every-fourth-week")
    weeks = (HOURS - HOURS[0]) // np.timedelta64(7, "D")
    assert set(weeks[fold.test]) == {3, 7}
    assert set(weeks[fold.train]) == {0, 1, 2, 4, 5, 6, 8}


@pytest.mark.parametrize("hold_out", ["walk-forward", "every-fourth-week", "last-30-percent"])
def test_an_hour_whose_outcome_reaches_into_judged_time_is_not_learned_from(hold_out):
    for fold in split(hold_out, horizon=AN_HOUR):
        later = HOURS[fold.test]
        for time in HOURS[fold.train]:
            assert not ((later > time) & (later <= time + AN_HOUR)).any()


def test_a_record_too_short_to_learn_from_has_no_folds():
    assert split("walk-forward", times=HOURS[: 24 * 9]) == []
    assert split("every-fourth-week", times=HOURS[: 24 * 9]) == []
