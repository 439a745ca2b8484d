"""Conversion to canonical units, once, at the edge; pint knows units, `unit_spellings.py` how exports write them."""

from functools import cache

import pint

from pipelines.errors import SiteError
from pipelines.site.quantities import ELECTRICAL, QUANTITIES
from pipelines.site.unit_spellings import clearer, pint_name

WATER_KG_M3 = 998.2  # water at 20 °C and 101.325 kPa, CRC Handbook
AIR_KG_M3 = 1.204  # dry air at 20 °C and 101.325 kPa, ASHRAE standard air

# pint takes a volt-ampere for a watt, and so it does these, which name what a watt is of.
_DEFINITIONS = (
    "watt_thermal = watt",
    "volt_ampere_reactive = volt * ampere",
    "million_btu = 1e6 * Btu",
    "millimeter_H2O = 9.80665 * pascal",
)
_HEAT = ("watt_thermal", "refrigeration_ton", "british_thermal_unit", "million_btu", "calorie", "therm")
_REMEDY = "correct the point's unit or quantity in the site file"


@cache
def _registry() -> pint.UnitRegistry:
    registry: pint.UnitRegistry = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


def _parse(unit: str) -> pint.Unit:
    if better := clearer(unit):
        raise SiteError(f'unit "{unit}" stands for a thousand and for a million BTU; write {better}')
    try:
        return _registry().Unit(pint_name(unit))
    except (
        Exception
    ) as cause:  # its parser raises whatever it meets: AssertionError, TokenError, KeyError, ...
        raise SiteError(
            f'unit "{unit}" is not known; write it as pint does (degF, kW, L/s, gallon/minute, percent)'
        ) from cause


@cache
def conversion(
    unit: str, quantity: str, full_scale: float | None = None, power_factor: float | None = None
) -> tuple[float, float]:
    """Slope and offset that turn a reading in `unit` into the canonical unit of `quantity`.

    full_scale: the reading that means 1 for a fraction measured in another unit (50 for a 50 Hz drive).
    power_factor: kW of a kVA, for a meter of apparent power.
    Energy (kWh) converts to the kWh of a power quantity; dividing by the hours is the resampler's part.
    Raises SiteError where the unit is unknown or measures something else: heat and reactive power are no electrical
    power, and apparent power is none without its power factor.
    """
    canonical = QUANTITIES[quantity].unit
    source, registry = _parse(unit), _registry()
    factor = _power_factor(unit, source, quantity, power_factor)
    if full_scale is not None:
        if canonical:
            raise SiteError(
                f"full_scale ({full_scale:g}) is the reading that stands for 1 of a fraction, and {quantity} is in "
                f"{canonical}; delete it"
            )
        return 1.0 / full_scale, 0.0
    if canonical == "kW":
        _refuse_other_power(unit, source, quantity)
    target = registry.Unit(canonical or "dimensionless")
    if canonical == "kW" and source.dimensionality == registry.Unit("kWh").dimensionality:
        target = registry.Unit("kWh")
    density = _density(quantity) if source.dimensionality == registry.Unit("m**3/s").dimensionality else None
    try:
        zero, one = (_convert(value, source, target, density) for value in (0.0, 1.0))
    except pint.DimensionalityError as cause:
        raise SiteError(
            f'unit "{unit}" cannot measure {quantity} (canonical unit {canonical or "fraction"}); {_REMEDY}'
        ) from cause
    return factor * (one - zero), zero


def _power_factor(unit: str, source: pint.Unit, quantity: str, power_factor: float | None) -> float:
    apparent, electrical = _names(source, ("volt_ampere",)), quantity in ELECTRICAL
    if power_factor is not None and not (apparent and electrical):
        raise SiteError(
            f'power_factor ({power_factor:g}) is for electrical power in VA or kVA, not for {quantity} in "{unit}"; '
            "delete it, or correct the unit"
        )
    if power_factor is None and apparent and electrical:
        raise SiteError(
            f'unit "{unit}" is apparent power, not the power of {quantity}; name the meter\'s kW tag instead, or '
            "give the point its power_factor (above 0, at most 1)"
        )
    if apparent and not electrical:
        raise SiteError(f'unit "{unit}" is apparent power and cannot measure {quantity}; {_REMEDY}')
    return 1.0 if power_factor is None else power_factor


def _refuse_other_power(unit: str, source: pint.Unit, quantity: str) -> None:
    if _names(source, ("volt_ampere_reactive",)):
        raise SiteError(
            f'unit "{unit}" is reactive power, which takes no energy and cannot measure {quantity}; name the meter\'s '
            "kW tag instead, or leave the point out"
        )
    if quantity in ELECTRICAL and _names(source, _HEAT):
        raise SiteError(
            f'unit "{unit}" is heat, not the electrical power that {quantity} is; if it is the heat removed, write '
            'quantity = "cooling_load_kw", else leave the point out'
        )
    if _names(source, ("watt", "watt_hour"), prefix="milli"):
        raise SiteError(
            f'unit "{unit}" is a thousandth of a watt, and no {quantity} is that small; write {unit.replace("m", "M")}'
        )


def _names(source: pint.Unit, names: tuple[str, ...], prefix: str | None = None) -> bool:
    """Whether a unit is made with one of `names`, whatever its prefix or with this one."""
    made_of = [_registry().parse_unit_name(str(part))[0] for part in pint.util.to_units_container(source)]
    return any(name in names and prefix in (None, before) for before, name, _ in made_of)


def _density(quantity: str) -> float | None:
    water = dict.fromkeys(("chw_flow_kg_s", "cw_flow_kg_s", "makeup_water_kg_s"), WATER_KG_M3)
    return (water | {"airflow_kg_s": AIR_KG_M3}).get(quantity)


def _convert(value: float, source: pint.Unit, target: pint.Unit, density: float | None) -> float:
    registry = _registry()
    reading = registry.Quantity(value, source)
    if density is not None:
        reading = reading * registry.Quantity(density, "kg/m**3")
    return float(reading.to(target).magnitude)


@cache
def is_energy(unit: str) -> bool:
    """Whether a unit measures energy."""
    return _parse(unit).dimensionality == _registry().Unit("kWh").dimensionality
