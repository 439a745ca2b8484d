"""Memory of ingestion: long CSV files of growing size, up to 50 million readings (2 GB, some minutes)."""

import tempfile
from pathlib import Path

from benchmarks.ingest import TAGS, ingested, write_long_csv


def run(sizes: tuple[int, ...] = (5_000_000, 50_000_000)) -> list[dict]:
    """Seconds and peak memory by number of readings."""
    rows = []
    for readings in sizes:
        with tempfile.TemporaryDirectory() as name:
            path, cells = write_long_csv(Path(name), readings // TAGS, TAGS)
            seconds, mib = ingested(path, cells)
            megabytes = path.stat().st_size / 1e6
        rows.append(
            {"case": f"{readings:,} readings", "file_mb": megabytes, "seconds": seconds, "peak_mib": mib}
        )
    return rows
