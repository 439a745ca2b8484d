import numpy as np
import pandas as pd
import pytest

from pipelines.errors import SiteError
from pipelines.simulation.historian_exports import write_exports
from pipelines.simulation.operator_trials import trial_schedule

pytestmark = pytest.mark.medium


def interval_means(site, telemetry):
    """Telemetry by quantity as the store would hold it."""
    named = telemetry.rename(columns={point.quantity: point.column for point in site.points})
    return named.reindex(columns=site.columns).resample(site.interval).mean().dropna(how="all")


@pytest.fixture(scope="module")
def telemetry(site, plant):
    _, telemetry = plant.run(trial_schedule(site, plant.times(2 * 288), seed=1))
    return telemetry


def test_an_export_read_back_through_ingestion_is_what_the_plant_did(site, telemetry, tmp_path):
    """Tags, US units, a counter that wraps, a logger in local time: all undone by the site file alone."""
    from pipelines.telemetry.ingest import ingest_files
    from pipelines.telemetry.store import Store

    store = Store(tmp_path / "store", site)
    ingest_files(site, write_exports(site, telemetry, tmp_path / "exports"), store)
    read, expected = store.read(), interval_means(site, telemetry)
    inner = expected.index[4:-4]  # the weather logger's coarser step smears the edges
    for column, tolerance in (
        ("it_power_kw", 1e-3), ("chw_supply_c", 1e-3), ("facility_power_kw", 2e-2), ("chw_flow_kg_s", 5e-3),
        ("economizer_enable", 1e-9),
    ):  # fmt: skip
        pair = pd.concat([read[column], expected[column]], axis=1, keys=["read", "meant"]).loc[inner].dropna()
        assert len(pair) > 0.9 * len(inner), column
        np.testing.assert_allclose(pair["read"], pair["meant"], rtol=tolerance, err_msg=column)
    weather = (read["outdoor_drybulb_c"] - expected["outdoor_drybulb_c"]).loc[inner].abs()
    assert weather.median() < 0.3


def test_a_counter_wraps_at_its_rollover(site, telemetry, tmp_path):
    small = site.model_copy(
        update={
            "points": [
                point.model_copy(update={"rollover": 5_000.0}) if point.reading == "counter" else point
                for point in site.points
            ]
        }
    )
    path = write_exports(small, telemetry, tmp_path)[0]
    counter = pd.read_csv(path)["UTILITY.TOTAL_KWH"]
    assert counter.max() < 5_000.0
    assert (counter.diff() < 0).sum() >= 2


def test_a_quantity_that_the_simulator_does_not_measure_is_refused(site, telemetry, tmp_path):
    windy = site.points[0].model_copy(
        update={"tag": "WIND", "quantity": "wind_speed_m_s", "unit": "m/s", "reading": "instant"}
    )
    with pytest.raises(SiteError, match=r"WIND.*does not measure wind_speed_m_s"):
        write_exports(site.model_copy(update={"points": [windy]}), telemetry, tmp_path)


def test_a_historian_s_defects_are_quarantined_by_reason_and_cost_no_other_reading(site, telemetry, tmp_path):
    from pipelines.telemetry.ingest import ingest_files
    from pipelines.telemetry.store import Store

    long = pd.concat([telemetry.set_axis(telemetry.index + k * pd.Timedelta(days=2)) for k in range(4)])
    store = Store(tmp_path / "store", site)
    report = ingest_files(site, write_exports(site, long, tmp_path / "exports", fault_seed=0), store)
    assert report.quarantined["sentinel"] >= 30
    table = store.read()
    expected = len(interval_means(site, long))
    assert 0.85 * expected < table["it_power_kw"].count() < expected  # half a day is lost, and no more
    for setpoint in site.setpoints:
        assert table[site.by_tag[setpoint.tag].column].min() >= setpoint.min
