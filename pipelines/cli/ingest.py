"""coldaisle ingest: exports into the store."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, progress_console, utc
from pipelines.cli.sources import fetch_and_ingest
from pipelines.errors import IngestError


def ingest(
    site: SiteOption,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...", help="Exports: CSV, Parquet, Excel, JSON lines, also in gzip or zip"
        ),
    ] = None,
    home: HomeOption = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Read the files again and derive every day again")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="The files are corrections: they may change most of what is there"),
    ] = False,
    fetched: Annotated[
        bool, typer.Option("--fetch", help="Bring what the site's sources have, then ingest its inbox")
    ] = False,
    start: Annotated[
        datetime | None, typer.Option("--from", help="Fetch from here, UTC; by default the end of the store")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", help="Fetch up to here, UTC; by default now")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing, say what would change")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read exports into the site's store: all of them or, on an error, none."""
    from rich.progress import Progress

    from pipelines.console.prepare import prepare
    from pipelines.site.file import find_site
    from pipelines.telemetry.ingest import ingest_files
    from pipelines.telemetry.quality.findings import noticed_after_ingest
    from pipelines.telemetry.store import Store

    if fetched:
        if files or rebuild or replace or dry_run:
            raise IngestError(
                "--fetch goes with --from and --to only; delete the other arguments, or --fetch"
            )
        fetch_and_ingest(find_site(site, open_home(home)), open_home(home), utc(start), utc(end), as_json)
        return
    if not files and not rebuild:
        raise IngestError(
            "no file was given; name the exports to ingest, --fetch to bring what the sources have, or --rebuild "
            "to derive the store again"
        )
    settings = open_home(home)
    loaded = find_site(site, settings)
    store = Store(settings.store, loaded)
    with Progress(console=progress_console, transient=True) as bar:
        task = bar.add_task("ingest", total=1.0)
        report = ingest_files(
            loaded,
            files or [],
            store,
            rebuild=rebuild,
            replace=replace,
            dry_run=dry_run,
            progress=lambda what, share: bar.update(task, description=what, completed=share),
        )
        if not dry_run:
            bar.update(task, description="looking at what was written")
            report.findings = noticed_after_ingest(loaded, store, report.days_written)
            prepare(loaded, settings, ("telemetry", "overview"))
    emit(report.as_dict(), as_json, _show)


def _show(report: dict[str, Any], console: Console) -> None:
    dry = "dry run, nothing was changed: " if report["dry_run"] else ""
    table = Table(title=f"{dry}ingest of {report['site']}", box=SIMPLE_HEAD)
    for name in ("file", "rows", "readings", "new", "replaced", "quarantined", "from (UTC)", "to (UTC)"):
        table.add_column(
            name, justify="left" if name in ("file", "from (UTC)", "to (UTC)") else "right", overflow="fold"
        )
    for file in report["files"]:
        readings = "unchanged" if file["unchanged"] else f"{file['readings']:,}"
        quarantined = f"{sum(file['quarantined'].values()):,}"
        dates = (_date(file[end]) for end in ("first", "last"))
        counts = ("", "") if file["unchanged"] else (f"{file['new']:,}", f"{file['replaced']:,}")
        table.add_row(file["name"], f"{file['rows']:,}", readings, *counts, quarantined, *dates)
    console.print(table)
    for reason, count in report["quarantined"].items():
        console.print(f"  quarantined {count:>9,}  {reason}")
    for note in _notes(report):
        console.print(f"  note: {note}", soft_wrap=True, markup=False)
    for finding in report["findings"]:
        console.print(f"  suspect: {finding}", soft_wrap=True, markup=False)
    days = len(report["days_written"])
    written = "would be written" if report["dry_run"] else "written"
    console.print(f"  {days} {'day' if days == 1 else 'days'} {written}" if days else "  nothing changed")


def _notes(report: dict[str, Any]) -> list[str]:
    from pipelines.exports import listed

    notes = list(report["warnings"])
    for file in report["files"]:
        notes += file["warnings"]
        if file["ignored"]:
            notes.append(f"{file['name']}: no point names {listed(file['ignored'])}")
    return notes


def _date(value: Any) -> str:
    return "" if value is None else f"{value:%Y-%m-%d}"
