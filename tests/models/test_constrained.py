import numpy as np
import pytest

from models.constrained import Limits, nearest_within
from models.evaluate import time_blocks
from models.ridge import fit_weights_without_each


def test_weights_within_the_limits_stay_as_they_are():
    weights = np.array([1.0, 2.0])
    limits = Limits(np.array([[1.0, 0.0]]), np.array([0.5]))
    np.testing.assert_array_equal(nearest_within(weights, np.eye(2), limits), weights)


def test_a_slope_that_must_not_fall_becomes_flat_and_the_rest_makes_up_for_it():
    """Of two inputs that move together, the one that may not lower power hands its part to the other."""
    metric, weights = np.array([[1.0, 0.9], [0.9, 1.0]]), np.array([-1.0, 3.0])
    found = nearest_within(weights, metric, Limits(np.array([[1.0, 0.0]]), np.zeros(1)))
    np.testing.assert_allclose(found, [0.0, 3.0 - 0.9], atol=1e-9)


def test_many_limits_hold_at_once():
    random = np.random.default_rng(0)
    rows = random.normal(size=(3_000, 6)) + np.array([6.0, 0, 0, 0, 0, 0])
    found = nearest_within(random.normal(size=6), np.eye(6), Limits(rows, np.full(3_000, 0.1)))
    assert (rows @ found).min() > 0.1 - 1e-5


def test_limits_that_exclude_each_other_are_said_to():
    rows = np.array([[1.0, 0.0], [-1.0, 0.0]])
    with pytest.raises(ValueError, match="no curve fulfils all declared effects"):
        nearest_within(np.zeros(2), np.eye(2), Limits(rows, np.array([1.0, 1.0])))


def test_constrained_ridge_is_no_worse_than_any_other_curve_within_the_limits():
    random = np.random.default_rng(1)
    x = random.normal(size=400)
    phi, y, blocks = np.stack([np.ones(400), x], axis=1), 5.0 - 2.0 * x, time_blocks(400, folds=4)
    rising = Limits(np.tile([0.0, 1.0], (400, 1)), np.full(400, 0.3))
    for level, slope in fit_weights_without_each(phi, y, blocks, rising):
        assert slope == pytest.approx(0.3, abs=1e-5)
        assert level == pytest.approx(5.0, abs=0.3)
