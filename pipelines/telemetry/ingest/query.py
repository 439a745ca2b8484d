"""The SQL that reads an export: every cell as text first, so that nothing unreadable is lost."""

from pipelines.site.file import Point
from pipelines.telemetry.ingest.files import Export


def query(export: Export, points: list[Point]) -> str:
    """Select time, quality (NULL where not judged) and, long: tag, value, text; wide: v0, ... and t0, ... by point.

    A value is NULL where it is no number, and a text where it is neither a number nor empty.
    """
    # Rows must come in file order. DuckDB keeps it through a projection but not through a join, and makes a join
    # of a long list of words: so words are looked up elsewhere.
    source = export.source
    columns = [f"{_column(export, source.time_column)} AS time", f"{_quality(export)} AS quality"]
    if source.layout == "long":
        value = _column(export, source.value_column)
        columns += [f"CAST({_column(export, source.tag_column)} AS VARCHAR) AS tag"]
        columns += [f"{_number(value)} AS value", f"{_unreadable(value)} AS text"]
    else:
        values = [_column(export, point.tag) for point in points]
        columns += [f"{_number(value)} AS v{i}" for i, value in enumerate(values)]
        columns += [f"{_unreadable(value)} AS t{i}" for i, value in enumerate(values)]
    return f"SELECT {', '.join(columns)} FROM {_relation(export)}"


def _relation(export: Export) -> str:
    path = _quoted("".join(f"[{char}]" if char in "*?[" else char for char in str(export.path)))
    if export.is_parquet:
        return f"read_parquet({path})"
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(export.header)))
    return (
        f"read_csv({path}, auto_detect=false, delim={_quoted(export.delimiter)}, quote='\"', escape='\"', "
        f"header=true, skip={export.skip}, encoding='{export.encoding}', columns={{{columns}}}, "
        f"store_rejects=true)"
    )


def _column(export: Export, name: str) -> str:
    if export.is_parquet:
        return '"' + name.replace('"', '""') + '"'
    return f"c{export.header.index(name)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _number(column: str) -> str:
    return f"TRY_CAST(trim(CAST({column} AS VARCHAR)) AS DOUBLE)"


def _unreadable(column: str) -> str:
    return f"CASE WHEN {_number(column)} IS NULL THEN CAST({column} AS VARCHAR) END"


def _quality(export: Export) -> str:
    source = export.source
    if not source.quality_column or not source.good_quality:
        return "NULL"
    return f"coalesce(trim(CAST({_column(export, source.quality_column)} AS VARCHAR)), '')"
