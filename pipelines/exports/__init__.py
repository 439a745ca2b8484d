"""What an export says, before anyone knows the site: the one reader of files, for `ingest` and for `site new`.

`opening` makes text or Parquet of what lies under a path, `layout` finds header, units and delimiter in text, `table`
names the columns and gives the SQL that reads them, `numbers` and `stamps` tell how numbers and times are written.
"""

from pipelines.exports.opening import EXPORTS, Opened, opened
from pipelines.exports.table import Table, connect, head, listed, read_table

__all__ = ["EXPORTS", "Opened", "Table", "connect", "head", "listed", "opened", "read_table"]
