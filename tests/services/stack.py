"""A whole cluster on one machine: PostgreSQL, Redis, MLflow, Airflow with Celery and workers, all on loopback.

    with Stack(tmp_path) as stack:
        run_id = stack.trigger("ingest_telemetry", {"sites": ["demo-1"]})
        assert stack.wait("ingest_telemetry", run_id) == "success"

Everything lies in one folder and is ended with the block, whatever happens in it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from pipelines.config import Settings
from tests.places import PROJECT
from tests.services.airflow_api import DONE, AirflowApi
from tests.services.processes import Process, StackError, free_port, listens, wait_until
from tests.services.servers import Postgres, Redis

START_S = 180.0
# Faults are noticed in seconds here, not in minutes as in infra/airflow.env.
IMPATIENT = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
    "COLDAISLE_RETRY_DELAY_S": "2",
    # No run begins by itself: the last 29th of February is past its turn, the next is years away.
    **{
        f"COLDAISLE_CRON_{name}": "0 0 29 2 *"
        for name in ("INGEST", "RETRAIN", "PROMOTE", "RECOMMEND", "REPORT")
    },
}


class Stack:
    """The cluster. `folder` holds everything; `dags` is the folder of DAGs; `home` is COLDAISLE_HOME."""

    def __init__(
        self, folder: Path, *, dags: Path = PROJECT / "dags", workers: int = 2, concurrency: int = 2
    ) -> None:
        self.folder, self.dags, self.home = folder, dags, folder / "home"
        self._concurrency, self._count = concurrency, workers
        self.secrets = folder / "secrets"
        self._ports = {name: free_port() for name in ("postgres", "redis", "mlflow", "airflow", "health")}
        self._make_secrets()
        self.postgres = Postgres(folder, self.secrets, self._ports["postgres"])
        self.redis = Redis(folder, self.secrets, self._ports["redis"])
        self.mlflow = self._process("mlflow", self._mlflow_command(), self._mlflow_environment())
        self.api_server = self._airflow("api-server", "api-server", "--port", str(self._ports["airflow"]))
        self.scheduler = self._airflow("scheduler", "scheduler", "--skip-serve-logs")
        self.dag_processor = self._airflow("dag-processor", "dag-processor")
        self.workers: dict[str, Process] = {}
        self.airflow = AirflowApi(f"http://127.0.0.1:{self._ports['airflow']}", self._password())

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            print(self.last_lines())
        self.close()

    def start(self) -> None:
        """Start everything and wait until Airflow says that it is healthy."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.postgres.create()
        self.redis.start()
        self.mlflow.start()
        self._init()
        for part in (self.api_server, self.scheduler, self.dag_processor):
            part.start()
        for _ in range(self._count):
            self.start_worker()
        wait_until(lambda: listens(self._ports["mlflow"]), "MLflow answers", seconds=START_S)
        wait_until(self.airflow.healthy, "Airflow is healthy", seconds=START_S, every_s=2.0)
        self.airflow.sign_in()

    def processes(self) -> list[Process]:
        """Every part, newest first."""
        ours = [*self.workers.values(), self.dag_processor, self.scheduler, self.api_server, self.mlflow]
        return [*ours, self.redis.process, self.postgres.process]

    def close(self) -> None:
        """End everything; what holds data is ended in order."""
        self.airflow.close()
        for part in self.processes()[:-2]:
            part.kill()
        self.redis.close()
        self.postgres.close()

    # What runs in it.

    def start_worker(self) -> str:
        """Start one more worker; its name."""
        name = f"worker-{len(self.workers) + 1}"
        self.workers[name] = self._airflow(
            name, "celery", "worker", "--skip-serve-logs", "--concurrency", str(self._concurrency),
            "--celery-hostname", f"{name}@localhost",
        )  # fmt: skip
        self.workers[name].start()
        worker = self.workers[name]
        ready = lambda: " ready." in self._log(name)  # noqa: E731
        wait_until(ready, f"{name} is ready", seconds=START_S, running=lambda: worker.alive)
        return name

    def alive_workers(self) -> list[str]:
        """Names of the workers that run."""
        return [name for name, worker in self.workers.items() if worker.alive]

    def at_least(self, workers: int) -> None:
        """Start workers until so many run."""
        while len(self.alive_workers()) < workers:
            self.start_worker()

    def kill_worker(self, name: str) -> None:
        """As when its machine loses power."""
        self.workers[name].kill()

    def restart_database(self) -> None:
        """Restart PostgreSQL under everything: Airflow, MLflow and the ledger."""
        self.postgres.restart()

    def wait_for_dag(self, dag_id: str, *, seconds: float = START_S) -> None:
        """Until the DAG may be started; StackError with the reasons where its file cannot be read."""
        try:
            wait_until(lambda: dag_id in self.airflow.dags(), f"DAG {dag_id}", seconds=seconds, every_s=1.0)
        except StackError as cause:
            raise StackError("\n".join([str(cause), *self.airflow.import_errors()])) from cause

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run of a DAG; its id."""
        self.wait_for_dag(dag_id)
        return self.airflow.trigger(dag_id, conf)

    def wait(self, dag_id: str, run_id: str, *, seconds: float = 600.0) -> str:
        """Wait for the end of a run; its state, success or failed."""
        done = lambda: self.airflow.state(dag_id, run_id) in DONE  # noqa: E731
        wait_until(done, f"run {run_id} of {dag_id} ends", seconds=seconds, every_s=1.0)
        return self.airflow.state(dag_id, run_id)

    def wait_for_running(self, dag_id: str, run_id: str, *, tasks: int = 1, seconds: float = 120.0) -> None:
        """Wait until so many tasks of a run are at work."""

        def at_work() -> bool:
            return sum(task["state"] == "running" for task in self.airflow.tasks(dag_id, run_id)) >= tasks

        wait_until(at_work, f"{tasks} tasks of {dag_id} run", seconds=seconds)

    # Settings.

    def environment(self) -> dict[str, str]:
        """The environment of Airflow's parts, and of a command that is to work on the same stores."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "MLFLOW", "COLDAISLE"))
        }
        binaries = str(Path(sys.executable).parent)
        python = os.pathsep.join([*filter(None, [kept.get("PYTHONPATH")]), str(PROJECT)])
        here = {"PYTHONPATH": python, "PATH": os.pathsep.join([binaries, kept.get("PATH", "")])}
        return kept | here | _settings_file() | self._airflow_settings() | self._own_settings() | IMPATIENT

    def settings(self) -> Settings:
        """Settings of this process that work on the same stores."""
        own = self._own_settings()
        return Settings(
            home=self.home, mlflow_uri=own["COLDAISLE_MLFLOW_URI"], ledger_uri=own["COLDAISLE_LEDGER_URI"]
        )

    def _own_settings(self) -> dict[str, str]:
        return {
            "COLDAISLE_HOME": str(self.home),
            "COLDAISLE_LEDGER_URI": (self.secrets / "ledger_uri").read_text(),
            "COLDAISLE_MLFLOW_URI": f"http://127.0.0.1:{self._ports['mlflow']}",
        }

    def _airflow_settings(self) -> dict[str, str]:
        address = f"http://127.0.0.1:{self._ports['airflow']}"
        plain = {
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
            "AIRFLOW__API__PORT": str(self._ports["airflow"]),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self._ports["health"]),
        }
        secret = {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "airflow_uri",
            "AIRFLOW__CELERY__BROKER_URL_CMD": "broker_url",
            "AIRFLOW__CORE__FERNET_KEY_CMD": "airflow_fernet_key",
            "AIRFLOW__API__SECRET_KEY_CMD": "airflow_api_secret_key",
            "AIRFLOW__API_AUTH__JWT_SECRET_CMD": "airflow_jwt_secret",
        }
        return plain | {name: f"cat {self.secrets / file}" for name, file in secret.items()}

    def _mlflow_environment(self) -> dict[str, str]:
        uri = (self.secrets / "mlflow_uri").read_text()
        return self.environment() | {"MLFLOW_BACKEND_STORE_URI": uri}

    def _mlflow_command(self) -> list[str]:
        return [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self._ports["mlflow"]),
            "--artifacts-destination", str(self.folder / "artifacts"), "--workers", "1",
        ]  # fmt: skip

    def _make_secrets(self) -> None:
        where = {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(self._ports["postgres"])}
        where |= {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self._ports["redis"])}
        script = PROJECT / "infra" / "make_secrets.sh"
        subprocess.run(
            [str(script), str(self.secrets)], env=os.environ | where, check=True, capture_output=True
        )

    def _password(self) -> str:
        return json.loads((self.secrets / "airflow_passwords").read_text())["admin"]

    def secret_words(self) -> dict[str, str]:
        """Every generated secret by the name of its file; those inside addresses have files of their own."""
        whole = {path.name: path.read_text() for path in self.secrets.iterdir()}
        alone = {
            name: text
            for name, text in whole.items()
            if not name.endswith(("_uri", "_url", "_acl", "_passwords"))
        }
        return alone | {"airflow_passwords": self._password()}

    # Processes and their logs.

    def _process(self, name: str, command: list[str], environment: dict[str, str]) -> Process:
        return Process(name, command, environment, self.folder)

    def _airflow(self, name: str, *words: str) -> Process:
        return self._process(name, [sys.executable, "-m", "airflow", *words], self.environment())

    def _init(self) -> None:
        script, log = PROJECT / "infra" / "init.sh", self.folder / "logs" / "init.log"
        environment = self.environment() | {"AIRFLOW_PASSWORDS": str(self.secrets / "airflow_passwords")}
        done = subprocess.run([str(script)], env=environment, cwd=self.folder, capture_output=True, text=True)
        log.write_text(done.stdout + done.stderr)
        if done.returncode:
            raise StackError(f"{script}: {done.stderr[-2000:]}")

    def logs(self) -> list[Path]:
        """Every log: of the processes, and of Airflow's tasks and parsers."""
        return sorted(
            path for root in ("logs", "airflow/logs") for path in (self.folder / root).rglob("*.log")
        )

    def _log(self, name: str) -> str:
        path = self.folder / "logs" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def last_lines(self, count: int = 25) -> str:
        """The end of each log, for a failed test."""
        ends = []
        for path in self.logs():
            lines = path.read_text(errors="replace").splitlines()[-count:]
            ends += [f"--- {path.relative_to(self.folder)}", *lines]
        return "\n".join(ends)


def _settings_file() -> dict[str, str]:
    lines = (PROJECT / "infra" / "airflow.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
