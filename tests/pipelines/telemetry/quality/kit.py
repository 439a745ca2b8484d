"""A plant with all meters that balances are made of, and four months of what it reads at 30 min."""

from typing import Any

import numpy as np
import pandas as pd

from pipelines.site.file import Site

ROWS = 120 * 48
TIMES = pd.date_range("2025-03-01", periods=ROWS, freq="30min", tz="UTC", name="time")
NO_QUARANTINE = pd.DataFrame(
    {"time": pd.DatetimeIndex([], tz="UTC"), "tag": [], "source": [], "value": [], "reason": [], "file": []}
)

_UNITS = {"kw": "kW", "_c": "degC", "_s": "kg/s", "ac": "%"}
_POINTS = (
    "facility_power_kw", "it_power_kw:a", "it_power_kw:b", "it_power_kw:c", "chiller_kw", "chw_pump_kw", "crah_fan_kw",
    "cooling_load_kw", "chw_flow_kg_s", "chw_supply_c", "chw_return_c", "cw_flow_kg_s", "cw_supply_c", "cw_return_c",
    "supply_air_c:a", "supply_air_c:b", "outdoor_drybulb_c", "tower_fan_speed_frac", "chw_supply_sp_c",
)  # fmt: skip


def plant_site(*more: dict[str, Any], setpoint: dict[str, Any] | None = None, **tables: Any) -> Site:
    """The plant's site, with further points, other limits of its setpoint, other tables."""
    points = [_point(column) for column in _POINTS]
    limits = {"min": 6.0, "max": 14.0, "default": 8.0, "slew_per_hour": 2.0}
    described = {
        "name": "plant",
        "title": "A plant",
        "interval_minutes": 30,
        "location": {"latitude": 1.3, "longitude": 103.8},
        "sources": [{"name": "historian", "files": ["*"], "time_column": "time", "time_zone": "UTC"}],
        "points": [*points, *more],
        "setpoints": [{"tag": "chw_supply_sp_c"} | limits | (setpoint or {})],
        "meters": {
            "it": ["it_power_kw"],
            "cooling": ["chiller_kw", "chw_pump_kw", "crah_fan_kw"],
            "facility": ["facility_power_kw"],
            "pue_category": 2,
            "boundary": "all",
        },
    }
    return Site.model_validate(described | tables)


def point(column: str, **more: Any) -> dict[str, Any]:
    """One further point of the plant."""
    return _point(column) | more


def _point(column: str) -> dict[str, Any]:
    quantity, _, equipment = column.partition(":")
    unit = _UNITS[quantity[-2:]]
    return {"tag": column, "source": "historian", "quantity": quantity, "equipment": equipment, "unit": unit}


def plant_readings(seed: int = 0) -> pd.DataFrame:
    """The interval table of `plant_site()`: heat and power balance, with noise."""
    random = np.random.default_rng(seed)
    hour = np.arange(ROWS) / 2.0

    def noisy(value: Any, share: float = 0.01) -> np.ndarray:
        return np.asarray(value) * (1.0 + random.normal(0.0, share, ROWS))

    day = 1.0 + 0.1 * np.sin(hour * np.pi / 12)
    halls = {"a": 400.0 * day, "b": 300.0 * np.roll(day, 10), "c": 250.0 * np.roll(day, 20)}
    it_kw = sum(halls.values())
    fan_kw, pump_kw = 0.04 * it_kw, 0.02 * it_kw
    load_kw = it_kw + fan_kw
    chiller_kw = load_kw / 5.0
    supply_c = 8.0 + np.repeat(random.uniform(-1, 1, ROWS // 48), 48)
    table = {
        "facility_power_kw": noisy(1.03 * (it_kw + fan_kw + pump_kw + chiller_kw)),
        **{f"it_power_kw:{hall}": noisy(kw) for hall, kw in halls.items()},
        "chiller_kw": noisy(chiller_kw),
        "chw_pump_kw": noisy(pump_kw),
        "crah_fan_kw": noisy(fan_kw),
        "cooling_load_kw": noisy(load_kw),
        "chw_flow_kg_s": noisy(load_kw / 4.19 / 6.0),
        "chw_supply_c": supply_c + random.normal(0, 0.05, ROWS),
        "chw_return_c": supply_c + 6.0 + random.normal(0, 0.05, ROWS),
        "cw_flow_kg_s": noisy((load_kw + chiller_kw) / 4.19 / 5.0),
        "cw_supply_c": 26.0 + random.normal(0, 0.05, ROWS),
        "cw_return_c": 31.0 + random.normal(0, 0.05, ROWS),
        "supply_air_c:a": 20.0 + random.normal(0, 0.1, ROWS),
        "supply_air_c:b": 21.0 + random.normal(0, 0.1, ROWS),
        "outdoor_drybulb_c": 15.0 + 8.0 * np.sin(hour * np.pi / 12) + random.normal(0, 0.3, ROWS),
        "tower_fan_speed_frac": 0.6 + random.normal(0, 0.02, ROWS),
        "chw_supply_sp_c": np.round(supply_c, 1),
    }
    return pd.DataFrame(table, index=TIMES)
