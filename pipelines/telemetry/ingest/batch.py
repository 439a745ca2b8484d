"""A part of an export as readings of the raw layer: by tag and time, with duplicates and set-back clocks told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from pipelines.errors import IngestError
from pipelines.exports.stamps import DAY_US, NO_TIME
from pipelines.site.file import Point
from pipelines.telemetry.ingest.cells import Cells, Values
from pipelines.telemetry.ingest.clock import file_order, step_s
from pipelines.telemetry.ingest.files import Export
from pipelines.telemetry.ingest.raw import Keys, RawReadings, stable_order, starts_of_runs, without_copies
from pipelines.telemetry.ingest.reasons import CODE, NON_MONOTONIC
from pipelines.telemetry.store import SHORT

Order = np.ndarray | None  # None leaves all where it is


@dataclass
class Batch:
    """Readings of a part of one export.

    days: by day since 1970. repeated: identical copies left out. valued: indices of the points that have a value.
    first_us, last_us: µs UTC of the first and the last reading.
    """

    days: dict[int, RawReadings] = field(default_factory=dict)
    repeated: int = 0
    valued: set[int] = field(default_factory=set)
    first_us: int | None = None
    last_us: int | None = None


def make_batch(export: Export, cells: Cells, utc_us: np.ndarray, keys: Keys, steps: dict[int, int]) -> Batch:
    """A part's cells as readings by day; duplicates and readings of a clock set back get their reason.

    utc_us: [rows] each row's time in µs UTC by the source's clock, NO_TIME where it has none. steps: the source's step
    in s by point, as the parts before showed it; filled in.
    """
    cell = _by_tag(cells, utc_us)
    tag = _taken(cells.tag, cell)
    if not len(tag):
        return Batch()
    us = _taken(utc_us, _then(None if cells.is_long else cells.row, cell))
    starts = np.append(starts_of_runs(tag), len(tag))
    own = {int(tag[at]): us[at:end] for at, end in pairwise(starts)}
    _learn_steps(export, cells, utc_us, own, steps)
    reason = _taken(cells.values.reason, cell)
    in_time, reason = _in_order_of_time(us, _taken(cells.values.value, cell), reason, starts)
    kept = len(tag) if in_time is None else len(in_time)
    day = _taken(us, in_time) // DAY_US
    by_day = _by_day(day)
    day, order = _taken(day, by_day), _then(in_time, by_day)
    cell, tag, us = _then(cell, order), _taken(tag, order), _taken(us, order)
    readings = RawReadings(
        key=_each(tag, lambda code: keys.code((cells.points[code].source, cells.points[code].tag))),
        time=us,
        value=_taken(cells.values.value, cell),
        step_s=_each(tag, lambda code: steps[code]),
        reason=_taken(reason, order),
        text=_texts(cells.values, cell, keys),
        file=np.full(len(tag), keys.file_code(export.sha256[:SHORT]), np.int32),
    )
    days = {
        int(day[at]): readings.of(slice(at, end)).by_key()
        for at, end in pairwise([*starts_of_runs(day), len(day)])
    }
    return Batch(days, int(starts[-1]) - kept, set(own), int(us.min()), int(us.max()))


def _taken(values: np.ndarray, order: Order) -> np.ndarray:
    return values if order is None else values[order]


def _then(first: Order, second: Order) -> Order:
    """The one order after the other."""
    if first is None or second is None:
        return second if first is None else first
    return first[second]


def _each(codes: np.ndarray, number: Callable[[int], int]) -> np.ndarray:
    """A number for each code [n], which come in runs."""
    starts = starts_of_runs(codes)
    numbers = np.array([number(code) for code in codes[starts].tolist()], np.int32)
    return np.repeat(numbers, np.diff(starts, append=len(codes)))


def _texts(values: Values, cell: Order, keys: Keys) -> np.ndarray:
    if len(values.words) == 1:
        return np.zeros(len(values.text) if cell is None else len(cell), np.int32)
    return keys.text_codes(values.words)[_taken(values.text, cell)]


def _by_day(day: np.ndarray) -> Order:
    first = int(day.min())
    return None if first == int(day.max()) else stable_order(day - first)


def _by_tag(cells: Cells, utc_us: np.ndarray) -> Order:
    """Cells that are readings, by tag; those of one tag in file order."""
    present = ~np.isnan(cells.values.value)
    if len(cells.values.words) > 1 or cells.values.reason.any():
        present |= cells.values.reason > 0
    if cells.is_long:
        present |= _ends_of_a_hold(cells, present)
    timed = utc_us != NO_TIME
    if not timed.all():
        present &= timed if cells.is_long else timed[cells.row]
    cell = None if present.all() else np.flatnonzero(present)
    tag = _taken(cells.tag, cell)
    return cell if (tag[1:] >= tag[:-1]).all() else _then(cell, stable_order(tag))


def _ends_of_a_hold(cells: Cells, present: np.ndarray) -> np.ndarray:
    """Cells without a value in a change-of-value log, which say that the last one holds no longer."""
    change = np.array([point.reading == "change" for point in cells.points])
    if not change.any():
        return np.zeros(len(present), bool)
    change &= np.bincount(cells.tag, weights=present, minlength=len(change)) > 0
    return change[cells.tag]


def _learn_steps(
    export: Export, cells: Cells, utc_us: np.ndarray, times: dict[int, np.ndarray], steps: dict[int, int]
) -> None:
    """Fill in steps by point. times: of the readings, by point."""
    own = cells.is_long or bool(export.source.identity_columns)
    row_times = np.empty(0, np.int64) if own else utc_us[utc_us != NO_TIME]
    told = np.empty(0, np.int64)
    step = 0
    for code, us in times.items():
        point = cells.points[code]
        if code in steps and point.reading != "interval":
            continue
        us = us if own else row_times
        # Points that are polled together have one step.
        if len(us) != len(told) or point.reading == "interval" or not np.array_equal(us, told):
            step, told = _step_s(export, point, us, steps.get(code, 0)), us
        steps[code] = step


def _step_s(export: Export, point: Point, times: np.ndarray, before: int) -> int:
    """before: the step that the parts before had, 0 unknown."""
    source = export.source
    if source.interval_minutes is not None:
        return round(source.interval_minutes * 60)
    step, mixed = step_s(times)
    mixed |= before > 0 and step not in (0, before)
    if point.reading == "interval" and (mixed or not (step or before)):
        steps = "mixed steps" if mixed else "a single time"
        raise IngestError(
            f"{export.name}: {point.tag} is a reading per interval, which needs one step, but the file "
            f"has {steps}; set interval_minutes of source {source.name}, with one step in each file"
        )
    return step or before


def _in_order_of_time(
    us: np.ndarray, value: np.ndarray, reason: np.ndarray, edges: np.ndarray
) -> tuple[Order, np.ndarray]:
    """Order of readings by tag and time, without identical copies, and what is wrong with each where it stands now.

    us, value, reason: [n] by tag. edges: where each tag's begin, and the end.
    """
    behind = np.flatnonzero(us[1:] <= us[:-1]) + 1
    behind = behind[~np.isin(behind, edges)]
    if not len(behind):
        return None, reason
    reason, order, keep = reason.copy(), np.arange(len(us)), np.ones(len(us), bool)
    for number in np.unique(np.searchsorted(edges, behind, side="right") - 1):
        own = slice(edges[number], edges[number + 1])
        places, set_back = file_order(us[own])
        order[own] = edges[number] + places
        wrong = reason[order[own]]
        wrong[set_back & (wrong == 0)] = CODE[NON_MONOTONIC]
        keep[own] = without_copies(us[order[own]], value[order[own]], wrong)
        reason[order[own]] = wrong
    return order[keep], reason
