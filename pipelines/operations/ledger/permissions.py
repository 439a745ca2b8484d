"""Who may order what: roles from viewer to admin, and the least role that each kind of order needs."""

from typing import Any, Literal, NamedTuple

from pipelines.operations.ledger.database import LedgerError, signed
from pipelines.operations.ledger.tables import OrderKind

Role = Literal["viewer", "operator", "engineer", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "engineer", "admin")
_MODES = ("shadow", "advise", "auto")  # upwards

# What an operator does on shift; everything else is an engineer's.
_OPERATORS = frozenset(
    (
        "limits",
        "override",
        "release",
        "accept",
        "reject",
        "hold",
        "withdraw_acceptance",
        "acknowledge",
        "what_if",
    )
)


class Person(NamedTuple):
    """Whoever gives an order. via: how the name is known (a sign-in, a shell's user); kept with the order."""

    name: str
    role: Role
    via: str = ""


def at_least(role: Role, least: Role) -> bool:
    """Whether a role includes another."""
    return ROLES.index(role) >= ROLES.index(least)


def least_role(kind: OrderKind, body: dict[str, Any] | None = None) -> Role:
    """The least role that may give an order. The mode may be lowered by an operator, raised by an engineer."""
    if kind in _OPERATORS:
        return "operator"
    if kind == "mode" and body and {body.get("from"), body.get("to")} <= set(_MODES):
        return "operator" if _MODES.index(body["to"]) < _MODES.index(body["from"]) else "engineer"
    return "engineer"


def permitted(by: "Person | str", kind: OrderKind, body: dict[str, Any] | None, *, sign_in: bool) -> Person:
    """The person, where an order is theirs to give.

    by: a bare name is taken as it is, with every right, where nobody signs in. Raises LedgerError without a name, for a
    bare name where people sign in, and where the role does not suffice.
    """
    what = f"a {kind.replace('_', ' ')}"
    if isinstance(by, str):
        name = signed(by, what)
        if sign_in:
            raise LedgerError(
                f'{what} needs a signed-in person, found the bare name "{name}"; sign in on the pages, or give it on '
                "the command line of a user whom access.toml names"
            )
        return Person(name, "admin")
    person = by._replace(name=signed(by.name, what))
    least = least_role(kind, body)
    if person.role not in ROLES or not at_least(person.role, least):
        raise LedgerError(
            f"{what} needs the role {least}, {person.name} is {person.role}; ask someone who has it, or an admin to "
            "change access.toml"
        )
    return person
