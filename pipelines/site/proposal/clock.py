"""A guess for an export's clock: how its times are written, its time zone and its step."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.exports import connect
from pipelines.exports.forms import readable_forms
from pipelines.exports.stamps import COUNTED, NO_TIME, ZONES_OF_WORDS, times_of

SITE_STEPS_MINUTES = (1, 5, 10, 15, 30, 60)
MINUTE_US = 60_000_000
_OFFSETS = re.compile(r"(?:Z|\d[+-]\d{2}:?\d{2}|(?:UTC|GMT)\)?)$", re.IGNORECASE)
_WORD = re.compile(r"\b([A-Z]{3,4})\)?$")


@dataclass(frozen=True)
class Clock:
    """time_format: as a source has it, None for ISO 8601. time_zone: IANA name, None where the export does not say.

    step_minutes: the commonest distance between readings of one tag.
    regular: the share of steps that keep it.
    ambiguous: day and month could be read either way round. zoned: each stamp says its offset itself.
    """

    time_format: str | None
    time_zone: str | None
    step_minutes: float | None
    regular: float
    ambiguous: bool = False
    zoned: bool = False

    @property
    def site_minutes(self) -> int:
        """The shortest interval a site's table may have that is no shorter than this clock's step."""
        step = self.step_minutes or SITE_STEPS_MINUTES[-1]
        return next((allowed for allowed in SITE_STEPS_MINUTES if allowed >= step), SITE_STEPS_MINUTES[-1])


def guess_clock(time_column: str, stamps: Sequence[str], one_tag: Sequence[str]) -> Clock | None:
    """Guess the clock from the time column's name, all its stamps (text), and the stamps of one tag.

    Returns None where no way of writing time that is known reads the stamps.
    """
    texts = [text.strip() for text in stamps if text.strip()]
    forms = readable_forms(texts)
    if not forms:
        return None
    steps = {form: _step(times(one_tag, form)) for form in forms}
    # Of two orders of day and month, the one in which the rows keep their step.
    best = max(forms, key=lambda form: steps[form][1])
    others = [form for form in forms if form and best and _day_first(form) != _day_first(best)]
    ambiguous = any(steps[form][1] == steps[best][1] for form in others)
    zone, zoned = _zone(time_column, texts, best)
    return Clock(best, zone, *steps[best], ambiguous=ambiguous, zoned=zoned)


def times(stamps: Sequence[str], form: str | None) -> np.ndarray:
    """Stamps [n] as µs since 1970 on their own clock; NO_TIME where one does not read."""
    codes, distinct = pd.factorize(np.asarray(stamps, dtype=object))
    with connect() as connection:
        us, _ = times_of(connection, pa.array(list(map(str, distinct)), pa.string()), form)
    return us[codes] if len(us) else us


def _day_first(form: str) -> bool:
    month = max(form.find("%m"), form.find("%b"), form.find("%B"))
    return form.find("%d") < month


def _step(us: np.ndarray) -> tuple[float | None, float]:
    steps = np.diff(us[us != NO_TIME])
    steps = steps[steps > 0]
    if not len(steps):
        return None, 0.0
    values, counts = np.unique(np.round(steps / 1e6), return_counts=True)
    usual = int(np.argmax(counts))
    return float(values[usual]) / 60.0, float(counts[usual] / len(steps))


def _zone(time_column: str, texts: list[str], form: str | None) -> tuple[str | None, bool]:
    """The zone, and whether every stamp says its offset itself."""
    if form in COUNTED and form != "excel":
        return "UTC", True
    share = np.mean([_OFFSETS.search(text) is not None for text in texts])
    if share > 0.9:
        return "UTC", True
    words = [match[1] for text in texts if (match := _WORD.search(text)) and match[1] in ZONES_OF_WORDS]
    if len(words) > 0.9 * len(texts):
        return ZONES_OF_WORDS[max(set(words), key=words.count)], True
    named = re.search(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+\b", time_column)
    if named:
        return named[0], False
    offset = re.search(r"\b(?:GMT|UTC)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?", time_column)
    if offset and offset[3] in (None, "00"):
        # POSIX counts the other way: Etc/GMT-8 is eight hours ahead of Greenwich.
        sign = "-" if offset[1] == "+" else "+"
        return (f"Etc/GMT{sign}{int(offset[2])}" if int(offset[2]) else "UTC"), False
    return ("UTC" if not offset and re.search(r"\b(UTC|GMT)\b", time_column) else None), False
