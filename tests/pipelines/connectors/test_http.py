"""Exports over HTTP, from a server that is down, slow, wrong, or asks for a password."""

import json
import time

import pytest

from pipelines.connectors import fetch
from pipelines.telemetry.inbox import ingest_inbox
from pipelines.telemetry.store import Store
from tests.pipelines.connectors.kit import (
    DAY,
    at,
    brought,
    csv_text,
    drip,
    fetched,
    in_home,
    rows,
    send,
    serving,
    site_with,
)

pytestmark = pytest.mark.medium


def http(server, **more):
    return site_with(kind="http", address=f"{server.address}/export?start={{start}}&end={{end}}", **more)


def test_a_window_lands_whole_and_its_readings_reach_the_store(server, settings):
    site = http(server)
    report = fetched(site, settings)
    assert report.files == ["historian/historian_20250301T000000Z_20250302T000000Z.csv"]
    assert report.sources[0].newest == at(24 - 1 / 6)
    assert server.asked[0][0] == "/export?start=2025-03-01T00:00:00Z&end=2025-03-02T00:00:00Z"
    assert ingest_inbox(site, settings).readings == 144
    assert Store(settings.store, site).read()["it_power_kw"].tolist() == [
        value for _, value in rows(DAY, at(24))
    ]


def test_ingested_windows_are_moved_away_and_asked_for_again_they_change_nothing(server, settings):
    site = http(server)
    brought(site, settings)
    assert in_home(settings, "fetched") == []
    assert in_home(settings, "ingested", "historian") == ["historian_20250301T000000Z_20250302T000000Z.csv"]
    again = fetched(site, settings).sources[0]
    assert (again.files, again.unchanged, again.stale) == ([], 1, False)
    assert not ingest_inbox(site, settings).changed


def test_a_corrected_window_replaces_its_own_file_and_readings(server, settings):
    site = http(server)
    brought(site, settings)
    server.answer = lambda request: send(request, csv_text(DAY, at(24)).replace(",300.0\n", ",310.0\n"))
    brought(site, settings)
    assert len(in_home(settings, "ingested")) == 1
    assert Store(settings.store, site).read()["it_power_kw"].iloc[0] == 310


def test_what_a_person_put_into_the_inbox_stays_there(server, settings):
    site = http(server)
    brought(site, settings)
    path = settings.home / "inbox" / "plant" / "mine.csv"
    path.write_text(csv_text(at(24), at(48)))
    assert ingest_inbox(site, settings).readings == 144
    assert path.exists()


def test_days_that_come_one_by_one_give_the_store_of_all_at_once(server, settings, tmp_path):
    daily, at_once = http(server, window_hours=7), http(server, window_hours=8784)
    other = settings.model_copy(update={"home": tmp_path / "other"})
    for day in range(8):
        brought(daily, settings, 24 * day, 24 * (day + 1))
    brought(at_once, other, 0, 24 * 8)
    one, whole = (Store(home.store, site) for home, site in ((settings, daily), (other, at_once)))
    assert one.fingerprint() == whole.fingerprint()
    assert len(one.read()) == 8 * 144


@pytest.mark.slow
def test_a_year_in_windows_is_the_year_at_once(server, settings, tmp_path):
    stores = []
    for name, hours in (("windows", 240), ("at once", 8784)):
        home = settings.model_copy(update={"home": tmp_path / name})
        site = http(server, window_hours=hours)
        brought(site, home, 0, 24 * 365)
        stores.append(Store(home.store, site))
    assert stores[0].fingerprint() == stores[1].fingerprint()
    assert len(stores[0].read()) == 365 * 144


def test_late_readings_come_with_the_look_back(server, settings):
    brought(http(server), settings, 0, 6)
    fetched(http(server, lookback_hours=6), settings, 6, 12)
    assert server.asked[-1][0] == "/export?start=2025-03-01T00:00:00Z&end=2025-03-01T12:00:00Z"


def test_an_empty_window_is_no_error_and_no_file(server, settings):
    for body, status in (("", 204), ("", 200), ("time,P\n", 200), ("[]", 200)):
        server.answer = lambda request, body=body, status=status: send(request, body, status)
        only = fetched(http(server), settings).sources[0]
        assert (only.empty, only.files, only.error) == (1, [], "")


def test_yesterdays_file_is_unchanged_and_said_to_be_stale(server, settings):
    site = http(server)
    server.answer = lambda request: send(request, csv_text(DAY, at(24)))
    brought(site, settings)
    later = fetched(site, settings, 24, 48)
    assert later.stale == {"historian": at(24 - 1 / 6)}
    assert (later.files, later.sources[0].unchanged) == ([], 1)


PERMANENT = {
    401: r"status 401; correct its secret",
    403: r"status 403; correct its secret",
    404: r"status 404; correct its address",
    418: r"status 418; correct its address or headers",
}


@pytest.mark.parametrize("status", [*PERMANENT, 429, 500, 503])
def test_a_status_says_whether_trying_again_helps(server, settings, status):
    server.answer = lambda request: send(request, "no", status)
    only = fetched(http(server), settings).sources[0]
    assert only.transient == (status not in PERMANENT)
    assert str(status) in only.error
    if status in PERMANENT:
        assert PERMANENT[status] in only.error
    assert in_home(settings) == []


@pytest.mark.parametrize("body", ["<!DOCTYPE html><html>Sign in</html>", "  <html><body>Sign in"])
@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/csv"])
def test_a_page_to_sign_in_is_no_export(server, settings, body, kind):
    server.answer = lambda request: send(request, body, Content_Type=kind)
    only = fetched(http(server), settings).sources[0]
    assert "web page" in only.error
    assert not only.transient
    assert in_home(settings) == []


def test_another_table_is_refused_before_it_lies_in_the_inbox(server, settings):
    server.answer = lambda request: send(request, "time,Q\n2025-03-01 00:00:00,1\n")
    only = fetched(http(server), settings).sources[0]
    assert "lacks column" in only.error
    assert not only.transient
    assert in_home(settings) == []


def test_a_redirect_to_another_host_is_not_followed_with_the_secrets(server, settings):
    with serving() as other:
        server.answer = lambda request: send(request, "", 302, Location=f"{other.address}/login?token=abc")
        only = fetched(http(server), settings).sources[0]
        assert "redirects to" in only.error
        assert "abc" not in only.error
        assert other.asked == []


def test_a_redirect_on_the_same_host_is_followed(server, settings):
    def answer(request):
        if "/export" in request.path:
            send(request, "", 307, Location=request.path.replace("/export", "/moved"))
        else:
            server.export(request)

    server.answer = answer
    assert len(fetched(http(server), settings).files) == 1


def test_a_server_that_is_down_may_come_back(settings):
    with serving() as server:
        site = http(server)
    only = fetched(site, settings).sources[0]
    assert only.transient
    assert "does not answer" in only.error


@pytest.mark.parametrize("how", ["silent", "dripping"])
def test_a_slow_server_is_given_up_after_the_total_time(server, settings, how):
    silent = lambda request: time.sleep(3)  # noqa: E731
    server.answer = silent if how == "silent" else lambda request: drip(request, csv_text(DAY, at(24)), 0.01)
    began = time.monotonic()
    only = fetched(http(server, timeout_s=0.5), settings).sources[0]
    assert time.monotonic() - began < 2
    assert only.transient
    assert "within 0.5 s" in only.error
    assert in_home(settings) == []


def test_an_answer_that_breaks_off_is_never_half_read(server, settings):
    text = csv_text(DAY, at(24))
    server.answer = lambda request: send(request, text[:500], Content_Length=str(len(text)))
    only = fetched(http(server), settings).sources[0]
    assert only.transient
    assert in_home(settings) == []


def test_too_large_an_answer_is_refused(server, settings, monkeypatch):
    monkeypatch.setattr("pipelines.connectors.http.MOST_BYTES", 1000)
    only = fetched(http(server), settings).sources[0]
    assert "lower window_hours" in only.error
    assert not only.transient


def test_windows_before_a_failure_are_kept(server, settings):
    def answer(request):
        if "2025-03-02T00:00:00Z&end" in request.path:
            send(request, "", 503)
        else:
            server.export(request)

    server.answer = answer
    only = fetched(http(server), settings, 0, 72).sources[0]
    assert len(only.files) == 1
    assert only.transient


def test_one_source_that_fails_leaves_the_others(server, settings):
    from tests.pipelines.telemetry.ingest.kit import point, site_of, source

    good = http(server).sources[0].model_dump(exclude_unset=True)
    bad = source(name="meters", kind="http", address=f"{server.address}/gone", files=["none"])
    site = site_of(point("P"), point("Q", "supply_air_c", source="meters"), sources=[bad, good])

    def answer(request):
        send(request, "", 404) if "gone" in request.path else server.export(request)

    server.answer = answer
    report = fetched(site, settings)
    assert list(report.failed) == ["meters"]
    assert not report.transient
    assert len(report.files) == 1


def test_json_and_gzip_are_named_by_what_they_are(server, settings):
    records = [{"time": each, "P": value} for each, value in rows(DAY, at(1))]
    server.answer = lambda request: send(request, json.dumps(records), Content_Type="application/json")
    assert fetched(http(server), settings).files[0].endswith(".jsonl")
    assert ingest_inbox(http(server), settings).readings == 6


def test_a_changed_description_reads_moved_files_again(server, settings):
    brought(http(server), settings)
    moved = http(server, time_zone="Asia/Singapore")
    report = ingest_inbox(moved, settings)
    assert report.readings == 144
    assert Store(settings.store, moved).read().index[0] == at(-8)
    assert not ingest_inbox(moved, settings).files


def test_a_window_without_a_zone_is_utc(server, settings):
    fetch(http(server), settings, start=DAY.replace(tzinfo=None), end=at(1).replace(tzinfo=None))
    assert "start=2025-03-01T00:00:00Z" in server.asked[0][0]
