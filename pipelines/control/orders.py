"""Orders of operators: mode, limits and overrides. A controller reads them at each decision."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.setpoints import Bounds
from pipelines.control.decision import Mode
from pipelines.site.file import Setpoint, Site
from pipelines.site.setpoints import Settable

Limits = tuple[float, float]
"""Low and high, canonical units."""


@dataclass(frozen=True)
class Orders:
    """Orders in force, canonical units. limits: setpoint tag -> low and high; overrides: tag -> value.

    accepted: tag -> value of a recommendation that an operator accepted; it replaces the model's choice.
    """

    mode: Mode = "auto"
    limits: Mapping[str, Limits] = field(default_factory=dict)
    overrides: Mapping[str, float] = field(default_factory=dict)
    accepted: Mapping[str, float] = field(default_factory=dict)


def mode_limits(setpoint: Setpoint, mode: Mode) -> Limits:
    """Limits of a setpoint before any order: the site file's; in mode `auto` its auto limits within them."""
    if mode != "auto":
        return setpoint.min, setpoint.max
    low, high = setpoint.auto_limits
    return max(setpoint.min, low), min(setpoint.max, high)


def narrowed(setpoint: Setpoint, limits: Limits, order: Limits) -> Limits | None:
    """A setpoint's limits intersected with an order; None where nothing is left or the order is not two finite numbers.

    An on/off setpoint keeps whole values only: 0..0.6 means off.
    """
    if len(order) != 2 or not all(_finite(each) for each in order):
        return None
    low, high = max(limits[0], order[0]), min(limits[1], order[1])
    if setpoint.kind == "binary":
        low, high = math.ceil(low), math.floor(high)
    return (float(low), float(high)) if low <= high else None


def limits_in_force(setpoint: Setpoint, orders: Orders) -> Limits:
    """Limits of a setpoint: what the site file, the mode and an operator's order all allow.

    Orders can only narrow limits. One that would leave nothing is ignored (see `ignored_orders`).
    """
    limits = mode_limits(setpoint, orders.mode)
    order = orders.limits.get(setpoint.tag)
    return limits if order is None else narrowed(setpoint, limits, order) or limits


def ignored_orders(site: Site, orders: Orders) -> tuple[str, ...]:
    """Notices about orders that cannot be followed: damaged numbers, or limits that leave no value."""
    notices = []
    for setpoint in site.setpoints:
        limits, order = mode_limits(setpoint, orders.mode), orders.limits.get(setpoint.tag)
        if order is not None and narrowed(setpoint, limits, order) is None:
            notices.append(
                f"limits of {setpoint.tag} ignored: the ordered {_shown(order)} leaves nothing of "
                f"{limits[0]:g}..{limits[1]:g}, which stays in force; release them or order others"
            )
        value = orders.overrides.get(setpoint.tag, 0.0)
        if not _finite(value):
            notices.append(
                f"override of {setpoint.tag} ignored: {value!r} is no finite number; order it again"
            )
    return tuple(notices)


def bounds_of(site: Site, settable: Settable, orders: Orders) -> Bounds:
    """Bounds in force of every setpoint; a default beyond narrower limits moves to the nearest one allowed."""
    limits = [limits_in_force(setpoint, orders) for setpoint in site.setpoints]
    low, high = np.array(limits, float).reshape(-1, 2).T
    return Bounds(
        names=settable.names,
        low=low,
        high=high,
        default=np.clip(settable.default, low, high),
        slew_per_hour=settable.slew_per_hour,
        binary=settable.binary,
    )


def by_name(site: Site, values: Mapping[str, float]) -> dict[str, float]:
    """Finite values by setpoint tag under the setpoints' names, which decisions use."""
    names = {setpoint.tag: site.setpoint_name(setpoint) for setpoint in site.setpoints}
    return {names[tag]: float(value) for tag, value in values.items() if tag in names and _finite(value)}


def _finite(value: object) -> bool:
    try:
        return math.isfinite(value)  # type: ignore[arg-type]
    except (TypeError, OverflowError):  # no number, or an integer beyond any float
        return False


def _shown(order: Limits) -> str:
    return "..".join(f"{each:g}" if isinstance(each, float) else repr(each)[:20] for each in order)
