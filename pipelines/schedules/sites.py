"""Which sites the schedules serve, and in which batches."""

import hashlib
from datetime import UTC, datetime

from pipelines.config import Settings
from pipelines.console.fleet import sites_of
from pipelines.errors import ColdaisleError
from pipelines.learning import charges
from pipelines.learning.charges import CHALLENGER
from pipelines.learning.registry import KINDS
from pipelines.operations.alive import alive
from pipelines.site.file import find_site
from pipelines.telemetry.inbox import inbox_sites
from pipelines.telemetry.location import stored_sites


def scheduled_sites(settings: Settings) -> list[str]:
    """Names of all sites of a home: of its site files, inboxes and telemetry; also those whose file has faults."""
    return sorted({*sites_of(settings), *inbox_sites(settings)})


def with_telemetry(settings: Settings) -> list[str]:
    """The sites that have telemetry."""
    return sorted(stored_sites(settings.store))


def with_challenger(settings: Settings) -> list[str]:
    """The sites of which a kind of model has a challenger."""
    return [
        name
        for name in scheduled_sites(settings)
        if any(charges.present(settings, name, kind, CHALLENGER) for kind in KINDS)
    ]


def without_models(settings: Settings) -> list[str]:
    """The sites that have telemetry and no model in charge."""
    return [
        name
        for name in with_telemetry(settings)
        if not any(charges.present(settings, name, kind) for kind in KINDS)
    ]


def without_loop(names: list[str], settings: Settings) -> list[str]:
    """The sites that no running `coldaisle serve` decides for."""
    now = datetime.now(UTC)  # of the processes that run, not of the data
    return [name for name in names if not alive(settings, name, "loop", now).runs]


def batches(names: list[str], settings: Settings) -> list[list[str]]:
    """At most `sites_per_task` sites each, sites of like points together: they share compiled programs."""
    ordered = sorted(names, key=lambda name: (_likeness(name, settings), name))
    size = settings.sites_per_task
    return [ordered[begin : begin + size] for begin in range(0, len(ordered), size)]


def _likeness(name: str, settings: Settings) -> str:
    """The same for sites with the same columns; empty where the file has faults."""
    try:
        columns = find_site(name, settings).columns
    except ColdaisleError:
        return ""
    return hashlib.sha256(repr(sorted(columns)).encode()).hexdigest()
