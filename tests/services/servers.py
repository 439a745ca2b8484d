"""PostgreSQL and Redis of the stack: from Debian's packages, on loopback, in a folder that is thrown away."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.places import PROJECT
from tests.services.processes import Process, StackError, as_user, free_port, listens, wait_until

READY_S = 30.0


def program(name: str) -> str:
    """Path of a program of PostgreSQL or Redis; Debian keeps the former beside its version."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(debian[-1]) if debian else shutil.which(name)
    if found is None:
        raise StackError(f"{name} is missing; infra/install_services.sh installs it")
    return found


def missing() -> list[str]:
    """Programs that the stack needs and this machine has not."""
    needed = ("postgres", "initdb", "psql", "redis-server", "openssl")
    return [
        name
        for name in needed
        if not (shutil.which(name) or list(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")))
    ]


class Postgres:
    """A cluster of its own; it refuses to run as root, so it is then the packages' user that runs it."""

    def __init__(self, folder: Path, secrets: Path, port: int) -> None:
        self.port, self._secrets = port, secrets
        self._user = "postgres" if os.geteuid() == 0 else ""
        self._home = Path(tempfile.mkdtemp(prefix="coldaisle-postgres-"))
        self._data = self._home / "data"
        command = [
            *self._as_user(), program("postgres"), "-D", str(self._data), "-p", str(port),
            "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._home}",
            "-c", "max_connections=200", "-c", "fsync=off",
        ]  # fmt: skip
        # Another user's process may not enter the stack's folder.
        self.process = Process("postgres", command, os.environ, folder, runs_in=self._home)

    def _as_user(self) -> list[str]:
        return as_user(self._user) if self._user else []

    def create(self) -> None:
        """An empty cluster, then the users and databases of infra/postgres."""
        password = self._home / "password"
        password.write_text((self._secrets / "postgres_password").read_text())
        if self._user:
            for path in (self._home, password):
                shutil.chown(path, self._user, self._user)
        subprocess.run(
            [*self._as_user(), program("initdb"), "-D", str(self._data), "-U", "postgres", "--auth=scram-sha-256",
             f"--pwfile={password}", "--encoding=UTF8", "--no-sync"],
            check=True, capture_output=True, cwd=self._home,
        )  # fmt: skip
        password.unlink()
        self.start()
        here = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres"}
        secret = {
            "PGPASSWORD": (self._secrets / "postgres_password").read_text(),
            "SECRETS": str(self._secrets),
        }
        script = PROJECT / "infra" / "postgres" / "create.sh"
        subprocess.run([str(script)], check=True, env=os.environ | here | secret, capture_output=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process.start()
        ready = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        wait_until(lambda: subprocess.run(ready).returncode == 0, "PostgreSQL answers", seconds=READY_S)

    def dump(self, database: str) -> str:
        """Everything that a database holds, as text."""
        here = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres"}
        here["PGPASSWORD"] = (self._secrets / "postgres_password").read_text()
        command = [program("pg_dump"), "--data-only", database]
        done = subprocess.run(command, env=os.environ | here, check=True, capture_output=True)
        return done.stdout.decode(errors="replace")

    def restart(self) -> None:
        """End every connection, as a fast shutdown does, and start again."""
        self.process.stop(signal.SIGINT)
        self.start()

    def close(self) -> None:
        """Stop it and throw its folder away."""
        self.process.stop(signal.SIGINT)
        shutil.rmtree(self._home, ignore_errors=True)


class Redis:
    """The queue, with a password, kept on disk so that a restart loses nothing."""

    def __init__(self, folder: Path, secrets: Path, port: int) -> None:
        self.port = port
        data = folder / "redis"
        data.mkdir(parents=True, exist_ok=True)
        command = [
            program("redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(data),
            "--aclfile", str(secrets / "redis_acl"), "--appendonly", "yes", "--daemonize", "no",
        ]  # fmt: skip
        self.process = Process("redis", command, os.environ, folder)

    def start(self) -> None:
        """Start it and wait until it listens."""
        self.process.start()
        wait_until(lambda: listens(self.port), "Redis answers", seconds=READY_S)

    def restart(self) -> None:
        """Stop it in order and start it again."""
        self.process.stop()
        self.start()

    def close(self) -> None:
        """Stop it."""
        self.process.stop()


__all__ = ["Postgres", "Redis", "free_port", "missing", "program"]
