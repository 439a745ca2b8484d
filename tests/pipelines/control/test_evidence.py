from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models.setpoints import Bounds
from pipelines.control.decision import Decision, Expectation, Settled
from pipelines.control.evidence import binding, hold_if, precedent

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
        self.cascade = SimpleNamespace(worst_inlet=worst_inlet or None)

    def outcomes(self, values, conditions):
        usual = {"rack_inlet_c": values[:, 0] + 1.0, "dew_point_c": values[:, 0] * 0.0}
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
        (Optimizer(measured=(False, False, True, False)), {"condenser": 17.0}, "the wetbulb of 16.0 °C"),
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


def test_precedent_is_the_hour_most_like_load_weather_and_goal(site):
    text = precedent(site, decided([24.0, 12.0, 21.0, 0.0]), record())
    assert text.startswith(
        "2025-01-02 16:00 UTC: load 800 kW, wetbulb 10.0 °C, cooling 100 kW, CRAH.SAT_SP_C 24.0"
    )


def test_goal_where_the_record_never_was_says_so(site):
    text = precedent(site, decided([22.0, 12.0, 21.0, 0.0]), record())
    assert text.startswith("no hour of the record ran at such setpoints")


def test_empty_record_has_no_precedent(site):
    assert precedent(site, decided(PRESENT), record().iloc[:0]) is None
    assert precedent(site, decided(PRESENT), pd.DataFrame(index=record().index)) is None


def test_it_is_to_hold_where_the_load_leaves_what_the_record_had_at_such_setpoints(site):
    reasons = hold_if(site, decided(PRESENT), record(), least_kw=4.0)
    assert reasons[0] == "less than 4.0 kW is expected to be saved"
    assert "the load leaves 504 to 886 kW" in reasons[1]
    few = hold_if(site, decided([24.0, 12.0, 21.0, 0.0]), record(), least_kw=4.0)
    assert len(few) == 1
