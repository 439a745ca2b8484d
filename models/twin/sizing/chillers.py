"""Sizes of the chillers, and their staging."""

from dataclasses import replace

import numpy as np

from models.twin.record import Record
from models.twin.sizing.reading import FEW_ROWS, economizing, filled, high, thermal_load_w
from simulator.types import Plant

SELDOM = 0.02  # share of the hours below which a mode of operation is an exception


def chillers(plant: Plant, record: Record) -> Plant:
    """Capacity from the largest load of running machines; staging from the loads at which they ran."""
    chillers, load_w = plant.chillers, thermal_load_w(record)
    running = record.running.get("chillers")
    if load_w is None or running is None:
        return plant
    busy = (running > 0) & ~economizing(record) & (load_w > 0)
    if busy.sum() < FEW_ROWS:
        return plant
    each_w = 1.15 * float(high((load_w / np.maximum(running, 1.0))[busy]))
    up, down = _staging(load_w[busy] / each_w, running[busy])
    chillers = filled(chillers, rated_capacity_w=each_w, stage_up_load_ratio=up, stage_down_load_ratio=down)
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
