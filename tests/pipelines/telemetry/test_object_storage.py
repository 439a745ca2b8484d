"""A store in an object store: the same tables and the same refusals as on disk, without a rename and without a lock."""

import functools
import os
import signal
import socket
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from pipelines.config import RemoteFolder, Settings
from pipelines.console.fleet import sites_of
from pipelines.console.telemetry import store_stamp
from pipelines.errors import BusyError, StoreDownError, StoreError
from pipelines.telemetry import object_storage
from pipelines.telemetry.ingest import ingest_files, run
from pipelines.telemetry.store import Store
from tests.pipelines.telemetry import test_store as on_disk
from tests.pipelines.telemetry.ingest import kit
from tests.pipelines.telemetry.ingest import test_transaction as transactions
from tests.pipelines.telemetry.ingest.kit import TRUE_NOW, ingested, point, site_of, stamps, wide, wobbly
from tests.places import PROJECT

pytestmark = pytest.mark.medium

SITE = site_of(point("P"))


@pytest.fixture
def remote(bucket, tmp_path, monkeypatch):
    """Where stores are; those that the tests of stores on disk make, too."""

    def store_of(folder, site):
        return Store(RemoteFolder(f"s3://{bucket[1]}/{folder.name}", tmp_path / "cache"), site)

    for module in (kit, on_disk, transactions):
        monkeypatch.setattr(module, "store_of", store_of)
    return functools.partial(store_of, tmp_path)


def objects(bucket) -> dict[str, datetime]:
    found = bucket[0].list_objects_v2(Bucket=bucket[1]).get("Contents", [])
    return {each["Key"].split("/", 1)[1]: each["LastModified"] for each in found}


ON_DISK = [
    on_disk.test_an_empty_store_says_how_to_fill_it,
    transactions.test_a_renamed_copy_of_a_file_changes_nothing,
    transactions.test_a_corrected_file_replaces_what_it_covers_and_nothing_else,
    transactions.test_a_correction_of_one_tag_leaves_the_others,
    transactions.test_a_correction_also_takes_back_the_quarantine_of_what_it_replaces,
    transactions.test_a_changed_unit_derives_the_table_again_without_the_files,
    transactions.test_a_new_point_is_read_from_a_file_ingested_before,
    transactions.test_a_corrected_time_zone_moves_a_file_and_leaves_nothing_behind,
    transactions.test_rebuild_reads_again_and_ends_where_it_was,
    transactions.test_a_day_at_a_time_gives_the_same_store_as_all_at_once,
]
OF_A_STORE = [
    on_disk.test_reading_is_half_open_in_time,
    on_disk.test_pieces_of_a_table_make_the_whole,
    on_disk.test_the_span_goes_from_the_first_interval_to_the_end_of_the_last,
]


@pytest.mark.parametrize("test", ON_DISK, ids=lambda test: test.__name__)
def test_it_does_what_a_store_on_disk_does(test, remote, tmp_path):
    test(tmp_path)


def filled(tmp_path, remote):
    count = 4 * 144
    temperature = ["" if i % 10 == 0 else round(20 + i % 7 / 10, 1) for i in range(count)]
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", count), P=wobbly(count), T=temperature)
    return ingested(tmp_path, on_disk.SITE, file)[2]


@pytest.mark.parametrize("test", OF_A_STORE, ids=lambda test: test.__name__)
def test_it_is_read_as_a_store_on_disk_is(test, remote, tmp_path):
    test(filled(tmp_path, remote))


def test_both_kinds_of_store_hold_the_same_files(remote, tmp_path, bucket):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 500), P=[*wobbly(300), -5, *wobbly(199)])
    there = ingested(tmp_path, SITE, file)[2]
    here = Store(tmp_path / "here", SITE)
    ingest_files(SITE, [file], here, now=TRUE_NOW)
    assert there.fingerprint() == here.fingerprint()
    names = {
        str(path.relative_to(here.folder.parent)) for path in here.folder.rglob("*.*") if path.name != ".lock"
    }
    assert set(objects(bucket)) == names


def two_files(tmp_path):
    first = wide(tmp_path / "a.csv", stamps("2025-03-01", 300), P=wobbly(300))
    second = wide(tmp_path / "b.csv", stamps("2025-03-02", 300), P=wobbly(300, mean=500))
    return first, second


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from pipelines.config import RemoteFolder
    from pipelines.telemetry.ingest import ingest_files, run
    from pipelines.telemetry.store import Store
    from tests.pipelines.telemetry.ingest.kit import TRUE_NOW, point, site_of

    run.commit = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    site = site_of(point("P"))
    store = Store(RemoteFolder(sys.argv[2], Path(sys.argv[3])), site)
    ingest_files(site, [Path(sys.argv[1])], store, replace=True, now=TRUE_NOW)
"""


def test_an_ingest_killed_before_its_commit_leaves_the_store_as_it_was(remote, tmp_path, bucket):
    first, second = two_files(tmp_path)
    before, _, store = ingested(tmp_path, SITE, first)
    there = objects(bucket)
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(second), store.storage.where()[: -len("/plant/")],
         str(tmp_path / "cache")],
        cwd=PROJECT, env=os.environ | {"PYTHONPATH": str(PROJECT)}, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert objects(bucket).keys() > there.keys()
    pd.testing.assert_frame_equal(remote(SITE).read(), before)
    ingest_files(SITE, [second], store, replace=True, now=TRUE_NOW)
    here = Store(tmp_path / "here", SITE)
    for file in (first, second):
        ingest_files(SITE, [file], here, replace=True, now=TRUE_NOW)
    assert store.fingerprint() == here.fingerprint()


def test_of_two_writers_one_is_told_and_then_succeeds(remote, tmp_path, monkeypatch):
    first, second = two_files(tmp_path)
    _, _, store = ingested(tmp_path, SITE, first)
    third = wide(tmp_path / "c.csv", stamps("2025-03-05", 300), P=wobbly(300, mean=400))
    commit = run.commit

    def overtaken(*args):
        monkeypatch.setattr(run, "commit", commit)
        ingest_files(SITE, [third], remote(SITE), now=TRUE_NOW)
        commit(*args)

    monkeypatch.setattr(run, "commit", overtaken)
    with pytest.raises(BusyError, match="another ingest has written") as refused:
        ingest_files(SITE, [second], store, replace=True, now=TRUE_NOW)
    assert refused.value.transient
    assert len(store.manifest().files) == 2
    ingest_files(SITE, [second], store, replace=True, now=TRUE_NOW)
    here = Store(tmp_path / "here", SITE)
    for file in (first, third, second):
        ingest_files(SITE, [file], here, replace=True, now=TRUE_NOW)
    assert store.fingerprint() == here.fingerprint()
    pd.testing.assert_frame_equal(store.read(), here.read())


def test_two_first_ingests_at_once_make_one_store(remote, tmp_path, monkeypatch):
    first, second = two_files(tmp_path)
    commit = run.commit

    def overtaken(*args):
        monkeypatch.setattr(run, "commit", commit)
        ingest_files(SITE, [second], remote(SITE), now=TRUE_NOW)
        commit(*args)

    monkeypatch.setattr(run, "commit", overtaken)
    with pytest.raises(BusyError):
        ingest_files(SITE, [first], remote(SITE), now=TRUE_NOW)
    assert [entry["name"] for entry in remote(SITE).manifest().files.values()] == ["b.csv"]


def test_a_commit_whose_answer_was_lost_is_no_conflict(remote, tmp_path):
    storage = remote(SITE).storage
    state = storage.commit(b"one", "")
    assert storage.commit(b"one", "") == state
    with pytest.raises(BusyError):
        storage.commit(b"two", "")


def test_what_nobody_names_is_removed_a_day_later_unless_it_was_put_again(
    remote, tmp_path, bucket, monkeypatch
):
    store = remote(SITE)
    store.storage.put("raw/2025-03-01/a.parquet", b"a")
    store.storage.put("raw/2025-03-01/b.parquet", b"b")
    store.storage.collect(("raw",), set())
    assert len(objects(bucket)) == 2

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) + timedelta(days=2)

    monkeypatch.setattr(object_storage, "datetime", Tomorrow)
    store.storage.collect(("raw",), {"raw/2025-03-01/a.parquet"})
    assert list(objects(bucket)) == ["plant/raw/2025-03-01/a.parquet"]


def test_files_are_read_once_and_a_damaged_copy_is_read_again(remote, tmp_path, bucket, monkeypatch):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 300), P=wobbly(300))
    table, _, _ = ingested(tmp_path, SITE, file)
    asked = []
    call = object_storage._asked
    monkeypatch.setattr(object_storage, "_asked", lambda *args: (asked.append(args[1]), call(*args))[1])
    pd.testing.assert_frame_equal(remote(SITE).read(), table)
    assert [name for name in asked if name.endswith(".parquet")] == []
    for path in (tmp_path / "cache").rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-5])
    pd.testing.assert_frame_equal(remote(SITE).read(), table)
    assert len([name for name in asked if name.endswith(".parquet")]) == 3


def test_the_cache_stays_within_its_size(tmp_path, monkeypatch):
    from pipelines.telemetry import file_cache
    from pipelines.telemetry.content import content_hash

    monkeypatch.setattr(file_cache, "MOST_BYTES", 10_000)
    monkeypatch.setattr(file_cache, "LOOK_EVERY", 1)
    cache = file_cache.FileCache(tmp_path)
    for i in range(40):
        data = bytes([i]) * 1000
        cache.put(f"raw/day/{content_hash(data)}.parquet", data)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000
    assert cache.get(f"raw/day/{content_hash(data)}.parquet") == data


def test_a_damaged_object_is_named_never_read_as_numbers(remote, tmp_path, bucket):
    _, _, store = ingested(tmp_path, SITE, two_files(tmp_path)[0])
    name = next(name for name in objects(bucket) if "/interval/" in name)
    bucket[0].put_object(Bucket=bucket[1], Key=f"{tmp_path.name}/{name}", Body=b"PAR1")
    for path in (tmp_path / "cache").rglob("*.parquet"):
        path.unlink()
    with pytest.raises(StoreError, match=r"s3://.*is damaged"):
        store.read()


def test_a_lost_connection_is_transient(remote, tmp_path, monkeypatch):
    first, second = two_files(tmp_path)
    _, _, store = ingested(tmp_path, SITE, first)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    for call in (store.read, lambda: ingest_files(SITE, [second], store)):
        with pytest.raises(StoreDownError, match="does not answer") as down:
            call()
        assert down.value.transient
    assert store_stamp(store) == 0


def test_a_missing_bucket_and_another_scheme_are_named(bucket, tmp_path):
    file = two_files(tmp_path)[0]
    gone = Store(RemoteFolder("s3://no-such-bucket/x", tmp_path / "cache"), SITE)
    with pytest.raises(StoreError, match=r"NoSuchBucket.*correct COLDAISLE_STORE_URI") as refused:
        ingest_files(SITE, [file], gone, now=TRUE_NOW)
    assert not refused.value.transient
    with pytest.raises(StoreError, match="neither a folder nor s3://bucket/prefix"):
        Store(RemoteFolder("gs://bucket", tmp_path), SITE)


def test_the_setting_moves_the_store_and_the_fleet_finds_its_sites(bucket, tmp_path, monkeypatch):
    monkeypatch.setenv("COLDAISLE_STORE_URI", f"s3://{bucket[1]}/telemetry/")
    settings = Settings(home=tmp_path / "home")
    store = Store(settings.store, SITE)
    assert sites_of(settings) == []
    ingest_files(SITE, [two_files(tmp_path)[0]], store, now=TRUE_NOW)
    assert sites_of(settings) == ["plant"]
    stamp = store_stamp(store)
    ingest_files(SITE, [two_files(tmp_path)[1]], store, replace=True, now=TRUE_NOW)
    assert stamp != store_stamp(store) != 0
    monkeypatch.setenv("COLDAISLE_STORE_URI", str(tmp_path / "other"))
    assert Settings(home=tmp_path).store == tmp_path / "other"
