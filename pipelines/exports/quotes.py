"""Quotation marks out of pairs: one of them would swallow all lines up to the next one."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipelines.exports.table import Table

CHUNK_BYTES = 8 << 20
MOST_LINES = 5  # of one cell with line ends in it


def without_strays(table: Table, folder: Path) -> tuple[Table, list[str]]:
    """The table with every row in one line, and the lines that are none because a quotation mark has no partner.

    The table itself where every line has its marks in pairs. folder: for the text where it has to be rewritten.
    """
    layout = table.layout
    if layout is None or not table.opened.odd_quotes:
        return table, []
    odd = _odd_lines(table.opened.content)
    odd = odd[odd >= layout.skip]
    if not len(odd):
        return table, []
    stray: list[str] = []
    target = folder / "paired.csv"
    with (
        table.opened.content.open(encoding="utf-8-sig", errors="replace", newline="\n") as source,
        target.open("w", encoding="utf-8", newline="") as sink,
    ):
        for line in _mended(source, set(odd.tolist()), layout.delimiter, layout.width, stray):
            sink.write(line)
    return table.reading(target), stray


def _odd_lines(path: Path) -> np.ndarray:
    """Numbers, from 0, of the lines with an odd number of quotation marks."""
    found, line, parity = [], 0, 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            data = np.frombuffer(chunk, np.uint8)
            ends = np.flatnonzero(data == 10)
            of_line = np.searchsorted(ends, np.flatnonzero(data == 34))
            counts = np.bincount(of_line, minlength=len(ends) + 1)
            counts[0] += parity
            found.append(line + np.flatnonzero(counts[:-1] % 2))
            line, parity = line + len(ends), int(counts[-1] % 2)
    found.append(np.array([line] if parity else [], dtype=np.int64))
    return np.concatenate(found)


def _mended(
    source: Iterator[str], odd: set[int], delimiter: str, width: int, stray: list[str]
) -> Iterator[str]:
    held: list[str] = []
    for number, line in enumerate(source):
        if number not in odd:
            if not held:
                yield line
                continue
            held.append(line)
            if len(held) > MOST_LINES:
                yield from _given_up(held, stray)
            continue
        if not held:
            held.append(line)
            continue
        joined = " ".join(part.rstrip("\r\n") for part in [*held, line])
        if _fields(joined, delimiter) == width:
            yield joined + "\n"
            held.clear()
        else:
            yield from _given_up(held, stray)
            held.append(line)
    yield from _given_up(held, stray)


def _given_up(held: list[str], stray: list[str]) -> Iterator[str]:
    """The first of the held lines is no row; the others are what they look like."""
    stray.append(held[0].strip())
    rest = held[1:]
    held.clear()
    yield from rest


def _fields(text: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader(io.StringIO(text), delimiter=delimiter), []))
    except csv.Error:
        return 0
