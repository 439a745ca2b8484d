"""Ingestion speed: a long CSV of 50 tags at one minute, beside a bare DuckDB and a bare pandas read of the file."""

import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

TAGS = 50

_INGEST = """
    from pipelines.telemetry.ingest import ingest_files
    from pipelines.site.file import Site
    from pipelines.telemetry.store import Store

    site = Site.model_validate({
        "name": "bench", "title": "Benchmark", "interval_minutes": 15,
        "location": {"latitude": 1.3, "longitude": 103.8},
        "sources": [{"name": "historian", "files": ["*.csv"], "layout": "long", "time_column": "time",
                     "time_zone": "Asia/Singapore"}],
        "points": [{"tag": f"CH{i:02d}.KW", "source": "historian", "quantity": "chiller_kw",
                    "equipment": f"ch{i:02d}", "unit": "kW"} for i in range(50)],
        "meters": {"cooling": ["chiller_kw"], "load": ["chiller_kw"], "boundary": "benchmark"},
    })
    def work(path):
        report = ingest_files(site, [path], Store(path.parent / "store", site))
        assert report.quarantined == {} and report.files[0].readings == report.files[0].rows, report
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
    """Seconds, rows a second, ratio to DuckDB and peak memory of each case, each in a process of its own."""
    cases = {"coldaisle ingest": _INGEST, "bare DuckDB read": _DUCKDB, "bare pandas read": _PANDAS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.csv"
        write_long_csv(path, readings)
        measured = {case: _measure(code, path) for case, code in cases.items()}
    duckdb_s = measured["bare DuckDB read"][0]
    return [
        {
            "case": case,
            "seconds": seconds,
            "rows_per_s": readings / seconds,
            "ratio": seconds / duckdb_s,
            "peak_mib": mib,
        }
        for case, (seconds, mib) in measured.items()
    ]


def write_long_csv(path: Path, readings: int) -> None:
    """A historian's export: every minute one row for each of 50 tags."""
    minutes = readings // TAGS
    times = np.datetime64("2025-01-01T00:00") + np.arange(minutes).astype("timedelta64[m]")
    stamps = np.char.replace(np.datetime_as_string(times, unit="s"), "T", " ")
    powers = np.random.default_rng(0).normal(300, 40, minutes * TAGS).round(2).clip(0)
    table = pa.table({
        "time": pa.array(np.repeat(stamps, TAGS)),
        "tag": pa.array(np.tile([f"CH{i:02d}.KW" for i in range(TAGS)], minutes)),
        "value": powers,
    })  # fmt: skip
    pyarrow.csv.write_csv(table, path)


def _measure(code: str, path: Path) -> tuple[float, float]:
    program = textwrap.dedent(code) + textwrap.dedent(_MEASURE)
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    seconds, mib = done.stdout.splitlines()[-1].split()  # DuckDB draws a progress bar above it
    return float(seconds), float(mib)
