"""Roles of people, from `<home>/access.toml`: by name, or by a group that the identity provider or a proxy names.

default_role = "viewer"             # of a person who signed in and is named nowhere
[roles]
operator = ["ana@example.com"]
engineer = ["ben@example.com"]
[groups]
claim = "groups"                    # of the identity token; with a proxy, `headers.groups`
admin = ["dc-admins"]
[headers]                           # COLDAISLE_SIGN_IN=headers
user = "X-Forwarded-Email"
groups = "X-Forwarded-Groups"
secret = "X-Coldaisle-Proxy"        # must hold COLDAISLE_PROXY_SECRET
"""

import getpass
import hmac
import tomllib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.config import Settings
from pipelines.errors import ColdaisleError
from pipelines.operations.ledger import ROLES, Person, Role

LOCAL = "local user"  # where nobody signs in


class AccessError(ColdaisleError):
    """Roles that cannot be read, or a sign-in that cannot be believed."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(_Table):
    """People, or groups of them, of each role."""

    viewer: list[str] = []
    operator: list[str] = []
    engineer: list[str] = []
    admin: list[str] = []

    def highest(self, names: set[str]) -> Role | None:
        """The highest role that one of the names has; None where none has one. Case does not count."""
        for role in reversed(ROLES):
            if {name.casefold() for name in getattr(self, role)} & names:
                return role
        return None


class Groups(Names):
    """Groups of each role, and the claim of the identity token that names a person's."""

    claim: str = "groups"


class Headers(_Table):
    """Headers that a proxy sets."""

    user: str = "X-Forwarded-Email"
    groups: str = "X-Forwarded-Groups"
    secret: str = "X-Coldaisle-Proxy"


class Access(_Table):
    """The file."""

    default_role: Literal["viewer", "operator", "engineer", "admin"] = "viewer"
    roles: Names = Names()
    groups: Groups = Groups()
    headers: Headers = Headers()

    def person(self, name: str, groups: list[str], via: str) -> Person:
        """A person whose name and groups are believed."""
        found = [
            self.roles.highest({name.casefold()}),
            self.groups.highest({each.casefold() for each in groups}),
        ]
        role = max((each for each in found if each), key=ROLES.index, default=self.default_role)
        return Person(name, role, via)


def access_of(settings: Settings) -> Access:
    """The roles of a home; without a file everyone who signs in is a viewer. Raises AccessError for a faulty file."""
    try:
        return Access.model_validate(tomllib.loads(settings.access.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Access()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as cause:
        raise AccessError(
            f"{settings.access} cannot be read: {cause}; mend it, nobody has a role until then"
        ) from cause
    except ValidationError as cause:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in cause.errors())
        raise AccessError(f"{settings.access}: {faults}; mend it, nobody has a role until then") from cause


def by_claims(settings: Settings, claims: Mapping[str, Any]) -> Person:
    """The person of an identity token. Raises AccessError where it names nobody."""
    access = access_of(settings)
    name = str(claims.get("email") or claims.get("preferred_username") or claims.get("sub") or "").strip()
    if not name:
        raise AccessError(
            "the identity token names nobody (email, preferred_username or sub); ask your provider's admin"
        )
    if claims.get("email") and claims.get("email_verified") is False:
        raise AccessError(
            f"the address {name} is not verified by your provider; verify it, then sign in again"
        )
    return access.person(name, _listed(claims.get(access.groups.claim)), "sign-in")


def by_headers(settings: Settings, headers: Mapping[str, str]) -> Person:
    """The person whom a proxy names. Raises AccessError where the proxy does not prove itself or names nobody."""
    access, secret = access_of(settings), settings.proxy_secret
    if secret is None or not secret.get_secret_value():
        raise AccessError(
            "COLDAISLE_SIGN_IN=headers needs COLDAISLE_PROXY_SECRET, which the proxy sends; set it"
        )
    sent = str(headers.get(access.headers.secret) or "")
    if not hmac.compare_digest(sent.encode(), secret.get_secret_value().encode()):
        raise AccessError(
            f"the request did not come through the proxy ({access.headers.secret} is wrong); use its address"
        )
    name = str(headers.get(access.headers.user) or "").strip()
    if not name:
        raise AccessError(f"the proxy names nobody ({access.headers.user} is empty); sign in there")
    return access.person(name, _listed(headers.get(access.headers.groups)), "proxy")


def on_shell(settings: Settings, name: str) -> Person | str:
    """Whoever types a command: the name given where nobody signs in, else that name with its role in the file.

    The shell cannot prove a name, so the user it runs as is kept with the order; who may run commands in this home is
    up to the file system.
    """
    if settings.sign_in == "none":
        return name
    return access_of(settings).person(name.strip(), [], f"shell of {getpass.getuser()}")


def _listed(groups: Any) -> list[str]:
    if isinstance(groups, str):
        return [each.strip() for each in groups.replace(";", ",").split(",") if each.strip()]
    return [str(each) for each in groups] if isinstance(groups, list | tuple) else []
