"""How numbers are written: decimal and thousands signs, units and words in the cell."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.exports.numbers import decimal_of, decimal_of_column, is_doubtful, number_of


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["1,100.0", "900.0"], "."),
        (["1.100,0", "900,0"], ","),
        (["500,5", "12,25"], ","),
        (["500.5", "12.25"], "."),
        (["1,100", "900", "12"], "."),
        (["1.100", "900", "12"], ","),
        (["1.234.567", "900"], ","),
        (["0,125", "0,250"], ","),
        (["1.250", "0.500"], "."),
        (["1'234.50", "7"], "."),
        (["5", "1500"], None),
        (["1,234", "2,345"], None),
        (["1.234", "2500"], None),
    ],
)
def test_the_decimal_sign_is_told_from_all_cells_together(cells, decimal):
    assert decimal_of(cells) == decimal
    assert decimal_of_column(pa.chunked_array([[*cells, None, ""]])) == decimal


def test_a_group_of_three_alone_is_doubtful():
    assert is_doubtful(["5", "1,234"])
    assert not is_doubtful(["5", "1,2345", "0,125"])


@pytest.mark.parametrize(
    ("cell", "value", "unit", "good"),
    [
        ("1,234.5", 1234.5, "", True), ("1 234,5", 1234.5, "", True), ("1'234.50", 1234.5, "", True),
        ("12.5 kW", 12.5, "kW", True),
        ("7 {ok}", 7, "", True), ("8.0 {fault}", 8, "", False), ("3.2 {ok,overridden}", 3.2, "", True),
        ("−5", -5, "", True),
        ("5e3", 5000, "", True), ("{down}", np.nan, "", False), ("Comm Fail", np.nan, "", False),
        ("No Data", np.nan, "", True),
        ("99 °F", 99, "°F", True), ("100%", 100, "%", True),
    ],
)  # fmt: skip
def test_cells_that_are_no_plain_numbers(cell, value, unit, good):
    number = number_of(cell, None)
    assert (number.value == pytest.approx(value, nan_ok=True), number.unit, number.good, number.readable) == (
        True,
        unit,
        good,
        True,
    )


@pytest.mark.parametrize("cell", ["12 34", "1.2.3", "abc", "1,234", "12,34,56"])
def test_what_is_not_certain_is_not_read(cell):
    assert not number_of(cell, None).readable
