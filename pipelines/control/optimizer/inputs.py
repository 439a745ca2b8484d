"""Inputs of the cascade besides setpoints: load, weather, corrections and margins; and the objective."""

import math
from datetime import datetime, timedelta
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from models.cascade.cascade import Cascade, inlet_noise_k
from models.cascade.coverage import CONDITIONS as CONDITIONS_OF_RECORD
from models.cascade.objective import Aim, Objective
from models.cascade.surface import Surface
from models.safety.types import Envelope
from models.setpoints import quantity_of
from pipelines.control.sensing.history import NEWEST, WINDOW, History

# Margins were chosen by closed-loop runs on the EnergyPlus data center: Boulder and Chicago to develop on, Golden's
# weeks looked at as well. No other plant has tested them.
MARGIN_K = 0.5  # inside the envelope, and twice the scatter of what is predicted
ENTER_K, STAY_K = 0.7, 0.2  # margin before chillers are expected to stop, and while they are stopped
REACH_K = 0.6  # margin over the coldest water that towers can make
CONDITIONS = (
    "rack_inlet_now_c", "chillers_stopped", "wetbulb_rise_k", "reach_bias_k", "inlet_bias_k",
    "cover_in_hand_k", "reach_in_hand_k", "chillers_missing", "chillers_run", "wear_share",
)  # fmt: skip
# Input of a surface -> setpoints and weather that it depends on.
_MOVES = {
    "gap_k": ("supply_air_sp_c", "chw_supply_sp_c"),
    "cw_supply_c": ("cw_supply_sp_c",),
    "cw_approach_k": ("cw_supply_sp_c", "outdoor_wetbulb_c"),
    "chw_supply_c": ("chw_supply_sp_c",),
    "supply_air_c": ("supply_air_sp_c",),
    "rack_inlet_c": ("supply_air_sp_c",),
}
_CHOSEN = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")


def needed(cascade: Cascade) -> set[str]:
    """Names of the cascade's inputs: load, weather and setpoints, by quantity."""
    if cascade.physics is not None:
        humid = cascade.physics.metering.humid
        return {"load_kw", "outdoor_wetbulb_c" if humid else "outdoor_drybulb_c", *cascade.physics.inputs}
    leaves = jax.tree.leaves(cascade, is_leaf=lambda node: isinstance(node, Surface))
    inputs = {name for leaf in leaves if isinstance(leaf, Surface) for name in leaf.inputs}
    inputs |= {moved for name in inputs for moved in _MOVES.get(name, ())}
    inputs |= {"outdoor_wetbulb_c"} if cascade.reach else set()
    inputs |= set(CONDITIONS_OF_RECORD) & set(cascade.coverage.names) if cascade.coverage else set()
    inputs |= {"economizer_enable"} if cascade.economizer else set()
    given = {name for name in inputs if name.startswith("outdoor") or name.endswith("_sp")}
    return {"load_kw"} | given | (inputs & set(_CHOSEN))


def objective_of(
    cascade: Cascade,
    envelope: Envelope,
    *,
    aim: Aim,
    caution: float,
    support: bool,
    demand_hours: float = 0.0,
) -> Objective:
    """What is minimised, inside the envelope less a margin.

    caution: standard deviations of the members' spread that count as power; support: whether setpoints must
    stay in the record's support; demand_hours: of a tariff's demand charge.
    """
    inlet_k = MARGIN_K + 2.0 * inlet_noise_k(cascade)
    dew_k = MARGIN_K + 2.0 * (float(cascade.dew_point.noise) if cascade.dew_point else 0.0)
    leaves = {
        "inlet_low_c": envelope.inlet_low_c + inlet_k,
        "inlet_high_c": envelope.inlet_high_c - inlet_k,
        "dew_point_high_c": envelope.dew_point_high_c - dew_k,
        "caution": caution,
        "outside": float(support),
        "weight": 1.0,
        "peak_kw": 0.0,
        "demand_hours": demand_hours,
    }
    return Objective(**{name: jnp.float32(value) for name, value in leaves.items()}, aim=aim)


def drivers_of(
    cascade: Cascade, names: tuple[str, ...], history: History, at: datetime
) -> dict[str, Any] | None:
    """The cascade's inputs besides the setpoints `names`; None where one of them is unknown."""
    chosen = {quantity_of(name) for name in names}
    measured = {
        name: history.mean(name, at, NEWEST if name.startswith("outdoor") else WINDOW)
        for name in needed(cascade) - chosen
    }
    if not all(math.isfinite(value) for value in measured.values()):
        return None
    inlet_c = history.mean("supply_air_c", at) + float(cascade.inlet_rise_k)
    inlet_c = inlet_c if math.isfinite(inlet_c) else history.mean("rack_inlet_c", at)
    eco = cascade.economizer
    stopped = eco is not None and history.below("chiller_kw", float(eco.stopped_kw), at)
    conditions = {
        # Without an inlet reading the coldest inlet of the record is used, below which IT power is constant.
        "rack_inlet_now_c": inlet_c if math.isfinite(inlet_c) else _coldest_inlet_c(cascade),
        "chillers_stopped": float(stopped),
        "cover_in_hand_k": STAY_K if stopped else ENTER_K,
        "wetbulb_rise_k": history.rise_per_hour("outdoor_wetbulb_c", at),
        "reach_in_hand_k": REACH_K,
        "reach_bias_k": 0.0,
        "inlet_bias_k": 0.0,
        "chillers_run": 0.0,
        "wear_share": 0.0,
        "kept_kw": np.zeros(1 if cascade.physics is None else len(cascade.physics.members)),
        "chillers_missing": _chillers_missing(cascade, history, at),
    }
    return {name: jnp.asarray(value, jnp.float32) for name, value in (measured | conditions).items()}


def rest(cascade: Cascade, names: tuple[str, ...]) -> dict[str, Any]:
    """Inputs of the shape that `drivers_of` gives, to compile with."""
    others = needed(cascade) - {quantity_of(name) for name in names}
    members = 1 if cascade.physics is None else len(cascade.physics.members)
    return {name: jnp.float32(1.0) for name in (*others, *CONDITIONS)} | {
        "kept_kw": jnp.zeros(members, jnp.float32)
    }


def an_hour_ago_c(history: History, at: datetime) -> float:
    """The oldest rack inlet read within the hour, NaN where none was."""
    course = history.recent("rack_inlet_c", at, WINDOW + timedelta(seconds=1))
    return course[0][1] if course else math.nan


def _chillers_missing(cascade: Cascade, history: History, at: datetime) -> float:
    """Share of the chillers' usual power that they do not draw now; 1 where no meter shows it."""
    if cascade.economizer is None:
        return 0.0
    share = history.mean("chiller_kw", at, NEWEST) / float(cascade.economizer.usual_kw)
    return float(np.clip(1.0 - share, 0.0, 1.0)) if math.isfinite(share) else 1.0


def _coldest_inlet_c(cascade: Cascade) -> float:
    return float(cascade.it_response.low[0]) if cascade.it_response else 0.0
