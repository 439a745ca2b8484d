"""Sizes of the water loops, their pumps, the economizer and the towers."""

from dataclasses import replace
from typing import Any

import numpy as np

from models.twin.record import Record
from models.twin.sizing.reading import (
    FEW_ROWS,
    LOW,
    condenser_flow_kg_s,
    economizing,
    enabled,
    filled,
    high,
)
from simulator.constants import WATER_DENSITY_KG_M3
from simulator.pump import CurvePump, Pump
from simulator.types import Plant

SPARE_VALVE = 1.25  # water through open valves over the largest flow recorded
# Each condenser is a branch with a resistance of its own: more branches draw more water at
# nearly the same head, and only headers shared by all add to it.
BRANCHES_STATIC_HEAD = 0.95


def _pump(pump: Any, flow_kg_s: np.ndarray, power_w: np.ndarray | None) -> Any:
    rated_kg_s = float(high(flow_kg_s))
    least_kg_s = min(
        float(pump.minimum_flow_kg_s), 0.9 * float(np.nanquantile(flow_kg_s[flow_kg_s > 0], LOW))
    )
    pump = filled(pump, rated_flow_kg_s=rated_kg_s, minimum_flow_kg_s=least_kg_s)
    if power_w is None:
        return pump
    rated_w = max(float(np.nanmedian(power_w[flow_kg_s > 0.9 * rated_kg_s])), 10.0)
    if isinstance(pump, CurvePump):
        return filled(pump, rated_w=rated_w)
    return filled(pump, rated_head_pa=rated_w * WATER_DENSITY_KG_M3 * float(pump.efficiency) / rated_kg_s)


def chilled_water(plant: Plant, record: Record) -> Plant:
    """Water volume, minimum flow, pumps and coil valves from the metered chilled-water flow."""
    flow = record.measured.get("chw_flow_kg_s")
    if flow is None:
        return plant
    loop, machines = plant.chilled_water, float(plant.chillers.units)
    running = record.running.get("chillers", np.full(len(record), machines))
    least = np.nanquantile((flow / np.maximum(running, 1.0))[flow > 0.02 * high(flow)], LOW)
    loop = filled(loop, volume_kg=300.0 * high(flow), minimum_flow_kg_s=least)
    crah = filled(plant.crah, rated_water_kg_s=SPARE_VALVE * high(flow) / record.halls)
    return replace(
        plant,
        crah=crah,
        chilled_water=replace(loop, pump=_pump(loop.pump, flow, record.measured.get("chw_pump_w"))),
    )


def condenser_water(plant: Plant, record: Record) -> Plant:
    """Water volume, flow per chiller and pumps from the condenser-water flow."""
    flow = condenser_flow_kg_s(record)
    if flow is None:
        return plant
    loop = plant.condenser_water
    running = record.running.get("chillers", np.full(len(record), float(plant.chillers.units)))
    alone = (running > 0) & ~economizing(record) & np.isfinite(flow)
    if alone.sum() < FEW_ROWS:
        return plant
    each = np.median((flow / np.maximum(running, 1.0))[alone])
    loop = filled(loop, volume_kg=300.0 * high(flow), flow_per_chiller_kg_s=each)
    if isinstance(loop.pump, Pump):
        loop = replace(loop, pump=filled(loop.pump, static_head_fraction=BRANCHES_STATIC_HEAD))
    return replace(
        plant, condenser_water=replace(loop, pump=_pump(loop.pump, flow, record.measured.get("cw_pump_w")))
    )


def economizer(plant: Plant, record: Record) -> Plant:
    """Flow and lock-out of the economizer, from when enabling it drew more tower water."""
    flow = record.measured.get("cw_flow_kg_s")
    if plant.economizer is None or flow is None or "chw_return_c" not in record.measured:
        return plant
    idle = ~economizing(record) & np.isfinite(flow)
    if idle.sum() < FEW_ROWS:
        return plant
    usual_kg_s = np.median(flow[idle])
    allowed = enabled(record) & np.isfinite(flow)
    opened = allowed & (flow > 1.2 * usual_kg_s)
    if opened.sum() < FEW_ROWS:
        return plant
    colder_k = record.measured["chw_return_c"] - np.fmax(
        record.measured["cw_supply_c"],
        record.inputs.setpoints.get("cw_supply_c", np.full(len(record), -np.inf)),
    )
    judged = allowed & np.isfinite(colder_k)
    choices_k = np.arange(0.0, 6.1, 0.25)
    errors = [np.sum((colder_k[judged] > choice) != opened[judged]) for choice in choices_k]
    branch_kg_s = np.nanquantile(flow[opened], 0.9) - usual_kg_s
    return replace(
        plant,
        economizer=filled(
            plant.economizer,
            rated_cw_flow_kg_s=branch_kg_s,
            lockout_difference_k=choices_k[int(np.argmin(errors))],
        ),
    )


def tower(plant: Plant, record: Record) -> Plant:
    """Fan power from its meter; water, air and UA of a cell scaled to the flow per cell."""
    tower, read = plant.tower, record.measured
    changed: dict[str, Any] = {}
    if "tower_fan_w" in read:
        changed["rated_fan_w"] = max(float(high(read["tower_fan_w"])) / float(tower.cells), 1.0)
    flow = condenser_flow_kg_s(record)
    if flow is not None:
        water_kg_s = float(np.nanmedian(flow[flow > 0])) / float(tower.cells)
        scale = water_kg_s / float(tower.rated_water_kg_s)
        changed |= {
            name: float(getattr(tower, name)) * scale
            for name in ("rated_water_kg_s", "rated_air_kg_s", "rated_ua_w_k")
            if hasattr(tower, name)
        }
    return replace(plant, tower=filled(tower, **changed))
