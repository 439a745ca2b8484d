"""Sizes of a plant from its own telemetry: what a walk past the nameplates would tell, roughly.

Every figure is a robust quantile of what was read; where a quantity is not metered the textbook's ratio stays.
"""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp

import simulator
from models.twin.nameplate import known, with_figures
from models.twin.record import Record
from models.twin.run import Controlled
from models.twin.sizing.air import SPARE_IT, air_side, losses, servers
from models.twin.sizing.chillers import chillers
from models.twin.sizing.reading import filled, high
from models.twin.sizing.water import chilled_water, condenser_water, economizer, tower
from simulator.types import Plant


def figures(record: Record) -> dict[str, Any]:
    """Arguments of `simulator.default_plant` that telemetry gives: size, halls, numbers of machines."""
    found: dict[str, Any] = {
        "it_kw": float(SPARE_IT * high(record.inputs.it_w).sum() / 1e3),
        "halls": record.halls,
    }
    found |= {
        argument: max(2, record.units[kind])
        for argument, kind in (("chillers", "chillers"), ("tower_cells", "towers"))
        if record.units.get(kind)
    }
    return found


def sized(record: Record, nameplate: dict[str, Any]) -> Controlled:
    """A textbook plant from `nameplate` (`models.twin.nameplate`), its sizes set from the record but for known figures.

    Raises ValueError where `nameplate` does not describe a plant.
    """
    what = known(nameplate)
    plant = simulator.default_plant(**what.arguments)
    controlled = Controlled(plant, simulator.default_setpoints(plant))
    plant = replace(plant, servers=servers(plant.servers, record))
    if not record.metered_it:
        plant = without_hall_losses(plant)
    for part in (losses, air_side, chilled_water, condenser_water, economizer, chillers, tower):
        plant = part(plant, record)
    return replace(controlled, plant=with_figures(plant, what.figures))


def without_hall_losses(plant: Plant) -> Plant:
    """A hall that stands for a thermal load: all it gives to the coils is the power that drives it."""
    chain = plant.power_chain
    nothing = {
        name: jnp.zeros_like(getattr(chain, name))
        for name in ("ups_loss", "pdu_loss", "transformer_loss", "lighting_w")
    }
    return replace(
        plant,
        power_chain=replace(chain, **nothing),
        servers=filled(plant.servers, leakage_per_k=0.0, fan_fraction=0.0, fan_slope_per_k=0.0),
        hall=filled(
            plant.hall,
            envelope_w_k=0.0,
            fresh_air_kg_s=0.0,
            heat_capacity_j_k=0.02 * plant.hall.heat_capacity_j_k,
        ),
        crah=filled(plant.crah, rated_fan_w=0.0),
    )
