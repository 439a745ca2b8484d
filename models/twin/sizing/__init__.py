"""Sizes of a plant from its own telemetry, as a first guess for the fit.

Every figure is a robust quantile of the readings; where a quantity is not metered the textbook's ratio stays.
"""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

import simulator
from models.twin.nameplate import split_nameplate, with_figures
from models.twin.record import Record
from models.twin.run import Controlled
from models.twin.sizing.air import SPARE_IT, air_side, losses, servers
from models.twin.sizing.chillers import chillers
from models.twin.sizing.reading import filled, high
from models.twin.sizing.water import chilled_water, condenser_water, economizer, tower
from simulator.types import Plant


def figures(record: Record) -> dict[str, Any]:
    """Arguments of `simulator.default_plant` that telemetry gives: size, halls, numbers of machines."""
    arguments: dict[str, Any] = {
        "it_kw": float(SPARE_IT * high(record.inputs.it_w).sum() / 1e3),
        "halls": record.halls,
    }
    arguments |= {
        argument: max(2, record.units[kind])
        for argument, kind in (("chillers", "chillers"), ("tower_cells", "towers"))
        if record.units.get(kind)
    }
    return arguments


def sized(record: Record, nameplate: dict[str, Any]) -> Controlled:
    """A textbook plant from its nameplate, sized from the record except for given figures.

    Raises:
        ValueError: `nameplate` does not describe a plant.
    """
    parts = split_nameplate(nameplate)
    plant = simulator.default_plant(**parts.arguments)
    controlled = Controlled(plant, simulator.default_setpoints(plant))
    plant = replace(plant, servers=servers(plant.servers, record))
    if not record.metered_it:
        plant = without_hall_losses(plant)
    for part in (losses, air_side, chilled_water, condenser_water, economizer, chillers, tower):
        found = part(plant, record)
        # A meter that says nothing usable leaves the textbook's part.
        plant = found if _is_finite(found) else plant
    return replace(controlled, plant=with_figures(plant, parts.figures))


def _is_finite(plant: Plant) -> bool:
    return all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(plant))


def without_hall_losses(plant: Plant) -> Plant:
    """A hall that stands for a thermal load: it gives exactly the driving power to the coils."""
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
