"""The pages as an operator sees them: Streamlit served, Debian's chromium driven."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.operations.standing_orders import standing
from pipelines.site.file import load_site
from tests.dashboards.conftest import decide

CHROMIUM = Path("/usr/bin/chromium")
APP = Path(__file__).resolve().parents[2] / "dashboards" / "app.py"
START_S = 60
RENDER_MS = 60_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed: apt-get install chromium"),
]


@pytest.fixture
def address(settings, operations, telemetry):
    operations.order("mode", by="Ana", why="trial", body={"from": "shadow", "to": "advise"})
    decide(operations, load_site(settings.sites / "plant.toml"), datetime.now(UTC))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    options += ["--browser.gatherUsageStats=false", "--server.fileWatcherType=none"]
    environment = os.environ | {"COLDAISLE_HOME": str(settings.home), "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "streamlit", "run", str(APP), *options]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_served(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_served(address: str, server: subprocess.Popen) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert server.poll() is None, "streamlit ended by itself"
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"streamlit was not up after {START_S} s")


@pytest.fixture
def page(address):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1100})
        page.set_default_timeout(RENDER_MS)
        page.goto(address)
        yield page
        browser.close()


def keep_picture(page, name: str) -> None:
    """Keep a picture where COLDAISLE_SCREENSHOTS says, for a person to look at."""
    folder = os.environ.get("COLDAISLE_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / name))


def test_operator_sees_the_figure_accepts_and_looks_at_control_and_data_quality(page, operations):
    page.get_by_role("heading", name="North plant").wait_for()
    page.locator(".js-plotly-plot .scatterlayer path.js-line").first.wait_for(state="attached")
    page.get_by_text("warmer chilled water lowers the chiller's lift").wait_for()
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Why").fill("a quiet afternoon")
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("Accepted by Ana at").wait_for()
    keep_picture(page, "now.png")
    order = standing(operations.orders(), datetime.now(UTC)).accepted
    assert (order.by, order.body) == ("Ana", {"decision": 1})

    page.get_by_role("link", name="Control").click()
    page.get_by_role("heading", name="Control").wait_for()
    page.get_by_text("Accepted by Ana at").wait_for()
    keep_picture(page, "control.png")

    page.get_by_role("link", name="Data quality").click()
    page.get_by_role("heading", name="Data quality").wait_for()
    page.locator(".js-plotly-plot .heatmaplayer image").first.wait_for(state="attached")
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    keep_picture(page, "quality.png")
