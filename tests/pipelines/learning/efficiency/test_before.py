"""What is known one row before: readings of then, none of now or later, and no ratio where a plant stood still."""

import numpy as np
import pandas as pd
import pytest

from pipelines.learning.efficiency.before import names_before, readings_before
from pipelines.telemetry.plant_table import plant_table
from tests.pipelines.learning_kit import chiller_readings, chillers, table

INPUTS = ("load_kw", "chw_supply_c")


@pytest.fixture
def plant():
    return plant_table(chillers(), table(chillers(), chiller_readings(200)))


def test_inputs_and_state_are_those_of_the_row_before(plant):
    before = readings_before(chillers(), plant, INPUTS)
    row = plant.index[100]
    last, day = row - pd.Timedelta(minutes=30), row - pd.Timedelta(days=1)
    assert before.loc[row, "load_kw before"] == plant.loc[last, "load_kw"]
    assert before.loc[row, "overhead one row before"] == plant.loc[last, "figure"]
    assert before.loc[row, "overhead a day before"] == plant.loc[day, "figure"]
    per_load = plant.loc[last, "chiller_kw"] / plant.loc[last, "load_kw"]
    assert before.loc[row, "chiller_kw per load before"] == per_load
    assert before.iloc[0].isna().all()


def test_nothing_of_a_row_or_later_is_in_it(plant):
    changed = plant.copy()
    changed.iloc[100:] *= 2.0
    first, second = (readings_before(chillers(), each, INPUTS) for each in (plant, changed))
    pd.testing.assert_frame_equal(first.iloc[:101], second.iloc[:101])


def test_after_a_gap_the_row_before_is_missing_and_not_an_older_one(plant):
    gone = plant.drop(plant.index[50:60])
    assert (
        readings_before(chillers(), gone, INPUTS).loc[plant.index[60], "load_kw before"]
        != plant["load_kw"].iloc[49]
    )
    assert np.isnan(readings_before(chillers(), gone, INPUTS).loc[plant.index[60], "load_kw before"])


def test_a_plant_that_stands_still_has_no_ratio(plant):
    readings = chiller_readings(200)
    readings.iloc[80:90, readings.columns.get_loc("LOAD")] = 0.0
    still = plant_table(chillers(), table(chillers(), readings))
    before = readings_before(chillers(), still, INPUTS)
    assert not np.isinf(before.to_numpy()).any()
    assert before["chiller_kw per load before"].iloc[81:91].isna().all()


def test_names_are_those_of_inputs_and_state(plant):
    names = names_before(readings_before(chillers(), plant, INPUTS), INPUTS)
    assert names[:2] == INPUTS
    assert names[2:] == (
        "overhead one row before", "overhead two rows before", "overhead a day before", "chiller_kw per load before",
    )  # fmt: skip
