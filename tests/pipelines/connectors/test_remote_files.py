"""Exports in folders elsewhere and in an object store."""

import os
import socket
from pathlib import Path

import pytest

from pipelines.telemetry.inbox import ingest_inbox
from pipelines.telemetry.store import Store
from tests.pipelines.connectors.kit import DAY, at, brought, csv_text, fetched, in_home, rows, site_with

pytestmark = pytest.mark.medium


def put(folder: Path, name: str, text: str, minute: int = 0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (1_740_000_000 + 60 * minute,) * 2)
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    put(tmp_path / "there", "export-01.csv", csv_text(DAY, at(24)))
    return tmp_path / "there"


def files(folder: Path, **more):
    return site_with(
        **{"kind": "files", "address": f"file://{folder}/export*.csv", "files": ["export*.csv"]} | more
    )


def test_files_keep_their_names_and_come_once(folder, settings):
    site = files(folder)
    assert fetched(site, settings).files == ["historian/export-01.csv"]
    assert ingest_inbox(site, settings).readings == 144
    put(folder, "export-02.csv", csv_text(at(24), at(48)))
    put(folder, "notes.csv", "nothing of ours")
    report = fetched(site, settings, 24, 48)
    assert report.files == ["historian/export-02.csv"]
    assert report.sources[0].unchanged == 1
    assert (report.sources[0].newest, report.sources[0].stale) == (at(48 - 1 / 6), False)


def test_an_unchanged_file_is_not_read_again_and_a_changed_one_is(folder, settings, monkeypatch):
    site = files(folder)
    brought(site, settings)
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.connectors.remote_files._download", lambda *_: pytest.fail("read again"))
        assert fetched(site, settings).sources[0].unchanged == 1
    put(folder, "export-01.csv", csv_text(DAY, at(24)).replace(",300.0\n", ",310.0\n"), minute=1)
    assert fetched(site, settings).files == ["historian/export-01.csv"]
    put(folder, "export-01.csv", csv_text(DAY, at(24)).replace(",300.0\n", ",310.0\n"), minute=2)
    touched = fetched(site, settings).sources[0]
    assert (touched.files, touched.unchanged) == ([], 1)


def test_yesterdays_files_are_stale(folder, settings):
    site = files(folder)
    brought(site, settings)
    assert fetched(site, settings, 48, 72).stale == {"historian": at(24 - 1 / 6)}


def test_folders_of_days_may_hold_files_of_one_name(folder, settings):
    for day in range(3):
        put(folder, f"2025/{day:02}/day.csv", csv_text(at(24 * day), at(24 * day + 24)))
    site = files(folder, address=f"file://{folder}/2025/*/day.csv", files=["day.csv"])
    assert len(fetched(site, settings).files) == 3
    assert ingest_inbox(site, settings).readings == 3 * 144
    assert in_home(settings, "ingested") == ["day.csv"] * 3


def test_one_bad_file_does_not_keep_out_the_others_and_is_named_each_time(folder, settings):
    put(folder, "export-00.csv", "<html>Sign in</html>")
    for _ in range(2):
        only = fetched(files(folder), settings).sources[0]
        assert "export-00.csv" in only.error
        assert not only.transient
    assert in_home(settings) == ["export-01.csv"]


def test_hidden_and_other_files_are_left_alone(folder, settings):
    put(folder, ".export-09.csv", csv_text(DAY, at(1)))
    put(folder, "export.pdf", "%PDF")
    assert fetched(files(folder, address=f"file://{folder}/"), settings).files == ["historian/export-01.csv"]


def test_a_file_that_is_being_written_is_left_for_the_next_time(folder, settings, monkeypatch):
    from pipelines.connectors import remote_files

    versions = iter(["before", "after", "whole", "whole", "whole"])
    monkeypatch.setattr(remote_files, "_version", lambda info: next(versions))
    only = fetched(files(folder), settings).sources[0]
    assert only.transient
    assert "being written" in only.error
    assert in_home(settings) == []


@pytest.mark.parametrize(
    ("address", "because"),
    [
        ("file:///nowhere/at/all/*.csv", "nothing at its address"),
        ("nonsense://host/*.csv", "Protocol not known"),
        ("sftp://host/*.csv", "package that is not installed"),
    ],
)
def test_what_cannot_be_read_says_why(settings, folder, address, because):
    only = fetched(files(folder, address=address), settings).sources[0]
    assert because in only.error
    assert not only.transient


def test_too_large_a_file_is_refused(folder, settings, monkeypatch):
    monkeypatch.setattr("pipelines.connectors.remote_files.MOST_BYTES", 1000)
    only = fetched(files(folder), settings).sources[0]
    assert "export it in parts" in only.error
    assert not only.transient


def test_an_object_store_brings_what_is_new(bucket, settings):
    client, name = bucket
    site = site_with(kind="files", address=f"s3://{name}/exports/*.csv", files=["*.csv"])
    assert fetched(site, settings).sources[0].empty == 1
    client.put_object(Bucket=name, Key="exports/one.csv", Body=csv_text(DAY, at(24)).encode())
    brought(site, settings)
    client.put_object(Bucket=name, Key="exports/two.csv", Body=csv_text(at(24), at(48)).encode())
    report = fetched(site, settings)
    assert (report.files, report.sources[0].unchanged) == (["historian/two.csv"], 1)
    ingest_inbox(site, settings)
    assert Store(settings.store, site).read()["it_power_kw"].tolist() == [
        value for _, value in rows(DAY, at(48))
    ]


def test_a_bucket_that_is_missing_is_permanent(bucket, settings):
    site = site_with(kind="files", address="s3://no-such-bucket/*.csv", files=["*.csv"])
    only = fetched(site, settings).sources[0]
    assert "nothing at its address" in only.error
    assert not only.transient


def test_an_object_store_that_is_down_may_come_back(bucket, settings, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    site = site_with(kind="files", address="s3://plant/*.csv", files=["*.csv"], timeout_s=2)
    only = fetched(site, settings).sources[0]
    assert only.transient
