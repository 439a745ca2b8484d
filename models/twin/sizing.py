"""Sizes of a plant from its own telemetry: what a walk past the nameplates would tell, roughly.

Every figure is a robust quantile of what was read; where a quantity is not metered the textbook's ratio stays.
"""

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

import simulator
from models.twin.nameplate import known, with_figures
from models.twin.record import Record
from models.twin.run import Controlled
from simulator.constants import AIR_CP_J_KG_K, WATER_CP_J_KG_K, WATER_DENSITY_KG_M3
from simulator.pump import CurvePump, Pump
from simulator.types import Plant

HIGH, LOW = 0.995, 0.01
FEW_ROWS = 20  # fewer say nothing
SELDOM = 0.02  # share of the hours that is no way of running, but an exception
SPARE_VALVE = 1.25  # water through open valves over the most that was seen to flow
# Each condenser is a branch with a resistance of its own: more branches draw more water at nearly the same head.
BRANCHES_STATIC_HEAD = 0.85
SPARE_IT = 1.15  # servers' rated power over the most they were seen to draw


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
    plant = replace(plant, servers=_servers(plant.servers, record))
    if not record.metered_it:
        plant = without_hall_losses(plant)
    for part in (_losses, _air_side, _chilled_water, _condenser_water, _economizer, _chillers, _tower):
        plant = part(plant, record)
    return replace(controlled, plant=with_figures(plant, what.figures))


def _servers(servers: Any, record: Record) -> Any:
    """Rated power above what was ever drawn, idle power below: any recorded power then has its utilisation."""
    rated_w, least_w = (
        SPARE_IT * high(record.inputs.it_w),
        np.nanquantile(record.inputs.it_w, 1 - HIGH, axis=0),
    )
    idle = min(float(servers.idle_fraction), 0.7 * float(np.min(least_w / rated_w)))
    return _filled(servers, rated_w=rated_w, idle_fraction=max(idle if record.metered_it else 0.0, 1e-3))


def high(values: np.ndarray) -> np.ndarray:
    """What a quantity reaches but for outliers, along the first axis."""
    return np.nanquantile(values, HIGH, axis=0)


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
        servers=_filled(plant.servers, leakage_per_k=0.0, fan_fraction=0.0, fan_slope_per_k=0.0),
        hall=_filled(
            plant.hall,
            envelope_w_k=0.0,
            fresh_air_kg_s=0.0,
            heat_capacity_j_k=0.02 * plant.hall.heat_capacity_j_k,
        ),
        crah=_filled(plant.crah, rated_fan_w=0.0),
    )


def _filled(part: Any, **values: Any) -> Any:
    """The part with leaves replaced, each in the shape and type that it had."""
    shaped = {}
    for name, value in values.items():
        leaf = getattr(part, name)
        shaped[name] = jnp.broadcast_to(jnp.asarray(value, dtype=leaf.dtype), leaf.shape)
    return replace(part, **shaped)


def _losses(plant: Plant, record: Record) -> Plant:
    """Loss curves scaled to the metered losses; what no meter explains of the facility's power is lighting."""
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
    return replace(plant, power_chain=_filled(chain, **changed))


def _unexplained_w(record: Record) -> float | None:
    """Facility power that no submeter accounts for, where all of cooling and the UPS are metered."""
    parts = ("ups_loss_w", "chiller_w", "chw_pump_w", "cw_pump_w", "tower_fan_w", "crah_fan_w")
    if not {*parts, "overhead_w"} <= set(record.measured):
        return None
    known_w = sum(record.measured[name] for name in (*parts, *({"pdu_loss_w"} & set(record.measured))))
    return max(float(np.nanmedian(record.measured["overhead_w"] - known_w)), 1.0)


def _air_side(plant: Plant, record: Record) -> Plant:
    read, servers, crah = record.measured, plant.servers, plant.crah
    it_w = record.inputs.it_w.sum(axis=1)
    if {"rack_outlet_c", "rack_inlet_c"} <= set(read):
        rise_k = np.nanmedian(read["rack_outlet_c"] - read["rack_inlet_c"])
        servers = _filled(servers, air_rise_k=max(float(rise_k), 3.0))
    air_kg_s = read.get("airflow_kg_s")
    if air_kg_s is None and {"return_air_c", "supply_air_c"} <= set(read):
        air_kg_s = it_w / (AIR_CP_J_KG_K * np.maximum(read["return_air_c"] - read["supply_air_c"], 2.0))
    if air_kg_s is not None:
        rated_kg_s = 1.15 * high(air_kg_s)
        scale = rated_kg_s / float(crah.rated_airflow_kg_s.sum())
        crah = _filled(
            crah, rated_airflow_kg_s=crah.rated_airflow_kg_s * scale, rated_fan_w=crah.rated_fan_w * scale
        )
        if "crah_fan_w" in read and record.metered_it:
            at_rated_w = np.nanmedian(read["crah_fan_w"] / (air_kg_s / rated_kg_s) ** 3)
            crah = _filled(crah, rated_fan_w=crah.rated_fan_w * at_rated_w / float(crah.rated_fan_w.sum()))
    return replace(plant, servers=servers, crah=crah)


def _pump(pump: Any, flow_kg_s: np.ndarray, power_w: np.ndarray | None) -> Any:
    rated_kg_s = float(high(flow_kg_s))
    least_kg_s = min(
        float(pump.minimum_flow_kg_s), 0.9 * float(np.nanquantile(flow_kg_s[flow_kg_s > 0], LOW))
    )
    pump = _filled(pump, rated_flow_kg_s=rated_kg_s, minimum_flow_kg_s=least_kg_s)
    if power_w is None:
        return pump
    rated_w = max(float(np.nanmedian(power_w[flow_kg_s > 0.9 * rated_kg_s])), 10.0)
    if isinstance(pump, CurvePump):
        return _filled(pump, rated_w=rated_w)
    return _filled(pump, rated_head_pa=rated_w * WATER_DENSITY_KG_M3 * float(pump.efficiency) / rated_kg_s)


def _chilled_water(plant: Plant, record: Record) -> Plant:
    flow = record.measured.get("chw_flow_kg_s")
    if flow is None:
        return plant
    loop, machines = plant.chilled_water, float(plant.chillers.units)
    running = record.running.get("chillers", np.full(len(record), machines))
    least = np.nanquantile((flow / np.maximum(running, 1.0))[flow > 0.02 * high(flow)], LOW)
    loop = _filled(loop, volume_kg=300.0 * high(flow), minimum_flow_kg_s=least)
    crah = _filled(plant.crah, rated_water_kg_s=SPARE_VALVE * high(flow) / record.halls)
    return replace(
        plant,
        crah=crah,
        chilled_water=replace(loop, pump=_pump(loop.pump, flow, record.measured.get("chw_pump_w"))),
    )


def _condenser_water(plant: Plant, record: Record) -> Plant:
    flow = condenser_flow_kg_s(record)
    if flow is None:
        return plant
    loop = plant.condenser_water
    running = record.running.get("chillers", np.full(len(record), float(plant.chillers.units)))
    each = np.nanmedian((flow / np.maximum(running, 1.0))[(running > 0) & ~_economizing(record)])
    loop = _filled(loop, volume_kg=300.0 * high(flow), flow_per_chiller_kg_s=each)
    if isinstance(loop.pump, Pump):
        loop = replace(loop, pump=_filled(loop.pump, static_head_fraction=BRANCHES_STATIC_HEAD))
    return replace(
        plant, condenser_water=replace(loop, pump=_pump(loop.pump, flow, record.measured.get("cw_pump_w")))
    )


def _economizer(plant: Plant, record: Record) -> Plant:
    """Its branch's flow and its lock-out, from when enabling it drew more tower water and when it did not."""
    flow = record.measured.get("cw_flow_kg_s")
    if plant.economizer is None or flow is None or "chw_return_c" not in record.measured:
        return plant
    usual_kg_s = np.nanmedian(flow[~_economizing(record)])
    enabled = _economizing(record) & np.isfinite(flow)
    opened = enabled & (flow > 1.2 * usual_kg_s)
    if opened.sum() < FEW_ROWS:
        return plant
    colder_k = record.measured["chw_return_c"] - np.fmax(
        record.measured["cw_supply_c"],
        record.inputs.setpoints.get("cw_supply_c", np.full(len(record), -np.inf)),
    )
    judged = enabled & np.isfinite(colder_k)
    choices_k = np.arange(0.0, 6.1, 0.25)
    errors = [np.sum((colder_k[judged] > choice) != opened[judged]) for choice in choices_k]
    branch_kg_s = np.nanquantile(flow[opened], 0.9) - usual_kg_s
    return replace(
        plant,
        economizer=_filled(
            plant.economizer,
            rated_cw_flow_kg_s=branch_kg_s,
            lockout_difference_k=choices_k[int(np.argmin(errors))],
        ),
    )


def _economizing(record: Record) -> np.ndarray:
    return record.inputs.setpoints.get("economizer_enable", np.zeros(len(record))) > 0.5


def _chillers(plant: Plant, record: Record) -> Plant:
    """Capacity from the most that running machines took, rated efficiency and staging from how they ran."""
    chillers, load_w = plant.chillers, thermal_load_w(record)
    running = record.running.get("chillers")
    if load_w is None or running is None:
        return plant
    busy = (running > 0) & ~_economizing(record) & (load_w > 0)
    each_w = 1.15 * float(high((load_w / np.maximum(running, 1.0))[busy]))
    up, down = _staging(load_w[busy] / each_w, running[busy])
    chillers = _filled(chillers, rated_capacity_w=each_w, stage_up_load_ratio=up, stage_down_load_ratio=down)
    return replace(plant, chillers=chillers)


def _staging(ratio: np.ndarray, running: np.ndarray) -> tuple[float, float]:
    """Load over running machines' capacity at which one more starts, and over the rest's at which one stops.

    ratio: load over one machine's capacity, running: how many ran, both where any did.
    """
    most = np.quantile(running, 0.99)
    several, fewer = running > 1.5, running < most
    if several.mean() < SELDOM:
        return 0.98, 0.9  # one has always been enough
    if fewer.mean() < SELDOM:
        return 0.05, 0.0  # machines that always run together
    up = float(np.clip(np.quantile(ratio[fewer] / running[fewer], 0.95), 0.1, 0.98))
    down = float(np.quantile(ratio[several] / (running[several] - 1), 0.05))
    return up, float(np.clip(down, 0.0, 0.95 * up))


def thermal_load_w(record: Record) -> np.ndarray | None:
    """Heat the chilled water carries, W, (n,): metered, from its flow and temperatures, or what servers give."""
    read = record.measured
    if "coil_heat_w" in read:
        return read["coil_heat_w"]
    if {"chw_flow_kg_s", "chw_return_c", "chw_supply_c"} <= set(read):
        return WATER_CP_J_KG_K * read["chw_flow_kg_s"] * (read["chw_return_c"] - read["chw_supply_c"])
    return record.inputs.it_w.sum(axis=1)


def condenser_flow_kg_s(record: Record) -> np.ndarray | None:
    """Tower water, kg/s, (n,): metered, or from the heat it carries and its rise."""
    read, load_w = record.measured, thermal_load_w(record)
    if "cw_flow_kg_s" in read:
        return read["cw_flow_kg_s"]
    if load_w is None or not {"chiller_w", "cw_supply_c", "cw_return_c"} <= set(read):
        return None
    rise_k = read["cw_return_c"] - read["cw_supply_c"]
    return np.where(
        rise_k > 0.5, (load_w + read["chiller_w"]) / (WATER_CP_J_KG_K * np.maximum(rise_k, 0.5)), np.nan
    )


def _tower(plant: Plant, record: Record) -> Plant:
    tower, read = plant.tower, record.measured
    changed: dict[str, Any] = {}
    if "tower_fan_w" in read:
        changed["rated_fan_w"] = max(float(high(read["tower_fan_w"])) / float(tower.cells), 1.0)
    load_w = thermal_load_w(record)
    if load_w is not None:
        design_w = float(tower.rated_water_kg_s) * (float(tower.cells) - 1)
        flow = condenser_flow_kg_s(record)
        water = float(np.nanmedian(flow[flow > 0])) if flow is not None else design_w
        scale = water / float(tower.cells) / float(tower.rated_water_kg_s)
        changed |= {
            name: float(getattr(tower, name)) * scale
            for name in ("rated_water_kg_s", "rated_air_kg_s", "rated_ua_w_k")
            if hasattr(tower, name)
        }
    return replace(plant, tower=_filled(tower, **changed))
