import math
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from pipelines.site.tags import setpoint_tags
from tests.pipelines.control.plant import AT, DAY, STEP, controlled, day, defaults, row

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def cold_day(site, cascade):
    return day(site, controlled(site, cascade))


def in_limits(site, history) -> bool:
    step_hours = STEP / timedelta(hours=1)
    for before, after in pairwise(history):
        for setpoint, tag in setpoint_tags(site):
            low, high = tag.exported(setpoint.min) - 1e-6, tag.exported(setpoint.max) + 1e-6
            slew = 1.0 if setpoint.kind == "binary" else setpoint.slew_per_hour * step_hours
            if not low <= after[tag.tag] <= high or abs(after[tag.tag] - before[tag.tag]) > slew + 1e-6:
                return False
    return True


def test_every_decision_stays_inside_limits_and_slew_rates(site, cold_day):
    assert in_limits(site, cold_day)


def test_economizer_runs_in_the_cold_with_warm_chilled_water(cold_day):
    assert cold_day[-1]["PLANT.WSE_ENABLE"] == 1.0
    assert cold_day[-1]["PLANT.CWS_SP_C"] < 14.0


def test_steady_plant_is_left_alone_after_it_has_been_moved(cold_day):
    assert cold_day[-1] == pytest.approx(cold_day[-5])


def test_same_rows_same_decisions(site, cascade, cold_day):
    assert day(site, controlled(site, cascade)) == cold_day


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -9999.0, "n/a"])
def test_bad_values_anywhere_never_stop_it(site, cascade, bad):
    random = np.random.default_rng(0)

    def spoil(shown, _k):
        return {tag: bad if random.random() < 0.3 else value for tag, value in shown.items()}

    history = day(site, controlled(site, cascade), spoil, decisions=24)
    assert in_limits(site, history)
    assert all(math.isfinite(value) for decision in history for value in decision.values())


def test_without_weather_it_holds_for_an_hour_and_then_goes_to_the_defaults(site, cascade):
    controller = controlled(site, cascade)

    def spoil(shown, k):
        lost = ("OA.WETBULB_F", "OA.DRYBULB_F", "OA.RH_PCT")
        return shown if k < DAY // 2 else {tag: value for tag, value in shown.items() if tag not in lost}

    history = day(site, controller, spoil)
    assert history[DAY // 2 + 4] == pytest.approx(history[DAY // 2 + 2])
    assert history[-1] == pytest.approx(defaults(site))
    assert "not known" in controller.last.reason


def test_without_a_model_it_goes_to_the_defaults_and_says_so(site):
    controller = controlled(site, None)
    away = defaults(site) | {"CRAH.SAT_SP_C": 24.0}
    decided = controller.decide(row(site, away), AT)
    assert decided["CRAH.SAT_SP_C"] == pytest.approx(23.5)
    assert "no control model" in controller.last.reason


def test_inlet_near_its_limit_is_cooled_at_once(site, cascade):
    controller = controlled(site, cascade)
    present = defaults(site) | {"CRAH.SAT_SP_C": 25.0, "PLANT.CHWS_SP_C": 18.0}
    decided = controller.decide(row(site, present, rack_inlet_c=26.9), AT)
    assert decided["CRAH.SAT_SP_C"] == pytest.approx(24.5)
    assert decided["PLANT.CHWS_SP_C"] == pytest.approx(17.5)
    assert "close to its limit" in controller.last.reason


def test_clock_that_jumps_back_or_ahead_gives_no_leap(site, cascade):
    controller, present = controlled(site, cascade), defaults(site)
    for at in (AT, AT + STEP, AT - timedelta(days=1), AT + timedelta(days=2)):
        decided = controller.decide(row(site, present), at)
        assert abs(decided["CRAH.SAT_SP_C"] - present["CRAH.SAT_SP_C"]) <= 2.0 + 1e-9
        present = decided
