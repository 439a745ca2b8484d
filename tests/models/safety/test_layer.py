from dataclasses import replace

import numpy as np
import pytest

from models.safety.backup import Reset, backup
from models.safety.confidence import Confidence, Gate, doubts
from models.safety.declared import Declared, Dwell, Interlock, MinimumTimes, Relation
from models.safety.layer import Safety, final
from models.safety.transfer import most_move, towards
from tests.models.safety.kit import BOUNDS, ENVELOPE, NAMES, SAFETY, course, setpoints, situation


def rules(verdict) -> set[str]:
    return {clip.rule for clip in verdict.clips}


def declaring(**declared) -> Safety:
    return Safety(ENVELOPE, Declared(**declared))


def test_step_that_no_rule_minds_is_taken_as_it_is():
    verdict = final(SAFETY, BOUNDS, setpoints(air=22.3, condenser=19.5), situation())
    assert verdict.values == pytest.approx(setpoints(air=22.3, condenser=19.5))
    assert verdict.clips == ()


def test_any_wish_stays_inside_limits_and_slew_rates():
    random = np.random.default_rng(0)
    for _ in range(500):
        present = BOUNDS.low + random.random(4) * (BOUNDS.high - BOUNDS.low)
        present[3] = round(present[3])
        now = situation(present, courses={"rack_inlet_c": course(*random.uniform(15.0, 32.0, 5))})
        wish = random.choice([np.nan, np.inf, -np.inf, -100.0, 5.0, 22.0, 1e9], 4)
        values = final(SAFETY, BOUNDS, wish, now).values
        assert (values >= BOUNDS.low).all()
        assert (values <= BOUNDS.high).all()
        assert (np.abs(values - present)[:3] <= now.most[:3] + 1e-9).all()


def test_not_a_number_is_held_and_said():
    verdict = final(SAFETY, BOUNDS, setpoints(air=np.nan), situation())
    assert verdict.values[0] == 22.0
    assert rules(verdict) == {"finite"}


def test_what_was_clipped_tells_rule_wish_and_outcome():
    (clip,) = final(SAFETY, BOUNDS, setpoints(air=30.0), situation(setpoints(air=25.8))).clips
    assert (clip.rule, clip.setpoint, clip.wanted, clip.allowed) == ("limits", "supply_air_sp_c", 30.0, 26.0)
    assert "limits in force" in str(clip)


# constraint monitoring


def test_inlet_near_its_upper_limit_brings_colder_air_and_water_at_full_slew():
    now = situation(courses={"rack_inlet_c": course(26.3, 26.6)})
    verdict = final(SAFETY, BOUNDS, setpoints(air=22.5, chilled=14.5), now)
    assert verdict.values[:2] == pytest.approx([21.5, 13.5])
    assert "close to its limit" in verdict.alarms[-1]


def test_inlet_that_is_heading_for_its_limit_counts_as_near():
    assert not final(
        SAFETY, BOUNDS, setpoints(), situation(courses={"rack_inlet_c": course(25.0, 25.2)})
    ).alarms
    assert final(SAFETY, BOUNDS, setpoints(), situation(courses={"rack_inlet_c": course(24.0, 25.5)})).alarms


def test_inlet_near_its_lower_limit_brings_warmer_air():
    now = situation(setpoints(air=19.0), courses={"rack_inlet_c": course(18.4, 18.3)})
    assert final(SAFETY, BOUNDS, setpoints(air=18.5), now).values[0] == pytest.approx(19.5)


def test_old_readings_of_an_inlet_raise_no_alarm():
    now = situation(courses={"rack_inlet_c": ((1.0, 29.0), (0.75, 30.0))})
    assert final(SAFETY, BOUNDS, setpoints(), now).alarms == ()


def test_damp_air_gets_colder_coils():
    now = situation(courses={"rack_dew_point_c": course(14.5, 14.7)})
    verdict = final(SAFETY, BOUNDS, setpoints(chilled=14.5), now)
    assert verdict.values[1] == pytest.approx(13.5)
    assert "dew point" in verdict.alarms[-1]


@pytest.mark.parametrize(("rate_k_per_h", "stops"), [(5.0, True), (20.0, False)])
def test_inlets_that_warm_too_fast_for_their_class_are_warmed_no_further(rate_k_per_h, stops):
    safety = Safety(replace(ENVELOPE, rate_k_per_h=rate_k_per_h))
    now = situation(courses={"rack_inlet_c": course(20.0, 21.0, 22.0, 23.0, 24.0)})
    verdict = final(safety, BOUNDS, setpoints(air=22.4, condenser=20.9), now)
    assert verdict.values[0] == pytest.approx(22.0 if stops else 22.4)
    assert verdict.values[2] == pytest.approx(20.9)  # condenser water does not warm the hall


def test_rate_over_a_quarter_of_an_hour_counts_for_every_class():
    now = situation(courses={"rack_inlet_c": course(20.0, 20.0, 22.4)})
    assert final(SAFETY, BOUNDS, setpoints(air=22.4), now).values[0] == pytest.approx(22.0)


def test_rate_never_stops_a_hall_from_being_cooled_that_is_too_warm():
    now = situation(courses={"rack_inlet_c": course(22.0, 26.9)})
    assert final(SAFETY, BOUNDS, setpoints(), now).values[0] == pytest.approx(21.5)


# fall-back, transfer


def test_without_a_rule_the_neutral_state_is_the_default():
    assert backup(BOUNDS, (), {}) == pytest.approx(BOUNDS.default)


@pytest.mark.parametrize(("wetbulb_c", "condenser_c"), [(-5.0, 9.0), (2.0, 9.0), (11.0, 16.5), (25.0, 24.0)])
def test_the_sites_own_reset_follows_the_weather_and_is_flat_beyond(wetbulb_c, condenser_c):
    reset = Reset("cw_supply_sp_c", "outdoor_wetbulb_c", (2.0, 20.0), (9.0, 24.0))
    goal = backup(BOUNDS, (reset,), {"outdoor_wetbulb_c": wetbulb_c})
    assert goal == pytest.approx([20.0, 12.0, condenser_c, 0.0])


def test_reset_without_its_reading_falls_back_to_the_default():
    reset = Reset("cw_supply_sp_c", "outdoor_wetbulb_c", (2.0, 20.0), (9.0, 24.0))
    assert backup(BOUNDS, (reset,), {"outdoor_wetbulb_c": np.nan})[2] == 21.0


def test_transfer_to_another_source_starts_where_setpoints_stand_and_slews():
    present = goal_reached = setpoints(air=25.0, chilled=18.0, condenser=10.0)
    for _ in range(12):
        before, goal_reached = (
            goal_reached,
            towards(BOUNDS, goal_reached, BOUNDS.default, most_move(BOUNDS, 0.25)),
        )
        assert (np.abs(goal_reached - before) <= BOUNDS.slew_per_hour * 0.25 + 1e-9).all()
    assert present[0] == 25.0
    assert goal_reached == pytest.approx(BOUNDS.default)


@pytest.mark.parametrize(("passed_h", "hours"), [(-48.0, 0.0), (0.0, 0.0), (0.25, 0.25), (48.0, 1.0)])
def test_no_clock_gives_a_leap(passed_h, hours):
    assert most_move(BOUNDS, passed_h) == pytest.approx(BOUNDS.slew_per_hour * hours)


# override


def test_override_wins_over_model_and_monitor_and_slews():
    now = situation(courses={"rack_inlet_c": course(26.8, 26.9)}, overrides={"supply_air_sp_c": 24.0})
    verdict = final(SAFETY, BOUNDS, setpoints(air=20.0), now)
    assert verdict.values[0] == pytest.approx(22.5)
    assert verdict.values[1] == pytest.approx(13.5)  # what nobody took over is still rescued
    assert "override" in rules(verdict)


def test_relation_moves_the_setpoint_that_no_person_holds():
    safety = declaring(relations=(Relation("chw_supply_sp_c", "supply_air_sp_c", 5.0),))
    free = final(safety, BOUNDS, setpoints(air=22.0, chilled=17.2), situation(setpoints(chilled=17.0)))
    assert free.values[:2] == pytest.approx([22.0, 17.0])
    held = situation(setpoints(chilled=17.2), overrides={"chw_supply_sp_c": 17.2})
    verdict = final(safety, BOUNDS, setpoints(air=22.0, chilled=17.2), held)
    assert verdict.values[:2] == pytest.approx([22.2, 17.2])


# declared


HEAD = Interlock("head pressure", "chiller_kw", "cw_supply_sp_c", above=5.0, at_least=19.8)
APPROACH = Interlock(
    "approach", "chw_supply_sp_c", "economizer_enable", less="outdoor_wetbulb_c", below=5.0, at_most=0.0
)


@pytest.mark.parametrize(("chiller_kw", "condenser_c"), [(90.0, 19.8), (0.0, 19.0), (np.nan, 19.8)])
def test_condenser_water_keeps_its_minimum_while_a_chiller_runs_or_may_run(chiller_kw, condenser_c):
    verdict = final(
        declaring(interlocks=(HEAD,)),
        BOUNDS,
        setpoints(condenser=19.0),
        situation(known={"chiller_kw": chiller_kw}),
    )
    assert verdict.values[2] == pytest.approx(condenser_c)
    assert ("head pressure" in rules(verdict)) == (condenser_c == 19.8)


def test_towers_do_not_freeze():
    freeze = Interlock("freeze", "outdoor_drybulb_c", "cw_supply_sp_c", below=1.0, at_least=7.0)
    now = situation(setpoints(condenser=7.5), known={"outdoor_drybulb_c": -8.0})
    assert final(declaring(interlocks=(freeze,)), BOUNDS, setpoints(condenser=6.5), now).values[2] == 7.0


@pytest.mark.parametrize(("wetbulb_c", "allowed"), [(8.0, 1.0), (9.5, 0.0), (np.nan, 0.0)])
def test_economizer_runs_only_with_enough_approach(wetbulb_c, allowed):
    now = situation(known={"outdoor_wetbulb_c": wetbulb_c})
    verdict = final(declaring(interlocks=(APPROACH,)), BOUNDS, setpoints(economizer=1.0), now)
    assert verdict.values[3] == allowed


@pytest.mark.parametrize(
    ("on", "since_h", "stays"), [(1.0, 0.4, 1.0), (1.0, 0.6, 0.0), (0.0, 0.9, 0.0), (0.0, 1.1, 1.0)]
)
def test_switch_keeps_its_minimum_times(on, since_h, stays):
    times = MinimumTimes("economizer_enable", on_h=0.5, off_h=1.0)
    since = np.array([np.inf, np.inf, np.inf, since_h])
    now = situation(setpoints(economizer=on), since_switch_h=since)
    assert (
        final(declaring(minimum_times=(times,)), BOUNDS, setpoints(economizer=1.0 - on), now).values[3]
        == stays
    )


@pytest.mark.parametrize(("since_h", "enabled"), [(0.2, 0.0), (0.7, 1.0)])
def test_economizer_waits_after_a_chiller_has_started(since_h, enabled):
    dwell = Dwell("economizer_enable", "chiller_kw", 5.0, 0.5)
    now = situation(since_running_h={"chiller_kw": since_h})
    assert final(declaring(dwells=(dwell,)), BOUNDS, setpoints(economizer=1.0), now).values[3] == enabled


# confidence gate


BOUND = Confidence(spread_share=0.5, outside=2.0, surprise_k=3.0, surprise_share=np.inf)


@pytest.mark.parametrize(
    ("confidence", "said"),
    [
        (Confidence(spread_share=0.6), "members"),
        (Confidence(outside=2.5), "beyond the record"),
        (Confidence(surprise_k=3.5), "warmer than expected"),
    ],
)
def test_each_doubt_has_its_words(confidence, said):
    (why,) = doubts(confidence, BOUND)
    assert said in why


def test_what_is_not_known_is_no_doubt():
    assert doubts(Confidence(), BOUND) == []
    assert doubts(Confidence(outside=9.0), replace(BOUND, outside=1.0))


def test_gate_closes_at_the_second_doubt_and_reopens_by_itself():
    gate = Gate().after(True, 0.25)
    assert gate.open
    gate = gate.after(True, 0.25)
    assert not gate.open
    for _ in range(4):
        gate = gate.after(False, 0.25)
    assert gate.open


def test_gate_stays_closed_longer_each_time_doubts_return():
    gate, closed = Gate(), []
    for _ in range(200):
        gate = gate.after(True, 0.25)
        closed.append(not gate.open)
    runs = [len(run) for run in "".join("x" if c else " " for c in closed).split()]
    assert runs[0] < runs[1] < runs[2]
    assert max(runs) <= 8 * 4 + 1


def test_names_of_the_kit_are_the_order_of_its_arrays():
    assert len(NAMES) == len(BOUNDS.low) == 4
