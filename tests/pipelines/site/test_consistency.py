import math

import pytest
from pydantic import ValidationError

from models.safety.layer import Safety, final
from models.safety.types import Envelope, Situation
from models.setpoints import Bounds
from pipelines.errors import SiteError
from pipelines.site.file import Site, load_site
from pipelines.site.setpoints import Settable
from tests.pipelines.site.kit import CHILLED, CONDENSER, SUPPLY, SWITCH, changed, declaring, numbers, refused


def test_a_site_that_declares_everything_is_accepted():
    site = Site.model_validate(declaring())
    assert len(numbers(declaring())) > 80
    assert site.safety.confidence.outside == 3.0


@pytest.mark.parametrize("path", numbers(declaring()), ids=lambda path: ".".join(str(part) for part in path))
def test_no_number_of_a_site_file_may_be_nan_infinite_or_absurd(path):
    for absurd in (math.nan, math.inf, -math.inf, 1e30, -1e30):
        if "sentinels" in path and math.isfinite(absurd):
            continue
        if path[:2] == ("safety", "confidence") and absurd > 0.0:
            continue  # infinite switches a bound off
        with pytest.raises(ValidationError):
            Site.model_validate(changed(declaring(), path, absurd))


def test_an_infinite_bound_of_confidence_is_switched_off_and_nan_is_none():
    off = changed(declaring(), ("safety", "confidence", "surprise_k"), math.inf)
    assert Site.model_validate(off).safety.confidence.surprise_k == math.inf
    refused(changed(declaring(), ("safety", "confidence", "surprise_k"), math.nan), "greater than 0")


def test_an_inlet_of_60_degrees_raises_the_alarm_whatever_envelope_a_site_file_can_declare():
    widest = {
        "rack_inlet_min_c": 5.0,
        "rack_inlet_max_c": 45.0,
        "dew_point_max_c": 24.0,
        "rate_k_per_h": 20.0,
    }
    site = Site.model_validate(declaring() | {"envelope": widest})
    settable = Settable.of(site)
    bounds = Bounds(
        settable.names, settable.low, settable.high, settable.default, settable.slew_per_hour, settable.binary
    )
    situation = Situation(
        present=settable.default,
        most=settable.slew_per_hour / 4,
        known={},
        courses={"rack_inlet_c": ((0.25, 60.0), (0.0, 60.0))},
    )
    limits = Envelope(inlet_low_c=5.0, inlet_high_c=45.0, dew_point_high_c=24.0, rate_k_per_h=20.0)
    verdict = final(Safety(envelope=limits), bounds, settable.default, situation)
    assert any("60.0" in alarm for alarm in verdict.alarms)
    for name in widest:
        refused(changed(declaring(), ("envelope", name), math.nan), "envelope")


@pytest.mark.parametrize(
    ("path", "value", "because"),
    [
        (("envelope", "rack_inlet_max_c"), 60.0, "must lie in 5..45 °C"),
        (("envelope", "rack_inlet_max_c"), 19.0, "must exceed rack_inlet_min_c (18) by at least 2 K"),
        (("envelope", "rack_inlet_min_c"), 4.0, "must lie in 5..45 °C"),
        (("envelope", "rate_k_per_h"), 0.0, "must lie in 1..20 K/h"),
        (("envelope", "dew_point_max_c"), 30.0, "must lie in 0..24 °C"),
        (("envelope", "aisle_pressure_min_pa"), 5.0, "no point measures aisle_pressure_pa"),
        (("sources", 0, "clock_offset_minutes"), 2_000.0, "must lie in -1440..1440 min"),
        (("sources", 0, "interval_minutes"), 0.0, "a second to a day"),
        (("control", "caution"), -1.0, "must lie in 0..10"),
        (("tariff", "per_kwh"), -0.1, "must lie in 0..100000 per kWh"),
        (("location", "altitude_m"), 9_000.0, "less than or equal to 6000"),
        (("effects", 0, "high_percent_per_k"), 500.0, "must lie in -100..100 % per K"),
        (("twin", "chiller_cop"), 30.0, "twin.chiller_cop (30) must be a number in 3..9"),
        (("twin", "halls"), 1.5, "twin.halls (1.5) must be a whole number in 1..1000"),
        (("twin", "it_mw"), 2.0, "twin.it_mw is not known"),
        (("twin", "it_kw"), "much", 'twin.it_kw must be a number, not "much"'),
        (("twin", "tower"), 3.0, "twin.tower must be a word, not 3"),
        (("energyplus", "begin"), [13, 1], "must be a month and a day of it"),
        (("energyplus", "end"), [2, 30], "must be a month and a day of it"),
        (("energyplus", "begin"), [12, 31], ""),
        (("energyplus", "loads", 0, "probe"), [0.3, 1.8], "must lie in 0..1, IT utilisation"),
        (("energyplus", "setpoints", 0, "probe"), [9.0, 9.0], "must be two values"),
        (("energyplus", "setpoints", 0, "probe"), [7.0, 140.0], "must lie in 1..35"),
        (("energyplus", "setpoints", 0, "least_move"), 0.0, "greater than 0"),
        (("interval_minutes",), 7, "must divide a day"),
    ],
)  # fmt: skip
def test_a_number_beyond_its_physical_range_is_refused_with_the_rule(path, value, because):
    if path == ("energyplus", "begin") and not because:
        Site.model_validate(changed(declaring(), path, value))
        refused(
            changed(changed(declaring(), path, value), ("energyplus", "end"), [1, 1]), "must not come before"
        )
        return
    refused(changed(declaring(), path, value), because)


def test_two_setpoints_on_one_tag_and_two_interlocks_of_one_name_are_refused():
    site = declaring()
    refused(
        site | {"setpoints": [*site["setpoints"], site["setpoints"][SUPPLY]]}, "setpoint names must be unique"
    )
    twice = [site["safety"]["interlocks"][0]] * 2
    refused(changed(site, ("safety", "interlocks"), twice), "interlock names must be unique")


def test_setpoints_that_share_a_quantity_need_equipment_of_their_own():
    site = declaring()
    hall = site["setpoints"][SUPPLY] | {"tag": "HALL_B.SAT_SP_C"}
    point = {
        "tag": "HALL_B.SAT_SP_C",
        "source": "historian",
        "quantity": "supply_air_sp_c",
        "equipment": "hall_b",
    }
    both = site | {
        "points": [*site["points"], point | {"unit": "degC"}],
        "setpoints": [*site["setpoints"], hall],
    }
    refused(both, "several setpoints set supply_air_sp_c; give the point of each its equipment")


def test_what_is_believed_of_a_point_is_not_typed_in_its_own_unit():
    site = declaring()
    number = next(n for n, point in enumerate(site["points"]) if point["quantity"] == "chw_return_c")
    typed = site["points"][number] | {"unit": "degF", "low": 42.0, "high": 50.0}
    refused(changed(site, ("points", number), typed), "42..50 degF would be 5.55556..10 degC")
    Site.model_validate(changed(site, ("points", number), typed | {"low": 5.6, "high": 21.0}))


def test_every_fault_is_told_at_once_with_the_file(tmp_path):
    path = tmp_path / "site.toml"
    text = (
        'name = "a"\ntitle = "a"\ninterval_minutes = 7\n[location]\nlatitude = 0\nlongitude = 0\n'
        '[meters]\nload = ["cooling_load_kw"]\ncooling = ["chiller_kw"]\nboundary = "a"\n'
        '[[sources]]\nname = "h"\nfiles = []\ntime_column = "t"\ntime_zone = "UTC"\n'
        '[[points]]\ntag = "L"\nsource = "x"\nquantity = "cooling_load_kw"\nunit = "kW"\n'
    )
    path.write_text(text)
    with pytest.raises(SiteError) as error:
        load_site(path)
    for fault in (
        "interval_minutes (7) must divide a day",
        'source "x" is not declared',
        '"chiller_kw" matches no point',
    ):
        assert fault in str(error.value)


def test_indices_of_the_kit_name_the_setpoints_they_say():
    tags = [setpoint["tag"] for setpoint in declaring()["setpoints"]]
    assert [tags[index] for index in (SUPPLY, CHILLED, CONDENSER, SWITCH)] == [
        "CRAH.SAT_SP_C",
        "PLANT.CHWS_SP_C",
        "PLANT.CWS_SP_C",
        "PLANT.WSE_ENABLE",
    ]
