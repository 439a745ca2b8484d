"""`coldaisle dashboard`: the operators' console."""

import ipaddress
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.common import HomeOption
from pipelines.errors import ColdaisleError

APP = Path(__file__).resolve().parents[2] / "dashboards" / "app.py"
PREPARE_EVERY_S = 60.0
LOCAL = ("localhost", "127.0.0.1", "::1")


class DashboardError(ColdaisleError):
    """An address that the console may not be served at."""


def dashboard(
    port: Annotated[int, typer.Option("--port", help="TCP port", min=1, max=65535)] = 8501,
    address: Annotated[str, typer.Option("--address", help="Address to listen on")] = "127.0.0.1",
    host: Annotated[
        list[str] | None, typer.Option("--host", help="Name under which browsers or a proxy ask for it")
    ] = None,
    prepare: Annotated[
        bool, typer.Option("--prepare/--no-prepare", help="Keep the pages' tables up to date")
    ] = True,
    home: HomeOption = None,
) -> None:
    """Serve the operators' console, on this machine only unless told otherwise."""
    from pipelines.config import settings

    chosen = settings(home)
    if chosen.sign_in == "none" and not _loopback(address):
        raise DashboardError(
            f"the console listens beyond this machine ({address}) only where people sign in; set COLDAISLE_SIGN_IN to "
            "oidc or headers (docs/console.md), or leave --address out"
        )
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    environment = os.environ | {"COLDAISLE_HOME": str(chosen.home.resolve())}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(APP),
        *options(chosen, address, port, host or []),
    ]
    server = subprocess.Popen(command, env=environment)
    typer.echo(f"console: http://{address}:{port}", err=True)
    try:
        _wait(server, environment, stop, prepare)
    finally:
        server.terminate()
        server.wait(timeout=20)
    raise typer.Exit(0 if stop.is_set() else server.returncode or 1)


def options(chosen, address: str, port: int, hosts: list[str]) -> list[str]:
    """Options of Streamlit: no developer's tools, no statistics, no address but the one asked for."""
    given = {
        "server.address": address, "server.port": port, "server.headless": "true", "server.fileWatcherType": "none",
        "server.enableXsrfProtection": "true", "browser.gatherUsageStats": "false", "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none", "server.enableStaticServing": "false", "server.maxUploadSize": 5,
        "runner.magicEnabled": "false", "server.disconnectedSessionTTL": 60,
        **THEME,
    }  # fmt: skip
    allowed = [*LOCAL, *hosts, *([address] if address not in ("0.0.0.0", "::") else [])]
    secrets = chosen.home / "secrets.toml"
    return [
        *(f"--{name}={value}" for name, value in given.items()),
        *(f"--server.allowedHosts={name}" for name in dict.fromkeys(allowed)),
        *([f"--secrets.files={secrets.resolve()}"] if secrets.exists() else []),
    ]


# Text and lines keep a contrast of 4.5 to 1 on their ground in both.
THEME = {
    "theme.light.primaryColor": "#0b5f8a", "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#eef3f6", "theme.light.textColor": "#16242d",
    "theme.dark.primaryColor": "#6cc0ea", "theme.dark.backgroundColor": "#10181d",
    "theme.dark.secondaryBackgroundColor": "#1a262d", "theme.dark.textColor": "#e8eef2",
}  # fmt: skip


def _wait(
    server: subprocess.Popen, environment: dict[str, str], stop: threading.Event, prepare: bool
) -> None:
    """Until told to stop, or the server ends; tables that are behind are prepared by a process of their own."""
    work: subprocess.Popen | None = None
    waited_s = PREPARE_EVERY_S
    try:
        while not stop.is_set() and server.poll() is None:
            if prepare and waited_s >= PREPARE_EVERY_S and (work is None or work.poll() is not None):
                command = [sys.executable, "-m", "pipelines.cli", "prepare", "--behind", "--json"]
                work = subprocess.Popen(
                    command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
                waited_s = 0.0
            stop.wait(1.0)
            waited_s += 1.0
    finally:
        if work is not None and work.poll() is None:
            work.terminate()


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
