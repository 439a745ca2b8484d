"""Speed of the console: processor time of the first page, interactions, memory of ten sessions, a fleet of 200 sites.

A year of 5-minute data for 50 points. The time of an interaction is from the click to the end of the server's answer,
in a real browser (Debian's chromium); its processor time is the server's. Made once in $TMPDIR/coldaisle-console.
"""

import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from pipelines.config import Settings
from pipelines.console.prepare import prepare
from pipelines.console.tables import FORMAT, Tables
from pipelines.operations.alive import Sign
from pipelines.operations.ledger import Operations
from pipelines.site.file import load_site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.store import Store
from tests.dashboards.browser import new_page, opened_browser, served, settle

FOLDER = Path(tempfile.gettempdir()) / "coldaisle-console"
DAYS, STEP = 365, pd.Timedelta(minutes=5)
SESSIONS, SITES, ROUNDS = 10, 200, 4
PAGES = ("", "recommendation", "what-if", "savings", "models", "data", "modes", "alarms", "fleet")

PERIODS = ("day", "30 days", "year", "week")
LINKS = ("Recommendation", "Savings", "Models", "Data", "Trials and modes", "Alarms", "Fleet", "Now")

_HEAD = """
name = "bench"
title = "Benchmark"
interval_minutes = 5
[location]
latitude = 39.0
longitude = -77.5
time_zone = "America/New_York"
[meters]
it = ["it_power_kw"]
cooling = ["chiller_kw"]
facility = ["facility_power_kw"]
pue_category = 2
boundary = "benchmark"
[[sources]]
name = "historian"
files = ["*.csv"]
time_column = "time"
time_zone = "UTC"
interval_minutes = 5
"""
_SETPOINT = """
[[setpoints]]
tag = "CHWS_SP"
min = 6.0
max = 14.0
slew_per_hour = 2.0
default = 8.0
"""


def run() -> list[dict]:
    """Rows of what was measured."""
    home = _home()
    rows: list[dict] = []
    with served(home) as address, opened_browser() as browser:
        server = _server(address)
        page = new_page(browser)
        before = _processor_s(server)
        started = time.perf_counter()
        page.goto(f"{address}/?site=bench")
        settle(page)
        page.locator(".js-plotly-plot").first.wait_for(state="attached")
        rows.append(_row("first page, server's processor time", _processor_s(server) - before, "s", 2.0))
        rows.append(_row("first page, until it is drawn", time.perf_counter() - started, "s", None))
        times_s, processor_s = _interactions(page, server, address)
        rows.append(_row("interaction, 95th percentile", float(np.quantile(times_s, 0.95)), "s", 0.5))
        rows.append(_row("interaction, median", float(np.median(times_s)), "s", None))
        rows.append(_row("interaction, processor time, mean", processor_s / len(times_s), "s", None))
        rows.append(_row("interactions", len(times_s), "", None))
        pages = [page, *(new_page(browser) for _ in range(SESSIONS - 1))]
        for number, each in enumerate(pages):
            for name in ("", PAGES[1 + number % (len(PAGES) - 1)], ""):
                each.goto(f"{address}/{name}?site=bench")
                settle(each)
        rows.append(_row(f"memory of {SESSIONS} sessions", _memory_mib(server), "MiB", 600.0))
        for each in pages:
            each.close()
        page = new_page(browser)
        before, started = _processor_s(server), time.perf_counter()
        page.goto(f"{address}/fleet")
        settle(page)
        what = f"fleet of {SITES + 1} sites, server's processor time"
        rows.append(_row(what, _processor_s(server) - before, "s", None))
        rows.append(
            _row(f"fleet of {SITES + 1} sites, until it is drawn", time.perf_counter() - started, "s", 2.0)
        )
    return rows


def _row(what: str, value: float, unit: str, asked: float | None) -> dict:
    return {"what": what, "is": value, "unit": unit, "asked below": asked}


def _interactions(page, server: psutil.Process, address: str) -> tuple[list[float], float]:
    """Seconds of each interaction, and processor time of all."""
    page.evaluate(_WATCH)
    before, times_s = _processor_s(server), []
    for _ in range(ROUNDS):
        clicked = [page.get_by_role("radio", name=each, exact=True).first for each in PERIODS]
        clicked += [page.get_by_role("link", name=each, exact=True) for each in LINKS]
        times_s += [_timed(page, each) for each in clicked]
    return times_s, _processor_s(server) - before


# When the server's last answer was complete: the state that Streamlit shows on its outermost element.
_WATCH = """() => {
  const app = document.querySelector('[data-testid=stApp]')
  window.endedAt = 0
  new MutationObserver(() => {
    if (app.getAttribute('data-test-script-state') === 'notRunning') window.endedAt = performance.now()
  }).observe(app, {attributes: true, attributeFilter: ['data-test-script-state']})
}"""


def _timed(page, what) -> float:
    what.wait_for()
    page.wait_for_timeout(400)
    clicked = page.evaluate("() => { window.endedAt = 0; return performance.now() }")
    what.click()
    page.wait_for_function("() => window.endedAt > 0", polling=20)
    page.wait_for_timeout(150)  # a page that runs twice has ended after the second time
    return (page.evaluate("() => window.endedAt") - clicked) / 1e3


def _server(address: str) -> psutil.Process:
    """The process that listens at an address."""
    port = int(address.rsplit(":", 1)[1])
    for each in psutil.net_connections("tcp"):
        if each.status == psutil.CONN_LISTEN and each.laddr.port == port and each.pid:
            return psutil.Process(each.pid)
    raise RuntimeError(f"nothing listens at {address}")


def _processor_s(server: psutil.Process) -> float:
    times = server.cpu_times()
    return times.user + times.system


def _memory_mib(server: psutil.Process) -> float:
    return server.memory_full_info().uss / 2**20


def _home() -> Path:
    settings = Settings(home=FOLDER)
    site = settings.sites / "bench.toml"
    if not (FOLDER / "made").exists():
        settings.sites.mkdir(parents=True, exist_ok=True)
        values = _values()
        site.write_text(_site(list(values)))
        values.to_csv(FOLDER / "year.csv", date_format="%Y-%m-%dT%H:%M", float_format="%.2f")
        ingest_files(load_site(site), [FOLDER / "year.csv"], Store(settings.store, load_site(site)))
        (FOLDER / "made").touch()
    _prepare(settings, load_site(site))
    return FOLDER


def _prepare(settings: Settings, site) -> None:
    prepare(site, settings, ("telemetry", "quality", "carried_out", "overview"))
    tables, now = Tables(settings, site.name), datetime.now(UTC)
    end = pd.Timestamp((tables.read("telemetry") or {})["end"])
    times = pd.date_range(end - pd.Timedelta(days=31), end, freq=STEP, inclusive="left", name="time")
    predicted = pd.DataFrame(
        {"predicted": 1.3, "lower": 1.28, "upper": 1.32, "in_support": True}, index=times
    )
    tables.write_frame("predicted", predicted)
    latest = {"predicted": 1.3, "lower": 1.28, "upper": 1.32}
    tables.write("prediction", {"why_not": "", "until": end, "latest": latest})
    Sign(settings, site.name, "loop").show("stopped")
    operations = Operations.of(settings, site.name)
    if operations.latest_decision() is None:
        body = {"values": {"CHWS_SP": 8.5}, "goal": {"CHWS_SP": 10.0}, "present": {"CHWS_SP": 8.0}}
        for k in range(2_000):
            at = now - timedelta(minutes=15 * k)
            operations.add_decision(at=at, mode="advise", source="model", reason="", written=False, body=body)
    for k in range(SITES):
        overview = {
            "format": FORMAT, "title": f"Site {k}", "zone": "UTC", "stale_after_minutes": 30, "figure_name": "PUE2",
            "figure": 1.3, "facility_kw": 900.0, "cooling_kw": 150.0, "ends_at": now.isoformat(), "missed": {"kwh": k},
        }  # fmt: skip
        folder = settings.console / f"site-{k}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "overview.json").write_text(json.dumps(overview))


def _values() -> pd.DataFrame:
    """A year of 50 points that ends today."""
    random = np.random.default_rng(0)
    end = pd.Timestamp.now(tz="UTC").floor("1D").tz_localize(None)
    times = pd.date_range(end - pd.Timedelta(days=DAYS), end, freq=STEP, inclusive="left", name="time")
    day = np.sin(2.0 * np.pi * np.arange(len(times)) / 288.0)

    def noisy(mean: float, swing: float, noise: float) -> np.ndarray:
        return mean + swing * day + random.normal(0.0, noise, len(times))

    columns = {
        "IT": noisy(700.0, 50.0, 3.0),
        "FACILITY": noisy(930.0, 70.0, 4.0),
        "CHWS_SP": np.full(len(times), 8.0),
    }
    columns |= {f"CH{k}": noisy(40.0, 5.0, 1.0) for k in range(4)}
    columns |= {f"RACK{k:02d}": noisy(22.0, 1.0, 0.1) for k in range(30)}
    columns |= {"DRYBULB": noisy(15.0, 6.0, 0.3), "WETBULB": noisy(11.0, 3.0, 0.3)}
    columns |= {f"CHWS{k}": noisy(8.0, 0.5, 0.05) for k in range(50 - len(columns))}
    return pd.DataFrame(columns, index=times)


def _site(tags: list[str]) -> str:
    quantities = {
        "IT": ("it_power_kw", "kW"), "FACILITY": ("facility_power_kw", "kW"), "CHWS_SP": ("chw_supply_sp_c", "degC"),
        "DRYBULB": ("outdoor_drybulb_c", "degC"), "WETBULB": ("outdoor_wetbulb_c", "degC"),
    }  # fmt: skip
    prefixes = {
        "CHWS": ("chw_supply_c", "degC"),
        "CH": ("chiller_kw", "kW"),
        "RACK": ("rack_inlet_c", "degC"),
    }
    points = []
    for tag in tags:
        alone = tag in quantities
        quantity, unit = (
            quantities[tag] if alone else next(v for k, v in prefixes.items() if tag.startswith(k))
        )
        equipment = "" if alone else f'equipment = "{tag.lower()}"\n'
        points.append(
            f'[[points]]\ntag = "{tag}"\nsource = "historian"\nquantity = "{quantity}"\nunit = "{unit}"\n{equipment}'
        )
    return _HEAD + "\n".join(points) + _SETPOINT
