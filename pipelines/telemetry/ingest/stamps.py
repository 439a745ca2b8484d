"""An export's time column as µs since 1970, still on the source's own clock unless the text carries an offset."""

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.errors import IngestError
from pipelines.exports.forms import readable_forms
from pipelines.exports.stamps import COUNTED, NO_TIME, times_of
from pipelines.telemetry.ingest.files import Export

EXAMPLES = 50


def parse_stamps(
    connection: duckdb.DuckDBPyConnection, export: Export, stamps: pa.ChunkedArray
) -> tuple[np.ndarray, np.ndarray]:
    """[rows] µs since 1970 (NO_TIME where unreadable) and whether they are UTC already.

    A stamp with its own offset wins over the source's zone. Raises IngestError where none can be read.
    """
    if pa.types.is_timestamp(stamps.type):
        us = (
            stamps.cast(pa.timestamp("us", stamps.type.tz), safe=False)
            .cast(pa.int64())
            .fill_null(NO_TIME)
            .to_numpy()
        )
        return us, np.full(len(us), stamps.type.tz is not None)
    encoded = (
        pa.chunked_array(stamps.cast(pa.string()).chunks, type=pa.string())
        .combine_chunks()
        .dictionary_encode()
    )
    us, zoned = times_of(connection, encoded.dictionary, export.source.time_format, export.source.time_zone)
    if len(stamps) and (us == NO_TIME).all():
        raise IngestError(_unreadable(export, encoded.dictionary))
    place = encoded.indices.fill_null(len(us)).to_numpy()
    return np.append(us, NO_TIME)[place], np.append(zoned, False)[place]


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
