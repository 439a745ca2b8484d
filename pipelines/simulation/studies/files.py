"""Files of a study: a part for each chunk of cases, complete or absent."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.files import replace

TABLE, MANIFEST, PARTS, HOURLY = "table.parquet", "manifest.json", "parts", "hourly"


def part(home: Path, start: int, *, folder: str = PARTS) -> Path:
    """Path of the part with the cases from `start`."""
    return home / folder / f"cases-{start:08d}.parquet"


def is_whole(path: Path, rows: int) -> bool:
    """Whether a part exists with all its rows."""
    try:
        return pq.read_metadata(path).num_rows == rows
    except (OSError, pa.ArrowInvalid):
        return False


def write_whole(path: Path, tables: Iterable[pa.Table]) -> None:
    """Writes tables one after another as one file, complete or not at all."""

    def write(partial: Path) -> None:
        writer = None
        try:
            for table in tables:
                writer = writer or pq.ParquetWriter(partial, table.schema)
                writer.write_table(table)
        finally:
            if writer:
                writer.close()

    replace(path, write)
