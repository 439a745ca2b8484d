"""The SQL that reads an export: every cell as text first, so that nothing unreadable is lost."""

from pipelines.exports.numbers import Decimal, number_sql
from pipelines.telemetry.ingest.files import Export


def query(export: Export, decimals: dict[str, Decimal | None]) -> str:
    """Select time, identity (the tag of a long row), quality; long: value, text; wide: v0, t0, q0, ... by column.

    A value is NULL where it is no plain number, and a text where it is neither a number nor empty. decimals: decimal
    sign by value column. Rows come in file order: DuckDB keeps it through a projection but not through a join, and
    makes a join of a long list of words: so words are looked up elsewhere.
    """
    source, table = export.source, export.table
    columns = [
        f"{_time(export)} AS time",
        f"{_identity(export)} AS identity",
        f"{_quality(export, source.quality_column)} AS quality",
    ]
    if source.layout == "long":
        name = export.column(source.value_column)
        columns += [
            f"{_number(export, name, decimals)} AS value",
            f"{_unreadable(export, name, decimals)} AS text",
        ]
    else:
        columns += [f"{_number(export, name, decimals)} AS v{i}" for i, name in enumerate(export.columns)]
        columns += [f"{_unreadable(export, name, decimals)} AS t{i}" for i, name in enumerate(export.columns)]
        columns += [
            f"{_quality(export, export.quality_of(name))} AS q{i}"
            for i, name in enumerate(export.columns)
            if source.quality_suffix is not None
        ]
    return f"SELECT {', '.join(columns)} FROM {table.relation()}"


def _time(export: Export) -> str:
    table, source = export.table, export.source
    time = export.column(source.time_column)
    if source.date_column is None:
        return table.column(time)
    return f"trim({table.text(export.column(source.date_column))}) || ' ' || trim({table.text(time)})"


def _identity(export: Export) -> str:
    parts = [
        f"coalesce(trim({export.table.text(export.column(name))}), '')" for name in export.source.tag_columns
    ]
    if len(parts) == 1 and export.source.layout == "long":
        return export.table.text(export.column(export.source.tag_columns[0]))
    return f"concat_ws('/', {', '.join(parts)})" if parts else "CAST(NULL AS VARCHAR)"


def _number(export: Export, name: str, decimals: dict[str, Decimal | None]) -> str:
    table = export.table
    if is_number(export, name):
        return f"CAST({table.column(name)} AS DOUBLE)"
    return number_sql(table.text(name), decimals.get(name, "."))


def is_number(export: Export, name: str) -> bool:
    """Whether a column of Parquet has numbers rather than texts."""
    kind = str(export.table.types.get(name, ""))
    return kind.startswith(("int", "uint", "float", "double", "bool", "decimal", "half"))


def _unreadable(export: Export, name: str, decimals: dict[str, Decimal | None]) -> str:
    text = export.table.text(name)
    return f"CASE WHEN {_number(export, name, decimals)} IS NULL THEN {text} END"


def _quality(export: Export, column: str | None) -> str:
    if column is None:
        return "CAST(NULL AS VARCHAR)"
    return f"coalesce(trim({export.table.text(export.column(column))}), '')"
