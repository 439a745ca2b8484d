"""What a kWh costs at a time, by the site's tariff."""

import numpy as np
import pandas as pd

from pipelines.site.file import Tariff


def prices_per_kwh(tariff: Tariff | None, times: pd.DatetimeIndex) -> np.ndarray:
    """Price at each of the UTC times, (steps,); NaN without a tariff, so that cost is unknown rather than nil."""
    if tariff is None:
        return np.full(len(times), np.nan)
    local = times.tz_convert(tariff.time_zone)
    hour = local.hour + local.minute / 60
    peak = (local.dayofweek < 5) & (hour >= tariff.peak_from_hour) & (hour < tariff.peak_to_hour)
    peak_price = tariff.per_kwh if tariff.peak_per_kwh is None else tariff.peak_per_kwh
    return np.where(peak, peak_price, tariff.per_kwh)
