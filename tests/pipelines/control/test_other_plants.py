"""Plants of other sizes, meters, units and intervals learn and decide; what cannot be learned stays at its default."""

import pytest

from tests.pipelines.control.plant import controlled
from tests.pipelines.control.plants import AT, COLD, defaults, learned, plant_site, shown, target_of

pytestmark = pytest.mark.medium

USUAL = {"supply_air_sp_c": 20.0, "chw_supply_sp_c": 12.0, "cw_supply_sp_c": 21.0, "economizer_enable": 0.0}


@pytest.fixture(scope="module")
def target():
    site = plant_site()
    return target_of(site, learned(site), **COLD)


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_a_plant_ten_times_as_large_or_small_is_run_alike(target, scale):
    site = plant_site()
    assert target_of(site, learned(site, scale), scale, **COLD) == pytest.approx(
        target, abs=0.8
    )  # a flat optimum


def test_in_the_cold_the_economizer_is_wanted(target):
    assert target["economizer_enable"] == 1.0
    assert target["chw_supply_sp_c"] > 13.0


def test_units_and_energy_per_interval_make_no_difference(target):
    fahrenheit = {name: {"unit": "degF"} for name in ("chw_supply_c", "outdoor_wetbulb_c", "cw_supply_sp_c")}
    energy = {"chiller_kw": {"unit": "kWh", "reading": "interval"}}
    site = plant_site(units=fahrenheit | energy)
    assert target_of(site, learned(site), **COLD) == pytest.approx(target, abs=0.1)


@pytest.mark.parametrize("minutes", [5, 30])
def test_intervals_of_five_and_thirty_minutes_teach_the_same(target, minutes):
    site = plant_site(interval_minutes=minutes)
    found = target_of(site, learned(site), **COLD)
    assert found["economizer_enable"] == 1.0
    assert found["chw_supply_sp_c"] == pytest.approx(target["chw_supply_sp_c"], abs=3.0)  # a flat optimum


def test_plant_without_economizer_saves_with_warmer_chilled_water_and_colder_condenser_water():
    site = plant_site(without=("economizer_enable",))
    found = target_of(site, learned(site), **COLD)
    assert found["chw_supply_sp_c"] > 13.0
    assert found["cw_supply_sp_c"] < 18.0


def test_plant_that_sets_no_condenser_water_chooses_the_rest():
    site = plant_site(without=("cw_supply_sp_c",))
    found = target_of(site, learned(site), **COLD)
    assert set(found) == {"supply_air_sp_c", "chw_supply_sp_c", "economizer_enable"}
    assert found["chw_supply_sp_c"] > 13.0


def test_economizer_that_cannot_be_told_from_the_meters_is_known_by_physics():
    site = plant_site(without=("chw_return_c", "cw_return_c", "cw_flow_kg_s"))
    found = target_of(site, learned(site), **COLD)
    assert found["economizer_enable"] == 1.0
    assert found["chw_supply_sp_c"] > 13.0


def test_one_meter_for_all_cooling_is_enough_to_choose():
    site = plant_site(powers=("cooling_power_kw",))
    assert target_of(site, learned(site), **COLD) != pytest.approx(USUAL, abs=0.5)


def test_dew_point_over_its_limit_keeps_chilled_water_from_getting_warmer():
    """A hall whose dew point follows its chilled water."""
    from pipelines.learning.cascade.training import learn_site
    from pipelines.telemetry.plant_table import plant_table
    from tests.pipelines.control.plants import table_of
    from tests.pipelines.telemetry.ingest.kit import point

    site = plant_site()
    humid = site.model_validate(
        site.model_dump() | {"points": [*site.model_dump()["points"], point("BMS/DEW", "rack_dew_point_c")]}
    )
    table = table_of(site)
    table = table.assign(rack_dew_point_c=table["chw_supply_sp_c"] + 1.0)
    cascade = learn_site(humid, plant_table(humid, table)).cascade
    found = target_of(humid, cascade, **COLD, rack_dew_point_c=13.0)
    assert found["chw_supply_sp_c"] <= humid.envelope.dew_point_max_c - 1.0


def test_site_of_other_tags_is_controlled_in_its_own_units():
    site = plant_site(units={"cw_supply_sp_c": {"unit": "degF"}})
    decided = controlled(site, learned(site)).decide(shown(site, defaults(site)), AT)
    assert set(decided) == set(defaults(site))
    assert 42.8 <= decided["BMS/cw_supply_sp_c"] <= 86.0
