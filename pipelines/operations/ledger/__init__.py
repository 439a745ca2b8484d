"""The ledger: what people and controllers did. Rows are added, never changed or removed."""

from pipelines.operations.ledger.audit_log import Operations
from pipelines.operations.ledger.database import Database, LedgerError
from pipelines.operations.ledger.recommendations import Answer, Ledger, Recorded

__all__ = ["Answer", "Database", "Ledger", "LedgerError", "Operations", "Recorded"]
