"""The guard in the controller: hours under control against what the fitted plant would draw at the site's rule."""

from dataclasses import replace
from datetime import datetime, timedelta

import jax.numpy as jnp
import numpy as np
import pytest

from models.cascade.cascade import Cascade
from models.graybox.counterfactual import at_setpoints, power_at
from models.graybox.learn import Graybox
from models.guard.reference import AtRule
from models.guard.regimes import regime_of
from pipelines.control.memory import Memory
from pipelines.control.optimizer.hour import Hour, hour_at_rest
from pipelines.control.optimizer.never_worse import NeverWorse
from tests.pipelines.control.optimizer.plants import AT, NAMES, ROW, RULE, graybox, history

DAYS = 21


@pytest.fixture(scope="module")
def physics() -> Graybox:
    return graybox()


@pytest.fixture(scope="module")
def cascade(physics) -> Cascade:
    """A model that errs by 4 kW at the rule, from hour to hour."""
    blocks = AtRule(np.random.default_rng(1).normal(0.0, 4.0, 120), np.float32(800.0), np.float32(720.0))
    nothing = dict.fromkeys(("air_float", "chw_range", "economizer", "it_response", "losses"))
    return Cascade(
        counts_it=True,
        reach={},
        offset_k={},
        meters={},
        worst_inlet=None,
        dew_point=None,
        inlet_rise_k=1.0,
        usual_kw=180.0,
        physics=physics,
        at_rule={regime_of(ROW["outdoor_wetbulb_c"]): blocks},
        **nothing,
    )


def under_control(cascade: Cascade, worse_kw: float) -> tuple[NeverWorse, datetime]:
    """Three weeks of control that needs so much more than the rule would."""
    hour = hour_at_rest(cascade.physics, history(), AT)
    assert hour is not None
    rule_kw = float(power_at(cascade.physics, hour.row, dict(zip(NAMES, RULE[:, None], strict=True)))[0])
    generator, state, at = np.random.default_rng(2), NeverWorse(), AT
    for k in range(DAYS * 24):
        at = AT + timedelta(hours=k)
        kw = rule_kw - hour.load_kw + worse_kw + generator.normal(0.0, 4.0)
        state = state.after(cascade, NAMES, Hour(at, hour.row, kw), RULE)
        if state.back(ROW["outdoor_wetbulb_c"], at):
            break
    return state, at


def test_a_loss_gives_the_weather_back_to_the_rule_and_says_so(cascade):
    state, at = under_control(cascade, worse_kw=30.0)
    why = state.back(ROW["outdoor_wetbulb_c"], at)
    assert "worse than the site's own rule" in why
    assert at < AT + timedelta(days=10)
    assert not state.back(ROW["outdoor_wetbulb_c"] + 10.0, at)  # other weather is judged apart
    assert not state.back(ROW["outdoor_wetbulb_c"], at + timedelta(days=2))  # a day, at first


def test_a_saving_is_kept(cascade):
    state, at = under_control(cascade, worse_kw=-10.0)
    assert not state.back(ROW["outdoor_wetbulb_c"], at)


def test_without_errors_at_the_rule_nothing_is_judged(cascade):
    state, at = under_control(replace(cascade, at_rule={}), worse_kw=30.0)
    assert not state.back(ROW["outdoor_wetbulb_c"], at)


def test_a_new_fit_begins_with_its_own_errors(cascade):
    state, at = under_control(cascade, worse_kw=30.0)
    fresh = replace(cascade, physics=replace(cascade.physics, z=cascade.physics.z + 0.01))
    hour = hour_at_rest(cascade.physics, history(), AT)
    after = state.after(fresh, NAMES, Hour(at, hour.row, 200.0), RULE)
    assert after.of == fresh.physics.name != state.of
    assert not after.back(ROW["outdoor_wetbulb_c"], at)


@pytest.mark.parametrize("cooling_kw", [np.nan, np.inf, -1e9])
def test_a_meter_that_fails_is_no_evidence(cascade, cooling_kw):
    hour = hour_at_rest(cascade.physics, history(), AT)
    state = NeverWorse().after(cascade, NAMES, Hour(AT, hour.row, cooling_kw), RULE)
    assert all(not regime.controlled.open_h for regime in state.state.regimes.values())


def test_it_survives_a_restart(cascade):
    state, _ = under_control(cascade, worse_kw=30.0)
    memory = Memory()
    model = replace(memory.model, optimizer=replace(memory.model.optimizer, never_worse=state))
    again = Memory.from_json(replace(memory, model=model).to_json())
    assert again.model.optimizer.never_worse == state


def test_the_rule_s_power_is_that_of_the_same_plant_run_at_the_rule(physics):
    there = history(**{name: [value] * 4 for name, value in zip(NAMES, RULE, strict=True)})
    hour = hour_at_rest(physics, there, AT)
    asked = dict(zip(NAMES, RULE[:, None], strict=True))
    assert at_setpoints(hour.row, asked).all()
    assert power_at(physics, hour.row, asked) == pytest.approx(power_at(physics, hour.row, {}), rel=1e-4)
    warmer = asked | {"chw_supply_sp_c": RULE[1:2] + 4.0}
    assert power_at(physics, hour.row, warmer)[0] < power_at(physics, hour.row, asked)[0]
    assert jnp.isfinite(physics.z).all()
