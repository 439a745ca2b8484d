"""Secrets come from outside the site file and go nowhere: not into logs, errors, reports or files."""

import json
import logging
import socket
import traceback

import pytest
from pydantic import ValidationError

from pipelines.connectors.secret_values import Secrets, redacted
from pipelines.errors import SiteError, SourceError
from pipelines.files import jsonable
from pipelines.site.file import load_site
from pipelines.telemetry.inbox import ingest_inbox
from tests.pipelines.connectors.kit import DAY, at, csv_text, fetched, send, site_with

pytestmark = pytest.mark.medium

SECRET = "hunter2/+=& x"
SHAPES = ("hunter2", "aHVudGVyMi")  # as it is or percent-encoded, and in base64


@pytest.fixture(autouse=True)
def _secret(monkeypatch):
    monkeypatch.setenv("PASSWORD", SECRET)
    monkeypatch.setenv("KEY_ID", "an id")


def nowhere(settings, caplog, *texts) -> None:
    everything = [*texts, caplog.text, *(str(record.__dict__) for record in caplog.records)]
    everything += [path.read_text(errors="replace") for path in settings.home.rglob("*") if path.is_file()]
    for shape in SHAPES:
        assert not [text for text in everything if shape in text]


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


QUERY = "SELECT 1 WHERE :start < :end"
ADDRESSES = {
    "http in a query": {"kind": "http", "address": "http://127.0.0.1:{port}/x?token=${{PASSWORD}}"},
    "http sign-in": {"kind": "http", "address": "http://me:${{PASSWORD}}@127.0.0.1:{port}/x"},
    "http header": {
        "kind": "http", "address": "http://127.0.0.1:{port}/x", "headers": {"X-Api-Key": "${PASSWORD}"},
    },
    "postgres": {"kind": "sql", "address": "postgresql+psycopg://me:${{PASSWORD}}@127.0.0.1:{port}/x", "query": QUERY},
    "unknown driver": {"kind": "sql", "address": "mysql+pymysql://me:${{PASSWORD}}@h/x", "query": QUERY},
    "no URL": {"kind": "sql", "address": "sql://me:${{PASSWORD}}@h:port/x", "query": QUERY},
    "sftp": {"kind": "files", "address": "sftp://me:${{PASSWORD}}@127.0.0.1:{port}/*.csv"},
    "ftp": {"kind": "files", "address": "ftp://me:${{PASSWORD}}@127.0.0.1:{port}/x/*.csv"},
    "bucket": {
        "kind": "files", "address": "s3://plant/*.csv",
        "options": {"key": "${KEY_ID}", "secret": "${PASSWORD}", "endpoint_url": "http://127.0.0.1:{port}"},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_secret_is_nowhere_when_a_source_fails(name, settings, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    described = dict(ADDRESSES[name]) | {"timeout_s": 2}
    port = str(closed_port())
    described["address"] = (
        described["address"].replace("{port}", port).replace("${{", "${").replace("}}", "}")
    )
    if "options" in described:
        described["options"] = {
            key: value if key != "endpoint_url" else value.replace("{port}", port)
            for key, value in described["options"].items()
        }
    report = fetched(site_with(**described), settings)
    assert report.failed
    nowhere(settings, caplog, repr(report), json.dumps(jsonable(report.as_dict())))


@pytest.mark.parametrize("status", [200, 302, 401, 500])
def test_a_secret_is_nowhere_when_a_server_answers(status, server, settings, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    address = server.address.replace("//", "//me:${PASSWORD}@")
    site = site_with(
        kind="http",
        address=f"{address}/x?key=${{PASSWORD}}&s={{start}}",
        headers={"Authorization": "Bearer ${PASSWORD}"},
    )
    start = csv_text(DAY, at(24))
    server.answer = lambda request: send(request, start, status, Location="http://other/?t=hunter2")
    report = fetched(site, settings)
    assert (status == 200) == (not report.failed)
    ingest_inbox(site, settings)
    asked, headers = server.asked[0]
    assert "key=hunter2%2F%2B%3D%26%20x" in asked
    assert headers["Authorization"].startswith("Bearer hunter2")
    nowhere(settings, caplog, repr(report), *capfd.readouterr())


def test_a_user_in_the_address_signs_in(server, settings):
    address = server.address.replace("//", "//me:${PASSWORD}@")
    fetched(site_with(kind="http", address=f"{address}/x?start={{start}}&end={{end}}"), settings)
    assert server.asked[0][1]["Authorization"].startswith("Basic bWU6aHVudGVyMi")


def test_a_file_may_hold_a_secret_and_a_missing_one_is_named(server, settings, monkeypatch):
    site = site_with(
        kind="http",
        address=f"{server.address}/x?start={{start}}&end={{end}}",
        headers={"X-Api-Key": "${OF_FILE}"},
    )
    only = fetched(site, settings).sources[0]
    assert "secret OF_FILE is missing; set the environment variable OF_FILE" in only.error
    assert not only.transient
    assert server.asked == []
    (settings.secrets / "OF_FILE").write_text("from-a-file\n")
    assert fetched(site, settings).failed == {}
    assert server.asked[0][1]["X-Api-Key"] == "from-a-file"


def test_a_secret_of_several_lines_is_refused_without_showing_it(settings, monkeypatch):
    monkeypatch.setenv("PASSWORD", "hunter2\nSet-Cookie: x")
    with pytest.raises(SourceError, match="several lines") as refused:
        Secrets(settings).filled("${PASSWORD}")
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_whole_address_may_be_a_secret(settings, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(
        "DATABASE", f"postgresql+psycopg://me:hunter2@127.0.0.1:{closed_port()}/x?sslmode=disable"
    )
    report = fetched(site_with(kind="sql", address="${DATABASE}", query=QUERY, timeout_s=5), settings)
    assert report.transient
    nowhere(settings, caplog, repr(report))


def test_texts_of_others_lose_what_looks_like_a_secret():
    shown = redacted(
        "GET https://me:hunter2@host/x?api_key=hunter2&a=1 failed: password=hunter2; Authorization: Bearer hunter2abc "
        "{'secret': 'hunter2'} AccountKey=hunter2"
    )
    assert "hunter2" not in shown
    assert "https://***@host/x?api_key=***&a=1 failed" in shown


REFUSED = [
    {"kind": "sql", "address": "postgresql://me:hunter2@host/db", "query": QUERY},
    {"kind": "sql", "address": "postgresql://me:hun/ter@2@host/db?x=hunter2", "query": QUERY},
    {"kind": "sql", "address": "mssql+pyodbc:///?odbc_connect=UID%3Dme%3BPWD%3Dhunter2", "query": QUERY},
    {"kind": "http", "address": "https://host/x?token=hunter2&start={start}"},
    {"kind": "http", "address": "https://host/x?api-key=hunter2"},
    {"kind": "http", "address": "https://host/x", "headers": {"Authorization": "Bearer hunter2"}},
    {"kind": "http", "address": "https://host/x", "headers": {"X-API-Key": "hunter2"}},
    {"kind": "files", "address": "s3://b/*.csv", "options": {"secret": "hunter2"}},
    {"kind": "http", "address": "https://host/x", "headers": "Bearer hunter2"},
    {"kind": "http", "address": "https://host/x", "password": "hunter2"},
]


@pytest.mark.parametrize("described", REFUSED)
def test_a_secret_in_the_site_file_is_refused_without_showing_it(described):
    with pytest.raises(ValidationError) as refused:
        site_with(**described)
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_the_refusal_says_where_a_secret_belongs(tmp_path):
    path = tmp_path / "plant.toml"
    path.write_text(
        'name = "plant"\ntitle = "A"\ninterval_minutes = 10\npoints = []\n[location]\nlatitude = 1\nlongitude = 1\n'
        "[meters]\n"
        '[[sources]]\nname = "a"\ntime_column = "t"\ntime_zone = "UTC"\nkind = "http"\npassword = "hunter2"\n'
        '[[sources]]\nname = "b"\ntime_column = "t"\ntime_zone = "UTC"\nkind = "http"\n'
        'address = "https://me:hunter2@host/x"\n'
    )
    with pytest.raises(SiteError, match="write \\$\\{NAME\\} there, and keep the value in") as refused:
        load_site(path)
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))
