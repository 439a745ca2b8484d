"""How times are written, and in which ways a file's times can be read."""

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.exports.forms import readable_forms
from pipelines.exports.stamps import NO_TIME, times_of


@pytest.mark.parametrize(
    ("text", "form", "utc", "zoned"),
    [
        ("2025-03-01 16:00", None, "2025-03-01 16:00", False),
        ("2025-03-01T16:00:00.250Z", None, "2025-03-01 16:00:00.25", True),
        ("2025-03-01 16:00+0800", None, "2025-03-01 08:00", True),
        ("2025-03-01 16:00 GMT+8", None, "2025-03-01 08:00", True),
        ("2024-05-01 00:00:00 UTC", None, "2024-05-01", True),
        ("2024-05-01 10:00 (CEST)", None, "2024-05-01 08:00", True),
        ("2024-05-01 24:00", None, "2024-05-02", False),
        ("18:24:00 01.05.2024", "%H:%M:%S %d.%m.%Y", "2024-05-01 18:24", False),
        ("05/01/2024 24:00:00", "%m/%d/%Y %H:%M:%S", "2024-05-02", False),
        ("01-May-24 12:00:00 AM EDT", "%d-%b-%y %I:%M:%S %p", "2024-05-01 04:00", True),
        ("20240501T1015", None, "2024-05-01 10:15", False),
        ("1714521600", "epoch_s", "2024-05-01", True),
        ("1714521600250", "epoch_ms", "2024-05-01 00:00:00.25", True),
        ("1714521600000000000", "epoch_ns", "2024-05-01", True),
        ("45413.5", "excel", "2024-05-01 12:00", False),
    ],
)
def test_a_stamp_is_read_with_its_offset(text, form, utc, zoned):
    us, told = times_of(duckdb.connect(), pa.array([text]), form)
    assert pd.Timestamp(us[0], unit="us") == pd.Timestamp(utc)
    assert told[0] == zoned


def test_a_zones_own_word_goes_before_anothers():
    us, _ = times_of(duckdb.connect(), pa.array(["2024-05-01 08:00 CST"]), None, "Asia/Shanghai")
    assert pd.Timestamp(us[0], unit="us") == pd.Timestamp("2024-05-01")


@pytest.mark.parametrize("text", ["yesterday", "2025-13-01 00:00", "12:00 Asia/Singapore", ""])
def test_what_is_no_time_is_none(text):
    us, _ = times_of(duckdb.connect(), pa.array([text]), None)
    assert us[0] == NO_TIME


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (["1714521600", "1714525200"], "epoch_s"),
        (["1714521600000", "1714525200000"], "epoch_ms"),
        (["45413.5", "45413.75"], "excel"),
        (["13.05.2024 08:00", "14.05.2024 08:00"], "%d.%m.%Y %H:%M"),
        (["05/13/2024 08:00:00 PM", "05/14/2024 08:00:00 AM"], "%m/%d/%Y %I:%M:%S %p"),
        (["2024-05-13T08:00:00Z", "2024-05-13T09:00:00Z"], None),
    ],
)
def test_the_form_of_a_files_times_is_told(texts, form):
    assert readable_forms(texts)[0] == form
