"""The store as others read it: spans, columns, missing values, and damage that must never become a number."""

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import StoreError
from pipelines.telemetry.ingest import ingest_files
from tests.pipelines.telemetry.ingest.kit import (
    TRUE_NOW,
    ingested,
    point,
    site_of,
    stamps,
    store_of,
    wide,
    wobbly,
)

SITE = site_of(point("P"), point("T", "supply_air_c"))


@pytest.fixture
def store(tmp_path):
    count = 4 * 144
    temperature = ["" if i % 10 == 0 else round(20 + i % 7 / 10, 1) for i in range(count)]
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", count), P=wobbly(count), T=temperature)
    return ingested(tmp_path, SITE, file)[2]


def test_reading_is_half_open_in_time(store):
    table = store.read("2025-03-02", "2025-03-03")
    assert table.index[0] == pd.Timestamp("2025-03-02", tz="UTC")
    assert table.index[-1] == pd.Timestamp("2025-03-02 23:50", tz="UTC")
    assert len(table) == 144


def test_times_may_carry_a_zone(store):
    table = store.read(
        pd.Timestamp("2025-03-02 08:00", tz="Asia/Singapore"), pd.Timestamp("2025-03-02 01:00")
    )
    assert len(table) == 6


def test_pieces_of_a_table_make_the_whole(store):
    cut = "2025-03-02 13:20"
    pd.testing.assert_frame_equal(pd.concat([store.read(end=cut), store.read(start=cut)]), store.read())


def test_columns_may_be_chosen_and_unknown_ones_are_refused(store):
    assert list(store.read(columns=["supply_air_c"]).columns) == ["supply_air_c"]
    with pytest.raises(StoreError, match="has no column chiller_kw"):
        store.read(columns=["chiller_kw"])


def test_missing_values_are_nan_and_intervals_without_any_are_absent(store, tmp_path):
    assert store.read()["supply_air_c"].isna().sum() == 0 or store.read()["it_power_kw"].notna().all()
    file = wide(tmp_path / "b.csv", stamps("2025-03-10", 3), P=[1, "", 3], T=["", "", 20])
    site = site_of(point("P", reading="interval"), point("T", "supply_air_c", reading="interval"))
    table, _, _ = ingested(tmp_path / "b", site, file)
    assert len(table) == 2
    assert np.isnan(table["supply_air_c"].iloc[0])


def test_an_empty_store_says_how_to_fill_it(tmp_path):
    store = store_of(tmp_path, SITE)
    assert not store.exists
    with pytest.raises(StoreError, match=r"has no telemetry .* run: coldaisle ingest --site plant"):
        store.read()


def test_the_span_goes_from_the_first_interval_to_the_end_of_the_last(store):
    assert store.span() == (pd.Timestamp("2025-03-01", tz="UTC"), pd.Timestamp("2025-03-05", tz="UTC"))


def test_the_fingerprint_changes_with_the_data_and_only_then(store, tmp_path):
    before = store.fingerprint()
    ingest_files(SITE, [tmp_path / "a.csv"], store, now=TRUE_NOW, rebuild=True)
    assert store.fingerprint() == before
    file = wide(tmp_path / "b.csv", stamps("2025-03-02", 1), P=[1], T=[20])
    ingest_files(SITE, [file], store, now=TRUE_NOW)
    assert store.fingerprint() != before


def _some_file(store, layer):
    day, name = sorted(store.manifest().days(layer).items())[1]
    return store.path(layer, day, name)


@pytest.mark.parametrize("damage", ["one byte", "cut off", "empty", "removed"])
def test_a_damaged_file_is_named_never_read_as_numbers(store, damage):
    path = _some_file(store, "interval")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes({"one byte": bytes(data), "cut off": bytes(data[:-9]), "empty": b""}[damage])
    with pytest.raises(StoreError, match=rf"{path.name}.*ingest the exports again"):
        store.read()
    assert len(store.read(end="2025-03-02")) == 144  # other days are as they were


def test_a_damaged_raw_file_stops_an_ingest_that_needs_it(store, tmp_path):
    path = _some_file(store, "raw")
    path.write_bytes(path.read_bytes()[:-20])
    file = wide(tmp_path / "b.csv", stamps("2025-03-02", 3), P=[1, 2, 3], T=[20, 20, 21])
    with pytest.raises(StoreError, match=path.name):
        ingest_files(SITE, [file], store, now=TRUE_NOW)


def test_a_damaged_manifest_is_named(store):
    store.manifest_path.write_text("{")
    with pytest.raises(StoreError, match=r"manifest.json is damaged"):
        store.read()


def test_a_reader_that_comes_during_an_ingest_sees_the_old_or_the_new_table(store, tmp_path, monkeypatch):
    old = store.read()
    stale = store.manifest()
    file = wide(
        tmp_path / "b.csv", stamps("2025-03-01", 576), P=wobbly(576, mean=900), T=[21] * 300 + [22] * 276
    )
    ingest_files(SITE, [file], store, replace=True, now=TRUE_NOW)
    ingest_files(SITE, [file], store, now=TRUE_NOW)  # collects the files of the old manifest
    seen = iter([stale])
    fresh = type(store).manifest
    monkeypatch.setattr(type(store), "manifest", lambda self: next(seen, None) or fresh(self))
    assert store.read()["it_power_kw"].mean() > old["it_power_kw"].mean() + 500
