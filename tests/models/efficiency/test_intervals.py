import jax.numpy as jnp
import numpy as np
import pytest

from models.efficiency.intervals import fit_intervals, half_width, half_widths
from models.evaluate import time_blocks

ROWS = 3_000


@pytest.fixture(scope="module")
def record():
    """Residuals that are three times as large where the first feature is high."""
    random = np.random.default_rng(0)
    feature = random.uniform(-1, 1, (ROWS, 2)).astype(np.float32)
    load_kw = 500.0 + 200.0 * random.uniform(-1, 1, ROWS)
    residual = random.normal(size=ROWS) * (0.1 + 0.2 * (feature[:, 0] > 0))
    return feature, load_kw, residual


@pytest.fixture(scope="module")
def fitted(record):
    feature, load_kw, residual = record
    return fit_intervals(feature, load_kw, residual[None], time_blocks(ROWS, folds=4))


def covered(record, fitted, rows):
    feature, load_kw, residual = (of[rows] for of in record)
    half = np.asarray(half_widths(fitted[0], jnp.asarray(feature), jnp.asarray(load_kw)))[:, 0]
    return (np.abs(residual) <= half).mean()


def test_nine_of_ten_residuals_lie_inside(record, fitted):
    assert covered(record, fitted, slice(None)) == pytest.approx(0.9, abs=0.01)


def test_intervals_are_wider_where_residuals_are_and_cover_as_much_in_both_places(record, fitted):
    noisy, quiet = record[0][:, 0] > 0.3, record[0][:, 0] < -0.3
    assert covered(record, fitted, noisy) == pytest.approx(0.9, abs=0.05)
    assert covered(record, fitted, quiet) == pytest.approx(0.9, abs=0.05)


def test_a_tercile_of_load_with_larger_errors_gets_wider_intervals():
    random = np.random.default_rng(0)
    load_kw, feature = random.uniform(300, 900, ROWS), np.zeros((ROWS, 1), np.float32)
    residual = random.normal(size=ROWS) * np.where(load_kw > 700, 4.0, 1.0)
    intervals, _ = fit_intervals(feature, load_kw, residual[None], time_blocks(ROWS, folds=4))
    low, _, high = np.asarray(intervals.quantile)[0]
    assert high == pytest.approx(4.0 * low, rel=0.2)


def test_half_width_is_the_score_that_nine_of_ten_do_not_exceed():
    scores = np.arange(1.0, 101.0)
    assert half_width(scores, np.zeros(100, int), 0) == 91.0  # one more than 90 %: the sample is finite
    assert half_width(scores, np.zeros(100, int), 2) == 91.0  # a load never seen borrows from the others
