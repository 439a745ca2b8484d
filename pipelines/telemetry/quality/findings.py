"""Everything that is silently wrong in a site's telemetry, in one table."""

import pandas as pd

from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.quality.finding import as_table
from pipelines.telemetry.quality.magnitude import magnitudes
from pipelines.telemetry.quality.repeats import repeats_of_points
from pipelines.telemetry.quality.setpoint_range import setpoints_out_of_range
from pipelines.telemetry.quality.totals import totals_beside_parts
from pipelines.telemetry.quality.unit_changes import unit_changes


def findings(site: Site, table: pd.DataFrame, quarantine: pd.DataFrame) -> pd.DataFrame:
    """One row per fault: finding, columns, start, end (UTC, NaT where it holds all along), seen, remedy.

    table, quarantine: as the store has them. What is wrong by a unit comes first: it explains much of what follows.
    """
    return as_table(
        [
            *unit_changes(site, table, quarantine),
            *magnitudes(site, table, plant_table(site, table)),
            *setpoints_out_of_range(site, table),
            *totals_beside_parts(site, table),
            *repeats_of_points(site, table),
        ]
    )
