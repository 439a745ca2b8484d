"""Work that a page starts and does not wait for: one process each, with progress, result and cancel.

A job is a folder, `<home>/console/<site>/jobs/<number>/`: `job.json` (what, by whom), `state.json` (progress, result),
and the log. It goes on when the page is closed, and every session sees it. Whether the person may is asked of the
ledger before anything starts.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple
from uuid import uuid4

import psutil

from pipelines.config import Settings
from pipelines.errors import ColdaisleError
from pipelines.files import jsonable, read_json, write_atomic, write_json
from pipelines.operations.ledger import Operations, Person
from pipelines.operations.ledger.tables import OrderKind

Kind = Literal["what_if", "promote", "savings", "prepare"]
State = Literal["waiting", "running", "done", "failed", "cancelled", "lost"]
MOST_AT_ONCE = 2  # of a site: more would only slow each other down
KEPT_FOR = timedelta(days=30)
# The order that a job needs the right to give.
RIGHT: dict[Kind, OrderKind] = {
    "what_if": "what_if", "promote": "promote", "savings": "what_if", "prepare": "what_if"
}  # fmt: skip


class JobError(ColdaisleError):
    """A job that cannot be started."""


class Job(NamedTuple):
    """A job as its folder says. share: of the work that is done, 0-1. result: of the kind, once done."""

    folder: Path
    kind: Kind
    arguments: dict[str, Any]
    by: str
    started_at: datetime
    state: State
    share: float
    text: str
    result: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.folder.name

    @property
    def ended(self) -> bool:
        """Whether it is over, however it ended."""
        return self.state not in ("waiting", "running")


def start(settings: Settings, site: str, kind: Kind, arguments: dict[str, Any], *, by: Person | str) -> Job:
    """Start a job. Raises LedgerError where the person may not, JobError where enough are under way, OSError."""
    person = Operations.of(settings, site).permit(RIGHT[kind], by)
    running = [job for job in jobs_of(settings, site) if not job.ended and job.kind != "prepare"]
    if kind != "prepare" and len(running) >= MOST_AT_ONCE:
        raise JobError(f"{len(running)} jobs of {site} are under way; wait for one, or cancel it")
    now = datetime.now(UTC)
    folder = _folder(settings, site) / f"{now:%Y%m%d-%H%M%S}-{uuid4().hex[:6]}"
    content = {
        "kind": kind,
        "site": site,
        "arguments": jsonable(arguments),
        "by": person._asdict(),
        "started_at": now,
    }
    write_json(folder / "job.json", content)
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.console.work", str(folder)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            env=_environment(settings), cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
    write_atomic(folder / "pid", str(process.pid))
    _forget_old(settings, site, now)
    return read(folder)


def jobs_of(settings: Settings, site: str) -> list[Job]:
    """Jobs of a site, newest first."""
    folder = _folder(settings, site)
    if not folder.is_dir():
        return []
    return [read(each) for each in sorted(folder.iterdir(), reverse=True) if (each / "job.json").exists()]


def read(folder: Path) -> Job:
    """A job from its folder; one whose process has gone without a result is lost."""
    made, state = (read_json(folder / name) or {} for name in ("job.json", "state.json"))
    condition: State = state.get("state", "waiting")
    text = str(state.get("text", ""))
    if condition in ("waiting", "running") and not _runs(folder):
        condition, text = "lost", f"its process has gone; see {folder / 'log.txt'}, and start it again"
    return Job(
        folder=folder,
        kind=made.get("kind", "prepare"),
        arguments=made.get("arguments", {}),
        by=made.get("by", {}).get("name", ""),
        started_at=datetime.fromisoformat(made["started_at"]) if "started_at" in made else datetime.now(UTC),
        state=condition,
        share=float(state.get("share", 0.0)),
        text=text,
        result=state.get("result") or {},
    )


def cancel(settings: Settings, site: str, job: Job, *, by: Person | str) -> None:
    """End a job; what it has written whole stays, and the same job started again goes on there.

    Raises LedgerError where the person may not.
    """
    Operations.of(settings, site).permit(RIGHT[job.kind], by)
    if job.ended:
        return
    with suppress(OSError, ValueError):
        os.killpg(int((job.folder / "pid").read_text()), signal.SIGTERM)
    write_json(job.folder / "state.json", {"state": "cancelled", "share": job.share, "text": "cancelled"})


def _runs(folder: Path) -> bool:
    try:
        process = psutil.Process(int((folder / "pid").read_text()))
        return process.status() != psutil.STATUS_ZOMBIE
    except FileNotFoundError:
        return True  # it is being started
    except (OSError, ValueError, psutil.Error):
        return False


def _environment(settings: Settings) -> dict[str, str]:
    given = {"COLDAISLE_HOME": str(settings.home.resolve()), "COLDAISLE_SIGN_IN": settings.sign_in}
    return os.environ | given | {"OMP_NUM_THREADS": "1"}


def _folder(settings: Settings, site: str) -> Path:
    return settings.console / site / "jobs"


def _forget_old(settings: Settings, site: str, now: datetime) -> None:
    import shutil

    for job in jobs_of(settings, site):
        if job.ended and now - job.started_at > KEPT_FOR:
            shutil.rmtree(job.folder, ignore_errors=True)
