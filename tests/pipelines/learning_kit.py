"""Two small sites with some weeks of telemetry, for the tests of learning: one with an IT meter, one without."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.efficiency.training import FitConfig
from pipelines.config import Settings
from pipelines.site.file import Site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.store import Store
from tests.pipelines.telemetry.ingest.kit import TRUE_NOW, point, site_of

QUICK = FitConfig(hidden=(8,), members=2, epochs=4, batch=64)
HALF_HOURS = 900


def hall() -> Site:
    """IT power, cooling and losses are metered; chilled water and supply air have setpoints."""
    return site_of(
        point("IT"),
        point("UTIL", "it_utilization_frac"),
        point("CHILLER", "chiller_kw"),
        point("FANS", "crah_fan_kw"),
        point("UPS", "ups_loss_kw"),
        point("INLET.1", "rack_inlet_c", equipment="row1"),
        point("INLET.2", "rack_inlet_c", equipment="row2"),
        point("CHWS.SP", "chw_supply_sp_c"),
        point("SAT.SP", "supply_air_sp_c"),
        point("OAT", "outdoor_drybulb_c"),
        point("RH", "outdoor_rh_frac"),
        name="hall",
        interval_minutes=30,
        meters={
            "it": ["it_power_kw"],
            "cooling": ["chiller_kw", "crah_fan_kw"],
            "losses": ["ups_loss_kw"],
            "pue_category": 2,
            "boundary": "the hall",
        },
        setpoints=[setpoint("CHWS.SP", 6.0, 14.0), setpoint("SAT.SP", 18.0, 26.0)],
        control={"physics": False},  # its readings are formulas, not a plant's
    )


def chillers(**more: Any) -> Site:
    """A chilled-water plant without an IT meter and without setpoints."""
    return site_of(
        point("LOAD", "cooling_load_kw"),
        point("CH1", "chiller_kw", equipment="ch1"),
        point("CH2", "chiller_kw", equipment="ch2"),
        point("CHWS", "chw_supply_c"),
        point("CDLO", "cw_supply_c"),
        point("WBT", "outdoor_wetbulb_c"),
        name="chillers",
        interval_minutes=30,
        meters={"load": ["cooling_load_kw"], "cooling": ["chiller_kw"], "boundary": "two chillers"},
        **more,
    )


def setpoint(tag: str, low: float, high: float) -> dict[str, Any]:
    return {"tag": tag, "min": low, "max": high, "slew_per_hour": 2.0, "default": (low + high) / 2}


def hall_readings(rows: int = HALF_HOURS, *, seed: int = 0) -> pd.DataFrame:
    """Readings by tag; warmer water and air save chiller and cost server fans."""
    random, hour = np.random.default_rng(seed), np.arange(rows) / 2
    drybulb_c = 18.0 + 6.0 * np.sin(2 * np.pi * hour / 24) + 4.0 * np.sin(2 * np.pi * hour / 240)
    utilization = 0.45 + 0.2 * np.sin(2 * np.pi * (hour - 8) / 24) + random.normal(0, 0.02, rows)
    chw_c, supply_c = held(random, rows, 7.0, 13.0), held(random, rows, 19.0, 25.0)
    it_kw = 400.0 + 300.0 * utilization + 4.0 * np.maximum(supply_c - 22.0, 0.0)
    lift_k = drybulb_c + random.normal(0, 0.2, rows) - chw_c
    return pd.DataFrame(
        {
            "IT": it_kw,
            "UTIL": utilization,
            "CHILLER": it_kw * (0.10 + 0.006 * lift_k) + random.normal(0, 0.5, rows),
            "FANS": it_kw * (0.02 + 0.004 * (supply_c - 18.0)) + random.normal(0, 0.1, rows),
            "UPS": 10.0 + 0.04 * it_kw,
            "INLET.1": supply_c + 1.0 + random.normal(0, 0.1, rows),
            "INLET.2": supply_c + 1.5 + random.normal(0, 0.1, rows),
            "CHWS.SP": chw_c,
            "SAT.SP": supply_c,
            "OAT": drybulb_c,
            "RH": np.clip(0.6 - 0.01 * (drybulb_c - 18.0) + random.normal(0, 0.02, rows), 0.1, 0.95),
        },
        index=pd.date_range("2025-06-01", periods=rows, freq="30min", name="time"),
    )


def chiller_readings(rows: int = HALF_HOURS, *, seed: int = 0) -> pd.DataFrame:
    """Readings by tag of a plant whose second chiller joins in at high load."""
    random, hour = np.random.default_rng(seed), np.arange(rows) / 2
    load_kw = 900.0 + 300.0 * np.sin(2 * np.pi * hour / 24) + random.normal(0, 20, rows)
    wetbulb_c = 22.0 + 3.0 * np.sin(2 * np.pi * hour / 200) + random.normal(0, 0.2, rows)
    chw_c, cw_c = held(random, rows, 6.0, 9.0), wetbulb_c + 3.0 + random.normal(0, 0.2, rows)
    power_kw = load_kw * (0.10 + 0.006 * (cw_c - chw_c)) + 20.0 + random.normal(0, 2, rows)
    second = np.where(load_kw > 1_000.0, 0.5, 0.0)
    columns = [load_kw, power_kw * (1 - second), power_kw * second, chw_c, cw_c, wetbulb_c]
    return pd.DataFrame(
        dict(zip(("LOAD", "CH1", "CH2", "CHWS", "CDLO", "WBT"), columns, strict=True)),
        index=pd.date_range("2025-06-01", periods=rows, freq="30min", name="time"),
    )


def wandering_readings(rows: int = HALF_HOURS, *, seed: int = 0) -> pd.DataFrame:
    """Readings by tag of a plant whose power per load wanders, whatever load and weather do; one chiller."""
    readings = chiller_readings(rows, seed=seed)
    wander = 0.02 * np.random.default_rng(seed).normal(size=rows).cumsum() / 3.0
    power_kw = readings["LOAD"] * np.clip(0.2 * (1.0 + wander), 0.1, 0.4)
    return readings.assign(CH1=power_kw, CH2=0.0)


def held(random: np.random.Generator, rows: int, low: float, high: float) -> np.ndarray:
    """A setpoint that an operator moves every few hours."""
    return np.repeat(random.uniform(low, high, rows // 9 + 1).round(1), 9)[:rows]


def stored(folder: Path, site: Site, readings: pd.DataFrame) -> Settings:
    """A home below `folder` whose store holds the readings."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=folder / "home")
    readings.to_csv(folder / "export.csv", date_format="%Y-%m-%d %H:%M:%S")
    ingest_files(site, [folder / "export.csv"], Store(settings.store, site), now=TRUE_NOW)
    return settings


def table(site: Site, readings: pd.DataFrame) -> pd.DataFrame:
    """The interval table of readings, without a store."""
    named = readings.rename(columns={tag: p.column for tag, p in site.by_tag.items()})
    return named.tz_localize("UTC").reindex(columns=site.columns)
