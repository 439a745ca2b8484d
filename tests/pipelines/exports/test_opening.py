"""What may lie under a path: packed, in other encodings, in other formats; and what is no export at all."""

import gzip
import json
import os
import zipfile
from datetime import datetime

import openpyxl
import pandas as pd
import pytest

from pipelines.errors import IngestError
from pipelines.exports import head, opened, read_table

TEXT = "Time,Chiller Power (kW),Temp (°C)\n2025-03-01 00:00,100.5,21\n2025-03-01 00:15,101,22\n"


TOO_WIDE = ",".join(f"c{k}" for k in range(30_000)) + "\n" + ",".join("1" * 30_000)


def rows_of(path) -> list[list[str]]:
    """Header and rows as text."""
    with opened(path) as file:
        table = read_table(file)
        return [list(table.header), *(list(row.values()) for row in head(table, 10).to_pylist())]


EXPECTED = [line.split(",") for line in TEXT.splitlines()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_any_encoding_gives_the_same_table(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert rows_of(path) == EXPECTED


def test_a_degree_sign_far_down_in_another_encoding_loses_no_row(tmp_path):
    path = tmp_path / "a.csv"
    lines = [
        "Time,Power,Note",
        *[f"2025-03-01 00:{k % 60:02d},{k},ok" for k in range(200_000)],
        "2025-03-02,7,21 °C",
    ]
    path.write_bytes("\n".join(lines).encode("cp1252"))
    with opened(path) as file:
        assert head(read_table(file), 300_000)["Note"].to_pylist()[-1] == "21 °C"


def test_gzip_and_zip_are_unpacked(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("__MACOSX/x", "resource fork")
        archive.writestr("inside/export.csv", TEXT)
    assert rows_of(tmp_path / "a.csv.gz") == EXPECTED
    assert rows_of(tmp_path / "a.zip") == EXPECTED


def test_a_workbook_is_read_with_its_title_lines(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Trend report"])
    sheet.append(["Time", "Chiller Power (kW)", "On"])
    sheet.append([datetime(2025, 3, 1, 0, 15), 100.5, True])
    sheet.append([datetime(2025, 3, 1, 0, 30), 101, False])
    book.save(tmp_path / "a.xlsx")
    assert rows_of(tmp_path / "a.xlsx") == [
        ["Time", "Chiller Power (kW)", "On"],
        ["2025-03-01 00:15:00", "100.5", "true"],
        ["2025-03-01 00:30:00", "101", "false"],
    ]


def test_json_lines_become_columns_nested_ones_too(tmp_path):
    records = [
        {"ts": "2025-03-01T00:00:00Z", "ch": {"kw": 100.5}},
        {"ts": "2025-03-01T00:15:00Z", "ch": {"kw": 101}, "x": None},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
    assert rows_of(tmp_path / "a.jsonl")[:2] == [
        ["ts", "ch.kw", "x"],
        ["2025-03-01T00:00:00Z", "100.5", None],
    ]


def test_a_folder_called_like_a_partition_adds_no_column(tmp_path):
    folder = tmp_path / "IT.PDU_KW=5"
    folder.mkdir()
    (folder / "a.csv").write_text(TEXT)
    pd.DataFrame({"Time": ["2025-03-01"], "P": [1.0]}).to_parquet(folder / "a.parquet")
    assert rows_of(folder / "a.csv")[0] == EXPECTED[0]
    assert rows_of(folder / "a.parquet")[0] == ["Time", "P"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder; give the files in it"),
        (os.mkfifo, "no regular file but a pipe or a device"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"\0" * 5000), "is empty"),
        (lambda path: path.write_bytes(bytes(range(256)) * 50), "binary"),
        (lambda path: path.write_bytes(b"a,b\n" + b"1" * (9 << 20)), "MiB without a line end"),
        (lambda path: path.write_bytes(gzip.compress(TEXT.encode())[:-9]), "not whole gzip"),
        (lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 900), "not a whole zip"),
        (lambda path: path.write_text(TOO_WIDE), "30,000 columns"),
        (lambda path: path.write_text("one\ntwo\nthree\n"), "no header above rows of numbers"),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_export_is_refused_with_a_remedy(tmp_path, make, said):
    path = tmp_path / "a.csv"
    make(path)
    with pytest.raises(IngestError, match=said) as refused, opened(path) as file:
        read_table(file)
    assert ";" in str(refused.value)


def test_several_files_in_one_archive_are_asked_about(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT)
    with pytest.raises(IngestError, match="holds 2 files"), opened(tmp_path / "a.zip"):
        pass


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(TEXT)
    with opened(path) as file:
        path.write_text(TEXT + "2025-03-01 00:30,1,2\n")
        with pytest.raises(IngestError, match="was changed while it was read"):
            file.check_unchanged()


def test_what_was_a_number_already_is_never_taken_for_thousands(tmp_path):
    book = openpyxl.Workbook()
    for row in (["Time", "kW"], [datetime(2025, 3, 1), 24.557], [datetime(2025, 3, 2), 12.25]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert [row[1] for row in rows_of(tmp_path / "a.xlsx")] == ["kW", "24.5570", "12.25"]
    records = [{"time": f"2025-03-0{day}", "kW": value} for day, value in ((1, 24.557), (2, 3))]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)))
    assert [row[1] for row in rows_of(tmp_path / "a.jsonl")] == ["kW", "24.5570", "3"]


@pytest.mark.parametrize(
    ("lines", "odd"),
    [
        (['a,"b"', '"c",d'], False),
        (['a,"b', "c,d"], True),
        (['a,"b\n"', '"c",d'], True),
        (['"' + "x" * 300_000 + '",1', "2,3"], False),
        (["x" * 300_000 + '",1', "2,3"], True),
        (["1,2", '3,"4'], True),
    ],
)
def test_quotation_marks_out_of_pairs_are_noticed_wherever_they_are(tmp_path, lines, odd):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["time,value", *lines]))
    with opened(path) as file:
        assert file.quotes
        assert file.odd_quotes is odd
        assert file.longest_line >= max(map(len, "\n".join(lines).split("\n")))
