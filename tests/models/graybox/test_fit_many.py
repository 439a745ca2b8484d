"""Plants of several sites fitted in one call are those of each alone: they draw the same power.

Parameters that a record hardly shows may end elsewhere: rounding decides whether one more step is taken.
"""

import numpy as np
import pytest

from models.graybox.fit import PlantTask, fit_many
from models.graybox.moves import Moves
from models.graybox.parameters import NAMES
from tests.models.graybox.plants import (
    ALL,
    REFERENCE_KW,
    at_rest,
    metering,
    random_conditions,
    recorded,
    z_of,
)

pytestmark = pytest.mark.medium

TOLERANCE = 2e-3  # of the mean power
PLANTS = ({"cop": -0.8, "tower_fan": 0.7}, {"cop": 0.6, "coil_ntu": 0.5}, {"chw_pump": -0.6})


def task(number):
    metered, rows = metering(ALL), (500, 300, 420)[number]
    record = recorded(z_of(**PLANTS[number]), random_conditions(rows, seed=number), metered, ALL, noise=0.01)
    return PlantTask(record, Moves.none(), metered, REFERENCE_KW, np.zeros(len(NAMES)))


def test_plants_of_several_sites_are_those_of_each_alone():
    tasks = [task(number) for number in range(2)]
    unseen = random_conditions(300, seed=9)
    for each, together in zip(tasks, fit_many(tasks), strict=True):
        (alone,) = fit_many([each])
        ours, theirs = (
            np.asarray(at_rest(found.z, unseen).parts_kw)[:5].sum(axis=0) for found in (together, alone)
        )
        assert np.abs(ours - theirs).mean() < TOLERANCE * theirs.mean()
        np.testing.assert_allclose(np.diag(together.covariance), np.diag(alone.covariance), atol=0.05)
