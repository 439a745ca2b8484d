"""A small site with hourly telemetry whose cooling follows load and wetbulb; control saves a share from a day on."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.config import Settings
from pipelines.savings.periods import Period, period_of
from pipelines.site.file import Site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.store import Store
from tests.pipelines.telemetry.ingest.kit import TRUE_NOW, point, site_of

START, CONTROL, END = "2025-01-01", "2025-08-01", "2025-11-30"
ZONE = "Europe/Berlin"


def hall(**more: Any) -> Site:
    """IT, cooling, facility, weather, inlets and one setpoint; clocks in UTC, people in Berlin."""
    described: dict[str, Any] = {
        "name": "hall",
        "title": "The hall",
        "interval_minutes": 60,
        "meters": {
            "it": ["it_power_kw"],
            "cooling": ["cooling_power_kw"],
            "facility": ["facility_power_kw"],
            "pue_category": 2,
            "boundary": "the hall",
        },
        "setpoints": [{"tag": "SAT.SP", "min": 18.0, "max": 26.0, "slew_per_hour": 2.0, "default": 20.0}],
        "savings": {"time_zone": ZONE},
    }
    return site_of(
        point("IT"),
        point("COOLING", "cooling_power_kw"),
        point("FACILITY", "facility_power_kw"),
        point("INLET", "rack_inlet_c"),
        point("SAT.SP", "supply_air_sp_c"),
        point("OAT", "outdoor_drybulb_c"),
        point("WB", "outdoor_wetbulb_c"),
        **(described | more),
    )


def readings(
    saving: float = 0.2, *, start: str = START, end: str = END, control: str = CONTROL
) -> pd.DataFrame:
    """Readings by tag; `saving`: share of the cooling power that control takes away from `control` on."""
    times = pd.date_range(start, end, freq="1h", inclusive="left", name="time")
    random, hour = np.random.default_rng(7), times.hour.to_numpy()
    day = times.dayofyear.to_numpy() + hour / 24
    drift = np.convolve(random.normal(0, 1, len(times) + 47), np.full(48, 48**-0.5), mode="valid")
    wetbulb_c = 10.0 - 8.0 * np.cos(2 * np.pi * (day - 20) / 365) + 2.0 * drift
    office = np.cos(2 * np.pi * (hour - 14) / 24) * np.where(times.dayofweek < 5, 1.0, 0.3)
    it_kw = 1000.0 * (1.0 + 0.08 * office) + random.normal(0, 8, len(times))
    cooling_kw = (
        it_kw * (0.12 + 0.008 * np.maximum(wetbulb_c - 8.0, 0.0)) * random.normal(1, 0.01, len(times))
    )
    controlled = np.asarray(times >= pd.Timestamp(control))
    cooling_kw = np.where(controlled, (1.0 - saving) * cooling_kw, cooling_kw)
    table = {
        "IT": it_kw,
        "COOLING": cooling_kw,
        "FACILITY": it_kw * 1.05 + cooling_kw,
        "INLET": 21.0 + random.normal(0, 0.1, len(times)),
        "SAT.SP": 20.0,
        "OAT": wetbulb_c + 4.0 + random.normal(0, 0.5, len(times)),
        "WB": wetbulb_c,
    }
    return pd.DataFrame(table, index=times).round(3)


def home_of(folder: Path, site: Site, table: pd.DataFrame) -> Settings:
    """A home whose store holds the readings."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=folder / "home")
    table.to_csv(folder / "export.csv", date_format="%Y-%m-%d %H:%M:%S")
    ingest_files(site, [folder / "export.csv"], Store(settings.store, site), now=TRUE_NOW)
    return settings


def baseline() -> Period:
    return period_of("2025-01-02..2025-07-31", ZONE, "baseline")


def reporting(text: str = "2025-08-02..2025-11-28") -> Period:
    return period_of(text, ZONE, "reporting period")
