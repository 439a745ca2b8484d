"""Exports to cells: DuckDB parses in parallel, here its table becomes arrays."""

from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import IngestError
from pipelines.site.file import Point, Site
from pipelines.site.quantities import QUANTITIES
from pipelines.telemetry.ingest.files import Export, listed, points_of
from pipelines.telemetry.ingest.query import query
from pipelines.telemetry.ingest.reasons import BAD_QUALITY, CODE, UNPARSABLE_VALUE
from pipelines.telemetry.ingest.stamps import parse_stamps

# What historians write where they have no value; such a cell is missing, not bad.
MISSING_WORDS = (
    "",
    "nan",
    "null",
    "none",
    "na",
    "n/a",
    "#n/a",
    "-",
    "--",
    "no data",
    "nodata",
    "bad",
    "missing",
)
SWITCH_WORDS = {"on": 1.0, "true": 1.0, "yes": 1.0, "off": 0.0, "false": 0.0, "no": 0.0}


@dataclass
class Cells:
    """What stands in an export, in file order.

    local_us, zoned, stamp: [rows] the row's time in µs since 1970 (NO_TIME where unreadable), whether it is
        UTC already because the text had an offset, and that text.
    row, tag, value, reason, text: [cells] the row, the index into `points`, the value in source units (NaN
        where missing), the reason code, and the text where it is no number.
    rejected: lines that are no rows (too few columns, broken encoding).
    ignored: columns or tags that no point names, with their rows.
    """

    points: list[Point]
    local_us: np.ndarray
    zoned: np.ndarray
    stamp: pa.ChunkedArray
    row: np.ndarray
    tag: np.ndarray
    value: np.ndarray
    reason: np.ndarray
    text: np.ndarray
    rejected: list[str] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows the export has."""
        return len(self.local_us)

    @property
    def is_long(self) -> bool:
        """Whether each row is one reading."""
        return len(self.row) == self.rows


def read_cells(export: Export, site: Site) -> Cells:
    """All cells of the site's points in an export. Raises IngestError where the file cannot be parsed."""
    points = points_of(site, export.source)
    connection = _connection()
    try:
        table = connection.sql(query(export, points)).to_arrow_table()
        rejected = _rejected(connection, export)
        if not len(table):
            raise IngestError(
                f"{export.path.name} has no row with its {len(export.header)} columns; export it again"
            )
        make = _long if export.source.layout == "long" else _wide
        cells = make(connection, export, table, points)
    except duckdb.Error as cause:
        raise IngestError(f"{export.path.name} cannot be read ({cause}); export it again") from cause
    finally:
        connection.close()
    cells.rejected = rejected
    return cells


def _connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    # It would be drawn on standard output, which belongs to --json.
    connection.execute("SET enable_progress_bar = false")
    return connection


def _rejected(connection: duckdb.DuckDBPyConnection, export: Export) -> list[str]:
    if export.is_parquet:
        return []
    lines = connection.sql(
        "SELECT line, any_value(csv_line) FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    return [(text or "").strip() for _, text in lines]


def _long(
    connection: duckdb.DuckDBPyConnection, export: Export, table: pa.Table, points: list[Point]
) -> Cells:
    tags, ignored = _tag_codes(export, table["tag"], points)
    if (tags < 0).any():
        table, tags = table.filter(pa.array(tags >= 0)), tags[tags >= 0]
    local_us, zoned = parse_stamps(connection, export, table["time"])
    cells = Cells(
        points, local_us, zoned, _text(table["time"]), np.arange(len(table)), tags,
        *_values(table["value"], table["text"], tags, points), ignored=ignored,
    )  # fmt: skip
    _mark_quality(cells, _bad_quality(export, table["quality"]))
    return cells


def _wide(
    connection: duckdb.DuckDBPyConnection, export: Export, table: pa.Table, points: list[Point]
) -> Cells:
    local_us, zoned = parse_stamps(connection, export, table["time"])
    rows, count = len(table), len(points)
    tags = np.repeat(np.arange(count, dtype=np.int16), rows)
    values, texts = (
        pa.chunked_array([chunk for i in range(count) for chunk in table[f"{name}{i}"].chunks], type=kind)
        for name, kind in (("v", pa.float64()), ("t", pa.string()))
    )
    read = {export.source.time_column, export.source.quality_column, *(point.tag for point in points)}
    cells = Cells(
        points, local_us, zoned, _text(table["time"]), np.tile(np.arange(rows), count), tags,
        *_values(values, texts, tags, points),
        ignored={name: rows for name in export.header if name not in read},
    )  # fmt: skip
    _mark_quality(cells, np.tile(_bad_quality(export, table["quality"]), count))
    return cells


def _tag_codes(
    export: Export, tags: pa.ChunkedArray, points: list[Point]
) -> tuple[np.ndarray, dict[str, int]]:
    """Point index of each row (-1 where no point has the tag), and the rows of each tag without a point."""
    encoded = pa.chunked_array(tags.chunks, type=tags.type).combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    index = {point.tag: i for i, point in enumerate(points)}
    codes = np.array([*(index.get(name, -1) for name in names), -1], dtype=np.int16)
    place = encoded.indices.fill_null(len(names)).to_numpy()
    counts = np.bincount(place, minlength=len(names) + 1)
    ignored = {name: int(rows) for name, rows in zip(names, counts, strict=False) if name not in index}
    if (codes[place] < 0).all():
        raise IngestError(
            f"{export.path.name} has no tag of source {export.source.name}; it has "
            f"{listed(sorted(map(str, ignored)))}; is it a file of another site? "
            f"Else add its tags to [[points]]"
        )
    return codes[place], ignored


def _values(
    values: pa.ChunkedArray, texts: pa.ChunkedArray, tags: np.ndarray, points: list[Point]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value, reason code and text of each cell; on and off count as numbers for points that are switches."""
    value = values.to_numpy().astype(float)  # missing becomes NaN
    reason = np.zeros(len(value), dtype=np.int8)
    text = np.full(len(value), None, dtype=object)
    unreadable = np.flatnonzero(_flags(pc.is_valid(texts)))
    if not len(unreadable):
        return value, reason, text
    encoded = texts.take(pa.array(unreadable)).combine_chunks().dictionary_encode()
    words = [word.strip().lower() for word in encoded.dictionary.to_pylist()]
    place = encoded.indices.to_numpy()
    switch = np.array([_is_switch(point) for point in points])[tags[unreadable]]
    number = np.array([SWITCH_WORDS.get(word, np.nan) for word in words])[place]
    missing = np.array([word in MISSING_WORDS for word in words])[place]
    value[unreadable] = np.where(switch, number, np.nan)
    bad = ~missing & np.isnan(value[unreadable])
    text[unreadable[bad]] = np.array(encoded.dictionary.to_pylist(), dtype=object)[place[bad]]
    reason[unreadable[bad]] = CODE[UNPARSABLE_VALUE]
    return value, reason, text


def _is_switch(point: Point) -> bool:
    quantity = QUANTITIES[point.quantity]
    return quantity.name.endswith(("_on", "_enable"))


def _bad_quality(export: Export, quality: pa.ChunkedArray) -> np.ndarray:
    good = pa.array([None, *export.source.good_quality], pa.string())
    return ~_flags(pc.is_in(quality.cast(pa.string()), good))


def _mark_quality(cells: Cells, bad: np.ndarray) -> None:
    present = ~np.isnan(cells.value) | (cells.reason > 0)
    cells.reason[bad & present] = CODE[BAD_QUALITY]


def _flags(column: pa.ChunkedArray) -> np.ndarray:
    return column.to_numpy(zero_copy_only=False).astype(bool)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def row_texts(cells: Cells, rows: np.ndarray) -> list[tuple[str, str]]:
    """(tag, text) of rows whose time is of no use; the tag is empty for a wide row, which has many.

    rows: [n] indices of the rows.
    """
    if cells.is_long:
        return [
            (cells.points[cells.tag[row]].tag, f"{_stamp(cells, row)},{_shown(cells, row)}") for row in rows
        ]
    of_row = cells.row.reshape(-1, cells.rows)
    return [
        (
            "",
            ",".join(
                [
                    _stamp(cells, row),
                    *(_shown(cells, at) for at in np.arange(len(of_row)) * cells.rows + row),
                ]
            ),
        )
        for row in rows
    ]


def _stamp(cells: Cells, row: int) -> str:
    return cells.stamp[int(row)].as_py() or ""


def _shown(cells: Cells, cell: int) -> str:
    if cells.text[cell] is not None:
        return str(cells.text[cell])
    return "" if np.isnan(cells.value[cell]) else f"{cells.value[cell]:.15g}"
