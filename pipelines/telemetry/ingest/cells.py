"""What stands in an export's cells: numbers, or texts that have to be understood."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.errors import SiteError
from pipelines.exports.numbers import SWITCH_WORDS, Number, decimal_of, number_of
from pipelines.site.file import Point
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import conversion
from pipelines.telemetry.ingest.encoded import encoded
from pipelines.telemetry.ingest.files import Export
from pipelines.telemetry.ingest.reasons import BAD_QUALITY, CODE, UNPARSABLE_VALUE
from pipelines.telemetry.ingest.stamps import Stamps


@dataclass
class Values:
    """value, reason, text: [cells] in source units (NaN where missing), reason code, and which word is no value.

    words: by number; the first is for cells that are what they say.
    """

    value: np.ndarray
    reason: np.ndarray
    text: np.ndarray
    words: list[str | None]

    def of(self, kept: np.ndarray) -> "Values":
        """Those of some cells."""
        return Values(self.value[kept], self.reason[kept], self.text[kept], self.words)

    def mark_bad(self, bad: np.ndarray) -> None:
        """Mark cells [cells] that the historian itself does not believe; a missing one stays missing."""
        present = ~np.isnan(self.value) | (self.reason > 0)
        self.reason[bad & present] = CODE[BAD_QUALITY]


@dataclass
class Cells:
    """A part of an export, in file order.

    stamps: [rows]. row, tag: [cells] the row and the index into `points`; values: of the cells.
    """

    points: list[Point]
    stamps: Stamps
    row: np.ndarray
    tag: np.ndarray
    values: Values

    @property
    def rows(self) -> int:
        """How many rows this part has."""
        return len(self.stamps.place)

    @property
    def is_long(self) -> bool:
        """Whether each row is one reading."""
        return len(self.row) == self.rows


def values_of(
    export: Export, values: pa.ChunkedArray, texts: pa.ChunkedArray, codes: np.ndarray, points: list[Point]
) -> Values:
    """Values of cells [cells]. codes: [cells] index of each cell's point, -1 where it has none.

    A text may have signs of thousands, a unit (converted to the point's), a status; on and off are numbers for points
    that are switches.
    """
    value = np.require(values.to_numpy(), float, "W")  # missing becomes NaN
    read = Values(value, np.zeros(len(value), dtype=np.int8), np.zeros(len(value), dtype=np.int32), [None])
    if texts.null_count == len(texts):
        return read
    unreadable = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
    distinct, place = encoded(texts.take(pa.array(unreadable)))
    words = distinct.to_pylist()
    decimal = export.source.decimal or decimal_of(words)
    numbers = [number_of(word, decimal) for word in words]
    code = codes[unreadable]
    number = np.array([each.value for each in numbers])[place] * _factors(numbers, place, code, points)
    good = np.array([each.good for each in numbers])[place]
    understood = np.array([each.readable for each in numbers])[place] & ~(
        _has_unit(numbers)[place] & np.isnan(number)
    )
    switch = np.array([*(_is_switch(point) for point in points), False])[code]
    state = np.array([SWITCH_WORDS.get(word.strip(" {}").lower(), np.nan) for word in words])[place]
    on_off = switch & ~np.isnan(state)
    value[unreadable] = np.where(on_off, state, number)
    read.words += words
    for reason, where in (
        (UNPARSABLE_VALUE, ~understood & ~on_off),
        (BAD_QUALITY, understood & ~good & ~on_off),
    ):
        read.reason[unreadable[where]] = CODE[reason]
        read.text[unreadable[where]] = 1 + place[where]
    return read


def _has_unit(numbers: list[Number]) -> np.ndarray:
    return np.array([bool(each.unit) for each in numbers])


def _factors(numbers: list[Number], place: np.ndarray, codes: np.ndarray, points: list[Point]) -> np.ndarray:
    """[cells] from the unit written in a cell to the point's; NaN where it measures something else."""
    factor = np.ones(len(place))
    written = np.flatnonzero(_has_unit(numbers)[place] & (codes >= 0))
    if not len(written):
        return factor
    pairs, of = np.unique(np.stack([place[written], codes[written]]), axis=1, return_inverse=True)
    each = [_factor(numbers[number].unit, points[code]) for number, code in pairs.T]
    factor[written] = np.array(each)[of.ravel()]
    return factor


def _factor(unit: str, point: Point) -> float:
    if unit == point.unit:
        return 1.0
    if point.full_scale is not None:
        return np.nan
    own, own_offset = point.to_canonical
    try:
        slope, offset = conversion(unit, point.quantity)
    except SiteError:
        return np.nan
    # Two scales of temperature differ by more than a factor.
    return slope / own if abs(offset - own_offset) < 1e-9 else np.nan


def _is_switch(point: Point) -> bool:
    return QUANTITIES[point.quantity].name.endswith(("_on", "_enable"))


def row_texts(cells: Cells, rows: np.ndarray) -> list[tuple[str, str]]:
    """(tag, text) of rows whose time is of no use; the tag is empty for a wide row, which has many.

    rows: [n] indices of the rows, ascending.
    """
    stamp = cells.stamps.shown
    if cells.is_long:
        tags = [cells.points[cells.tag[row]].tag for row in rows]
        return [(tag, f"{stamp(row)},{_shown(cells, row)}") for tag, row in zip(tags, rows, strict=True)]
    of = np.flatnonzero(np.isin(cells.row, rows))
    of = of[np.argsort(cells.row[of], kind="stable")]
    edges = np.searchsorted(cells.row[of], rows)
    groups = np.split(of, edges[1:]) if len(rows) else []
    return [
        ("", ",".join([stamp(row), *(_shown(cells, cell) for cell in group)]))
        for row, group in zip(rows, groups, strict=True)
    ]


def _shown(cells: Cells, cell: int) -> str:
    word = cells.values.words[cells.values.text[cell]]
    if word is not None:
        return word
    return "" if np.isnan(cells.values.value[cell]) else f"{cells.values.value[cell]:.15g}"
