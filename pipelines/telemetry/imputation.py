"""Missing readings stood in for where the site file says so, and for as long as it says."""

import pandas as pd

from pipelines.site.file import Site

MEDIAN_OF = pd.Timedelta(
    days=28
)  # long enough for every hour of the week to count, short enough for the season


def imputed(site: Site, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """An interval table with declared points filled, and which of its cells were (bool, same shape).

    `impute = "last"` holds the last reading, "median" takes the median of the four weeks before; either for at most
    `impute_hours` after the last reading. Only earlier readings are used.
    """
    filled = table.copy()
    for point in site.points:
        if point.impute is None or point.column not in table:
            continue
        readings = table[point.column]
        last = readings.ffill()
        stand_in = last if point.impute == "last" else _median_before(readings)
        filled[point.column] = readings.where(
            readings.notna(), stand_in.where(_age_hours(readings) <= point.impute_hours)
        )
    return filled, filled.notna() & table.isna()


def missing_since(readings: pd.Series, interval: pd.Timedelta) -> pd.Series:
    """For each row, the end of the last reading's interval; NaT where there was none."""
    times = pd.Series(readings.index, index=readings.index)
    return times.where(readings.notna()).ffill() + interval


def _median_before(readings: pd.Series) -> pd.Series:
    # closed="left" leaves a row's own reading out; it is missing wherever this is used.
    return readings.rolling(MEDIAN_OF, closed="left", min_periods=1).median()


def _age_hours(readings: pd.Series) -> pd.Series:
    times = pd.Series(readings.index, index=readings.index)
    return (times - times.where(readings.notna()).ffill()).dt.total_seconds() / 3600
