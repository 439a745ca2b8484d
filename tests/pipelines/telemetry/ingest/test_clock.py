"""Clocks: offsets, zones, the two hours a year that a local clock repeats or skips, and clocks that go wrong."""

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import IngestError
from pipelines.telemetry.ingest.clock import file_order, step_s
from tests.pipelines.telemetry.ingest.kit import (
    ingested,
    long_source,
    point,
    site_of,
    source,
    stamps,
    text,
    wide,
)

BERLIN = site_of(point("P"), sources=[source(time_zone="Europe/Berlin")])
BERLIN_LONG = site_of(
    point("P"), point("T", "supply_air_c"), sources=[long_source(time_zone="Europe/Berlin")]
)


def _local_autumn_day():
    """2025-10-26 in Berlin at 10 min as a logger writes it: 02:00-02:50 stand there twice."""
    utc = pd.date_range("2025-10-25 22:00", periods=150, freq="10min", tz="UTC")
    return utc, [f"{time:%Y-%m-%d %H:%M}" for time in utc.tz_convert("Europe/Berlin")]


def test_the_hour_an_autumn_clock_repeats_is_told_apart_by_the_order_of_rows(tmp_path):
    utc, local = _local_autumn_day()
    table, report, _ = ingested(tmp_path, BERLIN, wide(tmp_path / "a.csv", local, P=range(150)))
    assert table.index.equals(utc.as_unit("us").rename("time"))
    assert table["it_power_kw"].tolist() == list(range(150))
    assert report.quarantined == {}


def test_an_export_with_the_newest_row_first_is_read_in_reverse(tmp_path):
    _, local = _local_autumn_day()
    table, report, _ = ingested(tmp_path, BERLIN, wide(tmp_path / "a.csv", local[::-1], P=range(149, -1, -1)))
    assert table["it_power_kw"].tolist() == list(range(150))
    assert report.quarantined == {}


def test_a_long_file_sorted_by_tag_or_by_time_tells_the_repeated_hour_apart(tmp_path):
    utc, local = _local_autumn_day()
    # Once an hour, so that the repeated hour has a single stamp twice.
    long = pd.DataFrame(
        {"time": local[::6] * 2, "tag": ["P"] * 25 + ["T"] * 25, "value": [*range(25), *range(20, 45)]}
    )
    long.to_csv(tmp_path / "a.csv", index=False)
    by_tag, report, _ = ingested(tmp_path / "a", BERLIN_LONG, tmp_path / "a.csv")
    assert by_tag["it_power_kw"].reindex(utc[::6]).tolist() == list(range(25))
    assert report.quarantined == {}
    both = pd.concat([long[:25], long[25:]]).assign(at=[*range(25)] * 2).sort_values("at", kind="stable")
    both.drop(columns="at").to_csv(tmp_path / "b.csv", index=False)
    by_time, _, _ = ingested(tmp_path / "b", BERLIN_LONG, tmp_path / "b.csv")
    pd.testing.assert_frame_equal(by_tag, by_time)


def test_a_repeated_hour_that_stands_there_once_is_ambiguous(tmp_path):
    local = stamps("2025-10-26 00:00", 30)  # goes from 02:50 straight to 03:00: which 02:xx was it?
    table, report, store = ingested(tmp_path, BERLIN, wide(tmp_path / "a.csv", local, P=range(30)))
    assert report.quarantined == {"ambiguous local time": 6}
    assert "shows an hour once" in report.files[0].warnings[0]
    assert len(table) == 24
    kept = store.quarantine()
    assert kept["time"].isna().all()
    assert kept["value"].tolist()[0] == "2025-10-26 02:00:00,12"


def test_a_local_time_that_a_spring_clock_skips_does_not_exist(tmp_path):
    local = [
        time for time in stamps("2025-03-30 00:00", 30) if " 02:" not in time or time.endswith("02:20:00")
    ]
    table, report, _ = ingested(tmp_path, BERLIN, wide(tmp_path / "a.csv", local, P=range(25)))
    assert report.quarantined == {"nonexistent local time": 1}
    assert len(table) == 24


@pytest.mark.parametrize(("zone", "remedy"), [("Europe/Berlin", '"Etc/GMT-1"'), ("Europe/London", '"UTC"')])
def test_a_clock_that_goes_on_through_the_skipped_hour_does_not_change(tmp_path, zone, remedy):
    local = stamps("2025-03-30 00:00", 30)
    site = site_of(point("P"), sources=[source(time_zone=zone)])
    with pytest.raises(IngestError, match=f"an hour that {zone} skips.*set time_zone .*{remedy}"):
        ingested(tmp_path, site, wide(tmp_path / "a.csv", local, P=range(30)))


def test_a_stamp_with_its_own_offset_wins_over_the_sources_zone(tmp_path):
    lines = ["time,P", "2025-10-26T02:30:00+02:00,1", "2025-10-26T02:30:00+01:00,2", "2025-10-26T02:00:00Z,3"]
    table, _, _ = ingested(tmp_path, BERLIN, text(tmp_path / "a.csv", *lines))
    utc = pd.DatetimeIndex(["2025-10-26 00:30", "2025-10-26 01:30", "2025-10-26 02:00"], tz="UTC")
    assert table["it_power_kw"].reindex(utc).tolist() == [1, 2, 3]


def test_a_zone_by_name_in_the_stamp_is_not_dropped_silently(tmp_path):
    lines = ["time,P", "2025-03-01 12:00 Asia/Singapore,1", "2025-03-01 12:10,2"]
    table, report, _ = ingested(tmp_path, site_of(point("P")), text(tmp_path / "a.csv", *lines))
    assert report.quarantined == {"unparsable time": 1}
    assert table["it_power_kw"].tolist() == [2]


@pytest.mark.parametrize(
    ("form", "stamp"),
    [
        ("%m/%d/%Y %H:%M", "3/1/2025 8:00"),
        ("%d.%m.%Y %H:%M:%S", "01.03.2025 08:00:00"),
        ("%d-%b-%y %I:%M %p", "01-Mar-25 08:00 AM"),
        ("%Y-%m-%d %H:%M%z", "2025-03-01 16:00+0800"),
    ],
)
def test_a_declared_time_format_is_used(tmp_path, form, stamp):
    site = site_of(point("P"), sources=[source(time_format=form)])
    table, _, _ = ingested(tmp_path, site, text(tmp_path / "a.csv", "time,P", f"{stamp},1"))
    assert table.index[0] == pd.Timestamp("2025-03-01 08:00", tz="UTC")


def test_a_clock_that_runs_ahead_is_put_right(tmp_path):
    site = site_of(point("P"), sources=[source(clock_offset_minutes=25)])
    table, _, _ = ingested(
        tmp_path, site, wide(tmp_path / "a.csv", stamps("2025-03-01 00:25", 3), P=[1, 2, 3])
    )
    assert [f"{time:%H:%M}" for time in table.index] == ["00:00", "00:10", "00:20"]


def test_stamps_of_a_logger_that_lost_its_clock_are_implausible(tmp_path):
    lines = ["time,P", "1970-01-01 00:10,1", "2025-03-01 00:00,2", "2031-03-01 00:00,3"]
    table, report, _ = ingested(tmp_path, site_of(point("P")), text(tmp_path / "a.csv", *lines))
    assert report.quarantined == {"implausible time": 2}
    assert table["it_power_kw"].tolist() == [2]


def test_a_row_without_a_readable_time_is_kept_as_text(tmp_path):
    lines = ["time,P,T", "2025-03-01 00:00,1,20", "yesterday,2,21", ",3,22"]
    site = site_of(point("P"), point("T", "supply_air_c"))
    _, report, store = ingested(tmp_path, site, text(tmp_path / "a.csv", *lines))
    assert report.quarantined == {"unparsable time": 2}
    kept = store.quarantine()
    assert kept["value"].tolist() == ["yesterday,2,21", ",3,22"]
    assert (kept["file"] == "a.csv").all()
    assert store.quarantine(start="2025-01-01").empty


def test_a_clock_set_back_spoils_rows_until_it_has_caught_up(tmp_path):
    times = ["00:00", "00:10", "00:20", "00:05", "00:15", "00:30", "00:40"]
    file = wide(tmp_path / "a.csv", [f"2025-03-01 {time}" for time in times], P=[1, 2, 3, 8, 9, 4, 5])
    table, report, store = ingested(tmp_path, site_of(point("P")), file)
    assert report.quarantined == {"non-monotonic time": 2}
    assert table["it_power_kw"].tolist() == [1, 2, 3, 4, 5]
    assert store.quarantine()["value"].tolist() == ["8", "9"]


def test_months_appended_in_the_wrong_order_are_only_sorted():
    march, january = (np.arange(start, start + 30 * 144) * 600_000_000 for start in (90_000, 80_000))
    order, spoiled = file_order(np.concatenate([march, january]))
    assert not spoiled.any()
    assert (np.diff(np.concatenate([march, january])[order]) > 0).all()


def test_a_table_dumped_without_order_is_only_sorted():
    us = np.random.default_rng(0).permutation(500) * 600_000_000
    order, spoiled = file_order(us)
    assert not spoiled.any()
    assert (us[order] == np.sort(us)).all()


def test_missing_rows_do_not_make_the_step_mixed_but_another_step_does():
    regular = np.arange(200) * 600_000_000
    assert step_s(np.delete(regular, [20, 50, 51, 90])) == (600, False)
    assert step_s(np.concatenate([regular, regular[-1] + np.arange(1, 6) * 1_800_000_000])) == (600, True)
    assert step_s(regular[:1]) == (0, False)
