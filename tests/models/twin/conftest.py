"""One fit that several tests look at: a plant that differs from its nameplate in everything that may be fitted."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest

from models.twin.descent import Descent, TwinConfig, descend
from models.twin.parameters import Space, space
from models.twin.record import Record
from models.twin.run import Controlled, scored
from tests.models.twin.kit import inputs_of, nameplate, record_of

QUICK = TwinConfig(
    starts=1,
    adam_steps=2,
    newton_steps=8,
    thinned=8,
    final_steps=2,
    window_hours=10.0,
    settle_hours=2.0,
    folds=2,
)


class Case(NamedTuple):
    space: Space
    truth: np.ndarray
    controlled: Controlled
    record: Record
    descent: Descent


@pytest.fixture(scope="session")
def case() -> Case:
    inputs = inputs_of(hours=84)
    searched = space(nameplate(), record_of(nameplate(), inputs))
    truth = 0.5 * np.random.default_rng(3).normal(size=len(searched.parameters))
    controlled = searched.at(jnp.asarray(truth, dtype=jnp.float32))
    record = record_of(controlled, inputs)
    descent = descend(searched, record, scored(record.measured), QUICK, seed=0, say=lambda _: None)
    return Case(searched, truth, controlled, record, descent)
