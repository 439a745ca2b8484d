import pandas as pd
import pytest

from pipelines.simulation.second_opinion import second_opinion

MILD = pd.Series({"outdoor_drybulb_c": 13.0, "outdoor_wetbulb_c": 10.0, "outdoor_pressure_pa": 101_325.0})
PRESENT = pd.Series(
    {"supply_air_sp_c": 20.0, "chw_supply_sp_c": 10.0, "cw_supply_sp_c": 24.0, "economizer_enable": 0.0}
)


def opinion(site, **moves):
    return second_opinion(site, MILD, 600.0, PRESENT, pd.Series(PRESENT.to_dict() | moves))


def test_the_simulator_finds_the_load_that_the_meter_shows(site):
    assert opinion(site).present.it_power_kw == pytest.approx(600.0, rel=0.01)


def test_colder_tower_water_for_the_chillers_is_confirmed(site):
    check = opinion(site, cw_supply_sp_c=20.0)
    assert check.agrees
    assert check.proposed.facility_kw < check.present.facility_kw


def test_colder_chilled_water_is_not_confirmed(site):
    check = opinion(site, chw_supply_sp_c=7.0)
    assert not check.agrees
    assert "more, not less" in check.note


def test_a_rack_inlet_beyond_the_envelope_is_not_confirmed(site):
    check = opinion(site, supply_air_sp_c=27.5)
    assert not check.agrees
    assert "outside 18 to 27" in check.note
