"""What is stored: the same file twice, corrections, any order, a kill in the middle, a changed site file."""

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import IngestError, StoreError
from pipelines.telemetry.ingest import ingest_files, one_file
from tests.pipelines.telemetry.ingest.kit import (
    TRUE_NOW,
    ingested,
    long_source,
    point,
    site_of,
    source,
    stamps,
    store_of,
    text,
    wide,
    wobbly,
)
from tests.places import PROJECT

pytestmark = pytest.mark.medium

SITE = site_of(point("P"))


def _snapshot(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_file_twice_changes_nothing(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 500), P=wobbly(500))
    _, first, store = ingested(tmp_path, SITE, file)
    before = _snapshot(store.folder)
    again = ingest_files(SITE, [file], store, now=TRUE_NOW)
    assert not first.unchanged
    assert again.unchanged
    assert again.files[0].unchanged
    assert again.days_written == []
    assert _snapshot(store.folder) == before


def test_equal_runs_write_equal_files(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 500), P=[*wobbly(300), -5, *wobbly(199)])
    one, other = (_snapshot(ingested(tmp_path / name, SITE, file)[2].folder) for name in "ab")
    assert [path.name for path in one] == [path.name for path in other]
    assert list(one.values()) == list(other.values())
    assert {"raw", "interval", "quarantine"} <= {path.parent.parent.name for path in one}


def test_rows_without_a_time_stay_in_quarantine_when_other_files_come(tmp_path):
    first = wide(tmp_path / "a.csv", [*stamps("2025-03-01", 5), "soon"], P=wobbly(6))
    _, _, store = ingested(tmp_path, SITE, first)
    before = store.quarantine()
    for number in (2, 3):
        file = wide(tmp_path / f"{number}.csv", stamps(f"2025-03-0{number}", 5), P=wobbly(5))
        ingest_files(SITE, [file], store, now=TRUE_NOW)
    assert before["reason"].tolist() == ["unparsable time"]
    pd.testing.assert_frame_equal(store.quarantine(), before)


def test_a_file_that_is_swapped_while_it_is_read_changes_nothing(tmp_path, monkeypatch):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 5), P=wobbly(5))
    make_batch = one_file.make_batch

    def swapping(*arguments):
        wide(file, stamps("2025-03-01", 9), P=wobbly(9))
        return make_batch(*arguments)

    monkeypatch.setattr(one_file, "make_batch", swapping)
    with pytest.raises(IngestError, match=r"a\.csv was changed while it was read"):
        ingested(tmp_path, SITE, file)
    assert not store_of(tmp_path, SITE).exists


def test_a_dry_run_says_what_would_change_and_changes_nothing(tmp_path):
    first = wide(tmp_path / "a.csv", stamps("2025-03-01", 300), P=wobbly(300))
    fix = wide(tmp_path / "b.csv", stamps("2025-03-02", 2), P=[1, 2])
    _, _, store = ingested(tmp_path, SITE, first)
    before = _snapshot(store.folder)
    dry = ingest_files(SITE, [fix], store, dry_run=True, now=TRUE_NOW)
    assert _snapshot(store.folder) == before
    real = ingest_files(SITE, [fix], store, now=TRUE_NOW)
    assert (dry.dry_run, dry.replaced, dry.days_written) == (True, 2, ["2025-03-02"])
    assert (real.replaced, real.days_written) == (dry.replaced, dry.days_written)


def test_a_renamed_copy_of_a_file_changes_nothing(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 5), P=wobbly(5))
    _, _, store = ingested(tmp_path, SITE, file)
    assert ingest_files(SITE, [file.rename(tmp_path / "b.csv")], store, now=TRUE_NOW).unchanged


def test_a_corrected_file_replaces_what_it_covers_and_nothing_else(tmp_path):
    wide(tmp_path / "a.csv", stamps("2025-03-01 00:00", 300), P=[1] * 300)
    # Corrects an hour and a half; a row that it lacks stays as it was.
    times = [time for time in stamps("2025-03-02 00:00", 10) if not time.endswith("00:40:00")]
    wide(tmp_path / "b.csv", times, P=[2] * 9)
    table, _, store = ingested(tmp_path, SITE, tmp_path / "a.csv")
    report = ingest_files(SITE, [tmp_path / "b.csv"], store, now=TRUE_NOW)
    corrected = store.read()
    assert report.days_written == ["2025-03-02"]
    inside = slice("2025-03-02 00:00", "2025-03-02 01:30")
    assert corrected.loc[inside, "it_power_kw"].tolist() == [2] * 4 + [1] + [2] * 5
    assert (report.replaced, report.files[0].new) == (9, 9)
    kept = store.replaced()
    assert kept["value"].tolist() == [1] * 9
    assert (kept["file"].iloc[0], kept["by"].iloc[0]) == ("a.csv", "b.csv")
    outside = corrected.drop(corrected.loc[inside].index)
    pd.testing.assert_frame_equal(outside, table.drop(table.loc[inside].index))


def test_a_correction_of_one_tag_leaves_the_others(tmp_path):
    site = site_of(point("P"), point("T", "supply_air_c"), sources=[long_source()])
    rows = [f"{time},{tag},{20 + i}" for tag in "PT" for i, time in enumerate(stamps("2025-03-01", 6))]
    text(tmp_path / "a.csv", "time,tag,value", *rows)
    text(tmp_path / "b.csv", "time,tag,value", *[f"{time},P,99" for time in stamps("2025-03-01", 6)])
    _, _, store = ingested(tmp_path, site, tmp_path / "a.csv")
    ingest_files(site, [tmp_path / "b.csv"], store, replace=True, now=TRUE_NOW)
    table = store.read()
    assert table["it_power_kw"].tolist() == [99] * 6
    assert table["supply_air_c"].tolist() == [20, 21, 22, 23, 24, 25]


def test_a_correction_that_is_bad_itself_still_removes_what_was_there(tmp_path):
    wide(tmp_path / "a.csv", stamps("2025-03-01", 3), P=[1, 2, 3])
    wide(tmp_path / "b.csv", stamps("2025-03-01", 3), P=[1, "broken", 3])
    table, report, store = ingested(tmp_path, SITE, tmp_path / "a.csv", tmp_path / "b.csv")
    assert table["it_power_kw"].tolist() == [1, 3]
    assert report.files[1].quarantined == {"unparsable value": 1}
    assert store.quarantine()["file"].tolist() == ["b.csv"]


def test_a_correction_also_takes_back_the_quarantine_of_what_it_replaces(tmp_path):
    wide(tmp_path / "a.csv", stamps("2025-03-01", 3), P=[1, -5, 3])
    wide(tmp_path / "b.csv", stamps("2025-03-01", 3), P=[1, 5, 3])
    table, _, store = ingested(tmp_path, SITE, tmp_path / "a.csv", tmp_path / "b.csv")
    assert table["it_power_kw"].tolist() == [1, 5, 3]
    assert store.quarantine().empty


KINDS = site_of(
    point("P"),
    point("W", "outdoor_wetbulb_c"),
    point("E", "chiller_kw", unit="kWh", reading="interval"),
    point("C", "cooling_power_kw", unit="kWh", reading="counter", rollover=1000),
    point("O", "chiller_on"),
    sources=[source(interval_minutes=20, time_zone="Asia/Singapore")],
)


def _history(folder: Path) -> Path:
    """Nine days at 20 min: a sensor stuck for two and a half of them, sentinels, a gap, a counter that rolls over."""
    count = 9 * 72
    rows = pd.DataFrame(
        {
            "time": stamps("2025-03-01 03:07", count, 20),
            "P": wobbly(count),
            "W": [22.2 if 200 < i < 380 else round(20 + i % 11 / 3, 2) for i in range(count)],
            "E": [-9999 if i % 97 == 0 else 5 + i % 4 for i in range(count)],
            "C": [(7 * i) % 1000 for i in range(count)],
            "O": [int(i % 50 < 30) for i in range(count)],
        }
    )
    rows.drop(range(300, 312)).to_csv(folder / "whole.csv", index=False)
    return folder / "whole.csv"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_split_in_two_anywhere_and_ingested_in_either_order_gives_the_same_store(
    tmp_path_factory, data
):
    folder = tmp_path_factory.mktemp("split")
    header, *rows = _history(folder).read_text().splitlines()
    cut = data.draw(st.integers(1, len(rows) - 1), label="cut")
    parts = [text(folder / "a.csv", header, *rows[:cut]), text(folder / "b.csv", header, *rows[cut:])]
    if data.draw(st.booleans(), label="later part first"):
        parts.reverse()
    whole, _, whole_store = ingested(folder / "whole", KINDS, folder / "whole.csv")
    _, _, split_store = ingested(folder / "split", KINDS, parts[0])
    ingest_files(KINDS, [parts[1]], split_store, now=TRUE_NOW)
    pd.testing.assert_frame_equal(split_store.read(), whole)
    assert split_store.fingerprint() == whole_store.fingerprint()
    kept = [store.quarantine().drop(columns="file") for store in (whole_store, split_store)]
    pd.testing.assert_frame_equal(*kept)


def test_a_day_at_a_time_gives_the_same_store_as_all_at_once(tmp_path):
    header, *rows = _history(tmp_path).read_text().splitlines()
    whole, _, whole_store = ingested(tmp_path / "whole", KINDS, tmp_path / "whole.csv")
    days = sorted({row[:10] for row in rows})
    store = store_of(tmp_path / "daily", KINDS)
    for day in days:
        file = text(tmp_path / f"{day}.csv", header, *[row for row in rows if row.startswith(day)])
        ingest_files(KINDS, [file], store, now=TRUE_NOW)
    pd.testing.assert_frame_equal(store.read(), whole)
    assert store.fingerprint() == whole_store.fingerprint()


KILLED = """
    import os, signal, sys
    from pathlib import Path
    import pandas as pd
    from pipelines.telemetry.ingest import ingest_files, run
    from pipelines.telemetry.store import Store
    from tests.pipelines.telemetry.ingest.kit import point, site_of

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    run.commit = die
    site = site_of(point("P"))
    store = Store(Path(sys.argv[2]), site)
    ingest_files(site, [Path(sys.argv[1])], store, replace=True, now=pd.Timestamp("2026-01-01", tz="UTC"))
"""


def test_a_killed_ingest_leaves_the_store_as_it_was_and_the_next_one_finishes(tmp_path):
    first = wide(tmp_path / "a.csv", stamps("2025-03-01", 300), P=wobbly(300))
    second = wide(tmp_path / "b.csv", stamps("2025-03-02", 300), P=wobbly(300, mean=500))
    before, _, store = ingested(tmp_path, SITE, first)
    manifest = store.manifest_path.read_bytes()
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(second), str(store.folder.parent)],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert store.manifest_path.read_bytes() == manifest
    pd.testing.assert_frame_equal(store.read(), before)
    orphans = _parquet(store) - _named(store)
    assert orphans
    assert not ingest_files(SITE, [second], store, replace=True, now=TRUE_NOW).unchanged
    ingest_files(SITE, [second], store, now=TRUE_NOW)
    _, _, other = ingested(tmp_path / "other", SITE, first)
    ingest_files(SITE, [second], other, replace=True, now=TRUE_NOW)
    expected = other.read()
    pd.testing.assert_frame_equal(store.read(), expected)
    assert _parquet(store) == _named(store)


def _parquet(store) -> set[Path]:
    return set(store.folder.rglob("*.parquet"))


def _named(store) -> set[Path]:
    manifest = store.manifest()
    layers = ("raw", "interval", "quarantine")
    return {store.path(layer, day, name) for layer in layers for day, name in manifest.days(layer).items()}


def test_two_ingests_at_once_are_refused(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 3), P=[1, 2, 3])
    _, _, store = ingested(tmp_path, SITE, file)
    with (store.folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(IngestError, match="another ingest is writing"):
            ingest_files(SITE, [file], store)


def test_a_changed_unit_derives_the_table_again_without_the_files(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 3), P=[1, 2, 3])
    ingested(tmp_path, SITE, file)
    file.unlink()
    corrected = site_of(point("P", unit="W"))
    changed = store_of(tmp_path, corrected)
    with pytest.raises(
        StoreError, match=r"changed since its telemetry was ingested; run: coldaisle ingest .* --rebuild"
    ):
        changed.read()
    report = ingest_files(corrected, [], changed)
    assert report.days_written == ["2025-03-01"]
    assert changed.read()["it_power_kw"].tolist() == pytest.approx([0.001, 0.002, 0.003])


def test_a_new_point_is_read_from_a_file_ingested_before(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 3), P=[1, 2, 3], T=[20, 21, 22])
    ingested(tmp_path, SITE, file)
    more = site_of(point("P"), point("T", "supply_air_c"))
    table, report, _ = ingested(tmp_path, more, file)
    assert not report.files[0].unchanged
    assert table["supply_air_c"].tolist() == [20, 21, 22]


def test_a_corrected_time_zone_moves_a_file_and_leaves_nothing_behind(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 200), P=wobbly(200))
    ingested(tmp_path, SITE, file)
    moved = site_of(point("P"), sources=[source(time_zone="Asia/Singapore")])
    table, _, _ = ingested(tmp_path, moved, file)
    assert len(table) == 200
    assert table.index[0] == pd.Timestamp("2025-02-28 16:00", tz="UTC")


def test_files_read_under_an_older_description_are_named(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 3), P=[1, 2, 3])
    ingested(tmp_path, SITE, file)
    moved = site_of(point("P"), sources=[source(time_zone="Asia/Singapore")])
    report = ingest_files(moved, [], store_of(tmp_path, moved))
    assert any("a.csv: read before" in warning for warning in report.warnings)


def test_rebuild_reads_again_and_ends_where_it_was(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 300), P=wobbly(300))
    table, _, store = ingested(tmp_path, SITE, file)
    report = ingest_files(SITE, [file], store, rebuild=True, now=TRUE_NOW)
    assert not report.files[0].unchanged
    assert report.files[0].readings == 300
    pd.testing.assert_frame_equal(store.read(), table)
