"""Load and weather of the next hours without a forecast service: last week's, corrected by today's error."""

import numpy as np

from models.online.carried import carry


def seasonal_naive(readings: np.ndarray, *, season: int, steps: int) -> np.ndarray:
    """Forecasts at every row for the next `steps` rows: (n,) -> (n, steps); NaN where a reading is missing.

    The reading one season (a day or a week, in rows) before each hour to come, plus the present reading's
    difference from that of a season ago. Without a season on record the present reading is repeated. Only
    readings up to each row are used.

    Raises:
        ValueError: `steps` is not in 1..season.
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
    """Forecast (n,) made at every row for the row `steps` later: last season's reading with error carry-over.

    The share of the present error that is carried is the best so far at this lead (`models.online.carried`): a
    difference from last week lasts an hour, not a day. The present reading where no season is on record.

    Raises:
        ValueError: `steps` is not in 1..season.
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
            f"steps ({steps}) must lie in 1 to season ({season}): a longer lead needs readings not made yet"
        )
