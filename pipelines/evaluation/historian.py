"""A plant's last interval as a historian would give it: by tag, in the tags' units, with counters."""

from collections.abc import Mapping

import pandas as pd

from pipelines.site.file import Site
from pipelines.site.tags import tags_of


class Historian:
    """Rows by tag from canonical telemetry; keeps counters between rows."""

    def __init__(self, site: Site) -> None:
        self._tags = tags_of(site)
        self._counted: dict[str, float] = {}

    def row(self, telemetry: pd.DataFrame, hours: float, in_force: Mapping[str, float]) -> dict[str, float]:
        """The row of an interval of `hours`: means of telemetry (columns of the site, or quantities), by tag.

        in_force: setpoints by tag in the tags' own units; a setpoint without a meter of its own is read back
        as written.
        """
        means = telemetry.mean()
        shown = {}
        for name, tag in self._tags.items():
            value = means.get(tag.column, means.get(tag.quantity))
            if value is None:
                continue
            if tag.counter:
                value = self._counted[name] = self._counted.get(name, 0.0) + float(value) * hours
            shown[name] = tag.exported(float(value))
        measured = {name for name in in_force if name in shown}
        return {**shown, **{name: value for name, value in in_force.items() if name not in measured}}
