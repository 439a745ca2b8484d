"""Killed at any moment, two at once, a disk that is full: the store is as before or as after, never between."""

import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import time
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from pipelines.errors import ColdaisleError, StoreError
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

SITE = site_of(point("P"))
KILLS = int(os.environ.get("COLDAISLE_KILLS", "50"))


def _ingest(file: Path, folder: Path, most_bytes: int | None = None) -> None:
    if most_bytes is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write beyond it is an error, as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    try:
        ingest_files(SITE, [file], store_of(folder, SITE), now=TRUE_NOW)
    except ColdaisleError as error:
        raise SystemExit(3 if isinstance(error, StoreError) else 4) from error


@pytest.fixture
def processes(monkeypatch):
    """Processes that begin with everything imported, whatever an earlier test made the main module."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.pipelines.telemetry.ingest.test_hard_times"])
    return context


def _files(folder: Path) -> tuple[Path, Path]:
    first = wide(folder / "a.csv", stamps("2025-03-01", 2_000), P=wobbly(2_000))
    return first, wide(folder / "b.csv", stamps("2025-03-15", 5_000), P=wobbly(5_000))


@pytest.mark.slow
def test_killed_at_random_moments_the_store_is_as_before_or_as_after(tmp_path, processes):
    first, second = _files(tmp_path)
    before, _, _ = ingested(tmp_path / "store", SITE, first)
    after, _, _ = ingested(tmp_path / "whole", SITE, first, second)
    _wait(_started(processes, second, tmp_path / "warm"))
    begin = time.perf_counter()
    _wait(_started(processes, second, tmp_path / "timed"))
    whole_s, chance, ended = time.perf_counter() - begin, random.Random(0), 0
    for number in range(KILLS):
        folder = tmp_path / f"{number}"
        shutil.copytree(tmp_path / "store", folder)
        process = _started(processes, second, folder)
        time.sleep(chance.uniform(0.0, 1.2) * whole_s)
        process.kill()
        process.join()
        table = store_of(folder, SITE).read()
        done = len(table) == len(after)
        ended += done
        pd.testing.assert_frame_equal(table, after if done else before)
        _wait(_started(processes, second, folder))
        pd.testing.assert_frame_equal(store_of(folder, SITE).read(), after)
        shutil.rmtree(folder)
    assert 0 < ended < KILLS  # some ended before they were killed, and some did not


@pytest.mark.medium
def test_of_two_at_once_one_is_refused_and_the_store_is_whole(tmp_path, processes):
    first, second = _files(tmp_path)
    both = [_started(processes, file, tmp_path / "store") for file in (first, second)]
    codes = sorted(_wait(process) for process in both)
    assert codes in ([0, 0], [0, 4])  # one after the other, or one refused
    table = store_of(tmp_path / "store", SITE).read()
    assert len(table) in (2_000, 5_000, 7_000 - _overlap())


@pytest.mark.medium
def test_a_full_disk_leaves_the_store_as_it_was(tmp_path, processes):
    first, second = _files(tmp_path)
    before, _, store = ingested(tmp_path / "store", SITE, first)
    process = processes.Process(target=_ingest, args=(second, tmp_path / "store", 1_500))
    process.start()
    assert _wait(process) == 3
    pd.testing.assert_frame_equal(store.read(), before)


def _overlap() -> int:
    return len(set(stamps("2025-03-01", 2_000)) & set(stamps("2025-03-15", 5_000)))


def _started(processes, file: Path, folder: Path):
    process = processes.Process(target=_ingest, args=(file, folder))
    process.start()
    return process


def _wait(process) -> int:
    process.join()
    return process.exitcode
