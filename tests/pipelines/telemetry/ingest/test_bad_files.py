"""Files that cannot be what the site describes: each error says rule, value and remedy, and the store is as before."""

import pytest

from pipelines.errors import IngestError, SiteError, StoreError
from pipelines.site.file import load_site
from pipelines.telemetry.ingest import ingest_files
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
)

WIDE = site_of(point("P"), point("T", "supply_air_c"), sources=[source(files=["*.csv", "*.parquet"])])
LONG = site_of(point("P"), sources=[long_source()])


def _refused(tmp_path, site, file, *words):
    """The error has these words, and what was in the store before is still there, byte for byte."""
    good = tmp_path / "good.csv"
    if site is WIDE:
        wide(good, stamps("2025-01-01", 3), P=[1, 2, 3], T=[20, 21, 22])
    else:
        text(good, "time,tag,value", "2025-01-01 00:00,P,1")
    _, _, store = ingested(tmp_path, site, good)
    before = {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}
    with pytest.raises(IngestError) as error:
        ingest_files(site, [file], store, now=TRUE_NOW)
    for word in words:
        assert word in str(error.value), error.value
    assert {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()} == before


def test_a_missing_file(tmp_path):
    _refused(tmp_path, WIDE, tmp_path / "nowhere.csv", "nowhere.csv does not exist")


def test_an_empty_file(tmp_path):
    (tmp_path / "a.csv").write_text("")
    _refused(tmp_path, WIDE, tmp_path / "a.csv", "a.csv is empty", "export it again")


def test_a_header_without_rows(tmp_path):
    _refused(tmp_path, WIDE, text(tmp_path / "a.csv", "time,P,T"), "header but no rows")


def test_a_missing_column_is_named_with_the_columns_there_are(tmp_path):
    file = text(tmp_path / "a.csv", "time,P,T2", "2025-01-01 00:00,1,2")
    _refused(tmp_path, WIDE, file, 'lacks column "T"', '"T2"', "correct the tags in the site file")


def test_a_wide_file_of_another_site(tmp_path):
    file = text(tmp_path / "a.csv", "time,AHU1,AHU2", "2025-01-01 00:00,1,2")
    _refused(tmp_path, WIDE, file, "is it a file of another site?")


def test_a_long_file_of_another_site(tmp_path):
    file = text(tmp_path / "a.csv", "time,tag,value", "2025-01-01 00:00,AHU1,1")
    _refused(tmp_path, LONG, file, "has no tag of source historian", "AHU1", "another site")


def test_a_file_without_the_time_column(tmp_path):
    file = text(tmp_path / "a.csv", "Zeit,P,T", "2025-01-01 00:00,1,2")
    _refused(tmp_path, WIDE, file, 'no time column "time"', "Zeit", "correct time_column")


def test_a_file_no_source_expects(tmp_path):
    file = text(tmp_path / "a.txt", "time,P,T", "2025-01-01 00:00,1,2")
    _refused(tmp_path, WIDE, file, "a.txt matches no source", "add its pattern to files")


def test_a_file_that_fits_two_sources_equally(tmp_path):
    site = site_of(
        point("P"),
        point("P", "cooling_power_kw", source="other"),
        sources=[source(), source(name="other")],
    )
    with pytest.raises(IngestError, match="fits source historian and source other equally"):
        ingested(tmp_path, site, wide(tmp_path / "a.csv", stamps("2025-01-01", 2), P=[1, 2]))


def test_binary_that_calls_itself_csv(tmp_path):
    (tmp_path / "a.csv").write_bytes(bytes(range(256)) * 20)
    _refused(tmp_path, WIDE, tmp_path / "a.csv", "is binary, not a table")


def test_a_corrupted_parquet_file(tmp_path):
    file = tmp_path / "a.parquet"
    file.write_bytes(b"PAR1" + b"\x00\x01\x02" * 500 + b"PAR1")
    _refused(tmp_path, WIDE, file, "not readable Parquet", "export it again")


def test_a_parquet_file_damaged_in_its_middle(tmp_path):
    import pandas as pd

    file = tmp_path / "a.parquet"
    count = 5000
    pd.DataFrame({"time": stamps("2025-01-01", count), "P": range(count), "T": [20.0] * count}).to_parquet(
        file
    )
    data = bytearray(file.read_bytes())
    data[4 : len(data) // 2] = bytes(len(data) // 2 - 4)
    file.write_bytes(bytes(data))
    _refused(tmp_path, WIDE, file, "a.parquet cannot be read", "export it again")


def test_times_that_cannot_be_read_at_all(tmp_path):
    file = text(tmp_path / "a.csv", "time,P,T", "8/18/2019 0:00,1,20", "8/18/2019 0:30,1,20")
    _refused(tmp_path, WIDE, file, "no time in column", "8/18/2019 0:00", "set time_format")


def test_rows_that_all_lack_columns(tmp_path):
    file = text(tmp_path / "a.csv", "time,P,T", "2025-01-01 00:00,1", "2025-01-01 00:10,2")
    _refused(tmp_path, WIDE, file, "no row with its 3 columns")


def test_energy_per_interval_with_mixed_steps_needs_a_declared_step(tmp_path):
    times = stamps("2025-01-01", 20, 15) + stamps("2025-01-01 05:00", 20, 30)
    site = site_of(point("E", unit="kWh", reading="interval"))
    file = wide(tmp_path / "a.csv", times, E=[5] * 40)
    with pytest.raises(IngestError, match="mixed steps; set interval_minutes of source historian"):
        ingested(tmp_path, site, file)


def test_a_full_disk_or_a_folder_in_the_way(tmp_path):
    site = site_of(point("P"))
    store = store_of(tmp_path, site)
    store.folder.mkdir(parents=True)
    (store.folder / "raw").write_text("not a folder")
    with pytest.raises(StoreError, match=r"cannot be written .* the store is as before"):
        ingest_files(site, [wide(tmp_path / "a.csv", stamps("2025-01-01", 2), P=[1, 2])], store, now=TRUE_NOW)
    assert not store.exists


def test_a_bad_file_among_good_ones_changes_nothing(tmp_path):
    site = site_of(point("P"))
    good = wide(tmp_path / "good.csv", stamps("2025-01-01", 3), P=[1, 2, 3])
    bad = text(tmp_path / "bad.csv", "time,Q", "2025-01-01 00:00,1")
    store = store_of(tmp_path, site)
    with pytest.raises(IngestError):
        ingest_files(site, [good, bad], store, now=TRUE_NOW)
    assert not store.exists


def test_a_source_must_say_its_time_zone(tmp_path):
    file = text(
        tmp_path / "site.toml",
        'name = "a"',
        'title = "A"',
        "interval_minutes = 10",
        "location = {latitude = 1, longitude = 1}",
        'meters = {cooling = ["it_power_kw"], load = ["it_power_kw"], boundary = "x"}',
        "[[sources]]",
        'name = "h"',
        'files = ["*"]',
        'time_column = "time"',
        "[[points]]",
        'tag = "P"',
        'source = "h"',
        'quantity = "it_power_kw"',
        'unit = "kW"',
    )
    with pytest.raises(SiteError, match="time_zone"):
        load_site(file)
