"""Figures as pages."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from pipelines.errors import StoreError


def write_page(figure: go.Figure, path: Path) -> Path:
    """The figure as one HTML file that needs no network."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    figure.write_html(partial, include_plotlyjs=True)
    partial.replace(path)
    return path


def _write_durably(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as cause:
        raise StoreError(
            f"{path} cannot be written ({cause.strerror}); free space or correct its permissions and run this "
            f"again; the store is as before"
        ) from cause


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
