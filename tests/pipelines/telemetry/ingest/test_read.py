"""What an export may look like: wide and long, CSV and Parquet, titles, quotes, byte order marks, units."""

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import IngestError
from pipelines.exports import opened
from pipelines.telemetry.ingest.files import open_export
from pipelines.telemetry.ingest.query import query
from tests.pipelines.telemetry.ingest.kit import (
    ingested,
    long_source,
    point,
    site_of,
    source,
    stamps,
    text,
    wide,
)


def test_a_wide_csv_becomes_a_utc_table_in_the_sites_column_order(tmp_path):
    site = site_of(point("P"), point("T", "supply_air_c"), sources=[source(time_zone="Asia/Singapore")])
    table, report, store = ingested(
        tmp_path, site, wide(tmp_path / "a.csv", stamps("2025-03-01 08:00", 3), T=[20, 21, 22], P=[1, 2, 3])
    )
    assert list(table.columns) == ["it_power_kw", "supply_air_c"]
    assert table.index[0] == pd.Timestamp("2025-03-01 00:00", tz="UTC")
    assert table.index.name == "time"
    assert all(kind.kind == "f" for kind in table.dtypes)
    assert table["it_power_kw"].tolist() == [1, 2, 3]
    assert table["supply_air_c"].tolist() == [20, 21, 22]
    assert (report.files[0].rows, report.files[0].readings) == (3, 6)
    assert store.span() == (table.index[0], pd.Timestamp("2025-03-01 00:30", tz="UTC"))


def test_a_long_csv_gives_the_same_table_as_a_wide_one(tmp_path):
    times = stamps("2025-03-01", 50)
    columns = {"P": np.arange(50.0), "T": 20 + np.arange(50) / 10}
    a, _, _ = ingested(
        tmp_path / "a",
        site_of(point("P"), point("T", "supply_air_c")),
        wide(tmp_path / "wide.csv", times, **columns),
    )
    tidy = pd.DataFrame({"time": times, **columns}).melt("time", var_name="tag", value_name="value")
    tidy.sort_values("time").to_csv(tmp_path / "long.csv", index=False)
    site = site_of(point("P"), point("T", "supply_air_c"), sources=[long_source()])
    b, _, _ = ingested(tmp_path / "b", site, tmp_path / "long.csv")
    pd.testing.assert_frame_equal(a, b)


def test_byte_order_mark_title_lines_quotes_and_padded_names_are_read(tmp_path):
    site = site_of(point(" Hz_ CHP", "chw_pump_speed_frac", full_scale=50), point('5" pipe, kW'))
    lines = ["\ufeffPlant A; all points", "", 'time,"5"" pipe, kW", Hz_ CHP', '"2025-03-01 00:00",7,25']
    table, _, _ = ingested(tmp_path, site, text(tmp_path / "a.csv", *lines))
    assert table.iloc[0].tolist() == [0.5, 7]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_told_from_the_header(tmp_path, delimiter):
    lines = [delimiter.join(row) for row in (["time", "P"], ["2025-03-01 00:00", "5"])]
    table, _, _ = ingested(tmp_path, site_of(point("P")), text(tmp_path / "a.csv", *lines))
    assert table["it_power_kw"].tolist() == [5]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_degree_signs_in_a_header_are_read_in_the_usual_encodings(tmp_path, encoding):
    site = site_of(point("Temp [°C]", "supply_air_c"))
    (tmp_path / "a.csv").write_bytes("time,Temp [°C]\r\n2025-03-01 00:00,21.5\r\n".encode(encoding))
    table, _, _ = ingested(tmp_path, site, tmp_path / "a.csv")
    assert table["supply_air_c"].tolist() == [21.5]


@pytest.mark.parametrize("zone", [None, "Asia/Singapore"])
def test_parquet_keeps_its_types_and_a_zone_of_its_own(tmp_path, zone):
    index = pd.date_range("2025-03-01 08:00", periods=4, freq="10min", tz=zone)
    pd.DataFrame({"time": index, "P": [1, 2, 3, 4], "on": [True, False, True, True]}).to_parquet(
        tmp_path / "a.parquet"
    )
    # The file's own zone wins over the source's.
    site = site_of(
        point("P"), point("on", "chiller_on"), sources=[source(time_zone="UTC" if zone else "Asia/Singapore")]
    )
    table, _, _ = ingested(tmp_path, site, tmp_path / "a.parquet")
    assert table.index[0] == pd.Timestamp("2025-03-01 00:00", tz="UTC")
    assert table["it_power_kw"].tolist() == [1, 2, 3, 4]
    assert table["chiller_on"].tolist() == [1, 0, 1, 1]


def test_long_parquet_is_read_as_long_csv_is(tmp_path):
    index = pd.date_range("2025-03-01", periods=4, freq="10min")
    long = pd.DataFrame({"time": index, "tag": ["P"] * 3 + ["other"], "value": [1.5, 2.5, 3.5, 9.0]})
    long.to_parquet(tmp_path / "a.parquet")
    table, report, _ = ingested(
        tmp_path, site_of(point("P"), sources=[long_source()]), tmp_path / "a.parquet"
    )
    assert table["it_power_kw"].tolist() == [1.5, 2.5, 3.5]
    assert report.files[0].ignored == ["other"]


def test_units_are_converted_once_at_the_edge(tmp_path):
    site = site_of(
        point("RT", "cooling_load_kw", unit="RT"),
        point("CHWS", "chw_supply_c", unit="degF"),
        point("RH", "outdoor_rh_frac", unit="%"),
    )
    table, _, _ = ingested(
        tmp_path, site, wide(tmp_path / "a.csv", stamps("2025-03-01", 1), RT=[100], CHWS=[50], RH=[64])
    )
    assert table.iloc[0].tolist() == pytest.approx([351.685, 10.0, 0.64], rel=1e-4)


def test_on_and_off_are_numbers_for_a_switch_and_unparsable_for_a_temperature(tmp_path):
    site = site_of(point("CH", "chiller_on"), point("T", "supply_air_c"))
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 2), CH=["ON", "off"], T=["on", 21])
    table, report, _ = ingested(tmp_path, site, file)
    assert table["chiller_on"].tolist() == [1, 0]
    assert report.quarantined == {"unparsable value": 1}


def test_the_words_for_no_data_are_missing_not_bad(tmp_path):
    words = ["", "NaN", "NULL", "-", "No Data", "Bad", "n/a", "7"]
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", len(words)), P=words)
    table, report, _ = ingested(tmp_path, site_of(point("P")), file)
    assert table["it_power_kw"].tolist() == [7]
    assert report.quarantined == {}


def test_columns_no_point_names_are_reported_not_read(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 2), P=[1, 2], spare=["x", "y"])
    table, report, _ = ingested(tmp_path, site_of(point("P")), file)
    assert list(table.columns) == ["it_power_kw"]
    assert report.files[0].ignored == ["spare"]


def test_a_column_of_nothing_is_a_note_not_an_error(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 2), P=[1, 2], T=["", ""])
    table, report, _ = ingested(tmp_path, site_of(point("P"), point("T", "supply_air_c")), file)
    assert table["supply_air_c"].isna().all()
    assert any("T has no value" in warning for warning in report.files[0].warnings)


def test_a_file_goes_to_the_source_whose_columns_it_has(tmp_path):
    site = site_of(
        point("P"),
        point("Tout", "outdoor_drybulb_c", source="logger"),
        sources=[source(), source(name="logger", time_column="DateTime")],
    )
    wide(tmp_path / "1.csv", stamps("2025-03-01", 2), P=[1, 2])
    text(tmp_path / "2.csv", "DateTime,Tout", "2025-03-01 00:00,30", "2025-03-01 00:10,31")
    table, report, _ = ingested(tmp_path, site, tmp_path / "1.csv", tmp_path / "2.csv")
    assert [file.source for file in report.files] == ["historian", "logger"]
    assert table["outdoor_drybulb_c"].tolist() == [30, 31]


def test_a_file_name_with_wildcard_characters_is_only_that_file(tmp_path):
    wide(tmp_path / "a1.csv", stamps("2025-03-01", 1), P=[1])
    table, _, _ = ingested(
        tmp_path, site_of(point("P")), wide(tmp_path / "a[1].csv", stamps("2025-03-01", 1), P=[2])
    )
    assert table["it_power_kw"].tolist() == [2]


def test_the_query_has_no_join_so_rows_keep_the_files_order(tmp_path):
    import duckdb

    site = site_of(
        point("P"), sources=[long_source(quality_column="q", good_quality=[str(i) for i in range(30)])]
    )
    text(tmp_path / "a.csv", "time,tag,value,q", "2025-03-01 00:00,P,1,1")
    with opened(tmp_path / "a.csv") as file:
        plan = duckdb.sql("EXPLAIN " + query(open_export(file, site), {"value": ","})).fetchall()
    assert "JOIN" not in str(plan).upper()


DIGITS = ("24.557", "26.328", "51.083", "16.412")


def test_three_digits_after_a_point_are_a_fraction_where_commas_part_the_cells(tmp_path):
    file = wide(tmp_path / "a.csv", stamps("2025-03-01", 4), P=DIGITS)
    assert ingested(tmp_path, site_of(point("P")), file)[0]["it_power_kw"].tolist() == list(
        map(float, DIGITS)
    )


def test_three_digits_after_a_point_are_asked_about_where_semicolons_do(tmp_path):
    rows = [f"{time};{value}" for time, value in zip(stamps("2025-03-01", 4), DIGITS, strict=True)]
    file = text(tmp_path / "a.csv", "time;P", *rows)
    with pytest.raises(
        IngestError, match=r'"24\.557" in column "P" can be a thousand or a fraction; set decimal'
    ):
        ingested(tmp_path, site_of(point("P")), file)
    told = site_of(point("P"), sources=[source(decimal=",")])
    assert ingested(tmp_path, told, file)[0]["it_power_kw"].tolist() == [24557.0, 26328.0, 51083.0, 16412.0]


def test_numbers_of_parquet_are_never_asked_about(tmp_path):
    times = pd.to_datetime(stamps("2025-03-01", 4))
    pd.DataFrame({"time": times, "P": list(map(float, DIGITS))}).to_parquet(tmp_path / "a.parquet")
    table, _, _ = ingested(tmp_path, site_of(point("P")), tmp_path / "a.parquet")
    assert table["it_power_kw"].tolist() == list(map(float, DIGITS))
