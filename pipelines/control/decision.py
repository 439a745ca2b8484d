"""What was decided, by whom, and why."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from models.safety.types import Clip

Mode = Literal["shadow", "advise", "auto"]
Source = Literal["model", "hold", "rule", "monitor", "override"]
"""Who set the setpoints: the learned model; nobody (held); the site's rule; the monitor's rescue; a person."""


@dataclass(frozen=True)
class Decision:
    """Setpoints by quantity, canonical units, and why.

    clips: what a rule did not let through. notices: what is wrong with sensors, plant, clock or model. goal: where the
    setpoints are meant to end up, by quantity.
    """

    values: dict[str, float]
    reason: str
    source: Source = "hold"
    mode: Mode = "auto"
    clips: tuple[Clip, ...] = ()
    notices: tuple[str, ...] = ()
    goal: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the ledger."""
        return asdict(self)
