"""An export's time column as µs since 1970, still on the source's own clock unless the text carries an offset."""

from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.errors import IngestError
from pipelines.exports.forms import readable_forms
from pipelines.exports.stamps import COUNTED, NO_TIME, times_of
from pipelines.telemetry.ingest.encoded import encoded
from pipelines.telemetry.ingest.files import Export

EXAMPLES = 50


@dataclass(frozen=True)
class Stamps:
    """A time column: each stamp once, and which one each row has.

    text: [stamps + 1] as written, or as Parquet has it; the last is of rows without one. us: µs since 1970, NO_TIME
    where unreadable; zoned: whether it is UTC already because the text had an offset. place: [rows].
    """

    text: pa.Array
    us: np.ndarray
    zoned: np.ndarray
    place: np.ndarray

    def of(self, rows: np.ndarray) -> "Stamps":
        """Those of some rows."""
        return replace(self, place=self.place[rows])

    def shown(self, row: int) -> str:
        """A row's stamp as a text."""
        return str(self.text[int(self.place[row])].as_py() or "")


def parse_stamps(connection: duckdb.DuckDBPyConnection, export: Export, column: pa.ChunkedArray) -> Stamps:
    """The stamps of a column. A stamp with its own offset wins over the source's zone.

    Raises IngestError where none can be read.
    """
    if not pa.types.is_timestamp(column.type):
        column = column.cast(pa.string())
    distinct, place = encoded(column)
    text = pa.concat_arrays([distinct, pa.nulls(1, distinct.type)])
    if pa.types.is_timestamp(column.type):
        us = distinct.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64()).to_numpy()
        zoned = np.full(len(us), column.type.tz is not None)
    else:
        source = export.source
        us, zoned = times_of(connection, distinct, source.time_format, source.time_zone)
        if len(column) and (us == NO_TIME).all():
            raise IngestError(_unreadable(export, distinct))
    return Stamps(text, np.append(us, NO_TIME), np.append(zoned, False), place)


def _unreadable(export: Export, stamps: pa.Array) -> str:
    texts = [text for text in stamps[:EXAMPLES].to_pylist() if text and text.strip()]
    form = export.source.time_format
    how = f'time_format "{form}"' if form else "ISO 8601"
    others = [each for each in readable_forms(texts) if each is not None and each != form]
    told = (
        f'it reads as "{others[0]}"' if others else f'e.g. "%m/%d/%Y %H:%M", or one of {", ".join(COUNTED)}'
    )
    return (
        f'{export.name}: no time in column "{export.source.time_column}" can be read as {how}; '
        f"the first is {texts[0] if texts else ''!r}; set time_format of source {export.source.name}: {told}"
    )
