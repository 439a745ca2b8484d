"""A controller by historian tags: rows by tag in, values by tag out, in the tags' own units."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pipelines.control.controller import Controller
from pipelines.control.decision import Decision
from pipelines.operations.resolution import device_values
from pipelines.operations.standing_orders import limits_by_tag
from pipelines.site.tags import setpoint_tags
from pipelines.telemetry.readings import TagReader


class TagController:
    """Wraps a controller for callers that use tags: a simulated plant, a referee, a test."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        site = controller.params.site
        self._reader = TagReader(site)
        self._tags = [tag for _, tag in setpoint_tags(site)]
        self._sent: dict[str, float] = {}

    @property
    def last(self) -> Decision:
        """The last decision."""
        return self.controller.last

    def decide(self, row: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """Setpoint tags and the values to write, in the tags' own units. Never raises.

        row: tags and values of the last interval, any of them missing. at: UTC time of the decision.
        """
        before = self.controller.memory.at
        readings = self._reader.read(row, at)
        values = self.controller.decide(readings, at).values.values()
        decided = {tag.tag: value for tag, value in zip(self._tags, values, strict=True)}
        self._sent = self._rounded(decided, readings.values, before)
        return {tag.tag: tag.sent(self._sent[tag.tag]) for tag in self._tags}

    def _rounded(
        self, decided: dict[str, float], read: Mapping[str, float], before: datetime | None
    ) -> dict[str, float]:
        site, now = self.controller.params.site, self.controller.memory.at
        present = self._sent | {tag.tag: read[tag.column] for tag in self._tags if tag.column in read}
        passed = site.interval if before is None or now is None else now - before
        limits = limits_by_tag(site, self.controller.in_force)
        return device_values(site, decided, present, passed / timedelta(hours=1), limits)
