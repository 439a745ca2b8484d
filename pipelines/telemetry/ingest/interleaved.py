"""Rows of several machines in one table, told from their times: read as one machine they would be averaged."""

import re

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.errors import IngestError
from pipelines.exports import listed
from pipelines.exports.forms import readable_forms
from pipelines.exports.stamps import DAY_US, NO_TIME
from pipelines.telemetry.ingest.clock import shown_twice
from pipelines.telemetry.ingest.files import Export
from pipelines.telemetry.ingest.stamps import parse_stamps

REPEATED = 0.2  # share of rows whose time stands in a row before: a clock change or a copy repeats fewer
FEWEST_REPEATED = 3
BURST, BURSTS = 0.1, 0.3  # of the mean step; share of steps shorter than that: rows come in bursts
MOST_MACHINES = 5_000
FEWEST_ROWS = 4
TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?")
EXAMPLES = 50


def refuse_interleaved(export: Export, sample: pa.Table) -> None:
    """Raise IngestError where rows of a sample (text columns) belong to several machines that no tag tells apart."""
    if len(sample) < FEWEST_ROWS:
        return
    rows = _rows(export, sample)
    named = [export.column(name) for name in export.source.tag_columns]
    groups = [group for _, group in rows.groupby(named, sort=False)] if named else [rows]
    groups = [group for group in groups if len(group) >= FEWEST_ROWS]
    if not groups or not any(_is_mixed(group["us"].to_numpy()) for group in groups):
        return
    described = {export.column(name) for name in _described(export)}
    others = [name for name in export.table.header if name not in {*described, *export.columns, *named}]
    _refuse_days_alone(export, sample, rows, others)
    telling = [name for name in others if _tells_apart(rows, [*named, name])]
    if telling:
        raise IngestError(_question(export, sample, telling[0]))
    if _differing_share(export, rows, named) > REPEATED:
        raise IngestError(
            f"{export.name}: times stand several times with different values, and no column says whose they are; "
            f"export each machine to a file of its own, or the column that names the machine"
        )


def _refuse_days_alone(export: Export, sample: pa.Table, rows: pd.DataFrame, others: list[str]) -> None:
    """Raise IngestError where the time column has days only, and another one the time of day."""
    if (rows["us"] % DAY_US != 0).any() or export.source.date_column is not None:
        return
    for name in others:
        times = sample[name].drop_null().to_pylist()
        if not times or not all(TIME_OF_DAY.fullmatch(text.strip()) for text in times):
            continue
        day = export.column(export.source.time_column)
        texts = [f"{a} {b}" for a, b in zip(sample[day].to_pylist(), sample[name].to_pylist(), strict=True)]
        form = next(iter(readable_forms(texts[:EXAMPLES])), None)
        told = f', time_format = "{form}"' if form else ""
        raise IngestError(
            f'{export.name}: column "{day}" has days only, and column "{name}" the time of day; '
            f'set date_column = "{day}", time_column = "{name}"{told} of source {export.source.name}'
        )


def _rows(export: Export, sample: pa.Table) -> pd.DataFrame:
    frame = sample.to_pandas()
    time = sample[export.column(export.source.time_column)]
    if export.source.date_column is not None:
        date = sample[export.column(export.source.date_column)].to_pylist()
        time = pa.chunked_array(
            [[f"{a} {b}" for a, b in zip(date, time.to_pylist(), strict=True)]], type=pa.string()
        )
    connection = duckdb.connect()
    try:
        stamps = parse_stamps(connection, export, time)
    finally:
        connection.close()
    us = stamps.us[stamps.place]
    rows = frame.assign(us=us)[us != NO_TIME]
    # The hour that a clock shows twice in autumn repeats times without being another machine's.
    return rows[~shown_twice(rows["us"].to_numpy(), export.source.time_zone)]


def _described(export: Export) -> list[str]:
    source = export.source
    names = [source.time_column, source.date_column, source.quality_column]
    return [name for name in [*names, source.value_column if source.layout == "long" else None] if name]


def _is_mixed(us: np.ndarray) -> bool:
    """Whether times [n] repeat, or come in bursts, as those of several machines do that are polled in turn."""
    steps = np.diff(np.sort(us))
    if not len(steps):
        return False
    repeated = steps == 0
    if repeated.sum() >= FEWEST_REPEATED and repeated.mean() > REPEATED:
        return True
    short = steps < BURST * steps.mean()
    return bool(short.sum() >= FEWEST_REPEATED and short.mean() > BURSTS)


def _tells_apart(rows: pd.DataFrame, columns: list[str]) -> bool:
    """Whether rows of one value of the columns are one machine's: at times of their own, seen over most of the file."""
    groups = [group["us"].to_numpy() for _, group in rows.groupby(columns, sort=False)]
    if not 2 <= len(groups) <= min(MOST_MACHINES, len(rows) // 2):
        return False
    apart = [not _is_mixed(group) for group in groups if len(group) > 1]
    span = np.ptp(rows["us"].to_numpy())
    wide = [np.ptp(group) > 0.5 * span for group in groups]
    return bool(apart) and bool(np.mean(apart) > 0.9 and np.mean(wide) > 0.5)


def _differing_share(export: Export, rows: pd.DataFrame, named: list[str]) -> float:
    """Share of rows whose time stands in another row with other values."""
    values = [*export.columns] or [export.column(export.source.value_column)]
    distinct = rows.drop_duplicates([*named, "us", *values])
    again = distinct.duplicated([*named, "us"])
    return float(again.mean()) if again.sum() >= FEWEST_REPEATED else 0.0


def _question(export: Export, sample: pa.Table, column: str) -> str:
    machines = [str(each) for each in dict.fromkeys(sample[column].to_pylist())]
    if export.source.layout == "long":
        tags = [*export.source.tag_columns, column]
        remedy = (
            f"set tag_column = {tags} of source {export.source.name} and write its tags as TAG/{machines[0]}"
        )
    else:
        ends = f"{machines[0]}/{export.columns[0]}"
        remedy = f'set identity_columns = ["{column}"] of source {export.source.name} and name its points "{ends}", ...'
    return (
        f'{export.name}: rows of column "{column}" ({listed(machines)}) are of several machines, which one tag would '
        f"mix; {remedy}; or export one file for each"
    )
