import pandas as pd
import pytest

from pipelines.config import Settings
from pipelines.console.tables import Tables


@pytest.fixture
def tables(tmp_path) -> Tables:
    return Tables(Settings(home=tmp_path), "plant")


def test_document_comes_back_with_its_time_and_nan_as_nothing(tables):
    tables.write("now", {"figure": float("nan"), "kw": 3.5})
    content = tables.read("now")
    assert (content["figure"], content["kw"]) == (None, 3.5)
    assert content["made_at"].endswith("+00:00")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', "\udcff"])
def test_what_cannot_be_read_is_nothing_and_raises_nothing(tables, text):
    assert tables.read("now") is None
    tables.folder.mkdir(parents=True)
    (tables.folder / "now.json").write_text(text, errors="surrogateescape")
    (tables.folder / "now.parquet").write_text(text, errors="surrogateescape")
    assert tables.read("now") is None
    assert tables.read_frame("now") is None


def test_columns_that_a_table_lacks_are_left_out(tables):
    times = pd.date_range("2025-01-01", periods=3, freq="1h", tz="UTC", name="time")
    tables.write_frame("recent", pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=times))
    frame = tables.read_frame("recent", ["a", "b"])
    assert list(frame) == ["a"]
    assert frame.index.equals(times)


def test_stamp_changes_with_the_file_and_is_nought_without_one(tables):
    assert tables.stamp("now") == (0,)
    tables.write("now", {})
    first = tables.stamp("now")
    tables.write("now", {})
    assert tables.stamp("now") != first != (0,)
