"""Files of an object store that were read before, by their content's hash: they never change, so they never age."""

import itertools
import os
import time
from contextlib import suppress
from pathlib import Path, PurePosixPath
from uuid import uuid4

from pipelines.telemetry.content import content_hash

MOST_BYTES = 2 << 30  # some years of a large site
LOOK_EVERY = 256  # files written between two looks at the size
USED_AFTER_S = 3600  # a file's time says when it was used, to the hour


class FileCache:
    """A folder that may be deleted at any time. What goes wrong with it costs time, nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count()

    def get(self, name: str) -> bytes | None:
        """A file's content, None where it is not here whole."""
        path = self._path(name)
        try:
            data = path.read_bytes()
            if content_hash(data) != path.stem:
                return None
            if time.time() - path.stat().st_mtime > USED_AFTER_S:
                os.utime(path)
        except OSError:
            return None
        return data

    def put(self, name: str, data: bytes) -> None:
        """Keep a file."""
        path = self._path(name)
        partial = path.with_name(f".{uuid4().hex}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
            os.replace(partial, path)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        if next(self._count) % LOOK_EVERY == 0:
            self._shrink()

    def _path(self, name: str) -> Path:
        return self._folder / PurePosixPath(name).name

    def _shrink(self) -> None:
        """Remove what was not used for longest, down to four fifths, where there is too much."""
        with suppress(OSError):
            states = [(entry.stat(), entry.path) for entry in os.scandir(self._folder)]
            found = sorted((state.st_mtime, state.st_size, path) for state, path in states)
            left = sum(size for _, size, _ in found)
            if left <= MOST_BYTES:
                return
            for _, size, path in found:
                if left <= 0.8 * MOST_BYTES:
                    return
                os.unlink(path)
                left -= size
