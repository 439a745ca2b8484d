from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.efficiency.learn import Parts, learn
from models.efficiency.model import from_bytes, members, to_bytes, to_metadata
from models.efficiency.stacking import PARTS
from models.errors import DivergedError, TooFewRowsError
from models.evaluate import mae
from tests.models.plants import QUICK, TARGET, kw_per_kw, plant_rows

pytestmark = pytest.mark.medium

TYPICAL = np.array([[600.0, 24.0, 8.0, 20.0]])


@pytest.fixture(scope="module")
def rows():
    return plant_rows()


@pytest.fixture(scope="module")
def learned(rows):
    return learn(rows.where(np.arange(len(rows)) < 900), QUICK, seed=0)


@pytest.fixture(scope="module")
def model(learned):
    return learned.model


def test_held_out_weeks_are_predicted_to_the_meter_s_noise(model, rows):
    held_out = rows.where(np.arange(len(rows)) >= 900)
    truth = kw_per_kw(*held_out.x[:, :3].T)
    assert mae(truth, model.predict(held_out.x)[TARGET]) < 0.001  # the noise is 0.002, the range 0.05


def test_warmer_chilled_water_saves_what_the_chiller_s_curve_says(model):
    warmer = TYPICAL + np.array([[0.0, 0.0, 1.0, 0.0]])
    saved = model.predict(TYPICAL)[TARGET] - model.predict(warmer)[TARGET]
    assert saved[0] == pytest.approx(0.006, rel=0.15)


def test_beyond_the_record_the_model_neither_runs_away_nor_claims_support(model):
    colder = TYPICAL - np.array([[0.0, 10.0, 0.0, 10.0]])
    assert model.predict(colder)[TARGET][0] == pytest.approx(kw_per_kw(600.0, 14.0, 8.0), abs=0.02)
    assert not model.in_support(colder)[0]
    assert model.in_support(TYPICAL)[0]
    assert model.distance(TYPICAL)[0] < 1.0 < model.distance(colder)[0]


def test_networks_differ_more_where_the_record_ends(model):
    far = TYPICAL + np.array([[900.0, 12.0, -5.0, -8.0]])
    assert model.spread(far)[TARGET][0] > 2.0 * model.spread(TYPICAL)[TARGET][0]


def test_a_missing_input_makes_the_prediction_missing_not_wrong(model):
    x = np.vstack([TYPICAL, TYPICAL])
    x[1, 2] = np.nan
    assert list(np.isnan(model.predict(x)[TARGET])) == [False, True]
    assert list(model.in_support(x)) == [True, False]


def test_one_question_gives_what_the_single_ones_give(model, rows):
    answer = model.ask(rows.x[:50])
    np.testing.assert_allclose(answer.mean[TARGET], model.predict(rows.x[:50])[TARGET], rtol=1e-5)
    np.testing.assert_array_equal(answer.in_support, model.in_support(rows.x[:50]))
    np.testing.assert_allclose(answer.distance, model.distance(rows.x[:50]), rtol=1e-4)


def test_nine_of_ten_held_out_readings_lie_in_their_interval(model, rows):
    held_out = rows.where(np.arange(len(rows)) >= 900)
    answer = model.ask(held_out.x)
    inside = (answer.lower[TARGET] <= held_out.y[:, 0]) & (held_out.y[:, 0] <= answer.upper[TARGET])
    assert inside.mean() == pytest.approx(0.9, abs=0.06)


def test_parts_are_named_and_each_can_be_asked_alone(learned, model):
    assert any(name in learned.mixture[TARGET] for name in PARTS)
    alone = [model.part(name).predict(TYPICAL)[TARGET][0] for name in PARTS]
    assert len(set(alone)) == len(PARTS)
    assert min(alone) <= model.predict(TYPICAL)[TARGET][0] <= max(alone)


def test_a_simple_plant_s_simple_fit_is_what_is_served(learned):
    """The plant of these tests is a line in 1/load and lift: nothing learned is better than that."""
    assert learned.mixture[TARGET] == "response lines"


def test_lines_are_a_backbone_without_a_quadratic(rows):
    smooth = learn(rows, replace(QUICK, epochs=2), seed=0, parts=Parts(backbone="lines")).model
    assert smooth.heads.quadratic.shape[-1] == 0
    loaded = from_bytes(to_bytes(smooth), to_metadata(smooth), version="v8")
    np.testing.assert_array_equal(loaded.predict(rows.x)[TARGET], smooth.predict(rows.x)[TARGET])


def test_a_warm_start_is_where_the_other_model_ended(rows, model):
    first = rows.where(np.arange(len(rows)) < 900)
    warm = learn(first, replace(QUICK, epochs=1, learning_rate=1e-9), seed=5, warm=model).model
    networks = [found.part("network").predict(rows.x)[TARGET] for found in (warm, model)]
    np.testing.assert_allclose(*networks, rtol=1e-3)


def test_inputs_in_another_number_are_refused_by_name(model):
    with pytest.raises(ValueError, match=r"give \(rows, 4\): load_kw, cw_supply_c"):
        model.predict(np.zeros((3, 2)))


def test_one_row_and_a_thousand_are_predicted_alike(model, rows):
    alone = model.predict(rows.x[:1])[TARGET]
    np.testing.assert_allclose(model.predict(rows.x[:1000])[TARGET][:1], alone, rtol=1e-5)


def test_saved_and_loaded_model_predicts_the_same_bit_by_bit(model, rows):
    loaded = from_bytes(to_bytes(model), to_metadata(model), version="v7")
    assert loaded.version == "v7"
    np.testing.assert_array_equal(loaded.predict(rows.x)[TARGET], model.predict(rows.x)[TARGET])
    np.testing.assert_array_equal(loaded.in_support(rows.x), model.in_support(rows.x))


def test_same_seed_learns_the_same_model(rows):
    quick = replace(QUICK, epochs=2)
    first, second = (learn(rows, quick, seed=3).model for _ in range(2))
    assert to_bytes(first) == to_bytes(second)


def test_the_slope_of_a_setpoint_can_be_taken(model):
    slope = jax.grad(lambda x: members(model, x).mean())(jnp.asarray(TYPICAL, jnp.float32))
    assert float(slope[0, 2]) == pytest.approx(-0.006, rel=0.3)


def test_a_target_does_not_see_the_input_that_contains_it(rows):
    """IT power must be learned from other inputs than IT power, features made of it included."""
    load_kw = rows.x[:, :1]
    both = replace(
        rows,
        targets=(TARGET, "it_kw"),
        y=np.hstack([rows.y, load_kw]),
        hidden={"it_kw": frozenset({"load_kw"})},
    )
    model = learn(both, replace(QUICK, epochs=2), seed=0).model
    more_load = TYPICAL + np.array([[300.0, 0.0, 0.0, 0.0]])
    at_first, then = model.predict(TYPICAL), model.predict(more_load)
    assert at_first["it_kw"][0] == pytest.approx(then["it_kw"][0], rel=1e-6)
    assert at_first[TARGET][0] != pytest.approx(then[TARGET][0], rel=1e-3)


def test_a_target_by_another_name_is_predicted_under_both(rows):
    model = learn(
        replace(rows, same_as=(("cooling_kw_per_kw", TARGET),)), replace(QUICK, epochs=2), seed=0
    ).model
    predicted = model.predict(TYPICAL)
    assert predicted["cooling_kw_per_kw"][0] == predicted[TARGET][0]


def test_too_few_rows_are_counted(rows):
    with pytest.raises(TooFewRowsError, match="150 rows to learn from, needs 200 for 4 inputs"):
        learn(rows.where(np.arange(len(rows)) < 150), QUICK, seed=0)


def test_a_single_network_has_nothing_to_be_held_against(rows):
    with pytest.raises(ValueError, match=r"members \(1\) must be at least 2"):
        learn(rows, replace(QUICK, members=1), seed=0)


def test_a_column_or_a_meter_that_never_changes_does_no_harm(rows):
    """A valve that is never moved says nothing, a meter that always reads the same is predicted to."""
    still = np.full((len(rows), 1), 7.0)
    both = replace(
        rows, inputs=(*rows.inputs, "wind_speed_m_s"), x=np.hstack([rows.x, still]),
        targets=(TARGET, "other_kw_per_kw"), y=np.hstack([rows.y, np.full((len(rows), 1), 0.05)]),
    )  # fmt: skip
    model = learn(both, replace(QUICK, epochs=4), seed=0).model
    found = model.ask(np.hstack([TYPICAL, [[7.0]]]))
    assert found.mean["other_kw_per_kw"][0] == pytest.approx(0.05, abs=1e-4)
    assert found.mean[TARGET][0] == pytest.approx(kw_per_kw(600.0, 24.0, 8.0), abs=0.004)
    assert found.in_support[0]


def test_meter_glitches_are_left_out_and_counted(rows):
    y = rows.y.copy()
    y[[50, 500, 800]] *= 10.0
    learned = learn(replace(rows, y=y), replace(QUICK, epochs=2), seed=0)
    assert learned.outliers == 3


def test_divergence_hands_back_the_last_good_model(rows, monkeypatch):
    import models.efficiency.training

    good, calls = models.efficiency.training._validation_loss, []

    def break_down(params, data):
        calls.append(1)
        return good(params, data) * (np.nan if len(calls) == 3 else 1.0)

    monkeypatch.setattr(models.efficiency.training, "_validation_loss", break_down)
    with pytest.raises(DivergedError) as stopped:
        learn(rows, QUICK, seed=0)
    assert np.isfinite(stopped.value.last_good.model.predict(TYPICAL)[TARGET]).all()
