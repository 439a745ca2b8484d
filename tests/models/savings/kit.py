"""Hours of a made-up plant: cooling follows load and wetbulb, and nothing else."""

import numpy as np

from models.savings.hours import WEEK_HOURS, Hours

YEAR_H = 8760


def hours_of(first: int, count: int, *, load_kw: float = 1000.0, saving: float = 0.0, seed: int = 0) -> Hours:
    """Hours from `first` on; saving: share of the cooling power that control takes away; load_kw: its mean."""
    hour = np.arange(first, first + count)
    random = np.random.default_rng([seed, first])
    season = np.cos(2 * np.pi * (hour % YEAR_H - 4800) / YEAR_H)
    day = np.cos(2 * np.pi * (hour % 24 - 15) / 24)
    drift = np.convolve(random.normal(0, 1, count + 47), np.full(48, 48**-0.5), mode="valid")
    wetbulb_c = 10.0 + 8.0 * season + 2.0 * day + 2.0 * drift
    load = load_kw * (1.0 + 0.08 * day + 0.02 * random.normal(size=count))
    needed_kw = load * (0.12 + 0.008 * np.maximum(wetbulb_c - 8.0, 0.0))
    return Hours(
        hour=hour,
        week_hour=hour % WEEK_HOURS,
        power_kw=needed_kw * (1.0 - saving) * (1.0 + 0.01 * random.normal(size=count)),
        load_kw=load,
        drybulb_c=wetbulb_c + 4.0 + random.normal(size=count),
        wetbulb_c=wetbulb_c,
    )
