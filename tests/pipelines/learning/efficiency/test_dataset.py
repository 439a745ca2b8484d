import numpy as np
import pandas as pd
import pytest

from pipelines.errors import ModelError
from pipelines.learning.efficiency.dataset import COOLING, OVERHEAD, dataset
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.running import combination_codes, known_combinations
from tests.pipelines.learning_kit import chiller_readings, chillers, hall, hall_readings, table


def hall_plant(**columns):
    return plant_table(hall(), table(hall(), hall_readings(300).assign(**columns)))


def chillers_plant(**columns):
    return plant_table(chillers(), table(chillers(), chiller_readings(300).assign(**columns)))


def test_no_power_but_the_load_is_an_input():
    inputs = dataset(hall(), hall_plant()).rows.inputs
    powers = [name for name in inputs if name in QUANTITIES and QUANTITIES[name].unit == "kW"]
    assert "load_kw" in inputs
    assert powers == []


def test_what_contains_the_answer_is_no_input():
    site = chillers()
    plant = chillers_plant().assign(
        cw_return_c=30.0 + np.arange(300) % 7, chiller_load_frac=np.arange(300) / 300
    )
    inputs = dataset(site, plant).rows.inputs
    assert not {"cw_return_c", "chiller_load_frac"} & set(inputs)


def test_without_it_meter_overhead_is_the_cooling_power():
    rows = dataset(chillers(), chillers_plant()).rows
    assert rows.targets == (OVERHEAD,)
    np.testing.assert_array_equal(rows.target(COOLING), rows.target(OVERHEAD))


def test_pue_less_one_is_learned():
    plant = hall_plant()
    rows = dataset(hall(), plant).rows
    np.testing.assert_allclose(rows.target(OVERHEAD), plant["figure"] - 1.0)


def test_constant_and_nearly_absent_columns_are_left_out_and_named():
    readings = np.where(np.arange(300) < 250, np.nan, 8.0 + np.arange(300) / 100)
    found = dataset(chillers(), chillers_plant(CHWS=readings, WBT=22.0))
    assert found.notes == [
        "outdoor_wetbulb_c is not used: it does not vary",
        "chw_supply_c is not used: 50 of 300 rows have a reading, which is not worth the others",
    ]
    assert len(found.rows) == 300


def test_a_missing_contact_is_no_combination_that_was_never_seen():
    contacts = pd.DataFrame(
        {"chiller_on:ch1": [1.0, np.nan, 1.0, 0.0], "chiller_on:ch2": [0.0, 1.0, np.nan, 1.0]}
    )
    site = chillers()
    with_contacts = site.model_copy(update={"points": [
        *site.points,
        *(site.points[0].model_copy(update={"tag": f"ON{k}", "quantity": "chiller_on", "equipment": f"ch{k}",
                                            "unit": ""}) for k in (1, 2)),
    ]})  # fmt: skip
    codes = combination_codes(with_contacts, contacts)
    assert codes.tolist() == [1, -1, -1, 0]
    assert known_combinations(codes, np.array([0, 3]), np.arange(4), hours=4.0).all()


def test_rows_of_no_it_power_are_counted():
    readings = hall_readings(300)["IT"].where(np.arange(300) >= 40, 0.0)
    found = dataset(hall(), hall_plant(IT=readings))
    assert found.left_out["IT power is (almost) zero: PUE is undefined"] == 40
    assert len(found.rows) == 260


def test_rows_left_out_are_counted_once_by_reason():
    plant = chillers_plant()
    plant.iloc[:3, plant.columns.get_loc("cw_supply_c")] = np.nan
    plant.iloc[2:7, plant.columns.get_loc("figure")] = np.nan
    found = dataset(chillers(), plant)
    assert {reason: rows for reason, rows in found.left_out.items() if rows} == {
        "an input is missing": 2,
        "a power or load reading is missing": 5,
    }
    assert len(found.rows) == 293


def test_it_power_of_zero_throughout_says_why_nothing_is_left():
    with pytest.raises(
        ModelError, match=r"0 of 300 rows .*PUE is undefined: 300 rows.*coldaisle quality --site hall"
    ):
        dataset(hall(), hall_plant(IT=0.0))
