import numpy as np

from models.online.carried import carry, last_known

HOUR = np.timedelta64(60, "m")


def hours(*numbers):
    return np.datetime64("2025-06-01T00:00") + np.array(numbers) * HOUR


def test_a_model_that_is_always_as_much_too_low_is_put_right_after_its_first_errors():
    measured = np.full(20, 10.0)
    mean, _ = carry(np.full(20, 7.0), measured, hours(*range(20)), HOUR)
    assert mean[0] == 7.0
    np.testing.assert_allclose(mean[3:], 10.0)


def test_errors_that_come_and_go_are_not_carried():
    random = np.random.default_rng(0)
    measured = random.normal(size=500)
    mean, _ = carry(np.zeros(500), measured, hours(*range(500)), HOUR)
    assert np.abs(mean[100:]).mean() < 0.1


def test_no_prediction_knows_an_error_that_comes_later():
    measured, times = np.sin(np.arange(60.0)), hours(*range(60))
    changed = measured.copy()
    changed[30:] = 99.0
    first, second = (carry(np.zeros(60), of, times, 4 * HOUR)[0] for of in (measured, changed))
    np.testing.assert_array_equal(first[:34], second[:34])
    assert (first[34:45] != second[34:45]).any()


def test_the_share_known_from_before_is_used_at_once():
    past = carry(np.zeros(50), np.full(50, 3.0), hours(*range(50)), HOUR)[1]
    mean, _ = carry(np.zeros(2), np.array([3.0, 3.0]), hours(0, 1), HOUR, past=past)
    assert mean[1] == 3.0


def test_errors_of_rows_that_were_learned_from_set_no_share():
    none = np.zeros(30, bool)
    mean, _ = carry(np.zeros(30), np.full(30, 3.0), hours(*range(30)), HOUR, counts=none)
    assert (mean == 0.0).all()


def test_a_long_gap_forgets_the_error():
    past = carry(np.zeros(50), np.full(50, 3.0), hours(*range(50)), HOUR)[1]
    mean, _ = carry(np.zeros(2), np.array([3.0, np.nan]), hours(0, 100), HOUR, past=past)
    assert mean[1] == 0.0


def test_the_newest_known_row_is_found_past_missing_readings():
    position, age = last_known(hours(0, 1, 2, 3), np.array([True, False, False, True]), HOUR)
    assert list(position) == [-1, 0, 0, 0]
    assert list(age) == [np.inf, 1.0, 2.0, 3.0]


def test_a_great_error_is_carried_whole_where_small_ones_are_noise():
    """A regime that the model does not know lasts for hours; apart from it errors are noise."""
    random = np.random.default_rng(0)
    strange = np.arange(2_000) % 200 < 20
    measured = random.normal(size=2_000) * 0.5 + np.where(strange, 10.0, 0.0)
    mean, _ = carry(np.zeros(2_000), measured, hours(*range(2_000)), HOUR, size=np.full(2_000, 0.5))
    error, settled = np.abs(measured - mean), np.roll(strange, 1) & strange
    assert error[1_000:][settled[1_000:]].mean() < 1.0
    assert np.abs(mean[1_000:][~strange[1_000:] & ~np.roll(strange, 1)[1_000:]]).mean() < 0.1
