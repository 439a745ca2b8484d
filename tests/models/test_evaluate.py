import numpy as np
import pytest

from models.evaluate import cv_rmse, last_fraction_of_each_segment, mae, nmbe, segments, shuffled, time_blocks

MEASURED = np.array([90.0, 100.0, 110.0])
PREDICTED = np.array([100.0, 100.0, 100.0])


def test_mean_absolute_error_has_the_unit_of_the_meter():
    assert mae(MEASURED, PREDICTED) == pytest.approx(20.0 / 3.0)


def test_cv_rmse_follows_guideline_14():
    # sqrt((10² + 0² + 10²) / (3 - 1)) / 100
    assert cv_rmse(MEASURED, PREDICTED) == pytest.approx(0.10)


def test_bias_is_positive_where_the_model_predicts_too_little():
    # (0 + 10 + 20) / ((3 - 1) x 110)
    assert nmbe(MEASURED + 10.0, np.full(3, 100.0)) == pytest.approx(30.0 / 220.0)
    assert nmbe(MEASURED, MEASURED + 5.0) < 0.0


def test_errors_that_cancel_leave_no_bias_but_a_scatter():
    assert nmbe(MEASURED, PREDICTED) == 0.0
    assert cv_rmse(MEASURED, PREDICTED) > 0.0


def test_one_row_is_too_few_for_guideline_14():
    with pytest.raises(ValueError, match="more than 1 rows, has 1"):
        cv_rmse(MEASURED[:1], PREDICTED[:1])


def test_relative_errors_of_an_idle_plant_are_refused():
    with pytest.raises(ValueError, match="mean of the measured values must not be 0"):
        nmbe(np.zeros(3), np.ones(3))


def hours(start, count):
    return np.datetime64(start) + np.arange(count) * np.timedelta64(1, "h")


def test_the_end_of_every_month_of_a_record_with_a_pause_is_held_out():
    times = np.concatenate([hours("2023-12-01", 100), hours("2024-03-01", 50)])
    held_out = last_fraction_of_each_segment(times)
    assert list(np.flatnonzero(held_out)) == [*range(70, 100), *range(135, 150)]


def test_a_gap_of_a_day_does_not_end_a_segment():
    times = np.concatenate([hours("2024-01-01", 48), hours("2024-01-04", 48)])
    assert set(segments(times)) == {0}


def test_shuffled_split_holds_out_neighbours_of_learned_rows():
    held_out = shuffled(1000)
    assert held_out.sum() == 300
    assert (held_out[1:] != held_out[:-1]).sum() > 300


def test_blocks_of_time_are_contiguous_and_equally_many_for_each_fold():
    blocks = time_blocks(1200, folds=4)
    assert (np.diff(blocks) != 0).sum() == 11
    assert set(np.bincount(blocks)) == {300}
