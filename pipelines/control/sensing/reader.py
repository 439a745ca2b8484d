"""One historian row as plant quantities: canonical units, what is not believed left out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipelines.site.file import Site
from pipelines.telemetry.plant_table import row_quantities
from pipelines.telemetry.readings import TagReader


class Reader:
    """Rows to plant quantities, as `plant_table` has them; remembers counters between rows."""

    def __init__(self, site: Site) -> None:
        self.site, self.tags = site, TagReader(site)

    def read(self, row: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """Quantity -> value of the plant, as `plant_quantities` gives them; only what is known."""
        return row_quantities(self.site, self.tags.read(row, at).values)
