from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models.setpoints import Bounds
from pipelines.control.decision import Decision, Expectation, Settled, Unavailable
from pipelines.control.evidence import binding, with_evidence
from pipelines.control.explanation import recommendation_of
from pipelines.control.hold_conditions import conditions, is_for_saving
from pipelines.control.precedent import NONE, precedent, present_share

AT = datetime(2025, 1, 3, tzinfo=UTC)
NAMES = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
LOW, HIGH = np.array([18.0, 7.0, 6.0, 0.0]), np.array([26.0, 20.0, 30.0, 1.0])
BOUNDS = Bounds(NAMES, LOW, HIGH, np.array([20.0, 12.0, 21.0, 0.0]), np.ones(4), np.array([0, 0, 0, 1], bool))
PRESENT = np.array([20.0, 12.0, 21.0, 0.0])
SETTLED = Settled(facility_kw=(1000.0,), cooling_kw=180.0, it_kw=800.0, rack_inlet_c=22.0, outside=0.0)


class Optimizer:
    """Expects of setpoints what `columns` make of them: functions of rows (n, 4)."""

    def __init__(self, measured=(False,) * 4, worst_inlet=True, **columns):
        self.objective = SimpleNamespace(inlet_low_c=18.5, inlet_high_c=26.0, dew_point_high_c=14.0)
        self.measured, self.support, self.columns = np.array(measured), True, columns
        self.cascade, self.twin_expects = SimpleNamespace(worst_inlet=worst_inlet or None), None

    def outcomes(self, values, conditions):
        usual = {"rack_inlet_c": values[:, 0] + 1.0, "dew_point_c": values[:, 0] * 0.0}
        usual |= {"coldest_inlet_c": usual["rack_inlet_c"]}
        usual |= dict.fromkeys(("unreachable_k", "outside", "mode"), np.zeros(len(values)))
        return SimpleNamespace(**(usual | {name: one(values) for name, one in self.columns.items()}))


def decided(goal, **conditions) -> Decision:
    named = dict(zip(NAMES, goal, strict=True))
    expected = Expectation(SETTLED, SETTLED, {"load_kw": 800.0, "outdoor_wetbulb_c": 16.0} | conditions)
    present = dict(zip(NAMES, PRESENT, strict=True))
    return Decision(named, "", "model", goal=named, present=present, expected=expected)


def stops(site, optimizer, *, supply=20.0, chilled=12.0, condenser=21.0, **conditions):
    goal = np.array([supply, chilled, condenser, 0.0])
    return binding(site, optimizer, decided(goal, **conditions), BOUNDS, goal)


@pytest.mark.parametrize(
    ("optimizer", "goal", "why"),
    [
        (Optimizer(), {"supply": 26.0}, "at its limit of 26"),
        (Optimizer(), {"supply": 24.8}, "the rack inlet, which is kept at 26.0 °C"),
        (Optimizer(), {"condenser": 18.0}, "nothing more to gain"),
        (Optimizer(dew_point_c=lambda v: v[:, 1]), {"chilled": 14.0}, "the dew point at the racks"),
        (
            Optimizer(unreachable_k=lambda v: 18.0 - v[:, 2]),
            {"condenser": 18.0},
            "the towers reach no further",
        ),
        (Optimizer(outside=lambda v: v[:, 1] - 14.0), {"chilled": 14.0}, "the record does not reach further"),
        (Optimizer(mode=lambda v: v[:, 1] > 14.5), {"chilled": 14.0}, "chillers or economizer"),
    ],
)
def test_what_keeps_a_move_from_going_further_is_named(site, optimizer, goal, why):
    (stop,) = stops(site, optimizer, **goal)
    assert why in stop


def test_plant_without_rack_inlets_is_not_bound_by_them(site):
    blind = Optimizer(worst_inlet=False, rack_inlet_c=lambda v: v[:, 0] * 0.0)
    assert "nothing more to gain" in stops(site, blind, supply=22.0)[0]


def record() -> pd.DataFrame:
    """Forty hours at 20 °C supply air and 500 to 890 kW, then one at 24 °C and 800 kW."""
    times = pd.date_range("2025-01-01", periods=41, freq="1h", tz="UTC")
    supply = np.r_[np.full(40, 20.0), 24.0]
    load = np.r_[500.0 + 10.0 * np.arange(40), 800.0]
    columns = {"load_kw": load, "outdoor_wetbulb_c": 10.0, "supply_air_sp_c": supply, "cooling_kw": 100.0}
    return pd.DataFrame(columns, index=times)


def told(site, goal, hourly, share=0.2, **known):
    return precedent(site, decided(goal, outdoor_wetbulb_c=10.0, **known), hourly, share)


def test_precedent_is_the_hour_most_like_load_weather_and_goal(site):
    text, at = told(site, [24.0, 12.0, 21.0, 0.0], record())
    assert at == pd.Timestamp("2025-01-02 16:00", tz="UTC")
    assert text.startswith(
        "2025-01-02 16:00 UTC: load 800 kW, wetbulb 10.0 °C, cooling 100 kW, CRAH.SAT_SP_C 24.0"
    )


def test_goal_where_the_record_never_was_says_so(site):
    text = told(site, [22.8, 12.0, 21.0, 0.0], record()).words
    assert text.startswith("no hour of the record ran at such setpoints")


def test_hour_that_needed_no_less_than_the_present_is_no_precedent(site):
    goal = [24.0, 12.0, 21.0, 0.0]  # that hour needed 100 kW for 800 kW
    assert told(site, goal, record(), share=0.1251) != NONE
    assert told(site, goal, record(), share=0.125) == NONE
    assert told(site, goal, record(), share=float("nan")) == NONE


def test_hour_at_the_present_setpoints_is_no_precedent_however_little_it_needed(site):
    assert told(site, [24.0, 12.0, 21.0, 0.0], record().iloc[:40]) == NONE  # all at 20 °C, as now
    assert told(site, [21.0, 12.0, 21.0, 0.0], record().assign(supply_air_sp_c=20.6)) != NONE


def test_hour_at_other_load_or_weather_is_no_precedent(site):
    goal = [24.0, 12.0, 21.0, 0.0]
    assert told(site, goal, record(), load_kw=1_100.0) == NONE
    warmer = decided(goal, outdoor_wetbulb_c=12.5)
    assert precedent(site, warmer, record(), 0.2) == NONE
    assert precedent(site, decided(goal, outdoor_wetbulb_c=11.5), record(), 0.2) != NONE


def test_empty_record_has_no_precedent(site):
    assert told(site, PRESENT, record().iloc[:0]) == NONE
    assert told(site, PRESENT, pd.DataFrame(index=record().index)) == NONE


def test_present_power_per_load_is_that_of_the_last_hour_else_as_expected(site):
    quarters = record().resample("15min").ffill()
    quarters.loc[quarters.index[-4:], ["cooling_kw", "load_kw"]] = 300.0, 600.0
    assert present_share(quarters, decided(PRESENT)) == pytest.approx(0.5)
    assert present_share(quarters.iloc[:0], decided(PRESENT)) == pytest.approx(180.0 / 800.0)
    assert present_share(quarters * np.nan, decided(PRESENT)) == pytest.approx(180.0 / 800.0)


def reasons(site, decision, hourly, **given):
    return conditions(site, decision, hourly, **({"least_kw": 4.0, "for_saving": True} | given))


def saving(goal, kw: float, **known) -> Decision:
    """A decision that is expected to save `kw`."""
    decision = decided(goal, outdoor_wetbulb_c=10.0, **known)
    return replace(
        decision, expected=replace(decision.expected, goal=replace(SETTLED, facility_kw=(1_000.0 - kw,)))
    )


def test_it_is_to_hold_where_the_load_leaves_what_the_record_had_at_such_setpoints(site):
    found = reasons(site, saving(PRESENT, 5.0), record())
    assert found[0].words == "less than 4.0 kW is expected to be saved"
    assert "the load leaves 504 to 886 kW" in found[1].words
    assert not any(each.now for each in found)
    few = reasons(site, saving([24.0, 12.0, 21.0, 0.0], 5.0), record())
    assert len(few) == 1


def test_condition_that_holds_already_says_so(site):
    found = reasons(site, saving(PRESENT, 3.0, load_kw=950.0), record())
    assert [each.now for each in found] == [
        "less than 4.0 kW is expected to be saved (3.0 kW)",
        "the load of 950 kW is outside the 504 to 886 kW that the record has at such setpoints",
        "",
    ]
    assert [each.of_record for each in found] == [False, True, True]


def test_move_that_is_not_for_saving_is_not_held_for_saving_little(site):
    found = reasons(site, saving(PRESENT, -30.0), record(), for_saving=False)
    assert not any("saved" in each.words for each in found)
    goal = [22.0, 12.0, 21.0, 0.0]
    assert is_for_saving(Optimizer(), decided(goal))
    assert is_for_saving(Optimizer(outside=lambda v: v[:, 0] - 20.0), decided(goal))
    assert not is_for_saving(
        Optimizer(outside=lambda v: 22.0 - v[:, 0]), decided(goal)
    )  # back into the record
    by_rule = decided(goal)
    assert not is_for_saving(Optimizer(), replace(by_rule, expected=replace(by_rule.expected, to_rule=True)))


def advised(site, decision, *, physics=None):
    """The recommendation of a decision with its evidence, on a record at the present setpoints."""
    optimizer = Optimizer()
    optimizer.cascade.physics, optimizer.usual_kw = physics, 100.0
    params = SimpleNamespace(
        model=SimpleNamespace(optimizer=optimizer), site=site, setpoints=SimpleNamespace(names=NAMES)
    )
    hourly = record().assign(supply_air_sp_c=22.0)
    return with_evidence(recommendation_of(site, decision, AT), params, decision, BOUNDS, hourly)


GOAL = [22.0, 12.0, 21.0, 0.0]


def test_recommendation_is_withheld_for_a_reason_to_hold_that_holds_now(site):
    made = advised(site, saving(GOAL, 20.0, load_kw=950.0))
    assert (made.action, made.moves, made.hold_if, made.saving_kw) == ("hold", [], [], None)
    assert made.reason.startswith("withheld: the load of 950 kW is outside the 504 to 886 kW")
    assert advised(site, saving(GOAL, 1.0)).reason.startswith("withheld: less than 4.5 kW")
    assert advised(site, saving(GOAL, 20.0)).action == "change"


def test_physics_that_goes_beyond_the_record_is_said_to_and_is_no_condition(site):
    made = advised(site, saving(GOAL, 20.0, load_kw=950.0), physics=SimpleNamespace(reference_kw=1_000.0))
    assert made.action == "change"
    assert not any("load" in text for text in made.hold_if)
    assert any(text.startswith("the load of 950 kW is outside") for text in made.notices)


def test_what_equipment_cannot_deliver_is_named_once_where_it_binds(site):
    why = "tower fans at 100 %: colder condenser water is not available"
    limit = (Unavailable("cw_supply_sp_c", 21.0, why),)

    def with_limit(decision):
        return replace(decision, expected=replace(decision.expected, unavailable=limit))

    made = advised(site, with_limit(saving(GOAL, 20.0)))
    assert [text for text in made.binding if "condenser" in text] == [f"PLANT.CWS_SP_C: {why}"]
    held = recommendation_of(site, with_limit(decided(PRESENT)), AT)
    assert (held.action, held.binding) == ("hold", [f"PLANT.CWS_SP_C: {why}"])
    warmer = recommendation_of(site, with_limit(decided([20.0, 12.0, 24.0, 0.0])), AT)
    assert warmer.binding == []
