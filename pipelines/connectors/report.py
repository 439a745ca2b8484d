"""What a fetch brought, source by source."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class SourceReport:
    """What one source brought.

    files: new or changed ones, below `fetched` in the inbox; size_bytes: of these. unchanged: files or windows whose
    content is there already. empty: windows without a row, or an address without a file. newest: the latest reading in
    what the source has. stale: that reading is older than what was asked for: the source gives what it gave before.
    error: why it failed, "" where it did not; what came before is kept. transient: trying again may help.
    """

    source: str
    kind: str
    files: list[str] = field(default_factory=list)
    size_bytes: int = 0
    unchanged: int = 0
    empty: int = 0
    newest: datetime | None = None
    stale: bool = False
    error: str = ""
    transient: bool = False

    def saw(self, newest: datetime | None) -> None:
        """Count a reading's time in."""
        if newest is not None and (self.newest is None or newest > self.newest):
            self.newest = newest


@dataclass(frozen=True)
class FetchReport:
    """What a fetch brought for [start, end) (UTC), by source in the site file's order."""

    site: str
    start: datetime
    end: datetime
    sources: list[SourceReport]

    @property
    def files(self) -> list[str]:
        """New or changed files of all sources."""
        return [file for source in self.sources for file in source.files]

    @property
    def failed(self) -> dict[str, str]:
        """Source -> why it failed."""
        return {source.source: source.error for source in self.sources if source.error}

    @property
    def stale(self) -> dict[str, datetime]:
        """Source -> time of its latest reading, where that is older than the window."""
        return {each.source: each.newest for each in self.sources if each.stale and each.newest is not None}

    @property
    def transient(self) -> bool:
        """Whether something failed, and all that did may succeed when it is tried again."""
        failed = [source for source in self.sources if source.error]
        return bool(failed) and all(source.transient for source in failed)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as --json prints them."""
        return asdict(self)
