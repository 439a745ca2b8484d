"""Shared by all commands: --home, --json, progress on standard error."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console

from pipelines.compilation_cache import keep_compiled
from pipelines.config import Settings, settings
from pipelines.files import jsonable

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of all data; by default $COLDAISLE_HOME, else .coldaisle"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output")]
SiteOption = Annotated[str, typer.Option("--site", help="A site's name, or the path of its .toml file")]

progress_console = Console(stderr=True)


def open_home(home: Path | None) -> Settings:
    """Settings, with the home folder created and JAX's compilation cache in it."""
    opened = settings(home)
    opened.home.mkdir(parents=True, exist_ok=True)
    keep_compiled(opened)
    return opened


def utc(time: datetime | None) -> pd.Timestamp | None:
    """A time option as UTC; without a zone it is taken as UTC, as all times of the store are."""
    if time is None:
        return None
    stamp = pd.Timestamp(time)
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")


def emit(result: dict[str, Any], as_json: bool, show: Callable[[dict[str, Any], Console], None]) -> None:
    """Print a command's result: one JSON document, or what `show` draws for a person."""
    if as_json:
        typer.echo(json.dumps(jsonable(result), indent=2, allow_nan=False))
    else:
        # a pipe has no width: tables then get a fixed one
        show(result, Console() if sys.stdout.isatty() else Console(width=150))


def opened(site: str, home: Path | None) -> tuple[Any, Any]:
    """A site and its ledger."""
    from pipelines.operations.ledger import Operations
    from pipelines.site.file import find_site

    settings = open_home(home)
    described = find_site(site, settings)
    return described, Operations.of(settings, described.name)


def person(home: Path | None, name: str) -> Any:
    """Whoever gives an order on the command line; see `pipelines.operations.access.on_shell`."""
    from pipelines.operations.access import on_shell

    return on_shell(settings(home), name)


def say(line: str) -> None:
    """A line of progress on standard error."""
    progress_console.print(line, style="dim", markup=False)
