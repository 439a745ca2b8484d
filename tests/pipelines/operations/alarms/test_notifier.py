import http.server
import json
import logging
import threading

import pytest

from pipelines.config import Settings
from pipelines.operations.alarms.notifier import notify


@pytest.fixture
def receiver():
    """A server that keeps the messages it is sent."""
    messages = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}", messages
    server.shutdown()


def test_message_reaches_an_address(tmp_path, receiver):
    address, messages = receiver
    notify(Settings(home=tmp_path, notify=address), "coldaisle plant: alarm", "too hot", urgent=True).join(30)
    assert (messages[0]["title"], messages[0]["message"], messages[0]["type"]) == (
        "coldaisle plant: alarm", "too hot", "failure",
    )  # fmt: skip


def test_without_an_address_it_is_logged(tmp_path, caplog):
    assert notify(Settings(home=tmp_path), "coldaisle plant: alarm", "too hot") is None
    assert "too hot" in caplog.text


def test_address_that_fails_is_logged_without_its_password_and_the_others_get_it(tmp_path, receiver, caplog):
    address, messages = receiver
    caplog.set_level(logging.ERROR)
    notify(Settings(home=tmp_path, notify=f"nosuch://ana:hunter2@host {address}"), "alarm", "too hot").join(
        30
    )
    assert len(messages) == 1
    assert "nosuch" in caplog.text
    assert "hunter2" not in caplog.text
