"""coldaisle ingest: exports into the store."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, progress_console
from pipelines.errors import IngestError


def ingest(
    site: SiteOption,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="CSV or Parquet exports")
    ] = None,
    home: HomeOption = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Read the files again and derive every day anew")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read exports into the site's store: all of them or, on an error, none."""
    from rich.progress import Progress

    from pipelines.ingest import ingest_files
    from pipelines.site import find_site
    from pipelines.store import Store

    if not files and not rebuild:
        raise IngestError(
            "no file was given; name the exports to ingest, or --rebuild to derive the store anew"
        )
    settings = open_home(home)
    found = find_site(site, settings)
    with Progress(console=progress_console, transient=True) as bar:
        task = bar.add_task("ingest", total=1.0)
        report = ingest_files(
            found,
            files or [],
            Store(settings.store, found),
            rebuild=rebuild,
            progress=lambda what, share: bar.update(task, description=what, completed=share),
        )
    emit(report.as_dict(), as_json, _show)


def _show(report: dict[str, Any], console: Console) -> None:
    table = Table(title=f"ingest of {report['site']}")
    for name in (
        "file",
        "source",
        "rows",
        "readings",
        "quarantined",
        "first (UTC)",
        "last (UTC)",
        "tags ignored",
    ):
        table.add_column(
            name, justify="right" if name in ("rows", "readings", "quarantined", "tags ignored") else "left"
        )
    for file in report["files"]:
        table.add_row(
            file["name"], file["source"], f"{file['rows']:,}",
            "unchanged" if file["unchanged"] else f"{file['readings']:,}",
            f"{sum(file['quarantined'].values()):,}", _time(file["first"]), _time(file["last"]),
            str(len(file["ignored"])),
        )  # fmt: skip
    console.print(table)
    for reason, count in report["quarantined"].items():
        console.print(f"  quarantined {count:>9,}  {reason}")
    for warning in [
        *report["warnings"],
        *(warning for file in report["files"] for warning in file["warnings"]),
    ]:
        console.print(f"  note: {warning}", soft_wrap=True)
    console.print(
        f"  {len(report['days_written'])} days written" if report["days_written"] else "  nothing changed"
    )


def _time(value: Any) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M}"
