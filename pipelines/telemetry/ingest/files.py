"""What an export is: which source it belongs to, its header and its dialect, told from its first lines."""

import csv
import hashlib
import io
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import IngestError
from pipelines.site.file import Point, Site, Source

HEAD_BYTES = 262_144
HEADER_LINES = (
    50  # exports may begin with a title, the site's name, the query; the header is looked for this far
)
DELIMITERS = ",;\t|"
SHOWN = 12  # names listed in an error before "and more"


@dataclass(frozen=True)
class Export:
    """One file to read. delimiter is empty for Parquet; skip counts the lines above the header."""

    path: Path
    sha256: str
    source: Source
    header: tuple[str, ...]
    delimiter: str = ""
    skip: int = 0
    encoding: str = "utf-8"

    @property
    def is_parquet(self) -> bool:
        """Whether it is Parquet rather than text."""
        return not self.delimiter


def open_export(path: Path, site: Site) -> Export:
    """Recognise a file of the site. Raises IngestError where it is unreadable or no source describes it."""
    head, sha256 = _head(path)
    sources = [source for source in site.sources if any(fnmatch(path.name, glob) for glob in source.files)]
    if not sources:
        globs = ", ".join(f"{source.name}: {' '.join(source.files)}" for source in site.sources)
        raise IngestError(
            f"{path.name} matches no source of site {site.name} ({globs}); "
            f"rename it or add its pattern to files"
        )
    candidates = [_as_source(path, head, sha256, source, site) for source in sources]
    return _best(path, site, [each for each in candidates if isinstance(each, Export)], candidates)


def points_of(site: Site, source: Source) -> list[Point]:
    """The site's points that come with a source's exports, in the site file's order."""
    return [point for point in site.points if point.source == source.name]


def needed_columns(site: Site, source: Source) -> list[str]:
    """Columns that an export of the source must have."""
    quality = [source.quality_column] if source.quality_column else []
    if source.layout == "long":
        return [source.time_column, source.tag_column, source.value_column, *quality]
    return [source.time_column, *(point.tag for point in points_of(site, source)), *quality]


def _head(path: Path) -> tuple[bytes, str]:
    """The first bytes of a file and the SHA-256 of all."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as cause:
        raise IngestError(f"{path} does not exist; give the path of an export") from cause
    except OSError as cause:
        raise IngestError(f"{path} cannot be read ({cause.strerror}); give a readable file") from cause
    if not head.strip():
        raise IngestError(f"{path.name} is empty; export it again")
    return head, sha256


def _as_source(path: Path, head: bytes, sha256: str, source: Source, site: Site) -> "Export | IngestError":
    """The file as this source describes it, or why it is not."""
    try:
        if head[:4] == b"PAR1" or path.suffix.lower() in (".parquet", ".pq"):
            export = Export(path, sha256, source, _parquet_header(path))
        else:
            export = _csv_export(path, sha256, source, head)
        _check_columns(export, site)
    except IngestError as error:
        return error
    return export


def _parquet_header(path: Path) -> tuple[str, ...]:
    try:
        with pq.ParquetFile(path) as file:
            rows, names = file.metadata.num_rows, tuple(file.schema_arrow.names)
    except (pa.ArrowException, OSError) as cause:
        raise IngestError(f"{path.name} is not readable Parquet ({cause}); export it again") from cause
    if rows == 0:
        raise IngestError(f"{path.name} has a header but no rows; export it again")
    return names


def _csv_export(path: Path, sha256: str, source: Source, head: bytes) -> Export:
    text, encoding = _decoded(path, head)
    lines = text.splitlines()
    for skip, line in enumerate(lines[:HEADER_LINES]):
        for delimiter in DELIMITERS:
            header = _fields(line, delimiter)
            if source.time_column in header:
                if not any(rest.strip() for rest in lines[skip + 1 :]):
                    raise IngestError(f"{path.name} has a header but no rows; export it again")
                return Export(path, sha256, source, header, delimiter, skip, encoding)
    first = next(line for line in lines if line.strip())
    raise IngestError(
        f'{path.name} has no time column "{source.time_column}" (source {source.name}); it begins with '
        f"{first[:120]!r}. Is it a file of another site? Else correct time_column in the site file"
    )


def _decoded(path: Path, head: bytes) -> tuple[str, str]:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="ignore"), "utf-16"
    if b"\x00" in head:
        raise IngestError(f"{path.name} is binary, not CSV; export it as CSV or Parquet")
    try:
        # A multi-byte character may be cut at the end of the head.
        return head.decode("utf-8-sig", errors="strict" if len(head) < HEAD_BYTES else "ignore"), "utf-8"
    except UnicodeDecodeError:
        return head.decode("latin-1"), "latin-1"


def _fields(line: str, delimiter: str) -> tuple[str, ...]:
    return tuple(next(csv.reader(io.StringIO(line), delimiter=delimiter), []))


def _check_columns(export: Export, site: Site) -> None:
    source, name = export.source, export.path.name
    needed = needed_columns(site, source)
    missing = [column for column in needed if column not in export.header]
    if not missing:
        return
    tags = [point.tag for point in points_of(site, source)]
    remedy = "correct the tags in the site file, or export the missing columns"
    if source.layout == "wide" and not set(tags) & set(export.header):
        remedy = f"no tag of source {source.name} is in it: is it a file of another site?"
    raise IngestError(
        f"{name} lacks column {listed(missing)}, needed for source {source.name} of site {site.name}; "
        f"it has {listed(list(export.header))}; {remedy}"
    )


def _best(path: Path, site: Site, exports: list[Export], tried: "list[Export | IngestError]") -> Export:
    if not exports:
        errors = [error for error in tried if isinstance(error, IngestError)]
        raise errors[0] if len(errors) == 1 else IngestError(" / ".join(str(error) for error in errors))
    ranked = sorted(exports, key=lambda export: -len(needed_columns(site, export.source)))
    if len(ranked) > 1 and _same_fit(site, ranked[0], ranked[1]):
        raise IngestError(
            f"{path.name} fits source {ranked[0].source.name} and source {ranked[1].source.name} equally; "
            f"make their files patterns or columns differ in the site file"
        )
    return ranked[0]


def _same_fit(site: Site, one: Export, other: Export) -> bool:
    return len(needed_columns(site, one.source)) == len(needed_columns(site, other.source))


def listed(names: list[str]) -> str:
    """Names for an error message, the first few of many."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f'"{name}"' for name in names[:SHOWN]) + more
