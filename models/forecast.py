"""Load and weather of the next hours where the site has no forecast of its own: last week, with today's difference."""

import numpy as np

from models.carried import carry


def seasonal_naive(readings: np.ndarray, *, season: int, steps: int) -> np.ndarray:
    """Forecasts made at every row for the next `steps` rows: (n,) -> (n, steps); NaN where a reading is missing.

    What was read one season (a day or a week, in rows) before each hour to come, moved by how far the present
    reading lies from what was read a season ago: the last error is carried. Where the season before is not
    recorded, the present reading goes on. Only readings up to each row are used.
    """
    _check_lead(steps, season)
    row = np.arange(len(readings))[:, None]
    ahead = np.arange(1, steps + 1)[None]
    then, before = row + ahead - season, row - season
    recorded = before >= 0
    past = readings[np.maximum(then, 0)] - readings[np.maximum(before, 0)]
    change = np.where(recorded & np.isfinite(past), past, 0.0)
    return readings[:, None] + change


def seasonal_forecast(readings: np.ndarray, *, season: int, steps: int) -> np.ndarray:
    """Forecast (n,) made at every row for the row `steps` later: what was read a season before, the present error
    carried on by the share that served best so far at this lead; the present reading where no season was recorded.

    A difference from last week holds for an hour and is forgotten by tomorrow: the share says so for each lead.
    Raises ValueError where steps lie beyond the season.
    """
    _check_lead(steps, season)
    if len(readings) + steps <= season:
        return readings.copy()
    measured = np.concatenate([readings, np.full(steps, np.nan)])
    naive = np.full(len(measured), np.nan)
    naive[season:] = measured[: len(measured) - season]
    ahead, _ = carry(naive, measured, np.arange(len(measured)), steps)
    return np.where(np.isfinite(ahead[steps:]), ahead[steps:], readings)


def _check_lead(steps: int, season: int) -> None:
    if not 1 <= steps <= season:
        raise ValueError(
            f"steps ({steps}) must lie in 1 to season ({season}): beyond that nothing was read yet"
        )
