"""What a program is compiled for: the parts that an outcome asks, which give what the whole cascade gives."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from models.cascade.cascade import asked_parts, outcome
from models.cascade.surface import fit_surface, mean, with_hinges
from models.graybox.learn import Graybox
from tests.models.cascade.test_learn import plant
from tests.models.graybox.plants import ALL, REFERENCE_KW, metering, z_of

pytestmark = pytest.mark.medium


def surface(rows):
    random = np.random.default_rng(0)
    x = random.uniform([5.0, 300.0], [15.0, 900.0], (rows, 2))
    return fit_surface(("gap_k", "load_kw"), x, 0.1 * x[:, 0] + (x[:, 1] / 300.0) ** 2)


@pytest.fixture(scope="module")
def physical(learned):
    z = z_of(cop=0.5).astype(np.float32)
    physics = Graybox(
        z, np.eye(len(z), dtype=np.float32), np.stack([z, z + 0.1]), np.ones(14, np.float32),
        np.float32(REFERENCE_KW), np.float32(0.02), np.zeros((2, 2), np.float32), np.float32(2.0),
        metering(ALL), ALL, ("supply_air_sp_c",),
    )  # fmt: skip
    return replace(learned.cascade, physics=physics)


def assert_same_outcome(cascade):
    ours, theirs = outcome(asked_parts(cascade), plant()), outcome(cascade, plant())
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_the_asked_parts_give_the_outcome_of_the_whole(learned, physical):
    assert_same_outcome(learned.cascade)
    assert_same_outcome(physical)


def test_records_of_other_meters_and_lengths_have_one_structure(physical):
    short = replace(physical, worst_inlet=surface(200), air_float=surface(300), meters={}, reach={}, stops={})
    long = replace(
        physical, worst_inlet=surface(1_200), air_float=surface(1_500), twin_bound_kw=np.float32(3)
    )
    shapes = [
        (jax.tree.structure(parts), [np.shape(leaf) for leaf in jax.tree.leaves(parts)])
        for parts in map(asked_parts, (short, long))
    ]
    assert shapes[0] == shapes[1]


def test_hinges_that_a_short_record_lacks_bend_nothing():
    few = surface(200)
    given = {"gap_k": np.linspace(-50.0, 90.0, 40), "load_kw": np.linspace(0.0, 3_000.0, 40)}
    assert few.knots.shape == (2, 0)
    np.testing.assert_allclose(mean(with_hinges(few), given), mean(few, given), rtol=1e-6)
    assert with_hinges(surface(1_200)).weights.shape == with_hinges(few).weights.shape
