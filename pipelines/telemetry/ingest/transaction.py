"""One commit for all that an ingest changes: files under new names first, then the manifest in one rename."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import files
from pipelines.errors import IngestError, StoreError
from pipelines.telemetry.store import LAYERS, UNTIMED, Layer, Manifest, Store, content_hash


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """Hold the store's lock. Raises IngestError where another ingest holds it; a kill frees it."""
    with ExitStack() as held:
        try:
            held.enter_context(files.locked(store.folder / ".lock", wait=False))
        except BlockingIOError as cause:
            raise IngestError(
                f"another ingest is writing {store.folder}; one at a time: wait for it, then run this again"
            ) from cause
        except OSError as cause:
            raise StoreError(
                f"{store.folder} cannot be written ({cause.strerror}); correct its permissions or free space, and run "
                f"this again"
            ) from cause
        yield


def write_days(store: Store, manifest: Manifest, layer: Layer, tables: dict[str, pa.Table]) -> None:
    """Write days of a layer and enter them in a manifest not yet in force; an empty table removes its day.

    Raises StoreError where a file cannot be written.
    """
    filled = {day: table for day, table in tables.items() if table.num_rows}
    with ThreadPoolExecutor(4) as pool:
        names = pool.map(lambda item: write_file(store, layer, *item), filled.items())
        manifest.days(layer).update(zip(filled, names, strict=True))
    for day in tables.keys() - filled.keys():
        manifest.days(layer).pop(day, None)


def write_file(store: Store, layer: Layer, day: str, table: pa.Table) -> str:
    """Write one Parquet file under its content's hash, which is returned. Raises StoreError where it cannot be."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", compression_level=1)
    data = buffer.getvalue()
    name = content_hash(data)
    path = store.path(layer, day, name)
    if not path.exists() or path.read_bytes() != data:
        _write(path, data)
    return name


def commit(store: Store, manifest: Manifest) -> None:
    """Put a manifest in force: before this rename the store is as it was, after it as the manifest says.

    Raises StoreError where the manifest cannot be written.
    """
    _write(store.manifest_path, manifest.to_json().encode())


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


def _write(path: Path, data: bytes) -> None:
    try:
        files.write_atomic(path, data)
    except OSError as cause:
        raise StoreError(
            f"{path} cannot be written ({cause.strerror}); free space or correct its permissions and run this "
            f"again; the store is as before"
        ) from cause
