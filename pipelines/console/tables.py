"""Where the prepared tables of a site lie, `<home>/console/<site>/`, and how they are read and written.

A document is JSON, a table Parquet; both are replaced whole. What is missing, damaged or of another format reads as
None: the page then says what to run, and nothing needs repair.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.config import Settings
from pipelines.files import read_json, replace, write_json

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
SAVINGS_HTML, SAVINGS_PDF, SAVINGS_CSV = "savings.html", "savings.pdf", "savings.csv"


class Tables:
    """The prepared tables of one site."""

    def __init__(self, settings: Settings, site: str) -> None:
        self.folder = settings.console / site

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replace a document; the time is added. Raises OSError."""
        write_json(self.folder / f"{name}.json", content | {"format": FORMAT, "made_at": datetime.now(UTC)})

    def read(self, name: str) -> dict[str, Any] | None:
        """A document, None where there is none that can be read."""
        content = read_json(self.folder / f"{name}.json")
        return content if content is not None and content.get("format") == FORMAT else None

    def write_frame(self, name: str, frame: "pd.DataFrame") -> None:
        """Replace a table. Raises OSError."""
        replace(self.folder / f"{name}.parquet", lambda path: frame.to_parquet(path, compression="zstd"))

    def read_frame(self, name: str, columns: list[str] | None = None) -> "pd.DataFrame | None":
        """A table, or the columns of it that exist; None where there is none that can be read."""
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.folder / f"{name}.parquet"
        try:
            # Read as bytes: a file that is replaced while it is mapped would change under the reader.
            source = pa.BufferReader(path.read_bytes())
            file = pq.ParquetFile(source)
            wanted = (
                None if columns is None else [each for each in columns if each in file.schema_arrow.names]
            )
            frame = file.read(wanted, use_pandas_metadata=True, use_threads=False).to_pandas()
        except (OSError, pa.ArrowException, KeyError):
            return None
        return frame if isinstance(frame, pd.DataFrame) else None

    def stamp(self, *names: str) -> tuple[int, ...]:
        """When the files of documents and tables were last replaced (ns), 0 for a missing one: the key of a cache."""
        return tuple(_changed_at(self.path(name)) for name in names)

    def path(self, name: str) -> Path:
        """Path of a document, or of the table where there is no such document."""
        document = self.folder / f"{name}.json"
        return document if document.exists() else self.folder / f"{name}.parquet"

    def names(self, folder: str) -> list[str]:
        """Names of the tables in a folder, sorted."""
        return sorted(f"{folder}/{path.stem}" for path in (self.folder / folder).glob("*.parquet"))


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
