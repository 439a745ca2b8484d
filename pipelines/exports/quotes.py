"""Quotation marks out of pairs: one that opens a cell and is never closed would swallow the lines below it."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipelines.exports.table import Table

CHUNK_BYTES = 8 << 20
MOST_LINES = 5  # of one cell with line ends in it


def without_strays(table: Table, folder: Path, *, careful: bool = False) -> tuple[Table, list[str]]:
    """The table with every row in one line, and the lines that are none because a quotation mark has no partner.

    The table itself where no line looks so: with an odd number of marks; careful: with any. folder: for the text where
    it has to be rewritten.
    """
    layout = table.layout
    if layout is None or not (table.opened.quotes if careful else table.opened.odd_quotes):
        return table, []
    looked_at = _lines_with_marks(table.opened.content, odd=not careful)
    looked_at = looked_at[looked_at >= layout.skip]
    if not len(looked_at):
        return table, []
    stray: list[str] = []
    filled = 0
    target = folder / "paired.csv"
    with (
        table.opened.content.open(encoding="utf-8-sig", errors="replace", newline="\n") as source,
        target.open("w", encoding="utf-8", newline="") as sink,
    ):
        for line in _mended(source, set(looked_at.tolist()), layout.delimiter, layout.width, stray):
            sink.write(line)
            filled += bool(line.strip())
    return table.reading(target, filled), stray


def lines_below_header(table: Table) -> int:
    """How many lines of a text with quotation marks are below its header and not blank; a few more at most."""
    if table.layout is None:
        return 0
    with table.opened.content.open("rb") as file:
        above = [line for _, line in zip(range(table.layout.skip), file, strict=False) if line.strip()]
    return table.opened.lines - len(above)


def _lines_with_marks(path: Path, *, odd: bool) -> np.ndarray:
    """Numbers, from 0, of the lines with quotation marks, or an odd number of them."""
    found, line, count = [], 0, 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            data = np.frombuffer(chunk, np.uint8)
            ends = np.flatnonzero(data == 10)
            of_line = np.searchsorted(ends, np.flatnonzero(data == 34))
            counts = np.bincount(of_line, minlength=len(ends) + 1)
            counts[0] += count
            found.append(line + np.flatnonzero(counts[:-1] % 2 if odd else counts[:-1]))
            line, count = line + len(ends), int(counts[-1])
    found.append(np.array([line] if (count % 2 if odd else count) else [], dtype=np.int64))
    return np.concatenate(found)


def _mended(
    source: Iterator[str], looked_at: set[int], delimiter: str, width: int, stray: list[str]
) -> Iterator[str]:
    lines = ((line, number in looked_at) for number, line in enumerate(source))
    again: deque[tuple[str, bool]] = deque()  # lines that were taken for the rest of a cell, and are none
    held: list[tuple[str, bool]] = []  # a cell that is open
    while True:
        item = again.popleft() if again else next(lines, None)
        if item is None and not held:
            return
        if item is not None and not held:
            if item[1] and _ends_open(item[0], delimiter):
                held.append(item)
            else:
                yield item[0]
            continue
        coming = [] if item is None else [item]
        joined = " ".join(line.rstrip("\r\n") for line, _ in [*held, *coming])
        is_open = _ends_open(joined, delimiter)
        if not is_open and _fields(joined, delimiter) == width:
            yield joined + "\n"
            held = []
        elif is_open and coming and len(held) < MOST_LINES:
            held += coming
        else:
            stray.append(held[0][0].strip())
            again.extendleft(reversed([*held[1:], *coming]))
            held = []


def _ends_open(line: str, delimiter: str) -> bool:
    """Whether a line ends within a cell that a quotation mark opens; within a cell a mark is a character (12" pipe)."""
    at = 0
    while True:
        if line[at : at + 1] == '"':
            at = line.find('"', at + 1)
            while at >= 0 and line[at + 1 : at + 2] == '"':
                at = line.find('"', at + 2)
            if at < 0:
                return True
        at = line.find(delimiter, at)
        if at < 0:
            return False
        at += 1


def _fields(text: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader(io.StringIO(text), delimiter=delimiter), []))
    except csv.Error:
        return 0
