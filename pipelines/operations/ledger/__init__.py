"""The ledger: orders and decisions. Rows are added, never changed or removed."""

from pipelines.operations.ledger.audit_log import Operations
from pipelines.operations.ledger.database import Database, LedgerError
from pipelines.operations.ledger.tables import DecisionRecord, Event, Order

__all__ = ["Database", "DecisionRecord", "Event", "LedgerError", "Operations", "Order"]
