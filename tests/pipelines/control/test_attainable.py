"""Decisions of the whole controller where equipment is said to be at its stop."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.random_decisions import LENGTH, run
from models.cascade.attainable import Approach
from pipelines.control.controller import Controller
from pipelines.control.setup import parameters_of
from pipelines.operations.tag_controller import TagController
from tests.pipelines.control.plant import controlled, day

pytestmark = pytest.mark.medium

CONDENSER = "PLANT.CWS_SP_C"
ALWAYS_FULL = {"tower_fan_kw": 1e-3, "chw_pump_kw": 1e-3, "crah_fan_kw": 1e-3}
NEVER_NEAR = Approach(np.array([1_000.0]), np.array([10.0]), np.full((2, 2), 40.0))


def itself(site, cascade):
    """Parameters of the controller with every temperature setpoint as the controlled temperature itself."""
    parameters = parameters_of(site, cascade)
    temperature = np.array([setpoint.kind != "binary" for setpoint in site.setpoints])
    optimizer = replace(parameters.model.optimizer, measured=temperature)
    return replace(parameters, model=replace(parameters.model, optimizer=optimizer))


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_with_the_fans_at_their_stop_condenser_water_is_never_set_colder(site, cascade):
    def coldest(stops) -> float:
        controller = TagController(Controller(itself(site, replace(cascade, stops=stops, approach=None))))
        return min(setpoints[CONDENSER] for setpoints in day(site, controller, decisions=16))

    default_c = day(site, controlled(site, None), decisions=0)[0][CONDENSER]
    assert coldest({}) < default_c - 1.0
    assert coldest(ALWAYS_FULL) >= default_c - 1e-4


def test_no_such_limit_makes_control_raise_leave_a_limit_or_move_too_fast(site, cascade):
    limited = replace(cascade, stops=ALWAYS_FULL, approach=NEVER_NEAR)
    tally = run(10 * LENGTH, [itself(site, limited)], seed=3)
    assert (tally.raised, tally.beyond_limit, tally.too_fast) == (0, 0, 0), tally.examples
    assert tally.sources["model"] > 0
