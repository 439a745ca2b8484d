"""The controller: one historian row in, setpoints out; the same object serves, simulates and is judged."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from models.control.cascade import Cascade
from models.twin import Twin
from pipelines.control.chooser import Chooser
from pipelines.control.memory import NEWEST, Memory
from pipelines.control.reading import Reader
from pipelines.control.settable import Settable
from pipelines.control.training import aliased
from pipelines.site import Site

log = logging.getLogger(__name__)

RESCUE_K = 0.5  # from the envelope: then nothing else counts
PATIENCE = timedelta(hours=1)  # with too little known: hold for this long, then go to the site's defaults
LONGEST_STEP = timedelta(hours=1)  # a pause of the clock is no licence to jump


@dataclass(frozen=True)
class Decision:
    """Setpoints by quantity, canonical units, and why."""

    values: dict[str, float]
    reason: str


class Controller:
    """Decides setpoints of a site with a learned cascade; `cascade` is None where nothing could be learned.

    Without a cascade, or where load or weather stay unknown, it goes to the site's default setpoints at their slew
    rates and says why (`last.reason`). twin: the site's fitted plant, where there is one, for a second opinion.
    """

    def __init__(self, site: Site, cascade: Cascade | None, *, twin: Twin | None = None) -> None:
        self.site, self.settable = site, Settable.of(site)
        self.reader, self.memory = Reader(site), Memory()
        self.chooser = None if cascade is None else Chooser(site, cascade, self.settable, twin)
        self.commanded: np.ndarray | None = None
        self.decided_at: datetime | None = None
        self.informed_at: datetime | None = None
        self.last = Decision({}, "no decision yet")

    def decide(self, row: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """Setpoint tags and the values to write, in the tags' own units.

        row: historian tags and values of the last interval, any of them missing. at: UTC time of the decision.
        """
        reading = aliased(self.reader.read(row, at))
        self.memory.add(at, reading)
        present = self._present(reading)
        most = self._most(at)
        values, reason = self._chosen(reading, present, most, at)
        values, rescued = self._rescued(values, reading, present, most, at)
        reason = rescued or reason
        values = self._safe(values, present, most)
        self.commanded, self.decided_at = values, max(at, self.decided_at or at)
        self.last = Decision(dict(zip(self.settable.names, values.tolist(), strict=True)), reason)
        log.debug("%s %s %s", at, self.last.values, reason)
        return {
            tag.tag: tag.exported(value)
            for tag, value in zip(self.settable.tags, values.tolist(), strict=True)
        }

    def _chosen(
        self, reading: dict[str, float], present: np.ndarray, most: np.ndarray, at: datetime
    ) -> tuple[np.ndarray, str]:
        chosen = self.chooser.choose(reading, self.memory, present, most, at) if self.chooser else None
        if chosen is not None:
            self.informed_at = at
            return chosen
        goal, reason = self._uninformed(present, at)
        return self._towards(present, goal, most), reason

    def _uninformed(self, present: np.ndarray, at: datetime) -> tuple[np.ndarray, str]:
        if self.chooser is None:
            return self.settable.default, "no control model: to the site's default setpoints"
        since = self.informed_at or at
        if at - since <= PATIENCE and self.informed_at is not None:
            return present, "load or weather is not known: holding for at most an hour"
        return self.settable.default, "load or weather is not known: to the site's default setpoints"

    def _present(self, reading: dict[str, float]) -> np.ndarray:
        known = self.commanded if self.commanded is not None else self.settable.default
        return np.array(
            [reading.get(name, fallback) for name, fallback in zip(self.settable.names, known, strict=True)],
            float,
        )

    def _most(self, at: datetime) -> np.ndarray:
        """Largest move of each setpoint at this decision."""
        passed = self.site.interval.to_pytimedelta() if self.decided_at is None else at - self.decided_at
        hours = min(max(passed, timedelta(0)), LONGEST_STEP).total_seconds() / 3600.0
        return self.settable.slew * hours

    def _towards(self, present: np.ndarray, goal: np.ndarray, most: np.ndarray) -> np.ndarray:
        moved = present + np.clip(goal - present, -most, most)
        return np.where(self.settable.binary, np.round(goal), moved)

    def _rescued(
        self,
        values: np.ndarray,
        reading: dict[str, float],
        present: np.ndarray,
        most: np.ndarray,
        at: datetime,
    ) -> tuple[np.ndarray, str]:
        """Colder (or warmer) air and chilled water, as fast as slew rates allow, where an inlet nears its limit."""
        inlets = [value for _, value in self.memory.recent("rack_inlet_c", at, NEWEST)]
        envelope = self.site.envelope
        if "rack_inlet_c" not in reading or not inlets:
            return values, ""
        inlet_c = 2.0 * inlets[-1] - inlets[0]  # where it will be if it goes on
        way = float(inlet_c < envelope.rack_inlet_min_c + RESCUE_K) - float(
            inlet_c > envelope.rack_inlet_max_c - RESCUE_K
        )
        if way == 0.0:
            return values, ""
        air = np.array([name in ("supply_air_sp_c", "chw_supply_sp_c") for name in self.settable.names])
        if self.chooser:
            self.chooser.forget_target()
        return np.where(
            air, present + way * most, values
        ), f"a rack inlet at {inlet_c:.1f} °C is close to its limit"

    def _safe(self, values: np.ndarray, present: np.ndarray, most: np.ndarray) -> np.ndarray:
        values = np.where(np.isfinite(values), values, present)
        values = np.where(self.settable.binary, values, np.clip(values, present - most, present + most))
        inside = np.clip(values, self.settable.low, self.settable.high)
        return np.where(self.settable.binary, np.round(inside), inside)
