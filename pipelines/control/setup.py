"""The site file's [safety] as the checks of `models.safety` want it, and the situation of a decision."""

from datetime import datetime

import numpy as np

from models.safety.backup import Reset
from models.safety.confidence import Confidence
from models.safety.declared import Declared, Dwell, Interlock, MinimumTimes, Relation
from models.safety.layer import Safety
from models.safety.types import Envelope
from pipelines.site.file import Site


def safety_of(site: Site) -> Safety:
    """Envelope and declarations of a site."""
    envelope = site.envelope
    return Safety(
        envelope=Envelope(
            inlet_low_c=envelope.rack_inlet_min_c,
            inlet_high_c=envelope.rack_inlet_max_c,
            dew_point_high_c=envelope.dew_point_max_c,
            rate_k_per_h=envelope.rate_k_per_h,
        ),
        declared=declared_of(site),
    )


def declared_of(site: Site) -> Declared:
    """Relations, interlocks, minimum times and dwell of a site, by quantity."""
    table, name = site.safety, {setpoint.tag: site.setpoint_name(setpoint) for setpoint in site.setpoints}
    return Declared(
        relations=tuple(Relation(name[r.lower], name[r.upper], r.least_k) for r in table.relations),
        interlocks=tuple(
            Interlock(
                name=each.name,
                when=each.when,
                less=each.less,
                above=each.above,
                below=each.below,
                setpoint=name[each.tag],
                at_least=each.at_least,
                at_most=each.at_most,
            )
            for each in table.interlocks
        ),
        minimum_times=tuple(
            MinimumTimes(name[s.tag], on_h=s.min_on_minutes / 60.0, off_h=s.min_off_minutes / 60.0)
            for s in site.setpoints
            if s.min_on_minutes or s.min_off_minutes
        ),
        dwells=tuple(Dwell(name[d.tag], d.after, d.running_above, d.minutes / 60.0) for d in table.dwells),
    )


def resets_of(site: Site) -> tuple[Reset, ...]:
    """The site's own rule, by quantity."""
    name = {setpoint.tag: site.setpoint_name(setpoint) for setpoint in site.setpoints}
    return tuple(
        Reset(name[r.tag], r.on, tuple(p[0] for p in r.points), tuple(p[1] for p in r.points))
        for r in site.safety.resets
    )


def confidence_bound(site: Site) -> Confidence:
    """Bounds of the confidence gate."""
    return Confidence(**site.safety.confidence.model_dump())


class Switches:
    """When on/off setpoints switched and metered equipment started or stopped."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self._on: dict[str, bool] = {}
        self._changed_at: dict[str, datetime] = {}

    def see(self, at: datetime, setpoints: dict[str, float], known: dict[str, float]) -> None:
        """Note what stands on and off now."""
        for name, value in setpoints.items():
            self._note(name, value > 0.5, at)
        for dwell in self.declared.dwells:
            if dwell.after in known:
                self._note(dwell.after, known[dwell.after] > dwell.running_above, at)

    def since_h(self, name: str, at: datetime) -> float:
        """Hours since it changed, infinite where it was never seen to."""
        changed = self._changed_at.get(name)
        # A clock set back must not keep equipment from ever switching again.
        return np.inf if changed is None or changed > at else (at - changed).total_seconds() / 3600.0

    def _note(self, name: str, on: bool, at: datetime) -> None:
        if self._on.get(name, on) != on:
            self._changed_at[name] = at
        self._on[name] = on
