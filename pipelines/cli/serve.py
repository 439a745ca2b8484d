"""`coldaisle serve` and `coldaisle watchdog`: the control loop and its watchdog."""

import logging
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, utc
from pipelines.errors import ColdaisleError

FAILED = 1  # exit code of a single turn that could not decide, write or record as it should


class EveryError(ColdaisleError):
    """A period that cannot be used."""


def serve(
    site: SiteOption,
    once: Annotated[
        bool, typer.Option("--once", help="One turn, then exit; exit code 1 where something was wrong")
    ] = False,
    every: Annotated[str, typer.Option("--every", help="e.g. 15min, 1h")] = "15min",
    at: Annotated[datetime | None, typer.Option("--at", help="With --once: UTC, in place of now")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide setpoints as telemetry comes in: shadow (record only), advise (write what is accepted) or auto (write)."""
    from pipelines.console.prepare import Preparer
    from pipelines.operations.gateway import Outbox
    from pipelines.operations.heartbeat import Pulse
    from pipelines.operations.loop import Server
    from pipelines.operations.service import serve as run
    from pipelines.operations.service import stop_on_signals
    from pipelines.site.file import find_site

    period = parsed_period(every)
    settings = open_home(home)
    loaded = find_site(site, settings)
    pulse = Pulse(settings.heartbeat, loaded.name)
    server = Server(loaded, settings, Outbox(settings.outbox, loaded), every=period)
    preparer = Preparer(loaded, settings)
    if once:
        moment = utc(at)
        step = server.step(datetime.now(UTC) if moment is None else moment.to_pydatetime())
        pulse.beat("well")
        emit(step.as_dict(), as_json, show)
        preparer.start()
        preparer.wait()
        if step.trouble or step.refused or step.decision is None:
            raise typer.Exit(FAILED)
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    stop = threading.Event()
    stop_on_signals(stop)

    def report(step: Any) -> None:
        emit(step.as_dict(), as_json, show)
        preparer.start()

    run(server, pulse, timeout_s=loaded.safety.heartbeat_timeout_s, stop=stop, report=report)


def watchdog(site: SiteOption, home: HomeOption = None) -> None:
    """Receive the control loop's heartbeats; when they stop, move the plant to the site's own rule and record it."""
    from pipelines.operations.gateway import Outbox
    from pipelines.operations.heartbeat import Ear
    from pipelines.operations.service import stop_on_signals
    from pipelines.operations.watchdog import Watchdog, watch
    from pipelines.site.file import find_site

    settings = open_home(home)
    loaded = find_site(site, settings)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ear, stop = Ear(settings.heartbeat, loaded.name), threading.Event()
    stop_on_signals(stop)
    typer.echo(f"watching {loaded.name} at {ear.address}", err=True)
    watch(Watchdog(loaded, settings, Outbox(settings.outbox, loaded)), ear, stop=stop)


def parsed_period(text: str) -> timedelta:
    """A period such as 15min, 1h or 90s, from 10 s to an hour."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|min|h)", text.strip())
    seconds = float(match[1]) * {"s": 1.0, "min": 60.0, "h": 3600.0}[match[2]] if match else 0.0
    if not 10.0 <= seconds <= 3600.0:
        raise EveryError(f'--every must be 10s to 1h, found "{text}"; write e.g. 15min')
    return timedelta(seconds=seconds)


def show(step: dict[str, Any], console: Console) -> None:
    """One turn in a few lines."""
    console.print(f"{step['at']:%Y-%m-%d %H:%M} UTC [bold]{step['mode']}[/bold], by {step['source']}: "
                  f"{escape(step['reason'])}", soft_wrap=True)  # fmt: skip
    shown = step["written"] or step["values"]
    verb = "written" if step["written"] else "not written"
    console.print(f"  {verb}: " + ", ".join(f"{tag} {value:.2f}" for tag, value in shown.items()))
    if step["saving_kw"] is not None:
        console.print(f"  expected saving at the goal: {step['saving_kw']:.1f} kW")
    for line in (*step["refused"], *step["notices"], *step["trouble"]):
        console.print(f"  {escape(line)}", style="yellow", soft_wrap=True)
