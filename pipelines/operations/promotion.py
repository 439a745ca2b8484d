"""Who put which model in charge, when and why: done in the registry, recorded in the ledger."""

from datetime import datetime
from typing import NamedTuple

from pipelines.config import Settings
from pipelines.learning import charges, promote
from pipelines.learning.charges import AUTOMATIC, CHAMPION, Charge, Who
from pipelines.learning.registry import KINDS, Kind
from pipelines.operations.alarms.notifier import notify
from pipelines.operations.ledger import Operations, Order, Person
from pipelines.site.file import Site

SCHEDULE = Person(AUTOMATIC, "engineer", "schedule")  # a rule that put a model in charge


def order_promotion(
    operations: Operations,
    site: Site,
    kind: Kind,
    settings: Settings,
    *,
    version: int | None,
    by: Person | str,
    why: str,
) -> Charge:
    """Make a version champion and record who did it and why; see `promote` for what is raised.

    Raises LedgerError where the person may not, before anything is changed. Where the ledger ends in between, the
    charge is recorded as soon as anyone looks (`record_charges`).
    """
    charge = promote.promote(site, kind, settings, version=version, who=_who(operations, by, why))
    record_charges(operations, site, settings)
    return charge


def order_rollback(
    operations: Operations, site: Site, kind: Kind, settings: Settings, *, by: Person | str, why: str
) -> Charge:
    """Put the champion before the present one back in charge, and tell whoever is on duty.

    Raises as `order_promotion`; needs no MLflow.
    """
    who = _who(operations, by, why)
    charge = promote.rollback(site, kind, settings, who=who)
    record_charges(operations, site, settings)
    title = f"coldaisle {site.name}: {kind} version {charge.replaced} is rolled back to {charge.version}"
    notify(settings, title, f"{who.name}: {who.why}")
    return charge


def record_charges(operations: Operations, site: Site, settings: Settings) -> int:
    """Record every champion that the ledger has not, as of the time it took charge; how many there were.

    Trainings, promotions and rollbacks call it, and the loop when it notices another model: whoever was ended before it
    could record is made up for. Raises LedgerError where the ledger does not answer.
    """
    recorded = {_key(one) for one in operations.orders() if one.kind == "promote"}
    missing = [
        (kind, charge)
        for kind in KINDS
        for charge in charges.history(settings, site.name, kind, CHAMPION)
        if (kind, charge.number) not in recorded
    ]
    for kind, charge in missing:
        body = {
            "kind": kind, "version": charge.version, "replaced": charge.replaced, "charge": charge.number,
            **charge.about,
        }  # fmt: skip
        operations.order("promote", by=_person(charge.who), why=charge.who.why, body=body, at=charge.at)
    return len(missing)


class InCharge(NamedTuple):
    """A model that was in charge at a time, by the ledger."""

    kind: Kind
    version: int
    order: Order


def in_charge(operations: Operations, at: datetime) -> list[InCharge]:
    """Which version of each kind was in charge at a time. Raises LedgerError where the ledger does not answer."""
    found: dict[Kind, InCharge] = {}
    for one in sorted(operations.orders(), key=lambda order: (order.at, order.id)):
        kind, version = one.body.get("kind"), one.body.get("version")
        if one.kind == "promote" and one.at <= at and kind in KINDS and version is not None:
            found[kind] = InCharge(kind, int(version), one)
    return list(found.values())


def _key(one: Order) -> tuple[str, int]:
    return str(one.body.get("kind")), int(one.body.get("charge") or 0)


def _who(operations: Operations, by: Person | str, why: str) -> Who:
    person = operations.permit("promote", by)
    return Who(person.name, why, person.role, person.via or None)


def _person(who: Who) -> Person:
    if who.role is None:
        return SCHEDULE._replace(name=who.name)
    return Person(who.name, who.role, who.via or "")  # type: ignore[arg-type]
