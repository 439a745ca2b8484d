"""A small home: one site, three days of telemetry in a real store, and a ledger."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from pipelines.config import Settings
from pipelines.control.recommendation import Estimate, Move, Recommendation, SecondOpinion
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


def write_export(path: Path, *, days: int = 3) -> Path:
    """A plant at 0.18 to 0.22 kW per kW over each day; its chilled-water sensor is dead on the second."""
    times = pd.date_range("2024-03-01", periods=days * 96, freq="15min", name="time")
    load_kw = 1000.0 + 200.0 * np.sin(np.arange(len(times)) / 15.0)
    kw_per_kw = 0.2 + 0.02 * np.sin(2.0 * np.pi * np.arange(len(times)) / 96.0)
    supply_c = 7.0 + np.sin(np.arange(len(times)))
    supply_c[96:192] = np.nan
    table = pd.DataFrame({"LOAD_KW": load_kw, "CH_KW": kw_per_kw * load_kw, "CHWS_C": supply_c}, index=times)
    table.to_csv(path, date_format="%Y-%m-%d %H:%M")
    return path


def a_change(at: str = "2024-03-03T23:45Z") -> Recommendation:
    present = Estimate(figure=0.2, cooling_kw=200.0, facility_kw=200.0)
    proposed = Estimate(figure=0.18, cooling_kw=180.0, facility_kw=180.0)
    return Recommendation(
        site="plant",
        at=pd.Timestamp(at).to_pydatetime(),
        action="change",
        reason="warmer chilled water lowers the chiller's lift",
        figure_name="kW per kW of cooling",
        moves=[Move(tag="CHWS_SP", quantity="chw_supply_sp_c", unit="degC", present=7.0, proposed=9.5)],
        present=present,
        proposed=proposed,
        saving_kw=20.0,
        twin=SecondOpinion(agrees=True, present=present, proposed=proposed, note="inlets stay below 24 °C"),
        model_version="pue 3",
    )


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
