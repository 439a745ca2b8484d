"""What every page is given: the person, the site, its ledger and its prepared tables."""

from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from dashboards.formats import Formats
from dashboards.preferences import Preferences
from dashboards.sign_in import believed
from pipelines.config import Settings
from pipelines.console.status import Status, status_of
from pipelines.console.tables import Tables
from pipelines.errors import ColdaisleError
from pipelines.operations.access import AccessError
from pipelines.operations.gateway import Gateway, Outbox
from pipelines.operations.ledger import LedgerError, Operations, Person, at_least
from pipelines.operations.ledger.permissions import Role
from pipelines.site.file import Site, load_site, site_path

PATIENCE_S = 3.0  # with a ledger that another process has locked: a person waits


@dataclass(frozen=True)
class Console:
    """One run of a page. seen: who looks, as of this run. site: None where its file has faults (`site_fault`)."""

    settings: Settings
    seen: Person
    preferences: Preferences
    name: str
    site: Site | None
    site_fault: str
    formats: Formats

    @property
    def person(self) -> Person:
        """Who orders, with the role that `access.toml` gives now. Raises AccessError where nobody is believed."""
        person = believed(self.settings)
        if person is None:
            raise AccessError("nobody is signed in any more; sign in again")
        return person

    @property
    def tables(self) -> Tables:
        """The site's prepared tables."""
        return Tables(self.settings, self.name)

    @property
    def operations(self) -> Operations:
        """The site's ledger. Raises LedgerError where it does not answer."""
        return _operations(self.settings.ledger, self.name, self.settings.sign_in != "none")

    @property
    def gateway(self) -> Gateway:
        """Where the site's setpoints are written."""
        return Outbox(self.settings.outbox, self.described)

    @property
    def described(self) -> Site:
        """The site file, where it can be read."""
        assert self.site is not None
        return self.site

    def status(self) -> Status:
        """How the site is now."""
        now = datetime.now(UTC)
        try:
            return status_of(self.described, self.settings, self.operations, now)
        except LedgerError as error:
            return status_of(self.described, self.settings, None, now, str(error))

    def may(self, least: Role) -> bool:
        """Whether the person has a role; the ledger asks again."""
        return at_least(self.seen.role, least)


@st.cache_resource(show_spinner=False, max_entries=256)
def _operations(uri: str, site: str, sign_in: bool) -> Operations:
    return Operations(uri, site, sign_in=sign_in, patience_s=PATIENCE_S)


def read_site(settings: Settings, name: str) -> tuple[Site | None, str]:
    """A site's file, or None and what is wrong with it."""
    try:
        path = site_path(name, settings)
        return _site(str(path), path.stat().st_mtime_ns), ""
    except (ColdaisleError, OSError) as error:
        return None, str(error)


@st.cache_resource(show_spinner=False, max_entries=64)
def _site(path: str, changed_at: int) -> Site:
    from pathlib import Path

    return load_site(Path(path))
