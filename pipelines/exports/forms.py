"""In which ways an export's times can be read: for a guess, and for an error that says what would work."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa

from pipelines.exports.stamps import COUNTED, NO_TIME, forms, times_of
from pipelines.exports.table import connect

TRIED = 400  # stamps, spread over the sample
READABLE = 0.99  # share of them that a form must read


def readable_forms(texts: Sequence[str]) -> list[str | None]:
    """Forms that read (almost) all texts, the commoner first; None is ISO 8601. Empty where no form does."""
    some = [text.strip() for text in _spread(texts) if text.strip()]
    if not some:
        return []
    with connect() as connection:

        def reads(form: str | None) -> bool:
            us, _ = times_of(connection, pa.array(some, pa.string()), form)
            return float((us != NO_TIME).mean()) >= READABLE

        if all(_is_number(text) for text in some):
            return [
                form
                for form in (*_counts(some), *(f for f in forms() if f.isascii() and _plain(f)))
                if reads(form)
            ]
        if reads(None):
            return [None]
        few = (some[0], some[len(some) // 2], some[-1])
        return [form for form in forms() if all(_likely(text, form) for text in few) and reads(form)]


def _spread(texts: Sequence[str]) -> list[str]:
    if len(texts) <= TRIED:
        return list(texts)
    return [texts[at] for at in np.linspace(0, len(texts) - 1, TRIED).astype(int)]


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _plain(form: str) -> bool:
    return form in ("%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S")


def _counts(texts: list[str]) -> list[str]:
    """Epochs since which these numbers would count to a time between 1990 and 2100."""
    values = np.array([float(text.replace(",", ".")) for text in texts])
    return [form for form, (_, low, high) in COUNTED.items() if low <= np.median(values) <= high]


def _likely(text: str, form: str) -> bool:
    """Whether Python reads it: a quick first choice among some two hundred forms."""
    for candidate in (text, text.rsplit(" ", 1)[0], text.removesuffix("Z")):
        try:
            datetime.strptime(candidate.replace("24:00", "00:00"), form)
        except ValueError:
            continue
        return True
    return False
