"""From a path to text in UTF-8 or to Parquet: packed files are unpacked, other encodings and formats rewritten.

Whatever has to be rewritten goes into a temporary folder, streamed, so that the size of a file does not matter.
"""

import codecs
import errno
import hashlib
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pipelines.errors import IngestError
from pipelines.exports.unpacking import FORMATS, rewritten

CHUNK_BYTES = 1 << 18  # fits a processor's cache
HEAD_BYTES = 4 << 20  # a header of ten thousand columns fits in it
EXPORTS = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".xlsx", ".jsonl", ".ndjson", ".gz", ".zip")

MOST_LAYERS = 3  # a workbook in a zip in a gzip

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Opened:
    """A file that can be read.

    path: as given; content: the text or Parquet to read, `path` itself where nothing had to be rewritten.
    sha256: of the file as given. quotes, odd_quotes: whether text has quotation marks, and a line with an odd number of
    them. lines: of text with marks, those that are not blank. longest_line: a bound for it, bytes.
    """

    path: Path
    content: Path
    kind: Literal["text", "parquet"]
    sha256: str
    stamp: Stamp
    quotes: bool = False
    odd_quotes: bool = False
    lines: int = 0
    longest_line: int = 0

    def check_unchanged(self) -> None:
        """Raise IngestError where the file was replaced or written to since it was opened."""
        if _stamp(self.path) != self.stamp:
            raise IngestError(
                f"{self.path.name} was changed while it was read; wait until it is complete and run this again"
            )


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """The file at `path`, readable until the end of the block. Raises IngestError where it is no export."""
    with tempfile.TemporaryDirectory(prefix="coldaisle-") as folder:
        yield _opened(path, Path(folder))


def _opened(path: Path, folder: Path) -> Opened:
    before = _stamp(path)
    try:
        head = _head(path)
        with ThreadPoolExecutor(1) as pool:
            digest = pool.submit(_sha256, path)
            kind, content = _readable(path, head, folder)
            scanned = _scanned(path.name, content) if kind == "text" else {}
            return Opened(path, content, kind, digest.result(), before, **scanned)
    except OSError as cause:
        if cause.errno not in (errno.ENOSPC, errno.EDQUOT) and str(cause.filename) == str(path):
            raise IngestError(f"{path} cannot be read ({cause.strerror}); give a readable file") from cause
        raise IngestError(
            f"{path.name} cannot be unpacked into {folder} ({cause.strerror}); free space there, or set TMPDIR"
        ) from cause


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _readable(path: Path, head: bytes, folder: Path) -> tuple[Literal["text", "parquet"], Path]:
    """Its content as text in UTF-8 or as Parquet."""
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise IngestError(f"{path.name} is empty; export it again")
    content = path
    for _ in range(MOST_LAYERS):
        if (format_ := _format(head)) is None:
            break
        content = rewritten(format_, path.name, content, folder)
        head = _head(content)
        if not head.strip():
            raise IngestError(f"{path.name} holds nothing; export it again")
    if head[:4] == b"PAR1":
        return "parquet", content
    return "text", _as_utf8(path.name, content, head, folder)


def _stamp(path: Path) -> Stamp:
    """What changes when a file does. Raises IngestError where there is no regular file."""
    try:
        status = path.stat()
    except FileNotFoundError as cause:
        raise IngestError(f"{path} does not exist; give the path of an export") from cause
    except (OSError, ValueError) as cause:
        raise IngestError(f"{path} cannot be read ({cause}); give a readable file") from cause
    if stat.S_ISDIR(status.st_mode):
        raise IngestError(f"{path} is a folder; give the files in it, e.g. {path}/*.csv")
    if not stat.S_ISREG(status.st_mode):
        raise IngestError(
            f"{path} is no regular file but a pipe or a device; save its content to a file first"
        )
    return status.st_ino, status.st_mtime_ns, status.st_size


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _format(head: bytes) -> str | None:
    """The format that has to be rewritten first, None for text and Parquet."""
    return next((name for name, looks in FORMATS.items() if looks(head)), None)


def _as_utf8(name: str, content: Path, head: bytes, folder: Path) -> Path:
    """The text in UTF-8 without a mark at its start; rewritten where it was in another encoding."""
    encoding = _encoding(name, content, head)
    if encoding == "utf-8":
        return content
    target = folder / "text.csv"
    with content.open("rb") as source, target.open("w", encoding="utf-8", newline="") as sink:
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        while chunk := source.read(CHUNK_BYTES):
            sink.write(decoder.decode(chunk))
        sink.write(decoder.decode(b"", final=True))
    return target


def _encoding(name: str, content: Path, head: bytes) -> str:
    if head[:3] == codecs.BOM_UTF8:
        return "utf-8-sig"
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    some = head[: 1 << 12]
    if b"\0" in some:
        odd, even = some[1::2].count(0), some[::2].count(0)
        if max(odd, even) > 0.9 * len(some) // 2 and min(odd, even) < 0.1 * len(some) // 2:
            return "utf-16-le" if odd > even else "utf-16-be"
        raise IngestError(f"{name} is binary, not a table; export it as CSV, Excel, JSON lines or Parquet")
    # What Windows writes where it does not write UTF-8; every byte of latin-1 is a character.
    return next((each for each in ("utf-8", "cp1252") if _decodes(content, each)), "latin-1")


def _decodes(content: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    try:
        with content.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                if not chunk.isascii() or decoder.getstate()[0]:
                    decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _scanned(name: str, content: Path) -> dict:
    """quotes, odd_quotes, lines and longest_line of a text."""
    quotes = odd = False
    since = longest = parity = lines = 0
    with content.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            end = b"\n" if b"\n" in chunk else b"\r"
            first, last = chunk.find(end), chunk.rfind(end)
            longest = max(
                longest, since + (first if first >= 0 else len(chunk)), len(chunk) if first >= 0 else 0
            )
            found, parity, filled = _marks_of_lines(chunk, parity, since > 0)
            since = len(chunk) - last - 1 if first >= 0 else since + len(chunk)
            if since > HEAD_BYTES:
                raise IngestError(
                    f"{name} has {since >> 20} MiB without a line end, so it is no table; export it as CSV or Parquet"
                )
            quotes |= b'"' in chunk
            odd, lines = odd or found, lines + filled
    return {
        "quotes": quotes,
        "odd_quotes": odd or bool(parity),
        "lines": lines + (since > 0),
        "longest_line": longest,
    }


def _marks_of_lines(chunk: bytes, parity: int, begun: bool) -> tuple[bool, int, int]:
    """Whether a line that ends in the chunk has an odd number of quotation marks; the parity of the last one.

    parity: of the line that the chunk goes on with, where one is begun. Third: lines that end in the chunk, at least
    those that are not blank.
    """
    data = np.frombuffer(chunk, np.uint8)
    if not parity and b'"' not in chunk:
        return False, 0, int(np.count_nonzero(data == 10)) - chunk.count(b"\n\n") - chunk.count(b"\n\r\n")
    starts = np.append(0, np.flatnonzero(data == 10) + 1)
    lengths = np.diff(starts)
    lengths[: int(begun)] += 2  # of the first one, a part is in the chunk before
    filled = int((lengths > 2).sum())
    open_end = starts[-1] < len(data)
    odd = np.bitwise_xor.reduceat((data == 34).view(np.uint8), starts if open_end else starts[:-1])
    odd[0] ^= parity
    return bool(odd[: len(starts) - 1].any()), int(odd[-1]) if open_end else 0, filled
