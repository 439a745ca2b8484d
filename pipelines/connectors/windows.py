"""Time cut into windows at fixed instants, so that a window has one name however often it is asked for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pipelines.connectors.job import Job

Window = tuple[datetime, datetime]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def windows(job: Job) -> Iterator[Window]:
    """[start - lookback, end) of a job, cut at multiples of its source's window."""
    step = timedelta(hours=job.source.window_hours)
    start = job.start - timedelta(hours=job.source.lookback_hours)
    while start < job.end:
        cut = EPOCH + ((start - EPOCH) // step + 1) * step
        yield start, min(cut, job.end)
        start = min(cut, job.end)


def window_name(source: str, window: Window) -> str:
    """Name of a window's file, without a suffix; `pipelines.site.arrival.window_pattern` matches it."""
    start, end = (f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}" for time in window)
    return f"{source}_{start}_{end}"


def iso(time: datetime) -> str:
    """ISO 8601 in UTC, without a plus sign, which means a space in URLs."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
