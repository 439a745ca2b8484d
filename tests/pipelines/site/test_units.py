import pytest

from pipelines.errors import SiteError
from pipelines.site.unit_spellings import _WRITTEN, folded
from pipelines.site.units import conversion, is_energy


@pytest.mark.parametrize(
    ("reading", "unit", "quantity", "canonical"),
    [
        (212.0, "degF", "cw_return_c", 100.0),
        (32.0, "°F", "outdoor_wetbulb_c", 0.0),
        (293.15, "kelvin", "supply_air_c", 20.0),
        (1.0, "RT", "cooling_load_kw", 3.51685),  # refrigeration ton, ASHRAE Handbook Fundamentals
        (1000.0, "W", "chiller_kw", 1.0),
        (1.0, "MW", "facility_power_kw", 1000.0),
        (50.0, "%", "outdoor_rh_frac", 0.5),
        (100.0, "L/s", "chw_flow_kg_s", 99.82),
        (1585.03, "GPM", "chw_flow_kg_s", 99.82),  # 100 L/s
        (29.9213, "in", "outdoor_pressure_pa", 101_325.0),  # standard atmosphere in inches of mercury
        (10.0, "mph", "wind_speed_m_s", 4.4704),
        (1.0, "MWh", "chiller_kw", 1000.0),  # energy stays energy: kWh for a power quantity
    ],
)
def test_readings_convert_to_canonical_units(reading, unit, quantity, canonical):
    slope, offset = conversion(unit, quantity)
    assert slope * reading + offset == pytest.approx(canonical, rel=1e-4, abs=1e-6)


def test_a_drive_at_full_frequency_runs_at_full_speed():
    slope, offset = conversion("Hz", "tower_fan_speed_frac", 60.0)
    assert slope * 60.0 + offset == pytest.approx(1.0)
    assert slope * 30.0 + offset == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("unit", "quantity"), [("degF", "chiller_kw"), ("kW", "chw_supply_c"), ("kg", "chw_flow_kg_s")]
)
def test_a_unit_of_another_kind_is_refused_with_a_remedy(unit, quantity):
    with pytest.raises(SiteError, match=f'unit "{unit}" cannot measure {quantity}.*correct the point'):
        conversion(unit, quantity)


@pytest.mark.parametrize(
    ("written", "unit", "quantity"),
    [
        ("KW Kw kw kilowatts", "kilowatt", "it_power_kw"),
        ("KWH kilowatt-hours kilowattHours", "kilowatt_hour", "it_power_kw"),
        ("MW Mw mw megawatts", "megawatt", "facility_power_kw"),
        ("degrees-fahrenheit degreesFahrenheit deg-F °f ℉ ºF Fahrenheit", "degF", "chw_supply_c"),
        ("degrees-celsius degreesCelsius Deg.C ℃ celsius", "degC", "chw_supply_c"),
        ("us-gallons-per-minute usGallonsPerMinute GPM gal/min USgpm", "gallon/minute", "chw_flow_kg_s"),
        ("liters-per-second litersPerSecond L/S lps litres/sec", "liter/second", "chw_flow_kg_s"),
        ("m³/h m3/hr M3/H cubic-meters-per-hour CMH", "meter**3/hour", "cw_flow_kg_s"),
        ("CFM cubicFeetPerMinute ft³/min", "foot**3/minute", "airflow_kg_s"),
        ("tonsR TONS tonsRefrigeration tons-refrigeration tonref TR", "refrigeration_ton", "cooling_load_kw"),
        ("BTU/hr btuh BTU/H", "Btu/hour", "cooling_load_kw"),
        ("MBH kBTU/hr KBTUH kiloBtusPerHour", "kBtu/hour", "cooling_load_kw"),
        ("kWth kWt", "kilowatt", "cooling_load_kw"),
        ("inWC in.w.c. inH₂O inches-of-water inchesOfWater", "inch_H2O", "aisle_pressure_pa"),
        ("%rh %RH percentRelativeHumidity percent-relative-humidity", "percent", "outdoor_rh_frac"),
        ("PSI psig poundsForcePerSquareInch", "psi", "loop_pressure_pa"),
    ],
)
def test_units_are_read_as_historians_and_bacnet_write_them(written, unit, quantity):
    for spelling in written.split():
        assert conversion(spelling, quantity) == pytest.approx(conversion(unit, quantity)), spelling


def test_no_spelling_stands_for_two_units():
    stands_for = {}
    for name, spellings in _WRITTEN.items():
        for spelling in spellings:
            assert stands_for.setdefault(folded(spelling), name) == name, spelling


@pytest.mark.parametrize("name", sorted(_WRITTEN))
def test_every_spelling_is_a_unit_of_the_registry(name):
    is_energy(_WRITTEN[name][0])


@pytest.mark.parametrize(
    ("unit", "quantity", "because"),
    [
        (
            "kVA",
            "it_power_kw",
            "apparent power, not the power of it_power_kw; name the meter's kW tag.*power_factor",
        ),
        ("kVAh", "chiller_kw", "apparent power"),
        ("kVA", "cooling_load_kw", "apparent power and cannot measure cooling_load_kw"),
        ("kvar", "facility_power_kw", "reactive power.*kW tag"),
        ("RT", "chiller_kw", 'unit "RT" is heat.*quantity = "cooling_load_kw"'),
        ("MBH", "cooling_power_kw", "is heat"),
        ("kBtu/h", "it_power_kw", "is heat"),
        ("kcal/h", "tower_fan_kw", "is heat"),
        ("kWth", "chiller_kw", "is heat"),
        ("ton-hours", "chiller_kw", "is heat"),
        ("MBtu/h", "cooling_load_kw", "a thousand and for a million.*kBtu/h or MMBtu/h"),
        ("mW", "facility_power_kw", "a thousandth of a watt.*write MW"),
        ("furlong/s", "chw_supply_c", "cannot measure"),
        ("kWx", "chiller_kw", "is not known"),
    ],
)
def test_what_is_not_electrical_power_is_refused_with_rule_value_and_remedy(unit, quantity, because):
    with pytest.raises(SiteError, match=because):
        conversion(unit, quantity)


def test_apparent_power_counts_times_its_power_factor():
    assert conversion("kVA", "it_power_kw", power_factor=0.9) == pytest.approx((0.9, 0.0))
    assert conversion("MVA", "it_power_kw", power_factor=0.95) == pytest.approx((950.0, 0.0))


@pytest.mark.parametrize(
    ("unit", "quantity"), [("kW", "it_power_kw"), ("kvar", "it_power_kw"), ("degC", "chw_supply_c")]
)
def test_a_power_factor_where_there_is_no_apparent_power_is_refused(unit, quantity):
    with pytest.raises(SiteError, match=r"power_factor \(0.9\) is for electrical power in VA or kVA"):
        conversion(unit, quantity, power_factor=0.9)


def test_a_full_scale_is_for_fractions_only():
    with pytest.raises(SiteError, match="chiller_kw is in kW; delete it"):
        conversion("kW", "chiller_kw", 50.0)


def test_energy_is_told_from_power():
    assert is_energy("kWh")
    assert is_energy("MJ")
    assert not is_energy("kW")
