"""What is declared: how often the guard errs, how soon it finds a loss, and what it does about it."""

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from pydantic import TypeAdapter

from models.guard import evidence
from models.guard.guard import goes_back, judged, standings
from models.guard.reference import learned, references
from models.guard.state import GuardState, Interval, Options
from tests.models.guard.kit import RULE_KW, START, errors_kw, first_alarm_h, known, run

SAVED = TypeAdapter(GuardState)


# 5 % of 100 is at most 8 in 94 of 100 draws; what is seen is 0.
@pytest.mark.slow
@pytest.mark.parametrize(
    "error",
    [
        {"memory_h": 1.0},
        {"memory_h": 12.0},
        {"memory_h": 4.0, "days": 3},
        {"memory_h": 4.0, "days": 3, "control_scatter_kw": 8.0},
    ],
    ids=["an hour", "half a day", "rule known from three days", "twice the scatter under control"],
)
def test_no_more_false_alarms_than_declared_over_six_weeks_of_nights(error):
    alarms = [first_alarm_h(seed, 0.0, **error) is not None for seed in range(100)]
    assert sum(alarms) <= 8


@pytest.mark.medium
def test_blocks_taken_as_independent_would_alarm_more_often_than_declared(monkeypatch):
    monkeypatch.setattr(evidence, "independent_share", lambda series: 1.0)
    error = {"memory_h": 24.0, "days": 10, "hours": 20 * 24}
    alarms = [first_alarm_h(seed, 0.0, **error) is not None for seed in range(60)]
    assert sum(alarms) > 6


@pytest.mark.medium
@pytest.mark.parametrize(("worse_kw", "within_days"), [(2.0, 21), (5.0, 5), (10.0, 3)])
def test_a_loss_is_found_within_days(worse_kw, within_days):
    """Half of the plants, with a model error of 4 % correlated over 2 h and a rule known from a month."""
    found = [first_alarm_h(seed, worse_kw, memory_h=2.0) or math.inf for seed in range(25)]
    assert np.median(found) <= within_days * 24


def test_a_saving_is_never_given_back():
    assert all(first_alarm_h(seed, -5.0, hours=20 * 24) is None for seed in range(20))


def test_a_loss_after_months_of_saving_is_found_within_two_weeks():
    rng = np.random.default_rng(3)
    state, said = run(known(rng), RULE_KW - 15.0 + errors_kw(rng, 60 * 24))
    assert not said
    _, said = run(state, RULE_KW + 10.0 + errors_kw(rng, 14 * 24), start=START + timedelta(days=60))
    assert said


def test_a_model_that_is_wrong_at_the_rule_is_no_loss():
    rng = np.random.default_rng(4)
    state, said = run(known(rng, bias_kw=20.0), RULE_KW + errors_kw(rng, 30 * 24, bias_kw=20.0))
    assert not said
    found = standings(Options(), state, START)[0].worse
    assert abs(found.kw) < 5.0


def test_a_model_that_is_too_high_at_the_rule_hides_no_loss():
    rng = np.random.default_rng(5)
    _, said = run(known(rng, bias_kw=-20.0), RULE_KW - 10.0 + errors_kw(rng, 10 * 24))
    assert said


def test_without_the_models_error_at_the_rule_nothing_is_shown():
    rng = np.random.default_rng(6)
    state, said = run(GuardState(), RULE_KW + 30.0 + errors_kw(rng, 20 * 24))
    assert not said
    assert standings(Options(), state, START)[0].worse is None


def test_intervals_at_the_rule_tell_the_models_error():
    rng = np.random.default_rng(7)
    state, _ = run(GuardState(), RULE_KW + errors_kw(rng, 10 * 24), at_rule=True)
    _, said = run(state, RULE_KW + 15.0 + errors_kw(rng, 10 * 24))
    assert said


def test_regimes_are_judged_apart():
    rng = np.random.default_rng(8)
    state, said = run(
        known(rng, regimes=("mild", "hot")), RULE_KW + 10.0 + errors_kw(rng, 10 * 24), regime="hot"
    )
    at = START + timedelta(hours=said[-1][0])
    assert goes_back(state, "hot", at)
    assert not goes_back(state, "mild", at)
    assert not goes_back(state, "never seen", at)
    _, said = run(state, RULE_KW + errors_kw(rng, 10 * 24), regime="mild")
    assert not said


def test_a_notice_says_where_how_much_and_for_how_long():
    rng = np.random.default_rng(9)
    _, said = run(known(rng), RULE_KW + 10.0 + errors_kw(rng, 10 * 24))
    notice = said[0][1]
    for words in (
        "mild: ",
        "kW",
        "worse than the site's own rule, between",
        "h of control",
        "5%",
        "until 2025-06",
    ):
        assert words in notice


def test_given_back_for_a_day_then_two_then_four():
    rng = np.random.default_rng(10)
    _, said = run(known(rng), RULE_KW + 15.0 + errors_kw(rng, 60 * 24))
    given = [hour for hour, _ in said][:3]
    ends = [datetime.fromisoformat(notice.rsplit("until ", 1)[1]) for _, notice in said[:3]]
    lasts = [
        end - (START + timedelta(hours=hour)).replace(tzinfo=None)
        for end, hour in zip(ends, given, strict=True)
    ]
    assert lasts == [timedelta(days=days) for days in (1, 2, 4)]
    # No evidence of before is used again.
    assert all(
        after - before > 24 * days for before, after, days in zip(given[:-1], given[1:], (1, 2), strict=True)
    )


def test_control_returns_when_the_time_is_over_and_not_before_it_began():
    rng = np.random.default_rng(11)
    state, said = run(known(rng), RULE_KW + 15.0 + errors_kw(rng, 3 * 24))
    at = START + timedelta(hours=said[0][0])
    assert goes_back(state, "mild", at + timedelta(hours=23.9))
    assert not goes_back(state, "mild", at + timedelta(hours=24))
    assert not goes_back(state, "mild", at - timedelta(days=3))  # the clock was set back


def test_new_learning_ends_a_give_back_and_its_doubling():
    rng = np.random.default_rng(12)
    state, said = run(known(rng), RULE_KW + 15.0 + errors_kw(rng, 10 * 24))
    fresh = learned(state, known(rng).regimes)
    assert not goes_back(fresh, "mild", START + timedelta(hours=said[-1][0]))
    _, said = run(fresh, RULE_KW + 15.0 + errors_kw(rng, 10 * 24), start=START + timedelta(days=40))
    assert "2025-07" in said[0][1]
    assert said[1][0] - said[0][0] < 5 * 24


def test_new_learning_keeps_the_evidence_of_other_regimes_whatever_the_new_models_bias():
    rng = np.random.default_rng(13)
    state, _ = run(known(rng), RULE_KW - 5.0 + errors_kw(rng, 10 * 24))
    before = standings(Options(), state, START)[0]
    after = standings(Options(), learned(state, known(rng, bias_kw=12.0).regimes), START)[0]
    assert after.under_h == before.under_h == 240
    assert after.worse.kw == pytest.approx(before.worse.kw, abs=0.01)


def test_errors_of_a_record_are_blocks_by_regime_without_gaps():
    measured = np.array([101.0] * 12 + [math.nan] * 3 + [90.0] * 6)
    fresh = references(["mild"] * 12 + ["hot"] * 9, measured, np.full(21, 100.0), hours=1.0)
    assert fresh["mild"].at_rule.kw == (1.0, 1.0)
    assert fresh["hot"].at_rule.kw == (-10.0,)
    with pytest.raises(ValueError, match="one of each a row"):
        references(["mild"], measured, measured, hours=1.0)


BAD = [
    Interval(START, 1.0, "mild", math.nan, 100.0),
    Interval(START, 1.0, "mild", 100.0, math.inf),
    Interval(START, 0.0, "mild", 100.0, 100.0),
    Interval(START, math.nan, "mild", 100.0, 100.0),
    Interval(START, 1.0, "mild", -5.0, 100.0),
    Interval(START, 1.0, "mild", 1e300, 100.0),
    Interval(START, 1.0, None, 100.0, 100.0),
    Interval(START, 1.0, ["mild"], 100.0, 100.0),
    Interval(START, "1 h", "mild", 100.0, 100.0),
    Interval(START, 1.0, "mild", None, 100.0),
]


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_reading_is_ignored(bad):
    state = known(np.random.default_rng(14))
    assert judged(Options(), state, bad) == (state, ())


def test_a_time_without_a_zone_raises_nothing():
    rng = np.random.default_rng(15)
    state, _ = run(known(rng), RULE_KW + 20.0 + errors_kw(rng, 3 * 24))
    assert state.regimes["mild"].repeats
    naive = datetime(2025, 6, 2)
    assert judged(Options(), state, Interval(naive, 1.0, "mild", 100.0, 100.0)) == (state, ())
    assert not goes_back(state, "mild", naive)


def test_a_plant_without_any_load_raises_nothing():
    state, said = GuardState(), []
    for hour in range(200):
        now = Interval(START + timedelta(hours=hour), 1.0, "mild", 0.0, 0.0, at_rule=hour < 100)
        state, notices = judged(Options(), state, now)
        said += notices
    assert not said


def test_the_state_is_saved_and_read_whole_and_stays_small():
    rng = np.random.default_rng(16)
    state, _ = run(known(rng, days=90), RULE_KW - 1.0 + errors_kw(rng, 90 * 24))
    text = SAVED.dump_json(state)
    assert SAVED.validate_json(text) == state
    assert len(text) < 5_000
    assert len(state.regimes["mild"].controlled.kw) == 224


@pytest.mark.parametrize(
    ("option", "value"),
    [("alpha", 0.0), ("alpha", 0.5), ("block_h", 0.0), ("back", timedelta(0)), ("tuned_share", 0.0)],
)
def test_an_option_that_cannot_be_says_what_is_usual(option, value):
    with pytest.raises(ValueError, match="is usual"):
        Options(**{option: value})
