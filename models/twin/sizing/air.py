"""Sizes of the power chain and of the air side."""

from dataclasses import replace
from typing import Any

import numpy as np

from models.twin.record import Record
from models.twin.sizing.reading import HIGH, filled, high
from simulator.constants import AIR_CP_J_KG_K
from simulator.types import Plant

SPARE_IT = 1.15  # servers' rated power over the largest power recorded


def servers(servers: Any, record: Record) -> Any:
    """Rated power above all drawn, idle power below it, so that every recorded power has a utilisation."""
    rated_w, least_w = (
        SPARE_IT * high(record.inputs.it_w),
        np.nanquantile(record.inputs.it_w, 1 - HIGH, axis=0),
    )
    idle = min(float(servers.idle_fraction), 0.7 * float(np.min(least_w / rated_w)))
    return filled(servers, rated_w=rated_w, idle_fraction=max(idle if record.metered_it else 0.0, 1e-3))


def losses(plant: Plant, record: Record) -> Plant:
    """Loss curves scaled to the metered losses; facility power that no meter explains becomes lighting."""
    chain, it_w = plant.power_chain, record.inputs.it_w.sum(axis=1)
    changed = {}
    for name, rated_w in (("ups_loss", chain.ups_rated_w), ("pdu_loss", chain.pdu_rated_w)):
        meter = record.measured.get(f"{name}_w")
        if meter is not None:
            x = np.nanmedian(it_w) / float(rated_w)
            curve = np.asarray(getattr(chain, name))
            expected_w = float(rated_w) * np.polyval(curve[::-1], x)
            changed[name] = curve * np.nanmedian(meter) / expected_w
    unexplained_w = _unexplained_w(record)
    if unexplained_w is not None:
        changed |= {"lighting_w": unexplained_w, "transformer_loss": 0.0}
        changed |= {} if "pdu_loss_w" in record.measured else {"pdu_loss": 0.0}
    return replace(plant, power_chain=filled(chain, **changed))


def _unexplained_w(record: Record) -> float | None:
    """Facility power that no submeter accounts for, where all of cooling and the UPS are metered."""
    parts = ("ups_loss_w", "chiller_w", "chw_pump_w", "cw_pump_w", "tower_fan_w", "crah_fan_w")
    if not {*parts, "overhead_w"} <= set(record.measured):
        return None
    metered_w = sum(record.measured[name] for name in (*parts, *({"pdu_loss_w"} & set(record.measured))))
    return max(float(np.nanmedian(record.measured["overhead_w"] - metered_w)), 1.0)


def air_side(plant: Plant, record: Record) -> Plant:
    """Server air rise, CRAH airflow and fan power from what is metered of them; unmetered sizes stay."""
    read, servers, crah = record.measured, plant.servers, plant.crah
    it_w = record.inputs.it_w.sum(axis=1)
    if {"rack_outlet_c", "rack_inlet_c"} <= set(read):
        rise_k = np.nanmedian(read["rack_outlet_c"] - read["rack_inlet_c"])
        servers = filled(servers, air_rise_k=max(float(rise_k), 3.0))
    air_kg_s = read.get("airflow_kg_s")
    if air_kg_s is None and {"return_air_c", "supply_air_c"} <= set(read):
        air_kg_s = it_w / (AIR_CP_J_KG_K * np.maximum(read["return_air_c"] - read["supply_air_c"], 2.0))
    if air_kg_s is not None:
        rated_kg_s = 1.15 * high(air_kg_s)
        scale = rated_kg_s / float(crah.rated_airflow_kg_s.sum())
        crah = filled(
            crah, rated_airflow_kg_s=crah.rated_airflow_kg_s * scale, rated_fan_w=crah.rated_fan_w * scale
        )
        if "crah_fan_w" in read and record.metered_it:
            at_rated_w = np.nanmedian(read["crah_fan_w"] / (air_kg_s / rated_kg_s) ** 3)
            crah = filled(crah, rated_fan_w=crah.rated_fan_w * at_rated_w / float(crah.rated_fan_w.sum()))
    return replace(plant, servers=servers, crah=crah)
