"""What the tests ask Airflow's API server, as a person at its pages would."""

import time
from typing import Any

import httpx

from tests.services.processes import StackError

DONE = ("success", "failed")


class AirflowApi:
    """Airflow's public interface, signed in as its administrator; survives a restart of what answers."""

    def __init__(self, address: str, password: str) -> None:
        self._password = password
        self._client = httpx.Client(base_url=address, timeout=30.0)

    def healthy(self) -> bool:
        """Whether the API server reaches the database and the scheduler has said that it runs."""
        try:
            health = self._client.get("/api/v2/monitor/health").json()
        except (httpx.HTTPError, ValueError):
            return False
        return all(
            health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")
        )

    def sign_in(self) -> None:
        """Get a token."""
        who = {"username": "admin", "password": self._password}
        answer = self._client.post("/auth/token", json=who).raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """One request; repeated for two minutes while the server is not there."""
        until = time.monotonic() + 120.0
        while True:
            try:
                answer = self._client.request(method, f"/api/v2{path}", **more)
            except httpx.TransportError as cause:
                answer, why = None, str(cause)
            if answer is not None and answer.status_code == 401:
                self.sign_in()
            elif answer is not None and answer.status_code < 500:
                answer.raise_for_status()
                return answer.json() if answer.content else {}
            elif answer is not None:
                why = f"{answer.status_code}: {answer.text[:500]}"
            if time.monotonic() > until:
                raise StackError(f"{method} {path}: {why}")
            time.sleep(1.0)

    def dags(self) -> list[str]:
        """Ids of what is scheduled."""
        return sorted(dag["dag_id"] for dag in self.ask("GET", "/dags", params={"limit": 100})["dags"])

    def import_errors(self) -> list[str]:
        """Why files of DAGs could not be read."""
        return [each["stack_trace"] for each in self.ask("GET", "/importErrors")["import_errors"]]

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run now; its id."""
        self.ask("PATCH", f"/dags/{dag_id}", json={"is_paused": False})
        body = {"logical_date": None, "conf": conf or {}}
        return self.ask("POST", f"/dags/{dag_id}/dagRuns", json=body)["dag_run_id"]

    def state(self, dag_id: str, run_id: str) -> str:
        """State of a run."""
        return self.ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Every task of a run, mapped ones one by one: id, map index, state, host name, tries."""
        found: list[dict[str, Any]] = []
        while True:
            page = {"limit": 100, "offset": len(found)}
            answer = self.ask("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", params=page)
            found += answer["task_instances"]
            if len(found) >= answer["total_entries"] or not answer["task_instances"]:
                return found

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
