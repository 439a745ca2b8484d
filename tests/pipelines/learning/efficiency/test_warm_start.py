from dataclasses import replace

import numpy as np
import pytest

from models.efficiency.learn import learn
from models.evaluate import last_fraction_of_each_segment
from pipelines.learning.efficiency.bundle import Bundle
from pipelines.learning.efficiency.dataset import dataset
from pipelines.learning.efficiency.warm_start import HELD_OUT_MODEL, SERVED, described, start
from pipelines.learning.train import train
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store
from tests.pipelines.learning_kit import QUICK, chiller_readings, chillers, stored, table
from tests.pipelines.telemetry.ingest.kit import TRUE_NOW

pytestmark = pytest.mark.medium

READINGS = chiller_readings(400)


def rows_of(readings):
    data = dataset(chillers(), plant_table(chillers(), table(chillers(), readings)))
    return data, last_fraction_of_each_segment(data.times, fraction=0.3)


@pytest.fixture(scope="module")
def champion():
    data, held_out = rows_of(READINGS[:300])
    begun = start(data, held_out, QUICK, None)
    assert begun.why == "cold: there is no champion yet"
    model = learn(begun.rows[SERVED], replace(QUICK, epochs=1), seed=0).model
    return Bundle(model, model, {"learned": described(data, held_out, begun)}, None)


def test_rows_that_follow_are_a_stretch_of_their_own(champion):
    begun = start(*rows_of(READINGS[:360]), QUICK, champion)
    assert begun.why == "warm, from unregistered"
    assert begun.models[SERVED] is champion.served
    assert begun.rows[SERVED].stretches == (300, 60)
    assert begun.rows[HELD_OUT_MODEL].stretches == (210, 42)


def test_stretches_add_up_from_training_to_training(champion):
    data, held_out = rows_of(READINGS[:360])
    second = start(data, held_out, QUICK, champion)
    last = Bundle(champion.served, champion.held_out, {"learned": described(data, held_out, second)}, None)
    assert start(*rows_of(READINGS), QUICK, last).rows[SERVED].stretches == (300, 60, 40)


def test_the_same_record_again_adds_no_stretch(champion):
    assert start(*rows_of(READINGS[:300]), QUICK, champion).rows[SERVED].stretches == (300,)


def test_a_record_that_has_changed_before_begins_anew(champion):
    """Readings that came late take a place among rows that the champion left out: nothing may pass as unseen."""
    with_gap = READINGS[:360].drop(index=READINGS.index[100:110])
    begun = start(*rows_of(with_gap), QUICK, champion)
    assert begun.why == "cold: the record that it was learned from has changed (unregistered)"
    assert begun.models[SERVED] is None
    assert begun.rows[SERVED].stretches == ()


def test_networks_of_another_size_begin_anew_and_say_so(champion):
    begun = start(*rows_of(READINGS[:360]), replace(QUICK, hidden=(6,)), champion)
    assert begun.why.startswith("cold: its networks have another size")


def test_a_reason_not_to_comes_first(champion):
    begun = start(*rows_of(READINGS[:360]), QUICK, champion, cold="a warm start was not asked for")
    assert begun.why == "cold: a warm start was not asked for"
    assert np.isfinite(begun.rows[HELD_OUT_MODEL].y).all()


def test_training_goes_on_from_the_registered_champion(tmp_path):
    settings = stored(tmp_path, chillers(), READINGS[:300])
    train(chillers(), settings, config=QUICK)
    path = tmp_path / "later.csv"
    READINGS[300:].to_csv(path, date_format="%Y-%m-%d %H:%M:%S")
    ingest_files(chillers(), [path], Store(settings.store, chillers()), now=TRUE_NOW)
    report = train(chillers(), settings, config=QUICK, warm=True)["kinds"]["efficiency"]
    assert report["start"] == "warm, from coldaisle.chillers.efficiency/1"
    assert report["learned"]["served"]["stretches"] == [300, 100]
