"""The site's own forecast where it records one, beside seasonal-naive and persistence."""

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import ModelError
from pipelines.learning.next_hour.forecast import PERSISTENCE, SEASONAL, SITE, change_ahead, forecast_report
from pipelines.learning.next_hour.rows import HORIZON, next_hour
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table
from tests.pipelines.learning_kit import hall, hall_readings, table
from tests.pipelines.telemetry.ingest.kit import point

pytestmark = pytest.mark.medium

ROWS = 48 * 16


def forecasting(lead_hours=3.0):
    """The hall with a weather service: a wetbulb forecast of so many hours ahead."""
    points = [p.model_dump() for p in hall().points]
    extra = {**point("WX.WB3H", "forecast_wetbulb_c"), "lead_hours": lead_hours}
    return Site.model_validate(hall().model_dump(exclude_none=True) | {"points": [*points, extra]})


def with_forecast(site, *, error_k=0.0, lead_rows=6):
    readings = table(hall(), hall_readings(ROWS))
    wetbulb_c = plant_table(hall(), readings)["outdoor_wetbulb_c"]
    ahead = wetbulb_c.shift(-lead_rows) + error_k
    return readings.assign(forecast_wetbulb_c=ahead).reindex(columns=site.columns)


def rows_of(report, quantity):
    return {row["lead_hours"]: row for row in report["rows"] if row["quantity"] == quantity}


def test_a_forecast_that_is_right_is_reported_at_its_lead_only():
    found = rows_of(forecast_report(forecasting(), with_forecast(forecasting())), "outdoor_wetbulb_c")
    assert found[3.0][SITE] == pytest.approx(0.0, abs=1e-6)
    assert found[3.0][SITE] < found[3.0][SEASONAL]
    assert SITE not in found[1.0]


def test_a_day_that_repeats_is_forecast_better_a_day_ahead_of_time_than_by_no_change():
    found = rows_of(forecast_report(hall(), table(hall(), hall_readings(ROWS))), "outdoor_drybulb_c")
    assert found[6.0][SEASONAL] < 0.5 * found[6.0][PERSISTENCE]


def test_without_a_week_of_telemetry_there_is_nothing_to_report():
    with pytest.raises(ModelError, match="nothing to forecast for a week and a day"):
        forecast_report(hall(), table(hall(), hall_readings(20)))


def test_on_the_way_to_its_lead_a_forecast_is_a_line_from_the_present_reading():
    """Half an hour and an hour on the way to three hours: a quarter of the change on average."""
    site = forecasting()
    readings = with_forecast(site)
    plant = plant_table(site, readings).asfreq("30min")
    plant["forecast_wetbulb_c"] = plant["outdoor_wetbulb_c"] + 4.0
    assert change_ahead(site, plant, "outdoor_wetbulb_c", HORIZON).iloc[100] == pytest.approx(1.0)


def test_where_the_forecast_is_missing_a_season_ago_stands_in():
    site = forecasting()
    plant = plant_table(site, with_forecast(site)).asfreq("30min")
    plant["forecast_wetbulb_c"] = np.nan
    naive = change_ahead(hall(), plant, "outdoor_wetbulb_c", HORIZON)
    pd.testing.assert_series_equal(change_ahead(site, plant, "outdoor_wetbulb_c", HORIZON), naive)


def test_the_next_hour_uses_the_forecast_where_there_is_one():
    site = forecasting()
    assert "wetbulb_forecast_trend" in next_hour(site, plant_table(site, with_forecast(site))).rows.inputs
    plain = next_hour(hall(), plant_table(hall(), table(hall(), hall_readings(ROWS))))
    assert "wetbulb_forecast_trend" not in plain.rows.inputs
