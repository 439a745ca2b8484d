import numpy as np
import pytest

from models.efficiency.scaling import fit_scaler
from models.evaluate import time_blocks
from models.ridge import fit_weights, fit_weights_without_each, terms

BLOCKS = time_blocks(400, folds=4)


@pytest.fixture
def z():
    return np.random.default_rng(0).normal(size=(400, 3))


def test_a_quadratic_chiller_curve_is_found_exactly(z):
    y = 2.0 + z[:, 0] - 0.5 * z[:, 1] * z[:, 2] + 0.3 * z[:, 2] ** 2
    phi = terms(z, z)
    np.testing.assert_allclose(phi @ fit_weights(phi, y, BLOCKS), y, atol=2e-3)


def test_noise_is_answered_with_the_mean(z):
    phi, y = terms(z, z), 5.0 + np.random.default_rng(1).normal(size=400)
    predicted = phi @ fit_weights(phi, y, BLOCKS)
    assert predicted.std() < 0.2
    assert predicted.mean() == pytest.approx(y.mean(), abs=1e-9)


def test_two_meters_of_one_quantity_share_the_weight(z):
    twins = np.stack([z[:, 0], z[:, 0]], axis=1)
    weights = fit_weights(terms(twins, twins), 3.0 * z[:, 0], BLOCKS)
    assert weights[1] == pytest.approx(weights[2], rel=1e-6)
    assert weights[1] + weights[2] == pytest.approx(3.0, rel=0.01)


def test_each_fold_is_fitted_without_the_block_it_is_judged_on(z):
    phi, y = terms(z, z), z[:, 0].copy()
    before = fit_weights_without_each(phi, y, BLOCKS)
    broken = np.where(BLOCKS == 2, 100.0, y)
    after = fit_weights_without_each(phi, broken, BLOCKS)
    np.testing.assert_allclose(phi @ before[2], y, atol=0.05)
    assert abs((phi @ after[0]).mean() - y.mean()) > 10.0
    # Only the penalty, which all folds share, may have moved the fold that did not see the block.
    assert abs((phi @ after[2]).mean() - y.mean()) < 1.0


def test_beyond_the_record_the_curve_goes_on_as_a_plane():
    record = np.linspace(0.0, 1.0, 200)[:, None]
    scaler = fit_scaler(record)
    far = np.array([[2.0], [3.0], [4.0]])
    phi = terms(scaler.standardised(far), scaler.bounded(far))
    weights = np.array([0.0, 1.0, 5.0])
    steps = np.diff(phi @ weights)
    assert steps[0] == pytest.approx(steps[1])
