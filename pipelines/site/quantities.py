"""The canonical quantities: what a point may measure, in which unit, and what is physically possible.

A column of the interval table is `quantity` or `quantity:equipment`, for example `chiller_kw:ch1`.
"""

from dataclasses import dataclass
from typing import Literal

# Humidity of saturated air reads above 1 where the sensor is off: transmitters of plants are ±2 to ±5 % of RH, noise
# comes on top. Up to twice that is believed, and taken for saturated air (`telemetry/outdoor_air.py`).
WETTEST_READING = 1.1
IDLE_METER_KW = -5.0  # a meter of idle equipment may read this far below zero; beyond, its sign is wrong

Across = Literal["sum", "mean", "max", "first"]


@dataclass(frozen=True)
class Quantity:
    """One kind of measurement.

    unit: canonical unit, as pint writes it ("" for fractions, counts and on/off).
    low, high: what is physically possible in that unit; readings outside are quarantined.
    across: how several points of one quantity become the plant's figure. `first` takes the first listed
        point that has a value, so that a second sensor stands in for a failed one.
    stuck_hours: unchanged for longer than this means a stuck sensor; None where constancy is normal.
    """

    name: str
    unit: str
    low: float
    high: float
    across: Across
    stuck_hours: float | None = None


_MAY_STAND_STILL = frozenset(
    ("cooling_power_kw", "chiller_kw", "chw_pump_kw", "secondary_pump_kw", "cw_pump_kw", "tower_fan_kw",
     "crah_fan_kw", "cooling_load_kw")
)  # fmt: skip


def _power(name: str) -> Quantity:
    # Meters of idle equipment read zero for days: constancy is no sign of a stuck meter unless running.
    # And their noise falls on both sides of zero: cutting it off would lose those hours and bias the rest.
    low_kw = IDLE_METER_KW if name in _MAY_STAND_STILL else 0.0
    return Quantity(name, "kW", low_kw, 500_000.0, "sum", None)


def _temperature(name: str, low: float, high: float, across: Across, stuck_hours: float | None) -> Quantity:
    return Quantity(name, "degC", low, high, across, stuck_hours)


_POWERS = (
    "it_power_kw", "facility_power_kw", "ups_loss_kw", "pdu_loss_kw", "lighting_kw", "other_kw",
    "cooling_power_kw", "chiller_kw", "chw_pump_kw", "secondary_pump_kw", "cw_pump_kw", "tower_fan_kw",
    "crah_fan_kw", "cooling_load_kw",
)  # fmt: skip
_SPEEDS = (
    "chw_pump_speed_frac", "secondary_pump_speed_frac", "cw_pump_speed_frac", "tower_fan_speed_frac",
    "crah_fan_speed_frac", "chiller_load_frac", "it_utilization_frac",
)  # fmt: skip
_RUNNING = ("chiller_on", "chw_pump_on", "secondary_pump_on", "cw_pump_on", "tower_on", "crah_on")

ELECTRICAL = frozenset(_POWERS) - {"cooling_load_kw"}  # the others in kW are heat

_ALL = (
    *(_power(name) for name in _POWERS),
    *(Quantity(name, "", 0.0, 1.2, "mean") for name in _SPEEDS),
    *(Quantity(name, "", 0.0, 100.0, "sum") for name in _RUNNING),  # a contact each, or a count of all
    Quantity("economizer_on", "", 0.0, 1.0, "max"),
    _temperature("supply_air_c", 5, 50, "mean", 24),
    _temperature("return_air_c", 5, 70, "mean", 24),
    _temperature("rack_inlet_c", 5, 60, "max", 24),
    _temperature("rack_outlet_c", 5, 80, "mean", 24),
    _temperature("rack_dew_point_c", -30, 40, "max", 24),
    _temperature("chw_supply_c", 0.5, 40, "mean", 24),
    _temperature("chw_return_c", 0.5, 50, "mean", 24),
    _temperature("cw_supply_c", 0.5, 50, "mean", 24),
    _temperature("cw_return_c", 0.5, 60, "mean", 24),
    _temperature("outdoor_drybulb_c", -50, 60, "first", 12),
    _temperature("outdoor_wetbulb_c", -50, 40, "first", 12),
    _temperature("outdoor_dew_point_c", -60, 40, "first", 24),
    Quantity("outdoor_rh_frac", "", 0.01, WETTEST_READING, "first", 24),
    Quantity("outdoor_pressure_pa", "Pa", 50_000, 110_000, "first", None),
    Quantity("wind_speed_m_s", "m/s", 0.0, 75.0, "first", None),
    Quantity("wind_direction_deg", "deg", 0.0, 360.0, "first", None),
    Quantity("chw_flow_kg_s", "kg/s", 0.0, 20_000.0, "sum", 48),
    Quantity("cw_flow_kg_s", "kg/s", 0.0, 20_000.0, "sum", 48),
    Quantity("airflow_kg_s", "kg/s", 0.0, 20_000.0, "sum", 48),
    Quantity("aisle_pressure_pa", "Pa", -200.0, 500.0, "mean", None),
    Quantity("loop_pressure_pa", "Pa", 0.0, 2_000_000.0, "mean", None),
    Quantity("makeup_water_kg_s", "kg/s", 0.0, 20_000.0, "sum", None),
    Quantity("reused_heat_kw", "kW", 0.0, 500_000.0, "sum", None),
    Quantity("renewable_power_kw", "kW", 0.0, 500_000.0, "sum", None),
    Quantity("grid_carbon_kg_per_kwh", "kg/kWh", 0.0, 3.0, "first", None),
    Quantity("grid_marginal_carbon_kg_per_kwh", "kg/kWh", 0.0, 3.0, "first", None),
    _temperature("forecast_wetbulb_c", -50, 40, "first", None),
    _temperature("forecast_drybulb_c", -50, 60, "first", None),
    Quantity("forecast_load_kw", "kW", 0.0, 500_000.0, "sum", None),
    _temperature("supply_air_sp_c", 5, 45, "mean", None),
    _temperature("chw_supply_sp_c", 1, 35, "mean", None),
    _temperature("cw_supply_sp_c", 1, 45, "mean", None),
    Quantity("airflow_ratio_sp", "", 0.2, 3.0, "mean"),
    Quantity("chillers_available_sp", "", 0.0, 100.0, "mean"),
    Quantity("economizer_enable", "", 0.0, 1.0, "max"),
)

QUANTITIES: dict[str, Quantity] = {q.name: q for q in _ALL}


def column_name(quantity: str, equipment: str) -> str:
    """Column of the interval table for one point."""
    return f"{quantity}:{equipment}" if equipment else quantity
