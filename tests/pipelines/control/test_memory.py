"""The memory that is saved with each decision is all that a controller needs to go on after a restart."""

import json

import pytest

from pipelines.control.controller import Controller
from pipelines.control.memory import Memory, MemoryFormatError
from pipelines.control.setup import parameters_of
from pipelines.operations.tag_controller import TagController
from tests.pipelines.control.plant import AT, STEP, controlled, defaults, row

HALF_A_DAY = 48


@pytest.fixture(scope="module")
def morning(site, cascade):
    """A controller after half a day, and the setpoints it has reached."""
    controller, setpoints = controlled(site, cascade), defaults(site)
    for k in range(HALF_A_DAY):
        setpoints = controller.decide(row(site, setpoints), AT + k * STEP)
    return controller.controller.memory, setpoints


def afternoon(site, cascade, memory: Memory, setpoints: dict[str, float]) -> list[dict[str, float]]:
    controller = TagController(Controller(parameters_of(site, cascade), memory=memory))
    decisions = []
    for k in range(HALF_A_DAY, HALF_A_DAY + 20):
        setpoints = controller.decide(row(site, setpoints, outdoor_wetbulb_c=8.0), AT + k * STEP)
        decisions.append(setpoints)
    return decisions


def test_memory_survives_json_unchanged(morning):
    memory, _ = morning
    assert Memory.from_json(memory.to_json()) == memory


def test_restarted_controller_decides_as_one_that_ran_on(site, cascade, morning):
    memory, setpoints = morning
    ran_on = afternoon(site, cascade, memory, setpoints)
    restarted = afternoon(site, cascade, Memory.from_json(memory.to_json()), setpoints)
    assert restarted == ran_on


def test_decision_does_not_change_the_memory_that_it_was_given(site, cascade, morning):
    memory, setpoints = morning
    before = memory.to_json()
    afternoon(site, cascade, memory, setpoints)
    assert memory.to_json() == before


@pytest.mark.parametrize("damaged", ["", "{}", "[1]", '{"format": 1, "memory": {"at": "yesterday"}}'])
def test_damaged_memory_says_so(damaged):
    with pytest.raises(MemoryFormatError, match="starts from the telemetry"):
        Memory.from_json(damaged)


def test_memory_of_another_format_is_not_restored(morning):
    document = json.loads(morning[0].to_json()) | {"format": 99}
    with pytest.raises(MemoryFormatError, match="format 99"):
        Memory.from_json(json.dumps(document))
