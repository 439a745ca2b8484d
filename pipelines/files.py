"""The only way coldaisle's own files are written: whole or not at all, and durably; locks between processes."""

from __future__ import annotations

import fcntl
import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:  # the watchdog and the gateway must not load it
    import pandas as pd
    import plotly.graph_objects as go


def write_atomic(path: Path, content: bytes | str) -> None:
    """Make `content` (text as UTF-8) the file at `path`, as `replace` does. Raises OSError."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    replace(path, lambda partial: partial.write_bytes(data))


def replace(path: Path, write: Callable[[Path], Any]) -> None:
    """Make what `write` leaves at the temporary path it is given the file at `path`.

    A reader sees the old file or the new one, whole, even after a power failure: the new one is on the disk before it
    takes the name. On any failure `path` stays as it was. The folder is made where it is missing.
    Raises OSError where the file cannot be written, and whatever `write` raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{uuid4().hex}.{path.name}")  # a dot in front: no inbox takes it for an export
    try:
        write(partial)
        _sync(partial)
        os.replace(partial, path)
        _sync(path.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock file at `path`, made where it is missing, against other processes; a kill frees it.

    Raises BlockingIOError where another holds it and not `wait`, OSError where the lock file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


def write_json(path: Path, content: Any) -> None:
    """The content (see `jsonable`) as JSON, as `write_atomic` writes. Raises OSError."""
    write_atomic(path, json.dumps(jsonable(content), indent=1, allow_nan=False))


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object of a file; None where there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def jsonable(value: Any) -> Any:
    """Plain JSON values: times as ISO 8601, arrays as lists, tables as lists of rows; NaN and NaT as null."""
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [jsonable(item) for item in value]
    if hasattr(value, "to_dict") and hasattr(value, "reset_index"):
        return jsonable(value.reset_index().to_dict("records"))
    if isinstance(value, datetime | date):
        return None if value != value else value.isoformat()  # NaT differs from itself
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return jsonable(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write_csv(table: pd.DataFrame, path: Path, **options: Any) -> None:
    """The table as CSV, whole or not at all; names that a spreadsheet would run as formulas get an apostrophe in front.

    options: of `DataFrame.to_csv`. Raises OSError.
    """
    plain = table.rename(columns=lambda name: harmless(str(name)))
    replace(path, lambda partial: plain.to_csv(partial, **options))


def harmless(name: str) -> str:
    """A name that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def write_page(figure: go.Figure, path: Path) -> Path:
    """The figure as one HTML file that needs no network; returns `path`. Raises OSError."""
    replace(path, lambda partial: figure.write_html(partial, include_plotlyjs=True))
    return path


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
