"""How an export writes numbers: decimal sign, thousands, units and status words in the cell.

`1.234` may be one and a bit or a thousand: the signs are told from all cells of a column together, never from one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Decimal = Literal[".", ","]

# What historians write where they have no value; such a cell is missing, not bad.
MISSING_WORDS = frozenset((
    "", "nan", "null", "none", "na", "n/a", "#n/a", "-", "--", "---", "no data", "nodata", "no value", "missing", "bad",
    "no result", "not available", "unavailable", "undefined", "nan(ind)", "1.#qnan",
))  # fmt: skip
# What they write where a device gave none: told as readings of bad quality.
FAULT_WORDS = frozenset((
    "down", "offline", "fault", "faulted", "fault,down", "failed", "comm fail", "comm loss", "i/o timeout",
    "pt created", "bad input", "stale", "error", "err", "#error", "#value!", "#ref!", "#div/0!", "tagnotfound",
    "calc failed", "shutdown", "timeout", "no comm", "disconnected", "not connected", "unreliable", "out of service",
    "open circuit",
    "short circuit",
))  # fmt: skip
# Words of a status beside a value that say that it holds.
GOOD_WORDS = frozenset(("", "ok", "good", "normal", "overridden", "active", "valid", "enabled"))
SWITCH_WORDS = {
    "on": 1.0, "true": 1.0, "yes": 1.0, "active": 1.0, "open": 1.0, "run": 1.0, "running": 1.0, "enabled": 1.0,
    "enable": 1.0, "occupied": 1.0, "start": 1.0, "ein": 1.0, "ja": 1.0,
    "off": 0.0, "false": 0.0, "no": 0.0, "inactive": 0.0, "closed": 0.0, "stop": 0.0, "stopped": 0.0, "disabled": 0.0,
    "disable": 0.0, "unoccupied": 0.0, "aus": 0.0, "nein": 0.0,
}  # fmt: skip

_SPACES = " \u00a0\u202f\u2009'’"
_GROUPS = rf"[+-]?\d{{1,3}}(?:[{_SPACES}]\d{{3}})+"
_CELL = re.compile(
    rf"(?P<number>[+\-−]?(?:\d[\d.,{_SPACES}]*|[.,]\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>[^\d\s{{(,.][^{{]*?)?\s*"
    r"(?:\{(?P<status>[^}]*)\})?"
)
_PLAIN = r"^[+-]?\d+(\.\d+)?$"
_SURELY_POINT = r"^[+-]?(\d+\.(\d{1,2}|\d{4,})|0\d*\.\d+|\d{4,}\.\d+)$"
_STATUS_ONLY = re.compile(r"\{(?P<status>[^}]*)\}|\((?P<other>[A-Za-z /]*)\)|\[(?P<square>[A-Za-z /]*)\]")


@dataclass(frozen=True)
class Number:
    """What a cell says. value: NaN where there is none. unit: written in the cell. good: whether its status says so.

    readable: whether it was understood at all.
    """

    value: float
    unit: str = ""
    good: bool = True
    readable: bool = True


def decimal_of_column(column: pa.ChunkedArray) -> Decimal | None:
    """`decimal_of` a column of texts; one of plain numbers with a point is told without looking at each cell."""
    texts = column.drop_null().cast(pa.string())
    texts = texts.filter(pc.not_equal(texts, ""))
    plain = pc.match_substring_regex(texts, _PLAIN)
    if pc.all(plain).as_py() and pc.any(pc.match_substring_regex(texts, _SURELY_POINT)).as_py():
        return "."
    return decimal_of(texts.to_pylist())


def decimal_of(texts: Iterable[str]) -> Decimal | None:
    """The decimal sign of a column's cells; None where every cell would be read alike, or nothing can be told.

    A group of three digits after a single sign is thousands only where the cells without a sign stay below a thousand,
    as they would; a leading zero (`0,125`) or another number of digits makes it a decimal sign.
    """
    votes = {".": 0, ",": 0}
    doubtful: dict[str, int] = {".": 0, ",": 0}
    plain_below, plain_above = 0, 0
    for text in texts:
        number = _number_part(text)
        if number is None:
            continue
        signs = [char for char in number if char in ".,"]
        if not signs:
            digits = re.sub(rf"[{_SPACES}+\-−]", "", number)
            plain_below, plain_above = (
                (plain_below + 1, plain_above) if len(digits) <= 3 else (plain_below, plain_above + 1)
            )
        elif len(set(signs)) == 2:
            votes[signs[-1]] += 1  # 1.234,5: the last one
        elif len(signs) > 1:
            votes["," if signs[0] == "." else "."] += 1  # 1.234.567: thousands
        elif re.fullmatch(r"[+\-−]?[1-9]\d{0,2}[.,]\d{3}", number):
            doubtful[signs[0]] += 1
        else:
            votes[signs[0]] += 1
    if votes["."] != votes[","]:
        return "." if votes["."] > votes[","] else ","
    if votes["."]:
        return None
    for sign, other in ((",", "."), (".", ",")):
        if doubtful[sign] and not doubtful[other] and plain_below and not plain_above:
            return other  # type: ignore[return-value]
    return None


def is_doubtful(texts: Iterable[str]) -> bool:
    """Whether a column has cells such as `1,234` or `1.234` that two readings are possible of."""
    return any(
        re.fullmatch(r"[+\-−]?[1-9]\d{0,2}[.,]\d{3}", number)
        for number in map(_number_part, texts)
        if number is not None
    )


def _number_part(text: str) -> str | None:
    match = _CELL.fullmatch(text.strip())
    if match is None or "e" in match["number"].lower():
        return None
    return match["number"].strip()


def number_of(text: str, decimal: Decimal | None) -> Number:
    """A cell that is no plain number: with signs of thousands, a unit, a status, or a word for no value."""
    stripped = text.strip()
    status_only = _STATUS_ONLY.fullmatch(stripped)
    word = next((part for part in status_only.groups() if part is not None), "") if status_only else stripped
    word = word.strip().lower()
    if word in MISSING_WORDS or (status_only and word in GOOD_WORDS):
        return Number(np.nan)
    if word in FAULT_WORDS or (status_only and all(each.strip() in FAULT_WORDS for each in word.split(","))):
        return Number(np.nan, good=False)
    match = _CELL.fullmatch(stripped)
    value = _value(match["number"], decimal) if match else None
    if match is None or value is None:
        return Number(np.nan, readable=False)
    unit = (match["unit"] or "").strip()
    status = (match["status"] or "").lower()
    if unit.lower().strip("()[] ") in (MISSING_WORDS | FAULT_WORDS) - {"", "-"}:
        return Number(value, good=False)
    words = {word.strip() for word in re.split(r"[,;|]", status)}
    return Number(value, unit, good=words <= GOOD_WORDS)


def _value(number: str, decimal: Decimal | None) -> float | None:
    number = number.strip()
    bare = re.sub(rf"[{_SPACES}]", "", number).replace("−", "-")
    if re.search(rf"\d[{_SPACES}]", number) and not re.fullmatch(rf"{_GROUPS}(?:[.,]\d+)?", number):
        return None  # 12 34: two numbers
    commas, dots = bare.count(","), bare.count(".")
    if decimal is None:
        if commas and dots:
            decimal = "," if bare.rfind(",") > bare.rfind(".") else "."
        elif commas + dots == 1 and re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", bare):
            return None  # two readings are possible
        elif commas == 1 or dots > 1:
            decimal = ","
        else:
            decimal = "."
    thousands = "." if decimal == "," else ","
    if thousands in bare and not re.fullmatch(
        rf"[+-]?\d{{1,3}}(?:\{thousands}\d{{3}})+(?:\{decimal}\d+)?", bare
    ):
        return None
    try:
        return float(bare.replace(thousands, "").replace(decimal, "."))
    except ValueError:
        return None


def number_sql(text: str, decimal: Decimal | None) -> str:
    """SQL of a column's plain numbers, NULL where a cell has to be looked at by `number_of`. text: SQL of its text."""
    bare = f"trim({text})"
    if decimal == ",":
        return (
            f"CASE WHEN regexp_full_match({bare}, '[+-]?(\\d+|\\d{{1,3}}(\\.\\d{{3}})+)(,\\d+)?([eE][+-]?\\d+)?') "
            f"THEN TRY_CAST(replace(replace({bare}, '.', ''), ',', '.') AS DOUBLE) END"
        )
    if decimal is None:
        return (
            f"CASE WHEN NOT regexp_full_match({bare}, '[+-]?[1-9]\\d{{0,2}}\\.\\d{{3}}') "
            f"THEN TRY_CAST({bare} AS DOUBLE) END"
        )
    return f"TRY_CAST({text} AS DOUBLE)"  # which trims by itself
