"""Ingestion speed: readings in long and in wide CSV beside a bare DuckDB and a bare pandas read of the same file.

Also 10,000 points, and a day's file into a year's store by the command line, start-up included.
"""

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

ROOT = Path(__file__).resolve().parents[1]
TAGS = 50
MANY_TAGS = 10_000
YEAR_ROWS = 365 * 96  # at 15 min
REPEATS = 3  # the least of which counts: what else runs only adds

_SITE = """
name = "bench"
title = "Benchmark"
interval_minutes = 15
location = {{ latitude = 1.3, longitude = 103.8 }}
meters = {{ cooling = ["chiller_kw"], load = ["chiller_kw"], boundary = "benchmark" }}
[[sources]]
name = "historian"
files = ["*.csv"]
layout = "{layout}"
time_column = "time"
time_zone = "Asia/Singapore"
"""
_POINT = """
[[points]]
tag = "{tag}"
source = "historian"
quantity = "chiller_kw"
equipment = "ch{number:05d}"
unit = "kW"
"""
_INGEST = """
    import sys
    from pathlib import Path
    from pipelines.telemetry.ingest import ingest_files
    from pipelines.site.file import load_site
    from pipelines.telemetry.store import Store

    site = load_site(Path(sys.argv[1]).parent / "site.toml")

    def work(path):
        report = ingest_files(site, [path], Store(path.parent / "store", site))
        assert report.quarantined == {} and report.files[0].readings == CELLS, report
"""
_DUCKDB = """
    import duckdb

    def work(path):
        duckdb.read_csv(str(path)).to_arrow_table()
"""
_PANDAS = """
    import pandas as pd

    def work(path):
        pd.read_csv(path, parse_dates=["time"])
"""
_MEASURE = """
    import sys, time
    from pathlib import Path
    begin = time.perf_counter()
    work(Path(sys.argv[1]))
    seconds = time.perf_counter() - begin
    # Not getrusage: its peak outlives exec, so it would be the parent's.
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(seconds, int(peak.split()[1]) / 1024)
"""


def run(readings: int = 5_000_000) -> list[dict]:
    """Seconds, readings a second, ratio to DuckDB and peak memory of each case, each in a process of its own."""
    return [
        *_beside_readers("long", lambda folder: write_long_csv(folder, readings // TAGS, TAGS)),
        *_beside_readers("wide", lambda folder: write_wide_csv(folder, readings // TAGS, TAGS)),
        *_beside_readers("10,000 points", lambda folder: write_long_csv(folder, 96, MANY_TAGS, minutes=15)),
        _day_into_a_year(),
    ]


def _beside_readers(what: str, write: Callable[[Path], tuple[Path, int]]) -> list[dict]:
    with tempfile.TemporaryDirectory() as name:
        path, cells = write(Path(name))
        cases = {"coldaisle ingest": _INGEST, "bare DuckDB read": _DUCKDB, "bare pandas read": _PANDAS}
        measured = {case: least(code, path, cells) for case, code in cases.items()}
    duckdb_s = measured["bare DuckDB read"][0]
    return [
        {
            "case": f"{what}: {case}",
            "seconds": seconds,
            "readings_per_s": cells / seconds,
            "ratio": seconds / duckdb_s,
            "peak_mib": mib,
        }
        for case, (seconds, mib) in measured.items()
    ]


def _day_into_a_year() -> dict:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, _ = write_wide_csv(folder, YEAR_ROWS, TAGS, minutes=15)
        header, *rows = path.read_text().splitlines()
        days = [folder / f"{number}.csv" for number in range(REPEATS)]
        path.write_text("\n".join([header, *rows[: -96 * REPEATS]]) + "\n")
        for number, day in enumerate(days):
            first = len(rows) - 96 * (REPEATS - number)
            day.write_text("\n".join([header, *rows[first : first + 96]]) + "\n")
        _command(folder, path)
        seconds = min(_command(folder, day) for day in days)
    return {
        "case": "a day into a year, by the command line",
        "seconds": seconds,
        "readings_per_s": 96 * TAGS / seconds,
    }


def _command(folder: Path, path: Path) -> float:
    begin = time.perf_counter()
    subprocess.run(
        [
            Path(sys.executable).with_name("coldaisle"),
            "ingest",
            "--site",
            folder / "site.toml",
            "--home",
            folder,
            path,
        ],
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - begin


def write_long_csv(folder: Path, times: int, tags: int, minutes: int = 1) -> tuple[Path, int]:
    """A historian's export, a row for each time and tag, and its site file. Returns the path, and how many readings."""
    names = write_site(folder, "long", tags)
    stamps, powers = _stamps(times, minutes), _powers(times * tags)
    table = pa.table(
        {"time": pa.array(np.repeat(stamps, tags)), "tag": pa.array(np.tile(names, times)), "value": powers}
    )
    pyarrow.csv.write_csv(table, folder / "long.csv")
    return folder / "long.csv", times * tags


def write_wide_csv(folder: Path, times: int, tags: int, minutes: int = 1) -> tuple[Path, int]:
    """The same as `write_long_csv`, with a column for each tag."""
    names = write_site(folder, "wide", tags)
    columns = {name: _powers(times, number) for number, name in enumerate(names)}
    pyarrow.csv.write_csv(
        pa.table({"time": pa.array(_stamps(times, minutes)), **columns}), folder / "wide.csv"
    )
    return folder / "wide.csv", times * tags


def write_site(folder: Path, layout: str, tags: int) -> list[str]:
    """A site file with that many meters. Returns their tags."""
    names = [f"CH{number:05d}.KW" for number in range(tags)]
    points = [_POINT.format(tag=tag, number=number) for number, tag in enumerate(names)]
    (folder / "site.toml").write_text("".join([_SITE.format(layout=layout), *points]))
    return names


def _stamps(count: int, minutes: int) -> np.ndarray:
    times = np.datetime64("2025-01-01T00:00") + minutes * np.arange(count).astype("timedelta64[m]")
    return np.char.replace(np.datetime_as_string(times, unit="s"), "T", " ")


def _powers(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(300, 40, count).round(2).clip(1)


def least(code: str, path: Path, cells: int, repeats: int = REPEATS) -> tuple[float, float]:
    """Seconds and peak MiB of the fastest of some runs. code: defines `work(path)`; CELLS stands for `cells`."""
    program = textwrap.dedent(code).replace("CELLS", str(cells)) + textwrap.dedent(_MEASURE)
    return min(_measure(program, path) for _ in range(repeats))


def ingested(path: Path, cells: int) -> tuple[float, float]:
    """Seconds and peak MiB of one ingest."""
    return least(_INGEST, path, cells, repeats=1)


def _measure(program: str, path: Path) -> tuple[float, float]:
    subprocess.run(["rm", "-rf", path.parent / "store"], check=True)
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    seconds, mib = done.stdout.splitlines()[-1].split()  # DuckDB draws a progress bar above it
    return float(seconds), float(mib)
