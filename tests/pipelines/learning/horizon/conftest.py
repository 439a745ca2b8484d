"""Two halls' worth of telemetry, five weeks of half hours, and a horizon trained on it."""

import pytest

from pipelines.learning.train import train
from tests.pipelines.learning_kit import hall, hall_readings, stored

ROWS = 5 * 7 * 48


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("horizon"), hall(), hall_readings(ROWS))


@pytest.fixture(scope="session")
def report(home):
    return train(hall(), home, only="horizon")["kinds"]["horizon"]
