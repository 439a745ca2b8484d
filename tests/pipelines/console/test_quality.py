import pytest

from pipelines.console.quality import MOST_SPANS, prepare_quality
from pipelines.console.tables import Tables
from pipelines.operations.alarms import alarms_of
from pipelines.operations.ledger import Operations

pytestmark = pytest.mark.medium


def test_report_coverage_and_alarms_are_prepared(settings, site, telemetry):
    prepare_quality(site, settings)
    tables = Tables(settings, "plant")
    report, coverage = tables.read("quality"), tables.read_frame("coverage")
    assert {row["tag"] for row in report["points"]} == {"LOAD_KW", "CH_KW", "CHWS_C"}
    assert len(coverage) <= MOST_SPANS
    dead = coverage.loc["2024-03-02", "chw_supply_c"]
    assert (dead.max(), coverage.loc["2024-03-01", "chw_supply_c"].min()) == (0.0, 1.0)


def test_finding_is_an_alarm_until_it_has_gone(settings, site, telemetry, monkeypatch):
    from pipelines.console import quality

    prepare_quality(site, settings)
    operations = Operations.of(settings, "plant")
    before = [alarm for alarm in alarms_of(operations) if alarm.over_at is None]
    suspect = {"quality: made up: chiller_kw": ("warning", "chiller_kw: made up")}
    monkeypatch.setattr(quality, "_suspect", lambda _: suspect)
    prepare_quality(site, settings)
    prepare_quality(site, settings)
    causes = [alarm.cause for alarm in alarms_of(operations) if alarm.over_at is None]
    assert causes.count("quality: made up: chiller_kw") == 1
    monkeypatch.undo()
    prepare_quality(site, settings)
    assert [alarm.cause for alarm in alarms_of(operations) if alarm.over_at is None] == [
        one.cause for one in before
    ]
