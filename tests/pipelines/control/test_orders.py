import math

import numpy as np
import pytest

from pipelines.control.orders import Orders, bounds_of, ignored_orders, limits_in_force, narrowed
from pipelines.site.setpoints import Settable

SUPPLY, SWITCH = "CRAH.SAT_SP_C", "PLANT.WSE_ENABLE"


def setpoint(site, tag=SUPPLY, **changed):
    return next(each for each in site.setpoints if each.tag == tag).model_copy(update=changed)


@pytest.fixture
def auto(site):
    """Supply air at 18..26 °C, in mode auto 18..22."""
    return setpoint(site, auto_min=18.0, auto_max=22.0)


def test_auto_limits_and_an_order_that_leave_nothing_do_not_widen_each_other(auto):
    orders = Orders(mode="auto", limits={SUPPLY: (23.0, 24.0)})
    assert limits_in_force(auto, orders) == (18.0, 22.0)
    assert limits_in_force(auto, Orders(mode="advise", limits=orders.limits)) == (23.0, 24.0)


def test_limits_intersect(auto):
    assert limits_in_force(auto, Orders(mode="auto", limits={SUPPLY: (20.0, 24.0)})) == (20.0, 22.0)
    assert limits_in_force(auto, Orders(mode="auto", limits={SUPPLY: (10.0, 40.0)})) == (18.0, 22.0)


@pytest.mark.parametrize(
    "order",
    [
        (math.nan, 24.0),
        (20.0, math.inf),
        (24.0, 20.0),
        (30.0, 40.0),
        ("20", 24.0),
        (None, 24.0),
        (10**400, 2.0),
    ],
)
def test_order_that_cannot_be_followed_is_ignored_and_named(site, order):
    orders = Orders(mode="advise", limits={SUPPLY: order})
    assert limits_in_force(setpoint(site), orders) == (18.0, 26.0)
    (notice,) = ignored_orders(site, orders)
    assert SUPPLY in notice
    assert "18..26" in notice


def test_limits_of_a_switch_leave_on_or_off(site):
    switch = setpoint(site, SWITCH)
    assert limits_in_force(switch, Orders(limits={SWITCH: (0.0, 0.6)})) == (0.0, 0.0)
    assert narrowed(switch, (0.0, 1.0), (0.3, 0.6)) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, "24", None])
def test_override_that_is_no_number_is_ignored_and_named(site, value):
    (notice,) = ignored_orders(site, Orders(overrides={SUPPLY: value}))
    assert "override" in notice


def test_whatever_is_ordered_limits_lie_inside_the_site_file_s_and_the_mode_s(site, auto):
    random = np.random.default_rng(0)
    junk = [math.nan, math.inf, -math.inf, -1e300, 18.0, 22.0, 26.0]
    for _ in range(2_000):
        low, high = (
            float(random.choice(junk) if random.random() < 0.4 else 20.0 + 5.0 * random.normal())
            for _ in "ab"
        )
        for mode, highest in (("auto", 22.0), ("advise", 26.0)):
            inside = limits_in_force(auto, Orders(mode=mode, limits={SUPPLY: (low, high)}))
            assert 18.0 <= inside[0] <= inside[1] <= highest


def test_default_moves_into_narrower_limits(site):
    bounds = bounds_of(site, Settable.of(site), Orders(limits={SUPPLY: (22.0, 24.0)}))
    assert bounds.default[bounds.names.index("supply_air_sp_c")] == 22.0
