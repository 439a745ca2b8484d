import numpy as np
import pandas as pd
import pytest

from dashboards.charts import coverage_over_time, figure_over_time, thinned


def readings(count: int, **columns) -> pd.DataFrame:
    return pd.DataFrame(columns, index=pd.date_range("2024-03-01", periods=count, freq="10min", tz="UTC"))


def test_measured_and_predicted_are_drawn_on_one_axis_named_after_the_figure():
    chart = figure_over_time(readings(3, measured=[1.2, 1.3, 1.4], predicted=[1.2, 1.25, 1.4]), "PUE2")
    assert [line.name for line in chart.data] == ["measured", "predicted"]
    assert list(chart.data[1].y) == [1.2, 1.25, 1.4]
    assert chart.layout.yaxis.title.text == "PUE2"


def test_without_a_model_only_the_measured_figure_is_drawn():
    assert [line.name for line in figure_over_time(readings(2, measured=[1.2, 1.3]), "PUE2").data] == [
        "measured"
    ]


def test_a_year_is_drawn_with_no_more_points_than_a_screen_shows():
    year = readings(52_560, measured=np.sin(np.arange(52_560) / 50.0) + 5.0)
    line = figure_over_time(year, "PUE2").data[0]
    assert 1_000 < len(line.x) <= 2_001
    assert np.mean(line.y) == pytest.approx(year["measured"].mean(), rel=1e-3)


def test_an_hour_without_data_stays_a_gap_in_the_line():
    day = readings(144, measured=1.2).drop(readings(144, measured=1.2).index[60:66])
    drawn = thinned(day, 2_000)["measured"]
    assert drawn.isna().sum() == 6


def test_dead_sensor_is_a_pale_band_in_the_coverage_chart():
    table = readings(144, chw_supply_c=[7.0] * 72 + [np.nan] * 72, chiller_kw=40.0)
    chart = coverage_over_time(table, {"chw_supply_c": "CHWS"}, pd.Timedelta(minutes=10)).data[0]
    assert list(chart.y) == ["CHWS", "chiller_kw"]
    assert chart.z[0].sum() == 72
    assert chart.z[1].sum() == 144


def test_times_without_any_row_count_as_not_covered():
    table = readings(144, chiller_kw=40.0)
    chart = coverage_over_time(table.drop(table.index[10:30]), {}, pd.Timedelta(minutes=10)).data[0]
    assert chart.z[0].sum() == 124


def test_coverage_of_a_long_record_is_averaged_over_time():
    table = readings(14_400, chiller_kw=[40.0, np.nan] * 7_200)
    chart = coverage_over_time(table, {}, pd.Timedelta(minutes=10)).data[0]
    assert chart.z.shape[1] <= 401
    assert chart.z[0] == pytest.approx(np.full(chart.z.shape[1], 0.5))


def test_the_interval_of_a_prediction_is_a_band_behind_it():
    table = readings(
        3, measured=[1.2, 1.3, 1.4], predicted=[1.2, 1.25, 1.4], lower=[1.1] * 3, upper=[1.5] * 3
    )
    names = [line.name for line in figure_over_time(table, "PUE2").data]
    assert names == [None, "90 % interval", "measured", "predicted"]
