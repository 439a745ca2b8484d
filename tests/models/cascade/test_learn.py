import numpy as np
import pytest

from models.cascade.cascade import MODES, outcome
from models.cascade.learn import learn_cascade
from models.errors import TooFewRowsError
from tests.models.cascade.records import METERS, STEP_HOURS, record

pytestmark = pytest.mark.medium


def plant(**changed) -> dict[str, np.ndarray]:
    """A mild day with chillers alone, unless changed."""
    usual = {
        "load_kw": 1_600.0, "outdoor_wetbulb_c": 8.0, "supply_air_sp_c": 22.0, "chw_supply_sp_c": 14.0,
        "cw_supply_sp_c": 20.0, "economizer_enable": 0.0, "rack_inlet_now_c": 23.0, "wetbulb_rise_k": 0.0,
        "reach_bias_k": 0.0, "inlet_bias_k": 0.0, "cover_in_hand_k": 0.5, "reach_in_hand_k": 0.5,
    }  # fmt: skip
    return {name: np.atleast_1d(np.asarray(value, float)) for name, value in (usual | changed).items()}


def of(learned, **changed):
    return outcome(learned.cascade, plant(**changed))


def test_every_mode_of_the_economizer_is_found_in_the_record(learned):
    assert all(learned.rows[mode] > 100 for mode in MODES)


def test_economizer_starts_about_where_the_plant_starts_it(learned):
    assert float(learned.cascade.economizer.starts_k) == pytest.approx(3.0, abs=1.0)


def test_warmer_chilled_water_saves_chiller_power(learned):
    cold, warm = (float(of(learned, chw_supply_sp_c=c).cooling_kw[0]) for c in (9.0, 14.0))
    assert warm < cold - 10.0


def test_cold_water_and_warm_return_stop_the_chillers(learned):
    found = of(learned, outdoor_wetbulb_c=2.0, supply_air_sp_c=24.0, chw_supply_sp_c=17.0, cw_supply_sp_c=11.0,
               economizer_enable=1.0)  # fmt: skip
    assert MODES[int(found.mode[0])] == "full"
    assert float(found.cooling_kw[0]) < 0.6 * float(of(learned).cooling_kw[0])


def test_economizer_that_is_off_carries_nothing(learned):
    assert int(of(learned, outdoor_wetbulb_c=2.0, cw_supply_sp_c=11.0).mode[0]) == 0


def test_water_is_no_colder_than_towers_reach(learned):
    found = of(learned, outdoor_wetbulb_c=15.0, cw_supply_sp_c=8.0)
    assert float(found.cw_supply_c[0]) == pytest.approx(20.0, abs=1.0)
    assert float(found.unreachable_k[0]) > 5.0


def test_servers_fans_make_warm_air_cost_power(learned):
    # the same gap, so that coil and pump feel no difference
    mild, hot = (
        float(of(learned, supply_air_sp_c=air, chw_supply_sp_c=air - 8.0).facility_kw.mean() - of(
            learned, supply_air_sp_c=air, chw_supply_sp_c=air - 8.0).cooling_kw[0])
        for air in (22.0, 26.0)
    )  # fmt: skip
    assert hot - mild > 20.0


def test_inlet_bias_of_feedback_is_added_to_the_worst_inlet(learned):
    plain, biased = (float(of(learned, inlet_bias_k=bias).rack_inlet_c[0]) for bias in (0.0, 1.5))
    assert biased - plain == pytest.approx(1.5, abs=1e-4)


def test_record_without_economizer_has_one_mode():
    columns = {name: values for name, values in record(rows=2_000).items() if name != "economizer_enable"}
    every = np.ones(2_000, bool)
    learned = learn_cascade(columns, settled=every, meters=METERS, step_hours=STEP_HOURS, counts_it=True)
    assert learned.cascade.economizer is None
    assert int(outcome(learned.cascade, plant()).mode[0]) == 0


def test_few_rows_are_refused_with_the_number_needed():
    columns = record(rows=100)
    with pytest.raises(TooFewRowsError, match="needs 200"):
        learn_cascade(
            columns, settled=np.ones(100, bool), meters=METERS, step_hours=STEP_HOURS, counts_it=True
        )


def test_economizer_that_always_carried_when_it_was_tried_is_learned_all_the_same():
    columns = record()
    idle = (columns["economizer_enable"] > 0.5) & (columns["chw_return_c"] - columns["cw_supply_c"] < 3.5)
    learned = learn_cascade(columns, settled=~idle, meters=METERS, step_hours=STEP_HOURS, counts_it=True)
    assert 2.5 < float(learned.cascade.economizer.starts_k) < 7.0


def test_a_single_week_teaches_nothing_of_the_servers_fans():
    columns = {name: values[: 4 * 168] for name, values in record().items()}
    every = np.ones(4 * 168, bool)
    learned = learn_cascade(columns, settled=every, meters=METERS, step_hours=STEP_HOURS, counts_it=True)
    assert learned.cascade.it_response is None
