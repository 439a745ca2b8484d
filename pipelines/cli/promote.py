"""`coldaisle promote`: make a registered version of a model the champion."""

from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, opened, person


def promote(
    site: SiteOption,
    kind: Annotated[
        Literal["efficiency", "cascade", "twin", "horizon"], typer.Option("--kind", help="Kind of model")
    ],
    by: Annotated[str, typer.Option("--by", help="Who promotes it")],
    why: Annotated[str, typer.Option("--why", help="Why")],
    version: Annotated[int | None, typer.Option("--version", min=1, help="Number of the version")] = None,
    challenger: Annotated[bool, typer.Option("--challenger", help="The present challenger")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version of a model the champion, whatever its errors; name and reason are kept with it."""
    from pipelines.console.prepare import prepare
    from pipelines.operations.promotion import order_promotion

    if challenger == (version is not None):
        raise typer.BadParameter("give either --version N or --challenger")
    settings = open_home(home)
    described, operations = opened(site, home)
    result = order_promotion(
        operations, described, kind, settings, version=version, by=person(home, by), why=why
    )
    prepare(described, settings, ("models",))
    emit(result, as_json, show)


def show(result: dict[str, Any], console: Console) -> None:
    """The new champion and what it replaced."""
    replaced = f"replaces version {result['replaced']}" if result["replaced"] else "is the first"
    console.print(
        f"{result['model']} version {result['version']} is champion and {replaced} ({result['by']}: {result['why']})",
        markup=False,
        soft_wrap=True,
    )
    console.print("A running coldaisle serve takes it at its next start.", markup=False)
