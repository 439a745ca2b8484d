import math

import numpy as np
import pytest

from pipelines.operations.verify import checked
from pipelines.site.safety import RelationTable

SUPPLY, CHILLED, CONDENSER, SWITCH = "CRAH.SAT_SP_C", "PLANT.CHWS_SP_C", "PLANT.CWS_SP_C", "PLANT.WSE_ENABLE"
NOW = {SUPPLY: 22.0, CHILLED: 14.0, CONDENSER: 20.0, SWITCH: 0.0}


def test_step_within_limits_and_rates_leaves_as_it_is(site):
    step = NOW | {SUPPLY: 22.5, SWITCH: 1.0}
    assert checked(site, step, NOW, 0.25, {}).values == step
    assert checked(site, step, NOW, 0.25, {}).refused == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({SUPPLY: 22.6}, "faster than"),
        ({SUPPLY: math.nan}, "not finite"),
        ({SUPPLY: math.inf}, "not finite"),
        ({CONDENSER: 31.0}, "site file's limits"),
        ({SWITCH: 0.5}, "neither on nor off"),
    ],
)
def test_value_that_breaks_a_rule_stays_and_the_others_leave(site, wrong, said):
    found = checked(site, NOW | {CHILLED: 14.3} | wrong, NOW, 0.25, {})
    assert found.values == NOW | {CHILLED: 14.3}
    assert said in found.refused[0]


def test_limits_in_force_count_and_the_way_back_inside_is_open(site):
    limits = {SUPPLY: (18.0, 21.0)}
    assert checked(site, NOW | {SUPPLY: 22.4}, NOW, 0.25, limits).values[SUPPLY] == 22.0
    assert checked(site, NOW | {SUPPLY: 21.5}, NOW, 0.25, limits).values[SUPPLY] == 21.5


@pytest.mark.parametrize("passed_h", [-5.0, 0.0])
def test_clock_that_went_back_lets_nothing_move(site, passed_h):
    assert checked(site, NOW | {SUPPLY: 22.1}, NOW, passed_h, {}).values == NOW


def test_long_silence_is_no_licence_to_jump(site):
    assert checked(site, NOW | {SUPPLY: 25.0}, NOW, 100.0, {}).values == NOW


def test_relation_is_checked_again(site):
    relations = [RelationTable(lower=CHILLED, upper=SUPPLY, least_k=8.0)]
    related = site.model_copy(update={"safety": site.safety.model_copy(update={"relations": relations})})
    found = checked(related, NOW | {SUPPLY: 21.8}, NOW, 0.25, {})
    assert found.values == NOW
    assert "8 K are declared" in found.refused[0]
    wide = NOW | {CHILLED: 18.0}  # broken already: mending it step by step is allowed
    assert checked(related, wide | {CHILLED: 17.6}, wide, 0.25, {}).values[CHILLED] == 17.6


def test_unknown_tag_never_leaves(site):
    found = checked(site, NOW | {"OTHER": 1.0}, NOW, 0.25, {})
    assert found.values == NOW
    assert "OTHER refused" in found.refused[0]


def test_whatever_is_proposed_what_leaves_is_inside_limits_and_rates(site):
    random = np.random.default_rng(0)
    bounds = {each.tag: each for each in site.setpoints}
    for _ in range(300):
        step = {
            tag: float(random.choice([math.nan, -1e9, 1e9, 0.0, 1.0, 20.0 + random.normal()])) for tag in NOW
        }
        for tag, value in checked(site, step, NOW, 0.25, {}).values.items():
            assert bounds[tag].min <= value <= bounds[tag].max
            assert (
                bounds[tag].kind == "binary"
                or abs(value - NOW[tag]) <= 0.25 * bounds[tag].slew_per_hour + 1e-6
            )
