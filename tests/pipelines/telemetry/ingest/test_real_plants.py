"""A real plant's exports, where they are at hand: defects that are known to be in them are found."""

import pandas as pd
import pytest

from pipelines.site.file import load_site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.store import Store
from tests.places import PROJECT, SHARED_DATA

pytestmark = pytest.mark.medium


def _ingested(tmp_path, name, pattern):
    files = sorted((SHARED_DATA / name).glob(pattern))
    site_file = PROJECT / f"infra/sites/{name}.toml"
    if not files or not site_file.exists():
        pytest.skip(f"needs shared/data/{name} beside the project, and {site_file}")
    site = load_site(site_file)
    store = Store(tmp_path, site)
    return store, ingest_files(site, files, store)


def test_the_real_plants_wetbulb_is_stuck_for_all_of_march_2024(tmp_path):
    store, report = _ingested(tmp_path, "grundfos", "*.csv")
    kept = store.quarantine("2024-02-29 16:00", "2024-04-01")
    march = kept[(kept["tag"] == "WBT") & (kept["reason"] == "stuck sensor")]
    assert len(march) == report.files[1].rows == 4436
    table = store.read("2024-02-29 16:00", "2024-03-31 16:00")
    assert table["outdoor_wetbulb_c:historian"].isna().all()
    assert table["outdoor_wetbulb_c:logger"].notna().mean() > 0.99


def test_the_real_plants_powers_still_add_up_after_ingestion(tmp_path):
    store, _ = _ingested(tmp_path, "grundfos", "*.csv")
    table = store.read(end="2024-04-01").dropna(subset=["cooling_power_kw"])
    parts = table[["chiller_kw", "chw_pump_kw", "cw_pump_kw", "tower_fan_kw"]].sum(axis=1)
    assert (parts - table["cooling_power_kw"]).abs().quantile(0.99) < 0.5


def test_the_real_loggers_drifting_clock_leaves_no_holes_of_one_interval(tmp_path):
    store, _ = _ingested(tmp_path, "grundfos", "*.csv")
    drybulb = store.read(columns=["outdoor_drybulb_c"])["outdoor_drybulb_c"].dropna()
    holes = pd.Series(drybulb.index).diff().dropna()
    assert (holes == pd.Timedelta(minutes=20)).sum() == 0


def test_the_real_chillers_half_hourly_energy_is_its_power(tmp_path):
    store, report = _ingested(tmp_path, "singapore", "*.csv")
    table = store.read(columns=["chiller_kw"])["chiller_kw"]
    raw = pd.read_csv(next((SHARED_DATA / "singapore").glob("*.csv")))
    assert report.files[0].rows == len(raw)
    energy_kwh = raw["Chiller Energy Consumption (kWh)"].sum()
    assert table.sum() * store.site.interval_minutes / 60 == pytest.approx(energy_kwh, rel=1e-6)
