"""Of a long export the first rows of every tag, wherever in the file they are: it may be sorted by tag."""

from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd

from pipelines.errors import IngestError
from pipelines.exports import Table, connect

BATCH_ROWS = 200_000
FEWEST = 100  # rows of a tag, however many tags there are


def first_rows_of_tags(table: Table, tag_columns: Sequence[str], most: int) -> pd.DataFrame:
    """About `most` rows in file order, all columns as text, as many of each tag. Raises IngestError as `head` does."""
    parts = ", ".join(f"coalesce(trim({table.text(name)}), '')" for name in tag_columns)
    columns = ", ".join(f"{table.text(name)} AS c{number}" for number, name in enumerate(table.header))
    try:
        with connect() as connection:
            counted = connection.sql(
                f"SELECT concat_ws(chr(31), {parts}) AS tag, count(*) AS n FROM {table.relation()} GROUP BY ALL"
            ).df()
            each = max(most // max(len(counted), 1), FEWEST)
            rows = connection.sql(
                f"SELECT concat_ws(chr(31), {parts}) AS tag, {columns} FROM {table.relation()}"
            )
            found = _taken(rows, counted.set_index("tag")["n"].clip(upper=each))
    except duckdb.Error as cause:
        raise IngestError(f"{table.name} cannot be read ({cause}); export it again") from cause
    return found.set_axis(list(table.header), axis=1)


def _taken(rows: duckdb.DuckDBPyRelation, wanted: pd.Series) -> pd.DataFrame:
    """Of each tag as many rows as are wanted; reading ends when they are there."""
    place = pd.Index(wanted.index)
    left = wanted.to_numpy(np.int64).copy()
    kept: list[pd.DataFrame] = []
    for batch in rows.to_arrow_reader(BATCH_ROWS):
        frame = batch.to_pandas()
        code = place.get_indexer(frame["tag"])
        rank = pd.Series(code).groupby(code).cumcount().to_numpy()
        taken = rank < left[code]
        kept.append(frame[taken].drop(columns="tag"))
        left -= np.bincount(code[taken], minlength=len(left))
        if not left.any():
            break
    return pd.concat(kept, ignore_index=True)
