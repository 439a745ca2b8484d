"""The `[tariff]` of a site file: what a kWh costs at a time, and a kW of the month's highest hour."""

from datetime import date
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import AfterValidator, Field, model_validator

from pipelines.site.checks import Table, known_time_zone, within

Price = Annotated[float, within(0.0, 1e5, "per kWh", "of any currency")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = tuple(range(1, 13))
QUARTERS = 96  # of a day: prices change at no finer times


class Rate(Table):
    """A `[[tariff.rates]]` of a time-of-use tariff: the price on these days and months between two hours.

    Hours are of the tariff's zone, from_hour included and to_hour not; valid_to is the day after the last.
    """

    per_kwh: Price
    from_hour: float = Field(default=0.0, ge=0, lt=24)
    to_hour: float = Field(default=24.0, gt=0, le=24)
    days: list[Day] = list(DAYS)
    months: list[Annotated[int, Field(ge=1, le=12)]] = list(MONTHS)
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.to_hour <= self.from_hour:
            raise ValueError(
                f"tariff.rates: to_hour ({self.to_hour:g}) must exceed from_hour ({self.from_hour:g}); "
                "write two rates for a time that spans midnight"
            )
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError(
                f"tariff.rates: valid_to ({self.valid_to}) must lie after valid_from ({self.valid_from}); correct them"
            )
        return self

    def week(self) -> np.ndarray:
        """Whether it holds in each quarter of an hour of each day and month: bool (12, 7, 96)."""
        quarter = np.arange(QUARTERS) / 4.0
        hours = (quarter >= self.from_hour) & (quarter < self.to_hour)
        days = np.isin(DAYS, self.days)
        return np.isin(MONTHS, self.months)[:, None, None] & days[None, :, None] & hours[None, None, :]

    def holds_on(self, day: date) -> bool:
        """Whether the day lies within its validity."""
        return (self.valid_from is None or day >= self.valid_from) and (
            self.valid_to is None or day < self.valid_to
        )


class Tariff(Table):
    """Price of electricity: one rate; another on working days from `peak_from_hour` to `peak_to_hour`; or `rates`.

    demand_per_kw: charge per kW of the month's highest hourly mean of facility power.
    """

    currency: str = Field(default="USD", min_length=3, max_length=3)
    per_kwh: Price | None = None
    peak_per_kwh: Price | None = None
    peak_from_hour: float = Field(default=8.0, ge=0, le=24)
    peak_to_hour: float = Field(default=20.0, ge=0, le=24)
    rates: list[Rate] = []
    demand_per_kw: Price = 0.0
    time_zone: Annotated[str, AfterValidator(known_time_zone)] = "UTC"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.peak_to_hour <= self.peak_from_hour:
            raise ValueError(
                f"tariff: peak_to_hour ({self.peak_to_hour:g}) must exceed peak_from_hour "
                f"({self.peak_from_hour:g}); edit [tariff]"
            )
        if (self.per_kwh is None) == (not self.rates):
            raise ValueError(
                "tariff must have either per_kwh or [[tariff.rates]]; keep the one that your bill has"
            )
        if self.rates and self.peak_per_kwh is not None:
            raise ValueError("tariff: peak_per_kwh belongs to per_kwh; write it as one of [[tariff.rates]]")
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for day in {rate.valid_from or date.min for rate in self.rates}:
            self._check_week(day)
        return self

    def _check_week(self, day: date) -> None:
        holding = [rate for rate in self.rates if rate.holds_on(day)]
        if not holding:
            return
        times = np.sum([rate.week() for rate in holding], axis=0)
        for count, what in ((times == 0, "no price"), (times > 1, "two prices")):
            if count.any():
                month, weekday, quarter = (int(each[0]) for each in np.nonzero(count))
                raise ValueError(
                    f"tariff.rates: {what} on {DAYS[weekday]} {quarter // 4:02d}:{quarter % 4 * 15:02d} "
                    f"in month {MONTHS[month]}; every hour of the week needs exactly one rate"
                )


def prices_per_kwh(tariff: Tariff | None, times: pd.DatetimeIndex) -> np.ndarray:
    """Price at each of the UTC times, (steps,).

    NaN without a tariff, or where no rate is valid, so that cost is unknown rather than nil.
    """
    if tariff is None:
        return np.full(len(times), np.nan)
    local = times.tz_convert(tariff.time_zone)
    if tariff.rates:
        return _of_rates(tariff, local)
    hour = local.hour + local.minute / 60
    peak = (local.dayofweek < 5) & (hour >= tariff.peak_from_hour) & (hour < tariff.peak_to_hour)
    assert tariff.per_kwh is not None
    peak_price = tariff.per_kwh if tariff.peak_per_kwh is None else tariff.peak_per_kwh
    return np.where(peak, peak_price, tariff.per_kwh)


def demand_hours(tariff: Tariff | None) -> float:
    """Hours for which a kW costs as much as its demand charge; 0 where there is none."""
    if tariff is None or tariff.demand_per_kw <= 0.0:
        return 0.0
    week = pd.date_range("2026-01-05", periods=168, freq="1h", tz="UTC")
    mean = _mean_price(tariff) if tariff.rates else float(prices_per_kwh(tariff, week).mean())
    return tariff.demand_per_kw / max(mean, 1e-9)


def _of_rates(tariff: Tariff, local: pd.DatetimeIndex) -> np.ndarray:
    prices = np.full(len(local), np.nan)
    day = local.tz_localize(None).normalize()
    quarter = (local.hour * 4 + local.minute // 15).to_numpy()
    month, weekday = local.month.to_numpy() - 1, local.dayofweek.to_numpy()
    for rate in tariff.rates:
        holds = rate.week()[month, weekday, quarter]
        if rate.valid_from is not None:
            holds &= np.asarray(day >= pd.Timestamp(rate.valid_from))
        if rate.valid_to is not None:
            holds &= np.asarray(day < pd.Timestamp(rate.valid_to))
        prices[holds] = rate.per_kwh
    return prices


def _mean_price(tariff: Tariff) -> float:
    """Mean price over the week and year of the rates that are valid last."""
    latest = max((rate.valid_from or date.min) for rate in tariff.rates)
    return float(sum(rate.week().mean() * rate.per_kwh for rate in tariff.rates if rate.holds_on(latest)))
