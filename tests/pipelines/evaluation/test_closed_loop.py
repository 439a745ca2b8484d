import numpy as np
import pandas as pd
import pytest

from pipelines.evaluation.closed_loop import Disturbance, drive
from pipelines.evaluation.outcomes import outcome, saving_of_days
from pipelines.evaluation.plants import Simulated
from pipelines.evaluation.references import Defaults, WetbulbReset
from pipelines.site.setpoints import Settable
from simulator import Faults

pytestmark = pytest.mark.medium


class Wants:
    """A control that always wants the same, whatever is allowed."""

    def __init__(self, wanted):
        self.wanted, self.seen = wanted, []

    def decide(self, row, at):
        self.seen.append((dict(row), at))
        if isinstance(self.wanted, Exception):
            raise self.wanted
        return self.wanted


def test_a_control_is_shown_the_past_in_the_historian_s_own_tags_and_units(site, plant):
    control = Wants({})
    run = drive(plant, site, control, hours=2)
    rows = [row for row, _ in control.seen]
    assert len(control.seen) == 8
    assert set(rows[0]) == {point.tag for point in site.points}
    assert rows[0]["PLANT.CHWS_F"] == pytest.approx(32 + 1.8 * run.telemetry["chw_supply_c"].iloc[0], abs=2.0)
    counted = np.diff([row["UTILITY.TOTAL_KWH"] for row in rows])
    assert (counted > 0).all()  # a counter goes on counting
    assert control.seen[0][1] == run.telemetry.index[0]  # at the end of what it was shown


def test_a_jump_is_slewed_and_counted_as_a_plant_s_own_interlock_would(site, plant):
    run = drive(plant, site, Wants({"PLANT.CHWS_SP_C": 14.0}), hours=1)
    assert run.asked["chw_supply_sp_c"].tolist() == pytest.approx([10.5, 11.0, 11.5, 12.0])
    assert run.clamped == 4


@pytest.mark.parametrize("wanted", [RuntimeError("broken"), {"PLANT.CHWS_SP_C": np.nan}])
def test_a_failed_decision_leaves_setpoints_and_is_counted(site, plant, wanted):
    run = drive(plant, site, Wants(wanted), hours=1)
    assert run.errors == 4
    assert (run.asked["chw_supply_sp_c"] == 10.0).all()


def test_what_a_fault_breaks_is_felt_by_the_plant_and_not_told(site, resting):
    def broken(_at):
        return Faults.none().replace(crah_fans_failed=0.6)

    healthy = drive(Simulated(resting), site, Defaults(site), hours=2)
    control = Wants({})
    faulty = drive(Simulated(resting), site, control, hours=2, disturbance=Disturbance(faults=broken))
    assert faulty.telemetry["rack_inlet_c"].max() > healthy.telemetry["rack_inlet_c"].max() + 1.0
    assert set(control.seen[0][0]) == {point.tag for point in site.points}


def test_rows_may_be_changed_or_lost_and_setpoints_ignored_on_their_way(site, plant):
    lost = Disturbance(row=lambda row, at: None if at.minute == 30 else row | {"PLANT.CHWS_F": -9999.0},
                       asked=lambda setpoints, at: setpoints | {"chw_supply_sp_c": 10.0})  # fmt: skip
    control = Wants({"PLANT.CHWS_SP_C": 10.4})
    run = drive(plant, site, control, hours=1, disturbance=lost)
    assert len(control.seen) == 3
    assert control.seen[0][0]["PLANT.CHWS_F"] == -9999.0
    assert run.telemetry["chw_supply_c"].mean() == pytest.approx(10.0, abs=0.2)


def test_a_run_ends_with_the_plant_s_weather(site, resting):
    run = drive(Simulated(resting), site, Defaults(site), hours=24 * 30)
    assert len(run.telemetry) <= len(resting.drivers.outdoor_drybulb_c)


def test_the_reset_follows_the_wetbulb_and_knows_when_an_economizer_carries(site):
    rule, settable = WetbulbReset(site), Settable.of(site)
    water = settable.names.index("cw_supply_sp_c")
    tags = {tag.quantity: tag.tag for tag in settable.tags}
    at = pd.Timestamp("2025-01-01", tz="UTC")
    weather = {"Temp (F)": 50.0, "RH (%)": 100.0}  # 10 °C, saturated
    goal = {tags["cw_supply_sp_c"]: 14.5, tags["economizer_enable"]: 0.0}
    values = rule.decide(weather | goal, at)
    assert values[tags["cw_supply_sp_c"]] == pytest.approx(14.0, abs=0.1)
    assert values[tags["economizer_enable"]] == 0.0
    cold = rule.decide({"Temp (F)": 32.0, "RH (%)": 100.0} | goal, at)
    assert cold[tags["economizer_enable"]] == 1.0
    assert cold[tags["cw_supply_sp_c"]] == pytest.approx(14.5 - settable.slew_per_hour[water] / 4)


def test_minutes_outside_and_too_fast_changes_are_counted(site, plant):
    run = drive(plant, site, Defaults(site), hours=4)
    plain = outcome(site, run)
    assert plain["pue"] > 1.0
    assert plain["violation_minutes"] == plain["jump_minutes"] == 0.0
    hot = run.telemetry["rack_inlet_c"].to_numpy(copy=True)
    hot[12:15] = 50.0
    run.telemetry = run.telemetry.assign(rack_inlet_c=hot)
    assert outcome(site, run)["violation_minutes"] == 15.0
    assert outcome(site, run)["jump_minutes"] == 30.0  # up and down again


def test_two_unlike_days_prove_less_than_two_like_days():
    before = pd.DataFrame({"facility_kw": [1000.0, 1000.0], "cooling_kw": [300.0, 300.0]})
    assert saving_of_days(before, before - 10.0).proven
    assert not saving_of_days(before, before.sub([20.0, 0.0], axis=0)).proven
    assert not saving_of_days(before, before).proven
