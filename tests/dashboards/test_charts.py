import numpy as np
import pandas as pd
import pytest

from dashboards.charts import (
    coverage_over_time,
    figure_over_time,
    heat_map,
    inlet_bars,
    inlet_map,
    thinned,
    trends,
)


def readings(count: int, **columns) -> pd.DataFrame:
    return pd.DataFrame(columns, index=pd.date_range("2024-03-01", periods=count, freq="10min", tz="UTC"))


def test_measured_and_predicted_are_drawn_on_one_axis_named_after_the_figure():
    chart = figure_over_time(readings(3, measured=[1.2, 1.3, 1.4], predicted=[1.2, 1.25, 1.4]), "PUE2", "UTC")
    assert [line.name for line in chart.data] == ["measured", "predicted"]
    assert list(chart.data[1].y) == [1.2, 1.25, 1.4]
    assert chart.layout.yaxis.title.text == "PUE2"


def test_without_a_model_only_the_measured_figure_is_drawn():
    assert [line.name for line in figure_over_time(readings(2, measured=[1.2, 1.3]), "PUE2", "UTC").data] == [
        "measured"
    ]


def test_a_year_is_drawn_with_no_more_points_than_a_screen_shows():
    year = readings(52_560, measured=np.sin(np.arange(52_560) / 50.0) + 5.0)
    line = figure_over_time(year, "PUE2", "UTC").data[0]
    assert 1_000 < len(line.x) <= 2_001
    assert np.mean(line.y) == pytest.approx(year["measured"].mean(), rel=1e-3)


def test_an_hour_without_data_stays_a_gap_in_the_line():
    day = readings(144, measured=1.2).drop(readings(144, measured=1.2).index[60:66])
    drawn = thinned(day, 2_000)["measured"]
    assert drawn.isna().sum() == 6


def test_dead_sensor_is_a_band_of_another_colour_in_the_coverage_chart():
    table = readings(144, chw_supply_c=[1.0] * 72 + [0.0] * 72, chiller_kw=1.0)
    chart = coverage_over_time(table, {"chw_supply_c": "CHWS"}, "UTC").data[0]
    assert list(chart.y) == ["CHWS", "chiller_kw"]
    assert (chart.z[0].sum(), chart.z[1].sum()) == (72, 144)


def test_time_axis_is_on_the_sites_clock():
    chart = figure_over_time(readings(3, measured=1.2), "PUE2", "Asia/Singapore")
    assert chart.data[0].x[0] == pd.Timestamp("2024-03-01 08:00")
    assert chart.layout.xaxis.title.text == "Asia/Singapore"


def test_decimal_sign_of_the_reader_is_used():
    assert figure_over_time(readings(3, measured=1.2), "PUE2", "UTC", ",.").layout.separators == ",."


def test_trends_of_two_units_have_two_axes_and_a_third_unit_is_left_out():
    titles = {"a": "A, °C", "b": "B, kW", "c": "C, °C", "d": "D, kg/s"}
    chart = trends(readings(3, a=1.0, b=2.0, c=3.0, d=4.0), titles, "UTC")
    assert [(line.name, line.yaxis) for line in chart.data] == [
        ("A, °C", "y"),
        ("B, kW", "y2"),
        ("C, °C", "y"),
    ]


def test_inlet_outside_the_envelope_is_said_in_words_too():
    rows = [{"label": "R1", "value": 22.0}, {"label": "R2", "value": 29.0}]
    bars = inlet_bars(rows, 18.0, 27.0, "°C").data[0]
    assert list(bars.text) == ["22.0", "29.0 outside"]


def test_inlets_with_positions_are_drawn_where_they_are():
    rows = [{"label": "R1", "value": 22.0, "position": (1.0, 2.0), "hall": "A"}]
    mark = inlet_map(rows, 18.0, 27.0, "°C").data[0]
    assert (list(mark.x), list(mark.y), list(mark.text), mark.hovertext[0]) == (
        [1.0],
        [2.0],
        ["22.0"],
        "R1 A",
    )


def test_cases_that_break_a_limit_are_crossed_out_and_now_and_then_are_marked():
    grid = pd.DataFrame([[1.0, 2.0], [3.0, np.nan]], index=[7.0, 9.0], columns=[18.0, 20.0])
    broken = pd.DataFrame([[False, True], [False, False]], index=grid.index, columns=grid.columns)
    chart = heat_map(grid, "air", "water", "kWh", broken, {"now": (18.0, 7.0), "chosen": (20.0, 7.0)})
    crosses = next(each for each in chart.data if each.name == "breaks a limit")
    assert (list(crosses.x), list(crosses.y)) == ([20.0], [7.0])
    assert [each.name for each in chart.data[-2:]] == ["now", "chosen"]


def test_the_interval_of_a_prediction_is_a_band_behind_it():
    table = readings(
        3, measured=[1.2, 1.3, 1.4], predicted=[1.2, 1.25, 1.4], lower=[1.1] * 3, upper=[1.5] * 3
    )
    names = [line.name for line in figure_over_time(table, "PUE2", "UTC").data]
    assert names == [None, "90 % interval", "measured", "predicted"]
