"""Orders from the pages: each is signed by whoever is signed in, refused in place, and confirmed."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboards.console import Console
from pipelines.errors import ColdaisleError
from pipelines.operations.ledger.permissions import Role
from pipelines.operations.order_entry import order_back_to_rule

NOT_ALLOWED = "your role is {role}: this needs {least}; ask someone who has it"


def why(key: str, label: str = "Why") -> str:
    """The reason that every order has."""
    return st.text_input(label, key=key, max_chars=300, placeholder="e.g. pump 2 is out")


def give(console: Console, order: Callable[[], Any], done: str) -> bool:
    """Give an order; what is refused is said here and leaves the rest of the page as it is. Whether it was given."""
    try:
        result = order()
    except (ColdaisleError, OSError) as error:
        st.error(sentence(console.formats.localised(str(error))))
        return False
    st.session_state["done"] = result if isinstance(result, str) else done
    return True


def give_first(order: Callable[[], Any], done: str) -> None:
    """Give an order before the page is laid out again; what became of it is said by the page."""
    try:
        order()
    except (ColdaisleError, OSError) as error:
        st.session_state["refused"] = str(error)
    else:
        st.session_state["done"] = done


def say_refused(console: Console) -> None:
    """Say why the last order was refused."""
    refused = st.session_state.pop("refused", None)
    if refused:
        st.error(f"Refused: {sentence(console.formats.localised(refused))}")


def say_done() -> None:
    """Confirm the order that the last run gave."""
    done = st.session_state.pop("done", None)
    if done:
        st.toast(sentence(done), icon=":material/check:", duration="long")


def allowed(console: Console, least: Role) -> bool:
    """Whether the person may; says why where not."""
    if console.may(least):
        return True
    st.caption(sentence(NOT_ALLOWED.format(role=console.seen.role, least=least)))
    return False


def back_to_rule(console: Console) -> None:
    """The way back to the site's own rule, in reach on every page."""
    if console.site is None or not console.site.setpoints:
        return
    with st.popover("Back to the site's rule", type="secondary", width="stretch", wrap=True):
        st.write(
            "coldaisle stops writing at once; the plant goes back to its own control, and the mode to shadow."
        )
        if not allowed(console, "operator"):
            return
        reason = why("rule why")
        if st.button("Stop writing now", type="primary", key="rule now"):
            given = give(
                console,
                lambda: order_back_to_rule(
                    console.operations, console.gateway, by=console.person, why=reason
                ),
                "",
            )
            if given:
                st.rerun()


def sentence(text: str) -> str:
    """A message as a sentence that Streamlit does not take for markup."""
    plain = text.strip()
    for sign in ("\\", "*", "_", "`", "$", "[", "]", "<", "~", "#"):
        plain = plain.replace(sign, f"\\{sign}")
    return f"{plain[:1].upper()}{plain[1:]}{'' if plain.endswith(('.', '!', '?')) else '.'}"
