from dataclasses import replace

import jax.numpy as jnp
import pandas as pd
import pytest

import simulator
from models.twin import Twin
from models.twin.run import Controlled
from pipelines.learning.twin.second_opinion import second_opinion
from pipelines.simulation.plant import nameplate_plant

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


def fitted(site, *, metered_it=True, **tower):
    """A twin that differs from the site's nameplate in its tower alone."""
    plant = nameplate_plant(site)
    changed = {name: jnp.full_like(getattr(plant.tower, name), value) for name, value in tower.items()}
    plant = replace(plant, tower=replace(plant.tower, **changed))
    controlled = Controlled(plant, simulator.default_setpoints(plant))
    return Twin(controlled, dict(site.twin), (), {}, 900.0, metered_it=metered_it)


def test_the_fitted_twin_replaces_the_nameplate(site):
    colder = pd.Series(PRESENT.to_dict() | {"cw_supply_sp_c": 18.0})
    hungry_fans = fitted(site, rated_fan_w=400e3)
    assert second_opinion(site, MILD, 600.0, PRESENT, colder).agrees
    check = second_opinion(site, MILD, 600.0, PRESENT, colder, twin=hungry_fans)
    assert not check.agrees
    assert check.present.cooling_kw > second_opinion(site, MILD, 600.0, PRESENT, colder).present.cooling_kw


def test_a_twin_of_a_plant_without_a_hall_speaks_of_power_alone(site):
    present = pd.Series({"chw_supply_c": 10.0, "cw_supply_c": 26.0})  # measured: no setpoint tags
    proposed = pd.Series({"chw_supply_c": 10.0, "cw_supply_c": 21.0})
    check = second_opinion(site, MILD, 600.0, present, proposed, twin=fitted(site, metered_it=False))
    assert check.present.rack_inlet_c is None
    assert check.present.facility_kw == check.present.cooling_kw
    assert check.proposed.cooling_kw < check.present.cooling_kw
    assert "rack inlet" not in check.note
