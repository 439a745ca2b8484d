"""Processes of the stack: each with its own log, ended with everything it started."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil


class StackError(RuntimeError):
    """A part of the stack did not do what it should in time."""


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(
    ready: Callable[[], object],
    what: str,
    *,
    seconds: float,
    every_s: float = 0.5,
    running: Callable[[], bool] = lambda: True,
) -> None:
    """Wait until `ready` answers true without an OSError; StackError after `seconds`, or once nothing is running."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if ready():
                return
        if not running():
            raise StackError(f"{what}: it has ended")
        time.sleep(every_s)
    raise StackError(f"{what}: not within {seconds:.0f} s")


def listens(port: int) -> bool:
    """Whether something accepts connections on this port of the loopback interface."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1.0):
        return True
    return False


class Process:
    """One program of the stack; start, stop and kill may be repeated, and its log grows."""

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        runs_in: Path | None = None,
    ) -> None:
        self.name, self._command, self._environment = name, command, environment
        self._folder = runs_in or folder
        self.log = folder / "logs" / f"{name}.log"
        self._running: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        """Number of the process that runs."""
        assert self._running is not None
        return self._running.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._running is not None and self._running.poll() is None

    def family(self) -> list[psutil.Process]:
        """It and everything that it started."""
        return _family(self._running.pid) if self._running is not None else []

    def start(self) -> None:
        """Start it in a session of its own."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command,
                env=dict(self._environment),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self, first: signal.Signals = signal.SIGTERM, *, patience_s: float = 20.0) -> None:
        """Ask it to end; what is left of it after `patience_s` is killed."""
        if self._running is None:
            return
        family = _family(self._running.pid)
        if self.alive:
            self._running.send_signal(first)
        psutil.wait_procs(family, timeout=patience_s)
        _kill(family)
        self._running.wait()

    def kill(self) -> None:
        """As when its machine loses power: it and everything it started, at once."""
        if self._running is not None:
            _kill(_family(self._running.pid))
            self._running.wait()


def _family(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def _kill(family: list[psutil.Process]) -> None:
    for each in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    psutil.wait_procs(family, timeout=10.0)


def as_user(user: str) -> list[str]:
    """Words before a command that run it as another user; none where this process is not root's."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if os.geteuid() == 0 else []
