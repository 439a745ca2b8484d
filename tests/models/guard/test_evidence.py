import numpy as np
import pytest

from models.guard.evidence import independent_share, worse


def blocks(seed, number, mean_kw=0.0, scatter_kw=2.0):
    return np.random.default_rng(seed).normal(mean_kw, scatter_kw, number)


def test_the_mean_is_that_over_the_models_own_error():
    found = worse(
        np.full(20, 7.0) + blocks(0, 20, 0, 0.1),
        np.full(30, 3.0) + blocks(1, 30, 0, 0.1),
        scale_kw=5,
        alpha=0.05,
    )
    assert found.kw == pytest.approx(4.0, abs=0.1)
    assert found.low_kw < 4.0 < found.high_kw


def test_the_interval_narrows_with_blocks_and_widens_with_a_smaller_error():
    at_rule = blocks(1, 200)
    width = [worse(blocks(0, number), at_rule, scale_kw=5, alpha=0.05) for number in (6, 24, 96)]
    reach = [each.high_kw - each.low_kw for each in width]
    assert reach[0] > reach[1] > reach[2]
    strict = worse(blocks(0, 24), at_rule, scale_kw=5, alpha=0.005)
    assert strict.high_kw - strict.low_kw > reach[1]


def test_a_bias_that_is_known_from_few_blocks_shows_less():
    few, many = (worse(blocks(0, 60, 4.0), blocks(1, number), scale_kw=5, alpha=0.05) for number in (4, 200))
    assert few.high_kw - few.low_kw > 2.0 * (many.high_kw - many.low_kw)


def test_too_few_blocks_are_no_evidence():
    assert worse(blocks(0, 2), blocks(1, 50), scale_kw=5, alpha=0.05) is None
    assert worse(blocks(0, 50), blocks(1, 2), scale_kw=5, alpha=0.05) is None


def test_a_loss_without_any_scatter_is_shown():
    found = worse(np.full(12, 5.0), np.zeros(12), scale_kw=5, alpha=0.05)
    assert found.low_kw > 0.0


def test_blocks_that_repeat_each_other_count_for_less():
    alone = independent_share((blocks(0, 100), blocks(1, 100)))
    alike = independent_share((np.repeat(blocks(0, 25), 4), np.repeat(blocks(1, 25), 4)))
    assert alone > 0.7
    assert alike < 0.3


def test_the_interval_holds_the_truth_at_every_time_as_often_as_declared():
    missed = 0
    for seed in range(100):
        at_rule, controlled = blocks(1000 + seed, 40), blocks(seed, 60, 3.0)
        found = [worse(controlled[:n], at_rule, scale_kw=5, alpha=0.05) for n in range(3, 61)]
        missed += any(not each.low_kw <= 3.0 <= each.high_kw for each in found)
    assert missed / 100 <= 0.1  # 5 % at either bound
