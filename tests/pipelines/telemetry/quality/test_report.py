import json
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from pipelines.cli.quality import show_quality
from pipelines.config import SITE_FOLDER
from pipelines.errors import StoreError
from pipelines.files import jsonable
from pipelines.site.file import Site, load_site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.quality.report import quality_report
from pipelines.telemetry.store import Store
from tests.places import SHARED_DATA

GRUNDFOS = SHARED_DATA / "grundfos"
START = pd.Timestamp("2024-03-01", tz="UTC")
DAY = 24  # intervals of an hour


class TelemetryInMemory:
    """A store with an interval table and a quarantine, as quality sees it."""

    def __init__(self, table: pd.DataFrame, quarantine: pd.DataFrame) -> None:
        self._table, self._quarantine = table, quarantine

    def span(self):
        if self._table.empty:
            return None
        return self._table.index[0], self._table.index[-1] + pd.Timedelta(hours=1)

    def read(self, start=None, end=None, columns=None):
        table = self._table if columns is None else self._table[columns]
        return table[(table.index >= start) & (table.index < end)].dropna(how="all")

    def quarantine(self, start=None, end=None):
        if start is None and end is None:
            return self._quarantine
        times = self._quarantine["time"]
        return self._quarantine[(times >= start) & (times < end)]


def chilled_water_site() -> Site:
    points = [
        ("CHWS", "chw_supply_c", "degC"), ("CHWR", "chw_return_c", "degC"), ("GPM", "chw_flow_kg_s", "kg/s"),
        ("LOAD", "cooling_load_kw", "kW"), ("KW", "chiller_kw", "kW"), ("WBT", "outdoor_wetbulb_c", "degC"),
    ]  # fmt: skip
    return Site.model_validate(
        {
            "name": "plant",
            "title": "Plant",
            "interval_minutes": 60,
            "location": {"latitude": 1.3, "longitude": 103.8},
            "sources": [{"name": "historian", "files": ["*.csv"], "time_column": "t", "time_zone": "UTC"}],
            "points": [{"tag": t, "source": "historian", "quantity": q, "unit": u} for t, q, u in points],
            "meters": {"cooling": ["chiller_kw"], "load": ["cooling_load_kw"], "boundary": "chiller"},
        }
    )


def a_month_of_telemetry() -> pd.DataFrame:
    hours = pd.date_range(START, periods=30 * DAY, freq="h", name="time")
    supply = 7.0 + np.sin(np.arange(len(hours)))
    return pd.DataFrame(
        {
            "chw_supply_c": supply,
            "chw_return_c": supply + 5.0,
            "chw_flow_kg_s": 10.0,
            "cooling_load_kw": 10.0 * 4.19 * 5.0,
            "chiller_kw": 40.0,
            "outdoor_wetbulb_c": 24.0 + np.cos(np.arange(len(hours))),
        },
        index=hours,
    )


def quarantined(times, *, tag="WBT", value="72.7", reason="stuck sensor") -> pd.DataFrame:
    return pd.DataFrame(
        {"time": times, "tag": tag, "source": "historian", "value": value, "reason": reason, "file": "a.csv"}
    )


def report(table=None, quarantine=None, **period):
    table = a_month_of_telemetry() if table is None else table
    quarantine = quarantined(pd.DatetimeIndex([], tz="UTC")) if quarantine is None else quarantine
    return quality_report(chilled_water_site(), TelemetryInMemory(table, quarantine), **period)


def point(made, tag: str) -> pd.Series:
    return made.points.set_index("tag").loc[tag]


def stuck_wetbulb(table: pd.DataFrame, hours) -> pd.DataFrame:
    table.loc[hours, "outdoor_wetbulb_c"] = np.nan
    return quarantined(hours)


def test_complete_telemetry_is_covered_in_full_and_has_no_gaps():
    made = report()
    assert (made.points["coverage"] == 1.0).all()
    assert (made.points["gaps"] == 0).all()
    assert made.intervals == made.rows == 30 * DAY


def test_gaps_of_a_point_are_counted_and_the_longest_is_dated():
    table = a_month_of_telemetry()
    table.iloc[0:2, 0] = np.nan
    table.iloc[100:106, 0] = np.nan
    table.iloc[-3:, 0] = np.nan
    found = point(report(table), "CHWS")
    assert (found["gaps"], found["longest_gap_h"]) == (3, 6.0)
    assert found["longest_gap_start"] == START + pd.Timedelta(hours=100)
    assert found["coverage"] == pytest.approx(1 - 11 / (30 * DAY))


def test_rows_missing_altogether_count_against_every_point():
    table = a_month_of_telemetry().drop(a_month_of_telemetry().index[48:72])
    made = report(table)
    assert made.rows == 29 * DAY
    assert made.points["coverage"].to_numpy() == pytest.approx(29 / 30)
    assert (made.points["longest_gap_h"] == 24.0).all()


def test_sensor_that_never_reported_is_one_gap_over_the_whole_period():
    table = a_month_of_telemetry().assign(outdoor_wetbulb_c=np.nan)
    found = point(report(table), "WBT")
    assert (found["coverage"], found["gaps"], found["longest_gap_h"]) == (0.0, 1, 720.0)
    assert np.isnan(found["mean"])


def test_range_of_a_point_is_in_canonical_units():
    found = point(report(), "CHWS")
    assert (found["min"], found["mean"], found["max"]) == pytest.approx((6.0, 7.0, 8.0), abs=0.01)


def test_wetbulb_stuck_for_a_month_is_one_span_despite_gaps_in_the_record():
    table = a_month_of_telemetry()
    hours = table.index.delete([50, 51, 52, 300])
    table["outdoor_wetbulb_c"] = np.nan
    made = report(table, quarantined(hours))
    assert len(made.stuck) == 1
    span = made.stuck.iloc[0]
    assert (span["start"], span["end"]) == (table.index[0], table.index[-1])
    assert (span["value"], span["unit"], span["readings"]) == ("72.7", "degC", 30 * DAY - 4)
    assert point(made, "WBT")["stuck_spans"] == 1


def test_sensor_that_recovers_in_between_was_stuck_twice():
    table = a_month_of_telemetry()
    made = report(table, stuck_wetbulb(table, table.index[:48].append(table.index[60:100])))
    assert made.stuck["hours"].tolist() == [47.0, 39.0]


def test_sensor_stuck_at_two_values_was_stuck_twice():
    table = a_month_of_telemetry()
    first, second = quarantined(table.index[:48]), quarantined(table.index[48:96], value="70.1")
    table.iloc[:96, 5] = np.nan
    assert report(table, pd.concat([first, second])).stuck["value"].tolist() == ["72.7", "70.1"]


def test_same_value_stuck_again_days_later_is_another_event():
    table = a_month_of_telemetry()
    table["outdoor_wetbulb_c"] = np.nan
    assert len(report(table, quarantined(table.index[:48].append(table.index[120:168]))).stuck) == 2


def test_quarantined_readings_are_counted_by_reason():
    sentinels = quarantined(a_month_of_telemetry().index[:3], tag="KW", value="-9999", reason="sentinel")
    unreadable = quarantined(
        pd.DatetimeIndex([pd.NaT], tz="UTC"), tag="KW", value="n/a", reason="unparsable time"
    )
    made = report(quarantine=pd.concat([sentinels, unreadable]))
    assert point(made, "KW")["reasons"] == {"sentinel": 3, "unparsable time": 1}
    assert made.quarantined == {"sentinel": 3, "unparsable time": 1}
    assert made.stuck.empty


def test_readings_without_a_readable_time_belong_to_no_period():
    unreadable = quarantined(
        pd.DatetimeIndex([pd.NaT], tz="UTC"), tag="KW", value="n/a", reason="unparsable time"
    )
    asked = report(quarantine=unreadable, start=START, end=START + pd.Timedelta(days=1))
    assert asked.quarantined == {}


def test_period_asked_for_is_the_period_reported():
    made = report(start=START + pd.Timedelta(days=1), end=START + pd.Timedelta(days=2))
    assert (made.intervals, made.rows) == (DAY, DAY)


def test_heat_balance_holds_when_units_are_right():
    checks = report().checks.set_index("check")
    assert checks.loc["thermal load equals chilled-water flow times its rise", "failing"] == 0.0


def test_load_in_tons_taken_for_kilowatts_breaks_the_heat_balance():
    table = a_month_of_telemetry()
    table["cooling_load_kw"] /= 3.517
    check = (
        report(table).checks.set_index("check").loc["thermal load equals chilled-water flow times its rise"]
    )
    assert check["failing"] == 1.0
    assert check["median"] == pytest.approx(3.517, rel=1e-3)


def test_swapped_supply_and_return_are_noticed():
    table = a_month_of_telemetry().rename(
        columns={"chw_supply_c": "chw_return_c", "chw_return_c": "chw_supply_c"}
    )
    assert report(table).checks.set_index("check").loc["chw_return_c is above chw_supply_c", "failing"] == 1.0


def test_site_without_telemetry_says_how_to_bring_some_in():
    with pytest.raises(StoreError, match="coldaisle ingest --site plant"):
        report(a_month_of_telemetry().iloc[:0])


def test_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(StoreError, match="is empty; ask inside"):
        report(start=START + pd.Timedelta(days=2), end=START + pd.Timedelta(days=1))


def test_report_is_shown_with_its_stuck_span_and_is_one_json_document():
    table = a_month_of_telemetry()
    made = report(table, stuck_wetbulb(table, table.index)).as_dict()
    screen = StringIO()
    show_quality(made, Console(file=screen, width=200))
    assert "Stuck sensors" in screen.getvalue()
    assert "2024-03-30 23:00" in screen.getvalue()
    document = json.loads(json.dumps(jsonable(made), allow_nan=False))
    assert document["stuck"][0]["readings"] == 30 * DAY
    assert document["points"][5]["mean"] is None


def test_what_looks_wrong_is_shown_with_its_time_and_remedy():
    table = a_month_of_telemetry()
    table["cooling_load_kw"] *= np.random.default_rng(0).normal(1.0, 0.01, len(table))
    table.iloc[400:, 3] *= 1000.0
    made = report(table).as_dict()
    screen = StringIO()
    show_quality(made, Console(file=screen, width=250))
    assert "What looks wrong" in screen.getvalue()
    assert "unit changes halfway" in screen.getvalue()
    assert f"{table.index[400]:%Y-%m-%d %H:%M}" in screen.getvalue()
    document = json.loads(json.dumps(jsonable(made), allow_nan=False))
    assert document["findings"][0]["columns"] == "cooling_load_kw"


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_odd_tables_are_reported_on_and_shown(rows):
    table = a_month_of_telemetry()
    for odd in (table.iloc[:rows], table.iloc[:rows] * 0.0, table.iloc[:rows].assign(chw_supply_c=np.nan)):
        show_quality(report(odd).as_dict(), Console(file=StringIO(), width=200))


def test_report_reads_what_was_ingested(tmp_path):
    site = chilled_water_site()
    table = a_month_of_telemetry().iloc[: 3 * DAY]
    table.iloc[10:20, 0] = np.nan
    export = table.rename(columns={point.column: point.tag for point in site.points})
    export.to_csv(tmp_path / "export.csv", index_label="t", date_format="%Y-%m-%d %H:%M")
    store = Store(tmp_path / "store", site)
    ingest_files(site, [tmp_path / "export.csv"], store)
    made = quality_report(site, store)
    assert (made.intervals, made.rows) == (3 * DAY, 3 * DAY)
    assert (point(made, "CHWS")["gaps"], point(made, "CHWS")["longest_gap_h"]) == (1, 10.0)


@pytest.mark.skipif(not GRUNDFOS.exists(), reason="the real plant's data is not here")
def test_real_plants_wetbulb_is_found_stuck_for_all_of_march(tmp_path):
    site = load_site(SITE_FOLDER / "grundfos.toml")
    store = Store(tmp_path / "store", site)
    ingest_files(site, [GRUNDFOS / "TableData24_03.csv"], store)
    spans = quality_report(site, store).stuck
    assert spans[["tag", "value"]].to_numpy().tolist() == [["WBT", "72.7"]]
    assert spans["hours"].iloc[0] == pytest.approx(31 * 24)
