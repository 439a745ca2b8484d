"""The head of an export: its columns, which of them is time, and the readings of each tag."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.errors import IngestError

SAMPLE_ROWS = 100_000
TIME_NAME = re.compile(r"\b(time|date|datetime|timestamp|ts)\b", re.IGNORECASE)
TAG_NAME = re.compile(
    r"^(tag|tag ?name|point|point ?name|sensor|signal|variable|channel|name|id)$", re.IGNORECASE
)
VALUE_NAME = re.compile(r"^(value|val|reading|v)$", re.IGNORECASE)
QUALITY_NAME = re.compile(r"\b(quality|qual|status|flag)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Sample:
    """The first rows of an export, all as text, and the part each column plays.

    tag_column, value_column: None for a wide export, where each further column is a tag.
    """

    path: Path
    rows: pd.DataFrame
    time_column: str
    tag_column: str | None = None
    value_column: str | None = None
    quality_column: str | None = None

    @property
    def stamps(self) -> pd.Series:
        """The time column as text."""
        return self.rows[self.time_column]

    def readings(self) -> dict[str, pd.DataFrame]:
        """Columns `stamp` and `value` (text) of each tag, in the order of the export."""
        if self.tag_column is None or self.value_column is None:
            tags = [name for name in self.rows if name not in (self.time_column, self.quality_column)]
            return {str(tag): pd.DataFrame({"stamp": self.stamps, "value": self.rows[tag]}) for tag in tags}
        long = pd.DataFrame(
            {"stamp": self.stamps, "value": self.rows[self.value_column], "tag": self.rows[self.tag_column]}
        )
        return {str(tag): group.drop(columns="tag") for tag, group in long.groupby("tag", sort=False)}


def read_sample(path: Path) -> Sample:
    """Read the head of a CSV or Parquet export. Raises IngestError where no column holds times."""
    rows = _read(path)
    if rows.empty:
        raise IngestError(f"{path} has a header but no rows; export a period that holds data")
    time_column = _time_column(path, rows)
    others = [str(name) for name in rows if name != time_column]
    tag_column = _named(TAG_NAME, others)
    value_column = _named(VALUE_NAME, others)
    quality_column = next((name for name in others if QUALITY_NAME.search(_spaced(name))), None)
    if tag_column and value_column:
        return Sample(path, rows, time_column, tag_column, value_column, quality_column)
    return Sample(path, rows, time_column)


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return _read_parquet(path)
        rows = pd.read_csv(
            path,
            nrows=SAMPLE_ROWS,
            dtype=str,
            sep=_separator(path),
            encoding="utf-8-sig",
            keep_default_na=False,
        )
    except FileNotFoundError as cause:
        raise IngestError(f"{path} does not exist; give the path of an export") from cause
    except (OSError, ValueError, pd.errors.ParserError) as cause:
        raise IngestError(f"{path} cannot be read as CSV or Parquet: {cause}; export it again") from cause
    return rows


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        batch = next(file.iter_batches(batch_size=SAMPLE_ROWS), None)
        table = file.schema_arrow.empty_table() if batch is None else pa.Table.from_batches([batch])
    frame = table.to_pandas()
    if frame.index.name:
        frame = frame.reset_index()
    return frame.astype(str).replace({"nan": "", "NaT": "", "None": "", "<NA>": ""})


def _separator(path: Path) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
    if not head.strip():
        raise IngestError(f"{path} is empty; export it again")
    try:
        return csv.Sniffer().sniff(head, delimiters=",;\t|").delimiter
    except csv.Error:
        return ","


def _time_column(path: Path, rows: pd.DataFrame) -> str:
    named = [str(name) for name in rows if TIME_NAME.search(_spaced(str(name)))]
    for name in [*named, *(str(column) for column in rows if column not in named)]:
        filled = rows[name][rows[name] != ""].head(200)
        if len(filled) and filled.map(_looks_like_a_time).mean() > 0.9:
            return name
    raise IngestError(
        f"{path}: no column holds times such as 2024-03-01 00:10, found {', '.join(map(str, rows.columns))}; "
        "export it with a time column"
    )


def _looks_like_a_time(text: str) -> bool:
    return re.match(r"\s*\d{1,4}[-/.](\d{1,2}|[A-Za-z]{3})[-/.]\d{2,4}", text) is not None


def _named(pattern: re.Pattern[str], names: list[str]) -> str | None:
    return next((name for name in names if pattern.match(_spaced(name))), None)


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).strip()
