"""Rows that have no usable time: to quarantine, with their text."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipelines.telemetry.ingest.cells import Cells, row_texts
from pipelines.telemetry.ingest.files import Export
from pipelines.telemetry.ingest.reasons import AMBIGUOUS_TIME, IMPLAUSIBLE_TIME, REASONS, UNPARSABLE_ROW
from pipelines.telemetry.ingest.transaction import write_file
from pipelines.telemetry.ingest.update import Update
from pipelines.telemetry.store import UNTIMED


@dataclass
class Untimed:
    """Rows of one export that have no usable time, with their text."""

    export: Export
    reasons: list[str] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def to_come(self) -> bool:
        """Whether some may become plausible later: the computer's clock may be wrong today."""
        return IMPLAUSIBLE_TIME in self.reasons

    def add(self, cells: Cells, row_reason: np.ndarray) -> None:
        """Those of a part. row_reason: [rows] code, 0 for a usable time."""
        rows = np.flatnonzero(row_reason > 0)
        self.reasons += [REASONS[code] for code in row_reason[rows]]
        self.texts += row_texts(cells, rows)

    def warnings(self) -> list[str]:
        """What they mean for the source's clock."""
        if AMBIGUOUS_TIME not in self.reasons:
            return []
        source = self.export.source
        return [
            f"{self.export.name} shows an hour once that clocks in {source.time_zone} show twice, so its rows are set "
            f"aside; if its clock does not change to summer time, set time_zone of source {source.name} to the zone's "
            f"standard time, else half the year is an hour off"
        ]

    def keep(self, update: Update, rejected: list[str]) -> dict[str, int]:
        """Quarantine them and lines that are no rows. Returns reason -> rows."""
        reasons = [*self.reasons, *[UNPARSABLE_ROW] * len(rejected)]
        texts = [*self.texts, *(("", line) for line in rejected)]
        update.manifest.untimed.pop(self.export.sha256, None)
        if reasons:
            count = len(reasons)
            table = pa.table({
                "time": pa.nulls(count, pa.timestamp("us", "UTC")), "tag": [tag for tag, _ in texts],
                "source": [self.export.source.name] * count, "value": [text for _, text in texts],
                "reason": reasons, "file": [self.export.name] * count,
            })  # fmt: skip
            update.manifest.untimed[self.export.sha256] = write_file(
                update.store, "quarantine", UNTIMED, table
            )
        return dict(Counter(reasons))
