"""What a new user does: `site new` on an export as a device writes it, then `ingest` with the file that was proposed.

Both read with one reader: what the one understands, the other stores, with the right values, or refuses with a remedy.
"""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.errors import IngestError
from pipelines.site.proposal import propose_site
from pipelines.telemetry.ingest import ingest_files
from tests.pipelines.telemetry.ingest.kit import TRUE_NOW, ingested, point, site_of, source, store_of

pytestmark = pytest.mark.medium

TIMES = pd.date_range("2024-05-01", periods=96, freq="15min", tz="UTC")
IT_KW = np.round(900.0 + 150.0 * np.sin(np.arange(96) / 9.0), 1)
CHILLER_KW = np.round(200.0 + 40.0 * np.sin(np.arange(96) / 11.0), 1)
QUARTERS = {"interval_minutes": 15}
IT, CHILLER = "IT Power", "Chiller Power"
LOCAL = TIMES.strftime("%Y-%m-%d %H:%M")


def _csv(rows, *above, header=f"Timestamp,{IT} (kW),{CHILLER} (kW)", end="\n"):
    lines = [*above, header, *[",".join(map(str, row)) for row in rows]]
    return (end.join(lines) + end).encode()


def _rows(stamps, it=IT_KW, chiller=CHILLER_KW):
    return zip(stamps, it, chiller, strict=True)


def _grouped(values):
    return [f'"{value:,.1f}"' for value in values]


def _comma(values):
    return [f"{value:.1f}".replace(".", ",") for value in values]


def _semicolons():
    rows = zip(TIMES.strftime("%d.%m.%Y %H:%M"), _comma(IT_KW), _comma(CHILLER_KW), strict=True)
    header = f"Timestamp;{IT} (kW);{CHILLER} (kW)"
    return "\n".join([header, *[";".join(row) for row in rows]]).encode()


def _with_units_row():
    rows = _rows(LOCAL, np.round(1000 * IT_KW).astype(int), np.round(1000 * CHILLER_KW).astype(int))
    return _csv(rows, header=f"Timestamp,{IT},{CHILLER}\n,W,W")


KINDS = {
    "signs of thousands": lambda: _csv(_rows(LOCAL, _grouped(IT_KW), _grouped(CHILLER_KW))),
    "decimal comma": _semicolons,
    "another encoding": lambda: _csv(_rows(LOCAL)).replace(b"Timestamp", "Zeit °".encode("cp1252")),
    "epoch in seconds": lambda: _csv(_rows(TIMES.as_unit("s").asi8)),
    "epoch in milliseconds": lambda: _csv(_rows(TIMES.as_unit("ms").asi8)),
    "days of Excel": lambda: _csv(_rows([f"{45413 + number / 96:.6f}" for number in range(96)])),
    "date and time of day": lambda: _csv(
        _rows(TIMES.strftime("%m/%d/%Y,%H:%M")), header=f"Date,Time,{IT} (kW),{CHILLER} (kW)"
    ),
    "twelve hours": lambda: _csv(_rows(TIMES.strftime("%m/%d/%Y %I:%M:%S %p"))),
    "units row": _with_units_row,
    "title lines": lambda: _csv(_rows(LOCAL), "Trend report", "Plant: North, exported by op", ""),
    "comma at the end": lambda: b"\n".join(line + b"," for line in _csv(_rows(LOCAL)).splitlines()),
    "UTC after the stamp": lambda: _csv(_rows([f"{each}:00 UTC" for each in LOCAL])),
    "units in the cells": lambda: _csv(
        _rows(LOCAL, [f"{v} kW" for v in IT_KW], [f"{v} kW" for v in CHILLER_KW])
    ),
    "ends of lines of a Mac": lambda: _csv(_rows(LOCAL), end="\r"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_proposed_loads_and_stores_the_truth(tmp_path, kind):
    path = tmp_path / "a.csv"
    path.write_bytes(KINDS[kind]())
    _has_the_truth(tmp_path, path)


def test_times_in_the_index_of_parquet(tmp_path):
    frame = pd.DataFrame({f"{IT} (kW)": IT_KW, f"{CHILLER} (kW)": CHILLER_KW}, index=TIMES.tz_localize(None))
    frame.to_parquet(tmp_path / "a.parquet")
    _has_the_truth(tmp_path, tmp_path / "a.parquet")


def _has_the_truth(folder: Path, path: Path) -> None:
    site = propose_site([path], "plant").site
    table, report, _ = ingested(folder, site, path)
    assert report.quarantined == {}
    np.testing.assert_allclose(table["it_power_kw"].reindex(TIMES), IT_KW, rtol=1e-9)
    np.testing.assert_allclose(table["chiller_kw"].reindex(TIMES), CHILLER_KW, rtol=1e-9)


def test_one_file_a_machine_with_the_same_columns_is_one_source_each(tmp_path):
    files = []
    for number, share in ((1, 0.25), (2, 0.75)):
        files.append(tmp_path / f"chiller{number}.csv")
        rows = zip(LOCAL, share * CHILLER_KW, 3 * share * CHILLER_KW, strict=True)
        files[-1].write_bytes(_csv(rows, header="Timestamp,Chiller Power (kW),Cooling Load (kW)"))
    site = propose_site(files, "plant").site
    table, _, _ = ingested(tmp_path, site, *files)
    total = table[site.columns_of("chiller_kw")].sum(axis=1)
    np.testing.assert_allclose(total, CHILLER_KW)


def test_a_second_machines_file_does_not_replace_the_first_ones(tmp_path):
    for number in (1, 2):
        (tmp_path / f"c{number}.csv").write_bytes(_csv(_rows(LOCAL, number * IT_KW, number * CHILLER_KW)))
    site = site_of(
        point(f"{CHILLER} (kW)", "chiller_kw"), sources=[source(time_column="Timestamp", files=["c*.csv"])]
    )
    with pytest.raises(IngestError, match=r'of another machine.*tag_from = "file".*--replace'):
        ingest_files(site, [tmp_path / "c1.csv", tmp_path / "c2.csv"], store_of(tmp_path, site), now=TRUE_NOW)
    assert not store_of(tmp_path, site).exists


@pytest.mark.parametrize("apart_s", [0, 1])
def test_racks_in_one_table_are_never_averaged(tmp_path, apart_s):
    lines = [
        f"{(time + pd.Timedelta(seconds=number * apart_s)):%Y-%m-%d %H:%M:%S},R{number},{4 * number}"
        for time in TIMES
        for number in (1, 2)
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["time,rack,kW", *lines]))
    with pytest.raises(IngestError, match=r'identity_columns = \["rack"\].*"R1/kW"'):
        ingested(tmp_path, site_of(point("kW")), path)
    told = site_of(
        point("R1/kW", equipment="r1"),
        point("R2/kW", equipment="r2"),
        sources=[source(identity_columns=["rack"])],
    )
    table, _, _ = ingested(tmp_path, told, path)
    assert table.median().tolist() == [4.0, 8.0]


def test_days_alone_are_not_taken_for_times(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(KINDS["date and time of day"]())
    days = source(time_column="Date", time_format="%m/%d/%Y")
    said = 'date_column = "Date", time_column = "Time", time_format = "%m/%d/%Y %H:%M"'
    with pytest.raises(IngestError, match=re.escape(said)):
        ingested(tmp_path, site_of(point(f"{IT} (kW)"), sources=[days]), path)


def test_two_columns_of_one_name_are_told_apart_or_asked_about(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(_csv(_rows(LOCAL), header=f"Timestamp,{CHILLER} (kW),{CHILLER} (kW)"))
    clock = [source(time_column="Timestamp")]
    with pytest.raises(IngestError, match=re.escape('"Chiller Power (kW) #1" to "Chiller Power (kW) #2"')):
        ingested(tmp_path, site_of(point(f"{CHILLER} (kW)", "chiller_kw"), sources=clock), path)
    both = [point(f"{CHILLER} (kW) #{k}", "chiller_kw", equipment=f"ch{k}") for k in (1, 2)]
    table, _, _ = ingested(tmp_path, site_of(*both, sources=clock, **QUARTERS), path)
    np.testing.assert_allclose(table.sum(axis=1), IT_KW + CHILLER_KW)


def test_a_units_row_that_contradicts_the_site_file_is_not_passed_over(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(_with_units_row())
    clock = [source(time_column="Timestamp")]
    with pytest.raises(IngestError, match='units row says that IT Power is in W, the site file says "kW"'):
        ingested(tmp_path, site_of(point(IT), sources=clock), path)


def test_a_niagara_history_has_its_quality_and_its_zone(tmp_path):
    local = TIMES.tz_convert("America/New_York")
    rows = zip(local.strftime("%d-%b-%y %I:%M:%S %p EDT"), CHILLER_KW, strict=True)
    lines = [f"{stamp},{{ }},{{ok}},{value}" for stamp, value in rows]
    lines[7] = lines[7].replace("{ok}", "{down}")
    path = tmp_path / "CH1.csv"
    path.write_text("\n".join(["history:/Site/CH1", "Timestamp,Trend Flags,Status,Value (kW)", *lines]))
    proposed = tomllib.loads(propose_site([path], "plant").text)
    (clock,) = proposed["sources"]
    assert (clock["quality_column"], clock["time_zone"]) == ("Status", "America/New_York")
    (only,) = proposed["points"]
    site = site_of(only, sources=[clock], **QUARTERS)
    table, report, _ = ingested(tmp_path, site, path)
    assert report.quarantined == {"bad quality": 1}
    good = np.delete(np.arange(96), 7)
    np.testing.assert_allclose(table[site.columns[0]].reindex(TIMES[good]), CHILLER_KW[good])


def test_heat_is_not_metered_as_electrical_power(tmp_path):
    path = tmp_path / "a.csv"
    rows = zip(LOCAL, CHILLER_KW, 4 * CHILLER_KW / 3.517, 5 * CHILLER_KW / 3.517, strict=True)
    path.write_bytes(_csv(rows, header="Timestamp,chiller_kw,chilled_water_tons,cooling_tower_tons"))
    site = propose_site([path], "plant").site
    assert [each.quantity for each in site.points] == ["chiller_kw", "cooling_load_kw"]


PARTS = ("PDU A Power (kW)", "PDU B Power (kW)", "IT Total Power (kW)")


def _total_and_parts(path: Path, rows: int = 96, it=IT_KW) -> Path:
    values = dict(zip(PARTS, (0.6 * it, 0.4 * it, it), strict=True))
    frame = pd.DataFrame({"time": LOCAL[:rows], **values})
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(("rows", "it"), [(96, IT_KW), (4, np.full(4, 500.0))])
def test_a_total_is_never_added_to_its_parts_unasked(tmp_path, rows, it):
    path = _total_and_parts(tmp_path / "a.csv", rows, it)
    points = [point(tag, equipment=name) for tag, name in zip(PARTS, "abt", strict=True)]
    with pytest.raises(
        IngestError, match=r"IT Total Power .* is the sum of .*counted = false for IT Total Power"
    ):
        ingested(tmp_path, site_of(*points), path)
    told = site_of(*points[:2], points[2] | {"counted": False}, **QUARTERS)
    table, _, _ = ingested(tmp_path / "told", told, path)
    assert told.columns_of("it_power_kw") == ["it_power_kw:a", "it_power_kw:b"]
    np.testing.assert_allclose(table["it_power_kw:t"], it)
    wanted = site_of(*points[:2], points[2] | {"counted": True}, **QUARTERS)
    assert len(ingested(tmp_path / "wanted", wanted, path)[0]) == rows


def test_machines_that_happen_to_add_up_are_no_total(tmp_path):
    frame = pd.DataFrame({"time": LOCAL[:8], "A": [4] * 8, "B": [2] * 8, "C": [2] * 8})
    frame.to_csv(tmp_path / "a.csv", index=False)
    points = [point(tag, equipment=tag.lower()) for tag in "ABC"]
    assert len(ingested(tmp_path, site_of(*points), tmp_path / "a.csv")[0]) > 0
