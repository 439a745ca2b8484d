import json
from datetime import timedelta

import pytest

from pipelines.operations.gateway import GatewayError, Outbox
from pipelines.site.file import Site
from tests.pipelines.control.plant import AT

HALF = timedelta(minutes=30)


def fahrenheit_site() -> Site:
    """A hall whose only setpoint is in °F."""
    points = [
        {"tag": "IT", "quantity": "it_power_kw", "unit": "kW"},
        {"tag": "CH", "quantity": "chiller_kw", "unit": "kW"},
        {"tag": "CHW_SP", "quantity": "chw_supply_sp_c", "unit": "degF"},
    ]
    return Site.model_validate({
        "name": "halls", "title": "a hall", "interval_minutes": 30,
        "location": {"latitude": 1.0, "longitude": 1.0},
        "meters": {"it": ["it_power_kw"], "cooling": ["chiller_kw"], "pue_category": 3, "boundary": "all"},
        "sources": [{"name": "bms", "files": [], "time_column": "t", "time_zone": "UTC"}],
        "points": [{"source": "bms"} | each for each in points],
        "setpoints": [{"tag": "CHW_SP", "min": 7, "max": 20, "slew_per_hour": 2, "default": 12}],
    })  # fmt: skip


def write(outbox, values, at=AT, **given):
    usual = {"valid_for": HALF, "source": "coldaisle", "reason": "warmer", "present": {"CHW_SP": 12.0}}
    return outbox.write(values, at=at, limits=dict, **(usual | given))


@pytest.fixture
def halls(tmp_path) -> Outbox:
    site: Site = fahrenheit_site()
    return Outbox(tmp_path, site)


def test_document_holds_tag_unit_value_and_until_when_it_counts(halls):
    write(halls, {"CHW_SP": 12.5})
    document = json.loads(halls.path.read_text())
    assert document["setpoints"] == [{"tag": "CHW_SP", "unit": "degF", "value": pytest.approx(54.5)}]
    assert (document["source"], document["reason"]) == ("coldaisle", "warmer")
    assert document["valid_until"] == (AT + HALF).isoformat()


def test_last_is_what_was_written_in_canonical_units(halls):
    assert halls.last() is None
    receipt = write(halls, {"CHW_SP": 12.5})
    assert halls.last() == receipt.written


def test_next_step_is_measured_from_the_last_that_left_and_by_its_time(halls):
    write(halls, {"CHW_SP": 12.5})
    soon = write(halls, {"CHW_SP": 13.5}, at=AT + timedelta(minutes=15))
    assert soon.written.values == {"CHW_SP": pytest.approx(12.5)}
    assert "faster than" in soon.refused[0]
    assert write(halls, {"CHW_SP": 13.5}, at=AT + timedelta(minutes=45)).refused == ()


def test_released_gateway_holds_nothing(halls):
    write(halls, {"CHW_SP": 12.5})
    halls.release(at=AT, reason="mode shadow")
    assert halls.last() is None
    assert json.loads(halls.path.read_text())["setpoints"] == []


def test_damaged_document_is_said_and_not_guessed(halls):
    write(halls, {"CHW_SP": 12.5})
    halls.path.write_text("{")
    with pytest.raises(GatewayError, match="cannot be read"):
        halls.last()


def test_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "halls").write_text("in the way")
    with pytest.raises(GatewayError, match="cannot be written"):
        write(Outbox(tmp_path, fahrenheit_site()), {"CHW_SP": 12.5})


def test_plant_that_did_not_obey_is_led_from_where_it_stands(halls):
    write(halls, {"CHW_SP": 12.5})
    later = AT + timedelta(minutes=15)
    assert write(halls, {"CHW_SP": 9.2}, at=later, present={"CHW_SP": 9.0}).refused == ()
    assert write(halls, {"CHW_SP": 15.0}, at=later, present={"CHW_SP": 9.0}).refused


@pytest.mark.parametrize(
    "damaged", ["{", "[]", '{"source": "coldaisle", "at": "2026-01-10T00:00:00"}', "\x00"]
)
def test_damaged_document_is_replaced_and_counts_from_what_is_read_back(halls, damaged):
    write(halls, {"CHW_SP": 12.5})
    halls.path.write_text(damaged)
    receipt = write(halls, {"CHW_SP": 12.5}, at=AT + timedelta(minutes=15))
    assert receipt.written.values == {"CHW_SP": pytest.approx(12.5)}
    assert "cannot be read" in receipt.refused[0]
    assert halls.last() == receipt.written


@pytest.mark.parametrize("value", [1e308, "warm", None, -300.0])
def test_damaged_value_counts_as_unknown(halls, value):
    write(halls, {"CHW_SP": 12.5})
    document = json.loads(halls.path.read_text())
    document["setpoints"][0]["value"] = value
    halls.path.write_text(json.dumps(document))
    later = AT + timedelta(minutes=15)
    assert write(halls, {"CHW_SP": 12.5}, at=later, present={}).written.values == {}
    assert write(halls, {"CHW_SP": 12.5}, at=later + HALF).written.values == {"CHW_SP": pytest.approx(12.5)}


def test_reading_far_outside_never_takes_a_written_value_outside(halls):
    for read in (60.0, -40.0, float("nan"), float("inf")):
        for wanted in (60.0, 59.0, -40.0, float("nan"), 13.0):
            receipt = write(halls, {"CHW_SP": wanted}, present={"CHW_SP": read})
            for value in receipt.written.values.values():
                assert halls.site.setpoints[0].min <= value <= halls.site.setpoints[0].max


def test_what_ran_out_is_in_force_no_longer(halls):
    """The plant has gone to its own setpoint, 9 °C, after what was written, 12.5 °C, ran out."""
    write(halls, {"CHW_SP": 12.5})
    later = AT + timedelta(hours=3)
    assert write(halls, {"CHW_SP": 12.5}, at=later, present={"CHW_SP": 9.0}).written.values == {"CHW_SP": 9.0}
    halls.path.unlink()
    write(halls, {"CHW_SP": 12.5})
    # nothing is read back: then the last written is the best that is known
    assert write(halls, {"CHW_SP": 13.0}, at=later, present={}).refused == ()
