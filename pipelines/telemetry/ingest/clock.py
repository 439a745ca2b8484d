"""From a source's clock to UTC, and from file order to time order; what a wrong clock spoils is marked."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from pipelines.errors import IngestError
from pipelines.exports.stamps import DAY_US, NO_TIME
from pipelines.telemetry.ingest.cells import Cells
from pipelines.telemetry.ingest.files import Export
from pipelines.telemetry.ingest.reasons import (
    AMBIGUOUS_TIME,
    CODE,
    IMPLAUSIBLE_TIME,
    NONEXISTENT_TIME,
    UNPARSABLE_TIME,
)

HOUR_US = 3_600_000_000
EARLIEST_US = 7305 * DAY_US  # 1990-01-01: before it a logger had lost its clock (1970) or its battery (1980)
SHUFFLED_SHARE = 0.3  # of a file's steps going back; half of them do in a table dumped without an order
SHUFFLED_STEPS = 10


def to_utc(cells: Cells, zone: str, now: pd.Timestamp) -> tuple[np.ndarray, np.ndarray]:
    """[rows] µs since 1970 in UTC (NO_TIME where of no use) and the reason code of each row.

    An hour that the clock shows twice in autumn is told apart by the order of rows: where the clock goes back
    exactly once within it, rows before are summer time; otherwise its rows are ambiguous.
    """
    stamps = cells.stamps
    us, reason = stamps.us.copy(), np.zeros(len(stamps.us), dtype=np.int8)
    reason[us == NO_TIME] = CODE[UNPARSABLE_TIME]
    latest_us = now.value // 1000 + DAY_US
    implausible = (us != NO_TIME) & ((us < EARLIEST_US) | (us > latest_us + DAY_US))
    reason[implausible] = CODE[IMPLAUSIBLE_TIME]
    local = np.flatnonzero((reason == 0) & ~stamps.zoned)
    # Beside the clock changes a stamp has one meaning, so only distinct stamps are looked up.
    first, second = (us[local], us[local]) if zone == "UTC" else _meanings(us[local], zone)
    us[local] = first
    reason[local[first == NO_TIME]] = CODE[NONEXISTENT_TIME]
    row_us, row_reason = us[stamps.place], reason[stamps.place]
    if (first != second).any():
        later = np.full(len(us), NO_TIME)
        later[local[first != second]] = second[first != second]
        _tell_passes_apart(cells, np.flatnonzero((reason == 0) & ~stamps.zoned), later, row_us, row_reason)
    row_reason[(row_reason == 0) & (row_us > latest_us)] = CODE[IMPLAUSIBLE_TIME]
    row_us[row_reason > 0] = NO_TIME
    return row_us, row_reason


def refuse_clock_without_summer(export: Export, cells: Cells, row_reason: np.ndarray) -> None:
    """Raise IngestError where a part's rows go on through the hour that its zone's clock skips in spring.

    A clock that shows that hour does not change: everything after it would be an hour early.
    """
    rows = row_reason == CODE[NONEXISTENT_TIME]
    if not rows.any():
        return
    skipped = np.unique(cells.stamps.us[cells.stamps.place[rows]])
    stamps = np.unique(cells.stamps.us[(cells.stamps.us != NO_TIME) & ~cells.stamps.zoned])
    for hour in np.unique(skipped // HOUR_US):
        before, within, after = (int(((stamps // HOUR_US) == hour + shift).sum()) for shift in (-1, 0, 1))
        if before and after and within >= 0.5 * min(before, after):
            at = np.datetime64(int(hour) * HOUR_US, "us").astype(datetime)
            raise IngestError(
                f"{export.name} has rows at {at:%Y-%m-%d %H:%M}, an hour that {export.source.time_zone} skips: "
                f"its clock does not change to summer time; set time_zone of source {export.source.name} to "
                f"{_zone_without_summer(export.source.time_zone, at)}"
            )


def _zone_without_summer(zone: str, at: datetime) -> str:
    """The zone's standard time under a name of its own."""
    offsets = [at.replace(month=month, day=1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7)]
    standard = min(offset for offset in offsets if offset is not None)
    hours = standard.total_seconds() / 3600
    if hours != int(hours):
        return f"a zone without summer time that is {hours:+g} h from UTC"
    return '"UTC"' if hours == 0 else f'"Etc/GMT{-int(hours):+d}" (UTC{int(hours):+d})'


def _meanings(local_us: np.ndarray, zone: str) -> tuple[np.ndarray, np.ndarray]:
    """UTC of stamps [n], NO_TIME where there is no such time: in summer time, and else where it has two meanings."""
    return _utc_us(local_us, zone, earlier=True), _utc_us(local_us, zone, earlier=False)


def _utc_us(local_us: np.ndarray, zone: str, earlier: bool) -> np.ndarray:
    index = pd.DatetimeIndex(local_us.astype("datetime64[us]"))
    ambiguous = np.full(len(index), earlier)
    return index.tz_localize(ZoneInfo(zone), ambiguous=ambiguous, nonexistent="NaT").as_unit("us").asi8


def shown_twice(local_us: np.ndarray, zone: str) -> np.ndarray:
    """Whether the zone's clock shows each time [n] twice, in the hour that it repeats in autumn."""
    local = pd.DatetimeIndex(local_us.astype("datetime64[us]"))
    return np.asarray(local.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").isna())


def _tell_passes_apart(
    cells: Cells, local: np.ndarray, later: np.ndarray, row_us: np.ndarray, row_reason: np.ndarray
) -> None:
    """Fill in rows of an hour that the clock shows twice. local: stamps on the source's own clock.

    later: [stamps] UTC of the second pass, NO_TIME where there is one only. row_us, row_reason: [rows], changed.
    """
    place = cells.stamps.place
    rows = np.flatnonzero(np.isin(place, local))
    local_us = cells.stamps.us[place[rows]]
    twice = np.flatnonzero(later[place[rows]] != NO_TIME)
    late, known = _second_pass(cells, rows, local_us, twice)
    row_us[rows[twice[late]]] = later[place[rows[twice[late]]]]
    row_reason[rows[twice[~known]]] = CODE[AMBIGUOUS_TIME]


def _second_pass(
    cells: Cells, rows: np.ndarray, local_us: np.ndarray, twice: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """[twice] whether a row is of the hour's second pass, and whether that could be told."""
    order = np.arange(len(rows))
    if _is_descending(local_us):
        order = order[::-1]
    rank = np.empty(len(rows), dtype=np.int64)
    rank[order] = np.arange(len(rows))
    change = local_us[twice] // DAY_US
    late, known = _passes(local_us[twice], rank[twice], change, strictly=True)
    if cells.is_long and not known.all():
        by_tag = change * 32_768 + cells.tag[rows[twice]]
        late_tag, known_tag = _passes(local_us[twice], rank[twice], by_tag, strictly=False)
        late, known = np.where(known, late, late_tag), known | known_tag
    elif not known.all():
        late_row, known_row = _passes(local_us[twice], rank[twice], change, strictly=False)
        late, known = np.where(known, late, late_row), known | known_row
    return late, known


def _passes(
    local_us: np.ndarray, rank: np.ndarray, group: np.ndarray, strictly: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Per group, in row order: after its step back (or repeat, unless `strictly`); whether it has one."""
    late, known = np.zeros(len(local_us), dtype=bool), np.zeros(len(local_us), dtype=bool)
    for member in (np.flatnonzero(group == name) for name in np.unique(group)):
        member = member[np.argsort(rank[member])]
        step = np.diff(local_us[member])
        back = step < 0 if strictly else step <= 0
        if back.sum() == 1:
            late[member] = np.append(False, np.cumsum(back) > 0)
            known[member] = True
    return late, known


def _is_descending(us: np.ndarray) -> bool:
    step = np.diff(us)
    return bool((step < 0).sum() > 0.9 * np.count_nonzero(step))


def file_order(us: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[n] order that sorts one tag's readings by time, and [n] which (in that order) a clock set back spoils.

    us: [n] stamps in µs, in the file's order.

    A reading stamped earlier than one above it is kept out, as is what follows until the clock has caught up,
    unless the file is merely in another order: newest first, without order (a third of the steps go back), or
    with a block of a day or more appended that covers no time of the rows above it. Repeated stamps are left
    to the duplicate rule. Within one stamp, the order is from the first written to the last.
    """
    step = np.diff(us)
    if (step >= 0).all():
        return np.arange(len(us)), np.zeros(len(us), dtype=bool)
    if _is_descending(us) and not (step > 0).any():
        order = np.arange(len(us))[::-1]
        return order[np.argsort(us[::-1], kind="stable")], np.zeros(len(us), dtype=bool)
    order = np.argsort(us, kind="stable")
    back = step < 0
    if back.sum() >= SHUFFLED_STEPS and back.mean() > SHUFFLED_SHARE:
        return order, np.zeros(len(us), dtype=bool)
    return order, _set_back(us)[order]


def _set_back(us: np.ndarray) -> np.ndarray:
    behind = us < np.maximum.accumulate(us)
    behind &= ~np.isin(us, us[~behind])
    starts = np.append(0, np.flatnonzero(np.diff(us) < 0) + 1)
    ends = np.append(starts[1:], len(us))
    for start, end in zip(starts, ends, strict=True):
        if (
            us[end - 1] - us[start] >= DAY_US
            and not ((us[:start] >= us[start]) & (us[:start] <= us[end - 1])).any()
        ):
            behind[start:end] = False
    return behind


def step_s(us: np.ndarray) -> tuple[int, bool]:
    """The usual step of stamps [n] (µs) in s, 0 where there are fewer than two, and whether steps are mixed.

    Missing rows make longer steps here and there; steps are mixed where over a tenth differs from the usual
    one or the same other step comes four times in a row.
    """
    steps = np.diff(np.sort(us)) // 1_000_000
    steps = steps[steps > 0]
    if not len(steps):
        return 0, False
    values, counts = np.unique(steps, return_counts=True)
    usual = max(int(values[np.argmax(counts)]), 1)
    other = np.abs(steps - usual) > max(1.0, 0.05 * usual)
    return usual, bool(
        (other.sum() > 1 and other.mean() > 0.1) or _longest_run(np.where(other, steps, -1)) >= 4
    )


def _longest_run(values: np.ndarray) -> int:
    """Length of the longest run of one value other than -1."""
    edges = np.flatnonzero(np.diff(values, prepend=-2, append=-2))
    lengths, of = np.diff(edges), values[edges[:-1]]
    return int(lengths[of != -1].max(initial=0))
