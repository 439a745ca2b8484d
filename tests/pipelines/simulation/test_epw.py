"""EPW files: hours land on the right UTC instant, short gaps are filled and counted, wrong files are refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import psychrolib
import pytest

from pipelines.errors import WeatherError
from pipelines.simulation.epw import drivers, filled_gaps, read_epw, weather_table
from tests.pipelines.epw_kit import with_field, write_epw

pytestmark = pytest.mark.medium

DRYBULB, DEW_POINT, HUMIDITY, PRESSURE, WIND = 6, 7, 8, 9, 21
STEPS = 24  # the same throughout, so that all tests share one compilation


def hour_of_day(time: pd.Timestamp) -> float:
    return float(time.hour)


def day_of_year(time: pd.Timestamp) -> float:
    return 0.1 * time.dayofyear


def at(epw, time: str, *, steps: int = STEPS, dt_s: float = 1.0) -> pd.DataFrame:
    return weather_table(epw, pd.Timestamp(time, tz="UTC"), steps=steps, dt_s=dt_s)


def test_header_gives_the_station(tmp_path: Path) -> None:
    epw = read_epw(write_epw(tmp_path / "a.epw", utc_offset_h=-7.0))
    assert epw.place == "Testville, TS, XXX"
    assert (epw.location.latitude, epw.location.longitude, epw.location.altitude_m) == (40.0, -105.0, 1600.0)
    assert epw.utc_offset_h == -7.0
    assert len(epw.hours) == 8760
    assert epw.filled == {}


@pytest.mark.parametrize(("utc_offset_h", "utc"), [(-7.0, "20:00"), (0.0, "13:00"), (5.5, "07:30")])
def test_hour_13_is_one_in_the_afternoon_local_standard_time(
    tmp_path: Path, utc_offset_h: float, utc: str
) -> None:
    epw = read_epw(write_epw(tmp_path / "a.epw", drybulb_c=hour_of_day, utc_offset_h=utc_offset_h))
    # also in July: EPW knows no daylight saving
    assert at(epw, f"2025-07-10 {utc}")["outdoor_drybulb_c"].iloc[0] == pytest.approx(13.0, abs=1e-3)


def test_between_hours_weather_is_interpolated_to_the_middle_of_the_step(tmp_path: Path) -> None:
    epw = read_epw(write_epw(tmp_path / "a.epw", drybulb_c=hour_of_day))
    table = at(epw, "2025-03-04 10:00", dt_s=150.0)
    np.testing.assert_allclose(table["outdoor_drybulb_c"], 10 + (np.arange(STEPS) + 0.5) / 24)
    assert table.index[0] == pd.Timestamp("2025-03-04 10:00", tz="UTC")


def test_a_typical_year_serves_any_year_and_runs_on_over_new_year(tmp_path: Path) -> None:
    patched = write_epw(tmp_path / "tmy.epw", drybulb_c=day_of_year, row_year=lambda t: 1980 + t.month)
    epw = read_epw(patched)
    assert epw.typical
    table = at(epw, "2031-12-31 12:00", dt_s=3600.0)["outdoor_drybulb_c"]
    assert table.iloc[0] == pytest.approx(36.5)
    assert table.iloc[-1] == pytest.approx(0.1)


def test_29_february_takes_the_weather_of_the_28th_where_the_file_has_none(tmp_path: Path) -> None:
    ordinary = read_epw(write_epw(tmp_path / "a.epw", drybulb_c=day_of_year))
    assert at(ordinary, "2024-02-29 12:00")["outdoor_drybulb_c"].iloc[0] == pytest.approx(5.9)
    leap = read_epw(write_epw(tmp_path / "b.epw", drybulb_c=day_of_year, year=2024))
    assert leap.leap
    assert at(leap, "2024-02-29 12:00")["outdoor_drybulb_c"].iloc[0] == pytest.approx(6.0)
    assert at(leap, "2025-03-01 12:00")["outdoor_drybulb_c"].iloc[0] == pytest.approx(6.1)


def test_wetbulb_is_that_of_psychrolib_from_drybulb_dew_point_and_pressure(tmp_path: Path) -> None:
    psychrolib.SetUnitSystem(psychrolib.SI)
    row = at(read_epw(write_epw(tmp_path / "a.epw")), "2025-05-05 00:00").iloc[0]
    wetbulb_c = psychrolib.GetTWetBulbFromTDewPoint(20.0, 10.0, 100_000.0)
    assert row["outdoor_wetbulb_c"] == pytest.approx(wetbulb_c, abs=0.02)
    assert row["outdoor_rh_frac"] == pytest.approx(psychrolib.GetRelHumFromTDewPoint(20.0, 10.0), rel=0.001)


def test_a_short_gap_is_interpolated_and_counted(tmp_path: Path) -> None:
    path = write_epw(
        tmp_path / "a.epw", drybulb_c=hour_of_day, change=lambda rows: with_field(rows, 9, 4, DRYBULB, "99.9")
    )
    epw = read_epw(path)
    assert epw.filled == {"outdoor_drybulb_c": 4}
    assert at(epw, "2025-01-01 12:00")["outdoor_drybulb_c"].iloc[0] == pytest.approx(12.0, abs=1e-3)


def test_a_lost_row_is_a_gap_like_any_other(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw", drybulb_c=hour_of_day, change=lambda rows: rows[:9] + rows[11:])
    epw = read_epw(path)
    assert epw.filled["outdoor_drybulb_c"] == 2
    assert at(epw, "2025-01-01 11:00")["outdoor_drybulb_c"].iloc[0] == pytest.approx(11.0, abs=1e-3)


def test_a_gap_over_new_year_is_interpolated_across_it(tmp_path: Path) -> None:
    def emptied(rows: list[str]) -> list[str]:
        return with_field(with_field(rows, 0, 2, DRYBULB, "99.9"), 8757, 3, DRYBULB, "99.9")

    epw = read_epw(write_epw(tmp_path / "a.epw", change=emptied))
    assert epw.filled == {"outdoor_drybulb_c": 5}
    assert at(epw, "2025-01-01 00:00")["outdoor_drybulb_c"].iloc[0] == pytest.approx(20.0)


def test_a_long_gap_is_refused_only_where_the_period_meets_it(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw", change=lambda rows: with_field(rows, 24, 10, DRYBULB, "99.9"))
    epw = read_epw(path)
    assert len(at(epw, "2025-06-01", dt_s=3600.0)) == STEPS
    message = r"at most 6 h are filled, outdoor_drybulb_c is missing for 1\d h .*2025-01-02.*--weather"
    with pytest.raises(WeatherError, match=message):
        at(epw, "2025-01-02", dt_s=3600.0)


def test_a_file_of_half_a_year_serves_that_half(tmp_path: Path) -> None:
    epw = read_epw(write_epw(tmp_path / "a.epw", change=lambda rows: rows[: 181 * 24]))
    assert len(at(epw, "2025-04-01")) == STEPS
    with pytest.raises(WeatherError, match="choose another --weather or period"):
        at(epw, "2025-09-01")


def test_missing_humidity_comes_from_its_other_measure_and_missing_pressure_from_altitude(
    tmp_path: Path,
) -> None:
    path = write_epw(tmp_path / "a.epw", dew_point_c=99.9, relative_humidity=60.0, pressure_pa=999_999)
    epw = read_epw(path)
    row = at(epw, "2025-05-05 00:00").iloc[0]
    assert row["outdoor_dew_point_c"] == pytest.approx(12.0, abs=0.05)
    assert row["outdoor_pressure_pa"] == pytest.approx(83_500, rel=0.005)  # 1600 m
    assert epw.filled == {"outdoor_dew_point_c": 8760, "outdoor_pressure_pa": 8760}


def test_an_impossible_reading_counts_as_missing(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw", change=lambda rows: with_field(rows, 100, 2, DRYBULB, "-80"))
    assert read_epw(path).filled == {"outdoor_drybulb_c": 2}


def test_wind_may_be_missing_because_the_plant_does_not_feel_it(tmp_path: Path) -> None:
    path = write_epw(tmp_path / "a.epw", change=lambda rows: with_field(rows, 0, 200, WIND, "999"))
    assert np.isnan(at(read_epw(path), "2025-01-03")["wind_speed_m_s"].iloc[0])


def test_drivers_of_the_simulator_are_the_table_s_columns(tmp_path: Path) -> None:
    table = at(read_epw(write_epw(tmp_path / "a.epw")), "2025-05-05", dt_s=300.0)
    made = drivers(table, np.full(STEPS, 0.4))
    np.testing.assert_allclose(made.outdoor_wetbulb_c, table["outdoor_wetbulb_c"], rtol=1e-6)
    np.testing.assert_allclose(made.pressure_pa, 100_000.0)
    np.testing.assert_allclose(made.it_utilization, 0.4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 'must begin with LOCATION, got "nothing"'),
        ("time,drybulb\n2025-01-01,3\n", "no EPW file.*not its .ddy"),
        ("LOCATION,a,b,c,d,e,north,1,2,3\n", "latitude, longitude"),
        ("LOCATION,a,b,c,d,e,40,-105,-70,1600\n", "time zone must lie in -12 to 14"),
        ("LOCATION,a,b,c,d,e,40,-105,-7,1600\n" + 7 * "x\n", "22 or more fields, none"),
        ("LOCATION,a,b,c,d,e,40,-105,-7,1600\n" + 7 * "x\n" + "2023,1,1,1\n", "line 9 has fewer"),
    ],
)
def test_a_file_that_is_no_epw_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "wrong.epw"
    path.write_text(text)
    with pytest.raises(WeatherError, match=words):
        read_epw(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeatherError, match="cannot be read"):
        read_epw(tmp_path / "absent.epw")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: [*rows, rows[5]], "hour of one year once, line 8769 repeats one"),
        (lambda rows: with_field(rows, 3, 1, 3, "25"), "line 12 has no date with an hour from 1 to 24"),
        (lambda rows: with_field(rows, 3, 1, 2, "32"), "line 12 has no date"),
        (lambda rows: with_field(rows, 3, 1, 0, "year"), "line 12 has no date"),
    ],
)
def test_hours_that_repeat_or_do_not_exist_are_refused(tmp_path: Path, change, words: str) -> None:
    with pytest.raises(WeatherError, match=words):
        read_epw(write_epw(tmp_path / "a.epw", change=change))


def test_a_gap_longer_than_allowed_is_left_whole() -> None:
    series = pd.Series([1.0, np.nan, 3.0, np.nan, np.nan, np.nan, 7.0])
    assert filled_gaps(series, longest=2).tolist()[:3] == [1.0, 2.0, 3.0]
    assert filled_gaps(series, longest=2).isna().sum() == 3
    assert filled_gaps(series, longest=3).tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]


def test_the_stations_delivered_with_energyplus_are_read_whole() -> None:
    package = pytest.importorskip("pyenergyplus", reason="the extra energyplus is not installed")
    files = sorted((Path(package.__file__).parent / "data" / "weather").glob("*.epw"))
    if not files:
        pytest.skip("this pyenergyplus delivers no weather files")
    for path in files[:3]:
        epw = read_epw(path)
        table = at(epw, "2025-12-31", dt_s=3600.0)
        assert epw.typical
        assert not table.isna().any().any()
        assert (table["outdoor_wetbulb_c"] <= table["outdoor_drybulb_c"] + 0.01).all()
        # the file's own humidity agrees with the one from its dew point
        hours = epw.hours.dropna()
        drybulb_c, dew_c = hours["outdoor_drybulb_c"], hours["outdoor_dew_point_c"]
        assert (dew_c <= drybulb_c + 0.2).mean() > 0.99
