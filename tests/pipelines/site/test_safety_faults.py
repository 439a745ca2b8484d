from typing import Any

import pytest

from pipelines.site.file import Site
from tests.pipelines.site.kit import SUPPLY, changed, declaring, refused

CWS, CHWS, SAT, WSE = "PLANT.CWS_SP_C", "PLANT.CHWS_SP_C", "CRAH.SAT_SP_C", "PLANT.WSE_ENABLE"


def reset(**values) -> dict[str, Any]:
    return {
        "resets": [{"tag": CWS, "on": "outdoor_wetbulb_c", "points": [[2.0, 9.0], [20.0, 24.0]]} | values]
    }


def relation(lower=CHWS, upper=SAT, least_k=4.0) -> dict[str, Any]:
    return {"lower": lower, "upper": upper, "least_k": least_k}


def interlock(**values) -> dict[str, Any]:
    return {
        "interlocks": [
            {"name": "a", "when": "chiller_kw", "above": 5.0, "tag": CWS, "at_least": 13.0} | values
        ]
    }


def dwell(**values) -> dict[str, Any]:
    return {"dwells": [{"tag": WSE, "after": "chiller_kw", "running_above": 5.0, "minutes": 30} | values]}


@pytest.mark.parametrize(
    ("safety", "because"),
    [
        ({"deadline_s": 0.0}, "must lie in 0.1..300 s"),
        ({"deadline_s": 301.0}, "must lie in 0.1..300 s"),
        ({"heartbeat_timeout_s": 1e6}, "must lie in 1..1800 s"),
        (reset(on="rack_dew_point_c"), "is not measured here"),
        (reset(on="it_kwh"), "name a quantity that is known"),
        (reset(points=[[2.0, 9.0], [20.0, 34.0]]), "34 must lie in the setpoint's 6..30"),
        (reset(points=[[2.0, 9.0], [200.0, 24.0]]), "outdoor_wetbulb_c cannot be 200"),
        ({"resets": reset()["resets"] * 2}, "has more than one reset"),
        ({"relations": [relation(upper=CHWS)]}, "cannot stay below itself"),
        ({"relations": [relation(upper=WSE)]}, "PLANT.WSE_ENABLE is no temperature"),
        ({"relations": [relation(least_k=25.0)]}, "cannot stay 25 K below"),
        ({"relations": [relation(least_k=-1.0)]}, "must lie in 0..30 K"),
        ({"relations": [relation(), relation(lower=SAT, upper=CHWS)]}, "and the other relations"),
        ({"relations": [relation(least_k=10.0), relation(lower=CWS, upper=CHWS, least_k=12.0)]}, "other relations"),
        (interlock(above=None), "never acts"),
        (interlock(at_least=None), "does nothing"),
        (interlock(below=6.0), "always acts: above (5) must exceed below (6)"),
        (interlock(at_most=9.0), "at_least (13) must not exceed at_most (9)"),
        (interlock(at_least=3.0), "at_least (3) must lie in the limits of PLANT.CWS_SP_C, 6..30"),
        (interlock(above=1e7), "above (1e+07) must lie inside"),
        (interlock(when="outdoor_drybulb_c", above=-80.0), "what outdoor_drybulb_c can be"),
        (interlock(less="outdoor_wetbulb_c"), "no difference of two like quantities"),
        (interlock(less="chiller_kw"), "no difference of two like quantities"),
        (dwell(tag=CWS), "only an on/off setpoint waits"),
        (dwell(running_above=-50.0), "running_above (-50) must lie inside"),
        (dwell(minutes=0), "greater than 0"),
        (dwell(tag="X"), "X is not a declared setpoint"),
    ],
)  # fmt: skip
def test_a_declaration_that_cannot_hold_is_refused(safety, because):
    refused(declaring() | {"safety": safety}, because)


def test_what_is_derived_can_be_named_where_the_site_can_derive_it():
    site = declaring() | {"safety": reset()}
    Site.model_validate(site)
    dry = [
        point for point in site["points"] if point["quantity"] not in ("outdoor_wetbulb_c", "outdoor_rh_frac")
    ]
    refused(site | {"points": dry}, '"outdoor_wetbulb_c" is not measured here')


def halls() -> dict[str, Any]:
    """The site with a supply-air setpoint for each hall."""
    site = declaring()
    points = [point for point in site["points"] if point["tag"] != SAT]
    for hall in ("hall_a", "hall_b"):
        point = {"tag": f"{hall}.SAT", "source": "historian", "quantity": "supply_air_sp_c", "unit": "degC"}
        points.append(point | {"equipment": hall})
    rest = [setpoint for setpoint in site["setpoints"] if setpoint["tag"] != SAT]
    chosen = [site["setpoints"][SUPPLY] | {"tag": f"{hall}.SAT"} for hall in ("hall_a", "hall_b")]
    return site | {"points": points, "setpoints": [*chosen, *rest]}


def test_each_of_several_setpoints_of_a_quantity_can_be_declared_by_itself():
    of_each = [relation(upper=f"{hall}.SAT", least_k=k) for hall, k in (("hall_a", 4.0), ("hall_b", 6.0))]
    warm = interlock(when="supply_air_sp_c:hall_a", less="chw_supply_sp_c", below=5.0, above=None, tag="hall_b.SAT",
                     at_least=20.0)  # fmt: skip
    site = Site.model_validate(halls() | {"safety": {"relations": of_each} | warm})
    assert site.apart_columns[:2] == ["supply_air_sp_c:hall_a", "supply_air_sp_c:hall_b"]


def test_a_quantity_of_several_setpoints_is_not_one_value_to_answer_to():
    vague = interlock(when="supply_air_sp_c", above=25.0)
    refused(halls() | {"safety": vague}, "is of 2 setpoints; name one of supply_air_sp_c:hall_a")


def test_a_relation_must_also_be_possible_in_mode_auto():
    site = changed(declaring(), ("setpoints", SUPPLY, "auto_max"), 20.0)
    site = site | {"safety": {"relations": [relation(least_k=13.5)]}}
    refused(site, "within their limits in mode auto")
