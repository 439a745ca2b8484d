import numpy as np
import pandas as pd
import pytest

from pipelines.errors import ModelError
from pipelines.learning.next_hour.rows import OTHER, RATE, next_hour
from pipelines.telemetry.plant_table import plant_table
from tests.pipelines.learning_kit import hall, hall_readings, table

pytestmark = pytest.mark.medium

ROWS = 700


@pytest.fixture(scope="module")
def plant():
    return plant_table(hall(), table(hall(), hall_readings(ROWS)))


@pytest.fixture(scope="module")
def hours(plant):
    return next_hour(hall(), plant)


def column(found, name):
    return found.rows.x[:, found.rows.inputs.index(name)]


def test_overhead_is_the_mean_of_the_readings_that_follow(hours, plant):
    by_hand = (plant["overhead_kw"].shift(-1) + plant["overhead_kw"].shift(-2)) / 2
    np.testing.assert_allclose(hours.overhead_kw, by_hand[hours.index])


def test_submeters_their_changes_and_the_rest_add_up_to_the_overhead(hours):
    measured = {name: hours.rows.target(name) for name in hours.rows.targets}
    everything = np.arange(len(hours.rows))
    np.testing.assert_allclose(hours.overhead_of(measured, everything), hours.overhead_kw, atol=1e-6)


def test_no_state_is_known_before_it_was_read(plant):
    """Readings later than a row change what is predicted of it, never what it is predicted from, but for setpoints."""
    cut = plant.index[300]
    later = plant.copy()
    readings = [name for name in plant if not name.endswith("_sp_c")]
    later.loc[later.index > cut, readings] *= 1.1
    before, after = next_hour(hall(), plant), next_hour(hall(), later)
    rows = before.index <= cut
    np.testing.assert_array_equal(before.rows.x[rows], after.rows.x[after.index <= cut])
    assert (before.rows.y[rows][-1] != after.rows.y[after.index <= cut][-1]).any()


def test_a_setpoint_s_move_is_how_far_it_will_stand_from_now(hours, plant):
    held = (plant["chw_supply_sp_c"].shift(-1) + plant["chw_supply_sp_c"].shift(-2)) / 2
    expected = (held - plant["chw_supply_sp_c"])[hours.index]
    np.testing.assert_allclose(column(hours, "chw_supply_sp_c_move"), expected, atol=1e-9)


def test_the_worst_of_the_hour_is_what_the_rack_inlet_is_judged_by(hours, plant):
    inlet = plant["rack_inlet_c"]
    worst = np.maximum(inlet.shift(-1), inlet.shift(-2)) - inlet
    np.testing.assert_allclose(hours.rows.target("rack_inlet_c_change"), worst[hours.index], atol=1e-9)
    assert (hours.rows.target(RATE) >= 0).all()


def test_what_no_submeter_sees_is_learned_on_its_own(hours):
    assert OTHER not in hours.rows.targets or np.abs(hours.rows.target(OTHER)).max() < 1e-6


def test_a_record_without_an_hour_to_follow_is_refused(plant):
    with pytest.raises(ModelError, match="no hour with every reading before and after it"):
        next_hour(hall(), plant.iloc[:1])


def test_missing_readings_are_counted(plant):
    gap = plant.copy()
    gap.loc[gap.index[100:140], "chiller_kw"] = np.nan
    gap["overhead_kw"] = gap["overhead_kw"].where(gap["chiller_kw"].notna())
    found = next_hour(hall(), gap)
    assert found.left_out["the next hour is missing"] > 30
    assert not pd.DatetimeIndex(found.index).isin(gap.index[105:135]).any()
