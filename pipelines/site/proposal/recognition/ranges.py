"""In which unit the values of a column suit a quantity, from where such quantities usually lie in a data center."""

from dataclasses import dataclass

import numpy as np

from pipelines.errors import SiteError
from pipelines.site.proposal.recognition import spelling
from pipelines.site.proposal.recognition.behaviour import Behaviour
from pipelines.site.proposal.recognition.spelling import WrittenUnit
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import conversion, is_energy

# Where the median of running equipment usually lies, canonical units. Temperatures: from free cooling in winter to warm
# water in summer (ASHRAE TC9.9 W17 to W32, A1 allowable 15 to 32 °C at inlets). Powers: from one small machine to the
# total of a large campus.
USUAL: dict[str, tuple[float, float]] = {
    "chw_supply_c": (3.0, 26.0), "chw_return_c": (5.0, 33.0), "chw_supply_sp_c": (3.0, 26.0),
    "cw_supply_c": (3.0, 36.0), "cw_return_c": (5.0, 45.0), "cw_supply_sp_c": (4.0, 36.0),
    "supply_air_c": (10.0, 33.0), "supply_air_sp_c": (10.0, 33.0), "return_air_c": (15.0, 48.0),
    "rack_inlet_c": (12.0, 36.0), "rack_outlet_c": (18.0, 55.0), "rack_dew_point_c": (-12.0, 25.0),
    "outdoor_drybulb_c": (-30.0, 45.0), "outdoor_wetbulb_c": (-30.0, 32.0), "outdoor_dew_point_c": (-35.0, 30.0),
    "forecast_drybulb_c": (-30.0, 45.0), "forecast_wetbulb_c": (-30.0, 32.0),
    "outdoor_rh_frac": (0.05, 1.0), "outdoor_pressure_pa": (55_000.0, 106_000.0), "wind_speed_m_s": (0.0, 25.0),
    "chw_flow_kg_s": (0.3, 4_000.0), "cw_flow_kg_s": (0.3, 6_000.0), "airflow_kg_s": (0.2, 10_000.0),
    "aisle_pressure_pa": (-10.0, 80.0), "loop_pressure_pa": (5_000.0, 600_000.0),
    "facility_power_kw": (30.0, 300_000.0), "it_power_kw": (2.0, 200_000.0), "ups_loss_kw": (0.1, 10_000.0),
    "pdu_loss_kw": (0.05, 5_000.0), "lighting_kw": (0.05, 2_000.0), "other_kw": (0.05, 50_000.0),
    "cooling_power_kw": (3.0, 80_000.0), "chiller_kw": (3.0, 8_000.0), "chw_pump_kw": (0.1, 2_500.0),
    "secondary_pump_kw": (0.1, 2_500.0), "cw_pump_kw": (0.1, 2_500.0), "tower_fan_kw": (0.03, 1_500.0),
    "crah_fan_kw": (0.1, 5_000.0), "cooling_load_kw": (10.0, 250_000.0), "forecast_load_kw": (10.0, 250_000.0),
}  # fmt: skip
SHARES = (0.01, 1.1)
# What any of these units may be guessed as when none is written, by the quantity's canonical unit.
CANDIDATES: dict[str, tuple[str, ...]] = {
    "degC": ("degC", "degF"), "kW": ("kW", "W", "MW"), "kg/s": ("L/s", "m3/h", "gpm"),
    "Pa": ("Pa", "hPa", "kPa", "psi", "inHg"), "m/s": ("m/s", "km/h", "mph"), "deg": ("deg",),
}  # fmt: skip
KINDS: dict[str, frozenset[str]] = {
    "degC": frozenset((spelling.TEMPERATURE,)),
    "kW": frozenset((spelling.POWER, spelling.ENERGY)),
    "kg/s": frozenset((spelling.FLOW, spelling.AIRFLOW)),
    "Pa": frozenset((spelling.PRESSURE,)), "m/s": frozenset((spelling.SPEED,)), "deg": frozenset((spelling.ANGLE,)),
    "": frozenset((spelling.SHARE, spelling.FREQUENCY)),
}  # fmt: skip
# States that may be a count of all machines.
COUNTED = frozenset(
    (
        "chiller_on",
        "chw_pump_on",
        "secondary_pump_on",
        "cw_pump_on",
        "tower_on",
        "crah_on",
        "chillers_available_sp",
    )
)
COUNTERS = ("kWh", "MWh", "Wh")
ENOUGH = 24  # readings, from which on it is no accident that they only rise
MAINS_HZ = (50.0, 60.0)
IN_RANGE = 0.9  # share of readings that must be physically possible
FULL_FRACTION, FULL_PERCENT = 1.3, 130.0


@dataclass(frozen=True)
class UnitChoice:
    """A unit in which a column's values suit a quantity.

    how: "written" in the name or the export, "certain" where the values leave no other, "likely", or "open" where
    several suit them. others: the units that suit them as well. fits: the values lie where they usually do.
    """

    unit: str
    how: str
    full_scale: float | None = None
    others: tuple[str, ...] = ()
    fits: bool = True


def takes(quantity: str, unit: WrittenUnit) -> bool:
    """Whether a unit of this kind can measure the quantity as our names mean it: tons are no electrical power."""
    kinds = KINDS[QUANTITIES[quantity].unit]
    if quantity in ("cooling_load_kw", "forecast_load_kw"):
        kinds |= {spelling.HEAT}
    if quantity == "airflow_kg_s":
        return unit.kind in kinds or unit.kind == spelling.FLOW
    if unit.kind == spelling.AIRFLOW:
        return False
    if not QUANTITIES[quantity].unit and unit.kind == spelling.FREQUENCY:
        return quantity.endswith("_speed_frac")
    return unit.kind in kinds


def unit_choice(quantity: str, written: WrittenUnit | None, seen: Behaviour) -> UnitChoice | None:
    """The unit of a column if it measures `quantity`; None where its values or its written unit speak against it."""
    canonical = QUANTITIES[quantity].unit
    if written is not None and not takes(quantity, written):
        return None
    if canonical == "":
        return _of_share(quantity, written, seen)
    if written is not None and written.unit:
        return _written(quantity, written.unit, seen)
    counts = canonical == "kW" and seen.rises and len(seen.numbers) >= ENOUGH
    suited = (
        _counted(quantity, seen)
        if counts
        else [u for u in CANDIDATES[canonical] if _suits(quantity, u, seen)]
    )
    if not suited or seen.empty:
        return None
    if seen.idle:
        return UnitChoice(suited[0], "open", others=tuple(suited[1:]))
    if len(suited) == 1:
        # A fan of 0.4 may as well be a small one in kW as a large one in MW.
        return UnitChoice(
            suited[0], "certain" if suited[0] in ("degC", "degF", "kW", "W", "deg") else "likely"
        )
    return UnitChoice(suited[0], "open", others=tuple(suited[1:]))


def _counted(quantity: str, seen: Behaviour) -> list[str]:
    """Units of energy in which what is counted in an hour is a power as usual."""
    rise = seen.hourly_rise
    return [unit for unit in COUNTERS if not np.isfinite(rise) or usual(quantity, unit, rise)]


def usual(quantity: str, unit: str, value: float, full_scale: float | None = None) -> bool:
    """Whether a value in `unit` lies where the quantity usually does."""
    slope, offset = conversion(unit, quantity, full_scale)
    low, high = USUAL.get(quantity, SHARES if not QUANTITIES[quantity].unit else (-np.inf, np.inf))
    return bool(low <= slope * value + offset <= high)


def _written(quantity: str, unit: str, seen: Behaviour) -> UnitChoice | None:
    try:
        slope, offset = conversion(unit, quantity)
    except SiteError:
        return None
    if is_energy(unit):
        return UnitChoice(unit, "written")
    limits = QUANTITIES[quantity]
    canonical = slope * seen.numbers + offset
    if ((canonical >= limits.low) & (canonical <= limits.high)).mean() < 0.5:
        return None
    return UnitChoice(
        unit, "written", fits=seen.idle or usual(quantity, unit, float(np.median(seen.running)))
    )


def _suits(quantity: str, unit: str, seen: Behaviour) -> bool:
    slope, offset = conversion(unit, quantity)
    limits, canonical = QUANTITIES[quantity], slope * seen.running + offset
    possible = (canonical >= limits.low) & (canonical <= limits.high)
    return seen.idle or (
        possible.mean() >= IN_RANGE and usual(quantity, unit, float(np.median(seen.running)))
    )


def _of_share(quantity: str, written: WrittenUnit | None, seen: Behaviour) -> UnitChoice | None:
    limits, highest = QUANTITIES[quantity], float(seen.numbers.max(initial=0.0))
    if not quantity.endswith("_frac"):
        # States, counts and ratios have no unit; a written percent of a contact is no contact.
        inside = (seen.numbers >= limits.low) & (seen.numbers <= limits.high)
        counts = quantity in COUNTED and seen.few_states
        states = quantity == "airflow_ratio_sp" or seen.on_off or counts
        return UnitChoice("", "written") if states and inside.mean() >= IN_RANGE else None
    if written is not None and written.kind == spelling.FREQUENCY:
        mains = next((hertz for hertz in MAINS_HZ if highest <= 1.02 * hertz), MAINS_HZ[-1])
        return (
            UnitChoice(written.unit, "written", full_scale=mains) if highest <= 1.1 * MAINS_HZ[-1] else None
        )
    if written is not None and written.unit == "%":
        # Some write % and store fractions.
        fraction = 0.05 < highest <= FULL_FRACTION and not seen.idle
        if (
            quantity.endswith("_speed_frac")
            and not fraction
            and _as_mains(seen, highest)
            and highest > FULL_FRACTION
        ):
            return UnitChoice(written.unit, "likely")  # that a drive in percent ends at 50 or 60 is rare
        return (
            UnitChoice("", "open", others=("%",)) if fraction else _percent(written.unit, "written", highest)
        )
    if seen.idle:
        return UnitChoice("%", "open", others=("",))
    if highest <= FULL_FRACTION:
        return UnitChoice("", "certain" if len(np.unique(seen.running)) > 1 or highest == 1.0 else "likely")
    if quantity.endswith("_speed_frac") and highest <= 1.02 * MAINS_HZ[-1]:
        return _hertz_or_percent(seen, highest)
    return _percent("%", "certain", highest)


def _hertz_or_percent(seen: Behaviour, highest: float) -> UnitChoice:
    """A drive that runs up to the mains frequency shows hertz; one that stays well below may show either."""
    mains = _as_mains(seen, highest)
    return UnitChoice("Hz", "likely", full_scale=mains) if mains else UnitChoice("%", "open", others=("Hz",))


def _as_mains(seen: Behaviour, highest: float) -> float | None:
    return next(
        (mains for mains in MAINS_HZ if 0.94 * mains <= seen.percentiles[2] and highest <= 1.02 * mains), None
    )


def _percent(unit: str, how: str, highest: float) -> UnitChoice | None:
    return UnitChoice(unit, how) if highest <= FULL_PERCENT else None
