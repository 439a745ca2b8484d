"""Hidden ends of a record: rows from there are flagged, rows like the rest are not."""

import pytest

from pipelines.errors import ModelError
from pipelines.learning.backtest.support import summary, support_check
from pipelines.learning.backtest.task import task
from tests.pipelines.learning_kit import hall, hall_readings, table

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def found():
    site = hall()
    return support_check(site, task(site, table(site, hall_readings(48 * 7 * 8)), "figure"))


def test_rows_beyond_the_record_are_flagged_and_rows_inside_are_not(found):
    assert min(row["recall"] for row in found) >= 0.95
    assert max(row["false_alarms"] for row in found) <= 0.05
    assert "At least 100.0% of the rows beyond are flagged" in summary(found)


def test_load_weather_setpoints_and_their_difference_are_each_judged(found):
    quantities = {row["quantity"] for row in found}
    assert {"load_kw", "outdoor_wetbulb_c", "chw_supply_sp_c", "supply_air_sp_c"} <= quantities
    assert "chw_supply_sp_c less supply_air_sp_c" in quantities


def test_a_model_that_misses_rows_beyond_is_said_to():
    row = {"quantity": "load_kw", "end": "above", "recall": 0.5, "false_alarms": 0.0}
    assert "NOT the 95 % and 5 % wanted" in summary([row])


def test_a_record_of_three_weeks_is_too_short():
    site = hall()
    with pytest.raises(ModelError, match="less than four weeks to judge the support by"):
        support_check(site, task(site, table(site, hall_readings(48 * 14)), "figure"))
