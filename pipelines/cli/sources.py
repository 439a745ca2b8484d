"""`coldaisle ingest --fetch`: what a site's sources have, into its inbox and into the store."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from pipelines.cli.common import emit
from pipelines.config import Settings
from pipelines.errors import SourceError

if TYPE_CHECKING:
    from pipelines.site.file import Site

BEFORE_ANY = pd.Timedelta(days=1)  # where the store is empty and no start is given


def fetch_and_ingest(
    site: "Site", settings: Settings, start: pd.Timestamp | None, end: pd.Timestamp | None, as_json: bool
) -> None:
    """Fetch, ingest and say what came; exit code 2 where a source failed or a file was refused.

    Raises SourceError where the site has no source to fetch, and what `fetch` and `ingest_inbox` raise.
    """
    from pipelines.connectors import fetch, fetched_sources
    from pipelines.console.prepare import prepare
    from pipelines.telemetry.inbox import ingest_inbox
    from pipelines.telemetry.store import Store

    if not fetched_sources(site):
        raise SourceError(
            f"no source of site {site.name} has a kind to fetch; give one kind and address (docs/sources.md)"
        )
    until = end if end is not None else pd.Timestamp(datetime.now(UTC))
    store = Store(settings.store, site)
    known = store.span() if start is None else None
    since = start if start is not None else known[1] if known else until - BEFORE_ANY
    if not since < until:
        raise SourceError(
            f"--from ({since:%Y-%m-%d %H:%M}) must lie before --to ({until:%Y-%m-%d %H:%M}); correct them"
        )
    report = fetch(site, settings, start=since.to_pydatetime(), end=until.to_pydatetime())
    ingested = ingest_inbox(site, settings)
    prepare(site, settings, ("telemetry", "overview"))
    emit({"fetched": report.as_dict(), "ingested": ingested.as_dict()}, as_json, _show)
    if report.failed or ingested.refused:
        raise typer.Exit(2)


def _show(result: dict[str, Any], console: Console) -> None:
    fetched, ingested = result["fetched"], result["ingested"]
    period = " to ".join(f"{fetched[name]:%Y-%m-%d %H:%M}" for name in ("start", "end"))
    table = Table(title=f"fetched for {fetched['site']}, {period} UTC", box=SIMPLE_HEAD)
    for name in ("source", "kind", "files", "bytes", "unchanged", "empty", "latest reading (UTC)"):
        table.add_column(name, justify="left" if name in ("source", "kind") else "right")
    for source in fetched["sources"]:
        newest = source["newest"]
        latest = "" if newest is None else f"{newest:%Y-%m-%d %H:%M}{' stale' if source['stale'] else ''}"
        counts = (len(source["files"]), source["size_bytes"], source["unchanged"], source["empty"])
        table.add_row(source["source"], source["kind"], *(f"{count:,}" for count in counts), latest)
    console.print(table)
    for source in fetched["sources"]:
        if source["error"]:
            console.print(f"  failed: {source['error']}", soft_wrap=True, markup=False)
    for name, why in ingested["refused"].items():
        console.print(f"  refused: {name}: {why}", soft_wrap=True, markup=False)
    console.print(
        f"  {ingested['readings']:,} readings ingested" if ingested["changed"] else "  nothing changed"
    )
