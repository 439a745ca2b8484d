import math
from datetime import UTC, datetime, timedelta

from pipelines.control.optimizer.corrections import BACK_FOR, Comparison

AT, STEP = datetime(2026, 1, 10, tzinfo=UTC), timedelta(minutes=15)
USUAL_KW = 250.0
SIX_HOURS, DAY = 24, 96  # decisions


def course(excess_kw: list[float]) -> list[bool]:
    """Whether a plant measured this much above the 200 kW that its defaults would need is run at them."""
    comparison, back = Comparison(), []
    for k, excess in enumerate(excess_kw):
        at = AT + k * STEP
        comparison = comparison.after(200.0 + excess, 200.0, USUAL_KW, at)
        back.append(comparison.goes_back(at))
    return back


def test_six_hours_clearly_above_the_defaults_bring_them_back_for_a_day():
    back = course([40.0] * SIX_HOURS + [40.0] + [-50.0] * (DAY + 10))
    assert not any(back[:SIX_HOURS])
    assert all(back[SIX_HOURS : SIX_HOURS + DAY])
    assert not back[SIX_HOURS + DAY + 1]


def test_a_good_hour_starts_the_count_anew():
    assert not any(course([40.0] * 20 + [-10.0] + [40.0] * 20))


def test_little_more_than_the_defaults_is_no_reason():
    assert not any(course([20.0] * DAY))


def test_missing_meters_are_no_reason():
    assert not any(course([math.nan] * DAY))


def test_clock_set_back_by_months_does_not_keep_the_defaults_for_ever():
    comparison = Comparison()
    for k in range(SIX_HOURS + 1):
        comparison = comparison.after(300.0, 200.0, USUAL_KW, AT + k * STEP)
    assert comparison.goes_back(AT + BACK_FOR / 2)
    assert not comparison.goes_back(AT - timedelta(days=90))
