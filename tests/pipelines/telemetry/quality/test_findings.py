import numpy as np
import pandas as pd
import pytest

from pipelines.telemetry.quality.findings import findings
from tests.pipelines.telemetry.quality.kit import (
    NO_QUARANTINE,
    ROWS,
    TIMES,
    plant_readings,
    plant_site,
    point,
)

AT = 60 * 48 + 21


@pytest.fixture(scope="module")
def readings():
    return plant_readings()


def found(table, site=None, quarantine=NO_QUARANTINE):
    return findings(site or plant_site(), table, quarantine).to_dict("records")


def changed(table, columns, slope, offset=0.0, since=0):
    """Readings as they would be in another unit, since a row."""
    table = table.copy()
    for column in [columns] if isinstance(columns, str) else columns:
        table.iloc[since:, table.columns.get_loc(column)] = table[column].iloc[since:] * slope + offset
    return table


def test_a_plant_whose_meters_agree_has_no_finding(readings):
    assert found(readings) == []


@pytest.mark.parametrize(
    ("column", "slope", "offset"),
    [
        ("it_power_kw:a", 1000.0, 0.0), ("facility_power_kw", 1 / 1000, 0.0), ("chw_flow_kg_s", 3.6, 0.0),
        ("chw_flow_kg_s", 15.85, 0.0), ("cooling_load_kw", 1 / 3.517, 0.0), ("chw_return_c", 1.8, 32.0),
        ("outdoor_drybulb_c", 1.8, 32.0), ("tower_fan_speed_frac", 0.01, 0.0), ("chw_supply_sp_c", 1.8, 32.0),
    ],
)  # fmt: skip
def test_a_unit_that_changes_halfway_is_named_with_its_time(readings, column, slope, offset):
    first = found(changed(readings, column, slope, offset, since=AT))[0]
    assert (first["finding"], first["columns"]) == ("unit changes halfway", column)
    assert abs(first["start"] - TIMES[AT]) <= pd.Timedelta(hours=1)
    assert "ingest it again" in first["remedy"]


def test_readings_that_ingest_kept_out_as_impossible_show_the_change_of_unit_too(readings):
    table = readings.copy()
    fahrenheit = 1.8 * table["chw_supply_c"].iloc[AT:] + 32.0
    table.iloc[AT:, table.columns.get_loc("chw_supply_c")] = np.nan
    kept_out = pd.DataFrame(
        {
            "time": TIMES[AT:],
            "tag": "chw_supply_c",
            "source": "historian",
            "value": fahrenheit.map("{:.4f}".format),
        }
    ).assign(reason="out of physical range", file="a.csv")
    (only,) = found(table, quarantine=kept_out)
    assert (only["finding"], only["start"]) == ("unit changes halfway", TIMES[AT])
    assert "degF for degC" in only["seen"]


def test_chillers_that_start_move_the_plant_around_them_and_change_no_unit(readings):
    table = changed(readings, ["chiller_kw", "cw_flow_kg_s"], 3.517, since=AT)
    table = changed(table, ["cooling_load_kw", "chw_flow_kg_s", "chw_pump_kw"], 2.6, since=AT)
    assert [row for row in found(table) if row["finding"] == "unit changes halfway"] == []


@pytest.mark.parametrize(
    ("column", "slope", "offset", "finding", "says"),
    [
        ("it_power_kw:b", 1000.0, 0.0, "far above its siblings", "W for kW"),
        ("supply_air_c:b", 1.8, 32.0, "far from its siblings", "the same in degF"),
        ("chiller_kw", 1000.0, 0.0, "above what the site can be", "kW of facility power"),
        ("facility_power_kw", 1000.0, 0.0, "above what the site can be", "facility power is"),
        ("cooling_load_kw", 12.0, 0.0, "above what the site can be", "the heat removed is"),
        ("tower_fan_speed_frac", 0.01, 0.0, "a fraction taken for percent", 'unit = ""'),
    ],
)
def test_a_point_of_another_magnitude_is_named(readings, column, slope, offset, finding, says):
    rows = [row for row in found(changed(readings, column, slope, offset)) if row["finding"] == finding]
    assert any({column, "facility_kw"} & set(row["columns"].split(", ")) for row in rows)
    assert any(says in row["seen"] + row["remedy"] for row in rows)


def test_a_standby_machine_makes_its_siblings_no_giants(readings):
    random = np.random.default_rng(0)
    site = plant_site(point("tower_fan_kw:1"), point("tower_fan_kw:2"), point("tower_fan_kw:3"))
    fans = {"tower_fan_kw:1": 20.0 + random.normal(0, 0.1, ROWS)}
    fans |= {f"tower_fan_kw:{number}": random.normal(0, 0.1, ROWS) for number in (2, 3)}
    assert found(readings.assign(**fans), site) == []


def test_it_power_in_megawatts_beside_a_facility_in_kilowatts_is_named(readings):
    halls = ["it_power_kw:a", "it_power_kw:b", "it_power_kw:c"]
    (only,) = [
        row for row in found(changed(readings, halls, 0.001)) if row["finding"].startswith("above what")
    ]
    assert "W for kW, kW for MW" in only["seen"]


def test_a_total_beside_its_parts_is_named_and_never_summed(readings):
    site = plant_site(point("it_power_kw:all"))
    halls = readings[["it_power_kw:a", "it_power_kw:b", "it_power_kw:c"]]
    noise = 1.0 + np.random.default_rng(1).normal(0, 0.005, ROWS)
    (only,) = found(readings.assign(**{"it_power_kw:all": halls.sum(axis=1) * noise}), site)
    assert only["finding"] == "a total beside its parts"
    assert only["columns"].startswith("it_power_kw:all, it_power_kw:a")
    assert "the plant's it_power_kw adds them all up" in only["seen"]
    assert "counted = false for it_power_kw:all in [[points]], or for its parts" in only["remedy"]


def test_a_total_named_beside_its_parts_under_meters_is_found_across_quantities(readings):
    cooling = ["cooling_power_kw", "chiller_kw", "chw_pump_kw", "crah_fan_kw"]
    parts = readings[cooling[1:]].sum(axis=1)
    table = readings.assign(cooling_power_kw=parts, facility_power_kw=readings["facility_power_kw"])
    meters = plant_site().meters.model_dump(exclude_none=True) | {"cooling": cooling}
    (only,) = found(table, plant_site(point("cooling_power_kw"), meters=meters))
    assert "meters.cooling adds them all up" in only["seen"]


def test_two_machines_that_share_a_load_evenly_are_no_total(readings):
    random = np.random.default_rng(0)
    fans = {f"tower_fan_kw:{number}": 20.0 + random.normal(0, 0.05, ROWS) for number in (1, 2)}
    fans["tower_fan_kw:3"] = random.normal(0, 0.05, ROWS)
    site = plant_site(*(point(column) for column in fans))
    assert found(readings.assign(**fans), site) == []


def test_a_setpoint_recorded_outside_its_limits_is_named_with_both_ranges():
    site = plant_site(setpoint={"min": 20.0, "max": 25.0, "default": 22.0})
    (only,) = found(plant_readings(), site)
    assert only["finding"] == "setpoint outside its limits"
    assert "lie in 7." in only["seen"]
    assert "min..max (20..25 degC)" in only["seen"]


def test_an_operator_who_leaves_the_limits_for_a_week_is_no_finding(readings):
    table = readings.copy()
    table.iloc[: 7 * 48, table.columns.get_loc("chw_supply_sp_c")] = 17.0
    assert [row for row in found(table) if row["finding"].startswith("setpoint")] == []


def test_a_sentinel_among_idle_readings_and_a_meter_that_stands_are_named_with_values_in_their_unit(readings):
    table = readings.copy()
    random = np.random.default_rng(0)
    idle = np.where(np.arange(ROWS) % 48 > 20, table["chiller_kw"], random.normal(0, 0.02, ROWS)).round(6)
    idle[random.choice(ROWS, 12, replace=False)] = -0.001
    table["chiller_kw"] = idle
    table.iloc[1_000:1_100, table.columns.get_loc("crah_fan_kw")] = 37.123
    site = plant_site()
    points = [each.model_dump(exclude_none=True) for each in site.points]
    points = [each | ({"unit": "W"} if each["tag"] == "chiller_kw" else {}) for each in points]
    rows = {row["finding"]: row for row in found(table, plant_site(points=points))}
    assert "reads exactly -1 W 12 times" in rows["a value that may be a sentinel"]["seen"]
    assert "sentinels of source historian" in rows["a value that may be a sentinel"]["remedy"]
    assert "reads exactly 37.123 kW for 50 h" in rows["a reading that stands"]["seen"]


@pytest.mark.parametrize(
    "odd",
    [
        lambda table: table.iloc[:0],
        lambda table: table.iloc[:1],
        lambda table: table.iloc[:3],
        lambda table: table * np.nan,
        lambda table: table * 0.0,
        lambda table: table * 0.0 + 7.0,
        lambda table: -table,
        lambda table: table.where(pd.Series(np.arange(ROWS) % 1_000 == 0, table.index), axis=0),
    ],
)
def test_odd_tables_are_reported_on_without_a_fault(readings, odd):
    findings(plant_site(), odd(readings), NO_QUARANTINE)
