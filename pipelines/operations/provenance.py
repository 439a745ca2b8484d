"""What stands behind a decision, and who was in charge at a time: from the ledger and the charges."""

from datetime import datetime
from typing import Any

from pipelines.config import Settings
from pipelines.learning import charges
from pipelines.operations.ledger import LedgerError, Operations
from pipelines.operations.promotion import in_charge
from pipelines.site.file import Site


def in_charge_then(operations: Operations, at: datetime) -> dict[str, Any]:
    """Models in charge at a time, with who, when and why, and the last decision before it. Raises LedgerError."""
    last = operations.latest_decision(at)
    rows = [
        {
            "kind": each.kind, "version": each.version, "since": each.order.at, "by": each.order.by,
            "why": each.order.why, "order": each.order.id, "run_id": each.order.body.get("run_id"),
            "code": each.order.body.get("code"), "data": each.order.body.get("fingerprint"),
        }
        for each in in_charge(operations, at)
    ]  # fmt: skip
    decided = None if last is None else {"number": last.id, "at": last.at, "model": last.body.get("model")}
    return {"site": operations.site, "at": at, "models": rows, "decision": decided}


def behind_decision(operations: Operations, site: Site, settings: Settings, number: int) -> dict[str, Any]:
    """The model, the data that it learned from and the code behind a decision.

    Raises LedgerError where the ledger does not answer or has no such decision.
    """
    record = operations.decision(number)
    if record is None:
        raise LedgerError(f"site {operations.site} has no decision {number}; see: coldaisle operate log")
    model = str(record.body.get("model") or "")
    charge = next(
        (one for one in charges.history(settings, site.name, "cascade") if one.title == model), None
    )
    about = charge.about if charge else {}
    return {
        "decision": number,
        "at": record.at,
        "made_at": record.made_at,
        "mode": record.mode,
        "source": record.source,
        "decided_by_code": record.body.get("code"),
        "model": model,
        "model_in_charge_since": charge.at if charge else None,
        "put_in_charge_by": f"{charge.who.name}: {charge.who.why}" if charge else None,
        "trained_in_run": about.get("run_id"),
        "trained_by_code": about.get("code"),
        "learned_until": about.get("learned_until"),
        "telemetry_fingerprint": about.get("fingerprint"),
        "files": str(charge.files) if charge and charge.files.is_dir() else None,
    }
