from time import perf_counter

import numpy as np
import pandas as pd
import pytest

from pipelines.config import Settings
from pipelines.site.file import Site, find_site
from pipelines.telemetry.plant_table import (
    contradictory,
    figure_name,
    kw_per_ton,
    plant_columns,
    plant_quantities,
    plant_table,
    row_quantities,
    standing_still,
)
from tests.pipelines.learning_kit import chiller_readings, chillers, hall, hall_readings, table
from tests.pipelines.telemetry.ingest.kit import point, site_of


@pytest.fixture(scope="module")
def hall_table():
    return table(hall(), hall_readings(48))


@pytest.fixture(scope="module")
def chillers_table():
    return table(chillers(), chiller_readings(48))


def weather_site(*quantities: str, **location: float) -> Site:
    points = [point("LOAD", "cooling_load_kw"), *(point(name, name) for name in quantities)]
    place = {"latitude": 0.0, "longitude": 0.0, **location}
    points[1:] = [p | {"unit": "Pa"} if p["quantity"].endswith("_pa") else p for p in points[1:]]
    return site_of(*points, location=place)


def weather(site: Site, **readings: float) -> pd.Series:
    index = pd.DatetimeIndex(["2025-06-01"], tz="UTC", name="time")
    row = pd.DataFrame({"cooling_load_kw": 100.0} | readings, index=index)
    return plant_table(site, row.reindex(columns=site.columns)).iloc[0]


def test_humidity_read_above_one_is_that_of_saturated_air():
    site = weather_site("outdoor_drybulb_c", "outdoor_rh_frac")
    saturated = weather(site, outdoor_drybulb_c=20.0, outdoor_rh_frac=1.04)
    assert saturated["outdoor_rh_frac"] == 1.0
    assert saturated["outdoor_wetbulb_c"] == pytest.approx(20.0, abs=0.05)


def test_pue_is_facility_power_over_it_power(hall_table):
    plant = plant_table(hall(), hall_table)
    parts_kw = hall_table[["it_power_kw", "chiller_kw", "crah_fan_kw", "ups_loss_kw"]].sum(axis=1)
    np.testing.assert_allclose(plant["figure"], parts_kw / hall_table["it_power_kw"])
    np.testing.assert_allclose(plant["overhead_kw"], parts_kw - hall_table["it_power_kw"])
    assert plant["figure"].min() > 1.0


def test_a_facility_meter_stands_before_the_sum_of_parts(hall_table):
    site = hall()
    metered = Site.model_validate(
        site.model_dump(exclude_none=True)
        | {
            "points": [*(p.model_dump() for p in site.points), point("MAIN", "facility_power_kw")],
            "meters": site.meters.model_dump() | {"facility": ["facility_power_kw"]},
        }
    )
    plant = plant_table(metered, hall_table.assign(facility_power_kw=1_000.0))
    np.testing.assert_allclose(plant["figure"], 1_000.0 / hall_table["it_power_kw"])


def test_a_facility_counter_that_stands_still_gives_no_pue_below_one():
    site, readings = (
        find_site("demo", Settings()),
        {"it_power_kw": 600.0, "facility_power_kw": [0.0, 400.0, 760.0]},
    )
    cooling = dict.fromkeys(("chiller_kw", "chw_pump_kw", "cw_pump_kw", "tower_fan_kw", "crah_fan_kw"), 20.0)
    index = pd.date_range("2025-01-01", periods=3, freq="15min", tz="UTC", name="time")
    plant = plant_table(site, pd.DataFrame(readings | cooling, index=index).reindex(columns=site.columns))
    assert list(contradictory(plant)) == [True, True, False]
    assert plant["figure"].isna().tolist() == [True, True, False]


def test_without_it_meter_the_figure_is_plant_power_per_kw_of_cooling(chillers_table):
    plant = plant_table(chillers(), chillers_table)
    power_kw = chillers_table["chiller_kw:ch1"] + chillers_table["chiller_kw:ch2"]
    np.testing.assert_allclose(plant["figure"], power_kw / chillers_table["cooling_load_kw"])
    np.testing.assert_allclose(plant["overhead_kw"], power_kw)
    assert plant["it_kw"].isna().all()


def by_flow(**meters) -> Site:
    return site_of(
        point("GPM", "chw_flow_kg_s", unit="kg/s"),
        point("CHWS", "chw_supply_c"),
        point("CHWR", "chw_return_c"),
        point("CH", "chiller_kw"),
        name="by-flow",
        meters={"load": ["chw_flow_kg_s"], "cooling": ["chiller_kw"], "boundary": "a chiller"} | meters,
    )


def test_without_a_heat_meter_the_load_is_what_chilled_water_takes_up():
    site = by_flow()
    readings = {"GPM": [20.0, 20.0, np.nan, 20.0], "CHWS": 7.0, "CHWR": [12.0, 6.9, 12.0, np.nan], "CH": 80.0}
    plant = plant_table(
        site, table(site, pd.DataFrame(readings, pd.date_range("2025-06-01", periods=4, freq="1h")))
    )
    assert plant["load_kw"].iloc[0] == pytest.approx(20.0 * 4.19 * 5.0)
    assert plant["figure"].iloc[0] == pytest.approx(80.0 / 419.0)
    assert plant["load_kw"].iloc[1] == 0.0  # water that comes back colder takes up nothing
    assert plant["load_kw"].iloc[2:].isna().all()


def test_a_load_by_flow_needs_both_temperatures_and_stands_alone():
    with pytest.raises(ValueError, match="the heat of chw_flow_kg_s needs chw_return_c too"):
        site_of(
            point("GPM", "chw_flow_kg_s", unit="kg/s"), point("CHWS", "chw_supply_c"), point("CH", "chiller_kw"),
            meters={"load": ["chw_flow_kg_s"], "cooling": ["chiller_kw"], "boundary": "a chiller"},
        )  # fmt: skip
    with pytest.raises(ValueError, match="stands for all chilled water; name it alone"):
        by_flow(load=["chw_flow_kg_s", "chiller_kw"])


def test_only_a_site_with_an_it_meter_has_a_pue():
    assert figure_name(hall()) == "PUE2"
    assert "PUE" not in figure_name(chillers())


def test_one_kw_of_cooling_is_3_5_times_fewer_kw_than_a_ton():
    assert kw_per_ton(pd.Series([0.2]))[0] == pytest.approx(0.2 * 12_000 * 1055.05585262 / 3_600 / 1_000)


def test_a_sum_of_which_one_meter_is_missing_is_missing(chillers_table):
    gap = chillers_table.copy()
    gap.iloc[5, gap.columns.get_loc("chiller_kw:ch2")] = np.nan
    plant = plant_table(chillers(), gap)
    assert list(np.flatnonzero(plant["chiller_kw"].isna())) == [5]
    assert list(np.flatnonzero(plant["figure"].isna())) == [5]


def test_rack_inlet_is_the_warmest_that_is_read(hall_table):
    gap = hall_table.copy()
    gap.iloc[3, gap.columns.get_loc("rack_inlet_c:row2")] = np.nan
    plant = plant_table(hall(), gap)
    assert plant["rack_inlet_c"].iloc[3] == gap["rack_inlet_c:row1"].iloc[3]
    expected = gap[["rack_inlet_c:row1", "rack_inlet_c:row2"]].max(axis=1)
    np.testing.assert_allclose(plant["rack_inlet_c"], expected)


def test_second_wetbulb_sensor_stands_in_where_the_first_is_silent():
    site = weather_site("outdoor_drybulb_c")
    wetbulbs = [point(f"WB{n}", "outdoor_wetbulb_c", equipment=f"s{n}") for n in (1, 2)]
    site = site_of(*(p.model_dump() for p in site.points), *wetbulbs)
    index = pd.date_range("2025-06-01", periods=2, freq="10min", tz="UTC", name="time")
    readings = {"outdoor_wetbulb_c:s1": [20.0, np.nan], "outdoor_wetbulb_c:s2": [25.0, 21.0]}
    plant = plant_table(site, pd.DataFrame(readings, index=index))
    assert list(plant["outdoor_wetbulb_c"]) == [20.0, 21.0]


def test_ratio_is_undefined_where_the_plant_stands_still(chillers_table):
    stopped = chillers_table.copy()
    stopped.iloc[:4, stopped.columns.get_loc("cooling_load_kw")] = [0.0, 1.0, 5.0, 300.0]
    plant = plant_table(chillers(), stopped)
    assert list(standing_still(plant).iloc[:4]) == [True, True, True, False]
    assert list(plant["figure"].isna().iloc[:4]) == [True, True, True, False]


def test_it_power_of_zero_all_day_leaves_no_pue_and_no_infinity(hall_table):
    plant = plant_table(hall(), hall_table.assign(it_power_kw=0.0))
    assert plant["figure"].isna().all()


def test_wetbulb_follows_from_drybulb_and_humidity():
    # psychrolib: 30 °C, 50 %, 101,325 Pa -> 22.0 °C
    row = weather(
        weather_site("outdoor_drybulb_c", "outdoor_rh_frac"), outdoor_drybulb_c=30.0, outdoor_rh_frac=0.5
    )
    assert row["outdoor_wetbulb_c"] == pytest.approx(22.0, abs=0.1)
    assert row["outdoor_enthalpy_j_kg"] == pytest.approx(64_300, rel=0.01)


def test_humidity_follows_from_the_dew_point_or_the_wetbulb():
    saturated = weather(
        weather_site("outdoor_drybulb_c", "outdoor_dew_point_c"),
        outdoor_drybulb_c=20.0,
        outdoor_dew_point_c=20.0,
    )
    dry = weather(
        weather_site("outdoor_drybulb_c", "outdoor_wetbulb_c"), outdoor_drybulb_c=30.0, outdoor_wetbulb_c=22.0
    )
    assert saturated["outdoor_rh_frac"] == pytest.approx(1.0)
    assert dry["outdoor_rh_frac"] == pytest.approx(0.5, abs=0.01)


def test_same_air_has_a_lower_wetbulb_on_a_mountain():
    readings = {"outdoor_drybulb_c": 30.0, "outdoor_rh_frac": 0.3}
    sea, mountain = (
        weather(weather_site(*readings, altitude_m=height), **readings)["outdoor_wetbulb_c"]
        for height in (0.0, 3_000.0)
    )
    assert mountain < sea - 0.5


def test_a_recorded_wetbulb_is_never_replaced():
    names = ("outdoor_drybulb_c", "outdoor_rh_frac", "outdoor_wetbulb_c")
    readings = dict(zip(names, (30.0, 0.5, 25.0), strict=True))
    assert weather(weather_site(*names), **readings)["outdoor_wetbulb_c"] == 25.0


def test_columns_are_the_same_with_and_without_rows(hall_table):
    assert plant_columns(hall()) == list(plant_table(hall(), hall_table))


DEW_POINT_SITE = ("outdoor_drybulb_c", "outdoor_dew_point_c", "outdoor_pressure_pa")


def test_wetbulb_follows_from_drybulb_dew_point_and_pressure_in_a_row_as_in_a_table():
    # psychrolib: 30 °C, dew point 18.45 °C, 101,325 Pa -> 50 %, wetbulb 22.0 °C
    site = weather_site(*DEW_POINT_SITE)
    readings = dict(zip(DEW_POINT_SITE, (30.0, 18.45, 101_325.0), strict=True))
    row = row_quantities(site, readings)
    assert row["outdoor_wetbulb_c"] == pytest.approx(22.0, abs=0.1)
    assert row["outdoor_rh_frac"] == pytest.approx(0.5, abs=0.01)
    assert row["outdoor_wetbulb_c"] == weather(site, **readings)["outdoor_wetbulb_c"]


@pytest.mark.parametrize("name", ["demo", "grundfos", "referee", "singapore"])
def test_a_row_reads_as_the_table_it_stands_in(name):
    site, random = find_site(name, Settings()), np.random.default_rng(3)
    low, high = (np.array([point.limits[side] for point in site.points]) for side in (0, 1))
    values = random.uniform(np.maximum(low, -1e4), np.minimum(high, 2e5), (60, len(site.points)))
    values[random.random(values.shape) < 0.15] = np.nan
    values[random.random(values.shape) < 0.01] = np.inf
    index = pd.date_range("2025-01-01", periods=60, freq="1h", tz="UTC", name="time")
    table = pd.DataFrame(values, index=index, columns=site.columns)
    plant = plant_table(site, table).drop(columns=["figure", "outdoor_enthalpy_j_kg"], errors="ignore")
    for k in range(60):
        row = row_quantities(site, table.iloc[k].to_dict())
        in_table = plant.iloc[k].dropna()
        assert set(row) == set(in_table.index)
        np.testing.assert_allclose([row[each] for each in in_table.index], in_table, rtol=1e-9, atol=1e-9)


def test_a_row_costs_a_few_milliseconds_whatever_is_missing():
    site = weather_site("outdoor_drybulb_c", "outdoor_rh_frac", "outdoor_dew_point_c", "outdoor_pressure_pa")
    readings = {"outdoor_drybulb_c": 20.0, "outdoor_rh_frac": 0.4, "outdoor_dew_point_c": 9.0}
    row_quantities(site, readings)
    started = perf_counter()
    for gap in readings:
        for _ in range(20):
            row_quantities(site, {name: value for name, value in readings.items() if name != gap})
    assert (perf_counter() - started) / 60 < 0.02  # 1 ms on an idle core; a compilation is 300


def two_halls(*, several: bool) -> Site:
    halls = ("hall_a", "hall_b")
    points = [
        point(f"{tag}.{hall}", quantity, equipment=hall)
        for hall in halls
        for tag, quantity in (("SP", "supply_air_sp_c"), ("SAT", "supply_air_c"), ("IN", "rack_inlet_c"))
    ]
    chosen = [
        {"tag": f"SP.{hall}", "min": 18.0, "max": 26.0, "slew_per_hour": 2.0, "default": 20.0}
        for hall in (halls if several else halls[:1])
    ]
    return site_of(point("LOAD", "cooling_load_kw"), *points, setpoints=chosen)


def test_halls_with_setpoints_of_their_own_are_also_told_apart():
    site = two_halls(several=True)
    readings = {column: np.array([20.0 + k]) for k, column in enumerate(site.columns)}
    plant = plant_quantities(site, readings)
    for column in site.columns[1:]:
        assert plant[column] == readings[column]
    assert (
        plant["supply_air_sp_c"]
        == (readings["supply_air_sp_c:hall_a"] + readings["supply_air_sp_c:hall_b"]) / 2
    )
    assert plant["rack_inlet_c"] == readings["rack_inlet_c:hall_b"]


def test_a_site_with_one_setpoint_of_a_quantity_has_no_further_columns():
    assert not any(":" in column for column in plant_columns(two_halls(several=False)))
