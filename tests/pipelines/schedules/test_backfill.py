"""A year fetched window by window, in any order and some windows twice, is the year ingested at once."""

import os
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from pipelines.config import Settings
from pipelines.schedules.ingest import ingest_site
from pipelines.site.file import load_site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.store import Store

pytestmark = pytest.mark.slow

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 365
WINDOW_DAYS = int(os.environ.get("COLDAISLE_BACKFILL_WINDOW_DAYS", "14"))  # 1 takes minutes
FILE = """
name = "plant"
title = "Plant"
interval_minutes = 15
[location]
latitude = 50.1
longitude = 8.7
[meters]
cooling = ["chiller_kw"]
load = ["cooling_load_kw"]
boundary = "chiller only"
[[sources]]
name = "historian"
{arrival}
time_column = "time"
time_zone = "UTC"
[[points]]
tag = "LOAD_KW"
source = "historian"
quantity = "cooling_load_kw"
unit = "kW"
[[points]]
tag = "CH_KWH"
source = "historian"
quantity = "chiller_kw"
unit = "kWh"
reading = "counter"
[[points]]
tag = "CHWS_C"
source = "historian"
quantity = "chw_supply_c"
unit = "degC"
"""
DATABASE = 'kind = "sql"\naddress = "sqlite:///{path}"\nquery = "{query}"'
QUERY = (
    "SELECT time, LOAD_KW, CH_KWH, CHWS_C FROM readings WHERE time >= :start AND time < :end ORDER BY time"
)


def readings() -> pd.DataFrame:
    """A year with a counter, gaps, a sentinel and a stuck sensor: what crosses the edge of a window."""
    rng = np.random.default_rng(0)
    times = pd.date_range(FIRST, periods=DAYS * 96, freq="15min")
    load_kw = 1000.0 + 300.0 * np.sin(np.arange(len(times)) / 15.0) + rng.normal(0.0, 20.0, len(times))
    chws_c = 7.0 + rng.normal(0.0, 0.3, len(times))
    chws_c[5000:5400] = chws_c[5000]
    chws_c[9000] = -9999.0
    table = pd.DataFrame(
        {"LOAD_KW": load_kw, "CH_KWH": np.cumsum(0.05 * load_kw) % 1e6, "CHWS_C": chws_c},
        index=times.rename("time"),
    )
    return table.drop(table.index[20_000:20_150]).round(3)


def described(folder, arrival) -> Settings:
    settings = Settings(home=folder)
    settings.sites.mkdir(parents=True)
    (settings.sites / "plant.toml").write_text(FILE.format(arrival=arrival))
    return settings


def test_a_year_of_backfill_equals_the_year_at_once(tmp_path):
    table = readings()
    table.index = table.index.strftime("%Y-%m-%dT%H:%M:%SZ")
    with closing(sqlite3.connect(tmp_path / "historian.db")) as database:
        table.to_sql("readings", database)
    files = 'files = ["historian*.csv"]'
    at_once = described(tmp_path / "once", files)
    table.to_csv(tmp_path / "historian.csv")
    site = load_site(at_once.sites / "plant.toml")
    ingest_files(site, [tmp_path / "historian.csv"], Store(at_once.store, site))
    source = DATABASE.format(path=tmp_path / "historian.db", query=QUERY)
    settings = described(tmp_path / "windows", source)
    windows = [FIRST + timedelta(days=day) for day in range(0, DAYS, WINDOW_DAYS)]
    order = random.Random(0)
    windows += order.sample(windows, 5)
    order.shuffle(windows)
    for start in windows:
        end = start + timedelta(days=WINDOW_DAYS)
        ingest_site("plant", settings, start=start, end=end, last_try=True)
    filled = load_site(settings.sites / "plant.toml")
    stores = Store(at_once.store, site), Store(settings.store, filled)
    once, by_windows = (store.read() for store in stores)
    pd.testing.assert_frame_equal(once, by_windows)
    kept_out = [store.quarantine()[["time", "tag", "value", "reason"]] for store in stores]
    pd.testing.assert_frame_equal(*kept_out)
    assert stores[0].fingerprint() == stores[1].fingerprint()
