"""A plant by hours whose load follows the clock and whose cooling power follows load and weather."""

import numpy as np
import pytest

from models.horizon import DAY_H, WEEK_H, Record, learn

LEADS = (60, 180, 720, 1440)


def plant(days: int, *, seed: int = 0, noise: float = 0.02) -> Record:
    rows = days * 24
    hour = np.arange(rows, dtype=float)
    draw = np.random.default_rng(seed)
    drift = np.convolve(draw.normal(size=rows + 47), np.ones(48) / 48, mode="valid")
    load_kw = 1000.0 + 200.0 * np.sin(2 * np.pi * hour / 24) - 150.0 * (hour % WEEK_H >= 120) + 80.0 * drift
    wetbulb_c = 18.0 + 4.0 * np.sin(2 * np.pi * (hour - 3) / 24) + 10.0 * drift
    cooling_kw = load_kw * (0.15 + 0.004 * (wetbulb_c - 18.0)) * (1 + noise * draw.normal(size=rows))
    readings = {"cooling_kw": cooling_kw, "load_kw": load_kw, "outdoor_wetbulb_c": wetbulb_c}
    return Record(
        60.0, hour % WEEK_H, readings, ("cooling_kw",), {"load_kw": WEEK_H, "outdoor_wetbulb_c": DAY_H}
    )


def changed(record: Record, **readings) -> Record:
    return Record(
        record.step_minutes,
        record.solar_hours,
        record.readings | readings,
        record.targets,
        record.drivers,
        record.setpoints,
        record.recorded,
    )


@pytest.fixture(scope="session")
def record() -> Record:
    return plant(120)


@pytest.fixture(scope="session")
def learned(record):
    return learn(record.cut(0, 90 * 24), LEADS)
