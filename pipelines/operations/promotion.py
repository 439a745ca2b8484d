"""A person's promotion of a model: checked against roles, done in the registry, recorded in the ledger."""

from typing import Any

from pipelines.config import Settings
from pipelines.learning.promote import promote
from pipelines.learning.registry import Kind
from pipelines.operations.ledger import Operations, Person
from pipelines.site.file import Site


def order_promotion(
    operations: Operations,
    site: Site,
    kind: Kind,
    settings: Settings,
    *,
    version: int | None,
    by: Person | str,
    why: str,
) -> dict[str, Any]:
    """Make a version champion and record who did it and why; see `promote` for what is returned and raised.

    Raises LedgerError where the person may not, before anything is changed.
    """
    name = operations.permit("promote", by).name
    result = promote(site, kind, settings, version=version, by=name, why=why)
    body = {"kind": kind, "version": result["version"], "replaced": result["replaced"]}
    operations.order("promote", by=by, why=why, body=body)
    return result
