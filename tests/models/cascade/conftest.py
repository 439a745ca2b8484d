import numpy as np
import pytest

from models.cascade.learn import LearnedCascade, learn_cascade
from tests.models.cascade.records import METERS, STEP_HOURS, record


@pytest.fixture(scope="session")
def learned() -> LearnedCascade:
    columns = record()
    settled = np.ones(len(columns["load_kw"]), bool)
    return learn_cascade(columns, settled=settled, meters=METERS, step_hours=STEP_HOURS, counts_it=True)
