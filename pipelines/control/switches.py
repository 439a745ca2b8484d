"""When on/off setpoints switched and metered equipment started or stopped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from models.safety.declared import Dwell


@dataclass(frozen=True)
class SwitchMemory:
    """What is on or off, and when it last changed, by name of setpoint or quantity."""

    on: Mapping[str, bool] = field(default_factory=dict)
    changed_at: Mapping[str, datetime] = field(default_factory=dict)

    def after(
        self, at: datetime, setpoints: Mapping[str, float], dwells: Iterable[Dwell], read: Mapping[str, float]
    ) -> "SwitchMemory":
        """Memory updated by present states. setpoints: on/off ones by name; read: plant quantities."""
        now = {name: value > 0.5 for name, value in setpoints.items()}
        now |= {d.after: read[d.after] > d.running_above for d in dwells if d.after in read}
        changed = {name: at for name, on in now.items() if self.on.get(name, on) != on}
        return SwitchMemory({**self.on, **now}, {**self.changed_at, **changed})

    def since_h(self, name: str, at: datetime) -> float:
        """Hours since it changed, infinite where it was never seen to."""
        changed = self.changed_at.get(name)
        # A clock set back must not block switching for ever.
        return np.inf if changed is None or changed > at else (at - changed).total_seconds() / 3600.0
