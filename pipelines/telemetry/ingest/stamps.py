"""Time stamps as text to µs since 1970, still on the source's own clock unless the text carries an offset."""

import re

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.errors import IngestError
from pipelines.telemetry.ingest.files import Export

NO_TIME = np.iinfo(np.int64).min
MINUTE_US = 60_000_000

_ZONE = r"(?i):\d{2}(?:\.\d+)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
# Whole ISO 8601 stamps only: a cast alone would also take "12:00 Asia/Singapore" and drop the zone.
_LOCAL = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*"


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
    us, zoned = _parse(connection, export, encoded.dictionary)
    if (us == NO_TIME).all():
        raise IngestError(_unreadable(export, encoded.dictionary))
    place = encoded.indices.fill_null(len(us)).to_numpy()
    return np.append(us, NO_TIME)[place], np.append(zoned, False)[place]


def _parse(
    connection: duckdb.DuckDBPyConnection, export: Export, stamps: pa.Array
) -> tuple[np.ndarray, np.ndarray]:
    form = export.source.time_format
    formatted_sql = "NULL" if form is None else f"epoch_us(try_strptime(t, {_quoted(form)}))"
    connection.register("stamps", pa.table({"t": stamps}))
    table = connection.sql(f"""
        SELECT {formatted_sql} AS formatted, zone,
               CASE WHEN regexp_full_match(local, '{_LOCAL}')
                    THEN epoch_us(TRY_CAST(local AS TIMESTAMP)) END AS iso
        FROM (SELECT t, zone, left(t, length(t) - length(zone)) AS local
              FROM (SELECT trim(t) AS t, regexp_extract(trim(t), '{_ZONE}', 1) AS zone FROM stamps))
    """).to_arrow_table()
    formatted, iso = (
        table[name].cast(pa.int64()).fill_null(NO_TIME).to_numpy() for name in ("formatted", "iso")
    )
    zones = [zone or "" for zone in table["zone"].to_pylist()]
    in_utc = np.where(
        iso == NO_TIME, NO_TIME, iso - np.array([_offset_us(zone) for zone in zones], dtype=np.int64)
    )
    use_format = formatted != NO_TIME
    zoned = np.where(use_format, form is not None and "%z" in form, np.array([bool(zone) for zone in zones]))
    return np.where(use_format, formatted, in_utc), zoned


def _offset_us(zone: str) -> int:
    offset = re.fullmatch(r"([+-])(\d{2}):?(\d{2})?", zone)
    if offset is None:
        return 0
    minutes = 60 * int(offset[2]) + int(offset[3] or 0)
    return MINUTE_US * (minutes if offset[1] == "+" else -minutes)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _unreadable(export: Export, stamps: pa.Array) -> str:
    first = stamps[0].as_py() if len(stamps) else ""
    how = f'time_format "{export.source.time_format}"' if export.source.time_format else "ISO 8601"
    return (
        f'{export.path.name}: no time in column "{export.source.time_column}" can be read as {how}; '
        f'the first is {first!r}; set time_format of source {export.source.name}, e.g. "%m/%d/%Y %H:%M"'
    )
