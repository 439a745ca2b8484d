"""The gray-box plant in the controller's memory: learned from hours at rest, kept as JSON."""

from datetime import timedelta

import numpy as np
import pytest

from models.graybox.learn import Graybox
from models.graybox.parameters import NAMES
from pipelines.control.memory import Memory
from pipelines.control.optimizer.adaptation import Adaptation, warm_up
from pipelines.control.optimizer.hour import hour_at_rest, is_over
from tests.pipelines.control.optimizer.plants import AT, graybox, history


@pytest.fixture(scope="module")
def physics() -> Graybox:
    return graybox()


def learned(physics: Graybox, **changed: list[float]) -> Adaptation:
    hour = hour_at_rest(physics, history(**changed), AT)
    assert hour is not None
    return Adaptation().after(physics, hour)


def test_an_hour_at_rest_teaches(physics):
    after = learned(physics)
    assert after.at == AT
    assert np.abs(np.array(after.z)).max() > 0.01
    assert np.asarray(after.adapted(physics).z) == pytest.approx(np.array(after.z), abs=1e-5)


def test_the_next_hour_is_waited_for():
    assert is_over(None, AT)
    assert not is_over(AT, AT + timedelta(minutes=45))
    assert is_over(AT, AT + timedelta(hours=1))
    assert is_over(AT, AT - timedelta(minutes=15))  # a clock that was set back


@pytest.mark.parametrize(
    "changed",
    [
        {"chw_supply_sp_c": [10.0, 11.0, 12.0, 13.0]},
        {"economizer_enable": [0.0, 0.0, 1.0, 1.0]},
        {"load_kw": [6.0, 6.0, 6.0, 6.0]},
        {"load_kw": [np.nan] * 4},
        {"outdoor_wetbulb_c": [np.nan] * 4},
    ],
)
def test_what_moves_or_cannot_be_is_not_learned_from(physics, changed):
    assert hour_at_rest(physics, history(**changed), AT) is None


def test_readings_that_cannot_be_stay_finite(physics):
    after = learned(physics, chiller_kw=[1e9] * 4, overhead_kw=[-1e9] * 4)
    assert after.z is not None
    assert np.isfinite(after.z).all()
    assert np.abs(np.array(after.z)).max() <= 6.0


def test_another_fit_starts_anew(physics):
    other = Adaptation((0.5,) * 3, (1.0,) * 9, "another", AT)
    assert other.estimate(physics).z == pytest.approx(np.zeros(len(NAMES)))
    assert other.adapted(physics) is physics


def test_it_survives_a_restart(physics):
    from dataclasses import replace

    after, memory = learned(physics), Memory()
    model = replace(memory.model, optimizer=replace(memory.model.optimizer, adaptation=after))
    again = Memory.from_json(replace(memory, model=model).to_json())
    assert again.model.optimizer.adaptation == after


def test_warming_up_changes_nothing(physics):
    warm_up(physics)
    assert Adaptation().adapted(physics) is physics
