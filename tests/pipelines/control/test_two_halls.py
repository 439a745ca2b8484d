"""A site with a supply-air setpoint for each hall is controlled hall by hall."""

from itertools import pairwise

import numpy as np
import pytest

from pipelines.control.orders import Orders
from pipelines.learning.cascade.training import learn_site
from pipelines.learning.trials.plan import explore_plan
from pipelines.site.tags import setpoint_tags
from pipelines.telemetry.plant_table import plant_table
from tests.pipelines.control.plant import AT, STEP, controlled, defaults, row
from tests.pipelines.halls import SUPPLY, table_of, two_hall_cascade, two_hall_site

pytestmark = pytest.mark.medium

A, B = SUPPLY.values()
OVER_K = {"hall_a": 1.0, "hall_b": 3.0}  # of each hall's inlet over its own supply air


@pytest.fixture(scope="module")
def site():
    return two_hall_site()


@pytest.fixture(scope="module")
def cascade(site):
    return two_hall_cascade(site)


def shown(site, setpoints: dict[str, float], **changed: float) -> dict[str, float]:
    """A row of the historian: each hall's air follows its own setpoint."""
    warmest = max(setpoints[A], setpoints[B])
    by_tag = row(site, setpoints, **changed)
    air = {"CRAH_A.SAT_C": setpoints[A], "CRAH_B.SAT_C": setpoints[B]}
    inlets = {
        "HALL_A.RACK_INLET_C": setpoints[A] + OVER_K["hall_a"],
        "HALL_B.RACK_INLET_C": setpoints[B] + OVER_K["hall_b"],
    }
    assert warmest <= 26.0
    return by_tag | air | inlets | setpoints


def day(site, controller, decisions: int = 96, **changed: float) -> list[dict[str, float]]:
    history = [defaults(site)]
    for k in range(decisions):
        history.append(controller.decide(shown(site, history[-1], **changed), AT + k * STEP))
        assert not any("failed" in notice for notice in controller.last.notices)
    return history


@pytest.fixture(scope="module")
def warm_day(site, cascade):
    controller = controlled(site, cascade)
    return day(site, controller, outdoor_wetbulb_c=20.0, outdoor_drybulb_c=26.0), controller


def test_every_decision_is_the_models_inside_limits_and_slew_rates(site, warm_day):
    history, controller = warm_day
    assert controller.last.source == "model"
    for before, after in pairwise(history):
        for setpoint, tag in setpoint_tags(site):
            assert setpoint.min - 1e-6 <= after[tag.tag] <= setpoint.max + 1e-6
            if setpoint.kind == "continuous":
                assert abs(after[tag.tag] - before[tag.tag]) <= setpoint.slew_per_hour * 0.25 + 1e-6


def test_the_hall_with_warmer_racks_keeps_the_colder_supply_air(warm_day):
    last = warm_day[0][-1]
    assert last[A] > last[B] + 0.1
    assert max(last[A] + OVER_K["hall_a"], last[B] + OVER_K["hall_b"]) <= 27.0


def test_halls_that_always_moved_together_are_kept_together(site):
    controller = controlled(site, two_hall_cascade(site, together=True))
    last = day(site, controller, decisions=40, outdoor_wetbulb_c=20.0, outdoor_drybulb_c=26.0)[-1]
    assert last[A] == pytest.approx(last[B], abs=0.2)


def test_limits_and_overrides_are_ordered_hall_by_hall(site, cascade):
    orders = Orders(limits={A: (18.0, 21.0)}, overrides={B: 19.0})
    history = day(site, controlled(site, cascade, orders=lambda: orders), decisions=12)
    assert max(values[A] for values in history) <= 21.0 + 1e-6
    assert history[-1][B] == pytest.approx(19.0)


def test_an_inlet_near_its_limit_cools_both_halls(site, cascade):
    warm = defaults(site) | {A: 25.0, B: 25.0}
    decided = controlled(site, cascade).decide(
        row(site, warm, rack_inlet_c=26.9) | {"CRAH_A.SAT_C": 25.0, "CRAH_B.SAT_C": 25.0}, AT
    )
    assert decided[A] == decided[B] == pytest.approx(24.5)


def test_the_record_is_learned_and_trials_are_planned_hall_by_hall(site):
    table = table_of(site)
    cascade = learn_site(site, plant_table(site, table)).cascade
    assert {hall.follows for hall in cascade.halls.values()} == {
        ("supply_air_sp_c:hall_a",), ("supply_air_sp_c:hall_b",)
    }  # fmt: skip
    plan = explore_plan(site, table, start=table.index[0], weeks=1)
    assert {A, B} <= set(plan.table.columns)
    tried = plan.table[[A, B]].dropna()
    assert np.abs(tried[A] - tried[B]).max() > 0.5
