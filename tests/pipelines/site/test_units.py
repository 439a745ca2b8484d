import pytest

from pipelines.errors import SiteError
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


def test_energy_is_told_from_power():
    assert is_energy("kWh")
    assert is_energy("MJ")
    assert not is_energy("kW")
