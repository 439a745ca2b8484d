import time
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.console.fleet import fleet, sites_of
from pipelines.console.overview import evidence, missed, prepare_overview
from pipelines.console.tables import Tables
from pipelines.operations.alarms import AlarmBook, acknowledge
from pipelines.operations.ledger import Operations
from pipelines.site.file import load_site
from tests.dashboards.conftest import decide

NOW = datetime.now(UTC)


@pytest.fixture
def described(settings, operations):
    return load_site(settings.sites / "plant.toml")


def decisions(operations, described, **given):
    decide(operations, described, NOW - timedelta(minutes=30), **given)
    decide(operations, described, NOW - timedelta(minutes=15), **given)
    return operations.decisions()


def test_saving_missed_is_that_of_decisions_not_written_while_they_stood(described, operations):
    # 20 kW for a quarter of an hour, then for an hour, after which nothing is known
    assert missed(described, decisions(operations, described), NOW)["kwh"] == pytest.approx(20.0 * 1.25)


def test_what_was_written_held_or_not_proven_is_not_missed(described, operations):
    records = decisions(operations, described)
    assert missed(described, [one._replace(written=True) for one in records], NOW)["kwh"] == 0.0
    unproven = {"saving_kw": 20.0, "saving_low_kw": -1.0}
    records = [one._replace(body=one.body | {"recommendation": unproven}) for one in records]
    assert missed(described, records, NOW)["kwh"] == 0.0


def test_evidence_counts_only_since_the_mode_was_ordered(described, operations):
    decisions(operations, described)
    operations.order("mode", by="Ana", why="go", body={"from": "shadow", "to": "advise"})
    rows = {row["criterion"]: row for row in evidence(operations, operations.decisions(), datetime.now(UTC))}
    assert rows["decisions by the model"]["value"] == "nothing yet"
    assert rows["days in mode advise"]["met"] is False
    assert rows["recommendations accepted"]["value"] == "0"


def test_fleet_shows_most_missed_first_with_mode_and_alarms(settings, described, operations):
    decisions(operations, described)
    prepare_overview(described, settings, datetime.now(UTC))
    Tables(settings, "other").write("overview", {"title": "Other", "missed": {"kwh": 1.0}})
    operations.order("mode", by="Ana", why="go", body={"from": "shadow", "to": "advise"})
    for cause in ("a", "b"):
        AlarmBook(settings, "plant", cause).report({cause: ("warning", "look")})
    acknowledge(operations, 1, by="Ana")
    first, second = fleet(settings)
    assert (first["site"], first["mode"], first["alarms"]) == ("plant", "advise", 1)
    assert (second["site"], second["mode"], second["alarms"]) == ("other", "shadow", 0)


def test_thousand_sites_are_listed_without_reading_a_site_file(settings, monkeypatch):
    Operations.of(settings, "site-0")
    for k in range(1000):
        folder = settings.console / f"site-{k}"
        folder.mkdir(parents=True)
        (folder / "overview.json").write_text(
            f'{{"format": 1, "title": "Site {k}", "missed": {{"kwh": {k}}}}}'
        )
    monkeypatch.setattr("pipelines.site.file.load_site", None)
    started = time.process_time()
    rows = fleet(settings)
    assert rows[0]["title"] == "Site 999"
    assert len(rows) == len(sites_of(settings)) == 1001  # and the one with a site file only
    assert time.process_time() - started < 30.0
