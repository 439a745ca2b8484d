"""Page "Control": the mode, overrides, limits in force, and the latest decisions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.recommendation_card import show_answer
from dashboards.telemetry import open_operations
from pipelines.config import Settings
from pipelines.errors import ColdaisleError
from pipelines.operations.gateway import Gateway, Outbox
from pipelines.operations.ledger import Operations
from pipelines.operations.order_entry import order_limits, order_mode, order_override, order_release
from pipelines.operations.setpoint_status import SetpointStatus, override_effect, setpoint_status
from pipelines.operations.standing_orders import MODES, Standing, standing
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
        _status(site, settings, now)
        left, right = st.columns([2, 3], gap="large")
        with left:
            _mode(operations, now)
        with right:
            _setpoints(operations, site)
        _lately(operations, site, now)
    except ColdaisleError as error:
        st.error(str(error))


def setpoint_table(status: list[SetpointStatus]) -> pd.DataFrame:
    """A row per setpoint: reading, limits in force, override and whether it is carried out, last written value."""
    rows = {one.tag: _row(one) for one in status}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("setpoint")


def decision_table(operations: Operations) -> pd.DataFrame:
    """The latest decisions, newest first."""
    return pd.DataFrame(
        [
            {
                "number": record.id,
                "time (UTC)": f"{record.at:%Y-%m-%d %H:%M}",
                "mode": record.mode,
                "by": record.source,
                "written": "yes" if record.written else "no",
                "reason": record.reason,
                "clipped or refused": "; ".join(
                    (*record.body.get("clips", []), *record.body.get("refused", []))
                ),
                "notices": "; ".join(record.body.get("notices", [])),
            }
            for record in operations.decisions(limit=SHOWN)
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


def _row(one: SetpointStatus) -> dict[str, Any]:
    override, narrowed = one.override, one.narrowed
    return {
        "last reading": ""
        if one.reading is None
        else f"{one.reading:.4g} at {one.read_at:%Y-%m-%d %H:%M} UTC",
        "limits": f"{one.low:g} to {one.high:g}",
        "narrowed by": f"{narrowed.by}: {narrowed.why}" if narrowed else "",
        "override": str(override.body["value"]) if override else "",
        "override by": f"{override.by}: {override.why}" if override else "",
        "until": f"{override.until:%m-%d %H:%M} UTC" if override and override.until else "",
        "carried out": ("yes" if one.carried_out else "no") if override else "",
        "last written": "" if one.written is None else f"{one.written:.4g} until {one.until:%m-%d %H:%M} UTC",
    }


def _status(site: Site, settings: Settings, now: Standing) -> None:
    gateway: Gateway = Outbox(settings.outbox, site)
    status, notices = setpoint_status(site, settings, now, gateway, datetime.now(UTC))
    st.table(setpoint_table(status), border="horizontal")
    if now.overrides:
        st.caption(f"Overrides: {override_effect(now.mode)}.")
    for notice in notices:
        st.warning(notice)


def _setpoints(operations: Operations, site: Site) -> None:
    by_tag = {setpoint.tag: setpoint for setpoint in site.setpoints}
    tag = st.selectbox("Setpoint", list(by_tag))
    take, narrow, release = st.tabs(["Override", "Narrow limits", "Release"])
    with take:
        _take_over(operations, site, by_tag[tag])
    with narrow:
        _narrow(operations, site, by_tag[tag])
    with release, st.form("release", clear_on_submit=True):
        by, why = _signature()
        if st.form_submit_button("Release"):
            order_release(operations, site, tag, by=by, why=why)
            st.rerun()


def _take_over(operations: Operations, site: Site, setpoint: Setpoint) -> None:
    with st.form("override", clear_on_submit=True):
        value = st.number_input("Value", setpoint.min, setpoint.max, setpoint.default, step=_step(setpoint))
        hours = st.number_input("Hours (0: until released)", 0.0, 24.0 * 30.0, 0.0)
        by, why = _signature()
        if st.form_submit_button("Override", type="primary"):
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


def _lately(operations: Operations, site: Site, now: Standing) -> None:
    decisions = decision_table(operations)
    st.subheader("Decisions")
    if decisions.empty:
        st.info(f"Nothing has been decided yet; run: coldaisle serve --site {operations.site}")
        return
    at = datetime.now(UTC)
    latest = operations.latest_decision(at)
    if now.mode == "advise" and latest is not None:
        show_answer(operations, site, latest, operations.orders(), now, at)
    st.dataframe(decisions, hide_index=True)
    for event in operations.events(limit=SHOWN):
        st.warning(f"{event.at:%Y-%m-%d %H:%M} UTC, {event.source}: {event.text}")


def _signature() -> tuple[str, str]:
    name, reason = st.columns(2)
    return name.text_input("Your name"), reason.text_input("Why")


def _step(setpoint: Setpoint) -> float:
    return 1.0 if setpoint.kind == "binary" else 0.5
