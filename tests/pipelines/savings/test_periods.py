import pandas as pd
import pytest

from pipelines.errors import SavingsError
from pipelines.savings.periods import check_apart, period_of
from pipelines.savings.record import hour_of_week


def test_days_are_those_of_the_site_and_the_last_is_included():
    period = period_of("2025-03-01..2025-03-31", "Europe/Berlin", "baseline")
    assert period.start == pd.Timestamp("2025-02-28 23:00", tz="UTC")
    assert period.end == pd.Timestamp("2025-03-31 22:00", tz="UTC")  # summer time began in between
    assert str(period) == "2025-03-01 to 2025-03-31"


def test_times_are_taken_as_they_are():
    period = period_of("2025-03-01T06:00..2025-03-02T06:00", "UTC", "baseline")
    assert period.days == 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2025", "must be A..B, found '2025'"),
        ("2025-02-01..2025-01-01", "before it begins"),
        ("soon..2025-01-01", "'soon' for a time"),
        ("..2025-01-01", "both ends"),
    ],
)
def test_what_is_no_period_is_refused_with_an_example(text, message):
    with pytest.raises(SavingsError, match=message):
        period_of(text, "UTC", "baseline")


def test_periods_that_meet_do_not_overlap():
    check_apart(
        period_of("2025-01-01..2025-01-31", "UTC", "b"), period_of("2025-02-01..2025-02-28", "UTC", "r")
    )


def test_the_hour_of_the_week_moves_with_summer_time():
    before, after = pd.DatetimeIndex(["2025-03-24 06:00", "2025-03-31 06:00"], tz="UTC")
    winter, summer = hour_of_week(pd.DatetimeIndex([before, after]), "Europe/Berlin")
    assert (winter, summer) == (7, 8)
