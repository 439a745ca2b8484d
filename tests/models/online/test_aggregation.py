"""A weighted mean of models comes to the best of them, or to a better mean, and never knows what comes later."""

import numpy as np
import pytest

from models.online.aggregation import Regret, aggregated

HOUR = np.timedelta64(60, "m")


def combined(predicted, measured, delay=HOUR, counts=None):
    times = np.datetime64("2025-06-01T00:00") + np.arange(len(measured)) * HOUR
    counts = np.ones(len(measured), bool) if counts is None else counts
    return aggregated(
        predicted, measured, times, delay, regret=Regret.none(predicted.shape[1]), counts=counts
    )


def models(rows=2_000, spreads=(0.2, 1.0, 1.0), seed=0):
    random = np.random.default_rng(seed)
    measured = random.normal(size=rows)
    return np.stack([measured + random.normal(0, s, rows) for s in spreads], axis=1), measured


def test_it_comes_to_the_best_model():
    predicted, measured = models()
    mean, regret = combined(predicted, measured)
    assert np.abs(mean - measured)[500:].mean() < 1.03 * np.abs(predicted[500:, 0] - measured[500:]).mean()
    assert regret.weights()[0] > 0.9
    assert regret.weights().sum() == pytest.approx(1.0)


def test_models_with_errors_of_their_own_are_better_together():
    predicted, measured = models(spreads=(0.5, 0.5, 0.5))
    mean, _ = combined(predicted, measured)
    assert np.abs(mean - measured).mean() < 0.7 * np.abs(predicted - measured[:, None]).mean()


def test_it_follows_when_another_model_becomes_the_better_one():
    predicted, measured = models(rows=3_000, spreads=(0.2, 1.0))
    predicted[1_000:] = predicted[1_000:, ::-1]
    mean, _ = combined(predicted, measured)
    assert np.abs(mean - measured)[2_500:].mean() < 0.25


def test_no_mean_knows_a_reading_that_comes_later():
    predicted, measured = models(rows=60)
    changed = measured.copy()
    changed[30:] += 9.0
    first, second = (combined(predicted, each, 4 * HOUR)[0] for each in (measured, changed))
    np.testing.assert_array_equal(first[:34], second[:34])
    assert (first[34:] != second[34:]).any()


def test_rows_without_a_reading_and_rows_learned_from_teach_nothing():
    predicted, measured = models(rows=100)
    missing = np.full(100, np.nan)
    assert (combined(predicted, missing)[1].gained == 0.0).all()
    assert (combined(predicted, measured, counts=np.zeros(100, bool))[1].gained == 0.0).all()
    np.testing.assert_allclose(combined(predicted, missing)[0], predicted.mean(axis=1))
