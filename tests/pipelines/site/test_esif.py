"""The shipped file of a public PUE series loads it, with the defects that its record is known for."""

import numpy as np
import pandas as pd
import pytest

from pipelines.config import Settings
from pipelines.site.file import find_site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store


def test_its_pue_follows_from_its_meters(tmp_path):
    site = find_site("esif", Settings(home=tmp_path))
    times = pd.date_range("2019-01-10", periods=2 * 1440, freq="1min")
    wobble = np.sin(np.arange(len(times)) / 50.0)
    power = pd.DataFrame(
        {
            "ts": times.strftime("%Y-%m-%dT%H:%M:%S"),
            "pue": 1.04,
            "ere": 0.9,
            "it_power_kw": (1500.0 + 40.0 * wobble).round(2),
            "cooling_kw": (12.0 + wobble).round(3),
            "hvac_kw": (20.0 + wobble).round(3),
            "pump_kw": (18.0 + wobble).round(3),
            "plug_and_light_kw": (10.0 + 0.5 * wobble).round(3),
        }
    )
    power.loc[100:160, power.columns[1:]] = np.nan  # rows of nothing
    power.loc[700:720, "it_power_kw"] = 3.0  # a dropout
    weather = pd.DataFrame(
        {
            "ts": times[::5].strftime("%Y-%m-%dT%H:%M:%S"),
            "outdoor_drybulb_f": (35.0 + 10.0 * wobble[::5]).round(1),
            "outdoor_rh_pct": (50.0 + 5.0 * wobble[::5]).round(1),
        }
    )
    weather.loc[40:60, "outdoor_drybulb_f"] = 0.0  # the logger's default
    files = []
    for name, table in (("esif_pue", power), ("esif_weather", weather)):
        files.append(tmp_path / f"{name}.csv")
        table.to_csv(files[-1], index=False)
    store = Store(tmp_path / "store", site)
    ingest_files(site, files, store)
    plant = plant_table(site, store.read())
    assert plant["figure"].median() == pytest.approx(1.0 + 60.0 / 1500.0, abs=0.004)
    assert plant["figure"].max() < 1.1
    assert plant["outdoor_drybulb_c"].min() > -5.0  # 0 °F would be -17.8 °C
    assert plant["outdoor_wetbulb_c"].notna().mean() > 0.8
