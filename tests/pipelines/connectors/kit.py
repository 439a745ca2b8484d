"""A small site and a web server that behaves as badly as it is told, for the tests of sources."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pipelines.config import Settings
from pipelines.connectors import FetchReport, fetch
from pipelines.site.file import Site
from pipelines.telemetry.inbox import InboxReport, ingest_inbox
from tests.pipelines.telemetry.ingest.kit import point, site_of, source

DAY = datetime(2025, 3, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def site_with(**arrival: Any) -> Site:
    return site_of(point("P"), sources=[source(files=["mine*.csv"]) | arrival])


def fetched(site: Site, settings: Settings, start: float = 0, end: float = 24) -> FetchReport:
    return fetch(site, settings, start=at(start), end=at(end))


def brought(site: Site, settings: Settings, start: float = 0, end: float = 24) -> InboxReport:
    """Fetch, without an error, and ingest."""
    assert fetched(site, settings, start, end).failed == {}
    return ingest_inbox(site, settings)


def rows(start: datetime, end: datetime) -> list[tuple[str, float]]:
    """What a historian has of [start, end): each time its own power."""
    first = DAY + max(0, -(-(start - DAY) // STEP)) * STEP
    count = max(0, -(-(end - first) // STEP))
    times = [first + i * STEP for i in range(count)]
    return [(f"{each:%Y-%m-%d %H:%M:%S}", 300 + ((each - DAY) // STEP) % 97 / 4) for each in times]


def csv_text(start: datetime, end: datetime) -> str:
    return "\n".join(["time,P", *(f"{each},{value}" for each, value in rows(start, end))]) + "\n"


def in_home(settings: Settings, *parts: str) -> list[str]:
    """Names of the exports below a folder of the inbox."""
    folder = Path(settings.home, "inbox", "plant", *parts)
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


class Server:
    """A historian on HTTP. `answer` gives status, headers, body; `asked` are the requests it had."""

    def __init__(self) -> None:
        self.answer: Callable[[BaseHTTPRequestHandler], None] = self.export
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.address = ""

    def export(self, request: BaseHTTPRequestHandler) -> None:
        """The rows of the window that was asked for."""
        asked = parse_qs(urlsplit(request.path).query)
        start, end = (datetime.fromisoformat(asked[name][0]) for name in ("start", "end"))
        send(request, csv_text(start, end))


def send(request: BaseHTTPRequestHandler, text: str, status: int = 200, **headers: str) -> None:
    body = text.encode()
    request.send_response(status)
    for name, value in ({"Content_Type": "text/csv", "Content_Length": str(len(body))} | headers).items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def drip(request: BaseHTTPRequestHandler, text: str, pause_s: float) -> None:
    """A byte at a time, each well within any timeout of a single read."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(text)))
    request.end_headers()
    for byte in text.encode():
        request.wfile.write(bytes([byte]))
        request.wfile.flush()
        time.sleep(pause_s)


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append((self.path, dict(self.headers)))
            with suppress(BrokenPipeError, ConnectionResetError):
                server.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = True
    threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
    server.address = f"http://127.0.0.1:{web.server_port}"
    try:
        yield server
    finally:
        web.shutdown()
        web.server_close()
