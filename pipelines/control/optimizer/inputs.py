"""The present as the cascade needs it: load, weather, and what is kept in hand."""

import math
from datetime import datetime, timedelta
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from models.cascade.cascade import Cascade
from models.cascade.objective import Objective
from models.cascade.search import Choice
from models.cascade.surface import Surface
from pipelines.control.sensing.history import NEWEST, Memory
from pipelines.site.file import Site
from pipelines.site.setpoints import Settable
from pipelines.site.tariff import prices_per_kwh

MARGIN_K = 0.5  # inside the envelope, and twice the scatter of what is predicted
ENTER_K, STAY_K = 0.7, 0.2  # in hand before chillers are relied on to stop, and while they stand
REACH_K = 0.6  # in hand over the coldest water that towers reach
PRESENT = (
    "rack_inlet_now_c", "chillers_stopped", "wetbulb_rise_k", "reach_bias_k", "inlet_bias_k",
    "cover_in_hand_k", "reach_in_hand_k", "chillers_missing",
)  # fmt: skip
# Setpoints whose choice moves what surfaces answer to.
_MOVES = {
    "gap_k": ("supply_air_sp_c", "chw_supply_sp_c"),
    "cw_supply_c": ("cw_supply_sp_c",),
    "cw_approach_k": ("cw_supply_sp_c", "outdoor_wetbulb_c"),
    "chw_supply_c": ("chw_supply_sp_c",),
    "supply_air_c": ("supply_air_sp_c",),
    "rack_inlet_c": ("supply_air_sp_c",),
}
_SETTABLE = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")


def needed(cascade: Cascade) -> set[str]:
    """Names of what the cascade must be told: load, weather and setpoints."""
    leaves = jax.tree.leaves(cascade, is_leaf=lambda node: isinstance(node, Surface))
    inputs = {name for leaf in leaves if isinstance(leaf, Surface) for name in leaf.inputs}
    inputs |= {moved for name in inputs for moved in _MOVES.get(name, ())}
    inputs |= {"outdoor_wetbulb_c"} if cascade.reach else set()
    inputs |= {"economizer_enable"} if cascade.economizer else set()
    told = {name for name in inputs if name.startswith("outdoor") or name.endswith("_sp")}
    return {"load_kw"} | told | (inputs & set(_SETTABLE))


def choice_of(cascade: Cascade, settable: Settable) -> Choice:
    """What the search may choose: setpoints that the record says nothing of stay at their defaults."""
    names = needed(cascade)
    known = np.array([name in names for name in settable.names], bool)
    low = np.where(known, settable.low, settable.default)
    high = np.where(known, settable.high, settable.default)
    return Choice(
        settable.names,
        tuple(settable.binary.tolist()),
        jnp.asarray(low, jnp.float32),
        jnp.asarray(high, jnp.float32),
    )


def objective_of(cascade: Cascade, site: Site) -> Objective:
    """What the site wants minimised, inside its envelope less a margin."""
    envelope, options = site.envelope, site.control
    inlet_k, dew_k = (_margin_k(surface) for surface in (cascade.worst_inlet, cascade.dew_point))
    leaves = {
        "inlet_low_c": envelope.rack_inlet_min_c + inlet_k,
        "inlet_high_c": envelope.rack_inlet_max_c - inlet_k,
        "dew_point_high_c": envelope.dew_point_max_c - dew_k,
        "caution": options.caution,
        "outside": float(options.support),
        "weight": 1.0,
    }
    aim = "facility" if options.objective == "cost" else options.objective
    return Objective(**{name: jnp.float32(value) for name, value in leaves.items()}, aim=aim)


def _margin_k(surface: Surface | None) -> float:
    return MARGIN_K + 2.0 * (float(surface.noise) if surface else 0.0)


def weight_of(site: Site, at: datetime) -> float:
    """Price of a kWh now over the week's mean; 1 where cost is not what is minimised."""
    if site.control.objective != "cost" or site.tariff is None:
        return 1.0
    week = prices_per_kwh(site.tariff, pd.date_range(at, periods=168, freq="1h"))
    return float(week[0] / max(week.mean(), 1e-9))


def drivers_of(
    cascade: Cascade, names: tuple[str, ...], memory: Memory, at: datetime
) -> dict[str, Any] | None:
    """Everything but the setpoints `names` that the cascade must be told; None where something is not known."""
    known = {
        name: memory.mean(name, at, NEWEST if name.startswith("outdoor") else timedelta(hours=1))
        for name in needed(cascade) - set(names)
    }
    if not all(math.isfinite(value) for value in known.values()):
        return None
    inlet_c = memory.mean("supply_air_c", at) + float(cascade.inlet_rise_k)
    inlet_c = inlet_c if math.isfinite(inlet_c) else memory.mean("rack_inlet_c", at)
    eco = cascade.economizer
    stopped = eco is not None and memory.below("chiller_kw", float(eco.stopped_kw), at)
    present = {
        # Where no inlet is read none is moved away from: the response of IT power is flat to the coldest known.
        "rack_inlet_now_c": inlet_c if math.isfinite(inlet_c) else _coldest_inlet_c(cascade),
        "chillers_stopped": float(stopped),
        "cover_in_hand_k": STAY_K if stopped else ENTER_K,
        "wetbulb_rise_k": memory.rise_per_hour("outdoor_wetbulb_c", at),
        "reach_in_hand_k": REACH_K,
        "reach_bias_k": 0.0,
        "inlet_bias_k": 0.0,
        "chillers_missing": _chillers_missing(cascade, memory, at),
    }
    return {name: jnp.float32(value) for name, value in (known | present).items()}


def _chillers_missing(cascade: Cascade, memory: Memory, at: datetime) -> float:
    """Share of the chillers' usual power that they do not draw now; all of it where no meter tells."""
    if cascade.economizer is None:
        return 0.0
    share = memory.mean("chiller_kw", at, NEWEST) / float(cascade.economizer.usual_kw)
    return float(np.clip(1.0 - share, 0.0, 1.0)) if math.isfinite(share) else 1.0


def _coldest_inlet_c(cascade: Cascade) -> float:
    return float(cascade.it_response.low[0]) if cascade.it_response else 0.0
