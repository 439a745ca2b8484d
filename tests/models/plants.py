"""A chilled-water plant small enough to check by hand, for the tests of learning."""

import numpy as np

from models.efficiency.learn import Rows
from models.efficiency.training import FitConfig

INPUTS = ("load_kw", "cw_supply_c", "chw_supply_c", "outdoor_wetbulb_c")
TARGET = "overhead_kw_per_kw"
QUICK = FitConfig(hidden=(16, 16), members=2, epochs=12, batch=64)


def kw_per_kw(load_kw, cw_supply_c, chw_supply_c):
    """Fixed pumps, and a compressor whose power goes with lift: a textbook chiller."""
    return 20.0 / load_kw + 0.08 + 0.006 * (cw_supply_c - chw_supply_c)


def plant_rows(n: int = 1200, *, seed: int = 0, noise: float = 0.002) -> Rows:
    """Some weeks of telemetry: load and weather by the hour, chilled water moved now and then."""
    random = np.random.default_rng(seed)
    hour = np.arange(n)
    load_kw = 600.0 + 200.0 * np.sin(hour * 2 * np.pi / 24) + random.normal(0, 30, n)
    wetbulb_c = 20.0 + 4.0 * np.sin(hour * 2 * np.pi / 150) + random.normal(0, 0.3, n)
    cw_supply_c = wetbulb_c + 4.0 + random.normal(0, 0.3, n)
    chw_supply_c = np.repeat(random.uniform(6, 10, n // 12 + 1), 12)[:n]
    x = np.stack([load_kw, cw_supply_c, chw_supply_c, wetbulb_c], axis=1)
    y = kw_per_kw(load_kw, cw_supply_c, chw_supply_c) + random.normal(0, noise, n)
    return Rows(INPUTS, (TARGET,), x, y[:, None], load_kw)
