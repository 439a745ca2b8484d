import numpy as np
import pytest

from models.efficiency.outliers import isolated_outliers
from models.evaluate import time_blocks
from tests.models.plants import plant_rows


@pytest.fixture
def plant():
    rows = plant_rows(800)
    return rows.x, rows.y[:, 0].copy(), time_blocks(800, folds=4)


def test_clean_telemetry_loses_nothing(plant):
    assert not isolated_outliers(*plant).any()


def test_a_meter_that_jumps_for_one_interval_is_found(plant):
    x, y, blocks = plant
    y[[100, 555]] *= 3.0
    assert list(np.flatnonzero(isolated_outliers(x, y, blocks))) == [100, 555]


def test_a_rare_regime_that_lasts_for_hours_stays(plant):
    x, y, blocks = plant
    y[400:412] *= 0.3  # half a day of free cooling
    assert not isolated_outliers(x, y, blocks)[400:412].any()
