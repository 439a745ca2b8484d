"""Networks of several sites in one call are those of each site alone, to float tolerance."""

from dataclasses import replace

import jax
import numpy as np

from models.buckets import in_powers_of_two
from models.efficiency.fit_data import prepared
from models.efficiency.training import FitConfig, FitTask, fit_many
from models.errors import DivergedError
from models.evaluate import time_blocks

CONFIG = FitConfig(hidden=(8, 8), epochs=12, batch=64, patience=3)
TOLERANCE = 1e-4  # of float32 sums in another order, over some hundred steps


def task(seed, *, rows=600, inputs=5, config=CONFIG):
    random = np.random.default_rng(seed)
    z = random.normal(size=(rows, inputs)).astype(np.float32)
    y = np.stack([np.tile(np.tanh(z[:, 0]) * z[:, 1], (4, 1)), np.tile(z[:, 2], (4, 1))])
    y += 0.1 * random.normal(size=y.shape)
    return FitTask(z, y, np.ones((2, inputs), np.float32), time_blocks(rows, folds=4), config, seed)


def assert_same(one, other):
    assert len(one.curves) == len(other.curves)
    np.testing.assert_allclose(one.loss, other.loss, rtol=TOLERANCE)
    for ours, theirs in zip(jax.tree.leaves(one.params), jax.tree.leaves(other.params), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=TOLERANCE, rtol=TOLERANCE)


def test_sites_of_one_shape_learn_together_what_each_learns_alone():
    """Unlike numbers of rows, inputs and epochs: each stops on its own."""
    tasks = [
        task(0),
        task(1, rows=560, inputs=4),
        task(2, config=replace(CONFIG, epochs=4)),
        task(3, inputs=9),
    ]
    assert len({prepared(each).shape for each in tasks}) == 1
    together = fit_many(tasks)
    for each, found in zip(tasks, together, strict=True):
        assert_same(found, fit_many([each])[0])
        assert found.params["hidden"][0]["kernel"].shape[2] == each.z.shape[1]
    assert len(together[2].curves) == 4


def test_one_site_that_diverges_stops_alone():
    broken = replace(task(1), y=np.full_like(task(1).y, np.nan))
    fine, error = fit_many([task(0), broken])
    assert isinstance(error, DivergedError)
    assert_same(fine, fit_many([task(0)])[0])


def test_groups_are_powers_of_two():
    assert in_powers_of_two([1, 2, 3, 4, 5, 6, 7]) == [[1, 2, 3, 4], [5, 6], [7]]
    assert in_powers_of_two([]) == []


def test_another_site_of_about_the_size_compiles_nothing():
    fit_many([task(0)])
    with jax.log_compiles(False):
        before = _compiled()
        fit_many([task(7, rows=520, inputs=11, config=replace(CONFIG, epochs=9, learning_rate=1e-3))])
        assert _compiled() == before


def _compiled():
    from models.efficiency import training

    return training._some_steps._cache_size(), training._validation_loss._cache_size()
