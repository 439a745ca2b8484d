import math

import numpy as np
import pandas as pd
import pytest

import simulator
from models.cascade.cascade import NO_SAY_KW
from models.twin.run import Controlled
from pipelines.learning.twin.second_opinion import DRIVERS, TwinCheck
from tests.models.twin.kit import as_twin

pytestmark = pytest.mark.medium

NAMES = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
MILD = np.array([20.0, 9.0, 24.0, 0.0])


@pytest.fixture(scope="module")
def check(site) -> TwinCheck:
    plant = simulator.default_plant(it_kw=2_000.0, halls=2, chillers=2, tower_cells=3)
    return TwinCheck(
        site, as_twin(Controlled(plant, simulator.default_setpoints(plant))), NAMES, bound_kw=5.0
    )


NOW = {"load_kw": 1_500.0, "outdoor_drybulb_c": 22.0, "outdoor_wetbulb_c": 16.0, "rack_inlet_c": 21.0}


def moved(**changed: float) -> np.ndarray:
    return np.array([changed.get(name, value) for name, value in zip(NAMES, MILD, strict=True)])


def test_warmer_chilled_water_meets_no_objection(check):
    assert check.objection(MILD, moved(chw_supply_sp_c=12.0), NOW) == ""


def test_colder_chilled_water_meets_one_because_it_needs_more(check):
    assert "kW more" in check.objection(MILD, moved(chw_supply_sp_c=5.0), NOW)


def test_hall_too_warm_meets_an_objection_whatever_it_saves(check):
    assert "rack inlet" in check.objection(MILD, moved(supply_air_sp_c=29.0), NOW)


def test_twin_that_was_never_compared_with_the_record_objects_to_no_power(site, check):
    unsure = TwinCheck(site, check.twin, NAMES, bound_kw=NO_SAY_KW)
    assert unsure.objection(MILD, moved(chw_supply_sp_c=5.0), NOW) == ""


def test_nothing_is_said_where_load_is_not_known(check):
    assert check.objection(MILD, moved(chw_supply_sp_c=5.0), NOW | {"load_kw": math.nan}) == ""


@pytest.mark.slow
def test_bound_is_how_far_the_twin_is_off_between_states(check):
    """A plant that needs what the twin says, and 30 kW more wherever chilled water is cold."""
    rows = 80
    cold = np.arange(rows) % 2 == 0
    setpoints = np.where(cold[:, None], moved(chw_supply_sp_c=7.0), MILD)
    drivers = dict(zip(DRIVERS, (1_500.0, 22.0, 16.0, 21.0), strict=True))
    cooling_kw = np.asarray(check._settled(setpoints, drivers).cooling_w) / 1e3
    plant = pd.DataFrame(setpoints, columns=list(NAMES)).assign(
        **drivers, cooling_kw=cooling_kw + 30.0 * cold
    )
    assert check.bound_from(plant, np.ones(rows, bool)) == pytest.approx(30.0, abs=0.5)
