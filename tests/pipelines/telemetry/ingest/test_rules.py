"""Readings that are not believed: each is kept out with its reason, and nothing else is."""

import numpy as np
import pytest

from tests.pipelines.telemetry.ingest.kit import (
    ingested,
    long_source,
    point,
    site_of,
    source,
    stamps,
    text,
    wide,
    wobbly,
)


def _quarantined(folder, points, sources=(), **columns):
    count = len(next(iter(columns.values())))
    file = wide(folder / "a.csv", stamps("2025-03-01", count), **columns)
    table, report, store = ingested(folder, site_of(*points, sources=sources), file)
    return table, report.quarantined, store.quarantine()


def test_sentinels_are_compared_before_units_are_converted(tmp_path):
    table, reasons, kept = _quarantined(
        tmp_path, [point("T", "chw_supply_c", unit="degF")], T=[45.5, -9999, 32767, 46]
    )
    assert reasons == {"sentinel": 2}
    assert kept["value"].tolist() == ["-9999", "32767"]
    assert kept["tag"].tolist() == ["T", "T"]
    assert kept["time"].dt.strftime("%H:%M").tolist() == ["00:10", "00:20"]
    assert len(table) == 2


def test_a_source_may_have_sentinels_of_its_own(tmp_path):
    _, reasons, _ = _quarantined(tmp_path, [point("P")], [source(sentinels=[777])], P=[1, 777, -9999])
    assert reasons == {"sentinel": 1, "out of physical range": 1}


def test_negative_power_is_out_of_physical_range(tmp_path):
    table, reasons, _ = _quarantined(tmp_path, [point("P")], P=[5, -0.1, 6])
    assert reasons == {"out of physical range": 1}
    assert table["it_power_kw"].tolist() == [5, 6]


def test_an_idle_chillers_meter_may_read_a_little_below_zero(tmp_path):
    _, reasons, _ = _quarantined(tmp_path, [point("P", "chiller_kw")], P=[50, -0.4, 60, -50])
    assert reasons == {"out of physical range": 1}


def test_a_point_may_narrow_its_physical_range(tmp_path):
    _, reasons, _ = _quarantined(tmp_path, [point("T", "supply_air_c", low=15, high=30)], T=[14, 20, 31])
    assert reasons == {"out of physical range": 2}


def test_infinite_is_out_of_range_and_a_word_is_unparsable(tmp_path):
    _, reasons, _ = _quarantined(tmp_path, [point("P")], P=["inf", "12.5.3", "abc", "4.5"])
    assert reasons == {"out of physical range": 1, "unparsable value": 2}


def test_a_word_for_a_fault_is_bad_quality_and_kept_as_text(tmp_path):
    words = ["4.5", "{down}", "7 {ok}", "8 {fault}", "9.5 {overridden}", "Comm Fail"]
    table, reasons, kept = _quarantined(tmp_path, [point("P")], P=words)
    assert table["it_power_kw"].tolist() == [4.5, 7, 9.5]
    assert reasons == {"bad quality": 3}
    assert kept["value"].tolist() == ["{down}", "8 {fault}", "Comm Fail"]


def test_a_sensor_stuck_for_weeks_is_found_across_days_and_gaps(tmp_path):
    # A wetbulb that works for a day, then shows 22.6 for three weeks with four-hour holes in the record.
    working = [round(24 + np.sin(i / 20), 1) + i % 3 / 10 for i in range(144)]
    stuck = [22.6 if i % 144 > 24 else "" for i in range(21 * 144)]
    table, reasons, kept = _quarantined(
        tmp_path, [point("W", "outdoor_wetbulb_c"), point("P")], W=working + stuck, P=wobbly(144 * 22)
    )
    assert reasons == {"stuck sensor": sum(1 for value in stuck if value)}
    assert set(kept["value"]) == {"22.6"}
    assert table["outdoor_wetbulb_c"].notna().sum() == 144


def test_a_value_unchanged_for_less_than_the_limit_is_kept(tmp_path):
    values = [24.0] * 70 + [25.0] * 70  # 11.5 hours each; a wetbulb is stuck after 12
    _, reasons, _ = _quarantined(tmp_path, [point("W", "outdoor_wetbulb_c")], W=values)
    assert reasons == {}


def test_equipment_that_is_off_is_not_stuck(tmp_path):
    points = [point("P", "chiller_kw"), point("F", "chw_flow_kg_s", unit="kg/s"), point("O", "chiller_on")]
    _, reasons, _ = _quarantined(tmp_path, points, P=[0] * 1000, F=[0] * 1000, O=[0] * 1000)
    assert reasons == {}


def test_a_flow_frozen_at_a_value_is_stuck(tmp_path):
    _, reasons, _ = _quarantined(tmp_path, [point("F", "cw_flow_kg_s", unit="kg/s")], F=[81.5] * 400)
    assert reasons == {"stuck sensor": 400}


def test_a_point_may_set_its_own_patience(tmp_path):
    points = [point("P", "it_power_kw", stuck_hours=2)]
    _, reasons, _ = _quarantined(tmp_path, points, P=[5] * 20 + [6] * 5)
    assert reasons == {"stuck sensor": 20}


def test_of_two_readings_at_one_time_the_last_is_kept(tmp_path):
    lines = ["time,P", "2025-03-01 00:00,1", "2025-03-01 00:10,2", "2025-03-01 00:10,3", "2025-03-01 00:20,4"]
    table, report, store = ingested(tmp_path, site_of(point("P")), text(tmp_path / "a.csv", *lines))
    assert table["it_power_kw"].tolist() == [1, 3, 4]
    assert report.quarantined == {"duplicate": 1}
    assert store.quarantine()["value"].tolist() == ["2"]


def test_a_row_written_twice_is_counted_not_quarantined(tmp_path):
    lines = ["time,P", "2025-03-01 00:00,1", "2025-03-01 00:10,2", "2025-03-01 00:10,2"]
    _, report, _ = ingested(tmp_path, site_of(point("P")), text(tmp_path / "a.csv", *lines))
    assert (report.files[0].repeated, report.quarantined, report.files[0].readings) == (1, {}, 2)


def test_a_good_reading_is_not_given_up_for_a_bad_one_at_the_same_time(tmp_path):
    lines = ["time,P", "2025-03-01 00:00,1", "2025-03-01 00:00,???"]
    table, report, _ = ingested(tmp_path, site_of(point("P")), text(tmp_path / "a.csv", *lines))
    assert table["it_power_kw"].tolist() == [1]
    assert report.quarantined == {"unparsable value": 1}


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_a_bad_quality_code_keeps_a_reading_out(tmp_path, layout):
    quality = {"quality_column": "q", "good_quality": ["192", "Good"]}
    if layout == "wide":
        rows, made = (
            ["time,P,q", "2025-03-01 00:00,1,192", "2025-03-01 00:10,2,0", "2025-03-01 00:20,3,Good"],
            source,
        )
    else:
        rows = [
            "time,tag,value,q",
            "2025-03-01 00:00,P,1,192",
            "2025-03-01 00:10,P,2,",
            "2025-03-01 00:20,P,3,Good",
        ]
        made = long_source
    table, report, store = ingested(
        tmp_path, site_of(point("P"), sources=[made(**quality)]), text(tmp_path / "a.csv", *rows)
    )
    assert report.quarantined == {"bad quality": 1}
    assert store.quarantine()["value"].tolist() == ["2"]
    assert 3 in table["it_power_kw"].tolist()


def test_one_stray_quotation_mark_costs_one_line_which_is_kept_as_text(tmp_path):
    lines = [f"{time},{value}" for time, value in zip(stamps("2025-03-01", 60), wobbly(60), strict=True)]
    lines[20] = f'{lines[20][:20]}"{lines[20][20:]}'
    table, report, store = ingested(tmp_path, site_of(point("P")), text(tmp_path / "a.csv", "time,P", *lines))
    assert report.quarantined == {"unparsable row": 1}
    assert store.quarantine()["value"].tolist() == [lines[20]]
    assert report.files[0].rows == 60
    assert table["it_power_kw"].notna().sum() == 59


def test_a_mark_that_opens_a_cell_and_never_closes_it_swallows_nothing(tmp_path):
    lines = [
        f"{time},{value},{value}" for time, value in zip(stamps("2025-03-01", 60), wobbly(60), strict=True)
    ]
    lines[20] = f'{stamps("2025-03-01", 60)[20]},3"5.5,"35.5'  # two marks, and no pair
    site = site_of(point("P"), point("Q", "chiller_kw"))
    table, report, store = ingested(tmp_path, site, text(tmp_path / "a.csv", "time,P,Q", *lines))
    assert report.quarantined == {"unparsable row": 1}
    assert store.quarantine()["value"].tolist() == [lines[20]]
    assert (report.files[0].new, len(table)) == (118, 59)


def test_marks_within_a_cell_are_characters(tmp_path):
    lines = [
        f'{time},12" pipe,{value}' for time, value in zip(stamps("2025-03-01", 60), wobbly(60), strict=True)
    ]
    table, report, _ = ingested(
        tmp_path, site_of(point("P")), text(tmp_path / "a.csv", "time,where,P", *lines)
    )
    assert (report.quarantined, len(table)) == ({}, 60)


def test_a_line_cut_off_is_kept_as_text(tmp_path):
    lines = ["time,P,T", "2025-03-01 00:00,1,20", "2025-03-01 00:10,2", "2025-03-01 00:20,3,21"]
    table, report, store = ingested(
        tmp_path, site_of(point("P"), point("T", "supply_air_c")), text(tmp_path / "a.csv", *lines)
    )
    assert report.quarantined == {"unparsable row": 1}
    assert store.quarantine()["value"].tolist() == ["2025-03-01 00:10,2"]
    assert report.files[0].rows == 3
    assert 3 in table["it_power_kw"].tolist()


def test_what_is_kept_out_can_be_asked_for_by_time_and_names_its_file(tmp_path):
    file = wide(
        tmp_path / "a.csv",
        stamps("2025-03-01", 300),
        P=[-1 if i in (10, 200) else 5 + i % 7 for i in range(300)],
    )
    _, _, store = ingested(tmp_path, site_of(point("P")), file)
    kept = store.quarantine(start="2025-03-02", end="2025-03-03")
    assert kept.columns.tolist() == ["time", "tag", "source", "value", "reason", "file"]
    assert kept.iloc[0].tolist()[1:] == ["P", "historian", "-1", "out of physical range", "a.csv"]
    assert len(kept) == 1


def test_apparent_power_becomes_power_by_its_factor(tmp_path):
    points = [point("P", unit="kVA", power_factor=0.9)]
    table, reasons, _ = _quarantined(tmp_path, points, P=["100.5 kVA", "200 kVA"])
    assert table["it_power_kw"].tolist() == pytest.approx([90.45, 180])
    assert reasons == {}
