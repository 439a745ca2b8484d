"""The gray-box plant's parameters: what textbooks and catalogues say of each, and how sure they are.

Sizes are shares of the reference load, so that one table serves a plant of 100 kW and one of 10 MW. A parameter is
`mean * exp(z * spread)` where it cannot be negative (`log`), else `mean + z * spread`: z = 0 is the textbook's plant,
and a unit of z one standard deviation of plants. Means and spreads are engineering judgement within the ranges of
ASHRAE Handbook HVAC Systems and Equipment 2020 (chapters 13, 20, 40, 43), ASHRAE 90.1-2019 and, for servers, ASHRAE
TC9.9 2011 (2.5 times the airflow at 35 °C); the family of plants
that they were checked on is named in docs/graybox.md.
"""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array


@dataclass(frozen=True)
class Prior:
    """Textbook value and standard deviation of one parameter. log: positive, the spread is relative."""

    name: str
    mean: float
    spread: float
    log: bool
    what: str


def _share(name: str, mean: float, spread: float, what: str) -> Prior:
    return Prior(name, mean, spread, True, what)


def _value(name: str, mean: float, spread: float, what: str) -> Prior:
    return Prior(name, mean, spread, False, what)


PRIORS: tuple[Prior, ...] = (
    _share("standing_loss", 0.02, 0.6, "losses of power supply at no load, per reference load"),
    _share("relative_loss", 0.05, 0.6, "losses of power supply per IT power"),
    _share("lighting", 0.01, 1.0, "lighting and the like, per reference load"),
    _share("server_fan", 0.06, 0.12, "server fans at reference load and cool inlets, per reference load"),
    _value("airflow_exponent", 0.6, 0.3, "of airflow over compute"),
    _share("inlet_gain", 0.006, 0.7, "relative rise of airflow per square kelvin above `inlet_knee_c`"),
    _value("inlet_knee_c", 21.5, 1.5, "rack inlet above which servers speed up their fans"),
    _share("leakage_per_k", 0.001, 0.5, "relative rise of the power of chips per kelvin of inlet"),
    _share("air_rise_k", 12.0, 0.3, "rise of air through servers at reference load"),
    _share("crah_fan", 0.04, 0.6, "CRAH fans at reference load, per reference load"),
    _value("crah_exponent", 2.5, 0.3, "of their power over airflow"),
    _share("crah_turndown", 0.55, 0.4, "least CRAH airflow, per that at reference load"),
    _share("coil_ntu", 1.3, 0.5, "transfer units of the coils on the air side at reference load and full flow"),
    _share("coil_water_side", 0.2, 0.8, "share of the coils' thermal resistance on the water side at full flow"),
    _share("chw_pump", 0.02, 0.7, "chilled-water pumps at full flow, per reference load"),
    _value("chw_pump_exponent", 1.8, 0.6, "of their power over flow"),
    _share("chw_full_flow", 0.038, 0.2, "kg/s per kW of reference load"),
    _share("chw_least_flow", 0.017, 0.5, "kg/s per kW of reference load; kept through a bypass"),
    _share("cop", 5.5, 0.25, "of chillers at full load, 35/6.7 °C leaving"),
    _share("chiller_capacity", 1.5, 0.3, "of all chillers, per reference load"),
    _share("part_load_constant", 0.2, 0.5, "share of full power at no load"),
    _share("part_load_square", 0.25, 0.4, "share of full power that goes with the square of load"),
    _share("lift_offset_k", 12.0, 0.4, "lift at no temperature difference between the waters"),
    _value("least_condensing_c", 18.0, 3.0, "leaving condenser water below which lift no longer falls"),
    _value("most_evaporating_c", 13.0, 3.0, "chilled water above which lift no longer falls"),
    _share("unloading", 0.15, 0.5, "part load below which chillers no longer unload"),
    _share("cw_flow", 0.050, 0.4, "kg/s per kW of reference load, chillers running"),
    _share("cw_pump", 0.025, 0.7, "condenser-water pumps at that flow, per reference load"),
    _share("exchanger_flow", 0.8, 0.6, "condenser water through the economizer, per that of chillers"),
    _value("cw_pump_exponent", 1.5, 0.6, "of their power over flow"),
    _share("tower_fan", 0.022, 0.7, "tower fans at full speed, per reference load"),
    _share("tower_air", 0.045, 0.5, "kg/s per kW of reference load at full speed"),
    _share("tower_ntu", 1.6, 0.4, "transfer units of the towers at equal flows of air and water"),
    _value("tower_fan_exponent", 2.2, 0.5, "of their power over speed"),
    _share("tower_turndown", 0.2, 0.4, "speed below which fans cycle"),
    _share("exchanger_ntu", 3.0, 0.5, "transfer units of the economizer"),
    _value("economizer_lead_k", 3.0, 0.4, "chilled-water return over tower water from which it runs"),
    _value("inlet_rise_k", 1.0, 0.5, "rack inlet over supply air"),
    _value("economizer_offset_k", 0.5, 0.5, "tower water over its setpoint while the economizer runs"),
    _value("wetbulb_offset_k", 0.0, 2.5, "of a wetbulb estimated from the drybulb"),
    _value("wetbulb_slope", 1.0, 0.15, "of a wetbulb estimated from the drybulb"),
)  # fmt: skip
NAMES = tuple(prior.name for prior in PRIORS)
_MEAN, _SPREAD = (
    np.array([getattr(each, part) for each in PRIORS], np.float32) for part in ("mean", "spread")
)
_LOG = np.array([each.log for each in PRIORS])


def values_of(z: Array) -> dict[str, Array]:
    """Parameters by name, (...) each, from standard deviations z (..., p)."""
    scaled = z * _SPREAD
    value = jnp.where(_LOG, _MEAN * jnp.exp(jnp.where(_LOG, scaled, 0.0)), _MEAN + scaled)
    return {name: value[..., number] for number, name in enumerate(NAMES)}


def standardised(name: str, value: float) -> float:
    """Standard deviations by which a parameter's value lies over the textbook's."""
    prior = PRIORS[NAMES.index(name)]
    return float(np.log(value / prior.mean) if prior.log else value - prior.mean) / prior.spread
