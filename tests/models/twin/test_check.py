import numpy as np
import pytest

from models.errors import UnphysicalError
from models.twin.check import physical
from tests.models.twin.records import CHILLER_W, ROWS, record


def test_a_plant_that_obeys_the_laws_passes_untouched():
    checked, broken = physical(record())
    assert broken == {}
    assert np.isfinite(checked.measured["chiller_w"]).all()


def test_swapped_chilled_water_tags_are_a_negative_cop():
    good = record()
    swapped = {"chw_supply_c": good.measured["chw_return_c"], "chw_return_c": good.measured["chw_supply_c"]}
    with pytest.raises(UnphysicalError, match=r"COP is negative in 100%.*swapped"):
        physical(record(**swapped))


def test_chiller_power_in_megawatts_is_below_the_ideal_cycle():
    with pytest.raises(UnphysicalError, match=r"below that of an ideal cycle.*units"):
        physical(record(chiller_w=CHILLER_W / 1e3, overhead_w=60e3))


def test_condenser_flow_in_gallons_leaves_the_heat_balance_open():
    with pytest.raises(UnphysicalError, match=r"differ by more than 30 %.*cw_flow_kg_s"):
        physical(record(cw_flow_kg_s=45.0 * 15.85))


def test_facility_power_below_it_power_is_refused():
    with pytest.raises(UnphysicalError, match=r"below IT power.*\[meters\]"):
        physical(record(overhead_w=-20e3))


def test_tower_water_colder_than_the_wetbulb_is_refused():
    with pytest.raises(UnphysicalError, match="wetbulb allows"):
        physical(record(cw_supply_c=12.0, cw_return_c=17.0))


def test_a_few_broken_rows_are_left_out_and_counted():
    overhead_w = np.full(ROWS, 200e3)
    overhead_w[10:15] = -1.0
    checked, broken = physical(record(overhead_w=overhead_w))
    assert broken == {"facility power is below IT power": 5}
    assert np.isnan(checked.measured["chiller_w"][10:15]).all()
    assert np.isfinite(checked.measured["chiller_w"][15:]).all()
