import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from models.efficiency.trees import as_arrays, evaluate


def grow(x, y):
    return HistGradientBoostingRegressor(random_state=0).fit(x, y)


@pytest.fixture(scope="module")
def boosted():
    random = np.random.default_rng(0)
    x = random.normal(size=(1_000, 3)).astype(np.float32)
    first, second = grow(x, x[:, 0] ** 2), grow(x[:80], x[:80, 1])
    return x, [first, second]


def test_arrays_say_what_scikit_learn_says(boosted):
    x, models = boosted
    found = np.asarray(evaluate(as_arrays(models), jnp.asarray(x)))
    for column, model in enumerate(models):
        np.testing.assert_allclose(found[:, column], model.predict(x), atol=1e-5)


def test_rows_beyond_one_block_are_evaluated_alike(boosted):
    x, models = boosted
    trees, many = as_arrays(models), np.tile(x, (9, 1))[:8_192]
    np.testing.assert_allclose(
        np.asarray(evaluate(trees, jnp.asarray(many)))[8_000:8_192],
        np.asarray(evaluate(trees, jnp.asarray(x)))[:192],
        atol=1e-6,
    )


def test_a_tree_goes_on_flat_beyond_the_record(boosted):
    _x, models = boosted
    trees, far = as_arrays(models), np.array([[10.0, 0.0, 0.0], [100.0, 0.0, 0.0]], np.float32)
    nearer, farther = np.asarray(evaluate(trees, jnp.asarray(far)))[:, 0]
    assert nearer == farther


def test_rows_without_a_reading_go_where_scikit_learn_sends_them():
    random = np.random.default_rng(1)
    x = random.normal(size=(800, 2)).astype(np.float32)
    x[::3, 0] = np.nan
    model = grow(x, np.where(np.isnan(x[:, 0]), 2.0, x[:, 0]) + x[:, 1])
    found = np.asarray(evaluate(as_arrays([model]), jnp.asarray(x)))[:, 0]
    np.testing.assert_allclose(found, model.predict(x), atol=1e-5)
