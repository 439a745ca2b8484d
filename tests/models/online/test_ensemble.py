from dataclasses import replace

import numpy as np
import pytest

from models.efficiency.intervals import Scores
from models.online.carried import SHARES
from models.online.correction import Correction
from models.online.ensemble import Ensemble
from models.online.intervals import Rows, Widths, half_intervals

HOUR = np.timedelta64(60, "m")


def scores(rows, *, seed=0):
    residual = np.random.default_rng(seed).normal(size=rows)
    return Scores(residual, np.ones(rows), np.arange(rows) % 3, np.zeros(rows, bool))


def widths(rows):
    past = scores(rows)
    return Widths.of(past, past.residual)


def of(errors, *, inside=True, tercile=None):
    rows = len(errors)
    return Rows(
        times=np.datetime64("2025-06-01T00:00") + np.arange(rows) * HOUR,
        measured=np.asarray(errors, float),
        size=np.ones(rows),
        tercile=np.arange(rows) % 3 if tercile is None else np.full(rows, tercile),
        in_support=np.broadcast_to(inside, rows),
        counts=np.ones(rows, bool),
    )


def covered(rows, before, since=0):
    half, _ = half_intervals(before, np.zeros(len(rows.times)), rows, HOUR)
    return (np.abs(rows.measured) <= half)[since:]


def test_nine_of_ten_are_covered_where_nothing_changes():
    errors = np.random.default_rng(1).normal(size=3_000)
    assert covered(of(errors), widths(900)).mean() == pytest.approx(0.9, abs=0.01)


def test_coverage_returns_when_a_plant_becomes_less_regular():
    errors = np.random.default_rng(1).normal(size=3_000) * np.where(np.arange(3_000) < 600, 1.0, 3.0)
    assert covered(of(errors), widths(900), since=1_000).mean() == pytest.approx(0.9, abs=0.02)


def test_rows_outside_the_record_get_intervals_of_their_own():
    """A fifth of the rows lie outside the support and err three times as much; both kinds are covered."""
    random = np.random.default_rng(2)
    inside = random.uniform(size=6_000) > 0.2
    errors = random.normal(size=6_000) * np.where(inside, 1.0, 3.0)
    found = covered(of(errors, inside=inside), widths(900), since=1_000)
    assert found[inside[1_000:]].mean() == pytest.approx(0.9, abs=0.03)
    assert found[~inside[1_000:]].mean() == pytest.approx(0.9, abs=0.04)


def test_no_interval_knows_the_error_it_is_to_cover():
    errors = np.ones(60)
    later = errors.copy()
    later[40:] = 50.0
    first, second = (
        half_intervals(widths(90), np.zeros(60), of(these), 4 * HOUR)[0] for these in (errors, later)
    )
    np.testing.assert_array_equal(first[:44], second[:44])


def test_rows_a_model_learned_from_teach_nothing():
    rows, before = of(np.full(50, 9.0)), widths(90)
    _, after = half_intervals(before, np.zeros(50), replace(rows, counts=np.zeros(50, bool)), HOUR)
    assert after.recent == before.recent
    assert (after.by_tercile == 0).all()


def ensemble(past=None, models=("first", "second")):
    return Ensemble.of(models, scores(90) if past is None else past, uncorrected=("persistence",))


def of_models(errors, *, seed=5):
    """Predictions of the measured values by a good and by a bad model."""
    random = np.random.default_rng(seed)
    return {
        "first": errors + random.normal(0, 0.2, len(errors)),
        "second": errors + random.normal(0, 1.0, len(errors)),
    }


def test_going_on_from_a_kept_ensemble_is_as_if_there_had_been_no_pause():
    measured = np.random.default_rng(3).normal(size=400).cumsum() / 10
    rows, each = of(measured, tercile=0), of_models(measured)
    whole = ensemble().follow(each, rows, HOUR)
    parts = {name: getattr(rows, name) for name in rows.__dataclass_fields__}
    cuts = (np.s_[:200], np.s_[200:])
    first, second = (Rows(**{name: part[cut] for name, part in parts.items()}) for cut in cuts)
    before, after = ({name: values[cut] for name, values in each.items()} for cut in cuts)
    kept = Ensemble.from_arrays(ensemble().follow(before, first, HOUR).ensemble.as_arrays())
    again = kept.follow(after, second, HOUR)
    np.testing.assert_allclose(whole.mean[260:], again.mean[60:], atol=0.1)  # filters begin anew
    np.testing.assert_allclose(whole.half[260:], again.half[60:], rtol=0.3)


def test_the_better_model_gets_the_weight():
    measured = np.random.default_rng(4).normal(size=600)
    followed = ensemble().follow(of_models(measured), of(measured), HOUR)
    assert followed.ensemble.described().startswith(("9", "100"))
    error = np.abs(followed.mean - measured)[300:].mean()
    assert error < 1.02 * np.abs(followed.corrected["first"] - measured)[300:].mean()


def test_the_first_model_stands_in_for_one_that_has_no_prediction():
    measured = np.random.default_rng(4).normal(size=60)
    each = of_models(measured)
    each["second"] = np.full(60, np.nan)
    followed = ensemble().follow(each, of(measured), HOUR)
    np.testing.assert_allclose(followed.mean, followed.corrected["first"], atol=0.2)
    assert np.isfinite(followed.mean).all()


def test_persistence_is_not_corrected():
    measured = np.random.default_rng(6).normal(size=300).cumsum()
    each = {"first": np.zeros(300), "persistence": np.concatenate([[0.0], measured[:-1]])}
    followed = ensemble(models=("first", "persistence")).follow(each, of(measured), HOUR)
    np.testing.assert_array_equal(followed.corrected["persistence"], each["persistence"])


def test_left_out_blocks_say_which_share_to_carry():
    drifting = Scores(np.full(300, 2.0), np.ones(300), np.zeros(300, int), np.arange(300) % 100 > 0)
    only = Ensemble.of(("first",), drifting)
    mean = only.follow({"first": np.zeros(3)}, of(np.full(3, 2.0)), HOUR).mean
    np.testing.assert_allclose(mean, [0.0, 2.0, 2.0], atol=0.3)


def test_an_error_known_four_rows_later_is_judged_by_how_long_errors_last():
    """Errors that last for two rows: carried on by the next row, no use four rows on."""
    residual = np.repeat(np.random.default_rng(4).normal(size=400), 2)
    past = Scores(residual, np.ones(800), np.zeros(800, int), np.arange(800) > 0)
    next_row, fourth = (SHARES[Correction.of(past, lag=lag)[0].costs.sum(axis=0).argmin()] for lag in (1, 4))
    assert next_row > 0.3
    assert fourth < 0.1
