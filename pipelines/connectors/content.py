"""Whether what was brought is an export of its source, and how new it is: before it lies in the inbox."""

import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.errors import IngestError, SourceError
from pipelines.exports import opened
from pipelines.exports.stamps import NO_TIME
from pipelines.site.file import Site, Source
from pipelines.telemetry.ingest.clock import to_utc
from pipelines.telemetry.ingest.files import Export, open_export
from pipelines.telemetry.ingest.read import Reader, SwallowedLinesError

EMPTY_BYTES = 64 << 10  # no header is longer
READ_BYTES = 64 << 20  # a larger one is looked at, and read by ingest only


@dataclass(frozen=True)
class Content:
    """What an export holds. newest: its latest reading, None where it is unknown. empty: it has no row."""

    newest: datetime | None
    empty: bool = False


def content_of(path: Path, site: Site, source: Source) -> Content:
    """Look at an export. Raises SourceError where ingest would refuse it, or take it for another source's."""
    if _is_empty(path, source):
        return Content(None, empty=True)
    try:
        with opened(path) as file, tempfile.TemporaryDirectory(prefix="coldaisle-") as folder:
            export = open_export(file, site)
            if export.source.name != source.name:
                raise SourceError(
                    f"gives {path.name}, which looks like source {export.source.name}; make their files patterns differ"
                )
            if path.stat().st_size > READ_BYTES:
                return Content(None)
            return Content(_newest(export, site, Path(folder)))
    except IngestError as error:
        raise SourceError(f"gives no export that its description fits: {error}") from None


def _newest(export: Export, site: Site, folder: Path) -> datetime | None:
    reader, newest_us, now = Reader(export, site, folder), NO_TIME, pd.Timestamp.now("UTC")
    try:
        for cells in reader.parts():
            us, reason = to_utc(cells, export.source.time_zone, now)
            newest_us = max(newest_us, int(np.max(us[reason == 0], initial=NO_TIME)))
    except SwallowedLinesError:
        pass  # ingest reads it again with more care
    if newest_us == NO_TIME:
        return None
    offset = timedelta(minutes=export.source.clock_offset_minutes)
    return pd.Timestamp(newest_us, unit="us", tz="UTC").to_pydatetime() - offset


def _is_empty(path: Path, source: Source) -> bool:
    """Whether it is a header and nothing below, or a list without an entry: what a window without a reading gives."""
    if path.stat().st_size > EMPTY_BYTES:
        return False
    lines = [line for line in path.read_bytes().decode("utf-8", "replace").splitlines() if line.strip()]
    if [line.strip() for line in lines] in ([], ["[]"]):
        return True
    return len(lines) == 1 and source.time_column in lines[0] and lines[0].lstrip()[:1] not in "{["
