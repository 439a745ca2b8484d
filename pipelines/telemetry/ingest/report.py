"""What an ingest did, for a person and for a program."""

from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd


@dataclass
class FileReport:
    """One export.

    rows: of the file.
    readings: believed, of the site's points; less what a later file of the same ingest replaced.
    quarantined: reason -> readings, or rows where a row has no usable time.
    repeated: identical copies left out. new, replaced, already_there: readings that are new, readings of other exports
        that this one gives another value, and readings that others had brought already.
    ignored: columns or tags that no point names.
    first, last: earliest and latest reading, UTC on the source's clock.
    """

    name: str
    source: str
    rows: int = 0
    sha256: str = ""
    readings: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    new: int = 0
    replaced: int = 0
    already_there: int = 0
    ignored: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unchanged: bool = False
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None


@dataclass
class IngestReport:
    """One ingest: its exports in the order given, and the UTC days of the table that changed.

    findings: what is wrong with points on these days, as far as it shows.
    """

    site: str
    files: list[FileReport] = field(default_factory=list)
    days_written: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    dry_run: bool = False

    @property
    def replaced(self) -> int:
        """Readings that were given another value."""
        return sum(file.replaced for file in self.files)

    @property
    def unchanged(self) -> bool:
        """Whether the store is as it was."""
        return not self.days_written and all(file.unchanged for file in self.files)

    @property
    def quarantined(self) -> dict[str, int]:
        """Reason -> readings, all files together."""
        reasons = sorted({reason for file in self.files for reason in file.quarantined})
        return {reason: sum(file.quarantined.get(reason, 0) for file in self.files) for reason in reasons}

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as --json prints them."""
        return {
            **asdict(self),
            "unchanged": self.unchanged,
            "quarantined": self.quarantined,
            "replaced": self.replaced,
        }
