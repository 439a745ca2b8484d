"""Prepares the tables of the pages: everything, or what one part of the system has just changed.

`ingest` prepares the telemetry, `serve` and the schedules what follows from a decision, `train`, `promote` and
`backtest` the models; `coldaisle dashboard` and `coldaisle prepare` whatever is behind.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.console.telemetry import store_stamp
from pipelines.errors import ColdaisleError
from pipelines.site.file import Site
from pipelines.telemetry.store import Store

log = logging.getLogger(__name__)

Part = Literal["telemetry", "quality", "predictions", "models", "carried_out", "overview"]
PARTS: tuple[Part, ...] = get_args(Part)
AFTER_DECISION: tuple[Part, ...] = ("telemetry", "predictions", "carried_out", "overview")
QUALITY_EVERY = timedelta(hours=6)  # it reads the whole record


def prepare(
    site: Site,
    settings: Settings,
    parts: tuple[Part, ...] = PARTS,
    *,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, str]:
    """Prepare parts of a site's tables; by part, why one could not be. Errors of one part leave the others."""
    failed: dict[str, str] = {}
    for part in parts:
        say(f"{site.name}: {part}")
        try:
            _WORK[part](site, settings)
        except (ColdaisleError, OSError) as error:
            failed[part] = str(error)
        except Exception as error:  # what a page shows must never stop what controls a plant
            log.exception("%s of %s cannot be prepared", part, site.name)
            failed[part] = f"{type(error).__name__}: {error}"
    return failed


def behind(site: Site, settings: Settings, now: datetime) -> tuple[Part, ...]:
    """Parts that no longer say what the store and the registry hold."""
    from pipelines.learning.registry import never_trained  # loads MLflow, which `ingest` must not wait for

    tables, stamp = Tables(settings, site.name), store_stamp(Store(settings.store, site))
    telemetry = tables.read("telemetry") or {}
    parts: list[Part] = []
    if stamp and telemetry.get("store") != stamp:
        parts.append("telemetry")
    quality = tables.read("quality") or {}
    if stamp and quality.get("store") != stamp and now - _made_at(quality) >= QUALITY_EVERY:
        parts.append("quality")
    prediction = tables.read("prediction") or {}
    predicted = "telemetry" not in parts and prediction.get("until") == telemetry.get("end")
    if stamp and not predicted and not never_trained(settings):
        parts.append("predictions")
    trained_at = _changed_at(settings)
    if trained_at and _made_at(tables.read("models") or {}) < trained_at:
        parts.append("models")
    if parts or tables.read("overview") is None or tables.read("carried_out") is None:
        parts += ["carried_out", "overview"]
    return tuple(parts)


class Preparer:
    """Prepares after each decision, aside: a turn of the loop is not delayed, and one that is overtaken is skipped."""

    def __init__(self, site: Site, settings: Settings) -> None:
        self._site, self._settings = site, settings
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Prepare what follows from a decision, unless that is under way."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until what is under way is done."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        for part, why in prepare(self._site, self._settings, AFTER_DECISION).items():
            log.warning("%s is not prepared for the pages: %s", part, why)


def _telemetry(site: Site, settings: Settings) -> None:
    from pipelines.console.telemetry import prepare_telemetry

    prepare_telemetry(site, settings)


def _quality(site: Site, settings: Settings) -> None:
    from pipelines.console.quality import prepare_quality

    prepare_quality(site, settings)


def _predictions(site: Site, settings: Settings) -> None:
    from pipelines.console.predictions import prepare_predictions

    prepare_predictions(site, settings)


def _models(site: Site, settings: Settings) -> None:
    from pipelines.console.models import prepare_models
    from pipelines.operations.ledger import Operations
    from pipelines.operations.promotion import record_charges

    prepare_models(site, settings)
    # Every training and promotion comes here: what took charge is on record even where nothing else runs.
    record_charges(Operations.of(settings, site.name), site, settings)


def _carried_out(site: Site, settings: Settings) -> None:
    from pipelines.console.carried_out import prepare_carried_out

    prepare_carried_out(site, settings, datetime.now(UTC))


def _overview(site: Site, settings: Settings) -> None:
    from pipelines.console.overview import prepare_overview

    prepare_overview(site, settings, datetime.now(UTC))


_WORK: dict[Part, Callable[[Site, Settings], None]] = {
    "telemetry": _telemetry, "quality": _quality, "predictions": _predictions, "models": _models,
    "carried_out": _carried_out, "overview": _overview,
}  # fmt: skip


def _made_at(table: dict) -> datetime:
    made_at = table.get("made_at")
    return datetime.fromisoformat(made_at) if made_at else datetime(1970, 1, 1, tzinfo=UTC)


def _changed_at(settings: Settings) -> datetime | None:
    """When the home's own MLflow was last written to; None where there is none, or it is elsewhere."""
    path = settings.home / "mlflow.db"
    if settings.mlflow_uri is not None or not path.exists():
        return None
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
