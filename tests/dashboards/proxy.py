"""A reverse proxy that adds headers to every request, the WebSocket's too."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.dashboards.browser import free_port

CHUNK = 65_536


@contextmanager
def proxied(address: str, headers: dict[str, str]) -> Iterator[str]:
    """The address of a proxy in front of another on this machine."""
    port, upstream = free_port(), int(address.rsplit(":", 1)[1])
    listener = socket.create_server(("127.0.0.1", port))
    threading.Thread(target=_accept, args=(listener, upstream, headers), daemon=True).start()
    yield f"http://127.0.0.1:{port}"
    listener.close()


def _accept(listener: socket.socket, upstream: int, headers: dict[str, str]) -> None:
    with suppress(OSError):
        while True:
            browser, _ = listener.accept()
            threading.Thread(target=_serve, args=(browser, upstream, headers), daemon=True).start()


def _serve(browser: socket.socket, upstream: int, headers: dict[str, str]) -> None:
    """One request a connection; after a change to WebSocket, bytes both ways."""
    with suppress(OSError), browser, socket.create_connection(("127.0.0.1", upstream)) as server:
        head = b""
        while b"\r\n\r\n" not in head:
            more = browser.recv(CHUNK)
            if not more:
                return
            head += more
        top, rest = head.split(b"\r\n\r\n", 1)
        first, *lines = top.decode("latin-1").split("\r\n")
        upgrade = any(line.lower().startswith("upgrade:") for line in lines)
        kept = [line for line in lines if upgrade or not line.lower().startswith("connection:")]
        kept += [f"{name}: {value}" for name, value in headers.items()] + (
            [] if upgrade else ["Connection: close"]
        )
        server.sendall("\r\n".join([first, *kept]).encode("latin-1") + b"\r\n\r\n" + rest)
        threading.Thread(target=_copy, args=(browser, server), daemon=True).start()
        _copy(server, browser)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
