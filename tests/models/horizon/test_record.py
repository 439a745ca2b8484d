import numpy as np
import pytest

from models.horizon import Record, leads_of


def test_leads_are_whole_intervals():
    assert leads_of(10)[:3] == (20, 30, 60)
    assert leads_of(15)[:2] == (30, 60)
    assert leads_of(60)[0] == 60
    assert leads_of(30)[-1] == 1440


def test_an_odd_interval_has_the_nearest_leads():
    assert leads_of(7)[:3] == (21, 28, 63)
    assert all(lead % 7 == 0 for lead in leads_of(7))


@pytest.mark.parametrize("step", [0.0, 2880.0])
def test_an_interval_that_reaches_no_lead_is_refused(step):
    with pytest.raises(ValueError, match="reaches no lead"):
        leads_of(step)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"readings": {"load_kw": np.zeros(3)}}, "one length"),
        ({"step_minutes": 0.0}, "positive"),
        ({"targets": ("figure",)}, "figure must be among"),
        ({"drivers": {}}, "needs a driver"),
    ],
)
def test_bad_records_are_refused(given, rule):
    usual = {
        "step_minutes": 60.0, "solar_hours": np.zeros(4), "readings": {"load_kw": np.zeros(4)},
        "targets": ("load_kw",), "drivers": {"load_kw": 168.0},
    }  # fmt: skip
    with pytest.raises(ValueError, match=rule):
        Record(**(usual | given))
