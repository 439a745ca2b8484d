"""The raw layer: readings as exported, kept by UTC day; corrections and new rules start from them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.errors import IngestError
from pipelines.exports.stamps import NO_TIME
from pipelines.site.file import Point, Site
from pipelines.telemetry.ingest.cells import Cells
from pipelines.telemetry.ingest.clock import file_order, step_s
from pipelines.telemetry.ingest.files import Export
from pipelines.telemetry.ingest.reasons import CODE, DUPLICATE, NON_MONOTONIC, REASONS
from pipelines.telemetry.store import SHORT

_COLUMNS = ["key", "time", "value", "step_s", "reason", "text", "file"]


class _Numbers:
    """Things in the order in which they came, and the number of each."""

    def __init__(self, items: list) -> None:
        self.items = items
        self._number = {item: number for number, item in enumerate(items)}

    def of(self, item) -> int:
        """The number of an item; a new one gets the next."""
        if item not in self._number:
            self._number[item] = len(self.items)
            self.items.append(item)
        return self._number[item]


class Keys:
    """Numbers for (source, tag), the site's points first, in its order; and for exports (the head of their SHA-256)."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs, self._files = _Numbers(pairs), _Numbers([])

    @classmethod
    def of(cls, site: Site) -> "Keys":
        """Keys of the site's points, and no files yet."""
        return cls([(point.source, point.tag) for point in site.points])

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(source, tag) by number."""
        return self._pairs.items

    @property
    def files(self) -> list[str]:
        """Exports by number."""
        return self._files.items

    def code(self, pair: tuple[str, str]) -> int:
        """The number of (source, tag)."""
        return self._pairs.of(pair)

    def file_code(self, file: str) -> int:
        """The number of an export."""
        return self._files.of(file)


@dataclass
class Batch:
    """Readings of a part of one export, sorted by key and time.

    readings: key, time (µs UTC, source's clock), value (source unit), step_s, reason (code), text, file.
    repeated: identical copies left out. valued: indices of the points that have a value.
    """

    readings: pd.DataFrame
    repeated: int
    valued: set[int]


def make_batch(export: Export, cells: Cells, utc_us: np.ndarray, keys: Keys, steps: dict[int, int]) -> Batch:
    """Sort a part's cells into readings; duplicates and readings of a clock set back get their reason.

    utc_us: [rows] each row's time in µs UTC by the source's clock, NO_TIME where it has none. steps: the source's step
    in s by point, as the parts before showed it; filled in.
    """
    file = keys.file_code(export.sha256[:SHORT])
    frames, valued, repeated = [], set(), 0
    identified = bool(export.source.identity_columns)
    row_times = None if cells.is_long or identified else utc_us[utc_us != NO_TIME]
    for code, cell in _cells_by_tag(cells):
        point = cells.points[code]
        us = utc_us[cells.row[cell]]
        cell, us = cell[us != NO_TIME], us[us != NO_TIME]
        present = _present(cells, cell, point)
        if not present.any():
            continue
        if code not in steps:
            steps[code] = _step_s(export, point, us if row_times is None else row_times)
        frame, same = _one_tag(cells, cell[present], us[present])
        frames.append(
            frame.assign(
                key=np.int32(keys.code((point.source, point.tag))),
                step_s=np.int32(steps[code]),
                file=np.int32(file),
            )
        )
        valued.add(code)
        repeated += same
    readings = pd.concat(frames, ignore_index=True)[_COLUMNS] if frames else no_readings()
    return Batch(readings.sort_values("key", kind="stable", ignore_index=True), repeated, valued)


def _cells_by_tag(cells: Cells) -> list[tuple[int, np.ndarray]]:
    if not len(cells.tag):
        return []
    order = np.argsort(cells.tag, kind="stable")
    codes, starts = np.unique(cells.tag[order], return_index=True)
    return list(zip(codes.tolist(), np.split(order, starts[1:]), strict=True))


def _present(cells: Cells, cell: np.ndarray, point: Point) -> np.ndarray:
    """Cells to keep. A missing value in a change-of-value log says that the last one holds no longer."""
    present = ~np.isnan(cells.values.value[cell]) | (cells.values.reason[cell] > 0)
    if point.reading == "change" and cells.is_long and present.any():
        return np.ones(len(cell), dtype=bool)
    return present


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


def _one_tag(cells: Cells, cell: np.ndarray, us: np.ndarray) -> tuple[pd.DataFrame, int]:
    order, set_back = file_order(us)
    cell, us = cell[order], us[order]
    value, reason = cells.values.value[cell], cells.values.reason[cell]
    reason[set_back & (reason == 0)] = CODE[NON_MONOTONIC]
    keep = np.ones(len(us), dtype=bool)
    good = np.flatnonzero(reason == 0)
    twice = us[good][1:] == us[good][:-1]
    if twice.any():
        last = good[np.searchsorted(us[good], us[good], side="right") - 1]
        earlier = good != last
        same = (value[good] == value[last]) | np.isnan(value[good])
        reason[good[earlier & ~same]] = CODE[DUPLICATE]
        keep[good[earlier & same]] = False
    text = pd.Series(cells.values.text[cell], dtype=object)  # None stays None
    frame = pd.DataFrame({"time": us, "value": value, "reason": reason, "text": text}, copy=False)
    return (frame if keep.all() else frame[keep]), int((~keep).sum())


def no_readings() -> pd.DataFrame:
    """A table of readings without any."""
    types = {"key": "int32", "time": "int64", "value": "float64", "step_s": "int32", "reason": "int8"}
    return pd.DataFrame({name: pd.Series(dtype=types.get(name, "int32")) for name in _COLUMNS}).astype(
        {"text": object}
    )


def to_arrow(readings: pd.DataFrame, keys: Keys) -> pa.Table:
    """Readings as stored: numbers become names."""
    sources, tags = ([pair[i] for pair in keys.pairs] for i in (0, 1))
    key = readings["key"].to_numpy()
    return pa.table({
        "source": _dictionary(key, sources), "tag": _dictionary(key, tags),
        "time": pa.array(readings["time"].to_numpy(), pa.int64()).cast(pa.timestamp("us", "UTC")),
        "value": readings["value"].to_numpy(), "step_s": readings["step_s"].to_numpy(),
        "reason": _dictionary(readings["reason"].to_numpy(), list(REASONS)),
        "text": pa.array(readings["text"].to_numpy(), pa.string()),
        "file": _dictionary(readings["file"].to_numpy(), keys.files),
    })  # fmt: skip


def _dictionary(codes: np.ndarray, names: list[str]) -> pa.Array:
    # Only names in use are stored, sorted, so that a file's bytes do not depend on what else was ingested.
    used, place = np.unique(codes, return_inverse=True)
    texts = np.array([names[code] for code in used], dtype=object)
    order = np.argsort(texts)
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(rank[place]), pa.array(texts[order], pa.string()))


def from_arrow(table: pa.Table, keys: Keys) -> pd.DataFrame:
    """Stored readings; the inverse of `to_arrow`."""
    source, tag, reason, file = (
        table[name].combine_chunks().dictionary_encode() if not pa.types.is_dictionary(table[name].type)
        else table[name].combine_chunks() for name in ("source", "tag", "reason", "file")
    )  # fmt: skip
    names = tag.dictionary.to_pylist()
    pair = source.indices.to_numpy().astype(np.int64) * len(names) + tag.indices.to_numpy()
    used, place = np.unique(pair, return_inverse=True)
    sources = source.dictionary.to_pylist()
    code = np.array(
        [keys.code((sources[i // len(names)], names[i % len(names)])) for i in used], dtype=np.int32
    )
    reasons = np.array([CODE[name] for name in reason.dictionary.to_pylist()], dtype=np.int8)
    files = np.array([keys.file_code(name) for name in file.dictionary.to_pylist()], dtype=np.int32)
    return pd.DataFrame({
        "key": code[place], "time": table["time"].cast(pa.int64()).to_numpy(),
        "value": table["value"].to_numpy(),
        "step_s": table["step_s"].to_numpy(), "reason": reasons[reason.indices.to_numpy()],
        "text": pd.Series(table["text"].to_numpy(), dtype=object), "file": files[file.indices.to_numpy()],
    })  # fmt: skip
