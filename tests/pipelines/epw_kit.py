"""EPW files made by the tests: a year of hours whose weather follows from the date, faults on request."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

HEADER = (
    "LOCATION,Testville,TS,XXX,made,000000,{latitude},{longitude},{utc_offset_h},{altitude_m}\n"
    "DESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0\n"
    "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,made by a test\nCOMMENTS 2,\n"
    "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31\n"
)


def write_epw(
    path: Path,
    *,
    drybulb_c: Callable[[pd.Timestamp], float] = lambda time: 20.0,
    dew_point_c: float = 10.0,
    relative_humidity: float = 60.0,
    pressure_pa: float = 100_000.0,
    year: int = 2023,
    utc_offset_h: float = 0.0,
    row_year: Callable[[pd.Timestamp], int] = lambda time: time.year,
    change: Callable[[list[str]], list[str]] = lambda rows: rows,
) -> Path:
    """Hours 1 to 24 of every day of `year`; `drybulb_c` is asked for the instant at each hour's end.

    row_year: what a row says its year is. change: may drop, repeat or edit data rows (line texts).
    """
    rows = []
    for start in pd.date_range(f"{year}-01-01", f"{year + 1}-01-01", freq="h", inclusive="left"):
        instant = start + pd.Timedelta(hours=1)
        fields = [
            row_year(start), start.month, start.day, start.hour + 1, 60, "A7", drybulb_c(instant), dew_point_c,
            relative_humidity, pressure_pa, *[0] * 10, 180, 3.5, *[0] * 13,
        ]  # fmt: skip
        rows.append(",".join(str(field) for field in fields))
    header = HEADER.format(latitude=40.0, longitude=-105.0, utc_offset_h=utc_offset_h, altitude_m=1600)
    path.write_text(header + "\n".join(change(rows)) + "\n")
    return path


def with_field(rows: list[str], first: int, hours: int, column: int, value: str) -> list[str]:
    """Rows with one column of `hours` rows from `first` on replaced."""
    edited = list(rows)
    for row in range(first, first + hours):
        fields = edited[row].split(",")
        fields[column] = value
        edited[row] = ",".join(fields)
    return edited
