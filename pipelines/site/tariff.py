"""The `[tariff]` of a site file: what a kWh costs at a time."""

from typing import Annotated, Self

import numpy as np
import pandas as pd
from pydantic import AfterValidator, Field, model_validator

from pipelines.site.checks import Table, known_time_zone, within

Price = Annotated[float, within(0.0, 1e5, "per kWh", "of any currency")]


class Tariff(Table):
    """Price of electricity: one rate, or another on working days from `peak_from_hour` to `peak_to_hour`.

    demand_per_kw: charge per kW of the month's highest hourly mean of facility power.
    """

    currency: str = Field(default="USD", min_length=3, max_length=3)
    per_kwh: Price
    peak_per_kwh: Price | None = None
    peak_from_hour: float = Field(default=8.0, ge=0, le=24)
    peak_to_hour: float = Field(default=20.0, ge=0, le=24)
    demand_per_kw: Price = 0.0
    time_zone: Annotated[str, AfterValidator(known_time_zone)] = "UTC"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.peak_to_hour <= self.peak_from_hour:
            raise ValueError(
                f"tariff: peak_to_hour ({self.peak_to_hour:g}) must exceed peak_from_hour "
                f"({self.peak_from_hour:g}); edit [tariff]"
            )
        return self


def prices_per_kwh(tariff: Tariff | None, times: pd.DatetimeIndex) -> np.ndarray:
    """Price at each of the UTC times, (steps,); NaN without a tariff, so that cost is unknown rather than nil."""
    if tariff is None:
        return np.full(len(times), np.nan)
    local = times.tz_convert(tariff.time_zone)
    hour = local.hour + local.minute / 60
    peak = (local.dayofweek < 5) & (hour >= tariff.peak_from_hour) & (hour < tariff.peak_to_hour)
    peak_price = tariff.per_kwh if tariff.peak_per_kwh is None else tariff.peak_per_kwh
    return np.where(peak, peak_price, tariff.per_kwh)


def demand_hours(tariff: Tariff | None) -> float:
    """Hours for which a kW costs as much as its demand charge; 0 where there is none."""
    if tariff is None or tariff.demand_per_kw <= 0.0:
        return 0.0
    prices = prices_per_kwh(tariff, pd.date_range("2026-01-05", periods=168, freq="1h", tz="UTC"))
    return float(tariff.demand_per_kw / max(prices.mean(), 1e-9))
