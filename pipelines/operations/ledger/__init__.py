"""The ledger: orders and decisions. Rows are added, never changed or removed."""

from pipelines.operations.ledger.audit_log import Operations
from pipelines.operations.ledger.database import Database, LedgerDownError, LedgerError
from pipelines.operations.ledger.permissions import ROLES, Person, Role, at_least
from pipelines.operations.ledger.tables import AlarmRow, DecisionRecord, Event, Order, ShadowRecord

__all__ = [
    "ROLES",
    "AlarmRow",
    "Database",
    "DecisionRecord",
    "Event",
    "LedgerDownError",
    "LedgerError",
    "Operations",
    "Order",
    "Person",
    "Role",
    "ShadowRecord",
    "at_least",
]
