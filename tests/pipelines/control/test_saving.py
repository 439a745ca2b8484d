import math

import pytest

from pipelines.control.decision import Expectation, Settled
from pipelines.control.saving import saving_of


def settled(*facility_kw: float) -> Settled:
    return Settled(facility_kw=facility_kw, cooling_kw=100.0, it_kw=800.0, rack_inlet_c=22.0, outside=0.0)


def test_interval_is_the_delete_a_group_jackknife_s():
    """Five members that expect 8 to 12 kW: variance 4/5 * 10, t(0.95, 4 degrees of freedom) = 2.132."""
    saving = saving_of(Expectation(settled(*[1000.0] * 5), settled(992.0, 991.0, 990.0, 989.0, 988.0)))
    assert saving.kw == pytest.approx(10.0)
    assert saving.high_kw - saving.kw == pytest.approx(2.132 * math.sqrt(8.0), abs=0.01)
    assert saving.kw - saving.low_kw == pytest.approx(saving.high_kw - saving.kw)


def test_error_that_all_members_share_does_not_widen_the_interval():
    saving = saving_of(Expectation(settled(900.0, 1000.0, 1100.0), settled(890.0, 990.0, 1090.0)))
    assert saving == pytest.approx((10.0, 10.0, 10.0))


def test_one_member_says_nothing_of_how_sure_it_is():
    assert saving_of(Expectation(settled(1000.0), settled(990.0))) == (10.0, None, None)


@pytest.mark.parametrize("goal", [(math.nan, 990.0), (990.0,), ()])
def test_saving_is_unknown_where_members_do_not_answer(goal):
    assert saving_of(Expectation(settled(1000.0, 1000.0), settled(*goal))) is None
