"""A small home: one site, three days of telemetry in a real store, and a ledger."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from pipelines.config import Settings
from pipelines.control.decision import Decision, Expectation, Settled
from pipelines.control.explanation import recommendation_of
from pipelines.operations.decision_body import add_decision
from pipelines.operations.ledger import Operations
from pipelines.site.file import Site, load_site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.store import Store

SITE = """
name = "plant"
title = "North plant"
interval_minutes = 15
[location]
latitude = 1.3
longitude = 103.8
[meters]
cooling = ["chiller_kw"]
load = ["cooling_load_kw"]
boundary = "chiller only"
[[sources]]
name = "historian"
files = ["historian*.csv"]
time_column = "time"
time_zone = "UTC"
[[points]]
tag = "LOAD_KW"
source = "historian"
quantity = "cooling_load_kw"
unit = "kW"
[[points]]
tag = "CH_KW"
source = "historian"
quantity = "chiller_kw"
unit = "kW"
[[points]]
tag = "CHWS_C"
source = "historian"
quantity = "chw_supply_c"
unit = "degC"
"""

SETPOINT = """
[[points]]
tag = "CHWS_SP_C"
source = "historian"
quantity = "chw_supply_sp_c"
unit = "degC"
[[setpoints]]
tag = "CHWS_SP_C"
min = 6.0
max = 14.0
slew_per_hour = 2.0
default = 8.0
"""


def write_export(path: Path, *, days: int = 3) -> Path:
    """A plant at 0.18 to 0.22 kW per kW over each day; its chilled-water sensor is dead on the second."""
    times = pd.date_range("2024-03-01", periods=days * 96, freq="15min", name="time")
    load_kw = 1000.0 + 200.0 * np.sin(np.arange(len(times)) / 15.0)
    kw_per_kw = 0.2 + 0.02 * np.sin(2.0 * np.pi * np.arange(len(times)) / 96.0)
    supply_c = 7.0 + np.sin(np.arange(len(times)))
    supply_c[96:192] = np.nan
    columns = {"LOAD_KW": load_kw, "CH_KW": kw_per_kw * load_kw, "CHWS_C": supply_c, "CHWS_SP_C": 7.0}
    table = pd.DataFrame(columns, index=times)
    table.to_csv(path, date_format="%Y-%m-%d %H:%M")
    return path


def decide(operations: Operations, site: Site, at: datetime, **given) -> int:
    """A decision that warms chilled water from 7 to 9.5 °C for 20 kW, recorded; `given` changes it."""
    present, goal = (
        Settled(facility_kw=(kw, kw + 2.0), cooling_kw=kw, it_kw=1000.0, rack_inlet_c=22.0, outside=0.0)
        for kw in (200.0, 180.0)
    )
    usual = {
        "values": {"chw_supply_sp_c": 7.5},
        "goal": {"chw_supply_sp_c": 9.5},
        "present": {"chw_supply_sp_c": 7.0},
        "reason": "warmer chilled water lowers the chiller's lift",
        "source": "model",
        "mode": "advise",
        "expected": Expectation(present, goal),
    }
    decision = Decision(**(usual | given))
    explained = recommendation_of(site, decision, at, model_version="cascade/3")
    explained = explained.model_copy(update={"precedent": "2024-03-02 14:00 UTC: load 1010 kW"})
    return add_decision(operations, site, decision, at, model="cascade/3", recommendation=explained)


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """A home with a site file and nothing else, as COLDAISLE_HOME says."""
    monkeypatch.setenv("COLDAISLE_HOME", str(tmp_path))
    for name in ("COLDAISLE_LEDGER_URI", "COLDAISLE_MLFLOW_URI"):
        monkeypatch.delenv(name, raising=False)
    st.cache_data.clear()
    st.cache_resource.clear()
    home = Settings()
    home.sites.mkdir()
    (home.sites / "plant.toml").write_text(SITE)
    return home


@pytest.fixture
def site(settings) -> Site:
    return load_site(settings.sites / "plant.toml")


@pytest.fixture
def telemetry(settings, site) -> Store:
    """The site's telemetry, ingested."""
    store = Store(settings.store, site)
    ingest_files(site, [write_export(settings.home / "historian.csv")], store)
    return store


@pytest.fixture
def operations(settings) -> Operations:
    """The ledger of the site, whose chilled-water setpoint may be chosen."""
    (settings.sites / "plant.toml").write_text(SITE + SETPOINT)
    return Operations(settings.ledger, "plant")
