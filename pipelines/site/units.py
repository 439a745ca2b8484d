"""Conversion to canonical units, once, at the edge; pint knows units, this file the spellings of exports."""

from functools import cache

import pint

from pipelines.errors import SiteError
from pipelines.site.quantities import QUANTITIES

# Spellings found in exports that pint does not read, or reads as something else (F is farad, C coulomb).
ALIASES = {
    "": "dimensionless", "0/1": "dimensionless", "bool": "dimensionless", "frac": "dimensionless",
    "fraction": "dimensionless", "pct": "percent", "%": "percent", "%RH": "percent",
    "C": "degC", "°C": "degC", "deg C": "degC", "F": "degF", "°F": "degF", "deg F": "degF",
    "RT": "refrigeration_ton", "ton": "refrigeration_ton", "TR": "refrigeration_ton",
    "gpm": "gallon/minute", "GPM": "gallon/minute", "L/s": "liter/second", "L/sec": "liter/second",
    "l/s": "liter/second", "m3/h": "meter**3/hour", "cfm": "foot**3/minute",
    "mph": "mile/hour", "in": "inHg", "inHg": "inHg", "Hz": "hertz", "rpm": "revolution_per_minute",
    "deg": "degree", "°": "degree",
}  # fmt: skip

WATER_KG_M3 = 998.2  # water at 20 °C and 101.325 kPa, CRC Handbook
AIR_KG_M3 = 1.204  # dry air at 20 °C and 101.325 kPa, ASHRAE standard air


@cache
def _registry() -> pint.UnitRegistry:
    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


def _parse(unit: str) -> pint.Unit:
    registry = _registry()
    try:
        return registry.Unit(ALIASES.get(unit, unit))
    except (pint.UndefinedUnitError, pint.errors.DefinitionSyntaxError, ValueError, TypeError) as cause:
        raise SiteError(
            f'unit "{unit}" is not known; write it as pint does (degF, kW, L/s, gallon/minute, percent)'
        ) from cause


@cache
def conversion(unit: str, quantity: str, full_scale: float | None = None) -> tuple[float, float]:
    """Slope and offset that turn a reading in `unit` into the canonical unit of `quantity`.

    full_scale: the reading that means 1 for a fraction measured in another unit (50 for a 50 Hz drive).
    Energy (kWh) converts to the kWh of a power quantity; dividing by the hours is the resampler's part.
    Raises SiteError where the unit is unknown or measures something else.
    """
    canonical = QUANTITIES[quantity].unit
    source, registry = _parse(unit), _registry()
    if full_scale is not None:
        return 1.0 / full_scale, 0.0
    target = registry.Unit(canonical or "dimensionless")
    if canonical == "kW" and source.dimensionality == registry.Unit("kWh").dimensionality:
        target = registry.Unit("kWh")
    density = _density(quantity) if source.dimensionality == registry.Unit("m**3/s").dimensionality else None
    try:
        zero, one = (_convert(value, source, target, density) for value in (0.0, 1.0))
    except pint.DimensionalityError as cause:
        raise SiteError(
            f'unit "{unit}" cannot measure {quantity} (canonical unit {canonical or "fraction"}); '
            f"correct the point's unit or quantity in the site file"
        ) from cause
    return one - zero, zero


def _density(quantity: str) -> float | None:
    return {"chw_flow_kg_s": WATER_KG_M3, "cw_flow_kg_s": WATER_KG_M3, "airflow_kg_s": AIR_KG_M3}.get(
        quantity
    )


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
