"""Where readings and setpoints usually lie: narrower than what is possible, it tells one unit from another."""

from collections.abc import Sequence

from pipelines.site.points import Point
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import conversion

# Water of the plant from ice-free chillers to warm-water halls (ASHRAE TC9.9 liquid cooling, class W27 and 3 K above);
# air from the coldest supply to the hottest return of class A4 halls. Far enough apart that no range in degF, taken for
# degC, lies inside the same one: 10 degC is 50 degF, and nothing here usually reaches 50 degC.
_CHILLED_C, _CONDENSER_C, _SUPPLY_AIR_C, _RETURN_AIR_C = (3.0, 30.0), (4.0, 40.0), (10.0, 40.0), (12.0, 49.0)
USUAL: dict[str, tuple[float, float]] = {
    "chw_supply_sp_c": _CHILLED_C,
    "chw_supply_c": _CHILLED_C,
    "chw_return_c": (5.0, 38.0),
    "cw_supply_sp_c": _CONDENSER_C,
    "cw_supply_c": _CONDENSER_C,
    "cw_return_c": (6.0, 48.0),
    "supply_air_sp_c": _SUPPLY_AIR_C,
    "supply_air_c": _SUPPLY_AIR_C,
    "rack_inlet_c": _SUPPLY_AIR_C,
    "return_air_c": _RETURN_AIR_C,
    "loop_pressure_pa": (
        5_000.0,
        1_000_000.0,
    ),  # differential pressures of pumped loops: 0.5 m to 100 m of water
    "aisle_pressure_pa": (0.5, 100.0),  # containment is held at 2 to 25 Pa
    "chillers_available_sp": (0.0, 30.0),
}


def typed_in(unit: str, point: Point, values: Sequence[float]) -> str:
    """What shows that canonical values of a point were typed in `unit`; nothing where nothing does.

    They do not lie where such a quantity usually lies (else where it is believed), and read in that unit they do.
    """
    canonical = QUANTITIES[point.quantity].unit
    slope, offset = conversion(unit, point.quantity, point.full_scale, point.power_factor)
    low, high = USUAL.get(point.quantity, point.limits)
    read = [slope * value + offset for value in values]
    if not values or _inside(values, low, high) or not _inside(read, low, high):
        return ""
    return (
        f"{_listed(values, canonical)} is outside {_listed((low, high), canonical)}, and {_listed(values, unit)} "
        f"would be {_listed(read, canonical)}"
    )


def _inside(values: Sequence[float], low: float, high: float) -> bool:
    return all(low <= value <= high for value in values)


def _listed(values: Sequence[float], unit: str) -> str:
    return f"{'..'.join(f'{value:.6g}' for value in dict.fromkeys(values))} {unit}".rstrip()
