import numpy as np
import pytest

from pipelines.telemetry.quality.checks import plant_checks
from tests.pipelines.telemetry.quality.kit import ROWS, plant_readings, plant_site, point

SHARES = "facility power is that of its parts, and of little else"
HEAT = "thermal load equals chilled-water flow times its rise"
HEAT_OF_IT = "chilled water takes up about the heat of IT"
REJECTED = "condenser water gives off the heat of chilled water and chillers"


@pytest.fixture(scope="module")
def readings():
    return plant_readings()


def checked(table, site=None):
    return plant_checks(site or plant_site(), table).set_index("check")


def test_balances_of_a_plant_hold(readings):
    made = checked(readings)
    assert {SHARES, HEAT, HEAT_OF_IT, REJECTED, "cw_return_c is above cw_supply_c"} <= set(made.index)
    assert (made["failing"] < 0.001).all()


@pytest.mark.parametrize(
    ("column", "times", "check", "median", "unit"),
    [
        ("chw_flow_kg_s", 3.6, HEAT, 3.6, "m³/h for L/s"),
        ("chw_flow_kg_s", 3.6, HEAT_OF_IT, 3.7, ""),
        ("cooling_load_kw", 1 / 3.517, HEAT, 3.517, "kW for tons"),
        ("cw_flow_kg_s", 15.85, REJECTED, 15.85, "gal/min for L/s"),
        ("facility_power_kw", 0.5, SHARES, 1.94, ""),
        ("facility_power_kw", 3.0, SHARES, 0.32, ""),
    ],
)
def test_a_wrong_unit_breaks_a_balance_and_is_suspected(readings, column, times, check, median, unit):
    row = checked(readings.assign(**{column: readings[column] * times})).loc[check]
    assert row["failing"] > 0.99
    assert row["median"] == pytest.approx(median, rel=0.05)
    assert unit in row["remedy"]


def test_a_part_counted_twice_is_seen_in_the_facility_balance(readings):
    meters = plant_site().meters.model_dump(exclude_none=True)
    meters |= {"cooling": ["it_power_kw", *meters["cooling"]]}
    assert checked(readings, plant_site(meters=meters)).loc[SHARES, "failing"] == 1.0


def test_loops_of_their_own_are_checked_by_equipment(readings):
    columns = ("chw_supply_c:ch1", "chw_return_c:ch1", "chw_flow_kg_s:ch1", "cooling_load_kw:ch1")
    random = np.random.default_rng(0)
    supply_c = 8.0 + random.normal(0, 0.05, ROWS)
    own = dict(zip(columns, (supply_c + 5.0, supply_c, 10.0, 10.0 * 4.19 * 5.0), strict=True))  # swapped
    made = checked(readings.assign(**own), plant_site(*(point(column) for column in columns)))
    assert made.loc["chw_return_c is above chw_supply_c of ch1", "failing"] == 1.0
    assert made.loc[f"{HEAT.replace(' equals', ' of ch1 equals')}", "failing"] == 1.0
    assert "return_air_c is above supply_air_c of a" not in made.index


def test_a_plant_without_meters_to_compare_has_no_checks(readings):
    assert plant_checks(plant_site(), readings * np.nan).empty
    assert plant_checks(plant_site(), readings.iloc[:0]).empty
