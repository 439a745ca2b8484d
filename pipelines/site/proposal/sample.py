"""The head of an export: which of its columns are time, names and values, and the readings of each tag."""

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.errors import IngestError
from pipelines.exports import Table, connect, head, listed, opened, read_table
from pipelines.exports.forms import readable_forms
from pipelines.exports.numbers import Decimal, decimal_of, number_of
from pipelines.exports.quotes import without_strays
from pipelines.exports.stamps import times_of
from pipelines.site.proposal.rows_of_tags import first_rows_of_tags

SAMPLE_ROWS = 100_000
LOOKED_AT = 300  # cells of a column, to tell what it holds
MOSTLY = 0.9
REPEATED = 0.05  # share of rows at a time that another row has: more, and the rows are of several machines
BURST, BURSTS = 0.1, 0.3  # of the mean step; share of steps shorter than that: rows come in bursts
MOST_NAMES = 5_000
TIME_NAME = re.compile(
    r"\b(time|date|datetime|timestamp|ts|zeit|datum|zeitstempel|fecha|hora|heure|epoch)\b", re.IGNORECASE
)
TAG_NAME = re.compile(
    r"^(tag|tag ?name|point|point ?name|sensor|signal|variable|channel|name|id|metric|field|series|object ?name|"
    r"trend ?log|"
    r"history ?id|measurement)$",
    re.IGNORECASE,
)
VALUE_NAME = re.compile(r"^(value|val|reading|v|wert|valeur|valor|present ?value)\b", re.IGNORECASE)
QUALITY_NAMES = (
    re.compile(
        r"^(opc ?)?(quality|qual|status|status ?code|reliability|statut|qualit[äa]t|calidad)$", re.IGNORECASE
    ),
    re.compile(r"\b(quality|qual|status|flags?|good)\b", re.IGNORECASE),
)
QUALITY_SUFFIXES = (
    ".Status",
    ".Quality",
    " Status",
    " Quality",
    "_Status",
    "_Quality",
    "_quality",
    "_status",
    ".Q",
    "_Q",
)
CLOCK_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp]\.?[Mm]\.?)?")
DATE_ONLY = re.compile(r"\d{1,4}[-/. ](\d{1,2}|[^\W\d]{3,9})[-/. ,]+\d{2,4}|\d{8}")


@dataclass(frozen=True)
class Sample:
    """The first rows of an export, of a long one those of each tag, all as text, and the part each column plays.

    tag_columns, value_column: of a long export; None where each further column is a tag. identity_columns: of a wide
    one whose rows are of several machines. tag_from: "title" where the line above the header says whose the file is.
    units: what a units row says, by column. decimal: sign of its numbers, None where all read alike. aside: columns
    that hold no values.
    """

    path: Path
    rows: pd.DataFrame
    time_column: str
    date_column: str | None = None
    tag_columns: tuple[str, ...] = ()
    value_column: str | None = None
    identity_columns: tuple[str, ...] = ()
    quality_column: str | None = None
    quality_suffix: str | None = None
    tag_from: str | None = None
    title: str = ""
    units: dict[str, str] = field(default_factory=dict)
    decimal: Decimal | None = None
    aside: tuple[str, ...] = ()

    @property
    def stamps(self) -> pd.Series:
        """The times as text."""
        time = self.rows[self.time_column]
        return time if self.date_column is None else self.rows[self.date_column] + " " + time

    @property
    def is_long(self) -> bool:
        """Whether each row is one reading."""
        return self.value_column is not None

    @property
    def value_columns(self) -> list[str]:
        """Columns that hold values."""
        if self.value_column is not None:
            return [self.value_column]
        suffix = self.quality_suffix
        parts = {self.time_column, self.date_column, self.quality_column, *self.identity_columns, *self.aside}
        return [
            str(name)
            for name in self.rows
            if name not in parts
            and not (suffix and str(name).endswith(suffix) and str(name)[: -len(suffix)] in self.rows)
        ]

    def readings(self) -> dict[str, pd.DataFrame]:
        """Columns `stamp` and `value` (text, a plain number where it was understood) of each tag, in file order."""
        names = self.tag_columns if self.is_long else self.identity_columns
        groups = (
            self.rows.groupby(list(names), sort=False).indices if names else {(): np.arange(len(self.rows))}
        )
        stamps, found = self.stamps.to_numpy(), {}
        for identity, at in groups.items():
            parts = list(identity) if isinstance(identity, tuple) else [identity]
            for column in self.value_columns:
                own = [self.title if self.tag_from else "", *map(str, parts), "" if self.is_long else column]
                tag = "/".join(part.strip() for part in own if part.strip())
                values = self.rows[column].to_numpy()[at]
                found[tag] = pd.DataFrame({"stamp": stamps[at], "value": self.plain(values)})
        return found

    def unit_row(self, tag: str) -> str | None:
        """What the units row says of a tag's column, None where there is none."""
        return next(
            (unit for column, unit in self.units.items() if tag == column or tag.endswith(f"/{column}")), None
        )

    def plain(self, values: np.ndarray) -> list[str]:
        """Cells [n], those with signs of thousands, units or a status as plain numbers; the others as they are."""
        known: dict[str, str] = {}
        for text in dict.fromkeys(values.tolist()):
            number = number_of(text, self.decimal)
            known[text] = (
                repr(number.value)
                if number.readable and number.good and number.value == number.value
                else text
            )
        return [known[text] for text in values.tolist()]


def read_sample(path: Path) -> Sample:
    """Read the head of an export. Raises IngestError where it cannot be read, or no column holds times."""
    with opened(path) as file, tempfile.TemporaryDirectory(prefix="coldaisle-") as folder:
        table = read_table(file)
        paired, _ = without_strays(table, Path(folder))
        first = head(paired, SAMPLE_ROWS)
        sample = _sample_of(path, table, first.to_pandas())
        if sample.is_long and len(first) == SAMPLE_ROWS:
            sample = _sample_of(path, table, first_rows_of_tags(paired, sample.tag_columns, SAMPLE_ROWS))
    return sample


def _sample_of(path: Path, table: Table, read: pd.DataFrame) -> Sample:
    rows = read.fillna("").astype(str)
    rows = rows.drop(columns=[name for name in table.blank if name in rows]).apply(
        lambda column: column.str.strip()
    )
    rows = rows.replace({"NaT": "", "None": ""})
    if rows.empty:
        raise IngestError(f"{path} has a header but no rows; export a period that holds data")
    time_column, date_column = _time_columns(path, rows)
    others = [str(name) for name in rows if name not in (time_column, date_column)]
    sample = Sample(path, rows, time_column, date_column, title=table.title, units=table.units)
    return _with_parts(sample, others)


def _time_columns(path: Path, rows: pd.DataFrame) -> tuple[str, str | None]:
    """The time column, and the one that holds its date where that stands apart."""
    named = [str(name) for name in rows if TIME_NAME.search(spaced(str(name)))]
    order = [*named, *(str(name) for name in rows if name not in named)]
    cells = {name: _some(rows[name]) for name in order}
    clock = next((name for name in order if _mostly(cells[name], CLOCK_TIME.fullmatch)), None)
    date = next((name for name in order if _mostly(cells[name], DATE_ONLY.fullmatch)), None)
    if clock and date:
        joined = [f"{a} {b}" for a, b in zip(rows[date], rows[clock], strict=True) if a and b]
        if readable_forms(joined):
            return clock, date
    for name in order:
        if _holds_times(cells[name], named=name in named):
            return name, None
    if named and cells[named[0]]:
        raise IngestError(
            f'{path}: the times in column "{named[0]}" (such as "{cells[named[0]][0]}") are written in no way that '
            "is known; export them as ISO 8601, e.g. 2024-03-01T00:10:00"
        )
    raise IngestError(
        f"{path}: no column holds times such as 2024-03-01 00:10, found {listed(list(map(str, rows.columns)))}; "
        "export it with a time column"
    )


def _holds_times(cells: list[str], *, named: bool) -> bool:
    if not cells:
        return False
    forms = readable_forms(cells)
    if all(re.fullmatch(r"[\d.,]+", cell) for cell in cells):
        # A count of seconds looks like any other number: its name has to say so, or that it never falls.
        values = [float(cell.replace(",", ".")) for cell in cells if re.fullmatch(r"\d+([.,]\d+)?", cell)]
        rises = len(values) > 2 and all(a <= b for a, b in pairwise(values)) and values[0] < values[-1]
        return bool(forms) and (named or (rises and values[0] > 1e8))
    return bool(forms)


def _some(cells: pd.Series) -> list[str]:
    filled = cells[cells != ""]
    step = max(len(filled) // LOOKED_AT, 1)
    return filled.iloc[::step].head(LOOKED_AT).tolist()


def _mostly(cells: Sequence[str], fits: Callable[[str], object]) -> bool:
    return bool(cells) and bool(np.mean([fits(cell) is not None for cell in cells]) > MOSTLY)


def _with_parts(sample: Sample, others: list[str]) -> Sample:
    rows = sample.rows
    decimal = _decimal(rows, others)
    kinds = {name: _kind(_some(rows[name]), decimal) for name in others}
    suffix = _quality_suffix(others)
    beside = {name for name in others if suffix and name.endswith(suffix) and name[: -len(suffix)] in others}
    like_quality = [
        name
        for pattern in QUALITY_NAMES
        for name in others
        if pattern.search(spaced(name)) and (kinds[name] == "words" or _is_code(rows[name]))
    ]
    quality = None if suffix else next(iter(like_quality), None)
    free = [name for name in others if name not in beside and name not in like_quality]
    words = [name for name in free if kinds[name] == "words"]
    numbers = [name for name in free if kinds[name] == "number"]
    value = next((name for name in numbers if VALUE_NAME.search(spaced(name))), None)
    tag = next((name for name in free if TAG_NAME.match(spaced(name)) and name != value), None)
    telling = _telling(sample, [*([tag] if tag else []), *(name for name in words if name != tag)])
    aside = tuple(name for name in like_quality if name != quality)
    sample = replace(sample, decimal=decimal, quality_suffix=suffix, quality_column=quality, aside=aside)
    if value and (tag or telling) and len(numbers) <= 2:
        chosen = tuple(telling) or ((tag,) if tag else ())
        return replace(sample, tag_columns=chosen, value_column=value)
    generic = value is not None and len(numbers) == 1 and bool(sample.title)
    return replace(sample, identity_columns=tuple(telling), tag_from="title" if generic else None)


def _decimal(rows: pd.DataFrame, names: list[str]) -> Decimal | None:
    votes = [sign for name in names if (sign := decimal_of(_some(rows[name]))) is not None]
    return ("," if votes.count(",") > votes.count(".") else ".") if votes else None


def _kind(cells: list[str], decimal: Decimal | None) -> str:
    """What a column holds: number, words, or nothing."""
    if not cells:
        return "nothing"
    numbers = [number_of(cell, decimal) for cell in cells]
    filled = [number for number in numbers if not (number.readable and number.value != number.value)]
    read = [number for number in filled if number.readable]
    return "number" if filled and len(read) > MOSTLY * len(filled) else "words"


def _is_code(cells: pd.Series) -> bool:
    """Whether numbers are codes, as OPC's 192 for good is."""
    return bool(cells[cells != ""].isin(["0", "192", "64", "28", "24"]).mean() > MOSTLY)


def _quality_suffix(names: list[str]) -> str | None:
    """How columns that hold the quality of another one end."""
    counts = {
        suffix: sum(name.endswith(suffix) and name[: -len(suffix)] in names for name in names)
        for suffix in QUALITY_SUFFIXES
    }
    best = max(counts, key=lambda suffix: counts[suffix])
    return best if counts[best] else None


def _telling(sample: Sample, candidates: list[str]) -> list[str]:
    """Columns that together tell whose each row is, few of them; none where the rows are of one machine."""
    rows = sample.rows
    us = _stamps_us(sample)
    chosen: list[str] = []
    while _mixed(rows, us, chosen):
        left = [
            name
            for name in candidates
            if name not in chosen and 2 <= rows[name].nunique() <= min(MOST_NAMES, len(rows) // 2)
        ]
        if not left or len(chosen) == 4:
            break
        best = min(left, key=lambda name: _mixing(rows, us, [*chosen, name]))
        if _mixing(rows, us, [*chosen, best]) >= _mixing(rows, us, chosen):
            break
        chosen.append(best)
    return [name for name in rows if name in chosen]


def _stamps_us(sample: Sample) -> np.ndarray:
    codes, distinct = pd.factorize(sample.stamps)
    forms = readable_forms([str(each) for each in distinct])
    if not forms:
        return codes.astype(float)
    with connect() as connection:
        us, _ = times_of(connection, pa.array(list(map(str, distinct)), pa.string()), forms[0])
    return us.astype(float)[codes]


def _mixed(rows: pd.DataFrame, us: np.ndarray, names: list[str]) -> bool:
    return _mixing(rows, us, names) > REPEATED


def _mixing(rows: pd.DataFrame, us: np.ndarray, names: list[str]) -> float:
    """Share of rows at a time that another row of the same names has, or in a burst right after it."""
    groups = rows.groupby(names, sort=False).indices.values() if names else [np.arange(len(rows))]
    bad = 0
    for at in groups:
        steps = np.diff(np.sort(us[at]))
        if len(steps) < 2:
            continue
        short = steps < BURST * steps.mean()
        bursts = short.sum() >= 3 and short.mean() > BURSTS
        bad += int(short.sum()) if bursts else int((steps == 0).sum())
    return bad / max(len(rows), 1)


def spaced(name: str) -> str:
    """A name with its words apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).strip()
