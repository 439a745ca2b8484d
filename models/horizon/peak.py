"""The highest hourly mean of the next day, which a tariff may charge for: the highest forecast, put right.

The highest of several expected values lies below the highest value to be expected; the median error of time left out
makes up for that.
"""

import numpy as np

from models.horizon.features import Basis
from models.horizon.intervals import ends
from models.horizon.record import DAY_H, Array
from models.horizon.series import earlier, trailing_mean

FROM_MIN = 60.0  # leads from an hour on: their forecasts are as good as hourly means
MEASURED_SHARE = 0.9  # of the day that must have been read


def highest_to_come(of: Basis) -> Array:
    """The highest mean of one hour within the day after each row, (n,); NaN where too little of it was read."""
    record = of.record
    hour, day = record.rows_in(1.0), record.rows_in(DAY_H)
    if len(record) <= day:
        return np.full(len(record), np.nan)
    hourly = trailing_mean(of.measured, hour)
    ahead = np.lib.stride_tricks.sliding_window_view(
        np.where(np.isfinite(hourly), hourly, -np.inf), day - hour + 1
    )
    read = trailing_mean(np.isfinite(of.measured).astype(float), day)
    highest = np.full(len(record), np.nan)
    # Row t: windows of an hour that end at rows t + hour ... t + day.
    highest[: len(record) - day] = ahead[hour : len(record) - day + hour].max(axis=1)
    enough = earlier(read, -day) >= MEASURED_SHARE
    return np.where(enough & np.isfinite(highest), highest, np.nan)


def counted(leads_min: tuple[float, ...]) -> Array:
    """Which leads count towards a day's peak: bool (l,)."""
    return np.array(leads_min) >= FROM_MIN


def peak(means: Array, leads_min: tuple[float, ...], errors: Array) -> tuple[float, float, float]:
    """Expected highest hourly mean of the next day, with its 90 % interval, from forecasts (l,) at the learned leads.

    errors (e,): of time left out, padded with NaN. NaN where there are none.
    """
    known = errors[np.isfinite(errors)]
    if not len(known):
        return np.nan, np.nan, np.nan
    highest = float(np.max(means[counted(leads_min)]))
    low, high = ends(known)
    return highest + float(np.median(known)), highest + low, highest + high
