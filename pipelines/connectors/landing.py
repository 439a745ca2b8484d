"""Where fetched exports lie before and after they are ingested, and what was seen of each source before."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines import files
from pipelines.connectors.deadline import within
from pipelines.connectors.job import Piece
from pipelines.site.file import Source
from pipelines.telemetry.inbox import LOCK, fetched_folder, ingested_folder

FORGOTTEN_S = 86_400  # age of what a killed fetch left
SUFFIXES = (".csv", ".parquet", ".xlsx", ".jsonl", ".gz", ".zip")


class Landing:
    """The folders of one source in a site's inbox. One fetch at a time uses them.

    known: of a file elsewhere, its version, and when it was refused, why. last: of the latest window, its content.
    """

    def __init__(self, home: Path, site: str, source: Source) -> None:
        self.source = source
        self.fetched = fetched_folder(home, site) / source.name
        self.ingested = ingested_folder(home, site) / source.name
        state = files.read_json(self._state) or {}
        self.known: dict[str, dict[str, Any]] = state.get("known", {})
        self.last: dict[str, Any] = state.get("last", {})

    @property
    def _state(self) -> Path:
        return self.fetched / ".state.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """The folders, held against another fetch of the source, which waits. Raises OSError."""
        with files.locked(self.fetched / LOCK):
            state = files.read_json(self._state) or {}
            self.known, self.last = state.get("known", {}), state.get("last", {})
            before = repr((self.known, self.last))
            self._sweep()
            try:
                yield
            finally:
                if repr((self.known, self.last)) != before:
                    files.write_json(self._state, {"known": self.known, "last": self.last})

    @contextmanager
    def downloaded(self, piece: Piece) -> Iterator[Path | None]:
        """A piece in a temporary folder, complete, under its own name; None where it is nothing.

        Raises SourceError, SourceDownError.
        """
        with tempfile.TemporaryDirectory(prefix=".", dir=self.fetched, ignore_cleanup_errors=True) as folder:
            path = Path(folder, piece.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            there = within(self.source.timeout_s, lambda deadline: piece.download(path, deadline))
            if there and not path.suffix:
                path = path.rename(path.with_suffix(suffix_of(path)))
            yield path if there else None

    def has(self, name: str, sha256: str) -> bool:
        """Whether a file of that name and content was brought before."""
        return any(path.is_file() and sha256_of(path) == sha256 for path in self._of_name(name))

    def land(self, path: Path, name: str) -> Path:
        """Move a downloaded file to where `ingest_inbox` finds it, in place of an earlier one. Raises OSError."""
        target = self.fetched / name
        files.replace(target, lambda partial: os.replace(path, partial))
        for old in self._of_name(name):
            if old.parent == target.parent and old != target:
                old.unlink(missing_ok=True)
        return target

    def _of_name(self, name: str) -> list[Path]:
        """Where a file of that name may lie: before and after its ingest; a window's with any suffix."""
        path = Path(name)
        names = {name} if name in self.known else {name, *(str(path.with_suffix(end)) for end in SUFFIXES)}
        return [folder / each for folder in (self.fetched, self.ingested) for each in sorted(names)]

    def _sweep(self) -> None:
        for path in self.fetched.glob(".*"):
            try:
                old = path.is_dir() and time.time() - path.stat().st_mtime > FORGOTTEN_S
            except FileNotFoundError:
                continue
            if old:
                shutil.rmtree(path, ignore_errors=True)


def suffix_of(path: Path) -> str:
    """The suffix that an export's first bytes ask for."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head[:4] == b"PAR1":
        return ".parquet"
    if head[:2] == b"\x1f\x8b":
        return ".gz"
    if head[:4] == b"PK\x03\x04":
        return ".xlsx" if b"[Content_Types].xml" in head or b"xl/" in head else ".zip"
    return ".jsonl" if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else ".csv"


def sha256_of(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
