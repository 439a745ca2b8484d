"""Roles, refused by the ledger itself, whatever called it."""

from typing import get_args

import pytest
import sqlalchemy as sa

from pipelines.config import Settings
from pipelines.operations.ledger import LedgerError, Operations, Person
from pipelines.operations.ledger.permissions import least_role
from pipelines.operations.ledger.tables import OrderKind, orders_table

KINDS = get_args(OrderKind)


def body(kind: str) -> dict:
    return {"mode": {"from": "shadow", "to": "advise"}}.get(kind, {})


@pytest.fixture
def operations(tmp_path) -> Operations:
    return Operations(f"sqlite:///{tmp_path}/ledger.db", "plant", sign_in=True)


@pytest.mark.parametrize("kind", KINDS)
def test_viewer_can_order_nothing(operations, kind):
    with pytest.raises(LedgerError, match="Vic is viewer"):
        operations.order(kind, by=Person("Vic", "viewer", "sign-in"), why="curious", body=body(kind))
    assert operations.orders() == []


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_orders_without_signing_in_where_that_is_required(operations, kind):
    with pytest.raises(LedgerError, match="signed-in person"):
        operations.order(kind, by="Ana", why="quick", body=body(kind))
    assert operations.orders() == []


@pytest.mark.parametrize("role", ["", "root", "Admin", None])
def test_role_that_there_is_not_gives_no_right(operations, role):
    with pytest.raises(LedgerError, match="needs the role"):
        operations.order("override", by=Person("Eve", role), why="try")


def test_operator_lowers_the_mode_and_an_engineer_raises_it(operations):
    ana, ben = Person("Ana", "operator", "sign-in"), Person("Ben", "engineer", "proxy")
    up, down = {"from": "shadow", "to": "advise"}, {"from": "advise", "to": "shadow"}
    with pytest.raises(LedgerError, match="needs the role engineer, Ana is operator"):
        operations.order("mode", by=ana, why="try", body=up)
    operations.order("mode", by=ben, why="commissioned", body=up)
    operations.order("mode", by=ana, why="pump 2 is out", body=down)
    told = [(one.by, one.role, one.via) for one in operations.orders()]
    assert told == [("Ben", "engineer", "proxy"), ("Ana", "operator", "sign-in")]


def test_mode_order_without_its_steps_needs_an_engineer():
    assert least_role("mode", {"to": "shadow"}) == "engineer"
    assert least_role("mode", {"from": "auto", "to": "nonsense"}) == "engineer"


def test_where_nobody_signs_in_a_name_suffices(tmp_path):
    operations = Operations.of(Settings(home=tmp_path), "plant")
    operations.order("override", by="Ana", why="pump 2 is out", tag="CHWS")
    assert operations.orders()[0].role == "admin"


def test_database_allows_one_answer_a_decision(operations):
    ana = Person("Ana", "operator", "sign-in")
    operations.order("accept", by=ana, why="fine", body={"decision": 3}, answers=3)
    with pytest.raises(LedgerError, match="answered already"):
        operations.order("reject", by=ana, why="no", body={"decision": 3}, answers=3)
    other = Operations(str(operations._database._engine.url), "other")
    other.order("reject", by="Bo", why="no", body={"decision": 3}, answers=3)  # of another site
    with operations._database.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(orders_table)).scalar() == 2
