"""All sites for page Fleet: a small document each, and two queries of the ledger; no site file is read."""

from typing import Any

from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.errors import StoreError
from pipelines.operations.ledger.fleet import fleet_state
from pipelines.telemetry.location import stored_sites


def sites_of(settings: Settings) -> list[str]:
    """Names of the sites of a home that have telemetry or prepared tables, and of its own site files; sorted."""
    prepared = {path.parent.name for path in settings.console.glob("*/overview.json")}
    own = {path.stem for path in settings.sites.glob("*.toml")}
    return sorted({*_stored(settings), *prepared, *own})


def _stored(settings: Settings) -> list[str]:
    """Sites that have telemetry; none where the object store does not answer: the page is about more than that."""
    try:
        return stored_sites(settings.store)
    except StoreError:
        return []


def fleet(settings: Settings) -> list[dict[str, Any]]:
    """A row for each site, most saving missed first. Raises LedgerError where the ledger does not answer."""
    state = fleet_state(settings.ledger)
    names = sites_of(settings)
    rows = [_row(name, Tables(settings, name).read("overview") or {}, state.get(name, {})) for name in names]
    return sorted(rows, key=lambda row: (-(row["missed_kwh"] or 0.0), row["title"]))


def _row(name: str, overview: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    missed = overview.get("missed") or {}
    return {
        "site": name,
        "title": overview.get("title") or name,
        "prepared": bool(overview),
        **{key: overview.get(key) for key in FIELDS},
        "missed_kwh": missed.get("kwh"),
        "missed_cost": missed.get("cost"),
        "currency": missed.get("currency"),
        "mode": known.get("mode", "shadow"),
        "alarms": known.get("alarms", 0),
        "decided_at": known.get("decided_at"),
    }


FIELDS = (
    "zone", "stale_after_minutes", "figure_name", "ends_at", "figure", "facility_kw", "cooling_kw", "rack_inlet_c",
    "inlet_max_c",
)  # fmt: skip
