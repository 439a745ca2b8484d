"""What an engineer declares of a plant holds in whatever is learned of it, where the record alone would mislead."""

from dataclasses import replace

import numpy as np
import pytest

from models.efficiency.declared_effects import Effect, EffectBounds
from models.efficiency.learn import Rows, learn
from models.efficiency.stacking import PARTS
from models.errors import ImpossibleEffectError
from tests.models.plants import QUICK

pytestmark = pytest.mark.medium

INPUTS, TARGET = ("load_kw", "cw_supply_c", "chw_supply_c"), "chiller_kw_per_kw"
RISES = Effect("cw_supply_c", TARGET, low=0.0)


def confounded(n: int = 1_000) -> Rows:
    """Warm condenser water costs the chiller 0.006 per K, but comes with a better chiller that nobody records."""
    random, hour = np.random.default_rng(0), np.arange(n)
    load_kw = 600.0 + 200.0 * np.sin(hour * 2 * np.pi / 24) + random.normal(0, 30, n)
    cw_c = 24.0 + 3.0 * np.sin(hour * 2 * np.pi / 150) + random.normal(0, 0.5, n)
    chw_c = np.repeat(random.uniform(6.0, 10.0, n // 12 + 1), 12)[:n]
    better = cw_c > 24.0
    y = 20.0 / load_kw + 0.08 + 0.006 * (cw_c - chw_c) - 0.05 * better + random.normal(0, 0.002, n)
    return Rows(INPUTS, (TARGET,), np.stack([load_kw, cw_c, chw_c], axis=1), y[:, None], load_kw)


def percent_per_k(model, x, column=1):
    half = np.zeros(3)
    half[column] = 0.5
    change = model.predict(x + half)[TARGET] - model.predict(x - half)[TARGET]
    return 100.0 * change / model.predict(x)[TARGET]


@pytest.fixture(scope="module")
def rows():
    return confounded()


@pytest.fixture(scope="module")
def declared(rows):
    return learn(replace(rows, effects=(RISES,)), QUICK, seed=0)


def test_the_record_alone_says_that_warmer_condenser_water_saves_power(rows):
    model = learn(rows, replace(QUICK, epochs=4), seed=0).model
    assert (percent_per_k(model, rows.x) < -0.5).mean() > 0.95


def test_declared_to_rise_chiller_power_does_not_fall_at_any_row(rows, declared):
    assert percent_per_k(declared.model, rows.x).min() > -0.05
    assert declared.effects[0][0] == RISES
    assert declared.effects[0][1] < 0.005


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_mixture_keeps_the_declaration(rows, declared, part):
    wrong = percent_per_k(declared.model.part(part), rows.x) < -0.05
    assert wrong.mean() < 0.01


def test_what_is_not_declared_is_still_learned(rows, declared):
    assert np.median(percent_per_k(declared.model, rows.x, column=2)) == pytest.approx(-3.0, abs=1.0)


def test_declared_size_is_kept_too(rows):
    sized = Effect("cw_supply_c", TARGET, low=0.02, high=0.06)
    learned = learn(replace(rows, effects=(sized,)), replace(QUICK, epochs=8), seed=0)
    found = percent_per_k(learned.model, rows.x)
    assert found.min() > 1.8
    assert found.max() < 6.2


def test_networks_that_break_a_declaration_get_no_share(rows, monkeypatch):
    import models.efficiency.slope_penalty

    monkeypatch.setattr(models.efficiency.slope_penalty, "WEIGHT", 0.0)
    config = replace(QUICK, hidden=(15, 15), epochs=8)  # of its own, so that nothing compiled before is used
    learned = learn(replace(rows, effects=(RISES,)), config, seed=0)
    assert (percent_per_k(learned.model.part("network"), rows.x) < -0.5).mean() > 0.1
    assert "network" not in learned.mixture[TARGET]


def test_an_effect_of_something_that_is_no_input_is_refused(rows):
    with pytest.raises(
        ImpossibleEffectError, match="effect of wind_speed_m_s on chiller_kw_per_kw is declared, but"
    ):
        learn(replace(rows, effects=(Effect("wind_speed_m_s", TARGET, low=0.0),)), QUICK, seed=0)


def test_declarations_that_exclude_each_other_are_refused(rows):
    both = (Effect("cw_supply_c", TARGET, low=0.05), Effect("cw_supply_c", TARGET, high=0.01))
    with pytest.raises(ImpossibleEffectError, match="of cw_supply_c on chiller_kw_per_kw exclude each other"):
        learn(replace(rows, effects=both), QUICK, seed=0)


def test_share_of_rows_that_break_an_effect_is_counted(rows):
    bounds = EffectBounds.of((RISES,), INPUTS, (TARGET,), rows.x)
    falls_below_24 = np.where(rows.x[:, 1] < 24.0, -1.0, 1.0)
    share = bounds.broken(lambda x: (10.0 + falls_below_24 * (x[:, 1] - rows.x[:, 1]))[:, None], rows.x)
    assert share[0, 0] == pytest.approx((rows.x[:, 1] < 24.0).mean())
