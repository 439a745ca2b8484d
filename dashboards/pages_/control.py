"""Page "Control": the mode, who has taken over what, limits in force, and what was decided lately."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.telemetry import open_operations
from pipelines.config import Settings
from pipelines.errors import ColdaisleError
from pipelines.operations.ledger import Operations
from pipelines.operations.standing_orders import (
    MODES,
    Standing,
    limits_by_tag,
    order_answer,
    order_limits,
    order_mode,
    order_override,
    order_release,
    standing,
)
from pipelines.site.file import Setpoint, Site

SHOWN = 20
EXPLAINED = {
    "shadow": "coldaisle decides and records; nothing is written.",
    "advise": "coldaisle recommends; what an operator accepts is written.",
    "auto": "coldaisle writes setpoints within its limits.",
}


def show(site: Site, settings: Settings) -> None:
    """Lay out the page."""
    st.title("Control")
    if not site.setpoints:
        st.info("The site file declares no setpoints; add [[setpoints]] for what may be chosen.")
        return
    try:
        operations = open_operations(settings.ledger, site.name)
        now = standing(operations.orders(), datetime.now(UTC))
        left, right = st.columns([2, 3], gap="large")
        with left:
            _mode(operations, now)
        with right:
            _setpoints(operations, site, now)
        _lately(operations, now)
    except ColdaisleError as error:
        st.error(str(error))


def setpoint_table(site: Site, now: Standing) -> pd.DataFrame:
    """A row per setpoint: limits in force and who narrowed them, override and who has taken over."""
    limits = limits_by_tag(site, now.orders())
    rows: dict[str, dict[str, Any]] = {}
    for tag, (low, high) in limits.items():
        narrowed, override = now.limits.get(tag), now.overrides.get(tag)
        rows[tag] = {
            "limits": f"{low:g} to {high:g}",
            "narrowed by": f"{narrowed.by}: {narrowed.why}" if narrowed else "",
            "override": f"{override.body['value']:g}" if override else "",
            "taken over by": f"{override.by}: {override.why}" if override else "",
            "until": f"{override.until:%m-%d %H:%M} UTC" if override and override.until else "",
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("setpoint")


def decision_table(operations: Operations) -> pd.DataFrame:
    """The latest decisions, newest first."""
    return pd.DataFrame(
        [
            {
                "number": made.id,
                "time (UTC)": f"{made.at:%Y-%m-%d %H:%M}",
                "mode": made.mode,
                "by": made.source,
                "written": "yes" if made.written else "no",
                "reason": made.reason,
                "held back": "; ".join((*made.body.get("clips", []), *made.body.get("refused", []))),
                "noticed": "; ".join(made.body.get("notices", [])),
            }
            for made in operations.decisions(limit=SHOWN)
        ]
    )


def _mode(operations: Operations, now: Standing) -> None:
    st.metric("Mode", now.mode)
    st.caption(EXPLAINED[now.mode])
    if now.mode_order:
        one = now.mode_order
        st.caption(f"By {one.by} since {one.at:%Y-%m-%d %H:%M} UTC: {one.why}")
    with st.form("mode", clear_on_submit=True):
        to = st.selectbox("Change to", [mode for mode in MODES if mode != now.mode])
        by, why = _signature()
        if st.form_submit_button("Change mode", type="primary"):
            order_mode(operations, to, by=by, why=why)
            st.rerun()


def _setpoints(operations: Operations, site: Site, now: Standing) -> None:
    st.table(setpoint_table(site, now), border="horizontal")
    by_tag = {setpoint.tag: setpoint for setpoint in site.setpoints}
    tag = st.selectbox("Setpoint", list(by_tag))
    take, narrow, release = st.tabs(["Take over", "Narrow limits", "Give back"])
    with take:
        _take_over(operations, site, by_tag[tag])
    with narrow:
        _narrow(operations, site, by_tag[tag])
    with release, st.form("release", clear_on_submit=True):
        by, why = _signature()
        if st.form_submit_button("Give back"):
            order_release(operations, site, tag, by=by, why=why)
            st.rerun()


def _take_over(operations: Operations, site: Site, setpoint: Setpoint) -> None:
    with st.form("override", clear_on_submit=True):
        value = st.number_input("Value", setpoint.min, setpoint.max, setpoint.default, step=_step(setpoint))
        hours = st.number_input("Hours (0: until given back)", 0.0, 24.0 * 30.0, 0.0)
        by, why = _signature()
        if st.form_submit_button("Take over", type="primary"):
            until = datetime.now(UTC) + timedelta(hours=hours) if hours else None
            order_override(operations, site, setpoint.tag, value, by=by, why=why, until=until)
            st.rerun()


def _narrow(operations: Operations, site: Site, setpoint: Setpoint) -> None:
    with st.form("limits", clear_on_submit=True):
        low, high = (
            st.number_input(label, setpoint.min, setpoint.max, end, step=_step(setpoint))
            for label, end in (("Low", setpoint.min), ("High", setpoint.max))
        )
        by, why = _signature()
        if st.form_submit_button("Narrow limits"):
            order_limits(operations, site, setpoint.tag, low, high, by=by, why=why)
            st.rerun()


def _lately(operations: Operations, now: Standing) -> None:
    decisions = decision_table(operations)
    st.subheader("Decisions")
    if decisions.empty:
        st.info(f"Nothing has been decided yet; run: coldaisle serve --site {operations.site}")
        return
    if now.mode == "advise":
        _answer(operations, int(decisions["number"].iloc[0]))
    st.dataframe(decisions, hide_index=True)
    for event in operations.events(limit=SHOWN):
        st.warning(f"{event.at:%Y-%m-%d %H:%M} UTC, {event.source}: {event.text}")


def _answer(operations: Operations, number: int) -> None:
    with st.form("answer", clear_on_submit=True):
        st.markdown(f"**Decision {number}** waits for an answer.")
        by, why = _signature()
        accept, reject = st.columns(2)
        yes = accept.form_submit_button("Accept", type="primary", width="stretch")
        no = reject.form_submit_button("Reject", width="stretch")
        if yes or no:
            order_answer(operations, number, accept=yes, by=by, why=why)
            st.rerun()


def _signature() -> tuple[str, str]:
    name, reason = st.columns(2)
    return name.text_input("Your name"), reason.text_input("Why")


def _step(setpoint: Setpoint) -> float:
    return 1.0 if setpoint.kind == "binary" else 0.5
