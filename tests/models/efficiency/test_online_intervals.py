from dataclasses import replace

import numpy as np
import pytest

from models.carried import SHARES
from models.efficiency.intervals import Scores
from models.efficiency.online_intervals import History, Rows, follow

HOUR = np.timedelta64(60, "m")


def scores(rows, *, seed=0):
    residual = np.random.default_rng(seed).normal(size=rows)
    return Scores(residual, np.ones(rows), np.arange(rows) % 3, np.zeros(rows, bool))


def of(errors, *, inside=True, tercile=None):
    rows = len(errors)
    return Rows(
        times=np.datetime64("2025-06-01T00:00") + np.arange(rows) * HOUR,
        predicted=np.zeros(rows),
        measured=np.asarray(errors, float),
        size=np.ones(rows),
        tercile=np.arange(rows) % 3 if tercile is None else np.full(rows, tercile),
        in_support=np.broadcast_to(inside, rows),
        counts=np.ones(rows, bool),
    )


def covered(rows, history, since=0):
    mean, half, _ = follow(history, rows, HOUR)
    return (np.abs(rows.measured - mean) <= half)[since:]


def test_nine_of_ten_are_covered_where_nothing_changes():
    errors = np.random.default_rng(1).normal(size=3_000)
    assert covered(of(errors), History.of(scores(900))).mean() == pytest.approx(0.9, abs=0.01)


def test_coverage_returns_when_a_plant_becomes_less_regular():
    errors = np.random.default_rng(1).normal(size=3_000) * np.where(np.arange(3_000) < 600, 1.0, 3.0)
    assert covered(of(errors), History.of(scores(900)), since=1_000).mean() == pytest.approx(0.9, abs=0.02)


def test_rows_outside_the_record_get_intervals_of_their_own():
    """A fifth of the rows lie outside the support and err three times as much; both kinds are covered."""
    random = np.random.default_rng(2)
    inside = random.uniform(size=6_000) > 0.2
    errors = random.normal(size=6_000) * np.where(inside, 1.0, 3.0)
    found = covered(of(errors, inside=inside), History.of(scores(900)), since=1_000)
    assert found[inside[1_000:]].mean() == pytest.approx(0.9, abs=0.03)
    assert found[~inside[1_000:]].mean() == pytest.approx(0.9, abs=0.04)


def test_no_interval_knows_the_error_it_is_to_cover():
    errors = np.ones(60)
    later = errors.copy()
    later[40:] = 50.0
    first, second = (follow(History.of(scores(90)), of(these), 4 * HOUR)[1] for these in (errors, later))
    np.testing.assert_array_equal(first[:44], second[:44])


def test_going_on_from_a_kept_history_is_as_if_there_had_been_no_pause():
    errors = np.random.default_rng(3).normal(size=400).cumsum() / 10
    rows = of(errors, tercile=0)
    whole = follow(History.of(scores(90)), rows, HOUR)
    parts = {name: getattr(rows, name) for name in rows.__dataclass_fields__}
    first, second = (
        Rows(**{name: part[cut] for name, part in parts.items()}) for cut in (np.s_[:200], np.s_[200:])
    )
    kept = History.from_arrays(follow(History.of(scores(90)), first, HOUR)[2].as_arrays())
    again = follow(kept, second, HOUR)
    np.testing.assert_allclose(whole[0][260:], again[0][60:], atol=0.02)  # filters begin anew
    np.testing.assert_allclose(whole[1][260:], again[1][60:], rtol=0.05)


def test_rows_a_model_learned_from_teach_nothing():
    rows = of(np.full(50, 9.0))
    before = History.of(scores(90))
    after = follow(before, replace(rows, counts=np.zeros(50, bool)), HOUR)[2]
    assert after.recent == before.recent
    assert (after.by_tercile == 0).all()


def test_left_out_blocks_say_which_share_to_carry():
    drifting = Scores(np.full(300, 2.0), np.ones(300), np.zeros(300, int), np.arange(300) % 100 > 0)
    mean, _, _ = follow(History.of(drifting), of(np.full(3, 2.0)), HOUR)
    np.testing.assert_allclose(mean, [0.0, 2.0, 2.0], atol=0.3)


def test_an_error_known_four_rows_later_is_judged_by_how_long_errors_last():
    """Errors that last for two rows: carried on by the next row, no use four rows on."""
    residual = np.repeat(np.random.default_rng(4).normal(size=400), 2)
    past = Scores(residual, np.ones(800), np.zeros(800, int), np.arange(800) > 0)
    next_row, fourth = (SHARES[History.of(past, lag=lag).costs.sum(axis=0).argmin()] for lag in (1, 4))
    assert next_row > 0.3
    assert fourth < 0.1
