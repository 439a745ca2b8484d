"""Models of the change since the last reading: they see what runs by what was read, and cope with what is missing."""

import numpy as np
import pytest

from models.changes.boosting import ChangeBoosting
from models.changes.network import ChangeNetwork
from models.efficiency.baselines import Ratio

ROWS = 1_200


def plant(rows=ROWS, seed=0):
    """A ratio that follows its input, and a machine that no contact shows: only its meter before does."""
    random = np.random.default_rng(seed)
    x = np.sin(np.arange(rows) / 9.0)[:, None] + random.normal(0, 0.05, (rows, 1))
    hidden = np.repeat(random.integers(0, 2, rows // 40 + 1), 40)[:rows].astype(float)
    ratio = 0.2 + 0.1 * x[:, 0] + 0.05 * hidden * x[:, 0] + 0.1 * hidden
    last = np.concatenate([[np.nan], ratio[:-1]])
    before = np.stack([np.roll(x[:, 0], 1), np.roll(hidden, 1), np.full(rows, np.nan)], axis=1)
    before[0] = np.nan
    return Ratio(x, ratio, np.ones(rows), last, before)


@pytest.fixture(scope="module", params=[ChangeBoosting, ChangeNetwork], ids=lambda of: of.name)
def fitted(request):
    rows = plant()
    return request.param().fit(rows.where(np.arange(ROWS) < 900)), rows.where(np.arange(ROWS) >= 900)


def test_it_predicts_better_than_the_last_reading(fitted):
    model, rows = fitted
    error = np.abs(model.predict(rows) - rows.ratio)
    assert error.mean() < 0.5 * np.abs(rows.last_reading - rows.ratio).mean()


def test_readings_that_are_missing_leave_a_prediction_and_a_missing_last_reading_none(fitted):
    model, rows = fitted
    rows.before[:50] = np.nan
    rows.last_reading[10] = np.nan
    predicted = model.predict(rows)
    assert np.isnan(predicted[10])
    assert np.isfinite(np.delete(predicted, 10)).all()


def test_it_can_be_kept_and_used_again(fitted):
    model, rows = fitted
    again = type(model)().restore(model.arrays())
    np.testing.assert_allclose(again.predict(rows), model.predict(rows), atol=1e-6)


def test_without_enough_rows_networks_repeat_the_last_reading():
    rows = plant(rows=40)
    model = ChangeNetwork().fit(rows)
    np.testing.assert_array_equal(model.predict(rows)[1:], rows.last_reading[1:])
    again = ChangeNetwork().restore(model.arrays())
    np.testing.assert_array_equal(again.predict(rows)[1:], rows.last_reading[1:])


def test_rows_without_the_readings_before_are_refused():
    rows = plant(rows=300)
    with pytest.raises(ValueError, match="without `before`"):
        ChangeBoosting().fit(Ratio(rows.x, rows.ratio, rows.load_kw, rows.last_reading))
