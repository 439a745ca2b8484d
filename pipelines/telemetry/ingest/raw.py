"""The raw layer: readings as exported, kept by UTC day; corrections and new rules start from them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from pipelines.site.file import Site
from pipelines.telemetry.ingest.reasons import CODE, DUPLICATE, REASONS

DICTIONARIES = ("source", "tag", "reason", "file")


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
    """Numbers for what readings name: (source, tag), the site's points first, in its order; exports; texts.

    An export is named by the head of its SHA-256. Text 0 is none.
    """

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs, self._files, self._texts = _Numbers(pairs), _Numbers([]), _Numbers([None])

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

    @property
    def texts(self) -> list[str | None]:
        """Texts by number."""
        return self._texts.items

    def code(self, pair: tuple[str, str]) -> int:
        """The number of (source, tag)."""
        return self._pairs.of(pair)

    def file_code(self, file: str) -> int:
        """The number of an export."""
        return self._files.of(file)

    def text_codes(self, texts: Sequence[str | None]) -> np.ndarray:
        """The numbers of texts [n]."""
        return np.array([self._texts.of(text) for text in texts], np.int32)


@dataclass(frozen=True)
class RawReadings:
    """Readings [n], sorted by key and time.

    key, file, text: numbers of `Keys`; text stands for a value that is none, or names the export that replaced it.
    time: µs UTC on the source's clock. value: source unit. step_s: the source's step, 0 unknown. reason: code.
    """

    key: np.ndarray
    time: np.ndarray
    value: np.ndarray
    step_s: np.ndarray
    reason: np.ndarray
    text: np.ndarray
    file: np.ndarray

    def __len__(self) -> int:
        return len(self.key)

    def of(self, rows: np.ndarray | slice) -> "RawReadings":
        """Those of some rows."""
        return RawReadings(*(getattr(self, field.name)[rows] for field in fields(self)))

    def same_as(self, other: "RawReadings") -> bool:
        """Whether both are equal in all."""
        return len(self) == len(other) and all(
            np.array_equal(
                getattr(self, field.name), getattr(other, field.name), equal_nan=field.name == "value"
            )
            for field in fields(self)
        )

    @staticmethod
    def none() -> "RawReadings":
        """No readings."""
        types = ("i4", "i8", "f8", "i4", "i1", "i4", "i4")
        return RawReadings(*(np.empty(0, kind) for kind in types))

    @staticmethod
    def joined(parts: "Sequence[RawReadings]") -> "RawReadings":
        """Those of all parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return RawReadings.none()
        names = [field.name for field in fields(RawReadings)]
        return RawReadings(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def by_key(self) -> "RawReadings":
        """In order of their keys; those of one key stay in theirs."""
        return self if (self.key[1:] >= self.key[:-1]).all() else self.of(stable_order(self.key))


def stable_order(codes: np.ndarray) -> np.ndarray:
    """Stable order [n] of numbers from 0 on [n]; 16 bits are sorted by radix, several times faster than more."""
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    if len(codes) and codes.max() >= 1 << 16:
        order = order[np.argsort((codes >> 16).astype(np.uint16)[order], kind="stable")]
    return order


def starts_of_runs(values: np.ndarray) -> np.ndarray:
    """Where each run of equal values [n] begins."""
    return (
        np.flatnonzero(np.append(True, values[1:] != values[:-1])) if len(values) else np.empty(0, np.int64)
    )


def without_copies(at: np.ndarray, value: np.ndarray, reason: np.ndarray) -> np.ndarray:
    """[n] which readings to keep, sorted by `at`, which has a number for each key and time.

    Of several good ones at one time the last is believed; the others are marked as duplicates in `reason`, or are
    dropped where they say the same.
    """
    keep = np.ones(len(at), dtype=bool)
    good = np.flatnonzero(reason == 0)
    if (at[good][1:] != at[good][:-1]).all():
        return keep
    last = good[np.searchsorted(at[good], at[good], side="right") - 1]
    earlier = good != last
    same = (value[good] == value[last]) | np.isnan(value[good])
    reason[good[earlier & ~same]] = CODE[DUPLICATE]
    keep[good[earlier & same]] = False
    return keep


def to_arrow(readings: RawReadings, keys: Keys) -> pa.Table:
    """Readings as stored: numbers become names."""
    sources, tags = ([pair[i] for pair in keys.pairs] for i in (0, 1))
    return pa.table({
        "source": _dictionary(readings.key, sources), "tag": _dictionary(readings.key, tags),
        "time": pa.array(readings.time).cast(pa.timestamp("us", "UTC")),
        "value": readings.value, "step_s": readings.step_s,
        "reason": _dictionary(readings.reason, REASONS),
        "text": _texts(readings.text, keys.texts),
        "file": _dictionary(readings.file, keys.files),
    })  # fmt: skip


def _texts(codes: np.ndarray, texts: Sequence[str | None]) -> pa.Array:
    if not codes.any():
        return pa.nulls(len(codes), pa.string())
    used, place = np.unique(codes, return_inverse=True)
    return pa.array([texts[code] for code in used], pa.string()).take(pa.array(place))


def _dictionary(codes: np.ndarray, names: Sequence[str]) -> pa.Array:
    # Only names in use are stored, sorted, so that a file's bytes do not depend on what else was ingested.
    starts = starts_of_runs(codes)
    used, place = np.unique(codes[starts], return_inverse=True)
    own = [names[code] for code in used.tolist()]
    texts = sorted(set(own))
    number = {text: rank for rank, text in enumerate(texts)}
    rank = np.array([number[text] for text in own], np.int32)
    ranks = np.repeat(rank[place], np.diff(starts, append=len(codes)))
    return pa.DictionaryArray.from_arrays(pa.array(ranks), pa.array(texts, pa.string()))


def from_arrow(table: pa.Table, keys: Keys) -> RawReadings:
    """Stored readings; the inverse of `to_arrow`."""
    source, tag, reason, file = (_encoded(table[name]) for name in DICTIONARIES)
    tags, sources = tag.dictionary.to_pylist(), source.dictionary.to_pylist()
    pair = source.indices.to_numpy().astype(np.int64) * len(tags) + tag.indices.to_numpy()
    used = np.flatnonzero(np.bincount(pair))
    key = np.zeros(int(used[-1]) + 1 if len(used) else 0, np.int32)
    key[used] = [keys.code((sources[i // len(tags)], tags[i % len(tags)])) for i in used]
    reasons = np.array([CODE[name] for name in reason.dictionary.to_pylist()], dtype=np.int8)
    files = np.array([keys.file_code(name) for name in file.dictionary.to_pylist()], dtype=np.int32)
    return RawReadings(
        key=key[pair],
        time=table["time"].cast(pa.int64()).to_numpy(),
        value=table["value"].to_numpy(),
        step_s=table["step_s"].to_numpy(),
        reason=reasons[reason.indices.to_numpy()],
        text=_text_codes(table["text"], keys),
        file=files[file.indices.to_numpy()],
    )


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    whole = column.combine_chunks()
    return whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()


def _text_codes(column: pa.ChunkedArray, keys: Keys) -> np.ndarray:
    if column.null_count == len(column):
        return np.zeros(len(column), np.int32)
    words = _encoded(column)
    codes = np.append(keys.text_codes(words.dictionary.to_pylist()), 0)
    return codes[words.indices.fill_null(len(codes) - 1).to_numpy()].astype(np.int32)
