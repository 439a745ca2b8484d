"""The gray-box plant in the controller's memory: learned from hours at rest, kept as JSON."""

from datetime import UTC, datetime, timedelta

import jax.numpy as jnp
import numpy as np
import pytest

from models.graybox.fit import Estimate, members_of
from models.graybox.learn import Graybox
from models.graybox.parameters import NAMES
from pipelines.control.memory import Memory
from pipelines.control.optimizer.adaptation import Adaptation, warm_up
from pipelines.control.optimizer.hour import hour_at_rest, is_over
from pipelines.control.sensing.history import History
from tests.models.graybox.plants import REFERENCE_KW, metering

AT = datetime(2026, 1, 8, 12, tzinfo=UTC)
ROW = {
    "load_kw": 600.0,
    "it_kw": 600.0,
    "overhead_kw": 260.0,
    "outdoor_wetbulb_c": 15.0,
    "supply_air_sp_c": 21.0,
    "chw_supply_sp_c": 12.0,
    "cw_supply_sp_c": 22.0,
    "economizer_enable": 0.0,
    "chiller_kw": 140.0,
}


@pytest.fixture(scope="module")
def physics() -> Graybox:
    textbook = Estimate.textbook()
    seen = [[300.0, 800.0], [-10.0, 25.0]]
    arrays = (textbook.z, textbook.covariance, members_of(textbook), REFERENCE_KW, 0.01, seen, 0.5)
    inputs = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
    return Graybox(
        *(jnp.asarray(each, jnp.float32) for each in arrays),
        metering(),
        ("chiller_kw", "overhead_kw"),
        inputs,
    )


def history(until: datetime = AT, **changed: list[float]) -> History:
    readings = History()
    for k in range(4):
        row = ROW | {name: values[k] for name, values in changed.items()}
        readings = readings.with_reading(until - timedelta(minutes=15 * (3 - k)), row)
    return readings


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
