"""What a connector is asked for, and what it gives back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipelines.connectors.deadline import Deadline
from pipelines.connectors.secret_values import Secrets
from pipelines.site.file import Source

MOST_BYTES = 2_000_000_000  # of one file; more is an accident, or has to come in parts
CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class Job:
    """One source, and the time [start, end) (UTC) that is asked for; secrets are in place, and in no repr."""

    source: Source
    start: datetime
    end: datetime
    secrets: Secrets = field(repr=False)
    address: str = field(repr=False)
    headers: dict[str, str] = field(repr=False, default_factory=dict)
    options: dict[str, str | bool | int] = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, source: Source, start: datetime, end: datetime, secrets: Secrets) -> "Job":
        """With the source's secrets filled in. Raises SourceError where one is missing."""
        return cls(
            source,
            start,
            end,
            secrets,
            secrets.filled(source.address or "", in_url=True),
            {name: secrets.filled(text) for name, text in source.headers.items()},
            {
                name: secrets.filled(value) if isinstance(value, str) else value
                for name, value in source.options.items()
            },
        )


@dataclass(frozen=True)
class Piece:
    """One file that a source has: a window of time, or a file elsewhere.

    name: path below the source's folder in the inbox; without a suffix, its content gives it.
    download: writes it to a path within a deadline; False where there is nothing. Raises SourceError, SourceDownError.
    version: changes when the file elsewhere does; None where it has to be looked at each time.
    alone: whether others of the source may be whole where this one is not.
    """

    name: str
    download: Callable[[Path, Deadline], bool]
    version: str | None = None
    alone: bool = False


Connector = Callable[[Job], Iterator[Piece]]  # raises SourceError, SourceDownError
