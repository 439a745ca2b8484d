"""A part of an export as readings of the raw layer: by tag and time, with duplicates and set-back clocks told."""

from dataclasses import dataclass

import numpy as np

from pipelines.errors import IngestError
from pipelines.exports.stamps import NO_TIME
from pipelines.site.file import Point
from pipelines.telemetry.ingest.cells import Cells
from pipelines.telemetry.ingest.clock import file_order, step_s
from pipelines.telemetry.ingest.files import Export
from pipelines.telemetry.ingest.raw import Keys, RawReadings, stable_order
from pipelines.telemetry.ingest.reasons import CODE, DUPLICATE, NON_MONOTONIC
from pipelines.telemetry.store import SHORT

Rows = np.ndarray | slice
ALL = slice(None)


@dataclass
class Batch:
    """Readings of a part of one export, sorted by key and time.

    repeated: identical copies left out. valued: indices of the points that have a value.
    """

    readings: RawReadings
    repeated: int
    valued: set[int]


def make_batch(export: Export, cells: Cells, utc_us: np.ndarray, keys: Keys, steps: dict[int, int]) -> Batch:
    """Sort a part's cells into readings; duplicates and readings of a clock set back get their reason.

    utc_us: [rows] each row's time in µs UTC by the source's clock, NO_TIME where it has none. steps: the source's step
    in s by point, as the parts before showed it; filled in.
    """
    cell = _by_tag(cells, utc_us)
    tag = cells.tag[cell]
    if not len(tag):
        return Batch(RawReadings.none(), 0, set())
    us = utc_us[cell if cells.is_long else cells.row[cell]]
    starts = np.flatnonzero(np.append(True, tag[1:] != tag[:-1]))
    codes = tag[starts]
    _learn_steps(
        export, cells, utc_us, dict(zip(codes.tolist(), np.split(us, starts[1:]), strict=True)), steps
    )
    readings = RawReadings(
        key=_by_code(codes, [keys.code(_pair(cells.points[code])) for code in codes])[tag],
        time=us,
        value=cells.values.value[cell],
        step_s=_by_code(codes, [steps[code] for code in codes])[tag],
        reason=cells.values.reason[cell].copy(),
        text=keys.text_codes(cells.values.words)[cells.values.text[cell]],
        file=np.full(len(tag), keys.file_code(export.sha256[:SHORT]), np.int32),
    )
    ordered = _in_order_of_time(readings, np.append(starts, len(tag)))
    return Batch(ordered.by_key(), len(readings) - len(ordered), set(codes.tolist()))


def _pair(point: Point) -> tuple[str, str]:
    return point.source, point.tag


def _by_code(codes: np.ndarray, numbers: list[int]) -> np.ndarray:
    """A table that has a number for each code."""
    table = np.zeros(int(codes.max()) + 1, np.int32)
    table[codes] = numbers
    return table


def _by_tag(cells: Cells, utc_us: np.ndarray) -> Rows:
    """Cells that are readings, by tag; those of one tag in file order."""
    present = ~np.isnan(cells.values.value) | (cells.values.reason > 0)
    if cells.is_long:
        present |= _ends_of_a_hold(cells, present)
    present &= (utc_us if cells.is_long else utc_us[cells.row]) != NO_TIME
    tag = cells.tag
    if present.all():
        return ALL if (tag[1:] >= tag[:-1]).all() else stable_order(tag)
    cell = np.flatnonzero(present)
    tag = tag[cell]
    return cell if (tag[1:] >= tag[:-1]).all() else cell[stable_order(tag)]


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
    told: int | None = None
    for code, us in times.items():
        if code in steps:
            continue
        # All columns of a wide file have its rows' step.
        if own or told is None or cells.points[code].reading == "interval":
            told = _step_s(export, cells.points[code], us if own else row_times)
        steps[code] = told


def _step_s(export: Export, point: Point, times: np.ndarray) -> int:
    source = export.source
    if source.interval_minutes is not None:
        return round(source.interval_minutes * 60)
    step, mixed = step_s(times)
    if point.reading == "interval" and (mixed or not step):
        steps = "mixed steps" if mixed else "a single time"
        raise IngestError(
            f"{export.name}: {point.tag} is a reading per interval, which needs one step, but the file "
            f"has {steps}; set interval_minutes of source {source.name}, with one step in each file"
        )
    return step


def _in_order_of_time(readings: RawReadings, edges: np.ndarray) -> RawReadings:
    """Readings by tag in order of time, without identical copies. edges: where each tag's begin, and the end."""
    us = readings.time
    behind = np.flatnonzero(us[1:] <= us[:-1]) + 1
    behind = behind[~np.isin(behind, edges)]
    if not len(behind):
        return readings
    order, keep = np.arange(len(us)), np.ones(len(us), bool)
    for number in np.unique(np.searchsorted(edges, behind, side="right") - 1):
        own = slice(edges[number], edges[number + 1])
        places, set_back = file_order(us[own])
        order[own] = edges[number] + places
        reason = readings.reason[order[own]]
        reason[set_back & (reason == 0)] = CODE[NON_MONOTONIC]
        keep[own] = _without_copies(us[order[own]], readings.value[order[own]], reason)
        readings.reason[order[own]] = reason
    return readings.of(order[keep])


def _without_copies(us: np.ndarray, value: np.ndarray, reason: np.ndarray) -> np.ndarray:
    """[n] which readings of a tag, in order of time, to keep; of several at one time the last is believed."""
    keep = np.ones(len(us), dtype=bool)
    good = np.flatnonzero(reason == 0)
    if (us[good][1:] != us[good][:-1]).all():
        return keep
    last = good[np.searchsorted(us[good], us[good], side="right") - 1]
    earlier = good != last
    same = (value[good] == value[last]) | np.isnan(value[good])
    reason[good[earlier & ~same]] = CODE[DUPLICATE]
    keep[good[earlier & same]] = False
    return keep
