"""Values leave as multiples of what the device takes, and never beyond a limit or faster than a slew rate for it."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.operations.gateway import Outbox
from pipelines.operations.resolution import device_values
from pipelines.site.file import Site
from pipelines.site.tags import setpoint_tags
from tests.pipelines.control.plant import AT

QUARTER = timedelta(minutes=15)


def hall(unit="degC", slew=2.0, **more) -> Site:
    points = [
        {"tag": "IT", "quantity": "it_power_kw", "unit": "kW"},
        {"tag": "CH", "quantity": "chiller_kw", "unit": "kW"},
        {"tag": "CHW_SP", "quantity": "chw_supply_sp_c", "unit": unit},
        {"tag": "AIR_SP", "quantity": "supply_air_sp_c", "unit": unit},
    ]
    relation = {"lower": "CHW_SP", "upper": "AIR_SP", "least_k": 5.0}
    return Site.model_validate({
        "name": "hall", "title": "a hall", "interval_minutes": 15,
        "location": {"latitude": 1.0, "longitude": 1.0},
        "meters": {"it": ["it_power_kw"], "cooling": ["chiller_kw"], "pue_category": 3, "boundary": "all"},
        "sources": [{"name": "bms", "files": [], "time_column": "t", "time_zone": "UTC"}],
        "points": [{"source": "bms"} | each for each in points],
        "setpoints": [
            {"tag": "CHW_SP", "min": 7, "max": 20, "slew_per_hour": slew, "default": 12} | more,
            {"tag": "AIR_SP", "min": 15, "max": 27, "slew_per_hour": slew, "default": 20},
        ],
        "safety": {"relations": [relation]},
    })  # fmt: skip


def rounded(site, value, present, *, hours=0.25, low=7.0, high=20.0):
    given_ = {} if present is None else {"CHW_SP": present}
    return device_values(site, {"CHW_SP": value}, given_, hours, {"CHW_SP": (low, high)})["CHW_SP"]


@pytest.mark.parametrize(
    ("value", "present", "low", "high", "leaves"),
    [
        (12.3456, 12.0, 7, 20, 12.3),
        (12.46, 12.0, 7, 20, 12.5),
        (12.46, 12.0, 7, 12.48, 12.4),  # 12.5 would lie beyond the limit
        (7.03, 7.3, 7.03, 20, 7.1),
        (12.26, None, 7, 20, 12.3),
        (12.03, 12.0, 12.02, 12.04, 12.03),  # no multiple inside the limits: the limits count
        (12.06, 12.04, 7, 20, 12.1),
    ],
)
def test_the_nearest_multiple_inside_the_limits_leaves(value, present, low, high, leaves):
    assert rounded(hall(), value, present, low=low, high=high) == pytest.approx(leaves)


def test_rounding_goes_no_faster_than_the_slew_rate():
    # 0.46 K is allowed in the quarter of an hour: 12.5 would be 0.5 K away.
    assert rounded(hall(slew=1.84), 12.46, 12.0) == pytest.approx(12.4)
    assert rounded(hall(slew=1.84), 11.54, 12.0) == pytest.approx(11.6)


def test_steps_in_the_unit_of_the_tag():
    site = hall(unit="degF", resolution=0.5)
    _, tag = setpoint_tags(site)[0]
    assert tag.sent(rounded(site, 12.4, 12.0)) == 54.5  # 54.32 °F


@pytest.mark.parametrize(
    ("unit", "more", "resolution"),
    [
        ("degC", {}, 0.1),
        ("degF", {}, 0.1),
        ("degC", {"resolution": 0.5}, 0.5),
        ("degC", {"resolution": 0}, 0.0),
    ],
)
def test_temperatures_have_a_tenth_of_their_tags_unit_unless_the_site_says(unit, more, resolution):
    _, tag = setpoint_tags(hall(unit=unit, **more))[0]
    assert tag.resolution == resolution


def test_a_device_that_takes_any_value_gets_the_value_decided():
    assert rounded(hall(resolution=0), 12.3456, 12.0) == 12.3456


def test_rounding_breaks_no_declared_relation():
    site = hall(resolution=0.5)
    values = device_values(site, {"CHW_SP": 15.3, "AIR_SP": 20.3}, {"CHW_SP": 15.0, "AIR_SP": 20.0}, 0.25, {})
    assert values["AIR_SP"] - values["CHW_SP"] >= 5.0 - 1e-9


@given(
    start=st.floats(7.0, 20.0),
    move=st.floats(-1.0, 1.0),
    low=st.floats(7.0, 13.0),
    high=st.floats(14.0, 20.0),
    step=st.sampled_from([0.1, 0.25, 0.5]),
    slew=st.floats(0.1, 4.0),
)
def test_never_beyond_a_limit_nor_faster_than_the_slew_rate_or_one_step(start, move, low, high, step, slew):
    site = hall(slew=slew, resolution=step)
    start = min(max(round(start / step) * step, low), high)
    wanted = min(max(start + move * slew * 0.25, low), high)
    value = rounded(site, wanted, start, low=low, high=high)
    assert low <= value <= high
    assert abs(value - start) <= max(slew * 0.25, step) + 1e-6
    if abs(wanted - start) < step * 0.999 and abs(start / step - round(start / step)) < 1e-9:
        assert abs(value - start) <= slew * 0.25 + 1e-6


def quarters(outbox, wanted, number, at=AT):
    """What is written at each quarter of an hour while the decision goes on from its own last value."""
    left, value, device = [], 12.0, 12.0
    for quarter in range(number):
        value = min(wanted, value + 0.04)
        receipt = outbox.write(
            {"CHW_SP": value}, at=at + quarter * QUARTER, valid_for=4 * QUARTER, source="coldaisle", reason="",
            present={"CHW_SP": device}, limits=dict,
        )  # fmt: skip
        assert receipt.refused == ()
        device = receipt.written.values["CHW_SP"]
        left.append(device)
    return left


def test_steps_smaller_than_the_resolution_still_arrive(tmp_path):
    left = quarters(Outbox(tmp_path, hall(slew=0.16)), 12.3, 12)
    assert left[:3] == [12.0, 12.0, pytest.approx(12.1)]
    assert left[-1] == pytest.approx(12.3)


def test_the_document_holds_the_value_as_the_device_takes_it(tmp_path):
    outbox = Outbox(tmp_path, hall())
    receipt = outbox.write(
        {"CHW_SP": 12.3456}, at=AT, valid_for=QUARTER, source="coldaisle", reason="",
        present={"CHW_SP": 12.0}, limits=dict,
    )  # fmt: skip
    assert json.loads(outbox.path.read_text())["setpoints"][0]["value"] == 12.3
    assert receipt.written.values["CHW_SP"] == pytest.approx(12.3)
    assert receipt.written.decided["CHW_SP"] == pytest.approx(12.3456)
    assert outbox.last() == receipt.written


def test_what_was_decided_is_not_believed_where_the_document_holds_another_value(tmp_path):
    outbox = Outbox(tmp_path, hall())
    quarters(outbox, 12.3, 1)
    document = json.loads(outbox.path.read_text())
    document["setpoints"][0]["value"] = 15.0
    outbox.path.write_text(json.dumps(document))
    assert outbox.last().decided == outbox.last().values == {"CHW_SP": 15.0}
