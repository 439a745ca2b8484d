import math

import numpy as np
import pytest

from pipelines.operations.verify import checked
from pipelines.site.safety import RelationTable

SUPPLY, CHILLED, CONDENSER, SWITCH = "CRAH.SAT_SP_C", "PLANT.CHWS_SP_C", "PLANT.CWS_SP_C", "PLANT.WSE_ENABLE"
NOW = {SUPPLY: 22.0, CHILLED: 14.0, CONDENSER: 20.0, SWITCH: 0.0}
JUNK = (math.nan, math.inf, -math.inf, 1e308, -1e9, 40.0, 0.0, 1.0, 0.5)


def related(site, *relations):
    return site.model_copy(update={"safety": site.safety.model_copy(update={"relations": [*relations]})})


def test_step_within_limits_and_rates_leaves_as_it_is(site):
    step = NOW | {SUPPLY: 22.5, SWITCH: 1.0}
    assert checked(site, step, NOW, 0.25, {}).values == step
    assert checked(site, step, NOW, 0.25, {}).refused == ()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({SUPPLY: 22.6}, "faster than"),
        ({SUPPLY: math.nan}, "not finite"),
        ({SUPPLY: math.inf}, "not finite"),
        ({SUPPLY: 10**400}, "not finite"),
        ({SUPPLY: "22.1 C"}, "not finite"),
        ({CONDENSER: 31.0}, "site file's limits"),
        ({SWITCH: 0.5}, "neither on nor off"),
    ],
)
def test_value_that_breaks_a_rule_stays_and_the_others_leave(site, wrong, why):
    verdict = checked(site, NOW | {CHILLED: 14.3} | wrong, NOW, 0.25, {})
    assert verdict.values == NOW | {CHILLED: 14.3}
    assert why in verdict.refused[0]


@pytest.mark.parametrize("read", [40.0, 1e308])
def test_reading_beyond_a_limit_never_lets_a_value_beyond_it_leave(site, read):
    stands = NOW | {SUPPLY: read}
    refused = checked(site, NOW | {SUPPLY: 39.5}, stands, 0.25, {})
    assert refused.values[SUPPLY] == 26.0  # the nearest limit: sending nothing would leave the plant outside
    assert "site file's limits 18..26" in refused.refused[0]
    assert checked(site, NOW | {SUPPLY: 25.5}, stands, 0.25, {}).values[SUPPLY] == 25.5
    assert (
        checked(site, NOW | {SUPPLY: 25.4}, stands, 0.25, {}).values[SUPPLY] == 26.0
    )  # 0.6 K from the limit


def test_value_in_force_outside_limits_narrowed_since_is_not_sent_again(site):
    limits = {SUPPLY: (18.0, 21.0)}
    assert checked(site, {}, NOW, 0.25, limits).values[SUPPLY] == 21.0
    assert checked(site, NOW | {SUPPLY: 21.5}, NOW, 0.25, limits).values[SUPPLY] == 21.0
    assert checked(site, NOW | {SUPPLY: 20.5}, NOW, 0.25, limits).values[SUPPLY] == 20.5


@pytest.mark.parametrize("damaged", [(math.nan, 21.0), (18.0, math.inf), (30.0, 40.0), (24.0, 20.0)])
def test_damaged_limits_in_force_leave_the_site_files_and_are_named(site, damaged):
    verdict = checked(site, NOW | {SUPPLY: 22.5}, NOW, 0.25, {SUPPLY: damaged})
    assert verdict.values[SUPPLY] == 22.5
    assert "limits in force" in verdict.refused[0]


def test_switch_is_only_ever_on_or_off_whatever_its_limits(site):
    on = NOW | {SWITCH: 1.0}
    assert checked(site, on, on, 0.25, {SWITCH: (0.0, 0.6)}).values[SWITCH] == 0.0
    assert checked(site, NOW, NOW | {SWITCH: 0.4}, 0.25, {}).values[SWITCH] == 0.0


def test_setpoint_whose_value_in_force_is_unknown_is_not_sent(site):
    verdict = checked(site, NOW, {}, 0.25, {})
    assert verdict.values == {SWITCH: 0.0}
    assert sum("not known" in text for text in verdict.refused) == 3


@pytest.mark.parametrize("passed_h", [-5.0, 0.0, math.nan])
def test_clock_that_went_back_lets_nothing_move(site, passed_h):
    assert checked(site, NOW | {SUPPLY: 22.1}, NOW, passed_h, {}).values == NOW


@pytest.mark.parametrize("passed_h", [100.0, 1e300])
def test_long_silence_is_no_licence_to_jump(site, passed_h):
    assert checked(site, NOW | {SUPPLY: 25.0}, NOW, passed_h, {}).values == NOW


def test_relation_is_checked_again(site):
    apart = related(site, RelationTable(lower=CHILLED, upper=SUPPLY, least_k=8.0))
    verdict = checked(apart, NOW | {SUPPLY: 21.8}, NOW, 0.25, {})
    assert verdict.values == NOW
    assert "8 K are declared" in verdict.refused[0]
    wide = NOW | {CHILLED: 18.0}  # broken already: mending it step by step is allowed
    assert checked(apart, wide | {CHILLED: 17.6}, wide, 0.25, {}).values[CHILLED] == 17.6


def test_setting_back_one_pair_does_not_break_the_next_relation(site):
    first = RelationTable(lower=CHILLED, upper=CONDENSER, least_k=6.0)
    second = RelationTable(lower=CONDENSER, upper=SUPPLY, least_k=2.0)
    # the condenser's step down lets supply air follow; it is refused, so supply air must stay too
    step = NOW | {CONDENSER: 19.8, SUPPLY: 21.9}
    for order in ((first, second), (second, first)):
        assert checked(related(site, *order), step, NOW, 0.25, {}).values == NOW


def test_unknown_tag_never_leaves(site):
    verdict = checked(site, NOW | {"OTHER": 1.0}, NOW, 0.25, {})
    assert verdict.values == NOW
    assert "OTHER refused" in verdict.refused[0]


def test_whatever_is_read_written_or_proposed_what_leaves_is_inside_limits_and_rates(site):
    random = np.random.default_rng(0)
    for _ in range(5_000):

        def any_value(near: float = 20.0) -> float:
            return float(random.choice([*JUNK, near + 3.0 * random.normal()]))

        in_force = {tag: any_value() for tag in NOW if random.random() < 0.9}
        proposed = {tag: any_value() for tag in NOW if random.random() < 0.9}
        limits = {tag: (any_value(), any_value()) for tag in NOW if random.random() < 0.5}
        passed_h = any_value(0.25)
        hours = min(max(passed_h, 0.0), 1.0) if math.isfinite(passed_h) else 0.0
        values = checked(site, proposed, in_force, passed_h, limits).values
        for setpoint in site.setpoints:
            if setpoint.tag not in values:
                continue
            value, (low, high) = values[setpoint.tag], limits.get(setpoint.tag, (setpoint.min, setpoint.max))
            assert setpoint.min <= value <= setpoint.max
            if setpoint.kind == "binary":
                assert value in (0.0, 1.0)
                continue
            low, high = max(low, setpoint.min), min(high, setpoint.max)
            if math.isfinite(sum(limits.get(setpoint.tag, (0.0,)))) and low <= high:
                assert low <= value <= high
            else:
                low, high = setpoint.min, setpoint.max
            start = min(max(in_force[setpoint.tag], low), high)
            assert abs(value - start) <= hours * setpoint.slew_per_hour + 1e-6
