"""One commit for all that an ingest changes: files under new names first, then the manifest in one rename."""

import io
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import StoreError
from pipelines.telemetry.content import content_hash
from pipelines.telemetry.storage import MANIFEST
from pipelines.telemetry.store import LAYERS, UNTIMED, Layer, Manifest, Store, file_name

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


def locked(store: Store) -> AbstractContextManager[None]:
    """Hold the store's lock, where it has one. Raises BusyError where another ingest holds it; a kill frees it."""
    return store.storage.locked()


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
    path = file_name(layer, day, name)
    with _writable(store, path):
        store.storage.put(path, data)
    return name


def commit(store: Store, manifest: Manifest) -> None:
    """Put a manifest in force: before this the store is as it was, after it as the manifest says.

    Raises BusyError where another ingest has put one in force since this one's was read, StoreError where it cannot be
    written.
    """
    with _writable(store, MANIFEST):
        manifest.state = store.storage.commit(manifest.to_json().encode(), manifest.state)


def collect(store: Store, manifest: Manifest) -> None:
    """Remove files that no manifest names: what a killed ingest left and what the last one replaced."""
    named = {file_name(layer, day, name) for layer in LAYERS for day, name in manifest.days(layer).items()}
    named |= {file_name("quarantine", UNTIMED, name) for name in manifest.untimed.values()}
    store.storage.collect(LAYERS, named)


@contextmanager
def _writable(store: Store, name: str) -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        raise StoreError(
            f"{store.storage.where(name)} cannot be written ({cause.strerror}); free space or correct its permissions "
            f"and run this again; the store is as before"
        ) from cause
