"""Where a long file may be cut in parts: not within an hour that a clock shows twice, nor where it was set back.

What such rows mean is told from the rows around them, which have to be in one part.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from pipelines.exports.stamps import NO_TIME
from pipelines.telemetry.ingest.clock import shown_twice
from pipelines.telemetry.ingest.stamps import Stamps

MOST_PARTS = 4  # put together; a table without an order steps back everywhere

Part = tuple[pa.Table, Stamps]


def whole_parts(tables: Iterator[pa.Table], read: Callable[[pa.Table], Stamps], zone: str) -> Iterator[Part]:
    """The tables with their stamps, those put together between which a file must not be cut. zone: of the source."""
    held: list[Part] = []
    for table in tables:
        part = table, read(table)
        if held and (len(held) >= MOST_PARTS or _may_be_cut([stamps for _, stamps in held], part[1], zone)):
            yield _joined(held, read)
            held = []
        held.append(part)
    if held:
        yield _joined(held, read)


def _joined(parts: list[Part], read: Callable[[pa.Table], Stamps]) -> Part:
    if len(parts) == 1:
        return parts[0]
    table = pa.concat_tables([table for table, _ in parts])
    return table, read(table)


def _may_be_cut(before: list[Stamps], after: Stamps, zone: str) -> bool:
    first, last = before[0].us[before[0].place[0]], before[-1].us[before[-1].place[-1]]
    coming = after.us[after.place[0]]
    if NO_TIME in (first, last, coming):
        return True
    latest = max(int(stamps.us.max()) for stamps in before)
    if _earliest(after) < latest and first < latest:  # else the file has its newest row first
        return False
    return not shown_twice(np.array([last, coming]), zone).all()


def _earliest(stamps: Stamps) -> int:
    return int(stamps.us[stamps.us != NO_TIME].min())
