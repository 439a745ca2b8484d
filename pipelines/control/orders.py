"""What people have ordered: mode, limits in force and overrides. A controller reads them anew at each decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.setpoints import Bounds
from pipelines.control.decision import Mode
from pipelines.site.file import Setpoint, Site
from pipelines.site.setpoints import Settable


@dataclass(frozen=True)
class Orders:
    """Orders in force, canonical units. limits: setpoint tag -> low and high; overrides: tag -> value.

    accepted: tag -> value of a recommendation that an operator accepted; the model's choice gives way to it.
    """

    mode: Mode = "auto"
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    overrides: Mapping[str, float] = field(default_factory=dict)
    accepted: Mapping[str, float] = field(default_factory=dict)


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


def by_name(site: Site, values: Mapping[str, float]) -> dict[str, float]:
    """Values by setpoint tag under the names that decisions use."""
    quantities = {setpoint.tag: site.setpoint_name(setpoint) for setpoint in site.setpoints}
    return {quantities[tag]: value for tag, value in values.items() if tag in quantities}
