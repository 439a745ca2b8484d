"""Kinds of readings: instants, energy per interval, counters, logs of changes; each becomes a mean per interval."""

import numpy as np
import pandas as pd
import pytest

from tests.pipelines.telemetry.ingest.kit import (
    ingested,
    long_source,
    point,
    site_of,
    source,
    stamps,
    text,
    wide,
)


def _means(folder, points, sources, file, **site):
    table, report, _ = ingested(folder, site_of(*points, sources=sources, **site), file)
    return table, report


def _at(table, column, *times):
    index = pd.DatetimeIndex([f"2025-03-01 {time}" for time in times], tz="UTC")
    return table[column].reindex(index).tolist()


def test_samples_in_an_interval_are_averaged(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 20, 1), P=[*range(10), *range(100, 110)])
    table, _ = _means(tmp_path, [point("P")], [], file)
    assert table["it_power_kw"].tolist() == pytest.approx([4.5, 104.5])


def test_samples_of_mixed_steps_count_by_the_time_around_them(tmp_path):
    times = [f"2025-03-01 00:{minute:02d}" for minute in (0, 2, 4, 6, 8, 10, 11, 12, 13, 14, 15, 16, 18)]
    powers = [10] * 5 + [20] * 5 + [40] * 3
    table, _ = _means(tmp_path, [point("P")], [], wide(tmp_path / "a.csv", times, P=powers))
    assert table["it_power_kw"].tolist()[0] == 10
    # From 00:10 on: 1.5 minutes at 20, 4 at 20, 1 + 1.5 at 40 and the last one, of which only 2 minutes are known.
    weights = np.array([1.5, 1, 1, 1, 1, 1, 1.5, 1.5])
    expected = (weights * ([20] * 5 + [40] * 3)).sum() / weights.sum()
    assert table["it_power_kw"].tolist()[1] == pytest.approx(expected)


def test_a_loggers_clock_off_the_grid_still_fills_every_interval(tmp_path):
    # Drifting by two seconds a row, so that now and then an interval holds no reading.
    index = pd.date_range("2025-03-01 00:05:34", periods=400, freq="602s")
    times = [f"{time:%Y-%m-%d %H:%M:%S}" for time in index]
    file = wide(tmp_path / "a.csv", times, T=[round(20 + i / 100, 2) for i in range(400)])
    table, _ = _means(tmp_path, [point("T", "outdoor_drybulb_c")], [], file)
    assert (np.diff(table.index) == np.timedelta64(10, "m")).all()
    assert table["outdoor_drybulb_c"].is_monotonic_increasing


def test_a_half_hourly_sensor_is_a_line_between_its_readings_but_not_across_an_hours_gap(tmp_path):
    times = [
        "2025-03-01 00:00",
        "2025-03-01 00:30",
        "2025-03-01 01:00",
        "2025-03-01 02:30",
        "2025-03-01 03:00",
    ]
    file = wide(tmp_path / "a.csv", times, T=[20, 23, 26, 30, 30.5])
    table, _ = _means(tmp_path, [point("T", "outdoor_drybulb_c")], [], file)
    got = _at(table, "outdoor_drybulb_c", "00:00", "00:10", "00:20", "00:30", "01:10", "02:20", "02:30")
    assert got == pytest.approx([20, 21.5, 22.5, 23, np.nan, np.nan, 30], nan_ok=True)


def test_a_switch_and_a_setpoint_hold_while_a_temperature_drifts(tmp_path):
    points = [point("S", "chw_supply_sp_c"), point("O", "chiller_on"), point("T", "chw_supply_c")]
    file = wide(tmp_path / "a.csv", stamps("2025-03-01 00:05", 3, 20), S=[7, 9, 9], O=[0, 1, 1], T=[7, 9, 9])
    table, _ = _means(tmp_path, points, [], file)
    assert _at(table, "chw_supply_sp_c", "00:10", "00:20") == [7, 8]  # changed in the middle of 00:20-00:30
    assert _at(table, "chiller_on", "00:10", "00:20") == [0, 0.5]
    assert _at(table, "chw_supply_c", "00:10") == [8]


@pytest.mark.parametrize(("stamp", "first"), [("start", "2025-03-01 00:00"), ("end", "2025-03-01 00:30")])
def test_half_hourly_energy_is_constant_power_on_a_ten_minute_table(tmp_path, stamp, first):
    points = [point("E", "chiller_kw", unit="kWh", reading="interval")]
    file = wide(tmp_path / "a.csv", stamps(first, 4, 30), E=[50, 60, 0, 70])
    table, _ = _means(tmp_path, points, [source(stamp=stamp)], file)
    assert table.index[0] == pd.Timestamp("2025-03-01", tz="UTC")
    assert table["chiller_kw"].tolist() == pytest.approx([100] * 3 + [120] * 3 + [0] * 3 + [140] * 3)


def test_ten_minute_energy_is_summed_into_a_half_hourly_table(tmp_path):
    points = [point("E", "chiller_kw", unit="MWh", reading="interval")]
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 6), E=[0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
    table, _ = _means(tmp_path, points, [], file, interval_minutes=30)
    assert table["chiller_kw"].tolist() == pytest.approx([120, 300])


def test_energy_is_conserved_when_the_meters_clock_is_off_the_grid(tmp_path):
    points = [point("E", "chiller_kw", unit="kWh", reading="interval")]
    energy = np.random.default_rng(1).uniform(10, 60, 96).round(3)
    file = wide(tmp_path / "a.csv", stamps("2025-03-01 00:03:20", 96, 15), E=energy)
    table, _ = _means(tmp_path, points, [], file)
    inner = table["chiller_kw"].iloc[1:-1].sum() / 6
    edges = energy[0] / 15 * (20 - 3 - 1 / 3) / 60 * 0 + table["chiller_kw"].iloc[[0, -1]].sum() / 6
    assert inner + edges == pytest.approx(energy.sum(), rel=0.01)


def test_mean_power_per_interval_is_not_divided_by_hours(tmp_path):
    points = [point("P", "chiller_kw", reading="interval")]
    file = wide(tmp_path / "a.csv", stamps("2025-03-01 00:15", 4, 15), P=[100, 200, 300, 400])
    table, _ = _means(tmp_path, points, [source(stamp="end")], file, interval_minutes=30)
    assert table["chiller_kw"].tolist() == pytest.approx([150, 350])


def _counter(folder, values, times=None, **more):
    points = [point("C", "chiller_kw", unit="kWh", reading="counter", **more)]
    file = wide(folder / "a.csv", times or stamps("2025-03-01", len(values)), C=values)
    table, report, store = ingested(folder, site_of(*points), file)
    return table["chiller_kw"], report.quarantined, store


def test_a_counters_differences_are_power(tmp_path):
    power, quarantined, _ = _counter(tmp_path, [1000, 1010, 1030, 1030])
    assert power.tolist() == pytest.approx([60, 120, 0])
    assert quarantined == {}


def test_a_counter_that_rolls_over_goes_on(tmp_path):
    power, quarantined, _ = _counter(tmp_path, [99_980, 99_990, 10, 20], rollover=100_000)
    assert power.tolist() == pytest.approx([60, 120, 60])
    assert quarantined == {}


def test_before_a_reset_the_power_goes_on_and_is_not_called_measured(tmp_path):
    power, quarantined, store = _counter(tmp_path, [5000, 5010, 0, 10, 20])
    assert power.tolist() == pytest.approx([60, 60, 60, 60])
    assert store.measured()["chiller_kw"].tolist() == [1, 0, 1, 1]  # 00:10 to 00:20 is the reset's
    assert quarantined == {}


def test_a_reset_between_two_readings_measures_what_was_counted_since(tmp_path):
    power, _, store = _counter(tmp_path, [5000, 5010, 5, 15, 25])
    assert power.tolist() == pytest.approx([60, 60, 60, 60])
    assert store.measured()["chiller_kw"].tolist() == [1, 0.5, 1, 1]


@pytest.mark.parametrize("rates", [(100, 140, 60, 120), (10, 500, 20, 300)])
@pytest.mark.parametrize("shift", [0, 7])
def test_a_counter_that_starts_anew_at_midnight_has_the_days_energy(tmp_path, rates, shift):
    minutes = np.arange(4 * 144) * 10 + shift
    values = [rates[minute // 1440] / 60 * (minute % 1440) for minute in minutes]
    times = [
        f"{time:%Y-%m-%d %H:%M}" for time in pd.Timestamp("2025-03-01") + pd.to_timedelta(minutes, "min")
    ]
    power, quarantined, _ = _counter(tmp_path, values, times)
    assert power.groupby(power.index.date).mean().tolist()[:3] == pytest.approx(rates[:3], rel=0.02)
    assert quarantined == {}


@pytest.mark.parametrize("width", [1_000, 65_536, 1_000_000, 4_294_967_296])
def test_a_rollover_of_any_width_is_told_from_the_reading_before(tmp_path, width):
    values = [(width - 25 + 10 * i) % width for i in range(20)]
    power, quarantined, _ = _counter(tmp_path, values)
    assert power.tolist() == pytest.approx([60] * 19)
    assert quarantined == {}


@pytest.mark.parametrize("factor", [10, 100])
def test_a_reading_with_a_digit_too_many_is_set_aside_and_its_neighbours_are_kept(tmp_path, factor):
    values = [35_500 + 10 * i for i in range(20)]
    values[7] *= factor
    power, quarantined, store = _counter(tmp_path, values)
    assert power.tolist() == pytest.approx([60] * 19)
    assert store.quarantine()["value"].tolist() == [str(values[7])]
    assert quarantined == {"counter reset": 1}


@pytest.mark.parametrize("start", [912_000, 4_000])
def test_another_device_costs_one_difference(tmp_path, start):
    values = [35_500 + 10 * i for i in range(12)] + [start + 10 * i for i in range(12)]
    power, quarantined, _ = _counter(tmp_path, values)
    assert power.tolist() == pytest.approx([60] * 22)
    assert sum(quarantined.values()) == 1


def test_a_reset_is_not_taken_for_a_rollover(tmp_path):
    power, quarantined, _ = _counter(tmp_path, [30_000, 30_010, 5, 15], rollover=65_536)
    assert quarantined == {}
    assert power.tolist() == pytest.approx([60, 60, 60])


def test_a_counter_that_drops_out_to_zero_and_comes_back_keeps_its_energy(tmp_path):
    power, quarantined, _ = _counter(tmp_path, [5000, 5010, 0, 5030, 5040])
    assert quarantined == {"counter reset": 1}
    assert power.tolist() == pytest.approx([60, 60, 60, 60])


def test_the_energy_of_a_long_gap_in_a_counter_is_not_spread(tmp_path):
    times = stamps("2025-03-01 00:00", 4) + stamps("2025-03-01 05:00", 4)
    power, _, _ = _counter(tmp_path, [0, 10, 20, 30, 500, 510, 520, 530], times)
    assert power.tolist() == pytest.approx([60] * 6)


def test_a_counter_jumping_ahead_is_out_of_physical_range(tmp_path):
    _, quarantined, _ = _counter(tmp_path, [0, 10, 20, 5_000_000, 5_000_010], high=2000)
    assert quarantined == {"out of physical range": 1}


CHANGES = [point("SP", "chw_supply_sp_c", reading="change"), point("P", "it_power_kw")]


def _changes(folder, *rows):
    beats = [f"2025-03-{day:02d} {hour:02d}:00,P,{5 + hour}" for day in (1, 2, 3) for hour in range(24)]
    file = text(folder / "a.csv", "time,tag,value", *sorted([*beats, *rows]))
    table, report, _ = ingested(folder, site_of(*CHANGES, sources=[long_source()]), file)
    return table["chw_supply_sp_c"], report


def test_a_change_of_value_log_holds_its_last_value(tmp_path):
    setpoint, _ = _changes(
        tmp_path, "2025-03-01 00:00,SP,7", "2025-03-01 06:05,SP,9", "2025-03-01 12:00,SP,8"
    )
    frame = setpoint.to_frame()
    assert _at(frame, "chw_supply_sp_c", "00:00", "05:50", "06:00", "06:10", "11:50", "12:00") == [
        7,
        7,
        8,
        9,
        9,
        8,
    ]


def test_a_change_of_value_log_is_believed_for_a_day_at_most(tmp_path):
    setpoint, _ = _changes(tmp_path, "2025-03-01 06:00,SP,7")
    assert setpoint.dropna().index[[0, -1]].tolist() == [
        pd.Timestamp("2025-03-01 06:00", tz="UTC"),
        pd.Timestamp("2025-03-02 05:50", tz="UTC"),
    ]


def test_a_change_of_value_log_does_not_reach_beyond_the_end_of_its_source(tmp_path):
    setpoint, _ = _changes(tmp_path, "2025-03-03 20:00,SP,7")
    assert setpoint.dropna().index[-1] == pd.Timestamp("2025-03-03 22:50", tz="UTC")


def test_a_missing_or_bad_entry_ends_the_hold(tmp_path):
    setpoint, report = _changes(
        tmp_path,
        "2025-03-01 00:00,SP,7",
        "2025-03-01 06:00,SP,No Data",
        "2025-03-01 12:00,SP,8",
        "2025-03-01 18:00,SP,x",
    )
    frame = setpoint.to_frame()
    assert _at(
        frame, "chw_supply_sp_c", "05:50", "06:00", "11:50", "12:00", "17:50", "18:00"
    ) == pytest.approx([7, np.nan, np.nan, 8, 8, np.nan], nan_ok=True)
    assert report.quarantined == {"unparsable value": 1}


def test_a_value_constant_for_days_in_a_change_log_is_not_stuck(tmp_path):
    points = [point("T", "rack_inlet_c", reading="change")]
    rows = [f"2025-03-{day:02d} 00:00,T,21" for day in range(1, 6)]
    _, report, _ = ingested(
        tmp_path, site_of(*points, sources=[long_source()]), text(tmp_path / "a.csv", "time,tag,value", *rows)
    )
    assert report.quarantined == {}


def test_wind_from_both_sides_of_north_is_north_not_south(tmp_path):
    points = [point("W", "wind_direction_deg", unit="deg"), point("P")]
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 4, 5), W=[350, 10, 80, 100], P=[1, 2, 3, 4])
    table, _ = _means(tmp_path, points, [], file)
    north, east = table["wind_direction_deg"].tolist()
    assert min(north, 360 - north) == pytest.approx(0, abs=1e-9)
    assert east == pytest.approx(90)
