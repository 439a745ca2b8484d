"""Formats that are rewritten before they are read: gzip, zip, Excel workbooks, JSON lines."""

import csv
import gzip
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.errors import IngestError

CHUNK_BYTES = 1 << 20
MOST_UNPACKED_BYTES = 64 << 30  # a file that unpacks to more is an accident or an attack
MOST_JSON_BYTES = 1 << 20  # of one record


def _is_gzip(head: bytes) -> bool:
    return head[:2] == b"\x1f\x8b"


def _is_workbook(head: bytes) -> bool:
    return head[:4] == b"PK\x03\x04" and (b"[Content_Types].xml" in head or b"xl/" in head[:4096])


def _is_zip(head: bytes) -> bool:
    return head[:4] == b"PK\x03\x04"


def _is_old_workbook(head: bytes) -> bool:
    return head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _is_json(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"[":
        return text[1:].lstrip()[:1] == b"{"
    return text[:1] == b"{" and text[1:].lstrip()[:1] == b'"'


FORMATS: dict[str, Callable[[bytes], bool]] = {
    "gzip": _is_gzip,
    "workbook": _is_workbook,
    "old workbook": _is_old_workbook,
    "zip": _is_zip,
    "json": _is_json,
}


def rewritten(format_: str, name: str, content: Path, folder: Path) -> Path:
    """What is in `content`, as a file in `folder`. name: of the file as given, for messages. Raises IngestError."""
    step = {
        "gzip": _gunzipped, "zip": _unzipped, "workbook": _workbook_as_csv, "old workbook": _refused_workbook,
        "json": _json_as_csv,
    }[format_]  # fmt: skip
    target = folder / f"{len(list(folder.iterdir()))}"
    step(name, content, target)
    return target


def _gunzipped(name: str, content: Path, target: Path) -> None:
    try:
        with gzip.open(content, "rb") as packed:
            _copied(name, packed, target)  # type: ignore[arg-type]
    except (gzip.BadGzipFile, EOFError, zlib.error) as cause:
        raise IngestError(f"{name} is not whole gzip ({cause}); copy or export it again") from cause


def _unzipped(name: str, content: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(content) as archive:
            members = [
                each for each in archive.infolist() if not each.is_dir() and _is_content(each.filename)
            ]
            if len(members) != 1:
                raise IngestError(
                    f"{name} holds {len(members)} files, and one is read at a time; unpack it and give its files"
                )
            if members[0].flag_bits & 1:
                raise IngestError(f"{name} is encrypted; unpack it with its password and give the file in it")
            with archive.open(members[0]) as packed:
                _copied(name, packed, target)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError) as cause:
        raise IngestError(f"{name} is not a whole zip archive ({cause}); copy or export it again") from cause


def _is_content(member: str) -> bool:
    return not member.startswith("__MACOSX/") and not Path(member).name.startswith(".")


def _copied(name: str, packed: BinaryIO, target: Path) -> None:
    size = 0
    with target.open("wb") as sink:
        while chunk := packed.read(CHUNK_BYTES):
            size += len(chunk)
            if size > MOST_UNPACKED_BYTES:
                raise IngestError(
                    f"{name} unpacks to more than {MOST_UNPACKED_BYTES >> 30} GiB; give it in parts"
                )
            sink.write(chunk)


def _refused_workbook(name: str, content: Path, target: Path) -> None:
    raise IngestError(f"{name} is an Excel workbook of before 2007; save it as .xlsx or CSV")


def _workbook_as_csv(name: str, content: Path, target: Path) -> None:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(content))
        sheets = [(each, book.get_sheet_by_name(each)) for each in book.sheet_names]
        filled = [(each, sheet) for each, sheet in sheets if sheet.total_height > 1]
    except (CalamineError, OSError, ValueError) as cause:
        raise IngestError(f"{name} is no readable workbook ({cause}); save it again, or as CSV") from cause
    if len(filled) != 1:
        shown = ", ".join(each for each, _ in filled) or "none"
        raise IngestError(
            f"{name} must have one sheet with a table, found {shown}; save the one that holds readings as CSV"
        )
    with target.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\n")
        for row in filled[0][1].iter_rows():
            writer.writerow([_cell_text(cell) for cell in row])


def _cell_text(cell: Any) -> str:
    if isinstance(cell, datetime):
        # Excel keeps days as floating point: a time is meant to the millisecond at most.
        rounded = cell + timedelta(microseconds=500)
        whole = rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)
        return whole.isoformat(sep=" ", timespec="milliseconds" if whole.microsecond else "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return _number_text(cell)
    return "" if cell is None else " ".join(str(cell).split())


def _number_text(number: float) -> str:
    """A number that was one already; a fourth digit after its point leaves no doubt that it is no sign of thousands."""
    if number.is_integer() and abs(number) < 1e15:
        return repr(int(number))
    text = repr(number)
    return f"{text}0" if text[-4:-3] == "." else text


def _json_as_csv(name: str, content: Path, target: Path) -> None:
    """Two passes: the keys of all records, then their values; nested objects become dotted columns."""
    keys: dict[str, None] = {}
    for record in _records(name, content):
        keys.update(dict.fromkeys(record))
    with target.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.DictWriter(sink, list(keys), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(_records(name, content))


def _records(name: str, content: Path) -> Iterator[dict[str, str]]:
    with content.open(encoding="utf-8-sig") as file:
        start = file.read(1)
        file.seek(0)
        whole = start == "[" or not _one_record_a_line(content)
        lines: Iterable[Any] = _whole(name, file, content) if whole else file
        for number, line in enumerate(lines, start=1):
            if isinstance(line, str) and not line.strip():
                continue
            yield _flat(_parsed(name, line, number))


def _one_record_a_line(content: Path) -> bool:
    with content.open(encoding="utf-8-sig") as file:
        first = file.readline(MOST_JSON_BYTES)
    try:
        return isinstance(json.loads(first), dict)
    except ValueError:
        return False


def _whole(name: str, file: Any, content: Path) -> list[Any]:
    if content.stat().st_size > 256 * MOST_JSON_BYTES:
        raise IngestError(f"{name} is one large JSON document; export JSON lines, one record a line, or CSV")
    try:
        document = json.load(file)
    except ValueError as cause:
        raise IngestError(f"{name} is not valid JSON ({cause}); export it again") from cause
    return document if isinstance(document, list) else [document]


def _parsed(name: str, line: Any, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line) if isinstance(line, str) else line
    except ValueError as cause:
        raise IngestError(f"{name}: record {number} is not valid JSON ({cause}); export it again") from cause
    if not isinstance(record, dict):
        raise IngestError(f"{name}: record {number} is no JSON object; export one object a line")
    return record


def _flat(record: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            flat[f"{prefix}{key}"] = json.dumps(value)
        else:
            flat[f"{prefix}{key}"] = _json_text(value)
    return flat


def _json_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return _number_text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
