"""What every table of a site file shares: nothing that is not declared, no number that is infinite or absurd."""

import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict

from pipelines.exports.stamps import COUNTED

# Names of what must not be shown; "key" alone is one, "keyboard" none.
SECRET_WORDS = re.compile(
    r"pass(word|wd|phrase)|pwd|secret|token|credential|signature|authorization|cookie"
    r"|(^|[^a-z])((api|access|account)?[_-]?key|sig|auth|sas|pass)($|[^a-z])",
    re.IGNORECASE,
)


class Table(BaseModel):
    """A table of a site file: frozen, without unknown keys, without NaN or infinity."""

    # Whatever else quotes an error of pydantic's must not quote a site file that has a password in it.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


def within(low: float, high: float, unit: str, because: str) -> AfterValidator:
    """A rule for an annotated number: it lies in low..high of `unit`, ends included.

    because: where the range is from; part of the message. The rule raises ValueError, which pydantic reports.
    """

    def check(value: float) -> float:
        if not low <= value <= high:
            raise ValueError(f"must lie in {low:g}..{high:g}{unit and ' '}{unit} ({because}); correct it")
        return value

    return AfterValidator(check)


def known_time_zone(zone: str) -> str:
    """The zone's name. Raises ValueError where the IANA database does not have it."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
        raise ValueError(
            f'time_zone "{zone[:80]}" is not in the IANA database; write e.g. "Asia/Singapore"'
        ) from cause
    return zone


def known_time_format(form: str) -> str:
    """The format. Raises ValueError where it names nothing of a date or time."""
    if form in COUNTED or re.search(r"%[a-zA-Z]", form):
        return form
    raise ValueError(
        f'time_format "{form}" is neither a strptime format, e.g. "%m/%d/%Y %H:%M", nor one of {", ".join(COUNTED)}'
    )


def fault_text(error: Any) -> str:
    """One fault of a pydantic ValidationError: where it is, the rule and remedy, and the value that breaks it."""
    where = ".".join(str(part) for part in error["loc"]) or "site"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "finite_number":
        message = "must be a finite number; write the value that holds"
    hidden = isinstance(error["input"], dict | list) or any(map(_may_be_secret, error["loc"]))
    shown = "" if hidden else f" (found {error['input']!r})"
    return f"{where}: {message}{shown}"


def _may_be_secret(part: Any) -> bool:
    return part in ("address", "headers", "options", "query") or SECRET_WORDS.search(str(part)) is not None
