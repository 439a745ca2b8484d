from datetime import UTC, datetime, timedelta

import pytest

from pipelines.control.optimizer.wear import Wear

AT = datetime(2026, 1, 8, 12, tzinfo=UTC)


def after(*shares: float) -> Wear:
    wear = Wear()
    for k, share in enumerate(shares):
        wear = wear.after(share, AT + timedelta(hours=k))
    return wear


def test_a_start_is_counted_once():
    assert after(0.0, 1.0, 1.0).starts == (AT + timedelta(hours=1),)


def test_a_plant_that_may_run_or_not_keeps_the_state_it_had():
    assert after(0.0, 0.5, 0.4, 0.6).starts == ()
    assert after(1.0, 0.5, 1.0).starts == ()
    assert len(after(0.0, 1.0, 0.5, 0.0, 0.6, 1.0).starts) == 2


def test_the_first_state_seen_is_no_start():
    assert after(1.0).starts == ()


def test_each_start_within_a_day_makes_the_next_dearer_until_the_day_is_over():
    once, twice = after(0.0, 1.0), after(0.0, 1.0, 0.0, 1.0)
    assert Wear().factor(AT, 0.0) == 1.0
    assert once.factor(AT + timedelta(hours=2), 0.0) == pytest.approx(4.0)
    assert twice.factor(AT + timedelta(hours=4), 0.0) == pytest.approx(9.0)
    assert twice.factor(AT + timedelta(hours=4), 1.0) == pytest.approx(4.0)  # a plant that is used to it
    assert twice.factor(AT + timedelta(hours=30), 0.0) == 1.0
    assert twice.after(1.0, AT + timedelta(hours=30)).starts == ()


def test_a_clock_set_back_forgets_later_starts():
    assert after(0.0, 1.0).after(1.0, AT - timedelta(days=3)).starts == ()
