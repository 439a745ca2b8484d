"""A later export beside what the raw layer holds: it replaces what it holds itself, reading by reading.

What is replaced stays in the raw layer, marked, with the export that replaced it; the same value is stored once.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from pipelines.telemetry.ingest.raw import Keys, RawReadings, without_copies
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


def without_file(old: RawReadings, file: int, keys: Keys) -> RawReadings:
    """A day's readings as they were before an export, what it had replaced in force again."""
    rest = old.of(old.file != file)
    back = (rest.reason == CODE[REPLACED]) & (rest.text == keys.text_codes([keys.files[file]])[0])
    return replace(
        rest, reason=np.where(back, 0, rest.reason).astype(np.int8), text=np.where(back, 0, rest.text)
    )


def merge_day(old: RawReadings, new: RawReadings, file: int, keys: Keys, counted: Replacement) -> RawReadings:
    """A day's readings [n] after an export, or a part of it."""
    if not len(old):
        counted.new += len(new)
        return new
    at, of = _pairs(old, new, file)
    same = _same(old, new, at, of)
    _count(counted, old, new, at, of, same, file)
    reason, text, kept = old.reason.copy(), old.text.copy(), np.ones(len(new), bool)
    reason[at[~same]] = CODE[REPLACED]
    text[at[~same]] = keys.text_codes([keys.files[file]])[0]
    kept[of[same]] = False
    merged = RawReadings.joined([replace(old, reason=reason, text=text), new.of(kept)])
    merged = merged.of(np.argsort(_codes(merged, int(merged.time.min())), kind="stable"))
    # Parts of one file are one file: what it says twice is a copy or a duplicate, no correction.
    own = np.flatnonzero(merged.file == file)
    reason, kept = merged.reason.copy(), np.ones(len(merged), bool)
    wrong = reason[own]
    kept[own] = without_copies(_codes(merged, int(merged.time.min()))[own], merged.value[own], wrong)
    reason[own] = wrong
    return replace(merged, reason=reason).of(kept)


def _codes(readings: RawReadings, start_us: int) -> np.ndarray:
    """One number for key and time of day [n], sorted as they are: a day has fewer microseconds than 2 ** 37."""
    return (readings.key.astype(np.int64) << 37) + (readings.time - start_us)


def _pairs(old: RawReadings, new: RawReadings, file: int) -> tuple[np.ndarray, np.ndarray]:
    """Readings of other exports in force for which `new` has one in their place, and which: positions [m], [m]."""
    active = np.flatnonzero((old.reason != CODE[REPLACED]) & (old.file != file))
    if not len(active) or not len(new):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    start_us = min(int(new.time.min()), int(old.time.min()))
    code_new, code_old = _codes(new, start_us), _codes(old, start_us)[active]
    right = np.searchsorted(code_new, code_old)
    best = np.full(len(active), -1)
    nearest = np.full(len(active), np.inf)
    for place in (right - 1, right):
        inside = (place >= 0) & (place < len(code_new))
        candidate = np.where(inside, place, 0)
        away = np.abs(code_new[candidate] - code_old)
        step_us = np.minimum(new.step_s[candidate], old.step_s[active]).astype(np.int64) * 1_000_000
        near = inside & ((away == 0) | (away < SAME * step_us)) & (away < nearest)
        best, nearest = np.where(near, candidate, best), np.where(near, away, nearest)
    found = best >= 0
    return active[found], best[found]


def _same(old: RawReadings, new: RawReadings, at: np.ndarray, of: np.ndarray) -> np.ndarray:
    """[m] whether both say the same: at one time, both good."""
    a, b = old.value[at], new.value[of]
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    good = (old.reason[at] == 0) & (new.reason[of] == 0)
    return equal & good & (old.time[at] == new.time[of])


def _count(
    counted: Replacement,
    old: RawReadings,
    new: RawReadings,
    at: np.ndarray,
    of: np.ndarray,
    same: np.ndarray,
    file: int,
) -> None:
    repeated = len(np.unique(of[same]))
    counted.repeated += repeated
    counted.replaced += int((~same).sum())
    counted.new += len(new) - repeated
    others = (old.reason == 0) & (old.file != file)
    _add(counted.there, old.key[np.isin(old.key, new.key) & others])
    a, b = old.value[at], new.value[of]
    with np.errstate(invalid="ignore"):
        other = ~same & (np.abs(a - b) > DIFFERENT * np.maximum(np.abs(a), np.abs(b)))
    other &= new.reason[of] == 0
    _add(counted.changed, old.key[at[other]])
    if counted.first is None and other.any():
        place = int(np.flatnonzero(other)[0])
        row = at[place]
        counted.first = int(old.key[row]), int(old.time[row]), float(a[place]), float(b[place])


def _add(counts: dict[int, int], keys: np.ndarray) -> None:
    for key, count in zip(*np.unique(keys, return_counts=True), strict=True):
        counts[int(key)] = counts.get(int(key), 0) + int(count)
