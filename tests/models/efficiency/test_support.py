import jax.numpy as jnp
import numpy as np
import pytest

from models.efficiency.support import (
    NEIGHBOURS,
    REFERENCES,
    _distances,
    distance,
    fit_support,
    in_support,
    temperature_pairs,
)
from models.evaluate import time_blocks


@pytest.fixture(scope="module")
def record():
    """Condenser water follows the wetbulb: warm with cold has never been seen."""
    random = np.random.default_rng(0)
    wetbulb_c = random.uniform(5, 25, 3000)
    return np.stack([wetbulb_c, wetbulb_c + 4 + random.normal(0, 0.5, 3000)], axis=1)


@pytest.fixture(scope="module")
def support(record):
    return fit_support(record, time_blocks(len(record), folds=4))


def covered(support, *rows):
    return list(np.asarray(in_support(support, np.array(rows, np.float32))))


def test_the_record_itself_is_covered(support, record):
    assert np.asarray(in_support(support, record.astype(np.float32))).mean() > 0.98


def test_a_setpoint_beyond_its_range_is_not_covered(support):
    assert covered(support, [15.0, 19.0], [30.0, 34.0], [2.0, 6.0]) == [True, False, False]


def test_a_combination_never_seen_is_not_covered_though_each_value_was(support):
    assert covered(support, [24.0, 10.0], [6.0, 28.0]) == [False, False]


def test_a_missing_reading_is_never_covered(support):
    assert covered(support, [np.nan, 19.0]) == [False]


def test_one_odd_row_is_no_support(record):
    odd = np.vstack([record, [[24.0, 10.0]]])
    support = fit_support(odd, time_blocks(len(odd), folds=4))
    assert covered(support, [24.0, 10.0]) == [False]


def test_a_rare_regime_stays_covered_when_a_long_record_is_thinned(record):
    economizer = np.tile([[6.0, 16.0]], (8, 1)) + np.random.default_rng(1).normal(0, 0.05, (8, 2))
    long = np.vstack(
        [np.tile(record, (8, 1)) + np.random.default_rng(2).normal(0, 0.01, (24_000, 2)), economizer]
    )
    support = fit_support(long, time_blocks(len(long), folds=4))
    assert support.references.shape[0] <= REFERENCES
    assert covered(support, [6.0, 16.0]) == [True]


def test_distance_grows_away_from_the_record(support):
    rows = np.array([[15.0, 19.0], [15.0, 22.0], [15.0, 25.0]], np.float32)
    assert np.all(np.diff(np.asarray(distance(support, rows))) > 0)


def test_distance_is_to_the_third_nearest_reference(support):
    row = np.array([[15.0, 19.0]], np.float32)
    z = (row - np.asarray(support.mean)) / np.asarray(support.scale)
    by_hand = np.sort(np.linalg.norm(np.asarray(support.references) - z, axis=1))[NEIGHBOURS - 1]
    assert float(distance(support, row)[0]) == pytest.approx(by_hand, abs=1e-3)


def test_a_record_of_many_inputs_is_thinned_too():
    wide = np.random.default_rng(3).normal(size=(6000, 14))
    support = fit_support(wide, time_blocks(len(wide), folds=4), pairs=temperature_pairs(("a_c",) * 14))
    assert 100 < support.references.shape[0] <= REFERENCES


def test_an_approach_never_seen_is_not_covered_though_it_is_a_small_step_in_each_reading(record):
    pairs = temperature_pairs(("outdoor_wetbulb_c", "cw_supply_c"))
    blocks = time_blocks(len(record), folds=4)
    inputs_only, with_approach = fit_support(record, blocks), fit_support(record, blocks, pairs=pairs)
    close = np.array([[16.0, 17.0]], np.float32)  # approach 1 K; the record has 4 K
    assert float(distance(with_approach, close)[0]) > float(distance(inputs_only, close)[0])
    assert covered(with_approach, [16.0, 17.0], [16.0, 20.0]) == [False, True]


@pytest.mark.parametrize("references", [2, 40, 1_000])
def test_the_third_nearest_is_found_as_by_sorting_all(references):
    random = np.random.default_rng(0)
    record, asked = random.normal(size=(references, 4)), random.normal(size=(1_500, 4))
    each = np.sqrt(((asked[:, None] - record[None]) ** 2).sum(axis=-1))
    third = np.sort(each, axis=1)[:, min(references, 3) - 1]
    found = _distances(jnp.asarray(record, jnp.float32), jnp.asarray(asked, jnp.float32))
    np.testing.assert_allclose(found, third, atol=1e-3)
