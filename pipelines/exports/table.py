"""A file as a table: unique names of its columns, and the SQL with which DuckDB reads them in file order."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import IngestError
from pipelines.exports.layout import Layout, layout_of
from pipelines.exports.opening import HEAD_BYTES, Opened

MOST_COLUMNS = 20_000
LEAST_LINE = 1 << 19  # bytes that DuckDB is told a row has: fewer or many more make it slow
SHOWN = 12  # names listed in an error before "and more"
SHOWN_CHARACTERS = 80  # of each
MEMORY_LIMIT = "1GB"  # of DuckDB; beyond it, it works on the disk


@dataclass(frozen=True)
class Table:
    """A file that can be queried.

    header: the columns' names, unique: where one stands several times they are `name #1`, `name #2`; a column without
    a name is `column N`. blank: columns without a name or content, as a delimiter at the end of each line makes.
    units: what a units row says, by column. repeated: names that stand more than once.
    layout: of text; None for Parquet. types: of Parquet's columns.
    """

    opened: Opened
    header: tuple[str, ...]
    layout: Layout | None = None
    types: dict[str, pa.DataType] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)
    blank: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The file's name as given."""
        return self.opened.path.name

    @property
    def is_parquet(self) -> bool:
        """Whether it is Parquet rather than text."""
        return self.layout is None

    @property
    def title(self) -> str:
        """The first line above the header that says anything."""
        return self.layout.title if self.layout else ""

    @cached_property
    def _number(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.header)}

    def find(self, name: str) -> str | None:
        """The column of that name, spaces around and within it counting as one; None where there is none."""
        if name in self._number:
            return name
        bare = _bare(name)
        # What was exported for a spreadsheet has an apostrophe before a name that looks like a formula.
        return next((each for each in (bare, f"'{bare}") if each in self._number), None)

    def column(self, name: str) -> str:
        """A column in SQL. name: one of the header."""
        return '"' + name.replace('"', '""') + '"' if self.is_parquet else f"c{self._number[name]}"

    def text(self, name: str) -> str:
        """A column in SQL, as text."""
        return f"CAST({self.column(name)} AS VARCHAR)" if self.is_parquet else self.column(name)

    def relation(self) -> str:
        """What stands after FROM; text is read as text, every cell of it."""
        path = _quoted("".join(f"[{char}]" if char in "*?[" else char for char in str(self.opened.content)))
        if self.layout is None:
            return f"read_parquet({path}, hive_partitioning=false)"
        columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(self.layout.width))
        quote = "'\"'" if self.opened.quotes else "''"
        line = max(LEAST_LINE, 2 * self.opened.longest_line)  # a cell may have line ends in it
        return (
            f"read_csv({path}, auto_detect=false, delim={_quoted(self.layout.delimiter)}, quote={quote}, "
            f"escape={quote}, header=false, skip={self.layout.skip}, columns={{{columns}}}, store_rejects=true, "
            f"rejects_limit=0, max_line_size={line}, hive_partitioning=false)"
        )

    def reading(self, content: Path, lines: int) -> "Table":
        """The same table with its rows in another text of so many lines, without quotation marks out of pairs."""
        return replace(self, opened=replace(self.opened, content=content, lines=lines))


def read_table(opened: Opened, known: str | None = None) -> Table:
    """The table in a file. known: a column that it should have. Raises IngestError where there is none."""
    if opened.kind == "parquet":
        return _parquet_table(opened)
    with opened.content.open("rb") as file:
        head = file.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")
    layout = layout_of(head, known)
    if layout is None:
        first = next((line for line in head.splitlines() if line.strip()), "")
        if len([line for line in head.splitlines() if line.strip()]) == 1:
            raise IngestError(f"{opened.path.name} has one line and no rows; export a period that holds data")
        raise IngestError(
            f"{opened.path.name} has no header above rows of numbers; it begins with {first[:120]!r}; "
            f"export it with a line of column names"
        )
    _check_columns(opened.path.name, layout.width)
    if not layout.sample:
        raise IngestError(f"{opened.path.name} has a header but no rows; export it again")
    layout = _without_empty_end(layout)
    names, repeated = _unique(layout.header, layout.width)
    blank = {
        name
        for place, name in enumerate(names)
        if name == f"column {place + 1}"
        and not any(row[place : place + 1] not in ([], [""]) for row in layout.sample)
    }
    units = {
        name: unit.strip().strip("()[]").strip()
        for name, unit in zip(names, layout.units, strict=False)
        if unit.strip(" -()[]")
    }
    return Table(opened, names, layout, units=units, repeated=repeated, blank=frozenset(blank))


def _parquet_table(opened: Opened) -> Table:
    try:
        with pq.ParquetFile(opened.content) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
    except (pa.ArrowException, OSError) as cause:
        raise IngestError(f"{opened.path.name} is not readable Parquet ({cause}); export it again") from cause
    if rows == 0:
        raise IngestError(f"{opened.path.name} has a header but no rows; export it again")
    _check_columns(opened.path.name, len(schema.names))
    doubled = [name for name, count in Counter(schema.names).items() if count > 1]
    if doubled:
        raise IngestError(
            f"{opened.path.name} has column {listed(doubled)} more than once; rename one and export it again"
        )
    return Table(opened, tuple(schema.names), types=dict(zip(schema.names, schema.types, strict=True)))


def _check_columns(name: str, count: int) -> None:
    if count > MOST_COLUMNS:
        raise IngestError(
            f"{name} has {count:,} columns, at most {MOST_COLUMNS:,} are read; export it in rows of time, tag and value"
        )


def _without_empty_end(layout: Layout) -> Layout:
    """The header without the empty cells that a delimiter at its end makes; the width of rows stays."""
    header = list(layout.header[: layout.width])
    while header and not header[-1].strip():
        header.pop()
    return replace(layout, header=tuple(header))


def _unique(cells: tuple[str, ...], width: int) -> tuple[tuple[str, ...], dict[str, int]]:
    bare = [_bare(cell) for cell in cells]
    bare = [name or f"column {number}" for number, name in enumerate(bare, start=1)]
    count = Counter(bare)
    seen: Counter[str] = Counter()
    names = []
    for name in bare:
        seen[name] += 1
        names.append(f"{name} #{seen[name]}" if count[name] > 1 else name)
    # Cells beyond the header are read, so that rows have their width, and named, so that none is lost unseen.
    names += [f"column {number}" for number in range(len(names) + 1, width + 1)]
    return tuple(names), {name: times for name, times in count.items() if times > 1}


def _bare(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip()


def connect(folder: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory that goes to the disk where memory is short. folder: for that."""
    config: dict[str, str | bool] = {"autoinstall_known_extensions": False, "memory_limit": MEMORY_LIMIT}
    if folder is not None:
        config["temp_directory"] = str(folder)
    connection = duckdb.connect(config=config)  # type: ignore[arg-type]
    # It would be drawn on standard output, which belongs to --json.
    connection.execute("SET enable_progress_bar = false")
    return connection


def head(table: Table, rows: int) -> pa.Table:
    """The first rows, every column as text under its own name. Raises IngestError where the file cannot be read."""
    columns = ", ".join(f"{table.text(name)} AS {_identifier(name)}" for name in table.header)
    try:
        with connect() as connection:
            return connection.sql(f"SELECT {columns} FROM {table.relation()} LIMIT {rows}").to_arrow_table()
    except duckdb.Error as cause:
        raise IngestError(f"{table.name} cannot be read ({cause}); export it again") from cause


def listed(names: list[str]) -> str:
    """Names for an error message, the first few of many."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f'"{name[:SHOWN_CHARACTERS]}"' for name in names[:SHOWN]) + more


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
