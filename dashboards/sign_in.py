"""Who looks at the pages: the person of Streamlit's sign-in, of a trusted proxy, or whoever runs the console."""

import getpass

import streamlit as st

from pipelines.config import Settings
from pipelines.operations.access import AccessError, by_claims, by_headers
from pipelines.operations.ledger import Person


def signed_in(settings: Settings) -> Person | None:
    """The person; None after the page has asked to sign in, or has said why nobody can be believed."""
    try:
        person = believed(settings)
    except AccessError as error:
        _refused(str(error), settings)
        return None
    if person is None:
        _ask()
    return person


def believed(settings: Settings) -> Person | None:
    """Who is there, with the role of this moment; None before a sign-in.

    Raises AccessError where whoever is there cannot be believed.
    """
    if settings.sign_in == "headers":
        return by_headers(settings, dict(st.context.headers.items()))
    if settings.sign_in == "oidc":
        return by_claims(settings, st.user.to_dict()) if _has_token() else None
    return Person(getpass.getuser(), "admin", "console without sign-in")


def _has_token() -> bool:
    return bool(getattr(st.user, "is_logged_in", False))


def _ask() -> None:
    st.title("coldaisle")
    st.write("Sign in to see the sites of this home.")
    if st.button("Sign in", type="primary"):
        st.login()


def _refused(why: str, settings: Settings) -> None:
    st.title("coldaisle")
    st.error(f"Nobody is signed in: {why}.")
    if settings.sign_in == "oidc" and st.button("Sign out"):
        st.logout()
