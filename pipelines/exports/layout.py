"""Where the table is in a text: its delimiter, the header under titles and queries, a units row, the first row of data.

A header is the last line of words above a block of rows that hold numbers or times and are as wide as it is.
"""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field

DELIMITERS = ",;\t|"
RECORDS = 200  # that are looked at
HEADER_RECORDS = (
    50  # exports may begin with a title, the site's name, the query; the header is looked for this far
)
MOST_HEADER_LINES = 5  # of one record; more, and a quotation mark is a stray one
BLOCK = 20  # records below a header that must be as wide as it is
ALIKE = 0.8  # share of them
WORDS = 0.5  # least share of words among a header's cells

NUMBER = re.compile(r"[+-]?[\d.,'\u00a0\u202f ]*\d[\d.,'\u00a0\u202f ]*([eE][+-]?\d+)?\s*\S{0,12}")
TIME = re.compile(
    r"\d{1,4}[-/.](\d{1,2}|[^\W\d]{3,9})[-/.]\d{2,4}\b|\d{1,2}:\d{2}(:\d{2})?|\d{8}T?\d{4,6}|"
    r"[^\W\d]{3,9} \d{1,2},? \d{4}"
)
UNIT = re.compile(
    r"[(\[]?\s*(%|%? ?rh|°?\s*deg\.?\s*[cfk]|°\s*[cfk]|[cfk]|deg|celsius|fahrenheit|[kmg]?wh?|[kmg]?w\.?h|"
    r"[kmg]?va(r|rh|h)?|"
    r"[mk]?pa|m?bar|psi[ag]?|in\.? ?w[cg]|inhg|[km]?v|m?a|amps?|volts?|k?hz|rpm|gpm|lps|l/s(ec)?|l/min|l/h|"
    r"m3/h|m³/h|m\^3/h|"
    r"cmh|cfm|m3/s|kg/s|m/s|mph|km/h|kn|rt|tr|tons?|k?btu(/h(r)?|h)?|mbh|[kmg]?j|s|sec|min|h|hrs?|[wk]/m2|w/m²|lux|ppm|g/kg|"
    r"kj/kg|-|none|bool(ean)?|on/off|0/1|date|time|datetime|utc|hh:mm(:ss)?|yyyy-mm-dd.*)\s*[)\]]?",
    re.IGNORECASE,
)

Record = tuple[list[str], int]  # cells, and the number of lines up to its end


@dataclass(frozen=True)
class Layout:
    """The table in a text. delimiter: one character. header: the cells of the header as they stand.

    units: the cells of the units row below the header, empty where there is none. title: the first line above the
    header that says anything. skip: lines above the first row of data. width: cells of a row.
    """

    delimiter: str
    header: tuple[str, ...]
    skip: int
    width: int
    units: tuple[str, ...] = ()
    title: str = ""
    sample: list[list[str]] = field(default_factory=list, compare=False)


def layout_of(text: str, known: str | None = None) -> Layout | None:
    """The table in the head of a file; None where there is none.

    known: a column that the header is known to have; where some line has it, that line is the header.
    """
    found = []
    for delimiter in DELIMITERS:
        records = _records(text, delimiter)
        header = _with_column(records, known) if known else None
        layout = _below(delimiter, records, header) if header is not None else _told(delimiter, records)
        if layout is not None:
            found.append((header is not None, len(layout.sample) * layout.width, layout))
    return max(found, key=lambda each: each[:2])[2] if found else None


def _records(text: str, delimiter: str) -> list[Record]:
    records: list[Record] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before = 0
    try:
        for cells in reader:
            if reader.line_num - before > MOST_HEADER_LINES:
                return _line_by_line(text, delimiter)
            before = reader.line_num
            records.append((cells, before))
            if len(records) == RECORDS:
                break
    except csv.Error:  # a NUL, or a cell of over 128 KB
        return _line_by_line(text, delimiter)
    return records


def _line_by_line(text: str, delimiter: str) -> list[Record]:
    lines = text.splitlines()[:RECORDS]
    return [
        ([cell.strip('"') for cell in line.split(delimiter)], number) for number, line in enumerate(lines, 1)
    ]


def _with_column(records: list[Record], known: str) -> int | None:
    return next(
        (
            number
            for number, (cells, _) in enumerate(records[:HEADER_RECORDS])
            if known in cells or known in [cell.strip() for cell in cells]
        ),
        None,
    )


def _below(delimiter: str, records: list[Record], header: int) -> Layout:
    """The table under a header that is known."""
    cells, _ = records[header]
    units: tuple[str, ...] = ()
    first = header + 1
    while first < len(records) and not any(cell.strip() for cell in records[first][0]):
        first += 1
    if first < len(records) and _is_units(records[first][0]):
        units, first = tuple(records[first][0]), first + 1
    rows = [row for row, _ in records[first:] if any(cell.strip() for cell in row)]
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else len(cells)
    return Layout(
        delimiter, tuple(cells), records[first - 1][1], max(width, len(cells)), units, _title(records[:header]), rows
    )  # fmt: skip


def _told(delimiter: str, records: list[Record]) -> Layout | None:
    """The table under the first line that looks like a header."""
    for first in range(1, min(len(records), HEADER_RECORDS + 2)):
        width = len(records[first][0])
        if width < 2 or not _is_data(records[first][0]) or not _is_block(records[first:], width):
            continue
        header = _header_above(records, first, width)
        if header is not None:
            return _below(delimiter, records, header)
    return None


def _header_above(records: list[Record], first: int, width: int) -> int | None:
    """The line of names above the first row; a line of units is passed over where one of names is above it."""
    filled = [number for number in range(first) if any(cell.strip() for cell in records[number][0])]
    if not filled:
        return None
    *above, nearest = filled
    if above and _is_units(records[nearest][0]) and _is_header(records[above[-1]][0], width):
        return above[-1]
    return nearest if _is_header(records[nearest][0], width) else None


def _is_block(records: list[Record], width: int) -> bool:
    rows = [cells for cells, _ in records[:BLOCK] if any(cell.strip() for cell in cells)]
    return sum(len(cells) == width for cells in rows) >= ALIKE * len(rows)


def _is_data(cells: list[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return any(TIME.search(cell) for cell in filled) or any(NUMBER.fullmatch(cell) for cell in filled)


def _is_header(cells: list[str], width: int) -> bool:
    """Words, as many as the rows below are wide; those may end in a delimiter."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    least = width - 1 if width > 2 else width
    if not least <= len(cells) <= width + 1 or len(filled) < len(cells) / 2:
        return False
    words = [not NUMBER.fullmatch(cell) and not TIME.fullmatch(cell) for cell in filled]
    return sum(words) > WORDS * len(words) and not any(TIME.match(cell) for cell in filled)


def _is_units(cells: list[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return (
        bool(filled)
        and all(UNIT.fullmatch(cell) for cell in filled)
        and any(cell not in "-" for cell in filled)
    )


def _title(records: list[Record]) -> str:
    lines = (" ".join(cell.strip() for cell in cells if cell.strip()) for cells, _ in records)
    return next((line for line in lines if line), "")
