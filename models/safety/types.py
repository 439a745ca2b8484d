"""What the checks speak: bounds in force, the situation of a decision, and what was clipped by which rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.setpoints import Array

Course = tuple[tuple[float, float], ...]  # (hours ago, value) of a reading, oldest first


@dataclass(frozen=True)
class Envelope:
    """Thermal limits at the rack inlet, ASHRAE TC9.9; the rate also over a quarter of an hour."""

    inlet_low_c: float
    inlet_high_c: float
    dew_point_high_c: float
    rate_k_per_h: float
    rate_k_per_15_min: float = 5.0


@dataclass(frozen=True)
class Situation:
    """One decision. present (k,): setpoints in force; most (k,): how far each may move now.

    known: plant quantities read last. courses: what the monitor watches, by quantity, of the last hour or more.
    since_switch_h (k,): hours since each on/off setpoint switched; since_running_h: quantity -> hours since the
    equipment it meters last started or stopped. overrides: setpoint -> what a person asks for.
    """

    present: Array
    most: Array
    known: Mapping[str, float]
    courses: Mapping[str, Course] = field(default_factory=dict)
    since_switch_h: Array | None = None
    since_running_h: Mapping[str, float] = field(default_factory=dict)
    overrides: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Clip:
    """A rule that did not let a setpoint go where it was wanted."""

    rule: str
    setpoint: str
    wanted: float
    allowed: float
    why: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.setpoint} {self.allowed:.4g}, not {self.wanted:.4g}: {self.why}"


@dataclass(frozen=True)
class Verdict:
    """Setpoints (k,) that may be written, what was clipped on the way, and alarms of the monitor."""

    values: Array
    clips: tuple[Clip, ...]
    alarms: tuple[str, ...]
