"""`coldaisle prepare`: the tables that the pages read."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines.cli.common import HomeOption, JsonOption, emit, open_home, say

FAILED = 1


def prepare(
    site: Annotated[
        str, typer.Option("--site", help="A site's name; by default every site of the home")
    ] = "",
    behind: Annotated[
        bool, typer.Option("--behind", help="Only what is behind the store and the registry")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prepare the tables that the pages read: telemetry, quality, predictions, models, overview."""
    from pipelines.console import prepare as work
    from pipelines.console.fleet import sites_of
    from pipelines.errors import ColdaisleError
    from pipelines.site.file import find_site

    settings = open_home(home)
    failed: dict[str, dict[str, str]] = {}
    for name in [site] if site else sites_of(settings):
        try:
            loaded = find_site(name, settings)
            parts = work.behind(loaded, settings, datetime.now(UTC)) if behind else work.PARTS
        except (ColdaisleError, OSError) as error:
            failed[name] = {"site": str(error)}
            continue
        wrong = work.prepare(loaded, settings, parts, say=say)
        if wrong:
            failed[name] = wrong
    emit({"failed": failed}, as_json, _show)
    if failed and not behind:
        raise typer.Exit(FAILED)


def _show(result: dict[str, Any], console: Console) -> None:
    for name, parts in result["failed"].items():
        for part, why in parts.items():
            console.print(f"{name}, {part}: {why}", style="yellow", markup=False, soft_wrap=True)
    if not result["failed"]:
        console.print("prepared")
