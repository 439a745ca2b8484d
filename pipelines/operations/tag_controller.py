"""A controller by historian tags: rows by tag in, values by tag out, in the tags' own units."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipelines.control.controller import Controller
from pipelines.control.decision import Decision
from pipelines.site.tags import setpoint_tags
from pipelines.telemetry.readings import TagReader


class TagController:
    """Wraps a controller for callers that use tags: a simulated plant, a referee, a test."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        site = controller.params.site
        self._reader = TagReader(site)
        self._tags = [tag for _, tag in setpoint_tags(site)]

    @property
    def last(self) -> Decision:
        """The last decision."""
        return self.controller.last

    def decide(self, row: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """Setpoint tags and the values to write, in the tags' own units. Never raises.

        row: tags and values of the last interval, any of them missing. at: UTC time of the decision.
        """
        values = self.controller.decide(self._reader.read(row, at), at).values.values()
        return {tag.tag: tag.exported(value) for tag, value in zip(self._tags, values, strict=True)}
