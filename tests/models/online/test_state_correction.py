"""Errors of a model as a state: biases that fade or stay are followed, spikes and noise are not."""

import numpy as np
import pytest

from models.online.state_correction import EXPERTS, NEVER_CARRIED, mixed

HOUR = np.timedelta64(60, "m")
ROWS = 2_000


def _hours(count: int) -> np.ndarray:
    return np.datetime64("2025-06-01T00:00") + np.arange(count) * HOUR


def _left(error: np.ndarray, losses: np.ndarray | None = None, delay=HOUR) -> np.ndarray:
    """What is left of errors (n,) of a model that predicts 0, with no share carried."""
    none = np.zeros((len(error), 1))
    losses = np.zeros(EXPERTS) if losses is None else losses
    mean, _ = mixed(
        none,
        none,
        error,
        _hours(len(error)),
        delay,
        scale=np.ones(1),
        losses=losses[None],
        counts=np.ones(len(error), bool),
    )
    return np.abs(error - mean[:, 0])


def _fading(kept: float, noise: float) -> np.ndarray:
    random = np.random.default_rng(0)
    bias = np.zeros(ROWS)
    for row in range(1, ROWS):
        bias[row] = kept * bias[row - 1] + random.normal(0, np.sqrt(1 - kept**2))
    return bias + random.normal(0, noise, ROWS)


@pytest.mark.parametrize(("kept", "noise"), [(0.95, 0.3), (0.9, 1.0), (0.6, 0.3)])
def test_a_bias_in_noise_is_followed_better_than_by_any_share_of_the_last_error(kept, noise):
    error = _fading(kept, noise)
    shares = [np.abs(error[1:] - share * error[:-1]).mean() for share in np.linspace(0, 1, 21)]
    assert _left(error)[100:].mean() < 1.03 * min(shares)
    if noise == 1.0:
        assert _left(error)[100:].mean() < 0.97 * min(shares)


def test_noise_alone_is_left_alone():
    error = np.random.default_rng(1).normal(size=ROWS)
    assert _left(error)[200:].mean() < 1.03 * np.abs(error[200:]).mean()


def test_a_spike_does_not_spoil_what_follows():
    error = _fading(0.9, 0.2)
    spiked = error.copy()
    spiked[500::100] += 50.0
    after = np.arange(801, ROWS, 100)  # the first ones teach that they are spikes
    assert _left(spiked)[after].mean() < 3.0 * _left(error)[after].mean()


def test_a_jump_that_stays_is_followed_within_a_few_errors():
    error = np.random.default_rng(2).normal(0, 0.3, ROWS) + np.where(np.arange(ROWS) % 400 < 200, 0.0, 6.0)
    left = _left(error)
    settled = (np.arange(ROWS) % 200 >= 3) & (np.arange(ROWS) > 400)
    assert left[settled].mean() < 0.6


def test_no_prediction_knows_an_error_that_comes_later():
    error = np.sin(np.arange(60.0))
    changed = error.copy()
    changed[30:] = 99.0
    none, ones, losses = np.zeros((60, 1)), np.ones(60, bool), np.zeros((1, EXPERTS))
    first, second = (
        mixed(none, none, each, _hours(60), 4 * HOUR, scale=np.ones(1), losses=losses, counts=ones)[0]
        for each in (error, changed)
    )
    np.testing.assert_array_equal(first[:34], second[:34])
    assert (first[34:45] != second[34:45]).any()


def test_rows_without_a_reading_and_gaps_are_no_error():
    error = _fading(0.9, 0.2)[:300]
    error[::7], error[100:180] = np.nan, np.nan
    assert np.isfinite(_left(error)[np.isfinite(error)]).all()


def test_a_model_that_carries_its_error_by_itself_is_not_corrected():
    error = _fading(0.9, 0.2)
    np.testing.assert_allclose(_left(error, losses=NEVER_CARRIED), np.abs(error))


def test_models_side_by_side_are_corrected_as_each_alone():
    errors = np.stack([_fading(0.9, 0.2)[:300], _fading(0.6, 1.0)[:300]], axis=1)
    counts = np.ones(300, bool)

    def left(predicted, scale):
        losses = np.zeros((predicted.shape[1], EXPERTS))
        zero = np.zeros(300)
        return mixed(
            predicted, predicted, zero, _hours(300), HOUR, scale=scale, losses=losses, counts=counts
        )[0]

    both = left(-errors, np.array([1.0, 2.0]))
    for column, scale in enumerate((1.0, 2.0)):
        alone = left(-errors[:, column : column + 1], np.array([scale]))
        np.testing.assert_allclose(both[:, column], alone[:, 0], atol=1e-12)
