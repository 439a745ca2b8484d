"""Scheduled retraining goes on from the last champion: fewer steps, no worse, and no block passes as unseen."""

from dataclasses import replace

import numpy as np
import pytest

from models.efficiency.learn import Parts, learn
from models.efficiency.model import to_bytes
from models.efficiency.warm_start import why_cold
from models.evaluate import mae
from tests.models.plants import QUICK, TARGET, plant_rows

pytestmark = pytest.mark.medium

CONFIG = replace(QUICK, epochs=24, patience=24)
SMOOTH = Parts(backbone="lines")


@pytest.fixture(scope="module")
def rows():
    """The textbook plant with a hump that only networks can follow."""
    made = plant_rows(1_200)
    hump = 0.02 * np.exp(-(((made.x[:, 0] - 600.0) / 80.0) ** 2)) * np.sin(made.x[:, 1])
    return replace(made, y=made.y + hump[:, None])


@pytest.fixture(scope="module")
def champion(rows):
    return learn(rows.where(np.arange(1_200) < 900), CONFIG, seed=0, parts=SMOOTH).model


@pytest.fixture(scope="module")
def later(rows):
    return replace(rows.where(np.arange(1_200) < 1_000), stretches=(900, 100))


@pytest.fixture(scope="module")
def warm(later, champion):
    return learn(later, CONFIG, seed=1, parts=SMOOTH, warm=champion)


def held_out_mae(model, rows):
    last = rows.where(np.arange(1_200) >= 1_000)
    return mae(last.y[:, 0], model.part("network").predict(last.x)[TARGET])


def test_a_quarter_of_the_epochs_reach_about_the_same_error(rows, later, warm):
    cold = learn(later, CONFIG, seed=1, parts=SMOOTH)
    assert len(warm.curves) <= len(cold.curves) / 4
    assert held_out_mae(warm.model, rows) < 1.05 * held_out_mae(cold.model, rows)


def test_the_same_start_and_seed_learn_the_same_model(later, champion, warm):
    again = learn(later, CONFIG, seed=1, parts=SMOOTH, warm=champion)
    assert to_bytes(again.model) == to_bytes(warm.model)


def test_a_start_says_what_the_champion_said_although_ranges_have_shifted(rows, champion):
    """Scaling is that of the longer record: the first layer takes up the difference, the last that of the unit."""
    still = replace(CONFIG, epochs=1, learning_rate=1e-9)
    wider = replace(rows, x=rows.x + np.array([0.0, 0.0, 1.0, 0.0]))
    begun = learn(wider, still, seed=0, parts=SMOOTH, warm=champion).model
    inside = np.array([[600.0, 24.0, 9.0, 20.0], [700.0, 25.0, 10.0, 21.0]])
    corrections = [
        model.part("network").predict(inside)[TARGET] - model.part("response lines").predict(inside)[TARGET]
        for model in (begun, champion)
    ]
    assert begun.heads.correction[0] != champion.heads.correction[0]
    np.testing.assert_allclose(*corrections, atol=2e-3)


def test_rows_keep_the_block_that_they_had_when_others_follow(rows, later):
    before = rows.where(np.arange(1_200) < 900).blocks(4)
    np.testing.assert_array_equal(later.blocks(4)[:900], before)
    assert set(later.blocks(4)[900:]) == {0, 1, 2, 3}


def test_left_out_rows_leave_the_others_their_stretch(later):
    keep = np.arange(len(later)) % 10 > 0
    assert later.where(keep).stretches == (810, 90)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"inputs": ("load_kw", "cw_supply_c", "chw_supply_c", "outdoor_drybulb_c")},
            "outdoor_drybulb_c, outdoor_wet",
        ),
        (
            {"targets": ("cooling_kw_per_kw",)},
            "its targets differ (cooling_kw_per_kw, overhead_kw_per_kw)",
        ),
    ],
)
def test_another_plant_begins_anew_and_says_why(rows, champion, change, reason):
    assert reason in why_cold(champion, replace(rows, **change), CONFIG)


def test_networks_of_another_size_begin_anew_and_say_so(rows, champion):
    reason = why_cold(champion, rows, replace(CONFIG, hidden=(8,)))
    assert reason.startswith("its networks have another size (")


def test_the_same_plant_has_nothing_against_a_warm_start(rows, champion):
    assert why_cold(champion, rows, CONFIG) is None
