"""Where the table is in a text: under titles, beside units rows, with odd headers."""

import pytest

from pipelines.exports.layout import layout_of

ROWS = ["2025-03-01 00:00,100.5,21", "2025-03-01 00:15,101,22", "2025-03-01 00:30,99,22"]


def layout(*lines: str, known: str | None = None):
    return layout_of("\n".join(lines) + "\n", known)


@pytest.mark.parametrize(
    "above",
    [
        [],
        ["Plant A"],
        ["Plant A", "", "Trend report, all points"],
        ["Query:,select *", "From:,2025-03-01 00:00"],
    ],
)
def test_the_header_is_found_under_titles_and_queries(above):
    found = layout(*above, "Time,CH1 kW,T1", *ROWS)
    assert found.header == ("Time", "CH1 kW", "T1")
    assert found.skip == len(above) + 1
    assert found.title == (above[0].replace(",", " ") if above else "")


def test_a_units_row_is_no_data():
    found = layout("Time,CH1,T1", ",kW,°C", *ROWS)
    assert (found.units, found.skip) == (("", "kW", "°C"), 2)


def test_a_column_that_is_called_like_a_unit_has_a_name():
    found = layout("Plant A", "", "Time,kW", "2025-03-01 00:00,100.5", "2025-03-01 00:15,101")
    assert (found.header, found.units) == (("Time", "kW"), ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_a_table(delimiter):
    rows = [row.replace(",", delimiter).replace(".", ",") for row in ROWS] if delimiter != "," else ROWS
    found = layout(delimiter.join(("Time", "CH1 kW", "T1")), *rows)
    assert (found.delimiter, len(found.header)) == (delimiter, 3)


def test_a_header_with_line_breaks_in_its_names_ends_where_the_rows_begin():
    found = layout('Time,"CH1\nkW","T1"', *ROWS)
    assert (found.header, found.skip) == (("Time", "CH1\nkW", "T1"), 2)


def test_a_known_column_tells_the_header_even_above_one_row():
    assert layout("Time,P", "x,y", known="Time").header == ("Time", "P")


def test_a_stray_quotation_mark_hides_no_header():
    found = layout("Time,CH1 kW,T1", '2025-03-01 00:00,"100.5,21', *ROWS)
    assert found.header == ("Time", "CH1 kW", "T1")


def test_words_alone_are_no_table():
    assert layout("dear sir", "please find", "the values") is None
