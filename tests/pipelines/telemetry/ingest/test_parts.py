"""A file that is read in many parts, and a store that is held in memory day by day, end as if there were one part."""

import pandas as pd
import pytest

from pipelines.telemetry.ingest import cuts, ingest_files, raw_days, read, update
from tests.pipelines.telemetry.ingest.kit import (
    TRUE_NOW,
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

pytestmark = pytest.mark.medium

TWO = (point("P"), point("W", "chiller_kw"))


@pytest.fixture
def in_small_parts(monkeypatch):
    """A few rows at once, and hardly a day held."""
    monkeypatch.setattr(read, "CELLS_AT_ONCE", 40)
    monkeypatch.setattr(cuts, "MOST_PARTS", 8)
    monkeypatch.setattr(raw_days, "HELD_READINGS", 50)
    monkeypatch.setattr(update, "CHUNK_READINGS", 300)


def _wide(folder):
    return wide(folder / "a.csv", stamps("2025-03-01", 3_000), P=wobbly(3_000), W=wobbly(3_000))


def _long(folder):
    lines = [
        f"{time},{tag},{5 + k % 7}.5" for k, time in enumerate(stamps("2025-03-01", 2_000)) for tag in "PW"
    ]
    return text(folder / "a.csv", "time,tag,value", *lines)


def _by_tag(folder):
    lines = [
        f"{time},{tag},{5 + k % 7}.5" for tag in "PW" for k, time in enumerate(stamps("2025-03-01", 2_000))
    ]
    return text(folder / "a.csv", "time,tag,value", *lines)


@pytest.mark.parametrize(("write", "layout"), [(_wide, source), (_long, long_source), (_by_tag, long_source)])
def test_the_parts_leave_no_trace(tmp_path, request, write, layout):
    site = site_of(*TWO, sources=[layout()])
    file = write(tmp_path)
    table, once, store = ingested(tmp_path / "whole", site, file)
    request.getfixturevalue("in_small_parts")
    again, parts, other = ingested(tmp_path / "parts", site, file)
    pd.testing.assert_frame_equal(again, table)
    assert other.manifest() == store.manifest()  # byte for byte: files are named by their content
    assert (parts.files[0].new, parts.files[0].replaced) == (once.files[0].new, 0)
    assert ingest_files(site, [file], other, rebuild=True, now=TRUE_NOW).days_written == []


@pytest.mark.usefixtures("in_small_parts")
@pytest.mark.parametrize("minutes", [1, 5, 10])
def test_the_hour_that_a_clock_shows_twice_is_never_cut(tmp_path, minutes):
    site = site_of(*TWO, sources=[source(time_zone="Europe/Berlin")])
    index = pd.date_range(
        "2025-10-25 12:00", "2025-10-26 12:00", freq=f"{minutes}min", tz="UTC", inclusive="left"
    )
    local = index.tz_convert("Europe/Berlin").strftime("%Y-%m-%d %H:%M")
    file = wide(tmp_path / "a.csv", local, P=wobbly(len(index)), W=wobbly(len(index)))
    _, report, store = ingested(tmp_path, site, file)
    assert report.quarantined == {}
    assert store.measured()["it_power_kw"].min() == 1.0


@pytest.mark.parametrize("row", [97, 100, 103])
@pytest.mark.parametrize("shift", [0, 3])
def test_a_clock_that_is_set_back_is_noticed_wherever_it_is(tmp_path, request, row, shift):
    times = stamps("2025-03-01", row)
    back = pd.Timestamp(times[-6]) + pd.Timedelta(minutes=shift)
    shown = [*times, *stamps(str(back), 200 - row)]
    file = wide(tmp_path / "a.csv", shown, P=wobbly(200), W=wobbly(200))
    _, once, store = ingested(tmp_path / "whole", site_of(*TWO), file)
    request.getfixturevalue("in_small_parts")
    _, parts, other = ingested(tmp_path / "parts", site_of(*TWO), file)
    assert once.quarantined
    assert parts.quarantined == once.quarantined
    assert other.manifest() == store.manifest()
