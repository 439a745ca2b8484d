from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.telemetry.latest import StoreRows
from pipelines.telemetry.plant_table import row_quantities
from tests.pipelines.telemetry.ingest.kit import ingested, point, site_of, stamps, wide

START = pd.Timestamp("2025-06-01", tz="UTC")


@pytest.fixture(scope="module")
def metered(tmp_path_factory):
    """Three hours of a counter at a true 100 kW, beside IT power."""
    folder: Path = tmp_path_factory.mktemp("store")
    site = site_of(
        point("IT"),
        point("CH", "chiller_kw"),
        point("MAIN", "facility_power_kw", unit="MWh", reading="counter", rollover=9.999),
        meters={"it": ["it_power_kw"], "cooling": ["chiller_kw"], "facility": ["facility_power_kw"],
                "pue_category": 2, "boundary": "all"},
    )  # fmt: skip
    count = [round((9.9 + 0.1 / 6 * k) % 9.999, 9) for k in range(19)]
    export = wide(
        folder / "export.csv", stamps("2025-06-01", 19), IT=[70 + k % 3 for k in range(19)],
        CH=[20 + k % 2 for k in range(19)], MAIN=count,
    )  # fmt: skip
    _, _, store = ingested(folder, site, export)
    return site, store


def test_true_100_kw_of_a_counter_are_100_kw_on_every_row(metered):
    site, store = metered
    rows = StoreRows(site, store).arrived((START + pd.Timedelta(hours=3)).to_pydatetime()).rows
    assert len(rows) == 18
    np.testing.assert_allclose(
        [row_quantities(site, row.values)["facility_kw"] for row in rows], 100.0, rtol=1e-6
    )


def test_a_row_s_time_is_the_end_of_its_interval_and_each_comes_once(metered):
    site, store = metered
    reader = StoreRows(site, store)
    first = reader.arrived((START + pd.Timedelta(minutes=31)).to_pydatetime())
    assert [row.at for row in first.rows] == [START + pd.Timedelta(minutes=m) for m in (10, 20, 30)]
    assert first.newest == first.rows[-1]
    again = reader.arrived((START + pd.Timedelta(minutes=41)).to_pydatetime())
    assert [row.at for row in again.rows] == [START + pd.Timedelta(minutes=40)]


def test_nothing_new_or_fresh_leaves_nothing_to_decide_by(metered):
    site, store = metered
    reader = StoreRows(site, store)
    late = (START + timedelta(hours=5)).to_pydatetime()
    assert reader.arrived(late).stale_for == pd.Timedelta(
        minutes=110
    )  # the counter's last interval ends at 3:10
    assert StoreRows(site, store).arrived(late).newest is None
    assert reader.arrived(late).rows == []
