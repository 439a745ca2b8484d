"""What the ledger says of all sites at once: mode, alarms without acknowledgement, time of the last decision."""

import json
from functools import cache
from typing import Any

import sqlalchemy as sa

from pipelines.operations.ledger.database import Database, rows_of
from pipelines.operations.ledger.tables import alarms_table, decisions_table, orders_table


def fleet_state(uri: str) -> dict[str, dict[str, Any]]:
    """By site: `mode`, `alarms` (unacknowledged), `decided_at`. Raises LedgerError where the ledger does not answer."""
    with _database(uri).connect() as connection:
        modes = rows_of(connection, _last_of_kind("mode"))
        alarms = rows_of(
            connection,
            sa.select(alarms_table.c.site, alarms_table.c.id).where(alarms_table.c.clears.is_(None)),
        )
        seen = rows_of(
            connection,
            sa.select(orders_table.c.site, orders_table.c.body).where(orders_table.c.kind == "acknowledge"),
        )
        decided = rows_of(
            connection,
            sa.select(decisions_table.c.site, sa.func.max(decisions_table.c.at).label("at")).group_by(
                decisions_table.c.site
            ),
        )
    state: dict[str, dict[str, Any]] = {}
    for row in modes:
        state.setdefault(row["site"], {})["mode"] = _body(row).get("to", "shadow")
    acknowledged = {(row["site"], _body(row).get("alarm")) for row in seen}
    for row in alarms:
        site = state.setdefault(row["site"], {})
        site["alarms"] = site.get("alarms", 0) + ((row["site"], row["id"]) not in acknowledged)
    for row in decided:
        state.setdefault(row["site"], {})["decided_at"] = row["at"]
    return state


@cache
def _database(uri: str) -> Database:
    """Opened once: opening looks at every table."""
    return Database(uri)


def _last_of_kind(kind: str) -> Any:
    """The last order of a kind of every site."""
    last = (
        sa.select(sa.func.max(orders_table.c.id))
        .where(orders_table.c.kind == kind)
        .group_by(orders_table.c.site)
        .scalar_subquery()
    )
    return sa.select(orders_table.c.site, orders_table.c.body).where(orders_table.c.id.in_(last))


def _body(row: dict[str, Any]) -> dict[str, Any]:
    try:
        body = json.loads(row["body"])
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
