"""A later export beside what the raw layer holds: it replaces what it holds itself, reading by reading.

What is replaced stays in the raw layer, marked, with the export that replaced it; the same value is stored once.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pipelines.telemetry.ingest.raw import Keys
from pipelines.telemetry.ingest.reasons import CODE, REPLACED

# Of two readings closer than this share of their sources' steps, the later export's is a correction of the other.
SAME = 0.5
DIFFERENT = 0.01  # relative: less is another rounding
# An export that changes this share of what the store holds of most tags in its days is another machine's, or a new
# history: a person has to say so.
MOST_CHANGED, FEWEST_READINGS = 0.5, 4


@dataclass
class Replacement:
    """What an export does to the readings of others: new, repeated (the same is there) and replaced ones.

    there, changed: readings by key that others had on the days that it touches, and those it gives another value.
    first: (key, time, old value, new value) of the first one changed.
    """

    new: int = 0
    repeated: int = 0
    replaced: int = 0
    there: dict[int, int] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    first: tuple[int, int, float, float] | None = None

    @property
    def suspects(self) -> list[int]:
        """Keys most of whose readings would change, where that is so of most keys; else none."""
        judged = [key for key, count in self.there.items() if count >= FEWEST_READINGS]
        most = [key for key in judged if self.changed.get(key, 0) >= MOST_CHANGED * self.there[key]]
        return most if len(most) >= MOST_CHANGED * max(len(judged), 1) else []


def without_file(old: pd.DataFrame, file: int, keys: Keys) -> pd.DataFrame:
    """A day's readings as they were before an export, what it had replaced in force again."""
    rest = old[old["file"].to_numpy() != file].reset_index(drop=True)
    reason, text = rest["reason"].to_numpy().copy(), rest["text"].to_numpy(dtype=object).copy()
    back = (reason == CODE[REPLACED]) & (text == keys.files[file])
    reason[back], text[back] = 0, None
    return rest.assign(reason=reason, text=pd.Series(text, dtype=object, index=rest.index))


def merge_day(
    old: pd.DataFrame, new: pd.DataFrame, file: int, keys: Keys, counted: Replacement
) -> pd.DataFrame:
    """A day's readings [n] after an export, or a part of it: the columns of `raw`, sorted by key and time."""
    name = keys.files[file]
    reason, text = old["reason"].to_numpy().copy(), old["text"].to_numpy(dtype=object).copy()
    at, of = _pairs(old, new, reason)
    same = _same(old, new, at, of, reason)
    replaced = at[~same]
    _count(counted, old, new, at, of, same, reason)
    reason[replaced], text[replaced] = CODE[REPLACED], name
    old = old.assign(reason=reason, text=pd.Series(text, dtype=object, index=old.index))
    kept = np.ones(len(new), bool)
    kept[of[same]] = False
    merged = pd.concat([old, new[kept]], ignore_index=True) if len(old) else new
    order = np.lexsort((merged["time"].to_numpy(), merged["key"].to_numpy()))
    return merged.iloc[order].reset_index(drop=True)


def _pairs(old: pd.DataFrame, new: pd.DataFrame, reason: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Readings of `old` in force for which `new` has one in their place, and which: positions [m], [m]."""
    active = np.flatnonzero(reason != CODE[REPLACED])
    if not len(active) or not len(new):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    key, time = new["key"].to_numpy().astype(np.int64), new["time"].to_numpy()
    order = np.lexsort((time, key))
    # One sorted number for key and time of day: a day has fewer microseconds than 2 ** 37.
    start = min(int(time.min()), int(old["time"].min()))
    code_new = (key[order] << 37) + (time[order] - start)
    code_old = (old["key"].to_numpy()[active].astype(np.int64) << 37) + (
        old["time"].to_numpy()[active] - start
    )
    right = np.searchsorted(code_new, code_old)
    step_new, step_old = new["step_s"].to_numpy()[order], old["step_s"].to_numpy()[active]
    best = np.full(len(active), -1)
    nearest = np.full(len(active), np.inf)
    for place in (right - 1, right):
        inside = (place >= 0) & (place < len(code_new))
        candidate = np.where(inside, place, 0)
        away = np.abs(code_new[candidate] - code_old)
        step_us = np.minimum(step_new[candidate], step_old).astype(np.int64) * 1_000_000
        near = inside & ((away == 0) | (away < SAME * step_us)) & (away < nearest)
        best, nearest = np.where(near, candidate, best), np.where(near, away, nearest)
    found = best >= 0
    return active[found], order[best[found]]


def _same(
    old: pd.DataFrame, new: pd.DataFrame, at: np.ndarray, of: np.ndarray, reason: np.ndarray
) -> np.ndarray:
    """[m] whether both say the same: at one time, both good."""
    a, b = old["value"].to_numpy()[at], new["value"].to_numpy()[of]
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    good = (reason[at] == 0) & (new["reason"].to_numpy()[of] == 0)
    return equal & good & (old["time"].to_numpy()[at] == new["time"].to_numpy()[of])


def _count(
    counted: Replacement, old: pd.DataFrame, new: pd.DataFrame, at: np.ndarray, of: np.ndarray, same: np.ndarray,
    reason: np.ndarray,
) -> None:  # fmt: skip
    counted.repeated += len(np.unique(of[same]))
    counted.replaced += int((~same).sum())
    counted.new += len(new) - len(np.unique(of[same]))
    own = np.isin(old["key"].to_numpy(), new["key"].to_numpy()) & (reason == 0)
    for key, count in zip(*np.unique(old["key"].to_numpy()[own], return_counts=True), strict=True):
        counted.there[int(key)] = counted.there.get(int(key), 0) + int(count)
    a, b = old["value"].to_numpy()[at], new["value"].to_numpy()[of]
    with np.errstate(invalid="ignore"):
        other = ~same & (np.abs(a - b) > DIFFERENT * np.maximum(np.abs(a), np.abs(b)))
    other &= new["reason"].to_numpy()[of] == 0
    for key, count in zip(*np.unique(old["key"].to_numpy()[at[other]], return_counts=True), strict=True):
        counted.changed[int(key)] = counted.changed.get(int(key), 0) + int(count)
    if counted.first is None and other.any():
        place = int(np.flatnonzero(other)[0])
        row = at[place]
        counted.first = (
            int(old["key"].iloc[row]),
            int(old["time"].iloc[row]),
            float(a[place]),
            float(b[place]),
        )
