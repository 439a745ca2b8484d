"""One commit for all that an ingest changes: files under new names first, then the manifest in one rename."""

import io
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import files
from pipelines.errors import BusyError, StoreError
from pipelines.telemetry.store import LAYERS, UNTIMED, Layer, Manifest, Store, content_hash

WRITERS = 4  # they wait for the disk
AHEAD = 8  # files that wait to be written; more would be memory
# Statistics are looked at by nobody. Times go in steps, and raw values repeat; interval files have few rows in many
# columns, each of which costs more than what is in it.
_OPTIONS: dict[Layer, dict] = {
    "raw": {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": ["source", "tag", "value", "step_s", "reason", "file"],
        "column_encoding": {"time": "DELTA_BINARY_PACKED"},
    },
    "interval": {"compression": "snappy", "use_dictionary": False},
    "quarantine": {"compression": "zstd", "compression_level": 1},
}


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """Hold the store's lock. Raises BusyError where another ingest holds it; a kill frees it."""
    with ExitStack() as held:
        try:
            held.enter_context(files.locked(store.folder / ".lock", wait=False))
        except BlockingIOError as cause:
            raise BusyError(
                f"another ingest is writing {store.folder}; one at a time: wait for it, then run this again"
            ) from cause
        except OSError as cause:
            raise StoreError(
                f"{store.folder} cannot be written ({cause.strerror}); correct its permissions or free space, and run "
                f"this again"
            ) from cause
        yield


class Writer:
    """Files of the store's next state, written while the next ones are made; `settle` enters them into a manifest.

    Used as a context, at whose end nothing is being written any more.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(WRITERS)
        self._names: dict[tuple[Layer, str], Future[str] | None] = {}
        self._writing: deque[Future[str]] = deque()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def put(self, layer: Layer, day: str, rows: int, table: Callable[[], pa.Table]) -> None:
        """Write what `table` makes, in place of what the layer has of that day; without rows the day is removed.

        Raises StoreError where an earlier file cannot be written.
        """
        if not rows:
            self._names[layer, day] = None
            return
        while len(self._writing) >= AHEAD:
            self._writing.popleft().result()
        done = self._pool.submit(lambda: write_file(self._store, layer, day, table()))
        self._names[layer, day] = done
        self._writing.append(done)

    def name(self, layer: Layer, day: str, manifest: Manifest) -> str | None:
        """The file that holds a day, once it is there: one that is not settled, or the manifest's; None without any.

        Raises StoreError where it cannot be written.
        """
        if (layer, day) not in self._names:
            return manifest.days(layer).get(day)
        done = self._names[layer, day]
        return done.result() if done else None

    def days(self, layer: Layer, manifest: Manifest) -> set[str]:
        """Days that a layer has: the manifest's, and those that are not settled."""
        put = {day: name for (of, day), name in self._names.items() if of == layer}
        return {day for day in manifest.days(layer).keys() | put.keys() if put.get(day, "") is not None}

    def settle(self, manifest: Manifest) -> None:
        """Enter all files into a manifest. Raises StoreError where one cannot be written."""
        for (layer, day), done in self._names.items():
            if done is None:
                manifest.days(layer).pop(day, None)
            else:
                manifest.days(layer)[day] = done.result()
        self._names.clear()
        self._writing.clear()


def write_file(store: Store, layer: Layer, day: str, table: pa.Table) -> str:
    """Write one Parquet file under its content's hash, which is returned. Raises StoreError where it cannot be."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, write_statistics=False, **_OPTIONS[layer])
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
