"""Files of a study: a part for each chunk of cases, whole or absent."""

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TABLE, MANIFEST, PARTS, HOURLY = "table.parquet", "manifest.json", "parts", "hourly"


def part(home: Path, start: int, *, folder: str = PARTS) -> Path:
    """Where the cases from `start` belong."""
    return home / folder / f"cases-{start:08d}.parquet"


def is_whole(path: Path, rows: int) -> bool:
    """Whether a part is there with all its rows."""
    try:
        return pq.read_metadata(path).num_rows == rows
    except (OSError, pa.ArrowInvalid):
        return False


def write_whole(path: Path, tables: Iterable[pa.Table]) -> None:
    """Tables one after another as one file, whole or not at all."""

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


def replace(path: Path, write: Callable[[Path], Any]) -> None:
    """What `write` leaves at a temporary path becomes `path`; on any failure `path` stays as it was."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        write(Path(name))
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
