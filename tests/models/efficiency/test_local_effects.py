import numpy as np
import pytest

from models.efficiency.learn import learn
from models.efficiency.local_effects import _jackknife, response
from tests.models.plants import QUICK, kw_per_kw, plant_rows


@pytest.fixture(scope="module")
def rows():
    return plant_rows(900)


@pytest.fixture(scope="module")
def model(rows):
    return learn(rows, QUICK, seed=0).model


def of(model, rows, name):
    return response(model, rows.x, rows.load_kw, rows.inputs.index(name))


def test_a_kelvin_warmer_chilled_water_saves_what_the_chiller_s_curve_says(model, rows):
    power = kw_per_kw(*rows.x[:, :3].T) * rows.load_kw
    truth = -0.006 * rows.load_kw.sum() / power.sum()
    found = of(model, rows, "chw_supply_c")
    assert found.mean[0] == pytest.approx(truth, rel=0.1)
    assert found.low[0] < found.mean[0] < found.high[0]


def test_the_whole_of_one_meter_is_that_meter(model, rows):
    found = of(model, rows, "chw_supply_c")
    assert found.mean[1] == pytest.approx(found.mean[0])
    assert found.part[0] == pytest.approx(found.mean[0], rel=1e-3)


def test_power_rises_all_along_with_condenser_water(model, rows):
    found = of(model, rows, "cw_supply_c")
    assert (np.diff(found.course[0]) > 0.0).all()
    assert found.course[0, 0] == 0.0
    across_k = found.edges[-1] - found.edges[0]
    assert found.course[0, -1] == pytest.approx(found.mean[0] * across_k, rel=0.15)


def test_only_rows_that_can_move_inside_the_record_count(model, rows):
    assert of(model, rows, "chw_supply_c").rows < len(rows.x)
    far = rows.x + np.array([0.0, 40.0, 0.0, 0.0])
    assert response(model, far, rows.load_kw, 2) is None


def test_blocks_that_agree_leave_no_doubt_and_blocks_that_differ_do():
    mean, low, high = _jackknife(np.array([2.0, 2.0, 2.0, 2.0]))
    assert (mean, low, high) == (2.0, 2.0, 2.0)
    _, low, high = _jackknife(np.array([1.0, 2.0, 3.0, 2.0]))
    # variance 3/4 of the sum of squares (2), and Student's t of three degrees of freedom at 95 %: 2.353
    assert high - low == pytest.approx(2.0 * 2.353 * np.sqrt(1.5), rel=1e-3)
