"""`coldaisle forecast`: the next hours of the figure, of powers and of the worst rack inlet, with 90 % intervals."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, say, utc
from pipelines.cli.scores import ahead


def forecast(
    site: SiteOption,
    hours: Annotated[int, typer.Option("--hours", help="How far ahead, 1 to 24")] = 24,
    at: Annotated[
        datetime | None, typer.Option("--at", help="UTC; forecast from what was known then, by default now")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the forecasts as a page")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forecast the next hours from the newest telemetry, and the day's highest hour of power."""
    from pipelines.learning.horizon.served import next_hours
    from pipelines.site.file import find_site

    settings = open_home(home)
    loaded = find_site(site, settings)
    report = next_hours(loaded, settings, at=utc(at), hours=hours)
    if html is not None:
        from pipelines.files import write_page
        from pipelines.learning.horizon.plot import forecast_figure

        say(f"wrote {write_page(forecast_figure(report), html)}")
    emit(report, as_json, show)


def show(report: dict[str, Any], console: Console) -> None:
    """A table of leads, a column for each target, and the day's peak."""
    told = {name: one for name, one in report["targets"].items() if one["leads"]}
    title = f"{report['site']}: forecast from telemetry to {report['known_at']:%Y-%m-%d %H:%M} UTC"
    table = Table("ahead", "UTC", title=title, caption="mean, and its 90 % interval")
    for one in told.values():
        table.add_column(f"{one['title']}{', ' * bool(one['unit'])}{one['unit']}", justify="right")
    if told:
        table.add_row(
            "now", f"{report['known_at']:%H:%M}", *(_number(one["present"]) for one in told.values())
        )
        for number, lead in enumerate(next(iter(told.values()))["leads"]):
            cells = (_cell(one["leads"][number]) for one in told.values())
            table.add_row(ahead(lead["lead_min"]), f"{lead['time']:%H:%M}", *cells)
        console.print(table)
    for one in report["targets"].values():
        if one["why_not"]:
            console.print(f"No forecast of {one['title']}: {one['why_not']}", markup=False)
    peak = report["peak"]
    if peak is not None:
        console.print(
            f"Highest hour of {peak['title']} within a day: {peak['mean']:,.0f} {peak['unit']}, 90 % interval "
            f"{peak['lower']:,.0f} to {peak['upper']:,.0f}, around {peak['around']:%H:%M} UTC"
        )
    console.print(
        f"Telemetry is {report['age_minutes']:.0f} min old; model {report['model']}, learned until "
        f"{report['learned_until']:%Y-%m-%d %H:%M} UTC",
        style="dim",
    )


def _cell(lead: dict[str, Any]) -> str:
    return f"{_number(lead['mean'])} ({_number(lead['lower'])} to {_number(lead['upper'])})"


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"
