import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from pipelines.site.tariff import Tariff, demand_hours, prices_per_kwh

NIGHT = {"per_kwh": 0.1, "from_hour": 0, "to_hour": 7}
DAY = {"per_kwh": 0.3, "from_hour": 7, "to_hour": 24}


def test_time_of_use_is_counted_in_the_tariffs_zone():
    tariff = Tariff(rates=[NIGHT, DAY], time_zone="Europe/Berlin")
    times = pd.DatetimeIndex(["2025-01-15 05:59", "2025-01-15 06:00", "2025-07-15 05:00"], tz="UTC")
    assert prices_per_kwh(tariff, times).tolist() == [0.1, 0.3, 0.3]


def test_seasons_and_weekends_have_their_own_rates():
    summer, winter = [6, 7, 8], [1, 2, 3, 4, 5, 9, 10, 11, 12]
    rates = [
        {"per_kwh": 0.5, "months": summer, "days": ["mon", "tue", "wed", "thu", "fri"]},
        {"per_kwh": 0.4, "months": summer, "days": ["sat", "sun"]},
        {"per_kwh": 0.2, "months": winter},
    ]
    times = pd.DatetimeIndex(["2025-07-04", "2025-07-05", "2025-12-05"], tz="UTC")
    assert prices_per_kwh(Tariff(rates=rates), times).tolist() == [0.5, 0.4, 0.2]


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ([NIGHT], "no price on mon 07:00 in month 1"),
        ([NIGHT, {**DAY, "from_hour": 6}], "two prices on mon 06:00 in month 1"),
        ([{**DAY, "to_hour": 5}], "must exceed from_hour"),
        (
            [{"per_kwh": 0.1, "valid_from": "2025-02-01", "valid_to": "2025-01-01"}],
            "must lie after valid_from",
        ),
    ],
)
def test_a_week_with_a_gap_or_two_prices_is_refused(rates, message):
    with pytest.raises(ValidationError, match=message):
        Tariff(rates=rates)


def test_either_one_price_or_rates():
    with pytest.raises(ValidationError, match="either per_kwh or"):
        Tariff()
    with pytest.raises(ValidationError, match="either per_kwh or"):
        Tariff(per_kwh=0.1, rates=[NIGHT, DAY])


def test_outside_of_every_validity_the_price_is_unknown():
    tariff = Tariff(
        rates=[{"per_kwh": 0.1, "valid_to": "2025-06-01"}, {"per_kwh": 0.2, "valid_from": "2025-07-01"}]
    )
    times = pd.DatetimeIndex(["2025-05-31", "2025-06-15", "2025-07-01"], tz="UTC")
    prices = prices_per_kwh(tariff, times)
    assert prices[[0, 2]].tolist() == [0.1, 0.2]
    assert np.isnan(prices[1])


def test_a_demand_charge_in_hours_of_the_latest_rates():
    rates = [{"per_kwh": 0.1, "valid_to": "2025-06-01"}, {"per_kwh": 0.2, "valid_from": "2025-06-01"}]
    assert demand_hours(Tariff(rates=rates, demand_per_kw=10.0)) == pytest.approx(50.0)
