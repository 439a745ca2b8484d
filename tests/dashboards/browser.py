"""The console served as users serve it, and Debian's chromium to look at it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.places import PROJECT

CHROMIUM = Path("/usr/bin/chromium")
START_S = 60
RENDER_MS = 60_000

needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="chromium is not installed: apt-get install chromium"
)


@contextmanager
def served(home: Path, *, port: int | None = None, **environment: str) -> Iterator[str]:
    """The address of a console of a home, while it is served."""
    port = free_port() if port is None else port
    command = ["dashboard", "--port", str(port), "--no-prepare", "--home", str(home)]
    server = started(home, *command, **environment)
    try:
        wait_until_served(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def started(home: Path, *arguments: str, **environment: str) -> subprocess.Popen:
    """A coldaisle command in a process of its own."""
    given = (
        os.environ
        | {"COLDAISLE_HOME": str(home), "JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "1"}
        | environment
    )
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    return subprocess.Popen(
        command, cwd=PROJECT, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def wait_until_served(address: str, server: subprocess.Popen) -> None:
    """Until the console answers."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert server.poll() is None, "the console ended by itself"
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"the console was not up after {START_S} s")


@contextmanager
def opened_browser() -> Iterator:
    """Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


def new_page(
    browser,
    *,
    width: int = 1280,
    height: int = 800,
    scheme: str = "light",
    headers: dict[str, str] | None = None,
):
    """A page of a session of its own; headers: sent with every request, as a proxy would."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        accept_downloads=True,
    )
    page = context.new_page()
    page.set_default_timeout(RENDER_MS)
    return page


def settle(page) -> None:
    """Until a page has run to its end."""
    page.wait_for_selector("h1")
    page.wait_for_function(
        "!document.querySelector('[data-testid=stStatusWidget]') && !document.querySelector('[data-stale=true]')"
    )


def keep_picture(page, name: str) -> None:
    """Keep a picture where COLDAISLE_SCREENSHOTS says, for a person to look at."""
    folder = os.environ.get("COLDAISLE_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / name))
