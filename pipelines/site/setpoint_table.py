"""The `[[setpoints]]` of a site file: what may be set, how far and how fast."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipelines.site.checks import Table, within
from pipelines.site.points import Point
from pipelines.site.quantities import QUANTITIES
from pipelines.site.usual import typed_in

# No equipment bears inlet air that changes by more in an hour: ASHRAE TC9.9, Thermal Guidelines for Data Processing
# Environments, 5th ed., 2021. Inlets follow supply air one to one, and supply air follows the water.
FASTEST_K_PER_H = 20.0
# BMS workstations and controllers show and take temperatures with one decimal (in degC as in degF).
TEMPERATURE_STEP = 0.1
Minutes = Annotated[float, within(0, 1440, "min", "a day at most")]

FASTEST_SWITCHES_PER_H = 3600.0


class Setpoint(Table):
    """Something we may choose. Values are in the canonical unit of the tag's quantity.

    tag: the point that shows the present value and is written to.
    measured: the tag is the controlled temperature itself, because the site records no setpoint.
    auto_min, auto_max: narrower limits for the hours in which nobody watches (mode `auto`).
    resolution: smallest step that the device takes, in its tag's unit; where absent 0.1 for temperatures; 0: any value.
    min_on_minutes, min_off_minutes: shortest time that an on/off setpoint stays on and off.
    """

    tag: str
    kind: Literal["continuous", "binary"] = "continuous"
    min: float
    max: float
    slew_per_hour: float = Field(gt=0)
    default: float
    measured: bool = False
    auto_min: float | None = None
    auto_max: float | None = None
    resolution: float | None = Field(default=None, ge=0)
    min_on_minutes: Minutes = 0.0
    min_off_minutes: Minutes = 0.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max <= self.min:
            raise ValueError(
                f"setpoint {self.tag}: max ({self.max}) must exceed min ({self.min}); edit [[setpoints]]"
            )
        if not self.min <= self.default <= self.max:
            raise ValueError(
                f"setpoint {self.tag}: default ({self.default}) must lie in {self.min}..{self.max}; "
                "edit [[setpoints]]"
            )
        low, high = self.auto_limits
        if not self.min <= low <= self.default <= high <= self.max:
            raise ValueError(
                f"setpoint {self.tag}: auto_min..auto_max ({low:g}..{high:g}) must lie in {self.min:g}.."
                f"{self.max:g} and hold the default ({self.default:g}); edit [[setpoints]]"
            )
        return self

    @model_validator(mode="after")
    def _on_or_off(self) -> Self:
        if self.kind == "binary" and (self.min, self.max) != (0.0, 1.0):
            raise ValueError(
                f"setpoint {self.tag}: an on/off setpoint goes from 0 to 1, not {self.min:g} to {self.max:g}; "
                'correct min and max, or say kind = "continuous"'
            )
        if self.kind == "binary" and self.default not in (0.0, 1.0):
            raise ValueError(
                f"setpoint {self.tag}: default ({self.default:g}) of an on/off setpoint is 0 or 1; edit [[setpoints]]"
            )
        if self.kind == "binary" and self.resolution:
            raise ValueError(
                f'setpoint {self.tag}: an on/off setpoint has no resolution; delete it, or say kind = "continuous"'
            )
        if self.kind == "continuous" and self.min_on_minutes + self.min_off_minutes > 0:
            raise ValueError(
                f"setpoint {self.tag}: only an on/off setpoint stays on or off for a time; delete min_on_minutes and "
                'min_off_minutes, or say kind = "binary"'
            )
        return self

    @property
    def auto_limits(self) -> tuple[float, float]:
        """Limits in mode `auto`."""
        return (
            self.min if self.auto_min is None else self.auto_min,
            self.max if self.auto_max is None else self.auto_max,
        )


def resolution_of(setpoint: Setpoint, point: Point) -> float:
    """Smallest step that a setpoint's device takes, in the unit of its tag; 0 where it takes any value."""
    if setpoint.resolution is not None:
        return setpoint.resolution
    is_temperature = QUANTITIES[point.quantity].unit == "degC" and setpoint.kind == "continuous"
    return TEMPERATURE_STEP if is_temperature else 0.0


def setpoint_faults(setpoint: Setpoint, point: Point) -> Iterator[str]:
    """What of a setpoint is beyond what its point's quantity can physically be, or how fast it can change."""
    quantity, (low, high) = QUANTITIES[point.quantity], point.limits
    limits = (setpoint.min, setpoint.max)
    typed = typed_in(point.unit, point, limits) if setpoint.kind == "continuous" else ""
    if typed:
        yield (
            f"setpoint {setpoint.tag}: limits are in the canonical unit, not the tag's ({point.unit}): {typed}; edit "
            "min, max, default and slew_per_hour in [[setpoints]]"
        )
    elif not low <= setpoint.min < setpoint.max <= high:
        fahrenheit = typed_in("degF", point, limits) if quantity.unit == "degC" else ""
        yield (
            f"setpoint {setpoint.tag}: min..max ({setpoint.min:g}..{setpoint.max:g}) must lie in {low:g}..{high:g} "
            f"{quantity.unit}, what is believed of {point.quantity}; edit [[setpoints]], in the canonical unit"
            + (f" ({fahrenheit})" if fahrenheit else "")
        )
    fastest, why = setpoint.max - setpoint.min, "its whole range in an hour"
    if quantity.unit == "degC":
        fastest, why = FASTEST_K_PER_H, "K/h, the fastest that ASHRAE TC9.9 allows of inlet air"
    if setpoint.kind == "binary":
        # It switches at once; its slew rate is never used, and sites write what they like.
        fastest, why = FASTEST_SWITCHES_PER_H, "once a second"
    if setpoint.slew_per_hour > fastest:
        yield (
            f"setpoint {setpoint.tag}: slew_per_hour ({setpoint.slew_per_hour:g}) must not exceed {fastest:g}, {why}; "
            "edit [[setpoints]]"
        )
    step = resolution_of(setpoint, point) * abs(point.to_canonical[0])
    if setpoint.resolution and step > setpoint.max - setpoint.min:
        yield (
            f"setpoint {setpoint.tag}: resolution ({setpoint.resolution:g} {point.unit}) must not exceed max less min "
            f"({setpoint.max - setpoint.min:g} {quantity.unit}); edit [[setpoints]]"
        )
    if setpoint.kind == "continuous" and point.quantity.endswith(("_enable", "_on")):
        yield f'setpoint {setpoint.tag}: {point.quantity} is on or off; say kind = "binary"'
