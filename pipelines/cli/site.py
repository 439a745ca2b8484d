"""`coldaisle site`: propose a site file from exports, and check one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli.common import HomeOption, JsonOption, emit, open_home
from pipelines.errors import SiteError
from pipelines.files import write_atomic

if TYPE_CHECKING:
    from pipelines.site.proposal.recognition import Guess

GUESSES_LEFT = 1  # exit code

app = typer.Typer(no_args_is_help=True)


@app.command()
def new(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Exports, CSV or Parquet")],
    name: Annotated[
        str | None, typer.Option(help="The site's name; by default from the first file's")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where to write; by default sites/NAME.toml in the home folder")
    ] = None,
    force: Annotated[bool, typer.Option(help="Replace an existing file")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing, even in a terminal")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose a site file from the head of its exports, each guess marked, for an engineer to finish.

    In a terminal it asks what it cannot know, most important first.
    """
    from pipelines.cli import site_questions
    from pipelines.site.proposal import propose_site

    proposal = propose_site(files, name)
    if not no_input and not as_json and site_questions.in_a_terminal():
        proposal = site_questions.ask(proposal, Console())
    path = output or open_home(home).sites / f"{proposal.name}.toml"
    write_new(path, proposal.text, force)
    result = {
        "site": proposal.name,
        "file": path,
        "recognised": [guess.tag for guess in proposal.guesses if guess.live],
        "not_recognised": [guess.tag for guess in proposal.guesses if not guess.live],
        "points": [_point(guess) for guess in proposal.guesses],
        "loads": proposal.site is not None,
        "unfinished": proposal.unfinished,
    }
    emit(result, as_json, _show_proposal)


@app.command()
def check(
    site: Annotated[str, typer.Argument(help="A site's name, or the path of its .toml file")],
    allow_guesses: Annotated[
        bool, typer.Option("--allow-guesses", help="Succeed even where values are still marked as guesses")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a site file, show what it describes, and list values that are still guesses (then exit code 1)."""
    from pipelines.config import settings
    from pipelines.site.file import load_site, site_path
    from pipelines.site.guesses import open_guesses

    path = site_path(site, settings(home))
    checked = load_site(path)
    guesses = open_guesses(path)
    result = {
        "site": checked.name,
        "title": checked.title,
        "interval_minutes": checked.interval_minutes,
        "sources": [source.name for source in checked.sources],
        "points": len(checked.points),
        "setpoints": [setpoint.tag for setpoint in checked.setpoints],
        "figure": f"PUE category {checked.meters.pue_category}"
        if checked.meters.it
        else "kW per kW of cooling",
        "boundary": checked.meters.boundary,
        "guesses": [str(guess) for guess in guesses],
    }
    emit(result, as_json, _show_check)
    if guesses and not allow_guesses:
        raise typer.Exit(GUESSES_LEFT)


def _point(guess: Guess) -> dict[str, Any]:
    return {
        "tag": guess.tag,
        "quantity": guess.quantity,
        "unit": guess.unit,
        "equipment": guess.equipment,
        "confidence": guess.confidence if guess.quantity else None,
        "in_file": guess.live,
        "why": guess.why,
    }


def write_new(path: Path, text: str, force: bool) -> None:
    """Write `text` whole or not at all. Raises SiteError where the file exists and not `force`."""
    if path.exists() and not force:
        raise SiteError(
            f"{path} exists and would be overwritten; name another with --output, or pass --force"
        )
    write_atomic(path, text)


def _show_proposal(result: dict[str, Any], console: Console) -> None:
    # Tags and [tables] stand in these lines: rich would take what is in brackets for its own markup.
    recognised, unknown = len(result["recognised"]), len(result["not_recognised"])
    console.print(
        f"Wrote {result['file']}: {recognised} of {recognised + unknown} columns recognised.",
        soft_wrap=True,
        markup=False,
    )
    sure = Counter(point["confidence"] for point in result["points"] if point["in_file"])
    levels = ", ".join(f"{sure[level]} {level}" for level in ("high", "medium", "low") if sure[level])
    console.print(
        f"How sure: {levels or 'none'}. Every guess is marked in it. To finish, most important first:",
        soft_wrap=True,
        markup=False,
    )
    for question in result["unfinished"]:
        console.print(f"  - {question}", soft_wrap=True, markup=False)
    if not result["loads"]:
        console.print(
            "The file does not load until [meters] and what is listed above it is filled in.", markup=False
        )
    console.print(f"Then: coldaisle site check {result['site']}", markup=False)


def _show_check(result: dict[str, Any], console: Console) -> None:
    setpoints = ", ".join(result["setpoints"]) or "none, so nothing can be recommended"
    console.print(f"[bold]{escape(result['site'])}[/bold]  {escape(result['title'])}")
    sources = ", ".join(result["sources"])
    console.print(f"every {result['interval_minutes']} min, {result['points']} points from {sources}")
    console.print(f"figure: {result['figure']} ({escape(result['boundary'])})")
    console.print(f"setpoints: {escape(setpoints)}")
    if result["guesses"]:
        console.print(
            f"{len(result['guesses'])} values are still guesses; correct each, then delete its mark, or pass "
            "--allow-guesses:",
            soft_wrap=True,
        )
    for guess in result["guesses"]:
        console.print(f"  - {escape(guess)}", soft_wrap=True)
