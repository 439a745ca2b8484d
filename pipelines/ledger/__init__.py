"""The ledger: what people and controllers did. Rows are added, never changed or removed."""

from pipelines.ledger.database import Database, LedgerError
from pipelines.ledger.operations import Operations
from pipelines.ledger.recommendations import Answer, Ledger, Recorded

__all__ = ["Answer", "Database", "Ledger", "LedgerError", "Operations", "Recorded"]
