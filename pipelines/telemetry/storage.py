"""Where a store's files lie: a folder on disk, or an object store. Nothing else in the project touches them.

Files but one are named by their content and never changed. The manifest is replaced: on disk by a rename under a lock,
in an object store by a PUT on the condition that nobody else replaced it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from pipelines import files
from pipelines.errors import BusyError, StoreError

MANIFEST = "manifest.json"


class Storage(Protocol):
    """The files of one site's store, by their path below it. OSError, StoreError: a file cannot be read or written.

    StoreDownError, in an object store: it does not answer, and may later.
    """

    def where(self, name: str = "") -> str:
        """A file, or all of them, as a message names it."""

    def read(self, name: str) -> bytes:
        """A file's content. Raises FileNotFoundError."""

    def put(self, name: str, data: bytes) -> None:
        """Write a file that is named by its content."""

    def manifest(self) -> tuple[bytes, str] | None:
        """The manifest's content, and a word for its state to give to `commit`; None before the first ingest."""

    def stamp(self) -> int | str:
        """Changes when the manifest does, and costs less than to read it; 0 before the first ingest."""

    def commit(self, data: bytes, state: str) -> str:
        """Replace the manifest that had this state (none: ""); its new one. Raises BusyError where it has another."""

    def collect(self, folders: tuple[str, ...], named: set[str]) -> None:
        """Remove files of these folders that are not named and that nobody can be using."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the store against other writers, where it can be held. Raises BusyError."""


class FolderStorage:
    """A folder on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def where(self, name: str = "") -> str:
        """Its path."""
        return str(self.folder / name)

    def read(self, name: str) -> bytes:
        """A file's content. Raises OSError."""
        return (self.folder / name).read_bytes()

    def put(self, name: str, data: bytes) -> None:
        """Write a file, unless it is there whole. Raises OSError."""
        path = self.folder / name
        if not path.exists() or path.read_bytes() != data:
            files.write_atomic(path, data)

    def manifest(self) -> tuple[bytes, str] | None:
        """The manifest's content; its state is nothing, since writers hold the lock. Raises OSError."""
        try:
            return self.read(MANIFEST), ""
        except FileNotFoundError:
            return None

    def stamp(self) -> int | str:
        """When the manifest was replaced, ns."""
        try:
            return (self.folder / MANIFEST).stat().st_mtime_ns
        except OSError:
            return 0

    def commit(self, data: bytes, state: str) -> str:
        """Replace the manifest in one rename. Raises OSError."""
        files.write_atomic(self.folder / MANIFEST, data)
        return ""

    def collect(self, folders: tuple[str, ...], named: set[str]) -> None:
        """Remove what is not named: whoever writes holds the lock, and a reader looks again. Raises OSError."""
        keep = {self.folder / name for name in named}
        for layer in folders:
            for path in (self.folder / layer).glob("*/*"):
                if path not in keep:
                    path.unlink(missing_ok=True)
            for folder in (self.folder / layer).glob("*"):
                if not any(folder.iterdir()):
                    folder.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock; a kill frees it. Raises BusyError, StoreError."""
        with ExitStack() as held:
            try:
                held.enter_context(files.locked(self.folder / ".lock", wait=False))
            except BlockingIOError as cause:
                raise BusyError(
                    f"another ingest is writing {self.folder}; one at a time: wait for it, then run this again"
                ) from cause
            except OSError as cause:
                raise StoreError(
                    f"{self.folder} cannot be written ({cause.strerror}); correct its permissions or free space, and "
                    f"run this again"
                ) from cause
            yield
