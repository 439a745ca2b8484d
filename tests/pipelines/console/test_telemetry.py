import pandas as pd
import pytest

from pipelines.console import telemetry as prepared
from pipelines.console.tables import Tables
from pipelines.console.telemetry import hourly, prepare_telemetry
from pipelines.site.file import load_site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.store import Store
from tests.dashboards.conftest import write_export

pytestmark = pytest.mark.medium


@pytest.fixture
def tables(settings) -> Tables:
    return Tables(settings, "plant")


def test_hourly_means_and_latest_readings_are_those_of_the_store(settings, site, telemetry, tables):
    assert prepare_telemetry(site, settings)
    table = telemetry.read()
    start, end = pd.Timestamp("2024-03-01", tz="UTC"), pd.Timestamp("2024-03-04", tz="UTC")
    means = hourly(tables, "hourly", ["chiller_kw"], start, end)
    assert len(means) == 72
    assert means["chiller_kw"].to_numpy() == pytest.approx(
        table["chiller_kw"].resample("1h").mean().to_numpy(), rel=1e-5
    )
    now = tables.read("now")
    assert now["points"]["chiller_kw"]["value"] == pytest.approx(table["chiller_kw"].iloc[-1], rel=1e-6)
    assert now["points"]["chiller_kw"]["at"] == "2024-03-04T00:00:00+00:00"
    assert now["parts"] == ["chiller_kw"]


def test_nothing_is_done_twice_and_only_months_that_changed_are_made_again(
    settings, site, telemetry, tables, monkeypatch
):
    prepare_telemetry(site, settings)
    assert not prepare_telemetry(site, settings)
    months = []
    monkeypatch.setattr(prepared, "_write_month", lambda *given: months.append(given[-1]))
    path = settings.home / "historian-april.csv"
    more = pd.read_csv(write_export(path)).assign(time=lambda t: t["time"].str.replace("2024-03", "2024-04"))
    more.to_csv(path, index=False)
    ingest_files(site, [path], Store(settings.store, site))
    assert prepare_telemetry(site, settings)
    assert months == ["2024-04"]


def test_site_file_that_says_something_else_of_its_meters_makes_all_again(settings, site, telemetry, tables):
    prepare_telemetry(site, settings)
    path = settings.sites / "plant.toml"
    path.write_text(
        path.read_text().replace('load = ["cooling_load_kw"]', 'load = ["cooling_load_kw"]\nlosses = []')
    )
    assert not prepare_telemetry(load_site(path), settings)  # nothing else than before
    changed = load_site(path).model_copy(
        update={"setpoints": [], "location": site.location.model_copy(update={"altitude_m": 500.0})}
    )
    assert prepare_telemetry(changed, settings)


def test_site_without_telemetry_has_nothing_to_prepare(settings, site, tables):
    assert not prepare_telemetry(site, settings)
    assert tables.read("now") is None
