import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from models.safety.types import Clip
from pipelines.control.decision import Decision, Expectation, Settled
from pipelines.control.explanation import recommendation_of
from pipelines.control.recommendation import Recommendation

AT = datetime(2026, 1, 10, tzinfo=UTC)
NAMES = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
SUPPLY, CHILLED, SWITCH = "CRAH.SAT_SP_C", "PLANT.CHWS_SP_C", "PLANT.WSE_ENABLE"


def named(*values: float) -> dict[str, float]:
    return dict(zip(NAMES, values, strict=True))


def settled(*facility_kw: float, **given) -> Settled:
    usual = {"cooling_kw": 180.0, "it_kw": 800.0, "rack_inlet_c": 22.0, "outside": 0.0}
    return Settled(facility_kw=facility_kw, **(usual | given))


DECISION = Decision(
    values=named(20.5, 12.0, 20.0, 1.0),
    reason="expected to need 20 kW less",
    source="model",
    mode="advise",
    goal=named(22.0, 12.0, 19.0, 1.0),
    present=named(20.0, 12.0, 21.0, 0.0),
    expected=Expectation(settled(1000.0, 1002.0), settled(980.0, 981.0, cooling_kw=160.0, outside=0.4)),
)


def test_moves_say_where_each_setpoint_stands_its_step_and_its_goal(site):
    made = recommendation_of(site, DECISION, AT)
    assert made.action == "change"
    assert [(m.tag, m.present, m.step, m.goal) for m in made.moves] == [
        (SUPPLY, 20.0, 20.5, 22.0), ("PLANT.CWS_SP_C", 21.0, 20.0, 19.0), (SWITCH, 0.0, 1.0, 1.0),
    ]  # fmt: skip
    assert made.rollback == f"back to {SUPPLY} 20, PLANT.CWS_SP_C 21, {SWITCH} 0: 60 min at the slew rate"


def test_saving_its_interval_and_the_distance_to_the_record_are_given(site):
    made = recommendation_of(site, DECISION, AT)
    assert made.saving_kw == pytest.approx(20.5)
    assert made.saving_kw == DECISION.expected.saving_kw
    assert made.saving_low_kw < made.saving_kw < made.saving_high_kw
    assert (made.present.outside_sd, made.proposed.outside_sd) == (0.0, 0.4)
    assert made.proposed.figure == pytest.approx(980.5 / 800.0)


@pytest.mark.parametrize("source", ["rule", "monitor", "override", "hold"])
def test_what_the_model_did_not_choose_is_no_recommendation(site, source):
    made = recommendation_of(site, replace(DECISION, source=source, reason="a rack inlet is at 29 °C"), AT)
    assert (made.action, made.moves, made.saving_kw) == ("hold", [], None)
    assert made.reason == "a rack inlet is at 29 °C"


def test_difference_within_rounding_is_no_move(site):
    still = replace(DECISION, goal=DECISION.present | {"supply_air_sp_c": 20.03})
    assert recommendation_of(site, still, AT).action == "hold"


def test_accepted_path_claims_no_saving_of_its_own(site):
    made = recommendation_of(site, replace(DECISION, source="accepted"), AT)
    assert made.action == "change"
    assert made.saving_kw is None


def test_what_the_safety_layer_held_back_binds(site):
    clip = Clip("interlock", "cw_supply_sp_c", 19.0, 20.0, "not too cold for a running chiller")
    made = recommendation_of(site, replace(DECISION, clips=(clip,)), AT)
    assert "not too cold for a running chiller" in made.binding[0]


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_figures_that_are_not_finite_are_left_out(site, broken):
    doubtful = Expectation(settled(broken, 1000.0), settled(980.0, 981.0, rack_inlet_c=broken))
    made = recommendation_of(site, replace(DECISION, expected=doubtful), AT)
    assert made.action == "change"
    assert (made.saving_kw, made.present, made.proposed.rack_inlet_c) == (None, None, None)


def test_site_without_it_meter_is_judged_by_kw_per_kw_of_cooling(site):
    meters = site.meters.model_copy(update={"it": [], "load": ["cooling_load_kw"], "pue_category": None})
    made = recommendation_of(site.model_copy(update={"meters": meters}), DECISION, AT)
    assert made.figure_name == "kW per kW of cooling"
    assert made.present.it_power_kw is None


def test_recommendation_survives_being_written_as_json(site):
    made = recommendation_of(site, DECISION, AT, model_version="cascade/1")
    assert Recommendation.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"moves": []}, "at least one move"),
        ({"action": "hold"}, "no moves"),
        ({"saving_kw": math.nan}, "finite"),
    ],
)
def test_recommendation_that_contradicts_itself_is_refused(site, wrong, why):
    made = recommendation_of(site, DECISION, AT)
    with pytest.raises(ValidationError, match=why):
        Recommendation.model_validate(made.model_dump() | wrong)
