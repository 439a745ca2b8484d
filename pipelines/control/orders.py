"""What people have ordered: mode, limits in force and overrides. A controller reads them anew at each decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from models.safety.types import Bounds
from pipelines.control.decision import Mode
from pipelines.control.settable import Settable
from pipelines.site import Setpoint, Site


@dataclass(frozen=True)
class Orders:
    """Orders in force. limits: setpoint tag -> low and high; overrides: tag -> value; canonical units."""

    mode: Mode = "auto"
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    overrides: Mapping[str, float] = field(default_factory=dict)


def limits_in_force(setpoint: Setpoint, orders: Orders) -> tuple[float, float]:
    """Limits of a setpoint: the site file's, narrowed by the mode and by what operators ordered, never widened."""
    hard = (setpoint.min, setpoint.max)
    auto = setpoint.auto_limits if orders.mode == "auto" else hard
    low, high = orders.limits.get(setpoint.tag, hard)
    low, high = max(low, auto[0], hard[0]), min(high, auto[1], hard[1])
    return (low, high) if low <= high else hard


def bounds_of(site: Site, settable: Settable, orders: Orders) -> Bounds:
    """Bounds in force of every setpoint; a default beyond narrower limits moves to the nearest one allowed."""
    limits = [limits_in_force(setpoint, orders) for setpoint in site.setpoints]
    low, high = np.array(limits, float).reshape(-1, 2).T
    return Bounds(
        names=settable.names,
        low=low,
        high=high,
        default=np.clip(settable.default, low, high),
        slew_per_hour=settable.slew,
        binary=settable.binary,
    )


def overrides_by_quantity(site: Site, orders: Orders) -> dict[str, float]:
    """Overrides under the names that decisions use."""
    quantities = {setpoint.tag: site.quantity_of(setpoint) for setpoint in site.setpoints}
    return {quantities[tag]: value for tag, value in orders.overrides.items() if tag in quantities}


def in_mode(orders: Orders, mode: Mode) -> Orders:
    """The same orders in another mode."""
    return replace(orders, mode=mode)
