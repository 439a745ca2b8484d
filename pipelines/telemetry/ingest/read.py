"""Exports to cells: DuckDB parses, here its tables become arrays, a part of the file at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.errors import IngestError
from pipelines.exports import connect, head, listed
from pipelines.exports.numbers import GOOD_WORDS, Decimal, decimal_of_column, is_doubtful
from pipelines.exports.quotes import lines_below_header, without_strays
from pipelines.site.file import Point, Site
from pipelines.telemetry.ingest.cells import Cells, Values, values_of
from pipelines.telemetry.ingest.cuts import whole_parts
from pipelines.telemetry.ingest.encoded import encoded
from pipelines.telemetry.ingest.files import Export, points_of, tag_of
from pipelines.telemetry.ingest.interleaved import refuse_interleaved
from pipelines.telemetry.ingest.query import is_number, query
from pipelines.telemetry.ingest.stamps import Stamps, parse_stamps

CELLS_AT_ONCE = 500_000  # bounds memory, whatever the size of a file
SAMPLE_ROWS = 5_000
NUMERIC_CODES = frozenset(("0", "192", "0.0", "192.0"))  # OPC's good is 192; others say 0 for no fault


class SwallowedLinesError(Exception):
    """A quotation mark that opens a cell and never closes it took lines with it."""


@dataclass
class Reader:
    """One export on its way to cells.

    careful: look at every line with a quotation mark, since rows were missing without (`SwallowedLinesError`).
    After the last part: rows that were read, rejected lines, and columns or tags that no point names, with their rows.
    """

    export: Export
    site: Site
    folder: Path
    careful: bool = False
    rows: int = 0
    rejected: list[str] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.points: list[Point] = points_of(self.site, self.export.source)
        self._index = {point.tag: number for number, point in enumerate(self.points)}
        self._bare = {" ".join(tag.split()): number for tag, number in self._index.items()}

    def parts(self) -> Iterator[Cells]:
        """All cells of the site's points, part by part in file order.

        Raises IngestError where it cannot be parsed, SwallowedLinesError after the last part where rows are missing.
        """
        table, stray = without_strays(self.export.table, self.folder, careful=self.careful)
        self.export = Export(table, self.export.source, self.export.prefix, self.export.columns)
        sample = head(table, SAMPLE_ROWS)
        refuse_interleaved(self.export, sample)
        decimals = self._decimals(sample)
        connection = connect(self.folder)
        try:
            yield from _ahead(self._parts(connection, decimals))
            rejected = _rejected(connection, self.export)
        except duckdb.Error as cause:
            raise IngestError(
                f"{self.export.name} cannot be read ({_brief(cause)}); export it again"
            ) from cause
        finally:
            connection.close()
        self.rejected = [*stray, *rejected]
        looked_at = self.careful or not table.opened.quotes
        if not looked_at and self.rows + len(rejected) < lines_below_header(table):
            raise SwallowedLinesError
        if not self.rows:
            raise IngestError(
                f"{self.export.name} has no row with its {len(table.header)} columns; export it again"
            )
        if not self.seen:
            raise IngestError(
                f"{self.export.name} has no tag of source {self.export.source.name}; it has "
                f"{listed(sorted(map(str, self.ignored)))}; is it a file of another site? "
                f"Else add its tags to [[points]]"
            )

    def _parts(
        self, connection: duckdb.DuckDBPyConnection, decimals: dict[str, Decimal | None]
    ) -> Iterator[Cells]:
        long = self.export.source.layout == "long"
        if not long:
            read = {*self.export.columns, *self._described()}
            self.ignored = {
                name: 0
                for name in self.export.table.header
                if name not in read and name not in self.export.table.blank
            }
        rows_at_once = CELLS_AT_ONCE if long else max(CELLS_AT_ONCE // len(self.export.columns), 1)
        cursor = connection.cursor()
        tables = _batches(connection.sql(query(self.export, decimals)), rows_at_once)
        zone = self.export.source.time_zone
        for table, stamps in whole_parts(
            tables, lambda table: parse_stamps(cursor, self.export, table["time"]), zone
        ):
            self.rows += len(table)
            yield (self._long if long else self._wide)(table, stamps)
        if not long:
            self.ignored = dict.fromkeys(self.ignored, self.rows)

    def _described(self) -> list[str]:
        """Columns that the source itself names, as the file has them."""
        source = self.export.source
        names = [source.time_column, source.date_column, source.quality_column, *source.tag_columns]
        beside = [self.export.quality_of(column) for column in self.export.columns]
        return [*(self.export.column(name) for name in names if name), *(name for name in beside if name)]

    def _decimals(self, sample: pa.Table) -> dict[str, Decimal | None]:
        """Decimal sign of each value column: the source's, or what the sample shows; columns that show none follow."""
        export = self.export
        names = (
            [export.column(export.source.value_column)] if export.source.layout == "long" else export.columns
        )
        if export.source.decimal is not None:
            return dict.fromkeys(names, export.source.decimal)
        texts = [name for name in names if not is_number(export, name)]
        told = {name: decimal_of_column(sample[name]) for name in texts}
        common = {sign for sign in told.values() if sign is not None}
        rest = next(iter(common)) if len(common) == 1 else None
        for name in texts:
            if told[name] is None and rest is None:
                told[name] = self._undoubted(name, sample[name].drop_null().to_pylist())
        return {name: told[name] or rest for name in texts}

    def _undoubted(self, name: str, texts: list[str]) -> Decimal | None:
        """The decimal sign of a column whose cells do not tell it. Raises IngestError where it has to be asked for."""
        doubtful = [text for text in texts if is_doubtful([text])]
        if not doubtful:
            return None
        layout = self.export.table.layout
        if layout is not None and layout.delimiter == "," and not any("," in text for text in doubtful):
            return "."  # who writes a comma between cells does not write one in numbers
        raise IngestError(
            f'{self.export.name}: "{doubtful[0].strip()}" in column "{name}" can be a thousand or a fraction; '
            f'set decimal of source {self.export.source.name} to "." or ","'
        )

    def _tag(self, *parts: str) -> int:
        """Index of the point with that tag, -1 where there is none."""
        tag = tag_of(self.export.prefix, *parts)
        return self._index.get(tag, self._bare.get(" ".join(tag.split()), -1))

    def _long(self, table: pa.Table, stamps: Stamps) -> Cells:
        codes = self._long_codes(table["identity"])
        if (codes < 0).any():
            table, stamps = table.filter(pa.array(codes >= 0)), stamps.of(codes >= 0)
            codes = codes[codes >= 0]
        values = values_of(self.export, table["value"], table["text"], codes, self.points)
        self._mark_quality(values, table["quality"])
        return Cells(self.points, stamps, np.arange(len(table)), codes, values)

    def _long_codes(self, identity: pa.ChunkedArray) -> np.ndarray:
        distinct, place = encoded(identity)
        names = distinct.to_pylist()
        own = [self._tag(name or "") for name in names]
        codes = np.array([*own, -1], dtype=np.int32)[place]
        counts = np.bincount(place, minlength=len(names) + 1)
        for name, code, count in zip(names, own, counts, strict=False):
            if code < 0:
                self.ignored[str(name)] = self.ignored.get(str(name), 0) + int(count)
            else:
                self.seen.add(code)
        return codes

    def _wide(self, table: pa.Table, stamps: Stamps) -> Cells:
        rows, columns = len(table), self.export.columns
        codes = np.concatenate([self._wide_codes(table["identity"], name) for name in columns])
        values, texts = (
            pa.chunked_array(
                [chunk for i in range(len(columns)) for chunk in table[f"{name}{i}"].chunks], type=kind
            )
            for name, kind in (("v", pa.float64()), ("t", pa.string()))
        )
        read = values_of(self.export, values, texts, codes, self.points)
        if self.export.source.quality_suffix is None:
            self._mark_quality(read, table["quality"], repeated=len(columns))
        else:
            beside = [chunk for i in range(len(columns)) for chunk in table[f"q{i}"].chunks]
            self._mark_quality(read, pa.chunked_array(beside, type=pa.string()))
        row = np.tile(np.arange(rows), len(columns))
        if (codes < 0).any():
            kept = np.flatnonzero(codes >= 0)
            row, codes, read = row[kept], codes[kept], read.of(kept)
        return Cells(self.points, stamps, row, codes, read)

    def _wide_codes(self, identity: pa.ChunkedArray, column: str) -> np.ndarray:
        if not self.export.source.identity_columns:
            code = self._tag(column)
            self.seen.add(code)
            return np.full(len(identity), code, dtype=np.int32)
        distinct, place = encoded(identity)
        names = distinct.to_pylist()
        own = [self._tag(name or "", column) for name in names]
        self.seen |= {code for code in own if code >= 0}
        for name, code, count in zip(names, own, np.bincount(place, minlength=len(names) + 1), strict=False):
            if code < 0:
                tag = tag_of(self.export.prefix, str(name), column)
                self.ignored[tag] = self.ignored.get(tag, 0) + int(count)
        return np.array([*own, -1], dtype=np.int32)[place]

    def _mark_quality(self, values: Values, quality: pa.ChunkedArray, repeated: int = 1) -> None:
        """Mark values whose quality is none of the good ones; where none are declared, none that is known as good."""
        if quality.null_count == len(quality):
            return
        distinct, place = encoded(quality)
        names = distinct.to_pylist()
        declared = set(self.export.source.good_quality)
        good = [
            name in declared if declared else name.strip("{}[] ").lower() in GOOD_WORDS | NUMERIC_CODES
            for name in names
        ]
        bad = ~np.array([*good, True])[place]
        values.mark_bad(np.tile(bad, repeated) if repeated > 1 else bad)


def _ahead(parts: Iterator[Cells]) -> Iterator[Cells]:
    """The same, the next one made while one is used."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = pool.submit(next, parts, None)
            yield part


def _batches(relation: duckdb.DuckDBPyRelation, rows: int) -> Iterator[pa.Table]:
    """Tables of about `rows` rows."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in relation.to_arrow_reader(min(rows, 500_000)):
        held.append(batch)
        count += len(batch)
        if count >= rows:
            yield pa.Table.from_batches(held)
            held, count = [], 0
    if count:
        yield pa.Table.from_batches(held)


def _rejected(connection: duckdb.DuckDBPyConnection, export: Export) -> list[str]:
    if export.table.is_parquet:
        return []
    lines = connection.sql(
        "SELECT line, any_value(csv_line) FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    return [(text or "").strip() for _, text in lines]


def _brief(cause: Exception) -> str:
    return " ".join(str(cause).split())[:300]
