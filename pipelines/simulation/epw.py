"""EPW weather files: read into canonical quantities, put on a step, converted to the simulator's drivers.

Columns, units and missing codes are those of the EnergyPlus "Auxiliary Programs" guide, chapter "EnergyPlus
Weather File (EPW) Data Dictionary". An EPW file holds one year of hours in local standard time, without
daylight saving. Hour N (1-24) stands for the instant N:00, as EnergyPlus itself interpolates, so hour 24 is
the next day's midnight.

Typical years are composed of months of several years: rows are looked up by month, day and hour, so that any
period of any year may be asked for. A file without 29 February gives 28 February for it.
"""

import codecs
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import simulator
from pipelines.errors import WeatherError
from pipelines.site.file import Location
from pipelines.site.quantities import QUANTITIES
from simulator.psychrometrics import (
    dew_point_c,
    pressure_at_altitude_pa,
    relative_humidity,
    saturation_humidity_ratio,
    wetbulb_c,
)

HEADER_LINES = 8
LONGEST_FILLED_HOURS = 6  # a passing cloud may be interpolated; a day's swing may not
LEAP_YEAR, ORDINARY_YEAR = 2024, 2023  # any of either kind: only their calendars are used

# canonical quantity -> column of the data dictionary, value from which it reads as missing, factor
COLUMNS = {
    "outdoor_drybulb_c": (6, 99.9, 1.0),
    "outdoor_dew_point_c": (7, 99.9, 1.0),
    "outdoor_rh_frac": (8, 999.0, 0.01),
    "outdoor_pressure_pa": (9, 999_999.0, 1.0),
    "wind_direction_deg": (20, 999.0, 1.0),
    "wind_speed_m_s": (21, 999.0, 1.0),
}
NEEDED = ("outdoor_drybulb_c", "outdoor_dew_point_c", "outdoor_pressure_pa")


@dataclass(frozen=True)
class Epw:
    """One weather file.

    hours: a row per hour of the calendar year, indexed by (month, day, hour) in local standard time at
    `utc_offset_h`; canonical quantities. NaN where values are missing for longer than may be filled. leap:
    whether 29 February is in the file. typical: whether its months come from several years. filled: hours
    interpolated or derived, by quantity.
    """

    path: Path
    place: str
    location: Location
    utc_offset_h: float
    leap: bool
    typical: bool
    hours: pd.DataFrame
    filled: dict[str, int]


def read_epw(path: Path) -> Epw:
    """Reads and checks an EPW file; short gaps are filled and counted.

    Raises:
        WeatherError: it does not exist, is no EPW file, is not hourly, or contains an hour twice.
    """
    try:
        lines = Path(path).read_bytes().removeprefix(codecs.BOM_UTF8).decode("latin-1").splitlines()
    except OSError as cause:
        raise WeatherError(f"weather file {path} cannot be read: {cause}; give a path to a .epw") from cause
    place, location, utc_offset_h = _location(path, lines)
    rows = _rows(path, lines[HEADER_LINES:])
    leap = bool(((rows["month"] == 2) & (rows["day"] == 29)).any())
    hours, filled = _filled(_on_calendar(path, rows, leap), location)
    return Epw(
        path=Path(path),
        place=place,
        location=location,
        utc_offset_h=utc_offset_h,
        leap=leap,
        typical=rows["year"].nunique() > 1,
        hours=hours,
        filled=filled,
    )


def weather_table(epw: Epw, start: pd.Timestamp, *, steps: int, dt_s: float) -> pd.DataFrame:
    """Weather at each step's middle, interpolated; indexed by its start in UTC, with outdoor_wetbulb_c.

    start: with a zone. Wind, which the simulator does not use, may be NaN.

    Raises:
        WeatherError: values are missing in the period for longer than may be filled.
    """
    times = pd.date_range(start.tz_convert("UTC"), periods=steps, freq=pd.Timedelta(seconds=dt_s))
    local = times.tz_localize(None) + pd.Timedelta(hours=epw.utc_offset_h) + pd.Timedelta(seconds=dt_s / 2)
    before = local.floor("h")
    share = ((local - before) / pd.Timedelta(hours=1)).to_numpy()[:, None]
    first, second = (_at(epw, hour) for hour in (before, before + pd.Timedelta(hours=1)))
    table = pd.DataFrame((1 - share) * first + share * second, columns=epw.hours.columns, index=times)
    table["wind_direction_deg"] = first[:, list(epw.hours.columns).index("wind_direction_deg")]
    _refuse_gaps(epw, table, dt_s)
    return _with_humidity(table.rename_axis("time"))


def drivers(table: pd.DataFrame, it_utilization: np.ndarray) -> simulator.Drivers:
    """Drivers of the simulator, (steps,), from `weather_table` and utilisation 0-1, (steps,) or (steps, halls)."""

    def series(values: Any) -> jax.Array:
        return jnp.asarray(values, dtype=float)

    return simulator.Drivers(
        outdoor_drybulb_c=series(table["outdoor_drybulb_c"].to_numpy()),
        outdoor_wetbulb_c=series(table["outdoor_wetbulb_c"].to_numpy()),
        pressure_pa=series(table["outdoor_pressure_pa"].to_numpy()),
        it_utilization=series(it_utilization),
    )


def filled_gaps(series: pd.Series, *, longest: int, circular: bool = False) -> pd.Series:
    """Gaps of at most `longest` rows interpolated linearly; longer ones stay as they are.

    circular: the last row is followed by the first, as December is by January in a typical year.
    """
    rows = len(series)
    values = pd.concat([series] * 3, ignore_index=True) if circular else series.reset_index(drop=True)
    missing = values.isna()
    run = missing.groupby((missing != missing.shift()).cumsum()).transform("sum")
    inside = values.interpolate(limit_area="inside").where(~missing | (run <= longest), np.nan)
    cut = inside.iloc[rows : 2 * rows] if circular else inside
    return pd.Series(cut.to_numpy(), index=series.index, name=series.name)


def _location(path: Path, lines: list[str]) -> tuple[str, Location, float]:
    fields = next(csv.reader(lines[:1]), [])
    if not fields or fields[0].strip().upper() != "LOCATION":
        first_line = (lines[0][:40] if lines else "").strip() or "nothing"
        raise WeatherError(
            f'{path} is no EPW file: the first line must begin with LOCATION, got "{first_line}"; '
            "give the .epw of the station, not its .ddy or .stat"
        )
    try:
        latitude, longitude, utc_offset_h, altitude_m = (float(field) for field in fields[6:10])
        location = Location(latitude=latitude, longitude=longitude, altitude_m=altitude_m)
    except ValueError as cause:
        raise WeatherError(
            f"{path}: LOCATION must give latitude, longitude, time zone and elevation as fields 7 to 10, "
            f"got {fields[6:10]}; correct the header"
        ) from cause
    if not -12 <= utc_offset_h <= 14:
        raise WeatherError(
            f"{path}: the time zone must lie in -12 to 14 hours, got {utc_offset_h:g}; correct it"
        )
    place = ", ".join(field.strip() for field in fields[1:4] if field.strip() not in ("", "-"))
    return place, location, utc_offset_h


def _rows(path: Path, lines: list[str]) -> pd.DataFrame:
    """Month, day, hour, year and quantities of every data line; missing and impossible values NaN."""
    lines = [line for line in lines if line.strip()]
    short = next((number for number, line in enumerate(lines) if line.count(",") < 21), None)
    if not lines or short is not None:
        where = "none" if not lines else f"line {HEADER_LINES + 1 + (short or 0)} has fewer"
        raise WeatherError(
            f"{path}: after {HEADER_LINES} header lines each hour must have 22 or more fields, {where}; "
            "download the file again, it is cut or of another format"
        )
    wanted = {0: "year", 1: "month", 2: "day", 3: "hour"}
    wanted |= {column: name for name, (column, _, _) in COLUMNS.items()}
    fields = [[cells[column] for column in wanted] for cells in csv.reader(lines)]
    rows = pd.DataFrame(fields, columns=list(wanted.values())).apply(pd.to_numeric, errors="coerce")
    for name, (_, missing, factor) in COLUMNS.items():
        values = rows[name].where(rows[name] < missing) * factor
        rows[name] = values.where(values.between(QUANTITIES[name].low, QUANTITIES[name].high))
    _refuse_bad_dates(path, rows)
    return rows.astype({"year": int, "month": int, "day": int, "hour": int})


def _refuse_bad_dates(path: Path, rows: pd.DataFrame) -> None:
    real = pd.to_datetime(rows[["month", "day"]].assign(year=LEAP_YEAR), errors="coerce").notna()
    bad = ~real | ~rows["hour"].between(1, 24) | rows["year"].isna()
    if bad.any():
        line = HEADER_LINES + 1 + int(np.argmax(bad))
        raise WeatherError(
            f"{path}: line {line} has no date with an hour from 1 to 24, as EPW numbers them; correct the line"
        )


def _on_calendar(path: Path, rows: pd.DataFrame, leap: bool) -> pd.DataFrame:
    """Quantities on every hour of a year; NaN rows where the file has none."""
    year = LEAP_YEAR if leap else ORDINARY_YEAR
    dates = pd.to_datetime(rows[["month", "day"]].assign(year=year))
    times = dates + pd.to_timedelta(rows["hour"], unit="h")
    times = times.where(times < pd.Timestamp(year + 1, 1, 1), pd.Timestamp(year, 1, 1))  # last hour of a year
    repeated = times.duplicated()
    if repeated.any():
        line = HEADER_LINES + 1 + int(np.argmax(repeated))
        raise WeatherError(
            f"{path}: an EPW file must hold each hour of one year once, line {line} repeats one; "
            "give one year of hourly rows (DATA PERIODS with 1 record per hour)"
        )
    calendar = pd.date_range(f"{year}-01-01", f"{year + 1}-01-01", freq="h", inclusive="left")
    hours = rows.set_index(pd.DatetimeIndex(times))[list(COLUMNS)].reindex(calendar)
    hours.index = pd.MultiIndex.from_arrays(
        [calendar.month, calendar.day, calendar.hour], names=["month", "day", "hour"]
    )
    return hours


def _filled(hours: pd.DataFrame, location: Location) -> tuple[pd.DataFrame, dict[str, int]]:
    """Humidity derived from its other measure, short gaps interpolated, pressure from altitude; counted."""
    table = hours.copy()
    derived = np.asarray(
        dew_point_c(table["outdoor_drybulb_c"].to_numpy(), table["outdoor_rh_frac"].to_numpy())
    )
    table["outdoor_dew_point_c"] = table["outdoor_dew_point_c"].fillna(pd.Series(derived, index=table.index))
    for name in table.columns.drop(["wind_direction_deg", "outdoor_rh_frac"]):
        table[name] = filled_gaps(table[name], longest=LONGEST_FILLED_HOURS, circular=True)
    # Pressure differs by about a percent from the altitude's standard: any gap of it may be filled.
    standard_pa = float(pressure_at_altitude_pa(location.altitude_m))
    table["outdoor_pressure_pa"] = table["outdoor_pressure_pa"].fillna(standard_pa)
    filled = {name: int((hours[name].isna() & table[name].notna()).sum()) for name in table.columns}
    return table, {name: count for name, count in filled.items() if count}


def _at(epw: Epw, hours: pd.DatetimeIndex) -> np.ndarray:
    """The file's rows for instants in local standard time, of any year."""
    day = np.where((hours.month == 2) & (hours.day == 29) & (not epw.leap), 28, hours.day)
    keys = pd.MultiIndex.from_arrays([hours.month, day, hours.hour])
    return epw.hours.to_numpy()[epw.hours.index.get_indexer(keys)]


def _refuse_gaps(epw: Epw, table: pd.DataFrame, dt_s: float) -> None:
    for name in NEEDED:
        silent = table.index[table[name].isna()]
        if len(silent):
            raise WeatherError(
                f"{epw.path}: gaps of at most {LONGEST_FILLED_HOURS} h are filled, {name} is missing for "
                f"{len(silent) * dt_s / 3600:.0f} h of the period, first at {silent[0]:%Y-%m-%d %H:%M} UTC; "
                "correct the file, or choose another --weather or period"
            )


def _with_humidity(table: pd.DataFrame) -> pd.DataFrame:
    """Relative humidity and wetbulb from drybulb, dew point and pressure; air holds no more than saturation."""
    drybulb_c, pressure_pa = table["outdoor_drybulb_c"].to_numpy(), table["outdoor_pressure_pa"].to_numpy()
    dew_c = np.minimum(table["outdoor_dew_point_c"].to_numpy(), drybulb_c)
    ratio = saturation_humidity_ratio(dew_c, pressure_pa)
    humidity = np.clip(np.asarray(relative_humidity(drybulb_c, ratio, pressure_pa)), 0.01, 1.0)
    table["outdoor_dew_point_c"], table["outdoor_rh_frac"] = dew_c, humidity.astype(float)
    table["outdoor_wetbulb_c"] = np.asarray(wetbulb_c(drybulb_c, humidity, pressure_pa), dtype=float)
    return table
