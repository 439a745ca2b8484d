import numpy as np
import pytest

from models.errors import TooFewRowsError
from models.savings.candidates import regressions
from models.savings.estimate import Servers
from models.savings.trials.analysis import Blocks, analysed, drawn_interval
from models.savings.trials.design import drawn, pairs_of
from models.savings.trials.power import pairs_needed, saving_found
from models.savings.work import relative_rise
from tests.models.savings.kit import hours_of

FRIDAY = 4


def days(count: int, first: int = 0):
    return (np.arange(count) + first) % 7, np.zeros(count, int)


def test_every_pair_has_one_of_each_and_is_of_one_kind_of_day():
    weekday, half = days(56, first=2)
    design = drawn(weekday, half, seed=5)
    weekend = weekday >= 5
    for pair in range(design.pair.max() + 1):
        members = np.flatnonzero(design.pair == pair)
        assert len(members) == 2
        assert design.on[members].sum() == 1
        assert weekend[members[0]] == weekend[members[1]]
        assert np.diff(members)[0] in (1, 7)
    assert not design.on[design.pair < 0].any()


def test_the_draw_follows_from_its_seed_alone():
    weekday, half = days(28)
    assert np.array_equal(drawn(weekday, half, 1).on, drawn(weekday, half, 1).on)
    assert any(
        not np.array_equal(drawn(weekday, half, 1).on, drawn(weekday, half, seed).on) for seed in (2, 3, 4)
    )


def test_half_days_are_paired_with_the_same_half():
    weekday, half = np.repeat(np.arange(14) % 7, 2), np.tile([0, 1], 14)
    pair = pairs_of(weekday, half)
    for number in range(pair.max() + 1):
        members = np.flatnonzero(pair == number)
        assert half[members[0]] == half[members[1]]


def trial(saving: float, *, count: int = 28, seed: int = 0, length: int = 24, wash_out: int = 3):
    blocks = count * 24 // length
    weekday = np.repeat(np.arange(count) % 7, 24 // length)
    half = np.tile(np.arange(24 // length), count)
    design = drawn(weekday, half, seed)
    on = np.repeat(design.on, length)
    usual, better = (hours_of(5000, count * 24, saving=each, seed=seed) for each in (0.0, saving))
    during = usual.__class__(**{**vars(usual), "power_kw": np.where(on, better.power_kw, usual.power_kw)})
    block = np.repeat(np.arange(blocks), length)
    block[np.tile(np.arange(length), blocks) < wash_out] = -1
    return during, Blocks(block, design.pair, design.on), usual


def test_a_trial_finds_what_was_saved():
    during, blocks, usual = trial(0.1)
    before = hours_of(2500, 2000)
    found = analysed(during, blocks, regressions(before), before=before)
    truth = 0.1 * usual.power_kw.mean()
    assert found.shown
    assert found.saved_kw - found.half_90_kw <= truth <= found.saved_kw + found.half_90_kw
    assert found.drawn_low_kw <= truth <= found.drawn_high_kw
    assert found.p_value < 0.01


def test_load_and_weather_taken_out_make_the_interval_narrower():
    during, blocks, _ = trial(0.1)
    before = hours_of(2500, 2000)
    with_it = analysed(during, blocks, regressions(before), before=before)
    without = analysed(during, blocks, [])
    assert with_it.half_90_kw < 0.5 * without.half_90_kw


def test_without_a_saving_few_trials_claim_one():
    claimed = []
    for seed in range(40):
        during, blocks, _ = trial(0.0, seed=seed)
        found = analysed(during, blocks, regressions(during)[:1])
        claimed.append(found.shown and found.saved_kw > 0.0)
    assert np.mean(claimed) <= 0.125


def test_the_draw_rejects_what_it_should():
    differences = np.random.default_rng(2).normal(3.0, 1.0, 10)
    low, high, p_value = drawn_interval(differences)
    assert low < differences.mean() < high
    assert low > 0.0
    assert p_value == pytest.approx(2 / 1024)


def test_pairs_without_readings_are_left_out_and_counted():
    during, blocks, _ = trial(0.1)
    power = during.power_kw.copy()
    power[blocks.block == 3] = np.nan
    torn = during.__class__(**{**vars(during), "power_kw": power})
    found = analysed(torn, blocks, [])
    assert found.without == {"a block lacks readings": 1}
    short, few, _ = trial(0.1, count=7)
    with pytest.raises(TooFewRowsError, match="needs 5"):
        analysed(short, few, [])


def test_servers_that_work_harder_take_their_part_of_the_saving():
    during, blocks, _ = trial(0.1, count=56)
    on = np.where(blocks.block >= 0, blocks.on[np.maximum(blocks.block, 0)], False)
    inlet_c = np.where(on, 25.0, 21.0)
    during = during.with_load(
        during.load_kw * (1.0 + relative_rise(inlet_c) - relative_rise(np.array([21.0])))
    )
    warm = Servers(inlet_c, None)
    cool = analysed(during, blocks, regressions(during)[:1])
    found = analysed(during, blocks, regressions(during)[:1], servers=warm)
    assert found.saved_kw < cool.saved_kw
    assert found.half_90_kw > cool.half_90_kw


def test_power_says_how_many_pairs_a_saving_takes():
    differences = np.random.default_rng(1).normal(0.0, 10.0, 60)
    few, many = pairs_needed(20.0, differences), pairs_needed(5.0, differences)
    assert few < many
    assert saving_found(many, differences) <= 5.01
    assert pairs_needed(0.01, differences) is None
