"""One commit for all that an ingest changes: files under new names first, then the manifest in one rename."""

import fcntl
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import IngestError
from pipelines.files import _write_durably
from pipelines.telemetry.store import LAYERS, UNTIMED, Layer, Manifest, Store, content_hash


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """Hold the store's lock. Raises IngestError where another ingest holds it; a kill frees it."""
    store.folder.mkdir(parents=True, exist_ok=True)
    with (store.folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as cause:
            raise IngestError(
                f"another ingest is writing {store.folder}; one at a time: wait for it, then run this again"
            ) from cause
        yield


def write_days(store: Store, manifest: Manifest, layer: Layer, tables: dict[str, pa.Table]) -> None:
    """Write days of a layer and enter them in a manifest not yet in force; an empty table removes its day."""
    filled = {day: table for day, table in tables.items() if table.num_rows}
    with ThreadPoolExecutor(4) as pool:
        names = pool.map(lambda item: write_file(store, layer, *item), filled.items())
        manifest.days(layer).update(zip(filled, names, strict=True))
    for day in tables.keys() - filled.keys():
        manifest.days(layer).pop(day, None)


def write_file(store: Store, layer: Layer, day: str, table: pa.Table) -> str:
    """Write one Parquet file under its content's hash, which is returned."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", compression_level=1)
    data = buffer.getvalue()
    name = content_hash(data)
    path = store.path(layer, day, name)
    if not path.exists() or path.read_bytes() != data:
        _write_durably(path, data)
    return name


def commit(store: Store, manifest: Manifest) -> None:
    """Put a manifest in force: before this rename the store is as it was, after it as the manifest says."""
    _write_durably(store.manifest_path, manifest.to_json().encode())


def collect(store: Store, manifest: Manifest) -> None:
    """Remove files that no manifest names: what a killed ingest left and what the last one replaced."""
    for layer in LAYERS:
        named = {store.path(layer, day, name) for day, name in manifest.days(layer).items()}
        if layer == "quarantine":
            named |= {store.path(layer, UNTIMED, name) for name in manifest.untimed.values()}
        for path in (store.folder / layer).glob("*/*"):
            if path not in named:
                path.unlink(missing_ok=True)
        for folder in (store.folder / layer).glob("*"):
            if not any(folder.iterdir()):
                folder.rmdir()
