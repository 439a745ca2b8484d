"""Heartbeats: UDP datagrams on the local machine.

Why UDP: the sender never waits and needs no disk or database, so a heartbeat shows that the loop itself runs, not that
a file system works; the receiver measures silence on its own monotonic clock, so a changed clock, an old file or a
stale row cannot look alive. A lost datagram does no harm: several are sent within one time-out.
"""

import json
import os
import socket
import time

from pipelines.errors import ColdaisleError

LARGEST = 4096  # bytes


class HeartbeatError(ColdaisleError):
    """An address that cannot be used for heartbeats."""


def parsed(address: str) -> tuple[str, int]:
    """Host and port of "host:port"."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) < 65536:
        raise HeartbeatError(f'"{address}" is no host:port; set COLDAISLE_HEARTBEAT, e.g. to 127.0.0.1:47601')
    return host, int(port)


class Pulse:
    """The sender."""

    def __init__(self, address: str, site: str) -> None:
        self._to, self._site, self._number = parsed(address), site, 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def beat(self, state: str) -> None:
        """Send one; failures are ignored, since the watchdog notices the missing heartbeat."""
        self._number += 1
        beat = {"site": self._site, "number": self._number, "pid": os.getpid(), "state": state}
        try:
            self._socket.sendto(json.dumps(beat).encode(), self._to)
        except OSError:
            return

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Ear:
    """The receiver of one site's heartbeats; silence counts from its creation."""

    def __init__(self, address: str, site: str) -> None:
        self._site, self._heard_at, self.state = site, time.monotonic(), ""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(parsed(address))
        except OSError as cause:
            raise HeartbeatError(
                f"{address} cannot be listened on ({cause}); another watchdog runs, or set COLDAISLE_HEARTBEAT"
            ) from cause

    @property
    def address(self) -> str:
        """host:port in use."""
        return "{}:{}".format(*self._socket.getsockname()[:2])

    def listen(self, seconds: float) -> bool:
        """Wait for a beat; whether one came."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0.0:
            self._socket.settimeout(left)
            try:
                beat = json.loads(self._socket.recv(LARGEST))
            except (TimeoutError, OSError, ValueError):
                continue
            if isinstance(beat, dict) and beat.get("site") == self._site:
                self._heard_at, self.state = time.monotonic(), str(beat.get("state", ""))
                return True
        return False

    def silent_s(self) -> float:
        """Seconds since the last beat."""
        return time.monotonic() - self._heard_at

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
