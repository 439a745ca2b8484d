import math
from functools import reduce

import pytest

from models.cascade.feedback import MOST_INLET_K, Expected, Feedback

EXPECTED = Expected(cw_supply_c=15.0, short_k=1.0, rack_inlet_c=24.0, cooling_kw=80.0, mode=2)
AS_EXPECTED = {"cw_supply_c": 15.0, "rack_inlet_c": 24.0, "cooling_kw": 80.0, "mode_as_expected": True}


def after(times: int, **measured) -> Feedback:
    return reduce(
        lambda so_far, _: so_far.after(EXPECTED, **(AS_EXPECTED | measured)), range(times), Feedback()
    )


def test_towers_that_reach_less_are_believed_step_by_step():
    assert after(1, cw_supply_c=16.0).reach_bias_k == pytest.approx(0.3)
    assert after(50, cw_supply_c=20.0).reach_bias_k == pytest.approx(3.0)


def test_warm_inlet_is_believed_at_once_and_forgotten_slowly():
    warm = after(1, rack_inlet_c=25.2).inlet_bias_k
    assert warm == pytest.approx(1.1)  # 1.2 K less what sensors scatter
    cooled = Feedback(inlet_bias_k=warm).after(EXPECTED, **AS_EXPECTED).inlet_bias_k
    assert 0.98 * warm < cooled < warm
    assert after(100, rack_inlet_c=40.0).inlet_bias_k == MOST_INLET_K


def test_missing_measurements_change_nothing():
    silent = after(3, cw_supply_c=math.nan, rack_inlet_c=math.nan, cooling_kw=math.nan)
    assert silent.reach_bias_k == silent.inlet_bias_k == 0.0
    assert not silent.stuck(80.0, usual_kw=250.0)


def test_plant_is_stuck_only_after_three_costly_decisions():
    assert not after(2, cooling_kw=110.0).stuck(80.0, usual_kw=250.0)
    assert after(3, cooling_kw=110.0).stuck(80.0, usual_kw=250.0)
    assert not after(3, cooling_kw=84.0).stuck(80.0, usual_kw=250.0)
